"""The past: what the makers' pages said on a day, and how the changes that registries made become dated cards."""

from __future__ import annotations

import json
import sys
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

import modelry
from modelry.catalog import rows
from modelry.formats import litellm
from modelry.pricing import Override, Pricing
from modelry.rates import spans, timeline
from modelry.records import Model

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "scripts" / "registry"))
import history  # noqa: E402 - the importer is a script beside its tables

OPENAI = "https://openai.com/index/"
ANTHROPIC = "https://www.anthropic.com/news/"
GOOGLE = "https://developers.googleblog.com/en/"
DEEPSEEK = "https://api-docs.deepseek.com/"
MISTRAL = "https://mistral.ai/news/"
COHERE = "https://docs.cohere.com/changelog/"

PAGES = [  # model, day, USD for a million tokens of input and of output, the maker's page that says so
    ("openai/gpt-3.5-turbo", "2023-03-01", "2", "2", OPENAI + "introducing-chatgpt-and-whisper-apis/"),
    ("openai/gpt-3.5-turbo", "2023-06-12", "2", "2", OPENAI + "introducing-chatgpt-and-whisper-apis/"),
    ("openai/gpt-3.5-turbo", "2023-06-13", "1.5", "2", OPENAI + "function-calling-and-other-api-updates/"),
    ("openai/gpt-3.5-turbo", "2024-02-15", "1.5", "2", OPENAI + "function-calling-and-other-api-updates/"),
    ("openai/gpt-3.5-turbo", "2024-02-16", "0.5", "1.5", OPENAI + "new-embedding-models-and-api-updates/"),
    ("openai/gpt-3.5-turbo-0301", "2023-05-01", "2", "2", OPENAI + "introducing-chatgpt-and-whisper-apis/"),
    ("openai/gpt-3.5-turbo-16k", "2023-06-20", "3", "4", OPENAI + "function-calling-and-other-api-updates/"),
    ("openai/gpt-3.5-turbo-1106", "2023-11-06", "1", "2", OPENAI + "new-models-and-developer-products-announced-at-devday/"),
    ("openai/gpt-3.5-turbo-0125", "2024-02-20", "0.5", "1.5", OPENAI + "new-embedding-models-and-api-updates/"),
    ("openai/ft:gpt-3.5-turbo", "2023-09-01", "12", "16", OPENAI + "gpt-3-5-turbo-fine-tuning-and-api-updates/"),
    ("openai/ft:gpt-3.5-turbo", "2023-11-06", "3", "6", OPENAI + "new-models-and-developer-products-announced-at-devday/"),
    ("openai/gpt-4", "2023-03-14", "30", "60", OPENAI + "gpt-4-research/"),
    ("openai/gpt-4-32k", "2023-03-14", "60", "120", OPENAI + "gpt-4-research/"),
    ("openai/gpt-4-1106-preview", "2023-11-06", "10", "30", OPENAI + "new-models-and-developer-products-announced-at-devday/"),
    ("openai/gpt-4o", "2024-05-20", "5", "15", "https://platform.openai.com/docs/models/gpt-4o"),
    ("openai/gpt-4o", "2024-10-01", "5", "15", "https://platform.openai.com/docs/models/gpt-4o"),
    ("openai/gpt-4o", "2024-10-02", "2.5", "10", "https://platform.openai.com/docs/models/gpt-4o"),
    ("openai/gpt-4o-2024-05-13", "2024-09-01", "5", "15", "https://community.openai.com/t/introducing-structured-outputs/896022"),
    ("openai/gpt-4o-2024-08-06", "2024-08-06", "2.5", "10", "https://community.openai.com/t/introducing-structured-outputs/896022"),
    ("openai/gpt-4o-mini", "2024-07-18", "0.15", "0.6", OPENAI + "gpt-4o-mini-advancing-cost-efficient-intelligence/"),
    ("openai/gpt-4.1", "2025-04-14", "2", "8", OPENAI + "gpt-4-1/"),
    ("openai/gpt-4.1-mini", "2025-04-14", "0.4", "1.6", OPENAI + "gpt-4-1/"),
    ("openai/gpt-4.1-nano", "2025-04-14", "0.1", "0.4", OPENAI + "gpt-4-1/"),
    ("openai/o3", "2025-05-01", "10", "40", "https://community.openai.com/t/o3-is-80-cheaper-and-introducing-o3-pro/1284925"),
    ("openai/o3", "2025-06-10", "2", "8", "https://community.openai.com/t/o3-is-80-cheaper-and-introducing-o3-pro/1284925"),
    ("openai/gpt-5", "2025-08-07", "1.25", "10", OPENAI + "introducing-gpt-5-for-developers/"),
    ("openai/gpt-5-mini", "2025-08-07", "0.25", "2", OPENAI + "introducing-gpt-5-for-developers/"),
    ("openai/gpt-5-nano", "2025-08-07", "0.05", "0.4", OPENAI + "introducing-gpt-5-for-developers/"),
    ("openai/gpt-5.6-luna", "2026-07-29", "1", "6", "https://developers.openai.com/api/docs/changelog"),
    ("openai/gpt-5.6-luna", "2026-07-30", "0.2", "1.2", "https://developers.openai.com/api/docs/changelog"),
    ("openai/gpt-5.6-sol", "2026-08-20", "5", "30", "https://developers.openai.com/api/docs/changelog"),
    ("openai/gpt-5.6-sol", "2026-08-21", "4", "20", "https://developers.openai.com/api/docs/changelog"),
    ("openai/text-embedding-ada-002", "2023-01-15", "0.4", None, OPENAI + "new-and-improved-embedding-model/"),
    ("openai/text-embedding-ada-002", "2023-06-13", "0.1", None, OPENAI + "function-calling-and-other-api-updates/"),
    ("openai/text-embedding-3-small", "2024-01-25", "0.02", None, OPENAI + "new-embedding-models-and-api-updates/"),
    ("openai/text-embedding-3-large", "2024-01-25", "0.13", None, OPENAI + "new-embedding-models-and-api-updates/"),
    ("anthropic/claude-2.0", "2023-09-01", "11.02", "32.68", "https://www-files.anthropic.com/production/images/model_pricing_july2023.pdf"),
    ("anthropic/claude-3-opus-20240229", "2024-03-04", "15", "75", ANTHROPIC + "claude-3-family"),
    ("anthropic/claude-3-sonnet-20240229", "2024-03-04", "3", "15", ANTHROPIC + "claude-3-family"),
    ("anthropic/claude-3-haiku-20240307", "2024-03-13", "0.25", "1.25", ANTHROPIC + "claude-3-family"),
    ("anthropic/claude-3-5-sonnet-20240620", "2024-06-20", "3", "15", ANTHROPIC + "claude-3-5-sonnet"),
    ("anthropic/claude-3-5-haiku-20241022", "2024-12-02", "1", "5", ANTHROPIC + "trainium2-and-distillation"),
    ("anthropic/claude-3-5-haiku-20241022", "2024-12-03", "0.8", "4", ANTHROPIC + "trainium2-and-distillation"),
    ("bedrock/anthropic.claude-3-5-haiku-20241022-v1:0", "2024-12-03", "0.8", "4", ANTHROPIC + "trainium2-and-distillation"),
    ("anthropic/claude-3-7-sonnet-20250219", "2025-02-24", "3", "15", ANTHROPIC + "claude-3-7-sonnet"),
    ("anthropic/claude-opus-4-20250514", "2025-05-22", "15", "75", ANTHROPIC + "claude-4"),
    ("anthropic/claude-sonnet-4-20250514", "2025-05-22", "3", "15", ANTHROPIC + "claude-4"),
    ("anthropic/claude-opus-4-1", "2025-08-05", "15", "75", ANTHROPIC + "claude-opus-4-1"),
    ("anthropic/claude-sonnet-4-5", "2025-09-29", "3", "15", ANTHROPIC + "claude-sonnet-4-5"),
    ("anthropic/claude-haiku-4-5", "2025-10-15", "1", "5", ANTHROPIC + "claude-haiku-4-5"),
    ("anthropic/claude-opus-4-5", "2025-11-24", "5", "25", ANTHROPIC + "claude-opus-4-5"),
    ("google/gemini-1.5-pro", "2024-09-30", "3.5", "10.5", GOOGLE + "updated-gemini-models-reduced-15-pro-pricing-increased-rate-limits-and-more/"),
    ("google/gemini-1.5-pro", "2024-10-01", "1.25", "5", GOOGLE + "updated-gemini-models-reduced-15-pro-pricing-increased-rate-limits-and-more/"),
    ("google/gemini-1.5-flash", "2024-08-11", "0.35", "1.05", "https://ai.google.dev/gemini-api/docs/changelog"),
    ("google/gemini-1.5-flash", "2024-08-12", "0.075", "0.3", "https://ai.google.dev/gemini-api/docs/changelog"),
    ("google/gemini-3.6-flash", "2026-08-12", "1.5", "7.5", "https://ai.google.dev/gemini-api/docs/pricing"),
    ("google/gemini-3.6-flash", "2026-08-13", "0.75", "3.75", "https://ai.google.dev/gemini-api/docs/pricing"),
    ("deepseek/deepseek-chat", "2024-12-26", "0.14", "0.28", DEEPSEEK + "news/news0802"),
    ("deepseek/deepseek-chat", "2025-02-10", "0.27", "1.1", DEEPSEEK + "quick_start/pricing"),
    ("deepseek/deepseek-chat", "2025-09-10", "0.56", "1.68", DEEPSEEK + "news/news250821"),
    ("deepseek/deepseek-chat", "2025-09-29", "0.28", "0.42", DEEPSEEK + "news/news250929"),
    ("deepseek/deepseek-reasoner", "2025-01-20", "0.55", "2.19", DEEPSEEK + "quick_start/pricing"),
    ("deepseek/deepseek-reasoner", "2025-09-10", "0.56", "1.68", DEEPSEEK + "news/news250821"),
    ("mistral/mistral-large-2407", "2024-09-16", "3", "9", MISTRAL + "september-24-release"),
    ("mistral/mistral-large-2407", "2024-09-17", "2", "6", MISTRAL + "september-24-release"),
    ("mistral/open-mistral-nemo", "2024-09-16", "0.3", "0.3", MISTRAL + "september-24-release"),
    ("mistral/open-mistral-nemo", "2024-09-17", "0.15", "0.15", MISTRAL + "september-24-release"),
    ("mistral/mistral-small", "2024-09-17", "0.2", "0.6", MISTRAL + "september-24-release"),
    ("mistral/mistral-medium-latest", "2025-05-07", "0.4", "2", MISTRAL + "mistral-medium-3"),
    ("cohere/command-r-08-2024", "2024-08-30", "0.15", "0.6", COHERE + "command-gets-refreshed"),
    ("cohere/command-r-plus-08-2024", "2024-08-30", "2.5", "10", COHERE + "command-gets-refreshed"),
    ("xai/grok-code-fast-1", "2025-08-28", "0.2", "1.5", "https://x.ai/news/grok-code-fast-1"),
    ("xai/grok-code-fast-1", "2026-05-15", "1", "2", "https://docs.x.ai/developers/migration/may-15-retirement"),
]  # fmt: skip


