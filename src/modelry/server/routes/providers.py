"""Providers: who serves, where, and under which names."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from modelry.jsontext import loads
from modelry.server.asking import Route, TheRegistry, answer
from modelry.server.documented import documented
from modelry.server.routes.models import ProviderName

router = APIRouter(tags=["Providers"], route_class=Route)


@router.get("/api/providers/{provider}", summary="A provider's manifest", **documented("Provider", 404))
async def manifest(request: Request, registry: TheRegistry, provider: ProviderName) -> Response:  # noqa: ARG001
    """Its base URL, dialect, aliases, names in other systems and id rules; by its id or an alias, in any case."""
    known = registry.provider(provider).id
    ((record,),) = registry.snapshot.rows("SELECT record FROM providers WHERE id = ?", (known,))
    return answer(loads(record))
