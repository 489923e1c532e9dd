"""The registry: the one facade that everything above the catalogue uses."""

from __future__ import annotations

import os

from modelry import costs, rates
from modelry.conditions import FACTS, Instant
from modelry.errors import (
    AmbiguousModel,
    CatalogRejected,
    InvalidUsage,
    ModelryError,
    UnknownModel,
    UnknownProvider,
    Unpriced,
)
from modelry.identity import resolve
from modelry.meters import METERS
from modelry.snapshot import BUNDLED, Snapshot, broken
from modelry.usage import Usage, checked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from decimal import Decimal
    from typing import Any, Unpack

    from modelry.costs import CostEstimate
    from modelry.identity import Resolution
    from modelry.rates import Offer
    from modelry.records import Model, Provider
    from modelry.select import Filters

_MOST_KEPT = 10_000

_reader: Callable[..., Any] | None = None
"""`modelry.dialects.read`, once a response was priced: a cold `cost` does not need it."""


class Registry:
    """Models, providers and prices of one catalogue.

    Safe to share between threads. Nothing is read before it is asked for, and no network is touched after `open`.
    """

    def __init__(self, snapshot: Snapshot, aliases: dict[str, str] | None = None) -> None:
        self._snapshot = snapshot
        self._aliases = aliases or {}
        self._offers: dict[object, Offer] = {}
        self._apis: dict[str, str | None] = {}

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
        return cls.over(path)

    @classmethod
    def over(cls, path: str) -> Registry:
        """The registry of a snapshot, with the aliases that the environment names."""
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
                return self._meant(name, meant)
        return resolve(self._snapshot, name, provider)

    def _meant(self, name: str, meant: str) -> Resolution:
        """What an operator's alias means; aliases of aliases are not followed."""
        try:
            return resolve(self._snapshot, meant)._replace(asked=name, method="alias")
        except (UnknownModel, AmbiguousModel) as error:
            known = error.choices if isinstance(error, AmbiguousModel) else error.suggestions
            raise UnknownModel(name, known, f"MODELRY_ALIASES calls it {meant!r}, which is no one model") from None

    def _is_entry(self, name: str, provider: str | None) -> bool:
        head, _, tail = (provider or "", "/", name) if provider else name.partition("/")
        return self._snapshot.entry(self._snapshot.provider_of(head) or "", tail) is not None

    def get(self, name: str, provider: str | None = None) -> Model:
        """Everything known of the model that a name means; raises as `resolve` does."""
        found = self.resolve(name, provider)
        return self._snapshot.model(found.provider, found.model)

    def models(self, *, limit: int | None = None, **filters: Unpack[Filters]) -> list[Model]:
        """Models that pass every filter, the first `limit` in the order asked for; see `modelry.select.matching`."""
        from modelry.select import select

        try:
            return select(self._snapshot, limit=limit, **filters)
        except (ArithmeticError, LookupError, ValueError) as error:  # wrong filters are ModelryErrors
            raise CatalogRejected(self._snapshot.path, broken(error)) from None

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

    def cost_response(
        self, body: object, *, provider: str | None = None, model: str | None = None, api: str | None = None,
        service_tier: str | None = None, region: str | None = None, at: object = None, strict: bool = False,
    ) -> CostEstimate:  # fmt: skip
        """What the call cost that a provider's response answers.

        `body` is the response, its usage object, an SDK's object, or a stream's events (see `Usage.from_response`).
        What it says of the model, the tier and region that served it, its speed and its time counts where nothing
        else is given; the provider's own cost, in USD, is kept as `reported`. `strict` also refuses a response that
        mentions what no bucket of this call counts.

        Raises as `cost` and `Usage.from_response` do; InvalidUsage where nobody says which model it was.
        """
        read = _reader or _load_reader()
        _, counts, guessed, models, named, said, created, reported, warnings, elsewhere = read(
            body, api, prefer=self._api_of(provider) if provider else None
        )
        offer = self._offer_of((model,) if model else models, provider or named)
        if service_tier is not None:
            said["service_tier"] = service_tier
        if region is not None:
            said["region"] = region
        if said or offer.resolution.region:
            said = costs.checked_facts({"region": offer.resolution.region, **said}, offer.region)
        instant = None
        if at is not None:
            instant = costs.when(at)
        elif created is not None and (instant := _moment(created)) is None:
            warnings = (*warnings, f"created {created!r:.40} is no time: priced as of now")
        result = costs.estimate(offer, counts, said, instant, reported=reported)
        if "grounded_prompts" in counts:
            counts = _billed_once(counts, result.unpriced)
            result = costs.estimate(offer, counts, said, instant, reported=reported)
        if guessed or warnings or elsewhere:
            result = _with_doubts(result, guessed, warnings, elsewhere)
            if strict and elsewhere:
                raise Unpriced(result.model, f"strict: {', '.join(elsewhere)} are billed elsewhere")
        return costs.strictly(result) if strict else result

    def _api_of(self, provider: str) -> str | None:
        """The dialect that a provider's manifest names (by SQL: its record as a whole would need `json`)."""
        if provider not in self._apis:
            known = self._snapshot.provider_of(provider)
            query = "SELECT json_extract(record, '$.api') FROM providers WHERE id = ?"
            rows = self._snapshot.rows(query, (known,)) if known else []
            if len(self._apis) >= _MOST_KEPT:
                self._apis.clear()
            self._apis[provider] = rows[0][0] if rows else None
        return self._apis[provider]

    def _offer_of(self, models: Sequence[str], provider: str | None) -> Offer:
        """The offer of the first of these names that is known."""
        for model in models:
            if offer := self._offers.get(model if provider is None else (provider, model)):
                return offer
        unknown: ModelryError = InvalidUsage(
            "model", None, "the response does not say which model it is of: give model="
        )
        for n, model in enumerate(models):
            try:
                return self._offer(model, provider)
            except (UnknownModel, AmbiguousModel) as error:
                unknown = error if n == 0 else unknown
        raise unknown

    def _offer(self, model: str, provider: str | None) -> Offer:
        found = self.resolve(model, provider)
        region, cards = self._snapshot.region_and_cards(found.provider, found.model)
        offer = rates.Offer(found, region, cards, self._snapshot.default_rates(found.provider))
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


