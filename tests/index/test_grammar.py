"""The filter language: what it says, and where it says something is wrong."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitreg.errors import InvalidValueError
from gitreg.index.expressions import And, Comparison, Expression, Literal, Not, Or, Value
from gitreg.index.grammar import MAX_LENGTH, parse


def refused(text: str) -> tuple[str, str]:
    with pytest.raises(InvalidValueError) as caught:
        parse(text)
    return str(caught.value), caught.value.hint


def read(text: str) -> tuple[str, str, str, tuple[Value, ...]]:
    found = parse(text).expression
    assert isinstance(found, Comparison)
    return found.kind, found.key, found.operator, tuple(one.value for one in found.literals)


@pytest.mark.parametrize(
    ("text", "kind", "key", "operator", "values"),
    [
        ("name = 'fraud'", "attribute", "name", "=", ("fraud",)),
        ("attribute.name='fraud'", "attribute", "name", "=", ("fraud",)),
        ('attributes.name != "fraud"', "attribute", "name", "!=", ("fraud",)),
        ("`name` like 'f%'", "attribute", "name", "LIKE", ("f%",)),
        ("\"name\" iLike 'f%'", "attribute", "name", "ILIKE", ("f%",)),
        ("attribute.`name` = ''", "attribute", "name", "=", ("",)),
        ("tag.team = 'risk'", "tag", "team", "=", ("risk",)),
        ("tags.mlflow.source.type = 'x'", "tag", "mlflow.source.type", "=", ("x",)),
        ("tags.`a b` = 'x'", "tag", "a b", "=", ("x",)),
        ("tags.`a``b` = 'x'", "tag", "a`b", "=", ("x",)),
        ('tags."a.b" = "x"', "tag", "a.b", "=", ("x",)),
        ("tags.in = 'x'", "tag", "in", "=", ("x",)),
        ("tags.AND = 'x'", "tag", "AND", "=", ("x",)),
        ("tags.1st = 'x'", "tag", "1st", "=", ("x",)),
        ("tags.team/lead-a:b@c = 'x'", "tag", "team/lead-a:b@c", "=", ("x",)),
        ("tags.größe = 'x'", "tag", "größe", "=", ("x",)),
        ("name = 'O''Hara'", "attribute", "name", "=", ("O'Hara",)),
        ("name = ''''", "attribute", "name", "=", ("'",)),
        ('name = "say ""hi"""', "attribute", "name", "=", ('say "hi"',)),
        ("name = 'a \"b\" `c`'", "attribute", "name", "=", ('a "b" `c`',)),
        ("name = 'AND OR NOT ('", "attribute", "name", "=", ("AND OR NOT (",)),
        ("name = 'two\nlines'", "attribute", "name", "=", ("two\nlines",)),
        ("metrics.auc >= 0.9", "metric", "auc", ">=", (0.9,)),
        ("metric.auc<-1", "metric", "auc", "<", (-1,)),
        ("metrics.`val loss` > 1.5e-3", "metric", "val loss", ">", (0.0015,)),
        ("metrics.auc < .5", "metric", "auc", "<", (0.5,)),
        ("metrics.auc < +5.", "metric", "auc", "<", (5.0,)),
        ("metrics.auc < 1e999", "metric", "auc", "<", (float("inf"),)),
        ("params.depth = 3", "param", "depth", "=", (3,)),
        ("parameter.depth = '3'", "param", "depth", "=", ("3",)),
        ("version_number = 999999999999999999", "attribute", "version_number", "=", (10**18 - 1,)),
        ("version_number = 1000000000000000000", "attribute", "version_number", "=", (1e18,)),
        ("name in ('a')", "attribute", "name", "IN", ("a",)),
        ("name IN('a',\"b\" , 'c',)", "attribute", "name", "IN", ("a", "b", "c")),
        ("name not\n in ('a')", "attribute", "name", "NOT IN", ("a",)),
        ("name Not Like 'a'", "attribute", "name", "NOT LIKE", ("a",)),
        ("name NOT ILIKE 'a'", "attribute", "name", "NOT ILIKE", ("a",)),
        ("text MATCH 'fraud cards'", "attribute", "text", "MATCH", ("fraud cards",)),
        ("((name = 'a'))", "attribute", "name", "=", ("a",)),
        ("\t name\u00a0= 'a' \n", "attribute", "name", "=", ("a",)),
    ],
)
def test_a_comparison_is_a_key_a_comparator_and_values(
    text: str, kind: str, key: str, operator: str, values: tuple[Value, ...]
) -> None:
    assert read(text) == (kind, key, operator, values)


