"""Schema: every changed manifest parses strictly and validates, before anything else is judged."""

import pytest
from support import MODEL, REGISTRY, changed, comment, files, said, step, tree, version

BASE = tree(files())
VERSION = "models/fraud/versions/4.yaml"


def judged(path: str, text: str | bytes, who: str = "admin") -> list[str]:
    return said(step(who, BASE, changed(BASE, {path: text})))


@pytest.mark.parametrize(
    ("path", "text", "told"),
    [
        (
            VERSION,
            version(more="source: s3://1\nsorce: s3://2\n"),
            [f'schema  {VERSION}:5\n  unknown key "sorce"\n  hint: did you mean "source"?'],
        ),
        (
            VERSION,
            version(more="source: s3://1\nstage: Production\n"),
            [(f'schema  {VERSION}:5\n  line 5: key "stage" stands twice\n'
             "  hint: keep one of the two")],
        ),
        (
            VERSION,
            version(more=""),
            [f"schema  {VERSION}:1\n  source or artifact is missing; one is needed, both are fine"],
        ),
        (
            VERSION,
            MODEL,
            [(f'schema  {VERSION}:2\n  kind is "RegisteredModel"; it must be ModelVersion\n'
             "  hint: where a file lies decides its kind")],
        ),
        (
            "models/fraud/model.yaml",
            MODEL + "tags: {team: 3}\naliases: {latest: 1}\n",
            [
                ('schema  models/fraud/model.yaml:4\n  alias "latest" is reserved; latest, v1, v2, '
                "... have a meaning already"),
                ('schema  models/fraud/model.yaml:3\n  tag "team" is 3, a number; text is needed\n'
                '  hint: write "3" in quotes'),
            ],
        ),
        (
            "models/fraud/comments/3/" + "a" * 32 + ".yaml",
            comment("'@x'", "hi"),
            ["schema  models/fraud/comments/3/" + "a" * 32 + '.yaml:3\n  author is "@x"; a user '
             "name is made of ASCII letters, digits and . _ + @ -, and @ is not first"],
        ),
        (
            "registry.yaml",
            REGISTRY + "stages: [{name: None}, {name: Live}]\n",
            ["schema  registry.yaml\n  a stage Archived must exist: that is where archiving goes"],
        ),
        (
            "registry.yaml",
            REGISTRY + "identity: {delegates: [{name: a, vouches: author}, "
            "{name: a, vouches: committer}]}\n",
            [("schema  registry.yaml\n  the delegate a stands twice\n"
             "  hint: an account vouches for the committer or for the author")],
        ),
        (
            "registry.yaml",
            REGISTRY + "rules: {merges: some}\n",
            ['schema  registry.yaml:4\n  rules.merges is "some"; it must be requests or any'],
        ),
    ],
)  # fmt: skip
def test_a_manifest_that_does_not_validate_is_refused(
    path: str, text: str, told: list[str]
) -> None:
    assert judged(path, text) == told


