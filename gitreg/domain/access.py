"""Levels, abilities and the PERMISSIONS file: who may do what.

The four levels None, Read, Edit and Manage are MLflow's specification, the two between Edit and
Manage are Databricks'. The highest level that any line gives counts; there is no deny line.
"""

import enum
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from gitreg.domain.names import check_principal
from gitreg.domain.suggest import suggest
from gitreg.errors import InvalidValueError

EVERYONE = "@everyone"
REGISTRY = "/"
_PATTERN = re.compile(r"(?:/|[A-Za-z0-9._%*?-]{1,255})\Z")


class Level(enum.IntEnum):
    """How much a principal may do; a higher level includes the lower ones."""

    NONE = 0
    READ = 1
    EDIT = 2
    MANAGE_STAGING = 3
    MANAGE_PRODUCTION = 4
    MANAGE = 5

    def __str__(self) -> str:
        return self.name.lower().replace("_", "-")

    @classmethod
    def parse(cls, text: str) -> "Level":
        """Read ``manage-production``."""
        for level in cls:
            if str(level) == text:
                return level
        names = [str(level) for level in cls if level]
        raise InvalidValueError(
            f"{text!a} is not a level; they are {', '.join(names)}", hint=suggest(text, names)
        )


_LEVELS = frozenset(map(str, Level))


class Ability(enum.Enum):
    """What somebody may do, with the least level that allows it (DESIGN.md section 3)."""

    CREATE_MODEL = ("create a model", Level.NONE)
    READ = ("see a model", Level.READ)
    REQUEST = ("request a stage transition", Level.READ)
    COMMENT = ("comment", Level.READ)
    ADD_VERSION = ("add a version", Level.EDIT)
    UPDATE = ("update descriptions, tags, aliases, metrics and status", Level.EDIT)
    TRANSITION = ("transition between unprotected stages", Level.MANAGE_STAGING)
    TRANSITION_PROTECTED = ("transition from or to a protected stage", Level.MANAGE_PRODUCTION)
    PROTECTED_ALIAS = ("set, move or delete a protected alias", Level.MANAGE_PRODUCTION)
    PIN_PROTECTED = (
        "pin an artifact to a version in a protected stage",
        Level.MANAGE_PRODUCTION,
    )
    MANAGE_MODEL = ("rename, delete, change permissions", Level.MANAGE)
    MANAGE_REGISTRY = ("change settings, permissions and files of the registry", Level.MANAGE)

    @property
    def least(self) -> Level:
        """Give the least level that allows it."""
        return self.value[1]

    def __str__(self) -> str:
        return self.value[0]


@dataclass(frozen=True, slots=True)
class Grant:
    """One line of a PERMISSIONS file; ``pattern`` is empty in a model's own file."""

    pattern: str
    level: Level
    principals: tuple[str, ...]
    line: int = field(default=0, compare=False)

    def __str__(self) -> str:
        words = (self.pattern, str(self.level), *self.principals)
        return " ".join(word for word in words if word)


@dataclass(frozen=True, slots=True)
class Group:
    """A named set of principals and other groups, defined in the registry's file."""

    name: str
    members: tuple[str, ...]
    line: int = field(default=0, compare=False)

    def __str__(self) -> str:
        return " ".join((self.name, "=", *self.members))


@dataclass(frozen=True, slots=True)
class Grants:
    """A PERMISSIONS file, read."""

    grants: tuple[Grant, ...] = ()
    groups: tuple[Group, ...] = ()

    @property
    def lines(self) -> frozenset[str]:
        """Give what the lines say, without comments, order and spacing."""
        return frozenset(map(str, (*self.groups, *self.grants)))

    def undefined_groups(self, defined: Iterable[str] = ()) -> Iterator[tuple[int, str]]:
        """Give line and name of every group that is used but not defined."""
        known = {group.name for group in self.groups} | {EVERYONE, *defined}
        uses = [(group.line, group.members) for group in self.groups]
        uses += [(grant.line, grant.principals) for grant in self.grants]
        for line, names in uses:
            for name in names:
                if name.startswith("@") and name not in known:
                    yield line, name


