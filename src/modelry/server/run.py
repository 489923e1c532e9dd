"""Run the server: uvicorn, with our log and our patience."""

from __future__ import annotations

import gc
import logging
import signal

import uvicorn

from modelry.server import create_app
from modelry.server.settings import Settings, catalogue, is_loopback, write_token
from modelry.server.telling import log_to_stdout
from modelry.server.wire import Impatient

_GRACE = 10
"""Seconds that requests under way get when the server is told to stop."""


def _is_told_here(record: logging.LogRecord) -> bool:
    return record.msg != "Invalid HTTP request received."  # `Impatient` tells it, once and with who it was


def run(host: str, port: int, data: str | None, log_format: str, poll: float) -> None:
    """Serve until told to stop. SIGTERM and SIGINT let what is under way end."""
    log_to_stdout(log_format)
    logging.getLogger("uvicorn.error").addFilter(_is_told_here)
    settings = Settings(catalogue(data), write_token(), is_loopback(host), poll, log_format)
    app = create_app(settings)
    config = uvicorn.Config(
        app, host=host, port=port, loop="uvloop", http=Impatient, ws="none", lifespan="on", access_log=False,
        log_config=None, proxy_headers=False, server_header=False, timeout_graceful_shutdown=_GRACE,
    )  # fmt: skip
    gc.enable()
    gc.freeze()  # what is here now stays: no collection needs to look at it again
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _is_obeyed)
    uvicorn.Server(config).run()


def _is_obeyed(number: int, frame: object) -> None:
    """What uvicorn hands a signal on to when all has ended well: being told to stop is no failure."""
