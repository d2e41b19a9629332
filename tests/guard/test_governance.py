"""Governance: permissions keep a manager, and nobody gives or gets more than may be."""

from dataclasses import replace

import pytest
from support import (
    MODEL,
    REGISTRY,
    after,
    changed,
    commit,
    files,
    planted,
    said,
    step,
    tree,
    version,
)

from gitreg.domain.access import Level
from gitreg.domain.names import ModelName
from gitreg.guard.verify import verify
from gitreg.manifest.snapshot import Snapshot
from gitreg.manifest.trees import FILE, FOLDER
from gitreg.operations.models import RenameModel

LINES = "/ manage admin\n* read @everyone\n"
OWN = "models/fraud/PERMISSIONS"
NEW = {"models/new/model.yaml": MODEL}
BY_MAIL = {"registry.yaml": REGISTRY + "identity: {principal: email}\n"}


def registry(lines: str = LINES, settings: str = "", **content: str) -> Snapshot:
    base = {"PERMISSIONS": lines, "registry.yaml": REGISTRY + settings}
    return tree(files() | base | content)


BASE = registry()


def written(lines: str, who: str = "admin", before: Snapshot = BASE) -> list[str]:
    """Judge a commit that writes the registry's PERMISSIONS."""
    return said(step(who, before, changed(before, {"PERMISSIONS": lines})))


# --- managers ------------------------------------------------------------------------------------

NOBODY = (
    'governance  PERMISSIONS\n  nobody would manage "/"; a line that names somebody must\n'
    "  hint: keep a line: / manage admin"
)
NOT_ME = (
    'governance  PERMISSIONS\n  admin, whose commit this is, would not manage "/"\n'
    "  hint: keep a line: / manage admin; another manager can take it out"
)


@pytest.mark.parametrize(
    "lines",
    [
        "/ manage admin alice\n",
        "@ops = admin\n/ manage @ops\n",
        "@ops = @inner\n@inner = bob admin\n/ manage @ops\n",
        "/ manage bob\n/ manage @everyone\n",
        "/ manage bob admin\n* manage-production carol\n",
    ],
)
def test_a_registry_keeps_a_manager_and_the_manager_his_level(lines: str) -> None:
    assert written(lines) == []


@pytest.mark.parametrize(
    "lines",
    [
        "",
        "* manage admin\n",
        "/ manage @everyone\n",
        "/ manage-production admin\n",
        "@ops =\n/ manage @ops\n",
        "@all = @everyone\n/ manage @all\n",
    ],
)
def test_a_registry_is_never_without_a_manager_of_its_own(lines: str) -> None:
    assert written(lines) == [NOBODY]


@pytest.mark.parametrize("lines", ["/ manage bob\n", "@ops = bob\n/ manage @ops\n/ edit admin\n"])
def test_nobody_drops_himself(lines: str) -> None:
    assert written(lines) == [NOT_ME]


def test_nobody_drops_himself_among_other_changes() -> None:
    edits = {"PERMISSIONS": "/ manage bob\n", "README.md": "hi", OWN: "read bob\n"}
    assert said(step("admin", BASE, changed(BASE, edits))) == [NOT_ME]
    url = BY_MAIL["registry.yaml"] + "artifacts: {url: s3://x}\n"
    email = {"registry.yaml": url, "README.md": "hi"}
    assert (
        "admin@acme.com, whose commit this is" in said(step("admin", BASE, changed(BASE, email)))[0]
    )


def test_another_manager_may_drop_one() -> None:
    before = registry("/ manage admin bob\n")
    assert written("/ manage bob\n", "bob", before) == []


@pytest.mark.parametrize(
    ("lines", "told"), [("/ manage bob\n", [NOT_ME]), ("# nothing\n", [NOBODY]), (LINES, [])]
)
def test_the_first_commit_gives_its_committer_manage(lines: str, told: list[str]) -> None:
    first = tree({"registry.yaml": REGISTRY, "PERMISSIONS": lines})
    assert said(step("admin", None, first)) == told


def test_of_a_first_commit_whose_permissions_do_not_parse_only_that_is_said() -> None:
    first = tree({"registry.yaml": REGISTRY, "PERMISSIONS": "/ manage\n"})
    told = "governance  PERMISSIONS:1\n  line 1: nobody is named\n"
    told += "  hint: add users or @groups after manage"
    assert said(step("admin", None, first)) == [told]


