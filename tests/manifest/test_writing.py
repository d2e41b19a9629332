import math

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gitreg.errors import InvalidValueError
from gitreg.manifest.codec import MAX_BYTES, MAX_NODES, Value, read
from gitreg.manifest.writing import one_line, scalar, write


def test_a_manifest_is_written_in_block_style_in_the_order_given() -> None:
    data: dict[str, Value] = {
        "kind": "ModelVersion",
        "apiVersion": "gitreg/v1",
        "stage": "None",
        "description": "Retrained on October.\nBetter on small payments.\n",
        "code": {"repository": "https://git.acme.com/risk", "dirty": False, "more": {"deep": None}},
        "size": 1843302,
        "metrics": {"auc": 0.94},
        "params": {"n_estimators": "200"},
        "stages": [
            {"name": "None"},
            {"name": "Production", "protected": True, "owners": ["ada", "bo"]},
            "text",
            [1, [2, 3]],
            [{"a": "b"}, "two\nlines"],
            [],
        ],
        "delegates": [],
        "aliases": {},
        "größe": "ü 😀",
    }
    assert (
        write(data).decode()
        == """\
kind: ModelVersion
apiVersion: gitreg/v1
stage: None
description: |
  Retrained on October.
  Better on small payments.
code:
  repository: https://git.acme.com/risk
  dirty: false
  more:
    deep: null
size: 1843302
metrics:
  auc: 0.94
params:
  n_estimators: "200"
stages:
  - name: None
  - name: Production
    protected: true
    owners:
      - ada
      - bo
  - text
  - - 1
    - - 2
      - 3
  - - a: b
    - |-
      two
      lines
  - []
delegates: []
aliases: {}
größe: ü 😀
"""
    )
    assert read(write(data)).data == data


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("one\ntwo", "a: |-\n  one\n  two\n"),
        ("one\n", "a: |\n  one\n"),
        ("one\n\n", "a: |+\n  one\n\n"),
        ("one\n\ntwo\n", "a: |\n  one\n\n  two\n"),
        ("\none\n", "a: |\n\n  one\n"),
        (" one\ntwo", "a: |2-\n   one\n  two\n"),
        ("\n\tone", "a: |2-\n\n  \tone\n"),
        ("one \n  two\n \n", "a: |\n  one \n    two\n   \n"),
        ("# one\n--- : '\"\\\n", "a: |\n  # one\n  --- : '\"\\\n"),
        ("\n", 'a: "\\n"\n'),
        (" \n ", 'a: " \\n "\n'),
        ("one\r\ntwo", 'a: "one\\r\\ntwo"\n'),
        ("one\n\x00", 'a: "one\\n\\u0000"\n'),
        ("one\n\u2028\x85", 'a: "one\\n\\u2028\\u0085"\n'),
        ("one\n\u202e", 'a: "one\\n\\u202E"\n'),
    ],
)
def test_text_of_several_lines_is_a_block_where_that_is_exact(text: str, written: str) -> None:
    assert write({"a": text}).decode() == written
    assert read(written.encode()).data == {"a": text}


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, "null"),
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (-42, "-42"),
        (10**400 - 1, "9" * 400),
        (1.0, "1.0"),
        (-0.0, "-0.0"),
        (1e22, "1.0e+22"),
        (1.5e-07, "1.5e-07"),
    ],
)
def test_words_and_numbers_are_written_as_json_and_yaml_read_them(
    value: bool | float | None, written: str
) -> None:
    assert scalar(value) == scalar(value, flow=True) == written
    assert repr(read(f"a: {written}".encode()).data) == repr({"a": value})


PLAIN = """None Staging runs:/9c1/model 4f1c2aa sha256:0f3a s3://ml/9c1 a-b a#b a=b =a <a _a 1x
0xyz e5 a.b it's say"hi" a\\b ü 😀 yes! nine nope 1-2 \u200d"""


@pytest.mark.parametrize("text", PLAIN.split())
def test_text_that_every_reader_takes_for_text_stands_plain(text: str) -> None:
    assert scalar(text) == scalar(text, flow=True) == text


TYPED = r"""y Y n yes Yes NO on OFF true True FALSE null NULL ~ 1 -1 +1 01 007 1_000 +_ 1,000 0x1F
0o17 0b1 1.5 .5 5. . .. +. 1.2.3 1e5 1E-5 12e03 4e1 .inf -.Inf +.INF .nan .NaN 1:30 190:20:30.15
2026-01-01 2026-1-1 2026-01-01T10:00:00Z << = - -- --- -x ... ...x ? ?x : :x x: , [a ]a {a }a # #a
&a *a !a |a >a 'a "a %a @a `a""".split()  # noqa: SIM905  # as a list it is a page long


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        " a",
        "a ",
        "a\t",
        "a\tb",
        "a: b",
        "a #b",
        "a\nb",
        "2026-01-01 10:00",
        *TYPED,
        "\u2028",
        "\u202e",
        "\ufeff",
        "\x85",
        "a\x00b",
    ],
)
def test_all_other_text_stands_in_double_quotes_on_one_line(text: str) -> None:
    assert scalar(text)[0] == scalar(text)[-1] == '"'
    assert scalar(text) == scalar(text, flow=True)
    assert "\n" not in scalar(text)


