"""Operations on versions and comments: what they write, and what they refuse."""

import pytest
from strategies import ARTIFACT, DIGEST, IDS, RICH, SAID, VERSION_2
from support import MODEL, REGISTRY, TOMBSTONE, after, changed, comment, files, tree, version

from gitreg.domain.model import MAX_COMMENT, Artifact, Code
from gitreg.domain.names import ModelName, VersionRef
from gitreg.errors import (
    AlreadyExistsError,
    ConflictError,
    DeniedError,
    GitregError,
    InUseError,
    InvalidValueError,
    NotFoundError,
)
from gitreg.manifest.snapshot import Snapshot
from gitreg.operations.plan import Operation, Plan
from gitreg.operations.versions import (
    AddComment,
    CreateVersion,
    DeleteComment,
    DeleteVersion,
    DescribeVersion,
    EditComment,
    PinArtifact,
    SetStatus,
    TagVersion,
    TransitionStage,
)

FRAUD = ModelName("fraud")
ONE, TWO, THREE, NINE = (VersionRef(FRAUD, number) for number in (1, 2, 3, 9))
CHURN = VersionRef(ModelName("churn"), 1)
NOTHING = Plan("nothing to do")
PINNED = Artifact(DIGEST, 3, 1)


@pytest.fixture
def registry() -> Snapshot:
    return tree(files(**RICH))


def _text(snapshot: Snapshot, path: str) -> str:
    return (snapshot.blob(path) or b"").decode()


# --- a new version -----------------------------------------------------------------------------


def test_a_version_gets_the_next_number_and_the_first_stage(registry: Snapshot) -> None:
    operation = CreateVersion(
        FRAUD,
        source="runs:/9c1/model",
        run_id="9c1",
        code=Code("https://git", "4f1"),
        tags=(("b", None),),
        metrics=(("auc", 0.9),),
        params=(("trees", "200"),),
    )
    assert operation.plan(registry).summary == "fraud/4 registered"
    assert _text(after(registry, operation), "models/fraud/versions/4.yaml") == (
        "apiVersion: gitreg/v1\nkind: ModelVersion\nstage: None\nsource: runs:/9c1/model\n"
        "run_id: 9c1\ncode:\n  repository: https://git\n  commit: 4f1\n  dirty: false\n"
        'tags:\n  b: null\nmetrics:\n  auc: 0.9\nparams:\n  trees: "200"\n'
    )


def test_a_number_is_never_used_again(registry: Snapshot) -> None:
    before = changed(registry, {"models/fraud/versions/4.yaml": TOMBSTONE})
    assert CreateVersion(FRAUD, "s3://x").plan(before).summary == "fraud/5 registered"


@pytest.mark.parametrize(
    ("source", "location", "artifact"),
    [
        ("models:/fraud/1", "s3://ml/1", PINNED),
        ("models:/fraud/Production", "s3://ml/1", PINNED),
        ("models:/fraud@champion", "s3://ml/1", PINNED),
        ("models:/copy/1", "s3://ml/0", None),
        ("models:/pinned/1", "", PINNED),
        ("models:/m-4f1c2aa", "", None),
        ("s3://models:/x", "", None),
    ],
)
def test_a_copy_takes_location_and_artifact_from_its_origin(
    registry: Snapshot, source: str, location: str, artifact: Artifact | None
) -> None:
    copied = version(more="source: models:/gone/1\nlocation: s3://ml/0\n")
    before = changed(
        registry,
        {
            "models/fraud/versions/1.yaml": version("Production", ARTIFACT),
            "models/copy/model.yaml": MODEL,
            "models/copy/versions/1.yaml": copied,
            "models/pinned/model.yaml": MODEL,
            "models/pinned/versions/1.yaml": version(more=ARTIFACT.partition("\n")[2]),
        },
    )
    made = after(before, CreateVersion(FRAUD, source)).version(VersionRef(FRAUD, 4))
    assert (made.source, made.location, made.artifact) == (source, location, artifact)


def test_an_artifact_of_its_own_comes_before_its_origins(registry: Snapshot) -> None:
    before = changed(registry, {"models/fraud/versions/1.yaml": version("Production", ARTIFACT)})
    own = Artifact("sha256:" + "ab" * 32, 9, 2)
    made = after(before, CreateVersion(FRAUD, "models:/fraud/1", artifact=own))
    assert made.version(VersionRef(FRAUD, 4)).artifact == own


