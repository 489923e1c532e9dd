"""The whole catalogue refreshed from OpenRouter's real feed, and from copies of it in which everything happens.

Once in a checkout with its YAML, once in a deployment that has the packaged catalogue alone. Where the real feed is not
at hand, a body is made of what our claims keep of it.
"""

from __future__ import annotations

import re
import shutil
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path

import pytest
from refreshing import FEEDS, PROJECT, WORDS, commanded, content, offered, refreshed, rows
from serving import full_root
from test_refresh import shuffled
from test_refresh_guards import Pages, chain
from test_remote import Site

from modelry.catalog import claims, files
from modelry.catalog.check import check
from modelry.catalog.feeds import FORMATS
from modelry.catalog.store import Store
from modelry.catalog.unify import rewritten, rules_of
from modelry.formats import exported
from modelry.identity import spelling_of
from modelry.jsontext import dumps, loads
from modelry.pricing import Pricing
from modelry.records import Model
from modelry.refresh.cards import newest, prices_of
from modelry.registry import Registry

SHIPPED = claims.load((PROJECT / "data/feeds/openrouter.json").read_bytes(), "openrouter")
SAID = SHIPPED.as_of
REAL = FEEDS / f"openrouter-{SAID}.json"
LAST = date.fromisoformat(loads((PROJECT / files.CATALOGUE).read_bytes())["last_updated"][:10])
MOVED, BACK = str(LAST + timedelta(days=1)), str(LAST + timedelta(days=2))
"""After everything that anybody has said."""
MARK = "[auto-refresh] deprecated_on="


@pytest.fixture(scope="module")
def real():
    """The body of /api/v1/models."""
    if REAL.is_file():
        return loads(REAL.read_bytes())
    said = (claim for claim in SHIPPED.claims if claim.provider == "openrouter" and "missing_since" not in claim.fields)
    own = [Model(provider=claim.provider, model=claim.model, **claim.fields) for claim in said]
    return loads(exported("openrouter", own, day=SAID))


@pytest.fixture(scope="module")
def place(request, tmp_path_factory, real):
    """A ROOT that has taken the real feed in, what its rows are then, and what the run came to."""
    root = tmp_path_factory.mktemp("full")
    if request.param == "with YAML":
        full_root(root)
        before = rows(root)
    else:
        before = {
            row["provider"] + "/" + row["model"]: row
            for row in loads((PROJECT / files.CATALOGUE).read_bytes())["models"]
        }
    report = refreshed(root, real, day=SAID)
    return Place(root, request.param == "with YAML", before, report)


class Place:
    def __init__(self, root, has_yaml, shipped, first):
        self.root, self.has_yaml, self.shipped, self.first = root, has_yaml, shipped, first
        self.known = rows(root)


anywhere = pytest.mark.parametrize(
    "place",
    [pytest.param(name, marks=pytest.mark.xdist_group(f"refresh-{name}")) for name in ("with YAML", "without")],
    indirect=True, scope="module",
)  # fmt: skip


def gone(found):
    return {name for name, row in found.items() if "missing_since" in row or MARK in row.get("notes", "")}


def twins(root):
    """Names of a provider that mean two of its rows, by spelling or by a rule that learns nothing."""
    manifests = {provider.id: provider for provider in Registry.open().providers()}
    meant = defaultdict(set)
    for row in rows(root).values():
        for name in (row["model"], row.get("model_id", row["model"]), *row.get("aliases", ())):
            meant[row["provider"], spelling_of(name)].add(row["model"])
    found = {key: models for key, models in meant.items() if len(models) > 1}
    for row in rows(root).values():
        for name in rewritten(row["model"], rules_of(manifests.get(row["provider"]))):
            if others := meant.get((row["provider"], spelling_of(name)), set()) - {row["model"]}:
                found[row["provider"], row["model"]] = others
    return found


# The real feed as it is


@anywhere
def test_the_real_feed_is_taken_in(place, real):
    (feed,) = place.first.feeds
    assert (feed.rejected, feed.held) == (None, [])
    assert feed.models > len(real["data"]) > 300
    if place.has_yaml and REAL.is_file():  # it is what the shipped claims were made of
        assert (place.first.pending, place.first.written, place.known) == (False, (), place.shipped)


