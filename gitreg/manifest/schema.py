"""Validates manifests against their JSON Schemas and words what is wrong for the file's author.

Importing jsonschema takes longer than most commands, and its validation is slow. So a schema is
first compiled into a function that says "certainly valid" or nothing; only if it says nothing is
jsonschema asked, whose verdict is the authority.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from gitreg import resources
from gitreg.domain.suggest import suggest

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError

MAX_FAULTS = 20  # told at once; who has more fixes these first
_MAX_ERRORS = 1000  # of jsonschema looked at, so that a file full of them takes no longer
_MAX_QUOTED = 60  # characters of a value that a message quotes

_Path = tuple[str | int, ...]
_Schema = Mapping[str, Any]  # Any: JSON
_Check = Callable[[Any], object]  # Any: JSON; true if it holds


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a manifest; ``path`` leads to the value or key, which is there."""

    path: _Path
    message: str
    hint: str = ""


def validate(kind: str, data: object) -> tuple[Fault, ...]:
    """Give what keeps ``data`` from being a manifest of that kind: sorted by path, at most 20.

    ``data`` is JSON in plain dicts and lists, whose keys are text. Whole numbers may come as
    floats (``3.0``), as JSON Schema has it. Raises NotFoundError if there is no such kind.
    """
    if _certain(kind)(data):
        return ()
    errors = islice(_validator(kind).iter_errors(data), _MAX_ERRORS)
    findings = [_Finding.of(error) for error in errors]
    told = [found for found in findings if found.is_foreign] or findings
    faults = {fault for found in told for fault in _TELLERS[found.keyword](found)}
    return tuple(sorted(faults, key=lambda fault: (fault.path, fault.message))[:MAX_FAULTS])


@lru_cache(maxsize=16)
def _validator(kind: str) -> "Draft202012Validator":
    from jsonschema import Draft202012Validator

    return Draft202012Validator(resources.schema(kind))


# --- Certainly valid: a function a keyword, which may err by saying no, but never by saying yes.


@lru_cache(maxsize=16)
def _certain(kind: str) -> _Check:
    schema = resources.schema(kind)
    return _Compiler(schema)(schema)


@dataclass(frozen=True, slots=True)
class _Compiler:
    """Compiles schemas; one with a keyword that is not known here is never certainly valid."""

    root: _Schema

    def __call__(self, schema: bool | _Schema) -> _Check:
        if isinstance(schema, bool):
            return lambda _: schema
        keywords = schema.keys() - _SILENT
        if not keywords <= _KEYWORDS.keys():
            return lambda _: False
        checks = tuple(
            (kind, make(schema, self)) for kind, make in (_KEYWORDS[word] for word in keywords)
        )

        def check(value: object) -> bool:
            for kind, holds in checks:  # noqa: SIM110 - all() takes twice as long
                if isinstance(value, kind) and not holds(value):
                    return False
            return True

        return check


_TYPES: Mapping[str, tuple[tuple[type, ...], str]] = {
    "array": ((list,), "a list"),
    "boolean": ((bool,), "true or false"),
    "integer": ((int,), "a whole number"),
    "null": ((type(None),), "null"),
    "number": ((int, float), "a number"),
    "object": ((dict,), "a mapping"),
    "string": ((str,), "text"),
}
"""What JSON Schema calls a type: as Python has it, and as people say."""


def _reference(schema: _Schema, compiled: _Compiler) -> _Check:
    return compiled(compiled.root["$defs"][schema["$ref"].removeprefix("#/$defs/")])


def _type(schema: _Schema, _: _Compiler) -> _Check:
    names = _listed(schema["type"])
    types = frozenset(kind for name in names for kind in _TYPES[name][0])
    whole = "integer" in names
    return lambda value: (
        type(value) in types or (whole and type(value) is float and value.is_integer())
    )


def _listed(types: str | list[str]) -> list[str]:
    return [types] if isinstance(types, str) else types


