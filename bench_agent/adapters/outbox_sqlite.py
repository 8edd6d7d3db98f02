"""Outbox in one SQLite file (WAL, synchronous=FULL). Source: docs/spec/fleet.md section 8.

A record gets its number, and a play its ``play_seq``, in the transaction that writes it: what a power
cut takes was never numbered, so numbers have no gaps. The same transaction stores the state that goes with
the records. Any write takes all waiting records along.
Every call is short and synchronous; one thread uses the object.
"""

import contextlib
import secrets
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import structlog

from bench_agent.errors import OutboxError
from bench_agent.ports.clock import ClockQuality
from bench_agent.ports.outbox import Draft, RecordClass, Stretch
from bench_agent.wire.envelope import (
    MAX_BATCH_BYTES,
    MAX_BATCH_RECORDS,
    Envelope,
    WireClockQuality,
    encode_record,
    schema_of,
)
from bench_agent.wire.ids import Generation, encode_base32
from bench_agent.wire.play import Play

_SCHEMA = """
CREATE TABLE IF NOT EXISTS records (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, class TEXT NOT NULL, ts_ms INTEGER, record BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS meta (
    gen TEXT NOT NULL, play_seq INTEGER NOT NULL, dropped INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS state (one INTEGER PRIMARY KEY CHECK (one = 1), value BLOB NOT NULL);
"""
_ENVELOPE_BYTES = 160
"""Room for the batch's own head."""
_DROP_ROWS = 100
_DAY_MS = 86_400_000
_TRUSTED = frozenset({ClockQuality.NTP, ClockQuality.RTC})

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxLimits:
    """How long records wait in memory and how much room they may take."""

    play_wait_ms: int = 60_000
    play_rows: int = 20
    minute_wait_ms: int = 300_000
    max_bytes: int = 200_000_000
    max_days: int = 60
    """Age at which minutes are given up; events and plays stay."""


