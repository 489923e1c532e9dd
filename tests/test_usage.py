"""Usage: counts in disjoint buckets, checked when they come in."""

from __future__ import annotations

import copy
import enum
import pickle
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import usages

from modelry.errors import InvalidUsage
from modelry.meters import BUCKETS, INPUT_TOKENS, METERS, OUTPUT_TOKENS
from modelry.usage import LARGEST, Usage

NOT_A_COUNT = {
    "negative": -1,
    "true": True,
    "false": False,
    "float": 1.0,
    "NaN": float("nan"),
    "infinity": float("inf"),
    "Decimal": Decimal(1),
    "Decimal NaN": Decimal("NaN"),
    "text": "1000",
    "bytes": b"1",
    "None": None,
    "list": [1],
    "complex": 1j,
    "Fraction": Fraction(1),
    "huge": 10**400,
    "too many by one": LARGEST,
}
NOT_A_MEASURE = {
    "negative": -1,
    "negative fraction": Decimal("-0.5"),
    "negative float": -0.5,
    "true": True,
    "NaN": float("nan"),
    "infinity": float("inf"),
    "Decimal NaN": Decimal("NaN"),
    "Decimal sNaN": Decimal("sNaN"),
    "Decimal infinity": Decimal("Infinity"),
    "minus infinity": float("-inf"),
    "text": "1.5",
    "None": None,
    "huge": 10**400,
    "huge float": 1e300,
    "huge Decimal": Decimal("1e500"),
    "too fine": Decimal("1e-31"),
    "a float too fine": 5e-324,
}


@pytest.mark.parametrize(
    "bucket", ["input", "cached_input", "output", "reasoning", "input_images", "requests", "web_searches"]
)
@pytest.mark.parametrize("value", NOT_A_COUNT.values(), ids=NOT_A_COUNT.keys())
def test_what_is_no_count_is_refused_by_the_name_of_its_bucket(bucket, value):
    with pytest.raises(InvalidUsage) as caught:
        Usage(**{bucket: value})
    assert caught.value.bucket == bucket
    assert bucket in str(caught.value)


@pytest.mark.parametrize("bucket", ["input_tokens", "output_tokens"])
@pytest.mark.parametrize("value", NOT_A_COUNT.values(), ids=NOT_A_COUNT.keys())
def test_totals_are_checked_under_the_name_that_was_given(bucket, value):
    with pytest.raises(InvalidUsage) as caught:
        Usage(**{bucket: value})
    assert caught.value.bucket == bucket


@pytest.mark.parametrize("bucket", ["seconds", "input_audio_seconds", "credits", "file_search_storage_gb_days"])
@pytest.mark.parametrize("value", NOT_A_MEASURE.values(), ids=NOT_A_MEASURE.keys())
def test_what_is_no_measure_is_refused_by_the_name_of_its_bucket(bucket, value):
    with pytest.raises(InvalidUsage) as caught:
        Usage(**{bucket: value})
    assert caught.value.bucket == bucket


def test_a_count_of_more_digits_than_python_prints_is_refused_too():
    with pytest.raises(InvalidUsage):
        Usage(input=10**5_000)


class Number(enum.IntEnum):
    SEVEN = 7


@pytest.mark.parametrize(
    ("given", "bucket", "count"),
    [
        ({"input": 0}, "input", 0),
        ({"input": Number.SEVEN}, "input", 7),
        ({"input": LARGEST - 1}, "input", LARGEST - 1),
        ({"seconds": 3}, "seconds", 3),
        ({"seconds": 0.1}, "seconds", Decimal("0.1")),
        ({"seconds": Decimal("12.5")}, "seconds", Decimal("12.5")),
        ({"input_tokens": 5}, "input", 5),
        ({"output_tokens": 5}, "output", 5),
        ({}, "cached_input", 0),
    ],
    ids=str,
)
def test_counts_are_kept_exactly(given, bucket, count):
    kept = getattr(Usage(**given), bucket)
    assert kept == count
    assert type(kept) in (int, Decimal)


