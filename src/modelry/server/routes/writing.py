"""Writing models: upsert and delete."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from modelry.catalog.store import UpsertResult
from modelry.server.asking import Writer, answer, if_match, json_object, who
from modelry.server.documented import WRITE, documented, named
from modelry.server.routes.models import ModelName, ProviderName

router = APIRouter(tags=["Writing"], generate_unique_id_function=named)

DryRun = Annotated[bool, Query(description="Show the row and what would change, and write nothing.")]


@router.post(
    "/api/models/upsert", summary="Add or update a model", **documented("Changed", *WRITE, takes="ModelCatalogUpsertRequest")
)  # fmt: skip
async def upsert_model(request: Request, source: Writer, *, dry_run: DryRun = False) -> Response:
    """Omitted fields keep their values; null withdraws what an operator said, so that the next source shows through.

    Both files of the catalogue hold the row when the answer comes. `If-Match` takes the version of the row, or of the
    catalogue: 412 where it is another one by now. Every problem is told at once (422).
    """
    asked = await json_object(request)
    result = await source.write(source.store.upsert, asked, who(request), dry_run=dry_run, if_match=if_match(request))
    return _told(request, result, dry_run=dry_run)


@router.delete(
    "/api/models/id/{provider}/{model:path}", summary="Delete or deprecate a model", **documented("Changed", *WRITE, 404)
)  # fmt: skip
async def delete_model(
    request: Request, source: Writer, provider: ProviderName, model: ModelName, *, dry_run: DryRun = False
) -> Response:
    """A row that only operators speak of goes; any other one is marked deprecated."""
    change = source.store.delete
    result = await source.write(change, provider, model, who(request), dry_run=dry_run, if_match=if_match(request))
    return _told(request, result, dry_run=dry_run)


def _told(request: Request, result: UpsertResult, *, dry_run: bool) -> Response:
    if not dry_run:
        request.app.state.metrics.changes.labels(result.action).inc()
    diff: dict[str, Any] = {field: {"old": old, "new": new} for field, (old, new) in result.diff.items()}
    told = {"ok": True, "action": result.action, "dry_run": dry_run, "model": result.model, "diff": diff}
    version = result.version if result.action != "deleted" and not dry_run else None
    return answer(told, headers={"etag": f'"{version}"'} if version else None)
