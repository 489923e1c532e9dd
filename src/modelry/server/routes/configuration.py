"""Configuration: which model has which role, refused where a model cannot fill it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from modelry.atomic import write_whole
from modelry.errors import CatalogConflict, CatalogRejected
from modelry.jsontext import dumps, loads
from modelry.registry import Registry
from modelry.roles import LONGEST, ROLES, judged
from modelry.server.asking import TheRegistry, Writer, answer, if_match, json_object, sent, source_of
from modelry.server.documented import POST, WRITE, documented, named
from modelry.server.prepared import Body
from modelry.server.refusals import Refusal, problem
from modelry.server.source import Local

router = APIRouter(tags=["Configuration"], generate_unique_id_function=named)

FILE = Path("data/config.json")


def _read(path: Path) -> dict[str, str | None]:
    try:
        said = loads(path.read_bytes())
    except FileNotFoundError:
        said = {}
    except ValueError as error:
        raise CatalogRejected(FILE.name, f"is no JSON: {error}; mend it or delete it") from None
    if not isinstance(said, dict):
        raise CatalogRejected(FILE.name, "is no JSON object; mend it or delete it")
    return {role: said.get(role) for role in ROLES}


def _body(config: dict[str, str | None]) -> Body:
    return Body(dumps(config).encode("ascii") + b"\n")


@router.get("/api/config", summary="Which model has which role", **documented("Config", 304, 409, 503))
async def get_config(request: Request) -> Response:
    """Role -> model, null where none is chosen."""
    source = source_of(request)
    if not isinstance(source, Local):
        raise Refusal(409, "this is a replica: ask its primary")
    return sent(_body(await asyncio.to_thread(_read, source.store.root / FILE)), request)


@router.put("/api/config", summary="Choose the models of all roles", **documented("Configured", *WRITE, takes="Config"))
async def put_config(request: Request, source: Writer, registry: TheRegistry) -> Response:
    """The whole configuration: a role that is left out has no model."""
    asked = _checked(await json_object(request))
    return await _stored(request, source, registry, dict.fromkeys(ROLES) | asked)


@router.patch(
    "/api/config", summary="Choose the models of some roles", **documented("Configured", *WRITE, takes="Config")
)
async def patch_config(request: Request, source: Writer, registry: TheRegistry) -> Response:
    """Roles that are left out keep their models; null takes a role's model away. Only what is named is judged."""
    return await _stored(request, source, registry, _checked(await json_object(request)))


@router.post(
    "/api/config/validate", summary="Whether models fit their roles",
    **documented("Configured", *POST, 422, 503, takes="Config"),
)  # fmt: skip
async def validate_config(request: Request, registry: TheRegistry) -> Response:
    """As PUT and PATCH would judge it; nothing is written."""
    asked = _checked(await json_object(request))
    return answer({"ok": True, "config": asked, "warnings": _warnings(asked, registry)})


def _checked(asked: dict[str, Any]) -> dict[str, str | None]:
    problems = [
        problem(["body", role], f"there is no such role ({', '.join(ROLES)})") for role in asked if role not in ROLES
    ]
    problems += [
        problem(["body", role], "the name of a model is due, or null")
        for role, model in asked.items()
        if role in ROLES and model is not None and not (isinstance(model, str) and 0 < len(model) <= LONGEST)
    ]
    if problems:
        raise Refusal(422, problems)
    return asked


def _warnings(asked: dict[str, str | None], registry: Registry) -> list[str]:
    verdict = judged(asked, registry)
    if verdict.misfits:
        told = (misfit._asdict() for misfit in verdict.misfits)
        raise Refusal(422, [problem(["body", one["role"]], one.pop("message"), **one) for one in told])
    return list(verdict.warnings)


async def _stored(request: Request, source: Local, registry: Registry, asked: dict[str, str | None]) -> Response:
    warnings = _warnings(asked, registry)
    path = source.store.root / FILE
    seen = if_match(request)

    def write() -> dict[str, str | None]:
        before = _read(path)
        if seen not in (None, "*", _body(before).tag):
            raise CatalogConflict("the configuration is another one by now: read it again and retry")
        after = before | asked
        write_whole(path, dumps(after, indent=2).encode("ascii") + b"\n")
        return after

    async with request.app.state.configuring:
        after = await source.write(write)
    return answer({"ok": True, "config": after, "warnings": warnings}, headers={"etag": f'"{_body(after).tag}"'})
