"""The kinds of values that the YAML holds: how the text of each is read, what is said of a wrong one, its JSON Schema.

Every scalar of the YAML comes as text, so each kind reads text; its schema speaks of the types that other YAML readers
make of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from difflib import get_close_matches
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, GetJsonSchemaHandler, PlainValidator, TypeAdapter, WithJsonSchema
from pydantic_core import CoreSchema, PydanticCustomError

MOST_TOKENS = 10**12
"""More than any limit is, and less than what a database column holds."""

MOST_PER_TOKEN = 1
"""A thousand dollars per thousand tokens, in no matter what currency: a slip of the unit."""

_MOST = 10**6
_FINEST = 30
_NUMBER = re.compile(r"\d+(?:\.\d+)?(?:[eE][-+]?\d{1,2})?", re.ASCII)
_WHOLE = re.compile(r"[1-9]\d*", re.ASCII)
_DATE = r"\d{4}(-\d{2}(-\d{2})?)?"
_DAY = r"\d{4}-\d{2}-\d{2}"
_INSTANT = rf"{_DAY}(T\d{{2}}:\d{{2}}:\d{{2}}Z)?"
_SPAN = r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d"
_URL = r"https?://[^\s/]+(/\S*)?"
_SLUG = "[a-z0-9]+(-[a-z0-9]+)*"
_NAME = r"\S([^\x00-\x1f\x7f]*\S)?"
_YES, _NO = frozenset({"true", "yes", "on"}), frozenset({"false", "no", "off"})


def shown(value: object) -> str:
    """A value in a message: as it is where it is short, else what it is."""
    text = "nothing" if value is None else repr(value)
    if len(text) <= 60:
        return text
    return {"dict": "this mapping", "list": "this list"}.get(type(value).__name__, f"{text[:57]}...")


def wrong(message: str, hint: str = "") -> PydanticCustomError:
    """A mistake in our own words; `authoring.load` adds where it stands."""
    return PydanticCustomError("wrong", "{message}", {"message": message, "hint": hint})


def _kind(read: Callable[[Any], Any], **schema: Any) -> Any:
    return Annotated[Any, PlainValidator(read), WithJsonSchema(schema)]


def _matching(pattern: str, noun: str, hint: str, value: object) -> str:
    if isinstance(value, str) and re.fullmatch(pattern, value, re.ASCII):
        return value
    raise wrong(f"{shown(value)} is no {noun}", hint)


def _text(value: object) -> str:
    if isinstance(value, str) and value.strip():
        return value
    raise wrong(
        "nothing stands there" if value in (None, "") else f"{shown(value)} is no text",
        "write some text, or remove the key",
    )


def _name(value: object) -> str:
    return _matching(_NAME, "name", "a name is text without blanks around it", value)


def _date(value: object) -> str:
    text = _matching(_DATE, "date", "write 2024-05-13, 2024-05 or 2024", value)
    return _of_the_calendar(text, f"{text}-01-01"[:10] if len(text) == 4 else f"{text}-01"[:10])


def _day(value: object) -> str:
    text = _matching(_DAY, "day", "write 2024-05-13", value)
    return _of_the_calendar(text, text)


def _instant(value: object) -> str:
    text = _matching(_INSTANT, "day and no instant", "write 2026-08-16, or in UTC 2026-08-16T16:00:00Z", value)
    return _of_the_calendar(text, text.removesuffix("Z"))


def _of_the_calendar(text: str, moment: str) -> str:
    try:
        datetime.fromisoformat(moment)
    except ValueError:
        raise wrong(f"{text!r} is not in the calendar", "look at month, day and time") from None
    return text


def _whole(value: object) -> int:
    if (
        isinstance(value, str)
        and _WHOLE.fullmatch(value)
        and len(value) <= len(str(MOST_TOKENS))
        and int(value) <= MOST_TOKENS
    ):
        return int(value)
    raise wrong(f"{shown(value)} is no whole number above 0", "write it in digits alone, such as 128000")


def _several(value: object) -> int:
    if (number := _whole(value)) > 1:
        return number
    raise wrong("per 1 is a plain price", "write the amount alone")


def _yes_or_no(value: object) -> bool:
    if isinstance(value, str) and (word := value.lower()) in _YES | _NO:
        return word in _YES
    raise wrong(f"{shown(value)} is neither true nor false", "write true or false")


def _number(value: object, hint: str) -> Decimal:
    if not isinstance(value, str) or not _NUMBER.fullmatch(value):
        raise wrong(f"{shown(value)} is no number of 0 or more", hint)
    number = Decimal(value)
    if number > _MOST or int(number.as_tuple().exponent) < -_FINEST:
        raise wrong(f"{shown(value)} is no price", f"at most {_MOST}, with at most {_FINEST} places")
    return number


def _price(value: object) -> Decimal:
    return _number(value, "a price is written in digits, such as 0.0000025")


def _token_price(value: object) -> Decimal:
    if (price := _price(value)) <= MOST_PER_TOKEN:
        return price
    raise wrong(f"{value} for one token is too much", "prices are per token: $3 per 1M tokens is 0.000003")


def _factor(value: object) -> Decimal:
    if 0 < (factor := _number(value, "a factor is written in digits, such as 1.1")) <= 100:
        return factor
    raise wrong(f"{value} is no factor", "above 0 and at most 100; half the price is 0.5")


def _zone(value: object) -> str:
    from zoneinfo import ZoneInfo

    try:
        ZoneInfo(_text(value))
    except (LookupError, ValueError, OSError):
        raise wrong(f"{shown(value)} is no time zone", "write one of the tz database, such as Asia/Shanghai") from None
    return str(value)


def _currency(value: object) -> str:
    hint = "write its three capital letters, such as USD"
    if isinstance(value, str) and re.fullmatch("[A-Z]{3}", value.strip().upper()):
        hint = f"did you mean {value.strip().upper()}?"
    return _matching("[A-Z]{3}", "currency", hint, value)


Text = _kind(_text, type="string", pattern=r"\S")
Name = _kind(_name, type="string", pattern=f"^{_NAME}$")
Slug = _kind(
    lambda value: _matching(_SLUG, "id of a provider", "write small letters, digits and single dashes", value),
    type="string", pattern=f"^{_SLUG}$",
)  # fmt: skip
Date = _kind(_date, type="string", pattern=f"^{_DATE}$")
Day = _kind(_day, type="string", pattern=f"^{_DAY}$", format="date")
Instant = _kind(_instant, type="string", pattern=f"^{_INSTANT}$")
Tokens = _kind(_whole, type="integer", minimum=1, maximum=MOST_TOKENS)
Several = _kind(_several, type="integer", minimum=2, maximum=MOST_TOKENS)
YesNo = _kind(_yes_or_no, type="boolean")
Price = _kind(_price, type="number", minimum=0, maximum=_MOST)
TokenPrice = _kind(_token_price, type="number", minimum=0, maximum=MOST_PER_TOKEN)
Factor = _kind(_factor, type="number", exclusiveMinimum=0, maximum=100)
Span = _kind(lambda value: _matching(_SPAN, "span of hours", "write it in UTC, such as 01:00-04:00", value),
             type="string", pattern=f"^{_SPAN}$")  # fmt: skip
Zone = _kind(_zone, type="string", pattern=r"^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$")
Currency = _kind(_currency, type="string", pattern="^[A-Z]{3}$")
Url = _kind(
    lambda value: _matching(_URL, "http(s) address", "write https://…", value), type="string", pattern=f"^{_URL}$"
)


def one_of(words: Iterable[str], hints: dict[str, str] | None = None) -> Any:
    """One of these words; a wrong one is told the nearest, or its own hint."""
    known = list(words)
    some = f"one of {', '.join(known[:12])}{', …' * (len(known) > 12)}"

    def read(value: object) -> str:
        if value in known:
            return str(value)
        near = get_close_matches(str(value).lower(), known, n=1)
        hint = (hints or {}).get(str(value)) or (f"did you mean {near[0]}?" if near else some)
        raise wrong(f"{shown(value)} is not known", hint)

    return _kind(read, type="string", enum=known)


def _a_list(value: object) -> list[Any]:
    if isinstance(value, list):
        return value
    example = shown([value]) if isinstance(value, str) and len(value) < 40 else "[…]"
    raise wrong(f"{shown(value)} is no list", f"write {example.replace(chr(39), '')}")


def list_of(kind: Any) -> Any:
    """A list of such values."""
    return Annotated[list[kind], BeforeValidator(_a_list)]


class _OrOne:
    """In a JSON Schema: one item may stand for a list of one."""

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        many = handler(core)
        return {"anyOf": [many["items"], many]}


def one_or_many(kind: Any) -> Any:
    """A list of such values, at least one; a single one may stand for itself."""
    listed = BeforeValidator(lambda value: value if isinstance(value, list) else [value])
    return Annotated[list[kind], Field(min_length=1), listed, _OrOne()]


def either(choose: Callable[[object], int], *kinds: Any) -> Any:
    """One of several kinds; `choose` says by its look which of them a value is to be, so that a mistake is told once."""
    readers: list[TypeAdapter[Any]] = [TypeAdapter(kind) for kind in kinds]
    return _kind(
        lambda value: readers[choose(value)].validate_python(value), anyOf=[reader.json_schema() for reader in readers]
    )


class _Keyed:
    """In a JSON Schema: what the keys of a mapping may be."""

    def __init__(self, key: Any) -> None:
        self._keys = TypeAdapter(key).json_schema()

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        said = handler(core)
        values = said.get("additionalProperties") or next(iter(said.get("patternProperties", {"": {}}).values()))
        least = {"minProperties": said["minProperties"]} if "minProperties" in said else {}
        return {"type": "object", "propertyNames": self._keys, "additionalProperties": values} | least


def mapping_of(key: Any, value: Any, least: int = 0) -> Any:
    """A mapping whose keys and values are of these kinds, with at least so many of them."""
    return Annotated[dict[key, value], Field(min_length=least), _Keyed(key)]


def mapping_or_list(key: Any, value: Any) -> Any:
    """A mapping, or a list that says yes to each of its items; read as a mapping."""
    listed: TypeAdapter[list[Any]] = TypeAdapter(list_of(key))
    mapped: TypeAdapter[dict[Any, Any]] = TypeAdapter(mapping_of(key, value))

    def read(said: object) -> dict[Any, Any]:
        return (
            mapped.validate_python(said)
            if isinstance(said, dict)
            else dict.fromkeys(listed.validate_python(said), True)
        )

    return _kind(read, anyOf=[listed.json_schema(), mapped.json_schema()])
