"""Granting, revoking and moving: the lines of others and the comments stay."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import grantees, levels, patient, permission_texts
from support import MODEL, PERMISSIONS, REGISTRY, after, changed, files, tree

from gitreg.domain.access import Level, parse_grants
from gitreg.domain.names import ModelName
from gitreg.errors import CorruptError, GitregError, InvalidValueError, NotFoundError
from gitreg.manifest.snapshot import Snapshot
from gitreg.operations.permissions import ChangeLayout, Grant, Revoke, Scope
from gitreg.operations.plan import Operation, Plan

FRAUD, CHURN = ModelName("fraud"), ModelName("churn")
NOTHING = Plan("nothing to do")
READ, EDIT, MANAGE = Level.READ, Level.EDIT, Level.MANAGE


def _text(snapshot: Snapshot, path: str) -> str | None:
    raw = snapshot.blob(path)
    return raw.decode() if raw is not None else None


GRANTS: list[tuple[str, str, Level, str]] = [
    ("", "alice", READ, "read alice\n"),
    ("# ours\n", "alice", READ, "# ours\nread alice\n"),
    ("read bob", "alice", READ, "read bob alice"),
    ("read bob", "alice", EDIT, "read bob\nedit alice\n"),
    ("read bob # b\n", "alice", READ, "read bob alice # b\n"),
    ("read   bob\t# b\r\nedit x\r\n", "alice", READ, "read   bob alice\t# b\r\nedit x\r\n"),
    ("edit alice # hers\n", "alice", READ, "# hers\nread alice\n"),
    ("edit alice\n# next\n", "alice", READ, "# next\nread alice\n"),
    ("edit alice bob\n", "alice", READ, "edit bob\nread alice\n"),
    ("edit   bob alice\n", "alice", READ, "edit   bob\nread alice\n"),
    ("edit bob  alice  carol # x\n", "alice", READ, "edit bob  carol # x\nread alice\n"),
    ("edit alice-b alice b-alice\n", "alice", READ, "edit alice-b b-alice\nread alice\n"),
    ("edit a.ice alice\n", "a.ice", READ, "edit alice\nread a.ice\n"),
    ("edit alice alice\n", "alice", READ, "read alice\n"),
    ("edit bob alice alice\n", "alice", READ, "edit bob\nread alice\n"),
    ("manage alice\nread alice bob\n", "alice", READ, "read alice bob\n"),
    ("read bob\nread carol\nedit alice x\n", "alice", READ, "read bob alice\nread carol\nedit x\n"),
    ("read bob\nread alice\n", "alice", READ, "read bob alice\n"),
    ("edit @risk bob\n", "@risk", READ, "edit bob\nread @risk\n"),
    ("edit\u00a0bob\u2003alice\n", "alice", READ, "edit\u00a0bob\nread alice\n"),
]


@pytest.mark.parametrize(("before", "principal", "level", "expected"), GRANTS)
def test_a_grant_edits_one_line(before: str, principal: str, level: Level, expected: str) -> None:
    path = "models/fraud/PERMISSIONS"
    registry = tree(files(**({path: before} if before else {})))
    operation = Grant(Scope(FRAUD), principal, level)
    assert operation.plan(registry).summary == f"fraud: {level} granted to {principal}"
    assert _text(after(registry, operation), path) == expected


ROOT = """\
@risk = alice bob # a group
/        manage  admin   # us
fraud-*  edit    @risk
/        read    @everyone
fraud-*  read    carol
"""


@pytest.mark.parametrize(
    ("pattern", "principal", "level", "old", "new"),
    [
        ("/", "bob", MANAGE, "manage  admin   #", "manage  admin bob   #"),
        ("fraud-*", "carol", EDIT, "@risk\n/        read    @everyone\nfraud-*  read    carol\n",
         "@risk carol\n/        read    @everyone\n"),
        ("fraud-*", "@risk", MANAGE, ROOT[ROOT.index("fraud-*") :],
         "/        read    @everyone\nfraud-*  read    carol\nfraud-* manage @risk\n"),
        ("*", "carol", READ, "carol\n", "carol\n* read carol\n"),
        ("fraud", "carol", READ, "carol\n", "carol\nfraud read carol\n"),
    ],
)  # fmt: skip
def test_a_grant_to_a_pattern_edits_the_registrys_file(
    pattern: str, principal: str, level: Level, old: str, new: str
) -> None:
    registry = tree(files(PERMISSIONS=ROOT))
    then = after(registry, Grant(Scope(pattern=pattern), principal, level))
    assert _text(then, "PERMISSIONS") == ROOT.replace(old, new)


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("read alice\n", None),
        ("read alice # hers\n", "# hers\n"),
        ("read alice\n\n", None),
        ("read alice bob\nedit alice\n", "read bob\n"),
        ("read bob alice", "read bob"),
        ("read alice alice # x", "# x"),
        ("# ours\nread alice\n", "# ours\n"),
    ],
)
def test_revoking_takes_the_name_out_of_every_line(before: str, expected: str | None) -> None:
    path = "models/fraud/PERMISSIONS"
    registry = tree(files(**{path: before}))
    operation = Revoke(Scope(FRAUD), "alice")
    assert operation.plan(registry).summary == "fraud: alice revoked"
    assert _text(after(registry, operation), path) == expected


def test_revoking_never_removes_the_registrys_file() -> None:
    registry = tree(files(PERMISSIONS="/ manage admin\n"))
    then = after(registry, Revoke(Scope(pattern="/"), "admin"))
    assert _text(then, "PERMISSIONS") == ""


def _direct(text: str, pattern: str) -> dict[str, Level]:
    """Give, for each name of a pattern's lines, the highest level that they give."""
    found: dict[str, Level] = {}
    for grant in parse_grants(text, registry=bool(pattern)).grants:
        if grant.pattern == pattern:
            for name in grant.principals:
                found[name] = max(grant.level, found.get(name, Level.NONE))
    return found


