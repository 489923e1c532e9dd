"""What comes over the wire and is no request: broken framing, smuggling, slow and silent clients, floods, and the log.

No bytes are read as another request than the sender's; who takes for ever, or sends without end, is let go.
"""

from __future__ import annotations

import base64
import contextlib
import random
import re
import socket
import subprocess
import sys
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from hashlib import sha256
from http.client import HTTPConnection
from pathlib import Path

import httpx2
import pytest
from attacking import (
    JSON,
    LAST,
    PATIENCE,
    Answer,
    asked,
    attacked,
    connect,
    guarded,
    logged,
    memory,
    missing,
    place,
    raw,
    requests,
    said,
    tag,
    unharmed,
    within,
)
from roots import small
from serving import Server, free_port, full_root, serving

from modelry.server.prepared import Body

pytestmark = pytest.mark.xdist_group("server-wire")

HOST = "Host: localhost\r\n"
COST = '{"model":"openai/gpt-4o","usage":{"input":1}}'
LENGTH = f"Content-Length: {len(COST)}\r\n"
CHUNKED = f"{len(COST):x}\r\n{COST}\r\n0\r\n"
POST = f"POST /api/cost HTTP/1.1\r\n{HOST}{JSON}"
GET = f"GET /api/health HTTP/1.1\r\n{HOST}"
SMUGGLED = f"GET /smuggled HTTP/1.1\r\n{HOST}\r\n"
PADDED = SMUGGLED.ljust(80)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with attacked(tmp_path_factory.mktemp("wire") / "all") as one:
        yield one


@pytest.fixture
def harmless(server):
    with unharmed(server, Path(server.log).with_suffix("")) as told:
        yield told


def answers(data: bytes) -> list[Answer]:
    """The answers in what came over one connection."""
    return [Answer(b"HTTP/1.1 " + part) for part in data.split(b"HTTP/1.1 ")[1:]]


# What is no HTTP

NO_HTTP = {
    "a length and chunks": f"{POST}{LENGTH}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n{SMUGGLED}",
    "chunks and a length": f"{POST}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n{SMUGGLED}",
    "two lengths": f"{POST}{LENGTH}Content-Length: 3\r\n\r\n{COST}",
    "the same length twice": f"{POST}{LENGTH}{LENGTH}\r\n{COST}",
    "lengths in one header": f"{POST}Content-Length: 45, 45\r\n\r\n{COST}",
    "a length with a sign": f"{POST}Content-Length: +45\r\n\r\n{COST}",
    "a length below 0": f"{POST}Content-Length: -1\r\n\r\n{COST}",
    "a length in hex": f"{POST}Content-Length: 0x2d\r\n\r\n{COST}",
    "a length beyond counting": f"{POST}Content-Length: {9 * 10**19}\r\n\r\n{COST}",
    "a coding that is not chunked": f"{POST}Transfer-Encoding: xchunked\r\n\r\n{CHUNKED}\r\n",
    "a coding behind chunked": f"{POST}Transfer-Encoding: chunked, identity\r\n\r\n{CHUNKED}\r\n",
    "two codings": f"{POST}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n{CHUNKED}\r\n",
    "a coding before chunked": f"{POST}Transfer-Encoding: gzip, chunked\r\n\r\n{CHUNKED}\r\n",
    "a blank before the colon": f"{POST}Transfer-Encoding : chunked\r\n\r\n{CHUNKED}\r\n",
    "a folded header": f"{GET}X-A: b\r\n c\r\n\r\n",
    "a bare line feed": f"{GET}X-A: b\nX-B: c\r\n\r\n",
    "a bare carriage return": f"{GET}X-A: b\rX-B: c\r\n\r\n",
    "NUL in a header": f"{GET}X-A: b\0c\r\n\r\n",
    "no colon": f"{GET}X-A\r\n\r\n",
    "no name": f"{GET}: x\r\n\r\n",
    "no Host": "GET /api/health HTTP/1.1\r\n\r\n",
    "two Hosts": f"{GET}Host: evil.example\r\n\r\n",
    "two Hosts, ours last": f"GET /api/health HTTP/1.1\r\nHost: evil.example\r\n{HOST}\r\n",
    "the same Host twice": f"{GET}{HOST}\r\n",
    "an unknown method": f"HACK /api/health HTTP/1.1\r\n{HOST}\r\n",
    "a method in small letters": f"get /api/health HTTP/1.1\r\n{HOST}\r\n",
    "another machine to connect to": f"CONNECT 127.0.0.1:22 HTTP/1.1\r\n{HOST}\r\n",
    "a file": f"GET file:///etc/passwd HTTP/1.1\r\n{HOST}\r\n",
    "another site without a path": f"GET http://evil.example HTTP/1.1\r\n{HOST}\r\n",
    "no path": f"GET api/health HTTP/1.1\r\n{HOST}\r\n",
    "bytes in a path": f"GET /api/\xc3\xa9 HTTP/1.1\r\n{HOST}\r\n",
    "NUL in a path": f"GET /api/\0 HTTP/1.1\r\n{HOST}\r\n",
    "a blank in a path": f"GET /api/hea lth HTTP/1.1\r\n{HOST}\r\n",
    "HTTP/1.2": f"GET /api/health HTTP/1.2\r\n{HOST}\r\n",
    "the preface of HTTP/2": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a hello of TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(100),
    "noise": bytes(range(256)),
}


