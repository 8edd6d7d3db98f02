"""The power service on virtual time (docs/spec/power.md sections 1, 7 and 12)."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import pytest

from bench_agent.domain.power_reading import ChargeStage, CurrentScope, PowerReading, ReadingQuality
from bench_agent.errors import PowerMeterSilentError
from bench_agent.services.power import WIB, Goodbye
from bench_agent.simulated.clock import SimulatedClock
from bench_agent.simulated.phones import SimulatedPhones
from bench_agent.simulated.sun import Site, clear_sky_w_m2, panel_power_w
from bench_agent.wire.energy_reason import ReasonCode
from bench_agent.wire.presence import Desired, EnergyOverride, StateReason
from bench_agent.wire.telemetry import EnergyTier, Harvest, MeterQuality, PowerDay, PowerMinute
from tests.unit.power.rig import DAY_MS, HOUR_MS, MIDNIGHT_MS, MINUTE_MS, Rig


@dataclass
class ScriptedMeter:
    """Answers by virtual time."""

    clock: SimulatedClock
    script: Callable[[int], PowerReading | Exception]

    async def read(self) -> PowerReading:
        answer = self.script(self.clock.monotonic_ms())
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def close(self) -> None:
        pass


def reading(at_ms: int, **values: object) -> PowerReading:
    known: dict[str, object] = {
        "battery_voltage_v": 13.15,
        "battery_current_a": -1.0,
        "current_scope": CurrentScope.BATTERY,
    }
    return PowerReading(measured_at_ms=at_ms, quality=ReadingQuality.GOOD, **(known | values))  # type: ignore[arg-type]


def live_on(seed: int, for_ms: int, from_ms: int = 0) -> Rig:
    rig = Rig()
    rig.clock.advance(from_ms)
    rig.simulate(seed=seed)
    rig.live(rig.service(), for_ms)
    return rig


@pytest.fixture(scope="module")
def two_days() -> tuple[Rig, float]:
    """Two days from midnight, and the seconds of the processor they took."""
    began = time.process_time()
    rig = live_on(seed=1, for_ms=2 * DAY_MS)
    return rig, time.process_time() - began


def test_two_days_pass_in_seconds_with_a_minute_each_and_no_deep_discharge(
    two_days: tuple[Rig, float],
) -> None:
    rig, took_s = two_days
    assert took_s < 8
    minutes = [body for body in rig.records if isinstance(body, PowerMinute)]
    assert len(minutes) == 2 * 1440
    assert rig.events("energy.tier_changed")
    assert rig.meter is not None
    assert rig.meter.pack.soc_pct > 10
    assert max(minute.panel_power_w or 0 for minute in minutes) > 40
    noon = minutes[12 * 60]
    assert noon.panel_power_min_w is not None
    assert noon.panel_power_max_w is not None
    assert noon.panel_power_w is not None
    assert noon.panel_power_min_w <= noon.panel_power_w <= noon.panel_power_max_w
    assert noon.meter_quality is MeterQuality.GOOD
    assert noon.reason is not ReasonCode.UNKNOWN


def test_same_seed_same_records_other_seed_other_weather() -> None:
    four, again, five = (live_on(seed, 2 * HOUR_MS, 9 * HOUR_MS).records for seed in (4, 4, 5))
    assert four == again
    assert four != five


def test_harvest_lies_on_the_half_hour_grid_and_adds_up_to_the_day_r67(two_days: tuple[Rig, float]) -> None:
    rig, _ = two_days
    found = [
        (body, age) for body, age in zip(rig.records, rig.ages_ms, strict=True) if isinstance(body, Harvest)
    ]
    slots = [slot for slot, _ in found]
    assert len(slots) == 2 * 48
    assert {age for _, age in found} == {1_800_000}
    assert {slot.harvest_measured_s for slot in slots[1:]} == {1800}
    minutes = [body for body in rig.records if isinstance(body, PowerMinute)][:1440]
    by_minute_wh = sum(minute.panel_power_w or 0 for minute in minutes) / 60
    assert sum(slot.harvest_wh for slot in slots[:48]) == pytest.approx(by_minute_wh, rel=0.02)


def test_each_day_is_summed_up_at_its_midnight_r67(two_days: tuple[Rig, float]) -> None:
    rig, _ = two_days
    found = [
        (body, age) for body, age in zip(rig.records, rig.ages_ms, strict=True) if isinstance(body, PowerDay)
    ]
    assert [age for _, age in found] == [DAY_MS, DAY_MS]
    day, next_day = (body for body, _ in found)
    minutes = [body for body in rig.records if isinstance(body, PowerMinute)][:1440]
    powers = [(minute.battery_current_a or 0) * (minute.battery_voltage_v or 0) for minute in minutes]
    assert day.out_wh == pytest.approx(-sum(min(power, 0) for power in powers) / 60, rel=0.03)
    assert day.in_wh == pytest.approx(sum(max(power, 0) for power in powers) / 60, rel=0.03)
    assert day.capacity_ah == 50
    tiers = day.normal_minutes + day.eco_minutes + day.reserve_minutes + day.critical_minutes
    assert tiers in {1438, 1439, 1440}
    assert (day.boots_cold, next_day.boots_cold) == (1, 0)
    assert day.display_switches + next_day.display_switches > 1


def test_silence_leaves_none_becomes_reserve_after_fifteen_minutes_and_is_told_r38() -> None:
    rig = Rig()
    meter = ScriptedMeter(rig.clock, lambda _: PowerMeterSilentError("nothing"))
    rig.live(rig.service(meter), 20 * MINUTE_MS)
    minutes = [body for body in rig.records if isinstance(body, PowerMinute)]
    assert all(minute.soc_pct is None and minute.battery_voltage_v is None for minute in minutes)
    assert (minutes[10].tier, minutes[-1].tier) == (EnergyTier.ECO, EnergyTier.RESERVE)
    assert {minute.meter_quality for minute in minutes} == {MeterQuality.STALE}
    assert sum(minute.meter_errors for minute in minutes) > 100
    assert rig.problems() == [("began", "meter_silent")]


def test_a_meter_that_speaks_again_ends_its_problem() -> None:
    rig = Rig()
    meter = ScriptedMeter(
        rig.clock, lambda at_ms: PowerMeterSilentError("-") if at_ms < HOUR_MS else reading(at_ms)
    )
    rig.live(rig.service(meter), 2 * HOUR_MS)
    assert rig.problems() == [("began", "meter_silent"), ("ended", "meter_silent")]


def test_values_the_gate_drops_are_counted_in_their_minute_r3() -> None:
    rig = Rig()
    meter = ScriptedMeter(
        rig.clock,
        lambda at_ms: reading(at_ms, battery_voltage_v=99.0 if at_ms < 30_000 else 13.15),
    )
    rig.live(rig.service(meter), 3 * MINUTE_MS)
    minutes = [body for body in rig.records if isinstance(body, PowerMinute)]
    assert [minute.dropped_values for minute in minutes] == [3, 0, 0]
    assert minutes[0].battery_voltage_max_v == 13.15


def test_a_charger_alone_follows_volts_and_one_that_sees_all_loads_counts_r4() -> None:
    for scope, sigma_is in ((CurrentScope.CHARGER, 15.0), (CurrentScope.BATTERY, None)):
        rig = Rig()
        meter = ScriptedMeter(rig.clock, lambda at_ms, scope=scope: reading(at_ms, current_scope=scope))  # type: ignore[misc]
        rig.live(rig.service(meter), 10 * MINUTE_MS)
        [*_, last] = [body for body in rig.records if isinstance(body, PowerMinute)]
        assert last.soc_sigma_pct is not None
        assert (last.soc_sigma_pct == sigma_is) is (sigma_is is not None)


def test_a_shunt_with_the_wrong_sign_is_found_in_the_night_r5() -> None:
    rig = Rig()
    meter = ScriptedMeter(rig.clock, lambda at_ms: reading(at_ms, battery_current_a=0.7, panel_power_w=0.0))
    rig.live(rig.service(meter), 2 * HOUR_MS)
    assert rig.problems() == [("began", "current_sign")]


def test_a_shunt_that_sees_a_fifth_of_the_charger_is_found_r5() -> None:
    rig = Rig()
    shunt = ScriptedMeter(rig.clock, lambda at_ms: reading(at_ms, battery_current_a=0.6))
    charger = ScriptedMeter(
        rig.clock,
        lambda at_ms: reading(
            at_ms,
            battery_current_a=5.0,
            current_scope=CurrentScope.CHARGER,
            panel_power_w=66.0,
            charge_stage=ChargeStage.BULK,
        ),
    )
    rig.live(rig.service(shunt, charger), HOUR_MS)
    assert rig.problems() == [("began", "shunt_mismatch")]
    [event] = rig.events("problem.began")
    assert event.facts["charger_w"] == pytest.approx(65.75)


def test_a_device_that_disagrees_for_a_day_is_reported_r69() -> None:
    rig = Rig()
    meter = ScriptedMeter(
        rig.clock, lambda at_ms: reading(at_ms, battery_current_a=0.0, reported_soc_pct=95.0)
    )
    rig.live(rig.service(meter), DAY_MS - MINUTE_MS)
    assert rig.problems() == []
    rig.live(rig.service(meter), 2 * MINUTE_MS)
    assert rig.problems() == [("began", "meters_disagree")]


def test_heat_is_told_and_switches_the_display_off_r44() -> None:
    rig = Rig()
    rig.clock.advance(16 * HOUR_MS)
    meter = ScriptedMeter(
        rig.clock,
        lambda at_ms: reading(at_ms, battery_temperature_c=47.0 if at_ms < 17 * HOUR_MS else 39.0),
    )
    rig.live(rig.service(meter), 3 * HOUR_MS)
    assert rig.plans[0].reason.code is ReasonCode.HOT
    assert rig.plans[-1].display_on
    assert rig.problems() == [("began", "hot_battery"), ("ended", "hot_battery")]


def test_a_problem_that_lasts_over_a_restart_is_told_again_r68() -> None:
    rig = Rig()
    hot = ScriptedMeter(rig.clock, lambda at_ms: reading(at_ms, battery_temperature_c=47.0))
    rig.live(rig.service(hot), HOUR_MS)
    cool = ScriptedMeter(rig.clock, lambda at_ms: reading(at_ms, battery_temperature_c=30.0))
    rig.live(rig.service(hot), HOUR_MS)
    rig.live(rig.service(cool), HOUR_MS)
    assert rig.problems() == [("began", "hot_battery"), ("began", "hot_battery"), ("ended", "hot_battery")]


def test_an_override_of_the_desired_document_shows_in_plan_minute_and_events_r40() -> None:
    rig = Rig()
    rig.clock.advance(9 * HOUR_MS)
    meter = ScriptedMeter(rig.clock, reading)
    service = rig.service(meter)
    rig.live(service, 5 * MINUTE_MS)
    until_ms = rig.clock.now_ms() + 2 * HOUR_MS
    wish = EnergyOverride(
        id="a", who="ani", why="Pasar", until_ms=until_ms, lasts_s=7200, tier=EnergyTier.NORMAL
    )
    service.accept_desired(Desired(rev=1, energy_override=wish))
    rig.live(service, 61 * MINUTE_MS)
    assert rig.plans[-1].display_on
    minutes = [body for body in rig.records if isinstance(body, PowerMinute)]
    assert (minutes[0].overridden, minutes[-1].overridden) == (False, True)
    assert minutes[-1].tier is EnergyTier.NORMAL
    service.accept_desired(Desired(rev=2))
    rig.live(service, 5 * MINUTE_MS)
    assert rig.plans[-1].tier is EnergyTier.ECO
    kinds = [event.kind for event in rig.records if hasattr(event, "kind")]
    assert [kind for kind in kinds if "override" in kind] == [
        "energy.override_began",
        "energy.override_ended",
    ]


def test_without_a_waker_a_bench_never_plans_to_go_dark_r42() -> None:
    rig = Rig()
    rig.simulate(soc_pct=12.0)
    rig.live(rig.service(), 3 * HOUR_MS)
    assert rig.darks == []
    assert {plan.power_off for plan in rig.plans} == {None}


def test_reserve_sleeps_at_closing_and_says_when_it_returns_r42() -> None:
    rig = Rig(can_sleep=True)
    rig.clock.advance(20 * HOUR_MS)
    rig.simulate(soc_pct=30.0)
    rig.live(rig.service(), 3 * HOUR_MS)
    [dark] = rig.darks
    assert (dark.reason, dark.goodbye) == (StateReason.SLEEP, Goodbye.SLEEP)
    assert dark.wake_at_ms == MIDNIGHT_MS + DAY_MS + (4 * 60 + 55) * MINUTE_MS
    assert dark.sleep_s == (6 * 60 + 55) * 60
    [event] = rig.events("energy.dark")
    assert event.text == "Bangku tidur sampai 04.55 untuk menghemat baterai."


def test_a_fall_into_reserve_at_night_leaves_a_quarter_of_an_hour_r42() -> None:
    rig = Rig(can_sleep=True)
    rig.clock.advance(HOUR_MS)
    rig.simulate(soc_pct=36.0)
    rig.live(rig.service(), 4 * HOUR_MS, until=lambda: bool(rig.darks))
    fell = next(plan for plan in rig.plans if plan.tier is EnergyTier.RESERVE)
    assert fell.power_off is not None
    left_ms = fell.power_off.begins_at.timestamp() * 1000 - rig.clock.now_ms()
    assert -MINUTE_MS <= left_ms <= 0
    fell_at = rig.records.index(rig.events("energy.tier_changed")[0])
    minutes = [body for body in rig.records[fell_at:] if isinstance(body, PowerMinute)]
    assert 14 <= len(minutes) <= 16


def test_critical_goes_dark_after_a_minute_and_promises_no_hour_r42() -> None:
    rig = Rig(can_sleep=True)
    rig.clock.advance(10 * HOUR_MS)
    meter = ScriptedMeter(
        rig.clock,
        lambda at_ms: reading(at_ms, battery_voltage_v=12.65 if at_ms > 10.5 * HOUR_MS else 13.0),
    )
    rig.live(rig.service(meter), HOUR_MS, until=lambda: bool(rig.darks))
    [dark] = rig.darks
    assert (dark.reason, dark.goodbye, dark.wake_at_ms) == (
        StateReason.LOW_BATTERY,
        Goodbye.CRITICAL,
        None,
    )
    assert rig.clock.monotonic_ms() - 10.5 * HOUR_MS in range(60_000, 180_001)


def test_one_odd_sample_switches_nothing_off() -> None:
    rig = Rig(can_sleep=True)
    rig.clock.advance(10 * HOUR_MS)
    meter = ScriptedMeter(
        rig.clock,
        lambda at_ms: reading(at_ms, battery_voltage_v=12.65 if at_ms == 10.5 * HOUR_MS else 13.15),
    )
    rig.live(rig.service(meter), HOUR_MS)
    assert rig.darks == []


def test_the_boards_halt_request_caps_the_estimate_and_is_told_once_r31() -> None:
    rig = Rig(can_sleep=True)
    meter = ScriptedMeter(rig.clock, reading)
    service = rig.service(meter)
    rig.live(service, MINUTE_MS)
    service.halt()
    service.halt()
    [dark] = rig.darks
    assert (dark.goodbye, dark.sleep_s) == (Goodbye.LOW, None)
    rig.live(service, MINUTE_MS)
    sample = service.live_sample()
    assert sample is not None
    assert sample.soc_pct is not None
    assert sample.soc_pct <= 12.1
    assert rig.plans[-1].reason.code in {ReasonCode.HALTING, ReasonCode.CRITICAL}


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


def test_local_time_is_western_indonesia() -> None:
    assert datetime.fromtimestamp(MIDNIGHT_MS / 1000, WIB).hour == 0
