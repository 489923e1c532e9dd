"""Write a snapshot: the catalogue's records into the tables of `snapshot.SCHEMA`."""

from __future__ import annotations

import errno
import shutil
import sqlite3
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from modelry.atomic import replacing
from modelry.errors import CatalogRejected
from modelry.identity import spelling_of
from modelry.jsontext import dumps, loads, plain
from modelry.pricing import Per
from modelry.records import Provider
from modelry.snapshot import APPLICATION_ID, INDEXES, JSON_COLUMNS, PAGE, SCALARS, SCHEMA, VERSION

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from modelry.pricing import Pricing, Rate
    from modelry.records import Model


def write(path: str | Path, models: Iterable[Model], providers: Iterable[Provider], content: str) -> None:
    """Write a snapshot at once and whole: readers see the old file or the new one.

    `models` in the catalogue's order; `content` is the hash of the catalogue that they came from. Two processes that
    write the same path at once both succeed, and one of the two wins. Raises OSError where it cannot be written.
    """
    with replacing(Path(path)) as temporary:
        connection = sqlite3.connect(temporary, isolation_level=None)
        try:
            _fill(connection, models, providers, content)
        except sqlite3.OperationalError as error:  # a full disk, say
            raise OSError(errno.EIO, f"the snapshot cannot be written ({error})", str(path)) from None
        finally:
            connection.close()


