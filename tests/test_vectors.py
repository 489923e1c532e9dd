"""The published vectors, `spec/cost-vectors.json`, hold for modelry itself, through the public surface."""

from __future__ import annotations

from decimal import Context, Decimal
from pathlib import Path

import pytest

from modelry import compile as snapshots
from modelry import errors
from modelry.jsontext import loads
from modelry.pricing import Pricing
from modelry.records import DefaultRate, Model, Provider
from modelry.registry import Registry

VECTORS = loads((Path(__file__).parent.parent / "spec" / "cost-vectors.json").read_text())
EXACT = Context(prec=200)


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    """One catalogue in which the model of each vector is `spec-N/model`."""
    providers, models = [], []
    for number, vector in enumerate(VECTORS):
        defaults = {
            meter: DefaultRate(of=rate["of"], times=Decimal(rate["times"]), source="https://example.com")
            for meter, rate in vector.get("default_rates", {}).items()
        }
        providers.append(Provider(id=f"spec-{number}", name="Spec", default_rates=defaults))
        cards = tuple(Pricing.from_dict(card) for card in vector["cards"])
        models.append(Model(provider=f"spec-{number}", model="model", region=vector.get("own_region"), pricing=cards))
    path = tmp_path_factory.mktemp("vectors") / "snapshot.sqlite"
    snapshots.write(path, models, providers, "vectors")
    return Registry.open(path)


def test_the_vectors_are_many_and_each_has_a_name_of_its_own():
    names = [vector["name"] for vector in VECTORS]
    assert len(set(names)) == len(names) >= 80


def _amount(line):
    """Quantity times rate, in the exact arithmetic of the file itself."""
    if isinstance(line["rate"], dict):
        amount, per = line["rate"]["amount"], line["rate"]["per"]
        return EXACT.divide(EXACT.multiply(Decimal(line["quantity"]), Decimal(amount)), Decimal(per))
    return EXACT.multiply(Decimal(line["quantity"]), Decimal(line["rate"]))


@pytest.mark.parametrize("vector", [v for v in VECTORS if "lines" in v["expected"]], ids=lambda vector: vector["name"])
def test_the_file_agrees_with_itself(vector):
    expected = vector["expected"]
    for line in expected["lines"]:
        assert line["amount"] == _amount(line)
    total = Decimal(0)
    for line in expected["lines"]:
        total = EXACT.add(total, Decimal(line["amount"]))
    nothing_is_priced = expected["unpriced"] and not expected["lines"]
    assert expected["total_cost"] == (None if nothing_is_priced else total)
    assert expected["complete"] is (not expected["unpriced"])


def _expected_lines(expected):
    lines = []
    for line in expected["lines"]:
        rate = line["rate"]
        if isinstance(rate, dict):  # of a rate that does not divide evenly, 60 digits are shown
            rate = Context(prec=60).divide(Decimal(rate["amount"]), Decimal(rate["per"]))
        lines.append((line["meter"], line["quantity"], rate, line["amount"], line["assumed"]))
    return sorted(lines)


@pytest.mark.parametrize(("number", "vector"), list(enumerate(VECTORS)), ids=[vector["name"] for vector in VECTORS])
def test_modelry_prices_as_the_vector_says(registry, number, vector):
    expected = vector["expected"]

    def price():
        return registry.cost(f"spec-{number}/model", **vector["usage"], **vector["conditions"])

    if "error" in expected:
        with pytest.raises(getattr(errors, expected["error"])) as caught:
            price()
        if "bucket" in expected:
            assert caught.value.bucket == expected["bucket"]
        return
    estimate = price()
    assert sorted(tuple(line) for line in estimate.lines) == _expected_lines(expected)
    assert estimate.total_cost == expected["total_cost"]
    assert sorted(estimate.unpriced) == sorted(expected["unpriced"])
    assert estimate.complete is expected["complete"]
    assert estimate.currency == expected.get("currency", "USD")
    for optional in ("input_cost", "output_cost"):
        if optional in expected:
            assert getattr(estimate, optional) == expected[optional]
    if "warned" in expected:
        assert bool(estimate.warnings) is expected["warned"]
