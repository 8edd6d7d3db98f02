import asyncio

from bench_agent.domain.battery import Battery
from bench_agent.services.power import PowerService
from bench_agent.simulated.clock import SimulatedClock
from bench_agent.simulated.power_meter import SimulatedPowerMeter
from bench_agent.simulated.sun import Site
from bench_agent.wire.envelope import Body

NOON_WIB_MS = 1_795_323_600_000


def service_on(soc_pct: float) -> PowerService:
    clock, records = SimulatedClock(NOON_WIB_MS), list[Body]()
    meter = SimulatedPowerMeter(clock, Site(seed=1, panel_wp=100.0), Battery(capacity_ah=50.0), soc_pct)
    return PowerService(meter, clock, records.append, lambda _: None, meter.pack.battery)


def test_the_next_service_goes_on_from_what_the_first_one_knew() -> None:
    first, second = service_on(80.0), service_on(80.0)
    asyncio.run(first.sample())
    second.resume(first.knowledge())
    known, resumed = first.knowledge(), second.knowledge()
    assert known.estimate is not None
    assert resumed.estimate is not None
    assert (resumed.estimate.soc_pct, resumed.state.tiers) == (known.estimate.soc_pct, known.state.tiers)
    asyncio.run(second.sample())
    after = second.knowledge().estimate
    assert after is not None
    assert abs(after.soc_pct - known.estimate.soc_pct) < 1
