"""The audit: where a source says another price or limit than the catalogue, who agrees with whom, and the likely cause.

The cards that lost in the fold are not lost: they stand in the claims, and here they are compared. Nothing is changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from modelry.catalog import build
from modelry.catalog.claims import Claim
from modelry.catalog.fold import fold
from modelry.catalog.rows import card_on
from modelry.catalog.unify import unify
from modelry.meters import METERS
from modelry.pricing import Pricing
from modelry.rates import timeline
from modelry.records import Model
from modelry.refresh.cards import is_of_tokens, meter_of, named, prices_of, shown

LEVELS = ("info", "warning", "error")
"""How bad a finding is: a gap or a limit; another price; a price that cannot be meant."""

_BASE = ("input_per_token", "output_per_token")
_DUE = {"input_per_token": "price", "output_per_token": "price", "cached_input_per_token": "cache price"}
"""Prices that are missed where another source has them."""

_LIMITS = ("context", "max_output_tokens")
_SLIPS = (10**3, 10**6)
_NEAR = Decimal("0.02")
_ROUNDED = Decimal("0.001")
"""Relative difference below which two prices are one: somebody rounded."""

_UPLIFT = Decimal("1.1")
"""What clouds take in one region for a maker's model, by its price anywhere."""

_CALLS = {"in": 750_000, "out": 250_000}
"""A million tokens as calls are made of them; of what is no token a thousand: what the money at stake is counted on."""


class Finding(NamedTuple):
    """One value that sources give otherwise than the catalogue.

    `field` is a limit, `currency`, `overrides` or a price by its meter, behind it the condition of an override. `ours`
    and `theirs` are USD (or the card's currency) per 1M tokens or per unit, or tokens; `factor` is theirs by ours.
    `sources` say theirs, `with_us` say ours. `stake` is the difference in the price of a million tokens.
    """

    id: str
    field: str
    sources: Sequence[str]
    ours: Decimal | int | None
    theirs: Decimal | int | None
    factor: Decimal | None
    with_us: Sequence[str]
    cause: str
    level: str
    stake: Decimal


class _Side:
    """What the catalogue or a source says of a row: all its cards, and the prices of the one in force."""

    def __init__(self, cards: Sequence[Pricing], now: Pricing) -> None:
        self.cards = cards
        self.now = now
        self.prices = prices_of(now)


def audit(root: Path, provider: str | None = None, *, tell: Callable[[str], None] = lambda _: None) -> list[Finding]:
    """All findings of a ROOT, or of one provider's rows, by the money at stake, the most first.

    Raises UnknownProvider where nobody is called so.
    """
    tell("reading claims")
    pins, _ = build.pinned_in(root)
    sources = build.sources_of(root, pins=pins)
    manifests = {manifest.id: manifest for manifest in sources.providers}
    ids = (claim.provider for claim in sources.claims)
    wanted = None if provider is None else build.provider_called(provider, ids, sources.providers)
    day = build.newest(sources.claims) or datetime.now(UTC).date().isoformat()
    tell("comparing")
    found = [
        finding
        for claims in unify(sources.claims, manifests)
        if len(claims) > 1 and wanted in (None, claims[0].provider)
        for finding in _compared(fold(claims, manifests.get(claims[0].provider), day), claims, day)
    ]
    found.sort(key=lambda one: (-one.stake, -LEVELS.index(one.level), one.id, one.field, one.sources))
    return found


def _compared(row: Model, claims: Sequence[Claim], day: str) -> Iterator[Finding]:
    speaking = [claim for claim in claims if claim.source != "operator"]
    if ours := _side(row.pricing, day):
        told = ((claim.source, _side(claim.fields.get("pricing", ()), day)) for claim in speaking)
        sides = {source: side for source, side in told if side}
        yield from _of_prices(row.id, ours, sides)
        yield from _of_terms(row.id, ours.now, sides)
    for limit in _LIMITS:
        said = {claim.source: claim.fields[limit] for claim in speaking if limit in claim.fields}
        yield from _of_limit(row, limit, said)


def _side(cards: Sequence[Pricing], day: str) -> _Side | None:
    """A side that says a price; 0/0 is how feeds write that they do not know."""
    now = card_on(cards, day)
    side = _Side(cards, now) if now else None
    if side is None:
        return None
    base = [side.prices[name] for name in _BASE if name in side.prices]
    return side if any(base or side.prices.values()) else None


def _of_prices(name: str, ours: _Side, sides: Mapping[str, _Side]) -> Iterator[Finding]:
    """Each price that is another one there."""
    comparable = {source: side for source, side in sides.items() if side.now.currency == ours.now.currency}
    for field in {**ours.prices, **_DUE}:
        mine = ours.prices.get(field)
        prices = {source: side.prices[field] for source, side in comparable.items() if field in side.prices}
        with_us = sorted(source for source, price in prices.items() if mine is not None and _same(price, mine))
        others = {source: price for source, price in sorted(prices.items()) if source not in with_us}
        for theirs, sources in _grouped(others):
            value = shown(field, theirs).normalize()
            if mine is not None:
                outvoted = len(sources) > len(with_us)
                cause, level = _cause(field, ours, [comparable[source] for source in sources], outvoted=outvoted)
                factor = _factor(theirs, mine) if mine else None
                stake = abs(theirs - mine) * _amount_of(field)
                known = shown(field, mine).normalize()
                yield Finding(name, field, sources, known, value, factor, with_us, cause, level, stake)
            elif theirs:
                cause = f"{_DUE[field]} missing here"
                yield Finding(name, field, sources, None, value, None, (), cause, "info", Decimal(0))


