"""Prices by date, as `show --history` draws them. Imported only when something is drawn."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from modelry.cli.drawing import column_heading, grid, heading, note, price_text
from modelry.cli.text import UNKNOWN, aligned, rate_shown
from modelry.meters import METERS
from modelry.rates import spans

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from rich.console import RenderableType
    from rich.table import Table

    from modelry.pricing import Pricing
    from modelry.rates import Span

_PRICES = 3
"""How many prices a row has room for: mostly input, output, cached input."""

_Columns = dict[str, list[str]]


def by_date(cards: Sequence[Pricing], width: int) -> Iterator[RenderableType]:
    """Cards from the newest to the oldest, a row each: when each held, its first prices, and where they were read."""
    ordered = sorted(spans(cards), key=lambda span: (span.card.since or "", span.card.correction), reverse=True)
    named = {meter for card in cards for meter in card.rates}
    meters = [meter for meter in METERS if meter in named][:_PRICES]
    sources = list(dict.fromkeys(source for span in ordered if (source := span.card.source)))
    unit = "per 1M tokens" if all(METERS[meter].is_token for meter in meters) else ""
    yield heading("Prices by date", f"{', '.join(sorted({card.currency for card in cards}))} {unit}".rstrip())
    yield note("")
    yield _table(_columns(ordered, meters, sources, width), set(map(column_heading, meters)))
    if sources:
        yield note("")
    for number, source in enumerate(sources, 1):
        yield note(f"{number}  {source}")
    if any("~" in _since(span) for span in ordered):
        yield note("~ when it was first seen: it may have held before.")


def _columns(ordered: Sequence[Span], meters: Sequence[str], sources: Sequence[str], width: int) -> _Columns:
    columns: _Columns = {"since": list(map(_since, ordered)), "until": list(map(_until, ordered))}
    if len({span.card.currency for span in ordered}) > 1:
        columns["in"] = [span.card.currency for span in ordered]
    for meter in meters:
        columns[column_heading(meter)] = aligned([rate_shown(meter, span.card.rates.get(meter)) for span in ordered])
    columns["from"] = [str(sources.index(source) + 1) if (source := span.card.source) else UNKNOWN for span in ordered]
    more = {**columns, "and": [_more(span.card, meters) for span in ordered]}
    return more if any(more["and"]) and _wide(more) <= width else columns


def _table(columns: _Columns, prices: Collection[str]) -> Table:
    table = grid()
    for name in columns:
        table.add_column(name, overflow="fold", vertical="bottom", justify="right" if name in prices else "left")
    for cells in zip(*columns.values(), strict=True):
        table.add_row(*map(price_text, cells))
    return table


def _wide(columns: _Columns) -> int:
    return sum(
        max(len(line) for cell in (name, *cells) for line in cell.split("\n")) + 1 for name, cells in columns.items()
    )


def _since(span: Span) -> str:
    card = span.card
    day = f"{'' if card.effective_from else '~'}{(card.since or '')[:10]}"
    is_ever = span.in_use and span.since is None
    return ("ever" if is_ever else day) + "\ncorrection" * card.correction


def _until(span: Span) -> str:
    if not span.in_use:
        return "corrected" if span.card.is_known else "no price"
    if span.until:
        return span.until[:10]
    return "to come" if (span.since or "") > datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") else "now"


def _more(card: Pricing, meters: Sequence[str]) -> str:
    """How much else a card says."""
    prices, conditions = len(card.rates.keys() - set(meters)), len(card.overrides)
    counted = ((prices, "more price"), (conditions, "condition"))
    return ", ".join(f"{count} {what}{'s' * (count > 1)}" for count, what in counted if count)
