"""SSH signatures of commits, verified and made by the ssh-keygen program as Git does it."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from gitreg.domain.commits import Commit, write_commit
from gitreg.domain.signatures import NAMESPACE, SIGNERS_FILE, Claim
from gitreg.errors import UnavailableError
from gitreg.store.repository import Repository

if TYPE_CHECKING:
    from subprocess import CompletedProcess

_PROGRAM = "ssh-keygen"


def verify(claim: Claim) -> str:
    """Give "" if one of the claim's principals signed the commit, else why that is not so.

    What is verified is the commit as read_commit read it, without its signature: whatever was read
    otherwise than it was signed does not verify. Times in allowed_signers are UTC. Raises
    UnavailableError if there is no ssh-keygen.
    """
    payload = write_commit(replace(claim.commit, signature=""))
    with _folder() as folder:
        signature, signers = Path(folder, "signature"), Path(folder, SIGNERS_FILE)
        signature.write_text(claim.commit.signature + "\n", encoding="utf-8")
        signers.write_text(claim.signers, encoding="utf-8")
        moment = f"{datetime.fromtimestamp(claim.seconds, UTC):%Y%m%d%H%M%S}"
        known = ["-f", str(signers), "-s", str(signature), f"-Overify-time={moment}"]
        for principal in claim.principals:
            if not _run(["verify", "-n", NAMESPACE, "-I", principal, *known], payload).returncode:
                return ""
        made = _run(["check-novalidate", "-n", NAMESPACE, "-s", str(signature)], payload)
        if made.returncode:
            return "its signature does not fit it"
        holders = _run(["find-principals", *known], payload).stdout.decode(errors="replace").split()
    key = made.stdout.decode(errors="replace").strip().rpartition(" with ")[2]
    whose = f"belongs to {', '.join(holders)}, not to" if holders else "does not belong to"
    return f"it is signed with {key}, which by {SIGNERS_FILE} {whose} {claim.principals[0]}"


def sign(commit: Commit, key: str, *, program: str = "") -> Commit:
    """Give a commit with a signature; its ``id`` is the old one's and no longer true.

    ``key`` is what Git's user.signingKey holds: the path of a key (the public half, if an agent
    has the other), or the public key itself after ``key::``. ``program`` is Git's gpg.ssh.program.
    Raises UnavailableError if it cannot be signed with.
    """
    with _folder() as folder:
        buffer, literal = Path(folder, "commit"), Path(folder, "key.pub")
        buffer.write_bytes(write_commit(replace(commit, signature="")))
        path, agent = Path(key).expanduser(), []
        if key.startswith(("key::", "ssh-")):
            literal.write_text(key.removeprefix("key::") + "\n", encoding="utf-8")
            path, agent = literal, ["-U"]
        words = ["sign", "-n", NAMESPACE, "-f", str(path), *agent, str(buffer)]
        done = _run(words, b"", program=program or _PROGRAM)
        made = buffer.with_name("commit.sig")
        if done.returncode or not made.exists():
            told = done.stderr.decode(errors="replace").strip().splitlines()
            raise UnavailableError(
                f"the commit cannot be signed with {key}: {told[-1] if told else 'no reason told'}",
                hint="git config user.signingKey names the key; ssh-add -l lists those of an agent",
            )
        text = made.read_text(encoding="utf-8").replace("\r", "").strip("\n")
    return replace(commit, signature=text)


def signing_key(repository: Repository, *, always: bool) -> str:
    """Give Git's user.signingKey if commits here are to be signed with SSH, else "".

    They are if Git's commit.gpgSign says so, or ``always`` where there is a key.
    """
    wanted = always or repository.config("commit.gpgsign").lower() in {"true", "yes", "on", "1"}
    if not wanted or repository.config("gpg.format") != "ssh":
        return ""
    return repository.config("user.signingkey")


@contextmanager
def _folder() -> Iterator[str]:
    import tempfile

    with tempfile.TemporaryDirectory(prefix="gitreg-") as folder:
        yield folder


def _run(
    words: Sequence[str], payload: bytes, *, program: str = _PROGRAM
) -> "CompletedProcess[bytes]":
    import subprocess

    try:
        return subprocess.run(
            [program, "-Y", *words],
            input=payload,
            env={**os.environ, "LC_ALL": "C", "TZ": "UTC"},
            capture_output=True,
            check=False,
        )
    except FileNotFoundError as error:
        raise UnavailableError(
            f"the program {program} is not installed", hint="install openssh-client"
        ) from error