class PermissionsError(InvalidValueError):
    """A PERMISSIONS file that does not parse; ``line`` counts from 1."""

    def __init__(self, message: str, *, line: int, hint: str = "") -> None:
        super().__init__(f"line {line}: {message}", hint=hint)
        self.line = line


def parse_grants(text: str, *, registry: bool) -> Grants:
    """Read a PERMISSIONS file: the registry's, or a model's own (no patterns, no groups).

    Raises PermissionsError at the first line that does not parse.
    """
    grants: list[Grant] = []
    groups: dict[str, Group] = {}
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), start=1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        try:
            if words[0].startswith("@") and words[1:2] == ["="]:
                group = _parse_group(words, number, registry=registry)
                if group.name in groups:
                    raise InvalidValueError(
                        f"{group.name} is defined twice", hint="put all members into one line"
                    )
                groups[group.name] = group
            else:
                grants.append(_parse_grant(words, number, registry=registry))
        except InvalidValueError as error:
            raise PermissionsError(str(error), line=number, hint=error.hint) from None
    _refuse_cycles(groups)
    return Grants(tuple(grants), tuple(groups.values()))


def _parse_group(words: list[str], line: int, *, registry: bool) -> Group:
    if not registry:
        raise InvalidValueError("groups are defined in the registry's PERMISSIONS only")
    if words[0] == EVERYONE:
        raise InvalidValueError("@everyone is every authenticated user and cannot be defined")
    check_principal(words[0][1:])
    return Group(words[0], tuple(dict.fromkeys(map(check_grantee, words[2:]))), line)


def _parse_grant(words: list[str], line: int, *, registry: bool) -> Grant:
    pattern = ""
    if registry:
        pattern, words = words[0], words[1:]
        if not _PATTERN.match(pattern):
            raise InvalidValueError(
                f"{pattern!a} is not a pattern",
                hint="a group is written: @risk = alice bob"
                if pattern.startswith("@")
                else '"/" is the registry; else a model\'s directory name with * and ?',
            )
    elif words[0] not in _LEVELS and _LEVELS.intersection(words[1:2]):
        raise InvalidValueError(
            f"{words[0]!a} is a pattern, which a model's own file does not have",
            hint=f"write: {' '.join(words[1:])}",
        )
    if not words:
        raise InvalidValueError("a level is missing", hint=f"write: {pattern} read alice")
    level = Level.parse(words[0])
    if level is Level.NONE:
        raise InvalidValueError("none gives nothing", hint="there is no deny line: leave it out")
    if not words[1:]:
        raise InvalidValueError("nobody is named", hint=f"add users or @groups after {level}")
    return Grant(pattern, level, tuple(dict.fromkeys(map(check_grantee, words[1:]))), line)


def check_grantee(text: str) -> str:
    """Give ``text`` back if a line may name it: a user, a ``@group`` or ``@everyone``."""
    check_principal(text.removeprefix("@"))
    return text


def _refuse_cycles(groups: Mapping[str, Group]) -> None:
    done: set[str] = set()
    for start in groups:
        trail: dict[str, Iterator[str]] = {start: iter(groups[start].members)}
        while trail:
            name, rest = next(reversed(trail.items()))
            member = next(rest, None)
            if member is None:
                done.add(name)
                del trail[name]
            elif member in trail:
                raise PermissionsError(f"the group {member} holds itself", line=groups[name].line)
            elif member in groups and member not in done:
                trail[member] = iter(groups[member].members)


def matches(pattern: str, directory: str) -> bool:
    """Tell whether the glob (``*`` and ``?`` only) matches a whole directory name.

    It never goes back behind the last ``*``: at most the product of both lengths in steps.
    """
    at = spot = mark = 0
    star = -1
    while spot < len(directory):
        if at < len(pattern) and pattern[at] == "*":
            star, mark = at, spot
            at += 1
        elif at < len(pattern) and pattern[at] in ("?", directory[spot]):
            at, spot = at + 1, spot + 1
        elif star >= 0:
            mark += 1
            at, spot = star + 1, mark
        else:
            return False
    return all(char == "*" for char in pattern[at:])


