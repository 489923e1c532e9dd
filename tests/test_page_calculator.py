"""The calculator in a browser: usage, a pasted response, lines, bars, conditions, the month, and the address."""

from __future__ import annotations

import json
import re
from decimal import Decimal

import pytest
from playwright.sync_api import expect

BOTH = "#/calculator?ids=openai/gpt-4o,anthropic/claude-sonnet-4-5&input=1000&output=500"
RESPONSE = {
    "model": "gpt-4o-2024-08-06",
    "usage": {"prompt_tokens": 5000, "completion_tokens": 500, "prompt_tokens_details": {"cached_tokens": 4000}},
}


def card(page, model):
    return page.get_by_role("article", name=model, exact=True)


def total(site, model, **usage):
    """What the server says that a call costs."""
    told = site.post("/api/cost", json={"model": model, "usage": usage}).text
    return json.loads(told, parse_float=Decimal)["total_cost"]


def row_of(page, model, meter):
    return card(page, model).get_by_role("row").filter(has_text=re.compile(f"^{meter}"))


# Models


def test_models_are_found_and_added_by_keyboard(visit, site):
    page = visit(site, "#/calculator")
    box = page.get_by_role("combobox", name="Add a model")
    box.press_sequentially("openai gpt-4o")
    first = page.get_by_role("listbox").get_by_role("option").first
    expect(first).to_contain_text("openai/gpt-4o")
    box.press("ArrowDown")
    expect(first).to_have_attribute("aria-selected", "true")
    expect(box).to_have_attribute("aria-activedescendant", first.get_attribute("id"))
    box.press("Enter")
    expect(box).to_have_attribute("aria-expanded", "false")
    expect(box).to_have_value("")
    expect(card(page, "openai/gpt-4o")).to_contain_text("a call")


def suggested(page, text):
    """The box in which a model is looked for, with what it suggests for a text."""
    box = page.get_by_role("combobox", name="Add a model")
    box.fill(text)
    expect(page.get_by_role("listbox")).to_be_visible()
    return box


def test_escape_closes_the_suggestions_and_then_empties_the_box(visit, site):
    page = visit(site, "#/calculator")
    box = suggested(page, "gpt")
    box.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    expect(box).to_have_value("gpt")
    box.press("Escape")
    expect(box).to_have_value("")


def test_arrow_up_starts_at_the_last_suggestion(visit, site):
    page = visit(site, "#/calculator")
    box = suggested(page, "openai/gpt-4o")
    box.press("ArrowUp")
    expect(page.get_by_role("listbox").get_by_role("option").last).to_have_attribute("aria-selected", "true")


def test_a_name_that_nothing_has_says_so(visit, site):
    page = visit(site, "#/calculator")
    page.get_by_role("combobox", name="Add a model").fill("no such model at all")
    expect(page.get_by_text("No model is called so.")).to_be_visible()


def test_the_models_to_compare_are_the_first_ones(visit, site):
    page = visit(site, "#/calculator")
    page.evaluate("localStorage.setItem('modelry.chosen', 'openai/gpt-4o\\nmistral/mistral-large-latest')")
    page.reload()
    expect(page.get_by_role("button", name="Leave openai/gpt-4o").first).to_be_visible()
    expect(card(page, "openai/gpt-4o")).to_be_visible()


def test_a_model_is_left_again(visit, site):
    page = visit(site, BOTH)
    expect(card(page, "openai/gpt-4o")).to_be_visible()
    page.get_by_role("button", name="Leave openai/gpt-4o").click()
    expect(card(page, "openai/gpt-4o")).to_have_count(0)
    expect(card(page, "anthropic/claude-sonnet-4-5")).to_be_visible()
    assert "gpt-4o" not in page.url


def test_without_a_model_it_says_what_to_do(visit, site):
    page = visit(site, "#/calculator")
    expect(page.get_by_text("Add a model, and its cost is shown here")).to_be_visible()


def test_a_wrong_name_is_told_with_names_that_come_near(visit, site):
    page = visit(site, "#/calculator?ids=openai/gpt-4oo")
    page.expected.append("404")
    expect(card(page, "openai/gpt-4oo").get_by_role("alert")).to_contain_text("no model is called")
    card(page, "openai/gpt-4oo").get_by_role("button", name="openai/gpt-4o", exact=True).click()
    expect(card(page, "openai/gpt-4o")).to_contain_text("a call")


# Usage


def test_the_number_and_the_slider_are_one(visit, site):
    page = visit(site, BOTH)
    number, slider = page.get_by_label("Output tokens without"), page.get_by_role("slider", name="Output tokens")
    number.fill("20000")
    expect(slider).to_have_attribute("aria-valuetext", "20,000")
    slider.press("ArrowRight")
    expect(number).to_have_value("25000")
    slider.press("Home")
    expect(number).to_have_value("0")


