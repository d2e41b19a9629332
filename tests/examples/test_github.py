"""examples/github/registry.yml: its steps are run, with GitHub's environment, gh and pip faked."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from examples.hosts import NAMES, Host, email, version_file
from world import git

WORKFLOW = Path(__file__).parents[2] / "examples/github/registry.yml"
FAKE_GH = """\
#!/bin/sh
test "$GH_TOKEN" = a-token || exit 1
test "$*" = "api --paginate --slurp repos/acme/models/pulls/7/reviews" || exit 1
cat "$FAKES/reviews.json"
"""
FAKE_PIP = '#!/bin/sh\necho "$*" >>"$FAKES/installed"\n'
NOTHING = "0" * 40
Json = dict[str, Any]  # Any: as YAML and GitHub's events come


@pytest.fixture(scope="module")
def workflow() -> Json:
    found: dict[Any, Any] = yaml.safe_load(WORKFLOW.read_text())  # Any: YAML 1.1 reads `on` as true
    return {"on" if key is True else str(key): value for key, value in found.items()}


@dataclass(frozen=True)
class Ran:
    """How a job ended: the exit code of its first step that failed, and all it printed."""

    code: int
    text: str


class Runner:
    """Runs the jobs of the workflow as GitHub's runner does, but for actions."""

    def __init__(self, host: Host, workflow: Json, folder: Path) -> None:
        self.host = host
        self.workflow = workflow
        self.folder = folder
        self.temporary = folder / "temporary"
        self.temporary.mkdir()
        for name, script in (("gh", FAKE_GH), ("pip", FAKE_PIP)):
            (folder / name).write_text(script)
            (folder / name).chmod(0o755)
        self.review()

    def review(self, *pages: list[Json]) -> None:
        """Set the reviews that GitHub has of the pull request, page by page."""
        (self.folder / "reviews.json").write_text(json.dumps(pages or [[]]))

    def pull_request(self, branch: str, opener: str, title: str = "A title") -> Ran:
        """Run what a pull request from a branch starts."""
        head = git(self.host.path, "rev-parse", branch)
        git(self.host.path, "update-ref", "refs/pull/7/head", head)
        user = {"id": NAMES[opener], "login": opener}
        pull = {"number": 7, "head": {"sha": head}, "user": user, "title": title}
        return self._run("pull_request_target", {"pull_request": pull})

    def push(self, before: str) -> Ran:
        """Run what a push to main starts."""
        return self._run("push", {"before": before, "after": self.host.main})

    def _run(self, name: str, event: Json) -> Ran:
        context = {"event_name": name, "token": "a-token", "event": event}
        jobs = self.workflow["jobs"].values()
        [job] = [one for one in jobs if one["if"] == f"github.event_name == '{name}'"]
        space = self.folder / "space"
        git(self.folder, "clone", "-q", str(self.host.path), str(space))
        code, told = 0, ""
        for step in job["steps"]:
            if "run" not in step or (code and "!cancelled()" not in step.get("if", "")):
                continue
            done = subprocess.run(
                ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
                cwd=space,
                env=self._environment(step.get("env", {}), context),
                capture_output=True,
                text=True,
            )
            told += done.stdout + done.stderr
            code = code or done.returncode
        return Ran(code, told)

    def _environment(self, told: Mapping[str, str], context: Json) -> dict[str, str]:
        path = [str(self.folder), str(Path(sys.executable).parent), os.environ["PATH"]]
        return {
            **os.environ,
            "PATH": os.pathsep.join(path),
            "FAKES": str(self.folder),
            "RUNNER_TEMP": str(self.temporary),
            "GITHUB_ACTIONS": "true",
            "GITHUB_REPOSITORY": "acme/models",
            **self.workflow["env"],
            **{name: evaluated(text, context) for name, text in told.items()},
        }


def evaluated(text: str, context: Json) -> str:
    """Give a value of the workflow with its ``${{ github.a.b }}`` looked up."""

    def found(match: re.Match[str]) -> str:
        value: Any = {"github": context}  # Any: walks down JSON
        for name in match[1].split("."):
            value = value[name]
        return str(value)

    return re.sub(r"\$\{\{ ([a-z_.]+) \}\}", found, text)


@pytest.fixture()
def runner(github: Host, workflow: Json, tmp_path: Path) -> Runner:
    folder = tmp_path / "runner"
    folder.mkdir()
    return Runner(github, workflow, folder)


def review(user: str, state: str, commit: str, kind: str = "User") -> Json:
    person = {"id": NAMES.get(user, 99), "login": user, "type": kind}
    return {"user": person, "state": state, "commit_id": commit}


# --- pull requests -----------------------------------------------------------------------------


def test_a_legal_pull_request_is_allowed(runner: Runner) -> None:
    described = runner.host.read(version_file(3)) + "description: A third one.\n"
    runner.host.commit("alice", "work", {version_file(3): described})
    ran = runner.pull_request("work", "alice")
    assert ran.code == 0, ran.text
    assert f'fraud/3: description set to "A third one." by {email("alice")}' in ran.text
    assert "\nallowed: " in ran.text
    assert (runner.folder / "installed").read_text() == "install --quiet gitreg\n"


def test_one_without_the_level_is_refused(runner: Runner) -> None:
    runner.host.commit("bob", "work", {"models/fraud/README.md": "# Fraud\n"})
    ran = runner.pull_request("work", "bob")
    assert ran.code == 4
    assert f"fraud: model card added needs edit; {email('bob')} has read" in ran.text
    assert f"who can: {email('root')}, {email('alice')}, {email('carol')}" in ran.text
    assert "\nrefused: " in ran.text