def _reach(names: Iterable[str], links: Mapping[str, Iterable[str]]) -> set[str]:
    seen: set[str] = set()
    todo = list(names)
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            todo.extend(links.get(name, ()))
    return seen


class Permissions:
    """The permissions in force in one tree: the registry's file and, lazily, each model's own."""

    def __init__(self, root: Grants, own: Callable[[str], Grants]) -> None:
        """Take the registry's grants and how to find those of the model in a directory."""
        self.root = root
        self.own = own
        self._holders: dict[str, frozenset[str]] = {}
        self._groups_of: dict[str, list[str]] = {}
        for group in root.groups:
            for member in group.members:
                self._groups_of.setdefault(member, []).append(group.name)

    def names_of(self, principal: str) -> frozenset[str]:
        """Give every name a line may call ``principal`` by: itself, its groups, @everyone."""
        if principal not in self._holders:
            found = _reach((principal, EVERYONE), self._groups_of)
            self._holders[principal] = frozenset(found)
        return self._holders[principal]

    def grants_on(self, directory: str | None, *, named: str | None = None) -> Iterator[Grant]:
        """Give every line that bears on the model in ``directory``, or (None) on the registry.

        ``named`` asks what the registry's lines would say if the model were called so.
        """
        name = named or directory
        for grant in self.root.grants:
            if grant.pattern == REGISTRY or (name and matches(grant.pattern, name)):
                yield grant
        if directory:
            yield from self.own(directory).grants

    def level(self, principal: str, directory: str | None, *, named: str | None = None) -> Level:
        """Give the effective level on a model, or (None) on the registry: the highest of any line.

        ``named`` asks what it would be if the model were called so.
        """
        names = self.names_of(principal)
        grants = self.grants_on(directory, named=named)
        levels = (grant.level for grant in grants if not names.isdisjoint(grant.principals))
        return max(levels, default=Level.NONE)

    def moved_levels(self, directory: str, renamed: str) -> Iterator[tuple[str, Level, Level]]:
        """Give whose effective level a rename would change, with the levels before and after."""
        touched = [
            grant.principals
            for grant in self.root.grants
            if grant.pattern != REGISTRY
            and matches(grant.pattern, directory) != matches(grant.pattern, renamed)
        ]
        named = self._reached({name for names in touched for name in names})
        for user in sorted(name for name in named if name == EVERYONE or name[0] != "@"):
            before = self.level(user, directory)
            after = self.level(user, directory, named=renamed)
            if before != after:
                yield user, before, after

    def who_can(self, least: Level, directory: str | None) -> tuple[str, ...]:
        """Give the users and groups whose lines give at least ``least``."""
        found = (g.principals for g in self.grants_on(directory) if g.level >= least)
        return tuple(sorted({name for names in found for name in names}))

    def members(self, names: Iterable[str]) -> frozenset[str]:
        """Give the users that ``names`` reach through groups; @everyone reaches nobody by name."""
        return frozenset(name for name in self._reached(names) if not name.startswith("@"))

    def _reached(self, names: Iterable[str]) -> set[str]:
        """Give ``names`` and all that they reach through groups: users, groups, @everyone."""
        return _reach(names, {group.name: group.members for group in self.root.groups})

    def in_any(self, principal: str, names: Iterable[str]) -> bool:
        """Tell whether ``principal`` is, or is in, one of ``names``."""
        return not self.names_of(principal).isdisjoint(names)

    def readable_somewhere(self, principal: str, directories: Iterable[str]) -> bool:
        """Tell whether ``principal`` has Read on the registry, a pattern or any of the models."""
        names = self.names_of(principal)
        if any(not names.isdisjoint(grant.principals) for grant in self.root.grants):
            return True
        return any(self.level(principal, directory) for directory in directories)
