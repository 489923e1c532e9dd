"""The lines of the catalogue: its build, a lookup in what was built, LiteLLM's map in and out, an upsert, a refresh.

Everything happens in a copy of the checkout, so that a bench never writes the catalogue that it measures.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
COPIED = ("src", "v1", "data/feeds")
MAP = "model_prices_and_context_window_backup.json"
LOOKUP = """
from modelry.registry import Registry
Registry.open().cost("anthropic/claude-sonnet-4-5", input_tokens=1_000, output_tokens=500)
"""
DAY = "2026-11-20"
REFRESH = """
import sys
from pathlib import Path
from modelry.refresh.engine import refresh
from modelry.refresh.fetching import Body, body_of
root, day, *places = sys.argv[1:]
bodies = [body_of(*place.split("=", 1), day, print) for place in places]
try:
    from genai_prices.data import providers
    bodies.append(Body("genai_prices", list(providers), day))
except ImportError:
    pass
assert refresh(Path(root), bodies, accept=False, apply=True).written
try:
    peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM:"))
except OSError:
    peak = ""
print(len(bodies), peak)
"""


class Measured(NamedTuple):
    """One line: what was done, how long it took, and the most that is good enough; None where it was skipped."""

    what: str
    took: float | None
    unit: str
    at_most: float
    why: str = ""


def copied(folder: Path) -> Path:
    """A copy of what the catalogue is built from."""
    root = folder / "checkout"
    for name in COPIED:
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__", "*.sqlite"))
    return root


def measured(folder: Path, cold: Callable[[Path, str], float], rounds: int) -> Iterator[Measured]:
    """All lines. `cold(snapshot, code)` is the median of milliseconds that a whole clean process takes."""
    root = copied(folder)
    yield Measured("build from all claims", median(lambda: built(root), 3), "s", 10)
    yield Measured("  a cold lookup in it", cold(root / "src/modelry/snapshot.sqlite", LOOKUP), "ms", 30)
    few = min(rounds, 5)
    package = find_spec("litellm")  # found, never imported
    path = Path(package.origin).with_name(MAP) if package and package.origin else None
    if path is None or not path.is_file():
        yield Measured("LiteLLM's map taken in", None, "s", 1, "litellm is not installed")
    else:
        yield Measured("LiteLLM's map taken in", median(lambda: taken(folder / "taken", path), few), "s", 1)
    yield Measured("  written out", median(written(root), few), "s", 1)
    yield Measured("upsert into the whole", 1_000 * median(upserts(root), rounds), "ms", 150)
    yield from refreshes(root, folder)


def refreshes(root: Path, folder: Path) -> Iterator[Measured]:
    """All feeds at once, as a process that reads, guards, folds, compares and writes."""
    runs = [refreshed(root, folder, number) for number in range(1, 4)]
    feeds, peak = runs[0][1:]
    why = "" if feeds == 4 else f"of {feeds}: genai-prices is not installed"
    yield Measured("refresh of four feeds", statistics.median(took for took, _, _ in runs), "s", 15, why)
    yield Measured("  peak memory", peak, "MiB", 500, "" if peak else "this system does not tell it")


def refreshed(root: Path, folder: Path, number: int) -> tuple[float, int, float | None]:
    """Seconds, feeds and MiB of one refresh of what the claims say, one limit another one each time."""
    words = {"litellm": "litellm", "models_dev": "models.dev", "openrouter": "openrouter"}
    places = []
    for source, word in words.items():
        path = folder / f"{source}.json"
        path.write_bytes(body_of(root, source, word, number))
        places.append(f"{source}={path}")
    command = [sys.executable, "-c", REFRESH, str(root), f"2027-01-{number:02}", *places]
    start = time.perf_counter()
    env = {**os.environ, "PYTHONPATH": str(root / "src")}
    done = subprocess.run(command, env=env, check=True, text=True, stdout=subprocess.PIPE)
    took = time.perf_counter() - start
    feeds, _, peak = done.stdout.strip().partition(" ")
    return took, int(feeds), int(peak) / 1024 if peak else None


def body_of(root: Path, source: str, word: str, number: int) -> bytes:
    """A feed's body as its claims keep it."""
    from modelry.catalog import claims
    from modelry.formats import exported
    from modelry.records import Model
    from modelry.registry import Registry

    said = claims.load((root / f"data/feeds/{source}.json").read_bytes(), source).claims
    own = [claim for claim in said if source != "openrouter" or claim.provider == "openrouter"]
    models = [Model(provider=claim.provider, model=claim.model, **claim.fields) for claim in own]
    models[0] = replace(models[0], context=1_000_000 + number)
    return exported(word, models, manifests=Registry.open().providers(), day=DAY)


def median(call: Callable[[], Any], rounds: int) -> float:
    """The median of seconds; the first call, which warms files and caches, does not count."""
    times = []
    for _ in range(rounds + 1):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:])


def built(root: Path) -> None:
    """`modelry build` as a process: YAML and feeds read, folded, written, compiled."""
    env = {**os.environ, "PYTHONPATH": str(root / "src")}
    for path in (root / "data/models.json", root / "web/public/models.json"):
        path.unlink(missing_ok=True)
    command = [sys.executable, "-m", "modelry", "build", "--data", str(root)]
    subprocess.run(command, env=env, check=True, stdout=subprocess.DEVNULL)


def taken(root: Path, path: Path) -> None:
    """LiteLLM's whole map from its file to a new file of claims."""
    from modelry.catalog.feeds import take
    from modelry.jsontext import loads
    from modelry.registry import Registry

    shutil.rmtree(root, ignore_errors=True)
    take(root, "litellm", loads(path.read_bytes()), DAY, Registry.open().providers())


def written(root: Path) -> Callable[[], Any]:
    """The bytes of LiteLLM's map of the whole catalogue, its models at hand."""
    from modelry.formats import exported
    from modelry.registry import Registry

    registry = Registry.open(root / "src/modelry/snapshot.sqlite")
    models, manifests = registry.models(), registry.providers()
    return lambda: exported("litellm", models, manifests=manifests, day=DAY)


def upserts(root: Path) -> Callable[[], Any]:
    """A price changed each time, from the request to both files on the disk."""
    from modelry.catalog.store import Store

    store = Store(root)
    prices = iter(range(1, 1_000_000))

    def upsert() -> None:
        request = {"provider": "openai", "model": "gpt-4o", "input_per_1k": Decimal(next(prices)).scaleb(-6)}
        store.upsert(request, "bench")

    return upsert
