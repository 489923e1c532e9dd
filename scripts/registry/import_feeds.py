"""Writes the family files, v1/models/<series>.yaml, from the feeds and the tables beside this file.

    python scripts/registry/import_feeds.py --feeds DIR --history FILE [--out v1/models] [--day 2026-11-20]

For each offering of a maker (and of Bedrock, Vertex and Azure) the newest feed that says something of a field is believed:
LiteLLM, then genai-prices, models.dev, OpenRouter. `decisions.yaml` stands above all of them: what was compared with
the maker's own page, by hand. `series.yaml` says which maker and which family file a name means. Nothing is made up:
a price of 0/0 in a feed is unknown, and a model without a sourced price stands unpriced. Past prices come from the
decisions, else from the changes that public registries were seen to make (`history.py`).
"""

from __future__ import annotations

import argparse
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from decimal import Context, Decimal
from pathlib import Path
from typing import Any

import history

from modelry.authoring.load import load_providers
from modelry.authoring.text import read
from modelry.catalog.claims import claim_of
from modelry.catalog.fold import fold
from modelry.catalog.lineage import Lineage
from modelry.errors import Problem
from modelry.formats import genai_prices, litellm, models_dev, openrouter
from modelry.formats import yaml as registry_form
from modelry.identity import spelling_of
from modelry.pricing import Pricing
from modelry.records import Model, Provider, Verification

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]

FEEDS = {  # newest first: the order in which they are believed
    "litellm": ("litellm-*.json", "LiteLLM 1.109.1 (2026-11)", "litellm"),
    "genai_prices": ("genai-prices-*.json", "genai-prices (2026-08-21)", "genai_prices"),
    "models_dev": ("models.dev-*.json", "models.dev (2026-07-02)", "models.dev"),
    "openrouter": ("openrouter-*.json", "OpenRouter (2026-04-17)", "openrouter"),
}
CLOUDS = frozenset({"bedrock", "bedrock-mantle", "amazon-nova", "vertex", "azure", "azure-ai"})
"""Providers whose offerings stand in the registry although they are not the makers."""

# Makers of closed models that no feed lists at home: the name and limits are facts, OpenRouter's price is not theirs.
LISTED_ELSEWHERE = frozenset({"baidu", "01ai", "tencent", "inflection", "writer", "reka", "liquid", "volcengine"})

_TWELVE_DIGITS = Context(prec=12)


class Tables:
    """The hand-decided tables, and the manifests."""

    def __init__(self) -> None:
        manifests = load_providers(ROOT / "v1")
        self.providers: dict[str, Provider] = {provider.id: provider for provider in manifests}
        self.lineage = Lineage(ROOT / "v1" / "series.yaml", manifests)
        decisions = HERE / "decisions.yaml"
        self.decisions: list[dict[str, Any]] = _read_exactly(decisions) if decisions.exists() else []

    def names_in(self, vocabulary: str) -> dict[str, str]:
        """Canonical provider by a vocabulary's name for it."""
        return {name: p.id for p in self.providers.values() for name in p.names.get(vocabulary, ())}

    def series_of(self, model: Model) -> str:
        """The family file of a model; a cloud's own services stand in the cloud's."""
        series = self.lineage.series_of(model.provider, model.model)
        return series.name if series else model.provider


def offerings(feeds: Path, tables: Tables) -> dict[tuple[str, str], dict[str, Model]]:
    """What each feed says of each offering that belongs into the registry, by id and feed."""
    found: dict[tuple[str, str], dict[str, Model]] = defaultdict(dict)
    for feed, (pattern, _, vocabulary) in FEEDS.items():
        data = json.loads(_one(feeds, pattern).read_text("utf-8"), parse_float=Decimal)
        names = tables.names_in(vocabulary)
        report: list[str] = []
        if feed == "litellm":
            models = litellm.read(data, providers=names, prose=False)
        elif feed == "openrouter":
            models = list(_of_makers(openrouter.read(data, report=report), names))
        else:
            reader = genai_prices if feed == "genai_prices" else models_dev
            models = reader.read(data, providers=names, report=report)
        for model in models:
            if _belongs(model, feed, tables, found):
                _join(found, model)[feed] = model
    return found


def _of_makers(models: Iterable[Model], names: Mapping[str, str]) -> Iterator[Model]:
    """OpenRouter's rows as the makers' own: without prices where the maker is not known to charge the same."""
    for model in models:
        prefix, _, name = model.model.partition("/")
        if prefix in names and ":" not in name and not name.endswith("-fast"):
            yield replace(model, provider=names[prefix], model=name, extensions={}, pricing=())


