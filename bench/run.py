"""How fast modelry is, as ratios within one run: against bare Python, `import click`, and the peers that are installed.

    python bench/run.py [--rounds 25] [--models 100000] [--json]

Every cold number is a process of its own, in a fresh virtual environment without site-packages and with compiled
bytecode; the rivals of a line run in turns, and a line shows their medians. It always exits 0: a bar is a goal that a
person reads, and a busy machine is no failure.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
import venv
from copy import copy
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src"
PATHS = [str(SOURCE), sysconfig.get_path("purelib")]
BUNDLED = SOURCE / "modelry" / "snapshot.sqlite"

IMPORT_PATHS = f"import sys; sys.path += {PATHS!r}\n"
COST = 'cost("openai/gpt-4o", input_tokens=1_000, output_tokens=500)'
CLI = """
sys.argv = ["modelry", "cost", "openai/gpt-4o", "--input", "1000", "--output", "500"]
from modelry.cli import main
sys.exit(main())
"""
PEAK = """
import sys
for line in open("/proc/self/status"):
    if line.startswith("VmHWM:"):
        print(line.split()[1], file=sys.stderr)
"""
FIRST_LOOKUP = """
import time
from modelry.registry import Registry
start = time.perf_counter()
Registry.open(sys.argv[1]).cost(sys.argv[2], input_tokens=1_000, output_tokens=500)
print(time.perf_counter() - start)
"""


class Line(NamedTuple):
    """One row of the table; `bar` is the largest ratio (or number of `unit`s) that is good enough."""

    what: str
    ours: float | None
    unit: str
    against: str = ""
    theirs: float | None = None
    ratio: float | None = None
    bar: str = ""
    met: bool | None = None


def compare(what: str, ours: float, unit: str, against: str, theirs: float, at_most: float | None = None) -> Line:
    """A line with the ratio of ours to theirs, and whether it is at most the bar."""
    ratio = ours / theirs
    bar, met = ("", None) if at_most is None else (f"<= {at_most:g}x", ratio <= at_most)
    return Line(what, ours, unit, against, theirs, ratio, bar, met)


class Cold:
    """Processes of a clean interpreter, timed from the outside."""

    def __init__(self, folder: Path, snapshot: Path) -> None:
        venv.create(folder / "clean", with_pip=False, symlinks=os.name != "nt")
        self.python = str(folder / "clean" / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))
        kept = {
            key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "COVERAGE", "MODELRY"))
        }
        self.environment = kept | {"MODELRY_CATALOG": str(snapshot)}

    def of(self, snapshot: Path) -> Cold:
        """The same interpreter with another catalogue."""
        other = copy(self)
        other.environment = self.environment | {"MODELRY_CATALOG": str(snapshot)}
        return other

    def run(self, code: str, *arguments: str, errors: int = subprocess.DEVNULL) -> subprocess.CompletedProcess[str]:
        """Run code to its end; it must succeed."""
        command = [self.python, "-I", "-c", code, *arguments]
        return subprocess.run(
            command, env=self.environment, check=True, text=True, stdout=subprocess.PIPE, stderr=errors
        )

    def milliseconds(self, codes: dict[str, str], rounds: int) -> dict[str, float]:
        """The median time of each, all of them in turns; the first rounds, which compile, do not count."""
        times: dict[str, list[float]] = {name: [] for name in codes}
        for turn in range(-2, rounds):
            for name, code in codes.items():
                start = time.perf_counter()
                self.run(code)
                if turn >= 0:
                    times[name].append(1_000 * (time.perf_counter() - start))
        return {name: statistics.median(measured) for name, measured in times.items()}

    def mebibytes(self, code: str) -> float | None:
        """Peak resident memory, asked of the process itself: what a parent sees includes its own."""
        if not Path("/proc/self/status").exists():
            return None
        peaks = [int(self.run(code + PEAK, errors=subprocess.PIPE).stderr.split()[-1]) for _ in range(5)]
        return statistics.median(peaks) / 1024


def importable(module: str) -> bool:
    """Whether a peer is installed here."""
    from importlib.util import find_spec

    return find_spec(module) is not None


def cold_lines(cold: Cold, rounds: int) -> list[Line]:
    """Import and one price in a new process, as a library and as a command."""
    codes = {
        "python": "pass",
        "modelry": f"{IMPORT_PATHS}import modelry; modelry.{COST}",
        "click": f"{IMPORT_PATHS}import click",
    }
    has_cli = (SOURCE / "modelry" / "cli" / "__init__.py").exists()
    if has_cli:
        codes["cli"] = IMPORT_PATHS + CLI
    if importable("genai_prices"):
        codes["genai-prices"] = (
            f"{IMPORT_PATHS}from genai_prices import Usage, calc_price\n"
            "calc_price(Usage(input_tokens=1_000, output_tokens=500), 'gpt-4o', provider_id='openai')"
        )
    took = cold.milliseconds(codes, rounds)
    lines = [compare("cold library call", took["modelry"], "ms", "bare python", took["python"], 2.5)]
    if "genai-prices" in took:
        lines.append(compare("cold library call", took["modelry"], "ms", "genai-prices", took["genai-prices"]))
    memory = {name: cold.mebibytes(codes[name]) for name in ("modelry", "python")}
    if memory["modelry"] and memory["python"]:
        lines.append(compare("  peak memory", memory["modelry"], "MiB", "bare python", memory["python"]))
    if not has_cli:
        return [*lines, Line("`modelry cost`", None, "ms", "skipped: no command line here")]
    to_python = compare("`modelry cost`", took["cli"], "ms", "bare python", took["python"])
    to_click = compare("`modelry cost`", took["cli"], "ms", "import click", took["click"])
    met = took["cli"] <= max(5 * took["python"], 1.4 * took["click"])
    return [*lines, to_python._replace(bar="<= 5x or", met=met), to_click._replace(bar="   <= 1.4x", met=met)]


def microseconds(calls: dict[str, Any], rounds: int) -> dict[str, float]:
    """The median time of each call, warm, in turns."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    loops = {}
    for name, call in calls.items():
        start = time.perf_counter()
        for _ in range(100):
            call()
        loops[name] = max(50, int(2 / (time.perf_counter() - start)))  # some 20 ms each
    for _ in range(rounds):
        for name, call in calls.items():
            repeat = range(loops[name])
            start = time.perf_counter()
            for _ in repeat:
                call()
            times[name].append(1e6 * (time.perf_counter() - start) / loops[name])
    return {name: statistics.median(measured) for name, measured in times.items()}


