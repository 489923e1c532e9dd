"""Choosing models: what a filter keeps, what a price comparison leaves out, and in which order rows come."""

import inspect
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelry import Registry, UnknownProvider
from modelry import compile as compiler
from modelry.errors import ModelryError
from modelry.meters import BUCKETS
from modelry.pricing import Pricing
from modelry.records import DefaultRate, Modalities, Model, Provider, Rule, Verification
from modelry.select import Filters, InvalidFilter, in_force, matching, price_per_mtok, select
from modelry.snapshot import Snapshot

TODAY = datetime.now(UTC).date()


def days_ago(days: int) -> str:
    return (TODAY - timedelta(days=days)).isoformat()


def card(**fields):
    """A card; `input` and the like are prices of one token."""
    return Pricing.from_dict({f"{key}_per_token" if key in BUCKETS else key: value for key, value in fields.items()})


def can(yes: str, no: str = "") -> dict[str, bool]:
    return dict.fromkeys(yes.split(), True) | dict.fromkeys(no.split(), False)


PROVIDERS = [
    Provider(
        id="openai",
        name="OpenAI",
        maker="openai",
        api="openai.chat",
        base_url="https://api.openai.com/v1",
        rules=["snapshot"],
        names={"litellm": ["openai", "text-completion-openai"]},
    ),
    Provider(id="google", name="Google", maker="google", aliases=["gemini"]),
    Provider(id="anthropic", name="Anthropic", maker="anthropic"),
    Provider(id="deepseek", name="DeepSeek", maker="deepseek"),
    Provider(id="alibaba-cn", name="Alibaba Cloud (China)"),
    Provider(
        id="fireworks",
        name="Fireworks AI",
        default_rates={
            "cached_input_per_token": DefaultRate(
                of="input_per_token", times=Decimal("0.5"), source="https://docs.fireworks.ai/faq"
            )
        },
    ),
    Provider(
        id="bedrock",
        name="Amazon Bedrock",
        rules=[
            Rule(name="inference-profile", match=r"(?P<region>us|eu|global)\.(?P<model>.+)", to="{model}", bare=True)
        ],
    ),
    Provider(id="local", name="Local", serves_free=True),
]

