"""One rate card -> LiteLLM's price fields, as floats. What they cannot say is told, never guessed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from modelry.conditions import WEEKDAYS
from modelry.formats.litellm_fields import spell, units
from modelry.formats.litellm_to_card import (
    CONTEXT_SIZES,
    FROM,
    GENERATED,
    GOOGLE,
    PER_QUERY,
    SPECIFIC,
    SPECIFIC_MULTIPLIERS,
    TIERS,
    Hints,
)
from modelry.meters import METERS
from modelry.pricing import Override, Per, Pricing, Rate


class _Writing:
    """The fields written so far, and what was lost."""

    def __init__(self, card: Pricing, provider: str, hints: Hints) -> None:
        self.card = card
        self.provider = provider
        self.hints = hints
        self.fields: dict[str, Any] = {}
        self.losses: list[str] = []
        self.as_input = {meant: written for written, meant in GENERATED.items()
                         if meant in hints.get("generated_as_input", ())}  # fmt: skip

    def field(self, meter: str, when: Mapping[str, Any]) -> str | None:
        """The field for one rate; None, and a loss, where there is none."""
        name = None
        if "prompt_tokens_from" not in when and "prompt_tokens_above" not in when:
            name = spell(self.as_input.get(meter, meter), when)
        elif ("prompt_tokens_from" in when) == (self.provider in FROM):
            name = spell(meter, when)
        if name is None:
            self.lose(meter, when)
        return name

    def lose(self, what: str, when: Mapping[str, Any]) -> None:
        self.losses.append(f"{what} when {dict(when)}" if when else what)


def write_prices(card: Pricing, provider: str, hints: Hints) -> tuple[dict[str, Any], list[str]]:
    """The price fields of a card of this provider (LiteLLM's name), and what they could not say."""
    writing = _Writing(card, provider, hints)
    if card.currency != "USD":
        return {}, [f"prices in {card.currency}"]
    if card.source:
        writing.fields["source"] = card.source
    tiered = _tier_condition(card) if "tiers" in hints else None
    _write_base(writing, tiered)
    for override in card.overrides:
        for matches, write in _WRITERS:
            if matches(override, tiered):
                write(writing, override)
                break
    if tiered:
        writing.fields["tiered_pricing"] = _tiers(writing, tiered)
    if hints.get("cache_hit") and "cache_read_input_token_cost" in writing.fields:
        writing.fields["input_cost_per_token_cache_hit"] = writing.fields["cache_read_input_token_cost"]
    if hints.get("pixel_placeholder"):
        writing.fields.setdefault("output_cost_per_pixel", 0.0)
    return writing.fields, writing.losses


def _number(rate: Rate, per: int = 1) -> float | None:
    """The price of `per` units."""
    if rate is None:
        return None
    amount = rate.amount * per / rate.per if isinstance(rate, Per) else rate if per == 1 else rate * per
    return float(amount)


def _put(writing: _Writing, rates: Mapping[str, Rate], when: Mapping[str, Any]) -> None:
    for meter, rate in rates.items():
        if rate is not None and (name := writing.field(meter, when)):
            writing.fields[name] = _number(rate, units(name))


# ---- base rates ------------------------------------------------------------------------------------------------------


def _write_base(writing: _Writing, tiered: str | None) -> None:
    special = {"web_search_per_query": _search, "web_search_per_prompt": _search,
               "maps_grounding_per_query": _maps, "maps_grounding_per_prompt": _maps}  # fmt: skip
    in_tiers = _first_tier(writing, tiered) if tiered and not writing.hints["tiers"].get("flat") else ()
    for meter, rate in writing.card.rates.items():
        if meter in special:
            if rate is not None:
                special[meter](writing, meter, rate)
        elif meter not in in_tiers:
            _put(writing, {meter: rate}, {})


def _says_unit(writing: _Writing, meter: str) -> bool:
    """Whether LiteLLM can say that this is per query, or per prompt, on this provider."""
    if meter in PER_QUERY:
        if writing.provider in GOOGLE:
            writing.fields["web_search_billing_unit"] = "per_query"
        return True
    if writing.provider not in GOOGLE or writing.card.rates.keys() & PER_QUERY:
        writing.lose(meter, {})
        return False
    return True


def _search(writing: _Writing, meter: str, rate: Rate) -> None:
    if _says_unit(writing, meter):
        writing.fields["search_context_cost_per_query"] = dict.fromkeys(CONTEXT_SIZES.values(), _number(rate))


def _maps(writing: _Writing, meter: str, rate: Rate) -> None:
    if _says_unit(writing, meter):
        writing.fields["google_maps_grounding_cost_per_query"] = _number(rate)


# ---- overrides -------------------------------------------------------------------------------------------------------


def _is_tier(override: Override, tiered: str | None) -> bool:
    return tiered is not None and len(override.when) == 1 and override.when[0].keys() == {tiered}


def _tier_condition(card: Pricing) -> str | None:
    """The condition that the card's tiers hang on; with one tier only it is that of tokens."""
    found = (key for key in TIERS for override in card.overrides if _is_tier(override, key))
    return next(found, "prompt_tokens_above")


def _first_tier(writing: _Writing, tiered: str) -> list[str]:
    later = [override.rates for override in writing.card.overrides if _is_tier(override, tiered)]
    named: list[str] = writing.hints["tiers"].get("first") or [meter for rates in later for meter in rates]
    return [meter for meter in dict.fromkeys(named) if meter in writing.card.rates]


def _tiers(writing: _Writing, tiered: str) -> list[dict[str, Any]]:
    bounds, gap = TIERS[tiered]
    hint = writing.hints["tiers"]
    card = writing.card
    later = [(o.when[0][tiered], o.rates) for o in card.overrides if _is_tier(o, tiered)]
    steps = [(hint.get("start", 0), {meter: card.rates[meter] for meter in _first_tier(writing, tiered)})]
    steps += [(above + gap, dict(rates)) for above, rates in later]
    ends = [above for above, _ in later] + [max(hint["top"], steps[-1][0])]
    tiers = []
    for (start, rates), end in zip(steps, ends, strict=True):
        written = {METERS[meter].litellm: _number(rate) for meter, rate in rates.items()}
        tiers.append({bounds: [start, end]} | {name: number for name, number in written.items() if name})
    return tiers


def _is_multiplier(override: Override, _: str | None) -> bool:
    return override.multiply is not None and not override.rates and not override.replace and len(override.when) == 1


def _write_multiplier(writing: _Writing, override: Override) -> None:
    when, factor = dict(override.when[0]), override.multiply
    specific = next((word for word, meant in SPECIFIC_MULTIPLIERS.items() if meant == when), None)
    number = float(factor or 1)
    regions = when.get("region")
    if specific and writing.provider in SPECIFIC:
        writing.fields.setdefault("provider_specific_entry", {})[specific] = number
    elif when == {"region_not": "global"}:
        writing.fields["regional_endpoint_uplift_multiplier"] = number
    elif when.keys() == {"region"} and writing.provider not in SPECIFIC:
        for region in regions if isinstance(regions, list) else [regions]:
            writing.fields[f"regional_processing_uplift_multiplier_{region}"] = number
    else:
        writing.lose("multiply", when)


def _is_off_peak(override: Override, _: str | None) -> bool:
    keys = override.when[0].keys()
    return len(override.when) == 1 and "utc_hours" in keys and keys <= {"utc_hours", "weekdays", "weekday_timezone"}


def _write_off_peak(writing: _Writing, override: Override) -> None:
    """Windows share one price list and one calendar; a card whose windows differ is lost from the second on."""
    when = override.when[0]
    rates = {}
    for meter, rate in override.rates.items():
        if rate is not None and (name := writing.field(meter, {})):
            rates[name] = _number(rate)
    hours = when["utc_hours"]
    window: dict[str, Any] = {"hours_utc": hours[0] if len(hours) == 1 else list(hours)}
    if days := when.get("weekdays"):
        window["weekdays"] = [WEEKDAYS.index(day) + 1 for day in days]
    zone = {"weekday_timezone": when["weekday_timezone"]} if "weekday_timezone" in when else {}
    written = writing.fields.setdefault("off_peak_pricing", {**rates, **zone, "windows": []})
    if written != {**rates, **zone, "windows": written["windows"]} or override.replace:
        writing.lose("other prices", when)
    else:
        written["windows"].append(window)


def _is_search_size(override: Override, _: str | None) -> bool:
    return len(override.when) == 1 and override.when[0].keys() == {"search_context_size"}


def _write_search_size(writing: _Writing, override: Override) -> None:
    when = override.when[0]
    field = writing.fields.get("search_context_cost_per_query")
    size = CONTEXT_SIZES.get(when["search_context_size"])
    for meter, rate in override.rates.items():
        if field and size and meter.startswith("web_search_per_") and meter in writing.card.rates:
            field[size] = _number(rate)
        else:
            writing.lose(meter, when)


def _is_explicit_cache(override: Override, _: str | None) -> bool:
    return override.when == ({"cache_mode": "explicit"},) and override.rates.keys() == {"cached_input_per_token"}


def _write_explicit_cache(writing: _Writing, override: Override) -> None:
    number = _number(override.rates["cached_input_per_token"])
    if number is not None:
        writing.fields["explicit_cache_read_input_token_cost"] = number


def _write_suffixed(writing: _Writing, override: Override) -> None:
    """Everything else is the grammar of fields. LiteLLM replaces the whole list under batch, and only there."""
    when = override.when[0]
    if len(override.when) > 1 or override.multiply is not None:
        writing.lose("rates", {"any of": override.when})
        return
    is_batch_list = dict(when) == {"service_tier": "batch"}
    if override.replace and not is_batch_list:
        writing.lose("that other rates are forgotten", when)
    _put(writing, override.rates, when)


_WRITERS: tuple[tuple[Callable[[Override, str | None], bool], Callable[[_Writing, Override], None]], ...] = (
    (_is_tier, lambda writing, override: None),  # noqa: ARG005 - written together with the base
    (_is_multiplier, _write_multiplier),
    (_is_off_peak, _write_off_peak),
    (_is_search_size, _write_search_size),
    (_is_explicit_cache, _write_explicit_cache),
    (lambda override, tiered: True, _write_suffixed),  # noqa: ARG005 - whatever is left
)
"""Who writes which override: the first that it matches."""
