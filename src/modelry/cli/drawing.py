"""What is drawn with rich: consoles, tables and rate cards. Imported only when something is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from modelry.cli.options import is_piped
from modelry.cli.text import FREE, UNKNOWN, aligned, conditions, digits, meter_unit, meter_words, rate_shown
from modelry.meters import METERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rich.console import RenderableType

    from modelry.pricing import Override, Pricing

WIDEST = 100
_PIPE_WIDTH = 160
_INHERITED = "·"


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Leave it to the command line, which treats all commands alike."""
        raise BrokenPipeError


def console() -> Console:
    """A console as wide as the terminal; a pipe gets room, so that nothing is cut that a program reads.

    Markup, emoji codes and highlighting are off: `:free` and brackets are parts of ids.
    """
    return _Console(width=_PIPE_WIDTH if is_piped() else None, markup=False, emoji=False, highlight=False)


def grid(*columns: str) -> Table:
    """A table with a ruled heading and nothing else."""
    table = Table(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))
    for column in columns:
        table.add_column(column, vertical="bottom")
    return table


def facts(pairs: Iterable[tuple[str, Text | str]]) -> Table:
    """Labels and what they say, wrapped beside them."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for label, value in pairs:
        table.add_row(label, value)
    return table


def panel(title: str, pairs: Iterable[tuple[str, Text | str]], width: int) -> Panel:
    """Facts in a frame; lines longer than a page are hard to read, however wide the terminal."""
    return Panel(
        facts(pairs), title=Text(title, style="bold"), title_align="left", box=box.ROUNDED, border_style="dim",
        padding=(0, 1), width=min(width, WIDEST),
    )  # fmt: skip


def heading(first: str, *rest: str) -> Text:
    """A line that opens a section."""
    return Text(first, style="bold").append("".join(f", {part}" for part in rest if part), style="not bold")


def note(text: str) -> Text:
    """A line that explains what stands above it."""
    return Text(text, style="dim", overflow="fold")


def price_text(shown: str) -> Text:
    """A price cell: what is unknown or inherited steps back, what is free stands out."""
    bare = shown.strip()
    return Text(shown, style="green" if bare == FREE else "dim" if bare in (UNKNOWN, _INHERITED) else "")


def rate_card(card: Pricing, width: int) -> Iterator[RenderableType]:
    """A card no wider than `width`: a list where each meter has one price, else conditions down and meters across."""
    named = {*card.rates, *(meter for override in card.overrides for meter in override.rates)}
    meters = [meter for meter in METERS if meter in named]
    if not card.overrides:
        yield _price_list(card, meters)
        return
    rows = [_cells(card, meters)] + [_override_cells(override, meters) for override in card.overrides]
    labels = ["base"] + [conditions(override.when) for override in card.overrides]
    columns = [aligned([row[at] for row in rows]) for at in range(len(meters))]
    widths = [max(_heading_width(meter), len(cells[0])) for meter, cells in zip(meters, columns, strict=True)]
    first = min(max(map(len, labels)), max(width - sum(widths) - 2 * len(widths), width // 3))
    for chosen in _fitting(widths, width - first):
        table = grid("when")
        table.columns[0].width = first
        for at in chosen:
            table.add_column(Text(column_heading(meters[at]), justify="right"), no_wrap=True, vertical="bottom")
        for number, label in enumerate(labels):
            cells = [columns[at][number].rjust(widths[at]) for at in chosen]
            if number == 0 or any(cell.strip() != _INHERITED for cell in cells):
                table.add_row(Text(label), *map(price_text, cells))
        yield table
    yield note(f"Rows apply in order, a later one wins; {_INHERITED} unchanged, {UNKNOWN} unknown.")


def _price_list(card: Pricing, meters: Sequence[str]) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    prices = aligned([rate_shown(meter, card.rates[meter]) for meter in meters])
    for meter, price in zip(meters, prices, strict=True):
        table.add_row(meter_words(meter), price_text(price), Text(f"per {meter_unit(meter)}", style="dim"))
    return table


def _cells(card: Pricing, meters: Sequence[str]) -> list[str]:
    return [rate_shown(meter, card.rates[meter]) if meter in card.rates else UNKNOWN for meter in meters]


def _override_cells(override: Override, meters: Sequence[str]) -> list[str]:
    cells = []
    for meter in meters:
        is_token = METERS[meter].is_token
        if meter in override.rates:
            cells.append(rate_shown(meter, override.rates[meter]))
        elif is_token and override.multiply is not None:
            cells.append(f"× {digits(override.multiply, 0)}")
        else:
            cells.append(UNKNOWN if override.replace and is_token else _INHERITED)
    return cells


def column_heading(meter: str) -> str:
    """The meter's words one below the other, and its unit where that is not the token."""
    words = meter_words(meter).split()
    return "\n".join(words if METERS[meter].is_token else [*words, f"per {meter_unit(meter)}"])


def _heading_width(meter: str) -> int:
    return max(map(len, column_heading(meter).split("\n")))


def _fitting(widths: Sequence[int], width: int) -> Iterator[list[int]]:
    """The columns parted into runs that fit."""
    run: list[int] = []
    left = width
    for at, needs in enumerate(widths):
        if run and needs + 2 > left:
            yield run
            run, left = [], width
        run.append(at)
        left -= needs + 2
    yield run