def test_a_field_stays_under_who_types_when_the_prices_come(visit, site, page):
    held = []

    def hold(route):
        held.append(route)

    page.route("**/api/models/id/**", hold)
    with page.expect_request("**/api/models/id/**"):
        visit(site, "#/calculator?ids=google/gemini-2.5-flash&input=1000")
    number = page.get_by_label("Cached input tokens read")
    number.select_text()
    held[0].continue_()
    expect(page.get_by_text("more that are charged")).to_be_visible()
    page.keyboard.type("1234")
    expect(number).to_be_focused()
    expect(row_of(page, "google/gemini-2.5-flash", "Cached input")).to_contain_text("1,234")


def test_a_cost_is_what_the_server_says(visit, site):
    page = visit(site, BOTH)
    page.get_by_label("Input tokens not from").fill("123457")
    exact = total(site, "openai/gpt-4o", input=123457, output=500)
    row = row_of(page, "openai/gpt-4o", "Input")
    expect(row).to_contain_text("123,457")
    expect(row).to_contain_text("$2.50 / 1M")
    shown = card(page, "openai/gpt-4o").locator(".total b")
    expect(shown).to_have_text(f"${exact:f}".rstrip("0"))


def test_a_bucket_without_a_price_is_told_and_is_not_nothing(visit, site):
    page = visit(site, "#/calculator?ids=openai/gpt-4o&input=1000&input_images=3")
    row = row_of(page, "openai/gpt-4o", "Input images")
    expect(row).to_contain_text("3")
    expect(row).to_contain_text("no price is known")
    expect(card(page, "openai/gpt-4o")).to_contain_text("at least")


def test_models_of_several_kinds_are_each_asked_for_what_they_have(visit, site):
    page = visit(site, "#/calculator?ids=openai/gpt-4o,aiml/dall-e-2")
    for model in ("openai/gpt-4o", "aiml/dall-e-2"):
        expect(card(page, model).locator(".total")).to_contain_text("a call")
        expect(card(page, model)).not_to_contain_text("at least")
    page.get_by_label("Output images", exact=True).fill("3")
    expect(row_of(page, "aiml/dall-e-2", "Output")).to_contain_text("3")
    expect(row_of(page, "openai/gpt-4o", "Output images")).to_contain_text("no price is known")
    expect(card(page, "aiml/dall-e-2")).not_to_contain_text("at least")


def test_models_that_are_not_paid_by_token_ask_for_their_own_units(visit, site):
    page = visit(site, "#/calculator?ids=aiml/dall-e-2")
    expect(page.get_by_label("Output images", exact=True)).to_have_value("1")
    expect(page.get_by_label("Input tokens")).to_have_count(0)
    expect(row_of(page, "aiml/dall-e-2", "Output")).to_contain_text("/ image")


def test_an_assumed_rate_is_marked(visit, site):
    page = visit(site, "#/calculator?ids=alibaba/qwen-max&input=1000&tier=batch")
    expect(row_of(page, "alibaba/qwen-max", "Input")).to_contain_text("assumed")
    expect(card(page, "alibaba/qwen-max")).to_contain_text("the standard rates are assumed")


def test_rates_follow_the_chosen_unit(visit, site):
    page = visit(site, BOTH)
    expect(row_of(page, "openai/gpt-4o", "Input")).to_contain_text("$2.50 / 1M")
    page.evaluate("import('/page/prefs.js').then(({ prefs }) => (prefs.per = '1k'))")
    expect(row_of(page, "openai/gpt-4o", "Input")).to_contain_text("$0.0025 / 1k")


def test_a_number_below_zero_is_marked_and_not_asked(visit, site):
    page = visit(site, BOTH)
    expect(card(page, "openai/gpt-4o")).to_be_visible()
    number = page.get_by_label("Input tokens not from")
    number.fill("-5")
    expect(number).to_have_attribute("aria-invalid", "true")
    assert "input=-5" not in page.url


# Conditions


def test_tiers_are_those_that_the_models_price(visit, site):
    page = visit(site, BOTH)
    expect(page.get_by_label("Tier").get_by_role("option", name="priority")).to_have_count(1)
    page.get_by_label("Tier").select_option("batch")
    expect(row_of(page, "openai/gpt-4o", "Input")).to_contain_text("$1.25 / 1M")
    expect(card(page, "openai/gpt-4o")).to_contain_text("Batch tier")


def test_the_price_is_that_of_the_day(visit, site):
    page = visit(site, BOTH)
    page.expected.append("422")
    page.get_by_label("Day of the call").fill("2024-06-01")
    expect(card(page, "anthropic/claude-sonnet-4-5").get_by_role("alert")).to_be_visible()  # it had none yet
    expect(row_of(page, "openai/gpt-4o", "Input")).to_contain_text("$5.00 / 1M")
    expect(page).to_have_url(re.compile("at=2024-06-01"))


