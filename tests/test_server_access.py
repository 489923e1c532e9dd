"""Who may ask, and who may write: tokens, addresses, names of this machine, and pages of other sites.

What is refused changes no byte of the catalogue and is told once, without the secret that came with it.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
from concurrent.futures import BrokenExecutor
from pathlib import Path

import httpx2
import pytest
from attacking import (
    JSON,
    LAST,
    PATIENCE,
    Answer,
    Elsewhere,
    asked,
    guarded,
    held,
    logged,
    missing,
    place,
    raw,
    requests,
    tag,
    unharmed,
)
from roots import gen, small
from serving import Server

from modelry.jsontext import dumps
from modelry.server.settings import is_loopback

pytestmark = pytest.mark.xdist_group("server-access")

TOKEN = "a-t0ken/of+writers=="  # noqa: S105
UPSERT = dumps(gen("gpt-written"))
COST = '{"model":"openai/gpt-4o","usage":{"input":1}}'
CHANGES = [
    ("POST /api/models/upsert", UPSERT),
    ("DELETE /api/models/id/openai/gpt-4o", ""),
    ("PUT /api/config", '{"generation":"openai/gpt-4o"}'),
    ("PATCH /api/config", '{"generation":"openai/gpt-4o"}'),
]
"""Every way to change something."""


@contextlib.contextmanager
def started(folder: Path, *arguments: str, at: str = "127.0.0.1", env: dict[str, str] | None = None):
    """A server of a small ROOT that answers at `at`."""
    server = Server(small(folder / "root"), *arguments, log=folder / "log", env=env)
    server.client.close()
    server.client = httpx2.Client(base_url=f"http://{at}:{server.port}", timeout=PATIENCE)
    try:
        yield server.wait()
    finally:
        if server.process.poll() is None:
            server.stop()


def serving_at(*arguments: str, at: str = "127.0.0.1", token: str | None = None):
    """A fixture: one such server for all tests of this file."""

    @pytest.fixture(scope="module")
    def one(tmp_path_factory):
        env = {} if token is None else {"MODELRY_WRITE_TOKEN": token}
        with started(tmp_path_factory.mktemp("access"), *arguments, at=at, env=env) as server:
            yield server

    return one


private = serving_at()
guarded_by_token = serving_at(token=TOKEN)
public = serving_at("--host", "0.0.0.0")  # noqa: S104
public_with_token = serving_at("--host", "0.0.0.0", token=TOKEN)  # noqa: S104


@contextlib.contextmanager
def unchanged(server: Server):
    """As `unharmed`, for all that is below the server's folder."""
    with unharmed(server, server.log.parent / "root") as told:
        yield told


def refused(answer: Answer, *statuses: int) -> None:
    assert answer.status in statuses, answer.body
    assert set(answer.json()) == {"detail"}
    guarded(answer)
    assert answer["access-control-allow-methods"] is None


# Tokens

WRONG = {
    "none": "",
    "empty": "Authorization: \r\n",
    "no token": "Authorization: Bearer\r\n",
    "an empty token": "Authorization: Bearer \r\n",
    "another": "Authorization: Bearer another\r\n",
    "the beginning": f"Authorization: Bearer {TOKEN[:-1]}\r\n",
    "more than it": f"Authorization: Bearer {TOKEN}x\r\n",
    "in capitals": f"Authorization: Bearer {TOKEN.upper()}\r\n",
    "quoted": f'Authorization: Bearer "{TOKEN}"\r\n',
    "twice in one": f"Authorization: Bearer {TOKEN} {TOKEN}\r\n",
    "another scheme": f"Authorization: Basic {TOKEN}\r\n",
    "no scheme": f"Authorization: {TOKEN}\r\n",
    "a scheme like it": f"Authorization: Bearers {TOKEN}\r\n",
    "another header": f"X-Authorization: Bearer {TOKEN}\r\nX-Api-Key: {TOKEN}\r\nCookie: token={TOKEN}\r\n",
    "bytes": "Authorization: Bearer \xff\xfe\xc3\xb6\r\n",
    "very long": f"Authorization: Bearer {'x' * 30_000}\r\n",
}


