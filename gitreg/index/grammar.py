"""The filter language: MLflow's, with OR, NOT, parentheses, NOT LIKE and MATCH.

::

    name LIKE 'fraud%' AND (tags.team = 'risk' OR NOT stage IN ('None', 'Archived'))

A comparison is a key, a comparator and a value. Keywords and comparators may stand in any case.
A key is ``name``, ``attribute.name``, ``tags.team``, ``metrics.auc`` or ``params.depth``; what is
no word stands in backticks or double quotes: ``tags.`team name```. Text stands in single or
double quotes; a quote inside is written twice. AND binds closer than OR, NOT closer than AND.
"""

from collections.abc import Callable, Set
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias, cast

from gitreg.domain.suggest import suggest
from gitreg.errors import InvalidValueError
from gitreg.index.expressions import And, Comparison, Expression, Filter, Literal, Not, Or, refusal

if TYPE_CHECKING:
    from lark import Token, Transformer

MAX_LENGTH = 65_536
MAX_COMPARISONS = 500
MAX_DEPTH = 50

ATTRIBUTE = "attribute"
KINDS = {
    "attribute": ATTRIBUTE, "attributes": ATTRIBUTE, "attr": ATTRIBUTE, "tag": "tag",
    "tags": "tag", "metric": "metric", "metrics": "metric", "param": "param", "params": "param",
    "parameter": "param",
}  # fmt: skip
"""What may stand before the dot of a key, and the kind of key it means."""

_COMPARATORS = ("=", "!=", "<", "<=", ">", ">=")

_GRAMMAR = r"""
start: either?
?either: both | both (_OR both)+ -> any_of
?both: single | single (_AND single)+ -> all_of
?single: NOT single -> negated
    | LPAR either RPAR -> grouped
    | key operator value -> comparison
    | key membership LPAR item (_COMMA item)* _COMMA? RPAR -> listing

key: WORD | QUOTED | BACKTICKS | DOUBLE
operator: SIGN | LIKE | ILIKE | MATCH | NOT LIKE | NOT ILIKE
membership: IN | NOT IN
value: SINGLE -> text | DOUBLE -> text | NUMBER -> number
item: SINGLE -> text | DOUBLE -> text | NUMBER -> number

_AND.2: /and(?![\w.:\/@-])/i
_OR.2: /or(?![\w.:\/@-])/i
NOT.2: /not(?![\w.:\/@-])/i
IN.2: /in(?![\w.:\/@-])/i
LIKE.2: /like(?![\w.:\/@-])/i
ILIKE.2: /ilike(?![\w.:\/@-])/i
MATCH.2: /match(?![\w.:\/@-])/i
QUOTED.1: /[^\W\d]\w*\.(?:`[^`]*(?:``[^`]*)*`(?!`)|"[^"]*(?:""[^"]*)*"(?!"))/
WORD: /[^\W\d][\w.:\/@-]*/
SINGLE: /'[^']*(?:''[^']*)*'(?!')/
DOUBLE: /"[^"]*(?:""[^"]*)*"(?!")/
BACKTICKS: /`[^`]*(?:``[^`]*)*`(?!`)/
NUMBER: /[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?![\w.])/
SIGN: /[=<>!~]+/
LPAR: "("
RPAR: ")"
_COMMA: ","
%ignore /\s+/
"""

# What is told of what lark expected: the first that is among it.
_EXPECTED = (
    ("WORD", "a key, such as name or tags.team"),
    ("SIGN", "a comparator, such as = or LIKE"),
    ("NUMBER", "a value"),
    ("ILIKE", "LIKE, ILIKE or IN"),
    ("_COMMA", "a comma or ')'"),
    ("_AND", "AND or OR"),
    ("_OR", "AND or OR"),
    ("LPAR", "a list in parentheses"),
    ("RPAR", "')'"),
)


