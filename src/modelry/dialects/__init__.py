"""Dialects: how each API reports what a call used, and which of them a body is written in.

    body ──> plain data ──> usage object and the response around it ──> shape ──> the dialect's table ──> Read

A dialect is a module with a table (`table.py` says of what, `engine.py` reads it). To add one, add a module, its line in
`HOMES`, and the fields that give it away in `shapes.py`. A provider that writes one of these is a line `api:` in its
manifest.
"""

from __future__ import annotations

from decimal import Decimal

from modelry.dialects.engine import Plan, seen
from modelry.dialects.found import found as _found
from modelry.dialects.shapes import BY_TYPE, Shape, fits_inside, fitting
from modelry.errors import AmbiguousUsage, InvalidUsage, UnknownUsage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NamedTuple

    from modelry.dialects.engine import Counted
    from modelry.dialects.paths import Step
    from modelry.dialects.table import Dialect
    from modelry.usage import Quantity
else:
    from modelry._named import NamedTuple

HOMES = {
    "openai.chat": "openai_chat.OPENAI_CHAT",
    "openai.responses": "openai_responses.OPENAI_RESPONSES",
    "openai.embeddings": "openai_media.EMBEDDINGS",
    "openai.images": "openai_media.IMAGES",
    "openai.audio": "openai_media.AUDIO",
    "openai.realtime": "openai_media.AUDIO",
    "openai.speech": "openai_media.SPEECH",
    "anthropic.messages": "anthropic_messages.ANTHROPIC_MESSAGES",
    "gemini.generate_content": "gemini_generate_content.GEMINI_GENERATE_CONTENT",
    "bedrock.converse": "bedrock_converse.BEDROCK_CONVERSE",
    "cohere": "cohere.COHERE",
    "mistral": "mistral.MISTRAL",
    "deepseek": "deepseek.DEEPSEEK",
    "xai": "xai.XAI",
    "openrouter": "openai_compatible.OPENROUTER",
    "groq": "openai_compatible.GROQ",
    "together": "openai_chat.OPENAI_CHAT",
    "fireworks": "openai_chat.OPENAI_CHAT",
    "perplexity": "openai_compatible.PERPLEXITY",
    "otel": "otel.OTEL",
}
"""The module and table of each api."""


class Read(NamedTuple):
    """What a body says: the api it is written in, disjoint counts, and what else reaches a price.

    `models` are the names of the model, the one that served first. `elsewhere` is what the body mentions and no
    bucket of this call counts. `reported` is the provider's own cost in USD.
    """

    api: str
    counts: dict[str, Quantity]
    assumed: tuple[str, ...]
    models: tuple[str, ...]
    provider: str | None
    facts: dict[str, Any]
    created: object
    reported: Decimal | None
    warnings: tuple[str, ...]
    elsewhere: tuple[str, ...]


_make = tuple.__new__
_plans: dict[str, Plan] = {}
_shapes: dict[tuple[str, ...], tuple[tuple[Shape, ...], bool, frozenset[str]]] = {}


def plan(api: str) -> Plan:
    """The engine for an api; raises InvalidUsage for one that nobody knows."""
    if api not in _plans:
        if api not in HOMES:
            raise InvalidUsage("api", api, f"is none of {', '.join(HOMES)}")
        module, _, name = HOMES[api].partition(".")
        dialect: Dialect = getattr(__import__(f"modelry.dialects.{module}", fromlist=[name]), name)
        _plans[api] = Plan(dialect)
    return _plans[api]


