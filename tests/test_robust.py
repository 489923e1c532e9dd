"""Broken files, hostile places and sudden ends, with real processes: a right answer or one line that says why not."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from modelry import CatalogRejected, InvalidRegistry, ModelryError, Registry, UnknownModel, places
from modelry import compile as compiler
from modelry.atomic import replacing
from modelry.catalog import rows
from modelry.pricing import Pricing
from modelry.records import DefaultRate, Modalities, Model, Provider, Rule, Verification
from modelry.snapshot import APPLICATION_ID, VERSION

ROOT = Path(__file__).parents[1]

PROVIDERS = [
    Provider(id="openai", name="OpenAI", maker="openai", aliases=["oai"], rules=["fine-tune", "snapshot", "latest"],
             names={"otel": ["open.ai"]},
             default_rates={"cached_input_per_token": DefaultRate(
                 of="input_per_token", times=Decimal("0.5"), source="https://openai.example")}),
    Provider(id="bedrock", name="Bedrock", resells=True, rules=[
        Rule(name="profile", match=r"(?P<region>us|eu)\\.(?P<model>.+)".replace("\\\\", "\\"), to="{model}", bare=True)]),
]  # fmt: skip
CARDS = [
    {"input_per_token": "0.000005", "output_per_token": "0.000015", "source": "https://openai.example/pricing"},
    {
        "effective_from": "2024-10-02", "input_per_token": "0.0000025", "output_per_token": "0.00001",
        "overrides": [
            {"when": {"service_tier": "batch"}, "input_per_token": "0.00000125", "output_per_token": "0.000005"},
            {"when": {"prompt_tokens_above": 100_000}, "input_per_token": "0.00001"},
            {"when": [{"region": ["us", "eu"]}, {"region_not": "jp"}], "multiply": "1.1"},
            {"when": {"utc_hours": ["16:30-00:30"], "weekdays": ["sat", "sun"], "weekday_timezone": "Asia/Shanghai"},
             "output_per_token": {"amount": "1", "per": 3_000_000}},
        ],
    },
]  # fmt: skip
MODELS = [
    Model(provider="bedrock", model="gpt-oss", family="gen", components=("GEN",), base_model="openai/gpt-oss", region="us",
          pricing=tuple(map(Pricing.from_dict, CARDS[:1]))),
    Model(provider="openai", model="gpt-4o", family="gen", components=("GEN",), base_model="openai/gpt-4o", context=128_000,
          aliases=("omni",), capabilities={"tools": True, "audio": False}, open_weights=False,
          modalities=Modalities(input=("text", "image"), output=("text",)),
          verification=Verification(status="verified", last_checked="2026-11-20"),
          pricing=tuple(map(Pricing.from_dict, CARDS))),
    Model(provider="openai", model="gpt-4o-mini", family="gen", components=("GEN",), base_model="openai/gpt-4o-mini"),
]  # fmt: skip


def answers(path):
    """What the calls of this module say of a snapshot: an answer each, or the error's name."""
    return {name: _answer(path, call) for name, call in CALLS.items()}


def _answer(path, call):
    try:
        return str(call(Registry.open(path)))
    except ModelryError as error:
        return type(error).__name__


CALLS = {
    "cost": lambda registry: registry.cost("openai/gpt-4o", input=1000, output=500, cached_input=10).to_dict(),
    "tier": lambda registry: registry.cost(
        "oai/omni", input=1000, output=500, service_tier="batch", region="us"
    ).to_dict(),
    "time": lambda registry: registry.cost("gpt-4o", input=200_000, output=3, at="2026-11-21T17:00:00Z").to_dict(),
    "rule": lambda registry: registry.cost("us.gpt-oss", provider="bedrock", input=1).to_dict(),
    "get": lambda registry: registry.get("openai/gpt-4o"),
    "resolve": lambda registry: registry.resolve("gpt-4o-2024-08-06"),
    "unknown": lambda registry: registry.resolve("openai/gpt-5"),
    "providers": lambda registry: registry.providers(),
    "models": lambda registry: [model.id for model in registry.models(capability=["tools"], sort="input")],
}


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    path = tmp_path_factory.mktemp("good") / "good.sqlite"
    compiler.write(path, MODELS, PROVIDERS, "good")
    assert "ModelryError" not in answers(str(path)).values()
    return path


