"""Asking a provider for its own list of models: with the operator's key, page by page, patiently but not for ever.

The key goes to the host that the manifest names, and nowhere else: into no file, message or report.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

from modelry.errors import CatalogRejected
from modelry.fetch import Answered, Fetched, Limits, Unfit, fetch, need_httpx2, shown
from modelry.listings import AUTHS, SHAPES, following, names_in
from modelry.records import Listing, Provider
from modelry.refresh.fetching import day_of, read, said_in

LIMITS = Limits(seconds=30.0, downloaded=8 * 2**20, body=16 * 2**20)
"""Of one page; the size is that of all of them too. The longest lists are of some hundred models."""

_LONGEST = 300.0
"""Seconds for all pages, with the pauses between them."""

PAUSES = (0.5, 1.0, 2.0)
"""Seconds before a provider is asked again that has a failure of its own, or is asked too much."""

PATIENCE = 60.0
"""The longest pause that a provider may ask for; who asks for more is left alone."""

_MOST_PAGES = 100
_MOST_NAMES = 10_000
_HINTS = {
    401: "is the key in {env} one of this provider, and still good?",
    403: "may the key in {env} list models?",
    404: "is `listing` in the manifest of this provider still right?",
    429: "it is asked too much now; try again later",
}


class Answer(NamedTuple):
    """What a provider lists: names and the capabilities that it states of each; where it said so, and on which day."""

    models: Mapping[str, frozenset[str]]
    source: str
    day: str


def ask(provider: Provider, day: str | None = None, tell: Callable[[str], None] = lambda _: None) -> Answer:
    """What the provider lists now; `day` in the place of the answer's own. Raises CatalogRejected with what to do."""
    listing = _listing(provider)
    headers = _headers(provider, listing)
    need_httpx2(listing.url)
    try:
        return _asked(listing, headers, day, tell)
    except Answered as error:
        hint = _HINTS.get(error.status, "try again later").format(env=" or ".join(provider.env))
        raise CatalogRejected(provider.id, f"{shown(listing.url)} {error}: {hint}") from None
    except (Unfit, ValueError) as error:
        raise CatalogRejected(provider.id, f"{shown(listing.url)} {error}") from None


def saved(provider: Provider, path: Path, day: str | None = None) -> Answer:
    """What a saved answer lists, of `day` or else of today; raises CatalogRejected."""
    listing, said = _listing(provider), read(path)
    names: dict[str, frozenset[str]] = {}
    try:
        _take(names, listing, said)
        rest = following(SHAPES[listing.shape], said)
    except ValueError as error:
        raise CatalogRejected(provider.id, f"{path.name} {error}") from None
    if rest:
        raise CatalogRejected(provider.id, f"{path.name} is one page of several: ask for a page long enough for all")
    return Answer(names, path.name, day or _today())


def _today() -> str:
    return datetime.now(UTC).date().isoformat()


def _listing(provider: Provider) -> Listing:
    if provider.listing is None:
        reason = (
            f"its manifest says no listing: write `listing: {{url: …, shape: …}}` into v1/providers/{provider.id}.yaml"
        )
        raise CatalogRejected(provider.id, reason)
    return provider.listing


def _headers(provider: Provider, listing: Listing) -> dict[str, str]:
    shape = SHAPES[listing.shape]
    way = AUTHS[listing.auth or shape.auth]
    if way is None:
        return dict(shape.headers)
    header, before = way
    held = ((name, os.environ.get(name, "").strip()) for name in provider.env)
    name, key = next(((name, key) for name, key in held if key), (None, ""))
    if name is None:
        told = f"set {' or '.join(provider.env)}" if provider.env else "name its variable under `env` in the manifest"
        raise CatalogRejected(provider.id, f"asking for its models needs a key: {told}")
    if not (key.isascii() and key.isprintable()):  # what the network says of a wrong header repeats it
        raise CatalogRejected(provider.id, f"{name} holds characters that no key has: set it again")
    return {**shape.headers, header: before + key}


def _asked(listing: Listing, headers: Mapping[str, str], day: str | None, tell: Callable[[str], None]) -> Answer:
    """All pages of a list as one answer; a list without its last page is none. Raises Unfit or ValueError."""
    shape = SHAPES[listing.shape]
    until, size = time.monotonic() + _LONGEST, 0
    names: dict[str, frozenset[str]] = {}
    seen: list[Mapping[str, str]] = []
    page: dict[str, str] = {}
    while page not in seen and len(seen) < _MOST_PAGES:
        seen.append(page)
        fetched = _fetched(_with_query(listing.url, {**shape.query, **page}), headers, tell)
        said = said_in(fetched)
        _take(names, listing, said)
        if not (page := following(shape, said)):
            return Answer(names, shown(listing.url), day or day_of(fetched) or _today())
        size += len(fetched.body)
        if size > LIMITS.body or time.monotonic() > until:
            raise Unfit(f"has more pages than fit into {LIMITS.body:,} bytes and {_LONGEST:g} s")
        tell(f"page {len(seen) + 1}")
    raise Unfit("has pages without end")


def _with_query(url: str, query: Mapping[str, str]) -> str:
    return f"{url}{'&' if '?' in url else '?'}{urlencode(query)}" if query else url


def _fetched(url: str, headers: Mapping[str, str], tell: Callable[[str], None]) -> Fetched:
    """A page, asked for again after a pause where the trouble is the provider's own or passes."""
    for pause in PAUSES:
        try:
            return fetch(url, LIMITS, secret=headers)
        except Answered as error:
            wait = _wait(error, pause)
            if wait is None:
                raise
            tell(f"{error}; asking again in {wait:g} s")
            time.sleep(wait)
    return fetch(url, LIMITS, secret=headers)


def _wait(error: Answered, pause: float) -> float | None:
    """Seconds to wait before asking again; None where that is of no use."""
    if not (error.status == 429 or error.status >= 500):
        return None
    wished = _seconds(error.retry_after)
    if wished is None:
        return pause
    return wished if wished <= PATIENCE else None


def _seconds(retry_after: str | None) -> float | None:
    """What a Retry-After header asks for: seconds, or a date."""
    text = retry_after or ""
    if re.fullmatch(r"\d{1,9}", text, re.ASCII):
        return float(text)
    try:
        return max((parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds(), 0.0)
    except (ValueError, TypeError, OverflowError):
        return None


def _take(names: dict[str, frozenset[str]], listing: Listing, said: Any) -> None:
    """Add the names of a page; one that stands twice can what it can both times. ValueError where there are none."""
    for name, can in names_in(SHAPES[listing.shape], said):
        names[name] = names.get(name, can) & can
        if len(names) > _MOST_NAMES:
            raise ValueError(f"lists more than {_MOST_NAMES:,} models")
    if not names:
        raise ValueError("lists no model")
