"""The hook daemon judges as the cold hook does; where it is not there, that one does; else no."""

import os
import re
import select
import shutil
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from support import MODEL, version
from world import Clone, Push, World, git

from gitreg import resources
from gitreg.domain.pushes import MAX_INPUT
from gitreg.errors import AlreadyExistsError, GitregError, InvalidValueError, UnavailableError
from gitreg.hook_server import default_socket
from gitreg.hook_server.listening import listening
from gitreg.hosting import hook_problems, hook_settings, install_hooks
from gitreg.store.repository import Repository

ROOT = Path(__file__).parent.parent
NOBODY = 65534
SERVE = """
import sys
from pathlib import Path
from gitreg.hook_server import serve
path = Path(sys.argv[1]) if sys.argv[1] else None
serve(path, say=lambda line: print(line, flush=True), limit=int(sys.argv[2]))
"""
ACTIVATE = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"}
os.execv(sys.argv[2], sys.argv[2:])
"""
WITHOUT = "gitreg: hint: restart it; git config --unset gitreg.socket does without"

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")


class Daemon:
    """A daemon in a process of its own, and what it told since."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.ready = self.line()

    def line(self) -> str:
        """Give the next line that it tells, when it does."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().rstrip("\n")

    def judged(self, count: int = 1) -> list[str]:
        """Give what was judged in so many pushes that went through: two hooks each."""
        return sorted(self.hook() for _ in range(2 * count))

    def hook(self) -> str:
        """Give the hook that was answered next, and how it went."""
        found = re.fullmatch(r"'.*': (.*) in [0-9.]+ ms", line := self.line())
        assert found, line
        return found[1]

    @property
    def workers(self) -> list[int]:
        """Give the processes that judge."""
        told = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(word) for word in told.split()]

    def waited_for(self) -> list[int]:
        """Wait for the first process that judges."""
        while not self.workers:
            assert self.process.poll() is None
        return self.workers

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal, and give the exit code."""
        self.process.send_signal(number)
        return self.process.wait(60)


@contextmanager
def daemon(
    path: Path | str, *, limit: int = 16, prefix: tuple[str, ...] = (), **more: str
) -> Iterator[Daemon]:
    command = [*prefix, sys.executable, "-c", SERVE, str(path), str(limit)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=os.environ | more, close_fds=not prefix
    )
    with process:
        try:
            yield Daemon(process)
        finally:
            process.terminate()
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()


def guard(world: World, path: Path, **settings: str) -> World:
    """Let the hooks of a world ask the daemon at a path."""
    install_hooks(Repository(world.path), socket=path)
    for name, value in settings.items():
        git(world.path, "config", f"gitreg.{name}", value)
    return world


@pytest.fixture
def at(tmp_path: Path) -> Path:
    return tmp_path / "hook.sock"


@pytest.fixture
def world(tmp_path: Path, at: Path) -> World:
    return guard(World(tmp_path), at)


@pytest.fixture
def alice(world: World) -> Clone:
    return world.clone("alice")


def model(clone: Clone, name: str = "fraud") -> Clone:
    """Commit a new model on top of main."""
    path = clone.world.model(name)
    clone.put({f"{path}/model.yaml": MODEL, f"{path}/PERMISSIONS": f"manage {clone.user}\n"})
    return clone


def forbidden(clone: Clone) -> Clone:
    """Commit what only root may."""
    clone.put({"PERMISSIONS": f"/ manage root {clone.user}\n"})
    return clone


# --- The same judgement ----------------------------------------------------------------------


def test_a_push_is_judged_by_the_daemon_and_told_as_by_the_cold_hook(
    alice: Clone, at: Path
) -> None:
    with daemon(at) as served:
        assert served.ready == f"the hook daemon listens on {at}"
        push = model(alice).push()
        assert push.accepted
        assert push.told == (
            "gitreg: model fraud created; permissions of fraud changed: + manage alice by alice",
        )
        assert served.judged() == ["post-receive", "pre-receive"]
    log = (alice.world.path / "gitreg/received.log").read_text().splitlines()
    assert [line.split()[1] for line in log] == ["alice"]


@dataclass(frozen=True, slots=True)
class Refused:
    """A push that is refused: what is done before, and how it is pushed."""

    ready: Callable[[Clone], object]
    refspecs: tuple[str, ...] = ("main",)
    actor: str | None = "alice"
    remote_user: str | None = None

    def push(self, clone: Clone) -> Push:
        return clone.push(*self.refspecs, GITREG_ACTOR=self.actor, REMOTE_USER=self.remote_user)


