"""What the catalogue is written as, on all that is shipped: whole, exact, the same bytes twice, and honest about losses."""

from __future__ import annotations

import csv as standard_csv
import io
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

import modelry
from modelry import Registry, cli, formats
from modelry.authoring.load import load, load_providers
from modelry.authoring.schema import _DERIVED as DERIVED
from modelry.capabilities import CAPABILITIES
from modelry.catalog.rows import to_row
from modelry.formats import FORMATS, MissingExtra, csv, exported, feed, litellm, names_in, openai, parquet, table, yaml
from modelry.jsontext import dumps, loads, plain
from modelry.meters import METERS
from modelry.pricing import Override, Per, Pricing
from modelry.records import MODEL_FIELDS, Modalities, Model, Provider, Verification

SOURCE = str(Path(modelry.__file__).parents[1])
ROOT = Path(__file__).parents[1]
DAY = "2026-11-20"
EPOCH = "1970-01-01"
"""A release that some feed made of an unknown one."""
pytestmark = pytest.mark.xdist_group("exports")  # made once, of the whole catalogue
WRITTEN = [name for name, format_ in FORMATS.items() if format_.writes]


@pytest.fixture(scope="module")
def registry() -> Registry:
    return Registry.open()


@pytest.fixture(scope="module")
def shipped(registry: Registry) -> list[Model]:
    return registry.models()


@pytest.fixture(scope="module")
def manifests(registry: Registry) -> list[Provider]:
    return registry.providers()


@pytest.fixture(scope="module")
def out(shipped: list[Model], manifests: list[Provider]) -> dict[str, tuple[bytes, list[str]]]:
    """Every format's bytes of the whole catalogue, and what it could not say."""
    made = {}
    for name in WRITTEN:
        report: list[str] = []
        made[name] = exported(name, shipped, report, manifests=manifests, day=DAY), report
    return made


def model(**fields: Any) -> Model:
    return Model(
        **{"provider": "openai", "model": "gpt-x", "mode": "chat", "components": ("GEN",), "family": "gen"} | fields
    )


def priced(**rates: str) -> tuple[Pricing, ...]:
    return (Pricing.from_dict(rates),)


RICH = model(
    series="gpt",
    display_name="GPT: X, «the» one",
    model_id="gpt-x-wire",
    base_model="openai/gpt-x",
    aliases=("gpt-x-latest", "no", "1e3"),
    region="us",
    regions=("us-east-1", "us-west-2"),
    mode="responses",
    context=1_000_000,
    max_input_tokens=900_000,
    max_output_tokens=100_000,
    dimensions=8,
    modalities=Modalities(input=("text", "image"), output=("text",)),
    capabilities={"tools": True, "vision": False},
    components=("GEN", "EMB"),
    base_url="https://example.org/v1",
    endpoints=("/v1/responses",),
    release_date="2026-03",
    knowledge_cutoff="2025-12-31",
    status="active",
    deprecation_date="2027-01-01",
    replaced_by="openai/gpt-y",
    open_weights=False,
    license="MIT",
    verification=Verification(status="verified", last_checked=DAY, verified_capabilities=("tools",), source="a page"),
    notes="# no comment: 'quoted' \\n",
    pricing=(
        Pricing.from_dict({"effective_from": "2026-01-01", "input_per_token": "0.000003", "source": "an older page"}),
        Pricing.from_dict(
            {
                "effective_from": "2026-03-01T16:00:00Z",
                "observed": "2026-03-02",
                "correction": True,
                "currency": "EUR",
                "input_per_token": "0.0000000000000000000025",
                "output_per_token": None,
                "input_per_image": {"amount": "0.002", "per": 7},
                "cached_input_per_token": "0",
                "overrides": [
                    {"when": {"service_tier": "batch"}, "replace": True, "input_per_token": "1E-7"},
                    {"when": [{"region": ["eu", "us"]}, {"speed": "fast"}], "multiply": "1.1"},
                    {
                        "when": {
                            "utc_hours": ["22:00-01:00"],
                            "weekdays": ["mon"],
                            "weekday_timezone": "Asia/Shanghai",
                        },
                        "input_per_token": "0.000002",
                    },
                ],
            }
        ),
    ),
)
"""A model that says something in every field that a registry's file has."""


