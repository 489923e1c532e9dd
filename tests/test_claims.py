"""Claims: what a feed said, and since when; nothing that it ever said of a price is overwritten."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from decimal import Decimal
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import cards
from test_fold import BODIES, DAYS, values

import modelry
from modelry import Registry
from modelry.authoring.load import load_providers
from modelry.catalog import claims
from modelry.catalog.claims import FEEDS, Feed, accept, dump, load, same_card
from modelry.catalog.feeds import FORMATS, take
from modelry.errors import CatalogRejected
from modelry.jsontext import loads
from modelry.pricing import Override, Pricing
from modelry.records import Modalities, Model

ROOT = Path(__file__).parents[1]
SOURCE = str(Path(modelry.__file__).parents[1])
D1, D2, D3, D4 = "2026-01-01", "2026-02-02", "2026-03-03", "2026-04-04"


def card(price, **dates):
    return Pricing({"input_per_token": Decimal(price), "output_per_token": Decimal(1)}, **dates)


def model(name="m", price=None, **fields):
    return Model(provider="p", model=name, pricing=(card(price),) if price else (), **fields)


def fetched(*fetches):
    """The feed after these fetches: (day, models)."""
    feed = None
    for day, *models in fetches:
        feed = accept(feed, "litellm", models, day)
    return feed


def only(feed):
    (claim,) = feed.claims
    return claim


def prices(claim):
    """(observed, price) of each card."""
    return [(one.observed, one.rates["input_per_token"]) for one in claim.fields["pricing"]]


# Days


def test_a_claim_keeps_the_day_on_which_it_was_first_said():
    claim = only(fetched((D1, model(price="0.1", context=1)), (D2, model(price="0.1", context=1))))
    assert (claim.since, claim.changed) == (D1, {})
    assert claim.day("context") == claim.day("pricing") == D1
    assert prices(claim) == [(D1, Decimal("0.1"))]


def test_a_field_that_changed_has_its_own_day():
    claim = only(
        fetched(
            (D1, model(context=1, license="x")),
            (D2, model(context=2, license="x")),
            (D3, model(context=2, license="x")),
        )
    )
    assert (claim.since, claim.changed) == (D1, {"context": D2})
    assert only(accept(Feed("litellm", D3, [claim]), "litellm", [model(context=1)], D4)).changed == {"context": D4}


def test_a_field_that_came_later_has_its_own_day():
    assert only(fetched((D1, model()), (D2, model(context=1)))).changed == {"context": D2}


def test_a_field_that_the_feed_says_no_more_is_forgotten():
    claim = only(fetched((D1, model(context=1, license="x")), (D2, model(license="x"))))
    assert claim.fields == {"license": "x"}


@pytest.mark.parametrize(
    "value", [("GEN",), Modalities(input=("text", "image"), output=("text",))], ids=["list", "modalities"]
)
def test_a_list_that_stays_keeps_its_day_through_the_file(value):
    name = "components" if isinstance(value, tuple) else "modalities"
    first = load(dump(fetched((D1, model(**{name: value})))), "x")
    again = accept(first, "litellm", [model(**{name: value})], D2)
    assert again == first._replace(as_of=D2)


# Prices


def test_a_price_that_changed_is_a_further_card():
    claim = only(
        fetched((D1, model(price="0.1")), (D2, model(price="0.2")), (D3, model(price="0.1")), (D4, model(price="0.1")))
    )
    assert prices(claim) == [(D1, Decimal("0.1")), (D2, Decimal("0.2")), (D3, Decimal("0.1"))]
    assert claim.day("pricing") == D3


@pytest.mark.parametrize(
    ("new", "is_new"),
    [("0.1000000000999", False), ("0.0999999999001", False), ("0.10000000011", True), ("0.1001", True)],
)
def test_float_noise_is_no_change(new, is_new):
    claim = only(fetched((D1, model(price="0.1")), (D2, model(price=new))))
    assert len(claim.fields["pricing"]) == 1 + is_new
    assert ("pricing" in claim.changed) is is_new


def test_noise_does_not_add_up_to_a_drift():
    """Each fetch is compared with what was first said, not with the last noise."""
    steps = [model(price=str(Decimal("0.1") * (1 + n * Decimal("6e-10")))) for n in range(4)]
    claim = only(fetched(*((f"2026-01-0{n + 1}", step) for n, step in enumerate(steps))))
    assert [day for day, _ in prices(claim)] == ["2026-01-01", "2026-01-03"]


def test_a_price_that_the_feed_says_no_more_ends():
    feed = fetched((D1, model(price="0.1")), (D2, model()), (D3, model()))
    assert prices(only(feed)) == [(D1, Decimal("0.1")), (D2, None)]
    assert prices(only(accept(feed, "litellm", [model(price="0.1")], D4)))[2] == (D4, Decimal("0.1"))
    assert "pricing" not in only(fetched((D1, model()), (D2, model()))).fields


def test_a_feed_that_dates_its_cards_tells_their_history():
    """The undated card of a dated history holds since ever: it is not one of the day of the fetch."""
    history = (card("0.1"), card("0.2", effective_from="2025-05-05"))
    said = Model(provider="p", model="m", pricing=history)
    claim = only(fetched((D1, model(price="0.2")), (D2, said), (D3, said)))
    assert tuple(claim.fields["pricing"]) == history
    assert claim.day("pricing") == D2
    later = only(accept(Feed("litellm", D3, [claim]), "litellm", [model(price="0.3")], D4))
    assert tuple(later.fields["pricing"]) == (*history, card("0.3", observed=D4))


def test_no_dated_history_of_the_catalogue_is_hidden_by_an_undated_card():
    for feed in shipped():
        for claim in feed.claims:
            said = claim.fields.get("pricing", ())
            assert not any(one.effective_from for one in said) or said[0].observed is None, claim


any_card = cards.map(lambda one: one._replace(effective_from=None, observed=None))


@given(st.lists(any_card, min_size=1, max_size=5))
def test_no_card_is_ever_overwritten(said):
    """After every fetch the cards of before are the first of those after it, and the last is what was said."""
    feed, before = None, ()
    for n, one in enumerate(said):
        feed = accept(feed, "litellm", [Model(provider="p", model="m", pricing=(one,))], f"2026-01-0{n + 1}")
        after = only(feed).fields["pricing"]
        assert tuple(after[: len(before)]) == tuple(before)
        assert same_card(after[-1], one)
        before = after
    assert all(not same_card(old, new) for old, new in pairwise(before))


CHANGES = {
    "a rate": card("0.2"),
    "another meter": Pricing(card("0.1").rates | {"per_request": Decimal(1)}),
    "a meter less": Pricing({"input_per_token": Decimal("0.1")}),
    "unknown": Pricing(card("0.1").rates | {"output_per_token": None}),
    "currency": card("0.1")._replace(currency="CNY"),
    "an override": card("0.1")._replace(overrides=(Override(({"service_tier": "batch"},), {}),)),
}


@pytest.mark.parametrize("change", CHANGES)
def test_any_change_of_a_card_shows(change):
    assert same_card(card("0.1"), card("0.1", observed=D1, source="x"))
    assert not same_card(card("0.1"), CHANGES[change])
    assert not same_card(CHANGES[change], card("0.1"))


# Missing and back


def test_what_a_feed_lists_no_more_stays_with_the_day():
    feed = fetched((D1, model("a", "0.1"), model("b")), (D2, model("b")), (D3, model("b")))
    gone = next(claim for claim in feed.claims if claim.model == "a")
    assert gone.fields["missing_since"] == D2
    assert (gone.since, gone.day("missing_since"), gone.day("pricing")) == (D1, D2, D1)
    assert prices(gone) == [(D1, Decimal("0.1"))]


def test_what_a_feed_lists_again_is_not_missing():
    there = model("a", "0.1")
    claim = only(fetched((D1, there), (D2,), (D3, there)))
    assert (claim.since, dict(claim.changed)) == (D1, {})
    assert "missing_since" not in claim.fields
    assert prices(claim) == [(D1, Decimal("0.1"))]


def test_a_feed_that_lists_one_offering_twice_means_the_first():
    assert only(fetched((D1, model(context=1), model(context=2)))).fields == {"context": 1}


def test_claims_stand_in_order_whatever_that_of_the_feed():
    assert fetched((D1, model("b"), model("a"))) == fetched((D1, model("a"), model("b")))


# Twice is once


@st.composite
def models(draw):
    """A model as a reader of a feed makes it."""
    names = draw(st.lists(st.sampled_from(sorted(values.keys() - {"missing_since"})), max_size=6, unique=True))
    said = {name: draw(values[name]) for name in names}
    name = draw(st.sampled_from(["a", "b", "c/d", "e:free"]))
    return Model(provider="p", model=name, pricing=tuple(draw(st.lists(any_card, max_size=1))), **said)


@given(st.lists(st.lists(models(), max_size=4), min_size=1, max_size=3))
def test_the_same_fetch_on_a_later_day_changes_nothing(fetches):
    feed = None
    for n, listed in enumerate(fetches):
        feed = accept(feed, "litellm", listed, f"2026-01-0{n + 1}")
    again = accept(feed, "litellm", fetches[-1], "2026-12-31")
    assert again._replace(as_of=feed.as_of) == feed
    through_the_file = accept(load(dump(feed), "x"), "litellm", fetches[-1], "2026-12-31")
    assert dump(through_the_file._replace(as_of=feed.as_of)) == dump(feed)


@given(st.lists(models(), max_size=5), st.lists(models(), max_size=5))
def test_a_file_says_what_was_dumped(first, second):
    feed = accept(accept(None, "models_dev", first, D1), "models_dev", second, D2)
    assert load(dump(feed), "x") == feed
    assert dump(load(dump(feed), "x")) == dump(feed)


def shipped():
    return [load(path.read_bytes(), path.name) for path in sorted((ROOT / "data/feeds").glob("*.json"))]


def test_the_shipped_claims_are_written_as_they_are_read():
    for path in sorted((ROOT / "data/feeds").glob("*.json")):
        assert dump(load(path.read_bytes(), path.name)) == path.read_bytes()


def _installed(source):
    """A real body: what an installed peer brings."""
    if source == "genai_prices":
        from genai_prices.data import providers

        return list(providers)
    spec = find_spec("litellm")
    return loads(Path(spec.origin).with_name("model_prices_and_context_window_backup.json").read_bytes())


@pytest.mark.parametrize("source", ["litellm", "genai_prices"])
def test_a_real_feed_taken_in_twice_is_the_same_bytes(source, tmp_path):
    body, providers = _installed(source), load_providers(ROOT / "v1")
    assert take(tmp_path, source, body, D1, providers).changed
    path = tmp_path / f"data/feeds/{source}.json"
    first = path.read_bytes()
    assert not take(tmp_path, source, body, D2, providers).changed
    assert path.read_bytes() == first
    path.unlink()
    assert take(tmp_path, source, body, D1, providers).report == take(tmp_path, source, body, D2, providers).report


def test_a_body_of_before_the_last_one_is_not_taken_in(tmp_path):
    body = BODIES["litellm"]
    take(tmp_path, "litellm", body, D3, ())
    first = (tmp_path / "data/feeds/litellm.json").read_bytes()
    older = take(tmp_path, "litellm", {"gpt-4.1": body["gpt-4.1"]}, D2, ())
    assert (older.changed, len(older.report)) == (False, 1)
    assert (tmp_path / "data/feeds/litellm.json").read_bytes() == first


# Whole bodies


@pytest.mark.parametrize("source", FEEDS)
@pytest.mark.parametrize("other", FEEDS)
def test_a_feed_is_no_other_feed(source, other, tmp_path):
    if source == other:
        assert take(tmp_path, source, BODIES[source], D1, ()).report == []
        return
    with pytest.raises(CatalogRejected):
        take(tmp_path, source, BODIES[other], D1, ())
    assert list(tmp_path.iterdir()) == []


EMPTY = {"litellm": {}, "models_dev": {}, "openrouter": {"data": []}, "genai_prices": []}
ERRORS = (
    {"error": {"message": "rate limited", "code": 429}},
    {"data": {}},
    [],
    {},
    None,
    "",
    0,
    [[]],
    {"data": [None]},
)


@pytest.mark.parametrize("source", FEEDS)
def test_a_body_that_lists_nothing_takes_nothing_away(source, tmp_path):
    providers = load_providers(ROOT / "v1")
    take(tmp_path, source, BODIES[source], D1, providers)
    before = (tmp_path / f"data/feeds/{source}.json").read_bytes()
    for body in (EMPTY[source], *ERRORS):
        with pytest.raises(CatalogRejected):
            take(tmp_path, source, body, D2, providers)
    assert (tmp_path / f"data/feeds/{source}.json").read_bytes() == before


@pytest.mark.parametrize(
    "data",
    [
        b"", b"[]", b"{}", b"null", b"nonsense", b'{"source":"litellm","as_of":"2026-01-01"}',
        b'{"source":"litellm","as_of":"2026-01-01","models":[{}]}',
        b'{"source":"litellm","as_of":"2026-01-01","models":[{"provider":"p","model":"m"}]}',
        b'{"source":"litellm","as_of":"2026-01-01","models":[{"provider":"p","model":"m","since":"x","odd":1}]}',
        b'{"source":"litellm","as_of":"2026-01-01","models":[{"provider":"p","model":"m","since":"x","pricing":[{"input_per_token":-1}]}]}',
    ],
)  # fmt: skip
def test_a_file_that_is_none_is_refused(data):
    with pytest.raises(CatalogRejected, match=r"^x: is no file of claims"):
        load(data, "x")


# As people run it


def run(root, *arguments, text=None):
    env = {key: value for key, value in os.environ.items() if not key.startswith("MODELRY")} | {"PYTHONPATH": SOURCE}
    command = [sys.executable, "-m", "modelry", *arguments, "--data", str(root)]
    return subprocess.run(command, env=env, input=text, capture_output=True, timeout=60, check=False)


MANIFESTS = {"openai": "openai", "openrouter": "openrouter", "anthropic": "anthropic"}


@pytest.fixture
def root(tmp_path):
    """A ROOT with a v1/ of three providers and one model, and the bodies of four feeds beside it."""
    for folder in ("v1/providers", "v1/models"):
        (tmp_path / folder).mkdir(parents=True)
    for name in MANIFESTS:
        maker = "" if name == "openrouter" else f"maker: {name}\nnames:\n  openrouter: [{name}]\n"
        (tmp_path / f"v1/providers/{name}.yaml").write_text(f"id: {name}\nname: {name}\n{maker}")
    entry = "updated: 2026-03-01\nmodels:\n  openai/gpt-4.1:\n    context_window: 1000000\n"
    (tmp_path / "v1/models/gpt.yaml").write_text(entry)
    for source, body in BODIES.items():
        (tmp_path / f"{source}.json").write_text(json.dumps(body))
    return tmp_path


def content(root):
    """Every file of a ROOT with a hash of its bytes."""
    return {
        path.relative_to(root): hashlib.sha256(path.read_bytes()).digest() for path in root.rglob("*") if path.is_file()
    }


NAMES = {"litellm": "litellm", "models_dev": "models.dev", "genai_prices": "genai-prices", "openrouter": "openrouter"}


def test_four_feeds_in_and_a_catalogue_out(root):
    for source, day in DAYS.items():
        done = run(root, "import", NAMES[source], str(root / f"{source}.json"), "--as-of", day)
        assert (done.returncode, done.stderr) == (0, b""), done.stderr
    built = run(root, "build")
    assert (built.returncode, built.stdout.splitlines()[0]) == (0, b"2 models (2 priced) of 2 providers")
    before = content(root)
    assert (root / "data/models.json").read_bytes() == (root / "web/public/models.json").read_bytes()
    assert run(root, "check").returncode == 0

    for source in DAYS:  # again, a day later
        again = run(root, "import", NAMES[source], str(root / f"{source}.json"), "--as-of", "2026-11-19")
        assert again.stdout.endswith(b"nothing new\n")
    assert b"wrote" not in run(root, "build").stdout
    assert content(root) == before

    body = json.dumps(BODIES["litellm"]).replace("2e-06", "3e-06").encode()
    assert run(root, "import", "litellm", "-", "--as-of", "2026-11-20", text=body).returncode == 0
    stale = run(root, "check")
    assert (stale.returncode, len(stale.stderr.splitlines())) == (1, 2)
    assert run(root, "build").returncode == 0
    assert run(root, "check").returncode == 0
    registry = Registry.open(root / "data/models.json")
    dated = [(one.observed, one.rates["input_per_token"]) for one in registry.get("openai/gpt-4.1").pricing]
    assert dated == [("2026-11-01", Decimal("0.000002")), ("2026-11-20", Decimal("0.000003"))]
    assert registry.cost("gpt-4.1", input=1_000_000, at="2026-11-10").total_cost == 2
    assert registry.cost("gpt-4.1", input=1_000_000, at="2026-11-20T12:00:00Z").total_cost == 3


BAD = {
    "HTML": b"<!DOCTYPE html><html><body>502 Bad Gateway</body></html>",
    "truncated": json.dumps(BODIES["litellm"]).encode()[:-40],
    "a list": b'[{"litellm_provider": "openai"}]',
    "an empty object": b"{}",
    "not JSON": b"model,price\ngpt-4.1,2\n",
    "0 bytes": b"",
    "NaN": b'{"gpt-4.1": {"litellm_provider": "openai", "input_cost_per_token": NaN}}',
    "binary": b"\x1f\x8b\x08\x00\xff\xfe\x00",
    "an error": b'{"error": {"message": "rate limited"}}',
    "deeply nested": b"[" * 100_000,
    "another feed": json.dumps(BODIES["openrouter"]).encode(),
    "a huge number": b'{"m": {"litellm_provider": "p", "max_tokens": 1' + b"0" * 5_000 + b"}}",
}


@pytest.mark.parametrize("bad", BAD)
def test_a_bad_file_is_one_line_and_changes_nothing(bad, root):
    assert run(root, "import", "litellm", str(root / "litellm.json"), "--as-of", D1).returncode == 0
    (root / "bad.json").write_bytes(BAD[bad])
    before = content(root)
    done = run(root, "import", "litellm", str(root / "bad.json"), "--as-of", D2)
    assert (done.returncode, done.stdout) == (1, b"")
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert content(root) == before


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["litellm", "no such file.json"], 1),
        (["litellm"], 2),
        (["nonsense", "litellm.json"], 2),
        (["litellm", "litellm.json", "--installed"], 2),
        (["openrouter", "--installed"], 1),
        (["litellm", "litellm.json", "--as-of", "yesterday"], 2),
    ],
)
def test_a_wrong_call_changes_nothing(arguments, status, root):
    before = content(root)
    arguments = [str(root / one) if one.endswith(".json") else one for one in arguments]
    done = run(root, "import", *arguments)
    assert (done.returncode, done.stdout) == (status, b"")
    assert b"Traceback" not in done.stderr
    assert content(root) == before


def test_a_broken_file_of_claims_is_told(root):
    (root / "data/feeds").mkdir(parents=True)
    (root / "data/feeds/litellm.json").write_text("{")
    for arguments in (["import", "litellm", str(root / "litellm.json")], ["build"], ["check"]):
        done = run(root, *arguments)
        assert (done.returncode, len(done.stderr.splitlines())) == (1, 1), done.stderr
        assert b"litellm.json" in done.stderr


def test_every_feed_has_a_reader_and_a_word_on_the_command_line():
    from modelry.cli.importing import SOURCES

    assert set(FORMATS) == set(FEEDS) == set(claims.FEEDS) == set(SOURCES.values())
