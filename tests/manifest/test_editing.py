import json
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitreg.errors import InvalidValueError
from gitreg.manifest.codec import ManifestError, Value, read
from gitreg.manifest.editing import MISSING, Missing, edit
from gitreg.manifest.writing import write

ORDER = ("apiVersion", "kind", "stage", "source", "description", "tags", "aliases", "metrics")

AUTHOR = """\
# models/fraud/versions/3.yaml
apiVersion: gitreg/v1
kind: ModelVersion

stage:   Staging          # None | Staging | Production
source: 'runs:/9c1/model'

# what it is
description: >-           # folded
  Retrained on October,
  # with care.

tags:                     # ours
  # who owns it
  team: risk              # ask Ada
  # how much
  price: "3"

metrics: {auc: 0.94, f1: 0.5}     # on the test set
# the end
"""

TAGS = """\
tags:                     # ours
  # who owns it
  team: risk              # ask Ada
  # how much
  price: "3"
"""


def cut(text: str, *replacements: tuple[str, str]) -> str:
    for old, new in replacements:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


IN_PLACE: list[tuple[tuple[str, ...], Value | Missing, tuple[str, str]]] = [
    (("stage",), "Production", ("Staging          #", "Production          #")),
    (("stage",), None, ("Staging          #", "null          #")),
    (("source",), "yes", ("'runs:/9c1/model'", '"yes"')),
    (("source",), [], ("'runs:/9c1/model'", "[]")),
    (("tags", "team"), "", ("team: risk ", 'team: "" ')),
    (("tags", "price"), 3, ('"3"', "3")),
    (("metrics", "auc"), 0.95, ("0.94", "0.95")),
    (("metrics", "f1"), "a, b", ("0.5", '"a, b"')),
    (("metrics", "f1"), "one\ntwo\n", ("0.5", '"one\\ntwo\\n"')),
    (("metrics",), {}, ("{auc: 0.94, f1: 0.5}", "{}")),
    (("metrics",), {"auc": 0.94, "loss": [1, 2]}, ("f1: 0.5", "loss: [1, 2]")),
    (("metrics",), "none", ("{auc: 0.94, f1: 0.5}", "none")),
    (("metrics", "auc"), MISSING, ("auc: 0.94, ", "")),
    (("metrics", "f1"), MISSING, (", f1: 0.5", "")),
    (("metrics", "loss"), 1, ("f1: 0.5}", "f1: 0.5, loss: 1}")),
    (("metrics", "on", "a"), {"b": "c"}, ("f1: 0.5}", 'f1: 0.5, "on": {a: {b: c}}}')),
    (("tags", "tier"), "a: b", ('price: "3"\n', 'price: "3"\n  tier: "a: b"\n')),
    (("tags", "price"), MISSING, ('  price: "3"\n', "")),
    (("tags", "team"), MISSING, ("  team: risk              # ask Ada\n", "")),
    (("tags",), None, (
        TAGS,
        "tags: null                     # ours\n  # who owns it\n  # how much\n",
    )),
    (("tags",), MISSING, (
        TAGS,
        "# who owns it\n# how much\n",  # further right they would be text
    )),
    (("stage",), MISSING, ("stage:   Staging          # None | Staging | Production\n", "")),
    (("stage",), "one\ntwo", (
        "stage:   Staging          # None | Staging | Production\n",
        "stage: |-          # None | Staging | Production\n  one\n  two\n",
    )),
    (("source",), {"run": "9c1", "files": ["a", {"b": "c", "d": "e"}]}, (
        "source: 'runs:/9c1/model'\n",
        "source:\n  run: 9c1\n  files:\n    - a\n    - b: c\n      d: e\n",
    )),
    (("description",), "Short.", (
        "description: >-           # folded\n  Retrained on October,\n  # with care.\n",
        "description: Short.           # folded\n",
    )),
    (("description",), MISSING, (
        "description: >-           # folded\n  Retrained on October,\n  # with care.\n",
        "",
    )),
    (("metrics",), {"name": "x" * 80}, (
        "metrics: {auc: 0.94, f1: 0.5}     # on the test set\n",
        "metrics:     # on the test set\n  name: " + "x" * 80 + "\n",
    )),
    (("aliases",), {"champion": 3}, (
        '  price: "3"\n', '  price: "3"\naliases:\n  champion: 3\n',
    )),
    (("aliases", "champion"), 3, (
        '  price: "3"\n', '  price: "3"\naliases:\n  champion: 3\n',
    )),
    (("x-note",), "hi", ("# on the test set\n", "# on the test set\nx-note: hi\n")),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value", "replacement"), IN_PLACE)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_an_edit_changes_its_own_lines_only(
    path: tuple[str, ...], value: Value | Missing, replacement: tuple[str, str], newline: str
) -> None:
    expected = cut(AUTHOR, replacement).replace("\n", newline)
    assert (
        edit(AUTHOR.replace("\n", newline).encode(), path, value, order=ORDER).decode() == expected
    )


