"""What providers add to OpenAI's chat usage. Who adds nothing needs no table: a line `api: openai.chat` in its manifest.

Sources: https://openrouter.ai/docs/use-cases/usage-accounting, https://console.groq.com/docs/api-reference#chat,
https://docs.perplexity.ai/getting-started/pricing.
"""

from __future__ import annotations

from modelry.dialects.openai_chat import OPENAI_CHAT, REASONING
from modelry.dialects.table import Fact, Field

OPENROUTER = OPENAI_CHAT._replace(api="openrouter", provider="openrouter")
"""`cost` is what OpenRouter charged, in credits of one dollar; of a key of one's own it is OpenRouter's fee alone."""

GROQ = OPENAI_CHAT._replace(api="groq")
"""Times beside the counts, and `x_groq` around the usage of a stream."""

PERPLEXITY = OPENAI_CHAT._replace(
    api="perplexity",
    fields=(
        *(field._replace(within=()) if field.path == REASONING else field for field in OPENAI_CHAT.fields),
        Field("citation_tokens", "citations"),
        # Without deep research each request is one search, at the price of its depth.
        Field("num_search_queries|search_context_size", "web_searches", how="times"),
    ),
    # Deep research counts neither what it thinks nor what it cites in completion_tokens or total_tokens.
    beside_total=("reasoning", "citations"),
    readings=(),
    facts=(*OPENAI_CHAT.facts, Fact("search_context_size", "search_context_size", of="usage")),
)