def _one_of(members: Iterable[object]) -> _Check:
    """Compile ``const`` and ``enum``; types are compared, since ``True == 1``."""
    known = frozenset(members)
    types = frozenset(map(type, known))
    return lambda value: type(value) in types and value in known


def _every(check: _Check) -> _Check:
    return lambda values: all(map(check, values))


def _properties(schema: _Schema, compiled: _Compiler) -> _Check:
    checks = {name: compiled(value) for name, value in schema["properties"].items()}
    return lambda value: all(checks[key](value[key]) for key in checks.keys() & value.keys())


def _pattern_properties(schema: _Schema, _: _Compiler) -> _Check:
    anything = all(value is True for value in schema["patternProperties"].values())
    return lambda _: anything


def _additional_properties(schema: _Schema, compiled: _Compiler) -> _Check:
    check = compiled(schema["additionalProperties"])
    return lambda value: all(check(value[key]) for key in _unnamed(schema, value))


def _unnamed(schema: _Schema, value: Iterable[str]) -> list[str]:
    """Give the keys of ``value`` that neither a property nor a pattern of the schema names."""
    named, patterns = schema.get("properties", ()), schema.get("patternProperties", ())
    return [
        key
        for key in value
        if key not in named and not any(re.search(pattern, key) for pattern in patterns)
    ]


def _any_of(schema: _Schema, compiled: _Compiler) -> _Check:
    checks = tuple(map(compiled, schema["anyOf"]))
    return lambda value: any(check(value) for check in checks)


def _if(schema: _Schema, compiled: _Compiler) -> _Check:
    """Compile ``if`` keys are there, the one condition that can be certainly false."""
    if schema["if"].keys() != {"required"}:
        return lambda _: False
    names = frozenset(schema["if"]["required"])
    then, otherwise = (compiled(schema.get(branch, True)) for branch in ("then", "else"))
    return lambda value: (
        isinstance(value, dict) and (then if names <= value.keys() else otherwise)(value)
    )


_SILENT = frozenset({"$schema", "$id", "$defs", "title", "description", "default", "then", "else"})
_KEYWORDS: Mapping[str, tuple[type | tuple[type, ...], Callable[[_Schema, _Compiler], _Check]]] = {
    "$ref": (object, _reference),
    "additionalProperties": (dict, _additional_properties),
    "anyOf": (object, _any_of),
    "const": (object, lambda schema, _: _one_of([schema["const"]])),
    "enum": (object, lambda schema, _: _one_of(schema["enum"])),
    "if": (object, _if),
    "items": (list, lambda schema, compiled: _every(compiled(schema["items"]))),
    "maxLength": (str, lambda schema, _: lambda value: len(value) <= schema["maxLength"]),
    "minItems": (list, lambda schema, _: lambda value: len(value) >= schema["minItems"]),
    "minLength": (str, lambda schema, _: lambda value: len(value) >= schema["minLength"]),
    "minimum": ((int, float), lambda schema, _: lambda value: not value < schema["minimum"]),
    "pattern": (str, lambda schema, _: re.compile(schema["pattern"]).search),
    "patternProperties": (dict, _pattern_properties),
    "properties": (dict, _properties),
    "propertyNames": (dict, lambda schema, compiled: _every(compiled(schema["propertyNames"]))),
    "required": (dict, lambda schema, _: lambda value: value.keys() >= set(schema["required"])),
    "type": (object, _type),
}
"""By keyword: the type of value it speaks about, and what compiles it."""


# --- What is wrong: one function a keyword, from an error of jsonschema to our words.

