"""Every ability that writes, pushed: allowed at its level, refused one level below."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import pairwise

import pytest
from support import MODEL, comment, version
from world import Clone, World, request_branch

import gitreg

USERS = ("nobody", "reader", "editor", "stager", "producer", "manager", "root")
"""One user for each level, lowest first; root manages the registry itself."""
BELOW = {higher: lower for lower, higher in pairwise(USERS)}
PEOPLE = """\
*  read               reader
*  edit               editor
*  manage-staging     stager
*  manage-production  producer
*  manage             manager
"""
REGISTRY = """\
apiVersion: gitreg/v1
kind: Registry
name: acme
layout: {layout}
stages:
  [{{name: None}}, {{name: Staging}}, {{name: Production, protected: true}}, {{name: Archived}}]
identity: {{principal: name}}
protected_aliases: ["live-*"]
rules: {{creator: none}}
"""
ID = "0123456789abcdef" * 2
PIN = f"artifact: {{digest: sha256:{'0' * 64}, size: 5, files: 1}}\n"
MEASURED = "description: It.\ntags: {a: b}\nmetrics: {auc: 0.9}\n"
PENDING = "source: s3://ml/3\nstatus: PENDING_REGISTRATION\n"


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that can be done to a model, and the least user who may.

    ``do`` commits it on top of HEAD, and gives what to push; ``ready`` prepares the model for it.
    """

    what: str
    least: str
    do: Callable[[Clone, str], str]
    ready: Callable[[World, str], None] = lambda world, it: None

    @property
    def model(self) -> str:
        """Give the name of the model that it is done to."""
        return self.what.replace(" ", "-").replace("'", "")


def edit(make: Callable[[Clone, str], Mapping[str, str | None]]) -> Callable[[Clone, str], str]:
    """Write files."""

    def do(clone: Clone, it: str) -> str:
        clone.write(make(clone, it)).commit()
        return "main"

    return do


def file(name: str, text: str) -> Callable[[Clone, str], str]:
    """Write one file of the model's directory."""
    return edit(lambda clone, it: {f"{clone.world.model(it)}/{name}": text})


def move(number: int, stage: str) -> Callable[[Clone, str], str]:
    """Move a version."""

    def do(clone: Clone, it: str) -> str:
        clone.stage(it, number, stage)
        return "main"

    return do


def rename(clone: Clone, it: str) -> str:
    to = clone.world.model(f"{it}-new")
    (clone.path / to).parent.mkdir(exist_ok=True)
    clone.git("mv", clone.world.model(it), to)
    clone.commit("rename")
    return "main"


def delete(clone: Clone, it: str) -> str:
    clone.git("rm", "-rq", clone.world.model(it))
    clone.commit("delete")
    return "main"


def ask(clone: Clone, it: str) -> str:
    start = clone.git("rev-parse", "HEAD")
    clone.git("reset", "-q", "--hard", "origin/main")
    tip = clone.stage(it, 3, "Staging")
    clone.git("reset", "-q", "--hard", start)
    return f"{tip}:{request_branch(it, 3, 'Staging', clone.user)}"


def answer(stage: str, outcome: str, *, of: str = "") -> Callable[[Clone, str], str]:
    """Merge the request of a user (else: the pusher's own) as an answer."""

    def do(clone: Clone, it: str) -> str:
        tip = clone.branch(it, 3, stage, of)
        if outcome == "approved":
            clone.stage(it, 3, stage)
            tree = clone.git("rev-parse", "HEAD^{tree}")
            clone.git("reset", "-q", "--hard", "HEAD^")
        else:
            tree = "HEAD"
        clone.merge(tip, tree=tree, message=f"so be it\n\nGitreg-Answer: {outcome}")
        return "main"

    return do


def formerly(world: World, user: str, it: str) -> AbstractContextManager[gitreg.Registry]:
    """Let somebody who has no level have Read for a while."""

    @contextmanager
    def reading() -> Iterator[gitreg.Registry]:
        if user == "nobody":
            world.registry().grant(user, "read", model=it)
        yield world.registry(user)
        if user == "nobody":
            world.registry().revoke(user, model=it)

    return reading()


