"""Numbers, prices and conditions as people read them, without a float and without rich."""

from __future__ import annotations

from decimal import Context, Decimal

from modelry.conditions import ALWAYS_LISTS, WEEKDAYS
from modelry.meters import METERS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from modelry.pricing import Rate
    from modelry.records import Model

UNKNOWN = "—"
FREE = "free"

# More digits than any published price has: only a quotient that does not end is cut, and says so with ≈.
_SHOWN = Context(prec=8)
_EXACT = Context(prec=150)


def digits(number: Decimal, least: int = 2) -> str:
    """Every digit, with thousands parted and at least so many decimals: 1,234.50; ≈ where the number does not end."""
    shown = _SHOWN.plus(number) if len(number.as_tuple().digits) > 40 else number
    whole, _, fraction = f"{shown:,f}".partition(".")
    fraction = fraction.rstrip("0").ljust(least, "0")
    return ("" if shown == number else "≈") + whole + ("." + fraction if fraction else "")


def count(number: int | Decimal | None) -> str:
    """A count with thousands parted: 128,000."""
    return UNKNOWN if number is None else digits(Decimal(number), 0)


def window(model: Model) -> str:
    """The context window of a model; where only its longest input is known, `≥` that."""
    known = model.context is not None or model.max_input_tokens is None
    return count(model.context) if known else f"≥ {count(model.max_input_tokens)}"


def money(amount: Decimal | None, currency: str) -> str:
    """An amount with its currency: $0.0075, CNY 1.20."""
    if amount is None:
        return UNKNOWN
    shown = digits(amount)
    about = "≈" * shown.startswith("≈")
    return f"{about}{'$' if currency == 'USD' else currency + ' '}{shown.removeprefix('≈')}"


def unit_price(meter: str, amount: Decimal, currency: str) -> str:
    """A rate with its unit: $2.50 / 1M for tokens, $0.01 / query for others."""
    known = METERS[meter]
    if not amount:
        return FREE
    if known.unit in PER_MILLION:
        return f"{money(_EXACT.multiply(amount, Decimal(1_000_000)), currency)} / 1M"
    return f"{money(amount, currency)} / {known.unit.replace('_', '-')}"


PER_MILLION = frozenset({"token", "character", "pixel"})
"""Units whose prices are shown for a million of them."""


def rate_shown(meter: str, rate: Rate) -> str:
    """A rate of a card as a cell: per 1M tokens, else per unit; `—` is unknown, `free` is 0.

    A table has room for eight digits: the noise of somebody's floats (1.0000000000000001e-07) becomes ≈0.10.
    """
    if rate is None:
        return UNKNOWN
    amount, per = (rate, 1) if isinstance(rate, Decimal) else rate
    if not amount:
        return FREE
    if METERS[meter].unit in PER_MILLION:
        amount = _EXACT.multiply(amount, Decimal(1_000_000))
    exact = amount if per == 1 else _EXACT.divide(amount, per)
    shown = _SHOWN.plus(exact)
    return "≈" * (shown != exact) + digits(shown)


def meter_words(meter: str) -> str:
    """A meter without its unit, as a heading: cached input, web search."""
    name = METERS[meter].name
    for ending in ("_per_token", f"_per_{METERS[meter].unit}"):
        name = name.removesuffix(ending)
    return name.removeprefix("per_").replace("_", " ")


def meter_unit(meter: str) -> str:
    """What the price of a meter is for: 1M tokens, 1M characters, query."""
    unit = METERS[meter].unit.replace("_", "-")
    return f"1M {unit}s" if unit in PER_MILLION else unit


def aligned(cells: Sequence[str]) -> list[str]:
    """Cells of one width whose decimal points stand in one column."""
    parted = [cell.partition(".") for cell in cells]
    before = max((len(whole) for whole, _, _ in parted), default=0)
    after = max((len(point + fraction) for _, point, fraction in parted), default=0)
    return [whole.rjust(before) + (point + fraction).ljust(after) for whole, point, fraction in parted]


_PHRASES = {
    "service_tier": "{} tier",
    "endpoint": "endpoint {}",
    "prompt_tokens_above": "input > {}",
    "prompt_tokens_from": "input ≥ {}",
    "region": "region {}",
    "region_not": "region not {}",
    "speed": "{} speed",
    "cache_mode": "{} cache",
    "weekdays": "{}",
    "utc_hours": "{} UTC",
    "search_context_size": "{} search context",
    "results_above": "results > {}",
    "video_interval_above": "video interval > {} s",
    "resolution": "{}",
    "image_size": "{}",
    "image_quality": "{} quality",
    "steps": "{} steps",
}
"""How a condition reads, in the order in which several do. A key that is not here reads as `key value`."""


def condition(when: Mapping[str, Any]) -> str:
    """One `when` in words: batch tier, input > 200,000."""
    keys = [key for key in _PHRASES if key in when]
    keys += [key for key in when if key not in _PHRASES and key != "weekday_timezone"]
    return ", ".join(_phrase(key, when[key], when.get("weekday_timezone", "")) for key in keys)


def _phrase(key: str, value: object, zone: str) -> str:
    read = _PHRASES.get(key, key.replace("_", " ") + " {}").format(_value(key, value))
    return f"{read} ({zone})" if key == "weekdays" and zone else read


def _value(key: str, value: object) -> str:
    if isinstance(value, list | tuple):
        return _days(value) if key == "weekdays" else " or ".join(map(str, value))
    return count(value) if isinstance(value, int) else str(value)


def _days(days: Sequence[str]) -> str:
    at = [WEEKDAYS.index(day) for day in days]
    is_run = len(at) > 2 and at == list(range(at[0], at[0] + len(at)))
    return f"{days[0]}–{days[-1]}" if is_run else " ".join(days)


def conditions(whens: Sequence[Mapping[str, Any]]) -> str:
    """The alternatives of an override: one or the other."""
    keys = {key for when in whens for key in when}
    if len(keys) == 1 and len(whens) > 1 and not keys & ALWAYS_LISTS:
        (key,) = keys
        values = [when[key] for when in whens]
        return condition({key: [item for value in values for item in (value if isinstance(value, list) else [value])]})
    return " or ".join(condition(when) for when in whens)
