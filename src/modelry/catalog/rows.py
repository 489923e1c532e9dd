"""Rows of `data/models.json`: a Model as plain data and back, and the bytes of the whole file.

One compact row a line, sorted by provider then model, keys in one fixed order: the same catalogue is the same bytes,
and a diff shows the rows that changed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, NamedTuple

from modelry.catalog.sound import is_card, is_count, is_name
from modelry.errors import CatalogRejected
from modelry.jsontext import dumps, loads
from modelry.pricing import Pricing
from modelry.rates import timeline
from modelry.records import MODEL_FIELDS, Modalities, Model, Verification, is_said, per_1k

PRICING_UNKNOWN = "[auto-refresh] pricing_unknown=true"
"""Stands in the notes of a managed row that the feed lists and nobody prices (seed 2)."""

DEPRECATED = "[auto-refresh] deprecated_on="
"""Stands there, with the day behind it, while the feed lists a managed row no longer (seed 2)."""

_VIEWS = frozenset({"input_per_1k", "output_per_1k", "embed_per_1k", "rerank_per_1k", "per_request"})


class Catalogue(NamedTuple):
    """The models of a file, where they come from, and the newest day among their claims."""

    models: Sequence[Model]
    sources: Sequence[str]
    last_updated: str | None
    currency: str = "USD"


def to_row(model: Model, day: str | None) -> dict[str, Any]:
    """The row of a model; its per_1k fields are views of the card that holds on `day` (YYYY-MM-DD)."""
    row = plain({name: value for name in MODEL_FIELDS if is_said(value := getattr(model, name))})
    if PRICING_UNKNOWN in row.get("notes", ""):
        row |= dict.fromkeys(("input_per_1k", "output_per_1k"))  # seed 2: null, where a new row has no price yet
    if "pricing" in row:
        cards = row.pop("pricing")
        row |= per_1k(model, card_on(model.pricing, day)) | {"pricing": cards}
    return row


def plain(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a model as plain data, in the order of a row; `revived` reads them back."""
    return {name: _plain(fields[name]) for name in MODEL_FIELDS if name in fields}


def _plain(value: Any) -> Any:
    if isinstance(value, Modalities | Verification):
        return {key: part for key, part in asdict(value).items() if part}
    if isinstance(value, tuple | list) and value and isinstance(value[0], Pricing):
        return [card.to_dict() for card in value]
    return list(value) if isinstance(value, tuple) else value


def from_row(row: Mapping[str, Any]) -> Model:
    """The model of a row; views are not read back. Raises ValueError naming what is wrong."""
    return Model(**revived(row))


def revived(row: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a model from plain data."""
    fields = {name: value for name, value in row.items() if name not in _VIEWS and value is not None}
    if unknown := fields.keys() - set(MODEL_FIELDS):
        msg = f"{min(unknown)!r} is no field of a row"
        raise ValueError(msg)
    if "pricing" in fields:
        fields["pricing"] = tuple(Pricing.from_dict(card) for card in fields["pricing"])
    if "modalities" in fields:
        fields["modalities"] = Modalities(**_tupled(fields["modalities"]))
    if "verification" in fields:
        fields["verification"] = Verification(**_tupled(fields["verification"]))
    return _tupled(fields)


def _tupled(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}


def card_on(cards: Sequence[Pricing], day: str | None) -> Pricing | None:
    """The card that holds at the end of a day; None where none does."""
    moment = f"{day}T23:59:59Z" if day else datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    held = [card for since, card in timeline(cards) if since <= moment]
    return held[-1] if held else None


def dump(catalogue: Catalogue) -> bytes:
    """The bytes of the file."""
    ordered = sorted(catalogue.models, key=lambda model: (model.provider, model.model))
    return joined(catalogue, (line_of(model, catalogue.last_updated) for model in ordered))


def line_of(model: Model, day: str | None) -> bytes:
    """The line of a model in the file, without what separates it from the next."""
    return dumps(to_row(model, day)).encode("ascii")


def line_in(data: bytes, provider: str, model: str) -> bytes | None:
    """The line of a row in the bytes of a file; None where it has none."""
    start = data.find(b"\n{" + key_of(provider, model) + b",")
    return None if start < 0 else data[start + 1 : data.index(b"\n", start + 1)].rstrip(b",")


_LINE = re.compile(rb'^\{("provider":("(?:[^"\\]|\\.)*"),"model":"(?:[^"\\]|\\.)*").*\}', re.MULTILINE)


def lines_in(data: bytes) -> Iterator[re.Match[bytes]]:
    """The lines of all rows in the bytes of a file: the whole match a row, group 1 its key, group 2 its provider."""
    return _LINE.finditer(data)


def key_of(provider: str, model: str) -> bytes:
    """What a line begins with: group 1 of `lines_in`."""
    return dumps({"provider": provider, "model": model})[1:-1].encode("ascii")


def model_in(line: bytes) -> Model:
    """The model of a line; raises ValueError where it could not be compiled and priced."""
    return _fitting(from_row(loads(line)))


def joined(catalogue: Catalogue, lines: Iterable[bytes]) -> bytes:
    """The bytes of the file from the lines of all rows in order; of `catalogue` the head alone is read."""
    head = {"currency": catalogue.currency, "last_updated": catalogue.last_updated, "sources": list(catalogue.sources)}
    return dumps(head)[:-1].encode("ascii") + b',"models":[\n' + b",\n".join(lines) + b"\n]}\n"


def load(data: bytes, source: str) -> Catalogue:
    """The catalogue of a file's bytes; raises CatalogRejected where they are none."""
    try:
        body = loads(data)
        models = tuple(_fitting(from_row(row)) for row in body["models"])
        return Catalogue(models, body["sources"], body["last_updated"], body["currency"])
    except (ValueError, TypeError, KeyError, AttributeError, ArithmeticError, RecursionError) as error:
        said = f"no {error} in it" if isinstance(error, KeyError) else str(error).partition("\n")[0]
        raise CatalogRejected(source, f"is no catalogue of modelry: {said}") from None


def _fitting(model: Model) -> Model:
    """A model that can be compiled and priced. (Odd text is no reason to refuse all of somebody's catalogue.)"""
    for name in ("provider", "model"):
        if not is_name(getattr(model, name)):
            raise ValueError(f"{getattr(model, name)!r:.60} is no name")
    for name, fits in _FITS.items():
        if is_said(value := getattr(model, name)) and not fits(value):
            raise ValueError(f"{model.id}: {name} cannot be {value!r:.60}")
    return model


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _are_texts(value: object) -> bool:
    return isinstance(value, tuple) and all(map(_is_text, value))


_FITS_TYPE: dict[str, Callable[[Any], bool]] = {
    "str": _is_text,
    "str | None": _is_text,
    "int | None": is_count,
    "bool | None": lambda value: isinstance(value, bool),
    "Sequence[str]": _are_texts,
    "Sequence[Pricing]": lambda value: all(map(is_card, value)),
    "Modalities | None": lambda value: _are_texts(value.input) and _are_texts(value.output),
    "Verification | None": lambda value: _is_text(value.status) and _are_texts(value.verified_capabilities),
}
_FITS = {field.name: _FITS_TYPE.get(str(field.type), lambda value: isinstance(value, dict)) for field in fields(Model)}


def content_of(*parts: bytes) -> str:
    """The hash that names a content, whatever file it stands in."""
    digest = sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()


def text_of(models: Iterable[Model]) -> str:
    """A few models as JSON text, as the file would write them: for `--json`."""
    day = datetime.now(UTC).date().isoformat()
    return dumps([{"id": model.id} | to_row(model, day) for model in models], indent=2)
