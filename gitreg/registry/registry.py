"""The Registry: the reads, and every write, the same for all faces."""

from gitreg import operations
from gitreg.domain.names import VersionRef
from gitreg.domain.requests import Outcome, TransitionRequest
from gitreg.errors import InvalidValueError, NotFoundError
from gitreg.operations.plan import Plan
from gitreg.registry.changing import Changes, Version
from gitreg.registry.receipts import Receipt, RefusedError
from gitreg.registry.tracing import Undoing


class Registry(Changes):
    """A registry in a Git repository, seen and changed by ``actor``.

    Reads return frozen values and raise NotFoundError for what is not there. Writes return a
    Receipt. They raise RefusedError (a DeniedError with every violation) if the guard refuses,
    InvalidValueError, AlreadyExistsError, NotFoundError or ConflictError if they cannot be, and
    UnavailableError if the repository cannot be written. Every write takes ``message``, the comment
    of its commit, and ``dry_run``, which judges and tells but changes nothing.
    """

    def transition(
        self,
        version: Version,
        stage: str,
        *,
        archive_existing: bool = False,
        message: str = "",
        dry_run: bool = False,
    ) -> Receipt:
        """Move a version to a stage; open requests for just that are answered by it: approved."""
        move = operations.versions.TransitionStage(self._ref(version), stage, archive_existing)

        def attempt() -> Receipt | None:
            found = self._open(move.ref, stage)
            if not found:
                return self._writer.apply_once(move, message=message, dry_run=dry_run)
            return self._writer.answer(
                found, Outcome.APPROVED, plan=move.plan, message=message, dry_run=dry_run
            )

        return self._writer.repeat(attempt)

    def rollback(
        self, model: str, stage: str, *, message: str = "", dry_run: bool = False
    ) -> Receipt:
        """Undo the last step that changed which versions of a model are in a stage, in one commit.

        Done again it undoes that.
        """
        return self.undo(self.undoing(model, stage), message=message, dry_run=dry_run)

    def undo(self, undoing: Undoing, *, message: str = "", dry_run: bool = False) -> Receipt:
        """Do what ``undoing`` told; ConflictError if a version is elsewhere by now."""
        try:
            return self.apply(undoing.operation, message=message, dry_run=dry_run)
        except RefusedError as error:
            raise undoing.refused(error) from error

    def request_transition(
        self, version: Version, stage: str, *, message: str = "", dry_run: bool = False
    ) -> Receipt:
        """Ask for a transition: a branch that whoever has the level may merge."""
        move = operations.versions.TransitionStage(self._ref(version), stage)
        base = self._base()
        to_stage = base.settings.stages.parse(stage).name
        if base.version(move.ref).stage == to_stage:
            raise InvalidValueError(f"{move.ref} is in {to_stage} already")
        return self._writer.request(move, message=message, dry_run=dry_run)

    def approve(
        self,
        version: Version,
        stage: str,
        *,
        archive_existing: bool = False,
        message: str = "",
        dry_run: bool = False,
    ) -> Receipt:
        """Approve every open request for a version and stage: one merge moves the version."""
        move = operations.versions.TransitionStage(self._ref(version), stage, archive_existing)

        def attempt() -> Receipt | None:
            found = self._demand(move.ref, stage)
            return self._writer.answer(
                found, Outcome.APPROVED, plan=move.plan, message=message, dry_run=dry_run
            )

        return self._writer.repeat(attempt)

    def reject(
        self, version: Version, stage: str, *, message: str = "", dry_run: bool = False
    ) -> Receipt:
        """Reject every open request for a version and stage."""
        return self._close(version, stage, Outcome.REJECTED, message=message, dry_run=dry_run)

    def cancel(
        self,
        version: Version,
        stage: str,
        *,
        requester: str = "",
        message: str = "",
        dry_run: bool = False,
    ) -> Receipt:
        """Cancel one's own open request, or (with Manage) that of ``requester``."""
        return self._close(
            version,
            stage,
            Outcome.CANCELLED,
            requester=requester or self.actor,
            message=message,
            dry_run=dry_run,
        )

    def _close(
        self,
        version: Version,
        stage: str,
        outcome: Outcome,
        *,
        requester: str = "",
        message: str,
        dry_run: bool,
    ) -> Receipt:
        ref = self._ref(version)

        def attempt() -> Receipt | None:
            found = self._demand(ref, stage, requester)
            whose = ", ".join(one.requester for one in found)
            told = f"{ref} -> {found[0].stage}: request by {whose} {outcome}"
            return self._writer.answer(
                found, outcome, plan=lambda _: Plan(told), message=message, dry_run=dry_run
            )

        return self._writer.repeat(attempt)

    def _open(
        self, ref: VersionRef, stage: str, requester: str = ""
    ) -> tuple[TransitionRequest, ...]:
        to_stage = self._base().settings.stages.parse(stage).name
        return tuple(
            one
            for one in self._reader.open_requests(self._writer.main())
            if (one.ref, one.stage) == (ref, to_stage) and requester in {"", one.requester}
        )

    def _demand(
        self, ref: VersionRef, stage: str, requester: str = ""
    ) -> tuple[TransitionRequest, ...]:
        found = self._open(ref, stage, requester)
        if not found:
            whose = f" by {requester}" if requester else ""
            raise NotFoundError(
                f"there is no open request{whose} for {ref} -> {stage}", hint="gitreg request list"
            )
        return found
