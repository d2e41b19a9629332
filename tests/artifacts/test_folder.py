"""Hashing a folder: what is part of a model, and what cannot be."""

import os
import socket
from pathlib import Path

import pytest

from gitreg.artifacts.folder import hash_folder, walk
from gitreg.artifacts.manifest import PinnedFile, digest_of
from gitreg.artifacts.progress import Advance, in_parallel, local_workers
from gitreg.artifacts.reading import chunks, hash_file
from gitreg.errors import ConflictError, GitregError, InvalidValueError, NotFoundError


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    (folder / "sub").mkdir(parents=True)
    (folder / "a.txt").write_bytes(b"one")
    (folder / "sub/b.bin").write_bytes(b"two!")
    return folder


def paths(folder: Path) -> list[str]:
    return [one.path for one in walk(folder)]


def refused(folder: Path) -> GitregError:
    with pytest.raises(GitregError) as found:
        hash_folder(folder)
    return found.value


class Told:
    """Notes what it is told of progress."""

    def __init__(self) -> None:
        self.started: list[tuple[str, int]] = []
        self.done = 0

    def start(self, what: str, total: int) -> None:
        self.started.append((what, total))

    def advance(self, count: int) -> None:
        self.done += count


def test_every_file_is_hashed(model: Path) -> None:
    told = Told()
    hashed = hash_folder(model, progress=told)
    assert hashed.manifest.files == (
        PinnedFile("a.txt", digest_of(b"one"), 3),
        PinnedFile("sub/b.bin", digest_of(b"two!"), 4),
    )
    assert hashed.sources[digest_of(b"one")].real == model / "a.txt"
    assert (told.started, told.done) == ([("hashing", 7)], 7)


def test_a_single_file_is_a_model_too(model: Path) -> None:
    assert hash_folder(model / "a.txt").manifest.files == (
        PinnedFile("a.txt", digest_of(b"one"), 3),
    )


def test_an_empty_file_is_a_file(model: Path) -> None:
    (model / "empty").touch()
    assert PinnedFile("empty", digest_of(b""), 0) in hash_folder(model).manifest.files


def test_gitregignore_leaves_out_what_gitignore_would(model: Path) -> None:
    (model / ".gitregignore").write_text("# logs\n*.log\n!keep.log\n/cache/\nsub/**/x\n")
    (model / "cache").mkdir()
    (model / "cache/y").touch()
    (model / "sub/cache").mkdir()
    for name in ("run.log", "keep.log", "sub/x", "sub/cache/z", "sub/y.log"):
        (model / name).touch()
    (model / ".git").mkdir()
    (model / ".git/HEAD").touch()
    assert paths(model) == ["a.txt", "keep.log", "sub/b.bin", "sub/cache/z"]


def test_a_gitregignore_that_cannot_be_read_is_told(model: Path) -> None:
    (model / ".gitregignore").write_bytes(b"\xff\xfe")
    assert str(refused(model)).startswith(f"{model}/.gitregignore cannot be read: ")


def test_nothing_there_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError) as found:
        hash_folder(tmp_path / "gone")
    assert str(found.value) == f"there is no {tmp_path}/gone"


def test_a_folder_without_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model/sub").mkdir(parents=True)
    assert str(refused(tmp_path / "model")) == f"{tmp_path}/model holds no files"


def test_a_link_to_a_file_in_the_folder_is_that_file(model: Path) -> None:
    (model / "link").symlink_to("sub/b.bin")
    assert PinnedFile("link", digest_of(b"two!"), 4) in hash_folder(model).manifest.files


def test_the_folder_may_be_a_link(model: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(model)
    (model / "inner").symlink_to("a.txt")
    assert paths(tmp_path / "link") == ["a.txt", "inner", "sub/b.bin"]


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("../../secret", "is a link that leaves the folder"),
        ("/etc/passwd", "is a link that leaves the folder"),
        ("../model2/x", "is a link that leaves the folder"),
        ("nothing", "is a link to nothing: No such file or directory"),
        ("bad", "is a link to nothing: Too many levels of symbolic links"),
        ("sub", "is a link to a folder"),
    ],
)
def test_other_links_are_refused(model: Path, target: str, reason: str) -> None:
    (model / "bad").symlink_to(target)
    assert str(refused(model)) == f"{model}/bad {reason}"


