# ruff: noqa: S608 - table and column names come from schema.TABLES, values are always bound
"""Hour and day roll-ups: rebuilt for dirty hours, from raw to hour to day, per bench and fleet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_server.kit.telemetry.layout import BENCH_SHIFT, first_key, rolled, rolled_columns
from fleet_server.kit.telemetry.schema import TABLES, Table

if TYPE_CHECKING:
    import sqlite3

FLEET = 0
"""Bench number of the whole fleet in a roll-up."""
_HOUR_S = 3600
_DAY_S = 86_400


def rebuild_dirty(db: sqlite3.Connection) -> int:
    """Rebuild roll-ups of all dirty hours in the open transaction; returns how many hours.

    Hours whose raw rows were dropped keep their roll-up: a late row must not replace a full hour.
    """
    (horizon,) = db.execute("SELECT raw_s FROM horizon").fetchone()
    dirty = db.execute("SELECT bench, kind, hour FROM dirty WHERE hour >= ?", (horizon,)).fetchall()
    for table in TABLES.values():
        hours = {(bench, hour) for bench, kind, hour in dirty if kind == table.name}
        days = {(bench, hour // _DAY_S * _DAY_S) for bench, hour in hours}
        _from_raw(db, table, hours)
        _from_hours(db, table, days)
        _fleet(db, "hour", table, {hour for _, hour in hours})
        _fleet(db, "day", table, {day for _, day in days})
    db.execute("DELETE FROM dirty")
    return len(dirty)


def drop_old(db: sqlite3.Connection, raw_before_s: int, hour_before_s: int) -> None:
    """Drop raw rows and hour roll-ups before whole days; day roll-ups stay."""
    raw_before_s -= raw_before_s % _DAY_S
    hour_before_s -= hour_before_s % _DAY_S
    db.execute("UPDATE horizon SET raw_s = max(raw_s, ?)", (raw_before_s,))
    benches = [bench for (bench,) in db.execute("SELECT no FROM bench")]
    old = [(first_key(bench, 0), first_key(bench, raw_before_s)) for bench in benches]
    for table in TABLES.values():
        db.executemany(f"DELETE FROM {table.name} WHERE at >= ? AND at < ?", old)
        db.executemany(
            f"DELETE FROM {rolled(table, 'hour')} WHERE bench = ? AND ts < ?",
            [(bench, hour_before_s) for bench in (FLEET, *benches)],
        )


def _insert(table: Table, span: str) -> str:
    columns = ", ".join(("bench", "ts", *rolled_columns(table)))
    return f"INSERT OR REPLACE INTO {rolled(table, span)} ({columns})"


def _sums(table: Table) -> str:
    return ", ".join(f"sum({column})" for column in rolled_columns(table))


def _from_raw(db: sqlite3.Connection, table: Table, hours: set[tuple[int, int]]) -> None:
    sums = ", ".join(f"count({field}), sum({field})" for field in table.scales)
    db.executemany(
        f"{_insert(table, 'hour')} SELECT ?, ?, {sums} FROM {table.name}"
        f" WHERE at >= ? AND at < ? GROUP BY at >> {BENCH_SHIFT}",
        [(no, hour, first_key(no, hour), first_key(no, hour + _HOUR_S)) for no, hour in sorted(hours)],
    )


def _from_hours(db: sqlite3.Connection, table: Table, days: set[tuple[int, int]]) -> None:
    db.executemany(
        f"{_insert(table, 'day')} SELECT bench, :day, {_sums(table)} FROM {rolled(table, 'hour')}"
        f" WHERE bench = :bench AND ts >= :day AND ts < :day + {_DAY_S} GROUP BY bench",
        [{"bench": bench, "day": day} for bench, day in sorted(days)],
    )


def _fleet(db: sqlite3.Connection, span: str, table: Table, instants: set[int]) -> None:
    db.executemany(
        f"{_insert(table, span)} SELECT {FLEET}, ts, {_sums(table)}"
        f" FROM bench CROSS JOIN {rolled(table, span)} ON bench = no AND ts = ? GROUP BY ts",
        [(instant,) for instant in sorted(instants)],
    )
