import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitreg.errors import InvalidValueError
from gitreg.manifest.codec import MAX_BYTES, MAX_NODES, ManifestError, Value, quoted, read

VERSION = b"""\
# what the risk team serves
apiVersion: gitreg/v1
kind: ModelVersion
stage: None      # where versions are born
code:
  commit: 4f1c2aa
  dirty: false
stages:
  - {name: None}
  - name: Staging
    protected: true
"""


def refusal(raw: bytes | str) -> ManifestError:
    with pytest.raises(ManifestError) as caught:
        read(raw.encode() if isinstance(raw, str) else raw)
    return caught.value


def test_a_manifest_reads_as_plain_data_and_keeps_its_bytes() -> None:
    document = read(VERSION)
    assert document.data == {
        "apiVersion": "gitreg/v1",
        "kind": "ModelVersion",
        "stage": "None",
        "code": {"commit": "4f1c2aa", "dirty": False},
        "stages": [{"name": "None"}, {"name": "Staging", "protected": True}],
    }
    assert document.raw is VERSION


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("true", True),
        ("false", False),
        ("null", None),
        ("0", 0),
        ("-0", 0),
        ("42", 42),
        ("-7", -7),
        ("0.5", 0.5),
        ("-0.0", -0.0),
        ("1.0", 1.0),
        ("1e5", 1e5),
        ("1E-05", 1e-5),
        ("1.0e+22", 1e22),
        ("9" * 400, int("9" * 400)),
        ("-" + "9" * 400, -int("9" * 400)),
    ],
)
def test_three_words_and_the_numbers_of_json_are_typed(written: str, value: Value) -> None:
    assert repr(read(f"a: {written}".encode()).data) == repr({"a": value})
    assert repr(read(f"a: [{written}]".encode()).data) == repr({"a": [value]})


WORDS = """True TRUE False yes no on off y n None Null NULL ~ 01 +1 1_000 0x1F 0o17 0b1 1:30 .5 5.
.inf .nan -.inf 1e 1.e5 2026-01-01 2026-01-01T10:00:00Z = << 1.2.3 4f1c2aa ١ a:b -x"""


@pytest.mark.parametrize("written", WORDS.split())
def test_every_other_plain_word_is_text(written: str) -> None:
    assert read(f"a: {written}\nb: [{written}]".encode()).data == {"a": written, "b": [written]}


@pytest.mark.parametrize("written", ["'3'", '"true"', "|-\n  null", ">-\n  1.5", "'~'", '""', "''"])
def test_what_is_quoted_or_in_a_block_is_text(written: str) -> None:
    assert type(read(f"a: {written}".encode()).data["a"]) is str


def test_keys_are_always_text() -> None:
    assert read(b"{1: a, true: b, 1.0: c, null: d, '': e}").data == {
        "1": "a",
        "true": "b",
        "1.0": "c",
        "null": "d",
        "": "e",
    }


@pytest.mark.parametrize(
    ("raw", "data"),
    [
        ("---\na: b\n", {"a": "b"}),
        ("# a comment\n--- # another\n{a: b}", {"a": "b"}),
        ("--- {a: b}", {"a": "b"}),
        ("{}", {}),
        ("a: |\r\n  one\r\n  two\r\nb: c\r\n", {"a": "one\ntwo\n", "b": "c"}),
        ('a: "\\0\\x85\\u2028\\ufeff\\U0001F600"', {"a": "\0\x85\u2028\ufeff😀"}),
        ("a:\tb # é\t😀", {"a": "b"}),
        ('"<<": {"=": "!x"}', {"<<": {"=": "!x"}}),
        ("? a\n: b\n", {"a": "b"}),
    ],
)
def test_what_is_harmless_is_read(raw: str, data: Value) -> None:
    assert read(raw.encode()).data == data


