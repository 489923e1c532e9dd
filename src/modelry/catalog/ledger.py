"""The ledger: all claims of a ROOT in memory, folded, with the line of each row.

What `build` does for all ids, `change` and `take` do for those that one upsert touches, by the same functions: after
any changes the bytes are those that a build of the same claims writes.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from modelry.catalog import rows
from modelry.catalog.build import Sources, each_alias_once, newest
from modelry.catalog.claims import VERIFY, Claim
from modelry.catalog.fold import fold
from modelry.catalog.operator import Entry
from modelry.catalog.pins import SOURCE, Pins, replayed
from modelry.catalog.unify import of_provider, rewritten, rules_of
from modelry.identity import spelling_of
from modelry.records import Model

Key = tuple[str, str]
"""Provider and name of a row: the order of the file."""


class Shelf(NamedTuple):
    """One provider: what is claimed of each of its offerings, what that folds to, and the rows before lineage."""

    offerings: Mapping[str, list[Claim]] = {}
    folded: Mapping[str, Model] = {}
    rows: Mapping[str, Model] = {}


class Change(NamedTuple):
    """What a provider becomes when pins change, and the newest day then."""

    provider: str
    pins: Mapping[str, Pins]
    day: str | None
    shelf: Shelf


class Ledger:
    """Claims by provider and offering, the models that they fold to, and the lines of the file."""

    def __init__(self, sources: Sources, pins: Mapping[tuple[str, str], Pins]) -> None:
        self.providers = {provider.id: provider for provider in sources.providers}
        self._spellings = {spelling: p.id for p in sources.providers for spelling in p.spellings}
        self._lineage = sources.lineage
        self._sources = [name for name in sources.names if name != SOURCE]
        self._others: dict[str, list[Claim]] = defaultdict(list)
        for claim in sources.claims:
            if claim.source != SOURCE:
                self._others[claim.provider].append(claim)
        self._newest = newest(claim for claims in self._others.values() for claim in claims)
        self._pins: dict[str, Mapping[str, Pins]] = {}
        for (provider, model), pinned in pins.items():
            self._pins[provider] = {**self._pins.get(provider, {}), model: pinned}
        self.day = self._day_with(self._pins)
        self._fold_all()

    def _fold_all(self) -> None:
        providers = sorted(self._others.keys() | self._pins.keys())
        self._shelves = {p: self._shelf(p, self._pins.get(p, {}), self.day, Shelf()) for p in providers}
        self._entries = self._lineage.entries(m for shelf in self._shelves.values() for m in shelf.rows.values())
        self._names: dict[str, Names] = {}
        self._linked: dict[Key, Model] = {}
        self._lines: dict[Key, bytes] = {}
        self._order: list[Key] = []
        self._data: bytes | None = None
        self._write((provider, name) for provider, shelf in self._shelves.items() for name in shelf.rows)

    def _shelf(self, provider: str, pins: Mapping[str, Pins], day: str | None, before: Shelf) -> Shelf:
        """A provider with these pins; what they leave alone is taken from `before`."""
        pinned = (said.claim(provider, model) for model, said in pins.items())
        manifest = self.providers.get(provider)
        offerings = of_provider([*self._others.get(provider, ()), *pinned], manifest)
        folded = {
            name: before.folded[name]
            if offerings[name] == before.offerings.get(name) and not _hangs_on(before.rows[name], self.day, day)
            else fold(offerings[name], manifest, day)
            for name in sorted(offerings)
        }
        return Shelf(offerings, folded, {model.model: model for model in each_alias_once(folded.values())})

    def _day_with(self, pins: Mapping[str, Mapping[str, Pins]]) -> str | None:
        said = (day for models in pins.values() for pinned in models.values() for day in pinned.days.values())
        return max(filter(None, (self._newest, *said)), default=None)

    # Reading

    def data(self) -> bytes:
        """The bytes of the catalogue; the same object until something changes."""
        if self._data is None:
            names = [SOURCE, *self._sources] if any(self._pins.values()) else self._sources
            self._data = rows.joined(rows.Catalogue((), names, self.day), [self._lines[key] for key in self._order])
        return self._data

    def model(self, provider: str, name: str) -> Model | None:
        """The row of exactly this provider and name."""
        return self._linked.get((provider, name))

    def line(self, provider: str, name: str) -> bytes | None:
        """Its line in the file."""
        return self._lines.get((provider, name))

    def models_of(self, provider: str) -> Iterator[Model]:
        """The rows of a provider."""
        return (self._linked[provider, name] for name in self._shelf_of(provider).rows)

    def _shelf_of(self, provider: str) -> Shelf:
        return self._shelves.get(provider, Shelf())

    def pinned_as(self, provider: str, row: str) -> str:
        """The name under which the operator's log speaks of a row: another one where other sources named it since."""
        claims = self._shelf_of(provider).offerings.get(row, ())
        return next((claim.model for claim in claims if claim.source == SOURCE), row)

    def pins_named(self, provider: str, model: str) -> Pins | None:
        """What the operator's log pins under this name."""
        return self._pins.get(provider, {}).get(model)

    def only_pinned(self, provider: str, row: str) -> bool:
        """Whether nobody but the operator speaks of a row."""
        return all(claim.source in (SOURCE, VERIFY) for claim in self._shelves[provider].offerings[row])

    def provider_of(self, spelling: str) -> str | None:
        """The provider that an id, alias or vocabulary's name means, or that has rows."""
        lower = spelling.lower()
        return self._spellings.get(lower) or (lower if self._shelf_of(lower).rows else None)

    def find(self, provider: str, name: str) -> str | None:
        """The row of a provider that a name means: exactly, by alias, by spelling, or by a rule that learns nothing."""
        names = self._names.get(provider)
        if names is None:
            names = self._names[provider] = Names.of(self.models_of(provider))
        candidates = (name, *rewritten(name, rules_of(self.providers.get(provider))))
        return next((found for candidate in candidates if (found := names.find(candidate))), None)

    def base_url_of(self, provider: str) -> str | None:
        """Where most rows of a provider are served; a row that says nothing is served where the manifest says."""
        manifest = self.providers.get(provider)
        default = manifest.base_url if manifest else None
        served = Counter(url for model in self.models_of(provider) if (url := model.base_url or default))
        return served.most_common(1)[0][0] if served else default

    # Changing

    def accept(self, entries: Iterable[Entry]) -> None:
        """Make the changes of entries that another process wrote, each provider once."""
        pins: dict[str, dict[str, Pins | None]] = defaultdict(dict)
        for provider, model, entry in ((entry.provider, entry.model, entry) for entry in entries):
            new = pins[provider]
            new[model] = replayed(new[model] if model in new else self.pins_named(provider, model), entry)
        for provider, models in pins.items():
            self.take(self.change(provider, models))

    def change(self, provider: str, models: Mapping[str, Pins | None]) -> Change:
        """What follows from new pins of some of a provider's offerings; nothing is changed yet."""
        before = self._pins.get(provider, {})
        pins = {model: said for model, said in {**before, **models}.items() if said}
        day = self._day_with({**self._pins, provider: pins})
        return Change(provider, pins, day, self._shelf(provider, pins, day, self._shelf_of(provider)))

    def row_of(self, change: Change, model: str) -> str | None:
        """The row of which the operator's log speaks under a name, after a change."""
        named = (name for name, claims in change.shelf.offerings.items() for claim in claims if _speaks(claim, model))
        return next(named, None)

    def model_after(self, change: Change, name: str) -> Model:
        """A row as it is after a change."""
        return self._lineage.link(change.shelf.rows[name], self._entries)

    def take(self, change: Change) -> None:
        """Make a change."""
        provider, before = change.provider, self._shelf_of(change.provider)
        self._pins[provider], self._shelves[provider] = change.pins, change.shelf
        self._names.pop(provider, None)
        self._data = None
        for name in before.rows.keys() - change.shelf.rows.keys():
            self._forget((provider, name))
        stale = {(provider, name) for name, model in change.shelf.rows.items() if model != before.rows.get(name)}
        self._write(stale | self._until(change.day) | self._named_after(provider))

    def _until(self, day: str | None) -> set[Key]:
        """Let it be another day; the rows for which the days between decide something."""
        if day == self.day:
            return set()
        found = {key for key, model in self._linked.items() if _hangs_on(model, self.day, day)}
        for provider in {provider for provider, _ in found}:
            shelf = self._shelves[provider]
            self._shelves[provider] = self._shelf(provider, self._pins.get(provider, {}), day, shelf)
        self.day = day
        return found

    def _named_after(self, provider: str) -> set[Key]:
        """Rows of any provider whose base model a maker's own rows name, where those have other names now."""
        maker = self._lineage.maker_at(provider)
        if maker is None:
            return set()
        own = self._lineage.entries(self._shelves[provider].rows.values()).get(maker, {})
        if own == self._entries.get(maker, {}):
            return set()
        self._entries = {**self._entries, maker: own}
        return {
            key
            for key, linked in self._linked.items()
            if (series := self._lineage.series_of(*key)) and series.maker == maker
            if (row := self._shelves[key[0]].rows[key[1]]).base_model is None
            and self._lineage.base_of(row, series, own) != linked.base_model
        }

    def _write(self, keys: Iterable[Key]) -> None:
        for key in keys:
            if key not in self._lines:
                insort(self._order, key)
            self._linked[key] = model = self._lineage.link(self._shelves[key[0]].rows[key[1]], self._entries)
            self._lines[key] = rows.line_of(model, self.day)

    def _forget(self, key: Key) -> None:
        del self._linked[key], self._lines[key]
        del self._order[bisect_left(self._order, key)]


