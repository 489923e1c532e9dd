"""What every request passes before the app: who may ask, what is at hand, how long and how much, and what is told of it.

One ASGI middleware: a class on top of each other would cost a prepared answer more than the answer itself.
"""

from __future__ import annotations

import asyncio
import itertools
import re
import secrets
import time
from collections.abc import Callable, Mapping

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from modelry.server.edition import Edition
from modelry.server.metrics import Metrics
from modelry.server.prepared import SLICE, Body, RawHeaders, Ready
from modelry.server.refusals import refused
from modelry.server.settings import Settings, is_loopback
from modelry.server.source import Source
from modelry.server.telling import Access

Headers = Mapping[bytes, bytes]

AtHand = Callable[[Edition, str], Body | None]
"""What an edition has ready for a path, or for what stands for the parameters of a route; None: the app makes it."""

_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_HERE = frozenset({b"localhost", b"127.0.0.1", b"[::1]"})
_LAST = {"connection": "close"}
_TOO_LARGE = "the body is larger than this server takes"
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}", re.ASCII)

POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
"""For whatever is no page."""

_ALWAYS = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
]
_POLICY = (b"content-security-policy", POLICY.encode("ascii"))
_EVERYBODY = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"ETag, X-Request-ID, X-Modelry-Left-Out"),
]
"""Reads are for pages of any origin. (The app's CORS middleware would look at a prepared answer for longer than we do.)"""

GUARDED = [*_ALWAYS, _POLICY]
"""What every answer but a page carries."""

_PREPARED = [*GUARDED, *_EVERYBODY]


class Front:
    """Refuses what is not meant for this server, sends what is at hand, bounds what is read, tells each request once."""

    def __init__(
        self, app: ASGIApp, settings: Settings, source: Source, at_hand: Mapping[str, AtHand], metrics: Metrics
    ) -> None:
        self.app = app
        self.settings = settings
        self.source = source
        self.exact = {route: find for route, find in at_hand.items() if "{" not in route}
        self.below = [(route.partition("{")[0], route, find) for route, find in at_hand.items() if "{" in route]
        self.metrics = metrics
        self.access = Access(settings.log_format)
        self.is_private = settings.bound_to_loopback and settings.token is None
        self._ids = map(f"{secrets.token_hex(4)}-%x".__mod__, itertools.count(1))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        headers: Headers = dict(scope["headers"])
        method: str = scope["method"]
        request_id = self._id_of(headers)
        status, size, route = 500, 0, "other"
        try:
            refusal = self._refusal(scope, headers)
            if refusal is None and (found := self._at_hand(method, scope)):
                body, route = found
                ready = body.answer(headers)
                status, size = ready.status_code, len(ready.body)
                await _send_ready(ready, request_id, send)
                return
            watched = _Watched(send, request_id)
            inner = dict(scope, request_id=request_id)
            try:
                await self._through(method, inner, receive, watched, refusal)
            finally:
                status, size = watched.status, watched.size
                route = getattr(inner.get("route"), "path", "other")
        finally:
            seconds = time.perf_counter() - began
            self.metrics.saw(method, route, status, seconds)
            self.access.tell(scope, request_id, status, size, seconds)

    async def _through(
        self, method: str, scope: Scope, receive: Receive, send: Send, refusal: tuple[int, str] | None
    ) -> None:
        if refusal is not None:
            await refused(*refusal, _LAST if refusal[0] in (400, 413) else None)(scope, receive, send)
            return
        if method == "HEAD":
            scope["method"] = "GET"  # the server itself drops the body
        await self.app(scope, receive if method in _READS else _Patient(receive, self.settings), send)

    def _id_of(self, headers: Headers) -> str:
        given = headers.get(b"x-request-id")
        return given.decode("ascii") if given and _REQUEST_ID.fullmatch(given) else next(self._ids)

    def _at_hand(self, method: str, scope: Scope) -> tuple[Body, str] | None:
        """What can be sent at once, and the route that it is of."""
        if scope["query_string"] or method not in ("GET", "HEAD"):
            return None
        path: str = scope["path"]
        if find := self.exact.get(path):
            edition = self.source.at_hand()
            body = find(edition, path) if edition else None
            return None if body is None else (body, path)
        for start, route, find_below in self.below:
            if path.startswith(start) and (edition := self.source.at_hand()):
                body = find_below(edition, path[len(start) :])
                return None if body is None else (body, route)
        return None

    def _refusal(self, scope: Scope, headers: Headers) -> tuple[int, str] | None:
        """The status and the reason where a request is not for this server, or no two readers would read it alike."""
        host, count = headers.get(b"host"), len(scope["headers"])
        if host is None and scope["http_version"] == "1.1":
            return 400, "a request says its Host"
        if len(headers) != count and sum(name == b"host" for name, _ in scope["headers"]) > 1:
            return 400, "a request has one Host"
        if self.is_private and not _is_here(host or b""):
            return 421, "this server answers to localhost alone: set MODELRY_WRITE_TOKEN to serve under other names"
        length = headers.get(b"content-length")
        if length is not None and int(length) > self.settings.body_bytes:
            return 413, _TOO_LARGE
        if scope["method"] in _READS:
            return None
        return _refusal_of_writing(headers, host or b"", is_twice=len(headers) != count)


