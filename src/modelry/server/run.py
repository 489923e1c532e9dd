"""Run the server: uvicorn, with our log and our patience."""

from __future__ import annotations

import gc
import logging
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from modelry.server import create_app
from modelry.server.settings import Settings, catalogue, is_loopback, write_token
from modelry.server.telling import log_to_stdout

log = logging.getLogger("modelry.server")

_GRACE = 10
"""Seconds that requests under way get when the server is told to stop."""

_HEADERS_WITHIN = 10.0
"""Seconds in which a connection must have sent a whole request's headers."""


class Impatient(HttpToolsProtocol):
    """uvicorn's protocol, which by itself would wait for ever for the first request's headers."""

    def connection_made(self, transport: Any) -> None:
        """Begin to wait."""
        super().connection_made(transport)
        self.loop.call_later(_HEADERS_WITHIN, self._close_unless_asked)

    def _close_unless_asked(self) -> None:
        if self.cycle is None and not self.transport.is_closing():
            self.transport.close()


def run(host: str, port: int, data: str | None, log_format: str, poll: float) -> None:
    """Serve until told to stop. SIGTERM and SIGINT let what is under way end."""
    log_to_stdout(log_format)
    settings = Settings(catalogue(data), write_token(), is_loopback(host), poll, log_format)
    app = create_app(settings)
    config = uvicorn.Config(
        app, host=host, port=port, loop="uvloop", http=Impatient, ws="none", lifespan="on", access_log=False,
        log_config=None, proxy_headers=False, server_header=False, timeout_graceful_shutdown=_GRACE,
    )  # fmt: skip
    gc.enable()
    gc.freeze()  # what is here now stays: no collection needs to look at it again
    uvicorn.Server(config).run()
