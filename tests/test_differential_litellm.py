"""Our costs against LiteLLM's own, call by call, over every entry of its map that talks or embeds.

`CAUSES` is the table of the only allowed differences, each a behaviour of LiteLLM 1.109.1; `pytest -rP` prints how
often each was met, and how many entries cannot be compared. Each entry meets each kind of call; combinations that its
card says nothing about are sampled. With MODELRY_WHOLE_MATRIX=1 all of them are called (a minute and a half).
"""

from __future__ import annotations

import os
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from itertools import product
from types import ModuleType
from typing import Any, NamedTuple
from unittest.mock import patch
from zlib import crc32

import pytest

from modelry import costs, rates
from modelry.formats import litellm
from modelry.identity import ModelId, Resolution
from modelry.meters import INPUT_TOKENS
from modelry.pricing import Pricing
from modelry.usage import checked

pytestmark = pytest.mark.filterwarnings("ignore")

WHOLE = os.environ.get("MODELRY_WHOLE_MATRIX") == "1"
SAMPLED = 12
"""One in so many of the combinations that a card says nothing about."""

LOGS_IN = ("github_copilot", "chatgpt")
"""Providers that LiteLLM tries to log in to when they are asked for."""

MODES = frozenset({"chat", "completion", "responses", "embedding"})
TOLERANCE = 1e-12
PEAK = datetime(2026, 11, 18, 2, 30, tzinfo=UTC)
"""A Wednesday in DeepSeek's peak hours."""
MOMENTS = {
    "at noon": datetime(2026, 11, 18, 12, 30, tzinfo=UTC),
    "at the start of a window": datetime(2026, 11, 18, 4, 0, tzinfo=UTC),
    "at the end of a window": datetime(2026, 11, 18, 6, 0, tzinfo=UTC),
    "on a Sunday": datetime(2026, 11, 22, 2, 30, tzinfo=UTC),
    "on a Friday that is Saturday in Shanghai": datetime(2026, 11, 20, 16, 30, tzinfo=UTC),
    "on a Sunday that is Monday in Shanghai": datetime(2026, 11, 22, 17, 0, tzinfo=UTC),
    "after midnight": datetime(2026, 11, 18, 0, 30, tzinfo=UTC),
}
FIREWORKS = {"cached_input_per_token": {"of": "input_per_token", "times": Decimal("0.5")}}
"""Documented by the provider; a manifest says it, and LiteLLM has it in code."""

Counts = dict[str, int]


class Call(NamedTuple):
    """One call: what it used, and what else decides its price."""

    name: str
    counts: Counts
    tier: str | None = None
    region: str | None = None
    speed: str | None = None
    cache_mode: str | None = None
    endpoint: str | None = None
    at: datetime = PEAK

    @property
    def key(self) -> str | None:
        """The condition that this call is about; None for counts alone."""
        facts = {"service_tier": self.tier, "region": self.region}
        return next((key for key, value in facts.items() if value), None)


USAGES: dict[str, Counts] = {
    "plain": {"input": 1_000, "output": 500},
    "cached": {"input": 700, "cached_input": 300, "output": 500},
    "write": {"input": 700, "cache_write": 300, "output": 500},
    "write 1h": {"input": 600, "cache_write": 100, "cache_write_1h": 300, "output": 500},
    "all cache": {"input": 400, "cached_input": 200, "cache_write": 100, "cache_write_1h": 300, "output": 500},
    "reasoning": {"input": 1_000, "output": 300, "reasoning": 200},
    "audio in": {"input": 700, "input_audio": 300, "output": 500},
    "audio out": {"input": 1_000, "output": 300, "output_audio": 200},
    "image in": {"input": 700, "input_image": 300, "output": 500},
    "image out": {"input": 1_000, "output": 300, "output_image": 200},
    "video in": {"input": 700, "input_video": 300, "output": 500},
}
TIERS = ("flex", "priority", "balanced", "ultrafast")


