"""Which model has which role: a known mismatch is refused by name, the unknown passes with a warning (seed 2's capability contract)."""

from __future__ import annotations

import pytest
import roots
from talking import files, send, serving_few, upsert

from modelry.jsontext import loads


@pytest.fixture
def known(tmp_path):
    """A server of models of each kind, one of which is known not to see."""
    with serving_few(tmp_path) as server:
        upsert(server, **roots.gen("gpt-blind", capabilities={"vision": False, "tools": True}))
        yield server


EMPTY = dict.fromkeys(
    (
        "generation",
        "embedding",
        "reranking",
        "vision",
        "tools",
        "reasoning",
        "image",
        "video",
        "speech",
        "transcription",
        "moderation",
    )
)


def test_a_configuration_is_chosen_whole_or_in_part_and_kept(known):
    assert send(known, "GET", "/api/config") == (200, EMPTY)
    fits = {
        "generation": "gpt-4o",
        "embedding": "OAI/text-embedding-3-small",
        "reranking": "cohere/rerank-v3.5",
        "vision": "openai/gpt-4o",
    }
    status, body = send(known, "PUT", "/api/config", fits)
    assert (status, body) == (200, {"ok": True, "config": EMPTY | fits, "warnings": []})
    status, body = send(known, "PATCH", "/api/config", {"vision": None, "tools": "openai/gpt-blind"})
    now = EMPTY | fits | {"vision": None, "tools": "openai/gpt-blind"}
    assert (status, body["config"]) == (200, now)
    assert send(known, "GET", "/api/config") == (200, now)
    assert loads((known.root / "data/config.json").read_bytes()) == now
    status, body = send(known, "PUT", "/api/config", {"generation": "gpt-4o"})
    assert (status, body["config"]) == (200, EMPTY | {"generation": "gpt-4o"})


@pytest.mark.parametrize(
    ("role", "model", "can", "needs"),
    [
        ("generation", "openai/text-embedding-3-small", "EMB", ["GEN"]), ("generation", "cohere/rerank-v3.5", "RERANK", ["GEN"]),
        ("embedding", "openai/gpt-4o", "GEN", ["EMB"]), ("reranking", "openai/gpt-4o", "GEN", ["RERANK"]),
        ("vision", "openai/gpt-blind", "GEN", ["GEN", "vision"]), ("vision", "openai/text-embedding-3-small", "EMB", ["GEN", "vision"]),
        ("image", "openai/gpt-4o", "GEN", ["IMAGE"]), ("speech", "openai/gpt-4o", "GEN", ["SPEECH"]),
    ],
)  # fmt: skip
def test_a_model_that_is_known_not_to_fit_its_role_is_refused_by_name(known, role, model, can, needs):
    before = files(known.root)
    for method, path in (("PUT", "/api/config"), ("PATCH", "/api/config"), ("POST", "/api/config/validate")):
        status, body = send(known, method, path, {role: model.upper(), "tools": None})
        (problem,) = body["detail"]
        assert (status, problem["loc"], problem["model"], problem["needs"]) == (422, ["body", role], model, needs)
        assert can in problem["can"]
        assert all(word in problem["msg"] for word in (role, model, can, *needs))
    assert files(known.root) == before


def test_every_mismatch_is_told_at_once(known):
    wrong = {"generation": "text-embedding-3-small", "embedding": "openai/gpt-4o", "reranking": "cohere/rerank-v3.5"}
    status, body = send(known, "POST", "/api/config/validate", wrong)
    assert (status, [problem["loc"][1] for problem in body["detail"]]) == (422, ["generation", "embedding"])


@pytest.mark.parametrize(
    ("config", "warned"),
    [
        ({"generation": "nobody/knows-it"}, ["generation", "knows-it"]), ({"embedding": "no-such-model"}, ["embedding", "no-such-model"]),
        ({"vision": "openai/gpt-unpriced"}, ["vision", "unknown"]), ({"generation": "openai/gpt-unpriced"}, None),
    ],
    ids=str,
)  # fmt: skip
def test_what_nobody_knows_passes_with_a_warning(known, config, warned):
    status, body = send(known, "POST", "/api/config/validate", config)
    assert (status, body["ok"], body["config"]) == (200, True, config)
    assert len(body["warnings"]) == (1 if warned else 0)
    assert all(word in body["warnings"][0] for word in warned or ())


def test_a_name_of_several_models_is_refused_where_none_of_them_fits_and_else_passes_with_a_warning(known):
    for provider in ("acme", "bcme"):
        upsert(known, **roots.gen("shared", provider, base_url=f"https://{provider}.example"))
    status, body = send(known, "POST", "/api/config/validate", {"embedding": "shared"})
    assert (status, [problem["model"] for problem in body["detail"]]) == (422, ["acme/shared", "bcme/shared"])
    status, body = send(known, "POST", "/api/config/validate", {"generation": "shared"})
    assert (status, len(body["warnings"])) == (200, 1)
    assert "acme/shared, bcme/shared" in body["warnings"][0]
    upsert(known, provider="acme", family="embed", model="shared", embed_per_1k=1, unit="1k_tokens", components=["EMB"])
    assert send(known, "POST", "/api/config/validate", {"embedding": "shared"})[0] == 200


def test_a_deprecated_model_passes_with_a_warning(known):
    known.delete("/api/models/id/openai/gpt-4o")
    upsert(known, provider="openai", model="gpt-4o", replaced_by="openai/gpt-5")
    warnings = send(known, "PUT", "/api/config", {"generation": "gpt-4o"})[1]["warnings"]
    assert len(warnings) == 1
    assert "deprecated" in warnings[0]
    assert "openai/gpt-5" in warnings[0]


@pytest.mark.parametrize(
    "config",
    [{"driving": "gpt-4o"}, {"generation": 4}, {"generation": ""}, {"generation": ["gpt-4o"]}, [], "gpt-4o", None],
)
def test_what_is_no_configuration_is_refused(known, config):
    for method, path in (("PUT", "/api/config"), ("PATCH", "/api/config"), ("POST", "/api/config/validate")):
        assert send(known, method, path, config)[0] == (400 if config is None else 422)


def test_a_configuration_has_a_version_too(known):
    seen = known.get("/api/config").headers["etag"]
    answer = known.put("/api/config", json={"generation": "gpt-4o"}, headers={"If-Match": seen})
    assert answer.status_code == 200
    assert known.put("/api/config", json={}, headers={"If-Match": seen}).status_code == 412
    assert known.get("/api/config").headers["etag"] == answer.headers["etag"]
    assert (
        known.patch("/api/config", json={"vision": "gpt-4o"}, headers={"If-Match": answer.headers["etag"]}).status_code
        == 200
    )


def test_validating_writes_nothing(known):
    before = files(known.root)
    assert send(known, "POST", "/api/config/validate", {"generation": "gpt-4o"})[0] == 200
    assert files(known.root) == before
    assert send(known, "GET", "/api/config")[1] == EMPTY
