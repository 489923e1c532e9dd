"""What strangers send to break the server: bodies, names, headers, and bytes that are no HTTP.

Each is refused with a 4xx that says why, or means what it says; no file is read, written or changed for it, each is
logged once, and the server is as well afterwards as before.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest
from attacking import (
    JSON,
    LAST,
    Answer,
    asked,
    attacked,
    exactly,
    guarded,
    logged,
    missing,
    place,
    raw,
    requests,
    tag,
    unharmed,
    within,
)
from roots import gen

from modelry.catalog.upsert import ModelCatalogUpsertRequest
from modelry.jsontext import dumps, loads, strict

pytestmark = pytest.mark.xdist_group("server-attacks")  # one server for most of them

LIMIT = 2**20
COST = '{"model":"openai/gpt-4o","usage":{"input":1}}'
HOST = "Host: localhost\r\n"
UPSERT = "/api/models/upsert?dry_run=true"
WRITES = [("POST", "/api/cost"), ("POST", UPSERT), ("PUT", "/api/config"), ("PATCH", "/api/config"), ("POST", "/api/config/validate")]  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with attacked(tmp_path_factory.mktemp("attacked") / "all") as one:
        yield one


@pytest.fixture
def harmless(server):
    """Around a test: the server came to no harm. It gives the lines that were logged, when all is over."""
    with unharmed(server, Path(server.log).with_suffix("")) as told:
        yield told


@pytest.fixture(scope="module")
def documented(server):
    """The statuses that a route may answer with, by method and path."""
    paths = server.get("/openapi.json").json()["paths"]
    return {(method.upper(), path): {int(status) for status in told["responses"]} for path, methods in paths.items() for method, told in methods.items()}  # fmt: skip


def refused(answer, *statuses):
    """Assert a refusal in our one form."""
    assert answer.status in statuses, answer.body
    assert set(answer.json()) <= {"detail", "suggestions"}
    assert answer.json()["detail"]
    guarded(answer)


# Bodies


def chunked(data: str, size: int = 2**15) -> str:
    pieces = [data[start : start + size] for start in range(0, len(data), size)]
    return "".join(f"{len(piece):x}\r\n{piece}\r\n" for piece in pieces) + "0\r\n\r\n"


@pytest.mark.parametrize(("method", "path"), WRITES)
@pytest.mark.parametrize("form", ["length", "chunked", "said", "nothing"])
def test_a_body_beyond_the_limit_is_refused(harmless, server, form, method, path):
    head = f"{method} {path} HTTP/1.1\r\n{HOST}{JSON}"
    body = f'{{"notes":"{"x" * LIMIT}"}}'
    sent = {
        "length": f"Content-Length: {len(body)}\r\n\r\n{body}",
        "chunked": f"Transfer-Encoding: chunked\r\n\r\n{chunked(body)}",
        "said": f"Content-Length: {10**12}\r\n\r\n{{",
        "nothing": f"Content-Length: {LIMIT + 1}\r\n\r\n",
    }
    answer = Answer(raw(server, head + sent[form]))
    refused(answer, 413)
    assert answer["connection"] == "close"


def test_a_body_at_the_limit_is_read(harmless, server):
    answer = asked(server, "POST /api/cost", JSON, COST + " " * (LIMIT - len(COST)))
    assert answer.status == 200


@pytest.mark.parametrize(("method", "path"), WRITES)
@pytest.mark.parametrize("framing", ["Content-Length: 1000\r\n", "Transfer-Encoding: chunked\r\n"])
def test_a_body_that_breaks_off_is_no_bug_of_ours(server, framing, method, path):
    since, name = place(server), tag()
    head = f"{method} {path} HTTP/1.1\r\n{HOST}{JSON}X-Request-ID: {name}\r\n{framing}\r\n"
    raw(server, head + (COST if "Length" in framing else f"ff\r\n{COST}"), ends=True)
    lines = logged(server, since, least=1)
    assert [line["status"] for line in requests(lines)] == [400]
    assert lines[0]["request_id"] == name
    assert len(lines) == 1


@pytest.mark.parametrize(
    "chunk", ["zz\r\n", "ffffffffffffffffff\r\n", "-1\r\n", "5\nhello\r\n", "5\r\nhello-and-more\r\n"]
)
def test_a_body_whose_chunks_are_wrong_is_refused_and_told_once(server, chunk):
    since = place(server)
    answer = Answer(raw(server, f"POST {UPSERT} HTTP/1.1\r\n{HOST}{JSON}Transfer-Encoding: chunked\r\n\r\n{chunk}"))
    refused(answer, 400)
    assert [line["status"] for line in logged(server, since, least=1)] == [400]


# JSON

DEPTHS = (101, 400, 990, 1_000, 5_000, 100_000)
EXPONENTS = (
    "1e999999999",
    "1e-999999999",
    "1e99999999999999999999",
    "1e-99999999999999999999",
    "0e99999999999999999999",
    "1e400",
)
NO_JSON = {
    **{f"lists {depth} deep": '{"response":' + "[" * depth + "]" * depth + "}" for depth in DEPTHS},
    **{f"objects {depth} deep": '{"response":' + '{"usage":' * depth + "1" + "}" * depth + "}" for depth in DEPTHS},
    **{f"open {depth} deep": "[" * depth for depth in (1, 5_000, 500_000)},
    **{number: f'{{"model":"openai/gpt-4o","usage":{{"seconds":{number}}},"input_per_1k":{number}}}'
       for number in ("NaN", "Infinity", "-Infinity", *EXPONENTS)},
    "a number of digits without end": '{"usage":{"seconds":1.' + "0" * 500_000 + "}}",
    "a whole number without end": '{"usage":{"input":' + "9" * 500_000 + "}}",
    "a key twice": '{"model":"no/such","usage":{"input":1},"model":"openai/gpt-4o"}',
    "a key twice inside": '{"model":"openai/gpt-4o","usage":{"input":1,"input":2}}',
    "a key twice, escaped": '{"model":"openai/gpt-4o","usage":{"input":1,"\\u0069nput":2}}',
    "half a surrogate pair": '{"model":"\\ud800","usage":{"input":1}}',
    "half a surrogate pair in bytes": '{"model":"\xed\xa0\x80","usage":{"input":1}}',
    "half a surrogate pair as a key": '{"model":"openai/gpt-4o","usage":{"\\udc00":1}}',
    "nothing": " ", "two of them": "{}{}", "a tail": "{},", "a comma": "[1,]", "quotes": "{'a':1}", "a comment": "//\n{}",
    "NUL": "\0", "NUL in text": '{"model":"\0"}', "no UTF-8": '{"model":"\xff"}', "a word": "undefined",
}  # fmt: skip


@pytest.mark.parametrize("body", NO_JSON.values(), ids=NO_JSON)
def test_what_is_no_json_that_all_readers_read_alike_is_refused(harmless, server, body):
    for method, path in WRITES:
        refused(asked(server, f"{method} {path}", JSON, body), 400)


ODD = ["null", "true", "[]", "[1]", "{}", '{"":{}}', '""', '" "', '"\\u0000"', '"\\u202eevil"', '"a\\u200bb"', '"\\u001b[31m"', '"\\r\\nX: y"',
       "-1", "0", "1.5", "1e30", "9" * 30, "9" * 4_000, '"NaN"', '"../../x"', '"' + "x" * 100_000 + '"', "[" + "1," * 5_000 + "1]",
       '{"__class__":[[1]]}', '{"$ref":"file:///etc/passwd"}']  # fmt: skip
COST_FIELDS = [
    "model",
    "usage",
    "response",
    "provider",
    "api",
    "service_tier",
    "region",
    "facts",
    "at",
    "strict",
    "no_such",
]


def test_a_wrong_type_in_any_field_of_an_upsert_is_told(harmless, server, documented):
    for field in (*ModelCatalogUpsertRequest.model_fields, "no_such", "__proto__"):
        for odd in ODD:
            request = {name: value for name, value in gen("gpt-4o").items() if name != field}
            answer = server.post(UPSERT, content=f'{dumps(request)[:-1]},"{field}":{odd}}}', headers={"content-type": "application/json"})  # fmt: skip
            assert answer.status_code in documented["POST", "/api/models/upsert"] - {503}, (
                field,
                odd[:50],
                answer.text,
            )
            exactly(answer.content)


def test_a_list_of_lists_or_objects_is_no_list_of_capabilities(server):
    for wrong in ([[]], [{}]):
        answer = server.post(UPSERT, json=gen("gpt-4o", input_per_1k=1, output_per_1k=1, capabilities=wrong))
        assert answer.status_code == 422


def test_a_wrong_type_in_any_field_of_a_cost_is_told(harmless, server, documented):
    for field in COST_FIELDS:
        for odd in ODD:
            request = {name: value for name, value in json.loads(COST).items() if name != field}
            body = f'{json.dumps(request)[:-1]},"{field}":{odd}}}'
            answer = server.post("/api/cost", content=body, headers={"content-type": "application/json"})
            assert answer.status_code in documented["POST", "/api/cost"] - {503}, (field, odd[:50], answer.text)
            exactly(answer.content)


@pytest.mark.parametrize(
    "at", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-13-45", "２０２６-01-01", "9" * 10_000]
)
def test_a_day_that_no_calendar_has_is_refused(harmless, server, at):
    answer = server.post("/api/cost", json={"model": "openai/gpt-4o", "usage": {"input": 1}, "at": at})
    assert answer.status_code == 422


CROWDS = {
    "events": '{"model":"openai/gpt-4o","response":[' + ",".join(["{}"] * 100_000) + "]}",
    "lists": '{"model":"openai/gpt-4o","response":[' + ",".join(["[]"] * 300_000) + "]}",
    "fields": '{"model":"openai/gpt-4o","response":{"usage":{' + ",".join(f'"k{n}":1' for n in range(80_000)) + "}}}",
    "buckets": '{"model":"openai/gpt-4o","usage":{' + ",".join(f'"b{n}":1' for n in range(80_000)) + "}}",
    "name": '{"model":"openai/' + "-" * 900_000 + '","usage":{"input":1}}',
    "provider": '{"provider":"' + "a" * 900_000 + '","model":"m","usage":{"input":1}}',
    "bucket": '{"model":"openai/gpt-4o","usage":{"' + "input_" * 100_000 + '":1}}',
    "numbers": '{"model":"openai/gpt-4o","response":[' + ",".join(["9" * 4_000] * 250) + "]}",
}


@pytest.mark.parametrize("body", CROWDS.values(), ids=CROWDS)
def test_a_mebibyte_of_anything_is_judged(harmless, server, body):
    assert len(body) <= LIMIT
    refused(asked(server, "POST /api/cost", JSON, body), 404, 422)


@pytest.mark.parametrize("text", ["\ue000decimal:1", "\ue000decimal:}}", '\ue000decimal:1,"total_cost":0'])
def test_text_that_looks_like_our_own_mark_stays_text(harmless, server, text):
    answer = server.post("/api/cost", json={"model": "openai/gpt-4o", "usage": {"input": 1}, "region": text})
    assert exactly(answer.content)["region"] == text
    assert loads(dumps([text, {text: text}])) == [text, {text: text}]


def test_numbers_beyond_all_proportion_are_no_numbers():
    for number in (*EXPONENTS, "1." + "0" * 200):
        with pytest.raises(ValueError, match="is no number to count with"):
            strict(number)
    for number in ("1e99999999999999999999", "0e99999999999999999999"):
        with pytest.raises(ValueError, match="exponent"):
            loads(number)
    assert str(strict("0." + "1" * 60)) == "0." + "1" * 60


# Names

HOSTILE = [
    "..", "../..", "%2e%2e", "%2e%2e%2f%2e%2e%2fsecret.json", "..%2F..%2Fsecret.json", "%252e%252e", "%2Fetc%2Fpasswd", "/etc/passwd",
    "..\\..\\secret.json", "%5c..%5csecret.json", "%00", "gpt-4o%00", "gpt-4o%00.json", "file:///etc/passwd", "file:%2F%2F%2Fetc%2Fpasswd",
    "http://127.0.0.1:1/", "data/config.json", "secret.json", "%ff%fe", "%ed%a0%80", "%c0%ae%c0%ae%c0%af", "%E2%80%AEgpt-4o", "gpt%E2%80%8B-4o",
    "gpt-4%D0%BE", "%EF%BD%87pt-4o", "gpt-4o%CC%88", "%0d%0aX-Evil:%20yes", "%1b[31m", "'", "%22", "'%20OR%201=1--", "%7B0.__class__%7D",
    "$%7Bjndi:ldap://x%7D", "%3Cscript%3E", "%", "%zz", "~", ".", "a" * 201, "a" * 30_000, "-" * 30_000, "%2F" * 10_000, "ft:" * 10_000, ";", "*",
]  # fmt: skip
PLACES = [
    "/api/models/id/{}/gpt-4o", "/api/models/id/openai/{}", "/api/models/id/{}", "/api/models/history/openai/{}", "/api/models/by-type/{}",
    "/api/models/providers/{}", "/api/providers/{}", "/docs/{}", "/{}", "/models.dev/{}", "/api/resolve?name={}",
    "/api/resolve?name=gpt-4o&provider={}", "/api/resolve?name={}&provider=openai", "/api/models?provider={}", "/api/models?component={}",
    "/api/models?capability={}", "/api/models?status={}", "/api/models?fields={}", "/api/models?cursor={}", "/api/models?min_context={}",
    "/api/models?max_input_per_mtok={}", "/api/models?modality={}", "/api/models?sort={}", "/api/models?limit={}", "/api/models?{}=1",
]  # fmt: skip


@pytest.mark.parametrize("route", PLACES)
def test_a_hostile_name_leads_nowhere(harmless, server, route):
    for name in HOSTILE:
        target = route.format(name)
        answer = Answer(raw(server, f"GET {target} HTTP/1.1\r\n{HOST}{LAST}\r\n"))
        if route == "/docs/{}" and answer.status == 307:
            assert answer["location"] == "/docs"
            continue
        refused(answer, 400, 404, 409, 422)


@pytest.mark.parametrize("method", ["DELETE", "PUT"])
def test_nobody_deletes_what_no_name_means(harmless, server, method):
    for name in HOSTILE:
        refused(asked(server, f"{method} /api/models/id/openai/{name}"), 400, 404, 405, 422)


def test_what_is_kept_of_one_question_answers_no_other(harmless, server):
    assert server.get("/api/models/providers").status_code == 200
    assert server.get("/api/models/id/providers").status_code == 404


SAME = {"gpt-4o": "openai/gpt-4o", "GPT_4o": "openai/gpt-4o"}
ALIKE = ["gpt-4о", "ｇｐｔ-4o", "gpt-4o\u0308", "gpt\u2011" + "4o", "gpt-4o\u200b", "\u202egpt-4o", "gpt-4\u00ba", "\u212agpt-4o", "gpt-4o\0", "gpt-４o"]  # fmt: skip


def test_a_name_that_looks_like_another_is_another(harmless, server):
    for name, meant in SAME.items():
        assert server.get("/api/resolve", params={"name": name}).json()["id"] == meant
    for name in ALIKE:
        assert server.get("/api/resolve", params={"name": name}).status_code == 404
        assert server.get(f"/api/models/id/openai/{quote(name)}").status_code == 404
    for provider in ("оpenai", "ｏｐｅｎａｉ", "openai\u200b", "o\u0308penai", "openai\0", "openaı"):
        assert server.get(f"/api/models/providers/{quote(provider)}").status_code == 404
        answer = server.post(UPSERT, json=gen("gpt-4o", provider) | {"input_per_1k": 1, "output_per_1k": 1})
        assert answer.status_code == 422


@pytest.mark.parametrize(
    "name",
    [
        *ALIKE,
        "../x",
        "a/../b",
        "a//b",
        "/a",
        "a\\b",
        "\r\nX-Evil: yes",
        "x" * 201,
        "é",
        "e\u0301",
        "a b\t",
        "\ud83d\udca9",
    ],
)
def test_no_new_model_gets_a_name_that_reads_as_another(harmless, server, name):
    body = gen("new", "openai") | {"model": name, "input_per_1k": 1, "output_per_1k": 1}
    answer = server.post(UPSERT, content=json.dumps(body), headers={"content-type": "application/json"})
    assert answer.status_code in (400, 422)


UNSEEN = ["\0", "\u202eevil", "a\u200bb", "\x1b[31m", "x" * 5_000]


@pytest.mark.parametrize(
    "field",
    [
        "notes",
        "display_name",
        "series",
        "regions",
        "aliases",
        "model_id",
        "pricing",
    ],
)
def test_text_that_nobody_sees_or_reads_to_its_end_is_refused(harmless, server, field):
    for text in UNSEEN:
        said = f"gpt-{text}-4o"
        value = {"regions": [said], "aliases": [said], "pricing": [{"input_per_token": "0.1", "source": said}]}.get(
            field, said
        )
        answer = server.post(UPSERT, json=gen("gpt-4o", input_per_1k=..., output_per_1k=...) | {field: value})
        assert answer.status_code == 422


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https://x\r\nX-Evil: yes",
        "https://x\0",
        "//x",
        "gopher://x",
        "https://x y",
    ],
)
def test_a_base_url_is_one_of_the_web(harmless, server, url):
    body = gen("new", "openai") | {"base_url": url, "input_per_1k": 1, "output_per_1k": 1}
    assert server.post(UPSERT, json=body).status_code == 422


def test_no_request_makes_the_server_open_another_file(tmp_path):
    if not (strace := shutil.which("strace")):
        missing("strace is not installed", "strace")
    trace = tmp_path / "trace"
    with attacked(tmp_path / "all") as server:
        server.get("/docs")
        server.get("/metrics")
        attached = subprocess.Popen(
            [strace, "-f", "-qq", "-e", "trace=%file,%process,connect", "-s", "4000", "-o", str(trace), "-p", str(server.process.pid)],
            stderr=subprocess.PIPE,
        )  # fmt: skip
        try:
            if not within(lambda: traced(server.process.pid)):
                missing(f"strace may not attach: {attached.stderr.peek()!r}", "strace")
            for route in PLACES:
                for name in HOSTILE:
                    raw(server, f"GET {route.format(name)} HTTP/1.1\r\n{HOST}{LAST}\r\n")
            for name in HOSTILE:
                body = {"provider": "openai", "model": name, "family": "gen", "base_url": name, "$ref": name}
                server.post(UPSERT, json=body)
                server.post("/api/cost", json={"model": name, "provider": name, "response": {"file": name}})
                server.put("/api/config", json={"generation": name, name: name})
        finally:
            attached.terminate()
            attached.wait()
            attached.stderr.close()
    calls = [line for line in trace.read_text(errors="replace").splitlines() if "= -1 E" not in line]
    opened = {Path(found[1]) for line in calls if (found := re.search(r'\w+\((?:\w+, )?"([^"]*)"', line)) and found[1]}
    root = tmp_path / "all" / "root"
    ours = [
        root / "data",
        root / "v1",
        tmp_path / "all" / "cache",
        tmp_path / "all" / "temp",
        Path("/usr/share/zoneinfo"),
    ]
    ours += [Path(path).resolve() for path in (*sys.path, sys.prefix, sys.base_prefix) if path]  # the code's own
    assert root / "data" / "models.json" in opened
    assert not [path for path in opened if path != root and not any(path.is_relative_to(own) for own in ours)]
    assert not [line for line in calls if re.search(r"execve\(|connect\(.*AF_INET", line)]


def traced(process: int) -> bool:
    return "TracerPid:\t0\n" not in Path(f"/proc/{process}/status").read_text()
