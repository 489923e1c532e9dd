"""Guards: what a feed may change by itself, and what waits for a person.

A feed is rejected as a whole where it is not itself any more: too few models, a managed provider gone, an older body, all
prices moved at once. One bad row never stops the rest: it goes to quarantine, and its old price stays. The numbers are
those of seed 1 and of the catalogue's design.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from statistics import median
from typing import NamedTuple

from modelry.catalog.claims import Claim, Feed, same_card
from modelry.catalog.fold import MANAGED
from modelry.copies import Guards, opened_bundle
from modelry.identity import spelling_of
from modelry.jsontext import plain
from modelry.pricing import Pricing
from modelry.records import Model
from modelry.refresh.cards import amount, is_of_tokens, meter_of, newest, prices_of

MOST_TIMES = 10
"""A price that changed by more than this factor waits for a person."""

MEDIAN_SHIFT = Decimal("1.8")
"""All prices moved by this factor, either way, are an attack or a slip of the unit."""

_COUNTED_PROVIDER = 5
"""Rows from which on a provider's shrinking is counted."""

_FEWEST_COMPARED = 20
"""Prices from which on their median says something of the feed."""

_BASE = ("input_per_token", "output_per_token")

Before = Callable[[Model], Claim | None]
"""What a feed said of a model before."""


class Held(NamedTuple):
    """A row in quarantine: what of it is not believed, and why. What was known before stays."""

    id: str
    field: str
    old: str | None
    new: str | None
    reason: str


class Verdict(NamedTuple):
    """What may be taken in of a feed, what of it waits, or why nothing may."""

    models: Sequence[Model]
    held: Sequence[Held]
    rejected: str | None = None


def bundled(source: str) -> Feed:
    """What the packaged catalogue has from a feed: what a first fetch is compared with."""
    said = []
    with opened_bundle() as bundle:
        for model in bundle.models():
            if source in model.extensions or source in model.provenance.values():
                priced = model.provenance.get("pricing", model.provenance.get("default")) == source
                fields = {"pricing": model.pricing} if priced and model.pricing else {}
                said.append(Claim(source, model.provider, model.model, fields))
    return Feed(source, "", said)


def judged(previous: Feed, models: Sequence[Model], unread: Sequence[str], day: str, *, accept: bool) -> Verdict:
    """A feed's models beside what it said before.

    `unread` is what its reader could not read, `id: what` a line. With `accept` a person has looked: what would wait or be
    rejected for its size or prices is taken in. A row that cannot be read waits all the same.
    """
    if day < previous.as_of:
        return Verdict((), (), f"is of {day}; that of {previous.as_of} was taken in already")
    before = _by_name(previous.claims)
    listed = [claim for claim in previous.claims if "missing_since" not in claim.fields]
    held: list[Held] = []
    told = _told(unread, {claim.provider for claim in previous.claims})
    unreadable = list(_unreadable(listed, models, told, held))
    if accept:
        return Verdict([*models, *unreadable], held)
    reason = _too_few(listed, models) or _managed_gone(listed, models) or _all_moved(before, models)
    if reason:
        return Verdict((), (), reason)
    kept = [_guarded(model, before(model), told, held) for model in models]
    return Verdict([*kept, *unreadable, *_gone(listed, [*models, *unreadable], held)], held)


def _by_name(claims: Sequence[Claim]) -> Before:
    """By name, else by spelling: a price that is doubted must not come in under another spelling of the name."""
    named = {(claim.provider, claim.model): claim for claim in claims}
    spelled = {(claim.provider, spelling_of(claim.model)): claim for claim in claims}
    return lambda model: (
        named.get((model.provider, model.model)) or spelled.get((model.provider, spelling_of(model.model)))
    )


def _told(unread: Iterable[str], providers: Container[str]) -> dict[str, str]:
    """The first thing that was told of each row, also by its name without the feed's own word for its provider."""
    told: dict[str, str] = {}
    for name, _, what in (line.partition(": ") for line in unread):
        told.setdefault(name, what)
        word, _, model = name.partition("/")
        if word not in providers:  # else it is another provider's model of that name
            told.setdefault(model, what)
    return told


def _unreadable(
    listed: Sequence[Claim], models: Sequence[Model], told: Mapping[str, str], held: list[Held]
) -> Iterator[Model]:
    """The rows that are listed and could not be read: they wait, as they were."""
    read = {(model.provider, model.model) for model in models}
    for claim in listed:
        why = told.get(f"{claim.provider}/{claim.model}") or told.get(claim.model)
        if why and (claim.provider, claim.model) not in read:
            held.append(Held(f"{claim.provider}/{claim.model}", "row", None, None, why))
            yield _as_before(claim)


