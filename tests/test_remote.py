"""Catalogues at URLs, against a real server on the loopback that misbehaves in every way we could think of.

Whatever it plays, the caller gets the last good copy or the bundled catalogue, and exactly one warning with the reason.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import logging
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import tracemalloc
import warnings
import zlib
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx2
import pytest

import modelry
from modelry import copies, fetch
from modelry.catalog import rows
from modelry.errors import CatalogRejected, CatalogWarning, Unpriced
from modelry.fetch import Limits
from modelry.pricing import Pricing
from modelry.records import Model
from modelry.registry import Registry
from modelry.remote import get_model_cost_map, snapshot_at
from modelry.snapshot import BUNDLED

LIMITS = Limits(seconds=5, downloaded=4 * 2**20, body=8 * 2**20, redirects=3)
HURRIED = LIMITS._replace(seconds=0.3)
TODAY = datetime.now(UTC).date()


class Site:
    """A server whose answer is `play(handler)`; it remembers the headers of every request and what it has sent."""

    def __init__(self):
        self.play = None
        self.seen = []
        self.sent = 0
        self.over = threading.Event()
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                site.seen.append(dict(self.headers) | {"path": self.path})
                site.play(self)

            def write(self, data):
                self.wfile.write(data)
                site.sent += len(data)

            def log_message(self, *_):
                pass

        class Server(ThreadingHTTPServer):
            def handle_error(self, *_):  # the client went away, as it should
                pass

        self.over_handler = Handler
        self.server = Server(("127.0.0.1", 0), Handler)
        self.base = f"http://127.0.0.1:{self.server.server_port}"
        self.url = f"{self.base}/map.json"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self):
        self.over.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(autouse=True)
def surroundings(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "*")
    for name in (
        "MODELRY_CATALOG", "MODELRY_ALIASES", "MODELRY_LOCAL_MODEL_COST_MAP", "LITELLM_LOCAL_MODEL_COST_MAP",
        "MODEL_COST_MAP_MIN_MODEL_COUNT", "MODEL_COST_MAP_MAX_SHRINK_RATIO",
    ):  # fmt: skip
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def site():
    one = Site()
    yield one
    one.close()


@pytest.fixture
def any_size(monkeypatch):
    """For tests of other things than size: sixty models are enough."""
    monkeypatch.setenv("MODEL_COST_MAP_MAX_SHRINK_RATIO", "1")


@pytest.fixture(scope="module")
def bundled():
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("MODELRY_LOCAL_MODEL_COST_MAP", "true")
        return get_model_cost_map("http://nowhere.invalid/")


@contextlib.contextmanager
def warned(pattern):
    """Exactly one warning in the block, of our category, whose text has this and points here."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield caught
    texts = [str(warning.message) for warning in caught]
    assert len(texts) == 1, texts
    assert re.search(pattern, texts[0]), texts[0]
    assert (caught[0].category, caught[0].filename) == (CatalogWarning, __file__)


# Bodies


def entries(count, price=1e-6):
    return {
        f"openai/gpt-test-{n}": {
            "litellm_provider": "openai", "mode": "chat", "input_cost_per_token": price, "output_cost_per_token": 2e-6,
        }
        for n in range(count)
    }  # fmt: skip


def a_map(count=60, **more):
    return json.dumps(entries(count) | more).encode()


def a_catalogue(day=TODAY, count=60, **more):
    card = Pricing.from_dict({"input_per_token": "0.000003", "output_per_token": "0.000004"})
    models = [Model(provider="openai", model=f"gpt-test-{n}", family="gen", pricing=(card,)) for n in range(count)]
    models.append(Model(provider="private", model="house", base_url="https://models.example", pricing=(card,)))
    body = json.loads(rows.dump(rows.Catalogue(models, ("registry",), str(day))))
    return json.dumps(body | more).encode()


MAP = a_map()


# Plays


def serve(data, status=200, **headers):
    def play(handler):
        handler.send_response(status)
        for name, value in ({"Content_Length": len(data)} | headers).items():
            handler.send_header(name.replace("_", "-"), str(value))
        handler.end_headers()
        handler.write(data)

    return play


def zipped(data):
    return serve(data, Content_Encoding="gzip")


def conditional(data, name="ETag", value='"one"', asks="If-None-Match"):
    """A server that knows its validators and sends the body only to who has another one."""

    def play(handler):
        if handler.headers.get(asks) == value:
            handler.send_response(304)
            handler.end_headers()
        else:
            serve(data, **{name: value})(handler)

    return play


def to(place, status=302):
    return serve(b"moved", status, Location=place)


