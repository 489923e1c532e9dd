"""The rate card: base rates by meter, ordered overrides, and the day from which it holds."""

from __future__ import annotations

from decimal import Decimal

from modelry.conditions import ALWAYS_LISTS, CONDITIONS, SERVICE_TIERS, WEEKDAYS
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
        _flag(fields.get("correction", False))
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
        raise ValueError(f"{value!r} is no exact number: give text, an integer or a Decimal")
    try:
        number = Decimal(value)
    except ArithmeticError:
        raise ValueError(f"{value!r} is no number") from None
    if not number.is_finite():
        raise ValueError(f"{value!r} is no price")
    return number


def _rate(value: object) -> Rate:
    if value is None:
        return None
    amount, per = (value.get("amount"), _whole(value.get("per"))) if isinstance(value, dict) else (value, 1)
    number = decimal(amount)
    if number < 0:
        raise ValueError(f"{number:f} is below 0")
    return Per(number, per) if per > 1 else number


def _rates(mapping: Mapping[str, Any], others: set[str] | frozenset[str]) -> dict[str, Rate]:
    if unknown := mapping.keys() - METERS.keys() - others:
        raise ValueError(f"{min(unknown)!r} is no meter")
    return {meter: _rate(mapping[meter]) for meter in METERS if meter in mapping}


def _override(mapping: Mapping[str, Any]) -> Override:
    when, multiply = mapping.get("when"), mapping.get("multiply")
    return Override(
        when=tuple(map(_when, when if isinstance(when, list | tuple) else (when,))),
        rates=_rates(mapping, _OVERRIDE_FIELDS),
        replace=_flag(mapping.get("replace", False)),
        multiply=None if multiply is None else decimal(multiply),
    )


def _when(mapping: Any) -> dict[str, Any]:
    if not isinstance(mapping, dict) or not mapping.keys() - {"weekday_timezone"}:
        raise ValueError(f"an override needs conditions in `when`, not {mapping!r}")
    return {key: _condition(key, value) for key, value in sorted(mapping.items())}


def _condition(key: str, value: Any) -> Any:
    """The one form that a condition's value has: whole numbers, lists where there is more than one."""
    if key == "weekday_timezone":
        return value
    if key not in CONDITIONS:
        raise ValueError(f"{key!r} is no condition")
    kind = CONDITIONS[key].value
    if kind == "integer":
        return _whole(value)
    listed = [str(one) for one in (value if isinstance(value, list | tuple) else (value,))]
    allowed = {"tier": SERVICE_TIERS, "weekdays": WEEKDAYS}.get(kind)
    if not listed or (allowed and not set(listed) <= set(allowed)):
        raise ValueError(f"{key}: {value!r} is none of {', '.join(sorted(allowed or ['any text']))}")
    return listed if key in ALWAYS_LISTS or len(listed) > 1 else listed[0]


def _whole(value: object) -> int:
    number = decimal(value)
    if number != number.to_integral_value() or number < 1:
        raise ValueError(f"{value!r} is no whole number of 1 or more")
    return int(number)


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{value!r} is neither true nor false")
    return value


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
