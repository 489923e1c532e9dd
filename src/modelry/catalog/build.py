"""Build: read all claims, fold them, write the catalogue and its mirror, compile the snapshot."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from modelry import compile as compiler
from modelry.atomic import write_whole
from modelry.authoring.load import Authored, load
from modelry.catalog import rows
from modelry.catalog.fold import Claim, claim_of, fold_all
from modelry.registry import BUNDLED

CATALOGUE = Path("data/models.json")
MIRROR = Path("web/public/models.json")


class Report(NamedTuple):
    """What a build found and which files it changed."""

    models: int
    providers: int
    priced: int
    written: tuple[str, ...]


def build(root: Path) -> Report:
    """Fold `root/v1` into the catalogue and compile it; raises InvalidRegistry with every problem."""
    authored = load(root / "v1")
    catalogue = fold_registry(authored)
    data = rows.dump(catalogue)
    written = [str(path) for path in (CATALOGUE, MIRROR) if write_whole(root / path, data)]
    if snapshot := packaged_by(root):
        compile_catalogue(data, catalogue, authored, snapshot)
    priced = sum(any(card.is_known for card in model.pricing) for model in catalogue.models)
    return Report(len(catalogue.models), len(authored.providers), priced, tuple(written))


def packaged_by(root: Path) -> Path | None:
    """The snapshot that ships with the package, where `root` is the checkout that it was installed from."""
    snapshot = Path(BUNDLED)
    return snapshot if snapshot.is_relative_to(root.resolve()) else None


def fold_registry(authored: Authored) -> rows.Catalogue:
    """The catalogue that the registry alone makes."""
    claims: list[Claim] = [claim_of("registry", entry.model, entry.updated) for entry in authored.entries]
    models = fold_all(claims)
    newest = max((model.last_updated for model in models if model.last_updated), default=None)
    return rows.Catalogue(models, ("registry",), newest)


def compile_catalogue(data: bytes, catalogue: rows.Catalogue, authored: Authored, path: Path) -> None:
    """The snapshot of a catalogue's bytes."""
    compiler.write(path, catalogue.models, authored.providers, rows.content_of(data))
