"""Without the packages of the extras: what needs one says what to install; everything else works."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BLOCKED = """
import sys
sys.modules.update(dict.fromkeys(("yaml", "pydantic", "pydantic_core", "httpx2", "duckdb")))
"""


def bare(code: str) -> subprocess.CompletedProcess[str]:
    """A process in which no extra is installed."""
    command = [sys.executable, "-c", BLOCKED + code]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("arguments", "extra"),
    [
        (["build"], "build"),
        (["check"], "build"),
        (["schema"], "build"),
        (["import", "litellm", "--installed"], "build"),
        (["list", "--data", "v1"], "build"),
        (["export", "parquet", "-o", "/dev/null"], "bulk"),
        (["show", "gpt-4o", "--data", "http://127.0.0.1:9/models.json"], "refresh"),
    ],
)
def test_a_command_says_which_extra_it_needs(arguments: list[str], extra: str) -> None:
    done = bare(f"sys.argv = ['modelry', *{arguments!r}]\nfrom modelry.cli import main\nmain()")
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("Error: ")
    assert done.stderr.endswith(f"pip install 'modelry[{extra}]'\n")


def test_the_library_says_it_too() -> None:
    done = bare(
        "import modelry\ntry: modelry.Registry.open('v1')\nexcept modelry.MissingExtra as e: print(e.extra, e.package)"
    )
    assert (done.stdout.split()[:1], done.stderr) == (["build"], "")


@pytest.mark.parametrize("arguments", [["cost", "gpt-4o", "--input", "1"], ["list", "gpt-4o"], ["export", "litellm"]])
def test_the_rest_works(arguments: list[str]) -> None:
    done = bare(f"sys.argv = ['modelry', *{arguments!r}]\nfrom modelry.cli import main\nmain()")
    assert (done.returncode, done.stdout != "") == (0, True)
