"""Usage: how much of each billable thing a call used, in disjoint buckets."""

from __future__ import annotations

from decimal import Context, Decimal, Inexact

from modelry.errors import InvalidUsage
from modelry.meters import BUCKETS, FRACTIONAL_UNITS, INPUT_TOKENS, OUTPUT_TOKENS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    Quantity = int | Decimal

EXACT = Context(prec=120, traps=[Inexact])
"""Sums and products of counts and prices: 120 digits hold any, and the trap proves it."""

LARGEST = 10**24
FINEST = 30
"""No count reaches `LARGEST`, and a measured one has at most `FINEST` decimals: so that sums stay exact."""

INCLUSIVE = {"input_tokens": ("input", INPUT_TOKENS), "output_tokens": ("output", OUTPUT_TOKENS)}
"""Totals as OpenAI and OpenTelemetry mean them: cache reads are part of input, reasoning is part of output."""


class Usage:
    """Counts by bucket; every token stands in exactly one.

    Keywords are the buckets of the meter table (`input`, `cached_input`, `cache_write_1h`, `output`, `reasoning`,
    `input_images`, `seconds`, …) in their units. `input_tokens` and `output_tokens` are the inclusive totals of a
    side and stand alone on it. A bucket that is not given counts 0. Usages add with `+`.

    Raises InvalidUsage naming the bucket.
    """

    __slots__ = ("_counts",)

    def __init__(self, **counts: object) -> None:
        self._counts: dict[str, Quantity] = checked(counts)

    @classmethod
    def from_counts(cls, counts: dict[str, Quantity]) -> Usage:
        """Take counts that `checked` has seen already."""
        usage = cls.__new__(cls)
        usage._counts = counts
        return usage

    @classmethod
    def from_response(cls, body: object, api: str | None = None, *, lenient: bool = False) -> Usage:
        """What a provider's response says was used: a body, its usage object, an SDK's object, or a stream's events.

        `api` names the dialect (openai.chat, anthropic.messages, …; see `modelry.dialects`); without it the shape
        tells. `lenient` mends what does not add up and warns (UserWarning).

        Raises UnknownUsage, AmbiguousUsage, UsageMismatch or InvalidUsage, each saying what was seen.
        """
        from modelry.dialects import read

        found = read(body, api, lenient=lenient)
        if lenient and found.warnings:
            from warnings import warn

            for warning in found.warnings:
                warn(warning, stacklevel=2)
        return cls.from_counts(found.counts)

    @property
    def input_tokens(self) -> int:
        """All input tokens: uncached, cache reads and cache writes, of every modality."""
        return sum(int(n) for bucket, n in self._counts.items() if bucket in INPUT_TOKENS)

    @property
    def output_tokens(self) -> int:
        """All output tokens, reasoning included."""
        return sum(int(n) for bucket, n in self._counts.items() if bucket in OUTPUT_TOKENS)

    def items(self) -> Iterator[tuple[str, Quantity]]:
        """Buckets that were given, with their counts."""
        return iter(self._counts.items())

    def to_dict(self) -> dict[str, Quantity]:
        """Counts by bucket, without zeros; `Usage(**usage.to_dict()) == usage`."""
        return {bucket: n for bucket, n in self._counts.items() if n}

    def __getattr__(self, bucket: str) -> Quantity:
        if bucket in BUCKETS:
            return self._counts.get(bucket, 0)
        msg = f"Usage has no bucket {bucket!r}"
        raise AttributeError(msg)

    def __add__(self, other: object) -> Usage:
        if not isinstance(other, Usage):
            return NotImplemented
        counts = dict(self._counts)
        for bucket, n in other._counts.items():
            so_far = counts.get(bucket, 0)
            counts[bucket] = so_far + n if type(so_far) is type(n) is int else EXACT.add(Decimal(so_far), n)
        return Usage.from_counts(counts)

    def __eq__(self, other: object) -> bool:
        return self.to_dict() == other.to_dict() if isinstance(other, Usage) else NotImplemented

    def __hash__(self) -> int:
        return hash(frozenset(self.to_dict().items()))

    def __repr__(self) -> str:
        return f"Usage({', '.join(f'{bucket}={n}' for bucket, n in self.to_dict().items())})"

    def __reduce__(self) -> tuple[Any, ...]:
        return Usage.from_counts, (self._counts,)


def checked(counts: Mapping[str, object]) -> dict[str, Quantity]:
    """Counts by bucket, every name and number checked; raises InvalidUsage naming the bucket."""
    result: dict[str, Quantity] = {}
    for name, value in counts.items():
        bucket = name
        if name in INCLUSIVE:
            bucket, side = INCLUSIVE[name]
            if not side.isdisjoint(counts):
                msg = f"is the total of its side and stands beside {', '.join(sorted(side & counts.keys()))}; give {bucket}= instead"
                raise InvalidUsage(name, value, msg)
        elif name not in BUCKETS:
            raise InvalidUsage(name, value, _unknown_bucket(name))
        result[bucket] = value if type(value) is int and 0 <= value < LARGEST else _quantity(name, bucket, value)
    return result


def _quantity(name: str, bucket: str, value: object) -> Quantity:
    unit = BUCKETS[bucket][0].unit
    number: Quantity
    if isinstance(value, bool):
        raise InvalidUsage(name, value, f"a number of {unit}s is due, not true or false")
    if hasattr(value, "__index__"):
        number = value.__index__()
    elif unit in FRACTIONAL_UNITS and isinstance(value, float | Decimal):
        number = Decimal(repr(value)) if isinstance(value, float) else value
    else:
        raise InvalidUsage(name, value, f"a whole number of {unit}s is due")
    if isinstance(number, Decimal) and not number.is_finite():
        raise InvalidUsage(name, value, f"a number of {unit}s is due")
    if number < 0:
        raise InvalidUsage(name, value, f"a number of {unit}s is not negative")
    if number >= LARGEST:
        raise InvalidUsage(name, value, f"no call counts so many {unit}s")
    if isinstance(number, Decimal) and int(number.as_tuple().exponent) < -FINEST:
        raise InvalidUsage(name, value, f"a number of {unit}s has at most {FINEST} decimals")
    return number


def _unknown_bucket(name: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, [*BUCKETS, *INCLUSIVE], n=2)
    return "is no bucket of usage" + (f"; did you mean {' or '.join(near)}?" if near else "")
