"""``gitreg alias``: point aliases at versions, and take them away."""

import click

from gitreg.cli.command import Group
from gitreg.cli.options import alias_name, confirmed, model_name, version_reference, writing
from gitreg.cli.session import Session, reference


@click.group(
    cls=Group,
    examples=("gitreg alias set fraud/3 champion", "gitreg alias delete fraud champion --yes"),
)
def alias() -> None:
    """Point aliases at versions, and take them away."""


@alias.command("set", examples=("gitreg alias set fraud/3 champion",))
@version_reference
@click.argument("alias")
@writing
def set_alias(session: Session, version: str, alias: str) -> None:
    """Point ALIAS at VERSION.

    An alias that points at another version of the model moves.
    """
    registry = session.write()
    ref = reference(registry, version)
    receipt = registry.set_alias(ref, alias, **session.how)
    session.tell(registry, receipt, f"{ref.model}@{alias}")


@alias.command("delete", examples=("gitreg alias delete fraud champion --yes",))
@model_name
@alias_name
@confirmed
@writing
def delete(session: Session, name: str, alias: str) -> None:
    """Take ALIAS away from MODEL."""
    registry = session.write()
    registry.model(name)
    session.confirm(f"delete the alias {name}@{alias}")
    session.tell(registry, registry.delete_alias(name, alias, **session.how), f"{name}@{alias}")
