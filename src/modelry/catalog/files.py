"""The files of a ROOT: who may write them, and how the two that readers see are replaced.

`data/.writer` is the lock of the one writer. It holds what the last writer left behind, so that the next start knows
whether the files lack something: no promise rests on it, and where it is torn, missing or old the claims are folded
again.

The lock is the system's own (flock, on Windows locking): it ends with its process, however that ends, and needs no
package.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from modelry.atomic import replacing
from modelry.catalog import operator, rows
from modelry.errors import CatalogConflict, CatalogRejected
from modelry.jsontext import dumps, loads

CATALOGUE = Path("data/models.json")
MIRROR = Path("web/public/models.json")
FEEDS = Path("data/feeds")
VERIFIED = Path("data/verified")
LOG = Path("data/operator.jsonl")
LOCK = Path("data/.writer")

PATIENCE = 60.0
"""Seconds that a writer waits for another one."""

_PAUSE = 0.002


class State(NamedTuple):
    """What the files hold: the log up to this byte, the claims of this fingerprint, folded to this content."""

    log: int
    claims: str
    content: str


class Lock:
    """The lock while it is held."""

    def __init__(self, handle: int) -> None:
        self._handle = handle

    def left(self) -> State | None:
        """What the last writer left; None where it is not known."""
        os.lseek(self._handle, 0, os.SEEK_SET)
        return _state(os.read(self._handle, 4096))

    def leave(self, state: State) -> None:
        """Tell the next writer what the files hold now."""
        data = dumps(state._asdict()).encode("ascii") + b"\n"
        os.lseek(self._handle, 0, os.SEEK_SET)
        os.write(self._handle, data)
        if os.fstat(self._handle).st_size > len(data):
            os.ftruncate(self._handle, len(data))


def left_in(root: Path) -> State | None:
    """What the last writer left, read without the lock."""
    try:
        return _state((root / LOCK).read_bytes())
    except OSError:
        return None


def _state(data: bytes) -> State | None:
    try:
        return State(**loads(data))
    except (ValueError, TypeError):
        return None


@contextlib.contextmanager
def locked(root: Path, patience: float = PATIENCE) -> Iterator[Lock]:
    """Be the one writer of a ROOT; raises CatalogConflict where another one does not end."""
    path = root / LOCK
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o644)
    try:
        end = time.monotonic() + patience
        while not _taken(handle):
            if time.monotonic() > end:
                raise CatalogConflict(f"{root}: another process has been writing for {patience:g} s; try again")
            time.sleep(_PAUSE)
        try:
            yield Lock(handle)
        finally:
            _release(handle)  # not by closing alone: a process that was forked meanwhile holds it too
    finally:
        os.close(handle)


if sys.platform == "win32":  # pragma: no cover
    import msvcrt

    _FAR = 2**30  # a byte beyond what is read and written: there a locked byte cannot be read

    def _taken(handle: int) -> bool:
        os.lseek(handle, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _release(handle: int) -> None:
        os.lseek(handle, _FAR, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _taken(handle: int) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _release(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_UN)


def fingerprint(root: Path, bundle: str) -> str:
    """What tells whether the claims of others changed: paths, sizes and times of their files."""
    registry = root / "v1"
    folders = [(registry, ".yaml"), (registry / "models", ".yaml"), (registry / "providers", ".yaml")]
    folders += [(root / folder, ".json") for folder in (FEEDS, VERIFIED)]
    found = [entry for folder, ending in folders for entry in _stats(folder, ending)]
    if not registry.is_dir():
        found += [stat for stat in _stats(Path(bundle).parent, Path(bundle).name) if stat[0] == bundle]
    return sha256(dumps(sorted(found)).encode("ascii")).hexdigest()


def _stats(folder: Path, ending: str) -> Iterator[tuple[str, int, int, int]]:
    with contextlib.suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(ending):
                stat = entry.stat()
                yield entry.path, stat.st_ino, stat.st_size, stat.st_mtime_ns


def mend(root: Path, data: bytes) -> list[str]:
    """Replace those of the two that hold something else, and remove what a crash left; which were replaced."""
    written = []
    for path in (CATALOGUE, MIRROR):
        for temporary in (root / path.parent).glob(f".{path.name}.*"):
            temporary.unlink(missing_ok=True)
        if read(root / path) != data:
            with replacing(root / path) as temporary:
                temporary.write_bytes(data)
            written.append(str(path))
    return written


def read(path: Path) -> bytes | None:
    """The bytes of a file; None where there is none."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


Stamp = tuple[int, int, int]


def stamp(path: Path) -> Stamp | None:
    """What tells whether a file was replaced; None where there is none."""
    try:
        stat = path.stat()
    except FileNotFoundError:
        return None
    return stat.st_ino, stat.st_size, stat.st_mtime_ns


def in_step(root: Path) -> bool:
    """Whether the catalogue holds everything that is in the log, and the mirror what the catalogue holds."""
    data = holding_the_log(root)
    return data is not None and read(root / MIRROR) == data


def holding_the_log(root: Path) -> bytes | None:
    """The bytes of the catalogue; None where it is missing or may lack something of the log."""
    data, log = read(root / CATALOGUE), read(root / LOG) or b""
    if data is None:
        return None
    state = left_in(root)
    if state is None:
        return None if log else data  # nobody has ever written here
    return data if (state.log, state.content) == (operator.whole(log), rows.content_of(data)) else None


def refuse_foreign(root: Path, names: Iterable[str]) -> None:
    """Raise CatalogRejected where a file would be overwritten that claims of other sources made, or somebody else.

    `names` are the sources that are here; what they lack is for a person to bring, or to give up by a build.
    """
    path = root / CATALOGUE
    try:
        with path.open("rb") as file:
            head = file.readline(4096)
    except FileNotFoundError:
        return
    try:
        opening = head.rstrip().removesuffix(b'"models":[').rstrip(b",")
        made_from = set(loads(opening + b"}")["sources"])
    except (ValueError, KeyError, TypeError):
        reason = "is no catalogue of modelry: move it away, or overwrite it by `modelry build`"
        raise CatalogRejected(str(path), reason) from None
    if lacking := sorted(made_from - {*names, "operator", "bundle"}):
        reason = f"was made from {', '.join(lacking)}, which is not here: bring it, or do without by `modelry build`"
        raise CatalogRejected(str(path), reason)
