"""Models: the whole catalogue, rows chosen by filters, one row, and its past."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from modelry.catalog.operator import Log
from modelry.jsontext import dumps, loads
from modelry.rates import spans
from modelry.records import MODEL_FIELDS, Model
from modelry.registry import Registry
from modelry.select import SORTS, matching
from modelry.server.asking import Route, TheEdition, TheRegistry, answer, sent, source_of
from modelry.server.documented import documented
from modelry.server.edition import Edition, list_of
from modelry.server.front import AtHand
from modelry.server.prepared import Body
from modelry.server.refusals import Refusal
from modelry.server.source import Local

router = APIRouter(tags=["Models"], route_class=Route)

_VIEWS = ("input_per_1k", "output_per_1k", "embed_per_1k", "rerank_per_1k", "per_request")
FIELDS = (*MODEL_FIELDS, *_VIEWS)
_KEY = ("provider", "model")

ProviderName = Annotated[str, Path(description="Id of the provider or an alias of it, in any case.", max_length=200)]
ModelName = Annotated[str, Path(description="Name of the model within the provider, or another name that it has.")]


class Filters(BaseModel):
    """What rows to give; without any of it the whole catalogue. What a row does not say passes no filter."""

    model_config = ConfigDict(extra="forbid")

    provider: str | None = Field(None, description="Provider: an id or alias.")
    component: str | None = Field(None, description="What it is for: GEN, EMB, RERANK, IMAGE, …")
    capability: list[str] = Field([], description="Capabilities that must all be there; several, or parted by commas.")
    series: str | None = Field(None, description="Family file: gpt, claude, …")
    q: str | None = Field(None, description="Words that must all stand in id, aliases or display name.", max_length=500)
    min_context: int | None = Field(None, ge=0, lt=2**63, description="Least context window, in tokens.")
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
        None, description="Fields of a row to give, parted by commas; provider and model always."
    )
    limit: int | None = Field(None, ge=1, le=100_000, description="Most rows to give; `next_cursor` leads to the rest.")
    cursor: str | None = Field(None, description="`next_cursor` of the answer before.", max_length=1_000)

    def choosing(self) -> dict[str, Any]:
        """What `select.matching` is asked."""
        chosen = self.model_dump(exclude={"fields", "limit", "cursor"}, exclude_none=True)
        chosen["capability"] = [word.strip() for word in ",".join(self.capability).split(",") if word.strip()]
        return chosen

    def shown(self) -> tuple[str, ...] | None:
        """The fields to give, in the order of a row; None is all."""
        if self.fields is None:
            return None
        asked = {word.strip() for word in self.fields.split(",") if word.strip()}
        if unknown := sorted(asked - set(FIELDS)):
            raise Refusal(422, f"fields={unknown[0][:80]!r}: a row has no such field ({', '.join(FIELDS)})")
        return tuple(field for field in FIELDS if field in asked or field in _KEY)


AT_HAND: dict[str, AtHand] = {
    "/api/models": lambda edition, _: edition.whole_at_hand(),
    "/api/models/providers": lambda edition, _: edition.at_hand("providers"),
    "/api/models/by-type/": lambda edition, rest: edition.at_hand(("type", rest.upper())),
    "/api/models/id/": Edition.row,
}
"""What is sent before the app is asked, where it was made already."""


@router.get("/api/models", summary="The catalogue, or the rows that pass filters", **documented("Catalogue", 422))
async def models(request: Request, edition: TheEdition, filters: Annotated[Filters, Query()]) -> Response:
    """Seed 2's full payload where nothing is asked: `{currency, last_updated, sources, models}`.

    With filters the same, `models` being the rows that pass all of them, `total` how many those are, and `next_cursor`
    what to ask with for the next `limit` of them (null: there are no more).
    """
    if not request.scope["query_string"]:
        return sent(await edition.whole(request.headers.get("accept-encoding", "").encode("latin-1")), request)
    shown = filters.shown()
    return sent(await edition.kept(filters.model_dump_json(), lambda registry: _chosen(edition, registry, filters, shown)),
                request)  # fmt: skip


def _chosen(edition: Edition, registry: Registry, filters: Filters, shown: Sequence[str] | None) -> Body:
    ids = _ids(registry, matching(registry.snapshot, **filters.choosing()))
    start = _place(filters.cursor, ids) if filters.cursor else 0
    end = len(ids) if filters.limit is None else start + filters.limit
    lines = _projected(_lines(edition, ids[start:end]), shown)
    more = _cursor(end, ids[end - 1]) if end < len(ids) else None
    head = dumps(edition.head | {"total": len(ids), "next_cursor": more})[:-1].encode("ascii")
    return Body(head + b',"models":' + list_of(lines).rstrip() + b"}\n")


def _ids(registry: Registry, keys: Sequence[int]) -> list[tuple[str, str]]:
    known = {
        key: (provider, model)
        for key, provider, model in registry.snapshot.rows("SELECT id, provider, model FROM models")
    }
    return [known[key] for key in keys]


def _lines(edition: Edition, ids: Iterable[tuple[str, str]]) -> list[bytes]:
    return [line for provider, model in ids if (line := edition.line(provider, model)) is not None]


def _projected(lines: list[bytes], shown: Sequence[str] | None) -> list[bytes]:
    if shown is None:
        return lines
    rows = map(loads, lines)
    return [dumps({field: row[field] for field in shown if field in row}).encode("ascii") for row in rows]


def _cursor(place: int, last: tuple[str, str]) -> str:
    return base64.urlsafe_b64encode(dumps([place, *last]).encode("ascii")).decode("ascii").rstrip("=")


def _place(cursor: str, ids: list[tuple[str, str]]) -> int:
    """Where to go on: behind the row that was given last, where that is still there; else where it was."""
    try:
        place, provider, model = loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, TypeError, binascii.Error):
        place = provider = model = None
    last = (provider, model)
    if type(place) is not int or place < 0 or not all(isinstance(part, str) for part in last):
        raise Refusal(422, "cursor: take the `next_cursor` of the answer before, as it is")
    return ids.index(last) + 1 if last in ids else min(place, len(ids))


@router.get("/api/models/by-type/{component_type}", summary="Rows with a component", **documented("Rows", 422))
async def by_type(
    request: Request,
    edition: TheEdition,
    component_type: Annotated[str, Path(description="GEN, EMB, RERANK, or another component, in any case.")],
) -> Response:
    """Rows whose `components` hold it, in the catalogue's order."""
    component = component_type.upper()
    return sent(
        await edition.kept(("type", component), lambda registry: _all(edition, registry, component=component)), request
    )