def parse(text: str) -> Filter:
    """Read a filter; an empty one lets everything pass.

    Raises InvalidValueError, whose message shows the place, for what is not of the language, or
    is longer than 65,536 characters, 500 comparisons or 50 levels.
    """
    if len(text) > MAX_LENGTH:
        raise InvalidValueError(
            f"the filter has {len(text):,} characters; {MAX_LENGTH:,} are the most"
        )
    at = next((at for at, c in enumerate(text) if c == "\0" or "\ud800" <= c <= "\udfff"), None)
    if at is not None:
        raise refusal(text, at, f"a filter cannot hold the character {text[at]!a}")
    return _parse(text)


@dataclass(frozen=True, slots=True)
class _Built:
    """A part of the tree, with how many comparisons it holds and how deep it is."""

    expression: Expression
    comparisons: int = 1
    depth: int = 0


class _RefusedError(Exception):
    """A refusal by what builds the tree, which does not know the text."""

    def __init__(self, position: int, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.position = position
        self.hint = hint


@lru_cache(maxsize=64)
def _parse(text: str) -> Filter:
    if not text.strip():
        return Filter(text, None)
    from lark.exceptions import UnexpectedCharacters, UnexpectedToken

    try:
        built = _parser()(text)
    except UnexpectedCharacters as error:
        raise _unreadable(text, cast("int", error.pos_in_stream)) from None
    except UnexpectedToken as error:
        raise _misplaced(text, error.token, error.expected) from None
    except _RefusedError as error:
        raise refusal(text, error.position, str(error), hint=error.hint) from None
    return Filter(text, built.expression if built is not None else None)


@lru_cache(maxsize=1)
def _parser() -> Callable[[str], _Built | None]:
    from lark import Lark

    builder = cast("Transformer[Token, _Built]", _Builder())
    lark = Lark(_GRAMMAR, parser="lalr", lexer="basic", transformer=builder)
    return cast("Callable[[str], _Built | None]", lark.parse)


Parts: TypeAlias = "list[_Built]"
Tokens: TypeAlias = "list[Token]"


class _Builder:
    """What lark calls for each rule of the grammar, the innermost first."""

    def start(self, parts: Parts) -> _Built | None:
        return parts[0] if parts else None

    def any_of(self, parts: Parts) -> _Built:
        return _joined(Or, parts)

    def all_of(self, parts: Parts) -> _Built:
        return _joined(And, parts)

    def negated(self, children: "tuple[Token, _Built]") -> _Built:
        word, part = children
        return _deeper(_Built(Not(part.expression), part.comparisons, part.depth), word)

    def grouped(self, children: "tuple[Token, _Built, Token]") -> _Built:
        bracket, part, _ = children
        return _deeper(part, bracket)

    def comparison(self, children: "tuple[Token, Tokens, Literal]") -> _Built:
        key, operator, literal = children
        kind, name = _key(key)
        return _Built(
            Comparison(kind, name, _operator(operator), (literal,), _at(key), _at(operator[0]))
        )

    def listing(self, children: "list[Token | Tokens | Literal]") -> _Built:
        key, operator = cast("Token", children[0]), cast("Tokens", children[1])
        literals = tuple(child for child in children if isinstance(child, Literal))
        kind, name = _key(key)
        return _Built(
            Comparison(kind, name, _operator(operator), literals, _at(key), _at(operator[0]))
        )

    def key(self, tokens: Tokens) -> "Token":
        return tokens[0]

    def operator(self, tokens: Tokens) -> Tokens:
        return tokens

    def membership(self, tokens: Tokens) -> Tokens:
        return tokens

    def text(self, tokens: Tokens) -> Literal:
        return Literal(_unquoted(tokens[0]), _at(tokens[0]))

    def number(self, tokens: Tokens) -> Literal:
        return Literal(_number(tokens[0]), _at(tokens[0]))


def _joined(join: type[And] | type[Or], parts: Parts) -> _Built:
    comparisons = sum(part.comparisons for part in parts)
    if comparisons > MAX_COMPARISONS:
        raise _RefusedError(
            0, f"the filter has {comparisons:,} comparisons; {MAX_COMPARISONS} are the most"
        )
    inner: list[Expression] = []
    for part in parts:
        inner += part.expression.parts if isinstance(part.expression, join) else [part.expression]
    return _Built(join(tuple(inner)), comparisons, max(part.depth for part in parts))


def _deeper(part: _Built, token: "Token") -> _Built:
    if part.depth == MAX_DEPTH:
        raise _RefusedError(_at(token), f"the filter is nested deeper than {MAX_DEPTH} levels")
    return _Built(part.expression, part.comparisons, part.depth + 1)


def _at(token: "Token") -> int:
    return token.start_pos or 0


def _key(token: "Token") -> tuple[str, str]:
    """Give the kind of a key and what it is called: ``("tag", "team")`` of ``tags.team``."""
    if token[0] in '`"':
        return ATTRIBUTE, _unquoted(token)
    prefix, dot, name = token.partition(".")
    if not dot:
        return ATTRIBUTE, str(token)
    kind = KINDS.get(prefix)
    if kind is None:
        raise _RefusedError(
            _at(token),
            f"{_shown(prefix)} is no kind of key; they are attributes, tags, metrics and params",
            suggest(prefix, KINDS) or f"a tag of that name is tags.{_shortened(token)}",
        )
    name = _unquoted(name) if name[:1] in {"`", '"'} else name
    if not name:
        raise _RefusedError(_at(token), f"the name of the {kind} is missing")
    return kind, name


def _operator(tokens: Tokens) -> str:
    operator = " ".join(tokens).upper()
    if tokens[0].type == "SIGN" and operator not in _COMPARATORS:
        close = {"==": "=", "<>": "!=", "=!": "!=", "=<": "<=", "=>": ">=", "~": "LIKE"}
        raise _RefusedError(
            _at(tokens[0]),
            f"{_shown(operator)} is no comparator; they are {', '.join(_COMPARATORS)}, LIKE, "
            "ILIKE, IN and MATCH",
            f'did you mean "{close[operator]}"?' if operator in close else "",
        )
    return operator


def _unquoted(text: str) -> str:
    quote = text[0]
    return text[1:-1].replace(quote * 2, quote)


def _number(text: str) -> int | float:
    """Give the number; what has more than 18 digits is only nearly meant."""
    if text.lstrip("+-").isdecimal() and len(text) < 19:
        return int(text)
    return float(text)


def _shortened(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:40]}..."


