"""What reads and writes return, and how a refusal is told."""

from dataclasses import dataclass

from gitreg.domain.changes import Change, VersionCreated
from gitreg.domain.names import VersionRef
from gitreg.domain.requests import Action, Answer, TransitionRequest
from gitreg.domain.verdict import Violation
from gitreg.errors import DeniedError


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a write did: the commit (main's tip, if nothing had to change) and its changes.

    ``request`` is what a request made; ``dry_run`` tells that nothing was written.
    """

    commit: str
    summary: str
    changes: tuple[Change, ...] = ()
    answer: Answer | None = None
    request: TransitionRequest | None = None
    dry_run: bool = False

    @property
    def short(self) -> str:
        """Give the commit's id as people write it."""
        return self.commit[:7]

    @property
    def version(self) -> VersionRef | None:
        """Give the version that was created, if one was."""
        found = (one.ref for one in self.changes if isinstance(one, VersionCreated))
        return next(found, None)


@dataclass(frozen=True, slots=True)
class RequestView:
    """An open request as a viewer sees it."""

    request: TransitionRequest
    actions: tuple[Action, ...]


class RefusedError(DeniedError):
    """The guard refused a commit; ``violations`` are all its reasons."""

    def __init__(self, violations: tuple[Violation, ...]) -> None:
        """Tell the first reason as the message, and keep all."""
        first = violations[0]
        more = f" (and {len(violations) - 1} more)" if len(violations) > 1 else ""
        hint = first.hint
        if first.who_can:
            hint = f"who can: {', '.join(first.who_can)}" + (f"; or {hint}" if hint else "")
        super().__init__(first.reason + more, hint=hint)
        self.violations = violations
