"""What a dialect's table says: where each count stands, the bucket that it feeds, and which other counts include it.

    Field("prompt_tokens", "input")
    Field("prompt_tokens_details.cached_tokens", "cached_input", ("input",))     cached tokens are part of the prompt

A path is `a.b`, `a|b` (the first that is there), `a[]` (the items of a list), `a[type=x]` (those whose `type` is x; `x/y`
is either, a trailing `/` lets items pass that do not say, `&` joins two conditions) and `a[type=x].b` (their `b`).
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import NamedTuple
else:
    from modelry._named import NamedTuple


class Field(NamedTuple):
    """A count: where it stands, its bucket, and the buckets whose own count includes it.

    Two wholes that overlap (cached ∩ audio) are both named: what they share is then counted once. `how` is `sum`
    (numbers), `items` (how many), `distinct` (how many different texts), `any` (1 where there is one), or `times` (a
    number, else 1 for what is there). `of` is where the path starts: the `usage` object or the `response` around it.
    """

    path: str
    bucket: str
    within: tuple[str, ...] = ()
    of: str = "usage"
    how: str = "sum"


class Fact(NamedTuple):
    """What a response says of its call besides counts: the words of the provider become those of a price."""

    fact: str
    path: str
    words: Mapping[str, str | None] = {}
    of: str = "response"


class Reading(NamedTuple):
    """Another way in which a table is filled in the wild; the total tells which. `within` replaces that of a path."""

    within: Mapping[str, tuple[str, ...] | None]
    beside_total: tuple[str, ...] = ()


class Dialect(NamedTuple):
    """One API's usage object.

    `due`: one of these counts must be there. `sums`: a count and the counts that it is the sum of; it stands in where
    the count is missing. `total` is the sum of all token buckets, save those `beside_total` and unless a count of
    `no_total` is there. `readings` are tried in order where the total does not fit. `cached_split` is where the
    body tells the modalities of cached tokens; where it does not, text is assumed to be cached first. `reported` is
    the provider's own cost and the units of it in a dollar. `also` are further usage objects in this one that its
    counts leave out. `elsewhere` is billed and no bucket of this call. `provider` is the only one who writes this.
    """

    api: str
    fields: tuple[Field, ...]
    due: tuple[str, ...]
    total: str | None = None
    beside_total: tuple[str, ...] = ()
    no_total: str | None = None
    sums: tuple[tuple[str, tuple[str, ...]], ...] = ()
    readings: tuple[Reading, ...] = ()
    cached_split: str | None = None
    model: str = "model"
    provider_path: str | None = None
    created: str | None = "created|created_at"
    facts: tuple[Fact, ...] = ()
    reported: tuple[tuple[str, int], ...] = ()
    also: str | None = None
    elsewhere: tuple[tuple[str, str], ...] = ()
    provider: str | None = None


def respelled(dialect: Dialect, old: str, new: str) -> Dialect:
    """The same table with another path to one of its counts."""
    return dialect._replace(
        fields=tuple(field._replace(path=new) if field.path == old else field for field in dialect.fields),
        readings=tuple(
            reading._replace(within={new if path == old else path: whole for path, whole in reading.within.items()})
            for reading in dialect.readings
        ),
    )
