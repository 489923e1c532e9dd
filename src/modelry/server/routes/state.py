"""The server's own state: alive, ready, and counted."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from modelry import __version__
from modelry.server.asking import answer, source_of
from modelry.server.documented import documented, named
from modelry.server.metrics import CONTENT_TYPE

router = APIRouter(tags=["Server"], generate_unique_id_function=named)


@router.get("/api/health", summary="Whether the process answers", **documented("Health"))
async def health(request: Request) -> Response:  # noqa: ARG001
    """Nothing but that."""
    return answer({"status": "ok", "version": __version__})


@router.get("/api/ready", summary="Whether it serves what it should", **documented("Readiness", 503))
async def ready(request: Request) -> Response:
    """What is served. A replica says when it last reached its primary, and what stands in its way."""
    source = source_of(request)
    edition = await source.edition()
    fit, said = source.state()
    told = {"ready": fit, **said, "models": len(edition), "version": edition.version, **edition.head}
    return answer(told, 200 if fit else 503)


@router.get("/metrics", summary="Metrics for Prometheus", **documented("Metrics", 503, media="text/plain"))
async def metrics(request: Request) -> Response:
    """Requests by route, changes by outcome, models served."""
    source, numbers = source_of(request), request.app.state.metrics
    numbers.models.set(len(await source.edition()))
    numbers.ready.set(source.state()[0])
    return Response(numbers.text(), media_type=CONTENT_TYPE)
