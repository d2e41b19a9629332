"""The repository underneath: objects, commits, and refs moved by compare-and-swap."""

import os
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pygit2
import pytest
from world import git

from gitreg.errors import ConflictError, CorruptError, NotFoundError, UnavailableError
from gitreg.store.repository import Moved, Repository

MAIN = "refs/heads/main"
NONE = "1" * 40
WHO = {
    "GIT_AUTHOR_NAME": "ann",
    "GIT_AUTHOR_EMAIL": "ann@acme.com",
    "GIT_COMMITTER_NAME": "ann",
    "GIT_COMMITTER_EMAIL": "ann@acme.com",
}


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository.create(tmp_path / "r.git")


def commit(repository: Repository, *parents: str, **files: str) -> str:
    """Store a commit of some files."""
    lines = [
        f"100644 blob {repository.write('blob', text.encode())}\t{name}"
        for name, text in files.items()
    ]
    tree = git(repository.path, "mktree", stdin="".join(f"{line}\n" for line in lines))
    words = [word for parent in parents for word in ("-p", parent)]
    return git(repository.path, "commit-tree", tree, *words, "-m", "x", **WHO)


# --- objects -------------------------------------------------------------------------------------


def test_objects_are_read_back_as_written(repository: Repository) -> None:
    blob = repository.write("blob", b"hello")
    assert repository.read(blob) == b"hello"
    assert repository.header(blob) == ("blob", 5)
    assert git(repository.path, "cat-file", "-p", blob) == "hello"


def test_a_missing_object_is_corruption_and_tells_the_way_out(repository: Repository) -> None:
    for read in (
        lambda: repository.read(NONE),
        lambda: repository.header(NONE),
        lambda: repository.find_entry(NONE, "x"),
        lambda: repository.commit(NONE),
        lambda: list(repository.parents_along(NONE)),
        lambda: repository.is_ancestor(NONE, "2" * 40),
    ):
        with pytest.raises(CorruptError, match=" is missing or damaged in ") as caught:
            read()
        assert caught.value.hint.startswith("fetch it from any clone that has it")


def test_an_object_of_another_type_is_corruption(repository: Repository) -> None:
    blob = repository.write("blob", b"hello")
    with pytest.raises(CorruptError, match="is no tree"):
        repository.find_entry(blob, "x")
    with pytest.raises(CorruptError, match="is a blob, not a commit"):
        repository.commit(blob)
    with pytest.raises(CorruptError):
        list(repository.parents_along(blob))


def test_a_tree_is_looked_up_by_name(repository: Repository) -> None:
    made = repository.commit(commit(repository, a="1"))
    blob = repository.write("blob", b"1")
    assert repository.find_entry(made.tree, "a") == ("100644", blob)
    assert repository.find_entry(made.tree, "b") is None


def test_what_cannot_be_written_says_so(repository: Repository) -> None:
    objects = repository.path / "objects"
    objects.rename(repository.path / "kept")
    objects.write_text("in the way")
    with pytest.raises(UnavailableError, match="cannot be written") as caught:
        repository.write("blob", b"new")
    assert caught.value.hint == "nothing was changed; look at the disk and at who may write there"


# --- commits -------------------------------------------------------------------------------------


def test_history_is_walked_by_first_parents(repository: Repository) -> None:
    root = commit(repository, a="1")
    side = commit(repository, root, a="2")
    tip = commit(repository, commit(repository, root, a="3"), side, a="4")
    middle = repository.commit(tip).parents[0]
    assert [one.id for one in repository.first_parents(tip)] == [tip, middle, root]
    assert list(repository.parents_along(tip)) == [(tip, (side,)), (middle, ()), (root, ())]
    assert repository.is_ancestor(side, tip)
    assert repository.is_ancestor(tip, tip)
    assert not repository.is_ancestor(tip, side)


