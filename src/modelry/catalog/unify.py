"""Unify: which claims speak of one offering, although sources spell its name differently.

Within a provider two names are one offering when they are spelled alike (case, dots, dashes), when one is an alias of
the other in the registry (or in the packaged catalogue, where that stands for it), or when a rule of the manifest that
learns nothing turns one into the other. A dated snapshot, a region or a variant is another offering: rules that learn
something do not unify.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from modelry.catalog.claims import VERIFY, Claim
from modelry.catalog.fold import ORDER
from modelry.identity import spelling_of
from modelry.records import Provider
from modelry.rules import CompiledRule, compile_rule


def unify(claims: Iterable[Claim], providers: Mapping[str, Provider]) -> Iterator[list[Claim]]:
    """The claims of each offering, one for each source, by provider and name.

    The name is that of the source that is believed first; where one source spells it twice, the first in order of
    the alphabet names it and speaks, unless the source lists that one no longer and the other still.
    """
    by_provider: dict[str, list[Claim]] = defaultdict(list)
    for claim in claims:
        by_provider[claim.provider].append(claim)
    for provider in sorted(by_provider):
        offerings = of_provider(by_provider[provider], providers.get(provider))
        yield from (offerings[name] for name in sorted(offerings))


_REVIEWED = ("registry", "bundle")
"""Whose rows are what they say: the packaged catalogue is the registry of a deployment, and its ids stay."""

_NAMED_BY = {source: rank for rank, source in enumerate(dict.fromkeys((*_REVIEWED, *ORDER[1:], ORDER[0])))}
"""An operator names a row where nobody else does: what it pins does not keep a better spelling out."""


def of_provider(claims: Iterable[Claim], manifest: Provider | None) -> dict[str, list[Claim]]:
    """The claims of each offering of one provider, by its name; a verification goes to the row that others made, or is nothing."""
    claims = list(claims)
    ordered = sorted(
        (c for c in claims if c.source != VERIFY), key=lambda claim: (_NAMED_BY[claim.source], claim.model)
    )
    root = _roots(ordered, manifest)
    name_of: dict[str, str] = {}
    offerings: dict[str, dict[str, Claim]] = defaultdict(dict)
    for claim in ordered:
        name = name_of.setdefault(root[spelling_of(claim.model)], claim.model)
        named = claim if claim.source == "operator" else claim._replace(model=name)  # its log speaks of its own name
        by_source = offerings[name]
        by_source[claim.source] = _listed(by_source[claim.source], named) if claim.source in by_source else named
    for claim in claims:
        if claim.source == VERIFY and (row := name_of.get(root.get(spelling_of(claim.model), ""))):
            offerings[row][VERIFY] = claim._replace(model=row)
    return {name: list(by_source.values()) for name, by_source in offerings.items()}


def _listed(first: Claim, second: Claim) -> Claim:
    """Of two spellings of one source the one that it still lists: a feed that spells anew what it offers ends nothing."""
    renamed = "missing_since" in first.fields and "missing_since" not in second.fields
    return _with_key_of(second, first) if renamed else _with_key_of(first, second)


def _with_key_of(kept: Claim, twin: Claim) -> Claim:
    """The claim with the LiteLLM key of a second spelling, under which its users still ask for the offering."""
    ours, theirs = (claim.fields.get("extensions", {}).get("litellm", {}) for claim in (kept, twin))
    if "key" not in ours or "key" not in theirs:
        return kept
    hints = ours.get("hints", {})
    keys = {**hints.get("keys", {}), theirs["key"]: {}}
    extension = {**ours, "hints": {**hints, "keys": keys}}
    extensions = {**kept.fields["extensions"], "litellm": extension}
    return kept._replace(fields={**kept.fields, "extensions": extensions})


def _roots(ordered: Iterable[Claim], manifest: Provider | None) -> dict[str, str]:
    """For each spelling the one that stands for its class."""
    spellings = dict.fromkeys(spelling_of(claim.model) for claim in ordered)
    root = {spelling: spelling for spelling in spellings}

    def find(spelling: str) -> str:
        while root[spelling] != spelling:
            spelling = root[spelling]
        return spelling

    rules = rules_of(manifest)
    for claim in ordered:
        mine = spelling_of(claim.model)
        linked = []
        if claim.source in (*_REVIEWED, "operator"):
            linked += [*claim.fields.get("aliases", ()), claim.fields.get("model_id", claim.model)]
        if claim.source not in _REVIEWED:
            made = (name for name in rewritten(claim.model, rules) if spelling_of(name) in root)
            linked += islice(made, 1)  # the first rule that leads to an offering, as in resolution
        for other in map(spelling_of, linked):
            if other in root:
                root[find(other)] = find(mine)
    return {spelling: find(spelling) for spelling in root}


def rules_of(manifest: Provider | None) -> list[CompiledRule]:
    """The compiled rules of a manifest, in order."""
    if manifest is None:
        return []
    return [
        compile_rule(rule) if isinstance(rule, str) else compile_rule(rule.name, rule.match, rule.to)
        for rule in manifest.rules
    ]


def rewritten(name: str, rules: Iterable[CompiledRule]) -> Iterator[str]:
    """What the rules that learn nothing make of a name."""
    for rule in rules:
        applied = rule.apply(name)
        if applied and not applied[1] and rule.name != "latest":  # what it drops tells offerings apart
            yield applied[0]