REFUSALS = [
    ("", "the manifest is empty", ""),
    ("# only a comment\n", "the manifest is empty", ""),
    ("---\n", "the manifest is empty", ""),
    (b"a: b\nc: \xff\n", "line 2: byte 0xFF is not UTF-8", "save the file as UTF-8"),
    (
        b"\xef\xbb\xbfa: b\n",
        "line 1: the raw character U+FEFF is not allowed",
        "save the file as UTF-8 without a byte order mark",
    ),
    (
        "a: b\n# \u2028c: d\n",
        "line 2: the raw character U+2028 is not allowed",
        'in double quotes, write "\\u2028"',
    ),
    (
        "a: b\rc: d\n",
        "line 1: the raw character U+000D is not allowed",
        "end lines with LF, or with CR LF",
    ),
    (
        "a: b\nc: d\na: e\n",
        'line 3: key "a" stands twice',
        "keep one of the two",
    ),
    ("1: a\n'1': b\n", 'line 2: key "1" stands twice', "keep one of the two"),
    (
        "kind: a\nstage:  # none yet\nb: c\n",
        'line 2: key "stage" has no value',
        'write null, "" or {}, or remove the line',
    ),
    ("a: {b, c}", 'line 1: key "b" has no value', 'write null, "" or {}, or remove the line'),
    (
        "\n" + "k" * 70 + ":\n",
        'line 2: key "' + "k" * 59 + '…" has no value',
        'write null, "" or {}, or remove the line',
    ),
    ("a:\n  -\n", "line 2: a list item has no value", 'write null or "", or remove it'),
    ("?\n: b", "line 1: a key is missing", 'write "key: value"'),
    ("a:\n  <<: {b: c}\n", "line 2: merge keys (<<) are not allowed", "write the keys out"),
    ("[a]: b", "line 1: a key must be text, not a list or mapping", "quote it"),
    ("a: {{b: c}: d}", "line 1: a key must be text, not a list or mapping", "quote it"),
    (
        "a: &x b\n",
        "line 1: anchors (&) are not allowed",
        'write the value out, or quote text that starts with "&"',
    ),
    (
        "a: &x\n",
        "line 1: anchors (&) are not allowed",
        'write the value out, or quote text that starts with "&"',
    ),
    (
        "a: b\nc: *x\n",
        "line 2: aliases (*) are not allowed",
        'write the value out, or quote text that starts with "*"',
    ),
    (
        "*x : b\n",
        "line 1: aliases (*) are not allowed",
        'write the value out, or quote text that starts with "*"',
    ),
    (
        "a: !!str 3\n",
        "line 1: tags (!) are not allowed",
        'remove it, or quote text that starts with "!"',
    ),
    ("a: !%ED%A0%80 b\n", "a tag (!) holds %-escapes that are not UTF-8", ""),
    ("%YAML 1.1\n---\na: b\n", "line 1: directives (%) are not allowed", "remove the line"),
    ("%TAG ! x\n---\na: b\n", "line 1: directives (%) are not allowed", "remove the line"),
    ("a: b\n...\n", 'line 2: the end marker "..." is not allowed', "remove the line"),
    ("a: b\n---\nc: d\n", "line 2: a second document starts here", "one file is one manifest"),
    ("- a\n", "line 1: a manifest is a mapping", 'write "key: value" lines'),
    ("# c\njust text", "line 2: a manifest is a mapping", 'write "key: value" lines'),
    (
        "a: " + "9" * 401,
        "line 1: a number may have 400 digits, not 401",
        "quote it, if it is text",
    ),
    ("a: 1e999", "line 1: 1e999 is too large for a number", "quote it, if it is text"),
    ("a: -1e999", "line 1: -1e999 is too large for a number", "quote it, if it is text"),
    (
        "a: b: c",
        "line 1: this is not YAML: mapping values are not allowed in this context",
        'put text that contains ": " in double quotes, or check the indentation',
    ),
    (
        "a: b\n- c\n",
        "line 2: this is not YAML: did not find expected key",
        "check the indentation of this line",
    ),
    (
        "a: b\nc\nd: e",
        "line 3: this is not YAML: could not find expected ':'",
        'write "key: value"',
    ),
    (
        "a: b\nc: @everyone\n",
        "line 2: this is not YAML: found character that cannot start any token",
        "put the text in double quotes",
    ),
    (
        "a:\n\tb: c\n",
        "line 2: this is not YAML: found character that cannot start any token",
        "indent with spaces, not tabs",
    ),
    (
        "a: b\nc: 'd\ne: f\n",
        "line 2: this is not YAML: found unexpected end of stream",
        "close the quotes",
    ),
    (
        'a: "C:\\models"\n',
        "line 1: this is not YAML: found unknown escape character",
        "write \\\\ for a backslash, or use single quotes",
    ),
    ('a: "\\ud800"', "line 1: this is not YAML: found invalid Unicode character escape code", ""),
    ("a: {b: c\n", "line 1: this is not YAML: did not find expected ',' or '}'", ""),
]


@pytest.mark.parametrize(("raw", "message", "hint"), REFUSALS)
def test_each_refusal_says_what_where_and_the_way_out(
    raw: bytes | str, message: str, hint: str
) -> None:
    error = refusal(raw)
    assert (str(error), error.hint) == (message, hint)
    assert message.startswith(f"line {error.line}: " if error.line else "")
    assert isinstance(error, InvalidValueError)


@pytest.mark.parametrize(
    ("raw", "line", "column"),
    [("a: b\n c: &x d", 2, 3), ("é: '\x07'", 1, 5), ("a: b\r\nc: *x", 2, 4), ("", 0, 0)],
)
def test_a_refusal_knows_line_and_column(raw: str, line: int, column: int) -> None:
    error = refusal(raw)
    assert (error.line, error.column) == (line, column)


ILLEGAL = [
    *range(9),
    0xB,
    0xC,
    *range(0xE, 0x20),
    *range(0x7F, 0xA0),
    0x2028,
    0x2029,
    0xFEFF,
    0xFFFE,
]


