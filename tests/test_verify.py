"""`modelry verify` against lists of models as OpenAI, Anthropic, Google, Cohere, Mistral and others serve them, played on
the loopback: in pages, refused, hurried, broken, and by nobody's friend.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
import yaml
from click.testing import CliRunner
from refreshing import PROJECT, content, refreshed
from refreshing import body as openrouters
from refreshing import rows as rows_in
from verifying import (
    KEY,
    OPENAI,
    ROWS,
    Site,
    forget_keys,
    key_of,
    listed,
    relist,
    root_at,
    said,
    told,
    verification,
    verify,
)

from modelry import cli
from modelry.authoring.load import load_providers
from modelry.authoring.schema import schemas
from modelry.catalog.build import build
from modelry.catalog.check import check
from modelry.catalog.store import Store
from modelry.errors import CatalogRejected, InvalidRegistry
from modelry.formats.yaml import manifest
from modelry.listings import AUTHS, SHAPES
from modelry.registry import Registry

TODAY = datetime.now(UTC).date().isoformat()
LATER = (datetime.now(UTC) + timedelta(days=1)).date().isoformat()


@pytest.fixture
def site():
    one = Site()
    yield one
    one.close()


@pytest.fixture(autouse=True)
def surroundings(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    forget_keys(monkeypatch)


@pytest.fixture
def root(tmp_path, site):
    return root_at(tmp_path / "root", site.url)


# What the shapes say


def page_of_anthropic(handler):
    first = "after_id" not in handler.path
    can = {"image_input": {"supported": True}, "pdf_input": {"supported": False}, "thinking": {"supported": True}}
    entry = {"type": "model", "id": "claude-x-1" if first else "claude-x-2-20260101", "capabilities": can}
    return said({"data": [entry], "has_more": first, "first_id": entry["id"], "last_id": entry["id"]})


def page_of_google(handler):
    first = "pageToken" not in handler.path
    entry = {"name": f"models/gemini-x{'' if first else '-lite'}", "inputTokenLimit": 9, "thinking": first}
    return said({"models": [entry], **({"nextPageToken": "a token/+&="} if first else {})})


def page_of_cohere(handler):
    first = "page_token" not in handler.path
    entry = {"name": "command-x", "endpoints": ["chat"], "features": ["tools", "strict_tools"]}
    return said(
        {
            "models": [entry if first else {"name": "rerank-x", "features": None}],
            "next_page_token": "2" if first else "",
        }
    )


MISTRAL = [
    {"id": "mistral-x", "capabilities": {"completion_chat": True, "function_calling": True, "vision": False}},
    {"id": "ocr-x", "capabilities": {"completion_chat": False, "ocr": True}},
]
OPENROUTER = [{"id": "acme/big-1", "supported_parameters": ["tools", "top_k"],
               "architecture": {"input_modalities": ["text", "image", "file"], "output_modalities": ["text"]}}]  # fmt: skip
CASES = {
    "openai": (listed("gpt-9", "gpt-9-mini", "text-embedding-9"), {"gpt-9": [], "gpt-9-mini": [], "text-embedding-9": []}),
    "anthropic": (page_of_anthropic, {"claude-x-1": ["reasoning", "vision"], "claude-x-2": ["reasoning", "vision"]}),
    "google": (page_of_google, {"gemini-x": ["reasoning"], "gemini-x-lite": []}),
    "cohere": (page_of_cohere, {"command-x": ["chat", "tools"], "rerank-x": []}),
    "mistral": (said({"data": MISTRAL}), {"mistral-x": ["chat", "tools"], "ocr-x": []}),
    "together": (said([{"id": "acme/Big-1", "type": "chat"}]), {"acme/Big-1": []}),
    "openrouter": (said({"data": OPENROUTER}), {"acme/big-1": ["pdf", "tools", "vision"]}),
    "fireworks": (said({"models": [{"name": "accounts/fireworks/models/big-1", "supportsTools": True}]}),
                  {"accounts/fireworks/models/big-1": ["tools"]}),
}  # fmt: skip


def test_every_shape_is_played_here():
    assert SHAPES.keys() == CASES.keys()


@pytest.mark.parametrize("provider", CASES)
def test_a_listed_row_is_verified_with_the_capabilities_that_the_answer_states(root, site, monkeypatch, provider):
    monkeypatch.setenv(key_of(provider), KEY)
    answer, rows = CASES[provider]
    site.answers = [answer]
    report = told(root, provider)
    assert report["verified"] == sorted(f"{provider}/{name}" for name in rows)
    assert (report["unknown"], report["gone"], report["held"]) == ([], [], [])
    for name, can in rows.items():
        checked = verification(root, f"{provider}/{name}")
        assert checked.pop("verified_capabilities", []) == can
        assert checked == {"status": "verified", "last_checked": report["day"], "source": site.url}


def test_the_key_goes_in_the_header_of_the_shape(root, site, monkeypatch):
    for provider, (answer, _) in CASES.items():
        monkeypatch.setenv(key_of(provider), KEY)
        site.seen.clear()
        site.answers = [answer]
        verify(root, provider, "--dry-run")
        name, before = AUTHS[SHAPES[provider].auth]
        assert {headers.get(name.lower()) for _, headers in site.seen} == {before + KEY}
        assert all(KEY not in url.query for url, _ in site.seen)
        if provider == "anthropic":
            assert {headers["anthropic-version"] for _, headers in site.seen} == {"2023-06-01"}


@pytest.mark.parametrize(
    ("provider", "parameter", "asked", "size"),
    [
        ("anthropic", "after_id", [None, "claude-x-1"], ("limit", "1000")),
        ("google", "pageToken", [None, "a token/+&="], ("pageSize", "1000")),
        ("cohere", "page_token", [None, "2"], ("page_size", "1000")),
    ],
)
def test_every_page_is_asked_for(root, site, monkeypatch, provider, parameter, asked, size):
    monkeypatch.setenv(key_of(provider), KEY)
    site.answers = [CASES[provider][0]]
    verify(root, provider)
    assert site.asked(parameter) == asked
    assert site.asked(size[0]) == [size[1]] * 2


def test_where_everybody_may_ask_no_key_is_needed(root, site, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY")
    relist(root, auth="none")
    site.answers = [listed(*OPENAI)]
    verify(root, "openai")
    assert "authorization" not in site.seen[0][1]


def test_the_first_variable_that_is_set_holds_the_key(root, site, monkeypatch):
    monkeypatch.setenv("GEMINI_API_KEY", "  ")
    monkeypatch.setenv("GOOGLE_API_KEY", KEY)
    site.answers = [page_of_google]
    verify(root, "google")
    assert site.seen[0][1]["x-goog-api-key"] == KEY


# What is recorded


def test_names_resolve_by_the_registrys_rules_and_the_rest_is_told(root, site):
    site.answers = [listed(*OPENAI, "gpt-10", "gpt-9-mini-turbo")]
    report = told(root, "openai")
    assert report["verified"] == ["openai/gpt-9", "openai/gpt-9-mini", "openai/text-embedding-9"]
    assert report["unknown"] == ["gpt-10", "gpt-9-mini-turbo"]  # never by a prefix
    assert "openai/gpt-10" not in rows_in(root)


def test_an_active_row_that_is_not_listed_has_failed_and_others_keep_what_they_have(root, site):
    site.answers = [listed("gpt-9", "text-embedding-9")]
    assert told(root, "openai")["gone"] == ["openai/gpt-9-mini"]
    assert verification(root, "openai/gpt-9-mini")["status"] == "failed"
    assert [verification(root, f"openai/{name}") for name in ("gpt-old", "gpt-quiet")] == [None, None]
    assert verification(root, "mistral/mistral-x") is None


def test_a_row_that_was_listed_once_is_missed_whatever_became_of_it(root, site):
    site.answers = [
        listed("gpt-9", "gpt-9-mini", "text-embedding-9", "gpt-quiet"),
        listed("gpt-9", "gpt-9-mini", "text-embedding-9"),
    ]
    assert "openai/gpt-quiet" in told(root, "openai")["verified"]
    assert told(root, "openai")["gone"] == ["openai/gpt-quiet"]
    assert told(root, "openai", "--as-of", LATER)["gone"] == ["openai/gpt-quiet"]


def test_names_that_a_list_never_has_are_not_missed(root, site):
    relist(root, unlisted="text-.+|gpt-9-m.*")
    site.answers = [listed("gpt-9")]
    assert told(root, "openai")["gone"] == []


def test_a_capability_is_verified_where_every_listed_name_of_the_row_states_it(root, site, monkeypatch):
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    entries = [{"id": name, "capabilities": {"thinking": {"supported": True}, "image_input": {"supported": sees}}}
               for name, sees in (("claude-x-1", True), ("claude-x-1-20260101", False), ("claude-x-2", True))]  # fmt: skip
    site.answers = [said({"data": entries, "has_more": False})]
    verify(root, "anthropic")
    assert verification(root, "anthropic/claude-x-1")["verified_capabilities"] == ["reasoning"]


def test_verified_since_and_checked_last(root, site):
    site.answers = [listed(*OPENAI)]
    verify(root, "openai", "--as-of", "2026-02-01")
    first = (root / "data/verified/openai.json").read_bytes()
    verify(root, "openai", "--as-of", "2026-02-01")
    assert (root / "data/verified/openai.json").read_bytes() == first
    verify(root, "openai", "--as-of", "2026-03-01")
    row = rows_in(root)["openai/gpt-9"]
    assert (row["last_updated"], row["verification"]["last_checked"]) == ("2026-02-01", "2026-03-01")
    assert row["provenance"]["verification"] == "verify"


def test_twice_is_once(root, site):
    site.answers = [listed(*OPENAI)]
    assert told(root, "openai")["written"] == [
        "data/verified/openai.json",
        "data/models.json",
        "web/public/models.json",
    ]
    before = content(root)
    site.answers = [listed(*reversed(OPENAI))]
    assert told(root, "openai")["written"] == []
    assert content(root) == before


def test_a_dry_run_tells_and_writes_nothing(root, site):
    before = content(root)
    (root / "data/.writer").unlink()
    site.answers = [listed("gpt-9", "gpt-10")]
    done = verify(root, "openai", "--dry-run")
    assert "gone: openai/gpt-9-mini" in done.stdout
    assert "unknown to us: gpt-10" in done.stdout
    assert "dry run" in done.stdout
    assert content(root) == before
    assert not (root / "data/.writer").exists()


def test_a_build_of_the_claims_says_the_same(root, site):
    site.answers = [listed("gpt-9")]
    verify(root, "openai")
    after = content(root)
    assert check(root) == []
    (root / "data/models.json").unlink()
    build(root)
    assert content(root) == after


def test_what_was_recorded_outlives_an_upsert_and_a_refresh(root, site):
    site.answers = [listed("gpt-9")]
    verify(root, "openai")
    store = Store(root)
    store.upsert({"provider": "openai", "model": "gpt-9", "notes": "ours"}, "ann")
    assert "data/feeds/openrouter.json" in refreshed(root, openrouters(), day=LATER, accept=True).written
    assert check(root) == []
    assert rows_in(root)["openai/gpt-9"]["notes"].startswith("ours")
    assert verification(root, "openai/gpt-9")["status"] == "verified"
    assert verification(root, "openai/gpt-9-mini")["status"] == "failed"


def test_a_running_store_sees_it(root, site):
    store = Store(root)
    store.upsert({"provider": "openai", "model": "gpt-9", "notes": "one"}, "ann")
    site.answers = [listed(*OPENAI)]
    verify(root, "openai")
    row = store.upsert({"provider": "openai", "model": "gpt-9", "notes": "two"}, "ann").model
    assert row["verification"]["status"] == "verified"
    assert check(root) == []


def test_an_operators_pin_is_kept(root, site):
    pin = {"status": "unverified", "last_checked": "2020-01-01"}
    Store(root).upsert({"provider": "openai", "model": "gpt-9", "verification": pin}, "ann")
    site.answers = [listed(*OPENAI)]
    verify(root, "openai")
    assert verification(root, "openai/gpt-9") == pin
    Store(root).upsert({"provider": "openai", "model": "gpt-9", "verification": None}, "ann")
    assert verification(root, "openai/gpt-9")["status"] == "verified"


def test_a_row_of_the_operators_is_verified_and_can_be_deleted(root, site):
    mine = {"provider": "openai", "family": "gen", "model": "gpt-mine", "unit": "1k_tokens", "input_per_1k": 1,
            "output_per_1k": 1, "base_url": "https://own.example/v1"}  # fmt: skip
    Store(root).upsert(mine, "ann")
    site.answers = [listed(*OPENAI, "gpt-mine")]
    assert "openai/gpt-mine" in told(root, "openai")["verified"]
    assert Store(root).delete("openai", "gpt-mine", "ann").action == "deleted"
    assert "openai/gpt-mine" not in rows_in(root)
    build(root)
    assert "openai/gpt-mine" not in rows_in(root)


def test_a_verification_alone_makes_no_row_and_unites_none(root, site):
    site.answers = [listed(*OPENAI)]
    verify(root, "openai")
    path = root / "v1/models/all.yaml"
    authored = yaml.safe_load(path.read_text())
    del authored["models"]["openai/gpt-9-mini"]
    path.write_text(yaml.safe_dump(authored))
    build(root)
    assert "openai/gpt-9-mini" not in rows_in(root)
    assert len([name for name in rows_in(root) if name.startswith("openai/")]) == len(ROWS["openai"]) - 1


@pytest.mark.parametrize(("checked", "kept"), [("2020-01-01", False), ("2999-01-01", True)])
def test_of_two_checks_the_later_counts(root, site, checked, kept):
    path = root / "v1/models/all.yaml"
    authored = yaml.safe_load(path.read_text())
    authored["models"]["openai/gpt-9"]["verification"] = {"status": "failed", "last_checked": checked}
    path.write_text(yaml.safe_dump(authored, default_flow_style=False))
    site.answers = [listed(*OPENAI)]
    verify(root, "openai")
    assert (verification(root, "openai/gpt-9")["status"] == "failed") is kept


def test_without_what_was_verified_nothing_is_written_over_it(root, site):
    site.answers = [listed(*OPENAI)]
    verify(root, "openai")
    (root / "data/verified/openai.json").unlink()
    with pytest.raises(CatalogRejected, match="verify, which is not here"):
        Store(root).upsert({"provider": "openai", "model": "gpt-9", "notes": "x"}, "ann")


# Many gone at once


def add(root, names):
    """More active rows of OpenAI's."""
    path = root / "v1/models/all.yaml"
    authored = yaml.safe_load(path.read_text())
    authored["models"] |= {f"openai/{name}": {"mode": "chat", "status": "active"} for name in names}
    path.write_text(yaml.safe_dump(authored))


