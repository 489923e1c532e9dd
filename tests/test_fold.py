"""The fold: whatever the order in which sources spoke, one row comes of it, and each of its fields has an owner."""

from __future__ import annotations

from decimal import Decimal
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import cards

from modelry.authoring.load import load_providers
from modelry.catalog import rows
from modelry.catalog.build import Sources, fold_all, read_sources
from modelry.catalog.claims import FEEDS, Claim
from modelry.catalog.feeds import take
from modelry.catalog.fold import fold
from modelry.catalog.lineage import Lineage
from modelry.jsontext import dumps
from modelry.pricing import Pricing
from modelry.rates import timeline
from modelry.records import MODEL_FIELDS, Modalities, Model, Provider, family_of, is_said
from modelry.registry import Registry

SOURCES = ("registry", *FEEDS)
RANK = ("registry", "litellm", "models_dev", "genai_prices", "openrouter")
DERIVED = ("status", "last_updated", "provenance", "provider", "model")
TOGETHER = ("capabilities", "extensions")
NO_TABLE = Path("no such table")

days = st.dates().map(str)
limits = st.sampled_from([1_000, 8_000, 128_000, 200_000, 1_000_000])
words = st.text("abc", min_size=1, max_size=3)


def _modest(one):
    """The card at prices of this world, without dates."""
    rates = {meter: rate.scaleb(-17) if isinstance(rate, Decimal) else rate for meter, rate in one.rates.items()}
    return one._replace(rates=rates, effective_from=None, observed=None, correction=False)


said_alone = cards.filter(lambda one: one.is_known and not one.is_free).map(_modest)
"""What a feed says of prices: one card without dates of its own."""


def _use(mode):
    family, components = family_of(mode)
    return {"mode": mode, "family": family, "components": components}


uses = st.sampled_from(["chat", "embedding", "rerank", "image_generation"]).map(_use)
values = {
    "display_name": words, "context": limits, "max_input_tokens": limits, "max_output_tokens": limits,
    "dimensions": limits, "unit": st.sampled_from(["1k_tokens", "request"]), "base_url": words.map("https://{}".format),
    "aliases": st.lists(st.sampled_from(["m-latest", "m-2024-05-13", "n", "o"]), min_size=1, unique=True).map(tuple),
    "capabilities": st.dictionaries(st.sampled_from(["tools", "vision", "pdf"]), st.booleans(), min_size=1),
    "extensions": st.dictionaries(st.sampled_from(FEEDS), st.just({"key": 1}), min_size=1),
    "modalities": st.just(Modalities(input=("text",), output=("text",))), "notes": words, "license": words,
    "status": st.sampled_from(["active", "deprecated"]), "open_weights": st.booleans(),
    "release_date": days, "deprecation_date": days, "missing_since": days,
}  # fmt: skip


@st.composite
def claims_of(draw, source, provider="openai", model="m"):
    """Any claim of a source; its price cards are dated as `accept` dates them."""
    names = draw(st.lists(st.sampled_from(sorted(values)), max_size=6, unique=True))
    fields = {name: draw(values[name]) for name in names} | (draw(uses) if draw(st.booleans()) else {})
    since = draw(days)
    changed = {name: max(since, draw(days)) for name in names if draw(st.booleans())}
    if draw(st.booleans()):
        said = sorted(draw(st.lists(days, min_size=1, max_size=3, unique=True)))
        fields["pricing"] = tuple(draw(said_alone)._replace(observed=day) for day in said)
    return Claim(source, provider, model, fields, since, changed)


@st.composite
def offerings(draw, provider="openai", model="m"):
    """What several sources claim of one offering, in any order."""
    sources = draw(st.lists(st.sampled_from(SOURCES), min_size=1, unique=True))
    return [draw(claims_of(source, provider, model)) for source in sources]


@st.composite
def worlds(draw):
    """Claims of several offerings of several providers, whose names the sources spell in their own ways."""
    names = st.sampled_from(["gpt-4.1", "gpt-4-1", "GPT-4.1", "gpt-4.1-2025-04-14", "x", "models/x", "x:free"])
    drawn = draw(st.lists(st.tuples(st.sampled_from(SOURCES), st.sampled_from(["openai", "openrouter", "p"]), names),
                          min_size=1, max_size=8, unique=True))  # fmt: skip
    return [draw(claims_of(source, provider, name)) for source, provider, name in drawn]


