"""JSON Schemas of what modelry writes, generated from the records and the tables: rows, manifests, estimates.

The descriptions are the docstrings that stand under the fields. The schemas of the YAML are in `authoring.schema`.
"""

from __future__ import annotations

import ast
import inspect
import json
import textwrap
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cache
from itertools import pairwise
from types import NoneType, UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from modelry.capabilities import CAPABILITIES, COMPONENTS, MODALITIES, STATUSES
from modelry.conditions import CONDITIONS, SERVICE_TIERS, WEEKDAYS
from modelry.meters import METERS
from modelry.records import DefaultRate, Listing, Modalities, Model, Provider, Rule, Verification

Schema = dict[str, Any]

DRAFT = "https://json-schema.org/draft/2020-12/schema"

REFS = "#/components/schemas/"
"""Where OpenAPI keeps the schemas that others name."""

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


def ref(name: str) -> Schema:
    """The schema of this name."""
    return {"$ref": REFS + name}


def of_type(hint: Any, *, null: bool = False) -> Schema:
    """The schema of a type that stands on a field; `null` where None is written, and not left out."""
    if hint in _PLAIN:
        return dict(_PLAIN[hint])
    kind, inner = get_origin(hint), get_args(hint)
    if kind is UnionType:
        of = [of_type(part, null=null) for part in inner if part is not NoneType]
        of += [{"type": "null"}] if null and NoneType in inner else []
        return of[0] if len(of) == 1 else {"anyOf": of}
    if kind is Literal:
        return {"type": "string", "enum": list(inner)}
    if kind in (Mapping, dict):
        return {"type": "object", "additionalProperties": of_type(inner[1], null=null)}
    if kind in (Sequence, tuple, list):
        return {"type": "array", "items": of_type(inner[0], null=null)}
    return ref(hint.__name__)


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
    return _of_fields(record, needed, sharper, null=False)


def of_answer(record: Any, **sharper: Schema) -> Schema:
    """The schema of a TypedDict that is an answer: every field that is required is there, null where nothing is known."""
    needed = [name for name in record.__annotations__ if name in record.__required_keys__]
    return _of_fields(record, needed, sharper, null=True)


def _of_fields(record: type, needed: Sequence[str], sharper: Mapping[str, Schema], *, null: bool) -> Schema:
    means = meanings(record)
    hints = {name: hint for name, hint in get_type_hints(record).items() if not name.startswith("_")}
    fields = {
        name: {**(sharper.get(name) or of_type(hint, null=null)), "description": means[name]}
        for name, hint in hints.items()
    }
    return of_object(record.__doc__, fields, *needed)


# Rate cards


def condition_means(key: str) -> str:
    """What a condition of an override compares."""
    return _COMPARED.get(key, f"Holds where the call's {CONDITIONS[key].fact} is one of these.")


_COMPARED = {
    "prompt_tokens_above": "Holds where the input has more tokens than this, cached ones included.",
    "prompt_tokens_from": "Holds where the input has this many tokens or more, cached ones included.",
    "region_not": "Holds where the call's region is known and lies in none of these.",
    "region": "Holds where the call's region is one of these or lies in one.",
    "utc_hours": "Holds in these hours of the day in UTC, such as 16:30-00:30.",
    "weekdays": "Holds on these days of the week, in UTC or in `weekday_timezone`.",
    "results_above": "Holds where a search returns more results than this.",
    "video_interval_above": "Holds where a video's interval is above this.",
}


def _one_or_many(**kind: Any) -> Schema:
    return {"anyOf": [{"type": "string", **kind}, {"type": "array", "items": {"type": "string", **kind}}]}


_CONDITION_KINDS: dict[str, Schema] = {
    "integer": {"type": "integer", "minimum": 1},
    "tier": _one_or_many(enum=sorted(SERVICE_TIERS)),
    "text": _one_or_many(),
    "hours": {"type": "array", "items": {"type": "string"}},
    "weekdays": {"type": "array", "items": {"type": "string", "enum": list(WEEKDAYS)}},
}


