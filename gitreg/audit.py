"""The audit: what replaying all history through the guard proves, and what not, as a report."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from gitreg.domain.telling import printable, tell_refusal
from gitreg.domain.verdict import Verdict
from gitreg.registry.auditing import Replay, replay

UNPROVEN = "whom the transport authenticated: committers are taken at their word"
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What replaying history through the guard found."""

    found: Replay

    @property
    def clean(self) -> bool:
        """Tell whether every step was allowed, every ref is accounted for, and all else holds."""
        return self.found.clean

    @property
    def tip(self) -> str:
        """Give the commit that main is at."""
        return self.found.tip

    @property
    def root(self) -> str:
        """Give the commit that history starts with; "" if that cannot be told."""
        return self.found.root

    @property
    def steps(self) -> int:
        """Give how many steps were allowed, those that an earlier audit proved included."""
        return self.found.steps

    @property
    def looked_at(self) -> int:
        """Give how many of them were looked at now."""
        return self.found.steps - self.found.earlier

    @property
    def verdict(self) -> Verdict:
        """Give the verdict of the last steps looked at."""
        return self.found.verdict

    @property
    def strange_refs(self) -> tuple[str, ...]:
        """Give the refs that no registry has."""
        return tuple(ref.name for ref in self.found.strange or ())

    @property
    def void_requests(self) -> tuple[str, ...]:
        """Tell the request branches that count for nothing."""
        return self.found.void

    @property
    def not_proven(self) -> tuple[str, ...]:
        """Tell what this audit cannot prove, or did not look at."""
        return tuple(_not_proven(self.found))

    def lines(self) -> Iterator[str]:
        """Tell it in text."""
        yield from map(printable, _lines(self.found))
        for told in self.not_proven:
            yield f"not proven: {told}"
        yield "clean" if self.clean else "not clean"

    def to_dict(self) -> dict[str, object]:
        """Give it as plain values for JSON."""
        found = self.found
        return {
            "tip": found.tip,
            "root": found.root,
            "pinned_root": found.pinned,
            "since": found.since,
            "steps": found.steps,
            "looked_at": self.looked_at,
            "signed_steps": found.signed,
            "answered_requests": found.answered,
            "signed_requests": found.proven,
            "clean": found.clean,
            "refused": found.verdict.refused.id if found.verdict.refused is not None else "",
            "violations": [violation.to_dict() for violation in found.verdict.violations],
            "fsck": list(found.damage),
            "contradicted": list(found.contradicted),
            "strange_refs": list(self.strange_refs),
            "void_requests": list(found.void),
            "late": list(found.late),
            "unread": list(found.unread),
            "not_proven": list(self.not_proven),
        }


def _lines(found: Replay) -> Iterator[str]:
    if not found.has_its_root:
        yield (
            f"the root is {found.root or 'not to be found'}, not {found.pinned}: "
            "this is another history, and it was not looked at"
        )
        return
    if found.verdict.refused is not None:
        what = found.verdict.refused.id
        yield from tell_refusal(what, found.verdict.actor, found.verdict.violations)
        yield f"{found.steps} steps before it are as they must be"
    else:
        start = f"after {found.since[:7]}" if found.since else f"from the root {found.root[:7]}"
        yield f"{found.steps} steps {start} to {found.tip[:7]} were allowed"
    if found.earlier:
        yield (
            f"note: {found.earlier} of them an earlier audit proved ({found.place}); "
            "--full looks at them again"
        )
    yield from _some(f"git fsck --strict: {line}" for line in found.damage)
    yield from _some(f"received.log: {line}" for line in found.contradicted)
    for ref in found.strange or ():
        yield f"ref {ref.name} is none that a registry has: {ref.reason}"
    yield from _some(f"note: {told}" for told in (*found.void, *found.unread))
    yield from _some(f"note: {told}" for told in found.late)


def _some(lines: Iterator[str]) -> Iterator[str]:
    """Give the first lines of many, and tell how many more there are."""
    told = list(lines)
    yield from told[:_SHOWN]
    if len(told) > _SHOWN:
        yield f"and {len(told) - _SHOWN} more such lines; -o json has them all"


def _not_proven(found: Replay) -> Iterator[str]:
    if not found.has_its_root:
        return
    if found.since:
        yield f"every step up to {found.since[:7]}: what is before was not looked at"
    if found.signed < found.steps or not found.steps:
        signed = f"{found.signed} of {found.steps} steps, which are signed"
        but = f", but for {signed}" if found.signed else ""
        yield f"{UNPROVEN}{but}"
    unsigned = found.answered - found.proven
    if unsigned:
        yield (
            f"who asked: requester not proven for {unsigned} of {found.answered} answered "
            "requests, which are not signed; no refs of the past are seen here"
        )
    if found.strange is None:
        refused = not found.verdict.clean
        why = "history comes first" if refused else "those of a clone are its owner's"
        yield f"that every ref is accounted for: {why}"
    if not found.pinned and found.root:
        yield f"that this is the history you know: --root {found.root} pins it"


def audit(
    path: str | Path,
    *,
    root: str = "",
    since: str = "",
    full: bool = False,
    cache_folder: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> AuditReport:
    """Replay the history of the repository that ``path`` lies in through the guard.

    ``root`` is the whole id of the commit that history must start with; ``since`` is a step (any
    revision) after which to start. Without it, what an earlier audit proved is not looked at again
    unless ``full``; that is remembered beside the repository or, where that cannot be written, in
    ``cache_folder``. ``progress`` is told steps done and steps in all. Raises NotFoundError if
    there is no registry, InvalidValueError if ``root`` or ``since`` cannot be.
    """
    return AuditReport(
        replay(
            path,
            root=root,
            since=since,
            full=full,
            cache_folder=cache_folder,
            progress=progress,
        )
    )
