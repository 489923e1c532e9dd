"""What no schema can say: names that clash, overrides that can never apply, limits and prices that cannot be.

Every check is a generator of problems; `problems` runs them all.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from statistics import median
from typing import TYPE_CHECKING, Any

from modelry.conditions import STANDARD_TIERS
from modelry.meters import METERS
from modelry.rules import compile_rule, placeholders

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
    yield from _provider_names(providers)
    yield from _provider_rules(providers)
    yield from _model_names(entries)
    for entry in entries:
        yield from _limits(entry)
        yield from _overrides(entry)
        yield from _cards(entry)
    yield from _slips(entries)


def _provider_names(providers: Iterable[tuple[Provider, Document]]) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for provider, document in providers:
        for spelling in sorted(provider.spellings):
            first = seen.setdefault(spelling, provider.id)
            if first != provider.id:
                yield document.problem(
                    f"{spelling!r} already means {first}", "aliases", hint="a spelling means one provider"
                )


def _provider_rules(providers: Iterable[tuple[Provider, Document]]) -> Iterator[Problem]:
    for provider, document in providers:
        for index, rule in enumerate(provider.rules):
            try:
                compiled = compile_rule(rule) if isinstance(rule, str) else compile_rule(rule.name, rule.match, rule.to)
            except KeyError:
                yield document.problem(f"no shared rule is called {rule!r}", "rules", index)
                continue
            except re.error as error:
                yield document.problem(f"the pattern is wrong: {error}", "rules", index, "match")
                continue
            if missing := placeholders(compiled.template) - compiled.pattern.groupindex.keys():
                yield document.problem(
                    f"the template uses {min(missing)!r}, which no group names", "rules", index, "to"
                )
        for meter, rate in provider.default_rates.items():
            for name in (meter, rate.of):
                if name not in METERS:
                    yield document.problem(f"{name!r} is no meter", "default_rates", meter)


def _model_names(entries: Iterable[Entry]) -> Iterator[Problem]:
    ids: dict[str, Entry] = {}
    aliases: dict[str, Entry] = {}
    for entry in entries:
        if first := ids.get(entry.model.id):
            yield entry.problem(f"{entry.model.id} stands twice", hint=f"first in {first.document.path}")
        ids.setdefault(entry.model.id, entry)
    for entry in entries:
        for alias in entry.model.aliases:
            name = f"{entry.model.provider}/{alias}"
            first = ids.get(name) or aliases.get(name)
            if first and first is not entry:
                yield entry.problem(
                    f"the alias {alias!r} is {first.model.id} already", "aliases", hint=f"see {first.document.path}"
                )
            aliases.setdefault(name, entry)


def _limits(entry: Entry) -> Iterator[Problem]:
    model = entry.model
    for field in ("max_input_tokens", "max_output_tokens"):
        limit = getattr(model, field)
        if limit and model.context and limit > model.context:
            yield entry.problem(f"{field} {limit} is above the context window {model.context}", field)


def _overrides(entry: Entry) -> Iterator[Problem]:
    newest = len(entry.model.pricing) - 1
    for index, card in enumerate(entry.model.pricing):
        context = entry.model.context if index == newest else None  # an older card may speak of an older window
        for position, override in enumerate(card.overrides):
            place = ("pricing", index, "overrides", position)
            if not override.rates and override.multiply is None:
                yield entry.problem("an override changes nothing", *place, hint="give it a rate or multiply")
            for why in filter(None, (_never(when, context) for when in override.when)):
                yield entry.problem(f"an override can never match: {why}", *place)


def _never(when: dict[str, Any] | Any, context: int | None) -> str | None:
    if not when.keys() - {"weekday_timezone"}:
        return "`when` is empty"
    above, start = when.get("prompt_tokens_above"), when.get("prompt_tokens_from")
    if context and max(above or 0, (start or 1) - 1) >= context:
        return f"no input is longer than the context window of {context}"
    if when.get("service_tier") in STANDARD_TIERS:
        return f"{when['service_tier']} is having no tier"
    if "region" in when and when["region"] == when.get("region_not"):
        return "the region is and is not the same"
    return None


def _cards(entry: Entry) -> Iterator[Problem]:
    starts: dict[str | None, int] = {}
    for index, card in enumerate(entry.model.pricing):
        if card.since in starts and not card.correction:
            yield entry.problem(
                f"two cards hold from {card.since or 'ever'}", "pricing", index, hint="date one of them"
            )
        starts[card.since] = index


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
