"""Converse and ConverseStream of Amazon Bedrock.

`inputTokens` is beside cache reads and writes; some hosted models report it inclusive, and the total tells.
The response does not name its model: it is what was asked for.
Sources: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_TokenUsage.html, …/API_runtime_CacheDetail.html,
…/API_runtime_ConverseStreamMetadataEvent.html, https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html.
"""

from __future__ import annotations

from modelry.dialects.table import Dialect, Fact, Field, Reading

READ = "cacheReadInputTokens|cacheReadInputTokenCount"
WRITTEN = "cacheWriteInputTokens|cacheWriteInputTokenCount"

BEDROCK_CONVERSE = Dialect(
    api="bedrock.converse",
    due=("inputTokens",),
    fields=(
        Field("inputTokens", "input"),
        Field(READ, "cached_input"),
        Field(WRITTEN, "cache_write"),
        Field("cacheDetails[ttl=1h].inputTokens", "cache_write_1h", ("cache_write",)),
        Field("outputTokens", "output"),
    ),
    total="totalTokens",
    sums=((WRITTEN, ("cacheDetails[ttl=5m/1h].inputTokens",)),),
    readings=(
        Reading({READ: ("input",), WRITTEN: ("input",)}),
        Reading({}, beside_total=("cached_input", "cache_write", "cache_write_1h")),  # a total that forgets the cache
    ),
    model="modelId|model",
    created=None,
    facts=(
        Fact("service_tier", "serviceTier.type", {"reserved": None}),
        Fact("speed", "performanceConfig.latency", {"standard": None}),
    ),
    provider="bedrock",
)
