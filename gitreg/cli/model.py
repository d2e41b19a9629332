"""``gitreg model``: register, read and change models."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, TextIO

import click

from gitreg.cli.command import Group
from gitreg.cli.completing import complete_stages
from gitreg.cli.listing import Search, conditions, is_match, searching
from gitreg.cli.options import (
    confirmed,
    dated,
    model_name,
    reading,
    recent,
    tag_keys,
    tag_options,
    tag_pairs,
    text_words,
    unique,
    writing,
)
from gitreg.cli.output import sheet, table
from gitreg.cli.session import Session
from gitreg.cli.shapes import model_data, pairs_text, version_data
from gitreg.cli.telling import words
from gitreg.domain.records import ModelRecord, Page, VersionRecord
from gitreg.domain.telling import printable

if TYPE_CHECKING:
    from gitreg.registry import Registry

MANY = 2_000
"""Models above which a flat registry gets slow."""


@click.group(
    cls=Group,
    examples=(
        "gitreg model create fraud -d 'Scores card payments.'",
        "gitreg model list --stage Production",
        "gitreg model show fraud",
    ),
)
def model() -> None:
    """Register, read and change models."""


@model.command(
    "create",
    examples=(
        "gitreg model create fraud",
        "gitreg model create fraud -d 'Scores card payments.' --tag team=risk",
    ),
)
@click.argument("name", metavar="MODEL")
@click.option("--description", "-d", default="", help="What the model is for.")
@tag_options
@writing
def create(
    session: Session, name: str, description: str, tags: tuple[tuple[str, str], ...]
) -> None:
    """Register MODEL.

    Whoever registers it is given manage on it, unless the registry says otherwise.
    """
    registry = session.write()
    receipt = registry.create_model(name, description=description, tags=unique(tags), **session.how)
    then = words("gitreg", "version", "create", name, "--source", "URI")
    session.tell(registry, receipt, name, then=then)
    _note_many(session, registry)


def _note_many(session: Session, registry: "Registry") -> None:
    if registry.settings().layout != "flat":
        return
    count = sum(1 for _ in registry.snapshot().directories())
    if count > MANY:
        session.note(
            f"{count} models in the flat layout make each write slow: "
            "`gitreg layout sharded` is the remedy"
        )


@model.command(
    "list",
    examples=(
        "gitreg model list",
        "gitreg model list --name 'fraud-*' --stage Production",
        "gitreg model list --filter \"tags.team = 'risk'\" --order-by 'updated DESC' -n 20",
        "gitreg model list -q --at 2026-01-31",
        "gitreg -r ssh://git@git.acme.com/models.git model list --max-age 60",
    ),
)
@click.option("--name", "glob", default="", metavar="GLOB", help="Whose names match (* and ?).")
@click.option(
    "--stage", default="", help="That have a version in a stage.", shell_complete=complete_stages
)
@searching
@dated
@reading
def list_models(session: Session, search: Search, *, glob: str, stage: str, at: str) -> None:
    """List models."""
    registry = session.read()
    page = _found(registry, search, glob=glob, stage=stage, at=at)

    def data() -> list[dict[str, object]]:
        numbers = registry.numbers([one.name for one in page], at=page.commit)
        return [model_data(one, numbers[str(one.name)]) for one in page]

    filtered = glob or stage or search.is_asked
    session.answer(
        lambda: search.shaped("models", data(), page),
        names=lambda: [str(one.name) for one in page],
        text=lambda: _table(registry, page),
        nothing="" if page.items else _none(filtered=bool(filtered)),
    )
    search.note_more(session, page)


def _none(*, filtered: bool) -> str:
    return "there are no such models" if filtered else "no models yet: gitreg model create MODEL"


def _found(
    registry: "Registry", search: Search, *, glob: str, stage: str, at: str
) -> Page[ModelRecord]:
    if not search.is_asked:
        when = registry.commit(at)
        return Page(registry.all_models(glob=glob, stage=stage, at=when), commit=when)
    terms = conditions(registry, glob=glob, stage=stage, at=at)
    page = search.page(registry.find_models, terms, at=at)
    return replace(page, items=tuple(one for one in page if is_match(str(one.name), glob)))


def _table(registry: "Registry", page: Page[ModelRecord]) -> Iterator[str]:
    stages = registry.settings(at=page.commit).stages
    rows = []
    for one in page:
        active = [
            f"{newest.stage} {newest.ref.number}"
            for newest in one.latest
            if stages.is_active(newest.stage)
        ]
        number = str(one.latest[-1].ref.number) if one.latest else "-"
        aliases = pairs_text(one.aliases)
        rows.append((str(one.name), number, ", ".join(active), aliases, one.description))
    return table(("MODEL", "LATEST", "STAGES", "ALIASES", "DESCRIPTION"), rows)


@model.command(
    "show", examples=("gitreg model show fraud", "gitreg model show fraud --at 2026-01-31 -o yaml")
)
@model_name
@dated
@reading
def show(session: Session, name: str, at: str) -> None:
    """Show MODEL and its versions."""
    registry = session.read()
    when = registry.commit(at)
    one, versions = registry.model_record(name, at=when), registry.version_records(name, at=when)
    card = registry.card(name, at=when)
    session.answer(
        lambda: _whole(one, versions, card=card),
        names=lambda: [str(one.name)],
        text=lambda: _page(session, one, versions, card=card),
    )


def _whole(
    one: ModelRecord, versions: tuple[VersionRecord, ...], *, card: str
) -> dict[str, object]:
    stages: dict[str, list[int]] = {}
    for version in versions:
        stages.setdefault(version.stage, []).append(version.ref.number)
    told = [version_data(version) for version in versions]
    return model_data(one, stages) | {"card": card, "versions": told}


def _page(
    session: Session, one: ModelRecord, versions: tuple[VersionRecord, ...], *, card: str
) -> Iterator[str]:
    yield from sheet(
        str(one.name),
        {
            "description": one.description,
            "tags": pairs_text(one.tags),
            "aliases": pairs_text(one.aliases),
            "card": words("gitreg", "model", "card", one.name) if card else "",
            **session.stamps(one),
            "id": one.id,
        },
    )
    yield ""
    if not versions:
        hint = words("gitreg", "version", "create", one.name, "--source", "URI")
        yield printable(f"no versions yet: {hint}")
        return
    rows = [
        (
            str(version.ref.number),
            version.stage,
            ", ".join(version.aliases),
            version.source,
            version.description,
        )
        for version in reversed(versions)
    ]
    yield from table(("VERSION", "STAGE", "ALIASES", "SOURCE", "DESCRIPTION"), rows)


@model.command(
    "describe",
    examples=(
        "gitreg model describe fraud 'Scores card payments.'",
        "gitreg model describe fraud - < about.txt",
        "gitreg model describe fraud ''",
    ),
)
@model_name
@text_words
@writing
def describe(session: Session, name: str, text: str) -> None:
    """Set the description of MODEL.

    TEXT is the description; - reads it from standard input, an empty one removes it.
    """
    registry = session.write()
    session.tell(registry, registry.describe_model(name, text, **session.how), name)


@model.command("tag", examples=("gitreg model tag fraud team=risk tier=1",))
@model_name
@tag_pairs
@writing
def tag(session: Session, name: str, tags: tuple[tuple[str, str], ...]) -> None:
    """Set tags of MODEL, in one commit."""
    registry = session.write()
    session.tell(registry, registry.tag_model(name, unique(tags), **session.how), name)


@model.command("untag", examples=("gitreg model untag fraud team tier",))
@model_name
@tag_keys
@writing
def untag(session: Session, name: str, keys: tuple[str, ...]) -> None:
    """Delete tags of MODEL, in one commit."""
    registry = session.write()
    session.tell(registry, registry.tag_model(name, remove=keys, **session.how), name)


@model.command("rename", examples=("gitreg model rename fraud fraud-cards --yes",))
@model_name
@click.argument("to", metavar="NEW")
@confirmed
@writing
def rename(session: Session, name: str, to: str) -> None:
    """Rename MODEL to NEW.

    Its versions, its own permissions and its history stay with it.
    """
    registry = session.write()
    registry.model(name)
    session.confirm(f"rename {name} to {to}")
    session.tell(registry, registry.rename_model(name, to, **session.how), to)


@model.command("delete", examples=("gitreg model delete fraud --yes -m 'Replaced by cards.'",))
@model_name
@confirmed
@writing
def delete(session: Session, name: str) -> None:
    """Delete MODEL with all its versions; history keeps them."""
    registry = session.write()
    count = len(registry.versions(name))
    session.confirm(f"delete {name} with {count} version{'s' if count != 1 else ''}")
    session.tell(registry, registry.delete_model(name, **session.how), name)


@model.command(
    "card",
    examples=(
        "gitreg model card fraud",
        "gitreg model card fraud README.md",
        "gitreg model card fraud --remove",
    ),
)
@model_name
@click.argument("file", type=click.File("r", encoding="utf-8"), required=False)
@click.option("--remove", is_flag=True, help="Remove the card.")
@dated
@recent
@writing
def card(session: Session, name: str, file: TextIO | None, remove: bool, at: str) -> None:
    """Print the card of MODEL, or write it.

    The card is Markdown; FILE (- is standard input) is what to write.
    """
    if file is not None or remove:
        if at or (file is not None and remove):
            raise click.UsageError("FILE, --remove and --at exclude one another")
        text = file.read() if file is not None else ""
        registry = session.write()
        session.tell(registry, registry.set_card(name, text, **session.how), name)
        return
    registry = session.read()
    text = registry.card(name, at=at)
    session.answer(
        lambda: {"model": name, "card": text},
        names=lambda: [name] if text else [],
        text=lambda: printable(text).splitlines(),
    )
    if not text:
        session.note(
            f"{name} has no card; {words('gitreg', 'model', 'card', name, 'FILE')} writes one"
        )