@pytest.mark.parametrize(
    "text",
    [b"stage: \xff", "a: &x 1\nb: *x\n", "--- 1\n--- 2\n", "a: !!python/name:os x\n", "[", ""],
)
def test_a_manifest_that_does_not_parse_is_refused(text: str | bytes) -> None:
    told = judged(VERSION, text)
    assert told
    assert all(one.startswith(f"schema  {VERSION}") for one in told)


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
TRICKS = {
    "aliases": (BOMB, "anchors (&) are not allowed", "x-a: '&a [x]'\n"),
    "merge keys": ("tags: {<<: {a: b}}\n", "merge keys (<<) are not allowed", "tags: {a: b}\n"),
    "brackets": (f"x-a: {'[' * 20_000}{']' * 20_000}\n", "deeper than 20", "x-a: [[[[1]]]]\n"),
    "the last one wins": ("stage: None\n", 'key "stage" stands twice', "# stage: None\n"),
    "hidden by LS": ("# \u2028tags: {a: b}\n", "raw character U+2028", "# tags: {a: b}\n"),
    "hidden by PS": ("# \u2029tags: {a: b}\n", "raw character U+2029", "# -- tags: {a: b}\n"),
    "hidden by NEL": ("# \x85tags: {a: b}\n", "raw character U+0085", "# - tags: {a: b}\n"),
    "hidden by CR": ("# \rtags: {a: b}\n", "raw character U+000D", "# ok\r\n"),
    "a mark": ("# \ufeff\n", "raw character U+FEFF", 'description: "\\uFEFF"\n'),
    "keys that are one": ("tags: {1: a, '1': b}\n", "stands twice", "tags: {'1': a, true: b}\n"),
    "a key that is a list": ("tags: {[a]: b}\n", "a key must be text", "tags: {a: '[b]'}\n"),
    "a tag": ("tags: {a: !!binary aGk=}\n", "tags (!) are not allowed", "tags: {a: '!!'}\n"),
    "a directive": ("%YAML 1.1\n---\n", "directives (%)", 'description: "%YAML 1.1"\n'),
    "a second document": ("---\nstage: None\n", "a second document", 'description: "---"\n'),
    "an end": ("...\n", 'the end marker "..."', 'description: "..."\n'),
    "no number": ("metrics: {a: .nan}\n", 'is ".nan", a text', "metrics: {a: 1.5e3}\n"),
    "a huge number": ("metrics: {a: 1e999}\n", "too large for a number", "metrics: {a: 1e99}\n"),
    "yes": ("code: {dirty: yes}\n", 'is "yes", a text', "code: {dirty: true}\n"),
    "a date": (
        "metrics: {a: 2026-01-01}\n",
        "a text; a number is needed",
        "tags: {a: 2026-01-01}\n",
    ),
}


@pytest.mark.parametrize("name", TRICKS)
def test_no_manifest_means_two_things(name: str) -> None:
    trick, told, harmless = TRICKS[name]
    text = trick + version() if trick.startswith("%") else version() + trick
    [reason] = judged(VERSION, text)
    assert reason.startswith(f"schema  {VERSION}")
    assert told in reason
    assert judged(VERSION, version() + harmless) == []


def test_a_manifest_that_validates_is_taken() -> None:
    assert judged(VERSION, version()) == []
    assert judged("models/fraud/model.yaml", MODEL + "tags: {team: '3'}\nx-own: 1\n") == []
    assert judged("registry.yaml", REGISTRY + "rules: {merges: any}\n") == []
    delegates = "delegates: [{name: a, vouches: author}, {name: b, vouches: author}]"
    assert judged("registry.yaml", REGISTRY + f"identity: {{{delegates}}}\n") == []


def test_nothing_else_is_said_of_a_commit_that_does_not_validate() -> None:
    [only] = judged(VERSION, "[", who="eve")
    assert only.startswith(f"schema  {VERSION}")


def test_faults_of_form_and_schema_are_told_together() -> None:
    then = changed(BASE, {VERSION: "[", "models/fraud/notes.md": "x"})
    assert [one.split()[0] for one in said(step("admin", BASE, then))] == ["form", "schema"]


@pytest.mark.parametrize("path", ["registry.yaml", "PERMISSIONS"])
def test_a_registry_cannot_do_without_its_two_files(path: str) -> None:
    first = {"registry.yaml": REGISTRY, "PERMISSIONS": "/ manage admin\n"}
    del first[path]
    assert said(step("admin", None, tree(first))) == [
        f"schema  {path}\n  a registry needs this file\n  hint: gitreg init"
    ]


def test_the_settings_of_a_registry_are_never_deleted() -> None:
    then = changed(BASE, {"registry.yaml": None})
    assert said(step("admin", BASE, then)) == [
        "schema  registry.yaml\n  a registry needs this file"
    ]


def test_the_first_commit_needs_no_more_than_the_two_files() -> None:
    first = tree({"registry.yaml": REGISTRY, "PERMISSIONS": "/ manage admin\n"})
    assert said(step("admin", None, first)) == []
