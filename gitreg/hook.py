"""The hooks of a bare repository: pre-receive judges a push, post-receive tells and cleans up."""

import os
import subprocess
import sys
import time
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


def run(name: str, raw: bytes, *, now: int) -> tuple[list[str], bool]:
    """Do the work of one hook; give the lines to tell, and whether the push is refused.

    Whatever goes wrong while a push is judged refuses it.
    """
    folder = os.environ["GIT_DIR"]
    try:
        updates = read_updates(raw)
        if name == "post-receive":
            return list(settle_push(folder, updates, os.environ, now=now)), False
        lines = refusals(judge_push(folder, updates, os.environ, now=now))
    except GitregError as error:
        hint = [f"hint: {error.hint}"] if error.hint else []
        return [f"refused: {error}", *hint], True
    except Exception as error:  # noqa: BLE001  # fail closed: whatever it is, nothing is accepted
        return [f"refused: gitreg failed: {type(error).__name__}: {error}"], True
    return lines, bool(lines)


def chained(name: str, raw: bytes) -> int:
    """Run the hook that was there before gitreg's, and give its exit code."""
    path = Path(os.environ["GIT_DIR"]).resolve() / "hooks" / (name + CHAINED)
    if not path.is_file() or not os.access(path, os.X_OK):
        return 0
    return subprocess.run([str(path)], input=raw, check=False).returncode


def main(name: str) -> int:
    """Run the hook ``name`` on what Git tells on standard input; give its exit code."""
    raw = sys.stdin.buffer.read(MAX_INPUT + 1)
    lines, refused = run(name, raw, now=time.time_ns() // 1_000_000)
    for line in lines:
        sys.stderr.write(line + "\n" if line.startswith(" ") else f"gitreg: {line}\n")
    sys.stderr.flush()
    return 1 if refused else chained(name, raw)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
