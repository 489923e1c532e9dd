"""Chat, transcription and OCR of Mistral. Audio is billed by the second: its tokens are in the total alone.

Sources: https://docs.mistral.ai/api/#tag/chat, https://docs.mistral.ai/capabilities/audio_transcription/.
"""

from __future__ import annotations

from modelry.dialects.openai_chat import CACHED, OPENAI_CHAT
from modelry.dialects.table import Field, respelled

MISTRAL = respelled(OPENAI_CHAT, CACHED, f"{CACHED}|num_cached_tokens")._replace(
    api="mistral",
    due=("prompt_tokens", "pages_processed", "prompt_audio_seconds"),
    no_total="prompt_audio_seconds",
)
MISTRAL = MISTRAL._replace(
    fields=(*MISTRAL.fields, Field("prompt_audio_seconds", "seconds"), Field("pages_processed", "pages"))
)