@pytest.mark.parametrize("text", ["", " ", "\n\t "])
def test_an_empty_filter_says_nothing(text: str) -> None:
    assert parse(text).expression is None
    assert parse(text).conjuncts == ()


def shape(expression: Expression) -> str:
    match expression:
        case Comparison(key=key):
            return key
        case Not(part):
            return f"!{shape(part)}"
        case And(parts):
            return f"({' & '.join(map(shape, parts))})"
        case Or(parts):
            return f"({' | '.join(map(shape, parts))})"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a AND b AND c", "(a & b & c)"),
        ("a or b OR c", "(a | b | c)"),
        ("a AND b OR c AND d", "((a & b) | (c & d))"),
        ("a AND (b OR c) AND d", "(a & (b | c) & d)"),
        ("NOT a AND b", "(!a & b)"),
        ("NOT (a AND b)", "!(a & b)"),
        ("NOT NOT a", "!!a"),
        ("a AND (b AND (c AND d))", "(a & b & c & d)"),
        ("(a OR b) OR c", "(a | b | c)"),
        ("a AND NOT(b)or c", "((a & !b) | c)"),
    ],
)
def test_not_binds_closer_than_and_which_binds_closer_than_or(text: str, wanted: str) -> None:
    for key in "abcd":
        text = text.replace(f"{key} ", f"{key}=1 ").replace(f"{key})", f"{key}=1)")
    found = parse(f"{text}=1" if text[-1].isalpha() else text).expression
    assert found is not None
    assert shape(found) == wanted


def test_every_part_knows_its_place() -> None:
    found = parse("  name = 'a' AND tags.x NOT IN ('b', 'c')").expression
    assert found == And(
        (
            Comparison("attribute", "name", "=", (Literal("a", 9),), 2, 7),
            Comparison("tag", "x", "NOT IN", (Literal("b", 32), Literal("c", 37)), 17, 24),
        )
    )


@pytest.mark.parametrize(
    ("text", "message", "place", "hint"),
    [
        ("name", "expected a comparator, such as = or LIKE; found the end", 4, ""),
        ("name =", "expected a value; found the end", 6, ""),
        ("name = fraud", "expected a value; found 'fraud'", 7, "text stands in quotes: 'fraud'"),
        ("name = 'a' AND", "expected a key, such as name or tags.team; found the end", 14, ""),
        ("AND name = 'a'", "expected a key, such as name or tags.team; found 'AND'", 0, ""),
        ("NOT", "expected a key, such as name or tags.team; found the end", 3, ""),
        ("()", "expected a key, such as name or tags.team; found ')'", 1, ""),
        (
            "'name' = 'a'", """expected a key, such as name or tags.team; found "'name'\"""", 0,
            "a key stands in no quotes, or in backticks",
        ),
        ("name 'a'", """expected a comparator, such as = or LIKE; found "'a'\"""", 5, ""),
        (
            "name lik 'a'", "expected a comparator, such as = or LIKE; found 'lik'", 5,
            'did you mean "LIKE"?',
        ),
        (
            "tags.x IS NULL", "expected a comparator, such as = or LIKE; found 'IS'", 7,
            "NOT (tags.team LIKE '%') finds what has no tag team",
        ),
        ("name NOT 'a'", """expected LIKE, ILIKE or IN; found "'a'\"""", 9, ""),
        ("name IN 'a'", """expected a list in parentheses; found "'a'\"""", 8, ""),
        ("name IN ()", "expected a value; found ')'", 9, ""),
        ("name IN ('a' 'b')", """expected a comma or ')'; found "'b'\"""", 13, ""),
        ("name IN ('a'", "expected a comma or ')'; found the end", 12, ""),
        ("name = 'a' name = 'b'", "expected AND or OR; found 'name'", 11, ""),
        (
            "name = 'a' adn name = 'b'", "expected AND or OR; found 'adn'", 11,
            'did you mean "AND"?',
        ),
        ("(name = 'a'", "expected ')'; found the end", 11, ""),
        ("name = 'a')", "this ')' closes nothing", 10, ""),
        ("name = 'a", "the quote ' is never closed", 7, ""),
        ("name = 'it's'", "expected AND or OR; found 's'", 11, ""),
        ("tags.`a = 'x'", "the quote ` is never closed", 5, ""),
        ("name = 12ab", "this is no number", 7, "text stands in quotes"),
        ("name & 'a'", "'&' has no meaning here", 5, "write AND or OR"),
        ("name = 'a'; x", "';' has no meaning here", 10, "write AND or OR"),
        ("name = “a”", "'“' has no meaning here", 7, ""),
        (
            "name == 'a'",
            "'==' is no comparator; they are =, !=, <, <=, >, >=, LIKE, ILIKE, IN and MATCH", 5,
            'did you mean "="?',
        ),
        (
            "tgs.x = 'a'", "'tgs' is no kind of key; they are attributes, tags, metrics and params",
            0, 'did you mean "tags"?',
        ),
        (
            "mlflow.user = 'a'",
            "'mlflow' is no kind of key; they are attributes, tags, metrics and params", 0,
            "a tag of that name is tags.mlflow.user",
        ),
        ("tags. = 'a'", "the name of the tag is missing", 0, ""),
        ("tags.`` = 'a'", "the name of the tag is missing", 0, ""),
    ],
)  # fmt: skip
def test_a_mistake_is_shown_at_its_place(text: str, message: str, place: int, hint: str) -> None:
    assert refused(text) == (f"{message}\n  {text}\n  {' ' * place}^", hint)


