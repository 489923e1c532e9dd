"""Replicas: they follow their primary, and whatever becomes of it they go on serving what was good."""

from __future__ import annotations

import json
import re
import signal
import time
from collections import Counter
from contextlib import ExitStack
from datetime import timedelta
from decimal import Decimal

import pytest
from clients import five_hundred
from serving import free_port, full_root, serving, until
from test_remote import BAD, TODAY, Site, a_catalogue, conditional, dripping, serve

from modelry.catalog import files, rows
from modelry.catalog.store import Store
from modelry.server.settings import Settings, catalogue

POLL = ("--poll", "0.3")
SMALL = {"MODEL_COST_MAP_MAX_SHRINK_RATIO": "0.97", "MODEL_COST_MAP_MIN_MODEL_COUNT": "5", "NO_PROXY": "*"}
"""What lets 400 rows take the place of the bundle, and 8 not the place of 400."""


def killed(server):
    server.kill()
    server.stop()  # which lets go of what the test holds of it


def environment(cache):
    return SMALL | {"XDG_CACHE_HOME": str(cache)}


def notes(server, model="openai/gpt-4o"):
    return server.get(f"/api/models/id/{model}").json().get("notes")


def upsert(server, **fields):
    asked = {"provider": "openai", "model": "gpt-4o"} | fields
    return server.post("/api/models/upsert", json=asked).raise_for_status().json()


def priced(price):
    return {"family": "gen", "unit": "1k_tokens", "input_per_1k": price, "output_per_1k": price}


def said(server):
    """What a replica says of its primary."""
    return server.get("/api/ready").json()["primary"]


def same(*servers):
    """Whether all serve the same catalogue, byte by byte and under the same tag."""
    bodies = [server.get("/api/models") for server in servers]
    return len({(body.headers["etag"], body.content) for body in bodies}) == 1


def access(server, since=0):
    """Answers of GET /api/models by status, after so many lines of the log."""
    lines = server.lines()[since:]
    return Counter(line["status"] for line in lines if line.get("path") == "/api/models" and line["method"] == "GET")


def marked(server):
    """How long the log is when all that was answered so far stands in it."""
    mark = f"mark-{time.monotonic_ns()}"
    server.get("/api/health", headers={"X-Request-ID": mark})
    places = {
        line.get("request_id"): place
        for place, line in enumerate(until(lambda: mark in server.log.read_text() and server.lines()))
    }
    return places[mark]


