"""What the guard says: violations, and the verdict over a walk of commits."""

from dataclasses import dataclass, replace

from gitreg.domain.changes import Change
from gitreg.domain.commits import Commit
from gitreg.domain.names import visible
from gitreg.domain.requests import Answer

RULES = ("form", "schema", "identity", "lifecycle", "access", "governance", "requests")


@dataclass(frozen=True, slots=True)
class Violation:
    """One reason why a commit is refused: rule, place, what is wrong and what is needed."""

    rule: str
    reason: str
    path: str = ""
    line: int = 0
    commit: str = ""
    who_can: tuple[str, ...] = ()
    hint: str = ""

    def of(self, commit: str) -> "Violation":
        """Give the same violation, found in ``commit``."""
        return replace(self, commit=commit)

    @property
    def place(self) -> str:
        """Give path and line, as editors open them."""
        return f"{self.path}:{self.line}" if self.line else self.path

    def to_dict(self) -> dict[str, object]:
        """Give it as plain values for JSON."""
        return {
            "rule": self.rule,
            "commit": self.commit,
            "path": self.path,
            "line": self.line,
            "reason": self.reason,
            "who_can": list(self.who_can),
            "hint": self.hint,
        }

    def __str__(self) -> str:
        lines = [f"{self.rule}  {self.place}".rstrip(), f"  {self.reason}"]
        if self.who_can:
            lines.append(f"  who can: {', '.join(self.who_can)}")
        if self.hint:
            lines.append(f"  hint: {self.hint}")
        return "\n".join(map(visible, lines))


@dataclass(frozen=True, slots=True)
class Judged:
    """One accepted step: who did what, and who covered it."""

    commit: Commit
    actor: str
    changes: tuple[Change, ...]
    answer: Answer | None = None
    covered: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the guard says of a walk: the steps accepted, and why the next one is not."""

    accepted: tuple[Judged, ...] = ()
    refused: Commit | None = None
    actor: str = ""
    violations: tuple[Violation, ...] = ()

    @property
    def clean(self) -> bool:
        """Tell whether nothing was refused."""
        return not self.violations