def claim(source, day="2026-01-01", provider="openai", changed=None, **fields):
    return Claim(source, provider, "m", fields, day, changed or {})


def per_token(price):
    """USD per token of a price per million."""
    return Decimal(price).scaleb(-6)


def card(price, day=None):
    """A card of USD per million input tokens; output costs four times that."""
    return Pricing({"input_per_token": per_token(price), "output_per_token": per_token(price) * 4}, observed=day)


def said_of(row):
    """The fields that a row says, as a mapping; `misc` is also the family of what nobody gave one.

    What seed 2 has the fold write into the notes is nobody's word.
    """
    said = {name: value for name in MODEL_FIELDS if name not in DERIVED and is_said(value := getattr(row, name))}
    if "notes" in said:
        said["notes"] = said["notes"].partition("[auto-refresh]")[0].strip()
    return {name: value for name, value in said.items() if value != "" and (name, value) != ("family", "misc")}


def owner(row, name):
    return row.provenance.get(name, row.provenance["default"])


def in_force(row):
    return timeline(row.pricing)[-1][1]


# Order


@given(offerings(), st.randoms(use_true_random=False), st.sampled_from(["openai", "openrouter"]))
def test_claims_in_any_order_make_the_same_row(claims, random, provider):
    claims = [one._replace(provider=provider) for one in claims]
    shuffled = random.sample(claims, len(claims))
    assert dumps(rows.to_row(fold(shuffled), None)) == dumps(rows.to_row(fold(claims), None))


@given(worlds(), st.randoms(use_true_random=False))
def test_claims_in_any_order_make_the_same_bytes(claims, random):
    rules = ["snapshot", "openrouter-variant"]
    providers = [Provider(id=name, name=name, rules=rules) for name in ("openai", "openrouter", "p")]

    def made(claims):
        return rows.dump(fold_all(Sources(providers, claims, Lineage(NO_TABLE, providers), SOURCES)))

    assert made(random.sample(claims, len(claims))) == made(claims)


BODIES = {
    "litellm": {
        "gpt-4.1": {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 2e-06, "output_cost_per_token": 8e-06},
        "openrouter/openai/gpt-4.1": {"litellm_provider": "openrouter", "mode": "chat", "max_input_tokens": 1047576},
    },
    "models_dev": {"openai": {"id": "openai", "models": {"gpt-4-1": {
        "name": "GPT-4.1", "tool_call": True, "limit": {"context": 1047576, "output": 32768},
        "modalities": {"input": ["text", "image"], "output": ["text"]}, "cost": {"input": 2, "output": 8, "cache_read": 0.5},
    }}}},
    "genai_prices": [{"id": "openai", "models": [{"id": "gpt-4.1", "match": {"equals": "gpt-4.1"}, "prices": {"input_mtok": 2, "output_mtok": 8}}]}],
    "openrouter": {"data": [{
        "id": "openai/gpt-4.1", "name": "OpenAI: GPT-4.1", "context_length": 1047576, "supported_parameters": ["tools"],
        "architecture": {"input_modalities": ["text"], "output_modalities": ["text"]}, "pricing": {"prompt": "0.000002", "completion": "0.000008"},
    }]},
}  # fmt: skip
DAYS = {"litellm": "2026-11-01", "models_dev": "2026-07-02", "genai_prices": "2026-08-21", "openrouter": "2026-04-17"}


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    """A v1/ of two providers and one model."""
    root = tmp_path_factory.mktemp("v1")
    (root / "providers").mkdir()
    (root / "models").mkdir()
    openai = "id: openai\nname: OpenAI\nmaker: openai\nnames:\n  openrouter: [openai]\nrules: [snapshot]\n"
    (root / "providers/openai.yaml").write_text(openai)
    (root / "providers/openrouter.yaml").write_text("id: openrouter\nname: OpenRouter\n")
    entry = "updated: 2026-03-01\nmodels:\n  openai/gpt-4.1:\n    context_window: 1000000\n"
    (root / "models/gpt.yaml").write_text(entry)
    return root


def test_feeds_taken_in_any_order_make_the_same_bytes(registry, tmp_path):
    providers = load_providers(registry)
    made = set()
    for order in permutations(FEEDS):
        root = tmp_path / "-".join(order)
        for source in order:
            assert take(root, source, BODIES[source], DAYS[source], providers).changed
        made.add(rows.dump(fold_all(read_sources(registry, root / "data/feeds"))))
    assert len(made) == 1
    models = rows.load(made.pop(), "the catalogue").models
    assert [model.id for model in models] == ["openai/gpt-4.1", "openrouter/openai/gpt-4.1"]
    assert owner(models[0], "pricing") == "litellm"
    assert owner(models[1], "pricing") == "openrouter"