@pytest.fixture
def start(tmp_path, monkeypatch):
    """Starts servers, and stops them."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))  # who is killed leaves what was in use
    with ExitStack() as running:

        def started(data, name, *arguments, port=0, cache=None, **env):
            one = serving(
                data,
                *arguments,
                log=tmp_path / f"{name}.log",
                port=port,
                env=environment(tmp_path / (cache or name)) | env,
            )
            return running.enter_context(one)

        yield started


@pytest.fixture
def root(tmp_path):
    root = five_hundred(tmp_path / "root")
    Store(root).upsert(
        {"provider": "openai", "model": "gpt-4o", "notes": "first"}, "me"
    )  # today: no older than the bundle
    return root


# A primary that lives and dies


@pytest.mark.parametrize("caches", [("one", "two"), ("shared", "shared")])
def test_two_replicas_follow_a_primary_through_its_death(root, start, tmp_path, caches):
    primary = start(root, "primary")
    url = f"{primary.url}/api/models"
    # The URL comes by the variable: an option that is empty says nothing.
    replicas = [start("", f"replica-{n}", *POLL, cache=cache, MODELRY_CATALOG=url) for n, cache in enumerate(caches)]
    assert same(primary, *replicas)
    for number in range(3):
        upsert(primary, model="gpt-new", notes=f"no {number}", **priced(number + 1))
        for replica in replicas:
            until(lambda replica=replica, number=number: notes(replica, "openai/gpt-new") == f"no {number}")
            asked = {"model": "openai/gpt-new", "usage": {"input": 1000}}
            assert Decimal(str(replica.post("/api/cost", json=asked).json()["total_cost"])) == number + 1
    assert same(primary, *replicas)
    for replica in replicas:
        ready = replica.get("/api/ready")
        told = ready.json()
        assert (ready.status_code, told["ready"], told["role"], told["serves"]) == (200, True, "replica", "primary")
        assert told["version"] == primary.get("/api/ready").json()["version"]
        assert (told["primary"]["url"], told["primary"]["trouble"]) == (url, None)
        assert told["primary"]["reached"] <= told["primary"]["tried"]

    since = marked(primary)
    until(lambda: access(primary, since)[304] >= 6)
    assert access(primary, since)[200] == 0  # nothing changed: nothing was sent

    good = primary.get("/api/models").content
    killed(primary)
    for replica in replicas:
        trouble = until(lambda replica=replica: said(replica)["trouble"])
        assert "cannot be fetched" in trouble
        until(lambda replica=replica: said(replica)["tried"] > said(replica)["reached"])
        assert replica.get("/api/ready").status_code == 200
        assert replica.get("/api/models").content == good
        assert notes(replica, "openai/gpt-new") == "no 2"
        assert sum("cannot be followed" in line["event"] for line in replica.lines()) <= 2  # cut off, then refused

    again = start(root, "again", port=primary.port)
    upsert(again, notes="after its death")
    for replica in replicas:
        until(lambda replica=replica: notes(replica) == "after its death")
        until(lambda replica=replica: said(replica)["trouble"] is None)
        assert sum("followed again" in line["event"] for line in replica.lines()) == 1
    assert same(again, *replicas)
    assert (root / files.CATALOGUE).read_bytes() == replicas[0].get("/api/models").content


def test_a_replica_takes_no_writes(root, start):
    primary = start(root, "primary")
    replica = start(f"{primary.url}/api/models", "replica", *POLL)
    before = (root / files.CATALOGUE).read_bytes()
    for method, path, body in (
        ("POST", "/api/models/upsert", {"provider": "openai", "model": "gpt-4o", "notes": "x"}),
        ("POST", "/api/models/upsert?dry_run=true", {"provider": "openai", "model": "gpt-4o", "notes": "x"}),
        ("DELETE", "/api/models/id/openai/gpt-4o", None),
        ("PUT", "/api/config", {"generation": "openai/gpt-4o"}),
        ("PATCH", "/api/config", {"generation": "openai/gpt-4o"}),
    ):
        answer = replica.request(method, path, json=body)
        assert (answer.status_code, "replica" in answer.json()["detail"]) == (409, True), path
    assert replica.get("/api/models").content == before == (root / files.CATALOGUE).read_bytes()


@pytest.mark.parametrize("caches", [("one", "two"), ("shared", "shared")])
def test_replicas_that_start_while_the_primary_is_away_serve_their_last_good_copy(root, start, caches):
    primary = start(root, "primary")
    upsert(primary, notes="kept")
    url = f"{primary.url}/api/models"
    for number, cache in enumerate(caches):
        start(url, f"before-{number}", *POLL, cache=cache).stop()
    good = primary.get("/api/models").content
    killed(primary)
    replicas = [start(url, f"after-{number}", *POLL, cache=cache) for number, cache in enumerate(caches)]
    for replica in replicas:
        ready = replica.get("/api/ready")
        assert (ready.status_code, ready.json()["serves"], ready.json()["primary"]["reached"]) == (200, "copy", None)
        assert "cannot be fetched" in ready.json()["primary"]["trouble"]
        assert (replica.get("/api/models").content, notes(replica)) == (good, "kept")
    again = start(root, "again", port=primary.port)
    for replica in replicas:
        until(lambda replica=replica: said(replica)["reached"])
        told = replica.get("/api/ready").json()
        assert (told["serves"], told["primary"]["trouble"]) == ("primary", None)
    marked(again)
    assert access(again)[200] == 0  # the copy was still it
    upsert(again, notes="new")
    for replica in replicas:
        until(lambda replica=replica: notes(replica) == "new")


def _away(_):
    pass


def _flip(folder):
    (copy,) = folder.rglob("*.copy")
    data = bytearray(copy.read_bytes())
    data[-500] ^= 1
    copy.write_bytes(data)


@pytest.mark.parametrize("harm", [_away, _flip])
def test_a_replica_that_has_no_good_copy_serves_the_bundle_and_says_that_it_is_not_ready(root, start, tmp_path, harm):
    port = free_port()
    if harm is _flip:
        primary = start(root, "primary", port=port)
        start(f"{primary.url}/api/models", "before", *POLL, cache="kept").stop()
        killed(primary)
        harm(tmp_path / "kept")
    replica = start(f"http://127.0.0.1:{port}/api/models", "replica", *POLL, cache="kept")
    ready = replica.get("/api/ready")
    assert (ready.status_code, ready.json()["ready"], ready.json()["serves"]) == (503, False, "bundle")
    assert replica.get("/api/models/id/openai/gpt-4o").status_code == 200
    assert replica.get("/api/health").status_code == 200
    assert len(replica.get("/api/models").json()["models"]) > 5_000
    again = start(root, "again", port=port)
    until(lambda: replica.get("/api/ready").status_code == 200)
    assert same(again, replica)


def test_the_passwords_of_a_url_are_told_to_nobody(start):
    port = free_port()
    replica = start(f"http://me:secret@127.0.0.1:{port}/api/models?token=secret", "replica", *POLL)
    assert said(replica)["url"] == f"http://***@127.0.0.1:{port}/api/models"
    assert "secret" not in replica.get("/api/ready").text + replica.log.read_text()


def test_a_url_makes_a_replica_wherever_it_is_named(monkeypatch):
    url = "HTTP://primary:8012/api/models"
    assert Settings(catalogue(url)).follows
    monkeypatch.setenv("MODELRY_CATALOG", url)
    assert catalogue(None) == catalogue("") == url
    assert not Settings(catalogue("http-root")).follows


# Other shapes


def test_a_replica_follows_a_primary_that_serves_a_cost_map(tmp_path, start):
    primary = start(full_root(tmp_path / "full"), "primary")
    replica = start(f"{primary.url}/model_prices_and_context_window.json", "replica", *POLL)
    assert replica.get("/api/ready").json()["primary"]["trouble"] is None
    for price in (0.003, 0.004):
        upsert(primary, **priced(price))
        until(lambda price=price: replica.get("/api/models/id/openai/gpt-4o").json()["input_per_1k"] == price)
        asked = {"model": "openai/gpt-4o", "usage": {"input": 1000}}
        assert replica.post("/api/cost", json=asked).json()["total_cost"] == price
    body = replica.get("/api/models")
    assert {row["provider"] for row in body.json()["models"]} >= {"openai", "cohere"}
    assert len(body.json()["models"]) == len(replica.get("/api/models", params={"sort": "id"}).json()["models"])
    killed(primary)
    until(lambda: said(replica)["trouble"])
    assert replica.get("/api/models").content == body.content


@pytest.fixture
def site():
    one = Site()
    one.over_handler.server_is_over = lambda _, seconds: one.over.wait(seconds)
    yield one
    one.close()


def _rewritten(indent):
    body = json.loads(a_catalogue(count=400, sources=["registry"]))
    return json.dumps(body | {"more": [1]}, indent=indent).encode()


def _one_line_apart():
    """Rows that look as ours do, under a head that does not."""
    lines = ",\n".join(json.dumps(row, separators=(",", ":")) for row in json.loads(a_catalogue(count=400))["models"])
    return (
        f'{{\n"last_updated": "{TODAY}",\n"currency": "USD", "sources": ["registry"],\n"models": [\n{lines}\n]}}'
    ).encode()


GOOD = rows.dump(rows.load(a_catalogue(count=400), "here"))


def _disordered():
    head, *lines, last, tail = GOOD.split(b"\n")[:-1]
    return b"\n".join([head, last + b",", *lines[:-1], lines[-1].removesuffix(b","), tail, b""])


OTHERS = {
    "compact": _rewritten(None),
    "indented": _rewritten(2),
    "another head": _one_line_apart(),
    "disordered": _disordered(),
}


@pytest.mark.parametrize("body", OTHERS.values(), ids=OTHERS)
def test_a_catalogue_that_others_wrote_is_served_as_ours(site, start, body):
    site.play = conditional(body)
    replica = start(site.url, "replica", *POLL)
    told = replica.get("/api/ready").json()
    assert (told["models"], told["last_updated"], told["sources"], told["currency"]) == (
        401,
        str(TODAY),
        ["registry"],
        "USD",
    )
    whole = replica.get("/api/models")
    assert whole.content.startswith(b'{"currency":"USD","last_updated":"')
    assert whole.content.count(b'\n{"provider":') == 401
    row = replica.get("/api/models/id/private/house").json()
    assert row in whole.json()["models"]
    assert replica.get("/api/models", params={"provider": "private"}).json()["models"] == [row]


# Garbage


def _with_price(text):
    return _with(b'"input_per_token":0.000003', b'"input_per_token":' + text)


def _with(old, new):
    bad = GOOD.replace(old, new, 1)
    assert bad != GOOD
    return serve(bad)


_ABOUT_SIZE = {
    "49 models",
    "a shrunk map",
    "an endless body",
    "a gzip bomb",
    "a catalogue without rows",
    "a redirect loop",
}
GARBAGE = {case: (play, reason.removeprefix("cannot be used: ")) for case, (play, reason) in BAD.items() if case not in _ABOUT_SIZE} | {
    "a shrunk catalogue": (serve(a_catalogue(count=8)), "shrank from 401 models to 9"),
    "too few models": (serve(a_catalogue(count=2)), "has 3 models, fewer than 5"),
    "no models": (serve(a_catalogue(models=[])), "has 0 models"),
    "yesterday's catalogue": (serve(a_catalogue(TODAY - timedelta(1), count=400)), "older than the copy"),
    "a price that is NaN": (_with_price(b"NaN"), "NaN is no number"),
    "a negative price": (_with_price(b"-3e-06"), "-0.000003 is below 0"),
    "a price that is text": (_with_price(b'"much"'), "much"),
    "a price that is a list": (_with_price(b"[1]"), "."),
    "a price of an unknown meter": (_with(b'"input_per_token"', b'"input_per_wish"'), "input_per_wish"),
    "a row without a name": (_with(b'"model":"gpt-test-5"', b'"model":""'), "is no name"),
    "a row of an unknown field": (_with(b'"family"', b'"familiar"'), "is no field of a row"),
    "sources that are none": (serve(a_catalogue(count=400, sources=5)), "."),
    "an endless body": (BAD["an endless body"][0], "sends more than 32 MiB"),
    "a gzip bomb": (BAD["a gzip bomb"][0], "sends more than 64 MiB"),
}  # fmt: skip


@pytest.fixture(scope="module")
def followed(tmp_path_factory):
    """A site, and a replica that follows it."""
    site = Site()
    site.over_handler.server_is_over = lambda _, seconds: site.over.wait(seconds)
    site.play = conditional(GOOD)
    folder = tmp_path_factory.mktemp("followed")
    with serving(site.url, "--poll", "0.1", log=folder / "log", env=environment(folder / "cache")) as replica:
        yield site, replica
    site.close()


@pytest.mark.parametrize("case", GARBAGE)
def test_garbage_is_refused_with_its_reason_and_what_was_good_is_served(followed, case):
    site, replica = followed
    until(lambda: said(replica)["trouble"] is None)
    before = replica.get("/api/models")
    site.play, reason = GARBAGE[case]
    try:
        trouble = until(lambda: said(replica)["trouble"])
        after, ready = replica.get("/api/models"), replica.get("/api/ready")
        asked = {"model": "openai/gpt-test-0", "usage": {"input": 1_000_000}}
        cost = replica.post("/api/cost", json=asked).json()["total_cost"]
    finally:
        site.play = conditional(GOOD)
    assert re.search(reason, trouble), trouble
    assert (len(trouble) <= 250, trouble.isprintable()) == (True, True)
    assert (after.content, after.headers["etag"], cost) == (before.content, before.headers["etag"], 3)
    assert (ready.status_code, ready.json()["serves"], ready.json()["models"]) == (200, "primary", 401)
    until(lambda: said(replica)["trouble"] is None)


def test_the_last_good_copy_on_the_disk_is_never_garbage(followed):
    _, replica = followed
    copies = list((replica.log.parent / "cache").rglob("*.copy"))
    assert len(copies) == 1
    assert copies[0].read_bytes().endswith(GOOD)


def test_nobody_waits_for_a_primary_that_takes_its_time(site, start):
    site.play = conditional(GOOD)
    replica = start(site.url, "replica", *POLL)
    site.play = dripping(b"HTTP/1.1 200 OK\r\n\r\n")
    seen = len(site.seen)
    until(lambda: len(site.seen) > seen)
    for _ in range(20):
        assert replica.get("/api/models/id/openai/gpt-test-0").status_code == 200
        assert replica.get("/api/models").headers["etag"]
    assert said(replica)["trouble"] is None  # it may still come
    until(lambda: said(replica)["trouble"])
    assert "took longer than 10 s" in said(replica)["trouble"]
    seen = len(site.seen)
    until(lambda: len(site.seen) > seen)
    replica.process.send_signal(signal.SIGTERM)  # in the middle of such a wait
    replica.stop()
    assert "Finished server process" in replica.lines()[-1]["event"]
    assert not [line for line in replica.lines() if line["level"] == "error"]
