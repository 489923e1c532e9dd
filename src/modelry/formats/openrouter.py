"""OpenRouter's /api/v1/models: offerings of provider `openrouter`, prices in USD per unit as text.

Prices: `-1` is a variable price, which is no price. `overrides` come in order, a later one wins key by key, and keys
that it lacks keep the base price (save reasoning, which follows output on every card). Its conditions, as OpenRouter's own client documents them
(github.com/OpenRouterTeam/typescript-sdk, src/models/pricingoverride.ts): `min_prompt_tokens` is exceeded, strictly;
`utc_start` (inclusive) and `utc_end` (exclusive) are clock numbers, 1030 being 10:30; `utc_days` are UTC weekdays.

`created` is the day on which OpenRouter listed a model, not its release. It is kept, as is everything else that
`Model` has no field for, by value in `extensions["openrouter"]`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import time
from decimal import Decimal
from typing import Any

from modelry.capabilities import CAPABILITIES
from modelry.conditions import WEEKDAYS
from modelry.errors import CatalogRejected
from modelry.formats.feed import Notes, amount, in_force, price_of, seen, threshold, told, use
from modelry.meters import METERS
from modelry.pricing import Override, Per, Pricing, Rate
from modelry.records import Modalities, Model

SOURCE = "openrouter"
MANAGED = ("openai", "anthropic", "google", "cohere", "mistral", "deepseek", "xai")
"""Makers whose own rows are kept from this feed (seed 2)."""

WORDS: dict[str, str] = {meter.openrouter: meter.name for meter in METERS.values() if meter.openrouter}
"""Meter by OpenRouter's pricing key."""

FIELDS = {
    "context_length": "context",
    "knowledge_cutoff": "knowledge_cutoff",
    "expiration_date": "deprecation_date",
}
PARAMETERS = {c.openrouter: c.name for c in CAPABILITIES.values() if c.openrouter}
"""Capability by the word of `supported_parameters`."""

MODALITIES = {"file": "pdf", "embeddings": "embedding"}
"""Ours by OpenRouter's, where they differ."""

DAYS = dict(zip(("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"), WEEKDAYS, strict=True))
_VARIABLE = Decimal(-1)
_BESIDES = ("id", "description", "pricing", *FIELDS)


def read(
    data: object,
    *,
    providers: Mapping[str, str] | None = None,  # noqa: ARG001 - every reader takes it; all rows are OpenRouter's
    report: list[str] | None = None,
) -> list[Model]:
    """The offerings of a body `{"data": [...]}`, in its order.

    A price or a condition that nobody here understands is added to `report` by name and kept in the extension;
    without a report it raises CatalogRejected.
    """
    note = Notes(SOURCE, report)
    rows = note.whole(data).get("data")
    if not isinstance(rows, list):
        raise CatalogRejected(SOURCE, "the body has no list `data`")
    pairs = ((str(row.get("id")) if isinstance(row, Mapping) else f"data[{at}]", row) for at, row in enumerate(rows))
    return list(note.each("", pairs, lambda name, row: _model(name, row, note)))


def maker_rows(models: Sequence[Model], *, providers: Mapping[str, str]) -> list[Model]:
    """The makers' own rows that seed 2 keeps from this feed: same names, prices and limits, no extensions.

    `providers` maps OpenRouter's id prefixes to canonical ids. Text must be among the output modalities; ids with
    `:` are variants of one offering and make no row.
    """
    rows = []
    for model in models:
        prefix, _, name = model.model.partition("/")
        maker = providers.get(prefix)
        if maker in MANAGED and name and ":" not in name and model.modalities and "text" in model.modalities.output:
            rows.append(replace(model, provider=maker, model=name, unit="1k_tokens", extensions={}))
    return rows


def _model(name: str, entry: Mapping[str, Any], note: Notes) -> Model:
    rest = told(entry, _BESIDES)
    fields = {field: entry[word] for word, field in FIELDS.items() if entry.get(word) is not None}
    fields["display_name"] = _display_name(rest)
    top = rest.get("top_provider") or {}
    fields["max_output_tokens"] = top.get("max_completion_tokens")
    if "max_completion_tokens" in top:
        rest["top_provider"] = told(top, ("max_completion_tokens",))
    listed = rest.get("architecture") or {}
    modalities = Modalities(input=_ours(listed.get("input_modalities")), output=_ours(listed.get("output_modalities")))
    if listed:
        rest["architecture"] = told(listed, ("input_modalities", "output_modalities"))
    card, unread = _card(entry.get("pricing") or {}, note, name)
    if unread:
        rest["pricing"] = unread
    supported = rest.get("supported_parameters") or ()
    return Model(
        provider=SOURCE,
        model=name,
        modalities=modalities,
        capabilities={PARAMETERS[word]: True for word in PARAMETERS if word in supported} | seen(modalities),
        pricing=(card,) if card else (),
        open_weights=True if entry.get("hugging_face_id") else None,
        extensions={SOURCE: rest},
        **fields,
        **use(modalities, talks=True),
    )