def _too_few(listed: Sequence[Claim], models: Sequence[Model]) -> str | None:
    guards = Guards.from_environment()
    before = len(listed)
    if len(models) < max(guards.min_models, 1):
        return f"lists {len(models)} models, fewer than {guards.min_models} (MODEL_COST_MAP_MIN_MODEL_COUNT)"
    if before - len(models) > guards.max_shrink * before:
        share = f"{guards.max_shrink:.0%}"
        return f"shrank from {before} models to {len(models)}, by more than {share} (MODEL_COST_MAP_MAX_SHRINK_RATIO)"
    return None


def _managed_gone(listed: Sequence[Claim], models: Sequence[Model]) -> str | None:
    """Why a managed provider cannot have shrunk so."""
    before, now = (Counter(row.provider for row in rows) for rows in (listed, models))
    most = Guards.from_environment().max_shrink
    for provider in sorted(MANAGED & before.keys()):
        had, has = before[provider], now[provider]
        if has == 0:
            return f"lists no model of {provider} any more, and had {had}"
        if had >= _COUNTED_PROVIDER and had - has > most * had:
            return f"shrank from {had} models of {provider} to {has}, by more than {most:.0%}"
    return None


def _gone(listed: Sequence[Claim], models: Sequence[Model], held: list[Held]) -> Iterator[Model]:
    """The rows of providers that a feed lists no more at all: they wait, as if they were still listed."""
    now = set(map(_house, models))
    before = Counter(map(_house, listed))
    for house in sorted(before.keys() - now):
        if before[house] >= _COUNTED_PROVIDER:
            held.append(Held(house, "models", str(before[house]), "0", "the provider is listed no more"))
            yield from (_as_before(claim) for claim in listed if _house(claim) == house)


def _house(row: Claim | Model) -> str:
    """Its provider; of OpenRouter's own offerings the maker there."""
    maker, slash, _ = row.model.partition("/")
    return f"{row.provider}/{maker}" if slash and row.provider == "openrouter" else row.provider


def _as_before(claim: Claim) -> Model:
    return Model(provider=claim.provider, model=claim.model, **claim.fields)


# Prices


def _all_moved(before: Before, models: Iterable[Model]) -> str | None:
    factors = [factor for model in models for factor in _factors(before(model), model)]
    if len(factors) < _FEWEST_COMPARED:
        return None
    middle = median(factors)
    if middle >= MEDIAN_SHIFT or middle <= 1 / MEDIAN_SHIFT:
        return f"has all prices changed: the median of {len(factors)} is {middle:.3g} times what it was"
    return None


def _factors(claim: Claim | None, model: Model) -> Iterator[Decimal]:
    """By how much the base prices of text tokens changed."""
    old, new = newest(claim.fields.get("pricing", ())) if claim else None, newest(model.pricing)
    if old is None or new is None or old.currency != new.currency:
        return
    for meter in _BASE:
        was, now = amount(old.rates.get(meter)), amount(new.rates.get(meter))
        if was and now:
            yield now / was


def _guarded(model: Model, claim: Claim | None, told: Mapping[str, str], held: list[Held]) -> Model:
    """The model, with its prices of before where the new ones are not believed."""
    said = claim.fields if claim else {}
    cards = said.get("pricing", ())
    known = newest([card for card in cards if card.is_known])
    if known is None:
        return model
    why = told.get(model.id) or told.get(model.model) or "the feed says no price any more"
    fresh = [card for card in model.pricing if not any(same_card(card, old) for old in cards)]
    doubts = dict.fromkeys(doubt for card in (*fresh, newest(model.pricing)) for doubt in _doubts(known, card, why))
    held += [Held(model.id, *doubt) for doubt in doubts]
    if not doubts:
        return model
    return replace(model, pricing=tuple(cards), extensions=said.get("extensions", {}))  # which may price, too


def _doubts(old: Pricing, new: Pricing | None, gone: str) -> Iterator[tuple[str, str | None, str | None, str]]:
    """The prices that are not believed: field, old, new, why; `gone` is why there may be none."""
    if new is not None and new.currency != old.currency:
        yield "currency", old.currency, new.currency, "another currency"
        return
    was, now = prices_of(old), prices_of(new)
    for name, price in was.items():
        if name not in now:
            if name in _BASE:
                yield name, plain(price), None, gone
        elif price and not now[name]:
            yield name, plain(price), "0", "0 where it was paid"
        elif price and _apart(price, now[name]):
            yield name, plain(price), plain(now[name]), f"changed by more than {MOST_TIMES} times"
    for name in (name for name in now if name not in was):
        base = _base_of(name, now)
        if base and _apart(base, now[name]):
            yield name, None, plain(now[name]), f"more than {MOST_TIMES} times away from the base price"


def _base_of(name: str, prices: Mapping[str, Decimal]) -> Decimal | None:
    """What a new price of an override is compared with: the card's own price of that meter; for a factor 1."""
    meter = meter_of(name)
    if meter == "multiply":
        return Decimal(1)
    return prices.get(meter) if meter != name and is_of_tokens(name) else None


def _apart(one: Decimal, other: Decimal) -> bool:
    return max(one, other) > MOST_TIMES * min(one, other)
