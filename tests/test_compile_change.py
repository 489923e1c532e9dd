"""A snapshot made from the one before it is the one that a compilation of the whole would write."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections import defaultdict
from contextlib import closing
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from roots import bundle, gen, small

from modelry import ModelryError, Registry, places
from modelry import compile as compiler
from modelry.catalog import rows
from modelry.catalog.files import fingerprint
from modelry.catalog.store import Store
from modelry.errors import CatalogRejected
from modelry.pricing import Pricing
from modelry.records import DefaultRate, Model, Provider
from modelry.server.edition import Edition, models_changed
from modelry.server.snapshots import Snapshots
from modelry.snapshot import BUNDLED, PAGE, Snapshot

_SHARE = DefaultRate(of="input_per_token", times=Decimal("0.5"), source="https://p.example")
PROVIDERS = [
    Provider(id="home", name="Home", maker="home", aliases=("casa",), default_rates={"cached_input_per_token": _SHARE}),
    Provider(id="shop", name="Shop", names={"litellm": ("store",)}),
    Provider(id="plain", name="plain"),  # says no more than a provider that nobody has described
]
_CARDS = [Pricing.from_dict(card) for card in (
    {"input_per_token": "0.1", "output_per_token": None, "per_page": {"amount": "1", "per": 3000}},
    {"effective_from": "2026-08-16T16:00:00Z", "observed": "2026-08-17", "source": "https://a.example", "correction": True,
     "currency": "CNY", "input_per_token": "0", "overrides": [
        {"when": [{"region": ["us", "eu"]}, {"service_tier": "batch", "speed": "fast"}], "replace": True,
         "output_per_token": "0.1"},
        {"when": {"utc_hours": ["16:30-00:30"], "weekdays": ["sun", "mon"]}, "multiply": "1.1"}]},
    {"observed": "2026-08-17", "overrides": [{"when": {"prompt_tokens_above": 5}, "input_per_token": "0.2"}]},
)]  # fmt: skip
_NAMES = ("a", "b", "c", "c-1", "C", "d")


@st.composite
def catalogues(draw):
    """Models of described and of unknown providers, some called as another one is called; many names meet."""
    provider = st.sampled_from(["home", "shop", "plain", "casa", "new", "New", "other"])
    keys = draw(st.lists(st.tuples(provider, st.sampled_from(_NAMES)), unique=True, max_size=9))
    some = st.lists(st.sampled_from(_NAMES), max_size=3, unique=True).map(tuple)
    return [
        Model(
            provider=provider, model=model, aliases=draw(some), model_id=draw(st.sampled_from([None, *_NAMES])),
            base_model=draw(st.sampled_from([None, "home/a", "shop/a"])), components=("GEN",),
            capabilities=draw(st.dictionaries(st.sampled_from(["tools", "vision"]), st.booleans())),
            pricing=tuple(draw(st.lists(st.sampled_from(_CARDS), max_size=2))), provenance={"default": "operator"},
        )
        for provider, model in sorted(keys)
    ]  # fmt: skip


def shelves(old, new, others=()):
    """The providers of which a model differs, and some others, each with all of its models."""
    differing = {model.provider for model in [*old, *new] if (model in old) != (model in new)}
    return {name: [model for model in new if model.provider == name] for name in sorted(differing | set(others))}


def content(path):
    """What a snapshot holds, by names where the file has numbers."""
    with closing(sqlite3.connect(path)) as connection:
        held = {
            table: sorted(connection.execute(f"SELECT * FROM {table}"), key=repr)
            for table in ("meta", "providers", "spellings", "default_rates")
        }
        models, card_of, count = {}, {}, defaultdict(int)
        for key, *values in connection.execute("SELECT * FROM models"):
            models[key] = tuple(values[:2])
            held[models[key]] = values
        for key, model, *values in connection.execute("SELECT * FROM cards ORDER BY id"):
            count[model] += 1
            card_of[key] = (*models[model], count[model])
            held[card_of[key]] = values
        for provider, name, model, *values in connection.execute("SELECT * FROM names"):
            held["name", provider, name] = [models[model], *values]
        for table in ("rates", "overrides", "conditions"):
            rows_of = connection.execute(f"SELECT * FROM {table}").fetchall()
            held[table] = sorted(((card_of[card], *values) for card, *values in rows_of), key=repr)
    return held


@settings(max_examples=100, deadline=None)
@given(states=st.lists(catalogues(), min_size=2, max_size=4), others=st.sets(st.sampled_from(["home", "new", "ghost"])))
def test_change_by_change_comes_to_what_is_compiled_whole(tmp_path_factory, states, others):
    folder = tmp_path_factory.mktemp("change")
    compiler.write(folder / "0.sqlite", states[0], PROVIDERS, "0")
    for number, (old, new) in enumerate(pairwise(states), start=1):
        path, whole = folder / f"{number}.sqlite", folder / "whole.sqlite"
        compiler.change(path, folder / f"{number - 1}.sqlite", shelves(old, new, others), f"{number}")
        compiler.write(whole, new, PROVIDERS, f"{number}")
        assert content(path) == content(whole)
        assert list(Snapshot(str(path)).models()) == list(Snapshot(str(whole)).models())


@pytest.fixture
def at(tmp_path):
    """Writes a snapshot of some models, changes it to others, and opens what comes of it."""

    def changed(old, new):
        compiler.write(tmp_path / "old.sqlite", old, PROVIDERS, "old")
        compiler.change(tmp_path / "new.sqlite", tmp_path / "old.sqlite", shelves(old, new), "new")
        return Registry.open(tmp_path / "new.sqlite")

    return changed


def test_an_alias_that_a_row_hid_is_there_again_when_the_row_goes(at):
    hidden = Model(provider="home", model="other", aliases=("a",))
    before = at([], [Model(provider="home", model="a"), hidden])
    assert before.resolve("home/a").id == "home/a"
    after = at([Model(provider="home", model="a"), hidden], [hidden])
    assert (after.resolve("home/a").id, after.resolve("home/a").method) == ("home/other", "alias")


def test_a_provider_that_nobody_has_described_comes_and_goes_with_its_rows(at):
    kept = [Model(provider="home", model="a")]
    came = at(kept, [*kept, Model(provider="new", model="x")])
    assert (came.resolve("NEW/x").id, came.provider("new").name) == ("new/x", "new")
    gone = at([*kept, Model(provider="new", model="x")], kept)
    assert [provider.id for provider in gone.providers()] == ["home", "plain", "shop"]
    assert (gone.snapshot.provider_of("new"), gone.snapshot.meta()["providers"]) == (None, "3")


def test_a_described_provider_stays_when_it_loses_its_rows(at):
    registry = at([Model(provider="home", model="a"), Model(provider="plain", model="b")], [])
    assert [provider.id for provider in registry.providers()] == ["home", "plain", "shop"]
    assert (registry.models(), registry.snapshot.meta()["models"]) == ([], "0")


def test_a_row_of_what_is_anothers_alias_spoils_nothing(at):
    registry = at(
        [Model(provider="home", model="a")], [Model(provider="casa", model="b"), Model(provider="home", model="a")]
    )
    assert registry.resolve("casa/a").id == "home/a"
    assert {model.id for model in registry.models()} == {"casa/b", "home/a"}


# The file


def one(number=1, provider="home"):
    card = Pricing({"input_per_token": Decimal(number)})
    return Model(provider=provider, model="a", pricing=(card,))


def test_the_file_stays_whole_pages_and_does_not_grow_without_end(tmp_path):
    source = bundle(tmp_path / "0.sqlite")
    models = [model for model in Snapshot(source).models() if model.provider == "p1"]
    sizes = []
    for number in range(1, 41):
        card = Pricing({"input_per_token": Decimal(number), "output_per_token": Decimal(2)}, observed="2026-11-20")
        shelf = [model if place else one(number, "p1") for place, model in enumerate(models)]
        shelf[1] = shelf[1].__class__(provider="p1", model="b", notes="x" * 900 * (number % 3), pricing=(card,))
        path = tmp_path / f"{number}.sqlite"
        compiler.change(path, tmp_path / f"{number - 1}.sqlite", {"p1": shelf}, str(number))
        with closing(sqlite3.connect(path)) as connection:
            (pages,) = connection.execute("PRAGMA page_count").fetchone()
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        sizes.append(path.stat().st_size)
        assert sizes[-1] == pages * PAGE
        first = next(Snapshot(str(path)).models("provider = 'p1' AND model = 'a'"))
        assert first.pricing[0].rates == {"input_per_token": number}
    assert sizes[-1] <= sizes[2] * 1.1


class Broken(Exception):
    pass


def _stops():
    yield one(2)
    raise Broken


@pytest.mark.parametrize("what", ["the models stop", "the source is gone", "the source is none", "the source is torn"])
def test_a_write_that_fails_leaves_what_was_there(tmp_path, what):
    source, target = tmp_path / "source.sqlite", tmp_path / "target.sqlite"
    compiler.write(source, [one()], PROVIDERS, "old")
    target.write_bytes(b"before")
    shelf = [one(2)]
    if what == "the models stop":
        shelf, error = _stops(), Broken
    elif what == "the source is gone":
        source, error = tmp_path / "nowhere.sqlite", FileNotFoundError
    else:
        source.write_bytes(b"no database" * 1000 if what == "the source is none" else source.read_bytes()[:9000])
        error = CatalogRejected
    with pytest.raises(error):
        compiler.change(target, source, {"home": shelf}, "new")
    assert target.read_bytes() == b"before"
    assert {path.name for path in tmp_path.iterdir()} <= {"source.sqlite", "target.sqlite"}


def test_a_full_disk_is_told_and_leaves_nothing(tmp_path):
    source = bundle(tmp_path / "source.sqlite")
    code = f"""