def warm_calls(snapshot: Path) -> dict[str, Any]:
    """The same price, asked of everybody who is installed."""
    from modelry.registry import Registry
    from modelry.usage import Usage

    cost = Registry.open(snapshot).cost
    usage = Usage(input=1_000, output=500)
    calls: dict[str, Any] = {
        "modelry": lambda: cost("openai/gpt-4o", input_tokens=1_000, output_tokens=500),
        "a Usage": lambda: cost("openai/gpt-4o", usage),
        "cached tokens": lambda: cost("openai/gpt-4o", input=1_000, cached_input=4_000, output=500),
        "a tier": lambda: cost("openai/gpt-4o", input_tokens=1_000, output_tokens=500, service_tier="batch"),
        "a date": lambda: cost("openai/gpt-4o", input_tokens=1_000, output_tokens=500, at="2026-11-01T12:00:00Z"),
    }
    if importable("genai_prices"):
        from genai_prices import Usage as TheirUsage
        from genai_prices import calc_price

        calls["genai-prices"] = lambda: calc_price(
            TheirUsage(input_tokens=1_000, output_tokens=500), "gpt-4o", provider_id="openai"
        )
    if importable("litellm"):
        os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
        import litellm  # type: ignore[import-not-found,unused-ignore]

        calls["litellm"] = lambda: litellm.cost_per_token(model="gpt-4o", prompt_tokens=1_000, completion_tokens=500)
    return calls


