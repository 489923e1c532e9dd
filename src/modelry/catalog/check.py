"""Check: whether YAML, catalogue, mirror and snapshot say the same. What seed 1 calls the sync check."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from modelry import compile as compiler
from modelry.catalog import rows
from modelry.catalog.build import CATALOGUE, MIRROR, fold_all, packaged_by, pinned_in, sources_of
from modelry.errors import ModelryError
from modelry.records import Model, Provider
from modelry.snapshot import Snapshot


def check(root: Path) -> list[str]:
    """What is out of step, a sentence each; raises InvalidRegistry where the YAML itself is wrong."""
    problems = []
    sources = sources_of(root, pins=pinned_in(root)[0])
    catalogue = fold_all(sources)
    due = rows.dump(catalogue)
    for path in (CATALOGUE, MIRROR):
        if not (root / path).is_file():
            problems.append(f"{path} is missing: run `modelry build`")
        elif (root / path).read_bytes() != due:
            problems.append(f"{path} is not what v1/ and data/feeds/ say: run `modelry build`")
    snapshot = packaged_by(root)
    if snapshot and (why := _out_of_step(snapshot, due, catalogue.models, sources.providers)):
        problems.append(f"{snapshot.relative_to(root.resolve())} {why}: run `modelry build`")
    return problems


def _out_of_step(path: Path, due: bytes, models: Sequence[Model], providers: Sequence[Provider]) -> str | None:
    """Compared by content: what a snapshot made now would hold, row by row of every table."""
    content = rows.content_of(due)
    try:
        snapshot = Snapshot(str(path))
        if snapshot.meta().get("content") != content:
            return "was compiled from another catalogue"
        due_tables = compiler.tables(models, providers, content)
        wrong = [name for name, held in due_tables.items() if snapshot.rows(f"SELECT * FROM {name}") != held]
    except ModelryError as error:
        return f"cannot be read ({error})"
    return f"holds other rows ({', '.join(wrong)})" if wrong else None