def test_the_file_that_says_who_manages_is_never_deleted() -> None:
    assert said(step("admin", BASE, changed(BASE, {"PERMISSIONS": None}))) == [
        "governance  PERMISSIONS\n  a registry needs this file"
    ]


# --- parsing -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "text", "told"),
    [
        (
            "PERMISSIONS",
            LINES + "/ editt bob\n",
            (
                "PERMISSIONS:3\n  line 3: 'editt' is not a level; they are read, edit, "
                'manage-staging, manage-production, manage\n  hint: did you mean "edit"?'
            ),
        ),
        (
            "PERMISSIONS",
            LINES + "@a = @b\n@b = @a\n",
            "PERMISSIONS:4\n  line 4: the group @a holds itself",
        ),
        (
            "PERMISSIONS",
            LINES + "/ read eve\u202e\n",
            "PERMISSIONS:3\n  line 3: a character that cannot be seen",
        ),
        (
            OWN,
            "# mine\nfraud edit bob\n",
            (
                f"{OWN}:2\n  line 2: 'fraud' is a pattern, which a model's own file does not have\n"
                "  hint: write: edit bob"
            ),
        ),
        (
            OWN,
            "@a = bob\n",
            f"{OWN}:1\n  line 1: groups are defined in the registry's PERMISSIONS only",
        ),
    ],
)
def test_permissions_that_do_not_parse_are_refused(path: str, text: str, told: str) -> None:
    assert said(step("admin", BASE, changed(BASE, {path: text}))) == [
        f"governance  {path and told}"
    ]


def test_permissions_are_utf8() -> None:
    for path in ("PERMISSIONS", OWN):
        then = changed(BASE, {path: b"/ manage andr\xe9\n"})
        assert said(step("admin", BASE, then)) == [f"governance  {path}\n  is not UTF-8"]


def test_a_models_file_that_does_not_parse_grants_nothing_and_can_be_repaired() -> None:
    broken = changed(registry(**{OWN: "manage bob\n"}), {OWN: "manage bob\nmanage\n"})
    repaired = changed(broken, {OWN: "manage bob\n"})
    assert said(step("admin", broken, repaired)) == []
    [told] = said(step("bob", broken, repaired))
    assert told.split("\n")[1] == (
        "  permissions of fraud changed: + manage bob needs manage; bob has read"
    )


# --- granting oneself ----------------------------------------------------------------------------


@pytest.mark.parametrize("level", [level for level in Level if Level.READ < level < Level.MANAGE])
def test_nobody_below_manage_grants_anything(level: Level) -> None:
    before = registry(f"/ manage admin\n* {level} eve\n")
    for path, lines in (
        ("PERMISSIONS", f"/ manage admin\n* {level} eve\n* manage eve\n"),
        (OWN, "manage eve\n"),
    ):
        told = said(step("eve", before, changed(before, {path: lines})))
        held = Level.NONE if path == "PERMISSIONS" else level
        assert f"needs manage; eve has {held}" in told[0]


def test_a_manager_of_a_model_grants_on_it_and_nowhere_else() -> None:
    before = registry(**{OWN: "manage lead\n"})
    assert said(step("lead", before, changed(before, {OWN: "manage lead eve\nread bob\n"}))) == []
    assert said(step("lead", before, changed(before, {OWN: None}))) == []
    told = written(LINES + "fraud manage eve\n", "lead", before)
    assert told[0].split("\n")[1] == (
        "  permissions changed: + fraud manage eve needs manage; lead has none"
    )


# --- groups --------------------------------------------------------------------------------------


def undefined(path: str, name: str, line: str) -> str:
    return (
        f'governance  {path}\n  the group {name} is not defined ("{line}")\n'
        f"  hint: define it in PERMISSIONS: {name} = alice bob"
    )


def test_a_group_on_an_added_line_must_be_defined() -> None:
    assert written(LINES + "fraud edit @risk\n") == [
        undefined("PERMISSIONS", "@risk", "fraud edit @risk")
    ]
    assert written(LINES + "@core = bob @risk\n") == [
        undefined("PERMISSIONS", "@risk", "@core = bob @risk")
    ]
    assert said(step("admin", BASE, changed(BASE, {OWN: "edit bob @risk\n"}))) == [
        undefined(OWN, "@risk", "edit bob @risk")
    ]


