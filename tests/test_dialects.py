"""From a response to disjoint buckets: every dialect's shapes, streams, SDK objects, and everything that is none."""

from __future__ import annotations

import contextlib
import json
import time
import tracemalloc
import warnings
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from dialect_bodies import CASES, chat, chunk, converse, gemini, message, response
from hypothesis import given, settings
from hypothesis import strategies as st

from modelry import Usage
from modelry.dialects import HOMES, plan, read
from modelry.errors import AmbiguousUsage, InvalidUsage, ModelryError, UnknownUsage, UsageMismatch
from modelry.meters import BUCKETS, INPUT_TOKENS, OUTPUT_TOKENS
from modelry.usage import LARGEST

ROOT = Path(__file__).parent.parent
NAMED = [pytest.param(case, id=f"{case.api}: {case.name}") for case in CASES]
LIKE_CHAT = {"openai.chat", "openai.embeddings", "mistral", "deepseek", "together", "fireworks"}
"""What none of their own fields tells apart, all of these count alike."""


def buckets(body, api=None):
    return Usage.from_response(body, api).to_dict()


@pytest.mark.parametrize("case", NAMED)
def test_a_body_has_the_buckets_worked_out_by_hand(case):
    assert buckets(case.body, case.api) == case.buckets


@pytest.mark.parametrize("case", NAMED)
def test_the_shape_alone_says_the_same(case):
    found = read(case.body)
    assert {bucket: n for bucket, n in found.counts.items() if n} == case.buckets
    assert found.api == case.api or {found.api, case.api} <= LIKE_CHAT


@pytest.mark.parametrize("case", NAMED)
def test_a_body_that_went_through_json_says_the_same(case):
    text = json.dumps(case.body)
    assert buckets(json.loads(text), case.api) == case.buckets
    assert buckets(json.loads(text, parse_float=Decimal), case.api) == case.buckets


def test_there_are_enough_bodies_of_each_api():
    few = {"openai.speech": 1, "openai.embeddings": 4, "openai.images": 5, "openai.audio": 7}  # all that is documented
    compatible = ("openrouter", "groq", "together", "fireworks", "perplexity")
    for api in HOMES.keys() - set(compatible) - {"openai.realtime"}:
        assert len([case for case in CASES if case.api == api]) >= few.get(api, 8), api
    assert len([case for case in CASES if case.api in compatible]) >= 8


def totals_in(thing):
    """Every total that a body reports, the last one last."""
    if isinstance(thing, dict):
        for key, value in thing.items():
            if key in ("total_tokens", "totalTokens", "totalTokenCount", "total_token_count"):
                yield value
            elif key != "iterations":
                yield from totals_in(value)
    elif isinstance(thing, list):
        for item in thing:
            yield from totals_in(item)


TOTAL_OF_OTHERS = {
    ("mistral", "transcribed"): "audio tokens are in the total alone",
    ("mistral", "chat about audio"): "audio tokens are in the total alone",
    ("bedrock.converse", "a total that forgets the cache"): "it does",
    ("perplexity", "deep research"): "neither reasoning nor citations",
}


@pytest.mark.parametrize("case", NAMED)
def test_the_buckets_sum_to_the_total_that_is_reported(case):
    usage = Usage.from_response(case.body, case.api)
    assert usage.input_tokens == sum(n for bucket, n in case.buckets.items() if bucket in INPUT_TOKENS)
    totals = [n for n in totals_in(case.body) if n is not None]
    if totals and (case.api, case.name) not in TOTAL_OF_OTHERS:
        assert usage.input_tokens + usage.output_tokens == totals[-1]


def test_every_table_names_buckets_that_there_are():
    for api in HOMES:
        dialect = plan(api).dialect
        for field in dialect.fields:
            assert {field.bucket, *field.within} <= BUCKETS.keys()
            assert len({BUCKETS[bucket][0].direction for bucket in (field.bucket, *field.within)}) == 1
        paths = {field.path for field in dialect.fields}
        assert {path for reading in dialect.readings for path in reading.within} <= paths
        assert {whole for whole, _ in dialect.sums} <= paths
        assert api in ("openai.realtime", "together", "fireworks", dialect.api)


def test_every_manifest_names_an_api_that_there_is():
    manifests = [yaml.safe_load(path.read_text("utf-8")) for path in (ROOT / "v1" / "providers").glob("*.yaml")]
    assert {manifest["api"] for manifest in manifests if "api" in manifest} <= HOMES.keys()


# The same call through different apis

