"""A server whose files others write too, and one that is told to stop while it works."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import tracemalloc
import weakref

import httpx2
import pytest
from roots import gen, small
from serving import PATIENCE, START, Server, full_root, serving, until

from modelry.catalog import files, operator, rows
from modelry.catalog.store import Store
from modelry.errors import InvalidFilter
from modelry.server import create_app
from modelry.server.prepared import Body
from modelry.server.settings import Settings
from modelry.server.source import Local


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def root(tmp_path):
    return small(tmp_path / "root")


@pytest.fixture
def server(root, tmp_path):
    with serving(root, log=tmp_path / "log") as running:
        yield running


def notes(server, model="openai/gpt-4o"):
    return server.get(f"/api/models/id/{model}").json().get("notes")


def cost(server, model="openai/gpt-4o"):
    asked = server.post("/api/cost", json={"model": model, "usage": {"input": 1_000_000}})
    return asked.json().get("total_cost")


def upsert(server, **fields):
    asked = {"provider": "openai", "model": "gpt-4o"} | fields
    return server.post("/api/models/upsert", json=asked).raise_for_status().json()


def modelry(*arguments):
    done = subprocess.run([sys.executable, "-m", "modelry", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


# Reading what was just written


def test_who_writes_reads_it_at_once_whatever_is_asked(server):
    tag = None
    for number in range(1, 31):
        row = upsert(server, model="mine", input_per_1k=number, output_per_1k=number, family="gen", unit="1k_tokens")[
            "model"
        ]
        with httpx2.Client(base_url=server.url) as other:
            assert other.get("/api/models/id/openai/mine").json() == row
            whole = other.get("/api/models", headers={"If-None-Match": tag or '"none"'})
            assert row in whole.json()["models"]
            assert whole.headers["etag"] != tag
            assert cost(other, "openai/mine") == 1000 * number
            assert row in other.get("/api/models/providers/openai").json()
            assert row in other.get("/api/models/by-type/GEN").json()
            assert other.get("/api/models", params={"q": "mine"}).json()["models"] == [row]
        tag = whole.headers["etag"]


# Others who write


WRITE = """
import sys
from modelry.catalog.store import Store
Store(sys.argv[1]).upsert({"provider": "openai", "model": "gpt-4o", "notes": "by another",
                           "input_per_1k": 0.5, "output_per_1k": 0.5}, "another")