def test_the_table_is_of_many_days_and_models():
    assert len({(model, day) for model, day, *_ in PAGES}) == len(PAGES) >= 40
    assert len({model for model, *_ in PAGES}) >= 40


@pytest.mark.parametrize(("model", "day", "per_input", "per_output", "page"), PAGES, ids=lambda value: str(value)[-40:])
def test_a_call_of_the_past_costs_what_the_makers_page_said(model, day, per_input, per_output, page):
    a_few = 1_000  # far from any price for long prompts
    asked = modelry.Usage(input=a_few, output=a_few if per_output else 0)
    estimate = modelry.cost(model, asked, at=day)
    million = {line.meter: line.amount / a_few * 1_000_000 for line in estimate.lines}
    assert million["input_per_token"] == Decimal(per_input)
    assert million.get("output_per_token") == (Decimal(per_output) if per_output else None)
    assert estimate.complete
    assert page.startswith("https://")


# What the catalogue says of the past


@pytest.fixture(scope="module")
def catalogue():
    data = (ROOT / "data" / "models.json").read_bytes()
    return {model.id: model for model in rows.load(data, "data/models.json").models}


@pytest.fixture(scope="module")
def dated(catalogue):
    """Rows of the registry that have more than one card."""
    return [
        model
        for model in catalogue.values()
        if len(model.pricing) > 1 and model.provenance.get("pricing", model.provenance["default"]) == "registry"
    ]