@pytest.mark.parametrize("headers", WRONG.values(), ids=WRONG)
def test_a_wrong_token_changes_nothing(guarded_by_token, headers):
    with unchanged(guarded_by_token) as told:
        for line, body in CHANGES:
            answer = asked(guarded_by_token, line, JSON + headers, body)
            refused(answer, 401)
            assert answer["www-authenticate"] == "Bearer"
            refused(asked(guarded_by_token, f"{line}?token={TOKEN}&access_token={TOKEN}", JSON + headers, body), 401)
    assert [line["status"] for line in requests(told) if line["method"] != "GET"] == [401] * 8
    assert not [line for line in told if TOKEN in str(line) or "x" * 100 in str(line)]


def test_two_authorizations_are_none(guarded_by_token):
    bearers = [f"Authorization: Bearer {token}\r\n" for token in (TOKEN, "another")]
    with unchanged(guarded_by_token):
        for headers in (bearers[0] + bearers[1], bearers[1] + bearers[0], bearers[0] * 2):
            refused(asked(guarded_by_token, "POST /api/models/upsert", JSON + headers, UPSERT), 400)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "Bearer  "])
def test_the_right_token_writes_under_any_host_and_is_never_told(guarded_by_token, scheme):
    since = place(guarded_by_token)
    headers = f"{JSON}Authorization: {scheme} {TOKEN}\r\nX-Forwarded-For: 203.0.113.9\r\n"
    for query in ("?dry_run=true", ""):
        answer = asked(guarded_by_token, f"POST /api/models/upsert{query}", headers, UPSERT, host="models.example")
        assert answer.status == 200
    assert asked(guarded_by_token, "POST /api/models/upsert", headers, "{", host="models.example").status == 400
    assert asked(guarded_by_token, "POST /api/models/upsert", headers, "{}", host="models.example").status == 422
    assert len(requests(logged(guarded_by_token, since))) == 4
    assert TOKEN.encode() not in guarded_by_token.log.read_bytes()
    files = held(guarded_by_token.log.parent / "root")
    assert not [path for path, data in files.items() if data and TOKEN.encode() in data]


@pytest.mark.parametrize("token", ["tökén-Ω".encode(), b"\xff\xfe-\x80"], ids=["letters", "bytes"])
def test_a_token_is_compared_byte_for_byte_whatever_it_is_made_of(tmp_path, token):
    with started(tmp_path, env={"MODELRY_WRITE_TOKEN": os.fsdecode(token)}) as server:
        for given, status in (
            (token, 200),
            (b"?" * len(token), 401),
            (b"?" * 2 + token[2:], 401),
            (os.fsdecode(token).encode("utf-8", "replace"), None),
        ):
            head = f"POST /api/models/upsert?dry_run=true HTTP/1.1\r\nHost: x\r\n{JSON}{LAST}Content-Length: {len(UPSERT)}\r\n"
            answer = Answer(
                raw(server, head.encode() + b"Authorization: Bearer " + given + b"\r\n\r\n" + UPSERT.encode())
            )
            assert answer.status == (status or (200 if given == token else 401))


def test_an_empty_token_in_the_environment_is_none(tmp_path):
    with started(tmp_path, "--host", "0.0.0.0", env={"MODELRY_WRITE_TOKEN": ""}) as server:  # noqa: S104
        for headers in ("", "Authorization: Bearer \r\n", "Authorization: Bearer\r\n"):
            refused(asked(server, "POST /api/models/upsert", JSON + headers, UPSERT), 403)


# Addresses


@pytest.mark.parametrize("headers", ["", f"Authorization: Bearer {TOKEN}\r\n"], ids=["no token", "any token"])
def test_bound_to_every_address_without_a_token_nobody_writes(public, headers):
    with unchanged(public) as told:
        for line, body in CHANGES:
            refused(asked(public, line, JSON + headers, body), 403)
    assert [line["status"] for line in requests(told) if line["method"] != "GET"] == [403] * 4
    assert asked(public, "GET /api/models", host="models.example").status == 200
    assert asked(public, "POST /api/cost", JSON, COST, host="models.example").status == 200


