"""genai-prices, read only: its v2 data.json, and in the same code path the provider objects of its package.

Facts of its semantics, from the code of genai-prices 0.2.3 (types.py):
- a price is USD per the unit that its key ends in; `{base, tiers}` reprices the whole request when all input tokens
  are strictly more than a tier's `start` (so xAI's "from 200,000" is written 199999);
- of a list of conditional prices the last active one holds, whole; the first holds where none is active;
- `price_variants` change single keys for a request context; the first active one that has the key wins, and what it
  says beats the tiers of the standard price;
- days are UTC; a daily span includes its start, not its end, and may pass midnight.

One thing is read otherwise: a daily span belongs to the dated price that it follows. The package applies it to every
day before too, which its data says of itself is wrong (deepseek-v4-flash), because one entry cannot say both.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any

from modelry.conditions import SERVICE_TIERS, STANDARD_TIERS
from modelry.errors import CatalogRejected
from modelry.formats.feed import Notes, canonical, per_unit, price_of, threshold
from modelry.meters import METERS
from modelry.pricing import Override, Pricing, Rate
from modelry.records import Model

SOURCE = "genai_prices"

WORDS: dict[str, str] = {meter.genai_prices: meter.name for meter in METERS.values() if meter.genai_prices}
"""Meter by genai-prices' price key."""

ENDINGS = {"mtok": 1_000_000, "kcount": 1_000, "hours": 3_600, "kpages": 1_000, "mchars": 1_000_000,
           "gpixels": 1_000_000_000}  # fmt: skip
"""How many units (of the meter) a price is for, by the last word of its key."""

CONTEXTS: dict[tuple[str, str], Mapping[str, Any] | None] = {
    ("processing", "batch"): {"service_tier": "batch"},
    ("service_tier", "fast"): {"service_tier": "priority"},
    ("speed", "fast"): {"speed": "fast"},
    ("route", "mistral/eu"): {"region": "eu"},
    ("search_type", "fast"): None,
    ("search_type", "web"): None,
}
"""What a variant's request context means; None: no condition of ours, kept by value in the extension."""
CONTEXTS |= {("service_tier", tier): {"service_tier": tier} for tier in SERVICE_TIERS}
CONTEXTS |= {("service_tier", tier): {} for tier in STANDARD_TIERS}


def read(data: object, *, providers: Mapping[str, str], report: list[str] | None = None) -> list[Model]:
    """The models of v2 data.json, or of `genai_prices.data.providers`, in its order.

    `providers` maps genai-prices' provider ids to canonical ones. Only exact names make rows: an id that its own
    rule accepts, else the first name that the rule lists with `equals`; the further `equals` are aliases. Patterns
    make neither. A price key or context that nobody here understands is added to `report` by name; without a report
    it raises CatalogRejected.
    """
    note = Notes(SOURCE, report)
    if not isinstance(data, Sequence) or isinstance(data, str | bytes):
        raise CatalogRejected(SOURCE, "the body is no list of providers")
    named = ((f"provider {at}", provider) for at, provider in enumerate(data))
    return [
        model for group in note.each("", named, lambda _, it: _models(_plain(it), providers, note)) for model in group
    ]


_UNUSED = frozenset({"description", "price_comments", "extractors", "pricing_urls", "provider_match", "model_match"})


def _plain(value: object) -> Any:
    """The package's objects as the JSON that they stand for; JSON as it is."""
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, date | time):
        return value.isoformat()
    if not hasattr(value, "__dict__"):
        return value
    fields = {name.rstrip("_"): item for name, item in vars(value).items() if not name.startswith("_")}
    return {name: _plain(item) for name, item in fields.items() if item is not None and name not in _UNUSED}


