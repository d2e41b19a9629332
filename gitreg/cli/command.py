"""Commands and groups as gitreg has them: help that ends in examples, and guesses at typos."""

from collections.abc import Sequence
from typing import Any

import click


class Command(click.Command):
    """A command whose help ends in examples."""

    def __init__(self, *args: Any, examples: Sequence[str] = (), **kwargs: Any) -> None:
        # Any: passed on to click as they come
        super().__init__(*args, **kwargs)
        self.examples = tuple(examples)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take the arguments; an error knows which command it is about."""
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            error.ctx = error.ctx or ctx
            raise

    def format_epilog(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples."""
        write_examples(self.examples, formatter)


class Group(click.Group):
    """A group of commands, told in the order they are written; without a command it gives help."""

    command_class = Command

    def __init__(self, *args: Any, examples: Sequence[str] = (), **kwargs: Any) -> None:
        # Any: passed on to click as they come
        super().__init__(*args, **kwargs)
        self.examples = tuple(examples)

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Give the names of the commands, in the order they are written."""
        return list(self.commands)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take the group's own options; nothing at all asks for help."""
        if not args and not ctx.resilient_parsing:
            click.echo(ctx.get_help())
            ctx.exit()
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is called; one there is not may be a typo."""
        names = self.list_commands(ctx)
        if args and args[0] not in names and args[0][:1] != "-" and not ctx.resilient_parsing:
            from gitreg.domain.suggest import suggest
            from gitreg.errors import InvalidValueError

            raise InvalidValueError(
                f"{ctx.command_path} has no command {args[0]!a}",
                hint=suggest(args[0], names) or f"{ctx.command_path} --help",
            )
        return super().resolve_command(ctx, args)

    def format_epilog(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples."""
        write_examples(self.examples, formatter)


def write_examples(examples: Sequence[str], formatter: click.HelpFormatter) -> None:
    """End a help text with examples, each in a line of its own."""
    if examples:
        with formatter.section("Examples"):
            for example in examples:
                formatter.write(f"{' ' * formatter.current_indent}{example}\n")