@pytest.mark.parametrize("data", NO_HTTP.values(), ids=NO_HTTP)
def test_what_two_readers_could_read_as_two_things_is_refused_and_told_once(harmless, server, data):
    (answer,) = answers(raw(server, data))
    assert answer.status == 400
    assert set(answer.json()) == {"detail"}
    guarded(answer)
    (line,) = logged(server, 0)[-1:]
    assert line.get("status") == 400 or line["event"].startswith("400 to 127.0.0.1")


def test_each_of_them_is_one_line(server):
    since = place(server)
    for data in NO_HTTP.values():
        raw(server, data)
    lines = logged(server, since, least=len(NO_HTTP))
    assert len(lines) == len(NO_HTTP)
    assert not [line for line in lines if "smuggled" in str(line)]


LONG = {
    "a path": f"GET /{'a' * 2**20} HTTP/1.1\r\n{HOST}\r\n",
    "a query": f"GET /api/resolve?name={'a' * 2**20} HTTP/1.1\r\n{HOST}\r\n",
    "a header": f"{GET}X-A: {'a' * 2**20}\r\n\r\n",
    "a name of a header": f"{GET}{'a' * 2**20}: b\r\n\r\n",
    "many headers": f"{GET}{''.join(f'X-{n}: {n}{chr(13)}{chr(10)}' for n in range(50_000))}\r\n",
    "a first line without end": "GET /" + "a" * 2**20,
}


@pytest.mark.parametrize("data", LONG.values(), ids=LONG)
def test_headers_without_end_are_refused(harmless, server, data):
    (answer,) = answers(raw(server, data))
    assert answer.status == 431
    guarded(answer)


def test_trailers_without_end_are_not_kept(harmless, server):
    (answer,) = answers(raw(server, f"{POST}Transfer-Encoding: chunked\r\n\r\n{CHUNKED}X-A: {'a' * 2**25}")) or [None]
    assert answer is None or answer.status == 400


@pytest.mark.parametrize(
    "query",
    [
        "&".join(f"{n}=" for n in range(9_000)),
        "q=a&" * 10_000,
        "&" * 60_000,
        "provider=&" * 6_000,
        "capability=tools&" * 3_000,
    ],
    ids=["names", "words", "nothing", "providers", "capabilities"],
)
def test_ten_thousand_parameters_are_judged(server, query):
    assert asked(server, f"GET /api/models?{query}").status in (200, 404, 422)


