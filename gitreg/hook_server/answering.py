"""Answers one hook: reads its call, sees whether it is ours to answer, and judges."""

import os
import signal
import socket
import stat
import sys
import time
from functools import lru_cache
from pathlib import Path

from gitreg.domain.pushes import MAX_INPUT
from gitreg.errors import GitregError
from gitreg.hook_server.messages import Say, heard, leave, send
from gitreg.hook_work import printed, run
from gitreg.hosting import HOOKS, hook_settings
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
        raw = heard(stream, MAX_INPUT + 1)
    try:
        name, environment, timeout = _call([os.fsdecode(field) for field in fields])
    except _ColdError as reason:
        say(f"left to the cold hook: {str(reason)!a}")
        leave(connection, str(reason))
        return
    # What post-receive writes is not to be cut off.
    signal.setitimer(signal.ITIMER_REAL, timeout if name == "pre-receive" else 0)
    now = time.time_ns()
    lines, refused = run(name, raw, environment=environment, now=now // 1_000_000)
    took = (time.time_ns() - now) / 1e6
    text = printed(lines)[:_MAX_TEXT].replace(b"\0", b"\\x00")
    send(connection, "verdict", "1" if refused else "0", text)
    say(f"{environment['GIT_DIR']!a}: {name}{' refused' if refused else ''} in {took:.1f} ms")


def _call(fields: list[str]) -> tuple[str, dict[str, str], int]:
    """Read a call: the hook, its environment, and its seconds; _ColdError if it is not for us."""
    if len(fields) < 7 or fields[0] != PROTOCOL or fields[1] not in HOOKS:
        raise _ColdError(f"the client is of another version: {fields[0][:40]}")
    name, told, quarantine = fields[1:4]
    folder = _own_folder(told)
    if any(fields[3:6]):
        _check_quarantine(folder, quarantine, objects=fields[4:6])
    try:
        settings = hook_settings(folder)
    except GitregError as error:
        raise _ColdError(str(error)) from error
    if _place(settings.python) != _place(sys.executable):
        python = settings.python or "no Python"
        raise _ColdError(f"{folder} is judged by {python}, not by {sys.executable}")
    who = [field.partition("=") for field in fields[6:]]
    if [variable for variable, _, _ in who] != list(settings.identity):
        raise _ColdError(f"{folder} asks {', '.join(settings.identity)} who pushes")
    environment = {variable: value for variable, equals, value in who if equals}
    return name, environment | {"GIT_DIR": str(folder), QUARANTINE: quarantine}, settings.timeout


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


@lru_cache(maxsize=8)
def _place(python: str) -> tuple[Path, Path]:
    """Tell environments apart, whatever the name of Python in them."""
    return Path(python).parent.resolve(), Path(python).resolve()
