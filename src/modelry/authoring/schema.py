"""What the YAML may say, generated from the records and the tables, so that neither can drift from the other.

Pydantic validates here, at the edge; nothing of it reaches the records.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, get_type_hints

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, create_model

from modelry.authoring import kinds
from modelry.capabilities import CAPABILITIES, COMPONENT_OF_MODE, COMPONENTS, MODALITIES, STATUSES
from modelry.conditions import CONDITIONS, SERVICE_TIERS, STANDARD_TIERS, WEEKDAYS
from modelry.listings import AUTHS, SHAPES
from modelry.meters import METERS, Meter
from modelry.records import MODEL_FIELDS, DefaultRate, Listing, Modalities, Model, Provider, Rule, Verification
from modelry.rules import SHARED
from modelry.schemas import DRAFT, cards, condition_means, meanings, row, standalone

VOCABULARIES = ("litellm", "models.dev", "openrouter", "genai_prices", "otel")
"""Other systems whose names of a provider a manifest lists."""

RENAMED = {"context_window": "context"}
"""The YAML's word (seed 0) for a field that rows call otherwise (seed 2)."""

_DERIVED = frozenset({"model", "family", "series", "unit", "missing_since", "last_updated", "extensions", "provenance"})
_TEXTS = kinds.list_of(kinds.Text)
_NAMES = kinds.list_of(kinds.Name)
_create: Any = create_model  # its overloads know fixed names alone


def _form(name: str, doc: str | None, /, **fields: Any) -> Any:
    """A form that knows these fields alone: each a kind, and what it means."""
    known = {word: (kind | None if optional else kind, Field(None if optional else ..., description=meaning))
             for word, (kind, meaning, optional) in fields.items()}  # fmt: skip
    return _create(name, __config__=ConfigDict(extra="forbid"), __doc__=doc, **known)


def _of_record(record: type, of: Mapping[str, Any], *needed: str) -> Any:
    """The form of a record; `of` names the kinds of its fields."""
    means = meanings(record)
    return _form(record.__name__, record.__doc__, **{w: (kind, means[w], w not in needed) for w, kind in of.items()})


# Rate cards

_NO_TIER = "the base rates are those of having no tier: give them there"
_CONDITION_KINDS = {
    "integer": kinds.Tokens,
    "tier": kinds.one_or_many(kinds.one_of(sorted(SERVICE_TIERS), dict.fromkeys(STANDARD_TIERS, _NO_TIER))),
    "text": kinds.one_or_many(kinds.Text),
    "hours": kinds.one_or_many(kinds.Span),
    "weekdays": kinds.one_or_many(kinds.one_of(WEEKDAYS)),
}
Per = _form(
    "Per",
    "A price as published for several units, where the price of one is not exact.",
    amount=(kinds.Price, "What `per` units cost.", False),
    per=(kinds.Several, "How many units that is.", False),
)
When = _form(
    "When",
    "Conditions that must all hold.",
    weekday_timezone=(kinds.Zone, "Calendar on which `weekdays` is read, such as Asia/Shanghai.", True),
    **{key: (_CONDITION_KINDS[c.value], condition_means(key), True) for key, c in CONDITIONS.items()},
)


def _some(when: BaseModel) -> BaseModel:
    if all(value is None for value in when.model_dump().values()):
        raise kinds.wrong("no condition stands there", "write one, or move the override's rates to the base")
    return when


def _rates() -> dict[str, Any]:
    return {
        name: (_rate(meter), f"USD, or the card's currency, per {meter.unit.replace('_', ' ')}; null is unknown.", True)
        for name, meter in METERS.items()
    }


def _rate(meter: Meter) -> Any:
    return kinds.either(lambda value: isinstance(value, dict), kinds.TokenPrice if meter.is_token else kinds.Price, Per)


OverrideForm = _form(
    "Override",
    "Rates that apply when any of `when` holds; a later override wins, meter by meter.",
    when=(
        kinds.one_or_many(Annotated[When, AfterValidator(_some)]),
        "When it applies: conditions that all hold, or a list of such of which one does.",
        False,
    ),
    replace=(kinds.YesNo, "Forget every token rate before it.", True),
    multiply=(kinds.Factor, "Scale all token rates, after all rates.", True),
    **_rates(),
)
Card = _form(
    "Pricing",
    "A rate card: base rates by meter, then ordered overrides, then the day from which it holds.",
    currency=(kinds.Currency, "Currency of all its rates; USD where none is named.", True),
    effective_from=(kinds.Instant, "Day, or UTC instant, from which it holds.", True),
    observed=(kinds.Day, "Day on which somebody saw it, where it is not known since when it holds.", True),
    source=(kinds.Text, "Where the price was read: a page, or a feed and its date.", True),
    correction=(kinds.YesNo, "It mends an error of the card before it; the price itself did not change.", True),
    overrides=(kinds.list_of(OverrideForm), "Other rates under conditions, in order.", True),
    **_rates(),
)

# Entries

