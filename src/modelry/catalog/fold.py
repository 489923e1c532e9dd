"""The fold: from what every source says of one offering to one row. A pure function; order of arrival is nothing to it.

1. What an operator set stays until it is cleared.
2. On managed rows (seed 2: what OpenRouter's feed keeps up to date) the later of the registry's and OpenRouter's word.
3. Everything else: the first that says anything, in `ORDER`.
4. Whether the provider itself lists it: the last answer that it gave, unless an operator says otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from modelry.capabilities import COMPONENTS
from modelry.catalog.claims import FEEDS, VERIFY, Claim, same_card
from modelry.catalog.pins import pinned
from modelry.catalog.rows import DEPRECATED, PRICING_UNKNOWN
from modelry.pricing import Pricing
from modelry.records import Model, Provider, Verification, is_said

ORDER = ("operator", "registry", "litellm", "models_dev", "genai_prices", "openrouter", "bundle")
"""Field by field, the first of these that says anything is believed."""

_NAMED_BY = ("operator", "registry", "bundle", "models_dev", "openrouter", "genai_prices", "litellm")
"""Who writes names for people as the makers do; in the bundle they were chosen so."""

MANAGED = frozenset({"openai", "anthropic", "google", "cohere", "mistral", "deepseek", "xai"})
"""Providers whose GEN rows OpenRouter's daily feed keeps up to date (seed 2)."""

_PUT_TOGETHER = ("capabilities", "extensions")
"""Fields that every source adds to, key by key."""

_LATER_WINS = ("context", "base_url", "components", "unit")


def fold(claims: Iterable[Claim], manifest: Provider | None = None, day: str | None = None) -> Model:
    """The row of one offering from all that is claimed of it; `day` is the newest day of all claims."""
    said = {claim.source: _judged(claim, manifest) for claim in claims}
    first = _first(said)
    provider, model = first.provider, first.model
    order = _order(provider)
    fields: dict[str, Any] = {}
    source_of: dict[str, str] = {}
    for name in dict.fromkeys(field for source in order if source in said for field in said[source].fields):
        ranked = [
            said[s] for s in (_NAMED_BY if name == "display_name" else order) if s in said and name in said[s].fields
        ]
        if name == "pricing":
            ranked.sort(key=_has_ended)
        if ranked and is_said(value := _merged(name, ranked)):
            fields[name], source_of[name] = value, ranked[0].source
    managed = _is_managed(provider, fields)
    if managed:
        _later_of_two(said, fields, source_of)
    if (operator := said.get("operator")) and operator.rates:
        fields["pricing"], source_of["pricing"] = pinned(fields.get("pricing", ()), operator.rates), "operator"
    if source_of.get("pricing") in FEEDS:  # in order of time, however the feed lists them
        fields["pricing"] = tuple(sorted(fields["pricing"], key=lambda card: card.since or ""))
    if source_of.get("missing_since") == "bundle" and any(_lists(said[source]) for source in FEEDS if source in said):
        _drop("missing_since", fields, source_of)
    if managed and (feed := said.get("openrouter")):
        _note(feed, fields, source_of)
    if asked := said.get(VERIFY):
        _verify(asked.fields["verification"], fields, source_of)
    _drop_contradicted_limits(fields, source_of, order)
    if "status" not in fields and (status := _status(first, fields, source_of, said, day)):
        fields["status"], source_of["status"] = status
    return Model(
        provider=provider,
        model=model,
        **fields,
        last_updated=max(_days(said, source_of), default=None),
        provenance=_provenance(source_of, first.source),
    )


def _first(said: Mapping[str, Claim]) -> Claim:
    """The claim that names the offering."""
    return next(said[source] for source in (*ORDER[1:], ORDER[0]) if source in said)


def _order(provider: str) -> Sequence[str]:
    """OpenRouter knows its own offerings best; of the makers' it keeps the few fields of seed 2 and fills gaps."""
    if provider == "openrouter":
        return ("operator", "registry", "openrouter", *ORDER[2:])
    return (*ORDER[:-2], "bundle", "openrouter") if provider in MANAGED else ORDER