class Names(NamedTuple):
    """The names of a provider's rows: their own, their aliases, and how either is spelled."""

    own: Mapping[str, str]
    aliases: Mapping[str, str]
    spelled: Mapping[str, frozenset[str]]

    @classmethod
    def of(cls, models: Iterable[Model]) -> Names:
        """Of these rows; a row's own name is never hidden by another's alias."""
        own: dict[str, str] = {}
        aliases: dict[str, str] = {}
        spelled: dict[str, frozenset[str]] = defaultdict(frozenset)
        for model in models:
            own[model.model] = model.model
            for name in (model.model, model.model_id or model.model, *model.aliases):
                aliases.setdefault(name, model.model)
                spelled[spelling_of(name)] |= {model.model}
        return cls(own, aliases, spelled)

    def find(self, name: str) -> str | None:
        """The row that has this name, alias or spelling."""
        same = self.spelled.get(spelling_of(name), frozenset())
        return self.own.get(name) or self.aliases.get(name) or (min(same) if len(same) == 1 else None)


def _speaks(claim: Claim, model: str) -> bool:
    return claim.source == SOURCE and claim.model == model


def _hangs_on(model: Model, first: str | None, last: str | None) -> bool:
    """Whether a day between the two decides something: the state of a model's life, or the card in force."""
    if first == last:
        return False
    early, late = sorted((first or "", last or ""))
    dates = (model.deprecation_date, *(card.since for card in model.pricing))
    return any(early < date[:10] <= late for date in dates if date)
