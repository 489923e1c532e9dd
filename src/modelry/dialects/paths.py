"""Paths into a body: followed by functions made once, or, where they are a key or two, by the engine itself."""

from __future__ import annotations

from modelry.errors import InvalidUsage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, NamedTuple

    Getter = Callable[[dict[str, Any]], Any]
else:
    from modelry._named import NamedTuple


def getter(path: str, *, strict: bool = True) -> Getter:
    """A function that follows a path from an object; None where nothing is there.

    Where the path meets something else than an object or a list: InvalidUsage, or None if not strict.
    """
    first, *others = path.split("|")
    if others:
        return _first([getter(way, strict=strict) for way in (first, *others)])
    if "[" in path:
        return _items(path, strict=strict)
    # An attribute of OpenTelemetry is one key with points in it.
    key, *rest = (path,) if path.startswith(("gen_ai.", "openai.")) else path.split(".")
    if not rest:
        return lambda start: start.get(key)
    following = getter(".".join(rest), strict=strict)

    def follow(start: dict[str, Any]) -> Any:
        inner = start.get(key)
        if inner is None:
            return None
        if isinstance(inner, dict):
            return following(inner)
        if strict:
            raise InvalidUsage(key, type(inner).__name__, "an object is due")
        return None

    return follow


def _first(ways: list[Getter]) -> Getter:
    def follow(start: dict[str, Any]) -> Any:
        for way in ways:
            value = way(start)
            if value is not None:
                return value
        return None

    return follow


def _items(path: str, *, strict: bool) -> Getter:
    """`list[type=x].rest`: the `rest` of each item that fits, as a list; None where there is none."""
    where, _, tail = path.partition("[")
    condition, _, rest = tail.partition("]")
    find = getter(where, strict=strict)
    following = getter(rest[1:], strict=strict) if rest else None
    wanted = []
    for part in condition.split("&") if condition else ():
        key, _, words = part.partition("=")
        wanted.append((getter(key, strict=False), {word or None for word in words.split("/")}))

    def follow(start: dict[str, Any]) -> Any:
        items = find(start)
        if not items:
            return None
        if not isinstance(items, list | tuple):
            if strict:
                raise InvalidUsage(where, type(items).__name__, "a list is due")
            return None
        found: list[Any] = []
        for item in items:
            if not isinstance(item, dict):
                if strict:
                    raise InvalidUsage(where, type(item).__name__, "a list of objects is due")
            elif all(_word(find_word(item)) in words for find_word, words in wanted):
                value = item if following is None else following(item)
                found.extend(value if isinstance(value, list) else () if value is None else (value,))
        return found or None

    return follow


def _word(value: Any) -> str | None:
    return value if isinstance(value, str) else None


class Step(NamedTuple):
    """A path made ready: a key, a key within a key (`inner`), or else a function."""

    path: str
    key: str
    inner: str | None
    way: Getter | None


def step(path: str, *, strict: bool = True) -> Step:
    """A path as a step."""
    # Of a warm reading most time is spent here, so the two commonest forms need no call.
    attribute = path.startswith(("gen_ai.", "openai."))
    if "|" not in path and "[" not in path:
        key, _, inner = (path, "", "") if attribute else path.partition(".")
        if "." not in inner and (strict or not inner):
            return Step(path, key, inner or None, None)
    return Step(path, path, None, getter(path, strict=strict))


def root(path: str) -> str:
    """The key without which there is nothing to follow."""
    return path.partition("|")[0].partition("[")[0].partition(".")[0]


def at(step: Step, start: dict[str, Any]) -> Any:
    """What stands at a step from an object; None where nothing does."""
    _, key, inner, way = step
    if way is not None:
        return way(start)
    value = start.get(key)
    if inner is None or value is None:
        return value
    return as_object(key, value).get(inner)


def as_object(key: str, value: Any) -> dict[str, Any]:
    """The value of a key that must be an object; InvalidUsage where it is none."""
    if isinstance(value, dict):
        return value
    raise InvalidUsage(key, type(value).__name__, "an object is due")
