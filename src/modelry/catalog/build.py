"""Build: read all claims, fold them, write the catalogue and its mirror, compile the snapshot."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from modelry import compile as compiler
from modelry.atomic import write_whole
from modelry.authoring.load import load
from modelry.catalog import claims, rows
from modelry.catalog.claims import Claim, claim_of
from modelry.catalog.fold import fold
from modelry.catalog.lineage import Lineage
from modelry.catalog.unify import unify
from modelry.identity import spelling_of
from modelry.records import Model, Provider
from modelry.registry import BUNDLED

CATALOGUE = Path("data/models.json")
MIRROR = Path("web/public/models.json")
FEEDS = Path("data/feeds")


class Sources(NamedTuple):
    """Everything that is claimed, and what is needed to read it."""

    providers: Sequence[Provider]
    claims: Sequence[Claim]
    lineage: Lineage
    names: Sequence[str]


class Report(NamedTuple):
    """What a build found and which files it changed."""

    models: int
    providers: int
    priced: int
    written: tuple[str, ...]


def build(root: Path) -> Report:
    """Fold all claims of `root` into the catalogue and compile it; raises InvalidRegistry with every problem."""
    sources = read_sources(root / "v1", root / FEEDS)
    catalogue = fold_all(sources)
    data = rows.dump(catalogue)
    written = [str(path) for path in (CATALOGUE, MIRROR) if write_whole(root / path, data)]
    if snapshot := packaged_by(root):
        compile_catalogue(data, catalogue, sources.providers, snapshot)
    priced = sum(any(card.is_known for card in model.pricing) for model in catalogue.models)
    return Report(len(catalogue.models), len({model.provider for model in catalogue.models}), priced, tuple(written))


def read_sources(registry: Path, feeds: Path | None = None) -> Sources:
    """All claims: of the registry's YAML, and of the last accepted feeds."""
    authored = load(registry)
    said = [claim_of("registry", entry.model, entry.updated) for entry in authored.entries]
    names = ["registry"]
    for path in (feeds / f"{source}.json" for source in claims.FEEDS if feeds):
        if path.is_file():
            said += claims.load(path.read_bytes(), str(path)).claims
            names.append(path.stem)
    return Sources(authored.providers, said, Lineage(registry / "series.yaml", authored.providers), names)


def fold_all(sources: Sources) -> rows.Catalogue:
    """The catalogue of all claims."""
    manifests = {provider.id: provider for provider in sources.providers}
    day = newest(sources.claims)
    models = (fold(said, manifests.get(said[0].provider), day) for said in unify(sources.claims, manifests))
    return rows.Catalogue(sources.lineage.linked(_each_alias_once(models)), sources.names, day)


def _each_alias_once(models: Iterable[Model]) -> list[Model]:
    """The models, each alias meaning one of them: an id is no alias, and the first row by name keeps the others."""
    models = list(models)
    meant = {(model.provider, spelling_of(model.model)): model.model for model in models}
    for model in models:
        for alias in model.aliases:
            meant.setdefault((model.provider, spelling_of(alias)), model.model)
    return [
        replace(model, aliases=mine) if len(mine) != len(model.aliases) else model
        for model in models
        for mine in (tuple(a for a in model.aliases if meant[model.provider, spelling_of(a)] == model.model),)
    ]


def newest(said: Iterable[Claim]) -> str | None:
    """The newest day on which anything was said."""
    return max((day for claim in said for day in (claim.since, *claim.changed.values()) if day), default=None)


def packaged_by(root: Path) -> Path | None:
    """The snapshot that ships with the package, where `root` is the checkout that it was installed from."""
    snapshot = Path(BUNDLED)
    return snapshot if snapshot.is_relative_to(root.resolve()) else None


def compile_catalogue(data: bytes, catalogue: rows.Catalogue, providers: Sequence[Provider], path: Path) -> None:
    """The snapshot of a catalogue's bytes."""
    compiler.write(path, catalogue.models, providers, rows.content_of(data))
