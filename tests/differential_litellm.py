"""Our costs against LiteLLM's own, call by call, over every entry of its map that talks or embeds.

Run it with a Python that can import `litellm` (1.109.1) and modelry; it takes a minute and a half.
`CAUSES` is the list of the only allowed differences, each a behaviour of LiteLLM; anything else is printed and exits 1.
"""

from __future__ import annotations

import os
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from itertools import product
from typing import Any, NamedTuple

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

import litellm as peer
from litellm.cost_calculator import batch_cost_calculator
from litellm.litellm_core_utils.llm_cost_calc import utils as peer_utils

from modelry import costs
from modelry.formats import litellm
from modelry.identity import ModelId, Resolution
from modelry.meters import INPUT_TOKENS
from modelry.pricing import Pricing
from modelry.usage import checked

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


def _around_thresholds(whens: Sequence[Mapping[str, Any]]) -> dict[str, Counts]:
    thresholds = ("prompt_tokens_above", "prompt_tokens_from")
    bounds = sorted({when[key] for when in whens for key in thresholds if key in when}) or [200_000]
    usages = {}
    for bound, step, cached in product(bounds, (-1, 0, 1), (False, True)):
        if bound > 50_000 or not cached:
            usages[f"{bound}{step:+d}{' cached' * cached}"] = at_threshold(bound + step, cached=cached)
    return usages


# ---- LiteLLM's side --------------------------------------------------------------------------------------------------


def usage_of(call: Call, provider: str) -> Any:
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
    usage = peer.Usage(
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


def theirs_at(moment: datetime) -> None:
    """Set LiteLLM's clock."""
    peer_utils.current_billing_time = lambda: moment


def theirs(model: str, provider: str, call: Call) -> tuple[float, float]:
    theirs_at(call.at)
    usage = usage_of(call, provider)
    if call.tier == "batch":
        return batch_cost_calculator(usage=usage, model=model, custom_llm_provider=provider)
    vertex_location = {"us": "us-east5", "eu": "europe-west1"}.get(call.region or "")
    return peer.cost_per_token(
        model=model, custom_llm_provider=provider, usage_object=usage, service_tier=call.tier,
        data_residency=call.region, vertex_location=vertex_location, call_type=call.endpoint or "completion",
    )  # fmt: skip


def peer_provider(name: str) -> str:
    for whole, prefix in (("vertex_ai", "vertex_ai"), ("bedrock", "bedrock_converse"), ("fireworks_ai", "fireworks_ai-"),
                          ("azure", "azure_text")):  # fmt: skip
        if name.startswith(prefix):
            return whole
    return name


def resolvable(key: str, provider: str) -> str | None:
    """The spelling under which LiteLLM finds exactly this entry."""
    for model in (key, key.partition("/")[2] or key):
        try:
            if peer.get_model_info(model=model, custom_llm_provider=provider)["key"] == key:
                return model
        except Exception:  # noqa: BLE001, S112 - LiteLLM raises bare Exceptions for names that it does not find
            continue
    return None


# ---- our side --------------------------------------------------------------------------------------------------------


def ours(offer: costs.Offer, provider: str, call: Call) -> costs.CostEstimate:
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
    offer: costs.Offer
    call: Call
    ours: costs.CostEstimate
    theirs: tuple[float, float]

    def again(self, card: Pricing | None = None, **changes: Any) -> tuple[float, float]:
        """Our price of the same call, one thing changed."""
        offer = costs.Offer(self.offer.resolution, self.offer.region, [card], {}) if card else self.offer
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


def main() -> int:
    agreed, allowed = 0, Counter[str]()
    entries: dict[str, set[str]] = defaultdict(set)
    wrong: dict[str, list[str]] = defaultdict(list)
    unresolved: list[str] = []
    for key, entry in peer.model_cost.items():
        if entry.get("mode") not in MODES or entry["litellm_provider"] in ("github_copilot", "chatgpt"):
            continue
        provider = peer_provider(entry["litellm_provider"])
        model = resolvable(key, provider)
        (row,) = litellm.read({key: entry})
        if model is None or not row.pricing:
            unresolved.append(key)
            continue
        resolution = Resolution(key, ModelId(key), "exact", provider, row.model)
        offer = costs.Offer(
            resolution, row.region, row.pricing, FIREWORKS if entry["litellm_provider"] == "fireworks_ai" else {}
        )
        for call in calls(row.pricing[0]):
            estimate = ours(offer, provider, call)
            try:
                prices = theirs(model, provider, call)
            except Exception as error:  # noqa: BLE001 - whatever LiteLLM raises is a finding
                wrong[f"{provider}: raises {type(error).__name__} {str(error)[:80]}"].append(f"{key} ({call.name})")
                continue
            if both_alike(sides(estimate), prices):
                agreed += 1
                continue
            difference = Difference(entry, provider, offer, call, estimate, prices)
            cause = next((name for name, holds in CAUSES.items() if holds(difference)), None)
            if cause:
                allowed[cause] += 1
                entries[cause].add(key)
            else:
                wrong[f"{provider}: {call.name}"].append(f"{key} ours {sides(estimate)} LiteLLM {prices}")
    print(f"{agreed} calls agree; {len(unresolved)} entries have no price or no name there")
    for cause, n in allowed.most_common():
        providers = Counter(peer.model_cost[key]["litellm_provider"] for key in entries[cause])
        print(f"allowed {n} ({len(entries[cause])} entries, {dict(providers.most_common(6))}): {cause}")
    for group, examples in sorted(wrong.items(), key=lambda item: -len(item[1])):
        print(f"WRONG {len(examples)} {group}: {examples[0]}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