# Requests within requests


def test_a_body_is_no_request_whatever_it_looks_like(harmless, server):
    for offer in ("websocket", "h2c"):
        with connect(server) as connection:
            upgrade = f"Connection: Upgrade\r\nUpgrade: {offer}\r\nContent-Length: {len(PADDED)}\r\n\r\n"
            connection.sendall((POST + upgrade).encode())
            time.sleep(0.1)  # so that the body is a piece by itself
            connection.sendall(PADDED.encode() + f"{GET}{LAST}\r\n".encode())
            told = answers(said(connection))
        assert [answer.status for answer in told] == [400, 200]
        assert b"smuggled" not in told[0].body
    assert not requests(logged(server), "/smuggled")


def test_an_offer_to_upgrade_is_not_taken_and_changes_nothing(harmless, server):
    offers = ("Upgrade: websocket\r\nConnection: Upgrade\r\n", "Connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nHTTP2-Settings: AAMA\r\n")  # fmt: skip
    for offer in offers:
        since = place(server)
        (answer,) = answers(raw(server, f"{POST}{offer}{LENGTH}\r\n{COST}{GET[:0]}", ends=True))
        assert answer.status == 200
        assert answer.json()["input_tokens"] == 1
        (answer,) = answers(raw(server, f"{GET}{offer}\r\n", ends=True))
        assert answer.status == 200
        assert len(logged(server, since)) == 2


def test_an_offer_that_comes_in_two_pieces_is_the_last_of_its_connection(harmless, server):
    with connect(server) as connection:
        connection.sendall(f"{POST}Connection: Upgrade\r\nUpg".encode())
        time.sleep(0.1)
        connection.sendall(f"rade: h2c\r\nContent-Length: {len(PADDED)}\r\n\r\n".encode())
        time.sleep(0.1)
        with contextlib.suppress(ConnectionError):
            connection.sendall(PADDED.encode())
        assert [answer.status for answer in answers(said(connection))] in ([400], [422])
    assert not requests(logged(server), "/smuggled")


def test_trailers_are_no_headers(harmless, server):
    name = tag()
    trailers = f"X-Request-ID: {name}\r\nOrigin: http://evil.example\r\nHost: evil.example\r\n"
    answer = Answer(raw(server, f"{POST}Transfer-Encoding: chunked\r\n{LAST}\r\n{CHUNKED}{trailers}\r\n"))
    assert answer.status == 200
    assert answer["x-request-id"] != name


def test_what_follows_the_last_request_is_not_read(harmless, server):
    told = answers(raw(server, f"{GET}{LAST}\r\n{SMUGGLED}"))
    assert [answer.status for answer in told] == [200]
    assert not requests(logged(server), "/smuggled")


def test_what_is_whole_gets_its_answer_whatever_follows_it(harmless, server):
    told = answers(raw(server, f"{POST}{LENGTH}\r\n{COST}\x01\x02\r\n\r\n"))
    assert [answer.status for answer in told] == [200]
    assert told[0]["connection"] == "close"


def test_requests_that_come_together_are_answered_in_order(harmless, server):
    names = [tag() for _ in range(50)]
    data = "".join(f"{GET}X-Request-ID: {name}\r\n{LAST if name == names[-1] else ''}\r\n" for name in names)
    told = answers(raw(server, data))
    assert [answer["x-request-id"] for answer in told] == names
    assert [line["request_id"] for line in requests(logged(server)) if line["request_id"] in names] == names


READ = {
    "HTTP/1.0": f"GET /api/health HTTP/1.0\r\n{HOST}\r\n",
    "a whole address": f"GET http://localhost/api/health HTTP/1.1\r\n{HOST}{LAST}\r\n",
    "a fragment": f"GET /api/health#x HTTP/1.1\r\n{HOST}{LAST}\r\n",
    "a body that a read does not want": f"{GET}{LAST}{LENGTH}\r\n{COST}",
    "an expectation": f"{POST}Expect: 100-continue\r\n{LAST}{LENGTH}\r\n{COST}",
}


