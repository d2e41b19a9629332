"""Signatures: what allowed_signers says, what the rule demands, and what ssh-keygen verifies."""

import base64
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from support import NOON, REGISTRY, changed, commit, files, said, step, tip, tree, version
from world import git, request_branch

import gitreg
from gitreg.audit import UNPROVEN, audit
from gitreg.domain.commits import Commit, Signature, read_commit, write_commit
from gitreg.domain.requests import MAIN
from gitreg.domain.signatures import Claim, SignersError, parse_signers
from gitreg.errors import UnavailableError
from gitreg.guard.signatures import check_signature, claims
from gitreg.manifest.snapshot import Snapshot
from gitreg.manifest.steps import Step
from gitreg.manifest.trees import MemoryObjects
from gitreg.store import signatures
from gitreg.store.repository import Repository

SSH = "-----BEGIN SSH SIGNATURE-----\nabc\n-----END SSH SIGNATURE-----"
PGP = "-----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----"
V2 = "models/fraud/versions/2.yaml"


def public_key(kind: str = "ssh-ed25519", more: bytes = b"key") -> str:
    """Give base64 that is, by its form, a key of a kind."""
    return base64.b64encode(len(kind).to_bytes(4, "big") + kind.encode() + more).decode()


KEY, RSA = public_key(), public_key("ssh-rsa")
ROOT = f"root ssh-ed25519 {KEY}\n"


# --- the file ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("", ""),
        ("# nobody yet\n\n  \n", ""),
        (f"alice ssh-ed25519 {KEY}", f"alice ssh-ed25519 {KEY}\n"),
        (f"\t alice\tssh-ed25519  {KEY} alice's laptop\r\n", f"alice ssh-ed25519 {KEY}\n"),
        (f'"alice,a*@acme.com" ssh-ed25519 {KEY}\n', f"alice,a*@acme.com ssh-ed25519 {KEY}\n"),
        (f'a Namespaces="git,x" ssh-ed25519 {KEY}', f'a namespaces="git,x" ssh-ed25519 {KEY}\n'),
        (
            f'a valid-after="20260101",valid-before="202602010000Z" ssh-ed25519 {KEY}',
            f'a valid-after="20260101",valid-before="202602010000Z" ssh-ed25519 {KEY}\n',
        ),
        (f"a ssh-rsa {RSA} \nb ssh-ed25519 {KEY}", f"a ssh-rsa {RSA}\nb ssh-ed25519 {KEY}\n"),
    ],
)  # fmt: skip
def test_allowed_signers_is_read_as_ssh_keygen_reads_it(text: str, read: str) -> None:
    assert parse_signers(text.encode()) == read


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b"alice", "names nobody's key"),
        (b"alice ssh-ed25519", "names nobody's key"),
        (b"alice ssh-dss AAAA", "or one of a kind that is not known"),
        (f"ssh-ed25519 {KEY}".encode(), "names nobody's key"),
        (b"alice ssh-ed25519 AAAA", "'AAAA' is no ssh-ed25519 key"),
        (b"alice ssh-ed25519 ???", "'.*' is no ssh-ed25519 key"),
        (f"alice ssh-rsa {KEY}".encode(), "is no ssh-rsa key"),
        (f"alice cert-authority ssh-ed25519 {KEY}".encode(), "authorities are not supported"),
        (f'alice CERT-AUTHORITY,namespaces="git" ssh-ed25519 {KEY}'.encode(), "authorities are"),
        (f"alice no-touch-required ssh-ed25519 {KEY}".encode(), "'no-touch-required' is no option"),
        (f'alice agent="x" ssh-ed25519 {KEY}'.encode(), "is no option"),
        (f'alice valid-before="soon" ssh-ed25519 {KEY}'.encode(), "'soon' is no time"),
        (f'"alice a" ssh-ed25519 {KEY}'.encode(), "is no list of principals"),
        (f'"" ssh-ed25519 {KEY}'.encode(), "is no list of principals"),
        (f"al\u202eice ssh-ed25519 {KEY}".encode(), "cannot be seen"),
    ],
)
def test_a_line_that_ssh_keygen_would_pass_over_is_refused(line: bytes, told: str) -> None:
    with pytest.raises(SignersError, match=told) as caught:
        parse_signers(b"# who signs\n" + line)
    assert caught.value.line == 2


def test_allowed_signers_is_utf_8() -> None:
    with pytest.raises(SignersError, match="is not UTF-8"):
        parse_signers(b"\xff")


# --- the rule ------------------------------------------------------------------------------------

STORE = MemoryObjects()


