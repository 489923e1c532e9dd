"""A real LiteLLM process on our export: it takes the map without falling back, and what comes from LiteLLM stays the same.

Two processes answer for every key of LiteLLM's own map, one with that map, one with ours from a loopback server. Each
difference has a cause; one whose field comes from LiteLLM's claim has none, and fails the test by name.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import subprocess
import sys
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from modelry import Registry
from modelry.catalog.sound import ABSURD
from modelry.errors import ModelryError
from modelry.formats import exported, litellm, names_in
from modelry.formats.litellm_names import read_key
from modelry.records import Model

pytestmark = pytest.mark.xdist_group("litellm")  # the processes are started once

PACKAGED = "model_prices_and_context_window_backup.json"
LOGS_IN = ("github_copilot", "chatgpt")
"""Providers that LiteLLM tries to log in to when they are asked for."""

CHILD = """
import json, sys
import litellm
from litellm.litellm_core_utils.get_model_cost_map import get_model_cost_map_source_info
from litellm.types.utils import CompletionTokensDetailsWrapper, PromptTokensDetailsWrapper, Usage

litellm.suppress_debug_info = True
keys, out = json.load(open(sys.argv[1])), sys.argv[2]
mixed = Usage(prompt_tokens=1000, completion_tokens=500, total_tokens=1500,
    prompt_tokens_details=PromptTokensDetailsWrapper(audio_tokens=100, cached_tokens=200, image_tokens=50),
    completion_tokens_details=CompletionTokensDetailsWrapper(reasoning_tokens=100, audio_tokens=50))
calls = {
    "plain": dict(prompt_tokens=1000, completion_tokens=500),
    "cached": dict(prompt_tokens=1000, completion_tokens=500, cache_read_input_tokens=400),
    "written": dict(prompt_tokens=1000, completion_tokens=500, cache_creation_input_tokens=300),
    "long": dict(prompt_tokens=300_000, completion_tokens=500),
    "mixed": dict(usage_object=mixed),
    "flex": dict(prompt_tokens=1000, completion_tokens=500, service_tier="flex"),
    "priority": dict(prompt_tokens=1000, completion_tokens=500, service_tier="priority"),
}

def attempt(call):
    try:
        return call()
    except Exception as error:
        return type(error).__name__

answers = {}
for key in keys:
    costs = {name: attempt(lambda: litellm.cost_per_token(model=key, **call)) for name, call in calls.items()}
    answers[key] = {"info": attempt(lambda: dict(litellm.get_model_info(key))), "costs": costs}
told = {"source": get_model_cost_map_source_info(), "entries": len(litellm.model_cost), "answers": answers}
json.dump(told, open(out, "w"), default=str)
"""


class Server(NamedTuple):
    """A loopback server: where it is, what it serves by path, and the paths that were asked for."""

    url: str
    bodies: Mapping[str, bytes]
    asked: list[str]


@pytest.fixture(scope="module")
def registry() -> Registry:
    return Registry.open()


@pytest.fixture(scope="module")
def own() -> dict[str, Any]:
    """LiteLLM's own map, as the installed package has it."""
    found = find_spec("litellm")
    if found is None or not found.submodule_search_locations:
        pytest.fail("litellm is not installed: install the dev dependencies (make test does)")
    whole = json.loads((Path(found.submodule_search_locations[0]) / PACKAGED).read_text("utf-8"))
    entries = {key: entry for key, entry in whole.items() if key not in litellm.NOT_MODELS}
    return {key: entry for key, entry in entries.items() if entry["litellm_provider"] not in LOGS_IN}


@pytest.fixture(scope="module")
def server(registry: Registry) -> Iterator[Server]:
    whole = exported("litellm", registry.models(), manifests=registry.providers(), indent=None)
    few = json.dumps(dict(list(json.loads(whole).items())[:20])).encode()
    served = Server("", {"/whole.json": whole, "/few.json": few}, [])

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.asked.append(self.path)
            body = served.bodies[self.path]
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        yield served._replace(url=f"http://127.0.0.1:{http.server_port}")
        http.shutdown()


class Told(NamedTuple):
    """What a LiteLLM process said: where its map comes from, how many entries it has, answers by key, and its log."""

    source: Mapping[str, Any]
    entries: int
    answers: Mapping[str, Any]
    log: str


