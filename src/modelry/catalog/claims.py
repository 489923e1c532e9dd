"""Claims: what one source says of one offering, and since when.

A feed's last accepted claims stand in `data/feeds/<source>.json`, in our row schema: one line an offering, with the
day on which the feed first said it (`since`), the days of fields that it changed later (`changed`), its own past
price cards, and `missing_since` where it stopped to list it.

What providers answered when they were asked which models exist stands in `data/verified/<provider>.json`, in the same
form: a claim of `verification` alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from modelry.catalog import rows
from modelry.errors import CatalogRejected
from modelry.jsontext import dumps, loads
from modelry.pricing import Override, Per, Pricing, Rate
from modelry.records import MODEL_FIELDS, Model, is_said

FEEDS = ("litellm", "models_dev", "genai_prices", "openrouter")

VERIFY = "verify"
"""The source of what a provider itself was asked: it speaks of rows that others made, and makes none."""

SOURCES = ("operator", "registry", *FEEDS, VERIFY, "bundle")
"""All sources, in the order in which the catalogue names them."""

_SAID = tuple(name for name in MODEL_FIELDS if name not in ("provider", "model", "last_updated", "provenance"))
_NOISE = Decimal("1e-9")
"""Relative difference below which two prices of feeds are one: floats that were rounded on the way."""


class Claim(NamedTuple):
    """What one source says of one offering.

    `since` is the day on which it first said so; `changed` has the days of fields that it said later. `rates` are
    prices that an operator set for single meters: dated cards of those meters alone.
    """

    source: str
    provider: str
    model: str
    fields: Mapping[str, Any]
    since: str | None = None
    changed: Mapping[str, str] = {}
    rates: Sequence[Pricing] = ()

    def day(self, field: str) -> str | None:
        """The day on which the source first said what it says of this field."""
        return self.changed.get(field, self.since)


class Feed(NamedTuple):
    """The last accepted claims of one feed, and the day of that fetch."""

    source: str
    as_of: str
    claims: Sequence[Claim]


def claim_of(source: str, model: Model, since: str | None) -> Claim:
    """A model as the claim of a source: what is empty or None is not said, nor a family that no mode gives."""
    said = {name: value for name in _SAID if is_said(value := getattr(model, name))}
    if model.mode is None and model.family == "misc":
        del said["family"]
    return Claim(source, model.provider, model.model, said, since)


def accept(previous: Feed | None, source: str, models: Iterable[Model], day: str) -> Feed:
    """The claims of a feed after a fetch on `day`: what it said before keeps its day, a changed price becomes a card.

    Twice is once: the same models on a later day change nothing but `as_of`.
    """
    before = {(claim.provider, claim.model): claim for claim in previous.claims} if previous else {}
    claims = {}
    for model in models:
        key = (model.provider, model.model)
        if key not in claims:  # a feed that lists one offering twice means the first
            claims[key] = _again(before.get(key), claim_of(source, model, day), day)
    for key, claim in before.items():
        if key not in claims:
            claims[key] = claim if "missing_since" in claim.fields else _missing(claim, day)
    return Feed(source, day, [claims[key] for key in sorted(claims)])


def _missing(claim: Claim, day: str) -> Claim:
    return claim._replace(
        fields={"missing_since": day} | dict(claim.fields), changed=dict(claim.changed) | {"missing_since": day}
    )


def _again(before: Claim | None, now: Claim, day: str) -> Claim:
    fields = dict(now.fields)
    if cards := _appended(before.fields.get("pricing", ()) if before else (), fields.get("pricing", ()), day):
        fields["pricing"] = cards
    if before is None:
        return now._replace(fields=fields)
    days = {
        field: day if not same(field, before.fields.get(field), value) else before.changed.get(field)
        for field, value in fields.items()
    }
    changed = {field: said for field, said in days.items() if said and said != before.since}
    return now._replace(fields=fields, since=before.since, changed=changed)


def same(field: str, old: Any, new: Any) -> bool:
    """Whether two values of a field say the same, numbers to nine digits."""
    if field == "pricing":
        return len(old or ()) == len(new) and all(map(same_card, old or (), new))
    return bool(old == new)


def _appended(old: Sequence[Pricing], new: Sequence[Pricing], day: str) -> tuple[Pricing, ...]:
    """The feed's own past cards and what it says now: never overwritten, a changed price is a new card.

    A feed that dates its cards tells their history itself. One that says no price any more ends the last one.
    """
    if any(card.effective_from for card in new):
        return tuple(new)
    now = new[-1] if new else _ended(old[-1]) if old else None
    if now is None or (old and same_card(old[-1], now)):
        return tuple(old)
    return (*old, now._replace(observed=day))


def _ended(card: Pricing) -> Pricing:
    return Pricing(dict.fromkeys(card.rates or ("input_per_token",)), currency=card.currency)


def same_card(old: Pricing, new: Pricing) -> bool:
    """Whether two cards charge the same, whatever their dates and sources."""
    if old.currency != new.currency or len(old.overrides) != len(new.overrides):
        return False
    return _same_rates(old.rates, new.rates) and all(map(_same_override, old.overrides, new.overrides))


def _same_override(old: Override, new: Override) -> bool:
    same_terms = (old.when, old.replace, old.multiply) == (new.when, new.replace, new.multiply)
    return same_terms and _same_rates(old.rates, new.rates)


def _same_rates(old: Mapping[str, Rate], new: Mapping[str, Rate]) -> bool:
    return old.keys() == new.keys() and all(_same_rate(rate, new[meter]) for meter, rate in old.items())


def _same_rate(old: Rate, new: Rate) -> bool:
    if old is None or new is None or isinstance(old, Per) or isinstance(new, Per):
        return old == new
    return abs(old - new) <= _NOISE * max(abs(old), abs(new))


def dump(feed: Feed) -> bytes:
    """The bytes of a feed's file: a line an offering, in order."""
    head = {"source": feed.source, "as_of": feed.as_of}
    lines = ",\n".join(dumps(_line(claim)) for claim in feed.claims)
    return f'{dumps(head)[:-1]},"models":[\n{lines}\n]}}\n'.encode("ascii")


def _line(claim: Claim) -> dict[str, Any]:
    row = rows.plain({"provider": claim.provider, "model": claim.model} | dict(claim.fields))
    row["since"] = claim.since
    return row | ({"changed": dict(claim.changed)} if claim.changed else {})


def load(data: bytes, path: str) -> Feed:
    """The feed of a file's bytes; raises CatalogRejected where they are none."""
    try:
        body = loads(data)
        return Feed(body["source"], body["as_of"], [_claim(body["source"], row) for row in body["models"]])
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise CatalogRejected(path, f"is no file of claims: {error!r}; take it in again") from None


def _claim(source: str, row: dict[str, Any]) -> Claim:
    since, changed = row.pop("since"), row.pop("changed", {})
    fields = rows.revived(row)
    return Claim(source, fields.pop("provider"), fields.pop("model"), fields, since, changed)
