"""The registry: the one facade that everything above the catalogue uses."""

from __future__ import annotations

import os

from modelry import costs
from modelry.conditions import FACTS
from modelry.errors import InvalidUsage, UnknownProvider
from modelry.identity import resolve
from modelry.snapshot import Snapshot
from modelry.usage import Usage, checked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from decimal import Decimal
    from typing import Any, Unpack

    from modelry.costs import CostEstimate, Offer
    from modelry.identity import Resolution
    from modelry.records import Model, Provider
    from modelry.select import Filters

BUNDLED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "snapshot.sqlite")  # noqa: PTH118, PTH120, PTH100
"""The snapshot that ships with the package. (pathlib would cost a cold start 8 ms.)"""

_MOST_KEPT = 10_000


class Registry:
    """Models, providers and prices of one catalogue.

    Safe to share between threads. Nothing is read before it is asked for, and no network is touched after `open`.
    """

    def __init__(self, snapshot: Snapshot, aliases: dict[str, str] | None = None) -> None:
        self._snapshot = snapshot
        self._aliases = aliases or {}
        self._offers: dict[object, Offer] = {}

    @classmethod
    def open(cls, source: str | os.PathLike[str] | None = None) -> Registry:
        """Open the bundled catalogue (None), a snapshot, `data/models.json`, a `v1/` folder, or an http(s) URL.

        A catalogue or folder is compiled once to a snapshot in the user's cache. A URL serves a catalogue or LiteLLM's
        model cost map; where that fails, its last good copy or the bundled catalogue is opened, with a CatalogWarning.
        The environment may name another default (`MODELRY_CATALOG`) and a JSON file of further aliases
        (`MODELRY_ALIASES`: {"name": "provider/model"}). Raises CatalogRejected or InvalidRegistry.
        """
        path = os.fspath(source) if source is not None else os.environ.get("MODELRY_CATALOG") or BUNDLED
        if path[:8].lower().startswith(("http://", "https://")):
            from modelry.remote import snapshot_at

            path = snapshot_at(path)
        elif not path.endswith(".sqlite"):
            from modelry.places import snapshot_of

            path = snapshot_of(path)
        aliases = None
        if named := os.environ.get("MODELRY_ALIASES"):
            from modelry.places import read_aliases

            aliases = read_aliases(named)
        return cls(Snapshot(path), aliases)

    @property
    def snapshot(self) -> Snapshot:
        """The compiled catalogue underneath."""
        return self._snapshot

    def resolve(self, name: str, provider: str | None = None) -> Resolution:
        """The entry that a name means: exactly, by an alias, or by an anchored rule.

        Raises UnknownModel with suggestions, AmbiguousModel with choices, or UnknownProvider.
        """
        if self._aliases:
            meant = self._aliases.get(f"{provider}/{name}" if provider else name)
            if meant is not None and not self._is_entry(name, provider):
                return resolve(self._snapshot, meant)._replace(asked=name, method="alias")
        return resolve(self._snapshot, name, provider)

    def _is_entry(self, name: str, provider: str | None) -> bool:
        head, _, tail = (provider or "", "/", name) if provider else name.partition("/")
        return self._snapshot.entry(self._snapshot.provider_of(head) or "", tail) is not None

    def get(self, name: str, provider: str | None = None) -> Model:
        """Everything known of the model that a name means; raises as `resolve` does."""
        found = self.resolve(name, provider)
        return next(self._snapshot.models("provider = ? AND model = ?", (found.provider, found.model)))

    def models(self, *, limit: int | None = None, **filters: Unpack[Filters]) -> list[Model]:
        """Models that pass every filter, the first `limit` in the order asked for; see `modelry.select.matching`."""
        from modelry.select import select

        return select(self._snapshot, limit=limit, **filters)

    def provider(self, name: str) -> Provider:
        """The manifest of the provider that an id or alias means; raises UnknownProvider."""
        canonical = self._snapshot.provider_of(name)
        if canonical is None:
            raise UnknownProvider(name, self._snapshot.providers_near(name))
        return self._snapshot.provider(canonical)

    def providers(self) -> list[Provider]:
        """Every provider manifest, by id."""
        return self._snapshot.providers()

    def cost(
        self, model: str, usage: Usage | None = None, /, *, provider: str | None = None, at: object = None,
        strict: bool = False, reported: Decimal | None = None, **counts: object,
    ) -> CostEstimate:  # fmt: skip
        """What a call costs, exactly.

        `usage` or keywords count what was used (see `Usage`); further keywords say what else the price may hang on
        (`service_tier`, `region`, `speed`, `resolution`, …; see `conditions`). `at` is the time of the call, None is
        now. `strict` turns every assumption and every unpriced bucket into Unpriced.

        Raises UnknownModel, AmbiguousModel, Unpriced or InvalidUsage.
        """
        offer = self._offers.get(model if provider is None else (provider, model)) or self._offer(model, provider)
        facts: dict[str, Any] = {}
        if not FACTS.isdisjoint(counts) or offer.resolution.region:
            given = {name: value for name in FACTS & counts.keys() if (value := counts.pop(name)) is not None}
            facts = costs.checked_facts({"region": offer.resolution.region, **given}, offer.region)
        result = costs.estimate(
            offer,
            checked(counts) if usage is None else _only(usage, counts),
            facts,
            None if at is None else costs.when(at),
            reported=reported,
        )
        return costs.strictly(result) if strict else result

    def _offer(self, model: str, provider: str | None) -> Offer:
        found = self.resolve(model, provider)
        region, cards = self._snapshot.region_and_cards(found.provider, found.model)
        offer = costs.Offer(found, region, cards, self._snapshot.default_rates(found.provider))
        if len(self._offers) >= _MOST_KEPT:
            self._offers.clear()
        self._offers[model if provider is None else (provider, model)] = offer
        return offer


def _only(usage: Usage, counts: dict[str, object]) -> dict[str, Any]:
    if not isinstance(usage, Usage):
        raise InvalidUsage("usage", usage, "a Usage is due; buckets can be given as keywords too")
    if counts:
        name, value = next(iter(counts.items()))
        raise InvalidUsage(name, value, "usage was given already; add it there")
    return dict(usage.items())
