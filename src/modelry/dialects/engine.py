"""The one engine that reads any dialect's table.

path ──> count ──> its bucket, taken off the buckets that include it ──> sums and total agree ──> disjoint buckets
"""

from __future__ import annotations

from decimal import Decimal

from modelry.dialects.paths import as_object, at, getter, root, step
from modelry.errors import InvalidUsage, UnknownUsage, UsageMismatch
from modelry.meters import BUCKETS, FRACTIONAL_UNITS, INPUT_TOKENS, OUTPUT_TOKENS
from modelry.usage import LARGEST, checked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, NamedTuple

    from modelry.dialects.paths import Getter, Step
    from modelry.dialects.table import Dialect, Field, Reading
    from modelry.usage import Quantity
else:
    from modelry._named import NamedTuple

TOKENS = INPUT_TOKENS | OUTPUT_TOKENS
_make = tuple.__new__  # what a named tuple's own `__new__` calls: a warm reading is made of such steps


class Counted(NamedTuple):
    """What a table found: disjoint buckets, those of them that rest on an assumption, and what was mended."""

    counts: dict[str, Quantity]
    assumed: tuple[str, ...]
    warnings: tuple[str, ...]


class Plan:
    """A dialect made ready: its paths are steps, its inclusions are signs."""

    def __init__(self, dialect: Dialect, *, strict: bool = True) -> None:
        def optional(path: str | None) -> Step | None:
            return step(path, strict=strict) if path else None

        def field_of(path: str) -> Field:
            return next(field for field in dialect.fields if field.path == path)

        self.dialect = dialect
        self._fields = [_compiled(field, strict=strict) for field in dialect.fields if field.of == "usage"]
        self._around = [_compiled(field, strict=False) for field in dialect.fields if field.of == "response"]
        self._total = optional(dialect.total)
        self._no_total = optional(dialect.no_total)
        self._cached_split = optional(dialect.cached_split)
        self._sums = [
            (
                whole,
                step(whole, strict=strict),
                [step(part, strict=strict) for part in parts],
                _compiled(field_of(whole), strict=strict),
            )
            for whole, parts in dialect.sums
        ]
        self._also = optional(dialect.also)
        self._also_key = root(dialect.also) if dialect.also else None
        self._readings: list[Plan] | None = None
        self.model = [step(path, strict=False) for path in dialect.model.split("|")]
        self.provider = getter(dialect.provider_path, strict=False) if dialect.provider_path else None
        self.created = getter(dialect.created, strict=False) if dialect.created else None
        self.facts = []
        for fact in dialect.facts:
            _, key, _, way = step(fact.path, strict=False)
            self.facts.append((fact.fact, key, way, fact.words, fact.of == "usage"))
        self.reported = [(root(path), getter(path, strict=False), per) for path, per in dialect.reported]
        self.elsewhere = [(root(path), getter(path, strict=False), what) for path, what in dialect.elsewhere]

    def count(self, usage: dict[str, Any], around: dict[str, Any], *, lenient: bool = False) -> Counted:
        """The disjoint buckets of a usage object and of the response around it.

        Raises InvalidUsage, UnknownUsage where a count that is due is missing, or UsageMismatch; lenient, it mends
        and warns.
        """
        try:
            return self._counted(usage, around)
        except UsageMismatch as mismatch:
            error: InvalidUsage = mismatch
            if self._readings is None:
                self._readings = [Plan(_read_otherwise(self.dialect, reading)) for reading in self.dialect.readings]
            for other in self._readings:
                try:
                    return other._counted(usage, around)
                except UsageMismatch:
                    continue
            if not lenient:
                raise
        except InvalidUsage as invalid:
            error = invalid
            if not lenient:
                raise
        mended: list[str] = []
        counted = Plan(self.dialect, strict=False)._counted(usage, around, mended)
        return counted._replace(warnings=tuple(dict.fromkeys((*mended, str(error)))))

    def _counted(self, usage: dict[str, Any], around: dict[str, Any], mended: list[str] | None = None) -> Counted:
        counts: dict[str, Any] = {}
        _add(counts, self._fields, usage, mended)
        if self._sums:
            self._check_sums(counts, usage, mended)
        if not counts:
            self._check_due(usage, mended)
        if self._around:
            _add(counts, self._around, around, mended)
        assumed: tuple[str, ...] = ()
        if self._cached_split is not None and counts.get("cached_input") and at(self._cached_split, usage) is None:
            assumed = _text_first(counts)
        for n in counts.values():
            if n < 0:
                self._check_parts(counts, mended)
                break
        if self._total is not None:
            self._check_total(counts, usage, mended)
        if self._also is not None and self._also_key in usage:
            for further in at(self._also, usage) or ():
                _add(counts, self._fields, further, mended)
        return _make(Counted, (counts, assumed, tuple(mended) if mended else ()))

    def _check_due(self, usage: dict[str, Any], mended: list[str] | None) -> None:
        due = self.dialect.due
        if due and all(usage.get(key) is None for key in due):
            _mend(
                UnknownUsage(self.dialect.api, seen(usage), f"{' or '.join(due)} is due (these fields were seen)"),
                mended,
            )

    def _check_sums(self, counts: dict[str, Any], usage: dict[str, Any], mended: list[str] | None) -> None:
        for name, whole, parts, field in self._sums:
            total, missing = 0, 0
            for part in parts:
                n = usage.get(part.key) if part.way is None else part.way(usage)
                if part.inner is not None and n is not None:
                    n = as_object(part.key, n).get(part.inner)
                if n is None:
                    missing += 1
                elif type(n) is int:
                    total += n
                else:
                    total += sum(_number(part.path, number, mended) for number in _flat(n))
            if missing == len(parts):
                continue
            said = at(whole, usage)
            if said is None:
                _put(counts, field, total)
            elif type(said) is int and (total > said or (total < said and not missing)):
                _mend(UsageMismatch(name, total, said), mended)

    def _check_parts(self, counts: dict[str, Any], mended: list[str] | None) -> None:
        for bucket, n in counts.items():
            if n < 0:
                _mend(UsageMismatch(bucket, *_excess(counts, bucket)), mended)
                counts[bucket] = 0

    def _check_total(self, counts: dict[str, Any], usage: dict[str, Any], mended: list[str] | None) -> None:
        said = at(self._total, usage)  # type: ignore[arg-type]
        if said is None or (self._no_total is not None and at(self._no_total, usage)):
            return
        if type(said) is not int:
            said = _number(self.dialect.total or "", said, mended)
        beside = self.dialect.beside_total
        counted = 0
        for bucket, n in counts.items():
            if bucket in TOKENS and bucket not in beside:
                counted += n
        if counted != said:
            _mend(UsageMismatch(self.dialect.total or "", counted, said), mended)


