"""What received.log says of main: who pushed which steps when, as the hook recorded it."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gitreg.domain.commits import format_time
from gitreg.domain.pushes import NOTHING
from gitreg.domain.requests import MAIN
from gitreg.guard.identity import check_committer
from gitreg.manifest.steps import Step

DAY = 86_400_000
"""Milliseconds that a step may be older than its reception before an audit tells it."""


@dataclass(frozen=True, slots=True)
class Reception:
    """One push to main: when it was received (ms), from whom, and main before and after it."""

    time: int
    pusher: str
    old: str
    new: str

    def faults(self, step: Step) -> Iterator[str]:
        """Tell what contradicts that ``step`` came by this push."""
        for violation in check_committer(step.commit, step.identity, self.pusher):
            when = format_time(self.time)
            yield f"step {step.commit.short}, received {when}: {violation.reason}"

    def delay(self, step: Step) -> Iterator[str]:
        """Tell if ``step`` says that it was made more than a day before it was received."""
        late = self.time - step.commit.own_time
        if late > DAY:
            yield (
                f"step {step.commit.short} was received {format_time(self.time)} from "
                f"{self.pusher}, {late // DAY} days after its own time"
            )


@dataclass(frozen=True, slots=True)
class Log:
    """What a part of received.log says of main; it ends at byte ``end``."""

    receptions: tuple[Reception, ...] = ()
    end: int = 0
    unread: tuple[str, ...] = ()

    def by_step(self, ids: Sequence[str]) -> dict[str, Reception]:
        """Give by which push each of some steps, oldest first and without gaps, came."""
        places = {identifier: at for at, identifier in enumerate(ids)} | {NOTHING: -1}
        found: dict[str, Reception] = {}
        for one in self.receptions:
            last = places.get(one.new, -1)
            first = places.get(one.old, last - 1) + 1
            found.update((ids[at], one) for at in range(first, last + 1))
        return found

    def strays(self, ids: Collection[str]) -> Iterator[str]:
        """Tell where main was that is in no history of ``ids``."""
        for one in self.receptions:
            when = f"{format_time(one.time)} by {one.pusher}"
            if one.new == NOTHING:
                yield f"main was removed {when}: the guard lets nobody do that"
            elif one.new not in ids:
                yield (
                    f"main was at {one.new[:7]}, pushed {when}, which is not in its history any "
                    "more: it was moved past the guard"
                )


def read_log(path: Path, *, start: int) -> Log:
    """Read the log from byte ``start`` on; all of it, if it is shorter than that by now."""
    try:
        with path.open("rb") as log:
            size = log.seek(0, 2)
            start = start if start <= size else 0
            log.seek(start)
            raw = log.read()
    except (FileNotFoundError, NotADirectoryError):
        return Log()
    except OSError as error:
        return Log(unread=(f"{path} cannot be read: {error.strerror}",))
    whole = raw[: raw.rfind(b"\n") + 1]
    receptions, unread = [], []
    for line in whole.decode("utf-8", "surrogateescape").split("\n")[:-1]:
        parts = line.split(" ", 4)
        if len(parts) != 5 or not parts[0].isdigit():
            unread.append(f"received.log holds {line[:80]!a}, which the hook did not write")
        elif parts[4] == MAIN:
            receptions.append(Reception(int(parts[0]), parts[1], parts[2], parts[3]))
    return Log(tuple(receptions), start + len(whole), tuple(unread))
