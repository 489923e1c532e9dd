#!/bin/sh
# What tests need of the system and no package registry of Python has: Chromium for the page, Node for what checks it.
# Installed where the system's package manager can; what is still absent is told, and its tests are skipped.
set -u
missing=""
has() { command -v "$1" > /dev/null 2>&1; }

want() { # the name in MODELRY_REQUIRE, the package, the commands of which one is enough
    name=$1 package=$2
    shift 2
    for command in "$@"; do has "$command" && return; done
    if has apt-get && [ "$(id -u)" = 0 ]; then
        { DEBIAN_FRONTEND=noninteractive apt-get install -qq -y "$package" || {
            apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y "$package"
        }; } > /dev/null 2>&1
    elif has apt-get && has sudo && sudo -n true 2> /dev/null; then
        { sudo apt-get update -qq && sudo DEBIAN_FRONTEND=noninteractive apt-get install -qq -y "$package"; } > /dev/null 2>&1
    elif has brew; then
        brew install -q "$package" > /dev/null 2>&1
    fi
    for command in "$@"; do has "$command" && return; done
    missing="$missing $name"
}

want browser chromium chromium chromium-browser google-chrome
want node npm npm
if has npm; then
    npm install --silent --no-audit --no-fund --no-package-lock > /dev/null 2>&1 || missing="$missing node"
fi
[ -z "$missing" ] || echo "not there, so that their tests are skipped:$missing" | tee .venv/.absent
[ -n "$missing" ] || rm -f .venv/.absent
