"""Pins: what an operator set and has not cleared, as claims that the fold believes first.

Pins follow from the operator's log alone. A price of one meter is a dated card of that meter; `pinned` lays such cards
over those of the other sources.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from modelry.catalog import rows
from modelry.catalog.claims import Claim, same_card
from modelry.catalog.operator import Entry
from modelry.pricing import Pricing, Rate
from modelry.rates import timeline

SOURCE = "operator"


class Pins(NamedTuple):
    """What an operator says of one offering: fields of a row, prices of single meters, and the day of each.

    `rates` are cards of those meters alone, in the order in which they were accepted.
    """

    fields: Mapping[str, Any] = {}
    rates: Sequence[Pricing] = ()
    days: Mapping[str, str] = {}

    def claim(self, provider: str, model: str) -> Claim:
        """As a claim."""
        since = min(self.days.values())
        changed = {name: day for name, day in self.days.items() if day != since}
        return Claim(SOURCE, provider, model, self.fields, since, changed, self.rates)


def replay(entries: Iterable[Entry], pins: dict[tuple[str, str], Pins] | None = None) -> dict[tuple[str, str], Pins]:
    """The pins by (provider, model) after these entries; what has none left is not in it."""
    pins = {} if pins is None else pins
    for entry in entries:
        key = (entry.provider, entry.model)
        after = replayed(pins.pop(key, None), entry)
        if after is not None:
            pins[key] = after
    return pins


def replayed(pins: Pins | None, entry: Entry) -> Pins | None:
    """The pins of one offering after one more entry; None where nothing is left."""
    if entry.action == "delete" and not entry.fields:
        return None
    before = pins or Pins()
    said = {name: value for name, value in entry.fields.items() if name not in ("rates", "effective_from")}
    fields = dict(before.fields)
    for name, value in said.items():
        _set(fields, name, value)
    rates = () if "pricing" in said else before.rates
    if given := entry.fields.get("rates"):
        rates = _priced(rates, given, entry.fields.get("effective_from"), entry.at[:10])
    if not fields and not rates:
        return None
    return Pins(fields, rates, _days(before, fields, rates, entry.at[:10]))


def _set(fields: dict[str, Any], name: str, value: Any) -> None:
    """Set or withdraw a field; of capabilities each flag by itself."""
    if name == "capabilities" and value is not None:
        flags = {**fields.get(name, {}), **value}
        value = {flag: can for flag, can in flags.items() if can is not None}
    if value is None or (name == "capabilities" and not value):
        fields.pop(name, None)
    else:
        fields |= rows.revived({name: value})


def _days(before: Pins, fields: Mapping[str, Any], rates: Sequence[Pricing], day: str) -> dict[str, str]:
    """What says the same as before keeps its day."""
    days = {
        name: before.days[name] if name in before.days and before.fields.get(name) == value else day
        for name, value in fields.items()
    }
    if rates or "pricing" in fields:
        same = (before.rates, before.fields.get("pricing")) == (rates, fields.get("pricing"))
        days["pricing"] = before.days["pricing"] if same else day
    return days


def _priced(cards: Sequence[Pricing], given: Mapping[str, Any], since: str | None, day: str) -> Sequence[Pricing]:
    """The pinned prices with those of one more entry: None withdraws a meter, what holds already adds nothing."""
    withdrawn = {meter for meter, rate in given.items() if rate is None}
    kept = (c._replace(rates={m: rate for m, rate in c.rates.items() if m not in withdrawn}) for c in cards)
    cards = tuple(card for card in kept if card.rates)
    dates = {"effective_from": since} if since else {"observed": day}
    new = Pricing.from_dict(dates | {meter: rate for meter, rate in given.items() if rate is not None})
    held, later = rates_on(cards, _moment(new)), [card for card in cards if _moment(card) > _moment(new)]
    rates = {
        meter: rate
        for meter, rate in new.rates.items()
        if held.get(meter) != rate or any(meter in card.rates for card in later)
    }
    return (*cards, new._replace(rates=rates)) if rates else cards


def rates_on(cards: Iterable[Pricing], moment: str) -> dict[str, Rate]:
    """The pinned prices that hold at a moment; of two of one moment the later said."""
    held: dict[str, Rate] = {}
    for card in sorted(cards, key=_moment):
        if _moment(card) <= moment:
            held |= card.rates
    return held


# Laid over the cards of other sources


def pinned(cards: Sequence[Pricing], pins: Sequence[Pricing]) -> tuple[Pricing, ...]:
    """The cards of a row whose prices of single meters an operator set.

    Until the first pin the history stays. From then on a pinned meter has its price in the base and in every override
    of every card, and a pin that changes what is charged is a card of its own. A card in another currency than USD is
    replaced by what is pinned: amounts of two currencies are never mixed.
    """
    starts = timeline(cards)
    line = dict(starts)
    dated = {_moment(pin): pin for pin in pins}
    first = min(dated)
    after = _history(cards, starts, first)
    for moment in sorted({first, *dated, *(since for since in line if since > first)}):
        base = next((card for since, card in reversed(line.items()) if since <= moment), None)
        card = _laid_over(base, rates_on(pins, moment), dated.get(moment), moment)
        if moment in line or not after or not same_card(_last(after), card):
            after.append(card)
    return tuple(after)


def _history(cards: Sequence[Pricing], line: Iterable[tuple[str, Pricing]], first: str) -> list[Pricing]:
    """The cards of before the first pin as they stand, unless a later date of one of them would hide the pin."""
    held = [(since, card) for since, card in line if since < first]
    earlier = [card for card in cards if _moment(card) < first]
    return earlier if timeline(earlier) == held else [_starting(card, since) for since, card in held]


def _last(cards: Sequence[Pricing]) -> Pricing:
    line = timeline(cards)
    return line[-1][1] if line else cards[-1]


def _laid_over(base: Pricing | None, rates: Mapping[str, Rate], pin: Pricing | None, moment: str) -> Pricing:
    if base is None or base.currency != "USD":
        card = Pricing(rates)
    else:
        overrides = (
            override._replace(rates={meter: rates.get(meter, rate) for meter, rate in override.rates.items()})
            for override in base.overrides
        )
        card = base._replace(rates={**base.rates, **rates}, overrides=tuple(overrides))
    if pin is None:
        return _starting(card, moment)._replace(source=SOURCE)
    return card._replace(effective_from=pin.effective_from, observed=pin.observed, source=SOURCE, correction=False)


def _starting(card: Pricing, moment: str) -> Pricing:
    """The card with dates that let it start at a moment of the timeline; '' is since ever."""
    if moment and _moment(card) == moment:
        return card._replace(correction=False)
    since = moment.removesuffix("T00:00:00Z") or None
    return card._replace(effective_from=since, observed=None, correction=False)


def _moment(card: Pricing) -> str:
    """When a card starts to hold, as the timeline writes it."""
    since = card.since or ""
    return since if "T" in since or not since else f"{since}T00:00:00Z"
