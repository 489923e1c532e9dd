"""A catalogue at a URL: fetched, judged and kept; when that fails, what is at hand.

    fetch ──> judge ──> use ──> keep        304 Not Modified: the kept copy is used
      └─────────┴────────┴────> the last good copy, else the bundle, and one CatalogWarning that says why

Two shapes are known by what they look like: a catalogue of modelry and LiteLLM's model cost map. The rules are those of
seed 1: a non-empty object, enough models, no sudden shrink; and no catalogue that is older than the one we have.
The network is touched by `fetch` alone, and only when one of these functions is called.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cached_property, lru_cache, partial
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from modelry import __version__, places
from modelry import compile as compiler
from modelry.atomic import write_whole
from modelry.catalog import rows
from modelry.catalog.claims import Claim, claim_of
from modelry.catalog.fold import fold
from modelry.catalog.sound import sound
from modelry.catalog.unify import unify
from modelry.errors import CatalogRejected, CatalogWarning
from modelry.fetch import LIMITS, Fetched, Limits, Unfit, brief, fetch, need_httpx2, shown
from modelry.formats import litellm
from modelry.formats.litellm_fields import plainly
from modelry.jsontext import loads
from modelry.records import Model, Provider
from modelry.snapshot import BUNDLED, VERSION, Snapshot

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


_LOCAL = ("MODELRY_LOCAL_MODEL_COST_MAP", "LITELLM_LOCAL_MODEL_COST_MAP")


def _is_local() -> bool:
    return any(os.environ.get(name, "").strip().lower() in {"1", "true", "yes", "on"} for name in _LOCAL)


# ---- the two faces ---------------------------------------------------------------------------------------------------


def get_model_cost_map(url: str, *, limits: Limits = LIMITS) -> dict[str, Any]:
    """LiteLLM's model cost map from a URL that serves one, or that serves a catalogue of modelry.

    A new dict each time: changing it changes nothing else. Prices are floats in USD per unit, as LiteLLM has them. It
    is asked for at every call; an answer that nothing changed costs no download. Where the fetch fails or what comes
    is not to be believed, the last good copy from this URL is returned, else the bundled map, with one CatalogWarning.
    `MODELRY_LOCAL_MODEL_COST_MAP` or `LITELLM_LOCAL_MODEL_COST_MAP` set to true means the bundled map at once.

    Raises CatalogRejected only for what no fallback mends: httpx2 is not installed, or a limit of the environment is
    no number.
    """
    return _bundled_map() if _is_local() else _obtain(url, _map_of, _bundled_map, limits)


def snapshot_at(url: str, *, limits: Limits = LIMITS) -> str:
    """The path of a snapshot of the catalogue at a URL, compiled once for each content; fails as the other face does.

    A model cost map gets from the bundle what it cannot say and names need: who made a model, and its aliases.
    """
    return BUNDLED if _is_local() else _obtain(url, partial(_snapshot_of, url), lambda: BUNDLED, limits)


# ---- fetch, judge, use, keep -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Copy:
    """A body that passed, and what is known of it."""

    body: bytes
    shape: str
    models: int
    last_updated: str | None
    day: str
    etag: str | None
    last_modified: str | None

    @cached_property
    def data(self) -> Any:
        return _parsed(self.body)


def _obtain(url: str, use: Callable[[_Copy], T], bundled: Callable[[], T], limits: Limits) -> T:
    guards = Guards.from_environment()
    need_httpx2(url)
    copy = _kept(url)
    try:
        current = _current(url, copy, guards, limits)
        made = _used(use, current)
    except Unfit as error:
        why = str(error)
    else:
        if current is not copy:
            _keep(url, current)
        return made
    if copy is not None:
        with contextlib.suppress(Unfit):
            made = _used(use, copy)
            _warn(f"{shown(url)} {why}; using the copy of {copy.day}")
            return made
    _warn(f"{shown(url)} {why}; using the bundled catalogue")
    return bundled()


def _current(url: str, copy: _Copy | None, guards: Guards, limits: Limits) -> _Copy:
    fetched = fetch(url, limits, etag=copy.etag, last_modified=copy.last_modified) if copy else fetch(url, limits)
    if fetched is not None:
        return _judged(fetched, copy, guards)
    if copy is None:
        raise Unfit("answered 304")
    return copy


def _used(use: Callable[[_Copy], T], copy: _Copy) -> T:
    try:
        return use(copy)
    except Exception as error:  # whatever it is that nobody foresaw: there is a fallback, and the warning tells
        raise Unfit(f"cannot be used: {brief(error)}") from error


def _warn(text: str) -> None:
    """One warning that points at the first caller outside of this package, however it came here."""
    here = os.path.dirname(os.path.abspath(__file__)) + os.sep  # noqa: PTH100, PTH120 - frames hold plain text
    frame = sys._getframe(1)
    while frame.f_back and (frame.f_code.co_filename.startswith((here, "<frozen importlib"))):
        frame = frame.f_back
    names = frame.f_globals
    seen = names.setdefault("__warningregistry__", {})
    warnings.warn_explicit(
        text, CatalogWarning, frame.f_code.co_filename, frame.f_lineno, names.get("__name__", "?"), seen
    )


# ---- judge -----------------------------------------------------------------------------------------------------------


def _judged(fetched: Fetched, copy: _Copy | None, guards: Guards) -> _Copy:
    """What was fetched, if it is to be believed: compared with the last good copy of its kind, else with the bundle."""
    today = datetime.now(UTC).date()
    data = _parsed(fetched.body)
    shape, models = _shape(data)
    last_updated = _day(data["last_updated"], today) if shape == "modelry" else None
    new = _Copy(fetched.body, shape, models, last_updated, today.isoformat(), fetched.etag, fetched.last_modified)
    new.__dict__["data"] = data  # what the cached property would parse again
    like = copy if copy and copy.shape == shape else None
    _enough(models, like.models if like else _bundled_count(shape), guards)
    newest = like.last_updated if like else _bundled_day()
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
    """JSON with exact numbers; stricter than the format where a careless reader would take a wrong price."""
    try:
        return json.loads(body, parse_float=_number, parse_constant=_refused, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        kind = "is a page of HTML" if body.lstrip()[:1] == b"<" else "is no JSON"
        raise Unfit(f"{kind}: {brief(error)}") from None


def _number(text: str) -> Decimal:
    number = Decimal(text)
    if abs(number.adjusted()) > 60:  # 1e999999999 would be written out in a gigabyte of zeros
        raise ValueError(f"{text[:40]} is no number to count with")
    return number


def _refused(name: str) -> Any:
    raise ValueError(f"{name} is no number")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = Counter(key for key, _ in pairs).most_common(1)[0][0]
        raise ValueError(f"{twice[:80]!r} stands twice in one object")
    return found


# ---- keep ------------------------------------------------------------------------------------------------------------


def _folder() -> Path:
    """Copies and their snapshots, for the user's eyes alone: what a team negotiated may be among them."""
    folder = places.cache_folder() / "remote"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _name(url: str) -> str:
    return sha256(url.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _kept(url: str) -> _Copy | None:
    """The last good copy from this URL; None where there is none, or none that is whole."""
    try:
        digest, _, rest = (_folder() / f"{_name(url)}.copy").read_bytes().partition(b"\n")
        if sha256(rest).hexdigest().encode() != digest:
            return None
        head, _, body = rest.partition(b"\n")
        return _Copy(body=body, **json.loads(head))
    except (OSError, ValueError, TypeError, CatalogRejected):  # the last where there is no cache at all
        return None


def _keep(url: str, copy: _Copy) -> None:
    """Body, validators and hash in one file, so that they are always of one fetch."""
    head = asdict(copy)
    body = head.pop("body")
    rest = json.dumps(head).encode() + b"\n" + body
    with contextlib.suppress(OSError, CatalogRejected):  # a full disk is no reason to withhold what was fetched
        write_whole(_folder() / f"{_name(url)}.copy", sha256(rest).hexdigest().encode() + b"\n" + rest)


# ---- use -------------------------------------------------------------------------------------------------------------


def _map_of(copy: _Copy) -> dict[str, Any]:
    if copy.shape == "litellm":
        return plainly(copy.data)  # type: ignore[no-any-return]
    return litellm.write(rows.load(copy.body, "the catalogue").models, providers=_names(_bundled_providers()))


def _snapshot_of(url: str, copy: _Copy) -> str:
    with _bundle() as bundle:
        content = bundle.meta()["content"]
    key = rows.content_of(copy.body, content.encode(), f"{__version__} {VERSION}".encode())
    target = _folder() / f"{_name(url)}-{key[:32]}.sqlite"
    if not _is_whole(target):
        compiler.write(target, _models_of(copy), _bundled_providers(), key)
        write_whole(target.with_suffix(".sha256"), _digest(target).encode())
        _forget_others(target)
    return str(target)


def _is_whole(path: Path) -> bool:
    """Whether a snapshot is as it was written. (SQLite's own check does not see a flipped bit in a price.)"""
    try:
        return _digest(path) == path.with_suffix(".sha256").read_text("ascii")
    except (OSError, ValueError):
        return False


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _forget_others(target: Path) -> None:
    """Snapshots that this URL's earlier contents left; a day is enough for whoever is just about to open one."""
    for other in target.parent.glob(f"{target.name[:32]}-*"):
        with contextlib.suppress(OSError):
            if other.stem != target.stem and other.stat().st_mtime < time.time() - 86_400:
                other.unlink()


def _models_of(copy: _Copy) -> Sequence[Model]:
    if copy.shape == "modelry":
        return rows.load(copy.body, "the catalogue").models
    providers = _bundled_providers()
    manifests = {provider.id: provider for provider in providers}
    spellings = {spelling: provider.id for provider in providers for spelling in provider.spellings}
    offered = litellm.read(copy.data, providers=spellings | _names(providers), prose=False)
    left_out: list[str] = []  # one bad value never stops the rest; it is unknown then
    taken = (sound(model, left_out.append) for model in offered)
    said = [claim_of("litellm", model, copy.day) for model in taken if model]
    offerings = unify([*said, *_bundled_identities()], manifests)
    return [
        fold(claims, manifests.get(claims[0].provider), copy.day)
        for claims in offerings
        if any(claim.source == "litellm" for claim in claims)
    ]


# ---- the bundle ------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _bundle() -> Iterator[Snapshot]:
    snapshot = Snapshot(BUNDLED)
    try:
        yield snapshot
    finally:
        snapshot.close()


def _bundled_providers() -> list[Provider]:
    with _bundle() as bundle:
        return bundle.providers()


def _names(providers: Iterable[Provider]) -> dict[str, str]:
    return {name: provider.id for provider in providers for name in provider.names.get("litellm", ())}


def _bundled_identities() -> Iterator[Claim]:
    """What the bundle knows of its offerings besides limits and prices: who made them, and their other names."""
    fields = ("series", "base_model", "aliases")
    with _bundle() as bundle:
        for provider, model, series, base_model, aliases in bundle.rows(
            f"SELECT provider, model, {', '.join(fields)} FROM models"
        ):
            values = (series, base_model, tuple(loads(aliases)) if aliases else None)
            said = {field: value for field, value in zip(fields, values, strict=True) if value}
            yield Claim("bundle", provider, model, said)


def _bundled_map() -> dict[str, Any]:
    return json.loads(_bundled_text(datetime.now(UTC).date().isoformat()))  # type: ignore[no-any-return]


@lru_cache(maxsize=1)
def _bundled_text(day: str) -> str:
    """The bundle as a model cost map with the prices of a day; made once, for it takes a second."""
    with _bundle() as bundle:
        providers = bundle.providers()
        return json.dumps(litellm.write(bundle.models(), providers=_names(providers), day=day))


@lru_cache(maxsize=2)
def _bundled_count(shape: str) -> int:
    """How many models of a shape the bundle holds: like is counted with like, LiteLLM's map with what came from it."""
    with _bundle() as bundle:
        if shape == "modelry":
            return int(bundle.meta()["models"])
        said = [loads(text).get(litellm.SOURCE, {}) for (text,) in bundle.rows("SELECT extensions FROM models") if text]
    keys = sum(("key" in one) + len(one.get("hints", {}).get("keys", {})) for one in said)
    return keys or len(_bundled_map()) - 1


def _bundled_day() -> str | None:
    with _bundle() as bundle:
        return bundle.rows("SELECT max(last_updated) FROM models")[0][0]  # type: ignore[no-any-return]