# The list of formats


def test_the_list_says_what_each_module_does() -> None:
    for format_ in FORMATS.values():
        module = format_.load()
        assert (hasattr(module, "read"), hasattr(module, "write")) == (format_.reads, format_.writes), format_.name
        assert getattr(formats, format_.module) is module


def test_nothing_is_loaded_before_it_is_used() -> None:
    code = "import sys; import modelry.formats; print(*(n for n in sys.modules if n.startswith(('modelry.formats.', 'duckdb', 'yaml'))))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "\n"


@pytest.mark.parametrize(("name", "package", "extra"), [("parquet", "duckdb", "bulk"), ("yaml", "yaml", "build")])
def test_a_missing_extra_is_named(name: str, package: str, extra: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.delitem(sys.modules, f"modelry.formats.{FORMATS[name].module}", raising=False)
    for loaded in [loaded for loaded in sys.modules if loaded.startswith("modelry.authoring")]:
        monkeypatch.delitem(sys.modules, loaded)
    with pytest.raises(MissingExtra, match=rf"{name} needs {package}: pip install 'modelry\[{extra}\]'"):
        exported(name, [model()])


@pytest.mark.parametrize("name", WRITTEN)
def test_the_same_models_are_the_same_bytes(
    name: str, out: Any, shipped: list[Model], manifests: list[Provider]
) -> None:
    data, report = out[name]
    again: list[str] = []
    assert exported(name, shipped, again, manifests=manifests, day=DAY) == data
    assert again == report


@pytest.mark.parametrize("name", WRITTEN)
def test_every_loss_names_its_model(name: str, out: Any, shipped: list[Model]) -> None:
    ids = {model.id for model in shipped}
    assert out[name][1]
    assert {loss.partition(": ")[0] for loss in out[name][1]} <= ids
    print(f"{name}: {len(out[name][0])} bytes, {len(out[name][1])} losses")


@pytest.mark.parametrize("name", WRITTEN)
def test_nothing_is_an_export_too(name: str) -> None:
    report: list[str] = []
    assert exported(name, [], report)
    assert report == []


# LiteLLM, models.dev, OpenRouter: the shapes that their own clients read


def test_litellm_is_its_map_with_sample_spec(
    out: Any, shipped: list[Model], registry: Registry, manifests: list[Provider]
) -> None:
    whole = json.loads(out["litellm"][0])
    assert next(iter(whole)) == "sample_spec"
    names = names_in("litellm", manifests)
    assert {entry["litellm_provider"] for key, entry in whole.items() if key != "sample_spec"} <= names.keys()
    read = litellm.read(loads(out["litellm"][0]), providers=names)
    back = {registry.resolve(model.model, model.provider).id for model in read}
    lost = {loss.partition(": ")[0] for loss in out["litellm"][1] if loss.endswith("has no LiteLLM name")}
    assert {model.id for model in shipped} - lost == back


@pytest.mark.parametrize("name", ["litellm", "models.dev"])
def test_a_provider_is_called_what_the_vocabulary_calls_it(name: str) -> None:
    manifest = Provider(
        id="ours", name="Ours", names={"litellm": ("their_word", "another"), "models.dev": ("TheirWord",)}
    )
    report: list[str] = []
    whole = json.loads(exported(name, [model(provider="ours")], report, manifests=[manifest]))
    if name == "litellm":
        assert whole["their_word/gpt-x"]["litellm_provider"] == "their_word"
        assert [loss for loss in report if "no LiteLLM name" in loss] == []
    else:
        assert (list(whole), whole["TheirWord"]["name"]) == (["TheirWord"], "Ours")


def test_models_dev_is_providers_with_their_models(out: Any, shipped: list[Model]) -> None:
    whole = json.loads(out["models.dev"][0])
    assert all(provider["id"] == name and provider["models"] for name, provider in whole.items())
    entries = [entry for provider in whole.values() for entry in provider["models"].values()]
    assert all({"id", "modalities", "limit"} <= entry.keys() for entry in entries)
    twice = sum("stands twice" in loss for loss in out["models.dev"][1])
    assert len(entries) == len(shipped) - twice


def test_openrouter_is_a_list_with_prices_as_text(out: Any, shipped: list[Model]) -> None:
    rows = json.loads(out["openrouter"][0])["data"]
    twice = sum("stands twice" in loss for loss in out["openrouter"][1])
    assert len(rows) == len(shipped) - twice
    prices = [price for row in rows for key, price in row["pricing"].items() if key not in ("overrides", "discount")]
    assert all(isinstance(price, str) and Decimal(price).is_finite() for price in prices)
    assert all({"architecture", "top_provider", "supported_parameters"} <= row.keys() for row in rows)


def test_openrouter_says_an_id_once(out: Any) -> None:
    ids = [row["id"] for row in json.loads(out["openrouter"][0])["data"]]
    assert len(set(ids)) == len(ids)


# OpenAI


def test_the_openai_client_reads_the_list(out: Any, shipped: list[Model]) -> None:
    from openai.pagination import SyncPage
    from openai.types import Model as Theirs

    page = SyncPage[Theirs].model_validate_json(out["openai"][0], strict=True)
    assert page.object == "list"
    assert [entry.id for entry in page.data] == [model.id for model in shipped]
    assert all(entry.model_extra == {} for entry in page.data)
    released = {
        m.id: m.release_date for m in shipped if len(m.release_date or "") == len(DAY) and m.release_date != EPOCH
    }
    said = {e.id: datetime.fromtimestamp(e.created, UTC).strftime("%Y-%m-%d") for e in page.data if e.created}
    wrong = {loss.partition(": ")[0] for loss in out["openai"][1] if loss.endswith("is no date")}
    assert {name: said.get(name) for name in released.keys() - wrong} == {
        n: released[n] for n in released.keys() - wrong
    }
    owners = {entry.id: entry.owned_by for entry in page.data}
    assert owners == {model.id: model.maker or model.provider for model in shipped}
    assert owners["bedrock/anthropic.claude-sonnet-4-5-20250929-v1:0"] == "anthropic"


@pytest.mark.parametrize(
    ("release", "created", "loss"),
    [
        (None, 0, None),
        ("2024-05-13", 1715558400, None),
        ("2024-05", 1714521600, "said as the first day"),
        ("2024", 1704067200, "said as the first day"),
        ("2025-25-11", 0, "2025-25-11 is no date"),
        ("soon", 0, "soon is no date"),
        ("2024-05-13T10:00", 0, "is no date"),
    ],
)
def test_a_release_is_seconds_since_1970(release: str | None, created: int, loss: str | None) -> None:
    report: list[str] = []
    [entry] = openai.write([model(release_date=release)], report)["data"]
    assert entry == {"id": "openai/gpt-x", "object": "model", "created": created, "owned_by": "openai"}
    assert any(loss in line for line in report) if loss else not any("date" in line or "day" in line for line in report)


# The table


def cells(text: str) -> list[dict[str, str]]:
    return list(standard_csv.DictReader(io.StringIO(text, newline=""), strict=True))


def expected(shipped: list[Model]) -> list[list[table.Cell]]:
    return list(table.rows(shipped, [], DAY))


READ: dict[str, Callable[[str], Any]] = {
    "text": csv.text_of,
    "texts": lambda cell: csv.text_of(cell).split("|"),
    "whole": int,
    "flag": {"true": True, "false": False}.__getitem__,
    "price": Decimal,
}


def test_the_csv_module_reads_every_cell_back(out: Any, shipped: list[Model]) -> None:
    text = out["csv"][0].decode()
    assert text.count("\r\n") == text.count("\n")
    read = cells(text)
    assert len(read) == len(shipped)
    for row, due in zip(read, expected(shipped), strict=True):
        for column, cell in zip(table.COLUMNS, due, strict=True):
            said = READ[column.kind](row[column.name]) if row[column.name] else None
            assert said == (None if cell in ("", []) else cell), (row["id"], column.name)


def test_duckdb_reads_every_cell_back(out: Any, shipped: list[Model], tmp_path: Path) -> None:
    """Typed: a price is the exact decimal, a flag a boolean, a list a list."""
    (tmp_path / "all.parquet").write_bytes(out["parquet"][0])
    with duckdb.connect() as database:
        read = database.execute("FROM read_parquet(?)", [str(tmp_path / "all.parquet")])
        assert [column[0] for column in read.description] == [column.name for column in table.COLUMNS]
        assert read.fetchall() == [tuple(row) for row in expected(shipped)]
        sums = database.execute(
            "SELECT sum(input_per_token * 1000000), count(*) FILTER (tools) FROM read_parquet(?)",
            [str(tmp_path / "all.parquet")],
        ).fetchone()
    in_force = [card for model in shipped if (card := feed.in_force(model, DAY))]
    rates = [card.rates.get("input_per_token") for card in in_force]
    assert sums == (
        sum(rate for rate in rates if isinstance(rate, Decimal)) * 1_000_000,
        sum(model.capabilities.get("tools", False) for model in shipped),
    )


def test_the_table_has_every_price_in_force(shipped: list[Model]) -> None:
    report: list[str] = []
    rows = {
        row[0]: dict(zip((c.name for c in table.COLUMNS), row, strict=True)) for row in table.rows(shipped, report, DAY)
    }
    unsaid = {tuple(loss.split(": ")[:2]) for loss in report}
    for model in shipped:
        card = feed.in_force(model, DAY)
        for meter in METERS:
            rate = card.rates.get(meter) if card else None
            if isinstance(rate, Per) and (model.id, meter) in unsaid:
                rate = None
            assert rows[model.id][meter] == (rate.amount / rate.per if isinstance(rate, Per) else rate)


def test_every_field_of_a_model_has_a_column_or_is_told() -> None:
    names = {column.name for column in table.COLUMNS}
    elsewhere = {"modalities": "input_modalities", "capabilities": "tools", "pricing": "input_per_token"}
    assert {elsewhere.get(name, name) for name in MODEL_FIELDS} - names == {"extensions", "provenance"}
    assert {*METERS, *CAPABILITIES} <= names
    assert len(names) == len(table.COLUMNS)
    report: list[str] = []
    list(table.rows([replace(RICH, extensions={"x": {"y": 1}})], report, "2027-01-01"))
    assert [loss.partition(": ")[2] for loss in report] == [
        "no column for prices of other days",
        "no column for prices under conditions",
        "no column for extensions",
        "no column for when and how it was verified",
        "input_per_image: 0.002 per 7 is no exact price of 1",
    ]


def test_a_price_is_never_rounded() -> None:
    tiny, long, large = Decimal("1e-26"), Decimal("1.23e-26"), Decimal(10**12)
    for price, kept in ((tiny, True), (long, False), (large - 1, True), (large, False)):
        report: list[str] = []
        data = parquet.write([model(pricing=(Pricing({"per_request": price}),))], report)
        assert any("has more than 12 digits and 26 decimals" in loss for loss in report) is not kept
        assert read_parquet(data)["per_request"] == (price if kept else None)
        assert cells(csv.write([model(pricing=(Pricing({"per_request": price}),))]))[0]["per_request"] == plain(price)


def read_parquet(data: bytes) -> dict[str, Any]:
    import tempfile

    with tempfile.NamedTemporaryFile(suffix=".parquet") as file, duckdb.connect() as database:
        file.write(data)
        file.flush()
        read = database.execute("FROM read_parquet(?)", [file.name])
        return dict(zip((column[0] for column in read.description), read.fetchone() or (), strict=True))


UNKNOWN_FREE_PAID = ((None, ""), ("0", "0"), ("0.000003", "0.000003"))


@pytest.mark.parametrize(("rate", "cell"), UNKNOWN_FREE_PAID)
def test_unknown_free_and_paid_stay_apart(rate: str | None, cell: str) -> None:
    one = model(pricing=(Pricing.from_dict({"input_per_token": rate, "output_per_token": "1"}),))
    assert cells(csv.write([one]))[0]["input_per_token"] == cell
    assert read_parquet(parquet.write([one]))["input_per_token"] == (None if rate is None else Decimal(rate))


@given(st.text(), st.lists(st.text(min_size=1).filter(lambda text: "|" not in text), max_size=3))
def test_any_text_comes_back_from_csv_and_starts_no_formula(name: str, aliases: list[str]) -> None:
    [row] = cells(csv.write([model(display_name=name, aliases=tuple(aliases))]))
    assert csv.text_of(row["display_name"]) == name
    assert csv.text_of(row["aliases"]) == "|".join(aliases)
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row.values())


