"""The index keeps up with main, is shared by processes, and is made anew when it is of no use."""

import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from world import Ground, World, git

import gitreg
from gitreg import GitregError, NotFoundError, Registry, UnavailableError
from gitreg.index.tables import FORMAT


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    ground = Ground(tmp_path)
    root = ground.by("root")
    root.create_model("fraud", description="Scores card payments.")
    for number in range(1, 4):
        ground.clock.passes(60)
        root.create_version("fraud", source=f"s3://ml/{number}")
    ground.clock.passes(60)
    root.transition("fraud/2", "Production")
    return ground


def told(registry: Registry) -> tuple[object, ...]:
    """Give what the index tells."""
    models = [registry.model_record(str(one.name)) for one in registry.models()]
    return (models, registry.version_records("fraud"), list(registry.log()), registry.counts())


def index_of(ground: Ground) -> Path:
    return ground.path / "gitreg/index.sqlite"


def steps(ground: Ground) -> int:
    return int(git(ground.path, "rev-list", "--count", "--first-parent", "main"))


# --- it is derived ----------------------------------------------------------------------------


def test_it_is_made_by_the_first_read_and_kept_up_by_the_next(ground: Ground) -> None:
    reader = ground.by("eve")
    assert reader.index_status().steps == 0
    assert reader.index_status().behind == steps(ground)
    assert reader.version_record("fraud/Production").ref.number == 2
    assert index_of(ground).exists()
    assert (reader.index_status().steps, reader.index_status().behind) == (steps(ground), 0)
    ground.by("root").transition("fraud/3", "Production", archive_existing=True)
    assert reader.index_status().behind == 1
    assert reader.version_record("fraud/Production").ref.number == 3


def test_a_removed_index_is_made_anew(ground: Ground) -> None:
    reader = ground.by("eve")
    before = told(reader)
    for end in ("", "-wal", "-shm"):
        Path(f"{index_of(ground)}{end}").unlink(missing_ok=True)
    assert told(reader) == before, "who had it open sees that it is gone"
    assert index_of(ground).exists()
    assert told(ground.by("eve")) == before


def not_a_database(path: Path) -> None:
    path.write_text("This is no database, only a text that somebody left here.\n" * 200)


def overwritten_in_the_middle(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(path.stat().st_size - 4096))


