"""Operations on registered models: what they write, and what they refuse."""

import pytest
from strategies import RICH, shaped
from support import MODEL, REGISTRY, after, changed, files, tree, version

from gitreg.domain.names import ModelName, VersionRef
from gitreg.errors import (
    AlreadyExistsError,
    GitregError,
    InUseError,
    InvalidValueError,
    NotFoundError,
)
from gitreg.manifest import kinds
from gitreg.manifest.snapshot import Snapshot
from gitreg.operations.models import (
    CreateModel,
    DeleteAlias,
    DeleteModel,
    DescribeModel,
    RenameModel,
    SetAlias,
    SetCard,
    TagModel,
    edited,
)
from gitreg.operations.plan import Edits, Operation, Plan

FRAUD, CHURN = ModelName("fraud"), ModelName("churn")
PATH = "models/fraud/model.yaml"
NOTHING = Plan("nothing to do")


def _text(snapshot: Snapshot, path: str = PATH) -> str:
    return (snapshot.blob(path) or b"").decode()


@pytest.fixture
def registry() -> Snapshot:
    return tree(files(**RICH))


# --- what they write ---------------------------------------------------------------------------


def test_a_model_is_created_and_its_creator_manages_it(registry: Snapshot) -> None:
    operation = CreateModel(CHURN, "bob", "Who leaves.", (("team", "risk"), ("new", None)))
    assert operation.plan(registry).summary == "model churn created"
    then = after(registry, operation)
    assert _text(then, "models/churn/model.yaml") == (
        f"{MODEL}description: Who leaves.\ntags:\n  team: risk\n  new: null\n"
    )
    assert _text(then, "models/churn/PERMISSIONS") == "manage bob\n"


@pytest.mark.parametrize(
    ("creator", "rule", "own"),
    [
        ("bob", "manage", "manage bob\n"),
        ("bob", "edit", "edit bob\n"),
        ("bob", "none", ""),
        ("admin", "manage", ""),
        ("editor", "edit", ""),
        ("editor", "manage", "manage editor\n"),
    ],
)
def test_who_creates_a_model_is_given_what_the_rules_say_and_lacks(
    creator: str, rule: str, own: str
) -> None:
    settings = f"{REGISTRY}rules: {{creator: {rule}}}\n"
    before = tree({"registry.yaml": settings, "PERMISSIONS": "/ manage admin\nchu* edit editor\n"})
    then = after(before, CreateModel(CHURN, creator))
    assert _text(then, "models/churn/PERMISSIONS") == own


def test_a_model_is_renamed_as_it_is() -> None:
    before = tree(
        {
            "registry.yaml": REGISTRY,
            PATH: MODEL,
            "models/fraud/versions/1.yaml": version("Archived"),
            "models/fraud/versions/2.yaml": version(),
        }
    )
    for registry in (before, shaped(before, "sharded")):
        old, new = registry.folder(FRAUD), registry.folder(CHURN)
        operation = RenameModel(FRAUD, CHURN)
        assert operation.plan(registry).summary == "model fraud renamed to churn"
        then = after(registry, operation)
        assert then.models() == (CHURN,)
        assert then.entry(new) == registry.entry(old)
        twin = after(registry, RenameModel(FRAUD, ModelName("FRAUD")))
        assert twin.models() == (ModelName("FRAUD"),)


def test_a_model_is_deleted_with_all_that_is_in_it() -> None:
    before = tree({"registry.yaml": REGISTRY, PATH: MODEL, "models/fraud/README.md": "# hi\n"})
    operation = DeleteModel(FRAUD)
    assert operation.plan(before).summary == "model fraud deleted"
    assert after(before, operation).names("") == []
    assert after(before, operation).entry("models") is None


def test_a_field_is_edited_and_every_other_line_stays(registry: Snapshot) -> None:
    text = f"# why\n{MODEL}description: old # was so\naliases: {{champion: 1}} # the best\n"
    before = changed(registry, {PATH: text})
    assert _text(after(before, DescribeModel(FRAUD, "new"))) == text.replace(": old", ": new")
    gone = "description: old # was so\n"
    assert gone not in _text(after(before, DescribeModel(FRAUD, "")))
    assert _text(after(before, SetAlias(VersionRef(FRAUD, 2), "champion"))) == text.replace(
        "champion: 1", "champion: 2"
    )
    assert "champion" not in _text(after(before, DeleteAlias(FRAUD, "champion")))


