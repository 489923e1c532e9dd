"""Verification: a provider's own list of its models, asked with the operator's key, beside our rows of it.

ask (or a saved answer) ──> names ──> resolve ──> listed, unknown to us, gone ──> data/verified/<provider>.json ──> fold
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from modelry import compile as compiler
from modelry.atomic import write_whole
from modelry.catalog import build, claims, files, rows
from modelry.catalog.claims import VERIFY, Claim, Feed
from modelry.errors import CatalogRejected, UnknownModel
from modelry.identity import resolve
from modelry.records import Model, Provider, Verification
from modelry.refresh.asking import Answer
from modelry.snapshot import BUNDLED, Snapshot

_COUNTED = 5
"""Rows from which on it is counted how many of them are gone."""


class Report(NamedTuple):
    """What came of an answer.

    `verified` and `gone` are ids of ours that are listed and that are no longer, `unknown` names that mean none of ours.
    `held` are ids that are not listed either, and so many that nobody believes it: what was known of them stays.
    """

    provider: str
    source: str
    day: str
    verified: Sequence[str]
    unknown: Sequence[str]
    gone: Sequence[str]
    held: Sequence[str]
    written: Sequence[str] = ()


def verify(
    root: Path,
    provider: Provider,
    answer: Answer,
    *,
    accept: bool = False,
    record: bool = True,
    tell: Callable[[str], None] = lambda _: None,
) -> Report:
    """Compare an answer with our rows of the provider; with `record` write down what it says of them.

    With `accept` a person has looked: rows are marked however many are gone. Raises CatalogRejected where the ROOT cannot
    be read or knows a later answer, CatalogConflict where another writer does not end.
    """
    with files.locked(root) if record else nullcontext() as lock:
        tell("reading claims")
        pins, mark = build.pinned_in(root)
        sources = build.sources_of(root, pins=pins)
        files.refuse_foreign(root, sources.names)
        own = [claim for claim in sources.claims if claim.provider == provider.id]
        before = {claim.model: claim for claim in own if claim.source == VERIFY}
        models = build.fold_all(sources._replace(claims=own)).models
        report, said = _compared(provider, models, before, answer, accept=accept)
        if lock is None or not (said or before):
            return report
        tell("folding")
        path = files.VERIFIED / f"{provider.id}.json"
        now = build.with_claims(sources, said, lambda claim: (claim.source, claim.provider) == (VERIFY, provider.id))
        data = rows.dump(build.fold_all(now))
        tell("writing")
        written = [str(path)] if write_whole(root / path, claims.dump(Feed(VERIFY, answer.day, said))) else []
        written += files.mend(root, data)
        lock.leave(files.State(mark.end, files.fingerprint(root, BUNDLED), rows.content_of(data)))
        return report._replace(written=written)


def _compared(
    provider: Provider, models: Sequence[Model], before: Mapping[str, Claim], answer: Answer, *, accept: bool
) -> tuple[Report, list[Claim]]:
    """What an answer comes to, and what it says of our rows; what it does not speak of keeps its last word."""
    if any(_checked(claim).last_checked > answer.day for claim in before.values()):
        raise CatalogRejected(provider.id, f"{answer.source} is of {answer.day}; a later answer is recorded already")
    meant = _meant(provider, models, answer.models)
    listed: dict[str, frozenset[str]] = {}
    for name, model in meant.items():
        if model is not None:
            listed[model] = listed.get(model, answer.models[name]) & answer.models[name]
    due = [model.model for model in models if _is_due(model, provider, before, answer)]
    gone = [model for model in due if model not in listed]
    failed = {model for model, claim in before.items() if _checked(claim).status == "failed"}
    new = [model for model in gone if model not in failed]
    counted = len(set(due) - failed)
    held = new if not accept and counted >= _COUNTED and 2 * len(new) > counted else []
    marked = [model for model in gone if model not in held]
    said = [_claim(before, provider, model, "verified", can, answer) for model, can in listed.items()]
    said += [_claim(before, provider, model, "failed", frozenset(), answer) for model in marked]
    said += [before[model] for model in held if model in before]
    ids = [sorted(f"{provider.id}/{model}" for model in found) for found in (listed, marked, held)]
    unknown = sorted(name for name, model in meant.items() if model is None)
    report = Report(provider.id, answer.source, answer.day, ids[0], unknown, ids[1], ids[2])
    return report, sorted(said, key=lambda claim: claim.model)


def _checked(claim: Claim) -> Any:
    return claim.fields["verification"]


def _is_due(model: Model, provider: Provider, before: Mapping[str, Claim], answer: Answer) -> bool:
    """Whether an answer should list a row: it is active, or was asked of before."""
    if model.model in before:
        return True
    pattern = provider.listing.unlisted if provider.listing else None
    is_over = model.deprecation_date is not None and model.deprecation_date <= answer.day
    return model.status == "active" and not is_over and not (pattern and re.fullmatch(pattern, model.model, re.ASCII))


def _claim(
    before: Mapping[str, Claim], provider: Provider, model: str, status: str, can: frozenset[str], answer: Answer
) -> Claim:
    """What is claimed of a row: since the day on which it was first found so, checked last on that of the answer."""
    known = before.get(model)
    now = Verification(
        status=status, last_checked=answer.day, verified_capabilities=tuple(sorted(can)), source=answer.source
    )
    if known is not None and _said(known) == _said(claim := known._replace(fields={"verification": now})):
        return claim
    return Claim(VERIFY, provider.id, model, {"verification": now}, answer.day)


def _said(claim: Claim) -> tuple[str, Sequence[str]]:
    """What a claim says, whenever it was checked."""
    return _checked(claim).status, _checked(claim).verified_capabilities


def _meant(provider: Provider, models: Sequence[Model], names: Iterable[str]) -> dict[str, str | None]:
    """The row that each name means by the registry's own rules within the provider; None where it means none."""
    with TemporaryDirectory(prefix="modelry-") as folder:
        path = Path(folder) / "rows.sqlite"
        compiler.write(path, models, [provider], "")
        snapshot = Snapshot(str(path))
        try:
            return {name: _row(snapshot, provider, name) for name in names}
        finally:
            snapshot.close()


def _row(snapshot: Snapshot, provider: Provider, name: str) -> str | None:
    try:
        return resolve(snapshot, name, provider.id).model
    except UnknownModel:
        return None
