"""The report of a refresh: Markdown for a pull request, plain data for programs, lines for a terminal.

What a feed says stands in code spans, where no name is a mention, a link or HTML, and no character is invisible.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from modelry.catalog.feeds import FORMATS
from modelry.jsontext import dumps, plain
from modelry.meters import METERS
from modelry.pricing import Pricing
from modelry.refresh.cards import meter_of, named, newest, prices_of, shown
from modelry.refresh.engine import FeedReport, Report, RowChange, id_of
from modelry.refresh.guards import Held

_MOST_ROWS = 200
"""Rows of one table: a pull request of more is read as JSON."""

_LONGEST = 60_000
"""Characters of the whole: GitHub takes 65,536 for a pull request's body."""

_MOST_LINES = 20
"""Lines of each kind on a terminal."""

_PRICED = frozenset({"pricing", "input_per_1k", "output_per_1k", "embed_per_1k", "rerank_per_1k", "per_request"})
"""Fields that say prices; the last five are views of the first."""

_MORE = "… the report is longer; `--json` has all of it."


class Repriced(NamedTuple):
    """A price that changed, of a million tokens or of one of what else is counted; None is unknown."""

    id: str
    price: str
    old: Decimal | None
    new: Decimal | None
    factor: Decimal | None


def as_data(report: Report) -> dict[str, Any]:
    """The report as plain data."""
    return {
        "feeds": [{**feed._asdict(), "held": [held._asdict() for held in feed.held]} for feed in report.feeds],
        "new": [{"id": id_of(row), **row} for row in report.new],
        "changed": [
            {"id": row.id, "fields": {f: {"old": old, "new": new} for f, (old, new) in row.fields.items()}}
            for row in report.changed
        ],
        "deprecated": list(report.deprecated),
        "returned": list(report.returned),
        "merged": list(report.merged),
        "untouched": report.untouched,
        "pending": report.pending,
        "written": list(report.written),
    }


def repriced(report: Report) -> list[Repriced]:
    """The prices that changed, what changed most first."""
    found = [price for row in report.changed for price in _repriced(row)]
    return sorted(found, key=lambda one: -max(one.factor, 1 / one.factor) if one.factor else Decimal("-Infinity"))


def _repriced(row: RowChange) -> Iterator[Repriced]:
    was, now = (
        newest([Pricing.from_dict(card) for card in cards or ()]) for cards in row.fields.get("pricing", ((), ()))
    )
    old, new = prices_of(was), prices_of(now)
    for name in (name for name in {**old, **new} if old.get(name) != new.get(name)):
        before, after = (shown(name, prices[name]) if name in prices else None for prices in (old, new))
        yield Repriced(row.id, named(name), before, after, after / before if before and after else None)


def others(row: RowChange) -> dict[str, tuple[Any, Any]]:
    """What changed of a row besides what has a list of its own: field -> old and new value."""
    told = {"missing_since", *(_PRICED if "pricing" in row.fields else ())}  # else an announced price came into force
    found = {field: _differing(*values) for field, values in row.fields.items() if field not in told}
    if "pricing" in row.fields and not any(_repriced(row)):
        old, new = (f"{len(cards or ())} dated" for cards in row.fields["pricing"])
        found["pricing"] = old, new
    return found


def _differing(old: Any, new: Any) -> tuple[Any, Any]:
    """Two values, or of two mappings the parts that differ."""
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return old, new
    parts = {key: _differing(old.get(key), new.get(key)) for key in {**old, **new} if old.get(key) != new.get(key)}
    return {key: one for key, (one, _) in parts.items() if key in old}, {
        key: one for key, (_, one) in parts.items() if key in new
    }


# Markdown


def markdown(report: Report) -> str:
    """The report for people, as the body of a pull request."""
    text = "\n".join([*_head(report), *_feeds(report.feeds), *_body(report)]).rstrip()
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST].rpartition(chr(10))[0]}\n\n{_MORE}"
    return text + "\n"


def _head(report: Report) -> Iterator[str]:
    yield f"# Catalogue refresh: {_state(report)}\n"
    yield f"{counted(report)}.\n"


def _state(report: Report) -> str:
    if report.pending:
        return "applied" if report.written else "pending"
    return "rejected" if any(feed.rejected for feed in report.feeds) else "nothing changed"


def _feeds(told: Iterable[FeedReport]) -> Iterator[str]:
    yield from _table(
        ("feed", "as of", "models", ""),
        ((FORMATS[feed.source].word, feed.day, f"{feed.models:,}", _outcome(feed)) for feed in told),
    )
    for feed in told:
        if feed.held:
            yield f"## In quarantine: {FORMATS[feed.source].word} ({len(feed.held)})\n"
            yield "What was known stays. `--accept` takes these in after a person has looked. USD per 1M tokens or per unit.\n"
            yield from _table(("row", "what", "known", "fed", "why"), (map(_code, _held(held)) for held in feed.held))


def _held(held: Held) -> tuple[str, str, str | None, str | None, str]:
    """What waits, its prices as people say them."""
    old, new = (
        plain(shown(held.field, Decimal(text))) if text and meter_of(held.field) in METERS else text
        for text in (held.old, held.new)
    )
    return held.id, named(held.field), old, new, held.reason


