"""The files of versions: ``version create PATH``, ``pull``, ``files``, ``verify``, ``sync``, ..."""

import json
import os
import re
from pathlib import Path

import pytest
from artifacts.places import model, tree
from cli.calling import Desk

import gitreg
from gitreg.artifacts.manifest import digest_of
from gitreg.artifacts.store import object_path
from gitreg.cli import progress
from gitreg.cli.progress import Bar

FILES = {"a.txt": b"one", "deep/b.bin": b"x" * 2000}
ONE = digest_of(b"one")


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITREG_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def pinned(alice: Desk) -> Desk:
    """Give a desk where fraud/3 pins the files in ./model."""
    alice.does("version", "create", "fraud", model(Path("model"), **FILES))
    return alice


def damage(desk: Desk, digest: str) -> Path:
    path = desk.registry.with_name("models.artifacts") / object_path(digest)
    path.chmod(0o644)
    path.write_bytes(b"onx")
    return path


def test_a_folder_is_registered_and_shown(alice: Desk) -> None:
    told = alice.does("version", "create", "fraud", model(Path("model"), **FILES))
    assert re.fullmatch(
        r"fraud/3 registered \([0-9a-f]{7}\)\. Next: gitreg request create fraud/3 Staging\n", told
    )
    shown = alice.does("version", "show", "fraud/3")
    assert re.search(r"  artifact  sha256:[0-9a-f]{64}, 2 files, 2\.0 KiB\n", shown)
    assert "source" not in shown


def test_files_are_listed(pinned: Desk) -> None:
    assert pinned.does("files", "fraud/3") == (
        "PATH        SIZE  DIGEST\n"
        f"a.txt       3     {ONE}\n"
        f"deep/b.bin  2000  {digest_of(FILES['deep/b.bin'])}\n"
    )
    assert pinned.does("files", "fraud/3", "-q") == "a.txt\ndeep/b.bin\n"
    assert pinned.call("files", "fraud/latest", "-o", "json").data[0] == {
        "path": "a.txt",
        "size": 3,
        "digest": ONE,
    }
    assert pinned.fails(3, "files", "fraud/1") == (
        "error: fraud/1 pins no files: it only references s3://ml/fraud/1\n"
        "hint: gitreg version import fraud/1 copies them into the store\n"
    )


def test_a_version_is_pulled(pinned: Desk) -> None:
    assert pinned.does("pull", "fraud/3", "out") == "fraud/3 -> out: 2 files, 2.0 KiB\n"
    assert tree(Path("out")) == FILES
    assert pinned.does("pull", "fraud/latest", "more", "-q") == "more\n"
    assert pinned.call("pull", "fraud/3", "third", "-o", "json").data == {
        "version": "fraud/3",
        "folder": "third",
        "files": 2,
        "size": 2003,
    }
    assert pinned.fails(5, "pull", "fraud/3", "out") == (
        "error: out holds something already\nhint: name a folder that is new, or empty\n"
    )


def test_a_pull_takes_copy_offline_verify_and_a_date(pinned: Desk) -> None:
    assert pinned.fails(1, "pull", "fraud/3", "out", "--offline").startswith(
        "error: the cache has no list of files sha256:"
    )
    pinned.does("pull", "fraud/3", "out", "--copy")
    Path("out/a.txt").write_bytes(b"mine")
    pinned.does("pull", "fraud/3", "again", "--offline", "--verify")
    assert tree(Path("again")) == FILES
    assert "does not have" in pinned.fails(3, "pull", "fraud/Staging", "x")
    then = gitreg.open(pinned.registry, actor="alice").tip
    pinned.does("version", "delete", "fraud/3", "--yes")
    pinned.does("pull", "fraud/latest", "then", "--at", then)
    assert tree(Path("then")) == FILES