class SqliteOutbox:
    """The bench's records, numbered, on disk."""

    def __init__(self, path: Path, limits: OutboxLimits | None = None) -> None:
        """Open or create ``path``; a damaged file is set aside as ``<name>.bad-<n>``.

        Raises:
            OutboxError: The folder cannot be written.
        """
        self._path = path
        self._limits = limits or OutboxLimits()
        self._waiting: list[tuple[RecordClass, Draft]] = []
        self._waiting_plays = 0
        self._due_ms: int | None = None
        with _translated(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                self._db = _open(path)
            except sqlite3.DatabaseError as err:
                if isinstance(err, sqlite3.OperationalError):
                    raise
                _set_aside(path, err)
                self._db = _open(path)
            gen, play_seq, dropped = self._db.execute("SELECT gen, play_seq, dropped FROM meta").fetchone()
            self._gen = Generation(gen)
            self._play_seq, self._dropped = int(play_seq), int(dropped)
            size, rows = self._db.execute(
                "SELECT coalesce(sum(length(record)), 0), count(*) FROM records"
            ).fetchone()
            self._bytes, self._rows = int(size), int(rows)
            self._last = self._read_last()
            kept = self._db.execute("SELECT value FROM state").fetchone()
            self._state: bytes | None = kept[0] if kept else None

    @property
    def gen(self) -> Generation:
        """Random id made with this file."""
        return self._gen

    @property
    def dropped(self) -> int:
        """Records given up for lack of room, ever."""
        return self._dropped

    @property
    def state(self) -> bytes | None:
        """The newest state that came with a record; durable once that record is."""
        return self._state

    def append(self, record_class: RecordClass, draft: Draft) -> None:
        """Take one record; class A is durable on return, the others wait for ``write_due``."""
        self._waiting.append((record_class, draft))
        if draft.state is not None:
            self._state = draft.state
        match record_class:
            case RecordClass.EVENT:
                self.flush()
            case RecordClass.PLAY:
                self._waiting_plays += 1
                if self._waiting_plays >= self._limits.play_rows:
                    self.flush()
                else:
                    self._wait_until(draft.up_ms + self._limits.play_wait_ms)
            case RecordClass.MINUTE:
                self._wait_until(draft.up_ms + self._limits.minute_wait_ms)

    def _wait_until(self, due_ms: int) -> None:
        self._due_ms = due_ms if self._due_ms is None else min(due_ms, self._due_ms)

    def write_due(self, up_ms: int) -> None:
        """Write waiting records whose time has come at ``up_ms`` since boot."""
        if self._due_ms is not None and up_ms >= self._due_ms:
            self.flush()

    def flush(self) -> None:
        """Write every waiting record in one durable transaction."""
        if not self._waiting:
            return
        play_seq = self._play_seq
        rows = []
        for seq, (record_class, draft) in enumerate(self._waiting, self._last + 1):
            if isinstance(draft.body, Play):
                play_seq += 1
            record = _encode(self._gen, seq, play_seq, draft)
            ts_ms = draft.ts_ms if draft.quality in _TRUSTED else None
            rows.append((seq, record_class.value, ts_ms, record))
        with _translated(self._path), self._db:
            self._db.executemany("INSERT INTO records VALUES (?, ?, ?, ?)", rows)
            self._db.execute("UPDATE meta SET play_seq = ?", (play_seq,))
            if any(draft.state is not None for _, draft in self._waiting):
                self._db.execute("INSERT OR REPLACE INTO state VALUES (1, ?)", (self._state,))
        self._play_seq = play_seq
        self._last += len(rows)
        self._rows += len(rows)
        self._bytes += sum(len(record) for *_, record in rows)
        self._waiting.clear()
        self._waiting_plays = 0
        self._due_ms = None
        self._make_room(max((ts_ms for _, _, ts_ms, _ in rows if ts_ms is not None), default=0))

    def read_batch(self, after: int) -> Stretch:
        """The oldest records above ``after``, at most 50 and 16 KB (a larger one travels alone)."""
        with _translated(self._path):
            found = self._db.execute(
                "SELECT seq, record FROM records WHERE seq > ? ORDER BY seq LIMIT ?",
                (after, MAX_BATCH_RECORDS),
            ).fetchall()
        after = max(after, self.floor())
        size, last, records = _ENVELOPE_BYTES, after, list[bytes]()
        for seq, record in found:
            size += len(record) + 1
            if records and size > MAX_BATCH_BYTES:
                break
            records.append(record)
            last = seq
        return Stretch(after, last, records)

    def commit(self, upto: int) -> None:
        """Delete every record up to ``upto``."""
        self._delete("seq <= ?", (upto,), dropped=False)

    def floor(self) -> int:
        """Highest number at or below which nothing is held any more."""
        with _translated(self._path):
            (first,) = self._db.execute("SELECT min(seq) FROM records").fetchone()
        return self._last if first is None else int(first) - 1

    def count(self) -> int:
        """Records that wait for the server, in memory and on disk."""
        return self._rows + len(self._waiting)

    def close(self) -> None:
        """Write what waits and close the file."""
        try:
            self.flush()
        finally:
            self._db.close()

    def _read_last(self) -> int:
        row = self._db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'records'").fetchone()
        return int(row[0]) if row else 0

    def _make_room(self, now_ms: int) -> None:
        """Give up minutes first, then plays, and events only when nothing else is left."""
        if now_ms:
            oldest_ms = now_ms - self._limits.max_days * _DAY_MS
            self._delete("class = 'C' AND ts_ms < ?", (oldest_ms,), dropped=True)
        for letter in ("C", "B", "A"):
            while self._bytes > self._limits.max_bytes:
                oldest = "seq IN (SELECT seq FROM records WHERE class = ? ORDER BY seq LIMIT ?)"
                if not self._delete(oldest, (letter, _DROP_ROWS), dropped=True):
                    break

    def _delete(self, condition: str, values: tuple[int | str, ...], *, dropped: bool) -> int:
        with _translated(self._path), self._db:
            gone = self._db.execute(
                f"DELETE FROM records WHERE {condition} RETURNING length(record)",  # noqa: S608 - our own text
                values,
            ).fetchall()
            if dropped and gone:
                self._db.execute("UPDATE meta SET dropped = dropped + ?", (len(gone),))
        self._rows -= len(gone)
        self._bytes -= sum(size for (size,) in gone)
        self._dropped += len(gone) if dropped else 0
        return len(gone)


def _encode(gen: Generation, seq: int, play_seq: int, draft: Draft) -> bytes:
    body = draft.body
    if isinstance(body, Play):
        body = msgspec.structs.replace(body, play_seq=play_seq)
    return encode_record(
        Envelope(
            s=schema_of(body),
            gen=gen,
            seq=seq,
            boot=draft.boot,
            up=draft.up_ms,
            ts=draft.ts_ms,
            q=WireClockQuality(draft.quality.value),
            d=msgspec.Raw(msgspec.json.encode(body)),
        )
    )


def _open(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, check_same_thread=False)
    try:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        _check(db)
        db.executescript(_SCHEMA)
        with db:
            if db.execute("SELECT 1 FROM meta").fetchone() is None:
                gen = encode_base32(secrets.token_bytes(8), 8)
                db.execute("INSERT INTO meta VALUES (?, 0, 0)", (gen,))
    except BaseException:
        db.close()
        raise
    return db


def _check(db: sqlite3.Connection) -> None:
    (verdict,) = db.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise sqlite3.DatabaseError(verdict)


def _set_aside(path: Path, cause: sqlite3.DatabaseError) -> None:
    number = 1 + sum(1 for _ in path.parent.glob(f"{path.name}.bad-*"))
    bad = path.with_name(f"{path.name}.bad-{number}")
    path.rename(bad)
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    _log.error("outbox_set_aside", file=str(bad), cause=str(cause))


@contextlib.contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as err:
        raise OutboxError(f"outbox {path}: {err}") from err
