"""Changes: each kind tells itself, its place, and what it needs."""

import json
from collections.abc import Callable

import pytest

from gitreg.domain import changes as c
from gitreg.domain.access import Ability
from gitreg.domain.names import ModelName, VersionRef

FRAUD = ModelName("fraud")
REF = VersionRef(FRAUD, 3)
MANIFEST = "models/fraud/model.yaml"
PATH = "models/fraud/versions/3.yaml"
NOTE = "models/fraud/comments/3/" + "a" * 32 + ".yaml"
DIGEST = "sha256:" + "0" * 64
LONG = "a long text\nover two lines, " + "x" * 60

TOLD: tuple[tuple[c.Change, str, Ability], ...] = (
    (c.RegistryCreated("registry.yaml", "acme"), "registry acme created", Ability.MANAGE_REGISTRY),
    (
        c.SettingsChanged("registry.yaml", ("rules.clock", "stages")),
        "settings changed: rules.clock, stages",
        Ability.MANAGE_REGISTRY,
    ),
    (
        c.LayoutChanged("registry.yaml", "sharded"),
        "layout changed to sharded",
        Ability.MANAGE_REGISTRY,
    ),
    (c.DocumentChanged("README.md", "added"), "README.md added", Ability.MANAGE_REGISTRY),
    (
        c.PermissionsChanged("PERMISSIONS", None, ("/ edit bob",), ("/ read bob",)),
        "permissions changed: + / edit bob; - / read bob",
        Ability.MANAGE_REGISTRY,
    ),
    (
        c.PermissionsChanged("PERMISSIONS", None, tuple("abcde"), ("f",)),
        "permissions changed: + a; + b; + c; + d; ...",
        Ability.MANAGE_REGISTRY,
    ),
    (
        c.PermissionsChanged("models/fraud/PERMISSIONS", FRAUD),
        "permissions of fraud changed",
        Ability.MANAGE_MODEL,
    ),
    (
        c.TextChanged("registry.yaml", None),
        "registry.yaml: comments or layout changed",
        Ability.MANAGE_REGISTRY,
    ),
    (
        c.TextChanged(MANIFEST, FRAUD),
        "models/fraud/model.yaml: comments or layout changed",
        Ability.UPDATE,
    ),
    (
        c.TextChanged("models/fraud/PERMISSIONS", FRAUD),
        "models/fraud/PERMISSIONS: comments or layout changed",
        Ability.MANAGE_MODEL,
    ),
    (
        c.TextChanged(NOTE, FRAUD, "bob"),
        f"{NOTE}: comments or layout changed",
        Ability.COMMENT,
    ),
    (c.ModelCreated(MANIFEST, FRAUD), "model fraud created", Ability.CREATE_MODEL),
    (
        c.ModelRenamed("models/fraud/", FRAUD, ModelName("scam"), "models/scam/"),
        "model fraud renamed to scam",
        Ability.MANAGE_MODEL,
    ),
    (c.ModelDeleted("models/fraud/", FRAUD), "model fraud deleted", Ability.MANAGE_MODEL),
    (
        c.ModelDescribed(MANIFEST, FRAUD, LONG),
        f'fraud: description set to "a long text over two lines, {"x" * 29}..."',
        Ability.UPDATE,
    ),
    (
        c.ModelDescribed(MANIFEST, FRAUD, ""),
        'fraud: description set to ""',
        Ability.UPDATE,
    ),
    (
        c.ModelTagSet(MANIFEST, FRAUD, "team", "risk"),
        'fraud: tag team set to "risk"',
        Ability.UPDATE,
    ),
    (
        c.ModelTagSet(MANIFEST, FRAUD, "team", None),
        "fraud: tag team set to null",
        Ability.UPDATE,
    ),
    (c.ModelTagDeleted(MANIFEST, FRAUD, "team"), "fraud: tag team deleted", Ability.UPDATE),
    (
        c.CardChanged("models/fraud/README.md", FRAUD, "added"),
        "fraud: model card added",
        Ability.UPDATE,
    ),
    (
        c.AliasSet(MANIFEST, FRAUD, "champion", 3),
        "fraud@champion set to version 3",
        Ability.UPDATE,
    ),
    (
        c.AliasSet(MANIFEST, FRAUD, "champion", 3, 1, protected=True),
        "fraud@champion set to version 3, was 1",
        Ability.PROTECTED_ALIAS,
    ),
    (
        c.AliasDeleted(MANIFEST, FRAUD, "champion", 3),
        "fraud@champion deleted, was version 3",
        Ability.UPDATE,
    ),
    (
        c.AliasDeleted(MANIFEST, FRAUD, "champion", 3, protected=True),
        "fraud@champion deleted, was version 3",
        Ability.PROTECTED_ALIAS,
    ),
    (c.VersionCreated(PATH, REF), "fraud/3 registered", Ability.ADD_VERSION),
    (c.VersionDeleted(PATH, REF), "fraud/3 deleted", Ability.MANAGE_MODEL),
    (
        c.StageTransitioned(PATH, REF, "None", "Staging"),
        "fraud/3: None -> Staging",
        Ability.TRANSITION,
    ),
    (
        c.StageTransitioned(PATH, REF, "Staging", "Production", protected=True),
        "fraud/3: Staging -> Production",
        Ability.TRANSITION_PROTECTED,
    ),
    (
        c.VersionDescribed(PATH, REF, "better"),
        'fraud/3: description set to "better"',
        Ability.UPDATE,
    ),
    (
        c.VersionTagSet(PATH, REF, "ok", "true"),
        'fraud/3: tag ok set to "true"',
        Ability.UPDATE,
    ),
    (c.VersionTagDeleted(PATH, REF, "ok"), "fraud/3: tag ok deleted", Ability.UPDATE),
    (c.VersionMetricSet(PATH, REF, "auc", 0.94), "fraud/3: metric auc set to 0.94", Ability.UPDATE),
    (c.VersionMetricDeleted(PATH, REF, "auc"), "fraud/3: metric auc deleted", Ability.UPDATE),
    (
        c.VersionStatusChanged(PATH, REF, "READY"),
        "fraud/3: status READY",
        Ability.UPDATE,
    ),
    (
        c.VersionStatusChanged(PATH, REF, "FAILED_REGISTRATION", "no space"),
        "fraud/3: status FAILED_REGISTRATION (no space)",
        Ability.UPDATE,
    ),
    (
        c.VersionArtifactAdded(PATH, REF, DIGEST),
        f"fraud/3: artifact {DIGEST} pinned",
        Ability.UPDATE,
    ),
    (
        c.VersionArtifactAdded(PATH, REF, DIGEST, protected=True),
        f"fraud/3: artifact {DIGEST} pinned",
        Ability.PIN_PROTECTED,
    ),
    (
        c.CommentAdded(NOTE, REF, "a" * 32, "bob", "hi"),
        'fraud/3: comment by bob: "hi"',
        Ability.COMMENT,
    ),
    (
        c.CommentEdited(NOTE, REF, "a" * 32, "bob", "hi"),
        'fraud/3: comment by bob edited: "hi"',
        Ability.COMMENT,
    ),
    (
        c.CommentDeleted(NOTE, REF, "a" * 32, "bob"),
        "fraud/3: comment by bob deleted",
        Ability.COMMENT,
    ),
)
everything = pytest.mark.parametrize(
    ("change", "told", "needs"), TOLD, ids=[f"{one.kind}-{at}" for at, (one, *_) in enumerate(TOLD)]
)


