"""The report: what a person needs to decide, as the body of a pull request, with a feed's words as mere words."""

from __future__ import annotations

import re

import pytest
from markdown_it import MarkdownIt
from refreshing import D1, D2, body, offered, priced, refreshed, root_at

from modelry.jsontext import dumps, loads
from modelry.refresh.engine import FeedReport, Report, RowChange
from modelry.refresh.guards import Held
from modelry.refresh.report import as_data, markdown, summary

TIERS = {"overrides": [{"min_prompt_tokens": 200_000, "prompt": "0.000002"}]}
HOSTILE = (
    "openai/<script>alert(1)</script>", "openai/![x](http://evil.example/p.png)", "openai/[text](javascript:alert)",
    "openai/a|b|c", "openai/`rm -rf`", "openai/@torvalds", "openai/#1", "openai/http://evil.example", "openai/\u202edlog-tpg",
    "openai/zero\u200bwidth", "openai/" + "long" * 100, "openai/**bold**", "openai/back\\slash\\|", "openai/<!-- hidden",
    "openai/\x9b31mred",
)  # fmt: skip


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """Of a run in which everything happens."""
    root = root_at(tmp_path_factory.mktemp("report"))
    gone, back = "openai/gpt-08", "openai/gpt-09"
    refreshed(root, body(openai__gpt_09=None), day=D1, accept=True)
    said = body(
        openai__gpt_00=priced("openai/gpt-00", "0.0000012345", "0.000008") | {"context_length": 200_000},
        openai__gpt_01=priced("openai/gpt-01", **TIERS),
        openai__gpt_02=priced("openai/gpt-02", "0.00005"),
        openai__gpt_03=offered("openai/gpt-03", expiration_date="2026-12-24")
        | {"name": "Maker: @torvalds [x](http://evil.example)"},
        openai__gpt_04=offered("openai/gpt-04", completion=None),
        openai__gpt_08=None,
    )
    said["data"] += [offered(name) for name in HOSTILE]
    report = refreshed(root, said, day=D2)
    assert {f"{prefix}{name}" for prefix in ("", "openrouter/") for name in (gone,)} <= {*report.deprecated}
    assert f"openrouter/{back}" in {f"{row['provider']}/{row['model']}" for row in report.new}
    return report


def cells(text):
    """The tables of a Markdown text: their rows as a renderer that knows tables sees them."""
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    table: list[list[str]] = []
    for at, token in enumerate(tokens):
        if token.type == "tr_open":
            table.append([])
        elif token.type in ("td_open", "th_open"):
            table[-1].append(tokens[at + 1].content)
    return table


def test_what_changed_is_told_as_people_say_it(report):
    text = markdown(report)
    found = cells(text)
    assert ["`openai/gpt-00`", "`output`", "4", "8", "2×"] in found
    assert ["`openai/gpt-00`", "`input`", "1", "1.2345", "1.23×"] in found
    assert ["`openai/gpt-00`", "`context`", "`100000`", "`200000`"] in found  # besides its price
    assert ["`openai/gpt-01`", "`input when prompt_tokens_above=200000`", "unknown", "2", ""] in found
    assert ["`openai/gpt-03`", "`deprecation_date`", "–", "`2026-12-24`"] in found
    assert ["`openai/gpt-02`", "`input`", "`1`", "`50`", "`changed by more than 10 times`"] in found
    assert ["`openai/gpt-04`", "`output`", "`4`", "–", "`the feed says no price any more`"] in found
    assert re.search(
        r"^## No longer listed \(2\)\n\n- `openai/gpt-08`\n- `openrouter/openai/gpt-08`$", text, re.MULTILINE
    )
    assert "input_per_1k" not in text  # the same price twice


def test_the_price_that_changed_most_comes_first(report):
    lines = [cells for cells in cells(markdown(report)) if cells[-1].endswith("×")]
    factors = [float(line[-1].removesuffix("×")) for line in lines]
    assert len(factors) >= 4
    assert factors == sorted(factors, key=lambda factor: -max(factor, 1 / factor))


