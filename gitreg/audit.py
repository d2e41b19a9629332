"""The audit: what replaying all history through the guard proves, as a report."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from gitreg.domain.telling import tell_refusal
from gitreg.domain.verdict import Verdict
from gitreg.registry.auditing import replay

UNPROVEN = "whom the transport authenticated: committers are taken at their word"


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What replaying all history through the guard found."""

    tip: str
    root: str
    steps: int
    verdict: Verdict
    strange_refs: tuple[str, ...] = ()
    void_requests: tuple[str, ...] = ()

    @property
    def clean(self) -> bool:
        """Tell whether every step was allowed and every ref is accounted for."""
        return self.verdict.clean and not self.strange_refs

    def lines(self) -> Iterator[str]:
        """Tell it in text."""
        if self.verdict.refused is not None:
            what = self.verdict.refused.id
            yield from tell_refusal(what, self.verdict.actor, self.verdict.violations)
            yield f"{self.steps} steps before it are as they must be"
        else:
            yield f"{self.steps} steps from the root {self.root[:7]} to {self.tip[:7]} were allowed"
        for name in self.strange_refs:
            yield f"ref {name} is none that a registry has"
        for told in self.void_requests:
            yield f"note: {told}"
        yield f"not proven: {UNPROVEN}"
        yield "clean" if self.clean else "not clean"

    def to_dict(self) -> dict[str, object]:
        """Give it as plain values for JSON."""
        return {
            "tip": self.tip,
            "root": self.root,
            "steps": self.steps,
            "clean": self.clean,
            "violations": [violation.to_dict() for violation in self.verdict.violations],
            "strange_refs": list(self.strange_refs),
            "void_requests": list(self.void_requests),
            "not_proven": [UNPROVEN],
        }


def audit(path: str | Path, *, progress: Callable[[int, int], None] | None = None) -> AuditReport:
    """Replay all history of the repository that ``path`` lies in through the guard.

    ``progress`` is told steps done and steps in all. Raises NotFoundError if there is no registry.
    """
    found = replay(path, progress=progress)
    steps = len(found.verdict.accepted)
    return AuditReport(
        found.tip, found.root, steps, found.verdict, found.strange_refs, found.void_requests
    )
