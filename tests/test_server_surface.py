"""Reading over HTTP: filters, pages, names and costs say what the library says in-process, to the last digit; and how reads are sent."""

from __future__ import annotations

import contextlib
import gzip
import json
from decimal import Decimal
from urllib.parse import quote

import httpx2
import jsonschema_rs  # schemathesis brings it: ten thousand rows in a tenth of a second
import pytest
import roots
from dialect_bodies import CASES
from prometheus_client.parser import text_string_to_metric_families
from talking import gave, post, rows, serving_all, serving_few, upsert

from modelry.errors import AmbiguousModel, ModelryError, UnknownModel, UnknownProvider
from modelry.jsontext import dumps, loads
from modelry.records import MODEL_FIELDS


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    """A server of the whole catalogue, which nobody here changes, and `.rows`, those of its file."""
    with serving_all(tmp_path_factory.mktemp("surface")) as server:
        server.rows = rows(server.root)
        yield server


@pytest.fixture
def small(tmp_path):
    with serving_few(tmp_path) as server:
        yield server


def ids(rows):
    return [f"{row['provider']}/{row['model']}" for row in rows]


STATUS = {UnknownModel: 404, UnknownProvider: 404, AmbiguousModel: 409}


def in_process(ask):
    """The status and the body that HTTP gives of what the library says, or of why it says nothing."""
    try:
        return 200, ask()
    except ModelryError as error:
        near = getattr(error, "suggestions", None) or getattr(error, "choices", None) or ()
        status = next((status for kind, status in STATUS.items() if isinstance(error, kind)), 422)
        return status, {"detail": str(error)} | ({"suggestions": list(near)} if near else {})


# The catalogue


def test_the_catalogue_is_the_file_byte_for_byte_and_so_is_its_gzip(full):
    data = (full.root / "data/models.json").read_bytes()
    plain = full.get("/api/models", headers={"Accept-Encoding": "identity"})
    assert plain.content == data
    with full.stream("GET", "/api/models", headers={"Accept-Encoding": "gzip"}) as packed:
        raw = b"".join(packed.iter_raw())
    assert packed.headers["content-encoding"] == "gzip"
    assert len(raw) < len(data) / 5
    assert gzip.decompress(raw) == data


@pytest.mark.parametrize(
    ("path", "schema"),
    [
        ("/api/models", "ModelCatalogResponse"), ("/api/models?component=EMB&limit=5", "ModelCatalogResponse"),
        ("/api/models/by-type/RERANK", "Rows"), ("/api/models/providers", "ProviderKeys"),
        ("/api/models/providers/openai", "Rows"), ("/api/models/id/openai/gpt-4o", "Row"),
        ("/api/models/history/openai/gpt-4o", "History"), ("/api/providers/bedrock", "Provider"),
        ("/api/resolve?name=gpt-4o", "Resolution"), ("/api/config", "Config"), ("/api/ready", "Readiness"),
        ("/openrouter/api/v1/models", "OpenRouterModels"), ("/v1/models", "OpenAIModels"),
    ],
)  # fmt: skip
def test_what_is_served_has_the_form_that_the_api_describes(full, path, schema):
    components = full.get("/openapi.json").json()["components"]
    validator = jsonschema_rs.Draft202012Validator({"$ref": f"#/components/schemas/{schema}", "components": components})
    answer = full.get(path).raise_for_status().json()
    assert [error.message for error in validator.iter_errors(answer)][:3] == []
    assert not validator.is_valid([answer])


def test_every_manifest_has_the_form_that_the_api_describes(full):
    components = full.get("/openapi.json").json()["components"]
    validator = jsonschema_rs.Draft202012Validator({"$ref": "#/components/schemas/Provider", "components": components})
    providers = [provider.id for provider in full.registry.providers()]
    assert len(providers) > 100
    for provider in providers:
        manifest = full.get(f"/api/providers/{provider}").raise_for_status().json()
        assert (manifest["id"], [error.message for error in validator.iter_errors(manifest)]) == (provider, [])


