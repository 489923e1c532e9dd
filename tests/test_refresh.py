"""The daily refresh, sentence by sentence: what OpenRouter's feed changes, what it leaves alone, and what a command says of it."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
from decimal import Decimal

import pytest
from refreshing import (
    D1,
    D2,
    D3,
    D4,
    PROJECT,
    UNMANAGED,
    WORDS,
    body,
    commanded,
    content,
    environment,
    laid,
    offered,
    priced,
    read_from,
    refreshed,
    root_at,
    rows,
    run,
)  # fmt: skip
from serving import serving
from test_fold import BODIES

from modelry.catalog import build, files
from modelry.catalog.check import check
from modelry.catalog.store import Store
from modelry.errors import CatalogConflict, CatalogRejected
from modelry.jsontext import loads
from modelry.registry import Registry

ROWS = 151
"""Of the ROOT that took the usual body in."""

SCRIPT = PROJECT / "scripts" / "refresh_models_catalog.py"


@pytest.fixture(autouse=True)
def surroundings(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in ("MODEL_COST_MAP_MIN_MODEL_COUNT", "MODEL_COST_MAP_MAX_SHRINK_RATIO", "MODELRY_CATALOG"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def taken_in(tmp_path_factory):
    root = root_at(tmp_path_factory.mktemp("refresh"))
    assert refreshed(root, body(), day=D1, accept=True).written
    return content(root)


@pytest.fixture
def root(taken_in, tmp_path):
    """A ROOT that took the usual body in on D1."""
    return laid(taken_in, tmp_path / "root")


def mirrored(root):
    catalogue, mirror = ((root / path).read_bytes() for path in (files.CATALOGUE, files.MIRROR))
    return catalogue == mirror == build.rows.dump(build.fold_all(build.sources_of(root, pins=build.pinned_in(root)[0])))


def ids(found):
    return [f"{row['provider']}/{row['model']}" for row in found]


def view(row):
    return row.get("input_per_1k"), row.get("output_per_1k"), row.get("context"), row.get("notes")


# Managed rows


def test_managed_rows_are_kept_in_place(root):
    """Price and context of a row that the registry and the feed both know; a second component and base_url stay."""
    before = rows(root)
    assert view(before["openai/gpt-01"]) == (loads("0.001"), loads("0.004"), 100_000, None)
    report = refreshed(
        root, body(openai__gpt_01=priced("openai/gpt-01", "0.000002", "0.000008") | {"context_length": 200_000}), day=D2
    )
    row = rows(root)["openai/gpt-01"]
    assert view(row) == (loads("0.002"), loads("0.008"), 200_000, None)
    assert (row["components"], row["base_url"], row["unit"]) == (["GEN", "EMB"], "https://own.example/v1", "1k_tokens")
    assert [card["observed"] for card in row["pricing"]] == ["2026-01-01", D2]  # never overwritten
    assert rows(root).keys() == before.keys()
    assert [change.id for change in report.changed] == ["openai/gpt-01", "openrouter/openai/gpt-01"]
    assert mirrored(root)


@pytest.mark.parametrize(("maker", "word"), WORDS.items())
def test_each_managed_provider_gets_rows_of_its_own(root, maker, word):
    name = "gpt-07" if maker == "openai" else "m-02"
    row = rows(root)[f"{maker}/{name}"]
    assert (row["provider"], row["components"], row["input_per_1k"]) == (maker, ["GEN"], loads("0.001"))
    assert f"openrouter/{word}/{name}" in rows(root)


def test_a_reviewers_correction_stands_until_the_feed_changes_its_mind(root):
    name = "openai/gpt-corrected"  # its card was observed in December
    refreshed(root, body(openai__gpt_corrected=priced(name, "0.000003")), day=D2)
    assert rows(root)[name]["input_per_1k"] == loads("0.001")
    refreshed(root, body(openai__gpt_corrected=priced(name, "0.000001")), day="2026-12-02")
    refreshed(root, body(openai__gpt_corrected=priced(name, "0.000005")), day="2026-12-03")
    assert rows(root)[name]["input_per_1k"] == loads("0.005")


def test_variants_and_what_writes_no_text_make_no_row_of_a_maker(root):
    draws = offered("openai/draw", architecture={"input_modalities": ["text"], "output_modalities": ["image"]})
    both = offered(
        "openai/draw-and-write", architecture={"input_modalities": ["text"], "output_modalities": ["image", "text"]}
    )
    said = body()
    said["data"] += [draws, both, offered("openai/gpt-00:free", "0", "0"), offered("openai/gpt-00:thinking")]
    report = refreshed(root, said, day=D2)
    assert ids(report.new) == [
        "openai/draw-and-write",
        *(f"openrouter/{row['id']}" for row in sorted(said["data"][-4:], key=lambda row: row["id"])),
    ]
    refreshed(root, body(), day=D3)
    assert "missing_since" in rows(root)["openrouter/openai/gpt-00:free"]
    assert view(rows(root)["openai/gpt-00"])[3] == "Ask Ann before use."


def test_unmanaged_providers_are_left_untouched(root):
    lines = [
        line
        for line in (root / files.CATALOGUE).read_bytes().splitlines()
        if re.match(rf'{{"provider":"({"|".join(UNMANAGED)})"'.encode(), line)
    ]
    assert len(lines) == len(UNMANAGED)
    said = body()
    said["data"] += [offered(f"{name}/{name}-one", "0.5", "0.5") for name in UNMANAGED]
    refreshed(root, said, day=D2)
    after = (root / files.CATALOGUE).read_bytes().splitlines()
    assert [line for line in lines if line not in after] == []


# Removed, returned, new

MARK = "[auto-refresh] deprecated_on="


def test_what_is_listed_no_longer_stays_and_says_so_once(root):
    said = body(openai__gpt_00=None, openai__gpt_09=None)
    before = rows(root)
    report = refreshed(root, said, day=D2)
    gone = [f"{prefix}openai/gpt-{n}" for prefix in ("", "openrouter/") for n in ("00", "09")]
    assert (report.deprecated, report.returned) == (gone, [])
    for day in (D2, D3, D4):
        report = refreshed(root, said, day=day)
        assert (report.written, report.deprecated) == ((), [])
        after = rows(root)
        assert view(after["openai/gpt-00"]) == (*view(before["openai/gpt-00"])[:3], f"Ask Ann before use. {MARK}{D2}")
        assert after["openai/gpt-09"]["notes"] == f"{MARK}{D2}"
        assert all(after[name]["missing_since"] == D2 for name in gone)
    assert mirrored(root)

    report = refreshed(root, body(), day=D4)
    assert (report.deprecated, report.returned) == ([], gone)
    assert rows(root) == before
    refreshed(root, said, day="2026-06-09")
    assert rows(root)["openai/gpt-09"]["notes"] == f"{MARK}2026-06-09"


def test_a_mark_that_a_person_saved_with_the_row_is_not_written_twice(root):
    refreshed(root, body(openai__gpt_00=None), day=D2)
    shown = rows(root)["openai/gpt-00"]["notes"]
    Store(root).upsert({"provider": "openai", "model": "gpt-00", "notes": f"{shown} And Bob."}, "ann")
    assert rows(root)["openai/gpt-00"]["notes"] == f"Ask Ann before use. And Bob. {MARK}{D2}"
    refreshed(root, body(), day=D3)
    assert rows(root)["openai/gpt-00"]["notes"] == "Ask Ann before use. And Bob."


def test_a_model_that_the_feed_never_listed_is_not_deprecated(root):
    """`text-embedding-9` is OpenAI's, and OpenRouter has never heard of it."""
    refreshed(root, body(openai__gpt_09=None), day=D2)
    assert not {"notes", "missing_since"} & rows(root)["openai/text-embedding-9"].keys()


