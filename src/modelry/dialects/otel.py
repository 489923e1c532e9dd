"""OpenTelemetry's GenAI attributes: usage of a span in, a cost as attributes out.

Input includes the cache, output includes reasoning. The words of a cost are those that the semantic conventions
settled on (https://github.com/open-telemetry/semantic-conventions-genai/pull/443): `source` is `provider` where the
response said what it cost, else `local`.
Source: https://opentelemetry.io/docs/specs/semconv/registry/attributes/gen-ai/.
"""

from __future__ import annotations

from modelry.dialects.openai_chat import TIERS
from modelry.dialects.table import Dialect, Fact, Field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from modelry.costs import CostEstimate

_INPUT = "gen_ai.usage.input_tokens|gen_ai.usage.prompt_tokens"
_OUTPUT = "gen_ai.usage.output_tokens|gen_ai.usage.completion_tokens"

OTEL = Dialect(
    api="otel",
    due=(*_INPUT.split("|"), *_OUTPUT.split("|")),
    fields=(
        Field(_INPUT, "input"),
        Field("gen_ai.usage.cache_read.input_tokens", "cached_input", ("input",)),
        Field("gen_ai.usage.cache_creation.input_tokens", "cache_write", ("input",)),
        Field(_OUTPUT, "output"),
        Field("gen_ai.usage.reasoning.output_tokens", "reasoning", ("output",)),
    ),
    model="gen_ai.response.model|gen_ai.request.model",
    provider_path="gen_ai.provider.name|gen_ai.system",
    created=None,
    facts=(
        Fact("service_tier", "openai.response.service_tier|gen_ai.openai.response.service_tier", TIERS, of="usage"),
    ),
)


def attributes(span: dict[str, Any]) -> dict[str, Any] | None:
    """The attributes of a span: flat, under `attributes`, or as OTLP's list of keys and values; None if it is none."""
    within = span.get("attributes", span)
    if isinstance(within, list):
        items = [item for item in within if isinstance(item, dict) and isinstance(item.get("key"), str)]
        within = {item["key"]: _value(item.get("value")) for item in items}
    if not isinstance(within, dict) or not any(str(key).startswith("gen_ai.usage.") for key in within):
        return None
    return within


def _value(value: Any) -> Any:
    """OTLP in JSON writes an integer as text, under its type."""
    if not isinstance(value, dict) or len(value) != 1:
        return value
    ((kind, said),) = value.items()
    return int(said) if kind == "intValue" and isinstance(said, str) and said.isdecimal() and len(said) < 25 else said


def cost_attributes(estimate: CostEstimate) -> dict[str, float | str]:
    """`gen_ai.usage.cost.amount` (a double, as attributes have no decimals), `.currency` and `.source`.

    The provider's own cost where the response said it, else ours; nothing where ours is incomplete: an attribute
    cannot say so.
    """
    if estimate.reported is not None:
        amount, currency, source = estimate.reported, "USD", "provider"
    elif estimate.complete and estimate.total_cost is not None:
        amount, currency, source = estimate.total_cost, estimate.currency, "local"
    else:
        return {}
    return {
        "gen_ai.usage.cost.amount": float(amount),
        "gen_ai.usage.cost.currency": currency,
        "gen_ai.usage.cost.source": source,
    }
