"""What commands share: options, kinds of values, and the session they are called with."""

import functools
import math
import sys
from collections.abc import Callable, Sequence
from typing import TypeVar

import click

from gitreg.cli.completing import (
    complete_aliases,
    complete_comments,
    complete_models,
    complete_stages,
    complete_versions,
)
from gitreg.cli.session import Session
from gitreg.errors import InvalidValueError

Function = Callable[..., None]
_SHARED = ("registry", "actor", "max_age", "output", "quiet", "dry_run", "message", "yes")
_Value = TypeVar("_Value")


# --- kinds of values ------------------------------------------------------------------------------


def pair(text: str) -> tuple[str, str]:
    """Read ``KEY=VALUE``."""
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise click.BadParameter(f"{text!r} is not KEY=VALUE")
    return key, value


def measure(text: str) -> tuple[str, float]:
    """Read ``KEY=NUMBER``."""
    key, _, value = text.partition("=")
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not key or not math.isfinite(number):
        raise click.BadParameter(f"{text!r} is not KEY=NUMBER")
    return key, number


def seconds(text: str) -> float:
    """Read a number of seconds."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not number >= 0:
        raise click.BadParameter(f"{text!r} is not a number of seconds")
    return number


def words_or_stdin(text: str) -> str:
    """Give a text as it stands, or for ``-`` what standard input holds."""
    ctx = click.get_current_context(silent=True)
    if text != "-" or (ctx is not None and ctx.resilient_parsing):
        return text
    return sys.stdin.read().rstrip("\n")


def unique(pairs: Sequence[tuple[str, _Value]]) -> dict[str, _Value]:
    """Give pairs as a dict; InvalidValueError if a key is given twice."""
    found: dict[str, _Value] = {}
    for key, value in pairs:
        if key in found:
            raise InvalidValueError(f"{key!r} is given twice")
        found[key] = value
    return found


# --- shared options -------------------------------------------------------------------------------


def together(*decorators: Callable[[Function], Function]) -> Callable[[Function], Function]:
    """Give one decorator that is all of them."""

    def decorate(function: Function) -> Function:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return decorate


def with_session(function: Function) -> Function:
    """Call ``function`` with a Session in place of the shared options."""

    @functools.wraps(function)
    @click.pass_context
    def call(ctx: click.Context, /, **values: object) -> None:
        own = {name: value for name, value in values.items() if name not in _SHARED}
        function(Session.of(ctx), **own)

    return call


_registry = click.option(
    "--registry",
    "-r",
    metavar="PATH",
    type=click.Path(file_okay=False),
    help="The registry, if not the default: a path or a Git URL.",
)
_actor = click.option("--as", "actor", metavar="USER", help="Who you are, if not the default.")
_message = click.option("--message", "-m", metavar="TEXT", help="A comment, kept in the commit.")
answering = together(
    click.option(
        "--output",
        "-o",
        type=click.Choice(["table", "json", "yaml"]),
        default="table",
        help="How to write the answer.",
    ),
    click.option("--quiet", "-q", is_flag=True, help="Write names only."),
)
"""For a command that answers."""
dry_run = click.option("--dry-run", is_flag=True, help="Tell what would happen; change nothing.")
"""For a command that changes something."""
placed = together(_registry, with_session)
"""For a command that speaks to a repository, whoever calls it."""
alone = together(answering, with_session)
"""For a command that answers from this machine alone."""
speaking = together(answering, _registry, _actor, with_session)
"""For a command that answers, and neither reads the registry nor writes it."""
recent = click.option(
    "--max-age",
    metavar="SECONDS",
    type=seconds,
    envvar="GITREG_MAX_AGE",
    show_envvar=True,
    help="Over a Git URL: what was fetched in the last SECONDS will do.",
)
"""For a command that can read what is not new."""
reading = together(recent, speaking)
"""For a command that reads."""
saying = together(dry_run, speaking)
"""For a command that writes, and whose commit has no room for a message."""
writing = together(_message, saying)
"""For a command that writes."""
confirmed = click.option("--yes", "-y", is_flag=True, help="Do not ask.")
"""For a command that takes something away."""
dated = click.option(
    "--at", default="", metavar="WHEN", help="As it was at a commit or a date (2026-01-31)."
)
"""For a command that can read the past."""

offline = click.option("--offline", is_flag=True, help="Use what this machine has, and no network.")
"""For a command that gets model files."""
hashing_all = click.option(
    "--verify", is_flag=True, help="Hash again what your cache has, however sure it is."
)
"""For a command that gets model files."""


# --- arguments ------------------------------------------------------------------------------------

model_name = click.argument("name", metavar="MODEL", shell_complete=complete_models)
version_reference = click.argument("version", shell_complete=complete_versions)
stage_name = click.argument("stage", shell_complete=complete_stages)
alias_name = click.argument("alias", shell_complete=complete_aliases)
comment_id = click.argument("comment", shell_complete=complete_comments)
text_words = click.argument("text", type=words_or_stdin)
tag_pairs = click.argument("tags", metavar="KEY=VALUE...", nargs=-1, required=True, type=pair)
tag_keys = click.argument("keys", metavar="KEY...", nargs=-1, required=True)
tag_options = click.option(
    "--tag", "tags", metavar="KEY=VALUE", type=pair, multiple=True, help="A tag; may be repeated."
)