def read(body: object, api: str | None = None, *, prefer: str | None = None, lenient: bool = False) -> Read:
    """Read a response, its usage object, or the events of a stream; `prefer` decides between apis that fit alike.

    Raises UnknownUsage, AmbiguousUsage, UsageMismatch or InvalidUsage, each saying what was seen.
    """
    around, usage, said, warnings = _found(body)
    if api is None:
        kind = around.get("type")
        api = BY_TYPE.get(kind) if type(kind) is str else None
        api = api or said.pop("api", None)
    if api is None:
        api, counted = _detected(usage, around, prefer, lenient=lenient)
    else:
        counted = plan(api).count(usage, around, lenient=lenient)
    ready = plan(api)
    for fact, key, way, words, of_usage in ready.facts:
        start = usage if of_usage else around
        word = start.get(key) if way is None else way(start)
        if word is not None and fact not in said:
            known = word.lower() if type(word) is str else str(getattr(word, "value", word)).lower()
            if (meant := words.get(known, known)) is not None:
                said[fact] = meant
    elsewhere: list[str] = []
    for key, find, what in ready.elsewhere:
        if (key in usage and find(usage)) or (key in around and find(around)):
            elsewhere.append(what)
    return _make(Read, (
        api,
        counted.counts,
        counted.assumed,
        _names(ready.model, around),
        ready.provider(around) if ready.provider else ready.dialect.provider,
        said,
        ready.created(around) if ready.created else None,
        _reported(ready, usage) if ready.reported else None,
        warnings + counted.warnings,
        tuple(elsewhere),
    ))  # fmt: skip


def _names(paths: list[Step], around: dict[str, Any]) -> tuple[str, ...]:
    names = []
    for _, key, _, way in paths:
        name = around.get(key) if way is None else way(around)
        if name and isinstance(name, str):
            names.append(name)
    return tuple(names)


def _reported(ready: Plan, usage: dict[str, Any]) -> Decimal | None:
    for key, find, per in ready.reported:
        if key not in usage:
            continue
        cost = find(usage)
        if isinstance(cost, float):
            cost = Decimal(repr(cost))
        if isinstance(cost, int | Decimal) and not isinstance(cost, bool):
            cost = Decimal(cost)
            if cost.is_finite() and 0 <= cost < 10**18:
                return cost if per == 1 else cost.scaleb(1 - len(str(per)))
    return None


# Which api


def _detected(
    usage: dict[str, Any], around: dict[str, Any], prefer: str | None, *, lenient: bool
) -> tuple[str, Counted]:
    fields = tuple(usage)
    if None in usage.values():
        fields = tuple([key for key in fields if usage[key] is not None])
    known = _shapes.get(fields)
    if known is None:
        known = fitting(frozenset(fields))
        if len(_shapes) < 1_000:  # fields are open text
            _shapes[fields] = known
    shapes, are_marked, fits = known
    if prefer in fits and (not are_marked or any(shape.api == prefer for shape in shapes)):
        return prefer, plan(prefer).count(usage, around, lenient=lenient)
    if len(shapes) > 1:
        shapes = tuple(shape for shape in shapes if fits_inside(shape, usage)) or shapes
    if len(shapes) == 1:
        return shapes[0].api, plan(shapes[0].api).count(usage, around, lenient=lenient)
    if not shapes:
        raise UnknownUsage("usage", seen(usage), "no known api reports these fields; name the one meant by api=")
    return _agreed(shapes, usage, around, lenient=lenient)


def _agreed(
    shapes: tuple[Shape, ...], usage: dict[str, Any], around: dict[str, Any], *, lenient: bool
) -> tuple[str, Counted]:
    """The first of several apis that count this body alike; one that does not add up is not meant."""
    read_as: dict[str, Counted] = {}
    error: InvalidUsage | None = None
    for shape in shapes:
        try:
            read_as.setdefault(shape.api, plan(shape.api).count(usage, around))
        except InvalidUsage as refused:
            error = error or refused
    if not read_as:
        if lenient:
            return shapes[0].api, plan(shapes[0].api).count(usage, around, lenient=True)
        raise error or UnknownUsage("usage", seen(usage), "no known api reports these fields")
    (api, first), *others = read_as.items()
    if all(_nonzero(other.counts) == _nonzero(first.counts) for _, other in others):
        return api, first
    ways = "; ".join(f"{name} reads {_nonzero(counted.counts)}" for name, counted in read_as.items())
    raise AmbiguousUsage(
        "usage", seen(usage), f"several apis report these fields and count them differently: {ways}; say which by api="
    )


def _nonzero(counts: dict[str, Quantity]) -> dict[str, Quantity]:
    return {bucket: n for bucket, n in counts.items() if n}
