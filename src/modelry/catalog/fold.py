"""The fold: from what every source says of one offering to one row. A pure function; order of arrival is nothing to it.

1. What an operator set stays until it is cleared.
2. On managed rows (seed 2: what OpenRouter's feed keeps up to date) the later of the registry's and OpenRouter's word.
3. Everything else: the first that says anything, in `ORDER`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from modelry.capabilities import COMPONENTS
from modelry.catalog.claims import FEEDS, Claim, same_card
from modelry.pricing import Pricing
from modelry.records import Model, Provider

ORDER = ("registry", "litellm", "models_dev", "genai_prices", "openrouter", "bundle")
"""Field by field, the first of these that says anything is believed."""

_NAMED_BY = ("registry", "models_dev", "openrouter", "genai_prices", "litellm", "bundle")
"""Who writes names for people as the makers do."""

MANAGED = frozenset({"openai", "anthropic", "google", "cohere", "mistral", "deepseek", "xai"})
"""Providers whose GEN rows OpenRouter's daily feed keeps up to date (seed 2)."""

_LATER_WINS = ("context", "base_url", "components", "unit")


def fold(claims: Iterable[Claim], manifest: Provider | None = None, day: str | None = None) -> Model:
    """The row of one offering from all that is claimed of it; `day` is the newest day of all claims."""
    said = {claim.source: _judged(claim, manifest) for claim in claims}
    provider, model = _name(said)
    order = _order(provider)
    fields: dict[str, Any] = {}
    source_of: dict[str, str] = {}
    for name in dict.fromkeys(field for source in order if source in said for field in said[source].fields):
        ranked = [said[s] for s in (_NAMED_BY if name == "display_name" else order) if s in said and name in said[s].fields]
        if ranked:
            fields[name] = _merged(name, ranked)
            source_of[name] = ranked[0].source
    if _is_managed(provider, fields):
        _later_of_two(said, fields, source_of)
    _drop_overtaken_context(fields, source_of, order)
    fields.setdefault("status", _status(model, fields, said, day))
    return Model(
        provider=provider,
        model=model,
        **fields,
        last_updated=max((d for f, s in source_of.items() if (d := said[s].day(f))), default=None),
        provenance=_provenance(source_of),
    )


def _name(said: Mapping[str, Claim]) -> tuple[str, str]:
    first = next(said[source] for source in ORDER if source in said)
    return first.provider, first.model


def _order(provider: str) -> Sequence[str]:
    """OpenRouter knows its own offerings best."""
    return ("registry", "openrouter", *ORDER[1:]) if provider == "openrouter" else ORDER


def _merged(name: str, ranked: Sequence[Claim]) -> Any:  # a field's value
    first = ranked[0].fields[name]
    if name in ("capabilities", "extensions"):
        return {key: value for claim in reversed(ranked) for key, value in claim.fields[name].items()}
    if name == "aliases":
        return tuple(sorted({alias for claim in ranked for alias in claim.fields[name] if _is_alias(alias, claim)}))
    return first


def _is_alias(alias: str, claim: Claim) -> bool:
    """A feed's alias counts where it is the name with a date or `-latest`; others are only of the same price."""
    if claim.source not in FEEDS:
        return True
    return re.fullmatch(rf"{re.escape(claim.model)}[-@](?:latest|\d{{4}}-\d\d-\d\d|\d{{8}}|\d{{4}})", alias) is not None


# Zero: a format keeps it, the fold judges it


def _judged(claim: Claim, manifest: Provider | None) -> Claim:
    """A claim without a price of 0/0, which feeds write for "unknown", unless the offering is known to be free."""
    cards = claim.fields.get("pricing")
    if claim.source in ("registry", "bundle") or not cards or claim.model.endswith(":free"):
        return claim
    if manifest is not None and manifest.serves_free:
        return claim
    kept = tuple(card for card in cards if not card.is_free)
    if len(kept) == len(cards):
        return claim
    fields = {name: value for name, value in claim.fields.items() if name != "pricing"}
    return claim._replace(fields=fields | ({"pricing": kept} if kept else {}))


# Managed rows


def _is_managed(provider: str, fields: Mapping[str, Any]) -> bool:
    return provider in MANAGED and "GEN" in fields.get("components", ())


def _later_of_two(said: Mapping[str, Claim], fields: dict[str, Any], source_of: dict[str, str]) -> None:
    registry, feed = said.get("registry"), said.get("openrouter")
    if registry is None or feed is None:
        return
    for name in _LATER_WINS:
        if name in feed.fields and name in registry.fields and _later(feed.day(name), registry.day(name)):
            value = feed.fields[name]
            if name == "components":  # a second one that the feed does not know is kept
                value = tuple(c for c in COMPONENTS if c in {*value, *registry.fields[name]})
            fields[name], source_of[name] = value, feed.source
    ours, theirs = registry.fields.get("pricing", ()), feed.fields.get("pricing", ())
    if ours and _tracked(ours, theirs) and _later(theirs[-1].since, _claimed(ours[-1], registry)):
        fields["pricing"], source_of["pricing"] = (*ours, theirs[-1]), feed.source


def _later(feed: str | None, registry: str | None) -> bool:
    return (feed or "") > (registry or "")  # ties go to the registry


def _claimed(card: Pricing, registry: Claim) -> str | None:
    """The day of a registry's card: when it was seen, else since when it holds, else when its entry was looked at."""
    return card.observed or card.effective_from or registry.day("pricing")


def _tracked(ours: Sequence[Pricing], theirs: Sequence[Pricing]) -> bool:
    """Whether the feed's card before this one was the registry's: it follows the maker's price here."""
    if len(theirs) < 2:
        return False
    old, mine = theirs[-2], ours[-1]
    shared = old.rates.keys() & mine.rates.keys()
    known = {"input_per_token", "output_per_token"} <= shared
    return known and same_card(
        Pricing({meter: old.rates[meter] for meter in shared}), Pricing({meter: mine.rates[meter] for meter in shared})
    )


# What follows from the rest


def _drop_overtaken_context(fields: dict[str, Any], source_of: dict[str, str], order: Sequence[str]) -> None:
    """A lower source's context window that a higher source's limit shows to be out of date says nothing."""
    context = fields.get("context")
    for limit in ("max_input_tokens", "max_output_tokens"):
        if context and limit in fields and fields[limit] > context:
            if order.index(source_of["context"]) >= order.index(source_of[limit]):
                fields.pop("context", None)
                source_of.pop("context", None)
                return
            fields.pop(limit)
            source_of.pop(limit)


def _status(model: str, fields: Mapping[str, Any], said: Mapping[str, Claim], day: str | None) -> str | None:
    """What dates, the name and the feeds that still list it say of a model's life, where nothing else does."""
    if day and fields.get("deprecation_date", day + "~") <= day:
        return "retired"
    if set(model.replace("_", "-").replace(".", "-").split("-")) & {"preview", "beta", "experimental", "exp", "alpha"}:
        return "preview"
    listed = any(source in said and "missing_since" not in said[source].fields for source in ("litellm", "models_dev"))
    return "active" if listed else None


def _provenance(source_of: Mapping[str, str]) -> dict[str, str]:
    """The source of each field, the commonest once as the default."""
    sources = list(source_of.values())
    default = max(ORDER, key=lambda source: (sources.count(source), -ORDER.index(source)))
    return {"default": default} | {name: s for name, s in sorted(source_of.items()) if s != default}
