"""Parameters that several commands share: numbers as people write them, names that complete, usage by its tables."""

from __future__ import annotations

import inspect
import os
import re
import sys
from decimal import Decimal
from typing import TYPE_CHECKING

import click

from modelry.conditions import CONDITIONS, FACTS, SERVICE_TIERS, STANDARD_TIERS
from modelry.meters import BUCKETS, FRACTIONAL_UNITS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from click.shell_completion import CompletionItem

    from modelry.registry import Registry
    from modelry.snapshot import Snapshot

    _Type = click.ParamType[int | Decimal]
else:
    _Type = click.ParamType  # its type argument costs a start, and older click has none

# Commas part groups of three, so that 1,5 is refused rather than read as 15; underscores stand anywhere between digits.
_NUMBER = re.compile(r"(?P<digits>\d{1,3}(?:,\d{3})+|\d+(?:_\d+)*)(?P<fraction>\.\d+)?(?P<suffix>[kKM]?)", re.ASCII)
_TIMES = {"": 1, "k": 1_000, "K": 1_000, "M": 1_000_000}
_LONGEST = 24


class Number(_Type):
    """An exact number: digits, `_` or `,` between them, k for thousands, M for millions."""

    def __init__(self, name: str, *, whole: bool) -> None:
        self.name = name
        self._whole = whole

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int | Decimal:
        """Exactly what was written; a fraction only where the unit has fractions."""
        if isinstance(value, int | Decimal):
            return value
        match = _NUMBER.fullmatch(str(value))
        if match is None or len(str(value)) > _LONGEST:
            self.fail(f"{value!r} is no number; write it as 1500, 1_500, 1,500, 1.5k or 2M.", param, ctx)
        digits = match["digits"].replace(",", "").replace("_", "")
        number = Decimal(digits + (match["fraction"] or "")) * _TIMES[match["suffix"]]
        if number != number.to_integral_value():
            if self._whole:
                self.fail(f"{value!r} is no whole number.", param, ctx)
            return number
        return int(number)


COUNT = Number("n", whole=True)
QUANTITY = Number("n", whole=False)
PRICE = Number("price", whole=False)


def open_registry(catalog: str | None) -> Registry:
    """The registry that `--data`, the environment, or else the package names."""
    from modelry.registry import Registry

    return Registry.open(catalog)


def is_piped() -> bool:
    """Whether a program reads what is printed: nobody watches, and nobody said how wide it may be."""
    return not sys.stdout.isatty() and not os.environ.get("COLUMNS")


# Completion: what TAB offers. It never fails: a broken catalogue offers nothing.

_MOST_OFFERED = 500


