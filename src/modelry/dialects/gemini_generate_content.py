"""generateContent of the Gemini API and of Vertex AI.

`promptTokenCount` includes what was cached; candidates leave thoughts out; the prompt of tools is beside the prompt.
Where the total says otherwise, the total is right. A document is counted and priced as images of its pages.
A grounded prompt is billed by the prompt or by the query: both are counted, and the rate card has one of the two.
Empty queries are not billed, and a query that is repeated is billed once.
Sources: https://ai.google.dev/api/generate-content#UsageMetadata,
https://cloud.google.com/vertex-ai/generative-ai/docs/reference/rest/v1/GenerateContentResponse#UsageMetadata,
https://ai.google.dev/gemini-api/docs/google-search.
"""

from __future__ import annotations

from modelry.dialects.table import Dialect, Fact, Field, Reading

TIERS = {
    "unspecified": None,
    "standard": None,
    "traffic_type_unspecified": None,
    "on_demand": None,
    "on_demand_priority": "priority",
    "on_demand_flex": "flex",
    "provisioned_throughput": None,
}
"""Provisioned throughput is paid by the hour; what the tokens would have cost on demand is what can be said."""

KINDS = (("AUDIO", "input_audio"), ("IMAGE/DOCUMENT", "input_image"), ("VIDEO", "input_video"))


def _kinds(path: str) -> tuple[Field, ...]:
    return tuple(Field(f"{path}[modality={kind}].tokenCount", bucket, ("input",)) for kind, bucket in KINDS)


TOOL_USE = (
    Field("toolUsePromptTokenCount", "input"),
    *_kinds("toolUsePromptTokensDetails"),
)
OUTSIDE = "candidatesTokenCount|responseTokenCount"
OF_OUTPUT = "candidatesTokensDetails|responseTokensDetails"
GROUNDING = "candidates[].groundingMetadata|candidates[].grounding_metadata"

GEMINI_GENERATE_CONTENT = Dialect(
    api="gemini.generate_content",
    due=("promptTokenCount", "candidatesTokenCount", "responseTokenCount", "totalTokenCount"),
    fields=(
        Field("promptTokenCount", "input"),
        *_kinds("promptTokensDetails"),
        *TOOL_USE,
        Field("cachedContentTokenCount", "cached_input", ("input",)),
        Field("cacheTokensDetails[modality=AUDIO].tokenCount", "cached_input_audio", ("cached_input", "input_audio")),
        Field("cacheTokensDetails[modality=IMAGE/DOCUMENT].tokenCount", "cached_input_image", ("cached_input", "input_image")),
        # Cached video has no bucket of its own; its rate is that of cached text.
        Field("cacheTokensDetails[modality=VIDEO].tokenCount", "cached_input", ("cached_input", "input_video")),
        Field(OUTSIDE, "output"),
        Field(f"{OF_OUTPUT.replace('|', '[modality=AUDIO].tokenCount|')}[modality=AUDIO].tokenCount", "output_audio", ("output",)),
        Field(f"{OF_OUTPUT.replace('|', '[modality=IMAGE].tokenCount|')}[modality=IMAGE].tokenCount", "output_image", ("output",)),
        Field(f"{OF_OUTPUT.replace('|', '[modality=VIDEO].tokenCount|')}[modality=VIDEO].tokenCount", "output_video", ("output",)),
        Field("thoughtsTokenCount", "reasoning"),
        Field("candidates[].groundingMetadata.webSearchQueries|candidates[].grounding_metadata.web_search_queries",
              "web_searches", of="response", how="distinct"),
        Field("candidates[].groundingMetadata.webSearchQueries|candidates[].grounding_metadata.web_search_queries",
              "grounded_prompts", of="response", how="any"),
    ),
    total="totalTokenCount",
    readings=(
        Reading({field.path: None for field in TOOL_USE}),  # the prompt includes them already
        Reading({"thoughtsTokenCount": ("output",)}),
        Reading({"thoughtsTokenCount": ("output",), **{field.path: None for field in TOOL_USE}}),
    ),
    cached_split="cacheTokensDetails",
    model="modelVersion|model_version|model",
    created="createTime|create_time",
    facts=(
        Fact("service_tier", "trafficType|traffic_type", TIERS, of="usage"),
        Fact("service_tier", "serviceTier|service_tier", TIERS, of="usage"),
    ),
)  # fmt: skip