import resource, signal
from dataclasses import replace
from modelry import compile
from modelry.snapshot import Snapshot
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
models = [replace(model, notes="x" * 20_000) for model in Snapshot({source!r}).models("provider = 'p1'")]
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
try:
    compile.change({str(tmp_path / "new.sqlite")!r}, {source!r}, {{"p1": models}}, "new")
except OSError as error:
    print("refused")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "refused\n"
    assert [path.name for path in tmp_path.iterdir()] == ["source.sqlite"]


# Editions of a server


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("MODELRY_ALIASES", raising=False)


@pytest.fixture
def counted(monkeypatch):
    """How often a snapshot was compiled whole, and how often made from another."""
    done = []
    for name in ("write", "change"):
        made = getattr(compiler, name)
        monkeypatch.setattr(compiler, name, lambda *given, name=name, made=made: done.append(name) or made(*given))
    return done


@pytest.fixture
def opened():
    """Makes Snapshots of a ROOT, and closes them."""
    made = []

    def of(root=None):
        made.append(Snapshots(root, lambda: fingerprint(root, BUNDLED) if root else ""))
        return made[-1]

    yield of
    for snapshots in made:
        snapshots.close()


STEPS = [
    gen("gpt-9", input_per_1k=Decimal("0.7")),
    gen("gpt-new", aliases=["newest"]),
    gen("tiny", "acme", base_url="https://acme.example", input_per_1k=Decimal("0.5")),
    {"provider": "openai", "model": "gpt-4o", "input_per_1k": Decimal("0.1"), "output_per_1k": Decimal("0.2")},
    ("openai", "gpt-9"),  # deleted
    {"provider": "openai", "model": "gpt-new", "aliases": ["gpt-9"]},
    ("acme", "tiny"),
    {"provider": "azure", "model": "gpt-4o-2026-01-01", "notes": "x"},
    gen("tiny", "acme", base_url="https://acme.example"),
]
ASKED = ("openai/gpt-4o", "oai/GPT-4o", "openai/newest", "openai/gpt-9", "gpt-new", "acme/tiny", "acme/Tiny",
         "azure/gpt-4o", "models/gpt-new", "nobody/x", "cohere/rerank-v3.5")  # fmt: skip


