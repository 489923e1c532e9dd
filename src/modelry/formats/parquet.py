"""The flat table as Parquet: typed columns, prices as exact decimals. DuckDB writes it; the extra `bulk` brings that.

A price is a DECIMAL(38, 26): prices of feeds have up to 24 decimals, and 12 digits are left before the point. One that does
not fit is left out and told, never rounded.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from modelry.formats.table import COLUMNS, Cell, rows
from modelry.jsontext import dumps, plain
from modelry.records import Model

DIGITS = 38
DECIMALS = 26
TYPES = {
    "text": "VARCHAR",
    "texts": "VARCHAR[]",
    "whole": "BIGINT",
    "flag": "BOOLEAN",
    "price": f"DECIMAL({DIGITS}, {DECIMALS})",
}
"""DuckDB's type by the kind of a column."""


def write(models: Iterable[Model], report: list[str] | None = None, *, day: str | None = None) -> bytes:
    """The file of these models, with the card that holds on `day` (YYYY-MM-DD; None is today).

    What it cannot say is added to `report`.
    """
    losses: list[str] = [] if report is None else report
    lines = []
    for row in rows(models, losses, day):
        named = zip(COLUMNS, row, strict=True)
        cells = {column.name: _fitting(cell, f"{row[0]}: {column.name}", losses) for column, cell in named}
        lines.append(f"{dumps(cells)}\n")
    types = ", ".join(f"'{column.name}': '{TYPES[column.kind]}'" for column in COLUMNS)
    source = f"read_json(?, format = 'newline_delimited', columns = {{{types}}})"
    with TemporaryDirectory() as folder:
        table, made = Path(folder) / "table.ndjson", Path(folder) / "table.parquet"
        table.write_text("".join(lines), "ascii")
        # One thread: rows keep their order, and the same rows make the same bytes.
        with duckdb.connect(config={"threads": 1, "autoinstall_known_extensions": False}) as database:
            target = str(made).replace("'", "''")
            database.execute(f"COPY (FROM {source}) TO '{target}' (FORMAT parquet, COMPRESSION zstd)", [str(table)])
        return made.read_bytes()


def _fitting(cell: Cell, where: str, losses: list[str]) -> Cell:
    """A cell as JSON has it: prices as text, which reaches the decimal without a float."""
    if not isinstance(cell, Decimal):
        return cell
    text = plain(cell)
    whole, _, decimals = text.partition(".")
    if len(decimals) <= DECIMALS and len(whole) <= DIGITS - DECIMALS:
        return text
    losses.append(f"{where}: {text} has more than {DIGITS - DECIMALS} digits and {DECIMALS} decimals")
    return None
