"""LiteLLM's price fields -> one rate card.

Nearly all fields are the grammar of `litellm_fields`. The others have a reader each, which takes a field only where
`litellm_from_card` can give it back, and leaves one of another shape alone: what is left is carried as it is.

Overrides stand in this order: base, endpoint, tier; the same for each threshold upwards; batch; off-peak; `multiply`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Any

from modelry.conditions import WEEKDAYS
from modelry.formats.litellm_fields import When, exact, parse
from modelry.meters import METERS
from modelry.pricing import Override, Pricing, Rate

Hints = dict[str, Any]
"""How LiteLLM wrote what a card does not tell apart. No prices stand in it."""

FROM = frozenset({"xai"})
"""Providers whose thresholds reprice from N tokens on; everybody else's reprice above N."""

GOOGLE = frozenset({"gemini", "vertex_ai", "vertex_ai-language-models"})
"""Providers that bill a grounded prompt, however many searches it makes, unless `web_search_billing_unit` says else."""

PER_QUERY = frozenset({"web_search_per_query", "maps_grounding_per_query"})
"""Meters that say `web_search_billing_unit: per_query` on Google."""

SPECIFIC = frozenset({"anthropic", "bedrock"})
"""Providers whose multipliers stand in `provider_specific_entry`."""

SPECIFIC_MULTIPLIERS: dict[str, dict[str, str]] = {"us": {"region": "us"}, "fast": {"speed": "fast"}}
GENERATED = {"input_per_image": "output_per_image", "input_per_pixel": "output_per_pixel"}
TIERS = {"prompt_tokens_above": ("range", 0), "results_above": ("max_results_range", 1)}
"""By condition: the key of a tier's bounds, and how far above the end of a tier the next one starts."""

CONTEXT_SIZES = {"low": "search_context_size_low", "medium": "search_context_size_medium",
                 "high": "search_context_size_high"}  # fmt: skip
_REGIONAL = re.compile(r"regional_processing_uplift_multiplier_(?P<region>[a-z-]+)")
_RANK = {"endpoint": 1, "service_tier": 2}
_METER_ORDER = {meter: place for place, meter in enumerate(METERS)}


class _Draft:
    """A card in the making, and the fields of the entry that nobody has taken yet."""

    def __init__(self, entry: Mapping[str, Any]) -> None:
        self.entry = entry
        self.provider: str = entry.get("litellm_provider") or ""
        self.left: dict[str, Any] = dict(entry)
        self.rates: dict[When, dict[str, Rate]] = {}
        self.replacing: set[When] = set()
        self.off_peak: list[Override] = []
        self.multiplied: list[Override] = []
        self.hints: Hints = {}

    def add(self, meter: str, rate: Decimal, *when: tuple[str, Any]) -> None:
        self.rates.setdefault(when, {})[meter] = rate

    def card(self, source: str | None) -> Pricing | None:
        base = sorted_rates(self.rates.pop((), {}))
        overrides = [
            Override((_readable(when),), sorted_rates(rates), replace=when in self.replacing or _is_batch_list(when))
            for when, rates in self.rates.items()
        ]
        multiplied = sorted(self.multiplied, key=lambda override: str(override.when))
        overrides = [*in_order(overrides), *self.off_peak, *multiplied]
        return Pricing(base, tuple(overrides), source=source) if base or overrides else None


def sorted_rates(rates: Mapping[str, Rate]) -> dict[str, Rate]:
    """Rates in the order of the table of meters."""
    return {meter: rates[meter] for meter in sorted(rates, key=_METER_ORDER.__getitem__)}


def _readable(when: When) -> dict[str, Any]:
    """The tier first: `{service_tier: flex, prompt_tokens_above: 272000}`."""
    return dict(sorted(when, key=lambda item: -_RANK.get(item[0], 0)))


def _is_batch_list(when: When) -> bool:
    return when == (("service_tier", "batch"),)


def _place(override: Override) -> tuple[Any, ...]:
    when = override.when[0]
    if override.multiply is not None or "utc_hours" in when or "weekdays" in when:
        return (2,)
    threshold = when.get("prompt_tokens_above") or when.get("prompt_tokens_from") or 0
    rank = max((_RANK.get(key, 0) for key in when), default=0)
    counts = (when.get("results_above", 0), when.get("video_interval_above", 0))
    return (when.get("service_tier") == "batch", threshold, rank, *counts, str(sorted(when.items())))


