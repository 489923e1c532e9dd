"""The provider manifests as data: read with plain YAML, without any of modelry's code."""

from __future__ import annotations

import json
import os
import re
import string
from collections import defaultdict
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

ROOT = Path(__file__).parents[1]
MANIFESTS = sorted((ROOT / "v1" / "providers").glob("*.yaml"))
FEEDS = Path(os.environ.get("MODELRY_FEEDS") or Path(__file__).parents[2] / "shared" / "feeds")

KEYS = [
    "id", "name", "base_url", "api", "env", "docs", "pricing_page", "listing", "maker", "resells",
    "serves_free", "aliases", "names", "default_rates", "rules",
]  # fmt: skip
VOCABULARIES = ["litellm", "models.dev", "openrouter", "genai_prices", "otel"]
DIALECTS = {
    "openai.chat", "openai.responses", "anthropic.messages", "gemini.generate_content",
    "bedrock.converse", "cohere", "mistral", "deepseek", "xai",
}  # fmt: skip
SHARED_RULES = {"snapshot", "latest", "fine-tune", "openrouter-variant"}
# what seeds and design fix: the provider, and spellings that must mean it
FIXED = {
    "openai": ["text-completion-openai"],
    "anthropic": [],
    "google": ["gemini", "gcp.gemini"],
    "vertex": ["vertex_ai", "vertex_ai-language-models", "google-vertex", "google-vertex-anthropic", "gcp.vertex_ai"],
    "bedrock": ["bedrock_converse", "amazon-bedrock", "aws", "aws.bedrock", "amazon"],
    "bedrock-mantle": ["bedrock_mantle"],
    "azure": ["azure_text", "azure.ai.openai"],
    "azure-ai": ["azure_ai", "microsoft", "azure.ai.inference"],
    "alibaba": ["qwen", "dashscope"],
    "alibaba-cn": [],
    "mistral": ["mistralai", "mistral_ai"],
    "meta": ["meta_llama", "meta-llama"],
    "xai": ["x-ai", "x_ai"],
    "cohere": ["cohere_chat"],
    "amazon-nova": ["amazon_nova"],
    "moonshot": ["kimi", "moonshotai", "moonshot_ai"],
    "moonshot-cn": ["moonshotai-cn"],
    "zai": ["z-ai", "z.ai"],
    "zhipu": ["glm", "bigmodel", "zhipuai"],
    "baidu": ["qianfan", "ernie"],
    "volcengine": ["bytedance", "doubao"],
    "tencent": ["hunyuan"],
    "01ai": ["01-ai", "yi"],
    "voyage": ["voyageai"],
    "jina": ["jina_ai"],
    "watsonx": ["ibm.watsonx.ai"],
    **{
        p: []
        for p in (
            "huggingface",
            "local",
            "ollama",
            "mlx",
            "minimax",
            "minimax-cn",
            "openrouter",
            "groq",
            "perplexity",
            "deepseek",
        )
    },
}


def read(path: Path) -> dict[str, Any]:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


DATA = {path.stem: read(path) for path in MANIFESTS}
RULES = [(p, rule) for p, m in DATA.items() for rule in m.get("rules", []) if isinstance(rule, dict)]


def spellings(manifest: dict[str, Any]) -> set[str]:
    """Everything that means this provider on input, in lower case."""
    said = [
        manifest["id"],
        *manifest.get("aliases", []),
        *(n for names in manifest.get("names", {}).values() for n in names),
    ]
    return {spelling.lower() for spelling in said}


