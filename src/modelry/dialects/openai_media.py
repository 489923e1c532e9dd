"""Embeddings, images, transcription, speech and realtime of OpenAI.

Sources: https://platform.openai.com/docs/api-reference/embeddings/create, …/images/object, …/audio/json-object,
https://platform.openai.com/docs/api-reference/realtime-server-events/response/done.
"""

from __future__ import annotations

from modelry.dialects.openai_chat import TIERS
from modelry.dialects.table import Dialect, Fact, Field

EMBEDDINGS = Dialect(
    api="openai.embeddings",
    due=("prompt_tokens", "total_tokens"),
    fields=(Field("prompt_tokens|total_tokens", "input"),),  # Voyage and Jina give the total alone
    total="total_tokens",
    facts=(Fact("service_tier", "service_tier", TIERS),),
    reported=(("cost.total_cost|cost", 1),),
)

IMAGES = Dialect(
    api="openai.images",
    due=(),  # DALL·E has no usage object: its images are counted
    fields=(
        Field("input_tokens", "input"),
        Field("input_tokens_details.image_tokens", "input_image", ("input",)),
        Field("input_tokens_details.cached_tokens", "cached_input", ("input",)),
        Field(
            "input_tokens_details.cached_tokens_details.image_tokens",
            "cached_input_image",
            ("cached_input", "input_image"),
        ),
        # Tokens are of images, but for those that output_tokens_details calls text.
        Field("output_tokens", "output_image"),
        Field("output_tokens_details.text_tokens", "output", ("output_image",)),
        Field("data[]", "output_images", of="response", how="items"),
    ),
    total="total_tokens",
    sums=(
        ("input_tokens", ("input_tokens_details.text_tokens", "input_tokens_details.image_tokens")),
        ("output_tokens", ("output_tokens_details.text_tokens", "output_tokens_details.image_tokens")),
    ),
    cached_split="input_tokens_details.cached_tokens_details",
    facts=(Fact("image_size", "size"), Fact("image_quality", "quality")),
    reported=(("cost_in_usd_ticks", 10**10), ("cost", 1)),
    elsewhere=(("svg_usage.model", "tokens of the model that wrote the SVG"),),
)

AUDIO = Dialect(
    api="openai.audio",
    due=("input_tokens", "seconds"),
    fields=(
        Field("seconds", "seconds"),
        Field("input_tokens", "input"),
        Field("input_token_details.audio_tokens", "input_audio", ("input",)),
        Field("input_token_details.image_tokens", "input_image", ("input",)),
        Field("input_token_details.cached_tokens", "cached_input", ("input",)),
        Field(
            "input_token_details.cached_tokens_details.audio_tokens",
            "cached_input_audio",
            ("cached_input", "input_audio"),
        ),
        Field(
            "input_token_details.cached_tokens_details.image_tokens",
            "cached_input_image",
            ("cached_input", "input_image"),
        ),
        Field("output_tokens", "output"),
        Field("output_token_details.audio_tokens", "output_audio", ("output",)),
    ),
    total="total_tokens",
    sums=(
        (
            "input_tokens",
            (
                "input_token_details.text_tokens",
                "input_token_details.audio_tokens",
                "input_token_details.image_tokens",
            ),
        ),
    ),
    cached_split="input_token_details.cached_tokens_details",
)
"""Transcription (`type` is tokens or duration) and realtime, whose `cached_tokens_details` tell what was cached."""

SPEECH = Dialect(
    api="openai.speech",
    due=("input_tokens",),
    fields=(Field("input_tokens", "input"), Field("output_tokens", "output_audio")),
    total="total_tokens",
)
