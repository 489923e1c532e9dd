"""`modelry list`: choose models, and see them in a table."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NamedTuple

import click

from modelry.capabilities import CAPABILITIES, COMPONENTS, MODALITIES, STATUSES
from modelry.cli import COMMANDS
from modelry.cli.options import (
    COUNT,
    PRICE,
    Command,
    complete_from,
    complete_provider,
    data_option,
    is_piped,
    json_option,
    open_registry,
)
from modelry.cli.text import FREE, UNKNOWN, aligned, count, meter_unit, rate_shown, window
from modelry.meters import METERS
from modelry.select import SORTS, in_force, matching, records

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from rich.console import Console

    from modelry.pricing import Pricing
    from modelry.records import Model

_ON_A_SCREEN = 50
_NARROWEST_ID = 30
_ROOM = 500


@click.command("list", cls=Command, short_help=COMMANDS["list"].help)
@click.argument("words", nargs=-1)
@click.option("--provider", metavar="NAME", shell_complete=complete_provider, help="Served by this provider.")
@click.option(
    "--component", metavar="NAME", shell_complete=complete_from(*COMPONENTS), help=f"For this: {', '.join(COMPONENTS)}."
)
@click.option(
    "--capability",
    metavar="NAME",
    multiple=True,
    shell_complete=complete_from(*CAPABILITIES),
    help="Can do this: tools, vision, reasoning, …; several by commas or by repeating.",
)
@click.option(
    "--modality",
    metavar="KIND",
    shell_complete=complete_from(*MODALITIES),
    help=f"Takes or makes this: {', '.join(MODALITIES)}.",
)
@click.option("--series", metavar="NAME", help="Of this family: gpt, claude, gemini, …")
@click.option(
    "--status", metavar="WORD", shell_complete=complete_from(*STATUSES), help=f"One of {', '.join(STATUSES)}."
)
@click.option(
    "--min-context",
    type=COUNT,
    metavar="N",
    help="A context window, or where none is known an input, of at least N tokens, such as 128k.",
)
@click.option("--max-input", type=PRICE, metavar="PRICE", help="At most PRICE per 1M input tokens.")
@click.option("--max-output", type=PRICE, metavar="PRICE", help="At most PRICE per 1M output tokens.")
@click.option(
    "--currency", default="USD", show_default=True, metavar="CODE", help="The currency in which prices are compared."
)
@click.option("--free/--paid", default=None, help="Where everything costs 0; or where something is known to cost more.")
@click.option("--verified/--unverified", default=None, help="Whether the provider itself was asked.")
@click.option("--open-weights/--closed-weights", default=None, help="Whether the weights are published.")
@click.option("--stale", "stale_days", type=COUNT, metavar="DAYS", help="Touched or checked by no source for longer.")
@click.option(
    "--sort",
    default="id",
    show_default=True,
    metavar="WORD",
    shell_complete=complete_from(*SORTS),
    help=f"Order: {', '.join(SORTS)}.",
)
@click.option("--desc", "descending", is_flag=True, help="The other way round: the dearest, longest or newest first.")
@click.option(
    "-n",
    "--limit",
    type=COUNT,
    metavar="N",
    help=f"At most N models. [default: {_ON_A_SCREEN} on a terminal, else all]",
)
@click.option("--ids", is_flag=True, help="Ids alone, one a line.")
@data_option
@json_option
def list_command(
    words: Sequence[str], *, capability: Sequence[str], max_input: object, max_output: object, limit: int | None,
    ids: bool, data: str | None, as_json: bool, **filters: Any,
) -> None:  # fmt: skip
    """Choose models: those whose id, aliases or display name have all WORDS, and that pass every filter.

    A filter or an order by price compares the prices in force now, and leaves out what is free or has no known price
    (--free lists what is free). Prices are per 1M tokens; — is unknown, never 0.

    Examples:
      modelry list sonnet
      modelry list --capability tools,vision --min-context 100k --sort input --limit 5
      modelry list --provider google --component EMB
      modelry list --free --sort context --desc
      modelry list --max-input 0.5 --sort release_date --desc --json
    """  # fmt: skip
    filters |= {
        "q": " ".join(words), "capability": [name.strip() for name in ",".join(capability).split(",") if name.strip()],
        "max_input_per_mtok": max_input, "max_output_per_mtok": max_output,
    }  # fmt: skip
    snapshot = open_registry(data).snapshot
    keys = matching(snapshot, **filters)
    if limit is None and not (as_json or ids) and sys.stdout.isatty():
        limit = _ON_A_SCREEN
    models = records(snapshot, keys[:limit])
    if as_json:
        from modelry.cli.plain import model_row
        from modelry.jsontext import dumps

        click.echo(dumps([model_row(model) for model in models], indent=2))
    elif ids:
        click.echo("".join(f"{model.id}\n" for model in models), nl=False)
    elif models and is_piped():
        click.echo(plain_table(models, filters))
    elif models:
        from modelry.cli.drawing import console

        draw(console(), models, total=len(keys), filters=filters)
    if not keys:
        click.echo("No model passes these filters.", err=True)


class Column(NamedTuple):
    """A column of the table: its heading, a cell of it, and how its cells stand."""

    heading: str
    cell: Callable[[Model, Pricing | None], str]
    justify: str = "left"


_SIDES = ("input_per_token", "output_per_token")


def _price(meter: str) -> Callable[[Model, Pricing | None], str]:
    def cell(_model: Model, card: Pricing | None) -> str:
        if card is None:
            return UNKNOWN
        shown = rate_shown(meter, card.rates.get(meter))
        if shown == UNKNOWN and meter in _SIDES and not any(METERS[name].is_token for name in card.rates):
            shown = _other_price(card, meter)
        return f"{card.currency} {shown}" if card.currency != "USD" and shown not in (UNKNOWN, FREE) else shown

    return cell


def _other_price(card: Pricing, instead_of: str) -> str:
    """The first price of a card without token prices, on the side where it belongs: 0.04/image."""
    for name, rate in card.rates.items():
        if rate is not None and (METERS[name].direction == "out") == (METERS[instead_of].direction == "out"):
            return f"{rate_shown(name, rate)}/{meter_unit(name)}"
    return UNKNOWN


def _can(name: str) -> Callable[[Model, Pricing | None], str]:
    return lambda model, _card: {True: "✓", False: "✗", None: UNKNOWN}[model.capabilities.get(name)]


def _field(name: str) -> Callable[[Model, Pricing | None], str]:
    return lambda model, _card: str(getattr(model, name) or UNKNOWN)


COLUMNS: dict[str, Column] = {
    "id": Column("model", lambda model, _card: model.id),
    "context": Column("context", lambda model, _card: window(model), "right"),
    "input": Column("input", _price("input_per_token"), "point"),
    "output": Column("output", _price("output_per_token"), "point"),
    "cached_input": Column("cached", _price("cached_input_per_token"), "point"),
    "max_output_tokens": Column("max output", lambda model, _card: count(model.max_output_tokens), "right"),
    "status": Column("status", _field("status")),
    "release_date": Column("released", _field("release_date")),
    "last_updated": Column("updated", _field("last_updated")),
    "tools": Column("tools", _can("tools"), "center"),
    "vision": Column("vision", _can("vision"), "center"),
    "reasoning": Column("reasoning", _can("reasoning"), "center"),
}
"""What a list can show. Those that it always shows come first; then what there is room for, in this order."""

_ALWAYS = ("id", "context", "input", "output")
_IF_ROOM = ("cached_input", "max_output_tokens", "release_date", "tools", "vision", "reasoning")


def plain_table(models: Sequence[Model], filters: dict[str, Any]) -> str:
    """The table for a program that reads it: nothing folded, nothing drawn, one model a line."""
    cells = _all_cells(models)
    columns = []
    for name in _chosen(cells, filters, _ROOM):
        width = max(map(len, [COLUMNS[name].heading, *cells[name]]))
        is_number = COLUMNS[name].justify in ("right", "point")
        lines = (COLUMNS[name].heading, *cells[name])
        columns.append([line.rjust(width) if is_number else line.ljust(width) for line in lines])
    return "\n".join("  ".join(row).rstrip() for row in zip(*columns, strict=True))


def draw(console: Console, models: Sequence[Model], *, total: int, filters: dict[str, Any]) -> None:
    """A table of models as wide as the console, and a line that says how to read it."""
    from rich.text import Text

    from modelry.cli.drawing import grid, note, price_text

    cells = _all_cells(models)
    table = grid()
    shown = _chosen(cells, filters, console.width)
    for name in shown:
        column = COLUMNS[name]
        is_point = column.justify == "point"  # its cells come aligned, and must not lose their blanks
        heading = Text(column.heading, justify="right" if is_point else None)
        table.add_column(heading, justify="left" if is_point else column.justify, no_wrap=name != "id", overflow="fold")  # type: ignore[arg-type]
    for number in range(len(models)):
        table.add_row(*(price_text(cells[name][number]) for name in shown))
    console.print(table)
    console.print(note(f"\n{_footnote(len(models), total, filters)}"))


def _footnote(shown: int, total: int, filters: dict[str, Any]) -> str:
    bounds = (filters["max_input_per_mtok"], filters["max_output_per_mtok"])
    by_price = SORTS[filters["sort"]].meter or any(bound is not None for bound in bounds)
    currency = filters["currency"].upper() if by_price else "USD"
    parts = [f"{count(shown)} of {count(total)} models, {currency} per 1M tokens"]
    if by_price and not filters["free"]:
        parts.append("free and unpriced left out")
    if shown == _ON_A_SCREEN < total:
        parts.append("--limit shows more")
    return "; ".join(parts) + "."


def _all_cells(models: Sequence[Model]) -> dict[str, list[str]]:
    cards = [in_force(model.pricing) for model in models]
    return {name: _cells(column, models, cards) for name, column in COLUMNS.items()}


def _cells(column: Column, models: Sequence[Model], cards: Sequence[Pricing | None]) -> list[str]:
    cells = [column.cell(model, card) for model, card in zip(models, cards, strict=True)]
    if column.justify != "point":
        return cells
    width = len(column.heading)
    return [cell.rjust(width) for cell in aligned(cells)]


def _chosen(cells: dict[str, list[str]], filters: dict[str, Any], width: int) -> list[str]:
    """The columns to show: the fixed ones, what is asked about, a status that warns, then what there is room for."""
    wanted = {*_ALWAYS, filters["sort"], *filters["capability"]} & COLUMNS.keys()
    if any(cell not in (UNKNOWN, "active") for cell in cells["status"]):
        wanted.add("status")
    widths = {name: max(map(len, [COLUMNS[name].heading, *cells[name]])) + 2 for name in cells}
    # A long id folds rather than push the prices off the screen.
    left = width - sum(widths[name] for name in wanted - {"id"}) - min(widths["id"], width // 2)
    if "status" in wanted and left + min(widths["id"], width // 2) < _NARROWEST_ID:
        wanted.remove("status")
    for name in _IF_ROOM:
        if name not in wanted and widths[name] <= left:
            wanted.add(name)
            left -= widths[name]
    return [name for name in COLUMNS if name in wanted]