@pytest.mark.parametrize("data", READ.values(), ids=READ)
def test_what_is_odd_and_clear_is_read(harmless, server, data):
    told = answers(raw(server, data))
    assert told[-1].status == 200


@pytest.mark.parametrize(
    "method", ["OPTIONS", "TRACE", "PROPFIND", "PUT", "PATCH", "LOCK", "SEARCH", "CONNECT", "PURGE"]
)
def test_a_method_that_a_path_does_not_take_is_refused(harmless, server, method):
    answer = asked(server, f"{method} /api/models")
    assert answer.status == 405
    assert answer["allow"]
    guarded(answer)


# Who takes for ever

HURRIED = """
import functools, sys
from modelry.server import run, wire
wire._HEADERS_WITHIN = wire._TAKEN_WITHIN = 1.0
run.Settings = functools.partial(run.Settings, body_seconds=1.0)
run.run("127.0.0.1", int(sys.argv[1]), sys.argv[2], "json", 30.0)
"""
"""The same server, with a second of patience where it has ten and sixty."""


class Hurried(Server):
    def __init__(self, data: Path, log: Path):
        self.port, self.log, self._out = free_port(), log, log.open("ab")
        command = [sys.executable, "-c", HURRIED, str(self.port), str(data)]
        self.process = subprocess.Popen(command, stdout=self._out, stderr=subprocess.STDOUT)
        self.client = httpx2.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=PATIENCE)


@pytest.fixture(scope="module")
def hurried(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hurried")
    server = Hurried(small(folder / "root"), folder / "log").wait()
    yield server
    server.stop()


SLOW = {
    "nothing": ("", "", []),
    "line feeds": ("\r\n", "\r\n", [408]),
    "a first line": ("GET /", "a", [408]),
    "headers": (f"{GET}X-A: ", "a", [408]),
    "the second request's headers": (f"{GET}\r\n{GET}X-A: ", "a", [200, 408]),
    "line feeds behind a request": (f"{GET}\r\n", "\r\n", [200, 408]),
    "a body": (f"{POST}Content-Length: 1000\r\n\r\n", " ", [408]),
    "no body": (f"{POST}Content-Length: 1000\r\n\r\n", "", [408]),
    "chunks": (f"{POST}Transfer-Encoding: chunked\r\n\r\n", "1\r\n \r\n", [408]),
    "trailers": (f"{POST}Transfer-Encoding: chunked\r\n\r\n{CHUNKED}X-A: ", "a", [408]),
    "the body of a refused request": (f"{POST}Origin: http://evil.example\r\nContent-Length: 1000\r\n\r\n", " ", [403]),
    "the body of a read": (f"{GET}Content-Length: 1000\r\n\r\n", " ", [200]),
}


def dripped(server: Server, opening: str, drop: str) -> list[Answer]:
    """What is answered to who sends a drop at a time, until the server has enough of it."""
    parts, end = [], time.monotonic() + PATIENCE
    with connect(server) as connection, contextlib.suppress(ConnectionError):
        connection.sendall(opening.encode())
        connection.settimeout(0.1)
        while time.monotonic() < end:
            try:
                parts.append(connection.recv(2**16))
            except TimeoutError:
                connection.sendall(drop.encode())
            else:
                if not parts[-1]:
                    return answers(b"".join(parts))
    assert time.monotonic() < end, "the server waits for ever"
    return answers(b"".join(parts))


def test_who_sends_a_drop_at_a_time_is_let_go_and_told_once(hurried):
    since = place(hurried)
    with ThreadPoolExecutor(len(SLOW)) as all_at_once:
        found = dict(zip(SLOW, all_at_once.map(lambda one: dripped(hurried, *one[:2]), SLOW.values()), strict=True))
    assert {name: [answer.status for answer in told] for name, told in found.items()} == {
        name: statuses for name, (_, _, statuses) in SLOW.items()
    }
    for answer in (answer for told in found.values() for answer in told):
        guarded(answer)
    assert all(told[-1]["connection"] == "close" for told in found.values() if told and told[-1].status == 408)
    due = sum(len(statuses) for *_, statuses in SLOW.values())
    lines = logged(hurried, since, least=due)
    assert len(lines) == due
    assert not [line for line in lines if "trace" in line]


def test_who_asks_and_does_not_read_is_let_go(hurried):
    handles = Path(f"/proc/{hurried.process.pid}/fd")
    if not handles.is_dir():
        missing("there is no /proc", "proc")
    hurried.get("/docs/swagger-ui-bundle.js")
    before = len(list(handles.iterdir()))
    with ExitStack() as all_of_them:
        for _ in range(8):
            deaf = all_of_them.enter_context(socket.socket())
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2_048)
            deaf.connect(("127.0.0.1", hurried.port))
            deaf.sendall(f"GET /docs/swagger-ui-bundle.js HTTP/1.1\r\n{HOST}\r\n".encode() * 20)
        assert within(lambda: len(list(handles.iterdir())) >= before + 8)
        assert within(lambda: len(list(handles.iterdir())) <= before)


