"""``gitreg comment``: comment on versions."""

from typing import TYPE_CHECKING

import click

from gitreg.cli.command import Group
from gitreg.cli.options import (
    comment_id,
    confirmed,
    dated,
    reading,
    saying,
    text_words,
    version_reference,
    writing,
)
from gitreg.cli.output import table
from gitreg.cli.session import Session, reference
from gitreg.cli.shapes import comment_data
from gitreg.domain.changes import CommentAdded
from gitreg.domain.names import VersionRef
from gitreg.errors import InvalidValueError, NotFoundError

if TYPE_CHECKING:
    from gitreg.registry import Registry

SHORT = 8
"""Digits of a comment's id that are shown."""


@click.group(
    cls=Group,
    examples=(
        "gitreg comment add fraud/3 'Drifts on weekends.'",
        "gitreg comment list fraud/3",
        "gitreg comment edit fraud/3 4f1c2aa0 'Drifts on Sundays.'",
    ),
)
def comment() -> None:
    """Comment on versions.

    COMMENT is the id of a comment, or as many of its first digits as tell it from the others.
    """


@comment.command(
    "add",
    examples=(
        "gitreg comment add fraud/3 'Drifts on weekends.'",
        "gitreg comment add fraud/3 - < review.md",
    ),
)
@version_reference
@text_words
@saying
def add(session: Session, version: str, text: str) -> None:
    """Comment on VERSION.

    TEXT is Markdown; - reads it from standard input.
    """
    registry = session.write()
    ref = reference(registry, version)
    receipt = registry.add_comment(ref, text, dry_run=session.dry_run)
    made = next((one for one in receipt.changes if isinstance(one, CommentAdded)), None)
    session.tell(registry, receipt, made.comment if made is not None else ref)


@comment.command("edit", examples=("gitreg comment edit fraud/3 4f1c2aa0 'Drifts on Sundays.'",))
@version_reference
@comment_id
@text_words
@saying
def edit(session: Session, version: str, comment: str, text: str) -> None:
    """Change the TEXT of your own COMMENT on VERSION."""
    registry = session.write()
    ref = reference(registry, version)
    found = _whole(registry, ref, comment)
    receipt = registry.edit_comment(ref, found, text, dry_run=session.dry_run)
    session.tell(registry, receipt, found)


@comment.command("delete", examples=("gitreg comment delete fraud/3 4f1c2aa0 --yes",))
@version_reference
@comment_id
@confirmed
@writing
def delete(session: Session, version: str, comment: str) -> None:
    """Delete a COMMENT on VERSION.

    It is your own, or you manage the model.
    """
    registry = session.write()
    ref = reference(registry, version)
    found = _whole(registry, ref, comment)
    session.confirm(f"delete the comment {found[:SHORT]} on {ref}")
    session.tell(registry, registry.delete_comment(ref, found, **session.how), found)


@comment.command(
    "list", examples=("gitreg comment list fraud/3", "gitreg comment list fraud/3 -o yaml")
)
@version_reference
@dated
@reading
def list_comments(session: Session, version: str, at: str) -> None:
    """List the comments on VERSION."""
    found = session.read().comments(version, at=at)
    session.answer(
        lambda: [comment_data(one) for one in found],
        names=lambda: [one.id for one in found],
        text=lambda: table(
            ("COMMENT", "AUTHOR", "TEXT"), [(one.id[:SHORT], one.author, one.text) for one in found]
        ),
        nothing="" if found else "there are no comments",
    )


def _whole(registry: "Registry", ref: VersionRef, start: str) -> str:
    """Give the id of the one comment on a version that starts so."""
    found = [one.id for one in registry.comments(ref) if start and one.id.startswith(start)]
    if not found:
        raise NotFoundError(
            f"there is no comment {start} on {ref}", hint=f"gitreg comment list {ref}"
        )
    if len(found) > 1:
        raise InvalidValueError(
            f"{len(found)} comments on {ref} start with {start}", hint="write more of its digits"
        )
    return found[0]
