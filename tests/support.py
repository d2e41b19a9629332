"""What tests share: trees from dicts, and steps told in a line."""

from collections.abc import Mapping

from gitreg.domain.commits import Commit, Signature
from gitreg.guard.verify import verify
from gitreg.manifest.snapshot import Snapshot
from gitreg.manifest.steps import Step, Tip
from gitreg.manifest.trees import EMPTY_TREE, Entry, MemoryObjects, Objects, replace
from gitreg.operations.plan import Edits, Operation

NOON = 1_767_268_800
"""2026-01-01 12:00:00 UTC, in seconds."""

REGISTRY = """\
apiVersion: gitreg/v1
kind: Registry
name: acme
"""
PERMISSIONS = """\
/ manage admin
* read @everyone
"""
MODEL = "apiVersion: gitreg/v1\nkind: RegisteredModel\n"


def version(stage: str = "None", more: str = "source: s3://ml/1\n") -> str:
    """Give the manifest of a version."""
    return f"apiVersion: gitreg/v1\nkind: ModelVersion\nstage: {stage}\n{more}"


TOMBSTONE = "apiVersion: gitreg/v1\nkind: ModelVersion\ndeleted: true\n"


def comment(author: str, text: str) -> str:
    """Give the manifest of a comment."""
    return f"apiVersion: gitreg/v1\nkind: Comment\nauthor: {author}\ntext: {text}\n"


def files(**more: str) -> dict[str, str]:
    """Give a registry with the model fraud: version 1 in Production, 2 in Staging, 3 in None."""
    base = {
        "registry.yaml": REGISTRY,
        "PERMISSIONS": PERMISSIONS,
        "models/fraud/model.yaml": MODEL,
        "models/fraud/versions/1.yaml": version("Production"),
        "models/fraud/versions/2.yaml": version("Staging"),
        "models/fraud/versions/3.yaml": version("None"),
    }
    return base | more


def tree(content: Mapping[str, str | bytes], objects: Objects | None = None) -> Snapshot:
    """Give the snapshot of a dict of files."""
    store = objects or MemoryObjects()
    raw = tuple(
        (path, text.encode() if isinstance(text, str) else text) for path, text in content.items()
    )
    return Snapshot(store, Edits(raw).applied(store, EMPTY_TREE))


def changed(before: Snapshot, content: Mapping[str, str | bytes | None]) -> Snapshot:
    """Give a snapshot with some files written, or (None) removed."""
    raw = tuple(
        (path, text.encode() if isinstance(text, str) else text) for path, text in content.items()
    )
    return Snapshot(before.objects, Edits(raw).applied(before.objects, before.tree))


def planted(before: Snapshot, path: str, mode: str, identifier: str) -> Snapshot:
    """Give a snapshot with any entry at a path, also one that no registry may hold."""
    entries = {path: Entry(mode, identifier)}
    return Snapshot(before.objects, replace(before.objects, before.tree, entries) or EMPTY_TREE)


def after(before: Snapshot, operation: Operation) -> Snapshot:
    """Give the snapshot that an operation makes."""
    edits = operation.plan(before).edits
    return Snapshot(before.objects, edits.applied(before.objects, before.tree))


def commit(
    who: str = "alice",
    *,
    number: int = 2,
    parents: tuple[str, ...] = ("1" * 40,),
    message: str = "a commit\n",
    seconds: int = NOON,
    author: str = "",
) -> Commit:
    """Give a commit by ``who``."""
    person = Signature(who, f"{who}@acme.com", seconds)
    writer = Signature(author, f"{author}@acme.com", seconds) if author else person
    return Commit(f"{number:040x}", "", parents, writer, person, message)


def step(
    who: str,
    before: Snapshot | None,
    then: Snapshot,
    *,
    pushed: bool = True,
    tips: tuple[Tip, ...] = (),
    message: str = "a commit\n",
) -> Step:
    """Give the step in which ``who`` turned one tree into another."""
    parents = () if before is None else ("1" * 40, *(tip.commit.id for tip in tips))
    return Step(
        commit(who, parents=parents, message=message),
        before,
        then,
        pusher=who if pushed else None,
        tips=tips,
        stored=frozenset(tip.commit.id for tip in tips) if tips else None,
    )


def tip(who: str, before: Snapshot, then: Snapshot, *, number: int = 9) -> Tip:
    """Give the tip of a request branch."""
    return Tip(commit(who, number=number), before, then)


def said(*steps: Step) -> list[str]:
    """Give what the guard says against some steps, violation by violation."""
    return [str(violation) for violation in verify(steps).violations]
