"""Data ROOTs for the tests of the write path: a small registry, and a packaged catalogue of many rows."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from modelry import compile as snapshots
from modelry.catalog import rows
from modelry.pricing import Pricing
from modelry.records import Model, Provider

PROVIDERS = {
    "openai": "{id: openai, name: OpenAI, base_url: 'https://api.openai.com/v1', maker: openai, aliases: [oai], "
    "names: {litellm: [openai, openai_compatible]}, rules: [{name: own-prefix, match: 'models/(?P<model>.+)', "
    "to: '{model}'}]}",
    "azure": "{id: azure, name: Azure, rules: [snapshot]}",
    "cohere": "{id: cohere, name: Cohere, base_url: 'https://api.cohere.com/v2'}",
    "deepseek": "{id: deepseek, name: DeepSeek, base_url: 'https://api.deepseek.com'}",
}
MODELS = {
    "gpt": """
updated: 2026-06-01
models:
  gpt-4o:
    provider: openai
    mode: chat
    context_window: 128000
    max_output_tokens: 16384
    aliases: [gpt-4o-latest]
    capabilities: {tools: true, vision: true}
    pricing:
      - {effective_from: 2024-05-13, input_per_token: 0.000005, output_per_token: 0.000015}
      - effective_from: 2024-10-02
        input_per_token: 0.0000025
        output_per_token: 0.00001
        cached_input_per_token: 0.00000125
        overrides:
          - {when: {service_tier: batch}, input_per_token: 0.00000125, output_per_token: 0.000005}
  gpt-unpriced: {provider: openai, mode: chat, context_window: 8192}
  gpt-old: {provider: openai, mode: chat, deprecation_date: 2026-11-22, pricing: {input_per_token: 0.1, output_per_token: 0.1}}
  azure/gpt-4o-2026-01-01: {provider: azure, mode: chat}
""",
    "others": """
updated: 2026-06-01
models:
  text-embedding-3-small: {provider: openai, mode: embedding, pricing: {input_per_token: 0.00000002}}
  rerank-v3.5: {provider: cohere, mode: rerank, pricing: {per_query: 0.002}}
  deepseek-chat: {provider: deepseek, mode: chat, pricing: {currency: CNY, input_per_token: 0.000002, output_per_token: 0.000008}}
""",
}
SERIES = "makers:\n  openai:\n    gpt: 'gpt-.*'\n    text-embedding: 'text-embedding-.*'\n"

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def small(root):
    """A ROOT with a registry of a few rows."""
    for folder, files in (("providers", PROVIDERS), ("models", MODELS)):
        (root / "v1" / folder).mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (root / "v1" / folder / f"{name}.yaml").write_text(text)
    (root / "v1" / "series.yaml").write_text(SERIES)
    return root


def bundle(path, count=500):
    """A packaged catalogue of many rows at `path`."""
    card = Pricing({"input_per_token": Decimal("0.000001"), "output_per_token": Decimal("0.000002")})
    models = [
        Model(provider=f"p{number % 5}", model=f"m-{number:04}", family="gen", components=("GEN",), mode="chat",
              context=128_000, pricing=(card,), last_updated="2026-06-01", capabilities={"tools": True})
        for number in range(count)
    ]  # fmt: skip
    providers = [Provider(id=f"p{number}", name=f"P{number}", base_url="https://p.example/v1") for number in range(5)]
    ordered = sorted(models, key=lambda model: (model.provider, model.model))
    data = rows.dump(rows.Catalogue(ordered, ["registry"], "2026-06-01"))
    snapshots.write(path, ordered, providers, rows.content_of(data))
    return str(path)


def gen(model="gpt-new", provider="openai", **fields):
    """A whole request for a generating model; None takes a field out."""
    request = {"provider": provider, "family": "gen", "model": model, "unit": "1k_tokens",
               "input_per_1k": Decimal("0.0003"), "output_per_1k": Decimal("0.0012")}  # fmt: skip
    return {name: value for name, value in (request | fields).items() if value is not ...}