def test_the_shipped_table_starts_no_formula(out: Any) -> None:
    rows = cells(out["csv"][0].decode())
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for row in rows for cell in row.values())
    assert any(row["model"].startswith("'@cf/") for row in rows)
    assert all(row["id"] == f"{row['provider']}/{csv.text_of(row['model'])}" for row in rows)


def test_an_item_that_holds_the_mark_between_items_is_told() -> None:
    report: list[str] = []
    csv.write([model(aliases=("a|b",))], report)
    assert report == ["openai/gpt-x: aliases: 'a|b' has a |, which parts items"]


# The registry's own form


def said(model: Model) -> dict[str, Any]:
    """What a registry's file can say of a model."""
    row = loads(dumps(to_row(model, DAY)))
    return {
        name: value for name, value in row.items() if name in MODEL_FIELDS and name not in DERIVED - {"model", "series"}
    }


def round_trip(models: list[Model], manifests: list[Provider], folder: Path) -> set[str]:
    """Write and load; returns the ids of which something that a file can say did not come back."""
    report: list[str] = []
    paths = yaml.write_folder(folder, models, report, manifests=manifests)
    loaded = load(folder)
    assert sorted(loaded.providers, key=lambda p: p.id) == sorted(manifests, key=lambda p: p.id)
    back = {entry.model.id: entry for entry in loaded.entries}
    assert set(back) == {model.id for model in models}
    assert all(back[model.id].updated == model.last_updated for model in models)
    losses = Counter(loss.partition(": ")[2] for loss in report)
    print(f"{len(models)} models in {len(paths)} files; {dict(losses)}")
    differing = {model.id for model in models if said(back[model.id].model) != said(model)}
    told = {loss.partition(": ")[0] for loss in report if "extensions" not in loss and "unit" not in loss}
    assert differing <= told
    return told


