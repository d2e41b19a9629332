"""Times as people write them: dates, and dates with times."""

from datetime import UTC, datetime

from gitreg.errors import InvalidValueError

_DAY = 86_400_000
FOREVER = 1 << 62
"""Later than any time, in ms."""


def is_date(text: str) -> bool:
    """Tell whether ``text`` looks like a date: no commit and no branch does."""
    return len(text) >= 8 and text[:4].isdigit() and "-" in text[4:5]


def as_limits(text: str) -> tuple[int, int]:
    """Give the first and the last ms since 1970 of a date, or of a date and time.

    A date alone is a whole day; without a time zone it is UTC. Raises InvalidValueError.
    """
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        start = round(moment.timestamp() * 1000)
    except (ValueError, OverflowError):
        raise InvalidValueError(
            f"{text!r} is no date", hint="write 2026-01-31 or 2026-01-31T12:00:00+01:00"
        ) from None
    return (start, start + _DAY - 1) if len(text) == 10 else (start, start)
