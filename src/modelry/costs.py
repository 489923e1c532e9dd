"""What a call costs: rate card + usage + the facts of the call -> CostEstimate, in Decimal all the way.

    usage ──> one thing, one unit ──> for each bucket a rate in force ──> lines ──> sums
    card  ──> overrides that hold ──────────┘

Nothing is rounded: an inexact operation would raise. Which rates are in force depends on few things (tier, region,
the side of each threshold, the hour), so they are worked out once for each combination and kept.
"""

from __future__ import annotations

from bisect import bisect_left
from decimal import Context, Decimal

from modelry.conditions import CONDITIONS, FACTS, SERVICE_TIERS, STANDARD_TIERS, Instant, holds, region_in, whole_day
from modelry.errors import InvalidUsage, Unpriced
from modelry.meters import ALTERNATIVES, BUCKETS, COUNTED_TWICE, INPUT_TOKENS, METERS, OUTPUT_TOKENS
from modelry.pricing import Per
from modelry.usage import EXACT as EXACT  # noqa: PLC0414 - sums of prices elsewhere are taken in it too

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from typing import Any, NamedTuple

    from modelry.identity import Resolution
    from modelry.pricing import Override, Pricing, Rate
    from modelry.usage import Quantity
else:
    from modelry._named import NamedTuple

# A published `amount` for `per` units need not divide evenly; 60 digits are beyond any currency.
_DIVISION = Context(prec=60, traps=[])
_multiply = EXACT.multiply
_add = EXACT.add
# What a named tuple's own `__new__` calls; a warm cost is made of such steps.
_make = tuple.__new__
_ZERO = Decimal(0)
_ONE = Decimal(1)


class CostLine(NamedTuple):
    """`quantity` units of `meter` at `rate` each are `amount`, in the estimate's currency.

    `assumed` is true where the card does not say this rate for this call and another one stood in.
    """

    meter: str
    quantity: Quantity
    rate: Decimal
    amount: Decimal
    assumed: bool