def test_a_registry_that_is_written_anew_says_the_same(manifests: list[Provider], tmp_path: Path) -> None:
    """On every entry of v1/."""
    authored = load(ROOT / "v1")
    models = [replace(entry.model, last_updated=entry.updated) for entry in authored.entries]
    assert round_trip(models, list(authored.providers), tmp_path / "v1") == set()


def test_shipped_rows_load_again_as_the_same_models(
    shipped: list[Model], manifests: list[Provider], tmp_path: Path
) -> None:
    """On every row of the registry, with what feeds added; one that takes its window or price from a feed need not pass
    the registry's own checks."""
    checked = ("context", "pricing", "max_input_tokens", "max_output_tokens")
    from_registry = [
        model
        for model in shipped
        if {model.provenance.get(f, model.provenance["default"]) for f in checked} == {"registry"}
    ]
    assert len(from_registry) > 1_000
    told = round_trip(from_registry, manifests, tmp_path / "v1")
    assert len(told) < len(from_registry) / 100


def test_a_model_that_says_everything_comes_back(manifests: list[Provider], tmp_path: Path) -> None:
    report: list[str] = []
    path = tmp_path / "gpt.yaml"
    path.write_bytes(exported("yaml", [RICH], report, manifests=manifests))
    [back] = yaml.read(path, manifests=manifests)
    assert report == []
    assert {name for name in MODEL_FIELDS if not getattr(RICH, name)} == {
        "open_weights", "unit", "missing_since", "last_updated", "extensions", "provenance"
    }  # fmt: skip
    assert said(back) == said(RICH)
    assert "openai/gpt-x:\n" in path.read_text("utf-8")
    assert "base_model" not in path.read_text("utf-8")  # the manifest says it