def _belongs(model: Model, feed: str, tables: Tables, found: Mapping[tuple[str, str], Any]) -> bool:
    if model.provider in CLOUDS and feed == "litellm":
        return True
    provider = tables.providers.get(model.provider)
    if provider is None or provider.maker is None:
        return False
    series = tables.lineage.series_of(model.provider, model.model)
    if series is None or series.maker != provider.maker:
        return False
    if feed == "genai_prices" and model.model.endswith("-"):
        return False  # a pattern's text, not a name
    if feed == "openrouter":
        return _same(found, model) is not None or model.provider in LISTED_ELSEWHERE
    return True


def _same(found: Mapping[tuple[str, str], Any], model: Model) -> tuple[str, str] | None:
    """The offering already found that is spelled as this one."""
    wanted = spelling_of(model.model)
    return next((key for key in found if key[0] == model.provider and spelling_of(key[1]) == wanted), None)


def _join(found: dict[tuple[str, str], dict[str, Model]], model: Model) -> dict[str, Model]:
    return found[_same(found, model) or (model.provider, model.model)]


def merged(says: Mapping[str, Model], provider: Provider, day: str) -> Model:
    """What the feeds say of one offering, folded as the catalogue folds them."""
    claims = []
    for feed, model in says.items():
        cards = tuple(_tidied(card, FEEDS[feed][1]) for card in model.pricing)
        name = model.display_name.removesuffix(" (latest)") if model.display_name else None
        said = replace(model, pricing=cards, display_name=name, extensions={})
        claims.append(claim_of(feed, said, day))
    return fold(claims, provider, day)


def _tidied(card: Pricing, feed: str) -> Pricing:
    """The card with the noise of binary floats rounded off (1.0000000000000001e-07), and its source."""

    def tidy(rates: Mapping[str, Any]) -> dict[str, Any]:
        return {
            meter: _TWELVE_DIGITS.plus(rate) if isinstance(rate, Decimal) else rate for meter, rate in rates.items()
        }

    overrides = tuple(override._replace(rates=tidy(override.rates)) for override in card.overrides)
    return card._replace(rates=tidy(card.rates), overrides=overrides, source=card.source or feed)


# Decisions


def decide(models: dict[str, Model], tables: Tables, day: str) -> dict[str, dict[str, Any]]:
    """Put `decisions.yaml` above the feeds; returns what goes beside a model in its entry."""
    beside: dict[str, dict[str, Any]] = {}
    for decision in tables.decisions:
        provider, _, name = decision["id"].partition("/")
        model = models.get(decision["id"]) or Model(provider=provider, model=name, mode="chat")
        fields = dict(decision.get("fields") or {})
        pricing = fields.pop("pricing", None)
        if "context_window" in fields:
            fields["context"] = fields.pop("context_window")
        for field in ("context", "max_input_tokens", "max_output_tokens", "dimensions"):
            if field in fields:
                fields[field] = int(fields[field])
        if "capabilities" in fields:
            said = fields["capabilities"]
            said = dict.fromkeys(said, True) if isinstance(said, list) else {k: v == "true" for k, v in said.items()}
            fields["capabilities"] = {**model.capabilities, **said}
        if "modalities" in fields:
            from modelry.records import Modalities

            fields["modalities"] = Modalities(**fields["modalities"])
        if "open_weights" in fields:
            fields["open_weights"] = fields["open_weights"] == "true"
        if copied := re.search(r"page read \(copy of (\d{4}-\d\d-\d\d)", decision["why"]):
            source = decision["source"]
            fields["verification"] = Verification(status="verified", last_checked=copied[1], source=source)
        fields["aliases"] = tuple(dict.fromkeys([*model.aliases, *decision.get("aliases", ())]))
        models[decision["id"]] = replace(model, **fields, pricing=_decided_cards(model, decision, pricing))
        beside[decision["id"]] = {"updated": decision.get("checked", day), "source": decision["source"]}
    return beside


def _decided_cards(model: Model, decision: Mapping[str, Any], pricing: Any) -> tuple[Pricing, ...]:
    cards = list(model.pricing)
    if pricing is not None:
        listed = pricing if isinstance(pricing, list) else [pricing]
        cards = [Pricing.from_dict({"source": decision["source"]} | _flags(card)) for card in listed]
    elif cards:
        cards[-1] = cards[-1]._replace(source=decision["source"])
    dates = {"effective_from": decision.get("current_from"), "observed": decision.get("current_observed")}
    if cards and any(dates.values()):
        cards[-1] = cards[-1]._replace(**{key: day for key, day in dates.items() if day})
    dated = [
        Pricing.from_dict(_flags({k: v for k, v in card.items() if k != "until_next"}))
        for card in decision.get("prices") or ()
    ]
    return tuple(sorted((*dated, *cards), key=lambda card: card.since or ""))


def _flags(card: Mapping[str, Any]) -> dict[str, Any]:
    said = {key: value == "true" if key in ("correction", "replace") else value for key, value in card.items()}
    if "overrides" in said:
        said["overrides"] = [_flags(override) for override in said["overrides"]]
    return said