def test_a_feeds_words_are_words(report):
    """No link, picture, HTML, mention or heading comes of them, no cell ends, nothing is invisible."""
    text = markdown(report)
    assert all(character.isprintable() or character == "\n" for character in text)
    parsed = MarkdownIt("commonmark").enable("table").parse(text)
    inline = [child for token in parsed for child in token.children or ()]
    assert {token.type for token in parsed} & {"html_block", "fence", "blockquote_open", "hr"} == set()
    assert {child.type for child in inline} <= {"text", "code_inline", "strong_open", "strong_close", "softbreak"}
    told = "".join(child.content for child in inline if child.type == "text")
    assert not re.search(r"[@#<\[\\]|http|www", told), told
    codes = {child.content for child in inline if child.type == "code_inline"}
    assert {
        "openai/a¦b¦c",
        "openai/'rm -rf'",
        "openai/@torvalds",
        "openai/?dlog-tpg",
        "openai/<script>alert(1)</script>",
    } <= codes
    widths = [len(row) for row in cells(text)]
    assert set(widths) <= {4, 5}
    assert len([token for token in parsed if token.type == "heading_open"]) == len(
        re.findall(r"^##? ", text, re.MULTILINE)
    )


def test_a_terminal_gets_no_commands(report):
    assert all(character.isprintable() or character == "\n" for character in summary(report))
    assert "nothing is written" not in summary(report)


def test_a_terminal_shows_what_came_and_went(report):
    lines = summary(report).splitlines()
    assert lines[0] == "29 new, 8 changed, 2 no longer listed, 4 in quarantine, 141 untouched"
    assert [line for line in lines if "listed: " in line] == [
        "  no longer listed: openai/gpt-08", "  no longer listed: openrouter/openai/gpt-08",
    ]  # fmt: skip
    assert "  new: openai/gpt-09" in lines
    assert "  openai/gpt-00 output 4 -> 8 2×" in lines
    assert "  in quarantine: openai/gpt-02 input 1 -> 50: changed by more than 10 times" in lines
    assert sum(line.startswith("  new: ") for line in lines) == 20
    assert "  … and 9 more; --json has them all" in lines
    back = summary(made(returned=["p/m"], merged=["p/m.1"])).splitlines()
    assert back[1:] == ["  returned: p/m", "  merged: p/m.1", "nothing is written: --apply does that"]


def test_json_has_everything(report):
    data = loads(dumps(as_data(report)))
    changed = {row["id"]: row["fields"] for row in data["changed"]}
    assert changed["openai/gpt-00"]["context"] == {"old": 100_000, "new": 200_000}
    assert changed["openai/gpt-00"]["input_per_1k"] == {"old": loads("0.001"), "new": loads("0.0012345")}
    assert {"openai/gpt-08", "openrouter/openai/gpt-08"} <= {*data["deprecated"]}
    assert {f"openrouter/{name}" for name in HOSTILE} <= {row["id"] for row in data["new"]}
    (feed,) = data["feeds"]
    assert feed["held"][0].keys() == {"id", "field", "old", "new", "reason"}
    assert (feed["source"], feed["day"], feed["rejected"]) == ("openrouter", D2, None)
    assert data["untouched"] + len(data["changed"]) + len(data["merged"]) > 100


NEW = {"provider": "p", "model": "m", "context": 200_000, "pricing": [{"input_per_token": loads("0.000001")}]}


def made(**fields):
    usual = {
        "feeds": (),
        "new": (),
        "changed": (),
        "deprecated": (),
        "returned": (),
        "merged": (),
        "untouched": 5,
        "pending": True,
    }
    return Report(**(usual | fields))


def test_a_pull_requests_body_is_never_too_long_for_one():
    """GitHub takes 65,536 characters."""
    many = [
        RowChange(f"provider-{n}/{'x' * 100}", {"notes": ("y" * 200, "z" * 200), "context": (n, n + 1)})
        for n in range(5_000)
    ]
    held = [Held(f"p/{n}", "input_per_token", "0.000001", "0.1", "w" * 300) for n in range(3_000)]
    text = markdown(
        made(
            changed=many,
            new=[{**NEW, "model": row.id} for row in many],
            feeds=[FeedReport("litellm", D1, 5_000, None, held, ())],
        )
    )
    assert len(text) < 65_000
    assert text.endswith("\n… the report is longer; `--json` has all of it.\n")
    assert "… and 2,800 more; `--json` has them all." in text
    assert len(text.split("\n")[0]) < 100