HANDWRITTEN: list[tuple[str, tuple[str, ...], Value | Missing, str]] = [
    # where a new key goes
    ("kind: a\n", ("apiVersion",), "b", "apiVersion: b\nkind: a\n"),
    ("# top\nkind: a\n", ("apiVersion",), "b", "# top\napiVersion: b\nkind: a\n"),
    ("kind: a\nx: b\n\n# end\n", ("stage",), "c", "kind: a\nstage: c\nx: b\n\n# end\n"),
    ("stage: a\nkind: b\n", ("tags",), "c", "stage: a\ntags: c\nkind: b\n"),
    ("kind: a # c", ("tags", "a", "b"), 1, "kind: a # c\ntags:\n  a:\n    b: 1\n"),
    ("kind: a\r\nx: b", ("tags",), {}, "kind: a\r\ntags: {}\r\nx: b"),
    ("kind: a\r\nx: b", ("z",), ["c"], "kind: a\r\nx: b\r\nz:\r\n  - c\r\n"),
    ("kind: a\r\nx: b\n", ("x",), "c\nd", "kind: a\r\nx: |-\n  c\n  d\n"),
    ("tags:\n    a: b", ("tags", "c"), {"d": "e"}, "tags:\n    a: b\n    c:\n      d: e\n"),
    ("tags:\n- a\n- b\nx: y\n", ("aliases",), 1, "tags:\n- a\n- b\naliases: 1\nx: y\n"),
    # text at the very end, without a line end
    ("kind: |\n  a", ("tags",), 1, "kind: |-\n  a\ntags: 1\n"),
    ("kind:\n  a: |2+ # c\n    b", ("tags",), 1, "kind:\n  a: |2- # c\n    b\ntags: 1\n"),
    ("kind:\n  - >-\n    a", ("tags",), 1, "kind:\n  - >-\n    a\ntags: 1\n"),
    ("kind: []", ("tags",), 1, "kind: []\ntags: 1\n"),
    # blank lines that are text, and some that are not
    ("kind: |+\n  a\n\nx: b\n", ("kind",), MISSING, "x: b\n"),
    ("kind: |+\r\n  a\r\n\r\nx: b\r\n", ("kind",), "c", "kind: c\r\nx: b\r\n"),
    ("kind: |\n  a\n\nx: b\n", ("kind",), MISSING, "\nx: b\n"),
    ("kind: a\n\nx: b\n", ("kind",), "c\n\n", 'kind: "c\\n\\n"\n\nx: b\n'),
    ("kind: a\nx: b\n", ("kind",), "c\n\n", "kind: |+\n  c\n\nx: b\n"),
    ("kind: |+\n  a\n\nx: b\n", ("stage",), 1, "kind: |+\n  a\n\nstage: 1\nx: b\n"),
    ("x: y\na: |+\n  b\n   ", ("a",), MISSING, "x: y\n"),
    # values of several lines
    ('a: "b\n  # c\n  d"  # e\nf: g\n', ("a",), "h", "a: h  # e\nf: g\n"),
    ("a: b\n  c  # d\n", ("a",), ["e"], "a:  # d\n  - e\n"),
    ("a:\n  b c\n", ("a",), "d", "a:\n  d\n"),
    ("a: # b\n- c\n# d\n- e\nf: g\n", ("a",), ["h"], "a: # b\n  - h\n# d\nf: g\n"),
    ("a:\n  # b\n  c: d\n", ("a",), "e\nf", 'a: "e\\nf"\n# b\n'),
    ("a: |\n  b\nc:\n  # d\n  e: f\n", ("c", "e"), MISSING, "a: |\n  b\n# d\n"),
    ("a: |\n  b\n  # c\n\n# d\ne: f\n", ("a",), MISSING, "\n# d\ne: f\n"),
    # a mapping left empty
    ("a:\n  b:\n    c: d\nx: y\n", ("a", "b", "c"), MISSING, "x: y\n"),
    ("a: {b: {c: d}}\nx: y\n", ("a", "b", "c"), MISSING, "x: y\n"),
    ("a: {b: {c: d}, e: f}\n", ("a", "b", "c"), MISSING, "a: {e: f}\n"),
    ("x: y\na: # 1\n  # 2\n  b: c # 3\n  # 4\n", ("a", "b"), MISSING, "x: y\n  # 2\n  # 4\n"),
    ("a: {}\n", ("a", "b"), MISSING, "a: {}\n"),
    ("# c\na: b\n# d\n", ("a",), MISSING, "# c\n{}\n# d\n"),
    ("{a: b}\n", ("a",), MISSING, "{}\n"),
    # braces
    ("a: {}\n", ("a", "b"), "c", "a: {b: c}\n"),
    ("a: { b: c } # d\n", ("a", "e"), "f", "a: { b: c, e: f } # d\n"),
    ("a: {b: c, }\n", ("a", "e"), "f", "a: {b: c, e: f, }\n"),
    ('{"kind": "a","x":1}', ("stage",), "b", '{"kind": "a", stage: b,"x":1}'),
    ('{"kind": "a"}', ("apiVersion",), {"b": []}, '{apiVersion: {b: []}, "kind": "a"}'),
    ('{"kind": "a","x":1}', ("kind",), MISSING, '{"x":1}'),
    ('{"kind":"a"}', ("kind",), {"b": None}, '{"kind":{b: null}}'),
    (
        "a: {\n  b: c,  # d\n  e: f  # g\n}\n",
        ("a", "h"),
        "i",
        "a: {\n  b: c,  # d\n  e: f,  # g\n  h: i\n}\n",
    ),
    ("{\n  kind: a,\n  x: b,\n}\n", ("stage",), 1, "{\n  kind: a,\n  stage: 1,\n  x: b,\n}\n"),
    ("a: {\n  b: c,\n  # d\n  e: f\n}\n", ("a", "e"), MISSING, "a: {\n  b: c\n  # d\n}\n"),
    ("a: {\n  b: c,\n  e: f, # d\n}\n", ("a", "e"), MISSING, "a: {\n  b: c,\n}\n"),
    ("a: {\n  b: c, # d\n  e: f\n}\n", ("a", "b"), MISSING, "a: {\n  e: f\n}\n"),
    ("a: {b: c,\n  # d\n  e: f}\n", ("a", "e"), MISSING, "a: {b: c,\n  # d\n  }\n"),
    ("a: {b: c,\n  # d\n  e: f}\n", ("a", "b"), MISSING, "a: {\n  # d\n  e: f}\n"),
    ("a: {b: c\n  , d: e}\n", ("a", "d"), "f", "a: {b: c\n  , d: f}\n"),
    # keys that announce themselves
    ("? a\n: b\nc: d\n", ("a",), "e", "? a\n: e\nc: d\n"),
    ("? a\n: b\nc: d\n", ("a",), MISSING, "c: d\n"),
    ("? a\n: b\nc: d\n", ("a",), "e\nf", "a: |-\n  e\n  f\nc: d\n"),
    ("--- # c\na: b\n", ("a",), "c", "--- # c\na: c\n"),
]


