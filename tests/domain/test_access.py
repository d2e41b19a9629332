"""Levels, abilities, and the PERMISSIONS file."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitreg.domain.access import (
    EVERYONE,
    Ability,
    Grant,
    Grants,
    Group,
    Level,
    Permissions,
    PermissionsError,
    check_grantee,
    matches,
    parse_grants,
)
from gitreg.errors import InvalidValueError

USER_HINT = "ASCII letters, digits and . _ + @ - (not @ first), at most 200"


def permissions(root: str, own: Mapping[str, str] | None = None) -> Permissions:
    """Give the permissions of a registry's file and of models' own, by directory."""
    inner = {name: parse_grants(text, registry=False) for name, text in (own or {}).items()}
    return Permissions(parse_grants(root, registry=True), lambda name: inner.get(name, Grants()))


def refusal(text: str, *, registry: bool = True) -> tuple[str, str]:
    with pytest.raises(PermissionsError) as caught:
        parse_grants(text, registry=registry)
    assert str(caught.value).startswith(f"line {caught.value.line}: ")
    return str(caught.value), caught.value.hint


# --- levels and abilities ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("none", Level.NONE),
        ("read", Level.READ),
        ("edit", Level.EDIT),
        ("manage-staging", Level.MANAGE_STAGING),
        ("manage-production", Level.MANAGE_PRODUCTION),
        ("manage", Level.MANAGE),
    ],
)
def test_a_level_reads_back_as_written(text: str, level: Level) -> None:
    assert Level.parse(text) is level
    assert str(level) == text


def test_each_level_includes_the_lower_ones() -> None:
    order = ["none", "read", "edit", "manage-staging", "manage-production", "manage"]
    assert [str(level) for level in sorted(Level)] == order


def test_a_level_that_is_not_one_is_refused_with_a_guess() -> None:
    with pytest.raises(InvalidValueError) as caught:
        Level.parse("manage_production")
    assert str(caught.value) == (
        "'manage_production' is not a level; they are read, edit, manage-staging, "
        "manage-production, manage"
    )
    assert caught.value.hint == 'did you mean "manage-production"?'


def test_a_level_is_written_in_lower_case() -> None:
    with pytest.raises(InvalidValueError) as caught:
        Level.parse("Edit")
    assert caught.value.hint == 'did you mean "edit"?'


ABILITIES = {
    Ability.CREATE_MODEL: "create a model: none",
    Ability.READ: "see a model: read",
    Ability.REQUEST: "request a stage transition: read",
    Ability.COMMENT: "comment: read",
    Ability.ADD_VERSION: "add a version: edit",
    Ability.UPDATE: "update descriptions, tags, aliases, metrics and status: edit",
    Ability.TRANSITION: "transition between unprotected stages: manage-staging",
    Ability.TRANSITION_PROTECTED: "transition from or to a protected stage: manage-production",
    Ability.PROTECTED_ALIAS: "set, move or delete a protected alias: manage-production",
    Ability.PIN_PROTECTED: "pin an artifact to a version in a protected stage: manage-production",
    Ability.MANAGE_MODEL: "rename, delete, change permissions: manage",
    Ability.MANAGE_REGISTRY: "change settings, permissions and files of the registry: manage",
}


@pytest.mark.parametrize("ability", Ability)
def test_an_ability_needs_the_least_level_of_the_table(ability: Ability) -> None:
    assert f"{ability}: {ability.least}" == ABILITIES[ability]


# --- patterns ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "name", "fits"),
    [
        ("fraud", "fraud", True),
        ("fraud", "Fraud", False),
        ("fraud", "frauds", False),
        ("fraud-*", "fraud-detector", True),
        ("fraud-*", "fraud-", True),
        ("fraud-*", "fraud", False),
        ("*", "anything", True),
        ("*", "", True),
        ("", "", True),
        ("", "a", False),
        ("?", "a", True),
        ("?", "", False),
        ("?", "ab", False),
        ("a*b?c*", "aXXbYbZcW", True),
        ("a*b?c", "aXXbYbZcW", False),
        ("*-eu-*", "fraud-eu-v2", True),
        ("*aab", "aaab", True),
        ("My%20*", "My%20Model", True),
        ("a.c", "abc", False),
        ("[ab]", "a", False),
        ("**", "x", True),
    ],
)
def test_a_pattern_matches_the_whole_name(pattern: str, name: str, *, fits: bool) -> None:
    assert matches(pattern, name) is fits


def _slow(pattern: str, name: str) -> bool:
    if not pattern:
        return not name
    if pattern[0] == "*":
        return any(_slow(pattern[1:], name[at:]) for at in range(len(name) + 1))
    return bool(name) and pattern[0] in ("?", name[0]) and _slow(pattern[1:], name[1:])


@given(st.text("ab*?", max_size=6), st.text("ab", max_size=7))
def test_matching_is_what_the_definition_says(pattern: str, name: str) -> None:
    assert matches(pattern, name) == _slow(pattern, name)


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("*a" * 127 + "b", "a" * 240),
        ("a*" * 127 + "b", "a" * 240),
        ("*" * 254 + "b", "a" * 240),
        ("*?" * 127, "a" * 120),
        ("*a?a" * 63 + "b", "a" * 240),
    ],
)
def test_a_hostile_pattern_ends_soon(pattern: str, name: str) -> None:
    assert len(pattern) <= 255
    assert not any(matches(pattern, name) for _ in range(50))


# --- reading a file ------------------------------------------------------------------------------

EXAMPLE = """\
# who may do what
@risk      = alice bob @fraud-team        # a group
@fraud-team = dora

