"""``gitreg completion``: the script that makes a shell complete gitreg's words."""

import click
from click.shell_completion import BashComplete, FishComplete, ShellComplete, ZshComplete

from gitreg.cli.command import Command
from gitreg.cli.completing import VARIABLE

SHELLS: dict[str, type[ShellComplete]] = {
    "bash": BashComplete,
    "zsh": ZshComplete,
    "fish": FishComplete,
}


@click.command(
    cls=Command,
    examples=(
        "gitreg completion bash > ~/.local/share/bash-completion/completions/gitreg",
        "gitreg completion zsh > ~/.zfunc/_gitreg",
        "gitreg completion fish > ~/.config/fish/completions/gitreg.fish",
    ),
)
@click.argument("shell", type=click.Choice(list(SHELLS)))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the script that completes gitreg's words.

    Models, versions, stages, aliases and levels are completed from the registry.

    bash (4.4 or newer) finds it in ~/.local/share/bash-completion/completions/gitreg if the
    package bash-completion is there; else put `eval "$(gitreg completion bash)"` into ~/.bashrc.

    zsh finds it as _gitreg in a folder of its fpath: put `fpath+=~/.zfunc` before compinit in
    ~/.zshrc. fish finds it in ~/.config/fish/completions/gitreg.fish.
    """
    script = ShellComplete.source(SHELLS[shell](ctx.find_root().command, {}, "gitreg", VARIABLE))
    click.echo(script)
