"""What an operation gives: the edits it makes, the changes it promises, and its summary."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from gitreg.domain.changes import Change
from gitreg.domain.names import hidden_character
from gitreg.manifest.snapshot import Snapshot
from gitreg.manifest.trees import EMPTY_TREE, FILE, FOLDER, Entry, Objects, replace

_LONGEST = 400
"""Characters of a summary; the longest names still fit."""


@dataclass(frozen=True, slots=True)
class Edits:
    """Files to write or (None) remove, and whole folders to put by object id or (None) remove."""

    files: tuple[tuple[str, bytes | None], ...] = ()
    folders: tuple[tuple[str, str | None], ...] = ()

    def applied(self, objects: Objects, tree: str) -> str:
        """Write the objects and give the id of ``tree`` with the edits made."""
        entries: dict[str, Entry | None] = {
            path: Entry(FOLDER, identifier) if identifier else None
            for path, identifier in self.folders
        }
        for path, content in self.files:
            entries[path] = (
                Entry(FILE, objects.write("blob", content)) if content is not None else None
            )
        return replace(objects, tree, entries) or EMPTY_TREE


@dataclass(frozen=True, slots=True)
class Plan:
    """What an operation will do on one snapshot; without changes it has nothing to do."""

    summary: str
    edits: Edits = Edits()
    changes: tuple[Change, ...] = ()

    @classmethod
    def of(
        cls,
        files: Iterable[tuple[str, bytes | None]],
        changes: Iterable[Change],
        *,
        summary: str = "",
    ) -> "Plan":
        """Make a plan that only writes files; its summary is its first change, if none is given."""
        made = tuple(changes)
        told = summary or (str(made[0]) if made else "nothing to do")
        return cls(_one_line(told), Edits(tuple(files)), made)


def _one_line(text: str) -> str:
    """Make a summary the first line of a commit message, whatever the names in it hold."""
    line = "".join(char for char in " ".join(text.split()) if not hidden_character(char))
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 3]}..."


class Operation(Protocol):
    """What a person can do, as a value; planned anew from the new tip after a lost race."""

    def plan(self, snapshot: Snapshot) -> Plan:
        """Give edits, promised changes and summary.

        Raises NotFoundError, AlreadyExistsError, InvalidValueError or ConflictError if the
        snapshot does not allow it.
        """
        ...