def test_files_are_pinned_once(registry: Snapshot) -> None:
    operation = PinArtifact(TWO, PINNED)
    plan = operation.plan(registry)
    assert plan.summary == f"fraud/2: artifact {DIGEST} pinned"
    then = after(registry, operation)
    assert then.version(TWO).artifact == PINNED
    assert operation.plan(then) == NOTHING
    with pytest.raises(ConflictError) as refused:
        PinArtifact(TWO, Artifact("sha256:" + "ab" * 32, 3, 1)).plan(then)
    assert str(refused.value) == f"fraud/2 pins other files: {DIGEST}"
    assert refused.value.hint == "what a version pins never changes; register a new version"


# --- one that is there -------------------------------------------------------------------------


def test_a_field_is_edited_and_every_other_line_stays(registry: Snapshot) -> None:
    text = (
        "# ours\napiVersion: gitreg/v1\nkind: ModelVersion\nstage: Staging # soon\n"
        "source: s3://ml/1\ndescription: old\ntags: {a: x} # seen\nmetrics:\n  # best\n  auc: 0.5\n"
    )
    before = changed(registry, {VERSION_2: text})
    for operation, old, new in (
        (DescribeVersion(TWO, "new"), "description: old", "description: new"),
        (DescribeVersion(TWO, ""), "description: old\n", ""),
        (TransitionStage(TWO, "Archived"), "stage: Staging", "stage: Archived"),
        (TagVersion(TWO, (("a", "z"),)), "{a: x}", "{a: z}"),
        (TagVersion(TWO, (("b", None),)), "{a: x}", "{a: x, b: null}"),
        (TagVersion(TWO, metrics=(("auc", 0.75),)), "auc: 0.5", "auc: 0.75"),
        (SetStatus(TWO, "READY", "late"), "tags:", "tags:"),
    ):
        then = _text(after(before, operation), VERSION_2)
        if isinstance(operation, SetStatus):
            then = then.replace("status: READY\nstatus_message: late\n", "")
        assert then == text.replace(old, new)


def test_tags_and_metrics_are_set_and_removed_in_one_commit(registry: Snapshot) -> None:
    operation = TagVersion(TWO, (("b", "x"),), ("a",), (("n", 3), ("n", 4)), ("auc",))
    plan = operation.plan(registry)
    assert [str(change) for change in plan.changes] == [
        "fraud/2: tag a deleted",
        'fraud/2: tag b set to "x"',
        "fraud/2: metric auc deleted",
        "fraud/2: metric n set to 4",
    ]
    made = after(registry, operation).version(TWO)
    assert (made.tags, made.metrics) == ((("b", "x"),), (("n", 4),))


def test_a_status_goes_on_until_it_is_ready(registry: Snapshot) -> None:
    failed = after(registry, SetStatus(TWO, "FAILED_REGISTRATION", "no disk"))
    assert failed.version(TWO).status_message == "no disk"
    ready = after(failed, SetStatus(TWO, "READY"))
    assert (ready.version(TWO).status, ready.version(TWO).status_message) == ("READY", "")
    assert SetStatus(TWO, "READY", "at last").plan(ready).summary == (
        "fraud/2: status READY (at last)"
    )


def test_a_version_is_deleted_with_its_aliases_and_comments(registry: Snapshot) -> None:
    rules = f"{REGISTRY}rules: {{delete_active: allow}}\nprotected_aliases: [next]\n"
    before = changed(registry, {"registry.yaml": rules})
    operation = DeleteVersion(TWO)
    plan = operation.plan(before)
    assert plan.summary == "fraud/2 deleted"
    assert [(str(change), change.needs.name) for change in plan.changes] == [
        ("fraud/2 deleted", "MANAGE_MODEL"),
        ("fraud@next deleted, was version 2", "PROTECTED_ALIAS"),
    ]
    then = after(before, operation)
    assert _text(then, VERSION_2) == TOMBSTONE
    assert then.model(FRAUD).aliases == (("champion", 1),)
    assert then.entry("models/fraud/comments") is None
    assert DeleteVersion(THREE).plan(before).edits.folders == ()


@pytest.mark.parametrize(
    ("ref", "stage", "archive", "told"),
    [
        (THREE, "Staging", False, ["fraud/3: None -> Staging"]),
        (THREE, "production", False, ["fraud/3: None -> Production"]),
        (
            THREE,
            "Production",
            True,
            ["fraud/3: None -> Production", "fraud/1: Production -> Archived"],
        ),
        (ONE, "Production", True, []),
        (
            TWO,
            "Production",
            True,
            ["fraud/2: Staging -> Production", "fraud/1: Production -> Archived"],
        ),
        (TWO, "Staging", True, []),
        (ONE, "None", False, ["fraud/1: Production -> None"]),
        (ONE, "Archived", False, ["fraud/1: Production -> Archived"]),
    ],
)
def test_a_version_moves_and_others_may_be_archived(
    registry: Snapshot, ref: VersionRef, stage: str, archive: bool, told: list[str]
) -> None:
    plan = TransitionStage(ref, stage, archive_existing=archive).plan(registry)
    assert [str(change) for change in plan.changes] == told
    assert plan.summary == (told[0] if told else "nothing to do")


