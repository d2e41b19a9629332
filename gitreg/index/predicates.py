"""One comparison, as SQL that tests whatever expression it is given."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from gitreg.index.checking import Test
from gitreg.index.expressions import Value
from gitreg.index.patterns import after, glob, is_plain, is_prefix, prefix
from gitreg.index.subjects import Type

Predicate: TypeAlias = Callable[[str], str]


@dataclass(slots=True)
class Parameters:
    """The parameters of one statement, by name."""

    values: dict[str, Value] = field(default_factory=dict)

    def hold(self, value: Value) -> str:
        """Take a value and give what stands for it in the SQL."""
        name = f"p{len(self.values)}"
        self.values[name] = value
        return f":{name}"


def predicate(test: Test, parameters: Parameters) -> Predicate:
    """Give what makes the condition that an expression of SQL passes the test.

    It holds for no expression that is NULL, and for no run that is "", which is none, not even
    when it says ``!=``.
    """
    if test.key.column == "run_id":
        passes = _plain(test, parameters)
        return lambda x: f"({passes(x)} AND {x} <> '')"
    return _plain(test, parameters)


def _plain(test: Test, parameters: Parameters) -> Predicate:
    if test.key.type is Type.TIME:
        return _time(test, parameters)
    if test.operator.endswith("ILIKE"):
        pattern = parameters.hold(test.values[0])
        return lambda x: f"{x} {test.operator.replace('ILIKE', 'LIKE')} {pattern}"
    if test.operator == "NOT LIKE":
        pattern = parameters.hold(glob(str(test.values[0])))
        return lambda x: f"{x} NOT GLOB {pattern}"
    if test.operator == "LIKE":
        return _like(str(test.values[0]), parameters)
    held = [parameters.hold(value) for value in test.values]
    if test.operator.endswith("IN"):
        return lambda x: f"{x} {test.operator} ({', '.join(held)})"
    return lambda x: f"{x} {test.operator} {held[0]}"


def _time(test: Test, parameters: Parameters) -> Predicate:
    start, end = map(parameters.hold, test.values)
    return {
        "=": lambda x: f"({x} >= {start} AND {x} < {end})",
        "!=": lambda x: f"({x} < {start} OR {x} >= {end})",
        "<": lambda x: f"{x} < {start}",
        "<=": lambda x: f"{x} < {end}",
        ">": lambda x: f"{x} >= {end}",
        ">=": lambda x: f"{x} >= {start}",
    }[test.operator]


def _like(pattern: str, parameters: Parameters) -> Predicate:
    """Test by GLOB; if the beginning is known, by a range first, which an index can find."""
    if is_plain(pattern):
        same = parameters.hold(pattern)
        return lambda x: f"{x} = {same}"
    beginning = prefix(pattern)
    end = after(beginning)
    tests = [f">= {parameters.hold(beginning)}"] if beginning else []
    if end is not None:
        tests.append(f"< {parameters.hold(end)}")
    if end is None or not is_prefix(pattern):
        tests.append(f"GLOB {parameters.hold(glob(pattern))}")
    return lambda x: f"({' AND '.join(f'{x} {test}' for test in tests)})"
