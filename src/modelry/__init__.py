"""The registry of language models: what each is, what it can do, where it is served, and what a call costs, exactly.

    >>> import modelry
    >>> modelry.cost("openai/gpt-4o", input_tokens=1_000, output_tokens=500).total_cost
    Decimal('0.0075000')

Names are loaded when they are first used; importing modelry opens no file and touches no network.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from modelry import formats
    from modelry.costs import CostEstimate, CostLine
    from modelry.errors import (
        AmbiguousModel,
        AmbiguousUsage,
        CatalogConflict,
        CatalogRejected,
        CatalogWarning,
        InvalidFilter,
        InvalidRegistry,
        InvalidUsage,
        MissingExtra,
        ModelryError,
        UnknownModel,
        UnknownProvider,
        UnknownUsage,
        Unpriced,
        UsageMismatch,
    )
    from modelry.identity import Resolution
    from modelry.pricing import Override, Pricing
    from modelry.records import Model, Provider, Verification
    from modelry.registry import Registry
    from modelry.remote import get_model_cost_map
    from modelry.usage import Usage

    _default: Registry
    get = _default.get
    resolve = _default.resolve
    models = _default.models
    provider = _default.provider
    providers = _default.providers
    cost = _default.cost
    cost_response = _default.cost_response

__version__ = "0.1.0"

_HOMES = {
    "costs": "CostEstimate CostLine",
    "errors": "AmbiguousModel AmbiguousUsage CatalogConflict CatalogRejected CatalogWarning InvalidFilter InvalidRegistry "
    "InvalidUsage MissingExtra ModelryError UnknownModel UnknownProvider UnknownUsage Unpriced UsageMismatch",
    "identity": "Resolution",
    "pricing": "Override Pricing",
    "records": "Model Provider Verification",
    "registry": "Registry",
    "remote": "get_model_cost_map",
    "usage": "Usage",
}
_METHODS = "cost cost_response get models provider providers resolve"

__all__ = [
    "AmbiguousModel",
    "AmbiguousUsage",
    "CatalogConflict",
    "CatalogRejected",
    "CatalogWarning",
    "CostEstimate",
    "CostLine",
    "InvalidFilter",
    "InvalidRegistry",
    "InvalidUsage",
    "MissingExtra",
    "Model",
    "ModelryError",
    "Override",
    "Pricing",
    "Provider",
    "Registry",
    "Resolution",
    "UnknownModel",
    "UnknownProvider",
    "UnknownUsage",
    "Unpriced",
    "Usage",
    "UsageMismatch",
    "Verification",
    "cost",
    "cost_response",
    "formats",
    "get",
    "get_model_cost_map",
    "models",
    "provider",
    "providers",
    "resolve",
]


def __getattr__(name: str) -> object:
    if name in _METHODS.split():
        registry = globals().get("_default")
        if registry is None:
            registry = globals()["_default"] = __getattr__("Registry").open()  # type: ignore[attr-defined]
        value: object = getattr(registry, name)
    elif name == "formats":
        value = __import__("modelry.formats", fromlist=["formats"])
    else:
        home = next((module for module, names in _HOMES.items() if name in names.split()), None)
        if home is None:
            raise AttributeError(f"module 'modelry' has no attribute {name!r}")
        value = getattr(__import__(f"modelry.{home}", fromlist=[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