CLAUDE = {
    "input": 1000,
    "cached_input": 50000,
    "cache_write": 200,
    "cache_write_1h": 100,
    "output": 380,
    "reasoning": 120,
    "web_searches": 2,
}
_ANTHROPIC_USAGE = {
    "input_tokens": 1000, "cache_read_input_tokens": 50000, "cache_creation_input_tokens": 300, "output_tokens": 500,
    "cache_creation": {"ephemeral_5m_input_tokens": 200, "ephemeral_1h_input_tokens": 100},
    "output_tokens_details": {"thinking_tokens": 120}, "server_tool_use": {"web_search_requests": 2},
}  # fmt: skip
THROUGH = {
    "Anthropic": (message(_ANTHROPIC_USAGE), ()),
    "Bedrock's InvokeModel": (message(_ANTHROPIC_USAGE, model="claude-sonnet-4-5-20250929"), ()),
    "Vertex AI's rawPredict": (message(_ANTHROPIC_USAGE, id="msg_vrtx_1"), ()),
    "Bedrock's Converse": (converse({
        "inputTokens": 1000, "outputTokens": 500, "totalTokens": 51800, "cacheReadInputTokens": 50000, "cacheWriteInputTokens": 300,
        "cacheDetails": [{"ttl": "1h", "inputTokens": 100}, {"ttl": "5m", "inputTokens": 200}]}), ("reasoning", "web_searches")),
    "OpenRouter": (chat({
        "prompt_tokens": 51300, "completion_tokens": 500, "total_tokens": 51800, "cost": 0.03, "is_byok": False,
        "prompt_tokens_details": {"cached_tokens": 50000, "cache_write_tokens": 300},
        "completion_tokens_details": {"reasoning_tokens": 120}, "server_tool_use": {"web_search_requests": 2}}), ("cache_write_1h",)),
    "LiteLLM": (chat({
        "prompt_tokens": 51300, "completion_tokens": 500, "total_tokens": 51800, "cache_creation_input_tokens": 300,
        "cache_read_input_tokens": 50000, "completion_tokens_details": {"reasoning_tokens": 120}, "prompt_tokens_details": {
            "cached_tokens": 50000, "cache_creation_tokens": 300, "web_search_requests": 2,
            "cache_creation_token_details": {"ephemeral_5m_input_tokens": 200, "ephemeral_1h_input_tokens": 100}}}), ()),
    "a compatible gateway": (chat({
        "prompt_tokens": 51300, "completion_tokens": 500, "total_tokens": 51800, "prompt_tokens_details": {"cached_tokens": 50000},
        "completion_tokens_details": {"reasoning_tokens": 120}}), ("cache_write", "cache_write_1h", "web_searches")),
    "OpenTelemetry": ({
        "gen_ai.usage.input_tokens": 51300, "gen_ai.usage.output_tokens": 500, "gen_ai.usage.cache_read.input_tokens": 50000,
        "gen_ai.usage.cache_creation.input_tokens": 300, "gen_ai.usage.reasoning.output_tokens": 120}, ("cache_write_1h", "web_searches")),
}  # fmt: skip
STANDS_FOR = {"cache_write_1h": "cache_write", "cache_write": "input", "reasoning": "output"}


@pytest.mark.parametrize(("body", "unsaid"), THROUGH.values(), ids=THROUGH.keys())
def test_the_same_call_has_the_same_buckets_as_far_as_an_api_can_say(body, unsaid):
    expected = dict(CLAUDE)
    for bucket in reversed(unsaid):  # what an api cannot tell apart is counted with what includes it
        n = expected.pop(bucket)
        if whole := STANDS_FOR.get(bucket):
            expected[whole] = expected.get(whole, 0) + n
    assert buckets(body) == expected


# Bodies built from buckets, and read back

count = st.integers(0, 10**9)


def _sum(b, *names):
    return sum(b.get(name, 0) for name in names)


def _build_chat(b):
    return {
        "prompt_tokens": _sum(b, "input", "cached_input", "cache_write", "cache_write_12h", "input_audio", "input_image"),
        "completion_tokens": _sum(b, "output", "reasoning", "output_audio"),
        "total_tokens": sum(b.values()),
        "prompt_tokens_details": {
            "cached_tokens": _sum(b, "cached_input"), "cache_write_tokens": _sum(b, "cache_write", "cache_write_12h"),
            "cache_write_tokens_details": {"ttl_12h_tokens": _sum(b, "cache_write_12h")},
            "audio_tokens": _sum(b, "input_audio"), "image_tokens": _sum(b, "input_image")},
        "completion_tokens_details": {"reasoning_tokens": _sum(b, "reasoning"), "audio_tokens": _sum(b, "output_audio")},
    }  # fmt: skip


def _build_responses(b):
    return {
        "input_tokens": _sum(b, "input", "cached_input", "cache_write", "cache_write_12h"),
        "input_tokens_details": {
            "cached_tokens": _sum(b, "cached_input"), "cache_write_tokens": _sum(b, "cache_write", "cache_write_12h"),
            "cache_write_tokens_details": {"ttl_12h_tokens": _sum(b, "cache_write_12h"), "ttl_30m_tokens": _sum(b, "cache_write")}},
        "output_tokens": _sum(b, "output", "reasoning"),
        "output_tokens_details": {"reasoning_tokens": _sum(b, "reasoning")},
        "total_tokens": sum(b.values()),
    }  # fmt: skip