# Filters

FILTERS = [
    {"provider": "openai"}, {"provider": "AWS"}, {"component": "EMB"}, {"component": "rerank"}, {"component": "GEN", "provider": "cohere"},
    {"capability": ["vision"]}, {"capability": ["tools", "vision", "pdf"]}, {"q": "sonnet 4.5"}, {"q": "GPT-4O mini"}, {"q": ""},
    {"min_context": 1_000_000}, {"min_context": 0}, {"status": "deprecated"}, {"status": "Retired"}, {"series": "claude"},
    {"max_input_per_mtok": Decimal("0.1")}, {"max_input_per_mtok": 3, "max_output_per_mtok": Decimal("7.5")}, {"max_input_per_mtok": 0},
    {"currency": "CNY", "sort": "input"}, {"modality": "audio"}, {"verified": True}, {"verified": False, "provider": "openai"},
    {"open_weights": True, "component": "EMB"}, {"free": True}, {"free": False, "provider": "mistral"}, {"stale_days": 100},
    {"sort": "input"}, {"sort": "input", "descending": True}, {"sort": "context", "descending": True}, {"sort": "release_date"},
    {"sort": "id", "descending": True}, {"sort": "cached_input", "provider": "anthropic"}, {"provider": "openai", "q": "no such words"},
    {"provider": "openai", "component": "GEN", "capability": ["tools"], "min_context": 100_000, "max_input_per_mtok": 3,
     "status": "active", "sort": "output"},
]  # fmt: skip


@pytest.mark.parametrize("filters", FILTERS, ids=str)
def test_filters_choose_and_order_as_the_library_does(full, filters):
    asked = {name: str(value).lower() if isinstance(value, bool) else value for name, value in filters.items()}
    answer = gave(full, "/api/models", **asked)
    expected = [model.id for model in full.registry.models(**filters)]
    assert ids(answer["models"]) == expected
    assert (answer["total"], answer["next_cursor"]) == (len(expected), None)


def test_rows_that_pass_filters_are_those_of_the_catalogue_whole(full):
    expected = [row for row in full.rows if row["provider"] == "anthropic"]
    answer = gave(full, "/api/models", provider="anthropic")
    assert answer["models"] == expected
    assert {name: answer[name] for name in ("currency", "last_updated", "sources")} == {
        name: value for name, value in gave(full, "/api/models").items() if name != "models"
    }


def test_capabilities_may_be_parted_by_commas(full):
    several = full.get("/api/models?capability=tools&capability=vision").json()["models"]
    assert full.get("/api/models?capability=tools,%20vision").json()["models"] == several
    assert len(several) > 10


@pytest.mark.parametrize(
    ("query", "status", "told"),
    [
        ("component=CHAT", 422, "component"), ("capability=fly", 422, "capability"), ("status=dead", 422, "status"),
        ("sort=price", 422, "sort"), ("modality=smell", 422, "modality"), ("provider=nobody", 404, "nobody"),
        ("min_context=many", 422, "min_context"), ("min_context=-1", 422, "min_context"), ("min_context=9223372036854775808", 422, "min_context"),
        ("max_input_per_mtok=-1", 422, "max_input_per_mtok"), ("max_input_per_mtok=NaN", 422, "max_input_per_mtok"), ("limit=0", 422, "limit"),
        ("limit=100001", 422, "limit"), ("verified=perhaps", 422, "verified"), ("fields=provider,prise", 422, "prise"),
        ("colour=red", 422, "colour"), ("cursor=x", 422, "cursor"), ("cursor=", 422, "cursor"), ("stale_days=99999999999", 422, "stale_days"),
    ],
)  # fmt: skip
def test_a_filter_that_means_nothing_is_refused_by_its_name(full, query, status, told):
    answer = full.get(f"/api/models?{query}")
    assert answer.status_code == status
    assert told in str(answer.json()["detail"])


