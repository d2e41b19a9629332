"""The daemon's processes: one that accepts connections, and workers that answer them."""

import gc
import os
import select
import signal
import socket
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gitreg.hook_server.answering import answer
from gitreg.hook_server.listening import listening
from gitreg.hook_server.messages import Say, leave, peer
from gitreg.hosting import DEFAULT_TIMEOUT
from gitreg.registry.receiving import warm

LIMIT = 16
"""Pushes that are judged at once; further ones are left to the cold hook."""
_CAREER = 1000
"""Pushes that one process judges before another takes its place."""
_STOPPING = (signal.SIGTERM, signal.SIGINT)
_DONE = b"."
_LIBRARIES = ("pygit2", "yaml", "jsonschema")


def serve(path: Path | None, *, say: Say, limit: int = LIMIT) -> None:
    """Answer hooks until SIGTERM or SIGINT, or until gitreg changed on disk; in the main thread.

    ``path`` is where the socket is to be; a socket that systemd hands over (LISTEN_FDS) goes
    before it, and without either it is ``default_socket``. ``say`` is told once it listens, and
    then whatever was not answered. Raises InvalidValueError or UnavailableError if nobody can
    listen there, AlreadyExistsError if somebody does.
    """
    warm()
    with _signals() as signals:
        with listening(path, os.environ) as listener:
            daemon = _Daemon(listener, say=say, limit=limit)
            say(f"the hook daemon listens on {listener.getsockname()}")
            daemon.run(signals)
        daemon.end()


@dataclass(frozen=True, slots=True)
class _Worker:
    """A process that answers one push after the other; it ends when ``channel`` does."""

    process: int
    channel: socket.socket

    def take(self, connection: socket.socket) -> bool:
        """Let it answer a connection; tell whether it is still there to do so."""
        try:
            socket.send_fds(self.channel, [_DONE], [connection.fileno()])
        except OSError:
            return False
        return True

    def end(self) -> int:
        """Let it end after what it is answering, and give its status as ``os.wait`` does."""
        with self.channel:
            self.channel.shutdown(socket.SHUT_WR)
            return os.waitpid(self.process, 0)[1]


class _Daemon:
    """Accepts connections, and hands each to a worker of its own."""

    def __init__(self, listener: socket.socket, *, say: Say, limit: int) -> None:
        self._listener = listener
        self._say = say
        self._limit = limit
        self._idle: list[_Worker] = []
        self._busy: dict[int, _Worker] = {}
        self._files = _code_files()
        self._code = _stamp(self._files)
        self._stopped = False

    def run(self, signals: socket.socket) -> None:
        """Hand connections to workers until told to stop."""
        gc.collect()
        gc.freeze()
        while not self._stopped:
            ready = self._ready(signals.fileno(), self._listener.fileno(), *self._busy)
            for channel in ready & self._busy.keys():
                self._answered(self._busy.pop(channel))
            self._stopped = signals.fileno() in ready
            if self._listener.fileno() in ready and not self._stopped:
                self._accept()

    def end(self) -> None:
        """Wait until the pushes at hand are judged."""
        for worker in (*self._idle, *self._busy.values()):
            self._buried(worker)

    def _ready(self, *descriptors: int) -> set[int]:
        poll = select.poll()
        for descriptor in descriptors:
            poll.register(descriptor, select.POLLIN)
        return {descriptor for descriptor, _ in poll.poll()}

    def _answered(self, worker: _Worker) -> None:
        try:
            done = worker.channel.recv(1)
        except OSError:
            done = b""
        if done:
            self._idle.append(worker)
        else:
            self._buried(worker)

    def _buried(self, worker: _Worker) -> None:
        status = worker.end()
        if os.WIFSIGNALED(status):
            name = signal.Signals(os.WTERMSIG(status)).name
            self._say(f"a push was not judged to the end: {name}")

    def _accept(self) -> None:
        try:
            connection = self._listener.accept()[0]
        except OSError:  # gone meanwhile, or no descriptor is free: the next one may be answered
            return
        with connection:
            connection.setblocking(True)
            reason = self._why_not(connection) or self._handed(connection)
            if reason:
                self._say(f"left to the cold hook: {reason}")
                leave(connection, reason)

    def _why_not(self, connection: socket.socket) -> str:
        """Say why the cold hook has to judge, or ""."""
        if peer(connection) != os.geteuid():
            return f"uid {peer(connection)} is not that of the daemon"
        if len(self._busy) >= self._limit:
            return f"{self._limit} pushes are being judged"
        if _stamp(self._files) != self._code:
            self._stopped = True
            return "gitreg changed on disk, so the daemon ends"
        return ""

    def _handed(self, connection: socket.socket) -> str:
        """Hand a connection to the worker that was busy last, or say why there is none."""
        while True:
            try:
                worker = self._idle.pop() if self._idle else self._hired()
            except OSError as error:
                return f"no process can be started: {error.strerror}"
            if worker.take(connection):
                self._busy[worker.channel.fileno()] = worker
                return ""
            self._buried(worker)

    def _hired(self) -> _Worker:
        ours, theirs = socket.socketpair()
        with theirs:
            process = os.fork()
            if process:
                return _Worker(process, ours)
            try:
                ours.close()
                for other in (*self._idle, *self._busy.values()):
                    other.channel.close()
                self._listener.close()
                _work(theirs, say=self._say)
            finally:
                os._exit(0)


@contextmanager
def _signals() -> Iterator[socket.socket]:
    """Give a socket that can be read once somebody wants the process to stop."""
    reading, writing = socket.socketpair()
    with reading, writing:
        writing.setblocking(False)
        before = signal.set_wakeup_fd(writing.fileno(), warn_on_full_buffer=False)
        handlers = [signal.signal(number, lambda *_: None) for number in _STOPPING]
        try:
            yield reading
        finally:
            for number, handler in zip(_STOPPING, handlers, strict=True):
                signal.signal(number, handler)
            signal.set_wakeup_fd(before)


def _code_files() -> tuple[Path, ...]:
    """Give the files of what is loaded: all of gitreg, and the face of each library it uses."""
    return tuple(
        Path(module.__file__)
        for name, module in tuple(sys.modules.items())
        if (name.partition(".")[0] == "gitreg" or name in _LIBRARIES) and module.__file__
    )


def _stamp(files: Iterable[Path]) -> tuple[tuple[int, int, int], ...] | None:
    """Tell the files apart from others of the same name; None if one is missing."""
    try:
        found = [file.stat() for file in files]
    except OSError:
        return None
    return tuple((one.st_ino, one.st_mtime_ns, one.st_size) for one in found)


def _work(channel: socket.socket, *, say: Say) -> None:
    """Answer the connections that come through ``channel``, until it ends or one fails."""
    signal.set_wakeup_fd(-1)
    for number in _STOPPING:  # the daemon waits for the answer
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    try:
        for done in range(1, _CAREER + 1):
            told, descriptors, _, _ = socket.recv_fds(channel, 1, 1)
            if not told:
                return
            signal.setitimer(signal.ITIMER_REAL, DEFAULT_TIMEOUT)  # ends the process
            with socket.socket(fileno=descriptors[0]) as connection:
                answer(connection, say=say)
            signal.setitimer(signal.ITIMER_REAL, 0)
            if done < _CAREER:
                channel.sendall(_DONE)
    except EOFError:  # it only looked whether somebody listens
        return
    except Exception as error:  # noqa: BLE001  # whatever it is, the client gets no answer
        say(f"a push was not judged to the end: {type(error).__name__}: {error!a}")
