"""`modelry audit`: where sources disagree."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from modelry.cli import COMMANDS
from modelry.cli.importing import SOURCES
from modelry.cli.maintain import json_option, root_option
from modelry.cli.options import Command
from modelry.cli.refresh import watched
from modelry.cli.text import aligned, count, digits

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rich.table import Table
    from rich.text import Text

    from modelry.refresh.audit import Finding

_LEVELS = ("info", "warning", "error")
_STYLES = {"error": "bold red", "warning": "yellow", "info": "dim"}
_WIDEST_FIELD = 28
_WORDS = {source: word for word, source in SOURCES.items()} | {"bundle": "the package"}


@click.command("audit", cls=Command, short_help=COMMANDS["audit"].help)
@click.option("--provider", metavar="ID", help="Only rows of this provider.")
@click.option("--level", type=click.Choice(_LEVELS), default="warning", show_default=True, help="Least level to tell.")
@click.option("--limit", type=click.IntRange(0), default=20, show_default=True, metavar="N", help="Most models shown; 0 is all.")  # fmt: skip
@click.option("--fail-on", type=click.Choice(_LEVELS), help="Exit with 1 where there is a finding of this level or worse.")  # fmt: skip
@root_option
@json_option
def audit_command(
    provider: str | None, level: str, limit: int, fail_on: str | None, root: Path, *, as_json: bool
) -> None:
    """Where a source says another price or limit than the catalogue: by how much, who agrees, and the likely cause.

    Below each model what the catalogue says and who else does, then what others say. The model with the most money at stake
    comes first: the difference in the price of a million tokens, three quarters of them input, or of a thousand units.

    `error` is what cannot be meant here (a unit slip, input and output swapped, 0, where more sources say otherwise),
    `warning` another price, `info` a gap or a limit. --json tells all levels.

    Examples:
      modelry audit
      modelry audit --provider openai --level info
      modelry audit --json --fail-on error
    """
    from modelry.jsontext import dumps
    from modelry.refresh.audit import audit

    with watched(2) as tell:
        found = audit(root, provider, tell=tell)
    if as_json:
        click.echo(dumps([one._asdict() for one in found], indent=2))
    else:
        _draw(found, level, limit)
    failing = _from(fail_on, found) if fail_on else []
    if failing:
        click.echo(f"{len(failing):,} of level {fail_on} or worse", err=True)
        raise click.exceptions.Exit(1)


def _from(level: str, found: Iterable[Finding]) -> list[Finding]:
    """The findings of a level or worse."""
    return [one for one in found if _LEVELS.index(one.level) >= _LEVELS.index(level)]


def _draw(found: Sequence[Finding], level: str, limit: int) -> None:
    from modelry.cli.drawing import console, heading

    told = _from(level, found)
    by_model: dict[str, list[Finding]] = {}
    for one in told:
        by_model.setdefault(one.id, []).append(one)
    shown = list(by_model)[: limit or None]
    screen = console()
    for name, table in zip(shown, _tables([by_model[name] for name in shown]), strict=True):
        stake = by_model[name][0].stake
        screen.print(heading(name, f"{_number(stake)} at stake" if stake else ""), soft_wrap=True)
        screen.print(table)
        click.echo()
    click.echo(_counted(found, told, level))
    if left := len(by_model) - len(shown):
        click.echo(f"--limit 0 shows {left:,} more of {len(by_model):,} models")


def _counted(found: Sequence[Finding], told: Sequence[Finding], level: str) -> str:
    numbers = {name: sum(one.level == name for one in told) for name in reversed(_LEVELS)}
    parts = [f"{number:,} of level {name}" for name, number in numbers.items() if number]
    less = len(found) - len(told)
    more = f"{less:,} below {level} with --level info"
    return "; ".join([", ".join(parts) or "0 findings", *([more] if less else [])])


Line = tuple[str, str, str, "Text"]
"""A field, a value of it, its factor, and who says so."""


def _tables(models: Iterable[Sequence[Finding]]) -> Iterator[Table]:
    """What is said of each model, the columns of all as wide."""
    from rich.table import Table

    told = [[line for group in _by_field(found) for line in _lines(group)] for found in models]
    values = iter(aligned([value for lines in told for _, value, *_ in lines]))
    widths = [max((len(line[at]) for lines in told for line in lines), default=0) for at in (0, 2)]
    for lines in told:
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(width=min(widths[0], _WIDEST_FIELD) + 2, overflow="fold")
        table.add_column(no_wrap=True)
        table.add_column(width=widths[1], no_wrap=True, justify="right", style="dim")
        table.add_column(overflow="fold")
        for field, _, factor, said in lines:
            table.add_row(f"  {field}", next(values), factor, said)
        yield table


def _by_field(found: Iterable[Finding]) -> Iterable[list[Finding]]:
    groups: dict[str, list[Finding]] = {}
    for one in found:
        groups.setdefault(one.field, []).append(one)
    return groups.values()


def _lines(group: Sequence[Finding]) -> Iterator[Line]:
    """Ours, where there is one, and below it what others say."""
    from rich.text import Text

    from modelry.refresh.cards import named

    first = group[0]
    field = named(first.field)
    if first.ours is not None:
        yield field, _number(first.ours), "", Text(_words(["here", *first.with_us]))
        field = ""
    for one in group:
        factor = f"{one.factor.normalize():f}×" if one.factor is not None else ""
        said = Text(f"{_words(one.sources)}: ").append(one.cause, style=_STYLES[one.level])
        yield field, _number(one.theirs) if one.theirs is not None else "", factor, said
        field = ""


def _words(sources: Iterable[str]) -> str:
    return ", ".join(_WORDS.get(source, source) for source in sources)


def _number(value: Decimal | int) -> str:
    """A limit, or a price without the noise of somebody's floats."""
    return count(value) if isinstance(value, int) else digits(Decimal(f"{value:.8g}"))