def without_short_context(model: Model) -> Model:
    """Without a context window that its own prices for longer inputs show to be too short (a beta's)."""
    whens = (when for card in model.pricing[-1:] for override in card.overrides for when in override.when)
    longest = max((when.get("prompt_tokens_above", 0) for when in whens), default=0)
    return replace(model, context=None) if model.context and model.context <= longest else model


# Writing


def entry(model: Model, beside: Mapping[str, Any]) -> dict[str, Any]:
    """A model as its YAML entry, with the capabilities that go without saying in the feeds."""
    said = dict(model.capabilities)
    if said and model.mode in ("chat", "responses", "completion", "realtime"):
        said = {"chat": True, **said}
    if said.get("audio_in") or said.get("audio_out"):
        said["audio"] = True
    aliases = tuple(sorted(model.aliases))
    return registry_form.entry(replace(model, aliases=aliases, capabilities=said, components=()), beside)


def main() -> None:
    """Read, decide, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--feeds", type=Path, required=True)
    parser.add_argument("--history", type=Path, required=True, help="price changes that public registries made")
    parser.add_argument("--out", type=Path, default=ROOT / "v1" / "models")
    parser.add_argument("--day", default="2026-11-20")
    options = parser.parse_args()
    tables = Tables()
    heard = offerings(options.feeds, tables)
    models = {}
    for (provider, name), says in heard.items():
        folded = merged(says, tables.providers[provider], options.day)
        models[f"{provider}/{name}"] = replace(folded, model=name)
    for alias in {f"{d['id'].partition('/')[0]}/{alias}" for d in tables.decisions for alias in d.get("aliases", ())}:
        provider, _, name = alias.partition("/")
        if alias in models and "litellm" not in heard[provider, name]:  # an undated name that no list holds by itself
            del models[alias]
    beside = decide(models, tables, options.day)
    taken = {
        f"{d['id'].partition('/')[0]}/{alias}": d["id"] for d in tables.decisions for alias in d.get("aliases", ())
    }
    for model_id, model in models.items():  # a snapshot that has an entry of its own is no alias
        aliases = (alias for alias in model.aliases if f"{model.provider}/{alias}" not in models)
        mine = tuple(alias for alias in aliases if taken.setdefault(f"{model.provider}/{alias}", model_id) == model_id)
        models[model_id] = without_short_context(replace(model, aliases=mine))
    linked = {model.id: model for model in tables.lineage.linked(models.values())}
    dropped = {decision["id"] for decision in tables.decisions if decision.get("drop")}
    decided = {decision["id"] for decision in tables.decisions}
    linked, fates = history.with_past(linked, history.read(options.history), decided=decided, names_in=tables.names_in)
    families: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
    sources: dict[str, set[str]] = defaultdict(set)
    for model_id, model in sorted(linked.items(), key=lambda pair: (pair[1].provider in CLOUDS, pair[0])):
        if model_id in dropped:
            continue
        series, manifest = tables.series_of(model), tables.providers[model.provider]
        says = heard.get((model.provider, model.model), {})
        extra = {"source": FEEDS[next(iter(says))][1]} if says and not model.pricing else {}
        is_implied = model.base_model == registry_form.implied_base(model, manifest)
        shown = replace(model, base_model=None) if is_implied else model
        written = entry(shown, extra | beside.get(model_id, {}))
        home = model.maker is not None and model.maker == manifest.maker and model.model not in families[series]
        if not home:
            del written["provider"]
        named_alone = home and model.model.partition("/")[0] not in manifest.spellings
        families[series][model.model if named_alone else model_id] = written
        sources[series] |= {FEEDS[feed][1] for feed in says}
    options.out.mkdir(parents=True, exist_ok=True)
    for stale in options.out.glob("*.yaml"):
        stale.unlink()
    for series_name, entries in sorted(families.items()):
        text = registry_form.family(series_name, entries, updated=options.day, sources=sorted(sources[series_name]))
        (options.out / f"{series_name}.yaml").write_text(text, "utf-8")
    own = sum(model.maker == tables.providers[model.provider].maker for model in linked.values())
    print(f"{len(linked) - len(dropped)} models ({own} at their makers) in {len(families)} files")
    print(f"{fates.total()} changes of prices in the past:\n{history.summary(fates)}")


def _read_exactly(path: Path) -> Any:
    problems: list[Problem] = []
    document = read(path, path.name, problems)
    if document is None or problems:
        raise SystemExit("\n".join(map(str, problems)))
    return document.data


def _one(folder: Path, pattern: str) -> Path:
    found = sorted(folder.glob(pattern))
    if not found:
        raise SystemExit(f"{folder} holds no {pattern}")
    return found[-1]


if __name__ == "__main__":
    main()