"""


def test_what_another_process_writes_is_served_without_a_restart(server, root):
    before = server.get("/api/models").headers["etag"]
    assert cost(server) == 2.5
    subprocess.run([sys.executable, "-c", WRITE, root], check=True)
    until(lambda: notes(server) == "by another")
    assert cost(server) == 500
    whole = server.get("/api/models", headers={"If-None-Match": before})
    assert (whole.status_code, whole.content) == (200, (root / files.CATALOGUE).read_bytes())
    changes = server.get("/api/models/history/openai/gpt-4o").json()["changes"]
    assert [change["who"] for change in changes] == ["another"]


def test_a_build_after_an_edit_of_the_registry_is_served_and_stays_under_later_writes(server, root):
    path = root / "v1" / "models" / "gpt.yaml"
    path.write_text(path.read_text().replace("128000", "256000").replace("updated: 2026-06-01", "updated: 2026-11-01"))
    modelry("build", "--data", str(root))
    until(lambda: server.get("/api/models/id/openai/gpt-4o").json()["context"] == 256_000)
    upsert(server, notes="mine")
    row = server.get("/api/models/id/openai/gpt-4o").json()
    assert (row["context"], row["notes"]) == (256_000, "mine")


def test_another_name_of_a_provider_is_known_after_a_build_that_changes_no_row(server, root):
    upsert(server, notes="mine")
    assert server.get("/api/resolve", params={"name": "aio/gpt-4o"}).status_code == 404
    before = server.get("/api/models").headers["etag"]
    manifest = root / "v1" / "providers" / "openai.yaml"
    manifest.write_text(manifest.read_text().replace("[oai]", "[oai, aio]"))
    modelry("build", "--data", str(root))
    until(lambda: server.get("/api/resolve", params={"name": "aio/gpt-4o"}).status_code == 200)
    assert server.get("/api/models").headers["etag"] == before
    assert len(server.get("/api/models/providers/aio").json()) == 4


def test_two_servers_of_one_root_see_each_others_writes_and_lose_none(server, root, tmp_path):
    with serving(root, log=tmp_path / "other") as other:
        for number in range(10):
            one, two = (server, other) if number % 2 else (other, server)
            upsert(one, model=f"m-{number}", notes=f"no {number}", **gen_fields())
            until(lambda two=two, number=number: notes(two, f"openai/m-{number}") == f"no {number}")
            assert upsert(two, notes=f"no {number}")["action"] == "updated"
        until(lambda: server.get("/api/models").headers["etag"] == other.get("/api/models").headers["etag"])
    found = {row["model"] for row in server.get("/api/models/providers/openai").json()}
    assert {f"m-{number}" for number in range(10)} <= found
    assert len(operator.Log(root / files.LOG).read()[0]) == 20


def gen_fields():
    return {
        name: value
        for name, value in gen(input_per_1k=0.1, output_per_1k=0.1).items()
        if name not in ("provider", "model")
    }


def test_the_next_start_serves_what_was_acknowledged_before_a_crash(root, tmp_path):
    Store(root).recover()
    log = operator.Log(root / files.LOG)
    entry = operator.Entry("2026-11-20T12:00:00.000000Z", "me", "openai", "gpt-4o", "upsert", {"notes": "acknowledged"})
    log.append([operator.line_of(entry)], log.read()[1])
    with serving(root, log=tmp_path / "log") as server:
        assert notes(server) == "acknowledged"
    assert (root / files.CATALOGUE).read_bytes() == (root / files.MIRROR).read_bytes()


# What is no catalogue


def _half(data):
    return data[: len(data) // 2]


def _pretty(data):
    return json.dumps(json.loads(data), indent=2).encode()


@pytest.mark.parametrize("spoil", [_half, _pretty, lambda _: b"", lambda _: b"<html>", lambda _: b"\xff\xfe\0"])
def test_a_file_that_is_no_catalogue_is_told_once_and_what_was_served_still_is(server, root, tmp_path, spoil):
    upsert(server, notes="good")
    path = root / files.CATALOGUE
    good = path.read_bytes()
    path.write_bytes(spoil(good))  # not as we do it: into the file itself
    until(lambda: notes(server) and "no catalogue" in server.log.read_text())
    for _ in range(30):
        assert server.get("/api/models").content == good
        assert (notes(server), cost(server)) == ("good", 2.5)
    assert server.get("/api/ready").json()["ready"] is True
    assert sum("no catalogue" in line["event"] for line in server.lines()) == 1
    path.write_bytes(good.replace(b'"good"', b'"best"'))
    until(lambda: notes(server) == "best")
    path.write_bytes(spoil(good))
    time.sleep(0.05)
    assert upsert(server, notes="mended")["action"] == "updated"
    assert notes(server) == "mended"
    assert path.read_bytes() == (root / files.MIRROR).read_bytes() == server.get("/api/models").content


def test_a_file_that_grows_while_it_is_read_is_served_when_it_is_whole(server, root):
    upsert(server, notes="good")
    path = root / files.CATALOGUE
    good = path.read_bytes()
    new = good.replace(b'"good"', b'"slowly written"')
    with path.open("wb", buffering=0) as file:
        for start in range(0, len(new), len(new) // 20):
            file.write(new[start : start + len(new) // 20])
            assert server.get("/api/models").content in (good, new)
            assert notes(server) in ("good", "slowly written")
            time.sleep(0.025)  # the server looks every 0.02 s
    until(lambda: notes(server) == "slowly written")


def test_a_file_that_goes_away_is_missed_by_nobody(server, root):
    upsert(server, notes="good")
    (root / files.CATALOGUE).unlink()
    time.sleep(0.05)
    assert (notes(server), cost(server)) == ("good", 2.5)
    upsert(server, notes="better")
    assert (root / files.CATALOGUE).read_bytes() == (root / files.MIRROR).read_bytes()


# Being told to stop


@contextlib.contextmanager
def slowly(server, path, piece=200_000, pause=0.02):
    """A reader of one large answer who takes his time; gives a function that reads on to the end."""
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        connection.connect(("127.0.0.1", server.port))
        connection.settimeout(PATIENCE)
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nX-Request-ID: slow\r\n\r\n".encode())
        answer = bytearray(connection.recv(1000))

        def rest():
            while data := connection.recv(piece):
                answer.extend(data)
                time.sleep(pause)
            return bytes(answer)

        yield rest


def test_what_is_under_way_ends_well_when_the_server_is_told_to_stop(tmp_path):
    root = full_root(tmp_path)
    server = Server(root, log=tmp_path / "log").wait()
    whole = server.get("/api/models")
    answers = []

    def write():
        answers.append(upsert(server, notes="under way"))  # the first one loads all claims, which takes a while

    writer = threading.Thread(target=write)
    with slowly(server, "/api/models") as rest:
        writer.start()
        time.sleep(0.3)
        assert not answers
        server.process.send_signal(signal.SIGTERM)
        head, _, body = rest().partition(b"\r\n\r\n")
    writer.join()
    code = server.stop()
    assert b" 200 OK" in head
    assert rows.content_of(body) == whole.headers["etag"].strip('"').removesuffix("-gzip")
    assert answers[0]["action"] == "updated"
    assert json.loads(rows.line_in((root / files.CATALOGUE).read_bytes(), "openai", "gpt-4o"))["notes"] == "under way"
    assert (root / files.CATALOGUE).read_bytes() == (root / files.MIRROR).read_bytes()
    told = [line for line in server.lines() if line["logger"] == "modelry.access"]
    assert [(line["status"], line["bytes"]) for line in told if line["request_id"] == "slow"] == [(200, len(body))]
    assert [line["status"] for line in told if line["method"] == "POST"] == [200]
    with pytest.raises(ConnectionError), socket.create_connection(("127.0.0.1", server.port)):
        pass
    assert code == 0


def test_a_write_that_takes_longer_than_a_stopping_server_waits_is_answered(tmp_path):
    has_begun, may_end = threading.Event(), threading.Event()

    def change():
        has_begun.set()
        return may_end.wait(PATIENCE) and "written"

    async def stopped():
        writing = asyncio.create_task(Local(tmp_path).write(change))
        await asyncio.to_thread(has_begun.wait, PATIENCE)
        writing.cancel()  # as uvicorn does to what is left
        await asyncio.sleep(0)
        may_end.set()
        return await writing

    assert asyncio.run(stopped()) == "written"


def test_every_request_is_told_although_the_server_stops_at_once(server):
    asked = [
        server.get("/api/models", headers={"X-Request-ID": f"r-{number}"}).headers["x-request-id"]
        for number in range(300)
    ]
    server.stop()
    assert [line["request_id"] for line in server.lines() if line.get("request_id", "").startswith("r-")] == asked


async def _asked(app, path):
    """One question to an app that runs here, between its start and its end."""
    told, done = asyncio.Queue(), asyncio.Event()

    async def send(message):
        if message["type"].endswith("startup.complete"):
            done.set()

    life = asyncio.create_task(app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, told.get, send))
    await told.put({"type": "lifespan.startup"})
    await asyncio.wait_for(done.wait(), START)
    scope = {"type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b"",
             "headers": [(b"host", b"localhost")], "client": ("127.0.0.1", 1), "state": {}}  # fmt: skip
    await app(scope, asyncio.Queue().get, send)
    await told.put({"type": "lifespan.shutdown"})
    await life


def test_the_last_line_of_the_log_is_written_before_the_end(root, capsys):
    asyncio.run(_asked(create_app(Settings(str(root), bound_to_loopback=True)), "/api/health"))
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["path"] == "/api/health"


def test_a_log_that_cannot_be_written_is_tried_again_and_kept_from_growing(root, monkeypatch, capsys):
    app = create_app(Settings(str(root)))
    scope = {"method": "GET", "raw_path": b"/x", "client": None}

    async def tell(request_id):
        app.access.tell(scope, request_id, 200, 0, 0.0)
        await asyncio.sleep(0.1)

    with contextlib.suppress(OSError), open("/dev/full", "w", encoding="ascii") as full:  # noqa: PTH123
        monkeypatch.setattr(sys, "stdout", full)
        asyncio.run(tell("lost"))
        monkeypatch.undo()
    asyncio.run(tell("told"))
    assert [json.loads(line)["request_id"] for line in capsys.readouterr().out.splitlines()] == ["told"]


# What is let go


def test_an_old_edition_is_let_go_when_the_next_one_is_there(root, monkeypatch):
    async def editions():
        local = Local(root)
        await local.start()
        seen = []
        for number in range(3):
            await local.write(
                local.store.upsert, {"provider": "openai", "model": "gpt-4o", "notes": f"no {number}"}, "me"
            )
            edition = await local.edition()
            await edition.whole()
            registry = await edition.registry()
            await edition.kept("some", lambda _: Body(b"x" * 5_000))
            with pytest.raises(InvalidFilter):
                await edition.kept("wrong", lambda registry: registry.models(sort="color"))
            seen += [weakref.ref(edition), weakref.ref(registry)]
            del edition, registry
        for _ in range(200):  # what was being made may still hold one
            kept = [reference() is not None for reference in seen]
            if not any(kept[:-2]):
                break
            await asyncio.sleep(0.02)
        await local.stop()
        return kept

    gc.disable()  # a circle would keep what takes ten megabytes for minutes
    try:
        assert asyncio.run(editions()) == [False, False, False, False, True, True]
    finally:
        gc.enable()


def test_questions_that_fail_are_not_kept(root):
    async def asked(times):
        local = Local(root)
        await local.start()
        edition = await local.edition()
        for number in range(times):
            with pytest.raises(InvalidFilter):
                await edition.kept(f"{number}" * 5_000, lambda registry: registry.models(sort="color"))
        gc.collect()
        taken, _ = tracemalloc.get_traced_memory()
        await local.stop()
        return taken

    tracemalloc.start()
    try:
        assert asyncio.run(asked(300)) - asyncio.run(asked(1)) < 1_000_000
    finally:
        tracemalloc.stop()


def test_no_file_is_left_behind(root, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    with serving(root, log=tmp_path / "log") as server:
        for number in range(4):
            upsert(server, notes=f"no {number}")
            assert cost(server) == 2.5
        assert len(list((tmp_path / "tmp").rglob("*.sqlite"))) == 1
        assert len(list((tmp_path / "cache").rglob("*.sqlite"))) == 1  # the first one's
    assert list((tmp_path / "tmp").iterdir()) == []


def test_what_a_killed_server_left_is_removed_a_day_later(root, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    old, young, others = folders = [
        tmp_path / "tmp" / name for name in ("modelry-serving-1", "modelry-serving-2", "modelry-0")
    ]
    for folder in folders:
        folder.mkdir(parents=True)
        (folder / "1.sqlite").touch()
    for folder in (old, others):
        os.utime(folder, (0, 0))
    with serving(root, log=tmp_path / "log") as server:
        upsert(server, notes="x")
        assert cost(server) == 2.5
    assert sorted((tmp_path / "tmp").iterdir()) == [others, young]