def test_hundreds_of_idle_and_half_open_connections_keep_nobody_out(harmless, server):
    with ExitStack() as all_of_them:
        for number in range(600):
            connection = all_of_them.enter_context(connect(server))
            connection.sendall(["", f"{GET}X-A: ", f"{POST}Content-Length: 1000\r\n\r\n{{"][number % 3].encode())
        assert asked(server, "GET /api/models").status == 200
        assert asked(server, "POST /api/cost", JSON, COST).status == 200


# Who asks for much


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A server of this project's own catalogue."""
    folder = tmp_path_factory.mktemp("whole")
    with serving(full_root(folder), log=folder / "log") as server:
        server.get("/api/models")
        server.get("/api/resolve", params={"name": "gpt-4o"})
        yield server


def test_many_who_do_not_read_hold_no_copies(whole):
    before, deaf_ones = memory(whole), []
    with ExitStack() as all_of_them:
        for _ in range(60):
            deaf_ones.append(deaf := all_of_them.enter_context(socket.socket()))
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2_048)
            deaf.connect(("127.0.0.1", whole.port))
            deaf.sendall(f"GET /api/models HTTP/1.1\r\n{HOST}\r\n".encode())
        for deaf in deaf_ones:
            assert deaf.recv(1)  # its answer has begun
        assert whole.get("/api/health").status_code == 200
        assert memory(whole) - before < 40


@pytest.mark.parametrize(
    ("query", "filling"),
    [
        ("currency={}", "x"),
        ("series={}", "x"),
        ("fields=provider{}", ","),
    ],
    ids=["currency", "series", "fields"],
)
def test_questions_that_nobody_asks_twice_are_not_kept_for_ever(server, query, filling):
    before = memory(server)
    with closing(HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)) as connection:
        for number in range(600):
            connection.request("GET", f"/api/models?{query.format(filling * (50_000 + number))}")
            answer = connection.getresponse()
            assert answer.status == 200
            answer.read()
    assert memory(server) - before < 15


def test_what_is_kept_of_a_short_answer_counts_for_what_it_takes():
    tracemalloc.start()
    try:
        bodies = [Body(f'{{"models":[],"total":{number}}}'.encode()) for number in range(1_000)]
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert sum(body.size for body in bodies) >= taken


