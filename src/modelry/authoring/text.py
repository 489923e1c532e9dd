"""Read a YAML file as plain data whose scalars stay text, and remember on which line everything stands.

Text stays text so that 0.0000025 reaches Decimal exactly and `no` stays "no". Anchors and aliases are refused: a few
lines of them can expand to gigabytes, and a registry has no use for them. Data is made from the parser's events: what
libyaml composes itself recurses in C, where a file of brackets ends the process.
"""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import yaml

from modelry.errors import Problem

MOST_BYTES = 16 * 2**20
"""The largest file that is read; the largest family of models is far below."""

_DEEPEST = 20
"""Levels of nesting; a condition of a rate card stands on the eighth."""

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})

# libyaml's parser where it was compiled in: ten times as fast, the same events.
_Loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


class Document:
    """One file: its data, and the line of each part of it."""

    def __init__(self, path: str, data: Any, lines: dict[tuple[str | int, ...], int]) -> None:
        self.path = path
        self.data = data
        self._lines = lines

    def line(self, *parts: str | int) -> int:
        """The line of a part, or of the nearest part around it that the file writes out."""
        place: tuple[str | int, ...] = ()
        for part in parts:
            if (*place, part) in self._lines:
                place = (*place, part)
            elif part != 0:  # a single item may be written where a list is read
                break
        return self._lines.get(place, 1)

    def problem(self, message: str, *place: str | int, hint: str = "") -> Problem:
        """A mistake at a part of this file."""
        return Problem(self.path, self.line(*place), message, hint)


def read(path: Path, shown: str, problems: list[Problem]) -> Document | None:
    """The document of a file; None, and a Problem told, where it is none."""
    data = _bytes(path, shown, problems)
    if data is None:
        return None
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        problems.append(Problem(shown, line, "not valid UTF-8", "save the file as UTF-8"))
        return None
    reader = _Reader(shown, problems)
    try:
        return Document(shown, reader.document(text), reader.lines)
    except yaml.reader.ReaderError as error:
        line = text.encode()[: error.position].count(b"\n") + 1
        problems.append(Problem(shown, line, "holds a character that YAML has not", "remove the control character"))
    except _Refused as error:
        problems.append(Problem(shown, *error.args))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        hint = "look at quotes, colons and indentation here and just above"
        if "\t" in "".join(text.split("\n")[line - 1 : line]):
            hint = "YAML is indented with spaces; this line holds a tab"
        problems.append(Problem(shown, line, f"no valid YAML: {error.problem}", hint))
    return None


def _bytes(path: Path, shown: str, problems: list[Problem]) -> bytes | None:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            problems.append(Problem(shown, 1, "is no file", "remove it, or name it otherwise than *.yaml"))
        elif status.st_size > MOST_BYTES:
            problems.append(Problem(shown, 1, f"larger than {MOST_BYTES // 2**20} MiB", "split it by family"))
        else:
            return path.read_bytes()
    except OSError as error:
        hint = "is a link broken, or a permission missing?"
        problems.append(Problem(shown, 1, f"cannot be read: {error.strerror}", hint))
    return None


class _Refused(Exception):
    """Good YAML that has no place here."""


def _refuse(event: Any, message: str, hint: str) -> _Refused:
    return _Refused(event.start_mark.line + 1, message, hint)


class _Reader:
    def __init__(self, path: str, problems: list[Problem]) -> None:
        self._path = path
        self._problems = problems
        self._next: Any = None
        self.lines: dict[tuple[str | int, ...], int] = {}

    def document(self, text: str) -> Any:
        """The data of a text of one YAML document; None of an empty one."""
        loader = _Loader(text)
        self._next = loader.get_event
        try:
            self._next()
            if isinstance(self._next(), yaml.StreamEndEvent):
                return None
            data = self._value(self._next(), ())
            self._next()
            if not isinstance(event := self._next(), yaml.StreamEndEvent):
                raise _refuse(event, "a second document starts here", "one file holds one document: remove the ---")
            return data
        finally:
            loader.dispose()

    def _value(self, event: Any, place: tuple[str | int, ...]) -> Any:
        if isinstance(event, yaml.AliasEvent) or event.anchor:
            raise _refuse(event, "anchors and aliases are not read here", "write the value out")
        if event.tag:
            raise _refuse(event, f"tags such as {event.tag} are not read here", "remove the tag")
        self.lines.setdefault(place, event.start_mark.line + 1)
        if isinstance(event, yaml.ScalarEvent):
            return None if not event.style and event.value in _NULLS else event.value
        if len(place) > _DEEPEST:
            raise _refuse(event, "nested too deeply", "a registry needs eight levels")
        return self._mapping(place) if isinstance(event, yaml.MappingStartEvent) else self._sequence(place)

    def _sequence(self, place: tuple[str | int, ...]) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            items.append(self._value(event, (*place, len(items))))
        return items

    def _mapping(self, place: tuple[str | int, ...]) -> dict[str, Any]:
        data: dict[str, Any] = {}
        nowhere = (*place, -1)
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            line = event.start_mark.line + 1
            key = self._value(event, nowhere)
            if not isinstance(key, str):
                self._tell(line, "a key is no text", "write it in quotes")
            elif key == "<<":
                self._tell(line, "merge keys are not read here", "write the keys out")
            elif key in data:
                self._tell(line, f"{key!r} stands twice", f"first on line {self.lines[*place, key]}")
            else:
                self.lines[*place, key] = line
                data[key] = self._value(self._next(), (*place, key))
                continue
            self._value(self._next(), nowhere)
        return data

    def _tell(self, line: int, message: str, hint: str) -> None:
        self._problems.append(Problem(self._path, line, message, hint))
