"""Every verb of the Registry: what it does, and that refused and dry runs leave nothing behind."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from world import Ground, Write

import gitreg
from gitreg import (
    AlreadyExistsError,
    Artifact,
    Code,
    ConflictError,
    DeniedError,
    InvalidValueError,
    Level,
    NotFoundError,
    Receipt,
    RefusedError,
    Registry,
)
from gitreg.opening import create

PIN = Artifact(f"sha256:{'a' * 64}", 5, 1)


@pytest.fixture(params=["flat", "sharded"])
def ground(request: pytest.FixtureRequest, tmp_path: Path) -> Ground:
    """Give a registry with the model fraud: 1 in Production, 2 in Staging, 3 in None."""
    ground = Ground(tmp_path, layout=request.param)
    root = ground.by("root")
    root.create_model("fraud", tags={"team": "risk"})
    for _ in range(3):
        root.create_version("fraud", source="s3://ml/1", status="PENDING_REGISTRATION")
    root.transition("fraud/1", "Production")
    root.transition("fraud/2", "Staging")
    root.set_alias("fraud/1", "champion")
    root.tag_version("fraud/3", {"a": "b"}, metrics={"auc": 0.5})
    root.create_model("old")
    root.create_version("old", source="s3://ml/old")
    root.grant("bob", "edit", model="fraud")
    ground.by("bob").request_transition("fraud/3", "Archived")
    ground.by("root").request_transition("fraud/3", "Staging")
    root.add_comment("fraud/3", "Fine.")
    return ground


def comment_of(registry: Registry) -> str:
    return registry.comments("fraud/3")[0].id


@dataclass(frozen=True, slots=True)
class Verb:
    """One write, what it tells, and whether somebody without a level may do it."""

    name: str
    do: Callable[[Registry, bool], Receipt]
    told: tuple[str, ...] = ()
    anybody: bool = False


VERBS = (
    Verb(
        "create_model",
        lambda r, d: r.create_model("new", description="It.", tags={"b": "1"}, dry_run=d),
        ("model new created",),
        anybody=True,
    ),
    Verb(
        "describe_model",
        lambda r, d: r.describe_model("fraud", "Scores.", dry_run=d),
        ('fraud: description set to "Scores."',),
    ),
    Verb(
        "set_card",
        lambda r, d: r.set_card("fraud", "# A\n", dry_run=d),
        ("fraud: model card added",),
    ),
    Verb(
        "tag_model",
        lambda r, d: r.tag_model("fraud", {"x": None}, remove=["team"], dry_run=d),
        ("fraud: tag team deleted", "fraud: tag x set to null"),
    ),
    Verb(
        "rename_model",
        lambda r, d: r.rename_model("old", "Older one", dry_run=d),
        ("model old renamed to Older one",),
    ),
    Verb("delete_model", lambda r, d: r.delete_model("old", dry_run=d), ("model old deleted",)),
    Verb(
        "set_alias",
        lambda r, d: r.set_alias("fraud/2", "champion", dry_run=d),
        ("fraud@champion set to version 2, was 1",),
    ),
    Verb(
        "delete_alias",
        lambda r, d: r.delete_alias("fraud", "champion", dry_run=d),
        ("fraud@champion deleted, was version 1",),
    ),
    Verb(
        "create_version",
        lambda r, d: r.create_version(
            "fraud",
            source="runs:/9c1/model",
            run_id="9c1",
            run_link="https://ci/1",
            model_id="m-1",
            code=Code("https://git/x", "4f1c2aa", "train.py", dirty=True),
            artifact=PIN,
            description="Next.",
            tags={"b": "2", "a": "1"},
            metrics={"auc": 0.9},
            params={"trees": "200"},
            dry_run=d,
        ),
        ("fraud/4 registered",),
    ),
    Verb(
        "describe_version",
        lambda r, d: r.describe_version("fraud@champion", "First.", dry_run=d),
        ('fraud/1: description set to "First."',),
    ),
    Verb(
        "tag_version",
        lambda r, d: r.tag_version(
            "fraud/3",
            {"c": "d"},
            remove=["a"],
            metrics={"f1": 1},
            remove_metrics=["auc"],
            dry_run=d,
        ),
        (
            "fraud/3: tag a deleted",
            'fraud/3: tag c set to "d"',
            "fraud/3: metric auc deleted",
            "fraud/3: metric f1 set to 1",
        ),
    ),
    Verb(
        "set_status",
        lambda r, d: r.set_status("fraud/3", "READY", status_message="done", dry_run=d),
        ("fraud/3: status READY (done)",),
    ),
    Verb(
        "delete_version",
        lambda r, d: r.delete_version("fraud/3", dry_run=d),
        ("fraud/3 deleted",),
    ),
    Verb(
        "add_comment",
        lambda r, d: r.add_comment("fraud/3", "Hello.", dry_run=d),
        ('fraud/3: comment by root: "Hello."',),
    ),
    Verb(
        "edit_comment",
        lambda r, d: r.edit_comment("fraud/3", comment_of(r), "Hm.", dry_run=d),
        ('fraud/3: comment by root edited: "Hm."',),
    ),
    Verb(
        "delete_comment",
        lambda r, d: r.delete_comment("fraud/3", comment_of(r), dry_run=d),
        ("fraud/3: comment by root deleted",),
    ),
    Verb(
        "grant",
        lambda r, d: r.grant("carol", "edit", model="fraud", dry_run=d),
        ("permissions of fraud changed: + edit bob carol; - edit bob",),
    ),
    Verb(
        "revoke",
        lambda r, d: r.revoke("bob", model="fraud", dry_run=d),
        ("permissions of fraud changed: - edit bob",),
    ),
    Verb(
        "grant on a pattern",
        lambda r, d: r.grant("carol", Level.MANAGE, pattern="fraud*", dry_run=d),
        ("permissions changed: + fraud* manage carol",),
    ),
    Verb(
        "transition",
        lambda r, d: r.transition("fraud/3", "production", archive_existing=True, dry_run=d),
        ("fraud/1: Production -> Archived", "fraud/3: None -> Production"),
    ),
    Verb(
        "transition that answers a request",
        lambda r, d: r.transition("fraud/3", "Archived", dry_run=d),
        ("fraud/3: None -> Archived",),
    ),
    Verb(
        "request_transition",
        lambda r, d: r.request_transition("fraud/3", "Production", dry_run=d),
        anybody=True,
    ),
    Verb(
        "approve",
        lambda r, d: r.approve("fraud/3", "Staging", archive_existing=True, dry_run=d),
        ("fraud/2: Staging -> Archived", "fraud/3: None -> Staging"),
    ),
    Verb("reject", lambda r, d: r.reject("fraud/3", "Staging", dry_run=d)),
    Verb("cancel", lambda r, d: r.cancel("fraud/3", "Staging", requester="root", dry_run=d)),
)


@pytest.mark.parametrize("verb", VERBS, ids=[verb.name for verb in VERBS])
def test_a_dry_run_tells_what_the_verb_does_and_changes_nothing(ground: Ground, verb: Verb) -> None:
    root = ground.by("root")
    before = ground.state()
    dry = verb.do(root, True)
    assert ground.state() == before
    assert dry.dry_run
    receipt = verb.do(root, False)
    assert not receipt.dry_run
    assert ground.state() != before
    assert tuple(map(str, receipt.changes)) == verb.told
    assert receipt.summary == dry.summary
    if "comment" not in verb.name:  # a new comment's id is random
        assert receipt.changes == dry.changes
        assert receipt.commit == dry.commit
    assert receipt.short == receipt.commit[:7]


@pytest.mark.parametrize("verb", VERBS, ids=[verb.name for verb in VERBS])
def test_a_refusal_leaves_no_object_behind(ground: Ground, verb: Verb) -> None:
    eve = ground.by("eve")
    if verb.anybody:
        assert verb.do(eve, True).dry_run
        ground.by("root").revoke("@everyone", pattern="/")
    if verb.name == "create_model":
        ground.rules(creation=["bob"])
    if verb.name == "add_comment":
        ground.by("root").revoke("@everyone", pattern="/")
    before = ground.state()
    with pytest.raises(DeniedError) as refused:
        verb.do(eve, False)
    assert ground.state() == before
    if isinstance(refused.value, RefusedError):
        assert refused.value.violations[0].rule in {"access", "requests"}
        assert "root" in refused.value.hint


def test_change_layout_moves_everything_and_back(ground: Ground) -> None:
    root = ground.by("root")
    old = root.settings().layout
    new = "sharded" if old == "flat" else "flat"
    before = ground.state()
    tree = root.snapshot().tree
    assert root.change_layout(new, dry_run=True).dry_run
    assert ground.state() == before
    assert [str(one) for one in root.change_layout(new).changes] == [f"layout changed to {new}"]
    assert root.version("fraud/1").stage == "Production"
    assert [view.request.stage for view in root.requests()] == ["Archived", "Staging"]
    root.change_layout(old)
    assert root.snapshot().tree == tree
    with pytest.raises(RefusedError, match="needs manage; bob has read"):
        ground.by("bob").change_layout(new)


# --- what receipts tell --------------------------------------------------------------------------


def test_a_version_is_registered_as_told(ground: Ground) -> None:
    registry = ground.by("bob")
    receipt = registry.create_version("fraud", source="s3://ml/4", params={"b": "2", "a": "1"})
    assert str(receipt.version) == "fraud/4"
    version = registry.version("fraud/4")
    assert (version.stage, version.source, version.params) == (
        "None",
        "s3://ml/4",
        (("a", "1"), ("b", "2")),
    )
    assert registry.tip == receipt.commit
    assert registry.describe_model("fraud", "x" * 3).version is None


def test_what_would_change_nothing_writes_nothing(ground: Ground) -> None:
    root = ground.by("root")
    before = ground.state()
    for receipt in (
        root.set_alias("fraud/1", "champion"),
        root.transition("fraud/1", "PRODUCTION"),
        root.describe_version("fraud/1", ""),
        root.tag_model("fraud", {"team": "risk"}),
        root.grant("bob", "edit", model="fraud"),
    ):
        assert receipt == Receipt(root.tip, "nothing to do")
    assert ground.state() == before


def test_the_message_is_the_commits_comment(ground: Ground) -> None:
    root = ground.by("root")
    body = "Because.\n\nGitreg-Answer: approved"
    receipt = root.describe_model("fraud", "Scores.", message=body)
    commit = root._reader.commit(receipt.commit)
    assert commit.summary == 'fraud: description set to "Scores."'
    assert commit.comment == body
    assert [key for key, _ in commit.trailers] == ["Gitreg-Time"]
    with pytest.raises(InvalidValueError, match="what UTF-8 text cannot"):
        root.describe_model("fraud", "Other.", message="\ud800")
    with pytest.raises(RefusedError, match="the commit holds a NUL"):
        root.describe_model("fraud", "Other.", message="a\0b")


@pytest.mark.parametrize(
    "words", ["Gitreg-Original-User: zoe", "So be it.\n\nGitreg-Answer: approved", "Gitreg-Time:"]
)
def test_what_a_person_says_is_no_trailer_whatever_it_looks_like(
    ground: Ground, words: str
) -> None:
    bob = ground.by("bob")
    for receipt in (
        bob.describe_model("fraud", words, message=words),
        bob.request_transition("fraud/2", "Archived", message=words),
    ):
        commit = bob._reader.commit(receipt.commit)
        assert commit.comment == words
        assert [key for key, _ in commit.trailers] == ["Gitreg-Time"]


def test_commits_say_the_e_mail_that_was_given(ground: Ground) -> None:
    registry = gitreg.open(
        ground.path, actor="root", email="r@acme.com", durable=False, clock=ground.clock
    )
    commit = registry._reader.commit(registry.describe_model("fraud", "It.").commit)
    assert str(commit.committer) == str(commit.author) == "root <r@acme.com>"
    assert commit.own_time == ground.clock.now
    plain = ground.by("root").describe_model("fraud", "That.")
    assert str(registry._reader.commit(plain.commit).committer) == "root <root@localhost>"


def test_a_refusal_tells_all_its_reasons(ground: Ground) -> None:
    with pytest.raises(RefusedError) as refused:
        ground.by("eve").transition("fraud/3", "Production", archive_existing=True)
    error = refused.value
    assert str(error) == (
        "fraud/1: Production -> Archived needs manage-production; eve has read (and 1 more)"
    )
    assert error.hint == "who can: root; or gitreg request create fraud/1 Archived"
    assert [one.reason for one in error.violations] == [
        "fraud/1: Production -> Archived needs manage-production; eve has read",
        "fraud/3: None -> Production needs manage-production; eve has read",
    ]


def test_the_guard_judges_what_an_operation_writes(ground: Ground) -> None:
    before = ground.state()
    with pytest.raises(RefusedError, match='unknown key "typo"'):
        ground.by("root").apply(
            Write({f"{ground.by('root').snapshot().folder(gitreg.ModelName('old'))}/model.yaml":
                   "apiVersion: gitreg/v1\nkind: RegisteredModel\ntypo: 1\n"})
        )  # fmt: skip
    assert ground.state() == before


@pytest.mark.parametrize(
    ("error", "do"),
    [
        (AlreadyExistsError, lambda r: r.create_model("fraud")),
        (AlreadyExistsError, lambda r: r.create_model("Fraud")),
        (NotFoundError, lambda r: r.create_version("none", source="s3://x")),
        (InvalidValueError, lambda r: r.create_version("fraud")),
        (NotFoundError, lambda r: r.describe_version("fraud/9", "x")),
        (NotFoundError, lambda r: r.tag_model("fraud", remove=["none"])),
        (InvalidValueError, lambda r: r.transition("fraud/3", "Prod")),
        (InvalidValueError, lambda r: r.transition("fraud", "Production")),
        (InvalidValueError, lambda r: r.request_transition("fraud/1", "production")),
        (NotFoundError, lambda r: r.approve("fraud/1", "Staging")),
        (NotFoundError, lambda r: r.revoke("nobody", model="fraud")),
        (InvalidValueError, lambda r: r.grant("bob", "none", model="fraud")),
        (InvalidValueError, lambda r: r.grant("bob", "edit")),
        (InvalidValueError, lambda r: r.add_comment("fraud/1", " ")),
        (ConflictError, lambda r: r.delete_version("fraud/1")),
        (ConflictError, lambda r: r.delete_model("fraud")),
        (ConflictError, lambda r: r.rename_model("fraud", "theft")),
        (InvalidValueError, lambda r: r.change_layout("round")),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_written(
    ground: Ground, error: type[gitreg.GitregError], do: Callable[[Registry], Receipt]
) -> None:
    before = ground.state()
    with pytest.raises(error):
        do(ground.by("root"))
    assert ground.state() == before


# --- opening and making --------------------------------------------------------------------------


def test_a_registry_is_opened_with_or_without_its_suffix(ground: Ground) -> None:
    for uri in (
        ground.path,
        str(ground.path),
        f"gitreg:{ground.path}",
        ground.path.with_suffix(""),
    ):
        registry = gitreg.open(uri, actor="eve")
        assert registry.path == ground.path
    assert repr(registry) == f"Registry('{ground.path}', actor='eve')".replace(
        str(ground.path), str(registry.path)
    )


def test_nobody_opens_what_is_no_registry(tmp_path: Path, ground: Ground) -> None:
    with pytest.raises(NotFoundError, match="is no Git repository"):
        gitreg.open(tmp_path / "nowhere", actor="eve")
    (tmp_path / "folder").mkdir()
    with pytest.raises(NotFoundError, match="is no Git repository"):
        gitreg.open(tmp_path / "folder", actor="eve")
    with pytest.raises(InvalidValueError, match="is not a user name"):
        gitreg.open(ground.path, actor="@everyone")


def test_a_registry_is_made_with_a_name_and_a_profile(tmp_path: Path) -> None:
    made = create(tmp_path / "deep" / "acme.git", admin="ann@acme.com", profile="mlflow")
    assert made.settings().name == "acme"
    assert made.settings().rules.case_twins == "allow"
    assert made.level("ann@acme.com") is Level.MANAGE
    assert made.hook_problems() == ()
    [created] = made.log()
    assert created.text == "registry acme created"


def test_a_registry_is_not_made_where_something_is(tmp_path: Path, ground: Ground) -> None:
    before = ground.state()
    with pytest.raises(AlreadyExistsError, match="holds branches already"):
        create(ground.path, admin="eve")
    assert ground.state() == before
    with pytest.raises(InvalidValueError, match="'sqlite' is none of databricks, mlflow"):
        create(tmp_path / "new", admin="eve", profile="sqlite")
    with pytest.raises(InvalidValueError, match="is not a user name"):
        create(tmp_path / "new", admin="@everyone")
    assert not (tmp_path / "new").exists()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_text("mine")
    with pytest.raises(NotFoundError, match="is no Git repository"):
        create(tmp_path / "full", admin="eve")
