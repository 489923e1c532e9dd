"""Where a server's catalogue comes from: a ROOT that it may write, or a primary that it follows.

ROOT ──> Store ──────────────────────┐
├──> Edition ──> every route
primary ──> poll, judge, keep ───────┘
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

from modelry.catalog import files
from modelry.catalog.store import Store, View
from modelry.errors import CatalogRejected
from modelry.server.edition import Edition
from modelry.server.snapshots import Snapshots
from modelry.snapshot import BUNDLED

T = TypeVar("T")

log = logging.getLogger("modelry.server")

_LOOKS_EVERY = 0.02
"""Seconds between two looks at the file's times: asking the system each time would take a third of a prepared answer."""

_WRITERS = 4
"""Threads that wait for the disk or for another process's lock; readers have their own."""


class Source(Protocol):
    """What routes ask for the catalogue."""

    def at_hand(self) -> Edition | None:
        """The edition of now, where asking for it costs nothing."""

    async def edition(self) -> Edition:
        """The edition of now."""

    async def start(self) -> None:
        """Make sure of what the first reader needs."""

    async def stop(self) -> None:
        """Let go of everything."""

    def state(self) -> tuple[bool, dict[str, Any]]:
        """Whether it is fit to serve, and what to say of it."""


class Local:
    """The catalogue of a ROOT: what this server writes, and what other processes write there."""

    def __init__(self, root: Path) -> None:
        self.store = Store(root)
        self._snapshots = Snapshots(root, partial(files.fingerprint, root, BUNDLED))
        self._edition: Edition | None = None
        self._claims = ""
        self._seen: files.Stamp | None = None
        self._look_again = 0.0
        self._writers = ThreadPoolExecutor(_WRITERS, thread_name_prefix="modelry-write")

    def at_hand(self) -> Edition | None:
        """The edition of now, where the file is the one last seen; own writes are seen at once."""
        now = time.monotonic()
        if now < self._look_again and (view := self.store.last):
            return self._of(view)
        if view := self.store.glance():
            self._look_again = now + _LOOKS_EVERY
            self._look_at_claims()
            return self._of(view)
        return None

    def _look_at_claims(self) -> None:
        """Make the next edition also where a build changed no row: of other manifests, say, names mean something else."""
        seen = files.stamp(self.store.root / files.LOCK)
        if seen != self._seen:
            left, self._seen = files.left_in(self.store.root), seen
            if left and left.claims != self._claims:
                self._claims, self._edition = left.claims, None

    async def edition(self) -> Edition:
        """The edition of now; a file that somebody else wrote is read in a thread."""
        if edition := self.at_hand():
            return edition
        try:
            return self._of(await asyncio.to_thread(self.store.view))
        except CatalogRejected as error:
            if (view := self.store.last) is None:
                raise
            log.error("%s: what was served before still is", error)  # noqa: TRY400 - where it stands helps nobody
            return self._of(view)

    def _of(self, view: View) -> Edition:
        if self._edition is None or self._edition.version != view.version:
            self._edition = Edition(view.data, view.version, self._snapshots.registry)
        return self._edition

    async def write(self, change: Callable[..., T], /, *given: Any, **more: Any) -> T:
        """What a change of the store gives, from a thread that may wait."""
        made = asyncio.get_running_loop().run_in_executor(self._writers, partial(change, *given, **more))
        try:
            return await asyncio.shield(made)
        except asyncio.CancelledError:
            return await made  # the server's patience is over, yet `stop` waits for the thread: so may who asked

    async def start(self) -> None:
        """Finish what a crash left, and open what the first price needs while the first request is answered."""
        await asyncio.to_thread(self.store.recover)
        self._look_at_claims()
        edition = await self.edition()
        self._warm = asyncio.create_task(_warm(edition))

    async def stop(self) -> None:
        """Wait for the writers."""
        self._warm.cancel()
        await asyncio.to_thread(self._writers.shutdown)
        self._snapshots.close()

    def state(self) -> tuple[bool, dict[str, Any]]:
        """Ready as soon as there is an edition."""
        return self._edition is not None, {"role": "primary"}


