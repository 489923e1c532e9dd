"""From the YAML and the feeds to the catalogue and its snapshot: the same every time, whole, and checked for drift."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections import Counter, defaultdict
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest

from modelry import ModelryError, Registry, Unpriced
from modelry import compile as compiler
from modelry.catalog import rows
from modelry.identity import spelling_of
from modelry.pricing import Pricing
from modelry.records import Model, Provider
from modelry.snapshot import BUNDLED, Snapshot

ROOT = Path(__file__).parents[1]
JSON, MIRROR, SNAPSHOT = "data/models.json", "web/public/models.json", "src/modelry/snapshot.sqlite"
FEEDS = ROOT.parent / "shared" / "feeds"
CATALOGUE = (ROOT / JSON).read_bytes()


@pytest.fixture(scope="module")
def shipped():
    return Registry.open(BUNDLED)


@pytest.fixture(scope="module")
def models(shipped):
    return list(shipped.snapshot.models())


# The same input, the same bytes

FOLD_AND_COMPILE = """
import hashlib, json, random, sys
from pathlib import Path
from modelry import compile as compiler
from modelry.catalog import build, rows
sources = build.sources_of(Path(sys.argv[1]))
claims, providers = list(sources.claims), list(sources.providers)
random.Random(7).shuffle(claims)
random.Random(7).shuffle(providers)
sources = sources._replace(claims=claims, providers=providers)
catalogue = build.fold_all(sources)
data = rows.dump(catalogue)
tables = compiler.tables(catalogue.models, sources.providers, rows.content_of(data))
digests = {name: hashlib.sha256(repr(held).encode()).hexdigest() for name, held in tables.items()}
print(json.dumps([hashlib.sha256(data).hexdigest(), digests]))
"""


def test_the_shipped_catalogue_and_snapshot_are_what_their_sources_say_in_whatever_order_they_are_read():
    done = subprocess.run(
        [sys.executable, "-c", FOLD_AND_COMPILE, ROOT],
        env=os.environ | {"PYTHONHASHSEED": "1"}, stdout=subprocess.PIPE, check=True,
    )  # fmt: skip
    catalogue, tables = json.loads(done.stdout)
    assert catalogue == sha256(CATALOGUE).hexdigest()
    snapshot = Snapshot(BUNDLED)
    for table, digest in tables.items():
        assert digest == sha256(repr(snapshot.rows(f"SELECT * FROM {table}")).encode()).hexdigest(), table


def test_the_mirror_is_the_catalogue():
    assert (ROOT / "web" / "public" / "models.json").read_bytes() == CATALOGUE


@pytest.mark.parametrize("seed", ["0", "1"])
def test_building_anew_writes_the_same_bytes_whatever_the_order_of_sets(checkout, seed):
    written = [checkout / path for path in (JSON, MIRROR, SNAPSHOT)]
    before = [path.read_bytes() for path in written]
    for path in written:
        path.unlink()
    done = modelry(checkout, "build", PYTHONHASHSEED=seed)
    assert (done.returncode, done.stderr) == (0, "")
    assert [path.read_bytes() for path in written] == before


def test_every_row_comes_back_from_the_snapshot_as_it_stands_in_the_catalogue(models):
    catalogue = rows.load(CATALOGUE, "data/models.json")
    assert rows.dump(catalogue) == CATALOGUE
    assert rows.dump(catalogue._replace(models=models)) == CATALOGUE


def test_every_manifest_comes_back_from_the_snapshot_as_it_was_written(shipped):
    from modelry.authoring.load import load_providers

    written = {provider.id: provider for provider in load_providers(ROOT / "v1")}
    read = {provider.id: provider for provider in shipped.providers()}
    assert read.keys() == written.keys()
    for name, provider in written.items():
        assert list(read[name].rules) == list(provider.rules)
        assert read[name].default_rates == provider.default_rates
        assert read[name].spellings == provider.spellings
        assert (read[name].base_url, read[name].maker) == (provider.base_url, provider.maker)


def test_a_card_with_everything_comes_back_from_a_snapshot(tmp_path):
    card = Pricing.from_dict(
        {
            "effective_from": "2026-08-16T16:00:00Z", "observed": "2026-08-17", "source": "https://a.example",
            "correction": True, "currency": "CNY", "input_per_token": None, "output_per_token": "0",
            "per_page": {"amount": "1", "per": 3000},
            "overrides": [
                {"when": [{"region": ["us", "eu"]}, {"service_tier": "batch", "speed": "fast"}, {"region_not": "jp"}],
                 "replace": True, "output_per_token": "0.1"},
                {"when": {"utc_hours": ["16:30-00:30"], "weekdays": ["sun", "mon"], "weekday_timezone": "Asia/Shanghai"},
                 "multiply": "1.1"},
                {"when": {"prompt_tokens_above": 5}, "input_per_token": {"amount": "0.1", "per": 7}},
            ],
        }
    )  # fmt: skip
    model = Model(provider="a", model="b", pricing=(card, card._replace(effective_from="2026-09-01")))
    compiler.write(tmp_path / "snapshot.sqlite", [model], [], "content")
    assert Registry.open(tmp_path / "snapshot.sqlite").get("a/b") == model


def test_an_id_is_never_hidden_by_the_alias_of_another_row(tmp_path):
    names = ["a", "b", "c", "d"]
    models = [
        Model(provider="p", model=name, aliases=tuple(other for other in names if other != name)) for name in names
    ]
    compiler.write(tmp_path / "snapshot.sqlite", models, [Provider(id="p", name="P")], "content")
    registry = Registry.open(tmp_path / "snapshot.sqlite")
    assert [registry.resolve(f"p/{name}").id for name in names] == [f"p/{name}" for name in names]


# What is shipped


def test_the_registry_is_as_large_as_the_seeds_ask(models, shipped):
    homes = {provider.id: provider.maker for provider in shipped.providers() if provider.maker}
    assert len(list((ROOT / "v1" / "models").glob("*.yaml"))) >= 34
    assert sum(model.maker is not None and model.maker == homes.get(model.provider) for model in models) >= 600


def test_every_provider_of_a_row_has_a_manifest(models):
    known = {path.stem for path in (ROOT / "v1" / "providers").glob("*.yaml")}
    assert sorted({model.provider for model in models} - known) == []


def in_feeds():
    litellm, models_dev, genai, openrouter = (
        json.loads(next(FEEDS.glob(pattern)).read_bytes())
        for pattern in ("litellm-*.json", "models.dev-*.json", "genai-prices-*.json", "openrouter-*.json")
    )
    entries = (entry for key, entry in litellm.items() if key not in ("sample_spec", "fallback_generalizations"))
    yield "litellm", Counter(entry["litellm_provider"] for entry in entries)
    yield "models.dev", Counter({provider: len(entry["models"]) for provider, entry in models_dev.items()})
    yield "genai_prices", Counter({provider["id"]: len(provider["models"]) for provider in genai})
    yield "openrouter", Counter(entry["id"].partition("/")[0] for entry in openrouter["data"])


@pytest.mark.skipif(not FEEDS.is_dir(), reason="the feeds are not here")
def test_every_provider_of_more_than_three_models_in_a_feed_has_a_manifest(shipped):
    missing = [
        f"{feed}: {provider}"
        for feed, counts in in_feeds()
        for provider, count in counts.items()
        if count > 3 and shipped.snapshot.provider_of(provider) is None
    ]
    assert missing == []


def test_every_price_has_a_source(models):
    without = [
        model.id
        for model in models
        for card in model.pricing
        if card.is_known
        and not card.source
        and model.provenance.get("pricing", model.provenance["default"]) == "registry"
    ]
    assert without == []


def test_every_model_prices_a_call_or_says_why_not(models, shipped):
    day = json.loads(CATALOGUE)["last_updated"]
    estimates, refused = {}, {}
    for model in models:
        try:
            estimates[model.id] = shipped.cost(model.id, input=1_000, output=1_000, at=day)
        except Unpriced as error:
            refused[model.id] = str(error)
    assert len(estimates) > 0.8 * len(models)
    assert [name for name, found in estimates.items() if found.model != name] == []
    assert [name for name, found in estimates.items() if not (found.complete or found.unpriced)] == []
    assert [name for name, said in refused.items() if not said.startswith(f"{name}: no price is known")] == []
    known = {model.id for model in models if model.pricing and model.pricing[0].is_known}
    assert sorted(known & refused.keys()) == []


def test_no_two_rows_of_a_provider_are_one_by_spelling(models):
    rows_by_spelling = defaultdict(set)
    for model in models:
        for name in filter(None, (model.model, model.model_id, *model.aliases)):
            rows_by_spelling[model.provider, spelling_of(name)].add(model.model)
    assert {key: found for key, found in rows_by_spelling.items() if len(found) > 1} == {}


def test_every_id_alias_and_model_id_means_its_own_row(models, shipped):
    for model in models:
        assert shipped.resolve(model.id).id == model.id
        for name in (*model.aliases, *filter(None, [model.model_id])):
            found = shipped.resolve(f"{model.provider}/{name}")
            assert (found.id, found.method) == (model.id, "exact" if name == model.model else "alias")


def test_every_successor_is_an_entry(models, shipped):
    assert [model.id for model in models if model.replaced_by and not _is_entry(shipped, model.replaced_by)] == []


def _is_entry(registry, name):
    try:
        return registry.resolve(name).method in ("exact", "alias")
    except ModelryError:
        return False


# Drift


@pytest.fixture(scope="module")
def small_checkout(tmp_path_factory):
    """A checkout of the real package with two families, the feed lines of one provider, and a built catalogue."""
    root = tmp_path_factory.mktemp("checkout")
    shutil.copytree(
        ROOT / "src" / "modelry", root / "src" / "modelry", ignore=shutil.ignore_patterns("__pycache__", "*.sqlite*")
    )
    for folder in ("v1/models", "v1/providers", "data/feeds", "web/public"):
        (root / folder).mkdir(parents=True)
    for name in ("models/sonar.yaml", "models/voyage.yaml", "providers/perplexity.yaml", "providers/voyage.yaml"):
        shutil.copy(ROOT / "v1" / name, root / "v1" / name)
    head, *lines = (ROOT / "data" / "feeds" / "litellm.json").read_text().splitlines(keepends=True)
    kept = [line.rstrip(",\n") for line in lines if '"provider":"perplexity"' in line]
    (root / "data" / "feeds" / "litellm.json").write_text(head + ",\n".join(kept) + "\n]}\n")
    assert modelry(root, "build").returncode == 0
    return root


@pytest.fixture
def checkout(small_checkout, tmp_path):
    return Path(shutil.copytree(small_checkout, tmp_path / "checkout"))


def modelry(root: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Our command line, of the package that stands in this checkout."""
    command = [sys.executable, "-m", "modelry", *arguments]
    env = {key: value for key, value in os.environ.items() if not key.startswith("MODELRY_")}
    env |= {"PYTHONPATH": str(root / "src")} | environment
    return subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, check=False)


