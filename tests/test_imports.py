"""What a cold start loads and touches: the standard library's smallest part, one snapshot, and no network."""

from __future__ import annotations

import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

import modelry as package
from modelry import compile as snapshots
from modelry.pricing import Pricing
from modelry.records import Model, Provider

SOURCE = Path(package.__file__).parent.parent

STANDARD_LIBRARY = {
    "__future__", "bisect", "collections", "datetime", "decimal", "functools", "genericpath", "itertools", "keyword", "math",
    "numbers", "operator", "os", "posixpath", "ntpath", "reprlib", "sqlite3", "stat", "types",
}  # fmt: skip
"""What `modelry.cost` may load. Each of typing, re, json, enum, dataclasses, pathlib, importlib.resources would cost
more than the lookup itself; a name is added here only with a measurement (`make bench`)."""

OURS = {"modelry"} | {
    f"modelry.{name}"
    for name in (
        "_named", "conditions", "costs", "errors", "identity", "meters", "pricing", "rates", "registry", "snapshot", "usage",
    )
}  # fmt: skip

WATCH = """
import sys
seen = []
sys.path.insert(0, sys.argv[1])
before = set(sys.modules)
watching = True
def watch(event, arguments):
    if watching and event.partition(".")[0] in ("open", "socket", "sqlite3", "subprocess", "shutil", "urllib"):
        seen.append([event, *[argument if isinstance(argument, (str, int)) else None for argument in arguments[:2]]])
sys.addaudithook(watch)
"""
REPORT = """
watching = False
loaded = sorted(set(sys.modules) - before)
import json
print(json.dumps({"loaded": loaded, "seen": seen, "answer": str(globals().get("answer"))}))
"""


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory):
    card = Pricing.from_dict(
        {
            "effective_from": "2024-10-02",
            "input_per_token": "0.0000025",
            "output_per_token": "0.00001",
            "overrides": [{"when": {"utc_hours": ["01:00-04:00"]}, "input_per_token": "0.000001"}],
        }
    )
    plain = card._replace(effective_from=None, overrides=())
    models = [
        Model(provider="openai", model="gpt-4o", aliases=("gpt-4o-latest",), pricing=(plain,)),
        Model(provider="openai", model="timed", pricing=(card,)),
    ]
    path = tmp_path_factory.mktemp("imports") / "snapshot.sqlite"
    snapshots.write(path, models, [Provider(id="openai", name="OpenAI")], "imports")
    return path


def fresh(code, catalogue):
    """Run code in a process of its own, without site-packages; what it loaded and what it touched."""
    command = [sys.executable, "-I", "-S", "-B", "-c", WATCH + code + REPORT, str(SOURCE)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={"MODELRY_CATALOG": str(catalogue)})
    return json.loads(done.stdout)


def _not_ours(seen):
    """Events other than the import system's reading of modules."""
    return [event for event in seen if not (event[0] == "open" and str(event[1]).endswith((".py", ".pyc", ".so")))]


CALLS = {
    "the simplest": 'modelry.cost("openai/gpt-4o", input_tokens=1_000, output_tokens=500)',
    "buckets": 'modelry.cost("openai/gpt-4o", input=1_000, cached_input=10, output=500, web_searches=1)',
    "an alias": 'modelry.cost("openai/gpt-4o-latest", input=1)',
    "a bare name": 'modelry.cost("gpt-4o", provider="openai", input=1)',
    "a tier": 'modelry.cost("openai/gpt-4o", input=1, service_tier="batch", region="us")',
    "a time": 'modelry.cost("openai/timed", input=1, at="2026-03-01T02:00:00Z")',
    "now": 'modelry.cost("openai/timed", input=1)',
    "strict": 'modelry.cost("openai/gpt-4o", input=1, strict=True)',
    "a usage": 'modelry.cost("openai/gpt-4o", modelry.Usage(input=1))',
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_a_cold_cost_loads_the_allowed_modules_alone(catalogue, call):
    loaded = set(fresh(f"import modelry\nanswer = {call}.total_cost\n", catalogue)["loaded"])
    assert {name for name in loaded if name.partition(".")[0] == "modelry"} <= OURS
    foreign = {name.partition(".")[0] for name in loaded} - {"modelry"}
    accelerators = {name for name in foreign if name.startswith("_") and name in sys.stdlib_module_names}
    assert foreign - accelerators <= STANDARD_LIBRARY


def test_importing_modelry_loads_modelry_alone(catalogue):
    assert set(fresh("import modelry\n", catalogue)["loaded"]) == {"modelry", "__future__"}


def test_importing_modelry_opens_no_file_and_no_socket(catalogue):
    assert _not_ours(fresh("import modelry\n", catalogue)["seen"]) == []


def test_a_cold_cost_opens_the_snapshot_and_nothing_else(catalogue):
    report = fresh(f"import modelry\nanswer = {CALLS['the simplest']}.total_cost\n", catalogue)
    assert Decimal(report["answer"]) == Decimal("0.0075")
    events = _not_ours(report["seen"])
    assert {event[0] for event in events} <= {"sqlite3.connect", "sqlite3.connect/handle"}
    assert [event[1] for event in events if event[0] == "sqlite3.connect"] == [f"file:{catalogue}?mode=ro&immutable=1"]


def test_nothing_but_the_snapshot_is_needed_when_the_network_is_gone(catalogue):
    code = """
def refuse(event, arguments):
    if event.startswith("socket."):
        raise RuntimeError(event)
sys.addaudithook(refuse)
import modelry
answer = modelry.cost("openai/gpt-4o", input=2).total_cost
assert modelry.get("openai/gpt-4o").model == "gpt-4o"
try:
    modelry.cost("openai/gpt-5-unheard-of", input=2)
except modelry.UnknownModel:
    pass
"""
    assert fresh(code, catalogue)["answer"] == "0.0000050"


@pytest.mark.parametrize("name", package.__all__)
def test_every_public_name_is_there_and_stays_the_same(name):
    assert getattr(package, name) is getattr(package, name)
    assert name in dir(package)


def test_a_name_that_is_not_public_is_an_attribute_error():
    with pytest.raises(AttributeError, match="prices"):
        _ = package.prices
