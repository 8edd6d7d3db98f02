# ruff: noqa: S608 - table and column names come from schema.TABLES
"""Tables of the SQLite store, and how a file of an older version gets today's.

A file grows when it is opened: missing tables and columns are added, what is there stays. Old rows
read as "not known" in a new column.

A raw row's key is one integer, ``bench number, minute, seq mod 512``: it costs half the bytes of three
columns and less to compare. Aggregates cover a minute, so nothing is lost by not keeping seconds; two
rows of one bench and minute are the same row if they also agree in the last nine bits of ``seq``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_server.kit.telemetry.schema import TABLES

if TYPE_CHECKING:
    import sqlite3

    from fleet_server.kit.telemetry.schema import Table

SPANS = ("hour", "day")
"""Of the roll-ups."""
SEQ_BITS, MINUTE_BITS = 9, 26
"""Of a raw row's key: minutes last until the year 2097; a thousand benches fit SQLite's 7-byte integer."""
SEQ_MASK = (1 << SEQ_BITS) - 1
BENCH_SHIFT = SEQ_BITS + MINUTE_BITS
AT_S = f"((at >> {SEQ_BITS} & {(1 << MINUTE_BITS) - 1}) * 60)"
"""SQL: the instant of a raw row, in seconds since 1970."""
_MINUTE_S = 60
_VERSION = 1
_FIXED = """
CREATE TABLE IF NOT EXISTS bench (no INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS latest (
    bench INT, kind TEXT, ts INT NOT NULL, body BLOB NOT NULL, PRIMARY KEY (bench, kind)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS dirty (
    bench INT, kind TEXT, hour INT, PRIMARY KEY (bench, kind, hour)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS horizon (one INTEGER PRIMARY KEY CHECK (one = 1), raw_s INT NOT NULL);
INSERT OR IGNORE INTO horizon VALUES (1, 0)
"""


def first_key(bench: int, start_s: int) -> int:
    """Lowest key of a row of ``bench`` at or after the minute of ``start_s``; >= 0."""
    return bench << BENCH_SHIFT | start_s // _MINUTE_S << SEQ_BITS


def rolled(table: Table, span: str) -> str:
    """Name of a table's roll-up per ``span``."""
    return f"{table.name}_by_{span}"


def rolled_columns(table: Table) -> tuple[str, ...]:
    """Columns of a roll-up: how many were known, and their sum."""
    return tuple(column for field in table.scales for column in (f"{field}_n", f"{field}_sum"))


def lay_out(db: sqlite3.Connection) -> None:
    """Create or complete all tables in the open transaction; may run on any file, any number of times."""
    old = db.execute("PRAGMA user_version").fetchone()[0] < _VERSION
    if old:
        _set_aside_version_0(db)
    for statement in _FIXED.split(";"):
        db.execute(statement)
    for table in TABLES.values():
        _complete(db, table.name, "at INT PRIMARY KEY, {}", table.columns)
        for span in SPANS:
            body = "bench INT, ts INT, {}, PRIMARY KEY (bench, ts)"
            _complete(db, rolled(table, span), body, rolled_columns(table))
    if old:
        _take_in_version_0(db)
        db.execute(f"PRAGMA user_version = {_VERSION}")


def _columns(db: sqlite3.Connection, name: str) -> list[str]:
    return [row[1] for row in db.execute(f"PRAGMA table_info({name})")]


def _complete(db: sqlite3.Connection, name: str, body: str, columns: tuple[str, ...]) -> None:
    every = body.format(", ".join(f"{column} INT" for column in columns))
    db.execute(f"CREATE TABLE IF NOT EXISTS {name} ({every}) WITHOUT ROWID")
    for column in sorted(set(columns).difference(_columns(db, name))):
        db.execute(f"ALTER TABLE {name} ADD COLUMN {column} INT")


_OLD = ("power", "hotspot", "sys")


def _set_aside_version_0(db: sqlite3.Connection) -> None:
    for name in _OLD:
        if _columns(db, name):
            db.execute(f"ALTER TABLE {name} RENAME TO old_{name}")
            for span in SPANS:  # ``power_day`` is now the table of the schema ``power_day/1``
                db.execute(f"DROP INDEX {name}_{span}_ts")
                db.execute(f"ALTER TABLE {name}_{span} RENAME TO {name}_by_{span}")


def _take_in_version_0(db: sqlite3.Connection) -> None:
    for name in _OLD:
        if columns := _columns(db, f"old_{name}")[3:]:
            key = f"(bench << {BENCH_SHIFT}) | (ts / {_MINUTE_S} << {SEQ_BITS}) | (seq & {SEQ_MASK})"
            values = ", ".join(columns)
            db.execute(f"INSERT OR IGNORE INTO {name} (at, {values}) SELECT {key}, {values} FROM old_{name}")
            db.execute(f"DROP TABLE old_{name}")
