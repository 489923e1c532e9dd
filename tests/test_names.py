"""Names as they occur in the wild: each resolves to the one right id by a named method, or fails with suggestions."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
import yaml

import modelry

HERE = Path(__file__).parent
CASES: list[dict[str, Any]] = [
    case
    for table in ("names.yaml", "names_catalogue.yaml")  # the registry's own offerings; those that only feeds know
    for case in yaml.safe_load((HERE / table).read_text("utf-8"))
]


def test_there_are_enough_names() -> None:
    assert len({(case["name"], case.get("provider")) for case in CASES}) >= 250


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.get('provider', '')}:{case['name'][:60]}")
def test_a_name_means_one_entry_or_fails_with_suggestions(case: dict[str, Any]) -> None:
    if error := case.get("error"):
        with pytest.raises(getattr(modelry, error)) as caught:
            modelry.resolve(case["name"], case.get("provider"))
        said = getattr(caught.value, "choices", None) or getattr(caught.value, "suggestions", ())
        assert not case.get("suggests") or case["suggests"] in said
        return
    found = modelry.resolve(case["name"], case.get("provider"))
    assert found.id == case["id"]
    assert fnmatchcase(found.method, case["method"])
    learnt = {"region": found.region, **found.learnt}
    assert {key: learnt.get(key) for key in case.get("learnt", {})} == case.get("learnt", {})
