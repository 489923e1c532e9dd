"""A model's page in a browser: what is known of it, its prices by condition and date, where else it is served, how it is used."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

GPT = "openai/gpt-4o"


def row_of(site, model):
    return site.client.get(f"/api/models/id/{model}").json()


def section(page, name):
    return page.get_by_role("region", name=name, exact=True)


def lines(table):
    """The texts of a table's rows, blanks made one."""
    return [re.sub(r"\s+", " ", text).strip() for text in table.get_by_role("row").all_inner_texts()]


def test_a_row_is_told_with_its_limits_and_modalities(visit, site):
    page = visit(site, f"#/model/{GPT}")
    row = row_of(site, GPT)
    expect(page.get_by_role("heading", level=1)).to_have_text(row["display_name"])
    expect(page).to_have_title(f"{row['display_name']} · modelry")
    main = page.get_by_role("main")
    for text in (
        GPT,
        f"{row['context']:,} tokens",
        f"{row['max_output_tokens']:,} tokens",
        ", ".join(row["modalities"]["input"]),
        row["status"],
    ):
        expect(main).to_contain_text(text)


def test_capabilities_are_can_cannot_and_not_known(visit, site):
    page = visit(site, f"#/model/{GPT}")
    known = row_of(site, GPT)["capabilities"]
    meanings = site.client.get("/api/vocabulary").json()["capabilities"]
    told = section(page, "Capabilities")
    expect(told.get_by_role("listitem")).to_have_count(len(known))
    for value, heading in ((True, "Can"), (False, "Cannot")):
        listed = told.get_by_role("list", name=heading, exact=True)
        expect(listed.get_by_role("listitem")).to_have_count(sum(one is value for one in known.values()))
        expect(listed).to_contain_text(meanings[next(name for name, one in known.items() if one is value)])
    unknown = told.get_by_role("heading", name="Not known").locator("xpath=following-sibling::p")
    for name in meanings.keys() - known.keys():
        expect(unknown).to_contain_text(name.replace("_", " "))


def test_the_rate_card_has_a_column_for_each_condition(visit, site):
    page = visit(site, f"#/model/{GPT}")
    table = page.get_by_role("table", name="Rate card")
    expect(table).to_contain_text("Base price")
    card = row_of(site, GPT)["pricing"][-1]
    heads = table.get_by_role("columnheader").all_inner_texts()
    assert heads == [
        "Meter",
        "Base price",
        *[f"{one['when']['service_tier'].title()} tier" for one in card["overrides"]],
    ]
    assert lines(table)[1].startswith(f"Input per 1M tokens ${card['input_per_token'] * 1e6:.2f}")


def test_many_conditions_are_rows_and_told_in_words(visit, site):
    page = visit(site, "#/model/google/gemini-2.5-pro")
    table = page.get_by_role("table", name="Rate card")
    expect(table.get_by_role("rowheader", name="Prompt above 200,000 tokens, priority tier")).to_be_visible()
    expect(table.get_by_role("columnheader", name="Cached input per 1M tokens")).to_be_visible()


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("deepseek/deepseek-v4-flash", "00:00–01:00, 04:00–06:00, 10:00–00:00 UTC, Mon–Fri"),
        ("anthropic/claude-fable-5", "Region us"),
        ("fal/openai/gpt-image-2.5/flare/edit", "High quality, 1024×1024"),
        ("vertex/claude-fable-5", "Outside global"),
    ],
)
def test_conditions_of_all_kinds_are_told_in_words(visit, site, model, words):
    page = visit(site, f"#/model/{model}")
    expect(page.get_by_role("table", name="Rate card")).to_contain_text(words)


def test_a_multiple_of_a_price_is_told_as_one(visit, site):
    page = visit(site, "#/model/anthropic/claude-fable-5")
    expect(
        page.get_by_role("table", name="Rate card").get_by_role("cell", name=re.compile(r"^\$10\.00 × 1\.1$"))
    ).to_be_visible()


def test_prices_of_other_things_than_tokens_name_their_unit(visit, site):
    page = visit(site, "#/model/elevenlabs/eleven_realtime_v1_mini")
    assert row_of(site, "elevenlabs/eleven_realtime_v1_mini")["pricing"][-1]["input_per_second"] == {
        "amount": 4.8,
        "per": 3600,
    }
    expect(page.get_by_role("row", name="Input per hour")).to_contain_text("$4.80")
    page.goto(f"{site.url}/#/model/fal/openai/gpt-image-2.5/flare/edit")
    expect(page.get_by_role("columnheader", name="Output per image").first).to_be_visible()
    expect(page.get_by_role("radio", name="per 1k tokens")).to_have_count(0)  # there is nothing that it could change


