"""The snapshot: the catalogue compiled to one read-only SQLite file with real columns.

A lookup reads a few pages, whatever the size of the catalogue. Prices are text that Decimal reads exactly.
`write` makes a snapshot, `Snapshot` reads one; `SCHEMA` is the one description of its tables.
"""

from __future__ import annotations

import os
import sqlite3
from decimal import Decimal

from modelry.conditions import ALWAYS_LISTS, CONDITIONS
from modelry.errors import CatalogRejected
from modelry.identity import Offering
from modelry.meters import METERS
from modelry.pricing import Override, Per, Pricing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Sequence
    from typing import Any, Concatenate, ParamSpec, TypeVar

    from modelry.pricing import Rate
    from modelry.records import Model, Provider
    from modelry.rules import CompiledRule

    P = ParamSpec("P")
    T = TypeVar("T")

BUNDLED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "snapshot.sqlite")  # noqa: PTH118, PTH120, PTH100
"""The snapshot that ships with the package. (pathlib would cost a cold start 8 ms.)"""

APPLICATION_ID = 0x6D6F646C  # "modl"
VERSION = 1
PAGE = 4096
"""Bytes of a page: a snapshot is whole pages long."""

JSON_COLUMNS = (
    "components",
    "aliases",
    "regions",
    "modalities",
    "capabilities",
    "endpoints",
    "verification",
    "extensions",
    "provenance",
)
SCALARS = (
    "provider", "model", "family", "series", "display_name", "model_id", "base_model", "region", "mode", "context",
    "max_input_tokens", "max_output_tokens", "dimensions", "unit", "base_url", "release_date", "knowledge_cutoff",
    "status", "deprecation_date", "missing_since", "replaced_by", "open_weights", "license", "notes", "last_updated",
)  # fmt: skip
_COLUMNS = (*SCALARS, *JSON_COLUMNS)
_MOST_DIGITS = 60
"""Before or behind the point: more would be written out in gigabytes of zeros."""

SCHEMA = f"""
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE providers(id TEXT PRIMARY KEY, maker TEXT, record TEXT) WITHOUT ROWID;
CREATE TABLE spellings(spelling TEXT PRIMARY KEY, provider TEXT) WITHOUT ROWID;
CREATE TABLE default_rates(provider TEXT, meter TEXT, of TEXT, times TEXT, PRIMARY KEY(provider, meter)) WITHOUT ROWID;
CREATE TABLE models(id INTEGER PRIMARY KEY, {", ".join(_COLUMNS)});
CREATE TABLE names(
    provider TEXT, name TEXT, model INTEGER, alias INTEGER, own INTEGER, spelling TEXT, PRIMARY KEY(provider, name)
) WITHOUT ROWID;
CREATE TABLE cards(
    id INTEGER PRIMARY KEY, model INTEGER, effective_from TEXT, observed TEXT, source TEXT, correction INTEGER, currency TEXT
);
CREATE TABLE rates(card INTEGER, step INTEGER, meter TEXT, amount TEXT, per INTEGER, PRIMARY KEY(card, step, meter)) WITHOUT ROWID;
CREATE TABLE overrides(card INTEGER, step INTEGER, replace INTEGER, multiply TEXT, PRIMARY KEY(card, step)) WITHOUT ROWID;
CREATE TABLE conditions(
    card INTEGER, step INTEGER, alternative INTEGER, key TEXT, item INTEGER, value,
    PRIMARY KEY(card, step, alternative, key, item)
) WITHOUT ROWID;
"""
"""Step 0 of `rates` are a card's base rates; step n those of its n-th override."""

INDEXES = """
CREATE INDEX names_by_name ON names(name);
CREATE INDEX names_by_spelling ON names(provider, spelling);
CREATE INDEX models_by_name ON models(provider, model);
CREATE INDEX cards_by_model ON cards(model);
"""