def _rate(name: str) -> Schema:
    unit = METERS[name].unit.replace("_", " ")
    return {
        "anyOf": [_NUMBER, {"type": "null"}, ref("PublishedRate")],
        "description": f"In the card's currency per {unit}; null is unknown.",
    }


def cards() -> dict[str, Schema]:
    """A rate card and its parts, by the names by which they speak of each other."""
    rates = {name: _rate(name) for name in METERS}
    conditions = {
        key: {**_CONDITION_KINDS[c.value], "description": condition_means(key)} for key, c in CONDITIONS.items()
    }
    zone = {"type": "string", "description": "Calendar on which `weekdays` is read, such as Asia/Shanghai."}
    when = {"anyOf": [ref("Conditions"), {"type": "array", "items": ref("Conditions")}]}
    return {
        "RateCard": of_object(
            "A rate card: base rates by meter, then ordered overrides, and the day from which it holds.",
            {
                "effective_from": {"type": "string", "description": "Day, or UTC instant, from which it holds."},
                "observed": {"type": "string", "description": "Day on which somebody saw it."},
                "source": {"type": "string", "description": "Where the price was read."},
                "correction": {"type": "boolean", "description": "It mends an error of the card before it."},
                "currency": {"type": "string", "description": "Currency of its rates; USD where none is named."},
                **rates,
                "overrides": {
                    "type": "array", "items": ref("RateOverride"), "description": "Other rates under conditions, in order.",
                },
            },
        ),
        "RateOverride": of_object(
            "Rates under a condition; a later override wins, meter by meter.",
            {
                "when": when | {"description": "Conditions that all hold, or a list of such of which one does."},
                "replace": {"type": "boolean", "description": "Forget every token rate before it."},
                "multiply": _NUMBER | {"description": "Scale all token rates, after all rates."},
                **rates,
            },
            "when",
        ),
        "Conditions": of_object("Conditions of a price that all hold.", conditions | {"weekday_timezone": zone}),
        "PublishedRate": of_object(
            "A price as published for several units, where the price of one is not exact.",
            {
                "amount": _NUMBER | {"description": "What `per` units cost."},
                "per": {"type": "integer", "minimum": 2, "description": "How many units that is."},
            },
            "amount", "per",
        ),
    }  # fmt: skip


# Rows and manifests

VIEWS = {
    "input_per_1k": "USD per 1,000 input tokens of a gen row.",
    "output_per_1k": "USD per 1,000 output tokens of a gen row.",
    "embed_per_1k": "USD per 1,000 tokens of an embed row.",
    "rerank_per_1k": "USD per 1,000 tokens of a rerank row.",
    "per_request": "USD per request or query.",
}
"""Seed 2's price fields: views of the card in force."""


def row() -> Schema:
    """A row of `data/models.json`; it names the schemas of `cards`."""
    flags = {name: {"type": "boolean", "description": capability.meaning} for name, capability in CAPABILITIES.items()}
    schema = of_record(
        Model, ("provider", "model"),
        pricing={"type": "array", "items": ref("RateCard")},
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
    rule = of_record(Rule, ("name", "match", "to"))
    return of_record(
        Provider, ("id", "name"), listing=of_record(Listing, ("url", "shape")),
        default_rates={"type": "object", "additionalProperties": of_record(DefaultRate, ("of", "times", "source"))},
        rules={"type": "array", "items": {"anyOf": [{"type": "string"}, rule]}},
    )  # fmt: skip


def standalone(schema: Schema, named: Mapping[str, Schema]) -> Schema:
    """A schema as a document of its own: the schemas that it names stand in it."""
    whole = {"$schema": DRAFT, **schema, "$defs": dict(named)}
    moved: Schema = json.loads(json.dumps(whole).replace(REFS, "#/$defs/"))
    return moved
