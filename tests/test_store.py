"""The store: nothing acknowledged is lost, no file is ever half written, and every process sees what the others wrote."""

from __future__ import annotations

import errno
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from decimal import Decimal
from itertools import chain, islice
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from roots import bundle, gen, small

from modelry.catalog import build, files, operator, rows
from modelry.catalog.check import check
from modelry.catalog.ledger import Ledger
from modelry.catalog.operator import Entry
from modelry.catalog.pins import replay
from modelry.catalog.store import Store, version_of
from modelry.catalog.upsert import InvalidUpsert
from modelry.errors import CatalogConflict, CatalogRejected
from modelry.jsontext import loads
from modelry.registry import Registry

CRASHES = 200
SHARDS = 2
HELPER = Path(__file__).parent / "crashing.py"


@pytest.fixture(scope="module")
def packaged(tmp_path_factory):
    return bundle(tmp_path_factory.mktemp("bundle") / "snapshot.sqlite")


@pytest.fixture
def root(tmp_path):
    return small(tmp_path)


def both(root):
    return (root / files.CATALOGUE).read_bytes(), (root / files.MIRROR).read_bytes()


def due(root, packaged=build.BUNDLED):
    """What a build of everything that is claimed would write."""
    return rows.dump(build.fold_all(build.sources_of(root, packaged, build.pinned_in(root)[0])))


# The files


def test_both_files_hold_the_row_when_the_answer_is_given(root):
    made = Store(root).upsert(gen(), "me")
    catalogue, mirror = both(root)
    assert catalogue == mirror == due(root)
    line = rows.line_in(catalogue, "openai", "gpt-new")
    assert (loads(line), version_of(line)) == (made.model, made.version)


def test_one_row_is_one_line_and_the_others_stay_as_they_were(root):
    store = Store(root)
    store.recover()
    before = both(root)[0].splitlines()
    store.upsert({"provider": "openai", "model": "gpt-4o", "notes": "x"}, "me")
    after = both(root)[0].splitlines()
    changed = [new for old, new in zip(before[1:], after[1:], strict=True) if old != new]
    assert len(changed) == 1
    assert b'"gpt-4o"' in changed[0]


def test_a_build_and_the_sync_check_know_the_operator(root):
    store = Store(root)
    store.upsert(gen(notes="mine"), "me")
    store.delete("openai", "gpt-4o", "me")
    assert check(root) == []
    assert build.build(root).written == ()
    assert b'"sources":["operator","registry"]' in both(root)[0]
    (root / files.LOG).unlink()
    assert build.build(root).written == (str(files.CATALOGUE), str(files.MIRROR))
    assert store.row("openai", "gpt-new") is None


def test_a_root_without_a_registry_starts_from_the_packaged_catalogue(tmp_path, packaged):
    store = Store(tmp_path, bundle=packaged)
    store.upsert({"provider": "p1", "model": "m-0001", "context": 5}, "me")
    store.upsert(gen("x", "acme", base_url="https://acme.example"), "me")
    assert len(store.rows()) == 501
    row = store.row("p1", "m-0001")
    assert (row["context"], row["provenance"]) == (5, {"context": "operator", "default": "bundle"})
    assert both(tmp_path)[0] == due(tmp_path, packaged)