def test_a_version_that_is_there_already_may_still_archive_the_others(registry: Snapshot) -> None:
    before = changed(registry, {"models/fraud/versions/3.yaml": version("Production")})
    plan = TransitionStage(THREE, "Production", archive_existing=True).plan(before)
    assert [str(change) for change in plan.changes] == ["fraud/1: Production -> Archived"]


# --- comments ----------------------------------------------------------------------------------


def test_a_comment_is_added_edited_and_deleted(registry: Snapshot) -> None:
    add = AddComment(THREE, IDS[1], "bob", "why\nnot?")
    assert add.plan(registry).summary == "fraud/3: comment by bob"
    said = after(registry, add)
    path = f"models/fraud/comments/3/{IDS[1]}.yaml"
    assert _text(said, path) == comment("bob", "|-\n  why\n  not?")
    edit = EditComment(THREE, IDS[1], "bob", "so")
    assert edit.plan(said).summary == "fraud/3: comment by bob edited"
    assert _text(after(said, edit), path) == comment("bob", "so")
    delete = DeleteComment(THREE, IDS[1])
    assert delete.plan(said).summary == "fraud/3: comment by bob deleted"
    assert after(said, delete).tree == registry.tree


@pytest.mark.parametrize(
    "operation",
    [
        DescribeVersion(TWO, "old"),
        TagVersion(TWO),
        TagVersion(TWO, (("a", "x"),), metrics=(("auc", 0.5),)),
        TagVersion(TWO, (("a", "x"),), ("a",), (("auc", 0.5),), ("auc",)),
        SetStatus(TWO, "PENDING_REGISTRATION"),
        TransitionStage(TWO, "STAGING"),
        EditComment(TWO, IDS[0], "alice", "well done"),
    ],
    ids=str,
)
def test_what_is_so_already_is_no_change(registry: Snapshot, operation: Operation) -> None:
    assert operation.plan(registry) == NOTHING


# --- what they refuse --------------------------------------------------------------------------

