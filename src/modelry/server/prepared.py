"""Answers made once and sent many times: the bytes, their gzip, their validators, and the headers of each."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from hashlib import sha256

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

RawHeaders = list[tuple[bytes, bytes]]

_WORTH_PACKING = 1_400
"""Bytes: what fits into one packet arrives no sooner for being smaller."""

_BESIDES = 1_500
"""Bytes that a body's headers and objects take besides its data: of a short answer they are most of it."""

SLICE = 2**20
"""Bytes handed over at once: a slow reader of a large body holds no more than this."""


class Ready(Response):
    """A response whose headers are put together already."""

    def __init__(self, status: int, headers: RawHeaders, body: bytes) -> None:
        self.status_code = status
        self.raw_headers = headers
        self.body = body
        self.background = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Send it, large bodies by slices."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await self.send_slices(send)

    async def send_slices(self, send: Send) -> None:
        """Send the body, each slice when the one before is on its way; views, so that who does not read holds no copy."""
        body = memoryview(self.body)
        for start in range(0, max(len(body), 1), SLICE):
            more = start + SLICE < len(body)
            await send({"type": "http.response.body", "body": body[start : start + SLICE], "more_body": more})


class Body:
    """One representation of something, in every encoding that it is sent in.

    `tag` is what its ETag says: strong, and another one for the gzip, whose bytes are others.
    """

    def __init__(
        self,
        data: bytes,
        tag: str | None = None,
        *,
        media: str = "application/json",
        headers: Iterable[tuple[str, str]] = (),
        pack: bool = True,
    ) -> None:
        self.tag = tag or sha256(data).hexdigest()
        self._headers: RawHeaders = [
            (b"cache-control", b"no-cache"),
            (b"vary", b"accept-encoding"),
            (b"content-type", media.encode("ascii")),
            *((name.lower().encode("ascii"), value.encode("ascii")) for name, value in headers),
        ]
        self._plain = _answers(data, self.tag, self._headers)
        self._packed: tuple[Ready, Ready] | None = None if len(data) >= _WORTH_PACKING else self._plain
        if pack:
            self.pack()

    def pack(self) -> None:
        """Make the gzip too; until then everybody gets the plain bytes."""
        if self._packed is None:
            data = zlib.compress(self._plain[0].body, 6, wbits=31)
            encoding = (b"content-encoding", b"gzip")
            self._packed = _answers(data, f"{self.tag}-gzip", [*self._headers, encoding])

    @property
    def is_packed(self) -> bool:
        """Whether the gzip is there, or not worth it."""
        return self._packed is not None

    @property
    def size(self) -> int:
        """Bytes that it holds."""
        packed = 0 if self._packed in (None, self._plain) else len(self._packed[0].body)
        return len(self._plain[0].body) + packed + _BESIDES

    def answer(self, headers: Mapping[bytes, bytes]) -> Ready:
        """What a request with these headers gets: the whole, packed where it may be, or 304."""
        packed = self._packed
        chosen = packed if packed and takes_gzip(headers.get(b"accept-encoding", b"")) else self._plain
        known = headers.get(b"if-none-match")
        return chosen[1] if known and _matches(known, self.tag.encode("ascii")) else chosen[0]


def _answers(data: bytes, tag: str, headers: RawHeaders) -> tuple[Ready, Ready]:
    """The whole answer, and the one that says that nothing changed."""
    etag = f'"{tag}"'.encode("ascii")
    length = (b"content-length", str(len(data)).encode("ascii"))
    validators = [header for header in headers if header[0] not in (b"content-type", b"content-encoding")]
    return Ready(200, [*headers, (b"etag", etag), length], data), Ready(304, [*validators, (b"etag", etag)], b"")


def takes_gzip(accepted: bytes) -> bool:
    """Whether an Accept-Encoding allows gzip."""
    if accepted.startswith(b"gzip,") or accepted == b"gzip":
        return True
    for part in accepted.lower().split(b","):
        coding, _, weight = part.partition(b";")
        if coding.strip() in (b"gzip", b"*"):
            return weight.replace(b" ", b"").rstrip(b"0") not in (b"q=", b"q=.", b"q=0.")
    return False


def _matches(known: bytes, tag: bytes) -> bool:
    """Whether one of the entity tags of an If-None-Match is of this content, in whatever encoding (RFC 9110, 13.1.2)."""
    if known == b"*":
        return True
    return any(_bare(part) == tag for part in known.split(b","))


def _bare(tag: bytes) -> bytes:
    return tag.strip().removeprefix(b"W/").strip(b'"').removesuffix(b"-gzip")


def seen_tag(header: str) -> str:
    """The version that an If-Match names: without quotes and what tells encodings apart."""
    return _bare(header.encode("latin-1", "replace")).decode("latin-1")
