"""The refresh itself: bodies of feeds to new claims, to a new catalogue, to what changed; and, if asked, to the disk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any, NamedTuple

from modelry.atomic import write_whole
from modelry.catalog import build, claims, feeds, files, rows
from modelry.catalog.operator import Mark
from modelry.catalog.rows import DEPRECATED
from modelry.errors import CatalogRejected
from modelry.jsontext import loads
from modelry.records import Provider
from modelry.refresh.fetching import Body
from modelry.refresh.guards import Held, bundled, judged
from modelry.snapshot import BUNDLED


class FeedReport(NamedTuple):
    """What came of one feed.

    `rejected` is why nothing of it was taken in; `held` are rows in quarantine; `unread` is what nobody here
    understands of it.
    """

    source: str
    day: str
    models: int
    rejected: str | None
    held: Sequence[Held]
    unread: Sequence[str]


class RowChange(NamedTuple):
    """A row of the catalogue that is another one now: field -> old and new value."""

    id: str
    fields: Mapping[str, tuple[Any, Any]]


class Report(NamedTuple):
    """What a refresh comes to.

    `new` are whole rows; `deprecated` those that are listed no longer; `merged` those that are another row's spelling by
    now. `written` are the files that changed, by their path in the ROOT; none in a dry run.
    """

    feeds: Sequence[FeedReport]
    new: Sequence[Mapping[str, Any]]
    changed: Sequence[RowChange]
    deprecated: Sequence[str]
    returned: Sequence[str]
    merged: Sequence[str]
    untouched: int
    pending: bool
    written: Sequence[str] = ()


class _Taken(NamedTuple):
    report: FeedReport
    accepted: claims.Feed | None


def refresh(
    root: Path, bodies: Iterable[Body], *, accept: bool, apply: bool, tell: Callable[[str], None] = lambda _: None
) -> Report:
    """Take the bodies in, each for itself; with `apply` write the claims and the catalogue that comes of them.

    A body that a guard rejects changes nothing. Without `apply` nothing is written, not even the lock. Raises
    CatalogRejected or InvalidRegistry where the ROOT itself cannot be read, CatalogConflict where another writer does not
    end.
    """
    with files.locked(root) if apply else nullcontext() as lock:
        pins, mark = build.pinned_in(root)
        sources = build.sources_of(root, pins=pins)
        files.refuse_foreign(root, sources.names)
        taken = [_taken(root, body, sources.providers, accept=accept, tell=tell) for body in bodies]
        changed = {one.accepted.source: one.accepted for one in taken if one.accepted}
        told = [one.report for one in taken]
        old = files.read(root / files.CATALOGUE)
        if all(feed.rejected for feed in told) or (old is not None and not changed and _in_step(root, mark, old)):
            return _compared(old or b"", old or b"", told)
        tell("folding")
        data = _folded(sources, changed)
        report = _compared(_folded(sources, {}) if old is None else old, data, told)
        due = bool(changed) or any(files.read(root / path) != data for path in (files.CATALOGUE, files.MIRROR))
        report = report._replace(pending=due)
        if lock is None or not due:
            return report
        tell("writing")
        written = [str(path) for path in _write(root, changed.values())] + files.mend(root, data)
        lock.leave(files.State(mark.end, files.fingerprint(root, BUNDLED), rows.content_of(data)))
        return report._replace(written=written)


def _in_step(root: Path, mark: Mark, data: bytes) -> bool:
    """Whether the last writer left this catalogue, and nothing was said or torn since; else all claims are folded again."""
    left = files.State(mark.end, files.fingerprint(root, BUNDLED), rows.content_of(data))
    return files.left_in(root) == left and files.read(root / files.MIRROR) == data


def _path(source: str) -> Path:
    return files.FEEDS / f"{source}.json"


def _write(root: Path, fed: Iterable[claims.Feed]) -> Iterator[Path]:
    """Write claims, before the catalogue that is made of them: a crash in between leaves what the next run folds."""
    for feed in fed:
        if write_whole(root / _path(feed.source), claims.dump(feed)):
            yield _path(feed.source)


def _taken(
    root: Path, body: Body, providers: Sequence[Provider], *, accept: bool, tell: Callable[[str], None]
) -> _Taken:
    """What may be taken in of a body, and what is to be told of it."""
    tell(f"reading {feeds.FORMATS[body.source].word}")
    path = root / _path(body.source)
    previous = claims.load(path.read_bytes(), str(path)) if path.is_file() else None
    try:
        models, unread = feeds.read(body.source, body.said, providers)
    except CatalogRejected as error:
        return _Taken(FeedReport(body.source, body.day, 0, error.reason, (), ()), None)
    verdict = judged(previous or bundled(body.source), models, unread, body.day, accept=accept)
    report = FeedReport(body.source, body.day, len(models), verdict.rejected, verdict.held, unread)
    if verdict.rejected:
        return _Taken(report, None)
    accepted = claims.accept(previous, body.source, verdict.models, body.day)
    if previous is not None and accepted._replace(as_of=previous.as_of) == previous:
        return _Taken(report, None)  # a fetch that says nothing new writes nothing
    return _Taken(report, accepted)


def _folded(sources: build.Sources, changed: Mapping[str, claims.Feed]) -> bytes:
    """The bytes of the catalogue with these feeds in the place of what they said before."""
    said = (claim for feed in changed.values() for claim in feed.claims)
    return rows.dump(build.fold_all(build.with_claims(sources, said, lambda claim: claim.source in changed)))


def _compared(old: bytes, new: bytes, told: Sequence[FeedReport]) -> Report:
    """What differs between two catalogues, row by row."""
    before, after = ({match[1]: match[0] for match in rows.lines_in(data)} for data in (old, new))
    changed: list[RowChange] = []
    deprecated: list[str] = []
    returned: list[str] = []
    for key in sorted(before.keys() & after.keys()):
        if before[key] == after[key]:
            continue
        was, now = loads(before[key]), loads(after[key])
        fields = {f: (was.get(f), now.get(f)) for f in {**was, **now} if was.get(f) != now.get(f) and f not in _DERIVED}
        changed.append(RowChange(id_of(now), fields))
        if _is_gone(was) != _is_gone(now):
            (deprecated if _is_gone(now) else returned).append(id_of(now))
    fresh, left = (
        [loads(lines[key]) for key in sorted(lines.keys() - others.keys())]
        for lines, others in ((after, before), (before, after))
    )
    untouched = len(before) - len(changed) - len(left)
    return Report(told, fresh, changed, deprecated, returned, [*map(id_of, left)], untouched, pending=False)


_DERIVED = frozenset({"last_updated", "provenance"})


def _is_gone(row: Mapping[str, Any]) -> bool:
    """Whether a feed that keeps the row lists it no more."""
    return "missing_since" in row or DEPRECATED in row.get("notes", "")


def id_of(row: Mapping[str, Any]) -> str:
    """The id of a row."""
    return f"{row['provider']}/{row['model']}"
