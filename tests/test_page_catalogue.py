"""The catalogue in a browser: search, filters, order, columns, units, addresses, exports, keyboard."""

from __future__ import annotations

import csv
import json
import re

import pytest
from playwright.sync_api import expect
from serving import serving


@pytest.fixture
def page(page):
    page.set_viewport_size({"width": 1440, "height": 900})
    return page


def shown(page):
    """The rows in sight and around: those around follow when those in sight are painted."""
    expect(page.get_by_role("grid", name="Models")).to_have_attribute("aria-busy", "false")
    page.evaluate("new Promise((go) => requestAnimationFrame(() => setTimeout(go)))")
    return page.get_by_role("row").filter(has=page.get_by_role("gridcell"))


def models(page):
    """The ids of these rows, from the top."""
    found = shown(page).evaluate_all(
        "rows => rows.map(row => [row.dataset.place, row.querySelector('small').textContent])"
    )
    return [model for _, model in sorted(found, key=lambda one: int(one[0]))]


def search(page, text):
    page.get_by_role("searchbox", name="Search models").fill(text)


def column(page, name):
    """The texts of a column of these rows, by the heading's place."""
    heads = page.get_by_role("columnheader").all_inner_texts()
    at = next(place for place, head in enumerate(heads) if re.match(rf"{name}\b", head.strip()))
    found = shown(page).evaluate_all(
        "(rows, at) => rows.map(row => [row.dataset.place, row.children[at].textContent])", at
    )
    return [text for _, text in sorted(found, key=lambda one: int(one[0]))]


def told(page):
    return page.get_by_role("status").filter(has_text=re.compile("of|models")).first


def test_every_model_is_in_the_table_and_few_rows_are_in_the_document(visit, site):
    page = visit(site)
    total = len(site.get("/api/models?fields=model").json()["models"])
    grid = page.get_by_role("grid", name="Models")
    expect(grid).to_have_attribute("aria-rowcount", str(total + 1))
    assert 10 < len(models(page)) < 60
    grid.focus()
    page.keyboard.press("End")
    expect(page.locator(f"[aria-rowindex='{total + 1}']")).to_be_in_viewport()


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("gpt-4o mini", "openai/gpt-4o-mini"),
        ("sonnet 4.5 anthropic", "anthropic/claude-sonnet-4-5"),
        ("clde sonnet 4-5", "anthropic/claude-sonnet-4-5"),  # letters left out
        ("gpt-4o-mnii", "openai/gpt-4o-mini"),  # two the wrong way round
        ("openai/gpt-4o", "openai/gpt-4o"),
        ("openai gpt-4o", "openai/gpt-4o"),
    ],
)
def test_search_finds_what_is_meant(visit, site, text, first):
    page = visit(site)
    search(page, text)
    expect(page.get_by_role("row").filter(has_text=first).first).to_be_visible()
    assert models(page)[0] == first


def test_a_search_that_finds_nothing_says_what_to_do(visit, site):
    page = visit(site)
    search(page, "no such model anywhere")
    page.get_by_role("button", name="Clear search and filters").click()
    expect(page.get_by_role("searchbox", name="Search models")).to_be_focused()
    assert len(models(page)) > 10


def rows_of(site, **query):
    return site.get("/api/models", params={"fields": "model", **query}).json()["models"]


def ids(rows):
    return {f"{row['provider']}/{row['model']}" for row in rows}


@pytest.mark.parametrize(
    ("group", "choices", "query"),
    [
        ("Provider", ["groq"], {"provider": "groq"}),
        ("Component", ["RERANK"], {"component": "RERANK"}),
        ("Capability", ["Tools", "Vision", "Reasoning"], {"capability": "tools,vision,reasoning"}),
        ("Status", ["Preview"], {"status": "preview"}),
        ("Besides", ["Verified by the provider"], {"verified": "true"}),
        ("Besides", ["Free of charge"], {"free": "true"}),
        ("Besides", ["Open weights"], {"open_weights": "true"}),
    ],
)
def test_a_filter_shows_what_the_api_gives_for_it(visit, site, group, choices, query):
    page = visit(site)
    panel = page.get_by_role("group", name=group, exact=True)
    if group == "Provider":  # of which the most frequent alone are shown
        page.get_by_label("Find a provider").fill(choices[0])
    for choice in choices:
        panel.get_by_label(choice).first.check()
    expected = ids(rows_of(site, **query))
    expect(told(page)).to_have_text(re.compile(rf"^{len(expected):,} of"))
    assert set(models(page)) <= expected
    expect(page.get_by_role("button", name=re.compile("Remove"))).to_have_count(len(choices))