def test_a_long_filter_is_shown_around_the_mistake() -> None:
    text = "name = 'fraud' AND " * 5 + "nmae ~ 'x'" + " AND name = 'fraud'" * 5
    message, _ = refused(text)
    assert message == (
        "'~' is no comparator; they are =, !=, <, <=, >, >=, LIKE, ILIKE, IN and MATCH\n"
        "  ...e = 'fraud' AND name = 'fraud' AND nmae ~ 'x' AND name = 'fraud' AND n...\n"
        "                                             ^"
    )


def test_the_caret_stands_under_wide_characters_and_beside_lines() -> None:
    message, _ = refused("name = '漢字' AND\n\tname @")
    assert message.splitlines()[1:] == ["  name = '漢字' AND  name @", f"  {' ' * 24}^"]
    message, _ = refused("name = 'e\u0301' @")
    assert message.splitlines()[2] == f"  {' ' * 11}^"


@pytest.mark.parametrize("character", ["\0", "\ud800"])
def test_what_is_no_text_is_refused(character: str) -> None:
    message, _ = refused(f"name = '{character}'")
    assert message == (
        f"a filter cannot hold the character {character!a}\n  name = ' '\n          ^"
    )


def test_a_filter_has_bounds() -> None:
    long = "name = '" + "a" * (MAX_LENGTH - 9) + "'"
    assert len(read(long)[3][0:1]) == 1
    assert refused(long + " ") == ("the filter has 65,537 characters; 65,536 are the most", "")
    assert parse(" OR ".join(["a=1"] * 500)).expression is not None
    message, _ = refused(" OR ".join(["a=1"] * 501))
    assert message.startswith("the filter has 501 comparisons; 500 are the most\n  a=1 OR")
    assert parse("(" * 50 + "a=1" + ")" * 50).expression is not None
    message, _ = refused("(" * 51 + "a=1" + ")" * 51)
    assert message.startswith("the filter is nested deeper than 50 levels\n  (((")
    message, _ = refused("NOT " * 51 + "a=1")
    assert message.startswith("the filter is nested deeper than 50 levels\n  NOT")


@pytest.mark.parametrize(
    "text",
    [
        "(" * MAX_LENGTH,
        "NOT " * 16_000,
        "'" * (MAX_LENGTH - 1),
        "`" * MAX_LENGTH,
        "1" * (MAX_LENGTH - 1) + "x",
        "a='" * 20_000,
        "a=1 OR " * 9_000,
        ")" * MAX_LENGTH,
        "=" * MAX_LENGTH,
        "a" * 100_000,
    ],
)
def test_a_hostile_filter_is_refused_in_time(text: str) -> None:
    message, _ = refused(text)
    assert len(message) < 400


@settings(max_examples=300, deadline=None)
@given(st.text() | st.text("name tags.=<>!'\"`()%_,1-ANDORTLIKE\\"))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        assert parse(text).text == text
    except InvalidValueError as error:
        message, line, caret = str(error).splitlines()
        assert message
        assert line.startswith("  ")
        assert caret.strip() == "^"
