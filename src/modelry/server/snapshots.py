"""The registry of each edition: its snapshot is at hand, or made from the one before, or compiled."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from modelry import compile as compiler
from modelry import places
from modelry.errors import CatalogRejected
from modelry.registry import Registry
from modelry.server.edition import Edition, models_changed
from modelry.snapshot import BUNDLED, Snapshot

_FOLDER = "modelry-serving-"
_ABANDONED = 86_400.0
"""Seconds after which a folder is nobody's; a server whose it was after all compiles the whole once more."""


class Snapshots:
    """Registries of editions, over snapshots of their own; safe to share between threads.

    `root` holds the manifests, `stamp` tells whether they changed. A change to one row costs a copy of the file and the
    rows of one provider, whatever the size of the catalogue; a change to all costs what compiling the whole does.
    """

    def __init__(self, root: Path | None, stamp: Callable[[], str] = str) -> None:
        self._root = root
        self._stamp = stamp
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._turn = threading.Lock()
        self._last: tuple[bytes, str, str] | None = None
        self._count = 0
        self._is_closed = False

    def registry(self, edition: Edition) -> Registry:
        """The registry of an edition; raises CatalogRejected where its rows are none."""
        with self._turn:
            if self._is_closed:  # a file made now would stay
                raise CatalogRejected("the catalogue", "is not served any more")
            described = self._stamp()
            path = self._at_hand(edition) or self._changed(edition, described) or self._whole(edition)
            registry = Registry.over(path)
            self._keep(edition, path, described)
            return registry

    def _at_hand(self, edition: Edition) -> str | None:
        """The package's own, for the first edition, where it is of this version and of these manifests."""
        if self._last is not None:  # manifests may have changed since
            return None
        manifests = places.manifests_of(self._root) if self._root else None
        if manifests and not Path(BUNDLED).is_relative_to(manifests.parent.parent.resolve()):
            return None
        try:
            bundled = Snapshot(BUNDLED)
        except CatalogRejected:
            return None
        try:
            return BUNDLED if bundled.meta().get("content") == edition.version else None
        finally:
            bundled.close()

    def _changed(self, edition: Edition, described: str) -> str | None:
        if self._last is None or self._last[2] != described:
            return None
        old, source, _ = self._last
        try:
            shelves = models_changed(old, edition.data)
        except (ValueError, TypeError, KeyError, AttributeError, ArithmeticError, RecursionError) as error:
            raise CatalogRejected("the catalogue", f"has a row that is none: {error}") from None
        if self._folder is None:
            self._folder = _folder()
        self._count += 1
        path = Path(self._folder.name) / f"{self._count}.sqlite"
        try:
            compiler.change(path, source, shelves, edition.version)
        except (FileNotFoundError, CatalogRejected):  # somebody cleaned up, or worse
            return None
        return str(path)

    def _whole(self, edition: Edition) -> str:
        manifests = places.manifests_of(self._root) if self._root else None
        return places.snapshot_of_bytes(edition.data, "the catalogue", manifests)

    def _keep(self, edition: Edition, path: str, described: str) -> None:
        """Remember the newest; the file before it is deleted (whose registry it is has it open)."""
        before = self._last[1] if self._last else None
        self._last = edition.data, path, described
        if before and before != path and self._folder and before.startswith(self._folder.name):
            Path(before).unlink(missing_ok=True)

    def close(self) -> None:
        """Remove the files."""
        with self._turn:
            self._is_closed = True
            if self._folder:
                self._folder.cleanup()


def _folder() -> tempfile.TemporaryDirectory[str]:
    """A new folder; those that killed servers left are removed."""
    for left in Path(tempfile.gettempdir()).glob(f"{_FOLDER}*"):
        with contextlib.suppress(OSError):
            if left.stat().st_mtime < time.time() - _ABANDONED:
                shutil.rmtree(left, ignore_errors=True)
    return tempfile.TemporaryDirectory(prefix=_FOLDER, ignore_cleanup_errors=True)
