"""What people look at: the API's own documentation."""

from __future__ import annotations

import base64
import re
from functools import cache
from hashlib import sha256
from pathlib import Path

from fastapi import FastAPI, Request
from starlette.responses import RedirectResponse, Response

from modelry.jsontext import dumps
from modelry.server.asking import sent
from modelry.server.prepared import Body

OPENAPI = "/openapi.json"
_FILES = {"swagger-ui-bundle.js": "text/javascript", "swagger-ui.css": "text/css", "favicon.png": "image/png"}


def install(app: FastAPI) -> None:
    """Add the pages to an app."""
    described = cache(lambda: Body(dumps(app.openapi()).encode("ascii")))

    async def openapi(request: Request) -> Response:
        """The description of the API, once made."""
        return sent(described(), request)

    app.get(OPENAPI, include_in_schema=False)(openapi)
    app.get("/", include_in_schema=False)(home)
    app.get("/docs", include_in_schema=False)(docs)
    app.get("/docs/{name}", include_in_schema=False)(docs_file)


async def home(request: Request) -> Response:  # noqa: ARG001
    """The way to what there is."""
    return RedirectResponse("/docs")


async def docs(request: Request) -> Response:
    """Swagger UI on our OpenAPI."""
    return sent(_docs(), request)


async def docs_file(request: Request, name: str) -> Response:
    """A file of Swagger UI."""
    if name not in _FILES:
        return RedirectResponse("/docs")
    return sent(_file(name), request)


@cache
def _docs() -> Body:
    from fastapi.openapi.docs import get_swagger_ui_html

    page = bytes(get_swagger_ui_html(
        openapi_url=OPENAPI, title="modelry API", swagger_js_url="/docs/swagger-ui-bundle.js",
        swagger_css_url="/docs/swagger-ui.css", swagger_favicon_url="/docs/favicon.png",
    ).body)  # fmt: skip
    scripts = re.findall(rb"<script>(.*?)</script>", page, re.DOTALL)
    allowed = " ".join(f"'sha256-{base64.b64encode(sha256(script).digest()).decode('ascii')}'" for script in scripts)
    policy = (
        f"default-src 'none'; script-src 'self' {allowed}; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
        " connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    )
    return Body(page, media="text/html; charset=utf-8", headers=[("Content-Security-Policy", policy)])


@cache
def _file(name: str) -> Body:
    import fastapi_offline  # Swagger UI's files, so that the documentation needs no network

    return Body((Path(fastapi_offline.__file__).parent / "static" / name).read_bytes(), media=_FILES[name])