def _models(provider: Mapping[str, Any], providers: Mapping[str, str], note: Notes) -> list[Model]:
    own = canonical(provider["id"], providers)
    named = [(names, entry) for entry in provider["models"] if (names := _names(entry))]
    taken = {names[0].lower() for names, _ in named}
    pairs = []
    for names, entry in named:
        aliases = {name.lower(): name for name in reversed(names[1:]) if name.lower() not in taken}
        taken |= aliases.keys()
        pairs.append((names[0], (entry, tuple(reversed(aliases.values())))))
    where = f"{provider['id']}/"
    return list(note.each(where, pairs, lambda name, it: _model(own, name, it[0], it[1], note, where + name)))


def _names(entry: Mapping[str, Any]) -> list[str]:
    """The exact names of a model, its own first; none where only patterns find it."""
    listed = [name for name in _equals(entry["match"]) if name.lower() != entry["id"].lower()]
    return [entry["id"], *listed] if _accepts(entry["match"], entry["id"].lower()) else listed


def _equals(rule: Mapping[str, Any]) -> list[str]:
    if "equals" in rule:
        return [rule["equals"]]
    return [name for part in rule.get("or", ()) for name in _equals(part)]


def _accepts(rule: Mapping[str, Any], name: str) -> bool:
    """Whether a rule accepts a name, which is in lower case as the package makes it."""
    kind, value = next(iter(rule.items()))
    if kind in {"or", "and"}:
        accepts = [_accepts(part, name) for part in value]
        return any(accepts) if kind == "or" else all(accepts)
    if kind == "regex":
        return re.search(value, name) is not None
    text = value.lower()
    answers: dict[str, bool] = {
        "equals": name == text,
        "starts_with": name.startswith(text),
        "ends_with": name.endswith(text),
        "contains": text in name,
    }
    return answers[kind]


def _model(
    provider: str, name: str, entry: Mapping[str, Any], aliases: tuple[str, ...], note: Notes, where: str
) -> Model:
    steps = entry["prices"] if isinstance(entry["prices"], list) else [{"prices": entry["prices"]}]
    variants, kept = _variants(entry.get("price_variants") or (), note, where)
    return Model(
        provider=provider,
        model=name,
        display_name=entry.get("name"),
        aliases=aliases,
        context=entry.get("context_window"),
        pricing=_cards(steps, variants, note, where),
        status="deprecated" if entry.get("deprecated") else None,
        extensions={SOURCE: {"price_variants": kept}} if kept else {},
    )


_Variant = tuple[dict[str, Any], Mapping[str, Any]]
"""A `when` of ours and the variant that it comes from."""


def _variants(
    variants: Sequence[Mapping[str, Any]], note: Notes, where: str
) -> tuple[list[_Variant], list[Mapping[str, Any]]]:
    """The variants that we have conditions for, and those to keep by value."""
    known: list[_Variant] = []
    kept = []
    for variant in variants:
        contexts = list(variant["when"].items())
        unknown = [context for context in contexts if context not in CONTEXTS]
        meanings = [CONTEXTS.get(context) for context in contexts]
        when = {key: value for meaning in meanings if meaning for key, value in meaning.items()}
        if unknown or (not when and None not in meanings and variant["prices"]):
            note(where, f"price variant {dict(contexts)} has no condition")
        if None in meanings:
            kept.append(variant)
        elif when:
            known.append((when, variant))
    return known, kept


def _cards(
    steps: Sequence[Mapping[str, Any]], variants: Sequence[_Variant], note: Notes, where: str
) -> tuple[Pricing, ...]:
    """A card for each day on which something changes; the first holds since ever."""
    starts = [_constraint(item).get("start_date") for item in (*steps, *(variant for _, variant in variants))]
    days: list[str] = sorted({start for start in starts if start})
    cards: list[Pricing] = []
    for day in (None, *days):
        card = _card(steps, variants, day, note, where)
        if not cards or card != cards[-1]._replace(effective_from=None):
            cards.append(card._replace(effective_from=day))
    return tuple(card for card in cards if card.rates or card.overrides)


def _constraint(item: Mapping[str, Any]) -> Mapping[str, Any]:
    return item.get("constraint") or {}


def _active(item: Mapping[str, Any], day: str | None) -> bool:
    start = _constraint(item).get("start_date")
    return start is None or (day is not None and start <= day)


