"""The command line: which commands there are. Each is loaded when it is called, and not before.

Exit codes: 0 done, 1 failed, 2 usage, 3 not found, 4 refused, 5 conflict (``cli/failure.py``).
"""

import sys
from importlib import import_module
from typing import Any, NamedTuple

import click

from gitreg import __version__
from gitreg.cli.command import Group


class Home(NamedTuple):
    """Where a command stands in ``gitreg --help``, where its code is, and its short help."""

    section: str
    module: str
    help: str


START = "Start"
MODELS = "Models and versions"
FILES = "Files of models"
STAGES = "Stages"
PEOPLE = "Who may, and what happened"
GUARD = "Guard"

COMMANDS: dict[str, Home] = {
    "init": Home(START, "setup", "Make a registry at PATH."),
    "layout": Home(START, "setup", "Move every model to the flat or the sharded layout."),
    "completion": Home(START, "completion", "Print the script that completes gitreg's words."),
    "model": Home(MODELS, "model", "Register, read and change models."),
    "version": Home(MODELS, "version", "Register, read and change versions of models."),
    "alias": Home(MODELS, "alias", "Point aliases at versions, and take them away."),
    "comment": Home(MODELS, "comment", "Comment on versions."),
    "files": Home(FILES, "pull", "List the files of VERSION."),
    "pull": Home(FILES, "pull", "Get the files of VERSION into DEST."),
    "verify": Home(FILES, "pull", "Read every byte of VERSION from the store, and compare."),
    "lock": Home(FILES, "lock", "Write down which versions, and which bytes, VERSION... mean now."),
    "sync": Home(FILES, "lock", "Get the files of every locked version into DEST."),
    "cache": Home(FILES, "cache", "Look after the model files that are kept on this machine."),
    "artifacts": Home(FILES, "artifacts", "Look after the store that model files are kept in."),
    "transition": Home(STAGES, "transition", "Move VERSION to STAGE."),
    "rollback": Home(STAGES, "rollback", "Undo the last change of which versions are in STAGE."),
    "request": Home(STAGES, "request", "Ask for stage transitions, and answer requests."),
    "permission": Home(PEOPLE, "permission", "Read and change who may do what."),
    "log": Home(PEOPLE, "history", "Tell what happened, newest first."),
    "events": Home(PEOPLE, "events", "Tell what happened as CloudEvents, oldest first."),
    "diff": Home(PEOPLE, "history", "Tell how two versions differ, or what changed from A to B."),
    "blame": Home(PEOPLE, "past", "Tell who set each field of VERSION, and when."),
    "why": Home(PEOPLE, "past", "Tell how VERSION came to be in its stage."),
    "check": Home(GUARD, "judgement", "Judge commits as the hook would."),
    "audit": Home(GUARD, "judgement", "Replay all history through the guard."),
    "index": Home(GUARD, "index", "See and rebuild the index of a registry."),
    "maintain": Home(GUARD, "upkeep", "Pack a registry's repository, and tidy its branches."),
    "hook": Home(GUARD, "hook", "Guard a bare repository against pushes."),
}
"""Every command; a test holds the short helps equal to those of the commands."""

EXAMPLES = (
    "gitreg init models.git --admin alice",
    "git config --global gitreg.registry $PWD/models.git",
    "gitreg model create fraud -d 'Scores card payments.'",
    "gitreg version create fraud ./model --metric auc=0.94",
    "gitreg request create fraud/1 Staging -m 'Better on October.'",
    "gitreg request approve fraud/1 Staging",
    "gitreg version show fraud/Staging",
    "gitreg pull fraud/Staging serving",
)


class Root(Group):
    """``gitreg`` itself: finds its commands in a table, and turns every error into one message."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Give the names of all commands, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command, or give None if there is none of that name."""
        home = COMMANDS.get(cmd_name)
        if home is None:
            return None
        command = getattr(import_module(f"gitreg.cli.{home.module}"), cmd_name)
        return command if isinstance(command, click.Command) else None

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table, section by section, without loading anything."""
        width = max(map(len, COMMANDS))
        for section in dict.fromkeys(home.section for home in COMMANDS.values()):
            with formatter.section(section):
                formatter.write_dl(
                    [
                        (name.ljust(width), home.help)
                        for name, home in COMMANDS.items()
                        if home.section == section
                    ]
                )

    def main(self, *args: Any, **kwargs: Any) -> Any:  # Any: as click declares it
        """Run, and exit with the code that tells how it went; never with a traceback."""
        kwargs |= {"standalone_mode": False}
        kwargs.setdefault("prog_name", "gitreg")
        try:
            code = super().main(*args, **kwargs)
            for stream in (sys.stdout, sys.stderr):
                if stream is not None:
                    stream.flush()
        except Exception as error:  # noqa: BLE001  # whatever it is, people get one message
            from gitreg.cli.failure import tell

            code = tell(error)
        sys.exit(code if isinstance(code, int) else 0)


@click.group(
    "gitreg",
    cls=Root,
    examples=EXAMPLES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--registry",
    "-r",
    metavar="PATH",
    type=click.Path(file_okay=False),
    help="The registry: the path of its repository or of a clone, or a Git URL.",
)
@click.option("--as", "actor", metavar="USER", help="Who you are, if not who Git says.")
@click.version_option(__version__, prog_name="gitreg", message="%(prog)s %(version)s")
def cli(**_told: str | None) -> None:
    """A machine-learning model registry that is a Git repository.

    The registry is --registry, else GITREG_REGISTRY, else git config gitreg.registry, else the
    repository around the current folder. You are --as, else GITREG_ACTOR, else git config
    gitreg.user, else Git's user.name.
    """


def main() -> None:
    """Run the command line."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    cli.main()
