"""What a call costs: rate card + usage + the facts of the call -> CostEstimate, in Decimal all the way.

    usage ──> one thing, one unit ──> for each bucket the rate in force (rates.py) ──> lines ──> sums

Nothing is rounded: an inexact operation would raise.
"""

from __future__ import annotations

from decimal import Context, Decimal

from modelry.conditions import CONDITIONS, FACTS, SERVICE_TIERS, STANDARD_TIERS, Instant, region_in
from modelry.errors import InvalidUsage, Unpriced
from modelry.meters import ALTERNATIVES, COUNTED_TWICE, INPUT_TOKENS, OUTPUT_TOKENS
from modelry.rates import now
from modelry.usage import EXACT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, NamedTuple

    from modelry.identity import Resolution
    from modelry.rates import Offer, RatesInForce
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


def when(at: object) -> Instant:
    """Read `at`: None is now; text in ISO 8601, a date or a datetime; without a zone it is UTC."""
    from datetime import UTC, date, datetime, time

    if at is None:
        return Instant(now())
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
        at = Instant(now())
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
