"""What a manifest may hold, and what its author is told when it holds something else."""

import copy
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from textwrap import dedent
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from gitreg.errors import NotFoundError
from gitreg.manifest import schema
from gitreg.manifest.schema import Fault, validate
from gitreg.resources import schema as schema_of
from gitreg.resources import schema_names

Json = Any  # it has no type of its own
DIGEST = "sha256:" + "0f" * 32
MODEL: dict[str, Json] = {
    "apiVersion": "gitreg/v1",
    "kind": "RegisteredModel",
    "description": "Scores card payments.",
    "tags": {"team": "risk", "größe/a b.c-d:e_f": None},
    "aliases": {"champion": 3, "größe-1": 1},
    "x-ours": {"any": ["thing"]},
}
VERSION: dict[str, Json] = {
    "apiVersion": "gitreg/v1",
    "kind": "ModelVersion",
    "stage": "Staging",
    "source": "runs:/9c1/model",
    "location": "s3://ml/9c1/artifacts/model",
    "run_id": "9c1",
    "run_link": "",
    "model_id": "m-1",
    "code": {"repository": "https://git.acme.com/risk", "commit": "4f1c2aa", "dirty": False},
    "artifact": {"digest": DIGEST, "size": 1843302, "files": 5},
    "status": "READY",
    "status_message": "",
    "description": "Retrained on October.",
    "tags": {"validated": "true"},
    "metrics": {"auc": 0.94, "n": 12},
    "params": {"n_estimators": "200"},
    "x-ours": 1,
}
TOMBSTONE: dict[str, Json] = {"apiVersion": "gitreg/v1", "kind": "ModelVersion", "deleted": True}
COMMENT: dict[str, Json] = {
    "apiVersion": "gitreg/v1",
    "kind": "Comment",
    "author": "alice@acme.com",
    "text": "Looks good.\n",
}
REGISTRY: dict[str, Json] = {
    "apiVersion": "gitreg/v1",
    "kind": "Registry",
    "name": "acme-models",
    "description": "Ours.",
    "layout": "flat",
    "stages": [
        {"name": "None"},
        {"name": "Production 1.0", "protected": True, "retired": False, "x-colour": "red"},
    ],
    "identity": {
        "principal": "email",
        "delegates": [{"name": "GitHub <noreply@github.com>", "vouches": "author"}],
        "signatures": "off",
    },
    "protected_aliases": ["champion*"],
    "rules": {
        "case_twins": "refuse",
        "self_approval": "allow",
        "merges": "any",
        "creation": ["@everyone", "@risk", "bob"],
        "creator": "none",
        "x-why": "audit",
    },
    "artifacts": {"url": ""},
}
VALID = [
    ("RegisteredModel", MODEL),
    ("ModelVersion", VERSION),
    ("ModelVersion", TOMBSTONE),
    ("Comment", COMMENT),
    ("Registry", REGISTRY),
]


# --- the schemas