@pytest.fixture(scope="module")
def told(server: Server, own: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Told]:
    """The answers of three processes: with LiteLLM's own map, with ours, and with one that it must refuse."""
    folder = tmp_path_factory.mktemp("litellm")
    (folder / "all.json").write_text(json.dumps(list(own)))
    (folder / "none.json").write_text("[]")
    clean = {key: value for key, value in os.environ.items() if "COST_MAP" not in key and "proxy" not in key.lower()}
    asked = {
        "own": ("all.json", {"LITELLM_LOCAL_MODEL_COST_MAP": "True"}),
        "ours": ("all.json", {"LITELLM_MODEL_COST_MAP_URL": f"{server.url}/whole.json"}),
        "few": ("none.json", {"LITELLM_MODEL_COST_MAP_URL": f"{server.url}/few.json"}),
    }
    running = {}
    for name, (keys, environment) in asked.items():
        command = [sys.executable, "-c", CHILD, folder / keys, folder / f"{name}.told.json"]
        running[name] = subprocess.Popen(command, env=clean | environment, stderr=subprocess.PIPE, text=True)
    heard = {}
    for name, process in running.items():
        _, log = process.communicate(timeout=120)
        assert process.returncode == 0, log[-3000:]
        heard[name] = Told(**json.loads((folder / f"{name}.told.json").read_text()), log=log)
    return heard


def test_litellm_uses_our_map_and_does_not_fall_back(told: dict[str, Told], server: Server) -> None:
    source, body = told["ours"].source, server.bodies["/whole.json"]
    assert (source["source"], source["url"]) == ("remote", f"{server.url}/whole.json")
    assert source["fallback_reason"] is None
    assert source["source_revision"] == hashlib.sha1(b"blob %d\0" % len(body) + body).hexdigest()  # noqa: S324 - git's
    assert told["ours"].entries == len(json.loads(body))
    assert told["ours"].log == ""
    assert server.asked.count("/whole.json") == 1


def test_these_signs_would_show_a_fallback(told: dict[str, Told]) -> None:
    assert told["few"].source["source"] == told["own"].source["source"] == "local"
    assert "integrity" in told["few"].source["fallback_reason"]
    assert "Falling back to local backup" in told["few"].log
    assert told["few"].entries == told["own"].entries


# Differences and their causes

JOINED = "the offering stands under another key of it"
AZURE = "LiteLLM takes azure/NAME for OpenAI's where Mistral has NAME, which our map knows"
RULES = "LiteLLM's fallback_generalizations, which are no entries"
ZERO = "a price of 0 that is unknown"
SLIP = "above $1,000 per 1M tokens: a slip of the unit, left out"
ROUNDED = "a float's noise, rounded to 12 digits in the registry"
NO_LIMIT = "a limit of 0, which says nothing"
FILLED = "a capability that other sources know"

_MODEL_FIELD = {
    "max_tokens": "max_output_tokens",
    "output_vector_size": "dimensions",
    "supported_endpoints": "endpoints",
}
_PRICES = ("cost", "pricing", "multiplier", "billing_unit", "provider_specific_entry", "search_free_requests")


MOST_LISTED = 20


class Difference(NamedTuple):
    """One thing that LiteLLM answers otherwise with our map."""

    key: str
    field: str
    own: Any
    ours: Any


def model_field(field: str) -> str:
    """The field of a row that decides what LiteLLM says in one of its own."""
    if any(word in field for word in _PRICES):
        return "pricing"
    if field.startswith("supports_") or field == "supported_openai_params":
        return "capabilities"
    return _MODEL_FIELD.get(field, field)


def differences(own: Mapping[str, Any], ours: Mapping[str, Any]) -> Iterator[Difference]:
    for key in own:
        before, after = own[key]["info"], ours[key]["info"]
        if isinstance(before, dict) and isinstance(after, dict):
            fields = sorted(before.keys() | after.keys())
            yield from (
                Difference(key, f, before.get(f), after.get(f)) for f in fields if before.get(f) != after.get(f)
            )
        elif before != after:
            yield Difference(key, "info", before, after)
        for call, cost in own[key]["costs"].items():
            if cost != ours[key]["costs"][call]:
                yield Difference(key, f"cost of a {call} call", cost, ours[key]["costs"][call])