def _merged(name: str, ranked: Sequence[Claim]) -> Any:  # a field's value
    first = ranked[0].fields[name]
    if name in _PUT_TOGETHER:
        return {key: value for claim in reversed(ranked) for key, value in claim.fields[name].items()}
    if name == "aliases":
        return tuple(sorted({alias for claim in ranked for alias in claim.fields[name] if _is_alias(alias, claim)}))
    return first


_DATED = re.compile(r"[-@](?:latest|\d{4}-\d\d-\d\d|\d{8}|\d{4})", re.ASCII)


def _is_alias(alias: str, claim: Claim) -> bool:
    """A feed's alias counts where it is the name with a date or `-latest`; others are only of the same price."""
    if claim.source not in FEEDS:
        return True
    return alias.startswith(claim.model) and _DATED.fullmatch(alias, len(claim.model)) is not None


# Zero: a format keeps it, the fold judges it


def _judged(claim: Claim, manifest: Provider | None) -> Claim:
    """A claim without a price of 0/0, which feeds write for "unknown", unless the offering is known to be free."""
    cards = claim.fields.get("pricing")
    if claim.source in ("operator", "registry", "bundle") or not cards:
        return claim
    may_be_free = claim.model.endswith(":free") or (manifest is not None and manifest.serves_free)
    kept = tuple(card for card in cards if may_be_free or not card.is_free)
    if len(kept) == len(cards):
        return claim
    fields = {name: value for name, value in claim.fields.items() if name != "pricing"}
    return claim._replace(fields=fields | ({"pricing": kept} if kept else {}))


def _has_ended(claim: Claim) -> bool:
    """Whether a feed says no price any more: its past ones count only where nobody else says any."""
    return claim.source in FEEDS and not claim.fields["pricing"][-1].is_known


# Managed rows


def _is_managed(provider: str, fields: Mapping[str, Any]) -> bool:
    return provider in MANAGED and "GEN" in fields.get("components", ())


def _later_of_two(said: Mapping[str, Claim], fields: dict[str, Any], source_of: dict[str, str]) -> None:
    registry, feed = said.get("registry") or said.get("bundle"), said.get("openrouter")
    if registry is None or feed is None:
        return
    names = [name for name in (*_LATER_WINS, "pricing") if name in registry.fields and name in feed.fields]
    for name in names:
        if source_of[name] != registry.source:
            continue
        if name == "pricing":
            changed = _changed_since(registry, registry.fields[name], feed.fields[name])
            value = (*registry.fields[name], *changed) if changed else None
        else:
            value = feed.fields[name] if _later(feed.day(name), registry.day(name)) else None
        if name == "components" and value:  # a second one that the feed does not know is kept
            value = tuple(c for c in COMPONENTS if c in {*value, *registry.fields[name]})
        if value:
            fields[name], source_of[name] = value, feed.source


def _later(feed: str | None, registry: str | None) -> bool:
    return (feed or "") > (registry or "")  # ties go to the registry


def _claimed(card: Pricing, registry: Claim) -> str | None:
    """The day of a registry's card: when it was seen, else since when it holds, else when its entry was looked at."""
    return card.observed or card.effective_from or registry.day("pricing")


def _changed_since(registry: Claim, ours: Sequence[Pricing], theirs: Sequence[Pricing]) -> Sequence[Pricing]:
    """The feed's cards from the first on that is newer than the registry's and followed one that agreed with it.

    A feed that agreed tracks the price here; one that never did prices something else.
    """
    known = [card for card in theirs if card.is_known]
    for at, (before, card) in enumerate(pairwise(known), 1):
        if _later(card.since, _claimed(ours[-1], registry)) and _charge_the_same(before, ours[-1]):
            return known[at:]
    return ()


def _charge_the_same(theirs: Pricing, ours: Pricing) -> bool:
    """Whether two cards agree in what both price, at least in input and output."""
    shared = theirs.rates.keys() & ours.rates.keys()
    known = {"input_per_token", "output_per_token"} <= shared
    return known and same_card(
        Pricing({meter: theirs.rates[meter] for meter in shared}),
        Pricing({meter: ours.rates[meter] for meter in shared}),
    )


