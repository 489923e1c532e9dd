"""Chat of xAI: reasoning is beside completion_tokens, and the response says what it cost, in ticks of 1e-10 dollars.

Sources: https://docs.x.ai/docs/api-reference#chat-completions, https://docs.x.ai/developers/cost-tracking,
https://docs.x.ai/developers/tools/overview.
"""

from __future__ import annotations

from modelry.dialects.openai_chat import CACHED, OPENAI_CHAT, REASONING
from modelry.dialects.table import Field, Reading, respelled

_TOOLS = "server_side_tool_usage_details"

XAI = respelled(OPENAI_CHAT, CACHED, f"{CACHED}|cached_prompt_text_tokens")
XAI = XAI._replace(
    api="xai",
    fields=(
        *(field._replace(within=()) if field.path == REASONING else field for field in XAI.fields),
        Field("num_sources_used", "web_searches"),  # Live Search billed each source
        Field(f"{_TOOLS}.web_search_calls", "web_searches"),
        Field(f"{_TOOLS}.x_search_calls", "web_searches"),
        Field(f"{_TOOLS}.file_search_calls", "file_searches"),
        Field(f"{_TOOLS}.document_search_calls", "file_searches"),
    ),
    readings=(Reading({REASONING: ("output",)}),),
    reported=(("cost_in_usd_ticks", 10**10),),
    elsewhere=((f"{_TOOLS}.code_interpreter_calls", "runs of code"),),
)
