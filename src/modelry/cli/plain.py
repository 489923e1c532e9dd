"""Models as `--json` writes them: the row of `data/models.json`, with the id in front."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    from modelry.records import Model


def model_row(model: Model) -> dict[str, Any]:
    """The row of a model; its per_1k views are of the card in force now."""
    from modelry.catalog.rows import to_row

    return {"id": model.id} | to_row(model, datetime.now(UTC).date().isoformat())