MODELS = [
    Model(
        provider="alibaba-cn",
        model="qwen-plus",
        family="gen",
        components=("GEN",),
        context=131_072,
        capabilities=can("tools streaming"),
        pricing=(card(currency="CNY", input="0.0000008", output="0.000002"),),
    ),
    Model(
        provider="anthropic",
        model="claude-sonnet-4-5",
        display_name="Claude Sonnet 4.5",
        base_model="anthropic/claude-sonnet-4-5",
        series="claude",
        family="gen",
        components=("GEN",),
        mode="chat",
        context=200_000,
        max_input_tokens=200_000,
        max_output_tokens=64_000,
        aliases=("claude-sonnet-4-5-20250929",),
        status="active",
        release_date="2025-09-29",
        last_updated=days_ago(100),
        modalities=Modalities(input=("text", "image", "pdf"), output=("text",)),
        capabilities=can("tools vision reasoning", "audio_in"),
        verification=Verification(status="verified", last_checked=days_ago(10)),
        pricing=(
            card(
                effective_from="2025-09-29",
                source="https://docs.claude.com/en/docs/about-claude/pricing",
                input="0.000003",
                output="0.000015",
                cached_input="0.0000003",
                cache_write="0.00000375",
                cache_write_1h="0.000006",
                web_search_per_query="0.01",
                overrides=[
                    {"when": {"prompt_tokens_above": 200_000}, "input_per_token": "0.000006"},
                    {
                        "when": {"service_tier": "batch"},
                        "replace": True,
                        "input_per_token": "0.0000015",
                        "output_per_token": "0.0000075",
                    },
                    {"when": {"region": "us"}, "multiply": "1.1"},
                ],
            ),
        ),
    ),
    Model(
        provider="bedrock",
        model="anthropic.claude-sonnet-4-5-20250929-v1:0",
        base_model="anthropic/claude-sonnet-4-5",
        family="gen",
        components=("GEN",),
        context=200_000,
        pricing=(card(input="0.000003", output="0.000015"),),
    ),
    Model(
        provider="deepseek",
        model="deepseek-chat",
        base_model="deepseek/deepseek-chat",
        series="deepseek",
        family="gen",
        components=("GEN",),
        context=128_000,
        max_output_tokens=8_192,
        status="active",
        capabilities=can("tools json_mode"),
        release_date="2025-08-21",
        pricing=(
            card(effective_from="2025-02-08", input="0.00000027", output="0.0000011"),
            card(effective_from="2025-09-29", input="0.0000003", output="0.00000042"),
            card(effective_from=days_ago(-300), input="0.1", output="0.1"),
        ),
    ),
    Model(
        provider="fireworks",
        model="accounts/fireworks/models/deepseek-v3p1-terminus",
        family="gen",
        components=("GEN",),
        context=163_840,
        open_weights=True,
        license="MIT",
        capabilities=can("tools"),
        pricing=(card(input={"amount": "0.004", "per": 7_000}, output="0.00000168"),),
    ),
    Model(
        provider="google",
        model="gemini-2.0-flash-exp:free",
        family="gen",
        components=("GEN",),
        context=1_048_576,
        status="preview",
        capabilities=can("tools vision"),
        pricing=(card(input="0", output="0"),),
    ),
    Model(
        provider="google",
        model="gemini-2.5-pro",
        display_name="Gemini 2.5 Pro",
        base_model="google/gemini-2.5-pro",
        series="gemini",
        family="gen",
        components=("GEN",),
        context=1_048_576,
        max_output_tokens=65_535,
        status="active",
        release_date="2025-06-17",
        modalities=Modalities(input=("text", "image", "audio", "video"), output=("text",)),
        capabilities=can("tools vision reasoning audio_in", "audio_out"),
        pricing=(
            card(
                input="0.00000125",
                output="0.00001",
                cached_input="0.000000125",
                overrides=[
                    {
                        "when": {"prompt_tokens_above": 200_000},
                        "input_per_token": "0.0000025",
                        "output_per_token": "0.000015",
                    }
                ],
            ),
        ),
    ),
    Model(
        provider="google",
        model="gemini-embedding-001",
        family="embed",
        components=("EMB",),
        max_input_tokens=2_048,
        dimensions=3_072,
        status="active",
        pricing=(card(input="0.00000015"),),
    ),
    Model(
        provider="local",
        model="llama-3.3-70b",
        family="gen",
        components=("GEN",),
        context=131_072,
        open_weights=True,
        last_updated=days_ago(3),
        pricing=(card(input="0", output="0"),),
    ),
    Model(
        provider="openai",
        model="dall-e-3",
        components=("IMAGE",),
        mode="image_generation",
        status="deprecated",
        deprecation_date="2026-05-12",
        open_weights=False,
        pricing=(
            card(
                output_per_image="0.04",
                overrides=[{"when": {"image_quality": "hd"}, "output_per_image": "0.08"}],
            ),
        ),
    ),
    Model(
        provider="openai",
        model="gpt-4o",
        display_name="GPT-4o",
        base_model="openai/gpt-4o",
        series="gpt",
        family="gen",
        components=("GEN",),
        mode="chat",
        context=128_000,
        max_input_tokens=128_000,
        max_output_tokens=16_384,
        status="active",
        release_date="2024-05-13",
        knowledge_cutoff="2023-10",
        modalities=Modalities(input=("text", "image"), output=("text",)),
        capabilities=can("chat streaming tools vision json_mode", "reasoning"),
        pricing=(
            card(effective_from="2024-05-13", input="0.000005", output="0.000015"),
            card(
                effective_from="2024-10-02",
                source="https://openai.com/api/pricing",
                input="0.0000025",
                output="0.00001",
                cached_input="0.00000125",
                overrides=[
                    {
                        "when": {"service_tier": "batch"},
                        "replace": True,
                        "input_per_token": "0.00000125",
                        "output_per_token": "0.000005",
                    }
                ],
            ),
        ),
    ),
    Model(provider="openai", model="gpt-unpriced", family="gen", components=("GEN",), max_input_tokens=300_000),
    Model(
        provider="openai",
        model="gpt-tomorrow",
        family="gen",
        components=("GEN",),
        pricing=(card(effective_from=days_ago(-2), input="0.000001"),),
    ),
    Model(provider="openai", model="gpt-null", components=("GEN",), pricing=(card(input=None),)),
]