def test_any_text_comes_back_from_yaml(manifests: list[Provider], tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("yaml") / "gpt.yaml"
    openai_alone = [manifest for manifest in manifests if manifest.id == "openai"]

    @settings(deadline=None, max_examples=60)
    @given(st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1))
    def comes_back(text: str) -> None:
        path.write_bytes(exported("yaml", [model(display_name=text, notes=f" {text}: ")], manifests=openai_alone))
        [back] = yaml.read(path, manifests=openai_alone)
        assert (back.display_name, back.notes) == (text if text.strip() else None, f" {text}: ")

    comes_back()


def test_one_mapping_that_stands_twice_is_written_twice() -> None:
    """PyYAML would write a reference, which the reader refuses."""
    can = {"tools": True}
    text = exported("yaml", [model(capabilities=can), model(model="gpt-y", capabilities=can)]).decode()
    assert text.count("capabilities: [tools]") == 2
    assert "&" not in text


def test_what_the_form_cannot_say_is_told(manifests: list[Provider]) -> None:
    """And is not written: each of these would be refused on reading."""
    report: list[str] = []
    one = model(series="gpt", unit="1k_tokens", missing_since=DAY, extensions={"litellm": {"key": "x"}}, mode=None)
    other = model(model="b", series="o-series", release_date="2025-02-31", base_model="openai/b")
    text = exported("yaml", [one, other], report, manifests=manifests).decode()
    assert not any(word in text for word in ("1k_tokens", DAY, "litellm", "2025-02-31"))
    assert report == [
        "openai/gpt-x: no word for series beside another",
        "openai/b: no word for series beside another",
        "openai/gpt-x: no word for unit",
        "openai/gpt-x: no word for missing_since",
        "openai/gpt-x: no word for extensions",
        "openai/gpt-x: no word for having no base_model",
        "openai/b: 2025-02-31 is no date",
    ]


