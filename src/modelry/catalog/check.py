"""Check: whether YAML, catalogue, mirror and snapshot say the same. What seed 1 calls the sync check."""

from __future__ import annotations

from pathlib import Path

from modelry.catalog import rows
from modelry.catalog.build import CATALOGUE, FEEDS, MIRROR, fold_all, packaged_by, read_sources
from modelry.errors import ModelryError
from modelry.snapshot import Snapshot


def check(root: Path) -> list[str]:
    """What is out of step, a sentence each; raises InvalidRegistry where the YAML itself is wrong."""
    problems = []
    due = rows.dump(fold_all(read_sources(root / "v1", root / FEEDS)))
    for path in (CATALOGUE, MIRROR):
        if not (root / path).is_file():
            problems.append(f"{path} is missing: run `modelry build`")
        elif (root / path).read_bytes() != due:
            problems.append(f"{path} is not what v1/ and data/feeds/ say: run `modelry build`")
    snapshot = packaged_by(root)
    if snapshot and (why := _out_of_step(snapshot, due)):
        problems.append(f"{snapshot.relative_to(root.resolve())} {why}: run `modelry build`")
    return problems


def _out_of_step(path: Path, due: bytes) -> str | None:
    """Compared by content: every row read back from the snapshot makes the same bytes."""
    try:
        snapshot = Snapshot(str(path))
        if snapshot.meta().get("content") != rows.content_of(due):
            return "was compiled from another catalogue"
        head = rows.load(due, "the catalogue")
        return None if rows.dump(head._replace(models=tuple(snapshot.models()))) == due else "holds other rows"
    except ModelryError as error:
        return f"cannot be read ({error})"
