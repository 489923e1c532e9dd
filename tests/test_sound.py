"""What others write: one bad row never stops the rest, and whatever is taken in can be folded, written and compiled."""

from __future__ import annotations

import copy
import re
import shutil
from decimal import Decimal
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_fold import BODIES

from modelry import compile as snapshots
from modelry.authoring.load import load_providers
from modelry.catalog import claims, feeds, rows
from modelry.catalog.build import Sources, fold_all
from modelry.catalog.feeds import take
from modelry.catalog.lineage import Lineage
from modelry.catalog.sound import sound
from modelry.errors import CatalogRejected
from modelry.formats import exported
from modelry.jsontext import dumps, loads
from modelry.pricing import Override, Pricing
from modelry.records import Modalities, Model
from modelry.snapshot import Snapshot

ROOT = Path(__file__).parents[1]
DAY, LATER = "2026-01-01", "2026-02-01"

RICH = {
    "litellm": BODIES["litellm"] | {
        "azure/eu/gpt-4o": {"litellm_provider": "azure", "mode": "chat", "max_tokens": 4096, "supports_vision": True,
                            "input_cost_per_token_above_200k_tokens": Decimal("0.00001"), "source": "https://x"},
        "1024-x-1024/dall-e-3": {"litellm_provider": "openai", "mode": "image_generation", "input_cost_per_pixel": 1e-8},
        "dashscope/qwen-plus": {"litellm_provider": "dashscope", "mode": "chat", "tiered_pricing": [
            {"range": [0, 256000], "input_cost_per_token": 4e-7, "output_cost_per_token": 1.2e-6},
            {"range": [256000, 1000000], "input_cost_per_token": 1.2e-6, "output_cost_per_token": 3.6e-6}]},
    },
    "models_dev": BODIES["models_dev"] | {"anthropic": {"id": "anthropic", "models": {"claude": {
        "name": "Claude", "release_date": "2026-01-01", "last_updated": "2026-01-01", "status": "beta", "limit": {"context": 1000},
        "cost": {"input": 3, "output": 15, "tiers": [{"tier": {"type": "context", "size": 200000}, "input": 6}]},
        "experimental": {"modes": {"fast": {"cost": {"input": 30}, "provider": {"body": {"speed": "fast"}}}}},
    }}}},
    "genai_prices": [*BODIES["genai_prices"], {"id": "x-ai", "models": [{
        "id": "grok", "match": {"or": [{"equals": "grok"}, {"starts_with": "grok-"}]}, "context_window": 256000,
        "prices": [{"prices": {"input_mtok": 2, "output_mtok": 8}}, {"constraint": {"start_date": "2026-01-01"}, "prices": {
            "input_mtok": {"base": 1, "tiers": [{"start": 199999, "price": 2}]}, "output_mtok": 4}}],
        "price_variants": [{"when": {"processing": "batch"}, "prices": {"input_mtok": Decimal("0.5")}}],
    }]}],
    "openrouter": {"data": [*BODIES["openrouter"]["data"], {
        "id": "x/y:free", "name": "X: Y", "context_length": 1000, "pricing": {"prompt": "0", "completion": "0", "overrides": [
            {"min_prompt_tokens": 32000, "prompt": "0.0000001", "utc_start": 100, "utc_end": 230, "utc_days": ["monday"]}]},
        "architecture": {"input_modalities": ["text", "file"], "output_modalities": ["text"]},
        "top_provider": {"max_completion_tokens": 100}, "expiration_date": "2027-01-01", "knowledge_cutoff": "2025-01",
    }]},
}  # fmt: skip

ODD = [
    None, True, False, 0, -1, Decimal("1.5"), Decimal("-0.1"), Decimal("1E+30"), Decimal("1E-70"), 10**30, "", "x", "-1", "1e400",
    "\ud800", "a\x00b", " blank ", "2026-13-45", "../../x", "x" * 600, [], [None], ["x"], [1], [[]], {}, {"x": 1}, [{}], {"when": {}},
]  # fmt: skip


