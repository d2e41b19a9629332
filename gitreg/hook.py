"""The hooks of a bare repository: pre-receive judges a push, post-receive tells and cleans up."""

import errno
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from gitreg.domain.pushes import MAX_INPUT, read_updates
from gitreg.domain.telling import tell_refusal
from gitreg.errors import GitregError
from gitreg.hosting import CHAINED
from gitreg.registry.judging import PushVerdict
from gitreg.registry.receiving import judge_push, settle_push

DROP = "; `git reset --keep origin/main` drops the commit"


def refusals(verdict: PushVerdict) -> list[str]:
    """Tell why a push is refused, line by line; nothing if it is not."""
    lines: list[str] = []
    for refusal in verdict.refusals:
        what = refusal.commit.short if refusal.commit is not None else refusal.ref
        lines += tell_refusal(what, refusal.actor, refusal.violations)
    if lines:
        about_commits = any(refusal.commit is not None for refusal in verdict.refusals)
        lines.append(f"nothing was changed{DROP if about_commits else ''}")
    return lines


def run(
    name: str, raw: bytes, *, environment: Mapping[str, str], now: int
) -> tuple[list[str], bool]:
    """Do the work of one hook; give the lines to tell, and whether the push is refused.

    ``environment`` is that of the hook, ``now`` is in ms. Whatever goes wrong while a push is
    judged refuses it. Once it is in, nothing does.
    """
    settled = name == "post-receive"
    wrong = "the push is in, but" if settled else "refused:"
    try:
        folder, updates = environment["GIT_DIR"], read_updates(raw)
        if settled:
            return list(settle_push(folder, updates, environment, now=now)), False
        lines = refusals(judge_push(folder, updates, environment, now=now))
    except GitregError as error:
        hint = [f"hint: {error.hint}"] if error.hint else []
        return [f"{wrong} {error}", *hint], not settled
    except Exception as error:  # noqa: BLE001  # fail closed: whatever it is, nothing is accepted
        return [f"{wrong} gitreg failed: {type(error).__name__}: {error}"], not settled
    return lines, bool(lines)


def printed(lines: Iterable[str]) -> bytes:
    """Give lines as the hook prints them for whoever pushes."""
    text = "".join(line + "\n" if line.startswith(" ") else f"gitreg: {line}\n" for line in lines)
    return text.encode("utf-8", "backslashreplace")


def chained(name: str, raw: bytes) -> int:
    """Run the hook that was there before gitreg's, as Git would, and give its exit code."""
    path = Path(os.environ["GIT_DIR"]).resolve() / "hooks" / (name + CHAINED)
    if not path.is_file() or not os.access(path, os.X_OK):
        return 0
    try:
        return subprocess.run([str(path)], input=raw, check=False).returncode
    except OSError as error:
        if error.errno != errno.ENOEXEC:
            raise
    return subprocess.run(["/bin/sh", str(path)], input=raw, check=False).returncode


def main(name: str) -> int:
    """Run the hook ``name`` on what Git tells on standard input; give its exit code."""
    raw = sys.stdin.buffer.read(MAX_INPUT + 1)
    lines, refused = run(name, raw, environment=os.environ, now=time.time_ns() // 1_000_000)
    sys.stderr.buffer.write(printed(lines))
    sys.stderr.flush()
    return 1 if refused else chained(name, raw)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
