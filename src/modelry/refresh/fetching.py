"""The body of a feed, from its URL or from a file: strict JSON, all of its pages, and the day on which it said so."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urljoin, urlsplit

from modelry.catalog.feeds import FORMATS
from modelry.errors import CatalogRejected
from modelry.fetch import Fetched, Limits, Unfit, fetch, need_httpx2, shown
from modelry.jsontext import strict

LIMITS = Limits(seconds=60.0)
"""Of one page, and before the next one of all so far. Feeds are megabytes, and nobody waits for a refresh."""

_MOST_PAGES = 200
_URL = re.compile(r"https?://", re.IGNORECASE)


class Body(NamedTuple):
    """What a feed said, and on which day (YYYY-MM-DD)."""

    source: str
    said: Any
    day: str


def body_of(source: str, place: str | None, day: str | None, tell: Callable[[str], None]) -> Body:
    """The whole body of a feed from a URL or a file; None is the feed's own address.

    `day` is when it said so; else the HTTP date of the answer, or today for a file. `tell` hears of each page. Raises
    CatalogRejected with the reason.
    """
    place = place or FORMATS[source].url
    today = datetime.now(UTC).date().isoformat()
    if not _URL.match(place):
        return Body(source, read(Path(place)), day or today)
    need_httpx2(place)
    try:
        said, dated = _pages(place, tell)
    except Unfit as error:
        raise CatalogRejected(source, f"{shown(place)} {error}") from None
    return Body(source, said, day or dated or today)


def read(path: Path) -> Any:
    """What a file says in strict JSON; raises CatalogRejected."""
    try:
        return strict(path.read_bytes())
    except OSError as error:
        raise CatalogRejected(str(path), f"{path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise CatalogRejected(str(path), f"{path} is no JSON: {error}") from None


def _pages(url: str, tell: Callable[[str], None]) -> tuple[Any, str | None]:
    """The pages of a body as one: `links.next` leads on. A body of several pages without its last one is none."""
    start = time.monotonic()
    first = fetch(url, LIMITS)
    size = len(first.body)
    said = whole = said_in(first)
    seen = {url}
    while following := _next(url, said):
        url = following
        if url in seen or len(seen) >= _MOST_PAGES:
            raise Unfit("has pages without end")
        if size > LIMITS.body or time.monotonic() - start > LIMITS.seconds:
            raise Unfit(f"has more pages than fit into {LIMITS.body:,} bytes and {LIMITS.seconds:g} s")
        seen.add(url)
        tell(f"page {len(seen)}")
        fetched = fetch(url, LIMITS)
        size += len(fetched.body)
        said = said_in(fetched)
        if not isinstance(said, dict) or not isinstance(said.get("data"), list):
            raise Unfit(f"has a page {len(seen)} without a list `data`")
        whole = {**whole, "data": [*whole["data"], *said["data"]]}
    return whole, day_of(first)


def said_in(fetched: Fetched) -> Any:
    """What a body says in strict JSON; raises Unfit."""
    try:
        return strict(fetched.body)
    except ValueError as error:
        kind = "is a page of HTML" if fetched.body.lstrip()[:1] == b"<" else "is no JSON"
        raise Unfit(f"{kind}: {error}") from None


def _next(url: str, said: Any) -> str | None:
    """The address of the next page, on the same host."""
    links = said.get("links") if isinstance(said, dict) else None
    following = links.get("next") if isinstance(links, dict) else None
    if not isinstance(following, str) or not following or not isinstance(said.get("data"), list):
        return None
    following = urljoin(url, following)
    if urlsplit(following)[:2] != urlsplit(url)[:2]:
        raise Unfit("leads to another host for its next page")
    return following


def day_of(fetched: Fetched) -> str | None:
    """The day of the answer's Date header; raises Unfit where it has not come yet."""
    try:
        day = parsedate_to_datetime(fetched.date or "").astimezone(UTC).date()
    except (ValueError, OverflowError):
        return None
    if day > datetime.now(UTC).date() + timedelta(
        days=1
    ):  # believed, it would make every honest feed after it an older one
        raise Unfit(f"is of {day}, which has not come yet")
    return day.isoformat()
