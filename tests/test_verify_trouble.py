"""Where asking for a list of models goes wrong: nothing is recorded, the reason is told, and the key goes nowhere else."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import yaml
from click.testing import CliRunner
from refreshing import content, run
from verifying import KEY, OPENAI, Site, forget_keys, key_of, listed, relist, root_at, said, told, verification, verify

from modelry import cli
from modelry.refresh import asking


@pytest.fixture
def site():
    one = Site()
    yield one
    one.close()


@pytest.fixture(autouse=True)
def surroundings(monkeypatch):
    monkeypatch.setattr(asking, "PAUSES", (0.01, 0.01, 0.01))
    forget_keys(monkeypatch)


@pytest.fixture
def root(tmp_path, site):
    return root_at(tmp_path / "root", site.url)


def refused(root, site, *words, provider="openai", arguments=()):
    """Nothing is recorded, and the reason has these words and no key."""
    before = content(root)
    done = verify(root, provider, *arguments, code=1)
    assert content(root) == before
    for word in words:
        assert word in done.stderr
    assert KEY not in done.output + done.stderr
    assert done.stdout == ""
    return done


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, ["answered 401", "OPENAI_API_KEY", "still good?"]),
        (403, ["answered 403", "OPENAI_API_KEY", "may"]),
        (404, ["answered 404", "listing"]),
        (418, ["answered 418"]),
    ],
)
def test_a_refusal_says_what_to_do_and_is_not_repeated(root, site, status, words):
    site.answers = [said({"error": f"wrong key {KEY}"}, status)]
    refused(root, site, *words)
    assert len(site.seen) == 1


def in_a_day(days=1):
    return format_datetime(datetime.now(UTC) + timedelta(days=days), usegmt=True)


@pytest.mark.parametrize("retry_after", ["0", None, "garbage", "date"])
def test_who_is_asked_too_much_is_asked_again(root, site, retry_after):
    text = in_a_day(-1) if retry_after == "date" else retry_after
    busy = said({}, 429, **({"Retry_After": text} if text else {}))
    site.answers = [busy, busy, listed(*OPENAI)]
    verify(root, "openai")
    assert len(site.seen) == 3


def test_a_pause_is_as_long_as_the_provider_asks_for(root, site, monkeypatch):
    slept = []
    monkeypatch.setattr(asking.time, "sleep", slept.append)
    site.answers = [said({}, 429, Retry_After="7"), said({}, 503, Retry_After="3"), said({}, 500), listed(*OPENAI)]
    verify(root, "openai")
    assert slept == [7, 3, 0.01]


@pytest.mark.parametrize("retry_after", ["3600", "999999999", "date"])
def test_who_wants_to_be_left_alone_for_long_is(root, site, retry_after):
    site.answers = [said({}, 429, Retry_After=in_a_day() if retry_after == "date" else retry_after)]
    refused(root, site, "answered 429", "try again later")
    assert len(site.seen) == 1


@pytest.mark.parametrize("status", [429, 500, 503])
def test_trouble_without_end_ends(root, site, status):
    site.answers = [said(b"<html>", status)]
    refused(root, site, f"answered {status}", "try again later")
    assert len(site.seen) == 1 + len(asking.PAUSES)


def test_trouble_that_passes_is_none(root, site):
    site.answers = [said({}, 500), said({}, 502), listed(*OPENAI)]
    verify(root, "openai")


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (said(b"<!doctype html><title>Log in</title>"), "is a page of HTML"),
        (said(b"not json"), "is no JSON"),
        (said(b'{"data": [{"id": "gpt-9"'), "is no JSON"),
        (said(b'{"data": [], "data": []}'), "is no JSON"),
        (said(b""), "is no JSON"),
        (said([]), "has no list 'data'"),
        (said(["data"]), "has no list 'data'"),
        (said(None), "has no list 'data'"),
        (said("data"), "has no list 'data'"),
        (said({"error": {"message": "no"}}), "has no list 'data'"),
        (said({"data": {"id": "gpt-9"}}), "has no list 'data'"),
        (said({"data": ["gpt-9"]}), "has no 'id'"),
        (said({"data": [{"name": "gpt-9"}]}), "has no 'id'"),
        (said({"data": [{"id": "gpt-9"}, {"id": None}]}), "has no 'id'"),
        (said({"data": [{"id": "a\u001b[31mb"}]}), "has no 'id'"),
        (said({"data": [{"id": "x" * 600}]}), "has no 'id'"),
        (said({"data": []}), "lists no model"),
        (listed(*(f"m{n}" for n in range(10_001))), "more than 10,000 models"),
        (said(b" " * (17 * 2**20)), "sends more than"),
        (said({"data": []}, 302, Location="ftp://x/"), "redirects"),
        (said({"data": []}, 204), "answered 204"),
    ],
)
def test_what_is_no_list_of_models_changes_nothing(root, site, answer, why):
    site.answers = [answer]
    refused(root, site, why)


@pytest.mark.parametrize(
    ("provider", "page", "why"),
    [
        (
            "anthropic",
            lambda n: {"data": [{"id": f"claude-{n}"}], "has_more": True, "last_id": "the same"},
            "without end",
        ),
        ("anthropic", lambda n: {"data": [{"id": f"claude-{n}"}], "has_more": True, "last_id": f"{n}"}, "without end"),
        ("anthropic", lambda n: {"data": [{"id": f"claude-{n}"}], "has_more": True}, "leads to it"),
        (
            "anthropic",
            lambda n: {"data": [{"id": "x"}] if n == 1 else 5, "has_more": True, "last_id": f"{n}"},
            "no list",
        ),
        ("google", lambda n: {"models": [{"name": f"models/{n}"}], "nextPageToken": f"{n}"}, "without end"),
        ("google", lambda n: {"models": [{"name": f"models/{n}"}], "nextPageToken": n}, "leads to it"),
        ("cohere", lambda n: {"models": [{"name": f"{n}", "x": "y" * 2**20}], "next_page_token": f"{n}"}, "fit into"),
    ],
)
def test_pages_without_end_or_without_a_way_on_change_nothing(root, site, monkeypatch, provider, page, why):
    monkeypatch.setenv(key_of(provider), KEY)
    site.answers = [lambda _: said(page(len(site.seen)))]
    refused(root, site, why, provider=provider)


def test_a_page_that_leads_to_itself_is_not_asked_for_again(root, site, monkeypatch):
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    site.answers = [said({"data": [{"id": "claude-x-1"}], "has_more": True, "last_id": "claude-x-1"})]
    refused(root, site, "without end", provider="anthropic")
    assert site.asked("after_id") == [None, "claude-x-1"]


def test_a_provider_that_is_away_is_told(root, site):
    relist(root, url="http://127.0.0.1:9/v1/models?tenant=1")
    done = refused(root, site, "http://127.0.0.1:9/v1/models cannot be fetched")
    assert "tenant" not in done.stderr


def test_the_key_follows_no_redirect_to_another_host(root, site):
    other = Site()
    try:
        other.answers = [listed(*OPENAI)]
        site.answers = [said(b"", 307, Location=other.url)]
        refused(root, site, "another host")
        assert other.seen == []
    finally:
        other.close()


def test_a_redirect_on_the_same_host_is_followed(root, site):
    site.answers = [said(b"", 308, Location="/v2/models"), listed(*OPENAI)]
    verify(root, "openai")
    assert [(url.path, headers["authorization"]) for url, headers in site.seen] == [
        ("/v1/models", f"Bearer {KEY}"), ("/v2/models", f"Bearer {KEY}"),
    ]  # fmt: skip


def test_no_key_no_listing_and_no_provider_say_what_to_do(root, site, monkeypatch):
    refused(root, site, "needs a key: set GEMINI_API_KEY or GOOGLE_API_KEY", provider="google")
    refused(root, site, "v1/providers/silent.yaml", "listing", provider="silent")
    refused(root, site, "no provider is called 'opena'", "openai?", provider="opena")
    monkeypatch.setenv("OPENAI_API_KEY", f"{KEY}\nX-Evil: 1")
    refused(root, site, "OPENAI_API_KEY holds characters that no key has")
    path = root / "v1/providers/openai.yaml"
    path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text()), "env": []}))
    refused(root, site, "`env` in the manifest")
    assert site.seen == []
    assert CliRunner().invoke(cli.cli, ["verify"]).exit_code == 2


def test_a_day_that_has_not_come_or_is_over_is_not_recorded(root, site):
    site.answers = [listed(*OPENAI)]
    verify(root, "openai", "--as-of", "2026-03-01")
    refused(root, site, "a later answer is recorded", arguments=["--as-of", "2026-02-01"])


def test_the_key_stands_nowhere(root, site):
    site.answers = [listed("gpt-9", "gpt-10")]
    for arguments in ([], ["--json"], ["--dry-run"]):
        done = run(root, "openai", *arguments, command="verify", OPENAI_API_KEY=KEY)
        assert done.returncode == 0, done.stderr
        assert KEY not in done.stdout + done.stderr
    site.answers = [said({}, 401)]
    done = run(root, "openai", command="verify", OPENAI_API_KEY=KEY)
    assert (done.returncode, KEY in done.stdout + done.stderr) == (1, False)
    assert [path for path in root.parent.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()] == []


# A saved answer


def test_a_saved_answer_is_read_without_key_or_network(root, site, tmp_path, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY")
    (tmp_path / "saved.json").write_bytes(listed(*OPENAI)[1])
    report = told(root, "openai", "--offline", str(tmp_path / "saved.json"), "--as-of", "2026-02-03")
    assert (report["source"], report["day"]) == ("saved.json", "2026-02-03")
    assert verification(root, "openai/gpt-9") == {
        "status": "verified",
        "last_checked": "2026-02-03",
        "source": "saved.json",
    }
    assert site.seen == []


@pytest.mark.parametrize(
    ("provider", "body", "why"),
    [
        (
            "anthropic",
            {"data": [{"id": "claude-x-1"}], "has_more": True, "last_id": "claude-x-1"},
            "one page of several",
        ),
        ("anthropic", {"data": [{"id": "claude-x-1"}], "has_more": True}, "leads to it"),
        ("openai", {"data": []}, "lists no model"),
        ("openai", [], "has no list"),
        ("silent", {"data": []}, "listing"),
    ],
)
def test_a_saved_answer_that_is_not_whole_changes_nothing(root, site, tmp_path, provider, body, why):
    (tmp_path / "saved.json").write_text(json.dumps(body))
    refused(root, site, why, provider=provider, arguments=["--offline", str(tmp_path / "saved.json")])


def test_a_file_that_is_not_there_or_no_json_is_told(root, site, tmp_path):
    refused(root, site, "cannot be read", arguments=["--offline", str(tmp_path / "none.json")])
    (tmp_path / "saved.json").write_text("<html>")
    refused(root, site, "is no JSON", arguments=["--offline", str(tmp_path / "saved.json")])