@router.get("/api/models/providers", summary="Provider keys", **documented("Keys"))
async def provider_keys(request: Request, edition: TheEdition) -> Response:
    """The providers of the catalogue's rows, sorted."""
    query = "SELECT DISTINCT provider FROM models ORDER BY provider"

    def make(registry: Registry) -> Body:
        return Body(dumps([provider for (provider,) in registry.snapshot.rows(query)]).encode("ascii") + b"\n")

    return sent(await edition.kept("providers", make), request)


@router.get("/api/models/providers/{provider}", summary="A provider's rows", **documented("Rows", 404))
async def of_provider(request: Request, edition: TheEdition, registry: TheRegistry, provider: ProviderName) -> Response:
    """The rows of a provider, by its id or an alias, in any case."""
    known = registry.provider(provider).id
    return sent(
        await edition.kept(("provider", known), lambda registry: _all(edition, registry, provider=known)), request
    )


def _all(edition: Edition, registry: Registry, **filters: Any) -> Body:
    return Body(list_of(_lines(edition, _ids(registry, matching(registry.snapshot, **filters)))))


@router.get("/api/models/id/{provider}/{model:path}", summary="One row", **documented("Row", 404, 409))
async def one(
    request: Request, edition: TheEdition, registry: TheRegistry, provider: ProviderName, model: ModelName
) -> Response:
    """Everything known of a model, by its id, an alias or a rule of its provider; `ETag` is the version of the row."""
    body = edition.row(registry.resolve(model, provider).id)
    assert body is not None  # noqa: S101 - the registry was compiled from these rows
    return sent(body, request)


@router.get(
    "/api/models/history/{provider}/{model:path}", summary="A model's prices and changes", **documented("History", 404, 409)
)  # fmt: skip
async def history(request: Request, registry: TheRegistry, provider: ProviderName, model: ModelName) -> Response:
    """Every dated rate card, from when until when it held, and what operators changed."""
    found = registry.get(model, provider)
    changes: list[dict[str, Any]] = []
    source = source_of(request)
    if isinstance(source, Local):
        changes = await source.write(_changes, source.store.log, found)
    return answer(
        {
            "provider": found.provider,
            "model": found.model,
            "prices": [span.to_dict() for span in spans(found.pricing)],
            "changes": changes,
        }
    )


def _changes(log: Log, model: Model) -> list[dict[str, Any]]:
    names = {model.model, model.model_id, *model.aliases}
    return [
        {"at": entry.at, "who": entry.who, "action": entry.action, "old": dict(entry.old), "new": dict(entry.new)}
        for entry in log.read()[0]
        if entry.provider == model.provider and entry.model in names
    ]