def _build_anthropic(b):
    return {
        "input_tokens": _sum(b, "input"), "cache_read_input_tokens": _sum(b, "cached_input"),
        "cache_creation_input_tokens": _sum(b, "cache_write", "cache_write_1h"),
        "cache_creation": {"ephemeral_5m_input_tokens": _sum(b, "cache_write"), "ephemeral_1h_input_tokens": _sum(b, "cache_write_1h")},
        "output_tokens": _sum(b, "output", "reasoning"), "output_tokens_details": {"thinking_tokens": _sum(b, "reasoning")},
        "server_tool_use": {"web_search_requests": _sum(b, "web_searches")},
    }  # fmt: skip


def _modalities(**counts):
    return [{"modality": kind, "tokenCount": n} for kind, n in counts.items() if n]


def _build_gemini(b):
    audio, image = _sum(b, "input_audio", "cached_input_audio"), _sum(b, "input_image", "cached_input_image")
    cached = _sum(b, "cached_input", "cached_input_audio", "cached_input_image")
    text = _sum(b, "input", "cached_input")
    out = _sum(b, "output", "output_audio", "output_image")
    return {
        "promptTokenCount": text + audio + image + _sum(b, "input_video"), "cachedContentTokenCount": cached,
        "candidatesTokenCount": out, "thoughtsTokenCount": _sum(b, "reasoning"), "totalTokenCount": sum(b.values()),
        "promptTokensDetails": _modalities(TEXT=text, AUDIO=audio, IMAGE=image, VIDEO=_sum(b, "input_video")),
        "cacheTokensDetails": _modalities(TEXT=_sum(b, "cached_input"), AUDIO=_sum(b, "cached_input_audio"), IMAGE=_sum(b, "cached_input_image")),
        "candidatesTokensDetails": _modalities(TEXT=_sum(b, "output"), AUDIO=_sum(b, "output_audio"), IMAGE=_sum(b, "output_image")),
    }  # fmt: skip


def _build_bedrock(b, *, inclusive=False):
    within = _sum(b, "cached_input", "cache_write", "cache_write_1h") if inclusive else 0
    return {
        "inputTokens": _sum(b, "input") + within, "outputTokens": _sum(b, "output"), "totalTokens": sum(b.values()),
        "cacheReadInputTokens": _sum(b, "cached_input"), "cacheWriteInputTokens": _sum(b, "cache_write", "cache_write_1h"),
        "cacheDetails": [{"ttl": "1h", "inputTokens": _sum(b, "cache_write_1h")}, {"ttl": "5m", "inputTokens": _sum(b, "cache_write")}],
    }  # fmt: skip


def _build_realtime(b):
    audio = _sum(b, "input_audio", "cached_input_audio")
    return {
        "total_tokens": sum(b.values()), "input_tokens": _sum(b, "input", "cached_input") + audio,
        "output_tokens": _sum(b, "output", "output_audio"),
        "input_token_details": {
            "text_tokens": _sum(b, "input", "cached_input"), "audio_tokens": audio,
            "cached_tokens": _sum(b, "cached_input", "cached_input_audio"),
            "cached_tokens_details": {"text_tokens": _sum(b, "cached_input"), "audio_tokens": _sum(b, "cached_input_audio")}},
        "output_token_details": {"text_tokens": _sum(b, "output"), "audio_tokens": _sum(b, "output_audio")},
    }  # fmt: skip


def _build_xai(b):
    return _build_chat(b) | {"completion_tokens": _sum(b, "output"), "num_sources_used": 0}


def _build_deepseek(b):
    return {
        "prompt_tokens": _sum(b, "input", "cached_input"), "prompt_cache_hit_tokens": _sum(b, "cached_input"),
        "prompt_cache_miss_tokens": _sum(b, "input"), "completion_tokens": _sum(b, "output", "reasoning"),
        "completion_tokens_details": {"reasoning_tokens": _sum(b, "reasoning")}, "total_tokens": sum(b.values()),
    }  # fmt: skip


def _build_images(b):
    return {
        "input_tokens": _sum(b, "input", "input_image"), "output_tokens": _sum(b, "output", "output_image"),
        "input_tokens_details": {"text_tokens": _sum(b, "input"), "image_tokens": _sum(b, "input_image")},
        "output_tokens_details": {"text_tokens": _sum(b, "output"), "image_tokens": _sum(b, "output_image")},
        "total_tokens": sum(b.values()),
    }  # fmt: skip


def _build_otel(b):
    return {
        "gen_ai.usage.input_tokens": _sum(b, "input", "cached_input", "cache_write"),
        "gen_ai.usage.cache_read.input_tokens": _sum(b, "cached_input"),
        "gen_ai.usage.cache_creation.input_tokens": _sum(b, "cache_write"),
        "gen_ai.usage.output_tokens": _sum(b, "output", "reasoning"),
        "gen_ai.usage.reasoning.output_tokens": _sum(b, "reasoning"),
    }


def _build_perplexity(b):
    return {
        "prompt_tokens": _sum(b, "input"), "completion_tokens": _sum(b, "output"), "total_tokens": _sum(b, "input", "output"),
        "reasoning_tokens": _sum(b, "reasoning"), "citation_tokens": _sum(b, "citations"), "num_search_queries": _sum(b, "web_searches"),
    }  # fmt: skip