def test_a_folder_with_yaml_in_it_is_left_alone(manifests: list[Provider], tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "gpt.yaml").write_text("# by hand\n")
    with pytest.raises(FileExistsError, match="name a new folder"):
        yaml.write_folder(tmp_path, [RICH], manifests=manifests)
    assert (tmp_path / "models" / "gpt.yaml").read_text() == "# by hand\n"


@pytest.mark.parametrize("series", ["../../etc/cron", "/etc/passwd", "..", "a/b", "nul\0"])
def test_a_series_never_names_another_folder(series: str, tmp_path: Path) -> None:
    paths = yaml.write_folder(tmp_path / "v1", [model(series=series)], manifests=[Provider(id="openai", name="OpenAI")])
    assert {path.parent for path in paths} == {tmp_path / "v1" / "models", tmp_path / "v1" / "providers"}


def test_manifests_come_back(manifests: list[Provider], tmp_path: Path) -> None:
    yaml.write_folder(tmp_path, [model()], manifests=manifests)
    back = {provider.id: provider for provider in load_providers(tmp_path)}
    assert back == {provider.id: provider for provider in manifests}


# The command


@pytest.fixture
def run() -> Callable[..., Any]:
    runner = CliRunner(env={"COLUMNS": "80"})
    return lambda *arguments: runner.invoke(cli.cli, arguments, prog_name="modelry")


@pytest.mark.parametrize("name", WRITTEN)
def test_export_writes_what_the_library_writes(
    name: str, run: Callable[..., Any], registry: Registry, tmp_path: Path
) -> None:
    to_stdout = run("export", name, "--provider", "cohere")
    models = registry.models(provider="cohere")
    assert (to_stdout.exit_code, to_stdout.stdout_bytes) == (0, exported(name, models, manifests=registry.providers()))
    path = tmp_path / f"out{FORMATS[name].suffix}"
    to_file = run("export", name, "--provider", "cohere", "-o", str(path))
    assert (to_file.exit_code, to_file.stdout) == (0, "")
    assert path.read_bytes() == to_stdout.stdout_bytes