@pytest.mark.parametrize(("raw", "path", "value", "expected"), HANDWRITTEN)
def test_an_edit_fits_what_it_finds(
    raw: str, path: tuple[str, ...], value: Value | Missing, expected: str
) -> None:
    assert edit(raw.encode(), path, value, order=ORDER).decode() == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (
            "# a\nx:\n  b: |\n    text\n  c: d\n    # would be text\ny: z\n",
            '# a\nx: {b: "text\\n"}\n    # would be text\ny: z\n',
        ),
        ("# a\nx: {\n  c: d\n  , e: f\n}\ny: z\n", "# a\nx:\n  e: f\ny: z\n"),
    ],
)
def test_an_entry_is_written_anew_if_no_smaller_edit_is_right(raw: str, expected: str) -> None:
    assert edit(raw.encode(), ("x", "c"), MISSING).decode() == expected


def test_a_manifest_is_written_anew_if_nothing_else_is_right() -> None:
    raw = b"note: |\n  text\nteam: risk\n  # would be text\n"
    assert edit(raw, ("team",), MISSING) == b"note: |\n  text\n"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("stage",), "Staging"),
        (("tags", "price"), "3"),
        (("metrics",), {"auc": 0.94, "f1": 0.5}),
        (("x",), MISSING),
        (("tags", "x"), MISSING),
        (("x", "y", "z"), MISSING),
    ],
)
def test_setting_the_same_value_changes_no_byte(path: tuple[str, ...], value: Value) -> None:
    raw = AUTHOR.encode()
    assert edit(raw, path, value) is raw