def endless(chunk):
    def play(handler):
        handler.send_response(200)
        if chunk is bomb:
            handler.send_header("Content-Encoding", "gzip")
        handler.end_headers()
        for data in iter(chunk(), None):
            handler.write(data)

    return play


def spaces():
    return lambda: b" " * 65_536


def bomb():
    packer = zlib.compressobj(9, wbits=31)
    return lambda: packer.compress(bytes(2**20)) + packer.flush(zlib.Z_SYNC_FLUSH)


def dripping(head):
    def play(handler):
        handler.write(head)
        while not handler.server_is_over(0.02):
            handler.write(b"a")

    return play


def silent(handler):
    handler.server_is_over(5)


@pytest.fixture(autouse=True)
def ends(site):
    site.over_handler.server_is_over = lambda _, seconds: site.over.wait(seconds)


PACKED = gzip.compress(MAP)
DEV = json.dumps({f"p{n}": {"id": f"p{n}", "models": {"m": {"cost": {"input": 1}}}} for n in range(100)}).encode()
DAYS_AGO = TODAY - timedelta(days=4000)

BAD = {
    "an empty object": (serve(b"{}"), "is an empty object"),
    "a list": (serve(b"[1]"), "is no JSON object but a list"),
    "a number": (serve(b"5"), "is no JSON object but a bare value"),
    "nothing": (serve(b""), "is no JSON"),
    "HTML with status 200": (serve(b"\n<!doctype html><p>Sign in"), "is a page of HTML"),
    "wrong JSON": (serve(MAP[:-1]), "is no JSON: JSONDecodeError"),
    "no UTF-8": (serve(b'{"\xff": 1}'), "is no JSON: UnicodeDecodeError"),
    "depth": (serve(b'{"a":' * 100_000), "is no JSON: ValueError: nested too deeply"),
    "NaN": (serve(MAP.replace(b"1e-06", b"NaN", 1)), "is no JSON: ValueError: NaN is no number"),
    "infinity": (serve(MAP.replace(b"1e-06", b"-Infinity", 1)), "-Infinity is no number"),
    "a gigabyte of zeros": (serve(MAP.replace(b"1e-06", b"1e999999999", 1)), "1e999999999 is no number to count with"),
    "a key twice": (serve(MAP[:-1] + b"," + MAP[1:]), "'openai/gpt-test-0' stands twice in one object"),
    "a price twice": (serve(MAP.replace(b'{"lite', b'{"mode": 1, "lite', 1)), "'mode' stands twice in one object"),
    "another feed": (serve(DEV), "is neither a catalogue of modelry nor a LiteLLM model cost map"),
    "an error as JSON": (serve(b'{"error": {"message": "quota"}}'), "is neither a catalogue"),
    "49 models": (serve(a_map(49, sample_spec={"litellm_provider": "x"})), "has 49 models, fewer than 50"),
    "a shrunk map": (serve(MAP), r"shrank from \d{2,} models to 60, by more than 50%"),
    "truncated gzip": (zipped(PACKED[:-300]), "sends gzip that does not end where the body does"),
    "gzip without its end": (zipped(PACKED[:-4]), "sends gzip that does not end"),
    "gzip and more": (zipped(PACKED + b"more"), "sends gzip that does not end"),
    "no gzip": (zipped(MAP), "sends broken gzip"),
    "Brotli": (serve(MAP, Content_Encoding="br"), "sends 'br', which was not asked for"),
    "a body cut short": (serve(MAP, Content_Length=len(MAP) + 1), "cannot be fetched: RemoteProtocolError: peer closed"),
    "no HTTP": (lambda handler: handler.write(b"hello\r\n\r\n"), "cannot be fetched: RemoteProtocolError"),
    "500": (serve(MAP, 500), "answered 500"),
    "404": (serve(MAP, 404), "answered 404"),
    "401": (serve(MAP, 401), "answered 401"),
    "a part": (serve(MAP, 206), "answered 206"),
    "a redirect to nowhere": (serve(MAP, 302), "answered 302"),
    "a redirect loop": (to("/again"), "redirects more than 3 times"),
    "a redirect to a file": (to("file:///etc/passwd"), "redirects to what is no http or https URL"),
    "a redirect to FTP": (to("ftp://127.0.0.1/map"), "redirects to what is no http or https URL"),
    "a redirect to a script": (to("data:application/json,{}"), "redirects to what is no http or https URL"),
    "a redirect to garbage": (to("http://[::1"), "redirects to what is no http or https URL"),
    "an older catalogue": (serve(a_catalogue(DAYS_AGO)), rf"is of {DAYS_AGO}, older than the \w+"),
    "a catalogue of no day": (serve(a_catalogue(None)), "does not say on which day it was last updated"),
    "a catalogue of tomorrow": (serve(a_catalogue(TODAY + timedelta(2))), "which has not come yet"),
    "rows that are none": (serve(a_catalogue(models=[{"x": n} for n in range(60)])), "cannot be used: is no catalogue"),
    "a catalogue without rows": (serve(a_catalogue(models=[])), "has 0 models, fewer than 50"),
    "an endless body": (endless(spaces), "sends more than 4 MiB"),
    "a gzip bomb": (endless(bomb), "sends more than 8 MiB"),
}  # fmt: skip
SLOW = {
    "silence": silent,
    "a dripping body": dripping(b"HTTP/1.1 200 OK\r\n\r\n"),
    "dripping headers": dripping(b"HTTP/1.1 200 OK\r\nX: "),
    "a dripping chunk": dripping(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
}
ABOUT_SIZE = {"a shrunk map"}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_answer_gives_the_bundle_and_one_reason(case, site, bundled, monkeypatch):
    if case not in ABOUT_SIZE:
        monkeypatch.setenv("MODEL_COST_MAP_MAX_SHRINK_RATIO", "1")
    site.play, reason = BAD[case]
    with warned(f"{site.url} .*{reason}.*; using the bundled catalogue$"):
        assert get_model_cost_map(site.url, limits=LIMITS) == bundled
    assert site.sent < 16 * 2**20  # what an endless body got rid of before the line was cut


@pytest.mark.parametrize("case", BAD)
def test_a_bad_answer_gives_the_last_good_copy_and_one_reason(case, site, monkeypatch):
    good = entries(400, 7e-6)
    site.play = serve(json.dumps(good).encode())
    monkeypatch.setenv("MODEL_COST_MAP_MAX_SHRINK_RATIO", "1")
    assert get_model_cost_map(site.url, limits=LIMITS) == good
    if case in ABOUT_SIZE:
        monkeypatch.delenv("MODEL_COST_MAP_MAX_SHRINK_RATIO")
    site.play, reason = BAD[case]
    for _ in range(2):  # what was refused has not taken the copy's place
        with warned(f"{reason}.*; using the copy of {TODAY}$"):
            assert get_model_cost_map(site.url, limits=LIMITS) == good


def test_a_gzip_bomb_is_unpacked_no_further_than_the_limit(site, bundled):
    site.play = zipped(gzip.compress(bytes(96 * 2**20)))  # less than 100 KB on the wire
    tracemalloc.start()
    try:
        with warned("sends more than 8 MiB"):
            assert get_model_cost_map(site.url, limits=LIMITS) == bundled
        assert tracemalloc.get_traced_memory()[1] < 40 * 2**20
    finally:
        tracemalloc.stop()


def test_a_redirect_loop_is_left_after_the_limit(site):
    site.play = to("/again")
    with warned("redirects more than 3 times"):
        snapshot_at(site.url, limits=LIMITS)
    assert len(site.seen) == 1 + LIMITS.redirects


@pytest.mark.parametrize("case", SLOW)
def test_a_slow_answer_is_given_up_in_time(case, site, bundled):
    site.play = SLOW[case]
    begun = time.monotonic()
    with warned(r"took longer than 0.3 s; using the bundled catalogue"):
        path = snapshot_at(site.url, limits=HURRIED)
    assert time.monotonic() - begun < 2
    assert path == BUNDLED
    while any(thread.name == "modelry-fetch" for thread in threading.enumerate()):
        assert time.monotonic() - begun < 4, "the fetch goes on although nobody waits for it"
        time.sleep(0.01)


@pytest.mark.parametrize("case", ["HTML with status 200", "a shrunk map", "500", "rows that are none"])
def test_a_registry_of_a_bad_answer_is_the_bundled_one_then_the_last_good_copy(case, site, monkeypatch):
    ratio = "0.5" if case in ABOUT_SIZE else "1"
    monkeypatch.setenv("MODEL_COST_MAP_MAX_SHRINK_RATIO", ratio)
    site.play, reason = BAD[case]
    with warned(f"{reason}.*; using the bundled catalogue$"):
        assert Registry.open(site.url).snapshot.path == BUNDLED
    monkeypatch.setenv("MODEL_COST_MAP_MAX_SHRINK_RATIO", "1")
    site.play = serve(a_map(150))
    good = Registry.open(site.url).snapshot.path
    monkeypatch.setenv("MODEL_COST_MAP_MAX_SHRINK_RATIO", ratio)
    site.play, reason = BAD[case]
    with warned(f"{reason}.*; using the copy of {TODAY}$"):
        assert Registry.open(site.url).snapshot.path == good


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def test_nobody_listens(bundled):
    with warned(r"cannot be fetched: ConnectError: .*refused"):
        assert get_model_cost_map(f"http://127.0.0.1:{free_port()}/map.json") == bundled


@pytest.mark.parametrize(
    "url",
    [
        "",
        "map.json",
        "htp://x/y",
        "file:///etc/passwd",
        "http://",
        "http://[::1",
        "http://127.0.0.1:99999/",
        "http://\n/",
    ],
)
def test_what_is_no_url_gives_the_bundle(url, bundled):
    with warned(r"is no http or https URL|is no URL that can be read"):
        assert get_model_cost_map(url) == bundled


# What is good


def test_a_good_map_is_returned_as_it_is(site, bundled):
    grown = bundled | entries(3) | {"fallback_generalizations": {"x": [1, 2.5, None]}}
    site.play = zipped(gzip.compress(json.dumps(grown).encode()))
    assert get_model_cost_map(site.url) == grown


def test_prices_are_the_floats_that_litellm_has(site, any_size):
    site.play = serve(MAP.replace(b"1e-06", b"0.00000125", 1))
    price = get_model_cost_map(site.url)["openai/gpt-test-0"]["input_cost_per_token"]
    assert (price, type(price)) == (1.25e-06, float)


def test_a_catalogue_of_ours_is_a_map_too(site, any_size):
    site.play = serve(a_catalogue())
    found = get_model_cost_map(site.url)
    assert found["openai/gpt-test-0"]["input_cost_per_token"] == 3e-06
    assert "sample_spec" in found


def test_a_registry_of_a_catalogue_of_ours(site, any_size):
    site.play = serve(a_catalogue())
    registry = Registry.open(site.url)
    assert registry.cost("openai/gpt-test-1", input=1_000).total_cost == Decimal("0.003")
    assert registry.cost("private/house", input=1_000).total_cost == Decimal("0.003")  # of no provider that we know
    assert len(registry.models()) == 61


def test_a_registry_of_a_map(site, any_size):
    data = entries(60)
    data["gpt-4o"] = entries(1, 9e-6)["openai/gpt-test-0"]
    data["azure/gpt-4o"] = data["gpt-4o"] | {"litellm_provider": "azure"}
    data["newhost/m"] = data["gpt-4o"] | {"litellm_provider": "newhost"}
    zero = {"input_cost_per_token": 0.0, "output_cost_per_token": 0.0}
    data["openai/gpt-nothing"] = data["gpt-4o"] | zero
    site.play = serve(json.dumps(data).encode())
    registry = Registry.open(site.url)
    assert registry.cost("gpt-4o", input=1_000).total_cost == Decimal("0.009")  # the maker's: the bundle knows whose
    assert registry.cost("azure/gpt-4o", input=1_000).total_cost == Decimal("0.009")
    assert registry.cost("newhost/m", input=1_000).total_cost == Decimal("0.009")
    with pytest.raises(Unpriced):  # two zeros in a feed are no price
        registry.cost("openai/gpt-nothing", input=1_000, strict=True)
    assert len(registry.models()) == 64


@pytest.mark.parametrize(
    "wrong",
    [
        {"input_cost_per_token": -1e-6},
        {"input_cost_per_token": 1e59},
        {"max_input_tokens": 10**400},
        {"mode": "\ud800"},
    ],
)
def test_one_bad_value_of_a_map_is_unknown_and_stops_nothing(wrong, site, any_size):
    data = entries(60)
    data["openai/gpt-test-5"] |= wrong
    data["openai/\ud800"] = data["openai/gpt-test-6"]
    site.play = serve(json.dumps(data).encode())
    registry = Registry.open(site.url)
    assert len(registry.models()) == 60
    model = registry.get("openai/gpt-test-5")
    assert (model.max_input_tokens, model.mode) == (None, None if "mode" in wrong else "chat")
    with pytest.raises(Unpriced) if "input_cost_per_token" in wrong else contextlib.nullcontext():
        assert registry.cost("openai/gpt-test-5", input=1_000, strict=True).total_cost == Decimal("0.001")


def test_modelry_catalog_may_be_a_url(site, any_size, monkeypatch):
    site.play = serve(a_catalogue())
    monkeypatch.setenv("MODELRY_CATALOG", site.url.replace("http", "HTTP", 1))
    assert Registry.open().cost("openai/gpt-test-1", input=1).total_cost == Decimal("0.000003")


def test_a_map_is_new_each_time(site, any_size, monkeypatch):
    site.play = conditional(MAP)
    first = get_model_cost_map(site.url)
    first["openai/gpt-test-0"]["input_cost_per_token"] = 5
    del first["openai/gpt-test-1"]
    assert get_model_cost_map(site.url) == json.loads(MAP)
    monkeypatch.setenv("MODELRY_LOCAL_MODEL_COST_MAP", "true")
    whole = get_model_cost_map(site.url)
    name, entry = next((key, entry) for key, entry in whole.items() if entry.get("supported_modalities"))
    entry["supported_modalities"].append("smell")
    assert "smell" not in get_model_cost_map(site.url)[name]["supported_modalities"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed(status, site, any_size):
    site.play = lambda handler: (to("/other", status) if handler.path == "/map.json" else serve(MAP))(handler)
    assert get_model_cost_map(site.url) == json.loads(MAP)
    assert [seen["path"] for seen in site.seen] == ["/map.json", "/other"]


def test_a_redirect_from_https_to_http_is_refused():
    def answer(request):
        location = {"Location": "http://feeds.example/plain"} if request.url.scheme == "https" else {}
        return httpx2.Response(302 if location else 200, headers=location, stream=httpx2.ByteStream(MAP))

    with httpx2.Client(transport=httpx2.MockTransport(answer)) as client:
        with pytest.raises(fetch.Unfit, match="from https to http"):
            fetch._download(client, client.build_request("GET", "https://feeds.example/map"), LIMITS)
        assert fetch._download(client, client.build_request("GET", "http://feeds.example/map"), LIMITS).body == MAP


# Size


def test_like_is_counted_with_like(site, monkeypatch):
    monkeypatch.setenv("MODEL_COST_MAP_MAX_SHRINK_RATIO", "1")
    site.play = serve(a_map(120))
    get_model_cost_map(site.url)
    monkeypatch.delenv("MODEL_COST_MAP_MAX_SHRINK_RATIO")
    site.play = serve(a_map(59, sample_spec={}, fallback_generalizations={}))
    with warned("shrank from 120 models to 59"):
        assert len(get_model_cost_map(site.url)) == 120
    site.play = serve(a_map(60))  # half of it is the most that may go
    assert len(get_model_cost_map(site.url)) == 60


def test_what_the_bundle_has_from_litellm_is_what_its_map_is_compared_with():
    map_, catalogue = copies.bundled_count("litellm"), copies.bundled_count("modelry")
    assert 1_000 < map_ <= catalogue


def test_another_shape_than_the_copy_has_is_compared_with_the_bundle(site, monkeypatch):
    monkeypatch.setenv("MODEL_COST_MAP_MAX_SHRINK_RATIO", "1")
    site.play = serve(a_map(60))
    get_model_cost_map(site.url)
    monkeypatch.delenv("MODEL_COST_MAP_MAX_SHRINK_RATIO")
    site.play = serve(a_catalogue(count=100))
    with warned(f"shrank from {copies.bundled_count('modelry')} models to 101"):
        get_model_cost_map(site.url)


def test_an_older_catalogue_than_the_copy_is_refused_and_one_of_the_same_day_is_not(site, any_size):
    site.play = serve(a_catalogue(TODAY, 60))
    first = snapshot_at(site.url)
    site.play = serve(a_catalogue(TODAY - timedelta(1), 61))
    with warned(f"is of {TODAY - timedelta(1)}, older than the copy of {TODAY}; using the copy"):
        assert snapshot_at(site.url) == first
    site.play = serve(a_catalogue(TODAY, 62))
    assert snapshot_at(site.url) != first


# The environment


@pytest.mark.parametrize("name", ["MODELRY_LOCAL_MODEL_COST_MAP", "LITELLM_LOCAL_MODEL_COST_MAP"])
@pytest.mark.parametrize("value", ["true", "True", "1", "yes", "on"])
def test_local_means_the_bundle_without_a_request(name, value, site, bundled, monkeypatch):
    site.play = serve(MAP)
    monkeypatch.setenv(name, value)
    assert get_model_cost_map(site.url) == bundled
    assert Registry.open(site.url).snapshot.path == BUNDLED
    assert site.seen == []


@pytest.mark.parametrize("value", ["", "false", "0", "no"])
def test_what_is_not_true_is_not_local(value, site, any_size, monkeypatch):
    site.play = serve(MAP)
    monkeypatch.setenv("MODELRY_LOCAL_MODEL_COST_MAP", value)
    assert get_model_cost_map(site.url) == json.loads(MAP)


def test_the_least_number_of_models_is_the_environments(site, any_size, monkeypatch):
    site.play = serve(a_map(20))
    monkeypatch.setenv("MODEL_COST_MAP_MIN_MODEL_COUNT", "20")
    assert len(get_model_cost_map(site.url)) == 20
    monkeypatch.setenv("MODEL_COST_MAP_MIN_MODEL_COUNT", "21")
    with warned("has 20 models, fewer than 21"):
        get_model_cost_map(site.url)


@pytest.mark.parametrize(("ratio", "taken"), [("0.4", True), ("0.39", False), ("0", False), ("1", True)])
def test_the_most_shrink_is_the_environments(ratio, taken, site, monkeypatch):
    monkeypatch.setenv("MODEL_COST_MAP_MAX_SHRINK_RATIO", "1")
    site.play = serve(a_map(100))
    get_model_cost_map(site.url)
    monkeypatch.setenv("MODEL_COST_MAP_MAX_SHRINK_RATIO", ratio)
    site.play = serve(a_map(60))
    with contextlib.nullcontext() if taken else warned("shrank from 100 models to 60"):
        assert len(get_model_cost_map(site.url)) == (60 if taken else 100)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MODEL_COST_MAP_MIN_MODEL_COUNT", "fifty"),
        ("MODEL_COST_MAP_MIN_MODEL_COUNT", "-1"),
        ("MODEL_COST_MAP_MIN_MODEL_COUNT", "2.5"),
        ("MODEL_COST_MAP_MAX_SHRINK_RATIO", "50%"),
        ("MODEL_COST_MAP_MAX_SHRINK_RATIO", "1.5"),
        ("MODEL_COST_MAP_MAX_SHRINK_RATIO", "nan"),
    ],
)
def test_a_limit_that_is_none_is_an_error(name, value, site, monkeypatch):
    monkeypatch.setenv(name, value)
    with pytest.raises(CatalogRejected, match=f"{name}: '{re.escape(value)}' is no limit; give a"):
        get_model_cost_map(site.url)
    assert site.seen == []