BUILDERS = {
    "openai.chat": (_build_chat, "input cached_input cache_write cache_write_12h output reasoning output_audio"),
    "openrouter": (lambda b: _build_chat(b) | {"is_byok": False}, "input cached_input cache_write input_image output reasoning"),
    "groq": (lambda b: _build_chat(b) | {"queue_time": 0.5}, "input cached_input output reasoning"),
    "together": (_build_chat, "input cached_input output reasoning"),
    "fireworks": (_build_chat, "input cached_input output reasoning"),
    "mistral": (lambda b: _build_chat(b) | {"num_cached_tokens": _sum(b, "cached_input")}, "input cached_input output"),
    "xai": (_build_xai, "input cached_input output reasoning"),
    "deepseek": (_build_deepseek, "input cached_input output reasoning"),
    "perplexity": (_build_perplexity, "input output reasoning citations web_searches"),
    "openai.responses": (_build_responses, "input cached_input cache_write cache_write_12h output reasoning"),
    "openai.embeddings": (lambda b: {"prompt_tokens": _sum(b, "input"), "total_tokens": _sum(b, "input")}, "input"),
    "openai.images": (_build_images, "input input_image output output_image"),
    "openai.audio": (lambda b: {"type": "duration", "seconds": _sum(b, "seconds")}, "seconds"),
    "openai.realtime": (_build_realtime, "input cached_input input_audio cached_input_audio output output_audio"),
    "openai.speech": (lambda b: {"input_tokens": _sum(b, "input"), "output_tokens": _sum(b, "output_audio"), "total_tokens": sum(b.values())},
                      "input output_audio"),
    "anthropic.messages": (_build_anthropic, "input cached_input cache_write cache_write_1h output reasoning web_searches"),
    "gemini.generate_content": (
        _build_gemini, ("input cached_input input_audio cached_input_audio input_image cached_input_image input_video output"
                        " output_audio output_image reasoning")),
    "bedrock.converse": (_build_bedrock, "input cached_input cache_write cache_write_1h output"),
    "cohere": (lambda b: {"billed_units": {"input_tokens": _sum(b, "input"), "output_tokens": _sum(b, "output"),
                                           "search_units": _sum(b, "queries"), "images": _sum(b, "input_images")}},
               "input output queries input_images"),
    "otel": (_build_otel, "input cached_input cache_write output reasoning"),
}  # fmt: skip


def test_every_api_has_a_builder():
    assert BUILDERS.keys() == HOMES.keys()


@pytest.mark.parametrize("api", BUILDERS)
@given(data=st.data())
@settings(max_examples=60)
def test_a_body_built_from_buckets_is_read_back(api, data):
    build, names = BUILDERS[api]
    wanted = data.draw(st.fixed_dictionaries({}, optional=dict.fromkeys(names.split(), count)))
    assert buckets(build(wanted), api) == {bucket: n for bucket, n in wanted.items() if n}


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(BUILDERS["bedrock.converse"][1].split(), count)))
def test_whether_the_cache_is_within_is_told_by_the_total(wanted):
    """Where it is not told, both ways count alike."""
    assert buckets(_build_bedrock(wanted, inclusive=True)) == {bucket: n for bucket, n in wanted.items() if n}


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**6))
def test_an_unsaid_overlap_keeps_each_total(text, audio, cached, written):
    prompt = text + audio + written
    usage = {"prompt_tokens": prompt, "completion_tokens": 0, "total_tokens": prompt, "prompt_tokens_details": {
        "cached_tokens": min(cached, text + audio), "audio_tokens": audio, "cache_write_tokens": written}}  # fmt: skip
    found = Usage.from_response(usage)
    assert found.input_tokens == prompt
    assert found.cached_input + found.cached_input_audio == min(cached, text + audio)
    assert found.input_audio + found.cached_input_audio == audio
    assert not found.cached_input_audio or not found.input  # text first


# SDK objects