@pytest.fixture(scope="module")
def elsewhere():
    with contextlib.ExitStack() as over:
        try:
            yield over.enter_context(Elsewhere(os.getpid()))
        except (OSError, subprocess.CalledProcessError, BrokenExecutor) as error:
            missing(f"no network namespace can be made here: {getattr(error, 'stderr', None) or error}", "netns")


def test_another_machine_reads_and_does_not_write_without_the_token(public_with_token, elsewhere):
    port = public_with_token.port
    with unchanged(public_with_token) as told:
        for headers in (
            *WRONG.values(),
            "X-Forwarded-For: 127.0.0.1\r\n",
            "Forwarded: for=127.0.0.1\r\nX-Real-IP: 127.0.0.1\r\n",
        ):
            refused(elsewhere.asked(port, "POST /api/models/upsert", JSON + headers, UPSERT), 401)
        assert elsewhere.asked(port, "GET /api/models").status == 200
        assert elsewhere.asked(port, "POST /api/cost", JSON, COST).status == 200
    writes = [line for line in requests(told) if line["path"] == "/api/models/upsert"]
    assert [(line["status"], line["client"]) for line in writes] == [(401, elsewhere.there)] * (len(WRONG) + 2)
    right = f"{JSON}Authorization: Bearer {TOKEN}\r\n"
    assert elsewhere.asked(port, "POST /api/models/upsert", right, UPSERT).json()["action"] == "created"


def test_another_machine_writes_nothing_where_no_token_is_set(public, elsewhere):
    with unchanged(public) as told:
        for host in (None, "localhost", "127.0.0.1"):
            for line, body in CHANGES:
                for headers in ("", "X-Forwarded-For: 127.0.0.1\r\n", f"Authorization: Bearer {TOKEN}\r\n"):
                    refused(elsewhere.asked(public.port, line, JSON + headers, body, host=host), 403)
    assert [line["status"] for line in requests(told) if line["client"] == elsewhere.there] == [403] * 36


def test_a_server_of_this_machine_is_not_heard_elsewhere(private, elsewhere):
    with pytest.raises(ConnectionRefusedError):
        elsewhere.asked(private.port, "GET /api/health")


@pytest.mark.parametrize("at", ["[::1]", "127.0.0.2", "localhost"])
def test_on_every_address_of_this_machine_alone_one_may_write_from_here(tmp_path, at):
    if "[" in at and not has_ipv6():
        missing("there is no IPv6 here", "ipv6")
    with started(tmp_path, "--host", at.strip("[]"), at=at) as server:
        as_json = {"content-type": "application/json"}
        assert server.post("/api/models/upsert", content=UPSERT, headers=as_json).status_code == 200
        assert server.get("/api/health", headers={"Host": "evil.example"}).status_code == 421
        for header in ("X-Forwarded-For", "Forwarded", "Origin"):
            refused_here = server.post(
                "/api/models/upsert", content=UPSERT, headers=as_json | {header: "for=203.0.113.9"}
            )
            assert refused_here.status_code == 403


@pytest.mark.parametrize(("bound", "at"), [("::", "[::1]"), ("0", "127.0.0.1")])
def test_on_all_addresses_however_they_are_named_one_may_not_write_without_a_token(tmp_path, bound, at):
    if ":" in bound and not has_ipv6():
        missing("there is no IPv6 here", "ipv6")
    with started(tmp_path, "--host", bound, at=at) as server, unchanged(server):
        answer = server.post("/api/models/upsert", content=UPSERT, headers={"content-type": "application/json"})
        assert answer.status_code == 403