def test_a_wrong_byte_is_told_by_pull_and_by_verify(pinned: Desk) -> None:
    assert pinned.does("verify", "fraud/3") == "fraud/3: 2 files, 2.0 KiB: sound\n"
    path = damage(pinned, ONE)
    told = pinned.fails(1, "pull", "fraud/3", "out")
    assert told.startswith(f"error: a.txt ({ONE}) is not what the version pins: ")
    assert not Path("out").exists()
    told_by = pinned.call("verify", "--all")
    assert (told_by.code, told_by.out) == (
        1,
        f"fraud/3: damaged\n  a.txt: its bytes have the digest {digest_of(b'onx')}\n",
    )
    data = pinned.call("verify", "fraud/3", "-o", "json").data
    assert data[0]["damage"] == [
        {"path": "a.txt", "reason": f"its bytes have the digest {digest_of(b'onx')}"}
    ]
    assert pinned.call("verify", "--all", "-q").out == "fraud/3\n"
    path.write_bytes(b"one")
    pinned.does("verify", "--all", "--stage", "None")
    told_by = pinned.call("verify", "--all", "--stage", "Staging")
    assert (told_by.code, told_by.err) == (
        0,
        "note: there are no such versions that pin files\n",
    )


def test_verify_says_what_it_needs(pinned: Desk) -> None:
    for words in ((), ("fraud/3", "--all")):
        assert pinned.fails(2, "verify", *words).startswith(
            "error: name versions, or --all of them"
        )
    assert pinned.fails(3, "verify", "fraud/3", "--stage", "Staging") == (
        "error: fraud/3 is in None, not in Staging\n"
    )
    assert "pins no files" in pinned.fails(3, "verify", "fraud/1")


def test_a_source_is_hashed_where_it_is_and_imported_later(alice: Desk) -> None:
    folder = model(Path("model"), **FILES).absolute()
    alice.does("version", "create", "fraud", "--source", folder, "--hash")
    assert alice.does("files", "fraud/3", "-q") == "a.txt\ndeep/b.bin\n"
    store = alice.registry.with_name("models.artifacts")
    assert not (store / object_path(ONE)).exists()
    told = alice.does("version", "import", "fraud/3")
    assert told == "nothing to do. Next: gitreg files fraud/3\n"
    assert (store / object_path(ONE)).exists()
    alice.does("version", "create", "fraud", "--source", folder)
    told = alice.does("version", "import", "fraud/4", "--dry-run")
    assert re.fullmatch(r"would: fraud/4: artifact sha256:[0-9a-f]{64} pinned\n", told)
    assert "pinned (" in alice.does("version", "import", "fraud/4", "-m", "Keep it.")


def test_hash_needs_a_source_and_no_path(alice: Desk) -> None:
    Path("model.bin").write_bytes(b"x")
    for words in (("--hash",), ("model.bin", "--hash", "--source", "s3://x")):
        assert alice.fails(2, "version", "create", "fraud", *words).startswith(
            "error: --hash pins the files at a --source; PATH is pinned anyway\n"
        )


@pytest.mark.parametrize(
    ("path", "code", "told"),
    [
        ("gone", 3, "error: there is no gone\n"),
        ("empty", 2, "error: empty holds no files\n"),
        ("links", 2, "error: links/out is a link that leaves the folder\nhint: "),
        ("pipe", 2, "error: pipe/p is no regular file\nhint: leave it out in .gitregignore\n"),
    ],
)
def test_what_cannot_be_a_model_is_told(alice: Desk, path: str, code: int, told: str) -> None:
    for name in ("empty", "links", "pipe"):
        Path(name).mkdir()
    Path("links/out").symlink_to("/etc/hostname")
    os.mkfifo("pipe/p")
    before = alice.tip()
    assert alice.fails(code, "version", "create", "fraud", path).startswith(told)
    assert alice.tip() == before