# Who is believed


@given(offerings(), st.sampled_from(["p", "openrouter"]))
def test_the_first_source_that_says_anything_owns_a_field(claims, provider):
    row = fold([one._replace(provider=provider) for one in claims])
    rank = ("registry", "openrouter", *RANK[1:4]) if provider == "openrouter" else RANK
    for name, value in said_of(row).items():
        speaking = sorted((one for one in claims if name in one.fields), key=lambda one: rank.index(one.source))
        if name in ("display_name", "aliases", *TOGETHER):
            continue  # their own tests
        if name in ("context", "max_input_tokens", "max_output_tokens", "pricing"):
            assert (value, owner(row, name)) in [(one.fields[name], one.source) for one in speaking]
        else:
            assert (value, owner(row, name)) == (speaking[0].fields[name], speaking[0].source)


ORDERED = [
    ("registry", "litellm"), ("litellm", "models_dev"), ("models_dev", "genai_prices"), ("genai_prices", "openrouter"),
    ("openrouter", "bundle"), ("registry", "bundle"),
]  # fmt: skip


@pytest.mark.parametrize(("first", "second"), ORDERED)
@pytest.mark.parametrize("name", ["license", "pricing", "context", "release_date"])
def test_order_of_belief(first, second, name):
    said = {"pricing": ((card("0.1"),), (card("0.2"),)), "context": (1, 2)}.get(name, ("a", "b"))
    claims = [claim(second, "2026-09-09", **{name: said[1]}), claim(first, **{name: said[0]})]
    row = fold([one._replace(provider="p") for one in claims])
    assert getattr(row, name) == said[0]
    assert owner(row, name) == first


def test_openrouter_knows_its_own_offerings_best():
    claims = [
        claim("openrouter", context=2, pricing=(card("0.2"),)),
        claim("litellm", context=1, pricing=(card("0.1"),)),
    ]
    assert fold([one._replace(provider="p") for one in claims]).context == 1
    own = fold([one._replace(provider="openrouter") for one in claims])
    assert (own.context, own.pricing) == (2, (card("0.2"),))
    reviewed = claim("registry", context=3)._replace(provider="openrouter")
    assert fold([*(one._replace(provider="openrouter") for one in claims), reviewed]).context == 3


@given(offerings())
def test_what_no_source_says_is_absent(claims):
    row = fold(claims)
    assert set(said_of(row)) <= {name for one in claims for name in one.fields}
    for name in TOGETHER:
        assert getattr(row, name).keys() == {key for one in claims for key in one.fields.get(name, ())}


@given(offerings())
def test_flags_are_believed_one_by_one(claims):
    row = fold(claims)
    for flag, can in row.capabilities.items():
        speaking = [one for source in RANK for one in claims if one.source == source]
        assert can == next(
            one.fields["capabilities"][flag] for one in speaking if flag in one.fields.get("capabilities", ())
        )


@pytest.mark.parametrize(
    ("source", "alias", "counts"),
    [
        ("registry", "anything", True),
        ("litellm", "m-latest", True),
        ("genai_prices", "m-2024-05-13", True),
        ("genai_prices", "m@20240513", True),
        ("genai_prices", "m-mini", False),
        ("genai_prices", "n-latest", False),
        ("models_dev", "another", False),
    ],
)
def test_a_feed_has_a_word_in_aliases_only_for_dates_of_the_name(source, alias, counts):
    row = fold([claim(source, aliases=(alias,), context=1)])
    assert row.aliases == ((alias,) if counts else ())
    assert ("aliases" in row.provenance) is False  # the default source, or nobody


# Prices


@given(offerings())
def test_a_card_is_taken_whole_from_one_source(claims):
    row = fold(claims)
    said = {one.source: one.fields.get("pricing", ()) for one in claims}
    ours, theirs = said.get("registry", ()), said.get("openrouter", ())
    tracked = [(*ours, *theirs[at:]) for at in range(1, len(theirs))] if ours else []
    whole = [tuple(sorted(one, key=lambda card: card.since or "")) for one in ((), *said.values(), *tracked)]
    assert row.pricing in whole
    for one in row.pricing:
        assert any(one is card or one == card for cards_ in said.values() for card in cards_)


