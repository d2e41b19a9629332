"""examples/jenkins/Jenkinsfile: its steps are run, with Jenkins' environment and pip faked."""

import os
import re
import runpy
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pytest
from world import git

import gitreg

JENKINS = Path(__file__).parents[2] / "examples/jenkins"
STAGE = re.compile(r"stage\('([^']+)'\) \{\n(.*?)\n        \}\n", re.DOTALL)
FAKE_PIP = '#!/bin/sh\necho "$*" >>"$FAKES/installed"\n'
FAKE_PYTHON = f"""\
#!/bin/sh
test "$*" = "-m venv .venv" && exit 0
exec {sys.executable} "$@"
"""
JOBLIB = """\
import pickle
def load(path):
    with open(path, "rb") as file:
        return pickle.load(file)
"""
TINY = """\
class Threshold:
    def __init__(self, limit):
        self.limit = limit
    def score(self, features, targets):
        right = [(row[0] > self.limit) == bool(target) for row, target in zip(features, targets)]
        return sum(right) / len(right)
"""
TESTS = "amount,fraud\n" + "".join(f"{amount},{int(amount > 60)}\n" for amount in range(0, 100, 10))


@dataclass(frozen=True)
class Stage:
    """A stage of the pipeline: when it runs, and the scripts of its sh steps."""

    name: str
    when: str
    scripts: tuple[str, ...]


def stages() -> tuple[Stage, ...]:
    """Read the Jenkinsfile as far as it goes here; Groovy leaves its scripts as they are."""
    found = []
    for name, body in STAGE.findall((JENKINS / "Jenkinsfile").read_text()):
        when = re.search(r"when \{ (.+) \}", body)
        scripts = tuple(map(textwrap.dedent, re.findall(r"sh '''\n(.*?)'''", body, re.DOTALL)))
        assert "\\" not in "".join(scripts), "Groovy would read an escape"
        found.append(Stage(name, when[1] if when else "", scripts))
    return tuple(found)


@dataclass(frozen=True)
class Ran:
    """How a build ended: the exit code of the first script that failed, and all it printed."""

    code: int
    text: str


class Agent:
    """A Jenkins agent that builds branches and pull requests of a registry."""

    def __init__(self, registry: Path, folder: Path) -> None:
        self.path = registry
        self.folder = folder
        self.space = folder / "space"
        self.registry = gitreg.open(registry, actor="root", durable=False)
        bin_folder = self.space / ".venv/bin"
        git(folder, "clone", "-q", str(registry), str(self.space))
        bin_folder.mkdir(parents=True)
        for name, script in (("pip", FAKE_PIP), ("python3", FAKE_PYTHON)):
            (bin_folder / name).write_text(script)
            (bin_folder / name).chmod(0o755)
        (folder / "joblib.py").write_text(JOBLIB)
        (folder / "tiny.py").write_text(TINY)
        (folder / "sets").mkdir()
        (folder / "sets/fraud.csv").write_text(TESTS)

    def stage(self, limit: int) -> None:
        """Put a model into Staging, as fraud/2."""
        source = trained(self.folder / "model-2", limit)
        self.registry.create_version("fraud", source=source)
        self.registry.transition("fraud/2", "Staging")

    def commit(self, user: str, files: Mapping[str, str]) -> str:
        """Let a user commit files on main, and give the commit."""
        git(self.space, "fetch", "-q", "origin")
        git(self.space, "checkout", "-q", "--detach", "origin/main")
        for name, text in files.items():
            (self.space / name).parent.mkdir(parents=True, exist_ok=True)
            (self.space / name).write_text(text)
            git(self.space, "add", name)
        told = {"user.name": user, "user.email": f"{user}@acme.com"}
        named = [word for key, value in told.items() for word in ("-c", f"{key}={value}")]
        git(self.space, *named, "commit", "-q", "-m", "a commit")
        return git(self.space, "rev-parse", "HEAD")

    def build(self, *, pull_request: str = "", **variables: str) -> Ran:
        """Build main, or a pull request from a commit."""
        git(self.space, "fetch", "-q", "origin")
        branch = "PR-1" if pull_request else "main"
        if pull_request:
            git(self.space, "update-ref", "refs/remotes/origin/PR-1", pull_request)
        git(self.space, "checkout", "-q", "--detach", f"origin/{branch}")
        told = {"CHANGE_ID": "1", "CHANGE_TARGET": "main"} if pull_request else {}
        environment = self._environment() | told | {"BRANCH_NAME": branch} | variables
        text = ""
        runs = {"": True, "changeRequest()": bool(told), "branch 'main'": branch == "main"}
        for script in (one for stage in stages() if runs[stage.when] for one in stage.scripts):
            done = subprocess.run(
                ["sh", "-xe", "-c", script],
                cwd=self.space,
                env=environment,
                capture_output=True,
                text=True,
            )
            text += done.stdout + done.stderr
            if done.returncode:
                return Ran(done.returncode, text)
        return Ran(0, text)

    def _environment(self) -> dict[str, str]:
        paths = [str(self.space / ".venv/bin"), str(Path(sys.executable).parent)]
        return {
            **os.environ,
            "PATH": os.pathsep.join([*paths, os.environ["PATH"]]),
            "PYTHONPATH": str(self.folder),
            "FAKES": str(self.folder),
            "WORKSPACE": str(self.space),
            "GIT_URL": self.path.as_uri(),
            "GIT_COMMIT": git(self.space, "rev-parse", "HEAD"),
            "GITREG_ACTOR": "jenkins",
            "LOAD": "joblib:load",
            "TEST_SETS": str(self.folder / "sets"),
        }


