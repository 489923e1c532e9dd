"""The store: the one writer of a ROOT's catalogue, and what its readers see.

    upsert ──> queue ──> lock ──> plan, rules ──> data/operator.jsonl (append, fsync: acknowledged, visible)
                                                   └──> data/models.json, then web/public/models.json ──> answer

Whoever comes first commits for all who wait: one lock, one fsync of the log, one pair of files. What another process
wrote is noticed before anything is planned, and what a crash left undone is done by the next start or the next writer.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from modelry.catalog import files, operator, rows
from modelry.catalog.pins import replay, replayed
from modelry.errors import CatalogConflict, CatalogRejected, UnknownModel, UnknownProvider
from modelry.jsontext import loads
from modelry.records import Model
from modelry.snapshot import BUNDLED

if TYPE_CHECKING:
    from modelry.catalog.ledger import Change, Key, Ledger

_BEGINS, _ENDS = b'{"currency":', b"\n]}\n"


class View(NamedTuple):
    """The catalogue as readers see it: the bytes of the file and their content hash."""

    data: bytes
    version: str


class UpsertResult(NamedTuple):
    """What came of a change.

    `action` is created, updated or unchanged; of a delete deleted, deprecated or unchanged. `model` is the row (of a
    deleted one the last), `diff` its changed fields with the old value and the new, `version` the row's own.
    """

    action: str
    model: Mapping[str, Any]
    diff: Mapping[str, tuple[Any, Any]]
    version: str | None


class _Made(NamedTuple):
    """A change worked out: the row that comes of it and, unless nothing changes, the log's line and what follows."""

    result: UpsertResult
    after: Model | None
    line: bytes = b""
    change: Change | None = None
    by_meter: bool = False
    """Whether prices of single meters are pinned."""


_Make = Callable[["Ledger", str], _Made]
"""Works a change out on a ledger; the text is the version of the catalogue, empty where it has moved on."""


class _Ticket:
    """A change that waits for its commit."""

    def __init__(self, make: _Make) -> None:
        self.make = make
        self.result: UpsertResult | None = None
        self.error: BaseException | None = None
        self.done = False