def test_token_prices_follow_the_unit_that_is_chosen(visit, site):
    page = visit(site, f"#/model/{GPT}")
    table = page.get_by_role("table", name="Rate card")
    expect(table.get_by_role("row", name="Output")).to_contain_text("$10.00")
    page.get_by_text("per 1k tokens", exact=True).first.click()
    expect(table.get_by_role("row", name="Output per 1k tokens")).to_contain_text("$0.01")
    page.reload()
    expect(table.get_by_role("row", name="Output per 1k tokens")).to_contain_text("$0.01")


def test_an_unknown_price_is_not_free(visit, site):
    page = visit(site, "#/model/cohere/command-a-plus-05-2026")
    expect(section(page, "Prices")).to_contain_text("No price is known. Unknown is not free.")
    expect(section(page, "Prices")).not_to_contain_text("$0")


def test_a_price_of_nothing_is_free(visit, site):
    page = visit(site, "#/model/deepseek/deepseek-v4-flash")
    expect(page.get_by_role("table", name="Rate card").get_by_role("row", name="Cache write")).to_contain_text("free")


def test_past_prices_are_drawn_and_listed_with_their_sources(visit, site):
    page = visit(site, f"#/model/{GPT}")
    told = section(page, "Price history")
    expect(told.get_by_role("img", name="Prices by date, changed once since 13 May 2024")).to_be_visible()
    dated = lines(told.get_by_role("table"))
    assert [line.split(" $")[0] for line in dated[1:]] == ["2 Oct 2024 now", "13 May 2024 2 Oct 2024"]
    expect(told.get_by_role("link", name="platform.openai.com")).to_have_attribute(
        "href", "https://platform.openai.com/docs/models/gpt-4o"
    )


def test_one_price_since_ever_needs_no_plot(visit, site):
    page = visit(site, "#/model/google/gemini-2.5-pro")
    told = section(page, "Price history")
    expect(told.get_by_role("cell", name="ever")).to_be_visible()
    expect(told.get_by_role("img")).to_have_count(0)


def test_a_correction_is_marked_and_what_it_corrects_is_not_in_use(visit, own_site):
    cards = [
        {"effective_from": "2025-01-01", "input_per_token": 9e-6, "output_per_token": 2e-5},
        {"effective_from": "2025-01-01", "correction": True, "input_per_token": 1e-6, "output_per_token": 2e-6},
    ]
    row = {"provider": "openai", "model": "gpt-4o", "unit": "1k_tokens", "pricing": cards}
    assert own_site.client.post("/api/models/upsert", json=row).status_code == 200
    page = visit(own_site, f"#/model/{GPT}")
    expect(page.get_by_role("table", name="Rate card").get_by_role("row", name="Input")).to_contain_text("$1.00")
    told = section(page, "Price history")
    expect(told.get_by_role("row", name="correction")).to_contain_text("$1.00")
    expect(told.get_by_role("row", name="not in use")).to_contain_text("$9.00")
    expect(told).to_contain_text("Changed here")


def test_who_else_serves_it_is_listed_by_price(visit, site):
    page = visit(site, f"#/model/{GPT}")
    told = section(page, "Where it is served")
    rows = site.client.get("/api/models?fields=base_model,rates").json()["models"]
    same = [one for one in rows if one.get("base_model") == GPT]
    told.get_by_role("button", name=f"Show all {len(same)}").click()
    listed = told.get_by_role("row")
    expect(listed.filter(visible=True)).to_have_count(len(same) + 1)
    prices = [float(cells.split("$")[1].split()[0]) for cells in lines(told)[1:] if "$" in cells]
    assert prices == sorted(prices)
    expect(told.get_by_role("row", name="this one")).to_contain_text(GPT)
    other = told.get_by_role("link").first
    name = other.inner_text()
    other.click()
    expect(page.get_by_role("main").get_by_text(name, exact=True).first).to_be_visible()
    expect(page).to_have_url(re.compile(re.escape(f"#/model/{name}") + "$"))


def test_its_end_is_counted_down_and_its_heir_linked(visit, own_site):
    row = {
        "provider": "openai",
        "model": "gpt-4o",
        "status": "deprecated",
        "deprecation_date": "2031-05-13",
        "replaced_by": "openai/gpt-5",
    }
    answer = own_site.client.post("/api/models/upsert", json=row | {"unit": "1k_tokens"})
    assert answer.status_code == 200, answer.text
    page = visit(own_site)
    page.clock.set_fixed_time("2031-05-03T12:00:00Z")
    page.goto(f"{own_site.url}/#/model/{GPT}")
    expect(page.get_by_text("Retires in 10 days, 13 May 2031; replaced by")).to_be_visible()
    page.get_by_role("link", name="openai/gpt-5", exact=True).click()
    expect(page).to_have_url(re.compile("#/model/openai/gpt-5$"))


