"""What the readers and writers of feeds share: exact amounts, names, modes, and a place for what cannot be said."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Context, Decimal, Inexact, InvalidOperation
from typing import Any, TypeVar

from modelry.capabilities import CAPABILITIES
from modelry.errors import CatalogRejected
from modelry.pricing import Per, Pricing, Rate, decimal
from modelry.rates import timeline
from modelry.records import Modalities, Model, family_of

# Far more digits than any price has; a quotient that does not fit them is no decimal number at all.
_EXACT = Context(prec=100, traps=[Inexact, InvalidOperation])


_UNREADABLE = (ArithmeticError, AttributeError, LookupError, StopIteration, TypeError, ValueError, re.error)
"""What reading an item of another shape raises."""

Made = TypeVar("Made")


class Notes:
    """Takes what a feed says and nobody here understands, by name: raised at once, or collected in `report`."""

    def __init__(self, source: str, report: list[str] | None) -> None:
        self.source = source
        self.report = report

    def __call__(self, where: str, what: str) -> None:
        """Tell one thing of one place; raises CatalogRejected where there is no report."""
        if self.report is None:
            raise CatalogRejected(self.source, f"{where}: {what}")
        self.report.append(f"{where}: {what}")

    def whole(self, value: object) -> Mapping[str, Any]:
        """The body where it is an object; raises CatalogRejected: what is not even that is no such feed."""
        if not isinstance(value, Mapping):
            raise CatalogRejected(self.source, "the body is no object")
        return value

    def each(self, where: str, items: Iterable[tuple[str, Any]], make: Callable[[str, Any], Made]) -> Iterator[Made]:
        """What `make(name, item)` makes of each item. An item of another shape is told and left out."""
        for name, item in items:
            try:
                made = make(name, item)
            except _UNREADABLE as error:
                self(f"{where}{name}", f"is not of the feed's shape: {error!r}")
            else:
                yield made


def amount(value: object) -> Decimal | None:
    """Exactly the number that is meant; a float means what it prints. None is unknown. Raises ValueError."""
    if value is None:
        return None
    return decimal(repr(value) if isinstance(value, float) else value)


def price_of(value: object) -> Decimal | None:
    """An amount that is a price: not below 0. Raises ValueError."""
    number = amount(value)
    if number is not None and number < 0:
        msg = f"{number:f} is below 0"
        raise ValueError(msg)
    return number


def per_unit(price: Decimal | None, units: int) -> Rate:
    """The price of one unit where `units` of them cost `price`; kept as published where that is not exact."""
    if price is None or units == 1:
        return price
    try:
        return _EXACT.divide(price, Decimal(units))
    except Inexact:
        return Per(price, units)


def per_units(rate: Rate, units: int) -> Decimal | None:
    """What `units` units cost; the inverse of `per_unit`. Raises ValueError where that is not exact."""
    if rate is None or (isinstance(rate, Per) and rate.per == units):
        return rate.amount if isinstance(rate, Per) else None
    price, per = rate if isinstance(rate, Per) else (rate, 1)
    try:
        return _EXACT.divide(_EXACT.multiply(price, Decimal(units)), Decimal(per))
    except Inexact:
        msg = f"{price} per {per} is no exact price of {units}"
        raise ValueError(msg) from None


def threshold(above: int) -> dict[str, int]:
    """The condition "more than this many prompt tokens"; 199,999 is how a strict feed writes "from 200,000"."""
    return {"prompt_tokens_from": above + 1} if (above + 1) % 1_000 == 0 else {"prompt_tokens_above": above}


def canonical(name: str, providers: Mapping[str, str]) -> str:
    """The canonical id of the provider that a vocabulary calls `name`; else the name in kebab-case."""
    return providers.get(name) or re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def names_of(providers: Mapping[str, str]) -> dict[str, str]:
    """The vocabulary's first name of each canonical provider."""
    names: dict[str, str] = {}
    for name, provider in providers.items():
        names.setdefault(provider, name)
    return names


def seen(modalities: Modalities) -> dict[str, bool]:
    """The capabilities that modalities show. What they do not list stays unknown."""
    lists = {"input": modalities.input, "output": modalities.output}
    return {
        capability.name: True
        for capability in CAPABILITIES.values()
        if capability.modality and capability.modality[1] in lists[capability.modality[0]]
    }


_MODES = {"image": "image_generation", "video": "video_generation", "audio": "audio_speech", "embedding": "embedding"}


def use(modalities: Modalities, *, talks: bool) -> dict[str, Any]:
    """`mode`, `family` and `components` as far as modalities tell: what writes text, if it `talks`, is chat."""
    output = tuple(modalities.output)
    mode = ("chat" if talks else None) if "text" in output else _MODES.get(output[0]) if len(output) == 1 else None
    family, components = family_of(mode)
    return {"mode": mode, "family": family, "components": components}


def in_force(model: Model, day: str | None) -> Pricing | None:
    """The card that holds on a day, YYYY-MM-DD (None: today), or None before the first and without a price."""
    now = f"{day or datetime.now(UTC).date()}T23:59:59Z"
    return next((card for since, card in reversed(timeline(model.pricing)) if since <= now), None)


def told(value: Mapping[str, Any], names: Sequence[str] | Mapping[str, Any]) -> dict[str, Any]:
    """What a mapping says besides these names."""
    return {key: item for key, item in value.items() if key not in names}