def complete_model(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Ids that begin like this; a provider's alias before the slash is understood."""
    head, slash, tail = incomplete.partition("/")

    def ids(snapshot: Snapshot) -> Iterable[str]:
        provider = snapshot.provider_of(head) if slash else None
        scope, start = ("provider = ?", tail) if provider else ("? IS NULL", incomplete)
        text = "name" if provider else "provider || '/' || name"
        where = f"{scope} AND substr({text}, 1, ?) = ?"
        query = f"SELECT provider, name FROM names WHERE {where} ORDER BY provider, name LIMIT ?"
        for found, name in snapshot.rows(query, (provider, len(start), start, _MOST_OFFERED)):
            yield f"{head if provider else found}/{name}"

    return _offered(ctx, ids)


def complete_provider(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Provider ids and aliases that begin like this."""
    query = "SELECT spelling FROM spellings WHERE substr(spelling, 1, ?) = ? ORDER BY spelling LIMIT ?"
    given = len(incomplete), incomplete.lower(), _MOST_OFFERED
    return _offered(ctx, lambda snapshot: (row[0] for row in snapshot.rows(query, given)))


def complete_from(*words: str) -> Callable[[click.Context, click.Parameter, str], list[str]]:
    """Words of a table that begin like this, in any case."""
    return lambda _ctx, _param, incomplete: [word for word in words if word.lower().startswith(incomplete.lower())]


def _offered(ctx: click.Context, names: Callable[[Snapshot], Iterable[str]]) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    from modelry.errors import ModelryError

    try:
        return [CompletionItem(name) for name in names(open_registry(ctx.params.get("data")).snapshot)]
    except (ModelryError, OSError):
        return []


# Options that stand on several commands

data_option = click.option(
    "--data", metavar="PATH", type=click.Path(),
    help="Catalogue: a data/models.json, a v1 folder or a snapshot. [default: $MODELRY_CATALOG, else the package's]",
)  # fmt: skip

json_option = click.option(
    "--json", "as_json", is_flag=True, help="One JSON document, numbers exact to the last digit."
)

provider_option = click.option(
    "--provider", metavar="NAME", shell_complete=complete_provider, help="Read the name as one of this provider's."
)


# Usage and the facts of a call, from the tables that define them

_SHORT = {"cached_input": "--cached", "service_tier": "--tier"}
_COMMON = ("input", "cached_input", "cache_write", "cache_write_1h", "output", "reasoning")

FACT_HELP = {
    "service_tier": f"Tier that served the call: {', '.join(sorted(SERVICE_TIERS))}.",
    "region": "Region that served the call, such as us, eu or us-east-1.",
    "speed": "Speed that the response reports, such as fast.",
    "endpoint": "Endpoint that a price is bound to.",
    "cache_mode": "How the cache was read: explicit.",
    "resolution": "Resolution of what was made, such as 720p.",
    "search_context_size": "Depth of a web search: low, medium or high.",
    "results": "Results asked of a search.",
    "video_interval": "Seconds between the frames of a video.",
    "image_size": "Size of an image, such as 1024-x-1024.",
    "image_quality": "Quality of an image, such as hd.",
    "steps": "Steps that made an image.",
    "commitment": "Commitment that the capacity was bought with.",
}
"""What each fact of a call is. A new fact of `conditions` gets an option without being named here."""


_BUCKET_HELP = {
    "input": "Input tokens, without those read from or written to a cache.",
    "output": "Output tokens, without reasoning counted apart.",
    "cached_input": "Input tokens read from a cache.",
    "cache_write": "Input tokens written to a cache for 5 minutes.",
    "cache_write_1h": "Input tokens written to a cache for an hour.",
    "cache_write_12h": "Input tokens written to a cache for 12 hours.",
    "reasoning": "Output tokens of thinking, counted apart from --output.",
    "seconds": "Seconds of the media that go in or come out.",
    "capacity_seconds": "Seconds of provisioned throughput.",
    "queries": "Queries of a search or a reranker (search units).",
    "requests": "Requests. [default: 1 where a request has a price]",
    "web_searches": "Web searches, where each is billed.",
    "grounded_prompts": "Prompts grounded by web search, where the prompt is billed.",
    "maps_searches": "Searches in maps, where each is billed.",
    "maps_prompts": "Prompts grounded in maps, where the prompt is billed.",
    "sessions": "Sessions of a code interpreter.",
    "file_search_storage_gb_days": "Storage of file search, in gigabyte-days.",
    "vector_store_storage_gb_days": "Storage of vectors, in gigabyte-days.",
}


def bucket_help(bucket: str) -> str:
    """What a bucket counts. A new row of the meter table gets a line without being named here."""
    kind = " tokens" if BUCKETS[bucket][0].is_token and bucket != "citations" else ""
    return _BUCKET_HELP.get(bucket, f"{words(bucket).capitalize()}{kind}.")


def words(name: str) -> str:
    """`cache_write_1h` as people read it: cache write 1h."""
    return name.replace("_", " ")


def unit_of(bucket: str) -> str:
    """The unit that a bucket counts: token, image, second."""
    return BUCKETS[bucket][0].unit.replace("_", "-")


class UsageOption(click.Option):
    """An option made from a row of a table; `section` is where the help shows it."""

    def __init__(self, field: str, section: str, **attributes: Any) -> None:
        self.section = section
        names = [_SHORT[field]] if field in _SHORT else []
        super().__init__([f"--{field.replace('_', '-')}", *names, field], **attributes)


def usage_options() -> list[click.Parameter]:
    """An option for every bucket of usage and every fact that a price can hang on."""
    ordered = (*_COMMON, *(bucket for bucket in BUCKETS if bucket not in _COMMON))
    options: list[click.Parameter] = [UsageOption(bucket, _section(bucket), **_bucket(bucket)) for bucket in ordered]
    for side, what in (("input", "cache reads and writes"), ("output", "reasoning")):
        text = f"All {side} tokens, {what} included: the total that OpenAI reports."
        options.append(UsageOption(f"{side}_tokens", "Tokens", type=COUNT, metavar="N", help=text))
    facts = sorted(FACTS, key=lambda fact: list(FACT_HELP).index(fact) if fact in FACT_HELP else len(FACT_HELP))
    return [*options, *(UsageOption(fact, "The call", **_fact(fact)) for fact in facts)]


def _section(bucket: str) -> str:
    if bucket in _COMMON:
        return "Tokens"
    return "Tokens of other kinds" if BUCKETS[bucket][0].is_token else "Other quantities"


def _bucket(bucket: str) -> dict[str, Any]:
    fractional = BUCKETS[bucket][0].unit in FRACTIONAL_UNITS
    return {"type": QUANTITY if fractional else COUNT, "metavar": "N", "help": bucket_help(bucket)}


_COUNTED_FACTS = frozenset(c.fact for c in CONDITIONS.values() if c.value == "integer")


def _fact(fact: str) -> dict[str, Any]:
    plain = {"help": FACT_HELP.get(fact, f"{words(fact).capitalize()} of the call.")}
    if fact in _COUNTED_FACTS:
        return {"type": COUNT, "metavar": "N", **plain}
    if fact == "service_tier":
        plain["shell_complete"] = complete_from(*sorted(SERVICE_TIERS | STANDARD_TIERS))  # type: ignore[assignment]
    return {"metavar": "TIER" if fact == "service_tier" else "WORD", **plain}


def split_usage(options: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What was given, parted into (counts, facts)."""
    given = {name: value for name, value in options.items() if value is not None}
    facts = {name: given.pop(name) for name in FACTS & given.keys()}
    return given, facts


at_option = UsageOption(
    "at", "The call", metavar="WHEN", help="When the call was made: 2026-03-01 or 2026-03-01T14:30Z. [default: now]"
)


class Command(click.Command):
    """A command whose help shows its options by section, the general ones last, and then its examples.

    Everything from a line `Examples:` on in the docstring is shown as it stands.
    """

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The docstring up to its examples."""
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(self._parted_help()[0])

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The examples, below the options: the last lines are what a terminal shows."""
        formatter.write(f"\nExamples:\n{self._parted_help()[1]}\n")

    def _parted_help(self) -> tuple[str, str]:
        text, _, examples = inspect.cleandoc(self.help or "").partition("\n\nExamples:\n")
        return text, examples.rstrip()

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Options by section."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            record = None if isinstance(param, click.Argument) else param.get_help_record(ctx)
            if record is not None:
                sections.setdefault(getattr(param, "section", "Options"), []).append(record)
        general = sections.pop("Options", [])
        for title, records in (*sections.items(), ("Options", general)):
            with formatter.section(title):
                formatter.write_dl(records, col_max=26)
