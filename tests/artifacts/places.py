"""What tests of model files share: an S3 server of our own, and a file system that fails."""

import os
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from s3fs import S3FileSystem

from gitreg.artifacts.manifest import digest_of

KEYS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_MAX_ATTEMPTS": "1",
}


class S3Server:
    """A server that speaks S3, in a process of its own on a free port of this machine."""

    def __init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None
        self._guard = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        code = (
            "import logging, sys; from moto.server import ThreadedMotoServer;"
            "logging.getLogger('werkzeug').disabled = True;"
            "ThreadedMotoServer('127.0.0.1', int(sys.argv[1])).start();"
            "print('ready', flush=True); sys.stdin.read()"
        )
        environment = {key: value for key, value in os.environ.items() if "COV" not in key}
        self._process = subprocess.Popen(
            [sys.executable, "-c", code, str(self.port)],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert self._process.stdout is not None
        assert b"ready\n" in iter(self._process.stdout.readline, b"")

    def kill(self) -> None:
        """End it at once, in the middle of whatever it does."""
        with self._guard:
            if self._process is not None:
                self._process.kill()
                self._process.communicate()
                self._process = None

    @contextmanager
    def used(self) -> Iterator[None]:
        """Run it, and let fsspec speak to it and to no other."""
        with pytest.MonkeyPatch.context() as patch:
            for key, value in KEYS.items():
                patch.setenv(key, value)
            patch.setenv("AWS_ENDPOINT_URL", self.url)
            S3FileSystem.clear_instance_cache()
            try:
                self.start()
                yield
            finally:
                self.kill()
                S3FileSystem.clear_instance_cache()

    def make(self, bucket: str) -> None:
        request = urllib.request.Request(f"{self.url}/{bucket}", method="PUT")
        request.add_header("Authorization", "AWS test:test")
        urllib.request.urlopen(request).close()


class FlakyFileSystem(MemoryFileSystem):  # type: ignore[misc]  # fsspec has no types
    """Files in memory that can be told to fail: ``flaky://``."""

    protocol = "flaky"
    store: dict[str, Any] = {}  # noqa: RUF012  # as the class it stands for
    pseudo_dirs = [""]  # noqa: RUF012
    left: int | None = None
    """Calls that go well before every call fails; None: all do."""
    error: type[Exception] = ConnectionResetError

    @classmethod
    def count(cls) -> None:
        if cls.left is not None:
            if cls.left <= 0:
                raise cls.error("the line is dead")
            cls.left -= 1

    def info(self, path: str, **kwargs: Any) -> Any:
        self.count()
        return super().info(path, **kwargs)

    def cat_file(self, path: str, start: Any = None, end: Any = None, **kwargs: Any) -> Any:
        self.count()
        return super().cat_file(path, start=start, end=end, **kwargs)

    def mv(self, path1: str, path2: str, **kwargs: Any) -> Any:
        self.count()
        return super().mv(path1, path2, **kwargs)

    def find(self, path: str, **kwargs: Any) -> Any:
        self.count()
        return super().find(path, **kwargs)


fsspec.register_implementation("flaky", FlakyFileSystem, clobber=True)


@contextmanager
def flaky() -> Iterator[type[FlakyFileSystem]]:
    """Give the file system that fails, empty and whole."""
    FlakyFileSystem.store.clear()
    FlakyFileSystem.pseudo_dirs[:] = [""]
    FlakyFileSystem.left, FlakyFileSystem.error = None, ConnectionResetError
    yield FlakyFileSystem
    FlakyFileSystem.left = None


def content(number: int, size: int = 1000) -> bytes:
    """Give bytes that differ for each number."""
    return (f"{number:08}".encode() * (size // 8 + 1))[:size]


def model(folder: Path, **files: bytes) -> Path:
    """Make a folder with some files."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def tree(folder: Path) -> dict[str, bytes]:
    """Give every file below a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


__all__ = ["KEYS", "FlakyFileSystem", "S3Server", "content", "digest_of", "flaky", "model", "tree"]
