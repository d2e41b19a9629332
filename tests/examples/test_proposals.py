"""A pull request, judged before a button is pressed: whose levels count, and which to press."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from examples.hosts import FOUR_EYES, HOST, Host, email, person, version_file, whole
from examples.hosts import PERMISSIONS as LEVELS
from world import git

from gitreg.audit import audit
from gitreg.check import CheckReport, check
from gitreg.errors import ConflictError
from gitreg.registry.checking import (
    AS_REQUEST,
    AT_ITS_WORD,
    BEHIND,
    MERGER_SIGNS,
    NOBODY_ALONE,
    NOT_PROVEN,
    TOLD,
)

MODEL = "apiVersion: gitreg/v1\nkind: RegisteredModel\n"
CARD = "models/fraud/README.md"
BUTTONS = ("merge", "squash", "fast-forward")


def judged(host: Host, branch: str, opener: str = "", *approvers: str) -> CheckReport:
    """Check a pull request as its CI check does."""
    told = email(opener) if opener else ""
    revisions = f"origin/main..origin/{branch}"
    return check(host.clone, revisions, actor=told, approvers=tuple(map(email, approvers)))


def text(report: CheckReport) -> str:
    return "\n".join(report.lines())


# --- stories: each fills the branch `work`, and says who opens the pull request ------------------


def asks(host: Host) -> str:
    files = {version_file(2): host.staged(2, "Production")}
    host.commit("bob", "work", files)
    return "bob"


def asks_without_approval_by_two(host: Host) -> str:
    host.set(*FOUR_EYES)
    return asks(host)


def describes(host: Host) -> str:
    host.commit("alice", "work", {CARD: "# Fraud\n"})
    return "alice"


def registers(host: Host) -> str:
    files = {"models/churn/model.yaml": MODEL, "models/churn/PERMISSIONS": f"manage {email('bob')}"}
    host.commit("bob", "work", files)
    return "bob"


def mends(host: Host) -> str:
    host.commit("carol", "work", {version_file(3): host.staged(3, "Stagging")})
    fixed = host.staged(3, "Staging", "work")
    host.commit("carol", "work", {version_file(3): fixed})
    return "carol"


def adds_and_moves(host: Host) -> str:
    added = host.read(version_file(3)).replace("ml/3", "ml/4")
    host.commit("carol", "work", {version_file(4): added})
    host.commit("carol", "work", {version_file(4): host.staged(4, "Staging", "work")})
    return "carol"


def moves_two(host: Host) -> str:
    files = {version_file(n): host.staged(n, "Archived") for n in (2, 3)}
    host.commit("alice", "work", files)
    return "alice"


def comments(host: Host) -> str:
    path = f"models/fraud/comments/2/{'a' * 32}.yaml"
    said = f"apiVersion: gitreg/v1\nkind: Comment\nauthor: {email('alice')}\ntext: Good.\n"
    host.commit("alice", "work", {path: said})
    return "alice"


ADVICE: dict[Callable[[Host], str], tuple[str, ...]] = {
    asks: ("merge",),
    asks_without_approval_by_two: ("merge",),
    describes: ("merge", "squash", "fast-forward"),
    registers: ("squash", "fast-forward"),
    mends: ("squash",),
    adds_and_moves: ("fast-forward",),
    moves_two: ("merge",),
    comments: ("squash", "fast-forward"),
}
"""The buttons that leave a main which is allowed, when carol approves and presses."""


@pytest.mark.parametrize("story", ADVICE, ids=lambda story: story.__name__)
def test_the_report_says_which_button_to_use(github: Host, story: Callable[[Host], str]) -> None:
    opener = story(github)
    report = judged(github, "work", opener, "carol")
    assert report.clean, text(report)
    told = [note.replace("rebase or ", "") for note in report.notes if note.count(": ")]
    advised = [
        one for one in told if ": yes, as" in one or f": yes, made by {email('carol')}" in one
    ]
    before = github.main
    for button in BUTTONS:
        github.press(button, branch="work", opener=opener, presser="carol")
        git(github.clone, "checkout", "-q", "--detach", "origin/main")
        audited = audit(github.clone)
        assert audited.clean == (button in ADVICE[story]), (button, *audited.lines())
        git(github.clone, "reset", "-q", "--hard", before)
        github.push("main")
    said = tuple(line.replace(" commit", "").partition(":")[0] for line in advised)
    assert (said or BUTTONS) == ADVICE[story]


def test_a_report_in_full(github: Host) -> None:
    tip = github.request("bob")
    bob, carol = email("bob"), email("carol")
    report = judged(github, "ask", "bob", "carol")
    moved = "fraud/2 Staging -> Production"
    refused = f"fraud/2: Staging -> Production needs manage-production; {bob} has read"
    assert list(report.lines()) == [
        f"{tip[:7]} {moved} by {carol}, approves {bob}'s request for Production",
        f"note: {AS_REQUEST}",
        f"note: merge commit: yes, made by {carol}",
        f"note: squash: no; {refused}",
        f"note: rebase or fast-forward: no; {refused}",
        f"note: {TOLD}",
        f"allowed: {github.main[:7]}..{tip[:7]}",
    ]
    assert report.to_dict()["notes"] == list(report.notes)


def test_a_request_that_nobody_approved_says_who_can(github: Host) -> None:
    tip = github.request("bob")
    root, carol = email("root"), email("carol")
    assert list(judged(github, "ask", "bob").lines())[:5] == [
        f"refused {tip[:7]} by {email('bob')}",
        "  access  models/fraud/versions/2.yaml",
        f"    fraud/2: Staging -> Production needs manage-production; {email('bob')} has read",
        f"    who can: {root}, {carol}",
        "    hint: this is the request already: somebody else who can approves it, and merges it",
    ]


def test_an_approval_counts_by_its_level(github: Host) -> None:
    github.request("bob")
    assert not judged(github, "ask", "bob", "alice", "dave").clean
    both = judged(github, "ask", "bob", "dave", "carol")
    assert both.clean
    assert both.verdict.accepted[0].actor == email("carol")


def test_who_holds_the_level_needs_no_other(github: Host) -> None:
    github.request("carol")
    assert judged(github, "ask", "carol").clean
    assert judged(github, "ask", "carol", "dave").clean
    github.set(*FOUR_EYES)
    assert not judged(github, "ask", "carol").clean
    assert not judged(github, "ask", "carol", "carol").clean
    assert not judged(github, "ask", "carol", "dave", "carol").clean
    assert judged(github, "ask", "carol", "root").clean


def test_nobody_asks_in_the_name_of_another(github: Host) -> None:
    tip = github.commit("carol", "ask", {version_file(2): github.staged(2, "Production")})
    bob, carol = email("bob"), email("carol")
    assert list(judged(github, "ask", "bob", "carol").lines())[:4] == [
        f"refused {tip[:7]} by {bob}",
        "  identity",
        f'    committer "Carol Example <{carol}>" is not {bob}, who makes this request',
        f"    hint: git config user.email {bob} && git commit --amend --reset-author --no-edit",
    ]


def test_a_request_starts_at_main(github: Host) -> None:
    github.set(*FOUR_EYES)
    git(github.clone, "checkout", "-q", "--detach", "origin/main")
    git(github.clone, "commit", "-q", "--allow-empty", "-m", "nothing", **whole("bob"))
    github.push("ask")
    tip = github.request("bob")
    lost = f"the request {tip[:7]} does not start at a step of main"
    before = github.main
    assert not judged(github, "ask", "bob", "carol").clean
    assert f"commit {tip[:7]}" not in text(judged(github, "ask", "bob", "carol"))
    github.press("merge", branch="ask", opener="bob", presser="carol")
    git(github.clone, "checkout", "-q", "--detach", "origin/main")
    assert lost in text(check(github.clone, f"{before}..{github.main}"))
    assert not audit(github.clone).clean


def test_a_request_made_in_the_browser_is_its_authors(github: Host) -> None:
    moved = {version_file(2): github.staged(2, "Production")}
    github.commit("bob", "ask", moved, **person("COMMITTER", *HOST))
    assert judged(github, "ask", "bob", "carol").clean
    github.press("merge", branch="ask", opener="bob", presser="carol")
    git(github.clone, "checkout", "-q", "--detach", "origin/main")
    assert audit(github.clone).clean


def test_a_name_that_a_fast_forward_would_keep_is_told(github: Host) -> None:
    tip = github.commit("alice", "work", {CARD: "# Fraud\n"}, **whole("carol"))
    report = judged(github, "work", "alice")
    assert report.clean
    assert f"{tip[:7]} names {email('carol')}: a fast-forward would keep that name" in report.notes


def test_a_request_is_one_also_when_main_has_moved_on(github: Host) -> None:
    github.request("bob")
    github.settle({CARD: "# Fraud\n"})
    report = judged(github, "ask", "bob", "carol")
    assert report.clean
    assert report.notes[:2] == (BEHIND, AS_REQUEST)
    assert judged(github, "ask").notes == (BEHIND, AS_REQUEST, NOT_PROVEN, AT_ITS_WORD)


def test_what_contradicts_main_is_a_conflict(github: Host) -> None:
    github.request("bob")
    github.settle({version_file(2): github.staged(2, "Archived")})
    with pytest.raises(ConflictError, match=r"contradicts .* in models/fraud/versions/2\.yaml"):
        judged(github, "ask", "bob", "carol")


def test_a_branch_updated_by_a_merge_is_no_request_any_more(github: Host) -> None:
    github.set(*FOUR_EYES)
    github.request("bob")
    github.settle({CARD: "# Fraud\n"})
    git(github.clone, "checkout", "-q", "--detach", "origin/ask")
    who = github.who(("presser", "host"), "bob", "bob")
    git(github.clone, "merge", "-q", "--no-edit", "origin/main", **who)
    tip = github.push("ask")
    report = judged(github, "ask", "bob", "carol")
    assert not report.clean
    why = f"commit {tip[:7]} is no request: it needs one parent"
    assert f"{why}; git rebase origin/main makes one of it, as one commit" in report.notes


def test_the_permissions_that_count_are_the_bases(github: Host) -> None:
    text_of_settings = github.read("registry.yaml")
    github.set(*FOUR_EYES)
    loosened = {"registry.yaml": text_of_settings}
    github.commit("root", "work", loosened)
    github.commit("root", "work", {version_file(2): github.staged(2, "Production")})
    report = judged(github, "work", "root", "carol")
    assert not report.clean
    assert "needs a request by somebody else" in text(report)
    own = {"models/fraud/PERMISSIONS": f"manage {email('root')} {email('alice')}\n"}
    github.commit("root", "give", own)
    github.commit("alice", "give", {version_file(3): github.staged(3, "Staging")})
    [one] = judged(github, "give", "root").verdict.accepted
    assert len(one.changes) == 2
    names = {name: email(name) for name in ("root", "alice", "carol")}
    mine = {"PERMISSIONS": LEVELS.format(**names) + f"fraud manage {email('bob')}\n"}
    github.commit("bob", "grab", mine | {version_file(2): github.staged(2, "Production")})
    assert "permissions changed" in text(judged(github, "grab", "bob", "carol"))


def test_what_two_cover_together_no_button_can_say(github: Host) -> None:
    names = {name: email(name) for name in ("root", "alice", "carol")}
    more = f"churn edit {email('dave')}\n"
    churn = {
        "models/churn/model.yaml": MODEL,
        "models/churn/PERMISSIONS": f"manage {email('root')}\n",
        "PERMISSIONS": LEVELS.format(**names) + more,
    }
    github.settle(churn)
    files = {CARD: "# Fraud\n", "models/churn/README.md": "# Churn\n"}
    github.commit("alice", "work", files)
    report = judged(github, "work", "alice", "dave")
    assert report.clean
    assert dict(report.verdict.accepted[0].covered) == {
        "churn: model card added": email("dave"),
        "fraud: model card added": email("alice"),
    }
    assert f"  covered by {email('dave')}: churn: model card added" in list(report.lines())
    assert NOBODY_ALONE in report.notes


def test_a_commit_that_readers_could_read_differently_is_refused(github: Host) -> None:
    git(github.clone, "checkout", "-q", "--detach", "origin/main")
    github.write({CARD: "# Fraud\n"})
    git(github.clone, "-c", "i18n.commitEncoding=latin1", "commit", "-qm", "m", **whole("alice"))
    github.push("work")
    report = judged(github, "work", "alice", "carol")
    assert "has a header 'encoding' that no registry commit may have" in text(report)


def test_where_signatures_are_required_a_person_merges(github: Host, tmp_path: Path) -> None:
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    public = key.with_suffix(".pub").read_text()
    github.settle({"allowed_signers": f"{email('bob')} {public}"})
    github.set("principal: email", "principal: email\n  signatures: required")
    unsigned = github.request("bob")
    report = judged(github, "ask", "bob", "carol")
    assert MERGER_SIGNS in report.notes
    reason = f"commit {unsigned[:7]} is not signed (identity.signatures: required)"
    assert [violation.reason for violation in report.verdict.violations] == [reason]
    sign = ("-c", "gpg.format=ssh", "-c", f"user.signingKey={key}", "commit", "-q", "--amend")
    git(github.clone, *sign, "-S", "--no-edit", **whole("bob"))
    github.push("ask")
    assert judged(github, "ask", "bob", "carol").clean
    git(github.clone, *sign, "-S", "--no-edit", **whole("dave"))
    github.push("ask")
    wrong = text(judged(github, "ask", "dave", "carol"))
    assert f"belongs to {email('bob')}, not to {email('dave')}" in wrong


def test_a_range_that_main_has_holds_nothing(github: Host) -> None:
    report = check(github.clone, "origin/main..origin/main~1", actor=email("bob"))
    assert next(iter(report.lines())) == f"note: {TOLD}"
    assert report.clean


def test_a_merge_that_was_tried_is_judged_as_whoever_is_told(github: Host) -> None:
    describes(github)
    github.settle({version_file(3): github.staged(3, "Archived")})
    git(github.clone, "merge", "-q", "--no-edit", "origin/work", **whole("dave"))
    github.push("tried")
    assert NOT_PROVEN in judged(github, "tried", "alice").notes
    assert judged(github, "tried", "alice").clean
    assert not judged(github, "tried").clean


def test_work_on_a_model_of_ones_own_can_come_with_it(github: Host) -> None:
    registers(github)
    made = {"models/churn/versions/1.yaml": github.read(version_file(3))}
    github.commit("bob", "work", made)
    assert len(judged(github, "work", "bob").verdict.accepted) == 2