def test_content_kinds_price_range_and_context_are_filters(visit, site):
    page = visit(site)
    page.get_by_role("group", name="Takes").get_by_label("Audio").check()
    page.get_by_label("from, $").fill("0.1")
    page.get_by_label("to, $").fill("1")
    page.get_by_label("Context of at least").fill("100000")
    fields = {"fields": "modalities,context,max_input_tokens,rates"}
    passing = {
        f"{row['provider']}/{row['model']}"
        for row in site.get("/api/models", params=fields).json()["models"]
        if "audio" in row.get("modalities", {}).get("input", ())
        and (row.get("context") or row.get("max_input_tokens", 0)) >= 100_000
        and 0.1 <= round(row.get("rates", {}).get("input_per_token", 0) * 1e6, 9) <= 1
    }
    expect(told(page)).to_have_text(re.compile(rf"^{len(passing)} of"))
    assert set(models(page)) <= passing


def test_a_context_that_is_known_by_the_input_alone_is_at_least_that(visit, site):
    (row,) = [
        row
        for row in site.get("/api/models?fields=context,max_input_tokens&provider=google").json()["models"]
        if row["model"] == "gemini-3.8-flash"
    ]
    assert ("context" in row, row["max_input_tokens"]) == (False, 1_048_576)
    page = visit(site, "#/?q=gemini-3.8-flash&provider=google&min_context=1048576")
    assert models(page)[0] == "google/gemini-3.8-flash"
    assert column(page, "Context")[0] == "≥ 1.05M"


def test_a_view_can_be_sent_to_somebody(visit, site):
    page = visit(site)
    search(page, "gpt")
    page.get_by_role("group", name="Provider").get_by_label(re.compile("^openai ?[0-9]")).check()
    page.get_by_role("columnheader", name="Output /").get_by_role("button").click()
    page.get_by_role("radio", name="1k").check(force=True)
    expect(page).to_have_url(re.compile("sort=output"))
    expect(page).to_have_url(re.compile("per=1k"))
    shown = models(page)
    other = page.context.new_page()
    other.set_viewport_size({"width": 1440, "height": 900})
    other.goto(page.url)
    expect(other.get_by_role("searchbox")).to_have_value("gpt")
    expect(other.get_by_role("group", name="Provider").get_by_label(re.compile("^openai ?[0-9]"))).to_be_checked()
    assert models(other) == shown
    assert column(other, "Input") == column(page, "Input")


def test_a_column_sorts_both_ways_and_what_is_unknown_comes_last(visit, site):
    page = visit(site, "#/?provider=openai")
    head = page.get_by_role("columnheader", name="Input", exact=False).first
    for way, order in (("ascending", 1), ("descending", -1)):
        head.get_by_role("button").click()
        expect(head).to_have_attribute("aria-sort", way)
        prices = [
            0.0 if text == "free" else float(text.strip("$").replace(",", ""))
            for text in column(page, "Input")
            if text != "–"
        ]
        assert len(prices) > 10
        assert prices == sorted(prices, reverse=order < 0)
    head.get_by_role("button").click()
    expect(head).to_have_attribute("aria-sort", "none")
    page.get_by_role("columnheader", name="Context").get_by_role("button").click()
    page.get_by_role("grid").focus()
    page.keyboard.press("End")
    assert column(page, "Context")[-1] == "–"


@pytest.mark.parametrize(("choice", "input_price"), [("1M", "$2.50"), ("1k", "$0.0025"), ("token", "$0.0000025")])
def test_prices_are_told_per_million_thousand_or_single_tokens(visit, site, choice, input_price):
    page = visit(site, "#/?q=openai%2Fgpt-4o")
    page.get_by_role("group", name="Prices per").get_by_text(choice, exact=True).click()
    expect(page.get_by_role("row").filter(has_text="openai/gpt-4o").first).to_contain_text(input_price)
    assert column(page, "Input")[0] == input_price