def registry(wanted: str, signers: str | None = ROOT, more: str = "") -> Snapshot:
    settings = f"identity: {{signatures: {wanted}{more}}}\n"
    content = {"registry.yaml": REGISTRY + settings, "PERMISSIONS": "/ manage root\n"}
    known = {"allowed_signers": signers} if signers is not None else {}
    return tree(files() | content | known, STORE)


UNKNOWN = (
    "identity\n  commit 0000000: {}\n"
    "  hint: a manager of the registry names keys in allowed_signers"
)
OFF, OPTIONAL, REQUIRED = map(registry, ("off", "optional", "required"))


def by(
    before: Snapshot | None,
    then: Snapshot | None = None,
    *,
    signature: str = "",
    verdict: str | Callable[[Claim], str] | None = "",
    who: str = "root",
) -> Step:
    """Give a step with a signature of which the verifier says ``verdict`` (None: there is none)."""
    if then is None:
        assert before is not None
        then = changed(before, {"README.md": "more\n"})
    made = step(who, before, then)
    verifier = verdict if verdict is None or callable(verdict) else lambda _: verdict
    return replace(made, commit=replace(made.commit, signature=signature), verifier=verifier)


def test_where_signatures_are_off_nobody_looks_at_them() -> None:
    assert said(by(OFF, signature=SSH, verdict="bad")) == []
    assert said(by(registry("off", "garbage"), signature=SSH, verdict="bad")) == []


def test_an_optional_signature_may_be_missing_or_of_another_kind() -> None:
    assert said(by(OPTIONAL)) == []
    assert said(by(OPTIONAL, signature=PGP, verdict="bad")) == []
    assert said(by(registry("optional", None))) == []


@pytest.mark.parametrize("law", [OPTIONAL, REQUIRED])
def test_a_signature_that_is_there_must_be_good(law: Snapshot) -> None:
    assert said(by(law, signature=SSH)) == []
    assert said(by(law, signature=SSH, verdict="it is signed with nobody's key")) == [
        UNKNOWN.format("it is signed with nobody's key")
    ]


def test_a_required_signature_must_be_there() -> None:
    how = (
        "\n  hint: git config gpg.format ssh && git config user.signingKey ~/.ssh/id_ed25519.pub "
        "&& git commit --amend --no-edit -S"
    )
    assert said(by(REQUIRED)) == [
        f"identity\n  commit 0000000 is not signed (identity.signatures: required){how}"
    ]
    kind = "is signed, but not with an SSH key (identity.signatures: required)"
    assert said(by(REQUIRED, signature=PGP)) == [f"identity\n  commit 0000000 {kind}{how}"]


def test_where_nothing_can_verify_no_signature_is_good() -> None:
    assert said(by(OPTIONAL, signature=SSH, verdict=None)) == [
        UNKNOWN.format("nothing here can verify signatures")
    ]


def test_the_committer_signs_or_a_server_that_vouches_for_committers() -> None:
    asked: list[Claim] = []

    def verdict(claim: Claim) -> str:
        asked.append(claim)
        return ""

    delegates = ", delegates: [{name: server, vouches: committer}, {name: button, vouches: author}]"
    law = registry("required", more=delegates)
    assert said(by(law, signature=SSH, verdict=verdict)) == []
    assert [(claim.principals, claim.signers) for claim in asked] == [(("root", "server"), ROOT)]
    law = registry("required", more=", principal: email")
    said(by(law, signature=SSH, verdict=verdict))
    assert asked[-1].principals == ("root@acme.com",)


def test_a_committer_that_is_no_user_is_told_once() -> None:
    made = by(REQUIRED, signature=SSH, verdict="not asked")
    stranger = Signature("No User", "x@acme.com", NOON)
    made = replace(made, commit=replace(made.commit, committer=stranger), pusher=None)
    assert not any("not asked" in line for line in said(made))


def test_a_key_must_be_valid_when_the_step_is_made_and_not_before_its_parent() -> None:
    seconds: list[int] = []

    def verdict(claim: Claim) -> str:
        seconds.append(claim.seconds)
        return ""

    made = by(REQUIRED, signature=SSH, verdict=verdict)
    for parent in (None, (NOON - 60) * 1000, (NOON + 60) * 1000):
        said(replace(made, parent_time=parent))
    assert seconds == [NOON, NOON, NOON + 60]


def test_required_is_turned_on_by_who_can_sign() -> None:
    made = by(OFF, REQUIRED, signature=SSH)
    assert said(made) == []
    [told] = said(by(OFF, REQUIRED))
    assert "is not signed" in told
    [told] = said(by(OFF, registry("required", None), signature=SSH, verdict="by nobody"))
    assert "by nobody" in told
    assert said(by(OFF, OPTIONAL)) == []


