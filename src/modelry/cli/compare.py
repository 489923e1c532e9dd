"""`modelry compare`: models side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import click

from modelry.capabilities import CAPABILITIES
from modelry.cli import COMMANDS
from modelry.cli.options import (
    Command,
    at_option,
    complete_model,
    data_option,
    json_option,
    open_registry,
    split_usage,
    usage_options,
)
from modelry.cli.text import UNKNOWN, count, meter_unit, meter_words, money, rate_shown, window
from modelry.errors import Unpriced
from modelry.meters import METERS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from decimal import Decimal
    from typing import Any

    from rich.console import Console

    from modelry.costs import CostEstimate
    from modelry.pricing import Pricing
    from modelry.records import Model
    from modelry.registry import Registry

_NARROWEST = 18


class Offer(NamedTuple):
    """One column: a model, its card in force, and what the call costs there, or why that is not known."""

    model: Model
    card: Pricing | None
    cost: CostEstimate | None
    why: str


@click.command("compare", cls=Command, short_help=COMMANDS["compare"].help)
@click.argument("models", metavar="ID ID...", nargs=-1, required=True, shell_complete=complete_model)
@data_option
@json_option
def compare_command(models: Sequence[str], *, data: str | None, as_json: bool, at: str | None, **usage: Any) -> None:
    """Two models or more side by side: limits, prices in force, and the capabilities in which they differ.

    With usage (the options of `modelry cost`), what such a call costs on each; costs in different currencies are shown
    and never compared.

    Examples:
      modelry compare openai/gpt-4o google/gemini-2.5-pro
      modelry compare openai/gpt-4o anthropic/claude-sonnet-4-5 --input 10k --output 1k
      modelry compare openai/gpt-4o google/gemini-2.5-pro --input 300k --output 1k --json
    """
    if len(models) < 2:
        msg = "Give two ids or more to compare."
        raise click.UsageError(msg)
    counts, facts = split_usage(usage)
    registry = open_registry(data)
    offers = [_offer(registry, name, counts, {"at": at, **facts}) for name in models]
    if as_json:
        from modelry.cli.plain import model_row
        from modelry.jsontext import dumps

        plain = [
            {
                "model": model_row(offer.model),
                "cost": offer.cost.to_dict() if offer.cost else None,
                "why": offer.why or None,
            }
            for offer in offers
        ]
        click.echo(dumps(plain, indent=2))
        return
    from modelry.cli.drawing import console

    draw(console(), offers, is_costed=bool(counts))


compare_command.params[1:1] = [*usage_options(), at_option]


def _offer(registry: Registry, name: str, counts: dict[str, Any], facts: dict[str, Any]) -> Offer:
    from modelry.select import in_force

    model = registry.get(name)
    card = in_force(model.pricing)
    if not counts:
        return Offer(model, card, None, "")
    try:
        return Offer(model, card, registry.cost(name, **counts, **facts), "")
    except Unpriced as error:
        return Offer(model, card, None, str(error))


def draw(console: Console, offers: Sequence[Offer], *, is_costed: bool) -> None:
    """As many models in a table as the console is wide, the others in tables below."""
    from rich.text import Text

    from modelry.cli.drawing import grid, note, price_text

    sections = [_facts(offers), _prices(offers), _abilities(offers), _costs(offers) if is_costed else {}]
    rows = {label: cells for section in sections for label, cells in section.items()}
    last = {list(section)[-1] for section in sections if section}
    label_width = max(map(len, rows))
    width = max(_NARROWEST, *(len(cell) for cells in rows.values() for cell in cells))
    at_once = max(1, (console.width - label_width) // (width + 2))
    for start in range(0, len(offers), at_once):
        part = slice(start, start + at_once)
        table = grid("")
        table.columns[0].width = label_width
        for offer in offers[part]:
            table.add_column(
                f"{offer.model.provider}/\n{offer.model.model}", justify="right", overflow="fold", width=width
            )
        for label, cells in rows.items():
            table.add_row(Text(label, style="dim"), *map(price_text, cells[part]), end_section=label in last)
        console.print("" * bool(start), table, sep="\n" * bool(start))
    for remark in _remarks(offers):
        console.print(note(remark))


def _facts(offers: Sequence[Offer]) -> dict[str, list[str]]:
    models = [offer.model for offer in offers]
    return {
        "for": [", ".join(model.components) or UNKNOWN for model in models],
        "context": [window(model) for model in models],
        "max output": [count(model.max_output_tokens) for model in models],
        "released": [model.release_date or UNKNOWN for model in models],
        "knows until": [model.knowledge_cutoff or UNKNOWN for model in models],
        "weights": [{True: "open", False: "closed", None: UNKNOWN}[model.open_weights] for model in models],
        "status": [model.status or UNKNOWN for model in models],
    }


def _prices(offers: Sequence[Offer]) -> dict[str, list[str]]:
    """Base rates of every meter that one of the models prices."""
    priced = [
        meter for meter in METERS if any(offer.card and offer.card.rates.get(meter) is not None for offer in offers)
    ]
    return {_price_label(meter): [_rate(offer.card, meter) for offer in offers] for meter in priced}


def _price_label(meter: str) -> str:
    return meter_words(meter) if METERS[meter].is_token else f"{meter_words(meter)} / {meter_unit(meter)}"


def _rate(card: Pricing | None, meter: str) -> str:
    shown = rate_shown(meter, card.rates.get(meter)) if card else UNKNOWN
    return f"{card.currency} {shown}" if card and card.currency != "USD" and shown[0].isdigit() else shown


def _abilities(offers: Sequence[Offer]) -> dict[str, list[str]]:
    """The capabilities in which the models differ."""
    marks = {True: "✓", False: "✗", None: UNKNOWN}
    told = {name: [marks[offer.model.capabilities.get(name)] for offer in offers] for name in CAPABILITIES}
    return {name: cells for name, cells in told.items() if len(set(cells)) > 1}


def _costs(offers: Sequence[Offer]) -> dict[str, list[str]]:
    cells = []
    for offer in offers:
        shown = money(offer.cost.total_cost, offer.cost.currency) if offer.cost else UNKNOWN
        cells.append(shown if offer.cost is None or offer.cost.complete else f"> {shown}")
    totals = [_comparable(offer.cost) for offer in offers]
    known = [total for total in totals if total]
    rows = {"this call": cells}
    if len(known) > 1:
        least = min(known)
        rows["times the least"] = [f"{total / least:.1f}×" if total else UNKNOWN for total in totals]
    return rows


def _comparable(cost: CostEstimate | None) -> Decimal | None:
    return cost.total_cost if cost and cost.complete and cost.currency == "USD" else None


def _remarks(offers: Sequence[Offer]) -> Iterator[str]:
    yield "\nPrices in USD, tokens per 1M; — is unknown."
    both = [name for name in CAPABILITIES if all(offer.model.capabilities.get(name) for offer in offers)]
    if both:
        yield f"All can: {', '.join(both)}."
    for offer in offers:
        if offer.why:
            yield offer.why
        if offer.cost:
            tokens = offer.cost.input_tokens + offer.cost.output_tokens
            if offer.model.context and tokens > offer.model.context:
                yield f"{offer.model.id}: {count(tokens)} tokens are more than its context of {count(offer.model.context)}"
            yield from (f"{offer.model.id}: {warning}" for warning in offer.cost.warnings)
            assumed = [meter_words(line.meter) for line in offer.cost.lines if line.assumed]
            if assumed:
                yield f"{offer.model.id}: assumed rates for {', '.join(assumed)}"
            if offer.cost.unpriced:
                yield f"{offer.model.id}: no price is known for {', '.join(offer.cost.unpriced)}"
