"""Models side by side in a browser, and the plot of where they stand among all."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

GPT, GEMINI, SONNET, FLASH = (
    "openai/gpt-4o", "google/gemini-2.5-pro", "anthropic/claude-sonnet-4-5", "deepseek/deepseek-v4-flash",
)  # fmt: skip
FOUR = f"#/compare?ids={GPT},{GEMINI},{SONNET},{FLASH}"


def table_of(page):
    return page.get_by_role("table", name="Models side by side")


def plot_of(page):
    return page.get_by_role("application")


def heads(page):
    return table_of(page).get_by_role("columnheader").get_by_role("link")


def _window(row):
    """What a plot against the context shows: where none is known, the longest input."""
    return row.get("context") or row.get("max_input_tokens")


def row_of(site, model):
    return site.client.get(f"/api/models/id/{model}").json()


def test_models_stand_side_by_side_in_groups(visit, site):
    page = visit(site, FOUR)
    expect(heads(page)).to_have_text([row_of(site, one)["display_name"] for one in (GPT, GEMINI, SONNET, FLASH)])
    groups = (
        table_of(page)
        .get_by_role("rowheader")
        .filter(has_text=re.compile("^(Prices|Limits|Capabilities|Modalities|Life|Provider)"))
    )
    expect(groups.first).to_be_visible()
    bodies = table_of(page).locator("tbody tr:first-child")
    expect(bodies).to_have_text(["Prices, per 1M tokens", "Limits", "Capabilities", "Modalities", "Life", "Provider"])


def test_the_best_of_a_row_is_said_in_words(visit, site):
    page = visit(site, FOUR)
    expect(table_of(page).get_by_role("row", name=re.compile("^Output"))).to_contain_text(re.compile(r"\$1\.20 lowest"))
    expect(table_of(page).get_by_role("row", name=re.compile("^Context"))).to_contain_text("1,048,576 largest")
    expect(table_of(page).get_by_role("row", name=re.compile("^Cached input"))).to_contain_text(
        re.compile(r"\$1\.25.*lowest")
    )


def test_rows_that_differ_are_marked_and_can_be_seen_alone(visit, site):
    page = visit(site, FOUR)
    rows = table_of(page).get_by_role("row")
    chat = table_of(page).get_by_role("rowheader", name="Chat", exact=True)
    expect(chat).to_be_visible()
    expect(table_of(page).get_by_role("rowheader", name="Reasoning differs", exact=True)).to_be_visible()
    before = rows.count()
    page.get_by_label("Only differences").check()
    expect(chat).to_have_count(0)
    expect(table_of(page).get_by_role("rowheader", name="Reasoning differs", exact=True)).to_be_visible()
    assert rows.count() < before
    expect(page).to_have_url(re.compile("diff=1"))
    page.reload()
    expect(page.get_by_label("Only differences")).to_be_checked()
    expect(chat).to_have_count(0)


def test_unknown_is_neither_no_nor_nothing(visit, site):
    page = visit(site, f"#/compare?ids={GPT},{FLASH}")
    assert "streaming" not in row_of(site, GPT)["capabilities"]
    assert row_of(site, FLASH)["capabilities"]["attachments"] is False
    cells = table_of(page).get_by_role("row", name=re.compile("^Streaming")).get_by_role("cell")
    expect(cells).to_have_text(["–", "yes"])
    cells = table_of(page).get_by_role("row", name=re.compile("^Attachments")).get_by_role("cell")
    expect(cells).to_have_text(["yes", "no"])


def test_a_model_is_removed_from_table_address_and_tray(visit, site):
    page = visit(site, FOUR)
    page.get_by_role("button", name=f"Remove {GEMINI}").click()
    expect(heads(page)).to_have_count(3)
    expect(page).to_have_url(re.compile(r"ids=openai%2Fgpt-4o%2Canthropic"))
    page.goto(f"{site.url}/#/model/{FLASH}")
    page.get_by_role("button", name=f"Leave {GPT}").click()  # the tray's
    page.get_by_role("link", name="Compare 2").click()
    expect(heads(page)).to_have_count(2)
    expect(page).to_have_url(re.compile(r"ids=anthropic"))


def test_a_model_is_added_by_keyboard(visit, site):
    page = visit(site, f"#/compare?ids={GPT}")
    box = page.get_by_role("combobox", name="Add a model")
    box.press_sequentially("gemini-2.5-pro google/")
    expect(page.get_by_role("option").first).to_be_visible()
    box.press("ArrowDown")
    added = page.get_by_role("option", selected=True).locator("span").first.inner_text()
    box.press("Enter")
    expect(heads(page)).to_have_count(2)
    expect(page).to_have_url(re.compile(re.escape(added.replace("/", "%2F"))))


def test_six_are_enough(visit, site):
    rows = site.client.get("/api/models?provider=openai&limit=7").json()["models"]
    ids = [f"openai/{row['model']}" for row in rows]
    page = visit(site, f"#/compare?ids={','.join(ids)}")
    expect(heads(page)).to_have_count(6)
    expect(page.get_by_text("6 models are compared: remove one to add another.")).to_be_visible()
    expect(page.get_by_role("combobox")).to_have_count(0)
    page.get_by_role("button", name=f"Remove {ids[0]}").click()
    expect(page.get_by_role("combobox", name="Add a model")).to_be_focused()


def test_what_was_chosen_before_is_compared_where_the_address_names_nothing(visit, site):
    page = visit(site, FOUR)
    expect(heads(page)).to_have_count(4)
    page.goto(f"{site.url}/#/compare")
    expect(heads(page)).to_have_count(4)
    expect(page).to_have_url(re.compile(r"ids=openai%2Fgpt-4o"))


def test_nothing_chosen_shows_the_plot_alone(visit, site):
    page = visit(site, "#/compare")
    expect(page.get_by_text("No model is chosen yet.")).to_be_visible()
    expect(table_of(page)).to_have_count(0)
    expect(plot_of(page)).to_be_visible()


def test_an_id_that_is_unknown_is_told_and_can_be_removed(visit, site):
    page = visit(site)
    page.expected.append("404")
    page.goto(f"{site.url}/#/compare?ids={GPT},nobody/nothing")
    expect(page.get_by_text("nobody/nothing is not in the catalogue.")).to_be_visible()
    expect(heads(page)).to_have_count(1)
    page.get_by_role("button", name="Remove it").click()
    expect(page.get_by_text("nobody/nothing is not in the catalogue.")).to_have_count(0)


def test_an_alias_is_compared_as_what_it_means(visit, site):
    page = visit(site)
    page.expected.append("404")
    page.goto(f"{site.url}/#/compare?ids={GPT},anthropic/claude-3-5-haiku-latest")
    expect(heads(page)).to_have_count(2)
    expect(page).to_have_url(re.compile("claude-3-5-haiku-20241022"))


def test_prices_follow_the_unit(visit, site):
    page = visit(site, FOUR)
    page.get_by_text("per 1k tokens", exact=True).click()
    expect(table_of(page)).to_contain_text("Prices, per 1k tokens")
    expect(table_of(page).get_by_role("row", name=re.compile("^Output"))).to_contain_text("$0.0012 lowest")
    expect(page.get_by_text("USD per 1k tokens, log scale")).to_be_visible()


def priced(site, **query):
    rows = site.client.get("/api/models", params={"fields": "rates,context,max_input_tokens", **query}).json()["models"]
    both = ("input_per_token", "output_per_token")
    return [row for row in rows if _window(row) and all(row.get("rates", {}).get(meter) is not None for meter in both)]


def test_the_plot_shows_every_model_that_has_both_numbers(visit, site):
    page = visit(site, "#/compare")
    number = len(priced(site))
    expect(plot_of(page)).to_have_accessible_name(
        re.compile(f"^Blended 3:1 price against context of {number:,} models")
    )
    expect(page.get_by_text(f"{number:,} are shown; not shown:")).to_be_visible()


def test_the_plot_shows_what_the_catalogues_filters_let_through(visit, site):
    page = visit(site, "#/compare?provider=mistral&y=input")
    number = len([row for row in site.client.get("/api/models?fields=rates,context,max_input_tokens&provider=mistral").json()["models"]
                  if _window(row) and row.get("rates", {}).get("input_per_token") is not None])  # fmt: skip
    expect(plot_of(page)).to_have_accessible_name(re.compile(f"^Input price against context of {number} models"))
    expect(page.get_by_role("button", name=f"mistral {number}")).to_be_visible()
    expect(page.get_by_text("provider mistral.")).to_be_visible()
    page.get_by_role("link", name="Plot all").click()
    expect(plot_of(page)).to_have_accessible_name(re.compile(r"of \d,\d+ models"))


def test_the_axes_are_chosen_and_kept_in_the_address(visit, site):
    page = visit(site, "#/compare?provider=mistral")
    for label, kept, title in (
        ("Output", "y=output", "Output price, USD per 1M tokens, log scale"),
        ("Release", "x=released", "Release date"),
        ("Linear", "scale=linear", "Output price, USD per 1M tokens"),
    ):
        page.get_by_role("region", name="Prices of all").get_by_text(label, exact=True).click()
        expect(page).to_have_url(re.compile(kept))
        expect(page.get_by_text(title, exact=True)).to_be_visible()
    page.reload()
    expect(plot_of(page)).to_have_accessible_name(re.compile("^Output price against release of"))


def test_compared_models_are_named_in_the_plot_whatever_the_filter(visit, site):
    page = visit(site, f"#/compare?ids={GPT},{FLASH}&provider=mistral")
    for name in ("GPT-4o", "DeepSeek V4 Flash"):
        expect(page.locator("svg .name", has_text=name)).to_be_visible()


def test_a_point_is_reached_and_opened_by_keyboard(visit, site):
    page = visit(site, f"#/compare?ids={GPT}&provider=openai&y=input")
    expect(page.locator("svg .name")).to_have_text("GPT-4o")
    plot = plot_of(page)
    plot.press("ArrowRight")  # the first key comes to what is compared
    told = page.locator(".tip")
    expect(told).to_contain_text("GPT-4o")
    expect(told).to_contain_text("$2.50 in, $10.00 out, per 1M")
    expect(told).to_contain_text("128,000 context")
    plot.press("ArrowRight")
    right = told.locator("span").first.inner_text()
    assert row_of(site, right)["context"] > 128_000
    expect(page.get_by_role("status").filter(has_text=right)).to_be_attached()
    plot.press("Enter")
    expect(page).to_have_url(re.compile(re.escape(f"#/model/{right}") + "$"))


def test_models_on_one_point_are_leafed_through(visit, site):
    page = visit(site, f"#/compare?ids={GPT}&y=input")
    expect(page.locator("svg .name")).to_have_text("GPT-4o")
    plot_of(page).press("ArrowRight")
    told = page.locator(".tip")
    expect(told).to_contain_text("more stand here")
    first = told.locator("span").first.inner_text()
    plot_of(page).press("PageDown")
    expect(told.locator("span").first).not_to_have_text(first)
    plot_of(page).press("PageUp")
    expect(told.locator("span").first).to_have_text(first)


def test_a_point_is_hovered_and_clicked(visit, site):
    page = visit(site, f"#/compare?ids={GPT}&provider=openai&y=input")
    mark = page.locator("svg .ring")
    mark.scroll_into_view_if_needed()
    at = mark.bounding_box()
    page.mouse.move(at["x"] + at["width"] / 2, at["y"] + at["height"] / 2)
    expect(page.locator(".tip")).to_contain_text("$2.50 in")
    page.mouse.click(at["x"] + at["width"] / 2, at["y"] + at["height"] / 2)
    expect(page).to_have_url(re.compile("#/model/openai/"))


def test_a_provider_can_be_looked_at_alone(visit, site):
    page = visit(site, "#/compare")
    key = page.get_by_role("group", name="Look at one provider").get_by_role("button").first
    key.click()
    expect(key).to_have_attribute("aria-pressed", "true")
    page.mouse.move(0, 0)
    expect(page.locator(".groups .dim")).to_have_count(8)
    provider = key.inner_text().split()[0]
    plot_of(page).press("ArrowRight")
    for way in ("ArrowRight", "ArrowUp", "ArrowLeft"):
        expect(page.locator(".tip span").first).to_have_text(re.compile(f"^{re.escape(provider)}/"))
        plot_of(page).press(way)


def test_ten_thousand_points_are_a_few_elements(visit, site):
    page = visit(site, "#/compare")
    expect(plot_of(page)).to_be_visible()
    expect(page.locator(".groups path")).to_have_count(9)
    assert page.locator(".plot *").count() < 150


@pytest.mark.parametrize("width", [390, 1440])
def test_nothing_is_wider_than_the_window(visit, site, width):
    page = visit(site, FOUR)
    page.set_viewport_size({"width": width, "height": 844})
    expect(table_of(page)).to_be_visible()
    expect(plot_of(page)).to_be_visible()
    assert page.evaluate("document.querySelector('main').scrollWidth") <= width
    first = table_of(page).get_by_role("rowheader", name=re.compile("^Cached input"))
    left = first.bounding_box()["x"]
    page.get_by_role("region", name="Comparison").evaluate("region => (region.scrollLeft = 500)")
    assert first.bounding_box()["x"] == left  # the names of rows stay
