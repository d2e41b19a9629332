"""The kinds of manifest: bytes to values, and values to bytes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import DIGEST, artifacts, codes, metrics, model_names, patient, tags, texts
from support import MODEL, TOMBSTONE, version

from gitreg.domain.access import Grant, Grants, Level
from gitreg.domain.model import READY, STATUSES, Code, Comment, ModelVersion, RegisteredModel
from gitreg.domain.names import ModelName, VersionRef
from gitreg.domain.settings import Settings
from gitreg.domain.verdict import Violation
from gitreg.errors import InvalidValueError
from gitreg.manifest import kinds
from gitreg.manifest.codec import MAX_BYTES
from gitreg.resources import schema, schema_names

FRAUD = ModelName("fraud")
REF = VersionRef(FRAUD, 3)


def _pairs(found: dict[str, str | None]) -> tuple[tuple[str, str | None], ...]:
    return tuple(sorted(found.items()))


models = st.builds(
    RegisteredModel,
    model_names,
    texts,
    tags.map(_pairs),
    st.sampled_from([(), (("champion", 1), ("next", 3))]),
)
versions = st.builds(
    ModelVersion,
    st.just(REF),
    st.sampled_from(["None", "Production"]),
    source=st.just("s3://x"),
    location=texts,
    run_id=texts,
    code=codes.filter(lambda code: code == Code() or bool(code.repository or code.commit)),
    artifact=st.none() | artifacts,
    status=st.sampled_from(STATUSES),
    status_message=texts,
    description=texts,
    tags=tags.map(_pairs),
    metrics=metrics.map(lambda found: tuple(sorted(found.items()))),
    params=st.sampled_from([(), (("n", "3"),)]),
)


@given(models)
@settings(patient, max_examples=50)
def test_a_model_reads_back_as_written(model: RegisteredModel) -> None:
    reading = kinds.read_manifest(kinds.MODEL, kinds.render(kinds.MODEL, kinds.model_data(model)))
    assert reading.faults == ()
    assert kinds.to_model(model.name, reading.data) == model


@given(versions)
@settings(patient, max_examples=80)
def test_a_version_reads_back_as_written(one: ModelVersion) -> None:
    raw = kinds.render(kinds.VERSION, kinds.version_data(one))
    reading = kinds.read_manifest(kinds.VERSION, raw)
    assert reading.faults == ()
    assert kinds.to_version(REF, reading.data) == one
    assert not kinds.is_tombstone(reading.data)


def test_a_manifest_is_written_in_a_known_order_without_what_is_empty() -> None:
    one = ModelVersion(
        REF,
        "None",
        source="s3://x",
        code=Code("https://git", "4f1", dirty=True),
        status_message="late",
        tags=(("a", None), ("b", "")),
    )
    assert kinds.render(kinds.VERSION, kinds.version_data(one)).decode() == (
        "apiVersion: gitreg/v1\nkind: ModelVersion\nstage: None\nsource: s3://x\n"
        "code:\n  repository: https://git\n  commit: 4f1\n  dirty: true\n"
        'status: READY\nstatus_message: late\ntags:\n  a: null\n  b: ""\n'
    )
    assert kinds.TOMBSTONE.decode() == TOMBSTONE
    tombstone = kinds.read_manifest(kinds.VERSION, kinds.TOMBSTONE)
    assert kinds.is_tombstone(tombstone.data)


@pytest.mark.parametrize("kind", schema_names())
def test_the_keys_of_a_kind_are_those_of_its_schema(kind: str) -> None:
    known = set(schema(kind)["properties"])
    if kind == kinds.VERSION:
        known |= set(schema(kind)["$defs"]["live"]["properties"])
    assert set(kinds.KEYS[kind]) == known


def test_what_a_manifest_leaves_out_has_its_default() -> None:
    reading = kinds.read_manifest(kinds.VERSION, version().encode())
    assert kinds.to_version(REF, reading.data) == ModelVersion(REF, "None", source="s3://ml/1")
    assert kinds.to_version(REF, reading.data).status == READY
    reading = kinds.read_manifest(kinds.MODEL, MODEL.encode())
    assert kinds.to_model(FRAUD, reading.data) == RegisteredModel(FRAUD)


def test_whole_numbers_may_be_written_with_a_point() -> None:
    artifact = f"artifact: {{digest: '{DIGEST}', size: 3.0, files: 1.0}}\n"
    reading = kinds.read_manifest(kinds.VERSION, version(more=artifact).encode())
    found = kinds.to_version(REF, reading.data).artifact
    assert found is not None
    assert (repr(found.size), repr(found.files)) == ("3", "1")
    reading = kinds.read_manifest(kinds.MODEL, f"{MODEL}aliases: {{a: 2.0}}\n".encode())
    assert repr(kinds.to_model(FRAUD, reading.data).aliases) == "(('a', 2),)"


def test_a_comment_is_read() -> None:
    data = {"author": "alice", "text": "well"}
    assert kinds.to_comment(REF, "0" * 32, data) == Comment(REF, "0" * 32, "alice", "well")


def test_settings_are_read_or_refused_if_contradictory() -> None:
    assert kinds.to_settings({"name": "acme"}) == Settings("acme")
    with pytest.raises(InvalidValueError, match="the first stage must be None"):
        kinds.to_settings({"name": "acme", "stages": [{"name": "Archived"}, {"name": "None"}]})


def test_keys_of_ones_own_are_not_plain() -> None:
    reading = kinds.read_manifest(kinds.MODEL, f"{MODEL}x-ours: 1\n".encode())
    assert reading.data["x-ours"] == 1
    assert reading.plain == {"apiVersion": "gitreg/v1", "kind": "RegisteredModel"}


@pytest.mark.parametrize("padding", [0, 20_000])
def test_a_fault_says_line_and_hint(padding: int) -> None:
    text = f"# {'x' * padding}\n{MODEL}tag: {{}}\n"
    reading = kinds.read_manifest(kinds.MODEL, text.encode())
    assert reading.data == {}
    assert reading.faults == (
        Violation("schema", 'unknown key "tag"', line=4, hint='did you mean "tags"?'),
    )
    reading = kinds.read_manifest(kinds.MODEL, f"{MODEL}tags: !!map\n{'#' * padding}".encode())
    assert reading.faults == (
        Violation(
            "schema",
            "line 3: tags (!) are not allowed",
            line=3,
            hint='remove it, or quote text that starts with "!"',
        ),
    )


# --- PERMISSIONS -------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("padding", [0, 20_000])
def test_permissions_are_read(ending: str, padding: int) -> None:
    text = ending.join([f"# {'x' * padding}", "read\talice  # hers", ""])
    grant = Grant("", Level.READ, ("alice",))
    found = kinds.read_grants(text.encode(), registry=False)
    assert found == kinds.GrantsReading(Grants((grant,)))


@pytest.mark.parametrize(
    ("raw", "reason", "line", "hint"),
    [
        (b"read \xff", "is not UTF-8", 0, ""),
        (b"x" * (MAX_BYTES + 1), "is over 2097152 bytes", 0, ""),
        (
            "read bob\nread \u202ealice".encode(),
            "line 2: a character that cannot be seen",
            2,
            "",
        ),
        (b"read bob\rread eve", "line 1: a character that cannot be seen", 1, ""),
        (
            b"read bob\nread",
            "line 2: nobody is named",
            2,
            "add users or @groups after read",
        ),
    ],
)
def test_permissions_that_cannot_be_read_grant_nothing(
    raw: bytes, reason: str, line: int, hint: str
) -> None:
    fault = Violation("governance", reason, line=line, hint=hint)
    assert kinds.read_grants(raw, registry=False) == kinds.GrantsReading(Grants(), fault)