def at_threshold(total: int, *, cached: bool) -> Counts:
    """So many input tokens in all."""
    if not cached:
        return {"input": total, "output": 500, "reasoning": 200}
    return {"input": total - 50_000, "cached_input": 30_000, "cache_write": 12_000, "cache_write_1h": 8_000,
            "output": 500, "reasoning": 200}  # fmt: skip


def calls(card: Pricing) -> Iterator[Call]:
    """The calls that can tell something about a card."""
    whens = [when for override in card.overrides for when in override.when]
    keys = {key for when in whens for key in when}
    for name, counts in (USAGES | _around_thresholds(whens)).items():
        yield Call(name, counts)
        yield from (Call(f"{name} {tier}", counts, tier=tier) for tier in TIERS)
        if name not in ("image out", "audio out"):
            yield Call(f"{name} batch", counts, tier="batch")
        yield from (Call(f"{name} in {region}", counts, region=region) for region in ("us", "eu"))
        if "cache_mode" in keys:
            yield Call(f"{name} explicitly cached", counts, cache_mode="explicit")
        if "endpoint" in keys:
            yield Call(f"{name} decisions", counts, endpoint="decisions")
            yield Call(f"{name} flex decisions", counts, tier="flex", endpoint="decisions")
        if "speed" in keys:  # elsewhere we read it as the priority tier
            yield Call(f"{name} fast", counts, speed="fast")
            yield Call(f"{name} fast in us", counts, speed="fast", region="us")
        if "weekdays" in keys:
            yield from (Call(f"{name} {words}", counts, at=moment) for words, moment in MOMENTS.items())


def telling(key: str, card: Pricing) -> Iterator[Call]:
    """Of the calls those that the card says something about, each kind once, and a sample of the others."""
    conditions = {name for override in card.overrides for when in override.when for name in when}
    if "region_not" in conditions:
        conditions.add("region")
    for call in calls(card):
        is_kind = call.name.partition(" ")[0] == "plain" or call.key is None
        if WHOLE or is_kind or call.key in conditions or crc32(f"{key} {call.name}".encode()) % SAMPLED == 0:
            yield call


def _around_thresholds(whens: Sequence[Mapping[str, Any]]) -> dict[str, Counts]:
    thresholds = ("prompt_tokens_above", "prompt_tokens_from")
    bounds = sorted({when[key] for when in whens for key in thresholds if key in when}) or [200_000]
    usages = {}
    for bound, step, cached in product(bounds, (-1, 0, 1), (False, True)):
        if bound > 50_000 or not cached:
            usages[f"{bound}{step:+d}{' cached' * cached}"] = at_threshold(bound + step, cached=cached)
    return usages


# ---- LiteLLM's side --------------------------------------------------------------------------------------------------


class Peer(NamedTuple):
    """LiteLLM, as far as it is asked."""

    package: ModuleType
    batch_cost: Callable[..., tuple[float, float]]
    clock: ModuleType


@pytest.fixture(scope="module")
def peer() -> Iterator[Peer]:
    with patch.dict(os.environ, LITELLM_LOCAL_MODEL_COST_MAP="True"), warnings.catch_warnings(action="ignore"):
        import litellm as package
        from litellm.cost_calculator import batch_cost_calculator
        from litellm.litellm_core_utils.llm_cost_calc import utils
    package.suppress_debug_info = True
    with patch.object(utils, "current_billing_time", utils.current_billing_time):
        yield Peer(package, batch_cost_calculator, utils)