class CostEstimate(NamedTuple):
    """What a call costs, and why.

    `total_cost` is the sum of `lines`; `unpriced` lists the buckets that no rate covers, and `complete` says that
    there are none. A side without any priced line of an incomplete estimate is None, never 0. `reported` is what the
    provider itself says that the call cost, where a response said so.
    """

    model: str
    input_tokens: int
    output_tokens: int
    input_cost: Decimal | None
    output_cost: Decimal | None
    total_cost: Decimal | None
    currency: str
    lines: tuple[CostLine, ...]
    unpriced: tuple[str, ...]
    complete: bool
    warnings: tuple[str, ...]
    resolution: Resolution
    effective_from: str | None
    service_tier: str | None
    region: str | None
    reported: Decimal | None
    source: str | None

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON; amounts stay Decimals."""
        plain = self._asdict()
        plain["lines"] = [line._asdict() for line in self.lines]
        plain["resolution"] = self.resolution._asdict()
        return plain

    def __repr__(self) -> str:
        total = "unknown" if self.total_cost is None else f"{self.total_cost.normalize():f} {self.currency}"
        parts = [f"{self.model}: {total}" + ("" if self.complete else " (incomplete)")]
        for line in self.lines:
            mark = "  (assumed)" if line.assumed else ""
            parts.append(f"  {line.quantity} × {line.meter} at {line.rate:f} = {line.amount.normalize():f}{mark}")
        parts += [f"  {bucket}: no price is known" for bucket in self.unpriced]
        return "\n".join(parts)


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
            moment = (at or _now()).strftime("%Y-%m-%dT%H:%M:%SZ")
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
            line[-1] = (line[-1][0], card)
        elif not line and not card.effective_from:
            line.append(("", card))
        else:
            line.append((since, card))
    return line


def _instant(since: str | None) -> str:
    return "" if since is None else since if "T" in since else f"{since}T00:00:00Z"


def _now() -> datetime:
    from datetime import UTC, datetime

    return datetime.now(UTC)


def when(at: object) -> Instant:
    """Read `at`: None is now; text in ISO 8601, a date or a datetime; without a zone it is UTC."""
    from datetime import UTC, date, datetime, time

    if at is None:
        return Instant(_now())
    moment, has_hour = at, True
    if isinstance(moment, str):
        has_hour = len(moment) > len("2026-03-01")
        try:
            moment = datetime.fromisoformat(moment)
        except ValueError:
            raise InvalidUsage("at", at, "a date such as 2026-03-01 or 2026-03-01T14:30:00Z is due") from None
    elif isinstance(moment, date) and not isinstance(moment, datetime):
        moment, has_hour = datetime.combine(moment, time()), False
    if not isinstance(moment, datetime):
        raise InvalidUsage("at", at, "a date, a datetime or its ISO 8601 text is due")
    try:
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        raise InvalidUsage("at", at, "no calendar of UTC has this day") from None
    return Instant(moment, has_hour)


_COUNTED = FACTS & {condition.fact for condition in CONDITIONS.values() if condition.value == "integer"}
"""Facts that are numbers; the others are text."""


def checked_facts(facts: Mapping[str, Any], own_region: str | None) -> dict[str, Any]:
    """The facts that can change a price; raises InvalidUsage for an unknown tier or a fact of no known name."""
    known = {}
    for name, value in facts.items():
        if name not in FACTS:
            raise InvalidUsage(name, value, "is neither a bucket of usage nor a condition of a price")
        if value is None:
            continue
        fact = value if type(value) is str and name not in _COUNTED else _number_or_text(name, value)
        if name == "region" and own_region and region_in(own_region, fact):
            continue
        if name in ("service_tier", "speed") and fact in STANDARD_TIERS:
            continue
        if name == "service_tier" and fact not in SERVICE_TIERS and fact != "fast":
            hint = "; the response says which tier served the call" if fact == "auto" else ""
            raise InvalidUsage(name, value, f"is no service tier ({', '.join(sorted(SERVICE_TIERS))}){hint}")
        known[name] = fact
    return known


def _number_or_text(name: str, value: object) -> Any:
    if name in _COUNTED and isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return value
    if name not in _COUNTED and isinstance(value, str | int) and not isinstance(value, bool):
        return str(value)
    raise InvalidUsage(name, value, "a number is due" if name in _COUNTED else "text is due")


def estimate(
    offer: Offer, counts: Mapping[str, Quantity], facts: Mapping[str, Any], at: Instant | None = None,
    *, reported: Decimal | None = None,
) -> CostEstimate:  # fmt: skip
    """Price checked counts; see `CostEstimate`. Raises Unpriced where no card holds or none of it is priced."""
    ready = offer.card_at(at.time if at else None)
    card = ready.card
    input_tokens = output_tokens = 0
    for bucket, n in counts.items():
        if bucket in INPUT_TOKENS:
            input_tokens += n  # type: ignore[assignment]
        elif bucket in OUTPUT_TOKENS:
            output_tokens += n  # type: ignore[assignment]
    if ready.is_timed and at is None:
        at = Instant(_now())
    rates = ready.in_force(input_tokens, facts, at)
    if rates.has_fee and "requests" not in counts:
        counts = {**counts, "requests": 1}
    if not COUNTED_TWICE.isdisjoint(counts):
        counts = _one_thing_one_unit(counts, rates)

    lines = []
    unpriced = []
    sides: dict[str | None, Decimal] = {}
    for bucket, n in counts.items():
        if not n:
            continue
        priced = rates[bucket]
        if priced is None:
            unpriced.append(bucket)
            continue
        meter, rate, per, assumed, direction = priced
        amount = _multiply(rate, n)
        if per != 1:
            amount = _DIVISION.divide(amount, per)
            rate = _DIVISION.divide(rate, per)
        lines.append(_make(CostLine, (meter, n, rate, amount, assumed)))
        sides[direction] = _add(sides[direction], amount) if direction in sides else amount
    total = _ZERO
    for amount in sides.values():
        total = _add(total, amount)
    nothing = None if unpriced else _ZERO
    return _make(CostEstimate, (
        offer.resolution.id, input_tokens, output_tokens,
        sides.get("in", nothing), sides.get("out", nothing), total if lines else nothing,
        card.currency, tuple(lines), tuple(unpriced), not unpriced, rates.warnings,
        offer.resolution, card.effective_from, facts.get("service_tier"), facts.get("region"), reported, card.source,
    ))  # fmt: skip


def _one_thing_one_unit(counts: Mapping[str, Quantity], rates: RatesInForce) -> dict[str, Quantity]:
    charged = dict(counts)
    for groups in ALTERNATIVES:
        counted = [[bucket for bucket in group if counts.get(bucket)] for group in groups]
        present = [group for group in counted if group]
        chosen = next((g for g in present if any(rates.has_own(b) for b in g)), None) or next(
            (g for g in present if any(rates[b] for b in g)), None
        )
        if chosen is not None:
            for group in present:
                if group is not chosen:
                    for bucket in group:
                        del charged[bucket]
    return charged


def strictly(result: CostEstimate) -> CostEstimate:
    """The same estimate, or Unpriced where anything in it is assumed or has no price."""
    assumed = [line.meter for line in result.lines if line.assumed]
    if result.unpriced or assumed:
        doubts = [f"{bucket} has no price" for bucket in result.unpriced] + [f"{meter} is assumed" for meter in assumed]
        raise Unpriced(result.model, f"strict: {', '.join(doubts)}", (*result.unpriced, *assumed))
    return result