def _comments(text: str) -> list[str]:
    return [line.partition("#")[2].strip() for line in text.splitlines() if "#" in line]


@given(st.data(), grantees, st.none() | levels, st.sampled_from(["", "/", "*", "fraud*"]))
@settings(patient, max_examples=150)
def test_a_grant_gives_exactly_that_level_and_changes_no_other(
    data: st.DataObject, principal: str, level: Level | None, pattern: str
) -> None:
    text = data.draw(permission_texts(pattern=bool(pattern)))
    path = "PERMISSIONS" if pattern else "models/fraud/PERMISSIONS"
    registry = tree(files(**{path: text}))
    scope = Scope(pattern=pattern) if pattern else Scope(FRAUD)
    before = _direct(text, pattern)
    operation = Revoke(scope, principal) if level is None else Grant(scope, principal, level)
    if level is None and principal not in before:
        with pytest.raises(NotFoundError):
            operation.plan(registry)
        return
    then = _text(after(registry, operation), path) or ""
    expected = {name: held for name, held in before.items() if name != principal}
    assert _direct(then, pattern) == expected | ({principal: level} if level else {})
    for other in {"/", "*", "fraud*"} - {pattern} if pattern else ():
        assert _direct(then, other) == _direct(text, other)
    assert _comments(then) == _comments(text)
    there = then.splitlines()
    for line in text.splitlines():
        words = line.partition("#")[0].split()
        named = principal in words or words[bool(pattern) : bool(pattern) + 1] == [str(level)]
        assert named or line in there or not line.strip()
    assert parse_grants(then, registry=bool(pattern)).groups == (
        parse_grants(text, registry=bool(pattern)).groups
    )
    if level is not None:
        assert operation.plan(after(registry, operation)) == NOTHING


@pytest.mark.parametrize(
    "operation",
    [
        Grant(Scope(pattern="/"), "admin", MANAGE),
        Grant(Scope(pattern="*"), "@everyone", READ),
        ChangeLayout("flat"),
    ],
    ids=str,
)
def test_what_is_so_already_is_no_change(operation: Operation) -> None:
    assert operation.plan(tree(files())) == NOTHING


def test_a_layout_changes_there_and_back() -> None:
    flat = tree(files(**{"models/My%20model/model.yaml": MODEL}))
    assert ChangeLayout("sharded").plan(flat).summary == "layout changed to sharded"
    sharded = after(flat, ChangeLayout("sharded"))
    assert _text(sharded, "registry.yaml") == f"{REGISTRY}layout: sharded\n"
    assert sharded.models() == flat.models()
    assert sharded.entry(sharded.folder(FRAUD)) == flat.entry("models/fraud")
    back = after(sharded, ChangeLayout("flat"))
    assert back.entry("models") == flat.entry("models")
    empty = tree({"registry.yaml": REGISTRY})
    assert after(empty, ChangeLayout("sharded")).names("models") == []


