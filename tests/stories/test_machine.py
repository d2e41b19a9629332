"""Anybody does anything at random, and the registry stays what it must be.

A model kept in plain Python tells which versions are where, which requests are open, and who may
what; every operation must be refused exactly when that model says so.
"""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from world import Ground, git

from gitreg import DeniedError, GitregError, Level, Receipt, Registry
from gitreg.audit import audit

USERS = ("nobody", "reader", "editor", "stager", "producer", "manager", "root")
LEVELS: dict[str, Level] = dict(zip(USERS, (*Level, Level.MANAGE), strict=True))
STAGES = ("None", "Staging", "Production", "Archived")
NAMES = ("fraud", "churn", "My model")

OFTEN = ("transition", "request", "answer")
SELDOM = ("cancel", "alias", "create_version", "create_model", "delete_version", "delete_model")
verbs = st.sampled_from((*OFTEN, *OFTEN, *SELDOM, "comment", "grant", "change_layout"))
users = st.sampled_from(USERS[::-1])
names = st.sampled_from((*NAMES, *NAMES[:2] * 2))
stages = st.sampled_from(STAGES[::-1])
numbers = st.sampled_from((1, 2, 1, 2, 3))


@dataclass
class Known:
    """What a model must be: the stages of its live versions, and its open requests."""

    used: int = 0
    stages: dict[int, str] = field(default_factory=dict)
    granted: set[str] = field(default_factory=set)
    aliases: dict[str, int] = field(default_factory=dict)


