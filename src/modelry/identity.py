"""Which entry a name means.

    asked ──> provider, name ──> exact ──> alias ──> spelling ──> anchored rules ──> UnknownModel with the nearest ids

Never a substring and never a prefix: that would bill gpt-5.4-mini as gpt-5.
"""

from __future__ import annotations

from modelry.errors import AmbiguousModel, UnknownModel, UnknownProvider

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import NamedTuple, NewType, Protocol

    from modelry.rules import CompiledRule

    ModelId = NewType("ModelId", str)
    """An id that resolution has returned: `provider/name` of an entry."""

    class Directory(Protocol):
        """What resolution asks of a catalogue."""

        def provider_of(self, spelling: str) -> str | None:
            """The provider that a spelling means."""

        def makers(self) -> list[str]:
            """Providers that serve what they make."""

        def entry(self, provider: str, name: str, *, own: bool = False) -> tuple[str, str] | None:
            """The entry of exactly this name or alias, and which of the two."""

        def entries_spelled(self, provider: str, spelling: str, *, own: bool = False) -> list[str]:
            """The entries that have a name of this spelling."""

        def offers_named(self, name: str) -> list[Offering]:
            """Who has exactly this name."""

        def rules_of(self, provider: str) -> Sequence[CompiledRule]:
            """A provider's id rules, in order."""

        def bare_rules(self) -> Iterable[tuple[str, CompiledRule]]:
            """Rules whose shape alone names their provider."""

        def names_near(self, provider: str | None, name: str) -> list[str]:
            """Ids worth comparing with a name that is not found."""

        def providers_near(self, name: str) -> list[str]:
            """Providers that are spelled like this."""
else:
    from modelry._named import NamedTuple

    ModelId = str


class Resolution(NamedTuple):
    """Which entry a name meant, and how that was found.

    `method` is `exact`, `alias`, or `rule:` and the rules' names. `region` and `learnt` are what a rule read off the
    name: a region scope, a snapshot date, the base of a fine-tune.
    """

    asked: str
    id: ModelId
    method: str
    provider: str
    model: str
    region: str | None = None
    learnt: Mapping[str, str] = {}


class Offering(NamedTuple):
    """An entry that a bare name fits; `own` where its provider made the model."""

    provider: str
    model: str
    method: str
    own: bool


_LONGEST = 512
"""No provider writes longer names; anything beyond is not worth a search."""


def spelling_of(name: str) -> str:
    """A name without regard to case and to dots, underscores or spaces for dashes: gpt-4.1 and GPT_4-1 are one.

    ASCII alone: other scripts hold letters that only look like these.
    """
    if not name.isascii():
        return name
    return name.lower().replace(".", "-").replace("_", "-").replace(" ", "-")


def resolve(directory: Directory, asked: str, provider: str | None = None) -> Resolution:
    """The entry that `asked` means; with `provider`, as a name of that provider.

    Raises UnknownProvider, UnknownModel (with the nearest ids) or AmbiguousModel (with the choices).
    """
    if provider is not None:
        canonical = directory.provider_of(provider)
        if canonical is None:
            raise UnknownProvider(provider, directory.providers_near(provider))
        names = [asked]
        head, slash, tail = asked.partition("/")
        if slash and tail and directory.provider_of(head) == canonical:
            names.append(tail)
    else:
        head, slash, tail = asked.partition("/")
        canonical = directory.provider_of(head) if slash and tail else None
        names = [tail]
    if len(asked) > _LONGEST:
        raise UnknownModel(asked, why=f"longer than {_LONGEST} characters")
    if canonical is None:
        return _bare(directory, asked)
    for find in (_look_up, _by_rules):
        for name in names:
            if found := find(directory, canonical, name):
                return _resolution(asked, canonical, *found)
    whole = [f"{offer.provider}/{offer.model}" for offer in directory.offers_named(asked)]
    raise UnknownModel(asked, dict.fromkeys([*whole[:2], *_nearest(directory, canonical, names[-1])]))


