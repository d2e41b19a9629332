"""What the hook adds to a push: through the daemon, cold, and (where it is installed) gitolite's.

Run: bash tests/run.sh tests/benchmarks/test_push.py -s -o addopts=--import-mode=importlib

Rounds go through all ways in turn, so that other load on the machine meets all of them; a
difference is the median of the rounds' differences.
"""

import os
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles

import pytest
from pytest_benchmark.fixture import BenchmarkFixture
from tables import print_table
from world import git

import gitreg
from gitreg.hosting import HOOKS, install_hooks
from gitreg.store.repository import Repository

ROUNDS = 40
MODEL = "models/fraud"
VERSION = "apiVersion: gitreg/v1\nkind: ModelVersion\nstage: None\nsource: s3://ml/1\n"
SERVE = """
import sys
from pathlib import Path
from gitreg.hook_server import serve
serve(Path(sys.argv[1]), say=lambda line: print(line, flush=True))
"""
SSH = '#!/bin/sh\nshift\nHOME={home} exec sh -c "$*"\n'
GITOLITE_SSH = """#!/bin/sh
shift
HOME={home} SSH_ORIGINAL_COMMAND="$*" SSH_CONNECTION="::1 1 ::1 22" exec {shell} root
"""
TARGETS = {"through the daemon": 15.0, "cold": 200.0}
"""Milliseconds that a push may take longer than without a hook."""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder whose path is short enough for a socket."""
    with tempfile.TemporaryDirectory() as path:
        yield Path(path)


@contextmanager
def daemon(socket: Path) -> Iterator[None]:
    command = [sys.executable, "-c", SERVE, str(socket)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert b"listens" in process.stdout.readline()
        yield
        process.terminate()


def registry(path: Path) -> str:
    """Make a registry, and give what a clone of it calls it."""
    gitreg.create(path, admin="root", name="acme")
    return str(path)


def script(path: Path, text: str, **words: str) -> str:
    path.write_text(text.format(home=path.parent, **words))
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


class Way:
    """One way to push: a clone of its own, and commits enough for all rounds."""

    def __init__(self, name: str, url: str, folder: Path, **variables: str) -> None:
        self.name = name
        self.path = folder / name.replace(" ", "-")
        self.environment = os.environ | {"GITREG_ACTOR": "root"} | variables
        self.times: list[float] = []
        self._pushed = 0
        git(folder, "clone", "-q", url, str(self.path), **variables)
        git(self.path, "config", "user.name", "root")
        git(self.path, "config", "user.email", "root@acme.com")
        model = self.path / MODEL
        (model / "versions").mkdir(parents=True)
        (model / "model.yaml").write_text("apiVersion: gitreg/v1\nkind: RegisteredModel\n")
        (model / "PERMISSIONS").write_text("manage root\n")
        for number in range(1, 2 * ROUNDS + 3):
            (model / f"versions/{number}.yaml").write_text(VERSION)
            git(self.path, "add", "-A")
            git(self.path, "commit", "-q", "-m", f"version {number}")
            git(self.path, "branch", f"at-{number}")

    def push(self) -> None:
        """Push the next commit, and note how long it took, in ms."""
        self._pushed += 1
        command = ["git", "push", "-q", "origin", f"at-{self._pushed}:main"]
        start = time.perf_counter()
        done = subprocess.run(command, cwd=self.path, env=self.environment, capture_output=True)
        self.times.append((time.perf_counter() - start) * 1e3)
        assert done.returncode == 0, done.stderr

    def row(self, base: "Way") -> tuple[str, str, str, str]:
        """Tell what was measured: median, fastest tenth, and difference from another way."""
        told = f"{self.added(base):+.1f} ms" if self is not base else "-"
        target = f"at most +{TARGETS[self.name]:.0f} ms" if self.name in TARGETS else "-"
        return self.name, f"{median(self.times):.1f} / {fastest(self.times):.1f}", told, target

    def added(self, base: "Way") -> float:
        """Give what a push takes longer than the other way's of the same round, in ms."""
        return median(own - other for own, other in zip(self.times, base.times, strict=True))


def fastest(times: list[float]) -> float:
    return quantiles(times, n=10)[0]


def measure(ways: list[Way], benchmark: BenchmarkFixture) -> None:
    def turn() -> None:
        for way in ways:
            way.push()

    turn()
    for way in ways:
        way.times.clear()
    benchmark.pedantic(turn, rounds=ROUNDS)  # type: ignore[no-untyped-call]  # it has no types


def told(ways: list[Way], base: Way) -> None:
    head = ("a push", "ms, median / fastest tenth", "added", "target")
    print_table(head, [way.row(base) for way in ways])


def test_what_the_hook_adds_to_a_push(folder: Path, benchmark: BenchmarkFixture) -> None:
    socket = folder / "hook.sock"
    bare = registry(folder / "bare.git")
    for name in HOOKS:
        (folder / "bare.git/hooks" / name).unlink()
    served = registry(folder / "served.git")
    install_hooks(Repository(served), socket=socket)
    ways = [
        Way("without a hook", bare, folder),
        Way("through the daemon", served, folder),
        Way("cold", registry(folder / "cold.git"), folder),
    ]
    with daemon(socket):
        measure(ways, benchmark)
    told(ways, ways[0])


@pytest.mark.skipif(shutil.which("gitolite") is None, reason="gitolite is not installed")
def test_what_gitolite_adds_to_a_push(folder: Path, benchmark: BenchmarkFixture) -> None:
    bare = folder / "bare.git"
    git(folder, "init", "-q", "--bare", "-b", "main", str(bare))
    home = {"HOME": str(folder)}
    for words in (["setup", "-a", "root"], ["compile"], ["trigger", "POST_COMPILE"]):
        subprocess.run(["gitolite", *words], env=os.environ | home, check=True, capture_output=True)
        if words[0] == "setup":
            conf = folder / ".gitolite/conf/gitolite.conf"
            conf.write_text(conf.read_text() + "\nrepo models\n    RW+ = root\n")
    plain = {"GIT_SSH": script(folder / "plain-ssh", SSH), "GIT_SSH_VARIANT": "simple"}
    asked = ["gitolite", "query-rc", "GL_BINDIR"]
    place = subprocess.run(asked, env=os.environ | home, check=True, capture_output=True, text=True)
    ssh = script(folder / "gl-ssh", GITOLITE_SSH, shell=f"{place.stdout.strip()}/gitolite-shell")
    guarded = {"GIT_SSH": ssh, "GIT_SSH_VARIANT": "simple"}
    ways = [
        Way("without a hook", f"ssh://x{bare}", folder, **plain),
        Way("gitolite", "x:models", folder, **guarded),
    ]
    measure(ways, benchmark)
    told(ways, ways[0])
