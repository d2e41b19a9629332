"""How verdicts and steps are told in text: to pushers, in CI logs, on the command line."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from gitreg.domain.changes import Change, StageTransitioned, side_effects
from gitreg.domain.names import hidden_character, visible
from gitreg.domain.requests import Answer, Outcome
from gitreg.domain.verdict import RULES, Violation


def printable(text: str) -> str:
    """Give text that a terminal shows as it is: what cannot be seen is escaped."""
    if hidden_character(text.replace("\n", "").replace("\t", "")) is None:
        return text
    return "".join(char if char in "\n\t" else visible(char) for char in text)


def tell_refusal(what: str, actor: str, violations: Iterable[Violation]) -> Iterator[str]:
    """Tell why a commit or ref (``what``) that ``actor`` pushed is refused, line by line."""
    yield printable(f"refused {what} by {actor}")
    for violation in violations:
        for line in str(violation).splitlines():
            yield printable(f"  {line}")


def tell_step(actor: str, changes: tuple[Change, ...], answer: Answer | None) -> str:
    """Tell what one step on main did, in one line."""
    archived = side_effects(changes)
    told = [
        str(change).replace(": ", " ", 1) if isinstance(change, StageTransitioned) else str(change)
        for change in changes
        if getattr(change, "ref", None) not in archived
    ]
    if len(told) > 3:
        told = [*told[:2], f"{len(told) - 2} more changes"]
    whose = ""
    if answer is not None:
        names = " and ".join(f"{request.requester}'s" for request in answer.requests)
        verb = {
            Outcome.APPROVED: "approves",
            Outcome.REJECTED: "rejects",
            Outcome.CANCELLED: "cancels",
        }[answer.outcome]
        told = told or [f"{answer.ref} stays as it is"]
        whose = f", {verb} {names} request for {answer.stage}"
    side = f"; {len(archived)} archived" if archived else ""
    return printable(f"{'; '.join(told)} by {actor}{whose}{side}")


_RULE = re.compile(rf"  ({'|'.join(RULES)})(?:  (.*?)(?::([0-9]+))?)?\Z")


def parse_refusal(lines: Iterable[str]) -> tuple[Violation, ...]:
    """Read violations back from the lines that told them, as a push over a remote gets them."""
    found: list[Violation] = []
    for line in lines:
        head = _RULE.match(line)
        if head:
            found.append(Violation(head[1], "", head[2] or "", int(head[3] or 0)))
        elif found and line.startswith("    "):
            found[-1] = _with_line(found[-1], line.strip())
    return tuple(found)


def _with_line(violation: Violation, line: str) -> Violation:
    key, _, value = line.partition(": ")
    if key == "who can" and violation.reason:
        return replace(violation, who_can=tuple(value.split(", ")))
    if key == "hint" and violation.reason:
        return replace(violation, hint=value)
    return replace(violation, reason=f"{violation.reason} {line}".strip())
