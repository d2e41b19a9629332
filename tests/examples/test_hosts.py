"""Main as Git hosts leave it: what each button means to the check and to the audit."""

import pytest
from examples.conftest import Hosts
from examples.hosts import FOUR_EYES, GITHUB, Host, email, version_file, whole
from world import git

from gitreg.audit import audit
from gitreg.check import CheckReport, check

BUTTONS = ("merge", "squash", "rebase", "fast-forward")


def landed(host: Host, before: str) -> CheckReport:
    """Check what main gained, as the workflow does after a push; the audit says the same."""
    git(host.clone, "checkout", "-q", "--detach", "origin/main")
    report = check(host.clone, f"{before}..{host.main}")
    assert audit(host.clone).clean == report.clean, list(audit(host.clone).lines())
    return report


def text(report: CheckReport) -> str:
    return "\n".join(report.lines())


ACTORS = {
    ("github", "merge"): "carol",
    ("github", "squash"): "",
    ("github", "rebase"): "carol",
    ("github", "fast-forward"): "",
    ("gitlab", "merge"): "carol",
    ("gitlab", "squash"): "carol",
    ("gitlab", "rebase"): "carol",
    ("gitlab", "fast-forward"): "",
    ("gitlab that signs", "merge"): "carol",
    ("gitlab that signs", "squash"): "",
    ("gitlab that signs", "rebase"): "",
    ("gitlab that signs", "fast-forward"): "",
    ("gitea", "merge"): "carol",
    ("gitea", "squash"): "carol",
    ("gitea", "rebase"): "carol",
    ("gitea", "fast-forward"): "",
}
"""Whose step each button makes of bob's request when carol presses it; "": bob's, and refused."""


@pytest.mark.parametrize(("kind", "button"), ACTORS)
def test_a_button_makes_a_step_of_whom_the_host_names(hosts: Hosts, kind: str, button: str) -> None:
    host = hosts(kind)
    before = host.main
    host.request("bob")
    host.press(button, branch="ask", opener="bob", presser="carol")
    report = landed(host, before)
    actor = ACTORS[kind, button]
    assert report.clean == bool(actor), text(report)
    if actor:
        [judged] = report.verdict.accepted
        assert judged.actor == email("carol")
        answered = [one.requester for one in judged.answer.requests] if judged.answer else []
        assert answered == ([email("bob")] if button == "merge" else [])
    else:
        assert f"needs manage-production; {email('bob')} has read" in text(report)
        assert "answers no request; put main back to" in text(report)
        assert "merge the request with a merge commit" in text(report)


@pytest.mark.parametrize("button", BUTTONS)
@pytest.mark.parametrize("kind", ["github", "gitlab"])
def test_four_eyes_need_a_merge_commit(hosts: Hosts, kind: str, button: str) -> None:
    host = hosts(kind)
    host.set(*FOUR_EYES)
    before = host.main
    host.request("carol")
    host.press(button, branch="ask", opener="carol", presser="root")
    report = landed(host, before)
    assert report.clean == (button == "merge"), text(report)
    if button != "merge":
        assert "needs a request by somebody else (rules.self_approval: refuse)" in text(report)
        assert "merge the request with a merge commit" in text(report)


@pytest.mark.parametrize("button", BUTTONS)
def test_work_of_several_commits_lands_by_every_button(github: Host, button: str) -> None:
    before = github.main
    described = github.read(version_file(3)) + "description: A third one.\n"
    github.commit("alice", "work", {version_file(3): described})
    github.commit("alice", "work", {"models/fraud/README.md": "# Fraud\n"})
    github.press(button, branch="work", opener="alice", presser="carol")
    report = landed(github, before)
    assert report.clean, text(report)
    assert len(report.verdict.accepted) == (2 if button in {"rebase", "fast-forward"} else 1)


def test_what_a_merge_does_beside_its_request_is_refused(github: Host) -> None:
    before = github.main
    github.request("bob")
    github.press("merge", branch="ask", opener="bob", presser="carol")
    github.write({"models/fraud/README.md": "# evil\n"})
    who = github.who(GITHUB.merge, "bob", "carol")
    git(github.clone, "commit", "-q", "--amend", "--no-edit", **who)
    github.push("main")
    assert "the request asks for fraud/2 -> Production alone" in text(landed(github, before))


def test_a_request_is_answered_once(github: Host) -> None:
    github.request("bob")
    github.press("merge", branch="ask", opener="bob", presser="carol")
    before = github.settle({version_file(2): github.staged(2, "Staging")})
    github.write({version_file(2): github.staged(2, "Production")})
    tree = git(github.clone, "write-tree")
    who = github.who(GITHUB.merge, "bob", "carol")
    parents = ("-p", before, "-p", "origin/ask")
    made = git(github.clone, "commit-tree", tree, *parents, "-m", "Merge it again", **who)
    git(github.clone, "reset", "-q", "--hard", made)
    github.push("main")
    assert "was answered before" in text(landed(github, before))


def test_main_keeps_its_first_parents(github: Host) -> None:
    before = github.main
    card = {"models/fraud/README.md": "# Fraud\n"}
    github.commit("alice", "work", card, start="origin/main~1")
    git(github.clone, "merge", "-q", "--no-edit", "origin/main", **whole("alice"))
    github.push("main")
    report = check(github.clone, f"{before}..{github.main}")
    assert list(report.lines())[:5] == [
        f"refused {github.main[:7]} by Alice Example",
        "  form  refs/heads/main",
        f"    main does not follow from {before[:7]}: it moves along first parents, never back",
        f"    hint: git log {before[:7]} tells what main was",
        "note: who acts is taken from the commits: no transport authenticated them here",
    ]


def test_main_that_was_put_back_is_told(github: Host) -> None:
    before = github.main
    git(github.clone, "checkout", "-q", "--detach", "origin/main~1")
    github.push("main")
    report = check(github.clone, f"{before}..{github.main}")
    assert f"main does not follow from {before[:7]}" in text(report)


def test_what_main_did_before_is_no_range(github: Host) -> None:
    report = check(github.clone, f"{github.main}..{github.main}~1")
    assert report.clean
    assert not report.verdict.accepted


def test_commits_of_main_are_told_as_what_they_did(github: Host) -> None:
    before = github.main
    github.commit("carol", "main", {version_file(2): github.staged(2, "Production")})
    report = landed(github, before)
    assert list(report.lines()) == [
        f"{github.main[:7]} fraud/2 Staging -> Production by {email('carol')}",
        "note: who acts is taken from the commits: no transport authenticated them here",
        f"allowed: {before[:7]}..{github.main[:7]}",
    ]
