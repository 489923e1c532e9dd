"""Where catalogues live, and the snapshot of a catalogue that is not one."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from modelry.errors import CatalogRejected, missing_extra
from modelry.jsontext import loads


def cache_folder() -> Path:
    """The user's cache; a temporary folder of their own where there is no writable home. (The core has no platformdirs.)

    Raises CatalogRejected where nothing may be written at all.
    """
    for folder in _caches():
        with contextlib.suppress(OSError):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if os.access(folder, os.W_OK | os.X_OK) and _is_own(folder):
                return folder
    try:
        return Path(tempfile.mkdtemp(prefix="modelry-"))
    except OSError as error:
        raise CatalogRejected(
            "the cache", f"cannot be written anywhere ({error.strerror}); set XDG_CACHE_HOME"
        ) from None


def _caches() -> Iterator[Path]:
    named = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    if named and os.path.isabs(named):  # noqa: PTH117 - and a relative one is not to be used, says its specification
        yield Path(named) / "modelry"
    else:
        with contextlib.suppress(RuntimeError):  # a user without a home
            if (home := Path.home()).is_absolute():
                yield home / ("Library/Caches" if sys.platform == "darwin" else ".cache") / "modelry"
    with contextlib.suppress(OSError):
        yield Path(tempfile.gettempdir()) / f"modelry-{_user()}"


def _user() -> int:
    return os.getuid() if hasattr(os, "getuid") else 0


def _is_own(folder: Path) -> bool:
    """In a temporary folder that everybody may write, somebody else's snapshots are not to be believed."""
    status = folder.stat()
    return sys.platform == "win32" or status.st_uid == _user()


def snapshot_of(source: str) -> str:
    """The snapshot of a catalogue file, a `v1/` folder, or a folder that holds either; compiled once to the cache.

    Raises CatalogRejected where there is none, InvalidRegistry where the YAML is wrong, MissingExtra where nothing that
    reads YAML is installed.
    """
    try:
        return _snapshot_of(source, Path(source))
    except ModuleNotFoundError as error:
        raise missing_extra("the registry's YAML", error) from None


def _snapshot_of(source: str, path: Path) -> str:
    if path.is_dir() and (path / "data" / "models.json").is_file():
        path = path / "data" / "models.json"
    if path.is_file():
        return _of_catalogue(path)
    for folder in (path, path / "v1"):
        if (folder / "models").is_dir():
            return _of_registry(folder)
    raise CatalogRejected(source, "is no snapshot, no data/models.json and no v1/ folder")


def _of_catalogue(path: Path) -> str:
    data = _read(path)
    if data.startswith(b"SQLite format 3\0"):
        return str(path)
    return snapshot_of_bytes(data, str(path), manifests_of(path.parent.parent))


def manifests_of(root: Path) -> Path | None:
    """The folder of the provider manifests of a ROOT; None where it has none of its own."""
    manifests = root / "v1" / "providers"
    return manifests if manifests.is_dir() else None


def snapshot_of_bytes(data: bytes, source: str, manifests: Path | None) -> str:
    """The snapshot of a catalogue's bytes, with the providers of a folder of manifests, else those of the bundle.

    `source` is what to call it where something is wrong. Raises as `snapshot_of`.
    """
    from modelry import compile as compiler
    from modelry.catalog import rows
    from modelry.snapshot import BUNDLED, Snapshot

    described = _contents(manifests) if manifests else [Snapshot(BUNDLED).meta()["content"].encode()]

    def write(target: Path) -> None:
        catalogue = rows.load(data, source)
        if manifests:
            from modelry.authoring.load import load_providers

            providers = load_providers(manifests.parent)
        else:
            providers = Snapshot(BUNDLED).providers()
        compiler.write(target, catalogue.models, providers, rows.content_of(data))

    return _compiled([data, *described], write)


def _of_registry(folder: Path) -> str:
    from modelry.catalog import build, rows

    def write(target: Path) -> None:
        sources = build.read_sources(folder)
        catalogue = build.fold_all(sources)
        build.compile_catalogue(rows.dump(catalogue), catalogue, sources.providers, target)

    return _compiled(_contents(folder), write)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CatalogRejected(str(path), f"cannot be read: {error.strerror}") from None


def _contents(folder: Path) -> list[bytes]:
    """The names and the bytes of all YAML under a folder; what is no file is left to `authoring`, which tells it."""
    files = sorted(path for path in folder.rglob("*.yaml") if path.is_file())
    return [part for path in files for part in (path.relative_to(folder).as_posix().encode(), _read(path))]


def _compiled(parts: list[bytes], write: Callable[[Path], None]) -> str:
    """The snapshot of this content: from the cache where it is whole, else written there."""
    from modelry import __version__
    from modelry.catalog import rows
    from modelry.snapshot import VERSION

    key = rows.content_of(f"{__version__} {VERSION}".encode(), *parts)
    target = cache_folder() / f"{key}.sqlite"
    if _is_whole(target):
        with contextlib.suppress(OSError):
            os.utime(target)  # in use: not to be forgotten
    else:
        write(target)
        _forget_unused(target.parent)
    return str(target)


def _is_whole(path: Path) -> bool:
    """Whether a file is a snapshot of this version; SQLite rejects one that is shorter than it says."""
    from modelry.snapshot import Snapshot

    if not path.is_file():
        return False
    with contextlib.suppress(CatalogRejected):
        snapshot = Snapshot(str(path))
        try:
            return bool(snapshot.meta())
        finally:
            snapshot.close()
    return False


_UNUSED = 30 * 86_400.0


def _forget_unused(folder: Path) -> None:
    """Snapshots of catalogues that nobody has opened for a month."""
    for path in folder.glob("*.sqlite"):
        with contextlib.suppress(OSError):
            if path.stat().st_mtime < time.time() - _UNUSED:
                path.unlink()


def read_aliases(path: str) -> dict[str, str]:
    """An operator's aliases: a JSON object of name -> provider/model."""
    try:
        aliases = loads(Path(path).read_bytes())
    except (OSError, ValueError) as error:
        raise CatalogRejected(path, f"is no JSON file of aliases: {error}") from None
    if not isinstance(aliases, dict) or not all(isinstance(meant, str) for meant in aliases.values()):
        raise CatalogRejected(path, 'is no JSON object of aliases: {"name": "provider/model"}')
    return aliases
