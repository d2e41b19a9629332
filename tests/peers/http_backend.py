"""``git http-backend`` on loopback, behind basic authentication."""

import base64
import os
import shutil
import subprocess
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import IO, NamedTuple

from peers.servers import LOOPBACK, PATIENCE


class Asked(NamedTuple):
    """What a client asked: the method, the path, and how the body came."""

    method: str
    path: str
    encoding: str
    chunked: bool


class GitHttpServer(ThreadingHTTPServer):
    """``git http-backend`` over a folder of repositories, for users with passwords."""

    daemon_threads = False

    def __init__(self, root: Path, passwords: Mapping[str, str]) -> None:
        self.root = root
        self.users = {
            base64.b64encode(f"{user}:{password}".encode()).decode(): user
            for user, password in passwords.items()
        }
        self.passwords = passwords
        self.asked: list[Asked] = []
        super().__init__((LOOPBACK, 0), _Handler)

    def url(self, user: str, *, password: str = "") -> str:
        """Give the address of the server, with a user's name and password in it."""
        secret = password or self.passwords[user]
        return f"http://{user}:{secret}@{LOOPBACK}:{self.server_address[1]}"


@contextmanager
def http_backend(root: Path, passwords: Mapping[str, str]) -> Iterator[GitHttpServer]:
    """Serve the repositories in a folder."""
    with GitHttpServer(root, passwords) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join(PATIENCE)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60
    server: GitHttpServer

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name there
        return

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def _serve(self) -> None:
        self.close_connection = True
        path, _, query = self.path.partition("?")
        encoding = self.headers.get("Content-Encoding", "")
        chunked = self.headers.get("Transfer-Encoding", "") == "chunked"
        self.server.asked.append(Asked(self.command, path, encoding, chunked))
        scheme, _, secret = self.headers.get("Authorization", "").partition(" ")
        user = self.server.users.get(secret) if scheme == "Basic" else None
        if user is None:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="models"')
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        body = self._chunks() if chunked else self._whole()
        self._run(self._environment(path, query, user=user), body)

    def _environment(self, path: str, query: str, *, user: str) -> dict[str, str]:
        """Give what RFC 3875 says a gateway tells; what clients say starts with HTTP_."""
        said = {
            f"HTTP_{name.upper().replace('-', '_')}": value
            for name, value in self.headers.items()
            if name.lower() not in {"authorization", "proxy", "content-length", "content-type"}
        }
        return {
            **os.environ,
            **said,
            "GATEWAY_INTERFACE": "CGI/1.1",
            "SERVER_PROTOCOL": self.request_version,
            "REQUEST_METHOD": self.command,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": self.headers.get("Content-Length", ""),
            "REMOTE_ADDR": self.client_address[0],
            "REMOTE_USER": user,
            "GIT_PROJECT_ROOT": str(self.server.root),
            "GIT_HTTP_EXPORT_ALL": "1",
        }

    def _whole(self) -> Iterator[bytes]:
        left = int(self.headers.get("Content-Length", "0"))
        while left:
            read = self.rfile.read(min(left, 65536))
            if not read:
                return
            left -= len(read)
            yield read

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass

    def _run(self, environment: Mapping[str, str], body: Iterable[bytes]) -> None:
        with subprocess.Popen(
            ["git", "http-backend"],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            feeder = threading.Thread(target=_feed, args=(body, process.stdin))
            feeder.start()
            headers = list(_headers(process.stdout))
            status = next((value for name, value in headers if name == "Status"), "200")
            self.send_response(int(status.split()[0]))
            for name, value in headers:
                if name != "Status":
                    self.send_header(name, value)
            self.send_header("Connection", "close")
            self.end_headers()
            shutil.copyfileobj(process.stdout, self.wfile)
            feeder.join()


def _feed(body: Iterable[bytes], into: IO[bytes]) -> None:
    """Write all of it, and read on when nobody takes it any more."""
    broken = False
    for part in body:
        try:
            if not broken:
                into.write(part)
        except BrokenPipeError:
            broken = True
    with suppress(BrokenPipeError):
        into.close()


def _headers(answer: IO[bytes]) -> Iterator[tuple[str, str]]:
    while line := answer.readline().decode().strip():
        name, _, value = line.partition(": ")
        yield name, value
