"""A server that is killed, written beside and stopped: nothing acknowledged is lost, and nobody sees half of anything.

Every write carries a number that grows. Whoever asks knows the least number that the answer may show: that of the last
write that was acknowledged, or seen by anybody, before the question was sent. So one check says that each writer reads
its writes, that readers never go back in time, and that a crash loses nothing.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import Counter, defaultdict
from decimal import Decimal

import pytest
from clients import LOST, Client, five_hundred, many_named
from serving import Server, full_root

from modelry.catalog import files, operator, rows
from modelry.catalog.check import check
from modelry.catalog.store import Store

READERS, WRITERS, KILLS = 64, 4, 3


@pytest.fixture(autouse=True)
def folders(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("TMPDIR", str(tmp_path))  # who is killed leaves what was in use


class Life:
    """A server that is killed and started again on its port, its writers and its readers."""

    def __init__(self, root, log, keys, wholes):
        self.root, self.log = root, log
        self.keys = keys
        self.wholes = wholes
        self.server = Server(root, log=log).wait()
        self.acknowledged = dict.fromkeys(keys, 0)
        self.attempted = defaultdict(set)
        self.floor = dict.fromkeys(keys, 0)
        self.numbers = {}
        self.least = 0
        self.counted = Counter()
        self.is_up = asyncio.Event()
        self.is_over = False

    # Writing

    async def write(self, writer, times):
        client, mine = Client(self.server.port), self.keys[writer::WRITERS]
        for turn in range(times):
            key, number = mine[turn % len(mine)], turn + 1
            provider, _, model = key.partition("/")
            price = Decimal(number) / 1000
            asked = {"provider": provider, "model": model, "family": "gen", "unit": "1k_tokens", "notes": f"no {number}",
                     "input_per_1k": price, "output_per_1k": price, "base_url": "https://p.example/v1"}  # fmt: skip
            self.attempted[key].add(number)
            try:
                answer = await client.ask("POST", "/api/models/upsert", asked)
            except LOST:  # perhaps it was accepted; the next number's turn comes when the server is back
                self.counted["writes in doubt"] += 1
                await self.is_up.wait()
                continue
            assert answer.status == 200, answer
            self.acknowledged[key] = number
            self.floor[key] = max(self.floor[key], number)
            self.counted["acknowledged"] += 1
        client.close()

    # Reading

    async def read(self, reader):
        client, chance, tag = Client(self.server.port), random.Random(reader), ""  # noqa: S311
        while not self.is_over:
            await asyncio.sleep(chance.random() * 0.8)
            known = [key for key in self.keys if self.floor[key]]
            key = chance.choice(known) if known else None
            whole = key is None or chance.random() < self.wholes
            try:
                if whole:
                    tag = await self.read_whole(client, tag, dict(self.floor))
                else:
                    await chance.choice([self.read_row, self.read_cost, self.read_providers])(client, key)
            except LOST:
                self.counted["reads lost"] += 1
                await self.is_up.wait()
        client.close()

    async def read_whole(self, client, tag, floor):
        least = self.least
        condition = {"if_none_match": f'"{tag}-gzip"'} if tag else {}
        answer = await client.ask("GET", "/api/models", accept_encoding="gzip", **condition)
        if answer.status == 200:
            assert answer.tag == rows.content_of(answer.body)
            if answer.tag not in self.numbers:
                self.numbers[answer.tag] = self.parsed(answer)
        else:
            assert (answer.status, answer.tag, answer.body) == (304, tag, b"")
        self.counted[f"GET /api/models {answer.status}"] += 1
        numbers, count = self.numbers[answer.tag]
        assert count >= least
        self.least = max(self.least, count)
        for key, number in floor.items():
            self.saw(key, numbers.get(key, 0), number)
        return answer.tag

    def parsed(self, answer):
        models = answer.json()["models"]
        assert len(models) == answer.body.count(b"\n{")
        ours = {key: row for row in models if (key := f"{row['provider']}/{row['model']}") in self.floor}
        return {key: number_of(row) for key, row in ours.items()}, len(models)

    def saw(self, key, number, floor):
        assert number >= floor, f"{key} was {floor} and is {number}"
        assert number in self.attempted[key] or not number
        self.floor[key] = max(self.floor[key], number)

    async def read_row(self, client, key):
        floor = self.floor[key]
        answer = await client.ask("GET", f"/api/models/id/{key}")
        assert answer.status == 200, answer
        row = answer.json()
        assert row["input_per_1k"] * 1000 == number_of(row)
        self.saw(key, number_of(row), floor)
        self.counted["GET /api/models/id"] += 1

    async def read_cost(self, client, key):
        floor = self.floor[key]
        answer = await client.ask("POST", "/api/cost", {"model": key, "usage": {"input": 1_000_000}})
        assert answer.status == 200, answer
        self.saw(key, Decimal(answer.json()["total_cost"]), floor)
        self.counted["POST /api/cost"] += 1

    async def read_providers(self, client, key):
        answer = await client.ask("GET", "/api/models/providers")
        assert answer.status == 200, answer
        assert key.partition("/")[0] in answer.json()
        self.counted["GET /api/models/providers"] += 1

    # Dying

    async def die(self, times, total):
        """Kill it at even steps of the way; start it again."""
        for kill in range(1, times + 1):
            while self.counted["acknowledged"] < total * kill // (times + 1):  # noqa: ASYNC110
                await asyncio.sleep(0.005)
            self.is_up.clear()
            self.server.kill()
            self.server.stop()
            self.counted["kills"] += 1
            _whole(self.root)
            self.server = Server(self.root, log=self.log, port=self.server.port)
            await asyncio.to_thread(self.server.wait)
            self.is_up.set()

    async def live(self, total):
        self.is_up.set()
        async with asyncio.TaskGroup() as all_of_them:
            readers = [all_of_them.create_task(self.read(reader)) for reader in range(READERS)]
            writers = [all_of_them.create_task(self.write(writer, total // WRITERS)) for writer in range(WRITERS)]
            killer = all_of_them.create_task(self.die(KILLS, total))
            await asyncio.gather(*writers, killer)
            self.is_over = True
            await asyncio.gather(*readers)


def number_of(row):
    return int((row.get("notes") or "no 0").split()[1])


def _whole(root):
    for path in (root / files.CATALOGUE, root / files.MIRROR):
        json.loads(path.read_bytes())


KEYS = [*(many_named(number) for number in range(40)), *(f"fresh-{n % 5}/new-{n}" for n in range(40))]
FULL_KEYS = ["openai/gpt-4o", "anthropic/claude-sonnet-4-5", "openai/new", "fresh/a", "fresh/b", "azure/new", "xai/new",
             "cohere/x"]  # fmt: skip


@pytest.mark.parametrize(
    ("made", "keys", "total", "wholes"), [(five_hundred, KEYS, 2_000, 0.25), (full_root, FULL_KEYS, 100, 0.1)]
)
def test_kill_9_under_load_loses_nothing_and_shows_nobody_half_of_anything(tmp_path, made, keys, total, wholes):
    (tmp_path / "root").mkdir()
    began = time.monotonic()
    life = Life(made(tmp_path / "root"), tmp_path / "log", keys, wholes)
    try:
        asyncio.run(life.live(total))
        assert life.server.process.poll() is None
    finally:
        life.server.stop()
    data = (life.root / files.CATALOGUE).read_bytes()
    assert data == (life.root / files.MIRROR).read_bytes()
    assert Store(life.root).recover() is False
    found = {f"{row['provider']}/{row['model']}": number_of(row) for row in json.loads(data)["models"]}
    for key in keys:
        assert life.acknowledged[key] <= life.floor[key] <= found[key]
        assert found[key] in life.attempted[key]
    assert life.counted["kills"] == KILLS
    assert life.counted["acknowledged"] <= len(operator.Log(life.root / files.LOG).read()[0]) <= total
    assert life.counted["acknowledged"] + life.counted["writes in doubt"] == total
    if made is five_hundred:
        assert check(life.root) == []
    statuses = Counter(line["status"] for line in _lines(tmp_path / "log") if line["logger"] == "modelry.access")
    assert not [status for status in statuses if status >= 400 and status != 503]
    print(
        f"\n{len(found)} rows, {len(life.numbers)} versions seen whole, {time.monotonic() - began:.1f} s: {dict(life.counted)}"
    )


def _lines(log):
    """What was logged; a kill may leave half a line."""
    for line in log.read_text().splitlines():
        try:
            yield json.loads(line)
        except ValueError:
            continue