def sdk_objects():
    """(object as its SDK makes it, its buckets)."""
    anthropic = pytest.importorskip("anthropic")
    genai = pytest.importorskip("google.genai")
    openai = pytest.importorskip("openai")
    transcription = pytest.importorskip("openai.types.audio").Transcription
    chat_usage = {"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150, "prompt_tokens_details": {"cached_tokens": 60},
                  "completion_tokens_details": {"reasoning_tokens": 20}}  # fmt: skip
    counted = {"input": 40, "cached_input": 60, "output": 30, "reasoning": 20}
    completion = openai.types.chat.ChatCompletion.model_validate(chat(chat_usage))
    yield "openai ChatCompletion", completion, counted
    yield "openai CompletionUsage", completion.usage, counted
    stream = [openai.types.chat.ChatCompletionChunk.model_validate(each) for each in (chunk(), chunk(chat_usage))]
    yield "openai ChatCompletionChunks", stream, counted
    yield "openai ChatCompletionChunks, an iterator", iter(stream), counted
    responded = response({"input_tokens": 100, "input_tokens_details": {"cached_tokens": 60, "cache_write_tokens": 0}, "output_tokens": 50,
                          "output_tokens_details": {"reasoning_tokens": 20}, "total_tokens": 150},
                         parallel_tool_calls=True, tool_choice="auto", tools=[])  # fmt: skip
    yield "openai Response", openai.types.responses.Response.model_validate(responded), counted
    event = {"type": "response.completed", "sequence_number": 1, "response": responded}
    yield (
        "openai ResponseCompletedEvent",
        [openai.types.responses.ResponseCompletedEvent.model_validate(event)],
        counted,
    )
    embedded = {
        "object": "list",
        "data": [],
        "model": "text-embedding-3-small",
        "usage": {"prompt_tokens": 8, "total_tokens": 8},
    }
    yield "openai CreateEmbeddingResponse", openai.types.CreateEmbeddingResponse.model_validate(embedded), {"input": 8}
    images = {"created": 1713833628, "data": [{"b64_json": "x"}], "usage": {"total_tokens": 100, "input_tokens": 50, "output_tokens": 50,
              "input_tokens_details": {"text_tokens": 10, "image_tokens": 40}}}  # fmt: skip
    yield ("openai ImagesResponse", openai.types.ImagesResponse.model_validate(images),
           {"input": 10, "input_image": 40, "output_image": 50, "output_images": 1})  # fmt: skip
    spoken = {"text": "Hi", "usage": {"type": "duration", "seconds": 9.0}}
    yield "openai Transcription", transcription.model_validate(spoken), {"seconds": Decimal(9)}

    anthropic_usage = {"input_tokens": 5, "cache_read_input_tokens": 70, "cache_creation_input_tokens": 30, "output_tokens": 9,
                       "cache_creation": {"ephemeral_5m_input_tokens": 10, "ephemeral_1h_input_tokens": 20}, "service_tier": "standard",
                       "server_tool_use": {"web_search_requests": 1, "web_fetch_requests": 0}}  # fmt: skip
    said = {"input": 5, "cached_input": 70, "cache_write": 10, "cache_write_1h": 20, "output": 9, "web_searches": 1}
    yield "anthropic Message", anthropic.types.Message.model_validate(message(anthropic_usage)), said
    yield "anthropic Usage", anthropic.types.Usage.model_validate(anthropic_usage), said
    plain = {"input_tokens": 5, "output_tokens": 1}
    events = [
        anthropic.types.RawMessageStartEvent.model_validate({"type": "message_start", "message": message(plain)}),
        anthropic.types.RawMessageDeltaEvent.model_validate(
            {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 89}}),
    ]  # fmt: skip
    yield "anthropic stream events", events, {"input": 5, "output": 89}

    generated = gemini({"promptTokenCount": 10, "candidatesTokenCount": 20, "thoughtsTokenCount": 5, "totalTokenCount": 35,
                        "promptTokensDetails": [{"modality": "AUDIO", "tokenCount": 4}], "trafficType": "ON_DEMAND_PRIORITY"},
                       {"groundingMetadata": {"webSearchQueries": ["a", "b"]}})  # fmt: skip
    made = genai.types.GenerateContentResponse.model_validate(generated)
    of_gemini = {"input": 6, "input_audio": 4, "output": 20, "reasoning": 5}
    yield "google-genai GenerateContentResponse", made, of_gemini | {"web_searches": 2, "grounded_prompts": 1}
    yield "google-genai UsageMetadata", made.usage_metadata, of_gemini
    yield "google-genai chunks", [made, made], of_gemini | {"web_searches": 2, "grounded_prompts": 1}


def test_objects_of_sdks_are_taken_as_they_are():
    names = []
    for name, thing, expected in sdk_objects():
        assert buckets(thing) == expected, name
        names.append(name)
    assert len(names) == 15