async def _warm(edition: Edition) -> None:
    with contextlib.suppress(asyncio.CancelledError):
        try:
            await edition.whole()
            await edition.registry()
        except Exception:
            log.exception("the catalogue cannot be prepared")


class Replica:
    """The catalogue of a primary, asked for again every few seconds; the last good copy while it cannot be had."""

    def __init__(self, url: str, seconds: float) -> None:
        self._url = url
        self._seconds = seconds
        self._snapshots = Snapshots(None)
        self._edition: Edition | None = None
        self._copy: Any = None
        self._reached: str | None = None
        self._tried: str | None = None
        self._trouble: str | None = None
        self._serves = "nothing"
        self._over = threading.Event()

    def at_hand(self) -> Edition | None:
        """What was last taken over."""
        return self._edition

    async def edition(self) -> Edition:
        """What was last taken over."""
        assert self._edition is not None  # noqa: S101 - `start` made it
        return self._edition

    async def start(self) -> None:
        """Take over what the primary serves, else the last good copy, else the bundle; then go on asking."""
        from modelry.fetch import need_httpx2

        need_httpx2(self._url)
        await asyncio.to_thread(self._poll)
        if self._edition is None:
            await asyncio.to_thread(self._start_without)
        threading.Thread(target=self._follow, name="modelry-follow", daemon=True).start()

    async def stop(self) -> None:
        """Stop asking; a primary that takes its time to answer is not waited for."""
        self._over.set()
        self._snapshots.close()

    def _follow(self) -> None:
        while not self._over.wait(self._seconds):
            self._poll()

    def _poll(self) -> None:
        self._tried = _now()
        try:
            self._take_over()
        except Exception as error:  # noqa: BLE001 - whatever it is: the copy at hand goes on being served
            from modelry.fetch import Unfit, brief

            said = str(error) if isinstance(error, Unfit) else brief(error)
            if said != self._trouble and not self._over.is_set():
                log.warning("the primary cannot be followed: %s", said)
            self._trouble = said
        else:
            if self._trouble is not None:
                log.info("the primary is followed again")
            self._trouble, self._reached = None, self._tried

    def _take_over(self) -> None:
        """Fetch, judge, compile; only what can be served takes the place of what is."""
        from modelry import copies
        from modelry.fetch import LIMITS

        copy = copies.latest(self._url, self._copy or copies.kept(self._url), copies.Guards.from_environment(), LIMITS)
        if self._copy is None or copy.body != self._copy.body:
            self._serve(copy)
            copies.keep(self._url, copy)
        _forget_parsed(copy)
        self._copy, self._serves = copy, "primary"

    def _serve(self, copy: Any) -> None:
        from modelry.catalog import rows
        from modelry.remote import catalogue_of

        data = catalogue_of(copy)
        _forget_parsed(copy)
        edition = Edition(data, rows.content_of(data), self._snapshots.registry)
        edition.open()
        self._edition = edition

    def _start_without(self) -> None:
        """Serve what is at hand, for the primary cannot be had."""
        from modelry import copies
        from modelry.catalog import rows
        from modelry.remote import bundled_catalogue

        if (copy := copies.kept(self._url)) is not None:
            try:
                self._serve(copy)
            except Exception:
                log.exception("the last good copy cannot be used")
            else:
                self._copy, self._serves = copy, "copy"
                return
        data = bundled_catalogue()
        self._edition, self._serves = Edition(data, rows.content_of(data), self._snapshots.registry), "bundle"

    def state(self) -> tuple[bool, dict[str, Any]]:
        """Ready while it serves something of the primary's; what it says tells how old that is."""
        from modelry.fetch import shown

        said = {"url": shown(self._url), "reached": self._reached, "tried": self._tried, "trouble": self._trouble}
        return self._serves not in ("nothing", "bundle"), {"role": "replica", "serves": self._serves, "primary": said}


def _forget_parsed(copy: Any) -> None:
    copy.__dict__.pop("data", None)  # it takes ten times the room of the body


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").removesuffix("+00:00") + "Z"