def test_a_revision_is_a_commit_or_nothing(repository: Repository) -> None:
    root = commit(repository, a="1")
    tip = commit(repository, root, a="2")
    repository.move(MAIN, tip, old=None)
    git(repository.path, "tag", "-a", "-m", "x", "v1", root, **WHO)
    for text in ("main", MAIN, "HEAD", tip, tip[:8]):
        assert repository.resolve(text) == tip
    for text in ("main~1", "v1", "main^"):
        assert repository.resolve(text) == root
    for text in ("main^{tree}", "main:a", "nothing", "a..b", "main~9"):
        with pytest.raises(NotFoundError, match="there is no commit "):
            repository.resolve(text)


def test_two_commits_are_merged_unless_they_contradict(repository: Repository) -> None:
    base = commit(repository, a="1", b="1")
    ours = commit(repository, base, a="2", b="1")
    theirs = commit(repository, base, a="1", b="2")
    tree = repository.merged_tree(ours, theirs)
    assert tree == repository.commit(commit(repository, a="2", b="2")).tree
    with pytest.raises(ConflictError, match=f"{theirs[:7]} contradicts .* in b"):
        repository.merged_tree(commit(repository, base, a="1", b="3"), theirs)
    with pytest.raises(ConflictError, match="contradicts"):
        repository.merged_tree(ours, commit(repository, a="9"))


# --- refs ----------------------------------------------------------------------------------------


def test_a_ref_moves_only_from_where_it_is_thought_to_be(repository: Repository) -> None:
    one = commit(repository, a="1")
    two = commit(repository, one, a="2")
    assert repository.ref(MAIN) is None
    assert repository.main() is None
    assert repository.move(MAIN, two, old=one) is Moved.LOST
    assert repository.move(MAIN, one, old=None) is Moved.DONE
    assert repository.move(MAIN, two, old=None) is Moved.LOST
    assert repository.move(MAIN, two, old=one) is Moved.DONE
    assert repository.refs() == {MAIN: two}
    assert repository.move(MAIN, None, old=one) is Moved.LOST
    assert repository.move(MAIN, None, old=two) is Moved.DONE
    assert repository.refs() == {}


def test_who_is_overtaken_at_once_was_first_all_the_same(repository: Repository) -> None:
    """Whoever took it for a lost race would do the same again."""
    one = commit(repository, a="1")
    two = commit(repository, one, a="2")
    three = commit(repository, two, a="3")
    repository.move(MAIN, one, old=None)

    class Overtaken(Repository):
        looked = 0

        def ref(self, name: str) -> str | None:
            self.looked += 1
            assert self.looked == 1, "it is somewhere else by now, and that tells nothing"
            return super().ref(name)

    assert Overtaken(repository.path).move(MAIN, two, old=one) is Moved.DONE
    assert repository.move(MAIN, three, old=two) is Moved.DONE


def test_a_packed_ref_moves_and_goes_away_like_any_other(repository: Repository) -> None:
    one, two = commit(repository, a="1"), commit(repository, a="2")
    for name in (MAIN, "refs/heads/other"):
        repository.move(name, one, old=None)
    git(repository.path, "pack-refs", "--all")
    assert repository.move(MAIN, two, old=one) is Moved.DONE
    assert repository.move("refs/heads/other", None, old=one) is Moved.DONE
    assert git(repository.path, "for-each-ref", "--format=%(objectname)") == two


def test_a_locked_ref_is_told_from_a_lost_race(repository: Repository) -> None:
    one = commit(repository, a="1")
    lock = repository.path / f"{MAIN}.lock"
    lock.touch()
    assert repository.move(MAIN, one, old=None) is Moved.LOCKED
    assert repository.ref(MAIN) is None
    os.utime(lock, (time.time() - 3600,) * 2)
    with pytest.raises(UnavailableError, match="a process died and left it") as caught:
        repository.move(MAIN, one, old=None)
    assert str(lock) in caught.value.hint
    lock.unlink()
    assert repository.move(MAIN, one, old=None) is Moved.DONE


def test_packed_refs_that_are_locked_are_no_lost_race_either(repository: Repository) -> None:
    one = commit(repository, a="1")
    repository.move(MAIN, one, old=None)
    git(repository.path, "pack-refs", "--all")
    lock = repository.path / "packed-refs.lock"
    lock.touch()
    assert repository.move(MAIN, None, old=one) is Moved.LOCKED
    lock.unlink()
    assert Repository(repository.path).move(MAIN, None, old=one) is Moved.DONE