def write_toy(path: Path) -> Path:
    compiler.write(path, sorted(MODELS, key=lambda model: (model.provider, model.model)), PROVIDERS, "toy")
    return path


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory):
    return Snapshot(str(write_toy(tmp_path_factory.mktemp("toy") / "toy.sqlite")))


def names(models):
    return [model.model for model in models]


QWEN, SONNET, BEDROCK = "qwen-plus", "claude-sonnet-4-5", "anthropic.claude-sonnet-4-5-20250929-v1:0"
CHAT, FIREWORKS = "deepseek-chat", "accounts/fireworks/models/deepseek-v3p1-terminus"
FLASH, PRO, EMBED, LLAMA = "gemini-2.0-flash-exp:free", "gemini-2.5-pro", "gemini-embedding-001", "llama-3.3-70b"
DALLE, GPT, UNPRICED, TOMORROW, NULL = "dall-e-3", "gpt-4o", "gpt-unpriced", "gpt-tomorrow", "gpt-null"


@pytest.mark.parametrize(
    ("filters", "kept"),
    [
        ({"provider": "google"}, [FLASH, PRO, EMBED]),
        ({"provider": "Gemini"}, [FLASH, PRO, EMBED]),
        ({"provider": "text-completion-openai", "status": "deprecated"}, [DALLE]),
        ({"component": "emb"}, [EMBED]),
        ({"component": "IMAGE"}, [DALLE]),
        ({"capability": "reasoning"}, [SONNET, PRO]),
        ({"capability": ["tools", "vision"]}, [SONNET, FLASH, PRO, GPT]),
        ({"capability": []}, names(sorted(MODELS, key=lambda m: (m.provider, m.model)))),
        ({"modality": "audio"}, [PRO]),
        ({"modality": "image"}, [SONNET, PRO, GPT]),
        ({"series": "Claude"}, [SONNET]),
        ({"status": "preview"}, [FLASH]),
        ({"min_context": 200_000}, [SONNET, BEDROCK, FLASH, PRO, UNPRICED]),
        ({"min_context": 200_001}, [FLASH, PRO, UNPRICED]),  # an input that long needs a window at least as long
        ({"min_context": 300_001}, [FLASH, PRO]),
        ({"verified": True}, [SONNET]),
        ({"verified": False, "provider": "anthropic"}, []),
        ({"verified": False, "provider": "deepseek"}, [CHAT]),
        ({"open_weights": True}, [FIREWORKS, LLAMA]),
        ({"open_weights": False}, [DALLE]),
        ({"q": "sonnet"}, [SONNET, BEDROCK]),
        ({"q": "SONNET 4.5 anthropic/"}, [SONNET]),
        ({"q": "100%"}, []),
        ({"q": "20250929"}, [SONNET, BEDROCK]),
        ({"free": True}, [FLASH, LLAMA]),
        ({"free": False}, [QWEN, SONNET, BEDROCK, CHAT, FIREWORKS, PRO, EMBED, DALLE, GPT]),
        ({"max_output_per_mtok": "0.42"}, [CHAT]),
        ({"max_input_per_mtok": 3, "capability": "vision"}, [SONNET, PRO, GPT]),
        ({"max_input_per_mtok": 1, "free": True}, [FLASH, LLAMA]),
        ({"max_input_per_mtok": 1, "max_output_per_mtok": 1}, [CHAT]),
        ({"max_input_per_mtok": "0.8", "currency": "cny"}, [QWEN]),
        ({"stale_days": 5, "provider": "anthropic"}, [SONNET]),
        ({"stale_days": 50, "provider": "anthropic"}, []),  # checked ten days ago
        ({"stale_days": 0, "provider": "local"}, [LLAMA]),
        ({"stale_days": 3, "provider": "local"}, []),
        ({"stale_days": 3, "provider": "deepseek"}, [CHAT]),  # nobody ever looked
    ],
    ids=str,
)
def test_a_filter_keeps(snapshot, filters, kept):
    assert names(select(snapshot, **filters)) == kept


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ({"sort": "input"}, [EMBED, CHAT, FIREWORKS, PRO, GPT, SONNET, BEDROCK]),
        ({"sort": "input", "descending": True}, [SONNET, BEDROCK, GPT, PRO, FIREWORKS, CHAT, EMBED]),
        ({"sort": "output"}, [CHAT, FIREWORKS, PRO, GPT, SONNET, BEDROCK]),
        ({"sort": "cached_input"}, [PRO, SONNET, GPT]),
        ({"sort": "input", "free": True}, [FLASH, LLAMA]),
        ({"sort": "input", "currency": "CNY"}, [QWEN]),
        ({"sort": "input", "currency": "EUR"}, []),
        ({"sort": "release_date", "q": "g", "status": "active"}, [GPT, PRO, EMBED]),
        ({"sort": "release_date", "descending": True, "status": "active"}, [SONNET, CHAT, PRO, GPT, EMBED]),
        ({"sort": "context", "status": "active"}, [EMBED, CHAT, GPT, SONNET, PRO]),
        ({"sort": "context", "descending": True, "status": "active"}, [PRO, SONNET, CHAT, GPT, EMBED]),
        ({"sort": "id", "descending": True, "provider": "google"}, [EMBED, PRO, FLASH]),
        ({"sort": "input", "limit": 2}, [EMBED, CHAT]),
        ({"limit": 0}, []),
    ],
    ids=str,
)
def test_rows_come_in_order_and_without_a_value_last(snapshot, order, expected):
    assert names(select(snapshot, **order)) == expected


