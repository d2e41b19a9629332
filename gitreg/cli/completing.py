"""What the shell completes from the registry: never an error, never a word besides.

Each function gives what can stand where the cursor is; on any trouble it gives nothing.
"""

import functools
import os
import shlex
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from gitreg.cli.session import Session

if TYPE_CHECKING:
    from gitreg.registry import Registry

VARIABLE = "_GITREG_COMPLETE"
"""Where the scripts of the shells say which shell asks."""
RECENT = 300.0
"""Seconds; over a Git URL the shell does not wait for anything newer."""
Completer = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]
Source = Callable[[click.Context, str], Iterator[tuple[str, str]]]


def _completer(source: Source) -> Completer:
    """Turn a function that gives words and their help into what click calls."""

    @functools.wraps(source)
    def complete(
        ctx: click.Context, _param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        try:
            found = list(source(ctx, incomplete))
        except Exception:  # noqa: BLE001  # a shell that completes must not show errors
            return []
        return [
            CompletionItem(_quoted(word), help=told or None)
            for word, told in found
            if word.startswith(incomplete)
        ]

    return complete


def _quoted(word: str) -> str:
    """Give a word as bash takes it; zsh and fish quote by themselves."""
    return shlex.quote(word) if os.environ.get(VARIABLE) == "bash_complete" else word


def _registry(ctx: click.Context) -> "Registry":
    return Session.of(ctx).read(max_age=RECENT)


@_completer
def complete_models(ctx: click.Context, _incomplete: str) -> Iterator[tuple[str, str]]:
    """Give the names of models."""
    for name in _registry(ctx).snapshot().models():
        yield str(name), ""


@_completer
def complete_versions(ctx: click.Context, incomplete: str) -> Iterator[tuple[str, str]]:
    """Give references to versions: models first, then the versions of the only one that fits."""
    registry = _registry(ctx)
    names = [str(name) for name in registry.snapshot().models()]
    model = incomplete.rpartition("/")[0] or incomplete.rpartition("@")[0]
    fitting = [name for name in names if name.startswith(incomplete)]
    if model not in names:
        if len(fitting) != 1:
            yield from ((name, "") for name in fitting)
            return
        [model] = fitting
    versions = registry.versions(model)
    for one in reversed(versions):
        yield str(one.ref), one.stage
    for stage in dict.fromkeys(one.stage for one in versions):
        yield f"{model}/{stage}", "the newest version in this stage"
    if versions:
        yield f"{model}/latest", str(versions[-1].ref)
    for alias, number in registry.model(model).aliases:
        yield f"{model}@{alias}", f"{model}/{number}"


@_completer
def complete_stages(ctx: click.Context, _incomplete: str) -> Iterator[tuple[str, str]]:
    """Give the stages that can be entered."""
    for stage in _registry(ctx).settings().stages:
        if not stage.retired:
            yield stage.name, "protected" if stage.protected else ""


@_completer
def complete_aliases(ctx: click.Context, _incomplete: str) -> Iterator[tuple[str, str]]:
    """Give the aliases of the model that the command names."""
    registry = _registry(ctx)
    name = ctx.params.get("name") or registry.version(ctx.params["version"]).ref.model
    for alias, number in registry.model(str(name)).aliases:
        yield alias, f"version {number}"


@_completer
def complete_comments(ctx: click.Context, _incomplete: str) -> Iterator[tuple[str, str]]:
    """Give the ids of the comments on the version that the command names."""
    for one in _registry(ctx).comments(ctx.params["version"]):
        yield one.id[:8], f"{one.author}: {' '.join(one.text.split())[:40]}"


@_completer
def complete_kinds(_ctx: click.Context, _incomplete: str) -> Iterator[tuple[str, str]]:
    """Give the kinds of activities."""
    from gitreg.domain.activities import KINDS

    for kind in KINDS:
        yield kind, ""


@_completer
def complete_levels(_ctx: click.Context, _incomplete: str) -> Iterator[tuple[str, str]]:
    """Give the levels that can be granted."""
    from gitreg.domain.access import Level

    for level in Level:
        if level:
            yield str(level), ""


@_completer
def complete_principals(ctx: click.Context, _incomplete: str) -> Iterator[tuple[str, str]]:
    """Give the users and groups that the registry's permissions name."""
    for name in sorted({held.principal for held in _registry(ctx).permissions()}):
        yield name, ""


@_completer
def complete_actions(_ctx: click.Context, _incomplete: str) -> Iterator[tuple[str, str]]:
    """Give what ``permission check`` can be asked."""
    from gitreg.registry.explain import ACTIONS

    for action, ability in ACTIONS.items():
        yield action, str(ability)


@_completer
def complete_targets(ctx: click.Context, incomplete: str) -> Iterator[tuple[str, str]]:
    """Give models and references to versions."""
    for name in _registry(ctx).snapshot().models():
        yield str(name), ""
    if "/" in incomplete or "@" in incomplete:
        model = incomplete.rpartition("/")[0] or incomplete.rpartition("@")[0]
        for one in _registry(ctx).versions(model):
            yield str(one.ref), one.stage
