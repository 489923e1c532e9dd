"""Copies of catalogues at URLs: fetched, judged before they are believed, and kept.

Two shapes are known by what they look like: a catalogue of modelry and LiteLLM's model cost map. The rules are those of
seed 1: a non-empty object, enough models, no sudden shrink; and no catalogue that is older than the one we have.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property, lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from modelry import places
from modelry.atomic import write_whole
from modelry.errors import CatalogRejected
from modelry.fetch import Fetched, Limits, Unfit, brief, fetch
from modelry.formats import litellm
from modelry.jsontext import loads, strict
from modelry.snapshot import BUNDLED, Snapshot

T = TypeVar("T")


class Guards(NamedTuple):
    """When a catalogue that is whole is still not believed (seed 1)."""

    min_models: int = 50
    max_shrink: float = 0.5

    @classmethod
    def from_environment(cls) -> Guards:
        """As `MODEL_COST_MAP_MIN_MODEL_COUNT` and `MODEL_COST_MAP_MAX_SHRINK_RATIO` say.

        Raises CatalogRejected where one of them is no such number: a guard that somebody set and mistyped must not
        become another guard.
        """
        return cls(
            _setting("MODEL_COST_MAP_MIN_MODEL_COUNT", int, cls().min_models, "a whole number from 0", None),
            _setting("MODEL_COST_MAP_MAX_SHRINK_RATIO", float, cls().max_shrink, "a number from 0 to 1", 1),
        )


def _setting(name: str, read: Callable[[str], T], default: T, due: str, most: float | None) -> T:
    text = os.environ.get(name, "").strip()
    if not text:
        return default
    try:
        value: Any = read(text)
        if value >= 0 and (most is None or value <= most):
            return value  # type: ignore[no-any-return]
    except ValueError:
        pass
    raise CatalogRejected(name, f"{text[:40]!r} is no limit; give {due}, or unset it for {default}")


@dataclass(frozen=True)
class Copy:
    """A body that passed, and what is known of it."""

    body: bytes
    shape: str
    """modelry or litellm."""
    models: int
    last_updated: str | None
    """The day that the catalogue itself names."""
    day: str
    """The day of the fetch."""
    etag: str | None
    last_modified: str | None

    @cached_property
    def data(self) -> Any:
        """What the body says, numbers exact."""
        return _parsed(self.body)


def latest(url: str, copy: Copy | None, guards: Guards, limits: Limits) -> Copy:
    """What the URL serves now, judged; `copy` itself where that is still it. Raises Unfit."""
    if copy is None:
        return _judged(fetch(url, limits), None, guards)
    fetched = fetch(url, limits, etag=copy.etag, last_modified=copy.last_modified)
    return copy if fetched is None else _judged(fetched, copy, guards)


# ---- judge -----------------------------------------------------------------------------------------------------------


def _judged(fetched: Fetched, copy: Copy | None, guards: Guards) -> Copy:
    """What was fetched, if it is to be believed: compared with the last good copy of its kind, else with the bundle."""
    today = datetime.now(UTC).date()
    data = _parsed(fetched.body)
    shape, models = _shape(data)
    last_updated = _day(data["last_updated"], today) if shape == "modelry" else None
    new = Copy(fetched.body, shape, models, last_updated, today.isoformat(), fetched.etag, fetched.last_modified)
    new.__dict__["data"] = data  # what the cached property would parse again
    like = copy if copy and copy.shape == shape else None
    _enough(models, like.models if like else bundled_count(shape), guards)
    newest = like.last_updated if like else bundled_day()
    if last_updated and newest and last_updated < newest:
        raise Unfit(f"is of {last_updated}, older than {'the copy' if like else 'the bundled catalogue'} of {newest}")
    return new


def _enough(models: int, before: int, guards: Guards) -> None:
    if models < max(guards.min_models, 1):
        raise Unfit(f"has {models} models, fewer than {guards.min_models} (MODEL_COST_MAP_MIN_MODEL_COUNT)")
    if before - models > guards.max_shrink * before:
        raise Unfit(
            f"shrank from {before} models to {models}, by more than {guards.max_shrink:.0%}"
            " (MODEL_COST_MAP_MAX_SHRINK_RATIO)"
        )


def _shape(data: Any) -> tuple[str, int]:
    """Which of the shapes it is, and how many models it has; entries about the map itself are not counted."""
    if not isinstance(data, dict):
        raise Unfit(f"is no JSON object but {'a list' if isinstance(data, list) else 'a bare value'}")
    if not data:
        raise Unfit("is an empty object")
    if isinstance(data.get("models"), list) and "last_updated" in data:
        return "modelry", len(data["models"])
    named = (fields for key, fields in data.items() if key not in litellm.NOT_MODELS and isinstance(fields, dict))
    models = sum(isinstance(fields.get("litellm_provider"), str) for fields in named)
    if not models:
        raise Unfit("is neither a catalogue of modelry nor a LiteLLM model cost map")
    return "litellm", models


def _day(value: object, today: date) -> str:
    try:
        day = date.fromisoformat(str(value))
    except ValueError:
        raise Unfit("does not say on which day it was last updated") from None
    if day > today + timedelta(days=1):  # believed, it would make every honest catalogue after it an older one
        raise Unfit(f"says that it is of {day}, which has not come yet")
    return day.isoformat()


def _parsed(body: bytes) -> Any:
    try:
        return strict(body)
    except ValueError as error:
        kind = "is a page of HTML" if body.lstrip()[:1] == b"<" else "is no JSON"
        raise Unfit(f"{kind}: {brief(error)}") from None


# ---- keep ------------------------------------------------------------------------------------------------------------


def folder() -> Path:
    """Copies and their snapshots, for the user's eyes alone: what a team negotiated may be among them."""
    folder = places.cache_folder() / "remote"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def name_of(url: str) -> str:
    """The name of the files of a URL."""
    return sha256(url.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def kept(url: str) -> Copy | None:
    """The last good copy from this URL; None where there is none, or none that is whole."""
    try:
        digest, _, rest = (folder() / f"{name_of(url)}.copy").read_bytes().partition(b"\n")
        if sha256(rest).hexdigest().encode() != digest:
            return None
        head, _, body = rest.partition(b"\n")
        return Copy(body=body, **json.loads(head))
    except (OSError, ValueError, TypeError, CatalogRejected):  # the last where there is no cache at all
        return None


def keep(url: str, copy: Copy) -> None:
    """Keep the copy as the last good one: body, validators and hash in one file, so that they are always of one fetch."""
    head = asdict(copy)
    body = head.pop("body")
    rest = json.dumps(head).encode() + b"\n" + body
    with contextlib.suppress(OSError, CatalogRejected):  # a full disk is no reason to withhold what was fetched
        write_whole(folder() / f"{name_of(url)}.copy", sha256(rest).hexdigest().encode() + b"\n" + rest)


# ---- the bundle, as what others are compared with ----------------------------------------------------------------------


@contextlib.contextmanager
def opened_bundle() -> Iterator[Snapshot]:
    """The packaged catalogue."""
    snapshot = Snapshot(BUNDLED)
    try:
        yield snapshot
    finally:
        snapshot.close()


@lru_cache(maxsize=2)
def bundled_count(shape: str) -> int:
    """How many models of a shape the bundle holds: like is counted with like, LiteLLM's map with what came from it."""
    with opened_bundle() as bundle:
        if shape == "modelry":
            return int(bundle.meta()["models"])
        said = [loads(text).get(litellm.SOURCE, {}) for (text,) in bundle.rows("SELECT extensions FROM models") if text]
        keys = sum(("key" in one) + len(one.get("hints", {}).get("keys", {})) for one in said)
        return keys or int(bundle.meta()["models"])


def bundled_day() -> str | None:
    """The newest day in the bundle."""
    with opened_bundle() as bundle:
        return bundle.rows("SELECT max(last_updated) FROM models")[0][0]  # type: ignore[no-any-return]
