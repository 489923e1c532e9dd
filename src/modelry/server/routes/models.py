"""Models: the whole catalogue, rows chosen by filters, one row, and its past."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from modelry.catalog.operator import Log
from modelry.catalog.rows import card_on, key_of, lines_in
from modelry.jsontext import dumps, loads
from modelry.pricing import Pricing
from modelry.rates import spans
from modelry.records import MODEL_FIELDS, Model
from modelry.registry import Registry
from modelry.select import SORTS, matching
from modelry.server.asking import TheEdition, sent, source_of
from modelry.server.documented import READ, documented, named
from modelry.server.edition import Edition, list_of
from modelry.server.front import AtHand
from modelry.server.prepared import Body
from modelry.server.refusals import Refusal
from modelry.server.routes.cursors import Order
from modelry.server.source import Local

router = APIRouter(tags=["Models"], generate_unique_id_function=named)

_VIEWS = ("input_per_1k", "output_per_1k", "embed_per_1k", "rerank_per_1k", "per_request")
_RATES = "rates"
FIELDS = (*MODEL_FIELDS, *_VIEWS, _RATES)
_KEY = ("provider", "model")

ProviderName = Annotated[
    str, Path(description="Id of the provider or an alias of it, in any case.", max_length=200, examples=["openai"])
]
ModelName = Annotated[
    str, Path(description="Name of the model within the provider, or another one that it has; slashes as they are or as %2F.",
              examples=["gpt-4o"])
]  # fmt: skip


class Filters(BaseModel):
    """What rows to give; without any of it the whole catalogue. What a row does not say passes no filter."""

    model_config = ConfigDict(extra="forbid")

    provider: str | None = Field(None, description="Provider: an id or alias.")
    component: str | None = Field(None, description="What it is for: GEN, EMB, RERANK, IMAGE, …")
    capability: list[str] = Field([], description="Capabilities that must all be there; several, or parted by commas.")
    series: str | None = Field(None, description="Family file: gpt, claude, …")
    q: str | None = Field(None, description="Words that must all stand in id, aliases or display name.", max_length=500)
    min_context: int | None = Field(
        None,
        ge=0,
        lt=2**63,
        description="Least context window, in tokens; where none is known, the longest input counts.",
    )
    max_input_per_mtok: Decimal | None = Field(None, ge=0, description="Most that 1M input tokens may cost.")
    max_output_per_mtok: Decimal | None = Field(None, ge=0, description="Most that 1M output tokens may cost.")
    currency: str = Field("USD", description="Currency of the prices that are compared.")
    status: str | None = Field(None, description="preview, active, deprecated or retired.")
    modality: str | None = Field(None, description="Kind of content that goes in or comes out: image, audio, …")
    verified: bool | None = Field(None, description="Whether the provider itself confirmed it.")
    open_weights: bool | None = Field(None, description="Whether its weights are published.")
    free: bool | None = Field(None, description="Whether everything about it costs 0.")
    stale_days: int | None = Field(None, ge=0, description="Only those that no source has touched for more days.")
    sort: str = Field("id", description=f"Order: {', '.join(SORTS)}.")
    descending: bool = Field(default=False, description="The other way round.")
    fields: str | None = Field(
        None,
        description="Fields of a row to give, parted by commas; provider and model always. `rates` are those in force now, "
        "without conditions, and their currency where it is not USD.",
    )
    limit: int | None = Field(None, ge=1, le=100_000, description="Most rows to give; `next_cursor` leads to the rest.")
    cursor: str | None = Field(None, description="`next_cursor` of the answer before.", max_length=1_000)

    def choosing(self) -> dict[str, Any]:
        """What `select.matching` is asked."""
        chosen = self.model_dump(exclude={"fields", "limit", "cursor"}, exclude_none=True)
        words = (word.strip() for word in ",".join(self.capability).split(","))
        chosen["capability"] = list(dict.fromkeys(filter(None, words)))
        return chosen

    def shown(self) -> tuple[str, ...] | None:
        """The fields to give, in the order of a row; None is all."""
        if self.fields is None:
            return None
        asked = {word.strip() for word in self.fields.split(",") if word.strip()}
        if unknown := sorted(asked - set(FIELDS)):
            raise Refusal(422, f"fields={unknown[0][:80]!r}: a row has no such field ({', '.join(FIELDS)})")
        return tuple(field for field in FIELDS if field in asked or field in _KEY)


_PROVIDERS = ("providers",)
"""What their keys are kept as: no text, for that is a row's id."""

AT_HAND: dict[str, AtHand] = {
    "/api/models": lambda edition, _: edition.whole_at_hand(),
    "/api/models/providers": lambda edition, _: edition.at_hand(_PROVIDERS),
    "/api/models/by-type/{component_type}": lambda edition, rest: edition.at_hand(("type", rest.upper())),
    "/api/models/id/{provider}/{model:path}": Edition.row,
}
"""What is sent before the app is asked, where it was made already."""


@router.get(
    "/api/models",
    summary="The catalogue, or the rows that pass filters",
    **documented("ModelCatalogResponse", *READ, 404, 422),
)
async def list_models(request: Request, edition: TheEdition, filters: Annotated[Filters, Query()]) -> Response:
    """Seed 2's full payload where nothing is asked: `{currency, last_updated, sources, models}`.

    With filters the same, `models` being the rows that pass all of them, `total` how many those are, and `next_cursor`
    what to ask with for the next `limit` of them (null: there are no more).
    """
    if not request.scope["query_string"]:
        return sent(await edition.whole(request.headers.get("accept-encoding", "").encode("latin-1")), request)
    shown = filters.shown()
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    await edition.registry()
    key = now[:10], edition.prices_due(now), filters.model_dump_json()
    return sent(await edition.kept(key, lambda registry: _chosen(edition, registry, filters, shown)), request)


