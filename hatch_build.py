"""Compiles the snapshot that ships in the package: `data/models.json` and the manifests, into one SQLite file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompileSnapshot(BuildHookInterface[Any]):
    """Runs before the files of a wheel or an editable install are collected."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - the hook's signature
        """Write src/modelry/snapshot.sqlite."""
        root = Path(self.root)
        if self.target_name == "sdist":
            return
        sys.path.insert(0, str(root / "src"))
        from modelry import compile as compiler
        from modelry.authoring.load import load_providers
        from modelry.catalog import rows

        data = (root / "data" / "models.json").read_bytes()
        catalogue = rows.load(data, "data/models.json")
        target = root / "src" / "modelry" / "snapshot.sqlite"
        compiler.write(target, catalogue.models, load_providers(root / "v1"), rows.content_of(data))