@everything
def test_a_change_tells_itself_and_what_it_needs(
    change: c.Change, told: str, needs: Ability
) -> None:
    assert str(change) == told
    assert change.needs is needs


@everything
def test_a_change_is_plain_values_for_programs(change: c.Change, told: str, needs: Ability) -> None:
    plain = json.loads(json.dumps(change.to_dict()))
    assert plain["kind"] == type(change).__name__
    assert plain["text"] == told
    assert plain["path"] == change.path
    if isinstance(change, c.VersionChange):
        assert (plain["model"], plain["version"]) == ("fraud", 3)


@everything
def test_a_change_knows_the_model_whose_permissions_judge_it(
    change: c.Change, told: str, needs: Ability
) -> None:
    outside = not change.path.startswith("models/")
    assert change.subject == (None if outside else FRAUD)


@everything
def test_a_change_accounts_for_the_path_it_was_read_from(
    change: c.Change, told: str, needs: Ability
) -> None:
    assert any(change.path.startswith(claim) for claim in change.claims)


HOSTILE = "a\nremote: accepted\u202e"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            c.VersionMetricSet(PATH, REF, HOSTILE, 1.0),
            r"fraud/3: metric a remote: accepted\u202e set to 1.0",
        ),
        (
            c.VersionMetricDeleted(PATH, REF, HOSTILE),
            r"fraud/3: metric a remote: accepted\u202e deleted",
        ),
        (
            c.StageTransitioned(PATH, REF, "None", HOSTILE),
            r"fraud/3: None -> a remote: accepted\u202e",
        ),
        (
            c.VersionStatusChanged(PATH, REF, "READY", HOSTILE),
            r"fraud/3: status READY (a remote: accepted\u202e)",
        ),
        (
            c.SettingsChanged("registry.yaml", ("rules.x-a\nb",)),
            r"settings changed: rules.x-a\nb",
        ),
        (
            c.CommentAdded(NOTE, REF, "a" * 32, "bob", HOSTILE),
            r'fraud/3: comment by bob: "a remote: accepted\u202e"',
        ),
    ],
)
def test_a_change_tells_itself_on_one_line_whatever_it_holds(change: c.Change, told: str) -> None:
    assert str(change) == told


