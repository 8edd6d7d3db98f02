import asyncio
import time
from datetime import datetime

from bench_agent.domain.battery import Battery
from bench_agent.domain.energy_plan import EnergyPlan
from bench_agent.domain.power_reading import PowerReading
from bench_agent.errors import PowerMeterSilentError
from bench_agent.services.power import WIB, PowerService
from bench_agent.simulated.bench_battery import Loads
from bench_agent.simulated.clock import SimulatedClock
from bench_agent.simulated.phones import SimulatedPhones
from bench_agent.simulated.power_meter import SimulatedPowerMeter
from bench_agent.simulated.sun import Site, clear_sky_w_m2, panel_power_w
from bench_agent.wire.envelope import Body
from bench_agent.wire.event import Event
from bench_agent.wire.telemetry import EnergyTier, PowerMinute

MIDNIGHT_MS = int(datetime(2026, 9, 1, tzinfo=WIB).timestamp() * 1000)
DAY_MS = 86_400_000


class SilentMeter:
    async def read(self) -> PowerReading:
        raise PowerMeterSilentError("nothing")

    async def close(self) -> None:
        pass


def live_days(days: int, seed: int, soc_pct: float = 60.0) -> tuple[list[Body], SimulatedPowerMeter]:
    clock = SimulatedClock(MIDNIGHT_MS)
    meter = SimulatedPowerMeter(clock, Site(seed=seed), Battery(), soc_pct)
    bodies: list[Body] = []

    def switch(plan: EnergyPlan) -> None:
        meter.set_loads(Loads(display=plan.display_on, audio=plan.audio_on, hotspot=plan.hotspot_on))

    async def scene() -> None:
        task = asyncio.create_task(PowerService(meter, clock, bodies.append, switch).run())
        await clock.run_until(MIDNIGHT_MS + days * DAY_MS)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(scene())
    return bodies, meter


def test_three_days_pass_in_seconds_with_a_minute_each_and_no_deep_discharge() -> None:
    began = time.process_time()
    bodies, meter = live_days(3, seed=1)
    assert time.process_time() - began < 5
    minutes = [body for body in bodies if isinstance(body, PowerMinute)]
    assert len(minutes) == 3 * 1440
    assert any(isinstance(body, Event) and body.kind == "energy.tier_changed" for body in bodies)
    assert meter.pack.soc_pct > 10
    assert max(minute.panel_power_w or 0 for minute in minutes) > 40


def test_same_seed_same_records_other_seed_other_weather() -> None:
    assert live_days(1, seed=4)[0] == live_days(1, seed=4)[0]
    assert live_days(1, seed=4)[0] != live_days(1, seed=5)[0]


def test_silence_leaves_none_and_becomes_reserve_after_fifteen_minutes() -> None:
    clock, bodies = SimulatedClock(MIDNIGHT_MS), list[Body]()

    async def scene() -> None:
        task = asyncio.create_task(PowerService(SilentMeter(), clock, bodies.append, lambda _: None).run())
        await clock.run_until(MIDNIGHT_MS + 20 * 60_000)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(scene())
    minutes = [body for body in bodies if isinstance(body, PowerMinute)]
    assert all(minute.soc_pct is None and minute.battery_voltage_v is None for minute in minutes)
    assert (minutes[10].tier, minutes[-1].tier) == (EnergyTier.ECO, EnergyTier.RESERVE)


def test_sun_is_dark_at_night_and_a_clear_september_day_is_near_seven_kwh() -> None:
    site = Site()
    day = [clear_sky_w_m2(MIDNIGHT_MS + minute * 60_000, site) for minute in range(1440)]
    assert day[0] == 0
    assert 6.0 < sum(day) / 60_000 < 7.6
    yields = [panel_power_w(MIDNIGHT_MS + step * 600_000, site) / 6 for step in range(144 * 30)]
    assert 300 < sum(yields) / 30 < 500


def test_phones_come_by_day_and_the_same_seed_gives_the_same_visitors() -> None:
    async def count(hour: int) -> tuple[int, int]:
        clock = SimulatedClock(MIDNIGHT_MS)
        phones = SimulatedPhones(clock, seed=2)
        await clock.run_until(MIDNIGHT_MS + hour * 3_600_000)
        counts = phones.count()
        assert counts.sessions <= counts.stations
        return counts.stations, counts.down_bytes

    assert asyncio.run(count(3))[0] == 0
    assert asyncio.run(count(17))[0] > 0
    assert asyncio.run(count(17)) == asyncio.run(count(17))