_FORMS: Mapping[str, str] = {
    "alias": "an alias is made of letters, digits, _ and -",
    "digest": "a digest is sha256: and 64 hex digits in lower case",
    "grantee": "a user name, a @group or @everyone is needed",
    "principal": "a user name is made of ASCII letters, digits and . _ + @ -, and @ is not first",
    "registry name": "control characters cannot stand in it",
    "stage name": "it starts with a letter, goes on with letters, digits, spaces and _ . -, "
    "does not end in a space and has at most 64 characters",
    "tag key": "a tag key is made of letters, digits, spaces and _ . - : /",
}
"""What a pattern demands, by the title of the schema it stands in."""
_ITEMS: Mapping[str | int, str] = {
    "aliases": "alias",
    "creation": "creation entry",
    "delegates": "delegate",
    "metrics": "metric",
    "params": "param",
    "protected_aliases": "protected alias",
    "stages": "stage",
    "tags": "tag",
}
"""What one entry of a collection is called."""
_NOUNS = {bool: ", a boolean", float: ", a number", int: ", a number", str: ", a text"}
_BOOLEANS = {"true": "true", "yes": "true", "false": "false", "no": "false"}
_NUMBERS: Mapping[str, re.Pattern[str]] = {
    "integer": re.compile(r"-?[0-9]{1,20}"),
    "number": re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?"),
}


@dataclass(frozen=True, slots=True)
class _Finding:
    """An error of jsonschema: what ``keyword: demand`` in ``schema`` says against ``value``."""

    path: _Path
    subject: str
    keyword: str
    demand: Any  # JSON
    value: Any  # JSON
    schema: Any  # JSON
    is_key: bool = False

    @classmethod
    def of(cls, error: "ValidationError") -> "_Finding":
        path, value = tuple(error.absolute_path), error.instance
        keyword, demand = str(error.validator), error.validator_value
        if "propertyNames" not in error.absolute_schema_path:
            return cls(path, _subject(path), keyword, demand, value, error.schema)
        item = _ITEMS[path[-1]]
        subject = f"{item if item == 'alias' else item + ' key'} {_show(value)}"
        path = (*path, str(value))
        return cls(path, subject, keyword, demand, value, error.schema, is_key=True)

    @property
    def is_foreign(self) -> bool:
        """Tell whether it is of another version or kind, so that the rest says nothing."""
        if self.path == ("apiVersion",):
            return re.fullmatch(r"gitreg/v[1-9][0-9]*", str(self.value)) is not None
        return self.path == ("kind",) and self.value in resources.schema_names()

    def fault(self, message: str, hint: str = "") -> Fault:
        return Fault(self.path, message, hint)


def _subject(path: _Path) -> str:
    """Name what ``path`` leads to: ``tag "team"``, ``rules.clock``, ``name of stage 2``."""
    text = ""
    for parent, step in zip(("", *path), path, strict=False):
        if parent in _ITEMS:
            text = f"{_ITEMS[parent]} {_show(step) if isinstance(step, str) else step + 1}"
        elif isinstance(parent, int):
            text = f"{step} of {text}"
        else:
            text = f"{text}.{step}".lstrip(".")
    return text or "the manifest"


def _show(value: object) -> str:
    """Give a value as YAML has it: short, on one line, and without characters that act."""
    if isinstance(value, str):
        text = "".join(map(_escape, value[:_MAX_QUOTED]))
        cut = len(value) > _MAX_QUOTED or len(text) > _MAX_QUOTED
        return f'"{text[:_MAX_QUOTED]}"{"..." if cut else ""}'
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, (dict, list)):
        return "a mapping" if isinstance(value, dict) else "a list"
    return repr(value)[:_MAX_QUOTED]


def _escape(character: str) -> str:
    if character in {'"', "\\"}:
        return f"\\{character}"
    return character if character.isprintable() else ascii(character)[1:-1]


def _tell_const(found: _Finding) -> Iterator[Fault]:
    needed = f"it must be {found.demand if isinstance(found.demand, str) else 'true'}"
    hint = "where a file lies decides its kind" if found.is_foreign else ""
    if found.path == ("apiVersion",):
        needed = f"this gitreg reads {found.demand}"
        hint = f"write apiVersion: {found.demand}"
        if found.is_foreign:
            hint = "a newer gitreg may read it"
    elif found.path == ("deleted",):
        hint = "leave it out of a version that is not deleted"
    yield found.fault(f"{found.subject} is {_show(found.value)}; {needed}", hint)


