"""Several meters side by side (POW-R2, R4, R6, R69)."""

import asyncio
from collections.abc import Awaitable, Callable

from structlog.testing import capture_logs

from bench_agent.domain.power_reading import ChargeStage, CurrentScope, PowerReading, ReadingQuality
from bench_agent.errors import PowerMeterSilentError, PowerMeterUnreachableError
from bench_agent.services.power.meters import Meters, MeterWatch
from bench_agent.simulated.clock import SimulatedClock

HOUR_MS = 3_600_000


class ScriptedMeter:
    """Answers by a function of virtual time; an exception in its place is raised."""

    def __init__(self, clock: SimulatedClock, script: Callable[[int], PowerReading | Exception]) -> None:
        self.clock = clock
        self.script = script
        self.closed = False

    async def read(self) -> PowerReading:
        answer = self.script(self.clock.monotonic_ms())
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def close(self) -> None:
        self.closed = True


class DeafMeter:
    async def read(self) -> PowerReading:
        await asyncio.Event().wait()
        raise AssertionError

    async def close(self) -> None:
        pass


def reading(at_ms: int, **values: object) -> PowerReading:
    return PowerReading(measured_at_ms=at_ms, quality=ReadingQuality.GOOD, **values)  # type: ignore[arg-type]


def shunt(at_ms: int) -> PowerReading:
    return reading(at_ms, battery_voltage_v=13.1, battery_current_a=-2.0, current_scope=CurrentScope.BATTERY)


def charger(at_ms: int) -> PowerReading:
    return reading(
        at_ms,
        battery_voltage_v=13.3,
        battery_current_a=4.0,
        current_scope=CurrentScope.CHARGER,
        panel_power_w=55.0,
        charge_stage=ChargeStage.BULK,
        yield_total_wh=12_340.0,
    )


def picture(watches: list[MeterWatch], clock: SimulatedClock) -> PowerReading:
    meters = Meters(truth=watches[0], others=watches[1:])
    return meters.picture(meters.readings(), clock.monotonic_ms())


def live(clock: SimulatedClock, watches: list[MeterWatch], look: Callable[[], Awaitable[None]]) -> None:
    async def scene() -> None:
        tasks = [asyncio.create_task(watch.run()) for watch in watches]
        try:
            await look()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(scene())


def test_battery_values_are_the_truths_and_the_panel_comes_from_whoever_sees_it_r4() -> None:
    clock = SimulatedClock()
    watches = [
        MeterWatch(name, ScriptedMeter(clock, of), clock) for name, of in (("s", shunt), ("c", charger))
    ]

    async def look() -> None:
        await clock.run_until(30_000)
        seen = picture(watches, clock)
        assert (seen.battery_voltage_v, seen.battery_current_a) == (13.1, -2.0)
        assert seen.current_scope is CurrentScope.BATTERY
        assert (seen.panel_power_w, seen.charge_stage) == (55.0, ChargeStage.BULK)

    live(clock, watches, look)


def test_a_silent_truth_leaves_its_values_unknown_and_the_rest_go_on_r1_r69() -> None:
    clock = SimulatedClock()
    silent = ScriptedMeter(
        clock, lambda now_ms: shunt(now_ms) if now_ms < HOUR_MS else PowerMeterSilentError("nothing")
    )
    watches = [MeterWatch("s", silent, clock), MeterWatch("c", ScriptedMeter(clock, charger), clock)]

    async def look() -> None:
        await clock.run_until(HOUR_MS + 10_000)
        seen = picture(watches, clock)
        assert (seen.battery_voltage_v, seen.quality) == (None, ReadingQuality.STALE)
        assert seen.panel_power_w == 55.0

    live(clock, watches, look)
    assert silent.closed


def test_an_outage_is_logged_once_when_it_starts_and_once_when_it_ends_r8() -> None:
    clock = SimulatedClock()
    gone = ScriptedMeter(
        clock,
        lambda now_ms: (
            PowerMeterUnreachableError("/dev/x: no such port") if 0 < now_ms < HOUR_MS else shunt(now_ms)
        ),
    )
    watch = MeterWatch("s", gone, clock)

    async def look() -> None:
        await clock.run_until(2 * HOUR_MS)

    with capture_logs() as logs:
        live(clock, [watch], look)
    assert [entry["event"] for entry in logs] == ["power_meter_outage", "power_meter_back"]
    assert watch.errors == 359


def test_a_reading_that_no_longer_changes_is_stale_after_fifty_seconds_r2() -> None:
    clock = SimulatedClock()
    frozen = MeterWatch("s", ScriptedMeter(clock, lambda _: shunt(0)), clock)

    async def look() -> None:
        await clock.run_until(50_000)
        assert frozen.reading() is not None
        await clock.run_until(60_000)
        assert frozen.reading() is None

    live(clock, [frozen], look)


def test_a_meter_that_never_answers_counts_as_silent_and_delays_nobody_r6() -> None:
    clock = SimulatedClock()
    deaf, well = (
        MeterWatch("d", DeafMeter(), clock, 0.02),
        MeterWatch("s", ScriptedMeter(clock, shunt), clock),
    )

    async def look() -> None:
        await clock.run_until(60_000)
        assert well.reading() is not None
        async with asyncio.timeout(5):
            await deaf.wait_asked()
        assert (deaf.errors, deaf.reading()) == (1, None)

    live(clock, [deaf, well], look)
