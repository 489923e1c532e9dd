"""`modelry verify`: what a provider says itself of the models that it serves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from modelry.cli import COMMANDS
from modelry.cli.maintain import json_option, progress, root_option
from modelry.cli.options import Command, complete_provider

if TYPE_CHECKING:
    from collections.abc import Iterator

    from modelry.refresh.verify import Report

_MOST_LINES = 20


@click.command("verify", cls=Command, short_help=COMMANDS["verify"].help)
@click.argument("name", metavar="PROVIDER", shell_complete=complete_provider)
@click.option("--offline", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
              help="Read a saved answer; nobody is asked.")  # fmt: skip
@click.option("--as-of", "day", metavar="DAY", type=click.DateTime(["%Y-%m-%d"]),
              help="When it said so. [default: the answer's own date, today for a file]")  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Say what would be recorded; write nothing.")
@click.option("--accept", is_flag=True, help="A person has looked: mark rows as gone, however many they are.")
@root_option
@json_option
def verify_command(
    name: str, offline: Path | None, day: object, root: Path, *, dry_run: bool, accept: bool, as_json: bool
) -> None:
    """Ask PROVIDER for its own list of models, and record which of our rows it lists.

    Its manifest says where to ask; the key comes from the environment (`modelry providers NAME` names the variable) and
    is shown nowhere. Told are the rows that are listed, the names that are unknown to us, and the rows that are gone: active
    here, or listed before, and not there. Where more than half would be gone at once, those are not marked.

    Exit status: 0 recorded; 1 nothing could be read, or too many rows are gone.

    Examples:
      modelry verify anthropic
      modelry verify google --dry-run --json
      modelry verify openai --offline models.json --as-of 2026-11-20
    """
    from datetime import datetime

    from modelry.catalog.build import provider_called, providers_of
    from modelry.jsontext import dumps
    from modelry.refresh.asking import ask, saved
    from modelry.refresh.report import legible
    from modelry.refresh.verify import verify

    manifests = {manifest.id: manifest for manifest in providers_of(root)}
    provider = manifests[provider_called(name, manifests, manifests.values())]
    said_on = day.date().isoformat() if isinstance(day, datetime) else None
    progress(f"Asking {provider.name} …" if offline is None else f"Reading {offline} …")
    answer = ask(provider, said_on, progress) if offline is None else saved(provider, offline, said_on)
    report = verify(root, provider, answer, accept=accept, record=not dry_run, tell=progress)
    click.echo(
        dumps(report._asdict(), indent=2) if as_json else "\n".join(map(legible, _lines(report, dry_run=dry_run)))
    )
    if report.held:
        told = f"{len(report.held):,} rows are not listed, more than half of those that should be: --accept marks them"
        click.echo(f"held back: {told}", err=True)
        raise click.exceptions.Exit(1)


def _lines(report: Report, *, dry_run: bool) -> Iterator[str]:
    told = {"unknown to us": report.unknown, "gone": report.gone, "held back": report.held}
    counts = [f"{len(found):,} {what}" for what, found in told.items() if found]
    yield f"{report.provider} on {report.day}: " + ", ".join([f"{len(report.verified):,} verified", *counts])
    for what, found in told.items():
        yield from (f"  {what}: {one}" for one in found[:_MOST_LINES])
        if len(found) > _MOST_LINES:
            yield f"  … and {len(found) - _MOST_LINES:,} more; --json has them all"
    yield from (f"wrote {path}" for path in report.written)
    if dry_run:
        yield "nothing is written: this is a dry run"
