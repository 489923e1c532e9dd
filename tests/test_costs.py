"""Costs: laws that hold for every card and usage, and what a call may and may not say. Rule by rule: the vectors."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left, bisect_right
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from strategies import cards, facts, known_rates, overrides, per_rates, priced_maps, quantities, usages

from modelry import compile as snapshots
from modelry import costs, rates
from modelry.errors import InvalidUsage, UnknownModel, Unpriced
from modelry.identity import Resolution
from modelry.jsontext import dumps, loads
from modelry.meters import BUCKETS, INPUT_TOKENS, METERS
from modelry.pricing import Per, Pricing
from modelry.records import Model, Provider, Rule
from modelry.registry import Registry
from modelry.usage import Usage, checked

HERE = Resolution("m", "p/m", "exact", "p", "m")
MOMENT = costs.when("2026-03-02T14:30:00Z")


def offer(*cards, defaults=None, region=None):
    return rates.Offer(HERE, region, cards, defaults or {})


def price(card, counts, said=None, at=MOMENT):
    return costs.estimate(offer(card), checked(counts), costs.checked_facts(said or {}, None), at)


exact_cards = st.builds(
    Pricing,
    rates=priced_maps,
    overrides=st.lists(
        st.builds(
            lambda o, rates: o._replace(rates=rates),
            overrides,
            st.dictionaries(st.sampled_from(sorted(METERS)), known_rates, max_size=4),
        ),
        max_size=3,
    ).map(tuple),
)
"""Cards whose rates are all known and of one unit: every amount is exact."""
anything = exact_cards | cards.map(lambda card: card._replace(effective_from=None, observed=None)).filter(
    lambda card: card.is_known
)


# Sums and exactness


@given(anything, usages, facts)
def test_the_lines_sum_to_the_total_and_the_sides_are_part_of_it(card, counts, said):
    estimate = price(card, counts, said)
    if not estimate.lines:
        assert estimate.total_cost == (None if estimate.unpriced else 0)
        return
    by_side = {"in": Fraction(0), "out": Fraction(0), None: Fraction(0)}
    for line in estimate.lines:
        by_side[METERS[line.meter].direction] += Fraction(line.amount)
    assert Fraction(estimate.total_cost) == sum(by_side.values())
    assert Fraction(estimate.input_cost or 0) == by_side["in"]
    assert Fraction(estimate.output_cost or 0) == by_side["out"]


@given(exact_cards, usages, facts)
def test_nothing_is_rounded_up_to_10_12_tokens_at_17_digit_rates(card, counts, said):
    estimate = price(card, counts, said)
    assert all(Fraction(line.amount) == Fraction(line.rate) * Fraction(line.quantity) for line in estimate.lines)
    assert Fraction(estimate.total_cost or 0) == sum(Fraction(line.amount) for line in estimate.lines)


@given(per_rates, st.integers(0, 10**12))
def test_a_rate_for_several_units_is_off_by_less_than_any_currency_shows(rate, seconds):
    estimate = price(Pricing({"input_per_second": rate}), {"seconds": seconds})
    exact = Fraction(rate.amount) * seconds / rate.per
    assert abs(Fraction(estimate.total_cost) - exact) <= exact / 10**58


@given(exact_cards, usages)
def test_the_precision_of_the_caller_changes_no_price(card, counts):
    expected = price(card, counts)
    with localcontext(prec=3):
        assert price(card, counts) == expected


@given(anything, usages, facts)
def test_what_was_used_is_charged_or_unpriced_and_never_both(card, counts, said):
    estimate = price(card, counts, said)
    charged = [BUCKET_OF[line.meter] for line in estimate.lines]
    assert len(charged) == len(set(charged))
    assert set(charged).isdisjoint(estimate.unpriced)
    assert {*charged, *estimate.unpriced} <= {bucket for bucket, n in counts.items() if n} | {"requests"}
    assert estimate.complete is (not estimate.unpriced)


BUCKET_OF = {meter.name: bucket for bucket, meters in BUCKETS.items() for meter in meters}


@given(anything, usages, facts)
def test_tokens_of_a_side_are_its_inclusive_total(card, counts, said):
    estimate, usage = price(card, counts, said), Usage(**counts)
    assert (estimate.input_tokens, estimate.output_tokens) == (usage.input_tokens, usage.output_tokens)


# More is never cheaper


def _class_of(card, prompt_tokens):
    whens = [when for override in card.overrides for when in override.when]
    above = sorted(when["prompt_tokens_above"] for when in whens if "prompt_tokens_above" in when)
    at_least = sorted(when["prompt_tokens_from"] for when in whens if "prompt_tokens_from" in when)
    return bisect_left(above, prompt_tokens), bisect_right(at_least, prompt_tokens)


@given(exact_cards, usages, facts, st.data(), st.integers(1, 10**9))
def test_more_of_a_bucket_never_costs_less_within_a_size_class(card, counts, said, data, more):
    charged = sorted(BUCKET_OF[line.meter] for line in price(card, counts, said).lines)
    assume(charged)
    bucket = data.draw(st.sampled_from(charged))
    larger = counts | {bucket: counts.get(bucket, 1) + more}
    assume(_class_of(card, Usage(**counts).input_tokens) == _class_of(card, Usage(**larger).input_tokens))
    assert price(card, larger, said).total_cost >= price(card, counts, said).total_cost


@given(priced_maps, st.data())
def test_two_calls_cost_what_one_call_of_both_costs_where_nothing_hangs_on_size(rates, data):
    token_rates = {meter: rate for meter, rate in rates.items() if METERS[meter].is_token}
    assume(token_rates)
    counts = st.fixed_dictionaries({}, optional={METERS[m].bucket: quantities(METERS[m].bucket) for m in token_rates})
    a, b = Usage(**data.draw(counts)), Usage(**data.draw(counts))
    card = offer(Pricing(token_rates))
    totals = [costs.estimate(card, dict(usage.items()), {}).total_cost for usage in (a, b, a + b)]
    assert Fraction(totals[0]) + Fraction(totals[1]) == Fraction(totals[2])


CHILDREN = [meter for meter in METERS.values() if meter.parent]


@pytest.mark.parametrize("child", CHILDREN, ids=lambda meter: meter.name)
@given(rate=known_rates, a=st.integers(0, 10**9), b=st.integers(1, 10**9), told=st.booleans())
def test_splitting_a_bucket_changes_nothing_at_equal_rates(child, rate, a, b, told):
    parent = METERS[child.parent]
    rates = {parent.name: rate} | ({child.name: rate} if told else {})
    whole, split = (
        price(Pricing(rates), counts) for counts in ({parent.bucket: a + b}, {parent.bucket: a, child.bucket: b})
    )
    assert whole.total_cost == split.total_cost
    assert (whole.input_cost, whole.output_cost) == (split.input_cost, split.output_cost)
    assert (whole.input_tokens, whole.output_tokens) == (split.input_tokens, split.output_tokens)
    line = next(line for line in split.lines if line.meter == child.name)
    assert line.assumed is (not told and child.bucket != "reasoning")


# What holds does not hang on what was asked before


@given(
    anything,
    st.lists(
        st.tuples(usages, facts, st.sampled_from(["2026-03-01", "2026-03-02T23:30:00Z", "2026-03-06T16:00:00Z"])),
        max_size=6,
    ),
)
def test_a_card_that_priced_before_prices_as_a_new_one(card, calls):
    used = offer(card)
    for counts, said, at in calls:
        known = costs.checked_facts(said, None)
        call = checked(counts), known, costs.when(at)
        assert costs.estimate(used, *call) == costs.estimate(offer(card), *call)


@given(anything, usages, facts)
def test_the_order_of_the_buckets_changes_no_line(card, counts, said):
    turned = dict(reversed(counts.items()))
    assert sorted(price(card, counts, said).lines) == sorted(price(card, turned, said).lines)


@given(anything, usages, facts)
def test_pricing_leaves_its_arguments_alone(card, counts, said):
    before = dumps(card.to_dict()), dict(counts), dict(said)
    price(card, counts, said)
    assert (dumps(card.to_dict()), counts, said) == before


# Time

DAY = dt.date(2026, 1, 1)
midnights = st.integers(0, 40).map(lambda n: dt.datetime.combine(DAY + dt.timedelta(days=n), dt.time()))
moments = midnights | st.datetimes(dt.datetime(2025, 12, 1), dt.datetime(2026, 3, 1))
starts = st.lists(midnights, min_size=1, max_size=5, unique=True)


@given(starts, moments)
def test_at_picks_the_last_card_that_has_begun(starts, at):
    cards = [
        Pricing({"input_per_token": Decimal(n)}, effective_from=str(start.date())) for n, start in enumerate(starts, 1)
    ]
    begun = [(start, n) for n, start in enumerate(starts, 1) if start <= at]
    if not begun:
        with pytest.raises(Unpriced):
            costs.estimate(offer(*cards), {"input": 1}, {}, costs.when(at))
        return
    estimate = costs.estimate(offer(*cards), {"input": 1}, {}, costs.when(at))
    assert estimate.total_cost == max(begun)[1]
    assert estimate.effective_from == str(max(begun)[0].date())


@given(starts, moments)
def test_seen_cards_reach_back_for_ever(starts, at):
    cards = [Pricing({"input_per_token": Decimal(n)}, observed=str(start.date())) for n, start in enumerate(starts, 1)]
    numbered = [(start, n) for n, start in enumerate(starts, 1)]
    _, expected = max((pair for pair in numbered if pair[0] <= at), default=min(numbered))
    assert costs.estimate(offer(*cards), {"input": 1}, {}, costs.when(at)).total_cost == expected


def _dated(days):
    start = dt.datetime.now(dt.UTC) + dt.timedelta(days=days)
    return Pricing({"input_per_token": Decimal(days)}, effective_from=start.strftime("%Y-%m-%dT%H:%M:%SZ"))


def test_without_a_time_the_card_of_now_holds_also_after_another_was_asked_for():
    cards_around_now = offer(_dated(-9), _dated(-2), _dated(3))
    last_year = costs.when(dt.datetime.now(dt.UTC) - dt.timedelta(days=5))
    next_week = costs.when(dt.datetime.now(dt.UTC) + dt.timedelta(days=7))
    for at, rate in ((None, -2), (next_week, 3), (None, -2), (last_year, -9), (None, -2)):
        assert costs.estimate(cards_around_now, {"input": 1}, {}, at).total_cost == rate


@pytest.mark.parametrize(
    ("at", "time", "has_hour"),
    [
        ("2026-03-01", "2026-03-01T00:00:00+00:00", False),
        ("20260301", "2026-03-01T00:00:00+00:00", False),
        ("2026-03-01T14:30:00Z", "2026-03-01T14:30:00+00:00", True),
        ("2026-03-01T14:30", "2026-03-01T14:30:00+00:00", True),
        ("2026-03-01 14:30:00.5+02:00", "2026-03-01T12:30:00.500000+00:00", True),
        (dt.date(2026, 3, 1), "2026-03-01T00:00:00+00:00", False),
        (dt.datetime(2026, 3, 1, 14), "2026-03-01T14:00:00+00:00", True),
        (dt.datetime(2026, 3, 1, 4, tzinfo=dt.timezone(dt.timedelta(hours=8))), "2026-02-28T20:00:00+00:00", True),
    ],
    ids=str,
)
def test_a_time_is_read_in_utc(at, time, has_hour):
    instant = costs.when(at)
    assert (instant.time.isoformat(), instant.has_hour) == (time, has_hour)


@pytest.mark.parametrize(
    "at",
    [
        "",
        "yesterday",
        "2026-13-01",
        "2026-03-01T25:00",
        1772322600,
        1.5,
        True,
        [],
        "0001-01-01T00:00:00+05:00",
        "٢٠٢٦-03-01",
    ],
    ids=repr,
)
def test_what_is_no_time_is_refused(at):
    with pytest.raises(InvalidUsage) as caught:
        costs.when(at)
    assert caught.value.bucket == "at"


# What a call may say of itself


@pytest.mark.parametrize(
    ("fact", "value"),
    [
        *(
            ("service_tier", value)
            for value in ("auto", "turbo", "Batch", "", 1, True, ["batch"], {"a": 1}, float("nan"))
        ),
        *(("region", value) for value in (True, ["us"], {"us"}, b"us", 1.5)),
        *(("results", value) for value in ("11", True, [1])),
        *(("video_interval", value) for value in ("9", False)),
        *(
            (fact, [])
            for fact in (
                "speed",
                "endpoint",
                "cache_mode",
                "resolution",
                "search_context_size",
                "image_size",
                "image_quality",
                "steps",
            )
        ),
    ],
    ids=repr,
)
def test_what_a_condition_cannot_be_is_refused_by_name(fact, value):
    with pytest.raises(InvalidUsage) as caught:
        costs.checked_facts({fact: value}, None)
    assert caught.value.bucket == fact


@pytest.mark.parametrize(
    "said",
    [{}, {"service_tier": None}, {"region": None, "speed": None}, {"service_tier": "standard"}, {"speed": "standard"}],
    ids=str,
)
def test_nothing_said_is_nothing_known(said):
    assert costs.checked_facts(said, None) == {}


# The public call


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    gpt_4o = Pricing.from_dict(
        {
            "input_per_token": "0.0000025",
            "output_per_token": "0.00001",
            "cached_input_per_token": "0.00000125",
            "source": "https://openai.com/api/pricing",
        }
    )
    sonnet = Pricing.from_dict(
        {"effective_from": "2025-09-29", "input_per_token": "0.000003", "output_per_token": "0.000015",
         "overrides": [{"when": {"region": "us"}, "multiply": "1.1"}, {"when": {"service_tier": "batch"}, "replace": True, "input_per_token": "0.0000015", "output_per_token": "0.0000075"}]}
    )  # fmt: skip
    models = [
        Model(provider="openai", model="gpt-4o", base_model="openai/gpt-4o", pricing=(gpt_4o,)),
        Model(
            provider="anthropic", model="claude-sonnet-4-5", base_model="anthropic/claude-sonnet-4-5", pricing=(sonnet,)
        ),
        Model(provider="openai", model="unpriced"),
        Model(provider="openai", model="us-only", region="us", pricing=(gpt_4o,)),
    ]
    region_rule = {"name": "profile", "match": r"(?P<region>us|eu)\.(?P<model>.+)", "to": "{model}"}
    providers = [
        Provider(id="openai", name="OpenAI", maker="openai"),
        Provider(id="anthropic", name="Anthropic", rules=[Rule(**region_rule)]),
    ]
    path = tmp_path_factory.mktemp("costs") / "snapshot.sqlite"
    snapshots.write(path, models, providers, "test")
    return Registry.open(path)


def test_the_simplest_call(registry):
    estimate = registry.cost("openai/gpt-4o", input_tokens=1_000, output_tokens=500)
    assert estimate.total_cost == Decimal("0.0075")
    assert (estimate.model, estimate.currency, estimate.source) == (
        "openai/gpt-4o",
        "USD",
        "https://openai.com/api/pricing",
    )
    assert repr(estimate).startswith("openai/gpt-4o: 0.0075 USD\n")


def test_keywords_and_a_usage_are_the_same_call(registry):
    usage = Usage(input=1_000, cached_input=10, output=500)
    assert registry.cost("openai/gpt-4o", usage) == registry.cost("openai/gpt-4o", **usage.to_dict())


@pytest.mark.parametrize("usage", [{"input": -5}, {"inputt": 5}, 5, "Usage", [("input", 5)]], ids=repr)
def test_only_a_usage_is_taken_for_one(registry, usage):
    with pytest.raises(InvalidUsage):
        registry.cost("openai/gpt-4o", usage)


def test_a_usage_and_counts_beside_it_are_refused(registry):
    with pytest.raises(InvalidUsage, match="output"):
        registry.cost("openai/gpt-4o", Usage(input=1), output=1)


@pytest.mark.parametrize(("name", "value"), [("inputt", 1), ("tier", "batch"), ("prompt_tokens", 5), ("instant", 1)])
def test_a_keyword_of_no_meaning_is_refused_by_name(registry, name, value):
    with pytest.raises(InvalidUsage) as caught:
        registry.cost("openai/gpt-4o", **{name: value})
    assert caught.value.bucket == name


def test_a_condition_of_none_is_one_that_was_not_given(registry):
    plain = registry.cost("openai/gpt-4o", input=5)
    assert registry.cost("openai/gpt-4o", input=5, service_tier=None, region=None, speed=None) == plain


def test_a_region_in_the_name_reaches_the_price_and_none_does_not_take_it_away(registry):
    for said in ({}, {"region": None}):
        assert registry.cost("anthropic/us.claude-sonnet-4-5", input=100, **said).total_cost == Decimal("0.00033")
    assert registry.cost("anthropic/us.claude-sonnet-4-5", input=100, region="us-west-2").region == "us-west-2"


@pytest.mark.parametrize(
    ("model", "call", "buckets"),
    [
        ("openai/gpt-4o", {"cached_input": 1, "reasoning": 1, "output": 1, "input": 1}, None),
        ("openai/gpt-4o", {"input": 1, "pages": 1}, {"pages"}),
        ("openai/gpt-4o", {"cache_write": 1}, {"cache_write_per_token"}),
        ("openai/gpt-4o", {"input": 1, "service_tier": "flex"}, {"input_per_token"}),
        ("anthropic/claude-sonnet-4-5", {"input": 1, "region": "jp"}, {"input_per_token"}),
        ("anthropic/claude-sonnet-4-5", {"input": 1, "region": "us", "service_tier": "batch"}, None),
        ("openai/us-only", {"input": 1, "region": "us"}, None),
        ("openai/us-only", {"input": 1, "region": "eu"}, {"input_per_token"}),
    ],
    ids=str,
)
def test_strict_refuses_what_is_assumed_or_unpriced_and_nothing_else(registry, model, call, buckets):
    lax = registry.cost(model, **call)
    if buckets is None:
        assert registry.cost(model, strict=True, **call) == lax
        return
    with pytest.raises(Unpriced) as caught:
        registry.cost(model, strict=True, **call)
    assert set(caught.value.buckets) == buckets


def test_no_price_and_no_model_are_two_errors(registry):
    with pytest.raises(Unpriced, match="openai/unpriced"):
        registry.cost("openai/unpriced", input=1)
    with pytest.raises(UnknownModel):
        registry.cost("openai/gpt-4o-none", input=1)


@pytest.mark.parametrize("tier", ["flex", "priority", "batch", "balanced", "ultrafast", "fast"])
def test_a_tier_without_a_price_warns_and_is_shown(registry, tier):
    estimate = registry.cost("openai/gpt-4o", input=1, service_tier=tier)
    assert estimate.service_tier == tier
    assert len(estimate.warnings) == 1


def test_what_the_provider_reports_stands_beside_our_cost(registry):
    estimate = registry.cost("openai/gpt-4o", input=1, reported=Decimal("0.5"))
    assert (estimate.reported, estimate.total_cost) == (Decimal("0.5"), Decimal("0.0000025"))


def test_an_estimate_is_plain_json_to_the_last_digit(registry):
    estimate = registry.cost("openai/gpt-4o", input=999_999_999_999, cached_input=1, output=1)
    read = loads(dumps(estimate.to_dict()))
    assert read["total_cost"] == estimate.total_cost
    assert [line["amount"] for line in read["lines"]] == [line.amount for line in estimate.lines]
    assert read["resolution"]["id"] == "openai/gpt-4o"


def test_an_incomplete_estimate_shows_what_is_missing(registry):
    shown = repr(registry.cost("openai/gpt-4o", input=1, pages=3, cache_write=1))
    assert "(incomplete)" in shown
    assert "pages: no price is known" in shown
    assert "(assumed)" in shown


def test_changing_a_model_changes_no_later_cost(registry):
    model = registry.get("openai/gpt-4o")
    model.pricing[0].rates["input_per_token"] = Decimal(99)
    assert registry.cost("openai/gpt-4o", input=1).total_cost == Decimal("0.0000025")


def test_threads_agree(registry):
    fresh = Registry.open(registry.snapshot.path)

    def call(n):
        return fresh.cost(
            "anthropic/claude-sonnet-4-5", input=n, region=("us", None)[n % 2], service_tier=("batch", None)[n % 3 == 0]
        )

    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(call, range(400)))
    assert together == [call(n) for n in range(400)]


def test_more_facts_than_are_kept_are_priced_all_the_same():
    used = offer(Pricing.from_dict({"input_per_token": 10, "overrides": [{"when": {"region": "us"}, "multiply": 2}]}))
    for n in range(1_100):
        said = {"region": ("us", "us-east-1", "us-gov-west-1", "eu")[n % 4], "endpoint": str(n)}
        assert costs.estimate(used, {"input": 1}, said).total_cost == (20, 20, 10, 10)[n % 4]


def test_the_basis_of_a_threshold_is_every_input_bucket():
    card = Pricing.from_dict(
        {"input_per_token": 1, "overrides": [{"when": {"prompt_tokens_above": 100}, "input_per_token": 2}]}
    )
    for bucket in INPUT_TOKENS - {"input"}:
        assert price(card, {"input": 1, bucket: 99}).lines[0].rate == 1
        assert price(card, {"input": 1, bucket: 100}).lines[0].rate == 2


def test_a_rate_for_several_units_shows_what_one_costs():
    estimate = price(Pricing({"output_per_second": Per(Decimal("0.002"), 60)}), {"seconds": 90})
    assert estimate.total_cost == Decimal("0.003")
    assert str(estimate.lines[0].rate).startswith("0.0000333333") or estimate.lines[0].rate == Decimal("0.002") / 60