def answers(registry):
    """What a registry says to all that is asked, errors and suggestions included."""
    return {(name, how): _said(ask, name) for name in ASKED for how, ask in {
        "resolve": lambda name: registry.resolve(name)._replace(asked=""),
        "cost": lambda name: registry.cost(name, input=1_000, output=10).to_dict(),
        "get": registry.get,
    }.items()}  # fmt: skip


def _said(ask, name):
    try:
        return ask(name)
    except ModelryError as error:
        return type(error), str(error), sorted(getattr(error, "suggestions", ()))


def test_after_each_write_an_edition_answers_as_one_that_was_compiled_afresh(tmp_path, counted, opened):
    root = small(tmp_path / "root")
    store = Store(root)
    store.recover()
    snapshots = opened(root)
    seen = []
    for step in [None, *STEPS]:
        if isinstance(step, tuple):
            store.delete(*step, "me")
        elif step:
            store.upsert(step, "me")
        view = store.view()
        counted.clear()
        registry = snapshots.registry(Edition(view.data, view.version, snapshots.registry))
        assert counted == ["change" if step else "write"]
        fresh = places.snapshot_of_bytes(view.data, "fresh", root / "v1" / "providers")
        assert (registry.snapshot.path != fresh) == bool(step)
        assert content(registry.snapshot.path) == content(fresh)
        said = answers(registry)
        assert said == answers(Registry.over(fresh))
        seen.append(getattr(said["openai/gpt-9", "resolve"], "method", "unknown"))
    assert list(dict.fromkeys(seen)) == ["unknown", "exact", "alias"]


