"""The watch over real stores: opens once, clears, stays silent on history (fleet.md section 9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from typing_extensions import override

from bench_agent.wire.telemetry import EnergyTier, PowerMinute
from fleet_server.alarms import service
from fleet_server.alarms.watch import AlarmWatch
from fleet_server.benches.models import Bench
from fleet_server.errors import BadRequestError
from fleet_server.kit.clock import Clock
from fleet_server.kit.database import open_engine, open_sessions, upgrade_schema
from fleet_server.kit.telemetry.sqlite_store import SqliteTelemetryStore
from fleet_server.telemetry.models import EventRow

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fleet_server.alarms.schemas import AlarmOut

A, B = "tgx000000001", "tgx000000002"
MINUTE_MS = 60_000
NOON_MS = 1_795_000_000_000


class SteppedClock(Clock):
    def __init__(self) -> None:
        self.at_ms = NOON_MS

    @override
    def now_ms(self) -> int:
        return self.at_ms

    @override
    def monotonic_ms(self) -> int:
        return self.at_ms


class Fleet:
    """Two benches, what they report, and the watch over them."""

    def __init__(self, folder: Path) -> None:
        self.engine = open_engine(f"sqlite:///{folder / 'fleet.db'}")
        upgrade_schema(self.engine)
        self.sessions = open_sessions(self.engine)
        self.store = SqliteTelemetryStore(folder / "telemetry.db")
        self.clock = SteppedClock()
        self.watch = AlarmWatch(self.sessions, self.store, self.clock)
        self._seq = 0
        with self.sessions.begin() as db:
            for bench in (A, B):
                db.add(Bench(id=bench, name=bench, created_ms=0, online=True, last_seen_ms=NOON_MS))

    def report(self, bench: str, soc_pct: float, at_ms: int | None = None) -> None:
        self._seq += 1
        minute = PowerMinute(soc_pct=soc_pct, tier=EnergyTier.ECO)
        self.store.append([(bench, self.clock.at_ms if at_ms is None else at_ms, self._seq, minute)])

    def say(self, bench: str, kind: str, **facts: str | bool) -> None:
        self._seq += 1
        with self.sessions.begin() as db:
            db.add(
                EventRow(
                    bench=bench, gen="g", seq=self._seq, ts_ms=self.clock.at_ms, kind=kind,
                    severity="warning", text="", facts=facts,
                )
            )  # fmt: skip

    def set_bench(self, bench: str, **values: object) -> None:
        with self.sessions.begin() as db:
            row = db.get_one(Bench, bench)
            for name, value in values.items():
                setattr(row, name, value)

    def live(self, minutes: int, **soc_pct: float) -> None:
        """Both benches are heard each minute; those named report their charge."""
        for _ in range(minutes):
            self.clock.at_ms += MINUTE_MS
            for bench in (A, B):
                with self.sessions() as db:
                    online = db.get_one(Bench, bench).online
                if online:
                    self.set_bench(bench, last_seen_ms=self.clock.at_ms)
            for name, value in soc_pct.items():
                self.report({"a": A, "b": B}[name], value)
            self.watch.look()

    def open(self) -> list[AlarmOut]:
        with self.sessions() as db:
            return service.list_open(db, self.clock.at_ms)

    def open_rules(self) -> list[tuple[str, str]]:
        return [(alarm.bench, alarm.rule) for alarm in self.open()]


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    made = Fleet(tmp_path)
    yield made
    made.store.close()
    made.engine.dispose()


def test_low_charge_opens_one_alarm_and_clears_above_the_other_level(fleet: Fleet) -> None:
    fleet.live(15, a=29, b=80)
    assert fleet.open_rules() == []
    fleet.live(60, a=29, b=80)
    assert fleet.open_rules() == [(A, "charge_low")]
    fleet.live(60, a=35, b=80)
    assert fleet.open_rules() == [(A, "charge_low")]
    fleet.live(31, a=41, b=80)
    assert fleet.open_rules() == []


def test_critical_charge_keeps_the_lesser_alarm_quiet(fleet: Fleet) -> None:
    fleet.live(20, a=10)
    assert [(alarm.rule, alarm.quiet) for alarm in fleet.open()] == [
        ("charge_critical", False),
        ("charge_low", True),
    ]


def test_a_backlog_of_bad_days_opens_nothing(fleet: Fleet) -> None:
    for minute in range(600):
        fleet.report(A, 5, NOON_MS - 86_400_000 + minute * MINUTE_MS)
    fleet.live(30, b=80)
    assert fleet.open_rules() == []


def test_a_silent_meter_neither_opens_nor_clears_the_charge_alarm(fleet: Fleet) -> None:
    fleet.live(20, a=10)
    fleet.live(120)
    assert (A, "charge_critical") in fleet.open_rules()


def test_dark_without_a_word_is_an_alarm_and_planned_dark_is_not(fleet: Fleet) -> None:
    """POW-R42."""
    fleet.live(1)
    wake_ms = fleet.clock.at_ms + 60 * MINUTE_MS
    fleet.set_bench(A, online=False, state_reason="sleep", wake_at=wake_ms)
    fleet.live(59)
    assert fleet.open_rules() == []
    fleet.live(31)
    assert fleet.open_rules() == [(A, "overdue_wake")]
    fleet.set_bench(A, online=False, state_reason="lost", wake_at=None)
    fleet.live(1)
    assert (A, "unexpected_dark") in fleet.open_rules()
    fleet.set_bench(A, online=True, state_reason="run")
    fleet.live(6)
    assert fleet.open_rules() == []


def test_when_nobody_is_heard_the_benches_are_not_blamed(fleet: Fleet) -> None:
    """A dead broker or ingest is one fault, not a thousand."""
    for bench in (A, B):
        fleet.set_bench(bench, online=False, state_reason="lost")
    fleet.live(60)
    assert fleet.open_rules() == []


def test_problems_that_the_bench_reports_open_and_end_with_its_word(fleet: Fleet) -> None:
    fleet.say(A, "problem.began", problem="current_sign")
    fleet.live(1)
    assert fleet.open_rules() == [(A, "current_sign")]
    fleet.say(A, "problem.ended", problem="current_sign")
    fleet.live(1)
    assert fleet.open_rules() == []


def test_more_than_three_dirty_restarts_a_day_are_an_alarm(fleet: Fleet) -> None:
    for _ in range(4):
        fleet.say(A, "boot", dirty=True)
    fleet.say(B, "boot", dirty=False)
    fleet.live(1)
    assert fleet.open_rules() == [(A, "dirty_restarts")]
    fleet.clock.at_ms += 24 * 60 * MINUTE_MS
    fleet.live(1)
    assert fleet.open_rules() == []


def test_two_watches_open_one_alarm(fleet: Fleet) -> None:
    twin = AlarmWatch(fleet.sessions, fleet.store, fleet.clock)
    for _ in range(20):
        fleet.live(1, a=10)
        twin.look()
    assert sorted(fleet.open_rules()) == [(A, "charge_critical"), (A, "charge_low")]


def test_people_acknowledge_snooze_and_close(fleet: Fleet) -> None:
    fleet.live(20, a=20)
    (alarm,) = fleet.open()
    now_ms = fleet.clock.at_ms
    with fleet.sessions.begin() as db:
        assert service.acknowledge(db, alarm.id, "ani", now_ms).acknowledged_by == "ani"
        assert service.acknowledge(db, alarm.id, "budi", now_ms).acknowledged_by == "ani"
        assert service.snooze(db, alarm.id, 2, "budi", now_ms).quiet
    with fleet.sessions() as db:
        assert [one.quiet for one in service.list_open(db, now_ms + 3 * 3_600_000)] == [False]
    with fleet.sessions.begin() as db:
        closed = service.close(db, alarm.id, "panel dibersihkan", "ani", now_ms)
        assert (closed.closed_by, closed.note) == ("ani", "panel dibersihkan")
    with pytest.raises(BadRequestError, match="sudah berakhir"), fleet.sessions.begin() as db:
        service.close(db, alarm.id, "sekali lagi", "ani", now_ms)
    fleet.live(14, a=20)
    assert fleet.open() == []
    fleet.live(3, a=20)
    assert len(fleet.open()) == 1
    with fleet.sessions() as db:
        page = service.list_all(db, now_ms, A, limit=1)
        assert page.next is not None
        assert [one.id for one in service.list_all(db, now_ms, A, cursor=page.next).items] == [alarm.id]