UNKNOWN = "[auto-refresh] pricing_unknown=true"


@pytest.mark.parametrize(
    "prices",
    [{}, {"prompt": "-1", "completion": "-1"}, {"prompt": "0", "completion": "0"}, {"prompt": "-5", "completion": "x"}],
)
def test_a_new_model_without_a_price_is_added(root, prices):
    new = offered("openai/gpt-new") | {"pricing": prices}
    report = refreshed(root, body(openai__gpt_new=new), day=D2)
    assert ids(report.new) == ["openai/gpt-new", "openrouter/openai/gpt-new"]
    row = rows(root)["openai/gpt-new"]
    assert row["notes"] == UNKNOWN
    assert {name: row[name] for name in ("input_per_1k", "output_per_1k")} == {
        "input_per_1k": None,
        "output_per_1k": None,
    }
    refreshed(root, body(), day=D3)
    assert rows(root)["openai/gpt-new"]["notes"] == f"{MARK}{D3} {UNKNOWN}"
    refreshed(root, body(openai__gpt_new=offered("openai/gpt-new")), day=D4)
    row = rows(root)["openai/gpt-new"]
    assert ("notes" in row, row["input_per_1k"]) == (False, loads("0.001"))
    assert mirrored(root)


def test_no_price_is_told_of_models_of_other_families_or_providers(root):
    refreshed(root, body(z_ai__new=offered("z-ai/new", None, None)), day=D2)
    assert "notes" not in rows(root)["openrouter/z-ai/new"]