NO_MODEL = (NotFoundError, "there is no model churn", "gitreg model list")
NO_VERSION = (NotFoundError, "there is no version fraud/9", "gitreg version list fraud")
NO_STAGE = (
    "'Prod' is not a stage of this registry; they are None, Staging, Production, Archived, Old"
)
NO_ID = (InvalidValueError, "'x' is not a comment id", "32 hex digits")
NO_COMMENT = (
    NotFoundError,
    f"there is no comment {IDS[2]} on fraud/2",
    "gitreg comment list fraud/2",
)
REFUSED: list[tuple[Operation, type[GitregError], str, str]] = [
    (CreateVersion(CHURN.model, "s3://x"), *NO_MODEL),
    (
        CreateVersion(FRAUD),
        InvalidValueError,
        "a version needs a source or an artifact",
        "say where its files are: --source",
    ),
    (CreateVersion(FRAUD, "models:/churn/1"), *NO_MODEL),
    (
        CreateVersion(FRAUD, "models:/fraud@x"),
        NotFoundError,
        "fraud has no alias x",
        "gitreg model show fraud",
    ),
    (
        CreateVersion(FRAUD, "s3://x", status="DONE"),
        InvalidValueError,
        'status is "DONE"; it must be READY, PENDING_REGISTRATION or FAILED_REGISTRATION',
        "",
    ),
    (
        CreateVersion(FRAUD, "x" * 4097),
        InvalidValueError,
        "source has 4097 characters; 4096 is the most",
        "",
    ),
    (
        CreateVersion(FRAUD, artifact=Artifact("sha1:00", 1, 1)),
        InvalidValueError,
        'artifact.digest is "sha1:00"; a digest is sha256: and 64 hex digits in lower case',
        "",
    ),
    (
        CreateVersion(FRAUD, "s3://x", metrics=(("auc", float("nan")),)),
        InvalidValueError,
        "nan is not a number a manifest can hold",
        "",
    ),
    (DescribeVersion(NINE, "x"), *NO_VERSION),
    (DescribeVersion(CHURN, "x"), *NO_MODEL),
    (TagVersion(NINE), *NO_VERSION),
    (TagVersion(TWO, remove=("x",)), NotFoundError, "fraud/2 has no tag x", ""),
    (TagVersion(TWO, remove_metrics=("x",)), NotFoundError, "fraud/2 has no metric x", ""),
    (
        TagVersion(TWO, (("a*", "x"),)),
        InvalidValueError,
        'tag key "a*" is not allowed; a tag key is made of letters, digits, spaces and _ . - : /',
        "",
    ),
    (
        TagVersion(TWO, metrics=(("auc", float("inf")),)),
        InvalidValueError,
        "inf is not a number a manifest can hold",
        "",
    ),
    (SetStatus(NINE, "READY"), *NO_VERSION),
    (
        SetStatus(TWO, "ready"),
        InvalidValueError,
        "'ready' is not a status; they are READY, PENDING_REGISTRATION, FAILED_REGISTRATION",
        "",
    ),
    (
        SetStatus(THREE, "PENDING_REGISTRATION"),
        ConflictError,
        "fraud/3 is READY and stays so",
        "",
    ),
    (DeleteVersion(NINE), *NO_VERSION),
    (
        DeleteVersion(ONE),
        InUseError,
        "fraud/1 cannot be deleted: it is in Production",
        "gitreg transition fraud/1 Archived",
    ),
    (TransitionStage(NINE, "Staging"), *NO_VERSION),
    (TransitionStage(TWO, "Prod"), InvalidValueError, NO_STAGE, 'did you mean "Production"?'),
    (
        TransitionStage(TWO, "old"),
        InvalidValueError,
        "the stage Old is retired: nothing enters it",
        "",
    ),
    (
        TransitionStage(TWO, "None", archive_existing=True),
        InvalidValueError,
        "others cannot be archived from None: it is not an active stage",
        "leave --archive-existing out",
    ),
    (
        TransitionStage(TWO, "Archived", archive_existing=True),
        InvalidValueError,
        "others cannot be archived from Archived: it is not an active stage",
        "leave --archive-existing out",
    ),
    (AddComment(NINE, IDS[1], "bob", "x"), *NO_VERSION),
    (AddComment(TWO, "x", "bob", "x"), *NO_ID),
    (
        AddComment(TWO, IDS[0], "bob", "x"),
        AlreadyExistsError,
        f"a comment {IDS[0]} on fraud/2 exists",
        "give every comment an id of its own",
    ),
    (AddComment(TWO, IDS[1], "bob", " \n"), InvalidValueError, "a comment needs a text", ""),
    (
        AddComment(TWO, IDS[1], "bob", "x" * (MAX_COMMENT + 1)),
        InvalidValueError,
        "a comment has at most 65535 characters",
        "",
    ),
    (
        AddComment(TWO, IDS[1], "@bob", "x"),
        InvalidValueError,
        (
            'author is "@bob"; '
            "a user name is made of ASCII letters, digits and . _ + @ -, and @ is not first"
        ),
        "",
    ),
    (EditComment(NINE, IDS[0], "alice", "x"), *NO_VERSION),
    (EditComment(TWO, "x", "alice", "x"), *NO_ID),
    (EditComment(TWO, IDS[2], "alice", "x"), *NO_COMMENT),
    (
        EditComment(TWO, IDS[0], "bob", "x"),
        DeniedError,
        "the comment is alice's: nobody else can edit it",
        "",
    ),
    (EditComment(TWO, IDS[0], "alice", ""), InvalidValueError, "a comment needs a text", ""),
    (DeleteComment(NINE, IDS[0]), *NO_VERSION),
    (DeleteComment(TWO, "x"), *NO_ID),
    (DeleteComment(TWO, IDS[2]), *NO_COMMENT),
]


@pytest.mark.parametrize(
    ("operation", "kind", "told", "hint"),
    REFUSED,
    ids=[f"{type(one[0]).__name__}: {one[2][:30]!a}" for one in REFUSED],
)
def test_what_may_not_be_is_refused_in_full_words(
    registry: Snapshot, operation: Operation, kind: type[GitregError], told: str, hint: str
) -> None:
    stages = "stages: [{name: None}, {name: Staging}, {name: Production}, {name: Archived}, "
    before = changed(
        registry, {"registry.yaml": f"{REGISTRY}{stages}{{name: Old, retired: true}}]\n"}
    )
    with pytest.raises(GitregError) as caught:
        operation.plan(before)
    assert type(caught.value) is kind
    assert (str(caught.value), caught.value.hint) == (told, hint)


def test_an_edited_comment_keeps_its_other_lines(registry: Snapshot) -> None:
    before = changed(registry, {SAID: f"# mine\n{comment('alice', 'old # remark')}x-seen: 1\n"})
    then = _text(after(before, EditComment(TWO, IDS[0], "alice", "new")), SAID)
    assert then == f"# mine\n{comment('alice', 'new # remark')}x-seen: 1\n"