def test_there_is_a_manifest_for_more_than_two_hundred_providers() -> None:
    assert len(DATA) > 200


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.stem)
def test_a_manifest_has_its_files_name_and_known_keys_in_order(path: Path) -> None:
    text, manifest = path.read_text(encoding="utf-8"), DATA[path.stem]
    assert text.startswith("# Sources: ")
    assert text.endswith("\n")
    assert manifest["id"] == path.stem
    assert re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", manifest["id"])
    assert manifest["name"].strip()
    assert [*manifest] == [key for key in KEYS if key in manifest]
    assert [*manifest.get("names", {})] == [v for v in VOCABULARIES if v in manifest.get("names", {})]
    assert manifest.get("api") in {None, *DIALECTS}
    assert manifest.get("serves_free") in (None, True)
    assert all(re.fullmatch("[A-Z0-9][A-Z0-9_]*", variable) for variable in manifest.get("env", []))
    for key in ("aliases", "env"):
        assert all(isinstance(said, str) for said in manifest.get(key, []))
        assert len(set(manifest.get(key, []))) == len(manifest.get(key, []))
    for key in ("base_url", "docs", "pricing_page"):
        url = urlsplit(manifest.get(key, "https://none"))
        assert url.scheme in ("http", "https")
        assert url.netloc
        assert "utm_" not in url.query
    assert not manifest.get("base_url", "").endswith("/")


def test_a_spelling_means_one_provider() -> None:
    meant = defaultdict(set)
    for provider, manifest in DATA.items():
        for spelling in spellings(manifest):
            meant[spelling].add(provider)
    assert {spelling: found for spelling, found in meant.items() if len(found) > 1} == {}


@pytest.mark.parametrize("vocabulary", VOCABULARIES)
def test_a_name_of_a_vocabulary_stands_in_one_manifest_and_once(vocabulary: str) -> None:
    names = [name for manifest in DATA.values() for name in manifest.get("names", {}).get(vocabulary, [])]
    assert sorted(names) == sorted(set(names))


def test_a_maker_has_one_provider_and_its_id_means_that_provider() -> None:
    makers = [(manifest["maker"], provider) for provider, manifest in DATA.items() if "maker" in manifest]
    assert len({maker for maker, _ in makers}) == len(makers)
    assert [maker for maker, provider in makers if maker not in spellings(DATA[provider])] == []


@pytest.mark.parametrize("provider", FIXED)
def test_the_fixed_providers_and_their_spellings(provider: str) -> None:
    assert {s.lower() for s in FIXED[provider]} <= spellings(DATA[provider])


def test_default_rates_name_their_source() -> None:
    rates = [rate for manifest in DATA.values() for rate in manifest.get("default_rates", {}).values()]
    assert rates
    assert all(
        set(rate) == {"of", "times", "source"} and rate["source"].startswith("https://") and rate["times"] > 0
        for rate in rates
    )


def test_a_rule_is_a_shared_one_or_complete() -> None:
    for provider, manifest in DATA.items():
        names = [rule if isinstance(rule, str) else rule["name"] for rule in manifest.get("rules", [])]
        assert len(set(names)) == len(names), provider
        assert {rule for rule in manifest.get("rules", []) if isinstance(rule, str)} <= SHARED_RULES, provider
        assert not SHARED_RULES & {rule["name"] for rule in manifest.get("rules", []) if isinstance(rule, dict)}, (
            provider
        )