def asked(stage: str, *users: str) -> Callable[[World, str], None]:
    """Let users have open requests."""

    def ready(world: World, it: str) -> None:
        for user in users:
            with formerly(world, user, it) as registry:
                registry.request_transition(f"{it}/3", stage)

    return ready


def commented(*users: str) -> Callable[[World, str], None]:
    """Let users have a comment each on version 3."""

    def ready(world: World, it: str) -> None:
        for user in users:
            with formerly(world, user, it) as registry:
                registry.add_comment(f"{it}/3", "Hello.")

    return ready


def of_comment(text: str | None, *, by: str = "") -> Callable[[Clone, str], str]:
    """Write, or (None) delete, a comment, by default the pusher's own."""

    def make(clone: Clone, it: str) -> Mapping[str, str | None]:
        who = by or clone.user
        there = {one.author: one.id for one in clone.world.registry().comments(f"{it}/3")}
        name = f"{clone.world.model(it)}/comments/3/{there.get(who, ID)}.yaml"
        return {name: comment(who, text) if text is not None else None}

    return edit(make)


def aliased(alias: str) -> Callable[[World, str], None]:
    """Let an alias point at version 3."""

    def ready(world: World, it: str) -> None:
        world.registry().set_alias(f"{it}/3", alias)

    return ready


def archived(world: World, it: str) -> None:
    """Let no version be in an active stage."""
    for number in (1, 2):
        world.registry().transition(f"{it}/{number}", "Archived")


LIVE = f"{MODEL}aliases: {{live-eu: 3}}\n"
ROWS = (
    Row("request a transition", "reader", ask),
    Row("comment", "reader", of_comment("Hello.")),
    Row("edit one's own comment", "reader", of_comment("Oh."), commented("nobody", "reader")),
    Row("delete one's own comment", "reader", of_comment(None), commented("nobody", "reader")),
    Row(
        "cancel one's own request",
        "reader",
        answer("Staging", "cancelled"),
        asked("Staging", "nobody", "reader"),
    ),
    Row("add a version", "editor", file("versions/4.yaml", version())),
    Row("describe a model", "editor", file("model.yaml", f"{MODEL}description: It.\n")),
    Row("tag a model", "editor", file("model.yaml", f"{MODEL}tags: {{a: b}}\n")),
    Row("set an alias", "editor", file("model.yaml", f"{MODEL}aliases: {{best: 3}}\n")),
    Row("delete an alias", "editor", file("model.yaml", MODEL), aliased("best")),
    Row("write the model card", "editor", file("README.md", "# A card\n")),
    Row("reword a manifest", "editor", file("model.yaml", f"# It.\n{MODEL}")),
    Row(
        "describe, tag and measure a version",
        "editor",
        file("versions/3.yaml", version(more=PENDING + MEASURED)),
    ),
    Row("set a status", "editor", file("versions/3.yaml", version(more=PENDING[:18]))),
    Row("pin an artifact", "editor", file("versions/3.yaml", version(more=PENDING + PIN))),
    Row("move to an unprotected stage", "stager", move(3, "Staging")),
    Row("archive", "stager", move(1, "Archived")),
    Row(
        "approve", "stager", answer("Staging", "approved", of="reader"), asked("Staging", "reader")
    ),
    Row("reject", "stager", answer("Staging", "rejected", of="reader"), asked("Staging", "reader")),
    Row("move to a protected stage", "producer", move(3, "Production")),
    Row("move from a protected stage", "producer", move(2, "None")),
    Row(
        "approve to a protected stage",
        "producer",
        answer("Production", "approved", of="reader"),
        asked("Production", "reader"),
    ),
    Row(
        "reject to a protected stage",
        "producer",
        answer("Production", "rejected", of="reader"),
        asked("Production", "reader"),
    ),
    Row("set a protected alias", "producer", file("model.yaml", LIVE)),
    Row("delete a protected alias", "producer", file("model.yaml", MODEL), aliased("live-eu")),
    Row(
        "pin an artifact in a protected stage",
        "producer",
        file("versions/2.yaml", version("Production", f"source: s3://ml/1\n{PIN}")),
    ),
    Row("rename a model", "manager", rename, archived),
    Row("delete a model", "manager", delete, archived),
    Row(
        "delete a version",
        "manager",
        file("versions/3.yaml", "apiVersion: gitreg/v1\nkind: ModelVersion\ndeleted: true\n"),
    ),
    Row("change a model's permissions", "manager", file("PERMISSIONS", "read eve\n")),
    Row(
        "cancel another's request",
        "manager",
        answer("Staging", "cancelled", of="reader"),
        asked("Staging", "reader"),
    ),
    Row("delete another's comment", "manager", of_comment(None, by="reader"), commented("reader")),
    Row(
        "change the registry's permissions",
        "root",
        edit(lambda clone, it: {"PERMISSIONS": f"/ manage root\n{PEOPLE}{it} read eve\n"}),
    ),
    Row(
        "change the settings",
        "root",
        edit(
            lambda clone, it: {
                "registry.yaml": REGISTRY.format(layout=clone.world.layout) + f"description: {it}\n"
            }
        ),
    ),
    Row("write a free file", "root", edit(lambda clone, it: {f"docs/{it}.md": "# Hello\n"})),
)