def test_the_cache_is_listed_verified_and_pruned(pinned: Desk) -> None:
    empty = pinned.call("cache", "list")
    assert empty.out == ""
    assert empty.err.startswith("note: there is nothing in ")
    pinned.does("pull", "fraud/3", "out")
    listed = pinned.does("cache", "list")
    assert listed.startswith("DIGEST ")
    assert f"{ONE}  3 B      just now\n" in listed
    assert len(pinned.does("cache", "list", "-q").split()) == 3
    assert pinned.does("cache", "verify") == "3 sound\n"
    about = Path("out/a.txt").stat()
    Path("out/a.txt").chmod(0o644)
    Path("out/a.txt").write_bytes(b"onx")
    os.utime("out/a.txt", ns=(about.st_atime_ns, about.st_mtime_ns))
    told = pinned.call("cache", "verify")
    assert (told.code, told.out) == (1, f"2 sound\n{ONE} was damaged: removed\n")
    assert pinned.does("cache", "prune", "--older-than", "1") == "removed 0 of 0 B\n"
    assert pinned.does("cache", "prune", "--dry-run").startswith("would: remove 2 of 2.")
    assert pinned.does("cache", "prune").startswith("removed 2 of 2.")
    assert pinned.call("cache", "list", "-o", "json").data == []
    assert Path("out/deep/b.bin").read_bytes() == FILES["deep/b.bin"]


def test_what_no_version_pins_is_collected_only_with_yes(pinned: Desk) -> None:
    store = pinned.registry.with_name("models.artifacts")
    assert pinned.does("artifacts", "gc") == "would: remove 0 of 0 B; 3 are kept\n"
    registry = gitreg.open(pinned.registry, actor="alice")
    model(Path("model"), **{"a.txt": b"two"})
    registry.artifacts.prepare("model").put()
    for path in store.rglob("*"):
        os.utime(path, (0, 0))
    for note in store.glob("uploads/*"):
        note.unlink()
    lost = digest_of(b"two")
    told = pinned.call("artifacts", "gc")
    assert told.code == 0
    assert f"would: remove {lost}  3 B\n" in told.out
    assert told.err == "note: nothing was removed: add --yes\n"
    assert pinned.does("artifacts", "gc", "--dry-run", "--yes").startswith("would: remove sha256:")
    assert (store / object_path(lost)).exists()
    data = pinned.call("artifacts", "gc", "--yes", "-o", "json").data
    assert lost in data["removed"]
    assert data["kept"] == 3
    assert not (store / object_path(lost)).exists()
    assert pinned.fails(2, "artifacts", "gc", "--older-than", "0")


def test_a_lock_says_what_it_pins_and_sync_gets_it(pinned: Desk) -> None:
    pinned.does("transition", "fraud/3", "Production")
    told = pinned.does("lock", "fraud/Production")
    assert told.splitlines()[1].startswith("fraud/Production  fraud/3  2.0 KiB  sha256:")
    locked = json.loads(Path("models.lock").read_text())
    assert locked["commit"] == gitreg.open(pinned.registry, actor="alice").tip
    assert locked["models"]["fraud/Production"]["version"] == "fraud/3"
    pinned.does("version", "create", "fraud", model(Path("model"), **{"a.txt": b"two"}))
    pinned.does("transition", "fraud/4", "Production")
    assert pinned.does("sync", "--frozen").splitlines()[1].split() == [
        "fraud/Production",
        "fraud/3",
        "models/fraud/Production",
        "new",
    ]
    assert tree(Path("models/fraud/Production")) == FILES
    assert pinned.does("sync", "--frozen", "-q") == "models/fraud/Production\n"
    assert "as it was" in pinned.does("sync", "--frozen", "--offline")
    assert json.loads(Path("models.lock").read_text()) == locked
    data = pinned.call("sync", "-o", "json").data
    assert data == [
        {
            "reference": "fraud/Production",
            "version": "fraud/4",
            "folder": "models/fraud/Production",
            "unchanged": False,
        }
    ]
    assert tree(Path("models/fraud/Production"))["a.txt"] == b"two"
    now = json.loads(Path("models.lock").read_text())
    assert now["models"]["fraud/Production"]["version"] == "fraud/4"


