"""What the tests of the refresh feed: a small ROOT of seed 2's makers, an OpenRouter body of ninety models, and commands."""

from __future__ import annotations

import os
import subprocess
import sys
from copy import deepcopy
from pathlib import Path

from click.testing import CliRunner

import modelry
from modelry import cli
from modelry.jsontext import dumps, loads
from modelry.refresh.engine import Report, refresh
from modelry.refresh.fetching import Body

SOURCE = str(Path(modelry.__file__).parents[1])
PROJECT = Path(__file__).parents[1]
FEEDS = Path(os.environ.get("MODELRY_FEEDS") or PROJECT.parent / "shared" / "feeds")
D1, D2, D3, D4 = "2026-06-01", "2026-06-02", "2026-06-03", "2026-06-04"

WORDS = {
    "openai": "openai", "anthropic": "anthropic", "google": "google", "cohere": "cohere", "mistral": "mistralai",
    "deepseek": "deepseek", "xai": "x-ai",
}  # fmt: skip
"""Seed 2's managed providers, and what OpenRouter calls them."""

UNMANAGED = ("voyage", "jina", "huggingface", "local", "ollama", "mlx")
MODELS = """
updated: 2026-01-01
models:
  gpt-00:
    provider: openai
    mode: chat
    display_name: GPT Zero
    context_window: 100000
    notes: Ask Ann before use.
    pricing: {observed: 2026-01-01, input_per_token: 0.000001, output_per_token: 0.000004, cached_input_per_token: 0.0000005}
  gpt-01:
    provider: openai
    mode: chat
    components: [GEN, EMB]
    base_url: https://own.example/v1
    context_window: 64000
    pricing: {observed: 2026-01-01, input_per_token: 0.000001, output_per_token: 0.000004}
  gpt-corrected:
    provider: openai
    mode: chat
    pricing: {observed: 2026-12-01, input_per_token: 0.000001, output_per_token: 0.000004}
  text-embedding-9: {provider: openai, mode: embedding, pricing: {input_per_token: 0.0000001}}
"""


def root_at(folder: Path) -> Path:
    """A ROOT with a v1/ of the managed providers, OpenRouter and the unmanaged ones."""
    for name in ("providers", "models"):
        (folder / "v1" / name).mkdir(parents=True)
    for name, word in {**WORDS, "openrouter": "openrouter"}.items():
        text = f"id: {name}\nname: {name}\nmaker: {name}\nnames: {{openrouter: [{word}], litellm: [{name}], models.dev: [{name}], genai_prices: [{name}]}}\nrules: [snapshot]\n"
        (folder / f"v1/providers/{name}.yaml").write_text(text)
    for name in UNMANAGED:
        (folder / f"v1/providers/{name}.yaml").write_text(f"id: {name}\nname: {name}\n")
    rows = "".join(
        f"  {name}-one: {{provider: {name}, mode: chat, pricing: {{input_per_token: 0.1}}}}\n" for name in UNMANAGED
    )
    (folder / "v1/models/some.yaml").write_text(MODELS + rows)
    return folder


def offered(name: str, prompt: str | None = "0.000001", completion: str | None = "0.000004", **more) -> dict:
    """A row of OpenRouter's feed; a `pricing` key of its own, such as `image`, goes in by `prices`."""
    prices = {"prompt": prompt, "completion": completion, **more.pop("prices", {})}
    return {
        "id": name, "name": f"Maker: {name}", "created": 1_776_351_100, "context_length": 100_000,
        "architecture": {"input_modalities": ["text"], "output_modalities": ["text"]},
        "pricing": {key: price for key, price in prices.items() if price is not None},
        "top_provider": {"context_length": 100_000, "max_completion_tokens": 8_000}, "supported_parameters": ["tools"],
        **more,
    }  # fmt: skip


def body(**changed) -> dict:
    """A body of 93 models: of each maker at least five. `changed` replaces rows by id, or adds them; None leaves one out.

    An id is written with `_` for `-` and `__` for `/`.
    """
    counts = dict.fromkeys(WORDS.values(), 5) | {"openai": 20, "z-ai": 40, "solo": 1}
    names = [
        f"{word}/{'gpt' if word == 'openai' else 'm'}-{n:02}" for word, count in counts.items() for n in range(count)
    ]
    rows = {name: offered(name) for name in (*names, "openai/gpt-corrected", "solo/m-00:free")}
    for key, row in changed.items():
        name = key.replace("__", "/").replace("_", "-")
        if row is None:
            del rows[name]
        else:
            rows[name] = row
    return {"data": list(rows.values())}


def edited(said: dict, edit) -> dict:
    """The body with `edit(row)` done to each of its rows; a row that it returns None for is left out."""
    rows = [edit(deepcopy(row)) for row in said["data"]]
    return {**said, "data": [row for row in rows if row is not None]}


def priced(name: str, prompt: str | None = None, completion: str | None = None, **prices) -> dict:
    """The usual row of this name at other prices."""
    return offered(name, prompt or "0.000001", completion or "0.000004", prices=prices)


def refreshed(root: Path, *said, day: str, apply: bool = True, accept: bool = False) -> Report:
    """Take bodies in: OpenRouter's as they are, others as (source, body)."""
    bodies = [Body(*one, day) if isinstance(one, tuple) else Body("openrouter", one, day) for one in said]
    return refresh(root, bodies, accept=accept, apply=apply)


def rows(root: Path) -> dict[str, dict]:
    """The rows of the canonical file by id."""
    return {
        f"{row['provider']}/{row['model']}": row for row in loads((root / "data/models.json").read_bytes())["models"]
    }


def laid(files: dict[str, bytes], root: Path) -> Path:
    """A ROOT that holds these files, as `content` told them."""
    for name, data in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    return root


def content(root: Path) -> dict[str, bytes]:
    """The bytes of every file but the lock."""
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and path.name != ".writer"
    }


def environment(**more: str) -> dict[str, str]:
    """The environment of a process, with nothing of the caller's that modelry reads."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("MODELRY", "MODEL_COST", "LITELLM"))}
    return kept | {"PYTHONPATH": SOURCE, "NO_PROXY": "*"} | more


def run(
    root: Path, *arguments: str, command: str = "refresh", script: Path | None = None, **env: str
) -> subprocess.CompletedProcess[str]:
    """`modelry refresh`, or another command, as a process (or a script in its place)."""
    started = [str(script)] if script else ["-m", "modelry", command]
    return subprocess.run(
        [sys.executable, *started, *arguments, "--data", str(root)],
        env=environment(**env), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def commanded(root: Path, said, *arguments: str, source: str = "openrouter", day: str = D2):
    """`modelry refresh` on a body (or the bytes of one) in this process: the result of click's runner."""
    path = root.parent / f"{root.name}-{source}.json"
    path.write_bytes(said if isinstance(said, bytes) else dumps(said).encode())
    feed = f"{source}={path}"
    return CliRunner().invoke(cli.cli, ["refresh", "--feed", feed, "--as-of", day, "--data", str(root), *arguments])


def read_from(terminal: int) -> bytes:
    """What a process wrote to its terminal; nothing once it has ended."""
    try:
        return os.read(terminal, 4096)
    except OSError:  # the other end is closed
        return b""
