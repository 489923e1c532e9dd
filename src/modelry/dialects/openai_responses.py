"""Responses of OpenAI. Tool calls are items of `output`, each billed apart from tokens.

Of web searches only the action `search` is billed, not the opening of a page or the finding within one.
Sources: https://platform.openai.com/docs/api-reference/responses/object,
https://platform.openai.com/docs/guides/tools-web-search, https://docs.x.ai/developers/cost-tracking.
"""

from __future__ import annotations

from modelry.dialects.openai_chat import TIERS
from modelry.dialects.table import Dialect, Fact, Field, Reading

REASONING = "output_tokens_details.reasoning_tokens"

OPENAI_RESPONSES = Dialect(
    api="openai.responses",
    due=("input_tokens",),
    fields=(
        Field("input_tokens", "input"),
        Field("input_tokens_details.cached_tokens", "cached_input", ("input",)),
        Field("input_tokens_details.cache_write_tokens", "cache_write", ("input",)),
        Field("input_tokens_details.cache_write_tokens_details.ttl_12h_tokens", "cache_write_12h", ("cache_write",)),
        Field("input_tokens_details.audio_tokens", "input_audio", ("input",)),
        Field("output_tokens", "output"),
        Field(REASONING, "reasoning", ("output",)),
        Field("output_tokens_details.audio_tokens", "output_audio", ("output",)),
        Field("output[type=web_search_call&action.type=search/]", "web_searches", of="response", how="items"),
        Field("output[type=file_search_call]", "file_searches", of="response", how="items"),
        Field("output[type=code_interpreter_call].container_id", "sessions", of="response", how="distinct"),
    ),
    total="total_tokens",
    readings=(Reading({REASONING: ()}),),
    cached_split="input_tokens_details.cached_tokens_details",
    facts=(Fact("service_tier", "service_tier", TIERS),),
    reported=(("cost_in_usd_ticks", 10**10), ("cost.total_cost|cost", 1)),
    elsewhere=(("output[type=image_generation_call].id", "images made by an image model"),),
)
