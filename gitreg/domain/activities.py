"""Activities: what happened, as people and Databricks' clients read it. Derived, never stored."""

from collections.abc import Iterator
from dataclasses import dataclass

from gitreg.domain.changes import KINDS as CHANGES
from gitreg.domain.changes import (
    Change,
    CommentAdded,
    StageTransitioned,
    side_effects,
)
from gitreg.domain.commits import ORIGINAL_TIME, ORIGINAL_USER, Commit, format_time
from gitreg.domain.names import ModelName, VersionRef
from gitreg.domain.requests import Answer, Outcome, TransitionRequest
from gitreg.domain.suggest import suggest
from gitreg.errors import InvalidValueError

APPLIED = "APPLIED_TRANSITION"
REQUESTED = "REQUESTED_TRANSITION"
SYSTEM = "SYSTEM_TRANSITION"
NEW_COMMENT = "NEW_COMMENT"
ANSWERED = {
    Outcome.APPROVED: "APPROVED_REQUEST",
    Outcome.REJECTED: "REJECTED_REQUEST",
    Outcome.CANCELLED: "CANCELLED_REQUEST",
}


KINDS = (
    REQUESTED,
    *ANSWERED.values(),
    APPLIED,
    SYSTEM,
    NEW_COMMENT,
    *(name for name in CHANGES if name not in {"StageTransitioned", "CommentAdded"}),
)
"""Every kind of activity."""


def parse_kind(text: str) -> str:
    """Read the name of a kind of activity, in any case; InvalidValueError if it is none."""
    found = next((kind for kind in KINDS if kind.lower() == text.lower()), None)
    if found is None:
        raise InvalidValueError(
            f"{text!a} is no kind of activity", hint=suggest(text, KINDS) or ", ".join(KINDS)
        )
    return found


@dataclass(frozen=True, slots=True)
class Activity:
    """One thing that happened. ``time`` is in ms; ``kind`` is one of Databricks' seven or a Change.

    ``original_time`` and ``original_user`` are what another registry, from which the fact was
    imported, said.
    """

    kind: str
    time: int
    actor: str
    text: str
    commit: str
    model: ModelName | None = None
    version: int | None = None
    from_stage: str = ""
    to_stage: str = ""
    comment: str = ""
    original_time: str = ""
    original_user: str = ""

    def is_about(self, model: ModelName | None, number: int | None = None) -> bool:
        """Tell whether it is about a model, or about one version of it."""
        return (model is None or self.model == model) and number in {None, self.version}

    def to_dict(self) -> dict[str, object]:
        """Give it as plain values for JSON."""
        told: dict[str, object] = {
            "kind": self.kind,
            "time": format_time(self.time),
            "actor": self.actor,
            "text": self.text,
            "commit": self.commit,
            "model": str(self.model) if self.model else None,
            "version": self.version,
        }
        for key in ("from_stage", "to_stage", "comment", "original_time", "original_user"):
            if getattr(self, key):
                told[key] = getattr(self, key)
        return told


def requested(request: TransitionRequest) -> Activity:
    """Give the activity that a request is."""
    return Activity(
        REQUESTED,
        request.time,
        request.requester,
        f"{request.ref}: {request.from_stage} -> {request.stage} requested",
        request.tip,
        request.ref.model,
        request.ref.number,
        request.from_stage,
        request.stage,
        request.comment,
    )


def activities(
    commit: Commit, actor: str, *, time: int, changes: tuple[Change, ...], answer: Answer | None
) -> Iterator[Activity]:
    """Give what one step on main did; ``time`` is the event's, in ms."""
    archived = side_effects(changes)
    if answer is not None and answer.outcome is not Outcome.APPROVED:
        whose = ", ".join(request.requester for request in answer.requests)
        yield Activity(
            ANSWERED[answer.outcome],
            time,
            actor,
            f"{answer.ref}: request by {whose} for {answer.stage} {answer.outcome}",
            commit.id,
            answer.ref.model,
            answer.ref.number,
            answer.requests[0].from_stage,
            answer.stage,
            answer.comment,
        )
    for change in changes:
        if isinstance(change, StageTransitioned):
            yield _transition(commit, actor, time, change, answer=answer, archived=archived)
        else:
            yield _other(commit, actor, time, change)


def _transition(
    commit: Commit,
    actor: str,
    time: int,
    change: StageTransitioned,
    *,
    answer: Answer | None,
    archived: frozenset[VersionRef],
) -> Activity:
    kind, text = APPLIED, str(change)
    if change.ref in archived:
        kind, text = SYSTEM, f"{change}, replaced"
    elif answer is not None and change.ref == answer.ref:
        whose = ", ".join(request.requester for request in answer.requests)
        kind, text = ANSWERED[Outcome.APPROVED], f"{change}, approves the request of {whose}"
    return Activity(
        kind,
        time,
        actor,
        text,
        commit.id,
        change.ref.model,
        change.ref.number,
        change.from_stage,
        change.to_stage,
        "" if kind == SYSTEM else commit.comment,
        commit.trailer(ORIGINAL_TIME),
        commit.trailer(ORIGINAL_USER),
    )


def _other(commit: Commit, actor: str, time: int, change: Change) -> Activity:
    ref = getattr(change, "ref", None)
    return Activity(
        NEW_COMMENT if isinstance(change, CommentAdded) else change.kind,
        time,
        actor,
        str(change),
        commit.id,
        change.subject,
        ref.number if isinstance(ref, VersionRef) else None,
        comment=change.text if isinstance(change, CommentAdded) else commit.comment,
        original_time=commit.trailer(ORIGINAL_TIME),
        original_user=commit.trailer(ORIGINAL_USER),
    )