def test_a_region_is_told_to_the_server(visit, site):
    page = visit(site, BOTH)
    with page.expect_request(lambda asked: "/api/cost" in asked.url and "us-east-1" in (asked.post_data or "")):
        page.get_by_label("Region").fill("us-east-1")


def test_a_card_that_hangs_on_something_else_asks_for_it(visit, site):
    page = visit(site, "#/calculator?ids=azure/dall-e-3")
    page.get_by_label("Image quality").select_option("hd")
    page.get_by_label("Image size").select_option("1024x1024")
    expect(page).to_have_url(re.compile("image_quality=hd"))
    expect(card(page, "azure/dall-e-3")).to_contain_text("a call")


# The month


@pytest.mark.parametrize(("calls", "period", "times"), [("250", "a month", 250), ("7", "a day", 210)])
def test_a_month_is_so_many_times_a_call_exactly(visit, site, calls, period, times):
    page = visit(site, BOTH)
    exact = total(site, "openai/gpt-4o", input=1000, output=500) * times
    page.get_by_label("Calls", exact=True).fill(calls)
    page.get_by_text(period, exact=True).first.click()
    whole, _, part = f"{exact.normalize():f}".partition(".")
    expect(card(page, "openai/gpt-4o").locator(".month b")).to_have_text(f"${whole}.{part.ljust(2, '0')}")


def test_a_month_asks_the_server_nothing(visit, site):
    page = visit(site, BOTH)
    expect(card(page, "openai/gpt-4o")).to_be_visible()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.get_by_label("Calls", exact=True).fill("77")
    expect(page).to_have_url(re.compile("calls=77"))
    expect(card(page, "openai/gpt-4o").locator(".month b")).to_have_text("$17.325")
    assert [url for url in asked if "/api/cost" in url] == []


def test_multiplying_is_exact_however_long_the_number(visit, site):
    page = visit(site)
    times = "import('/page/calculator/panes.js').then(({ times }) => times(...%s))"
    assert page.evaluate(times % '["0.1234567890123456789", 30000]') == "3703.703670370370367"
    assert page.evaluate(times % "[1.5e-7, 3]") == "0.00000045"
    assert page.evaluate(times % "[0, 30]") == "0"


# Bars


def test_several_models_are_bars_with_title_axis_legend_and_values(visit, site):
    page = visit(site, BOTH)
    figure = page.get_by_role("figure")
    expect(figure.get_by_role("heading", name="Cost of a call")).to_be_visible()
    expect(figure.get_by_role("listitem")).to_have_text(["Input", "Output"])
    expect(figure.get_by_role("img")).to_have_accessible_name(re.compile(r"openai/gpt-4o: \$0\.0075 .*Input \$0\.0025"))
    expect(figure.get_by_text("USD a call")).to_be_visible()
    expect(figure.locator("text.told")).to_have_text([re.compile(r"^\$0\.0075 "), re.compile(r"^\$0\.0105 ")])


def test_bars_are_as_long_as_they_cost(visit, site):
    page = visit(site, BOTH)
    widths = {}
    for at, model in enumerate(("openai/gpt-4o", "anthropic/claude-sonnet-4-5")):
        bar = page.get_by_role("figure").locator("svg > g:not(.tick)").nth(at).locator("rect")
        expect(bar).to_have_count(2)
        widths[model] = sum(float(bar.nth(part).get_attribute("width")) + 1 for part in range(2))
    ratio = total(site, "openai/gpt-4o", input=1000, output=500) / total(
        site, "anthropic/claude-sonnet-4-5", input=1000, output=500
    )
    assert widths["openai/gpt-4o"] / widths["anthropic/claude-sonnet-4-5"] == pytest.approx(float(ratio), rel=0.01)


# A response


def test_a_pasted_response_is_recognised_and_priced(visit, site):
    page = visit(site, "#/calculator?by=response")
    page.get_by_label("Response (JSON)").fill(json.dumps(RESPONSE))
    found = card(page, "openai/gpt-4o-2024-08-06")
    expect(found).to_contain_text("read from “gpt-4o-2024-08-06”")
    expect(row_of(page, "openai/gpt-4o-2024-08-06", "Cached input")).to_contain_text("4,000")


def test_the_events_of_a_stream_can_be_pasted_as_they_came(visit, site):
    page = visit(site, "#/calculator?by=response")
    chunks = [
        {"object": "chat.completion.chunk", "model": "gpt-4o-2024-08-06", "choices": [], "usage": usage}
        for usage in (None, RESPONSE["usage"])
    ]
    text = "\n\n".join(f"data: {json.dumps(chunk)}" for chunk in chunks) + "\n\ndata: [DONE]\n"
    page.get_by_label("Response (JSON)").fill(text)
    expect(row_of(page, "openai/gpt-4o-2024-08-06", "Output")).to_contain_text("500")


