"""Pins: what an operator set stays, over every feed and in any order, and what it clears lets the next source through."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest
import strategies
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from modelry.catalog import operator
from modelry.catalog.claims import Claim, same_card
from modelry.catalog.fold import ORDER, fold
from modelry.catalog.operator import Entry, Log
from modelry.catalog.pins import Pins, pinned, replay, replayed
from modelry.errors import CatalogRejected
from modelry.pricing import Pricing
from modelry.rates import timeline

FEEDS = [source for source in ORDER if source != "operator"]
DAYS = st.dates().map(str)


def entry(fields, at="2026-11-20T12:00:00.000000Z", action="upsert", model="m", provider="p"):
    return Entry(at, "me", provider, model, action, fields)


def pins_of(*entries):
    return replay(entries).get(("p", "m"))


# Fold laws

_CARDS = [
    Pricing({"input_per_token": Decimal(price), "output_per_token": Decimal(2)}, observed=f"2026-0{price}-01")
    for price in range(1, 6)
]
_fields = st.fixed_dictionaries(
    {},
    optional={
        "context": st.integers(1, 10**6),
        "notes": st.text(min_size=1, max_size=4),
        "status": st.sampled_from(["active", "preview", "deprecated"]),
        "components": st.sampled_from([("GEN",), ("EMB",), ("GEN", "EMB")]),
        "base_url": st.sampled_from(["https://a.example", "https://b.example"]),
        "family": st.sampled_from(["gen", "embed"]),
        "capabilities": st.dictionaries(st.sampled_from(["tools", "vision"]), st.booleans(), min_size=1),
        "pricing": st.lists(st.sampled_from(_CARDS), min_size=1, max_size=3, unique_by=id).map(tuple),
    },
)
_providers = st.sampled_from(["p", "openai", "openrouter"])


@st.composite
def _claims(draw, provider):
    said = draw(st.dictionaries(st.sampled_from(FEEDS), _fields, min_size=1))
    return [Claim(source, provider, "m", fields, draw(DAYS)) for source, fields in said.items()]


_pinned_fields = _fields.filter(lambda fields: fields and "capabilities" not in fields)


@settings(deadline=None)
@given(st.data())
def test_a_pin_survives_every_feed(data):
    provider = data.draw(_providers)
    claims = data.draw(_claims(provider))
    said = data.draw(_pinned_fields)
    row = fold([*claims, Claim("operator", provider, "m", said, data.draw(DAYS))])
    kept = {name: getattr(row, name) for name in said}
    if "notes" in said:  # behind which a managed row may say more
        kept["notes"] = row.notes.partition(" [auto-refresh] ")[0]
    assert kept == said
    assert all(row.provenance.get(name, row.provenance["default"]) == "operator" for name in said)


@settings(deadline=None)
@given(st.data())
def test_clearing_a_pin_shows_what_the_next_source_says(data):
    provider = "p"  # of a managed row fields hang on one another
    claims = data.draw(_claims(provider))
    said = data.draw(_pinned_fields)
    kept, cleared = dict(said), data.draw(st.sampled_from(sorted(said)))
    del kept[cleared]
    now = fold([*claims, *([Claim("operator", provider, "m", kept, "2026-11-20")] if kept else [])])
    assert getattr(now, cleared) == getattr(fold(claims), cleared)


@settings(deadline=None)
@given(st.data())
def test_the_order_of_claims_is_nothing(data):
    provider = data.draw(_providers)
    claims = [*data.draw(_claims(provider)), Claim("operator", provider, "m", data.draw(_fields), "2026-11-20")]
    shuffled = data.draw(st.permutations(claims))
    assert fold(shuffled) == fold(claims)


def test_a_flag_is_pinned_by_itself():
    feed = Claim("litellm", "p", "m", {"capabilities": {"tools": True, "vision": True}}, "2026-01-01")
    pins = pins_of(entry({"capabilities": {"vision": False}}), entry({"capabilities": {"audio": True}}))
    assert fold([feed, pins.claim("p", "m")]).capabilities == {"tools": True, "vision": False, "audio": True}
    pins = replayed(pins, entry({"capabilities": {"vision": None}}))
    assert fold([feed, pins.claim("p", "m")]).capabilities == {"tools": True, "vision": True, "audio": True}


def test_a_price_of_zero_that_an_operator_set_is_free():
    pins = pins_of(entry({"rates": {"input_per_token": 0, "output_per_token": 0}}))
    assert fold([pins.claim("p", "m")]).pricing[0].is_free


# Prices by meter

_usd = strategies.cards.map(lambda card: card._replace(currency="USD"))
_moments = strategies.days
_pins = st.builds(
    lambda rates, day, seen: Pricing(rates, effective_from=None if seen else day, observed=day if seen else None),
    strategies.priced_maps,
    _moments,
    st.booleans(),
)


def _on(cards, moment):
    held = [card for since, card in timeline(cards) if since <= moment]
    return held[-1] if held else None


def _start(card):
    since = card.effective_from or card.observed
    return since if "T" in since else f"{since}T00:00:00Z"


@settings(deadline=None)
@given(st.lists(_usd, max_size=4), st.lists(_pins, min_size=1, max_size=4), _moments)
def test_a_pinned_meter_has_its_price_in_the_base_and_in_every_override(cards, pins, moment):
    now = moment if "T" in moment else f"{moment}T00:00:00Z"
    made, before = _on(pinned(cards, pins), now), _on(cards, now)
    due = {}
    for pin in sorted(pins, key=_start):
        if _start(pin) <= now:
            due |= pin.rates
    if not due:
        assume(before is not None)  # a first card without a date holds since ever, a pin's too
        assert same_card(made, before)
        return
    assert {meter: made.rates[meter] for meter in due} == due
    assert all(rate == due[meter] for o in made.overrides for meter, rate in o.rates.items() if meter in due)
    others = {meter: rate for meter, rate in (before.rates if before else {}).items() if meter not in due}
    assert {meter: rate for meter, rate in made.rates.items() if meter not in due} == others
    assert [(o.when, o.replace, o.multiply) for o in made.overrides] == [
        (o.when, o.replace, o.multiply) for o in (before.overrides if before else ())
    ]


@settings(deadline=None)
@given(st.lists(_usd, max_size=3), st.lists(_pins, min_size=1, max_size=3))
def test_what_is_pinned_once_is_pinned(cards, pins):
    once = pinned(cards, pins)
    for pin in pins:
        held = _on(pinned(once, pins), _start(pin))
        assert same_card(held, _on(once, _start(pin)))


def test_a_new_price_is_a_new_dated_card_and_the_history_stays():
    card = Pricing.from_dict({"effective_from": "2024-10-02", "input_per_token": "2", "output_per_token": "10",
                              "overrides": [{"when": {"service_tier": "batch"}, "input_per_token": "1"}]})  # fmt: skip
    pins = pins_of(entry({"rates": {"input_per_token": 3}}))
    old, new = pinned([card], pins.rates)
    assert old == card
    assert (new.observed, new.effective_from, new.source) == ("2026-11-20", None, "operator")
    assert (new.rates["input_per_token"], new.rates["output_per_token"]) == (3, 10)
    assert new.overrides[0].rates["input_per_token"] == 3


def test_a_feeds_later_card_keeps_the_pinned_price():
    pins = pins_of(entry({"rates": {"input_per_token": 3}}))
    cards = [Pricing({"input_per_token": Decimal(n), "output_per_token": Decimal(n)}, observed=day)
             for n, day in ((1, "2026-01-01"), (2, "2026-12-24"))]  # fmt: skip
    last = pinned(cards, pins.rates)[-1]
    assert (last.observed, last.rates) == ("2026-12-24", {"input_per_token": 3, "output_per_token": 2})


def test_prices_are_appended_day_by_day_and_the_same_price_adds_nothing():
    pins = pins_of(
        entry({"rates": {"input_per_token": 3, "output_per_token": 4}}),
        entry({"rates": {"input_per_token": 3}}, "2026-11-21T00:00:00Z"),
        entry({"rates": {"input_per_token": 5}}, "2026-11-22T00:00:00Z"),
        entry({"rates": {"input_per_token": 6}, "effective_from": "2027-01-01"}, "2026-11-22T00:00:01Z"),
    )
    made = [(card.since, dict(card.rates)) for card in pinned((), pins.rates)]
    assert made == [
        ("2026-11-20", {"input_per_token": 3, "output_per_token": 4}),
        ("2026-11-22", {"input_per_token": 5, "output_per_token": 4}),
        ("2027-01-01", {"input_per_token": 6, "output_per_token": 4}),
    ]


def test_a_withdrawn_meter_shows_the_cards_of_the_others():
    card = Pricing({"input_per_token": Decimal(1), "output_per_token": Decimal(2)}, observed="2026-01-01")
    pins = pins_of(
        entry({"rates": {"input_per_token": 3, "output_per_token": 4}}), entry({"rates": {"input_per_token": None}})
    )
    assert pinned([card], pins.rates)[-1].rates == {"input_per_token": 1, "output_per_token": 4}
    assert replayed(pins, entry({"rates": {"output_per_token": None}})) is None


def test_amounts_of_two_currencies_are_never_mixed():
    card = Pricing(
        {"input_per_token": Decimal(7), "output_per_token": Decimal(9)}, currency="CNY", observed="2026-01-01"
    )
    pins = pins_of(entry({"rates": {"input_per_token": 1}}))
    assert pinned([card], pins.rates)[-1] == Pricing(
        {"input_per_token": Decimal(1)}, observed="2026-11-20", source="operator"
    )


def test_pricing_given_whole_replaces_the_cards_and_what_was_pinned_before():
    feed = Claim(
        "litellm",
        "p",
        "m",
        {"pricing": (Pricing({"input_per_token": Decimal(1)}, observed="2026-01-01"),)},
        "2026-01-01",
    )
    pins = pins_of(
        entry({"rates": {"input_per_token": 3}}), entry({"pricing": [{"observed": "2026-11-20", "per_request": 2}]})
    )
    assert fold([feed, pins.claim("p", "m")]).pricing == (Pricing({"per_request": Decimal(2)}, observed="2026-11-20"),)
    pins = replayed(pins, entry({"pricing": None}))
    assert pins is None


# The log


@settings(deadline=None)
@given(st.lists(st.sampled_from([
    {"context": 1}, {"context": 2}, {"context": None}, {"notes": "x"}, {"rates": {"input_per_token": Decimal("0.1")}},
    {"rates": {"input_per_token": None}}, {"capabilities": {"tools": True}}, {"pricing": None},
]), max_size=6))  # fmt: skip
def test_a_replay_of_the_lines_is_a_replay_of_the_entries(said):
    entries = [entry(fields) for fields in said]
    again = [operator.entry_of(operator.line_of(one)) for one in entries]
    assert replay(again) == replay(entries)


def test_a_deleted_row_has_no_pins_and_a_deprecated_one_keeps_them():
    pins = pins_of(entry({"context": 1}))
    assert replayed(pins, entry({}, action="delete")) is None
    assert replayed(pins, entry({"status": "deprecated"}, action="delete")).fields == {
        "context": 1,
        "status": "deprecated",
    }


def test_what_is_said_again_keeps_its_day():
    pins = pins_of(entry({"context": 1, "notes": "a"}), entry({"context": 1, "notes": "b"}, "2026-12-01T00:00:00Z"))
    assert pins == Pins({"context": 1, "notes": "b"}, (), {"context": "2026-11-20", "notes": "2026-12-01"})
    assert pins.claim("p", "m").day("notes") == "2026-12-01"


TORN = [b'{"at": "2026', b"{", b"\0\0\0\0", b"\0\0\n\0\0", b'{"at":"2026-11-20T12:00:00Z"}', b"\xff\xfe"]


@pytest.mark.parametrize("torn", TORN)
def test_a_torn_last_line_is_ignored_and_cut_off_by_the_next_writer(tmp_path, torn):
    log = Log(tmp_path / "data" / "operator.jsonl")
    first, second = (operator.line_of(entry({"context": n})) for n in (1, 2))
    mark = log.append([first], operator.NOTHING)
    with log.path.open("ab") as file:
        file.write(torn)
    entries, found = log.read()
    assert ([one.fields for one in entries], found) == ([{"context": 1}], mark)
    log.append([second], found)
    assert log.path.read_bytes() == first + second


@pytest.mark.parametrize("wrong", [b"nonsense\n", b"{}\n", b'{"at": 1}\n', b"[]\n", b"\n"])
def test_a_wrong_line_within_is_refused_and_named(tmp_path, wrong):
    log = Log(tmp_path / "operator.jsonl")
    line = operator.line_of(entry({"context": 1}))
    log.path.write_bytes(line + wrong + line)
    with pytest.raises(CatalogRejected, match=f"byte {len(line)}"):
        log.read()


def test_only_what_was_added_is_read_again(tmp_path):
    log = Log(tmp_path / "operator.jsonl")
    mark = log.append([operator.line_of(entry({"context": n})) for n in range(3)], operator.NOTHING)
    assert log.read(mark) == ([], mark)
    log.append([operator.line_of(entry({"context": 9}))], mark)
    assert [one.fields for one in log.read(mark)[0]] == [{"context": 9}]


def test_random_chains_of_entries_leave_what_was_said_last():
    chance = random.Random(7)  # noqa: S311
    said = {}
    entries = []
    for _ in range(300):
        name, value = chance.choice(["context", "dimensions"]), chance.choice([None, 1, 2, 3])
        entries.append(entry({name: value}))
        said[name] = value
    pins = pins_of(*entries)
    assert (pins.fields if pins else {}) == {name: value for name, value in said.items() if value is not None}
