"""Requests through the Registry: asked by several, answered once, and what a viewer may do."""

from pathlib import Path

import pytest
from world import Ground, git

import gitreg
from gitreg import InvalidValueError, NotFoundError, RefusedError
from gitreg.audit import audit
from gitreg.domain.requests import Action, Outcome
from gitreg.opening import open as open_registry
from gitreg.registry import Registry
from gitreg.store import turns
from gitreg.store.repository import Repository


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    """Give a registry with four versions of fraud; carol moves anything, sam but to Staging."""
    ground = Ground(tmp_path)
    root = ground.by("root")
    root.create_model("fraud")
    for number in range(1, 5):
        root.create_version("fraud", source=f"s3://ml/{number}")
    root.grant("carol", "manage-production", model="fraud")
    root.grant("sam", "manage-staging", model="fraud")
    root.transition("fraud/1", "Production")
    return ground


def branches(ground: Ground) -> list[str]:
    names = git(ground.path, "for-each-ref", "--format=%(refname:lstrip=3)", "refs/heads/requests")
    return names.splitlines()


def asked(ground: Ground) -> list[str]:
    return [str(view.request) for view in ground.by("eve").requests()]


def test_several_ask_and_one_merge_answers_them_all(ground: Ground) -> None:
    for user in ("bob", "eve", "Zoe"):
        receipt = ground.by(user).request_transition(
            "fraud/2", "staging", message=f"{user}: please"
        )
        assert receipt.request is not None
        assert receipt.request.comment == f"{user}: please"
        assert receipt.summary == "Request fraud/2 -> Staging"
        assert receipt.changes == ()
    assert asked(ground) == [
        "fraud/2 -> Staging asked by Zoe",
        "fraud/2 -> Staging asked by bob",
        "fraud/2 -> Staging asked by eve",
    ]
    receipt = ground.by("sam").approve("fraud/2", "Staging", message="All right.")
    assert receipt.answer is not None
    assert receipt.answer.outcome is Outcome.APPROVED
    assert receipt.answer.comment == "All right."
    assert str(receipt.answer) == "fraud/2 -> Staging: request by Zoe, bob, eve approved"
    assert ground.by("eve").version("fraud/2").stage == "Staging"
    assert asked(ground) == branches(ground) == []


def test_requests_are_found_by_model_version_and_stage(ground: Ground) -> None:
    bob = ground.by("bob")
    ground.by("root").create_model("other")
    ground.by("root").create_version("other", source="s3://ml/1")
    bob.request_transition("fraud/2", "Staging")
    bob.request_transition("fraud/2", "Production")
    bob.request_transition("other/1", "Staging")
    assert len(bob.requests()) == 3
    assert len(bob.requests(model="fraud")) == 2
    assert len(bob.requests(version="other/1")) == 1
    assert len(bob.requests(version=gitreg.VersionRef.parse("fraud/2"), stage="production")) == 1
    assert bob.requests(stage="Archived") == ()
    with pytest.raises(InvalidValueError):
        bob.requests(stage="Prod")
    with pytest.raises(NotFoundError):
        bob.requests(version="fraud/9")


def test_one_asks_once(ground: Ground) -> None:
    bob = ground.by("bob")
    bob.request_transition("fraud/2", "Staging")
    before = ground.state()
    with pytest.raises(RefusedError, match="the request is open: it ends by an answer"):
        bob.request_transition("fraud/2", "Staging", message="again")
    assert ground.state() == before
    ground.by("sam").reject("fraud/2", "Staging")
    ground.clock.passes(1)
    bob.request_transition("fraud/2", "Staging", message="again")
    assert asked(ground) == ["fraud/2 -> Staging asked by bob"]


def test_a_rejected_request_moves_nothing(ground: Ground) -> None:
    ground.by("bob").request_transition("fraud/2", "Production")
    before = ground.state()
    for user in ("bob", "sam"):
        with pytest.raises(RefusedError, match="needs manage-production"):
            ground.by(user).reject("fraud/2", "Production")
    assert ground.state() == before
    receipt = ground.by("carol").reject("fraud/2", "Production", message="Not yet.")
    assert receipt.answer is not None
    assert (receipt.answer.outcome, receipt.changes) == (Outcome.REJECTED, ())
    assert receipt.summary == "fraud/2 -> Production: request by bob rejected"
    assert asked(ground) == branches(ground) == []
    assert ground.by("eve").version("fraud/2").stage == "None"


def test_one_cancels_ones_own_request_and_a_manager_anybodys(ground: Ground) -> None:
    for user in ("bob", "eve"):
        ground.by(user).request_transition("fraud/2", "Production")
    with pytest.raises(NotFoundError, match="no open request by carol for fraud/2 -> Production"):
        ground.by("carol").cancel("fraud/2", "Production")
    with pytest.raises(RefusedError, match="needs manage; carol has manage-production"):
        ground.by("carol").cancel("fraud/2", "Production", requester="bob")
    receipt = ground.by("bob").cancel("fraud/2", "Production", message="Never mind.")
    assert receipt.answer is not None
    assert receipt.answer.outcome is Outcome.CANCELLED
    assert asked(ground) == ["fraud/2 -> Production asked by eve"]
    ground.by("root").cancel("fraud/2", "Production", requester="eve")
    assert asked(ground) == branches(ground) == []


