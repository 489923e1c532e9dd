"""The records of the catalogue: what a model is, and who serves it.

A cold `cost` never loads this module: `dataclasses` alone would cost it more than the lookup.
The fields of `Model` are the fields of a row of `data/models.json`, in its order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from decimal import Decimal
from typing import Any

from modelry.capabilities import COMPONENT_OF_MODE, COMPONENTS
from modelry.pricing import Per, Pricing

# Pydantic, where an edge brings it, reads the attribute docstrings as descriptions; the records themselves need none.
_EDGE = {"use_attribute_docstrings": True, "extra": "forbid"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """Whether somebody asked the provider itself whether this model exists."""

    __pydantic_config__ = _EDGE

    status: str
    """`verified`, `unverified` or `failed`."""
    last_checked: str | None = None
    """The day of the check, YYYY-MM-DD."""
    verified_capabilities: Sequence[str] = ()
    """Capabilities that the provider's answer states."""
    source: str | None = None
    """What was asked: a URL, or the name of a saved answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Modalities:
    """Kinds of content that go in and come out: text, image, audio, video, pdf, embedding, code."""

    __pydantic_config__ = _EDGE

    input: Sequence[str] = ()
    """What it takes."""
    output: Sequence[str] = ()
    """What it gives."""

    def __bool__(self) -> bool:
        return bool(self.input or self.output)


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """An offering: one provider serving one model at its own limits and prices. None and absent are unknown."""

    __pydantic_config__ = _EDGE

    provider: str
    """Canonical id of the provider, such as `openai`."""
    model: str
    """The name within the provider, such as `gpt-4o`; it may hold slashes and colons."""
    family: str = "misc"
    """gen, embed, rerank or misc."""
    components: Sequence[str] = ()
    """What it is for: GEN, EMB, RERANK, IMAGE, VIDEO, SPEECH, TRANSCRIPTION, …"""
    series: str | None = None
    """The family file of the registry that describes it: gpt, claude, gemini, …"""
    display_name: str | None = None
    """The name that its maker writes for people."""
    model_id: str | None = None
    """What goes on the wire, where that is not `model`; an alias of the row."""
    base_model: str | None = None
    """`maker/name` of the underlying model, the same at every provider that serves it."""
    aliases: Sequence[str] = ()
    """Further names within the provider."""
    region: str | None = None
    """The region scope that this offering is bound to, such as `us`."""
    regions: Sequence[str] = ()
    """Where it is deployed."""
    mode: str | None = None
    """How it is called, in LiteLLM's word: chat, embedding, rerank, image_generation, …"""
    context: int | None = None
    """Context window: input and output tokens together."""
    max_input_tokens: int | None = None
    """The longest input, in tokens."""
    max_output_tokens: int | None = None
    """The longest output, in tokens."""
    dimensions: int | None = None
    """Length of an embedding vector."""
    modalities: Modalities | None = None
    """What goes in and comes out."""
    capabilities: Mapping[str, bool] = field(default_factory=dict)
    """What it can do (true) and cannot do (false); absent is unknown."""
    unit: str | None = None
    """The unit that seed 2's price fields speak of: 1k_tokens or request."""
    pricing: Sequence[Pricing] = ()
    """Dated rate cards, the earliest first."""
    base_url: str | None = None
    """Where its API is, where that is not the provider's."""
    endpoints: Sequence[str] = ()
    """Paths of the API that serve it."""
    release_date: str | None = None
    """Day of release, YYYY-MM-DD, or YYYY-MM where no day is known."""
    knowledge_cutoff: str | None = None
    """Until when its training data reaches, YYYY-MM or YYYY-MM-DD."""
    status: str | None = None
    """preview, active, deprecated or retired."""
    deprecation_date: str | None = None
    """Day from which the provider serves it no more, YYYY-MM-DD."""
    missing_since: str | None = None
    """Day on which a source that listed it stopped to."""
    replaced_by: str | None = None
    """Id of the model that its maker recommends instead."""
    open_weights: bool | None = None
    """Whether its weights are published."""
    license: str | None = None
    """SPDX identifier of the weights' licence, or the licence's own name."""
    verification: Verification | None = None
    """Whether the provider itself was asked."""
    notes: str | None = None
    """A short remark of ours."""
    last_updated: str | None = None
    """Newest day among the claims that made this row."""
    extensions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Values of other vocabularies that have no field here, by vocabulary."""
    provenance: Mapping[str, str] = field(default_factory=dict)
    """The source of each field; `default` is the source of those that are not named."""

    @property
    def id(self) -> str:
        """`provider/model`."""
        return f"{self.provider}/{self.model}"

    @property
    def maker(self) -> str | None:
        """Who made the underlying model, where that is known."""
        return self.base_model.partition("/")[0] if self.base_model else None


def is_said(value: object) -> bool:
    """Whether a field says something: False does, None and what is empty do not."""
    return value is False or bool(value)


def family_of(mode: str | None) -> tuple[str, tuple[str, ...]]:
    """Seed 2's family and the components that a mode means: `chat` is ("gen", ("GEN",))."""
    component = COMPONENT_OF_MODE.get(mode or "")
    return (COMPONENTS[component].family, (component,)) if component else ("misc", ())


