"""Times as people write them in a filter."""

import re
from datetime import UTC, datetime, timedelta

from gitreg.index.expressions import Value

_WRITTEN = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?(?:Z|[+-][0-9]{2}:[0-9]{2})?)?",
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = 86_400_000
_MOST = 10**15
"""ms; the year 33658."""


def span(value: Value) -> tuple[int, int] | None:
    """Give the first ms that ``value`` means, and the first that it does not mean any more.

    That is a whole day for a date, and one ms for a date and time (UTC if it names no zone) or a
    number of ms. None if it is none of them.
    """
    if isinstance(value, int):
        return (value, value + 1) if abs(value) < _MOST else None
    if not isinstance(value, str) or not _WRITTEN.fullmatch(value):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    start = (moment - _EPOCH) // timedelta(milliseconds=1)
    return start, start + (_DAY if len(value) == 10 else 1)