def test_an_address_of_the_other_family_is_of_this_machine_where_it_maps_to_one():
    here = ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "::FFFF:7f00:1", "localhost", "LOCALHOST", "[::1]"]
    elsewhere = [
        "",
        "::",
        "0",
        "::ffff:10.0.0.1",
        "::127.0.0.1",
        "10.0.0.1",
        "127.0.0.1.evil.example",
        "127.1",
        "localhost.",
    ]
    assert [name for name in here + elsewhere if is_loopback(name)] == here


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as found:
            found.bind(("::1", 0))
    except OSError:
        return False
    return True


FORWARDED = ["Forwarded: for=203.0.113.9", "forwarded: ", "X-Forwarded-For: 203.0.113.9", "X-Forwarded-For: 127.0.0.1", "X-Forwarded-Host: localhost",
             "x-forwarded-proto: https", "X-Forwarded-Anything: "]  # fmt: skip


@pytest.mark.parametrize("header", FORWARDED)
def test_what_a_proxy_hands_on_is_not_from_here(private, header):
    with unchanged(private) as told:
        for line, body in CHANGES:
            refused(asked(private, line, f"{JSON}{header}\r\n", body), 403)
    assert [line["client"] for line in requests(told) if line["status"] == 403] == ["127.0.0.1"] * 4
    assert asked(private, "GET /api/models", f"{header}\r\n").status == 200


# Names: a site whose DNS says 127.0.0.1

OTHERS = [
    "evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "evil.example:{port}", "localhost.", "localhost.:{port}", "localhost.localdomain",
    "127.0.0.1.", "0.0.0.1", "0", "127.1", "2130706433", "0x7f000001", "[::]", "::1", "[::1].evil.example", "localhost@evil.example",
    "evil.example#localhost", "localhost:80:80", "localhost:x", "localhost:", "local host", "l\xf6calhost", "10.0.0.1", "", "*", "[::ffff:10.0.0.1]",
]  # fmt: skip
OWN = [
    "localhost",
    "LOCALHOST",
    "localhost:{port}",
    "LocalHost:80",
    "127.0.0.1",
    "127.0.0.1:{port}",
    "127.0.0.2",
    "[::1]",
    "[::1]:{port}",
    "[0:0:0:0:0:0:0:1]",
]


@pytest.mark.parametrize("host", OTHERS)
def test_under_another_name_a_server_of_this_machine_tells_nothing(private, host):
    host = host.format(port=private.port)
    with unchanged(private) as told:
        for line in (
            "GET /api/models",
            "GET /api/models/id/openai/gpt-4o",
            "GET /docs",
            "HEAD /metrics",
            "OPTIONS /api/models",
        ):
            answer = asked(private, line, host=host)
            assert answer.status == 421
            guarded(answer)
        for line, body in (*CHANGES, ("POST /api/cost", COST)):
            refused(asked(private, line, JSON, body, host=host), 421)
        assert asked(private, "GET http://localhost/api/models", host=host).status == 421
    assert [line["status"] for line in requests(told)].count(421) == 11


@pytest.mark.parametrize("host", OWN)
def test_under_its_own_names_it_answers(private, host):
    host = host.format(port=private.port)
    assert asked(private, "GET /api/health", host=host).status == 200
    assert asked(private, "POST /api/models/upsert?dry_run=true", JSON, UPSERT, host=host).status == 200


def test_where_a_token_guards_it_any_name_may_read(guarded_by_token):
    for host in ("models.example", "evil.example:1"):
        assert asked(guarded_by_token, "GET /api/models", host=host).status == 200


# Pages of other sites

PAGES = [
    "Origin: http://evil.example", "Origin: null", "Origin: ", "Origin: file://", "Origin: http://localhost:1", "Origin: http://localhost.evil.example",
    "Origin: localhost", "Origin: http://127.0.0.1", "Origin: https://localhost/", "Origin: http://localhost@evil.example", "Origin: ftp://localhost",
    "Origin: http://localhost http://evil.example", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site", "Sec-Fetch-Site: anything",
    "Origin: http://localhost\r\nSec-Fetch-Site: cross-site",
]  # fmt: skip