@pytest.fixture(scope="module", params=["flat", "sharded"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> World:
    world = World(tmp_path_factory.mktemp("levels"), permissions=PEOPLE, layout=request.param)
    world.settle({"registry.yaml": REGISTRY.format(layout=world.layout)})
    return world


def registered(world: World, *names: str) -> None:
    """Register models with version 1 in Staging, 2 in Production and 3, pending, in None."""
    for name in names:
        world.settle(
            {
                f"{world.model(name)}/model.yaml": MODEL,
                world.version(name, 1): version(),
                world.version(name, 2): version(),
                world.version(name, 3): version(more=PENDING),
            }
        )
        world.settle(
            {
                world.version(name, 1): version("Staging"),
                world.version(name, 2): version("Production"),
            }
        )


@pytest.mark.parametrize("least", USERS[1:])
def test_every_ability_is_allowed_at_its_level_and_not_one_below(world: World, least: str) -> None:
    rows = [row for row in ROWS if row.least == least]
    registered(world, *(row.model for row in rows))
    for row in rows:
        row.ready(world, row.model)
    below = world.clone(BELOW[least])
    for row in rows:
        refused = below.push(row.do(below.fresh(), row.model))
        assert refused.refused, (row.what, refused.stderr)
        assert {"access"} <= refused.rules <= {"access", "governance"}, (row.what, refused.text)
        assert f"; {below.user} has " in refused.text, row.what
    able = world.clone(least).fresh()
    pushed = able.push(*{row.do(able, row.model): None for row in rows})
    assert pushed.accepted, pushed.stderr


def test_whoever_is_among_the_creators_creates_a_model_and_nobody_else(world: World) -> None:
    root = world.clone("root").fresh()
    text = root.read("registry.yaml")
    only = text.replace("creator: none", "creator: none, creation: [nobody]")
    world.settle({"registry.yaml": only})
    for user, accepted in (("manager", False), ("nobody", True), ("root", True)):
        clone = world.clone(user)
        clone.put({f"{world.model(f'by-{user}')}/model.yaml": MODEL})
        push = clone.push()
        assert push.accepted is accepted, push.stderr
        assert push.refused is not accepted
        if not accepted:
            assert push.told[2:4] == (
                "    model by-manager created: manager is not among those who may create models",
                "    who can: nobody, root",
            )
    world.settle({"registry.yaml": text})


def test_everyone_may_create_a_model_unless_the_rules_say_otherwise(world: World) -> None:
    nobody = world.clone("nobody")
    nobody.put({f"{world.model('free')}/model.yaml": MODEL})
    assert nobody.push().accepted
    nobody.put({f"{world.model('free')}/model.yaml": f"{MODEL}description: Mine.\n"})
    push = nobody.push()
    assert push.refused
    assert '    free: description set to "Mine." needs edit; nobody has none' in push.told


def test_a_request_branch_is_nobody_elses_to_push(world: World) -> None:
    name = "foreign"
    registered(world, name)
    reader = world.clone("reader")
    reader.move(name, 3, "Staging")
    push = reader.push(f"main:{request_branch(name, 3, 'Staging', 'editor')}")
    assert push.refused
    assert push.told[2] == (
        "    the branch of this request is called refs/heads/requests/foreign/3/Staging/reader"
    )
