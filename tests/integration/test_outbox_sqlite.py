"""Outbox on a real disk (docs/spec/fleet.md section 8)."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from bench_agent.adapters.outbox_sqlite import OutboxLimits, SqliteOutbox
from bench_agent.ports.clock import ClockQuality
from bench_agent.ports.outbox import Draft, RecordClass
from bench_agent.wire.envelope import (
    MAX_BATCH_BYTES,
    Body,
    body_of,
    decode_batch,
    decode_record,
    encode_batch,
)
from bench_agent.wire.event import Event
from bench_agent.wire.play import Play, PlayOutcome
from bench_agent.wire.telemetry import SystemMinute

if TYPE_CHECKING:
    from pathlib import Path

START_MS = 1_795_373_220_000
DAY_MS = 86_400_000


def draft(body: Body, up_ms: int = 0, quality: ClockQuality = ClockQuality.NTP) -> Draft:
    return Draft(body=body, boot="ab12cd34", up_ms=up_ms, ts_ms=START_MS + up_ms, quality=quality)


def event(kind: str = "boot", text: str = "") -> Event:
    return Event(kind=kind, text=text)


def play() -> Play:
    return Play(
        play_seq=0,
        campaign="c1",
        item="i1",
        asset="0" * 64,
        layer="filler",
        planned_ms=10_000,
        shown_ms=10_000,
        outcome=PlayOutcome.COMPLETE,
    )


def rows_on_disk(path: Path) -> list[str]:
    """Classes of the records another process would find after a power cut now."""
    with closing(sqlite3.connect(path)) as db:
        return [letter for (letter,) in db.execute("SELECT class FROM records ORDER BY seq")]


def bodies(outbox: SqliteOutbox) -> list[Body]:
    return [body_of(decode_record(record)) for record in outbox.read_batch(0).records]


def test_event_is_on_disk_before_append_returns(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite3"
    with closing(SqliteOutbox(path)) as outbox:
        outbox.append(RecordClass.EVENT, draft(event()))
        assert rows_on_disk(path) == ["A"]


def test_plays_reach_the_disk_after_60_s_or_20_rows(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite3"
    with closing(SqliteOutbox(path)) as outbox:
        outbox.append(RecordClass.PLAY, draft(play()))
        outbox.write_due(59_999)
        assert rows_on_disk(path) == []
        outbox.write_due(60_000)
        assert rows_on_disk(path) == ["B"]
        for _ in range(20):
            outbox.append(RecordClass.PLAY, draft(play(), up_ms=60_001))
        assert rows_on_disk(path) == ["B"] * 21


def test_minutes_reach_the_disk_after_five_minutes_or_on_flush(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite3"
    with closing(SqliteOutbox(path)) as outbox:
        outbox.append(RecordClass.MINUTE, draft(SystemMinute()))
        outbox.write_due(299_999)
        assert (rows_on_disk(path), outbox.count()) == ([], 1)
        outbox.write_due(300_000)
        outbox.append(RecordClass.MINUTE, draft(SystemMinute(), up_ms=300_001))
        outbox.flush()
        assert rows_on_disk(path) == ["C", "C"]


def test_event_takes_waiting_records_along_in_order(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite3"
    with closing(SqliteOutbox(path)) as outbox:
        outbox.append(RecordClass.MINUTE, draft(SystemMinute()))
        outbox.append(RecordClass.PLAY, draft(play()))
        outbox.append(RecordClass.EVENT, draft(event()))
        assert rows_on_disk(path) == ["C", "B", "A"]
        assert [decode_record(record).seq for record in outbox.read_batch(0).records] == [1, 2, 3]


def test_numbers_and_generation_survive_a_restart_even_when_all_is_committed(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite3"
    with closing(SqliteOutbox(path)) as outbox:
        gen = outbox.gen
        outbox.append(RecordClass.EVENT, draft(event()))
        outbox.append(RecordClass.EVENT, draft(event()))
        outbox.commit(2)
    with closing(SqliteOutbox(path)) as outbox:
        assert (outbox.gen, outbox.floor(), outbox.count()) == (gen, 2, 0)
        outbox.append(RecordClass.EVENT, draft(event()))
        assert decode_record(outbox.read_batch(0).records[0]).seq == 3


def test_play_numbers_have_no_gap_across_a_power_cut(tmp_path: Path) -> None:
    """SIG-R75: a play lost from memory was never numbered."""
    path = tmp_path / "outbox.sqlite3"
    with closing(SqliteOutbox(path)) as before_cut:
        before_cut.append(RecordClass.PLAY, draft(play()))
        before_cut.flush()
        before_cut.append(RecordClass.PLAY, draft(play()))  # only in memory when the power goes
        with closing(SqliteOutbox(path)) as after_cut:
            after_cut.append(RecordClass.PLAY, draft(play()))
            after_cut.flush()
            numbers = [body.play_seq for body in bodies(after_cut) if isinstance(body, Play)]
            after_cut.commit(2)
            before_cut._waiting.clear()
    assert numbers == [1, 2]


def test_batch_holds_at_most_50_records_and_starts_above_after(tmp_path: Path) -> None:
    with closing(SqliteOutbox(tmp_path / "outbox.sqlite3")) as outbox:
        for _ in range(60):
            outbox.append(RecordClass.EVENT, draft(event()))
        first = outbox.read_batch(0)
        second = outbox.read_batch(first.last)
    assert (first.after, first.last, len(first.records)) == (0, 50, 50)
    assert (second.after, second.last, len(second.records)) == (50, 60, 10)


def test_batch_stays_within_16_kilobytes(tmp_path: Path) -> None:
    with closing(SqliteOutbox(tmp_path / "outbox.sqlite3")) as outbox:
        for _ in range(50):
            outbox.append(RecordClass.EVENT, draft(event(text="x" * 1000)))
        stretch = outbox.read_batch(0)
        payload = encode_batch(outbox.gen, outbox.floor(), stretch.after, stretch.records)
    assert 10 < len(stretch.records) < 16
    assert len(payload) <= MAX_BATCH_BYTES
    assert len(decode_batch(payload).records) == stretch.last


def test_empty_outbox_gives_an_empty_batch_at_its_floor(tmp_path: Path) -> None:
    with closing(SqliteOutbox(tmp_path / "outbox.sqlite3")) as outbox:
        outbox.append(RecordClass.EVENT, draft(event()))
        outbox.commit(1)
        assert outbox.read_batch(0) == (1, 1, [])


def test_damaged_file_is_set_aside_and_a_new_generation_begins(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite3"
    with closing(SqliteOutbox(path)) as outbox:
        old = outbox.gen
        for _ in range(200):
            outbox.append(RecordClass.EVENT, draft(event(text="x" * 200)))
    damaged = bytearray(path.read_bytes())
    damaged[8192:20_000] = b"\xa5" * (20_000 - 8192)
    path.write_bytes(damaged)
    with closing(SqliteOutbox(path)) as outbox:
        assert outbox.gen != old
        assert (outbox.count(), outbox.floor()) == (0, 0)
    assert (tmp_path / "outbox.sqlite3.bad-1").read_bytes() == bytes(damaged)


def test_text_file_in_place_of_the_outbox_is_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite3"
    path.write_text("this is no database\n" * 100)
    with closing(SqliteOutbox(path)) as outbox:
        outbox.append(RecordClass.EVENT, draft(event()))
        assert outbox.count() == 1


def test_full_outbox_gives_up_minutes_before_plays_and_events(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite3"
    with closing(SqliteOutbox(path, OutboxLimits(max_bytes=40_000))) as outbox:
        outbox.append(RecordClass.EVENT, draft(event("first")))
        outbox.append(RecordClass.PLAY, draft(play()))
        for _ in range(400):
            outbox.append(RecordClass.MINUTE, draft(SystemMinute(cpu_load_pct=50.0)))
            outbox.flush()
        letters = rows_on_disk(path)
        assert letters[:2] == ["A", "B"]
        assert outbox.dropped == 402 - len(letters)
        assert 0 < outbox.dropped < 402
        dropped = outbox.dropped
    with closing(SqliteOutbox(path)) as outbox:
        assert outbox.dropped == dropped


def test_old_minutes_are_given_up_but_untrusted_times_and_events_stay(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite3"
    with closing(SqliteOutbox(path, OutboxLimits(max_days=60))) as outbox:
        outbox.append(RecordClass.MINUTE, draft(SystemMinute()))
        outbox.append(RecordClass.MINUTE, draft(SystemMinute(), quality=ClockQuality.NONE))
        outbox.append(RecordClass.EVENT, draft(event()))
        outbox.append(RecordClass.EVENT, draft(event(), up_ms=61 * DAY_MS))
        assert (rows_on_disk(path), outbox.dropped) == (["C", "A", "A"], 1)
