"""The rate card: base rates by meter, ordered overrides, and the day from which it holds."""

from __future__ import annotations

from decimal import Decimal

from modelry.conditions import ALWAYS_LISTS, CONDITIONS
from modelry.meters import METERS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, NamedTuple
else:
    from modelry._named import NamedTuple


class Per(NamedTuple):
    """A rate as published where the rate of one unit is not exact: `amount` for each `per` units."""

    amount: Decimal
    per: int


Rate = Decimal | Per | None
"""Price of one unit in the card's currency. None is unknown; 0 is free."""


class Override(NamedTuple):
    """Rates that apply when any of the `when` mappings holds; a later override wins, meter by meter.

    `replace` forgets every token rate before it; `multiply` scales all token rates, after all rates.
    """

    when: tuple[Mapping[str, Any], ...]
    rates: Mapping[str, Rate]
    replace: bool = False
    multiply: Decimal | None = None


class Pricing(NamedTuple):
    """One dated rate card of one offering."""

    rates: Mapping[str, Rate]
    overrides: tuple[Override, ...] = ()
    currency: str = "USD"
    effective_from: str | None = None
    observed: str | None = None
    source: str | None = None
    correction: bool = False

    @property
    def since(self) -> str | None:
        """The day or UTC instant from which the card holds; None: since ever, as far as is known."""
        return self.effective_from or self.observed

    @property
    def is_free(self) -> bool:
        """Whether something is priced and every price is exactly 0."""
        amounts = [_amount(rate) for rate in self._all_rates()]
        known = [amount for amount in amounts if amount is not None]
        return bool(known) and not any(known)

    @property
    def is_known(self) -> bool:
        """Whether any meter has a price, be it 0."""
        return any(rate is not None for rate in self._all_rates())

    def _all_rates(self) -> list[Rate]:
        return [*self.rates.values(), *(rate for override in self.overrides for rate in override.rates.values())]

    @classmethod
    def from_dict(cls, card: Mapping[str, Any]) -> Pricing:
        """Read the form of the YAML and the JSON: meters beside `currency`, `overrides` and dates.

        Amounts may be text, integers or Decimals, never floats. Raises ValueError naming the key.
        """
        fields = {key: card[key] for key in _CARD_FIELDS if card.get(key) is not None}
        overrides = tuple(_override(override) for override in card.get("overrides") or ())
        return cls(rates=_rates(card, {*_CARD_FIELDS, "overrides"}), overrides=overrides, **fields)

    def to_dict(self) -> dict[str, Any]:
        """The same as plain data, keys in one fixed order; `from_dict` reads it back."""
        card: dict[str, Any] = {key: getattr(self, key) for key in _CARD_FIELDS if getattr(self, key)}
        card |= _plain_rates(self.rates)
        if self.overrides:
            card["overrides"] = [_plain_override(override) for override in self.overrides]
        return card


_CARD_FIELDS = ("effective_from", "observed", "source", "correction", "currency")
_OVERRIDE_FIELDS = frozenset({"when", "replace", "multiply"})


def _amount(rate: Rate) -> Decimal | None:
    return rate.amount if isinstance(rate, Per) else rate


def decimal(value: object) -> Decimal:
    """Exactly this number; ValueError for a float (it was rounded before it came here), NaN and infinities."""
    if isinstance(value, bool | float) or not isinstance(value, str | int | Decimal):
        msg = f"{value!r} is no exact number: give text, an integer or a Decimal"
        raise ValueError(msg)
    try:
        number = Decimal(value)
    except ArithmeticError:
        msg = f"{value!r} is no number"
        raise ValueError(msg) from None
    if not number.is_finite():
        msg = f"{value!r} is no price"
        raise ValueError(msg)
    return number


def _rate(value: object) -> Rate:
    if value is None:
        return None
    if isinstance(value, dict):
        return Per(decimal(value["amount"]), int(value["per"]))
    return decimal(value)


def _rates(mapping: Mapping[str, Any], others: set[str] | frozenset[str]) -> dict[str, Rate]:
    unknown = mapping.keys() - METERS.keys() - others
    if unknown:
        msg = f"{min(unknown)!r} is no meter"
        raise ValueError(msg)
    return {meter: _rate(mapping[meter]) for meter in METERS if meter in mapping}


def _override(mapping: Mapping[str, Any]) -> Override:
    when = mapping["when"]
    alternatives = tuple(_when(w) for w in (when if isinstance(when, list | tuple) else (when,)))
    multiply = mapping.get("multiply")
    return Override(
        when=alternatives,
        rates=_rates(mapping, _OVERRIDE_FIELDS),
        replace=bool(mapping.get("replace", False)),
        multiply=None if multiply is None else decimal(multiply),
    )


def _when(mapping: Mapping[str, Any]) -> dict[str, Any]:
    when: dict[str, Any] = {}
    for key, value in sorted(mapping.items()):
        if key not in CONDITIONS and key != "weekday_timezone":
            msg = f"{key!r} is no condition"
            raise ValueError(msg)
        if key in ALWAYS_LISTS:
            when[key] = list(value) if isinstance(value, list | tuple) else [value]
        elif key in CONDITIONS and CONDITIONS[key].value == "integer":
            when[key] = int(value)
        elif isinstance(value, list | tuple):
            when[key] = list(value) if len(value) > 1 else value[0]
        else:
            when[key] = value
    return when


def _plain_rates(rates: Mapping[str, Rate]) -> dict[str, Any]:
    ordered = ((meter, rates[meter]) for meter in METERS if meter in rates)
    return {meter: rate._asdict() if isinstance(rate, Per) else rate for meter, rate in ordered}


def _plain_override(override: Override) -> dict[str, Any]:
    when = [dict(sorted(alternative.items())) for alternative in override.when]
    plain: dict[str, Any] = {"when": when[0] if len(when) == 1 else when}
    if override.replace:
        plain["replace"] = True
    if override.multiply is not None:
        plain["multiply"] = override.multiply
    return plain | _plain_rates(override.rates)
