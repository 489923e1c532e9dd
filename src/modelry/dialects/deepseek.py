"""Chat of DeepSeek: the hits and misses of its cache sum to the prompt.

Source: https://api-docs.deepseek.com/api/create-chat-completion, https://api-docs.deepseek.com/guides/kv_cache.
"""

from __future__ import annotations

from modelry.dialects.openai_chat import CACHED, OPENAI_CHAT
from modelry.dialects.table import respelled

DEEPSEEK = respelled(OPENAI_CHAT, CACHED, f"prompt_cache_hit_tokens|{CACHED}")._replace(
    api="deepseek",
    due=("prompt_tokens", "prompt_cache_hit_tokens"),
    sums=(("prompt_tokens", ("prompt_cache_hit_tokens", "prompt_cache_miss_tokens")),),
)
