"""Every error of the API as one shape, `{"detail": …}`, and the status of each kind."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.routing import Match

from modelry.errors import (
    AmbiguousModel,
    CatalogConflict,
    CatalogRejected,
    InvalidFilter,
    InvalidUsage,
    ModelryError,
    UnknownModel,
    UnknownProvider,
    Unpriced,
)
from modelry.jsontext import dumps

log = logging.getLogger("modelry.server")

STATUS: dict[type[Exception], int] = {
    UnknownModel: 404,
    UnknownProvider: 404,
    AmbiguousModel: 409,
    CatalogConflict: 412,
    Unpriced: 422,
    InvalidFilter: 422,
    InvalidUsage: 422,
    CatalogRejected: 503,
    ModelryError: 422,
    OSError: 503,
}


class Refusal(HTTPException):
    """An answer that refuses, with what the caller should know besides its text."""

    def __init__(self, status: int, detail: Any, headers: Mapping[str, str] | None = None, **more: Any) -> None:
        super().__init__(status, detail, headers=dict(headers or {}))
        self.more = more


def refused(status: int, detail: Any, headers: Mapping[str, str] | None = None, **more: Any) -> Response:
    """The answer that refuses."""
    text = dumps({"detail": detail, **more})
    return Response(text + "\n", status, headers=headers, media_type="application/json")


class ReadByAnyPage(CORSMiddleware):
    """Pages of any origin may read; one that asks beforehand for more is refused as everybody is."""

    def preflight_response(self, request_headers: Headers) -> Response:
        """The answer to what a browser asks before it sends a request."""
        answer = super().preflight_response(request_headers)
        if answer.status_code < 400:
            return answer
        allowed = {name: value for name, value in answer.headers.items() if not name.startswith("content-")}
        why = bytes(answer.body).decode()
        return refused(answer.status_code, f"pages of other origins may read, and no more: {why}", allowed)


def install(app: FastAPI) -> None:
    """Let an app answer its errors so."""
    app.add_exception_handler(HTTPException, _of_http)
    app.add_exception_handler(RequestValidationError, _of_form)
    for kind in STATUS:
        app.add_exception_handler(kind, _of_ours)
    app.add_exception_handler(Exception, _of_bug)


_WORDS = {
    404: "there is nothing here; /docs lists what there is",
    405: "this path does not take that method; see /docs",
}


async def _of_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - as it was installed
    detail, headers = error.detail, error.headers
    if detail in ("Not Found", "Method Not Allowed"):
        detail = _WORDS[error.status_code]
    if error.status_code == 405:
        headers = {"allow": ", ".join(_methods(request))}
    return refused(error.status_code, detail, headers, **getattr(error, "more", {}))


_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


def _methods(request: Request) -> list[str]:
    """What a path takes: of all routes that it fits, where Starlette tells of the first one alone. HEAD is as GET."""

    def is_taken(method: str) -> bool:
        scope = {**request.scope, "method": "GET" if method == "HEAD" else method}
        return any(route.matches(scope)[0] is Match.FULL for route in request.app.routes)

    return list(filter(is_taken, _METHODS))


async def _of_form(request: Request, error: Exception) -> Response:  # noqa: ARG001
    assert isinstance(error, RequestValidationError)  # noqa: S101
    return refused(422, [problem(_place(said["loc"]), said["msg"]) for said in error.errors()])


def _place(place: Sequence[Any]) -> list[str]:
    return [str(part)[:200] for part in place]


def problem(place: Sequence[str], message: str, **more: Any) -> dict[str, Any]:
    """One problem of what was sent: where, and what."""
    return {"loc": list(place), "msg": message, **more}


async def _of_ours(request: Request, error: Exception) -> Response:
    status = next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)
    problems = getattr(error, "problems", None)
    if problems:  # InvalidUpsert
        return refused(422, [problem(["body", *told.field.split(".")], told.message) for told in problems])
    near = getattr(error, "suggestions", None) or getattr(error, "choices", None) or ()
    if status == 412 and "if-match" not in request.headers:
        status = 503  # another process holds the lock
    if status == 503:
        log.error("%s", error, extra={"request_id": request.scope.get("request_id")})
    text = f"the catalogue cannot be written: {error.strerror}" if isinstance(error, OSError) else str(error)
    return refused(
        status, text, {"retry-after": "1"} if status == 503 else None, **({"suggestions": list(near)} if near else {})
    )


async def _of_bug(request: Request, error: Exception) -> Response:  # noqa: ARG001
    return refused(500, f"a bug of ours; the log tells more under request {request.scope.get('request_id')}")
