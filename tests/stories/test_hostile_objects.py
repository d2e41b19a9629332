"""Pushes of objects that no client of good will makes: by Git's checks refused, and without them.

What ``receive.fsckObjects`` knows is refused by Git; with it turned off the guard stands alone.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from plumbing import laid, measured, raw_commit, raw_tree, standing, unchecked, written
from support import MODEL, version
from world import Clone, World

PEOPLE = """\
/      read    @everyone
fraud  edit    bob
own    manage  alice
"""
PLAIN = b"100644"
MIB = 1 << 20
Rows = tuple[tuple[bytes, bytes], ...]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    world = World(tmp_path_factory.mktemp("objects"), permissions=PEOPLE)
    for name in ("own", "fraud"):
        world.settle({f"models/{name}/model.yaml": MODEL, f"models/{name}/README.md": "# It\n"})
        world.settle({f"models/{name}/versions/{n}.yaml": version() for n in range(1, 4)})
    return world


@pytest.fixture
def root(world: World) -> Clone:
    return world.clone("root").fresh()


@pytest.fixture
def bob(world: World) -> Clone:
    return world.clone("bob").fresh()


# --- trees ---------------------------------------------------------------------------------------

ORDER = "the tree is not sorted, or holds a name twice"
HIDDEN = "the name holds a character that no path may"
RESERVED = "the name means something else to Git or to a file system"


@dataclass(frozen=True, slots=True)
class Case:
    """Rows (mode, name) of a folder that is refused, what is told, and the nearest legal rows."""

    name: str
    rows: Rows
    told: str
    legal: Rows


def named(name: str, raw: bytes, told: str, legal: bytes) -> Case:
    """Give the case of one file with a name."""
    return Case(name, ((PLAIN, raw),), told, ((PLAIN, legal),))


def mode(raw: bytes, told: str) -> Case:
    """Give the case of one file with a mode."""
    reason = f"is {told}; every file is a plain one (mode 100644)"
    return Case(raw.decode(), ((raw, b"a"),), reason, ((PLAIN, b"mode-" + raw),))


CASES = (
    Case("unsorted", ((PLAIN, b"b"), (PLAIN, b"a")), ORDER, ((PLAIN, b"a"), (PLAIN, b"b"))),
    Case("twice", ((PLAIN, b"a"), (PLAIN, b"a")), ORDER, ((PLAIN, b"a"), (PLAIN, b"a2"))),
    Case(
        "file and folder",
        ((PLAIN, b"a"), (b"40000", b"a")),
        ORDER,
        ((PLAIN, b"a"), (b"40000", b"b")),
    ),
    mode(b"100664", "of mode 100664"),
    mode(b"100777", "of mode 100777"),
    mode(b"100755", "an executable file"),
    mode(b"120000", "a symbolic link"),
    mode(b"0100644", "of mode 0100644"),
    named(".git", b".git", RESERVED, b".gitignore"),
    named(".GIT", b".GIT", RESERVED, b".GITHUB"),
    named("git~1", b"git~1", RESERVED, b"git~2"),
    named(".git.", b".git.", RESERVED, b".git.x"),
    named("hfs", ".g\N{ZERO WIDTH NON-JOINER}it".encode(), HIDDEN, b".g-it"),
    named("..", b"..", RESERVED, b"..."),
    named(".", b".", RESERVED, b".a"),
    named("slash", b"a/b", HIDDEN, b"a-b"),
    named("newline", b"a\nb", HIDDEN, b"a b"),
    named("bidi", "a\N{RIGHT-TO-LEFT OVERRIDE}dm".encode(), HIDDEN, "א.md".encode()),
    named("not UTF-8", b"caf\xe9", "the name is not UTF-8", "café".encode()),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_tree_that_two_readers_read_differently_is_refused(root: Clone, case: Case) -> None:
    blob = written(root, "blob", "text\n")
    inner = raw_tree(root, (PLAIN, b"inside", blob))

    def put(rows: Rows) -> str:
        found = ((kind, name, inner if kind == b"40000" else blob) for kind, name in rows)
        return standing(root.fresh(), laid(root, "docs", raw_tree(root, *found)))

    put(case.rows)
    assert root.push().refused
    with unchecked(root.world):
        push = root.push()
    assert push.refused
    assert push.rules == {"form"}
    assert f"    {case.told}" in push.told
    put(case.legal)
    assert root.push().accepted


@pytest.mark.parametrize(
    ("directory", "told", "legal"),
    [
        ("fr\N{CYRILLIC SMALL LETTER A}ud", r"'fr\u0430ud' is not a canonically", "fr%D0%B0ud"),
        ("dot.", "'dot.' is not a canonically encoded name", "dot%2E"),
        ("FRAUD", "FRAUD differs from fraud only in case or accents", "FRAUDS"),
        ("gr%C3%BCn", "", "gru%CC%88nlich"),
        ("gru%CC%88n", "differs from grün only in case or accents", "gruen"),
    ],
)
def test_a_model_cannot_pass_for_another(
    root: Clone, directory: str, told: str, legal: str
) -> None:
    """What looks alike is told apart by the name of its directory, which is ASCII."""
    for name, reason in ((directory, told), (legal, "")):
        root.put({f"models/{name}/model.yaml": MODEL})
        push = root.push()
        assert push.refused is bool(reason)
        assert reason in push.text
    assert (root.fresh().path / "models" / legal).name.isascii()


# --- commits -------------------------------------------------------------------------------------

WHO = "committer bob <bob@acme.com> "
ODD = "does not have one tree, its parents, one author, one committer and at most one gpgsig"


def doubled(line: str) -> Callable[[str], str]:
    """Say a header twice."""
    return lambda raw: "".join(
        row * (1 + row.startswith(line)) for row in raw.splitlines(keepends=True)
    )


def replacing(old: str, new: str) -> Callable[[str], str]:
    """Replace the first of some text."""
    return lambda raw: raw.replace(old, new, 1)


COMMITS: dict[str, tuple[Callable[[str], str], str]] = {
    "two trees": (doubled("tree "), ODD),
    "a tree at the end": (replacing("\n\n", f"\ntree {'1' * 40}\n\n"), ODD),
    "two authors": (doubled("author "), ODD),
    "two committers": (doubled("committer "), ODD),
    "a parent twice": (doubled("parent "), "the commit names a parent twice"),
    "latin-1": (replacing("\n\n", "\nencoding ISO-8859-1\n\n"), "has a header 'encoding'"),
    "UTF-8": (replacing("\n\n", "\nencoding UTF-8\n\n"), "has a header 'encoding'"),
    "NUL": (replacing("a commit", "a \0 commit"), "holds a NUL"),
    "a date of 20 digits": (replacing(WHO, f"{WHO}9999999999"), "not NAME <E-MAIL> SECONDS ZONE"),
    "no zone": (replacing(" +0000\n\n", "\n\n"), "not NAME <E-MAIL> SECONDS ZONE"),
    "bell": (replacing(WHO, "committer b\x07ob <bob@acme.com> "), "with a hidden character"),
    "bidi": (replacing(WHO, "committer \u202ebob <bob@acme.com> "), "with a hidden character"),
    "format": (replacing(WHO, "committer bob <bob\u00ad@acme.com> "), "with a hidden character"),
    "no name": (replacing(WHO, "committer  <bob@acme.com> "), "empty or misshaped"),
    "outer space": (replacing(WHO, "committer bob  <bob@acme.com> "), "empty or misshaped"),
    "homoglyph": (replacing(WHO, "committer b\u043eb <bob@acme.com> "), "is not bob, who pushes"),
    "an empty answer": (replacing("a commit", "x\n\nGitreg-Answer: "), "without a value"),
}


@pytest.mark.parametrize("name", COMMITS)
def test_a_commit_that_two_readers_read_differently_is_refused(bob: Clone, name: str) -> None:
    make, told = COMMITS[name]
    sound = bob.write({"models/fraud/README.md": f"# {name}\n"}).commit()
    raw = bob.git("cat-file", "commit", sound)
    made = make(raw)
    assert made != raw
    odd = written(bob, "commit", made.encode("utf-8", "surrogateescape") + b"\n")
    assert bob.push(f"+{odd}:main").refused
    with unchecked(bob.world):
        push = bob.push(f"+{odd}:main")
    assert push.refused
    assert told in push.text
    assert bob.push(f"{sound}:main").accepted


def test_a_commit_that_is_backdated_is_refused(bob: Clone) -> None:
    before = int(bob.git("log", "-1", "--format=%ct"))
    bob.write({"models/fraud/README.md": "# Long ago\n"})
    bob.commit(GIT_COMMITTER_DATE=f"{before - 600} +0000")
    push = bob.push()
    assert push.refused
    assert "is more than five minutes before its parent's, 20" in push.text
    old = f"{before - 86400 * 365} +0000"
    bob.git("commit", "-q", "--amend", "--no-edit", "--date", old, GIT_COMMITTER_DATE=f"{before}")
    assert bob.push().accepted


# --- sizes ---------------------------------------------------------------------------------------

LARGE = {
    "a manifest of 3 MB": ("models/fraud/versions/1.yaml", version().encode() + b"#" * 3 * MIB),
    "a manifest of spaces": ("models/fraud/versions/1.yaml", b" " * 50 * MIB),
    "permissions of spaces": ("PERMISSIONS", b" " * 50 * MIB),
    "a card of spaces": ("models/fraud/README.md", b" " * 50 * MIB),
}


def test_what_packs_to_nothing_takes_no_memory(root: Clone) -> None:
    """The least that a hook takes is 35 MiB; reading any of these would take 50 more."""
    with measured(root.world) as uses:
        for name, (path, content) in LARGE.items():
            root.put({path: content})
            push = root.push()
            assert push.refused, name
            assert push.rules <= {"form", "schema", "governance"}, name
        root.put({"docs/large": b" " * 50 * MIB, "models/fraud/README.md": b"#" * 2 * MIB})
        assert root.push().accepted
        sound = root.put({"docs/a.md": "# A\n"})
        large = raw_commit(root, "a commit", "a commit" + " " * 50 * MIB)
        size = root.git("cat-file", "-s", large)
        for refspec in ("main", f"{large}:refs/heads/requests/fraud/1/Staging/root"):
            push = root.push(refspec)
            assert push.refused
            assert f"has {size} bytes, 262144 is the most" in push.text
        assert root.push(f"{sound}:main").accepted
    assert max(use.memory for use in uses) < 70
    assert max(use.seconds for use in uses) < 5


def test_a_tree_of_millions_is_refused_before_it_is_read(root: Clone) -> None:
    blob = bytes.fromhex(written(root, "blob", "x"))
    rows = b"".join(b"100644 %07d\0%b" % (number, blob) for number in range(480_000))
    standing(root, laid(root, "docs", written(root, "tree", rows)))
    with measured(root.world) as uses, unchecked(root.world):
        push = root.push()
    assert push.refused
    assert push.told[1:4] == (
        "  form  docs",
        f"    a folder's tree has {len(rows)} bytes, 16777216 is the most",
        "    hint: spread its files over several folders",
    )
    assert uses[0].memory < 70
    root.put({f"docs/{number}.md": "x" for number in range(100)})
    assert root.push().accepted
