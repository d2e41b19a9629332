"""The one diff: what happened between two trees, as typed changes and violations.

It prunes equal subtrees by object id and compares parsed manifests; it never guesses. Every path
whose blob differs is claimed by at least one change or violation.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from gitreg.domain import changes as c
from gitreg.domain.settings import Settings
from gitreg.domain.verdict import Violation
from gitreg.errors import InvalidValueError
from gitreg.manifest import kinds, layout
from gitreg.manifest.fields import setting_changes
from gitreg.manifest.grants import permission_changes
from gitreg.manifest.models import Sides, compare_models
from gitreg.manifest.snapshot import Snapshot
from gitreg.manifest.trees import FOLDER, Entry, MemoryObjects
from gitreg.manifest.walk import Item, Walk

MAX_VIOLATIONS = 1000
"""Violations one step is told; who has more reads these first."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What happened between two trees."""

    changes: tuple[c.Change, ...] = ()
    violations: tuple[Violation, ...] = ()


def changes(before: Snapshot | None, after: Snapshot) -> tuple[c.Change, ...]:
    """Give what happened between two trees; ``before`` None: ``after`` is the first."""
    return compare(before, after).changes


def compare(before: Snapshot | None, after: Snapshot) -> Difference:
    """Give what happened between two trees, and what happened that may not.

    Raises CorruptError if an object is missing, if ``before`` is no valid registry, or if more
    differs than one commit may hold.
    """
    if before is not None and before.tree == after.tree:
        return Difference()
    walk = Walk(after.objects)
    found: list[c.Change] = []
    wrong: list[Violation] = []
    for one in _first(walk, after) if before is None else _step(walk, before, after):
        if isinstance(one, c.Change):
            found.append(one)
        else:
            wrong.append(one)
        if len(wrong) > MAX_VIOLATIONS:
            wrong[-1] = Violation("form", f"more than {MAX_VIOLATIONS} things are wrong")
            break
    return Difference(tuple(found), tuple(wrong))


def _root(snapshot: Snapshot | None) -> Entry | None:
    return Entry(FOLDER, snapshot.tree) if snapshot is not None else None


def _first(walk: Walk, after: Snapshot) -> Iterator[c.Change | Violation]:
    whole = Entry(FOLDER, after.tree)
    items, faults = walk.folder(None, whole, "")
    yield from faults
    yield from walk.twins(whole, "")
    for name in (layout.REGISTRY_FILE, layout.PERMISSIONS_FILE):
        if name not in items:
            yield Violation("schema", "a registry needs this file", name, hint="gitreg init")
    for item in items.values():
        yield from _first_item(walk, item)


def _first_item(walk: Walk, item: Item) -> Iterator[c.Change | Violation]:
    if item.name == layout.MODELS:
        yield Violation("lifecycle", "the first commit of a registry holds no models", item.path)
    elif item.name == layout.REGISTRY_FILE and item.after is not None:
        settings, faults = _settings(walk, item.after)
        yield from faults
        if settings is not None:
            yield c.RegistryCreated(item.path, settings.name)
    elif item.name == layout.PERMISSIONS_FILE:
        found = permission_changes(walk, item, None)
        yield from (one for one in found if isinstance(one, Violation))
    else:
        yield from (one for one in walk.leaves(item) if isinstance(one, Violation))


def _settings(walk: Walk, entry: Entry) -> tuple[Settings | None, tuple[Violation, ...]]:
    reading = walk.manifest(kinds.REGISTRY, entry, layout.REGISTRY_FILE)
    if reading.faults:
        return None, reading.faults
    try:
        return kinds.to_settings(reading.data), ()
    except InvalidValueError as error:
        return None, (Violation("schema", str(error), layout.REGISTRY_FILE, hint=error.hint),)


def _step(walk: Walk, before: Snapshot, after: Snapshot) -> Iterator[c.Change | Violation]:
    items, faults = walk.folder(_root(before), _root(after), "")
    yield from faults
    if any(item.before is None for item in items.values()):
        yield from walk.twins(Entry(FOLDER, after.tree), "")
    old = new = before.settings
    found: list[c.Change | Violation] = []
    registry = items.pop(layout.REGISTRY_FILE, None)
    if registry is not None:
        new, found = _registry_changes(walk, registry, old)
        yield from found
    if old.layout != new.layout:
        yield from _layout_changes(walk, before, after, target=new.layout)
        yield from _nothing_else(items, found)
        return
    models = items.pop(layout.MODELS, None)
    yield from _free_changes(walk, items)
    if models is not None:
        yield from compare_models(walk, models, Sides(before, after, old, new.stages))


def _free_changes(walk: Walk, items: dict[str, Item]) -> Iterator[c.Change | Violation]:
    """Tell of PERMISSIONS and of the files that are free."""
    permissions = items.pop(layout.PERMISSIONS_FILE, None)
    if permissions is not None:
        yield from permission_changes(walk, permissions, None)
    for item in items.values():
        for leaf in walk.leaves(item):
            if isinstance(leaf, Violation):
                yield leaf
            else:
                yield c.DocumentChanged(leaf.path, leaf.action)


def _registry_changes(
    walk: Walk, item: Item, old: Settings
) -> tuple[Settings, list[c.Change | Violation]]:
    """Give the settings after, or the old ones if they are faulty, and what happened to them."""
    if item.after is None or item.before is None:
        return old, [Violation("schema", "a registry needs this file", item.path)]
    new, faults = _settings(walk, item.after)
    if new is None:
        return old, list(faults)
    told = walk.judged(kinds.REGISTRY, item.before, item.path).plain
    now = walk.manifest(kinds.REGISTRY, item.after, item.path).plain
    found = list(setting_changes(item.path, old, new, data_before=told, data_after=now))
    if not found and old.layout == new.layout:
        return new, [c.TextChanged(item.path, None)]
    return new, found


def _layout_changes(
    walk: Walk, before: Snapshot, after: Snapshot, *, target: str
) -> Iterator[c.Change | Violation]:
    """A move between layouts takes every model with it and touches no blob."""
    models = before.entry(layout.MODELS)
    moved = after.entry(layout.MODELS)
    expected = models and layout.relayout(MemoryObjects(walk.objects), models.id, target)
    yield c.LayoutChanged(layout.REGISTRY_FILE, target)
    if expected != (moved and moved.id):
        yield Violation(
            "lifecycle",
            f"every model must move to the {target} layout as it is, and nothing else",
            layout.MODELS,
            hint=f"gitreg layout {target}",
        )


def _nothing_else(items: dict[str, Item], found: list[c.Change | Violation]) -> Iterator[Violation]:
    """A move between layouts stands in a commit of its own."""
    paths = [item.path for item in items.values() if item.name != layout.MODELS]
    paths += [one.path for one in found if isinstance(one, c.SettingsChanged)]
    for path in paths:
        yield Violation(
            "lifecycle", "a change of layout holds nothing else; run gitreg layout", path
        )
