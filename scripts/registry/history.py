"""Past prices of the registry's entries, from the price changes that public registries were seen to make.

    python scripts/registry/import_feeds.py --feeds DIR --history FILE     adds them, and tells what became of each change

The file lists changes: the day on which one was merged, the registry, its names of the provider and the model, and
what a million tokens of input and output cost before and after, in USD. A registry mends more than it reprices, so a
change is believed only where nothing speaks for a mended error (`docs/history.md` has the reasons). In order:

1. A name that is no entry's own is not ours. An entry that `decisions.yaml` decides, or whose price already has a
   date, keeps what it has. Where length or the request is priced as well, two numbers do not tell the card.
2. 0 stands for unknown: the price after it has no price before it.
3. A, then B, then A again: B never was.
4. Mended rather than repriced: ten times or more apart; input and output swapped; and, unless two witnesses saw the
   same step (two registries, or the maker's own offering made it): within a tenth of each other, within sixty days of
   the release, dearer than before, or told by genai-prices alone, which dates its repricings and overwrites its errors.
   What a registry mended it had wrong since the change before: the right price takes that one's place and day.
5. The changes of one registry must lead to the price in force; what stands before a gap between them is not taken.

The earliest price of a line holds since ever (`observed` the day before it was gone), every other from the day on
which it was first seen. A past card says input and output alone: what else it cost then is not known.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from modelry.formats.litellm_names import read_key
from modelry.identity import spelling_of
from modelry.pricing import Pricing
from modelry.records import Model

REGISTRIES = {  # by the file's names for them: vocabulary, and how a card names its source; the first is believed first
    "litellm map, by way of tokencost": ("litellm", "LiteLLM's map, by way of tokencost"),
    "models.dev": ("models.dev", "models.dev"),
    "genai-prices": ("genai_prices", "genai-prices"),
}
SETTLED = timedelta(days=60)
"""Until then a registry is still mending its first entry of a new model."""

_SIDES = ("input_per_token", "output_per_token")
_SLIP, _ROUNDING = Decimal(10), Decimal("1.1")
_NONE = Decimal(0)

Price = tuple[Decimal, Decimal]
"""USD per token of input and of output."""


class Change(NamedTuple):
    """One change of one price in one registry."""

    day: str
    registry: str
    provider: str
    model: str
    old: Price
    new: Price

    @property
    def step(self) -> tuple[Price, Price]:
        """From which price to which."""
        return self.old, self.new


class Seen(NamedTuple):
    """A price, the day on which it was first seen (none: from the beginning), and which registry saw it."""

    price: Price
    day: str = ""
    registry: str = ""


def read(path: Path) -> list[Change]:
    """The changes of a history file, by day."""

    def price(said: Mapping[str, Decimal], when: str) -> Price:
        return said[f"{when}input_per_mtok"].scaleb(-6).normalize(), said[f"{when}output_per_mtok"].scaleb(
            -6
        ).normalize()

    listed = json.loads(path.read_text("utf-8"), parse_float=Decimal, parse_int=Decimal)
    changes = [
        Change(said["observed"], said["source"], said["provider"] or "", said["model"], price(said, ""), price(said, "new_"))
        for said in listed
    ]  # fmt: skip
    return sorted(changes, key=lambda change: change.day)


# One entry


def past(
    changes: Sequence[Change], now: Price, *, released: str | None = None, home: Iterable[tuple[Price, Price]] = ()
) -> tuple[list[Seen], Counter[str]]:
    """The prices of one entry up to the one in force, and its changes by their fate.

    `home` has the steps of the maker's own offering of the model. One price: nothing can be said of the past.
    """
    told_by = {name: told for name in REGISTRIES if (told := [each for each in changes if each.registry == name])}
    witnesses = {(name, each.step) for name, told in told_by.items() for each in told} | {("", step) for step in home}
    seen_by = Counter(step for _, step in witnesses)
    best = [Seen(now)]
    fates: Counter[str] = Counter()
    for told in told_by.values():
        line, left_out = _line(told, released, seen_by)
        fates += left_out
        if line[-1].price != now:
            fates["does not lead to the price in force"] += len(line) - 1
        elif len(line) > len(best):
            fates["a card, by another registry"] += len(best) - 1
            best = line
        else:
            fates["a card, by another registry"] += len(line) - 1
    fates["a card"] = len(best) - 1
    return [best[0], *(_first_seen(before, after, changes) for before, after in pairwise(best))], +fates


def _first_seen(before: Seen, after: Seen, changes: Iterable[Change]) -> Seen:
    """A price as the first registry saw it that left the price before for it, or for that of another region."""
    same = (each for each in changes if each.old == before.price and _apart(each.new, after.price) <= _ROUNDING)
    first = next((each for each in same if each.day > before.day), None)  # by day
    return after._replace(day=first.day, registry=first.registry) if first and first.day < after.day else after


def _chained(changes: Sequence[Change]) -> tuple[list[Change], int]:
    """The changes by day, those of one day in the order in which one leads to the next; and how many led back."""
    ordered: list[Change] = []
    left = list(changes)
    while left:
        today = [each for each in left if each.day == left[0].day]
        reached = {each.new for each in today}
        change = next((each for each in today if each.old not in reached), today[0])
        left.remove(change)
        if ordered and ordered[-1].step == change.step[::-1]:
            ordered.pop()
        else:
            ordered.append(change)
    return ordered, len(changes) - len(ordered)


def _line(
    changes: Sequence[Change], released: str | None, witnesses: Mapping[tuple[Price, Price], int]
) -> tuple[list[Seen], Counter[str]]:
    """The prices that one registry's changes tell of after the last gap, and the changes left out by their fate."""
    chained, led_back = _chained(changes)
    fates = Counter({"there and back": led_back})
    line = [Seen((chained or changes)[0].old)]
    for change in chained:
        if change.old != line[-1].price:
            fates["before a gap"] += len(line) - 1
            line = [Seen(change.old)]
        if any((before == 0) != (after == 0) for before, after in zip(*change.step, strict=True)):
            fates["0 stands for unknown"] += len(line)
            line = [Seen(change.new)]
        elif why := _mended(change, released, seen=witnesses[change.step]):
            fates[f"mended: {why}"] += 1
            line[-1] = line[-1]._replace(price=change.new)
        else:
            line.append(Seen(change.new, change.day, change.registry))
        if len(line) > 1 and line[-1].price == line[-2].price:
            fates["there and back"] += 1
            line.pop()
    return line, fates


