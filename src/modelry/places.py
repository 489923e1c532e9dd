"""Where catalogues live, and the snapshot of a catalogue that is not one."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from modelry.errors import CatalogRejected
from modelry.jsontext import loads


def cache_folder() -> Path:
    """The user's cache; a temporary folder where there is no writable home. (The core has no platformdirs.)"""
    home = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    base = Path(home) if home else Path.home() / ("Library/Caches" if sys.platform == "darwin" else ".cache")
    folder = base / "modelry"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        folder = Path(tempfile.gettempdir()) / f"modelry-{os.getuid() if hasattr(os, 'getuid') else 'cache'}"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def snapshot_of(source: str) -> str:
    """The snapshot of a catalogue file, a `v1/` folder, or a folder that holds either; compiled once to the cache.

    Raises CatalogRejected where there is none, InvalidRegistry where the YAML is wrong.
    """
    path = Path(source)
    if path.is_dir() and (path / "data" / "models.json").is_file():
        path = path / "data" / "models.json"
    if path.is_file():
        return _of_catalogue(path)
    for folder in (path, path / "v1"):
        if (folder / "models").is_dir():
            return _of_registry(folder)
    raise CatalogRejected(source, "is no snapshot, no data/models.json and no v1/ folder")


def _of_catalogue(path: Path) -> str:
    from modelry import compile as compiler
    from modelry.catalog import rows
    from modelry.registry import BUNDLED
    from modelry.snapshot import VERSION, Snapshot

    data = path.read_bytes()
    if data.startswith(b"SQLite format 3\0"):
        return str(path)
    manifests = path.parent.parent / "v1"
    bundled = Snapshot(BUNDLED).meta()["content"]
    target = cache_folder() / f"{rows.content_of(data, bundled.encode(), bytes([VERSION]))}.sqlite"
    if not target.exists():
        catalogue = rows.load(data, str(path))
        if (manifests / "providers").is_dir():
            from modelry.authoring.load import load_providers

            providers = load_providers(manifests)
        else:
            providers = Snapshot(BUNDLED).providers()
        compiler.write(target, catalogue.models, providers, rows.content_of(data))
    return str(target)


def _of_registry(folder: Path) -> str:
    from modelry.catalog import build, rows
    from modelry.snapshot import VERSION

    files = sorted(folder.rglob("*.yaml"))
    key = rows.content_of(
        bytes([VERSION]), *(part for file in files for part in (file.name.encode(), file.read_bytes()))
    )
    target = cache_folder() / f"{key}.sqlite"
    if not target.exists():
        sources = build.read_sources(folder)
        catalogue = build.fold_all(sources)
        build.compile_catalogue(rows.dump(catalogue), catalogue, sources.providers, target)
    return str(target)


def read_aliases(path: str) -> dict[str, str]:
    """An operator's aliases: a JSON object of name -> provider/model."""
    try:
        aliases = loads(Path(path).read_bytes())
    except (OSError, ValueError) as error:
        raise CatalogRejected(path, f"is no JSON file of aliases: {error}") from None
    if not isinstance(aliases, dict) or not all(isinstance(meant, str) for meant in aliases.values()):
        raise CatalogRejected(path, 'is no JSON object of aliases: {"name": "provider/model"}')
    return aliases