def _resolution(asked: str, provider: str, model: str, method: str, learnt: Mapping[str, str]) -> Resolution:
    rest = {key: value for key, value in learnt.items() if key != "region"}
    return Resolution(asked, ModelId(f"{provider}/{model}"), method, provider, model, learnt.get("region"), rest)


def _bare(directory: Directory, asked: str) -> Resolution:
    """A name without a provider: the maker's own offering where exactly one maker has it, else what its shape says."""
    offers = directory.offers_named(asked)
    own = [offer for offer in offers if offer.own]
    if len({offer.provider for offer in own}) == 1:
        best = min(own, key=lambda offer: offer.method != "exact")
        return _resolution(asked, best.provider, best.model, best.method, {})
    for provider, rule in directory.bare_rules():
        if rule.apply(asked) is not None and (found := _within(directory, provider, asked)):
            return _resolution(asked, provider, *found)
    if offers:
        raise AmbiguousModel(asked, sorted({f"{offer.provider}/{offer.model}" for offer in own or offers}))
    makers = [(maker, found) for maker in directory.makers() if (found := _within(directory, maker, asked, own=True))]
    if len(makers) == 1:
        return _resolution(asked, makers[0][0], *makers[0][1])
    if makers:
        raise AmbiguousModel(asked, sorted(f"{maker}/{found[0]}" for maker, found in makers))
    raise UnknownModel(asked, _nearest(directory, None, asked))


_Found = tuple[str, str, "Mapping[str, str]"]


def _within(directory: Directory, provider: str, name: str, *, own: bool = False) -> _Found | None:
    """The entry of one provider that a name means: (model, method, what was learnt); `own`: of its own models alone."""
    return _look_up(directory, provider, name, own=own) or _by_rules(directory, provider, name, own=own)


def _look_up(directory: Directory, provider: str, name: str, *, own: bool = False) -> _Found | None:
    """By id, alias or spelling."""
    if (found := directory.entry(provider, name, own=own)) is not None:
        return (*found, {})
    same = directory.entries_spelled(provider, spelling_of(name), own=own)
    return (same[0], "rule:spelling", {}) if len(same) == 1 else None


def _by_rules(directory: Directory, provider: str, name: str, *, own: bool = False) -> _Found | None:
    """Rules chain, each at most once; the shortest chain that ends at an entry wins, then the manifest's order."""
    rules = directory.rules_of(provider)
    frontier: list[tuple[str, tuple[str, ...], dict[str, str]]] = [(name, (), {})]
    while frontier:
        following = []
        for text, path, learnt in frontier:
            for rule in rules:
                if rule.name in path or (applied := rule.apply(text)) is None:
                    continue
                result, learnt_here = applied
                steps, known = (*path, rule.name), learnt | learnt_here
                if (found := _look_up(directory, provider, result, own=own)) and not _is_another_snapshot(
                    found[0], known
                ):
                    spelled = ("spelling",) if found[1] == "rule:spelling" else ()
                    return found[0], f"rule:{'+'.join((*steps, *spelled))}", known
                following.append((result, steps, known))
        frontier = following
    return None


def _is_another_snapshot(model: str, learnt: Mapping[str, str]) -> bool:
    """Whether a name's date was taken off and the entry found has another: an alias of a later snapshot, say."""
    from modelry.rules import date_of

    date, found = learnt.get("date"), date_of(model)
    return date is not None and found is not None and date.replace("-", "") != found.replace("-", "")


def _nearest(directory: Directory, provider: str | None, name: str) -> list[str]:
    from difflib import get_close_matches

    ids = {}
    for candidate in directory.names_near(provider, name):
        ids[candidate.lower()] = ids[candidate.partition("/")[2].lower()] = candidate
    return list(dict.fromkeys(ids[near] for near in get_close_matches(name.lower(), ids, n=6)))[:3]
