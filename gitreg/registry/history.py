"""The history of main: steps with their event times, and the activities they are."""

import heapq
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from gitreg.domain.activities import Activity, activities, requested
from gitreg.domain.commits import Commit
from gitreg.errors import InvalidValueError, NotFoundError
from gitreg.registry.reading import Reader


@dataclass(frozen=True, slots=True)
class Event:
    """One step on main, and when it happened in ms: never earlier than its parent."""

    commit: Commit
    time: int


def events(reader: Reader, main: str) -> list[Event]:
    """Give every step on main, newest first."""
    commits = list(reader.repository.first_parents(main))
    found: list[Event] = []
    time = 0
    for commit in reversed(commits):
        time = max(time, commit.own_time)
        found.append(Event(commit, time))
    return found[::-1]


def feed(reader: Reader, main: str) -> Iterator[Activity]:
    """Give every activity, newest first: of main, of the requests it answered, and of open ones.

    A request answered by a direct transition of the same version and stage is told as such by that
    transition; its own activity stands as long as its branch does.
    """
    waiting = _Waiting()
    for standing in reader.standings(main):
        if standing.request is not None and not standing.answered:
            waiting.add(requested(standing.request))
    for event in events(reader, main):
        step = reader.step(event.commit)
        answer = step.answer
        if answer is not None:
            for request in answer.requests:
                waiting.add(requested(request))
        yield from waiting.since(event.time)
        told = activities(
            event.commit, step.actor, time=event.time, changes=step.changes, answer=answer
        )
        yield from reversed(tuple(told))
    yield from waiting.since(-1)


class _Waiting:
    """Activities whose place in the feed is still to come, the newest first."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Activity]] = []
        self._count = itertools.count()

    def add(self, activity: Activity) -> None:
        """Keep one; of those of one time the first that came goes first."""
        heapq.heappush(self._heap, (-activity.time, next(self._count), activity))

    def since(self, time: int) -> Iterator[Activity]:
        """Give up those that are newer than ``time``, in ms."""
        while self._heap and -self._heap[0][0] > time:
            yield heapq.heappop(self._heap)[2]


def commit_at(reader: Reader, main: str, when: str) -> str:
    """Give the step of main that ``when`` means: a commit, a ref, or a date (UTC if it names none).

    Raises NotFoundError if there is none, or if the registry is younger.
    """
    limit = _as_time(when)
    if limit is None:
        return reader.repository.resolve(when)
    for event in events(reader, main):
        if event.time <= limit:
            return event.commit.id
    raise NotFoundError(f"the registry is younger than {when}", hint="gitreg log")


def _as_time(text: str) -> int | None:
    """Read a date, or a date and time, as ms; None if it is neither."""
    if len(text) < 8 or not text[:4].isdigit() or "-" not in text[4:5]:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidValueError(
            f"{text!r} is no date", hint="write 2026-01-31 or 2026-01-31T12:00:00+01:00"
        ) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    whole_day = len(text) == 10
    return int(moment.timestamp() * 1000) + (86_399_999 if whole_day else 0)
