"""Other vocabularies: one module each, reading it into Models and, where it is an exchange format, writing it.

`FORMATS` is the one list. A module is imported when its format is used: those that need more than the standard
library name the extra of the package that brings it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from modelry.errors import MissingExtra

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from types import ModuleType
    from typing import Any

    from modelry.records import Model, Provider


class Format(NamedTuple):
    """One format: its module, whether that reads and writes it, and what its reader and writer want to be given.

    `vocabulary` is the key of a manifest's `names` with the format's names of providers. `takes` are the keywords of
    `write` besides the models and the report.
    """

    name: str
    module: str
    suffix: str
    help: str
    reads: bool = False
    writes: bool = False
    vocabulary: str | None = None
    takes: tuple[str, ...] = ()
    is_text: bool = True
    extra: str | None = None

    def load(self) -> ModuleType:
        """Its module; raises MissingExtra where a package is missing."""
        try:
            return import_module(f"{__name__}.{self.module}")
        except ModuleNotFoundError as error:
            if self.extra is None or (error.name or "").startswith("modelry"):
                raise
            raise MissingExtra(self.name, self.extra, error.name or "a package") from None


# fmt: off
FORMATS: dict[str, Format] = {
    format_.name: format_
    for format_ in (
        Format("litellm", "litellm", ".json", "LiteLLM's model_prices_and_context_window.json", reads=True, writes=True, vocabulary="litellm", takes=("providers", "day")),
        Format("models.dev", "models_dev", ".json", "models.dev's api.json", reads=True, writes=True, vocabulary="models.dev", takes=("providers", "manifests", "day")),
        Format("openrouter", "openrouter", ".json", "OpenRouter's /api/v1/models", reads=True, writes=True, vocabulary="openrouter", takes=("day",)),
        Format("genai-prices", "genai_prices", ".json", "genai-prices' data.json", reads=True, vocabulary="genai_prices"),
        Format("openai", "openai", ".json", "OpenAI's /v1/models", writes=True),
        Format("csv", "csv", ".csv", "a table, one model a row", writes=True, takes=("day",)),
        Format("parquet", "parquet", ".parquet", "the same table, typed", writes=True, takes=("day",), is_text=False, extra="bulk"),
        Format("yaml", "yaml", ".yaml", "the registry's own form", reads=True, writes=True, takes=("manifests",), extra="build"),
    )
}
# fmt: on


def names_in(vocabulary: str, manifests: Iterable[Provider]) -> dict[str, str]:
    """Canonical provider by a vocabulary's name for it: what readers and writers take as `providers`."""
    return {name: manifest.id for manifest in manifests for name in manifest.names.get(vocabulary, ())}


def exported(
    name: str,
    models: Sequence[Model],
    report: list[str] | None = None,
    *,
    manifests: Iterable[Provider] = (),
    day: str | None = None,
    indent: int | None = 2,
) -> bytes:
    """The bytes of a file of the format `name` with these models: the same models give the same bytes.

    Prices are those of the cards that hold on `day` (YYYY-MM-DD; None is today). What the format cannot say is added
    to `report`, a line each: `provider/name: what`. Raises MissingExtra.
    """
    format_ = FORMATS[name]
    manifests = list(manifests)
    given: dict[str, Any] = {
        "providers": names_in(format_.vocabulary, manifests) if format_.vocabulary else {},
        "manifests": {manifest.id: manifest for manifest in manifests},
        "day": day,
    }
    data = format_.load().write(models, report, **{keyword: given[keyword] for keyword in format_.takes})
    if isinstance(data, bytes):
        return data
    if isinstance(data, str):
        return data.encode()
    from modelry.jsontext import dumps

    return f"{dumps(data, indent=indent)}\n".encode()


_MODULES = frozenset(format_.module for format_ in FORMATS.values())


def __getattr__(name: str) -> ModuleType:
    """`formats.litellm` without importing it first."""
    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)
