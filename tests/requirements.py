"""What a test needs of the system: without it the test is skipped, and fails where MODELRY_REQUIRE names it."""

from __future__ import annotations

import os

import pytest

REQUIRED = {name for name in os.environ.get("MODELRY_REQUIRE", "").split(",") if name}


def needs(name: str, is_there: bool, why: str) -> None:
    """Skip the test unless something is there."""
    if is_there:
        return
    if name in REQUIRED:
        pytest.fail(f"MODELRY_REQUIRE names {name}: {why}")
    pytest.skip(f"{name}: {why}")