ZERO = Pricing({"input_per_token": Decimal(0), "output_per_token": Decimal(0)}, observed="2026-01-01")
FREE = Provider(id="ollama", name="Ollama", serves_free=True)


@pytest.mark.parametrize("source", FEEDS)
@pytest.mark.parametrize(
    ("provider", "model", "known"),
    [("openai", "m", False), ("openrouter", "a/m:free", True), ("openrouter", "a/m", False), ("ollama", "m", True)],
)
def test_a_pair_of_zeros_of_a_feed_is_unknown_unless_it_is_free(source, provider, model, known):
    row = fold(
        [Claim(source, provider, model, {"pricing": (ZERO,)}, "2026-01-01")], FREE if provider == "ollama" else None
    )
    assert row.pricing == ((ZERO,) if known else ())


@pytest.mark.parametrize("source", ["registry", "bundle", "operator"])
def test_a_zero_that_a_person_wrote_is_kept(source):
    assert fold([claim(source, pricing=(ZERO,)), claim("litellm", context=1)]).pricing == (ZERO,)


def test_a_false_zero_hides_no_price():
    row = fold([claim("litellm", pricing=(ZERO,)), claim("models_dev", pricing=(card("0.1"),))])
    assert (row.pricing, owner(row, "pricing")) == ((card("0.1"),), "models_dev")
    assert fold([claim("litellm", pricing=(card("0.1", "2025-01-01"), ZERO))]).pricing == (card("0.1", "2025-01-01"),)


def test_a_price_that_a_feed_took_back_hides_no_price():
    ended = Pricing({"input_per_token": None}, observed="2026-02-02")
    withdrawn = claim("litellm", pricing=(card("0.1", "2026-01-01"), ended))
    assert in_force(fold([withdrawn])) == ended
    row = fold([withdrawn, claim("models_dev", pricing=(card("0.2"),))])
    assert (row.pricing, owner(row, "pricing")) == ((card("0.2"),), "models_dev")


@pytest.mark.parametrize("source", ["litellm", "models_dev", "genai_prices", "openrouter"])
def test_no_feed_put_a_pair_of_zeros_into_the_catalogue(source):
    registry = Registry.open()
    free = {provider.id for provider in registry.providers() if provider.serves_free}
    wrong = [
        model.id
        for model in registry.models()
        if owner(model, "pricing") == source and not model.model.endswith(":free") and model.provider not in free
        for one in model.pricing
        if one.is_free
    ]
    assert wrong == []


# Managed rows: the later of the registry's and OpenRouter's word

GEN = _use("chat")
ONCE, TWICE, NEVER = "2026-01-01", "2026-02-02", None


def managed(registry_day, feed_day, provider="openai", name="context", values=(1, 2), **more):
    reviewed = claim("registry", registry_day, provider, **{name: values[0]}, **(GEN | more))
    return fold([reviewed, claim("openrouter", feed_day, provider, **(GEN | {name: values[1]}))])


@pytest.mark.parametrize("name", ["context", "base_url", "unit"])
@pytest.mark.parametrize(
    ("registry_day", "feed_day", "winner"),
    [(ONCE, TWICE, "openrouter"), (TWICE, ONCE, "registry"), (ONCE, ONCE, "registry"), (NEVER, ONCE, "openrouter"), (ONCE, NEVER, "registry")],
    ids=["the feed is later", "the registry is later", "a tie", "the registry has no day", "the feed has no day"],
)  # fmt: skip
def test_the_later_word_counts_on_managed_rows(name, registry_day, feed_day, winner):
    row = managed(registry_day, feed_day, name=name, values=(1, 2) if name == "context" else ("a", "b"))
    assert owner(row, name) == winner


@given(days, days)
def test_a_correction_stands_until_the_feed_changes_its_mind(reviewed, said):
    row = managed(reviewed, said)
    assert row.context == (2 if said > reviewed else 1)


@pytest.mark.parametrize(("provider", "use"), [("groq", GEN), ("openai", _use("embedding"))], ids=["provider", "use"])
def test_other_rows_are_not_managed(provider, use):
    row = managed(ONCE, TWICE, provider, **use)
    assert row.context == 1