def test_rows_that_are_gone_in_too_great_a_number_are_not_marked(root, site):
    add(root, [f"many-{n}" for n in range(4)])
    site.answers = [listed("gpt-9", "gpt-9-mini", "text-embedding-9")]
    done = verify(root, "openai", code=1)
    assert "held back: openai/many-0" in done.stdout
    assert "--accept" in done.stderr
    assert verification(root, "openai/gpt-9")["status"] == "verified"  # it is listed
    assert verification(root, "openai/many-0") is None
    assert told(root, "openai", "--accept")["gone"] == [f"openai/many-{n}" for n in range(4)]
    assert verification(root, "openai/many-0")["status"] == "failed"
    assert told(root, "openai")["held"] == []  # a person has looked: they are counted no more


def test_rows_that_were_gone_already_speak_for_no_list(root, site):
    many = [f"many-{n}" for n in range(8)]
    add(root, many)
    site.answers = [listed("gpt-9", "gpt-9-mini", "text-embedding-9", *many[:3])]
    assert len(told(root, "openai")["gone"]) == 5  # of eleven
    site.answers = [listed("gpt-9", "gpt-9-mini")]
    assert len(told(root, "openai", code=1)["held"]) == 4  # of the six that were left


def test_what_is_held_back_keeps_its_last_word(root, site):
    add(root, [f"many-{n}" for n in range(4)])
    site.answers = [listed(*OPENAI, *(f"many-{n}" for n in range(4)))]
    verify(root, "openai", "--as-of", "2026-02-01")
    site.answers = [listed("gpt-9")]
    assert len(told(root, "openai", "--as-of", "2026-03-01", code=1)["held"]) == 6
    assert verification(root, "openai/many-0") == {
        "status": "verified",
        "last_checked": "2026-02-01",
        "source": site.url,
    }