@pytest.mark.parametrize(
    ("bound", "kept"),
    [("0.3", True), (0.3, True), (Decimal("0.30"), True), ("0.29999999999999999999999999999999999999", False)],
)
def test_prices_are_compared_exactly(snapshot, bound, kept):
    """0.3 as a binary fraction is below 3e-7 × 1e6 as a sum of binary fractions; neither may decide."""
    assert (CHAT in names(select(snapshot, max_input_per_mtok=bound))) is kept


@given(bound=st.decimals(min_value=0, max_value=20, places=3), free=st.sampled_from([None, True, False]))
def test_a_price_filter_agrees_with_the_records(snapshot, bound, free):
    expected = []
    for model in Registry(snapshot).models(free=free):
        now = in_force(model.pricing)
        price = price_per_mtok(now, "input_per_token") if now else None
        is_asked_free = now is not None and now.is_free and free is True
        if is_asked_free or (price and price <= bound and now.currency == "USD"):
            expected.append(model.id)
    assert [model.id for model in select(snapshot, max_input_per_mtok=bound, free=free)] == expected


@pytest.mark.parametrize(
    ("filters", "suggestion"),
    [
        ({"capability": "visoin"}, "vision"),
        ({"capability": ["tools", "resoning"]}, "reasoning"),
        ({"component": "GENN"}, "GEN"),
        ({"status": "activ"}, "active"),
        ({"modality": "imag"}, "image"),
        ({"sort": "contxt"}, "context"),
        ({"sort": "price"}, None),
        ({"max_input_per_mtok": "cheap"}, None),
        ({"max_input_per_mtok": -1}, None),
        ({"max_input_per_mtok": float("nan")}, None),
        ({"max_input_per_mtok": True}, None),
        ({"min_context": -1}, None),
        ({"min_context": 2**63}, None),
        ({"min_context": 1.5}, None),
        ({"limit": -1}, None),
        ({"limit": True}, None),
        ({"stale_days": 10**9}, None),
    ],
    ids=str,
)
def test_a_filter_that_means_nothing_is_refused_with_the_nearest(snapshot, filters, suggestion):
    with pytest.raises(InvalidFilter) as refused:
        select(snapshot, **filters)
    assert isinstance(refused.value, ModelryError)
    assert refused.value.filter in filters
    assert (suggestion is None and "did you mean" not in str(refused.value)) or suggestion in refused.value.suggestions


def test_an_unknown_provider_is_refused_with_the_nearest(snapshot):
    with pytest.raises(UnknownProvider) as refused:
        select(snapshot, provider="opnai")
    assert refused.value.suggestions == ("openai",)


def test_an_unknown_keyword_is_a_type_error(snapshot):
    with pytest.raises(TypeError, match="colour"):
        select(snapshot, colour="red")


def test_the_typed_keywords_are_those_of_the_engine():
    assert set(Filters.__annotations__) == set(inspect.signature(matching).parameters) - {"snapshot"}


def test_records_are_whole(snapshot):
    (model,) = Registry(snapshot).models(provider="anthropic", limit=5)
    (written,) = [model for model in MODELS if model.provider == "anthropic"]
    assert (model.pricing, model.capabilities) == (written.pricing, written.capabilities)
    assert (model.context, model.modalities.input) == (200_000, ["text", "image", "pdf"])