def test_every_past_card_of_the_registry_has_its_source_and_its_day(dated):
    assert len(dated) >= 60
    for model in dated:
        for span in spans(model.pricing):
            if span.until:
                assert span.card.source, model.id
                assert span.card.since or span.until > "2026-11-20", model.id


def test_cards_stand_in_the_order_of_time(catalogue):
    for model in catalogue.values():
        days = [card.since or "" for card in model.pricing]
        assert days == sorted(days), model.id


def test_no_step_of_the_registry_is_empty(dated):
    for model in dated:
        for (_, before), (_, after) in zip(line := timeline(model.pricing), line[1:], strict=False):
            said = [(card.rates, card.overrides, card.currency) for card in (before, after)]
            assert said[0] != said[1], model.id


def test_todays_map_for_litellm_knows_nothing_of_the_past(dated):
    now = [replace(model, pricing=(timeline_now(model),)) for model in dated]
    assert litellm.write(dated, day="2026-11-20") == litellm.write(now, day="2026-11-20")


def timeline_now(model):
    return rows.card_on(model.pricing, "2026-11-20")._replace(effective_from=None, observed=None)


def test_a_past_card_that_says_input_and_output_alone_assumes_the_rest_and_says_so():
    estimate = modelry.cost("azure/gpt-4o", input=1_000, cached_input=1_000, service_tier="batch", at="2024-12-24")
    assert {line.meter: line.assumed for line in estimate.lines} == {
        "input_per_token": True,
        "cached_input_per_token": True,
    }
    assert estimate.warnings
    assert estimate.total_cost == Decimal("0.01")


