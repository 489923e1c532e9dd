"""Where the usage object stands in a body, an SDK's object, or the events of a stream."""

from __future__ import annotations

from modelry.dialects.engine import seen
from modelry.dialects.shapes import COUNTERS, words
from modelry.errors import InvalidUsage, UnknownUsage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NamedTuple
else:
    from modelry._named import NamedTuple

BARE = (
    (("created", "data"), "openai.images", ()),
    (("duration", "text"), "openai.audio", (("seconds", "duration"),)),
)
"""Responses of old that have no usage object: the fields that give them away, and what stands for their usage."""


class Place(NamedTuple):
    """Where a usage object stands; `facts` are what standing there says, `grows` that later ones are laid over it."""

    path: tuple[str, ...]
    facts: tuple[tuple[str, str], ...] = ()
    grows: bool = False


_BATCH = (("service_tier", "batch"),)

PLACES = (
    Place(("usage",)),
    Place(("usageMetadata",)),
    Place(("usage_metadata",)),
    Place(("message", "usage"), grows=True),  # message_start
    Place(("response", "body", "usage"), _BATCH),  # lines of OpenAI's, Anthropic's, Google's and Bedrock's batch output
    Place(("result", "message", "usage"), _BATCH),
    Place(("modelOutput", "usage"), _BATCH),
    Place(("response", "usageMetadata"), _BATCH),
    Place(("response", "usage")),  # response.completed, response.done
    Place(("response", "meta")),
    Place(("metadata", "usage")),  # ConverseStream
    Place(("delta", "usage")),  # message-end
    Place(("x_groq", "usage")),
    Place(("usage_info",)),
    Place(("meta",)),
)


_Found = tuple[dict[str, "Any"], dict[str, "Any"], dict[str, "Any"], tuple[str, ...]]


def found(body: object) -> _Found:
    """(the response around the usage, the usage, what its place says, warnings)."""
    if type(body) is dict:
        usage = body.get("usage")
        if type(usage) is dict and "data" not in body:
            return body, usage, {}, ()
    body = plain(body)
    if isinstance(body, dict):
        event = _event(body)
        if event is None or (place := _located(event)) is None:
            raise UnknownUsage("response", seen(body), "no usage is in it (these fields were seen)")
        around, usage, said, _ = place
        return around, usage, said, ()
    if isinstance(body, list | tuple) or hasattr(body, "__next__"):
        return _folded(body)
    raise UnknownUsage(
        "response", type(body).__name__, "the parsed JSON of a response, or a list of its events, is due"
    )


def plain(thing: Any) -> Any:
    """Plain data of an SDK's object (by its own `model_dump` or `to_dict`); anything else as it is."""
    if type(thing) is dict or isinstance(thing, str | bytes | int | float | list | tuple) or thing is None:
        return thing
    if (dump := getattr(thing, "model_dump", None)) is not None:
        try:
            return dump(by_alias=True, warnings=False)
        except TypeError:
            return dump()
    if (to_dict := getattr(thing, "to_dict", None)) is not None:
        return to_dict()
    return dict(thing) if hasattr(thing, "keys") else thing


def _event(thing: Any) -> dict[str, Any] | None:
    """An event's data: the thing itself, what a parsed server-sent event carries, or a `data:` line; None if nothing."""
    thing = plain(thing)
    if isinstance(thing, dict):
        if "data" not in thing or not thing.keys() <= {"event", "data", "id", "retry"}:
            return thing
        thing = plain(thing["data"])
    if isinstance(thing, bytes):
        thing = thing.decode("utf-8", "replace")
    if isinstance(thing, str):
        from modelry.jsontext import loads

        text = thing.strip()
        text = text[5:].strip() if text.startswith("data:") else text
        try:
            thing = loads(text) if text.startswith("{") else None
        except ValueError:
            return None
    return thing if isinstance(thing, dict) else None


