"""The hooks as Git runs them: the first push, hooks before ours, and failing closed."""

import io
import os
import select
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from support import MODEL, REGISTRY, version
from world import Clone, Push, World, git

import gitreg
from gitreg.domain.pushes import MAX_INPUT
from gitreg.hook import main
from gitreg.hook_work import run
from gitreg.hosting import install_hooks
from gitreg.store.repository import Repository

ROOT = {"registry.yaml": REGISTRY, "PERMISSIONS": "/ manage alice\n/ read @everyone\n"}


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, permissions="* read @everyone\n* edit bob\n")


# --- the first push ------------------------------------------------------------------------------


class EmptyWorld(World):
    """A bare repository that holds nothing, with hooks; its first push makes the registry."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.layout = "flat"
        self.path = folder / "registry.git"
        self._clones: dict[str, Clone] = {}
        git(folder, "init", "-q", "--bare", "--initial-branch=master", str(self.path))
        install_hooks(Repository(self.path))

    def first(self, files: Mapping[str, str], *refspecs: str) -> Push:
        """Push files by alice as the only commit there is."""
        alice = self.clone("alice")
        alice.git("symbolic-ref", "HEAD", "refs/heads/main")
        alice.git("update-ref", "-d", "refs/heads/main")
        alice.git("read-tree", "--empty")
        alice.git("clean", "-qfdx")
        alice.write(files).commit("a registry")
        return alice.push(*refspecs)


def test_the_first_push_makes_the_registry(tmp_path: Path) -> None:
    world = EmptyWorld(tmp_path)
    push = world.first(ROOT)
    assert push.accepted
    assert push.told == ("gitreg: registry acme created by alice",)
    assert world.registry("alice").level("alice") is gitreg.Level.MANAGE
    assert (world.clone("bob").path / "registry.yaml").is_file()


def test_the_first_push_gives_its_pusher_the_registry_and_holds_no_models(tmp_path: Path) -> None:
    world = EmptyWorld(tmp_path)
    push = world.first({"registry.yaml": REGISTRY, "PERMISSIONS": "/ manage carol\n"})
    assert push.refused
    assert push.told[1:4] == (
        "  governance  PERMISSIONS",
        '    alice, whose commit this is, would not manage "/"',
        "    hint: keep a line: / manage alice; another manager can take it out",
    )
    push = world.first({**ROOT, "models/fraud/model.yaml": MODEL})
    assert push.refused
    assert "    the first commit of a registry holds no models" in push.told
    push = world.first({"README.md": "# No registry\n"})
    assert push.refused
    assert push.told[1:4] == (
        "  schema  registry.yaml",
        "    a registry needs this file",
        "    hint: gitreg init",
    )
    push = world.first(ROOT, "main", "main:refs/heads/alice/topic")
    assert push.refused
    assert "    the first push into a registry makes main alone" in push.told
    assert world.refs() == {}
    assert world.first(ROOT).accepted


def test_the_first_push_may_hold_more_steps(tmp_path: Path) -> None:
    world = EmptyWorld(tmp_path)
    assert world.first(ROOT, ":refs/heads/nothing").refused
    alice = world.clone("alice")
    alice.write({"models/fraud/model.yaml": MODEL}).commit("a model")
    push = alice.push()
    assert push.accepted
    assert push.told == (
        "gitreg: registry acme created by alice",
        "gitreg: model fraud created by alice",
    )


# --- hooks that were there before ----------------------------------------------------------------


def chain(world: World, name: str, script: str) -> Path:
    path = world.path / "hooks" / f"{name}.chained"
    path.write_text(f"#!/bin/sh\n{script}")
    path.chmod(0o755)
    return path


def test_a_hook_that_was_there_before_can_refuse_as_well(world: World, tmp_path: Path) -> None:
    path = chain(world, "pre-receive", "cat\necho not on a Friday >&2\nexit 3\n")
    root = world.clone("root")
    new = root.put({"docs/a.md": "# A\n"})
    push = root.push()
    assert push.refused
    assert push.told == (f"{push.before['refs/heads/main']} {new} refs/heads/main",
                         "not on a Friday")  # fmt: skip
    path.chmod(0o644)
    assert root.push().accepted


def test_what_gitreg_refuses_the_hook_before_it_never_sees(world: World) -> None:
    seen = world.folder / "seen"
    chain(world, "pre-receive", f"touch {seen}\n")
    bob = world.clone("bob")
    bob.put({"docs/a.md": "# A\n"})
    assert bob.push().refused
    assert not seen.exists()


def test_a_post_receive_hook_that_was_there_still_runs(world: World) -> None:
    chain(world, "post-receive", "read old new name\necho mail about $name\n")
    root = world.clone("root")
    root.put({"docs/a.md": "# A\n"})
    assert root.push().told == ("gitreg: docs/a.md added by root", "mail about refs/heads/main")


# --- failing closed ------------------------------------------------------------------------------


def test_a_hook_without_its_python_refuses(world: World) -> None:
    root = world.clone("root")
    root.put({"docs/a.md": "# A\n"})
    for change in (("gitreg.python", "/nowhere/python"), ("--unset", "gitreg.python")):
        git(world.path, "config", *change)
        push = root.push()
        assert push.refused
        assert push.told == (
            "gitreg: refused: git config gitreg.python names no Python; run gitreg hook install",
        )
    world.registry().install_hooks()
    assert root.push().accepted


def test_a_registry_whose_settings_do_not_parse_takes_no_push(world: World) -> None:
    root = world.clone("root").fresh()
    good = root.git("rev-parse", "HEAD")
    root.put({"registry.yaml": "stages: [\n"})
    install = world.path / "hooks" / "pre-receive"
    install.rename(world.folder / "away")
    assert root.push().accepted  # nobody guards it
    (world.folder / "away").rename(install)
    bob = world.clone("bob")
    bob.put({"models/new/model.yaml": MODEL, "models/new/PERMISSIONS": "manage bob\n"})
    for refspec in ("main", "main:refs/heads/bob/topic", "main:refs/heads/requests/x/1/None/bob"):
        push = bob.push(refspec)
        assert push.refused
        assert "registry.yaml does not parse: " in push.text
    git(world.path, "update-ref", "refs/heads/main", good)
    bob.put({"models/new/model.yaml": MODEL, "models/new/PERMISSIONS": "manage bob\n"})
    assert bob.push().accepted


def test_a_registry_that_lost_an_object_takes_no_push(world: World) -> None:
    bob = world.clone("bob").fresh()
    settings = git(world.path, "rev-parse", "main:registry.yaml")
    lost = world.path / "objects" / settings[:2] / settings[2:]
    lost.rename(world.folder / "kept")
    push = bob.push("main:refs/heads/bob/topic")
    assert push.refused
    assert f"object {settings} is missing or damaged" in push.text
    assert "hint: fetch it from any clone that has it" in push.text
    (world.folder / "kept").rename(lost)
    assert bob.push("main:refs/heads/bob/topic").accepted


def hooked(world: World, stdin: bytes, **variables: str) -> subprocess.CompletedProcess[bytes]:
    environment = {k: v for k, v in os.environ.items() if k != "GIT_DIR"} | variables
    return subprocess.run(
        [sys.executable, "-I", "-m", "gitreg.hook", "pre-receive"],
        input=stdin,
        cwd=world.path,
        env=environment,
        capture_output=True,
        check=False,
    )


def test_whatever_goes_wrong_refuses(world: World) -> None:
    done = hooked(world, b"")
    assert (done.returncode, done.stderr) == (
        1,
        b"gitreg: refused: gitreg failed: KeyError: 'GIT_DIR'\n",
    )
    done = hooked(world, b"what is this\n", GIT_DIR=".")
    assert (done.returncode, done.stderr) == (
        1,
        b"gitreg: refused: Git told the hook 'what is this', which is no ref update\n",
    )


def test_a_push_of_too_many_refs_is_refused(world: World) -> None:
    environment = {"GIT_DIR": str(world.path)}
    lines, refused = run("pre-receive", b"x" * (MAX_INPUT + 1), environment=environment, now=0)
    assert refused
    assert lines == ["refused: the push names too many refs", "hint: push fewer at once"]


def test_a_hook_without_refs_has_nothing_to_refuse(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GIT_DIR", str(world.path))
    monkeypatch.setenv("GITREG_ACTOR", "bob")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"")))
    assert main("pre-receive") == 0
    assert capsys.readouterr().err == ""


def test_what_fails_after_the_push_is_in_does_not_call_it_refused(world: World) -> None:
    log = world.path / "gitreg" / "received.log"
    log.mkdir(parents=True)
    chain(world, "post-receive", "echo mail\n")
    root = world.clone("root")
    root.put({"docs/a.md": "# A\n"})
    push = root.push()
    assert push.accepted
    assert push.told[0].startswith("gitreg: the push is in, but gitreg failed: IsADirectoryError")
    assert push.told[1] == "mail"


# --- the process that stays for post-receive ------------------------------------------------------

COLD = 'exec "$python" -I -m gitreg.hook post-receive'
KILL = """#!{python}
import os, pathlib, signal
for one in pathlib.Path("/proc").glob("[0-9]*"):
    try:
        if b"gitreg.hook" in (one / "cmdline").read_bytes() and (one / "cwd").samefile("."):
            os.kill(int(one.name), signal.SIGKILL)
    except OSError:
        pass
