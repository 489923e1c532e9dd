"""The YAML of a registry: what it means, and what is said of every mistake that can be made in it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path

import jsonschema
import jsonschema_rs  # schemathesis brings it: ten thousand rows in a tenth of a second
import pytest
import yaml

from modelry import InvalidRegistry
from modelry.authoring.load import load, load_providers
from modelry.authoring.schema import schemas
from modelry.errors import ModelryError, Problem

ROOT = Path(__file__).parents[1]
OPENAI = "id: openai\nname: OpenAI\nmaker: openai\naliases: [oai]\n"
GPT = """\
models:
  gpt-4o:
    provider: openai
    context_window: 128000
    pricing:
      input_per_token: 0.0000025
      output_per_token: 0.00001
"""


def write(root: Path, files: Mapping[str, str | bytes]) -> Path:
    """A registry of one good manifest and one good family, with these files in place of them or besides."""
    folder = root / "v1"
    for name, text in ({"providers/openai.yaml": OPENAI, "models/gpt.yaml": GPT} | dict(files)).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def told(folder: Path) -> list[str]:
    with pytest.raises(InvalidRegistry) as caught:
        load(folder)
    return [str(problem) for problem in caught.value.exceptions]


def models(text: str) -> str:
    return "models:\n" + textwrap.indent(textwrap.dedent(text), "  ")


def entry(text: str) -> str:
    return models("gpt-4o:\n  provider: openai\n" + textwrap.indent(text, "  ") + "\n")


def card(text: str) -> str:
    return entry("context_window: 128000\npricing:\n" + textwrap.indent(text, "  "))


def when(text: str) -> str:
    return card(f"input_per_token: 0.000002\noverrides:\n  - when: {text}\n    input_per_token: 0.000001")


def manifest(text: str) -> str:
    return OPENAI + text + "\n"


# What the YAML means


SEED_ENTRY = """
models:
  gpt-4o:
    provider: openai
    model_id: "gpt-4o"
    context_window: 128000
    max_output_tokens: 16384
    capabilities:
      - chat
      - streaming
      - tools
      - vision
      - json_mode
    pricing:
      input_per_token: 0.0000025
      output_per_token: 0.00001
    release_date: "2024-05-13"
"""
SEED_PRICING = """
    pricing:
      input_per_token: 0.000003        # $3 per 1M input tokens
      output_per_token: 0.000015       # $15 per 1M output tokens
      cached_input_per_token: 0.0000003  # Cached prompt discount
"""
SEED_VERIFICATION = """
    verification:
      status: "verified"
      last_checked: "2025-01-15"
      verified_capabilities:
        - chat
        - streaming
        - tools
