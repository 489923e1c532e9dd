"""Everybody's clients, as they are: LiteLLM, OpenAI's SDK, curl and jq, and the readers of models.dev's and OpenRouter's forms."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from decimal import Decimal

import openai
import pytest
import roots
import serving
from talking import gave, is_mirrored, row, serving_all, upsert

from modelry.formats import litellm, models_dev, names_in, openrouter
from modelry.jsontext import loads
from modelry.select import in_force

METERS = ("input_per_token", "output_per_token", "cached_input_per_token", "cache_write_per_token")
LITELLM_MAP = "/model_prices_and_context_window.json"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with serving_all(tmp_path_factory.mktemp("clients")) as server:
        yield server


def base_prices(model):
    """The base rates in force now that every one of these forms has a word for."""
    card = in_force(model.pricing)
    if card is None or card.currency != "USD":
        return {}
    return {meter: card.rates[meter] for meter in METERS if card.rates.get(meter) is not None}


# LiteLLM

CHILD = """
import json, sys
import litellm
from litellm.litellm_core_utils.get_model_cost_map import get_model_cost_map_source_info

def cost(key, **tokens):
    return litellm.cost_per_token(model=key, **tokens)

told = {
    "source": get_model_cost_map_source_info(),
    "entries": len(litellm.model_cost),
    "costs": {key: cost(key, prompt_tokens=1000, completion_tokens=500) for key in sys.argv[1:]},
    "cached": {key: cost(key, prompt_tokens=1000, completion_tokens=500, cache_read_input_tokens=400) for key in sys.argv[1:]},
    "info": {key: dict(litellm.get_model_info(key)) for key in sys.argv[1:]},
}
print(json.dumps(told, default=str))
"""
KEYS = {
    "gpt-4o": "openai/gpt-4o",
    "gpt-4.1-mini": "openai/gpt-4.1-mini",
    "claude-sonnet-4-5": "anthropic/claude-sonnet-4-5",
    "gemini/gemini-2.5-pro": "google/gemini-2.5-pro",
    "deepseek/deepseek-chat": "deepseek/deepseek-chat",
    "openai/gpt-ours": "openai/gpt-ours",
}
"""What LiteLLM calls some models, and we do."""


def told_by_litellm(url):
    """What a LiteLLM says that takes its map from an address."""
    own = {name: value for name, value in os.environ.items() if "COST_MAP" not in name and "proxy" not in name.lower()}
    command = [sys.executable, "-c", CHILD, *KEYS]
    run = subprocess.run(
        command, env=own | {"LITELLM_MODEL_COST_MAP_URL": url}, capture_output=True, text=True, timeout=120, check=False
    )
    assert (run.returncode, run.stderr) == (0, "")
    return json.loads(run.stdout)


def costs_here(server, model, usage):
    answer = server.post("/api/cost", json={"model": model, "usage": usage, "strict": True}).raise_for_status()
    told = loads(answer.content)
    return [float(told["input_cost"]), float(told["output_cost"])]


def test_litellm_takes_its_prices_from_here(server):
    own = roots.gen("gpt-ours", input_per_1k=Decimal("0.123"), output_per_1k=Decimal("0.456"), mode="chat")
    upsert(server, **own)
    told = told_by_litellm(server.url + LITELLM_MAP)
    source = told["source"]
    assert (source["source"], source["url"]) == ("remote", server.url + LITELLM_MAP)
    assert source["fallback_reason"] is None
    assert told["entries"] == len(gave(server, LITELLM_MAP))
    for key, model in KEYS.items():
        plain = costs_here(server, model, {"input_tokens": 1000, "output_tokens": 500})
        assert told["costs"][key] == pytest.approx(plain, rel=1e-12)
        if model != "openai/gpt-ours":  # which has no price of cached tokens
            cached = costs_here(server, model, {"input": 600, "cached_input": 400, "output": 500})
            assert told["cached"][key] == pytest.approx(cached, rel=1e-12)
            assert cached < plain
    ours = told["info"]["openai/gpt-ours"]
    assert (ours["input_cost_per_token"], ours["output_cost_per_token"]) == (0.000123, 0.000456)


def test_rows_without_a_litellm_name_are_left_out_and_counted(server):
    answer = server.get(LITELLM_MAP)
    models = {model.id: model for model in server.registry.models()}
    names = names_in("litellm", server.registry.providers())
    written = {model.id for model in litellm.read(loads(answer.content), providers=names)} & models.keys()
    left_out = int(answer.headers["x-modelry-left-out"])
    print(f"{len(written)} written, {left_out} left out")
    assert left_out > 0
    assert len(models) - len(written) == left_out


# OpenAI


def test_the_openai_sdk_lists_our_models(server):
    with openai.OpenAI(base_url=f"{server.url}/v1", api_key="none is needed", max_retries=0) as client:
        listed = list(client.models.list())
    ids = [f"{found['provider']}/{found['model']}" for found in gave(server, "/api/models")["models"]]
    assert [model.id for model in listed] == ids
    assert {model.object for model in listed} == {"model"}
    one = next(model for model in listed if model.id == "azure/gpt-4o")
    assert one.owned_by == "openai"
    assert all(isinstance(model.created, int) for model in listed)


# models.dev and OpenRouter


def test_who_reads_models_dev_reads_our_prices(server):
    models = {model.id: model for model in server.registry.models()}
    names = names_in("models.dev", server.registry.providers())
    read = {model.id: model for model in models_dev.read(gave(server, "/models.dev/api.json"), providers=names)}
    assert models.keys() <= read.keys()
    differing = [name for name, model in models.items() if base_prices(read[name]) != base_prices(model)]
    print(f"{sum(bool(base_prices(model)) for model in models.values())} of {len(models)} have prices")
    assert differing == []


def test_who_reads_openrouter_reads_our_prices(server):
    named = {model.model if model.provider == "openrouter" else model.id: model for model in server.registry.models()}
    own = {model.model: model for model in server.registry.models(provider="openrouter")}
    read = {model.model: model for model in openrouter.read(gave(server, "/openrouter/api/v1/models"))}
    assert named.keys() <= read.keys()
    assert len(own) > 100
    assert [name for name, model in (named | own).items() if base_prices(read[name]) != base_prices(model)] == []


# curl and jq

EXAMPLE = """
BASE=http://127.0.0.1:8012
curl -sS "$BASE/api/models/by-type/GEN" | jq '.[0]'
curl -sS "$BASE/api/models/providers" | jq .
curl -sS -X POST "$BASE/api/models/upsert" \\
-H 'content-type: application/json' \\
-d '{
"provider":"openai",
"family":"gen",
"model":"gpt-4.1-mini",
"unit":"1k_tokens",
"input_per_1k":0.0003,
"output_per_1k":0.0012
}' | jq .
"""
"""Seed 2's, as it stands there."""