# What the feed says


def test_an_expiration_is_a_deprecation_date(root):
    refreshed(root, body(openai__gpt_03=offered("openai/gpt-03", expiration_date="2026-12-24")), day=D2)
    assert rows(root)["openai/gpt-03"]["deprecation_date"] == "2026-12-24"


TIERED = {
    "prompt": "0.00000003", "completion": "0.00000013", "input_cache_read": "0.000000006", "input_cache_write_1h": "0.00000006",
    "overrides": [
        {"min_prompt_tokens": 32_000, "prompt": "0.0000001", "completion": "0.0000004"},
        {"min_prompt_tokens": 256_000, "prompt": "0.0000002", "completion": "0.0000008"},
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("usage", "total"),
    [
        ({"input": 1_000, "output": 1_000}, "0.00016"),
        ({"input": 31_000, "cached_input": 1_001, "output": 1_000}, "0.003506006"),
        ({"input": 300_000, "output": 1_000}, "0.0608"),
        ({"cache_write_1h": 1_000}, "0.00006"),
    ],
    ids=["base", "a threshold; the cache keeps its price", "the later one wins", "an hour's cache"],
)
def test_overrides_are_prices(root, usage, total):
    refreshed(root, body(openai__gpt_tiered=offered("openai/gpt-tiered") | {"pricing": TIERED}), day=D2)
    registry = Registry.open(root / files.CATALOGUE)
    for name in ("openai/gpt-tiered", "openrouter/openai/gpt-tiered"):
        assert registry.cost(name, **usage).total_cost == Decimal(total)


def test_a_changed_price_is_a_dated_card(root):
    refreshed(root, body(openai__gpt_05=priced("openai/gpt-05", "0.000003")), day=D3)
    registry = Registry.open(root / files.CATALOGUE)
    for day, price in ((D1, 1), (D2, 1), (D4, 3)):
        assert registry.cost("openai/gpt-05", input=1_000_000, at=day).total_cost == price


# Pins


def test_what_an_operator_pinned_is_kept(root):
    Store(root).upsert({"provider": "openai", "model": "gpt-07", "input_per_1k": Decimal("0.0005"), "base_url": "https://mine.example/v1",
                        "components": ["GEN", "EMB"]}, "ann")  # fmt: skip
    refreshed(
        root, body(openai__gpt_07=priced("openai/gpt-07", "0.000002", "0.000009") | {"context_length": 70_000}), day=D2
    )
    row = rows(root)["openai/gpt-07"]
    assert view(row) == (loads("0.0005"), loads("0.009"), 70_000, None)
    assert (row["base_url"], row["components"]) == ("https://mine.example/v1", ["GEN", "EMB"])
    assert row["provenance"]["base_url"] == "operator"
    refreshed(root, body(openai__gpt_07=None), day=D3)
    assert view(rows(root)["openai/gpt-07"]) == (loads("0.0005"), loads("0.009"), 70_000, f"{MARK}{D3}")
    Store(root).upsert({"provider": "openai", "model": "gpt-07", "input_per_1k": None}, "ann")
    assert rows(root)["openai/gpt-07"]["input_per_1k"] == loads("0.002")
    assert mirrored(root)


# Twice is once


def shuffled(said):
    """The same body with its rows and all its keys in another order."""

    def turned(value):
        if isinstance(value, dict):
            return {key: turned(value[key]) for key in reversed(value)}
        return value

    return turned({**said, "data": [turned(row) for row in reversed(said["data"])]})


@pytest.mark.parametrize("again", [body, lambda: shuffled(body())], ids=["the same", "in another order"])
def test_a_no_op_leaves_the_bytes(root, again):
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in root.rglob("*") if path.is_file()}
    for day in (D1, D2, D3):
        report = refreshed(root, again(), day=day)
        assert (report.pending, report.written, report.untouched) == (False, (), len(rows(root)))
    after = {
        path: (path.read_bytes(), path.stat().st_mtime_ns)
        for path in root.rglob("*")
        if path.is_file() and path.name != ".writer"
    }
    assert after == before


