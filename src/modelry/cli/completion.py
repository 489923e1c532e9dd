"""`modelry completion`: what a shell reads to complete commands, options, model ids and provider names."""

from __future__ import annotations

import click

from modelry.cli import COMMANDS
from modelry.cli.options import Command


@click.command("completion", cls=Command, short_help=COMMANDS["completion"].help)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion_command(ctx: click.Context, shell: str) -> None:
    """A script for the SHELL that completes commands, options, model ids and provider names with TAB.

    Put the line for your shell into its start-up file (for fish, a file in ~/.config/fish/completions):

    Examples:
      eval "$(modelry completion bash)"
      eval "$(modelry completion zsh)"
      modelry completion fish > ~/.config/fish/completions/modelry.fish
    """
    from click.shell_completion import get_completion_class

    made = get_completion_class(shell)
    if made is None:
        raise click.BadParameter(shell)
    click.echo(made(ctx.find_root().command, {}, "modelry", "_MODELRY_COMPLETE").source())
