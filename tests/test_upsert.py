"""Upserts: seed 2's rules on the merged row, keys in any spelling, every problem at once, and dry runs."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from roots import NOON, gen, small

from modelry.authoring.schema import meanings
from modelry.catalog.store import Store
from modelry.catalog.upsert import PRICES, InvalidUpsert, ModelCatalogUpsertRequest, read
from modelry.errors import UnknownModel, UnknownProvider
from modelry.records import MODEL_FIELDS, Model


@pytest.fixture
def store(tmp_path):
    return Store(small(tmp_path), now=lambda: NOON)


def refused(store, request):
    with pytest.raises(InvalidUpsert) as caught:
        store.upsert(request, "me")
    return {problem.field: problem.message for problem in caught.value.problems}


# Seed 2's example and its fields


def test_seed_2s_example_is_accepted_as_it_is_written(store):
    body = {"provider": "openai", "family": "gen", "model": "gpt-4.1-mini", "unit": "1k_tokens",
            "input_per_1k": 0.0003, "output_per_1k": 0.0012}  # fmt: skip
    made = store.upsert(body, "me")
    assert made.action == "created"
    assert {name: made.model[name] for name in body} == {
        **body, "input_per_1k": Decimal("0.0003"), "output_per_1k": Decimal("0.0012")}  # fmt: skip
    assert made.model["components"] == ["GEN"]
    assert made.model["base_url"] == "https://api.openai.com/v1"
    assert made.model["pricing"][0]["input_per_token"] == Decimal("0.0000003")


@pytest.mark.parametrize(("request_", "price"), [
    ({"family": "embed", "embed_per_1k": 0.00002, "dimensions": 1536}, {"embed_per_1k": Decimal("0.00002")}),
    ({"family": "rerank", "rerank_per_1k": 0.002}, {"rerank_per_1k": Decimal("0.002")}),
    ({"family": "rerank", "unit": "request", "per_request": 0.002}, {"per_request": Decimal("0.002")}),
    ({"family": "rerank", "per_request": 0.002}, {"per_request": Decimal("0.002"), "unit": "request"}),
    ({"family": "gen", "input_per_1k": 1, "output_per_1k": 0}, {"input_per_1k": 1, "output_per_1k": 0, "unit": "1k_tokens"}),
    ({"family": "gen", "pricing": {"input_per_second": 0.1}}, {}),
    ({"family": "misc", "components": ["IMAGE"], "mode": "image_generation"}, {"components": ["IMAGE"]}),
    ({"mode": "embedding", "embed_per_1k": 0.1}, {"family": "embed", "components": ["EMB"]}),
])  # fmt: skip
def test_a_row_of_each_family_is_taken_in(store, request_, price):
    row = store.upsert({"provider": "cohere", "model": "new"} | request_, "me").model
    assert {name: row[name] for name in price} == price


def test_the_form_has_the_fields_of_a_row_and_seed_2s_prices():
    fields = set(ModelCatalogUpsertRequest.model_fields)
    left_out = {"missing_since", "last_updated", "extensions", "provenance"}
    assert fields == (set(MODEL_FIELDS) - left_out) | set(PRICES) | {"effective_from"}
    described = {name: field.description for name, field in ModelCatalogUpsertRequest.model_fields.items()}
    assert all(described.values())
    assert described["context"] == meanings(Model)["context"]


@pytest.mark.parametrize(("field", "family"), [(field, of or "gen") for field, (of, _) in PRICES.items()])
def test_a_price_that_is_set_is_the_view_that_is_read(store, field, family):
    request = {"provider": "openai", "model": "x", "family": family}
    prices = dict.fromkeys((name for name, (of, _) in PRICES.items() if of == family), 5) | {field: 7}
    assert store.upsert(request | prices, "me").model[field] == 7


def test_amounts_become_per_token_exactly(store):
    digits = Decimal("0.123456789012345678901234567")
    row = store.upsert(gen(input_per_1k=digits), "me").model
    assert row["pricing"][0]["input_per_token"] == Decimal("0.000123456789012345678901234567")


# What is refused

WRONG = {
    "nothing": ({}, {"provider", "model"}),
    "no object": ([], {"request"}),
    "no family": (gen(family=...), {"family"}),
    "an unknown field": (gen(frobnicate=1), {"frobnicate"}),
    "a field that follows from others": (gen(last_updated="2026-01-01"), {"last_updated"}),
    "gen without output price": (gen(output_per_1k=...), {"output_per_1k"}),
    "gen without prices": (gen(input_per_1k=..., output_per_1k=...), {"input_per_1k", "output_per_1k"}),
    "gen by request": (gen(unit="request"), {"unit"}),
    "gen with an embedding's price": (gen(embed_per_1k=1), {"embed_per_1k"}),
    "embed without its price": (gen(family="embed", input_per_1k=..., output_per_1k=...), {"embed_per_1k"}),
    "rerank by tokens without it": (gen(family="rerank", input_per_1k=..., output_per_1k=...), {"rerank_per_1k"}),
    "rerank by request without it": (
        gen(family="rerank", unit="request", input_per_1k=..., output_per_1k=...), {"per_request"}),
    "a negative price": (gen(input_per_1k=-1), {"input_per_1k"}),
    "NaN": (gen(input_per_1k=float("nan")), {"input_per_1k"}),
    "infinity": (gen(output_per_1k=float("inf")), {"output_per_1k"}),
    "an absurd price": (gen(input_per_1k=1000.01), {"input_per_1k"}),
    "an absurd price in a card": (
        gen(input_per_1k=..., output_per_1k=..., pricing={"input_per_token": 1.5}), {"pricing.0.input_per_token"}),
    "too fine a price": (gen(input_per_1k=Decimal("1e-28")), {"input_per_1k"}),
    "a price of a gigabyte": (gen(per_request=Decimal("1e999999")), {"per_request"}),
    "a price in text": (gen(input_per_1k="0.1"), {"input_per_1k"}),
    "a price that is true": (gen(input_per_1k=True), {"input_per_1k"}),
    "prices twice": (gen(pricing={"per_request": 1}), {"input_per_1k", "output_per_1k"}),
    "a card without a price": (gen(input_per_1k=..., output_per_1k=..., pricing={"input_per_token": None}), {"pricing"}),
    "two cards of one day": (
        gen(input_per_1k=..., output_per_1k=..., pricing=[{"per_request": 1}, {"per_request": 2}]), {"pricing"}),
    "an unknown meter": (
        gen(input_per_1k=..., output_per_1k=..., pricing={"inputs": 1}), {"pricing.0.inputs"}),
    "output above the context": (gen(context=1000, max_output_tokens=1001), {"max_output_tokens"}),
    "input above the context": (gen(context=1000, max_input_tokens=1001), {"max_input_tokens"}),
    "output above the row's context": (gen("gpt-4o", max_output_tokens=128001), {"max_output_tokens"}),
    "a context below the row's output": (gen("gpt-4o", context=16383), {"max_output_tokens"}),
    "no tokens": (gen(context=0), {"context"}),
    "tokens in text": (gen(context="128000"), {"context"}),
    "half a token": (gen(context=1.5), {"context"}),
    "no http address": (gen(base_url="ftp://example.com"), {"base_url"}),
    "an address that runs": (gen(base_url="javascript:alert(1)"), {"base_url"}),
    "a new provider without address": (gen(provider="acme"), {"base_url"}),
    "an id that is none": (gen(provider="Acme Corp!", base_url="https://a.example"), {"provider"}),
    "a path for a name": (gen("../../etc/passwd"), {"model"}),
    "a name with a line in it": (gen("a\nb"), {"model"}),
    "a name that only looks like one": (gen("gpt\u20114o"), {"model"}),
    "components of another family": (gen(components=["EMB"]), {"components"}),
    "a mode of another family": (gen(mode="embedding"), {"mode"}),
    "an unknown status": (gen(status="gone"), {"status"}),
    "an unknown capability": (gen(capabilities={"flying": True}), {"capabilities.flying"}),
    "a capability that is text": (gen(capabilities={"tools": "yes"}), {"capabilities.tools"}),
    "a day that is none": (gen(effective_from="2026-02-30"), {"effective_from"}),
    "a date for no price": ({"provider": "openai", "model": "gpt-4o", "effective_from": "2027-01-01"}, {"effective_from"}),
    "an alias of another row": (gen(aliases=["gpt-4o"]), {"aliases"}),
    "the wire name of another row": (gen(model_id="GPT-4o"), {"model_id"}),
    "a price in another currency than the row's": (
        gen("deepseek-chat", "deepseek"), {"input_per_1k", "output_per_1k"}),
    "nested without end": (gen(input_per_1k=..., output_per_1k=..., pricing={"overrides": [[[[[[[[[[[[[[[]]]]]]]]]]]]]]]}),
                           {"pricing"}),
}  # fmt: skip


@pytest.mark.parametrize(("request_", "fields"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_request_is_refused_by_field_and_changes_nothing(store, request_, fields):
    assert set(refused(store, request_)) == fields
    assert not (store.root / "data" / "operator.jsonl").exists()


def test_every_problem_is_told_at_once(store):
    problems = refused(
        store, gen(input_per_1k=-1, output_per_1k=..., context=10, max_output_tokens=11, frob=1, notes=5)
    )
    assert set(problems) == {"input_per_1k", "output_per_1k", "max_output_tokens", "frob", "notes"}


# Omitted, null, and the rest of seed 2's flow


def test_omitted_fields_keep_their_values(store):
    store.upsert(gen(context=1000, notes="mine"), "me")
    row = store.upsert({"provider": "openai", "model": "gpt-new", "context": 2000}, "me").model
    assert (row["context"], row["notes"], row["input_per_1k"]) == (2000, "mine", Decimal("0.0003"))


def test_null_lets_the_next_source_show_through(store):
    store.upsert({"provider": "openai", "model": "gpt-4o", "context": 99_999, "input_per_1k": 1}, "me")
    row = store.upsert({"provider": "openai", "model": "gpt-4o", "context": None, "input_per_1k": None}, "me").model
    assert (row["context"], row["input_per_1k"]) == (128_000, Decimal("0.0025"))


def test_a_price_of_one_meter_keeps_the_others_and_reaches_the_overrides(store):
    made = store.upsert({"provider": "openai", "model": "gpt-4o", "input_per_1k": 0.001}, "me")
    *history, now = made.model["pricing"]
    assert [card["effective_from"] for card in history] == ["2024-05-13", "2024-10-02"]
    assert now["observed"] == "2026-11-20"
    assert (now["input_per_token"], now["output_per_token"]) == (Decimal("0.000001"), Decimal("0.00001"))
    assert now["cached_input_per_token"] == Decimal("0.00000125")
    assert now["overrides"][0]["input_per_token"] == Decimal("0.000001")


def test_effective_from_dates_a_price_that_is_not_yet_shown(store):
    request = {"provider": "openai", "model": "gpt-4o", "input_per_1k": 9, "effective_from": "2027-01-01"}
    row = store.upsert(request, "me").model
    assert row["input_per_1k"] == Decimal("0.0025")
    assert row["pricing"][-1]["effective_from"] == "2027-01-01"


def test_a_price_by_query_is_not_charged_besides_one_by_request(store):
    row = store.upsert({"provider": "cohere", "model": "rerank-v3.5", "per_request": 0.003}, "me").model
    assert row["per_request"] == Decimal("0.003")
    assert "per_request" not in row["pricing"][-1]
    assert row["pricing"][-1]["per_query"] == Decimal("0.003")


def test_nulls_of_other_families_are_nothing(store):
    nulls = {"embed_per_1k": None, "rerank_per_1k": None, "per_request": None, "dimensions": None, "notes": None}
    assert store.upsert(gen(**nulls), "me").action == "created"
    assert store.upsert(gen(**nulls), "me").action == "unchanged"


def test_a_row_that_others_left_unpriced_may_be_noted(store):
    row = store.upsert({"provider": "openai", "model": "gpt-unpriced", "notes": "asked them"}, "me").model
    assert row["notes"] == "asked them"
    assert set(refused(store, {"provider": "openai", "model": "gpt-unpriced", "input_per_1k": 1})) == {"output_per_1k"}


def test_the_last_word_on_a_row_is_not_withdrawn_but_deleted(store):
    store.upsert(gen(family="misc", input_per_1k=..., output_per_1k=..., base_url="https://x.example"), "me")
    row = {"provider": "openai", "model": "gpt-new"}
    assert "request" in refused(store, row | {"family": None, "unit": None, "base_url": None})


@pytest.mark.parametrize(
    "spelled", ["gpt-4o", "GPT-4o", "gpt_4O", "gpt-4o-latest", "openai/gpt-4o", "models/gpt-4o", " gpt-4o "]
)
@pytest.mark.parametrize("provider", ["openai", "OpenAI", "oai", "openai_compatible"])
def test_two_spellings_are_one_row(store, provider, spelled):
    made = store.upsert({"provider": provider, "model": spelled, "notes": "x"}, "me")
    assert (made.action, made.model["provider"], made.model["model"]) == ("updated", "openai", "gpt-4o")


def test_a_new_row_is_found_by_its_other_spellings(store):
    store.upsert(gen("GPT-New.1"), "me")
    assert store.upsert(gen("gpt-new-1", notes="x"), "me").action == "updated"
    assert store.upsert(gen("openai/gpt-new-1", notes="y"), "me").model["model"] == "GPT-New.1"


def test_a_new_provider_is_known_from_its_first_row_on(store):
    store.upsert(gen("a", "acme", base_url="https://acme.example/v1"), "me")
    row = store.upsert(gen("b", "ACME"), "me").model
    assert (row["provider"], row["base_url"]) == ("acme", "https://acme.example/v1")


def test_the_base_url_of_most_rows_is_that_of_a_new_one(store):
    for name, url in (("a", "https://one.example"), ("b", "https://two.example"), ("c", "https://two.example")):
        store.upsert(gen(name, "acme", base_url=url), "me")
    assert store.upsert(gen("d", "acme"), "me").model["base_url"] == "https://two.example"


def test_an_upsert_that_says_nothing_new_writes_nothing(store):
    store.upsert(gen(), "me")
    files = {path: path.stat() for path in store.root.rglob("*.json*")}
    assert store.upsert(gen(), "you").action == "unchanged"
    assert {path: path.stat() for path in files} == files


def test_a_dry_run_shows_the_row_and_writes_nothing(store):
    store.recover()
    files = {path: path.read_bytes() for path in store.root.rglob("*") if path.is_file()}
    request = {"provider": "openai", "model": "gpt-4o", "input_per_1k": 1}
    shown = store.upsert(request, "me", dry_run=True)
    assert (shown.action, shown.diff["input_per_1k"]) == ("updated", (Decimal("0.0025"), Decimal(1)))
    assert {path: path.read_bytes() for path in store.root.rglob("*") if path.is_file()} == files
    assert store.upsert(request, "me") == shown
    with pytest.raises(InvalidUpsert):
        store.upsert(gen(input_per_1k=-1), "me", dry_run=True)


def test_a_form_and_a_mapping_are_the_same_request():
    request = gen(capabilities={"tools": True}, pricing=..., modalities={"input": ["text"]})
    assert read(ModelCatalogUpsertRequest.model_validate(request)) == read(request)


# Deletes


def test_a_row_of_the_operator_alone_is_removed(store):
    store.upsert(gen(), "me")
    made = store.delete("openai", "GPT-NEW", "me")
    assert (made.action, made.model["model"]) == ("deleted", "gpt-new")
    assert store.row("openai", "gpt-new") is None
    with pytest.raises(UnknownModel):
        store.delete("openai", "gpt-new", "me")


def test_another_row_is_marked_deprecated_and_can_come_back(store):
    assert store.delete("oai", "gpt-4o", "me").model["status"] == "deprecated"
    assert store.delete("openai", "gpt-4o", "me").action == "unchanged"
    assert "status" not in store.upsert({"provider": "openai", "model": "gpt-4o", "status": None}, "me").model


def test_what_nobody_knows_cannot_be_deleted(store):
    with pytest.raises(UnknownProvider):
        store.delete("nobody", "x", "me")
    with pytest.raises(UnknownModel):
        store.delete("openai", "nothing", "me")


def test_another_day_lets_go_what_ends_on_it(tmp_path):
    now = [NOON]
    store = Store(small(tmp_path), now=lambda: now[0])
    store.upsert(gen(), "me")
    assert "status" not in store.row("openai", "gpt-old")
    now[0] += timedelta(days=3)
    store.upsert(gen(notes="later"), "me")
    assert store.row("openai", "gpt-old")["status"] == "retired"