def _outcome(feed: FeedReport) -> str:
    if feed.rejected:
        return f"**rejected**: {_code(feed.rejected)}"
    return f"{len(feed.held)} in quarantine" if feed.held else "taken in"


def _body(report: Report) -> Iterator[str]:
    prices = repriced(report)
    if prices:
        yield f"## Repriced ({len({one.id for one in prices})}), USD per 1M tokens or per unit\n"
        yield from _table(("row", "price", "old", "new", "factor"), map(_price_cells, prices))
    if report.new:
        yield f"## New ({len(report.new)}), USD per 1M tokens\n"
        yield from _table(("row", "input", "output", "context"), map(_new_cells, report.new))
    for title, ids in (
        ("No longer listed", report.deprecated),
        ("Returned", report.returned),
        ("Now a spelling of another row", report.merged),
    ):
        if ids:
            yield f"## {title} ({len(ids)})\n"
            yield from (f"- {_code(name)}" for name in ids[:_MOST_ROWS])
            yield from _rest(len(ids))
    changed = [(row.id, field, *values) for row in report.changed for field, values in others(row).items()]
    if changed:
        yield f"## Changed otherwise ({len({name for name, *_ in changed})})\n"
        yield from _table(("row", "field", "old", "new"), ([_code(cell) for cell in cells] for cells in changed))


def _price_cells(one: Repriced) -> Sequence[str]:
    return _code(one.id), _code(one.price), _price(one.old), _price(one.new), _times(one.factor)


def _new_cells(row: Mapping[str, Any]) -> Iterator[str]:
    """No price of a new row could be compared with one of before: a person looks at it here."""
    prices = prices_of(newest([Pricing.from_dict(card) for card in row.get("pricing", ())]))
    yield _code(id_of(row))
    for meter in ("input_per_token", "output_per_token"):
        yield _price(shown(meter, prices[meter]) if meter in prices else None)
    yield f"{row['context']:,}" if "context" in row else "–"


def _times(factor: Decimal | None) -> str:
    return f"{plain(Decimal(f'{factor:.3g}'))}×" if factor else ""


def _price(price: Decimal | None) -> str:
    return "unknown" if price is None else plain(price)


def _table(heading: Sequence[str], cells: Iterable[Iterable[str]]) -> Iterator[str]:
    lines = list(cells)
    yield f"| {' | '.join(heading)} |"
    yield f"|{'---|' * len(heading)}"
    yield from (f"| {' | '.join(line)} |" for line in lines[:_MOST_ROWS])
    yield from _rest(len(lines))


def _rest(count: int) -> Iterator[str]:
    if count > _MOST_ROWS:
        yield f"\n… and {count - _MOST_ROWS:,} more; `--json` has them all."
    yield ""


_OF_SPANS = str.maketrans({"`": "'", "|": "¦"})


def _code(value: Any) -> str:
    """A feed's words as words, in a cell of a table or a line of a list."""
    if value is None or value == "":
        return "–"
    text = value if isinstance(value, str) else dumps(value)
    text = text if len(text) <= 120 else f"{text[:117]}..."
    return f"`{legible(text).translate(_OF_SPANS).strip() or '?'}`"


def legible(text: str) -> str:
    """Text on one line, each character that cannot be seen, or that moves others, a question mark."""
    return "".join(c if c.isprintable() else "?" for c in text)


# Terminal


def _listed(report: Report) -> dict[str, Sequence[str]]:
    """The ids of rows that came, went, came back, or are another row's by now."""
    return {
        "new": [*map(id_of, report.new)], "no longer listed": report.deprecated, "returned": report.returned,
        "merged": report.merged,
    }  # fmt: skip


def counted(report: Report) -> str:
    """How much of each there is, of what there is any."""
    held = [held for feed in report.feeds for held in feed.held]
    new, *others = _listed(report).items()
    counts = (new, ("changed", report.changed), *others, ("in quarantine", held))
    found = [f"{len(what):,} {name}" for name, what in counts if what]
    return ", ".join([*found, f"{report.untouched:,} untouched"])


def summary(report: Report) -> str:
    """The report in some lines: what changed, and what waits."""
    lines = [counted(report)]
    lines += _some(f"  {_told(one)}" for one in repriced(report))
    for word, names in _listed(report).items():
        lines += _some(f"  {word}: {name}" for name in names)
    for feed in report.feeds:
        told = map(_held, feed.held)
        lines += _some(
            f"  in quarantine: {name} {what} {old or '–'} -> {new or '–'}: {why}" for name, what, old, new, why in told
        )
    if report.written:
        lines += [f"wrote {path}" for path in report.written]
    elif report.pending:
        lines.append("nothing is written: --apply does that")
    return "\n".join(map(legible, lines))


def _told(one: Repriced) -> str:
    return f"{one.id} {one.price} {_price(one.old)} -> {_price(one.new)} {_times(one.factor)}".rstrip()


def _some(lines: Iterable[str]) -> Iterator[str]:
    found = list(lines)
    yield from found[:_MOST_LINES]
    if len(found) > _MOST_LINES:
        yield f"  … and {len(found) - _MOST_LINES:,} more; --json has them all"