def test_twice_is_once(root):
    said = body(
        openai__gpt_00=None,
        openai__gpt_01=priced("openai/gpt-01", "0.000002"),
        openai__gpt_new=offered("openai/gpt-new"),
    )
    assert refreshed(root, said, day=D2).written == [
        str(files.FEEDS / "openrouter.json"),
        str(files.CATALOGUE),
        str(files.MIRROR),
    ]
    once = content(root)
    report = refreshed(root, said, day=D2)
    assert (report.pending, report.written, report.changed, report.new, content(root)) == (False, (), [], [], once)


def test_what_comes_of_it_is_what_a_build_writes(root):
    refreshed(root, body(openai__gpt_00=None, openai__gpt_new=offered("openai/gpt-new", None, None)), day=D2)
    assert check(root) == []
    assert build.build(root).written == ()


# All feeds


def test_each_feed_is_taken_in_by_its_own_reader(tmp_path, monkeypatch):
    monkeypatch.setenv("MODEL_COST_MAP_MIN_MODEL_COUNT", "1")
    root = root_at(tmp_path / "root")
    report = refreshed(root, *BODIES.items(), day=D1, accept=True)
    assert [(feed.source, feed.rejected, feed.models) for feed in report.feeds] == [
        (source, None, 1 + (source in ("litellm", "openrouter"))) for source in BODIES
    ]  # fmt: skip
    assert {row["provenance"]["default"] for name, row in rows(root).items() if "gpt-4.1" in name} <= {
        *BODIES,
        "registry",
    }
    assert {path.stem for path in (root / files.FEEDS).iterdir()} == set(BODIES)
    again = content(root)
    assert refreshed(root, *BODIES.items(), day=D2).written == ()
    assert content(root) == again


# The command


def test_a_dry_run_writes_nothing_at_all(root):
    (root / files.LOCK).unlink(missing_ok=True)
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
    path = root.parent / "feed.json"
    path.write_text(json.dumps(body(openai__gpt_01=priced("openai/gpt-01", "0.000002"))))
    done = run(root, "--feed", f"openrouter={path}", "--as-of", D2)
    assert (done.returncode, done.stderr) == (3, "")
    assert done.stdout.splitlines() == [
        f"2 changed, {ROWS - 2} untouched", "  openai/gpt-01 input 1 -> 2 2×", "  openrouter/openai/gpt-01 input 1 -> 2 2×",
        "nothing is written: --apply does that",
    ]  # fmt: skip
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*")} == before


