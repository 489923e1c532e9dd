"""The fold: from what every source says of one offering to one row. A pure function; order of arrival is nothing to it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from modelry.records import MODEL_FIELDS, Model, is_said

ORDER = ("registry", "litellm", "models_dev", "genai_prices", "openrouter", "bundle")
"""Field by field, the first of these that says anything is believed."""


_SAID = tuple(name for name in MODEL_FIELDS if name not in ("provider", "model", "last_updated", "provenance"))


class Claim(NamedTuple):
    """What one source says of one offering: the fields that it knows, and the day on which it first said so."""

    source: str
    provider: str
    model: str
    fields: Mapping[str, Any]
    since: str | None = None


def claim_of(source: str, model: Model, since: str | None) -> Claim:
    """A model as the claim of a source: what is empty or None is not said."""
    said = {name: value for name in _SAID if is_said(value := getattr(model, name))}
    return Claim(source, model.provider, model.model, said, since)


def fold(claims: Iterable[Claim]) -> Model:
    """The row of one offering from all that is claimed of it."""
    ordered = sorted(claims, key=lambda claim: ORDER.index(claim.source))
    first = ordered[0]
    fields: dict[str, Any] = {}
    provenance: dict[str, str] = {}
    days = set()
    for claim in ordered:
        for name, value in claim.fields.items():
            if name not in fields:
                fields[name] = value
                days.add(claim.since)
                if claim.source != first.source:
                    provenance[name] = claim.source
    fields["provenance"] = {"default": first.source} | provenance
    fields["last_updated"] = max((day for day in days if day), default=None)
    return Model(provider=first.provider, model=first.model, **fields)


def fold_all(claims: Iterable[Claim]) -> list[Model]:
    """Every row, by provider and model."""
    offerings: dict[tuple[str, str], list[Claim]] = defaultdict(list)
    for claim in claims:
        offerings[claim.provider, claim.model].append(claim)
    return [fold(offerings[key]) for key in sorted(offerings)]
