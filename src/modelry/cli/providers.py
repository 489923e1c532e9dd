"""`modelry providers`: who serves models, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from modelry.cli import COMMANDS
from modelry.cli.options import Command, complete_provider, data_option, json_option, open_registry
from modelry.cli.text import count, digits

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from modelry.records import Provider
    from modelry.registry import Registry


@click.command("providers", cls=Command, short_help=COMMANDS["providers"].help)
@click.argument("name", required=False, shell_complete=complete_provider)
@data_option
@json_option
def providers_command(*, name: str | None, data: str | None, as_json: bool) -> None:
    """Who serves models: all providers, or everything known of the provider NAME (an id, or what others call it).

    Examples:
      modelry providers
      modelry providers gemini
      modelry providers --json
    """
    registry = open_registry(data)
    served = dict(registry.snapshot.rows("SELECT provider, count(*) FROM models GROUP BY provider"))
    if as_json:
        from modelry.jsontext import dumps

        plain = [_plain(provider, served) for provider in ([registry.provider(name)] if name else registry.providers())]
        click.echo(dumps(plain[0] if name else plain, indent=2))
    elif name:
        _draw_one(registry.provider(name), served)
    else:
        _draw_all(registry, served)


def _plain(provider: Provider, served: dict[str, int]) -> dict[str, Any]:
    return provider.to_dict() | {"models": served.get(provider.id, 0)}


def _draw_all(registry: Registry, served: dict[str, int]) -> None:
    from modelry.cli.drawing import console, grid, note

    screen = console()
    providers = registry.providers()
    columns: dict[str, list[str]] = {
        "provider": [provider.id for provider in providers],
        "models": [count(served.get(provider.id, 0)) for provider in providers],
        "name": [provider.name for provider in providers],
        "api": [provider.api or "—" for provider in providers],
        "base URL": [provider.base_url or "—" for provider in providers],
    }
    table = grid()
    for heading in _that_fit(columns, screen.width):
        table.add_column(
            heading, justify="right" if heading == "models" else "left", no_wrap=heading != "base URL", overflow="fold"
        )
    for row in zip(*(columns[str(column.header)] for column in table.columns), strict=True):
        table.add_row(*row)
    screen.print(table)
    total = f"{count(len(providers))} providers, {count(sum(served.values()))} models"
    screen.print(note(f"\n{total}; `modelry providers NAME` tells more."))


def _that_fit(columns: dict[str, list[str]], width: int) -> list[str]:
    """The first columns that fit side by side."""
    kept: list[str] = []
    for heading, cells in columns.items():
        width -= max(map(len, [heading, *cells])) + 2
        if width < -2:
            break
        kept.append(heading)
    return kept


def _draw_one(provider: Provider, served: dict[str, int]) -> None:
    from modelry.cli.drawing import console, panel

    screen = console()
    screen.print(panel(provider.id, _facts(provider, served.get(provider.id, 0)), screen.width))


def _facts(provider: Provider, models: int) -> Iterator[tuple[str, str]]:
    yield "Name", provider.name
    yield "Models", count(models) + (", all of them free" if provider.serves_free else "")
    yield "Maker", provider.maker or "—"
    yield "Base URL", provider.base_url or "—"
    yield "API", provider.api or "—"
    yield "Keys", _listed(provider.env)
    yield "Docs", provider.docs or "—"
    yield "Prices", provider.pricing_page or "—"
    yield "Aliases", _listed(provider.aliases)
    for vocabulary, names in provider.names.items():
        yield f"In {vocabulary}", _listed(names)
    for meter, rate in provider.default_rates.items():
        yield "Assumed", f"{meter} is {digits(rate.times, 0)} × {rate.of} where a card has none ({rate.source})"
    yield "Id rules", _listed([rule if isinstance(rule, str) else rule.name for rule in provider.rules])


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "—"
