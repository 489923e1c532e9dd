"""`modelry import`: take in a feed's body as the last accepted claims of its source."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from modelry.cli import COMMANDS
from modelry.cli.maintain import json_option, progress, root_option
from modelry.cli.options import Command

SOURCES = {"litellm": "litellm", "models.dev": "models_dev", "genai-prices": "genai_prices", "openrouter": "openrouter"}
"""Keys of `catalog.feeds.FORMATS` by their words; a test holds the two together. (That module reads YAML.)"""


@click.command("import", cls=Command, short_help=COMMANDS["import"].help)
@click.argument("source", metavar="FORMAT", type=click.Choice(list(SOURCES)))
@click.argument(
    "file", metavar="[FILE]", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path), required=False
)
@click.option("--installed", is_flag=True, help="Read the data inside the installed litellm or genai-prices package.")
@click.option("--as-of", "day", metavar="DAY", type=click.DateTime(["%Y-%m-%d"]), help="When the feed said so (today).")
@root_option
@json_option
def import_command(source: str, file: Path | None, day: object, root: Path, *, installed: bool, as_json: bool) -> None:
    """Take in a feed: what it says becomes the last accepted claims of its source, in data/feeds/.

    Prices that changed since the last time become dated cards, offerings that it no longer lists stay and are marked.
    `modelry build` then folds all claims into the catalogue. FILE may be - for standard input.

    Examples:
      modelry import openrouter models.json --as-of 2026-04-17
      modelry import litellm --installed
      curl -s https://models.dev/api.json | modelry import models.dev -
    """
    from datetime import UTC, datetime

    from modelry.authoring.load import load_providers
    from modelry.catalog import feeds
    from modelry.jsontext import dumps

    if installed == (file is not None):
        raise click.UsageError("give a FILE or --installed")
    progress(f"Reading {source} …")
    body = _installed(SOURCES[source]) if file is None else _parsed(file)
    said_on = day if isinstance(day, datetime) else datetime.now(UTC)
    taken = feeds.take(root, SOURCES[source], body, said_on.strftime("%Y-%m-%d"), load_providers(root / "v1"))
    if as_json:
        click.echo(dumps(taken._asdict(), indent=2))
        return
    for unread in taken.report:
        click.echo(f"not read: {unread}", err=True)
    click.echo(f"{taken.models:,} offerings; " + ("run `modelry build`" if taken.changed else "nothing new"))


def _parsed(file: Path) -> object:
    from modelry.errors import CatalogRejected
    from modelry.jsontext import loads

    try:
        return loads(sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes())
    except (ValueError, RecursionError) as error:
        raise CatalogRejected(str(file), f"is no JSON: {error}") from None


def _installed(source: str) -> object:
    """The data of an installed peer; LiteLLM's is read as a file, so that nothing of it is imported."""
    from importlib import import_module
    from importlib.util import find_spec

    from modelry.errors import CatalogRejected

    package = {"litellm": "litellm", "genai_prices": "genai_prices"}.get(source)
    spec = find_spec(package) if package else None
    if spec is None or spec.origin is None:
        raise CatalogRejected(source, "no installed package brings this feed: give a FILE")
    if source == "litellm":
        return _parsed(Path(spec.origin).with_name("model_prices_and_context_window_backup.json"))
    return list(import_module("genai_prices.data").providers)
