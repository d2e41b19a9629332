"""Who acts, where no call says it: GITREG_ACTOR, then what Git's settings say."""

import os
import re
import subprocess
from collections.abc import Iterable, Mapping

from gitreg.domain.names import is_principal
from gitreg.errors import InvalidValueError

ANYBODY = "anybody"
"""Who reads when nobody says who reads; reads tell everybody the same."""
ENVIRONMENT = "GITREG_ACTOR"
GIT_NAME = "Git's user.name"
GIT_EMAIL = "Git's user.email"
_WANTED = r"^(gitreg\.(registry|user)|user\.(name|email))$"
_ENTRY = re.compile(r"([^\n\0]+)(?:\n([^\0]*))?\0")


def git_settings() -> Mapping[str, str]:
    """Give what git config says here of the keys that gitreg reads."""
    try:
        done = subprocess.run(
            ["git", "config", "-z", "--get-regexp", _WANTED],
            capture_output=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except OSError:
        return {}
    told = done.stdout.decode("utf-8", "surrogateescape") if done.returncode == 0 else ""
    return dict(_ENTRY.findall(told))


def named(
    settings: Mapping[str, str], *, by_email: bool, first: Iterable[tuple[str, str]] = ()
) -> tuple[str, str]:
    """Give who acts, and what says so; both empty if nothing does.

    ``first`` are names that come before all others, each with what says it. ``by_email``: people
    are known by their e-mail in this registry.
    """
    places = [
        *first,
        (os.environ.get(ENVIRONMENT, ""), ENVIRONMENT),
        (settings.get("gitreg.user", ""), "git config gitreg.user"),
        (settings.get("user.email", ""), GIT_EMAIL)
        if by_email
        else (settings.get("user.name", ""), GIT_NAME),
    ]
    return next(((name, source) for name, source in places if name), ("", ""))


def email_of(name: str, settings: Mapping[str, str]) -> str:
    """Give Git's e-mail, if ``name`` is who Git's settings speak of."""
    known = {settings.get("gitreg.user"), settings.get("user.name")}
    return settings.get("user.email", "") if name in known else ""


def checked(name: str, source: str, *, hint: str) -> str:
    """Give ``name`` back if it can act; InvalidValueError if it cannot, or nobody is named."""
    if is_principal(name):
        return name
    if not name:
        raise InvalidValueError("nobody says who you are", hint=hint)
    raise InvalidValueError(
        f"{name!r}, which {source} says, is no user name: it holds other characters than ASCII "
        "letters, digits and . _ + @ -",
        hint=hint,
    )


def reader(name: str, source: str, *, hint: str) -> str:
    """Give who reads: ``name``, or ANYBODY where only Git's own settings name nobody valid."""
    if is_principal(name):
        return name
    return ANYBODY if source in {"", GIT_NAME, GIT_EMAIL} else checked(name, source, hint=hint)
