"""Chat completions of OpenAI, and of everybody whose API is called compatible with it.

Details are parts of the whole; rejected predictions are part of completion_tokens and billed as output.
Sources: https://platform.openai.com/docs/api-reference/chat/object, LiteLLM's `Usage` for what gateways spell otherwise.
"""

from __future__ import annotations

from modelry.dialects.table import Dialect, Fact, Field, Reading

CACHED = "prompt_tokens_details.cached_tokens|prompt_token_details.cached_tokens|cached_tokens|cache_read_input_tokens"
WRITTEN = (
    "prompt_tokens_details.cache_write_tokens|prompt_tokens_details.cache_creation_tokens|cache_creation_input_tokens"
)
REASONING = "completion_tokens_details.reasoning_tokens|reasoning_tokens"

TIERS = {"auto": None, "standard": None, "default": None, "on_demand": None, "scale": None, "performance": None}
"""Words that are no price of their own: `auto` is what was asked, `scale` and Groq's `performance` are contracts."""

OPENAI_CHAT = Dialect(
    api="openai.chat",
    due=("prompt_tokens",),
    fields=(
        Field("prompt_tokens", "input"),
        Field(CACHED, "cached_input", ("input",)),
        Field(WRITTEN, "cache_write", ("input",)),
        Field(
            "prompt_tokens_details.cache_creation_token_details.ephemeral_1h_input_tokens",
            "cache_write_1h",
            ("cache_write",),
        ),
        Field("prompt_tokens_details.cache_write_tokens_details.ttl_12h_tokens", "cache_write_12h", ("cache_write",)),
        Field("prompt_tokens_details.audio_tokens", "input_audio", ("input",)),
        Field("prompt_tokens_details.image_tokens", "input_image", ("input",)),
        Field("prompt_tokens_details.video_tokens", "input_video", ("input",)),
        Field("completion_tokens", "output"),
        Field(REASONING, "reasoning", ("output",)),
        Field("completion_tokens_details.audio_tokens", "output_audio", ("output",)),
        Field("completion_tokens_details.image_tokens", "output_image", ("output",)),
        Field("completion_tokens_details.video_tokens", "output_video", ("output",)),
        Field("server_tool_use.web_search_requests|prompt_tokens_details.web_search_requests", "web_searches"),
    ),
    total="total_tokens",
    # Gemini's and others' compatible endpoints leave reasoning out of completion_tokens; some leave the cache out.
    readings=(
        Reading({REASONING: ()}),
        Reading({CACHED: (), WRITTEN: ()}),
        Reading({REASONING: (), CACHED: (), WRITTEN: ()}),
    ),
    cached_split="prompt_tokens_details.cached_tokens_details",
    facts=(
        Fact("service_tier", "service_tier", TIERS),
        # A gateway that speaks for Anthropic hands these on.
        Fact("region", "inference_geo", {"global": None, "not_available": None}, of="usage"),
        Fact("speed", "speed", of="usage"),
    ),
    reported=(("cost.total_cost|cost", 1),),
)
