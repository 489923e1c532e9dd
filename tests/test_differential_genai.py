"""Our costs against genai-prices' own, call by call, for every model of its package that has an exact name.

`CAUSES` is the table of the only allowed differences, each a behaviour of genai-prices 0.2.3; `pytest -rP` prints how
often each was met, and how many models cannot be compared. Amounts of both sides are Decimals: they are equal, or 28
digits away from it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

import pytest
from genai_prices import Usage
from genai_prices.data import providers
from genai_prices.data_units import unit_data

from modelry import costs, rates
from modelry.errors import Unpriced
from modelry.formats import genai_prices
from modelry.identity import ModelId, Resolution
from modelry.meters import BUCKETS, METERS
from modelry.pricing import Pricing
from modelry.records import Model
from modelry.usage import checked

TOLERANCE = Decimal("1e-12")
NOON = datetime(2026, 11, 18, 12, 30, tzinfo=UTC)
"""A Wednesday."""

Counts = dict[str, int]
Costs = tuple[Decimal, Decimal, Decimal]
"""Input, output, total."""

USAGES: dict[str, Counts] = {
    "plain": {"input": 1_000, "output": 500},
    "cached": {"input": 700, "cached_input": 300, "output": 500},
    "write": {"input": 700, "cache_write": 300, "output": 500},
    "write 1h": {"input": 600, "cache_write": 100, "cache_write_1h": 300, "output": 500},
    "all cache": {"input": 400, "cached_input": 200, "cache_write": 100, "cache_write_1h": 300, "output": 500},
    "reasoning": {"input": 1_000, "output": 300, "reasoning": 200},
    "audio in": {"input": 700, "input_audio": 300, "output": 500},
    "cached audio": {"input": 500, "cached_input": 200, "input_audio": 200, "cached_input_audio": 100, "output": 500},
    "audio out": {"input": 1_000, "output": 300, "output_audio": 200},
    "image in": {"input": 700, "input_image": 300, "output": 500},
    "image out": {"input": 1_000, "output": 300, "output_image": 200},
    "video in": {"input": 700, "input_video": 300, "output": 500},
    "nothing": {},
}
UNITS: dict[str, str] = {
    METERS[genai_prices.WORDS[unit["price_key"]]].bucket: key
    for key, unit in unit_data.items()
    if unit["price_key"] in genai_prices.WORDS and not METERS[genai_prices.WORDS[unit["price_key"]]].is_token
}
"""Their counts of other units, by our bucket."""


class Call(NamedTuple):
    """One call: what it used, when, and what else decides its price."""

    name: str
    counts: Counts
    at: datetime = NOON
    context: Mapping[str, str] = {}


def calls(model: Any, cards: Sequence[Pricing]) -> Iterator[Call]:
    """The calls that can tell something about a model."""
    whens = [when for card in cards for override in card.overrides for when in override.when]
    usages = USAGES | _around_thresholds(whens) | _of_other_units(cards)
    contexts = [{}, *(variant.when for variant in model.price_variants or ())]
    for context in contexts:
        for moment in {NOON, *_moments(cards, whens)}:
            yield from (Call(f"{name} {context or ''} at {moment:%F %H:%M}", counts, moment, context) for name, counts in usages.items())  # fmt: skip


def _around_thresholds(whens: Iterable[Mapping[str, Any]]) -> dict[str, Counts]:
    bounds = {when[key] for when in whens for key in ("prompt_tokens_above", "prompt_tokens_from") if key in when}
    usages = {}
    for total in {bound + step for bound in bounds for step in (-1, 0, 1)}:
        usages[f"{total}"] = {"input": total, "output": 300, "reasoning": 200}
        cached = min(total, 3_000)
        usages[f"{total} cached"] = {
            "input": total - cached,
            "cached_input": cached - 2,
            "cache_write": 2,
            "output": 500,
        }
    return usages


def _of_other_units(cards: Iterable[Pricing]) -> dict[str, Counts]:
    meters = {meter for card in cards for rates in (card.rates, *(o.rates for o in card.overrides)) for meter in rates}
    buckets = {METERS[meter].bucket for meter in meters} & UNITS.keys() - {"requests"}
    return {bucket: {bucket: 7} for bucket in sorted(buckets)}


def _moments(cards: Sequence[Pricing], whens: Iterable[Mapping[str, Any]]) -> Iterator[datetime]:
    """Around each day on which a price changes, and around the ends of each span of hours of such days."""
    days = [datetime.fromisoformat(card.effective_from).replace(tzinfo=UTC) for card in cards if card.effective_from]
    spans = {span for when in whens for span in when.get("utc_hours", ())}
    for day in days:
        yield from (day - timedelta(minutes=1), day, day + timedelta(hours=12))
    for day in (*days, *(day - timedelta(days=1) for day in days), NOON):
        for clock in {clock for span in spans for clock in span.split("-")}:
            hour, minute = map(int, clock.split(":"))
            moment = day.replace(hour=hour, minute=minute)
            yield from (moment - timedelta(minutes=1), moment)


# ---- their side ------------------------------------------------------------------------------------------------------


def usage_of(counts: Counts) -> Usage:
    """Their counts, which are inclusive: all input, of it what was cached, of it what was audio."""
    n: dict[str, int] = defaultdict(int, counts)
    inputs = {
        bucket: m for bucket, m in n.items() if BUCKETS[bucket][0].is_token and BUCKETS[bucket][0].direction == "in"
    }
    outputs = {
        bucket: m for bucket, m in n.items() if BUCKETS[bucket][0].is_token and BUCKETS[bucket][0].direction == "out"
    }
    told = {
        "input_tokens": sum(inputs.values()),
        "cache_read_tokens": n["cached_input"] + n["cached_input_audio"],
        "cache_write_tokens": n["cache_write"] + n["cache_write_1h"],
        "cache_write_1h_tokens": n["cache_write_1h"],
        "input_audio_tokens": n["input_audio"] + n["cached_input_audio"],
        "cache_audio_read_tokens": n["cached_input_audio"],
        "input_image_tokens": n["input_image"],
        "input_video_tokens": n["input_video"],
        "output_tokens": sum(outputs.values()),
        "output_reasoning_tokens": n["reasoning"],
        "output_audio_tokens": n["output_audio"],
        "output_image_tokens": n["output_image"],
    }
    told |= {UNITS[bucket]: m for bucket, m in counts.items() if bucket in UNITS}
    told["audio_seconds"] = n["seconds"] + n["input_audio_seconds"]
    told["input_document_pages"] = n["pages"] + n["annotated_pages"]
    return Usage(**{key: m for key, m in told.items() if m})


def theirs(provider: Any, model: Any, call: Call) -> Costs:
    price = model.calc_price(
        usage_of(call.counts), provider, genai_request_timestamp=call.at, price_context=call.context or None
    )
    return price.input_price, price.output_price, price.total_price


# ---- our side --------------------------------------------------------------------------------------------------------


def facts_of(context: Mapping[str, str]) -> dict[str, str] | None:
    """What a request context means here; None where it means no condition."""
    meanings = [genai_prices.CONTEXTS.get(item) for item in context.items()]
    return (
        None if None in meanings else {key: value for meaning in meanings if meaning for key, value in meaning.items()}
    )


def ours(row: Model, call: Call) -> costs.CostEstimate | None:
    """Our price; None where no price is known at that time."""
    offer = rates.Offer(Resolution(row.id, ModelId(row.id), "exact", row.provider, row.model), None, row.pricing, {})
    facts = costs.checked_facts(facts_of(call.context) or {}, None)
    try:
        return costs.estimate(offer, checked(call.counts), facts, costs.when(call.at))
    except Unpriced:
        return None


def alike(one: Costs, other: Costs, *, whole: bool) -> bool:
    """Each side alike; where other units are counted the total alone: seconds and searches are on no side there."""
    pairs = list(zip(one, other, strict=True))[2 if whole else 0 :]
    return all(abs(a - b) <= TOLERANCE * max(abs(a), abs(b)) for a, b in pairs)


# ---- the allowed differences -----------------------------------------------------------------------------------------


class Difference(NamedTuple):
    """A call that we price otherwise than genai-prices; `row` and `call` are there to price it again."""

    provider: str
    row: Model
    call: Call
    theirs: Costs

    def is_theirs(self, **changes: Any) -> bool:
        """Whether our price of the same call, one thing changed, is theirs."""
        call = self.call._replace(**changes)
        return alike(_costs(ours(self.row, call)), self.theirs, whole=_is_whole(call))


def _on_a_later_day(d: Difference) -> bool:
    hour = {"hour": d.call.at.hour, "minute": d.call.at.minute}
    return any(
        "utc_hours" in when for card in d.row.pricing for o in card.overrides for when in o.when
    ) and d.is_theirs(at=NOON.replace(**hour))


def _uncached(d: Difference) -> bool:
    """Each of the cached tokens at the price of its own kind uncached, where the card has no price of cached ones."""
    n: dict[str, int] = defaultdict(int, d.call.counts)
    counts = {"input": n["input"] + n["cached_input"], "input_audio": n["input_audio"] + n["cached_input_audio"]}
    known = {meter for card in d.row.pricing for meter in card.rates}
    return "cached_input_per_token" not in known and d.is_theirs(counts=counts | {"output": n["output"]})


CAUSES: dict[str, Callable[[Difference], bool]] = {
    "daily spans hold on the days before their price did": _on_a_later_day,
    "cached audio without a price of its own is uncached audio, here uncached input": _uncached,
    "an annotated page without a price of its own is a plain one": lambda d: (
        "annotated_pages" in d.call.counts and d.is_theirs(counts={"pages": d.call.counts["annotated_pages"]})
    ),
    "a call of Groq's Whisper is at least 10 seconds, in code": lambda d: (
        d.provider == "groq"
        and d.row.model.startswith("whisper-large-v3")
        and d.is_theirs(counts=dict.fromkeys(d.call.counts, 10))
    ),
}


class Compared(NamedTuple):
    """What came of it: models, calls that agree, differences by cause, the wrong ones, and what cannot be compared."""

    models: int
    agreed: int
    equal: int
    allowed: Mapping[str, Sequence[str]]
    wrong: Sequence[str]
    uncompared: Mapping[str, Sequence[str]]


def compared() -> Compared:
    models = agreed = equal = 0
    allowed: dict[str, list[str]] = defaultdict(list)
    uncompared: dict[str, list[str]] = defaultdict(list)
    wrong: list[str] = []
    for provider, model in ((one, model) for one in providers for model in one.models):
        name = f"{provider.id}/{model.id}"
        row = read(provider, model)
        if row is None:
            uncompared["models that only patterns find"].append(name)
            continue
        models += 1
        for call in calls(model, row.pricing):
            if facts_of(call.context) is None:
                uncompared["calls whose context is no condition of ours"].append(name)
                continue
            prices, mine = theirs(provider, model, call), _costs(ours(row, call))
            if alike(mine, prices, whole=_is_whole(call)):
                agreed += 1
                equal += mine[2] == prices[2]
                continue
            difference = Difference(provider.id, row, call, prices)
            cause = next((name for name, holds in CAUSES.items() if holds(difference)), None)
            if cause:
                allowed[cause].append(name)
            else:
                wrong.append(f"{name} ({call.name}): ours {mine} genai-prices {prices}")
    return Compared(models, agreed, equal, allowed, wrong, uncompared)


def read(provider: Any, model: Any) -> Model | None:
    """One model as our reader has it; None where it has no exact name."""
    rows = genai_prices.read([replace(provider, models=[model])], providers={})
    return rows[0] if rows else None


def _is_whole(call: Call) -> bool:
    return bool(call.counts.keys() & UNITS.keys())


def _costs(estimate: costs.CostEstimate | None) -> Costs:
    if estimate is None:
        return Decimal(0), Decimal(0), Decimal(0)
    zero = Decimal(0)
    return estimate.input_cost or zero, estimate.output_cost or zero, estimate.total_cost or zero


def test_every_call_costs_the_same_or_differs_by_a_known_cause() -> None:
    """One test, for what it compares is many seconds' work: no call is wrong, no cause is idle, every model is counted."""
    found = compared()
    print(f"{found.models} models, {found.agreed} calls agree, {found.equal} of them digit by digit")
    for cause, names in sorted(found.allowed.items(), key=lambda item: -len(item[1])):
        print(f"allowed {len(names)} calls of {len(set(names))} models ({', '.join(sorted(set(names))[:4])}): {cause}")
    for why, names in sorted(found.uncompared.items(), key=lambda item: -len(item[1])):
        print(f"not compared {len(names)} {why}: {', '.join(list(dict.fromkeys(names))[:4])}")
    assert found.wrong == []
    assert found.allowed.keys() == CAUSES.keys()
    patterns = len(found.uncompared["models that only patterns find"])
    assert found.models + patterns == sum(len(provider.models) for provider in providers)
    assert found.models > 2_300
    assert found.agreed > 70_000
    assert len(set(found.uncompared["calls whose context is no condition of ours"])) < 5


@pytest.mark.parametrize("change", ["a rate", "the overrides", "a date"])
def test_a_difference_shows(change: str) -> None:
    """A rate that is off by a hair, and overrides or a date that are lost, are no agreement and have no cause."""
    anthropic = next(provider for provider in providers if provider.id == "anthropic")
    model = next(model for model in anthropic.models if model.id == "claude-fable-5")
    row = read(anthropic, model)
    assert row is not None
    first, *later = row.pricing
    rates = first.rates | {"input_per_token": first.rates["input_per_token"] * (1 + Decimal("1e-11"))}
    changed = {
        "a rate": (first._replace(rates=rates), *later),
        "the overrides": tuple(card._replace(overrides=()) for card in row.pricing),
        "a date": (first, *(card._replace(effective_from=None) for card in later)),
    }[change]
    shown = 0
    for call in calls(model, row.pricing):
        other = replace(row, pricing=changed)
        prices = theirs(anthropic, model, call)
        same = alike(_costs(ours(other, call)), prices, whole=_is_whole(call))
        shown += not same and not any(holds(Difference("anthropic", other, call, prices)) for holds in CAUSES.values())
    assert shown
