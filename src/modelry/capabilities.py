"""What a model can do and what it is for: one row each, with its word in every vocabulary.

A capability is True, False, or absent, which is unknown. To add one, add a row.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NamedTuple
else:
    from modelry._named import NamedTuple


class Capability(NamedTuple):
    """One thing that a model may be able to do.

    `litellm` is the flag's name there, `models_dev` a boolean field, `openrouter` one of `supported_parameters`;
    `modality` is the (direction, kind) of input or output that says the same.
    """

    name: str
    meaning: str
    litellm: str | None = None
    models_dev: str | None = None
    openrouter: str | None = None
    modality: tuple[str, str] | None = None


# fmt: off
_TABLE = (
    # name                what it means                                              LiteLLM                               models.dev           OpenRouter             modality
    Capability("chat",             "takes a conversation and answers it"),
    Capability("streaming",        "sends its answer while it makes it",             "supports_native_streaming"),
    Capability("tools",            "calls functions that the caller describes",      "supports_function_calling",          "tool_call",         "tools"),
    Capability("tool_choice",      "can be told which tool to call",                 "supports_tool_choice",               None,                "tool_choice"),
    Capability("parallel_tools",   "calls several tools in one turn",                "supports_parallel_function_calling", None,                "parallel_tool_calls"),
    Capability("forced_tools",     "can be forced to call a tool",                   "supports_forced_tool_use"),
    Capability("tool_search",      "finds tools by search",                          "supports_tool_search"),
    Capability("vision",           "reads images",                                   "supports_vision",                    None,                None,                  ("input", "image")),
    Capability("audio",            "hears or speaks"),
    Capability("audio_in",         "hears audio",                                    "supports_audio_input",               None,                None,                  ("input", "audio")),
    Capability("audio_out",        "speaks or plays audio",                          "supports_audio_output",              None,                None,                  ("output", "audio")),
    Capability("image_out",        "draws images",                                   None,                                 None,                None,                  ("output", "image")),
    Capability("video",            "watches video",                                  "supports_video_input",               None,                None,                  ("input", "video")),
    Capability("video_out",        "makes video",                                    None,                                 None,                None,                  ("output", "video")),
    Capability("pdf",              "reads PDF files",                                "supports_pdf_input",                 None,                None,                  ("input", "pdf")),
    Capability("reasoning",        "thinks before it answers",                       "supports_reasoning",                 "reasoning",         "reasoning"),
    Capability("adaptive_thinking","decides itself how long to think",               "supports_adaptive_thinking"),
    Capability("agentic",          "carries out workflows of many steps"),
    Capability("json_mode",        "answers in JSON on demand",                      None,                                 None,                "response_format"),
    Capability("response_schema",  "answers in a given JSON Schema",                 "supports_response_schema",           "structured_output", "structured_outputs"),
    Capability("prompt_caching",   "prices repeated prompts apart",                  "supports_prompt_caching"),
    Capability("system_messages",  "takes a system message",                         "supports_system_messages"),
    Capability("assistant_prefill","goes on from the start of an answer",            "supports_assistant_prefill"),
    Capability("web_search",       "searches the web",                               "supports_web_search",                None,                "web_search_options"),
    Capability("url_context",      "reads pages by their address",                   "supports_url_context"),
    Capability("computer_use",     "operates a computer's screen",                   "supports_computer_use"),
    Capability("temperature",      "takes a sampling temperature",                   None,                                 "temperature",       "temperature"),
    Capability("attachments",      "takes files beside the text",                    None,                                 "attachment"),
    Capability("image_embedding",  "embeds images",                                  "supports_embedding_image_input"),
)
# fmt: on

CAPABILITIES: dict[str, Capability] = {capability.name: capability for capability in _TABLE}


class Component(NamedTuple):
    """What a model is for in a system, and the modes (LiteLLM's word) that mean it.

    `family` is seed 2's coarser word for the row.
    """

    name: str
    family: str
    modes: tuple[str, ...]


COMPONENTS: dict[str, Component] = {
    component.name: component
    for component in (
        Component("GEN", "gen", ("chat", "responses", "completion", "realtime")),
        Component("EMB", "embed", ("embedding",)),
        Component("RERANK", "rerank", ("rerank",)),
        Component("IMAGE", "misc", ("image_generation", "image_edit")),
        Component("VIDEO", "misc", ("video_generation",)),
        Component("SPEECH", "misc", ("audio_speech",)),
        Component("TRANSCRIPTION", "misc", ("audio_transcription",)),
        Component("MODERATION", "misc", ("moderation", "guardrail")),
        Component("OCR", "misc", ("ocr", "extraction")),
        Component("SEARCH", "misc", ("search", "vector_store")),
        Component("EVALUATION", "misc", ("evaluation", "decisions")),
    )
}

COMPONENT_OF_MODE: dict[str, str] = {mode: c.name for c in COMPONENTS.values() for mode in c.modes}

MODALITIES = ("text", "image", "audio", "video", "pdf", "embedding", "code")
STATUSES = ("preview", "active", "deprecated", "retired")