def _card(
    steps: Sequence[Mapping[str, Any]], variants: Sequence[_Variant], day: str | None, note: Notes, where: str
) -> Pricing:
    dated = [at for at, step in enumerate(steps) if not _hours(step) and _active(step, day)]
    at = max(dated, default=0)
    rates, overrides = _price_list(steps[at]["prices"], {}, note, where)
    overrides += _daily(steps[at + 1 :], rates, note, where)
    # The package lets the first variant of a context win, a card the last override.
    for when, prices in reversed(_merged(variants, day, note, where)):
        changed, tiers = _price_list(prices, when, note, where)
        overrides += [Override((when,), changed), *tiers] if changed else tiers
    return Pricing(rates, tuple(overrides))


def _daily(steps: Sequence[Mapping[str, Any]], base: Mapping[str, Rate], note: Notes, where: str) -> list[Override]:
    """The prices of daily spans, up to the next dated price; spans of the same price in one condition."""
    groups: list[tuple[list[str], Mapping[str, Any]]] = []
    for step in steps:
        span = _hours(step)
        if not span:
            break
        if groups and groups[-1][1] == step["prices"]:
            groups[-1][0].append(span)
        else:
            groups.append(([span], step["prices"]))
    overrides = []
    for spans, prices in groups:
        rates, tiers = _price_list(prices, {"utc_hours": spans}, note, where)
        lacks = any(METERS[meter].is_token for meter in base.keys() - rates.keys())
        overrides += [Override(({"utc_hours": spans},), rates, replace=lacks), *tiers]
    return overrides


def _merged(
    variants: Sequence[_Variant], day: str | None, note: Notes, where: str
) -> list[tuple[dict[str, Any], Mapping[str, Any]]]:
    """The prices of each `when` on a day: key by key those of the first active variant."""
    merged: list[tuple[dict[str, Any], dict[str, Any], Any]] = []
    for when, variant in variants:
        if not _active(variant, day):
            continue
        span = _hours(variant)
        own = {**when, "utc_hours": [span]} if span else when
        same = next((entry for entry in merged if entry[0] == own), None)
        if same is None:
            merged.append((own, dict(variant["prices"]), variant["when"]))
            continue
        if same[2] != variant["when"] and same[1] != variant["prices"]:
            note(where, f"{same[2]} and {variant['when']} are one condition at two prices")
        same[1].update({key: price for key, price in variant["prices"].items() if key not in same[1]})
    return [(when, prices) for when, prices, _ in merged]


def _hours(item: Mapping[str, Any]) -> str | None:
    """The daily UTC span of a constraint, such as 16:30-00:30."""
    constraint = _constraint(item)
    if "start_time" not in constraint:
        return None
    return f"{_utc(constraint['start_time'])}-{_utc(constraint['end_time'])}"


def _utc(text: str) -> str:
    clock = time.fromisoformat(text)
    if clock.tzinfo is None:
        return f"{clock:%H:%M}"
    return f"{datetime.combine(date(1970, 1, 2), clock).astimezone(UTC):%H:%M}"


def _price_list(
    prices: Mapping[str, Any], when: Mapping[str, Any], note: Notes, where: str
) -> tuple[dict[str, Rate], list[Override]]:
    """USD per unit by meter, and the overrides of its tiers, each under `when` too, the lowest first."""
    rates: dict[str, Rate] = {}
    tiers: dict[int, dict[str, Rate]] = {}
    for key, price in prices.items():
        units = ENDINGS.get(key.rpartition("_")[2])
        if key not in WORDS or units is None:
            note(where, f"price key {key!r} has no meter")
            continue
        tiered = price if isinstance(price, Mapping) else {"base": price, "tiers": ()}
        rates[WORDS[key]] = per_unit(price_of(tiered["base"]), units)
        for tier in tiered["tiers"]:
            tiers.setdefault(tier["start"], {})[WORDS[key]] = per_unit(price_of(tier["price"]), units)
    return rates, [Override(({**when, **threshold(start)},), tiers[start]) for start in sorted(tiers)]