"""


def test_seed_0s_entry_loads_as_it_stands(tmp_path):
    (found,) = load(write(tmp_path, {"models/gpt.yaml": SEED_ENTRY})).entries
    model = found.model
    assert (model.id, model.model_id, model.series) == ("openai/gpt-4o", "gpt-4o", "gpt")
    assert (model.context, model.max_output_tokens, model.release_date) == (128_000, 16_384, "2024-05-13")
    assert model.capabilities == dict.fromkeys(["chat", "streaming", "tools", "vision", "json_mode"], True)
    (pricing,) = model.pricing
    assert pricing.rates == {"input_per_token": Decimal("0.0000025"), "output_per_token": Decimal("0.00001")}
    assert (pricing.currency, pricing.since) == ("USD", None)


def test_seed_0s_prices_and_verification_load_as_they_stand(tmp_path):
    text = "models:\n  claude-x:\n    provider: openai" + SEED_PRICING.rstrip() + SEED_VERIFICATION
    (found,) = load(write(tmp_path, {"models/gpt.yaml": text})).entries
    assert found.model.pricing[0].rates["cached_input_per_token"] == Decimal("0.0000003")
    verification = found.model.verification
    assert (verification.status, verification.last_checked) == ("verified", "2025-01-15")
    assert list(verification.verified_capabilities) == ["chat", "streaming", "tools"]


@pytest.mark.parametrize("word", ["chat", "streaming", "tools", "vision", "audio", "reasoning", "agentic", "json_mode"])
def test_seed_0s_capabilities_are_known(tmp_path, word):
    (found,) = load(write(tmp_path, {"models/gpt.yaml": entry(f"capabilities: [{word}]")})).entries
    assert found.model.capabilities == {word: True}


def test_a_mapping_of_capabilities_may_say_no(tmp_path):
    text = entry("capabilities: {tools: true, vision: no, audio: False}")
    (found,) = load(write(tmp_path, {"models/gpt.yaml": text})).entries
    assert found.model.capabilities == {"tools": True, "vision": False, "audio": False}


@pytest.mark.parametrize("key", ["openai/gpt-x", "oai/gpt-x", "OpenAI/gpt-x"])
def test_a_key_may_name_its_provider_in_any_spelling(tmp_path, key):
    for text in (f"models:\n  {key}: {{mode: chat}}\n", f"models:\n  {key}: {{provider: openai}}\n"):
        (found,) = load(write(tmp_path, {"models/gpt.yaml": text})).entries
        assert found.model.id == "openai/gpt-x"


def test_a_slash_after_another_word_belongs_to_the_name(tmp_path):
    text = models("meta/llama-4: {provider: openai}")
    (found,) = load(write(tmp_path, {"models/gpt.yaml": text})).entries
    assert (found.model.provider, found.model.model) == ("openai", "meta/llama-4")


def test_model_id_is_an_alias_and_stands_in_the_row(tmp_path):
    from modelry import Registry

    text = entry("model_id: gpt-4o-2024-11-20\naliases: [omni]\npricing: {input_per_token: 0.000001}")
    registry = Registry.open(write(tmp_path, {"models/gpt.yaml": text}))
    for name in ("openai/gpt-4o-2024-11-20", "openai/omni", "gpt-4o-2024-11-20"):
        found = registry.resolve(name)
        assert (found.id, found.method) == ("openai/gpt-4o", "alias")
    assert registry.get("openai/omni").model_id == "gpt-4o-2024-11-20"


def test_what_an_entry_need_not_say(tmp_path):
    text = models("gpt-x: {provider: openai, capabilities: [chat]}\ngpt-y: {provider: openai}")
    chat, bare = (entry.model for entry in load(write(tmp_path, {"models/gpt.yaml": text})).entries)
    assert (chat.mode, chat.family, chat.components, chat.base_model) == ("chat", "gen", ("GEN",), "openai/gpt-x")
    assert (bare.mode, bare.context, bare.pricing, bare.capabilities, bare.status) == (None, None, (), {}, None)


def test_null_says_nothing_except_for_a_rate_which_it_calls_unknown(tmp_path):
    text = card("input_per_token: null\noutput_per_token: 0.00001\neffective_from: ~") + "    display_name:\n"
    (found,) = load(write(tmp_path, {"models/gpt.yaml": text})).entries
    assert found.model.display_name is None
    assert found.model.pricing[0].rates == {"input_per_token": None, "output_per_token": Decimal("0.00001")}


@pytest.mark.parametrize(
    "written", ["0.0000025", "2.5e-6", "2.5E-06", "'0.0000025'", "0.00000250"], ids=lambda text: text.strip("'")
)
def test_a_price_is_exact_however_it_is_written(tmp_path, written):
    (found,) = load(write(tmp_path, {"models/gpt.yaml": card(f"input_per_token: {written}")})).entries
    assert found.model.pricing[0].rates["input_per_token"] == Decimal("0.0000025")


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda text: text.replace("\n", "\r\n"), id="CRLF"),
        pytest.param(lambda text: "\ufeff" + text, id="BOM"),
        pytest.param(lambda text: "\ufeff" + text.replace("\n", "\r\n"), id="BOM and CRLF"),
        pytest.param(lambda text: "---\n" + text + "...\n", id="document marks"),
        pytest.param(lambda text: "# a remark\n\n" + text.rstrip("\n"), id="no newline at the end"),
    ],
)
def test_a_file_may_be_written_on_any_system(tmp_path, change):
    plain = load(write(tmp_path / "plain", {})).entries
    changed = load(
        write(tmp_path / "changed", {"models/gpt.yaml": change(GPT), "providers/openai.yaml": change(OPENAI)})
    )
    assert [entry.model for entry in changed.entries] == [entry.model for entry in plain]


def test_hidden_files_are_an_editors_own(tmp_path):
    folder = write(tmp_path, {"models/.gpt.yaml.swp": b"\xff", "models/.draft.yaml": "no: registry"})
    (folder / "models" / ".#gpt.yaml").symlink_to("somebody@a-host.1234")
    assert len(load(folder).entries) == 1


# What is said of a mistake: a `#!` stands on the line that must be told


ENTRIES = {
    # keys
    "a key of an entry": (entry("contextwindow: 5 #!"), "unknown key 'contextwindow' (did you mean context_window?)"),
    "the row's word": (entry("context: 5 #!"), "unknown key 'context' (did you mean context_window?)"),
    "a key like nothing": (
        entry("zzz: 5 #!"),
        "unknown key 'zzz' (provider, components, display_name, model_id, base_model, aliases, region, regions, … are known)",
    ),
    "a key of the file": (GPT + "updted: 2026-01-01 #!\n", "unknown key 'updted' (did you mean updated?)"),
    "a key of a card": (card("input_per_tokn: 0.1 #!"), "unknown key 'input_per_tokn' (did you mean input_per_token?)"),
    "LiteLLM's word": (
        card("input_cost_per_token: 0.1 #!"),
        "unknown key 'input_cost_per_token' (did you mean input_per_token?)",
    ),
    "a key of the second card": (
        entry("pricing:\n  - input_per_token: 0.1\n  - effective_from: 2026-01-01\n    output_per_tokn: 0.1 #!"),
        "unknown key 'output_per_tokn' (did you mean output_per_token?)",
    ),
    "a key of an override": (
        card("overrides:\n  - when: {region: us}\n    multiplied: 2 #!"),
        "unknown key 'multiplied' (did you mean multiply?)",
    ),
    "a key of when": (when("{regin: us} #!"), "unknown key 'regin' (did you mean region?)"),
    "a key of the second when": (
        card("overrides:\n  - when:\n      - region: us\n      - teir: x #!\n    input_per_token: 0.1"),
        ("unknown key 'teir' (weekday_timezone, prompt_tokens_above, prompt_tokens_from, service_tier, endpoint, region, "
        "region_not, speed, … are known)"),
    ),
    "a key of a price": (
        card("input_per_token: {amount: 0.1, per: 3, unit: token} #!"),
        "unknown key 'unit' (did you mean amount?)",
    ),
    "a key of modalities": (entry("modalities: {inputs: [text]} #!"), "unknown key 'inputs' (did you mean input?)"),
    "a key of verification": (
        entry("verification:\n  status: verified\n  last_check: 2026-01-01 #!"),
        "unknown key 'last_check' (did you mean last_checked?)",
    ),
    "a field of rows alone": (entry("family: gen #!"), ("unknown key 'family' (provider, components, display_name, "
        "model_id, base_model, aliases, region, regions, … are known)")),
    # words
    "a capability in a list": (
        entry("capabilities:\n  - chat\n  - tolls #!"),
        "capabilities: 'tolls' is not known (did you mean tools?)",
    ),
    "a capability in a mapping": (
        entry("capabilities:\n  chat: true\n  tolls: true #!"),
        "capabilities: 'tolls' is not known (did you mean tools?)",
    ),
    "a capability that is neither": (
        entry("capabilities: {tools: maybe} #!"),
        "capabilities.tools: 'maybe' is neither true nor false (write true or false)",
    ),
    "one capability without a list": (entry("capabilities: chat #!"), "capabilities: 'chat' is no list (write [chat])"),
    "a mode": (entry("mode: chats #!"), "mode: 'chats' is not known (did you mean chat?)"),
    "a status": (
        entry("status: current #!"),
        "status: 'current' is not known (one of preview, active, deprecated, retired)",
    ),
    "a kind of content": (
        entry("modalities: {input: [text, image, vidio]} #!"),
        "modalities.input: 'vidio' is not known (did you mean video?)",
    ),
    "a verified capability": (
        entry("verification: {status: verified, verified_capabilities: [tolls]} #!"),
        "verification.verified_capabilities: 'tolls' is not known (did you mean tools?)",
    ),
    "a service tier": (
        when("{service_tier: bach} #!"),
        "pricing.overrides.when.service_tier: 'bach' is not known (did you mean batch?)",
    ),
    "a tier that is none": (
        when("{service_tier: standard} #!"),
        ("pricing.overrides.when.service_tier: 'standard' is not known "
        "(the base rates are those of having no tier: give them there)"),
    ),
    # types
    "a word for a number": (
        entry("context_window: 128k #!"),
        "context_window: '128k' is no whole number above 0 (write it in digits alone, such as 128000)",
    ),
    "a fraction for a count": (
        entry("max_output_tokens: 0.5 #!"),
        "max_output_tokens: '0.5' is no whole number above 0 (write it in digits alone, such as 128000)",
    ),
    "a count below 1": (
        entry("dimensions: 0 #!"),
        "dimensions: '0' is no whole number above 0 (write it in digits alone, such as 128000)",
    ),
    "a count beyond a database": (
        entry("context_window: 99999999999999999999 #!"),
        "context_window: '99999999999999999999' is no whole number above 0 (write it in digits alone, such as 128000)",
    ),
    "text for a list": (entry("aliases: omni #!"), "aliases: 'omni' is no list (write [omni])"),
    "text for a mapping": (
        entry("verification: verified #!"),
        "verification: a mapping is due (write keys and values under it)",
    ),
    "text for pricing": (entry("pricing: free #!"), "pricing: a mapping is due (write keys and values under it)"),
    "a mapping for a list": (
        card("overrides: {when: {region: us}, input_per_token: 0.1} #!"),
        "pricing.overrides: {'when': {'region': 'us'}, 'input_per_token': '0.1'} is no list (write […])",
    ),
    "text for when": (when("batch #!"), "pricing.overrides.when: a mapping is due (write keys and values under it)"),
    "an entry that is text": (models("gpt-4o: hello #!"), "gpt-4o: a mapping is due (write keys and values under it)"),
    "an entry that is nothing": (models("gpt-4o: #!"), "gpt-4o: a mapping is due (write keys and values under it)"),
    "text where true or false is due": (
        entry("open_weights: partly #!"),
        "open_weights: 'partly' is neither true nor false (write true or false)",
    ),
    "an override without when": (
        card("overrides:\n  - input_per_token: 0.1 #!"),
        "pricing.overrides.when is missing (write it)",
    ),
    "a verification without status": (
        entry("verification: {last_checked: 2026-01-01} #!"),
        "verification.status is missing (write it)",
    ),
    "no card": (entry("pricing: [] #!"), "pricing is empty (write something there, or remove it)"),
    "empty text": (entry("display_name: '' #!"), "display_name: nothing stands there (write some text, or remove the key)"),
    "an address that is none": (
        entry("base_url: api.openai.com #!"),
        "base_url: 'api.openai.com' is no http(s) address (write https://…)",
    ),
    # models and their file
    "models: null": ("models: #!\n", "models: a mapping is due (write keys and values under it)"),
    "models: a list": ("models: [gpt-4o] #!\n", "models: a mapping is due (write keys and values under it)"),
    "models: nobody": ("models: {} #!\n", "models is empty (write something there, or remove it)"),
    "no models": ("updated: 2026-01-01 #!\n", "models is missing (write it)"),
    "an empty file": ("#!\n", "the file: a mapping is due (write keys and values under it)"),
    "a file that is a list": ("- gpt-4o #!\n", "the file: a mapping is due (write keys and values under it)"),
    "a file that is text": ("gpt-4o #!\n", "the file: a mapping is due (write keys and values under it)"),
    # names
    "an unknown provider": (models("gpt-4o:\n  provider: opnai #!\n"), "no provider is called 'opnai' (did you mean openai?)"),
    "a provider without a manifest": (
        models("gpt-4o:\n  provider: zzz #!\n"),
        "no provider is called 'zzz' (add v1/providers/zzz.yaml)",
    ),
    "an unknown provider in the key": (models("opnai/gpt-4o: {} #!"), "no provider is called 'opnai' (did you mean openai?)"),
    "no provider": (models("gpt-4o: {} #!"), "'gpt-4o' names no provider (write provider: … or the key as provider/name)"),
    "no name": (models("openai/: {} #!"), "'openai/' names no model (write openai/ and the model's name)"),
    "a key with blanks": (
        models("' gpt ': {provider: openai} #!"),
        "models: ' gpt ' is no name (a name is text without blanks around it)",
    ),
    "a key with a newline": (
        models('"gpt\\n4": {provider: openai} #!'),
        "models: 'gpt\\n4' is no name (a name is text without blanks around it)",
    ),
    "an id twice in one file": (
        GPT + "  openai/gpt-4o: {mode: chat} #!\n",
        "openai/gpt-4o stands twice (first in v1/models/gpt.yaml, line 2; remove one)",
    ),
    "an alias that is an id": (
        GPT + "  gpt-5:\n    provider: openai\n    aliases:\n      - gpt-five\n      - gpt-4o #!\n",
        "the alias 'gpt-4o' is openai/gpt-4o already (see v1/models/gpt.yaml, line 2)",
    ),
    "an alias that is its own name": (
        entry("aliases: [gpt-4o] #!"),
        "the alias 'gpt-4o' is the entry's own name (remove it)",
    ),
    "an alias twice": (entry("aliases: [omni, omni] #!"), "the alias 'omni' stands twice (remove one)"),
    "an alias of two": (
        entry("aliases: [omni]") + "  gpt-5:\n    provider: openai\n    aliases: [omni] #!\n",
        "the alias 'omni' is openai/gpt-4o already (see v1/models/gpt.yaml, line 2)",
    ),
    "an alias with its provider": (
        entry("aliases: [openai/omni] #!"),
        "the alias 'openai/omni' names its provider (write the name alone)",
    ),
    "a model_id that is another entry": (
        GPT + "  gpt-5:\n    provider: openai\n    model_id: gpt-4o #!\n",
        "the model_id 'gpt-4o' is openai/gpt-4o already (see v1/models/gpt.yaml, line 2)",
    ),
    # limits and dates
    "output above the window": (
        entry("context_window: 8192\nmax_output_tokens: 16384 #!"),
        ("max_output_tokens 16384 is above context_window 8192 "
        "(the window holds input and output together: raise it, or lower the limit)"),
    ),
    "input above the window": (
        entry("context_window: 8192\nmax_input_tokens: 8193 #!"),
        ("max_input_tokens 8193 is above context_window 8192 "
        "(the window holds input and output together: raise it, or lower the limit)"),
    ),
    "a date that is none": (
        entry("release_date: last May #!"),
        "release_date: 'last May' is no date (write 2024-05-13, 2024-05 or 2024)",
    ),
    "a date without dashes": (
        entry("release_date: 20240513 #!"),
        "release_date: '20240513' is no date (write 2024-05-13, 2024-05 or 2024)",
    ),
    "a day that is not in the calendar": (
        entry("knowledge_cutoff: 2023-02-29 #!"),
        "knowledge_cutoff: '2023-02-29' is not in the calendar (look at month, day and time)",
    ),
    "a month for a day": (entry("deprecation_date: 2026-05 #!"), "deprecation_date: '2026-05' is no day (write 2024-05-13)"),
    "the day of an update": (entry("updated: today #!"), "updated: 'today' is no day (write 2024-05-13)"),
    "an instant without its zone": (
        card("effective_from: 2026-08-16T16:00:00 #!\ninput_per_token: 0.1"),
        ("pricing.effective_from: '2026-08-16T16:00:00' is no day and no instant "
        "(write 2026-08-16, or in UTC 2026-08-16T16:00:00Z)"),
    ),
    "an hour that no day has": (
        card("effective_from: 2026-08-16T24:30:00Z #!\ninput_per_token: 0.1"),
        "pricing.effective_from: '2026-08-16T24:30:00Z' is not in the calendar (look at month, day and time)",
    ),
    "two cards since ever": (
        entry("pricing:\n  - input_per_token: 0.1\n  - input_per_token: 0.2 #!"),
        "two cards hold from ever (give each its effective_from)",
    ),
    "two cards of a day": (
        entry("pricing:\n  - {effective_from: 2026-01-01, input_per_token: 0.1}\n"
              "  - {observed: 2026-01-01, input_per_token: 0.2} #!"),
        "two cards hold from 2026-01-01 (date one of them otherwise)",
    ),
    "cards out of order": (
        entry("pricing:\n  - {effective_from: 2026-03-01, input_per_token: 0.1}\n"
              "  - {effective_from: 2026-01-01, input_per_token: 0.2} #!"),
        "the card of 2026-01-01 stands after that of 2026-03-01 (the earliest stands first)",
    ),
    # prices
    "a negative price": (
        card("input_per_token: -0.000001 #!"),
        "pricing.input_per_token: '-0.000001' is no number of 0 or more (a price is written in digits, such as 0.0000025)",
    ),
    "a price that is no number": (
        card("input_per_token: NaN #!"),
        "pricing.input_per_token: 'NaN' is no number of 0 or more (a price is written in digits, such as 0.0000025)",
    ),
    "a price with its sign": (
        card("input_per_token: $0.01 #!"),
        "pricing.input_per_token: '$0.01' is no number of 0 or more (a price is written in digits, such as 0.0000025)",
    ),
    "a price with a comma": (
        card("input_per_token: 0,01 #!"),
        "pricing.input_per_token: '0,01' is no number of 0 or more (a price is written in digits, such as 0.0000025)",
    ),
    "a price in other digits": (
        card("input_per_token: ٣ #!"),
        "pricing.input_per_token: '٣' is no number of 0 or more (a price is written in digits, such as 0.0000025)",
    ),
    "a price of a gigabyte of zeros": (
        card("per_query: 1e-999999999 #!"),
        "pricing.per_query: '1e-999999999' is no number of 0 or more (a price is written in digits, such as 0.0000025)",
    ),
    "a price too fine": (
        card("per_query: 1e-31 #!"),
        "pricing.per_query: '1e-31' is no price (at most 1000000, with at most 30 places)",
    ),
    "a price per 1M": (
        card("input_per_token: 2.5 #!"),
        "pricing.input_per_token: 2.5 for one token is too much (prices are per token: $3 per 1M tokens is 0.000003)",
    ),
    "a price of one": (
        card("input_per_token: {amount: 0.1, per: 1} #!"),
        "pricing.input_per_token.per: per 1 is a plain price (write the amount alone)",
    ),
    "a price of nothing": (
        card("input_per_token: {per: 3} #!"),
        "pricing.input_per_token.amount is missing (write it)",
    ),
    "a currency in small letters": (
        card("currency: usd #!\ninput_per_token: 0.1"),
        "pricing.currency: 'usd' is no currency (did you mean USD?)",
    ),
    "a currency's name": (
        card("currency: dollar #!\ninput_per_token: 0.1"),
        "pricing.currency: 'dollar' is no currency (write its three capital letters, such as USD)",
    ),
    "a card that says nothing": (
        entry("pricing: {source: 'https://example.com'} #!"),
        "a rate card says nothing (give it a rate, or remove it: a model without pricing is unpriced)",
    ),
    # overrides
    "no condition": (
        when("{} #!"),
        "pricing.overrides.when: no condition stands there (write one, or move the override's rates to the base)",
    ),
    "a condition that is null": (
        when("{region: null} #!"),
        "pricing.overrides.when: no condition stands there (write one, or move the override's rates to the base)",
    ),
    "no alternative": (when("[] #!"), "pricing.overrides.when is empty (write something there, or remove it)"),
    "an empty list of regions": (
        when("{region: []} #!"),
        "pricing.overrides.when.region is empty (write something there, or remove it)",
    ),
    "a threshold above the window": (
        when("{prompt_tokens_above: 128000} #!"),
        ("an override can never match: no input is longer than the context window of 128000 "
        "(look at the threshold and the window)"),
    ),
    "a start above the window": (
        when("{prompt_tokens_from: 128001} #!"),
        ("an override can never match: no input is longer than the context window of 128000 "
        "(look at the threshold and the window)"),
    ),
    "a region that is and is not": (
        when("{region: [us-east-1, us], region_not: us} #!"),
        "an override can never match: the region is and is not the same (remove region or region_not)",
    ),
    "the second alternative": (
        when("\n      - region: us\n      - {region: eu, region_not: eu} #!"),
        "an override can never match: the region is and is not the same (remove region or region_not)",
    ),
    "an override of nothing": (
        card("overrides:\n  - when: {region: us} #!"),
        "an override changes nothing (give it a rate or multiply)",
    ),
    "a factor of nothing": (
        card("overrides:\n  - when: {region: us}\n    multiply: 0 #!"),
        "pricing.overrides.multiply: 0 is no factor (above 0 and at most 100; half the price is 0.5)",
    ),
    "an hour that is none": (
        when("{utc_hours: ['24:00-25:00']} #!"),
        "pricing.overrides.when.utc_hours: '24:00-25:00' is no span of hours (write it in UTC, such as 01:00-04:00)",
    ),
    "hours without minutes": (
        when("{utc_hours: 1-4} #!"),
        "pricing.overrides.when.utc_hours: '1-4' is no span of hours (write it in UTC, such as 01:00-04:00)",
    ),
    "a weekday's whole name": (
        when("{weekdays: [monday]} #!"),
        "pricing.overrides.when.weekdays: 'monday' is not known (did you mean mon?)",
    ),
    "a zone that is none": (
        when("{weekdays: [mon], weekday_timezone: Asia/Shangai} #!"),
        ("pricing.overrides.when.weekday_timezone: 'Asia/Shangai' is no time zone "
        "(write one of the tz database, such as Asia/Shanghai)"),
    ),
    "a zone that is a folder": (
        when("{weekdays: [mon], weekday_timezone: Asia} #!"),
        ("pricing.overrides.when.weekday_timezone: 'Asia' is no time zone "
        "(write one of the tz database, such as Asia/Shanghai)"),
    ),
    "a zone without days": (
        when("{utc_hours: ['01:00-04:00'], weekday_timezone: Asia/Shanghai} #!"),
        "weekday_timezone says nothing without weekdays (write weekdays: [mon, …] too, or remove it)",
    ),
    # what YAML can do and a registry has no use for
    "a key twice": (entry("mode: chat\nmode: chat #!"), "'mode' stands twice (first on line 4)"),
    "an entry twice": (GPT + "  gpt-4o: {} #!\n", "'gpt-4o' stands twice (first on line 2)"),
    "a merge key": (entry("<<: {mode: chat} #!"), "merge keys are not read here (write the keys out)"),
    "an anchor": (entry("aliases: &names [omni] #!"), "anchors and aliases are not read here (write the value out)"),
    "an anchor of a key": (entry("&word mode: chat #!"), "anchors and aliases are not read here (write the value out)"),
    "a tag": (
        entry("mode: !!python/object/apply:os.system [id] #!"),
        "tags such as tag:yaml.org,2002:python/object/apply:os.system are not read here (remove the tag)",
    ),
    "a key that is a list": (GPT + "  [a, b]: {} #!\n", "a key is no text (write it in quotes)"),
    "a key that is null": (GPT + "  null: {} #!\n", "a key is no text (write it in quotes)"),
    "two documents": (
        GPT + "--- #!\nmodels: {}\n",
        "a second document starts here (one file holds one document: remove the ---)",
    ),
    "a tab": (
        "models:\n\tgpt-4o: {} #!\n",
        "no valid YAML: found character that cannot start any token (YAML is indented with spaces; this line holds a tab)",
    ),
    "a bracket left open": (
        entry("aliases: [omni\nmode: chat #!"),
        "no valid YAML: did not find expected ',' or ']' (look at quotes, colons and indentation here and just above)",
    ),
}  # fmt: skip
"""What stands in v1/models/gpt.yaml, and all that is said of it."""

BEYOND_A_SCHEMA = {
    # names, and one part of a file compared with another
    "an unknown provider", "a provider without a manifest", "an unknown provider in the key", "no provider", "no name",
    "an id twice in one file", "an alias that is an id", "an alias that is its own name", "an alias twice",
    "an alias of two", "an alias with its provider", "a model_id that is another entry", "output above the window",
    "input above the window", "a day that is not in the calendar", "an hour that no day has", "two cards since ever",
    "two cards of a day", "cards out of order", "a card that says nothing", "no condition", "a condition that is null",
    "a threshold above the window", "a start above the window", "a region that is and is not", "the second alternative",
    "an override of nothing", "a zone that is none", "a zone that is a folder", "a zone without days",
    "a price that is no number",  # JSON Schema has no word for NaN
    "a price too fine",
    # what a YAML reader has made sense of, or refused, before a schema sees it
    "a key twice", "an entry twice", "a merge key", "an anchor", "an anchor of a key", "a tag", "a key that is a list",
    "a key that is null", "two documents", "a tab", "a bracket left open",
}  # fmt: skip

MANIFESTS = {
    "a key": (manifest("basurl: https://x.example #!"), "unknown key 'basurl' (did you mean base_url?)"),
    "a key of a rule": (
        manifest("rules:\n  - name: x\n    match: a\n    to: b\n    bear: true #!"),
        "unknown key 'bear' (did you mean bare?)",
    ),
    "a key of a default rate": (
        manifest("default_rates:\n  cached_input_per_token: {of: input_per_token, times: 0.5, source: 'https://x.example', bare: no} #!"),
        "unknown key 'bare' (of, times, source are known)",
    ),
    "a vocabulary": (manifest("names: {litelm: [openai]} #!"), "names: 'litelm' is not known (did you mean litellm?)"),
    "a name without a list": (manifest("names: {litellm: openai} #!"), "names.litellm: 'openai' is no list (write [openai])"),
    "a file's name": ("id: opnai #!\nname: OpenAI\naliases: [openai]\n", "id 'opnai' is not the file's name (write openai)"),
    "capitals in an id": (
        "id: OpenAI #!\nname: OpenAI\n",
        "id: 'OpenAI' is no id of a provider (write small letters, digits and single dashes)",
    ),
    "no name": ("id: openai #!\n", "name is missing (write it)"),
    "an empty name": ("id: openai\nname: #!\n", "name: nothing stands there (write some text, or remove the key)"),
    "an empty file": ("#!\n", "the file: a mapping is due (write keys and values under it)"),
    "a list": ("- openai #!\n", "the file: a mapping is due (write keys and values under it)"),
    "neither true nor false": (
        manifest("resells: sometimes #!"),
        "resells: 'sometimes' is neither true nor false (write true or false)",
    ),
    "an address": (manifest("base_url: openai.com #!"), "base_url: 'openai.com' is no http(s) address (write https://…)"),
    "a meter": (
        manifest("default_rates:\n  cached_per_token: {of: input_per_token, times: 0.5, source: 'https://x.example'} #!"),
        "default_rates: 'cached_per_token' is not known (did you mean cached_input_per_token?)",
    ),
    "the meter of a share": (
        manifest("default_rates:\n  cached_input_per_token: {of: input_pr_token, times: 0.5, source: 'https://x.example'} #!"),
        "default_rates.cached_input_per_token.of: 'input_pr_token' is not known (did you mean input_per_token?)",
    ),
    "a share": (
        manifest("default_rates:\n  cached_input_per_token: {of: input_per_token, times: 50%, source: 'https://x.example'} #!"),
        "default_rates.cached_input_per_token.times: '50%' is no number of 0 or more (a factor is written in digits, such as 1.1)",
    ),
    "rules without a list": (manifest("rules: snapshot #!"), "rules: 'snapshot' is no list (write [snapshot])"),
    "an unknown shared rule": (manifest("rules: [snapshoot] #!"), "rules: 'snapshoot' is not known (did you mean snapshot?)"),
    "a rule without `to`": (manifest("rules:\n  - name: x #!\n    match: a"), "rules.to is missing (write it)"),
    "a rule without a pattern": (
        manifest("rules:\n  - {name: x, match: '', to: a} #!"),
        "rules.match: nothing stands there (write some text, or remove the key)",
    ),
    "a pattern that is none": (
        manifest("rules:\n  - name: x\n    match: '(a' #!\n    to: b"),
        ("the pattern is wrong: missing ), unterminated subpattern at position 0 "
        "(it is a regular expression as Python writes them)"),
    ),
    "a group that is not there": (
        manifest("rules:\n  - name: x\n    match: '(?P<model>.+)'\n    to: '{modl}' #!"),
        "the template uses 'modl', which no group names (the pattern's groups are model)",
    ),
    "a template by number": (
        manifest("rules:\n  - {name: x, match: '(.+)', to: '{}'} #!"),
        "the template uses '', which no group names (name a group: (?P<model>.+))",
    ),
    "a template that looks inside": (
        manifest("rules:\n  - {name: x, match: '(?P<model>.+)', to: '{model.__class__}'} #!"),
        "the template uses 'model.__class__', which no group names (the pattern's groups are model)",
    ),
    "a brace left open": (
        manifest("rules:\n  - {name: x, match: '(?P<model>.+)', to: '{model'} #!"),
        "the template is wrong: expected '}' before end of string (groups stand in braces: {model})",
    ),
    "a rule twice": (
        manifest("rules:\n  - snapshot\n  - latest\n  - snapshot #!"),
        "the rule 'snapshot' stands twice (rename or remove one)",
    ),
    "a rule that hides a shared one": (
        manifest("rules:\n  - name: latest #!\n    match: a\n    to: b"),
        "'latest' is a shared rule (name it otherwise, or write - latest alone)",
    ),
    "another's spelling": (
        manifest("names:\n  litellm: [openai]\n  openrouter: [other] #!"),
        "'other' already means other (a spelling means one provider: take it away from one of the two)",
    ),
}  # fmt: skip
"""What stands in v1/providers/openai.yaml, and all that is said of it."""

BEYOND_A_SCHEMA_OF_MANIFESTS = {
    "a file's name", "a pattern that is none", "a group that is not there", "a template by number",
    "a template that looks inside", "a brace left open", "a rule twice", "a rule that hides a shared one",
    "another's spelling",
}  # fmt: skip


def marked_line(text: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if "#!" in line)


@pytest.mark.parametrize("name", ENTRIES)
def test_a_mistake_in_a_family_is_told_with_its_line_and_what_to_do(tmp_path, name):
    text, said = ENTRIES[name]
    assert told(write(tmp_path, {"models/gpt.yaml": text})) == [f"v1/models/gpt.yaml:{marked_line(text)}: {said}"]


@pytest.mark.parametrize("name", MANIFESTS)
def test_a_mistake_in_a_manifest_is_told_with_its_line_and_what_to_do(tmp_path, name):
    text, said = MANIFESTS[name]
    folder = write(tmp_path, {"providers/openai.yaml": text, "providers/other.yaml": "id: other\nname: Other\n"})
    assert told(folder) == [f"v1/providers/openai.yaml:{marked_line(text)}: {said}"]
    with pytest.raises(InvalidRegistry) as caught:
        load_providers(folder)
    assert told(folder) == str(caught.value).splitlines()


def test_every_mistake_says_what_to_do():
    assert [name for name, (_, said) in (ENTRIES | MANIFESTS).items() if not said.endswith(")")] == []


def test_an_id_of_two_files_is_told_in_the_later(tmp_path):
    folder = write(tmp_path, {"models/more.yaml": "\nmodels:\n  oai/gpt-4o:\n    mode: chat\n"})
    assert told(folder) == [
        "v1/models/more.yaml:3: openai/gpt-4o stands twice (first in v1/models/gpt.yaml, line 2; remove one)"
    ]


def test_the_same_alias_at_two_providers_is_no_mistake(tmp_path):
    text = models("gpt-4o: {provider: openai, aliases: [omni]}\nother/gpt-4o: {aliases: [omni]}")
    folder = write(tmp_path, {"models/gpt.yaml": text, "providers/other.yaml": "id: other\nname: Other\n"})
    assert len(load(folder).entries) == 2


def test_a_spelling_of_two_providers_is_told_where_it_is_written(tmp_path):
    other = "id: other\nname: Other\naliases:\n  - third\n  - OAI\n"
    assert told(write(tmp_path, {"providers/other.yaml": other})) == [
        "v1/providers/other.yaml:3: 'oai' already means openai (a spelling means one provider: take it away from one of the two)"
    ]


def test_a_maker_has_one_service_of_its_own(tmp_path):
    other = "id: other\nname: Other\nmaker: openai\n"
    assert told(write(tmp_path, {"providers/other.yaml": other})) == [
        (
            "v1/providers/other.yaml:3: the maker 'openai' has two providers "
            "(openai is its own service already; write resells: true without maker here)"
        )
    ]


@pytest.mark.parametrize(("odd", "is_slip"), [("0.0025", True), ("0.0000000022", True), ("0.002", False)])
def test_a_price_a_thousand_times_its_siblings_is_told(tmp_path, odd, is_slip):
    prices = ["0.0000025", "0.0000025", "0.000002", odd]
    text = "models:\n" + "".join(
        f"  gpt-{number}:\n    provider: openai\n    pricing:\n      input_per_token: {price}\n"
        for number, price in enumerate(prices)
    )
    folder = write(tmp_path, {"models/gpt.yaml": text})
    if not is_slip:
        assert len(load(folder).entries) == 4
        return
    (said,) = told(folder)
    assert said.startswith(f"v1/models/gpt.yaml:17: input_per_token {odd} is 1000 times off (its siblings' median is ")
    assert said.endswith("; prices are per token, not per 1k or 1M)")


def test_an_older_card_may_speak_of_an_older_window(tmp_path):
    cards = (
        "pricing:\n  - input_per_token: 0.000002\n    overrides:\n      - when: {prompt_tokens_above: 200000}\n"
        "        input_per_token: 0.000004\n  - effective_from: 2026-01-01\n    input_per_token: 0.000001\n"
    )
    folder = write(tmp_path, {"models/gpt.yaml": entry("context_window: 128000\n" + cards)})
    assert len(load(folder).entries[0].model.pricing) == 2


# Files that are no text, and folders that are no registry


def test_bytes_that_are_no_utf_8_are_told_with_their_line(tmp_path):
    folder = write(
        tmp_path, {"models/gpt.yaml": GPT.encode() + b"# caf\xe9\n", "models/wide.yaml": GPT.encode("utf-16")}
    )
    assert told(folder) == [
        "v1/models/gpt.yaml:8: not valid UTF-8 (save the file as UTF-8)",
        "v1/models/wide.yaml:1: not valid UTF-8 (save the file as UTF-8)",
    ]


def test_a_control_character_is_told_with_its_line(tmp_path):
    folder = write(tmp_path, {"models/gpt.yaml": GPT + "# é\n  a\x00b: {}\n"})
    assert told(folder) == ["v1/models/gpt.yaml:9: holds a character that YAML has not (remove the control character)"]


def test_an_alias_bomb_is_refused_before_it_expands(tmp_path):
    levels = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 40))
    folder = write(tmp_path, {"models/gpt.yaml": "a0: &a0 [x]\n" + levels})
    assert told(folder) == ["v1/models/gpt.yaml:1: anchors and aliases are not read here (write the value out)"]


@pytest.mark.parametrize(
    "text",
    ["models: " + "[" * 300_000, "models:\n" + "".join(" " * n + "a:\n" for n in range(1, 3000)), "? " * 100_000],
    ids=["brackets", "indentation", "keys of keys"],
)
def test_deep_nesting_is_refused_and_does_not_end_the_process(tmp_path, text):
    folder = write(tmp_path, {"models/gpt.yaml": text})
    code = "import sys; from pathlib import Path; from modelry.authoring.load import load; load(Path(sys.argv[1]))"
    done = subprocess.run([sys.executable, "-c", code, folder], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "nested too deeply (a registry needs eight levels)" in done.stderr


def test_a_huge_file_is_not_read(tmp_path):
    folder = write(tmp_path, {})
    with (folder / "models" / "huge.yaml").open("wb") as file:
        file.truncate(100 * 2**20)
    assert told(folder) == ["v1/models/huge.yaml:1: larger than 16 MiB (split it by family)"]


def test_what_is_no_file_is_told(tmp_path):
    folder = write(tmp_path, {})
    (folder / "models" / "folder.yaml").mkdir()
    (folder / "models" / "loop.yaml").symlink_to("loop.yaml")
    (folder / "models" / "nowhere.yaml").symlink_to("nothing")
    (folder / "models" / "zero.yaml").symlink_to("/dev/zero")
    os.mkfifo(folder / "models" / "pipe.yaml")
    (folder / "models" / "other.yml").write_text(GPT)
    hint = "is a link broken, or a permission missing?"
    assert told(folder) == [
        "v1/models/folder.yaml:1: is no file (remove it, or name it otherwise than *.yaml)",
        f"v1/models/loop.yaml:1: cannot be read: Too many levels of symbolic links ({hint})",
        f"v1/models/nowhere.yaml:1: cannot be read: No such file or directory ({hint})",
        "v1/models/other.yml:1: is not read (name it other.yaml)",
        "v1/models/pipe.yaml:1: is no file (remove it, or name it otherwise than *.yaml)",
        "v1/models/zero.yaml:1: is no file (remove it, or name it otherwise than *.yaml)",
    ]


@pytest.mark.skipif(os.geteuid() == 0 and not Path("/usr/bin/setpriv").exists(), reason="root may read everything")
def test_what_may_not_be_read_is_told(tmp_path):
    folder = write(tmp_path, {"models/secret.yaml": GPT})
    (folder / "models" / "secret.yaml").chmod(0)
    (folder / "providers").chmod(0)
    for path in (tmp_path, *list(tmp_path.parents)[:-2]):
        if path.stat().st_uid == os.geteuid():
            path.chmod(path.stat().st_mode | 0o055)
    code = "import sys; from pathlib import Path; from modelry.authoring.load import load; load(Path(sys.argv[1]))"
    drop = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []
    done = subprocess.run(
        [*drop, sys.executable, "-B", "-c", code, folder], capture_output=True, text=True, check=False
    )
    (folder / "providers").chmod(0o755)
    assert "v1/models/secret.yaml:1: cannot be read: Permission denied" in done.stderr
    assert "v1/providers:1: cannot be read: Permission denied (is this the folder of a registry?)" in done.stderr


def test_a_folder_that_is_no_registry_is_told(tmp_path):
    (tmp_path / "v1" / "models").mkdir(parents=True)
    assert told(tmp_path / "v1") == [
        "v1/models:1: holds no .yaml file (is this the folder of a registry?)",
        "v1/providers:1: cannot be read: No such file or directory (is this the folder of a registry?)",
    ]


# All at once


def test_all_problems_of_all_files_are_told_at_once_in_their_order(tmp_path):
    folder = write(
        tmp_path,
        {
            "providers/openai.yaml": manifest("rules: [snapshoot]\nbasurl: x"),
            "providers/broken.yaml": "id: [",
            "models/gpt.yaml": GPT
            + "  gpt-5:\n    provider: opnai\n    mode: chats\n    pricing: {input_per_token: -1}\n",
            "models/claude.yaml": "models:\n  claude:\n    provider: broken\n    aliases: [claude, claude]\n",
            "models/zeta.yaml": "models:\n  gpt-4o:\n    provider: openai\n    context_window: 1\n    max_output_tokens: 2\n",
        },
    )
    with pytest.raises(InvalidRegistry) as caught:
        load(folder)
    error = caught.value
    assert isinstance(error, ExceptionGroup)
    assert isinstance(error, ModelryError)
    assert all(isinstance(problem, Problem) for problem in error.exceptions)
    assert [(problem.path, problem.line) for problem in error.exceptions] == [
        ("v1/models/claude.yaml", 4),
        ("v1/models/claude.yaml", 4),
        ("v1/models/gpt.yaml", 10),
        ("v1/models/gpt.yaml", 11),
        ("v1/models/zeta.yaml", 5),
        ("v1/providers/broken.yaml", 2),
        ("v1/providers/openai.yaml", 5),
        ("v1/providers/openai.yaml", 6),
    ]
    assert str(error).splitlines() == [str(problem) for problem in error.exceptions]
    assert error.message == "8 problems"


def test_a_manifest_that_is_wrong_is_no_unknown_provider(tmp_path):
    (said,) = told(write(tmp_path, {"providers/openai.yaml": "id: openai\n"}))
    assert said == "v1/providers/openai.yaml:1: name is missing (write it)"


def test_the_shipped_registry_has_no_problem():
    authored = load(ROOT / "v1")
    assert len(authored.entries) > 1000
    assert len(authored.providers) > 200


# The JSON Schemas


class Plain(yaml.CSafeLoader):
    """What an editor's YAML reader makes of a file, dates being text."""