def test_sources_and_verification_are_told(visit, site):
    page = visit(site, "#/model/anthropic/claude-fable-5")
    expect(section(page, "Sources")).to_contain_text(
        re.compile(r"All but the following\s*the registry's own files\s*Extensions\s*LiteLLM's price map")
    )
    check = row_of(site, "anthropic/claude-fable-5")["verification"]
    expect(section(page, "Facts")).to_contain_text(
        "verified 3 Oct 2026" if check["last_checked"] == "2026-10-03" else "verified"
    )
    expect(section(page, "Facts").get_by_role("link", name="platform.claude.com")).to_have_attribute(
        "href", check["source"]
    )


def test_code_is_given_for_three_ways_and_copied(visit, site, context):
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = visit(site, "#/model/google/gemini-2.5-pro")
    told = section(page, "Use it")
    expect(told).to_contain_text('modelry.cost("google/gemini-2.5-pro", input=1000, output=500)')
    told.get_by_text("LiteLLM").click()
    expect(told).to_contain_text('model="gemini/gemini-2.5-pro"')
    told.get_by_text("curl").click()
    expect(told).to_contain_text(f"curl {site.url}/api/cost")
    told.get_by_role("button", name="Copy curl code").click()
    expect(told.get_by_role("button", name="Copy curl code")).to_have_text("Copied")
    assert '{"model":"google/gemini-2.5-pro","usage":{"input":1000,"output":500}}' in page.evaluate(
        "navigator.clipboard.readText()"
    )
    page.get_by_role("button", name="Copy google/gemini-2.5-pro").click()
    expect(page.get_by_role("button", name="Copy google/gemini-2.5-pro")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "google/gemini-2.5-pro"


def test_it_can_be_compared_calculated_and_edited(visit, site):
    page = visit(site, f"#/model/{GPT}")
    expect(page.get_by_role("link", name="Calculate")).to_have_attribute("href", "#/calculator?ids=openai%2Fgpt-4o")
    expect(page.get_by_role("link", name="Edit")).to_have_attribute("href", "#/settings?edit=openai%2Fgpt-4o")
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page.get_by_role("button", name="Compared")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("link", name="Compare 1")).to_be_visible()


def test_a_seventh_model_is_not_compared(visit, site):
    page = visit(site, "#/model/openai/gpt-4o")
    rows = site.client.get("/api/models?provider=anthropic&limit=6").json()["models"]
    chosen = "\n".join(f"{row['provider']}/{row['model']}" for row in rows)
    page.evaluate("chosen => localStorage.setItem('modelry.chosen', chosen)", chosen)
    page.reload()
    expect(page.get_by_role("button", name="Compare", exact=True)).to_be_disabled()


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("claude-3-5-haiku-latest", "anthropic/claude-3-5-haiku-20241022"),
        ("anthropic/claude-3-5-haiku-latest", "anthropic/claude-3-5-haiku-20241022"),
        ("gpt-4o", GPT),
    ],
)
def test_a_name_that_is_no_id_is_looked_up_and_the_address_replaced(visit, site, name, model):
    page = visit(site)
    expect(page.get_by_text("models").first).to_be_visible()
    page.expected.append("404")
    page.goto(f"{site.url}/#/model/{name}")
    expect(page).to_have_url(f"{site.url}/#/model/{model}")
    expect(page.get_by_role("main")).to_contain_text(model)


def test_an_unknown_name_is_answered_with_suggestions(visit, site):
    page = visit(site)
    page.expected.append("404")
    page.goto(f"{site.url}/#/model/openai/gpt-4oo")
    main = page.get_by_role("main")
    expect(main).to_contain_text("no model is called 'openai/gpt-4oo'")
    main.get_by_role("link", name=GPT, exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("GPT-4o")


def test_escape_goes_back(visit, site):
    page = visit(site, "#/compare")
    expect(page.get_by_role("heading", name="Compare")).to_be_visible()
    page.goto(f"{site.url}/#/model/{GPT}")
    expect(page.get_by_role("heading", level=1)).to_have_text("GPT-4o")
    page.keyboard.press("Escape")
    expect(page).to_have_url(re.compile("#/compare"))


def test_a_change_on_the_server_is_seen_without_a_reload(visit, own_site):
    page = visit(own_site, f"#/model/{GPT}")
    expect(page.get_by_role("heading", level=1)).to_have_text("GPT-4o")
    row = {"provider": "openai", "model": "gpt-4o", "unit": "1k_tokens", "display_name": "Another name"}
    assert own_site.client.post("/api/models/upsert", json=row).status_code == 200
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.get_by_role("heading", level=1)).to_have_text("Another name")


@pytest.mark.parametrize("width", [390, 1440])
def test_nothing_is_wider_than_the_window(visit, site, width):
    page = visit(site, "#/model/google/gemini-2.5-pro")
    page.set_viewport_size({"width": width, "height": 844})
    expect(page.get_by_role("table", name="Rate card")).to_be_visible()
    assert page.evaluate("document.querySelector('main').scrollWidth") <= width