@pytest.fixture(scope="module")
def due(good):
    return answers(str(good))


def run(*command, cwd=None, **environment):
    """A process of its own, with nothing of ours in its environment but what is named here."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("MODELRY_", "XDG_"))}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=kept | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done


def cost(path=None, **environment):
    """`modelry cost` on a catalogue."""
    where = ["--data", path] if path else []
    return run(sys.executable, "-m", "modelry", "cost", "openai/gpt-4o", "--input", "1000", *where, **environment)


# Files that are no snapshot


def _foreign(path):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE models(name)")


def _of_version(version):
    def write(path):
        compiler.write(path, MODELS, PROVIDERS, "x")
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(f"PRAGMA user_version = {version}")

    return write


def _without(table):
    def write(path):
        compiler.write(path, MODELS, PROVIDERS, "x")
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(f"DROP TABLE {table}")

    return write


NO_SNAPSHOTS = {
    "nothing": (lambda _: None, "there is no such file; make one with `modelry build`"),
    "no bytes": (lambda path: path.touch(), "is no modelry snapshot; make one with `modelry build`"),
    "text": (lambda path: path.write_text("hello, " * 100), "cannot be read as a snapshot (file is not a database)"),
    "a folder": (lambda path: path.mkdir(), "is a folder; name a snapshot, or a folder that does not end in .sqlite"),
    "a foreign database": (_foreign, "is no modelry snapshot; make one with `modelry build`"),
    "the next version": (_of_version(VERSION + 1), f"is a snapshot of version {VERSION + 1}, not {VERSION}"),
    "a loop": (lambda path: path.symlink_to(path), "there is no such file; make one with `modelry build`"),
}


@pytest.mark.parametrize("name", NO_SNAPSHOTS)
def test_a_file_that_is_no_snapshot_is_rejected_with_what_to_do(tmp_path, name):
    make, said = NO_SNAPSHOTS[name]
    path = tmp_path / "snap shot%3f#1?.sqlite"
    make(path)
    with pytest.raises(CatalogRejected) as caught:
        Registry.open(path)
    assert said in str(caught.value)
    assert caught.value.source == str(path)


@pytest.mark.parametrize("name", ["no bytes", "text", "the next version"])
def test_the_command_line_says_so_in_one_line(tmp_path, name):
    path = tmp_path / "snapshot.sqlite"
    NO_SNAPSHOTS[name][0](path)
    done = cost(path)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)
    assert done.stderr.startswith(f"Error: {path}: ")


@pytest.mark.parametrize("name", ["a\0b.sqlite", "\ud800.sqlite", "x" * 5000 + ".sqlite"])
def test_a_path_that_no_file_can_have_is_rejected(name):
    with pytest.raises(CatalogRejected):
        Registry.open(name)


@pytest.mark.parametrize("name", ["a b.sqlite", "100%25.sqlite", "a?mode=rw.sqlite", "a#b.sqlite", "né.sqlite"])
def test_a_snapshot_may_have_any_name(tmp_path, good, name):
    path = shutil.copy(good, tmp_path / name)
    assert Registry.open(path).get("openai/omni").model == "gpt-4o"
    assert Registry.open(f"/{path}").get("openai/omni").model == "gpt-4o"


@pytest.mark.parametrize(
    "table", ["meta", "models", "names", "rates", "providers", "spellings", "conditions", "overrides"]
)
def test_a_snapshot_without_a_table_answers_right_or_is_rejected(tmp_path, due, table):
    path = tmp_path / "snapshot.sqlite"
    _without(table)(path)
    found = answers(str(path))
    assert set(found.values()) - set(due.values()) <= {"CatalogRejected"}
    assert table == "meta" or "CatalogRejected" in found.values()


# Files that were cut short or went bad


def test_a_snapshot_that_was_cut_short_answers_right_or_is_rejected(tmp_path, good, due):
    data, path = good.read_bytes(), tmp_path / "snapshot.sqlite"
    rng = random.Random(1)  # noqa: S311
    rejected = 0
    for length in [1, 15, 16, 99, 100, 4095, 4096, 4097, *(rng.randrange(len(data)) for _ in range(40)), len(data) - 1]:
        path.write_bytes(data[:length])
        for name, answer in answers(str(path)).items():
            assert answer in (due[name], "CatalogRejected"), (length, name)
            rejected += answer == "CatalogRejected"
    assert rejected > 100


def test_flipped_bits_make_no_error_but_our_own_and_are_found_when_looked_for(tmp_path, good, due):
    """Without a checksum a flipped digit is another digit: what `modelry check` compares, finds it."""
    data, path = good.read_bytes(), tmp_path / "snapshot.sqlite"
    held = compiler.tables(MODELS, PROVIDERS, "good")
    rng = random.Random(2)  # noqa: S311
    rejected = changed = 0
    for _ in range(150):
        flipped = bytearray(data)
        for _ in range(rng.choice([1, 1, 4, 64])):
            flipped[rng.randrange(len(flipped))] ^= 1 << rng.randrange(8)
        path.write_bytes(flipped)
        found = answers(str(path))  # which lets no other error through
        rejected += "CatalogRejected" in found.values()
        if any(answer not in (due[name], "CatalogRejected") for name, answer in found.items()):
            changed += 1
            assert _drifted(path, held)
    assert rejected > 30
    assert changed > 0


def _drifted(path, held):
    try:
        snapshot = Registry.open(path).snapshot
        return snapshot.rows("PRAGMA quick_check") != [("ok",)] or any(
            snapshot.rows(f"SELECT * FROM {table}") != due for table, due in held.items()
        )
    except CatalogRejected:
        return True


def _set(query):
    def write(path):
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute(query)
            assert connection.execute("SELECT changes()").fetchone() != (0,)

    return write


@pytest.mark.parametrize(
    ("query", "call"),
    [
        ("UPDATE rates SET amount = 'cheap'", "cost"),
        ("UPDATE rates SET amount = 'NaN'", "cost"),
        ("UPDATE rates SET amount = '-1'", "cost"),
        ("UPDATE rates SET amount = '1e999999999'", "cost"),
        ("UPDATE rates SET amount = x'00'", "cost"),
        ("UPDATE OR IGNORE rates SET meter = 'input_per_tokem' WHERE meter = 'input_per_token'", "cost"),
        ("UPDATE rates SET amount = 'cheap'", "models"),
        ("UPDATE OR IGNORE conditions SET key = 'regiom' WHERE key = 'region'", "cost"),
        ("UPDATE conditions SET value = 'many' WHERE key = 'prompt_tokens_above'", "time"),
        ("UPDATE conditions SET value = 'Asia/Shangai' WHERE key = 'weekday_timezone'", "time"),
        ("UPDATE overrides SET multiply = 'twice'", "cost"),
        ("UPDATE cards SET effective_from = x'00'", "cost"),
        ("UPDATE cards SET currency = x'ff'", "cost"),
        ("UPDATE default_rates SET times = ''", "cost"),
        ("UPDATE default_rates SET of = 'nothing'", "cost"),
        ("UPDATE models SET capabilities = '{'", "get"),
        ("UPDATE models SET modalities = '{\"inputs\": []}'", "get"),
        ("UPDATE providers SET record = '[]'", "providers"),
        ('UPDATE providers SET record = \'{"id": "openai", "nome": "OpenAI"}\'', "providers"),
        ("UPDATE providers SET record = replace(record, 'snapshot', 'snapshoot')", "resolve"),
        ("UPDATE providers SET record = replace(record, '(?P', '(?')", "rule"),
    ],
)
def test_what_makes_no_sense_is_rejected(tmp_path, good, query, call):
    path = Path(shutil.copy(good, tmp_path))
    _set(query)(path)
    assert _answer(path, CALLS[call]) == "CatalogRejected"


# Catalogues that are no snapshots


@pytest.fixture
def cache(tmp_path, monkeypatch):
    folder = tmp_path / "cache"
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    monkeypatch.delenv("MODELRY_CATALOG", raising=False)
    monkeypatch.delenv("MODELRY_ALIASES", raising=False)
    return folder / "modelry"


@pytest.fixture
def root(tmp_path):
    """A folder with `v1/` and `data/models.json`."""
    root = tmp_path / "root"
    (root / "data").mkdir(parents=True)
    (root / "v1" / "models").mkdir(parents=True)
    (root / "v1" / "providers").mkdir()
    (root / "data" / "models.json").write_bytes(rows.dump(rows.Catalogue(MODELS, ["registry"], "2026-11-20")))
    (root / "v1" / "providers" / "openai.yaml").write_text("id: openai\nname: OpenAI\nmaker: openai\naliases: [oai]\n")
    (root / "v1" / "models" / "gpt.yaml").write_text(
        "models:\n  gpt-4o:\n    provider: openai\n    pricing: {input_per_token: 0.0000025}\n"
    )
    return root


@pytest.mark.parametrize("place", ["", "data/models.json", "v1"])
def test_a_catalogue_is_compiled_once_to_the_cache(cache, root, place):
    source = root / place
    first = Registry.open(source)
    assert first.cost("oai/gpt-4o", input=2).total_cost == Decimal("0.000005")
    (snapshot,) = cache.glob("*.sqlite")
    assert first.snapshot.path == str(snapshot)
    made = snapshot.stat().st_ino
    assert Registry.open(str(source)).snapshot.path == str(snapshot)
    assert snapshot.stat().st_ino == made
    assert not list(cache.glob(".*"))


@pytest.mark.parametrize(
    ("place", "changed"),
    [
        ("data/models.json", "data/models.json"),
        ("data/models.json", "v1/providers/openai.yaml"),
        ("v1", "v1/models/gpt.yaml"),
        ("v1", "v1/providers/openai.yaml"),
    ],
)
def test_another_content_is_compiled_again(cache, root, place, changed):
    Registry.open(root / place)
    text = (root / changed).read_text()
    (root / changed).write_text(text.replace("oai", "open-ai").replace("0.0000025", "0.0000035"))
    registry = Registry.open(root / place)
    if changed.endswith("openai.yaml"):
        assert registry.resolve("open-ai/gpt-4o").id == "openai/gpt-4o"
    else:
        assert registry.cost("openai/gpt-4o", input=2).total_cost == Decimal("0.000007")
    assert len(list(cache.glob("*.sqlite"))) == 2


def test_a_cached_snapshot_that_went_bad_is_made_anew(cache, root):
    Registry.open(root)
    (snapshot,) = cache.glob("*.sqlite")
    whole = snapshot.read_bytes()
    for bad in (b"", b"text", whole[:9000], whole[:-1]):
        snapshot.unlink()
        snapshot.write_bytes(bad)
        assert Registry.open(root).cost("openai/gpt-4o", input=2).total_cost == Decimal("0.000005")
        assert snapshot.read_bytes() == whole


def test_snapshots_that_nobody_opened_for_a_month_are_forgotten(cache, root):
    cache.mkdir(parents=True)
    old, new = cache / "old.sqlite", cache / "new.sqlite"
    for path, days in ((old, 31), (new, 29)):
        path.touch()
        os.utime(path, (time.time() - days * 86_400,) * 2)
    Registry.open(root)
    assert not old.exists()
    assert new.exists()


def _row(**fields):
    row = {"provider": "openai", "model": "x"} | fields
    return json.dumps({"currency": "USD", "last_updated": None, "sources": [], "models": [row]})


NO_CATALOGUES = {
    "no JSON": "{",
    "a list": "[]",
    "an object": "{}",
    "an error page": "<html>not found</html>",
    "bytes": b"\xff\xfe",
    "brackets": "[" * 100_000,
    "a row that is none": _row()[:-2] + ", 5]}",
    "a field that is none": _row(colour="red"),
    "no model": '{"currency": "USD", "last_updated": null, "sources": [], "models": [{"provider": "openai"}]}',
    "a number for a name": _row(model=5),
    "a mapping for a name": _row(model={}),
    "text for a limit": _row(context="many"),
    "a limit beyond a database": _row(context=10**30),
    "text for a list": _row(aliases="omni"),
    "a list of numbers": _row(aliases=[1]),
    "text for capabilities": _row(capabilities="tools"),
    "a card that is text": _row(pricing=["free"]),
    "an unknown meter": _row(pricing=[{"input_per_tokn": 1}]),
    "a price of NaN": _row(pricing=[{"input_per_token": float("nan")}]),
    "a price that is text": _row(pricing=[{"input_per_token": "cheap"}]),
    "a price below zero": _row(pricing=[{"input_per_token": -1}]),
    "a price of a gigabyte": _row(pricing=[{"input_per_token": "@"}]).replace('"@"', "1e-999999999"),
    "an unknown condition": _row(pricing=[{"overrides": [{"when": {"regin": "us"}, "input_per_token": 1}]}]),
    "a threshold that is text": _row(
        pricing=[{"overrides": [{"when": {"prompt_tokens_above": "x"}, "input_per_token": 1}]}]
    ),
    "a currency that is a number": _row(pricing=[{"currency": 5, "input_per_token": 1}]),
}


@pytest.mark.parametrize("name", NO_CATALOGUES)
def test_a_file_that_is_no_catalogue_is_rejected(cache, tmp_path, name):
    path = tmp_path / "models.json"
    text = NO_CATALOGUES[name]
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(CatalogRejected, match="is no catalogue of modelry: ") as caught:
        Registry.open(path)
    assert len(str(caught.value).splitlines()) == 1
    assert not cache.exists() or not list(cache.iterdir())


@pytest.mark.parametrize("name", ["nowhere", "empty"])
def test_a_place_without_a_catalogue_is_rejected(cache, tmp_path, name):
    (tmp_path / "empty").mkdir()
    with pytest.raises(CatalogRejected, match=r"is no snapshot, no data/models.json and no v1/ folder"):
        Registry.open(tmp_path / name)


def test_a_registry_that_is_wrong_tells_its_problems(cache, root):
    (root / "v1" / "models" / "bad.yaml").write_text("models: 5")
    (root / "v1" / "models" / "folder.yaml").mkdir()
    (root / "v1" / "models" / "loop.yaml").symlink_to("loop.yaml")
    with pytest.raises(InvalidRegistry) as caught:
        Registry.open(root / "v1")
    assert len(caught.value.exceptions) == 3
    done = cost(root / "v1")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[0] == "Error: 3 problems"


def test_a_provider_that_nobody_has_described_serves_its_models(cache, tmp_path):
    path = tmp_path / "models.json"
    path.write_text(_row(provider="my-own", base_url="http://localhost", pricing=[{"input_per_token": 1}]))
    registry = Registry.open(path)
    assert registry.cost("my-own/x", input=3).total_cost == 3
    assert registry.provider("my-own").name == "my-own"


# Places that may not be written


def _unwritable(tmp_path):
    """Places where even root can write nothing: below a file, and in /proc."""
    (tmp_path / "file").touch()
    return [str(tmp_path / "file" / "below"), "/proc/nowhere"]


def test_a_cost_needs_no_writable_place(tmp_path):
    for nowhere in _unwritable(tmp_path):
        done = cost(HOME=nowhere, XDG_CACHE_HOME=nowhere, TMPDIR=nowhere)
        assert (done.returncode, done.stderr) == (0, "")
        assert "openai/gpt-4o" in done.stdout


@pytest.mark.parametrize("variables", [{"XDG_CACHE_HOME": "@"}, {"HOME": "@"}, {"XDG_CACHE_HOME": "relative"}])
def test_without_a_cache_a_catalogue_is_compiled_in_a_temporary_folder(tmp_path, root, variables):
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    for nowhere in _unwritable(tmp_path):
        named = {"HOME": nowhere} | {key: value.replace("@", nowhere) for key, value in variables.items()}
        done = cost(root, cwd=tmp_path, TMPDIR=str(temporary), **named)
        assert (done.returncode, done.stderr) == (0, "")
    (folder,) = temporary.iterdir()
    assert folder.stat().st_mode & 0o777 == 0o700
    assert len(list(folder.glob("*.sqlite"))) == 1
    assert not (tmp_path / "relative").exists()


def test_a_temporary_folder_of_somebody_else_is_not_believed(tmp_path, root, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/nowhere")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    planted = tmp_path / f"modelry-{os.getuid()}"
    planted.mkdir()
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    os.chown(planted, 65534, 65534)
    registry = Registry.open(root)
    assert Path(registry.snapshot.path).parent != planted
    assert list(planted.iterdir()) == []


@pytest.fixture(scope="module")
def read_only_package(tmp_path_factory):
    folder = tmp_path_factory.mktemp("installed")
    for path in (folder, *list(folder.parents)[:-2]):
        if path.stat().st_uid == os.geteuid() and path != Path("/tmp"):  # noqa: S108
            path.chmod(path.stat().st_mode | 0o011)
    folder.chmod(0o755)
    shutil.copytree(ROOT / "src" / "modelry", folder / "modelry", ignore=shutil.ignore_patterns("__pycache__"))
    chmod = shutil.which("chmod") or "chmod"
    subprocess.run([chmod, "-R", "a-w,a+rX", folder / "modelry"], check=True)
    yield folder
    subprocess.run([chmod, "-R", "u+w", folder / "modelry"], check=True)


def as_nobody(*command):
    drop = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []
    return [*drop, *command]


def test_a_read_only_installation_prices_a_call_for_anybody(read_only_package, tmp_path):
    if os.geteuid() == 0 and not shutil.which("setpriv"):
        pytest.skip("root may write everything")
    code = "import modelry; print(modelry.cost('openai/gpt-4o', input=1000).total_cost, modelry.get('gpt-4o').id)"
    before = sorted(path.name for path in (read_only_package / "modelry").iterdir())
    done = run(
        *as_nobody(sys.executable, "-S", "-c", code),
        PYTHONPATH=str(read_only_package),
        HOME="/nonexistent",
        TMPDIR="/nonexistent",
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "0.0025000 openai/gpt-4o\n", "")
    assert sorted(path.name for path in (read_only_package / "modelry").iterdir()) == before


def test_a_catalogue_that_may_not_be_read_is_rejected(tmp_path, root):
    if os.geteuid() == 0 and not shutil.which("setpriv"):
        pytest.skip("root may read everything")
    for path in (tmp_path, *list(tmp_path.parents)[:-2]):
        if path.stat().st_uid == os.geteuid() and path != Path("/tmp"):  # noqa: S108
            path.chmod(path.stat().st_mode | 0o055)
    (root / "data" / "models.json").chmod(0)
    secret = Path(shutil.copy(root / "data" / "models.json", tmp_path / "secret.sqlite"))
    secret.chmod(0)
    command = as_nobody(sys.executable, "-B", "-m", "modelry", "cost", "openai/gpt-4o", "--input", "1")
    for source, said in ((root, "cannot be read: Permission denied"), (secret, "unable to open database file")):
        done = run(*command, MODELRY_CATALOG=str(source))
        assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)
        assert said in done.stderr


# Several at once, and sudden ends

COMPILE = """
import sys
from modelry import compile as compiler
from modelry.snapshot import BUNDLED
from modelry.snapshot import Snapshot
bundled = Snapshot(BUNDLED)
models = list(bundled.models("provider IN ('openai', 'anthropic', 'google', 'mistral')"))
print("ready", flush=True)
sys.stdin.readline()
for _ in range(int(sys.argv[2])):
    compiler.write(sys.argv[1], models, bundled.providers(), sys.argv[3])