def test_fields_give_what_is_asked_of_each_row_in_the_order_of_a_row(full):
    rows = gave(full, "/api/models", provider="openai", fields="output_per_1k, context,model")["models"]
    asked = ("provider", "model", "context", "output_per_1k")
    expected = [row for row in full.rows if row["provider"] == "openai"]
    assert rows == [{name: row[name] for name in asked if name in row} for row in expected]
    assert all(list(row) == [name for name in asked if name in row] for row in rows)
    assert len({tuple(row) for row in rows}) > 1  # what a row does not say is left out


@pytest.mark.parametrize("field", [name for name in MODEL_FIELDS if name not in ("provider", "model")])
def test_every_field_of_a_row_can_be_asked_for(full, field):
    rows = gave(full, "/api/models", provider="openai", fields=field)["models"]
    assert all(row.keys() <= {"provider", "model", field} for row in rows)


# Pages


def pages(server, **query):
    """The ids of all pages."""
    found, cursor = [], {}
    for _ in range(1000):
        answer = gave(server, "/api/models", **query, **cursor)
        found.append(ids(answer["models"]))
        if answer["next_cursor"] is None:
            return found
        cursor = {"cursor": answer["next_cursor"]}
    raise AssertionError("the pages do not end")


@pytest.mark.parametrize("limit", [1, 7, 50, 100_000])
@pytest.mark.parametrize(
    "order",
    [
        {},
        {"descending": "true"},
        {"sort": "input"},
        {"sort": "context", "descending": "true"},
        {"sort": "release_date"},
    ],
    ids=str,
)
def test_pages_give_every_row_once_and_in_order(full, order, limit):
    expected = ids(gave(full, "/api/models", provider="cohere", **order)["models"])
    found = pages(full, provider="cohere", limit=limit, **order)
    assert [row for page in found for row in page] == expected
    assert len(expected) > 20
    assert {len(page) for page in found[:-1]} <= {limit}


def test_pages_of_the_whole_catalogue_give_all_of_it(full):
    found = pages(full, limit=1500, fields="provider")
    assert [row for page in found for row in page] == ids(full.rows)


def priced(name, price=Decimal("0.001"), **fields):
    return roots.gen(name, input_per_1k=price, **fields)


@pytest.mark.parametrize(
    "order", [{}, {"descending": "true"}, {"sort": "input"}, {"sort": "input", "descending": "true"}], ids=str
)
def test_what_changes_between_pages_neither_hides_a_row_nor_gives_one_twice(small, order):
    there = [f"m-{number:02}" for number in range(12)]
    for number, name in enumerate(there):
        upsert(small, **priced(name, Decimal(number + 1) / 1000, context=1000))
    given, changed, cursor = [], [], {}
    while cursor is not None:
        answer = gave(small, "/api/models", q="m-", min_context=1000, limit=2, **order, **cursor)
        given += [row["model"] for row in answer["models"]]
        cursor = {"cursor": answer["next_cursor"]} if answer["next_cursor"] else None
        changed.append(given[-1])
        disturb(small, len(changed), given[-1], cheap="descending" in order)
    assert len(changed) > 5
    assert set(there) <= set(given)
    # What moved behind the place stands there again where prices order: that is a new place, no repetition.
    still = [name for name in there if name not in changed or "sort" not in order]
    assert [name for name in still if given.count(name) != 1] == []


def disturb(server, n, last, *, cheap):
    """Add a row, before or behind the place; and let the last one that was given leave the list, move in it, or go."""
    upsert(server, **priced(f"m-{n:02}-added", Decimal("0.0005") * n, context=2000))
    if n % 3 == 0:
        upsert(server, provider="openai", model=last, context=10)  # it passes the filter no more
    elif n % 3 == 1:
        upsert(server, provider="openai", model=last, input_per_1k=Decimal("0.0001") if cheap else 9)
    else:
        assert server.delete(f"/api/models/id/openai/{last}").json()["action"] == "deleted"


