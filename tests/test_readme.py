"""The README tells the truth: its blocks run, and nothing that exists is missing in it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from gitreg.cli import COMMANDS, cli
from gitreg.domain.access import Level
from gitreg.domain.verdict import RULES
from gitreg.manifest.codec import read
from gitreg.manifest.schema import validate
from gitreg.resources import schema

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def test_the_shell_and_python_blocks_run_in_order(tmp_path: Path) -> None:
    here = str(Path(sys.executable).parent)
    environment = os.environ | {"PATH": f"{here}:{os.environ['PATH']}"}
    shell = "set -euo pipefail\n" + "\n".join(blocks("sh"))
    done = subprocess.run(
        ["bash", "-c", shell], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "bob may not: exit code 4" in done.stdout
    assert done.stdout.rstrip().endswith("clean")
    for program in blocks("python"):
        ran = subprocess.run(
            [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True
        )
        assert ran.returncode == 0, ran.stderr


def test_the_manifests_shown_are_valid() -> None:
    shown = [read(block.encode()).data for block in blocks("yaml")]
    assert [data["kind"] for data in shown] == ["RegisteredModel", "ModelVersion"]
    for data in shown:
        assert validate(str(data["kind"]), data) == ()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_named(name: str) -> None:
    [row] = re.findall(rf"^\| `gitreg {name}\b(.*?)` \|", README, re.MULTILINE)
    command = cli.get_command(cli.make_context("gitreg", ["--help"], resilient_parsing=True), name)
    below = getattr(command, "commands", {})
    if below and name != "completion":
        assert set(row.strip().replace("\\", "").split("|")) == set(below)


def test_every_setting_is_named() -> None:
    whole = schema("Registry")
    names = set()
    for key, inner in whole["properties"].items():
        target = whole["$defs"].get(inner.get("$ref", "").rpartition("/")[2], inner)
        below = target.get("properties")
        names |= {f"{key}.{name}" for name in below} if below else {key}
    told = set(re.findall(r"^\| `([a-z_.]+)` \| ", README, re.MULTILINE))
    assert names - {"apiVersion", "kind", "name", "description"} <= told


def test_every_rule_and_level_is_named() -> None:
    assert set(RULES) <= set(re.findall(r"^\| `([a-z]+)` \|", README, re.MULTILINE))
    [header] = re.findall(r"^\| ability \| (.*) \|$", README, re.MULTILINE)
    assert header.split(" | ") == [str(level) for level in Level]


def test_the_examples_parse() -> None:
    workflow = yaml.safe_load((ROOT / "examples/github/registry.yml").read_text())
    assert "jobs" in workflow
    for script in (ROOT / "examples").rglob("*.sh"):
        subprocess.run(["bash", "-n", str(script)], check=True)