def _note(feed: Claim, fields: dict[str, Any], source_of: dict[str, str]) -> None:
    """What seed 2 writes into a managed row's notes, behind what people wrote: once, and only while it holds."""
    own = []
    if gone := feed.fields.get("missing_since"):
        own.append(f"{DEPRECATED}{gone}")
    if not any(card.is_known for card in fields.get("pricing", ())):
        own.append(PRICING_UNKNOWN)
    written = fields.get("notes")
    kept = _OWN_NOTE.sub("", written).strip() if written and _OWN_NOTE.search(written) else written  # people edit rows
    if notes := " ".join(filter(None, [kept, *own])):
        fields["notes"] = notes
        source_of.setdefault("notes", feed.source)
    elif written:
        _drop("notes", fields, source_of)


_OWN_NOTE = re.compile(r"\s*\[auto-refresh\] (?:deprecated_on|pricing_unknown)=\S*")


# What follows from the rest


def _verify(asked: Verification, fields: dict[str, Any], source_of: dict[str, str]) -> None:
    """The provider's own last word."""
    known = fields.get("verification")
    if source_of.get("verification") != "operator" and (
        not known or (known.last_checked or "") <= (asked.last_checked or "")
    ):
        fields["verification"], source_of["verification"] = asked, VERIFY


def _drop_contradicted_limits(fields: dict[str, Any], source_of: dict[str, str], order: Sequence[str]) -> None:
    """A limit says nothing where a source that is believed more says otherwise, by a limit or by a price."""
    if fields.get("mode") == "embedding" and source_of.get("max_output_tokens") == "models_dev":
        _drop("max_output_tokens", fields, source_of)  # it is the length of the vector there
    context, source = fields.get("context"), source_of.get("context")
    if context and source in FEEDS and _longest_priced(fields.get("pricing", ())) >= context:
        return _drop("context", fields, source_of)
    for limit in ("max_input_tokens", "max_output_tokens"):
        if context and source and limit in fields and fields[limit] > context:
            if order.index(source) >= order.index(source_of[limit]):
                return _drop("context", fields, source_of)
            _drop(limit, fields, source_of)
    return None


def _drop(name: str, fields: dict[str, Any], source_of: dict[str, str]) -> None:
    del fields[name], source_of[name]


def _longest_priced(cards: Sequence[Pricing]) -> int:
    """The longest input beyond which the newest card has a price of its own."""
    whens = (when for card in cards[-1:] for override in card.overrides for when in override.when)
    return max((int(when.get("prompt_tokens_above", 0)) for when in whens), default=0)


def _status(
    first: Claim, fields: Mapping[str, Any], source_of: Mapping[str, str], said: Mapping[str, Claim], day: str | None
) -> tuple[str, str] | None:
    """What dates, the name and the feeds that still list it say of a model's life, and whose word that is."""
    if day and fields.get("deprecation_date", day + "~") <= day:
        return "retired", source_of["deprecation_date"]
    words = set(first.model.replace("_", "-").replace(".", "-").split("-"))
    if words & {"preview", "beta", "experimental", "exp", "alpha"}:
        return "preview", first.source
    listing = [s for s in ("litellm", "models_dev") if s in said and _lists(said[s])]
    return ("active", listing[0]) if listing else None


def _lists(feed: Claim) -> bool:
    return "missing_since" not in feed.fields


def _days(said: Mapping[str, Claim], source_of: Mapping[str, str]) -> Iterator[str]:
    """The days of the claims in force."""
    for name, source in source_of.items():
        for claim in said.values():
            if claim.source == source or (name in _PUT_TOGETHER and name in claim.fields):
                seen = claim.fields["pricing"][-1].observed if (name, source) == ("pricing", "registry") else None
                if day := seen or claim.day(name):
                    yield day


def _provenance(source_of: Mapping[str, str], first: str) -> dict[str, str]:
    """The source of each field, the commonest once as the default."""
    sources = [source for source in source_of.values() if source != VERIFY]
    default = max({*sources} or {first}, key=lambda source: (sources.count(source), -ORDER.index(source)))
    return {"default": default} | {name: s for name, s in sorted(source_of.items()) if s != default}
