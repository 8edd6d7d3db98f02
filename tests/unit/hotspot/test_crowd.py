import asyncio

from bench_agent.domain.hotspot import HotspotConfig
from bench_agent.services.hotspot import HotspotService
from bench_agent.simulated.clock import SimulatedClock
from bench_agent.simulated.crowd import SimulatedCrowd
from bench_agent.simulated.gate import SimulatedGate, SimulatedNeighbours
from bench_agent.simulated.phones import SimulatedPhones
from bench_agent.wire.telemetry import HotspotMinute
from tests.unit.power.plans import CLOSED, NORMAL

FRIDAY_17_WIB_MS = 1_795_341_600_000
HOUR_MS = 3_600_000


async def live_an_hour(*, hotspot_on: bool) -> list[HotspotMinute]:
    clock = SimulatedClock(FRIDAY_17_WIB_MS)
    gate, neighbours, minutes = SimulatedGate(clock), SimulatedNeighbours(), list[HotspotMinute]()
    config = HotspotConfig()
    crowd = SimulatedCrowd(SimulatedPhones(clock, seed=4), gate, neighbours)
    service = HotspotService(
        config=config, gate=gate, neighbours=neighbours, clock=clock, emit=minutes.append,
        station_count=crowd.station_count,
    )  # fmt: skip
    gate.prepare(config)
    service.follow_plan(NORMAL if hotspot_on else CLOSED)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(service.run()), group.create_task(crowd.run(clock, service.answer))]
        await clock.run_until(FRIDAY_17_WIB_MS + HOUR_MS)
        for task in tasks:
            task.cancel()
    return minutes


def test_visitors_come_through_the_gate_and_use_the_internet() -> None:
    minutes = asyncio.run(live_an_hour(hotspot_on=True))
    assert len(minutes) == 60
    assert sum(minute.admitted for minute in minutes) > 0
    assert max(minute.sessions or 0 for minute in minutes) > 0
    assert sum(minute.down_bytes for minute in minutes) > 0
    assert all((minute.sessions or 0) <= (minute.stations or 0) + 1 for minute in minutes)


def test_a_closed_hotspot_lets_no_visitor_in_and_counts_the_refusals() -> None:
    minutes = asyncio.run(live_an_hour(hotspot_on=False))
    assert sum(minute.admitted for minute in minutes) == 0
    assert sum(minute.refused for minute in minutes) > 0
    assert sum(minute.down_bytes for minute in minutes) == 0