@pytest.mark.parametrize("number", [*ILLEGAL, 0xFFFF])
def test_no_raw_control_character_stands_anywhere_but_escaped_it_may(number: int) -> None:
    for raw in (f"a: b # {chr(number)}", f"a: b{chr(number)}c", f"a: '{chr(number)}'"):
        assert str(refusal(raw)) == f"line 1: the raw character U+{number:04X} is not allowed"
    assert read(f'a: "\\u{number:04X}"'.encode()).data == {"a": chr(number)}


def test_a_manifest_nests_20_deep_and_not_deeper() -> None:
    read(b"a: " + b"[" * 19 + b"]" * 19)
    assert str(refusal("a: " + "[" * 20 + "]" * 20)) == "line 1: this is nested deeper than 20"
    nested = "".join("  " * depth + "a:\n" for depth in range(20))
    assert str(refusal(nested + "  " * 20 + "a: b")) == "line 21: this is nested deeper than 20"


def test_a_manifest_has_50_000_keys_and_values_and_not_more() -> None:
    read(f"a: [{'b,' * (MAX_NODES - 3)}]".encode())
    error = refusal(f"a: [{'b,' * (MAX_NODES - 2)}]")
    assert str(error) == "line 1: a manifest may have 50000 keys and values, not more"


def test_a_manifest_has_2_mib_and_not_more() -> None:
    raw = b"a: b\n#".ljust(MAX_BYTES, b"#")
    assert read(raw).data == {"a": "b"}
    error = refusal(raw + b"#")
    assert str(error) == "2097153 bytes are more than the 2097152 a manifest may have"


ALIASES = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join(['*' + before] * 9)}]\n"
    for before, name in zip("abcdefg", "bcdefgh", strict=True)
)
MERGES = "a: &a {x: y}\n" + "".join(
    f"{name}: &{name} {{<<: [{','.join(['*' + before] * 9)}]}}\n"
    for before, name in zip("abcdefg", "bcdefgh", strict=True)
)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (ALIASES, "line 1: anchors (&) are not allowed"),
        (MERGES, "line 1: anchors (&) are not allowed"),
        ("a: " + "[" * 20_000 + "]" * 20_000, "line 1: this is nested deeper than 20"),
        ("[" * MAX_BYTES, "line 1: this is nested deeper than 20"),
        ("- " * (MAX_BYTES // 2), "line 1: this is nested deeper than 20"),
        ("{" * MAX_BYTES, "line 1: a key must be text, not a list or mapping"),
        ("? " * (MAX_BYTES // 2), "line 1: a key must be text, not a list or mapping"),
        ("&a " * 600_000, "line 1: anchors (&) are not allowed"),
        ("a: " + "9" * 2_000_000, "line 1: a number may have 400 digits, not 2000000"),
        ("k" * 2_000_000 + ": v", "line 1: a manifest is a mapping"),
        ("stage: Staging\nkind: x\nstage: Production", 'line 3: key "stage" stands twice'),
        ("a: b # \u2028hidden: key", "line 1: the raw character U+2028 is not allowed"),
        ("a: b # \x85hidden: key", "line 1: the raw character U+0085 is not allowed"),
    ],
)
def test_no_trick_takes_longer_than_its_bytes(raw: str, message: str) -> None:
    start = time.process_time()
    assert str(refusal(raw)) == message
    assert time.process_time() - start < 1


LOCATED = b"""\
# heading
kind: a
tags:
  # about team
  team: b
  text: |
    c

list:
- x
- name: y
  more: z
flow: {k: v,
  l: [1,
    2]}
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ((), 2),
        (("kind",), 2),
        (("tags",), 3),
        (("tags", "team"), 5),
        (("tags", "text"), 6),
        (("list",), 9),
        (("list", 0), 10),
        (("list", 1), 11),
        (("list", 1, "more"), 12),
        (("flow", "k"), 13),
        (("flow", "l", 1), 15),
        (("missing",), 2),
        (("tags", "missing"), 3),
        (("tags", "team", "deeper"), 5),
        (("list", 7), 9),
        (("list", -1), 9),
        (("list", "text"), 9),
        (("tags", 0), 3),
    ],
)
def test_a_path_has_a_line_or_that_of_its_nearest_ancestor(
    path: tuple[str | int, ...], line: int
) -> None:
    assert read(LOCATED).line(path) == line


def test_text_in_quotes_is_what_json_and_yaml_read() -> None:
    text = 'say "hi"\\\n\t\x00\x85\u2028\u202e\ufeffé😀'
    assert quoted(text) == r'"say \"hi\"\\\n\t\u0000\u0085\u2028\u202E\uFEFFé😀"'
    assert json.loads(quoted(text)) == text
    assert read(f"a: {quoted(text)}".encode()).data == {"a": text}


ascii_text = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=8)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | ascii_text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ascii_text, inner, max_size=3),
    max_leaves=10,
)


@settings(deadline=None)
@given(st.dictionaries(ascii_text, json_values, max_size=4), st.sampled_from([None, 2]))
def test_json_is_read_as_json(data: dict[str, Value], indent: int | None) -> None:
    assert repr(read(json.dumps(data, indent=indent).encode()).data) == repr(data)
