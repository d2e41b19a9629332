"""How a failure is told: an ``error:`` line, a ``hint:`` if there is one, and an exit code."""

import os
import sys
from typing import TYPE_CHECKING, TextIO

import click

from gitreg.cli.output import paint, say_aside
from gitreg.errors import (
    AlreadyExistsError,
    ConflictError,
    DeniedError,
    GitregError,
    InvalidValueError,
    NotFoundError,
)

if TYPE_CHECKING:
    from gitreg.domain.verdict import Violation

FAILED = 1
USAGE = 2
REFUSED = 4
_CODES: tuple[tuple[type[GitregError], int], ...] = (
    (InvalidValueError, USAGE),
    (NotFoundError, 3),
    (DeniedError, REFUSED),
    (ConflictError, 5),
    (AlreadyExistsError, 5),
    (GitregError, FAILED),
)


def tell(error: Exception) -> int:
    """Tell ``error`` on stderr and give the exit code it means."""
    if os.environ.get("GITREG_DEBUG"):
        raise error
    if isinstance(error, BrokenPipeError):
        return _stop_writing(sys.stdout, sys.stderr)
    if isinstance(error, GitregError):
        return _tell_ours(error)
    if isinstance(error, click.UsageError):
        where = f"{error.ctx.command_path} --help" if error.ctx is not None else "gitreg --help"
        _tell(_lower(error.format_message()), hint=where)
        return USAGE
    if isinstance(error, click.Abort):
        _tell("stopped")
    elif isinstance(error, click.ClickException):
        _tell(_lower(error.format_message()))
    elif isinstance(error, OSError):
        _tell_system(error)
    else:
        _tell(
            f"gitreg failed: {type(error).__name__}: {error}",
            hint="this is a bug; GITREG_DEBUG=1 tells where it is",
        )
    return FAILED


def _tell_system(error: OSError) -> None:
    named = f"{error.filename}: " if error.filename else ""
    _tell(f"{named}{error.strerror or error}")
    if not named:
        _stop_writing(sys.stdout)


def _tell_ours(error: GitregError) -> int:
    violations: tuple[Violation, ...] = ()
    if isinstance(error, DeniedError):
        from gitreg.registry import RefusedError

        violations = error.violations if isinstance(error, RefusedError) else ()
    if violations:
        _tell("refused; nothing was changed")
        for violation in violations:
            for line in str(violation).splitlines():
                say_aside(f"  {line}")
    else:
        _tell(str(error), hint=error.hint)
    return next(code for kind, code in _CODES if isinstance(error, kind))


def _tell(message: str, *, hint: str = "") -> None:
    say_aside(message, label=paint("error: ", "red", aside=True))
    if hint:
        say_aside(hint, label=paint("hint: ", "yellow", aside=True))


def _lower(message: str) -> str:
    """Give click's message as ours are written: no capital first, no full stop last."""
    first = message[:1].lower() if message[1:2].islower() else message[:1]
    return f"{first}{message[1:]}".rstrip(".")


def _stop_writing(*streams: TextIO) -> int:
    """Whoever read our output has gone: write nothing more, not when the process ends either."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in streams:
        try:
            os.dup2(nowhere, stream.fileno())
        except (OSError, ValueError, AttributeError):
            continue
    return FAILED
