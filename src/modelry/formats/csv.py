"""The flat table as CSV (RFC 4180: commas, CRLF, quotes doubled), in UTF-8 with a header.

Prices are plain decimals, exact to the last digit. Items of a list stand between `|`. Flags are true and false, and an
empty cell is unknown.

A spreadsheet takes text that begins with one of `= + - @`, a tab or a carriage return for a formula, and such text may
come from a feed. So a text cell that begins with one of these, or with an apostrophe, has an apostrophe before it,
which spreadsheets take for "text follows"; a program takes one apostrophe away to have the cell exactly (`text_of`).
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from decimal import Decimal
from io import StringIO

from modelry.formats.table import COLUMNS, Cell, rows
from modelry.jsontext import plain
from modelry.records import Model

BETWEEN = "|"
_GUARDED = tuple("=+-@\t\r'")


def write(models: Iterable[Model], report: list[str] | None = None, *, day: str | None = None) -> str:
    """The table of these models, with the card that holds on `day` (YYYY-MM-DD; None is today).

    What it cannot say is added to `report`.
    """
    losses: list[str] = [] if report is None else report
    text = StringIO(newline="")
    lines = csv.writer(text)
    lines.writerow([column.name for column in COLUMNS])
    for row in rows(models, losses, day):
        named = zip(COLUMNS, row, strict=True)
        lines.writerow([_written(cell, f"{row[0]}: {column.name}", losses) for column, cell in named])
    return text.getvalue()


def _written(cell: Cell, where: str, losses: list[str]) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, int):
        return str(cell)
    if isinstance(cell, Decimal):
        return plain(cell)
    if isinstance(cell, list):
        losses += [f"{where}: {item!r} has a {BETWEEN}, which parts items" for item in cell if BETWEEN in item]
        cell = BETWEEN.join(cell)
    return f"'{cell}" if cell.startswith(_GUARDED) else cell


def text_of(cell: str) -> str:
    """The text of a cell, without the guard."""
    return cell.removeprefix("'")