def test_columns_are_chosen(visit, site):
    page = visit(site)
    page.get_by_text("Columns", exact=True).click()
    page.get_by_label("Base model").check()
    page.get_by_label("Status", exact=True).last.uncheck()
    page.keyboard.press("Escape")
    heads = [head.strip() for head in page.get_by_role("columnheader").all_inner_texts()]
    assert "Base model" in heads
    assert "Status" not in heads
    page.reload()
    expect(page.get_by_role("columnheader", name="Base model")).to_be_visible()


def test_what_is_shown_is_exported(visit, site):
    page = visit(site, "#/?provider=groq&sort=-input")
    expected = models(page)
    page.get_by_text("Export", exact=True).click()
    with page.expect_download() as given:
        page.get_by_role("button", name="CSV").click()
    lines = list(csv.DictReader(given.value.path().read_text().splitlines()))
    assert [line["Model"] for line in lines][: len(expected)] == expected
    assert {"Input USD per 1M tokens", "Context"} <= set(lines[0])
    with page.expect_download() as given:
        page.get_by_role("button", name="JSON").click()
    rows = json.loads(given.value.path().read_text())
    assert [f"{row['provider']}/{row['model']}" for row in rows] == [line["Model"] for line in lines]
    assert ids(rows) == ids(rows_of(site, provider="groq"))


def test_the_keyboard_goes_all_the_way(visit, site):
    page = visit(site)
    assert len(models(page)) > 10
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("claude sonnet 4.5")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("grid")).to_be_focused()
    shown = models(page)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    expect(page.get_by_role("checkbox", name=f"Compare {shown[1]}", exact=True)).to_be_checked()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(re.escape(f"#/model/{shown[1]}")))
    page.get_by_role("heading", name="Prices").wait_for()
    page.keyboard.press("Escape")
    expect(page.get_by_role("searchbox")).to_have_value("claude sonnet 4.5")
    assert models(page)[:10] == shown[:10]


def test_chosen_models_are_compared_and_no_more_than_six(visit, site):
    page = visit(site, "#/?provider=groq")
    for model in models(page)[:7]:
        page.get_by_role("checkbox", name=f"Compare {model}", exact=True).click()
    link = page.get_by_role("link", name="Compare 6")
    expect(link).to_be_visible()
    link.click()
    expect(page).to_have_url(re.compile("#/compare"))
    expect(page.get_by_role("columnheader")).to_have_count(6)
    page.go_back()
    page.get_by_role("button", name="Clear", exact=True).click()
    expect(link).to_be_hidden()


def test_a_narrow_screen_has_all_of_it(visit, site, page):
    page.set_viewport_size({"width": 390, "height": 844})
    visit(site, "#/?q=gpt-4o")
    expect(page.get_by_role("row").filter(has_text="openai/gpt-4o").first).to_contain_text("$2.50")
    page.get_by_role("button", name="Filters").click()
    page.get_by_role("group", name="Provider").get_by_label(re.compile("^openai ?[0-9]")).check()
    assert all(model.startswith("openai/") for model in models(page))
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("is_pressed", [True, False], ids=["by hand", "by itself"])
def test_the_page_works_when_the_server_goes_away_and_comes_back(visit, own_site, page, tmp_path, is_pressed):
    page.clock.install()
    visit(own_site)
    page.expected += ["ERR_CONNECTION_REFUSED", "Failed to fetch"]
    count = len(models(page))
    own_site.kill()
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    banner = page.get_by_role("alert")
    expect(banner).to_contain_text("The server cannot be reached. What you see is what it last said.")
    search(page, "claude")
    assert len(models(page)) > 10  # what is there works on
    search(page, "")
    page.clock.pause_at(page.evaluate("Date.now()") + 5000)
    expect(banner).to_contain_text("Next try in")
    with serving(tmp_path / "root", log=tmp_path / "log", port=own_site.port):
        if is_pressed:
            page.get_by_role("button", name="Try now").click()
        else:
            page.clock.run_for(30_000)
        expect(banner).to_be_hidden()
        page.clock.resume()
        assert len(models(page)) == count


def test_a_page_that_finds_no_server_says_so(visit, own_site, page):
    visit(own_site)
    page.expected += ["503", "Failed to load"]
    page.route(
        "**/api/models?*", lambda route: route.fulfill(status=503, json={"detail": "the catalogue is being mended"})
    )
    page.reload()
    expect(page.get_by_role("alert")).to_contain_text("The catalogue cannot be had: the catalogue is being mended")
    page.unroute("**/api/models?*")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("alert")).to_be_hidden()
    assert len(models(page)) > 10
