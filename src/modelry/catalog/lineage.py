"""Lineage: who made the model that a provider serves, and which model it is (`base_model`), by anchored patterns.

`v1/series.yaml` says which series and maker a name means; the maker's own entry gives the base model its name.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import yaml

from modelry.errors import CatalogRejected
from modelry.identity import spelling_of
from modelry.records import Model, Provider


class Series(NamedTuple):
    """A family file, the maker of its models, and the whole names that belong to it."""

    name: str
    maker: str
    pattern: re.Pattern[str]


class Lineage:
    """The table of series, with the manifests that say who is at home where."""

    def __init__(self, table: Path, providers: Iterable[Provider]) -> None:
        makers = _makers(table) if table.exists() else {}  # a registry of a few models needs no table
        self._rest = {maker: names.pop("any") for maker, names in makers.items() if "any" in names}
        self._series = [
            Series(name, maker, re.compile(pattern, re.ASCII))
            for maker, names in makers.items()
            for name, pattern in names.items()
        ]
        self._providers = {provider.id: provider for provider in providers}
        self._home = {provider.maker: provider.id for provider in self._providers.values() if provider.maker}
        self.series_of = lru_cache(maxsize=None)(self._series_of)

    def _series_of(self, provider: str, name: str) -> Series | None:
        """The series of a name at a provider: a maker's own first, and its own alone unless it resells others'."""
        manifest = self._providers.get(provider)
        maker = manifest.maker if manifest else None
        names = (bare_name(name), name.lower())
        for series in self._series:
            if series.maker == maker and any(map(series.pattern.fullmatch, names)):
                return series
        if manifest and maker in self._rest and not manifest.resells:
            return Series(self._rest[maker or ""], maker or "", re.compile(""))
        return next((s for bare in names for s in self._series if s.pattern.fullmatch(bare)), None)

    def linked(self, models: Iterable[Model]) -> list[Model]:
        """The models with `series` and `base_model` where neither a source nor the registry said them."""
        models = list(models)
        entries = self.entries(models)
        return [self.link(model, entries) for model in models]

    def entries(self, models: Iterable[Model]) -> Mapping[str, Mapping[str, str]]:
        """By maker and spelling, the names of the makers' own entries."""
        entries: dict[str, dict[str, str]] = defaultdict(dict)
        for model in models:
            series = self.series_of(model.provider, model.model)
            if series and self._home.get(series.maker) == model.provider:
                for name in (*model.aliases, model.model):
                    entries[series.maker][spelling_of(name)] = model.model
        return entries

    def maker_at(self, provider: str) -> str | None:
        """The maker that serves its own models at a provider."""
        manifest = self._providers.get(provider)
        return manifest.maker if manifest else None

    def link(self, model: Model, entries: Mapping[str, Mapping[str, str]]) -> Model:
        """One model with its `series` and `base_model`, by what `entries` made of all of them."""
        series = self.series_of(model.provider, model.model)
        if series is None:
            return model
        base = model.base_model or self.base_of(model, series, entries.get(series.maker, {}))
        found = [name for name in ("series", "base_model") if getattr(model, name) is None]
        return replace(
            model,
            series=model.series or series.name,
            base_model=base,
            provenance=_with_sources(model.provenance, dict.fromkeys(found, "registry")),  # whose table it is
        )

    def base_of(self, model: Model, series: Series, own: Mapping[str, str]) -> str:
        """`maker/name`: the maker's entry of this name, else without its date, else the name itself in lower case."""
        if self._home.get(series.maker) == model.provider:
            return f"{series.maker}/{model.model}"
        name = _unversioned(bare_name(model.model))
        unversioned = re.sub(r"-v\d+(?::\d+)?$", "", name)
        for candidate in (name, unversioned, _undated(name), _undated(unversioned)):
            if entry := own.get(spelling_of(candidate)):
                return f"{series.maker}/{entry}"
        return f"{series.maker}/{name}"


def _with_sources(provenance: Mapping[str, str], found: Mapping[str, str]) -> dict[str, str]:
    default = provenance.get("default")
    others = {
        name: source for name, source in {**provenance, **found}.items() if name != "default" and source != default
    }
    return {"default": default or "registry", **dict(sorted(others.items()))}


def _makers(table: Path) -> dict[str, dict[str, str]]:
    try:
        makers: dict[str, dict[str, str]] = yaml.load(table.read_text("utf-8"), Loader=yaml.CSafeLoader)["makers"]
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        raise CatalogRejected(str(table), f"is no table of series: {error}") from None
    return makers


_WHOLE = ("streaming/", "preset/")  # paths that are part of a maker's own names


def bare_name(name: str) -> str:
    """A name in lower case without what hosts put before it: `meta-llama/`, `@cf/meta/`, `us.`, `anthropic.`."""
    lower = name.lower()
    tail = lower if lower.startswith(_WHOLE) else lower.rpartition("/")[2]
    tail = re.sub(r"^(?:us|eu|apac|jp|au|ca|in|us-gov|global)\.", "", tail)
    return re.sub(r"^[a-z0-9]+\.(?=[a-z])", "", tail)


def _unversioned(name: str) -> str:
    """Without a cloud's versions, throughputs and routing variants: `-v1:0`, `:48k`, `@default`, `-maas`, `:free`."""
    name = re.sub(r"-v?\d+:0(?::\d+k)?$", "", name)
    name = re.sub(r":(?:free|nitro|floor|online|exacto|extended|thinking|beta)$", "", name)
    return re.sub(r"@default$|-maas$", "", name).replace("@", "-").replace("gpt-35", "gpt-3.5")


def _undated(name: str) -> str:
    return re.sub(r"-(?:20\d{6}|20\d\d-\d\d-\d\d)$", "", name)
