"""One module for each resource; `ROUTERS` is the one list."""

from modelry.server.routes import configuration, dropins, models, prices, providers, state, vocabulary, writing

ROUTERS = (
    writing.router,
    models.router,
    providers.router,
    prices.router,
    configuration.router,
    dropins.router,
    vocabulary.router,
    state.router,
)
"""In this order: where two templates fit a path, the first one has it."""

AT_HAND = models.AT_HAND | dropins.AT_HAND