def _edit(path: str, old: str, new: str):
    def edit(root: Path) -> None:
        text = (root / path).read_text()
        assert old in text
        (root / path).write_text(text.replace(old, new, 1))

    return edit


def _truncate(root: Path) -> None:
    path = root / SNAPSHOT
    path.write_bytes(path.read_bytes()[:20_000])


def _change_a_price_in_the_snapshot(root: Path) -> None:
    with closing(sqlite3.connect(root / SNAPSHOT, isolation_level=None)) as connection:
        connection.execute("UPDATE rates SET amount = '0.1' WHERE meter = 'input_per_token' AND card = 1")
        assert connection.execute("SELECT changes()").fetchone() == (1,)


def _stale(root: Path) -> None:
    before = (root / SNAPSHOT).read_bytes()
    _edit("v1/models/sonar.yaml", "display_name: Sonar", "display_name: Another Name")(root)
    assert modelry(root, "build").returncode == 0
    (root / SNAPSHOT).write_bytes(before)


DRIFTS = {
    "an edited catalogue": (_edit(JSON, "0.0000025", "0.0000026"), {JSON}),
    "a missing catalogue": (lambda root: (root / JSON).unlink(), {JSON}),
    "a missing mirror": (lambda root: (root / MIRROR).unlink(), {MIRROR}),
    "another mirror": (lambda root: (root / MIRROR).write_bytes((root / JSON).read_bytes() + b"\n"), {MIRROR}),
    "an edited price in the YAML": (
        _edit("v1/models/sonar.yaml", "0.0000025", "0.0000026"),
        {JSON, MIRROR, SNAPSHOT},
    ),
    "another alias in a manifest": (
        _edit("v1/providers/voyage.yaml", "aliases: [", "aliases: [voyages, "),
        {SNAPSHOT},
    ),
    "an edited feed": (_edit("data/feeds/litellm.json", '"mode":"', '"mode":"x'), {JSON, MIRROR, SNAPSHOT}),
    "a missing snapshot": (lambda root: (root / SNAPSHOT).unlink(), {SNAPSHOT}),
    "a truncated snapshot": (_truncate, {SNAPSHOT}),
    "a changed price in the snapshot": (_change_a_price_in_the_snapshot, {SNAPSHOT}),
    "a stale snapshot": (_stale, {SNAPSHOT}),
}


