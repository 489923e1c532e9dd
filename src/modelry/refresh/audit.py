"""The audit: where a source says another price or limit than the catalogue, who agrees with whom, and the likely cause.

The cards that lost in the fold are not lost: they stand in the claims, and here they are compared. Nothing is changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from modelry.catalog import build
from modelry.catalog.claims import Claim
from modelry.catalog.fold import fold
from modelry.catalog.rows import card_on
from modelry.catalog.unify import unify
from modelry.pricing import Pricing
from modelry.records import Model
from modelry.refresh.cards import amount

LEVELS = ("info", "warning", "error")
"""How bad a finding is: a gap; another price; a price that cannot be meant."""

_BASE = ("input_per_token", "output_per_token")
_PRICES = (*_BASE, "cached_input_per_token")
_MISSING = {"cached_input_per_token": "cache price"}
_LIMITS = ("context", "max_output_tokens")
_SLIPS = (10**3, 10**6)
_NEAR = Decimal("0.02")
_NOISE = Decimal("1e-6")
_MILLION = 1_000_000
_CALL = {"input_per_token": 750_000, "output_per_token": 250_000, "cached_input_per_token": 750_000}
"""A million tokens as calls are made of them: what the money at stake is counted on."""


class Finding(NamedTuple):
    """One value that sources give otherwise than the catalogue.

    `ours` and `theirs` are USD (or the card's currency) per 1M tokens, or tokens; `factor` is theirs by ours. `sources`
    say theirs, `with_us` say ours. `stake` is the difference in the price of a million tokens.
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


def audit(root: Path, *, tell: Callable[[str], None] = lambda _: None) -> list[Finding]:
    """All findings of a ROOT, by the money at stake, the most first."""
    tell("reading claims")
    pins, _ = build.pinned_in(root)
    sources = build.sources_of(root, pins=pins)
    manifests = {provider.id: provider for provider in sources.providers}
    day = build.newest(sources.claims) or datetime.now(UTC).date().isoformat()
    tell("comparing")
    found = [
        finding
        for claims in unify(sources.claims, manifests)
        if len(claims) > 1
        for finding in _compared(fold(claims, manifests.get(claims[0].provider), day), claims, day)
    ]
    found.sort(key=lambda one: (-one.stake, -LEVELS.index(one.level), one.id, one.field, one.sources))
    return found


def _compared(row: Model, claims: Sequence[Claim], day: str) -> Iterator[Finding]:
    speaking = [claim for claim in claims if claim.source != "operator"]
    ours = card_on(row.pricing, day)
    held = ((claim.source, card_on(claim.fields.get("pricing", ()), day)) for claim in speaking)
    cards = {source: card for source, card in held if card is not None and _is_price(card)}
    if ours is not None and _is_price(ours):
        yield from _of_prices(row, ours, cards)
        yield from _of_terms(row, ours, cards)
    for limit in _LIMITS:
        said = {claim.source: claim.fields[limit] for claim in speaking if limit in claim.fields}
        yield from _of_limit(row, limit, said)


def _is_price(card: Pricing) -> bool:
    """Whether it says what text costs; 0/0 is how feeds write that they do not know."""
    return any(_rate(card, meter) for meter in _BASE)


def _of_prices(row: Model, ours: Pricing, cards: Mapping[str, Pricing]) -> Iterator[Finding]:
    """Each price that is another one there."""
    comparable = {source: card for source, card in cards.items() if card.currency == ours.currency}
    for meter in _PRICES:
        mine = _rate(ours, meter)
        rates = {source: rate for source, card in comparable.items() if (rate := _rate(card, meter)) is not None}
        with_us = sorted(source for source, rate in rates.items() if _same(rate, mine))
        for theirs, sources in _grouped(rates, mine):
            if mine is None:
                cause, level = f"{_MISSING.get(meter, 'price')} missing here", "info"
            else:
                swapped = meter in _BASE and any(_is_swapped(ours, comparable[source]) for source in sources)
                outvoted = len(sources) > len(with_us)
                cause, level = _cause(row, meter, mine, theirs, swapped=swapped, outvoted=outvoted)
            factor = _factor(theirs, mine) if mine else None
            stake = abs(theirs - mine) * _CALL[meter] if mine is not None else Decimal(0)
            shown = [None if rate is None else (rate * _MILLION).normalize() for rate in (mine, theirs)]
            yield Finding(row.id, meter, sources, shown[0], shown[1], factor, with_us, cause, level, stake)


def _grouped(rates: Mapping[str, Decimal], ours: Decimal | None) -> Iterator[tuple[Decimal, list[str]]]:
    """The values that are not ours, each with the sources that say it."""
    left = {source: rate for source, rate in sorted(rates.items()) if not _same(rate, ours)}
    while left:
        value = next(iter(left.values()))
        same = [source for source, rate in left.items() if _same(rate, value)]
        yield value, same
        for source in same:
            del left[source]


def _of_terms(row: Model, ours: Pricing, cards: Mapping[str, Pricing]) -> Iterator[Finding]:
    """Currencies and thresholds that are others there."""
    for source, card in cards.items():
        if card.currency != ours.currency:
            told = f"currency {card.currency}, ours {ours.currency}"
            yield Finding(row.id, "currency", [source], None, None, None, (), told, "info", Decimal(0))
        elif _thresholds(card) and _thresholds(card) != _thresholds(ours):
            told = f"tier threshold differs: {_shown(card)}, ours {_shown(ours)}"
            yield Finding(row.id, "overrides", [source], None, None, None, (), told, "info", Decimal(0))


def _is_swapped(ours: Pricing, theirs: Pricing) -> bool:
    one, other = _BASE
    return all(_same(_rate(ours, a), _rate(theirs, b)) for a, b in ((one, other), (other, one)))


def _cause(row: Model, meter: str, ours: Decimal, theirs: Decimal, *, swapped: bool, outvoted: bool) -> tuple[str, str]:
    """Why the two may differ, and how bad that is: what cannot be meant is ours where more sources say otherwise."""
    where, level = ("here", "error") if outvoted else ("there", "warning")
    if not theirs or not ours:
        return ("0 there" if not theirs else "0 here"), "warning" if not theirs else "error"
    factor = max(theirs, ours) / min(theirs, ours)
    for slip in _SLIPS:
        if abs(factor / slip - 1) < _NEAR:
            return f"unit slip {where}: ×{slip:,}", level
    if swapped:
        return f"input and output swapped {where}", level
    for number, card in enumerate(row.pricing[:-1], 1):
        if _same(_rate(card, meter), theirs):
            ended = next((later.since for later in row.pricing[number:] if later.since), None)
            return f"stale there since {ended}" if ended else "stale there", "warning"
    return "another price", "warning"


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


def _rate(card: Pricing, meter: str) -> Decimal | None:
    return amount(card.rates.get(meter))


def _factor(theirs: Decimal, ours: Decimal) -> Decimal:
    """To four digits, however large."""
    return Decimal(f"{theirs / ours:.4g}")


def _same(one: Decimal | None, other: Decimal | None) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) <= _NOISE * max(one, other)


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