def test_the_day_of_a_field_is_that_on_which_the_feed_changed_it():
    reviewed = claim("registry", "2026-02-01", context=1, max_output_tokens=1, **GEN)
    fed = claim("openrouter", "2026-01-01", changed={"context": "2026-03-01"}, context=2, max_output_tokens=2, **GEN)
    row = fold([reviewed, fed])
    assert (row.context, row.max_output_tokens) == (2, 1)


def test_a_component_or_base_url_that_the_feed_does_not_know_is_kept():
    reviewed = claim("registry", ONCE, mode="chat", family="gen", components=("GEN", "EMB"), base_url="https://own")
    row = fold([reviewed, claim("openrouter", TWICE, context=2, **GEN)])
    assert tuple(row.components) == ("GEN", "EMB")
    assert (row.base_url, row.context) == ("https://own", 2)


A, B, C = "0.1", "0.2", "0.3"


def priced(registry, feed, *, pinned=None):
    """The row of a registry's cards and a feed's, each (price, day), in order of time."""
    claims = [
        claim("registry", "2025-01-01", pricing=tuple(card(*one) for one in registry), **GEN),
        claim("openrouter", feed[0][1], pricing=tuple(card(*one) for one in feed), changed={"pricing": feed[-1][1]}, **GEN),
    ]  # fmt: skip
    return fold(claims)


@pytest.mark.parametrize(
    ("registry", "feed", "price"),
    [
        ([(A, "2026-01-01")], [(A, "2026-01-01"), (B, "2026-02-01")], B),
        ([(A, "2026-01-01")], [(A, "2026-01-15"), (B, "2026-02-01")], B),
        ([(A, "2026-01-01")], [(A, "2026-01-01"), (B, "2026-02-01"), (C, "2026-03-01")], C),
        ([(A, "2026-01-01")], [(A, "2026-01-01"), (B, "2026-02-01"), (A, "2026-03-01")], A),
        ([(A, "2026-01-01")], [(B, "2026-02-01")], A),
        ([(A, "2026-01-01")], [(B, "2026-01-01"), (C, "2026-02-01")], A),
        ([(A, "2026-03-01")], [(A, "2026-01-01"), (B, "2026-02-01")], A),
        ([(A, "2026-02-01")], [(A, "2026-01-01"), (B, "2026-02-01")], A),
        ([(C, "2026-02-15")], [(A, "2026-01-01"), (B, "2026-02-01"), (A, "2026-03-01")], C),
        ([(A, "2026-01-01"), (B, "2026-02-15")], [(A, "2026-01-01"), (B, "2026-02-01"), (C, "2026-03-01")], C),
    ],
    ids=[
        "it followed and changed", "it agreed later and changed", "it changed twice", "it changed and changed back",
        "it never agreed", "it never agreed and changed", "corrected after its change", "a tie", "corrected, then it changed back",
        "the registry followed, then it changed",
    ],
)  # fmt: skip
def test_a_newer_card_of_the_feed_replaces_one_that_it_tracked(registry, feed, price):
    row = priced(registry, feed)
    assert in_force(row).rates["input_per_token"] == per_token(price)
    assert row.pricing[: len(registry)] == tuple(card(*one) for one in registry)  # the history stays


def test_a_feed_that_says_no_price_any_more_ends_no_card_of_the_registry():
    ended = Pricing({"input_per_token": None, "output_per_token": None}, observed="2026-02-01")
    fed = claim("openrouter", "2026-01-01", pricing=(card(A, "2026-01-01"), ended), **GEN)
    row = fold([claim("registry", "2026-01-01", pricing=(card(A, "2026-01-01"),), **GEN), fed])
    assert (in_force(row), owner(row, "pricing")) == (card(A, "2026-01-01"), "registry")


def test_a_feed_that_prices_less_than_the_registry_still_tracks_it():
    cached = Pricing(card(A).rates | {"cached_input_per_token": per_token("0.01")}, observed="2026-01-01")
    fed = claim("openrouter", "2026-01-01", pricing=(card(A, "2026-01-01"), card(B, "2026-02-01")), **GEN)
    row = fold([claim("registry", "2026-01-01", pricing=(cached,), **GEN), fed])
    assert row.pricing == (cached, card(B, "2026-02-01"))