"""


@pytest.fixture
def root(world: World) -> Clone:
    """Root's clone, with a commit to push; the registry has received before."""
    root = world.clone("root")
    root.put({"docs/a.md": "# A\n"})
    assert root.push().accepted
    root.put({"docs/b.md": "# B\n"})
    return root


def between(world: World, script: str) -> None:
    """Let Git run a script between both hooks; it may refuse."""
    path = world.path / "hooks" / "update"
    path.write_text(script)
    path.chmod(0o755)


def never_cold(world: World) -> None:
    """Let post-receive not start cold, but say so."""
    path = world.path / "hooks" / "post-receive"
    text = path.read_text()
    assert COLD in text
    path.write_text(text.replace(COLD, "echo cold >&2"))


def alone(root: Clone) -> None:
    """Push, and see that no process is left of it."""
    ended, held = socket.socketpair()
    with ended:
        with held:
            command = ["git", "push", "-q", "origin", "main"]
            environment = os.environ | {"GITREG_ACTOR": "root"}
            subprocess.run(
                command,
                cwd=root.path,
                env=environment,
                pass_fds=[held.fileno()],
                capture_output=True,
            )
        assert select.select([ended], [], [], 20)[0], "a process holds what the push held"
        assert ended.recv(1) == b""


def test_what_judged_a_push_settles_it_too(world: World, root: Clone) -> None:
    never_cold(world)
    between(world, "#!/bin/sh\nstat -c '%a %n' gitreg/push-$PPID >&2\n")
    push = root.push()
    assert push.accepted
    mode, told = push.told
    assert mode.startswith("600 gitreg/push-")
    assert told == "gitreg: docs/b.md added by root"
    log = world.path / "gitreg" / "received.log"
    assert log.read_text().splitlines()[-1].split()[3] == push.after["refs/heads/main"]
    assert list(log.parent.iterdir()) == [log]


