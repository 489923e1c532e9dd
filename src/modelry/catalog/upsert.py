"""The form of an upsert, generated from the record, and its reading.

Seed 2's flow: omitted fields keep their values, null withdraws what an operator said, so that the next source shows
through. `read` judges the form, `planning.plan` says what is to be pinned, `row_rules.broken` judges the row that comes
of it; all of their problems are told at once, in one InvalidUpsert.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any, NamedTuple, get_type_hints

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, create_model

from modelry.authoring import kinds, schema
from modelry.capabilities import CAPABILITIES, COMPONENTS
from modelry.errors import ModelryError
from modelry.records import MODEL_FIELDS, Model
from modelry.schemas import meanings

PRICES: dict[str, tuple[str | None, str]] = {
    "input_per_1k": ("gen", "input_per_token"),
    "output_per_1k": ("gen", "output_per_token"),
    "embed_per_1k": ("embed", "input_per_token"),
    "rerank_per_1k": ("rerank", "input_per_token"),
    "per_request": (None, "per_request"),
}
"""Seed 2's prices: the family whose they are, and the meter that each sets."""

KEY = ("provider", "model")
UNITS = ("1k_tokens", "request")
FAMILIES = ("gen", "embed", "rerank", "misc")
MOST_PER_1K = 1_000
"""USD per 1,000 tokens; more is a slip of the unit."""

_FINEST = 27
_NOT_SET = frozenset({*KEY, "pricing", "missing_since", "last_updated", "extensions", "provenance"})
_LONGEST = 2_000
_LONGEST_NAME = 200


class Mistake(NamedTuple):
    """What is wrong with one field of a request."""

    field: str
    message: str