def _mend(error: InvalidUsage, mended: list[str] | None) -> None:
    if mended is None:
        raise error
    mended.append(str(error))


class _Compiled(NamedTuple):
    path: str
    key: str
    inner: str | None
    way: Getter | None
    bucket: str
    signs: tuple[tuple[str, int], ...]
    how: str


def _compiled(field: Field, *, strict: bool) -> _Compiled:
    signs = dict.fromkeys(field.within, -1)
    if len(field.within) == 2:  # both are part of one whole, which lost the overlap twice
        signs["input"] = 1
    return _Compiled(*step(field.path, strict=strict), field.bucket, tuple(signs.items()), field.how)


def _add(counts: dict[str, Any], fields: list[_Compiled], start: dict[str, Any], mended: list[str] | None) -> None:
    for path, key, inner, way, bucket, signs, how in fields:
        if way is None:
            value = start.get(key)
            if value is not None and inner is not None:
                value = as_object(key, value).get(inner)
        else:
            value = way(start)
        if value is None:
            continue
        if type(value) is not int or not 0 <= value < LARGEST:
            value = _quantity(path, bucket, value, how, mended)
        if value:
            counts[bucket] = counts.get(bucket, 0) + value
            for whole, sign in signs:
                counts[whole] = counts.get(whole, 0) + sign * value


