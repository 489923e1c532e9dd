"""The grammar of LiteLLM's price fields.

    field = stem [_above_{N}k_tokens] [_above_{N}s_interval] [_{resolution}] [_{tier or endpoint}]

A stem is a meter's word in the table of meters; each suffix is a condition. The grammar is closed: `spell` writes
every combination and `parse` reads it back.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from modelry.meters import METERS

STEMS: dict[str, str] = {meter.litellm: meter.name for meter in METERS.values() if meter.litellm}
"""Meter by LiteLLM's stem. A TTL such as `_above_1hr` is part of the stem."""

ENDINGS: dict[str, tuple[str, str]] = {
    "flex": ("service_tier", "flex"),
    "priority": ("service_tier", "priority"),
    "batches": ("service_tier", "batch"),
    "balanced": ("service_tier", "balanced"),
    "ultrafast": ("service_tier", "ultrafast"),
    "decisions": ("endpoint", "decisions"),
}
"""The condition that the last suffix means."""

# Mostly `4k` and `720p`, but `output_cost_per_image_4K`.
_UPPER_CASE = "output_cost_per_image"
_FIELD = re.compile(
    rf"(?P<stem>{'|'.join(sorted(STEMS, key=len, reverse=True))})"
    r"(?:_above_(?P<tokens>\d+)k_tokens)?"
    r"(?:_above_(?P<interval>\d+)s_interval)?"
    r"(?:_(?P<resolution>\d+(?:\.\d+)?[kKp]?))?"
    rf"(?:_(?P<ending>{'|'.join(ENDINGS)}))?"
)

When = tuple[tuple[str, Any], ...]
"""The items of a `when` mapping, in the order of the suffixes."""


class Field(NamedTuple):
    """What a price field says: the meter, the conditions, and for how many units its number is."""

    meter: str
    when: When
    per: int


def units(stem: str) -> int:
    """How many units the number of a stem is for: 1,000 where it says so, else one."""
    return 1_000 if "_per_1k_" in stem else 1


@lru_cache(maxsize=4_096)
def parse(name: str) -> Field | None:
    """Read a field's name; None where it is none of the grammar."""
    match = _FIELD.fullmatch(name)
    if match is None:
        return None
    stem, tokens, interval, resolution, ending = match.group("stem", "tokens", "interval", "resolution", "ending")
    when: list[tuple[str, Any]] = []
    if tokens:
        when.append(("prompt_tokens_above", int(tokens) * 1_000))
    if interval:
        when.append(("video_interval_above", int(interval)))
    if resolution:
        when.append(("resolution", resolution.lower()))
    if ending:
        when.append(ENDINGS[ending])
    return Field(STEMS[stem], tuple(when), units(stem))


_ENDING_OF = {condition: ending for ending, condition in ENDINGS.items()}


def spell(meter: str, when: Mapping[str, Any]) -> str | None:
    """The field that says this meter under these conditions; None where the grammar has no word for it.

    `prompt_tokens_from` is spelled like `prompt_tokens_above`: which of them is meant hangs on the provider.
    """
    stem = METERS[meter].litellm
    if stem is None:
        return None
    left = dict(when)
    name = stem
    tokens = left.pop("prompt_tokens_above", None) or left.pop("prompt_tokens_from", None)
    if tokens is not None:
        if tokens % 1_000:
            return None
        name += f"_above_{tokens // 1_000}k_tokens"
    if (interval := left.pop("video_interval_above", None)) is not None:
        name += f"_above_{interval}s_interval"
    if (resolution := left.pop("resolution", None)) is not None:
        name += f"_{resolution.replace('k', 'K') if stem == _UPPER_CASE else resolution}"
    if left:
        ending = _ENDING_OF.get(next(iter(left.items()))) if len(left) == 1 else None
        if ending is None:
            return None
        name += f"_{ending}"
    return name if parse(name) is not None else None


def exact(value: object) -> Decimal | None:
    """The number exactly as its shortest text says it; None for what is no finite number of 0 or more."""
    if isinstance(value, float):
        value = Decimal(repr(value))
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    number = Decimal(value)
    return number if number.is_finite() and number >= 0 else None


def exactly(value: Any) -> Any:
    """A JSON value with every float replaced by the Decimal of its shortest text."""
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, Mapping):
        return {key: exactly(item) for key, item in value.items()}
    return [exactly(item) for item in value] if isinstance(value, list | tuple) else value


def plainly(value: Any) -> Any:
    """The inverse of `exactly`: floats as LiteLLM has them."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, Mapping):
        return {key: plainly(item) for key, item in value.items()}
    return [plainly(item) for item in value] if isinstance(value, list | tuple) else value
