"""A session: which registry one call speaks to, as whom, and how it answers."""

import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

import click

from gitreg import acting
from gitreg.acting import ANYBODY
from gitreg.cli import git, output
from gitreg.cli.progress import Progress
from gitreg.domain.telling import printable
from gitreg.errors import InvalidValueError, NotFoundError

if TYPE_CHECKING:
    from gitreg.domain.names import VersionRef
    from gitreg.domain.records import ModelRecord, VersionRecord
    from gitreg.registry import Receipt, Registry

JUST_NOW = 60.0
"""Seconds; what was fetched to look at the settings is not fetched again."""
MANY_STEPS = 300
"""Steps to index from which on a terminal is told how far that is."""
_WHO = "say who you are in this registry: git config --global gitreg.user NAME, or --as NAME"
_FIELDS = ("registry", "actor", "max_age", "output", "quiet", "dry_run", "message", "yes")


class How(TypedDict):
    """What every write of a Registry takes."""

    message: str
    dry_run: bool


@dataclass(frozen=True)
class Session:
    """What one call was told by its shared options."""

    registry: str = ""
    actor: str = ""
    max_age: float = 0.0
    output: str = "table"
    quiet: bool = False
    dry_run: bool = False
    message: str = ""
    yes: bool = False

    @classmethod
    def of(cls, ctx: click.Context) -> "Session":
        """Read the shared options of the command, and those before it."""
        told = {**ctx.find_root().params, **{k: v for k, v in ctx.params.items() if v is not None}}
        return cls(**{name: told[name] for name in _FIELDS if told.get(name) is not None})

    @property
    def how(self) -> How:
        """Give what every write takes."""
        return {"message": self.message, "dry_run": self.dry_run}

    # --- where -----------------------------------------------------------------------------------

    @cached_property
    def _settings(self) -> Mapping[str, str]:
        return acting.git_settings()

    @cached_property
    def path(self) -> str:
        """Give the path of the registry; NotFoundError if nothing names one."""
        named = self.registry or os.environ.get("GITREG_REGISTRY") or ""
        named = named or self._settings.get("gitreg.registry", "")
        if named:
            return _absolute(named)
        found = git.repository_here()
        if not found:
            raise NotFoundError(
                "this folder is in no registry",
                hint="name one: --registry PATH, GITREG_REGISTRY, "
                "or git config --global gitreg.registry PATH; gitreg init makes one",
            )
        return found

    def repository(self, *, max_age: float = 0) -> "Registry":
        """Open the repository, whether it holds a registry or not."""
        import gitreg

        loud = output.on_terminal(aside=True)
        registry = gitreg.open(self.path, actor=ANYBODY, max_age=max_age, progress=loud)
        return _watched(registry)

    def _anybody(self, *, max_age: float) -> "Registry":
        registry = self.repository(max_age=max_age)
        if registry.snapshot().entry("registry.yaml") is None:
            raise NotFoundError(
                f"{registry.path} is a Git repository, but no registry",
                hint="name one: --registry PATH, GITREG_REGISTRY, "
                "or git config --global gitreg.registry PATH",
            )
        return registry

    # --- who -------------------------------------------------------------------------------------

    def _named(self, *, by_email: bool) -> tuple[str, str]:
        """Give who acts, and what says so; both empty if nothing does."""
        return acting.named(self._settings, by_email=by_email, first=[(self.actor, "--as")])

    def read(self, *, max_age: float = 0) -> "Registry":
        """Open the registry to read it; who reads need not be known.

        Over a Git URL, what was fetched in the last ``max_age`` seconds will do, or in the last
        --max-age.
        """
        max_age = max(max_age, self.max_age)
        registry = self._anybody(max_age=max_age)
        name = acting.reader(*self._named(by_email=_by_email(registry)), hint=_WHO)
        if name == ANYBODY:
            return registry
        return self._as(name, email="", max_age=max(max_age, JUST_NOW))

    def write(self) -> "Registry":
        """Open the registry as the actor; InvalidValueError if nobody valid is named."""
        registry = self._anybody(max_age=self.max_age)
        by_email = _by_email(registry)
        name = self.whoever(by_email=by_email)
        return self._as(name, email="" if by_email else self.email_of(name))

    def whoever(self, *, by_email: bool) -> str:
        """Give who acts: by name, or by e-mail where that is what names people."""
        return acting.checked(*self._named(by_email=by_email), hint=_WHO)

    def is_me(self, name: str) -> bool:
        """Tell whether the next call will act as ``name``, unless told otherwise."""
        return name in {self._named(by_email=False)[0], self._named(by_email=True)[0]}

    def _as(self, name: str, *, email: str, max_age: float = JUST_NOW) -> "Registry":
        import gitreg

        return _watched(gitreg.open(self.path, actor=name, email=email, max_age=max_age))

    def email_of(self, name: str) -> str:
        """Give Git's e-mail, if ``name`` is who Git's settings speak of."""
        return acting.email_of(name, self._settings)

    # --- answers ---------------------------------------------------------------------------------

    def answer(
        self,
        data: Callable[[], object],
        *,
        names: Callable[[], Iterable[str]],
        text: Callable[[], Iterable[str]],
        nothing: str = "",
    ) -> None:
        """Give what was read: names only (-q), as data (-o json, yaml), or as text.

        ``nothing`` is said besides if what was read is empty, and people read it.
        """
        if self.quiet:
            for name in names():
                output.say(name)
        elif self.output == "json":
            output.write_json(data())
        elif self.output == "yaml":
            output.write_yaml(data())
        elif nothing:
            self.note(nothing)
        else:
            for line in text():
                click.echo(line)

    def tell(
        self, registry: "Registry", receipt: "Receipt", name: object, *, then: str = ""
    ) -> None:
        """Tell what a write did, or would do, and what comes next; ``name`` is what -q prints."""
        from gitreg.cli.telling import receipt_data, told, would

        def text() -> Iterable[str]:
            if receipt.dry_run:
                return would(receipt)
            return [told(receipt, registry.actor) + (f" Next: {then}" if then else "")]

        self.answer(
            lambda: receipt_data(receipt),
            names=lambda: [str(name)],
            text=lambda: map(printable, text()),
        )

    def note(self, text: str) -> None:
        """Tell people something besides, on stderr."""
        output.say_aside(text, label=output.paint("note: ", "cyan", aside=True))

    def warn(self, text: str) -> None:
        """Warn people of something, on stderr."""
        output.say_aside(text, label=output.paint("warning: ", "yellow", aside=True))

    def time(self, milliseconds: int) -> str:
        """Tell a time: as people do on a terminal, as ISO 8601 elsewhere."""
        from gitreg.domain.commits import format_time

        if output.on_terminal():
            return output.tell_time(milliseconds, now=time.time_ns() // 1_000_000)
        return format_time(milliseconds)

    def stamps(self, record: "ModelRecord | VersionRecord") -> dict[str, str]:
        """Tell who made something when, and who updated it when."""
        return {
            "created": f"{self.time(record.created)} by {record.created_by}",
            "updated": f"{self.time(record.updated)} by {record.updated_by}",
        }

    def span(self, milliseconds: int) -> str:
        """Tell how long something took: as people do on a terminal, as ISO 8601 elsewhere."""
        tell = output.tell_span if output.on_terminal() else output.write_span
        return tell(milliseconds)

    def confirm(self, deed: str) -> None:
        """Ask on a terminal whether to do it; elsewhere --yes must have said so."""
        if self.yes or self.dry_run:
            return
        if not (sys.stdin is not None and sys.stdin.isatty() and output.on_terminal(aside=True)):
            raise InvalidValueError(f"nobody is there to ask: {deed}?", hint="add --yes")
        if not click.confirm(printable(f"{deed[:1].upper()}{deed[1:]}?"), err=True):
            raise click.Abort


def _watched(registry: "Registry") -> "Registry":
    """Let a terminal see how far the index is, if a read has to wait for it."""
    if output.on_terminal(aside=True):
        registry.watch_index(Progress("indexing", least=MANY_STEPS))
    return registry


def reference(registry: "Registry", text: str) -> "VersionRef":
    """Give the version that ``text`` means now."""
    return registry.version(text).ref


def _absolute(named: str) -> str:
    """Give the path that ``named`` means here; what is no folder here may be a Git URL."""
    path = Path(named).expanduser()
    return str(path.absolute()) if path.is_dir() or named.startswith("~") else named


def _by_email(registry: "Registry") -> bool:
    return registry.settings().identity.principal == "email"