def _read_otherwise(dialect: Dialect, reading: Reading) -> Dialect:
    fields = tuple(
        field._replace(within=within) if (within := reading.within.get(field.path, field.within)) is not None else None
        for field in dialect.fields
    )
    kept = tuple(field for field in fields if field is not None)
    return dialect._replace(fields=kept, beside_total=reading.beside_total or dialect.beside_total, readings=())


def _put(counts: dict[str, Any], field: _Compiled, value: Quantity) -> None:
    counts[field.bucket] = counts.get(field.bucket, 0) + value
    for whole, sign in field.signs:
        counts[whole] = counts.get(whole, 0) + sign * value


def _quantity(path: str, bucket: str, value: Any, how: str, mended: list[str] | None) -> Any:
    if how == "any":
        return 1 if value else 0
    if how == "times" and not isinstance(value, int | float | Decimal):
        return 1
    values = _flat(value)
    if how == "items":
        return len(values)
    if how == "distinct":
        return len({text for text in values if isinstance(text, str) and text})
    return sum(
        _number(path, n, mended, fractional=BUCKETS[bucket][0].unit in FRACTIONAL_UNITS, bucket=bucket) for n in values
    )


def _flat(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _number(path: str, value: Any, mended: list[str] | None, *, fractional: bool = False, bucket: str = "input") -> Any:
    """A count as it may stand in JSON: 12, and 12.0 for a whole number; InvalidUsage naming the path."""
    if isinstance(value, float | Decimal) and not fractional and _is_whole(value):
        value = int(value)
    try:
        return checked({bucket: value})[bucket]
    except InvalidUsage as error:
        why = str(error).partition(": ")[2]
        refused = InvalidUsage(path, _short(value), why)
        if mended is None:
            raise refused from None
        mended.append(str(refused))
        return 0


def _is_whole(value: float | Decimal) -> bool:
    if isinstance(value, Decimal) and not value.is_finite():
        return False
    return -LARGEST < value < LARGEST and value % 1 == 0


def _short(value: object) -> object:
    """Enough of a wrong value to recognise it: its repr may be as long as the body."""
    if isinstance(value, dict | list | tuple):
        return type(value).__name__
    return value[:80] if isinstance(value, str | bytes) else value


_OTHER_KINDS = ("input_audio", "input_image", "input_video")


def _text_first(counts: dict[str, Any]) -> tuple[str, ...]:
    """Where nobody says which tokens were cached: those of text first; the buckets that rest on this."""
    kinds = [kind for kind in _OTHER_KINDS if counts.get(kind)]
    if not kinds:
        return ()
    missing = -counts.get("input", 0)  # cached tokens that text alone cannot be
    is_certain = missing == sum(counts[kind] for kind in kinds)  # then everything was cached
    for kind in kinds:
        overlap = min(missing, counts[kind], counts["cached_input"])
        if overlap > 0:
            missing -= overlap
            counts["input"] += overlap
            counts[kind] -= overlap
            if (cached := f"cached_{kind}") in BUCKETS:
                counts["cached_input"] -= overlap
                counts[cached] = counts.get(cached, 0) + overlap
    return () if is_certain else tuple(bucket for bucket in counts if bucket.startswith("cached_") and counts[bucket])


def _excess(counts: Mapping[str, Any], bucket: str) -> tuple[int, int]:
    """What the parts of a whole sum to, and what the whole was: both as far as the buckets still tell."""
    parts = sum(n for other, n in counts.items() if n > 0 and other != bucket and _same_side(other, bucket))
    return parts, parts + counts[bucket]


def _same_side(bucket: str, other: str) -> bool:
    return any(bucket in side and other in side for side in (INPUT_TOKENS, OUTPUT_TOKENS))


def seen(thing: object) -> str:
    """What a body is, in a few words: its fields, or its type."""
    if isinstance(thing, dict):
        names = [str(key)[:40] for key in thing]
        more = f", … {len(names) - 12} more" if len(names) > 12 else ""
        return ", ".join(names[:12]) + more if names else "no fields"
    return f"{len(thing)} items" if isinstance(thing, list | tuple) else type(thing).__name__
