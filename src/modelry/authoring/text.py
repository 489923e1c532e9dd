"""Read a YAML file as plain data whose scalars stay text, and remember on which line everything stands.

Text stays text so that 0.0000025 reaches Decimal exactly and `no` stays "no". Anchors and aliases are refused: a few
lines of them can expand to gigabytes, and a registry has no use for them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from modelry.errors import Problem

MOST_BYTES = 16 * 2**20
"""The largest file that is read; the largest family of models is far below."""

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
    try:
        if path.stat().st_size > MOST_BYTES:
            problems.append(Problem(shown, 1, f"larger than {MOST_BYTES // 2**20} MiB", "split it by family"))
            return None
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        problems.append(Problem(shown, line, "not valid UTF-8", "save the file as UTF-8"))
        return None
    except OSError as error:
        problems.append(Problem(shown, 1, f"cannot be read: {error.strerror}"))
        return None
    try:
        node = _compose(text)
        reader = _Reader(shown, problems)
        data = reader.read(node, ()) if node is not None else None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        said = getattr(error, "problem", None) or str(error).splitlines()[0]
        problems.append(Problem(shown, mark.line + 1 if mark else 1, f"no valid YAML: {said}"))
        return None
    except RecursionError:
        problems.append(Problem(shown, 1, "nested too deeply"))
        return None
    return Document(shown, data, reader.lines)


def _compose(text: str) -> yaml.Node | None:
    loader = _Loader(text)
    try:
        while loader.check_event():
            event = loader.get_event()
            anchor = getattr(event, "anchor", None)
            if isinstance(event, yaml.AliasEvent) or anchor:
                message = "anchors and aliases are not read here"
                raise yaml.composer.ComposerError(None, None, message, event.start_mark)
    finally:
        loader.dispose()
    return yaml.compose(text, Loader=_Loader)


class _Reader:
    def __init__(self, path: str, problems: list[Problem]) -> None:
        self._path = path
        self._problems = problems
        self.lines: dict[tuple[str | int, ...], int] = {}

    def read(self, node: yaml.Node, place: tuple[str | int, ...]) -> Any:
        self.lines.setdefault(place, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, place)
        if isinstance(node, yaml.SequenceNode):
            return [self.read(item, (*place, index)) for index, item in enumerate(node.value)]
        return None if not getattr(node, "style", None) and node.value in _NULLS else node.value

    def _mapping(self, node: yaml.MappingNode, place: tuple[str | int, ...]) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                self._problems.append(Problem(self._path, line, "a key is no text"))
            elif key.value in data:
                first = self.lines[(*place, key.value)]
                self._problems.append(
                    Problem(self._path, line, f"{key.value!r} stands twice", f"first on line {first}")
                )
            else:
                self.lines[(*place, key.value)] = line
                data[key.value] = self.read(value, (*place, key.value))
        return data
