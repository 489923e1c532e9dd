"""The other feeds are guarded as OpenRouter's is: the same engine, whatever the vocabulary; and where each guard begins."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from refreshing import D1, D2, D3, PROJECT, body, commanded, content, laid, offered, priced, refreshed, root_at, rows

from modelry.catalog.claims import Feed, claim_of
from modelry.catalog.fold import MANAGED
from modelry.catalog.sound import ABSURD
from modelry.copies import Guards
from modelry.jsontext import loads
from modelry.pricing import Pricing
from modelry.records import Model
from modelry.refresh import fetching, guards
from modelry.refresh.guards import judged


@pytest.fixture(autouse=True)
def surroundings(monkeypatch):
    for name in ("MODEL_COST_MAP_MIN_MODEL_COUNT", "MODEL_COST_MAP_MAX_SHRINK_RATIO", "MODELRY_CATALOG"):
        monkeypatch.delenv(name, raising=False)


LISTED = {
    (provider, f"{provider}-{number:02}"): ("1", "4")
    for provider, count in {"openai": 20, "anthropic": 6, "deepseek": 5, "voyage": 8, "jina": 4, "groq": 40}.items()
    for number in range(count)
}
"""What a feed lists: provider and model, and the price of a million tokens of input and of output."""


def litellm(listed):
    return {
        f"{provider}/{model}": {
            "litellm_provider": provider, "mode": "chat", "max_input_tokens": 9_000,
            "input_cost_per_token": Decimal(one).scaleb(-6), "output_cost_per_token": Decimal(two).scaleb(-6),
        }
        for (provider, model), (one, two) in listed.items()
    }  # fmt: skip


def models_dev(listed):
    told = {}
    for (provider, model), (one, two) in listed.items():
        entry = {
            "id": model, "name": model, "limit": {"context": 9_000, "output": 900}, "cost": {"input": Decimal(one), "output": Decimal(two)},
            "modalities": {"input": ["text"], "output": ["text"]},
        }  # fmt: skip
        told.setdefault(provider, {"id": provider, "name": provider, "models": {}})["models"][model] = entry
    return told


def genai_prices(listed):
    told = {}
    for (provider, model), (one, two) in listed.items():
        entry = {"id": model, "match": {"equals": model}, "prices": {"input_mtok": Decimal(one), "output_mtok": Decimal(two)}}  # fmt: skip
        told.setdefault(provider, {"id": provider, "name": provider, "models": []})["models"].append(entry)
    return list(told.values())


WRITERS = {"litellm": litellm, "models.dev": models_dev, "genai-prices": genai_prices}
SOURCE = {"litellm": "litellm", "models.dev": "models_dev", "genai-prices": "genai_prices"}

each_feed = pytest.mark.parametrize("feed", WRITERS)


@pytest.fixture(scope="module")
def taken_in(tmp_path_factory):
    """A ROOT that took all three in on D1; its files."""
    root = root_at(tmp_path_factory.mktemp("sources"))
    report = refreshed(root, *((SOURCE[word], write(LISTED)) for word, write in WRITERS.items()), day=D1, accept=True)
    assert [(feed.rejected, feed.models) for feed in report.feeds] == [(None, len(LISTED))] * 3
    return content(root)


@pytest.fixture
def root(taken_in, tmp_path):
    return laid(taken_in, tmp_path / "root")


def take(root, feed, said, *arguments, day=D2):
    """`modelry refresh --apply` on what a feed lists, or on the bytes of a body."""
    said = said if isinstance(said, bytes) else WRITERS[feed](said)
    return commanded(root, said, "--apply", *arguments, source=feed, day=day)


def at(factor):
    return {key: tuple(str(Decimal(price) * Decimal(factor)) for price in prices) for key, prices in LISTED.items()}


def without(*providers):
    return {key: prices for key, prices in LISTED.items() if key[0] not in providers}


POISON = {
    "HTML": (b"<!DOCTYPE html>", "is no JSON"),
    "a list that stops": (b'[{"id": "openai", "models": [', "is no JSON"),
    "an error": (b'{"error": {"message": "rate limited"}}', "lists no model|is no list"),
    "nothing": ({}, "lists no model"),
    "all prices halved": (at("0.5"), "all prices changed: the median of 166 is 0.5 times"),
    "all prices of a thousandth": (at("0.001"), "all prices changed: the median of 166 is 0.001 times"),
    "a few models": (dict(list(LISTED.items())[:45]), "lists 45 models, fewer than 50"),
    "a managed provider emptied": (without("anthropic"), "lists no model of anthropic any more, and had 6"),
    "a managed provider shrunk": ({key: LISTED[key] for key in LISTED if key[0] != "openai" or key[1] < "openai-09"}, "shrank from 20 models of openai to 9"),
}  # fmt: skip


@each_feed
@pytest.mark.parametrize("poison", POISON)
def test_a_poisoned_feed_changes_nothing_and_says_why(root, feed, poison):
    said, why = POISON[poison]
    before = content(root)
    done = take(root, feed, said)
    assert (done.exit_code, content(root)) == (1, before)
    assert re.fullmatch(rf"rejected: {SOURCE[feed]}: .*(?:{why}).*\n", done.stderr), done.stderr


KEY = ("openai", "openai-03")
BAD = {
    "zeroed": (("0", "4"), "0 where it was paid"),
    "all zeroed": (("0", "0"), "0 where it was paid"),
    "times 1000": (("1000", "4000"), "changed by more than 10 times|cannot be"),
    "by 1000": (("0.001", "0.004"), "changed by more than 10 times"),
    "negative": (("-1", "4"), "below 0|is not understood"),
}


@each_feed
@pytest.mark.parametrize("bad", BAD)
def test_one_bad_row_waits_alone(root, feed, bad):
    prices, why = BAD[bad]
    before, was = content(root), rows(root)
    done = take(root, feed, {**LISTED, KEY: prices})
    assert (done.exit_code, done.stderr) == (0, "")
    assert re.search(rf"in quarantine: openai/openai-03 .*(?:{why})", done.stdout), done.stdout
    assert rows(root) == was
    assert {name for name, data in content(root).items() if data != before[name]} <= {f"data/feeds/{SOURCE[feed]}.json"}
    moved = take(root, feed, {**LISTED, KEY: prices, ("openai", "openai-04"): ("2", "8")}, "--json", day=D3)
    (told,) = loads(moved.stdout)["feeds"]
    assert {held["id"] for held in told["held"]} == {"openai/openai-03"}
    said = {row["model"]: row for row in loads((root / f"data/feeds/{SOURCE[feed]}.json").read_bytes())["models"]}
    assert said["openai-04"]["pricing"][-1]["input_per_token"] == Decimal("0.000002")
    assert said["openai-03"]["pricing"][-1]["input_per_token"] == Decimal("0.000001")


@each_feed
def test_again_or_in_another_order_it_changes_nothing(root, feed):
    before = content(root)
    for said in (LISTED, dict(reversed(LISTED.items()))):
        done = take(root, feed, said, day=D3)
        assert (done.exit_code, done.stdout, content(root)) == (0, f"{len(rows(root)):,} untouched\n", before)


@each_feed
def test_a_row_goes_and_comes_back(tmp_path, feed):
    root = root_at(tmp_path / "root")
    refreshed(root, (SOURCE[feed], WRITERS[feed](LISTED)), day=D1, accept=True)
    said = {key: prices for key, prices in LISTED.items() if key != KEY}
    before = rows(root)
    assert take(root, feed, said).exit_code == 0
    assert rows(root)["openai/openai-03"]["missing_since"] == D2
    assert "[auto-refresh]" not in rows(root)["openai/openai-03"].get(
        "notes", ""
    )  # OpenRouter's feed alone writes that
    done = take(root, feed, LISTED, day=D3)
    assert (done.exit_code, "missing_since" in rows(root)["openai/openai-03"]) == (0, False)
    assert rows(root).keys() == before.keys()


def test_a_row_that_went_does_not_wait_for_another_of_its_name_that_cannot_be_read(tmp_path):
    def entry(provider):
        return {"litellm_provider": provider, "mode": "chat", "input_cost_per_token": 1e-6}

    root = root_at(tmp_path / "root")
    said = litellm(LISTED) | {"groq/twin": entry("groq"), "openai/twin": entry("openai")}
    refreshed(root, ("litellm", said), day=D1, accept=True)
    del said["openai/twin"]
    done = commanded(root, said | {"groq/twin": {**entry("groq"), "mode": ["chat"]}}, "--apply", source="litellm")
    assert (done.exit_code, done.stderr) == (0, "")
    assert rows(root)["openai/twin"]["missing_since"] == D2
    assert "missing_since" not in rows(root)["groq/twin"]


@pytest.mark.parametrize(("word", "maker"), [("x-ai", "xai"), ("mistralai", "mistral"), ("cohere", "cohere")])
def test_a_makers_row_waits_by_whatever_name_the_feed_has_for_the_maker(tmp_path, word, maker):
    root = root_at(tmp_path / "root")
    refreshed(root, body(), day=D1, accept=True)
    before = content(root)
    said = body(**{f"{word.replace('-', '_')}__m_02": offered(f"{word}/m-02") | {"pricing": 7}})
    done = commanded(root, said, "--apply")
    assert (done.exit_code, content(root)) == (0, before)
    for name in (f"{maker}/m-02", f"openrouter/{word}/m-02"):
        assert f"in quarantine: {name} row" in done.stdout


def test_a_maker_of_whom_openrouter_lists_nothing_any_more_waits(tmp_path):
    """z-ai is nobody whose own rows OpenRouter keeps: its forty offerings there wait, `solo` with its two is listed no longer."""
    root = root_at(tmp_path / "root")
    refreshed(root, body(), day=D1, accept=True)
    said = body()
    said["data"] = [row for row in said["data"] if not row["id"].startswith(("z-ai/", "solo/"))]
    before = rows(root)
    done = commanded(root, said, "--apply")
    assert "in quarantine: openrouter/z-ai models 40 -> 0: the provider is listed no more" in done.stdout
    assert (done.exit_code, done.stderr) == (0, "")
    gone = {name for name, row in rows(root).items() if row != before[name]}
    assert gone == {"openrouter/solo/m-00", "openrouter/solo/m-00:free"}
    assert commanded(root, said, "--apply", "--accept", day=D3).exit_code == 0
    assert sum("missing_since" in row for row in rows(root).values()) == 42


# Where each guard begins


def many(count, provider="p", price="1"):
    card = Pricing.from_dict({"input_per_token": Decimal(price).scaleb(-6), "output_per_token": "0.000004"})
    return [Model(provider=provider, model=f"{provider}-{number:03}", pricing=(card,)) for number in range(count)]


def verdict(before, now, day=D2):
    return judged(Feed("litellm", D1, [claim_of("litellm", model, D1) for model in before]), now, (), day, accept=False)


EDGES = {
    "fifty models": (many(60), many(50), None),
    "one less": (many(60), many(49), "fewer than 50"),
    "half of them": (many(120), many(60), None),
    "one less than half": (many(121), many(60), "shrank from 121 models to 60"),
    "half of a provider of six": (many(60) + many(6, "cohere"), many(60) + many(3, "cohere"), None),
    "less than half of it": (many(60) + many(6, "cohere"), many(60) + many(2, "cohere"), "shrank from 6 models of cohere to 2"),
    "one of a provider of four": (many(60) + many(4, "cohere"), many(60) + many(1, "cohere"), None),
    "none of a provider of one": (many(60) + many(1, "cohere"), many(60), "lists no model of cohere"),
    "one of a provider that is not managed": (many(60) + many(9, "q"), many(60) + many(1, "q"), None),
}  # fmt: skip


@pytest.mark.parametrize("edge", EDGES)
def test_how_few_are_too_few(edge):
    before, now, why = EDGES[edge]
    found = verdict(before, now).rejected
    assert found is None if why is None else why in found


@pytest.mark.parametrize(
    ("price", "rejected"),
    [("1.79", False), ("1.8", True), ("0.56", False), ("0.555", True), ("10.1", True), ("1", False)],
)
def test_from_which_shift_of_all_prices_on_a_feed_is_rejected(price, rejected):
    """Input alone moves: were output counted as if it stood still, the median would be 1."""

    def alone(price):
        card = Pricing.from_dict({"input_per_token": Decimal(price).scaleb(-6)})
        return [Model(provider="p", model=f"p-{number:03}", pricing=(card,)) for number in range(60)]

    assert bool(verdict(alone("1"), alone(price)).rejected) is rejected


@pytest.mark.parametrize(("moved", "rejected"), [(29, False), (31, True)])
def test_it_is_the_median_that_counts(moved, rejected):
    now = [*many(60)[moved:], *at_price("0.4", many(60)[:moved])]
    assert bool(verdict(many(60), now).rejected) is rejected


def at_price(factor, models):
    def scaled(card):
        return card._replace(rates={meter: rate * Decimal(factor) for meter, rate in card.rates.items()})

    return [Model(provider=one.provider, model=one.model, pricing=tuple(map(scaled, one.pricing))) for one in models]


@pytest.mark.parametrize(("day", "taken"), [("2026-05-31", False), (D1, True), (D2, True)])
def test_a_body_of_the_same_day_is_not_an_older_one(day, taken):
    assert (verdict(many(60), many(60), day).rejected is None) is taken


@pytest.mark.parametrize("prompt", ["0.0011", "1", "-0.000002"])
def test_a_new_model_at_an_impossible_price_has_none(tmp_path, prompt):
    root = root_at(tmp_path / "root")
    refreshed(root, body(), day=D1, accept=True)
    done = commanded(root, body(openai__gpt_new=priced("openai/gpt-new", prompt, prompt)), "--apply")
    row = rows(root)["openai/gpt-new"]
    assert (done.exit_code, row["input_per_1k"], row["notes"]) == (0, None, "[auto-refresh] pricing_unknown=true")


def test_the_dearest_possible_price_is_one(tmp_path):
    root = root_at(tmp_path / "root")
    refreshed(root, body(), day=D1, accept=True)
    assert commanded(root, body(openai__gpt_new=offered("openai/gpt-new", "0.001", "0.001")), "--apply").exit_code == 0
    assert rows(root)["openai/gpt-new"]["input_per_1k"] == 1


def test_the_page_for_operators_says_the_numbers():
    """Who changes a guard changes its sentence."""
    page = " ".join((PROJECT / "docs/refresh.md").read_text().split())
    usual, most = Guards(), fetching.LIMITS
    for said in (
        f"lists fewer than {usual.min_models} models | `MODEL_COST_MAP_MIN_MODEL_COUNT`",
        f"`MODEL_COST_MAP_MAX_SHRINK_RATIO`, {usual.max_shrink};",
        f"their median by {guards.MEDIAN_SHIFT} times or more", f"changed by more than {guards.MOST_TIMES} times",
        f"more than {guards.MOST_TIMES} times away from the base price", f"above ${ABSURD * 1_000_000:,.0f} per 1M tokens",
        f"{most.downloaded >> 20} MiB sent, {most.body >> 20} MiB unpacked, {most.seconds:g} s", "had five rows or more",
    ):  # fmt: skip
        assert said in page
    assert {f"`{maker}`" for maker in MANAGED} <= set(re.findall(r"`\w+`", page))