# The copy on disk


@pytest.mark.parametrize(
    ("name", "value", "asks"),
    [("ETag", 'W/"one"', "If-None-Match"), ("Last-Modified", "Sat, 21 Nov 2026 00:00:00 GMT", "If-Modified-Since")],
)
@pytest.mark.parametrize("face", [get_model_cost_map, lambda url: Registry.open(url).snapshot.path])
def test_what_has_not_changed_is_not_sent_again(name, value, asks, face, site, any_size):
    site.play = conditional(MAP, name, value, asks)
    first = face(site.url)
    sent = site.sent
    assert face(site.url) == first
    assert [seen.get(asks) for seen in site.seen] == [None, value]
    assert site.sent == sent
    site.play = conditional(a_map(70), name, value + "2", asks)
    assert face(site.url) != first


@pytest.mark.parametrize("value", ['"\xe9"', '"' + "a" * 5_000 + '"', ""])
def test_a_validator_that_is_none_is_not_sent_back(value, site, any_size):
    site.play = serve(MAP, ETag=value)
    for _ in range(2):
        assert get_model_cost_map(site.url) == json.loads(MAP)
    assert "If-None-Match" not in site.seen[1]


def test_a_304_that_nobody_asked_for(site, bundled):
    site.play = serve(b"", 304)
    with warned("answered 304; using the bundled catalogue"):
        assert get_model_cost_map(site.url) == bundled


