"""`modelry audit`: where sources disagree."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from modelry.cli import COMMANDS
from modelry.cli.maintain import json_option, progress, root_option
from modelry.cli.options import Command
from modelry.cli.text import digits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from modelry.refresh.audit import Finding

_LEVELS = ("info", "warning", "error")


@click.command("audit", cls=Command, short_help=COMMANDS["audit"].help)
@click.option("--provider", metavar="ID", help="Only rows of this provider.")
@click.option("--level", type=click.Choice(_LEVELS), default="warning", show_default=True, help="Least level to tell.")
@click.option("--limit", type=click.IntRange(0), default=40, show_default=True, metavar="N", help="Most findings shown; 0 is all.")  # fmt: skip
@click.option("--fail-on", type=click.Choice(_LEVELS), help="Exit with 1 where there is a finding of this level or worse.")  # fmt: skip
@root_option
@json_option
def audit_command(
    provider: str | None, level: str, limit: int, fail_on: str | None, root: Path, *, as_json: bool
) -> None:
    """Where a source says another price or limit than the catalogue: by how much, who agrees, and the likely cause.

    Sorted by the money at stake: the difference in the price of a million tokens, three quarters of them input. `error` is
    what cannot be meant here (a unit slip, input and output swapped, 0, where more sources say otherwise), `warning`
    another price, `info` a gap or a limit. --json tells all levels.

    Examples:
      modelry audit
      modelry audit --provider openai --level info
      modelry audit --json --fail-on error
    """
    from modelry.jsontext import dumps
    from modelry.refresh.audit import audit

    found = [one for one in audit(root, tell=progress) if provider in (None, one.id.partition("/")[0])]
    if as_json:
        click.echo(dumps([one._asdict() for one in found], indent=2))
    else:
        _draw([one for one in found if _LEVELS.index(one.level) >= _LEVELS.index(level)], limit)
    if fail_on and any(_LEVELS.index(one.level) >= _LEVELS.index(fail_on) for one in found):
        raise click.exceptions.Exit(1)


def _draw(found: Sequence[Finding], limit: int) -> None:
    from modelry.cli.drawing import console, grid

    table = grid("model", "field", "ours", "theirs", "factor", "says so", "says as we do", "likely")
    shown = found[:limit] if limit else found
    for one in shown:
        factor = f"{one.factor.normalize():f}×" if one.factor is not None else ""
        sources = ", ".join(one.sources)
        field = one.field.removesuffix("_per_token").replace("_", " ")
        table.add_row(
            one.id, field, _number(one.ours), _number(one.theirs), factor, sources, ", ".join(one.with_us), one.cause
        )
    if shown:
        console().print(table)
        click.echo()
    more = len(found) - len(shown)
    click.echo(f"{len(found):,} findings" + (f", {more:,} more of them with --limit 0 or --json" if more else ""))


def _number(value: Decimal | int | None) -> str:
    return "—" if value is None else f"{value:,}" if isinstance(value, int) else digits(value)
