"""`modelry cost`: plain text, and nothing imported that a price does not need."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

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
from modelry.errors import ModelryError
from modelry.meters import METERS
from modelry.usage import EXACT

if TYPE_CHECKING:
    from typing import Any

    from modelry.costs import CostEstimate
    from modelry.dialects.documents import Recorded
    from modelry.registry import Registry


@click.command("cost", cls=Command, short_help=COMMANDS["cost"].help)
@click.argument("model", metavar="[ID]", required=False, shell_complete=complete_model)
@click.option(
    "--response",
    metavar="FILE",
    type=click.Path(dir_okay=False, allow_dash=True),
    help="Price a provider's response: JSON, JSON Lines or a recorded stream; - reads it from the standard input.",
)
@click.option(
    "--model", "named", metavar="ID", shell_complete=complete_model, help="Model of a response that does not name it."
)
@click.option("--api", metavar="API", help="Dialect of the response, such as openai.chat. [default: its shape tells]")
@click.option("--strict", is_flag=True, help="Refuse where a rate is assumed or a quantity has no price.")
@provider_option
@data_option
@json_option
def cost_command(
    model: str | None, *, response: str | None, named: str | None, api: str | None, strict: bool,
    provider: str | None, data: str | None, as_json: bool, at: str | None, **usage: Any,
) -> None:  # fmt: skip
    """What a call costs, exactly: to the model ID, or the one that a provider's response answers.

    Say how much was used; every token stands in exactly one bucket (or give the inclusive totals --input-tokens and
    --output-tokens). N may be written 1500, 1_500, 1,500, 1.5k or 2M. A quantity without a known price is never $0: it
    is listed as unpriced, and --strict refuses it. Exit status 1 where no price is known at all.

    With --response FILE (- is the standard input), the response says how much of what was used, and mostly of which
    model. Of JSON Lines each line is priced; those that cannot be are told on stderr, and the exit status is 1.

    Examples:
      modelry cost openai/gpt-4o --input 1000 --output 500
      modelry cost anthropic/claude-sonnet-4-5 --input 1k --cached 50k --cache-write-1h 2k --output 800
      modelry cost google/gemini-2.5-pro --input 300k --output 1k --at 2026-03-01
      modelry cost openai/gpt-4o --input 2M --output 100k --tier batch --json
    """
    counts, facts = split_usage(usage)
    if response is not None:
        _check_response_options(model, named, counts, facts)
        call = {"provider": provider, "model": model or named, "api": api, "at": at, "strict": strict, **facts}
        _price_responses(open_registry(data), _text_of(response), call, as_json=as_json)
        return
    for option, given in (("--model", named), ("--api", api)):
        if given is not None:
            raise click.UsageError(f"{option} goes with --response.")
    if model is None:
        raise click.UsageError("Missing argument 'ID' (or --response FILE).")
    if not counts:
        msg = "Say how much was used, such as --input 1000 --output 500."
        raise click.UsageError(msg)
    _show(open_registry(data).cost(model, provider=provider, at=at, strict=strict, **counts, **facts), as_json=as_json)


cost_command.params[1:1] = [*usage_options(), at_option]


def _show(estimate: CostEstimate, *, as_json: bool) -> None:
    if as_json:
        from modelry.jsontext import dumps

        click.echo(dumps(estimate.to_dict(), indent=2))
        return
    click.echo(text(estimate))
    for warning in estimate.warnings:
        click.echo(f"Warning: {warning}", err=True)


# Responses


class Priced(NamedTuple):
    """A line of a file of responses: what it cost, or why it was not priced."""

    line: int | None
    estimate: CostEstimate | None
    refusal: str | None = None


def _check_response_options(model: str | None, named: str | None, *given: dict[str, Any]) -> None:
    if model is not None and named is not None:
        raise click.UsageError("The model stands before --response or in --model, not in both.")
    beside = [name for names in given for name in names if name not in ("service_tier", "region")]
    if beside:
        raise click.UsageError(f"--{beside[0].replace('_', '-')} is what the response says; leave it out.")


def _text_of(source: str) -> str:
    with click.open_file(source, "rb") as file:
        raw: bytes = file.read()
    return raw.decode("utf-8", "replace")


def _price_responses(registry: Registry, written: str, call: dict[str, Any], *, as_json: bool) -> None:
    from modelry.dialects.documents import recorded

    found = recorded(written)
    if found[0].line is None:
        _show(registry.cost_response(found[0].body, **call), as_json=as_json)
        return
    priced = [_priced(registry, response, call) for response in found]
    if as_json:
        from modelry.jsontext import dumps

        click.echo(dumps({"lines": [_line_dict(one) for one in priced], "totals": _totals(priced)}, indent=2))
    else:
        click.echo(table(priced))
    for one in priced:
        if one.refusal:
            click.echo(f"Error: line {one.line}: {one.refusal}", err=True)
        for warning in one.estimate.warnings if one.estimate else ():
            click.echo(f"Warning: line {one.line}: {warning}", err=True)
    if any(one.refusal for one in priced):
        raise click.exceptions.Exit(1)


def _priced(registry: Registry, response: Recorded, call: dict[str, Any]) -> Priced:
    if response.problem:
        return Priced(response.line, None, response.problem)
    try:
        return Priced(response.line, registry.cost_response(response.body, **call))
    except ModelryError as error:
        return Priced(response.line, None, str(error))


def _line_dict(one: Priced) -> dict[str, Any]:
    return {"line": one.line, **(one.estimate.to_dict() if one.estimate else {"error": one.refusal})}


def _totals(priced: list[Priced]) -> list[dict[str, Any]]:
    """A total for each currency: different ones are never summed."""
    totals: dict[str, dict[str, Any]] = {}
    for one in priced:
        if (found := one.estimate) is None:
            continue
        total = totals.setdefault(found.currency, {
            "currency": found.currency, "responses": 0, "input_tokens": 0, "output_tokens": 0,
            "total_cost": Decimal(0), "complete": True,
        })  # fmt: skip
        total["responses"] += 1
        total["input_tokens"] += found.input_tokens
        total["output_tokens"] += found.output_tokens
        total["total_cost"] = EXACT.add(total["total_cost"], found.total_cost or Decimal(0))
        total["complete"] = total["complete"] and found.complete
    return list(totals.values())


def table(priced: list[Priced]) -> str:
    """A line for each response, and below them what they cost together; the decimal points in one column."""
    good = [one for one in priced if one.estimate is not None]
    totals = _totals(good)
    amounts = aligned(
        [money(one.estimate.total_cost, one.estimate.currency) for one in good if one.estimate]
        + [money(total["total_cost"], total["currency"]) for total in totals]
    )
    rows = [("line", "model", "in", "out", "cost", "")]
    rows += [
        (str(one.line), one.estimate.model, count(one.estimate.input_tokens), count(one.estimate.output_tokens), amount,
         _marks(one.estimate))
        for one, amount in zip(good, amounts, strict=False) if one.estimate
    ]  # fmt: skip
    rows += [
        ("", _total_name(total, len(priced)), count(total["input_tokens"]), count(total["output_tokens"]), amount, "")
        for total, amount in zip(totals, amounts[len(good) :], strict=True)
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(6)]
    right = (0, 2, 3)
    return "\n".join(
        "  ".join(
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def _marks(estimate: CostEstimate) -> str:
    assumed = ["assumed"] if any(line.assumed for line in estimate.lines) else []
    return ", ".join([*assumed, *(f"no price for {words(bucket)}" for bucket in estimate.unpriced)])


def _total_name(total: dict[str, Any], asked: int) -> str:
    name = "total" if total["complete"] else "total of what is priced"
    return name if total["responses"] == asked else f"{name} ({total['responses']} of {asked} lines)"


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
    if estimate.reported is not None:
        notes.append(f"the provider itself reports {money(estimate.reported, 'USD')}")
    if estimate.source:
        notes.append(f"from {estimate.source}")
    if any(line.assumed for line in estimate.lines):
        notes.append("assumed: the rate card does not say this rate for this call; the nearest one stands in")
    return ["", *(f"  {note}" for note in notes)] if notes else []