@pytest.mark.parametrize(
    ("fields", "state", "said"),
    [
        ({"pending": False}, "nothing changed", "5 untouched"),
        ({"new": [NEW]}, "pending", "1 new, 5 untouched"),
        ({"new": [NEW], "written": ["data/models.json"]}, "applied", "1 new, 5 untouched"),
        (
            {"pending": False, "feeds": [FeedReport("litellm", D1, 0, "is <b>no</b> feed", (), ())]},
            "rejected",
            "5 untouched",
        ),
        ({"merged": ["p/m.1"], "returned": ["p/m"]}, "pending", "1 returned, 1 merged, 5 untouched"),
    ],
)
def test_the_heading_says_how_it_ended(fields, state, said):
    text = markdown(made(**fields))
    assert text.startswith(f"# Catalogue refresh: {state}\n\n{said}.\n\n| feed | as of | models |  |\n")
    assert ("**rejected**: `is <b>no</b> feed`" in text) is (state == "rejected")


CARD = {"observed": D1, "input_per_token": loads("0.000001"), "output_per_token": loads("0.000004")}
CHANGES = {
    "a price of another unit": ([CARD | {"output_per_image": 1}], [CARD | {"output_per_image": 2}], ["`p/m`", "`output per image`", "1", "2", "2×"]),
    "a thousandth": ([CARD], [CARD | {"input_per_token": loads("0.000000001")}], ["`p/m`", "`input`", "1", "0.001", "0.001×"]),
    "a thousandfold": ([CARD], [CARD | {"input_per_token": loads("0.0012345")}], ["`p/m`", "`input`", "1", "1234.5", "1230×"]),
    "a price of before": ([CARD], [{**CARD, "observed": "2026-01-01", "input_per_token": 1}, CARD], ["`p/m`", "`pricing`", "`1 dated`", "`2 dated`"]),
    "no price any more": ([CARD], [CARD, {"observed": D2, "input_per_token": None}], ["`p/m`", "`output`", "4", "unknown", ""]),
    "the first price": (None, [CARD], ["`p/m`", "`input`", "unknown", "1", ""]),
    "a free one": ([CARD], [CARD | {"input_per_token": 0}], ["`p/m`", "`input`", "1", "0", ""]),
    "a factor": ([CARD], [CARD | {"overrides": [{"when": {"region": ["eu"]}, "multiply": loads("1.1")}]}], ["`p/m`", "`multiply when region=eu`", "unknown", "1.1", ""]),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_each_change_of_a_price_shows(change):
    old, new, row = CHANGES[change]
    text = markdown(made(changed=[RowChange("p/m", {"pricing": (old, new)})]))
    assert row in cells(text)


def test_a_new_row_shows_what_it_costs():
    text = markdown(made(new=[NEW, {"provider": "p", "model": "n"}]))
    assert cells(text)[-2:] == [["`p/m`", "1", "unknown", "200,000"], ["`p/n`", "unknown", "unknown", "–"]]


def test_of_a_mapping_the_parts_that_differ_show():
    change = {"capabilities": ({"tools": True, "vision": False}, {"tools": True, "vision": True}),
              "extensions": ({"a": {"x": 1, "y": 2}}, {"a": {"x": 1}, "b": {}})}  # fmt: skip
    text = markdown(made(changed=[RowChange("p/m", change)]))
    assert cells(text)[-2:] == [
        ["`p/m`", "`capabilities`", '`{"vision":false}`', '`{"vision":true}`'],
        ["`p/m`", "`extensions`", '`{"a":{"y":2}}`', '`{"a":{},"b":{}}`'],
    ]


def test_a_price_that_comes_into_force_shows():
    text = markdown(made(changed=[RowChange("p/m", {"input_per_1k": (1, 2)})]))
    assert ["`p/m`", "`input_per_1k`", "`1`", "`2`"] in cells(text)