def places(value, above=()):
    """The path of every part of a body."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        yield (*above, key)
        yield from places(part, (*above, key))


@st.composite
def spoilt(draw):
    """A feed and a body of it, in which a few parts are something else."""
    source = draw(st.sampled_from(sorted(RICH)))
    body = copy.deepcopy(RICH[source])
    for _ in range(draw(st.integers(1, 4))):
        *above, key = draw(st.sampled_from(list(places(body))))
        part = body
        for step in above:
            part = part[step]
        odd = copy.deepcopy(draw(st.sampled_from(ODD)))
        if isinstance(part, dict) and draw(st.booleans()):
            part[draw(st.sampled_from(["odd", "\x00", "", "a/b/c", "\ud800"]))] = odd
        else:
            part[key] = odd
        if not list(places(body)):
            break
    return source, body


@pytest.fixture(scope="module")
def world():
    providers = load_providers(ROOT / "v1")
    return providers, Lineage(ROOT / "v1/series.yaml", providers)


@pytest.fixture
def roots(tmp_path):
    """A new folder for each example."""
    return (tmp_path / str(n) for n in count())


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(example=spoilt())
def test_what_is_taken_in_can_be_folded_written_and_compiled(example, world, roots):
    (source, body), root, (providers, lineage) = example, next(roots), world
    try:
        take(root, source, body, DAY, providers)
    except CatalogRejected:
        return
    path = root / f"data/feeds/{source}.json"
    first = path.read_bytes()
    take(root, source, body, LATER, providers)
    assert path.read_bytes() == first
    catalogue = fold_all(Sources(providers, claims.load(first, "x").claims, lineage, [source]))
    data = rows.dump(catalogue)
    assert rows.dump(rows.load(data, "x")) == data
    snapshots.write(root / "x.sqlite", catalogue.models, providers, "x")
    compiled = Snapshot(str(root / "x.sqlite"))
    assert rows.dump(catalogue._replace(models=tuple(compiled.models()))) == data
    compiled.close()
    shutil.rmtree(root)


@pytest.mark.parametrize("source", sorted(RICH))
def test_a_sound_body_is_taken_in_whole(source, world, tmp_path):
    assert take(tmp_path, source, RICH[source], DAY, world[0]).report == []


NEGATIVE = {
    "litellm": {"m": {"litellm_provider": "openai", "input_cost_per_token": Decimal("-0.001"), "output_cost_per_token": Decimal("0.001")}},
    "models_dev": {"openai": {"models": {"m": {"cost": {"input": -1000, "output": 1000}}}}},
    "openrouter": {"data": [{"id": "openai/m", "pricing": {"prompt": "-0.001", "completion": "0.001"}}]},
}  # fmt: skip


@pytest.mark.parametrize("source", sorted(NEGATIVE))
def test_a_price_below_zero_is_told_and_is_none(source, tmp_path):
    taken = take(tmp_path, source, NEGATIVE[source], DAY, ())
    assert len(taken.report) == 1
    (claim,) = claims.load((tmp_path / f"data/feeds/{source}.json").read_bytes(), "x").claims
    (card,) = claim.fields["pricing"]
    assert card.rates == {"output_per_token": Decimal("0.001")}


@pytest.mark.parametrize("price", ["0.0011", "0.0032", "3"])
def test_a_price_above_a_thousand_dollars_per_million_is_a_slip(price, tmp_path):
    body = {"m": {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": Decimal(price)}}
    (told,) = take(tmp_path, "litellm", body, DAY, ()).report
    assert told.startswith("openai/m: pricing cannot be ")
    (claim,) = claims.load((tmp_path / "data/feeds/litellm.json").read_bytes(), "x").claims
    assert "pricing" not in claim.fields


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("display_name", "a\x07b"), ("display_name", 1), ("context", "128k"), ("context", 0.5), ("context", True), ("context", -1),
        ("context", 10**13), ("max_output_tokens", [1]), ("release_date", "2025-25-11"), ("release_date", "2025-02-31"), ("release_date", "1970-01-01"), ("deprecation_date", "soon"),
        ("aliases", ("a", 1)), ("aliases", "ab"), ("components", ("",)), ("modalities", Modalities(input=(1,))),
        ("modalities", Modalities(input="text")), ("capabilities", {"tools": 1}), ("capabilities", {"flies": True}),
        ("open_weights", "yes"), ("pricing", (Pricing({"input_per_token": Decimal("1e13")}),)),
        ("pricing", (Pricing({"input_per_token": Decimal("1e-61")}),)),
        ("pricing", (Pricing({}, (Override(({"region": "\ud800"},), {}),)),)),
        ("pricing", (Pricing({}, (Override(({"prompt_tokens_above": 10**13},), {}),)),)),
        ("pricing", (Pricing({}, effective_from="2026-25-11"),)), ("pricing", (Pricing({}, source="\x00"),)),
    ],
)  # fmt: skip
def test_a_field_that_is_not_sound_is_told_and_left_out(field, value):
    told: list[str] = []
    model = Model(**{"provider": "p", "model": "m", "license": "MIT", field: value})
    assert sound(model, told.append) == Model(provider="p", model="m", license="MIT")
    assert len(told) == 1
    assert told[0].startswith(f"p/m: {field} ")


@pytest.mark.parametrize("name", ["", " m", "m\n", "\ud800", "m" * 513])
def test_a_row_without_a_sound_name_is_left_out(name):
    told: list[str] = []
    assert sound(Model(provider="p", model=name), told.append) is None
    assert len(told) == 1


def test_a_name_for_people_loses_the_blanks_around_it():
    told: list[str] = []
    shown = sound(Model(provider="p", model="m", display_name="DeepSeek V3\t"), told.append)
    assert shown is not None
    assert (shown.display_name, told) == ("DeepSeek V3", [])


@pytest.mark.parametrize(
    ("source", "body"),
    [
        ("litellm", {"openai/a": {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": -1e-6}}),
        ("models_dev", {"openai": {"models": {"a": {"name": "A", "cost": {"input": -1, "output": 1}}}}}),
    ],
)
def test_a_price_below_0_is_not_written_back_to_who_would_believe_it(source, body):
    models, _ = feeds.read(source, body, load_providers(ROOT / "v1"))
    assert models
    for word in ("litellm", "models.dev"):
        written = dumps(loads(exported(word, models, manifests=load_providers(ROOT / "v1"))))
        assert "-" not in re.sub(r'"[^"]*"', "", written)