def test_exit_codes_json_and_report(root, tmp_path):
    feed, out = tmp_path / "feed.json", tmp_path / "report.md"
    feed.write_text(json.dumps(body(openai__gpt_01=None)))
    arguments = ("--feed", f"openrouter={feed}", "--as-of", D2, "--json", "--report", str(out))
    pending = run(root, *arguments)
    told = loads(pending.stdout)
    assert (pending.returncode, told["pending"], told["written"]) == (3, True, [])
    assert told["deprecated"] == ["openai/gpt-01", "openrouter/openai/gpt-01"]
    assert out.read_text().startswith("# Catalogue refresh: pending\n")
    applied = run(root, *arguments, "--apply")
    assert (applied.returncode, loads(applied.stdout)["written"]) == (
        0,
        ["data/feeds/openrouter.json", "data/models.json", "web/public/models.json"],
    )
    assert out.read_text().startswith("# Catalogue refresh: applied\n")
    nothing = run(root, *arguments, script=SCRIPT)  # seed 2's script is the same command
    assert (nothing.returncode, nothing.stderr, loads(nothing.stdout)["pending"]) == (0, "", False)
    assert out.read_text().startswith("# Catalogue refresh: nothing changed\n")
    feed.write_text("<html>")
    rejected = run(root, *arguments, script=SCRIPT)
    assert (rejected.returncode, loads(rejected.stdout)["feeds"][0]["models"]) == (1, 0)
    assert rejected.stderr.startswith("rejected: openrouter: ")
    assert out.read_text().startswith("# Catalogue refresh: rejected\n")


def test_the_script_asks_openrouter_alone(root):
    """Seed 2's source; nothing answers at this proxy."""
    done = run(root, "--json", script=SCRIPT, NO_PROXY="", HTTPS_PROXY="http://127.0.0.1:9")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.startswith("rejected: openrouter: https://openrouter.ai/api/v1/models cannot be fetched")
    assert [feed["source"] for feed in loads(done.stdout)["feeds"]] == ["openrouter"]


@pytest.mark.parametrize(
    ("arguments", "status", "why"),
    [
        (["--feed", "nonsense"], 2, "'nonsense' is no feed; there are litellm, models.dev, genai-prices, openrouter"),
        (["--feed", "openrouter=a", "--feed", "openrouter=b"], 2, "give each --feed once"),
        (["--as-of", "yesterday"], 2, "yesterday"),
        (["--feed", "openrouter=no such file.json"], 1, "no such file.json cannot be read: No such file or directory"),
        (["--feed", "litellm=."], 1, "cannot be read: Is a directory"),
    ],
)
def test_a_wrong_call_says_so_and_changes_nothing(root, arguments, status, why):
    before = content(root)
    done = run(root, "--apply", *arguments)
    assert (done.returncode, done.stdout.count("written")) == (status, 0)
    assert why in done.stderr
    assert "Traceback" not in done.stderr
    assert content(root) == before


def test_a_person_who_watches_sees_how_far_it_is(root, tmp_path):
    feed = tmp_path / "feed.json"
    feed.write_text(json.dumps(body()))
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "modelry", "refresh", "--feed", f"openrouter={feed}", "--data", str(root)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=theirs, env=environment(TERM="xterm", COLUMNS="80")
    ) as process:
        os.close(theirs)
        shown = b""
        while data := read_from(ours):
            shown += data
        assert process.stdout.read() == f"{ROWS} untouched\n".encode()
    os.close(ours)
    assert "━" in shown.decode()
    assert process.returncode == 0


# Other states of a ROOT


def test_a_root_without_a_catalogue_gets_one_and_tells_what_the_feed_changed(root):
    (root / files.CATALOGUE).unlink()
    (root / files.MIRROR).unlink()
    report = refreshed(root, body(openai__gpt_new=offered("openai/gpt-new")), day=D2)
    assert ids(report.new) == ["openai/gpt-new", "openrouter/openai/gpt-new"]
    assert mirrored(root)


@pytest.mark.parametrize("path", [files.CATALOGUE, files.MIRROR])
def test_what_the_files_lack_is_mended_by_the_next_run(root, path):
    due = content(root)
    for torn in (b"", None):
        (root / path).unlink()
        if torn is not None and path == files.MIRROR:
            (root / path).write_bytes(torn)
        assert commanded(root, body()).exit_code == 3
        assert refreshed(root, body(), day=D2).written == [str(path)]
        assert content(root) == due


def test_a_rejected_feed_mends_nothing(root):
    (root / files.MIRROR).unlink()
    before = content(root)
    assert commanded(root, b"<html>", "--apply").exit_code == 1
    assert content(root) == before


def test_claims_that_cannot_be_read_are_told(root):
    (root / files.FEEDS / "openrouter.json").write_text("{")
    before = content(root)
    done = commanded(root, body(), "--apply")
    assert (done.exit_code, content(root)) == (1, before)
    with pytest.raises(CatalogRejected, match="is no file of claims"):
        refreshed(root, body(), day=D2)