def in_order(overrides: Sequence[Override]) -> tuple[Override, ...]:
    """Overrides in the order in which they stand on a card; those of time and `multiply` come last as they are."""
    return tuple(sorted(overrides, key=_place))


def read_prices(entry: Mapping[str, Any]) -> tuple[Pricing | None, dict[str, Any], Hints]:
    """The card that an entry's price fields make, the fields that went into no card, and the hints."""
    draft = _Draft(entry)
    above = "prompt_tokens_from" if draft.provider in FROM else "prompt_tokens_above"
    for name, value in entry.items():
        if reader := _READERS.get(name):
            if reader(draft, value):
                del draft.left[name]
        elif (field := parse(name)) and (number := exact(value)) is not None:
            del draft.left[name]
            when = tuple((above, n) if key == "prompt_tokens_above" else (key, n) for key, n in field.when)
            draft.add(field.meter, number if field.per == 1 else number / field.per, *when)
        elif (region := _REGIONAL.fullmatch(name)) and draft.provider not in SPECIFIC and (number := exact(value)):
            del draft.left[name]
            draft.multiplied.append(_multiplier({"region": region["region"]}, number))
    _turn_generated_images_round(draft)
    _take_search_unit(draft)
    source = draft.left.get("source")
    card = draft.card(source if isinstance(source, str) and " " not in source else None)
    if card and card.source:
        del draft.left["source"]
    return card, draft.left, draft.hints


def _multiplier(when: dict[str, str], factor: Decimal) -> Override:
    return Override((when,), {}, multiply=factor)


def _turn_generated_images_round(draft: _Draft) -> None:
    """An image generator without `output_cost_per_image` writes the price of the image that it makes as input."""
    if draft.entry.get("mode") != "image_generation" or "output_cost_per_image" in draft.entry:
        return
    for rates in draft.rates.values():
        if "input_per_pixel" in rates and rates.get("output_per_pixel") == 0:
            del rates["output_per_pixel"]
            draft.hints["pixel_placeholder"] = True
        for written, meant in GENERATED.items():
            if written in rates and meant not in rates:
                rates[meant] = rates.pop(written)
                draft.hints.setdefault("generated_as_input", []).append(meant)


def _read_tiers(draft: _Draft, tiers: Any) -> bool:
    for condition, (bounds, gap) in TIERS.items():
        if isinstance(tiers, list) and tiers and all(isinstance(tier, dict) and bounds in tier for tier in tiers):
            ranges = [_range(tier[bounds]) for tier in tiers]
            rates = [_simple_rates(tier, bounds) for tier in tiers]
            known = [pair for pair in ranges if pair]
            joined = all(low[1] + gap == high[0] for low, high in pairwise(known))
            if all(rates) and len(known) == len(ranges) and joined:
                return _take_tiers(draft, condition, gap, known, [tier for tier in rates if tier])
    return False


def _range(pair: Any) -> tuple[int, int] | None:
    numbers = [exact(bound) for bound in pair] if isinstance(pair, list) else []
    whole = [int(number) for number in numbers if number is not None and number == int(number)]
    return (whole[0], whole[1]) if len(whole) == len(numbers) == 2 else None


def _simple_rates(mapping: Mapping[str, Any], *others: str) -> dict[str, Decimal] | None:
    """Rates of fields without a suffix; None where another field than `others` stands among them."""
    rates = {}
    for name, value in mapping.items():
        if name not in others:
            field, number = parse(name), exact(value)
            if field is None or field.when or field.per != 1 or number is None:
                return None
            rates[field.meter] = number
    return rates


def _take_tiers(
    draft: _Draft, condition: str, gap: int, ranges: list[tuple[int, int]], rates: list[dict[str, Decimal]]
) -> bool:
    first = rates[0]
    stems = {meter: METERS[meter].litellm or "" for meter in first}
    flat = {meter: exact(draft.entry[stem]) for meter, stem in stems.items() if stem in draft.entry}
    if flat and flat != first:
        return False
    hint: Hints = {"top": ranges[-1][1]}
    if ranges[0][0]:
        hint["start"] = ranges[0][0]
    if flat:
        hint["flat"] = True
    if set().union(*rates[1:]) != first.keys():
        hint["first"] = list(first)
    draft.hints["tiers"] = hint
    for meter, rate in first.items():
        draft.add(meter, rate)
    for (before, tier), (start, _) in zip(pairwise(rates), ranges[1:], strict=True):
        when = (condition, start - gap)
        if before.keys() - tier.keys():
            draft.replacing.add((when,))
        for meter, rate in tier.items():
            draft.add(meter, rate, when)
    return True