def _display_name(rest: dict[str, Any]) -> str | None:
    """The name without the maker's, which stays in `rest` where it differs."""
    name: str | None = rest.pop("name", None)
    maker, colon, own = (name or "").partition(": ")
    if colon and maker and own:
        rest["name"] = name
        return own
    return name


def _ours(words: Sequence[str] | None) -> tuple[str, ...]:
    return tuple(MODALITIES.get(word, word) for word in words or ())


def _card(pricing: Mapping[str, Any], note: Notes, where: str) -> tuple[Pricing | None, dict[str, Any]]:
    """The rate card, and what of the prices could not be read or is variable."""
    base = told(pricing, ("overrides", "discount"))
    unread = {key: pricing[key] for key in ("discount",) if key in pricing}
    if amount(pricing.get("discount")):
        note(where, f"discount {pricing['discount']}: nothing says whether the prices are before or after it")
    rates, unknown = _rates(base, note, where)
    unread |= unknown
    for meter in [meter for meter, rate in rates.items() if rate is None]:
        del rates[meter]
        unread |= {word: value for word, value in base.items() if WORDS.get(word) == meter}
    if _is_of_tokens(rates):
        rates["input_image_per_token"] = rates.pop("input_per_image")
        unread["image"] = pricing["image"]
    overrides = []
    for entry in pricing.get("overrides") or ():
        override = _override(entry, note, where)
        if override is None:
            unread.setdefault("overrides", []).append(entry)
        else:
            overrides.append(override)
    return (Pricing(rates, tuple(overrides)) if rates or overrides else None), unread


def _is_of_tokens(rates: Mapping[str, Rate]) -> bool:
    """Whether `image`, documented as the price of an image, is that of a token of one: it equals `prompt`.

    So it is on all 14 models (all of Gemini) that had it on 2026-04-17; nobody reads an image for the price of a word.
    """
    price = rates.get("input_per_image")
    return bool(price) and price == rates.get("input_per_token") and "input_image_per_token" not in rates


def _rates(prices: Mapping[str, Any], note: Notes, where: str) -> tuple[dict[str, Rate], dict[str, Any]]:
    """USD per unit by meter (None: variable), and what has no meter or is no number."""
    rates: dict[str, Rate] = {}
    unread = {}
    for key, value in prices.items():
        try:
            rates[WORDS[key]] = None if amount(value) == _VARIABLE else price_of(value)
        except KeyError:
            note(where, f"price {key!r} has no meter")
            unread[key] = value
        except ValueError as error:
            note(where, f"price {key!r}: {error}")
            unread[key] = value
    return rates, unread


def _override(entry: Mapping[str, Any], note: Notes, where: str) -> Override | None:
    """One override; None where any of its keys is not understood, since without it the rest may mean another call."""
    when: dict[str, Any] = {}
    prices = told(entry, ("min_prompt_tokens", "utc_start", "utc_end", "utc_days"))
    try:
        if "min_prompt_tokens" in entry:
            when |= threshold(int(entry["min_prompt_tokens"]))
        if "utc_start" in entry or "utc_end" in entry:
            when["utc_hours"] = [f"{_clock(entry.get('utc_start', 0))}-{_clock(entry.get('utc_end', 0))}"]
        if "utc_days" in entry:
            when["weekdays"] = [DAYS[day.lower()] for day in entry["utc_days"]]
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        note(where, f"override {told(entry, prices)}: {error!r}")
        return None
    rates, unread = _rates(prices, note, where)
    if not when:
        note(where, "an override has no condition")
    return Override((when,), rates) if when and not unread else None


_DAY_END = 2400


def _clock(value: object) -> str:
    """10:30 of the clock number 1030 (or of the text 10:30); midnight at the end of a day is 00:00."""
    number = int(str(value).replace(":", ""))
    return f"{time(*divmod(0 if number == _DAY_END else number, 100)):%H:%M}"


def write(models: Sequence[Model], report: list[str] | None = None, *, day: str | None = None) -> dict[str, Any]:
    """A body of /api/v1/models, with the card that holds on `day` (YYYY-MM-DD; None is today).

    OpenRouter's own offerings keep their ids; others are named `provider/model`. What cannot be said is added to
    `report`.
    """
    losses: list[str] = [] if report is None else report
    written: dict[str, dict[str, Any]] = {}
    for model in sorted(models, key=lambda model: model.provider != SOURCE):  # its own name comes before ours
        entry = _entry(model, day, losses)
        if entry["id"] in written:
            losses.append(f"{entry['id']}: stands twice, OpenRouter's own comes first")
        else:
            written[entry["id"]] = entry
    return {"data": list(written.values())}