# How changes become cards

NEWS = "models.dev"
MAP = "litellm map, by way of tokencost"
GENAI = "genai-prices"


def price(text):
    """`5/15` as USD per token."""
    per_input, per_output = (Decimal(side) / 1_000_000 for side in text.split("/"))
    return per_input, per_output


def change(day, old, new, registry=NEWS):
    return history.Change(day, registry, "maker", "model", price(old), price(new))


def told(changes, now, **facts):
    """The prices of one entry as text, each with its day; and the changes by their fate."""
    line, fates = history.past([change(*one) for one in changes], price(now), **facts)
    return [f"{seen.day} {(seen.price[0] * 1_000_000).normalize():f}".strip() for seen in line], dict(fates)


A_CARD = "a card"
CASES = {
    "a cut": ([("2025-03-01", "5/15", "2.5/10")], "2.5/10", ["5", "2025-03-01 2.5"], {A_CARD: 1}),
    "two cuts": (
        [("2025-03-01", "5/15", "2.5/10"), ("2025-09-01", "2.5/10", "2/8")], "2/8",
        ["5", "2025-03-01 2.5", "2025-09-01 2"], {A_CARD: 2},
    ),
    "the price in force is another": ([("2025-03-01", "5/15", "2.5/10")], "2/8", ["2"],
                                      {"does not lead to the price in force": 1}),
    "a gap": ([("2025-03-01", "9/15", "8/15"), ("2025-09-01", "5/15", "2.5/10")], "2.5/10",
              ["5", "2025-09-01 2.5"], {"before a gap": 1, A_CARD: 1}),
    "there and back": ([("2026-06-02", "0.3/1.2", "0.6/2.4"), ("2026-06-25", "0.6/2.4", "0.3/1.2")], "0.3/1.2",
                       ["0.3"], {"there and back": 2}),
    "back and there, after a cut": (
        [("2025-03-01", "5/15", "2/8"), ("2025-04-01", "2/8", "1/4"), ("2025-04-03", "1/4", "2/8")], "2/8",
        ["5", "2025-03-01 2"], {"there and back": 2, A_CARD: 1},
    ),
    "from unknown": ([("2025-03-01", "0/0", "5/15")], "5/15", ["5"], {"0 stands for unknown": 1}),
    "one side unknown": ([("2025-03-01", "2.5/0", "2.5/10")], "2.5/10", ["2.5"], {"0 stands for unknown": 1}),
    "an embedding's output is 0": ([("2025-03-01", "0.4/0", "0.1/0")], "0.1/0", ["0.4", "2025-03-01 0.1"], {A_CARD: 1}),
    "a slip of ten": ([("2025-03-01", "10/50", "1/5")], "1/5", ["1"], {"mended: ten times apart": 1}),
    "a slip of a thousand on one side": ([("2025-03-01", "1/5000", "1/5")], "1/5", ["1"],
                                         {"mended: ten times apart": 1}),
    "swapped": ([("2025-03-01", "15/5", "5/15")], "5/15", ["5"], {"mended: swapped": 1}),
    "another region's price": ([("2025-03-01", "5/25", "5.5/27.5")], "5.5/27.5", ["5.5"],
                               {"mended: within a tenth": 1}),
    "a rounding of a conversion": ([("2025-03-01", "2.73/8.2", "2.7/8.1")], "2.7/8.1", ["2.7"],
                                   {"mended: within a tenth": 1}),
    "dearer": ([("2025-03-01", "0.1/0.4", "0.15/0.6")], "0.15/0.6", ["0.15"], {"mended: dearer, by one witness": 1}),
    "dearer, and two saw it": (
        [("2025-03-01", "0.1/0.4", "0.15/0.6"), ("2025-03-09", "0.1/0.4", "0.15/0.6", MAP)], "0.15/0.6",
        ["0.1", "2025-03-01 0.15"], {A_CARD: 1, "a card, by another registry": 1},
    ),
    "genai-prices alone": ([("2025-07-04", "3/15", "2.5/10", GENAI)], "2.5/10", ["2.5"],
                           {"mended: by genai-prices alone": 1}),
    "what was mended was so from the change before": (
        [("2025-03-17", "3/12", "1.21/4.84"), ("2025-05-07", "1.21/4.84", "1.1/4.4")], "1.1/4.4",
        ["3", "2025-03-17 1.1"], {A_CARD: 1, "mended: within a tenth": 1},
    ),
    "mended twice on a day, in whatever order": (
        [("2025-10-15", "1/1.25", "1/5"), ("2025-10-15", "3/15", "1/1.25")], "1/5",
        ["1"], {"mended: ten times apart": 1, "mended: dearer, by one witness": 1},
    ),
    "the first registry's day": (
        [("2025-06-11", "10/40", "2/8"), ("2025-07-05", "10/40", "2/8", GENAI)], "2/8",
        ["10", "2025-06-11 2"], {A_CARD: 1, "a card, by another registry": 1},
    ),
    "the day of the same step in another region": (
        [("2025-03-17", "3/12", "1.21/4.84", MAP), ("2025-07-03", "3/12", "1.1/4.4")], "1.1/4.4",
        ["3", "2025-03-17 1.1"], {A_CARD: 1, "does not lead to the price in force": 1},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "now", "line", "fates"), CASES.values(), ids=CASES)
