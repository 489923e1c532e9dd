"""The page as a whole: types, accessibility, its policy, and catalogues that mean harm."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import zlib
from decimal import Decimal

import pytest
import requirements
from playwright.sync_api import expect
from serving import PROJECT, serving

from modelry.catalog import files, rows
from modelry.pricing import Pricing
from modelry.records import Modalities, Model, Verification

PAGE = PROJECT / "src/modelry/server/static"
MODULES = PROJECT / "node_modules"
ADDRESSES = {
    "catalogue": "#/?q=gpt&provider=openai",
    "model": "#/model/openai/gpt-4o",
    "compare": "#/compare?ids=openai/gpt-4o,anthropic/claude-sonnet-4-5",
    "plot": "#/compare?provider=openai",
    "calculator": "#/calculator?ids=openai/gpt-4o,anthropic/claude-sonnet-4-5&input=1000&output=500",
    "settings": "#/settings",
    "edit": "#/settings?edit=openai/gpt-4o",
}
MOST = 60 * 1024
"""Bytes of gzip that the code of the page may take."""


def npm(package):
    requirements.needs(
        "node", bool(shutil.which("node")) and (MODULES / package).is_dir(), "npm install brings what checks the page"
    )
    return MODULES / package


def test_the_types_of_the_page_hold():
    compiler = npm("typescript")
    done = subprocess.run([compiler.parent / ".bin/tsc", "-p", PROJECT], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_code_of_the_page_is_small(site):
    files = ["page.css", "index.html", *(file.relative_to(PAGE).as_posix() for file in PAGE.rglob("*.js"))]
    assert sum(len(zlib.compress(site.get(f"/page/{file}").content, 6, wbits=31)) for file in files) <= MOST


def settled(page):
    """Wait until a view has what it asks the server for."""
    page.get_by_role("heading", level=1).wait_for(state="attached")
    page.wait_for_load_state("networkidle")
    expect(page.locator(".waiting")).to_have_count(0)


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("view", ADDRESSES)
def test_no_serious_barrier_is_found(visit, site, page, view, theme, width):
    axe = npm("axe-core") / "axe.min.js"
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size({"width": width, "height": 900})
    visit(site, ADDRESSES[view])
    settled(page)
    client = page.context.new_cdp_session(page)  # past the policy, which lets no script in from elsewhere
    client.send("Runtime.evaluate", {"expression": axe.read_text()})
    found = client.send(
        "Runtime.evaluate",
        {"expression": "axe.run().then(r => r.violations.filter(v => ['serious', 'critical'].includes(v.impact))"
         ".map(v => v.id + ': ' + v.nodes.map(n => n.target + ' ' + n.failureSummary).join(' | ')))",
         "awaitPromise": True, "returnByValue": True},
    )  # fmt: skip
    assert found["result"].get("value") == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_policy_lets_in_nothing_but_the_page_itself(visit, site):
    page = visit(site)
    page.expected += ["Content Security Policy", "violates", "TrustedHTML"]
    policy = site.get("/").headers["content-security-policy"]
    assert "'unsafe" not in policy
    assert "*" not in policy
    outcome = page.evaluate("""async () => {
      const seen = [];
      document.addEventListener("securitypolicyviolation", event => seen.push(event.effectiveDirective));
      try { document.body.insertAdjacentHTML("beforeend", "<img src=x onerror=alert(1)>"); } catch {}
      await fetch("https://example.com").catch(() => {});
      const style = document.createElement("style"); style.textContent = "body{display:none}"; document.body.append(style);
      await new Promise(done => setTimeout(done, 100));
      return [seen, getComputedStyle(document.body).display];
    }""")
    assert {"require-trusted-types-for", "connect-src"} <= set(outcome[0])
    assert outcome[1] != "none"


@pytest.mark.parametrize("view", ADDRESSES)
def test_a_view_asks_nobody_but_our_api_and_files(visit, site, page, view):
    visit(site, ADDRESSES[view])
    settled(page)
    assert visit.hosts
    assert all(
        url.startswith((f"{site.url}/api/", f"{site.url}/page/", f"{site.url}/openapi.json")) or url == f"{site.url}/"
        for url in visit.hosts
    )


def test_the_api_describes_itself_under_its_own_policy(visit, site, page):
    visit(site)
    page.goto(f"{site.url}/docs")
    page.get_by_role("link", name="/api/models/by-type/{component_type}").wait_for()
    assert all(url.startswith((site.url, "data:")) for url in visit.hosts)


# A catalogue that means harm

SCRIPT = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
RIGHT_TO_LEFT = "\u202eevil \u05de\u05d5\u05d3\u05dc \u0646\u0645\u0648\u0630\u062c"
LONG = "L" * 10_000
HOSTILE = {
    "scripts": {"display_name": SCRIPT, "notes": SCRIPT, "license": SCRIPT, "base_model": SCRIPT, "aliases": (SCRIPT,), "base_url": SCRIPT,
                "status": SCRIPT, "release_date": SCRIPT, "replaced_by": SCRIPT, "series": SCRIPT, "components": (SCRIPT,),
                "modalities": Modalities(input=(SCRIPT,), output=(SCRIPT,)), "capabilities": {SCRIPT: True},
                "verification": Verification(status=SCRIPT, source="javascript:document.title='owned'"),
                "extensions": {"litellm": {"key": SCRIPT}}, "provenance": {"default": SCRIPT}},
    "long": {"display_name": LONG, "notes": LONG, "aliases": (LONG,), "base_model": LONG},
    "right-to-left": {"display_name": RIGHT_TO_LEFT, "notes": RIGHT_TO_LEFT},
    "numbers": {"context": 999_999_999, "max_output_tokens": 1, "mode": "chat", "family": "gen", "components": ("GEN",),
                "pricing": (Pricing({"input_per_token": Decimal("1e-24"), "output_per_token": Decimal("999999.9")},
                                    source="javascript:document.title='owned'", effective_from="2020-01-01"),
                            Pricing({"input_per_token": Decimal(0)}, currency="XTS", effective_from="2025-01-01"))},
    "javascript:alert(1)": {"display_name": "a link", "deprecation_date": "2020-01-01"},
    "__proto__": {"display_name": "a prototype"},
    "it's": {"mode": "chat"},
    "nothing": {},
}  # fmt: skip


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """A server whose rows say what no row should; no upsert would let them in, so they are written past it."""
    folder = tmp_path_factory.mktemp("hostile")
    models = [Model(provider="acme", model=name, **fields) for name, fields in HOSTILE.items()]
    data = rows.dump(rows.Catalogue(models, ["operator"], "2026-01-01"))
    for file in (files.CATALOGUE, files.MIRROR):
        (folder / "root" / file).parent.mkdir(parents=True)
        (folder / "root" / file).write_bytes(data)
    with serving(folder / "root", log=folder / "log") as server:
        yield server


@pytest.mark.parametrize("width", [1440, 390])
def test_a_hostile_catalogue_is_shown_whole_and_does_nothing(visit, hostile, page, width):
    page.set_viewport_size({"width": width, "height": 900})
    visit(hostile, "#/?provider=acme")
    rows = page.get_by_role("row").filter(has=page.get_by_role("gridcell"))
    expect(rows.filter(visible=True)).to_have_count(len(HOSTILE))
    expect(page.get_by_text("<script>").filter(visible=True).first).to_be_visible()
    assert page.title() != "owned"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_code_to_copy_holds_a_name_with_a_quote_together(visit, hostile):
    page = visit(hostile, "#/model/acme/it's")
    told = page.get_by_role("region", name="Use it")
    told.get_by_text("curl").click()
    *_, body = shlex.split(told.locator("pre").inner_text().replace("\\\n", ""))
    assert json.loads(body)["model"] == "acme/it's"


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("view", ["model/{}", "compare?ids={},acme/nothing", "calculator?ids={}", "settings?edit={}"])
def test_every_view_shows_a_hostile_row_inert_and_whole(visit, hostile, page, view, name, width):
    page.set_viewport_size({"width": width, "height": 900})
    page.expected.append("422")  # what has no price is not priced
    visit(hostile, "#/" + view.format(f"acme/{name}"))
    settled(page)
    expect(page.get_by_role("main")).to_contain_text(name)
    assert page.title() != "owned"
    assert page.locator("main img, main script").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