def test_tags_are_set_and_removed_in_one_commit(registry: Snapshot) -> None:
    operation = TagModel(FRAUD, (("b", "x"), ("a", None), ("none", "y")), ("team", "none"))
    plan = operation.plan(registry)
    assert [str(change) for change in plan.changes] == [
        "fraud: tag team deleted",
        'fraud: tag none set to "y"',
        'fraud: tag b set to "x"',
        "fraud: tag a set to null",
    ]
    assert after(registry, operation).model(FRAUD).tags == (("a", None), ("b", "x"), ("none", "y"))


def test_a_tag_that_is_put_twice_has_its_last_value(registry: Snapshot) -> None:
    plan = TagModel(FRAUD, (("a", "x"), ("a", "y"))).plan(registry)
    assert [str(change) for change in plan.changes] == ['fraud: tag a set to "y"']


def test_a_card_is_written_changed_and_removed(registry: Snapshot) -> None:
    card = "models/fraud/README.md"
    assert SetCard(FRAUD, "# new\r\n").plan(registry).summary == "fraud: model card changed"
    assert _text(after(registry, SetCard(FRAUD, "# new\r\n")), card) == "# new\r\n"
    gone = after(registry, SetCard(FRAUD, ""))
    assert gone.blob(card) is None
    assert SetCard(FRAUD, "").plan(registry).summary == "fraud: model card removed"
    assert SetCard(FRAUD, "x").plan(gone).summary == "fraud: model card added"


# --- what has nothing to do --------------------------------------------------------------------


@pytest.mark.parametrize(
    "operation",
    [
        RenameModel(FRAUD, FRAUD),
        DescribeModel(FRAUD, "old"),
        TagModel(FRAUD),
        TagModel(FRAUD, (("team", "risk"), ("none", None))),
        TagModel(FRAUD, (("team", "risk"),), ("team",)),
        SetCard(FRAUD, "# card\n"),
        SetAlias(VersionRef(FRAUD, 1), "champion"),
    ],
    ids=str,
)
def test_what_is_so_already_is_no_change(registry: Snapshot, operation: Operation) -> None:
    assert operation.plan(registry) == NOTHING


# --- what they refuse --------------------------------------------------------------------------

