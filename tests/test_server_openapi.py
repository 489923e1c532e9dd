"""The API's own description: complete, readable, and true of every answer to whatever it allows, and to what it forbids."""

from __future__ import annotations

import copy
import json
import re
from base64 import b64encode
from collections import Counter
from hashlib import sha256
from typing import NamedTuple

import jsonschema
import pytest
import schemathesis
from schemathesis.engine import events, from_schema
from talking import serving_few

from modelry.meters import METERS

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with serving_few(tmp_path_factory.mktemp("openapi")) as server:
        yield server


@pytest.fixture(scope="module")
def openapi(server):
    return server.get("/openapi.json").raise_for_status().json()


# What it says


def operations(openapi):
    return {
        f"{method.upper()} {path}": operation
        for path, methods in openapi["paths"].items()
        for method, operation in methods.items()
        if method in METHODS
    }


PROMISED = {
    "GET /api/models", "GET /api/models/by-type/{component_type}", "GET /api/models/providers",
    "GET /api/models/providers/{provider}", "POST /api/models/upsert", "GET /api/models/id/{provider}/{model}",
    "DELETE /api/models/id/{provider}/{model}", "GET /api/resolve", "POST /api/cost", "GET /api/providers/{provider}",
    "GET /api/models/history/{provider}/{model}", "GET /api/config", "PUT /api/config", "PATCH /api/config",
    "POST /api/config/validate", "GET /api/health", "GET /api/ready", "GET /metrics",
    "GET /model_prices_and_context_window.json", "GET /models.dev/api.json", "GET /openrouter/api/v1/models", "GET /v1/models",
    "GET /api/vocabulary",  # ours: what a client chooses from
}  # fmt: skip


def test_it_describes_every_route_of_the_surface_and_no_other(openapi):
    assert set(operations(openapi)) == PROMISED


def test_the_payloads_of_seed_2_have_their_names(openapi):
    found = operations(openapi)
    answer = found["GET /api/models"]["responses"]["200"]["content"]["application/json"]["schema"]
    form = found["POST /api/models/upsert"]["requestBody"]["content"]["application/json"]["schema"]
    assert answer == {"$ref": "#/components/schemas/ModelCatalogResponse"}
    assert form == {"$ref": "#/components/schemas/ModelCatalogUpsertRequest"}


def test_every_operation_says_what_it_does(openapi):
    silent = [
        (name, part)
        for name, operation in operations(openapi).items()
        for part in ("summary", "description", "tags")
        if len(operation.get(part, "")) < 1
    ]
    silent += [
        (name, status)
        for name, operation in operations(openapi).items()
        for status, response in operation["responses"].items()
        if len(response["description"]) < 15
    ]
    silent += [
        (name, parameter["name"])
        for name, operation in operations(openapi).items()
        for parameter in operation.get("parameters", [])
        if len(parameter.get("description", "")) < 15
    ]
    assert silent == []


def test_operations_have_names_of_their_own_that_a_client_can_be_made_of(openapi):
    names = [operation["operationId"] for operation in operations(openapi).values()]
    assert [name for name, count in Counter(names).items() if count > 1] == []
    assert [name for name in names if not re.fullmatch("[a-z]+(_[a-z]+)*", name)] == []


def properties(schema, place=""):
    if isinstance(schema, dict):
        if isinstance(schema.get("properties"), dict):
            yield from ((f"{place}.{name}", said) for name, said in schema["properties"].items())
        for key, part in schema.items():
            yield from properties(part, f"{place}/{key}")
    elif isinstance(schema, list):
        for part in schema:
            yield from properties(part, place)


def test_every_property_of_every_schema_says_what_it_means(openapi):
    schemas = openapi["components"]["schemas"]
    found = dict(properties(schemas))
    assert len(found) > 300
    assert [place for place, said in found.items() if len(said.get("description", "")) < 4] == []
    assert [name for name, schema in schemas.items() if not schema.get("description")] == []


def test_every_schema_is_one_and_every_reference_leads_somewhere(openapi):
    schemas = openapi["components"]["schemas"]
    for schema in schemas.values():
        jsonschema.Draft202012Validator.check_schema(schema)
    named = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(openapi)))
    assert named - schemas.keys() == set()
    assert schemas.keys() - named == set()


def test_every_refusal_has_the_one_form(openapi):
    forms = {
        json.dumps(response["content"])
        for name, operation in operations(openapi).items()
        for status, response in operation["responses"].items()
        if status.startswith(("4", "5")) and name != "GET /api/ready"
    }
    assert forms == {'{"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}'}


def test_the_examples_fit_the_forms_that_they_are_examples_of(openapi):
    forms = {name: schema for name, schema in openapi["components"]["schemas"].items() if "examples" in schema}
    assert {"CostRequest", "ModelCatalogUpsertRequest", "Config"} <= forms.keys()
    for schema in forms.values():
        for example in schema["examples"]:
            jsonschema.Draft202012Validator(schema | {"components": openapi["components"]}).validate(example)