def test_a_repricing_is_told_from_a_mended_error(changes, now, line, fates):
    assert told(changes, now) == (line, fates)


def test_a_new_models_first_entry_is_still_being_mended():
    changes = [("2026-05-31", "0.5/3", "0.25/1.5")]
    assert told(changes, "0.25/1.5", released="2026-05-28") == (["0.25"], {"mended: just released": 1})
    assert told(changes, "0.25/1.5", released="2026")[0] == ["0.5", "2026-05-31 0.25"]


def test_the_makers_own_step_is_a_witness():
    changes = [("2025-07-05", "10/40", "2/8", GENAI)]
    home = [(price("10/40"), price("2/8"))]
    assert told(changes, "2/8", released="2025-06-01", home=home)[0] == ["10", "2025-07-05 2"]


NOW = Pricing(
    {"input_per_token": price("2/8")[0], "output_per_token": price("2/8")[1], "cached_input_per_token": Decimal(0)},
    source="the page",
)


def a_model(**fields):
    return Model(**{"provider": "maker", "model": "model", "pricing": (NOW,)} | fields)


def with_past(model, *changes, decided=()):
    models = {model.id: model}
    names = {"models.dev": {"Maker": "maker"}, "litellm": {"maker": "maker"}, "genai_prices": {}}
    seen = [one._replace(provider="Maker") for one in changes]
    made, fates = history.with_past(models, seen, decided=decided, names_in=names.__getitem__)
    return list(made[model.id].pricing), fates


