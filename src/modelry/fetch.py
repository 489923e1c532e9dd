"""Fetch a body by http(s) within limits of time and size: the one place where modelry touches the network."""

from __future__ import annotations

import contextlib
import re
import time
import zlib
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, NamedTuple, TypeVar, overload

from modelry import __version__
from modelry.errors import CatalogRejected

if TYPE_CHECKING:
    import ssl

    import httpx2

T = TypeVar("T")


class Limits(NamedTuple):
    """How much a fetch may take before it is given up."""

    seconds: float = 10.0
    """The whole of it: name lookup, redirects and body."""
    downloaded: int = 32 * 2**20
    """Bytes of the body as it is sent. (LiteLLM's map has 3 MiB, compressed a tenth of that.)"""
    body: int = 64 * 2**20
    """Bytes of the body unpacked."""
    redirects: int = 5


LIMITS = Limits()


class Unfit(Exception):
    """Why what was fetched, or the attempt, is given up."""


class Answered(Unfit):
    """An answer that brings no body: its status, and when to ask again where it says so."""

    def __init__(self, status: int, retry_after: str | None) -> None:
        self.status = status
        self.retry_after = retry_after
        super().__init__(f"answered {status}")


class Fetched(NamedTuple):
    """A body and its validators."""

    body: bytes
    etag: str | None
    last_modified: str | None
    date: str | None = None
    """When the server says that it answered."""


def shown(url: str) -> str:
    """A URL as it may be told to anybody: without user, password, query and fragment."""
    scheme, mark, rest = url.partition("://")
    if not mark:
        return "what is no URL"
    hidden, at, rest = rest.rpartition("@")  # the last one: a password may hold more of them, and slashes
    plain = "".join(c if c.isprintable() else "?" for c in re.split(r"[?#]", rest)[0])
    return f"{scheme[:8]}://{'***' if hidden else ''}{at}{plain[:200]}"


def brief(error: Exception) -> str:
    """An error in one line of text that may be told to anybody."""
    text = error.reason if isinstance(error, CatalogRejected) else f"{type(error).__name__}: {error}"
    return text if len(text) <= 200 else f"{text[:197]}..."


def need_httpx2(url: str) -> None:
    """Raises CatalogRejected that says what to install."""
    try:
        import httpx2  # noqa: F401
    except ImportError:
        raise CatalogRejected(shown(url), "a catalogue at a URL needs httpx2: pip install 'modelry[refresh]'") from None


@overload
def fetch(url: str, limits: Limits, *, secret: Mapping[str, str] | None = None) -> Fetched: ...
@overload
def fetch(url: str, limits: Limits, *, etag: str | None, last_modified: str | None) -> Fetched | None: ...
def fetch(
    url: str,
    limits: Limits,
    *,
    etag: str | None = None,
    last_modified: str | None = None,
    secret: Mapping[str, str] | None = None,
) -> Fetched | None:
    """What the URL serves; None where it still serves what has these validators. Raises Unfit.

    The headers of `secret` are for its host alone: a redirect to another one is not followed with them.
    """
    import httpx2

    headers = {
        **(secret or {}),
        "Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": f"modelry/{__version__}",
        **({"If-None-Match": etag} if etag else {}),
        **({"If-Modified-Since": last_modified} if last_modified else {}),
    }  # fmt: skip
    try:
        address = _address(url)
        with httpx2.Client(timeout=limits.seconds, verify=_trusted()) as client:
            # The password goes into a header: httpx2 logs the URL of every request.
            request = client.build_request("GET", address.copy_with(username=None, password=None), headers=headers)
            if address.userinfo:
                request = next(httpx2.BasicAuth(address.username, address.password).auth_flow(request))
            return _within(limits.seconds, partial(_download, client, request, limits, stay=bool(secret)))
    except Unfit:
        raise
    except httpx2.InvalidURL:
        raise Unfit("is no URL that can be read") from None
    except httpx2.TimeoutException:
        raise Unfit(_too_slow(limits.seconds)) from None
    except Exception as error:  # besides httpx2's: no certificates, a proxy that needs another package
        raise Unfit(f"cannot be fetched: {brief(error)}") from error


