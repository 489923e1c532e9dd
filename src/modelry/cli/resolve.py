"""`modelry resolve`: which entry a name means; plain text."""

from __future__ import annotations

import click

from modelry.cli import COMMANDS
from modelry.cli.options import Command, complete_model, data_option, json_option, open_registry, provider_option


@click.command("resolve", cls=Command, short_help=COMMANDS["resolve"].help)
@click.argument("name", shell_complete=complete_model)
@click.option("-q", "--quiet", is_flag=True, help="The id alone.")
@provider_option
@data_option
@json_option
def resolve_command(name: str, *, quiet: bool, provider: str | None, data: str | None, as_json: bool) -> None:
    """Which entry NAME means, how that was found, and what the name says besides.

    A name is an id, an alias, or written by a rule of its provider: dated snapshots, regional prefixes, fine-tunes,
    the ids of other systems. Never a part of a name: an unknown one is refused (exit status 1) with the nearest ids.

    Examples:
      modelry resolve gpt-4o
      modelry resolve us.anthropic.claude-sonnet-4-5-20250929-v1:0 --provider bedrock
      modelry resolve openai/gpt-4o-2024-08-06 --quiet
    """
    found = open_registry(data).resolve(name, provider)
    if as_json:
        from modelry.jsontext import dumps

        click.echo(dumps(found._asdict(), indent=2))
        return
    click.echo(found.id)
    if not quiet:
        told = {"asked": found.asked, "found by": found.method, "region": found.region, **found.learnt}
        width = max(map(len, told))
        for label, value in told.items():
            if value is not None:
                click.echo(f"  {label:<{width}}  {value}")
