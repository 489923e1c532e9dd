"""The log: a line an event, as JSON or as text. Whatever a client sent is escaped; headers and queries are not told.

Answered requests are written together, some milliseconds' worth at a time: a line by itself would take as long to write
as a prepared answer takes to send.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import sys
import time
from datetime import UTC, datetime

from starlette.types import Scope

_TOGETHER = 0.05
"""Seconds of answered requests that are written at once."""


class Access:
    """The lines of answered requests."""

    def __init__(self, form: str) -> None:
        self._line = _as_json if form == "json" else _as_text
        self._lines: list[str] = []

    def tell(self, scope: Scope, request_id: str, status: int, size: int, seconds: float) -> None:
        """One request."""
        if not self._lines:
            asyncio.get_running_loop().call_later(_TOGETHER, self.flush)
        self._lines.append(self._line(scope, request_id, status, size, seconds * 1000))

    def flush(self) -> None:
        """Write what waits."""
        lines, self._lines = self._lines, []
        with contextlib.suppress(OSError):  # a full disk, or nobody who reads: those lines are lost, the next are tried
            sys.stdout.write("".join(lines))
            sys.stdout.flush()


def _as_json(scope: Scope, request_id: str, status: int, size: int, ms: float) -> str:
    # Everything but the client's own words is ours and needs no escaping; those are quoted by json.
    return (
        f'{{"at": "{_now()}", "level": "info", "logger": "modelry.access", "event": "request", "request_id": "{request_id}",'
        f' "client": {_client(scope)}, "method": {json.dumps(scope["method"])}, "path": {json.dumps(_path(scope))},'
        f' "status": {status}, "bytes": {size}, "ms": {ms:.3f}}}\n'
    )


def _as_text(scope: Scope, request_id: str, status: int, size: int, ms: float) -> str:
    asked = _inert(f"{scope['method']} {_path(scope)}")
    return f"{_now()} {status} {asked} {size:,} B {ms:.1f} ms {json.loads(_client(scope))} {request_id}\n"


def _path(scope: Scope) -> str:
    """The path as it was sent: percent-encoded."""
    return str(scope.get("raw_path", b"").decode("ascii", "backslashreplace"))


def _client(scope: Scope) -> str:
    client = scope.get("client")
    return f'"{client[0]}"' if client else "null"


def _now() -> str:
    seconds = time.time()
    return f"{_second(int(seconds))}.{int(seconds % 1 * 1000):03d}Z"


_last: tuple[int, str] = (0, "")


def _second(second: int) -> str:
    global _last  # noqa: PLW0603 - one text serves all the lines of a second
    if _last[0] != second:
        _last = second, time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
    return _last[1]


class Lines(logging.Formatter):
    """Everything else that is told, as one line of JSON, or as text for people."""

    def __init__(self, form: str) -> None:
        super().__init__()
        self._is_json = form == "json"

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"
        level, trace = record.levelname.lower(), self.formatException(record.exc_info) if record.exc_info else None
        if not self._is_json:
            return f"{at} {level} {_inert(record.getMessage())}" + (f"\n{trace}" if trace else "")
        said = {"at": at, "level": level, "logger": record.name, "event": record.getMessage()}
        said |= {"request_id": record.request_id} if getattr(record, "request_id", None) else {}  # type: ignore[attr-defined]
        return json.dumps(said | ({"trace": trace} if trace else {}))


def _inert(text: str) -> str:
    return text if text.isprintable() else ascii(text)[1:-1]


def log_to_stdout(form: str) -> None:
    """Let everything that is told go to standard output, uvicorn's own words included."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(Lines(form))
    for name in ("modelry.server", "uvicorn"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(logging.INFO)