def usage_of(peer: Peer, call: Call, provider: str) -> Any:
    n: dict[str, int] = defaultdict(int, call.counts)
    written = n["cache_write"] + n["cache_write_1h"]
    prompt = sum(n[b] for b in ("input", "cached_input", "input_audio", "input_image", "input_video")) + written
    completion = sum(n[b] for b in ("output", "reasoning", "output_audio", "output_image"))
    details: dict[str, Any] = {
        "cached_tokens": n["cached_input"], "audio_tokens": n["input_audio"], "image_tokens": n["input_image"],
        "video_tokens": n["input_video"], "text_tokens": n["input"], "cache_creation_tokens": written,
        "cache_creation_token_details": {
            "ephemeral_5m_input_tokens": n["cache_write"], "ephemeral_1h_input_tokens": n["cache_write_1h"],
        },
    }  # fmt: skip
    usage = peer.package.Usage(
        prompt_tokens=prompt, completion_tokens=completion, total_tokens=prompt + completion,
        prompt_tokens_details={key: value for key, value in details.items() if value and key != "text_tokens"},
        completion_tokens_details={
            "reasoning_tokens": n["reasoning"], "audio_tokens": n["output_audio"], "image_tokens": n["output_image"],
            "text_tokens": n["output"],
        },
        **({"cache_read_input_tokens": n["cached_input"]} if n["cached_input"] else {}),
        **({"cache_creation_input_tokens": written} if written else {}),
    )  # fmt: skip
    if call.region == "us" and provider in ("anthropic", "bedrock"):
        usage.inference_geo = "us"
    if call.cache_mode and usage.prompt_tokens_details is not None:
        usage.prompt_tokens_details.cache_type = "ephemeral"
    if call.speed:
        usage.speed = call.speed
    return usage


def theirs(peer: Peer, model: str, provider: str, call: Call) -> tuple[float, float]:
    peer.clock.current_billing_time = lambda: call.at  # type: ignore[attr-defined]
    usage = usage_of(peer, call, provider)
    if call.tier == "batch":
        return peer.batch_cost(usage=usage, model=model, custom_llm_provider=provider)
    vertex_location = {"us": "us-east5", "eu": "europe-west1"}.get(call.region or "")
    return peer.package.cost_per_token(
        model=model, custom_llm_provider=provider, usage_object=usage, service_tier=call.tier,
        data_residency=call.region, vertex_location=vertex_location, call_type=call.endpoint or "completion",
    )  # fmt: skip


def peer_provider(name: str) -> str:
    for whole, prefix in (("vertex_ai", "vertex_ai"), ("bedrock", "bedrock_converse"), ("fireworks_ai", "fireworks_ai-"),
                          ("azure", "azure_text")):  # fmt: skip
        if name.startswith(prefix):
            return whole
    return name


def resolvable(peer: Peer, key: str, provider: str) -> str | None:
    """The spelling under which LiteLLM finds exactly this entry."""
    for model in (key, key.partition("/")[2] or key):
        try:
            if peer.package.get_model_info(model=model, custom_llm_provider=provider)["key"] == key:
                return model
        except Exception:  # noqa: BLE001, S112 - LiteLLM raises bare Exceptions for names that it does not find
            continue
    return None


# ---- our side --------------------------------------------------------------------------------------------------------


def ours(offer: rates.Offer, provider: str, call: Call) -> costs.CostEstimate:
    facts: dict[str, Any] = {"service_tier": call.tier, "region": call.region, "speed": call.speed,
                             "cache_mode": call.cache_mode, "endpoint": call.endpoint}  # fmt: skip
    if provider == "vertex_ai" and call.region == "eu":
        facts["region"] = "europe-west1"
    known = costs.checked_facts(facts, offer.region)
    return costs.estimate(offer, checked(call.counts), known, costs.when(call.at))


# ---- the allowed differences -----------------------------------------------------------------------------------------


class Difference(NamedTuple):
    """A call that we price otherwise than LiteLLM; `offer` and `call` are there to price it again."""

    entry: Mapping[str, Any]
    provider: str
    offer: rates.Offer
    call: Call
    ours: costs.CostEstimate
    theirs: tuple[float, float]

    def again(self, card: Pricing | None = None, **changes: Any) -> tuple[float, float]:
        """Our price of the same call, one thing changed."""
        offer = rates.Offer(self.offer.resolution, self.offer.region, [card], {}) if card else self.offer
        return sides(ours(offer, self.provider, self.call._replace(**changes)))


def sides(estimate: costs.CostEstimate) -> tuple[float, float]:
    return float(estimate.input_cost or 0), float(estimate.output_cost or 0)


def alike(a: float, b: float) -> bool:
    return abs(a - b) <= TOLERANCE * max(abs(a), abs(b))


def both_alike(a: tuple[float, float], b: tuple[float, float]) -> bool:
    return alike(a[0], b[0]) and alike(a[1], b[1])


