"""What happens when the machine, the disk or another process does its worst."""

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pygit2
import pytest
from pygit2.enums import ConfigLevel
from stress import kill_writers, none_told_is_lost, sound
from world import git

import gitreg
from gitreg.registry import writing

NOBODY = 65534


@pytest.fixture
def registry(tmp_path: Path) -> gitreg.Registry:
    registry = gitreg.create(tmp_path / "r.git", admin="admin")
    registry.create_model("fraud")
    registry.create_version("fraud", source="s3://ml/1")
    return registry


def in_child(work: Callable[[], None]) -> int:
    """Run ``work`` in a child that may limit or demote itself; give its exit code."""
    process = os.fork()
    if process == 0:
        code = 1
        try:
            work()
            code = 0
        except gitreg.UnavailableError as error:
            sys.stderr.write(f"{error} | {error.hint}\n")
            code = 7
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def test_whatever_moment_a_writer_is_killed_at_nothing_reported_is_lost(
    registry: gitreg.Registry,
) -> None:
    killed = kill_writers(registry.path, times=40, seed=7)
    assert len(killed.told) == 40
    none_told_is_lost(registry.path, killed)


def test_a_full_disk_refuses_the_write_and_leaves_the_registry_sound(
    registry: gitreg.Registry, capfd: pytest.CaptureFixture[str]
) -> None:
    before = registry.tip
    text = os.urandom(40_000).hex()

    def work() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))
        gitreg.open(registry.path, actor="admin").set_card("fraud", text)

    assert in_child(work) == 7
    assert "cannot be written" in capfd.readouterr().err
    assert registry.tip == before
    sound(registry.path)
    registry.set_card("fraud", text)
    sound(registry.path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_registry_that_may_only_be_read_is_read_and_not_written(
    registry: gitreg.Registry, capfd: pytest.CaptureFixture[str]
) -> None:
    for folder in (registry.path, *registry.path.parents):
        if folder != Path("/") and not folder.stat().st_mode & 0o005:
            folder.chmod(0o755)
    before = registry.tip

    def work() -> None:
        pygit2.settings.owner_validation = False
        for level in (ConfigLevel.GLOBAL, ConfigLevel.XDG):
            pygit2.settings.search_path[level] = "/nonexistent"
        os.setuid(NOBODY)
        mine = gitreg.open(registry.path, actor="admin")
        assert mine.version("fraud/1").source == "s3://ml/1"
        mine.create_version("fraud", source="s3://ml/2")

    assert in_child(work) == 7
    assert "cannot be written" in capfd.readouterr().err
    assert registry.tip == before


@pytest.mark.parametrize("damage", ["missing", "garbled"])
def test_a_lost_object_is_named_with_the_way_to_get_it_back(
    registry: gitreg.Registry, tmp_path: Path, damage: str
) -> None:
    git(tmp_path, "clone", "-q", "--mirror", "--no-hardlinks", "r.git", "backup.git")
    blob = git(registry.path, "rev-parse", "main:models/fraud/versions/1.yaml")
    loose = registry.path / "objects" / blob[:2] / blob[2:]
    loose.chmod(0o644)
    if damage == "missing":
        loose.unlink()
    else:
        loose.write_bytes(b"garbled")
    fresh = gitreg.open(registry.path, actor="admin")
    with pytest.raises(gitreg.CorruptError) as lost:
        fresh.version("fraud/1")
    assert blob in str(lost.value)
    assert "git fetch --refetch" in lost.value.hint
    loose.unlink(missing_ok=True)
    git(registry.path, "fetch", "-q", "--refetch", str(tmp_path / "backup.git"), "main")
    assert gitreg.open(registry.path, actor="admin").version("fraud/1").source == "s3://ml/1"
    sound(registry.path)


def test_a_lock_left_behind_is_named(
    registry: gitreg.Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = registry.path / "refs/heads/main.lock"
    lock.touch()
    os.utime(lock, (0, 0))
    with pytest.raises(gitreg.UnavailableError) as locked:
        registry.create_version("fraud", source="s3://ml/2")
    assert str(lock) in str(locked.value)
    assert "remove" in locked.value.hint
    lock.unlink()
    registry.create_version("fraud", source="s3://ml/2")


def test_a_lock_that_stays_is_given_up_on(
    registry: gitreg.Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "PATIENCE", 0.05)
    (registry.path / "refs/heads/main.lock").touch()
    with pytest.raises(gitreg.ConflictError, match="others were first"):
        registry.create_version("fraud", source="s3://ml/2")


def test_packing_and_collecting_go_on_beside_writes(registry: gitreg.Registry) -> None:
    packing = subprocess.Popen(
        [
            "bash",
            "-c",
            "while git gc -q && git pack-refs --all --prune; do :; done",
        ],
        cwd=registry.path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        open_for_long = gitreg.open(registry.path, actor="admin", durable=False)
        for at in range(60):
            open_for_long.create_version("fraud", source=f"s3://ml/{at}")
    finally:
        os.killpg(packing.pid, signal.SIGKILL)
        packing.wait()
    for lock in registry.path.rglob("*.lock"):
        lock.unlink()
    assert len(registry.versions("fraud")) == 61
    sound(registry.path)


def test_a_registry_of_a_newer_gitreg_is_refused_in_words(
    registry: gitreg.Registry, tmp_path: Path
) -> None:
    git(tmp_path, "clone", "-q", "r.git", "work")
    work = tmp_path / "work"
    text = (work / "registry.yaml").read_text().replace("gitreg/v1", "gitreg/v2")
    (work / "registry.yaml").write_text(text)
    who = ("-c", "user.name=admin", "-c", "user.email=admin@acme.com")
    git(work, *who, "commit", "-qam", "newer")
    git(registry.path, "fetch", "-q", str(work), "+main:main")
    with pytest.raises(gitreg.CorruptError, match='apiVersion is "gitreg/v2"'):
        gitreg.open(registry.path, actor="admin").create_model("other")


@pytest.mark.parametrize(("jump", "reason"), [(-600_000, "before its parent's"), (0, "")])
def test_a_clock_that_jumps_back_writes_no_history_that_runs_backwards(
    registry: gitreg.Registry, jump: int, reason: str
) -> None:
    last = next(registry.log()).time
    jumped = gitreg.open(registry.path, actor="admin", clock=lambda: last + jump)
    if not reason:
        jumped.create_model("other")
        return
    with pytest.raises(gitreg.RefusedError, match=reason):
        jumped.create_model("other")
