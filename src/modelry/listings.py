"""Providers' own lists of their models: one row for each shape in which they answer, and what a page of it says.

A provider whose list has a known shape is a `listing` in its manifest; a new shape is a row here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from modelry.capabilities import CAPABILITIES
from modelry.catalog.sound import is_name

AUTHS = {
    "bearer": ("Authorization", "Bearer "),
    "x-api-key": ("x-api-key", ""),
    "x-goog-api-key": ("x-goog-api-key", ""),
    "none": None,
}
"""How a key is sent: the header, and what stands before the key."""


class Shape(NamedTuple):
    """How a provider lists its models.

    A path is keys with dots between them, the last of which may be a word of a list. `entries` is the path of the list
    (empty where the answer is the list), `name` the key of an entry's name, which begins with `prefix`. `following` is
    the key of what leads to the next page and the parameter that takes it; `more` the key that says whether there is
    one. `states` are paths within an entry, and the capability that each states where it is true or `supported`.
    """

    entries: str = "data"
    name: str = "id"
    prefix: str = ""
    auth: str = "bearer"
    headers: Mapping[str, str] = {}
    query: Mapping[str, str] = {}
    following: tuple[str, str] | None = None
    more: str | None = None
    states: Mapping[str, str] = {}


def _of_openrouter() -> Iterator[tuple[str, str]]:
    for capability in CAPABILITIES.values():
        if capability.openrouter:
            yield f"supported_parameters.{capability.openrouter}", capability.name
        if capability.modality:
            side, kind = capability.modality
            yield f"architecture.{side}_modalities.{'file' if kind == 'pdf' else kind}", capability.name


SHAPES: dict[str, Shape] = {
    "openai": Shape(),
    "anthropic": Shape(
        auth="x-api-key", headers={"anthropic-version": "2023-06-01"},
        query={"limit": "1000"}, following=("last_id", "after_id"), more="has_more",
        states={
            "capabilities.image_input": "vision", "capabilities.pdf_input": "pdf",
            "capabilities.structured_outputs": "response_schema", "capabilities.thinking": "reasoning",
            "capabilities.thinking.types.adaptive": "adaptive_thinking",
        },
    ),
    "google": Shape(
        "models", "name", "models/", auth="x-goog-api-key",
        query={"pageSize": "1000"}, following=("nextPageToken", "pageToken"), states={"thinking": "reasoning"},
    ),
    "cohere": Shape(
        "models", "name", query={"page_size": "1000"}, following=("next_page_token", "page_token"),
        states={
            "endpoints.chat": "chat", "features.tools": "tools", "features.tool_choice": "tool_choice",
            "features.json_mode": "json_mode", "features.json_schema": "response_schema", "features.vision": "vision",
            "features.reasoning": "reasoning",
        },
    ),
    "mistral": Shape(
        states={
            "capabilities.completion_chat": "chat", "capabilities.function_calling": "tools",
            "capabilities.vision": "vision", "capabilities.audio": "audio",
        },
    ),
    "fireworks": Shape(
        "models", "name", query={"pageSize": "200"}, following=("nextPageToken", "pageToken"),
        states={"supportsImageInput": "vision", "supportsTools": "tools"},
    ),
    "openrouter": Shape(states=dict(_of_openrouter())),
    "together": Shape(""),
}  # fmt: skip
"""Shapes by name: that of whoever answers so first."""


def names_in(shape: Shape, said: Any) -> Iterator[tuple[str, frozenset[str]]]:
    """The names that a page lists, each with the capabilities that it states; ValueError where it is no such page."""
    entries = _at(said, shape.entries) if shape.entries else said
    if not isinstance(entries, list):
        raise ValueError(f"has no list {shape.entries!r}" if shape.entries else "is no list")
    for entry in entries:
        name = entry.get(shape.name) if isinstance(entry, dict) else None
        if not isinstance(name, str) or not is_name(name := name.removeprefix(shape.prefix)):
            raise ValueError(f"lists what has no {shape.name!r}")
        yield name, frozenset(ours for path, ours in shape.states.items() if _is_stated(_at(entry, path)))


def _at(said: Any, path: str) -> Any:
    for key in path.split("."):
        said = said.get(key) if isinstance(said, dict) else isinstance(said, list) and key in said
    return said


def _is_stated(value: Any) -> bool:
    return value is True or (isinstance(value, dict) and value.get("supported") is True)


def following(shape: Shape, said: Any) -> dict[str, str]:
    """The parameter that asks for the page after this one, none after the last; ValueError where that is not told."""
    if shape.following is None or (shape.more and said.get(shape.more) is not True):
        return {}
    key, parameter = shape.following
    mark = said.get(key)
    if isinstance(mark, str) and mark:
        return {parameter: mark}
    if shape.more or mark not in (None, ""):
        raise ValueError(f"has a next page and no {key!r} that leads to it")
    return {}