def tables(models: Iterable[Model], providers: Iterable[Provider], content: str) -> dict[str, list[tuple[Any, ...]]]:
    """What a snapshot of these would hold: the rows of every table."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        _fill(connection, models, providers, content)
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in names}
    finally:
        connection.close()


def change(path: str | Path, source: str | Path, shelves: Mapping[str, Sequence[Model]], content: str) -> None:
    """Write a snapshot that is another one but for the providers of `shelves`, whose models these are now.

    What one provider's rows mean hangs on no other's, so the rest is copied as it stands. Raises as `write` does, and
    CatalogRejected where the other one cannot be read.
    """
    with replacing(Path(path)) as temporary:
        shutil.copyfile(source, temporary)
        connection = sqlite3.connect(temporary, isolation_level=None)
        try:
            connection.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; BEGIN;")
            _remove(connection, shelves)
            (start,) = connection.execute("SELECT coalesce(max(id), 0) + 1 FROM models").fetchone()
            _models(connection, (model for models in shelves.values() for model in models), start)
            _finish(connection, content)
            connection.execute("COMMIT")
        except sqlite3.OperationalError as error:
            raise OSError(errno.EIO, f"the snapshot cannot be written ({error})", str(path)) from None
        except sqlite3.DatabaseError as error:
            raise CatalogRejected(str(source), f"is broken ({error})") from None
        finally:
            connection.close()


def _remove(connection: sqlite3.Connection, shelves: Iterable[str]) -> None:
    """Take out the models of these providers, and the providers that `_finish` finds again where they have models."""
    for provider in shelves:
        models = "SELECT id FROM models WHERE provider = ?"
        cards = f"SELECT id FROM cards WHERE model IN ({models})"
        for table in ("rates", "overrides", "conditions"):
            connection.execute(f"DELETE FROM {table} WHERE card IN ({cards})", (provider,))
        connection.execute(f"DELETE FROM cards WHERE model IN ({models})", (provider,))
        for table in ("names", "models"):
            connection.execute(f"DELETE FROM {table} WHERE provider = ?", (provider,))
    for (bare,) in connection.execute("SELECT value FROM meta WHERE key = 'bare'").fetchall():
        for provider in loads(bare):
            connection.execute("DELETE FROM providers WHERE id = ?", (provider,))
            connection.execute("DELETE FROM spellings WHERE provider = ?", (provider,))


def _fill(connection: sqlite3.Connection, models: Iterable[Model], providers: Iterable[Provider], content: str) -> None:
    connection.executescript(
        f"PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA page_size={PAGE}; PRAGMA temp_store=MEMORY;"
        f"PRAGMA application_id={APPLICATION_ID}; PRAGMA user_version={VERSION}; {SCHEMA} BEGIN;"
    )
    for provider in sorted(providers, key=lambda provider: provider.id):
        _provider(connection, provider)
    _models(connection, models, 1)
    _finish(connection, content)
    connection.executescript(f"{INDEXES} ANALYZE; VACUUM;")  # which commits first


def _finish(connection: sqlite3.Connection, content: str) -> None:
    """Add a bare manifest for each provider that nobody has described: its models have names too. Then say what is here."""
    spelled = {spelling for (spelling,) in connection.execute("SELECT spelling FROM spellings")}
    bare = []
    for (provider,) in connection.execute("SELECT DISTINCT provider FROM models ORDER BY provider").fetchall():
        if provider.lower() not in spelled:
            _provider(connection, Provider(id=provider, name=provider))
            spelled.add(provider.lower())
            bare.append(provider)
    meta = {"content": content} | ({"bare": dumps(bare)} if bare else {})
    for table in ("models", "providers"):
        meta[table] = str(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
    connection.execute("DELETE FROM meta")
    connection.executemany("INSERT INTO meta VALUES (?, ?)", meta.items())


def _models(connection: sqlite3.Connection, models: Iterable[Model], start: int) -> None:
    """Insert models, from this key on, and their names."""
    makers = dict(connection.execute("SELECT id, maker FROM providers"))
    names: list[tuple[object, ...]] = []
    for key, model in enumerate(models, start):
        own = model.maker is not None and model.maker == makers.get(model.provider)
        _model(connection, key, model)
        spelled = dict.fromkeys(name for name in (model.model, model.model_id, *model.aliases) if name)
        names += [(model.provider, name, key, name != model.model, own, spelling_of(name)) for name in spelled]
    names.sort(key=lambda row: bool(row[3]))  # an id is never hidden by another entry's alias
    connection.executemany("INSERT OR IGNORE INTO names VALUES (?, ?, ?, ?, ?, ?)", names)


def _provider(connection: sqlite3.Connection, provider: Provider) -> None:
    record = dumps(provider.to_dict())
    connection.execute("INSERT INTO providers VALUES (?, ?, ?)", (provider.id, provider.maker, record))
    connection.executemany(
        "INSERT INTO spellings VALUES (?, ?)", [(s, provider.id) for s in sorted(provider.spellings)]
    )
    connection.executemany(
        "INSERT INTO default_rates VALUES (?, ?, ?, ?)",
        [(provider.id, meter, rate.of, plain(rate.times)) for meter, rate in provider.default_rates.items()],
    )


_INSERT_MODEL = f"INSERT INTO models VALUES ({', '.join('?' * (1 + len(SCALARS) + len(JSON_COLUMNS)))})"


def _model(connection: sqlite3.Connection, key: int, model: Model) -> None:
    values: list[Any] = [getattr(model, name) for name in SCALARS]
    for name in JSON_COLUMNS:
        value = getattr(model, name)
        plain_value = asdict(value) if name in ("modalities", "verification") and value else value
        values.append(dumps(plain_value) if plain_value else None)
    connection.execute(_INSERT_MODEL, (key, *values))
    for card in model.pricing:
        _card(connection, key, card)


def _card(connection: sqlite3.Connection, model: int, card: Pricing) -> None:
    row = (model, card.effective_from, card.observed, card.source, card.correction, card.currency)
    key = connection.execute(
        "INSERT INTO cards(model, effective_from, observed, source, correction, currency) VALUES (?, ?, ?, ?, ?, ?)",
        row,
    ).lastrowid
    _rates(connection, key, 0, card.rates)
    for step, override in enumerate(card.overrides, start=1):
        _rates(connection, key, step, override.rates)
        multiply = None if override.multiply is None else plain(override.multiply)
        connection.execute("INSERT INTO overrides VALUES (?, ?, ?, ?)", (key, step, override.replace, multiply))
        connection.executemany(
            "INSERT INTO conditions VALUES (?, ?, ?, ?, ?, ?)",
            [
                (key, step, alternative, name, item, value)
                for alternative, when in enumerate(override.when)
                for name, wanted in when.items()
                for item, value in enumerate(wanted if isinstance(wanted, list) else [wanted])
            ],
        )


def _rates(connection: sqlite3.Connection, card: int | None, step: int, rates: Mapping[str, Rate]) -> None:
    connection.executemany(
        "INSERT INTO rates VALUES (?, ?, ?, ?, ?)",
        [
            (card, step, meter, plain(rate.amount), rate.per)
            if isinstance(rate, Per)
            else (card, step, meter, None if rate is None else plain(rate), None)
            for meter, rate in rates.items()
        ],
    )