def test_a_response_is_taken_over_to_the_sliders(visit, site):
    page = visit(site, "#/calculator?by=response")
    page.get_by_role("button", name="Fill in an example").click()
    page.get_by_role("button", name="Take over to the sliders").click()
    expect(page.get_by_label("Cached input tokens read")).to_have_value("4000")
    expect(page).to_have_url(re.compile("ids=openai%2Fgpt-4o-2024-08-06.*cached_input=4000"))
    expect(card(page, "openai/gpt-4o-2024-08-06")).to_contain_text("$0.0125")


def test_the_provider_of_a_response_can_be_said(visit, site):
    page = visit(site, "#/calculator?by=response")
    page.get_by_label("Provider", exact=True).select_option("azure")
    page.get_by_label("Response (JSON)").fill(json.dumps(RESPONSE))
    expect(page.get_by_role("article", name=re.compile("^azure.gpt-4o-2024-08-06$"))).to_be_visible()


def test_what_is_no_json_is_told(visit, site):
    page = visit(site, "#/calculator?by=response")
    page.get_by_label("Response (JSON)").fill("{half")
    expect(page.get_by_role("alert").filter(has_text="This is no JSON")).to_be_visible()
    expect(page.get_by_label("Response (JSON)")).to_have_attribute("aria-invalid", "true")


def test_a_response_that_nobody_understands_is_refused_in_the_servers_words(visit, site):
    page = visit(site, "#/calculator?by=response")
    page.expected += ["422", "404"]
    with page.expect_response("**/api/cost") as answered:
        page.get_by_label("Response (JSON)").fill('{"hello": 1}')
    expect(page.get_by_role("alert").filter(has_text=answered.value.json()["detail"])).to_be_visible()


# The address, and asking


def test_an_address_shows_the_same_to_somebody_else(visit, site):
    page = visit(site, BOTH)
    page.get_by_label("Cached input tokens read").fill("7000")
    page.get_by_label("Calls", exact=True).fill("5")
    expect(page).to_have_url(re.compile("cached_input=7000.*calls=5"))
    page.reload()
    expect(page.get_by_label("Cached input tokens read")).to_have_value("7000")
    expect(page.get_by_label("Calls", exact=True)).to_have_value("5")
    expect(row_of(page, "openai/gpt-4o", "Cached input")).to_contain_text("7,000")


def test_who_types_fast_asks_once(visit, site):
    page = visit(site, "#/calculator?ids=openai/gpt-4o")
    expect(card(page, "openai/gpt-4o")).to_be_visible()
    asked = []
    page.on("request", lambda request: asked.append(request.post_data) if "/api/cost" in request.url else None)
    page.evaluate(
        """async () => { const field = document.querySelector('.slider input[type=number]');
        for (const value of ['1', '12', '123', '1234']) {
          field.value = value; field.dispatchEvent(new Event('input', { bubbles: true }));
          await new Promise((go) => setTimeout(go)); } }"""
    )
    expect(row_of(page, "openai/gpt-4o", "Input")).to_contain_text("1,234")
    assert len(asked) == 1


def test_what_was_overtaken_is_not_shown(visit, site):
    page = visit(site, "#/calculator?ids=openai/gpt-4o")
    expect(card(page, "openai/gpt-4o")).to_be_visible()
    held = []
    page.route("**/api/cost", lambda route: held.append(route) if not held else route.continue_())
    with page.expect_request("**/api/cost"):
        page.get_by_label("Input tokens not from").fill("111")
    with page.expect_event("requestfailed", lambda request: "/api/cost" in request.url):
        page.get_by_label("Input tokens not from").fill("222")
    expect(row_of(page, "openai/gpt-4o", "Input")).to_contain_text("222")


def test_nothing_flickers_while_an_answer_is_awaited(visit, site):
    page = visit(site, "#/calculator?ids=openai/gpt-4o")
    expect(card(page, "openai/gpt-4o")).to_be_visible()
    held = []

    def hold(route):
        held.append(route)

    page.route("**/api/cost", hold)
    with page.expect_request("**/api/cost"):
        page.get_by_label("Input tokens not from").fill("111")
    expect(row_of(page, "openai/gpt-4o", "Input")).to_contain_text("1,000")
    held[0].continue_()
    expect(row_of(page, "openai/gpt-4o", "Input")).to_contain_text("111")


def test_it_fits_a_telephone(visit, site):
    visit_size = {"width": 390, "height": 844}
    page = visit(site, BOTH)
    page.set_viewport_size(visit_size)
    expect(card(page, "openai/gpt-4o")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= visit_size["width"]
