"""What the hooks of a bare repository do with a push: judge it, and settle it when it is in."""

from collections.abc import Mapping
from pathlib import Path

from gitreg.domain.pushes import NOTHING, RefUpdate
from gitreg.domain.requests import MAIN
from gitreg.domain.telling import tell_step
from gitreg.errors import DeniedError
from gitreg.hosting import DEFAULT_IDENTITY, IDENTITY
from gitreg.registry.judging import PushJudge, PushVerdict
from gitreg.registry.reading import Reader
from gitreg.store.repository import Repository

RECEIVED = "gitreg/received.log"
"""What was received when, by whom: a line a ref, beside the repository's objects."""
_SHOWN = 50


def who_pushes(repository: Repository, environment: Mapping[str, str]) -> str:
    """Give whom the transport authenticated, as ``gitreg.identity`` says where to look.

    Raises DeniedError if nobody is named, or two that disagree.
    """
    variables = repository.config_values(IDENTITY) or DEFAULT_IDENTITY
    told = {name: environment[name] for name in variables if environment.get(name)}
    if not told:
        raise DeniedError(
            f"nothing tells who pushes: {', '.join(variables)} is not set",
            hint="let the ssh or http server set it, or git config gitreg.identity another",
        )
    if len(set(told.values())) > 1:
        both = ", ".join(f"{name}={value!a}" for name, value in told.items())
        raise DeniedError(f"it is not clear who pushes: {both}")
    return next(iter(told.values()))


def judge_push(
    path: str, updates: tuple[RefUpdate, ...], environment: Mapping[str, str], *, now: int
) -> PushVerdict:
    """Judge a push whose objects are in quarantine; ``now`` is in ms."""
    repository = Repository(path, quarantine=True)
    pusher = who_pushes(repository, environment)
    return PushJudge(Reader(repository), pusher=pusher, now=now).judge(updates)


def settle_push(
    path: str, updates: tuple[RefUpdate, ...], environment: Mapping[str, str], *, now: int
) -> tuple[str, ...]:
    """Record what was received, remove answered requests, and tell what main's new steps did."""
    repository = Repository(path)
    reader = Reader(repository)
    pusher = who_pushes(repository, environment)
    _record(repository.path / RECEIVED, updates, pusher=pusher, now=now)
    lines: list[str] = []
    for update in updates:
        if update.name == MAIN and update.new is not None:
            lines += _steps(reader, update.new, update.old, pusher=pusher)
    main = repository.ref(MAIN)
    if main is not None:
        remove_answered(reader, main)
    return tuple(lines)


def remove_answered(reader: Reader, main: str) -> None:
    """Remove the branches of requests that main answered, each only if it is where it was."""
    for standing in reader.standings(main):
        if standing.answered:
            reader.repository.move(standing.refname, None, old=standing.tip)


def _steps(reader: Reader, new: str, old: str | None, *, pusher: str) -> list[str]:
    commits = []
    for commit in reader.repository.first_parents(new):
        if commit.id == old:
            break
        commits.append(commit)
    shown = commits[::-1][:_SHOWN]
    steps = (reader.step(commit, pusher=pusher) for commit in shown)
    lines = [tell_step(step.actor, step.changes, step.answer) for step in steps]
    if len(commits) > len(shown):
        lines.append(f"and {len(commits) - len(shown)} more commits")
    return lines


def _record(path: Path, updates: tuple[RefUpdate, ...], *, pusher: str, now: int) -> None:
    path.parent.mkdir(exist_ok=True)
    lines = [
        f"{now} {pusher} {one.old or NOTHING} {one.new or NOTHING} {one.name}\n" for one in updates
    ]
    with path.open("a", encoding="utf-8", errors="surrogateescape") as log:
        log.write("".join(lines))
