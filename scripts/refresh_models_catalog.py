#!/usr/bin/env python3
"""Refresh data/models.json and its mirror from OpenRouter's feed: a dry run unless --apply is given.

    python scripts/refresh_models_catalog.py [--apply] [--feed openrouter=URL|FILE] [--report FILE] [--json]

This is `modelry refresh --feed openrouter`, with its options and its exit status.
"""

from __future__ import annotations

import sys

from modelry.cli import main

if __name__ == "__main__":
    named = any(word.startswith("--feed") for word in sys.argv[1:])
    sys.argv[1:] = ["refresh", *([] if named else ["--feed", "openrouter"]), *sys.argv[1:]]
    main()
