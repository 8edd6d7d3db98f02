"""Tables of the SQLite store, and how a file of an older version gets today's.

A file grows when it is opened: missing tables and columns are added, what is there stays. Old rows
read as "not known" in a new column.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_server.kit.telemetry.schema import TABLES

if TYPE_CHECKING:
    import sqlite3

    from fleet_server.kit.telemetry.schema import Table

SPANS = ("hour", "day")
"""Of the roll-ups."""
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


def rolled(table: Table, span: str) -> str:
    """Name of a table's roll-up per ``span``."""
    return f"{table.name}_by_{span}"


def rolled_columns(table: Table) -> tuple[str, ...]:
    """Columns of a roll-up: how many were known, and their sum."""
    return tuple(column for field in table.scales for column in (f"{field}_n", f"{field}_sum"))


def lay_out(db: sqlite3.Connection) -> None:
    """Create or complete all tables in the open transaction; may run on any file, any number of times."""
    if db.execute("PRAGMA user_version").fetchone()[0] < _VERSION:
        _rename_rollups(db)
        db.execute(f"PRAGMA user_version = {_VERSION}")
    for statement in _FIXED.split(";"):
        db.execute(statement)
    for table in TABLES.values():
        _grow(db, table.name, ("bench", "ts", "seq"), table.columns)
        for span in SPANS:
            name = rolled(table, span)
            _grow(db, name, ("bench", "ts"), rolled_columns(table))
            db.execute(f"CREATE INDEX IF NOT EXISTS {name}_ts ON {name} (ts)")


def _grow(db: sqlite3.Connection, name: str, key: tuple[str, ...], columns: tuple[str, ...]) -> None:
    every = ", ".join(f"{column} INT" for column in (*key, *columns))
    db.execute(f"CREATE TABLE IF NOT EXISTS {name} ({every}, PRIMARY KEY ({', '.join(key)})) WITHOUT ROWID")
    known = {row[1] for row in db.execute(f"PRAGMA table_info({name})")}
    for column in columns:
        if column not in known:
            db.execute(f"ALTER TABLE {name} ADD COLUMN {column} INT")


def _rename_rollups(db: sqlite3.Connection) -> None:
    """Version 0 gave a roll-up the name ``power_day``, which belongs to the schema ``power_day/1``."""
    for name in ("power", "hotspot", "sys"):
        for span in SPANS:
            if db.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (f"{name}_{span}",)).fetchone():
                db.execute(f"DROP INDEX {name}_{span}_ts")
                db.execute(f"ALTER TABLE {name}_{span} RENAME TO {name}_by_{span}")
