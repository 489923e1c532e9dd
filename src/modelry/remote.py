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
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache, partial
from hashlib import file_digest
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

from modelry import __version__
from modelry import compile as compiler
from modelry.atomic import write_whole
from modelry.catalog import rows
from modelry.catalog.claims import Claim, claim_of
from modelry.catalog.fold import fold
from modelry.catalog.sound import sound
from modelry.catalog.unify import unify
from modelry.copies import Copy, Guards, folder, keep, kept, latest, name_of, opened_bundle
from modelry.errors import CatalogWarning
from modelry.fetch import LIMITS, Limits, Unfit, brief, need_httpx2, shown
from modelry.formats import litellm
from modelry.formats.litellm_fields import plainly
from modelry.jsontext import loads
from modelry.records import Model, Provider
from modelry.snapshot import BUNDLED, VERSION

T = TypeVar("T")


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


def _obtain(url: str, use: Callable[[Copy], T], bundled: Callable[[], T], limits: Limits) -> T:
    guards = Guards.from_environment()
    need_httpx2(url)
    copy = kept(url)
    try:
        current = latest(url, copy, guards, limits)
        made = _used(use, current)
    except Unfit as error:
        why = str(error)
    else:
        if current is not copy:
            keep(url, current)
        return made
    if copy is not None:
        with contextlib.suppress(Unfit):
            made = _used(use, copy)
            _warn(f"{shown(url)} {why}; using the copy of {copy.day}")
            return made
    _warn(f"{shown(url)} {why}; using the bundled catalogue")
    return bundled()


def _used(use: Callable[[Copy], T], copy: Copy) -> T:
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


# ---- use -------------------------------------------------------------------------------------------------------------


def _map_of(copy: Copy) -> dict[str, Any]:
    if copy.shape == "litellm":
        return plainly(copy.data)  # type: ignore[no-any-return]
    return litellm.write(rows.load(copy.body, "the catalogue").models, providers=_names(_bundled_providers()))


def _snapshot_of(url: str, copy: Copy) -> str:
    with opened_bundle() as bundle:
        content = bundle.meta()["content"]
    key = rows.content_of(copy.body, content.encode(), f"{__version__} {VERSION}".encode())
    target = folder() / f"{name_of(url)}-{key[:32]}.sqlite"
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


def catalogue_of(copy: Copy) -> bytes:
    """The bytes of a catalogue that a copy comes to, a row a line whatever the copy looks like.

    Raises CatalogRejected where it cannot be used; rows that stand as they should are judged when they are compiled.
    """
    if copy.shape == "modelry" and _is_canonical(copy):
        return copy.body
    return rows.dump(rows.Catalogue(_models_of(copy), *_head_of(copy)))


def _is_canonical(copy: Copy) -> bool:
    """Whether a catalogue stands there as we would write it: a head, and a row a line, in order."""
    lines = [match[0] for match in rows.lines_in(copy.body)]
    if len(lines) != copy.models or rows.joined(rows.Catalogue((), *_head_of(copy)), lines) != copy.body:
        return False
    keys = [(row["provider"], row["model"]) for row in copy.data["models"]]
    return all(before < after for before, after in pairwise(keys))


def _head_of(copy: Copy) -> tuple[Sequence[str], str | None, str]:
    if copy.shape == "modelry":
        return copy.data["sources"], copy.data["last_updated"], copy.data["currency"]
    return [litellm.SOURCE], copy.day, "USD"


def bundled_catalogue() -> bytes:
    """The bytes of the catalogue that ships with the package."""
    with opened_bundle() as bundle:
        models = list(bundle.models())
    newest = max((model.last_updated for model in models if model.last_updated), default=None)
    return rows.dump(rows.Catalogue(models, ["bundle"], newest))


def _models_of(copy: Copy) -> Sequence[Model]:
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


def _bundled_providers() -> list[Provider]:
    with opened_bundle() as bundle:
        return bundle.providers()


def _names(providers: Iterable[Provider]) -> dict[str, str]:
    return {name: provider.id for provider in providers for name in provider.names.get("litellm", ())}


def _bundled_identities() -> Iterator[Claim]:
    """What the bundle knows of its offerings besides limits and prices: who made them, and their other names."""
    fields = ("series", "base_model", "aliases")
    with opened_bundle() as bundle:
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
    with opened_bundle() as bundle:
        providers = bundle.providers()
        return json.dumps(litellm.write(bundle.models(), providers=_names(providers), day=day))