@pytest.mark.parametrize(
    "cursor", ["", "WzEsIm9wZW5haSIsImdwdC00byJd", "bnVsbA", "W10", "eyJhIjoxfQ", "💥", "=", "A" * 1000, "A" * 1001]
)
def test_what_is_no_cursor_is_refused(full, cursor):
    answer = full.get("/api/models", params={"cursor": cursor, "limit": 2})
    assert answer.status_code == 422
    assert "cursor" in str(answer.json()["detail"])


def test_a_cursor_goes_on_in_the_order_that_it_is_of(full):
    cursor = gave(full, "/api/models", limit=2, sort="input")["next_cursor"]
    assert full.get("/api/models", params={"cursor": cursor, "limit": 2, "sort": "output"}).status_code == 422
    assert full.get("/api/models", params={"cursor": cursor, "limit": 2, "sort": "input"}).status_code == 200


# Names


@pytest.mark.parametrize(
    ("name", "provider"),
    [
        ("gpt-4o", None), ("openai/gpt-4o", None), ("GPT-4O", None), ("models/gemini-2.5-pro", None), ("gpt-4o", "azure-openai"),
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "bedrock"), ("anthropic/claude-sonnet-4.5", None), ("llama-3.3-70b", None),
        ("no-such-model", None), ("gpt-4o", "no-such-provider"), ("ft:gpt-4o-mini-2024-07-18:acme::1", "openai"), ("é/ü", None), (" ", None),
    ],
)  # fmt: skip
def test_a_name_means_over_http_what_it_means_in_the_library(full, name, provider):
    answer = full.get("/api/resolve", params={"name": name} | ({"provider": provider} if provider else {}))
    status, body = in_process(lambda: full.registry.resolve(name, provider)._asdict())
    assert (answer.status_code, answer.text) == (status, dumps(body) + "\n")


def test_a_name_must_be_given(full):
    assert full.get("/api/resolve").status_code == full.get("/api/resolve?name=").status_code == 422


def test_every_model_is_found_by_its_id_however_its_signs_are_written(full):
    odd = [row for row in full.rows if not row["model"].replace("-", "").replace(".", "").isalnum()][::30]
    assert any("/" in row["model"] for row in odd)
    assert any(":" in row["model"] for row in odd)
    assert any("@" in row["model"] for row in odd)
    for row in odd:
        for safe in ("/:@~", "/", ""):
            path = f"/api/models/id/{quote(row['provider'], safe='')}/{quote(row['model'], safe=safe)}"
            assert loads(full.get(path).raise_for_status().content) == row


def test_a_row_is_found_by_whatever_its_model_and_provider_are_called(full):
    row = full.get("/api/models/id/bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0").raise_for_status()
    assert full.get("/api/models/id/AWS/us.anthropic.claude-sonnet-4-5-20250929-v1:0").content == row.content
    assert full.get("/api/models/id/Gemini/models/gemini-2.5-pro").json()["model"] == "gemini-2.5-pro"
    unknown = full.get("/api/models/id/openai/gpt-4oo")
    assert (unknown.status_code, "openai/gpt-4o" in unknown.json()["suggestions"]) == (404, True)


def test_what_is_no_id_is_no_row_whatever_was_asked_before(full):
    full.get("/api/models/providers")
    for path in ("/api/models/id/providers", "/api/models/id/", "/api/models/id/openai/", "/api/models/id//gpt-4o"):
        assert (path, full.get(path).status_code) == (path, 404)


# Costs