NOT_A_PATTERN = '"/" is the registry; else a model\'s directory name with * and ?'
NO_NAME = "ASCII letters, digits and . _ + @ - (not @ first), at most 200"
REFUSED: list[tuple[Operation, type[GitregError], str, str]] = [
    (
        Grant(Scope(CHURN), "bob", READ),
        NotFoundError,
        "there is no model churn",
        "gitreg model list",
    ),
    (
        Grant(Scope(FRAUD), "bob", Level.NONE),
        InvalidValueError,
        "none gives nothing",
        "gitreg permission revoke",
    ),
    (Grant(Scope(FRAUD), "b ob", READ), InvalidValueError, "'b ob' is not a user name", NO_NAME),
    (Revoke(Scope(FRAUD), "@@x"), InvalidValueError, "'@x' is not a user name", NO_NAME),
    (
        Revoke(Scope(pattern="fraud-*"), "bob"),
        NotFoundError,
        "no line of fraud-* names bob",
        "gitreg permission list tells where a level comes from",
    ),
    (
        Revoke(Scope(FRAUD), "bob"),
        NotFoundError,
        "no line of fraud names bob",
        "gitreg permission list tells where a level comes from",
    ),
    (
        ChangeLayout("deep"),
        InvalidValueError,
        "'deep' is not a layout: flat or sharded",
        "",
    ),
]


@pytest.mark.parametrize(
    ("operation", "kind", "told", "hint"),
    REFUSED,
    ids=[f"{type(one[0]).__name__}: {one[2][:30]!a}" for one in REFUSED],
)
def test_what_may_not_be_is_refused_in_full_words(
    operation: Operation, kind: type[GitregError], told: str, hint: str
) -> None:
    with pytest.raises(GitregError) as caught:
        operation.plan(tree(files()))
    assert type(caught.value) is kind
    assert (str(caught.value), caught.value.hint) == (told, hint)


def test_a_scope_is_a_model_or_a_pattern() -> None:
    assert (str(Scope(FRAUD)), str(Scope(pattern="fraud-*"))) == ("fraud", "fraud-*")
    for model, pattern in ((None, ""), (FRAUD, "*")):
        with pytest.raises(InvalidValueError) as caught:
            Scope(model, pattern)
        assert str(caught.value) == "permissions are of a model, or of a pattern; name one"


@pytest.mark.parametrize(
    "pattern",
    ["a b", "x read mallory #", "# x", "@risk", "@risk =", "a\n/ manage eve\nb", "a/b", " x", "ä"],
)
def test_a_pattern_is_one_word_of_a_line(pattern: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        Scope(pattern=pattern)
    assert str(caught.value) == f"{pattern!a} is not a pattern"
    assert caught.value.hint == NOT_A_PATTERN


@pytest.mark.parametrize(
    ("raw", "told", "hint"),
    [
        (b"\xff", "is not UTF-8", ""),
        (
            b"mange bob\n",
            (
                "line 1: 'mange' is not a level; they are "
                "read, edit, manage-staging, manage-production, manage"
            ),
            'did you mean "manage"?',
        ),
    ],
)
def test_a_file_that_does_not_parse_is_left_to_its_manager(
    raw: bytes, told: str, hint: str
) -> None:
    before = changed(tree(files()), {"models/fraud/PERMISSIONS": raw})
    with pytest.raises(CorruptError) as caught:
        Grant(Scope(FRAUD), "alice", READ).plan(before)
    assert str(caught.value) == f"models/fraud/PERMISSIONS does not parse: {told}"
    assert caught.value.hint == hint


def test_the_definitions_of_groups_are_untouched() -> None:
    registry = tree(files(PERMISSIONS=f"@a = @b x\n@b = x\n{PERMISSIONS}"))
    then = after(registry, Grant(Scope(pattern="*"), "@a", EDIT))
    assert _text(then, "PERMISSIONS") == f"@a = @b x\n@b = x\n{PERMISSIONS}* edit @a\n"
