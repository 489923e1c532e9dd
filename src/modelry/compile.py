"""Write a snapshot: the catalogue's records into the tables of `snapshot.SCHEMA`."""

from __future__ import annotations

import errno
import shutil
import sqlite3
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from modelry.atomic import replacing
from modelry.identity import spelling_of
from modelry.jsontext import dumps, plain
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

    What one provider's rows mean hangs on no other's, so the rest is copied as it stands. Raises as `write` does.
    """
    with replacing(Path(path)) as temporary:
        shutil.copyfile(source, temporary)
        connection = sqlite3.connect(temporary, isolation_level=None)
        try:
            connection.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; BEGIN;")
            _replace(connection, shelves)
            connection.execute("UPDATE meta SET value = ? WHERE key = 'content'", (content,))
            for table in ("models", "providers"):
                counted = f"(SELECT count(*) FROM {table})"
                connection.execute(f"UPDATE meta SET value = CAST({counted} AS TEXT) WHERE key = ?", (table,))
            connection.execute("COMMIT")
        except sqlite3.OperationalError as error:
            raise OSError(errno.EIO, f"the snapshot cannot be written ({error})", str(path)) from None
        finally:
            connection.close()


def _replace(connection: sqlite3.Connection, shelves: Mapping[str, Sequence[Model]]) -> None:
    for provider in shelves:
        models = "SELECT id FROM models WHERE provider = ?"
        cards = f"SELECT id FROM cards WHERE model IN ({models})"
        for table in ("rates", "overrides", "conditions"):
            connection.execute(f"DELETE FROM {table} WHERE card IN ({cards})", (provider,))
        connection.execute(f"DELETE FROM cards WHERE model IN ({models})", (provider,))
        for table in ("names", "models"):
            connection.execute(f"DELETE FROM {table} WHERE provider = ?", (provider,))
        known = connection.execute("SELECT maker FROM providers WHERE id = ?", (provider,)).fetchone()
        if known is None:
            _provider(connection, Provider(id=provider, name=provider))
        (start,) = connection.execute("SELECT coalesce(max(id), 0) + 1 FROM models").fetchone()
        _models(connection, shelves[provider], {provider: known[0] if known else None}, start)


def _fill(connection: sqlite3.Connection, models: Iterable[Model], providers: Iterable[Provider], content: str) -> None:
    connection.executescript(
        f"PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA page_size={PAGE}; PRAGMA temp_store=MEMORY;"
        f"PRAGMA application_id={APPLICATION_ID}; PRAGMA user_version={VERSION}; {SCHEMA} BEGIN;"
    )
    makers = {}
    models = list(models)
    for provider in sorted(_described(providers, models), key=lambda provider: provider.id):
        makers[provider.id] = provider.maker
        _provider(connection, provider)
    _models(connection, models, makers, 1)
    meta = {"content": content, "models": str(len(models)), "providers": str(len(makers))}
    connection.executemany("INSERT INTO meta VALUES (?, ?)", meta.items())
    connection.executescript(f"{INDEXES} ANALYZE; VACUUM;")  # which commits first


def _models(
    connection: sqlite3.Connection, models: Iterable[Model], makers: Mapping[str, str | None], start: int
) -> None:
    """Insert models, from this key on, and their names."""
    names: list[tuple[object, ...]] = []
    for key, model in enumerate(models, start):
        own = model.maker is not None and model.maker == makers.get(model.provider)
        _model(connection, key, model)
        spelled = dict.fromkeys(name for name in (model.model, model.model_id, *model.aliases) if name)
        names += [(model.provider, name, key, name != model.model, own, spelling_of(name)) for name in spelled]
    names.sort(key=lambda row: bool(row[3]))  # an id is never hidden by another entry's alias
    connection.executemany("INSERT OR IGNORE INTO names VALUES (?, ?, ?, ?, ?, ?)", names)


def _described(providers: Iterable[Provider], models: Iterable[Model]) -> list[Provider]:
    """The manifests, and a bare one for each provider that nobody has described: its models have names too."""
    described = list(providers)
    spelled = {spelling for provider in described for spelling in provider.spellings}
    bare = {model.provider for model in models if model.provider.lower() not in spelled}
    return [*described, *(Provider(id=provider, name=provider) for provider in bare)]


def _provider(connection: sqlite3.Connection, provider: Provider) -> None:
    record = {key: value for key, value in asdict(provider).items() if value not in (None, (), [], {}, False)}
    connection.execute("INSERT INTO providers VALUES (?, ?, ?)", (provider.id, provider.maker, dumps(record)))
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