def two_names(clone: Clone) -> None:
    git(clone.world.path, "config", "--add", "gitreg.identity", "REMOTE_USER")
    model(clone)


REFUSED = {
    "no right": Refused(forbidden),
    "another committer": Refused(model, actor="bob"),
    "nobody": Refused(model, actor=None),
    "an empty name": Refused(model, actor=""),
    "a name that is none": Refused(model, actor="@\udcff\ngitreg: fine"),
    "two names": Refused(two_names, remote_user="bob"),
    "a tag": Refused(Clone.fresh, ("main:refs/tags/v1",)),
    "a deletion": Refused(Clone.fresh, (":main",)),
    "a name in Latin-1": Refused(Clone.fresh, ("main:refs/heads/alice/\udcff",)),
    "no YAML": Refused(lambda clone: clone.put({"models/x/model.yaml": "a: &b\n"})),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_the_daemon_refuses_the_cold_hook_refuses_in_the_same_words(
    alice: Clone, at: Path, what: str
) -> None:
    REFUSED[what].ready(alice)
    with daemon(at) as served:
        asked = REFUSED[what].push(alice)
        assert served.hook() == "pre-receive refused"
    cold = REFUSED[what].push(alice)
    assert asked.refused
    assert cold.refused
    assert asked.told == cold.told
    assert asked.text.startswith("gitreg: refused")


def test_a_hook_that_was_there_before_runs_after_the_daemon_with_the_same_input(
    world: World, at: Path, tmp_path: Path
) -> None:
    for name in ("pre-receive", "post-receive"):
        chained = world.path / "hooks" / f"{name}.chained"
        chained.write_text(f"#!/bin/sh\necho {name} for $GITREG_ACTOR\ncat >{tmp_path}/{name}\n")
        chained.chmod(0o755)
    with daemon(at):
        push = model(world.clone("alice")).push()
        assert push.accepted
        assert push.told[0] == "pre-receive for alice"
        assert push.told[-1] == "post-receive for alice"
        line = f"{push.before['refs/heads/main']} {push.after['refs/heads/main']} refs/heads/main\n"
        assert (tmp_path / "pre-receive").read_text() == line
        assert (tmp_path / "post-receive").read_text() == line
        (tmp_path / "pre-receive").unlink()
        assert forbidden(world.clone("alice")).push().refused
        assert not (tmp_path / "pre-receive").exists()
        (world.path / "hooks/pre-receive.chained").write_text("echo no\nexit 1\n")
        push = model(world.clone("alice"), "other").push()
        assert push.refused
        assert push.told == ("no",)
        (world.path / "hooks/pre-receive.chained").write_text("#!/no/such/program\n")
        push = world.clone("alice").push()
        assert push.refused
        assert push.text.endswith("pre-receive.chained does not start: No such file or directory")


def test_a_hook_that_was_there_before_has_the_language_of_the_push(world: World, at: Path) -> None:
    chained = world.path / "hooks/pre-receive.chained"
    chained.write_text('#!/bin/sh\necho "$LC_ALL ${PERL_SKIP_LOCALE_INIT-as ever}"\n')
    chained.chmod(0o755)
    with daemon(at):
        push = model(world.clone("alice")).push(LC_ALL="xx_YY.UTF-8")
        assert push.told[0] == "xx_YY.UTF-8 as ever"
        assert len(push.told) == 2


def test_the_daemon_writes_no_object_and_a_refused_push_leaves_none(alice: Clone, at: Path) -> None:
    objects = alice.world.path / "objects"
    with daemon(at) as served:
        before = sorted(objects.rglob("*"))
        assert forbidden(alice).push().refused
        assert served.hook() == "pre-receive refused"
        assert sorted(objects.rglob("*")) == before
        tip = alice.git("rev-parse", "HEAD")
        with pytest.raises(AssertionError):
            git(alice.world.path, "cat-file", "-e", tip)
        alice.world.settle({"PERMISSIONS": "/ manage root\n/ manage alice\n"})
        assert forbidden(alice).push().accepted
    assert git(alice.world.path, "fsck", "--strict", "--full") == ""


def test_each_push_sees_permissions_and_settings_as_they_are(world: World, at: Path) -> None:
    bob = world.clone("bob")
    with daemon(at) as served:
        assert model(bob).push().accepted
        edit = {f"{world.model('fraud')}/versions/1.yaml": version()}
        served.judged()
        carol = world.clone("carol")
        carol.put(edit)
        assert carol.push().refused
        assert served.hook() == "pre-receive refused"
        world.settle({f"{world.model('fraud')}/PERMISSIONS": "manage bob\nedit carol\n"})
        carol.put(edit)
        git(world.path, "config", "gitreg.identity", "REMOTE_USER")
        assert carol.push().refused
        assert served.hook() == "pre-receive refused"
        assert carol.push(REMOTE_USER="carol", GITREG_ACTOR="dave").accepted
        assert served.judged() == ["post-receive", "pre-receive"]


def test_many_pushes_to_several_registries_are_judged_at_once(tmp_path: Path) -> None:
    path = tmp_path / "hook.sock"
    worlds = []
    for name in ("one", "two", "three"):
        (tmp_path / name).mkdir()
        worlds.append(guard(World(tmp_path / name), path))
    users = ["root", "bob", "carol", "dave"]
    clones = [one.clone(user).fresh() for one in worlds for user in users]
    with daemon(path) as served, ThreadPoolExecutor(len(clones)) as pool:
        branches = [f"main:refs/heads/root/by-{clone.user}" for clone in clones]
        pushes = list(pool.map(lambda clone, name: clone.push(name), clones, branches))
        for clone, push in zip(clones, pushes, strict=True):
            allowed = clone.user == "root"
            assert push.code == (0 if allowed else 1), push.stderr
        told = sorted(served.hook() for _ in range(len(clones) + len(worlds)))
    assert told == sorted(
        ["post-receive", "pre-receive"] * len(worlds)
        + ["pre-receive refused"] * (len(clones) - len(worlds))
    )


# --- The cold hook, where there is no daemon --------------------------------------------------


def test_without_a_daemon_the_cold_hook_judges(alice: Clone, at: Path) -> None:
    assert not at.exists()
    assert forbidden(alice).push().refused
    assert model(alice).push().accepted


def test_a_daemon_that_was_killed_is_not_there_and_another_takes_its_place(
    alice: Clone, at: Path
) -> None:
    with daemon(at) as served:
        served.end(signal.SIGKILL)
    assert stat.S_ISSOCK(at.stat().st_mode)
    assert forbidden(alice).push().refused
    assert model(alice).push().accepted
    with daemon(at) as served:
        assert model(alice, "other").push().accepted
        assert served.judged() == ["post-receive", "pre-receive"]


@pytest.mark.parametrize(
    ("folder", "asked"), [("with a space", True), ("[gitreg]", True), ("with#hash", False)]
)
def test_a_socket_that_the_hook_cannot_read_is_not_asked(
    world: World, tmp_path: Path, folder: str, *, asked: bool
) -> None:
    guard(world, tmp_path / folder / "s", timeout="60")
    git(world.path, "config", "other.socket", "/dev/null")
    with daemon(tmp_path / folder / "s") as served:
        assert forbidden(world.clone("alice")).push().refused
        if asked:
            assert served.hook() == "pre-receive refused"
        else:
            assert served.workers == []


def test_without_perl_the_cold_hook_judges(alice: Clone, at: Path, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/git").symlink_to(str(shutil.which("git")))
    with daemon(at) as served:
        assert forbidden(alice).push(PATH=str(tmp_path / "bin")).refused
        assert model(alice).push(PATH=str(tmp_path / "bin")).accepted
        assert model(alice, "other").push().accepted
        assert served.judged() == ["post-receive", "pre-receive"]


def test_what_more_pushes_there_are_than_the_daemon_judges_at_once_the_cold_hook_judges(
    alice: Clone, at: Path
) -> None:
    with daemon(at, limit=1) as served:
        with connected(at) as busy:
            busy.sendall(hello(alice.world))
            assert model(alice).push().accepted
            assert served.line() == "left to the cold hook: 1 pushes are being judged"
            assert served.line() == "left to the cold hook: 1 pushes are being judged"
            busy.sendall(message(""))
            assert fields(busy) == ["verdict", "0", ""]
        assert served.hook() == "pre-receive"
        assert model(alice, "other").push().accepted


def test_a_registry_of_another_python_is_judged_by_that_one(alice: Clone, at: Path) -> None:
    other = at.parent / "bin/python"
    other.parent.mkdir()
    other.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    other.chmod(0o755)
    git(alice.world.path, "config", "gitreg.python", str(other))
    with daemon(at) as served:
        assert model(alice).push().accepted
        said = f"{alice.world.path} is judged by {other}, not by {sys.executable}"
        assert served.line() == f"left to the cold hook: {said!a}"


def test_a_daemon_whose_code_changed_on_disk_ends_and_does_not_judge(
    alice: Clone, at: Path
) -> None:
    copy = at.parent / "code"
    for name in ("gitreg", "schemas", "hooks"):
        shutil.copytree(ROOT / name, copy / name)
    with daemon(at, PYTHONPATH=str(copy), PYTHONSAFEPATH="1") as served:
        assert model(alice).push().accepted
        served.judged()
        (copy / "gitreg/guard/verify.py").touch()
        assert forbidden(alice).push().refused
        assert served.line() == (
            "left to the cold hook: gitreg changed on disk, so the daemon ends"
        )
        assert served.process.wait(60) == 0
    assert not at.exists()


# --- A daemon that fails ----------------------------------------------------------------------


def message(*fields: str) -> bytes:
    content = "\0".join(fields).encode()
    return b"%d:%b," % (len(content), content)


@contextmanager
def false_daemon(path: Path, *answers: bytes, hold: bool = False) -> Iterator[None]:
    """Listen as a daemon would, give an answer for each thing said, and then hang up, or not.

    To post-receive it gives none.
    """
    held: list[socket.socket] = []

    def answer() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            held.append(connection)
            for number, one in enumerate(answers):
                told = connection.recv(65536)
                if number == 0 and b"post-receive" in told:
                    break
                connection.sendall(one)
            if not hold:
                connection.close()

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        thread = threading.Thread(target=answer)
        thread.start()
        try:
            yield
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
            for connection in held:
                connection.close()
    path.unlink()


ACCEPT = message("verdict", "0", "")
NONSENSE = "answers nonsense"
ENDED = "ended without a whole answer"
FALSE = {
    "closes at once": ((), ENDED),
    "closes when it was told": ((b"",), ENDED),
    "accepts, but for the last byte": ((ACCEPT[:-1],), ENDED),
    "accepts, but for the length": ((ACCEPT[:2],), ENDED),
    "accepts twice": ((ACCEPT + ACCEPT,), NONSENSE),
    "accepts with another end": ((ACCEPT[:-1] + b"\n",), NONSENSE),
    "says hello": ((b"hello\n",), NONSENSE),
    "says nothing": ((b"0:,",), NONSENSE),
    "says a long number": ((b"123456789",), NONSENSE),
    "says a number with zeros": ((b"0" + ACCEPT,), NONSENSE),
    "asks": ((message("ask", "GITREG_ACTOR"),), NONSENSE),
    "says no code": ((message("verdict"),), NONSENSE),
    "says no text": ((message("verdict", "0"),), NONSENSE),
    "says too much": ((message("verdict", "0", "", ""),), NONSENSE),
    "says another code": ((message("verdict", "2", ""),), NONSENSE),
    "says code 00": ((message("verdict", "00", ""),), NONSENSE),
    "says code 0 and a line's end": ((message("verdict", "0\n", ""),), NONSENSE),
    "says an empty code": ((message("verdict", "", ""),), NONSENSE),
    "shouts": ((message("VERDICT", "0", ""),), NONSENSE),
}


@pytest.fixture(scope="module")
def pushing(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """A clone that stands on a commit nobody would refuse."""
    folder = tmp_path_factory.mktemp("false")
    world = guard(World(folder), folder / "hook.sock")
    return model(world.clone("alice"))


@pytest.mark.parametrize("what", FALSE)
def test_a_daemon_that_does_not_answer_well_refuses(pushing: Clone, what: str) -> None:
    answers, why = FALSE[what]
    path = pushing.world.folder / "hook.sock"
    with false_daemon(path, *answers):
        push = pushing.push()
    assert push.refused
    assert push.told == (f"gitreg: refused: the hook daemon at {path} {why}", WITHOUT)


@pytest.mark.parametrize(
    "answers", [(), (ACCEPT[:-1],), (ACCEPT[:1],)], ids=["at once", "at the end", "at first"]
)
def test_a_daemon_that_hangs_refuses_in_time(pushing: Clone, answers: tuple[bytes, ...]) -> None:
    path = pushing.world.folder / "hook.sock"
    git(pushing.world.path, "config", "gitreg.timeout", "1")
    with false_daemon(path, *answers, hold=True):
        push = pushing.push()
    git(pushing.world.path, "config", "--unset", "gitreg.timeout")
    assert push.refused
    late = "did not answer within gitreg.timeout, 1 s"
    assert push.told == (f"gitreg: refused: the hook daemon at {path} {late}", WITHOUT)


def test_a_daemon_that_is_stopped_refuses_in_time_and_goes_on(world: World, at: Path) -> None:
    git(world.path, "config", "gitreg.timeout", "1")
    alice = model(world.clone("alice"))
    with daemon(at) as served:
        served.process.send_signal(signal.SIGSTOP)
        push = alice.push()
        assert push.refused
        assert "did not answer within gitreg.timeout, 1 s" in push.text
        served.process.send_signal(signal.SIGCONT)
        git(world.path, "config", "--unset", "gitreg.timeout")
        assert "left to the cold hook" in served.line()  # its quarantine is gone
        assert alice.push().accepted


def test_a_worker_that_is_killed_refuses_and_the_daemon_goes_on(alice: Clone, at: Path) -> None:
    with daemon(at) as served, connected(at) as connection:
        connection.sendall(hello(alice.world))
        [worker] = served.waited_for()
        os.kill(worker, signal.SIGKILL)
        assert fields(connection) == []
        assert served.line() == "a push was not judged to the end: SIGKILL"
        assert model(alice).push().accepted
        assert served.judged() == ["post-receive", "pre-receive"]


def test_a_worker_that_dies_between_two_pushes_is_replaced(alice: Clone, at: Path) -> None:
    with daemon(at) as served:
        assert model(alice).push().accepted
        served.judged()
        [worker] = served.workers
        with gone(worker):
            os.kill(worker, signal.SIGKILL)
        assert model(alice, "other").push().accepted
        assert served.line() == "a push was not judged to the end: SIGKILL"
        assert served.judged() == ["post-receive", "pre-receive"]


def test_a_push_that_is_in_is_recorded_whatever_the_daemon_does(pushing: Clone) -> None:
    world = pushing.world
    path = world.folder / "hook.sock"
    root = world.clone("root").fresh()
    with false_daemon(path, ACCEPT):
        push = root.push("main:refs/heads/root/work")
    assert push.accepted
    last = (world.path / "gitreg/received.log").read_text().splitlines()[-1]
    name = "refs/heads/root/work"
    assert last.split()[1:] == ["root", "0" * 40, push.after[name], name]


# --- Who is trusted ---------------------------------------------------------------------------


@contextmanager
def connected(path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(60)
        connection.connect(str(path))
        yield connection


def fields(connection: socket.socket) -> list[str]:
    """Hear one message; nothing if the daemon hung up."""
    heard = b""
    while not heard.endswith(b","):
        try:
            more = connection.recv(65536)
        except ConnectionResetError:
            more = b""
        if not more:
            break
        heard += more
    return heard.partition(b":")[2].removesuffix(b",").decode().split("\0") if heard else []


def hello(
    world: World, *objects: str, who: tuple[str, ...] = ("GITREG_ACTOR=alice",), **more: str
) -> bytes:
    told = {"protocol": "gitreg 1", "hook": "pre-receive", "folder": str(world.path)} | more
    return message(*told.values(), *(objects or ("", "", "")), *who)


def test_the_socket_is_its_owners_alone(at: Path) -> None:
    with daemon(at):
        assert stat.S_IMODE(at.stat().st_mode) == 0o600


@needs_root
def test_the_daemon_answers_nobody_else(world: World, at: Path) -> None:
    say = "socket D,1,1,0; connect D,pack 'Sa108',1,$ARGV[0] or die $!; sysread D,$_,99; print"
    with daemon(at) as served:
        for folder in (at, *at.parents[:-2]):
            folder.chmod(folder.stat().st_mode | 0o777 if folder == at else 0o755)
        done = subprocess.run(
            ["perl", "-e", say, str(at)], user=NOBODY, capture_output=True, text=True
        )
        assert done.stdout == message("cold", f"uid {NOBODY} is not that of the daemon").decode()
        assert "is not that of the daemon" in served.line()


@needs_root
def test_a_daemon_of_somebody_else_is_not_asked(world: World, tmp_path: Path) -> None:
    folder = tmp_path / "theirs"
    folder.mkdir()
    os.chown(folder, NOBODY, NOBODY)
    for above in folder.parents[:-2]:
        above.chmod(0o755)
    path = folder / "hook.sock"
    listen = """
        socket L,1,1,0; bind L,pack 'Sa108',1,$ARGV[0] or die $!; listen L,9; $|=1; print "up\n";
        while (accept C,L) { sysread C,$_,999; syswrite C,"13:verdict\\0000\\0," }
    """
    guard(world, path)
    with subprocess.Popen(
        ["perl", "-e", listen, str(path)], user=NOBODY, stdout=subprocess.PIPE
    ) as theirs:
        assert theirs.stdout is not None
        assert theirs.stdout.readline() == b"up\n"
        assert forbidden(world.clone("alice")).push().refused
        assert model(world.clone("alice")).push().accepted
        theirs.kill()


@needs_root
def test_the_daemon_opens_no_registry_of_somebody_else(world: World, at: Path) -> None:
    os.chown(world.path, NOBODY, NOBODY)
    with daemon(at), connected(at) as connection:
        connection.sendall(hello(world) + message(""))
        assert fields(connection) == [
            "cold",
            f"{world.path} does not belong to the daemon's user",
        ]


def test_what_is_not_as_git_tells_it_is_left_to_the_cold_hook(world: World, at: Path) -> None:
    objects = str(world.path / "objects")
    inside, outside = f"{objects}/incoming", str(world.folder / "incoming")
    for folder in (inside, outside):
        Path(folder).mkdir()
    (world.path / "objects/link").symlink_to(outside)
    broken = world.folder / "broken"
    broken.mkdir()
    (broken / "config").write_text("[gitreg")
    elsewhere = f"{world.path} has objects elsewhere: "
    other = "the client is of another version: gitreg 2"
    cases = [
        (hello(world, protocol="gitreg 2"), other),
        (hello(world, hook="update"), "the client is of another version: gitreg 1"),
        (message("gitreg 2"), other),
        (hello(world, folder="registry.git"), "registry.git cannot be opened"),
        (hello(world, folder=f"{outside}/no"), f"{outside}/no cannot be opened"),
        (hello(world, folder=outside), f"{outside} is judged by no Python, not by"),
        (hello(world, folder=str(broken)), f"{broken}/config cannot be read: "),
        (hello(world, outside, outside, objects), elsewhere),
        (hello(world, inside, outside, objects), elsewhere),
        (hello(world, inside, inside, f"{objects}:{outside}"), elsewhere),
        (hello(world, inside, inside, ""), elsewhere),
        (hello(world, "", inside, objects), ""),
        (hello(world, f"{objects}/link", f"{objects}/link", objects), elsewhere),
        (hello(world, f"{objects}/no", f"{objects}/no", objects), f"{objects}/no cannot be"),
        (hello(world, who=("REMOTE_USER=alice",)), f"{world.path} asks GITREG_ACTOR who pushes"),
        (hello(world, who=("GITREG_ACTOR=alice", "REMOTE_USER")), f"{world.path} asks"),
        (hello(world, who=()), "the client is of another version"),
    ]
    with daemon(at):
        for told, reason in cases:
            with connected(at) as connection:
                connection.sendall(told + message(""))
                word, why = fields(connection)
                assert (word, why[: len(reason)]) == ("cold", reason)
        with connected(at) as connection:
            connection.sendall(hello(world, inside, inside, objects) + message(""))
            assert fields(connection) == ["verdict", "0", ""]


@pytest.mark.parametrize(
    "said",
    [b"hello\n", b"5000000:", b"9999999999", b":,", b"3:abcd", b"4:abcd;", b"3:a"],
    ids=["words", "too long", "a long number", "no number", "no end", "another end", "half"],
)
def test_who_does_not_keep_to_the_protocol_is_not_answered(at: Path, said: bytes) -> None:
    with daemon(at) as served:
        with connected(at) as connection:
            connection.sendall(said)
            connection.shutdown(socket.SHUT_WR)
            assert fields(connection) == []
        assert "a push was not judged to the end: ValueError" in served.line()


@pytest.mark.parametrize("size", [MAX_INPUT, MAX_INPUT + 1, MAX_INPUT + 2])
def test_a_push_of_too_many_refs_is_refused(world: World, at: Path, size: int) -> None:
    line = f"{'0' * 40} {'0' * 40} refs/heads/{{}}\n"
    updates = "".join(line.format(f"{number:04}") for number in range(4096))
    updates += line.format("x" * (size - len(updates) - len(line.format(""))))
    assert len(updates) == size
    with daemon(at) as served, connected(at) as connection:
        connection.sendall(hello(world))
        if size > MAX_INPUT + 1:
            connection.sendall(message(updates)[:10])
            assert fields(connection) == []
            assert "ValueError" in served.line()
        else:
            connection.sendall(message(updates))
            word, code, text = fields(connection)
            assert (word, code) == ("verdict", "1")
            assert ("the push names too many refs" in text) == (size > MAX_INPUT)


def test_a_judgement_that_takes_too_long_is_ended(world: World, at: Path) -> None:
    git(world.path, "config", "gitreg.timeout", "1")
    tip = world.refs()["refs/heads/main"]
    commit = world.path / "objects" / tip[:2] / tip[2:]
    commit.unlink()
    os.mkfifo(commit)  # whoever reads waits for a writer
    with daemon(at) as served, connected(at) as connection:
        connection.sendall(hello(world) + message(f"{tip} {tip} refs/heads/main\n"))
        assert fields(connection) == []
        assert served.line() == "a push was not judged to the end: SIGALRM"


def test_what_is_recorded_of_a_push_that_is_in_is_not_cut_off(world: World, at: Path) -> None:
    git(world.path, "config", "gitreg.timeout", "1")
    log = world.path / "gitreg/received.log"
    log.parent.mkdir(exist_ok=True)
    os.mkfifo(log)  # whoever writes waits for a reader
    with daemon(at) as served, connected(at) as connection:
        connection.sendall(hello(world, hook="post-receive") + message(""))
        connection.settimeout(2)
        with pytest.raises(TimeoutError):
            connection.recv(100)
        connection.settimeout(60)
        assert log.read_text() == ""
        assert fields(connection) == ["verdict", "0", ""]
        assert served.hook() == "post-receive"


# --- Starting and ending ----------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_daemon_ends_when_told_once_the_pushes_at_hand_are_judged(
    world: World, at: Path, number: int
) -> None:
    with daemon(at) as served, connected(at) as connection:
        connection.sendall(hello(world))
        [worker] = served.waited_for()
        served.process.send_signal(number)
        os.kill(worker, number)
        while at.exists():
            assert served.process.poll() is None
        assert model(world.clone("alice")).push().accepted
        connection.sendall(message(""))
        assert fields(connection) == ["verdict", "0", ""]
        assert served.process.wait(60) == 0


def test_a_daemon_that_is_killed_takes_its_workers_with_it(alice: Clone, at: Path) -> None:
    with daemon(at) as served:
        assert model(alice).push().accepted
        [worker] = served.workers
        with gone(worker):
            served.end(signal.SIGKILL)


@contextmanager
def gone(process: int) -> Iterator[None]:
    """Wait until a process, of whomsoever, has ended."""
    handle = os.pidfd_open(process)
    try:
        yield
        assert select.select([handle], [], [], 60)[0] == [handle]
    finally:
        os.close(handle)


def test_systemd_may_listen_for_the_daemon(alice: Clone, at: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(at))
        listener.listen()
        os.set_inheritable(listener.fileno(), True)
        prefix = (sys.executable, "-c", ACTIVATE, str(listener.fileno()))
        with daemon("", prefix=prefix) as served:
            assert served.ready == f"the hook daemon listens on {at}"
            assert model(alice).push().accepted
            assert served.judged() == ["post-receive", "pre-receive"]
            assert served.end() == 0
        assert at.exists()


def test_only_one_daemon_listens_on_a_socket(at: Path) -> None:
    with daemon(at) as served:
        assert refusal(at) == (AlreadyExistsError, f"a daemon listens on {at} already")
        assert served.end() == 0
    assert not at.exists()
    with listening(at, {}):
        assert at.exists()
    assert not at.exists()


def refusal(path: Path) -> tuple[type[GitregError], str]:
    with pytest.raises(GitregError) as error, listening(path, {}):
        pass
    return type(error.value), str(error.value)


def test_where_nobody_can_listen_that_is_told(at: Path) -> None:
    at.touch()
    assert refusal(at) == (AlreadyExistsError, f"{at} is there, and is no socket")
    below = at / "hook.sock"
    assert refusal(below) == (UnavailableError, f"nobody can listen on {below}: File exists")
    long = at.parent / ("x" * 110)
    assert refusal(long) == (InvalidValueError, f"{long} can be no socket")
    shared = at.parent / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    assert refusal(shared / "s") == (
        InvalidValueError,
        f"others may write into {shared}, and could listen in the daemon's place",
    )


def test_a_daemon_that_hangs_is_not_replaced(at: Path) -> None:
    with socket.socket(socket.AF_UNIX) as hanging, socket.socket(socket.AF_UNIX) as first:
        hanging.bind(str(at))
        hanging.listen(0)
        first.connect(str(at))
        assert refusal(at) == (AlreadyExistsError, f"a daemon listens on {at}, and hangs")


def test_a_socket_that_another_daemon_made_is_left_alone(at: Path) -> None:
    with socket.socket(socket.AF_UNIX) as other:
        with listening(at, {}):
            at.unlink()
            other.bind(str(at))
        assert at.exists()


def test_the_folder_of_the_socket_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "run/hook.sock"
    with listening(path, {}):
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_client_that_came_too_late_is_told_to_judge_itself(at: Path) -> None:
    with listening(at, {}), connected(at) as connection:
        at.unlink()
        at.touch()
    with listening(at.with_name("other"), {}):
        late = socket.socket(socket.AF_UNIX)
        late.settimeout(60)
        late.connect(str(at.with_name("other")))
    with late:
        assert fields(late) == ["cold", "the daemon ends"]
    assert connection.fileno() == -1


def test_the_daemon_listens_where_systemd_or_the_desktop_keeps_such_files() -> None:
    assert default_socket({"XDG_RUNTIME_DIR": "/run/user/1"}) == Path("/run/user/1/gitreg.sock")
    both = {"XDG_RUNTIME_DIR": "/run/user/1", "RUNTIME_DIRECTORY": "/run/gitreg"}
    assert default_socket(both) == Path("/run/gitreg/hook.sock")
    with pytest.raises(InvalidValueError) as refusal:
        default_socket({})
    assert str(refusal.value) == "nothing tells where to listen"
    assert refusal.value.hint == "gitreg hook serve --socket /run/gitreg/hook.sock"


# --- Installing -------------------------------------------------------------------------------


def test_installing_tells_where_the_daemon_is_asked_and_keeps_it(world: World, at: Path) -> None:
    repository = Repository(world.path)
    expected = (
        "who pushes is told by GITREG_ACTOR",
        "pre-receive installed",
        "post-receive installed",
        f"a hook daemon is asked if it listens on {at}",
    )
    assert install_hooks(repository, socket=at) == expected
    assert install_hooks(repository) == expected
    assert list(hook_problems(repository)) == []


def test_a_socket_that_cannot_be_is_refused(world: World) -> None:
    for path in ("/" + "x" * 107, "/a\nb"):
        with pytest.raises(InvalidValueError) as refusal:
            install_hooks(Repository(world.path), socket=Path(path))
        assert str(refusal.value) == f"{path!a} can be no socket"
        assert refusal.value.hint == "a path of at most 107 bytes can"


def test_the_status_tells_if_the_client_is_not_ours(world: World) -> None:
    client = world.path / "hooks/gitreg-ask"
    client.write_bytes(client.read_bytes() + b"\n")
    problems = hook_problems(Repository(world.path))
    assert list(problems) == ["hooks/gitreg-ask is of another version of gitreg"]
    client.unlink()
    problems = hook_problems(Repository(world.path))
    assert list(problems) == ["hooks/gitreg-ask is missing: no hook daemon is asked"]


@pytest.mark.parametrize(
    ("written", "meant"), [("", 30), ("7", 7), ("0", 30), ("-1", 30), ("1.5", 30), ("99999", 30)]
)
def test_a_timeout_is_whole_seconds(world: World, written: str, meant: int) -> None:
    git(world.path, "config", "gitreg.timeout", written)
    assert hook_settings(world.path).timeout == meant


# --- The client -------------------------------------------------------------------------------


def test_the_client_is_strict_perl_and_imports_nothing() -> None:
    text = resources.hook("ask").decode()
    assert not re.search(r"^\s*(use|require|do)\b", text, re.MULTILINE)
    done = subprocess.run(
        ["perl", "-Mstrict", "-Mwarnings", "-c"], input=text, capture_output=True, text=True
    )
    assert done.stderr == "- syntax OK\n"
    assert "$MAX_INPUT = 4 * 1024 * 1024 + 1;" in text
    assert MAX_INPUT + 1 == 4 * 1024 * 1024 + 1
