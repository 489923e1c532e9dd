"""`modelry cost`: plain text, and nothing imported that a price does not need."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from modelry.cli import COMMANDS
from modelry.cli.options import (
    Command,
    at_option,
    complete_model,
    data_option,
    json_option,
    open_registry,
    provider_option,
    split_usage,
    unit_of,
    usage_options,
    words,
)
from modelry.cli.text import aligned, count, money, unit_price
from modelry.meters import METERS

if TYPE_CHECKING:
    from typing import Any

    from modelry.costs import CostEstimate


@click.command("cost", cls=Command, short_help=COMMANDS["cost"].help)
@click.argument("model", metavar="ID", shell_complete=complete_model)
@click.option("--strict", is_flag=True, help="Refuse where a rate is assumed or a quantity has no price.")
@provider_option
@data_option
@json_option
def cost_command(
    model: str, *, strict: bool, provider: str | None, data: str | None, as_json: bool, at: str | None, **usage: Any
) -> None:
    """What a call to the model ID costs, exactly.

    Say how much was used; every token stands in exactly one bucket (or give the inclusive totals --input-tokens and
    --output-tokens). N may be written 1500, 1_500, 1,500, 1.5k or 2M. A quantity without a known price is never $0: it
    is listed as unpriced, and --strict refuses it. Exit status 1 where no price is known at all.

    Examples:
      modelry cost openai/gpt-4o --input 1000 --output 500
      modelry cost anthropic/claude-sonnet-4-5 --input 1k --cached 50k --cache-write-1h 2k --output 800
      modelry cost google/gemini-2.5-pro --input 300k --output 1k --at 2026-03-01
      modelry cost openai/gpt-4o --input 2M --output 100k --tier batch --json
    """
    counts, facts = split_usage(usage)
    if not counts:
        msg = "Say how much was used, such as --input 1000 --output 500."
        raise click.UsageError(msg)
    estimate = open_registry(data).cost(model, provider=provider, at=at, strict=strict, **counts, **facts)
    if as_json:
        from modelry.jsontext import dumps

        click.echo(dumps(estimate.to_dict(), indent=2))
        return
    click.echo(text(estimate))
    for warning in estimate.warnings:
        click.echo(f"Warning: {warning}", err=True)


cost_command.params[1:1] = [*usage_options(), at_option]


def text(estimate: CostEstimate) -> str:
    """The estimate as lines that add up, the decimal points in one column."""
    currency = estimate.currency
    names = [words(METERS[line.meter].bucket) for line in estimate.lines] + [
        words(bucket) for bucket in estimate.unpriced
    ]
    total = "total" if estimate.complete else "total of what is priced"
    quantities = [f"{count(line.quantity)} {_units(line.meter, line.quantity)}" for line in estimate.lines]
    prices = aligned([unit_price(line.meter, line.rate, currency) for line in estimate.lines])
    amounts = aligned(
        [money(amount, currency) for amount in (*(line.amount for line in estimate.lines), estimate.total_cost)]
    )
    first, second, third = (max(map(len, cells), default=0) for cells in ([*names, total], quantities, prices))
    rows = [
        f"  {name:<{first}}  {quantity:>{second}}  {price:<{third}}  {amount}" + ("  assumed" if line.assumed else "")
        for name, quantity, price, amount, line in zip(names, quantities, prices, amounts, estimate.lines, strict=False)
    ]
    rows += [f"  {words(bucket):<{first}}  no price is known per {unit_of(bucket)}" for bucket in estimate.unpriced]
    rows.append(f"  {total:<{first}}  {'':>{second}}  {'':<{third}}  {amounts[-1]}")
    return "\n".join([estimate.model, "", *(row.rstrip() for row in rows), *_footnotes(estimate)])


def _units(meter: str, quantity: object) -> str:
    unit = METERS[meter].unit.replace("_", "-")
    plural = "queries" if unit == "query" else f"{unit}s"
    return unit if quantity == 1 else plural


def _footnotes(estimate: CostEstimate) -> list[str]:
    found = estimate.resolution
    notes = [f"{found.asked} means {estimate.model} ({found.method})"] if found.asked != estimate.model else []
    tier = f"of the {estimate.service_tier} tier" if estimate.service_tier else ""
    region = f"in region {estimate.region}" if estimate.region else ""
    since = f"since {estimate.effective_from}" if estimate.effective_from else ""
    if told := " ".join(part for part in (tier, region, since) if part):
        notes.append(f"rates {told}")
    if estimate.source:
        notes.append(f"from {estimate.source}")
    if any(line.assumed for line in estimate.lines):
        notes.append("assumed: the rate card does not say this rate for this call; the nearest one stands in")
    return ["", *(f"  {note}" for note in notes)] if notes else []
