"""Choose models by what they are, can do and cost.

SQL keeps the rows whose columns fit; prices are compared afterwards, as Decimals, by the rate card in force now; a
record is built only for what is left.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Context, Decimal
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict

from modelry.capabilities import CAPABILITIES, COMPONENTS, MODALITIES, STATUSES
from modelry.errors import InvalidFilter, UnknownProvider
from modelry.identity import spelling_of
from modelry.pricing import Override, Per, Pricing, decimal
from modelry.rates import timeline
from modelry.usage import EXACT

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from typing import Unpack

    from modelry.pricing import Rate
    from modelry.records import Model
    from modelry.snapshot import Snapshot

    Price = Decimal | float | str


class Filters(TypedDict, total=False):
    """The keywords that choose and order; see `matching` for what they mean."""

    provider: str | None
    component: str | None
    capability: str | Sequence[str] | None
    series: str | None
    q: str | None
    min_context: int | None
    max_input_per_mtok: Price | None
    max_output_per_mtok: Price | None
    status: str | None
    verified: bool | None
    open_weights: bool | None
    free: bool | None
    modality: str | None
    sort: str
    descending: bool
    currency: str
    stale_days: int | None


_CONTEXT = "coalesce(context, max_input_tokens)"
"""A context window, or what it is at least: the longest input, which it holds."""


class Sort(NamedTuple):
    """What rows can be ordered by: a column of the snapshot, or a meter of the card in force."""

    name: str
    column: str | None = None
    meter: str | None = None


SORTS: dict[str, Sort] = {
    sort.name: sort
    for sort in (
        Sort("id"),
        Sort("input", meter="input_per_token"),
        Sort("output", meter="output_per_token"),
        Sort("cached_input", meter="cached_input_per_token"),
        Sort("context", column=_CONTEXT),
        Sort("max_output_tokens", column="max_output_tokens"),
        Sort("release_date", column="release_date"),
        Sort("last_updated", column="last_updated"),
    )
}

# An amount published for so many units need not divide evenly; 60 digits are beyond any currency.
_DIVISION = Context(prec=60, traps=[])
_MILLION = Decimal(1_000_000)


def select(snapshot: Snapshot, *, limit: int | None = None, **filters: Unpack[Filters]) -> list[Model]:
    """The records that pass every filter, the first `limit` of them in the order asked for; see `matching`."""
    most = None if limit is None else _whole("limit", limit)
    return records(snapshot, matching(snapshot, **filters)[:most])


def records(snapshot: Snapshot, keys: Sequence[int]) -> list[Model]:
    """The records of these rows, in this order."""
    if not keys:
        return []
    # The text of a list of integers is its JSON, and one parameter, however many there are.
    found = dict(snapshot.keyed("id IN (SELECT value FROM json_each(?))", (str(list(keys)),)))
    return [found[key] for key in keys]


def matching(
    snapshot: Snapshot, *, provider: str | None = None, component: str | None = None,
    capability: str | Sequence[str] | None = None, series: str | None = None, q: str | None = None,
    min_context: int | None = None, max_input_per_mtok: Price | None = None, max_output_per_mtok: Price | None = None,
    status: str | None = None, verified: bool | None = None, open_weights: bool | None = None, free: bool | None = None,
    modality: str | None = None, sort: str = "id", descending: bool = False, currency: str = "USD",
    stale_days: int | None = None,
) -> list[int]:  # fmt: skip
    """Keys of the rows that pass every filter that is given, in order; what a row does not say passes none.

    `provider` is an id or alias; `component` such as GEN or EMB; `capability` one or several that must all be true;
    `modality` a kind of content that goes in or comes out; `series` the family file; `q` words that must all stand in
    the id, the aliases or the display name. `min_context` is in tokens; where no context is known the longest input
    counts, which is never more. `verified` False asks for those that nobody verified; `stale_days` for those that no
    source has touched or checked for more than so many days.

    `max_…_per_mtok` is in `currency` per 1M tokens. A filter or an order by price compares the base rates of the cards
    in force now, in this currency alone; rows whose price is unknown, or 0, are left out. `free` True keeps the rows
    where everything costs 0, in such an order too; False keeps those that are known to cost something.

    Raises UnknownProvider, or InvalidFilter with suggestions.
    """
    order = SORTS[_known("sort", sort, SORTS)]
    conditions = [
        *_exact(snapshot, provider, component, series, status),
        *_able(capability, modality),
        *_flags(verified, open_weights),
        *_words(q),
        *_bounds(min_context, stale_days),
    ]
    where = " AND ".join(condition for condition, _ in conditions) or "1"
    parameters = [parameter for _, given in conditions for parameter in given]
    column = order.column or "NULL"
    query = f"SELECT id, {column} FROM models WHERE {where} ORDER BY provider, model"
    rows: dict[int, Any] = dict(snapshot.rows(query, parameters))
    bounds = {
        "input_per_token": _price("max_input_per_mtok", max_input_per_mtok),
        "output_per_token": _price("max_output_per_mtok", max_output_per_mtok),
    }
    compared = [meter for meter, bound in bounds.items() if bound is not None] + ([order.meter] if order.meter else [])
    if compared or free is not None:
        cards = cards_in_force(snapshot, where, parameters)
        rows = {
            key: price_per_mtok(cards[key], order.meter) if order.meter else value
            for key, value in rows.items()
            if key in cards and _affordable(cards[key], bounds, compared, currency.upper(), free=free)
        }
    return _ordered(rows, descending=descending)


def _ordered(rows: Mapping[int, Any], *, descending: bool) -> list[int]:
    """Keys by value, then as they come (by id), rows without a value last either way."""
    known = [key for key, value in rows.items() if value is not None]
    known.sort(key=rows.__getitem__, reverse=descending)  # stable, in reverse too
    unknown = [key for key, value in rows.items() if value is None]
    if not known and descending:  # by id
        unknown.reverse()
    return known + unknown


Clause = tuple[str, tuple[object, ...]]


def _exact(
    snapshot: Snapshot, provider: str | None, component: str | None, series: str | None, status: str | None
) -> Iterable[Clause]:
    if provider is not None:
        canonical = snapshot.provider_of(provider)
        if canonical is None:
            raise UnknownProvider(provider, snapshot.providers_near(provider))
        yield "provider = ?", (canonical,)
    if component is not None:
        wanted = _known("component", component.upper(), COMPONENTS)
        yield "EXISTS (SELECT 1 FROM json_each(components) WHERE value = ?)", (wanted,)
    if series is not None:
        yield "series = ?", (series.lower(),)
    if status is not None:
        yield "status = ?", (_known("status", status.lower(), STATUSES),)


def _able(capability: str | Sequence[str] | None, modality: str | None) -> Iterable[Clause]:
    for name in (capability,) if isinstance(capability, str) else capability or ():
        known = _known("capability", name.lower(), CAPABILITIES)
        yield "json_extract(capabilities, ?) = 1", (f"$.{known}",)
    if modality is not None:
        kind = _known("modality", modality.lower(), MODALITIES)
        sides = " OR ".join(
            f"EXISTS (SELECT 1 FROM json_each(modalities, '$.{side}') WHERE value = ?)" for side in ("input", "output")
        )
        yield f"({sides})", (kind, kind)


def _flags(verified: bool | None, open_weights: bool | None) -> Iterable[Clause]:
    if verified is not None:
        yield f"json_extract(verification, '$.status') IS {'' if verified else 'NOT '}'verified'", ()
    if open_weights is not None:
        yield "open_weights = ?", (bool(open_weights),)


_TEXT = " || ' ' || ".join(
    ("provider || '/' || model", *(f"coalesce({name}, '')" for name in ("model_id", "aliases", "display_name")))
)
_SPELT = f"replace(replace(lower({_TEXT}), '.', '-'), '_', '-')"


def _words(q: str | None) -> Iterable[Clause]:
    for word in (q or "").split():
        yield f"instr({_SPELT}, ?)", (spelling_of(word),)


def _bounds(min_context: int | None, stale_days: int | None) -> Iterable[Clause]:
    if min_context is not None:
        yield f"{_CONTEXT} >= ?", (_whole("min_context", min_context),)
    if stale_days is not None:
        touched = "max(coalesce(last_updated, ''), coalesce(json_extract(verification, '$.last_checked'), ''))"
        yield f"{touched} < ?", (_day_before_today("stale_days", stale_days),)


def _known(name: str, value: str, names: Collection[str]) -> str:
    if value not in names:
        spelt = {known.lower(): known for known in names}
        near = [spelt[word] for word in get_close_matches(value.lower(), spelt, n=2)]
        among = "" if near or len(names) > 12 else f" ({', '.join(names)})"
        raise InvalidFilter(name, value, f"there is no such {name}{among}", near)
    return value


def _whole(name: str, value: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**63:
        raise InvalidFilter(name, value, "a whole number, 0 or more, is due")
    return value


def _day_before_today(name: str, days: int) -> str:
    try:
        return (datetime.now(UTC) - timedelta(days=_whole(name, days))).date().isoformat()
    except OverflowError:
        raise InvalidFilter(name, days, "that is before the calendar") from None


def _price(name: str, value: Price | None) -> Decimal | None:
    """A bound as it was written: the float 0.15 means fifteen hundredths, not the binary fraction next to it."""
    if value is None:
        return None
    try:
        bound = decimal(repr(value) if isinstance(value, float) else value)
    except ValueError as error:
        raise InvalidFilter(name, value, str(error)) from None
    if bound < 0:
        raise InvalidFilter(name, value, "a price is not negative")
    return bound


def price_per_mtok(card: Pricing, meter: str) -> Decimal | None:
    """The base rate of a token meter, in the card's currency per 1M tokens; None where it is unknown."""
    rate = card.rates.get(meter)
    if isinstance(rate, Per):
        return _DIVISION.divide(EXACT.multiply(rate.amount, _MILLION), rate.per)
    return None if rate is None else EXACT.multiply(rate, _MILLION)


