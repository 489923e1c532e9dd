"""What the YAML may say, generated from the records and the tables, so that neither can drift from the other.

Pydantic validates here, at the edge; nothing of it reaches the records.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from datetime import date
from decimal import Decimal
from functools import cache
from itertools import pairwise
from typing import Annotated, Any, Literal, get_type_hints

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    TypeAdapter,
    WithJsonSchema,
    create_model,
)
from pydantic_core import CoreSchema

from modelry.capabilities import CAPABILITIES, COMPONENT_OF_MODE, COMPONENTS, STATUSES
from modelry.conditions import CONDITIONS, SERVICE_TIERS, WEEKDAYS
from modelry.meters import METERS
from modelry.records import MODEL_FIELDS, Model, Provider

_CLOSED = ConfigDict(extra="forbid")


def _calendar_date(text: str) -> str:
    """YYYY-MM-DD, or YYYY-MM where no day is known, or YYYY."""
    date.fromisoformat(f"{text}-01-01"[: len("2026-01-01")] if len(text) <= len("2026-01") else text)
    return text


def _instant(text: str) -> str:
    """A date, or a UTC instant such as 2026-08-16T16:00:00Z."""
    date.fromisoformat(text.partition("T")[0])
    return text


def _span(text: str) -> str:
    start, dash, end = text.partition("-")
    for clock in (start, end):
        hours, colon, minutes = clock.partition(":")
        if not (dash and colon and hours.isdigit() and minutes.isdigit() and int(hours) < 24 and int(minutes) < 60):
            msg = "hours are written 01:00-04:00"
            raise ValueError(msg)
    return text


def _zone(text: str) -> str:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError):
        msg = "is no time zone such as Asia/Shanghai"
        raise ValueError(msg) from None
    return text


def _price(number: Decimal) -> Decimal:
    if not number.is_finite() or number < 0:
        msg = "a price is a number of 0 or more"
        raise ValueError(msg)
    return number


Date = Annotated[
    str, AfterValidator(_calendar_date), WithJsonSchema({"type": "string", "pattern": r"^\d{4}(-\d{2}(-\d{2})?)?$"})
]
Day = Annotated[
    str,
    AfterValidator(lambda text: date.fromisoformat(text) and text),
    WithJsonSchema({"type": "string", "format": "date"}),
]
Instant = Annotated[str, AfterValidator(_instant), WithJsonSchema({"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}"})]
Price = Annotated[Decimal, AfterValidator(_price), WithJsonSchema({"type": "number", "minimum": 0})]
Span = Annotated[str, AfterValidator(_span)]
Tokens = Annotated[int, Field(gt=0)]


class _Per(BaseModel):
    """A price as published for several units, where the price of one is not exact."""

    model_config = _CLOSED
    amount: Price
    per: Annotated[int, Field(gt=1)]


def _listed(value: object) -> object:
    return value if isinstance(value, list) else [value]


class _OrOne:
    """In a JSON Schema: one item may stand for a list of one."""

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        many = handler(core)
        return {"anyOf": [many["items"], many]}


def _one_or_many(kind: Any) -> Any:
    return Annotated[list[kind], BeforeValidator(_listed), _OrOne()]


_CONDITION_TYPES: dict[str, Any] = {
    "integer": Tokens,
    "tier": _one_or_many(Literal[*sorted(SERVICE_TIERS)]),
    "text": _one_or_many(str),
    "hours": _one_or_many(Span),
    "weekdays": _one_or_many(Literal[*WEEKDAYS]),
}
_create: Any = create_model  # its overloads know fixed names alone
When: Any = _create(
    "When",
    __config__=_CLOSED,
    __doc__="Conditions that must all hold.",
    weekday_timezone=(Annotated[str, AfterValidator(_zone)] | None, None),
    **{key: (_CONDITION_TYPES[condition.value] | None, None) for key, condition in CONDITIONS.items()},
)


def _rate_fields() -> dict[str, Any]:
    rate = Annotated[Any, BeforeValidator(_rate), WithJsonSchema({"anyOf": [
        {"type": "number", "minimum": 0}, {"type": "null"}, _Per.model_json_schema()]})]  # fmt: skip
    return {
        name: (rate, Field(None, description=f"USD (or the card's currency) per {meter.unit.replace('_', ' ')}"))
        for name, meter in METERS.items()
    }


def _rate(value: object) -> object:
    """Validated as the one form that it has, so that a mistake is told once."""
    if value is None:
        return None
    return (TypeAdapter(_Per) if isinstance(value, dict) else TypeAdapter(Price)).validate_python(value)


OverrideForm: Any = _create(
    "Override",
    __config__=_CLOSED,
    __doc__="Rates that apply when any of `when` holds; a later override wins, meter by meter.",
    when=(_one_or_many(When), ...),
    replace=(bool, Field(default=False, description="forget every token rate before")),
    multiply=(Price | None, Field(None, description="scale all token rates, after all rates")),
    **_rate_fields(),
)
Card: Any = _create(
    "Pricing",
    __config__=_CLOSED,
    __doc__="A rate card: base rates by meter, then ordered overrides, then the day from which it holds.",
    currency=(Annotated[str, Field(pattern="^[A-Z]{3}$")], "USD"),
    effective_from=(Instant | None, None),
    observed=(Day | None, None),
    source=(str | None, None),
    correction=(bool, False),
    overrides=(list[OverrideForm], []),
    **_rate_fields(),
)


def _says_yes(value: object) -> object:
    """A list of capabilities says yes to each; a mapping may also say no."""
    return dict.fromkeys(value, "true") if isinstance(value, list) and all(isinstance(v, str) for v in value) else value


_CapabilityName: Any = Literal[*CAPABILITIES]
_names = TypeAdapter(_CapabilityName).json_schema()
Capabilities = Annotated[dict[_CapabilityName, bool], BeforeValidator(_says_yes), WithJsonSchema({"anyOf": [
    {"type": "array", "items": _names},
    {"type": "object", "propertyNames": _names, "additionalProperties": {"type": "boolean"}}]})]  # fmt: skip
Cards = _one_or_many(Card)

_SHARPER: dict[str, Any] = {
    "pricing": Cards,
    "capabilities": Capabilities,
    "components": list[Literal[*COMPONENTS]],  # type: ignore[valid-type]
    "mode": Literal[*COMPONENT_OF_MODE],
    "status": Literal[*STATUSES],
    "release_date": Date,
    "knowledge_cutoff": Date,
    "deprecation_date": Day,
    "context": Tokens,
    "max_input_tokens": Tokens,
    "max_output_tokens": Tokens,
    "dimensions": Tokens,
}
_DERIVED = frozenset({"model", "family", "series", "unit", "missing_since", "last_updated", "extensions", "provenance"})
RENAMED = {"context_window": "context"}
"""The YAML's word (seed 0) for a field that rows call otherwise (seed 2)."""


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


