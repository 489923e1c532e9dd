"""Cursors: where a list goes on.

A cursor says behind which row, not behind how many: the value that the list is ordered by, and the row's id. So what is
added, changed or deleted between two pages neither hides a row that was there all the time nor gives one twice.
"""

from __future__ import annotations

import base64
from bisect import bisect_right
from collections.abc import Sequence
from functools import cmp_to_key
from typing import Any, NamedTuple

from modelry.jsontext import dumps, strict
from modelry.select import SORTS, cards_in_force, price_per_mtok
from modelry.server.refusals import Refusal
from modelry.snapshot import Snapshot


class Place(NamedTuple):
    """Where a row stands in a list: by what it is ordered (None: nothing is known), then by its id."""

    value: Any
    provider: str
    model: str

    @property
    def id(self) -> tuple[str, str]:
        """Provider and model."""
        return self.provider, self.model


class Order(NamedTuple):
    """The order of a list of rows of a snapshot: one of `select.SORTS`, either way."""

    snapshot: Snapshot
    sort: str
    descending: bool

    def place(self, row: int) -> Place:
        """Where a row stands."""
        column, meter = SORTS[self.sort].column or "NULL", SORTS[self.sort].meter
        query = f"SELECT {column}, provider, model FROM models WHERE id = ?"
        ((value, provider, model),) = self.snapshot.rows(query, (row,))
        if meter and (card := cards_in_force(self.snapshot, "id = ?", (row,)).get(row)):
            value = price_per_mtok(card, meter)
        return Place(value, provider, model)

    def cursor(self, row: int) -> str:
        """What leads behind this row."""
        text = dumps([self.sort, self.descending, *self.place(row)])
        return base64.urlsafe_b64encode(text.encode("ascii")).decode("ascii").rstrip("=")

    def behind(self, cursor: str, rows: Sequence[int]) -> int:
        """How many of the rows of such a list stand before what a cursor leads to; raises Refusal."""
        try:
            last = self._read(cursor)
            by_id = bool(rows) and self.place(rows[0]).value is None  # who has a value comes first

            def compared(one: Place, other: Place) -> int:
                return self._compared(one, other, by_id=by_id)

            key = cmp_to_key(compared)
            return bisect_right(rows, key(last), key=lambda row: key(self.place(row)))
        except (ValueError, TypeError):
            raise Refusal(422, "cursor: take the `next_cursor` of the answer before, with the same `sort`") from None

    def _read(self, cursor: str) -> Place:
        """The place that a cursor tells; raises ValueError or TypeError where it is none of this order."""
        sort, descending, value, *of = strict(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        place = Place(value, *of)
        if (sort, descending) != (self.sort, self.descending) or {type(part) for part in of} != {str}:
            raise ValueError(f"{cursor!r} is of another list")
        return place

    def _compared(self, one: Place, other: Place, *, by_id: bool) -> int:
        """Below 0 where one stands before the other: by value, then by id; what has no value stands last either way."""
        if (one.value is None) != (other.value is None):
            return -1 if other.value is None else 1
        if one.value is not None and one.value != other.value:
            return -1 if (one.value < other.value) is not self.descending else 1
        ahead = (one.id > other.id) - (one.id < other.id)
        return -ahead if by_id and self.descending else ahead