@pytest.mark.parametrize("headers", PAGES)
def test_a_page_of_another_site_reads_and_does_not_write(private, headers):
    with unchanged(private) as told:
        for line, body in (*CHANGES, ("POST /api/cost", COST), ("POST /api/config/validate", "{}")):
            answer = asked(private, line, f"{JSON}{headers}\r\n", body)
            refused(answer, 403)
            assert answer["access-control-allow-origin"] is None
        assert asked(private, "GET /api/models", f"{headers}\r\n")["access-control-allow-origin"] == "*"
    assert [line["status"] for line in requests(told)].count(403) == 6


@pytest.mark.parametrize("headers", PAGES)
def test_nor_with_the_token_in_hand(guarded_by_token, headers):
    right = f"{JSON}Authorization: Bearer {TOKEN}\r\n"
    with unchanged(guarded_by_token):
        for line, body in CHANGES:
            refused(asked(guarded_by_token, line, f"{right}{headers}\r\n", body), 403)


@pytest.mark.parametrize(
    "headers",
    ["Origin: http://localhost", "Origin: https://localhost", "Sec-Fetch-Site: same-origin", "Sec-Fetch-Site: none"],
)
def test_a_page_of_its_own_writes(private, headers):
    assert asked(private, "POST /api/models/upsert?dry_run=true", f"{JSON}{headers}\r\n", UPSERT).status == 200


FORMS = [
    "Content-Type: text/plain", "Content-Type: application/x-www-form-urlencoded", "Content-Type: multipart/form-data; boundary=x",
    "Content-Type: text/plain; application/json", "Content-Type: application/jsonp", "Content-Type: text/json", "Content-Type: ", "X-A: b",
]  # fmt: skip


@pytest.mark.parametrize("header", FORMS)
def test_what_a_form_can_send_is_no_write(private, header):
    with unchanged(private):
        for line, body in CHANGES:
            if body:
                refused(asked(private, line, f"{header}\r\n", body), 415)
        refused(asked(private, "POST /api/cost", f"{header}\r\n", COST), 415, 422)


def test_no_page_is_promised_that_it_may_write(private, guarded_by_token):
    for server in (private, guarded_by_token):
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            for path in ("/api/models/upsert", "/api/config", "/api/models/id/openai/gpt-4o"):
                asks = f"Origin: http://evil.example\r\nAccess-Control-Request-Method: {method}\r\nAccess-Control-Request-Headers: content-type, authorization\r\n"
                answer = asked(server, f"OPTIONS {path}", asks)
                assert answer.status == 400
                assert not {"POST", "PUT", "PATCH", "DELETE"} & set(
                    (answer["access-control-allow-methods"] or "").split(", ")
                )
                assert answer["access-control-allow-credentials"] is None
                assert "authorization" not in (answer["access-control-allow-headers"] or "").lower()


def test_a_page_may_ask_whether_it_may_read(private):
    asks = "Origin: http://any.example\r\nAccess-Control-Request-Method: GET\r\nAccess-Control-Request-Headers: if-none-match\r\n"
    answer = asked(private, "OPTIONS /api/models", asks)
    assert answer.status == 200
    assert answer["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "identity, gzip"])
def test_a_packed_body_is_not_unpacked(private, encoding):
    with unchanged(private):
        for line, body in CHANGES[:1]:
            refused(asked(private, line, f"{JSON}Content-Encoding: {encoding}\r\n", body), 415)


def test_what_is_refused_for_its_version_changes_nothing(private):
    with unchanged(private):
        for line, body in CHANGES:
            for seen in ('"another"', 'W/"another"', "another", "", '"' + "x" * 20_000 + '"'):
                refused(asked(private, line, f"{JSON}If-Match: {seen}\r\n", body), 412)


def test_every_refused_write_stays_out_of_the_history(private):
    name = tag()
    asked(private, "POST /api/models/upsert", f"{JSON}Origin: http://evil.example\r\n", dumps(gen(name)))
    assert json.loads(asked(private, "GET /api/models/history/openai/gpt-4o").body)["changes"] == []
    assert asked(private, f"GET /api/models/history/openai/{name}").status == 404
