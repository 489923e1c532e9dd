"""Responses in every dialect, each with the buckets worked out by hand beside it.

Shapes are those of the page named above each group; the numbers are ours, so that every bucket can be told apart.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class Case(NamedTuple):
    """A body, the api it is written in, and its buckets; `sides` are inclusive totals where they are not the sum."""

    api: str
    name: str
    body: Any
    buckets: dict[str, Any]


def chat(usage, **around):
    return {"id": "chatcmpl-1", "object": "chat.completion", "created": 1760000000, "model": "gpt-4o-2024-08-06",
            "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello"}, "finish_reason": "stop"}],
            "usage": usage, **around}  # fmt: skip


def chunk(usage=None, **around):
    return {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1760000000, "model": "gpt-4o-2024-08-06",
            "choices": [] if usage else [{"index": 0, "delta": {"content": "Hi"}}], "usage": usage, **around}  # fmt: skip


def response(usage, output=(), **around):
    return {"id": "resp_1", "object": "response", "created_at": 1760000000, "status": "completed",
            "model": "gpt-5-2025-08-07", "output": list(output), "usage": usage, **around}  # fmt: skip


def message(usage, **around):
    return {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-sonnet-4-5-20250929",
            "content": [{"type": "text", "text": "Hello"}], "stop_reason": "end_turn", "usage": usage, **around}  # fmt: skip


def gemini(usage, candidate=None, **around):
    return {"candidates": [{"content": {"parts": [{"text": "Hello"}], "role": "model"}, **(candidate or {})}],
            "usageMetadata": usage, "modelVersion": "gemini-2.5-flash", "responseId": "r1", **around}  # fmt: skip


def converse(usage, **around):
    return {"output": {"message": {"role": "assistant", "content": [{"text": "Hello"}]}}, "stopReason": "end_turn",
            "usage": usage, "metrics": {"latencyMs": 551}, **around}  # fmt: skip


def by_kind(**counts):
    return [{"modality": kind, "tokenCount": n} for kind, n in counts.items()]


def search(kind="search"):
    return {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": kind, "query": "x"}}


# https://platform.openai.com/docs/api-reference/chat/object; .../guides/prompt-caching, /reasoning, /audio
OPENAI_CHAT = [
    Case("openai.chat", "plain", chat({"prompt_tokens": 19, "completion_tokens": 10, "total_tokens": 29}),
         {"input": 19, "output": 10}),
    Case("openai.chat", "cached and reasoning", chat({
        "prompt_tokens": 2006, "completion_tokens": 300, "total_tokens": 2306,
        "prompt_tokens_details": {"cached_tokens": 1920, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 192, "audio_tokens": 0, "accepted_prediction_tokens": 0,
                                      "rejected_prediction_tokens": 0}}),
         {"input": 86, "cached_input": 1920, "output": 108, "reasoning": 192}),
    Case("openai.chat", "written to the cache", chat({
        "prompt_tokens": 3000, "completion_tokens": 10, "total_tokens": 3010,
        "prompt_tokens_details": {"cached_tokens": 1024, "cache_write_tokens": 1900}}),
         {"input": 76, "cached_input": 1024, "cache_write": 1900, "output": 10}),
    Case("openai.chat", "audio in and out", chat({
        "prompt_tokens": 120, "completion_tokens": 80, "total_tokens": 200,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 100, "text_tokens": 20},
        "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 60, "text_tokens": 20}}),
         {"input": 20, "input_audio": 100, "output": 20, "output_audio": 60}),
    Case("openai.chat", "cached text beside audio", chat({  # 1024 cached fit into 1100 of text
        "prompt_tokens": 1200, "completion_tokens": 1, "total_tokens": 1201,
        "prompt_tokens_details": {"cached_tokens": 1024, "audio_tokens": 100}}),
         {"input": 76, "cached_input": 1024, "input_audio": 100, "output": 1}),
    Case("openai.chat", "cached audio: text alone cannot be", chat({  # text is 50, so 30 of the 80 are audio
        "prompt_tokens": 100, "completion_tokens": 1, "total_tokens": 101,
        "prompt_tokens_details": {"cached_tokens": 80, "audio_tokens": 50}}),
         {"cached_input": 50, "cached_input_audio": 30, "input_audio": 20, "output": 1}),
    Case("openai.chat", "rejected predictions are output", chat({
        "prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150,
        "completion_tokens_details": {"accepted_prediction_tokens": 20, "rejected_prediction_tokens": 15}}),
         {"input": 100, "output": 50}),
    Case("openai.chat", "reasoning beside (the total tells)", chat({
        "prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 190,
        "completion_tokens_details": {"reasoning_tokens": 40}}),
         {"input": 100, "output": 50, "reasoning": 40}),
    Case("openai.chat", "cache beside (the total tells)", chat({
        "prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 115, "prompt_tokens_details": {"cached_tokens": 100}}),
         {"input": 10, "cached_input": 100, "output": 5}),
    Case("openai.chat", "null details", chat({
        "prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12, "prompt_tokens_details": None,
        "completion_tokens_details": {"reasoning_tokens": None}}),
         {"input": 9, "output": 3}),
    Case("openai.chat", "empty", chat({"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}), {}),
    Case("openai.chat", "partial, with a null", chat({"prompt_tokens": 7, "completion_tokens": None, "total_tokens": 7}), {"input": 7}),
    Case("openai.chat", "streamed", [chunk(), chunk(), chunk({
        "prompt_tokens": 30, "completion_tokens": 12, "total_tokens": 42, "prompt_tokens_details": {"cached_tokens": 8}})],
         {"input": 22, "cached_input": 8, "output": 12}),
    Case("openai.chat", "streamed, usage in every chunk", [
        chunk({"prompt_tokens": 30, "completion_tokens": 1, "total_tokens": 31}),
        chunk({"prompt_tokens": 30, "completion_tokens": 12, "total_tokens": 42})],
         {"input": 30, "output": 12}),
    Case("openai.chat", "streamed, as events", [
        {"event": "message", "data": chunk()},
        {"data": '{"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7}}'},
        {"data": "[DONE]"}], {"input": 5, "output": 2}),
    Case("openai.chat", "usage alone", {"prompt_tokens": 19, "completion_tokens": 10, "total_tokens": 29},
         {"input": 19, "output": 10}),
    Case("openai.chat", "an assistant's run", {
        "object": "thread.run", "model": "gpt-4o", "usage": {
            "prompt_tokens": 123, "completion_tokens": 456, "total_tokens": 579, "prompt_token_details": {"cached_tokens": 23}}},
         {"input": 100, "cached_input": 23, "output": 456}),
    Case("openai.chat", "a line of batch output", {
        "id": "batch_req_1", "custom_id": "a", "error": None, "response": {
            "status_code": 200, "body": chat({"prompt_tokens": 22, "completion_tokens": 2, "total_tokens": 24})}},
         {"input": 22, "output": 2}),
]  # fmt: skip

# https://platform.openai.com/docs/api-reference/responses/object; .../guides/tools-web-search
OPENAI_RESPONSES = [
    Case("openai.responses", "plain", response({
        "input_tokens": 36, "input_tokens_details": {"cached_tokens": 0}, "output_tokens": 87,
        "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 123}), {"input": 36, "output": 87}),
    Case("openai.responses", "cached and reasoning", response({
        "input_tokens": 2000, "input_tokens_details": {"cached_tokens": 1536}, "output_tokens": 1100,
        "output_tokens_details": {"reasoning_tokens": 1024}, "total_tokens": 3100}),
         {"input": 464, "cached_input": 1536, "output": 76, "reasoning": 1024}),
    Case("openai.responses", "written, for two lifetimes", response({
        "input_tokens": 5000, "input_tokens_details": {"cached_tokens": 1000, "cache_write_tokens": 3500,
            "cache_write_tokens_details": {"ttl_12h_tokens": 500, "ttl_30m_tokens": 3000}},
        "output_tokens": 10, "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 5010}),
         {"input": 500, "cached_input": 1000, "cache_write": 3000, "cache_write_12h": 500, "output": 10}),
    Case("openai.responses", "tools", response({
        "input_tokens": 328, "input_tokens_details": {"cached_tokens": 0}, "output_tokens": 356,
        "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 684},
        [search(), search("open_page"), search("find_in_page"), search(), {"type": "web_search_call", "id": "old"},
         {"type": "file_search_call", "id": "fs"}, {"type": "code_interpreter_call", "container_id": "c1"},
         {"type": "code_interpreter_call", "container_id": "c1"}, {"type": "message", "content": []}]),
         {"input": 328, "output": 356, "web_searches": 3, "file_searches": 1, "sessions": 1}),
    Case("openai.responses", "streamed", [
        {"type": "response.created", "response": response(None, status="in_progress")},
        {"type": "response.output_text.delta", "delta": "Hi"},
        {"type": "response.completed", "response": response({
            "input_tokens": 37, "input_tokens_details": {"cached_tokens": 5}, "output_tokens": 11,
            "output_tokens_details": {"reasoning_tokens": 4}, "total_tokens": 48}, [search()])}],
         {"input": 32, "cached_input": 5, "output": 7, "reasoning": 4, "web_searches": 1}),
    Case("openai.responses", "the last event alone", {"type": "response.completed", "response": response({
        "input_tokens": 37, "input_tokens_details": {"cached_tokens": 5}, "output_tokens": 11, "total_tokens": 48})},
         {"input": 32, "cached_input": 5, "output": 11}),
    Case("openai.responses", "empty", response({
        "input_tokens": 0, "input_tokens_details": {"cached_tokens": 0}, "output_tokens": 0,
        "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 0}), {}),
    Case("openai.responses", "partial", response({"input_tokens": 12, "input_tokens_details": {}, "output_tokens": 3}),
         {"input": 12, "output": 3}),
    Case("openai.responses", "of another provider, with its cost", response({  # https://docs.x.ai/developers/cost-tracking
        "input_tokens": 199, "input_tokens_details": {"cached_tokens": 163}, "output_tokens": 1,
        "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 200, "cost_in_usd_ticks": 158500}),
         {"input": 36, "cached_input": 163, "output": 1}),
]  # fmt: skip

# https://platform.openai.com/docs/api-reference/embeddings, /images/object, /audio; realtime-server-events/response/done
OPENAI_MEDIA = [
    Case("openai.embeddings", "embeddings", {
        "object": "list", "data": [{"object": "embedding", "embedding": [0.1], "index": 0}], "model": "text-embedding-3-small",
        "usage": {"prompt_tokens": 8, "total_tokens": 8}}, {"input": 8}),
    Case("openai.embeddings", "the total alone (Voyage)", {"object": "list", "data": [], "model": "voyage-3.5",
                                                            "usage": {"total_tokens": 10}}, {"input": 10}),
    Case("openai.embeddings", "a line of batch output", {"custom_id": "a", "response": {"body": {
        "model": "text-embedding-3-small", "usage": {"prompt_tokens": 8, "total_tokens": 8}}}}, {"input": 8}),
    Case("openai.embeddings", "empty", {"model": "text-embedding-3-small", "usage": {"prompt_tokens": 0, "total_tokens": 0}}, {}),
    Case("openai.images", "generated", {
        "created": 1713833628, "data": [{"b64_json": "…"}], "size": "1024x1024", "quality": "high", "usage": {
            "total_tokens": 100, "input_tokens": 50, "output_tokens": 50,
            "input_tokens_details": {"text_tokens": 10, "image_tokens": 40}}},
         {"input": 10, "input_image": 40, "output_image": 50, "output_images": 1}),
    Case("openai.images", "with text out", {
        "created": 1713833628, "data": [{}, {}], "usage": {
            "total_tokens": 130, "input_tokens": 50, "output_tokens": 80,
            "input_tokens_details": {"text_tokens": 50, "image_tokens": 0},
            "output_tokens_details": {"text_tokens": 30, "image_tokens": 50}}},
         {"input": 50, "output": 30, "output_image": 50, "output_images": 2}),
    Case("openai.images", "cached", {
        "created": 1, "data": [{}], "usage": {
            "total_tokens": 110, "input_tokens": 60, "output_tokens": 50, "input_tokens_details": {
                "text_tokens": 20, "image_tokens": 40, "cached_tokens": 25, "cached_tokens_details": {"text_tokens": 5, "image_tokens": 20}}}},
         {"input": 15, "input_image": 20, "cached_input": 5, "cached_input_image": 20, "output_image": 50, "output_images": 1}),
    Case("openai.images", "a picture of old", {"created": 1589478378, "data": [{"url": "https://…"}, {"url": "https://…"}]},
         {"output_images": 2}),
    Case("openai.images", "streamed", [
        {"type": "image_generation.partial_image", "b64_json": "…"},
        {"type": "image_generation.completed", "b64_json": "…", "created_at": 1748372400, "size": "1024x1024", "quality": "high",
         "usage": {"total_tokens": 100, "input_tokens": 50, "output_tokens": 50,
                   "input_tokens_details": {"text_tokens": 10, "image_tokens": 40}}}],
         {"input": 10, "input_image": 40, "output_image": 50}),
    Case("openai.audio", "transcribed, by tokens", {"text": "Hi", "usage": {
        "type": "tokens", "input_tokens": 14, "input_token_details": {"text_tokens": 10, "audio_tokens": 4},
        "output_tokens": 101, "total_tokens": 115}}, {"input": 10, "input_audio": 4, "output": 101}),
    Case("openai.audio", "transcribed, by time", {"text": "Hi", "usage": {"type": "duration", "seconds": 9}}, {"seconds": 9}),
    Case("openai.audio", "by a fraction of a second", {"text": "Hi", "usage": {"type": "duration", "seconds": 8.5}},
         {"seconds": __import__("decimal").Decimal("8.5")}),
    Case("openai.audio", "transcribed of old", {"task": "transcribe", "language": "english", "duration": 8, "text": "Hi"},
         {"seconds": 8}),
    Case("openai.audio", "streamed", [{"type": "transcript.text.delta", "delta": "Hi"}, {
        "type": "transcript.text.done", "text": "Hi", "usage": {
            "type": "tokens", "input_tokens": 14, "input_token_details": {"text_tokens": 0, "audio_tokens": 14},
            "output_tokens": 45, "total_tokens": 59}}], {"input_audio": 14, "output": 45}),
    Case("openai.audio", "realtime, cached by kind", {"type": "response.done", "response": {"object": "realtime.response", "usage": {
        "total_tokens": 253, "input_tokens": 132, "output_tokens": 121,
        "input_token_details": {"text_tokens": 119, "audio_tokens": 13, "image_tokens": 0, "cached_tokens": 64,
                                "cached_tokens_details": {"text_tokens": 56, "audio_tokens": 8, "image_tokens": 0}},
        "output_token_details": {"text_tokens": 30, "audio_tokens": 91}}}},
         {"input": 63, "cached_input": 56, "input_audio": 5, "cached_input_audio": 8, "output": 30, "output_audio": 91}),
    Case("openai.audio", "realtime, with an image", {"type": "response.done", "response": {"usage": {
        "total_tokens": 60, "input_tokens": 50, "output_tokens": 10,
        "input_token_details": {"text_tokens": 20, "audio_tokens": 0, "image_tokens": 30, "cached_tokens": 0}}}},
         {"input": 20, "input_image": 30, "output": 10}),
    Case("openai.speech", "spoken, streamed", [{"type": "speech.audio.delta", "audio": "…"}, {
        "type": "speech.audio.done", "usage": {"input_tokens": 14, "output_tokens": 101, "total_tokens": 115}}],
         {"input": 14, "output_audio": 101}),
]  # fmt: skip

# https://platform.claude.com/docs/en/api/messages; .../prompt-caching, /streaming, /extended-thinking, /compaction-threshold
_START = {"type": "message_start", "message": message({
    "input_tokens": 472, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0, "output_tokens": 2})}  # fmt: skip
ANTHROPIC = [
    Case("anthropic.messages", "plain", message({"input_tokens": 2095, "output_tokens": 503}), {"input": 2095, "output": 503}),
    Case("anthropic.messages", "read and written", message({
        "input_tokens": 2048, "cache_read_input_tokens": 1800, "cache_creation_input_tokens": 248, "output_tokens": 503,
        "cache_creation": {"ephemeral_5m_input_tokens": 148, "ephemeral_1h_input_tokens": 100}, "service_tier": "standard"}),
         {"input": 2048, "cached_input": 1800, "cache_write": 148, "cache_write_1h": 100, "output": 503}),
    Case("anthropic.messages", "written, without lifetimes", message({
        "input_tokens": 3, "cache_creation_input_tokens": 2000, "cache_read_input_tokens": 0, "output_tokens": 5}),
         {"input": 3, "cache_write": 2000, "output": 5}),
    Case("anthropic.messages", "lifetimes without their sum", message({
        "input_tokens": 3, "cache_creation": {"ephemeral_5m_input_tokens": 30, "ephemeral_1h_input_tokens": 70},
        "output_tokens": 5}), {"input": 3, "cache_write": 30, "cache_write_1h": 70, "output": 5}),
    Case("anthropic.messages", "thinking", message({
        "input_tokens": 30, "output_tokens": 800, "output_tokens_details": {"thinking_tokens": 600}, "service_tier": "priority"}),
         {"input": 30, "output": 200, "reasoning": 600}),
    Case("anthropic.messages", "server tools", message({
        "input_tokens": 6039, "output_tokens": 931, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0,
        "server_tool_use": {"web_search_requests": 2, "web_fetch_requests": 1}}),
         {"input": 6039, "output": 931, "web_searches": 2}),
    Case("anthropic.messages", "compacted", message({
        "input_tokens": 23000, "output_tokens": 1000, "iterations": [
            {"type": "compaction", "input_tokens": 180000, "output_tokens": 3500, "cache_read_input_tokens": 0,
             "cache_creation_input_tokens": 0},
            {"type": "message", "input_tokens": 23000, "output_tokens": 1000}]}),
         {"input": 203000, "output": 4500}),
    Case("anthropic.messages", "all null", message({
        "input_tokens": 10, "output_tokens": 0, "cache_creation": None, "cache_creation_input_tokens": None,
        "cache_read_input_tokens": None, "server_tool_use": None, "service_tier": None}), {"input": 10}),
    Case("anthropic.messages", "streamed", [
        _START, {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hi"}},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 89}},
        {"type": "message_stop"}], {"input": 472, "output": 89}),
    Case("anthropic.messages", "streamed, counting up", [
        {"type": "message_start", "message": message({
            "input_tokens": 2679, "cache_creation_input_tokens": 100, "cache_read_input_tokens": 0, "output_tokens": 3,
            "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 100}})},
        {"type": "message_delta", "delta": {}, "usage": {"output_tokens": 200}},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {
            "input_tokens": 10682, "cache_creation_input_tokens": 150, "cache_read_input_tokens": 40, "output_tokens": 510,
            "server_tool_use": {"web_search_requests": 1}}}],
         {"input": 10682, "cache_write_1h": 150, "cached_input": 40, "output": 510, "web_searches": 1}),
    Case("anthropic.messages", "broken off", [_START], {"input": 472, "output": 2}),
    Case("anthropic.messages", "a line of batch output", {"custom_id": "a", "result": {"type": "succeeded", "message": message({
        "input_tokens": 10, "output_tokens": 34, "service_tier": "batch"})}}, {"input": 10, "output": 34}),
]  # fmt: skip

# https://ai.google.dev/api/generate-content#UsageMetadata; Vertex AI: …/rest/v1/GenerateContentResponse#UsageMetadata
_GROUNDED = {"groundingMetadata": {"webSearchQueries": ["euro 2024", "", "euro 2024", "winner"]}}
GEMINI = [
    Case("gemini.generate_content", "plain", gemini({"promptTokenCount": 4, "candidatesTokenCount": 715, "totalTokenCount": 719}),
         {"input": 4, "output": 715}),
    Case("gemini.generate_content", "thoughts", gemini({
        "promptTokenCount": 11, "candidatesTokenCount": 300, "totalTokenCount": 1511, "thoughtsTokenCount": 1200,
        "promptTokensDetails": by_kind(TEXT=11)}), {"input": 11, "output": 300, "reasoning": 1200}),
    Case("gemini.generate_content", "cached", gemini({
        "promptTokenCount": 5000, "cachedContentTokenCount": 4000, "candidatesTokenCount": 10, "totalTokenCount": 5010,
        "promptTokensDetails": by_kind(TEXT=5000), "cacheTokensDetails": by_kind(TEXT=4000)}),
         {"input": 1000, "cached_input": 4000, "output": 10}),
    Case("gemini.generate_content", "every kind, cached by kind", gemini({
        "promptTokenCount": 1000, "cachedContentTokenCount": 460, "candidatesTokenCount": 100, "totalTokenCount": 1100,
        "promptTokensDetails": by_kind(TEXT=300, AUDIO=100, IMAGE=200, DOCUMENT=50, VIDEO=350),
        "cacheTokensDetails": by_kind(TEXT=200, AUDIO=60, IMAGE=90, DOCUMENT=10, VIDEO=100),
        "candidatesTokensDetails": by_kind(TEXT=30, AUDIO=20, IMAGE=50)}),
         {"input": 100, "cached_input": 300, "input_audio": 40, "cached_input_audio": 60, "input_image": 150,
          "cached_input_image": 100, "input_video": 250, "output": 30, "output_audio": 20, "output_image": 50}),
    Case("gemini.generate_content", "cached, of a kind nobody says", gemini({  # 50 text, so 10 of the 60 are audio
        "promptTokenCount": 100, "cachedContentTokenCount": 60, "candidatesTokenCount": 1, "totalTokenCount": 101,
        "promptTokensDetails": by_kind(TEXT=50, AUDIO=50)}),
         {"cached_input": 50, "cached_input_audio": 10, "input_audio": 40, "output": 1}),
    Case("gemini.generate_content", "tools beside the prompt", gemini({
        "promptTokenCount": 20, "toolUsePromptTokenCount": 500, "candidatesTokenCount": 30, "thoughtsTokenCount": 40,
        "totalTokenCount": 590, "toolUsePromptTokensDetails": by_kind(TEXT=450, IMAGE=50)}),
         {"input": 470, "input_image": 50, "output": 30, "reasoning": 40}),
    Case("gemini.generate_content", "tools within the prompt (the total tells)", gemini({
        "promptTokenCount": 520, "toolUsePromptTokenCount": 500, "candidatesTokenCount": 30, "totalTokenCount": 550}),
         {"input": 520, "output": 30}),
    Case("gemini.generate_content", "thoughts within candidates (the total tells)", gemini({
        "promptTokenCount": 10, "candidatesTokenCount": 100, "thoughtsTokenCount": 60, "totalTokenCount": 110}),
         {"input": 10, "output": 40, "reasoning": 60}),
    Case("gemini.generate_content", "grounded", gemini(
        {"promptTokenCount": 10, "candidatesTokenCount": 100, "totalTokenCount": 110}, _GROUNDED),
         {"input": 10, "output": 100, "web_searches": 2, "grounded_prompts": 1}),
    Case("gemini.generate_content", "blocked", {"promptFeedback": {"blockReason": "SAFETY"}, "modelVersion": "gemini-2.5-flash",
                                                "usageMetadata": {"promptTokenCount": 7, "totalTokenCount": 7}}, {"input": 7}),
    Case("gemini.generate_content", "streamed", [
        gemini({"promptTokenCount": 10, "totalTokenCount": 10}),
        gemini({"promptTokenCount": 10, "candidatesTokenCount": 5, "totalTokenCount": 15}, _GROUNDED),
        gemini({"promptTokenCount": 10, "candidatesTokenCount": 25, "thoughtsTokenCount": 5, "totalTokenCount": 40})],
         {"input": 10, "output": 25, "reasoning": 5, "web_searches": 2, "grounded_prompts": 1}),
    Case("gemini.generate_content", "live", {"usageMetadata": {
        "promptTokenCount": 100, "responseTokenCount": 50, "totalTokenCount": 150,
        "promptTokensDetails": by_kind(TEXT=20, AUDIO=80), "responseTokensDetails": by_kind(AUDIO=50)}},
         {"input": 20, "input_audio": 80, "output_audio": 50}),
    Case("gemini.generate_content", "in snake case", {"model_version": "gemini-2.5-flash", "usage_metadata": {
        "prompt_token_count": 10, "candidates_token_count": 20, "thoughts_token_count": 5, "total_token_count": 35,
        "prompt_tokens_details": [{"modality": "AUDIO", "token_count": 4}]}},
         {"input": 6, "input_audio": 4, "output": 20, "reasoning": 5}),
    Case("gemini.generate_content", "no total", gemini({"promptTokenCount": 10, "candidatesTokenCount": 20, "thoughtsTokenCount": 5}),
         {"input": 10, "output": 20, "reasoning": 5}),
]  # fmt: skip

# https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_TokenUsage.html, /API_runtime_CacheDetail.html
BEDROCK = [
    Case("bedrock.converse", "plain", converse({"inputTokens": 30, "outputTokens": 628, "totalTokens": 658}),
         {"input": 30, "output": 628}),
    Case("bedrock.converse", "read and written", converse({
        "inputTokens": 4, "outputTokens": 100, "totalTokens": 5104, "cacheReadInputTokens": 4000, "cacheWriteInputTokens": 1000}),
         {"input": 4, "cached_input": 4000, "cache_write": 1000, "output": 100}),
    Case("bedrock.converse", "written, for two lifetimes", converse({
        "inputTokens": 4, "outputTokens": 100, "totalTokens": 1104, "cacheReadInputTokens": 0, "cacheWriteInputTokens": 1000,
        "cacheDetails": [{"ttl": "1h", "inputTokens": 700}, {"ttl": "5m", "inputTokens": 300}]}),
         {"input": 4, "cache_write": 300, "cache_write_1h": 700, "output": 100}),
    Case("bedrock.converse", "the cache within (the total tells)", converse({
        "inputTokens": 5004, "outputTokens": 100, "totalTokens": 5104, "cacheReadInputTokens": 4000, "cacheWriteInputTokens": 1000}),
         {"input": 4, "cached_input": 4000, "cache_write": 1000, "output": 100}),
    Case("bedrock.converse", "a total that forgets the cache", converse({
        "inputTokens": 4, "outputTokens": 100, "totalTokens": 104, "cacheReadInputTokens": 4000}),
         {"input": 4, "cached_input": 4000, "output": 100}),
    Case("bedrock.converse", "streamed", [
        {"messageStart": {"role": "assistant"}}, {"contentBlockDelta": {"delta": {"text": "Hi"}, "contentBlockIndex": 0}},
        {"messageStop": {"stopReason": "end_turn"}},
        {"metadata": {"usage": {"inputTokens": 47, "outputTokens": 20, "totalTokens": 67}, "metrics": {"latencyMs": 100}}}],
         {"input": 47, "output": 20}),
    Case("bedrock.converse", "empty details", converse({
        "inputTokens": 4, "outputTokens": 1, "totalTokens": 5, "cacheReadInputTokens": 0, "cacheWriteInputTokens": 0, "cacheDetails": []}),
         {"input": 4, "output": 1}),
    Case("bedrock.converse", "a line of batch output", {"recordId": "1", "modelInput": {}, "modelOutput": converse({
        "inputTokens": 5, "outputTokens": 6, "totalTokens": 11})}, {"input": 5, "output": 6}),
    Case("bedrock.converse", "no total", converse({"inputTokens": 5, "outputTokens": 6, "cacheReadInputTokens": 7}),
         {"input": 5, "cached_input": 7, "output": 6}),
    Case("bedrock.converse", "as InvokeModel spells the cache", converse({
        "inputTokens": 5, "outputTokens": 6, "totalTokens": 18, "cacheReadInputTokenCount": 7, "cacheWriteInputTokenCount": 0}),
         {"input": 5, "cached_input": 7, "output": 6}),
]  # fmt: skip

# https://docs.cohere.com/reference/chat, /rerank, /embed
COHERE = [
    Case("cohere", "chat v2", {"id": "c1", "finish_reason": "COMPLETE", "message": {"role": "assistant", "content": []}, "usage": {
        "billed_units": {"input_tokens": 5, "output_tokens": 418}, "tokens": {"input_tokens": 71, "output_tokens": 418}}},
         {"input": 5, "output": 418}),
    Case("cohere", "chat v2, numbers with a point", {"usage": {
        "billed_units": {"input_tokens": 5.0, "output_tokens": 418.0}, "tokens": {"input_tokens": 71.0}}},
         {"input": 5, "output": 418}),
    Case("cohere", "chat v1", {"response_id": "r", "text": "Hi", "meta": {
        "api_version": {"version": "1"}, "billed_units": {"input_tokens": 8, "output_tokens": 20}, "tokens": {"input_tokens": 74}}},
         {"input": 8, "output": 20}),
    Case("cohere", "rerank", {"id": "r", "results": [{"index": 0, "relevance_score": 0.9}], "meta": {
        "api_version": {"version": "2"}, "billed_units": {"search_units": 2}}}, {"queries": 2}),
    Case("cohere", "embedded text", {"id": "e", "embeddings": {"float": [[0.1]]}, "meta": {
        "api_version": {"version": "2"}, "billed_units": {"input_tokens": 2}}}, {"input": 2}),
    Case("cohere", "embedded images", {"id": "e", "embeddings": {}, "meta": {
        "billed_units": {"images": 3, "image_tokens": 900, "input_tokens": 4}}},
         {"input": 4, "input_images": 3, "input_image": 900}),
    Case("cohere", "streamed v2", [
        {"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": "Hi"}}}},
        {"type": "message-end", "delta": {"finish_reason": "COMPLETE", "usage": {
            "billed_units": {"input_tokens": 17, "output_tokens": 12}, "tokens": {"input_tokens": 215, "output_tokens": 12}}}}],
         {"input": 17, "output": 12}),
    Case("cohere", "streamed v1", [
        {"event_type": "text-generation", "text": "Hi"},
        {"event_type": "stream-end", "response": {"text": "Hi", "meta": {"billed_units": {"input_tokens": 9, "output_tokens": 3}}}}],
         {"input": 9, "output": 3}),
    Case("cohere", "classified", {"classifications": [], "meta": {"billed_units": {"classifications": 2}}}, {}),
]  # fmt: skip

# https://docs.mistral.ai/api/#tag/chat, /capabilities/audio_transcription, /capabilities/OCR
MISTRAL = [
    Case("mistral", "plain, by its name", chat({"prompt_tokens": 16, "completion_tokens": 34, "total_tokens": 50},
                                               model="mistral-small-latest"), {"input": 16, "output": 34}),
    Case("mistral", "cached", chat({"prompt_tokens": 100, "completion_tokens": 34, "total_tokens": 134, "num_cached_tokens": 64,
                                    "prompt_tokens_details": {"cached_tokens": 64}}), {"input": 36, "cached_input": 64, "output": 34}),
    Case("mistral", "cached, as spelled first", chat({"prompt_tokens": 100, "completion_tokens": 34, "total_tokens": 134,
                                                      "num_cached_tokens": 64}), {"input": 36, "cached_input": 64, "output": 34}),
    Case("mistral", "transcribed", {"model": "voxtral-mini-2507", "text": "Hi", "language": "en", "segments": [], "usage": {
        "prompt_audio_seconds": 203, "prompt_tokens": 4, "total_tokens": 3264, "completion_tokens": 635}},
         {"input": 4, "output": 635, "seconds": 203}),
    Case("mistral", "chat about audio", chat({"prompt_audio_seconds": 12, "prompt_tokens": 30, "completion_tokens": 5, "total_tokens": 195}),
         {"input": 30, "output": 5, "seconds": 12}),
    Case("mistral", "read off pages", {"pages": [{"index": 0}], "model": "mistral-ocr-2505-completion",
                                       "usage_info": {"pages_processed": 29, "doc_size_bytes": 3002783}}, {"pages": 29}),
    Case("mistral", "streamed", [
        chunk(), {"id": "1", "object": "chat.completion.chunk", "model": "mistral-small-latest", "choices": [], "usage": {
            "prompt_tokens": 16, "completion_tokens": 3, "total_tokens": 19, "num_cached_tokens": 0}}], {"input": 16, "output": 3}),
    Case("mistral", "silence", chat({"prompt_audio_seconds": 0, "prompt_tokens": 3, "completion_tokens": 0, "total_tokens": 3}),
         {"input": 3}),
]  # fmt: skip

# https://api-docs.deepseek.com/api/create-chat-completion, /guides/kv_cache
DEEPSEEK = [
    Case("deepseek", "missed", chat({"prompt_tokens": 16, "completion_tokens": 10, "total_tokens": 26,
                                     "prompt_cache_hit_tokens": 0, "prompt_cache_miss_tokens": 16}), {"input": 16, "output": 10}),
    Case("deepseek", "hit", chat({"prompt_tokens": 400, "completion_tokens": 10, "total_tokens": 410,
                                  "prompt_cache_hit_tokens": 320, "prompt_cache_miss_tokens": 80,
                                  "prompt_tokens_details": {"cached_tokens": 320}}), {"input": 80, "cached_input": 320, "output": 10}),
    Case("deepseek", "reasoning", chat({"prompt_tokens": 13, "completion_tokens": 900, "total_tokens": 913,
                                        "prompt_cache_hit_tokens": 0, "prompt_cache_miss_tokens": 13,
                                        "completion_tokens_details": {"reasoning_tokens": 800}}),
         {"input": 13, "output": 100, "reasoning": 800}),
    Case("deepseek", "only what hit", chat({"prompt_tokens": 64, "completion_tokens": 1, "total_tokens": 65,
                                            "prompt_cache_hit_tokens": 64, "prompt_cache_miss_tokens": 0}),
         {"cached_input": 64, "output": 1}),
    Case("deepseek", "a prompt in two parts alone", chat({"completion_tokens": 1, "prompt_cache_hit_tokens": 64,
                                                          "prompt_cache_miss_tokens": 6}),
         {"input": 6, "cached_input": 64, "output": 1}),
    Case("deepseek", "streamed", [chunk(), chunk({"prompt_tokens": 17, "completion_tokens": 9, "total_tokens": 26,
                                                  "prompt_cache_hit_tokens": 0, "prompt_cache_miss_tokens": 17})],
         {"input": 17, "output": 9}),
    Case("deepseek", "plain, by its name", chat({"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7},
                                                model="deepseek-chat"), {"input": 5, "output": 2}),
    Case("deepseek", "empty", chat({"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0, "prompt_cache_hit_tokens": 0,
                                    "prompt_cache_miss_tokens": 0}), {}),
]  # fmt: skip


# https://docs.x.ai/docs/api-reference#chat-completions, https://docs.x.ai/developers/cost-tracking
def _grok(**counts):
    return chat({"prompt_tokens": 32, "completion_tokens": 9, "total_tokens": 135,
                 "prompt_tokens_details": {"text_tokens": 32, "audio_tokens": 0, "image_tokens": 0, "cached_tokens": 6},
                 "completion_tokens_details": {"reasoning_tokens": 94, "audio_tokens": 0}, "num_sources_used": 0, **counts},
                model="grok-4.3")  # fmt: skip


XAI = [
    Case("xai", "reasoning beside", _grok(), {"input": 26, "cached_input": 6, "output": 9, "reasoning": 94}),
    Case("xai", "with its cost", _grok(cost_in_usd_ticks=37756000), {"input": 26, "cached_input": 6, "output": 9, "reasoning": 94}),
    Case("xai", "live sources", _grok(num_sources_used=5), {"input": 26, "cached_input": 6, "output": 9, "reasoning": 94, "web_searches": 5}),
    Case("xai", "server-side tools", _grok(server_side_tool_usage_details={
        "web_search_calls": 2, "x_search_calls": 1, "code_interpreter_calls": 0, "file_search_calls": 4, "document_search_calls": 0}),
         {"input": 26, "cached_input": 6, "output": 9, "reasoning": 94, "web_searches": 3, "file_searches": 4}),
    Case("xai", "reasoning within (the total tells)", _grok(completion_tokens=103),
         {"input": 26, "cached_input": 6, "output": 9, "reasoning": 94}),
    Case("xai", "images in", chat({"prompt_tokens": 300, "completion_tokens": 5, "total_tokens": 305, "num_sources_used": 0,
                                   "prompt_tokens_details": {"text_tokens": 44, "image_tokens": 256, "cached_tokens": 0}}),
         {"input": 44, "input_image": 256, "output": 5}),
    Case("xai", "no total", chat({"prompt_tokens": 10, "completion_tokens": 5, "completion_tokens_details": {"reasoning_tokens": 20},
                                  "cost_in_usd_ticks": 1}), {"input": 10, "output": 5, "reasoning": 20}),
    Case("xai", "streamed", [chunk(), _grok()], {"input": 26, "cached_input": 6, "output": 9, "reasoning": 94}),
    Case("xai", "cached, as spelled first", chat({"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15, "num_sources_used": 0,
                                                  "cached_prompt_text_tokens": 4}), {"input": 6, "cached_input": 4, "output": 5}),
]  # fmt: skip

# https://openrouter.ai/docs/use-cases/usage-accounting; https://console.groq.com/docs/api-reference#chat;
# https://docs.perplexity.ai/getting-started/pricing; LiteLLM's Usage; https://docs.together.ai, https://docs.fireworks.ai
_LITELLM = {
    "completion_tokens": 500, "prompt_tokens": 51300, "total_tokens": 51800, "cache_creation_input_tokens": 300,
    "cache_read_input_tokens": 50000, "prompt_tokens_details": {
        "audio_tokens": None, "cached_tokens": 50000, "text_tokens": 1000, "cache_creation_tokens": 300,
        "cache_creation_token_details": {"ephemeral_5m_input_tokens": 200, "ephemeral_1h_input_tokens": 100}},
    "server_tool_use": {"web_search_requests": 2}}  # fmt: skip
COMPATIBLE = [
    Case("openrouter", "with its cost", chat({
        "completion_tokens": 2, "completion_tokens_details": {"reasoning_tokens": 0}, "cost": 0.95, "is_byok": False,
        "cost_details": {"upstream_inference_cost": 19}, "prompt_tokens": 194, "total_tokens": 196,
        "prompt_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 100, "audio_tokens": 0}}),
         {"input": 94, "cache_write": 100, "output": 2}),
    Case("openrouter", "reasoning, cached, searched", chat({
        "prompt_tokens": 1000, "completion_tokens": 300, "total_tokens": 1300, "cost": 1.4e-05, "is_byok": True,
        "prompt_tokens_details": {"cached_tokens": 600}, "completion_tokens_details": {"reasoning_tokens": 200},
        "server_tool_use": {"web_search_requests": 3}}),
         {"input": 400, "cached_input": 600, "output": 100, "reasoning": 200, "web_searches": 3}),
    Case("openrouter", "streamed", [chunk(), chunk({"prompt_tokens": 10, "completion_tokens": 4, "total_tokens": 14, "cost": 0.1,
                                                    "cost_details": {"upstream_inference_cost": None}})], {"input": 10, "output": 4}),
    Case("openrouter", "pictures out", chat({
        "prompt_tokens": 10, "completion_tokens": 1300, "total_tokens": 1310, "cost": 0.04, "is_byok": False,
        "completion_tokens_details": {"reasoning_tokens": 0, "image_tokens": 1290}}), {"input": 10, "output": 10, "output_image": 1290}),
    Case("groq", "with its times", chat({
        "queue_time": 0.037, "prompt_tokens": 18, "prompt_time": 0.0007, "completion_tokens": 556, "completion_time": 0.46,
        "total_tokens": 574, "total_time": 0.46, "prompt_tokens_details": {"cached_tokens": 8}}),
         {"input": 10, "cached_input": 8, "output": 556}),
    Case("groq", "streamed", [chunk(), {"id": "1", "model": "llama-3.3-70b-versatile", "choices": [], "x_groq": {"id": "r", "usage": {
        "queue_time": 0.01, "prompt_tokens": 18, "completion_tokens": 5, "total_tokens": 23, "total_time": 0.1}}}],
         {"input": 18, "output": 5}),
    Case("groq", "reasoning", chat({"queue_time": 0.1, "prompt_tokens": 18, "completion_tokens": 50, "total_tokens": 68,
                                    "completion_tokens_details": {"reasoning_tokens": 30}}), {"input": 18, "output": 20, "reasoning": 30}),
    Case("together", "cached, at the top", chat({"prompt_tokens": 100, "completion_tokens": 5, "total_tokens": 105, "cached_tokens": 60}),
         {"input": 40, "cached_input": 60, "output": 5}),
    Case("fireworks", "cached", chat({"prompt_tokens": 100, "completion_tokens": 5, "total_tokens": 105,
                                      "prompt_tokens_details": {"cached_tokens": 64}}), {"input": 36, "cached_input": 64, "output": 5}),
    Case("perplexity", "searched", chat({"prompt_tokens": 12, "completion_tokens": 315, "total_tokens": 327, "search_context_size": "low",
                                         "cost": {"input_tokens_cost": 0.0, "request_cost": 0.005, "total_cost": 0.005}}),
         {"input": 12, "output": 315, "web_searches": 1}),
    Case("perplexity", "deep research", chat({"prompt_tokens": 33, "completion_tokens": 7163, "total_tokens": 7196,
                                              "citation_tokens": 20016, "num_search_queries": 18, "reasoning_tokens": 73997}),
         {"input": 33, "output": 7163, "citations": 20016, "reasoning": 73997, "web_searches": 18}),
    Case("openai.chat", "by LiteLLM", chat(_LITELLM),
         {"input": 1000, "cached_input": 50000, "cache_write": 200, "cache_write_1h": 100, "output": 500, "web_searches": 2}),
]  # fmt: skip


# https://opentelemetry.io/docs/specs/semconv/registry/attributes/gen-ai/
def _span(**attributes):
    names = {
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-4o",
        "gen_ai.response.model": "gpt-4o-2024-08-06",
    }
    return names | {f"gen_ai.usage.{name.replace('__', '.')}": value for name, value in attributes.items()}


OTEL = [
    Case("otel", "plain", _span(input_tokens=100, output_tokens=180), {"input": 100, "output": 180}),
    Case("otel", "cached and written", _span(input_tokens=100, cache_read__input_tokens=50, cache_creation__input_tokens=25, output_tokens=180),
         {"input": 25, "cached_input": 50, "cache_write": 25, "output": 180}),
    Case("otel", "reasoning", _span(input_tokens=100, output_tokens=180, reasoning__output_tokens=50),
         {"input": 100, "output": 130, "reasoning": 50}),
    Case("otel", "names of old", {"gen_ai.system": "openai", "gen_ai.usage.prompt_tokens": 7, "gen_ai.usage.completion_tokens": 3},
         {"input": 7, "output": 3}),
    Case("otel", "a span", {"name": "chat gpt-4o", "attributes": _span(input_tokens=5, output_tokens=6)}, {"input": 5, "output": 6}),
    Case("otel", "OTLP", {"name": "chat", "attributes": [
        {"key": "gen_ai.usage.input_tokens", "value": {"intValue": "5"}}, {"key": "gen_ai.usage.output_tokens", "value": {"intValue": 6}},
        {"key": "gen_ai.response.model", "value": {"stringValue": "gpt-4o"}}]}, {"input": 5, "output": 6}),
    Case("otel", "input alone", _span(input_tokens=5), {"input": 5}),
    Case("otel", "empty", _span(input_tokens=0, output_tokens=0), {}),
]  # fmt: skip

CASES = [
    *OPENAI_CHAT, *OPENAI_RESPONSES, *OPENAI_MEDIA, *ANTHROPIC, *GEMINI, *BEDROCK, *COHERE, *MISTRAL, *DEEPSEEK, *XAI,
    *COMPATIBLE, *OTEL,
]  # fmt: skip