class InvalidUpsert(ModelryError):
    """Every problem of an upsert at once: `.problems`, each of one field."""

    def __init__(self, problems: Sequence[Mistake]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{field}: {message}" for field, message in problems))


def _said(kind: Any, noun: str, *types: type) -> Any:
    """A kind of the YAML, read from JSON: of these types alone, never text for a number."""

    def text(value: object) -> object:
        if type(value) not in types:
            raise kinds.wrong(f"{kinds.shown(value)} is {noun}")
        return _as_text(value)

    return Annotated[kind, BeforeValidator(text)]


def _as_text(value: Any, depth: int = 12) -> Any:
    """JSON's scalars as the text that the kinds read, whatever stands around them."""
    if isinstance(value, Mapping | list | tuple) and not depth:
        raise kinds.wrong("nested too deeply")
    if isinstance(value, Mapping):
        return {key: _as_text(item, depth - 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_as_text(item, depth - 1) for item in value]
    if isinstance(value, str):
        return _short(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float | Decimal) else value


def _short(text: str) -> str:
    if len(text) > _LONGEST or not text.replace("\n", " ").isprintable():
        raise kinds.wrong(f"text is printable and of at most {_LONGEST} characters")
    return text


def _price(price: Decimal, most: int) -> Decimal:
    if price > most or int(price.as_tuple().exponent) < -_FINEST:
        raise kinds.wrong(f"{price} is no price: at most {most}, with at most {_FINEST} places")
    return price


def _flag(value: object) -> object:
    if value is None or isinstance(value, bool):
        return value
    raise kinds.wrong(f"{kinds.shown(value)} is neither true, false nor null")


def _by_flag(said: list[Any]) -> dict[str, bool]:
    if not all(isinstance(flag, str) for flag in said):
        raise kinds.wrong("a list of capabilities holds their names")
    return dict.fromkeys(said, True)


def _seen(name: str) -> str:
    """A name that can be read aloud: what nobody sees makes two names of one."""
    if len(_short(name)) > _LONGEST_NAME:
        raise kinds.wrong(f"a name has at most {_LONGEST_NAME} characters")
    return name


_Text: Any = Annotated[_said(kinds.Text, "no text", str), AfterValidator(_short)]
_Count: Any = _said(kinds.Tokens, "no whole number", int)
_YesNo: Any = _said(kinds.YesNo, "neither true nor false", bool)
_Number: Any = _said(kinds.Price, "no number", int, float, Decimal)
_Url: Any = Annotated[_said(kinds.Url, "no text", str), AfterValidator(_short)]
_Per1k: Any = Annotated[_Number, AfterValidator(lambda price: _price(price, MOST_PER_1K))]
_PerRequest: Any = Annotated[_Number, AfterValidator(lambda price: _price(price, kinds._MOST))]
_FLAG: Any = kinds.one_of(CAPABILITIES)
_Flags: Any = Annotated[
    dict[_FLAG, Annotated[bool | None, BeforeValidator(_flag)]],
    BeforeValidator(lambda said: _by_flag(said) if isinstance(said, list) else said),
]
_ANY_CARDS: Any = schema._SHARPER["pricing"]
_Cards: Any = Annotated[_ANY_CARDS, BeforeValidator(_as_text)]

_BY_TYPE: dict[Any, Any] = {int | None: _Count, bool | None: _YesNo, str | None: _Text, str: _Text}
_SHARPER: dict[str, Any] = {
    "family": kinds.one_of(FAMILIES),
    "unit": kinds.one_of(UNITS),
    "capabilities": _Flags,
    "components": kinds.list_of(kinds.one_of(COMPONENTS)),
    "modalities": schema.ModalitiesForm,
    "verification": schema.VerificationForm,
    "base_url": _Url,
    **{name: schema._SHARPER[name] for name in (
        "mode", "status", "release_date", "knowledge_cutoff", "deprecation_date")},
    "model_id": Annotated[kinds.Name, AfterValidator(_seen)],
    "aliases": kinds.list_of(Annotated[kinds.Name, AfterValidator(_seen)]),
}  # fmt: skip


def _fields() -> dict[str, Any]:
    hints, means = get_type_hints(Model), meanings(Model)
    means["family"] = "gen, embed, rerank or misc."
    fields = {
        name: (_SHARPER.get(name) or _BY_TYPE.get(hints[name], kinds.list_of(_Text)), means[name])
        for name in MODEL_FIELDS
        if name not in _NOT_SET
    }
    for name, (family, meter) in PRICES.items():
        price, unit = (_PerRequest, "request") if name == "per_request" else (_Per1k, "1,000 tokens")
        fields[name] = (price, f"USD per {unit}" + (f" of a {family} row" * bool(family)) + f": its `{meter}`.")
    fields["pricing"] = (_Cards, "Rate cards that replace those of the other sources.")
    fields["effective_from"] = (kinds.Instant, "Day, or UTC instant, from which the prices of this request hold.")
    key = {
        "provider": (_Text, Field(description="Id of the provider or an alias of it, in any case.")),
        "model": (_Text, Field(description="Name of the model within the provider, or another spelling of it.")),
    }
    return key | {name: (kind | None, Field(None, description=meaning)) for name, (kind, meaning) in fields.items()}


_create: Any = create_model
ModelCatalogUpsertRequest: type[BaseModel] = _create(
    "ModelCatalogUpsertRequest",
    __config__=ConfigDict(extra="forbid"),
    __doc__="What an operator says of one model. Omitted fields keep their values; null withdraws what was said.",
    **_fields(),
)
"""Generated from the record, the capabilities and the meters: its fields are those of a row, and seed 2's prices."""


class Request(NamedTuple):
    """A request as far as its form is right, and what is wrong with the rest."""

    said: Mapping[str, Any]
    problems: Sequence[Mistake]

    def has(self, *fields: str) -> bool:
        """Whether it speaks of any of these, null or not."""
        return any(field in self.said for field in fields)


def read(request: Any) -> Request:
    """A request from plain data or from its form; nothing is raised, so that the rules can add to what is wrong."""
    if isinstance(request, BaseModel):
        return Request(_dumped(request), [])
    if not isinstance(request, Mapping):
        return Request({}, [Mistake("request", "a JSON object is due")])
    data, problems = dict(request), []
    try:
        form = ModelCatalogUpsertRequest.model_validate(data)
    except ValidationError as error:
        problems = [_mistake(mistake) for mistake in error.errors(include_url=False)]
        wrong = {str(mistake["loc"][0]) for mistake in error.errors(include_url=False) if mistake["loc"]}
        data = {key: value for key, value in data.items() if str(key) not in wrong}
        form = ModelCatalogUpsertRequest.model_construct(**_right(data))
    return Request(_dumped(form), problems)


def _dumped(form: BaseModel) -> dict[str, Any]:
    said = form.model_dump(exclude_unset=True)
    for name in ("modalities", "verification"):
        if said.get(name):
            said[name] = {part: value for part, value in said[name].items() if value is not None}
    return said


def _right(data: Mapping[str, Any]) -> dict[str, Any]:
    """The fields whose form is right, read."""
    form = ModelCatalogUpsertRequest.model_validate({**dict.fromkeys(KEY, "x"), **data})
    return {name: getattr(form, name) for name in data}


def _mistake(mistake: Any) -> Mistake:
    place = ".".join(str(part) for part in mistake["loc"] if part != "[key]") or "request"
    if mistake["type"] == "extra_forbidden":
        return Mistake(place, "no such field")
    if mistake["type"] == "missing":
        return Mistake(place, "is missing")
    hint = mistake.get("ctx", {}).get("hint")
    return Mistake(place, mistake["msg"] + (f" ({hint})" if hint else ""))