def test_every_kind_of_change_is_known_by_its_name() -> None:
    assert set(c.KINDS) == {one.kind for one, _, _ in TOLD}
    assert set(c.KINDS) == {
        "RegistryCreated", "SettingsChanged", "PermissionsChanged", "LayoutChanged",
        "DocumentChanged", "ModelCreated", "ModelRenamed", "ModelDeleted", "ModelDescribed",
        "ModelTagSet", "ModelTagDeleted", "AliasSet", "AliasDeleted", "CardChanged",
        "VersionCreated", "VersionDescribed", "VersionTagSet", "VersionTagDeleted",
        "VersionMetricSet", "VersionMetricDeleted", "VersionStatusChanged",
        "VersionArtifactAdded", "StageTransitioned", "VersionDeleted", "CommentAdded",
        "CommentEdited", "CommentDeleted", "TextChanged",
    }  # fmt: skip
    assert all(getattr(c, name) is kind for name, kind in c.KINDS.items())


def test_some_changes_account_for_more_than_one_path() -> None:
    claims: dict[Callable[..., c.Change] | type[c.Change], tuple[str, ...]] = {
        type(one): one.claims for one, _, _ in TOLD if one.claims != (one.path,)
    }
    assert claims == {
        c.RegistryCreated: ("",),
        c.LayoutChanged: ("registry.yaml", "models/"),
        c.ModelRenamed: ("models/fraud/", "models/scam/"),
        c.VersionDeleted: (PATH, "models/fraud/comments/3/"),
    }


def test_a_change_is_told_to_programs_field_by_field() -> None:
    assert c.AliasSet(MANIFEST, FRAUD, "champion", 3, 1).to_dict() == {
        "kind": "AliasSet",
        "path": MANIFEST,
        "model": "fraud",
        "alias": "champion",
        "number": 3,
        "previous": 1,
        "protected": False,
        "text": "fraud@champion set to version 3, was 1",
    }
    assert c.PermissionsChanged("PERMISSIONS", None).to_dict()["model"] is None


# --- side effects --------------------------------------------------------------------------------


def move(text: str, from_stage: str, to_stage: str) -> c.StageTransitioned:
    return c.StageTransitioned(PATH, VersionRef.parse(text), from_stage, to_stage)


def archived(*moves: c.Change) -> set[str]:
    return set(map(str, c.side_effects(moves)))


def test_a_version_is_archived_as_a_side_effect_of_another_that_takes_its_stage() -> None:
    assert archived(
        move("fraud/1", "Production", "Archived"),
        move("fraud/2", "Staging", "Production"),
        move("fraud/3", "Production", "Archived"),
        c.ModelDeleted("models/x/", ModelName("x")),
    ) == {"fraud/1", "fraud/3"}


@pytest.mark.parametrize(
    "moves",
    [
        (move("fraud/1", "Production", "Archived"),),
        (move("fraud/1", "Production", "Archived"), move("scam/2", "Staging", "Production")),
        (move("fraud/1", "Production", "Archived"), move("fraud/2", "None", "Staging")),
        (move("fraud/1", "Production", "Staging"), move("fraud/2", "Staging", "Production")),
        (),
    ],
)
def test_other_moves_are_nobodys_side_effect(moves: tuple[c.Change, ...]) -> None:
    assert archived(*moves) == set()