def test_an_object_of_litellm_is_taken_as_it_is(monkeypatch):
    monkeypatch.setenv("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # LiteLLM's own, when it is imported and when it builds its models
        _check_litellm(pytest.importorskip("litellm.types.utils"))


def _check_litellm(types):
    usage = types.Usage(
        prompt_tokens=51300, completion_tokens=500, total_tokens=51800, cache_creation_input_tokens=300, cache_read_input_tokens=50000,
        prompt_tokens_details=types.PromptTokensDetailsWrapper(
            cached_tokens=50000, cache_creation_tokens=300,
            cache_creation_token_details=types.CacheCreationTokenDetails(ephemeral_5m_input_tokens=200, ephemeral_1h_input_tokens=100)),
        completion_tokens_details=types.CompletionTokensDetailsWrapper(reasoning_tokens=120),
        server_tool_use=types.ServerToolUse(web_search_requests=2))  # fmt: skip
    answer = types.ModelResponse(model="claude-sonnet-4-5-20250929", usage=usage)
    assert buckets(answer) == CLAUDE
    assert read(answer).models == ("claude-sonnet-4-5-20250929",)
    assert buckets(usage) == CLAUDE
    plain = types.ModelResponse(
        model="gpt-4o", usage=types.Usage(prompt_tokens=7, completion_tokens=3, total_tokens=10)
    )
    assert buckets(plain) == {"input": 7, "output": 3}


def test_no_sdk_is_imported():
    source = "".join(path.read_text("utf-8") for path in (ROOT / "src" / "modelry" / "dialects").glob("*.py"))
    assert not any(f"import {name}" in source for name in ("openai", "anthropic", "google", "litellm"))


# Beside genai-prices

FLAVORS = {
    "openai.chat": ("openai", "chat"), "openai.responses": ("openai", "responses"), "openai.embeddings": ("openai", "embeddings"),
    "openai.images": ("openai", "images"), "openai.audio": ("openai", "realtime"), "anthropic.messages": ("anthropic", "default"),
    "gemini.generate_content": ("google", "default"), "bedrock.converse": ("aws", "default"), "cohere": ("cohere", "default"),
    "mistral": ("mistral", "default"), "deepseek": ("deepseek", "chat"), "xai": ("x-ai", "chat"), "openrouter": ("openrouter", "chat"),
    "groq": ("groq", "default"), "together": ("together", "chat"), "fireworks": ("fireworks", "chat"), "perplexity": ("perplexity", "default"),
}  # fmt: skip
"""genai-prices' provider and flavor that reads the same API."""

DIFFER = {
    (
        "openai.chat",
        "reasoning beside (the total tells)",
    ): "they take reasoning for a part of completion_tokens though the total says no",
    (
        "openai.chat",
        "cache beside (the total tells)",
    ): "they take cached tokens for a part of prompt_tokens though the total says no",
    ("anthropic.messages", "compacted"): "they leave the tokens of compaction out",
    ("anthropic.messages", "lifetimes without their sum"): "they count writes by their sum alone",
    (
        "gemini.generate_content",
        "tools within the prompt (the total tells)",
    ): "they add the tools' prompt though the total says no",
    (
        "gemini.generate_content",
        "thoughts within candidates (the total tells)",
    ): "they add thoughts though the total says no",
    ("bedrock.converse", "the cache within (the total tells)"): "they add the cache though the total says no",
    ("bedrock.converse", "as InvokeModel spells the cache"): "they read Converse's names alone",
    ("gemini.generate_content", "live"): "they do not read responseTokenCount",
    ("xai", "reasoning within (the total tells)"): "they add reasoning though the total says no",
}


UNTAKEN = {
    "usage alone": "they want the response around it", "a line of batch output": "they want the response in it",
    "the last event alone": "they want the response in it", "the total alone (Voyage)": "they have no Voyage",
    "a picture of old": "they count no images", "transcribed, by tokens": "they read realtime alone",
    "transcribed, by time": "they read realtime alone", "by a fraction of a second": "they read realtime alone",
    "transcribed of old": "they read realtime alone", "in snake case": "they read JSON alone", "chat v1": "they read v2 alone",
    "rerank": "they read chat alone", "embedded text": "they read chat alone", "embedded images": "they read chat alone",
    "classified": "they read chat alone", "read off pages": "they read chat alone", "partial, with a null": "they refuse null",
    "a prompt in two parts alone": "they want prompt_tokens", "cached, at the top": "they have no extractor for Together",
}  # fmt: skip
"""Bodies that genai-prices refuses, besides every stream."""


@pytest.mark.parametrize("case", [param for param in NAMED if param.values[0].api in FLAVORS])
def test_genai_prices_counts_the_same_totals_or_a_named_difference(case):
    genai_prices = pytest.importorskip("genai_prices")
    provider, flavor = FLAVORS[case.api]
    if isinstance(case.body, list) or case.name in UNTAKEN:
        with pytest.raises((ValueError, TypeError)):
            genai_prices.extract_usage(case.body, provider_id=provider, api_flavor=flavor)
        return
    body = {key: value for key, value in case.body.items() if key != "model"}  # which they would look up
    theirs = genai_prices.extract_usage(body, provider_id=provider, api_flavor=flavor).usage
    ours = Usage.from_response(case.body, case.api)
    beside = ours.citations if case.api == "perplexity" else 0  # they call citations output
    agree = ((theirs.input_tokens or 0), (theirs.output_tokens or 0)) == (
        ours.input_tokens - beside,
        ours.output_tokens + beside,
    )
    assert agree != ((case.api, case.name) in DIFFER)


# What is no usage

GOOD = chat(
    {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15, "prompt_tokens_details": {"cached_tokens": 4}}
)


def with_usage(**usage):
    return GOOD | {"usage": GOOD["usage"] | usage}


BAD = {
    "nothing": (None, UnknownUsage, "NoneType"),
    "text": ("{}", UnknownUsage, "str"),
    "a number": (7, UnknownUsage, "int"),
    "no fields": ({}, UnknownUsage, "no fields"),
    "no events": ([], UnknownUsage, "0 events"),
    "events without usage": ([chunk(), chunk()], UnknownUsage, "2 events"),
    "events that are none": ([1, None, "x"], UnknownUsage, "3 events"),
    "an error": ({"error": {"message": "no"}}, UnknownUsage, "error"),
    "nobody's shape": ({"usage": {"promptTokens": 1, "words": 2}}, UnknownUsage, "promptTokens, words"),
    "usage a list": ({"usage": [1]}, InvalidUsage, "an object is due"),
    "usage a text": ({"usage": "12"}, InvalidUsage, "an object is due"),
    "usage null": ({"usage": None}, UnknownUsage, "usage"),
    "details a list": (with_usage(prompt_tokens_details=[1]), InvalidUsage, "prompt_tokens_details='list': an object is due"),
    "modalities an object": (gemini({"promptTokenCount": 1, "totalTokenCount": 1, "promptTokensDetails": {"modality": "TEXT"}}),
                             InvalidUsage, "a list is due"),
    "modalities of numbers": (gemini({"promptTokenCount": 1, "totalTokenCount": 1, "promptTokensDetails": [1]}),
                              InvalidUsage, "a list of objects is due"),
    "a text for a count": (with_usage(prompt_tokens="10"), InvalidUsage, "prompt_tokens='10': a whole number"),
    "true for a count": (with_usage(prompt_tokens=True), InvalidUsage, "prompt_tokens=True"),
    "a fraction": (with_usage(prompt_tokens=10.5), InvalidUsage, "prompt_tokens=10.5"),
    "NaN": (with_usage(completion_tokens=float("nan")), InvalidUsage, "completion_tokens=nan"),
    "infinite": (with_usage(completion_tokens=float("inf")), InvalidUsage, "completion_tokens=inf"),
    "negative": (with_usage(completion_tokens=-1), InvalidUsage, "completion_tokens=-1: a number of tokens is not negative"),
    "huge": (with_usage(completion_tokens=LARGEST), InvalidUsage, "no call counts so many"),
    "huge past printing": (with_usage(completion_tokens=10**5000), InvalidUsage, "completion_tokens"),
    "a huge Decimal": (with_usage(completion_tokens=Decimal("1e999999")), InvalidUsage, "completion_tokens"),
    "a list for a count": (with_usage(prompt_tokens=[10]), UsageMismatch, "") ,
    "an object for a count": (with_usage(prompt_tokens={"n": 10}), InvalidUsage, "prompt_tokens='dict'"),
    "more cached than there is": (with_usage(prompt_tokens_details={"cached_tokens": 11}), UsageMismatch, "input=10: the buckets sum to 11"),
    "more reasoning than there is": (with_usage(completion_tokens_details={"reasoning_tokens": 6}),
                                     UsageMismatch, "output=5: the buckets sum to 6"),
    "a total of something else": (with_usage(total_tokens=16), UsageMismatch, "total_tokens=16: the buckets sum to 15, the body reports 16"),
    "a total that is a text": (with_usage(total_tokens="15"), InvalidUsage, "total_tokens='15'"),
    "no prompt": ({"usage": {"completion_tokens": 0}}, UnknownUsage, "prompt_tokens is due"),
    "a delta alone": ([{"type": "message_delta", "usage": {"output_tokens": 5}}], UnknownUsage, "output_tokens"),
    "lifetimes that do not sum": (message({"input_tokens": 1, "output_tokens": 1, "cache_creation_input_tokens": 10,
                                           "cache_creation": {"ephemeral_5m_input_tokens": 4, "ephemeral_1h_input_tokens": 5}}),
                                  UsageMismatch, "cache_creation_input_tokens=10: the buckets sum to 9"),
    "hits and misses that do not sum": (with_usage(prompt_cache_hit_tokens=4, prompt_cache_miss_tokens=5),
                                        UsageMismatch, "prompt_tokens=10: the buckets sum to 9"),
    "two apis, counted differently": ({"input_tokens": 10, "output_tokens": 5, "cache_read_input_tokens": 4,
                                       "input_tokens_details": {"cached_tokens": 4}}, AmbiguousUsage, "anthropic.messages reads"),
    "reasoning within or beside": ({"prompt_tokens": 10, "completion_tokens": 5, "completion_tokens_details": {"reasoning_tokens": 3}},
                                   AmbiguousUsage, "xai reads"),
}  # fmt: skip
BAD["a list for a count"] = (with_usage(prompt_tokens=["10"]), InvalidUsage, "prompt_tokens='10'")


@pytest.mark.parametrize(("body", "error", "told"), BAD.values(), ids=BAD.keys())
def test_what_is_no_usage_is_refused_with_what_was_seen(body, error, told):
    with pytest.raises(InvalidUsage) as caught:
        Usage.from_response(body)
    assert type(caught.value) is error
    assert told in str(caught.value)
    assert len(str(caught.value)) < 700


MENDED = {
    "a total of something else": {"input": 6, "cached_input": 4, "output": 5},
    "more cached than there is": {"cached_input": 11, "output": 5},
    "negative": {"input": 6, "cached_input": 4},
    "a text for a count": {"cached_input": 4, "output": 5},
    "details a list": {"input": 10, "output": 5},
    "lifetimes that do not sum": {"input": 1, "cache_write": 5, "cache_write_1h": 5, "output": 1},
    "reasoning within or beside": None,
}


@pytest.mark.parametrize("name", MENDED)
def test_a_lenient_reading_warns_and_goes_on(name):
    body, error, told = BAD[name]
    if MENDED[name] is None:  # leniency does not choose between two meanings
        with pytest.raises(error):
            Usage.from_response(body, lenient=True)
        return
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        usage = Usage.from_response(body, lenient=True)
    assert usage.to_dict() == MENDED[name]
    assert told in "\n".join(str(warning.message) for warning in caught)
    assert {warning.filename for warning in caught} == {__file__}


def test_a_lenient_reading_of_a_good_body_is_the_same_and_silent():
    assert Usage.from_response(GOOD, lenient=True) == Usage.from_response(GOOD)


def test_an_api_that_there_is_none_of_is_named():
    with pytest.raises(InvalidUsage, match=r"api='openai.chats': is none of openai.chat"):
        Usage.from_response(GOOD, "openai.chats")


def test_the_error_carries_both_numbers():
    with pytest.raises(UsageMismatch) as caught:
        Usage.from_response(with_usage(total_tokens=16))
    assert (caught.value.bucket, caught.value.counted, caught.value.reported) == ("total_tokens", 15, 16)


def test_an_ambiguous_body_is_settled_by_its_api():
    body = BAD["two apis, counted differently"][0]
    assert buckets(body, "anthropic.messages") == {"input": 10, "cached_input": 4, "output": 5}
    assert buckets(body, "openai.responses") == {"input": 6, "cached_input": 4, "output": 5}


@pytest.fixture(scope="module")
def long():
    return "x" * (50 * 2**20)


def bodies_that_are_none(long):
    yield {"content": long}
    yield {"usage": long}
    yield {"usage": {"prompt_tokens": long, "completion_tokens": 1}}
    yield {long: 1}
    yield [long]


def test_a_body_of_50_megabytes_takes_no_longer_and_is_not_shown(long):
    start = time.perf_counter()
    assert buckets(GOOD | {"choices": [{"message": {"content": long}}]}) == {"input": 6, "cached_input": 4, "output": 5}
    for body in bodies_that_are_none(long):
        with pytest.raises(InvalidUsage) as caught:
            Usage.from_response(body)
        assert len(str(caught.value)) < 500
    assert time.perf_counter() - start < 2


def test_a_body_of_50_megabytes_is_not_copied(long):
    tracemalloc.start()
    try:
        for body in (GOOD | {"choices": [{"message": {"content": long}}]}, *bodies_that_are_none(long)):
            with contextlib.suppress(InvalidUsage):
                Usage.from_response(body)
        assert tracemalloc.get_traced_memory()[1] < len(long) / 10
    finally:
        tracemalloc.stop()


def test_a_stream_of_many_events():
    events = [chunk()] * 100_000 + [chunk({"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2})]
    assert buckets(events) == {"input": 1, "output": 1}


FIELDS = sorted({
    key for case in CASES for key in (case.body if isinstance(case.body, dict) else {}).get("usage") or {} if isinstance(key, str)
} | {"usage", "usageMetadata", "meta", "message", "response", "delta", "metadata", "attributes", "data", "created", "output", "candidates",
     "type", "object", "modality", "tokenCount", "gen_ai.usage.input_tokens", "promptTokenCount", "cacheTokensDetails", "billed_units"})  # fmt: skip
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 10**30)
    | st.floats()
    | st.text(max_size=5)
    | st.decimals(allow_nan=False),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=3), inner, max_size=6)
    ),
    max_leaves=25,
)


