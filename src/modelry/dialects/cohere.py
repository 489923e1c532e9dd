"""Chat, embed, rerank and classify of Cohere: what is billed is `billed_units`, not the `tokens` beside it.

Sources: https://docs.cohere.com/reference/chat, …/reference/rerank, …/reference/embed,
https://docs.cohere.com/docs/how-does-cohere-pricing-work.
"""

from __future__ import annotations

from modelry.dialects.table import Dialect, Field

COHERE = Dialect(
    api="cohere",
    due=("billed_units", "tokens"),
    fields=(
        Field("billed_units.input_tokens|tokens.input_tokens", "input"),
        Field("billed_units.output_tokens|tokens.output_tokens", "output"),
        Field("billed_units.search_units", "queries"),
        Field("billed_units.images", "input_images"),
        Field("billed_units.image_tokens", "input_image"),
    ),
    created=None,
    elsewhere=(("billed_units.classifications", "classifications"),),
)
