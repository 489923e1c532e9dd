"""JSON Schemas of what modelry writes, generated from the records and the tables: rows, manifests, estimates.

The descriptions are the docstrings that stand under the fields. The schemas of the YAML are in `authoring.schema`.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cache
from itertools import pairwise
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

from modelry.capabilities import CAPABILITIES, COMPONENTS, MODALITIES, STATUSES
from modelry.conditions import CONDITIONS
from modelry.meters import METERS
from modelry.records import Modalities, Model, Provider, Verification

Schema = dict[str, Any]

_NUMBER: Schema = {"type": "number"}
_PLAIN: dict[Any, Schema] = {
    str: {"type": "string"}, int: {"type": "integer"}, bool: {"type": "boolean"}, Decimal: _NUMBER, Any: {},
}  # fmt: skip


@cache
def meanings(record: type) -> dict[str, str]:
    """What each field of a record means: the docstring under it."""
    body: Any = ast.parse(textwrap.dedent(inspect.getsource(record))).body[0]
    return {
        field.target.id: inspect.cleandoc(text.value.value)
        for field, text in pairwise(body.body)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        and isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant) and isinstance(text.value.value, str)
    }  # fmt: skip


def of_type(hint: Any) -> Schema:
    """The schema of a type that stands on a record's field."""
    if hint in _PLAIN:
        return dict(_PLAIN[hint])
    inner = get_args(hint)
    if get_origin(hint) is UnionType:
        of = [of_type(part) for part in inner if part is not NoneType]
        return of[0] if len(of) == 1 else {"anyOf": of}
    if get_origin(hint) is Mapping or get_origin(hint) is dict:
        return {"type": "object", "additionalProperties": of_type(inner[1])}
    if get_origin(hint) in (Sequence, tuple):
        return {"type": "array", "items": of_type(inner[0])}
    return {"$ref": f"#/components/schemas/{hint.__name__}"}


def of_object(means: str | None, fields: Mapping[str, Schema], *needed: str) -> Schema:
    """An object with these fields and no others."""
    schema: Schema = {"type": "object", "additionalProperties": False, "properties": dict(fields)}
    if means:
        schema["description"] = inspect.cleandoc(means)
    if needed:
        schema["required"] = list(needed)
    return schema


def of_record(record: type, needed: Sequence[str] = (), **sharper: Schema) -> Schema:
    """The schema of a record as plain data: what says nothing is left out."""
    means = meanings(record)
    hints = {name: hint for name, hint in get_type_hints(record).items() if not name.startswith("_")}
    fields = {
        name: {**sharper.get(name, of_type(hint)), **({"description": means[name]} if name in means else {})}
        for name, hint in hints.items()
    }
    return of_object(record.__doc__, fields, *needed)


def _rate(name: str) -> Schema:
    per = of_object(
        "A price as published for several units.", {"amount": _NUMBER, "per": {"type": "integer"}}, "amount", "per"
    )
    unit = METERS[name].unit.replace("_", " ")
    return {
        "anyOf": [_NUMBER, {"type": "null"}, per],
        "description": f"In the card's currency per {unit}; null is unknown.",
    }


def _card() -> Schema:
    rates = {name: _rate(name) for name in METERS}
    when = of_object("Conditions that all hold.", {key: {} for key in (*CONDITIONS, "weekday_timezone")})
    override = of_object(
        "Rates under a condition; a later override wins, meter by meter.",
        {
            "when": {"anyOf": [when, {"type": "array", "items": when}]},
            "replace": {"type": "boolean"},
            "multiply": _NUMBER,
            **rates,
        },
        "when",
    )
    return of_object(
        "A rate card: base rates by meter, then ordered overrides, and the day from which it holds.",
        {
            "effective_from": {"type": "string", "description": "Day, or UTC instant, from which it holds."},
            "observed": {"type": "string", "description": "Day on which somebody saw it."},
            "source": {"type": "string", "description": "Where the price was read."},
            "correction": {"type": "boolean", "description": "It mends an error of the card before it."},
            "currency": {"type": "string", "description": "Currency of its rates; USD where none is named."},
            **rates,
            "overrides": {"type": "array", "items": override},
        },
    )


VIEWS = {
    "input_per_1k": "USD per 1,000 input tokens of a gen row.",
    "output_per_1k": "USD per 1,000 output tokens of a gen row.",
    "embed_per_1k": "USD per 1,000 tokens of an embed row.",
    "rerank_per_1k": "USD per 1,000 tokens of a rerank row.",
    "per_request": "USD per request or query.",
}
"""Seed 2's price fields: views of the card in force."""


def row() -> Schema:
    """A row of `data/models.json`."""
    flags = {name: {"type": "boolean", "description": capability.meaning} for name, capability in CAPABILITIES.items()}
    schema = of_record(
        Model, ("provider", "model"),
        pricing={"type": "array", "items": _card()},
        family={"type": "string", "enum": ["gen", "embed", "rerank", "misc"]},
        components={"type": "array", "items": {"type": "string", "enum": list(COMPONENTS)}},
        status={"type": "string", "enum": list(STATUSES)},
        capabilities=of_object(None, flags),
        modalities=modalities(), verification=of_record(Verification, ("status",)),
        extensions={"type": "object", "additionalProperties": {"type": "object"}},
    )  # fmt: skip
    views = {name: {"type": ["number", "null"], "description": meaning} for name, meaning in VIEWS.items()}
    schema["properties"] |= views
    return schema


def modalities() -> Schema:
    """Kinds of content by direction."""
    kinds = {"type": "array", "items": {"type": "string", "enum": list(MODALITIES)}}
    return of_record(Modalities, input=kinds, output=kinds)


def manifest() -> Schema:
    """A provider's manifest."""
    rate = of_object(
        None, {"of": {"type": "string"}, "times": {}, "source": {"type": "string"}}, "of", "times", "source"
    )
    rule = of_object(
        None,
        {
            "name": {"type": "string"},
            "match": {"type": "string"},
            "to": {"type": "string"},
            "bare": {"type": "boolean"},
        },
    )
    return of_record(
        Provider, ("id", "name"),
        default_rates={"type": "object", "additionalProperties": rate},
        rules={"type": "array", "items": {"anyOf": [{"type": "string"}, rule]}},
    )  # fmt: skip


def catalogue(rows: Schema) -> Schema:
    """The whole of `data/models.json`."""
    return of_object(
        "The catalogue.",
        {
            "currency": {"type": "string", "description": "Currency of the per_1k views."},
            "last_updated": {"type": ["string", "null"], "description": "Newest day among the claims."},
            "sources": {"type": "array", "items": {"type": "string"}, "description": "Whose claims it was made from."},
            "models": {"type": "array", "items": rows},
            "total": {"type": "integer", "description": "Rows that pass the filters; only where some were given."},
            "next_cursor": {"type": ["string", "null"], "description": "What to ask with for the next rows."},
        },
        "currency", "last_updated", "sources", "models",
    )  # fmt: skip
