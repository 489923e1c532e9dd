"""`modelry build`, `check` and `schema`: what a maintainer of the catalogue runs."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from modelry.cli import COMMANDS
from modelry.cli.options import Command

root_option = click.option(
    "--data", "root", default=".", envvar="MODELRY_CATALOG", metavar="ROOT", show_default="$MODELRY_CATALOG, else here",
    type=click.Path(exists=True, file_okay=False, path_type=Path), help="Folder that holds v1/ and data/.",
)  # fmt: skip

json_option = click.option("--json", "as_json", is_flag=True, help="One JSON document.")


def progress(text: str) -> None:
    """Say what takes a while, to a person who is watching."""
    if sys.stderr.isatty():
        click.echo(text, err=True)


@click.command("build", cls=Command, short_help=COMMANDS["build"].help)
@root_option
@json_option
def build_command(root: Path, *, as_json: bool) -> None:
    """Read the registry's YAML, fold all claims into data/models.json and its mirror, and compile the snapshot.

    Every problem of the registry is told at once, each with its file and line (exit status 1); then nothing is written.

    Examples:
      modelry build
      modelry build --data ~/modelry --json
    """
    from modelry.catalog.build import build
    from modelry.jsontext import dumps

    progress(f"Building {root} …")
    report = build(root)
    if as_json:
        click.echo(dumps(report._asdict(), indent=2))
        return
    click.echo(f"{report.models:,} models ({report.priced:,} priced) of {report.providers:,} providers")
    for path in report.written:
        click.echo(f"wrote {path}")


@click.command("check", cls=Command, short_help=COMMANDS["check"].help)
@root_option
@json_option
def check_command(root: Path, *, as_json: bool) -> None:
    """Whether the YAML, data/models.json, its mirror and the packaged snapshot say the same.

    Exit status 0 when they do; else 1, and what is out of step goes to stderr.

    Examples:
      modelry check
      modelry check --json
    """
    from modelry.catalog.check import check
    from modelry.jsontext import dumps

    progress(f"Checking {root} …")
    problems = check(root)
    if as_json:
        click.echo(dumps(problems, indent=2))
    for problem in problems:
        click.echo(problem, err=True)
    if problems:
        raise click.exceptions.Exit(1)
    if not as_json:
        click.echo("everything is in step")


@click.command("schema", cls=Command, short_help=COMMANDS["schema"].help)
@click.argument("name", required=False)
@click.option("--json", is_flag=True, expose_value=False, help="JSON, as always.")
def schema_command(name: str | None) -> None:
    """The JSON Schemas of the YAML files and of the catalogue's rows: all by name, or the schema NAME alone.

    `models` and `provider` are the two kinds of YAML files, `row` is a row of data/models.json.

    Examples:
      modelry schema
      modelry schema row
      modelry schema > schemas.json
    """
    from modelry.authoring.schema import schemas
    from modelry.jsontext import dumps

    known = schemas()
    if name is not None and name not in known:
        msg = f"There is no schema {name!r}; there are {', '.join(known)}."
        raise click.BadParameter(msg, param_hint="NAME")
    click.echo(dumps(known if name is None else known[name], indent=2))