def _reading(method: Callable[Concatenate[Snapshot, P], T]) -> Callable[Concatenate[Snapshot, P], T]:
    """A method for which any trouble with what stands in the file is CatalogRejected."""

    def read(self: Snapshot, /, *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return method(self, *args, **kwargs)
        except CatalogRejected:
            raise
        except Exception as error:  # noqa: BLE001 - a broken file can say anything
            raise CatalogRejected(self.path, broken(error)) from None

    read.__name__, read.__doc__ = method.__name__, method.__doc__
    return read


class Snapshot:
    """A snapshot opened read-only; safe to share between threads.

    Raises CatalogRejected where the file is missing, foreign, of another version, or broken.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        # immutable: nobody writes a snapshot in place, so SQLite may skip its locks and needs no writable folder.
        host = "//" if path.startswith("//") else ""  # or the first folder would be taken for one
        quoted = path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")
        try:
            self._connection = sqlite3.connect(
                f"file:{host}{quoted}?mode=ro&immutable=1", uri=True, check_same_thread=False, isolation_level=None
            )
        except (sqlite3.Error, ValueError) as error:  # ValueError: a path that no file can have
            raise CatalogRejected(path, _cannot(path, error)) from None
        found = self.rows("PRAGMA application_id")[0][0], self.rows("PRAGMA user_version")[0][0]
        if found != (APPLICATION_ID, VERSION):
            reason = (
                "is no modelry snapshot"
                if found[0] != APPLICATION_ID
                else f"is a snapshot of version {found[1]}, not {VERSION}"
            )
            raise CatalogRejected(path, f"{reason}; make one with `modelry build`")
        if os.stat(path).st_size % PAGE:  # noqa: PTH116 - SQLite would read the rest of the last page as empty
            raise CatalogRejected(path, "was cut short; make a new one with `modelry build`")

    def rows(self, query: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query; a broken file is CatalogRejected."""
        try:
            return self._connection.execute(query, parameters).fetchall()
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            raise CatalogRejected(self.path, _cannot(self.path, error)) from None

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    @_reading
    def meta(self) -> dict[str, str]:
        """What the snapshot says of itself: content (a hash of the catalogue), models, providers."""
        return dict(self.rows("SELECT key, value FROM meta"))

    # What resolution asks (identity.Directory)

    def provider_of(self, spelling: str) -> str | None:
        """The provider that a spelling means, in any case."""
        found = self.rows("SELECT provider FROM spellings WHERE spelling = ?", (spelling.lower(),))
        return found[0][0] if found else None

    def makers(self) -> list[str]:
        """Providers that serve what they make."""
        return [provider for (provider,) in self.rows("SELECT id FROM providers WHERE maker IS NOT NULL ORDER BY id")]

    def entry(self, provider: str, name: str, *, own: bool = False) -> tuple[str, str] | None:
        """The entry that has exactly this name or alias: (model, `exact` or `alias`); `own`: if the provider made it."""
        query = (
            "SELECT m.model, n.alias FROM names n JOIN models m ON m.id = n.model"
            " WHERE n.provider = ? AND n.name = ? AND n.own >= ?"
        )
        found = self.rows(query, (provider, name, own))
        return (found[0][0], "alias" if found[0][1] else "exact") if found else None

    def entries_spelled(self, provider: str, spelling: str, *, own: bool = False) -> list[str]:
        """The entries that have a name of this spelling."""
        query = (
            "SELECT DISTINCT m.model FROM names n JOIN models m ON m.id = n.model"
            " WHERE n.provider = ? AND n.spelling = ? AND n.own >= ?"
        )
        return [model for (model,) in self.rows(query, (provider, spelling, own))]

    def offers_named(self, name: str) -> list[Offering]:
        """Who has exactly this name or alias."""
        query = (
            "SELECT n.provider, m.model, n.alias, n.own FROM names n JOIN models m ON m.id = n.model WHERE n.name = ?"
        )
        return [
            Offering(provider, model, "alias" if alias else "exact", bool(own))
            for provider, model, alias, own in self.rows(query, (name,))
        ]

    @_reading
    def rules_of(self, provider: str) -> Sequence[CompiledRule]:
        """The id rules of a provider's manifest, in order."""
        from modelry.rules import compile_rule

        compiled = []
        for rule in self.provider(provider).rules:
            if isinstance(rule, str):
                compiled.append(compile_rule(rule))
            else:
                compiled.append(compile_rule(rule.name, rule.match, rule.to, bare=rule.bare))
        return compiled

    def bare_rules(self) -> Iterator[tuple[str, CompiledRule]]:
        """Rules whose shape alone names their provider."""
        for (provider,) in self.rows("SELECT id FROM providers WHERE record LIKE '%\"bare\":true%' ORDER BY id"):
            for rule in self.rules_of(provider):
                if rule.bare:
                    yield provider, rule

    def names_near(self, provider: str | None, name: str) -> list[str]:
        """Ids worth comparing with a name that is not found: of the provider, else of the makers themselves."""
        where, parameters = ("n.provider = ?", [provider]) if provider else ("n.own", [])
        query = f"SELECT n.provider || '/' || n.name FROM names n WHERE {where} AND length(n.name) BETWEEN ? AND ?"
        return [row[0] for row in self.rows(query, (*parameters, len(name) // 3, 2 * len(name) + 4))]

    @_reading
    def providers_near(self, name: str) -> list[str]:
        """Provider ids that look like this one."""
        from difflib import get_close_matches

        spellings = dict(self.rows("SELECT spelling, provider FROM spellings"))
        return list(dict.fromkeys(spellings[near] for near in get_close_matches(name.lower(), spellings, n=3)))

    # Prices

    @_reading
    def region_and_cards(self, provider: str, model: str) -> tuple[str | None, list[Pricing]]:
        """The region that an entry is bound to, and its rate cards as they stand."""
        ((key, region),) = self.rows(
            "SELECT id, region FROM models WHERE provider = ? AND model = ?", (provider, model)
        )
        return region, self._cards(key)

    @_reading
    def default_rates(self, provider: str) -> dict[str, dict[str, Any]]:
        """The shares that a provider documents: meter -> {of, times}."""
        query = "SELECT meter, of, times FROM default_rates WHERE provider = ?"
        return {
            _known(meter, METERS): {"of": _known(of, METERS), "times": _amount(times)}
            for meter, of, times in self.rows(query, (provider,))
        }

    def _cards(self, model: int) -> list[Pricing]:
        query = (
            "SELECT id, currency, effective_from, observed, source, correction FROM cards WHERE model = ? ORDER BY id"
        )
        return [
            Pricing(
                *self._steps(card),
                _text(currency) or "",
                _text(effective_from),
                _text(observed),
                _text(source),
                bool(correction),
            )
            for card, currency, effective_from, observed, source, correction in self.rows(query, (model,))
        ]

    def _steps(self, card: int) -> tuple[dict[str, Rate], tuple[Override, ...]]:
        steps: dict[int, dict[str, Rate]] = {0: {}}
        for step, meter, amount, per in self.rows("SELECT step, meter, amount, per FROM rates WHERE card = ?", (card,)):
            rate = None if amount is None else _amount(amount)
            steps.setdefault(step, {})[_known(meter, METERS)] = Per(rate, per) if rate is not None and per else rate
        overrides = self.rows("SELECT step, replace, multiply FROM overrides WHERE card = ? ORDER BY step", (card,))
        whens = self._whens(card) if overrides else {}
        return steps[0], tuple(
            Override(whens[step], steps.get(step, {}), bool(replace), None if multiply is None else _amount(multiply))
            for step, replace, multiply in overrides
        )

    def _whens(self, card: int) -> dict[int, tuple[dict[str, Any], ...]]:
        query = (
            "SELECT step, alternative, key, value FROM conditions WHERE card = ? ORDER BY step, alternative, key, item"
        )
        whens: dict[int, dict[int, dict[str, Any]]] = {}
        for step, alternative, key, value in self.rows(query, (card,)):
            when = whens.setdefault(step, {}).setdefault(alternative, {})
            _check_condition(key, value)
            if key in when:
                when[key] = [*when[key], value] if isinstance(when[key], list) else [when[key], value]
            else:
                when[key] = [value] if key in ALWAYS_LISTS else value
        return {step: tuple(alternatives.values()) for step, alternatives in whens.items()}

    # Records

    def models(self, where: str = "1", parameters: Sequence[object] = ()) -> Iterator[Model]:
        """Whole records of the entries that an SQL condition on `models` keeps, in the catalogue's order."""
        return (model for _, model in self.keyed(where, parameters))

    def keyed(self, where: str = "1", parameters: Sequence[object] = ()) -> Iterator[tuple[int, Model]]:
        """The same, each with its key."""
        query = f"SELECT id, {', '.join(_COLUMNS)} FROM models WHERE {where} ORDER BY provider, model"
        for key, *values in self.rows(query, parameters):
            yield key, self._model(key, values)

    @_reading
    def _model(self, key: int, values: Sequence[Any]) -> Model:
        from modelry.jsontext import loads
        from modelry.records import Modalities, Model, Verification

        fields = {name: value for name, value in zip(_COLUMNS, values, strict=True) if value is not None}
        for name in JSON_COLUMNS:
            if name in fields:
                fields[name] = loads(fields[name])
        if "modalities" in fields:
            fields["modalities"] = Modalities(**fields["modalities"])
        if "verification" in fields:
            fields["verification"] = Verification(**fields["verification"])
        if "open_weights" in fields:
            fields["open_weights"] = bool(fields["open_weights"])
        return Model(**fields, pricing=tuple(self._cards(key)))

    def model(self, provider: str, model: str) -> Model:
        """The whole record of one entry."""
        for found in self.models("provider = ? AND model = ?", (provider, model)):
            return found
        raise CatalogRejected(self.path, broken(LookupError(f"{provider}/{model} has no record")))

    @_reading
    def provider(self, provider: str) -> Provider:
        """The manifest of a canonical provider id."""
        ((record,),) = self.rows("SELECT record FROM providers WHERE id = ?", (provider,))
        return _provider(record)

    @_reading
    def providers(self) -> list[Provider]:
        """All manifests, by id."""
        return [_provider(record) for (record,) in self.rows("SELECT record FROM providers ORDER BY id")]


# What a file must hold where our own code relies on it


def _known(word: str, table: Container[str]) -> str:
    if word not in table:
        raise ValueError(f"{word!r} is not known")
    return word


def _amount(text: str) -> Decimal:
    number = Decimal(text)
    if not (number.is_finite() and number >= 0 and -_MOST_DIGITS < number.adjusted() < _MOST_DIGITS):
        raise ValueError(f"{text!r} is no price")
    return number


def _text(value: str | None) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise ValueError(f"{value!r} is no text")


def _check_condition(key: str, value: object) -> None:
    if key == "weekday_timezone":
        from zoneinfo import ZoneInfo

        ZoneInfo(str(value))
    elif type(value) is not (int if CONDITIONS[key].value == "integer" else str):
        raise ValueError(f"{key}: {value!r}")


def broken(error: Exception) -> str:
    """What to say of a snapshot whose content makes no sense."""
    said = f"{type(error).__name__}: {error}"
    return f"is broken ({said[:120]}); make a new one with `modelry build`"


def _cannot(path: str, error: Exception) -> str:
    if isinstance(error, ValueError) and not isinstance(error, UnicodeDecodeError):
        return f"is no path ({error})"
    if not os.path.exists(path):  # noqa: PTH110 - pathlib would cost a cold start 8 ms
        return "there is no such file; make one with `modelry build`"
    if os.path.isdir(path):  # noqa: PTH112
        return "is a folder; name a snapshot, or a folder that does not end in .sqlite"
    return f"cannot be read as a snapshot ({error}); make a new one with `modelry build`"


def _provider(record: str) -> Provider:
    from modelry.jsontext import loads
    from modelry.records import DefaultRate, Listing, Provider, Rule

    fields = loads(record)
    if "listing" in fields:
        fields["listing"] = Listing(**fields["listing"])
    fields["rules"] = [rule if isinstance(rule, str) else Rule(**rule) for rule in fields.get("rules", ())]
    fields["default_rates"] = {
        meter: DefaultRate(**rate | {"times": Decimal(rate["times"])})
        for meter, rate in fields.get("default_rates", {}).items()
    }
    return Provider(**fields)