def test_a_group_on_a_line_of_the_first_commit_must_be_defined() -> None:
    lines = LINES + "/ manage @ops\n"
    first = tree({"registry.yaml": REGISTRY, "PERMISSIONS": lines})
    assert said(step("admin", None, first)) == [undefined("PERMISSIONS", "@ops", "/ manage @ops")]
    defined = tree({"registry.yaml": REGISTRY, "PERMISSIONS": lines + "@ops = bob\n"})
    assert said(step("admin", None, defined)) == []


def test_a_group_may_be_defined_by_the_commit_that_uses_it() -> None:
    lines = LINES + "fraud edit @risk @everyone\n@risk = bob @core\n@core =\n"
    assert written(lines) == []
    then = changed(BASE, {"PERMISSIONS": lines, OWN: "edit @core\n"})
    assert said(step("admin", BASE, then)) == []


def test_a_group_that_an_old_line_names_may_go() -> None:
    before = registry(LINES + "fraud edit @risk\n@risk = bob\n", **{OWN: "read @risk\n"})
    assert written(LINES + "fraud edit @risk\n", before=before) == []
    gone = changed(before, {"PERMISSIONS": LINES + "fraud edit @risk\n"})
    assert said(step("admin", gone, changed(gone, {OWN: "read @risk\nedit bob\n"}))) == []
    assert len(said(step("admin", gone, changed(gone, {OWN: "read @risk bob\n"})))) == 1


# --- delegates -----------------------------------------------------------------------------------

DELEGATES = "identity: {delegates: [{name: ci, vouches: committer}]}\n"


def held(line: int) -> str:
    return (
        f"governance  PERMISSIONS:{line}\n  ci is a delegate (identity.delegates in "
        "registry.yaml) and holds no level"
    )


def test_no_line_names_a_delegate() -> None:
    before = registry(settings=DELEGATES)
    assert written(LINES + "fraud edit bob ci\n", before=before) == [held(3)]
    assert written(LINES + "\n@bots = ci\n", before=before) == [held(4)]
    assert written(LINES + "fraud edit cicero\n", before=before) == []
    assert said(step("admin", before, changed(before, {OWN: "edit ci\n"}))) == [
        f"governance  {OWN}\n  ci is a delegate and holds no level"
    ]


def test_nobody_who_holds_a_level_becomes_a_delegate() -> None:
    before = registry(LINES + "fraud edit ci\n")
    settings = {"registry.yaml": REGISTRY + DELEGATES}
    assert said(step("admin", before, changed(before, settings))) == [held(3)]
    both = settings | {"PERMISSIONS": LINES}
    assert said(step("admin", before, changed(before, both))) == []


def test_a_manager_does_not_make_himself_a_delegate() -> None:
    settings = REGISTRY + DELEGATES.replace("ci", "admin")
    told = said(step("admin", BASE, changed(BASE, {"registry.yaml": settings})))
    assert [one.split("\n")[1] for one in told] == [
        '  admin, whose commit this is, would not manage "/"',
        "  admin is a delegate (identity.delegates in registry.yaml) and holds no level",
    ]


# --- how people are known ------------------------------------------------------------------------


def test_a_manager_is_still_one_when_people_become_known_by_address() -> None:
    told = (
        'governance  PERMISSIONS\n  admin@acme.com, whose commit this is, would not manage "/"\n'
        "  hint: keep a line: / manage admin@acme.com; another manager can take it out"
    )
    assert said(step("admin", BASE, changed(BASE, BY_MAIL))) == [told]
    both = BY_MAIL | {"PERMISSIONS": LINES + "/ manage admin@acme.com\n"}
    assert said(step("admin", BASE, changed(BASE, both))) == []


def test_an_author_that_a_delegate_vouches_for_is_still_a_manager_too() -> None:
    hub = "identity: {%sdelegates: [{name: %s, vouches: author}]}\n"
    before = registry(LINES + "/ manage boss@acme.com\n", settings=hub % ("", "hub"))
    then = changed(
        before, {"registry.yaml": REGISTRY + hub % ("principal: email, ", "hub@acme.com")}
    )
    one = step("hub", before, then)
    admin, boss = (replace(one, commit=commit("hub", author=who)) for who in ("admin", "boss"))
    assert "admin@acme.com, whose commit this is" in said(admin)[0]
    assert [told.split("\n")[1] for told in said(boss)] == [
        "  settings changed: identity.delegates, identity.principal needs manage; boss has none"
    ]


