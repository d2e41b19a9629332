"""The filter language: MLflow's, with OR, NOT, parentheses, NOT LIKE and MATCH.

::

    name LIKE 'fraud%' AND (tags.team = 'risk' OR NOT stage IN ('None', 'Archived'))

A comparison is a key, a comparator and a value. Keywords and comparators may stand in any case.
A key is ``name``, ``attribute.name``, ``tags.team``, ``metrics.auc`` or ``params.depth``; what is
no word stands in backticks or double quotes: ``tags.`team name```. Text stands in single or
double quotes; a quote inside is written twice. AND binds closer than OR, NOT closer than AND.
"""

from collections.abc import Set
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

from gitreg.domain.suggest import suggest
from gitreg.errors import InvalidValueError
from gitreg.index.expressions import And, Comparison, Expression, Filter, Literal, Not, Or, refusal

if TYPE_CHECKING:
    from lark import Lark, Token

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
    | key membership LPAR value (_COMMA value)* _COMMA? RPAR -> listing

key: WORD | QUOTED | BACKTICKS | DOUBLE
operator: SIGN | LIKE | ILIKE | MATCH | NOT LIKE | NOT ILIKE
membership: IN | NOT IN
value: SINGLE -> text | DOUBLE -> text | NUMBER -> number

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

_EXPECTED = (
    ("WORD", "a key, such as name or tags.team"),
    ("SIGN", "a comparator, such as = or LIKE"),
    ("NUMBER", "a value"),
    ("ILIKE", "LIKE, ILIKE or IN"),
    ("_COMMA", "a comma or ')'"),
    ("_AND", "AND or OR"),
    ("_OR", "AND or OR"),
    ("LPAR", "a list in parentheses"),
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
        raise refusal(text, at, f"the filter holds {text[at]!a}, which no text can hold")
    return _parse(text)


@lru_cache(maxsize=256)
def _parse(text: str) -> Filter:
    from lark.exceptions import UnexpectedCharacters, UnexpectedToken

    try:
        found = _parser().parse(text)
    except UnexpectedCharacters as error:
        raise _unreadable(text, error.pos_in_stream) from None
    except UnexpectedToken as error:
        raise _misplaced(text, error.token, error.expected) from None
    except _RefusedError as error:
        raise refusal(text, error.position, str(error), hint=error.hint) from None
    assert isinstance(found, Filter)
    return Filter(text, found.expression)


class _RefusedError(Exception):
    """A refusal by what builds the tree, which does not know the text."""

    def __init__(self, position: int, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.position = position
        self.hint = hint
