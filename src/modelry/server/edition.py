"""One edition of the catalogue: the bytes of a version, and everything that is made from them, each once."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import Any, TypeVar

from modelry.catalog import rows
from modelry.catalog.store import version_of
from modelry.jsontext import loads
from modelry.records import Model
from modelry.registry import Registry
from modelry.server.prepared import Body, takes_gzip
from modelry.snapshot import Snapshot

T = TypeVar("T")

_MOST_KEPT = 32 * 2**20
"""Bytes of answers to single questions that an edition keeps."""


class Edition:
    """A version of the catalogue as readers get it. `compiled` gives the path of its snapshot, in a thread."""

    def __init__(self, data: bytes, version: str, compiled: Callable[[Edition], str]) -> None:
        self.data = data
        self.version = version
        self._compiled = compiled
        self._made: dict[object, asyncio.Future[Any]] = {}
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
    def _places(self) -> dict[bytes, tuple[int, int]]:
        return {match[1]: match.span() for match in rows.lines_in(self.data)}

    def line(self, provider: str, model: str) -> bytes | None:
        """The row of exactly this provider and model, as it stands in the file."""
        place = self._places.get(rows.key_of(provider, model))
        return None if place is None else self.data[slice(*place)]

    def lines(self) -> Iterator[bytes]:
        """All rows, in order."""
        return (self.data[start:end] for start, end in self._places.values())

    def __len__(self) -> int:
        return len(self._places)

    async def once(self, key: object, make: Callable[[], T]) -> T:
        """What `make` gives, made once in a thread for all who ask; where it fails the next one tries again."""
        making = self._made.get(key)
        if making is None or (making.done() and (making.cancelled() or making.exception())):
            making = self._made[key] = asyncio.ensure_future(asyncio.to_thread(make))
        return await asyncio.shield(making)

    def whole_at_hand(self) -> Body | None:
        """The catalogue, where its gzip is made."""
        return self._whole if self._whole.is_packed else None

    async def whole(self, accepted: bytes = b"gzip") -> Body:
        """The catalogue; packed, where that is `accepted` as an encoding: the first one waits for it."""
        if not self._whole.is_packed and takes_gzip(accepted):
            await self.once("packed", self._whole.pack)
        return self._whole

    async def registry(self) -> Registry:
        """The facade over this version."""
        return await self.once("registry", lambda: Registry(Snapshot(self._compiled(self))))

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
            body = self._keep(key, await self.once(key, lambda: make(registry)))
            self._made.pop(key, None)
        return body

    def at_hand(self, key: object) -> Body | None:
        """The answer to a question that was asked before."""
        body = self._answers.get(key)
        if body is not None:
            self._answers.move_to_end(key)
        return body

    def _keep(self, key: object, body: Body) -> Body:
        if key not in self._answers:
            self._size += body.size
        self._answers[key] = body
        while self._size > _MOST_KEPT:
            self._size -= self._answers.popitem(last=False)[1].size
        return body


def list_of(lines: Iterable[bytes]) -> bytes:
    """A JSON list of rows."""
    return b"[\n" + b",\n".join(lines) + b"\n]\n"


def models_changed(old: Edition, new: Edition) -> dict[str, list[Model]]:
    """The providers of which a row differs, each with all of its models now; raises ValueError where one is none."""
    differing = set(old.lines()) ^ set(new.lines())
    changed = {match[2] for line in differing for match in rows.lines_in(line)}
    found: dict[bytes, list[Model]] = {provider: [] for provider in changed}
    for match in rows.lines_in(new.data):
        if match[2] in changed:
            found[match[2]].append(rows.model_in(match[0]))
    return {loads(provider): models for provider, models in found.items()}