def _address(url: str) -> httpx2.URL:
    import httpx2

    address = httpx2.URL(url)
    if address.scheme not in ("http", "https") or not address.host or (address.port or 0) > 65_535:
        raise Unfit("is no http or https URL")
    return address


@lru_cache(maxsize=1)
def _trusted() -> ssl.SSLContext:
    """The certificates that are trusted, read once: that takes longer than all the rest of a small fetch."""
    import httpx2

    return httpx2.create_ssl_context()


def _too_slow(seconds: float) -> str:
    return f"took longer than {seconds:g} s"


def _within(seconds: float, work: Callable[[], T]) -> T:
    """What `work` returns or raises, if it does in time.

    A thread, for no timeout of a socket bounds a name lookup or a server that sends a byte now and then. One that is
    late goes on alone until the caller has closed its connection.
    """
    answers: SimpleQueue[tuple[T | None, BaseException | None]] = SimpleQueue()

    def run() -> None:
        try:
            answers.put((work(), None))
        except BaseException as error:  # noqa: BLE001 - raised again by the thread that waits
            answers.put((None, error))

    Thread(target=run, name="modelry-fetch", daemon=True).start()
    try:
        made, error = answers.get(timeout=seconds)
    except Empty:
        raise Unfit(_too_slow(seconds)) from None
    if error is not None:
        raise error
    return made  # type: ignore[return-value]


def _download(client: httpx2.Client, request: httpx2.Request, limits: Limits, *, stay: bool = False) -> Fetched | None:
    until = time.monotonic() + limits.seconds
    asked = {"if-none-match", "if-modified-since"} & set(request.headers)
    for _ in range(limits.redirects + 1):
        response = client.send(request, stream=True, follow_redirects=False)
        with contextlib.closing(response):
            if response.has_redirect_location:
                request = _next(request, response, stay=stay)
            elif response.status_code == 304 and asked:
                return None
            elif response.status_code == 200:
                body = _body(response, limits, until)
                return Fetched(body, *(_validator(response, name) for name in ("ETag", "Last-Modified", "Date")))
            else:
                raise Answered(response.status_code, _validator(response, "Retry-After"))
    raise Unfit(f"redirects more than {limits.redirects} times")


def _validator(response: httpx2.Response, name: str) -> str | None:
    """A header to send back with the next request; one that no header may hold would spoil every later fetch."""
    value: str = response.headers.get(name, "")
    return value if value.isascii() and value.isprintable() and len(value) <= 1_000 else None


def _next(request: httpx2.Request, response: httpx2.Response, *, stay: bool) -> httpx2.Request:
    """The request that a redirect asks for. (httpx2 drops the password where another host is meant.)"""
    following = response.next_request
    if following is None or following.url.scheme not in ("http", "https"):
        raise Unfit("redirects to what is no http or https URL")
    if (request.url.scheme, following.url.scheme) == ("https", "http"):
        raise Unfit("redirects from https to http")
    if stay and following.url.netloc != request.url.netloc:
        raise Unfit("redirects to another host, which is not told the key")
    return following


def _body(response: httpx2.Response, limits: Limits, until: float) -> bytes:
    """The unpacked body; stops as soon as it is too long, late or not what its encoding says."""
    encoding = response.headers.get("Content-Encoding", "identity").lower()
    if encoding not in ("identity", "gzip"):
        raise Unfit(f"sends {encoding[:40]!r}, which was not asked for")
    unpack = zlib.decompressobj(wbits=31) if encoding == "gzip" else None
    body = bytearray()
    downloaded = 0
    try:
        for chunk in response.iter_raw():
            downloaded += len(chunk)
            body += unpack.decompress(chunk, limits.body + 1 - len(body)) if unpack else chunk
            if downloaded > limits.downloaded or len(body) > limits.body:
                raise Unfit(f"sends more than {_size(limits.body if len(body) > limits.body else limits.downloaded)}")
            if time.monotonic() > until:
                raise Unfit(_too_slow(limits.seconds))
    except zlib.error:
        raise Unfit("sends broken gzip") from None
    if unpack and (not unpack.eof or unpack.unused_data):
        raise Unfit("sends gzip that does not end where the body does")
    return bytes(body)


def _size(count: int) -> str:
    return f"{count / 2**20:g} MiB" if count >= 2**20 else f"{count:,} bytes"