class Store:
    """Reads and writes of one ROOT; safe to share between threads, and with other processes.

    `bundle` is the packaged catalogue that a ROOT without `v1/` starts from. Opening reads nothing; `recover` is what a
    server calls at its start; the first write loads the claims.
    """

    def __init__(
        self,
        root: str | os.PathLike[str],
        *,
        bundle: str = BUNDLED,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.root = Path(root)
        self._bundle = bundle
        self._now = now
        self.log = operator.Log(self.root / files.LOG)
        self._turn = threading.Lock()
        self._waiting: deque[_Ticket] = deque()
        self._ledger: Ledger | None = None
        self._claims = ""
        self._read: operator.Mark = operator.NOTHING
        self._seeing = threading.Lock()
        self._view: View | None = None
        self._seen: files.Stamp | None = None
        self._is_writing = False

    # Reading

    def view(self) -> View:
        """The catalogue now: what this store acknowledged, and what other processes wrote.

        Raises CatalogRejected where there is none yet (`recover` makes it), and once where what others put there is none.
        """
        path = self.root / files.CATALOGUE
        with self._seeing:
            seen = files.stamp(path)
            if not self._is_writing and seen != self._seen and (data := files.read(path)) is not None:
                is_whole = data.startswith(_BEGINS) and data.endswith(_ENDS)
                if is_whole and (self._view is None or self._view.data != data):
                    self._view = View(data, rows.content_of(data))
                self._seen = seen
                if not is_whole:  # not by us: we replace it, and others may write into it
                    raise CatalogRejected(str(path), "is no catalogue of modelry, or half of one; see `modelry check`")
            if self._view is None:
                raise CatalogRejected(str(path), "is not there yet; make it with `modelry build`")
            return self._view

    @property
    def last(self) -> View | None:
        """The catalogue as last seen, or written here; None where nobody has looked yet."""
        return self._view

    def glance(self) -> View | None:
        """The catalogue as last seen, where nothing changed since: a look at the file's times, and no waiting."""
        if self._is_writing:  # nobody else may replace the file now, and the view is what it will hold
            return self._view
        view, seen = self._view, self._seen  # whoever changes them sets the view first
        return view if seen is not None and seen == files.stamp(self.root / files.CATALOGUE) else None

    @property
    def version(self) -> str:
        """Content hash of the catalogue."""
        return self.view().version

    def rows(self) -> list[dict[str, Any]]:
        """All rows, in order."""
        found: list[dict[str, Any]] = loads(self.view().data)["models"]
        return found

    def row(self, provider: str, model: str) -> dict[str, Any] | None:
        """The row of exactly this provider and model."""
        line = rows.line_in(self.view().data, provider, model)
        return None if line is None else loads(line)

    # Writing

    def recover(self) -> bool:
        """Let the catalogue hold all that was acknowledged and the mirror the same; whether anything was lacking.

        Where nothing is, this costs a read of the files and waits for nobody.
        """
        if files.in_step(self.root):
            return False
        with self._turn, files.locked(self.root) as lock:
            if (data := files.holding_the_log(self.root)) is not None:
                return bool(files.mend(self.root, data))
            return self._write(lock, self._current())

    def refold(self) -> bool:
        """Fold all claims again, after a feed was taken in or the registry changed; whether the files changed."""
        with self._turn, files.locked(self.root) as lock:
            self._ledger = None
            return self._write(lock, self._current())

    def upsert(self, request: Any, who: str, *, dry_run: bool = False, if_match: str | None = None) -> UpsertResult:
        """Add or update a row; with `dry_run` say what would come of it and write nothing.

        `request` is a mapping of the fields of ModelCatalogUpsertRequest, or that form; `if_match` the version of the
        row or of the catalogue that the caller has seen. Raises InvalidUpsert with every problem, CatalogConflict,
        CatalogRejected where the claims cannot be read, and OSError: of the log, then nothing was accepted; of the
        files, then the change stands in the log and the next write or start makes it.
        """
        # These bring Pydantic, which who only reads need not wait for.
        from modelry.catalog import planning, row_rules, upsert

        asked, at = upsert.read(request), self._now()

        def make(ledger: Ledger, version: str) -> _Made:
            plan, problems = planning.plan(asked, ledger, _instant(at)[:10])
            if plan is None:
                raise upsert.InvalidUpsert(problems)
            _check(ledger, (plan.provider, plan.name), if_match, version)
            key = ledger.pinned_as(plan.provider, plan.name)
            made = _made(
                ledger, operator.Entry(_instant(at), who, plan.provider, key, "upsert", plan.fields), plan.name
            )
            problems += row_rules.broken(asked, problems, plan.row, made.after, whole=not made.by_meter)
            if problems:
                raise upsert.InvalidUpsert(problems)
            return made

        return self._submit(make, dry_run=dry_run)

    def delete(
        self, provider: str, model: str, who: str, *, dry_run: bool = False, if_match: str | None = None
    ) -> UpsertResult:
        """Remove a row of which only an operator speaks; pin the status of any other to deprecated.

        Raises UnknownProvider, UnknownModel, CatalogConflict, CatalogRejected or OSError.
        """
        at = self._now()

        def make(ledger: Ledger, version: str) -> _Made:
            key = provider_id, name = _existing(ledger, provider, model)
            _check(ledger, key, if_match, version)
            fields = {} if ledger.only_pinned(*key) else {"status": "deprecated"}
            entry = operator.Entry(_instant(at), who, provider_id, ledger.pinned_as(*key), "delete", fields)
            return _made(ledger, entry, name)

        return self._submit(make, dry_run=dry_run)

    # One commit for all who wait

    def _submit(self, make: _Make, *, dry_run: bool) -> UpsertResult:
        if dry_run:
            with self._turn, files.locked(self.root):
                ledger = self._current()
                return make(ledger, self._shown(ledger).version).result
        ticket = _Ticket(make)
        self._waiting.append(ticket)
        with self._turn:
            if not ticket.done:
                self._commit()
        if ticket.error is not None:
            raise ticket.error
        assert ticket.result is not None  # noqa: S101 - what is done has one of the two
        return ticket.result

    def _commit(self) -> None:
        tickets = [self._waiting.popleft() for _ in range(len(self._waiting))]
        error: BaseException | None = None
        try:
            with files.locked(self.root) as lock:
                self._commit_locked(lock, tickets)
        except BaseException as reason:
            error = reason
            if not isinstance(reason, Exception):
                raise
        finally:
            for ticket in tickets:
                ticket.error, ticket.done = ticket.error or error, True

    def _commit_locked(self, lock: files.Lock, tickets: Iterable[_Ticket]) -> None:
        ledger = self._current()
        try:
            if lines := list(self._worked_out(tickets, ledger)):
                self._read = self.log.append(lines, self._read)
        except BaseException:
            self._ledger = None  # it may be ahead of the log now
            raise
        self._write(lock, ledger)

    def _worked_out(self, tickets: Iterable[_Ticket], ledger: Ledger) -> Iterator[bytes]:
        """Each change on top of those before it; a refused one leaves no trace."""
        version = self._shown(ledger).version
        for ticket in tickets:
            try:
                made = ticket.make(ledger, version)
            except Exception as error:  # noqa: BLE001 - it is raised where the change was asked for
                ticket.error = error
                continue
            ticket.result = made.result
            if made.change is not None:
                ledger.take(made.change)
                version = ""
                yield made.line

    def _current(self) -> Ledger:
        """All claims as they are now, with what other processes accepted since."""
        claims = files.fingerprint(self.root, self._bundle)
        if self._ledger is None or claims != self._claims or not self.log.goes_on_from(self._read):
            entries, self._read = self.log.read()
            pins = replay(entries)
            from modelry.catalog.build import sources_of  # what a writer needs, and who only reads need not wait for
            from modelry.catalog.ledger import Ledger

            sources = sources_of(self.root, self._bundle, pins)
            files.refuse_foreign(self.root, sources.names)
            self._ledger, self._claims = Ledger(sources, pins), claims
        entries, self._read = self.log.read(self._read)
        self._ledger.accept(entries)
        return self._ledger

    def _shown(self, ledger: Ledger) -> View:
        """What readers see from now on."""
        data = ledger.data()
        with self._seeing:
            if self._view is None or self._view.data is not data:
                self._seen = files.stamp(self.root / files.CATALOGUE)  # what it holds is older
                self._view = View(data, rows.content_of(data))
            return self._view

    def _write(self, lock: files.Lock, ledger: Ledger) -> bool:
        """Let the files hold what the ledger says, where they do not; whether they did not."""
        view = self._shown(ledger)
        due = files.State(self._read.end, self._claims, view.version)
        if lock.left() == due:
            return False
        self._is_writing = True
        try:
            written = files.mend(self.root, view.data)
            with self._seeing:
                self._seen = files.stamp(self.root / files.CATALOGUE)
        finally:
            self._is_writing = False
        lock.leave(due)
        return bool(written)


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def _existing(ledger: Ledger, provider: str, model: str) -> Key:
    found = ledger.provider_of(provider)
    if found is None:
        raise UnknownProvider(provider)
    name = ledger.find(found, model)
    if name is None:
        raise UnknownModel(f"{found}/{model}")
    return found, name


def version_of(line: bytes | None) -> str | None:
    """The version of a row: the hash of its line in the file; None of a row that is not there."""
    return None if line is None else sha256(line).hexdigest()


def _check(ledger: Ledger, key: Key, if_match: str | None, version: str) -> None:
    """Raise CatalogConflict unless the row or the catalogue is the one that the caller has seen; `*`: any row."""
    if if_match is None:
        return
    mine = version_of(ledger.line(*key))
    if mine is None or if_match not in ("*", mine):
        if if_match == version:
            return
        state = "is not there" if mine is None else f"is {mine} by now"
        raise CatalogConflict(f"{'/'.join(key)} {state}: read it again and retry")


def _made(ledger: Ledger, entry: operator.Entry, name: str) -> _Made:
    """What an entry comes to: worked out from its line in the log, so that a replay says the same."""
    provider, before = entry.provider, ledger.model(entry.provider, name)
    pins = ledger.pins_named(provider, entry.model)
    pinned = replayed(pins, operator.entry_of(operator.line_of(entry)))
    old = {} if before is None else rows.to_row(before, ledger.day)
    if pinned == pins:
        result = UpsertResult("unchanged", old, {}, version_of(ledger.line(provider, name)))
        return _Made(result, before, by_meter=bool(pins and pins.rates))
    change = ledger.change(provider, {entry.model: pinned})
    row = ledger.row_of(change, entry.model) or (name if name in change.shelf.rows else None)
    after = None if row is None else ledger.model_after(change, row)
    new = {} if after is None else rows.to_row(after, change.day)
    diff = {field: (old.get(field), new.get(field)) for field in old | new if old.get(field) != new.get(field)}
    action = "deleted" if after is None else "created" if before is None else "updated"
    if entry.action == "delete" and after is not None:
        action = "deprecated"
    line = None if after is None else rows.line_of(after, change.day)
    told = entry._replace(
        old={field: value for field, (value, _) in diff.items() if field in old},
        new={field: value for field, (_, value) in diff.items() if field in new},
    )
    result = UpsertResult(action, new or old, diff, version_of(line))
    return _Made(result, after, operator.line_of(told), change, bool(pinned and pinned.rates))
