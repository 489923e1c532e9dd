"""The words of the catalogue, as the tables of the code have them: a client that shows a choice needs no list of its own."""

from __future__ import annotations

from functools import cache
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from modelry.capabilities import CAPABILITIES, COMPONENTS, MODALITIES, STATUSES
from modelry.conditions import CONDITIONS
from modelry.jsontext import dumps
from modelry.meters import METERS
from modelry.roles import ROLES
from modelry.schemas import condition_means
from modelry.server.asking import sent
from modelry.server.documented import READ, documented, named
from modelry.server.prepared import Body

router = APIRouter(tags=["Models"], generate_unique_id_function=named)


@router.get("/api/vocabulary", summary="The words of the catalogue", **documented("Vocabulary", *READ))
async def vocabulary(request: Request) -> Response:
    """Capabilities, components, roles, meters and conditions with what they mean, statuses and kinds of content."""
    return sent(_body(), request)


@cache
def _body() -> Body:
    said: dict[str, Any] = {
        "capabilities": {name: capability.meaning for name, capability in CAPABILITIES.items()},
        "components": {name: {"family": of.family, "modes": list(of.modes)} for name, of in COMPONENTS.items()},
        "modalities": list(MODALITIES),
        "statuses": list(STATUSES),
        "roles": {
            role.name: {
                "meaning": role.meaning,
                "component": role.component,
                "capabilities": list(role.capabilities),
            }
            for role in ROLES.values()
        },
        "meters": {
            meter.name: {"bucket": meter.bucket, "unit": meter.unit, "direction": meter.direction}
            for meter in METERS.values()
        },
        "conditions": {key: {"fact": CONDITIONS[key].fact, "meaning": condition_means(key)} for key in CONDITIONS},
    }
    return Body(dumps(said).encode("ascii") + b"\n")
