"""models.dev, OpenRouter and genai-prices: read exactly, written back whole, and nothing lost without a word."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelry.conditions import Instant, holds
from modelry.errors import CatalogRejected
from modelry.formats import feed, genai_prices, models_dev, openrouter
from modelry.pricing import Override, Per, Pricing
from modelry.records import Model

FEEDS = Path(__file__).parents[2] / "shared" / "feeds"
DAY = "2026-11-20"
Thing = TypeVar("Thing")
PROVIDERS = {
    "openai": "openai", "anthropic": "anthropic", "google": "google", "deepseek": "deepseek", "cohere": "cohere",
    "mistralai": "mistral", "x-ai": "xai", "google-vertex": "vertex", "google-vertex-anthropic": "vertex",
    "amazon-bedrock": "bedrock", "aws": "bedrock",
}  # fmt: skip


def loads(text: str) -> Any:
    return json.loads(text, parse_float=Decimal)


# What a feed holds, made by hand: the real ones are read where they are.
MODELS_DEV = """{"openai": {"id": "openai", "env": ["OPENAI_API_KEY"], "models": {
    "gpt-x": {"id": "gpt-x", "name": "GPT-X", "family": "gpt", "attachment": true, "reasoning": true,
        "tool_call": true, "temperature": false, "structured_output": true, "interleaved": {"field": "reasoning"},
        "knowledge": "2025-08", "release_date": "2026-03-05", "last_updated": "2026-03-06", "open_weights": false,
        "modalities": {"input": ["text", "image", "pdf"], "output": ["text"]},
        "limit": {"context": 1050000, "input": 922000, "output": 128000},
        "cost": {"input": 2.5, "output": 15, "cache_read": 0.25,
            "tiers": [{"input": 5, "output": 22.5, "cache_read": 0.5, "tier": {"type": "context", "size": 272000}}],
            "context_over_200k": {"input": 5, "output": 22.5, "cache_read": 0.5}},
        "experimental": {"modes": {"fast": {"cost": {"input": 5, "output": 30, "cache_read": 0.5},
            "provider": {"body": {"service_tier": "priority"}}}}}},
    "draw-x": {"id": "draw-x", "name": "Draw", "attachment": false, "reasoning": false, "tool_call": false,
        "release_date": "2026-01", "last_updated": "2026-01", "open_weights": true, "status": "alpha",
        "modalities": {"input": ["text"], "output": ["image"]}, "limit": {"context": 0, "output": 0}}}},
 "Wafer.ai": {"id": "Wafer.ai", "models": {
    "m/n": {"id": "m/n", "name": "N", "attachment": false, "reasoning": false, "tool_call": true,
        "release_date": "2026-01-02", "last_updated": "2026-01-02", "open_weights": true, "status": "deprecated",
        "modalities": {"input": ["text"], "output": ["text"]}, "limit": {"context": 8192, "output": 4096},
        "cost": {"input": 0, "output": 0, "reasoning": 0.1, "input_audio": 1.269}}}}}"""

OPENROUTER = """{"data": [
  {"id": "google/gemini-x", "canonical_slug": "google/gemini-x-2026", "hugging_face_id": "", "name": "Google: Gemini X",
   "created": 1776351100, "description": "Prose.", "context_length": 1048576,
   "architecture": {"modality": "text+image+file->text", "input_modalities": ["text", "image", "file"],
                    "output_modalities": ["text"], "tokenizer": "Gemini", "instruct_type": null},
   "pricing": {"prompt": "0.00000125", "completion": "0.00001", "image": "0.00000125", "web_search": "0.014",
               "internal_reasoning": "0.00001", "input_cache_read": "0.000000125", "input_cache_write": "0.000000375",
               "input_cache_write_1h": "0.0000045", "discount": 0,
               "overrides": [{"min_prompt_tokens": 200000, "prompt": "0.0000025", "completion": "0.000015"}]},
   "top_provider": {"context_length": 1048576, "max_completion_tokens": 65536, "is_moderated": false},
   "per_request_limits": null, "supported_parameters": ["max_tokens", "reasoning", "seed", "tools"],
   "default_parameters": {"temperature": null}, "knowledge_cutoff": "2025-01-31", "expiration_date": "2026-12-01",
   "links": {"details": "/api/v1/models/google/gemini-x-2026/endpoints"}},
  {"id": "openrouter/auto", "canonical_slug": "openrouter/auto", "name": "Auto Router", "created": 1699401600,
   "hugging_face_id": "", "context_length": 2000000,
   "architecture": {"input_modalities": ["text"], "output_modalities": ["text", "image"]},
   "pricing": {"prompt": "-1", "completion": "-1"},
   "top_provider": {"context_length": null, "max_completion_tokens": null, "is_moderated": false},
   "supported_parameters": [], "knowledge_cutoff": null, "expiration_date": null},
  {"id": "deepseek/deepseek-x:free", "name": "DeepSeek: X (free)", "created": 1, "hugging_face_id": "deepseek-ai/X",
   "context_length": 65536, "architecture": {"input_modalities": ["text"], "output_modalities": ["text"]},
   "pricing": {"prompt": "0", "completion": "0"}, "top_provider": {"max_completion_tokens": null},
   "supported_parameters": ["response_format"], "knowledge_cutoff": null, "expiration_date": null}]}"""

GENAI_PRICES = """[{"id": "x-ai", "models": [
  {"id": "grok-x", "name": "Grok X", "match": {"or": [{"equals": "grok-x"}, {"equals": "grok-x-0309"},
     {"starts_with": "grok-x-2"}, {"contains": "grok-xx"}]}, "context_window": 256000, "deprecated": true,
   "prices": {"input_mtok": {"base": 1.25, "tiers": [{"start": 199999, "price": 2.5}]},
              "output_mtok": {"base": 2.5, "tiers": [{"start": 199999, "price": 5}]}, "web_searches_kcount": 5}}]},
 {"id": "Some_Host.ai", "models": [
  {"id": "nick", "match": {"equals": "accounts/host/models/nick"}, "prices": {"audio_hours": 0.111}},
  {"id": "found-by-pattern-alone", "match": {"contains": "pattern-x"}, "prices": {"input_mtok": 1}},
  {"id": "dated", "match": {"starts_with": "dated"}, "prices": [
     {"prices": {"input_mtok": 0.14, "output_mtok": 0.28}},
     {"constraint": {"start_date": "2026-08-17"}, "prices": {"input_mtok": 0.22, "output_mtok": 0.66}},
     {"constraint": {"start_time": "09:00:00+08:00", "end_time": "04:00:00Z"},
      "prices": {"input_mtok": 0.44, "output_mtok": 1.32}},
     {"constraint": {"start_time": "06:00:00Z", "end_time": "10:00:00Z"},
      "prices": {"input_mtok": 0.44, "output_mtok": 1.32}}],
   "price_variants": [
     {"when": {"processing": "batch"}, "prices": {"input_mtok": 0.1}, "constraint": {"start_date": "2026-10-14"}},
     {"when": {"search_type": "fast"}, "prices": {"web_searches_kcount": 1}}]}]}]"""


def feed_text(prefix: str, sample: str) -> list[Any]:
    """The sample, and the real feed where it is there."""
    paths = sorted(FEEDS.glob(f"{prefix}-*.json"))
    real = [pytest.param(path.read_text(encoding="utf-8"), id=path.stem) for path in paths]
    return [pytest.param(sample, id=f"{prefix}-sample"), *real]


@pytest.fixture(scope="module")
def package() -> list[Any]:
    """The providers inside the installed genai-prices."""
    return list(pytest.importorskip("genai_prices.data").providers)


def rates_for(card: Pricing, **facts: Any) -> dict[str, Decimal]:
    """What each meter costs under these facts, worked out the slow way."""
    rates = dict(card.rates)
    for override in card.overrides:
        if any(holds(when, facts) for when in override.when):
            if override.replace:
                rates = {}
            rates |= override.rates
    return {m: r.amount / r.per if isinstance(r, Per) else r for m, r in rates.items() if r is not None}


def only(things: Sequence[Thing]) -> Thing:
    assert len(things) == 1, things
    return things[0]


class TestModelsDev:
    @staticmethod
    def one(entry: Mapping[str, Any], report: list[str] | None = None, provider: str = "openai") -> Model:
        data = {provider: {"id": provider, "models": {"m": {"id": "m", "name": "M", **entry}}}}
        return only(models_dev.read(data, providers=PROVIDERS, report=report))

    @pytest.mark.parametrize("text", feed_text("models.dev", MODELS_DEV))
    def test_what_was_read_is_written_value_by_value(self, text: str) -> None:
        data = loads(text)
        losses: list[str] = []
        written = models_dev.write(models_dev.read(data, providers=PROVIDERS), losses, providers=PROVIDERS, day=DAY)
        assert {name: p["models"] for name, p in written.items()} == {name: p["models"] for name, p in data.items()}
        assert losses == []

    @pytest.mark.parametrize("text", feed_text("models.dev", MODELS_DEV))
    def test_reading_is_quick(self, text: str) -> None:
        models_dev.read(loads(text), providers=PROVIDERS)

    def test_a_model_worked_by_hand(self) -> None:
        model, draw, other = models_dev.read(loads(MODELS_DEV), providers=PROVIDERS)
        assert model.id == "openai/gpt-x"
        assert (model.display_name, model.mode, model.family, model.components) == ("GPT-X", "chat", "gen", ("GEN",))
        assert (model.context, model.max_input_tokens, model.max_output_tokens) == (1_050_000, 922_000, 128_000)
        assert (model.release_date, model.knowledge_cutoff, model.open_weights) == ("2026-03-05", "2025-08", False)
        assert model.capabilities == {
            "tools": True, "reasoning": True, "response_schema": True, "temperature": False, "attachments": True,
            "vision": True, "pdf": True,
        }  # fmt: skip
        assert model.extensions == {
            "models_dev": {
                "family": "gpt",
                "interleaved": {"field": "reasoning"},
                "last_updated": "2026-03-06",
                "experimental": {"modes": {"fast": {"provider": {"body": {"service_tier": "priority"}}}}},
            }
        }
        assert model.pricing == (
            Pricing(
                {"input_per_token": Decimal("0.0000025"), "output_per_token": Decimal("0.000015"),
                 "cached_input_per_token": Decimal("0.00000025")},
                (
                    Override(({"service_tier": "priority"},),
                             {"input_per_token": Decimal("0.000005"), "output_per_token": Decimal("0.00003"),
                              "cached_input_per_token": Decimal("0.0000005")}),
                    Override(({"prompt_tokens_above": 272_000},),
                             {"input_per_token": Decimal("0.000005"), "output_per_token": Decimal("0.0000225"),
                              "cached_input_per_token": Decimal("0.0000005")}),
                ),
            ),
        )  # fmt: skip
        assert (draw.status, draw.context, draw.mode, draw.pricing) == ("preview", None, "image_generation", ())
        assert (other.id, other.status) == ("wafer-ai/m/n", "deprecated")
        assert other.pricing[0].rates["input_per_token"] == 0

    @pytest.mark.parametrize(
        ("cost", "whens"),
        [
            ({"context_over_200k": {"input": 2}}, [{"prompt_tokens_above": 200_000}]),
            (
                {"context_over_200k": {"input": 2}, "tiers": [{"input": 2, "tier": {"type": "context", "size": 256_000}}]},
                [{"prompt_tokens_above": 256_000}],
            ),
            (
                {"tiers": [{"input": 3, "tier": {"type": "context", "size": n}} for n in (128_000, 32_000)]},
                [{"prompt_tokens_above": 32_000}, {"prompt_tokens_above": 128_000}],
            ),
        ],
        ids=["legacy alone", "tiers beat the legacy view", "tiers in any order"],
    )  # fmt: skip
    def test_long_context_prices(self, cost: dict[str, Any], whens: list[dict[str, int]]) -> None:
        card = only(self.one({"cost": {"input": 1, **cost}}).pricing)
        assert [override.when for override in card.overrides] == [(when,) for when in whens]

    @pytest.mark.parametrize(
        ("body", "when"),
        [
            ({"speed": "fast"}, {"speed": "fast"}),
            ({"service_tier": "priority"}, {"service_tier": "priority"}),
            ({}, {"speed": "fast"}),
        ],
    )
    def test_the_fast_mode_is_a_speed_or_the_tier_its_body_says(
        self, body: dict[str, str], when: dict[str, str]
    ) -> None:
        mode = {"cost": {"input": 30}, "provider": {"body": body}}
        model = self.one({"experimental": {"modes": {"fast": mode}}})
        assert model.pricing[0].overrides == (Override((when,), {"input_per_token": Decimal("0.00003")}),)
        assert models_dev.write([model])["openai"]["models"]["m"]["experimental"]["modes"]["fast"] == mode

    @pytest.mark.parametrize(
        ("entry", "named"),
        [
            ({"cost": {"input": 1, "ouput": 2}}, "'ouput'"),
            ({"cost": {"input": 1, "context_over_200k": {"imput": 2}}}, "'imput'"),
            ({"cost": {"tiers": [{"inputs": 1, "tier": {"type": "context", "size": 200_000}}]}}, "'inputs'"),
            ({"cost": {"tiers": [{"input": 1, "tier": {"type": "output", "size": 9}}]}}, "'output'"),
            ({"experimental": {"modes": {"fast": {"cost": {"cash_read": 1}}}}}, "'cash_read'"),
            ({"experimental": {"modes": {"slow": {"cost": {"input": 1}}}}}, "'slow'"),
            ({"cost": {"input": "much"}}, "'much'"),
            ({"cost": {"input": float("nan")}}, "NaN"),
        ],
    )
    def test_a_price_that_nobody_understands_is_named_and_kept(self, entry: dict[str, Any], named: str) -> None:
        with pytest.raises(CatalogRejected, match="models_dev: openai/m: ") as raised:
            self.one(entry)
        assert named.lower() in str(raised.value).lower()
        report: list[str] = []
        model = self.one(entry, report)
        assert named.lower() in only(report).lower()
        written = models_dev.write([model])["openai"]["models"]["m"]
        if "NaN" not in named:
            assert {key: written[key] for key in entry} == written_form(entry)

    def test_a_misspelling_in_the_legacy_view_is_named_though_tiers_beat_it(self) -> None:
        tier = {"input": 2, "tier": {"type": "context", "size": 256_000}}
        with pytest.raises(CatalogRejected, match="'inputt'"):
            self.one({"cost": {"input": 1, "tiers": [tier], "context_over_200k": {"inputt": 2}}})

    def test_one_broken_row_leaves_the_others(self) -> None:
        report: list[str] = []
        data = {"a": {"models": {"x": [], "y": {"cost": [1]}, "z": {"name": "Z"}}}, "b": {"models": None}, "c": 1}
        assert [m.id for m in models_dev.read(data, providers={}, report=report)] == ["a/z"]
        assert [line.partition(":")[0] for line in report] == ["a/x", "a/y", "b", "c"]

    @pytest.mark.parametrize("data", [[], "oops", None, 1])
    def test_a_body_of_another_shape_is_rejected(self, data: object) -> None:
        with pytest.raises(CatalogRejected, match="models_dev"):
            models_dev.read(data, providers={}, report=[])

    @pytest.mark.parametrize("text", feed_text("models.dev", MODELS_DEV))
    def test_a_map_of_floats_means_what_the_text_says(self, text: str) -> None:
        exact = models_dev.read(loads(text), providers=PROVIDERS)
        assert models_dev.read(json.loads(text), providers=PROVIDERS) == exact

    def test_a_price_in_another_currency_is_never_written_as_dollars(self) -> None:
        model = Model(provider="a", model="b", pricing=(Pricing({"input_per_token": Decimal(1)}, currency="CNY"),))
        losses: list[str] = []
        assert "cost" not in models_dev.write([model], losses)["a"]["models"]["b"]
        assert openrouter.write([model], losses)["data"][0]["pricing"] == {}
        assert sum("CNY" in line for line in losses) == 2

    def test_a_model_that_stands_twice_is_written_once(self) -> None:
        losses: list[str] = []
        models = [Model(provider="a", model="b", display_name=name) for name in ("first", "second")]
        assert models_dev.write(models, losses)["a"]["models"]["b"]["name"] == "first"
        assert any("twice" in line for line in losses)

    def test_two_names_of_one_provider_are_kept_apart(self) -> None:
        data = {n: {"id": n, "models": {"c": {"id": "c"}}} for n in ("google-vertex", "google-vertex-anthropic")}
        models = models_dev.read(data, providers=PROVIDERS)
        assert [m.id for m in models] == ["vertex/c", "vertex/c"]
        assert list(models_dev.write(models, providers=PROVIDERS)) == list(data)

    def test_what_models_dev_cannot_say_is_reported(self) -> None:
        card = Pricing(
            {"input_per_token": Decimal("0.000001"), "per_request": Decimal("0.01")},
            (
                Override(({"service_tier": "batch"},), {"input_per_token": Decimal("0.0000005")}, replace=True),
                Override(({"service_tier": "priority"},), {"input_per_token": Decimal("0.000002")}),
                Override(({"prompt_tokens_from": 200_000},), {"input_per_token": Decimal("0.000003")}),
                Override(({"region": "eu"},), {}, multiply=Decimal("1.1")),
            ),
        )
        losses: list[str] = []
        data = models_dev.write([Model(provider="xai", model="g", pricing=(card, card))], losses, day=DAY)
        entry = data["xai"]["models"]["g"]
        tier = {"input": Decimal(3), "tier": {"type": "context", "size": 200_000}}
        assert entry["cost"] == {"input": Decimal(1), "tiers": [tier], "context_over_200k": {"input": Decimal(3)}}
        assert entry["experimental"]["modes"]["fast"]["cost"] == {"input": Decimal(2)}
        told = "\n".join(losses)
        for words in ("per_request", "batch", "as one above", "'eu'", "history", "release_date"):
            assert words in told


def written_form(entry: dict[str, Any]) -> dict[str, Any]:
    """The entry as it is written: a misspelled legacy view of a tier is written in the present form too."""
    cost = entry.get("cost", {})
    if "context_over_200k" in cost:
        return {"cost": {"input": 1, "tiers": [{"tier": {"type": "context", "size": 200_000}, "imput": 2}],
                         "context_over_200k": {}}}  # fmt: skip
    return entry


class TestOpenRouter:
    @staticmethod
    def one(entry: Mapping[str, Any], report: list[str] | None = None) -> Model:
        return only(openrouter.read({"data": [{"id": "maker/m", **entry}]}, report=report))

    @pytest.mark.parametrize("text", feed_text("openrouter", OPENROUTER))
    def test_what_was_read_is_written_value_by_value(self, text: str) -> None:
        data = loads(text)["data"]
        losses: list[str] = []
        written = openrouter.write(openrouter.read({"data": data}), losses, day=DAY)["data"]
        assert written == [{key: value for key, value in row.items() if key != "description"} for row in data]
        assert losses == []

    @pytest.mark.parametrize("text", feed_text("openrouter", OPENROUTER))
    def test_reading_is_quick(self, text: str) -> None:
        openrouter.read(loads(text))

    def test_a_model_worked_by_hand(self) -> None:
        model, auto, free = openrouter.read(loads(OPENROUTER))
        assert (model.id, model.display_name, model.mode) == ("openrouter/google/gemini-x", "Gemini X", "chat")
        assert (model.context, model.max_output_tokens, model.deprecation_date) == (1_048_576, 65_536, "2026-12-01")
        assert (model.release_date, model.open_weights, free.open_weights) == (None, None, True)
        assert model.modalities is not None
        assert model.modalities.input == ("text", "image", "pdf")
        assert model.capabilities == {"tools": True, "reasoning": True, "vision": True, "pdf": True}
        assert model.extensions["openrouter"]["created"] == 1_776_351_100
        assert "description" not in model.extensions["openrouter"]
        assert model.pricing[0].rates == {
            "input_per_token": Decimal("0.00000125"), "output_per_token": Decimal("0.00001"),
            "input_image_per_token": Decimal("0.00000125"), "web_search_per_query": Decimal("0.014"),
            "reasoning_per_token": Decimal("0.00001"), "cached_input_per_token": Decimal("0.000000125"),
            "cache_write_per_token": Decimal("0.000000375"), "cache_write_1h_per_token": Decimal("0.0000045"),
        }  # fmt: skip
        assert auto.pricing == (), "-1 is a variable price, which is no price"
        assert free.pricing[0].is_free

    @pytest.mark.parametrize(
        ("tokens", "prices"),
        [
            (32_000, ("0.00000003", "0.00000013", "0.000000006")),
            (32_001, ("0.0000001", "0.0000004", "0.000000006")),
            (256_000, ("0.0000001", "0.0000004", "0.000000006")),
            (256_001, ("0.0000002", "0.0000008", "0.000000006")),
        ],
    )
    def test_overrides_by_prompt_tokens(self, tokens: int, prices: tuple[str, str, str]) -> None:
        pricing = loads("""{"prompt": "0.00000003", "completion": "0.00000013", "input_cache_read": "0.000000006",
          "overrides": [{"min_prompt_tokens": 32000, "prompt": "0.0000001", "completion": "0.0000004"},
                        {"min_prompt_tokens": 256000, "prompt": "0.0000002", "completion": "0.0000008"}]}""")
        rates = rates_for(self.one({"pricing": pricing}).pricing[0], prompt_tokens=tokens)
        meters = ("input_per_token", "output_per_token", "cached_input_per_token")
        assert tuple(rates[meter] for meter in meters) == tuple(Decimal(price) for price in prices)

    @pytest.mark.parametrize(
        ("condition", "when"),
        [
            ({"utc_start": 100, "utc_end": 400}, {"utc_hours": ["01:00-04:00"]}),
            ({"utc_start": 1630, "utc_end": 30}, {"utc_hours": ["16:30-00:30"]}),
            ({"utc_start": 0, "utc_end": 700, "utc_days": ["monday", "sunday"]},
             {"utc_hours": ["00:00-07:00"], "weekdays": ["mon", "sun"]}),
            ({"utc_days": ["saturday"]}, {"weekdays": ["sat"]}),
            ({"min_prompt_tokens": 199_999}, {"prompt_tokens_from": 200_000}),
            ({"min_prompt_tokens": 200_000, "utc_start": 100, "utc_end": 400},
             {"prompt_tokens_above": 200_000, "utc_hours": ["01:00-04:00"]}),
        ],
    )  # fmt: skip
    def test_conditions_of_overrides(self, condition: dict[str, Any], when: dict[str, Any]) -> None:
        pricing = {"prompt": "0.000001", "overrides": [{**condition, "prompt": "0.0000005"}]}
        model = self.one({"pricing": pricing})
        assert model.pricing[0].overrides == (Override((when,), {"input_per_token": Decimal("0.0000005")}),)
        assert openrouter.write([model])["data"][0]["pricing"] == pricing

    @pytest.mark.parametrize(
        ("pricing", "named"),
        [
            ({"prompt": "0.1", "promt": "0.2"}, "'promt'"),
            ({"prompt": "cheap"}, "'cheap'"),
            ({"prompt": "0.1", "discount": 0.5}, "discount 0.5"),
            ({"prompt": "0.1", "overrides": [{"min_tokens": 5, "prompt": "0.2"}]}, "'min_tokens'"),
            ({"prompt": "0.1", "overrides": [{"utc_start": 2561, "prompt": "0.2"}]}, "2561"),
            ({"prompt": "0.1", "overrides": [{"utc_days": ["someday"], "prompt": "0.2"}]}, "someday"),
            ({"prompt": "0.1", "overrides": [{"prompt": "0.2"}]}, "no condition"),
        ],
    )
    def test_a_price_that_nobody_understands_is_named_and_kept(self, pricing: dict[str, Any], named: str) -> None:
        with pytest.raises(CatalogRejected, match="openrouter: maker/m: "):
            self.one({"pricing": pricing})
        report: list[str] = []
        model = self.one({"pricing": pricing}, report)
        assert any(named in line for line in report)
        assert openrouter.write([model])["data"][0]["pricing"] == pricing

    def test_a_price_of_an_image_stays_one_unless_it_is_that_of_a_token(self) -> None:
        model = self.one({"pricing": {"prompt": "0.000001", "image": "0.0025"}})
        assert model.pricing[0].rates["input_per_image"] == Decimal("0.0025")

    def test_makers_rows(self) -> None:
        text = {"input_modalities": ["text"], "output_modalities": ["text"]}
        draws = {"input_modalities": ["text"], "output_modalities": ["image"]}
        names = {"x-ai/g": text, "mistralai/m": text, "openai/o:free": text, "meta-llama/l": text, "google/i": draws}
        data = {"data": [{"id": n, "architecture": a, "pricing": {"prompt": "0.1"}} for n, a in names.items()]}
        providers = {**PROVIDERS, "meta-llama": "meta"}
        rows = openrouter.maker_rows(openrouter.read(data), providers=providers)
        assert [row.id for row in rows] == ["xai/g", "mistral/m"]
        assert {(row.family, row.components, row.unit, row.mode) for row in rows} == {
            ("gen", ("GEN",), "1k_tokens", "chat")
        }
        assert rows[0].pricing[0].rates == {"input_per_token": Decimal("0.1")}
        assert rows[0].extensions == {}

    @pytest.mark.parametrize("data", [[], {}, {"data": {}}, {"error": {"code": 502}}, None])
    def test_a_body_of_another_shape_is_rejected(self, data: object) -> None:
        with pytest.raises(CatalogRejected, match="openrouter"):
            openrouter.read(data, report=[])

    def test_one_broken_row_leaves_the_others(self) -> None:
        report: list[str] = []
        data = {"data": [1, {"id": "a/b", "pricing": ["x"]}, {"id": "c/d"}]}
        assert [m.model for m in openrouter.read(data, report=report)] == ["c/d"]
        assert len(report) == 2

    def test_changed_models_are_written_as_they_are_now(self) -> None:
        data = loads(OPENROUTER)
        model = openrouter.read(data)[0]
        rates = {"input_per_token": Decimal("0.000003"), "input_image_per_token": Decimal("0.000004")}
        changed = replace(model, display_name="New", pricing=(Pricing(rates),), capabilities={"tool_choice": True})
        row = openrouter.write([changed])["data"][0]
        assert row["name"] == "New"
        assert row["pricing"] == {"prompt": "0.000003", "image_token": "0.000004", "discount": 0}
        assert row["supported_parameters"] == ["max_tokens", "seed", "tool_choice"]

    def test_what_openrouter_cannot_say_is_reported(self) -> None:
        card = Pricing(
            {"input_per_second": Decimal(1), "input_audio_per_token": Per(Decimal(1), 3)},
            (
                Override(({"service_tier": "batch"},), {"input_per_token": Decimal(1)}),
                Override(({"utc_hours": ["01:00-04:00", "06:00-10:00"]},), {"input_per_token": Decimal(2)}),
            ),
        )
        losses: list[str] = []
        row = openrouter.write([Model(provider="groq", model="w", pricing=(card,))], losses)["data"][0]
        assert row["id"] == "groq/w"
        assert row["pricing"] == {
            "overrides": [
                {"utc_start": 100, "utc_end": 400, "prompt": "2"},
                {"utc_start": 600, "utc_end": 1000, "prompt": "2"},
            ]
        }
        assert [("input_per_second" in x, "1 per 3" in x, "batch" in x) for x in losses] == [
            (True, False, False), (False, True, False), (False, False, True),
        ]  # fmt: skip


class TestGenaiPrices:
    def test_models_worked_by_hand(self) -> None:
        grok, nick, dated = genai_prices.read(loads(GENAI_PRICES), providers=PROVIDERS)
        assert (grok.id, grok.aliases, grok.context, grok.status) == (
            "xai/grok-x",
            ("grok-x-0309",),
            256_000,
            "deprecated",
        )
        assert grok.pricing == (
            Pricing(
                {"input_per_token": Decimal("0.00000125"), "output_per_token": Decimal("0.0000025"),
                 "web_search_per_query": Decimal("0.005")},
                (Override(({"prompt_tokens_from": 200_000},),
                          {"input_per_token": Decimal("0.0000025"), "output_per_token": Decimal("0.000005")}),),
            ),
        )  # fmt: skip
        assert nick.id == "some-host-ai/accounts/host/models/nick", "the name that its rule accepts"
        assert nick.pricing[0].rates == {"input_per_second": Per(Decimal("0.111"), 3_600)}
        assert [card.effective_from for card in dated.pricing] == [None, "2026-08-17", "2026-10-14"]
        first, second, third = dated.pricing
        assert first.overrides == (), "hours belong to the dated price that they follow"
        peak = Override(
            ({"utc_hours": ["01:00-04:00", "06:00-10:00"]},),
            {"input_per_token": Decimal("0.00000044"), "output_per_token": Decimal("0.00000132")},
        )
        batch = Override(({"service_tier": "batch"},), {"input_per_token": Decimal("0.0000001")})
        assert second.overrides == (peak,)
        assert third.overrides == (peak, batch)
        kept = {"when": {"search_type": "fast"}, "prices": {"web_searches_kcount": 1}}
        assert dated.extensions == {"genai_prices": {"price_variants": [kept]}}

    def test_of_variants_that_hold_together_the_first_wins_key_by_key(self) -> None:
        data = loads("""[{"id": "p", "models": [{"id": "m", "match": {"equals": "m"}, "prices": {"input_mtok": 5},
          "price_variants": [{"when": {"processing": "batch"}, "prices": {"input_mtok": 2}},
                             {"when": {"speed": "fast"}, "prices": {"input_mtok": 9, "output_mtok": 8}}]}]}]""")
        card = only(only(genai_prices.read(data, providers={})).pricing)
        rates = rates_for(card, service_tier="batch", speed="fast")
        assert rates == {"input_per_token": Decimal("0.000002"), "output_per_token": Decimal("0.000008")}

    @pytest.mark.parametrize("text", feed_text("genai-prices", GENAI_PRICES))
    def test_every_price_of_the_feed_has_a_meter(self, text: str) -> None:
        models = genai_prices.read(loads(text), providers=PROVIDERS)
        assert len({model.id for model in models}) == len(models)

    def test_every_price_of_the_package_has_a_meter(self, package: list[Any]) -> None:
        models = genai_prices.read(package, providers=PROVIDERS)
        assert len({model.id for model in models}) == len(models) > 2_000
        taken = {(m.provider, m.model.lower()) for m in models}
        aliases = [(m.provider, alias.lower()) for m in models for alias in m.aliases]
        assert taken.isdisjoint(aliases)
        assert len(set(aliases)) == len(aliases)

    @pytest.mark.parametrize(
        "entry",
        [
            {"prices": {"inptu_mtok": 1}},
            {"prices": {"code_executions_kcount": 1}},
            {"prices": {"input_mtok": 1}, "price_variants": [{"when": {"mood": "good"}, "prices": {"input_mtok": 2}}]},
            {"prices": {"input_mtok": 1}, "price_variants": [{"when": {"service_tier": "default"}, "prices": {"input_mtok": 2}}]},
            {"prices": {"input_mtok": 1}, "price_variants": [
                {"when": {"service_tier": tier}, "prices": {"input_mtok": price}} for tier, price in (("priority", 2), ("fast", 3))]},
        ],
    )  # fmt: skip
    def test_a_price_that_nobody_understands_is_named(self, entry: dict[str, Any]) -> None:
        data = [{"id": "p", "models": [{"id": "m", "match": {"equals": "m"}, **entry}]}]
        with pytest.raises(CatalogRejected, match="genai_prices: p/m: "):
            genai_prices.read(data, providers={})
        report: list[str] = []
        assert only(genai_prices.read(data, providers={}, report=report)).id == "p/m"
        assert len(report) == 1

    @pytest.mark.parametrize("data", [{}, "text", None])
    def test_a_body_of_another_shape_is_rejected(self, data: object) -> None:
        with pytest.raises(CatalogRejected, match="genai_prices"):
            genai_prices.read(data, providers={}, report=[])

    CONTEXTS: ClassVar[tuple[tuple[dict[str, str], dict[str, str]], ...]] = (
        ({}, {}),
        ({"processing": "batch"}, {"service_tier": "batch"}),
        ({"service_tier": "flex"}, {"service_tier": "flex"}),
        ({"service_tier": "priority"}, {"service_tier": "priority"}),
        ({"service_tier": "fast"}, {"service_tier": "priority"}),
        ({"speed": "fast"}, {"speed": "fast"}),
        ({"route": "mistral/eu"}, {"region": "eu"}),
    )

    @pytest.mark.parametrize("day", ["2024-01-01", "2026-08-20", "2026-10-13", DAY])
    @pytest.mark.parametrize("hour", ["02:00", "12:00"])
    def test_prices_are_those_that_the_package_works_out(self, package: list[Any], day: str, hour: str) -> None:
        at = datetime.fromisoformat(f"{day}T{hour}:00+00:00").astimezone(UTC)
        rows = {(m.provider, m.model): m for m in genai_prices.read(package, providers={})}
        compared = 0
        for provider in package:
            own = feed.canonical(provider.id, {})
            for model in provider.models:
                row = rows.get((own, model.id))
                if row is None or (
                    (row.provider, row.model) in DAILY_TOO_EARLY and day < DAILY_TOO_EARLY[own, model.id]
                ):
                    continue
                cards = [c for c in row.pricing if c.effective_from is None or c.effective_from <= day]
                card = cards[-1] if cards else Pricing({})
                for context, facts in self.CONTEXTS:
                    variants = [variant.when for variant in model.price_variants or ()]
                    if context and context not in variants:
                        continue
                    theirs = vars(model.get_prices(at, context or None))
                    for tokens in thresholds(theirs.values()):
                        ours = rates_for(card, prompt_tokens=tokens, instant=Instant(at), **facts)
                        assert ours == their_rates(theirs, tokens), (row.id, context, tokens)
                        compared += 1
        assert compared > 2_000


DAILY_TOO_EARLY = {("deepseek", "deepseek-v4-flash"): "2026-09-10", ("deepseek", "deepseek-v4-pro"): "2026-08-17"}
"""Where the package's data says of itself that peak hours reach back before the day on which they began."""


