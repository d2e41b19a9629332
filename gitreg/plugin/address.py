"""The address of a registry as MLflow is given it: ``gitreg:/srv/models.git?at=2026-01-01``."""

from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlsplit

from gitreg.errors import InvalidValueError

_PLAIN = "gitreg:"
_PREFIX = "gitreg+"
_URLS = ("ssh", "https", "http", "file")
_HINT = (
    "gitreg:/srv/models.git, or gitreg+ssh://, gitreg+https://, gitreg+http:// or gitreg+file://"
)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a registry is, as of when it is read, and who acts there.

    ``where`` is a path or a Git URL, ``user`` the one that an http(s) URL names. ``at`` is a commit
    or a date, empty for now. What was fetched from a URL in the last ``max_age`` seconds will do.
    """

    where: str
    user: str = ""
    at: str = ""
    max_age: float = 0

    @classmethod
    def parse(cls, uri: str) -> "Address":
        """Read a registry URI; InvalidValueError if it is none of ours."""
        bare, _, query = uri.partition("?")
        asked = _asked(uri, query)
        if bare.startswith(_PLAIN):
            where = bare.removeprefix(_PLAIN)
            where = where[2:] if where.startswith("///") else where
        else:
            where = bare.removeprefix(_PREFIX)
            if where == bare or urlsplit(where).scheme not in _URLS:
                raise InvalidValueError(f"{uri!r} names no registry", hint=_HINT)
        if not where.strip("/"):
            raise InvalidValueError(f"{uri!r} names no registry", hint=_HINT)
        return cls(where, _user(where), asked.get("at", ""), _seconds(asked.get("max_age", "0")))


def _asked(uri: str, query: str) -> dict[str, str]:
    asked = dict(parse_qsl(query.replace("+", "%2B"), keep_blank_values=True))
    unknown = sorted(asked.keys() - {"at", "max_age"})
    if unknown:
        raise InvalidValueError(
            f"{uri!r}: {unknown[0]} is nothing a registry's URI can ask for",
            hint="at=2026-01-31 reads the past; max_age=SECONDS spares fetching",
        )
    return asked


def _user(where: str) -> str:
    """Give the user of an http(s) URL; that of ssh names the service, as in ``git@``."""
    parts = urlsplit(where)
    if parts.scheme not in {"http", "https"} or "@" not in parts.netloc:
        return ""
    return unquote(parts.netloc.rpartition("@")[0].partition(":")[0])


def _seconds(text: str) -> float:
    if not text.replace(".", "", 1).isdecimal():
        raise InvalidValueError(f"max_age={text}: that is no number of seconds")
    return float(text)
