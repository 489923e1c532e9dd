"""Drop-ins: the catalogue in the form that other systems' clients fetch."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter, Request
from starlette.responses import Response

from modelry.formats import exported
from modelry.registry import Registry
from modelry.server.asking import TheEdition, sent
from modelry.server.documented import READ, documented
from modelry.server.front import AtHand
from modelry.server.prepared import Body

router = APIRouter(tags=["Drop-ins"])

LEFT_OUT = "X-Modelry-Left-Out"
"""How many rows a form has no name for."""

DROP_INS = (
    (
        "/model_prices_and_context_window.json",
        "litellm",
        "LiteLLM's model cost map",
        "What `LITELLM_MODEL_COST_MAP_URL` wants.",
        "LiteLLMCostMap",
    ),
    (
        "/models.dev/api.json",
        "models.dev",
        "models.dev's api.json",
        "Models by provider, as opencode and others read them.",
        "ModelsDevProviders",
    ),
    (
        "/openrouter/api/v1/models",
        "openrouter",
        "OpenRouter's model list",
        "Offerings of OpenRouter, priced per token.",
        "OpenRouterModels",
    ),
    (
        "/v1/models",
        "openai",
        "OpenAI's model list",
        "What `client.models.list()` reads, with this server as its base URL.",
        "OpenAIModels",
    ),
)
"""To add one, add a row."""


def _key(name: str) -> tuple[str, str]:
    return name, datetime.now(UTC).date().isoformat()  # prices are those in force today


def _at_hand(name: str) -> AtHand:
    return lambda edition, _: edition.at_hand(_key(name))


AT_HAND: dict[str, AtHand] = {path: _at_hand(name) for path, name, *_ in DROP_INS}
"""What is sent before the app is asked, where it was made already."""


def _made(name: str, day: str, registry: Registry) -> Body:
    losses: list[str] = []
    data = exported(
        name, list(registry.snapshot.models()), losses, manifests=registry.providers(), day=day, indent=None
    )
    left_out = sum(": has no " in loss and loss.endswith(" name") for loss in losses)
    return Body(data, headers=[(LEFT_OUT, str(left_out))])


def _add(path: str, name: str, summary: str, meaning: str, schema: str) -> None:
    async def feed(request: Request, edition: TheEdition) -> Response:
        return sent(await edition.kept(key := _key(name), lambda registry: _made(*key, registry)), request)

    feed.__doc__ = meaning
    said = documented(schema, *READ, X_Modelry_Left_Out="How many rows this form has no name for.")
    router.get(path, summary=summary, operation_id=f"drop_in_{name.replace('.', '_')}", **said)(feed)


for _row in DROP_INS:
    _add(*_row)