Plain.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


@pytest.fixture(scope="module")
def validators() -> dict[str, jsonschema.Draft202012Validator]:
    return {name: jsonschema.Draft202012Validator(schema) for name, schema in schemas().items()}


def test_the_schemas_are_schemas(validators):
    assert set(validators) == {"models", "provider", "row"}
    for validator in validators.values():
        assert validator.schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        validator.check_schema(validator.schema)


def properties(schema: object, place: str = "") -> Iterator[tuple[str, Mapping[str, object]]]:
    if isinstance(schema, dict):
        for name, said in (schema.get("properties") or {}).items():
            yield f"{place}.{name}", said
        for key, part in schema.items():
            yield from properties(part, f"{place}/{key}")
    elif isinstance(schema, list):
        for part in schema:
            yield from properties(part, place)


@pytest.mark.parametrize("name", ["models", "provider", "row"])
def test_every_field_of_a_schema_says_what_it_means(name):
    found = dict(properties(schemas()[name]))
    assert len(found) > 20
    assert [place for place, said in found.items() if len(str(said.get("description", ""))) < 10] == []


@pytest.mark.parametrize(("schema", "folder"), [("models", "models"), ("provider", "providers")])
def test_every_shipped_file_is_valid_by_its_schema(validators, schema, folder):
    wrong = {
        path.name: error.message
        for path in sorted((ROOT / "v1" / folder).glob("*.yaml"))
        if (error := next(validators[schema].iter_errors(yaml.load(path.read_bytes(), Plain)), None))  # noqa: S506
    }
    assert wrong == {}