def test_whom_a_ci_system_names_goes_by_that_name() -> None:
    one = replace(step("x", BASE, changed(BASE, BY_MAIL), pushed=False), claimed_actor="admin")
    assert said(one) == []


def test_other_settings_leave_managers_alone() -> None:
    before = registry("* manage admin\n/ manage bob\n@x = @gone\n")
    then = changed(before, {"registry.yaml": REGISTRY + "artifacts: {url: s3://x}\n"})
    assert said(step("bob", before, then)) == []


# --- creation ------------------------------------------------------------------------------------


def creating(own: str | None, creator: str, lines: str = LINES, who: str = "alice") -> list[str]:
    before = registry(lines, settings=f"rules: {{creator: {creator}}}\n")
    path = "models/new/PERMISSIONS"
    return said(step(who, before, changed(before, {**NEW, path: own} if own else NEW)))


def given(level: str, who: str = "alice") -> str:
    return (
        "governance  models/new/PERMISSIONS\n  whoever creates a model is given "
        f"{level} on it by the same commit\n  hint: write into it: {level} {who}"
    )


def too_much(line: str, level: str, number: int = 1) -> str:
    return (
        f'governance  models/new/PERMISSIONS:{number}\n  "{line}" gives more than whoever creates '
        f"a model may give ({level})\n"
        "  hint: rules.creator in registry.yaml decides; ask a manager of the registry"
    )


@pytest.mark.parametrize(
    ("creator", "own", "told"),
    [
        ("manage", "manage alice\n", []),
        ("manage", "manage @everyone\n", []),
        ("manage", "manage alice bob\nedit @everyone\n", []),
        ("manage", None, [given("manage")]),
        ("manage", "manage bob\n", [given("manage")]),
        ("manage", "manage-production alice\n", [given("manage")]),
        ("edit", "edit alice\n", []),
        ("edit", "edit alice\nread bob\n", []),
        ("edit", None, [given("edit")]),
        ("edit", "read alice\n", [given("edit")]),
        ("edit", "manage alice\n", [too_much("manage alice", "edit")]),
        (
            "edit",
            "edit alice\nmanage-staging bob\n",
            [too_much("manage-staging bob", "edit", 2)],
        ),
        ("edit", "manage bob\n", [given("edit"), too_much("manage bob", "edit")]),
        ("none", None, []),
        ("none", "read alice\n", []),
        ("none", "edit alice\n", [too_much("edit alice", "none")]),
        ("none", "manage bob\n", [too_much("manage bob", "none")]),
    ],
)
def test_a_creator_is_given_what_the_rule_says_and_gives_no_more(
    creator: str, own: str | None, told: list[str]
) -> None:
    assert creating(own, creator) == told


@pytest.mark.parametrize(
    "line", ["/ manage alice\n", "n* manage alice\n", "new manage @t\n@t = alice\n"]
)
@pytest.mark.parametrize("creator", ["manage", "edit", "none"])
def test_a_creator_who_holds_the_level_anyway_needs_no_line(creator: str, line: str) -> None:
    assert creating(None, creator, LINES + line) == []
    assert creating("manage bob\n", creator, LINES + line) == []


def test_a_creator_gives_as_much_as_the_registry_gives_him() -> None:
    lines = LINES + "new manage-staging alice\n"
    assert creating("manage-staging bob\n", "edit", lines) == []
    told = creating("manage-production bob\n", "edit", lines)
    assert told == [too_much("manage-production bob", "edit")]


def test_a_creator_is_given_the_level_through_a_group_too() -> None:
    assert creating("manage @team\n", "manage", LINES + "@team = alice\n") == []


def test_permissions_that_do_not_parse_create_nothing() -> None:
    told = creating("manage\n", "manage")
    assert [one.split("\n")[0] for one in told] == [
        "governance  models/new/PERMISSIONS:1",
        "governance  models/new/PERMISSIONS",
    ]


def test_levels_on_another_models_name_do_not_count() -> None:
    assert creating(None, "manage", LINES + "fraud manage alice\n") == [given("manage")]


# --- rename --------------------------------------------------------------------------------------

IDLE = "rules: {rename_active: allow}\n"


