#!/bin/sh
# What modelry does, in five commands. The first argument is the folder of the `modelry` to run.
set -eu
PATH="$1:$PATH"
run() {
    printf '\n$ %s\n' "$*"
    "$@"
}
run modelry cost openai/gpt-4o --input 1000 --output 500
run modelry cost anthropic/claude-sonnet-4-5 --input 1000 --cached-input 5000 --cache-write-1h 200 --output 500 --tier batch
# A response of the Messages API as it comes, but for what it says.
run modelry cost --response - --provider anthropic <<'JSON'
{"id": "msg_013Zva2CMHLNnXjNJJKqJ2EF", "type": "message", "role": "assistant", "model": "claude-sonnet-4-5-20250929",
 "content": [{"type": "text", "text": "Hello!"}], "stop_reason": "end_turn", "stop_sequence": null,
 "usage": {"input_tokens": 2048, "cache_read_input_tokens": 18000, "cache_creation_input_tokens": 648,
           "cache_creation": {"ephemeral_5m_input_tokens": 548, "ephemeral_1h_input_tokens": 100}, "output_tokens": 503,
           "server_tool_use": {"web_search_requests": 1}, "service_tier": "standard"}}
JSON
run modelry resolve us.anthropic.claude-sonnet-4-5-20250929-v1:0
run modelry list --component GEN --capability tools --min-context 100000 --status active --sort input --limit 5
