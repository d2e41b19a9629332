"""Accounting for every ref of a bare registry: main, requests, users' branches, no others."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gitreg.domain.pushes import RefUpdate
from gitreg.domain.requests import HEADS, MAIN, REQUESTS
from gitreg.errors import CorruptError
from gitreg.guard.refs import RefCase, judge_ref
from gitreg.manifest.snapshot import Snapshot
from gitreg.registry.reading import Reader
from gitreg.store.integrity import RefFound
from gitreg.store.repository import Repository


@dataclass(frozen=True, slots=True)
class StrangeRef:
    """A ref that no registry has, and why."""

    name: str
    reason: str


def account(
    reader: Reader, refs: Iterable[RefFound], main: str
) -> tuple[tuple[StrangeRef, ...], tuple[str, ...]]:
    """Give the refs that no registry has, and what is told of requests that count for nothing."""
    strange = list(_strange(reader, refs, main))
    void = []
    adrift = _adrift(reader, main)
    for standing in reader.standings(main):
        if standing.request is None:
            strange.append(StrangeRef(standing.refname, standing.over))
        elif standing.tip in adrift:
            strange.append(StrangeRef(standing.refname, "it does not start at a step of main"))
        elif standing.over:
            void.append(f"{standing.refname} counts for nothing: {standing.over}")
    return tuple(strange), tuple(void)


def _strange(reader: Reader, refs: Iterable[RefFound], main: str) -> Iterator[StrangeRef]:
    head = reader.repository.head_name()
    if head != MAIN:
        told = head or "no branch"
        yield StrangeRef("HEAD", f"it stands on {told}, which clones would check out, not main")
    law = reader.snapshot(reader.commit(main))
    for ref in refs:
        if ref.symbolic:
            yield StrangeRef(ref.name, f"it is another name for {ref.symbolic}")
        elif ref.name != MAIN and not ref.name.startswith(REQUESTS):
            reason = _fault(reader, ref, law)
            if reason:
                yield StrangeRef(ref.name, reason)


def _fault(reader: Reader, ref: RefFound, law: Snapshot) -> str:
    """Tell what the guard says against the form of a ref as such, whoever made it."""
    owner = ref.name.removeprefix(HEADS).partition("/")[0]
    try:
        is_commit = reader.repository.header(ref.target)[0] == "commit"
    except CorruptError as error:
        return str(error)
    case = RefCase(RefUpdate(ref.name, None, ref.target), owner, law, is_commit=is_commit)
    return next((one.reason for one in judge_ref(case) if one.rule == "form"), "")


def _adrift(reader: Reader, main: str) -> frozenset[str]:
    """Give the tips of requests that do not start at a step of main.

    Where main moved since the audit began, none: they may start at what is newer.
    """
    tips = reader.repository.request_refs().values()
    bases = {tip: reader.commit(tip).parents[:1] for tip in tips}
    if reader.repository.main() != main:
        return frozenset()
    lost = unreached(
        reader.repository, main, {one for parents in bases.values() for one in parents}
    )
    return frozenset(tip for tip, parents in bases.items() if lost.intersection(parents))


def unreached(repository: Repository, tip: str, wanted: Iterable[str]) -> frozenset[str]:
    """Give those commits that are no step of the history that ``tip`` ends."""
    missing = set(wanted)
    steps = repository.parents_along(tip) if missing else iter(())
    for identifier, _ in steps:
        missing.discard(identifier)
        if not missing:
            break
    return frozenset(missing)