def _load_reader() -> Callable[..., Any]:
    global _reader  # noqa: PLW0603 - an import statement in a warm call would cost as much as a bucket
    from modelry.dialects import read

    _reader = read
    return read


_EARLIEST, _MILLISECONDS = 1_420_070_400, 10**11


def _moment(created: Any) -> Instant | None:
    """A response's own time: seconds (or milliseconds) since 1970, ISO 8601 text, a datetime; None where it is none.

    Nothing was served before 2015: a smaller number is a placeholder.
    """
    if isinstance(created, str) or hasattr(created, "astimezone"):
        try:
            return costs.when(created)
        except InvalidUsage:
            return None
    if isinstance(created, bool) or not hasattr(created, "__float__"):
        return None
    from datetime import UTC, datetime

    try:
        seconds = float(created)
        return (
            Instant(datetime.fromtimestamp(seconds / 1_000 if seconds > _MILLISECONDS else seconds, UTC))
            if seconds >= _EARLIEST
            else None
        )
    except (OverflowError, ValueError, OSError):
        return None


def _billed_once(counts: Mapping[str, Any], unpriced: Sequence[str]) -> dict[str, Any]:
    """A grounded prompt is billed by the prompt or by its queries: the way that has a price, else the queries."""
    by_prompt = "web_searches" in unpriced and "grounded_prompts" not in unpriced
    other = "web_searches" if by_prompt else "grounded_prompts"
    return {bucket: n for bucket, n in counts.items() if bucket != other}


def _with_doubts(
    result: CostEstimate, assumed: Sequence[str], warnings: Sequence[str], elsewhere: Sequence[str]
) -> CostEstimate:
    """The estimate with what a response could not say: assumed lines, and what is not in it."""
    lines = tuple(
        line._replace(assumed=True) if METERS[line.meter].bucket in assumed else line for line in result.lines
    )
    told = (f"which tokens were cached is not said: those of text first ({', '.join(assumed)})",) if assumed else ()
    beside = tuple(f"{what} are not in this cost" for what in elsewhere)
    return result._replace(lines=lines, warnings=(*result.warnings, *warnings, *told, *beside))
