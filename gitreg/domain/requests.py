"""Transition requests and their answers, and what a viewer may do with one."""

import enum
from dataclasses import dataclass

from gitreg.domain.access import Ability, Level
from gitreg.domain.model import Artifact
from gitreg.domain.names import ModelName, VersionRef, decode, encode, parse_number
from gitreg.domain.stages import Stages
from gitreg.errors import InvalidValueError

MAIN = "refs/heads/main"
HEADS = "refs/heads/"
REQUESTS = "refs/heads/requests/"
MAX_BASE_AGE = 1000
"""First-parent commits of main among which the parent of a new request must be."""


class Outcome(enum.StrEnum):
    """How a request was answered: the value of the Gitreg-Answer trailer."""

    APPROVED = "approved"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, order=True)
class RequestName:
    """What the branch of a request is called after: version, stage asked, and requester."""

    ref: VersionRef
    stage: str
    requester: str

    @classmethod
    def parse(cls, refname: str) -> "RequestName":
        """Read ``refs/heads/requests/<dir>/<n>/<stage>/<user>``, every part encoded."""
        parts = refname.removeprefix(REQUESTS).split("/")
        number = parse_number(parts[1]) if len(parts) == 4 else None
        if number is None or not refname.startswith(REQUESTS):
            raise InvalidValueError(
                f"{refname!a} is no request branch",
                hint="it is called requests/MODEL/NUMBER/STAGE/USER, each part encoded",
            )
        ref = VersionRef(ModelName.of_directory(parts[0]), number)
        return cls(ref, decode(parts[2]), decode(parts[3]))

    @property
    def refname(self) -> str:
        """Give the full name of the branch."""
        parts = (str(self.ref.number), encode(self.stage), encode(self.requester))
        return REQUESTS + "/".join((self.ref.model.directory, *parts))

    def __str__(self) -> str:
        return f"{self.ref} -> {self.stage} asked by {self.requester}"


@dataclass(frozen=True, slots=True)
class TransitionRequest:
    """A request as its branch's tip says it.

    ``asked_of`` is the version's immutable part then, ``pinned`` the files it had, if any.
    """

    name: RequestName
    tip: str
    base: str
    from_stage: str
    comment: str
    time: int
    asked_of: tuple[object, ...]
    pinned: Artifact | None = None

    @property
    def ref(self) -> VersionRef:
        """Give the version it is about."""
        return self.name.ref

    @property
    def stage(self) -> str:
        """Give the stage it asks for."""
        return self.name.stage

    @property
    def requester(self) -> str:
        """Give who asks."""
        return self.name.requester

    def __str__(self) -> str:
        return str(self.name)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a merge on main answered, and how."""

    outcome: Outcome
    requests: tuple[TransitionRequest, ...]
    comment: str = ""

    @property
    def ref(self) -> VersionRef:
        """Give the version that the answered requests are about."""
        return self.requests[0].ref

    @property
    def stage(self) -> str:
        """Give the stage that was asked for."""
        return self.requests[0].stage

    def __str__(self) -> str:
        whose = ", ".join(request.requester for request in self.requests)
        return f"{self.ref} -> {self.stage}: request by {whose} {self.outcome}"


class Action(enum.StrEnum):
    """What a viewer may do with an open request (Databricks' available_actions)."""

    APPROVE = "APPROVE_TRANSITION_REQUEST"
    REJECT = "REJECT_TRANSITION_REQUEST"
    CANCEL = "CANCEL_TRANSITION_REQUEST"


def transition_ability(stages: Stages, from_stage: str, to_stage: str) -> Ability:
    """Give the ability that moving a version between two stages needs."""
    if stages.guards(from_stage, to_stage):
        return Ability.TRANSITION_PROTECTED
    return Ability.TRANSITION


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks at a request, with the level held on its model."""

    name: str
    level: Level


def available_actions(
    request: TransitionRequest,
    viewer: Viewer,
    *,
    stage: str,
    stages: Stages,
    four_eyes: bool = False,
) -> tuple[Action, ...]:
    """Tell what ``viewer`` may do with an open request.

    ``stage`` is the version's present one. Under the four-eyes rule (``four_eyes``) nobody approves
    the own request for a move that touches a protected stage.
    """
    actions: list[Action] = []
    ability = transition_ability(stages, stage, request.stage)
    if viewer.level >= ability.least:
        own = viewer.name.casefold() == request.requester.casefold()
        if not (four_eyes and own and ability is Ability.TRANSITION_PROTECTED):
            actions.append(Action.APPROVE)
        actions.append(Action.REJECT)
    least = Ability.REQUEST if viewer.name == request.requester else Ability.MANAGE_MODEL
    if viewer.level >= least.least:
        actions.append(Action.CANCEL)
    return tuple(actions)