@pytest.mark.parametrize(("old", "new"), [("1", 1.0), ("1", True), ("'1'", 1), ("0.0", -0.0)])
def test_a_value_of_another_type_is_another_value(old: str, new: Value) -> None:
    assert repr(read(edit(f"a: {old}\n".encode(), ("a",), new)).data) == repr({"a": new})


def test_a_path_goes_through_mappings_only() -> None:
    for path in (("stage", "x"), ("tags", "team", "x")):
        with pytest.raises(InvalidValueError) as caught:
            edit(AUTHOR.encode(), path, "a")
        assert str(caught.value) == f'"{path[-2]}" is not a mapping, so it has no keys'


def test_only_a_manifest_is_edited_and_only_to_a_manifest() -> None:
    with pytest.raises(ManifestError, match=r"^line 1: tags"):
        edit(b"a: !b c", ("a",), "d")
    with pytest.raises(InvalidValueError, match=r"^nan is not a number a manifest can hold$"):
        edit(b"a: b", ("a",), float("nan"))
    with pytest.raises(InvalidValueError, match="digits"):
        edit(b"a: b", ("a",), 10**5000)


# Files as people write them: each key in some style, with comments and blank lines between.

WORDS = [
    "risk",
    "Scores card payments.",
    "runs:/9c1/model",
    "3",
    "true",
    '"a # b"',
    "'it''s'",
    "null",
]
NAMES = ["a", "b", "c", "d"]
REMARKS = ["", "", "  # a remark", "   # another: one # more"]
Style = Callable[[st.DataObject, str, str], list[str]]


def one(data: st.DataObject, choices: list[str]) -> str:
    return data.draw(st.sampled_from(choices))


def some(data: st.DataObject, *, least: int) -> list[str]:
    return data.draw(st.lists(st.sampled_from(NAMES), unique=True, min_size=least, max_size=3))


def word(data: st.DataObject, head: str, indent: str) -> list[str]:
    return [f"{head}{one(data, [' ', '    '])}{one(data, WORDS)}{one(data, REMARKS)}"]


def braces(data: st.DataObject, head: str, indent: str) -> list[str]:
    space = one(data, ["", " "])
    body = ", ".join(f"{name}: {one(data, WORDS)}" for name in some(data, least=0))
    return [f"{head} {{{space}{body}{space}}}{one(data, REMARKS)}"]


def long_braces(data: st.DataObject, head: str, indent: str) -> list[str]:
    *names, last = some(data, least=1)
    lines = [f"{indent}  {name}: {one(data, WORDS)},{one(data, REMARKS)}" for name in names]
    lines.append(f"{indent}  {last}: {one(data, WORDS)}{one(data, ['', ','])}{one(data, REMARKS)}")
    lines.insert(data.draw(st.integers(0, len(lines))), f"{indent}  # own")
    return [f"{head} {{", *lines, f"{indent}}}{one(data, REMARKS)}"]


def text(data: st.DataObject, head: str, indent: str) -> list[str]:
    sign = one(data, ["|", "|-", "|+", ">", ">-", "|2", "|2+"])
    more = data.draw(
        st.lists(st.sampled_from(["more", "# no remark", "key: value", ""]), max_size=3)
    )
    lines = [f"{indent}  {line}" if line else "" for line in ("text", *more)]
    return [f"{head} {sign}{one(data, REMARKS)}", *lines]


def long_word(data: st.DataObject, head: str, indent: str) -> list[str]:
    if data.draw(st.booleans()):
        return [f"{head} some words", f"{indent}  and more{one(data, REMARKS)}"]
    return [f'{head} "some words', f"{indent}  # and more", f'{indent}  end"{one(data, REMARKS)}']


def items(data: st.DataObject, head: str, indent: str) -> list[str]:
    inner = indent + one(data, ["", "  "])
    lines = [f"{inner}- {one(data, WORDS)}{one(data, REMARKS)}" for _ in some(data, least=1)]
    return [f"{head}{one(data, REMARKS)}", *lines]


VALUES: list[Style] = [word, braces, long_braces, text, long_word, items]


