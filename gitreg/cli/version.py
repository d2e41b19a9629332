"""``gitreg version``: register, read and change versions of models."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from gitreg.cli.command import Group
from gitreg.cli.completing import complete_models, complete_stages
from gitreg.cli.git import code_here
from gitreg.cli.listing import Search, conditions, is_match, searching
from gitreg.cli.options import (
    confirmed,
    dated,
    measure,
    model_name,
    pair,
    reading,
    tag_keys,
    tag_options,
    tag_pairs,
    text_words,
    unique,
    version_reference,
    writing,
)
from gitreg.cli.output import sheet, table
from gitreg.cli.progress import Bar
from gitreg.cli.session import Session, reference
from gitreg.cli.shapes import pairs_text, version_data, version_fields
from gitreg.cli.telling import words
from gitreg.domain.model import READY, STATUSES, Code
from gitreg.domain.records import Page, VersionRecord
from gitreg.domain.stages import Stages

if TYPE_CHECKING:
    from gitreg.registry import Registry


@click.group(
    cls=Group,
    examples=(
        "gitreg version create fraud --source s3://ml/fraud/1",
        "gitreg version list fraud",
        "gitreg version show fraud/Production",
    ),
)
def version() -> None:
    """Register, read and change versions of models.

    VERSION is written fraud/3, fraud/Production, fraud/latest, fraud@champion or models:/fraud/3.
    """


@version.command(
    "create",
    examples=(
        "gitreg version create fraud ./model --metric auc=0.94",
        "gitreg version create fraud --source runs:/9c1/model --run-id 9c1 --metric auc=0.94",
        "gitreg version create fraud --source s3://ml/fraud/1 --hash",
        "gitreg version create fraud --source s3://ml/fraud/2 --tag team=risk --param depth=6",
    ),
)
@model_name
@click.argument("path", metavar="[PATH]", default="", type=click.Path())
@click.option("--source", default="", metavar="URI", help="Where the model's files come from.")
@click.option("--hash", "hashed", is_flag=True, help="Read the source, and pin what is there.")
@click.option("--run-id", default="", help="The MLflow run that made it.")
@click.option("--run-link", default="", metavar="URL", help="The web address of that run.")
@click.option("--model-id", default="", help="The MLflow logged model it was made from.")
@click.option("--description", "-d", default="", help="What is special about it.")
@tag_options
@click.option(
    "--metric",
    "metrics",
    type=measure,
    metavar="KEY=NUMBER",
    multiple=True,
    help="A measured number; may be repeated.",
)
@click.option(
    "--param",
    "params",
    type=pair,
    metavar="KEY=VALUE",
    multiple=True,
    help="What it was trained with; may be repeated.",
)
@click.option(
    "--status", type=click.Choice(STATUSES), default=READY, help="If it is not ready yet."
)
@click.option("--no-code", is_flag=True, help="Do not record the Git commit checked out here.")
@writing
def create(
    session: Session,
    name: str,
    *,
    path: str,
    source: str,
    hashed: bool,
    run_id: str,
    run_link: str,
    model_id: str,
    description: str,
    tags: tuple[tuple[str, str], ...],
    metrics: tuple[tuple[str, float], ...],
    params: tuple[tuple[str, str], ...],
    status: str,
    no_code: bool,
) -> None:
    """Register the next version of MODEL.

    PATH is the folder or file that it is; all of it is put into the registry's store and pinned,
    but for what a .gitregignore in it names. A --source alone is only noted, where it is; with
    --hash its files are read once and pinned, but not copied.

    The Git commit that is checked out around the current folder is recorded as its code, unless
    that is the registry itself.
    """
    if hashed and (path or not source):
        raise click.UsageError("--hash pins the files at a --source; PATH is pinned anyway")
    registry = session.write()
    code = Code() if no_code else code_here(registry.path)
    with Bar() as bar:
        receipt = registry.create_version(
            name,
            source=source,
            folder=path,
            hash_source=hashed,
            run_id=run_id,
            run_link=run_link,
            model_id=model_id,
            code=code,
            status=status,
            description=description,
            tags=unique(tags),
            metrics=unique(metrics),
            params=unique(params),
            progress=bar,
            **session.how,
        )
    if code.dirty:
        session.warn(
            f"the checkout has uncommitted changes: {receipt.version} is recorded as made from "
            f"commit {code.commit[:7]} and more (dirty)"
        )
    first = _first_active(registry.settings().stages)
    then = words("gitreg", "request", "create", receipt.version, first) if first else ""
    session.tell(registry, receipt, receipt.version, then=then)


def _first_active(stages: Stages) -> str:
    found = (stage.name for stage in stages if stages.is_active(stage.name) and not stage.retired)
    return next(found, "")


@version.command(
    "list",
    examples=(
        "gitreg version list fraud",
        "gitreg version list --name 'fraud-*' --stage Production",
        "gitreg version list --filter 'metrics.auc >= 0.9' --order-by 'metrics.auc DESC' -n 10",
        "gitreg version list fraud -o json --at 2026-01-31",
    ),
)
@click.argument("name", metavar="[MODEL]", required=False, shell_complete=complete_models)
@click.option("--name", "glob", default="", metavar="GLOB", help="Of models whose names match.")
@click.option("--stage", default="", help="That are in a stage.", shell_complete=complete_stages)
@searching
@dated
@reading
def list_versions(
    session: Session, name: str | None, search: Search, *, glob: str, stage: str, at: str
) -> None:
    """List the versions of MODEL, or of all models, newest first."""
    registry = session.read()
    if name and glob:
        raise click.UsageError("MODEL and --name exclude one another")
    page = _found(registry, search, name=name or "", glob=glob, stage=stage, at=at)
    session.answer(
        lambda: search.shaped("versions", [version_data(one) for one in page], page),
        names=lambda: [str(one.ref) for one in page],
        text=lambda: table(
            ("VERSION", "STAGE", "ALIASES", "STATUS", "SOURCE", "METRICS", "DESCRIPTION"),
            map(_cells, page),
        ),
        nothing="" if page.items else "there are no such versions",
    )
    search.note_more(session, page)


def _found(
    registry: "Registry", search: Search, *, name: str, glob: str, stage: str, at: str
) -> Page[VersionRecord]:
    if search.is_asked:
        if name:
            registry.model(name, at=at)
        terms = conditions(registry, name=name, glob=glob, stage=stage, at=at)
        page = search.page(registry.find_versions, terms, at=at)
        return replace(page, items=tuple(one for one in page if is_match(str(one.ref.model), glob)))
    when = registry.commit(at)
    if name:
        found = registry.version_records(name, stage=stage, at=when)
    else:
        found = registry.all_versions(glob=glob, stage=stage, at=when)
    newest = sorted(found, key=lambda one: (str(one.ref.model), -one.ref.number))
    return Page(tuple(newest), commit=when)


def _cells(one: VersionRecord) -> tuple[str, ...]:
    return (
        str(one.ref),
        one.stage,
        ", ".join(one.aliases),
        one.status if one.status != READY else "",
        one.source,
        pairs_text(one.metrics),
        one.description,
    )


@version.command(
    "show",
    examples=(
        "gitreg version show fraud/3",
        "gitreg version show fraud@champion -o json",
        "gitreg version show fraud/Production --at 2026-01-31 -q",
        "gitreg version show fraud/Production -o json --max-age 60",
    ),
)
@version_reference
@dated
@reading
def show(session: Session, version: str, at: str) -> None:
    """Show VERSION."""
    registry = session.read()
    one = registry.version_record(version, at=registry.commit(at))

    def text() -> Iterator[str]:
        return sheet(
            str(one.ref),
            version_fields(one) | ({} if at else _talk(registry, one)) | session.stamps(one),
        )

    session.answer(lambda: version_data(one), names=lambda: [str(one.ref)], text=text)


def _talk(registry: "Registry", one: VersionRecord) -> dict[str, str]:
    """Tell what people say and ask about a version now."""
    comments = len(registry.comments(one.ref))
    asked = [view.request for view in registry.requests(version=one.ref)]
    return {
        "requests": "\n".join(
            f"{request.stage}, asked by {request.requester}" for request in asked
        ),
        "comments": f"{comments}: {words('gitreg', 'comment', 'list', one.ref)}"
        if comments
        else "",
    }


@version.command(
    "describe",
    examples=(
        "gitreg version describe fraud/3 'Retrained on October.'",
        "gitreg version describe fraud/3 - < notes.txt",
    ),
)
@version_reference
@text_words
@writing
def describe(session: Session, version: str, text: str) -> None:
    """Set the description of VERSION.

    TEXT is the description; - reads it from standard input, an empty one removes it.
    """
    registry = session.write()
    ref = reference(registry, version)
    session.tell(registry, registry.describe_version(ref, text, **session.how), ref)


@version.command("tag", examples=("gitreg version tag fraud/3 validated=true by=carol",))
@version_reference
@tag_pairs
@writing
def tag(session: Session, version: str, tags: tuple[tuple[str, str], ...]) -> None:
    """Set tags of VERSION, in one commit."""
    registry = session.write()
    ref = reference(registry, version)
    session.tell(registry, registry.tag_version(ref, unique(tags), **session.how), ref)


@version.command("untag", examples=("gitreg version untag fraud/3 validated by",))
@version_reference
@tag_keys
@writing
def untag(session: Session, version: str, keys: tuple[str, ...]) -> None:
    """Delete tags of VERSION, in one commit."""
    registry = session.write()
    ref = reference(registry, version)
    session.tell(registry, registry.tag_version(ref, remove=keys, **session.how), ref)


@version.command(
    "metric",
    examples=(
        "gitreg version metric fraud/3 auc=0.94 loss=0.21",
        "gitreg version metric fraud/3 --remove loss",
    ),
)
@version_reference
@click.argument("metrics", metavar="KEY=NUMBER...", nargs=-1, type=measure)
@click.option("--remove", multiple=True, metavar="KEY", help="Delete a metric; may be repeated.")
@writing
def metric(
    session: Session, version: str, metrics: tuple[tuple[str, float], ...], remove: tuple[str, ...]
) -> None:
    """Set and delete metrics of VERSION, in one commit."""
    if not metrics and not remove:
        raise click.UsageError("say KEY=NUMBER, or --remove KEY")
    registry = session.write()
    ref = reference(registry, version)
    receipt = registry.tag_version(
        ref, metrics=unique(metrics), remove_metrics=remove, **session.how
    )
    session.tell(registry, receipt, ref)


@version.command(
    "status",
    examples=(
        "gitreg version status fraud/3 READY",
        "gitreg version status fraud/3 FAILED_REGISTRATION --because 'the upload broke off'",
    ),
)
@version_reference
@click.argument("status", type=click.Choice(STATUSES))
@click.option("--because", default="", metavar="TEXT", help="The status message, kept beside it.")
@writing
def status(session: Session, version: str, status: str, because: str) -> None:
    """Tell how far the registration of VERSION is.

    It never leaves READY.
    """
    registry = session.write()
    ref = reference(registry, version)
    receipt = registry.set_status(ref, status, status_message=because, **session.how)
    session.tell(registry, receipt, ref)


@version.command("import", examples=("gitreg version import fraud/3 -m 'The bucket goes away.'",))
@version_reference
@writing
def import_files(session: Session, version: str) -> None:
    """Copy the files that VERSION references into the store.

    They are pinned to it, once and for all; nothing happens if they are there already.
    """
    registry = session.write()
    ref = reference(registry, version)
    with Bar() as bar:
        receipt = registry.import_version(ref, progress=bar, **session.how)
    session.tell(registry, receipt, ref, then=words("gitreg", "files", ref))


@version.command("delete", examples=("gitreg version delete fraud/3 --yes -m 'Leaks labels.'",))
@version_reference
@confirmed
@writing
def delete(session: Session, version: str) -> None:
    """Delete VERSION.

    Its number is not used again, and history keeps what it was.
    """
    registry = session.write()
    one = registry.version(version)
    stage = f", which is in {one.stage}" if one.stage != "None" else ""
    session.confirm(f"delete {one.ref}{stage}")
    session.tell(registry, registry.delete_version(one.ref, **session.how), one.ref)
