"""How a write is told: in a sentence, as what it would do, and as data."""

import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING

from gitreg.domain.changes import StageTransitioned
from gitreg.domain.commits import format_time
from gitreg.domain.requests import Answer, TransitionRequest
from gitreg.domain.telling import tell_step

if TYPE_CHECKING:
    from gitreg.registry import Receipt, Registry

_MANY = 4
"""Changes from which on only the first few are told."""


def told(receipt: "Receipt", actor: str) -> str:
    """Tell what a write did."""
    if receipt.request is None and receipt.answer is None and not receipt.changes:
        return f"{receipt.summary}."
    return f"{_what(receipt, actor)} ({receipt.short})."


def _what(receipt: "Receipt", actor: str) -> str:
    if receipt.request is not None:
        return f"{receipt.request.ref} -> {receipt.request.stage} requested"
    moved = any(isinstance(change, StageTransitioned) for change in receipt.changes)
    if receipt.answer is not None or moved:
        return tell_step(actor, receipt.changes, receipt.answer)
    first = receipt.changes[0]
    if receipt.summary != str(first) or first.kind.endswith("Created"):
        return receipt.summary
    sentences = [str(change) for change in receipt.changes]
    if len(sentences) > _MANY:
        sentences = [*sentences[: _MANY - 1], f"{len(sentences) - _MANY + 1} more changes"]
    return "; ".join(sentences)


def would(receipt: "Receipt") -> Iterator[str]:
    """Tell what a write would do, a change a line."""
    if receipt.request is not None:
        yield f"would: request {receipt.request.ref} -> {receipt.request.stage}"
    if receipt.answer is not None:
        yield f"would: {receipt.answer}"
    for change in receipt.changes:
        yield f"would: {change}"
    if receipt.request is None and receipt.answer is None and not receipt.changes:
        yield f"would: {receipt.summary}"


def receipt_data(receipt: "Receipt") -> dict[str, object]:
    """Give a receipt as plain values."""
    return {
        "commit": receipt.commit,
        "summary": receipt.summary,
        "dry_run": receipt.dry_run,
        "changes": [change.to_dict() for change in receipt.changes],
        "request": request_data(receipt.request) if receipt.request else None,
        "answer": _answer_data(receipt.answer) if receipt.answer else None,
    }


def _answer_data(answer: Answer) -> dict[str, object]:
    return {
        "outcome": str(answer.outcome),
        "comment": answer.comment,
        "requests": [request_data(request) for request in answer.requests],
    }


def request_data(request: TransitionRequest) -> dict[str, object]:
    """Give a transition request as plain values."""
    return {
        "model": str(request.ref.model),
        "version": request.ref.number,
        "from_stage": request.from_stage,
        "to_stage": request.stage,
        "requester": request.requester,
        "time": format_time(request.time),
        "comment": request.comment,
        "commit": request.tip,
    }


def next_answer(registry: "Registry", receipt: "Receipt", *options: str) -> str:
    """Tell the command that approves a request, and who runs it if not the actor."""
    request = receipt.request
    if request is None:
        return ""
    mine = registry.may(registry.actor, "approve", str(request.ref), stage=request.stage)
    who = "" if mine.allowed else f"{' or '.join(mine.who_can)} runs "
    return who + words("gitreg", "request", "approve", request.ref, request.stage, *options)


def words(*parts: object) -> str:
    """Give a command line as a shell reads it."""
    return shlex.join(str(part) for part in parts)
