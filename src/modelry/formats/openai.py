"""OpenAI's /v1/models: the list that every client of its API can read.

It says who owns a model and since when there is one. The id is ours, `provider/name`: names alone would clash.
"""

from __future__ import annotations

from calendar import timegm
from collections.abc import Iterable
from datetime import date
from typing import Any

from modelry.records import MODEL_FIELDS, Model, is_said

_SAID = frozenset({"provider", "model", "release_date", "provenance"})
_NEW_YEAR = "YYYY-01-01"


def write(models: Iterable[Model], report: list[str] | None = None) -> dict[str, Any]:
    """The body of /v1/models: `created` in seconds since 1970 (UTC; 0 is unknown), `owned_by` the maker, else who serves.

    What it cannot say is added to `report`.
    """
    losses: list[str] = [] if report is None else report
    return {"object": "list", "data": [_entry(model, losses) for model in models]}


def _entry(model: Model, losses: list[str]) -> dict[str, Any]:
    unsaid = [name for name in MODEL_FIELDS if name not in _SAID and is_said(getattr(model, name))]
    if model.base_model == f"{model.maker}/{model.model}":
        unsaid.remove("base_model")  # `owned_by` and the id say it
    losses += [f"{model.id}: no word for {name}" for name in unsaid]
    created = _created(model.release_date or "")
    if created is None:
        losses.append(f"{model.id}: {model.release_date} is no date")
    elif model.release_date and len(model.release_date) < len(_NEW_YEAR):
        losses.append(f"{model.id}: a release without its day is said as the first day")
    return {"id": model.id, "object": "model", "created": created or 0, "owned_by": model.maker or model.provider}


def _created(day: str) -> int | None:
    """Midnight UTC of a day, or of the first one of a month or a year; 0 of nothing, None of what is no date."""
    try:
        return timegm(date.fromisoformat(day + _NEW_YEAR[len(day) :]).timetuple()) if day else 0
    except ValueError:
        return None