def test_what_keeps_a_ref_from_being_written_is_no_lock_wherever_the_registry_lies(
    tmp_path: Path,
) -> None:
    """Whoever took it for one would wait for nobody."""
    repository = Repository.create(tmp_path / "blocks.git")
    one = commit(repository, a="1")
    repository.move(MAIN, one, old=None)
    two = commit(repository, a="2")
    long = "refs/heads/" + "x" * 252  # its lock has a name of 257 bytes, and 255 are the most
    with pytest.raises(UnavailableError, match=r"locked file '.*': File name too long"):
        repository.move(long, one, old=None)
    with pytest.raises(UnavailableError, match="there are refs beneath that folder"):
        repository.move("refs/heads", one, old=None)
    with full_disk(), pytest.raises(UnavailableError, match="File too large"):
        repository.move(MAIN, two, old=one)
    assert repository.refs() == {MAIN: one}
    assert repository.move(MAIN, two, old=one) is Moved.DONE


@contextmanager
def full_disk() -> Iterator[None]:
    """Let nothing be written into files."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_ref_that_can_never_be_is_no_lost_race(repository: Repository) -> None:
    one = commit(repository, a="1")
    repository.move(MAIN, one, old=None)
    with pytest.raises(UnavailableError, match="cannot be written"):
        repository.move(f"{MAIN}/below", one, old=None)


class Unlucky:
    """libgit2, but every transaction reports an error after it was done."""

    def __init__(self, inner: pygit2.Repository) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:  # Any: whatever libgit2 has
        return getattr(self._inner, name)

    @contextmanager
    def transaction(self) -> Iterator[Any]:  # Any: pygit2's transaction
        with self._inner.transaction() as transaction:
            yield transaction
        raise pygit2.GitError("the disk is on fire")


def test_an_error_after_the_ref_moved_counts_as_done(repository: Repository) -> None:
    one = commit(repository, a="1")
    repository._git = Unlucky(repository._git)  # type: ignore[assignment]  # it stands in for libgit2
    assert repository.move(MAIN, one, old=None) is Moved.DONE
    assert repository.move(MAIN, None, old=one) is Moved.DONE


def test_symbolic_refs_are_followed_and_broken_ones_left_out(repository: Repository) -> None:
    one = commit(repository, a="1")
    repository.move(MAIN, one, old=None)
    git(repository.path, "symbolic-ref", "refs/heads/alias", MAIN)
    git(repository.path, "symbolic-ref", "refs/heads/broken", "refs/heads/nowhere")
    assert repository.refs("refs/heads/") == {MAIN: one, "refs/heads/alias": one}


# --- opening -------------------------------------------------------------------------------------


def test_a_repository_is_found_from_below(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--initial-branch=main", "work")
    below = tmp_path / "work" / "deep"
    below.mkdir()
    found = Repository.discover(below)
    assert found.work_tree() == tmp_path / "work"
    assert not found.is_bare
    assert (found.head(), found.main(), found.head_name()) == (None, None, MAIN)
    with pytest.raises(NotFoundError, match="this folder is in no registry"):
        Repository.discover(tmp_path)
    with pytest.raises(NotFoundError, match="is no Git repository"):
        Repository(below)


def test_a_setting_has_one_value_or_many(repository: Repository) -> None:
    assert repository.config("gitreg.none") == ""
    repository.configure("gitreg.one", "value")
    assert repository.config("gitreg.one") == "value"
    repository.configure_all("gitreg.many", ("a", "b"))
    assert repository.config_values("gitreg.many") == ("a", "b")
    repository.configure_all("gitreg.many", ("c",))
    assert git(repository.path, "config", "--get-all", "gitreg.many") == "c"
    assert repository.config_values("gitreg.none") == ()
    repository.refresh()
    assert repository.base() is None
    repository.head_for_main()
    assert git(repository.path, "symbolic-ref", "HEAD") == MAIN
