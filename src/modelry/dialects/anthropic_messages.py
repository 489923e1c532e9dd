"""Messages of Anthropic, wherever they are served (Claude API, Bedrock's InvokeModel, Vertex AI).

`input_tokens` is beside cache reads and writes; `output_tokens` includes thinking. Streams count up: the last
message_delta holds. Writes are of 5 minutes, but for those that cache_creation calls of one hour.
Compaction's own tokens are beside the top-level counts and billed with them.
Sources: https://platform.claude.com/docs/en/api/messages, …/build-with-claude/prompt-caching,
…/build-with-claude/compaction-threshold, …/manage-claude/data-residency (global is the plain price).
"""

from __future__ import annotations

from modelry.dialects.table import Dialect, Fact, Field

ANTHROPIC_MESSAGES = Dialect(
    api="anthropic.messages",
    due=("input_tokens",),
    fields=(
        Field("input_tokens", "input"),
        Field("cache_read_input_tokens", "cached_input"),
        Field("cache_creation_input_tokens", "cache_write"),
        Field("cache_creation.ephemeral_1h_input_tokens", "cache_write_1h", ("cache_write",)),
        Field("output_tokens", "output"),
        Field("output_tokens_details.thinking_tokens", "reasoning", ("output",)),
        Field("server_tool_use.web_search_requests", "web_searches"),
    ),
    sums=(
        (
            "cache_creation_input_tokens",
            ("cache_creation.ephemeral_5m_input_tokens", "cache_creation.ephemeral_1h_input_tokens"),
        ),
    ),
    created=None,
    facts=(
        Fact("service_tier", "service_tier", {"auto": None, "standard": None}, of="usage"),
        Fact("region", "inference_geo", {"global": None, "not_available": None}, of="usage"),
        Fact("speed", "speed", {"standard": None}, of="usage"),
    ),
    reported=(("cost.total_cost|cost", 1),),
    also="iterations[type=compaction]",
    elsewhere=(("iterations[type=advisor_message].model", "tokens of an advisor model"),),
)