def _affordable(
    card: Pricing, bounds: Mapping[str, Decimal | None], compared: Sequence[str], currency: str, *, free: bool | None
) -> bool:
    if free is not None and card.is_free is not free:
        return False
    if not compared or card.is_free:
        return not compared or bool(free)  # 0 is the same in every currency, and below every bound
    prices = {meter: price_per_mtok(card, meter) for meter in compared}
    within = all(bound is None or (price := prices[meter]) is None or price <= bound for meter, bound in bounds.items())
    return card.currency == currency and all(prices.values()) and within


def in_force(cards: Sequence[Pricing], moment: datetime | None = None) -> Pricing | None:
    """The card that holds at a moment (None: now), or None where no known price does."""
    now = (moment or datetime.now(UTC)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return next((card for since, card in reversed(timeline(cards)) if since <= now), None)


def cards_in_force(snapshot: Snapshot, where: str = "1", parameters: Sequence[object] = ()) -> dict[int, Pricing]:
    """The card in force now of each row that an SQL condition on `models` keeps, with all its rates.

    Made in two queries for the whole catalogue: overrides come without their conditions, good for asking what is
    known and free, not for pricing a call.
    """
    kept = f"SELECT id FROM models WHERE {where}"
    steps: dict[int, dict[int, dict[str, Rate]]] = {}
    held = f"SELECT id FROM cards WHERE model IN ({kept})"
    query = f"SELECT card, step, meter, amount, per FROM rates WHERE card IN ({held})"
    for card, step, meter, amount, per in snapshot.rows(query, parameters):
        rate = None if amount is None else Decimal(amount)
        steps.setdefault(card, {}).setdefault(step, {})[meter] = Per(rate, per) if rate is not None and per else rate
    cards: dict[int, list[Pricing]] = {}
    columns = "id, model, currency, effective_from, observed, correction"
    query = f"SELECT {columns} FROM cards WHERE model IN ({kept}) ORDER BY id"
    for card, model, currency, effective_from, observed, correction in snapshot.rows(query, parameters):
        rates = steps.get(card, {})
        overrides = tuple(Override((), rates[step]) for step in rates if step)
        cards.setdefault(model, []).append(
            Pricing(rates.get(0, {}), overrides, currency, effective_from, observed, None, bool(correction))
        )
    now = datetime.now(UTC)
    return {model: card for model, dated in cards.items() if (card := in_force(dated, now)) is not None}