def _card(difference: Difference) -> Pricing:
    return difference.offer.card_at(None).card


def _half(d: Difference) -> tuple[float, float]:
    """What LiteLLM makes of a batch without a price: half of a few flat rates, whatever was counted."""
    n: dict[str, int] = defaultdict(int, d.call.counts)
    rate = {meter: float(amount) for meter, amount in _card(d).rates.items() if isinstance(amount, Decimal)}
    plain, text = rate.get("input_per_token", 0.0), rate.get("output_per_token", 0.0)
    uncached = sum(n[bucket] for bucket in ("input", "input_audio", "input_image", "input_video"))
    written = n["cache_write"] + n["cache_write_1h"]
    prompt = uncached * plain + n["cached_input"] * rate.get("cached_input_per_token", 0.0)
    prompt += written * rate.get("cache_write_per_token", plain)
    completion = (n["output"] + n["reasoning"] + n["output_audio"]) * text
    return prompt / 2, (completion + n["output_image"] * rate.get("output_image_per_token", text)) / 2


def _halved(d: Difference) -> bool:
    """Each side is our price, or that derived one; ours is assumed, as no batch price is known."""
    assumed = any(line.assumed for line in d.ours.lines)
    sides_alike = (any(alike(d.theirs[at], own[at]) for own in (sides(d.ours), _half(d))) for at in (0, 1))
    return d.call.tier == "batch" and assumed and all(sides_alike)


def _below_threshold_1h(d: Difference) -> bool:
    """1h writes at the rate below the threshold, everything else as we have it."""
    if d.call.tier in (None, "batch") or "cache_write_1h" not in d.call.counts:
        return False
    at_base = next((rate for rate in [_card(d).rates.get("cache_write_1h_per_token")] if rate), Decimal(0))
    line = next(line for line in d.ours.lines if line.meter == "cache_write_1h_per_token")
    mine = sides(d.ours)
    return both_alike((mine[0] - float(line.amount) + float(at_base) * line.quantity, mine[1]), d.theirs)


def _perplexity(d: Difference) -> bool:
    """All input at the flat input rate, whatever the tier."""
    rate = _card(d).rates.get("input_per_token") or Decimal(0)
    total = sum(n for bucket, n in d.call.counts.items() if bucket in INPUT_TOKENS)
    return d.provider == "perplexity" and d.call.tier != "batch" and alike(float(rate) * total, d.theirs[0])


CAUSES: dict[str, Callable[[Difference], bool]] = {
    "no price is $0 there": lambda d: not d.ours.complete,
    "batch is half of the standard price where it is not known": _halved,
    "batch of tiered models is $0": lambda d: (
        d.call.tier == "batch" and "tiered_pricing" in d.entry and not any(d.theirs)
    ),
    "batch of a name that is not resolved is $0": lambda d: d.call.tier == "batch" and not any(d.theirs),
    "some providers are called without a tier": lambda d: (
        d.call.tier not in (None, "batch") and both_alike(d.again(tier=None), d.theirs)
    ),
    "perplexity charges input times rate only": _perplexity,
    "perplexity/perplexity/sonar is priced as perplexity/sonar": lambda d: (
        d.ours.model == "perplexity/perplexity/sonar"
    ),
    "1h writes above a threshold fall back below it under a tier": _below_threshold_1h,
}


class Compared(NamedTuple):
    """What came of it: calls that agree, differences by cause, the wrong ones, and what could not be compared."""

    entries: int
    agreed: int
    allowed: Mapping[str, Sequence[str]]
    wrong: Mapping[str, Sequence[str]]
    uncompared: Mapping[str, Sequence[str]]


