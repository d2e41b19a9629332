"""The socket on which the hook daemon listens: made privately, or handed over by systemd."""

import os
import socket
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from gitreg.errors import AlreadyExistsError, InvalidValueError, UnavailableError
from gitreg.hook_server.messages import leave
from gitreg.hosting import MAX_SOCKET

_BACKLOG = 128
_FROM_SYSTEMD = 3


def default_socket(environment: Mapping[str, str]) -> Path:
    """Give where to listen if nobody says: in the folder that systemd made, or in the user's.

    Raises InvalidValueError if there is none.
    """
    for variable, name in (("RUNTIME_DIRECTORY", "hook.sock"), ("XDG_RUNTIME_DIR", "gitreg.sock")):
        if environment.get(variable):
            return Path(environment[variable], name)
    raise InvalidValueError(
        "nothing tells where to listen", hint="gitreg hook serve --socket /run/gitreg/hook.sock"
    )


@contextmanager
def listening(path: Path | None, environment: Mapping[str, str]) -> Iterator[socket.socket]:
    """Listen; at the end nobody can connect any more, and who did is answered.

    Raises InvalidValueError or UnavailableError if it cannot be, AlreadyExistsError if a daemon, or
    anything but a socket, is there.
    """
    if environment.get("LISTEN_PID") == str(os.getpid()) and environment.get("LISTEN_FDS") == "1":
        with socket.socket(fileno=_FROM_SYSTEMD) as listener:
            listener.set_inheritable(False)
            listener.setblocking(False)
            yield listener
        return
    path = (path or default_socket(environment)).absolute()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.setblocking(False)
        try:
            _make_way(path)
            bind(listener, path)
        except OSError as error:
            raise UnavailableError(f"nobody can listen on {path}: {error.strerror}") from error
        own = path.lstat().st_ino
        try:
            yield listener
        finally:
            with suppress(FileNotFoundError):
                if path.lstat().st_ino == own:
                    path.unlink()
            _leave_waiting(listener)


def bind(listener: socket.socket, path: Path) -> None:
    """Listen at a path that nobody else may connect to; OSError if it cannot be."""
    mask = os.umask(0o177)
    try:
        listener.bind(str(path))
    finally:
        os.umask(mask)
    listener.listen(_BACKLOG)


def _make_way(path: Path) -> None:
    """Make the socket's folder, and remove a socket on which nobody listens."""
    if len(os.fsencode(path)) > MAX_SOCKET:
        raise InvalidValueError(
            f"{path} can be no socket", hint=f"a path of at most {MAX_SOCKET} bytes can"
        )
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = path.parent.stat()
    if folder.st_uid not in {0, os.geteuid()} or folder.st_mode & 0o022:
        raise InvalidValueError(
            f"others may write into {path.parent}, and could listen in the daemon's place",
            hint="name a socket in a folder of your own, mode 700",
        )
    if not os.path.lexists(path):
        return
    if not stat.S_ISSOCK(path.lstat().st_mode):
        raise AlreadyExistsError(f"{path} is there, and is no socket")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
        except BlockingIOError:
            raise AlreadyExistsError(f"a daemon listens on {path}, and hangs") from None
        else:
            raise AlreadyExistsError(f"a daemon listens on {path} already")


def _leave_waiting(listener: socket.socket) -> None:
    with suppress(BlockingIOError):
        while True:
            with listener.accept()[0] as connection:
                leave(connection, "the daemon ends")