def _amount_of(field: str) -> int:
    """Of how much a difference in this price is money at stake."""
    return _CALLS.get(METERS[meter_of(field)].direction or "", 0) if is_of_tokens(field) else 1000


def _grouped(prices: Mapping[str, Decimal]) -> Iterator[tuple[Decimal, list[str]]]:
    """The values, each with the sources that say it."""
    left = dict(prices)
    while left:
        value = next(iter(left.values()))
        same = [source for source, price in left.items() if _same(price, value)]
        yield value, same
        for source in same:
            del left[source]


def _of_terms(name: str, ours: Pricing, sides: Mapping[str, _Side]) -> Iterator[Finding]:
    """Currencies and thresholds that are others there."""
    for source, card in ((source, side.now) for source, side in sides.items()):
        if card.currency != ours.currency:
            told = f"currency {card.currency}, ours {ours.currency}"
            yield Finding(name, "currency", [source], None, None, None, (), told, "info", Decimal(0))
        elif _thresholds(card) and _thresholds(card) != _thresholds(ours):
            told = f"tier threshold differs: {_shown(card)}, ours {_shown(ours)}"
            yield Finding(name, "overrides", [source], None, None, None, (), told, "info", Decimal(0))


# Causes


def _cause(field: str, ours: _Side, sides: Sequence[_Side], *, outvoted: bool) -> tuple[str, str]:
    """Why the two may differ, and how bad that is: what cannot be meant is ours where more sources say otherwise."""
    where, level = ("here", "error") if outvoted else ("there", "warning")
    mine, theirs = ours.prices[field], sides[0].prices[field]
    if not theirs or not mine:
        return ("0 there" if not theirs else "0 here"), "warning" if not theirs else "error"
    factor = max(theirs, mine) / min(theirs, mine)
    for slip in _SLIPS:
        if abs(factor / slip - 1) < _NEAR:
            return f"unit slip {where}: ×{slip:,}", level
    if field in _BASE and any(_is_swapped(ours.prices, side.prices) for side in sides):
        return f"input and output swapped {where}", level
    if ended := _until(ours.cards, field, theirs):
        return f"stale there since {ended}", "warning"
    ended = max(filter(None, (_until(side.cards, field, mine) for side in sides)), default="")
    if ended > (ours.now.since or ""):
        return f"stale here since {ended}", "warning"
    if name := _other_name(field, ours.prices, theirs):
        return f"our price {name}", "warning"
    if _same(factor, _UPLIFT):
        return f"a region's price {'here' if mine > theirs else 'there'}", "warning"
    return "another price", "warning"


def _is_swapped(ours: Mapping[str, Decimal], theirs: Mapping[str, Decimal]) -> bool:
    one, other = _BASE
    pairs = ((ours.get(a), theirs.get(b)) for a, b in ((one, other), (other, one)))
    return all(a is not None and b is not None and _same(a, b) for a, b in pairs)


def _until(cards: Sequence[Pricing], field: str, price: Decimal) -> str | None:
    """Since when another price stands in the place of this one; None where this one never was."""
    line = [(since, prices_of(card).get(field)) for since, card in timeline(cards)]
    ends = [
        since[:10]
        for (_, before), (since, after) in pairwise(line)
        if before is not None and _same(before, price) and (after is None or not _same(after, price))
    ]
    return ends[-1] if ends else None


def _other_name(field: str, prices: Mapping[str, Decimal], price: Decimal) -> str | None:
    """Under which condition, or for which other kind of token of the same side, our card has this price."""
    mine = METERS[meter_of(field)]
    for name, one in prices.items():
        if name == field or not _same(one, price):
            continue
        meter, _, when = name.partition(" when ")
        if meter == meter_of(field):
            conditions = dict.fromkeys(part.partition("=")[0].replace("_", " ") for part in when.split(", "))
            return f"by {', '.join(conditions)}"
        if not when and METERS[meter].direction == mine.direction and METERS[meter].modality != mine.modality:
            return f"of {named(name)}"
    return None


# Limits


def _of_limit(row: Model, limit: str, said: Mapping[str, int]) -> Iterator[Finding]:
    ours = getattr(row, limit)
    with_us = sorted(source for source, value in said.items() if value == ours)
    for theirs in dict.fromkeys(value for value in said.values() if ours is not None and value != ours):
        sources = sorted(source for source, value in said.items() if value == theirs)
        factor = _factor(Decimal(theirs), Decimal(ours))
        cause = "thousands of 1,000 and of 1,024" if _is_binary(ours, theirs) else "another limit"
        yield Finding(row.id, limit, sources, ours, theirs, factor, with_us, cause, "info", Decimal(0))


def _is_binary(one: int, other: int) -> bool:
    low, high = sorted((one, other))
    return any(low * 1024**n == high * 1000**n for n in (1, 2))


def _factor(theirs: Decimal, ours: Decimal) -> Decimal:
    """To four digits, however large."""
    return Decimal(f"{theirs / ours:.4g}")


def _same(one: Decimal, other: Decimal) -> bool:
    return abs(one - other) <= _ROUNDED * max(one, other)


def _thresholds(card: Pricing) -> frozenset[int]:
    """From how many prompt tokens on other prices hold."""
    return frozenset(_bounds(when for override in card.overrides for when in override.when))


def _bounds(whens: Iterable[Mapping[str, Any]]) -> Iterator[int]:
    for when in whens:
        if "prompt_tokens_above" in when:
            yield int(when["prompt_tokens_above"]) + 1
        if "prompt_tokens_from" in when:
            yield int(when["prompt_tokens_from"])


def _shown(card: Pricing) -> str:
    return ", ".join(f"{bound:,}" for bound in sorted(_thresholds(card))) or "none"
