"""Events: what happened, as other programs are told of it, and cursors: up to where they were."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from gitreg.domain.commits import format_time
from gitreg.errors import InvalidValueError

_CURSOR = re.compile(
    r"(?P<commit>[0-9a-f]{40})(?::(?P<told>[0-9]{1,9}))?\+(?P<known>(?:[0-9a-f]{40}\+)*)\Z"
)


@dataclass(frozen=True, slots=True)
class Cursor:
    """Up to where somebody was told: a step of main, and the requests that were open then.

    Of the step itself ``told`` events were told; None: all. Written ``COMMIT[:TOLD]+[TIP+...]``.
    """

    commit: str
    told: int | None = None
    known: frozenset[str] = frozenset()

    @classmethod
    def parse(cls, text: str) -> "Cursor":
        """Read a cursor as an event told it; InvalidValueError if it is none."""
        found = _CURSOR.match(text)
        if not found:
            raise InvalidValueError(
                f"{text!r} is no cursor", hint="each event tells its own, as gitregcursor"
            )
        told = int(found["told"]) if found["told"] else None
        return cls(found["commit"], told, frozenset(found["known"].split("+")[:-1]))

    @staticmethod
    def is_cursor(text: str) -> bool:
        """Tell whether ``text`` is written as cursors are."""
        return _CURSOR.match(text) is not None

    def __str__(self) -> str:
        told = f":{self.told}" if self.told is not None else ""
        return f"{self.commit}{told}+" + "".join(f"{tip}+" for tip in sorted(self.known))


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened. ``id`` is the same whenever it is told; ``time`` is in ms.

    ``kind`` is that of an Activity, ``subject`` the model or version it is about, ``cursor`` where
    to go on after it. ``data`` is what the activity and its change tell.
    """

    id: str
    kind: str
    time: int
    subject: str
    cursor: Cursor
    text: str
    actor: str
    data: Mapping[str, object] = field(hash=False)

    def to_cloud(self, source: str) -> dict[str, object]:
        """Give it as a CloudEvent (specification 1.0, JSON format); ``source`` is a URI."""
        told: dict[str, object] = {
            "specversion": "1.0",
            "id": self.id,
            "source": source,
            "type": f"gitreg.{self.kind}",
            "time": format_time(self.time),
            "datacontenttype": "application/json",
            "gitregcursor": str(self.cursor),
            "data": dict(self.data),
        }
        return told | ({"subject": self.subject} if self.subject else {})