CUTS = (change("2025-03-01", "5/15", "2.5/10"), change("2025-09-01", "2.5/10", "2/8"))


def test_the_cards_of_a_line_say_what_was_seen_where_and_when():
    cards, fates = with_past(a_model(), *CUTS)
    assert [(card.observed, card.source, card.rates) for card in cards] == [
        ("2025-02-28", "models.dev, until 2025-03-01", dict(zip(history._SIDES, price("5/15"), strict=True))),
        ("2025-03-01", "models.dev, until 2025-09-01", dict(zip(history._SIDES, price("2.5/10"), strict=True))),
        ("2025-09-01", "the page", NOW.rates),
    ]
    assert fates == Counter({"a card": 2})
    assert [since for since, _ in timeline(cards)] == ["", "2025-03-01T00:00:00Z", "2025-09-01T00:00:00Z"]


LONG = Override(({"prompt_tokens_above": 200_000},), {"input_per_token": Decimal(1)})


@pytest.mark.parametrize(
    ("model", "fate"),
    [
        (a_model(model="another"), "no entry has this name"),
        (a_model(provider="elsewhere"), "its provider has no entries"),
        (a_model(model="model-0801", aliases=("model",)), "an alias, which may have meant another model"),
        (a_model(pricing=(NOW._replace(effective_from="2025-01-01"),)), "already dated"),
        (a_model(pricing=(NOW, NOW._replace(observed="2025-01-01"))), "already dated"),
        (a_model(pricing=(NOW._replace(currency="EUR"),)), "already dated"),
        (a_model(pricing=(NOW._replace(overrides=(LONG,)),)), "priced by length or request, too"),
        (a_model(pricing=(NOW._replace(rates={**NOW.rates, "per_request": Decimal(1)}),)), "priced by length or request, too"),
        (a_model(pricing=()), "has no price for input and output"),
        (a_model(pricing=(NOW._replace(rates={"per_query": Decimal(1)}),)), "has no price for input and output"),
    ],
)  # fmt: skip
def test_what_has_no_place_for_the_past_stays_as_it_is(model, fate):
    assert with_past(model, *CUTS) == (list(model.pricing), Counter({fate: 2}))


def test_what_a_hand_decided_stands():
    assert with_past(a_model(), *CUTS, decided={"maker/model"}) == ([NOW], Counter({"decided by hand": 2}))


def test_a_name_in_another_spelling_is_the_entrys_own():
    cards, _ = with_past(a_model(model="Model"), *CUTS)
    assert len(cards) == 3


def test_a_history_file_is_read_exactly(tmp_path):
    said = {"input_per_mtok": 0.1, "output_per_mtok": 30, "new_input_per_mtok": 0.07, "new_output_per_mtok": 3e-2}
    both = [
        said | {"observed": day, "provider": None, "model": "m", "source": GENAI}
        for day in ("2025-02-01", "2025-01-01")
    ]
    (file := tmp_path / "changes.json").write_text(json.dumps(both))
    first, second = history.read(file)
    assert (first.day, second.day) == ("2025-01-01", "2025-02-01")
    assert first.step == ((Decimal("1E-7"), Decimal("0.00003")), (Decimal("7E-8"), Decimal("3E-8")))


# Spans


def test_spans_tell_when_each_card_prices_a_call():
    wrong = NOW._replace(rates={"input_per_token": Decimal(9)}, observed="2025-01-01")
    right = NOW._replace(observed="2025-02-01", correction=True)
    tomorrow = (datetime.now(UTC).date() + timedelta(days=1)).isoformat()
    later = NOW._replace(effective_from=tomorrow)
    assert spans((wrong, right, later)) == [
        (None, None, False, wrong),
        (None, f"{tomorrow}T00:00:00Z", True, right),
        (f"{tomorrow}T00:00:00Z", None, True, later),
    ]
    assert spans(()) == []
    assert date.fromisoformat(tomorrow) > datetime.now(UTC).date()