@pytest.mark.parametrize(
    ("total", "beside"),
    [("input_tokens", bucket) for bucket in sorted(INPUT_TOKENS)]
    + [("output_tokens", bucket) for bucket in sorted(OUTPUT_TOKENS)],
)
def test_a_total_stands_alone_on_its_side(total, beside):
    with pytest.raises(InvalidUsage, match=f"give {total.removesuffix('_tokens')}= instead") as caught:
        Usage(**{beside: 1, total: 10})
    assert caught.value.bucket == total


def test_a_total_may_stand_beside_the_other_side_and_beside_what_is_no_token():
    usage = Usage(input_tokens=10, output=3, reasoning=4, input_images=2, web_searches=1)
    assert (usage.input, usage.input_tokens, usage.output_tokens) == (10, 10, 7)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("inputs", "input"),
        ("cached_inputs", "cached_input"),
        ("prompt_tokens", None),
        ("output_token", "output_tokens"),
    ],
)
def test_an_unknown_bucket_is_refused_with_what_was_perhaps_meant(name, meant):
    with pytest.raises(InvalidUsage) as caught:
        Usage(**{name: 1})
    assert caught.value.bucket == name
    assert meant is None or meant in str(caught.value)


def test_every_meter_has_a_bucket_and_every_token_bucket_one_side():
    assert {meter.bucket for meter in METERS.values()} == set(BUCKETS)
    assert not INPUT_TOKENS & OUTPUT_TOKENS
    assert {bucket for bucket, meters in BUCKETS.items() if meters[0].is_token} == INPUT_TOKENS | OUTPUT_TOKENS


@given(st.lists(st.sampled_from(sorted(INPUT_TOKENS | OUTPUT_TOKENS)), unique=True), st.integers(1, 10**12))
def test_each_token_is_counted_once_on_its_own_side(buckets, n):
    usage = Usage(**dict.fromkeys(buckets, n))
    assert usage.input_tokens == n * len(INPUT_TOKENS.intersection(buckets))
    assert usage.output_tokens == n * len(OUTPUT_TOKENS.intersection(buckets))


@given(usages, usages)
def test_the_order_of_a_sum_does_not_matter(a, b):
    assert Usage(**a) + Usage(**b) == Usage(**b) + Usage(**a)


@given(usages, usages, usages)
def test_the_grouping_of_a_sum_does_not_matter(a, b, c):
    x, y, z = Usage(**a), Usage(**b), Usage(**c)
    assert (x + y) + z == x + (y + z)


@given(st.lists(st.decimals(0, 10**20, places=30, allow_nan=False), min_size=1, max_size=5))
def test_measures_are_summed_without_rounding(seconds):
    total = Usage()
    for n in seconds:
        total += Usage(seconds=n)
    assert Fraction(total.seconds) == sum(Fraction(n) for n in seconds)


@given(usages, usages)
def test_a_sum_counts_bucket_by_bucket_and_leaves_its_parts_alone(a, b):
    x, y = Usage(**a), Usage(**b)
    total = x + y
    assert all(
        Fraction(getattr(total, bucket)) == Fraction(a.get(bucket, 0)) + Fraction(b.get(bucket, 0))
        for bucket in BUCKETS
    )
    assert (x, y) == (Usage(**a), Usage(**b))


@given(usages)
def test_nothing_added_changes_nothing(a):
    assert Usage(**a) + Usage() == Usage(**a)


@given(usages)
def test_plain_data_pickles_and_copies_are_the_same_usage(a):
    usage = Usage(**a)
    for same in (Usage(**usage.to_dict()), pickle.loads(pickle.dumps(usage)), copy.deepcopy(usage)):
        assert same == usage
        assert hash(same) == hash(usage)


def test_a_count_of_0_is_no_difference():
    assert Usage(input=1, output=0) == Usage(input=1)
    assert Usage(output=0).to_dict() == {}


def test_usage_and_something_else_do_not_add():
    with pytest.raises(TypeError):
        Usage(input=1) + 1
    assert Usage(input=1) != {"input": 1}


def test_a_usage_shows_what_it_counts_and_has_no_other_names():
    assert repr(Usage(input=1, output=0, seconds=Decimal("1.5"))) == "Usage(input=1, seconds=1.5)"
    with pytest.raises(AttributeError, match="inputt"):
        _ = Usage().inputt


def test_a_bucket_cannot_be_set_past_the_checks():
    with pytest.raises(AttributeError):
        Usage(input=1).input = -1
