"""Rate cards as flat, named prices: what guards compare and reports show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from modelry.meters import METERS
from modelry.pricing import Per, Pricing, Rate

_MILLION = 1_000_000


def newest(cards: Sequence[Pricing]) -> Pricing | None:
    """The last card by its day, in whatever order a feed lists them."""
    return max(enumerate(cards), key=lambda at: (at[1].since or "", at[0]))[1] if cards else None


def amount(rate: Rate) -> Decimal | None:
    """The price of one unit."""
    return rate.amount / rate.per if isinstance(rate, Per) else rate


def prices_of(card: Pricing | None) -> dict[str, Decimal]:
    """The prices of a card by name: a meter, behind it the condition of an override, in the card's order.

    The factor of an override is `multiply` with its condition.
    """
    if card is None:
        return {}
    prices = {meter: price for meter, rate in card.rates.items() if (price := amount(rate)) is not None}
    for override in card.overrides:
        when = " or ".join(map(_condition, override.when))
        for meter, rate in override.rates.items():
            if (price := amount(rate)) is not None:
                prices[f"{meter} when {when}"] = price
        if override.multiply is not None:
            prices[f"multiply when {when}"] = override.multiply
    return prices


def _condition(when: Mapping[str, object]) -> str:
    return ", ".join(
        f"{key}={'/'.join(value) if isinstance(value, list) else value}" for key, value in sorted(when.items())
    )


def meter_of(name: str) -> str:
    """The meter of a price's name."""
    return name.partition(" ")[0]


def is_of_tokens(name: str) -> bool:
    """Whether a price is that of a token."""
    meter = METERS.get(meter_of(name))
    return meter is not None and meter.is_token


def shown(name: str, price: Decimal) -> Decimal:
    """A price as people say it: of a million tokens, or of one of what else is counted."""
    return price * _MILLION if is_of_tokens(name) else price


def named(name: str) -> str:
    """The name of a price as people say it: `cached input when service_tier=batch`."""
    meter, _, when = name.partition(" ")
    said = meter.removesuffix("_per_token") if is_of_tokens(name) else meter
    return f"{said.replace('_', ' ')} {when}".rstrip()
