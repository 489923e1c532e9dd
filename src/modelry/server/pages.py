"""What people look at: the page of the catalogue at `/`, and the API's own documentation at `/docs`."""

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
from modelry.server.refusals import Refusal

OPENAPI = "/openapi.json"
_FILES = {"swagger-ui-bundle.js": "text/javascript", "swagger-ui.css": "text/css", "favicon.png": "image/png"}


_KINDS = {"html": "text/html; charset=utf-8", "js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}
_PAGE = Path(__file__).parent / "static"

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; frame-ancestors 'none';"
    " base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
"""For our page: its own files and this API, and no text of the catalogue ever read as HTML."""


def install(app: FastAPI) -> None:
    """Add the pages to an app."""
    described = cache(lambda: Body(dumps(app.openapi()).encode("ascii")))

    async def openapi(request: Request) -> Response:
        """The description of the API, once made."""
        return sent(described(), request)

    app.get(OPENAPI, include_in_schema=False)(openapi)
    app.get("/", include_in_schema=False)(home)
    app.get("/page/{name:path}", include_in_schema=False)(page_file)
    app.get("/docs", include_in_schema=False)(docs)
    app.get("/docs/{name}", include_in_schema=False)(docs_file)


async def home(request: Request) -> Response:
    """The page."""
    return sent(_page_files()["index.html"], request)


async def page_file(request: Request, name: str) -> Response:
    """A file of the page; of what is no such file the name is only looked up, never opened."""
    body = _page_files().get(name)
    if body is None:
        raise Refusal(404, "the page has no such file")
    return sent(body, request)


@cache
def _page_files() -> dict[str, Body]:
    """Every file by its path; the sheets are sent as one, `page.css`: nine small answers would take longer."""
    files = {file.relative_to(_PAGE).as_posix(): file.read_text("utf-8") for file in sorted(_PAGE.rglob("*.*"))}
    sheets = [files.pop(name) for name in [*files] if name.endswith(".css")]
    policy = [("Content-Security-Policy", POLICY)]
    return {
        name: Body(_tight(text, media := _KINDS[name.rpartition(".")[2]]).encode("utf-8"), media=media, headers=policy)
        for name, text in {**files, "page.css": "".join(sheets)}.items()
    }


def _tight(text: str, media: str) -> str:
    """A file without its comments and long names, a third of it: so the page needs no build."""
    try:
        import minify  # tdewolff's: it parses (others cut templates apart) and takes 20 ms for all; no wheel for some systems
    except ImportError:
        return text
    return str(minify.string(media.partition(";")[0], text))


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