_CAPABILITY = kinds.one_of(CAPABILITIES)
ModalitiesForm = _of_record(
    Modalities, dict.fromkeys(("input", "output"), kinds.list_of(kinds.one_of(MODALITIES)))
)  # fmt: skip
VerificationForm = _of_record(
    Verification,
    {
        "status": kinds.one_of(("verified", "unverified", "failed")),
        "last_checked": kinds.Day,
        "verified_capabilities": kinds.list_of(_CAPABILITY),
        "source": kinds.Text,
    },
    "status",
)
_SHARPER: dict[str, Any] = {
    "provider": kinds.Name,
    "pricing": kinds.one_or_many(Card),
    "capabilities": kinds.mapping_or_list(_CAPABILITY, kinds.YesNo),
    "components": kinds.list_of(kinds.one_of(COMPONENTS)),
    "mode": kinds.one_of(COMPONENT_OF_MODE),
    "status": kinds.one_of(STATUSES),
    "modalities": ModalitiesForm,
    "verification": VerificationForm,
    "release_date": kinds.Date,
    "knowledge_cutoff": kinds.Date,
    "deprecation_date": kinds.Day,
    "model_id": kinds.Name,
    "aliases": _NAMES,
    "base_url": kinds.Url,
}
_BY_TYPE: dict[Any, Any] = {int | None: kinds.Tokens, bool | None: kinds.YesNo, str | None: kinds.Text}


@cache
def entry_form() -> type[BaseModel]:
    """The form of an entry of `models:`, its fields and their meanings those of `Model`."""
    hints, means = get_type_hints(Model), meanings(Model)
    words = {field: word for word, field in RENAMED.items()}
    fields = {
        words.get(field, field): (_SHARPER.get(field) or _BY_TYPE.get(hints[field], _TEXTS), means[field], True)
        for field in MODEL_FIELDS
        if field not in _DERIVED
    }
    fields["updated"] = (kinds.Day, "Day on which this entry was last looked at.", True)
    fields["source"] = (kinds.Text, "Page that the entry was compared with.", True)
    form: type[BaseModel] = _form("Entry", Model.__doc__, **fields)
    return form


@cache
def family_form() -> type[BaseModel]:
    """The form of a whole `v1/models/<family>.yaml`."""
    form: type[BaseModel] = _form(
        "Family",
        "A family of models: `models` by name, or by provider/name where two providers share the file.",
        models=(kinds.mapping_of(kinds.Name, entry_form(), least=1), "The models, by name or by provider/name.", False),
        updated=(kinds.Day, "Day on which the file was last looked at.", True),
        sources=(_TEXTS, "Where the family's facts were read.", True),
    )
    return form


# Manifests


def _pattern(text: str) -> str:
    try:
        re.compile(text, re.ASCII)
    except (re.error, OverflowError, RecursionError) as error:
        raise kinds.wrong(f"{kinds.shown(text)} is no regular expression: {error}") from None
    return text


RuleForm = _of_record(
    Rule, {"name": kinds.Name, "match": kinds.Text, "to": kinds.Text, "bare": kinds.YesNo}, "name", "match", "to"
)
DefaultRateForm = _of_record(
    DefaultRate, {"of": kinds.one_of(METERS), "times": kinds.Factor, "source": kinds.Url}, "of", "times", "source"
)
ListingForm = _of_record(
    Listing,
    {
        "url": kinds.Url,
        "shape": kinds.one_of(SHAPES),
        "auth": kinds.one_of(AUTHS),
        "unlisted": Annotated[kinds.Text, AfterValidator(_pattern)],
    },
    "url", "shape",
)  # fmt: skip


@cache
def manifest_form() -> type[BaseModel]:
    """The form of a `v1/providers/<id>.yaml`."""
    sharper = {
        "id": kinds.Slug,
        "base_url": kinds.Url,
        "docs": kinds.Url,
        "pricing_page": kinds.Url,
        "listing": ListingForm,
        "aliases": _NAMES,
        "names": kinds.mapping_of(kinds.one_of(VOCABULARIES), _NAMES),
        "default_rates": kinds.mapping_of(kinds.one_of(METERS), DefaultRateForm),
        "rules": kinds.list_of(kinds.either(lambda value: not isinstance(value, str), kinds.one_of(SHARED), RuleForm)),
        "resells": kinds.YesNo,
        "serves_free": kinds.YesNo,
    }
    hints = get_type_hints(Provider)
    of = {field: sharper.get(field) or (_TEXTS if field == "env" else kinds.Text) for field in hints if field[0] != "_"}
    form: type[BaseModel] = _of_record(Provider, of, "id", "name")
    return form


def schemas() -> dict[str, dict[str, Any]]:
    """JSON Schemas by name: `models` and `provider` of the YAML, which editors complete with, and `row` of the catalogue."""
    return {
        "models": {"$schema": DRAFT} | family_form().model_json_schema(),
        "provider": {"$schema": DRAFT} | manifest_form().model_json_schema(),
        "row": standalone(row(), cards()),
    }
