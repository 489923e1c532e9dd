"""What OpenAPI says: for a route the names of what it answers and takes; here what those names mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from modelry import __version__
from modelry.schemas import Schema, ref

READ = (304, 503)
"""What every read of the catalogue may answer besides its own statuses."""

POST = (403, 408, 415)
"""What everything that takes a body may answer."""

WRITE = (*POST, 401, 409, 412, 422, 503)
"""What every write may answer."""

_STATUS = {
    304: "It is what `If-None-Match` names.",
    400: "It cannot be read: the body is no JSON, a header stands twice, or there is no Host.",
    401: "The write token is missing or wrong.",
    403: "Not from here: a page of another site, or another machine where no write token is set.",
    404: "Nothing has this name; `suggestions` name what comes near.",
    408: "The body did not come in time.",
    409: "Several things have this name (`suggestions`), or this server is a replica.",
    412: "It is another version by now: read it again and retry.",
    413: "The body is larger than 1 MiB.",
    415: "The body is not said to be JSON, or it is compressed.",
    421: "The Host is not this machine: without a write token a loopback server answers to localhost alone.",
    422: "What was sent means nothing or does not fit; every problem is told.",
    503: "The catalogue cannot be read or written now: try again.",
}
_ALWAYS = (400, 413, 421)

_ETAG = "Version of what is sent: strong, and another one of its gzip; what `If-None-Match` and `If-Match` take."
_IF_NONE_MATCH = "ETag of what the caller has: 304 while that is what would be sent."
_IF_MATCH = "ETag of the version that the caller has seen: 412 where it is another one by now. `*`: any that is there."

TAGS = {
    "Models": "The catalogue and its rows.",
    "Prices": "What names mean, and what calls cost.",
    "Providers": "Who serves, where, and under which names.",
    "Writing": "Models and prices of one's own.",
    "Configuration": "Which model has which role, refused where it cannot fill it.",
    "Drop-ins": "The catalogue in the form that other systems' clients fetch.",
    "Server": "Its own state.",
}

DESCRIPTION = """What each language model is, what it can do, where it is served, and what a call costs, exactly.

Reads carry a strong `ETag` (also of their gzip), answer `If-None-Match` with 304, take HEAD, and may come from any origin.
Writes need `Authorization: Bearer` with `MODELRY_WRITE_TOKEN`, or to come from this machine where no token is set. Prices
are exact decimal numbers: read them so where it matters. Every error is `{"detail": …}`: a text, or a list of problems, each
`{"loc", "msg"}`. Every answer names its request in `X-Request-ID`; so does the log."""


def named(route: APIRoute) -> str:
    """Operations are called as the functions are: generated clients have these names."""
    return route.name


def documented(
    answer: str, *statuses: int, takes: str | None = None, media: str = "application/json", **headers: str
) -> dict[str, Any]:
    """The arguments of a route that answers with the schema of this name, or with one of these statuses.

    304 says that the answer has an ETag, 412 that If-Match is honoured; `headers` tell of further ones (`X_Name`).
    """
    means = {name.replace("_", "-"): meaning for name, meaning in headers.items()}
    if 304 in statuses or 412 in statuses:
        means["ETag"] = _ETAG
    said = {name: {"description": meaning, "schema": {"type": "string"}} for name, meaning in means.items()}
    responses: dict[int | str, Any] = {200: {"description": answer, "content": {media: {"schema": ref(answer)}}}}
    if said:
        responses[200]["headers"] = said
    for status in sorted({*statuses, *_ALWAYS}):
        responses[status] = _other(answer, status)
    conditional = [("If-None-Match", _IF_NONE_MATCH)] * (304 in statuses) + [("If-Match", _IF_MATCH)] * (
        412 in statuses
    )
    extra: dict[str, Any] = {"parameters": [_header(*header) for header in conditional]}
    if takes:
        extra["requestBody"] = {"required": True, "content": {"application/json": {"schema": ref(takes)}}}
    return {"response_model": None, "responses": responses, "openapi_extra": extra}


def _other(answer: str, status: int) -> dict[str, Any]:
    if status == 304:
        return {
            "description": _STATUS[status],
            "headers": {"ETag": {"description": _ETAG, "schema": {"type": "string"}}},
        }
    schema = ref("Readiness" if (answer, status) == ("Readiness", 503) else "Error")
    return {"description": _STATUS[status], "content": {"application/json": {"schema": schema}}}


def _header(name: str, meaning: str) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": False, "description": meaning, "schema": {"type": "string"}}


def install(app: FastAPI) -> None:
    """Let an app describe itself so; the description is put together when it is first asked for."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _described(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _described(app: FastAPI) -> dict[str, Any]:
    said = get_openapi(
        title="modelry", version=__version__, summary="The registry of language models.", description=DESCRIPTION,
        routes=app.routes, license_info={"name": "MIT", "identifier": "MIT"},
        tags=[{"name": name, "description": meaning} for name, meaning in TAGS.items()],
    )  # fmt: skip
    components = said.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    schemas |= _schemas()
    for theirs in ("HTTPValidationError", "ValidationError"):
        schemas.pop(theirs, None)
    components["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "description": "What `MODELRY_WRITE_TOKEN` says."}
    }
    for methods in said["paths"].values():
        for operation in methods.values():
            _complete(operation, schemas)
    return said