def test_the_copy_of_one_url_is_not_that_of_another(site, any_size, bundled):
    site.play = serve(MAP)
    get_model_cost_map(site.url)
    site.play = serve(MAP, 500)
    with warned("answered 500; using the bundled"):
        assert get_model_cost_map(f"{site.base}/other.json") == bundled


DAMAGE = {
    "a bit": lambda data: data[:-9] + bytes([data[-9] ^ 1]) + data[-8:],
    "a bit of the head": lambda data: data[:80] + bytes([data[80] ^ 1]) + data[81:],
    "the end": lambda data: data[:-1],
    "all": lambda _: b"",
    "everything": lambda _: b"\0" * 4096,
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_copy_is_fetched_anew_and_never_used(damage, site, any_size, bundled, tmp_path):
    site.play = conditional(MAP)
    get_model_cost_map(site.url)
    (copy,) = (tmp_path / "cache").rglob("*.copy")
    whole = copy.read_bytes()
    copy.write_bytes(damage(whole))
    site.play = serve(b"", 500)
    with warned("answered 500; using the bundled catalogue"):
        assert get_model_cost_map(site.url) == bundled
    site.play = conditional(MAP)
    assert get_model_cost_map(site.url) == json.loads(MAP)
    assert "If-None-Match" not in site.seen[-1]
    assert copy.read_bytes() == whole


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_snapshot_is_compiled_anew(damage, site, any_size):
    site.play = conditional(a_catalogue())
    path = Path(Registry.open(site.url).snapshot.path)
    path.write_bytes(damage(path.read_bytes()))
    assert len(Registry.open(site.url).models()) == 61
    path.unlink()
    assert len(Registry.open(site.url).models()) == 61


def test_a_copy_that_cannot_be_written_does_not_matter(site, any_size, tmp_path):
    site.play = serve(MAP)
    get_model_cost_map(site.url)
    (copy,) = (tmp_path / "cache").rglob("*.copy")
    copy.unlink()
    copy.mkdir()
    assert get_model_cost_map(site.url) == json.loads(MAP)


def test_a_snapshot_that_cannot_be_written_gives_the_bundle(site, any_size, tmp_path):
    site.play = serve(MAP)
    path = Path(Registry.open(site.url).snapshot.path)
    path.unlink()
    path.mkdir()
    with warned("cannot be used: .*; using the bundled catalogue"):
        assert Registry.open(site.url).snapshot.path == BUNDLED


def test_where_nothing_can_be_written_a_map_is_fetched_all_the_same(site, any_size, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null/nowhere")
    monkeypatch.setattr(tempfile, "tempdir", "/dev/null/nowhere")
    site.play = serve(MAP)
    assert get_model_cost_map(site.url) == json.loads(MAP)
    with warned("cannot be used: cannot be written anywhere .*; using the bundled catalogue"):
        assert Registry.open(site.url).snapshot.path == BUNDLED


def test_snapshots_of_earlier_contents_do_not_pile_up(site, any_size):
    site.play = serve(a_catalogue(count=60))
    old = Path(snapshot_at(site.url))
    os.utime(old, (time.time() - 90_000,) * 2)
    site.play = serve(a_catalogue(count=61))
    recent = Path(snapshot_at(site.url))
    site.play = serve(a_catalogue(count=62))
    assert Path(snapshot_at(site.url)).exists()
    assert (old.exists(), recent.exists()) == (False, True)


def python(code, *arguments, **environment):
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=os.environ | environment,
    )  # fmt: skip


def output_of(process):
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    return out, err


def test_two_processes_at_once(site, any_size, tmp_path):
    together = threading.Barrier(2)

    def play(handler):
        with contextlib.suppress(threading.BrokenBarrierError):
            together.wait(10)
        conditional(MAP)(handler)

    site.play = play
    code = (
        "import sys, json, warnings; warnings.simplefilter('error'); import modelry\n"
        "registry = modelry.Registry.open(sys.argv[1])\n"
        "found = modelry.get_model_cost_map(sys.argv[1])\n"
        "print(json.dumps([found, len(registry.models())]))"
    )
    both = [python(code, site.url), python(code, site.url)]
    assert [json.loads(output_of(one)[0]) for one in both] == [[json.loads(MAP), 60]] * 2
    assert sorted(seen.get("If-None-Match", "") for seen in site.seen) == ["", "", '"one"', '"one"']
    names = sorted(path.suffix for path in (tmp_path / "cache/modelry/remote").iterdir())
    assert names == [".copy", ".sha256", ".sqlite"]


# What is told, and to whom

SECRETS = "s3cret", "hunter2", "alice", "frag"


@pytest.mark.parametrize(
    "case", ["500", "HTML with status 200", "a redirect loop", "a body cut short", "nobody", "slow"]
)
def test_credentials_are_sent_and_never_told(case, site, any_size, tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    host = site.base.removeprefix("http://") if case != "nobody" else f"127.0.0.1:{free_port()}"
    url = f"http://alice:s3cret@{host}/map.json?token=hunter2#frag"
    site.play = serve(MAP)
    if case != "nobody":
        assert get_model_cost_map(url) == json.loads(MAP)
        assert site.seen[-1]["Authorization"] == "Basic YWxpY2U6czNjcmV0"
        assert site.seen[-1]["path"] == "/map.json?token=hunter2"
    site.play = silent if case == "slow" else BAD.get(case, (None,))[0]
    with warned(rf"^http://\*\*\*@{host}/map\.json ") as caught:
        get_model_cost_map(url, limits=HURRIED)
    kept = [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    told = [str(caught[0].message), *(path.name + path.read_text("latin-1") for path in kept)]
    assert not [secret for secret in SECRETS for text in told if secret in text]
    assert not [secret for secret in ("alice", "s3cret", "YWxpY2U") if secret in caplog.text]
    if kept:
        assert (kept[0].parent.stat().st_mode & 0o77) == 0


def test_a_password_does_not_follow_a_redirect_to_another_host(site, any_size):
    other = Site()
    try:
        site.play = to(f"{other.base}/map.json")
        other.play = serve(MAP)
        get_model_cost_map(site.url.replace("//", "//alice:s3cret@"))
    finally:
        other.close()
    assert "Authorization" in site.seen[0]
    assert "Authorization" not in other.seen[0]


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("https://host/a/map.json", "https://host/a/map.json"),
        ("https://u:p@host:81/map.json?sig=x", "https://***@host:81/map.json"),
        ("https://token@host/map.json#x", "https://***@host/map.json"),
        ("https://u:p@ss@host/map", "https://***@host/map"),
        ("https://u:12/34@host/map", "https://***@host/map"),
        ("https://u:p?q@host/map", "https://***@host/map"),
        ("https://host/\x1b[31mred\n", "https://host/?[31mred?"),
        ("s3cret", "what is no URL"),
    ],
)
def test_urls_are_shown_without_secrets(url, text):
    assert fetch.shown(url) == text


def test_a_warning_points_at_the_caller_however_he_came(site, tmp_path):
    site.play = serve(b"{}")
    script = tmp_path / "caller.py"
    lines = [
        "import modelry",
        "modelry.get_model_cost_map(URL)",
        "modelry.Registry.open(URL)",
        "modelry.cost('gpt-4o', input=1)",
    ]
    script.write_text("\n".join(lines).replace("URL", repr(site.url)))
    done = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, check=True,
        env=os.environ | {"MODELRY_CATALOG": site.url},
    )  # fmt: skip
    where = re.findall(
        r"^(.*):(\d+): CatalogWarning: .* is an empty object; using the bundled", done.stderr, re.MULTILINE
    )
    assert where == [(str(script), "2"), (str(script), "3"), (str(script), "4")]