MENDED = {"an edited price in the YAML", "an edited feed", "a missing mirror", "a truncated snapshot"}


def test_a_built_checkout_is_in_step_and_building_again_writes_nothing(small_checkout):
    done = modelry(small_checkout, "check")
    assert (done.returncode, done.stdout, done.stderr) == (0, "everything is in step\n", "")
    again = modelry(small_checkout, "build")
    assert again.returncode == 0
    assert "wrote" not in again.stdout


@pytest.mark.parametrize("name", DRIFTS)
def test_check_tells_what_is_out_of_step_and_build_mends_it(checkout, name):
    drift, told = DRIFTS[name]
    drift(checkout)
    done = modelry(checkout, "check")
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert {line.split(" ", 1)[0] for line in lines} == told
    assert all(line.endswith(": run `modelry build`") for line in lines)
    if name in MENDED:
        assert modelry(checkout, "build").returncode == 0
        assert modelry(checkout, "check").returncode == 0


def test_a_registry_that_is_wrong_is_not_built(checkout):
    before = {path: (checkout / path).read_bytes() for path in (JSON, MIRROR, SNAPSHOT)}
    _edit("v1/models/sonar.yaml", "context_window: 128000", "context_window: 128k")(checkout)
    for command in ("build", "check"):
        done = modelry(checkout, command)
        assert done.returncode == 1
        assert done.stderr.startswith("Error: 1 problem\nv1/models/sonar.yaml:")
    assert {path: (checkout / path).read_bytes() for path in before} == before


def test_the_packaging_hook_compiles_what_build_does(small_checkout):
    before = (small_checkout / SNAPSHOT).read_bytes()
    shutil.copy(ROOT / "hatch_build.py", small_checkout)
    code = """
import sys, types
plugin = types.ModuleType("hatchling.builders.hooks.plugin.interface")
class BuildHookInterface:
    def __class_getitem__(cls, item): return cls
plugin.BuildHookInterface = BuildHookInterface
for name in ("hatchling", "hatchling.builders", "hatchling.builders.hooks", "hatchling.builders.hooks.plugin"):
    sys.modules[name] = types.ModuleType(name)
sys.modules[plugin.__name__] = plugin
import hatch_build
hook = hatch_build.CompileSnapshot()
hook.root, hook.target_name = ".", "wheel"
hook.initialize("standard", {})
"""
    subprocess.run([sys.executable, "-c", code], cwd=small_checkout, check=True)
    assert (small_checkout / SNAPSHOT).read_bytes() == before