def _mended(change: Change, released: str | None, *, seen: int) -> str | None:
    """What speaks for an error that a registry mended; None where nothing does."""
    if _apart(*change.step) >= _SLIP:
        return "ten times apart"
    if change.new == change.old[::-1]:
        return "swapped"
    if seen > 1:
        return None
    if _apart(*change.step) <= _ROUNDING:
        return "within a tenth"
    if released and date.fromisoformat(change.day) < _first_day(released) + SETTLED:
        return "just released"
    if any(old < new for old, new in zip(*change.step, strict=True)):
        return "dearer, by one witness"
    return "by genai-prices alone" if REGISTRIES[change.registry][0] == "genai_prices" else None


def _apart(one: Price, other: Price) -> Decimal:
    """How many times the one is the other, on the side where they differ most; what is 0 on both is equal."""
    return max((max(pair) / min(pair) for pair in zip(one, other, strict=True) if all(pair)), default=Decimal(1))


def _first_day(released: str) -> date:
    """The first day that a release date of any precision can mean."""
    return date.fromisoformat((released + "-01-01")[:10])


def cards(line: Sequence[Seen], now: Pricing) -> tuple[Pricing, ...]:
    """The dated cards of a line; the last is the one in force with the day on which it was first seen."""
    made = []
    for seen, after in pairwise(line):
        eve = (date.fromisoformat(after.day) - timedelta(days=1)).isoformat()
        rates = {meter: rate for meter, rate in zip(_SIDES, seen.price, strict=True) if meter in now.rates}
        source = f"{REGISTRIES[after.registry][1]}, until {after.day}"
        made.append(Pricing(rates, observed=seen.day or eve, source=source))
    return (*made, now._replace(observed=line[-1].day))