def test_a_name_imported_from_modelry_warns_where_it_is_imported(site, tmp_path):
    site.play = serve(b"{}")
    script = tmp_path / "caller.py"
    script.write_text("import sys\nfrom modelry import cost\n")
    process = python(f"import runpy; runpy.run_path({str(script)!r})", MODELRY_CATALOG=site.url)
    assert f"{script}:2: CatalogWarning" in output_of(process)[1]


# Imports

NO_NETWORK = """
import sys
def refuse(event, arguments):
    if event.startswith("socket."):
        raise SystemExit(f"{event} {arguments}")
sys.addaudithook(refuse)
"""


def test_importing_modelry_touches_no_network(site):
    code = NO_NETWORK + "import modelry, modelry.remote\ndir(modelry); modelry.get_model_cost_map; modelry.Registry\n"
    output_of(python(code, MODELRY_CATALOG=site.url))
    assert site.seen == []


def test_the_audit_would_see_a_request(site):
    process = python(f"{NO_NETWORK}import modelry\nmodelry.get_model_cost_map({site.url!r})")
    assert "socket." in process.communicate(timeout=30)[1]


@pytest.mark.parametrize("call", ["get_model_cost_map", "Registry.open"])
def test_without_httpx2_the_error_says_what_to_install(call, site):
    code = (
        "import sys; sys.modules['httpx2'] = None\nimport modelry\n"
        f"try:\n    modelry.{call}(sys.argv[1])\n"
        "except modelry.CatalogRejected as error:\n    print(error)\n"
    )
    url = site.url.replace("//", "//alice:s3cret@")
    out, _ = output_of(python(code, url))
    assert "needs httpx2: pip install 'modelry[refresh]'" in out
    assert "s3cret" not in out
    assert output_of(python(code, url, LITELLM_LOCAL_MODEL_COST_MAP="true")) == ("", "")


def test_a_catalogue_at_a_url_needs_httpx2_alone(site, any_size):
    site.play = serve(MAP)
    code = (
        "import sys\nfor name in ('yaml', 'pydantic', 'click', 'rich'): sys.modules[name] = None\nimport modelry\n"
        "print(len(modelry.Registry.open(sys.argv[1]).models()), len(modelry.get_model_cost_map(sys.argv[1])))"
    )
    assert output_of(python(code, site.url))[0] == "60 60\n"


def test_the_public_name_is_the_function():
    assert modelry.get_model_cost_map is get_model_cost_map
