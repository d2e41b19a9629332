"""Answers one hook: reads its call, sees whether it is ours to answer, and judges."""

import os
import signal
import socket
import stat
import sys
import time
from pathlib import Path

from gitreg import hook
from gitreg.domain.pushes import MAX_INPUT
from gitreg.errors import GitregError
from gitreg.hook_server.messages import Say, heard, leave, send
from gitreg.hosting import HOOKS, HookSettings, hook_settings
from gitreg.registry.receiving import QUARANTINE

PROTOCOL = "gitreg 1"
_MAX_FIELDS = 256 * 1024
_MAX_TEXT = 4 * 1024 * 1024


class _ColdError(Exception):
    """A push that is left to the cold hook; says why."""


def answer(connection: socket.socket, *, say: Say) -> None:
    """Answer one call of a hook; the alarm that ends this process in time is set as it says.

    Raises ValueError or OSError if the client does not keep to the protocol or goes away, and
    EOFError if it says nothing at all.
    """
    with connection.makefile("rb") as stream:
        fields = heard(stream, _MAX_FIELDS).split(b"\0")
        try:
            name, environment, settings = _call([os.fsdecode(field) for field in fields])
        except _ColdError as reason:
            say(f"left to the cold hook: {str(reason)!a}")
            leave(connection, str(reason))
            return
        signal.setitimer(signal.ITIMER_REAL, settings.timeout)
        send(connection, "ask", *settings.identity)
        values = heard(stream, _MAX_FIELDS).split(b"\0")
        pushers = {
            variable: os.fsdecode(value[1:])
            for variable, value in zip(settings.identity, values, strict=True)
            if value
        }
        raw = heard(stream, MAX_INPUT + 1)
    if name == "post-receive":  # it writes, so nothing cuts it off
        signal.setitimer(signal.ITIMER_REAL, 0)
    now = time.time_ns()
    lines, refused = hook.run(name, raw, environment=pushers | environment, now=now // 1_000_000)
    text = hook.printed(lines)[:_MAX_TEXT].replace(b"\0", b"\\x00")
    send(connection, "verdict", "1" if refused else "0", text)
    took = (time.time_ns() - now) / 1e6
    say(f"{environment['GIT_DIR']!a}: {name}{' refused' if refused else ''} in {took:.1f} ms")


def _call(fields: list[str]) -> tuple[str, dict[str, str], HookSettings]:
    """Read a call: the hook, where it runs, and the settings there; _ColdError if not for us."""
    if len(fields) != 6 or fields[0] != PROTOCOL or fields[1] not in HOOKS:
        raise _ColdError(f"the client is of another version: {fields[0][:40]}")
    _, name, told, quarantine, *objects = fields
    folder = _own_folder(told)
    environment = {"GIT_DIR": str(folder)}
    if quarantine or any(objects):
        _check_quarantine(folder, quarantine, objects=objects)
        environment[QUARANTINE] = quarantine
    try:
        settings = hook_settings(folder)
    except GitregError as error:
        raise _ColdError(str(error)) from error
    if _place(settings.python) != _place(sys.executable):
        raise _ColdError(f"{folder} is judged by {settings.python}, not by {sys.executable}")
    return name, environment, settings


def _own_folder(told: str) -> Path:
    try:
        folder = Path(told).resolve(strict=True)
        owner = folder.stat().st_uid
    except (OSError, ValueError) as error:
        raise _ColdError(f"{told} cannot be opened") from error
    if not Path(told).is_absolute() or owner != os.geteuid():
        raise _ColdError(f"{told} does not belong to the daemon's user")
    return folder


def _check_quarantine(folder: Path, told: str, *, objects: list[str]) -> None:
    """Hold what is told to what Git sets: the quarantine lies in the repository's own objects."""
    own = (folder / "objects").resolve()
    try:
        found = Path(told).lstat()
    except (OSError, ValueError) as error:
        raise _ColdError(f"{told} cannot be opened") from error
    lies_within = Path(told).is_absolute() and Path(told).parent.resolve() == own
    is_ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()
    if not (lies_within and is_ours) or objects[0] != told or Path(objects[1]).resolve() != own:
        raise _ColdError(f"{folder} has objects elsewhere: {told}, {', '.join(objects)}")


def _place(python: str) -> tuple[Path, Path]:
    """Tell environments apart, whatever the name of Python in them."""
    return Path(python).parent.resolve(), Path(python).resolve()