def _chosen(edition: Edition, registry: Registry, filters: Filters, shown: Sequence[str] | None) -> Body:
    rows = matching(registry.snapshot, **filters.choosing())
    order = Order(registry.snapshot, filters.sort, filters.descending)
    start = order.behind(filters.cursor, rows) if filters.cursor is not None else 0
    page = rows[start:] if filters.limit is None else rows[start : start + filters.limit]
    more = order.cursor(page[-1]) if start + len(page) < len(rows) else None
    head = dumps(edition.head | {"total": len(rows), "next_cursor": more})[:-1].encode("ascii")
    lines = _projected(_lines(edition, registry, page), shown)
    return Body(head + b',"models":' + list_of(lines).rstrip() + b"}\n")


_FEW = 20
"""Rows that are found sooner one by one than by a walk through the whole file."""


def _lines(edition: Edition, registry: Registry, keys: Sequence[int]) -> list[bytes]:
    """Rows as they stand in the file, in the order of their keys."""
    query = "SELECT id, provider, model FROM models WHERE id IN (SELECT value FROM json_each(?))"
    ids = {key: of for key, *of in registry.snapshot.rows(query, (str(list(keys)),))}
    if len(keys) <= _FEW:
        return [line for key in keys if (line := edition.line(*ids[key])) is not None]
    found = {match[1]: match[0] for match in lines_in(edition.data)}
    return [found[key_of(*ids[key])] for key in keys]


def _projected(lines: list[bytes], shown: Sequence[str] | None) -> list[bytes]:
    if shown is None:
        return lines
    rows: Iterable[dict[str, Any]] = map(loads, lines)
    if _RATES in shown:
        rows = map(_with_rates, rows)
    return [dumps({field: row[field] for field in shown if field in row}).encode("ascii") for row in rows]


def _with_rates(row: dict[str, Any]) -> dict[str, Any]:
    card = card_on([Pricing.from_dict(card) for card in row.get("pricing", ())], None)
    if card is None:
        return row
    rates = Pricing(card.rates, currency=card.currency).to_dict()
    if card.currency == "USD":  # where none is named
        del rates["currency"]
    return row | {_RATES: rates}


@router.get("/api/models/by-type/{component_type}", summary="Rows with a component", **documented("Rows", *READ, 422))
async def models_by_type(
    request: Request,
    edition: TheEdition,
    component_type: Annotated[
        str, Path(description="GEN, EMB, RERANK, or another component, in any case.", examples=["GEN"])
    ],
) -> Response:
    """Rows whose `components` hold it, in the catalogue's order."""
    component = component_type.upper()
    return sent(
        await edition.kept(("type", component), lambda registry: _all(edition, registry, component=component)), request
    )


@router.get("/api/models/providers", summary="Provider keys", **documented("ProviderKeys", *READ))
async def provider_keys(request: Request, edition: TheEdition) -> Response:
    """The providers of the catalogue's rows, sorted."""
    query = "SELECT DISTINCT provider FROM models ORDER BY provider"

    def make(registry: Registry) -> Body:
        return Body(dumps([provider for (provider,) in registry.snapshot.rows(query)]).encode("ascii") + b"\n")

    return sent(await edition.kept(_PROVIDERS, make), request)


@router.get("/api/models/providers/{provider}", summary="A provider's rows", **documented("Rows", *READ, 404, 422))
async def models_of_provider(request: Request, edition: TheEdition, provider: ProviderName) -> Response:
    """The rows of a provider, by its id or an alias, in any case."""
    known = (await edition.registry()).provider(provider).id
    return sent(
        await edition.kept(("provider", known), lambda registry: _all(edition, registry, provider=known)), request
    )


def _all(edition: Edition, registry: Registry, **filters: Any) -> Body:
    return Body(list_of(_lines(edition, registry, matching(registry.snapshot, **filters))))


@router.get("/api/models/id/{provider}/{model:path}", summary="One row", **documented("Row", *READ, 404, 409, 422))
async def get_model(request: Request, edition: TheEdition, provider: ProviderName, model: ModelName) -> Response:
    """Everything known of a model, by its id, an alias or a rule of its provider; `ETag` is the version of the row."""
    body = edition.row((await edition.registry()).resolve(model, provider).id)
    assert body is not None  # noqa: S101 - the registry was compiled from these rows
    return sent(body, request)


@router.get(
    "/api/models/history/{provider}/{model:path}", summary="A model's prices and changes",
    **documented("History", *READ, 404, 409, 422),
)  # fmt: skip
async def model_history(request: Request, edition: TheEdition, provider: ProviderName, model: ModelName) -> Response:
    """Every dated rate card, from when until when it held, and what operators changed."""
    found = (await edition.registry()).get(model, provider)
    changes: list[dict[str, Any]] = []
    source = source_of(request)
    if isinstance(source, Local):
        changes = await source.write(_changes, source.store.log, found)
    prices = [span.to_dict() for span in spans(found.pricing)]
    told = {"provider": found.provider, "model": found.model, "prices": prices, "changes": changes}
    return sent(Body(dumps(told).encode("ascii") + b"\n"), request)


def _changes(log: Log, model: Model) -> list[dict[str, Any]]:
    names = {model.model, model.model_id, *model.aliases}
    return [
        {"at": entry.at, "who": entry.who, "action": entry.action, "old": dict(entry.old), "new": dict(entry.new)}
        for entry in log.read()[0]
        if entry.provider == model.provider and entry.model in names
    ]
