"""Every reader of what others write takes any bytes: it refuses in words, and never fails."""

import pytest
from fuzz.targets import PUSHER, READERS, SEEDS, codec, hook
from hypothesis import given
from hypothesis import strategies as st
from strategies import patient
from world import Ground, git, request_branch

from gitreg.hook_work import run

SCRAPS = r"""a b:_ \n \n__ -_ ?_ :_ { } [ ] , # _#_ &x_ *x !t_ !!str_ | > |2-\n ' " \\ \\x %
%TAG_!_%ED @ ` <<:_ --- \n---\n \n...\n \t \r\n \r 1e5 null - é \u2028 \ufeff \0 \n\n < > tree_
parent_ author_ gpgsig_ committer_ encoding_x\n +0000 9999999999999999999 Gitreg-Answer:_ \u202e
100644_ 40000_ 100644_a\0 @everyone @a_=_@b manage_ / fraud-*_ ../ refs/heads/ \xff"""
scraps = [
    scrap.replace("_", " ").encode("latin-1").decode("unicode-escape") for scrap in SCRAPS.split()
]
pieces = st.binary(max_size=3) | st.sampled_from(scraps).map(str.encode)
anything = st.binary(max_size=300) | st.lists(pieces, max_size=30).map(b"".join)


@st.composite
def mutated(draw: st.DrawFn, seeds: tuple[bytes, ...]) -> bytes:
    """Draw one of some bytes with a few pieces put in or in place of others."""
    raw = draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(raw)))
        end = draw(st.integers(start, min(len(raw), start + 60)))
        raw = raw[:start] + draw(pieces) + raw[end:]
    return raw


@pytest.mark.parametrize("name", READERS)
def test_whatever_the_bytes_they_are_read_or_refused(name: str) -> None:
    @patient
    @given(anything | mutated(SEEDS[name]))
    def any_bytes(raw: bytes) -> None:
        READERS[name](raw)

    for seed in SEEDS[name]:
        READERS[name](seed)
    any_bytes()


@patient
@given(st.lists(st.sampled_from(scraps), max_size=30).map("".join))
def test_what_looks_like_yaml_is_read_or_refused(text: str) -> None:
    codec(f"a: b\n{text}".encode())


# --- the whole hook ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Ground:
    ground = Ground(tmp_path_factory.mktemp("hook"))
    root = ground.by("root")
    root.create_model("fraud")
    root.create_version("fraud", source="s3://ml/1")
    root.request_transition("fraud/1", "Staging")
    git(ground.path, "update-ref", f"refs/heads/{PUSHER}/there", "main~1")
    return ground


def known(ground: Ground) -> list[str]:
    """Give ids that a line can name: of every kind of object, of none, and misshaped ones."""
    names = ("main", "main~1", "main^{tree}", "main:registry.yaml")
    found = [git(ground.path, "rev-parse", name) for name in names]
    found.append(git(ground.path, "rev-parse", request_branch("fraud", 1, "Staging", "root")))
    return [*found, "0" * 40, "1" * 40, found[0].upper(), found[0][:39], "0" * 64, "main", ""]


NAMES = [
    "refs/heads/main", "refs/heads/bob/x", "refs/heads/bob/there", "refs/heads/bob/main",
    "refs/heads/root/x", "refs/heads/Main", "refs/tags/v1", "HEAD", "", " ", "refs/heads/bob/\0",
    request_branch("fraud", 1, "Staging", "root"), request_branch("fraud", 1, "Staging", "bob"),
    "refs/heads/requests/", "refs/heads/bob/x y", "refs/heads/bob/\u202e", "../config",
    "refs/heads/bob/..", "refs/heads/bob/x.lock", "refs/heads/bob//x", "refs/heads/" + "a/" * 999,
]  # fmt: skip


def test_what_a_hook_is_told_is_refused_or_may_be_done(ground: Ground) -> None:
    target, ids = hook(ground.path), known(ground)
    before = ground.state()
    parts = st.sampled_from(ids), st.sampled_from(ids), st.sampled_from(NAMES)
    lines = st.tuples(*parts).map(lambda words: " ".join(words).encode() + b"\n")
    well = st.lists(lines, max_size=3).map(b"".join)

    @patient
    @given(well | well.flatmap(lambda raw: mutated((raw,))) | anything)
    def any_bytes(raw: bytes) -> None:
        target(raw)

    any_bytes()
    assert ground.state() == before


def test_what_may_be_done_is_not_refused(ground: Ground) -> None:
    main = git(ground.path, "rev-parse", "main")
    raw = f"{'0' * 40} {main} refs/heads/{PUSHER}/new\n".encode()
    environment = {"GIT_DIR": str(ground.path), "GITREG_ACTOR": PUSHER}
    hook(ground.path)(raw)
    assert run("pre-receive", raw, environment=environment, now=0) == ([], False)