def mapping(data: st.DataObject, head: str, indent: str) -> list[str]:
    inner = indent + one(data, ["  ", "    "])
    lines = [f"{head}{one(data, REMARKS)}"]
    for name in some(data, least=1):
        lines += [f"{inner}# own"] * data.draw(st.integers(0, 1))
        lines += data.draw(st.sampled_from(VALUES))(data, f"{inner}{name}:", inner)
    return lines


def handwritten(data: st.DataObject) -> dict[str, list[str]]:
    """Draw a file's lines, by key; what stands between the keys is under no key of ``ORDER``."""
    blocks = {"head": data.draw(st.sampled_from([[], ["# own", "# own"], ["---"]]))}
    keys = data.draw(st.lists(st.sampled_from(ORDER), unique=True, min_size=1, max_size=4))
    for key in keys:
        blocks[f"above {key}"] = data.draw(st.sampled_from([[], [""], ["# own"], ["", "# own"]]))
        blocks[key] = data.draw(st.sampled_from([*VALUES, mapping, mapping]))(data, f"{key}:", "")
    return blocks


NEW: list[Value | Missing] = [
    "new",
    "two\nlines\n",
    "x\ny",
    "end\n\n",
    " lead\nx",
    "",
    "a, b",
    "yes",
]
NEW += [3, 1.5, True, None, {}, [], {"k": "v"}, ["a", "b"], {"k": {"l": "m"}}, [{"n": "x", "p": 1}]]
NEW += ["x" * 200, {"t": "a\n\n"}, MISSING, MISSING, MISSING]


def shown(value: Value) -> str:
    """Tell 1 from 1.0 and true, and do not care for order."""
    return json.dumps(value, sort_keys=True)


def changed(data: dict[str, Value], path: tuple[str, ...], value: Value | Missing) -> Value:
    """Say what an edit is to come to, a new key last."""
    key, *rest = path
    left = {name: old for name, old in data.items() if name != key}
    inner = data.get(key, {})
    if rest and isinstance(inner, dict):
        value = changed(inner, tuple(rest), value) or (MISSING if inner or key not in data else {})
    return left if value is MISSING else {**left, key: value}


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_of_a_handwritten_file_an_edit_keeps_every_line_that_is_not_its_own(
    data: st.DataObject,
) -> None:
    blocks = handwritten(data)
    newline = one(data, ["\n", "\r\n"])
    raw = newline.join([line for lines in blocks.values() for line in [*lines]]) + newline
    before = read(raw.encode()).data
    path: tuple[str, ...] = (one(data, list(ORDER)),)
    if isinstance(before.get(path[0], {}), dict):
        path += tuple(data.draw(st.lists(st.sampled_from([*NAMES, "z"]), max_size=1)))
    value = data.draw(st.sampled_from(NEW))
    after = edit(raw.encode(), path, value, order=ORDER)
    assert shown(read(after).data) == shown(changed(before, path, value))
    assert_kept(blocks, path[0], after.decode(), newline)


def assert_kept(blocks: dict[str, list[str]], edited: str, text: str, newline: str) -> None:
    for key, lines in blocks.items():
        assert key == edited or newline.join(lines).rstrip() in text
    remarks = [
        line.strip() for lines in blocks.values() for line in lines if line.strip() == "# own"
    ]
    assert sum(line.strip() == "# own" for line in text.split("\n")) == len(remarks)
    assert text.count("\n") == text.count(newline)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_an_edit_of_any_written_manifest_comes_to_what_was_asked(data: st.DataObject) -> None:
    names = st.sampled_from(["a", "b", "on", "k" * 1001, "é 😀", "\x85"])
    texts = st.sampled_from(["", "a", "b\n", "c\n\n\n", " d\ne", "# f", "\x00", "\u2028\n"])
    inner = st.recursive(
        texts | st.integers() | st.none(),
        lambda more: st.lists(more, max_size=2) | st.dictionaries(names, more, max_size=3),
        max_leaves=5,
    )
    before: dict[str, Value] = data.draw(st.dictionaries(names, inner, min_size=1, max_size=4))
    path: tuple[str, ...] = (data.draw(names),)
    if isinstance(before.get(path[0], {}), dict):
        path += tuple(data.draw(st.lists(names, max_size=1)))
    value: Value | Missing = data.draw(inner | st.just(MISSING))
    after = edit(write(before), path, value)
    assert shown(read(after).data) == shown(changed(before, path, value))