class Causes:
    """Why LiteLLM answers otherwise with our map."""

    def __init__(self, registry: Registry, own: Mapping[str, Any], exported: Mapping[str, Any]) -> None:
        self.registry = registry
        self.own = own
        self.exported = exported
        self.providers = names_in("litellm", registry.providers())
        self.rows: dict[str, Model] = {}
        for model in registry.models():
            kept = model.extensions.get("litellm", {})
            self.rows |= dict.fromkeys(filter(None, (kept.get("key"), *kept.get("hints", {}).get("keys", {}))), model)

    def of(self, difference: Difference) -> str | None:
        """The cause; None where there is none."""
        key, field, own, ours = difference
        row = self.rows.get(key)
        if row is None:
            return JOINED if self._is_joined(key) else None
        if row.extensions["litellm"].get("hints", {}).get("keys", {}).get(key) == {}:
            return JOINED  # another spelling's key, which says what the first one does
        name = key.partition("/")[2]
        if key.startswith("azure/") and f"mistral/{name}" in self.exported.keys() - self.own.keys():
            return AZURE
        if own and ours is None and field not in self.own[key] and model_field(field) == "capabilities":
            return RULES
        decisive = model_field(field)
        source = row.provenance.get(decisive, row.provenance["default"])
        if decisive == "pricing":
            if own == 0 and ours is None:
                return ZERO
            asked = (self.own[key].get(f"{side}_cost_per_token", 0) for side in ("input", "output"))
            if not row.pricing and max(asked) > ABSURD:
                return SLIP
            if source != "litellm" and _is_close(own, ours):
                return ROUNDED
        if decisive.startswith("max_") and own == 0 and ours is None:
            return NO_LIMIT
        if decisive == "capabilities" and (own is None or field == "supported_openai_params"):
            return FILLED
        return None if source == "litellm" else f"{decisive} from {source}"

    def _is_joined(self, key: str) -> bool:
        """Whether the catalogue knows what the key means."""
        read = read_key(key, self.own[key]["litellm_provider"], self.providers)
        try:
            return bool(self.registry.resolve(read.model, read.provider))
        except ModelryError:
            return False


def _is_close(one: Any, other: Any) -> bool:
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_is_close, one, other))
    numbers = all(isinstance(value, int | float) for value in (one, other))
    return numbers and math.isclose(one, other, rel_tol=1e-9)


@pytest.fixture(scope="module")
def causes(registry: Registry, own: dict[str, Any], server: Server) -> Causes:
    return Causes(registry, own, json.loads(server.bodies["/whole.json"]))


def test_what_comes_from_litellm_is_the_same_and_the_rest_has_a_cause(told: dict[str, Told], causes: Causes) -> None:
    by_cause: dict[str | None, list[Difference]] = defaultdict(list)
    for difference in differences(told["own"].answers, told["ours"].answers):
        by_cause[causes.of(difference)].append(difference)
    differing = {difference.key for found in by_cause.values() for difference in found}
    print(f"{len(causes.own)} keys, {len(causes.own) - len(differing)} of them the same in every answer")
    for cause, found in sorted(by_cause.items(), key=lambda pair: -len(pair[1])):
        keys = list(dict.fromkeys(difference.key for difference in found))
        fields = Counter(difference.field for difference in found).most_common(4)
        print(f"  {len(keys):4} keys: {cause}: {', '.join(f'{field} {n}' for field, n in fields)}")
        print(f"       {', '.join(keys[:MOST_LISTED])}{', …' if len(keys) > MOST_LISTED else ''}")
    assert by_cause[None] == []


def test_every_price_that_comes_from_litellm_costs_the_same(told: dict[str, Told], causes: Causes) -> None:
    """Call by call, to the last bit; rows of other sources are counted."""
    same: Counter[str] = Counter()
    other: Counter[str] = Counter()
    for key, row in causes.rows.items():
        if key in causes.own:
            source = row.provenance.get("pricing", row.provenance["default"]) if row.pricing else "unpriced"
            equal = told["own"].answers[key]["costs"] == told["ours"].answers[key]["costs"]
            (same if equal else other)[source] += 1
    print(f"same: {dict(same)}; other: {dict(other)}")
    assert other["litellm"] == 0
    assert same["litellm"] > len(causes.own) / 4
    assert other.total() < len(causes.own) / 100
