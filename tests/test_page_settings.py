"""The settings in a browser: roles, adding, changing and deleting models, the token, and the log of changes."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from serving import TOKEN, full_root, serving, until

GPT = "#/settings?edit=openai/gpt-4o"
NEW = "#/settings?new"


def role(page, name):
    return page.get_by_role("combobox", name=name, exact=True)


def value(page, label):
    return page.get_by_label(label, exact=True)


def preview(page):
    """Look at what would change; the first time the server has to read all claims."""
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("button", name="Preview")).to_be_enabled(timeout=60_000)


def write(page, name="Write it"):
    page.get_by_role("button", name=name).click()


def new_model(page, **more):
    value(page, "Provider").fill("openai")
    value(page, "Model").fill("our-own")
    value(page, "Input price per 1k tokens").fill("0.002")
    value(page, "Output price per 1k tokens").fill("0.004")
    for label, text in more.items():
        value(page, label.replace("_", " ")).fill(text)


def capability(page, name, state):
    page.get_by_role("group", name=name, exact=True).get_by_text(state, exact=True).click()


# Roles


def test_every_role_is_there_and_the_four_of_a_search_come_first(visit, site):
    page = visit(site, "#/settings")
    boxes = page.get_by_role("form", name="Which model has which role").get_by_role("combobox")
    expect(boxes).to_have_count(len(site.get("/api/config").json()))
    for at, name in enumerate(("Generation", "Embedding", "Reranking", "Vision")):
        expect(boxes.nth(at)).to_have_accessible_name(name)


def test_a_role_offers_only_what_is_known_to_fit(visit, site):
    page = visit(site, "#/settings")
    role(page, "Embedding").fill("openai/text-embedding")
    expect(page.get_by_role("option").first).to_contain_text("text-embedding")
    role(page, "Embedding").fill("openai/gpt-4o")
    expect(page.get_by_text("No fitting model is called so.").first).to_be_visible()


def test_vision_offers_only_models_that_read_images(visit, site):
    page = visit(site, "#/settings")
    role(page, "Vision").fill("openai/gpt")
    ids = page.get_by_role("listbox").locator("li span:first-child")
    expect(ids.first).to_be_visible()
    able = {
        f"{row['provider']}/{row['model']}"
        for row in site.get("/api/models", params={"capability": "vision", "component": "GEN"}).json()["models"]
    }
    assert set(ids.all_inner_texts()) <= able


def test_a_chosen_model_is_saved(visit, own_site):
    page = visit(own_site, "#/settings")
    role(page, "Generation").fill("openai/gpt-5")
    role(page, "Generation").press("ArrowDown")
    role(page, "Generation").press("Enter")
    chosen = role(page, "Generation").input_value()
    page.get_by_role("button", name="Save 1 change").click()
    expect(page.get_by_text("Saved: Generation.")).to_be_visible()
    assert own_site.get("/api/config").json()["generation"] == chosen
    page.reload()
    expect(role(page, "Generation")).to_have_value(chosen)


def test_a_forced_misfit_is_refused_in_place_in_the_servers_words(visit, own_site):
    page = visit(own_site, "#/settings")
    page.expected.append("422")
    page.get_by_label("Show all models").check()
    role(page, "Generation").fill("openai/text-embedding-3-small")
    role(page, "Generation").press("Enter")
    page.get_by_role("button", name="Save 1 change").click()
    words = "generation: openai/text-embedding-3-small has EMB; the role needs GEN"
    expect(page.get_by_text(words)).to_be_visible()
    expect(role(page, "Generation")).to_have_accessible_description(re.compile(re.escape(words)))
    expect(role(page, "Generation")).to_have_attribute("aria-invalid", "true")
    assert own_site.get("/api/config").json()["generation"] is None


def test_a_name_that_nobody_knows_is_taken_with_a_warning(visit, own_site):
    page = visit(own_site, "#/settings")
    page.get_by_label("Show all models").check()
    role(page, "Image").fill("nobody/knows")
    role(page, "Image").press("Tab")
    page.get_by_role("button", name="Save 1 change").click()
    expect(page.get_by_text("nothing is known of what it can do")).to_be_visible()
    assert own_site.get("/api/config").json()["image"] == "nobody/knows"


def test_without_the_switch_a_misfit_is_not_taken(visit, site):
    page = visit(site, "#/settings")
    role(page, "Embedding").fill("openai/gpt-4o")
    role(page, "Embedding").press("Tab")
    expect(role(page, "Embedding")).to_have_value("")
    expect(page.get_by_role("button", name="Save")).to_be_disabled()


def test_an_emptied_role_has_no_model(visit, own_site):
    own_site.client.patch("/api/config", json={"generation": "openai/gpt-5"}).raise_for_status()
    page = visit(own_site, "#/settings")
    expect(role(page, "Generation")).to_have_value("openai/gpt-5")
    role(page, "Generation").fill("")
    role(page, "Generation").press("Tab")
    page.get_by_role("button", name="Save 1 change").click()
    expect(page.get_by_text("Saved: Generation.")).to_be_visible()
    assert own_site.get("/api/config").json()["generation"] is None


def test_a_configuration_that_somebody_else_changed_is_loaded_again(visit, own_site):
    page = visit(own_site, "#/settings")
    page.expected.append("412")
    expect(role(page, "Generation")).to_be_visible()
    own_site.client.patch("/api/config", json={"speech": "openai/tts-1"}).raise_for_status()
    page.get_by_label("Show all models").check()
    role(page, "Image").fill("nobody/knows")
    role(page, "Image").press("Enter")
    page.get_by_role("button", name="Save 1 change").click()
    expect(page.get_by_role("alert").filter(has_text="another one by now")).to_be_visible()
    page.get_by_role("button", name="Load it again").click()
    expect(role(page, "Speech")).to_have_value("openai/tts-1")


# The form


def test_the_form_has_every_field_of_the_request(visit, site):
    page = visit(site, GPT)
    expect(value(page, "Provider")).to_have_value("openai")
    schemas = site.get("/openapi.json").json()["components"]["schemas"]
    texts = " ".join(page.get_by_role("main").locator("label, legend").all_text_contents()).lower()
    for name in schemas["ModelCatalogUpsertRequest"]["properties"].keys() - {"embed_per_1k", "rerank_per_1k"}:
        spoken = {"license": "licence", "per_request": "prices", "model_id": "model id", "effective_from": "prices hold from",
                  "input_per_1k": "input price", "output_per_1k": "output price", "pricing": "rate cards"}  # fmt: skip
        if name != "per_request":
            assert spoken.get(name, name.replace("_", " ")) in texts, name


def test_prices_are_those_of_the_family(visit, site):
    page = visit(site, NEW)
    expect(value(page, "Input price per 1k tokens")).to_be_visible()
    value(page, "Family").select_option("embed")
    expect(value(page, "Price per 1k tokens")).to_be_visible()
    expect(value(page, "Output price per 1k tokens")).to_have_count(0)
    value(page, "Family").select_option("misc")
    expect(value(page, "Rate cards (JSON)")).to_be_visible()
    expect(value(page, "Price per request")).to_be_visible()


def test_the_base_url_is_filled_in_and_can_be_changed(visit, site):
    page = visit(site, NEW)
    value(page, "Provider").fill("anthropic")
    value(page, "Model").focus()
    expect(value(page, "Base URL")).to_have_value(site.get("/api/providers/anthropic").json()["base_url"])
    value(page, "Base URL").fill("https://proxy.example/v1")
    value(page, "Provider").fill("openai")
    value(page, "Model").focus()
    expect(value(page, "Base URL")).to_have_value("https://proxy.example/v1")


def test_of_a_provider_that_nobody_knows_the_base_url_is_asked(visit, site):
    page = visit(site, NEW)
    page.expected.append("404")
    value(page, "Provider").fill("acmee")
    value(page, "Model").focus()
    expect(page.get_by_text("Nobody knows the provider “acmee” yet")).to_be_visible()


def test_every_problem_is_told_at_the_top_and_at_its_field(visit, site):
    page = visit(site, NEW)
    page.expected.append("422")
    new_model(page)
    page.get_by_text("Limits").click()
    value(page, "Context").fill("many")
    page.get_by_text("Limits").click()
    value(page, "Output price per 1k tokens").fill("-1")
    preview(page)
    summary = page.get_by_role("alert").filter(has_text="2 problems")
    expect(summary).to_contain_text("Context")
    expect(value(page, "Context")).to_be_visible()  # its group was opened
    expect(value(page, "Context")).to_have_attribute("aria-invalid", "true")
    expect(value(page, "Output price per 1k tokens")).to_have_attribute("aria-invalid", "true")
    expect(value(page, "Provider")).to_have_attribute("aria-invalid", "false")
    summary.get_by_role("button", name="Context").click()
    expect(value(page, "Context")).to_be_focused()


def test_pricing_that_is_no_json_is_refused_at_its_field(visit, site):
    page = visit(site, NEW)
    value(page, "Family").select_option("misc")
    value(page, "Rate cards (JSON)").fill("{half")
    preview(page)
    expect(page.get_by_role("alert").filter(has_text="is no JSON")).to_be_visible()
    expect(value(page, "Rate cards (JSON)")).to_have_attribute("aria-invalid", "true")


# Writing


def test_a_new_model_is_looked_at_and_then_added(visit, own_site):
    page = visit(own_site, NEW)
    new_model(page)
    preview(page)
    expect(page.get_by_text("openai/our-own is a new row. Nothing is written yet.")).to_be_visible()
    assert own_site.get("/api/models/id/openai/our-own").status_code == 404
    write(page, "Add it")
    expect(page.get_by_role("status").filter(has_text="Added: openai/our-own")).to_be_visible()
    row = own_site.get("/api/models/id/openai/our-own").json()
    assert (row["input_per_1k"], row["output_per_1k"], row["family"]) == (0.002, 0.004, "gen")
    expect(page).to_have_url(re.compile("edit=openai%2Four-own"))


def test_what_is_written_is_in_the_catalogue_of_the_page_at_once(visit, own_site):
    page = visit(own_site, NEW)
    new_model(page)
    preview(page)
    write(page, "Add it")
    expect(page.get_by_role("status").filter(has_text="Added")).to_be_visible()
    page.get_by_role("link", name="Settings", exact=True).last.click()
    page.get_by_role("combobox", name="Edit a model").fill("our-own")
    expect(page.get_by_role("option", name="openai/our-own")).to_be_visible()


def test_a_change_is_shown_old_and_new_and_only_what_was_edited_is_sent(visit, own_site):
    page = visit(own_site, GPT)
    page.get_by_text("Limits").click()
    value(page, "Context").fill("200000")
    preview(page)
    row = page.get_by_role("region", name="Preview").get_by_role("row").filter(has_text="context")
    expect(row.first).to_contain_text(re.compile(r"context\s*128000\s*200000"))
    with page.expect_request(lambda asked: asked.url.endswith("/upsert")) as asked:
        write(page)
    assert asked.value.post_data_json == {"provider": "openai", "model": "gpt-4o", "context": 200000}
    expect(page.get_by_role("status").filter(has_text="Written: openai/gpt-4o")).to_be_visible()
    assert own_site.get("/api/models/id/openai/gpt-4o").json()["context"] == 200000


def test_a_capability_is_yes_no_or_unknown(visit, own_site):
    page = visit(own_site, GPT)
    page.get_by_text("Capabilities", exact=True).first.click()
    capability(page, "Agentic", "no")
    preview(page)
    with page.expect_request(lambda asked: asked.url.endswith("/upsert")) as asked:
        write(page)
    assert asked.value.post_data_json["capabilities"] == {"agentic": False}
    expect(page.get_by_role("status").filter(has_text="Written")).to_be_visible()
    assert own_site.get("/api/models/id/openai/gpt-4o").json()["capabilities"]["agentic"] is False


def test_a_price_holds_from_its_day(visit, own_site):
    page = visit(own_site, GPT)
    value(page, "Input price per 1k tokens").fill("0.003")
    value(page, "Prices hold from").fill("2099-01-01")
    preview(page)
    write(page)
    expect(page.get_by_role("status").filter(has_text="Written")).to_be_visible()
    card = own_site.get("/api/models/id/openai/gpt-4o").json()["pricing"][-1]
    assert (card["effective_from"], card["input_per_token"]) == ("2099-01-01", 0.000003)


def test_an_emptied_field_withdraws_what_was_said(visit, own_site):
    own_site.post(
        "/api/models/upsert", json={"provider": "openai", "model": "gpt-4o", "notes": "ours"}
    ).raise_for_status()
    page = visit(own_site, GPT)
    page.get_by_text("Prices in full, checks and notes").click()
    expect(value(page, "Notes")).to_have_value("ours")
    value(page, "Notes").fill("")
    preview(page)
    write(page)
    expect(page.get_by_role("status").filter(has_text="Written")).to_be_visible()
    assert "notes" not in own_site.get("/api/models/id/openai/gpt-4o").json()


def test_what_was_changed_after_the_preview_is_looked_at_again(visit, own_site):
    page = visit(own_site, NEW)
    new_model(page)
    preview(page)
    expect(page.get_by_role("button", name="Add it")).to_be_visible()
    value(page, "Input price per 1k tokens").fill("0.009")
    expect(page.get_by_role("button", name="Add it")).to_have_count(0)
    expect(page.get_by_text("Changed since: preview it again.")).to_be_visible()


def test_where_nothing_would_change_there_is_nothing_to_write(visit, site):
    page = visit(site, GPT)
    preview(page)
    expect(page.get_by_text("Nothing would change")).to_be_visible()
    expect(page.get_by_role("button", name="Write it")).to_have_count(0)


def test_a_row_that_somebody_else_changed_is_loaded_again_and_the_edits_stay(visit, own_site):
    page = visit(own_site, GPT)
    page.expected.append("412")
    page.get_by_text("Limits").click()
    value(page, "Context").fill("200000")
    own_site.post("/api/models/upsert", json={"provider": "openai", "model": "gpt-4o", "notes": "x"}).raise_for_status()
    preview(page)
    expect(page.get_by_role("alert").filter(has_text="by now: read it again")).to_be_visible()
    page.get_by_role("button", name="Load it again and keep my edits").click()
    expect(value(page, "Notes")).to_have_value("x")
    expect(value(page, "Context")).to_have_value("200000")
    preview(page)
    write(page)
    expect(page.get_by_role("status").filter(has_text="Written")).to_be_visible()
    row = own_site.get("/api/models/id/openai/gpt-4o").json()
    assert (row["context"], row["notes"]) == (200000, "x")


# Deleting


def test_a_row_of_ours_alone_is_deleted_after_a_question(visit, own_site):
    row = {"provider": "openai", "model": "our-own", "family": "gen", "input_per_1k": 1, "output_per_1k": 2}
    own_site.post("/api/models/upsert", json=row).raise_for_status()
    page = visit(own_site, "#/settings?edit=openai/our-own")
    page.get_by_role("button", name="Delete …").click()
    expect(page.get_by_text("it goes altogether")).to_be_visible()
    assert own_site.get("/api/models/id/openai/our-own").status_code == 200
    page.get_by_role("button", name="Delete it").click()
    expect(page.get_by_text("openai/our-own is deleted.")).to_be_visible()
    assert own_site.get("/api/models/id/openai/our-own").status_code == 404


def test_a_row_that_others_know_is_marked_deprecated_instead(visit, own_site):
    page = visit(own_site, "#/settings?edit=anthropic/claude-sonnet-4-5")
    page.get_by_role("button", name="Delete …").click()
    expect(page.get_by_text("marked deprecated.")).to_be_visible()
    page.get_by_role("button", name="Mark it deprecated").click()
    expect(page.get_by_text("anthropic/claude-sonnet-4-5 is deprecated.")).to_be_visible()
    assert own_site.get("/api/models/id/anthropic/claude-sonnet-4-5").json()["status"] == "deprecated"


def test_a_model_can_be_kept_after_all(visit, own_site):
    page = visit(own_site, GPT)
    page.get_by_role("button", name="Delete …").click()
    page.get_by_role("button", name="Keep it").click()
    expect(page.get_by_role("heading", name="Delete openai/gpt-4o?")).to_have_count(0)
    expect(page.get_by_role("button", name="Delete …")).to_be_focused()


# The log


def test_the_log_tells_who_changed_what_newest_first(visit, own_site):
    for context in (150000, 160000):
        row = {"provider": "openai", "model": "gpt-4o", "context": context}
        own_site.post("/api/models/upsert", json=row).raise_for_status()
    page = visit(own_site, GPT)
    log = page.get_by_role("region", name="Change log")
    entries = log.get_by_role("group")
    expect(entries).to_have_count(2)
    expect(entries.first).to_contain_text("http 127.0.0.1")
    expect(entries.first.get_by_role("row").filter(has_text="context")).to_contain_text(re.compile(r"150000\s*160000"))


def test_a_write_is_in_the_log_at_once(visit, own_site):
    page = visit(own_site, GPT)
    expect(page.get_by_text("No operator has changed this model.")).to_be_visible()
    page.get_by_text("Limits").click()
    value(page, "Context").fill("200000")
    preview(page)
    write(page)
    log = page.get_by_role("region", name="Change log")
    expect(log.get_by_role("row").filter(has_text="context").first).to_contain_text("200000")


# Who may write


@pytest.fixture
def locked_site(tmp_path):
    """A site that is written with a token."""
    root = full_root(tmp_path / "root")
    with serving(root, log=tmp_path / "log", env={"MODELRY_WRITE_TOKEN": TOKEN}) as server:
        yield server


def test_a_server_that_wants_a_token_is_written_with_it(visit, locked_site):
    page = visit(locked_site, NEW)
    page.expected.append("401")
    new_model(page)
    preview(page)
    expect(page.get_by_role("alert").filter(has_text="This server is written with its token")).to_be_visible()
    token = value(page, "Write token")
    expect(token).to_be_focused()
    token.fill(TOKEN)
    page.get_by_role("button", name="Try again").click()
    write(page, "Add it")
    expect(page.get_by_role("status").filter(has_text="Added")).to_be_visible()
    assert locked_site.get("/api/models/id/openai/our-own").status_code == 200


def test_roles_are_saved_with_the_token_too(visit, locked_site):
    page = visit(locked_site, "#/settings")
    page.expected.append("401")
    role(page, "Generation").fill("openai/gpt-5")
    role(page, "Generation").press("Enter")
    page.get_by_role("button", name="Save 1 change").click()
    expect(page.get_by_role("alert").filter(has_text="send the write token")).to_be_visible()
    value(page, "Write token").fill(TOKEN)
    page.get_by_role("button", name="Save 1 change").click()
    expect(page.get_by_text("Saved: Generation.")).to_be_visible()


def test_the_token_is_kept_nowhere(visit, locked_site):
    page = visit(locked_site, "#/settings")
    value(page, "Write token").fill(TOKEN)
    role(page, "Generation").fill("openai/gpt-5")
    role(page, "Generation").press("Enter")
    page.get_by_role("button", name="Save 1 change").click()
    expect(page.get_by_text("Saved: Generation.")).to_be_visible()
    kept = page.evaluate("JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, location.href])")
    assert TOKEN not in kept
    page.reload()
    expect(value(page, "Write token")).to_have_value("")


def test_a_replica_says_where_to_write(visit, site, tmp_path):
    with serving(
        f"{site.url}/api/models", log=tmp_path / "log", env={"XDG_CACHE_HOME": str(tmp_path / "cache")}
    ) as replica:
        until(lambda: replica.get("/api/ready").is_success)
        page = visit(replica, "#/settings")
        page.expected.append("409")
        told = page.get_by_role("alert").filter(has_text="this is a replica: ask its primary")
        expect(told).to_contain_text("Open this page at the primary")
        expect(told.get_by_role("link")).to_have_attribute("href", f"{site.url}/#/settings")
        page.goto(f"{replica.url}/{NEW}")
        new_model(page)
        preview(page)
        expect(page.get_by_role("alert").filter(has_text="this is a replica: write to its primary")).to_be_visible()


def test_a_model_that_is_not_there_is_told_with_names_that_come_near(visit, site):
    page = visit(site, "#/settings?edit=openai/gpt-4oo")
    page.expected.append("404")
    expect(page.get_by_role("alert").filter(has_text="no model is called")).to_be_visible()
    page.get_by_role("link", name="openai/gpt-4o", exact=True).click()
    expect(value(page, "Model")).to_have_value("gpt-4o")


@pytest.mark.parametrize("address", ["#/settings", GPT])
def test_it_fits_a_telephone(visit, site, address):
    page = visit(site, address)
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("Save|Preview"))).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