@cache
def entry_form() -> type[BaseModel]:
    """The form of an entry of `models:`, its fields and their meanings those of `Model`."""
    hints, means = get_type_hints(Model), meanings(Model)
    words = {field: word for word, field in RENAMED.items()}
    fields: dict[str, Any] = {
        words.get(field, field): (_SHARPER.get(field, hints[field]) | None, Field(None, description=means.get(field)))
        for field in MODEL_FIELDS
        if field not in _DERIVED
    }
    fields["updated"] = (Day | None, Field(None, description="Day on which this entry was last looked at."))
    fields["source"] = (str | None, Field(None, description="Page that the entry was compared with."))
    form: type[BaseModel] = _create("Entry", __config__=_CLOSED, __doc__=Model.__doc__, **fields)
    return form


@cache
def family_form() -> type[BaseModel]:
    """The form of a whole `v1/models/<family>.yaml`."""
    form: type[BaseModel] = _create(
        "Family",
        __config__=_CLOSED,
        __doc__="A family of models: `models` by name, or by provider/name where two providers share the file.",
        models=(dict[str, entry_form()], ...),  # type: ignore[misc]
        updated=(Day | None, None),
        sources=(list[str], []),
    )
    return form


@cache
def manifest_form() -> TypeAdapter[Provider]:
    """The form of a `v1/providers/<id>.yaml`."""
    return TypeAdapter(Provider)


def schemas() -> dict[str, dict[str, Any]]:
    """JSON Schemas by name: `models` and `provider` of the YAML; editors complete with them."""
    return {"models": family_form().model_json_schema(), "provider": manifest_form().json_schema()}
