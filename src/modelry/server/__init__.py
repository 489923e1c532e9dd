"""The HTTP API: `create_app` makes it of a Settings, `modelry serve` runs it.

Front (who may ask, how much, the log) ──> CORS for reads ──> FastAPI: routes ──> Source ──> Edition
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from fastapi import FastAPI

from modelry import __version__
from modelry.server import documented, pages, refusals
from modelry.server.front import Front
from modelry.server.metrics import Metrics
from modelry.server.routes import AT_HAND, ROUTERS
from modelry.server.settings import Settings
from modelry.server.source import Local, Replica, Source

_M_MMAP_THRESHOLD = -3
_EXPOSED = ("ETag", "X-Request-ID", "X-Modelry-Left-Out")


def create_app(settings: Settings) -> Front:
    """The app, an ASGI one; its catalogue is opened when it starts."""
    metrics = Metrics()
    app = FastAPI(
        title="modelry", version=__version__, lifespan=_running, docs_url=None, redoc_url=None, openapi_url=None,
        redirect_slashes=False, max_body_size=settings.body_bytes,
    )  # fmt: skip
    app.state.settings, app.state.metrics, app.state.configuring = settings, metrics, asyncio.Lock()
    app.state.source = _source(settings)
    refusals.install(app)
    documented.install(app)
    pages.install(app)
    for router in ROUTERS:
        app.include_router(router)
    app.add_middleware(
        refusals.ReadByAnyPage, allow_origins=["*"], allow_methods=["GET", "HEAD"],
        allow_headers=["If-None-Match", "X-Request-ID"], expose_headers=_EXPOSED, max_age=86_400,
    )  # fmt: skip
    front = Front(app, settings, app.state.source, AT_HAND, metrics)
    app.state.access = front.access
    return front


def _source(settings: Settings) -> Source:
    return Replica(settings.catalogue, settings.poll_seconds) if settings.follows else Local(Path(settings.catalogue))


@contextlib.asynccontextmanager
async def _running(app: FastAPI) -> AsyncIterator[None]:
    source: Source = app.state.source
    _tune()
    await source.start()
    try:
        yield
    finally:
        await source.stop()
        app.state.access.flush()


def _tune() -> None:
    """Let readers in five times as often while a thread works, and give large blocks back as soon as they are free."""
    import ctypes

    sys.setswitchinterval(0.001)
    with contextlib.suppress(OSError, AttributeError, TypeError):  # glibc's alone: it would keep forty megabytes
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, 2**18)