@pytest.mark.parametrize("end", ["exit 0", "exit 1", "kill -9 $PPID"])
def test_whatever_becomes_of_a_push_no_process_is_left_of_it(
    world: World, root: Clone, end: str
) -> None:
    between(world, f"#!/bin/sh\ntest -S gitreg/push-$PPID && touch stayed\n{end}\n")
    alone(root)
    assert (world.path / "stayed").exists()
    assert [path.name for path in (world.path / "gitreg").iterdir()] == ["received.log"]


def test_if_what_judged_a_push_is_killed_it_is_settled_cold(world: World, root: Clone) -> None:
    between(world, KILL.format(python=sys.executable))
    push = root.push()
    assert push.accepted
    assert push.told == ("gitreg: docs/b.md added by root",)
    never_cold(world)
    root.put({"docs/c.md": "# C\n"})
    assert root.push().told == ("cold",)


def test_who_has_the_number_of_a_push_that_was_killed_stays_all_the_same(world: World) -> None:
    (world.path / "gitreg").mkdir(exist_ok=True)
    stay = "from gitreg.hook_server.staying import stay; stay('.')"
    script = f'touch gitreg/push-$$; "{sys.executable}" -c "{stay}"; test -S gitreg/push-$$'
    assert subprocess.run(["sh", "-c", script], cwd=world.path).returncode == 0