# All entries


def with_past(
    models: Mapping[str, Model],
    changes: Iterable[Change],
    *,
    decided: Collection[str],
    names_in: Callable[[str], Mapping[str, str]],
) -> tuple[dict[str, Model], Counter[str]]:
    """The models with the dated cards that follow from the changes, and all changes by their fate.

    `decided` are ids that a hand has decided; `names_in` gives canonical providers by a vocabulary's names.
    """
    of, fates = _of_entries(models, changes, names_in)
    made = dict(models)
    for model_id, told in of.items():
        model = models[model_id]
        why = "decided by hand" if model_id in decided else _no_place(model)
        now = _price(model.pricing[-1]) if model.pricing else None
        if why or now is None:
            fates[why or "has no price for input and output"] += len(told)
            continue
        base = models.get(model.base_model or "", model)
        prices = [price for card in base.pricing if (price := _price(card))]
        line, its_fates = past(told, now, released=model.release_date or base.release_date, home=pairwise(prices))
        fates += its_fates
        if len(line) > 1:
            made[model_id] = replace(model, pricing=cards(line, model.pricing[-1]))
    return made, fates


def _of_entries(
    models: Mapping[str, Model], changes: Iterable[Change], names_in: Callable[[str], Mapping[str, str]]
) -> tuple[dict[str, list[Change]], Counter[str]]:
    """The changes by the entry whose own name they have."""
    entries = {(model.provider, spelling_of(model.model)): model_id for model_id, model in models.items()}
    aliases = {(model.provider, spelling_of(alias)) for model in models.values() for alias in model.aliases}
    providers = {model.provider for model in models.values()}
    names = {registry: names_in(vocabulary) for registry, (vocabulary, _) in REGISTRIES.items()}
    found: dict[str, list[Change]] = defaultdict(list)
    fates: Counter[str] = Counter()
    for change in changes:
        provider, name = names[change.registry].get(change.provider, ""), change.model
        if REGISTRIES[change.registry][0] == "litellm":
            key = read_key(change.model, change.provider or None, names[change.registry])
            provider, name = key.provider, key.model
        own = (provider, spelling_of(name))
        if own in entries:
            found[entries[own]].append(change)
        elif own in aliases:
            fates["an alias, which may have meant another model"] += 1
        else:
            fates["no entry has this name" if provider in providers else "its provider has no entries"] += 1
    return found, fates


def _no_place(model: Model) -> str | None:
    """Why two numbers do not tell the past cards of a model; None where they do."""
    if len(model.pricing) > 1 or any(card.since or card.currency != "USD" for card in model.pricing):
        return "already dated"
    keys = {key for card in model.pricing for override in card.overrides for when in override.when for key in when}
    by_length = keys & {"prompt_tokens_above", "prompt_tokens_from"}
    by_request = any("per_request" in card.rates for card in model.pricing)
    return "priced by length or request, too" if by_length or by_request else None


def _price(card: Pricing) -> Price | None:
    """What a card asks for a token of input and of output (embeddings have none); None where it does not say."""
    rates = [card.rates.get(_SIDES[0]), card.rates.get(_SIDES[1], _NONE)]
    known = [rate for rate in rates if isinstance(rate, Decimal)]
    return (known[0], known[1]) if len(known) == 2 else None


def summary(fates: Counter[str]) -> str:
    """The changes by their fate, most first."""
    return "\n".join(f"{count:5}  {fate}" for fate, count in fates.most_common())