def _shown(text: str) -> str:
    return repr(_shortened(text))


def _unreadable(text: str, position: int) -> InvalidValueError:
    """Word what no token begins with."""
    character = text[position]
    if character in "'\"`":
        return refusal(text, position, f"the quote {character} is never closed")
    if character.isdecimal() or character in "+-.":
        return refusal(text, position, "this is no number", hint="text stands in quotes")
    hint = "write AND or OR" if character in "&|;" else ""
    return refusal(text, position, f"{character!r} has no meaning here", hint=hint)


def _misplaced(text: str, token: "Token", expected: Set[str]) -> InvalidValueError:
    """Word a token that cannot stand where it stands."""
    ended = token.type == "$END"
    position = len(text.rstrip()) if ended else _at(token)
    if token.type == "RPAR" and "LPAR" not in expected and "NUMBER" not in expected:
        return refusal(text, position, "this ')' closes nothing")
    needed = next(words for name, words in _EXPECTED if name in expected)
    found = "the end" if ended else _shown(str(token))
    return refusal(text, position, f"expected {needed}; found {found}", hint=_hint(token, expected))


def _hint(token: "Token", expected: Set[str]) -> str:
    """Give the way out of what people often write."""
    if token.upper() == "IS":
        return "NOT (tags.team LIKE '%') finds what has no tag team"
    if "NUMBER" in expected and token.type == "WORD":
        return f"text stands in quotes: '{_shortened(token)}'"
    if "WORD" in expected and token.type == "SINGLE":
        return "a key stands in no quotes, or in backticks"
    if "SIGN" in expected and token.type == "WORD":
        return suggest(token, ("LIKE", "ILIKE", "IN", "NOT", "MATCH"))
    if "_AND" in expected and token.type == "WORD":
        return suggest(token, ("AND", "OR"))
    return ""
