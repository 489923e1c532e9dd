"""`modelry refresh`: feeds taken in, guarded."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from modelry.cli import COMMANDS
from modelry.cli.importing import SOURCES
from modelry.cli.maintain import json_option, root_option
from modelry.cli.options import Command

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from modelry.refresh.engine import FeedReport
    from modelry.refresh.fetching import Body

PENDING = 3
"""Exit status of a dry run that found changes."""


@click.command("refresh", cls=Command, short_help=COMMANDS["refresh"].help)
@click.option("--feed", "feeds", multiple=True, metavar="SOURCE[=URL|FILE]",
              help=f"Feed to take in, several times for several: {', '.join(SOURCES)}. [default: all]")  # fmt: skip
@click.option("--as-of", "day", metavar="DAY", type=click.DateTime(["%Y-%m-%d"]),
              help="When the feeds said so. [default: the answer's own date, today for a file]")  # fmt: skip
@click.option("--apply", is_flag=True, help="Write what changed; without it nothing is written.")
@click.option("--accept", is_flag=True, help="A person has looked: take in what the guards hold back or reject.")
@click.option("--report", "out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="Write the report there too, in Markdown.")  # fmt: skip
@root_option
@json_option
def refresh_command(
    feeds: Sequence[str], day: object, root: Path, out: Path | None, *, apply: bool, accept: bool, as_json: bool
) -> None:
    """Fetch feeds, judge them, and fold what changed into the catalogue: a dry run, unless --apply is given.

    Rows that a feed lists no longer stay and are marked. A feed that is not itself any more is rejected as a whole, a row
    with an unlikely price waits in quarantine: either way what was known stays, and the reason is told.

    Exit status: 0 nothing to do, or applied; 3 changes are pending (dry run); 1 a feed was rejected.

    Examples:
      modelry refresh --feed openrouter
      modelry refresh --feed openrouter --apply --report report.md
      modelry refresh --feed litellm=model_prices.json --as-of 2026-11-20 --json
    """
    from datetime import datetime

    from modelry.jsontext import dumps
    from modelry.refresh.engine import refresh
    from modelry.refresh.report import as_data, legible, markdown, summary

    asked = dict(map(_named, feeds)) or dict.fromkeys(SOURCES.values())
    if len(asked) < len(feeds):
        raise click.UsageError("give each --feed once")
    said_on = day.date().isoformat() if isinstance(day, datetime) else None
    with watched(2 * len(asked) + 2) as tell:
        bodies, failed = _fetched(asked, said_on, tell)
        report = refresh(root, bodies, accept=accept, apply=apply, tell=tell)
    report = report._replace(feeds=[*report.feeds, *failed])
    if out is not None:
        from modelry.atomic import write_whole

        write_whole(out, markdown(report).encode())
    click.echo(dumps(as_data(report), indent=2) if as_json else summary(report))
    rejected = [f"{feed.source}: {feed.rejected}" for feed in report.feeds if feed.rejected]
    for reason in rejected:
        click.echo(f"rejected: {legible(reason)}", err=True)
    if rejected:
        raise click.exceptions.Exit(1)
    if report.pending and not apply:
        raise click.exceptions.Exit(PENDING)


def _named(feed: str) -> tuple[str, str | None]:
    word, _, place = feed.partition("=")
    if word not in SOURCES:
        raise click.BadParameter(f"{word!r} is no feed; there are {', '.join(SOURCES)}.", param_hint="--feed")
    return SOURCES[word], place or None


def _fetched(
    asked: Mapping[str, str | None], day: str | None, tell: Callable[[str], None]
) -> tuple[list[Body], list[FeedReport]]:
    """The bodies that could be had, and why the others could not: one feed that is away stops no other."""
    from modelry.errors import CatalogRejected
    from modelry.refresh.engine import FeedReport
    from modelry.refresh.fetching import body_of

    bodies, failed = [], []
    for source, place in asked.items():
        tell(f"fetching {source}")
        try:
            bodies.append(body_of(source, place, day, tell))
        except CatalogRejected as error:
            failed.append(FeedReport(source, day or "", 0, error.reason, (), ()))
    return bodies, failed


@contextmanager
def watched(steps: int) -> Iterator[Callable[[str], None]]:
    """Say how far it is, to a person who is watching."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from itertools import count

    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=steps)

        started = count()

        def tell(what: str) -> None:
            bar.update(task, completed=next(started), description=what)

        yield tell
