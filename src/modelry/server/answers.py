"""What the API answers besides rows, cards and manifests: a class for each answer, and under each field what it means.

OpenAPI is made of them (`documented.py`); the routes write plain data of these shapes.
"""
# No `from __future__ import annotations`: a TypedDict would not see which of its fields are NotRequired.

from decimal import Decimal
from typing import Any, Literal, NotRequired, TypedDict


class Problem(TypedDict):
    """One problem of what was sent. Where a model does not fit its role, it says which model, what it can do and what is needed."""

    loc: list[str]
    """Where it stands: `body` or `query`, and the names that lead there."""
    msg: str
    """What is wrong."""
    role: NotRequired[str]
    """The role that a model does not fit."""
    model: NotRequired[str]
    """Id of that model."""
    can: NotRequired[list[str]]
    """Its components and capabilities."""
    needs: NotRequired[list[str]]
    """The component and capabilities that the role needs."""


class Error(TypedDict):
    """A refusal."""

    detail: str | list[Problem]
    """The reason; of a request whose form or content is wrong every problem."""
    suggestions: NotRequired[list[str]]
    """Names that come near, or among which to choose."""


# The catalogue


class ModelCatalogResponse(TypedDict):
    """The catalogue, `data/models.json`, or the rows of it that pass filters."""

    currency: str
    """Currency of the per_1k views."""
    last_updated: str | None
    """Newest day among the claims."""
    sources: list[str]
    """Whose claims it was made from."""
    models: list[dict[str, Any]]
    """The rows, by provider and model where nothing else was asked."""
    total: NotRequired[int]
    """Rows that pass the filters, on all pages; only where something was asked."""
    next_cursor: NotRequired[str | None]
    """What to ask with for the next rows; null where there are no more."""


class Card(TypedDict):
    """A rate card and when it holds."""

    since: str | None
    """UTC instant from which it prices calls; null: since ever, as far as is known."""
    until: str | None
    """UTC instant from which the next one does; null where none does."""
    in_use: bool
    """False of a card that another one corrected: it prices nothing."""
    card: dict[str, Any]
    """The card."""


class Change(TypedDict):
    """One accepted change by an operator."""

    at: str
    """UTC instant at which it was accepted."""
    who: str
    """Who asked for it."""
    action: str
    """upsert or delete."""
    old: dict[str, Any]
    """The fields that changed, as they were; what was not said is left out."""
    new: dict[str, Any]
    """The same fields as they became."""


class History(TypedDict):
    """A model's past."""

    provider: str
    """Id of the provider."""
    model: str
    """Name of the model within the provider."""
    prices: list[Card]
    """Every dated rate card, the earliest first."""
    changes: list[Change]
    """What operators changed, the earliest first; a replica knows none."""


class Difference(TypedDict):
    """A field that a change touched."""

    old: Any
    """What it said; null where it said nothing."""
    new: Any
    """What it says now; null where it says nothing."""


class Changed(TypedDict):
    """What came of a change."""

    ok: bool
    """True: what is refused has another status."""
    action: Literal["created", "updated", "unchanged", "deleted", "deprecated"]
    """What became of the row."""
    dry_run: bool
    """Whether nothing was written."""
    model: dict[str, Any]
    """The row as it is now; of a deleted one as it was."""
    diff: dict[str, Difference]
    """The fields that changed, by name."""


# Names and prices


class Resolution(TypedDict):
    """Which entry a name meant, and how that was found."""

    asked: str
    """The name as it was asked."""
    id: str
    """`provider/model` of the entry."""
    method: str
    """`exact`, `alias`, or `rule:` and the rules' names."""
    provider: str
    """Id of the provider."""
    model: str
    """Name of the model within the provider."""
    region: str | None
    """The region scope that the name says."""
    learnt: dict[str, str]
    """What else a rule read off the name: a snapshot date, the base of a fine-tune."""


class CostLine(TypedDict):
    """`quantity` units of `meter` at `rate` each are `amount`."""

    meter: str
    """The billable unit, such as input_per_token."""
    quantity: Decimal
    """How many units."""
    rate: Decimal
    """Price of one, in the estimate's currency."""
    amount: Decimal
    """What they cost."""
    assumed: bool
    """Whether the card does not say this rate for this call, and another one stood in."""