def test_a_catalogue_with_a_provider_of_ones_own_can_be_asked(root, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    Store(root).upsert(gen("tiny", "acme", base_url="https://acme.example"), "me")
    registry = Registry.open(root / files.CATALOGUE)
    assert registry.cost("acme/Tiny", input=1000).total_cost == Decimal("0.0003")


@pytest.mark.parametrize("foreign", [
    b'{"currency":"USD","last_updated":null,"sources":["openrouter"],"models":[\n]}\n',
    b'{\n  "currency": "USD",\n  "models": [{"provider": "openai"}]\n}\n', b"", b"[]", b"\xff\xfe",
])  # fmt: skip
def test_a_catalogue_that_somebody_else_made_is_not_overwritten(root, foreign):
    (root / "data").mkdir()
    (root / files.CATALOGUE).write_bytes(foreign)
    with pytest.raises(CatalogRejected, match="modelry build"):
        Store(root).upsert(gen(), "me")
    assert (root / files.CATALOGUE).read_bytes() == foreign
    assert not (root / files.LOG).exists()


def test_a_full_disk_refuses_and_accepts_nothing(root):
    Store(root).upsert(gen(), "me")
    before = (root / files.LOG).read_bytes()
    code = f"""
import resource, signal
from modelry.catalog.store import Store
store = Store({str(root)!r})
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, ({len(before)} + 100, {len(before)} + 100))
try:
    store.upsert({{"provider": "openai", "model": "gpt-4o", "notes": "x" * 200}}, "me")
except OSError as error:
    print("refused", error.errno)
print("notes" in store.row("openai", "gpt-4o"))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == f"refused {errno.EFBIG}\nFalse\n"
    assert (root / files.LOG).read_bytes() == before


# Versions and other processes


def test_if_match_takes_the_rows_version_or_the_catalogues(root):
    store = Store(root)
    first = store.upsert(gen(), "me")
    again = store.upsert(gen(notes="a"), "me", if_match=first.version)
    with pytest.raises(CatalogConflict):
        store.upsert(gen(notes="b"), "me", if_match=first.version)
    catalogue = store.version
    store.upsert(gen("gpt-4o"), "me", if_match=catalogue)
    with pytest.raises(CatalogConflict):
        store.delete("openai", "gpt-new", "me", if_match=catalogue)
    with pytest.raises(CatalogConflict):
        store.upsert(gen("brand-new"), "me", if_match="*")
    assert store.delete("openai", "gpt-new", "me", if_match=again.version).action == "deleted"


def test_what_another_process_wrote_is_noticed_before_writing(root):
    one, other = Store(root), Store(root)
    for number in range(6):
        store = (one, other)[number % 2]
        assert store.upsert(gen(f"m-{number}"), "me").action == "created"
        assert store.upsert(gen("shared", context=100 + number), "me").action == ("updated" if number else "created")
    assert one.view().version == other.view().version
    assert both(root)[0] == due(root)
    assert {f"m-{number}" for number in range(6)} <= {row["model"] for row in one.rows()}


def test_a_reader_sees_what_another_process_wrote(root):
    reader, writer = Store(root), Store(root)
    writer.upsert(gen(), "me")
    version = reader.version
    writer.upsert(gen(notes="new"), "me")
    assert reader.version != version
    assert reader.row("openai", "gpt-new")["notes"] == "new"


def test_a_changed_registry_is_folded_in_by_the_next_write(root):
    store = Store(root)
    store.upsert(gen(), "me")
    path = root / "v1" / "models" / "gpt.yaml"
    path.write_text(path.read_text().replace("128000", "256000"))
    store.upsert(gen(notes="x"), "me")
    assert store.row("openai", "gpt-4o")["context"] == 256_000
    path.write_text("models: {")
    with pytest.raises(ExceptionGroup):
        store.upsert(gen(notes="y"), "me")
    assert len(operator.Log(root / files.LOG).read()[0]) == 2


def test_a_writer_does_not_wait_for_ever(root):
    with files.locked(root), pytest.raises(CatalogConflict, match="another process"), files.locked(root, 0.05):
        pass


# Recovery


def _log_only(root, **fields):
    """A change that was acknowledged before a crash: its line alone."""
    log = operator.Log(root / files.LOG)
    _, mark = log.read()
    entry = Entry("2026-11-20T12:00:00.000000Z", "me", "openai", "gpt-4o", "upsert", fields)
    log.append([operator.line_of(entry)], mark)


def _stale(root):
    (root / files.MIRROR).write_bytes(b"half")


def _gone(root):
    (root / files.MIRROR).unlink()


def _behind(root):
    _log_only(root, notes="acknowledged")


def _torn(root):
    with (root / files.LOG).open("ab") as file:
        file.write(b'{"at":')


def _no_state(root):
    (root / files.LOCK).write_bytes(b"{")


@pytest.mark.parametrize("harm", [_stale, _gone, _behind, _no_state])
def test_the_next_start_does_what_a_crash_left_undone(root, harm):
    Store(root).upsert(gen(), "me")
    harm(root)
    (root / "data" / ".models.json.abcd").write_bytes(b"left over")
    store = Store(root)
    assert store.recover() is (harm is not _no_state)
    catalogue, mirror = both(root)
    assert catalogue == mirror == due(root)
    assert not list(root.rglob(".models.json.*"))
    assert store.recover() is False


def test_the_next_writer_does_what_a_crash_left_undone(root):
    store = Store(root)
    store.upsert(gen(), "me")
    _log_only(root, notes="acknowledged")
    _torn(root)
    assert store.upsert(gen(), "me").action == "unchanged"
    assert store.row("openai", "gpt-4o")["notes"] == "acknowledged"
    store.upsert(gen(notes="x"), "me")
    assert [entry.model for entry in operator.Log(root / files.LOG).read()[0]] == ["gpt-new", "gpt-4o", "gpt-new"]
    assert (root / files.LOG).read_bytes().endswith(b"\n")


def test_a_fresh_checkout_is_left_as_it_is(root):
    build.build(root)
    (root / files.LOCK).unlink()
    stamps = [files.stamp(root / path) for path in (files.CATALOGUE, files.MIRROR)]
    assert Store(root).recover() is False
    assert [files.stamp(root / path) for path in (files.CATALOGUE, files.MIRROR)] == stamps
    assert not (root / files.LOCK).exists()


# What the store writes is what a build writes

_NAMES = ("gpt-4o", "GPT-4o", "gpt-9", "gpt-4o-2026-01-01", "models/gpt-9", "gpt-new", "gpt-old")
_entries = st.lists(st.builds(
    lambda *values: Entry(*values),  # noqa: PLW0108 - or the last two of its fields would be drawn
    st.sampled_from(["2026-11-20T12:00:00Z", "2026-11-23T12:00:00Z", "2024-01-01T00:00:00Z"]),
    st.just("me"), st.sampled_from(["openai", "azure", "acme"]), st.sampled_from(_NAMES),
    st.sampled_from(["upsert", "upsert", "upsert", "delete"]),
    st.sampled_from([
        {"context": 5}, {"context": None}, {"notes": "x"}, {"aliases": ["gpt-9"]}, {"aliases": None},
        {"rates": {"input_per_token": Decimal("0.1")}}, {"rates": {"input_per_token": None}}, {},
        {"rates": {"output_per_token": Decimal("0.2")}, "effective_from": "2026-11-22"}, {"model_id": "gpt-new"},
        {"pricing": [{"observed": "2026-11-20", "per_request": 1}]}, {"pricing": None}, {"status": "deprecated"},
    ]),
), max_size=8)  # fmt: skip


@pytest.fixture(scope="module")
def claimed(tmp_path_factory):
    root = small(tmp_path_factory.mktemp("claimed"))
    return build.sources_of(root)


@settings(max_examples=150, deadline=None)
@given(entries=_entries)
def test_change_by_change_comes_to_what_a_build_of_all_writes(claimed, entries):
    ledger = Ledger(claimed, {})
    for entry in entries:
        ledger.accept([entry])
    pins = replay(entries)
    said = [pinned.claim(provider, model) for (provider, model), pinned in pins.items()]
    names = ["operator", *claimed.names] if pins else claimed.names
    assert ledger.data() == rows.dump(build.fold_all(claimed._replace(claims=[*said, *claimed.claims], names=names)))
    at_once = Ledger(claimed, {})
    at_once.accept(entries)
    assert at_once.data() == Ledger(claimed, pins).data() == ledger.data()


# Threads


def test_threads_share_their_commits_and_lose_nothing(root, monkeypatch):
    store = Store(root)
    store.recover()
    syncs = Counter()
    fsync = os.fsync

    def counted(handle):
        fsync(handle)
        syncs[os.fstat(handle).st_ino] += 1
        time.sleep(0.002)  # a slow disk

    monkeypatch.setattr(os, "fsync", counted)
    failed = []

    def work(thread):
        for number in range(10):
            try:
                store.upsert(gen(f"t-{thread}-{number}"), f"thread {thread}")
                with pytest.raises(InvalidUpsert):
                    store.upsert(gen(input_per_1k=-1), "me")
                assert store.row("openai", f"t-{thread}-{number}") is not None
            except BaseException as error:  # noqa: BLE001
                failed.append(error)

    threads = [threading.Thread(target=work, args=(thread,)) for thread in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    entries, _ = operator.Log(root / files.LOG).read()
    assert sorted(entry.model for entry in entries) == sorted(f"t-{t}-{n}" for t in range(8) for n in range(10))
    assert both(root)[0] == both(root)[1] == due(root)
    assert syncs[(root / files.LOG).stat().st_ino] < 60  # 80 upserts: several waited for one


# Processes that are killed


class Helper:
    """The process of `crashing.py`."""

    def __init__(self, root, packaged, *prefix):
        command = [*prefix, sys.executable, str(HELPER), str(root), packaged]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)

    def tell(self, line):
        self.process.stdin.write(f"{line}\n")

    def lines(self):
        """What it says, word by word, until it has nothing more to say."""
        for line in self.process.stdout:
            yield line.split()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.stdout.read()
        self.process.stdout.close()
        self.process.wait(30)


def killing(pid, after):
    """No line, but the end of a process after so many seconds."""
    time.sleep(after)
    os.kill(pid, signal.SIGKILL)
    yield from ()


def _whole(root):
    """Both files can be read and hold every row; the numbers by id."""
    for path in (root / files.CATALOGUE, root / files.MIRROR):
        if not path.exists():
            continue
        body = loads(path.read_bytes())
        assert len(body["models"]) >= 500
    return {f"{row['provider']}/{row['model']}": row for row in body["models"]}


@pytest.mark.parametrize("shard", range(SHARDS))
def test_kill_9_at_any_instant_loses_nothing_that_was_acknowledged(tmp_path, packaged, shard):
    chance = random.Random(shard)  # noqa: S311
    Store(tmp_path, bundle=packaged).recover()
    acked = {}
    found = Counter()
    with Helper(tmp_path, packaged) as helper:
        said = helper.lines()
        for crash in range(CRASHES // SHARDS):
            helper.tell(f"go {crash}")
            _, pid = next(said)
            patience = chance.choice([0, 1, 2, 3, 6])  # lines that it may say before its end is due
            for words in chain(islice(said, patience), killing(int(pid), chance.random() * 0.03), said):
                if words[0] == "died":
                    break
                if words[0] == "ack":
                    acked[words[1]] = max(int(words[2]), acked.get(words[1], 0))
                    found["acknowledged"] += 1
            _whole(tmp_path)
            catalogue, mirror = both(tmp_path)
            found["mirror behind"] += catalogue != mirror
            found["left over"] += bool(list(tmp_path.rglob(".models.json.*")))
            log = (tmp_path / files.LOG).read_bytes() if (tmp_path / files.LOG).exists() else b""
            found["torn"] += not log.endswith(b"\n") and bool(log)
            if crash % 2:  # else the next child is the next start
                found["recovered"] += Store(tmp_path, bundle=packaged).recover()
                _check_all(tmp_path, acked)
    Store(tmp_path, bundle=packaged).recover()
    _check_all(tmp_path, acked)
    assert both(tmp_path)[0] == due(tmp_path, packaged)
    print(f"\n{CRASHES // SHARDS} kills: {dict(found)}")
    assert found["acknowledged"] > CRASHES
    assert found["recovered"] > 0  # or the kills hit nothing worth hitting


def _check_all(root, acked):
    catalogue, mirror = both(root)
    assert catalogue == mirror
    assert not list(root.rglob(".models.json.*"))
    found = _whole(root)
    lost = {name: number for name, number in acked.items() if int(found[name]["notes"].split()[1]) < number}
    assert lost == {}


def test_eight_processes_write_a_thousand_rows(tmp_path, packaged):
    Store(tmp_path, bundle=packaged).recover()
    acks = set()
    with Helper(tmp_path, packaged) as helper:
        for process in range(8):
            helper.tell(f"some {process} 125")
        helper.process.stdin.close()
        acks = {words[1] for words in helper.lines() if words[0] == "ack"}
    assert len(acks) == 1000
    assert acks <= _whole(tmp_path).keys()
    assert len(operator.Log(tmp_path / files.LOG).read()[0]) == 1000
    assert both(tmp_path)[0] == both(tmp_path)[1] == due(tmp_path, packaged)


# System calls, in order


def _in_order(calls, root):
    """The log is on the disk before the first rename, each file before its own rename, and all before the answer."""
    kinds = [(kind, Path(path).name if kind != "rename" else Path(path)) for kind, path in calls]
    steps = [
        kinds.index(("fsync", "operator.jsonl")),
        kinds.index(("rename", root / files.CATALOGUE)),
        kinds.index(("rename", root / files.MIRROR)),
        kinds.index(("write", "answer")),
    ]
    assert steps == sorted(steps)
    for step in steps[1:3]:
        assert kinds[step - 1][0] == "fsync"
        assert str(kinds[step - 1][1]).startswith(".models.json.")
        folder = kinds[step][1].parent.name
        assert ("fsync", folder) in kinds[step + 1 : steps[3]]
    return kinds


def test_the_log_is_on_the_disk_before_the_files_and_these_before_the_answer(tmp_path, packaged):
    Store(tmp_path, bundle=packaged).recover()
    with Helper(tmp_path, packaged) as helper:
        helper.tell("once traced")
        trace = next(words for words in helper.lines() if words[0] == "trace")
    _in_order(json.loads(" ".join(trace[1:])), tmp_path)


_CALL = re.compile(r"(?P<call>fsync|fdatasync|rename\w*|write)\((?P<rest>.*)")


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed; the test above traces in Python")
def test_the_kernel_sees_the_same_order(tmp_path, packaged):
    Store(tmp_path, bundle=packaged).recover()
    traced = tmp_path / "strace"
    prefix = ("strace", "-f", "-y", "-o", str(traced), "-e", "trace=fsync,fdatasync,rename,renameat,renameat2,write")
    with Helper(tmp_path, packaged, *prefix) as helper:
        helper.tell("once traced")
        for words in helper.lines():
            if words[0] == "died":
                break
    calls = []
    for line in traced.read_text().splitlines():
        if not (match := _CALL.search(line)) or "resumed>" in line:
            continue
        call, rest = match["call"], match["rest"]
        if call.startswith("rename"):
            calls.append(["rename", re.findall(r'"([^"]+)"', rest)[-1]])
        elif call == "write":
            calls.append(["write", "answer" if '"ack ' in rest else rest.partition("<")[2].partition(">")[0]])
        else:
            calls.append(["fsync", rest.partition("<")[2].partition(">")[0]])
    _in_order(calls, tmp_path)


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="open files are counted in /proc")
def test_no_file_is_left_open(root):
    store = Store(root)
    store.upsert(gen("first"), "me")
    before = len([*Path("/proc/self/fd").iterdir()])
    for number in range(5):
        store.upsert(gen(f"m-{number}"), "me")
    assert len([*Path("/proc/self/fd").iterdir()]) == before
