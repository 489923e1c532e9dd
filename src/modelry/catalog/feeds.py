"""Feeds: bodies of other vocabularies taken in as claims, one row of a table for each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from modelry.atomic import write_whole
from modelry.catalog import claims
from modelry.catalog.sound import sound
from modelry.errors import CatalogRejected
from modelry.formats import genai_prices, litellm, models_dev, openrouter
from modelry.records import Model, Provider

FOLDER = Path("data/feeds")

Reader = Callable[[Any, Mapping[str, str], list[str]], Iterable[Model]]


class Format(NamedTuple):
    """A feed: its vocabulary's word in the manifests' `names`, its reader, and where it is published.

    `word` is what people call it, on the command line and in reports.
    """

    word: str
    vocabulary: str
    read: Reader
    url: str


def _litellm(body: Any, names: Mapping[str, str], report: list[str]) -> Iterable[Model]:
    """LiteLLM's map without what names no provider: other JSON objects would be read as maps of odd entries."""
    named = body
    if isinstance(body, Mapping):
        named = {
            key: entry for key, entry in body.items() if isinstance(entry, Mapping) and "litellm_provider" in entry
        }
        report += [f"{key}: names no provider" for key in body if key not in named and key not in litellm.NOT_MODELS]
    return litellm.read(named, providers=names, report=report, prose=False)


def _openrouter(body: Any, names: Mapping[str, str], report: list[str]) -> Iterable[Model]:
    """OpenRouter's own offerings, and the makers' rows that seed 2 keeps from this feed."""
    offered = openrouter.read(body, providers=names, report=report)
    return [*offered, *openrouter.maker_rows(offered, providers=names)]


def _models_dev(body: Any, names: Mapping[str, str], report: list[str]) -> Iterable[Model]:
    return models_dev.read(body, providers=names, report=report)


def _genai_prices(body: Any, names: Mapping[str, str], report: list[str]) -> Iterable[Model]:
    return genai_prices.read(body, providers=names, report=report)


# fmt: off
FORMATS: dict[str, Format] = {
    "litellm": Format("litellm", "litellm", _litellm, "https://raw.githubusercontent.com/BerriAI/litellm/main/model_prices_and_context_window.json"),
    "models_dev": Format("models.dev", "models.dev", _models_dev, "https://models.dev/api.json"),
    "genai_prices": Format("genai-prices", "genai_prices", _genai_prices, "https://raw.githubusercontent.com/pydantic/genai-prices/main/prices/data.json"),
    "openrouter": Format("openrouter", "openrouter", _openrouter, "https://openrouter.ai/api/v1/models"),
}
# fmt: on


class Taken(NamedTuple):
    """What came of taking in a feed: offerings listed, what nobody here understands, and whether anything changed."""

    source: str
    models: int
    report: Sequence[str]
    changed: bool


def read(source: str, body: Any, providers: Iterable[Provider]) -> tuple[list[Model], list[str]]:
    """What a feed's body offers, each row sound, and what nobody here understands; raises CatalogRejected."""
    feed = FORMATS[source]
    names = {name: provider.id for provider in providers for name in provider.names.get(feed.vocabulary, ())}
    report: list[str] = []
    models = [kept for model in feed.read(body, names, report) if (kept := sound(model, report.append))]
    if not models:
        raise CatalogRejected(source, f"the body lists no model; {report[0] if report else 'it is empty'}")
    return models, report


def take(root: Path, source: str, body: Any, day: str, providers: Iterable[Provider]) -> Taken:
    """Make the claims of a feed's body, fetched on `day`, the source's last accepted ones under `root`.

    A body of before the last accepted one is not taken in. Raises CatalogRejected where the body is not of the feed's
    shape or lists nothing.
    """
    models, report = read(source, body, providers)
    path = root / FOLDER / f"{source}.json"
    previous = claims.load(path.read_bytes(), str(path)) if path.is_file() else None
    if previous is not None and day < previous.as_of:
        report.append(f"the whole body: it is of {day}, and that of {previous.as_of} was taken in already")
        return Taken(source, len(models), report, changed=False)
    accepted = claims.accept(previous, source, models, day)
    if previous is not None and accepted._replace(as_of=previous.as_of) == previous:
        return Taken(source, len(models), report, changed=False)  # a fetch that says nothing new writes nothing
    return Taken(source, len(models), report, changed=write_whole(path, claims.dump(accepted)))
