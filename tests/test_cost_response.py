"""From a response to an exact cost: what the body says of its call reaches the price, in Python and on the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner
from dialect_bodies import CASES, chat, chunk, converse, gemini, message, response, search

import modelry
from modelry import Registry, cli
from modelry import compile as snapshots
from modelry.dialects.otel import cost_attributes
from modelry.errors import InvalidUsage, UnknownModel, UnknownUsage, Unpriced, UsageMismatch
from modelry.jsontext import loads
from modelry.pricing import Pricing
from modelry.records import Model, Provider

SOURCE = Path(modelry.__file__).parent.parent


def tier(name, **prices):
    """An override of a tier; `input` is the price of an input token."""
    rates = {f"{bucket}_per_token": price for bucket, price in prices.items()}
    return {"when": {"service_tier": name}, **({"replace": True} if name == "batch" else {}), **rates}


CARDS = {
    "openai/gpt-4o": [{"effective_from": "2024-05-13", "input_per_token": "0.000005", "output_per_token": "0.000015"},
                      {"effective_from": "2024-10-02", "input_per_token": "0.0000025", "output_per_token": "0.00001",
                       "cached_input_per_token": "0.00000125", "web_search_per_query": "0.025", "overrides": [
                           tier("batch", input="0.00000125", output="0.000005"),
                           tier("priority", input="0.000004", output="0.000017"),
                           tier("flex", input="0.000001", output="0.000004")]}],
    "openai/gpt-audio": [{"input_per_token": "1", "output_per_token": "1", "cached_input_per_token": "0.5", "input_audio_per_token": "10",
                          "cached_input_audio_per_token": "5", "output_audio_per_token": "20"}],
    "openai/gpt-image-1": [{"input_per_token": "1", "input_image_per_token": "2", "output_image_per_token": "8"}],
    "openai/dall-e-3": [{"output_per_image": "0.04", "overrides": [
        {"when": {"image_size": "1792x1024"}, "output_per_image": "0.08"},
        {"when": {"image_size": "1792x1024", "image_quality": "hd"}, "output_per_image": "0.12"}]}],
    "openai/whisper-1": [{"input_per_second": "0.0001"}],
    "anthropic/claude-sonnet-4-5": [{
        "input_per_token": "3", "output_per_token": "15", "cached_input_per_token": "0.3", "cache_write_per_token": "3.75",
        "cache_write_1h_per_token": "6", "web_search_per_query": "10", "overrides": [
            tier("batch", input="1.5", output="7.5"),
            {"when": {"region": "us"}, "multiply": "1.1"}, {"when": {"speed": "fast"}, "multiply": "6"}]}],
    "google/gemini-2.5-flash": [{"input_per_token": "1", "output_per_token": "2", "web_search_per_prompt": "35", "overrides": [
        tier("priority", input="2", output="4")]}],
    "google/gemini-3-pro": [{"input_per_token": "1", "output_per_token": "2", "web_search_per_query": "14"}],
    "google/gemini-none": [{"input_per_token": "1", "output_per_token": "2"}],
    "bedrock/amazon.nova-pro-v1:0": [{"input_per_token": "1", "output_per_token": "2", "overrides": [
        tier("priority", input="2", output="4")]}],
    "openrouter/anthropic/claude-sonnet-4.5": [{"input_per_token": "3", "output_per_token": "15"}],
    "perplexity/sonar": [{"input_per_token": "1", "output_per_token": "1", "web_search_per_query": "8", "overrides": [
        {"when": {"search_context_size": "low"}, "web_search_per_query": "5"}]}],
    "xai/grok-4.3": [{"input_per_token": "1", "output_per_token": "2"}],
    "mistral/voxtral-mini-2507": [{"input_per_second": "0.001", "input_per_token": "1", "output_per_token": "2"}],
    "cohere/rerank-v3.5": [{"per_query": "0.002"}],
    "deepseek/deepseek-chat": [{"currency": "CNY", "input_per_token": "2", "output_per_token": "8"}],
}  # fmt: skip
APIS = {"openai": "openai.chat", "anthropic": "anthropic.messages", "google": "gemini.generate_content", "bedrock": "bedrock.converse",
        "xai": "xai", "mistral": "mistral", "cohere": "cohere", "deepseek": "deepseek"}  # fmt: skip
NAMES = {"bedrock": {"otel": ["aws.bedrock"]}}


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory):
    models = []
    for name, cards in CARDS.items():
        provider, _, model = name.partition("/")
        aliases = (
            (f"{model}-20250929",) if provider == "anthropic" else (f"{model}-2024-08-06",) if model == "gpt-4o" else ()
        )
        models.append(Model(provider=provider, model=model, aliases=aliases, base_model=f"{provider}/{model}",
                            pricing=tuple(Pricing.from_dict(card) for card in cards)))  # fmt: skip
    providers = [
        Provider(
            id=name,
            name=name,
            api=APIS.get(name, "openai.chat"),
            names=NAMES.get(name, {}),
            maker=None if name == "openrouter" else name,
        )
        for name in sorted({model.provider for model in models})
    ]
    path = tmp_path_factory.mktemp("responses") / "toy.sqlite"
    snapshots.write(path, models, providers, "responses")
    return path


@pytest.fixture(scope="module")
def registry(snapshot):
    return Registry.open(snapshot)


PLAIN = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}
CLAUDE = {"input_tokens": 100, "output_tokens": 10, "cache_read_input_tokens": 0}
GEMINI = {"promptTokenCount": 100, "candidatesTokenCount": 10, "totalTokenCount": 110}
GROUNDED = {"groundingMetadata": {"webSearchQueries": ["a", "b", ""]}}
CONVERSE = {"inputTokens": 100, "outputTokens": 10, "totalTokens": 110}

PRICED = {
    "the model, and the price of its day": (chat(PLAIN), {}, "0.00035"),
    "an older day": (chat(PLAIN, created=1717200000), {}, "0.00065"),
    "a day that is given counts more": (chat(PLAIN), {"at": "2024-06-01"}, "0.00065"),
    "milliseconds": (chat(PLAIN, created=1717200000000), {}, "0.00065"),
    "a tier": (chat(PLAIN, service_tier="priority"), {}, "0.00057"),
    "auto is no tier": (chat(PLAIN, service_tier="auto"), {}, "0.00035"),
    "default is no tier": (chat(PLAIN, service_tier="default"), {}, "0.00035"),
    "scale is no tier of a price": (chat(PLAIN, service_tier="scale"), {}, "0.00035"),
    "a tier that is given counts more": (chat(PLAIN, service_tier="priority"), {"service_tier": "flex"}, "0.00014"),
    "a line of batch output is of the batch tier": (
        {"custom_id": "a", "response": {"body": chat(PLAIN, service_tier="default")}}, {}, "0.000175"),
    "a model that is given counts more": (chat(PLAIN), {"model": "openai/gpt-audio"}, "110"),
    "a usage alone, with a model": (PLAIN, {"model": "gpt-4o"}, "0.00035"),
    "streamed, with a tier": ([chunk(service_tier="flex"), chunk(PLAIN)], {}, "0.00014"),
    "web searches": (response({"input_tokens": 100, "output_tokens": 10, "total_tokens": 110, "input_tokens_details": {}},
                              [search(), search("open_page")], model="gpt-4o"), {}, "0.02535"),
    "audio": (chat({"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15, "prompt_tokens_details": {"audio_tokens": 4},
                    "completion_tokens_details": {"audio_tokens": 3}}, model="gpt-audio"), {}, "108"),
    "image tokens": ({"created": 1760000000, "data": [{}], "usage": {
        "input_tokens": 30, "output_tokens": 10, "total_tokens": 40, "input_tokens_details": {"text_tokens": 10, "image_tokens": 20}}},
        {"model": "gpt-image-1"}, "130"),
    "images": ({"created": 1760000000, "data": [{}, {}]}, {"model": "dall-e-3"}, "0.08"),
    "images by size": ({"created": 1760000000, "data": [{}], "size": "1792x1024"}, {"model": "dall-e-3"}, "0.08"),
    "images by size and quality": ({"created": 1760000000, "data": [{}], "size": "1792x1024", "quality": "hd"}, {"model": "dall-e-3"}, "0.12"),
    "seconds of audio": ({"text": "Hi", "usage": {"type": "duration", "seconds": 30.5}}, {"model": "whisper-1"}, "0.00305"),
    "Claude": (message(CLAUDE), {}, "450"),
    "Claude, batch": (message(CLAUDE | {"service_tier": "batch"}), {}, "225"),
    "Claude, in the US": (message(CLAUDE | {"inference_geo": "us"}), {}, "495"),
    "Claude, anywhere": (message(CLAUDE | {"inference_geo": "global"}), {}, "450"),
    "Claude, not said where": (message(CLAUDE | {"inference_geo": "not_available"}), {}, "450"),
    "Claude, a region that is given counts more": (message(CLAUDE | {"inference_geo": "global"}), {"region": "us"}, "495"),
    "Claude, fast": (message(CLAUDE | {"speed": "fast"}), {}, "2700"),
    "Claude, as fast as ever": (message(CLAUDE | {"speed": "standard"}), {}, "450"),
    "Claude, fast in the US": (message(CLAUDE | {"speed": "fast", "inference_geo": "us"}), {}, "2970"),
    "Claude, searching": (message(CLAUDE | {"server_tool_use": {"web_search_requests": 3}}), {}, "480"),
    "Gemini by the prompt": (gemini(GEMINI, GROUNDED), {}, "155"),
    "Gemini by the query": (gemini(GEMINI, GROUNDED, modelVersion="gemini-3-pro"), {}, "148"),
    "Gemini, priority of Vertex AI": (gemini(GEMINI | {"trafficType": "ON_DEMAND_PRIORITY"}), {}, "240"),
    "Gemini, priority": (gemini(GEMINI | {"serviceTier": "PRIORITY"}), {}, "240"),
    "Gemini, on demand": (gemini(GEMINI | {"trafficType": "ON_DEMAND"}), {}, "120"),
    "Bedrock names no model": (converse(CONVERSE), {"model": "amazon.nova-pro-v1:0"}, "120"),
    "Bedrock's tier": (converse(CONVERSE, serviceTier={"type": "priority"}), {"model": "amazon.nova-pro-v1:0"}, "240"),
    "Bedrock's plain tier": (converse(CONVERSE, serviceTier={"type": "default"}), {"model": "amazon.nova-pro-v1:0"}, "120"),
    "Perplexity, by the depth of its search": (chat(PLAIN | {"search_context_size": "low"}, model="sonar"), {}, "115"),
    "Mistral's seconds": ({"model": "voxtral-mini-2507", "usage": {"prompt_audio_seconds": 60, "prompt_tokens": 4, "total_tokens": 900,
                                                                    "completion_tokens": 5}}, {}, "14.06"),
    "Cohere's searches": ({"results": [], "meta": {"billed_units": {"search_units": 2}}}, {"model": "cohere/rerank-v3.5"}, "0.004"),
    "OpenTelemetry names provider, model and tier": ({
        "gen_ai.provider.name": "openai", "gen_ai.response.model": "gpt-4o-2024-08-06", "gen_ai.usage.input_tokens": 100,
        "gen_ai.usage.output_tokens": 10, "openai.response.service_tier": "flex"}, {}, "0.00014"),
    "OpenTelemetry, a deployment of any name": ({
        "gen_ai.system": "openai", "gen_ai.response.model": "my-deployment", "gen_ai.request.model": "gpt-4o",
        "gen_ai.usage.input_tokens": 100, "gen_ai.usage.output_tokens": 10}, {}, "0.00035"),
    "OpenTelemetry's name of a provider": ({
        "gen_ai.provider.name": "aws.bedrock", "gen_ai.request.model": "amazon.nova-pro-v1:0", "gen_ai.usage.input_tokens": 100,
        "gen_ai.usage.output_tokens": 10}, {}, "120"),
}  # fmt: skip


@pytest.mark.parametrize(("body", "given", "cost"), PRICED.values(), ids=PRICED.keys())
def test_what_a_body_says_reaches_its_price(registry, body, given, cost):
    found = registry.cost_response(body, **given)
    assert found.total_cost == Decimal(cost)
    assert found.complete
    assert registry.cost_response(json.loads(json.dumps(body)), **given) == found


def test_a_response_costs_what_its_buckets_cost(registry):
    body = message({"input_tokens": 1000, "cache_read_input_tokens": 5000, "cache_creation_input_tokens": 300, "output_tokens": 70,
                    "cache_creation": {"ephemeral_5m_input_tokens": 100, "ephemeral_1h_input_tokens": 200}, "service_tier": "standard"})  # fmt: skip
    found = registry.cost_response(body, provider="anthropic")
    assert found.total_cost == registry.cost(
        "anthropic/claude-sonnet-4-5", input=1000, cached_input=5000, cache_write=100, cache_write_1h=200, output=70).total_cost  # fmt: skip
    assert (found.model, found.input_tokens, found.output_tokens) == ("anthropic/claude-sonnet-4-5", 6300, 70)
    assert found.warnings == ()
    assert not any(line.assumed for line in found.lines)


# What the provider itself says

REPORTED = {
    "OpenRouter's credits": (chat(PLAIN | {"cost": 1.4e-05, "is_byok": False}, model="anthropic/claude-sonnet-4.5"), "0.000014", "openrouter"),
    "xAI's ticks": (chat(PLAIN | {"cost_in_usd_ticks": 37756000, "num_sources_used": 0}, model="grok-4.3"), "0.0037756", "xai"),
    "ticks of a response": (response({"input_tokens": 1, "output_tokens": 1, "input_tokens_details": {}, "cost_in_usd_ticks": 158500},
                                     model="grok-4.3"), "0.00001585", "xai"),
    "Perplexity's sum": (chat(PLAIN | {"search_context_size": "low", "cost": {"total_cost": 0.005, "request_cost": 0.005}}, model="sonar"),
                         "0.005", "perplexity"),
    "nobody": (chat(PLAIN), None, "openai"),
    "no number": (chat(PLAIN | {"cost": "0.1"}), None, "openai"),
    "not below nothing": (chat(PLAIN | {"cost": -1}), None, "openai"),
    "for nothing": (chat(PLAIN | {"cost": 0}), "0", "openai"),
}  # fmt: skip


@pytest.mark.parametrize(("body", "reported", "provider"), REPORTED.values(), ids=REPORTED.keys())
def test_the_provider_s_own_cost_stands_beside_ours(registry, body, reported, provider):
    found = registry.cost_response(body)
    assert found.reported == (None if reported is None else Decimal(reported))
    assert found.resolution.provider == provider
    assert found.total_cost is not None


def test_a_cost_is_written_as_attributes_of_a_span(registry):
    ours = registry.cost_response(chat(PLAIN))
    assert cost_attributes(ours) == {
        "gen_ai.usage.cost.amount": 0.00035, "gen_ai.usage.cost.currency": "USD", "gen_ai.usage.cost.source": "local"}  # fmt: skip
    theirs = registry.cost_response(REPORTED["OpenRouter's credits"][0])
    assert cost_attributes(theirs) == {
        "gen_ai.usage.cost.amount": 0.000014, "gen_ai.usage.cost.currency": "USD", "gen_ai.usage.cost.source": "provider"}  # fmt: skip
    yuan = registry.cost("deepseek/deepseek-chat", input=1)
    assert cost_attributes(yuan)["gen_ai.usage.cost.currency"] == "CNY"
    incomplete = registry.cost("openai/gpt-4o", input=1, pages=1)
    assert cost_attributes(incomplete) == {}


# Doubts


AMBIGUOUS = chat({"prompt_tokens": 100, "completion_tokens": 0, "total_tokens": 100,
                  "prompt_tokens_details": {"cached_tokens": 40, "audio_tokens": 30}}, model="gpt-audio")  # fmt: skip


def test_an_unsaid_overlap_is_marked_on_its_line(registry):
    found = registry.cost_response(AMBIGUOUS)
    assert {line.meter: line.assumed for line in found.lines} == {
        "input_per_token": False, "cached_input_per_token": True, "input_audio_per_token": False}  # fmt: skip
    assert found.total_cost == 30 * 1 + 40 * Decimal("0.5") + 30 * 10
    assert "those of text first" in found.warnings[0]
    with pytest.raises(Unpriced, match="cached_input_per_token is assumed"):
        registry.cost_response(AMBIGUOUS, strict=True)


def test_an_overlap_that_cannot_be_otherwise_is_none(registry):
    whole = {
        "prompt_tokens": 50,
        "completion_tokens": 0,
        "total_tokens": 50,
        "prompt_tokens_details": {"cached_tokens": 50, "audio_tokens": 30},
    }
    found = registry.cost_response(chat(whole, model="gpt-audio"), strict=True)
    assert found.total_cost == 20 * Decimal("0.5") + 30 * 5


def test_what_no_bucket_counts_is_told_and_strictly_refused(registry):
    body = message(
        CLAUDE
        | {"iterations": [{"type": "advisor_message", "model": "claude-opus-5", "input_tokens": 1, "output_tokens": 1}]}
    )
    found = registry.cost_response(body)
    assert found.total_cost == 450
    assert found.warnings == ("tokens of an advisor model are not in this cost",)
    with pytest.raises(Unpriced, match="advisor model"):
        registry.cost_response(body, strict=True)


def test_a_search_without_a_price_is_listed_once_and_not_free(registry):
    found = registry.cost_response(gemini(GEMINI, GROUNDED, modelVersion="gemini-none"))
    assert (found.unpriced, found.complete) == (("web_searches",), False)


def test_a_stream_that_broke_off_is_told(registry):
    found = registry.cost_response([{"type": "message_start", "message": message(CLAUDE)}])
    assert "breaks off" in found.warnings[0]


@pytest.mark.parametrize("created", [0, 1, -5, "yesterday", True, 1e300, 10**400])
def test_a_time_that_is_none_is_told(registry, created):
    found = registry.cost_response(chat(PLAIN, created=created))
    assert found.total_cost == Decimal("0.00035")
    assert "is no time" in found.warnings[0]


@pytest.mark.parametrize("created", [1717200000, 1717200000.5, Decimal(1717200000), "2024-06-01T00:00:00Z",
                                     datetime(2024, 6, 1, tzinfo=UTC)])  # fmt: skip
def test_a_time_may_be_written_in_several_ways(registry, created):
    assert registry.cost_response(chat(PLAIN, created=created)).total_cost == Decimal("0.00065")


# Which api, which model, which provider


def test_the_provider_s_api_settles_what_the_shape_leaves_open(registry):
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "completion_tokens_details": {"reasoning_tokens": 3}}
    assert registry.cost_response(usage, provider="xai", model="grok-4.3").output_tokens == 8
    assert registry.cost_response(usage, provider="openai", model="gpt-4o").output_tokens == 5


def test_a_body_of_another_api_than_its_provider_s_is_read_by_its_shape(registry):
    responded = response({"input_tokens": 100, "output_tokens": 10, "total_tokens": 110, "input_tokens_details": {"cached_tokens": 40}},
                         model="gpt-4o")  # fmt: skip
    assert registry.cost_response(responded, provider="openai").total_cost == Decimal("0.0003")
    assert registry.cost_response(message(CLAUDE), provider="bedrock", model="amazon.nova-pro-v1:0").total_cost == 120


def test_a_body_that_only_one_provider_writes_needs_no_provider(registry):
    assert (
        registry.cost_response(converse(CONVERSE), model="amazon.nova-pro-v1:0").model == "bedrock/amazon.nova-pro-v1:0"
    )
    assert registry.cost_response(REPORTED["OpenRouter's credits"][0]).model == "openrouter/anthropic/claude-sonnet-4.5"


def test_an_alias_of_a_provider_is_one(registry):
    assert (
        registry.cost_response(converse(CONVERSE), provider="aws.bedrock", model="amazon.nova-pro-v1:0").total_cost
        == 120
    )


REFUSED = {
    "no model": (converse(CONVERSE), {}, InvalidUsage, "give model="),
    "an unknown model": (chat(PLAIN, model="gpt-4p"), {}, UnknownModel, "gpt-4o"),
    "an unknown provider": (chat(PLAIN), {"provider": "opneai"}, modelry.UnknownProvider, "openai"),
    "a tier nobody knows": (chat(PLAIN, service_tier="turbo"), {}, InvalidUsage, "service_tier='turbo': is no service tier"),
    "auto, said by the caller": (chat(PLAIN), {"service_tier": "auto"}, InvalidUsage, "is no service tier"),
    "before its first price": (chat(PLAIN, created=1420070400), {}, Unpriced, "2024-05-13"),
    "a total of something else": (chat(PLAIN | {"total_tokens": 1}), {}, UsageMismatch, "the body reports 1"),
    "no usage": ({"error": {}}, {"provider": "openai"}, UnknownUsage, "error"),
    "an api there is none of": (chat(PLAIN), {"api": "openai"}, InvalidUsage, "api='openai'"),
    "a body of another api": (chat(PLAIN), {"api": "bedrock.converse"}, UnknownUsage, "inputTokens is due"),
}  # fmt: skip


@pytest.mark.parametrize(("body", "given", "error", "told"), REFUSED.values(), ids=REFUSED.keys())
def test_a_refusal_says_what_is_wrong(registry, body, given, error, told):
    with pytest.raises(error) as caught:
        registry.cost_response(body, **given)
    assert type(caught.value) is error
    assert told in str(caught.value)


def test_the_body_is_left_as_it_was(registry):
    for case in CASES:
        before = json.dumps(case.body)
        modelry.Usage.from_response(case.body, case.api)
        assert json.dumps(case.body) == before


def test_responses_of_the_catalogue_have_a_price():
    assert modelry.cost_response(chat(PLAIN)).complete
    assert modelry.cost_response(message(CLAUDE)).complete


# A cold start

STANDARD_LIBRARY = {
    "__future__", "bisect", "collections", "datetime", "decimal", "functools", "genericpath", "itertools", "keyword", "math",
    "numbers", "operator", "os", "posixpath", "ntpath", "reprlib", "sqlite3", "stat", "types",
}  # fmt: skip


@pytest.mark.parametrize(("body", "given"), [(message(CLAUDE), {"provider": "anthropic"}), (message(CLAUDE), {}),
                                             (chat(PLAIN), {"provider": "openai"}), (gemini(GEMINI, GROUNDED), {})])  # fmt: skip
def test_a_cold_response_loads_the_allowed_modules_alone(snapshot, body, given):
    code = (
        f"import sys; sys.path.insert(0, {str(SOURCE)!r}); before = set(sys.modules)\n"
        f"import modelry; modelry.cost_response({body!r}, **{given!r})\n"
        "after = set(sys.modules) - before; import json; print(json.dumps(sorted(after)))"
    )
    done = subprocess.run([sys.executable, "-I", "-S", "-B", "-c", code], capture_output=True, text=True, check=True,
                          env={"MODELRY_CATALOG": str(snapshot)})  # fmt: skip
    loaded = json.loads(done.stdout)
    foreign = {name.partition(".")[0] for name in loaded} - {"modelry"}
    assert {name for name in foreign if not name.startswith("_")} <= STANDARD_LIBRARY
    dialects = [name for name in loaded if name.startswith("modelry.dialects.")]
    assert len(dialects) <= 7  # the engine and its parts, and one table


# The command line


@pytest.fixture
def run(snapshot):
    runner = CliRunner(env={"MODELRY_CATALOG": str(snapshot), "COLUMNS": "80"})
    return lambda *arguments, given=None: runner.invoke(cli.cli, ["cost", *arguments], input=given, prog_name="modelry")


def test_a_response_is_priced_from_a_file_and_from_a_pipe(run, tmp_path):
    path = tmp_path / "response.json"
    path.write_text(json.dumps(chat(PLAIN)))
    found = run("--response", str(path))
    assert found.exit_code == 0
    assert found.stdout.splitlines()[0] == "openai/gpt-4o"
    assert "$0.00035" in found.stdout
    assert run("--response", "-", given=path.read_bytes()).stdout == found.stdout
    assert run("--response", str(path), "--provider", "openai").stdout == found.stdout
    assert run("gpt-4o", "--response", str(path)).exit_code == 0
    assert run("--response", str(path), "--model", "gpt-audio").stdout.splitlines()[0] == "openai/gpt-audio"


def test_a_response_as_json_is_exact(run):
    found = run("--response", "-", "--json", "--tier", "flex", given=json.dumps(chat(PLAIN | {"cost": 0.5})))
    plain = loads(found.stdout)
    assert (plain["total_cost"], plain["reported"], plain["service_tier"]) == (
        Decimal("0.00014"),
        Decimal("0.5"),
        "flex",
    )


def test_the_provider_s_own_cost_is_a_footnote(run):
    found = run("--response", "-", given=json.dumps(REPORTED["xAI's ticks"][0]))
    assert "the provider itself reports $0.0037756" in found.stdout


LINES = "\n".join([
    json.dumps(chat(PLAIN)), "", json.dumps({"error": {"message": "no"}}), json.dumps(message(CLAUDE)), "{oops",
    json.dumps(chat(PLAIN | {"prompt_cache_hit_tokens": 0}, model="deepseek-chat")),
    json.dumps(response({"input_tokens": 100, "output_tokens": 10, "input_tokens_details": {}}, [{"type": "file_search_call"}], model="gpt-4o")),
])  # fmt: skip


def test_each_line_is_priced_and_those_that_are_none_are_told(run):
    found = run("--response", "-", given=LINES)
    assert found.exit_code == 1
    assert [line.rstrip() for line in found.stdout.splitlines()] == [
        "line  model                                    in  out  cost",
        "   1  openai/gpt-4o                           100   10       $0.00035",
        "   4  anthropic/claude-sonnet-4-5             100   10     $450.00",
        "   6  deepseek/deepseek-chat                  100   10  CNY 280.00",
        "   7  openai/gpt-4o                           100   10       $0.00035  no price for file searches",
        "      total of what is priced (3 of 6 lines)  300   30     $450.0007",
        "      total (1 of 6 lines)                    100   10  CNY 280.00",
    ]
    assert [line.partition(":")[2][:8] for line in found.stderr.splitlines()] == [" line 3:", " line 5:"]


def test_lines_as_json_have_totals_by_currency(run):
    found = run("--response", "-", "--json", given=LINES)
    document = loads(found.stdout)
    assert found.exit_code == 1
    assert [line["line"] for line in document["lines"]] == [1, 3, 4, 5, 6, 7]
    assert ["error" in line for line in document["lines"]] == [False, True, False, True, False, False]
    assert [(total["currency"], total["responses"], total["complete"]) for total in document["totals"]] == [
        ("USD", 3, False),
        ("CNY", 1, True),
    ]
    exact = sum(line["total_cost"] for line in document["lines"] if line.get("currency") == "USD")
    assert document["totals"][0]["total_cost"] == exact


def test_lines_that_are_all_good_exit_with_0(run):
    assert run("--response", "-", given="\n".join([json.dumps(chat(PLAIN))] * 2)).exit_code == 0


def test_a_recorded_stream_is_one_response(run):
    events = [
        {"type": "message_start", "message": message(CLAUDE)},
        {"type": "message_delta", "delta": {}, "usage": {"output_tokens": 20}},
    ]
    text = "".join(f"event: {event['type']}\r\ndata: {json.dumps(event)}\r\n\r\n" for event in events)
    assert "$600.00" in run("--response", "-", given=text).stdout
    openai = "".join(f"data: {json.dumps(each)}\n\n" for each in (chunk(), chunk(PLAIN))) + "data: [DONE]\n\n"
    assert "$0.00035" in run("--response", "-", given=": hello\n\n" + openai).stdout


def test_a_list_is_a_stream(run):
    assert "$0.00035" in run("--response", "-", given=json.dumps([chunk(), chunk(PLAIN)])).stdout


@pytest.mark.parametrize(
    ("arguments", "given", "status", "told"),
    [
        ("--response -", "", 1, "nothing in it"),
        ("--response -", "\ufeff  \n", 1, "nothing in it"),
        ("--response -", "hello", 1, "neither JSON, JSON Lines nor server-sent events"),
        ("--response -", '{"usage": {\n"prompt_tokens": 1,\n', 1, "neither JSON"),
        ("--response -", "[" * 100_000, 1, "nested too deep"),
        ("--response -", '{"usage": NaN}', 1, "NaN is no number"),
        ("--response -", "data: [DONE]\n\n", 1, "none of them carries usage"),
        ("--response /nowhere/x.json", None, 1, "No such file"),
        ("--response - --input 5", "{}", 2, "--input is what the response says"),
        ("--response - --speed fast", "{}", 2, "--speed is what the response says"),
        ("gpt-4o --response - --model gpt-4o", "{}", 2, "not in both"),
        ("gpt-4o --input 5 --api openai.chat", None, 2, "--api goes with --response"),
        ("gpt-4o --input 5 --model gpt-4o", None, 2, "--model goes with --response"),
        ("--strict", None, 2, "Missing argument 'ID' (or --response FILE)"),
    ],
)
def test_misuse_and_what_is_no_response_are_told(run, arguments, given, status, told):
    found = run(*arguments.split(), given=given)
    assert found.exit_code == status
    assert told in found.stderr


def test_a_warning_names_its_line(run):
    found = run("--response", "-", given="\n".join([json.dumps(chat(PLAIN)), json.dumps(AMBIGUOUS)]))
    assert found.exit_code == 0
    assert "Warning: line 2: which tokens were cached is not said" in found.stderr
    assert found.stdout.splitlines()[2].endswith("assumed")
