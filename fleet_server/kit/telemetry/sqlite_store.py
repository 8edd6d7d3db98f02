# ruff: noqa: S608 - table and column names come from schema.TABLES, values are always bound
"""Telemetry in one SQLite file: the default back end (FL-T2).

Bench number 0 of a roll-up is the fleet. Hour and day roll-ups are rebuilt from what they summarise
for hours that changed, so a rebuild that runs twice gives the same rows.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from typing import TYPE_CHECKING

import msgspec
from typing_extensions import override

from fleet_server.errors import BadRequestError, TelemetryStoreError
from fleet_server.kit.telemetry import rollup
from fleet_server.kit.telemetry.layout import (
    AT_S,
    BENCH_SHIFT,
    SEQ_BITS,
    SEQ_MASK,
    first_key,
    lay_out,
    rolled,
)
from fleet_server.kit.telemetry.port import Latest, Measurement, SampleRow, Series, TelemetryStore
from fleet_server.kit.telemetry.schema import FIELDS, TABLES, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from fleet_server.kit.telemetry.port import RetentionPolicy

_MINUTE_S = 60
_MINUTE_MS = 60_000
_HOUR_S = 3600
_HOUR_MS = 3_600_000
_DAY_S = 86_400
_BODIES = {table.schema: msgspec.json.Decoder(body) for body, table in TABLES.items()}
_SQL_VARIABLES = 500
_CACHE_KB = 4_000


def _insert(table: Table) -> str:
    cells = ["?", *("?" if scale == 1 else f"round(? * {scale})" for scale in table.scales.values())]
    cells += ["?"] * len(table.words)
    return f"INSERT OR IGNORE INTO {table.name} (at, {', '.join(table.columns)}) VALUES ({', '.join(cells)})"


_INSERT = {body: _insert(table) for body, table in TABLES.items()}
_LATEST = (
    "INSERT INTO latest VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE"
    " SET ts = excluded.ts, body = excluded.body WHERE excluded.ts >= latest.ts"
)


class SqliteTelemetryStore(TelemetryStore):
    """One writer connection behind a lock, and a pool of readers; WAL lets them work side by side."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        self._numbers: dict[str, int] = {}
        path.parent.mkdir(parents=True, exist_ok=True)
        self._writer = self._connect()
        with self._writing() as db:
            lay_out(db)

    def _connect(self) -> sqlite3.Connection:
        try:
            db = sqlite3.connect(self._path, timeout=10, isolation_level=None, check_same_thread=False)
        except sqlite3.Error as err:
            raise TelemetryStoreError(f"{self._path}: {err}") from err
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")  # dn/commit promises durability (FL-T4)
        db.execute(f"PRAGMA cache_size={-_CACHE_KB}")
        return db

    @contextlib.contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            db = self._writer
            try:
                db.execute("BEGIN IMMEDIATE")
                yield db
                db.execute("COMMIT")
            except sqlite3.Error as err:
                raise TelemetryStoreError(f"{self._path}: {err}") from err
            finally:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                    self._numbers.clear()  # numbers given in the lost transaction do not exist

    @contextlib.contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            db = self._idle.pop() if self._idle else None
        db = db or self._connect()
        try:
            yield db
        except sqlite3.Error as err:
            raise TelemetryStoreError(f"{self._path}: {err}") from err
        finally:
            with self._lock:
                self._idle.append(db)

    def _number(self, db: sqlite3.Connection, bench: str) -> int:
        number = self._numbers.get(bench)
        if number is None:
            db.execute("INSERT OR IGNORE INTO bench (id) VALUES (?)", (bench,))
            number = int(db.execute("SELECT no FROM bench WHERE id = ?", (bench,)).fetchone()[0])
            self._numbers[bench] = number
        return number

    @override
    def append(self, rows: Sequence[SampleRow]) -> None:
        if not rows:
            return
        with self._writing() as db:
            stored: dict[type[Measurement], list[tuple[float | None, ...]]] = {kind: [] for kind in TABLES}
            sinks = {kind: (TABLES[kind].row_of, found.append) for kind, found in stored.items()}
            hours: dict[tuple[str, type[Measurement], int], SampleRow] = {}
            for row in rows:  # spelled out: every record of every bench passes here
                bench, ts_ms, seq, body = row
                number = self._numbers.get(bench) or self._number(db, bench)
                kind = type(body)
                row_of, add = sinks[kind]
                add(row_of(number << BENCH_SHIFT | ts_ms // _MINUTE_MS << SEQ_BITS | seq & SEQ_MASK, body))
                hour = (bench, kind, ts_ms // _HOUR_MS)
                known = hours.get(hour)
                if known is None or ts_ms >= known[1]:
                    hours[hour] = row
            for kind, found in stored.items():
                db.executemany(_INSERT[kind], found)
            dirty = [(self._numbers[bench], TABLES[kind].name, hour * _HOUR_S) for bench, kind, hour in hours]
            db.executemany("INSERT OR IGNORE INTO dirty VALUES (?, ?, ?)", sorted(dirty))
            self._move_latest(db, hours.values())

    @override
    def note_live(self, rows: Sequence[SampleRow]) -> None:
        if rows:
            with self._writing() as db:
                self._move_latest(db, rows)

    def _move_latest(self, db: sqlite3.Connection, rows: Iterable[SampleRow]) -> None:
        db.executemany(
            _LATEST,
            [
                (self._number(db, bench), TABLES[type(body)].schema, ts_ms, msgspec.json.encode(body))
                for bench, ts_ms, _, body in rows
            ],
        )

    @override
    def latest(self, benches: Sequence[str]) -> list[Latest]:
        query = "SELECT b.id, l.kind, l.ts, l.body FROM latest l JOIN bench b ON b.no = l.bench"
        with self._reading() as db:
            if not benches or len(benches) > _SQL_VARIABLES:
                found = db.execute(query).fetchall()
            else:
                marks = ", ".join("?" * len(benches))
                found = db.execute(f"{query} WHERE b.id IN ({marks})", benches).fetchall()
        wanted = set(benches)
        return [
            Latest(bench=bench, schema=kind, ts_ms=ts, body=_BODIES[kind].decode(body))
            for bench, kind, ts, body in found
            if kind in _BODIES and (not wanted or bench in wanted)
        ]

    @override
    def series(self, bench: str, fields: Sequence[str], start_ms: int, end_ms: int, step_s: int) -> Series:
        table = _table_of(fields, step_s)
        with self._reading() as db:
            row = db.execute("SELECT no FROM bench WHERE id = ?", (bench,)).fetchone()
            if row is None:
                return Series(at_ms=[], values={field: [] for field in fields})
            query = _raw_query(table, fields) if step_s % _HOUR_S else _rolled_query(table, fields, step_s)
            found = db.execute(query, _window(row[0], start_ms, end_ms, step_s)).fetchall()
        return _as_series(fields, found)

    @override
    def fleet_series(self, fields: Sequence[str], start_ms: int, end_ms: int, step_s: int) -> Series:
        table = _table_of(fields, step_s)
        if step_s % _HOUR_S:
            raise BadRequestError("Parameter 'step' untuk seluruh armada harus kelipatan 3600 detik.")
        with self._reading() as db:
            window = _window(rollup.FLEET, start_ms, end_ms, step_s)
            found = db.execute(_rolled_query(table, fields, step_s), window).fetchall()
        return _as_series(fields, found)

    @override
    def roll_up(self) -> int:
        with self._writing() as db:
            return rollup.rebuild_dirty(db)

    @override
    def retain(self, policy: RetentionPolicy, now_ms: int) -> None:
        now_s = now_ms // 1000
        with self._writing() as db:
            rollup.rebuild_dirty(db)
            rollup.drop_old(db, now_s - policy.raw_days * _DAY_S, now_s - policy.hour_days * _DAY_S)

    @override
    def close(self) -> None:
        with self._lock:
            for db in (*self._idle, self._writer):
                db.close()
            self._idle.clear()


def _table_of(fields: Sequence[str], step_s: int) -> Table:
    unknown = [field for field in fields if field not in FIELDS]
    if unknown or not fields:
        raise BadRequestError(
            f"Field {', '.join(unknown)[:80]!r} tidak dikenal; pilih dari {', '.join(FIELDS)}."
        )
    if step_s < 1:
        raise BadRequestError("Parameter 'step' harus 1 detik atau lebih.")
    tables = {FIELDS[field].name for field in fields}
    if len(tables) > 1:
        raise BadRequestError(
            f"Field dari beberapa skema ({', '.join(sorted(tables))}); minta satu per satu."
        )
    return FIELDS[fields[0]]


def _raw_query(table: Table, fields: Sequence[str]) -> str:
    means = ", ".join(f"avg({field}) / {table.scales[field]}.0" for field in fields)
    return (
        f"SELECT {AT_S} / :step * :step AS step, {means} FROM {table.name}"
        " WHERE at >= :first AND at < :last GROUP BY step ORDER BY step"
    )


def _rolled_query(table: Table, fields: Sequence[str], step_s: int) -> str:
    means = ", ".join(
        f"1.0 * sum({field}_sum) / nullif(sum({field}_n), 0) / {table.scales[field]}" for field in fields
    )
    source = rolled(table, "hour" if step_s % _DAY_S else "day")
    return (
        f"SELECT ts / :step * :step AS step, {means} FROM {source}"
        " WHERE bench = :bench AND ts >= :start AND ts < :end GROUP BY step ORDER BY step"
    )


def _window(bench: int, start_ms: int, end_ms: int, step_s: int) -> dict[str, int]:
    # Whole steps only: a first step cut in half would show another mean each time the page moves.
    start_s, end_s = start_ms // 1000 // step_s * step_s, -(-end_ms // 1000)
    return {
        "bench": bench,
        "start": start_s,
        "end": end_s,
        "first": first_key(bench, start_s),
        "last": first_key(bench, end_s + _MINUTE_S - 1),
        "step": step_s,
    }


def _as_series(fields: Sequence[str], found: list[tuple[float, ...]]) -> Series:
    columns = list(zip(*found, strict=True)) or [()] * (1 + len(fields))
    return Series(
        at_ms=[int(at) * 1000 for at in columns[0]],
        values={field: list(column) for field, column in zip(fields, columns[1:], strict=True)},
    )
