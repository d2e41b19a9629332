"""Stays for the post-receive of a push that the cold pre-receive let in, with everything loaded."""

import os
import select
import signal
import socket
from pathlib import Path

from gitreg.hook_server.listening import bind
from gitreg.hook_server.messages import peer

_PLACE = "gitreg/push-{}"
_SECONDS = 30


def stay(git_dir: str) -> None:
    """Leave a process behind that answers one post-receive of this push, as the daemon would.

    It ends when it has answered, or Git's receive-pack ends, or after 30 seconds. The two hooks of
    a push know each other by the process that runs both. Closes standard input and output. Raises
    OSError if nobody can stay.
    """
    if not hasattr(os, "pidfd_open"):
        return
    caller = os.getppid()
    path = Path(git_dir, _PLACE.format(caller))
    ended = os.pidfd_open(caller)
    with socket.socket(socket.AF_UNIX) as listener:
        path.unlink(missing_ok=True)  # of a process that had this number, and was killed
        bind(listener, path)
        nothing = os.open(os.devnull, os.O_RDWR)
        for descriptor in range(3):  # Git reads until nobody holds them
            os.dup2(nothing, descriptor)
        if os.fork():
            return
        try:
            _answer(listener, ended, path)
        finally:
            os._exit(0)


def _answer(listener: socket.socket, ended: int, path: Path) -> None:
    from gitreg.hook_server.answering import answer

    waiting = select.poll()
    waiting.register(listener, select.POLLIN)
    waiting.register(ended, select.POLLIN)
    ready = [descriptor for descriptor, _ in waiting.poll(_SECONDS * 1000)]
    path.unlink(missing_ok=True)
    if listener.fileno() not in ready:
        return
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        del os.environ[name]  # what pre-receive was told of the quarantine
    signal.setitimer(signal.ITIMER_REAL, _SECONDS)  # ends the process
    with listener.accept()[0] as connection:
        if peer(connection) == os.geteuid():
            answer(connection, say=lambda _: None)