def per_1k(model: Model, card: Pricing | None) -> dict[str, Decimal]:
    """Seed 2's price fields as views of one card: USD per 1,000 tokens, per query or per request."""
    views = {"gen": {"input_per_1k": "input_per_token", "output_per_1k": "output_per_token"},
             "embed": {"embed_per_1k": "input_per_token"},
             "rerank": {"rerank_per_1k": "input_per_token"}}.get(model.family, {})  # fmt: skip
    rates = card.rates if card else {}
    prices = {view: _per_unit(rates[meter]) * 1000 for view, meter in views.items() if rates.get(meter) is not None}
    for meter in ("per_request", "per_query"):
        if "per_request" not in prices and rates.get(meter) is not None:
            prices["per_request"] = _per_unit(rates[meter])
    return prices


def _per_unit(rate: Any) -> Decimal:
    return rate.amount / rate.per if isinstance(rate, Per) else rate


@dataclass(frozen=True, slots=True, kw_only=True)
class DefaultRate:
    """A rate that a provider documents as a share of another one."""

    __pydantic_config__ = _EDGE

    of: str
    """The meter whose rate it is a share of."""
    times: Decimal
    """The share, such as 0.5."""
    source: str
    """The provider's page that says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How a provider writes ids: a pattern for the whole name and the name that it stands for."""

    __pydantic_config__ = _EDGE

    name: str
    """What a resolution calls it."""
    match: str
    """A regular expression that fits the whole name; its named groups are what the name says besides."""
    to: str
    """The name that it stands for, with {groups} of the pattern."""
    bare: bool = False
    """The shape alone says which provider is meant: the rule also reads bare names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Where a provider lists its models, and in which shape: what `modelry verify` asks."""

    __pydantic_config__ = _EDGE

    url: str
    """Address of its list."""
    shape: str
    """The shape of its answer, a row of `modelry.listings.SHAPES`: openai, anthropic, google, …"""
    auth: str | None = None
    """How the key is sent, where that is not the shape's own way; `none` where everybody may ask."""
    unlisted: str | None = None
    """Names that its list never has, as a regular expression for the whole name: bases of fine-tuned models, say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A provider manifest: who serves, where, under which names other systems know it, how its ids are written."""

    __pydantic_config__ = _EDGE

    id: str
    """Its id, the name of the file."""
    name: str
    """What it is called by people."""
    base_url: str | None = None
    """Where its API is."""
    api: str | None = None
    """The dialect of its usage object, such as openai.chat."""
    env: Sequence[str] = ()
    """Environment variables that hold its key."""
    docs: str | None = None
    """Page that describes its models."""
    pricing_page: str | None = None
    """Page that says what they cost."""
    listing: Listing | None = None
    """Where it lists its models for programs."""
    maker: str | None = None
    """The maker whose own service this is."""
    resells: bool = False
    """It serves models of other makers too: an entry's `base_model` says whose it is."""
    serves_free: bool = False
    """A price of 0 in a feed is meant: nothing here costs anything."""
    aliases: Sequence[str] = ()
    """Further spellings of the id."""
    names: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """What each vocabulary calls it: litellm, models.dev, openrouter, genai_prices, otel."""
    default_rates: Mapping[str, DefaultRate] = field(default_factory=dict)
    """Rates used, and marked assumed, where a card has none; by meter."""
    rules: Sequence[Rule | str] = ()
    """Id rules in order; text names a shared one."""

    @property
    def spellings(self) -> frozenset[str]:
        """Everything that means this provider, in lower case."""
        names = (name for group in self.names.values() for name in group)
        return frozenset(spelling.lower() for spelling in (self.id, *self.aliases, *names))

    def to_dict(self) -> dict[str, Any]:
        """What the manifest says, as plain data; what it does not say is left out, at every depth."""
        return asdict(self, dict_factory=_said)


def _said(fields: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    return {name: value for name, value in fields if value is not False and value not in (None, (), [], {})}


MODEL_FIELDS = tuple(f.name for f in fields(Model))