def test_a_transition_answers_the_open_requests_for_it(ground: Ground) -> None:
    ground.by("bob").request_transition("fraud/2", "Production")
    ground.by("eve").request_transition("fraud/2", "Staging")
    receipt = ground.by("carol").transition("fraud/2", "Production", archive_existing=True)
    assert str(receipt.answer) == "fraud/2 -> Production: request by bob approved"
    assert [str(change) for change in receipt.changes] == [
        "fraud/1: Production -> Archived",
        "fraud/2: None -> Production",
    ]
    assert asked(ground) == ["fraud/2 -> Staging asked by eve"]
    ground.by("carol").transition("fraud/2", "Staging")
    assert asked(ground) == []
    assert ground.by("carol").transition("fraud/3", "Staging").answer is None


def test_a_request_becomes_void_and_its_branch_can_be_used_anew(ground: Ground) -> None:
    ground.by("bob").request_transition("fraud/2", "Staging")
    ground.by("bob").request_transition("fraud/3", "Staging")
    name = "refs/heads/requests/fraud/2/Staging/bob"
    kept = git(ground.path, "rev-parse", name)
    ground.by("root").delete_version("fraud/3")
    assert asked(ground) == ["fraud/2 -> Staging asked by bob"]
    ground.by("carol").transition("fraud/2", "Staging")
    ground.by("carol").transition("fraud/2", "None")
    git(ground.path, "update-ref", name, kept)  # as if a crash had left it
    assert asked(ground) == []
    with pytest.raises(NotFoundError):
        ground.by("carol").approve("fraud/2", "Staging")
    ground.clock.passes(1)
    ground.by("bob").request_transition("fraud/2", "Staging")
    assert asked(ground) == ["fraud/2 -> Staging asked by bob"]
    assert any("fraud/3" in told for told in audit(ground.path).void_requests)


@pytest.mark.parametrize(
    ("user", "actions"),
    [
        ("eve", ()),
        ("bob", (Action.CANCEL,)),
        ("sam", ()),
        ("carol", (Action.APPROVE, Action.REJECT)),
        ("root", (Action.APPROVE, Action.REJECT, Action.CANCEL)),
    ],
)
def test_what_a_viewer_may_do_with_a_request(
    ground: Ground, user: str, actions: tuple[Action, ...]
) -> None:
    ground.by("bob").request_transition("fraud/2", "Production")
    [view] = ground.by(user).requests()
    assert view.actions == actions


def test_under_four_eyes_nobody_moves_a_protected_stage_alone(ground: Ground) -> None:
    ground.rules(self_approval="refuse")
    carol = ground.by("carol")
    with pytest.raises(RefusedError, match="needs a request by somebody else") as refused:
        carol.transition("fraud/2", "Production")
    assert refused.value.hint == (
        "gitreg request create fraud/2 Production, and let somebody else approve it"
    )
    carol.request_transition("fraud/2", "Production")
    [view] = carol.requests()
    assert view.actions == (Action.REJECT, Action.CANCEL)
    with pytest.raises(RefusedError, match="needs a request by somebody else"):
        carol.approve("fraud/2", "Production")
    ground.by("Carol").request_transition("fraud/2", "Production")
    with pytest.raises(RefusedError, match="needs a request by somebody else"):
        carol.approve("fraud/2", "Production")
    ground.by("bob").request_transition("fraud/2", "Production")
    carol.approve("fraud/2", "Production", archive_existing=True)
    assert ground.by("eve").version("fraud/2").stage == "Production"
    assert carol.transition("fraud/3", "Staging").changes


# --- races ---------------------------------------------------------------------------------------


class Interrupted(Repository):
    """A repository in which somebody else is first, right after the requests were read."""

    others: list[Registry]

    def request_refs(self) -> dict[str, str]:
        found = super().request_refs()
        if self.others:
            self.others.pop().transition("fraud/2", "Staging")
        return found


@pytest.mark.parametrize("verb", ["transition", "approve"])
def test_whoever_answers_second_finds_it_done(
    ground: Ground, verb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "PATIENCE", 0)
    ground.by("bob").request_transition("fraud/2", "Staging")
    repository = Interrupted(ground.path, durable=False)
    repository.others = [ground.by("sam")]
    carol = Registry(repository, actor="carol", clock=ground.clock)
    if verb == "transition":
        assert carol.transition("fraud/2", "Staging").summary == "nothing to do"
    else:
        with pytest.raises(NotFoundError, match="there is no open request for fraud/2 -> Staging"):
            carol.approve("fraud/2", "Staging")
    assert branches(ground) == []
    assert open_registry(ground.path, actor="eve").version("fraud/2").stage == "Staging"