def test_export_in_a_pipe_is_litellms_map() -> None:
    command = [sys.executable, "-m", "modelry", "export", "litellm"]
    reader = [
        sys.executable,
        "-c",
        "import json, sys; whole = json.load(sys.stdin); print(len(whole), next(iter(whole)))",
    ]
    environment = os.environ | {"PYTHONPATH": SOURCE}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) as writing:
        read = subprocess.run(reader, stdin=writing.stdout, capture_output=True, text=True, check=True)
        assert writing.stderr is not None
        said = writing.stderr.read().decode()
    number, first = read.stdout.split()
    assert (int(number) > 1_000, first) == (True, "sample_spec")
    assert "that litellm cannot say; --report tells them." in said


def test_export_takes_the_filters_of_list(run: Callable[..., Any]) -> None:
    from modelry.cli.exchange import export_command
    from modelry.cli.listing import list_command

    options = {option.name for option in export_command.params}
    besides = {"words", "sort", "descending", "limit", "ids"}
    assert {option.name for option in list_command.params} - options == besides
    filters = [
        "--capability",
        "tools,vision",
        "--min-context",
        "100k",
        "--max-input",
        "3",
        "--paid",
        "--series",
        "claude",
    ]
    ids = run("list", *filters, "--ids").stdout.split()
    assert ids
    assert [entry["id"] for entry in json.loads(run("export", "openai", *filters).stdout)["data"]] == ids


def test_the_report_is_told_whole_or_counted(run: Callable[..., Any], registry: Registry, tmp_path: Path) -> None:
    losses: list[str] = []
    exported("csv", registry.models(provider="cohere"), losses)
    counted, whole = (
        run("export", "csv", "--provider", "cohere"),
        run("export", "csv", "--provider", "cohere", "--report"),
    )
    assert f"with {len(losses)} things on" in counted.stderr
    assert len(counted.stderr.splitlines()) == 1
    assert whole.stderr.splitlines()[:-1] == losses
    assert whole.stdout == counted.stdout
    document = json.loads(run("export", "csv", "--provider", "cohere", "--json").stderr)
    assert document == {
        "format": "csv",
        "out": None,
        "models": len(registry.models(provider="cohere")),
        "losses": losses,
    }
    path = str(tmp_path / "a.csv")
    to_file = run("export", "csv", "--provider", "cohere", "--json", "-o", path)
    assert json.loads(to_file.stdout) == document | {"out": path}
    assert to_file.stderr == ""


def test_export_of_a_folder_can_be_opened(run: Callable[..., Any], registry: Registry, tmp_path: Path) -> None:
    chosen = ["--provider", "cohere", "-o", str(tmp_path / "v1")]
    assert run("export", "yaml", *chosen).exit_code == 0
    wanted = {model.id for model in registry.models(provider="cohere")}
    assert {entry.model.id for entry in load(tmp_path / "v1").entries} == wanted
    again = run("export", "yaml", *chosen)
    assert (again.exit_code, again.stderr.endswith("name a new folder\n")) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "status", "reason"),
    [
        (["export", "genai-prices"], 2, "is not one of"),
        (["export", "csv", "--provider", "opnai"], 1, "did you mean openai"),
        (["export", "csv", "-o", "/proc/no/such/folder/x.csv"], 1, "/proc/no"),
    ],
)
def test_export_refuses(arguments: list[str], status: int, reason: str, run: Callable[..., Any]) -> None:
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (status, "")
    assert reason in result.stderr


def test_parquet_is_not_written_to_a_terminal(run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    from modelry.cli import exchange

    class Terminal:
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(exchange, "sys", type("sys", (), {"stdout": Terminal()}))
    result = run("export", "parquet")
    assert (result.exit_code, "is no text for a terminal" in result.stderr) == (2, True)


def test_overrides_are_counted_where_they_have_no_column() -> None:
    card = Pricing(
        {"input_per_token": Decimal(1)}, (Override(({"service_tier": "batch"},), {"input_per_token": Decimal(2)}),)
    )
    [row] = cells(csv.write([model(pricing=(card,))]))
    assert (row["input_per_token"], row["conditional_prices"], row["input_per_mtok"]) == ("1", "1", "1000000")