def trained(folder: Path, limit: int) -> str:
    """Train a model: it takes amounts over a limit for fraud. Give its source."""
    folder.mkdir()
    (folder / "tiny.py").write_text(TINY)
    train = f"import pickle, tiny; pickle.dump(tiny.Threshold({limit}), open('a model', 'wb'))"
    subprocess.run([sys.executable, "-c", train], cwd=folder, check=True)
    return (folder / "a model").as_uri()


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a registry with fraud/1: right for 8 of 10 rows, and in Production."""
    folder = tmp_path_factory.mktemp("jenkins")
    path = folder / "registry.git"
    gitreg.create(path, admin="root", name="acme")
    registry = gitreg.open(path, actor="root", durable=False)
    registry.create_model("fraud")
    registry.create_version("fraud", source=trained(folder / "model-1", 40))
    registry.transition("fraud/1", "Production")
    registry.grant("alice", "edit", model="fraud")
    registry.grant("carol", "manage-production", model="fraud")
    (folder / "agent").mkdir()
    agent = Agent(path, folder / "agent")
    agent.commit("root", {"ci/compare.py": (JENKINS / "compare.py").read_text()})
    git(agent.space, "push", "-q", "origin", "HEAD:main", GITREG_ACTOR="root")
    return path


@pytest.fixture()
def agent(ground: Path, tmp_path: Path) -> Agent:
    shutil.copytree(ground, tmp_path / "registry.git")
    return Agent(tmp_path / "registry.git", tmp_path)


class Told(NamedTuple):
    """What a program printed."""

    out: str
    err: str


Compare = Callable[..., Told]


@pytest.fixture()
def compare(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Compare:
    """Give compare.py as a function of an agent and of more options."""

    def run(agent: Agent, *options: str) -> Told:
        monkeypatch.syspath_prepend(str(agent.folder))
        for name in ("joblib", "tiny"):
            monkeypatch.delitem(sys.modules, name, raising=False)
        told = ("--registry", str(agent.path), "--test-sets", str(agent.folder / "sets"))
        monkeypatch.setattr(sys, "argv", ["compare.py", *told, *options])
        runpy.run_path(str(JENKINS / "compare.py"), run_name="__main__")
        return Told(*capsys.readouterr())

    return run


# --- main --------------------------------------------------------------------------------------


def test_what_is_better_in_staging_is_requested_once(agent: Agent) -> None:
    agent.stage(60)
    ran = agent.build()
    assert ran.code == 0, ran.text
    [view] = agent.registry.requests()
    assert str(view.request) == "fraud/2 -> Production asked by jenkins"
    told = "fraud/2 scores 1.0000 on 10 rows of fraud.csv, fraud/1 in Production 0.8000"
    assert view.request.comment == told
    again = agent.build()
    assert again.code == 0, again.text
    assert "fraud/2: is requested already" in again.text
    assert len(agent.registry.requests()) == 1
    installed = (agent.folder / "installed").read_text().splitlines()
    assert installed == ["install --quiet gitreg joblib scikit-learn"] * 2


def test_a_model_that_cannot_be_loaded_fails_the_build(agent: Agent) -> None:
    agent.stage(60)
    (agent.folder / "model-2/a model").unlink()
    ran = agent.build()
    assert ran.code == 1
    assert "FileNotFoundError" in ran.text
    assert agent.registry.requests() == ()


def test_what_main_gained_since_the_last_build_is_judged(agent: Agent) -> None:
    since = agent.registry.tip
    agent.stage(20)
    ran = agent.build(GIT_PREVIOUS_SUCCESSFUL_COMMIT=since)
    assert ran.code == 0, ran.text
    assert "fraud/2 None -> Staging by root\n" in ran.text
    assert "\nclean\n" in ran.text
    path = "models/fraud/versions/2.yaml"
    moved = (agent.space / path).read_text().replace("Staging", "Production")
    agent.commit("bob", {path: moved})
    unguarded = "--receive-pack=git -c core.hooksPath=/dev/null receive-pack"
    git(agent.space, "push", "-q", unguarded, "origin", "HEAD:main")
    ran = agent.build(GIT_PREVIOUS_SUCCESSFUL_COMMIT=since)
    assert ran.code == 4
    assert "fraud/2: Staging -> Production needs manage-production; bob has read" in ran.text


# --- pull requests -----------------------------------------------------------------------------


def test_a_legal_pull_request_is_allowed_and_nothing_else_is_done(agent: Agent) -> None:
    agent.stage(60)
    tip = agent.commit("alice", {"models/fraud/README.md": "# Fraud\n"})
    ran = agent.build(pull_request=tip, CHANGE_AUTHOR_EMAIL="alice")
    assert ran.code == 0, ran.text
    assert "fraud: model card added by alice\n" in ran.text
    assert "who acts was told by --actor" in ran.text
    assert "\nallowed: " in ran.text
    assert "compare.py" not in ran.text
    assert agent.registry.requests() == ()


def test_one_without_the_level_is_refused(agent: Agent) -> None:
    tip = agent.commit("bob", {"models/fraud/README.md": "# Fraud\n"})
    ran = agent.build(pull_request=tip)
    assert ran.code == 4
    assert "fraud: model card added needs edit; bob has read" in ran.text
    assert "taken from the commits: no transport authenticated them here" in ran.text


def test_one_with_a_mistyped_stage_is_refused(agent: Agent) -> None:
    path = "models/fraud/versions/1.yaml"
    text = (agent.space / path).read_text()
    tip = agent.commit("carol", {path: text.replace("Production", "Archivd")})
    ran = agent.build(pull_request=tip, CHANGE_AUTHOR_EMAIL="carol")
    assert ran.code == 4
    assert 'hint: did you mean "Archived"?' in ran.text


# --- comparing ---------------------------------------------------------------------------------


def test_what_is_no_better_is_not_worth_it(agent: Agent, compare: Compare) -> None:
    agent.stage(20)
    told = compare(agent)
    assert told.out == ""
    scores = "fraud/2 scores 0.6000 on 10 rows of fraud.csv, fraud/1 in Production 0.8000"
    assert told.err == f"{scores}: no better\n"


def test_a_margin_is_to_be_beaten(agent: Agent, compare: Compare) -> None:
    agent.stage(60)
    assert compare(agent, "--margin", "0.1").out.startswith("fraud/2\nfraud/2 scores 1.0000 ")
    assert compare(agent, "--margin", "0.2").out == ""


def test_the_first_model_has_nothing_to_beat(agent: Agent, compare: Compare) -> None:
    agent.stage(20)
    agent.registry.transition("fraud/1", "Archived")
    why = "fraud/2 scores 0.6000 on 10 rows of fraud.csv; nothing is in Production"
    assert compare(agent).out == f"fraud/2\n{why}\n"


def test_models_without_a_test_set_or_a_candidate_are_passed_over(
    agent: Agent, compare: Compare
) -> None:
    agent.registry.create_model("churn")
    agent.registry.create_version("churn", source="s3://nowhere/1")
    agent.registry.transition("churn/1", "Staging")
    assert compare(agent) == ("", "")


# --- the file ----------------------------------------------------------------------------------


def test_credentials_are_there_for_requesting_alone() -> None:
    assert [(one.name, one.when, len(one.scripts)) for one in stages()] == [
        ("Install", "", 1),
        ("Check the pull request", "changeRequest()", 1),
        ("Check main", "branch 'main'", 1),
        ("Test Staging against Production", "branch 'main'", 1),
        ("Request Production", "branch 'main'", 1),
    ]
    text = (JENKINS / "Jenkinsfile").read_text()
    assert text.count("withCredentials") == 1
    assert text.index("stage('Request Production')") < text.index("withCredentials")
    for name in ("TEST_SETS", "LOAD", "GITREG_ACTOR", "PATH"):
        assert re.search(rf"(?m)^        {name} = ", text)