def test_where_nobody_can_stay_post_receive_is_cold(world: World, root: Clone) -> None:
    log = world.path / "gitreg"
    log.rename(world.path / "kept")
    log.touch()
    push = root.push()
    assert push.accepted
    assert "the push is in, but gitreg failed: NotADirectoryError" in push.text


# --- afterwards ----------------------------------------------------------------------------------


def test_what_was_received_when_and_from_whom_is_recorded(world: World) -> None:
    bob = world.clone("bob")
    bob.put({"models/new/model.yaml": MODEL, "models/new/PERMISSIONS": "manage bob\n"})
    push = bob.push("main", "main:refs/heads/bob/topic")
    assert push.accepted
    last = (world.path / "gitreg" / "received.log").read_text().splitlines()[-2:]
    new = push.after["refs/heads/main"]
    assert [line.split(" ")[1:] for line in last] == [
        ["bob", push.before["refs/heads/main"], new, "refs/heads/main"],
        ["bob", "0" * 40, new, "refs/heads/bob/topic"],
    ]


def test_of_a_long_push_the_first_steps_are_told(world: World) -> None:
    root = world.clone("root").fresh()
    world.settle({"registry.yaml": f"{REGISTRY}rules: {{clock: trust}}\n"})
    root.fresh()
    steps = (
        "commit refs/heads/many\n"
        f"committer root <root@acme.com> {1_700_000_000 + number} +0000\n"
        "data 1\nx\n"
        + ("from refs/heads/main^0\n" if number == 1 else "")
        + f"M 644 inline docs/a.md\ndata 2\n{number:02}\n"
        for number in range(1, 54)
    )
    root.git("fast-import", "--quiet", stdin="".join(steps))
    push = root.push("many:main")
    assert push.accepted, push.stderr
    assert len(push.told) == 51
    assert push.told[-1] == "gitreg: and 3 more commits"
    assert push.told[0] == "gitreg: docs/a.md added by root"


def test_a_step_of_many_changes_is_told_short(world: World) -> None:
    bob = world.clone("bob")
    numbers = {f"models/new/versions/{number}.yaml": version() for number in range(1, 9)}
    bob.put({"models/new/model.yaml": MODEL, "models/new/PERMISSIONS": "manage bob\n", **numbers})
    push = bob.push()
    created = "gitreg: model new created; permissions of new changed: + manage bob"
    assert push.told == (f"{created}; 8 more changes by bob",)


def test_branches_of_answered_requests_go_away_also_from_packed_refs(world: World) -> None:
    root = world.registry()
    root.create_model("fraud")
    root.create_version("fraud", source="s3://ml/1")
    world.registry("bob").request_transition("fraud/1", "Staging")
    world.registry("eve").request_transition("fraud/1", "Staging")
    git(world.path, "pack-refs", "--all")
    clone = world.clone("root").fresh()
    tips = [clone.branch("fraud", 1, "Staging", user) for user in ("bob", "eve")]
    clone.merge(*tips, tree=tips[0])
    push = clone.push()
    assert push.accepted
    assert push.told == (
        "gitreg: fraud/1 None -> Staging by root, approves bob's and eve's request for Staging",
    )
    assert world.requests == []