USAGES = [
    {"model": "openai/gpt-4o", "usage": {"input_tokens": 1000, "output_tokens": 500}},
    {"model": "openai/gpt-4o", "usage": {"input": 1000, "cached_input": 5000, "output": 0}},
    {"model": "anthropic/claude-sonnet-4-5", "usage": {"input": 7, "cached_input": 5000, "cache_write_1h": 200, "output": 500}},
    {"model": "claude-sonnet-4-5", "provider": "anthropic", "usage": {"input": 300_001}, "service_tier": "batch", "region": "us"},
    {"model": "gpt-4o", "usage": {"input": 1}, "at": "2024-06-01"},
    {"model": "gpt-4o", "usage": {"input": 1}, "at": "2024-06-01T12:00:00Z", "service_tier": "flex"},
    {"model": "openai/whisper-1", "usage": {"seconds": Decimal("12.345678")}},
    {"model": "openai/dall-e-3", "usage": {"output_images": 2}, "facts": {"image_size": "1792x1024", "image_quality": "hd"}},
    {"model": "cohere/rerank-v3.5", "usage": {"queries": 3}},
    {"model": "openai/gpt-4o", "usage": {"input": 10**15, "output": 1}},
    {"model": "openai/gpt-4o", "usage": {"input": 1, "pages": 2}},
    {"model": "openai/gpt-4o", "usage": {"input": 1, "pages": 2}, "strict": True},
    {"model": "openai/gpt-4o", "usage": {"input_tokens": 1, "cached_input": 2}},
    {"model": "openai/gpt-4o", "usage": {"input": -1}}, {"model": "openai/gpt-4o", "usage": {"tokens": 1}},
    {"model": "openai/gpt-4o", "usage": {"input": 1}, "service_tier": "golden"}, {"model": "openai/gpt-4o", "usage": {"input": 1}, "at": "soon"},
    {"model": "openai/gpt-5oo", "usage": {"input": 1}}, {"model": "gpt-4o", "provider": "nobody", "usage": {"input": 1}},
    {"model": "llama-3.3-70b", "usage": {"input": 1}}, {"model": "openai/gpt-4o", "usage": {}},
]  # fmt: skip


@pytest.mark.parametrize("asked", USAGES, ids=str)
def test_a_call_costs_what_it_costs_in_process_to_the_last_digit(full, asked):
    def price():
        rest = {name: value for name, value in asked.items() if name not in ("model", "usage", "facts")}
        return full.registry.cost(asked["model"], **asked["usage"], **asked.get("facts", {}), **rest).to_dict()

    answer, (status, body) = post(full, "/api/cost", asked), in_process(price)
    assert (answer.status_code, answer.text) == (status, dumps(body) + "\n")


PROVIDERS = {"anthropic": "anthropic", "gemini": "google", "bedrock": "bedrock", "cohere": "cohere", "openai": "openai",
             "mistral": "mistral", "deepseek": "deepseek", "xai": "xai"}  # fmt: skip
INSTEAD = {"openai.speech": "openai/tts-1", "openai.audio": "openai/whisper-1", "openai.images": "openai/gpt-image-1",
           "bedrock.converse": "amazon.nova-pro-v1:0"}  # fmt: skip
"""A model for bodies that name none, or one that the catalogue does not know; gpt-4o has most prices."""


def _bodies():
    """Bodies by api, as JSON has them; an SDK's objects have no such form."""
    found = {}
    for case in CASES:
        with contextlib.suppress(TypeError):
            found.setdefault(case.api, []).append(loads(json.dumps(case.body)))
    return found


BODIES = _bodies()


@pytest.mark.parametrize("api", BODIES)
def test_a_raw_response_costs_what_it_costs_in_process(full, api):
    told = {"api": api, "provider": PROVIDERS.get(api.partition(".")[0])}
    statuses = []
    for body in BODIES[api]:
        for question in (told, {"api": api, "model": INSTEAD.get(api, "openai/gpt-4o")}):
            answer = post(full, "/api/cost", question | {"response": body})
            status, expected = in_process(lambda: full.registry.cost_response(body, **question).to_dict())  # noqa: B023
            assert (answer.status_code, answer.text) == (status, dumps(expected) + "\n")
            statuses.append(status)
    print(f"{api}: {statuses.count(200)} of {len(statuses)} priced")
    assert 200 in statuses