@pytest.mark.parametrize("text", ["a, b", "a[0]", "a]", "{{a}}"[1:], "a}", "what?"])
def test_text_that_is_plain_in_a_block_may_need_quotes_between_braces(text: str) -> None:
    assert scalar("x" + text) == "x" + text
    assert scalar("x" + text, flow=True) == f'"x{text}"'


def test_any_value_can_be_written_on_one_line() -> None:
    value: Value = {"a": [1, None, "b, c", "d\ne"], "on": {}, "k" * 1001: [{"x": "z"}]}
    assert one_line(value) == (
        '{a: [1, null, "b, c", "d\\ne"], "on": {}, ? ' + "k" * 1001 + " : [{x: z}]}"
    )
    assert read(one_line(value).encode()).data == value


def test_a_key_too_long_for_libyaml_to_see_is_announced() -> None:
    data: dict[str, Value] = {
        "k" * 1024: "v",
        "l" * 2000: {"m" * 3000: [{"n" * 1001: "two\nlines"}]},
    }
    assert write(data).startswith(b"? kkk")
    assert read(write(data)).data == data


def test_an_empty_manifest_is_written() -> None:
    assert write({}) == b"{}\n"


def nested(depth: int) -> dict[str, Value]:
    data: dict[str, Value] = {"a": "b"}
    for _ in range(depth - 1):
        data = {"a": data}
    return data


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"a": math.nan}, "nan is not a number a manifest can hold"),
        ({"a": [-math.inf]}, "-inf is not a number a manifest can hold"),
        ({"a": 10**400}, "a number may have 400 digits, not more"),
        ({"a": -(10**5000)}, "a number may have 400 digits, not more"),
        ({"a": "b\ud800"}, '"b\\uD800" holds half a surrogate pair, which UTF-8 cannot'),
        ({"\udfff": "b"}, '"\\uDFFF" holds half a surrogate pair, which UTF-8 cannot'),
        ({"a": "b\n\ud800"}, '"b\\n\\uD800" holds half a surrogate pair, which UTF-8 cannot'),
        (nested(21), "a manifest may be nested 20 deep, not deeper"),
        ({"a": ["b"] * (MAX_NODES - 2)}, "a manifest may have 50000 keys and values, not more"),
        (
            {"a": "b" * MAX_BYTES},
            "2097156 bytes are more than the 2097152 a manifest may have",
        ),
    ],
)
def test_what_no_manifest_can_hold_is_refused(data: dict[str, Value], message: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        write(data)
    assert str(caught.value) == message


def test_what_a_manifest_can_just_hold_is_written() -> None:
    longest: dict[str, Value] = {"a": ["b"] * (MAX_NODES - 3)}
    for data in (nested(20), longest, {"a": "b" * (MAX_BYTES - 4)}):
        assert read(write(data)).data == data


odd = " \t\n:#-?,[]{}&*!|>'\"%@`ab01.e+_~=<\\\r\x00\x7f\x85\u2028\u202e\ufeff\uffffé😀"
texts = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    st.text(st.sampled_from(odd), max_size=20),
    st.from_regex(r"[-+]?[0-9.xXoObBeE_:,+~=nNyYtTfFzZ -]{0,9}", fullmatch=True),
    st.sampled_from(TYPED),
)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
manifests = st.dictionaries(texts, values, max_size=4)


@settings(deadline=None)
@given(manifests)
@example({"a": [1, 1.0, True, "1", "1.0", "true", None, "null", -0.0, 0.0]})
def test_what_is_written_reads_back_equal_with_types_and_order(data: dict[str, Value]) -> None:
    assert repr(read(write(data)).data) == repr(data)
    assert write(read(write(data)).data) == write(data)
    assert repr(read(f"a: {one_line(data)}".encode()).data) == repr({"a": data})


def texts_in(value: Value) -> list[str]:
    if isinstance(value, dict):
        return [*value, *(text for inner in value.values() for text in texts_in(inner))]
    if isinstance(value, list):
        return [text for inner in value for text in texts_in(inner)]
    return [value] if isinstance(value, str) else []


@settings(deadline=None)
@given(manifests)
def test_other_yaml_readers_find_the_same_texts(data: dict[str, Value]) -> None:
    texts_only: dict[str, Value] = {f"k{n}": text for n, text in enumerate(texts_in(data))}
    for loader in (yaml.CSafeLoader, yaml.SafeLoader):
        assert yaml.load(write(texts_only), Loader=loader) == texts_only
        assert yaml.load(write({"a": [texts_only]}), Loader=loader) == {"a": [texts_only]}
        assert yaml.load(one_line(texts_only), Loader=loader) == texts_only


@settings(deadline=None)
@given(texts)
def test_other_yaml_readers_find_the_same_keys(key: str) -> None:
    for loader in (yaml.CSafeLoader, yaml.SafeLoader):
        assert yaml.load(write({key: {key: "v"}}), Loader=loader) == {key: {key: "v"}}


@settings(deadline=None)
@given(texts)
def test_one_line_is_one_line(text: str) -> None:
    for written in (scalar(text), scalar(text, flow=True), one_line([text])):
        assert len(written.splitlines()) == 1