def renaming(lines: str, who: str = "lead", to: str = "scam") -> list[str]:
    before = registry(lines, settings=IDLE, **{OWN: "manage lead\n"})
    then = after(before, RenameModel(ModelName("fraud"), ModelName(to)))
    return said(step(who, before, then))


def test_a_rename_that_moves_no_level_needs_manage_on_the_model_alone() -> None:
    assert renaming("/ manage admin\n* read @everyone\n") == []
    assert renaming("/ manage admin\nfraud* edit bob\n", to="fraud-2") == []
    assert renaming("/ manage admin\nfraud edit lead\n") == []
    assert renaming("/ manage admin\nfraud edit bob\nscam edit bob\n") == []


def test_a_rename_that_moves_levels_needs_manage_on_the_registry() -> None:
    lines = "/ manage admin\nfraud edit bob @risk\nscam manage eve\n@risk = carol\n"
    assert renaming(lines, who="admin") == []
    assert renaming(lines) == [
        (
            "governance  models/scam/\n  model fraud renamed to scam would change levels (bob from "
            "edit to none, carol from edit to none, eve from none to manage) and needs manage on "
            '"/"\n  who can: admin'
        )
    ]


def test_a_rename_that_takes_a_guard_away_is_refused() -> None:
    [told] = renaming("/ manage admin\nfraud read @everyone\n")
    assert "(@everyone from read to none)" in told
    [told] = renaming("/ manage admin\n@all = @everyone\nfraud read @all\n")
    assert "(@everyone from read to none)" in told


def test_a_rename_that_moves_many_levels_tells_some() -> None:
    users = " ".join(f"u{number:02}" for number in range(13))
    [told] = renaming(f"/ manage admin\nfraud edit {users[:39]}\n")
    assert "u09 from edit to none) and needs manage" in told
    [told] = renaming(f"/ manage admin\nfraud edit {users}\n")
    assert "u09 from edit to none, and 3 more) and needs manage" in told


def test_a_rename_may_be_covered_by_an_approver() -> None:
    before = registry("/ manage admin\nfraud edit bob\n", settings=IDLE, **{OWN: "manage lead\n"})
    then = after(before, RenameModel(ModelName("fraud"), ModelName("scam")))
    one = step("lead", before, then, pushed=False)
    assert len(said(one)) == 1
    [judged] = verify([replace(one, approvers=("admin",))]).accepted
    assert judged.covered == (("model fraud renamed to scam", "lead"),)


def test_a_models_own_grants_survive_its_rename() -> None:
    before = registry(settings=IDLE, **{OWN: "manage lead\nedit bob\n"})
    then = after(before, RenameModel(ModelName("fraud"), ModelName("scam")))
    assert then.permissions.level("bob", "scam") is Level.EDIT
    assert said(step("lead", before, then)) == []


def test_moved_and_edited_is_deleted_and_created() -> None:
    before = registry(settings="rules: {rename_active: allow, delete_active: allow}\n")
    folder = before.entry("models/fraud")
    assert folder is not None
    gone = changed(before, {path: None for path in files() if "models/" in path})
    moved = planted(gone, "models/scam", FOLDER, folder.id)
    then = changed(moved, {"models/scam/README.md": "# Scam"})
    told = [one.split("\n")[1] for one in said(step("alice", before, then))]
    assert "  model fraud deleted needs manage; alice has read" in told
    assert "  scam/1: a version is born in stage None, not in Production" in told


def test_permissions_that_are_no_file_are_refused_whoever_pushes() -> None:
    blob = BASE.objects.write("blob", LINES.encode())
    for path in ("PERMISSIONS", OWN):
        assert said(step("admin", BASE, planted(BASE, path, "120000", blob)))
    assert said(step("admin", BASE, planted(BASE, OWN, FILE, blob)))[0].startswith("governance")


def test_a_stage_that_is_opened_by_the_same_commit_is_still_protected() -> None:
    stages = "stages: [{name: None}, {name: Staging}, {name: Production}, {name: Archived}]\n"
    before = registry("/ manage admin\n* manage-staging eve\n")
    then = changed(
        before,
        {
            "registry.yaml": REGISTRY + stages,
            "models/fraud/versions/2.yaml": version("Production"),
        },
    )
    assert len(said(step("eve", before, then))) == 2
    assert said(step("admin", before, then)) == []