PIECES = [
    "bedrock/", "converse/", "us.", "us-east-1/", "anthropic.", "claude-3-", "-v1", ":0", ":48k", "-20240101", "-latest", "-2024-08-06", "@001",
    "[1m]", "models/", "projects/a/locations/us/publishers/b/models/", "azureml://registries/a/models/", "/versions/1", "ft:", "gpt-4o",
    ":org:", "accounts/fireworks/models/", "chat/", "global-standard/", "eu/", "-", ".", "_", "gpt-35-turbo", "nova-", "0315", "\u00e9",
]  # fmt: skip


@pytest.mark.parametrize("provider", ["bedrock", "azure", "vertex", "openai", "openrouter", "fireworks", None])
def test_no_name_keeps_the_rules_busy(whole, provider):
    chance = random.Random(7)  # noqa: S311
    names = [(piece * 512)[:512] for piece in PIECES]
    names += ["".join(chance.choices(PIECES, k=chance.choice([4, 8, 40])))[:512] for _ in range(20)]
    for name in (*names, "a" * 50_000, "-" * 50_000):
        asked_for = {"name": name} | ({"provider": provider} if provider else {})
        assert whole.get("/api/resolve", params=asked_for, timeout=5).status_code in (200, 404, 409)


# Headers


def test_every_answer_carries_the_headers_that_guard_it(server):
    tag_of_row = server.get("/api/models/id/openai/gpt-4o").headers["etag"]
    told = {
        200: ["/", "/page/main.js", "/api/vocabulary", "/api/models", "/api/models/id/openai/gpt-4o", "/api/models/by-type/GEN", "/docs", "/openapi.json", "/metrics", "/v1/models",
              "/docs/swagger-ui-bundle.js", "/api/resolve?name=gpt-4o", "/api/ready"],
        307: ["/docs/no-such"],
        404: ["/no/such", "/page/no-such.js", "/page/..%2fpages.py", "/api/models/id/openai/no-such", "/api/models/providers/no-such"],
        422: ["/api/models?limit=-1", "/api/resolve?name=", "/api/models?no=such"],
    }  # fmt: skip
    for status, paths in told.items():
        for path in paths:
            for method in ("GET", "HEAD"):
                answer = server.request(method, path, headers={"Origin": "http://any.example"})
                assert answer.status_code == status
                guarded(answer)
                if method == "HEAD":
                    assert not answer.content
    same = server.get("/api/models/id/openai/gpt-4o", headers={"If-None-Match": tag_of_row})
    assert same.status_code == 304
    guarded(same)
    preflight = {"Origin": "http://any.example", "Access-Control-Request-Method": "POST"}
    for headers in (preflight, preflight | {"Access-Control-Request-Method": "GET"}):
        guarded(server.options("/api/models/upsert", headers=headers))


def test_a_page_of_another_origin_that_asks_for_more_than_reading_is_refused_as_everybody_is(server):
    asked_for = {"Origin": "http://any.example", "Access-Control-Request-Method": "GET"}
    assert server.options("/api/models", headers=asked_for).status_code == 200
    for more in ({"Access-Control-Request-Method": "POST"}, {"Access-Control-Request-Headers": "authorization"}):
        answer = server.options("/api/models", headers=asked_for | more)
        assert (answer.status_code, answer.headers["content-type"]) == (400, "application/json")
        assert answer.json()["detail"].startswith("pages of other origins may read, and no more")
        assert answer.headers["access-control-allow-methods"] == "GET, HEAD"


KNOWN = {
    "date", "content-length", "content-type", "content-encoding", "cache-control", "vary", "etag", "connection", "allow", "location", "x-request-id",
    "x-modelry-left-out", "access-control-allow-origin", "access-control-expose-headers", "www-authenticate", "retry-after",
    "content-security-policy", "x-content-type-options", "referrer-policy", "x-frame-options", "cross-origin-opener-policy",
}  # fmt: skip
INJECTED = "%0d%0aX-Evil:%20yes%0d%0a%0d%0a<script>"


