#!/bin/sh
# What modelry does, in four commands. The first argument is the folder of the `modelry` to run.
set -eu
PATH="$1:$PATH"
run() {
    printf '\n$ %s\n' "$*"
    "$@"
}
run modelry cost openai/gpt-4o --input 1000 --output 500
run modelry cost anthropic/claude-sonnet-4-5 --input 1000 --cached-input 5000 --cache-write-1h 200 --output 500 --tier batch
run modelry resolve us.anthropic.claude-sonnet-4-5-20250929-v1:0
run modelry list --component GEN --capability tools --min-context 100000 --status active --sort input --limit 5