def _refusal_of_writing(headers: Headers, host: bytes, *, is_twice: bool) -> tuple[int, str] | None:
    origin = headers.get(b"origin")
    if (origin is not None and not _same(origin.decode("latin-1"), host.decode("latin-1"))) or (
        headers.get(b"sec-fetch-site", b"none") not in (b"none", b"same-origin")
    ):
        return 403, "a page of another site may read here, not write"
    if is_twice:
        return 400, "a header stands twice"
    if headers.get(b"content-encoding", b"identity") != b"identity":
        return 415, "send the body as it is, without Content-Encoding"
    if headers.get(b"transfer-encoding", b"chunked").lower() != b"chunked":
        return 400, "send the body as it is: no Transfer-Encoding but chunked"
    return None


async def _send_ready(ready: Ready, request_id: str, send: Send) -> None:
    headers = [*ready.raw_headers, *_PREPARED, (b"x-request-id", request_id.encode("ascii"))]
    await send({"type": "http.response.start", "status": ready.status_code, "headers": headers})
    body = ready.body
    if len(body) <= SLICE:
        await send({"type": "http.response.body", "body": body})
    else:
        await ready.send_slices(send)


class _Watched:
    """A `send` that adds the headers of every answer, and remembers what was sent."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self._request_id = request_id.encode("ascii")
        self.status = 500
        self.size = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            sent: RawHeaders = list(message["headers"])
            has_policy = any(name == b"content-security-policy" for name, _ in sent)
            own = [*_ALWAYS, (b"x-request-id", self._request_id)] + ([] if has_policy else [_POLICY])
            message = {**message, "headers": sent + own}
        else:
            self.size += len(message.get("body", b""))
        await self._send(message)


def _is_here(host: bytes) -> bool:
    """Whether a Host is this machine by a name that no other site's DNS can claim."""
    name, colon, port = host.rpartition(b":")
    name = (name if colon and port.isdigit() else host).lower()
    return name in _HERE or is_loopback(name.decode("latin-1"))


def _same(origin: str, host: str) -> bool:
    scheme, mark, rest = origin.partition("://")
    return bool(mark) and scheme in ("http", "https") and bool(host) and rest.lower() == host.lower()


class _Patient:
    """A body's `receive` that waits so long for the whole of it and takes so much, and no longer and no more."""

    def __init__(self, receive: Receive, settings: Settings) -> None:
        self._receive = receive
        self._end = time.monotonic() + settings.body_seconds
        self._room = settings.body_bytes
        self._whole = False

    async def __call__(self) -> Message:
        if self._whole:  # what comes now is the end of the connection
            return await self._receive()
        try:
            async with asyncio.timeout(max(self._end - time.monotonic(), 0)):
                message = await self._receive()
        except TimeoutError:
            raise HTTPException(408, "the body did not come in time", headers=_LAST) from None
        if message["type"] == "http.disconnect":  # nobody hears this but the log
            raise HTTPException(400, "the connection ended before the body")
        self._room -= len(message.get("body", b""))
        if self._room < 0:
            raise HTTPException(413, _TOO_LARGE, headers=_LAST)
        self._whole = not message.get("more_body", False)
        return message
