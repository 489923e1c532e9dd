"""`modelry show`: everything known of one model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from modelry.capabilities import CAPABILITIES
from modelry.cli import COMMANDS
from modelry.cli.options import Command, complete_model, data_option, json_option, open_registry, provider_option
from modelry.cli.text import count
from modelry.meters import METERS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from rich.console import Console
    from rich.text import Text

    from modelry.pricing import Pricing
    from modelry.records import Model


@click.command("show", cls=Command, short_help=COMMANDS["show"].help)
@click.argument("model", metavar="ID", shell_complete=complete_model)
@click.option("--history", is_flag=True, help="All dated rate cards, not only the one in force.")
@provider_option
@data_option
@json_option
def show_command(model: str, *, history: bool, provider: str | None, data: str | None, as_json: bool) -> None:
    """Everything known of the model ID: limits, capabilities, rate card, names, dates and sources.

    What nobody has said is unknown (—), never no and never 0. Prices are per 1M tokens, characters or pixels, else per
    unit. The rows of a rate card apply in order; a later one that fits the call wins, price by price. With --history,
    prices by date; --history --json has every card of them in full.

    Examples:
      modelry show openai/gpt-4o
      modelry show deepseek/deepseek-chat --history
      modelry show anthropic/claude-sonnet-4-5 --json
    """
    found = open_registry(data).get(model, provider)
    if as_json:
        from modelry.cli.plain import model_row
        from modelry.jsontext import dumps

        click.echo(dumps(_history(found) if history else model_row(found), indent=2))
        return
    from modelry.cli.drawing import console

    draw(console(), found, history=history)


def _history(model: Model) -> dict[str, Any]:
    from modelry.rates import spans

    return {"id": model.id, "prices": [span.to_dict() for span in spans(model.pricing)]}


def draw(console: Console, model: Model, *, history: bool) -> None:
    """The facts in a panel, the prices below it."""
    from modelry.cli.drawing import note, panel
    from modelry.select import in_force

    console.print(panel(model.id, _facts(model), console.width))
    now = in_force(model.pricing)
    if now is not None:
        _draw_card(console, now)
    dated = len(model.pricing)
    if not any(card.is_known for card in model.pricing):
        console.print("\nNo price is known.")
    elif history:
        _draw_history(console, model)
    elif dated > 1 or now is None:
        console.print()
        told = "No price holds now" if now is None else f"{dated} dated rate cards"
        console.print(note(f"{told}; --history shows all."))


def _facts(model: Model) -> Iterator[tuple[str, Text | str]]:
    made, series = model.maker and f"made by {model.maker}", model.series and f"series {model.series}"
    yield "Name", _joined(model.display_name or model.model, made, series)
    yield "For", _joined(*model.components, model.mode) or "—"
    yield "Status", _status(model)
    yield "Limits", _limits(model)
    if model.modalities:
        sides = (model.modalities.input, model.modalities.output)
        yield "In → out", " → ".join(", ".join(kinds) or "—" for kinds in sides)
    yield from _abilities(model)
    if model.open_weights is not None or model.license:
        weights = {True: "open", False: "closed", None: "—"}[model.open_weights]
        yield "Weights", _joined(weights, model.license)
    if model.region or model.regions:
        yield "Region", _joined(model.region, ", ".join(model.regions))
    names = [name for name in (model.model_id, *model.aliases) if name]
    if names:
        yield "Aliases", ", ".join(names)
    yield "Dates", _joined(
        f"released {model.release_date or '—'}", model.knowledge_cutoff and f"knows until {model.knowledge_cutoff}",
        model.missing_since and f"missing since {model.missing_since}",
    )  # fmt: skip
    if model.base_url or model.endpoints:
        yield "Served at", _joined(model.base_url, ", ".join(model.endpoints))
    if model.notes:
        yield "Notes", model.notes
    yield "Source", _source(model)


def _joined(*parts: str | None) -> str:
    return " · ".join(part for part in parts if part)


def _status(model: Model) -> str:
    checked = model.verification
    return _joined(
        model.status or "—",
        model.deprecation_date and f"ends {model.deprecation_date}",
        model.replaced_by and f"use {model.replaced_by}",
        _joined_words(_SAID.get(checked.status, checked.status), checked.last_checked) if checked else "never verified",
    )


_SAID = {"failed": "not listed"}
"""What the provider itself said, where people say it otherwise."""


def _joined_words(*parts: str | None) -> str:
    return " ".join(part for part in parts if part)


def _limits(model: Model) -> str:
    limits = {"context": model.context, "input": model.max_input_tokens, "output": model.max_output_tokens}
    told = [f"{name} {count(tokens)}" for name, tokens in limits.items()]
    return _joined(" · ".join(told) + " tokens", f"{count(model.dimensions)} dimensions" if model.dimensions else None)


def _abilities(model: Model) -> Iterator[tuple[str, Text | str]]:
    from rich.text import Text

    for value, label, style in ((True, "✓ Can", "green"), (False, "✗ Cannot", "red"), (None, "? Unknown", "dim")):
        names = [name for name in CAPABILITIES if model.capabilities.get(name) is value]
        if names or value:
            yield label, Text(", ".join(names) or "—", style=style if names else "")


def _source(model: Model) -> str:
    default = model.provenance.get("default")
    others = {name: source for name, source in model.provenance.items() if name != "default" and source != default}
    told = ", ".join(f"{name} from {source}" for name, source in others.items())
    return _joined(default, told, model.last_updated and f"updated {model.last_updated}") or "—"


def _draw_card(console: Console, card: Pricing) -> None:
    from modelry.cli.drawing import heading, note, rate_card

    is_matrix_of_tokens = bool(card.overrides) and any(METERS[meter].is_token for meter in card.rates)
    unit = " per 1M tokens" if is_matrix_of_tokens else ""
    since = f"since {card.since[:10]}" if card.since else ""
    console.print()
    console.print(heading(f"Prices in {card.currency}{unit}", since, "a correction" if card.correction else ""))
    if card.source:
        console.print(note(card.source))
    console.print()
    for part in rate_card(card, console.width):
        console.print(part)


def _draw_history(console: Console, model: Model) -> None:
    from modelry.cli.history import by_date

    console.print()
    for part in by_date(model.pricing, console.width):
        console.print(part)
