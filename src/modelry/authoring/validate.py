"""What no schema can say: names that clash, overrides that can never apply, limits and prices that cannot be.

Every check is a generator of problems; `problems` runs them all.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from statistics import median
from typing import TYPE_CHECKING, Any

from modelry.conditions import region_in
from modelry.rules import SHARED, placeholders

if TYPE_CHECKING:
    from modelry.authoring.load import Entry
    from modelry.authoring.text import Document
    from modelry.errors import Problem
    from modelry.pricing import Pricing
    from modelry.records import Provider

SLIP = 1000
"""A factor between prices of siblings that is a slip of the unit (per 1k, per 1M), not a price."""

_FEWEST_SIBLINGS = 4


def problems(providers: Sequence[tuple[Provider, Document]], entries: Sequence[Entry]) -> Iterator[Problem]:
    """Every problem of a registry whose files are of the right form."""
    yield from provider_problems(providers)
    yield from _model_names(entries)
    for entry in entries:
        yield from _limits(entry)
        yield from _overrides(entry)
        yield from _cards(entry)
    yield from _slips(entries)


def provider_problems(providers: Sequence[tuple[Provider, Document]]) -> Iterator[Problem]:
    """Every problem of the manifests alone."""
    yield from _provider_names(providers)
    for provider, document in providers:
        yield from _rules(provider, document)


def _provider_names(providers: Iterable[tuple[Provider, Document]]) -> Iterator[Problem]:
    seen = {provider.id: provider.id for provider, _ in providers}
    for provider, document in providers:
        for spelling in sorted(provider.spellings):
            if (first := seen.setdefault(spelling, provider.id)) != provider.id:
                yield document.problem(
                    f"{spelling!r} already means {first}",
                    *_place_of(provider, spelling),
                    hint="a spelling means one provider: take it away from one of the two",
                )
    makers: dict[str, str] = {}
    for provider, document in providers:
        if provider.maker and (first := makers.setdefault(provider.maker, provider.id)) != provider.id:
            hint = f"{first} is its own service already; write resells: true without maker here"
            yield document.problem(f"the maker {provider.maker!r} has two providers", "maker", hint=hint)


def _place_of(provider: Provider, spelling: str) -> tuple[str, ...]:
    """Where a manifest says a spelling."""
    groups = (("aliases", provider.aliases), *((f"names.{word}", names) for word, names in provider.names.items()))
    said = next((word for word, names in groups if spelling in map(str.lower, names)), "id")
    return tuple(said.split(".", 1))


def _rules(provider: Provider, document: Document) -> Iterator[Problem]:
    names: set[str] = set()
    for index, rule in enumerate(provider.rules):
        name = rule if isinstance(rule, str) else rule.name
        if name in names:
            yield document.problem(f"the rule {name!r} stands twice", "rules", index, hint="rename or remove one")
        elif name in SHARED and not isinstance(rule, str):
            hint = f"name it otherwise, or write - {name} alone"
            yield document.problem(f"{name!r} is a shared rule", "rules", index, "name", hint=hint)
        names.add(name)
        if isinstance(rule, str):
            continue
        try:
            groups = re.compile(rule.match, re.ASCII).groupindex.keys()
        except (re.error, OverflowError, RecursionError) as error:
            hint = "it is a regular expression as Python writes them"
            yield document.problem(f"the pattern is wrong: {error}", "rules", index, "match", hint=hint)
            continue
        try:
            missing = placeholders(rule.to) - groups
        except ValueError as error:
            hint = "groups stand in braces: {model}"
            yield document.problem(f"the template is wrong: {error}", "rules", index, "to", hint=hint)
            continue
        if missing:
            hint = f"the pattern's groups are {', '.join(groups)}" if groups else "name a group: (?P<model>.+)"
            yield document.problem(
                f"the template uses {min(missing)!r}, which no group names", "rules", index, "to", hint=hint
            )


def _model_names(entries: Iterable[Entry]) -> Iterator[Problem]:
    ids: dict[str, Entry] = {}
    for entry in entries:
        first = ids.setdefault(entry.model.id, entry)
        if first is not entry:
            hint = f"first in {first.document.path}, line {first.document.line('models', first.key)}; remove one"
            yield entry.problem(f"{entry.model.id} stands twice", hint=hint)
    others: dict[str, Entry] = {}
    for entry in entries:
        for field, names in (("aliases", entry.model.aliases), ("model_id", [entry.model.model_id])):
            for index, name in enumerate(names):
                if name is None or (field == "model_id" and name == entry.model.model):
                    continue
                place = (field, index) if field == "aliases" else (field,)
                told = f"the {'alias' if field == 'aliases' else field} {name!r}"
                said = f"{entry.model.provider}/{name}"
                first = ids.get(said) or others.setdefault(said, entry)
                if first is not entry:
                    hint = f"see {first.document.path}, line {first.document.line('models', first.key)}"
                    yield entry.problem(f"{told} is {first.model.id} already", *place, hint=hint)
                elif said in ids:
                    yield entry.problem(f"{told} is the entry's own name", *place, hint="remove it")
                elif name in names[:index]:
                    yield entry.problem(f"{told} stands twice", *place, hint="remove one")
                elif name.lower().startswith(f"{entry.model.provider}/"):
                    hint = "write the name alone"
                    yield entry.problem(f"{told} names its provider", *place, hint=hint)


def _limits(entry: Entry) -> Iterator[Problem]:
    model = entry.model
    for field in ("max_input_tokens", "max_output_tokens"):
        limit = getattr(model, field)
        if limit and model.context and limit > model.context:
            hint = "the window holds input and output together: raise it, or lower the limit"
            yield entry.problem(f"{field} {limit} is above context_window {model.context}", field, hint=hint)


def _overrides(entry: Entry) -> Iterator[Problem]:
    newest = len(entry.model.pricing) - 1
    for index, card in enumerate(entry.model.pricing):
        context = entry.model.context if index == newest else None  # an older card may speak of an older window
        for position, override in enumerate(card.overrides):
            place = ("pricing", index, "overrides", position)
            if not override.rates and override.multiply is None:
                yield entry.problem("an override changes nothing", *place, hint="give it a rate or multiply")
            for alternative, when in enumerate(override.when):
                if "weekday_timezone" in when and "weekdays" not in when:
                    hint = "write weekdays: [mon, …] too, or remove it"
                    yield entry.problem(
                        "weekday_timezone says nothing without weekdays", *place, "when", alternative, hint=hint
                    )
                elif why := _never(when, context):
                    yield entry.problem(
                        f"an override can never match: {why[0]}", *place, "when", alternative, hint=why[1]
                    )


def _never(when: Mapping[str, Any], context: int | None) -> tuple[str, str] | None:
    """Why these conditions can never hold, and what to do."""
    above, start = when.get("prompt_tokens_above"), when.get("prompt_tokens_from")
    if context and max(above or 0, (start or 1) - 1) >= context:
        return f"no input is longer than the context window of {context}", "look at the threshold and the window"
    inside, outside = when.get("region"), when.get("region_not")
    regions = inside if isinstance(inside, list) else [inside] if inside else []
    if outside and regions and all(region_in(outside, region) for region in regions):
        return "the region is and is not the same", "remove region or region_not"
    return None


def _cards(entry: Entry) -> Iterator[Problem]:
    starts: dict[str, int] = {}
    for index, card in enumerate(entry.model.pricing):
        if not card.rates and not card.overrides:
            hint = "give it a rate, or remove it: a model without pricing is unpriced"
            yield entry.problem("a rate card says nothing", "pricing", index, hint=hint)
        since = card.since or ""
        if since in starts and not card.correction:
            hint = "give each its effective_from" if not since else "date one of them otherwise"
            yield entry.problem(f"two cards hold from {since or 'ever'}", "pricing", index, hint=hint)
        elif starts and since < max(starts):
            hint = "the earliest stands first"
            yield entry.problem(
                f"the card of {since or 'ever'} stands after that of {max(starts)}", "pricing", index, hint=hint
            )
        starts[since] = index


def _slips(entries: Iterable[Entry]) -> Iterator[Problem]:
    siblings: dict[tuple[str, str | None, str | None, str], list[tuple[Decimal, Entry, int]]] = defaultdict(list)
    for entry in entries:
        for index, card in enumerate(entry.model.pricing):
            for meter, price in _text_rates(card):
                siblings[entry.model.provider, entry.model.series, entry.model.mode, meter].append(
                    (price, entry, index)
                )
    for (_, _, _, meter), prices in siblings.items():
        if len(prices) < _FEWEST_SIBLINGS:
            continue
        middle = median(price for price, _, _ in prices)
        for price, entry, index in prices:
            if price >= SLIP * middle or price * SLIP <= middle:
                hint = f"its siblings' median is {middle:f}; prices are per token, not per 1k or 1M"
                yield entry.problem(f"{meter} {price:f} is 1000 times off", "pricing", index, meter, hint=hint)


def _text_rates(card: Pricing) -> Iterator[tuple[str, Decimal]]:
    for meter in ("input_per_token", "output_per_token", "cached_input_per_token"):
        rate = card.rates.get(meter)
        if isinstance(rate, Decimal) and rate:
            yield meter, rate