class CostEstimate(TypedDict):
    """What a call costs, and why. Unknown is null, never 0."""

    model: str
    """Id of the model that was priced."""
    input_tokens: int
    """All tokens that went in, cached ones included."""
    output_tokens: int
    """All tokens that came out, reasoning included."""
    input_cost: Decimal | None
    """What went in costs; null where nothing of it has a price."""
    output_cost: Decimal | None
    """What came out costs; null where nothing of it has a price."""
    total_cost: Decimal | None
    """The sum of all lines."""
    currency: str
    """Currency of all amounts."""
    lines: list[CostLine]
    """One for each meter."""
    unpriced: list[str]
    """Buckets of usage that no rate covers."""
    complete: bool
    """Whether there are none of those."""
    warnings: list[str]
    """What was guessed, and what is billed elsewhere."""
    resolution: Resolution
    """How the name was matched."""
    effective_from: str | None
    """Day from which the card holds."""
    service_tier: str | None
    """Tier that was priced; null is the standard one."""
    region: str | None
    """Region that was priced."""
    reported: Decimal | None
    """What the provider itself says that the call cost."""
    source: str | None
    """Where the price was read."""


# Configuration


class Configured(TypedDict):
    """A configuration that fits."""

    ok: bool
    """True: what does not fit is refused."""
    config: dict[str, str | None]
    """Role -> model: of PUT and PATCH all roles, of a validation those that were sent."""
    warnings: list[str]
    """What nobody knows, and what is deprecated."""


# Drop-ins


class OpenAIModel(TypedDict):
    """A model as OpenAI's API lists it."""

    id: str
    """`provider/model`."""
    object: Literal["model"]
    """What it is."""
    created: int
    """Day of release, in seconds since 1970; 0 where it is not known."""
    owned_by: str
    """Who made the model, else who serves it."""


class OpenAIModels(TypedDict):
    """OpenAI's list of models."""

    object: Literal["list"]
    """What it is."""
    data: list[OpenAIModel]
    """All models."""


class OpenRouterModels(TypedDict):
    """OpenRouter's list of models."""

    data: list[dict[str, Any]]
    """Its offerings, in its own form: prices per token, as text."""


# The words


class RoleMeaning(TypedDict):
    """What a role is for, and what a model needs to have it."""

    meaning: str
    """What a model does in it."""
    component: str
    """The component that the model must have."""
    capabilities: list[str]
    """The capabilities that the model must have."""


class ComponentMeaning(TypedDict):
    """What a component is."""

    family: str
    """gen, embed, rerank or misc."""
    modes: list[str]
    """LiteLLM's modes that mean it."""


class MeterMeaning(TypedDict):
    """What a meter counts."""

    bucket: str
    """The bucket of a usage that it prices."""
    unit: str
    """What one of it is."""
    direction: str | None
    """Side of the call: in, out, or neither."""


class ConditionMeaning(TypedDict):
    """What a condition of an override compares."""

    fact: str
    """The fact of a call that it looks at."""
    meaning: str
    """When it holds."""


class Vocabulary(TypedDict):
    """The words of the catalogue."""

    capabilities: dict[str, str]
    """What a model can do: name -> meaning."""
    components: dict[str, ComponentMeaning]
    """What a model is for."""
    modalities: list[str]
    """Kinds of content."""
    statuses: list[str]
    """Stages of a model's life, in order."""
    roles: dict[str, RoleMeaning]
    """What a system uses models for."""
    meters: dict[str, MeterMeaning]
    """What is billed."""
    conditions: dict[str, ConditionMeaning]
    """What prices hang on."""


# The server


class Health(TypedDict):
    """The process answers."""

    status: Literal["ok"]
    """Nothing else."""
    version: str
    """Version of modelry."""


class Primary(TypedDict):
    """The server that a replica follows."""

    url: str
    """Where it is."""
    reached: str | None
    """UTC instant at which it last gave a catalogue that can be served."""
    tried: str | None
    """UTC instant at which it was last asked."""
    trouble: str | None
    """What stood in the way then."""


class Readiness(TypedDict):
    """What is served."""

    ready: bool
    """Whether it is what should be served; else the status is 503."""
    role: Literal["primary", "replica"]
    """Whether it holds a catalogue or follows another server's."""
    serves: NotRequired[Literal["primary", "copy", "bundle", "nothing"]]
    """Where a replica's catalogue is from: its primary, the last good copy, the package."""
    primary: NotRequired[Primary]
    """Whom a replica follows."""
    models: int
    """How many models."""
    version: str
    """Content hash of the catalogue, the ETag of /api/models."""
    currency: str
    """Currency of the per_1k views."""
    last_updated: str | None
    """Newest day among the claims."""
    sources: list[str]
    """Whose claims it was made from."""