@given(json_values, st.booleans())
@settings(max_examples=600)
def test_any_json_is_read_or_refused(body, lenient):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            usage = Usage.from_response(body, lenient=lenient)
        except InvalidUsage:
            return
    assert Usage(**usage.to_dict()) == usage


def _spoiled(draw, thing):
    """The body with one of its leaves, or one of its objects, replaced by anything."""
    paths = []

    def walk(value, path):
        paths.append(path)
        for key, inner in (
            value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        ):
            walk(inner, (*path, key))

    walk(thing, ())
    path = draw(st.sampled_from(paths))
    if not path:
        return draw(json_values)
    copied = json.loads(json.dumps(thing))
    at = copied
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = draw(json_values)
    return copied


@given(st.data())
@settings(max_examples=600)
def test_a_body_with_anything_in_one_place_is_read_or_refused(data):
    case = data.draw(st.sampled_from([case for case in CASES if "fraction" not in case.name]))
    body = _spoiled(data.draw, case.body)
    for api in (None, case.api):
        try:
            usage = Usage.from_response(body, api)
        except InvalidUsage:
            continue
        assert all(n >= 0 for _, n in usage.items())
        assert usage.output_tokens == sum(n for bucket, n in usage.items() if bucket in OUTPUT_TOKENS)


def test_only_errors_of_modelry_are_raised():
    assert issubclass(InvalidUsage, ModelryError)