def test_one_with_a_mistyped_stage_is_refused(runner: Runner) -> None:
    runner.host.commit("carol", "work", {version_file(2): runner.host.staged(2, "Prodution")})
    ran = runner.pull_request("work", "carol")
    assert ran.code == 4
    assert "models/fraud/versions/2.yaml" in ran.text
    assert "Prodution" in ran.text
    assert 'did you mean "Production"?' in ran.text


def test_a_transition_request_is_allowed_once_somebody_who_can_approved_it(runner: Runner) -> None:
    tip = runner.host.request("bob")
    runner.review([review("dave", "APPROVED", tip)], [review("carol", "APPROVED", tip)])
    ran = runner.pull_request("ask", "bob")
    assert ran.code == 0, ran.text
    assert f"by {email('carol')}, approves {email('bob')}'s request for Production" in ran.text
    assert f"note: merge commit: yes, made by {email('carol')}\n" in ran.text
    assert "note: squash: no; fraud/2: Staging -> Production needs manage-production" in ran.text


UNAPPROVING = {
    "of another commit, or a bot's": [
        ("carol", "APPROVED", NOTHING, "User"),
        ("carol", "COMMENTED", "", "User"),
        ("app[bot]", "APPROVED", "", "Bot"),
    ],
    "taken back": [
        ("carol", "DISMISSED", "", "User"),
        ("root", "APPROVED", "", "User"),
        ("root", "CHANGES_REQUESTED", "", "User"),
    ],
}


@pytest.mark.parametrize("reviews", UNAPPROVING.values(), ids=UNAPPROVING.keys())
def test_no_other_review_approves(runner: Runner, reviews: list[tuple[str, ...]]) -> None:
    tip = runner.host.request("bob")
    runner.review([review(user, state, on or tip, kind) for user, state, on, kind in reviews])
    ran = runner.pull_request("ask", "bob")
    assert ran.code == 4
    assert f"needs manage-production; {email('bob')} has read" in ran.text
    assert "this is a transition request: merge it with a merge commit" in ran.text


def test_a_later_comment_leaves_an_approval_and_a_deleted_user_is_passed_over(
    runner: Runner,
) -> None:
    tip = runner.host.request("bob")
    later = [review("carol", "COMMENTED", tip), {"user": None, "state": "APPROVED"}]
    runner.review([review("carol", "APPROVED", tip)], later)
    assert runner.pull_request("ask", "bob").code == 0


def test_nothing_of_a_pull_request_is_run_or_told_to_the_runner(runner: Runner) -> None:
    evil = {
        ".github/workflows/registry.yml": "on: push\n",
        "json.py": "open('evil', 'w')\n",
        "sitecustomize.py": "open('evil', 'w')\n",
        "::error::evil": "a workflow command\n",
    }
    runner.host.commit("bob", "work", evil)
    ran = runner.pull_request("work", "bob")
    assert ran.code == 4
    assert ".github/workflows/registry.yml added needs manage" in ran.text
    assert ran.text.index("::stop-commands::") < ran.text.index("::error::evil")
    assert not [path for path in runner.folder.rglob("*") if path.name in {"evil", *evil}]


def test_a_title_cannot_answer_for_who_merges(runner: Runner) -> None:
    runner.host.request("bob")
    ran = runner.pull_request("ask", "bob", "gitreg-Original-User: carol")
    assert ran.code == 4
    assert ran.text == "the title would be read as a trailer of the merge commit\n"


# --- pushes ------------------------------------------------------------------------------------


def test_what_a_merge_button_pushed_is_judged_and_audited(runner: Runner) -> None:
    before = runner.host.main
    runner.host.request("bob")
    runner.host.press("merge", branch="ask", opener="bob", presser="carol")
    ran = runner.push(before)
    assert ran.code == 0, ran.text
    assert f"by {email('carol')}, approves {email('bob')}'s request for Production" in ran.text
    assert "\nclean\n" in ran.text


def test_what_a_squash_pushed_is_refused_with_the_right_button(runner: Runner) -> None:
    before = runner.host.main
    runner.host.request("bob")
    runner.host.press("squash", branch="ask", opener="bob", presser="carol")
    ran = runner.push(before)
    assert ran.code == 4
    assert f"needs manage-production; {email('bob')} has read" in ran.text
    assert f"put main back to {before[:7]} and merge the request with a merge commit" in ran.text
    assert "\nnot clean\n" in ran.text


def test_a_new_main_is_audited(runner: Runner) -> None:
    ran = runner.push(NOTHING)
    assert ran.code == 0, ran.text
    assert "main is new" in ran.text
    assert "\nclean\n" in ran.text


# --- the file ----------------------------------------------------------------------------------


def test_the_workflow_may_only_read_and_trusts_no_text(workflow: Json) -> None:
    assert set(workflow["on"]) == {"pull_request_target", "push"}
    assert workflow["permissions"] == {}
    assert workflow["defaults"] == {"run": {"shell": "bash"}}
    for job in workflow["jobs"].values():
        assert set(job["permissions"].values()) == {"read"}
        assert job["timeout-minutes"] <= 30
        for step in job["steps"]:
            assert "${{" not in step.get("run", "")
            assert re.fullmatch(r"actions/[a-z-]+@v[0-9]+", step.get("uses", "actions/x@v1"))
            assert "ref" not in step.get("with", {})