MISSING = (NotFoundError, "there is no model churn", "gitreg model list")
REFUSED: list[tuple[Operation, type[GitregError], str, str]] = [
    (
        CreateModel(FRAUD, "bob"),
        AlreadyExistsError,
        "a model fraud exists",
        "gitreg model show fraud",
    ),
    (
        CreateModel(ModelName("FRAUD"), "bob"),
        AlreadyExistsError,
        "a model fraud exists, which differs from FRAUD only in case or accents",
        "choose another name",
    ),
    (
        CreateModel(CHURN, "bob smith"),
        InvalidValueError,
        "'bob smith' is not a user name",
        "ASCII letters, digits and . _ + @ - (not @ first), at most 200",
    ),
    (
        CreateModel(CHURN, "bob", tags=(("a*b", "x"),)),
        InvalidValueError,
        'tag key "a*b" is not allowed; a tag key is made of letters, digits, spaces and _ . - : /',
        "",
    ),
    (
        CreateModel(CHURN, "bob", "\ud800"),
        InvalidValueError,
        '"\\uD800" holds half a surrogate pair, which UTF-8 cannot',
        "",
    ),
    (RenameModel(CHURN, FRAUD), *MISSING),
    (
        RenameModel(FRAUD, ModelName("taken")),
        AlreadyExistsError,
        "a model taken exists",
        "choose another name",
    ),
    (
        RenameModel(FRAUD, ModelName("TAKEN")),
        AlreadyExistsError,
        "a model taken exists, which differs from TAKEN only in case or accents",
        "choose another name",
    ),
    (
        RenameModel(FRAUD, CHURN),
        InUseError,
        "fraud cannot be renamed: version 1 is in Production",
        "gitreg transition fraud/1 Archived",
    ),
    (DeleteModel(CHURN), *MISSING),
    (
        DeleteModel(FRAUD),
        InUseError,
        "fraud cannot be deleted: version 1 is in Production",
        "gitreg transition fraud/1 Archived",
    ),
    (DescribeModel(CHURN, "x"), *MISSING),
    (TagModel(CHURN), *MISSING),
    (TagModel(FRAUD, remove=("x",)), NotFoundError, "fraud has no tag x", ""),
    (
        TagModel(FRAUD, (("a", 3),)),  # type: ignore[arg-type]  # as JSON may have it
        InvalidValueError,
        'tag "a" is 3, a number; text is needed',
        'write "3" in quotes',
    ),
    (SetCard(CHURN, "x"), *MISSING),
    (
        SetCard(FRAUD, "\ud800"),
        InvalidValueError,
        "a model card is UTF-8 text; this holds what cannot be",
        "",
    ),
    (
        SetCard(FRAUD, "ä" * (1 << 20) + "x"),
        InvalidValueError,
        "a model card has 2097152 bytes at most, not 2097153",
        "",
    ),
    (
        SetAlias(VersionRef(FRAUD, 1), "v1"),
        InvalidValueError,
        "'v1' is reserved and cannot be an alias",
        "",
    ),
    (
        SetAlias(VersionRef(FRAUD, 9), "x"),
        NotFoundError,
        "there is no version fraud/9",
        "gitreg version list fraud",
    ),
    (SetAlias(VersionRef(CHURN, 1), "x"), *MISSING),
    (DeleteAlias(FRAUD, "x"), NotFoundError, "fraud has no alias x", ""),
    (DeleteAlias(CHURN, "x"), *MISSING),
]


@pytest.mark.parametrize(
    ("operation", "kind", "told", "hint"),
    REFUSED,
    ids=[f"{type(one[0]).__name__}: {one[2][:30]!a}" for one in REFUSED],
)
def test_what_may_not_be_is_refused_in_full_words(
    registry: Snapshot, operation: Operation, kind: type[GitregError], told: str, hint: str
) -> None:
    before = changed(registry, {"models/taken/model.yaml": MODEL})
    with pytest.raises(GitregError) as caught:
        operation.plan(before)
    assert type(caught.value) is kind
    assert (str(caught.value), caught.value.hint) == (told, hint)


def test_rules_may_allow_twins_and_active_versions() -> None:
    rules = "rules: {case_twins: allow, delete_active: allow, rename_active: allow}\n"
    before = tree(files(**{"registry.yaml": REGISTRY + rules}))
    twin = after(before, CreateModel(ModelName("FRAUD"), "bob"))
    assert len(twin.models()) == 2
    assert after(before, RenameModel(FRAUD, CHURN)).models() == (CHURN,)
    assert after(before, DeleteModel(FRAUD)).models() == ()


def test_a_file_that_is_not_there_cannot_be_edited() -> None:
    with pytest.raises(NotFoundError, match=r"^x\.yaml is not there$"):
        edited(tree(files()), "x.yaml", kinds.MODEL, {})


# --- plans -------------------------------------------------------------------------------------


def test_a_summary_is_one_line_whatever_a_name_holds() -> None:
    assert Plan.of((), (), summary="a\n\nGitreg-Time: x\0\u202e \t b").summary == (
        "a Gitreg-Time: x b"
    )
    assert Plan.of((), (), summary="x" * 401).summary == "x" * 397 + "..."
    assert Plan.of((), (), summary="x" * 400).summary == "x" * 400
    assert Plan.of((), ()) == NOTHING


def test_edits_that_leave_nothing_give_the_empty_tree() -> None:
    before = tree({"a": "b"})
    gone = Edits((("a", None),)).applied(before.objects, before.tree)
    assert Snapshot(before.objects, gone).names("") == []
    assert gone == Snapshot(before.objects).tree
    both = Edits((("a", version().encode()), ("b/c", b"d")), (("e", None),))
    assert Snapshot(before.objects, both.applied(before.objects, before.tree)).blob("b/c") == b"d"