def _read_off_peak(draft: _Draft, value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    rates = _simple_rates(value, "windows", "weekday_timezone")
    zone = value.get("weekday_timezone")
    windows = [_window(window, zone) for window in value.get("windows") or ()]
    known = [when for when in windows if when]
    if not rates or not known or len(known) != len(windows):
        return False
    draft.off_peak = [Override((when,), sorted_rates(rates)) for when in known]
    return True


def _window(window: Any, zone: str | None) -> dict[str, Any] | None:
    """One window as a `when`. One span of hours is written as text, several as a list; 1 is Monday."""
    if not isinstance(window, dict) or window.keys() - {"hours_utc", "weekdays"}:
        return None
    hours, days = window.get("hours_utc"), window.get("weekdays", [])
    spans = [hours] if isinstance(hours, str) else hours
    is_plain = isinstance(spans, list) and len(spans) > (spans is hours)
    if not is_plain or not isinstance(days, list) or not all(day in range(1, 8) for day in days) or (zone and not days):
        return None
    when: dict[str, Any] = {"utc_hours": spans}
    if days:
        when["weekdays"] = [WEEKDAYS[day - 1] for day in days]
    if zone:
        when["weekday_timezone"] = zone
    return when


def _read_search(draft: _Draft, value: Any) -> bool:
    if not isinstance(value, dict) or value.keys() != set(CONTEXT_SIZES.values()):
        return False
    sizes = {size: number for size, word in CONTEXT_SIZES.items() if (number := exact(value[word])) is not None}
    if len(sizes) != len(value):
        return False
    meter = f"web_search_{_search_unit(draft)}"
    draft.add(meter, sizes["medium"])
    for size in ("low", "high"):
        if sizes[size] != sizes["medium"]:
            draft.add(meter, sizes[size], ("search_context_size", size))
    return True


def _search_unit(draft: _Draft) -> str:
    per_prompt = draft.provider in GOOGLE and draft.entry.get("web_search_billing_unit") != "per_query"
    return "per_prompt" if per_prompt else "per_query"


def _read_maps(draft: _Draft, value: Any) -> bool:
    number = exact(value)
    if number is not None:
        draft.add(f"maps_grounding_{_search_unit(draft)}", number)
    return number is not None


def _take_search_unit(draft: _Draft) -> None:
    """It chose the meter already, if there was a price to choose it for."""
    met = draft.rates.get((), {}).keys() & PER_QUERY
    if draft.provider in GOOGLE and met and draft.left.get("web_search_billing_unit") == "per_query":
        del draft.left["web_search_billing_unit"]


def _read_explicit_cache(draft: _Draft, value: Any) -> bool:
    number = exact(value)
    if number is not None:
        draft.add("cached_input_per_token", number, ("cache_mode", "explicit"))
    return number is not None


def _read_cache_hit(draft: _Draft, value: Any) -> bool:
    """The cache read rate once more; another number is nobody's price."""
    number = exact(value)
    if number is None or number != exact(draft.entry.get("cache_read_input_token_cost")):
        return False
    draft.hints["cache_hit"] = True
    return True


def _read_specific(draft: _Draft, value: Any) -> bool:
    """Multipliers, among things that are no prices."""
    if not isinstance(value, dict) or draft.provider not in SPECIFIC:
        return False
    rest = dict(value)
    for word, when in SPECIFIC_MULTIPLIERS.items():
        if (factor := exact(rest.get(word))) is not None:
            del rest[word]
            draft.multiplied.append(_multiplier(dict(when), factor))
    if rest:
        draft.left["provider_specific_entry"] = rest
    return not rest


def _read_endpoint_uplift(draft: _Draft, value: Any) -> bool:
    factor = exact(value)
    if factor is not None:
        draft.multiplied.append(_multiplier({"region_not": "global"}, factor))
    return factor is not None


_READERS: dict[str, Callable[[_Draft, Any], bool]] = {
    "tiered_pricing": _read_tiers,
    "off_peak_pricing": _read_off_peak,
    "search_context_cost_per_query": _read_search,
    "google_maps_grounding_cost_per_query": _read_maps,
    "explicit_cache_read_input_token_cost": _read_explicit_cache,
    "input_cost_per_token_cache_hit": _read_cache_hit,
    "provider_specific_entry": _read_specific,
    "regional_endpoint_uplift_multiplier": _read_endpoint_uplift,
}
"""Readers of the special fields: each says whether it took the field."""
