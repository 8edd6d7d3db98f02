"""Fourteen days without sun, and a supply that fails again and again, on virtual time (POW-R42, R65)."""

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest
from typing_extensions import override

from bench_agent.adapters.outbox_sqlite import SqliteOutbox
from bench_agent.app.history import PastLives
from bench_agent.app.machine import Machine, next_boot, read_start
from bench_agent.app.meters import NamedMeter
from bench_agent.domain.battery import Battery
from bench_agent.domain.supply import SupplyReason
from bench_agent.ports.clock import Clock
from bench_agent.services.power import WIB
from bench_agent.settings import Settings
from bench_agent.simulated.clock import SimulatedClock
from bench_agent.simulated.energy_memory import SimulatedEnergyMemory
from bench_agent.simulated.host import SimulatedHost
from bench_agent.simulated.power_meter import SimulatedPowerMeter
from bench_agent.simulated.sun import Site
from bench_agent.simulated.supply_board import SimulatedSupplyBoard
from bench_agent.wire.envelope import Envelope, body_of, decode_record
from bench_agent.wire.event import Event
from bench_agent.wire.telemetry import PowerDay, PowerMinute, SystemMinute

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
START_MS = int(datetime(2026, 9, 1, tzinfo=WIB).timestamp() * 1000)


class CloudedMeter(SimulatedPowerMeter):
    """A bench whose sun shines by ``share`` until ``clears_at_ms`` (wall)."""

    def __init__(self, clock: Clock, share: float, clears_at_ms: int, soc_pct: float) -> None:
        super().__init__(clock, Site(seed=1), Battery(), soc_pct)
        self._share = share
        self._clears_at_ms = clears_at_ms
        self.least_pct = soc_pct

    @override
    def _sun_w(self, wall_ms: int) -> float:
        self.least_pct = min(self.least_pct, self.pack.soc_pct)
        return super()._sun_w(wall_ms) * (self._share if wall_ms < self._clears_at_ms else 1.0)


@dataclass
class Bench:
    folder: Path
    clock: SimulatedClock
    meter: CloudedMeter
    board: SimulatedSupplyBoard
    machine: Machine
    settings: Settings

    def records(self) -> list[Envelope]:
        with closing(sqlite3.connect(self.folder / "outbox.sqlite3")) as db:
            return [decode_record(raw) for (raw,) in db.execute("SELECT record FROM records ORDER BY seq")]

    def events(self, kind: str) -> list[tuple[int, Event]]:
        found = [(record.ts, body_of(record)) for record in self.records()]
        return [(ts, body) for ts, body in found if isinstance(body, Event) and body.kind == kind]


def make_bench(folder: Path, *, share: float, cloudy_days: float, soc_pct: float) -> Bench:
    clock = SimulatedClock(START_MS)
    meter = CloudedMeter(clock, share, START_MS + round(cloudy_days * DAY_MS), soc_pct)
    board = SimulatedSupplyBoard(meter, clock)
    machine = Machine(
        clock=clock,
        plain=clock,
        meters=[NamedMeter(url="simulated://", kind="simulated", meter=meter, can_see_battery=True)],
        board=board,
        host=SimulatedHost(board, SystemMinute),
        files=SimulatedEnergyMemory(),
    )
    settings = Settings(bench_id="tgx000000001", data_dir=folder)
    return Bench(folder, clock, meter, board, machine, settings)