def test_who_changes_the_signers_can_still_sign() -> None:
    alice = registry("required", ROOT.replace("root", "alice"))
    made = by(
        REQUIRED, alice, signature=SSH, verdict=lambda claim: "" if claim.signers == ROOT else "no"
    )
    assert said(made) == [UNKNOWN.format("no")]
    assert said(by(OPTIONAL, registry("optional", ROOT.replace("root", "alice")))) == []


def test_signers_that_cannot_be_read_are_refused_and_can_be_repaired() -> None:
    broken = registry("optional", "# who\nalice\n")
    fault = (
        "identity  allowed_signers:2\n  names nobody's key, or one of a kind that is not known ("
        "ssh-ed25519, ssh-rsa, ecdsa-sha2-nistp256, ecdsa-sha2-nistp384, ecdsa-sha2-nistp521, "
        "sk-ssh-ed25519@openssh.com, sk-ecdsa-sha2-nistp256@openssh.com)\n"
        "  hint: a line is written: "
        "PRINCIPAL[,PRINCIPAL...] [OPTIONS] ssh-ed25519 AAAA... [comment]"
    )
    assert said(by(OPTIONAL, broken)) == [fault]
    assert said(by(REQUIRED, registry("required", "alice"), signature=SSH))
    assert said(by(broken, signature=SSH)) == [fault]
    assert said(by(broken, OPTIONAL)) == []
    assert said(by(OFF, registry("off", "alice\n"))) == []
    assert list(claims(by(broken, signature=SSH))) == []


def test_the_first_commit_is_held_to_its_own_settings() -> None:
    content = {
        "registry.yaml": f"{REGISTRY}identity: {{signatures: required}}\n",
        "PERMISSIONS": "/ manage root\n",
        "allowed_signers": ROOT,
    }
    assert said(by(None, tree(content), signature=SSH)) == []
    assert len(said(by(None, tree(content)))) == 1


def approving(law: Snapshot, *, asked_with: str, outcome: str = "approved") -> Step:
    """Give the signed answer to a request that is signed so."""
    live = changed(law, {V2: version("Production")})
    request = tip("bob", law, live)
    request = replace(request, commit=replace(request.commit, signature=asked_with))
    then = live if outcome == "approved" else law
    made = step("root", law, then, tips=(request,), message=f"x\n\nGitreg-Answer: {outcome}\n")
    return replace(made, commit=replace(made.commit, signature=SSH), verifier=lambda _: "")


def test_a_request_is_approved_only_if_it_is_signed() -> None:
    lines = {"PERMISSIONS": "/ manage root\n/ read @everyone\n"}
    required, optional = changed(REQUIRED, lines), changed(OPTIONAL, lines)
    assert said(approving(required, asked_with=SSH)) == []
    [told] = said(approving(required, asked_with=""))
    assert told.startswith("identity\n  commit 0000000 is not signed")
    assert said(approving(optional, asked_with="")) == []
    for outcome in ("rejected", "cancelled"):
        assert said(approving(required, asked_with="", outcome=outcome)) == []


def test_claims_are_what_the_rule_will_ask() -> None:
    asked: list[Claim] = []

    def verdict(claim: Claim) -> str:
        asked.append(claim)
        return ""

    for made in (approving(REQUIRED, asked_with=SSH), by(OFF, REQUIRED, signature=SSH), by(OFF)):
        asked.clear()
        said(replace(made, verifier=verdict))
        assert list(claims(made)) == asked


def test_a_request_is_held_to_the_settings_when_it_is_pushed() -> None:
    unsigned = commit("bob", number=9)
    [told] = check_signature(unsigned, REQUIRED, None, seconds=NOON)
    assert told.reason == "commit 0000000 is not signed (identity.signatures: required)"


# --- ssh-keygen ----------------------------------------------------------------------------------


def new_key(folder: Path, name: str, kind: str = "ed25519") -> tuple[Path, str]:
    """Make a key without a passphrase; give its file and what allowed_signers says of it."""
    path = folder / name
    words = ["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", "", "-f", str(path)]
    subprocess.run(words, check=True)
    return path, path.with_name(f"{name}.pub").read_text().strip()


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, str]]:
    folder = tmp_path_factory.mktemp("keys")
    return {name: new_key(folder, name) for name in ("alice", "bob")}


Keys = dict[str, tuple[Path, str]]
PLAIN = replace(commit("alice", message="what I did\n\nin words: é\n"), tree="4" * 40)