def thresholds(prices: Any) -> list[int]:
    starts = {tier.start for price in prices if hasattr(price, "tiers") for tier in price.tiers}
    return [1, *(start + step for start in sorted(starts) for step in (0, 1))]


def their_rates(prices: Mapping[str, Any], tokens: int) -> dict[str, Decimal]:
    """USD per unit by our meter, by their rule: the highest tier whose start is exceeded."""
    rates = {}
    for key, price in prices.items():
        if hasattr(price, "tiers"):
            price = next((t.price for t in reversed(price.tiers) if tokens > t.start), price.base)  # noqa: PLW2901
        if price is not None:
            rates[genai_prices.WORDS[key]] = price / genai_prices.ENDINGS[key.rpartition("_")[2]]
    return rates


class TestAmounts:
    def test_units_are_those_of_the_package(self) -> None:
        units = pytest.importorskip("genai_prices.data_units").unit_data.values()
        assert {key: genai_prices.ENDINGS[key.rpartition("_")[2]] for key in (u["price_key"] for u in units)} == {
            u["price_key"]: u["per"] for u in units
        }

    @pytest.mark.parametrize("price", [0.1, 1.269, 1e-07, 3e-10, 5.0, 0.07250000000000001])
    def test_a_float_means_what_it_prints(self, price: float) -> None:
        assert feed.amount(price) == Decimal(repr(price))

    @pytest.mark.parametrize("price", [True, "x", float("inf"), [], {}])
    def test_what_is_no_number_is_refused(self, price: object) -> None:
        with pytest.raises(ValueError, match="no"):
            feed.amount(price)

    @given(
        st.decimals(min_value=0, max_value=10**6, allow_nan=False, places=12),
        st.sampled_from(sorted({1, *genai_prices.ENDINGS.values()})),
    )
    def test_prices_of_many_and_of_one_say_the_same(self, price: Decimal, units: int) -> None:
        rate = feed.per_unit(price, units)
        assert feed.per_units(rate, units) == price
        amount, per = rate if isinstance(rate, Per) else (rate, 1)
        assert amount is not None
        assert amount * units == price * per

    def test_a_price_that_does_not_come_out_exactly_is_refused(self) -> None:
        assert feed.per_units(Per(Decimal("0.36"), 3_600), 1_000_000) == 100
        with pytest.raises(ValueError, match="no exact price"):
            feed.per_units(Per(Decimal(1), 3), 1_000_000)

    @pytest.mark.parametrize(("above", "when"), [(200_000, {"prompt_tokens_above": 200_000}),
                                                 (199_999, {"prompt_tokens_from": 200_000})])  # fmt: skip
    def test_thresholds(self, above: int, when: dict[str, int]) -> None:
        assert feed.threshold(above) == when
        for tokens in (above - 1, above, above + 1):
            assert holds(when, {"prompt_tokens": tokens}) == (tokens > above)
