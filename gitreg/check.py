"""The CI check: what a range of commits would do, or why it is refused, as a report."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gitreg.domain.telling import printable, tell_refusal, tell_step
from gitreg.domain.verdict import Verdict
from gitreg.registry.checking import judge_range


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What a range of commits would do, or why it is refused.

    ``notes`` say what is not proven, and with which button of a Git host it is to be merged.
    """

    base: str
    head: str
    verdict: Verdict
    notes: tuple[str, ...] = ()

    @property
    def clean(self) -> bool:
        """Tell whether nothing is refused."""
        return self.verdict.clean

    def lines(self) -> Iterator[str]:
        """Tell it in text."""
        for judged in self.verdict.accepted:
            yield f"{judged.commit.short} {tell_step(judged.actor, judged.changes, judged.answer)}"
            for change, actor in judged.covered:
                if actor != judged.actor:
                    yield printable(f"  covered by {actor}: {change}")
        if self.verdict.refused is not None:
            what = self.verdict.refused.short
            yield from tell_refusal(what, self.verdict.actor, self.verdict.violations)
        for note in self.notes:
            yield printable(f"note: {note}")
        told = "allowed" if self.clean else "refused"
        yield f"{told}: {self.base[:7]}..{self.head[:7]}"

    def to_dict(self) -> dict[str, object]:
        """Give it as plain values for JSON."""
        return {
            "base": self.base,
            "head": self.head,
            "allowed": self.clean,
            "steps": [
                {
                    "commit": judged.commit.id,
                    "actor": judged.actor,
                    "changes": [change.to_dict() for change in judged.changes],
                    "covered": dict(judged.covered),
                }
                for judged in self.verdict.accepted
            ],
            "violations": [violation.to_dict() for violation in self.verdict.violations],
            "notes": list(self.notes),
        }


def check(
    path: str | Path, revisions: str, *, actor: str = "", approvers: Sequence[str] = ()
) -> CheckReport:
    """Judge ``revisions`` (BASE..HEAD) of the clone that ``path`` lies in.

    ``actor`` and ``approvers`` are whom the CI system names: who made the change, and who approved
    it. Without them the commits are taken at their word. The permissions that count are the base's.
    Raises NotFoundError for a revision that is not there, InvalidValueError for a range that cannot
    be, ConflictError if base and head contradict each other.
    """
    found = judge_range(path, revisions, actor=actor, approvers=approvers)
    return CheckReport(found.base, found.head, found.verdict, found.notes)
