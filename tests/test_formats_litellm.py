"""LiteLLM's map: read into Models and written back, on the real feed."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import yaml

from modelry.errors import CatalogRejected
from modelry.formats import litellm
from modelry.formats.litellm_fields import ENDINGS, STEMS, parse, spell
from modelry.formats.litellm_names import read_key
from modelry.meters import METERS
from modelry.pricing import Override, Per, Pricing
from modelry.records import Model

ROOT = Path(__file__).parents[1]
FEED = ROOT.parent / "shared" / "feeds" / "litellm-1.109.1.json"
PACKAGED = "model_prices_and_context_window_backup.json"

Map = dict[str, Any]


def feed_text() -> str:
    """The saved feed, else the map inside the installed `litellm`; without either these tests prove nothing."""
    if FEED.exists():
        return FEED.read_text(encoding="utf-8")
    try:
        files = metadata.files("litellm") or []
    except metadata.PackageNotFoundError:
        files = []
    for file in files:
        if file.name == PACKAGED:
            return Path(str(file.locate())).read_text(encoding="utf-8")
    pytest.fail(f"neither {FEED} nor an installed litellm with its {PACKAGED}: install the dev dependencies")


@pytest.fixture(scope="module")
def text() -> str:
    return feed_text()


@pytest.fixture(scope="module")
def entries(text: str) -> Map:
    """The feed as LiteLLM itself parses it: prices are floats."""
    return {key: entry for key, entry in json.loads(text).items() if key not in litellm.NOT_MODELS}


@pytest.fixture(scope="module")
def exact(text: str) -> Map:
    return json.loads(text, parse_float=Decimal)


@pytest.fixture(scope="module")
def providers() -> dict[str, str]:
    names: dict[str, str] = {}
    for path in sorted((ROOT / "v1" / "providers").glob("*.yaml")):
        manifest = yaml.safe_load(path.read_text(encoding="utf-8"))
        names |= dict.fromkeys((manifest.get("names") or {}).get("litellm", ()), manifest["id"])
    assert names["vertex_ai-language-models"] == "vertex"
    return names


@pytest.fixture(scope="module")
def models(exact: Map, providers: dict[str, str]) -> list[Model]:
    return litellm.read(exact, providers=providers)


@pytest.fixture(scope="module")
def by_id(models: list[Model]) -> dict[str, Model]:
    return {model.id: model for model in models}


def through_json(data: Map) -> Map:
    return json.loads(json.dumps(data))


def round_trip(data: Map, **options: Any) -> Map:
    report: list[str] = []
    written = through_json(litellm.write(litellm.read(data, **options), report))
    assert report == []
    del written["sample_spec"]
    return written


def differences(entries: Map, written: Map) -> Map:
    return {
        key: {
            field: (entries.get(key, {}).get(field), written.get(key, {}).get(field))
            for field in entries.get(key, {}).keys() | written.get(key, {}).keys()
            if entries.get(key, {}).get(field) != written.get(key, {}).get(field)
        }
        for key in entries.keys() | written.keys()
        if entries.get(key) != written.get(key)
    }


# ---- the round trip --------------------------------------------------------------------------------------------------


def test_every_entry_comes_back_value_by_value(entries: Map, exact: Map, providers: dict[str, str]) -> None:
    assert differences(entries, round_trip(exact, providers=providers)) == {}


def test_the_round_trip_needs_no_manifests(entries: Map, exact: Map) -> None:
    assert differences(entries, round_trip(exact)) == {}


def test_floats_are_read_as_their_shortest_text(entries: Map, exact: Map, providers: dict[str, str]) -> None:
    assert litellm.read(entries, providers=providers) == litellm.read(exact, providers=providers)


def test_types_come_back_too(entries: Map, exact: Map) -> None:
    """Counts stay whole numbers, flags stay flags; a price of 0 may become 0.0."""
    written = round_trip(exact)
    for key, entry in entries.items():
        for field, value in entry.items():
            same = type(value) is type(written[key][field])
            assert same or isinstance(value, int | float) is isinstance(written[key][field], int | float), (key, field)
            assert isinstance(value, bool) is isinstance(written[key][field], bool), (key, field)


def test_reading_what_was_written_gives_the_same_models(models: list[Model], providers: dict[str, str]) -> None:
    again = litellm.read(litellm.write(models), providers=providers)
    assert {model.id: model for model in again} == {model.id: model for model in models}


def test_no_two_models_have_one_id(models: list[Model]) -> None:
    assert [name for name, n in Counter(model.id for model in models).items() if n > 1] == []


def test_prices_stand_on_cards_and_not_in_extensions(models: list[Model]) -> None:
    carried = {
        field
        for model in models
        for field in model.extensions["litellm"]
        if "cost" in field or "pricing" in field or "multiplier" in field
    }
    assert carried <= {"input_dbu_cost_per_token", "output_dbu_cost_per_token", "guardrail_cost_per_unit"}


def test_only_second_keys_may_differ_in_price(models: list[Model]) -> None:
    """What a key with conditions says otherwise than its offering are never prices: those are overrides."""
    for model in models:
        for key, kept in model.extensions["litellm"].get("hints", {}).get("keys", {}).items():
            priced = {field for field in kept.get("differs", {}) if parse(field) or "pricing" in field}
            assert not priced or "when" not in kept, key


# ---- the tests can fail ----------------------------------------------------------------------------------------------


def spoilt(models: list[Model], spoil: Callable[[Pricing], Pricing | None]) -> list[Model]:
    """The models with the first card spoilt that `spoil` does something to."""
    from dataclasses import replace

    for place, model in enumerate(models):
        worse = (
            spoil(model.pricing[0])
            if model.pricing and "keys" not in model.extensions["litellm"].get("hints", {})
            else None
        )
        if worse is not None:
            return [*models[:place], replace(model, pricing=(worse,)), *models[place + 1 :]]
    pytest.fail("nothing to spoil")


SPOILERS: dict[str, Callable[[Pricing], Pricing | None]] = {
    "a dropped override": lambda card: card._replace(overrides=card.overrides[1:]) if card.overrides else None,
    "a rate off by 1e-15": lambda card: card._replace(
        rates={**card.rates, "input_per_token": card.rates["input_per_token"] + Decimal("1e-15")}  # type: ignore[operator]
    ) if card.rates.get("input_per_token") else None,
    "a dropped rate": lambda card: card._replace(rates={}) if card.rates else None,
    "a threshold that moved": lambda card: card._replace(
        overrides=tuple(o._replace(when=({**o.when[0], "prompt_tokens_above": 1_000},)) for o in card.overrides)
    ) if any("prompt_tokens_above" in o.when[0] for o in card.overrides) else None,
    "a multiplier off": lambda card: card._replace(
        overrides=tuple(o._replace(multiply=o.multiply and o.multiply + 1) for o in card.overrides)
    ) if any(o.multiply for o in card.overrides) else None,
    "an off-peak window less": lambda card: card._replace(overrides=card.overrides[:-1])
    if any("utc_hours" in o.when[0] for o in card.overrides) else None,
}  # fmt: skip


@pytest.mark.parametrize("spoil", SPOILERS.values(), ids=SPOILERS)
def test_a_spoilt_card_shows(spoil: Callable[[Pricing], Pricing | None], models: list[Model], entries: Map) -> None:
    written = through_json(litellm.write(spoilt(models, spoil)))
    del written["sample_spec"]
    assert len(differences(entries, written)) == 1


# ---- fields ----------------------------------------------------------------------------------------------------------

SUFFIXES = (
    [{}, {"prompt_tokens_above": 128_000}, {"prompt_tokens_above": 272_000}],
    [{}, {"video_interval_above": 8}, {"video_interval_above": 15}],
    [{}, {"resolution": "720p"}, {"resolution": "4k"}, {"resolution": "0.5k"}, {"resolution": "1024"}],
    [{}, *({key: value} for key, value in ENDINGS.values())],
)


def test_the_grammar_is_closed_over_stems_and_suffixes() -> None:
    seen: dict[str, object] = {}
    for stem, meter in STEMS.items():
        for parts in itertools.product(*SUFFIXES):
            when: dict[str, Any] = {key: value for part in parts for key, value in part.items()}
            field = spell(meter, when)
            assert field is not None
            assert field.startswith(stem)
            assert field not in seen, f"{field} would mean both {seen[field]} and {(meter, when)}"
            seen[field] = (meter, when)
            read = parse(field)
            assert read is not None
            assert (read.meter, dict(read.when)) == (meter, when)


@pytest.mark.parametrize(
    "when",
    [{"prompt_tokens_above": 200_500}, {"region": "us"}, {"service_tier": "flex", "endpoint": "decisions"},
     {"service_tier": "turbo"}, {"resolution": "huge"}],
)  # fmt: skip
def test_what_the_grammar_cannot_say_has_no_field(when: Map) -> None:
    assert spell("input_per_token", when) is None


@pytest.mark.parametrize(
    ("field", "meter", "when"),
    [
        ("input_cost_per_token", "input_per_token", {}),
        ("cache_creation_input_token_cost_above_1hr_above_200k_tokens", "cache_write_1h_per_token", {"prompt_tokens_above": 200_000}),
        ("cache_read_input_token_cost_above_272k_tokens_priority", "cached_input_per_token",
         {"prompt_tokens_above": 272_000, "service_tier": "priority"}),
        ("output_cost_per_token_batches", "output_per_token", {"service_tier": "batch"}),
        ("input_cost_per_token_decisions", "input_per_token", {"endpoint": "decisions"}),
        ("input_cost_per_video_per_second_above_8s_interval", "input_per_video_second", {"video_interval_above": 8}),
        ("output_cost_per_image_1K", "output_per_image", {"resolution": "1k"}),
        ("output_cost_per_second_720p", "output_per_second", {"resolution": "720p"}),
    ],
)  # fmt: skip
def test_fields_say_meters_under_conditions(field: str, meter: str, when: Map) -> None:
    read = parse(field)
    assert read is not None
    assert (read.meter, dict(read.when)) == (meter, when)
    assert spell(meter, when) == field


def test_every_field_of_the_feed_is_known(exact: Map) -> None:
    assert litellm.unknown_fields(exact) == {}


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"output_cost_per_hologram": 1e-6}, "output_cost_per_hologram"),
        ({"input_cost_per_token_turbo": 1e-6}, "input_cost_per_token_turbo"),
        ({"input_cost_per_token": "1e-6"}, "input_cost_per_token"),
        ({"tiered_pricing": [{"range": [0, 10], "output_cost_per_hologram": 1.0}]}, "tiered_pricing"),
        ({"off_peak_pricing": {"windows": [{"hours_utc": "00:00-01:00", "months": [1]}]}}, "off_peak_pricing"),
        ({"search_context_cost_per_query": {"search_context_size_huge": 1.0}}, "search_context_cost_per_query"),
        ({"provider_specific_entry": {"mars": 3.0}}, "provider_specific_entry.mars"),
        ({"input_cost_per_token_cache_hit": 2e-6, "cache_read_input_token_cost": 1e-6}, "input_cost_per_token_cache_hit"),
    ],
)  # fmt: skip
def test_an_unknown_price_is_found_by_name_and_not_lost(fields: Map, named: str) -> None:
    entry = {"litellm_provider": "anthropic", "mode": "chat", **fields}
    assert litellm.unknown_fields({"model-1": entry}) == {named: ["model-1"]}
    assert round_trip({"model-1": entry}) == {"model-1": entry}
    report: list[str] = []
    litellm.read({"model-1": entry}, report=report)
    assert [line for line in report if named in line and "model-1" in line]


# ---- cards -----------------------------------------------------------------------------------------------------------


def card(fields: Map, provider: str = "openai") -> Pricing:
    (model,) = litellm.read({"m": {"litellm_provider": provider, "mode": "chat", **fields}})
    (only,) = model.pricing
    return only


def whens(pricing: Pricing) -> list[Map]:
    return [dict(override.when[0]) for override in pricing.overrides]


def test_overrides_stand_in_the_order_in_which_they_apply() -> None:
    stem = "input_cost_per_token"
    fields = [
        f"{stem}_batches", f"{stem}_above_272k_tokens_batches", f"{stem}_above_272k_tokens_flex", f"{stem}_flex",
        f"{stem}_decisions", f"{stem}_above_272k_tokens", f"{stem}_above_128k_tokens", stem,
        f"{stem}_above_272k_tokens_decisions", "regional_processing_uplift_multiplier_us",
    ]  # fmt: skip
    pricing = card(dict.fromkeys(fields, 1e-6))
    assert whens(pricing) == [
        {"endpoint": "decisions"},
        {"service_tier": "flex"},
        {"prompt_tokens_above": 128_000},
        {"prompt_tokens_above": 272_000},
        {"endpoint": "decisions", "prompt_tokens_above": 272_000},
        {"service_tier": "flex", "prompt_tokens_above": 272_000},
        {"service_tier": "batch"},
        {"service_tier": "batch", "prompt_tokens_above": 272_000},
        {"region": "us"},
    ]
    assert [o.when[0] for o in pricing.overrides if o.replace] == [{"service_tier": "batch"}]
    assert [o.multiply for o in pricing.overrides if o.multiply] == [Decimal("0.000001")]


def test_the_order_of_fields_does_not_matter(exact: Map, models: list[Model], providers: dict[str, str]) -> None:
    turned = {key: dict(reversed(entry.items())) if isinstance(entry, dict) else entry for key, entry in exact.items()}
    assert litellm.read(turned, providers=providers) == models


def test_xai_reprices_from_its_threshold_on() -> None:
    fields = {"input_cost_per_token": 1e-6, "input_cost_per_token_above_200k_tokens": 2e-6}
    assert whens(card(fields, "xai")) == [{"prompt_tokens_from": 200_000}]
    assert whens(card(fields)) == [{"prompt_tokens_above": 200_000}]


def test_tiers_are_thresholds(by_id: dict[str, Model]) -> None:
    (pricing,) = by_id["alibaba/qwen3-coder-plus"].pricing
    assert dict(pricing.rates) == {
        "input_per_token": Decimal("0.000001"),
        "output_per_token": Decimal("0.000005"),
        "cached_input_per_token": Decimal("1e-7"),
    }
    assert whens(pricing) == [{"prompt_tokens_above": n} for n in (32_000, 128_000, 256_000)]


def test_ranges_of_results_are_thresholds(by_id: dict[str, Model]) -> None:
    (pricing,) = by_id["firecrawl/search"].pricing
    assert whens(pricing)[:2] == [{"results_above": 10}, {"results_above": 20}]


def test_a_tier_that_lacks_a_meter_forgets_it() -> None:
    tiers = [
        {"range": [0, 1_000], "input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6},
        {"range": [1_000, 9_000], "input_cost_per_token": 3e-6},
    ]
    entry = {"litellm_provider": "dashscope", "tiered_pricing": tiers}
    assert [o.replace for o in card(entry).overrides] == [True]
    assert round_trip({"m": entry}) == {"m": entry}


def test_tiers_with_a_gap_are_left_alone() -> None:
    tiers = [{"range": [0, 10], "input_cost_per_token": 1e-6}, {"range": [20, 30], "input_cost_per_token": 2e-6}]
    entry = {"litellm_provider": "dashscope", "tiered_pricing": tiers}
    assert litellm.unknown_fields({"m": entry}) == {"tiered_pricing": ["m"]}
    assert round_trip({"m": entry}) == {"m": entry}


def test_off_peak_hours_are_overrides_with_a_calendar(by_id: dict[str, Model]) -> None:
    off_peak = [o for o in by_id["tencent/deepseek-v4.1-flash"].pricing[0].overrides if "utc_hours" in o.when[0]]
    assert [o.when[0] for o in off_peak] == [
        {"utc_hours": ["00:00-01:00", "04:00-06:00", "10:00-00:00"], "weekdays": ["mon", "tue", "wed", "thu", "fri"],
         "weekday_timezone": "Asia/Shanghai"},
        {"utc_hours": ["00:00-00:00"], "weekdays": ["sat", "sun"], "weekday_timezone": "Asia/Shanghai"},
    ]  # fmt: skip
    assert all(o.rates["input_per_token"] == Decimal("1.5e-7") for o in off_peak)


def test_searches_have_their_medium_price_as_base(by_id: dict[str, Model]) -> None:
    (pricing,) = by_id["perplexity/sonar"].pricing
    assert pricing.rates["web_search_per_query"] == Decimal("0.008")
    assert pricing.overrides == (
        Override(({"search_context_size": "high"},), {"web_search_per_query": Decimal("0.012")}),
        Override(({"search_context_size": "low"},), {"web_search_per_query": Decimal("0.005")}),
    )


@pytest.mark.parametrize(
    ("provider", "unit", "meter"),
    [
        ("gemini", None, "web_search_per_prompt"),
        ("gemini", "per_query", "web_search_per_query"),
        ("vertex_ai-language-models", None, "web_search_per_prompt"),
        ("vertex_ai-anthropic_models", None, "web_search_per_query"),
        ("openai", None, "web_search_per_query"),
    ],
)
def test_google_bills_a_grounded_prompt_once(provider: str, unit: str | None, meter: str) -> None:
    prices = {f"search_context_size_{size}": 0.01 for size in ("low", "medium", "high")}
    fields = {"search_context_cost_per_query": prices} | ({"web_search_billing_unit": unit} if unit else {})
    assert set(card(fields, provider).rates) == {meter}


def test_the_price_of_a_generated_image_is_output() -> None:
    fields = {"mode": "image_generation", "input_cost_per_pixel": 1e-8, "output_cost_per_pixel": 0.0}
    assert dict(card(fields).rates) == {"output_per_pixel": Decimal("1e-8")}
    assert dict(card({**fields, "output_cost_per_image": 0.1}).rates).keys() == {
        "output_per_image", "input_per_pixel", "output_per_pixel",
    }  # fmt: skip


def test_multipliers_speak_of_regions_and_speed(by_id: dict[str, Model]) -> None:
    (pricing,) = by_id["anthropic/claude-opus-5-5"].pricing
    assert [(o.when, o.multiply) for o in pricing.overrides if o.multiply] == [
        (({"region": "us"},), Decimal("1.1")),
        (({"speed": "fast"},), Decimal("2.0")),
    ]


def test_float_noise_is_read_and_written_exactly() -> None:
    noisy = {"litellm_provider": "openai", "input_cost_per_token": 1.0000000000000001e-07}
    assert card(noisy).rates == {"input_per_token": Decimal("1.0000000000000001E-7")}
    assert round_trip({"m": noisy})["m"]["input_cost_per_token"] == noisy["input_cost_per_token"]


def test_zero_and_unknown_stay_apart() -> None:
    assert dict(card({"input_cost_per_token": 0}).rates) == {"input_per_token": Decimal(0)}
    assert litellm.read({"m": {"litellm_provider": "openai", "mode": "chat"}})[0].pricing == ()


def test_prices_per_thousand_are_prices_of_one() -> None:
    fields = {"litellm_provider": "openai", "file_search_cost_per_1k_calls": 2.5}
    assert dict(card(fields).rates) == {"file_search_per_call": Decimal("0.0025")}
    assert round_trip({"m": fields}) == {"m": fields}


# ---- names -----------------------------------------------------------------------------------------------------------

NAMES = {"vertex_ai-language-models": "vertex", "vertex_ai": "vertex", "bedrock": "bedrock", "bedrock_converse": "bedrock",
         "gemini": "google", "text-completion-openai": "openai"}  # fmt: skip


@pytest.mark.parametrize(
    ("key", "provider", "offering", "region", "when"),
    [
        ("gpt-4o", "openai", "openai/gpt-4o", None, {}),
        ("gemini/gemini-2.5-pro", "gemini", "google/gemini-2.5-pro", None, {}),
        ("vertex_ai/gemini-2.5-pro", "vertex_ai-language-models", "vertex/gemini-2.5-pro", None, {}),
        ("deepinfra/openai/gpt-oss-20b", "deepinfra", "deepinfra/openai/gpt-oss-20b", None, {}),
        ("azure/eu/gpt-4o", "azure", "azure/eu/gpt-4o", "eu", {}),
        ("azure/global-standard/gpt-4o", "azure", "azure/global-standard/gpt-4o", "global", {}),
        ("azure/speech/azure-tts", "azure", "azure/speech/azure-tts", None, {}),
        ("us.anthropic.claude-v2", "bedrock_converse", "bedrock/us.anthropic.claude-v2", "us", {}),
        ("us-gov.anthropic.claude-v2", "bedrock", "bedrock/us-gov.anthropic.claude-v2", "us-gov", {}),
        ("ai21.jamba-1-5", "bedrock", "bedrock/ai21.jamba-1-5", None, {}),
        ("bedrock/us-gov-west-1/claude-1", "bedrock", "bedrock/us-gov-west-1/claude-1", "us-gov-west-1", {}),
        ("bedrock/claude_platform/claude-1", "bedrock", "bedrock/claude_platform/claude-1", None, {}),
        ("bedrock/us-east-1/1-month-commitment/claude-1", "bedrock", "bedrock/us-east-1/claude-1", "us-east-1",
         {"commitment": "1-month"}),
        ("bedrock/*/6-month-commitment/cohere.x", "bedrock", "bedrock/cohere.x", None, {"commitment": "6-month"}),
        ("azure/hd/1024-x-1792/dall-e-3", "azure", "azure/dall-e-3", None,
         {"image_size": "1024x1792", "image_quality": "hd"}),
        ("1024-x-1024/50-steps/bedrock/nova-canvas", "bedrock", "bedrock/nova-canvas", None,
         {"image_size": "1024x1024", "steps": "50"}),
        ("max-x-max/max-steps/stability.x", "bedrock", "bedrock/stability.x", None,
         {"image_size": "maxxmax", "steps": "max"}),
        ("fal_ai/low/1024-x-768/openai/gpt-image-2", "fal_ai", "fal-ai/openai/gpt-image-2", None,
         {"image_size": "1024x768", "image_quality": "low"}),
    ],
)  # fmt: skip
def test_keys_say_offering_region_and_conditions(
    key: str, provider: str, offering: str, region: str | None, when: Map
) -> None:
    read = read_key(key, provider, NAMES)
    assert (f"{read.provider}/{read.model}", read.region, dict(read.when)) == (offering, region, when)


def test_keys_with_conditions_are_overrides_of_one_offering(by_id: dict[str, Model]) -> None:
    (pricing,) = by_id["azure/dall-e-3"].pricing
    assert dict(pricing.rates) == {}
    assert {"image_size": "1024x1024", "image_quality": "hd"} in whens(pricing)
    (committed,) = by_id["bedrock/us-east-1/anthropic.claude-v1"].pricing
    rates = {str(o.when[0].get("commitment")): dict(o.rates) for o in committed.overrides}
    assert rates["1-month"].keys() == {"capacity_per_second", "input_per_second"}
    assert committed.rates["input_per_token"] == Decimal("0.000008")


def test_all_keys_with_conditions_went_into_overrides(models: list[Model], entries: Map) -> None:
    kept = {
        key for model in models
        for key, kept in model.extensions["litellm"].get("hints", {}).get("keys", {}).items() if "when" in kept
    }  # fmt: skip
    assert kept == {key for key in entries if "-x-" in key or "-commitment/" in key}


def test_the_key_with_its_providers_name_wins() -> None:
    same = {
        "gemini-exp": {"litellm_provider": "gemini", "input_cost_per_token": 0.0},
        "gemini/gemini-exp": {"litellm_provider": "gemini", "input_cost_per_token": 2.5e-06},
    }
    (model,) = litellm.read(same, providers=NAMES)
    assert model.pricing[0].rates == {"input_per_token": Decimal("0.0000025")}
    assert round_trip(same, providers=NAMES) == same


# ---- the rest of an entry --------------------------------------------------------------------------------------------


def test_an_entry_fills_the_fields_of_a_model(by_id: dict[str, Model], entries: Map) -> None:
    model, entry = by_id["openai/gpt-4o"], entries["gpt-4o"]
    assert (model.mode, model.family, tuple(model.components)) == ("chat", "gen", ("GEN",))
    assert (model.max_input_tokens, model.max_output_tokens) == (entry["max_input_tokens"], entry["max_output_tokens"])
    assert model.capabilities["tools"] is entry["supports_function_calling"]
    assert model.pricing[0].source == entry.get("source")
    assert by_id["openai/text-embedding-3-small"].family == "embed"


def test_false_stays_apart_from_absent() -> None:
    entry = {"litellm_provider": "openai", "supports_vision": False, "supports_flying": False}
    (model,) = litellm.read({"m": entry})
    assert model.capabilities == {"vision": False}
    assert model.extensions["litellm"]["supports_flying"] is False
    assert round_trip({"m": entry}) == {"m": entry}


def test_the_map_itself_is_no_model(models: list[Model], exact: Map) -> None:
    assert exact.keys() | {"fallback_generalizations"} >= litellm.NOT_MODELS
    assert not [model for model in models if model.model in litellm.NOT_MODELS]
    spec = litellm.write([])["sample_spec"]
    assert spec["input_cost_per_token"] == 0.0
    assert litellm.read({"sample_spec": spec}) == []


@pytest.mark.parametrize(("mode", "field"), [("chat", "max_output_tokens"), ("embedding", "max_input_tokens")])
def test_the_legacy_limit_is_read_where_nothing_better_is(mode: str, field: str) -> None:
    entry = {"litellm_provider": "openai", "mode": mode, "max_tokens": 4_096}
    assert getattr(litellm.read({"m": entry})[0], field) == 4_096
    assert round_trip({"m": entry}) == {"m": entry}
    both = {**entry, "max_input_tokens": 9, "max_output_tokens": 8}
    assert litellm.read({"m": both})[0].max_output_tokens == 8
    assert round_trip({"m": both}) == {"m": both}


def test_prose_stands_apart_and_can_be_left_out(exact: Map, models: list[Model]) -> None:
    """Comments of others are not ours to publish."""
    prose = [value for model in models for value in model.extensions["litellm"].get("prose", {}).values()]
    assert prose
    for model in litellm.read(exact, prose=False):
        said = json.dumps(model.extensions, default=str) + repr([card.source for card in model.pricing])
        assert not [word for value in prose for word in value.values() if isinstance(word, str) and word in said]
        assert "prose" not in model.extensions["litellm"]


def test_no_source_is_a_sentence(models: list[Model]) -> None:
    assert [card.source for model in models for card in model.pricing if card.source and " " in card.source] == []


@pytest.mark.parametrize("body", [None, [], "models", 3])
def test_what_is_no_object_is_rejected(body: object) -> None:
    with pytest.raises(CatalogRejected):
        litellm.read(body)


def test_one_bad_entry_does_not_stop_the_rest() -> None:
    report: list[str] = []
    body = {"a": {"litellm_provider": "openai"}, "b": 3, "c": {"litellm_provider": ["x"]}, "sample_spec": {}}
    assert [model.id for model in litellm.read(body, report=report)] == ["openai/a"]
    assert report == ["b: is no entry", "c: is no entry"]


# ---- writing what came from elsewhere --------------------------------------------------------------------------------


def model(*cards: Pricing, **fields: Any) -> Model:
    return Model(provider="google", model="gemini-x", components=("GEN",), pricing=cards, **fields)


def test_a_model_of_ours_is_written_under_its_providers_name() -> None:
    written = litellm.write([model(Pricing({"input_per_token": Decimal("1e-6")}))], providers=NAMES)
    assert written["gemini/gemini-x"] == {"litellm_provider": "gemini", "mode": "chat", "input_cost_per_token": 1e-6}


def test_a_model_without_a_name_there_is_left_out_and_told() -> None:
    report: list[str] = []
    assert litellm.write([model()], report).keys() == {"sample_spec"}
    assert report == ["google/gemini-x: has no LiteLLM name"]


A_RATE = {"input_per_token": Decimal("1e-6")}


@pytest.mark.parametrize(
    ("pricing", "said"),
    [
        (Pricing(A_RATE, currency="CNY"), "prices in CNY"),
        (Pricing(A_RATE, (Override(({"region": "us"},), A_RATE),)), "input_per_token when {'region': 'us'}"),
        (Pricing(A_RATE, (Override(({"prompt_tokens_above": 1_500},), A_RATE),)), "input_per_token when"),
        (Pricing(A_RATE, (Override(({"prompt_tokens_from": 200_000},), A_RATE),)), "input_per_token when"),
        (Pricing(A_RATE, (Override(({"service_tier": "flex"}, {"speed": "fast"}), A_RATE),)), "rates when"),
        (Pricing(A_RATE, (Override(({"service_tier": "flex"},), A_RATE, replace=True),)), "other rates are forgotten"),
        (Pricing(A_RATE, (Override(({"cache_mode": "odd"},), {}, multiply=Decimal(2)),)), "multiply when"),
        (Pricing(A_RATE, effective_from="2024-01-01"), "prices of other days"),
    ],
)
def test_what_the_map_cannot_say_is_told(pricing: Pricing, said: str) -> None:
    report: list[str] = []
    litellm.write([model(pricing)], report, providers=NAMES)
    assert [line for line in report if said in line and line.startswith("google/gemini-x: ")], report


def test_a_rate_per_several_units_is_divided() -> None:
    written = litellm.write([model(Pricing({"input_per_second": Per(Decimal("0.002"), 60)}))], providers=NAMES)
    assert written["gemini/gemini-x"]["input_cost_per_second"] == 0.002 / 60


def test_the_card_of_the_day_is_written() -> None:
    cards = (
        Pricing({"input_per_token": Decimal(3)}, effective_from="2026-01-01"),
        Pricing({"input_per_token": Decimal(2)}, effective_from="2026-06-01"),
    )
    for day, price in (("2026-05-31", 3.0), ("2026-06-01", 2.0)):
        assert (
            litellm.write([model(*cards)], providers=NAMES, day=day)["gemini/gemini-x"]["input_cost_per_token"] == price
        )
    assert (
        "input_cost_per_token"
        not in litellm.write([model(*cards)], providers=NAMES, day="2025-01-01")["gemini/gemini-x"]
    )


def test_sample_spec_names_every_stem() -> None:
    assert litellm.sample_spec().keys() >= {meter.litellm for meter in METERS.values() if meter.litellm}