def test_every_row_of_the_catalogue_is_valid_by_its_schema():
    validator = jsonschema_rs.Draft202012Validator(schemas()["row"])
    rows = json.loads((ROOT / "data/models.json").read_bytes())["models"]
    assert [row for row in rows if not validator.is_valid(row)] == []
    wrong = ({"colour": "red"}, {"context": "much"}, {"components": ["CHAT"]}, {"pricing": [{"per_smile": 1}]},
             {"pricing": [{"input_per_token": 1, "overrides": [{"input_per_token": 2}]}]})  # fmt: skip
    assert [fields for fields in wrong if validator.is_valid(rows[0] | fields)] == []


@pytest.mark.parametrize("name", ["models", "provider", "row"])
def test_a_schema_needs_nothing_outside_itself(name):
    schema = schemas()[name]
    named = set(re.findall(r'"\$ref": "([^"]+)"', json.dumps(schema)))
    assert named == {f"#/$defs/{name}" for name in schema.get("$defs", {})}


@pytest.mark.parametrize("text", [SEED_ENTRY, GPT, card("input_per_token: null")], ids=["seed 0", "plain", "null"])
def test_a_good_file_is_valid_by_the_schema(validators, text):
    validators["models"].validate(yaml.load(text, Plain))  # noqa: S506


@pytest.mark.parametrize("name", sorted(ENTRIES.keys() - BEYOND_A_SCHEMA))
def test_a_mistake_of_form_in_a_family_is_refused_by_the_schema_too(validators, name):
    assert not validators["models"].is_valid(yaml.load(ENTRIES[name][0], Plain))  # noqa: S506


@pytest.mark.parametrize("name", sorted(MANIFESTS.keys() - BEYOND_A_SCHEMA_OF_MANIFESTS))
def test_a_mistake_of_form_in_a_manifest_is_refused_by_the_schema_too(validators, name):
    assert not validators["provider"].is_valid(yaml.load(MANIFESTS[name][0], Plain))  # noqa: S506


def test_what_is_beyond_a_schema_is_a_mistake_of_the_table():
    assert ENTRIES.keys() >= BEYOND_A_SCHEMA
    assert MANIFESTS.keys() >= BEYOND_A_SCHEMA_OF_MANIFESTS
