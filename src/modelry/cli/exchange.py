"""`modelry export`: the catalogue in the vocabularies of others."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from modelry.cli import COMMANDS
from modelry.cli.listing import list_command
from modelry.cli.options import Command, complete_from, data_option, open_registry
from modelry.cli.text import count
from modelry.formats import FORMATS, exported

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from modelry.records import Model

WRITTEN = tuple(name for name, format_ in FORMATS.items() if format_.writes)
_NO_FILTERS = frozenset({"words", "sort", "descending", "limit", "ids", "data", "as_json"})


def filter_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The filters of `modelry list`, each as it stands there."""
    filters = [option for option in list_command.params if option.name not in _NO_FILTERS]
    command.__click_params__ = [*getattr(command, "__click_params__", ()), *reversed(filters)]  # type: ignore[attr-defined]
    return command


@click.command("export", cls=Command, short_help=COMMANDS["export"].help)
@click.argument("name", metavar="FORMAT", type=click.Choice(WRITTEN), shell_complete=complete_from(*WRITTEN))
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, allow_dash=True),
    metavar="OUT",
    help="File to write, whole or not at all; for yaml also a new folder. [default: standard output]",
)
@click.option("--report", is_flag=True, help="Tell everything that the format cannot say, on stderr.")
@filter_options
@data_option
@click.option("--json", "as_json", is_flag=True, help="The report as JSON: on stderr while the export is on stdout.")
def export_command(
    name: str, *, out: Path | None, report: bool, capability: Sequence[str], max_input: object, max_output: object,
    data: str | None, as_json: bool, **filters: Any,
) -> None:  # fmt: skip
    """Write the models, or those that pass the filters, in another FORMAT, at the prices in force today.

    litellm, models.dev, openrouter and openai are what those systems serve; csv and parquet are one table; yaml is the
    registry's own form, and a folder of it can be opened with --data. What a format cannot say is counted on stderr.

    Examples:
      modelry export litellm > model_prices_and_context_window.json
      modelry export csv --provider openai > openai.csv
      modelry export parquet --capability tools > tools.parquet
      modelry export yaml --series claude > claude.yaml
    """
    filters |= {
        "capability": [word.strip() for word in ",".join(capability).split(",") if word.strip()],
        "max_input_per_mtok": max_input, "max_output_per_mtok": max_output,
    }  # fmt: skip
    to_stdout = out is None or str(out) == "-"
    if to_stdout and not FORMATS[name].is_text and sys.stdout.isatty():
        raise click.UsageError(f"{name} is no text for a terminal; name a file with -o.")
    registry = open_registry(data)
    models = registry.models(**filters)
    losses: list[str] = []
    if name == "yaml" and out is not None and not to_stdout and out.suffix not in (".yaml", ".yml"):
        FORMATS[name].load().write_folder(out, models, losses, manifests=registry.providers())
    else:
        _write(exported(name, models, losses, manifests=registry.providers()), None if to_stdout else out)
    _tell(name, models, losses, out, all_of_them=report, as_json=as_json)


def _write(content: bytes, out: Path | None) -> None:
    if out is None:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    else:
        from modelry.atomic import write_whole

        write_whole(out, content)


def _tell(
    name: str, models: Sequence[Model], losses: Sequence[str], out: Path | None, *, all_of_them: bool, as_json: bool
) -> None:
    """What was written, and what could not be said."""
    ids = {loss.partition(": ")[0] for loss in losses}
    if as_json:
        from modelry.jsontext import dumps

        told = {"format": name, "out": None if out is None else str(out), "models": len(models), "losses": losses}
        click.echo(dumps(told, indent=2), err=out is None or str(out) == "-")
        return
    if all_of_them:
        click.echo("".join(f"{loss}\n" for loss in losses), err=True, nl=False)
    written = f"{count(len(models))} models"
    if losses:
        written += f", with {count(len(losses))} things on {count(len(ids))} of them that {name} cannot say"
        written += "" if all_of_them else "; --report tells them"
    click.echo(f"{written}.", err=True)