# Afterwards


def test_the_list_chooses_by_it_and_a_row_shows_it(root, site):
    site.answers = [listed("gpt-9", "text-embedding-9")]
    verify(root, "openai")
    catalogue = ["--data", str(root / "data/models.json")]

    def ids(*filters):
        return CliRunner().invoke(cli.cli, ["list", "--ids", *filters, *catalogue]).stdout.split()

    assert ids("--verified") == ["openai/gpt-9", "openai/text-embedding-9"]
    assert "openai/gpt-9-mini" in ids("--unverified")
    assert set(ids("--stale", "0")).isdisjoint({"openai/gpt-9", "openai/gpt-9-mini"})
    assert "mistral/mistral-x" in ids("--stale", "1")
    assert [m.id for m in Registry.open(root / "data/models.json").models(verified=True)] == ids("--verified")
    shown = {
        name: CliRunner().invoke(cli.cli, ["show", f"openai/{name}", *catalogue]).stdout for name in ROWS["openai"]
    }
    assert f"verified {TODAY}" in shown["gpt-9"]
    assert f"not listed {TODAY}" in shown["gpt-9-mini"]
    assert "never verified" in shown["gpt-old"]


# Manifests


def test_a_listing_survives_yaml_and_snapshot(root):
    relist(root, "openai", auth="none", unlisted="ft:.+")
    build(root)
    (provider,) = [p for p in load_providers(root / "v1") if p.id == "openai"]
    assert (provider.listing.auth, provider.listing.unlisted) == ("none", "ft:.+")
    assert Registry.open(root / "v1").provider("openai") == provider
    path = root / "v1/providers/openai.yaml"
    path.write_text(manifest(provider))
    assert [p for p in load_providers(root / "v1") if p.id == "openai"] == [provider]


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"shape": "opnai"}, "did you mean openai?"),
        ({"auth": "basic"}, "is not known"),
        ({"url": "api.openai.com"}, "http(s) address"),
        ({"url": None}, "listing.url"),
        ({"unlisted": "("}, "is no regular expression"),
        ({"unlisted": "a{99999999999999999999}"}, "is no regular expression"),
        ({"shpe": "x"}, "did you mean shape?"),
    ],
)
def test_a_wrong_listing_is_told_with_its_line(root, changed, why):
    relist(root, **changed)
    with pytest.raises(InvalidRegistry) as told_of:
        load_providers(root / "v1")
    assert re.search(rf"v1/providers/openai.yaml:\d+: .*{re.escape(why)}", str(told_of.value))


def test_the_projects_own_listings_can_be_asked():
    found = {p.id: p for p in load_providers(PROJECT / "v1") if p.listing}
    assert {
        "openai",
        "anthropic",
        "google",
        "cohere",
        "mistral",
        "xai",
        "deepseek",
        "groq",
        "openrouter",
    } <= found.keys()
    for provider in found.values():
        assert provider.listing.url.startswith("https://")
        assert provider.env or provider.listing.auth == "none"
    assert schemas()["provider"]["$defs"]["Listing"]["properties"]["shape"]["enum"] == list(SHAPES)
