"""Every read of the Registry: now, as it was, from clones; and what cannot be read."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from world import Ground, World, git

import gitreg
from gitreg import InvalidValueError, Level, NotFoundError, UnavailableError, VersionRef
from gitreg.registry.explain import ACTIONS


@pytest.fixture(params=["flat", "sharded"])
def ground(request: pytest.FixtureRequest, tmp_path: Path) -> Ground:
    """Give a registry made on the first of January 2026 at noon, with a step an hour."""
    ground = Ground(tmp_path, layout=request.param)
    root, clock = ground.by("root"), ground.clock
    clock.passes(3600)
    root.create_model("fraud", description="Scores.", tags={"team": "risk"})
    clock.passes(3600)
    root.create_version("fraud", source="s3://ml/1")
    clock.passes(3600)
    root.create_version("fraud", source="s3://ml/2")
    clock.passes(3600)
    root.transition("fraud/1", "Production")
    root.set_alias("fraud/1", "champion")
    root.grant("bob", "edit", model="fraud")
    root.set_card("fraud", "# Fraud\n")
    root.add_comment("fraud/1", "Fine.")
    clock.passes(24 * 3600)
    root.transition("fraud/2", "Production", archive_existing=True)
    root.create_model("Old one")
    return ground


# --- now -----------------------------------------------------------------------------------------


def test_models_and_versions_are_given_in_order(ground: Ground) -> None:
    eve = ground.by("eve")
    assert [str(model.name) for model in eve.models()] == ["Old one", "fraud"]
    assert [(one.ref.number, one.stage) for one in eve.versions("fraud")] == [
        (1, "Archived"),
        (2, "Production"),
    ]
    assert [str(one.ref) for one in eve.versions("fraud", stage="production")] == ["fraud/2"]
    assert eve.versions("Old one") == ()
    model = eve.model("fraud")
    assert (model.description, model.tags, model.aliases) == (
        "Scores.",
        (("team", "risk"),),
        (("champion", 1),),
    )
    assert eve.card("fraud") == "# Fraud\n"
    assert eve.card("Old one") == ""


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("fraud/1", 1),
        ("fraud/Production", 2),
        ("models:/fraud/production", 2),
        ("fraud@champion", 1),
        ("models:/fraud@champion", 1),
        ("fraud/latest", 2),
    ],
)
def test_a_version_is_named_in_all_the_ways_people_know(
    ground: Ground, text: str, number: int
) -> None:
    assert ground.by("eve").version(text).ref == VersionRef.parse(f"fraud/{number}")
    assert ground.by("eve").version(VersionRef.parse(f"fraud/{number}")).ref.number == number


def test_what_is_not_there_is_told(ground: Ground) -> None:
    eve = ground.by("eve")
    for read in (
        lambda: eve.model("none"),
        lambda: eve.card("none"),
        lambda: eve.versions("none"),
        lambda: eve.version("fraud/3"),
        lambda: eve.version("fraud/Staging"),
        lambda: eve.comments("fraud/3"),
        lambda: eve.level("eve", "none"),
        lambda: eve.permissions("none"),
        lambda: eve.model("fraud", at="2025-12-31"),
        lambda: eve.model("fraud", at="no-such-branch"),
        lambda: eve.diff("2025-12-31"),
    ):
        with pytest.raises(NotFoundError):
            read()


def test_comments_are_given_with_their_authors(ground: Ground) -> None:
    [comment] = ground.by("eve").comments("fraud/1")
    assert (comment.author, comment.text, str(comment.ref)) == ("root", "Fine.", "fraud/1")


# --- who may -------------------------------------------------------------------------------------


def test_levels_come_from_lines_that_can_be_listed(ground: Ground) -> None:
    eve = ground.by("eve")
    assert eve.level("bob", "fraud") is Level.EDIT
    assert eve.level("bob") is Level.READ
    folder = eve.snapshot().folder(gitreg.ModelName("fraud"))
    assert [(one.principal, str(one.level), one.path) for one in eve.permissions("fraud")] == [
        ("root", "manage", "PERMISSIONS"),
        ("@everyone", "read", "PERMISSIONS"),
        ("bob", "edit", f"{folder}/PERMISSIONS"),
    ]
    assert len(eve.permissions()) == 2
    with pytest.raises(InvalidValueError):
        eve.level("@everyone")


OWN = 'by "edit bob" ({folder}/PERMISSIONS:1)'
ALL = 'by "/ read @everyone" (PERMISSIONS:12)'


@pytest.mark.parametrize(
    ("who", "asked", "reason"),
    [
        ("bob", "update fraud", f"needs edit; bob has edit {OWN}"),
        ("eve", "update fraud/1", f"needs edit; eve has read {ALL}"),
        ("eve", "read fraud@champion", f"needs read; eve has read {ALL}"),
        (
            "bob",
            "transition fraud/1 staging",
            f": Archived -> Staging needs manage-staging; bob has edit {OWN}",
        ),
        (
            "bob",
            "approve fraud/1 Production",
            f": Archived -> Production needs manage-production; bob has edit {OWN}",
        ),
        ("root", "settings", 'needs manage; root has manage by "/ manage root" (PERMISSIONS:11)'),
    ],
)
def test_why_somebody_may_or_may_not(ground: Ground, who: str, asked: str, reason: str) -> None:
    action, target, stage, *_ = [*asked.split(" "), "", ""]
    eve = ground.by("eve")
    decision = eve.may(who, action, target, stage=stage)
    told = reason.replace("{folder}", eve.snapshot().folder(gitreg.ModelName("fraud")))
    assert decision.reason.endswith(told)
    assert decision.reason.startswith(f"{action} {target}".strip())
    assert decision.allowed is (decision.level >= decision.needed)


def test_what_can_be_asked_is_told_with_a_guess(ground: Ground) -> None:
    eve = ground.by("eve")
    for action in ACTIONS:
        if action not in {"transition", "approve", "reject"}:
            assert eve.may("root", action, "fraud").allowed, action
    with pytest.raises(InvalidValueError, match="'aprove' cannot be asked") as caught:
        eve.may("bob", "aprove", "fraud")
    assert caught.value.hint == 'did you mean "approve"?'
    with pytest.raises(InvalidValueError, match="transition needs a version and a stage"):
        eve.may("bob", "transition", "fraud/1")
    with pytest.raises(NotFoundError):
        eve.may("bob", "read", "none")


def test_who_creates_models_can_be_asked(ground: Ground) -> None:
    assert ground.by("eve").may("eve", "create").reason == (
        "rules.creation lets @everyone create models; eve is somebody"
    )
    ground.rules(creation=["bob"])
    ground.by("root").revoke("@everyone", pattern="/")
    eve = ground.by("eve")
    assert eve.may("eve", "create").reason == (
        "rules.creation lets bob create models; eve is not among them"
    )
    assert eve.may("bob", "create").allowed
    assert eve.may("bob", "create").who_can == ("bob",)
    assert eve.may("eve", "update", "fraud").reason == "update fraud needs edit; eve has none"


# --- as it was -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "stages"),
    [
        ("2026-01-01T13:00:00", {}),
        ("2026-01-01T14:00:00Z", {1: "None"}),
        ("2026-01-01T16:00:00+01:00", {1: "None", 2: "None"}),
        ("2026-01-01", {1: "Production", 2: "None"}),
        ("2026-01-02", {1: "Archived", 2: "Production"}),
        ("2036-01-02", {1: "Archived", 2: "Production"}),
    ],
)
def test_every_read_answers_as_it_was(ground: Ground, at: str, stages: dict[int, str]) -> None:
    eve = ground.by("eve")
    assert {one.ref.number: one.stage for one in eve.versions("fraud", at=at)} == stages


def test_a_commit_or_a_branch_is_a_time_too(ground: Ground) -> None:
    eve = ground.by("eve")
    before = git(ground.path, "rev-parse", "main~2")
    for at in (before, before[:8], "main~2"):
        assert eve.version("fraud/Production", at=at).ref.number == 1
        assert eve.commit(at) == before
    assert eve.commit() == eve.tip == eve.commit("main")
    tree = git(ground.path, "rev-parse", "main^{tree}")
    for no_commit in (tree, "main:registry.yaml", "2026-13-01", "2026-01-01T99"):
        with pytest.raises((NotFoundError, InvalidValueError)):
            eve.models(at=no_commit)
    assert eve.settings(at="2026-01-01").name == "acme"
    assert eve.card("fraud", at="2026-01-01") == "# Fraud\n"
    assert eve.comments("fraud/1", at="2026-01-01")[0].text == "Fine."
    assert eve.level("bob", "fraud", at="2026-01-01T14:00:00") is Level.READ
    assert not eve.may("bob", "update", "fraud", at="2026-01-01T14:00:00").allowed
    assert len(eve.permissions("fraud", at="2026-01-01T14:00:00")) == 2
    assert [str(one.name) for one in eve.models(at="2026-01-01")] == ["fraud"]


def test_two_times_are_compared(ground: Ground) -> None:
    eve = ground.by("eve")
    assert [str(change) for change in eve.diff("main~2", "main")] == [
        "model Old one created",
        "fraud/1: Production -> Archived",
        "fraud/2: None -> Production",
    ]
    assert eve.diff("2026-01-01") == eve.diff("2026-01-01", "2026-01-02")
    assert eve.diff("main", "main") == ()
    back = [str(change) for change in eve.diff("2026-01-02", "2026-01-01")]
    assert "fraud/1: Archived -> Production" in back


# --- from where ----------------------------------------------------------------------------------


def test_an_empty_repository_holds_no_registry_yet(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare", "--initial-branch=main", "empty.git")
    git(tmp_path, "init", "-q", "--initial-branch=main", "work")
    for path in ("empty.git", "work"):
        registry = gitreg.open(tmp_path / path, actor="eve")
        for use in (registry.models, registry.log, lambda r=registry: r.create_model("x")):
            with pytest.raises(NotFoundError, match="holds no registry yet") as caught:
                list(use())
            assert caught.value.hint == "gitreg init"


@pytest.mark.parametrize("bare", [True, False])
def test_a_repository_that_is_not_whole_is_refused_with_the_way_out(
    tmp_path: Path, bare: bool
) -> None:
    world = World(tmp_path)
    world.settle({"docs/a.md": "# A\n"})
    kind = ("--bare",) if bare else ()
    url = f"file://{world.path}"
    git(world.path, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "-q", *kind, "--depth=1", url, "shallow")
    git(tmp_path, "clone", "-q", *kind, "--filter=blob:none", url, "partial")
    git(tmp_path, "clone", "-q", *kind, "-o", "up", "--filter=blob:none", url, "other")
    git(tmp_path, "clone", "-q", *kind, url, "grafted")
    info = tmp_path / "grafted" / ("" if bare else ".git") / "info"
    info.mkdir(exist_ok=True)
    (info / "grafts").write_text(f"{world.refs()['refs/heads/main']}\n")
    for name, hint in {
        "shallow": "git fetch --unshallow",
        "partial": "git fetch --refetch --no-filter",
        "other": "git fetch --refetch --no-filter",
        "grafted": "remove the file: grafts change history for Git alone",
    }.items():
        with pytest.raises(UnavailableError) as caught:
            gitreg.open(tmp_path / name, actor="eve")
        assert caught.value.hint == hint
    if not bare:
        git(tmp_path / "shallow", "fetch", "-q", "--unshallow")
        assert gitreg.open(tmp_path / "shallow", actor="eve").models() == ()


def test_a_working_clone_reads_from_where_it_stands(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.registry().create_model("fraud")
    world.registry().create_version("fraud", source="s3://ml/1")
    world.registry("bob").request_transition("fraud/1", "Staging")
    clone = world.clone("eve").fresh()
    registry = gitreg.open(clone.path, actor="eve")
    assert registry.version("fraud/1").source == "s3://ml/1"
    assert [str(view.request) for view in registry.requests()] == [
        "fraud/1 -> Staging asked by bob"
    ]
    clone.git("checkout", "-q", "--detach", "main~1")
    assert gitreg.open(clone.path, actor="eve").versions("fraud") == ()
    world.registry().create_version("fraud", source="s3://ml/2")
    assert len(registry.versions("fraud", at="main")) == 1
    clone.git("worktree", "add", "-q", str(tmp_path / "tree"), "main")
    assert len(gitreg.open(tmp_path / "tree", actor="eve").versions("fraud")) == 1


def test_time_is_told_as_it_was_written(ground: Ground) -> None:
    [first, *_] = reversed(list(ground.by("eve").log()))
    assert datetime.fromtimestamp(first.time / 1000, UTC).isoformat() == "2026-01-01T12:00:00+00:00"