def _located(body: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any], bool] | None:
    """(around, usage, what its place says, whether it grows); None where there is no usage."""
    for place in PLACES:
        around: Any = body
        for key in place.path[:-1]:
            around = plain(around.get(key)) if isinstance(around, dict) else None
        if not isinstance(around, dict) or around.get(place.path[-1]) is None:
            continue
        usage = plain(around[place.path[-1]])
        if not isinstance(usage, dict):
            if place.path == ("usage",):
                raise InvalidUsage("usage", type(usage).__name__, "an object is due")
        elif place.path[-1] != "meta" or "billed_units" in usage:
            return around, _camel(usage), dict(place.facts), place.grows
    if not COUNTERS.isdisjoint(body):
        return body, _camel(body), {}, False
    for fields, api, stand_ins in BARE:
        if all(body.get(field) is not None for field in fields):
            return body, {name: body[field] for name, field in stand_ins}, {"api": api}, False
    if any(str(key).startswith("gen_ai.") for key in body) or "attributes" in body:
        from modelry.dialects.otel import attributes

        span = attributes(body)
        return (span, span, {}, False) if span else None
    return None


def _camel(usage: dict[str, Any]) -> dict[str, Any]:
    """Google's protocol buffers name their fields in snake case where they are no JSON yet."""
    if "prompt_token_count" not in usage and "total_token_count" not in usage:
        return usage

    def camel(name: str) -> str:
        head, *rest = name.split("_")
        return head + "".join(part.capitalize() for part in rest)

    def renamed(value: Any) -> Any:
        if isinstance(value, dict):
            return {camel(str(key)): renamed(inner) for key, inner in value.items()}
        return [renamed(item) for item in value] if isinstance(value, list | tuple) else value

    found: dict[str, Any] = renamed(usage)
    return found


# Streams

_KEPT = words(
    "type model modelVersion model_version modelId service_tier serviceTier created created_at createTime provider"
    " performanceConfig size quality"
)
_GATHERED = words("candidates output data")


def _folded(events: Any) -> _Found:
    """A stream as one response: the last usage, or what a growing one has become, and what the events say around it."""
    around: dict[str, Any] = {}
    usage: dict[str, Any] | None = None
    said: dict[str, Any] = {}
    is_growing = has_grown = False
    n = 0
    for n, thing in enumerate(events, 1):  # noqa: B007
        event = _event(thing)
        if event is None:
            continue
        place = _located(event)
        frame = place[0] if place else event
        for key in _KEPT & frame.keys():
            if frame[key] is not None:
                around[key] = frame[key]
        for key in _GATHERED & frame.keys():
            if isinstance(frame[key], list):
                around.setdefault(key, []).extend(frame[key])
        if place is None:
            continue
        _, latest, said, grows = place
        if is_growing and usage is not None:
            usage, has_grown = _grown(usage, latest), True
        else:
            usage = latest
        is_growing = is_growing or grows
    if usage is None:
        raise UnknownUsage(
            "response",
            f"{n} events",
            "none of them carries usage (OpenAI's streams do with stream_options include_usage)",
        )
    cut = is_growing and not has_grown
    return around, usage, said, ("the stream breaks off: what came out was counted at its start alone",) if cut else ()


def _grown(usage: dict[str, Any], latest: dict[str, Any]) -> dict[str, Any]:
    """Cumulative counts laid over earlier ones; what was written since has the lifetime of what was written before."""
    result = usage | {key: value for key, value in latest.items() if value is not None}
    split, written = usage.get("cache_creation"), latest.get("cache_creation_input_tokens")
    if isinstance(split, dict) and isinstance(written, int) and latest.get("cache_creation") is None:
        hour = split.get("ephemeral_1h_input_tokens") or 0
        hour = written if hour and not split.get("ephemeral_5m_input_tokens") else hour
        result["cache_creation"] = {"ephemeral_1h_input_tokens": hour, "ephemeral_5m_input_tokens": written - hour}
    return result