def cut_off(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    os.truncate(path, path.stat().st_size // 2)


def without_a_table(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("DROP TABLE versions")


def of_an_older_format(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("DROP TABLE versions")
        db.execute("PRAGMA user_version = 0")


def empty(path: Path) -> None:
    path.write_bytes(b"")


BROKEN = (
    not_a_database, overwritten_in_the_middle, cut_off, without_a_table, of_an_older_format, empty,
)  # fmt: skip


@pytest.mark.parametrize("damage", BROKEN, ids=lambda damage: damage.__name__)
def test_an_index_of_no_use_is_made_anew(ground: Ground, damage: Callable[[Path], None]) -> None:
    before = told(ground.by("eve"))
    damage(index_of(ground))
    assert told(ground.by("eve")) == before
    assert ground.by("eve").index_status().path == str(index_of(ground)), "where it was"


@pytest.mark.parametrize("damage", [without_a_table, not_a_database], ids=lambda one: one.__name__)
def test_an_index_that_breaks_while_it_is_open_is_made_anew(
    ground: Ground, damage: Callable[[Path], None]
) -> None:
    reader = ground.by("eve")
    before = told(reader)
    damage(index_of(ground))
    assert told(reader) == before
    assert told(ground.by("eve")) == before


def test_what_a_newer_gitreg_made_is_left_alone(ground: Ground) -> None:
    before = told(ground.by("eve"))
    with closing(sqlite3.connect(index_of(ground))) as db:
        db.execute(f"PRAGMA user_version = {FORMAT + 1}")
        db.execute("CREATE TABLE new_things (a)")
    assert told(ground.by("eve")) == before
    assert index_of(ground).with_name(f"index.{FORMAT}.sqlite").exists()
    with closing(sqlite3.connect(index_of(ground))) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (FORMAT + 1,)


def test_rebuilding_tells_how_far_it_is(ground: Ground) -> None:
    reader = ground.by("eve")
    before = told(reader)
    seen: list[tuple[int, int]] = []
    reader.rebuild_index(lambda done, count: seen.append((done, count)))
    count = steps(ground)
    assert seen == [(done, count) for done in range(1, count + 1)]
    assert told(reader) == before


def test_status_tells_what_is_damaged(ground: Ground) -> None:
    reader = ground.by("eve")
    reader.counts()
    assert reader.index_status().problems == ()
    with closing(sqlite3.connect(index_of(ground))) as db:
        [(page,)] = db.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'activities_actor'"
        ).fetchall()
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with index_of(ground).open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\x0a" + bytes(4095))
    assert ground.by("eve").index_status().problems


# --- history that is not what it was ----------------------------------------------------------


def test_a_rewritten_history_is_indexed_from_where_it_differs(ground: Ground) -> None:
    reader = ground.by("eve")
    old_tip, old = reader.tip, told(reader)
    git(ground.path, "update-ref", "refs/heads/main", f"{old_tip}~2")
    shorter = told(ground.by("eve"))
    assert [one.ref.number for one in ground.by("eve").version_records("fraud")] == [1, 2]
    assert ground.by("eve").index_status().behind == 0, "an older step is answered as it was"
    ground.clock.passes(1000)
    ground.by("root").create_version("fraud", source="s3://ml/other")
    assert ground.by("eve").version_record("fraud/3").source == "s3://ml/other"
    assert told(ground.by("eve")) == rebuilt(ground)
    git(ground.path, "update-ref", "refs/heads/main", f"{old_tip}~2")
    assert told(ground.by("eve")) == shorter
    git(ground.path, "update-ref", "refs/heads/main", old_tip)
    assert told(ground.by("eve")) == old


def rebuilt(ground: Ground) -> tuple[object, ...]:
    reader = ground.by("eve")
    reader.rebuild_index()
    return told(reader)


def test_another_history_altogether_is_indexed_anew(ground: Ground, tmp_path: Path) -> None:
    other = Ground(tmp_path / "other")
    other.by("root").create_model("fraud")
    other.by("root").create_version("fraud", source="s3://other")
    ground.by("eve").counts()
    git(ground.path, "fetch", "--quiet", "--force", str(other.path), "main:main")
    assert told(ground.by("eve")) == told(other.by("eve"))


def test_a_working_clone_answers_from_where_its_head_is(ground: Ground, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", str(ground.path), "work")
    clone = gitreg.open(tmp_path / "work", actor="eve")
    before = told(clone)
    git(tmp_path / "work", "checkout", "--quiet", "HEAD~1")
    assert clone.version_record("fraud/2").stage == "None"
    git(tmp_path / "work", "checkout", "--quiet", "main")
    assert told(clone) == before


# --- time travel ------------------------------------------------------------------------------


def test_every_record_can_be_read_as_it_was(ground: Ground) -> None:
    reader = ground.by("eve")
    assert reader.version_record("fraud/2").stage == "Production"
    past = git(ground.path, "rev-parse", "main~1")
    assert reader.version_record("fraud/2", at=past).stage == "None"
    assert reader.counts(at=past).stages == (("None", 3),)
    assert reader.version_record("fraud/latest", at="2026-01-01T12:01:30").ref.number == 1
    assert [one.ref.number for one in reader.latest_versions("fraud", at=past)] == [3]
    assert reader.commit("2026-01-01T12:04:00") == reader.tip
    with pytest.raises(NotFoundError, match="the registry is younger than 2025-12-31"):
        reader.model_record("fraud", at="2025-12-31")
    with pytest.raises(NotFoundError, match="there is no commit 'nothing'"):
        reader.counts(at="nothing")


def test_a_commit_beside_main_is_no_step_of_it(ground: Ground) -> None:
    receipt = ground.by("bob").request_transition("fraud/1", "Staging")
    with pytest.raises(NotFoundError) as caught:
        ground.by("eve").counts(at=receipt.commit)
    assert str(caught.value) == f"{receipt.commit} is no step of main"


# --- several at once --------------------------------------------------------------------------


def read_and_write(path: Path, turns: int, failures: "multiprocessing.Queue[str]") -> None:
    try:
        registry = gitreg.open(path, actor="root", durable=False)
        for _ in range(turns):
            made = registry.create_version("fraud", source="s3://ml/x").version
            assert made is not None
            assert registry.version_record(made).created_by == "root", "who writes reads it back"
    except Exception as error:  # noqa: BLE001  # told to the parent
        failures.put(repr(error))


def test_processes_share_it_and_each_sees_its_own_writes(ground: Ground) -> None:
    context = multiprocessing.get_context("spawn")
    failures: multiprocessing.Queue[str] = context.Queue()
    processes = [
        context.Process(target=read_and_write, args=(ground.path, 15, failures)) for _ in range(3)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert failures.empty(), failures.get()
    assert len(ground.by("eve").version_records("fraud")) == 48
    assert told(ground.by("eve")) == rebuilt(ground)


def test_threads_have_one_each(ground: Ground) -> None:
    expected, found = told(ground.by("eve")), []
    threads = [
        threading.Thread(target=lambda: found.append(told(ground.by("eve")))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 8


def test_a_fork_opens_its_own(ground: Ground) -> None:
    reader = ground.by("eve")
    expected = told(reader)
    child = os.fork()
    if child == 0:
        os._exit(0 if told(reader) == expected else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert told(reader) == expected


REBUILD = """
import os, signal, sys
import gitreg
def told(done, count):
    print(done, flush=True)
    if done == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
gitreg.open(sys.argv[1], actor="eve").rebuild_index(told)
"""


@pytest.mark.parametrize("after", [1, 3, 5])
def test_a_killed_rebuild_is_done_by_the_next_read(ground: Ground, after: int) -> None:
    expected = told(ground.by("eve"))
    words = [sys.executable, "-c", REBUILD, str(ground.path), str(after)]
    assert subprocess.run(words, stdout=subprocess.DEVNULL).returncode == -signal.SIGKILL
    assert told(ground.by("eve")) == expected


def test_a_locked_index_is_waited_for_and_then_told(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = ground.by("eve")
    before = told(reader)
    ground.by("root").create_model("other")
    with closing(sqlite3.connect(index_of(ground), isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        assert reader.commit(reader.tip) == reader.tip, "what needs no index needs none"
        reader._index._catalogue().db.execute("PRAGMA busy_timeout = 50")
        with pytest.raises(UnavailableError) as caught:
            told(reader)
        assert str(caught.value) == f"{index_of(ground)} is locked by another process"
        db.execute("ROLLBACK")
    assert told(reader) != before


# --- where nothing can be written -------------------------------------------------------------


def test_a_read_only_registry_is_indexed_in_the_cache(
    ground: Ground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: "registry.git" not in str(path))
    monkeypatch.setenv("GITREG_CACHE", str(tmp_path / "cache"))
    assert ground.by("eve").counts().versions == 3
    assert not index_of(ground).exists()
    [found] = (tmp_path / "cache").rglob("index.sqlite")
    assert ground.by("eve").index_status().path == str(found)


def test_where_nothing_can_be_written_it_is_made_in_memory(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    reader = ground.by("eve")
    assert reader.counts().versions == 3
    assert reader.index_status().path == "in memory"
    ground.by("root").create_version("fraud", source="s3://ml/4")
    assert reader.counts().versions == 4


def test_history_that_cannot_be_read_is_told(ground: Ground) -> None:
    world = World(ground.path.parent / "w")
    tip = world.registry().tip
    tree = git(world.path, "rev-parse", f"{tip}^{{tree}}")
    who = "a <a@b> 1 +0000"
    raw = f"tree {tree}\nparent {tip}\nauthor {who}\ncommitter {who}\nencoding x\n\nodd\n"
    bad = git(world.path, "hash-object", "-t", "commit", "-w", "--literally", "--stdin", stdin=raw)
    git(world.path, "update-ref", "refs/heads/main", bad)
    with pytest.raises(GitregError, match=f"step {bad[:7]} of main has a header 'encoding'"):
        list(world.registry().log())
