"""What OpenAPI says: for a route the names of what it answers and takes; here what those names mean."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from modelry import __version__

_STATUS = {
    400: "The body is no JSON that can be read.",
    401: "The write token is missing or wrong.",
    403: "Not from here: a page of another site, or another machine where no write token is set.",
    404: "Nothing has this name; `suggestions` name what comes near.",
    408: "The body did not come in time.",
    409: "Several things have this name (`suggestions`), or this server is a replica.",
    412: "It is another version by now: read it again and retry.",
    413: "The body is larger than 1 MiB.",
    415: "The body is not said to be JSON, or it is compressed.",
    422: "What was sent means nothing or does not fit; every problem is told.",
    503: "The catalogue cannot be read or written now: try again.",
}
_ALWAYS = (421,)
_STATUS[421] = "The Host is not this machine: without a write token a loopback server answers to localhost alone."


def documented(
    answer: str, *refusals: int, takes: str | None = None, media: str = "application/json"
) -> dict[str, Any]:
    """The arguments of a route that answers with the schema of this name, or refuses with one of these statuses."""
    of = {"schema": {"type": "string"}} if media != "application/json" else {"schema": _ref(answer)}
    responses: dict[int | str, Any] = {200: {"description": answer, "content": {media: of}}}
    for status in sorted((*refusals, *_ALWAYS)):
        schema = _ref("Readiness" if (answer, status) == ("Readiness", 503) else "Error")
        responses[status] = {"description": _STATUS[status], "content": {"application/json": {"schema": schema}}}
    arguments: dict[str, Any] = {"response_model": None, "responses": responses}
    if takes:
        body = {"required": True, "content": {"application/json": {"schema": _ref(takes)}}}
        arguments["openapi_extra"] = {"requestBody": body}
    return arguments


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


DESCRIPTION = """What each language model is, what it can do, where it is served, and what a call costs, exactly.

Reads carry a strong `ETag` (also of their gzip), answer `If-None-Match` with 304, and may come from any origin. Writes need
`Authorization: Bearer` with `MODELRY_WRITE_TOKEN`, or to come from this machine where no token is set. Prices are exact
decimal numbers: read them so where it matters. Every error is `{"detail": …}`: a text, or for 422 a list of problems, each
`{"loc", "msg"}`."""


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
    )  # fmt: skip
    components = said.setdefault("components", {})
    components.setdefault("schemas", {}).update(_schemas())
    components["schemas"].pop("HTTPValidationError", None)
    components["schemas"].pop("ValidationError", None)
    components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    for methods in said["paths"].values():
        for operation in methods.values():
            refusals = operation["responses"]
            refusals.get("422", {})["content"] = {"application/json": {"schema": _ref("Error")}}
            if "401" in refusals:
                operation["security"] = [{"token": []}, {}]
    return said


def _schemas() -> dict[str, Any]:
    from modelry import schemas
    from modelry.catalog.upsert import ModelCatalogUpsertRequest
    from modelry.meters import BUCKETS
    from modelry.records import Model
    from modelry.roles import ROLES

    text, number, flag = {"type": "string"}, {"type": "number"}, {"type": "boolean"}
    maybe: dict[str, Any] = {"type": ["string", "null"]}
    amount: dict[str, Any] = {"type": ["number", "null"]}
    texts = {"type": "array", "items": text}
    form = ModelCatalogUpsertRequest.model_json_schema(ref_template="#/components/schemas/{model}")
    named = form.pop("$defs", {})
    roles = {
        role.name: {"type": ["string", "null"], "description": f"The model that {role.meaning}."}
        for role in ROLES.values()
    }
    of = schemas.of_object
    row = schemas.row()
    card = row["properties"]["pricing"]["items"]
    row["properties"]["pricing"]["items"] = _ref("RateCard")
    part = schemas.of_object(Model.__doc__, row["properties"], "provider", "model")
    line = of("One charge.", {"meter": text, "quantity": number, "rate": number, "amount": number, "assumed": flag})
    change = of(
        "A change.", {"at": text, "who": text, "action": text, "old": {"type": "object"}, "new": {"type": "object"}}
    )
    held = {"since": maybe, "until": maybe, "in_use": flag, "card": _ref("RateCard")}
    problem = {"type": "object", "properties": {"loc": texts, "msg": text}, "required": ["loc", "msg"]}
    resolution = {
        "asked": text, "id": text, "method": text, "provider": text, "model": text, "region": maybe,
        "learnt": {"type": "object", "additionalProperties": text},
    }  # fmt: skip
    estimate = {
        "model": text, "input_tokens": {"type": "integer"}, "output_tokens": {"type": "integer"}, "input_cost": amount,
        "output_cost": amount, "total_cost": amount, "currency": text, "lines": {"type": "array", "items": line},
        "unpriced": texts, "complete": flag, "warnings": texts, "resolution": _ref("Resolution"), "effective_from": maybe,
        "service_tier": maybe, "region": maybe, "reported": amount, "source": maybe,
    }  # fmt: skip
    buckets = f"Buckets of usage: {', '.join(BUCKETS)}; or the totals input_tokens and output_tokens."
    primary = {"url": text, "reached": maybe, "tried": maybe, "trouble": maybe}
    ready = {
        "ready": flag, "role": text, "serves": text, "primary": of("Who is followed.", primary), "models": {"type": "integer"},
        "version": text, "currency": text, "last_updated": maybe, "sources": texts,
    }  # fmt: skip
    return {
        **named,
        "Error": {
            "type": "object",
            "description": "A refusal.",
            "properties": {"detail": {"anyOf": [text, {"type": "array", "items": problem}]}, "suggestions": texts},
            "required": ["detail"],
            "additionalProperties": False,
        },
        "RateCard": card,
        "Row": part,
        "Rows": {"type": "array", "items": _ref("Row")},
        "Catalogue": schemas.catalogue(_ref("Row")) | {"title": "ModelCatalogResponse"},
        "Keys": texts,
        "Provider": schemas.manifest(),
        "ModelCatalogUpsertRequest": form,
        "Changed": of(
            "What came of a change.",
            {"ok": flag, "action": {"enum": ["created", "updated", "unchanged", "deleted", "deprecated"]}, "dry_run": flag,
             "model": _ref("Row"), "diff": {"type": "object", "additionalProperties": of(None, {"old": {}, "new": {}})}},
            "ok", "action", "dry_run", "model", "diff",
        ),
        "Resolution": of("Which entry a name meant, and how that was found.", resolution, *resolution),
        "CostEstimate": of(f"What a call costs, and why. {buckets}", estimate, *estimate),
        "History": of(
            "A model's past.",
            {"provider": text, "model": text, "prices": {"type": "array", "items": of("A card and when it held.", held)},
             "changes": {"type": "array", "items": change}},
            "provider", "model", "prices", "changes",
        ),
        "Config": of("Role -> model, by any name that it has.", roles),
        "Configured": of("A configuration that fits.", {"ok": flag, "config": _ref("Config"), "warnings": texts}, "ok", "config"),
        "Anything": {"type": "object"},
        "Metrics": text,
        "Health": of("The process answers.", {"status": text, "version": text}, "status", "version"),
        "Readiness": of("What is served.", ready, "ready", "role", "models", "version"),
    }  # fmt: skip