def test_sums_are_those_of_decimals_not_of_floats(small):
    upsert(small, **priced("exact", Decimal("0.000000000000000000000123457"), output_per_1k=Decimal("0.3")))
    text = post(small, "/api/cost", {"model": "openai/exact", "usage": {"input": 3, "output": 1}}).text
    assert '"total_cost":0.000300000000000000000000370371,' in text
    assert '"input_per_1k":0.000000000000000000000123457,' in small.get("/api/models/id/openai/exact").text
    assert b'"input_per_token":0.000000000000000000000000123457,' in (small.root / "data/models.json").read_bytes()


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({}, "usage"), ({"model": "openai/gpt-4o"}, "usage"), ({"usage": {"input": 1}}, "model"),
        ({"model": "openai/gpt-4o", "usage": {"input": 1}, "response": {}}, "one of the two"),
        ({"model": "openai/gpt-4o", "usage": {"input": True}}, "usage"), ({"model": "openai/gpt-4o", "usage": {"input": "1"}}, "usage"),
        ({"model": "openai/gpt-4o", "usage": {"input": None}}, "usage"), ({"model": "openai/gpt-4o", "usage": [1]}, "usage"),
        ({"model": 4, "usage": {"input": 1}}, "model"), ({"model": "openai/gpt-4o", "usage": {"input": 1}, "colour": "red"}, "colour"),
        ({"model": "openai/gpt-4o", "usage": {"input": 1}, "strict": "yes"}, "strict"), ({"response": {"a": 1}}, "usage"),
        ({"model": "openai/gpt-4o", "usage": {"input": 1}, "facts": {"mood": "good"}}, "mood"),
    ],
    ids=str,
)  # fmt: skip
def test_a_question_of_cost_that_means_nothing_is_refused(full, asked, told):
    answer = post(full, "/api/cost", asked)
    assert answer.status_code == 422
    assert told in str(answer.json()["detail"])


# How reads are sent

CACHED = [
    "/api/models", "/api/models?provider=openai", "/api/models/by-type/GEN", "/api/models/providers", "/api/models/providers/openai",
    "/api/models/id/openai/gpt-4o", "/api/models/id/Gemini/models/gemini-2.5-pro", "/api/models/history/openai/gpt-4o",
    "/api/providers/openai", "/api/resolve?name=gpt-4o", "/api/config", "/model_prices_and_context_window.json", "/models.dev/api.json",
    "/openrouter/api/v1/models", "/v1/models", "/docs",
]  # fmt: skip


@pytest.fixture(scope="module", params=CACHED)
def path(request):
    return request.param


def test_a_reader_gets_304_while_nothing_changed(full, path):
    for encoding in ("identity", "gzip"):
        first = full.get(path, headers={"Accept-Encoding": encoding})
        tag = first.headers["etag"]
        assert tag.startswith('"')
        for known in (tag, f'"another", {tag}', f"W/{tag}", "*"):
            again = full.get(path, headers={"Accept-Encoding": encoding, "If-None-Match": known})
            assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
            assert "content-type" not in again.headers
            assert again.headers["vary"] == full.get(path, headers={"Accept-Encoding": encoding}).headers["vary"]
        assert full.get(path, headers={"If-None-Match": '"another"'}).status_code == 200


def test_the_gzip_is_the_same_content_under_a_tag_of_its_own(full, path):
    plain = full.get(path, headers={"Accept-Encoding": "identity"})
    packed = full.get(path, headers={"Accept-Encoding": "br, gzip;q=0.5"})
    assert packed.content == plain.content
    assert "content-encoding" not in plain.headers
    assert "accept-encoding" in plain.headers["vary"].lower()
    assert (packed.headers.get("content-encoding") == "gzip") is (len(plain.content) >= 1400)
    assert (packed.headers["etag"] != plain.headers["etag"]) is ("content-encoding" in packed.headers)
    refused = full.get(path, headers={"Accept-Encoding": "gzip;q=0, identity"})
    assert "content-encoding" not in refused.headers


