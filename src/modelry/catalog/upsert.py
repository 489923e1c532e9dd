"""An upsert: its form, which row it means, what it comes to, and the rules that the row must keep.

Seed 2's flow: omitted fields keep their values, null withdraws what an operator said, so that the next source shows
through. `read` judges the form, `plan` says what is to be pinned, `rules` judge the row that comes of it; all of their
problems are told at once, in one InvalidUpsert.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any, NamedTuple, get_type_hints

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, create_model

from modelry.authoring import kinds, schema
from modelry.capabilities import CAPABILITIES, COMPONENTS
from modelry.catalog.ledger import Ledger
from modelry.catalog.rows import card_on
from modelry.errors import ModelryError
from modelry.meters import METERS
from modelry.pricing import Pricing
from modelry.records import MODEL_FIELDS, Model, family_of
from modelry.schemas import meanings

PRICES: dict[str, tuple[str | None, str]] = {
    "input_per_1k": ("gen", "input_per_token"),
    "output_per_1k": ("gen", "output_per_token"),
    "embed_per_1k": ("embed", "input_per_token"),
    "rerank_per_1k": ("rerank", "input_per_token"),
    "per_request": (None, "per_request"),
}
"""Seed 2's prices: the family whose they are, and the meter that each sets."""

UNITS = ("1k_tokens", "request")
FAMILIES = ("gen", "embed", "rerank", "misc")
MOST_PER_1K = 1_000
"""USD per 1,000 tokens; more is a slip of the unit."""

_FINEST = 27
_KEY = ("provider", "model")
_NOT_SET = frozenset({*_KEY, "pricing", "missing_since", "last_updated", "extensions", "provenance"})
_LONGEST = 2_000
_LONGEST_NAME = 200
_NEW_NAME = re.compile(r"[A-Za-z0-9~_][A-Za-z0-9._:@/~+ -]{0,199}", re.ASCII)
_NEW_PROVIDER = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*", re.ASCII)


class Mistake(NamedTuple):
    """What is wrong with one field of a request."""

    field: str
    message: str