def test_nothing_of_a_request_becomes_a_header(harmless, server):
    paths = [
        "/{}",
        "/docs/{}",
        "/api/models/id/openai/{}",
        "/api/resolve?name={}",
        "/api/models?cursor={}",
        "/api/models?fields={}",
        "//evil.example/{}",
    ]
    ids = ["x\ty", "a b", "%0d%0aX-Evil: yes", "x" * 65, "\xe9", '"><', "a,b"]
    for path in paths:
        for request_id in ids:
            headers = f'X-Request-ID: {request_id}\r\nIf-None-Match: "{INJECTED}"\r\nOrigin: http://evil{INJECTED}\r\nAccept: {INJECTED}\r\n'
            answer = asked(server, f"GET {path.format(INJECTED)}", headers)
            assert {name for name, _ in answer.headers} <= KNOWN
            assert re.fullmatch(r"[0-9a-f]+-[0-9a-f]+", answer["x-request-id"])
            assert "evil" not in str(answer.headers)
            assert answer["location"] in (None, "/docs")


def test_a_request_id_of_ones_own_comes_back(server):
    name = tag()
    assert server.get("/api/health", headers={"X-Request-ID": name}).headers["x-request-id"] == name


def test_the_policy_of_the_docs_allows_their_own_scripts_and_no_others(server):
    page = server.get("/docs")
    policy = dict(part.strip().partition(" ")[::2] for part in page.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    inline = [
        script
        for attributes, script in re.findall(r"<script([^>]*)>(.*?)</script>", page.text, re.DOTALL)
        if not attributes
    ]
    hashes = {f"'sha256-{base64.b64encode(sha256(script.encode()).digest()).decode()}'" for script in inline}
    assert set(policy["script-src"].split()) == {"'self'", *hashes}
    sources = re.findall(r'(?:src|href)="([^"]*)"', page.text)
    assert sources
    assert all(source.startswith("/docs/") and server.get(source).status_code == 200 for source in sources)
    assert not re.search(r"<[^>]+\son\w+=|javascript:|<base|<form", page.text)
    assert re.findall(r"url: '([^']*)'", page.text) == ["/openapi.json"]


# The log

LINES = [
    "/%0a%7b%22event%22:%22request%22%7d", '/"},{"event":"request', "/\\n\\u000a", "/%1b[2J%1b[31m", "/'$(reboot)", "/%00", "/%E2%80%AE", "/%ff", "/a|b^c`d{e}",
    "/api/models/id/openai/" + "x" * 5_000,
]  # fmt: skip


def test_each_request_is_one_line_of_json_with_its_path_as_it_was_sent(server):
    since = place(server)
    names = [tag() for _ in LINES]
    for path, name in zip(LINES, names, strict=True):
        asked(
            server,
            f"GET {path}?secret=word",
            f"X-Request-ID: {name}\r\nCookie: secret=word\r\nUser-Agent: word\x1b\r\n"[:-4] + "\r\n",
        )
    lines = logged(server, since)
    assert [(line["path"], line["request_id"], line["method"]) for line in lines] == [
        (path, name, "GET") for path, name in zip(LINES, names, strict=True)
    ]
    assert b"word" not in server.log.read_bytes()[since:]


def test_each_request_is_one_line_of_text_that_a_terminal_can_show(tmp_path):
    with serving(small(tmp_path / "root"), "--log-format", "text", log=tmp_path / "log") as server:
        before = len(server.log.read_text().splitlines())
        for path in LINES:
            asked(server, f"GET {path}?secret=word", f"X-Request-ID: {tag()}\r\n")
        asked(server, "HACK \x1b[31m")
        last = tag()
        asked(server, "GET /api/health", f"X-Request-ID: {last}\r\n")
        assert within(lambda: last in server.log.read_text())
        lines = [line for line in server.log.read_text().splitlines()[before:] if "/api/health" not in line]
    assert len(lines) == len(LINES) + 1
    assert all(line.isprintable() for line in lines)
    assert not any("word" in line for line in lines)
