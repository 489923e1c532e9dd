"""The rates in force: which card holds, which of its overrides, and what each bucket meets under them.

    cards ──> a line of time ──> the card of the moment ──> overrides that hold ──> a rate for each bucket

Which rates are in force depends on few things (tier, region, the side of each threshold, the hour), so they are worked
out once for each combination and kept.
"""

from __future__ import annotations

from bisect import bisect_left
from decimal import Decimal

from modelry.conditions import CONDITIONS, Instant, holds, whole_day
from modelry.errors import Unpriced
from modelry.meters import BUCKETS, METERS
from modelry.pricing import Per
from modelry.usage import EXACT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from typing import Any, NamedTuple

    from modelry.identity import Resolution
    from modelry.pricing import Override, Pricing, Rate
else:
    from modelry._named import NamedTuple

_multiply = EXACT.multiply
_ZERO = Decimal(0)
_ONE = Decimal(1)


class Priced(NamedTuple):
    """The rate that a bucket meets."""

    meter: str
    rate: Decimal
    per: int
    assumed: bool
    direction: str | None


class RatesInForce(dict[str, Priced | None]):
    """What each bucket meets under one card and one combination of facts; None where no rate in its chain is known.

    A bucket's chain is followed when it is first asked for, and kept.
    """

    def __init__(self, card: Pricing, facts: Mapping[str, Any], defaults: Mapping[str, Any]) -> None:
        self._defaults = defaults
        self._rates: dict[str, Rate] = dict(card.rates)
        self._named: set[str] = set()
        self._factor = _ONE
        self.warnings: tuple[str, ...] = ()
        self._tier = facts.get("service_tier")
        self._doubt = False
        for override in card.overrides:
            held = [when for when in override.when if holds(when, facts)]
            if held:
                self._apply(override, of_tier=any("service_tier" in when for when in held))
        self.has_fee = "per_request" in self._rates
        self._doubt_what_the_card_does_not_name(card, facts)

    def _apply(self, override: Override, *, of_tier: bool) -> None:
        rates = override.rates
        if override.replace:
            self._rates = {meter: rate for meter, rate in self._rates.items() if not METERS[meter].is_token}
            self._named &= self._rates.keys()
        if "output_per_token" in rates and "reasoning_per_token" not in rates:
            self._rates.pop("reasoning_per_token", None)
            self._named.discard("reasoning_per_token")
        self._rates.update(rates)
        if of_tier:
            self._named.update(rates)
        else:
            self._named.difference_update(rates)
        if override.multiply is not None:
            self._factor = _multiply(self._factor, override.multiply)

    def _doubt_what_the_card_does_not_name(self, card: Pricing, facts: Mapping[str, Any]) -> None:
        whens = [when for override in card.overrides for when in override.when]
        for fact, keys in (
            ("service_tier", ("service_tier",)),
            ("region", ("region", "region_not")),
            ("speed", ("speed",)),
        ):
            value = facts.get(fact)
            if value is None:
                continue
            if not any(
                key == "region_not" or CONDITIONS[key].holds(when[key], value)
                for when in whens for key in keys if key in when
            ):  # fmt: skip
                self._doubt = True
                self.warnings += (f"no price for {fact} {value} is known: the standard rates are assumed",)
        instant = facts.get("instant")
        if instant is not None and not instant.has_hour and any(_hangs_on_the_hour(when) for when in whens):
            self._doubt = True
            self.warnings += (
                "prices depend on the hour and `at` gives a day: the rates of no special hour are assumed",
            )

    def __missing__(self, bucket: str) -> Priced | None:
        # Of a bucket's several meters the first with a price above 0 counts, else the first with any.
        met = [found for meter in BUCKETS[bucket] if (found := self._follow(meter.name)) is not None]
        result = next((priced for priced in met if priced.rate), met[0] if met else None)
        self[bucket] = result
        return result

    def has_own(self, bucket: str) -> bool:
        """Whether the card prices this bucket itself rather than through a parent."""
        return any(self._rates.get(meter.name) is not None for meter in BUCKETS[bucket])

    def _follow(self, asked: str) -> Priced | None:
        assumed = self._doubt
        name: str | None = asked
        while name is not None:
            rate = self._rates.get(name)
            factor = _ONE
            if rate is None and (default := self._defaults.get(name)):
                rate = self._rates.get(default["of"])
                factor = default["times"]
                assumed = True
                if rate is not None:
                    name = default["of"]
            if rate is not None:
                return self._priced(asked, name, rate, factor, assumed)
            assumed = assumed or name != "reasoning_per_token"
            name = METERS[name].parent
        return None

    def _priced(self, asked: str, found: str, rate: Rate, factor: Decimal, assumed: bool) -> Priced:
        meter = METERS[asked]
        amount, per = (rate.amount, rate.per) if isinstance(rate, Per) else (rate or _ZERO, 1)
        amount = _multiply(amount, factor)
        if meter.is_token:
            amount = _multiply(amount, self._factor)
        assumed = assumed or (self._tier is not None and found not in self._named)
        return Priced(asked, amount, per, assumed, meter.direction)


def _hangs_on_the_hour(when: Mapping[str, Any]) -> bool:
    return not all(whole_day(span) for span in when.get("utc_hours", ()))


