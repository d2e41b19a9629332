"""What the hooks do, cold or in a daemon: pre-receive judges, post-receive tells and cleans up."""

from collections.abc import Iterable, Mapping

from gitreg.domain.pushes import read_updates
from gitreg.domain.telling import tell_refusal
from gitreg.errors import GitregError
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
