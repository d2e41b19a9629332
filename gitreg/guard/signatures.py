"""The rule about signatures: where they are wanted, whoever acts has signed (DESIGN.md section 6).

The allowed_signers file and the settings of the tree before judge, as everything else. The key of
the committer signs; where a server pushes what others commit (a delegate that vouches for
committers), its key may stand for theirs.
"""

from collections.abc import Iterator

from gitreg.domain.commits import Commit
from gitreg.domain.names import is_principal
from gitreg.domain.requests import Outcome
from gitreg.domain.settings import Identity
from gitreg.domain.signatures import (
    OFF,
    REQUIRED,
    SIGNERS_FILE,
    Claim,
    SignersError,
    Verifier,
    is_ssh,
    parse_signers,
)
from gitreg.domain.verdict import Violation
from gitreg.manifest.layout import REGISTRY_FILE
from gitreg.manifest.snapshot import Snapshot
from gitreg.manifest.steps import Step

_HOW = "git config gpg.format ssh && git config user.signingKey ~/.ssh/id_ed25519.pub"


def signatures(step: Step) -> Iterator[Violation]:
    """Commits, and requests that are approved, are signed by who made them, where that is wanted.

    ``optional``: an SSH signature that is there must be its committer's. ``required``: there must
    be one. Nobody can turn ``required`` on, or change allowed_signers then, without being able to
    sign the next commit.
    """
    for commit, law, seconds in _signed(step):
        yield from check_signature(commit, law, step.verifier, seconds=seconds)
    if _touched(step) and step.after.settings.identity.signatures != OFF:
        try:
            _signers(step.after)
        except SignersError as error:
            yield Violation("identity", str(error), SIGNERS_FILE, error.line, hint=error.hint)


def claims(step: Step) -> Iterator[Claim]:
    """Give every claim that ``signatures`` will have verified, so that it can be done ahead."""
    for commit, law, seconds in _signed(step):
        if law.settings.identity.signatures != OFF and is_ssh(commit.signature):
            try:
                yield _claim(commit, law, seconds=seconds)
            except SignersError:
                continue


def _signed(step: Step) -> Iterator[tuple[Commit, Snapshot, int]]:
    """Give what must be signed, by the allowed_signers of which tree, and when its key is valid."""
    seconds = max(step.commit.own_time, step.parent_time or 0) // 1000
    yield step.commit, step.law, seconds
    if _touched(step) and step.after.settings.identity.signatures == REQUIRED:
        yield step.commit, step.after, seconds
    if step.answer is not None and step.answer.outcome is Outcome.APPROVED:
        for tip in step.tips:
            yield tip.commit, step.law, tip.commit.own_time // 1000


def _touched(step: Step) -> bool:
    """Tell whether the step may change who must sign with which key."""
    return any(change.path in (REGISTRY_FILE, SIGNERS_FILE) for change in step.changes)


def check_signature(
    commit: Commit, law: Snapshot, verifier: Verifier | None, *, seconds: int
) -> Iterator[Violation]:
    """Hold a commit to ``law``'s identity.signatures; ``seconds`` is when its key must be valid."""
    wanted = law.settings.identity.signatures
    if wanted == OFF:
        return
    try:
        claim = _claim(commit, law, seconds=seconds)
    except SignersError as error:
        if wanted == REQUIRED or is_ssh(commit.signature):
            yield Violation("identity", str(error), SIGNERS_FILE, error.line, hint=error.hint)
        return
    if is_ssh(commit.signature):
        if not claim.principals:
            return  # check_committer tells that the committer is no user name
        reason = verifier(claim) if verifier is not None else "nothing here can verify signatures"
        if reason:
            yield Violation(
                "identity",
                f"commit {commit.short}: {reason}",
                hint=f"a manager of the registry names keys in {SIGNERS_FILE}",
            )
    elif wanted == REQUIRED:
        kind = "is not signed" if not commit.signature else "is signed, but not with an SSH key"
        yield Violation(
            "identity",
            f"commit {commit.short} {kind} (identity.signatures: {REQUIRED})",
            hint=f"{_HOW} && git commit --amend --no-edit -S",
        )


def _claim(commit: Commit, law: Snapshot, *, seconds: int) -> Claim:
    return Claim(commit, _principals(commit, law.settings.identity), _signers(law), seconds)


def _signers(law: Snapshot) -> str:
    raw = law.blob(SIGNERS_FILE)
    return parse_signers(raw) if raw is not None else ""


def _principals(commit: Commit, identity: Identity) -> tuple[str, ...]:
    """Give whose key may sign: the committer's, or a delegate's that vouches for committers."""
    vouching = (one.name for one in identity.delegates if one.vouches == "committer")
    names = (commit.committer.told(identity.principal), *vouching)
    return tuple(dict.fromkeys(name for name in names if is_principal(name)))
