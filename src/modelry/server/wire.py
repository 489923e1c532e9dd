"""The connection below HTTP: uvicorn's protocol with bounds where it has none, and our answer to what is no HTTP."""

from __future__ import annotations

import asyncio
import logging
import re
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from modelry.server.front import GUARDED
from modelry.server.refusals import refused

log = logging.getLogger("modelry.server")

_HEADERS_WITHIN = 10.0
"""Seconds in which a connection must have sent a whole request's headers."""

_TAKEN_WITHIN = 60.0
"""Seconds in which who asked for something must have taken a slice of it."""

_MOST_HEADERS = 64 * 2**10
"""Bytes of a request's line and headers; the one piece that ends them may be larger."""

_MOST_SENT = 8 * 2**20
"""Bytes on the wire of one request; a body that may be read can be that long in the smallest of chunks."""

_OFFER = re.compile(rb"\r\nupgrade:[^\r\n]*", re.IGNORECASE)


class Impatient(HttpToolsProtocol):
    """uvicorn's protocol, with bounds where it has none, and with our answer to what is no HTTP.

    By itself it waits for ever for a request's headers and for who does not read, takes headers of any length, takes
    trailers for headers, and reads the body of who offers an upgrade as the next request.
    """

    _waits: asyncio.TimerHandle | None = None
    _stuck: asyncio.TimerHandle | None = None
    _got = 0

    def connection_made(self, transport: Any) -> None:
        """Begin to wait."""
        super().connection_made(transport)
        self._waits = self.loop.call_later(_HEADERS_WITHIN, self._give_up)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        for timer in (self._waits, self._stuck):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take a piece; where no request began with it, count how many come and how long they take."""
        before = self.cycle
        if b"pgrade:" in data and self._is_between and not self._got:
            head, end, rest = data.partition(b"\r\n\r\n")
            data = _OFFER.sub(b"", head) + end + rest  # an offer that is not taken changes nothing (RFC 9110, 7.8)
        super().data_received(data)
        if self.cycle is not before:
            self._got = 0
            if self._waits is not None:
                self._waits.cancel()
                self._waits = None
            return
        self._got += len(data)
        if self._is_between and self._got > _MOST_HEADERS:
            self._refuse(431, "the headers are longer than this server takes")
        elif self._got > _MOST_SENT:
            self.transport.abort()
        elif self._waits is None and (before is None or before.response_complete):
            self._waits = self.loop.call_later(_HEADERS_WITHIN, self._give_up)

    @property
    def _is_between(self) -> bool:
        """Whether every request so far is answered and read to its end."""
        return self.cycle is None or (self.cycle.response_complete and not self.cycle.more_body)

    def on_headers_complete(self) -> None:
        """Begin a request; what is called a header behind its body is none of it."""
        super().on_headers_complete()
        self.headers = []

    def _unsupported_upgrade_warning(self) -> None:
        self.cycle.keep_alive = False  # the parser does not know where this request ends

    def _give_up(self) -> None:
        if self._got and self._is_between:
            self._refuse(408, "the headers did not come in time")
        elif not self.transport.is_closing():
            self.transport.close()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - it says nothing
        """Refuse what is no HTTP; what came whole before it gets its answer."""
        cycle = self.cycle
        if self.pipeline or not (cycle is None or cycle.response_complete or cycle.more_body):
            cycle.keep_alive = False
        else:
            self._refuse(400, "this is no HTTP that can be read")

    def _refuse(self, status: int, detail: str) -> None:
        """The last answer of this connection: to what is no request, or to one whose body cannot be read."""
        if self.transport.is_closing():
            return
        cycle = self.cycle
        if cycle is None or self._is_between:
            log.warning("%s to %s: %s", status, self.client[0] if self.client else "nobody", detail)
        if self._is_between or not cycle.response_started:
            answer = refused(status, detail, {"connection": "close"})
            headers = [*self.server_state.default_headers, *answer.raw_headers, *GUARDED]
            lines = (name + b": " + value + b"\r\n" for name, value in headers)
            self.transport.write(b"".join((STATUS_LINE[status], *lines, b"\r\n", answer.body)))
        self.transport.close()

    def pause_writing(self) -> None:
        """Begin to wait for who reads."""
        super().pause_writing()
        self._stuck = self.loop.call_later(_TAKEN_WITHIN, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on writing."""
        super().resume_writing()
        if self._stuck is not None:
            self._stuck.cancel()