def _tell_enum(found: _Finding) -> Iterator[Fault]:
    needed = f"it must be {', '.join(found.demand[:-1])} or {found.demand[-1]}"
    hint = suggest(found.value, found.demand) if isinstance(found.value, str) else ""
    yield found.fault(f"{found.subject} is {_show(found.value)}; {needed}", hint)


def _tell_type(found: _Finding) -> Iterator[Fault]:
    needed, value = _listed(found.demand)[0], found.value
    shown = f"{_show(value)}{_NOUNS.get(type(value), '')}"
    message = f"{found.subject} is {shown}; {_TYPES[needed][1]} is needed"
    yield found.fault(message, _as_needed(value, needed))


def _as_needed(value: object, needed: str) -> str:
    """Give the hint how to write ``value`` so that it has the type needed, or ``""``."""
    if needed == "string" and isinstance(value, (int, float)):
        return f'write "{_show(value)}" in quotes'
    if needed == "string" and value is None:
        return "leave it out, or write a text"
    if isinstance(value, str):
        if needed == "boolean" and value.lower() in _BOOLEANS:
            return f"write {_BOOLEANS[value.lower()]} without quotes"
        if needed in _NUMBERS and _NUMBERS[needed].fullmatch(value):
            return f"write {value} without quotes"
    return ""


def _tell_pattern(found: _Finding) -> Iterator[Fault]:
    if found.schema["title"] == "alias" and re.fullmatch(r"[\w-]+", found.value):
        message = f"{found.subject} is reserved; latest, v1, v2, ... have a meaning already"
    else:
        told = "not allowed" if found.is_key else _show(found.value)
        message = f"{found.subject} is {told}; {_FORMS[found.schema['title']]}"
    yield found.fault(message)


def _tell_limit(found: _Finding) -> Iterator[Fault]:
    subject, demand = found.subject, found.demand
    if found.keyword == "minimum":
        yield found.fault(f"{subject} is {_show(found.value)}; {demand} is the least")
    elif found.keyword == "minItems":
        yield found.fault(f"{subject} has {len(found.value)} of at least {demand} entries")
    elif found.keyword == "maxLength":
        size = len(found.value)
        yield found.fault(f"{subject} has {size} characters; {demand} is the most")
    else:
        yield found.fault(f"{subject} is empty; at least {demand} character is needed")


def _tell_required(found: _Finding) -> Iterator[Fault]:
    for name in found.demand:
        if name not in found.value:
            const = found.schema.get("properties", {}).get(name, {}).get("const", "")
            hint = f"write {name}: {const}" if const else ""
            yield found.fault(f"{_subject((*found.path, name))} is missing", hint)


def _tell_any_of(found: _Finding) -> Iterator[Fault]:
    """Tell of alternatives, which our schemas have only between required keys."""
    names = [name for branch in found.demand for name in branch["required"]]
    yield found.fault(f"{' or '.join(names)} is missing; one is needed, both are fine")


def _tell_unknown(found: _Finding) -> Iterator[Fault]:
    unknown = sorted(_unnamed(found.schema, found.value))[:MAX_FAULTS]
    if found.schema.get("title") == "tombstone":
        if found.value["deleted"] is True:
            keys = ", ".join(map(_show, unknown))
            yield found.fault(f"a deleted version holds nothing else; remove {keys}")
        return
    place = f" in {found.subject}" if found.path else ""
    own = "keys of your own start with x-" if "patternProperties" in found.schema else ""
    for key in unknown:
        hint = suggest(key, found.schema["properties"]) or own
        yield Fault((*found.path, key), f"unknown key {_show(key)}{place}", hint)


_TELLERS: Mapping[str, Callable[[_Finding], Iterator[Fault]]] = {
    "additionalProperties": _tell_unknown,
    "anyOf": _tell_any_of,
    "const": _tell_const,
    "enum": _tell_enum,
    "maxLength": _tell_limit,
    "minItems": _tell_limit,
    "minLength": _tell_limit,
    "minimum": _tell_limit,
    "pattern": _tell_pattern,
    "required": _tell_required,
    "type": _tell_type,
}