def test_a_changed_manifest_and_a_lost_file_are_compiled_whole(tmp_path, counted, opened):
    root = small(tmp_path / "root")
    store = Store(root)
    snapshots = opened(root)

    def registry(notes):
        store.upsert({"provider": "openai", "model": "gpt-4o", "notes": notes}, "me")
        counted.clear()
        return snapshots.registry(Edition(store.view().data, store.version, snapshots.registry))

    registry("one")
    assert registry("two").get("gpt-4o").notes == "two"
    assert counted == ["change"]
    manifest = root / "v1" / "providers" / "openai.yaml"
    manifest.write_text(manifest.read_text().replace("[oai]", "[oai, aio]"))
    assert registry("three").resolve("aio/gpt-4o").id == "openai/gpt-4o"
    assert counted == ["write"]
    last = registry("four")
    assert counted == ["change"]
    Path(last.snapshot.path).unlink()  # a cleaner of temporary files came by
    assert registry("five").get("gpt-4o").notes == "five"
    assert counted == ["change", "write"]
    assert last.get("gpt-4o").notes == "four"
    snapshots.close()
    with pytest.raises(CatalogRejected):
        registry("six")


_rows = catalogues().map(lambda models: rows.Catalogue(models, ["operator"], "2026-11-20"))


@settings(max_examples=100, deadline=None)
@given(old=_rows, new=_rows)
def test_the_providers_of_which_a_line_differs_are_those_of_which_a_model_does(old, new):
    found = models_changed(rows.dump(old), rows.dump(new))
    assert found == shelves(old.models, new.models)


_odd = st.sampled_from(["a", "a b", "a!", 'a"', "a\\", "é", "z", "a,", "}", "a-1", "A", "日本"])


@settings(max_examples=100, deadline=None)
@given(keys=st.sets(st.tuples(_odd, _odd)), asked=st.tuples(_odd, _odd))
def test_a_row_is_found_by_exactly_its_name_whatever_that_is(keys, asked):
    data = rows.dump(rows.Catalogue([Model(provider=provider, model=model) for provider, model in keys], [], None))
    edition = Edition(data, "some", Registry.open)
    for provider, model in {*keys, asked}:
        line = edition.line(provider, model)
        assert (line is not None) == ((provider, model) in keys)
        assert line == rows.line_in(data, provider, model)
    assert list(edition.lines()) == [match[0] for match in rows.lines_in(data)]
    assert (len(edition), bool(edition)) == (len(keys), True)


def test_a_row_that_is_none_is_refused_whatever_stands_in_it(tmp_path, opened):
    store = Store(small(tmp_path / "root"))
    store.upsert(gen(), "me")
    data = store.view().data
    snapshots = opened()
    snapshots.registry(Edition(data, "good", snapshots.registry))
    for wrong in (
        b'"input_per_token":-0.1',
        b'"input_per_token":"much"',
        b'"input_per_token":NaN',
        b'"unknown_meter":1',
    ):
        bad = data.replace(b'"input_per_token":0.0000025', wrong)
        assert bad != data
        with pytest.raises(CatalogRejected, match="is none"):
            snapshots.registry(Edition(bad, "bad", snapshots.registry))
    assert snapshots.registry(Edition(data, "good", snapshots.registry)).get("gpt-new")