def claim(keys: Keys, by: str, *principals: str, lines: str = "", seconds: int = NOON) -> Claim:
    """Give the claim that a commit which ``by`` signed is that of some principals."""
    known = lines or "".join(f"{name} {public}\n" for name, (_, public) in keys.items())
    made = signatures.sign(PLAIN, str(keys[by][0]))
    return Claim(made, principals, parse_signers(known.encode()), seconds)


def test_whose_key_signed_is_verified(keys: Keys) -> None:
    assert signatures.verify(claim(keys, "alice", "alice")) == ""
    assert signatures.verify(claim(keys, "bob", "alice", "bob")) == ""
    told = signatures.verify(claim(keys, "bob", "alice"))
    assert told.startswith("it is signed with ED25519 key SHA256:")
    assert told.endswith(", which by allowed_signers belongs to bob, not to alice")
    told = signatures.verify(claim(keys, "bob", "alice", lines=f"alice {keys['alice'][1]}\n"))
    assert told.endswith(", which by allowed_signers does not belong to alice")


def test_a_commit_that_was_changed_is_not_what_was_signed(keys: Keys) -> None:
    good = claim(keys, "alice", "alice")
    for other in (
        replace(good.commit, message="what I did not\n"),
        replace(good.commit, parents=()),
        replace(good.commit, author=Signature("eve", "eve@acme.com", NOON)),
        replace(good.commit, signature=SSH),
    ):
        told = signatures.verify(replace(good, commit=other))
        assert told == "its signature does not fit it"


def test_a_signature_made_for_something_else_does_not_count(keys: Keys, tmp_path: Path) -> None:
    payload = tmp_path / "payload"
    payload.write_bytes(write_commit(PLAIN))
    words = ["ssh-keygen", "-Y", "sign", "-n", "file", "-f", str(keys["alice"][0]), str(payload)]
    subprocess.run(words, check=True, capture_output=True)
    made = replace(PLAIN, signature=payload.with_name("payload.sig").read_text().strip())
    good = claim(keys, "alice", "alice")
    assert signatures.verify(replace(good, commit=made)) == "its signature does not fit it"


def test_a_key_counts_for_git_and_while_it_is_valid(keys: Keys) -> None:
    public = keys["alice"][1]
    git_only = claim(keys, "alice", "alice", lines=f'alice namespaces="git" {public}\n')
    assert signatures.verify(git_only) == ""
    other = claim(keys, "alice", "alice", lines=f'alice namespaces="file" {public}\n')
    assert signatures.verify(other).startswith("it is signed with ED25519 key SHA256:")
    until_noon = f'a* valid-before="202601011200",valid-after="20260101" {public}\n'
    for seconds, good in ((NOON - 1, True), (NOON + 1, False), (NOON - 86_400, False)):
        found = claim(keys, "alice", "alice", lines=until_noon, seconds=seconds)
        assert (signatures.verify(found) == "") == good


def test_a_signed_commit_reads_back_as_signed(keys: Keys) -> None:
    made = signatures.sign(PLAIN, str(keys["alice"][0].with_suffix(".pub")))
    assert replace(made, signature="") == PLAIN
    assert read_commit(made.id, write_commit(made)) == made


def test_a_key_that_is_not_there_cannot_sign(keys: Keys, tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match=r"cannot be signed with .*nokey"):
        signatures.sign(PLAIN, str(tmp_path / "nokey"))
    with pytest.raises(UnavailableError, match="cannot be signed with key::ssh-ed25519"):
        signatures.sign(PLAIN, f"key::{keys['alice'][1]}")


def test_without_ssh_keygen_it_is_said_what_to_install(
    keys: Keys, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    good = claim(keys, "alice", "alice")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UnavailableError, match="ssh-keygen is not installed") as caught:
        signatures.verify(good)
    assert caught.value.hint == "install openssh-client"


def test_the_key_is_what_git_is_told(tmp_path: Path) -> None:
    repository = Repository.create(tmp_path / "r.git")
    repository.configure("user.signingkey", "k.pub")
    assert signatures.signing_key(repository, always=True) == ""
    repository.configure("gpg.format", "ssh")
    assert signatures.signing_key(repository, always=True) == "k.pub"
    assert signatures.signing_key(repository, always=False) == ""
    repository.configure("commit.gpgsign", True)
    assert signatures.signing_key(repository, always=False) == "k.pub"


# --- from git commit -S to the audit -------------------------------------------------------------


