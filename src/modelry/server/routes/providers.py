"""Providers: who serves, where, and under which names."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from modelry.jsontext import dumps, loads
from modelry.registry import Registry
from modelry.server.asking import TheEdition, sent
from modelry.server.documented import READ, documented, named
from modelry.server.prepared import Body
from modelry.server.routes.models import ProviderName

router = APIRouter(tags=["Providers"], generate_unique_id_function=named)


@router.get("/api/providers/{provider}", summary="A provider's manifest", **documented("Provider", *READ, 404, 422))
async def get_provider(request: Request, edition: TheEdition, provider: ProviderName) -> Response:
    """Its base URL, dialect, aliases, names in other systems and id rules; by its id or an alias, in any case."""
    known = (await edition.registry()).provider(provider).id
    return sent(await edition.kept(("manifest", known), lambda registry: _manifest(registry, known)), request)


def _manifest(registry: Registry, provider: str) -> Body:
    ((record,),) = registry.snapshot.rows("SELECT record FROM providers WHERE id = ?", (provider,))
    return Body(dumps(loads(record)).encode("ascii") + b"\n")
