"""The catalogue as one flat table, a row a model: what `csv` and `parquet` write.

Columns: what the model is, its limits, the prices people compare (per 1M tokens), a column for every capability (true,
false, or empty: unknown), and a column for every meter with the base rate of the card in force, per unit of that
meter (per token, per image, …) in the row's `currency`. Empty is unknown, 0 is free. The columns are the same whatever the
rows hold, and those of the tables of meters and capabilities need no naming here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from operator import attrgetter
from typing import Any, NamedTuple

from modelry.capabilities import CAPABILITIES
from modelry.formats.feed import in_force, per_units
from modelry.meters import METERS
from modelry.pricing import Pricing
from modelry.records import Model

Cell = str | int | bool | Decimal | list[str] | None


class Column(NamedTuple):
    """A column: its name, what its cells are (text, texts, whole, flag or price), and the cell of a model."""

    name: str
    kind: str
    cell: Callable[[Model, Pricing | None], Any]


def _field(name: str, kind: str = "text") -> Column:
    value = attrgetter(name)
    return Column(name, kind, lambda model, _: list(value(model)) if kind == "texts" else value(model))


def _side(side: str) -> Column:
    return Column(f"{side}_modalities", "texts", lambda model, _: list(getattr(model.modalities, side, ())))


def _of_card(name: str, value: Callable[[Pricing], Cell], kind: str = "text") -> Column:
    return Column(name, kind, lambda _, card: None if card is None else value(card))


def _can(name: str) -> Column:
    return Column(name, "flag", lambda model, _: model.capabilities.get(name))


def _price(name: str, meter: str, units: int = 1) -> Column:
    return Column(name, "price", lambda _, card: per_units(card.rates.get(meter), units) if card else None)


_MILLION = 1_000_000

COLUMNS: tuple[Column, ...] = (
    *map(_field, ("id", "provider", "model", "display_name", "model_id", "base_model", "series", "family")),
    _field("components", "texts"),
    *map(_field, ("mode", "status")),
    _field("aliases", "texts"),
    *(_field(name, "whole") for name in ("context", "max_input_tokens", "max_output_tokens", "dimensions")),
    _side("input"),
    _side("output"),
    _of_card("currency", lambda card: card.currency),
    _price("input_per_mtok", "input_per_token", _MILLION),
    _price("output_per_mtok", "output_per_token", _MILLION),
    _price("cached_input_per_mtok", "cached_input_per_token", _MILLION),
    _of_card("conditional_prices", lambda card: len(card.overrides), "whole"),
    _of_card("price_since", lambda card: card.since),
    _of_card("price_source", lambda card: card.source),
    *map(_field, ("release_date", "knowledge_cutoff", "deprecation_date", "missing_since", "replaced_by")),
    _field("open_weights", "flag"),
    *map(_field, ("license", "region")),
    _field("regions", "texts"),
    _field("endpoints", "texts"),
    *map(_field, ("base_url", "unit", "notes", "last_updated")),
    Column("verification", "text", lambda model, _: model.verification.status if model.verification else None),
    *map(_can, CAPABILITIES),
    *(_price(meter, meter) for meter in METERS),
)


def rows(models: Iterable[Model], losses: list[str], day: str | None = None) -> Iterator[list[Cell]]:
    """The cells of each model, in the order of `COLUMNS`; what the table cannot say is added to `losses`.

    Prices are of the card that holds on `day` (YYYY-MM-DD; None is today).
    """
    for model in models:
        card = in_force(model, day)
        losses += [f"{model.id}: no column for {what}" for what in _without_column(model, card)]
        yield [_cell(column, model, card, losses) for column in COLUMNS]


def _cell(column: Column, model: Model, card: Pricing | None, losses: list[str]) -> Cell:
    try:
        value: Cell = column.cell(model, card)
    except ValueError as error:  # a price of several units that is none of one
        losses.append(f"{model.id}: {column.name}: {error}")
        return None
    return value


def _without_column(model: Model, card: Pricing | None) -> Iterator[str]:
    if len(model.pricing) > 1:
        yield "prices of other days"
    if card and card.overrides:
        yield "prices under conditions"
    if model.extensions:
        yield "extensions"
    if model.verification and (model.verification.last_checked or model.verification.verified_capabilities):
        yield "when and how it was verified"