@pytest.mark.parametrize(
    ("provider", "rule"), RULES, ids=lambda value: value if isinstance(value, str) else value["name"]
)
def test_a_rule_compiles_uses_its_own_groups_and_is_quick(provider: str, rule: dict[str, Any]) -> None:
    assert set(rule) - {"bare"} == {"name", "match", "to"}
    assert rule.get("bare") in (None, True)
    pattern = re.compile(rule["match"])
    used = {field for _, field, _, _ in string.Formatter().parse(rule["to"]) if field is not None}
    assert used <= set(pattern.groupindex)
    assert used, "a rule that keeps nothing of the name"
    assert not rule["match"].startswith("^"), "fullmatch anchors it"
    # an exponential pattern shows at a few dozen characters, before the long name would hang the test
    for size in (24, 6000):
        for piece in (
            "a",
            "1",
            "-",
            ".",
            ":",
            "/",
            "-v1:0",
            "v1-",
            "us.",
            "a.a",
            "@1",
            "ar:",
            "models/",
            "gpt-35-turbo-",
            "00",
        ):
            pattern.fullmatch(piece * (size // len(piece)) + "!\n")


A = "arn:aws:bedrock:us-west-2"
HAIKU = "anthropic.claude-haiku-4-5-20251001-v1:0"


@pytest.mark.parametrize(
    ("provider", "rule", "asked", "becomes", "learnt"),
    [
        ("bedrock", "foundation-model-arn", f"{A}::foundation-model/{HAIKU}", HAIKU, {"region": "us-west-2"}),
        (
            "bedrock",
            "foundation-model-arn",
            "arn:aws-us-gov:bedrock:us-gov-west-1::foundation-model/amazon.nova-pro-v1:0",
            "amazon.nova-pro-v1:0",
            {"region": "us-gov-west-1"},
        ),
        (
            "bedrock",
            "inference-profile-arn",
            f"{A}:123456789012:inference-profile/us.{HAIKU}",
            f"us.{HAIKU}",
            {"region": "us-west-2"},
        ),
        ("bedrock", "inference-profile-arn", f"{A}:123456789012:application-inference-profile/a1b2c3", None, {}),
        ("bedrock", "foundation-model-arn", f"{A}:123456789012:provisioned-model/a1b2c3", None, {}),
        ("bedrock", "litellm-route", f"converse/us.{HAIKU}", f"us.{HAIKU}", {}),
        ("bedrock", "litellm-route", f"bedrock/{HAIKU}", HAIKU, {}),
        (
            "bedrock",
            "region-path",
            "us-gov-east-1/amazon.nova-pro-v1:0",
            "amazon.nova-pro-v1:0",
            {"region": "us-gov-east-1"},
        ),
        (
            "bedrock",
            "region-path",
            "ap-southeast-2/meta.llama3-8b-instruct-v1:0",
            "meta.llama3-8b-instruct-v1:0",
            {"region": "ap-southeast-2"},
        ),
        *[
            ("bedrock", "inference-profile", f"{r}.{HAIKU}", HAIKU, {"region": r})
            for r in ("us", "eu", "apac", "jp", "au", "ca", "us-gov", "global")
        ],
        ("bedrock", "inference-profile", "use.anthropic.claude-x", None, {}),
        (
            "bedrock",
            "throughput",
            "anthropic.claude-3-sonnet-20240229-v1:0:200k",
            "anthropic.claude-3-sonnet-20240229-v1:0",
            {"throughput": "200k"},
        ),
        ("bedrock", "throughput", "anthropic.claude-v2:18k", "anthropic.claude-v2", {"throughput": "18k"}),
        (
            "bedrock",
            "throughput",
            "amazon.titan-embed-image-v1:0:mm",
            "amazon.titan-embed-image-v1:0",
            {"throughput": "mm"},
        ),
        (
            "bedrock",
            "throughput-dimensions",
            "cohere.embed-english-v3:0:512",
            "cohere.embed-english-v3:0",
            {"throughput": "512"},
        ),
        ("bedrock", "throughput", HAIKU, None, {}),
        ("bedrock", "version", "eu.anthropic.claude-opus-4-7-v1:0", "eu.anthropic.claude-opus-4-7", {"version": "v1"}),
        ("bedrock", "revision", "anthropic.claude-opus-4-6-v1:0", "anthropic.claude-opus-4-6-v1", {"revision": "0"}),
        ("bedrock", "revision", "stability.stable-image-core-v1:1", None, {}),
        ("bedrock", "version", "anthropic.claude-3-5-sonnet-20241022-v2:0", None, {}),
        ("bedrock", "add-revision", "amazon.nova-pro-v1", "amazon.nova-pro-v1:0", {}),
        ("bedrock", "add-version", "anthropic.claude-haiku-4-5-20251001", HAIKU, {}),
        ("bedrock", "amazon-model", "nova-lite-v1", "amazon.nova-lite-v1:0", {}),
        (
            "vertex",
            "resource-path",
            "projects/p/locations/europe-west4/publishers/google/models/gemini-2.5-pro",
            "gemini-2.5-pro",
            {"region": "europe-west4", "publisher": "google"},
        ),
        (
            "vertex",
            "resource-path-publisher",
            "projects/p/locations/us-east5/publishers/meta/models/llama-3.3-70b-instruct-maas",
            "meta/llama-3.3-70b-instruct-maas",
            {"region": "us-east5"},
        ),
        (
            "vertex",
            "publisher-path",
            "publishers/anthropic/models/claude-opus-4-5@20251101",
            "claude-opus-4-5@20251101",
            {"publisher": "anthropic"},
        ),
        ("vertex", "at-version", "claude-opus-4-6@default", "claude-opus-4-6", {"version": "default"}),
        ("vertex", "at-version", "codestral-2@001", "codestral-2", {"version": "001"}),
        ("vertex", "claude-date", "claude-opus-4-5-20251101", "claude-opus-4-5@20251101", {}),
        ("google", "models-path", "models/gemini-2.5-pro", "gemini-2.5-pro", {}),
        ("google", "stable-version", "gemini-2.0-flash-001", "gemini-2.0-flash", {"version": "001"}),
        ("azure", "region-path", "eu/gpt-4o-2024-08-06", "gpt-4o-2024-08-06", {"region": "eu"}),
        ("azure", "region-path", "us-gov/gpt-5.1", "gpt-5.1", {"region": "us-gov"}),
        (
            "azure",
            "deployment-type",
            "global-standard/gpt-4o-mini",
            "gpt-4o-mini",
            {"region": "global", "deployment": "standard"},
        ),
        ("azure", "gpt-35", "gpt-35-turbo-16k", "gpt-3.5-turbo-16k", {}),
        ("azure", "gpt-3.5", "gpt-3.5-turbo", "gpt-35-turbo", {}),
        ("azure", "gpt-3.5", "gpt-3x5-turbo", None, {}),
        (
            "azure-ai",
            "asset-version",
            "azureml://registries/azureml-meta/models/Llama-3.3-70B-Instruct/versions/4",
            "Llama-3.3-70B-Instruct",
            {"registry": "azureml-meta", "version": "4"},
        ),
        ("anthropic", "context-window", "claude-sonnet-4-5[1m]", "claude-sonnet-4-5", {"window": "1m"}),
        ("fireworks", "short-model", "glm-5p2", "accounts/fireworks/models/glm-5p2", {}),
        ("fireworks", "short-model", "accounts/fireworks/models/glm-5p2", None, {}),
        ("volcengine", "version-date", "deepseek-v3-2-251201", "deepseek-v3-2", {"date": "251201"}),
        ("huggingface", "routing-policy", "Qwen/Qwen3-32B:cheapest", "Qwen/Qwen3-32B", {"policy": "cheapest"}),
        ("huggingface", "routing-policy", "Qwen/Qwen3-32B:novita", None, {}),
        ("ollama", "latest-tag", "llama3:70b", None, {}),
    ],
)
def test_what_a_rule_makes_of_a_name(
    provider: str, rule: str, asked: str, becomes: str | None, learnt: dict[str, str]
) -> None:
    found = next(r for r in DATA[provider]["rules"] if isinstance(r, dict) and r["name"] == rule)
    match = re.fullmatch(found["match"], asked)
    assert (match and found["to"].format(**match.groupdict())) == becomes
    if match:
        assert learnt.items() <= match.groupdict().items()


@pytest.mark.skipif(not FEEDS.is_dir(), reason="the feeds are not here")
@pytest.mark.parametrize("vocabulary", ["litellm", "models.dev", "openrouter", "genai_prices"])
def test_every_provider_of_a_feed_is_known(vocabulary: str) -> None:
    (path,) = FEEDS.glob(f"{vocabulary.replace('_', '-')}-*.json")
    body = json.loads(path.read_text(encoding="utf-8"))
    names = {
        "litellm": lambda: {
            e["litellm_provider"] for k, e in body.items() if k not in ("sample_spec", "fallback_generalizations")
        },
        "models.dev": lambda: set(body),
        "openrouter": lambda: {model["id"].split("/", 1)[0] for model in body["data"]},
        "genai_prices": lambda: {provider["id"] for provider in body},
    }[vocabulary]()
    known = {name for manifest in DATA.values() for name in manifest.get("names", {}).get(vocabulary, [])}
    assert len(names) > 30
    assert names - known == set()
