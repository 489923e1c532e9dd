"""JSON whose numbers are exact: Decimals go out and come in as plain decimal numbers, never through a float."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from decimal import Decimal, InvalidOperation
from typing import Any

# json writes a Decimal only as text; the mark tells such text apart from the data's own. It is another one in each
# process and never written, so that no text of a stranger's can begin with it.
_MARK = f"{os.urandom(12).hex()}:"
_MARKED = re.compile(f'"{_MARK}([^"]*)"')

_MOST_DIGITS = 200
"""Of a stranger's number: what has more means no price and no count, and takes its square in time to turn into one."""


def plain(number: Decimal) -> str:
    """The shortest decimal form without an exponent: 0.0000025, 10, 1.5."""
    text = format(number, "f")
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def _default(value: object) -> Any:
    if isinstance(value, Decimal):
        return _MARK + plain(value)
    msg = f"{type(value).__name__} has no form in JSON"
    raise TypeError(msg)


def dumps(value: object, *, indent: int | None = None) -> str:
    """JSON text, ASCII only; compact unless indented. Keys keep their order."""
    separators = (",", ":") if indent is None else (",", ": ")
    text = json.dumps(value, default=_default, indent=indent, separators=separators, allow_nan=False)
    return _MARKED.sub(r"\1", text) if _MARK in text else text


def _refuse(name: str) -> Any:
    msg = f"{name} is no number in JSON"
    raise ValueError(msg)


def loads(text: str | bytes) -> Any:
    """What the text says, with Decimals for numbers that have a point or an exponent; ValueError for NaN."""
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=_refuse)
    except InvalidOperation:
        raise ValueError("holds an exponent that no number has") from None


def strict(text: str | bytes) -> Any:
    """What a stranger's text says, read as `loads` does; ValueError where a careless reader would take a wrong value.

    Refused besides NaN: a key that stands twice in one object, numbers out of all proportion, nesting without end.
    """
    try:
        return json.loads(text, parse_float=_number, parse_constant=_refuse, object_pairs_hook=_unique)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _number(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:  # an exponent beyond those of Decimal
        number = None
    # 1e999999999 would be written out in a gigabyte of zeros
    if number is None or len(text) > _MOST_DIGITS or abs(number.adjusted()) > 60:
        raise ValueError(f"{text[:40]} is no number to count with")
    return number


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = Counter(key for key, _ in pairs).most_common(1)[0][0]
        raise ValueError(f"{twice[:80]!r} stands twice in one object")
    return found