class Machine(RuleBasedStateMachine):
    """A registry, and what it must hold."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.models: dict[str, Known] = {}
        self.asked: set[tuple[str, int, str, str]] = set()
        """Requests that nobody answered: model, number, stage and requester."""

    @initialize(layout=st.sampled_from(["flat", "sharded"]))
    def start(self, layout: str) -> None:
        self.ground = Ground(Path(self.folder.name), layout=layout)
        root = self.ground.by("root")
        for user in USERS[1:-1]:
            root.grant(user, LEVELS[user], pattern="*")
        root.revoke("@everyone", pattern="/")
        for name in NAMES[:2]:
            self.create_model("root", name)
            self.create_version("root", name)
            self.create_version("root", name)

    def teardown(self) -> None:
        if hasattr(self, "ground"):
            self.everything_can_be_told()
        self.folder.cleanup()

    # --- what must be ----------------------------------------------------------------------

    def level(self, user: str, name: str) -> Level:
        if name in self.models and user in self.models[name].granted:
            return Level.MANAGE
        return LEVELS[user]

    def try_(self, user: str, allowed: bool, do: Callable[[Registry], Receipt]) -> Receipt | None:
        """Do it, which must be refused by the guard exactly if it is not allowed."""
        self.ground.clock.passes(0.25)
        before = git(self.ground.path, "for-each-ref")
        try:
            receipt = do(self.ground.by(user))
        except DeniedError:
            assert not allowed
            assert git(self.ground.path, "for-each-ref") == before
            return None
        assert allowed or not receipt.changes
        return receipt

    def impossible(self, user: str, do: Callable[[Registry], Receipt]) -> None:
        """Do what cannot be: an error whoever does it."""
        before = git(self.ground.path, "for-each-ref")
        try:
            receipt = do(self.ground.by(user))
        except GitregError:
            pass
        else:
            assert not receipt.changes
            assert receipt.answer is None
            assert receipt.request is None
        assert git(self.ground.path, "for-each-ref") == before

    def live(self, name: str, number: int) -> bool:
        return name in self.models and number in self.models[name].stages

    @property
    def open(self) -> set[tuple[str, int, str, str]]:
        """Give the requests that are open: those for where a version is count for nothing."""
        return {
            one
            for one in self.asked
            if self.live(*one[:2]) and self.models[one[0]].stages[one[1]] != one[2]
        }

    def answered(self, name: str, number: int, stage: str) -> None:
        """Forget the open requests for one move."""
        self.asked -= {one for one in self.open if one[:3] == (name, number, stage)}

    # --- what people do --------------------------------------------------------------------

    @rule(user=users, verb=verbs, name=names, number=numbers, stage=stages, pick=st.integers(0, 99))
    def somebody_does_something(
        self, user: str, verb: str, name: str, number: int, stage: str, pick: int
    ) -> None:
        """One rule for all verbs, so that each is tried as often as any other."""
        if verb in {"answer", "cancel"} and self.open:
            name, number, stage, _ = sorted(self.open)[pick % len(self.open)]
        match verb:
            case "transition" | "answer":
                getattr(self, verb)(user, name, number, stage, pick % 3 == 0)
            case "request" | "cancel":
                getattr(self, verb)(user, name, number, stage)
            case "delete_version" | "comment":
                getattr(self, verb)(user, name, number)
            case "alias":
                self.alias(user, name, number, "best" if pick % 2 else "champion")
            case "grant":
                self.grant(user, USERS[pick % len(USERS)], name)
            case "change_layout":
                self.change_layout(user)
            case _:
                getattr(self, verb)(user, name)

    def create_model(self, user: str, name: str) -> None:
        if name in self.models:
            self.impossible(user, lambda r: r.create_model(name))
            return
        self.try_(user, True, lambda r: r.create_model(name))
        self.models[name] = Known(granted={user})

    def create_version(self, user: str, name: str) -> None:
        def do(registry: Registry) -> Receipt:
            return registry.create_version(name, source="s3://ml")

        if name not in self.models:
            self.impossible(user, do)
        elif self.try_(user, self.level(user, name) >= Level.EDIT, do):
            known = self.models[name]
            known.used += 1
            known.stages[known.used] = "None"

    def transition(self, user: str, name: str, number: int, stage: str, archive: bool) -> None:
        def do(registry: Registry) -> Receipt:
            return registry.transition(f"{name}/{number}", stage, archive_existing=archive)

        active = stage in {"Staging", "Production"}
        if not self.live(name, number) or (archive and not active):
            self.impossible(user, do)
            return
        known = self.models[name].stages
        moves = {} if known[number] == stage else {number: stage}
        if archive:
            others = (n for n, there in known.items() if there == stage and n != number)
            moves |= dict.fromkeys(others, "Archived")
        touched = {known[n] for n in moves} | set(moves.values())
        needed = Level.MANAGE_PRODUCTION if "Production" in touched else Level.MANAGE_STAGING
        allowed = self.level(user, name) >= needed or not moves
        if self.try_(user, allowed, do):
            self.answered(name, number, stage)
            known |= moves

    def request(self, user: str, name: str, number: int, stage: str) -> None:
        def do(registry: Registry) -> Receipt:
            return registry.request_transition(f"{name}/{number}", stage)

        if not self.live(name, number) or self.models[name].stages[number] == stage:
            self.impossible(user, do)
            return
        key = (name, number, stage, user)
        allowed = self.level(user, name) >= Level.READ and key not in self.open
        if self.try_(user, allowed, do):
            self.asked.add(key)

    def answer(self, user: str, name: str, number: int, stage: str, reject: bool) -> None:
        def do(registry: Registry) -> Receipt:
            version = f"{name}/{number}"
            return (registry.reject if reject else registry.approve)(version, stage)

        if not any(one[:3] == (name, number, stage) for one in self.open):
            self.impossible(user, do)
            return
        touched = {stage, self.models[name].stages[number]}
        needed = Level.MANAGE_PRODUCTION if "Production" in touched else Level.MANAGE_STAGING
        receipt = self.try_(user, self.level(user, name) >= needed, do)
        if receipt is None:
            return
        assert receipt.answer is not None
        asked = {one for one in self.open if one[:3] == (name, number, stage)}
        assert {one.requester for one in receipt.answer.requests} == {one[3] for one in asked}
        self.asked -= asked
        if not reject:
            self.models[name].stages[number] = stage

    def cancel(self, user: str, name: str, number: int, stage: str) -> None:
        found = sorted(one[3] for one in self.open if one[:3] == (name, number, stage))
        whose = found[0] if found else user

        def do(registry: Registry) -> Receipt:
            return registry.cancel(f"{name}/{number}", stage, requester=whose)

        if not found:
            self.impossible(user, do)
            return
        needed = Level.READ if user == whose else Level.MANAGE
        if self.try_(user, self.level(user, name) >= needed, do):
            self.asked.discard((name, number, stage, whose))

    def alias(self, user: str, name: str, number: int, alias: str) -> None:
        def do(registry: Registry) -> Receipt:
            return registry.set_alias(f"{name}/{number}", alias)

        if not self.live(name, number):
            self.impossible(user, do)
            return
        known = self.models[name]
        nothing = known.aliases.get(alias) == number
        if self.try_(user, nothing or self.level(user, name) >= Level.EDIT, do):
            known.aliases[alias] = number

    def delete_version(self, user: str, name: str, number: int) -> None:
        def do(registry: Registry) -> Receipt:
            return registry.delete_version(f"{name}/{number}")

        there = self.live(name, number)
        if not there or self.models[name].stages[number] in {"Staging", "Production"}:
            self.impossible(user, do)
        elif self.try_(user, self.level(user, name) >= Level.MANAGE, do):
            known = self.models[name]
            del known.stages[number]
            known.aliases = {alias: at for alias, at in known.aliases.items() if at != number}

    def delete_model(self, user: str, name: str) -> None:
        known = self.models.get(name, Known(stages={1: "Staging"}))
        if {"Staging", "Production"} & set(known.stages.values()):
            self.impossible(user, lambda r: r.delete_model(name))
        elif self.try_(
            user, self.level(user, name) >= Level.MANAGE, lambda r: r.delete_model(name)
        ):
            del self.models[name]

    def comment(self, user: str, name: str, number: int) -> None:
        def do(registry: Registry) -> Receipt:
            return registry.add_comment(f"{name}/{number}", f"By {user}.")

        if not self.live(name, number):
            self.impossible(user, do)
            return
        self.try_(user, self.level(user, name) >= Level.READ, do)

    def grant(self, by: str, user: str, name: str) -> None:
        def do(registry: Registry) -> Receipt:
            return registry.grant(user, "manage", model=name)

        if name not in self.models:
            self.impossible(by, do)
            return
        known = self.models[name]
        nothing = user in known.granted and LEVELS[user] is not Level.MANAGE
        if self.try_(by, nothing or self.level(by, name) >= Level.MANAGE, do):
            known.granted.add(user)

    def change_layout(self, user: str) -> None:
        there = self.ground.by("root").settings().layout
        to = "flat" if there == "sharded" else "sharded"
        self.try_(user, user == "root", lambda r: r.change_layout(to))

    # --- what always holds -----------------------------------------------------------------

    @invariant()
    def everything_is_where_it_must_be(self) -> None:
        registry = self.ground.by("reader")
        found = {
            str(model.name): (
                {one.ref.number: one.stage for one in registry.versions(str(model.name))},
                dict(model.aliases),
            )
            for model in registry.models()
        }
        assert found == {name: (one.stages, one.aliases) for name, one in self.models.items()}
        asked = {
            (str(view.request.ref.model), view.request.ref.number, view.request.stage,
             view.request.requester)
            for view in registry.requests()
        }  # fmt: skip
        assert asked == self.open

    def everything_can_be_told(self) -> None:
        registry = self.ground.by("reader")
        told = list(registry.log())
        assert len({one.commit for one in told}) >= len(self.open)
        assert [one.time for one in told] == sorted((one.time for one in told), reverse=True)
        for name in self.models:
            assert all(str(one.model) == name for one in registry.log(name))
        report = audit(self.ground.path)
        assert report.clean, "\n".join(report.lines())


Machine.TestCase.settings = settings(
    max_examples=30,
    stateful_step_count=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestAnybodyDoesAnything = Machine.TestCase