def live(bench: Bench, days: float) -> None:
    async def scene() -> None:
        with closing(SqliteOutbox(bench.folder / "outbox.sqlite3")) as store:
            living = asyncio.create_task(PastLives(bench.settings, store, bench.machine).run())
            await bench.clock.run_until(bench.clock.now_ms() + round(days * DAY_MS))
            living.cancel()
            await asyncio.gather(living, return_exceptions=True)

    asyncio.run(scene())


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.0, 0.1])
def test_after_fourteen_sunless_days_the_bench_comes_back_by_itself_and_tells(
    tmp_path: Path, share: float
) -> None:
    bench = make_bench(tmp_path, share=share, cloudy_days=14, soc_pct=60)
    live(bench, 16)
    assert bench.meter.least_pct > 8  # no deep discharge
    darks, boots = bench.events("energy.dark"), bench.events("boot")
    assert len(darks) in {len(boots), len(boots) - 1}
    for (dark_at, dark), (boot_at, boot) in zip(darks, boots[1:], strict=False):
        assert boot.facts["dirty"] is False
        assert (boot.facts["reason"] == "sleep") is (dark.facts["reason"] == "sleep")
        wake_at = dark.facts["wake_at"]
        assert boot_at > dark_at
        assert not isinstance(wake_at, int) or boot_at >= wake_at
    cleared_ms = START_MS + 14 * DAY_MS
    minutes = [(one.ts, body) for one in bench.records() if isinstance(body := body_of(one), PowerMinute)]
    back = [ts for ts, _ in minutes if ts > cleared_ms]
    assert back[0] < cleared_ms + DAY_MS + 12 * HOUR_MS  # by noon of the second day at the latest
    dark_hours = [
        hour
        for hour in range(14 * 24)
        if not any(0 <= ts - START_MS - hour * HOUR_MS < HOUR_MS for ts, _ in minutes)
    ]
    assert len(dark_hours) > 48  # nothing is recorded in the dark
    days = [body for one in bench.records() if isinstance(body := body_of(one), PowerDay)]
    counted = sum(
        day.boots_cold + day.boots_sleep + day.boots_critical + day.boots_low + day.boots_cut for day in days
    )
    assert counted >= len(boots) - 2  # today's are not summed up yet
    assert [record.seq for record in bench.records()] == list(range(1, len(bench.records()) + 1))


@pytest.mark.slow
def test_a_supply_that_fails_again_and_again_loses_no_event_and_is_told(tmp_path: Path) -> None:
    """Eight cuts without a word, at any moment; what ``emit`` promised is on disk."""
    bench = make_bench(tmp_path, share=1.0, cloudy_days=0, soc_pct=50)
    path = tmp_path / "outbox.sqlite3"
    promised: list[int] = []

    async def one_life(number: int) -> None:
        store = SqliteOutbox(path)
        start = await read_start(bench.machine, next_boot(bench.machine))
        agent = PastLives(bench.settings, store, bench.machine).build(start)
        tasks = [asyncio.create_task(loop()) for loop in agent.loops.values()]
        for step in range(3):
            await bench.clock.sleep(200 + 37 * number)
            agent.outbox.emit(Event(kind="test.numbered", facts={"id": 10 * number + step}))
            promised.append(10 * number + step)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        store._db.close()  # what was only in memory is gone
        bench.board.lose_supply(SupplyReason.CUT)
        await bench.board.wait_supply()

    async def lives() -> None:
        for number in range(8):
            await one_life(number)

    async def scene() -> None:
        living = asyncio.create_task(lives())
        while not living.done():
            await bench.clock.run_until(bench.clock.now_ms() + HOUR_MS)
        await living

    asyncio.run(scene())
    stored = [event.facts["id"] for _, event in bench.events("test.numbered")]
    assert stored == promised
    boots = [event for _, event in bench.events("boot")]
    assert [(one.facts["reason"], one.facts["dirty"], one.facts["brown_out"]) for one in boots] == [
        ("cold", False, False),
        *[("cut", True, True)] * 7,
    ]
    began = [event.facts["problem"] for _, event in bench.events("problem.began")]
    assert "boot_loop" in began
    waits_ms = [later[0] - earlier[0] for earlier, later in pairwise(bench.events("boot"))]
    assert waits_ms[3] > waits_ms[0]  # ever longer pauses (POW-R51)
    live(bench, 0.5)  # and then it lives on
    assert [event.facts["problem"] for _, event in bench.events("problem.ended")] == ["boot_loop"]
