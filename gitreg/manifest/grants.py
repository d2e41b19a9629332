"""What differs between two readings of a PERMISSIONS file."""

from collections.abc import Iterator
from dataclasses import replace

from gitreg.domain import changes as c
from gitreg.domain.access import Grants
from gitreg.domain.names import ModelName
from gitreg.domain.verdict import Violation
from gitreg.manifest import kinds
from gitreg.manifest.trees import Entry
from gitreg.manifest.walk import Item, Walk


def permission_changes(
    walk: Walk, item: Item, model: ModelName | None
) -> Iterator[c.Change | Violation]:
    """Compare two readings of one PERMISSIONS file, the registry's or a model's."""
    after = _grants(walk, item.after, registry=model is None)
    if after.fault is not None:
        yield replace(after.fault, path=item.path)
        return
    if item.after is None and model is None:
        yield Violation("governance", "a registry needs this file", item.path)
        return
    old, new = _grants(walk, item.before, registry=model is None).grants.lines, after.grants.lines
    if old == new and item.before is not None and item.after is not None:
        yield c.TextChanged(item.path, model)
    else:
        added, removed = tuple(sorted(new - old)), tuple(sorted(old - new))
        yield c.PermissionsChanged(item.path, model, added, removed)


def _grants(walk: Walk, entry: Entry | None, *, registry: bool) -> kinds.GrantsReading:
    if entry is None:
        return kinds.GrantsReading(Grants())
    raw = walk.content(entry)
    if raw is None:
        return kinds.GrantsReading(Grants(), Violation("form", "is no file, or too large"))
    return kinds.read_grants(raw, registry=registry)
