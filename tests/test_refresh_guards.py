"""Guards: a poisoned feed changes nothing and says why; one bad row waits alone, until a person has looked."""

from __future__ import annotations

import json
import re
import time
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner
from refreshing import (
    D1,
    D2,
    D3,
    WORDS,
    body,
    commanded,
    content,
    edited,
    laid,
    offered,
    priced,
    refreshed,
    root_at,
    rows,
)
from test_remote import Site

from modelry import cli
from modelry.catalog.claims import Feed, claim_of
from modelry.jsontext import dumps, loads
from modelry.pricing import Pricing
from modelry.records import Model
from modelry.refresh import fetching
from modelry.refresh.guards import judged


@pytest.fixture(autouse=True)
def surroundings(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "*")
    for name in ("MODEL_COST_MAP_MIN_MODEL_COUNT", "MODEL_COST_MAP_MAX_SHRINK_RATIO", "MODELRY_CATALOG"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def taken_in(tmp_path_factory):
    """A ROOT that took the usual body in on D1; its files, to make others of."""
    root = root_at(tmp_path_factory.mktemp("guards"))
    report = refreshed(root, body(), ("litellm", LITELLM), day=D1, accept=True)  # much smaller than the packaged ones
    assert [feed.rejected for feed in report.feeds] == [None, None]
    return content(root)


@pytest.fixture
def root(taken_in, tmp_path):
    """A copy of it."""
    return laid(taken_in, tmp_path / "root")


def _litellm(provider, number):
    return {"litellm_provider": provider, "mode": "chat", "input_cost_per_token": 1e-6, "output_cost_per_token": 4e-6,
            "max_input_tokens": 1000 + number}  # fmt: skip


LITELLM = {
    f"{provider}/l-{number:02}": _litellm(provider, number)
    for provider, count in {"openai": 20, "anthropic": 6, "deepseek": 4, "voyage": 8, "jina": 4, "groq": 40}.items()
    for number in range(count)
} | {"sample_spec": {"litellm_provider": "one of the supported", "mode": "chat"}}


# Whole feeds


def scaled(factor):
    def scale(row):
        row["pricing"] = {key: format(float(price) * factor, ".12f") for key, price in row["pricing"].items()}
        return row

    return edited(body(), scale)


def only(**counts):
    """The body with so many models of each of these makers alone."""
    said = body()["data"]
    return {
        "data": [
            row for word, count in counts.items() for row in [r for r in said if r["id"].startswith(f"{word}/")][:count]
        ]
    }


def but(word, count):
    """The body with only so many models of one maker."""
    left = [row for row in body()["data"] if row["id"].startswith(f"{word}/")][count:]
    return {"data": [row for row in body()["data"] if row not in left]}


DEEP = b'{"data":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
TWICE = json.dumps(body()).replace('"pricing": {"prompt"', '"pricing": {"prompt": "0", "prompt"', 1).encode()

POISON = {
    "HTML with 200": (b"<!DOCTYPE html><html><body>502 Bad Gateway</body></html>", "is no JSON"),
    "nothing": (b"", "is no JSON"),
    "an empty object": ({}, "no list `data`"),
    "an empty list": ({"data": []}, "lists no model"),
    "an error": ({"error": {"message": "rate limited", "code": 429}}, "no list `data`"),
    "a list": ([], "no object"),
    "another shape of rows": ({"data": ["gpt", 4, None, [], {"id": 7, "pricing": 3}] * 30}, "lists no model"),
    "another feed": (LITELLM, "no list `data`"),
    "truncated": (json.dumps(body()).encode()[:-500], "is no JSON"),
    "binary": (b"\x1f\x8b\x08\x00\xff\xfe", "is no JSON"),
    "too few": ({"data": body()["data"][:20]}, "fewer than 50"),
    "shrunk": (only(**dict.fromkeys(WORDS.values(), 3) | {"openai": 12}), "shrank from 144 models to 60, by more than 50%"),
    "a managed provider emptied": (but("cohere", 0), "lists no model of cohere any more"),
    "a managed provider shrunk": (but("x-ai", 2), "shrank from 5 models of xai to 2"),
    "all prices halved": (scaled(0.5), r"all prices changed: the median of \d+ is 0.5"),
    "all prices doubled": (scaled(2), r"all prices changed: the median of \d+ is 2"),
    "all prices of a million tokens": (scaled(1_000_000 / 100_000_000), "all prices changed"),
    "NaN": (json.dumps(body()).replace('"0.000001"', "NaN", 1).encode(), "NaN is no number"),
    "a number without end": (json.dumps(body()).replace("100000", "1e999999999", 1).encode(), "no number to count with"),
    "duplicate keys": (TWICE, "'prompt' stands twice"),
    "deep JSON": (DEEP, "nested too deeply"),
}  # fmt: skip


@pytest.mark.parametrize("poison", POISON)
def test_a_poisoned_feed_changes_nothing_and_says_why(root, poison):
    said, why = POISON[poison]
    before = content(root)
    done = commanded(root, said, "--apply")
    assert (done.exit_code, content(root)) == (1, before)
    assert re.search(rf"rejected: openrouter: .*{why}", done.stderr), done.stderr
    assert len(done.stderr.splitlines()) == 1
    dry = commanded(root, said, "--json")
    assert (dry.exit_code, dry.stderr, content(root)) == (1, done.stderr, before)
    told = loads(dry.stdout)
    assert re.search(why, told["feeds"][0]["rejected"])
    assert (told["pending"], told["written"], told["changed"]) == (False, [], [])


def test_the_usual_body_is_no_poison(root):
    before = content(root)
    done = commanded(root, body(), "--apply")
    assert (done.exit_code, done.stderr, content(root)) == (0, "", before)


def test_a_body_of_an_older_day_is_not_taken_in(root):
    before = content(root)
    for arguments in ((), ("--accept",)):
        done = commanded(root, body(openai__gpt_03=None), "--apply", *arguments, day="2026-05-31")
        assert (done.exit_code, content(root)) == (1, before)
        assert done.stderr == "rejected: openrouter: is of 2026-05-31; that of 2026-06-01 was taken in already\n"


@pytest.mark.parametrize("poison", ["shrunk", "a managed provider emptied", "all prices halved", "all prices doubled"])
def test_a_person_decides_with_accept(root, poison):
    done = commanded(root, POISON[poison][0], "--apply", "--accept")
    assert (done.exit_code, done.stderr) == (0, "")
    again = commanded(root, POISON[poison][0], "--apply", day=D3)
    assert (again.exit_code, again.stderr) == (0, "")
    assert "quarantine" not in again.stdout


@pytest.mark.parametrize(
    "poison", ["HTML with 200", "an empty list", "duplicate keys", "deep JSON", "another shape of rows"]
)
def test_what_is_no_feed_nobody_can_accept(root, poison):
    before = content(root)
    assert commanded(root, POISON[poison][0], "--apply", "--accept").exit_code == 1
    assert content(root) == before


def test_the_guards_numbers_are_settings(root, monkeypatch):
    small = but("z-ai", 0) | only(openai=18, anthropic=5)
    assert commanded(root, small).exit_code == 1
    monkeypatch.setenv("MODEL_COST_MAP_MIN_MODEL_COUNT", "200")
    assert "fewer than 200" in commanded(root, body()).stderr
    monkeypatch.setenv("MODEL_COST_MAP_MIN_MODEL_COUNT", "10")
    monkeypatch.setenv("MODEL_COST_MAP_MAX_SHRINK_RATIO", "0.9")
    assert "lists no model of cohere" in commanded(root, small).stderr  # whatever the ratio
    monkeypatch.setenv("MODEL_COST_MAP_MAX_SHRINK_RATIO", "most")
    assert commanded(root, body()).exit_code == 1


def test_a_second_feed_is_taken_in_while_the_first_is_rejected(root):
    before = content(root)
    more = LITELLM | {"groq/l-99": _litellm("groq", 9)}
    path = root.parent / "litellm.json"
    path.write_text(json.dumps(more))
    done = commanded(root, b"<html>", "--apply", "--feed", f"litellm={path}", "--json")
    assert (done.exit_code, done.stderr.count("rejected:")) == (1, 1)
    assert {name for name, data in content(root).items() if data != before.get(name)} == {
        "data/feeds/litellm.json", "data/models.json", "web/public/models.json",
    }  # fmt: skip
    assert "groq/l-99" in rows(root)
    assert {feed["source"]: bool(feed["rejected"]) for feed in loads(done.stdout)["feeds"]} == {
        "litellm": False, "openrouter": True,
    }  # fmt: skip


def test_entries_about_a_feed_itself_are_no_models(root):
    """`sample_spec` is not counted, neither then nor now."""
    said = loads(commanded(root, LITELLM, "--json", source="litellm").stdout)
    assert said["feeds"][0]["models"] == len(LITELLM) - 1


@pytest.mark.parametrize(
    ("gone", "outcome"),
    [
        ("openai", "lists no model of openai any more"), ("deepseek", "lists no model of deepseek any more"),
        ("voyage", None), ("jina", None),
    ],
)  # fmt: skip
def test_a_provider_that_is_listed_no_more_waits_for_a_person(root, gone, outcome):
    """Managed: the feed is rejected. Another of five rows or more waits, of fewer its rows are listed no longer."""
    before, was = content(root), rows(root)
    said = {name: entry for name, entry in LITELLM.items() if not name.startswith(f"{gone}/")}
    done = commanded(root, said, "--apply", source="litellm")
    if outcome:
        assert (done.exit_code, content(root)) == (1, before)
        assert outcome in done.stderr
    elif gone == "jina":
        missing = [row["missing_since"] for name, row in rows(root).items() if name.startswith("jina/l-")]
        assert (done.exit_code, missing) == (0, [D2] * 4)
    else:
        count = len(LITELLM) - len(said)
        assert (done.exit_code, rows(root)) == (0, was)
        for day in (D2, D3):
            assert (
                f"{gone} models {count} -> 0: the provider is listed no more"
                in commanded(root, said, "--apply", source="litellm", day=day).stdout
            )
        assert commanded(root, said, "--apply", "--accept", source="litellm", day=D3).exit_code == 0
        assert all(row["missing_since"] == D3 for name, row in rows(root).items() if name.startswith(f"{gone}/l-"))


# Rows in quarantine

_CHEAP = {"overrides": [{"min_prompt_tokens": 1, "prompt": "0.00000001"}]}
BAD = {
    "zeroed": (priced("openai/gpt-00", prompt="0"), "0 where it was paid"),
    "times 1000": (priced("openai/gpt-00", completion="0.004"), r"cannot be \$0.004 per token"),
    "times 11": (priced("openai/gpt-00", completion="0.000044"), "changed by more than 10 times"),
    "by 1000": (priced("openai/gpt-00", prompt="0.000000001"), "changed by more than 10 times"),
    "negative": (priced("openai/gpt-00", prompt="-0.000001"), "-0.000001 is below 0"),
    "NaN as text": (priced("openai/gpt-00", prompt="NaN"), "'NaN' is no price"),
    "words": (priced("openai/gpt-00", prompt="free!"), "'free!' is no number"),
    "absurd": (priced("openai/gpt-00", prompt="1", completion="4"), r"cannot be \$4 per token"),
    "no price any more": (offered("openai/gpt-00", prompt=None, completion=None), "no price any more"),
    "variable": (priced("openai/gpt-00", prompt="-1", completion="-1"), "no price any more"),
    "half a price": (offered("openai/gpt-00", completion=None), "no price any more"),
    "of no shape": (offered("openai/gpt-00") | {"pricing": 7}, "is not of the feed's shape"),
    "another of no shape": (offered("openai/gpt-00") | {"architecture": "text"}, "is not of the feed's shape"),
    "a cheap override": (priced("openai/gpt-00", **_CHEAP), "more than 10 times away from the base price"),
    "a dear override": (priced("openai/gpt-00", overrides=[{"utc_start": 0, "utc_end": 2359, "completion": "0.0005"}]), "more than 10 times away"),
}  # fmt: skip


@pytest.mark.parametrize("bad", BAD)
def test_one_bad_row_waits_alone_and_is_told_at_every_run(root, bad):
    row, why = BAD[bad]
    before = rows(root)
    good = priced("openai/gpt-07", prompt="0.000002")
    said = body(openai__gpt_00=row, openai__gpt_07=good)
    done = commanded(root, said, "--apply")
    assert (done.exit_code, done.stderr) == (0, "")
    after = rows(root)
    for name in ("openai/gpt-00", "openrouter/openai/gpt-00"):
        assert after[name]["pricing"] == before[name]["pricing"]
        assert "pricing_unknown" not in after[name].get("notes", "")
        assert re.search(rf"in quarantine: {name} .*{why}", done.stdout), done.stdout
    assert {name for name in after if after[name] != before[name]} <= {
        name for number in ("00", "07") for name in (f"openai/gpt-{number}", f"openrouter/openai/gpt-{number}")
    }  # fmt: skip
    moved = ("openai/gpt-07", "openrouter/openai/gpt-07")
    assert [after[name]["input_per_1k"] for name in moved] == [loads("0.002")] * 2
    held = loads(commanded(root, said, "--json", day=D3).stdout)["feeds"][0]["held"]
    assert {one["id"] for one in held} == {"openai/gpt-00", "openrouter/openai/gpt-00"}
    files = content(root)
    again = commanded(root, said, "--apply", day=D3)
    assert (again.exit_code, content(root)) == (0, files)
    assert again.stdout.count("in quarantine: ") == len(held)


def test_accept_takes_in_what_waits(root):
    said = body(openai__gpt_00=BAD["times 11"][0], openai__gpt_02=BAD["zeroed"][0] | {"id": "openai/gpt-02"})
    assert commanded(root, said, "--apply").exit_code == 0
    assert rows(root)["openrouter/openai/gpt-00"]["output_per_1k"] == loads("0.004")
    done = commanded(root, said, "--apply", "--accept", day=D3)
    assert (done.exit_code, "quarantine" in done.stdout) == (0, False)
    after = rows(root)
    assert (
        after["openrouter/openai/gpt-00"]["output_per_1k"] == after["openai/gpt-00"]["output_per_1k"] == loads("0.044")
    )
    assert [card["observed"] for card in after["openrouter/openai/gpt-00"]["pricing"]] == [D1, D3]
    assert after["openrouter/openai/gpt-02"]["input_per_1k"] == 0
    assert "quarantine" not in commanded(root, said, day=D3).stdout


def test_what_cannot_be_read_nobody_can_accept(root):
    """It is listed, so it is not gone; and nobody knows what it says."""
    said, before = body(openai__gpt_00=BAD["of no shape"][0]), content(root)
    done = commanded(root, said, "--apply", "--accept")
    assert (done.exit_code, content(root)) == (0, before)
    assert "in quarantine: openai/gpt-00 row – -> –: is not of the feed's shape" in done.stdout


@pytest.mark.parametrize(
    ("prompt", "waits"), [("0.00001", False), ("0.0000100001", True), ("0.0000001", False), ("0.00000009", True)]
)
def test_ten_times_is_the_limit(root, prompt, waits):
    said = commanded(root, body(openai__gpt_00=priced("openai/gpt-00", prompt=prompt))).stdout
    assert ("in quarantine" in said) is waits


def test_a_doubted_price_does_not_come_in_under_another_spelling(root):
    said = body(openai__gpt_04=None)
    said["data"].append(priced("openai/gpt.04", prompt="0.00000001", completion="0.00000004"))
    done = commanded(root, said, "--apply")
    assert "in quarantine: openai/gpt.04 input" in done.stdout
    found = {name: row for name, row in rows(root).items() if re.search("gpt.04$", name)}
    assert list(found) == ["openai/gpt-04", "openrouter/openai/gpt-04"]
    for row in found.values():
        assert (row["input_per_1k"], "missing_since" in row, "notes" in row) == (loads("0.001"), False, False)


def test_a_price_that_went_and_comes_back_is_compared_with_what_it_was(root):
    none = body(openai__gpt_04=offered("openai/gpt-04", None, None))
    assert commanded(root, none, "--apply", "--accept").exit_code == 0
    assert rows(root)["openrouter/openai/gpt-04"].get("input_per_1k") is None
    done = commanded(root, body(openai__gpt_04=priced("openai/gpt-04", prompt="0.00002")), "--apply", day=D3)
    assert "in quarantine: openai/gpt-04 input 1 -> 20: changed by more than 10 times" in done.stdout
    assert commanded(root, body(), "--apply", day=D3).exit_code == 0
    assert rows(root)["openrouter/openai/gpt-04"]["input_per_1k"] == loads("0.001")


# What OpenRouter's feed cannot say, and others can


def card(price="0.000001", output="0.000004", **more):
    return Pricing.from_dict({"input_per_token": price, "output_per_token": output, **more})


def verdict(old, new):
    """What the guards make of the first of sixty models, whose cards were these and are those."""

    def listed(cards):
        first = Model(provider="p", model="m-00", pricing=tuple(cards))
        return [first, *(Model(provider="p", model=f"m-{n:02}", pricing=(card(),)) for n in range(1, 60))]

    before = Feed("genai_prices", D1, [claim_of("genai_prices", model, D1) for model in listed(old)])
    return judged(before, listed(new), (), D2, accept=False)


FIRST, LAST = card(effective_from="2025-01-01"), card("0.000002", effective_from="2026-05-01")
CARDS = {
    "another currency": ([card()], [card(currency="CNY")], [("currency", "USD", "CNY")]),
    "the same history": ([FIRST, LAST], [FIRST, LAST], []),
    "a new card": ([FIRST, LAST], [FIRST, LAST, card("0.000003", effective_from="2026-06-01")], []),
    "a new card of eleven times": ([FIRST], [FIRST, card("0.000011", effective_from="2026-06-01")], [("input_per_token", "0.000001", "0.000011")]),
    "one between": ([FIRST, LAST], [FIRST, card("0.00000001", effective_from="2026-03-01"), LAST], [("input_per_token", "0.000002", "0.00000001")]),
    "one before them all in the list": ([FIRST], [card("0.00000001", effective_from="2026-06-01"), FIRST], [("input_per_token", "0.000001", "0.00000001")]),
    "their days exchanged": (
        [card("0.00002", effective_from="2025-01-01"), card(effective_from="2026-01-01")],
        [card(effective_from="2025-01-01"), card("0.00002", effective_from="2026-01-01")], [("input_per_token", "0.000001", "0.00002")],
    ),
    "conditions in another order": (
        [card(overrides=[{"when": {"service_tier": "flex", "prompt_tokens_above": 9}, "input_per_token": "0.00002"}])],
        [card(overrides=[{"when": {"prompt_tokens_above": 9, "service_tier": "flex"}, "input_per_token": "0.00002"}])], [],
    ),
    "a factor": ([card()], [card(overrides=[{"when": {"region": "eu"}, "multiply": "1.1"}])], []),
    "a factor of a thousandth": ([card()], [card(overrides=[{"when": {"region": "eu"}, "multiply": "0.001"}])], [("multiply when region=eu", None, "0.001")]),
    "free, then paid": ([card("0", "0")], [card()], []),
}  # fmt: skip


@pytest.mark.parametrize("case", CARDS)
def test_every_card_of_a_history_is_guarded(case):
    old, new, doubts = CARDS[case]
    found = verdict(old, new)
    assert (found.rejected, [(held.field, held.old, held.new) for held in found.held]) == (None, doubts)
    assert tuple(found.models[0].pricing) == tuple(old if doubts else new)


# At a URL


class Pages:
    """A server of pages: what `answers` has for the path, else what `page(path)` makes."""

    def __init__(self, site):
        self.site, self.page, self.date = site, {}.get, None
        site.play = self.play
        self.place = f"openrouter={site.base}/models"

    def play(self, handler):
        answer = self.page(handler.path)
        data = answer if isinstance(answer, bytes) else dumps(answer).encode()
        handler.send_response_only(200 if answer is not None else 404)
        if self.date:
            handler.send_header("Date", self.date)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.write(data)

    def take(self, root, *arguments):
        return CliRunner().invoke(
            cli.cli, ["refresh", "--feed", self.place, "--data", str(root), "--apply", *arguments]
        )


@pytest.fixture
def pages():
    site = Site()
    yield Pages(site)
    site.close()


def chain(said, size=30):
    """The body in pages of so many rows, by path; `links.next` of the last one is null."""
    data = said["data"]
    parts = [data[start : start + size] for start in range(0, len(data), size)]
    names = ["/models", *(f"/models?page={number}" for number in range(1, len(parts)))]
    return {
        name: {"data": part, "links": {"next": names[at + 1] if at + 1 < len(names) else None}}
        for at, (name, part) in enumerate(zip(names, parts, strict=True))
    }


def test_pages_are_one_body(root, pages):
    before = content(root)
    by_path = chain(body())
    pages.page = by_path.get
    done = pages.take(root)
    assert (done.exit_code, done.stderr, content(root)) == (0, "", before)
    assert [request["path"] for request in pages.site.seen] == list(by_path)
    changed = chain(body(z_ai__m_39=priced("z-ai/m-39", prompt="0.000002")))  # on the last one
    pages.page = {
        name: json.loads(json.dumps(page).replace('"/models?', f'"{pages.site.base}/models?'))
        for name, page in changed.items()
    }.get
    assert pages.take(root).exit_code == 0
    assert rows(root)["openrouter/z-ai/m-39"]["input_per_1k"] == loads("0.002")


def _second(said):
    """Pages whose second one is this."""
    by_path = chain(body())
    by_path["/models?page=1"] = said
    return by_path.get


def _endless(path):
    at = int(path.partition("=")[2] or 0)
    return {"data": [offered(f"z-ai/p-{at}")], "links": {"next": f"/models?page={at + 1}"}}


BAD_PAGES = {
    "pages without end": (_endless, "has pages without end"),
    "a loop": (_second(chain(body())["/models"]), "has pages without end"),
    "its own next": ({"/models": {"data": body()["data"], "links": {"next": "/models"}}}.get, "has pages without end"),
    "another host": (_second({"data": [], "links": {"next": "http://127.0.0.2/models"}}), "leads to another host"),
    "another scheme": (_second({"data": [], "links": {"next": "file:///etc/passwd"}}), "leads to another host"),
    "page 2 is gone": (_second(None), "answered 404"),
    "page 2 is HTML": (_second(b"<html>"), "is a page of HTML"),
    "page 2 is cut off": (_second(b'{"data": [{"id": '), "is no JSON"),
    "page 2 is an error": (_second({"error": "rate limited"}), "page 2 without a list `data`"),
    "page 2 is a list": (_second([]), "page 2 without a list `data`"),
    "HTML with 200": (lambda _: b"<!DOCTYPE html>", "is a page of HTML"),
    "not there": (lambda _: None, "answered 404"),
    "deep JSON": (lambda _: DEEP, "nested too deeply"),
}  # fmt: skip


@pytest.mark.parametrize("bad", BAD_PAGES)
def test_bad_pages_change_nothing_and_say_why(root, pages, bad):
    pages.page, why = BAD_PAGES[bad]
    before = content(root)
    done = pages.take(root)
    assert (done.exit_code, content(root)) == (1, before)
    assert re.fullmatch(rf"rejected: openrouter: http://127.0.0.1:\d+/models .*{why}.*\n", done.stderr), done.stderr
    assert len(pages.site.seen) <= 200


def test_pages_are_limited_together(root, pages, monkeypatch):
    pages.page = chain(body()).get
    monkeypatch.setattr(fetching, "LIMITS", fetching.LIMITS._replace(body=20_000))
    assert "has more pages than fit into 20,000 bytes" in pages.take(root).stderr
    monkeypatch.setattr(fetching, "LIMITS", fetching.LIMITS._replace(body=2_000))
    assert "sends more than 2,000 bytes" in pages.take(root).stderr
    monkeypatch.setattr(fetching, "LIMITS", fetching.LIMITS._replace(body=10**6, seconds=0.2))
    pages.site.play = lambda handler: (time.sleep(1), pages.play(handler))
    assert "took longer than 0.2 s" in pages.take(root).stderr


def test_the_day_of_a_feed_is_that_of_the_answer(root, pages):
    pages.page = chain(body(openai__gpt_00=priced("openai/gpt-00", prompt="0.000002"))).get
    pages.date = "Fri, 05 Jun 2026 23:59:59 -0200"  # the day after, in UTC
    assert pages.take(root).exit_code == 0
    assert rows(root)["openrouter/openai/gpt-00"]["pricing"][-1]["observed"] == "2026-06-06"
    pages.date = "Thu, 04 Jun 2026 10:00:00 GMT"
    done = pages.take(root)
    assert (done.exit_code, "is of 2026-06-04; that of 2026-06-06" in done.stderr) == (1, True)
    assert pages.take(root, "--as-of", "2026-06-07").exit_code == 0


@pytest.mark.parametrize(
    ("date", "status"),
    [("Mon, 01 Jan 2091 00:00:00 GMT", 1), ("Mon, 01 Jan 0001 00:00:00 -0000", 1), ("some day", 0), (None, 0)],
)
def test_a_day_that_has_not_come_yet_is_none(root, pages, date, status):
    """Believed, it would make every honest feed after it an older one. Without a date it is today."""
    pages.page, pages.date = chain(body(openai__gpt_00=priced("openai/gpt-00", prompt="0.000002"))).get, date
    before = content(root)
    done = pages.take(root)
    assert done.exit_code == status, done.stderr
    if status:
        assert content(root) == before
    else:
        assert rows(root)["openrouter/openai/gpt-00"]["pricing"][-1]["observed"] == datetime.now(UTC).date().isoformat()


def test_a_feed_that_is_away_is_in_the_report(root, pages):
    pages.page = lambda _: None
    out = root.parent / "report.md"
    told = loads(pages.take(root, "--json", "--report", str(out)).stdout)
    assert [(feed["source"], feed["models"]) for feed in told["feeds"]] == [("openrouter", 0)]
    assert "answered 404" in told["feeds"][0]["rejected"]
    assert "# Catalogue refresh: rejected" in out.read_text()
    assert "answered 404" in out.read_text()