/            manage             @platform
/            read               @everyone
fraud-*\tedit               @risk #trailing
fraud-*      manage-production  carol carol
"""


def test_a_file_is_lines_of_groups_and_grants() -> None:
    read = parse_grants(EXAMPLE, registry=True)
    assert read.groups == (
        Group("@risk", ("alice", "bob", "@fraud-team")),
        Group("@fraud-team", ("dora",)),
    )
    assert read.grants == (
        Grant("/", Level.MANAGE, ("@platform",)),
        Grant("/", Level.READ, (EVERYONE,)),
        Grant("fraud-*", Level.EDIT, ("@risk",)),
        Grant("fraud-*", Level.MANAGE_PRODUCTION, ("carol",)),
    )
    assert [one.line for one in (*read.groups, *read.grants)] == [2, 3, 5, 6, 7, 8]


def test_what_lines_say_does_not_depend_on_order_spacing_and_comments() -> None:
    read = parse_grants(EXAMPLE, registry=True)
    assert read.lines == {
        "@risk = alice bob @fraud-team",
        "@fraud-team = dora",
        "/ manage @platform",
        "/ read @everyone",
        "fraud-* edit @risk",
        "fraud-* manage-production carol",
    }
    turned = "\r\n".join(reversed(EXAMPLE.split("\n")))
    assert parse_grants(turned, registry=True).lines == read.lines


def test_a_file_reads_back_from_its_lines() -> None:
    read = parse_grants(EXAMPLE, registry=True)
    assert parse_grants("\n".join(sorted(read.lines)), registry=True).lines == read.lines


def test_a_models_own_file_has_no_pattern() -> None:
    read = parse_grants("manage alice\nread @risk bob\n", registry=False)
    assert read.grants == (
        Grant("", Level.MANAGE, ("alice",)),
        Grant("", Level.READ, ("@risk", "bob")),
    )
    assert [str(grant) for grant in read.grants] == ["manage alice", "read @risk bob"]


def test_a_level_may_be_the_name_of_a_user() -> None:
    [grant] = parse_grants("edit read\n", registry=False).grants
    assert grant == Grant("", Level.EDIT, ("read",))


@pytest.mark.parametrize("text", ["", "\n", "# nothing\n", "   # nothing", "\r\n\r\n"])
def test_an_empty_file_grants_nothing(text: str) -> None:
    assert parse_grants(text, registry=True) == Grants()
    assert parse_grants(text, registry=False) == Grants()


def test_a_group_may_be_empty() -> None:
    [group] = parse_grants("@nobody =\n", registry=True).groups
    assert group == Group("@nobody", ())
    assert str(group) == "@nobody ="


@pytest.mark.parametrize(
    ("text", "reason", "hint"),
    [
        ("/", "line 1: a level is missing", "write: / read alice"),
        ("\n/ edit", "line 2: nobody is named", "add users or @groups after edit"),
        (
            "/ own alice",
            (
                "line 1: 'own' is not a level; they are read, edit, manage-staging, "
                "manage-production, manage"
            ),
            "",
        ),
        ("/ none bob", "line 1: none gives nothing", "there is no deny line: leave it out"),
        (
            "fraud/1 edit bob",
            "line 1: 'fraud/1' is not a pattern",
            '"/" is the registry; else a model\'s directory name with * and ?',
        ),
        (
            "modèle edit bob",
            r"line 1: 'mod\xe8le' is not a pattern",
            '"/" is the registry; else a model\'s directory name with * and ?',
        ),
        (
            "a" * 256 + " edit bob",
            f"line 1: '{'a' * 256}' is not a pattern",
            '"/" is the registry; else a model\'s directory name with * and ?',
        ),
        (
            "@risk=alice bob",
            "line 1: '@risk=alice' is not a pattern",
            "a group is written: @risk = alice bob",
        ),
        ("/ edit bob,carol", "line 1: 'bob,carol' is not a user name", USER_HINT),
        ("/ edit @", "line 1: '' is not a user name", USER_HINT),
        ("/ edit @@risk", "line 1: '@risk' is not a user name", USER_HINT),
        ("@ri$k = bob", "line 1: 'ri$k' is not a user name", USER_HINT),
        ("@risk = b!b", "line 1: 'b!b' is not a user name", USER_HINT),
        (
            "@everyone = bob",
            "line 1: @everyone is every authenticated user and cannot be defined",
            "",
        ),
        (
            "@a = bob\n# twice\n@a = carol",
            "line 3: @a is defined twice",
            "put all members into one line",
        ),
        ("@a = @a", "line 1: the group @a holds itself", ""),
        ("@a = @b\n@b = @c bob\n@c = @a", "line 3: the group @a holds itself", ""),
        ("@x = @a\n@a = @b\n@b = @a", "line 3: the group @a holds itself", ""),
    ],
)
def test_a_line_that_does_not_parse_is_refused(text: str, reason: str, hint: str) -> None:
    assert refusal(text) == (reason, hint)


@pytest.mark.parametrize(
    ("text", "reason", "hint"),
    [
        ("@risk = bob", "line 1: groups are defined in the registry's PERMISSIONS only", ""),
        ("edit", "line 1: nobody is named", "add users or @groups after edit"),
        (
            "fraud-* edit bob",
            "line 1: 'fraud-*' is a pattern, which a model's own file does not have",
            "write: edit bob",
        ),
        (
            "editt bob",
            (
                "line 1: 'editt' is not a level; they are read, edit, manage-staging, "
                "manage-production, manage"
            ),
            'did you mean "edit"?',
        ),
    ],
)
def test_a_line_of_a_model_that_does_not_parse_is_refused(
    text: str, reason: str, hint: str
) -> None:
    assert refusal(text, registry=False) == (reason, hint)


def test_groups_may_share_members_without_a_cycle() -> None:
    text = "@all = @a @b\n@a = @leaf\n@b = @leaf @a\n@leaf = bob\n"
    assert permissions(text).members({"@all"}) == {"bob"}


def test_a_long_chain_of_groups_is_read_without_recursion() -> None:
    chain = "".join(f"@g{n} = @g{n + 1}\n" for n in range(20000)) + "@g20000 = bob\n"
    assert permissions(chain).members({"@g0"}) == {"bob"}
    assert "@g0" in permissions(chain).names_of("bob")


def test_a_dense_mesh_of_groups_is_searched_once() -> None:
    rows = (" ".join(f"@g{m}" for m in range(n + 1, 60)) for n in range(60))
    mesh = "".join(f"@g{n} = bob {row}\n" for n, row in enumerate(rows))
    assert len(parse_grants(mesh, registry=True).groups) == 60


@given(text=st.text(max_size=60), registry=st.booleans())
def test_any_text_is_read_or_refused(text: str, *, registry: bool) -> None:
    try:
        read = parse_grants(text, registry=registry)
    except PermissionsError as error:
        assert 1 <= error.line <= text.count("\n") + 1
    else:
        assert parse_grants("\n".join(read.lines), registry=registry).lines == read.lines


@pytest.mark.parametrize("text", ["alice", "@risk", "@everyone", "alice@acme.com", "@a@b"])
def test_a_line_names_users_and_groups(text: str) -> None:
    assert check_grantee(text) == text


def test_a_group_that_is_not_defined_is_found_with_its_line() -> None:
    text = "@a = @b @gone\n@b = bob\n/ edit @a @lost @everyone\nx read @outside\n"
    read = parse_grants(text, registry=True)
    assert list(read.undefined_groups()) == [(1, "@gone"), (3, "@lost"), (4, "@outside")]
    assert list(read.undefined_groups(["@gone", "@lost", "@outside"])) == []


# --- levels in force -----------------------------------------------------------------------------


@pytest.mark.parametrize("level", [level for level in Level if level])
@pytest.mark.parametrize(
    ("root", "own"),
    [
        ("/ {} bob", ""),
        ("* {} bob", ""),
        ("fraud {} bob", ""),
        ("fr?ud {} bob", ""),
        ("/ {} @everyone", ""),
        ("@team = bob\n/ {} @team", ""),
        ("@team = @inner\n@inner = bob\nfr* {} @team", ""),
        ("@all = @everyone\nfraud {} @all", ""),
        ("", "{} bob"),
        ("", "{} @everyone"),
        ("@team = bob", "{} @team"),
    ],
)
def test_a_level_is_given_in_many_ways(level: Level, root: str, own: str) -> None:
    inside = {"fraud": own.format(level)} if own else {}
    assert permissions(root.format(level), inside).level("bob", "fraud") is level


@pytest.mark.parametrize(
    ("root", "own"),
    [
        ("", ""),
        ("/ manage alice", "manage alice"),
        ("Fraud manage bob", ""),
        ("frauds manage bob", ""),
        ("@bob = bob\n/ manage alice", ""),
        ("/ manage @undefined", "edit @undefined"),
        ("/ manage bobby", ""),
    ],
)
def test_nobody_holds_what_no_line_gives(root: str, own: str) -> None:
    assert permissions(root, {"fraud": own}).level("bob", "fraud") is Level.NONE


def test_the_highest_level_of_any_line_counts_whatever_the_order() -> None:
    lines = ["/ read @everyone", "fraud-* manage-staging bob", "@t = bob", "fraud-1 edit @t"]
    for order in (lines, lines[::-1]):
        found = permissions("\n".join(order), {"fraud-1": "read bob"})
        assert found.level("bob", "fraud-1") is Level.MANAGE_STAGING
        assert found.level("bob", "fraud-2") is Level.MANAGE_STAGING
        assert found.level("bob", "churn") is Level.READ
        assert found.level("eve", "fraud-1") is Level.READ


def test_a_star_is_every_model_but_not_the_registry() -> None:
    found = permissions("* manage bob\n/ edit carol\n", {"fraud": "manage dora"})
    assert found.level("bob", "fraud") is Level.MANAGE
    assert found.level("bob", None) is Level.NONE
    assert found.level("carol", None) is found.level("carol", "fraud") is Level.EDIT
    assert found.level("dora", None) is Level.NONE


def test_a_level_can_be_asked_for_under_another_name() -> None:
    found = permissions("old-* edit bob\nnew-* read bob", {"old-1": "read carol"})
    assert found.level("bob", "old-1", named="new-1") is Level.READ
    assert found.level("carol", "old-1", named="new-1") is Level.READ
    assert found.level("bob", None, named="new-1") is Level.READ


def test_a_principal_goes_by_name_by_groups_and_by_everyone() -> None:
    found = permissions("@a = bob\n@b = @a\n@c = carol\n@all = @everyone\n")
    assert found.names_of("bob") == {"bob", "@a", "@b", "@all", EVERYONE}
    assert found.names_of("bob") is found.names_of("bob")
    assert found.in_any("bob", ["@b"])
    assert found.in_any("eve", [EVERYONE])
    assert not found.in_any("eve", ["@a", "@c", "bob"])


def test_members_are_reached_through_groups_and_everyone_is_nobody() -> None:
    found = permissions("@a = bob @b\n@b = carol @everyone @gone\n")
    assert found.members(["@a", "dora"]) == {"bob", "carol", "dora"}
    assert found.members([EVERYONE]) == frozenset()


def test_who_can_names_the_lines_that_give_enough() -> None:
    found = permissions(
        "/ manage @platform\n/ read @everyone\nfr* edit bob carol\n", {"fraud": "manage bob\n"}
    )
    assert found.who_can(Level.EDIT, "fraud") == ("@platform", "bob", "carol")
    assert found.who_can(Level.MANAGE, "fraud") == ("@platform", "bob")
    assert found.who_can(Level.MANAGE, "churn") == ("@platform",)
    assert found.who_can(Level.READ, None) == ("@everyone", "@platform")


def test_a_rename_moves_the_levels_that_globs_give() -> None:
    root = "/ manage admin\nold-* edit bob @team carol admin\nnew-* manage carol\n@team = dora\n"
    found = permissions(root, {"old-1": "edit dora\n"})
    assert list(found.moved_levels("old-1", "new-1")) == [
        ("bob", Level.EDIT, Level.NONE),
        ("carol", Level.EDIT, Level.MANAGE),
    ]
    assert list(found.moved_levels("old-1", "old-2")) == []
    assert list(found.moved_levels("old-1", "churn")) == [
        ("bob", Level.EDIT, Level.NONE),
        ("carol", Level.EDIT, Level.NONE),
    ]


@pytest.mark.parametrize(
    "root", ["old-* read @everyone", "@all = @everyone\nold-* read @all", "old-* read @everyone x"]
)
def test_a_rename_that_moves_everybodys_level_says_so(root: str) -> None:
    moved = {user: (a, b) for user, a, b in permissions(root).moved_levels("old-1", "new")}
    assert moved[EVERYONE] == (Level.READ, Level.NONE)


@pytest.mark.parametrize(
    ("root", "own", "readable"),
    [
        ("/ read bob", "", True),
        ("nothing-like-it edit bob", "", True),
        ("@t = bob\nx-* read @t", "", True),
        ("/ manage admin", "read bob", True),
        ("/ manage admin", "read alice", False),
        ("", "", False),
    ],
)
def test_who_may_read_anything_at_all_may_have_branches(
    root: str, own: str, *, readable: bool
) -> None:
    found = permissions(root, {"fraud": own})
    assert found.readable_somewhere("bob", ["churn", "fraud"]) is readable


_users = st.sampled_from(["bob", "carol", "@a", "@b", "@everyone"])
_rows = st.lists(
    st.tuples(st.sampled_from(["/", "*", "fr*", "fraud", "churn"]), st.sampled_from(Level), _users),
    max_size=6,
)


@given(_rows, st.sampled_from(["bob", "carol", "eve"]), st.sampled_from([None, "fraud", "churn"]))
def test_another_line_never_takes_a_level_away(
    rows: list[tuple[str, Level, str]], who: str, directory: str | None
) -> None:
    groups = "@a = bob\n@b = @a carol\n"
    lines = [f"{pattern} {level} {user}" for pattern, level, user in rows if level]
    held = Level.NONE
    for count in range(len(lines) + 1):
        now = permissions(groups + "\n".join(lines[:count])).level(who, directory)
        assert now >= held
        held = now
    assert permissions(groups + "\n".join(lines[::-1])).level(who, directory) is held