def warm_lines(snapshot: Path, rounds: int) -> list[Line]:
    """One price in a process that has priced before."""
    took = microseconds(warm_calls(snapshot), rounds)
    ours = took["modelry"]
    lines = [Line("warm cost", ours, "us", bar="<= 5 us", met=ours <= 5)]
    lines += [Line(f"  with {name}", took[name], "us") for name in ("a Usage", "cached tokens", "a tier", "a date")]
    for peer, bar in (("genai-prices", 0.1), ("litellm", None)):
        if peer in took:
            lines.append(compare("warm cost", ours, "us", peer, took[peer], bar))
        else:
            lines.append(Line("warm cost", ours, "us", f"{peer} is not installed"))
    return lines


RESPONSE = {
    "id": "msg_01", "type": "message", "role": "assistant", "model": "claude-sonnet-4-5-20250929", "stop_reason": "end_turn",
    "content": [{"type": "text", "text": "Hello"}],
    "usage": {
        "input_tokens": 1_000, "cache_creation_input_tokens": 300, "cache_read_input_tokens": 50_000, "output_tokens": 500,
        "cache_creation": {"ephemeral_5m_input_tokens": 200, "ephemeral_1h_input_tokens": 100}, "service_tier": "standard",
    },
}  # fmt: skip


def response_lines(snapshot: Path, rounds: int) -> list[Line]:
    """Usage and price out of a response with cached tokens; the same of genai-prices, where it is installed."""
    from modelry.registry import Registry
    from modelry.usage import Usage

    price = Registry.open(snapshot).cost_response
    calls: dict[str, Any] = {
        "extraction": lambda: Usage.from_response(RESPONSE, "anthropic.messages"),
        "with its api to find": lambda: Usage.from_response(RESPONSE),
        "response": lambda: price(RESPONSE, provider="anthropic"),
    }
    if importable("genai_prices"):
        from genai_prices import extract_usage

        calls["theirs extracted"] = lambda: extract_usage(RESPONSE, provider_id="anthropic")
        calls["theirs priced"] = lambda: extract_usage(RESPONSE, provider_id="anthropic").calc_price()
    try:
        took = microseconds(calls, rounds)
    except Exception as error:  # noqa: BLE001 - a made-up snapshot has no Claude
        return [Line("response priced", None, "us", f"skipped: {error}")]
    lines = [
        Line("usage out of a response", took["extraction"], "us", bar="<= 5 us", met=took["extraction"] <= 5),
        Line("  with its api to find", took["with its api to find"], "us"),
        Line("  and its cost", took["response"], "us", bar="<= 10 us", met=took["response"] <= 10),
    ]
    if "theirs priced" in took:
        lines.append(
            compare("usage out of a response", took["extraction"], "us", "genai-prices", took["theirs extracted"])
        )
        lines.append(compare("  and its cost", took["response"], "us", "genai-prices", took["theirs priced"]))
    return lines


def synthetic(path: Path, count: int) -> None:
    """A snapshot of made-up models, openai/gpt-4o first; prices and names are all different."""
    from modelry import compile as snapshots
    from modelry.pricing import Pricing
    from modelry.records import Model, Provider

    providers = [
        Provider(id="openai", name="OpenAI", maker="openai"),
        *(Provider(id=f"p{n}", name="P") for n in range(50)),
    ]

    def models() -> Any:
        card = {"input_per_token": "0.0000025", "output_per_token": "0.00001", "cached_input_per_token": "0.00000125"}
        batch = {
            "when": {"service_tier": "batch"},
            "replace": True,
            "input_per_token": "0.00000125",
            "output_per_token": "0.000005",
        }
        yield Model(provider="openai", model="gpt-4o", pricing=(Pricing.from_dict(card | {"overrides": [batch]}),))
        for n in range(1, count):
            prices = card | {"input_per_token": f"0.{n + 10**7}", "overrides": [batch]}
            yield Model(
                provider=f"p{n % 50}", model=f"model-{n}", aliases=(f"alias-{n}",), context=n, mode="chat",
                capabilities={"tools": True, "vision": False}, pricing=(Pricing.from_dict(prices),),
            )  # fmt: skip

    snapshots.write(path, models(), providers, f"synthetic-{count}")