class InvalidUpsert(ModelryError):
    """Every problem of an upsert at once: `.problems`, each of one field."""

    def __init__(self, problems: Sequence[Mistake]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{field}: {message}" for field, message in problems))


# The form


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
    form = ModelCatalogUpsertRequest.model_validate({**dict.fromkeys(_KEY, "x"), **data})
    return {name: getattr(form, name) for name in data}


def _mistake(mistake: Any) -> Mistake:
    place = ".".join(str(part) for part in mistake["loc"] if part != "[key]") or "request"
    if mistake["type"] == "extra_forbidden":
        return Mistake(place, "no such field")
    if mistake["type"] == "missing":
        return Mistake(place, "is missing")
    hint = mistake.get("ctx", {}).get("hint")
    return Mistake(place, mistake["msg"] + (f" ({hint})" if hint else ""))


# What it comes to


class Plan(NamedTuple):
    """Which row is meant (None: a new one), by which name, and what is to be pinned there."""

    provider: str
    name: str
    row: Model | None
    fields: Mapping[str, Any]


def plan(request: Request, ledger: Ledger, day: str) -> tuple[Plan | None, list[Mistake]]:
    """What an upsert comes to, and what is wrong with it; `day` is that of the upsert, YYYY-MM-DD."""
    problems = list(request.problems)
    key = _key(request, ledger, problems)
    if key is None:
        return None, problems
    provider, name = key
    row = ledger.model(provider, name)
    said = {field: value for field, value in request.said.items() if field not in _KEY}
    family = _family(said, row, problems, {problem.field for problem in problems})
    fields = {field: value for field, value in said.items() if field not in (*PRICES, "pricing", "effective_from")}
    if row is None:
        fields |= _new(fields, family, provider, ledger, problems)
    elif said.get("family") and not said.get("components") and not _fits(row.components, family):
        fields["components"] = [_component(family)]
    if "pricing" in said:
        fields["pricing"] = _cards(said, day, problems)
    if rates := _rates(said, family, row, day, problems):
        fields["rates"] = rates
    if said.get("effective_from"):
        if fields.get("pricing") is None and not any(rate is not None for rate in rates.values()):
            problems.append(Mistake("effective_from", "dates a price, and none is given"))
        elif rates:
            fields["effective_from"] = said["effective_from"]
    if unit := _unit(said, family, row):
        fields["unit"] = unit
    problems += _taken_names(fields, provider, name, ledger)
    return Plan(provider, name, row, fields), problems


def _key(request: Request, ledger: Ledger, problems: list[Mistake]) -> tuple[str, str] | None:
    asked, name = (str(request.said.get(field, "")).strip() for field in _KEY)
    if not asked or not name:
        return None
    provider = ledger.provider_of(asked)
    if provider is None:
        provider = asked.lower()
        if not _NEW_PROVIDER.fullmatch(provider) or len(provider) > 64:
            hint = re.sub("[^a-z0-9]+", "-", provider).strip("-")
            problems.append(Mistake("provider", f"the id of a new provider is kebab-case, such as {hint or 'acme'}"))
            return None
        if not request.said.get("base_url"):
            problems.append(Mistake("base_url", f"nobody knows the provider {asked!r}: say where it is"))
    head, slash, tail = name.partition("/")
    names = [name, tail] if slash and tail and ledger.provider_of(head) == provider else [name]
    if found := next((row for spelled in names if (row := ledger.find(provider, spelled))), None):
        return provider, found
    if len(names) > 1 and not any(model.model.startswith(f"{head}/") for model in ledger.models_of(provider)):
        name = tail
    if not _NEW_NAME.fullmatch(name) or {"", ".", ".."} & set(name.split("/")):
        problems.append(Mistake("model", "a name is of letters, digits and ._:@/~+- and at most 200 characters long"))
        return None
    return provider, name


def _family(said: Mapping[str, Any], row: Model | None, problems: list[Mistake], wrong: set[str]) -> str:
    """The family that the row will have: as said, else the row's, else what mode or components mean."""
    if said.get("family"):
        return str(said["family"])
    if row is not None:
        return row.family
    if said.get("mode"):
        return family_of(said["mode"])[0]
    if said.get("components"):
        return COMPONENTS[said["components"][0]].family
    if not wrong & {"family", "mode", "components"}:
        problems.append(Mistake("family", f"a new model needs one: {', '.join(FAMILIES)}"))
    return "misc"


def _component(family: str) -> str | None:
    return next((c.name for c in COMPONENTS.values() if c.family == family and family != "misc"), None)


def _fits(components: Iterable[str], family: str) -> bool:
    due = _component(family)
    return due is None or due in components


def _new(
    fields: Mapping[str, Any], family: str, provider: str, ledger: Ledger, problems: Iterable[Mistake]
) -> dict[str, Any]:
    """What a new row has besides what is said: its family and component, and where its provider is."""
    added: dict[str, Any] = {}
    if not any(problem.field == "family" for problem in problems):
        added["family"] = family
    if not fields.get("components"):
        means = family_of(fields.get("mode"))
        if component := means[1][0] if means[0] == family and means[1] else _component(family):
            added["components"] = [component]
    if not fields.get("base_url") and (url := ledger.base_url_of(provider)):
        added["base_url"] = url
    return added


def _taken_names(fields: Mapping[str, Any], provider: str, name: str, ledger: Ledger) -> Iterator[Mistake]:
    for field, aliases in (("aliases", fields.get("aliases")), ("model_id", [fields.get("model_id")])):
        for alias in filter(None, aliases or ()):
            if (meant := ledger.find(provider, alias)) not in (None, name):
                yield Mistake(field, f"{alias!r} means {provider}/{meant} already")


def _unit(said: Mapping[str, Any], family: str, row: Model | None) -> str | None:
    """The unit of the prices given, where neither the request nor the row names one."""
    if "unit" in said or (row is not None and row.unit):
        return None
    if any(said.get(field) is not None for field, (of, _) in PRICES.items() if of == family):
        return "1k_tokens"
    return "request" if family == "rerank" and said.get("per_request") is not None else None


def _rates(
    said: Mapping[str, Any], family: str, row: Model | None, day: str, problems: list[Mistake]
) -> dict[str, Decimal | None]:
    """The meters that seed 2's prices set, USD per one unit; null withdraws."""
    card = card_on(row.pricing, day) if row else None
    rates: dict[str, Decimal | None] = {}
    for field, (of, meter) in PRICES.items():
        if field not in said:
            continue
        price = said[field]
        if of not in (None, family):
            if price is not None and not any(problem.field == "family" for problem in problems):
                problems.append(Mistake(field, f"is a price of {of} rows, and this one is {family}"))
            continue
        if field == "per_request":
            by_query = card is not None and card.rates.get(meter) is None and card.rates.get("per_query") is not None
            rates["per_query" if by_query else meter] = price
        else:
            rates[meter] = None if price is None else _thousandth(price)
        if price is not None and said.get("pricing") is not None:
            problems.append(Mistake(field, "either pricing or the prices by themselves"))
        if price is not None and card is not None and card.currency != "USD":
            problems.append(Mistake(field, f"the card in force is in {card.currency}: give pricing with its currency"))
    return rates


def _thousandth(price: Decimal) -> Decimal:
    """A price per 1,000 tokens as one per token: exactly, however many digits it has."""
    sign, digits, exponent = price.as_tuple()
    return Decimal((sign, digits, int(exponent) - 3))


def _cards(said: Mapping[str, Any], day: str, problems: list[Mistake]) -> list[dict[str, Any]] | None:
    """The cards of `pricing`, each dated; None withdraws."""
    if said["pricing"] is None:
        return None
    cards = [_card(card) for card in said["pricing"]]
    since = said.get("effective_from")
    if since and len(cards) > 1:
        problems.append(Mistake("effective_from", "several cards: date each of them by itself"))
    elif since and cards[0].effective_from not in (None, since):
        problems.append(Mistake("effective_from", "the card names another date"))
    elif since:
        cards = [cards[0]._replace(effective_from=since)]
    dated = [card if card.since else card._replace(observed=day) for card in cards]
    starts = [card.since for card in dated if not card.correction]
    if len(set(starts)) < len(starts):
        problems.append(Mistake("pricing", "two cards hold from the same day: date them"))
    if not any(card.is_known for card in dated):
        problems.append(Mistake("pricing", "holds no price"))
    return [card._replace(source=card.source or "operator").to_dict() for card in dated]


def _card(form: Mapping[str, Any]) -> Pricing:
    overrides = [
        _told(override) | {"when": [{key: v for key, v in when.items() if v is not None} for when in override["when"]]}
        for override in form.get("overrides") or ()
    ]
    return Pricing.from_dict(_told(form) | {"overrides": overrides})


def _told(form: Mapping[str, Any]) -> dict[str, Any]:
    """What a card or an override says: null says nothing, but of a rate that it is unknown."""
    return {key: value for key, value in form.items() if value is not None or key in METERS}


# The rules of the merged row


def rules(
    request: Request, told: Sequence[Mistake], before: Model | None, after: Model | None, *, whole: bool
) -> list[Mistake]:
    """What else is wrong with the row that an upsert makes, after what is `told` of the request.

    `whole`: the prices of the row stand in cards that were given whole. What follows from a mistake that is told is
    none; and a row that others left incomplete may still be noted or deprecated.
    """
    if after is None:
        return [Mistake("request", "nobody would say anything of this row any more: delete it")]
    fields = {mistake.field.partition(".")[0] for mistake in told}
    found = [*_limits(request, before, after)]
    asks = before is None or request.has("family", "unit", "components", "mode", "pricing", *PRICES)
    if asks and "family" not in fields:
        found += _kinds(after)
        found += _prices(after, whole) if "pricing" not in fields else ()
    return [mistake for mistake in found if mistake.field not in fields]


def _limits(request: Request, before: Model | None, after: Model) -> Iterator[Mistake]:
    fields = ("context", "max_input_tokens", "max_output_tokens")
    if not request.has(*fields):
        return
    context, *limits = (_value(field, request, before, after) for field in fields)
    for field, limit in zip(fields[1:], limits, strict=True):
        if context and limit and limit > context:
            yield Mistake(field, f"{limit} is above the context window of {context}")


def _value(field: str, request: Request, before: Model | None, after: Model) -> Any:
    """What is asked for; else what stands, before the fold drops what contradicts it."""
    if request.said.get(field) is not None:
        return request.said[field]
    return getattr(after if before is None or field in request.said else before, field)


def _kinds(after: Model) -> Iterator[Mistake]:
    if not _fits(after.components, after.family):
        yield Mistake("components", f"a {after.family} row has {_component(after.family)}")
    if after.mode and family_of(after.mode)[0] != after.family:
        yield Mistake(
            "mode", f"{after.mode} is a mode of {family_of(after.mode)[0]} rows, and this one is {after.family}"
        )


_DUE = {"gen": ("input_per_1k", "output_per_1k"), "embed": ("embed_per_1k",), "rerank": ("rerank_per_1k",)}


def _prices(after: Model, whole: bool) -> Iterator[Mistake]:
    if after.family not in _DUE:
        return
    due = _DUE[after.family]
    if after.family == "rerank" and after.unit == "request":
        due = ("per_request",)
    elif after.unit not in (None, "1k_tokens") and not whole:
        yield Mistake("unit", f"a {after.family} row is priced by 1k_tokens")
    if whole and any(card.is_known for card in after.pricing):
        return
    for field in due:
        meters = ("per_request", "per_query") if field == "per_request" else (PRICES[field][1],)
        if not any(card.rates.get(meter) is not None for card in after.pricing for meter in meters):
            yield Mistake(field, f"a {after.family} row needs it, or pricing")