def compared(peer: Peer) -> Compared:
    agreed = entries = 0
    allowed: dict[str, list[str]] = defaultdict(list)
    wrong: dict[str, list[str]] = defaultdict(list)
    uncompared: dict[str, list[str]] = defaultdict(list)
    for key, entry in peer.package.model_cost.items():
        if key in litellm.NOT_MODELS:
            continue
        found = _offer(peer, key, entry)
        if isinstance(found, str):
            uncompared[found].append(key)
            continue
        entries += 1
        model, provider, offer = found
        for call in telling(key, offer.card_at(None).card):
            estimate, prices = ours(offer, provider, call), theirs(peer, model, provider, call)
            if both_alike(sides(estimate), prices):
                agreed += 1
                continue
            difference = Difference(entry, provider, offer, call, estimate, prices)
            cause = next((name for name, holds in CAUSES.items() if holds(difference)), None)
            if cause:
                allowed[cause].append(key)
            else:
                wrong[f"{provider}: {call.name}"].append(f"{key} ours {sides(estimate)} LiteLLM {prices}")
    return Compared(entries, agreed, allowed, wrong, uncompared)


def _offer(peer: Peer, key: str, entry: Mapping[str, Any]) -> tuple[str, str, rates.Offer] | str:
    """LiteLLM's name and provider for an entry and our offer of it, or why the two cannot be compared."""
    if entry.get("mode") not in MODES:
        return f"it has no call of mode {entry.get('mode')} that counts tokens"
    if entry["litellm_provider"] in LOGS_IN:
        return "it logs in before it answers"
    provider = peer_provider(entry["litellm_provider"])
    (row,) = litellm.read({key: entry})
    if not row.pricing:
        return "it has no price"
    if (model := resolvable(peer, key, provider)) is None:
        return "LiteLLM finds no such name or another entry"
    resolution = Resolution(key, ModelId(key), "exact", provider, row.model)
    defaults = FIREWORKS if entry["litellm_provider"] == "fireworks_ai" else {}
    return model, provider, rates.Offer(resolution, row.region, row.pricing, defaults)


def test_every_call_costs_the_same_or_differs_by_a_known_cause(peer: Peer) -> None:
    """One test, for what it compares is a minute's work: no call is wrong, no cause is idle, every entry is counted."""
    found = compared(peer)
    print(f"{found.entries} entries, {found.agreed} calls agree" + " (the whole matrix)" * WHOLE)
    for cause, keys in sorted(found.allowed.items(), key=lambda item: -len(item[1])):
        providers = Counter(peer.package.model_cost[key]["litellm_provider"] for key in set(keys)).most_common(6)
        print(f"allowed {len(keys)} calls of {len(set(keys))} entries ({dict(providers)}): {cause}")
    for why, keys in sorted(found.uncompared.items(), key=lambda item: -len(item[1])):
        print(f"not compared {len(keys)}: {why}: {', '.join(keys[:4])}")
    for group, examples in sorted(found.wrong.items(), key=lambda item: -len(item[1])):
        print(f"WRONG {len(examples)} {group}: {examples[0]}")
    assert found.wrong == {}
    assert found.allowed.keys() == CAUSES.keys()
    everything = peer.package.model_cost.keys() - litellm.NOT_MODELS
    assert found.entries + sum(map(len, found.uncompared.values())) == len(everything)
    assert found.entries > 3_400
    assert found.agreed > 100_000


@pytest.mark.parametrize("change", ["a rate", "an override"])
def test_a_difference_shows(peer: Peer, change: str) -> None:
    """A rate that is off by a hair, or an override that is lost, is no agreement and has no cause."""
    key, entry = "gpt-5.4", peer.package.model_cost["gpt-5.4"]
    found = _offer(peer, key, entry)
    assert not isinstance(found, str)
    model, provider, offer = found
    card = offer.card_at(None).card
    if change == "a rate":
        card = card._replace(
            rates=card.rates | {"input_per_token": card.rates["input_per_token"] * (1 + Decimal("1e-11"))}
        )
    else:
        card = card._replace(overrides=card.overrides[1:])
    changed = rates.Offer(offer.resolution, offer.region, [card], {})
    shown = 0
    for call in calls(offer.card_at(None).card):
        estimate, prices = ours(changed, provider, call), theirs(peer, model, provider, call)
        difference = Difference(entry, provider, changed, call, estimate, prices)
        same = both_alike(sides(estimate), prices)
        shown += not same and not any(holds(difference) for holds in CAUSES.values())
    assert shown