def test_one_writer_at_a_time(root, monkeypatch):
    monkeypatch.setattr(files, "PATIENCE", 0.05)
    monkeypatch.setattr(files.locked.__wrapped__, "__defaults__", (0.05,))
    with files.locked(root):
        with pytest.raises(CatalogConflict, match="another process"):
            refreshed(root, body(openai__gpt_00=None), day=D2)
        assert refreshed(root, body(openai__gpt_00=None), day=D2, apply=False).pending  # a look needs no turn


# Killed

KILLED = """
import os, signal, sys
from pathlib import Path
from modelry.jsontext import loads
from modelry.refresh.engine import refresh
from modelry.refresh.fetching import Body
root, feed, day = Path(sys.argv[1]), loads(Path(sys.argv[2]).read_bytes()), sys.argv[3]

def dying(call, at):
    def counted(*arguments, **options):
        global left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return call(*arguments, **options)
    return counted

left = int(sys.argv[4])
os.fsync, os.replace, os.open = dying(os.fsync, 0), dying(os.replace, 0), dying(os.open, 0)
refresh(root, [Body("openrouter", feed, day)], accept=False, apply=True)
print("done")
"""


def test_kill_9_at_any_step_leaves_what_the_next_run_mends(root, taken_in, tmp_path):
    said = body(
        openai__gpt_00=None,
        openai__gpt_01=priced("openai/gpt-01", "0.000002"),
        openai__gpt_new=offered("openai/gpt-new"),
    )
    feed = tmp_path / "feed.json"
    feed.write_text(json.dumps(said))
    found = set()
    due = None
    for step in range(100):
        for name in [*content(root)]:
            (root / name).unlink()
        for name, data in taken_in.items():
            (root / name).write_bytes(data)
        done = subprocess.run(
            [sys.executable, "-c", KILLED, str(root), str(feed), D2, str(step)],
            env=environment(),
            capture_output=True,
            check=False,
            timeout=60,
        )
        for path in (files.CATALOGUE, files.MIRROR):
            assert len(loads((root / path).read_bytes())["models"]) >= ROWS  # no reader sees half a file
        state = tuple(name for name in taken_in if (root / name).read_bytes() != taken_in[name])
        found.add(state)
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL, done.stderr
        refreshed(root, said, day=D2)
        assert check(root) == []
        due = due or content(root)
        assert {name: data for name, data in content(root).items() if "/." not in name} == due
    else:
        pytest.fail("it never ended")
    print(f"\\n{step} kills, {len(found)} states in between: {sorted(map(len, found))}")
    assert {len(state) for state in found} == {0, 1, 2, 3}


# A server that runs


def test_a_running_server_sees_an_applied_refresh(root, tmp_path):
    feed, usual = tmp_path / "feed.json", tmp_path / "usual.json"
    feed.write_text(json.dumps(body(openai__gpt_00=None, openai__gpt_01=priced("openai/gpt-01", "0.000002"))))
    with serving(root, log=tmp_path / "log") as server:
        known = {"If-None-Match": server.get("/api/models").headers["etag"]}
        usual.write_text(json.dumps(shuffled(body())))
        assert run(root, "--feed", f"openrouter={usual}", "--apply", "--as-of", D1).returncode == 0
        assert server.get("/api/models", headers=known).status_code == 304  # nothing changed
        assert run(root, "--feed", f"openrouter={feed}", "--apply", "--as-of", D2).returncode == 0
        assert server.get("/api/models", headers=known).status_code == 200
        shown = {row["model"]: row for row in server.get("/api/models/providers/openai").json()}
        assert shown["gpt-01"]["input_per_1k"] == 0.002
        assert shown["gpt-00"]["notes"].endswith(f"{MARK}{D2}")
        server.post(
            "/api/models/upsert", json={"provider": "openai", "model": "gpt-01", "notes": "x"}
        ).raise_for_status()
        row = server.get("/api/models/id/openai/gpt-01").json()
        assert (row["notes"], row["input_per_1k"]) == ("x", 0.002)
    assert mirrored(root)