def test_in_a_deployment_the_packaged_catalogue_is_the_registry():
    packaged = claim("bundle", "2026-01-15", context=1, pricing=(card(A, "2026-01-01"),), **GEN)
    same = claim("openrouter", "2026-01-10", context=2, pricing=(card(A, "2026-01-10"),), **GEN)
    changed = same._replace(
        fields={**same.fields, "pricing": (card(A, "2026-01-10"), card(B, "2026-02-01"))},
        changed={"pricing": "2026-02-01"},
    )
    assert (row := fold([packaged, same])).pricing == (card(A, "2026-01-01"),)
    assert row.context == 1
    assert fold([packaged, changed]).pricing == (card(A, "2026-01-01"), card(B, "2026-02-01"))


# Limits


@given(offerings())
def test_no_limit_is_above_the_context_window(claims):
    row = fold(claims)
    for limit in (row.max_input_tokens, row.max_output_tokens):
        assert limit is None or row.context is None or limit <= row.context


@pytest.mark.parametrize(
    ("registry", "litellm", "limits"),
    [
        ({"context": 8_000}, {"max_output_tokens": 128_000}, (8_000, None)),
        ({"max_output_tokens": 128_000}, {"context": 8_000}, (None, 128_000)),
        ({"context": 200_000}, {"max_output_tokens": 128_000}, (200_000, 128_000)),
        ({"max_output_tokens": 4_096}, {"context": 128_000, "max_output_tokens": 16_384}, (128_000, 4_096)),
    ],
)
def test_the_lower_source_gives_way_where_limits_contradict(registry, litellm, limits):
    row = fold([claim("litellm", **litellm), claim("registry", **registry)])
    assert (row.context, row.max_output_tokens) == limits


def test_limits_are_not_mixed_up_in_the_catalogue():
    for model in Registry.open().models():
        for limit in (model.max_input_tokens, model.max_output_tokens):
            assert limit is None or model.context is None or limit <= model.context, model.id


# Whose word each field is


@given(offerings(), days)
def test_provenance_names_the_source_of_every_field(claims, day):
    row = fold(claims, day=day)
    said = {one.source: one for one in claims}
    for name in said_of(row):
        assert name in said[owner(row, name)].fields, name
    assert row.provenance.keys() - {"default"} <= {*said_of(row), "status", "family", "notes"}
    assert owner(row, "default") in said


@given(offerings(), days)
def test_last_updated_is_the_newest_day_among_the_claims_in_force(claims, day):
    row = fold(claims, day=day)
    said = {one.source: one for one in claims}
    in_force = set()
    for name in said_of(row):
        sources = [one.source for one in claims if name in one.fields] if name in TOGETHER else [owner(row, name)]
        for source in sources:
            if source == "registry" and name == "pricing":
                in_force.add(said[source].fields[name][-1].observed)
            elif name in said[source].fields or name == "notes":  # that nobody says a price is OpenRouter's word too
                in_force.add(said[source].day(name))
    if row.status:
        in_force.add(said[owner(row, "status")].day("status"))
    assert row.last_updated == max(in_force, default=None)


@pytest.mark.parametrize(
    ("claims", "status", "source"),
    [
        ([claim("registry", status="deprecated"), claim("litellm", context=1)], "deprecated", "registry"),
        ([claim("registry", license="x"), claim("litellm", deprecation_date="2025-06-01")], "retired", "litellm"),
        ([claim("registry", license="x"), claim("litellm", deprecation_date="2027-06-01")], "active", "litellm"),
        ([claim("registry", license="x"), claim("models_dev", context=1)], "active", "models_dev"),
        ([claim("registry", license="x"), claim("models_dev", missing_since="2025-01-01")], None, None),
        ([claim("genai_prices", context=1)._replace(model="gemini-9-preview")], "preview", "genai_prices"),
    ],
)
def test_status_follows_from_dates_names_and_listings(claims, status, source):
    row = fold(claims, day="2026-01-01")
    assert row.status == status
    assert source is None or owner(row, "status") == source


def test_the_catalogue_names_the_source_of_every_field():
    """Of every row: what is named is said, and series and base model, where no source said them, are the registry's."""
    for model in Registry.open().models():
        named = model.provenance.keys() - {"default"}
        assert named <= {*said_of(model), "status", "family", "notes"}, model.id
        if model.series and owner(model, "series") != "bundle":
            assert owner(model, "series") == "registry", model.id


def test_family_follows_from_the_mode_in_the_catalogue():
    odd = [model.id for model in Registry.open().models() if model.mode and model.family != family_of(model.mode)[0]]
    assert odd == []


def test_a_model_of_nothing_is_a_row():
    named = Model(provider="openai", model="m", provenance={"default": "genai_prices"})
    assert fold([claim("genai_prices")]) == named
