"""Which fields give away the api that a usage object is written in."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NamedTuple
else:
    from modelry._named import NamedTuple


class Shape(NamedTuple):
    """What gives a dialect away: one of `has` must be among the usage object's fields and none of `never`.

    `marks` are fields that no other api writes; a shape that has none of them is only tried where nobody has.
    `inner` (or not `no_inner`) must be there too, where two apis name their fields alike.
    """

    api: str
    has: frozenset[str]
    marks: frozenset[str] = frozenset()
    never: frozenset[str] = frozenset()
    inner: tuple[str, ...] = ()
    no_inner: tuple[str, ...] = ()


def words(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


_IMAGES = ("input_tokens_details.image_tokens", "input_tokens_details.text_tokens")

SHAPES = (
    Shape("gemini.generate_content", words("promptTokenCount candidatesTokenCount totalTokenCount responseTokenCount"),
          words("promptTokenCount candidatesTokenCount totalTokenCount responseTokenCount")),
    Shape("bedrock.converse", words("inputTokens outputTokens"), words("inputTokens outputTokens")),
    Shape("cohere", words("billed_units"), words("billed_units")),
    Shape("mistral", words("prompt_tokens pages_processed prompt_audio_seconds"),
          words("prompt_audio_seconds num_cached_tokens pages_processed")),
    Shape("deepseek", words("prompt_tokens prompt_cache_hit_tokens"),
          words("prompt_cache_hit_tokens prompt_cache_miss_tokens")),
    Shape("xai", words("prompt_tokens"), words("num_sources_used cost_in_usd_ticks")),
    Shape("openrouter", words("prompt_tokens"), words("cost_details is_byok")),
    Shape("groq", words("prompt_tokens"), words("queue_time prompt_time completion_time total_time")),
    Shape("perplexity", words("prompt_tokens"), words("citation_tokens num_search_queries search_context_size")),
    Shape("anthropic.messages", words("input_tokens"),
          words("cache_read_input_tokens cache_creation_input_tokens cache_creation server_tool_use inference_geo"
                 " iterations service_tier"),
          never=words("prompt_tokens completion_tokens")),
    Shape("openai.images", words("input_tokens"), words("input_tokens_details"), inner=_IMAGES),
    Shape("openai.responses", words("input_tokens"), words("input_tokens_details"), no_inner=_IMAGES),
    Shape("openai.audio", words("input_tokens seconds"), words("input_token_details output_token_details seconds")),
    Shape("openai.embeddings", words("prompt_tokens total_tokens"),
          never=words("completion_tokens input_tokens output_tokens")),
    Shape("openai.chat", words("prompt_tokens")),
    # Without a total nothing tells whether completion_tokens includes reasoning: these two read it differently.
    Shape("xai", words("completion_tokens"), never=words("total_tokens")),
)  # fmt: skip
"""Which fields mean which api; among those that fit alike, the first."""

BY_TYPE = {
    "speech.audio.done": "openai.speech",
    "image_generation.completed": "openai.images",
    "image_edit.completed": "openai.images",
}
"""Events whose usage looks like another's."""

COUNTERS = frozenset(field for shape in SHAPES for field in shape.has) | {"prompt_token_count"}
"""Fields that only a usage object has."""


def fitting(fields: frozenset[str]) -> tuple[tuple[Shape, ...], bool, frozenset[str]]:
    """The shapes to try, whether they are marked, and every api whose table these fields could fill."""
    fit = [shape for shape in SHAPES if shape.has & fields and not shape.never & fields]
    if any(str(field).startswith("gen_ai.usage.") for field in fields):
        return (Shape("otel", frozenset()),), True, frozenset({"otel"})
    marked = tuple(shape for shape in fit if shape.marks & fields)
    return (
        marked or tuple(s for s in fit if not s.marks or s.api in _PLAIN),
        bool(marked),
        frozenset(s.api for s in fit),
    )


_PLAIN = frozenset({"anthropic.messages", "openai.responses"})
"""Marked shapes that are also written without any of their marks: input_tokens and output_tokens alone."""


def fits_inside(shape: Shape, usage: dict[str, Any]) -> bool:
    """Whether what a shape asks of the details is there, and what it excludes is not."""

    def is_there(path: str) -> bool:
        key, _, inner = path.partition(".")
        details = usage.get(key)
        return isinstance(details, dict) and details.get(inner) is not None

    return (not shape.inner or any(map(is_there, shape.inner))) and not any(map(is_there, shape.no_inner))