@anywhere
def test_no_row_comes_goes_or_is_deprecated(place):
    assert place.known.keys() == place.shipped.keys()
    assert gone(place.known) <= gone(place.shipped)


@anywhere
def test_no_model_stands_there_under_two_spellings(place):
    assert twins(place.root) == {}


@anywhere
def test_a_deployment_has_the_same_prices_and_names_as_the_checkout(place):
    """The packaged catalogue was folded from better sources: OpenRouter's word alone does not undo that."""
    fields = (
        "input_per_1k",
        "output_per_1k",
        "display_name",
        "mode",
        "family",
        "components",
        "modalities",
        "knowledge_cutoff",
    )
    assert [
        (name, field, row.get(field), place.shipped[name].get(field))
        for name, row in place.known.items()
        for field in fields if row.get(field) != place.shipped[name].get(field)
    ] == []  # fmt: skip


@anywhere
def test_again_or_in_another_order_it_changes_nothing(place, real):
    before = content(place.root)
    for said in (real, shuffled(real)):
        report = refreshed(place.root, said, day=BACK if said is not real else SAID)
        assert (report.pending, report.written) == (False, ())
    assert content(place.root) == before


@anywhere
def test_in_pages_it_is_the_same(place, real, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "*")
    before = content(place.root)
    site = Site()
    try:
        pages = Pages(site)
        pages.page = chain(real, 60).get
        done = pages.take(place.root, "--as-of", SAID)
    finally:
        site.close()
    assert (done.exit_code, done.stderr, len(site.seen)) == (0, "", -(-len(real["data"]) // 60))
    assert content(place.root) == before


# Somebody in the middle


def halved(row):
    prices = {key: Decimal(price) for key, price in row["pricing"].items() if isinstance(price, str)}
    return {
        **row,
        "pricing": {key: format(price / 2, "f") if price > 0 else str(price) for key, price in prices.items()},
    }


def one(edit):
    """An edit of one row alone: a maker's whose own row has the feed's price."""

    def edited(real, known):
        name = next(iter(Chosen(real, known).own))
        return {**real, "data": [edit(row) if row["id"] == name else row for row in real["data"]]}

    return edited


def every(edit):
    return lambda real, _: {**real, "data": [row for row in map(edit, real["data"]) if row]}


def times(row, factor):
    return row | {"pricing": {**row["pricing"], "prompt": format(Decimal(row["pricing"]["prompt"]) * factor, "f")}}


ATTACKS = {
    "halves all prices": (every(halved), 1, "rejected: openrouter: has all prices changed: the median of .* is 0.5 times"),
    "zeroes one": (one(lambda row: times(row, 0)), 0, "in quarantine: .* 0 where it was paid"),
    "multiplies one by 1000": (one(lambda row: times(row, 1000)), 0, "in quarantine: .*(?:more than 10 times|cannot be)"),
    "empties a managed provider": (every(lambda row: row if not row["id"].startswith("cohere/") else None), 1, "rejected: openrouter: lists no model of cohere any more"),
    "empties another provider": (every(lambda row: row if not row["id"].startswith("qwen/") else None), 0, "in quarantine: openrouter/qwen models .*the provider is listed no more"),
}  # fmt: skip


@anywhere
@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attackers_feed_changes_nothing_without_a_person(place, real, attack):
    edit, status, told = ATTACKS[attack]
    before = content(place.root)
    done = commanded(place.root, edit(real, place.known), "--apply", day=MOVED)
    assert done.exit_code == status
    assert re.search(told, done.stdout + done.stderr), done.stdout + done.stderr
    assert content(place.root) == before


# Mutated copies


def price_of(card):
    found = prices_of(newest([Pricing.from_dict(one) for one in card]))
    return found.get("input_per_token"), found.get("output_per_token")


class Chosen:
    """Rows of the real feed to which things happen, all of makers whose own rows agree with the feed's price."""

    def __init__(self, real, known, makers=WORDS):
        by_word = {word: maker for maker, word in makers.items()}
        rows_of = {
            spelling_of(name): name for name, row in known.items() if row["provider"] in makers and "context" in row
        }
        self.rows = {row["id"]: row for row in real["data"]}
        self.own = {}
        for name, row in self.rows.items():
            word, _, model = name.partition("/")
            own = rows_of.get(spelling_of(f"{by_word.get(word)}/{model}"))
            if own is None or ":" in name or gone({own: known[own]}):
                continue
            prices = tuple(Decimal(row["pricing"].get(key, "-1")) for key in ("prompt", "completion"))
            if min(prices) > 0 and price_of(known[own].get("pricing", ())) == prices:
                self.own[name] = own
        assert len(self.own) > 30
        names = iter(self.own)
        self.removed = [next(names) for _ in range(3)]
        self.repriced, self.pinned, self.tiered, self.silent, self.variable = (next(names) for _ in range(5))
        self.unmanaged = next(name for name in self.rows if name.startswith("qwen/"))

    def said(self, real):
        prices = self.rows[self.pinned]["pricing"]
        changed = {
            self.repriced: {"pricing": {**self.rows[self.repriced]["pricing"], **self.doubled(self.repriced)}},
            self.pinned: {
                "pricing": {**prices, **self.doubled(self.pinned)},
                "context_length": self.context(self.pinned),
            },
            self.tiered: {
                "pricing": {
                    **self.rows[self.tiered]["pricing"],
                    "overrides": [{"min_prompt_tokens": 1000, **self.doubled(self.tiered)}],
                }
            },
            self.silent: {"pricing": {}},
            self.variable: {"pricing": {"prompt": "-1", "completion": "-1"}},
        }
        data = [
            {**row, **changed.get(name, {})}
            for name, row in self.rows.items()
            if name not in (*self.removed, self.unmanaged)
        ]
        image = {"input_modalities": ["text"], "output_modalities": ["image"]}
        data += [
            offered("openai/gpt-brand-new"), offered("openai/gpt-unpriced", None, None), offered("x-ai/grok-variable", "-1", "-1"),
            offered(f"{self.repriced}:of-ours"), offered("openai/picture-9", architecture=image), offered("voyage/voyage-9"),
        ]  # fmt: skip
        return {**real, "data": data}

    def context(self, name):
        return self.rows[name]["context_length"] + 1_000

    def doubled(self, name):
        return {key: format(2 * Decimal(self.rows[name]["pricing"][key]), "f") for key in ("prompt", "completion")}


class Changed:
    """A copy of a place after the mutated feed, and after the real one again."""

    def __init__(self, root, place, real):
        self.root = shutil.copytree(place.root, root)
        self.chosen = chosen = Chosen(real, place.known)
        provider, _, model = chosen.own[chosen.pinned].partition("/")
        pins = {
            "input_per_1k": Decimal("0.000777"),
            "base_url": "https://mine.example/v1",
            "components": ["GEN", "RERANK"],
        }
        Store(root).upsert({"provider": provider, "model": model, "notes": "Ours.", **pins}, "ann")
        self.before = rows(root)
        self.report = refreshed(root, chosen.said(real), day=MOVED)
        self.after = rows(root)
        self.twins = twins(root)
        self.again = refreshed(root, shuffled(chosen.said(real)), day=BACK)
        self.returned = refreshed(root, real, day=BACK)
        self.at_last = rows(root)


@pytest.fixture(scope="module")
def changed(place, real, tmp_path_factory):
    return Changed(tmp_path_factory.mktemp("changed") / "root", place, real)


@anywhere
def test_removed_rows_stay_and_are_marked(changed):
    chosen = changed.chosen
    own = {chosen.own[name] for name in chosen.removed}
    theirs = {f"openrouter/{name}" for name in (*chosen.removed, chosen.unmanaged)}
    assert {*changed.report.deprecated} == gone(changed.after) - gone(changed.before) == own | theirs
    for name in own:
        assert changed.after[name]["notes"].endswith(f"{MARK}{MOVED}")
        assert changed.after[name].get("pricing") == changed.before[name].get("pricing")
    assert changed.before.keys() <= changed.after.keys()


@anywhere
def test_returned_rows_are_as_before(changed):
    for name in changed.report.deprecated:
        assert changed.at_last[name].get("notes") == changed.before[name].get("notes")
        assert "missing_since" not in changed.at_last[name]
    assert {*changed.report.deprecated} <= {*changed.returned.returned}
    new = {"openai/gpt-brand-new", "openai/gpt-unpriced", "xai/grok-variable"}
    assert new <= {*changed.returned.deprecated}


@anywhere
def test_a_changed_price_is_a_new_card_and_is_taken_back(changed):
    name = changed.chosen.own[changed.chosen.repriced]
    old, new, last = (found[name] for found in (changed.before, changed.after, changed.at_last))
    assert [new[field] for field in ("input_per_1k", "output_per_1k")] == [
        2 * old[field] for field in ("input_per_1k", "output_per_1k")
    ]
    assert (new["pricing"][:-1], new["pricing"][-1]["observed"]) == (old["pricing"], MOVED)
    assert [last[field] for field in ("input_per_1k", "output_per_1k")] == [
        old[field] for field in ("input_per_1k", "output_per_1k")
    ]
    assert len(last["pricing"]) == len(old["pricing"]) + 2


@anywhere
def test_missing_and_variable_prices_wait_for_a_person(changed):
    (feed,) = changed.report.feeds
    names = {
        name
        for one in (changed.chosen.silent, changed.chosen.variable)
        for name in (f"openrouter/{one}", changed.chosen.own[one])
    }
    assert {spelling_of(held.id) for held in feed.held} == {spelling_of(name) for name in names}
    assert {held.id for held in changed.again.feeds[0].held} == {held.id for held in feed.held}
    for name in names:
        assert changed.after[name].get("pricing") == changed.before[name].get("pricing")


@anywhere
def test_new_models_are_added_with_a_price_or_without(changed):
    priced, *unpriced = (
        changed.after[name] for name in ("openai/gpt-brand-new", "openai/gpt-unpriced", "xai/grok-variable")
    )
    assert (priced["input_per_1k"], priced.get("notes")) == (loads("0.001"), None)
    for row in unpriced:
        assert (row["input_per_1k"], row["output_per_1k"], row["notes"]) == (
            None,
            None,
            "[auto-refresh] pricing_unknown=true",
        )
    new = {f"{row['provider']}/{row['model']}" for row in changed.report.new}
    assert new == {
        "openai/gpt-brand-new", "openai/gpt-unpriced", "xai/grok-variable", "openrouter/openai/gpt-brand-new",
        "openrouter/openai/gpt-unpriced", "openrouter/x-ai/grok-variable", "openrouter/openai/picture-9",
        "openrouter/voyage/voyage-9", f"openrouter/{changed.chosen.repriced}:of-ours",
    }  # fmt: skip


@anywhere
def test_overrides_price_long_calls(changed):
    name = changed.chosen.own[changed.chosen.tiered]
    assert changed.after[name]["pricing"][:-1] == changed.before[name]["pricing"]
    rate = price_of(changed.before[name]["pricing"])[0]
    (override,) = changed.after[name]["pricing"][-1]["overrides"]
    assert (override["when"], override["input_per_token"]) == ({"prompt_tokens_above": 1000}, 2 * rate)


@anywhere
def test_an_operators_pins_are_kept(changed):
    name = changed.chosen.own[changed.chosen.pinned]
    for found in (changed.after, changed.at_last):
        row = found[name]
        assert (row["input_per_1k"], row["base_url"], row["notes"]) == (
            loads("0.000777"),
            "https://mine.example/v1",
            "Ours.",
        )
        assert row["components"] == ["GEN", "RERANK"]
    doubled = Decimal(changed.chosen.doubled(changed.chosen.pinned)["completion"])
    assert changed.after[name]["output_per_1k"] == doubled * 1000
    assert changed.after[name]["context"] == changed.chosen.context(changed.chosen.pinned)


def said_of(row):
    """A row without what follows from the day: whether it is retired, and which of its cards is in force."""
    return {
        name: value
        for name, value in row.items()
        if name not in {"status", "provenance", "last_updated", "input_per_1k", "output_per_1k"}
    }


@anywhere
def test_nobody_elses_rows_change(changed):
    """Of other providers than OpenRouter and the makers none; of these, the chosen rows alone."""
    chosen = changed.chosen
    meant = {*chosen.removed, chosen.repriced, chosen.pinned, chosen.tiered}
    due = {name for one in meant for name in (chosen.own[one], f"openrouter/{one}")} | {
        f"openrouter/{chosen.unmanaged}"
    }
    moved = {name for name, row in changed.before.items() if said_of(changed.after[name]) != said_of(row)}
    assert moved <= due | {f"openrouter/{name}" for name in (chosen.silent, chosen.variable)}
    assert due <= moved


@anywhere
def test_it_stays_one_catalogue_in_step(changed):
    assert changed.twins == {}
    assert (changed.again.pending, changed.again.written) == (False, ())
    assert twins(changed.root) == {}
    assert check(changed.root) == []
    catalogue, mirror = ((changed.root / path).read_bytes() for path in (files.CATALOGUE, files.MIRROR))
    assert catalogue == mirror


# A first fetch is compared with what the package knows


@pytest.mark.parametrize("poison", ["halved", "one zeroed"])
def test_a_poisoned_first_fetch_is_no_way_in(tmp_path, real, poison):
    said = loads(dumps(real))
    paid = [row for row in said["data"] if Decimal(row["pricing"].get("prompt", "-1")) > 0 and ":" not in row["id"]]
    if poison == "halved":
        for row in said["data"]:
            row["pricing"] = {
                key: format(Decimal(price) / 2, "f") for key, price in row["pricing"].items() if Decimal(price) >= 0
            }
    else:
        paid[0]["pricing"] = {"prompt": "0", "completion": "0"}
    root = tmp_path / "root"
    root.mkdir()
    done = commanded(root, said, "--apply", day=SAID)
    if poison == "one zeroed":
        assert f"in quarantine: openrouter/{paid[0]['id']} input" in done.stdout
        row = rows(root)[f"openrouter/{paid[0]['id']}"]
        assert row["input_per_1k"] > 0
    else:
        assert done.exit_code == 1
        assert [path.name for path in root.rglob("*") if path.is_file()] == [".writer"]


# All feeds


def bodies():
    """A body of each feed: the real ones, else what the installed peers bring, else what our claims keep of them."""
    if REAL.is_file():
        newest_of = {source: max(FEEDS.glob(f"{form.word}-*.json")) for source, form in FORMATS.items()}
        return {source: loads(path.read_bytes()) for source, path in newest_of.items()}
    from genai_prices.data import providers

    manifests = Registry.open().providers()
    kept = {source: claims.load((PROJECT / f"data/feeds/{source}.json").read_bytes(), source) for source in FORMATS}
    listed = {
        source: [
            Model(provider=one.provider, model=one.model, **one.fields)
            for one in feed.claims
            if "missing_since" not in one.fields and (source != "openrouter" or one.provider == source)
        ]
        for source, feed in kept.items()
    }
    costs = Path(find_spec("litellm").origin).with_name("model_prices_and_context_window_backup.json")
    return {
        "litellm": loads(costs.read_bytes()),
        "models_dev": loads(exported("models.dev", listed["models_dev"], [], manifests=manifests)),
        "genai_prices": list(providers),
        "openrouter": loads(exported("openrouter", listed["openrouter"])),
    }


def test_all_four_feeds_are_taken_in_at_once(tmp_path):
    root = full_root(tmp_path)
    report = refreshed(root, *bodies().items(), day=MOVED)
    assert [feed.rejected for feed in report.feeds] == [None] * 4
    assert (report.new, report.merged) == ([], [])
    assert {feed.source for feed in report.feeds if feed.held} <= {"genai_prices"}  # an older one than what was shipped
    assert check(root) == []
    assert twins(root) == {}
