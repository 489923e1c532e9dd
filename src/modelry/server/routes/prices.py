"""Names and prices: what a name means, and what a call costs."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, WithJsonSchema, model_validator
from starlette.responses import Response

from modelry.conditions import FACTS
from modelry.costs import CostEstimate
from modelry.jsontext import dumps
from modelry.registry import Registry
from modelry.server.asking import TheRegistry, answer, json_object, sent
from modelry.server.documented import POST, READ, documented, named
from modelry.server.prepared import Body
from modelry.usage import Usage, checked

router = APIRouter(tags=["Prices"], generate_unique_id_function=named)


@router.get("/api/resolve", summary="What a name means", **documented("Resolution", *READ, 404, 409, 422))
async def resolve_name(
    request: Request,
    registry: TheRegistry,
    name: Annotated[
        str,
        Query(
            description="A name as a caller, a log or another system writes it.",
            min_length=1,
            examples=["openai/gpt-4o", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"],
        ),
    ],
    provider: Annotated[str | None, Query(description="Read it as one of this provider's.")] = None,
) -> Response:
    """The entry that a name means: exactly, by an alias, or by an anchored rule; never by likeness."""
    return sent(Body(dumps(registry.resolve(name, provider)._asdict()).encode("ascii") + b"\n"), request)


_FACTS = sorted(FACTS - {"service_tier", "region"})

_Count = Annotated[Decimal | int, WithJsonSchema({"type": "number", "minimum": 0})]

_EXAMPLES: tuple[dict[str, JsonValue], ...] = (
    {"model": "openai/gpt-4o", "usage": {"input": 1000, "cached_input": 4000, "output": 500}},
    {
        "provider": "openai",
        "response": {"model": "gpt-4o-2024-08-06", "usage": {"prompt_tokens": 1000, "completion_tokens": 500}},
    },
)


class CostRequest(BaseModel):
    """A call to price: `model` and `usage`, or the `response` that a provider sent."""

    model_config = ConfigDict(extra="forbid", strict=True, json_schema_extra={"examples": [*_EXAMPLES]})

    model: str | None = Field(None, description="Name of the model; of a response, where that does not say it.")
    usage: dict[str, _Count] | None = Field(
        None, description="Counts by bucket: input, cached_input, output, … or the totals input_tokens, output_tokens."
    )
    response: Any = Field(
        None, description="A response, its usage object, or the list of a stream's events, as it came."
    )
    provider: str | None = Field(None, description="Who served it: an id or alias.")
    api: str | None = Field(None, description="Dialect of the response, where it does not show it.")
    service_tier: str | None = Field(None, description="Tier that served the call: batch, flex, priority, …")
    region: str | None = Field(None, description="Region that served the call.")
    facts: dict[str, str | int] = Field({}, description=f"What else prices hang on: {', '.join(_FACTS)}.")
    at: str | None = Field(
        None, description="When the call was made: a day or a UTC instant; now where nothing is said."
    )
    strict: bool = Field(default=False, description="Refuse every assumption and every unpriced bucket (422).")

    @model_validator(mode="after")
    def _one_of_two(self) -> CostRequest:
        if (self.usage is None) == (self.response is None):
            raise ValueError("give `usage` or `response`: one of the two")
        if self.usage is not None and not self.model:
            raise ValueError("`usage` needs a `model`")
        if self.usage is not None and self.api is not None:
            raise ValueError("`api` is how a response is read; usage has none")
        if self.response is not None and self.facts:
            raise ValueError("a response says itself what its price hangs on: `facts` go with usage")
        if unknown := sorted(self.facts.keys() - _FACTS):
            raise ValueError(f"{unknown[0]!r:.80} is no fact that a price hangs on ({', '.join(_FACTS)})")
        return self


_LONG = 2**16
"""Bytes of a body from which on reading it keeps others waiting: a stream of many events."""


@router.post(
    "/api/cost", summary="What a call costs",
    **documented("CostEstimate", *POST, 404, 409, 422, 503, takes="CostRequest"),
)  # fmt: skip
async def cost_of_call(request: Request, registry: TheRegistry) -> Response:
    """Exact lines, what could not be priced, and what was assumed. Unknown is never 0."""
    asked = _checked(await json_object(request))
    if int(request.headers.get("content-length", _LONG)) < _LONG:
        return answer(_estimate(registry, asked).to_dict())
    return answer((await asyncio.to_thread(_estimate, registry, asked)).to_dict())


def _checked(said: dict[str, Any]) -> CostRequest:
    try:
        return CostRequest.model_validate(said)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False, include_input=False)
        raise RequestValidationError([{**told, "loc": ("body", *told["loc"])} for told in problems]) from None


def _estimate(registry: Registry, asked: CostRequest) -> CostEstimate:
    told: dict[str, Any] = {"provider": asked.provider, "at": asked.at, "strict": asked.strict}
    told |= {"service_tier": asked.service_tier, "region": asked.region}
    if asked.usage is None:
        return registry.cost_response(asked.response, model=asked.model, api=asked.api, **told)
    usage = Usage.from_counts(checked({bucket: _whole(count) for bucket, count in asked.usage.items()}))
    return registry.cost(asked.model or "", usage, **asked.facts, **told)  # type: ignore[arg-type]


def _whole(count: Decimal | int) -> Decimal | int:
    return (
        int(count) if isinstance(count, Decimal) and count.is_finite() and count == count.to_integral_value() else count
    )