def lookup_line(cold: Cold, folder: Path, small: int, large: int, rounds: int) -> Line:
    """Opening a snapshot and the first price out of it, each time in a new process and of another model."""
    times: dict[int, list[float]] = {small: [], large: []}
    for count in times:
        synthetic(folder / f"{count}.sqlite", count)
    for turn in range(-2, 2 * rounds):
        for count, measured in times.items():
            n = 1 + (turn * 7919 + 17) % (count - 1)
            path = str(folder / f"{count}.sqlite")
            seconds = float(cold.run(IMPORT_PATHS + FIRST_LOOKUP, path, f"p{n % 50}/model-{n}").stdout)
            if turn >= 0:
                measured.append(1_000 * seconds)
    ours, theirs = (statistics.median(times[count]) for count in (large, small))
    return compare(f"first lookup in {large:,} models", ours, "ms", f"in {small:,}", theirs, 1.3)


def catalogue_lines(cold: Cold, folder: Path, rounds: int) -> list[Line]:
    """The catalogue built, looked into, exchanged and written to; see `catalogue`."""
    from catalogue import measured

    def looked_up(snapshot: Path, code: str) -> float:
        return cold.of(snapshot).milliseconds({"lookup": IMPORT_PATHS + code}, rounds)["lookup"]

    return [
        Line(what, took, unit, why, bar=f"<= {at_most:g} {unit}", met=None if took is None else took <= at_most)
        for what, took, unit, at_most, why in measured(folder, looked_up, rounds)
    ]


def server_lines(folder: Path, rounds: int) -> list[Line]:
    """The server beside a bare route and nginx, and its page; see `serving` and `page`."""
    import page
    import serving

    return [_served(line) for line in (*serving.measured(folder, rounds), *page.measured(rounds))]


def _served(line: Any) -> Line:
    what, ours, unit, against, theirs, at_least, at_most = line
    ratio = ours / theirs if theirs else None
    if at_least is not None and ratio is not None:
        return Line(what, ours, unit, against, theirs, ratio, f">= {at_least:g}x", ratio >= at_least)
    bar, met = ("", None) if at_most is None else (f"<= {at_most:g} {unit}", ours <= at_most)
    return Line(what, ours, unit, against, theirs, ratio, bar, met)


def table(lines: list[Line]) -> str:
    """The lines in columns."""
    rows = [("", "ours", "against", "theirs", "ratio", "bar", "")]
    for line in lines:
        ratio = "" if line.ratio is None else f"{line.ratio:.2f}x" if line.ratio >= 0.5 else f"1/{1 / line.ratio:.0f}"
        theirs = "" if line.theirs is None else f"{line.theirs:.2f} {line.unit}"
        verdict = "" if line.met is None else "met" if line.met else "MISSED"
        ours = "" if line.ours is None else f"{line.ours:.2f} {line.unit}"
        rows.append((line.what, ours, line.against, theirs, ratio, line.bar, verdict))
    widths = [max(len(row[column]) for row in rows) for column in range(7)]
    numbers = (1, 3, 4)
    return "\n".join(
        "  ".join(
            cell.rjust(width) if column in numbers else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def main() -> None:
    """Measure everything and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=25, help="how often each is measured (25)")
    parser.add_argument("--models", type=int, default=100_000, help="models of the large snapshot (100000)")
    parser.add_argument("--json", action="store_true", help="the lines as JSON")
    options = parser.parse_args()
    sys.path.insert(0, str(SOURCE))
    with tempfile.TemporaryDirectory(prefix="modelry-bench-") as name:
        folder = Path(name)
        snapshot = BUNDLED
        if not BUNDLED.exists():
            snapshot = folder / "bundled.sqlite"
            synthetic(snapshot, 5_000)
        cold = Cold(folder, snapshot)
        lines = [
            *cold_lines(cold, options.rounds),
            *warm_lines(snapshot, options.rounds),
            *response_lines(snapshot, options.rounds),
            lookup_line(cold, folder, 1_000, options.models, options.rounds),
            *catalogue_lines(cold, folder, options.rounds),
            *server_lines(folder, options.rounds),
        ]
    if options.json:
        print(json.dumps([line._asdict() for line in lines], indent=2))
        return
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} cores, medians of {options.rounds} rounds\n")
    print(table(lines))


if __name__ == "__main__":
    main()
