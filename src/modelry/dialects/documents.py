"""Recorded responses as text: one JSON document, JSON Lines, or the server-sent events of a stream."""

from __future__ import annotations

from modelry.errors import UnknownUsage
from modelry.jsontext import loads

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NamedTuple
else:
    from modelry._named import NamedTuple

_EVENT_FIELDS = ("data:", "event:", "id:", "retry:", ":")


class Recorded(NamedTuple):
    """A response and the line that it stands on (None: it is all there is), or why that line is none."""

    line: int | None
    body: Any = None
    problem: str | None = None


def recorded(text: str) -> list[Recorded]:
    """The responses that a text holds; a line that is no JSON is told as such, among others that are.

    Raises UnknownUsage where it holds none.
    """
    text = text.removeprefix("\ufeff").strip()
    if not text:
        raise UnknownUsage("response", "", "there is nothing in it")
    if text.startswith(_EVENT_FIELDS):
        return [Recorded(None, _events(text))]
    try:
        return [Recorded(None, _parsed(text))]
    except ValueError as error:
        lines = [_line(n, line) for n, line in enumerate(text.split("\n"), 1) if line.strip()]
        good = sum(line.problem is None for line in lines)
        if len(lines) > 1 and good * 2 >= len(lines):
            return lines
        raise UnknownUsage(
            "response", text[:40], f"neither JSON, JSON Lines nor server-sent events ({error})"
        ) from None


def _line(n: int, line: str) -> Recorded:
    try:
        return Recorded(n, _parsed(line))
    except ValueError as error:
        return Recorded(n, problem=f"no JSON ({error})")


def _parsed(text: str) -> Any:
    try:
        return loads(text)
    except RecursionError:
        raise ValueError("nested too deep") from None


def _events(text: str) -> list[str]:
    """The data of each event; `[DONE]` and comments carry none."""
    events = []
    for block in text.replace("\r\n", "\n").replace("\r", "\n").split("\n\n"):
        data = [line[5:].strip() for line in block.split("\n") if line.startswith("data:")]
        if data:
            events.append("\n".join(data))
    return events