def test_head_says_what_get_would(full, path):
    for encoding in ("identity", "gzip"):
        full.get(path)
        said, asked = (getattr(full, how)(path, headers={"Accept-Encoding": encoding}) for how in ("get", "head"))
        assert (asked.status_code, asked.content) == (200, b"")
        own = ("etag", "content-type", "content-length", "content-encoding", "cache-control")
        assert {name: asked.headers.get(name) for name in own} == {name: said.headers.get(name) for name in own}


def test_a_page_of_any_origin_may_read(full, path):
    for _ in range(2):  # made, and at hand
        answer = full.get(path, headers={"Origin": "https://app.example"})
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in answer.headers
        exposed = {name.strip() for name in answer.headers["access-control-expose-headers"].split(",")}
        assert {"ETag", "X-Request-ID", "X-Modelry-Left-Out"} <= exposed


def test_a_page_may_ask_with_if_none_match_and_may_not_write(full):
    asks = {"Origin": "https://app.example", "Access-Control-Request-Headers": "if-none-match"}
    may = full.options("/api/models", headers=asks | {"Access-Control-Request-Method": "GET"})
    assert may.status_code == 200
    assert may.headers["access-control-allow-origin"] == "*"
    assert "if-none-match" in may.headers["access-control-allow-headers"].lower()
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        may_not = full.options("/api/models/upsert", headers=asks | {"Access-Control-Request-Method": method})
        assert may_not.status_code == 400
        assert method not in may_not.headers["access-control-allow-methods"]


def test_the_catalogue_of_a_row_and_of_the_whole_have_a_new_tag_after_a_change_and_others_have_not(small):
    paths = [
        "/api/models",
        "/api/models/id/openai/gpt-4o",
        "/api/models/by-type/GEN",
        "/api/models/id/cohere/rerank-v3.5",
    ]
    before = [small.get(path).headers["etag"] for path in paths]
    upsert(small, provider="openai", model="gpt-4o", notes="ours")
    after = [small.get(path).headers["etag"] for path in paths]
    assert [one != other for one, other in zip(before, after, strict=True)] == [True, True, True, False]
    assert small.get(paths[1]).json()["notes"] == "ours"


# The server's own state


def test_it_is_alive_and_ready_and_says_what_it_serves(full):
    assert full.get("/api/health").json()["status"] == "ok"
    ready = full.get("/api/ready")
    told = ready.json()
    assert (ready.status_code, told["ready"], told["role"], told["models"]) == (200, True, "primary", len(full.rows))
    assert full.get("/api/models", headers={"Accept-Encoding": "identity"}).headers["etag"] == f'"{told["version"]}"'


def test_metrics_are_what_prometheus_reads(small):
    small.get("/api/models/id/openai/gpt-4o")
    upsert(small, **roots.gen("gpt-new"))
    answer = small.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    families = {family.name: family for family in text_string_to_metric_families(answer.text)}
    assert all(family.documentation for family in families.values())
    samples = {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in families.values()
        for sample in family.samples
    }
    route = ("method", "POST"), ("route", "/api/models/upsert"), ("status", "200")
    assert samples["modelry_http_requests_total", *route] == 1
    assert samples["modelry_catalogue_changes_total", ("action", "created")] == 1
    assert samples["modelry_catalogue_models",] == len(small.get("/api/models").json()["models"])
    assert samples["modelry_ready",] == 1
    assert families["modelry_http_request_seconds"].type == "histogram"


def test_an_answer_names_its_request(full):
    assert full.get("/api/health", headers={"X-Request-ID": "abc-1"}).headers["x-request-id"] == "abc-1"
    one, other = (full.get("/api/models").headers["x-request-id"] for _ in range(2))
    assert one != other


def test_http_1_0_and_a_bare_connection_are_served(full):
    with httpx2.Client(base_url=full.url, headers={"Connection": "close"}) as client:
        assert client.get("/api/models/providers").json() == full.get("/api/models/providers").json()
