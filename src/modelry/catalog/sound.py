"""Sound rows: what a feed says that has no place in a row is told and left out, field by field.

A feed is written by others. One bad row never stops the rest, and whatever is taken in can be folded, written and
compiled.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from modelry.capabilities import CAPABILITIES
from modelry.pricing import Override, Per, Pricing, Rate
from modelry.records import Modalities, Model, is_said

MOST = 10**12
"""More than any limit is, and less than what a database column holds."""

ABSURD = Decimal("0.001")
"""Per text token, $1,000 per 1M: above it a feed's price is a slip of the unit."""

_LONGEST = 512
_FINEST = 60
_TEXT = re.compile(r"[^\x00-\x1f\x7f\ud800-\udfff]+")
_DATE = re.compile(r"\d{4}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?", re.ASCII)
_CLOCK = re.compile(r"(?<=\d{4}-\d\d-\d\d)T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ\Z", re.ASCII)
_CURRENCY = re.compile("[A-Z]{3}")

_TEXTS = ("display_name", "model_id", "base_model", "region", "mode", "unit", "base_url", "status", "license", "notes")
_COUNTS = ("context", "max_input_tokens", "max_output_tokens", "dimensions")
_DATES = ("release_date", "knowledge_cutoff", "deprecation_date")
_LISTS = ("components", "aliases", "regions", "endpoints")


def sound(model: Model, tell: Callable[[str], None]) -> Model | None:
    """The model with what is sound of it, each other field told; None where its own name is not."""
    if isinstance(model.display_name, str) and model.display_name != (shown := model.display_name.strip()):
        model = replace(model, display_name=shown)
    if not (is_name(model.provider) and is_name(model.model)):
        tell(f"{model.model!r:.60}: is no name")
        return None
    wrong = [
        name for name, is_sound in _SOUND.items() if is_said(value := getattr(model, name)) and not is_sound(value)
    ]
    changes: dict[str, Any] = {name: _NOTHING.get(name) for name in wrong}
    for name in wrong:
        tell(f"{model.id}: {name} cannot be {_shown(getattr(model, name))}")
    if (kept := _without_debts(model.extensions)) != model.extensions:
        changes["extensions"] = kept
    return replace(model, **changes) if changes else model


def _without_debts(said: Any, *, is_price: bool = False) -> Any:
    """What a source says besides, without prices below 0: written back in its own form, a client would believe them."""
    if isinstance(said, Mapping):
        kept = {
            key: _without_debts(value, is_price=is_price or "cost" in key or "pric" in key)
            for key, value in said.items()
        }
        return {key: value for key, value in kept.items() if value is not None or said[key] is None}
    if is_price and isinstance(said, int | float | Decimal) and said < 0:
        return None
    return said


def _shown(value: Any) -> str:
    """What is wrong, briefly: of prices the one that is too high."""
    absurd = next((card for card in value if _is_absurd(card)), None) if value and isinstance(value, tuple) else None
    if isinstance(absurd, Pricing):
        rates = (rate for rate in absurd.rates.values() if isinstance(rate, Decimal) and rate > ABSURD)
        return f"${max(rates)} per token"
    return f"{value!r:.60}"


def _is_text(value: object) -> bool:
    return isinstance(value, str) and _TEXT.fullmatch(value) is not None


def is_name(value: object) -> bool:
    """Whether a provider, model or alias can be called this."""
    return _is_text(value) and str(value).strip() == value and len(str(value)) <= _LONGEST


def is_count(value: object) -> bool:
    """Whether this can be a limit of tokens."""
    return type(value) is int and 0 < value <= MOST


def _is_date(value: object) -> bool:
    """A day, month or year of the calendar; the first of 1970 is what a clock says that was never set."""
    if not isinstance(value, str) or not _DATE.fullmatch(value) or value == "1970-01-01":
        return False
    try:
        date.fromisoformat(value + "-01-01"[len(value) - len("2026") :] if len(value) < len("2026-01-01") else value)
    except ValueError:
        return False
    return True


def _is_instant(value: object) -> bool:
    return isinstance(value, str) and _is_date(_CLOCK.sub("", value))


def _is_list(value: object) -> bool:
    return isinstance(value, tuple) and all(map(is_name, value))


def _are_modalities(value: Modalities) -> bool:
    return _is_list(value.input) and _is_list(value.output)


def _are_capabilities(value: Mapping[str, Any]) -> bool:
    return all(name in CAPABILITIES and isinstance(can, bool) for name, can in value.items())


def _are_cards(value: tuple[Pricing, ...]) -> bool:
    return all(is_card(card) and not _is_absurd(card) for card in value)


def _is_absurd(card: object) -> bool:
    if not isinstance(card, Pricing):
        return False
    rates = (card.rates.get(meter) for meter in ("input_per_token", "output_per_token"))
    return card.currency == "USD" and any(isinstance(rate, Decimal) and rate > ABSURD for rate in rates)


def is_card(card: Pricing) -> bool:
    """Whether calls can be priced by this card."""
    days = (card.effective_from, card.observed)
    return (
        all(map(_is_amount, _amounts(card)))
        and all(day is None or _is_instant(day) for day in days)
        and _CURRENCY.fullmatch(str(card.currency)) is not None
        and (card.source is None or _is_text(card.source))
        and all(_is_text(item) or is_count(item) for override in card.overrides for item in _conditions(override))
    )


def _conditions(override: Override) -> Iterator[Any]:
    for when in override.when:
        for value in when.values():
            yield from value if isinstance(value, list) else (value,)


def _amounts(card: Pricing) -> Iterator[Rate]:
    yield from card.rates.values()
    for override in card.overrides:
        yield from override.rates.values()
        yield override.multiply


def _is_amount(rate: Rate) -> bool:
    amount = rate.amount if isinstance(rate, Per) else rate
    return amount is None or (0 <= amount <= MOST and _places(amount) <= _FINEST)


def _places(amount: Decimal) -> int:
    return -int(amount.as_tuple().exponent)


_SOUND: dict[str, Callable[[Any], bool]] = {
    **dict.fromkeys(_TEXTS, _is_text),
    **dict.fromkeys(_COUNTS, is_count),
    **dict.fromkeys(_DATES, _is_date),
    **dict.fromkeys(_LISTS, _is_list),
    "modalities": _are_modalities,
    "capabilities": _are_capabilities,
    "pricing": _are_cards,
    "open_weights": lambda value: isinstance(value, bool),
}
_NOTHING: dict[str, Any] = dict.fromkeys((*_LISTS, "pricing"), ()) | {"capabilities": {}}