@pytest.fixture
def curl():
    absent = [tool for tool in ("bash", "curl", "jq") if shutil.which(tool) is None]
    if absent and "curl" in os.environ.get("MODELRY_REQUIRE", "").split(","):
        pytest.fail(f"MODELRY_REQUIRE names curl, and {', '.join(absent)} are not installed")
    if absent:
        pytest.skip(f"{', '.join(absent)} are not installed")


@pytest.mark.usefixtures("curl")
def test_the_example_of_the_seed_runs_as_it_stands(tmp_path):
    root = serving.full_root(tmp_path)
    with serving.serving(root, log=tmp_path / "log") as server:
        script = EXAMPLE.replace("BASE=http://127.0.0.1:8012", f"BASE={server.url}")
        command = [shutil.which("bash"), "-euo", "pipefail", "-c", script]
        run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert (run.returncode, run.stderr) == (0, "")
        first, providers, answer = _documents(run.stdout)
        assert "GEN" in first["components"]
        assert first == gave(server, "/api/models/by-type/GEN")[0]
        assert providers == gave(server, "/api/models/providers")
        assert (answer["ok"], answer["action"]) == (True, "updated")
        assert answer["model"] == row(root, "openai", "gpt-4.1-mini")
        assert (answer["model"]["input_per_1k"], answer["model"]["output_per_1k"]) == (
            Decimal("0.0003"),
            Decimal("0.0012"),
        )
        assert is_mirrored(root)


def _documents(text):
    """The JSON documents that stand one after another."""
    decoder, found, place = json.JSONDecoder(parse_float=Decimal), [], 0
    while text[place:].strip():
        document, end = decoder.raw_decode(text[place:].lstrip())
        place += len(text[place:]) - len(text[place:].lstrip()) + end
        found.append(document)
    return found
