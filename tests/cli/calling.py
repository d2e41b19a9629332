"""The command line as tests call it: in this process, or as a program of its own."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from gitreg.cli import cli


@dataclass(frozen=True, slots=True)
class Told:
    """How a call ended: its exit code, and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """Give the lines of stdout."""
        return self.out.splitlines()

    @property
    def data(self) -> Any:  # Any: JSON
        """Give what stdout holds as JSON."""
        return json.loads(self.out)


@dataclass(frozen=True)
class Desk:
    """Somebody who works with one registry."""

    registry: Path
    user: str = "alice"
    variables: dict[str, str] = field(default_factory=dict)

    def at(self, user: str) -> "Desk":
        """Give the desk of another user."""
        return Desk(self.registry, user, self.variables)

    @property
    def environment(self) -> dict[str, str]:
        """Give the variables that say where and who."""
        told = {"GITREG_REGISTRY": str(self.registry), "GITREG_ACTOR": self.user}
        return {key: value for key, value in (told | self.variables).items() if value}

    def call(self, *words: object, stdin: str = "") -> Told:
        """Call gitreg in this process."""
        done = CliRunner().invoke(
            cli, [str(word) for word in words], input=stdin, env=self.environment
        )
        return Told(done.exit_code, done.stdout, done.stderr)

    def does(self, *words: object, stdin: str = "") -> str:
        """Call gitreg, which must go well, and give what it wrote."""
        told = self.call(*words, stdin=stdin)
        assert told.code == 0, told
        return told.out

    def fails(self, code: int, *words: object, stdin: str = "") -> str:
        """Call gitreg, which must fail so and write no data, and give what it told of that."""
        told = self.call(*words, stdin=stdin)
        assert (told.code, told.out) == (code, ""), told
        return told.err

    def tip(self) -> str:
        """Give all refs of the registry and what they point at."""
        return git(self.registry, "for-each-ref", "--format=%(objectname) %(refname)")


def git(folder: Path, *words: str) -> str:
    """Run git in a folder and give what it printed."""
    done = subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout


def program(*words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run ``python -m gitreg`` as a program of its own."""
    return subprocess.run(
        [sys.executable, "-m", "gitreg", *words],
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=False,
    )
