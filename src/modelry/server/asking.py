"""What routes need of a request: the catalogue, its JSON, and the right to write."""

from __future__ import annotations

import os
import secrets
from typing import Annotated, Any

from fastapi import Depends, Request
from starlette.responses import Response

from modelry.jsontext import dumps, strict
from modelry.registry import Registry
from modelry.server.edition import Edition
from modelry.server.prepared import Body, seen_tag
from modelry.server.refusals import Refusal
from modelry.server.settings import Settings, is_loopback
from modelry.server.source import Local, Source


def source_of(request: Request) -> Source:
    """Where this server's catalogue comes from."""
    source: Source = request.app.state.source
    return source


async def edition_of(request: Request) -> Edition:
    """The catalogue of now."""
    source = source_of(request)
    return source.at_hand() or await source.edition()


async def registry_of(request: Request) -> Registry:
    """The facade over the catalogue of now."""
    return await (await edition_of(request)).registry()


TheEdition = Annotated[Edition, Depends(edition_of)]
TheRegistry = Annotated[Registry, Depends(registry_of)]


# Requests

_DEEPEST = 100
"""Lists and objects within one another; no provider's response has a tenth of that."""


def _read(body: bytes) -> Any:
    try:
        said = strict(body)
        _judge(said, _DEEPEST)
    except ValueError as error:
        raise Refusal(400, f"the body is no JSON that can be read: {str(error)[:200]}") from None
    return said


def _judge(said: Any, depth: int) -> None:
    """Raise ValueError where text is none (nothing could be written of half a surrogate pair), or something is too deep."""
    if isinstance(said, str):
        said.encode("utf-8")
    elif isinstance(said, dict | list):
        if not depth:
            raise ValueError(f"nested deeper than {_DEEPEST}")
        for key in said if isinstance(said, dict) else ():
            key.encode("utf-8")
        for value in said.values() if isinstance(said, dict) else said:
            _judge(value, depth - 1)


async def json_object(request: Request) -> dict[str, Any]:
    """The JSON object that a request carries; raises Refusal."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Refusal(415, "send JSON, with Content-Type: application/json")
    said = _read(await request.body())
    if not isinstance(said, dict):
        raise Refusal(422, "a JSON object is due")
    return said


def if_match(request: Request) -> str | None:
    """The version that a writer has seen."""
    header = request.headers.get("if-match")
    return None if header is None else seen_tag(header)


# Answers


def answer(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """JSON with exact numbers."""
    return Response(dumps(value) + "\n", status, headers=headers, media_type="application/json")


def sent(body: Body, request: Request) -> Response:
    """What is prepared, as this request wants it."""
    return body.answer(dict(request.scope["headers"]))


# Writing


def writer(request: Request) -> Local:
    """The catalogue to write, for who may; raises Refusal: 401, 403, or 409 on a replica."""
    settings: Settings = request.app.state.settings
    source = source_of(request)
    if settings.token is not None:
        _check_token(request, settings.token)
    elif not settings.bound_to_loopback or not _is_local(request):
        raise Refusal(
            403, "without MODELRY_WRITE_TOKEN this server is written from its own machine alone, and directly"
        )
    if not isinstance(source, Local):
        raise Refusal(409, "this is a replica: write to its primary")
    return source


def _check_token(request: Request, token: str) -> None:
    scheme, _, given = request.headers.get("authorization", "").encode("latin-1").partition(b" ")
    right = secrets.compare_digest(given.strip(), os.fsencode(token))  # byte for byte, whatever its letters
    if scheme.lower() != b"bearer" or not right:
        raise Refusal(401, "send the write token: Authorization: Bearer …", {"www-authenticate": "Bearer"})


def _is_local(request: Request) -> bool:
    """Whether somebody on this machine asks, and no proxy for somebody else."""
    client: tuple[str, int] | None = request.scope.get("client")
    forwarded = any(name == b"forwarded" or name.startswith(b"x-forwarded-") for name, _ in request.scope["headers"])
    return client is not None and is_loopback(client[0]) and not forwarded


def who(request: Request) -> str:
    """Who writes, for the log of changes."""
    client = request.scope.get("client")
    return f"http {client[0] if client else 'local'}"


Writer = Annotated[Local, Depends(writer)]
