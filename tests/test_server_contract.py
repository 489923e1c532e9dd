"""Seed 2, sentence by sentence: its routes and its upsert flow, on a real server; deletes, histories, versions and refusals."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import roots
import serving
from talking import FILES, files, is_mirrored, refused, row, rows, send, serving_few, upsert

from modelry.catalog.store import Store
from modelry.jsontext import dumps, loads

TYPES = ("GEN", "EMB", "RERANK")


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    """A server of a copy of the whole catalogue; some tests write to it, none counts on what others left."""
    folder = tmp_path_factory.mktemp("contract")
    with serving.serving(serving.full_root(folder), log=folder / "log") as server:
        server.root = folder
        yield server


@pytest.fixture
def small(tmp_path):
    with serving_few(tmp_path) as server:
        yield server


# Routes


def test_get_models_is_the_full_catalogue(full):
    assert full.get("/api/models").content == (full.root / FILES[0]).read_bytes()
    answer = loads(full.get("/api/models").content)
    assert list(answer) == ["currency", "last_updated", "sources", "models"]
    assert len(answer["models"]) > 5000


@pytest.mark.parametrize("component", TYPES)
def test_by_type_gives_the_rows_of_a_component_as_a_list_in_the_catalogues_order(full, component):
    answer = loads(full.get(f"/api/models/by-type/{component}").content)
    assert answer == [row for row in rows(full.root) if component in row.get("components", ())]
    assert len(answer) > 30
    assert (
        full.get(f"/api/models/by-type/{component.lower()}").content
        == full.get(f"/api/models/by-type/{component}").content
    )


def test_by_type_takes_the_other_components_too(full):
    answer = loads(full.get("/api/models/by-type/IMAGE").content)
    assert answer == [row for row in rows(full.root) if "IMAGE" in row.get("components", ())]


@pytest.mark.parametrize("component", ["CHAT", "GENX", "0", "gen,emb", "%00", "💥", "G" * 3000])
def test_by_type_of_an_unknown_component_is_a_clear_refusal(full, component):
    answer = full.get(f"/api/models/by-type/{component}")
    assert answer.status_code == 422
    assert re.search(r"no such component|GEN", answer.json()["detail"])


def test_providers_gives_the_provider_keys_sorted(full):
    answer = full.get("/api/models/providers").json()
    assert answer == sorted({row["provider"] for row in rows(full.root)})


@pytest.mark.parametrize(
    ("asked", "provider"),
    [
        ("openai", "openai"),
        ("OpenAI", "openai"),
        ("aws", "bedrock"),
        ("Amazon-Bedrock", "bedrock"),
        ("GEMINI", "google"),
        ("vertex_ai", "vertex"),
    ],
)
def test_a_provider_is_found_in_any_case_and_by_its_aliases(full, asked, provider):
    known = {row["provider"] for row in rows(full.root)}
    if provider not in known:
        provider = full.get(f"/api/providers/{asked}").raise_for_status().json()["id"]
    answer = loads(full.get(f"/api/models/providers/{asked}").content)
    assert answer == [row for row in rows(full.root) if row["provider"] == provider]
    assert answer


def test_every_spelling_of_every_provider_leads_to_its_rows(full):
    by_provider = {}
    for found in rows(full.root):
        by_provider.setdefault(found["provider"], []).append(found)
    spellings = 0
    for provider in by_provider:
        manifest = full.get(f"/api/providers/{provider}").json()
        for spelling in manifest.get("aliases", ()):
            assert full.get(f"/api/models/providers/{spelling.upper()}").status_code == 200
            assert full.get(f"/api/providers/{spelling.title()}").json() == manifest
            spellings += 1
    assert spellings > 50


def test_an_unknown_provider_is_404_with_what_comes_near(full):
    for path in ("/api/models/providers/opnai", "/api/providers/opnai", "/api/models?provider=opnai"):
        answer = full.get(path)
        assert answer.status_code == 404
        assert "openai" in answer.json()["suggestions"]


# Upsert

SEED = {
    "provider": "openai",
    "family": "gen",
    "model": "gpt-4.1-mini",
    "unit": "1k_tokens",
    "input_per_1k": Decimal("0.0003"),
    "output_per_1k": Decimal("0.0012"),
}


def test_the_example_of_the_seed_updates_the_row_in_both_files(full):
    before = row(full.root, "openai", "gpt-4.1-mini")
    answer = upsert(full, **SEED)
    after = row(full.root, "openai", "gpt-4.1-mini")
    assert (answer["ok"], answer["action"], answer["dry_run"]) == (True, "updated", False)
    assert answer["model"] == after
    assert {name: after[name] for name in SEED} == SEED
    assert {name: after[name] for name in ("context", "display_name")} == {
        name: before[name] for name in ("context", "display_name")
    }
    assert answer["diff"]["input_per_1k"] == {"old": before["input_per_1k"], "new": Decimal("0.0003")}
    assert is_mirrored(full.root)
    assert full.get("/api/models").content == (full.root / FILES[0]).read_bytes()
    others = [found for found in rows(full.root) if found != after]
    assert len(others) == len(rows(full.root)) - 1


def test_an_upsert_adds_a_row_that_every_route_gives_at_once(small):
    answer = upsert(small, **roots.gen("gpt-new", context=1000, capabilities=["tools"], display_name="Émile 💡"))
    assert answer["action"] == "created"
    found = answer["model"]
    assert (found["components"], found["base_url"]) == (["GEN"], "https://api.openai.com/v1")
    assert loads(small.get("/api/models/id/openai/gpt-new").content) == found
    assert found in loads(small.get("/api/models").content)["models"]
    assert found in loads(small.get("/api/models/by-type/GEN").content)
    assert found in loads(small.get("/api/models/providers/oai").content)
    assert found in loads(small.get("/api/models?q=new&capability=tools").content)["models"]
    assert row(small.root, "openai", "gpt-new") == found
    assert is_mirrored(small.root)


def test_the_same_again_changes_nothing_and_writes_nothing(small):
    upsert(small, **roots.gen("gpt-new"))
    before = files(small.root)
    answer = upsert(small, **roots.gen("gpt-new"))
    assert (answer["ok"], answer["action"], answer["diff"]) == (True, "unchanged", {})
    assert files(small.root) == before


def test_a_dry_run_shows_the_row_and_the_diff_and_writes_nothing(small):
    small.get("/api/models")
    before = files(small.root)
    status, shown = send(small, "POST", "/api/models/upsert?dry_run=true", roots.gen("gpt-4o", input_per_1k=1))
    assert (status, shown["dry_run"], shown["action"]) == (200, True, "updated")
    assert shown["diff"]["input_per_1k"] == {"old": Decimal("0.0025"), "new": 1}
    status, gone = send(small, "DELETE", "/api/models/id/openai/gpt-4o?dry_run=true")
    assert (status, gone["dry_run"], gone["action"]) == (200, True, "deprecated")
    assert files(small.root) == before
    assert loads(small.get("/api/models/id/openai/gpt-4o").content)["input_per_1k"] == Decimal("0.0025")
    done = upsert(small, **roots.gen("gpt-4o", input_per_1k=1))
    assert {name: done[name] for name in ("action", "model", "diff")} == {
        name: shown[name] for name in ("action", "model", "diff")
    }


def test_a_row_is_meant_by_the_names_that_its_provider_and_model_have(small):
    for provider, model in (
        ("OAI", "gpt-4o"),
        ("openai", "gpt-4o-latest"),
        ("OpenAI", "models/gpt-4o"),
        ("openai", "openai/gpt-4o"),
    ):
        answer = upsert(small, provider=provider, model=model, notes=f"by {provider} {model}")
        assert (answer["action"], answer["model"]["model"]) == ("updated", "gpt-4o")
    assert [found["model"] for found in rows(small.root)].count("gpt-4o") == 1


def test_omitted_fields_keep_their_values_and_null_withdraws_what_was_said(small):
    upsert(small, **roots.gen("gpt-4o", notes="ours", context=1000, max_output_tokens=500))
    assert upsert(small, provider="openai", model="gpt-4o", notes="still ours")["model"]["context"] == 1000
    answer = upsert(small, provider="openai", model="gpt-4o", context=None, max_output_tokens=None, notes=None)
    assert answer["model"]["context"] == 128_000  # what the registry says shows through again
    assert "notes" not in answer["model"]


BAD = {
    "a generating model without prices": ({"input_per_1k": ..., "output_per_1k": ...}, {"input_per_1k", "output_per_1k"}),
    "an embedding one without its price": ({"family": "embed", "input_per_1k": ..., "output_per_1k": ...}, {"embed_per_1k"}),
    "a reranking one without its price": ({"family": "rerank", "input_per_1k": ..., "output_per_1k": ...}, {"rerank_per_1k"}),
    "a price below 0": ({"input_per_1k": -1}, {"input_per_1k"}),
    "a price beyond reason": ({"output_per_1k": 1001}, {"output_per_1k"}),
    "a price as text": ({"input_per_1k": "0.1"}, {"input_per_1k"}),
    "a unit that is none": ({"unit": "1m_tokens"}, {"unit"}),
    "a family that is none": ({"family": "chat"}, {"family"}),
    "more output than context": ({"context": 100, "max_output_tokens": 101}, {"max_output_tokens"}),
    "a base_url that is none": ({"base_url": "ftp://x.example"}, {"base_url"}),
    "an unknown field": ({"colour": "red"}, {"colour"}),
    "no model": ({"model": ...}, {"model"}),
    "no provider": ({"provider": ...}, {"provider"}),
    "a provider that nobody knows, and no base_url": ({"provider": "acme"}, {"base_url"}),
    "an alias that another row has": ({"aliases": ["gpt-4o"]}, {"aliases"}),
    "a component that is none": ({"components": ["CHAT"]}, {"components"}),
    "a capability that is none": ({"capabilities": {"flying": True}}, {"capabilities"}),
    "everything at once": ({"input_per_1k": -1, "context": 0, "colour": "red", "base_url": "x", "status": "new"},
                           {"input_per_1k", "context", "colour", "base_url", "status"}),
}  # fmt: skip


def test_what_is_wrong_with_an_upsert_is_told_field_by_field_and_nothing_is_written(small):
    small.get("/api/models")
    before = files(small.root)
    for name, (fields, told) in BAD.items():
        problems = refused(small, **roots.gen(**fields))
        assert (name, problems.keys()) == (name, told)
        assert all(len(message) > 5 for message in problems.values())
    assert files(small.root) == before


@pytest.mark.parametrize("model", ["../../etc/passwd", "a/../b", "a\nb", "a\u202eb", ".", "a//b", "é", "x" * 201])
def test_an_id_that_could_be_read_as_something_else_is_no_id(small, model):
    assert refused(small, **roots.gen(model)).keys() == {"model"}


def test_base_url_is_inferred_and_editable(small):
    assert upsert(small, **roots.gen("gpt-a"))["model"]["base_url"] == "https://api.openai.com/v1"  # the manifest's
    own = upsert(small, **roots.gen("gpt-b", base_url="https://eu.api.openai.com/v1"))["model"]
    assert own["base_url"] == "https://eu.api.openai.com/v1"
    kept = upsert(small, **roots.gen("gpt-b", notes="x"))["model"]
    assert kept["base_url"] == own["base_url"]  # the row's
    edited = upsert(small, **roots.gen("gpt-b", base_url="https://us.api.openai.com/v1"))["model"]
    assert edited["base_url"] == "https://us.api.openai.com/v1"
    first = upsert(small, **roots.gen("m-1", "acme", base_url="https://api.acme.example/v1"))["model"]
    other = upsert(small, **roots.gen("m-2", "acme"))["model"]
    assert other["base_url"] == first["base_url"]  # another row's of the provider


def test_a_price_can_be_dated_and_the_old_one_stays_in_the_history(small):
    upsert(small, **roots.gen("gpt-4o", input_per_1k=Decimal("0.001"), effective_from="2026-01-01"))
    status, told = send(small, "GET", "/api/models/history/openai/gpt-4o")
    assert status == 200
    assert (told["provider"], told["model"]) == ("openai", "gpt-4o")
    assert [(card["since"], card["until"], card["card"]["input_per_token"]) for card in told["prices"]] == [
        ("2024-05-13T00:00:00Z", "2024-10-02T00:00:00Z", Decimal("0.000005")),
        ("2024-10-02T00:00:00Z", "2026-01-01T00:00:00Z", Decimal("0.0000025")),
        ("2026-01-01T00:00:00Z", None, Decimal("0.000001")),
    ]
    (change,) = told["changes"]
    assert (change["action"], change["old"]["input_per_1k"], change["new"]["input_per_1k"]) == (
        "upsert",
        Decimal("0.0025"),
        Decimal("0.001"),
    )
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", change["at"])
    for at, price in (("2025-12-31", "0.0025"), ("2026-01-01", "0.001")):
        status, cost = send(small, "POST", "/api/cost", {"model": "openai/gpt-4o", "usage": {"input": 1000}, "at": at})
        assert (status, cost["total_cost"]) == (200, Decimal(price))


def test_rates_are_those_in_force_while_the_server_runs(small):
    def rates():
        (found,) = loads(small.get("/api/models?q=gpt-soon&fields=rates").content)["models"]
        return {name: value for name, value in found["rates"].items() if name != "currency"}

    soon = (datetime.now(UTC) + timedelta(seconds=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    cards = [{"effective_from": "2025-01-01", "input_per_token": Decimal("0.001"), "output_per_token": Decimal("0.002")},
             {"effective_from": soon, "input_per_token": Decimal("0.003"), "output_per_token": Decimal("0.004"),
              "overrides": [{"when": {"service_tier": "batch"}, "input_per_token": 0}]}]  # fmt: skip
    upsert(small, provider="openai", model="gpt-soon", family="gen", pricing=cards)
    assert rates() == {"input_per_token": Decimal("0.001"), "output_per_token": Decimal("0.002")}
    assert serving.until(lambda: rates() == {"input_per_token": Decimal("0.003"), "output_per_token": Decimal("0.004")})


def test_the_history_of_a_model_without_prices_is_empty(small):
    assert send(small, "GET", "/api/models/history/openai/gpt-unpriced") == (
        200,
        {"provider": "openai", "model": "gpt-unpriced", "prices": [], "changes": []},
    )
    assert send(small, "GET", "/api/models/history/openai/gpt-none")[0] == 404


def test_a_correction_stays_visible_in_the_history_and_prices_nothing(small):
    cards = [{"effective_from": "2025-01-01", "input_per_token": 1, "output_per_token": 1},
             {"effective_from": "2025-01-01", "correction": True, "input_per_token": Decimal("0.1"), "output_per_token": 1}]  # fmt: skip
    upsert(small, provider="openai", model="gpt-fixed", family="gen", pricing=cards)
    prices = send(small, "GET", "/api/models/history/openai/gpt-fixed")[1]["prices"]
    assert [(card["in_use"], card["card"]["input_per_token"]) for card in prices] == [
        (False, 1),
        (True, Decimal("0.1")),
    ]


# Deleting


def test_a_row_of_an_operator_goes_and_another_one_is_deprecated(small):
    upsert(small, **roots.gen("gpt-mine"))
    status, gone = send(small, "DELETE", "/api/models/id/openai/gpt-mine")
    assert (status, gone["ok"], gone["action"], gone["model"]["model"]) == (200, True, "deleted", "gpt-mine")
    assert small.get("/api/models/id/openai/gpt-mine").status_code == 404
    assert row(small.root, "openai", "gpt-mine") is None
    status, kept = send(small, "DELETE", "/api/models/id/OAI/gpt-4o-latest")
    assert (status, kept["action"], kept["model"]["status"]) == (200, "deprecated", "deprecated")
    assert row(small.root, "openai", "gpt-4o") == kept["model"]
    assert is_mirrored(small.root)
    assert send(small, "DELETE", "/api/models/id/openai/gpt-4o")[1]["action"] == "unchanged"


def test_a_row_whose_name_has_slashes_is_written_and_deleted_by_it(small):
    upsert(small, **roots.gen("team/chat:v1@eu", "acme", base_url="https://acme.example"))
    for path in ("/api/models/id/acme/team/chat:v1@eu", "/api/models/id/acme/team%2Fchat%3Av1%40eu"):
        assert small.get(path).json()["model"] == "team/chat:v1@eu"
    assert send(small, "DELETE", "/api/models/id/acme/team%2Fchat%3Av1%40eu")[1]["action"] == "deleted"


def test_what_is_not_there_cannot_be_deleted(small):
    for path in ("/api/models/id/openai/gpt-none", "/api/models/id/nobody/gpt-4o"):
        status, body = send(small, "DELETE", path)
        assert (status, next(iter(body))) == (404, "detail")


# If-Match


def test_a_writer_who_has_seen_another_version_is_told_so(small):
    seen = small.get("/api/models/id/openai/gpt-4o").headers["etag"]
    whole = small.get("/api/models", headers={"Accept-Encoding": "identity"}).headers["etag"]
    change = {"provider": "openai", "model": "gpt-4o"}
    status, body = send(small, "POST", "/api/models/upsert", change | {"notes": "one"}, If_Match=seen)
    assert status == 200, body
    before = files(small.root)
    for old in (seen, whole, '"nonsense"', ""):
        assert send(small, "POST", "/api/models/upsert", change | {"notes": "two"}, If_Match=old)[0] == 412
        assert send(small, "POST", "/api/models/upsert?dry_run=true", change | {"notes": "two"}, If_Match=old)[0] == 412
        assert send(small, "DELETE", "/api/models/id/openai/gpt-4o", If_Match=old)[0] == 412
    assert send(small, "POST", "/api/models/upsert", roots.gen("gpt-new"), If_Match="*")[0] == 412  # there is none
    assert files(small.root) == before
    for notes, now in (("two", "row"), ("three", "gzip"), ("four", "whole"), ("five", "*")):
        tags = {
            "row": small.get("/api/models/id/openai/gpt-4o", headers={"Accept-Encoding": "identity"}).headers["etag"],
            "gzip": small.get("/api/models/id/openai/gpt-4o").headers["etag"],
            "whole": small.get("/api/models").headers["etag"],
            "*": "*",
        }
        status, body = send(small, "POST", "/api/models/upsert", change | {"notes": notes}, If_Match=tags[now])
        assert (status, body.get("model", body)["notes"]) == (200, notes)


def test_the_answer_to_a_write_carries_the_tag_of_the_row(small):
    answer = small.post(
        "/api/models/upsert", content=dumps(roots.gen("gpt-new")), headers={"Content-Type": "application/json"}
    )
    assert (
        answer.headers["etag"]
        == small.get("/api/models/id/openai/gpt-new", headers={"Accept-Encoding": "identity"}).headers["etag"]
    )
    status, _ = send(
        small, "POST", "/api/models/upsert", roots.gen("gpt-new", context=9), If_Match=answer.headers["etag"]
    )
    assert status == 200


# Whoever else writes, and who may not


def test_what_another_process_writes_is_served_without_a_restart(small):
    before = small.get("/api/models").headers["etag"]
    Store(small.root).upsert(roots.gen("gpt-elsewhere"), "another process")
    serving.until(lambda: small.get("/api/models/id/openai/gpt-elsewhere").status_code == 200)
    assert small.get("/api/models").headers["etag"] != before
    assert upsert(small, **roots.gen("gpt-here"))["action"] == "created"
    assert {"gpt-elsewhere", "gpt-here"} <= {found["model"] for found in rows(small.root)}


def test_writers_show_the_token_where_one_is_set(tmp_path):
    root = roots.small(tmp_path / "root")
    with serving.serving(root, log=tmp_path / "log", env={"MODELRY_WRITE_TOKEN": serving.TOKEN}) as server:
        writes = (
            ("POST", "/api/models/upsert", roots.gen()),
            ("DELETE", "/api/models/id/openai/gpt-4o", None),
            ("PUT", "/api/config", {}),
        )
        for method, path, body in writes:
            for given in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {serving.TOKEN}"}):
                status, told = send(server, method, path, body, **given)
                assert (status, list(told)) == (401, ["detail"])
            status, told = send(server, method, path, body, Authorization=f"Bearer {serving.TOKEN}")
            assert status == 200, told
        assert server.get("/api/models").status_code == 200
        assert send(server, "POST", "/api/cost", {"model": "openai/gpt-4o", "usage": {"input": 1}})[0] == 200
    assert serving.TOKEN not in (tmp_path / "log").read_text()


JSON = {"Content-Type": "application/json"}
REFUSALS = [
    ("GET", "/nowhere", {}, None, 404), ("GET", "/api", {}, None, 404), ("GET", "/api/models/", {}, None, 404),
    ("GET", "/api/models/id/openai", {}, None, 404), ("POST", "/api/models", JSON, "{}", 405), ("PUT", "/api/models/upsert", JSON, "{}", 405),
    ("GET", "/api/models/upsert", {}, None, 405), ("DELETE", "/api/config", {}, None, 405), ("TRACE", "/api/models", {}, None, 405),
    ("GET", "/api/models?limit=x", {}, None, 422), ("GET", "/api/models/id/openai/none", {}, None, 404),
    ("GET", "/api/resolve?name=llama-3.3-70b-nothing", {}, None, 404), ("POST", "/api/models/upsert", JSON, "{", 400),
    ("POST", "/api/models/upsert", JSON, "", 400), ("POST", "/api/models/upsert", JSON, '{"model": NaN}', 400),
    ("POST", "/api/models/upsert", JSON, '{"model": 1, "model": 2}', 400), ("POST", "/api/models/upsert", JSON, "[]", 422),
    ("POST", "/api/models/upsert", {"Content-Type": "text/plain"}, "{}", 415), ("POST", "/api/models/upsert", JSON, " " * 2_000_000, 413),
    ("POST", "/api/models/upsert", JSON | {"Origin": "https://evil.example"}, "{}", 403), ("POST", "/api/cost", JSON, "{", 400),
    ("POST", "/api/cost", {"Content-Type": "text/plain"}, "{}", 415), ("POST", "/api/cost", {}, None, 415),
    ("POST", "/api/cost", JSON, "[]", 422), ("POST", "/api/cost", JSON, '{"usage": {"input": 1e9999999999999999999}}', 400),
    ("POST", "/api/cost", JSON | {"Content-Encoding": "gzip"}, "{}", 415), ("PATCH", "/api/config", JSON, "nope", 400),
    ("GET", "/api/models", {"Host": "evil.example"}, None, 421), ("PUT", "/api/config", JSON | {"X-Forwarded-For": "192.0.2.1"}, "{}", 403),
    ("POST", "/api/models/upsert", JSON | {"Forwarded": "for=192.0.2.1"}, "{}", 403),
]  # fmt: skip


def test_every_refusal_has_the_one_form(small):
    for method, path, headers, body, status in REFUSALS:
        answer = small.request(method, path, headers=headers, content=body)
        assert (method, path, answer.status_code) == (method, path, status)
        assert answer.headers["content-type"] == "application/json"
        told = answer.json()
        assert {"detail"} <= told.keys() <= {"detail", "suggestions"}
        problems = told["detail"] if isinstance(told["detail"], list) else [{"loc": [], "msg": told["detail"]}]
        assert all(isinstance(problem["msg"], str) and problem["msg"] for problem in problems)
        assert "traceback" not in answer.text.lower()
        assert answer.headers["x-request-id"]


def test_a_method_that_a_path_does_not_take_is_told_those_that_it_does(small):
    for path, taken in (
        ("/api/config", {"GET", "HEAD", "PUT", "PATCH"}),
        ("/api/models/id/a/b", {"GET", "HEAD", "DELETE"}),
        ("/api/cost", {"POST"}),
    ):
        answer = small.request("OPTIONS", path)
        assert (answer.status_code, set(re.split(", *", answer.headers["allow"]))) == (405, taken)
