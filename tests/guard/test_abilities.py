"""Access: the table of abilities of DESIGN.md section 3, row by row and level by level."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import (
    MODEL,
    REGISTRY,
    TOMBSTONE,
    after,
    changed,
    comment,
    commit,
    files,
    said,
    step,
    tip,
    tree,
    version,
)

from gitreg.domain.access import Level
from gitreg.domain.names import ModelName
from gitreg.guard.access import level_of, may_create
from gitreg.guard.verify import verify
from gitreg.manifest.snapshot import Snapshot
from gitreg.manifest.steps import Step
from gitreg.operations.models import DeleteModel, RenameModel
from gitreg.operations.permissions import ChangeLayout
from gitreg.operations.plan import Operation

MANIFEST = "models/fraud/model.yaml"
OWN = "models/fraud/PERMISSIONS"
CARD = "models/fraud/README.md"
V1, V2, V3, V4, V5 = (f"models/fraud/versions/{number}.yaml" for number in (1, 2, 3, 4, 5))
MINE, OTHERS = (f"models/fraud/comments/3/{letter * 32}.yaml" for letter in "ab")
NEW = MINE.replace("a" * 32, "c" * 32)
PIN = f"artifact: {{digest: sha256:{'0' * 64}, size: 1, files: 1}}\n"
SETTINGS = (
    REGISTRY + "protected_aliases: [prod*]\nrules: {delete_active: allow, rename_active: allow}\n"
)
ALIASES = MODEL + "description: d\ntags: {team: risk}\naliases: {champion: 2, prod: 1}\n"
PENDING = version(
    more="source: s3://4\nstatus: PENDING_REGISTRATION\ntags: {a: b}\nmetrics: {auc: 0.9}\n"
)

WAYS = {
    "a line of the registry": ("/ {} alice\n", ""),
    "a glob": ("fr*d {} alice\n", ""),
    "a group": ("@all = bob @inner\n@inner = alice\n* {} @all\n", ""),
    "everyone": ("fraud {} @everyone\n", ""),
    "the model's own file": ("", "{} alice\n"),
    "a group in the model's own file": ("@team = alice\n", "{} @team\n"),
}
"""How a level is given to alice: lines of the registry's file, and of the model's."""


@cache
def registry(root: str, own: str) -> Snapshot:
    """Give a registry in which nobody but admin and owner has what these lines do not give."""
    return tree(
        files(
            **{
                "registry.yaml": SETTINGS,
                "PERMISSIONS": "/ manage admin\n" + root,
                OWN: "manage owner\n" + own,
                MANIFEST: ALIASES,
                CARD: "# Fraud\n",
                V4: PENDING,
                MINE: comment("alice", "mine"),
                OTHERS: comment("bob", "bob's"),
            }
        )
    )


def holding(level: Level, way: str) -> Snapshot:
    """Give the registry in which alice holds a level on fraud."""
    lines = WAYS[way] if level else ("", "")
    return registry(*(line.format(level) for line in lines))


# --- the rows ------------------------------------------------------------------------------------

Doing = Mapping[str, str | None]
EDITS: dict[str, tuple[Level, Doing]] = {
    "create a model": (
        Level.NONE,
        {"models/new/model.yaml": MODEL, "models/new/PERMISSIONS": "manage alice\n"},
    ),
    "comment": (Level.READ, {NEW: comment("alice", "hi")}),
    "edit one's own comment": (Level.READ, {MINE: comment("alice", "better")}),
    "lay one's own comment out anew": (Level.READ, {MINE: comment("alice", "mine") + "# !\n"}),
    "delete one's own comment": (Level.READ, {MINE: None}),
    "add a version": (Level.EDIT, {V5: version()}),
    "set a number aside": (Level.MANAGE, {V5: TOMBSTONE}),
    "describe a model": (Level.EDIT, {MANIFEST: ALIASES.replace(": d", ": e")}),
    "tag a model": (Level.EDIT, {MANIFEST: ALIASES.replace("risk", "core")}),
    "untag a model": (Level.EDIT, {MANIFEST: ALIASES.replace("tags: {team: risk}\n", "")}),
    "set an alias": (Level.EDIT, {MANIFEST: ALIASES.replace("prod: 1", "prod: 1, new: 3")}),
    "move an alias": (Level.EDIT, {MANIFEST: ALIASES.replace("champion: 2", "champion: 3")}),
    "delete an alias": (Level.EDIT, {MANIFEST: ALIASES.replace("champion: 2, ", "")}),
    "lay model.yaml out anew": (Level.EDIT, {MANIFEST: ALIASES + "# !\n"}),
    "add a key of one's own": (Level.EDIT, {MANIFEST: ALIASES + "x-own: 1\n"}),
    "change the card": (Level.EDIT, {CARD: "# Fraud, really\n"}),
    "remove the card": (Level.EDIT, {CARD: None}),
    "describe a version": (Level.EDIT, {V3: version() + "description: d\n"}),
    "describe a version in Production": (
        Level.EDIT,
        {V1: version("Production") + "description: d\n"},
    ),
    "tag a version": (Level.EDIT, {V3: version() + "tags: {ok: 'true'}\n"}),
    "untag a version": (Level.EDIT, {V4: PENDING.replace("tags: {a: b}\n", "")}),
    "set a metric": (Level.EDIT, {V3: version() + "metrics: {auc: 0.9}\n"}),
    "delete a metric": (Level.EDIT, {V4: PENDING.replace("metrics: {auc: 0.9}\n", "")}),
    "set a status": (Level.EDIT, {V4: PENDING.replace("PENDING_REGISTRATION", "READY")}),
    "pin an artifact": (Level.EDIT, {V2: version("Staging") + PIN}),
    "lay a version out anew": (Level.EDIT, {V3: version() + "# !\n"}),
    "transition": (Level.MANAGE_STAGING, {V3: version("Staging")}),
    "archive": (Level.MANAGE_STAGING, {V2: version("Archived")}),
    "transition to a protected stage": (Level.MANAGE_PRODUCTION, {V2: version("Production")}),
    "transition from a protected stage": (Level.MANAGE_PRODUCTION, {V1: version("Staging")}),
    "replace what is in production": (
        Level.MANAGE_PRODUCTION,
        {V2: version("Production"), V1: version("Archived")},
    ),
    "set a protected alias": (
        Level.MANAGE_PRODUCTION,
        {MANIFEST: ALIASES.replace("prod: 1", "prod: 1, prod-eu: 3")},
    ),
    "move a protected alias": (
        Level.MANAGE_PRODUCTION,
        {MANIFEST: ALIASES.replace("prod: 1", "prod: 2")},
    ),
    "delete a protected alias": (
        Level.MANAGE_PRODUCTION,
        {MANIFEST: ALIASES.replace(", prod: 1", "")},
    ),
    "pin an artifact in production": (
        Level.MANAGE_PRODUCTION,
        {V1: version("Production") + PIN},
    ),
    "delete a version": (Level.MANAGE, {V3: TOMBSTONE, MINE: None, OTHERS: None}),
    "change permissions": (Level.MANAGE, {OWN: "manage owner alice carol\n"}),
    "delete the model's permissions": (Level.MANAGE, {OWN: None}),
    "lay permissions out anew": (Level.MANAGE, {}),
    "delete another's comment": (Level.MANAGE, {OTHERS: None}),
}
OPERATIONS: dict[str, tuple[Level, Operation]] = {
    "rename": (Level.MANAGE, RenameModel(ModelName("fraud"), ModelName("fraud-2"))),
    "delete a model": (Level.MANAGE, DeleteModel(ModelName("fraud"))),
}
ANSWERS: dict[str, tuple[Level, str, str, str, str]] = {
    # what: least level, who asked, what, stage asked for, the answer
    "approve": (Level.MANAGE_STAGING, "bob", V3, "Staging", "approved"),
    "reject": (Level.MANAGE_STAGING, "bob", V3, "Staging", "rejected"),
    "approve for production": (Level.MANAGE_PRODUCTION, "bob", V2, "Production", "approved"),
    "reject for production": (Level.MANAGE_PRODUCTION, "bob", V2, "Production", "rejected"),
    "reject from production": (Level.MANAGE_PRODUCTION, "bob", V1, "Archived", "rejected"),
    "cancel one's own request": (Level.READ, "alice", V2, "Production", "cancelled"),
    "cancel another's request": (Level.MANAGE, "bob", V2, "Production", "cancelled"),
}
REGISTRY_WIDE: dict[str, Doing] = {
    "change settings": {"registry.yaml": SETTINGS + "artifacts: {url: s3://x}\n"},
    "change stages": {
        "registry.yaml": SETTINGS
        + "stages: [{name: None}, {name: Staging}, {name: Production}, {name: Archived}]\n"
    },
    "lay settings out anew": {"registry.yaml": SETTINGS + "# !\n"},
    "change permissions": {},
    "add a document": {"docs/how.md": "so\n"},
    "add a workflow": {".github/workflows/check.yml": "on: push\n"},
}


def doing(what: str, before: Snapshot) -> Step:
    """Give the step in which alice does what a row says."""
    if what in ANSWERS:
        _, requester, path, stage, outcome = ANSWERS[what]
        moved = changed(before, {path: version(stage)})
        then = moved if outcome == "approved" else before
        message = f"An answer\n\nGitreg-Answer: {outcome}\n"
        return step("alice", before, then, tips=(tip(requester, before, moved),), message=message)
    if what in OPERATIONS:
        then = after(before, OPERATIONS[what][1])
        return replace(step("alice", before, then))
    edits = dict(EDITS[what][1])
    own = before.blob(OWN) or b""
    if OWN in edits and edits[OWN] is not None:
        edits[OWN] = own.decode() + "read dora\n"
    if what == "lay permissions out anew":
        edits[OWN] = own.decode() + "# why\n"
    return step("alice", before, changed(before, edits))


def access(one: Step) -> list[str]:
    """Give what the rule about levels says, and see that others say nothing but of governance."""
    found = verify([one]).violations
    assert {violation.rule for violation in found} <= {"access", "governance"}
    return [violation.reason for violation in found if violation.rule == "access"]


LEAST = (
    {what: least for what, (least, _) in EDITS.items()}
    | {what: least for what, (least, _) in OPERATIONS.items()}
    | {what: least for what, (least, *_) in ANSWERS.items()}
)


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("what", LEAST)
def test_an_ability_is_had_from_its_least_level_on(what: str, level: Level) -> None:
    least = LEAST[what]
    for way in WAYS:
        told = access(doing(what, holding(level, way)))
        assert bool(told) is (level < least), f"{level} by {way}: {told}"
        for reason in told:
            assert reason.endswith(f" needs {least}; alice has {level}"), way


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("what", REGISTRY_WIDE)
def test_the_registry_is_managed_by_its_own_line_alone(what: str, level: Level) -> None:
    for way in WAYS:
        before = holding(level, way)
        edits = dict(REGISTRY_WIDE[what])
        if not edits:
            edits["PERMISSIONS"] = (before.blob("PERMISSIONS") or b"").decode() + "* read dora\n"
        told = access(step("alice", before, changed(before, edits)))
        held = level if way == "a line of the registry" else Level.NONE
        assert bool(told) is (held < Level.MANAGE), way
        for reason in told:
            assert reason.endswith(f" needs manage; alice has {held}"), way


@pytest.mark.parametrize("level", Level)
def test_a_layout_is_changed_by_managers_of_the_registry(level: Level) -> None:
    before = holding(level, "a line of the registry")
    told = access(step("alice", before, after(before, ChangeLayout("sharded"))))
    assert told == (
        []
        if level is Level.MANAGE
        else [f"layout changed to sharded needs manage; alice has {level}"]
    )


# --- full texts ----------------------------------------------------------------------------------

BASE = holding(Level.EDIT, "a line of the registry")


def judged(edits: Doing, before: Snapshot = BASE, who: str = "alice") -> list[str]:
    return said(step(who, before, changed(before, edits)))


def test_a_refused_transition_tells_who_can_and_how_to_ask() -> None:
    assert judged({V2: version("Production")}) == [
        (
            f"access  {V2}\n"
            "  fraud/2: Staging -> Production needs manage-production; alice has edit\n"
            "  who can: admin, owner\n"
            "  hint: gitreg request create fraud/2 Production"
        )
    ]


def test_who_may_not_ask_is_not_told_to() -> None:
    assert judged({V2: version("Production")}, who="eve") == [
        (
            f"access  {V2}\n"
            "  fraud/2: Staging -> Production needs manage-production; eve has none\n"
            "  who can: admin, owner"
        )
    ]


def test_every_change_of_a_commit_is_judged_and_told() -> None:
    told = judged({V3: TOMBSTONE, MINE: None, OTHERS: None, "README.md": "hi", CARD: "# x"})
    assert [one.split("\n")[:2] for one in told] == [
        ["access  README.md", "  README.md added needs manage; alice has edit"],
        [f"access  {V3}", "  fraud/3 deleted needs manage; alice has edit"],
    ]


def test_the_settings_before_a_commit_decide_what_is_protected() -> None:
    open_stages = "stages: [{name: None}, {name: Staging}, {name: Production}, {name: Archived}]\n"
    before = tree(files(PERMISSIONS="/ manage admin\n* manage-staging alice\n"))
    then = changed(before, {"registry.yaml": REGISTRY + open_stages, V2: version("Production")})
    told = said(step("alice", before, then))
    assert [one.split("\n")[1] for one in told] == [
        "  settings changed: stages needs manage; alice has none",
        "  fraud/2: Staging -> Production needs manage-production; alice has manage-staging",
    ]


def test_an_alias_is_protected_by_the_settings_before() -> None:
    before = tree(files(PERMISSIONS="/ manage admin\n* edit alice\n"))
    assert judged({MANIFEST: MODEL + "aliases: {prod: 1}\n"}, before) == []
    guarded = changed(before, {"registry.yaml": SETTINGS})
    assert judged({MANIFEST: MODEL + "aliases: {prod: 1}\n"}, guarded) == [
        (
            f"access  {MANIFEST}\n  fraud@prod set to version 1 needs manage-production; alice has "
            "edit\n  who can: admin"
        )
    ]


# --- creation ------------------------------------------------------------------------------------


def creating(rule: str, who: str = "alice", **more: str) -> list[str]:
    before = tree(
        files(
            **{
                "registry.yaml": REGISTRY + f"rules: {{creation: {rule}}}\n",
                "PERMISSIONS": "/ manage admin\n@risk = alice\n",
            }
        )
    )
    new = {"models/new/model.yaml": MODEL, "models/new/PERMISSIONS": f"manage {who}\n"}
    return said(step(who, before, changed(before, new | more)))


@pytest.mark.parametrize("rule", ["['@everyone']", "[alice]", "['@risk']", "[bob, alice]"])
def test_who_is_named_creates_models(rule: str) -> None:
    assert creating(rule) == []


@pytest.mark.parametrize(
    ("rule", "named"), [("[bob]", "bob, admin"), ("['@core']", "@core, admin"), ("[]", "admin")]
)
def test_who_is_not_named_creates_no_models(rule: str, named: str) -> None:
    assert creating(rule) == [
        (
            "access  models/new/model.yaml\n"
            "  model new created: alice is not among those who may create models\n"
            f"  who can: {named}"
        )
    ]


def test_who_may_create_models_is_said_by_the_settings_before() -> None:
    before = tree(files(**{"registry.yaml": REGISTRY + "rules: {creation: []}\n"}))
    new = {"models/new/model.yaml": MODEL, "models/new/PERMISSIONS": "manage eve\n"}
    told = said(step("eve", before, changed(before, {**new, "registry.yaml": REGISTRY})))
    assert [one.split("\n")[1].partition(":")[0] for one in told] == [
        "  settings changed",
        "  model new created",
    ]


def test_managers_of_the_registry_always_create_models() -> None:
    assert creating("[]", "admin") == []


def test_a_creating_commit_brings_its_files_without_any_level() -> None:
    more = {
        "models/new/README.md": "# New",
        "models/new/versions/1.yaml": TOMBSTONE,
        "models/new/versions/2.yaml": version() + PIN,
        "models/new/model.yaml": MODEL + "tags: {a: b}\naliases: {champion: 2}\n",
    }
    assert creating("['@everyone']", **more) == []


def test_a_creating_commit_brings_no_comments_without_read() -> None:
    more = {
        "models/new/versions/1.yaml": version(),
        NEW.replace("fraud/comments/3", "new/comments/1"): comment("alice", "hi"),
    }
    [told] = creating("['@everyone']", **more)
    assert told.split("\n")[1] == '  new/1: comment by alice: "hi" needs read; alice has none'


def test_a_creating_commit_gives_nothing_on_other_models() -> None:
    [told] = creating("['@everyone']", **{V3: version("Staging")})
    assert told.split("\n")[1] == (
        "  fraud/3: None -> Staging needs manage-staging; alice has none"
    )


# --- delegates, approvers, facts of other registries ---------------------------------------------

DELEGATES = REGISTRY + "identity: {delegates: [{name: ci, vouches: committer}]}\n"


def test_a_delegate_holds_no_level() -> None:
    before = tree(
        files(**{"registry.yaml": DELEGATES, "PERMISSIONS": "/ manage admin @everyone\n"})
    )
    assert level_of(before, "ci", ModelName("fraud")) is level_of(before, "ci", None) is Level.NONE
    assert level_of(before, "eve", None) is Level.MANAGE
    assert not may_create(before, "ci")
    assert may_create(before, "eve")
    [told] = judged({V3: version("Staging")}, before, who="ci")
    assert told.split("\n")[1] == "  fraud/3: None -> Staging needs manage-staging; ci has none"


def test_one_of_several_actors_must_hold_the_level() -> None:
    one = step("alice", BASE, changed(BASE, {V2: version("Production")}), pushed=False)
    assert said(replace(one, approvers=("admin",))) == []
    assert said(replace(one, approvers=("bob", "eve")))[0].split("\n")[1] == (
        "  fraud/2: Staging -> Production needs manage-production; alice has edit, bob has none, "
        "eve has none"
    )


def test_a_model_is_created_if_one_of_several_actors_may() -> None:
    before = tree(files(**{"registry.yaml": REGISTRY + "rules: {creation: [bob]}\n"}))
    new = {"models/new/model.yaml": MODEL, "models/new/PERMISSIONS": "manage alice\n"}
    one = step("alice", before, changed(before, new), pushed=False)
    assert said(replace(one, approvers=("bob",))) == []
    assert len(said(replace(one, approvers=("eve",)))) == 1


@pytest.mark.parametrize(
    "trailer", ["Gitreg-Original-User: zoe", "Gitreg-Original-Time: 2020-01-01T00:00:00.000Z"]
)
def test_only_managers_of_the_registry_tell_facts_of_another(trailer: str) -> None:
    then = changed(BASE, {CARD: "# Fraud, really"})
    message = f"Import\n\n{trailer}\n"
    assert said(step("admin", BASE, then, message=message)) == []
    assert said(step("alice", BASE, then)) == []
    assert said(step("alice", BASE, then, message=message)) == [
        (
            "access\n  telling another registry's times and users needs manage; alice has edit\n"
            "  who can: admin"
        )
    ]


# --- properties ----------------------------------------------------------------------------------

_steps = st.sampled_from([*EDITS, *OPERATIONS, *ANSWERS])


@settings(deadline=None, max_examples=150)
@given(_steps, st.sampled_from(list(WAYS)), st.sampled_from(Level), st.sampled_from(Level))
def test_raising_a_level_never_adds_a_refusal(
    what: str, way: str, one: Level, other: Level
) -> None:
    low, high = (access(doing(what, holding(level, way))) for level in sorted((one, other)))
    assert len(high) <= len(low)


_files = st.sampled_from(
    [V1, V2, V3, V4, V5, MANIFEST, CARD, OWN, MINE, OTHERS, NEW, "README.md", "registry.yaml"]
)
_texts = st.sampled_from(
    [None, version(), version("Staging"), version("Production"), TOMBSTONE, ALIASES, MODEL,
     "manage alice\n", "read eve\n", comment("alice", "x"), comment("bob", "y"), "# words",
     SETTINGS]
)  # fmt: skip


@settings(deadline=None, max_examples=200)
@given(
    st.dictionaries(_files, _texts, min_size=1, max_size=4),
    st.sampled_from(Level),
    st.sampled_from(Level),
)
def test_raising_a_level_never_adds_a_refusal_of_any_edit(
    edits: dict[str, str | None], one: Level, other: Level
) -> None:
    def refused(level: Level) -> set[str]:
        before = holding(level, "a line of the registry")
        found = verify([step("alice", before, changed(before, edits))]).violations
        return {one.path for one in found if one.rule == "access"}

    low, high = sorted((one, other))
    assert refused(high) <= refused(low)


def test_a_commit_of_somebody_else_does_not_use_the_pushers_level() -> None:
    then = changed(BASE, {"README.md": "hi"})
    one = replace(step("admin", BASE, then), commit=commit("alice"))
    assert [told.split()[0] for told in said(one)] == ["identity", "access"]
