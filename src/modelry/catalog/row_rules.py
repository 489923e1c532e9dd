"""The rules that the row must keep which an upsert makes, merged with what the other sources say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from modelry.catalog.planning import component_of, fits
from modelry.catalog.upsert import PRICES, Mistake, Request
from modelry.records import Model, family_of


def broken(
    request: Request, told: Sequence[Mistake], before: Model | None, after: Model | None, *, whole: bool
) -> list[Mistake]:
    """What else is wrong with the row that an upsert makes, after what is `told` of the request.

    `whole`: the prices of the row stand in cards that were given whole. What follows from a mistake that is told is
    none; and a row that others left incomplete may still be noted or deprecated.
    """
    if after is None:
        return [Mistake("request", "nobody would say anything of this row any more: delete it")]
    fields = {mistake.field.partition(".")[0] for mistake in told}
    found = [*_limits(request, before, after)]
    asks = before is None or request.has("family", "unit", "components", "mode", "pricing", *PRICES)
    if asks and "family" not in fields:
        found += _kinds(after)
        found += _prices(after, whole) if "pricing" not in fields else ()
    return [mistake for mistake in found if mistake.field not in fields]


def _limits(request: Request, before: Model | None, after: Model) -> Iterator[Mistake]:
    fields = ("context", "max_input_tokens", "max_output_tokens")
    if not request.has(*fields):
        return
    context, *limits = (_value(field, request, before, after) for field in fields)
    for field, limit in zip(fields[1:], limits, strict=True):
        if context and limit and limit > context:
            yield Mistake(field, f"{limit} is above the context window of {context}")


def _value(field: str, request: Request, before: Model | None, after: Model) -> Any:
    """What is asked for; else what stands, before the fold drops what contradicts it."""
    if request.said.get(field) is not None:
        return request.said[field]
    return getattr(after if before is None or field in request.said else before, field)


def _kinds(after: Model) -> Iterator[Mistake]:
    if not fits(after.components, after.family):
        yield Mistake("components", f"a {after.family} row has {component_of(after.family)}")
    if after.mode and family_of(after.mode)[0] != after.family:
        yield Mistake(
            "mode", f"{after.mode} is a mode of {family_of(after.mode)[0]} rows, and this one is {after.family}"
        )


_DUE = {"gen": ("input_per_1k", "output_per_1k"), "embed": ("embed_per_1k",), "rerank": ("rerank_per_1k",)}


def _prices(after: Model, whole: bool) -> Iterator[Mistake]:
    if after.family not in _DUE:
        return
    due = _DUE[after.family]
    if after.family == "rerank" and after.unit == "request":
        due = ("per_request",)
    elif after.unit not in (None, "1k_tokens") and not whole:
        yield Mistake("unit", f"a {after.family} row is priced by 1k_tokens")
    if whole and any(card.is_known for card in after.pricing):
        return
    for field in due:
        meters = ("per_request", "per_query") if field == "per_request" else (PRICES[field][1],)
        if not any(card.rates.get(meter) is not None for card in after.pricing for meter in meters):
            yield Mistake(field, f"a {after.family} row needs it, or pricing")