_THEIRS = {ours: theirs for theirs, ours in MODALITIES.items()}


def _entry(model: Model, day: str | None, losses: list[str]) -> dict[str, Any]:
    kept = model.extensions.get(SOURCE, {})
    entry: dict[str, Any] = {"id": model.model if model.provider == SOURCE else model.id, **told(kept, ("pricing",))}
    if not str(kept.get("name", "")).endswith(f": {model.display_name}"):
        entry["name"] = model.display_name or model.model
    entry |= {word: getattr(model, field) for word, field in FIELDS.items()}
    entry["top_provider"] = {**kept.get("top_provider", {}), "max_completion_tokens": model.max_output_tokens}
    modalities = model.modalities or Modalities()
    entry["architecture"] = {
        **kept.get("architecture", {}),
        "input_modalities": [_THEIRS.get(word, word) for word in modalities.input],
        "output_modalities": [_THEIRS.get(word, word) for word in modalities.output],
    }
    entry["supported_parameters"] = _parameters(model, kept.get("supported_parameters") or ())
    entry["pricing"] = _prices(model, in_force(model, day), kept.get("pricing", {}), losses)
    return entry


def _parameters(model: Model, kept: Sequence[str]) -> list[str]:
    """The words that were listed and still hold, then the capabilities that came in from elsewhere."""
    can = [word for word, name in PARAMETERS.items() if model.capabilities.get(name)]
    return [word for word in kept if word not in PARAMETERS or word in can] + [w for w in can if w not in kept]


def _prices(model: Model, card: Pricing | None, kept: Mapping[str, Any], losses: list[str]) -> dict[str, Any]:
    if len(model.pricing) > 1:
        losses.append(f"{model.id}: only the price in force is said, not its history")
    if card and card.currency != "USD":
        losses.append(f"{model.id}: the price is in {card.currency}")
        card = None
    prices = _texts(model, card.rates, losses) if card else {}
    if "image" in kept and "image_token" in prices:  # `image` was read as the price of a token of one
        same = Decimal(prices["image_token"]) == amount(kept["image"])
        kept, prices = (kept, told(prices, ("image_token",))) if same else (told(kept, ("image",)), prices)
    overrides = [entry for override in (card.overrides if card else ()) for entry in _entries(model, override, losses)]
    overrides += kept.get("overrides", [])
    prices = {**told(kept, ("overrides",)), **prices}
    return {**prices, "overrides": overrides} if overrides else prices


_WORD_OF = {meter: word for word, meter in WORDS.items()}


def _texts(model: Model, rates: Mapping[str, Rate], losses: list[str]) -> dict[str, Any]:
    texts: dict[str, Any] = {}
    for meter, rate in rates.items():
        if meter not in _WORD_OF:
            losses.append(f"{model.id}: no word for {meter}")
        elif isinstance(rate, Per):
            losses.append(f"{model.id}: {meter} is {rate.amount} per {rate.per}, which is no exact price of one")
        else:
            texts[_WORD_OF[meter]] = "-1" if rate is None else format(rate, "f")
    return texts


_SAYABLE = {"prompt_tokens_above", "prompt_tokens_from", "utc_hours", "weekdays"}


def _entries(model: Model, override: Override, losses: list[str]) -> list[dict[str, Any]]:
    """An override in OpenRouter's words: an entry for each of its alternatives and each of its spans of hours."""
    if override.replace or override.multiply is not None or any(when.keys() - _SAYABLE for when in override.when):
        losses.append(f"{model.id}: no word for a price {list(override.when)}")
        return []
    texts = _texts(model, override.rates, losses)
    return [
        _condition(when) | hours | texts
        for when in override.when
        for hours in [_span(span) for span in when.get("utc_hours", ())] or [{}]
    ]


def _condition(when: Mapping[str, Any]) -> dict[str, Any]:
    condition: dict[str, Any] = {}
    if "prompt_tokens_above" in when:
        condition["min_prompt_tokens"] = when["prompt_tokens_above"]
    if "prompt_tokens_from" in when:
        condition["min_prompt_tokens"] = when["prompt_tokens_from"] - 1
    if "weekdays" in when:
        condition["utc_days"] = [day for day, ours in DAYS.items() if ours in when["weekdays"]]
    return condition


def _span(span: str) -> dict[str, int]:
    start, _, end = span.replace(":", "").partition("-")
    return {"utc_start": int(start), "utc_end": int(end)}
