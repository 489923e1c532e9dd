"""The operator's log: `data/operator.jsonl`, a line for each accepted upsert and delete.

A change is acknowledged when its line is on the disk. A line ends with its newline: what stands after the last one was
left by a crash, was never acknowledged, is ignored by readers and cut off by the next writer.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from modelry.atomic import sync_folder
from modelry.errors import CatalogRejected
from modelry.jsontext import dumps, loads


class Entry(NamedTuple):
    """One accepted change.

    `at` is its UTC instant; `action` is upsert or delete. `fields` are what it sets (None withdraws): fields of a row,
    `rates` (USD by meter, one unit) and the `effective_from` that dates them. `old` and `new` are the fields of the
    row that it changed, before and after.
    """

    at: str
    who: str
    provider: str
    model: str
    action: str
    fields: Mapping[str, Any]
    old: Mapping[str, Any] = {}
    new: Mapping[str, Any] = {}


class Mark(NamedTuple):
    """How far a log was read: where the last whole line ended, in which file."""

    end: int = 0
    file: int = 0


NOTHING = Mark()


def line_of(entry: Entry) -> bytes:
    """The line of an entry, with its newline."""
    return dumps(entry._asdict()).encode("ascii") + b"\n"


def entry_of(line: bytes) -> Entry:
    """The entry of a line; raises ValueError, KeyError or TypeError where it is none."""
    entry = Entry(**loads(line))
    if entry.action not in ("upsert", "delete"):
        msg = f"{entry.action!r} is no action"
        raise ValueError(msg)
    return entry


class Log:
    """The file of entries; whoever appends holds the lock of the ROOT."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def goes_on_from(self, mark: Mark) -> bool:
        """Whether what was read still stands there, and at most something was added."""
        try:
            stat = self.path.stat()
        except FileNotFoundError:
            return mark == NOTHING
        return mark == NOTHING or (stat.st_ino == mark.file and stat.st_size >= mark.end)

    def read(self, mark: Mark = NOTHING) -> tuple[list[Entry], Mark]:
        """The entries since a mark, and the mark of now.

        Raises CatalogRejected where a whole line cannot be read: that is no crash of ours.
        """
        try:
            with self.path.open("rb") as file:
                file.seek(mark.end)
                data, number = file.read(), os.fstat(file.fileno()).st_ino
        except FileNotFoundError:
            return [], NOTHING
        data = data[: whole(data)]
        return list(self._entries(data, mark.end)), Mark(mark.end + len(data), number)

    def _entries(self, data: bytes, start: int) -> Iterable[Entry]:
        offset = start
        for line in data.splitlines(keepends=True):
            try:
                yield entry_of(line)
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                where = f"the line at byte {offset} is no entry ({error})"
                raise CatalogRejected(str(self.path), f"{where}: mend it by hand, nothing is written before") from None
            offset += len(line)

    def append(self, lines: Iterable[bytes], mark: Mark) -> Mark:
        """Put lines after the last whole one, where the mark is, and onto the disk; the mark after them.

        Where that fails nothing of them stays, and the OSError is raised.
        """
        data = b"".join(lines)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        is_new = not self.path.exists()
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o644)
        try:
            if os.fstat(handle).st_size > mark.end:
                os.ftruncate(handle, mark.end)  # what a crash left
            os.lseek(handle, mark.end, os.SEEK_SET)
            try:
                _write(handle, data)
                os.fsync(handle)
            except OSError:
                with contextlib.suppress(OSError):
                    os.ftruncate(handle, mark.end)
                    os.fsync(handle)
                raise
            number = os.fstat(handle).st_ino
        finally:
            os.close(handle)
        if is_new:
            sync_folder(self.path.parent)
        return Mark(mark.end + len(data), number)


def whole(data: bytes) -> int:
    """Where the last whole line ends; blocks that a power cut left empty are no lines."""
    end = data.rfind(b"\n") + 1
    while b"\0" in data[(start := data.rfind(b"\n", 0, max(end - 1, 0)) + 1) : end]:
        end = start
    return end


def _write(handle: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(handle, left) :]