"""


def start(target, times=1, content="x"):
    return subprocess.Popen(
        [sys.executable, "-c", COMPILE, str(target), str(times), content],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_eight_processes_that_compile_at_once_all_succeed(tmp_path):
    target = tmp_path / "cache" / "snapshot.sqlite"
    writers = [start(target, 3, content=f"of {number}") for number in range(8)]
    for writer in writers:
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        writer.stdin.write("go\n")
        writer.stdin.flush()
    read = 0
    while any(writer.poll() is None for writer in writers):
        if target.exists():
            registry = Registry.open(target)
            assert registry.cost("openai/gpt-4o", input=1000).total_cost == Decimal("0.0025")
            assert registry.snapshot.meta()["content"].startswith("of ")
            read += 1
    for writer in writers:
        writer.communicate()
    assert [writer.returncode for writer in writers] == [0] * 8
    assert read > 3
    assert Registry.open(target).snapshot.rows("PRAGMA integrity_check") == [("ok",)]
    assert [path.name for path in target.parent.iterdir()] == ["snapshot.sqlite"]


def test_two_processes_that_open_one_catalogue_at_once_both_succeed(tmp_path, root):
    code = "import sys; from modelry import Registry; print(Registry.open(sys.argv[1]).cost('openai/gpt-4o', input=2).total_cost)"
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    readers = [
        subprocess.Popen([sys.executable, "-c", code, root], env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    assert [reader.communicate()[0] for reader in readers] == ["0.0000050\n"] * 2
    assert len(list((tmp_path / "cache" / "modelry").iterdir())) == 1


def test_a_killed_compiler_leaves_the_old_snapshot_whole(tmp_path):
    target = tmp_path / "snapshot.sqlite"
    compiler.write(target, MODELS, PROVIDERS, "old")
    rng = random.Random(3)  # noqa: S311
    left = set()
    for _ in range(6):
        writer = start(target, 1000, "new")
        assert writer.stdout.readline() == "ready\n"
        writer.stdin.write("go\n")
        writer.stdin.flush()
        time.sleep(rng.uniform(0.01, 0.25))
        writer.send_signal(signal.SIGKILL)
        writer.communicate()
        registry = Registry.open(target)
        assert registry.snapshot.meta()["content"] in ("old", "new")
        assert registry.snapshot.rows("PRAGMA integrity_check") == [("ok",)]
        assert registry.cost("openai/gpt-4o", input=1000, at="2026-11-20").total_cost == Decimal("0.0025")
        left |= {path.name for path in tmp_path.iterdir()} - {"snapshot.sqlite"}
    assert left
    assert all(name.startswith(".snapshot.sqlite.") for name in left)


def test_what_killed_writers_left_is_cleared_by_the_next_but_not_what_is_being_written(tmp_path):
    target = tmp_path / "models.json"
    old, new, other = (tmp_path / name for name in (".models.json.old", ".models.json.new", ".other.json.old"))
    for path in (old, new, other):
        path.touch()
    for path in (old, other):
        os.utime(path, (time.time() - 7200,) * 2)
    with replacing(target) as temporary:
        temporary.write_text("{}")
    assert {path.name for path in tmp_path.iterdir()} == {"models.json", new.name, other.name}


def test_a_full_disk_is_told_and_leaves_the_old_snapshot(tmp_path):
    target = tmp_path / "snapshot.sqlite"
    compiler.write(target, MODELS, PROVIDERS, "old")
    code = """
