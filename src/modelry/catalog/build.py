"""Build: read all claims, fold them, write the catalogue and its mirror, compile the snapshot."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from modelry import compile as compiler
from modelry.catalog import claims, files, rows
from modelry.catalog.claims import Claim, claim_of
from modelry.catalog.files import CATALOGUE, FEEDS, LOG, MIRROR, VERIFIED
from modelry.catalog.fold import fold
from modelry.catalog.lineage import Lineage
from modelry.catalog.operator import Log, Mark
from modelry.catalog.pins import SOURCE as OPERATOR
from modelry.catalog.pins import Pins, replay
from modelry.catalog.unify import unify
from modelry.errors import UnknownProvider
from modelry.identity import spelling_of
from modelry.records import Model, Provider
from modelry.snapshot import BUNDLED, Snapshot

__all__ = ("CATALOGUE", "FEEDS", "MIRROR", "Report", "Sources", "build", "fold_all", "read_sources", "sources_of")


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
    with files.locked(root) as lock:
        claimed = files.fingerprint(root, BUNDLED)
        pins, mark = pinned_in(root)
        sources = sources_of(root, pins=pins)
        catalogue = fold_all(sources)
        data = rows.dump(catalogue)
        written = files.mend(root, data)
        lock.leave(files.State(mark.end, claimed, rows.content_of(data)))
    if snapshot := packaged_by(root):
        compile_catalogue(data, catalogue, sources.providers, snapshot)
    priced = sum(any(card.is_known for card in model.pricing) for model in catalogue.models)
    return Report(len(catalogue.models), len({model.provider for model in catalogue.models}), priced, tuple(written))


def pinned_in(root: Path) -> tuple[dict[tuple[str, str], Pins], Mark]:
    """What the operator's log of `root` pins, and how far it was read."""
    entries, mark = Log(root / LOG).read()
    return replay(entries), mark


def sources_of(root: Path, bundle: str = BUNDLED, pins: Mapping[tuple[str, str], Pins] | None = None) -> Sources:
    """Everything that is claimed in `root`; without a registry the packaged catalogue is what others say."""
    registry = root / "v1"
    sources = read_sources(registry, root / FEEDS) if registry.is_dir() else _bundled(root, bundle)
    pinned = [said.claim(provider, model) for (provider, model), said in (pins or {}).items()]
    names = [OPERATOR, *sources.names] if pinned else sources.names
    return sources._replace(claims=[*pinned, *sources.claims], names=names)


def _bundled(root: Path, bundle: str) -> Sources:
    snapshot = Snapshot(bundle)
    said, names = _accepted(root / FEEDS)
    said += [claim_of("bundle", model, model.last_updated) for model in snapshot.models()]
    providers = snapshot.providers()
    return Sources(providers, said, Lineage(root / "v1" / "series.yaml", providers), [*names, "bundle"])


def providers_of(root: Path, bundle: str = BUNDLED) -> Sequence[Provider]:
    """The manifests of `root` alone; without a registry those of the packaged catalogue."""
    registry = root / "v1"
    if not registry.is_dir():
        return Snapshot(bundle).providers()
    from modelry.authoring.load import load_providers

    return load_providers(registry)


def provider_called(name: str, ids: Iterable[str], manifests: Iterable[Provider]) -> str:
    """The id of the provider that is called so in any case, by an id or by a manifest; raises UnknownProvider."""
    from difflib import get_close_matches

    meant = {one: one for one in ids} | {spelling: one.id for one in manifests for spelling in one.spellings}
    if name.lower() not in meant:
        raise UnknownProvider(name, list(dict.fromkeys(meant[near] for near in get_close_matches(name.lower(), meant))))
    return meant[name.lower()]


def read_sources(registry: Path, feeds: Path | None = None) -> Sources:
    """All claims: of the registry's YAML, and of the last accepted feeds."""
    from modelry.authoring.load import load  # brings Pydantic, which who only reads need not wait for

    authored = load(registry)
    said = [claim_of("registry", entry.model, entry.updated) for entry in authored.entries]
    fed, names = _accepted(feeds)
    lineage = Lineage(registry / "series.yaml", authored.providers)
    return Sources(authored.providers, said + fed, lineage, ["registry", *names])


def _accepted(feeds: Path | None) -> tuple[list[Claim], list[str]]:
    """The last accepted claims of the feeds and what providers answered beside them, and whose they are."""
    said: list[Claim] = []
    names = []
    for path in (feeds / f"{source}.json" for source in claims.FEEDS if feeds):
        if path.is_file():
            said += claims.load(path.read_bytes(), str(path)).claims
            names.append(path.stem)
    answers = sorted(feeds.with_name(VERIFIED.name).glob("*.json")) if feeds else []
    for path in answers:
        said += claims.load(path.read_bytes(), str(path)).claims
    return said, [*names, claims.VERIFY] if answers else names


def with_claims(sources: Sources, said: Iterable[Claim], instead_of: Callable[[Claim], bool]) -> Sources:
    """The sources with these claims in the place of those that `instead_of` picks."""
    kept = [claim for claim in sources.claims if not instead_of(claim)]
    new = list(said)
    named = {*sources.names, *(claim.source for claim in new)}
    return sources._replace(claims=[*kept, *new], names=[name for name in claims.SOURCES if name in named])


def fold_all(sources: Sources) -> rows.Catalogue:
    """The catalogue of all claims."""
    manifests = {provider.id: provider for provider in sources.providers}
    day = newest(sources.claims)
    models = (fold(said, manifests.get(said[0].provider), day) for said in unify(sources.claims, manifests))
    return rows.Catalogue(sources.lineage.linked(each_alias_once(models)), sources.names, day)


def each_alias_once(models: Iterable[Model]) -> list[Model]:
    """The models, each alias meaning one of them: an id is no alias, and the first row by name keeps the others."""
    models = list(models)
    meant = {(model.provider, spelling_of(model.model)): model.model for model in models}
    for model in models:
        for alias in model.aliases:
            meant.setdefault((model.provider, spelling_of(alias)), model.model)
    return [
        _with_aliases(model, tuple(a for a in model.aliases if meant[model.provider, spelling_of(a)] == model.model))
        for model in models
    ]


def _with_aliases(model: Model, aliases: Sequence[str]) -> Model:
    if len(aliases) == len(model.aliases):
        return model
    sources = {name: source for name, source in model.provenance.items() if aliases or name != "aliases"}
    return replace(model, aliases=aliases, provenance=sources)


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
