"""Arbitrary rate cards and usages for the laws that hold for every one of them."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import settings
from hypothesis import strategies as st

from modelry.conditions import ALWAYS_LISTS, CONDITIONS, FACTS, SERVICE_TIERS, WEEKDAYS
from modelry.meters import BUCKETS, FRACTIONAL_UNITS, METERS
from modelry.pricing import Override, Per, Pricing

settings.register_profile("modelry", deadline=None)  # a busy machine is no failure
settings.load_profile("modelry")

WORDS = ("us", "eu", "us-east-1", "us-gov", "global", "fast", "explicit", "decisions", "720p", "low", "hd", "50")

known_rates = st.builds(
    lambda digits, point: Decimal(digits).scaleb(-point), st.integers(0, 10**17 - 1), st.integers(4, 20)
)
"""Up to 17 digits, down to 1e-20."""

per_rates = st.builds(Per, known_rates, st.integers(2, 3_600))
rates = st.none() | known_rates | per_rates

COMMON = (
    "input", "output", "cached_input", "cache_write_1h", "reasoning", "input_audio", "input_image", "output_image",
    "output_images", "input_characters", "seconds", "web_searches",
)  # fmt: skip
"""Buckets that cards and usages draw more often, so that they meet."""

meters = st.sampled_from([meter.name for bucket in COMMON for meter in BUCKETS[bucket]]) | st.sampled_from(
    sorted(METERS)
)
rate_maps = st.dictionaries(meters, rates, max_size=8)
priced_maps = st.dictionaries(meters, known_rates, min_size=1, max_size=8)


def _one_or_several(words):
    several = st.lists(st.sampled_from(words), min_size=2, max_size=3, unique=True)
    return st.sampled_from(words) | several


_clock = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59))
_VALUES = {
    "integer": st.integers(1, 10**6),
    "tier": _one_or_several(sorted(SERVICE_TIERS)),
    "text": _one_or_several(WORDS),
    "hours": st.lists(st.builds("{}-{}".format, _clock, _clock), min_size=1, max_size=3),
    "weekdays": st.lists(st.sampled_from(WEEKDAYS), min_size=1, max_size=5, unique=True),
}


@st.composite
def whens(draw):
    keys = draw(st.lists(st.sampled_from(sorted(CONDITIONS)), min_size=1, max_size=3, unique=True))
    when = {key: draw(_VALUES[CONDITIONS[key].value]) for key in keys}
    assert all(isinstance(when[key], list) for key in ALWAYS_LISTS & when.keys())
    if "weekdays" in when and draw(st.booleans()):
        when["weekday_timezone"] = draw(st.sampled_from(("Asia/Shanghai", "America/New_York")))
    return when


overrides = st.builds(
    Override,
    when=st.lists(whens(), min_size=1, max_size=3).map(tuple),
    rates=rate_maps,
    replace=st.booleans(),
    multiply=st.none() | st.sampled_from([Decimal("1.1"), Decimal(6), Decimal("0.5")]),
)
days = st.dates().map(str) | st.datetimes().map(lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%SZ"))
cards = st.builds(
    Pricing,
    rates=rate_maps,
    overrides=st.lists(overrides, max_size=4).map(tuple),
    currency=st.sampled_from(["USD", "CNY", "EUR"]),
    effective_from=st.none() | days,
    observed=st.none() | days,
    source=st.none() | st.text(min_size=1),
    correction=st.booleans(),
)
"""Any rate card, in the form that `Pricing.from_dict` gives."""

_FACTS = dict.fromkeys(sorted(FACTS), st.sampled_from(WORDS)) | {
    "service_tier": st.sampled_from(sorted(SERVICE_TIERS | {"fast", "standard"})),
    "speed": st.sampled_from(["fast", "standard"]),
    "results": st.integers(1, 10**6),
    "video_interval": st.integers(1, 10**6),
}


def _some_of(values, often=()):
    """Mappings of at most six of these keys; drawing every key each time would be slow."""
    key = st.sampled_from(sorted(values))
    keys = st.lists(st.sampled_from(often) | key if often else key, max_size=6, unique=True)
    return keys.flatmap(lambda drawn: st.fixed_dictionaries({key: values[key] for key in drawn}))


facts = _some_of(_FACTS)
"""What a call may say of itself."""


def quantities(bucket, largest=10**12):
    """Counts of one bucket; of what is measured also fractions."""
    whole = st.integers(0, largest)
    if BUCKETS[bucket][0].unit in FRACTIONAL_UNITS:
        return whole | st.decimals(0, largest, places=6, allow_nan=False, allow_infinity=False)
    return whole


usages = _some_of({bucket: quantities(bucket) for bucket in BUCKETS}, often=COMMON)
"""Keywords of a `Usage`."""