def _complete(operation: dict[str, Any], schemas: Mapping[str, Schema]) -> None:
    """What FastAPI has no place for: our own form of a 422, who may ask, and what the answer is."""
    responses = operation["responses"]
    if "422" in responses:
        responses["422"] = _other("", 422)
    if "401" in responses:
        operation["security"] = [{"token": []}, {}]
    right = responses["200"]
    right["description"] = schemas[right["description"]]["description"]


_UPSERT = {
    "provider": "openai", "family": "gen", "model": "gpt-4.1-mini", "unit": "1k_tokens",
    "input_per_1k": 0.0003, "output_per_1k": 0.0012,
}  # fmt: skip


def _schemas() -> dict[str, Schema]:
    from modelry import schemas
    from modelry.catalog.upsert import ModelCatalogUpsertRequest
    from modelry.roles import LONGEST, ROLES
    from modelry.server import answers
    from modelry.server.routes.prices import CostRequest

    form = ModelCatalogUpsertRequest.model_json_schema(ref_template=f"{schemas.REFS}{{model}}")
    rows = {"type": "array", "items": ref("Row")}
    roles = {
        role.name: {
            "anyOf": [{"type": "string", "minLength": 1, "maxLength": LONGEST}, {"type": "null"}],
            "description": f"The model that {role.meaning}.",
        }
        for role in ROLES.values()
    }  # fmt: skip
    sharper: dict[Any, dict[str, Schema]] = {
        answers.ModelCatalogResponse: {"models": {"type": "array", "items": ref("ListedRow")}},
        answers.Card: {"card": ref("RateCard")},
        answers.Changed: {"model": ref("Row")},
        answers.Configured: {"config": ref("Config")},
    }
    row, rates = (
        schemas.row(),
        ref("RateCard") | {"description": "Base rates of the card in force; where `fields` asks for it."},
    )
    own = [record for record in vars(answers).values() if getattr(record, "__module__", "") == answers.__name__]
    return {
        **form.pop("$defs", {}),
        "ModelCatalogUpsertRequest": form | {"examples": [_UPSERT]},
        "CostRequest": CostRequest.model_json_schema(),
        **schemas.cards(),
        "Row": row,
        "ListedRow": row | {"properties": row["properties"] | {"rates": rates}},
        "Rows": rows | {"description": "Rows, by provider and model."},
        "Provider": schemas.manifest(),
        "ProviderKeys": {"type": "array", "items": {"type": "string"}, "description": "Ids of providers, sorted."},
        "Config": schemas.of_object("Role -> model, by any name that it has; null where there is none.", roles)
        | {"examples": [{"generation": "openai/gpt-4o", "embedding": "openai/text-embedding-3-small"}]},
        **{record.__name__: schemas.of_answer(record, **sharper.get(record, {})) for record in own},
        "LiteLLMCostMap": {"type": "object", "description": "LiteLLM's entries by its own keys."},
        "ModelsDevProviders": {"type": "object", "description": "Providers by id, each with its models by name."},
        "Metrics": {"type": "string", "description": "Prometheus' text format."},
    }
