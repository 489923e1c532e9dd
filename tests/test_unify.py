"""One row for one offering: no two rows of a provider mean each other, in the whole shipped catalogue."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest

from modelry.authoring.load import load_providers
from modelry.catalog.claims import Claim
from modelry.catalog.unify import unify
from modelry.identity import spelling_of
from modelry.records import Provider, Rule
from modelry.registry import Registry

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def names() -> dict[tuple[str, str], set[str]]:
    """The rows that each spelling of a name or alias means, by provider."""
    meant: dict[tuple[str, str], set[str]] = defaultdict(set)
    rows = Registry.open().snapshot.rows(
        "SELECT n.provider, n.name, m.model FROM names n JOIN models m ON m.id = n.model"
    )
    for provider, name, model in rows:
        meant[provider, spelling_of(name)].add(model)
    return meant


def test_no_spelling_of_a_provider_means_two_rows(names: dict[tuple[str, str], set[str]]) -> None:
    assert [key for key, models in names.items() if len(models) > 1] == []


def test_the_catalogue_is_large_after_that(names: dict[tuple[str, str], set[str]]) -> None:
    assert len({(provider, model) for (provider, _), models in names.items() for model in models}) >= 8_000
    assert len({provider for provider, _ in names}) >= 150


def test_no_alias_is_the_id_of_another_row() -> None:
    models = list(Registry.open().snapshot.models())
    ids = {(model.provider, model.model) for model in models}
    assert [(model.id, alias) for model in models for alias in model.aliases if (model.provider, alias) in ids] == []


def claim(source: str, name: str, **fields: object) -> Claim:
    return Claim(source, "p", name, fields, "2026-01-01")


@pytest.mark.parametrize(
    ("claims", "offerings"),
    [
        ([claim("litellm", "m-4.5"), claim("models_dev", "m-4-5")], {"m-4.5": {"litellm", "models_dev"}}),
        ([claim("litellm", "Org/M"), claim("models_dev", "org/m")], {"Org/M": {"litellm", "models_dev"}}),
        ([claim("registry", "m-2026-01-01", aliases=("m",)), claim("litellm", "m")], {"m-2026-01-01": {"registry", "litellm"}}),
        ([claim("litellm", "m"), claim("litellm", "m-2026-01-01")], {"m": {"litellm"}, "m-2026-01-01": {"litellm"}}),
        ([claim("litellm", "models/m"), claim("models_dev", "m")], {"models/m": {"litellm", "models_dev"}}),
        ([claim("litellm", "eu/m"), claim("models_dev", "m")], {"eu/m": {"litellm"}, "m": {"models_dev"}}),
        ([claim("litellm", "m-latest"), claim("models_dev", "m")], {"m-latest": {"litellm"}, "m": {"models_dev"}}),
    ],
    ids=["dots and dashes", "case", "an alias", "a snapshot is its own", "a rule that learns nothing", "a region is its own", "latest is its own"],
)  # fmt: skip
def test_claims_of_one_offering_meet(claims: list[Claim], offerings: dict[str, set[str]]) -> None:
    rules = [Rule(name="path", match="models/(?P<model>.+)", to="{model}"), "snapshot", "latest",
             Rule(name="region", match="(?P<region>eu|us)/(?P<model>.+)", to="{model}")]  # fmt: skip
    provider = Provider(id="p", name="P", rules=rules)
    for ordered in (claims, claims[::-1]):
        found = list(unify(ordered, {"p": provider}))
        assert {said[0].model: {c.source for c in said} for said in found} == offerings


def test_a_router_is_not_the_model_that_it_routes_to() -> None:
    fireworks = {provider.id: provider for provider in load_providers(ROOT / "v1")}["fireworks"]
    names = ("kimi", "accounts/fireworks/models/kimi", "accounts/fireworks/routers/kimi")
    found = list(unify([Claim("litellm", "fireworks", name, {}, None) for name in names], {"fireworks": fireworks}))
    assert [said[0].model for said in found] == ["accounts/fireworks/models/kimi", "accounts/fireworks/routers/kimi"]