import resource, sys
from modelry import compile as compiler
from modelry.snapshot import BUNDLED
from modelry.snapshot import Snapshot
bundled = Snapshot(BUNDLED)
models = list(bundled.models("provider = 'openai'"))
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    compiler.write(sys.argv[1], models, bundled.providers(), "new")
except OSError as error:
    print(error.filename, error.strerror)
"""
    done = run(sys.executable, "-c", code, target)
    assert done.stdout.startswith(f"{target} the snapshot cannot be written (")
    assert Registry.open(target).snapshot.meta()["content"] == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["snapshot.sqlite"]


# The environment


def test_modelry_catalog_names_the_catalogue(good, root, tmp_path):
    for path in (good, root, root / "data" / "models.json"):
        done = cost(MODELRY_CATALOG=str(path), XDG_CACHE_HOME=str(tmp_path / "cache"))
        assert (done.returncode, done.stderr) == (0, "")
        assert "0.0025" in done.stdout


def test_a_modelry_catalog_that_is_missing_is_told_in_one_line(tmp_path):
    for path in (tmp_path / "nowhere", tmp_path / "nowhere.sqlite"):
        done = cost(MODELRY_CATALOG=str(path))
        assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)
        assert str(path) in done.stderr


def test_an_empty_variable_is_none():
    assert cost(MODELRY_CATALOG="", MODELRY_ALIASES="").returncode == 0


@pytest.fixture
def aliased(good, tmp_path, monkeypatch):
    def registry(aliases):
        path = tmp_path / "aliases.json"
        path.write_text(aliases if isinstance(aliases, str) else json.dumps(aliases))
        monkeypatch.setenv("MODELRY_ALIASES", str(path))
        return Registry.open(good)

    return registry


def test_an_operators_alias_means_its_model(aliased):
    registry = aliased({"fast": "openai/gpt-4o-mini", "openai/best": "oai/omni", "arn:aws:1": "bedrock/gpt-oss"})
    for name, provider, meant in (
        ("fast", None, "openai/gpt-4o-mini"),
        ("openai/best", None, "openai/gpt-4o"),
        ("best", "openai", "openai/gpt-4o"),
        ("arn:aws:1", None, "bedrock/gpt-oss"),
    ):
        found = registry.resolve(name, provider)
        assert (found.asked, found.id, found.method) == (name, meant, "alias")
    assert registry.cost("openai/best", input=1000).total_cost == Decimal("0.0025")


@pytest.mark.parametrize("name", ["openai/gpt-4o", "oai/gpt-4o", "openai/omni"])
def test_a_real_id_is_never_hidden_by_an_alias(aliased, name):
    assert aliased({name: "openai/gpt-4o-mini"}).resolve(name).id == "openai/gpt-4o"


def test_a_bare_name_may_be_given_another_meaning(aliased):
    """An operator who serves gpt-4o at another provider says so once."""
    registry = aliased({"gpt-4o": "bedrock/gpt-oss"})
    assert registry.resolve("gpt-4o").id == "bedrock/gpt-oss"
    assert registry.resolve("gpt-4o", "openai").id == "openai/gpt-4o"


def test_an_alias_of_nothing_is_told_when_it_is_used(aliased):
    registry = aliased({"fast": "openai/gpt-9", "slow": "gpt-oss"})
    assert registry.resolve("openai/gpt-4o").id == "openai/gpt-4o"
    for name, meant in (("fast", "openai/gpt-9"), ("slow", "gpt-oss")):
        with pytest.raises(UnknownModel) as caught:
            registry.resolve(name)
        said = f"no model is called {name!r} (MODELRY_ALIASES calls it {meant!r}, which is no one model)"
        assert str(caught.value).startswith(said)
        assert caught.value.suggestions


def test_an_alias_of_an_alias_is_not_followed(aliased):
    registry = aliased({"a": "b", "b": "openai/gpt-4o", "c": "c", "d": "d/e", "d/e": "d"})
    assert registry.resolve("b").id == "openai/gpt-4o"
    for name in ("a", "c", "d"):
        with pytest.raises(UnknownModel):
            registry.resolve(name)


@pytest.mark.parametrize("text", ["{", "[]", '{"a": 1}', '{"a": null}', "\udcff", ""])
def test_a_file_of_aliases_that_is_none_is_rejected(good, tmp_path, monkeypatch, text):
    path = tmp_path / "aliases.json"
    path.write_bytes(text.encode(errors="surrogateescape"))
    monkeypatch.setenv("MODELRY_ALIASES", str(path))
    with pytest.raises(CatalogRejected, match=r"aliases\.json: is no JSON (file|object) of aliases"):
        Registry.open(good)


def test_a_file_of_aliases_that_is_missing_is_told_in_one_line(tmp_path):
    for path in (tmp_path / "nowhere.json", tmp_path):
        done = cost(MODELRY_ALIASES=str(path))
        assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)
        assert done.stderr.startswith(f"Error: {path}: ")


def test_a_snapshot_says_that_it_is_ours(good):
    with closing(sqlite3.connect(good)) as connection:
        assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
    assert places.cache_folder().is_dir()
