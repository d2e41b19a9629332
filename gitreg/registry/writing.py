"""The one write path: a commit is planned, judged, written, and published by compare-and-swap."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from gitreg.domain.commits import (
    ANSWER,
    TIME,
    Commit,
    Signature,
    format_time,
    join_message,
    read_commit,
    write_commit,
)
from gitreg.domain.pushes import RefUpdate
from gitreg.domain.requests import MAIN, Outcome, RequestName, TransitionRequest
from gitreg.domain.signatures import OFF, REQUIRED
from gitreg.domain.telling import parse_refusal
from gitreg.errors import ConflictError, InvalidValueError, NotFoundError
from gitreg.guard.refs import RefCase, judge_ref
from gitreg.guard.verify import verify
from gitreg.manifest.snapshot import Snapshot
from gitreg.manifest.steps import Tip, asked, request_summary
from gitreg.manifest.trees import MemoryObjects, object_id
from gitreg.operations.plan import Operation, Plan
from gitreg.registry.reading import Reader
from gitreg.registry.receipts import Receipt, RefusedError
from gitreg.store.remote import RemoteRefusedError
from gitreg.store.repository import Moved
from gitreg.store.signatures import sign, signing_key
from gitreg.store.turns import turn

PATIENCE = 60.0
"""Seconds that a write tries again when others are first."""


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes as one actor; ``clock`` gives ms since 1970."""

    reader: Reader
    actor: str
    email: str
    clock: Callable[[], int]
    written: Callable[[], None] = lambda: None
    """Is called when something was written."""

    def main(self) -> str:
        """Give the tip that the next commit follows."""
        repository = self.reader.repository
        tip = repository.base()
        if tip is None:
            raise NotFoundError(f"{repository.path} holds no registry yet", hint="gitreg init")
        return tip

    def apply(self, operation: Operation, *, message: str = "", dry_run: bool = False) -> Receipt:
        """Do one operation as one commit on main; planned anew whenever somebody else was first."""
        return self.repeat(lambda: self.apply_once(operation, message=message, dry_run=dry_run))

    def apply_once(
        self, operation: Operation, *, message: str = "", dry_run: bool = False
    ) -> Receipt | None:
        """Do one operation, or give None if somebody else was first."""
        main = self.main()
        scratch = MemoryObjects(self.reader.objects)
        before = Snapshot(scratch, self.reader.commit(main).tree)
        plan = operation.plan(before)
        if not plan.changes:
            return Receipt(main, plan.summary, dry_run=dry_run)
        return self._publish(main, before, plan, message=message, dry_run=dry_run)

    def repeat(self, attempt: Callable[[], Receipt | None]) -> Receipt:
        """Try until it is done; ConflictError when others were first for too long."""
        deadline = time.monotonic() + PATIENCE
        pause = 0.002
        while True:
            with turn(self.reader.repository.common):
                receipt = attempt()
            if receipt is not None:
                if not receipt.dry_run:
                    self.written()
                return receipt
            if time.monotonic() > deadline:
                raise ConflictError(
                    f"others were first for {PATIENCE:.0f} seconds; nothing was changed",
                    hint="try again",
                )
            time.sleep(random.uniform(0, pause))
            pause = min(pause * 2, 0.2)

    def _publish(
        self,
        main: str,
        before: Snapshot,
        plan: Plan,
        *,
        message: str = "",
        dry_run: bool = False,
        outcome: Outcome | None = None,
        requests: tuple[TransitionRequest, ...] = (),
        stored: frozenset[str] | None = None,
    ) -> Receipt | None:
        """Judge and publish one commit; None if somebody else was first."""
        reader = self.reader
        tree = plan.edits.applied(before.objects, before.tree)
        tips = tuple(request.tip for request in requests)
        trailers = ((ANSWER, str(outcome)),) if outcome is not None else ()
        commit = self._commit(tree, (main, *tips), plan.summary, body=message, trailers=trailers)
        commit = self._signed(commit, before)
        step = reader.step(commit, pusher=self.actor, stored=stored, now=self.clock())
        step = replace(step, before=before, after=Snapshot(before.objects, commit.tree))
        verdict = verify([step])
        if not verdict.clean:
            raise RefusedError(verdict.violations)
        [judged] = verdict.accepted
        receipt = Receipt(
            commit.id, plan.summary, judged.changes, answer=judged.answer, dry_run=dry_run
        )
        if dry_run:
            return receipt
        self._store(before.objects, commit)
        if self._move(MAIN, commit.id, old=main) is not Moved.DONE:
            return None
        reader.published = step
        for request in requests:
            reader.repository.settle(request.name.refname, request.tip)
        return receipt

    def _move(self, name: str, new: str, *, old: str | None) -> Moved:
        try:
            return self.reader.repository.move(name, new, old=old)
        except RemoteRefusedError as error:
            violations = parse_refusal(error.lines)
            if not violations:
                raise
            raise RefusedError(violations) from error

    def _commit(
        self,
        tree: str,
        parents: tuple[str, ...],
        summary: str,
        *,
        body: str,
        trailers: tuple[tuple[str, str], ...] = (),
    ) -> Commit:
        now = self.clock()
        who = Signature(self.actor, self.email, now // 1000)
        text = join_message(summary, body, (*trailers, (TIME, format_time(now))))
        try:
            raw = write_commit(Commit("", tree, parents, who, who, text))
        except UnicodeEncodeError:
            raise InvalidValueError("the message holds what UTF-8 text cannot") from None
        return read_commit(object_id("commit", raw), raw)

    def _signed(self, commit: Commit, law: Snapshot) -> Commit:
        """Sign with Git's user.signingKey where the registry requires it, or Git always does it."""
        repository, wanted = self.reader.repository, law.settings.identity.signatures
        key = signing_key(repository, always=wanted == REQUIRED) if wanted != OFF else ""
        if not key:
            return commit
        raw = write_commit(sign(commit, key, program=repository.config("gpg.ssh.program")))
        return read_commit(object_id("commit", raw), raw)

    def _store(self, objects: object, commit: Commit) -> None:
        new = list(objects.written()) if isinstance(objects, MemoryObjects) else []
        self.reader.repository.write_all([*new, ("commit", write_commit(commit))])

    # --- requests --------------------------------------------------------------------------

    def request(self, move: Operation, *, message: str, dry_run: bool) -> Receipt:
        """Ask for a transition: its commit becomes the tip of a branch, not of main."""
        return self.repeat(lambda: self._try_request(move, message, dry_run=dry_run))

    def _try_request(self, move: Operation, message: str, *, dry_run: bool) -> Receipt | None:
        reader, main = self.reader, self.main()
        scratch = MemoryObjects(reader.objects)
        law = reader.commit(main)
        before = Snapshot(scratch, law.tree)
        plan = move.plan(before)
        tree = plan.edits.applied(scratch, before.tree)
        unnamed = self._commit(tree, (main,), plan.summary, body=message)
        identity = before.settings.identity
        name = asked(Tip(unnamed, before, Snapshot(scratch, tree)), identity).name
        commit = self._commit(tree, (main,), request_summary(name), body=message)
        commit = self._signed(commit, before)
        tip = Tip(commit, before, Snapshot(scratch, tree))
        old, over = self._standing(main, name)
        case = RefCase(
            RefUpdate(name.refname, old, commit.id),
            self.actor,
            before,
            tip=tip,
            recent=True,
            over=over,
            now=self.clock(),
            verifier=reader.verifier,
        )
        violations = judge_ref(case)
        if violations:
            raise RefusedError(violations)
        receipt = Receipt(
            commit.id, request_summary(name), request=asked(tip, identity), dry_run=dry_run
        )
        if dry_run:
            return receipt
        self._store(scratch, commit)
        done = self._move(name.refname, commit.id, old=old) is Moved.DONE
        return receipt if done else None

    def _standing(self, main: str, name: RequestName) -> tuple[str | None, str]:
        for standing in self.reader.standings(main):
            if standing.refname == name.refname:
                return standing.tip, standing.over
        return None, ""

    def answer(
        self,
        requests: tuple[TransitionRequest, ...],
        outcome: Outcome,
        *,
        plan: Callable[[Snapshot], Plan],
        message: str,
        dry_run: bool,
    ) -> Receipt | None:
        """Answer open requests by a merge; None if somebody else was first."""
        main = self.main()
        stored = frozenset(one.tip for one in self.reader.open_requests(main))
        if not stored.issuperset(one.tip for one in requests):
            return None
        scratch = MemoryObjects(self.reader.objects)
        before = Snapshot(scratch, self.reader.commit(main).tree)
        return self._publish(
            main,
            before,
            plan(before),
            message=message,
            dry_run=dry_run,
            outcome=outcome,
            requests=requests,
            stored=stored,
        )