# What is true of it


class Storm(NamedTuple):
    """What came of a great many requests: what is wrong, by operation and check, and statuses by operation."""

    wrong: dict[str, list[str]]
    statuses: dict[str, Counter[int]]


def storm(url, openapi):
    """Requests that the description allows and ones that it forbids, the same ones every time."""
    config = schemathesis.Config(seed=20261120)
    project = config.projects.default
    project.base_url = url
    project.continue_on_failure = True
    project.generation.deterministic = True
    project.generation.max_examples = 40
    # What has the right form may still mean nothing: an unknown tier, a price without its unit. Then it is a 422.
    project.checks.positive_data_acceptance.enabled = False
    project.checks.negative_data_rejection.expected_statuses.append("412")  # the version is looked at first
    schema = schemathesis.openapi.from_dict(_with_few_meters(openapi), config=config)
    found = Storm({}, {})
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            _add(event.recorder, found)
        elif isinstance(event, events.NonFatalError | events.FatalError):
            found.wrong.setdefault("the storm itself", []).append(str(event))
    return found


def _with_few_meters(openapi):
    """The same with three meters in the form of a rate card: they stand for all, which are fifty times as many requests."""
    fewer = copy.deepcopy(openapi)
    for name in ("Pricing", "Override"):
        for meter in list(METERS)[3:]:
            del fewer["components"]["schemas"][name]["properties"][meter]
    return fewer


@schemathesis.hook("before_call")
def _mostly_without_if_match(context, case, **kwargs):
    """An If-Match that nothing has would be the end of every write."""
    if case.body and case.headers and case.headers.get("If-Match") == "":
        del case.headers["If-Match"]


def _add(recorder, found):
    for case, checks in recorder.checks.items():
        told = recorder.cases[case].value
        for check in checks:
            if check.failure_info is not None:
                failure, code = check.failure_info.failure, check.failure_info.code_sample
                place = f"{told.operation.label}: {check.name}"
                found.wrong.setdefault(place, []).append(f"{failure.message[:500]}\n{code[:2000]}")
    for case, interaction in recorder.interactions.items():
        label = recorder.cases[case].value.operation.label
        status = interaction.response.status_code if interaction.response is not None else 0
        found.statuses.setdefault(label, Counter())[status] += 1


def test_no_request_is_answered_otherwise_than_the_api_says(server, openapi):
    found = storm(server.url, openapi)
    print(f"{sum(map(Counter.total, found.statuses.values())):,} requests")
    for place, cases in found.wrong.items():
        print(f"{place}: {len(cases)} times, such as\n{cases[0]}")
    assert sorted(found.wrong) == []
    assert found.statuses.keys() == PROMISED
    assert [name for name, statuses in found.statuses.items() if not statuses[200]] == []
    # and it left nothing behind
    assert (server.root / "data/models.json").read_bytes() == (server.root / "web/public/models.json").read_bytes()
    assert [line for line in server.lines() if line["level"] not in ("info", "warning")] == []


# The page that shows it


@pytest.fixture(scope="module")
def page(server):
    return server.get("/docs").raise_for_status()


def test_the_documentation_loads_from_its_own_origin_alone(server, page):
    loaded = re.findall(r'(?:src|href|url)\s*[=:]\s*["\']([^"\']+)', page.text)
    assert len(loaded) >= 4
    for address in loaded:
        assert address.startswith("/"), f"{address} is elsewhere"
        assert not address.startswith("//")
        answer = server.get(address)
        assert answer.status_code == 200
        assert answer.headers["x-content-type-options"] == "nosniff"
    kinds = {address.rpartition(".")[2]: server.get(address).headers["content-type"] for address in loaded}
    assert {"js": "text/javascript", "css": "text/css", "json": "application/json"}.items() <= {
        suffix: kind.partition(";")[0] for suffix, kind in kinds.items()
    }.items()


def test_the_policy_of_the_page_lets_its_own_scripts_run_and_no_others(page):
    policy = dict(part.strip().split(" ", 1) for part in page.headers["content-security-policy"].split(";"))
    scripts = re.findall(r"<script>(.*?)</script>", page.text, re.DOTALL)
    hashes = {f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'" for script in scripts}
    assert policy["default-src"] == "'none'"
    assert set(policy["script-src"].split()) == {"'self'", *hashes}
    assert policy["connect-src"] == "'self'"
    assert "http" not in page.headers["content-security-policy"]


def test_what_is_no_file_of_the_page_leads_to_the_page(server):
    assert server.get("/docs/../pyproject.toml").status_code == 404
    answer = server.get("/docs/%2e%2e%2f__init__.py")
    assert (answer.status_code, answer.headers.get("location")) in ((307, "/docs"), (404, None))