class RateCard:
    """A card made ready to price: its thresholds sorted, and the rates in force kept by what they depend on."""

    def __init__(self, card: Pricing, defaults: Mapping[str, Any]) -> None:
        whens = [when for override in card.overrides for when in override.when]
        self.card = card
        self._defaults = defaults
        self._bounds = sorted(
            {when["prompt_tokens_above"] for when in whens if "prompt_tokens_above" in when}
            | {when["prompt_tokens_from"] - 1 for when in whens if "prompt_tokens_from" in when}
        )
        self._timed = [when for when in whens if "utc_hours" in when or "weekdays" in when]
        self.is_timed = bool(self._timed)
        self._has_speed = any("speed" in when for when in whens)
        self._kept: dict[Any, RatesInForce] = {}

    def in_force(self, prompt_tokens: int, facts: Mapping[str, Any], instant: Instant | None) -> RatesInForce:
        """The rates for a call of this many input tokens (all of them) with these facts at this instant."""
        key: Any = bisect_left(self._bounds, prompt_tokens)
        if facts or self._timed:
            hours = tuple(holds(_only_time(when), {"instant": instant}) for when in self._timed)
            key = (key, tuple(sorted(facts.items())), hours, instant is not None and instant.has_hour)
        rates = self._kept.get(key)
        if rates is None:
            rates = self._work_out(prompt_tokens, facts, instant)
            if len(self._kept) < 1_000:  # facts are open text
                self._kept[key] = rates
        return rates

    def _work_out(self, prompt_tokens: int, facts: Mapping[str, Any], instant: Instant | None) -> RatesInForce:
        known = {"prompt_tokens": prompt_tokens, **facts}
        if self._timed:
            known["instant"] = instant
        if (known.get("service_tier") or known.get("speed")) == "fast":
            known["speed"], known["service_tier"] = ("fast", None) if self._has_speed else (None, "priority")
        return RatesInForce(self.card, known, self._defaults)


def _only_time(when: Mapping[str, Any]) -> dict[str, Any]:
    return {key: when[key] for key in ("utc_hours", "weekdays", "weekday_timezone") if key in when}


class Offer:
    """One offering ready to price: its resolution and its cards on a line of time."""

    def __init__(
        self, resolution: Resolution, region: str | None, cards: Sequence[Pricing], defaults: Mapping[str, Any]
    ) -> None:
        self.resolution = resolution
        self.region = region
        self._defaults = defaults
        self._timeline = timeline(cards)
        self._ready: dict[int, RateCard] = {}
        self._newest: RateCard | None = None  # once it holds now, it holds for good

    def card_at(self, at: datetime | None) -> RateCard:
        """The card that holds at this instant (None: now); raises Unpriced before the first."""
        if at is None and self._newest is not None:
            return self._newest
        index = len(self._timeline) - 1
        if index < 0:
            raise Unpriced(self.resolution.id, "no price is known; add one to the registry or by upsert")
        if index > 0 or self._timeline[0][0]:
            moment = (at or now()).strftime("%Y-%m-%dT%H:%M:%SZ")
            while index >= 0 and self._timeline[index][0] > moment:
                index -= 1
            if index < 0:
                first = self._timeline[0][0]
                raise Unpriced(
                    self.resolution.id, f"no price is known for {moment[:10]}; the first one holds from {first[:10]}"
                )
        ready = self._ready.get(index)
        if ready is None:
            since, card = self._timeline[index]
            if not card.is_known:
                raise Unpriced(self.resolution.id, f"no price is known since {since[:10]}")
            ready = self._ready[index] = RateCard(card, self._defaults)
        if at is None and index == len(self._timeline) - 1:
            self._newest = ready
        return ready


def timeline(cards: Sequence[Pricing]) -> list[tuple[str, Pricing]]:
    """When each card starts to hold, in order of time; '' is since ever.

    A card holds from its `effective_from`, else from `observed`; only the earliest, when it has no
    `effective_from`, holds since ever. A correction takes the place of the card that it corrects. A card that knows no
    price ends the one before it; before the first known price there is nothing to end.
    """
    ordered = sorted(((_instant(card.since), card) for card in cards), key=lambda pair: (pair[0], pair[1].correction))
    line: list[tuple[str, Pricing]] = []
    for since, card in ordered:
        if not (card.is_known or (line and card.rates)):
            continue
        if card.correction and line:
            line[-1:] = [(line[-1][0], card)] if card.is_known or len(line) > 1 else []
        elif not line and not card.effective_from:
            line.append(("", card))
        else:
            line.append((since, card))
    return line


class Span(NamedTuple):
    """A card of a history, and the instants between which it prices a call: none where it was corrected or says no price.

    `since` None of a card in use: since ever. `until` None: no other card is known to follow.
    """

    since: str | None
    until: str | None
    in_use: bool
    card: Pricing

    def to_dict(self) -> dict[str, Any]:
        """The same as plain data."""
        return {**self._asdict(), "card": self.card.to_dict()}


def spans(cards: Sequence[Pricing]) -> list[Span]:
    """Every card, in the order in which they stand, with the time for which it holds."""
    line = timeline(cards)
    ends = [since for since, _ in line[1:]]
    held = {id(card): (since or None, until) for (since, card), until in zip(line, [*ends, None], strict=False)}
    return [Span(*held.get(id(card), (None, None)), id(card) in held, card) for card in cards]


def _instant(since: str | None) -> str:
    return "" if since is None else since if "T" in since else f"{since}T00:00:00Z"


def now() -> datetime:
    """This instant, in UTC."""
    from datetime import UTC, datetime

    return datetime.now(UTC)
