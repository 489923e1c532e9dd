"""The billable meters: one row each, with its word in every vocabulary.

A meter is named by what is counted. Rates are USD (or the card's currency) per unit. `bucket` is the field of
`Usage` that counts it; `parent` is the meter whose rate stands in when this one has none; `direction` is the side of
the call that it belongs to (`in`, `out`, or none for what belongs to neither). To add a billable unit, add a row.

Words of other vocabularies: LiteLLM's field stem (USD per unit; a `…_per_1k_…` stem is USD per 1,000 units),
OpenRouter's key (USD per unit, as text), models.dev's key (USD per 1M), genai-prices' key (`_mtok` USD per 1M,
`_kcount` USD per 1,000; its other endings are in `formats/genai_prices.py`).
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NamedTuple
else:
    from modelry._named import NamedTuple


class Meter(NamedTuple):
    """One billable unit."""

    name: str
    bucket: str
    unit: str
    direction: str | None = None
    modality: str | None = None
    parent: str | None = None
    litellm: str | None = None
    openrouter: str | None = None
    models_dev: str | None = None
    genai_prices: str | None = None

    @property
    def is_token(self) -> bool:
        """Whether the unit is a token: what thresholds, `replace` and `multiply` speak of."""
        return self.unit == "token"


def _token(
    bucket: str,
    direction: str,
    modality: str,
    parent: str | None,
    litellm: str,
    openrouter: str | None = None,
    models_dev: str | None = None,
    genai_prices: str | None = None,
) -> Meter:
    return Meter(
        f"{bucket}_per_token",
        bucket,
        "token",
        direction,
        modality,
        f"{parent}_per_token" if parent else None,
        litellm,
        openrouter,
        models_dev,
        genai_prices,
    )


# fmt: off
_TABLE = (
    # bucket               side   modality parent          LiteLLM                                     OpenRouter            models.dev     genai-prices
    _token("input",              "in",  "text",  None,             "input_cost_per_token",                       "prompt",               "input",        "input_mtok"),
    _token("output",             "out", "text",  None,             "output_cost_per_token",                      "completion",           "output",       "output_mtok"),
    _token("cached_input",       "in",  "text",  "input",          "cache_read_input_token_cost",                "input_cache_read",     "cache_read",   "cache_read_mtok"),
    _token("cache_write",        "in",  "text",  "input",          "cache_creation_input_token_cost",            "input_cache_write",    "cache_write",  "cache_write_mtok"),
    _token("cache_write_1h",     "in",  "text",  "cache_write",    "cache_creation_input_token_cost_above_1hr",  "input_cache_write_1h", None,           "cache_write_1h_mtok"),
    _token("cache_write_12h",    "in",  "text",  "cache_write",    "cache_creation_input_token_cost_above_12hr"),
    _token("reasoning",          "out", "text",  "output",         "output_cost_per_reasoning_token",            "internal_reasoning",   "reasoning",    "output_reasoning_mtok"),
    _token("input_audio",        "in",  "audio", "input",          "input_cost_per_audio_token",                 "audio",                "input_audio",  "input_audio_mtok"),
    _token("output_audio",       "out", "audio", "output",         "output_cost_per_audio_token",                "audio_output",         "output_audio", "output_audio_mtok"),
    _token("cached_input_audio", "in",  "audio", "cached_input",   "cache_read_input_audio_token_cost",          "input_audio_cache",    None,           "cache_audio_read_mtok"),
    _token("cache_write_audio",  "in",  "audio", "cache_write",    "cache_creation_input_audio_token_cost",       None,                   None,           "cache_audio_write_mtok"),
    _token("input_image",        "in",  "image", "input",          "input_cost_per_image_token",                 "image_token",          None,           "input_image_mtok"),
    _token("output_image",       "out", "image", "output",         "output_cost_per_image_token",                "image_output",         None,           "output_image_mtok"),
    _token("cached_input_image", "in",  "image", "cached_input",   "cache_read_input_image_token_cost",          None,                   None,           "cache_image_read_mtok"),
    _token("input_video",        "in",  "video", "input",          "input_cost_per_video_token",                 None,                   None,           "input_video_mtok"),
    _token("output_video",       "out", "video", "output",         "output_cost_per_video_token",                None,                   None,           "output_video_mtok"),
    Meter("citation_per_token", "citations", "token", "in", "text", None, "citation_cost_per_token", None, None, "output_citation_mtok"),
    Meter("computer_use_input_per_token",  "computer_use_input",  "token", "in",  "text", None, "computer_use_input_cost_per_1k_tokens"),
    Meter("computer_use_output_per_token", "computer_use_output", "token", "out", "text", None, "computer_use_output_cost_per_1k_tokens"),
    Meter("input_per_character",  "input_characters",  "character", "in",  "text", None, "input_cost_per_character", None, None, "input_mchars"),
    Meter("output_per_character", "output_characters", "character", "out", "text", None, "output_cost_per_character"),
    Meter("input_per_image",  "input_images",  "image", "in",  "image", None, "input_cost_per_image", "image"),
    Meter("output_per_image", "output_images", "image", "out", "image", None, "output_cost_per_image"),
    Meter("input_per_pixel",  "input_pixels",  "pixel", "in",  "image", None, "input_cost_per_pixel", None, None, "input_gpixels"),
    Meter("output_per_pixel", "output_pixels", "pixel", "out", "image", None, "output_cost_per_pixel"),
    Meter("input_per_second",  "seconds", "second", "in",  None, None, "input_cost_per_second", None, None, "audio_hours"),
    Meter("output_per_second", "seconds", "second", "out", None, None, "output_cost_per_second"),
    Meter("capacity_per_second", "capacity_seconds", "second", None, None, None, "cost_per_second"),
    Meter("input_per_audio_second",  "input_audio_seconds",  "second", "in",  "audio", None, "input_cost_per_audio_per_second", None, None, "input_audio_hours"),
    Meter("input_per_video_second",  "input_video_seconds",  "second", "in",  "video", None, "input_cost_per_video_per_second"),
    Meter("output_per_video_second", "output_video_seconds", "second", "out", "video", "output_per_second", "output_cost_per_video_per_second"),
    Meter("per_query",   "queries",  "query",   None, None, None, "input_cost_per_query", None, None, "rerank_searches_kcount"),
    Meter("per_request", "requests", "request", None, None, None, "input_cost_per_request", "request", None, "requests_kcount"),
    Meter("per_message", "messages", "message", "in", "text", None, "input_cost_per_text_message", None, None, "input_text_messages_kcount"),
    Meter("per_page",            "pages",           "page",   None, None, None, "ocr_cost_per_page", None, None, "input_document_kpages"),
    Meter("annotation_per_page", "annotated_pages", "page",   None, None, None, "annotation_cost_per_page", None, None, "input_annotated_document_kpages"),
    Meter("per_credit",          "credits",         "credit", None, None, None, "ocr_cost_per_credit"),
    # LiteLLM has one field for both ways of billing a search; `web_search_billing_unit` tells them apart.
    Meter("web_search_per_query",  "web_searches",     "query",  None, None, None, None, "web_search", None, "web_searches_kcount"),
    Meter("web_search_per_prompt", "grounded_prompts", "prompt"),
    Meter("maps_grounding_per_query",  "maps_searches", "query"),
    Meter("maps_grounding_per_prompt", "maps_prompts",  "prompt"),
    Meter("code_interpreter_per_session", "sessions", "session", None, None, None, "code_interpreter_cost_per_session"),
    Meter("file_search_per_call", "file_searches", "call", None, None, None, "file_search_cost_per_1k_calls", None, None, "storage_searches_kcount"),
    Meter("file_search_storage_per_gb_day",  "file_search_storage_gb_days",  "gb_day", None, None, None, "file_search_cost_per_gb_per_day"),
    Meter("vector_store_storage_per_gb_day", "vector_store_storage_gb_days", "gb_day", None, None, None, "vector_store_cost_per_gb_per_day"),
)
# fmt: on

METERS: dict[str, Meter] = {meter.name: meter for meter in _TABLE}
"""Every meter by name, in the order of the table."""

BUCKETS: dict[str, tuple[Meter, ...]] = {}
"""The meters that a bucket of `Usage` feeds, the preferred one first (`seconds` has two)."""
for _meter in _TABLE:
    BUCKETS[_meter.bucket] = (*BUCKETS.get(_meter.bucket, ()), _meter)

INPUT_TOKENS: frozenset[str] = frozenset(m.bucket for m in _TABLE if m.is_token and m.direction == "in")
"""Buckets whose sum is the basis of every threshold: uncached, cache reads and writes, all modalities."""

OUTPUT_TOKENS: frozenset[str] = frozenset(m.bucket for m in _TABLE if m.is_token and m.direction == "out")

FRACTIONAL_UNITS = frozenset({"second", "gb_day", "credit"})
"""Units that are measured rather than counted: a quantity may have a fraction."""


def _tokens(direction: str, modality: str) -> tuple[str, ...]:
    return tuple(
        m.bucket for m in _TABLE
        if m.is_token and (m.direction, m.modality) == (direction, modality) and m.name in _CONTENT
    )  # fmt: skip


_CONTENT = frozenset(m.name for m in _TABLE if not m.bucket.startswith(("computer_use", "citations", "reasoning")))

ALTERNATIVES: tuple[tuple[tuple[str, ...], ...], ...] = (
    (("input_characters",), _tokens("in", "text")),
    (("input_images",), _tokens("in", "image")),
    (("input_audio_seconds",), _tokens("in", "audio")),
    (("input_video_seconds",), _tokens("in", "video")),
    (_tokens("out", "image"), ("output_images",), ("output_pixels",)),
)
"""One thing, one unit: of each row only the first group of buckets that has both a rate and a count is charged."""

COUNTED_TWICE: frozenset[str] = frozenset(
    bucket for row in ALTERNATIVES for group in row for bucket in group if not BUCKETS[bucket][0].is_token
)
"""Buckets that can count what another bucket counts too; without one of them `ALTERNATIVES` has nothing to decide."""
