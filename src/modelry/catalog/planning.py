"""What an upsert comes to: which row it means, and what is to be pinned there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from modelry.capabilities import COMPONENTS
from modelry.catalog.ledger import Ledger
from modelry.catalog.rows import card_on
from modelry.catalog.upsert import FAMILIES, KEY, PRICES, Mistake, Request
from modelry.meters import METERS
from modelry.pricing import Pricing
from modelry.records import Model, family_of

_NEW_NAME = re.compile(r"[A-Za-z0-9~_][A-Za-z0-9._:@/~+ -]{0,199}", re.ASCII)
_NEW_PROVIDER = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*", re.ASCII)


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
    said = {field: value for field, value in request.said.items() if field not in KEY}
    family = _family(said, row, problems, {problem.field for problem in problems})
    fields = {field: value for field, value in said.items() if field not in (*PRICES, "pricing", "effective_from")}
    if row is None:
        fields |= _new(fields, family, provider, ledger, problems)
    elif said.get("family") and not said.get("components") and not fits(row.components, family):
        fields["components"] = [component_of(family)]
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
    asked, name = (str(request.said.get(field, "")).strip() for field in KEY)
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


def component_of(family: str) -> str | None:
    """The component that a row of a family has; None where the family does not say."""
    return next((c.name for c in COMPONENTS.values() if c.family == family and family != "misc"), None)


def fits(components: Iterable[str], family: str) -> bool:
    """Whether components are those of a family."""
    due = component_of(family)
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
        if component := means[1][0] if means[0] == family and means[1] else component_of(family):
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
