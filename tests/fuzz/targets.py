"""What is fuzzed: each reader of what others write, as a function of bytes that never fails.

A target asserts that bytes are either refused in words or read as they are. The tests draw bytes
with hypothesis; ``atheris_readers.py`` lets them be searched for, guided by coverage.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

from strategies import RICH
from support import PERMISSIONS, REGISTRY

from gitreg.domain.access import Level, Permissions
from gitreg.domain.commits import read_commit, write_commit
from gitreg.domain.names import ModelName, VersionRef
from gitreg.domain.pushes import NOTHING, read_updates
from gitreg.errors import CorruptError, InvalidValueError
from gitreg.hook_work import printed, run
from gitreg.manifest import kinds
from gitreg.manifest.codec import ManifestError, read
from gitreg.manifest.trees import EMPTY_TREE, FILE, FOLDER, Entry, differing, entries, pack
from gitreg.store.repository import Repository

Target: TypeAlias = Callable[[bytes], None]

PUSHER = "bob"
"""Who pushes in ``hook``: he may read, and holds nothing else."""


def codec(raw: bytes) -> None:
    """Read a manifest, and hold it to the schema of every kind."""
    try:
        document = read(raw)
    except ManifestError as error:
        assert 0 <= error.line <= raw.count(b"\n") + 1
        assert str(error)
    else:
        assert type(document.data) is dict
        assert document.line(("no such key",)) <= raw.count(b"\n") + 1
    for kind in kinds.KEYS:
        _typed(kind, kinds.read_manifest(kind, raw))


def _typed(kind: str, reading: kinds.Reading) -> None:
    """Make a value of what a schema found valid."""
    assert all(fault.reason for fault in reading.faults)
    if reading.faults:
        return
    ref = VersionRef(ModelName("fraud"), 1)
    if kind == kinds.REGISTRY:
        with suppress(InvalidValueError):
            kinds.to_settings(reading.data)
    elif kind == kinds.MODEL:
        kinds.to_model(ref.model, reading.data)
    elif kind == kinds.COMMENT:
        kinds.to_comment(ref, "0" * 32, reading.data)
    elif not kinds.is_tombstone(reading.data):
        kinds.to_version(ref, reading.data)


def permissions(raw: bytes) -> None:
    """Read a PERMISSIONS file, the registry's and a model's, and ask what it gives."""
    root, own = (kinds.read_grants(raw, registry=registry) for registry in (True, False))
    for reading in (root, own):
        assert reading.fault is None or (reading.fault.reason and not reading.grants.grants)
    found = Permissions(root.grants, lambda _: own.grants)
    lines = [*root.grants.grants, *own.grants.grants]
    assert found.level(PUSHER, "fraud") <= max((line.level for line in lines), default=Level.NONE)


def tree(raw: bytes) -> None:
    """Read a tree, and compare it with nothing."""
    try:
        found = list(entries(raw))
        pairs, ordered = differing(b"", raw)
    except CorruptError as error:
        assert str(error) == "a tree object is misshaped"
        return
    assert len(pairs) == len({name for name, _ in found})
    if ordered:
        assert pack(found) == raw


def commit(raw: bytes) -> None:
    """Read a commit: it has a fault, or is written back as it was."""
    found = read_commit("c" * 40, raw)
    assert len(found.faults) <= 1
    if found.faults:
        assert found.committer.name == found.message == found.tree == ""
    else:
        assert write_commit(found) == raw
        assert found.own_time >= 0


def updates(raw: bytes) -> None:
    """Read what Git tells a hook: it is refused, or each line is an update."""
    try:
        found = read_updates(raw)
    except InvalidValueError as error:
        assert str(error)
        return
    told = [f"{one.old or NOTHING} {one.new or NOTHING} {one.name}" for one in found]
    lines = [line for line in raw.decode("utf-8", "surrogateescape").split("\n") if line]
    assert told == lines


def hook(folder: Path) -> Target:
    """Give the target of the whole hook on a registry, where ``PUSHER`` may have branches only."""
    repository = Repository(folder, durable=False)

    def target(raw: bytes) -> None:
        environment = {"GIT_DIR": str(folder), "GITREG_ACTOR": PUSHER}
        lines, refused = run("pre-receive", raw, environment=environment, now=0)
        told = printed(lines).decode()
        assert "gitreg failed" not in told
        assert bool(lines) is refused
        if refused:
            return
        for update in read_updates(raw):
            if update.new in (update.old, repository.ref(update.name)):
                continue  # it stays where it is, or away
            assert update.name.startswith(f"refs/heads/{PUSHER}/")
            assert update.new is None or repository.header(update.new)[0] == "commit"

    return target


READERS: Mapping[str, Target] = {
    "codec": codec,
    "permissions": permissions,
    "tree": tree,
    "commit": commit,
    "updates": updates,
}

COMMIT = (
    b"tree " + b"a" * 40 + b"\nparent " + b"b" * 40 + b"\n"
    b"author Alice Example <alice@acme.com> 1767268800 +0100\n"
    b"committer alice <alice@acme.com> 1767268801 +0000\n"
    b"gpgsig -----BEGIN SSH SIGNATURE-----\n abc\n -----END SSH SIGNATURE-----\n"
    b"\nA summary\n\nWords.\n\nGitreg-Answer: approved\nGitreg-Time: 2026-01-01T12:00:01.123Z\n"
)
TREE = pack([(b"a.b", Entry(FILE, "1" * 40)), (b"a", Entry(FOLDER, EMPTY_TREE))])
UPDATES = f"{'0' * 40} {'1' * 40} refs/heads/main\n{'1' * 40} {'0' * 40} refs/heads/bob/x\n"
SEEDS: Mapping[str, tuple[bytes, ...]] = {
    "codec": (*(text.encode() for text in RICH.values()), REGISTRY.encode()),
    "permissions": (f"{PERMISSIONS}@risk = alice @b # c\n".encode(), b"manage alice\n"),
    "tree": (TREE, b""),
    "commit": (COMMIT,),
    "updates": (UPDATES.encode(),),
}
"""What each reader takes, to start from."""
