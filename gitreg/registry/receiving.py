"""What the hooks of a bare repository do with a push: judge it, and settle it when it is in."""

import stat
from collections.abc import Mapping
from pathlib import Path

from gitreg.domain.names import check_principal
from gitreg.domain.pushes import NOTHING, RefUpdate
from gitreg.domain.requests import MAIN
from gitreg.domain.telling import tell_step
from gitreg.errors import DeniedError
from gitreg.hosting import DEFAULT_IDENTITY, IDENTITY
from gitreg.manifest.kinds import read_manifest
from gitreg.registry.judging import PushJudge, PushVerdict
from gitreg.registry.reading import Reader
from gitreg.resources import schema_names
from gitreg.store.repository import Repository

RECEIVED = "gitreg/received.log"
"""What was received when, by whom: a line a ref, beside the repository's objects."""
MAILBOXES = "gitreg/mailboxes"
"""Queues of events, each filled with what is new; beside the repository's objects, too."""
QUARANTINE = "GIT_QUARANTINE_PATH"
_SHOWN = 50


def who_pushes(repository: Repository, environment: Mapping[str, str]) -> str:
    """Give whom the transport authenticated, as ``gitreg.identity`` says where to look.

    Raises DeniedError if nobody is named, or two that disagree, and InvalidValueError if the name
    can be none: one that starts with @ would hold the levels of a group.
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
    return check_principal(next(iter(told.values())))


def warm() -> None:
    """Load what only a judgement loads, so that processes forked from this one need not."""
    for kind in schema_names():
        read_manifest(kind, b"{}")


def judge_push(
    path: str, updates: tuple[RefUpdate, ...], environment: Mapping[str, str], *, now: int
) -> PushVerdict:
    """Judge a push; ``now`` is in ms.

    ``environment`` tells who pushes, and where Git keeps what was pushed until it is judged.
    """
    quarantine = environment.get(QUARANTINE)
    repository = Repository(path, quarantine=Path(quarantine) if quarantine else None)
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
        _fill_mailboxes(repository, pusher)
    return tuple(lines)


def _fill_mailboxes(repository: Repository, pusher: str) -> None:
    if (repository.common / MAILBOXES).exists():
        from gitreg.registry.registry import Registry

        Registry(repository, actor=pusher).fill_mailboxes()


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
    """Append to the log; whom Git lets write objects (core.sharedRepository), may write it too."""
    shared = stat.S_IMODE((path.parents[1] / "objects").stat().st_mode)
    if not path.parent.exists():
        path.parent.mkdir(exist_ok=True)
        path.parent.chmod(shared)
    lines = [
        f"{now} {pusher} {one.old or NOTHING} {one.new or NOTHING} {one.name}\n" for one in updates
    ]
    fresh = not path.exists()
    with path.open("a", encoding="utf-8", errors="surrogateescape") as log:
        if fresh:
            path.chmod(shared & 0o666)
        log.write("".join(lines))
