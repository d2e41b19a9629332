"""The rule about who acts, and when (DESIGN.md section 6)."""

from collections.abc import Iterator

from gitreg.domain.changes import CommentAdded, CommentEdited, TextChanged
from gitreg.domain.commits import ORIGINAL_TIME, TIME, Commit, format_time, parse_time
from gitreg.domain.names import check_principal, is_principal
from gitreg.domain.settings import Identity
from gitreg.domain.verdict import Violation
from gitreg.errors import InvalidValueError
from gitreg.manifest.steps import Step

TOLERANCE = 5 * 60 * 1000
"""Milliseconds that two clocks may be apart."""


def identity(step: Step) -> Iterator[Violation]:
    """The commit names who acts: whom the transport knows, or for whom a delegate vouches."""
    yield from check_committer(step.commit, step.identity, step.pusher)
    for actor in step.actors:
        if not is_principal(actor):
            try:
                check_principal(actor)
            except InvalidValueError as error:
                yield Violation("identity", f"the actor {error}", hint=error.hint)
    yield from _comments(step)
    yield from check_time(
        step.commit,
        parent_time=step.parent_time,
        now=step.now,
        strict=step.law.settings.rules.clock == "strict",
    )


def check_committer(commit: Commit, settings: Identity, pusher: str | None) -> Iterator[Violation]:
    """Hold the committer to who pushes, or to what a delegate may vouch for."""
    if pusher is None:
        return
    delegate = settings.delegate(pusher)
    if delegate is not None and delegate.vouches == "committer":
        return
    if commit.committer.told(settings.principal) != pusher:
        key = "user.email" if settings.principal == "email" else "user.name"
        yield Violation(
            "identity",
            f'committer "{commit.committer}" is not {pusher}, who pushes',
            hint=f"git config {key} {pusher} && git commit --amend --reset-author --no-edit",
        )


def check_time(
    commit: Commit, *, parent_time: int | None, now: int | None, strict: bool
) -> Iterator[Violation]:
    """Refuse times that cannot be read and, if ``strict``, times that cannot be true."""
    for key in (TIME, ORIGINAL_TIME):
        told = commit.trailer(key)
        if told and parse_time(told) is None:
            yield Violation(
                "identity",
                f"{key}: {told!a} is not a time",
                hint="write 2026-01-31T12:00:00.123Z",
            )
    if not strict:
        return
    own = commit.own_time
    if parent_time is not None and own < parent_time - TOLERANCE:
        yield Violation(
            "identity",
            f"its time {format_time(own)} is more than five minutes before its parent's, "
            f"{format_time(parent_time)}",
            hint="set the clock, then: git commit --amend --reset-author --no-edit",
        )
    if now is not None and own > now + TOLERANCE:
        yield Violation(
            "identity",
            f"its time {format_time(own)} is more than five minutes ahead: it is "
            f"{format_time(now)}",
            hint="set the clock, then: git commit --amend --reset-author --no-edit",
        )


def _comments(step: Step) -> Iterator[Violation]:
    for change in step.changes:
        author = ""
        if isinstance(change, CommentAdded | CommentEdited | TextChanged):
            author = change.author
        if author and author != step.actor:
            whose = "written" if isinstance(change, CommentAdded) else "edited"
            yield Violation(
                "identity",
                f"a comment of {author} can be {whose} by {author} alone, not by {step.actor}",
                change.path,
            )
