"""One edition of the catalogue: the bytes of a version, and everything that is made from them, each once."""

from __future__ import annotations

import asyncio
import re
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property, partial
from typing import Any, TypeVar

from modelry.catalog import rows
from modelry.catalog.store import version_of
from modelry.jsontext import loads
from modelry.records import Model
from modelry.registry import Registry
from modelry.server.prepared import Body, takes_gzip

T = TypeVar("T")

_BEFORE_A_ROW = re.compile(rb"\n(?=\{)")

_MOST_KEPT = 24 * 2**20
"""Bytes of answers to single questions that an edition keeps."""

_LONGEST_QUESTION = 2_000
"""Characters of a question whose answer is kept."""


class Edition:
    """A version of the catalogue as readers get it. `opened` gives its registry, in a thread."""

    def __init__(self, data: bytes, version: str, opened: Callable[[Edition], Registry]) -> None:
        self.data = data
        self.version = version
        self._opened = opened
        self._registry: Registry | None = None
        self._prices_start: list[str] = []
        self._making: dict[object, asyncio.Future[Any]] = {}
        self._answers: OrderedDict[object, Body] = OrderedDict()
        self._size = 0
        self._whole = Body(data, version, pack=False)

    @cached_property
    def head(self) -> dict[str, Any]:
        """What the catalogue says besides its models: currency, last_updated, sources."""
        opening = self.data[: self.data.index(b"\n")].removesuffix(b'"models":[').rstrip(b",")
        found: dict[str, Any] = loads(opening + b"}")
        return found

    @cached_property
    def _starts(self) -> list[int]:
        """Where the rows begin."""
        return [match.end() for match in _BEFORE_A_ROW.finditer(self.data)]

    def _line(self, place: int) -> bytes:
        start = self._starts[place]
        return self.data[start : self.data.index(b"\n", start)].removesuffix(b",")

    def _key(self, place: int) -> tuple[str, str]:
        (match,) = rows.lines_in(self._line(place))
        key = loads(b"{" + match[1] + b"}")
        return key["provider"], key["model"]

    def line(self, provider: str, model: str) -> bytes | None:
        """The row of exactly this provider and model, as it stands in the file; they are in order there."""
        places, key = range(len(self)), (provider, model)
        place = bisect_left(places, key, key=self._key)
        return self._line(place) if place in places and self._key(place) == key else None

    def lines(self) -> Iterator[bytes]:
        """All rows, in order."""
        return map(self._line, range(len(self)))

    def __bool__(self) -> bool:
        return True  # also where it has no rows; who asks whether there is an edition does not want them counted

    def __len__(self) -> int:
        return len(self._starts)

    async def _once(self, key: object, make: Callable[[], T]) -> T:
        """What `make` gives, made in a thread once for all who ask meanwhile."""
        making = self._making.get(key)
        if making is None:
            making = self._making[key] = asyncio.ensure_future(asyncio.to_thread(make))
            making.add_done_callback(partial(self._is_made, key))
        try:
            return await asyncio.shield(making)
        finally:
            del making  # it holds its error, whose trace holds this: a circle that would keep old editions

    def _is_made(self, key: object, making: asyncio.Future[Any]) -> None:
        del self._making[key]
        if not making.cancelled():
            making.exception()  # whoever still waits is told; where nobody does, nobody needs to hear of it

    def whole_at_hand(self) -> Body | None:
        """The catalogue, where its gzip is made."""
        return self._whole if self._whole.is_packed else None

    async def whole(self, accepted: bytes = b"gzip") -> Body:
        """The catalogue; packed, where that is `accepted` as an encoding: the first one waits for it."""
        if not self._whole.is_packed and takes_gzip(accepted):
            await self._once("packed", self._whole.pack)
        return self._whole

    async def registry(self) -> Registry:
        """The facade over this version."""
        if self._registry is None:
            return await self._once("registry", self.open)
        return self._registry

    def open(self) -> Registry:
        """The same, for a thread of one's own."""
        registry = self._opened(self)
        starts = registry.snapshot.rows("SELECT DISTINCT coalesce(effective_from, observed, '') FROM cards")
        self._prices_start = sorted(start for (start,) in starts)
        self._registry = registry
        return registry

    def prices_due(self, now: str) -> int:
        """How many of the moments from which prices hold are over: what is made of prices holds until it changes."""
        return bisect_right(self._prices_start, now)

    def row(self, path: str) -> Body | None:
        """The row of exactly this `provider/model`; its tag is the version that If-Match of a write means."""
        if (body := self.at_hand(path)) is None:
            provider, _, model = path.partition("/")
            line = self.line(provider, model)
            return None if line is None else self._keep(path, Body(line, version_of(line)))
        return body

    async def kept(self, key: object, make: Callable[[Registry], Body]) -> Body:
        """An answer to one question, kept while there is room, the latest ones longest."""
        body = self.at_hand(key)
        if body is None:
            registry = await self.registry()
            body = self._keep(key, await self._once(key, lambda: make(registry)))
        return body

    def at_hand(self, key: object) -> Body | None:
        """The answer to a question that was asked before."""
        body = self._answers.get(key)
        if body is not None:
            self._answers.move_to_end(key)
        return body

    def _keep(self, key: object, body: Body) -> Body:
        if len(str(key)) > _LONGEST_QUESTION:  # nobody asks it twice
            return body
        if key not in self._answers:
            self._size += body.size
        self._answers[key] = body
        while self._size > _MOST_KEPT:
            self._size -= self._answers.popitem(last=False)[1].size
        return body


def list_of(lines: Iterable[bytes]) -> bytes:
    """A JSON list of rows."""
    return b"[\n" + b",\n".join(lines) + b"\n]\n"


def models_changed(old: bytes, new: bytes) -> dict[str, list[Model]]:
    """The providers of which a row differs, each with all of its models now; raises ValueError where one is none."""
    lines = new.split(b"\n")
    differing = {*lines}.symmetric_difference(old.split(b"\n"))
    found: dict[bytes, list[Model]] = {match[2]: [] for line in differing for match in rows.lines_in(line)}
    beginnings = tuple(b'{"provider":' + provider + b"," for provider in found)
    for line in lines:
        if line.startswith(beginnings):
            for match in rows.lines_in(line):
                found[match[2]].append(rows.model_in(match[0]))
    return {loads(provider): models for provider, models in found.items()}
