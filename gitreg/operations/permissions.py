"""Operations on PERMISSIONS files, and on the layout."""

import re
from dataclasses import dataclass

from gitreg.domain import changes as c
from gitreg.domain.access import Level, PermissionsError, check_grantee, parse_grants
from gitreg.domain.names import ModelName
from gitreg.domain.settings import FLAT, SHARDED
from gitreg.errors import CorruptError, InvalidValueError, NotFoundError
from gitreg.manifest import kinds, layout
from gitreg.manifest.snapshot import Snapshot
from gitreg.operations.models import edited
from gitreg.operations.plan import Edits, Plan

_SPACE = r"[^\S\r\n]"


@dataclass(frozen=True, slots=True)
class Scope:
    """Which lines: those of a model's own file, or the registry's of one ``pattern``."""

    model: ModelName | None = None
    pattern: str = ""

    def __post_init__(self) -> None:
        if bool(self.pattern) == (self.model is not None):
            raise InvalidValueError("permissions are of a model, or of a pattern; name one")
        if self.pattern and not _is_pattern(self.pattern):
            raise InvalidValueError(
                f"{self.pattern!a} is not a pattern",
                hint='"/" is the registry; else a model\'s directory name with * and ?',
            )

    def file(self, snapshot: Snapshot) -> tuple[str, str]:
        """Give path and text of the file; the text is empty if it is not there."""
        folder = ""
        if self.model is not None:
            snapshot.model(self.model)
            folder = snapshot.folder(self.model)
        path = layout.permissions_file(folder)
        raw = snapshot.blob(path) or b""
        fault = kinds.read_grants(raw, registry=self.model is None).fault
        if fault is not None:
            raise CorruptError(f"{path} does not parse: {fault.reason}", hint=fault.hint)
        return path, raw.decode()

    def __str__(self) -> str:
        return str(self.model) if self.model is not None else self.pattern


def _is_pattern(text: str) -> bool:
    """Tell whether a line that starts with ``text`` is one rule for it, and nothing else."""
    try:
        found = parse_grants(f"{text} read someone", registry=True)
    except PermissionsError:
        return False
    return [grant.pattern for grant in found.grants] == [text]


@dataclass(frozen=True, slots=True)
class Grant:
    """Give a user or @group a level: any other that the same scope's lines name goes away."""

    scope: Scope
    principal: str
    level: Level

    def plan(self, snapshot: Snapshot) -> Plan:
        """Edit the file's lines, keeping comments and the lines of others."""
        check_grantee(self.principal)
        if self.level is Level.NONE:
            raise InvalidValueError("none gives nothing", hint="gitreg permission revoke")
        return _plan(self.scope, snapshot, self.principal, self.level)


@dataclass(frozen=True, slots=True)
class Revoke:
    """Take a user or @group out of a scope's lines."""

    scope: Scope
    principal: str

    def plan(self, snapshot: Snapshot) -> Plan:
        """Edit the file's lines; NotFoundError if none names the principal."""
        plan = _plan(self.scope, snapshot, check_grantee(self.principal), Level.NONE)
        if not plan.changes:
            raise NotFoundError(
                f"no line of {self.scope} names {self.principal}",
                hint="gitreg permission list tells where a level comes from",
            )
        return plan


def _plan(scope: Scope, snapshot: Snapshot, principal: str, level: Level) -> Plan:
    path, text = scope.file(snapshot)
    registry = scope.model is None
    before = parse_grants(text, registry=registry).lines
    changed = _rewritten(text, scope.pattern, principal, level)
    after = parse_grants(changed, registry=registry).lines
    added, removed = tuple(sorted(after - before)), tuple(sorted(before - after))
    if not added and not removed:
        return Plan("nothing to do")
    if level is Level.NONE:
        summary = f"{scope}: {principal} revoked"
    else:
        summary = f"{scope}: {level} granted to {principal}"
    change = c.PermissionsChanged(path, scope.model, added, removed)
    content = changed.encode() if changed.strip() or registry else None
    return Plan.of([(path, content)], [change], summary=summary)


def _rewritten(text: str, pattern: str, principal: str, level: Level) -> str:
    """Give the text with ``principal`` in the one line of pattern and level, and no other."""
    head = [pattern] if pattern else []
    lines = text.splitlines(keepends=True)
    out: list[str] = []
    placed = level is Level.NONE
    for line in lines:
        words = line.partition("#")[0].split()
        at = len(head)
        if words[:at] != head or len(words) <= at + 1 or words[at].startswith("@"):
            out.append(line)
            continue
        names = words[at + 1 :]
        if words[at] == str(level) and not placed:
            placed = True
            out.append(line if principal in names else _with(line, principal))
        elif principal in names:
            out.extend(_without(line, principal, alone={principal} == set(names)))
        else:
            out.append(line)
    if not placed:
        if out and not out[-1].endswith("\n"):
            out[-1] += "\n"
        out.append(" ".join([*head, str(level), principal]) + "\n")
    return "".join(out)


def _with(line: str, principal: str) -> str:
    rule, mark, comment = line.partition("#")
    body = rule.rstrip()
    return f"{body} {principal}{rule[len(body) :]}{mark}{comment}"


def _without(line: str, principal: str, *, alone: bool) -> list[str]:
    """Take a name out with the space behind it, or before it if it is the last one."""
    rule, mark, comment = line.partition("#")
    if alone:
        return [mark + comment] if mark else []
    name = re.escape(principal)
    return [
        re.sub(rf"(?<=\s){name}{_SPACE}+(?=\S)|{_SPACE}+{name}(?=\s|\Z)", "", rule) + mark + comment
    ]


@dataclass(frozen=True, slots=True)
class ChangeLayout:
    """Move every model between the flat and the sharded layout; no file changes."""

    layout: str

    def plan(self, snapshot: Snapshot) -> Plan:
        """Move the directories, and say so in registry.yaml."""
        if self.layout not in {FLAT, SHARDED}:
            raise InvalidValueError(f"{self.layout!r} is not a layout: {FLAT} or {SHARDED}")
        if snapshot.settings.layout == self.layout:
            return Plan("nothing to do")
        path = layout.REGISTRY_FILE
        file = edited(snapshot, path, kinds.REGISTRY, {("layout",): self.layout})
        models = snapshot.entry(layout.MODELS)
        folders: tuple[tuple[str, str | None], ...] = ()
        if models is not None:
            moved = layout.relayout(snapshot.objects, models.id, self.layout)
            folders = ((layout.MODELS, moved),)
        change = c.LayoutChanged(path, self.layout)
        return Plan(str(change), Edits((file,), folders), (change,))