def test_sync_needs_a_lock(alice: Desk) -> None:
    assert alice.fails(3, "sync", "--frozen") == (
        "error: there is no models.lock\nhint: gitreg lock fraud/Production writes one\n"
    )
    Path("models.lock").write_text("x")
    assert alice.fails(2, "sync").startswith("error: models.lock cannot be read: it is no lock")
    assert alice.fails(2, "sync", "--offline").startswith("error: --offline looks nothing up")
    assert alice.fails(3, "lock", "fraud/1").startswith("error: fraud/1 pins no files")
    Path("folder").mkdir()
    assert alice.fails(3, "lock", "nothing/1", "-f", "folder/x")


def test_a_lock_that_cannot_be_written_is_told(pinned: Desk) -> None:
    assert pinned.fails(1, "lock", "fraud/3", "-f", "no/such/folder") == (
        "error: no/such/folder cannot be written: No such file or directory\n"
    )


class Terminal:
    """A terminal that keeps what is drawn on it."""

    def __init__(self) -> None:
        self.now = 0.0
        self.drawn: list[str] = []

    def __call__(self) -> float:
        return self.now


def test_a_bar_tells_bytes_and_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(progress, "on_terminal", lambda aside: aside)
    monkeypatch.setattr(Bar, "_write", staticmethod(terminal.drawn.append))
    monkeypatch.setenv("COLUMNS", "100")
    with Bar(terminal) as bar:
        bar.start("uploading", 4 << 20)
        bar.advance(1 << 20)
        terminal.now = 2.0
        bar.advance(1 << 20)
        bar.advance(1)
    clear = "\r\x1b[K"
    assert terminal.drawn == [
        clear,
        "\ruploading [############------------]  50%  2.0 MiB of 4.0 MiB, 1.0 MiB/s  ",
        clear,
    ]


def test_a_bar_of_nothing_is_full_and_silent_off_a_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with Bar() as bar:
        bar.start("uploading", 0)
        bar.advance(0)
        assert " 100%  0 B of 0 B, 0 B/s" in bar._line(1.0)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("count", "told"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (1 << 20, "1.0 MiB"),
        (3 << 29, "1.5 GiB"),
        (1 << 40, "1.0 TiB"),
        (1 << 52, "4096.0 TiB"),
    ],
)
def test_sizes_are_told_as_people_do(count: int, told: str) -> None:
    from gitreg.cli.output import tell_size

    assert tell_size(count) == told


# --- two versions beside one another --------------------------------------------------------------


def test_a_diff_of_versions_tells_the_files_that_differ(pinned: Desk) -> None:
    other = {"a.txt": b"two!", "new.txt": b"3"}
    pinned.does("version", "create", "fraud", model(Path("other"), **other))
    told = pinned.call("diff", "fraud/3", "fraud/4")
    assert told.code == 1
    assert [re.split(r"  +", line) for line in told.lines[-3:]] == [
        ["a.txt", "changed", "3 B", "4 B"],
        ["deep/b.bin", "removed", "2.0 KiB"],
        ["new.txt", "added", "1 B"],
    ]
    data = pinned.call("diff", "fraud/3", "fraud/4", "-o", "json").data
    assert [(one["path"], one["kind"]) for one in data["files"]] == [
        ("a.txt", "changed"),
        ("deep/b.bin", "removed"),
        ("new.txt", "added"),
    ]
    assert "new.txt" in pinned.call("diff", "fraud/3", "fraud/4", "-q").lines


def test_a_diff_whose_files_cannot_be_read_tells_the_rest(
    pinned: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pinned.does("version", "create", "fraud", model(Path("other"), b=b"2"))
    artifact = gitreg.open(pinned.registry, actor="alice").version("fraud/4").artifact
    assert artifact is not None
    damage(pinned, artifact.digest)
    monkeypatch.setenv("GITREG_CACHE", str(tmp_path / "empty"))
    told = pinned.call("diff", "fraud/3", "fraud/4", "-o", "json")
    assert told.code == 1
    assert told.data["files"] is None
    assert "artifact.digest" in [one["field"] for one in told.data["differences"]]
    assert told.err.startswith("warning: the files cannot be compared: ")