def test_special_files_are_refused_and_never_waited_for(model: Path) -> None:
    os.mkfifo(model / "pipe")
    assert str(refused(model)) == f"{model}/pipe is no regular file"
    assert str(refused(model / "pipe")) == f"{model}/pipe is no regular file"
    (model / ".gitregignore").write_text("pipe\n")
    assert paths(model) == ["a.txt", "sub/b.bin"]
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(os.path.relpath(model / "s"))
        assert str(refused(model)) == f"{model}/s is no regular file"
    with pytest.raises(InvalidValueError, match="pipe is no regular file"):
        hash_file(model / "pipe", "pipe", lambda _: None)


def test_names_that_other_systems_cannot_have_are_refused(model: Path) -> None:
    (model / "aux.bin").touch()
    assert str(refused(model)) == (
        "'aux.bin' cannot be a file of a model: it is the name of a Windows device"
    )
    (model / "aux.bin").rename(model / "A.TXT")
    assert "are one name on systems that do not tell case" in str(refused(model))
    (model / "A.TXT").rename(os.fsdecode(os.fsencode(model) + b"/\xff"))
    assert str(refused(model)) == ("'\\udcff' cannot be a file of a model: its name is not UTF-8")


def test_what_cannot_be_read_is_told() -> None:
    with pytest.raises(InvalidValueError) as found:
        hash_file(Path("/proc/self/mem"), "mem", lambda _: None)
    assert str(found.value) == "mem cannot be read: Input/output error"


def test_what_is_gone_when_it_is_read_is_told(model: Path) -> None:
    with pytest.raises(InvalidValueError) as found:
        hash_file(model / "gone", "gone", lambda _: None)
    assert str(found.value) == "gone cannot be read: No such file or directory"
    with pytest.raises(InvalidValueError) as found:
        hash_file(model / "sub", "sub", lambda _: None)
    assert str(found.value) == "sub is no regular file"


def grown(file: Path) -> None:
    with file.open("ab") as more:
        more.write(b"x")


def cut(file: Path) -> None:
    os.truncate(file, 1)


def rewritten(file: Path) -> None:
    about = file.stat()
    file.write_bytes(b"y" * about.st_size)
    os.utime(file, ns=(about.st_atime_ns, about.st_mtime_ns + 1))


@pytest.mark.parametrize("change", [grown, cut, rewritten])
def test_a_file_that_changes_while_it_is_hashed_is_told(tmp_path: Path, change: object) -> None:
    file = tmp_path / "weights.bin"
    file.write_bytes(bytes(3 << 20))

    def advance(_count: int) -> None:
        nonlocal change
        if callable(change):
            change(file)
        change = None

    with pytest.raises(ConflictError) as found:
        hash_file(file, str(file), advance)
    assert str(found.value) == f"{file} changed while it was read"
    assert found.value.hint == "try again when nobody writes it"


def test_chunks_are_the_file(tmp_path: Path) -> None:
    content = os.urandom((2 << 20) + 5)
    (tmp_path / "f").write_bytes(content)
    assert b"".join(map(bytes, chunks(tmp_path / "f", "f", lambda _: None))) == content


def test_the_first_failure_ends_all_that_is_left() -> None:
    done = []

    def work(item: int, advance: Advance) -> None:
        if item == 0:
            raise NotFoundError("zero")
        for _ in range(10_000_000):
            advance(1)
        done.append(item)

    with pytest.raises(NotFoundError, match="zero"):
        in_parallel(work, range(1, -1, -1), workers=2, advance=lambda _: None)
    assert done == []
    assert local_workers([2 << 20, 2 << 20]) >= local_workers([1000] * 3 + [2 << 20]) == 1
    assert in_parallel(lambda item, _: item * 2, range(5), workers=2, advance=lambda _: None) == [
        0,
        2,
        4,
        6,
        8,
    ]