class Signing:
    """A registry that requires signatures, and a clone of it that signs as somebody."""

    def __init__(self, folder: Path, keys: Keys) -> None:
        self.path, self.clone, self.keys = folder / "r.git", folder / "clone", keys
        gitreg.create(self.path, admin="alice")
        git(folder, "clone", "-q", str(self.path), "clone")
        git(self.clone, "config", "gpg.format", "ssh")
        lines = "".join(f'{name} namespaces="git" {key}\n' for name, (_, key) in keys.items())
        settings = (self.clone / "registry.yaml").read_text()
        settings = settings.replace("identity:\n", "identity:\n  signatures: required\n")
        self.first = self.commit(
            "alice", {"allowed_signers": lines, "registry.yaml": settings}, sign="-S"
        )

    def commit(self, who: str, content: dict[str, str], *, sign: str, key: str = "") -> str:
        """Commit as somebody; the commit gets into the registry past its hook."""
        for name, text in content.items():
            path = self.clone / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        git(self.clone, "config", "user.name", who)
        git(self.clone, "config", "user.email", f"{who}@acme.com")
        git(self.clone, "config", "user.signingKey", f"{self.keys[key or who][0]}.pub")
        git(self.clone, "add", "-A")
        git(self.clone, "commit", "-q", "-m", "a step", sign)
        return self.fetch("HEAD:main")

    def fetch(self, refspec: str) -> str:
        git(self.path, "fetch", "-q", "--force", str(self.clone), refspec)
        return git(self.clone, "rev-parse", "HEAD")


@pytest.fixture
def signing(tmp_path: Path, keys: Keys) -> Signing:
    return Signing(tmp_path, keys)


def test_commits_signed_with_git_are_proven(signing: Signing) -> None:
    signing.commit("alice", {"README.md": "signed\n"}, sign="-S")
    report = audit(signing.path)
    assert (report.clean, report.steps, report.found.signed) == (True, 3, 2)
    assert report.not_proven[0] == f"{UNPROVEN}, but for 2 of 3 steps, which are signed"
    since = audit(signing.path, since=signing.first)
    assert (since.clean, since.found.signed) == (True, 1)
    assert not any(UNPROVEN in line for line in since.not_proven)


@pytest.mark.parametrize(
    ("sign", "key", "told"),
    [
        ("--no-gpg-sign", "alice", "is not signed (identity.signatures: required)"),
        ("-S", "bob", "which by allowed_signers belongs to bob, not to alice"),
    ],
)
def test_commits_that_are_not_signed_by_who_commits_are_refused(
    signing: Signing, sign: str, key: str, told: str
) -> None:
    bad = signing.commit("alice", {"README.md": "x\n"}, sign=sign, key=key)
    report = audit(signing.path)
    assert (report.steps, report.verdict.refused and report.verdict.refused.id) == (2, bad)
    assert report.verdict.violations[0].reason.endswith(told)


def test_a_signature_proves_who_asked(signing: Signing) -> None:
    model = "apiVersion: gitreg/v1\nkind: RegisteredModel\n"
    signing.commit("alice", {"models/m/model.yaml": model}, sign="-S")
    path = "models/m/versions/1.yaml"
    base = signing.commit("alice", {path: version()}, sign="-S")
    tip = signing.commit("bob", {path: version("Staging")}, sign="-S")
    signing.fetch(f"HEAD:{request_branch('m', 1, 'Staging', 'bob')}")
    git(signing.clone, "reset", "-q", "--hard", base)
    git(signing.clone, "config", "user.name", "alice")
    git(signing.clone, "config", "user.signingKey", f"{signing.keys['alice'][0]}.pub")
    message = "yes\n\nGitreg-Answer: approved"
    parents = ("-p", base, "-p", tip)
    merged = git(signing.clone, "commit-tree", f"{tip}^{{tree}}", *parents, "-S", "-m", message)
    git(signing.clone, "reset", "-q", "--hard", merged)
    signing.fetch(f"HEAD:{MAIN}")
    report = audit(signing.path)
    assert (report.clean, report.found.answered, report.found.proven) == (True, 1, 1)
    assert not any("requester" in line for line in report.not_proven)
    again = audit(signing.path)
    assert (again.looked_at, again.found.proven, again.found.signed) == (0, 1, 4)


def test_the_raw_commit_of_git_is_what_we_verify(signing: Signing) -> None:
    repository = Repository(signing.path, durable=False)
    made: Commit = repository.commit(signing.first)
    assert write_commit(made) == repository.read(signing.first)
    git(signing.clone, "config", "gpg.ssh.allowedSignersFile", "allowed_signers")
    git(signing.clone, "verify-commit", signing.first)