@pytest.mark.parametrize("kind", schema_names())
def test_every_schema_is_valid_json_schema(kind: str) -> None:
    Draft202012Validator.check_schema(schema_of(kind))
    assert schema_of(kind)["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema_of(kind)["$id"] == f"urn:gitreg:v1:{kind}"


def subschemas(node: Json) -> Iterator[dict[str, Json]]:
    if isinstance(node, dict):
        yield node
        node = list(node.values())
    if isinstance(node, list):
        for item in node:
            yield from subschemas(item)


@pytest.mark.parametrize("kind", schema_names())
def test_every_schema_stands_alone_and_explains_every_property(kind: str) -> None:
    for node in subschemas(schema_of(kind)):
        assert str(node.get("$ref", "#/$defs/")).startswith("#/$defs/")
        properties = node.get("properties", {})
        for name, value in properties.items() if isinstance(properties, dict) else ():
            assert isinstance(value, bool) or str(value["description"]).endswith("."), name


@pytest.mark.parametrize("kind", schema_names())
def test_every_pattern_has_words_that_explain_it(kind: str) -> None:
    for node in subschemas(schema_of(kind)):
        if isinstance(node.get("pattern"), str):
            assert node["title"] in schema._FORMS


def patterns() -> list[str]:
    found = {
        pattern
        for kind in schema_names()
        for node in subschemas(schema_of(kind))
        for pattern in (node.get("pattern"), *node.get("patternProperties", ()))
        if isinstance(pattern, str)
    }
    return sorted(found)


SAMPLES = [
    *("a", "a b", "a b ", "champion", "Latest", "v3", "v3x", "xv3", "a/b:c.d-e_f", "x-a", "xx-a"),
    *("@a", "@", "a@b", "alice+1@acme.com", DIGEST, DIGEST.upper(), "1a", "a\n", "", "a\x00", "-"),
]


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
def test_editors_in_javascript_read_the_patterns_as_python_does() -> None:
    script = (
        "const [patterns, samples] = JSON.parse(require('fs').readFileSync(0));"
        "const told = patterns.map(p => samples.map(s => new RegExp(p, 'u').test(s)));"
        "console.log(JSON.stringify(told));"
    )
    told = subprocess.run(
        ["node", "-e", script],
        input=json.dumps([patterns(), SAMPLES]),
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(told.stdout) == [
        [re.search(pattern, sample) is not None for sample in SAMPLES] for pattern in patterns()
    ]


# --- what is valid


@pytest.mark.parametrize(("kind", "data"), VALID)
def test_a_complete_manifest_is_valid_without_asking_jsonschema(
    kind: str, data: dict[str, Json]
) -> None:
    assert schema._certain(kind)(data)
    assert validate(kind, data) == ()


def test_valid_manifests_are_read_without_importing_jsonschema() -> None:
    script = (
        "import json, sys; from gitreg.manifest.schema import validate\n"
        "assert not any(validate(kind, data) for kind, data in json.load(sys.stdin))\n"
        "assert not {'jsonschema', 'difflib', 'importlib.resources'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], input=json.dumps(VALID).encode(), check=True)


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("RegisteredModel", {}),
        ("ModelVersion", {"stage": "None", "source": "runs:/1/model"}),
        ("ModelVersion", {"stage": "None", "artifact": VERSION["artifact"]}),
        ("Comment", {"author": "a" * 200, "text": "x" * 65535}),
        ("Registry", {"name": "größe"}),
        ("RegisteredModel", {"tags": {"k" * 250: "v" * 100_000}, "aliases": {"a" * 255: 1}}),
        ("RegisteredModel", {"aliases": {"latest-1": 1, "v1x": 1, "xlatest": 1, "v": 1}}),
        ("RegisteredModel", {"aliases": {"champion": 3.0}}),
    ],
)
def test_the_least_and_the_most_are_valid(kind: str, data: dict[str, Json]) -> None:
    assert validate(kind, {"apiVersion": "gitreg/v1", "kind": kind, **data}) == ()


JUNK: st.SearchStrategy[Json] = st.sampled_from(
    [
        *(None, True, False, 0, 1, -1, 3, 1.5, 3.0, float("nan"), "", "x", "a\n", "@", "latest"),
        *("v1", "a\x00", "READY", "Ready", "off", "x" * 70, "é" * 251, "x" * 4097, "x" * 100_001),
        *([], [1], ["a"], [{"name": "A"}, {"name": "B "}]),
        *({}, {"a": "b"}, {"a\n": 1}, {"latest": 1}),
    ]
)
KEYS = st.sampled_from(
    [
        "x-new",
        "X-new",
        "deleted",
        "descripton",
        "a\n",
        "latest",
        "v12",
        "",
        "k" * 251,
        "a@b",
        "tags",
    ]
)


def containers(node: Json) -> Iterator[Json]:
    if isinstance(node, (dict, list)) and node:
        yield node
        for item in node.values() if isinstance(node, dict) else node:
            yield from containers(item)


def changed(draw: st.DrawFn, node: Json) -> None:
    """Drop, replace, rename, add or lengthen one thing in ``node``."""
    at = draw(st.sampled_from(sorted(node) if isinstance(node, dict) else range(len(node))))
    match draw(st.sampled_from(["drop", "replace", "newline", "add", "rename"])):
        case "drop":
            del node[at]
        case "newline" if isinstance(node[at], str):
            node[at] += "\n"
        case "add" if isinstance(node, dict):
            node[draw(KEYS)] = copy.deepcopy(draw(JUNK))
        case "rename" if isinstance(node, dict):
            node[at + draw(st.sampled_from(["x", "\n", "@"]))] = node.pop(at)
        case _:
            node[at] = copy.deepcopy(draw(JUNK))


@st.composite
def nearly_valid(draw: st.DrawFn) -> tuple[str, dict[str, Json]]:
    kind, data = copy.deepcopy(draw(st.sampled_from(VALID)))
    for _ in range(draw(st.integers(0, 3))):
        nodes = list(containers(data))
        if nodes:
            changed(draw, draw(st.sampled_from(nodes)))
    return kind, data


@settings(max_examples=600, deadline=None)
@given(nearly_valid())
def test_the_quick_answer_is_that_of_jsonschema(sample: tuple[str, dict[str, Json]]) -> None:
    kind, data = sample
    before = copy.deepcopy(data)
    valid = Draft202012Validator(schema_of(kind)).is_valid(data)
    assert bool(schema._certain(kind)(data)) is valid
    faults = validate(kind, data)
    assert (faults == ()) is valid
    assert repr(data) == repr(before)
    for fault in faults:
        assert fault.message.isprintable(), fault
        assert fault.hint.isprintable(), fault
        assert is_there(data, fault.path), fault


def is_there(node: Json, path: tuple[str | int, ...]) -> bool:
    for step in path:
        if isinstance(node, dict) and step not in node:
            return False
        node = node[step]
    return True


@pytest.mark.parametrize(
    "unsure",
    [
        {"type": "object", "dependentRequired": {}},
        {"if": {"minProperties": 1}, "then": True},
        {"patternProperties": {"^x-": {"type": "string"}}},
        {"properties": {"a": {"format": "uri"}}},
        {"properties": {"a": False}},
        {"if": {"required": ["a"]}, "then": False},
    ],
)
def test_what_the_quick_answer_does_not_know_it_leaves_to_jsonschema(
    unsure: dict[str, Json],
) -> None:
    assert not schema._Compiler(unsure)(unsure)({"a": "b"})


def test_a_condition_without_consequence_holds() -> None:
    condition = {"if": {"required": ["a"]}, "then": {"required": ["b"]}}
    check = schema._Compiler(condition)(condition)
    assert check({})
    assert check({"a": 1, "b": 1})
    assert not check({"a": 1})
    assert not check([])


# --- what is wrong

LONG = "x" * 61
TOLD: list[tuple[str, dict[str, Json], str]] = [
    # unknown keys
    (
        "RegisteredModel",
        {"descripton": "x"},
        """
        unknown key "descripton"
          did you mean "description"?
        """,
    ),
    (
        "RegisteredModel",
        {"owner\x1b[31m": "x"},
        r"""
        unknown key "owner\x1b[31m"
          keys of your own start with x-
        """,
    ),
    (
        "ModelVersion",
        {"stage": "None", "source": "a", "code": {"comit": "4f1c2aa", "x-y": 1}},
        """
        unknown key "comit" in code
          did you mean "commit"?
        unknown key "x-y" in code
        """,
    ),
    (
        "Registry",
        {"name": "a", "stages": [{"name": "None"}, {"name": "Archived", "Protectd": True}]},
        """
        unknown key "Protectd" in stage 2
          did you mean "protected"?
        """,
    ),
    (
        "Comment",
        {"author": "a", "text": "a", "text" * 26: "a", "Author": "a"},
        """
        unknown key "Author"
          did you mean "author"?
        unknown key "texttexttexttexttexttexttexttexttexttexttexttexttexttexttext"...
          keys of your own start with x-
        """,
    ),
    # missing keys
    (
        "ModelVersion",
        {},
        """
        source or artifact is missing; one is needed, both are fine
        stage is missing
        """,
    ),
    (
        "ModelVersion",
        {"stage": "None", "artifact": {"digest": DIGEST}},
        """
        artifact.files is missing
        artifact.size is missing
        """,
    ),
    (
        "Registry",
        {"name": "a", "identity": {"delegates": [{"vouches": "author"}]}, "stages": [{}, {}]},
        """
        name of delegate 1 is missing
        name of stage 1 is missing
        name of stage 2 is missing
        """,
    ),
    # deleted versions
    (
        "ModelVersion",
        {"deleted": True, "stage": "None", "deletd": 1, "x-why": "old"},
        """
        a deleted version holds nothing else; remove "deletd", "stage", "x-why"
        """,
    ),
    (
        "ModelVersion",
        {"deleted": False, "stage": "None", "source": "a"},
        """
        deleted is false; it must be true
          leave it out of a version that is not deleted
        """,
    ),
    (
        "ModelVersion",
        {"deletd": True, "stage": "None", "source": "a"},
        """
        unknown key "deletd"
          did you mean "deleted"?
        """,
    ),
    # version and kind
    (
        "RegisteredModel",
        {"apiVersion": "gitreg/v2", "shape": "of things to come"},
        """
        apiVersion is "gitreg/v2"; this gitreg reads gitreg/v1
          a newer gitreg may read it
        """,
    ),
    (
        "RegisteredModel",
        {"apiVersion": 1},
        """
        apiVersion is 1; this gitreg reads gitreg/v1
          write apiVersion: gitreg/v1
        """,
    ),
    (
        "RegisteredModel",
        {"kind": "ModelVersion", "stage": "None"},
        """
        kind is "ModelVersion"; it must be RegisteredModel
          where a file lies decides its kind
        """,
    ),
    (
        "RegisteredModel",
        {"kind": ["model"], "aliases": []},
        """
        aliases is a list; a mapping is needed
        kind is a list; it must be RegisteredModel
        """,
    ),
    # one of a few
    (
        "Registry",
        {"name": "a", "layout": "shraded"},
        """
        layout is "shraded"; it must be flat or sharded
          did you mean "sharded"?
        """,
    ),
    (
        "Registry",
        {"name": "a", "identity": {"signatures": False}, "rules": {"creator": "admin"}},
        """
        identity.signatures is false; it must be off, optional or required
        rules.creator is "admin"; it must be manage, edit or none
        """,
    ),
    (
        "ModelVersion",
        {"stage": "None", "source": "a", "status": "ready"},
        """
        status is "ready"; it must be READY, PENDING_REGISTRATION or FAILED_REGISTRATION
          did you mean "READY"?
        """,
    ),
    # types
    (
        "RegisteredModel",
        {"tags": {"a": 3, "b": True, "c": ["x"], 'd"\\': {}, "e": 1.5}},
        r"""
        tag "a" is 3, a number; text is needed
          write "3" in quotes
        tag "b" is true, a boolean; text is needed
          write "true" in quotes
        tag "c" is a list; text is needed
        tag "d\"\\" is a mapping; text is needed
        tag key "d\"\\" is not allowed; a tag key is made of letters, digits, spaces and _ . - : /
        tag "e" is 1.5, a number; text is needed
          write "1.5" in quotes
        """,
    ),
    (
        "ModelVersion",
        {"stage": "None", "source": None, "params": {"n": 200}},
        """
        param "n" is 200, a number; text is needed
          write "200" in quotes
        source is null; text is needed
          leave it out, or write a text
        """,
    ),
    (
        "ModelVersion",
        {"stage": "None", "source": "a", "metrics": {"a": "0.94", "b": "high", "c": False}},
        """
        metric "a" is "0.94", a text; a number is needed
          write 0.94 without quotes
        metric "b" is "high", a text; a number is needed
        metric "c" is false, a boolean; a number is needed
        """,
    ),
    (
        "RegisteredModel",
        {"aliases": {"a": "3", "b": 1.5, "c": 0, "d": "1.5"}},
        """
        alias "a" is "3", a text; a whole number is needed
          write 3 without quotes
        alias "b" is 1.5, a number; a whole number is needed
        alias "c" is 0; 1 is the least
        alias "d" is "1.5", a text; a whole number is needed
        """,
    ),
    (
        "Registry",
        {
            "name": "a",
            "stages": [{"name": "None", "protected": "Yes"}, {"name": "B", "protected": "x"}],
            "protected_aliases": "champion",
        },
        """
        protected_aliases is "champion", a text; a list is needed
        protected of stage 1 is "Yes", a text; true or false is needed
          write true without quotes
        protected of stage 2 is "x", a text; true or false is needed
        """,
    ),
    # forms
    (
        "RegisteredModel",
        {"aliases": {"LaTest": 1, "v3": 1, "a b": 1, "a\n": 1}},
        r"""
        alias "LaTest" is reserved; latest, v1, v2, ... have a meaning already
        alias "a\n" is not allowed; an alias is made of letters, digits, _ and -
        alias "a b" is not allowed; an alias is made of letters, digits, _ and -
        alias "v3" is reserved; latest, v1, v2, ... have a meaning already
        """,
    ),
    (
        "ModelVersion",
        {"stage": "None", "artifact": {"digest": "digest", "size": -1, "files": 1}},
        """
        artifact.digest is "digest"; a digest is sha256: and 64 hex digits in lower case
        artifact.size is -1; 0 is the least
        """,
    ),
    (
        "Comment",
        {"author": "@alice", "text": "a"},
        """
        author is "@alice"; a user name is made of ASCII letters, digits and . _ + @ -, and @ is not first
        """,  # noqa: E501
    ),
    (
        "Registry",
        {"name": "a\n", "stages": [{"name": "None"}, {"name": "1st "}]},
        r"""
        name is "a\n"; control characters cannot stand in it
        name of stage 2 is "1st "; it starts with a letter, goes on with letters, digits, spaces and _ . -, does not end in a space and has at most 64 characters
        """,  # noqa: E501
    ),
    (
        "Registry",
        {"name": "a", "rules": {"creation": ["@everyone", "a b"]}},
        """
        creation entry 2 is "a b"; a user name, a @group or @everyone is needed
        """,
    ),
    # lengths
    (
        "Comment",
        {"author": "a" * 201, "text": ""},
        """
        author has 201 characters; 200 is the most
        text is empty; at least 1 character is needed
        """,
    ),
    (
        "ModelVersion",
        {"stage": "None", "source": "a", "metrics": {"": 1}, "params": {"p" * 251: LONG * 1700}},
        """
        metric key "" is empty; at least 1 character is needed
        param "pppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp"... has 103700 characters; 100000 is the most
        param key "pppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp"... has 251 characters; 250 is the most
        """,  # noqa: E501
    ),
    (
        "Registry",
        {"name": "a", "stages": [{"name": "None"}], "protected_aliases": ["a", ""]},
        """
        protected alias 2 is empty; at least 1 character is needed
        stages has 1 of at least 2 entries
        """,
    ),
    # quoting
    (
        "Registry",
        {"name": "a", "layout": LONG},
        """
        layout is "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"...; it must be flat or sharded
        """,  # noqa: E501
    ),
    (
        "Registry",
        {"name": "a", "layout": "\u202e\ud800" * 6},
        r"""
        layout is "\u202e\ud800\u202e\ud800\u202e\ud800\u202e\ud800\u202e\ud800"...; it must be flat or sharded
        """,  # noqa: E501
    ),
]
"""By kind and what stands in the manifest: the message of each fault, and its hint below."""


@pytest.mark.parametrize(("kind", "data", "told"), TOLD)
def test_the_author_is_told_what_is_wrong_and_what_is_needed(
    kind: str, data: dict[str, Json], told: str
) -> None:
    faults = validate(kind, {"apiVersion": "gitreg/v1", "kind": kind, **data})
    lines = [line for fault in faults for line in (fault.message, f"  {fault.hint}".rstrip())]
    assert "\n".join(filter(None, lines)) == dedent(told).strip()


def test_a_fault_says_where_it_is() -> None:
    faults = validate("Registry", {**REGISTRY, "descripton": "x", "stages": [{"name": "A"}, {}]})
    assert [fault.path for fault in faults] == [("descripton",), ("stages", 1)]
    wrong = {"tags": {"a@": None, "b": 1}, "aliases": {"v1": 0}}
    faults = validate("RegisteredModel", {**MODEL, **wrong})
    assert [fault.path for fault in faults] == [
        *(("aliases", "v1"), ("aliases", "v1"), ("tags", "a@"), ("tags", "b"))
    ]


def test_what_every_manifest_needs_is_told_of_an_empty_one() -> None:
    assert validate("Comment", {}) == (
        Fault((), "apiVersion is missing", "write apiVersion: gitreg/v1"),
        Fault((), "author is missing"),
        Fault((), "kind is missing", "write kind: Comment"),
        Fault((), "text is missing"),
    )


@pytest.mark.parametrize("kind", schema_names())
def test_a_manifest_that_is_no_mapping_is_told_so(kind: str) -> None:
    assert validate(kind, []) == (Fault((), "the manifest is a list; a mapping is needed"),)


def test_at_most_twenty_faults_are_told_and_the_first_come_first() -> None:
    data = {**MODEL, "tags": {f"k{number:04}": number for number in range(900)}}
    faults = validate("RegisteredModel", data)
    assert [fault.path for fault in faults] == [("tags", f"k{number:04}") for number in range(20)]
    unknown = {f"k{number:04}": number for number in range(900)}
    faults = validate("RegisteredModel", {**MODEL, **unknown})
    assert [fault.path for fault in faults] == [(f"k{number:04}",) for number in range(20)]


def test_an_unknown_kind_of_manifest_is_not_found() -> None:
    with pytest.raises(NotFoundError, match=r"^'Modle' is not a kind of manifest$"):
        validate("Modle", {})
