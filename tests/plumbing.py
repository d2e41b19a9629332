"""Objects as no client of good will writes them, and what a hook takes to judge them."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from world import Clone, World, git

MEASURING = """\
#!{python} -I
import os, resource, sys
child = os.fork()
if child == 0:
    os.execv({python!r}, [{python!r}, *sys.argv[1:]])
_, status, used = os.wait4(child, 0)
with open({log!r}, "a") as log:
    log.write(f"{{sys.argv[-1]}} {{used.ru_maxrss >> 10}} {{used.ru_utime + used.ru_stime}}\\n")
sys.exit(os.waitstatus_to_exitcode(status))
"""


def written(clone: Clone, kind: str, raw: str | bytes) -> str:
    """Store an object whatever Git thinks of it, and give its id."""
    return clone.git("hash-object", "-t", kind, "-w", "--literally", "--stdin", stdin=raw)


def raw_tree(clone: Clone, *rows: tuple[bytes, bytes, str]) -> str:
    """Store a tree of just these rows (mode, name, id), sorted or not, and give its id."""
    return written(
        clone, "tree", b"".join(b"%b %b\0" % row[:2] + bytes.fromhex(row[2]) for row in rows)
    )


def standing(clone: Clone, tree: str) -> str:
    """Stand on a commit of a tree, on top of HEAD."""
    commit = clone.git("commit-tree", tree, "-p", "HEAD", "-m", "made")
    clone.git("update-ref", "refs/heads/main", commit)
    return commit


def laid(clone: Clone, path: str, tree: str, above: str = "HEAD") -> str:
    """Give the tree of HEAD in which another tree stands at a path."""
    name, _, rest = path.partition("/")
    if rest:
        tree = laid(clone, rest, tree, f"{above}:{name}" if ":" not in above else f"{above}/{name}")
    rows = [row for row in clone.git("ls-tree", above).split("\n") if not row.endswith(f"\t{name}")]
    rows.append(f"040000 tree {tree}\t{name}")
    return clone.git("mktree", "--missing", stdin="\n".join(filter(None, rows)) + "\n")


def raw_commit(clone: Clone, old: str, new: str) -> str:
    """Stand on HEAD's commit with some of its raw text replaced."""
    raw = clone.git("cat-file", "commit", "HEAD")
    assert old in raw
    commit = written(clone, "commit", raw.replace(old, new, 1) + "\n")
    clone.git("update-ref", "refs/heads/main", commit)
    return commit


@contextmanager
def unchecked(world: World) -> Iterator[None]:
    """Let Git check no pushed object, so that the guard stands alone."""
    git(world.path, "config", "receive.fsckObjects", "false")
    try:
        yield
    finally:
        git(world.path, "config", "receive.fsckObjects", "true")


@dataclass(frozen=True, slots=True)
class Use:
    """What one hook took: MiB at most, and seconds of the processor."""

    hook: str
    memory: int
    seconds: float


@contextmanager
def measured(world: World) -> Iterator[list[Use]]:
    """Measure every hook that runs meanwhile; told at the end."""
    program, log = world.folder / "measuring", world.folder / "measured"
    program.write_text(MEASURING.format(python=sys.executable, log=str(log)))
    program.chmod(0o755)
    before = git(world.path, "config", "gitreg.python")
    git(world.path, "config", "gitreg.python", str(program))
    found: list[Use] = []
    try:
        yield found
    finally:
        git(world.path, "config", "gitreg.python", before)
        found += _uses(log)


def _uses(log: Path) -> Iterator[Use]:
    for line in log.read_text().splitlines():
        hook, memory, seconds = line.split(" ")
        yield Use(hook, int(memory), float(seconds))
    log.unlink()
