"""Rate cards: read, written, and kept in a snapshot without losing a digit."""

from __future__ import annotations

import tempfile
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import cards

from modelry import compile as snapshots
from modelry.jsontext import dumps, loads
from modelry.pricing import Override, Per, Pricing, decimal
from modelry.records import Model, Provider
from modelry.snapshot import Snapshot

GPT_4O = {"input_per_token": Decimal("0.0000025"), "output_per_token": Decimal("0.00001")}


@given(cards)
def test_plain_data_is_the_same_card(card):
    assert Pricing.from_dict(card.to_dict()) == card


@given(cards)
def test_json_text_is_the_same_card_to_the_last_digit(card):
    assert Pricing.from_dict(loads(dumps(card.to_dict()))) == card


@given(cards)
def test_plain_data_has_one_order(card):
    turned = card._replace(rates=dict(reversed(list(card.rates.items()))))
    assert dumps(turned.to_dict()) == dumps(card.to_dict())


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(cards, max_size=3), min_size=1, max_size=8))
def test_a_snapshot_holds_every_card_as_it_stands(rows):
    models = [Model(provider="p", model=str(n), pricing=tuple(row)) for n, row in enumerate(rows)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "snapshot.sqlite"
        snapshots.write(path, models, [Provider(id="p", name="P")], "law")
        snapshot = Snapshot(str(path))
        read = [snapshot.region_and_cards("p", str(n))[1] for n in range(len(rows))]
        snapshot.close()
    assert read == rows


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("0.0000025", "0.0000025"),
        (Decimal("1.0000000000000001e-07"), "0.00000010000000000000001"),
        ("2.5e-6", "0.0000025"),
        (0, "0"),
        (3, "3"),
    ],
)
def test_an_exact_number_is_read_exactly(value, number):
    assert decimal(value) == Decimal(number)


@pytest.mark.parametrize(
    "value",
    [
        0.1,
        1.0,
        True,
        False,
        float("nan"),
        "NaN",
        "inf",
        "-Infinity",
        Decimal("sNaN"),
        "",
        "free",
        "1,5",
        "0x10",
        None,
        [],
        b"1",
    ],
)
def test_what_is_no_exact_number_is_refused(value):
    with pytest.raises(ValueError, match=r"exact number|no number|no price"):
        decimal(value)


@pytest.mark.parametrize(
    ("card", "named"),
    [
        ({"input_per_tokens": 1}, "input_per_tokens"),
        ({"input_per_token": 0.0000025}, "2.5e-06"),
        ({"input_per_token": True}, "True"),
        ({"overrides": [{"when": {"service_tier": "batch"}, "input": 1}]}, "input"),
        ({"overrides": [{"when": {"tier": "batch"}}]}, "tier"),
        ({"overrides": [{"when": [{"region": "eu"}, {"regions": "eu"}]}]}, "regions"),
    ],
    ids=str,
)
def test_a_card_that_says_what_nobody_knows_is_refused_by_name(card, named):
    with pytest.raises(ValueError, match=named):
        Pricing.from_dict(card)


def test_null_and_zero_are_kept_apart():
    card = Pricing.from_dict({"input_per_token": None, "output_per_token": 0})
    assert card.rates == {"input_per_token": None, "output_per_token": 0}
    assert card.to_dict() == {"currency": "USD", "input_per_token": None, "output_per_token": 0}


def test_a_rate_of_several_units_keeps_both_numbers():
    card = Pricing.from_dict({"output_per_second": {"amount": "0.002", "per": 60}})
    assert card.rates["output_per_second"] == Per(Decimal("0.002"), 60)


@pytest.mark.parametrize(
    ("card", "known", "free"),
    [
        ({}, False, False),
        ({"input_per_token": None}, False, False),
        ({"input_per_token": 0}, True, True),
        ({"input_per_token": 0, "output_per_token": None}, True, True),
        ({"input_per_token": 0, "output_per_token": "0.1"}, True, False),
        ({"input_per_second": {"amount": 0, "per": 60}}, True, True),
        ({"input_per_second": {"amount": 1, "per": 60}}, True, False),
        ({"input_per_token": 0, "overrides": [{"when": {"region": "eu"}, "input_per_token": 1}]}, True, False),
        ({"overrides": [{"when": {"region": "eu"}, "input_per_token": 1}]}, True, False),
    ],
    ids=str,
)
def test_unknown_free_and_paid_are_three_things(card, known, free):
    read = Pricing.from_dict(card)
    assert (read.is_known, read.is_free) == (known, free)


@pytest.mark.parametrize(
    ("dates", "since"),
    [
        ({}, None),
        ({"observed": "2026-01-01"}, "2026-01-01"),
        ({"effective_from": "2025-01-01", "observed": "2026-01-01"}, "2025-01-01"),
    ],
)
def test_a_card_holds_from_its_date_else_from_when_it_was_seen(dates, since):
    assert Pricing.from_dict(GPT_4O | dates).since == since


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ({"region": ["us"]}, {"region": "us"}),
        ({"region": ["us", "eu"]}, {"region": ["us", "eu"]}),
        ({"prompt_tokens_above": "200000"}, {"prompt_tokens_above": 200000}),
        ({"weekdays": "mon"}, {"weekdays": ["mon"]}),
        ({"utc_hours": ["10:00-00:00"]}, {"utc_hours": ["10:00-00:00"]}),
    ],
    ids=str,
)
def test_a_condition_has_one_form_however_it_is_written(written, read):
    card = Pricing.from_dict({"overrides": [{"when": written, "input_per_token": 1}]})
    assert card.overrides == (Override(when=(read,), rates={"input_per_token": Decimal(1)}),)
