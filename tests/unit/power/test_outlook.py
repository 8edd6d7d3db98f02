"""The day ahead by the bench's own rules, and the documents that tell it (POW-R39, R45, R67)."""

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bench_agent.domain.battery import Battery
from bench_agent.domain.energy import EnergyState
from bench_agent.domain.energy_facts import EnergyFacts, EnergyRules
from bench_agent.domain.harvest import SLOTS, HarvestDay, HarvestLog
from bench_agent.domain.loads import LoadPowers
from bench_agent.domain.outlook import BenchAhead, SlotAhead, look_ahead
from bench_agent.domain.power_reading import PowerReading, ReadingQuality
from bench_agent.services.power import WIB
from bench_agent.services.power.journal import Journal, Look
from bench_agent.services.power.papers import outlook_of
from bench_agent.services.power.records import DaySums
from bench_agent.wire.document import MeterStates, Outlook
from bench_agent.wire.telemetry import EnergyTier, Harvest, PowerDay
from tests.unit.power.rig import DAY_MS, HOUR_MS, MIDNIGHT_MS, Rig

BENCH = BenchAhead(rules=EnergyRules(), battery=Battery(), loads=LoadPowers(), can_sleep=True)
NOON = datetime(2026, 9, 1, 12, 10, tzinfo=WIB)


def ahead(soc_pct: float, wh: list[float], bench: BenchAhead = BENCH) -> tuple[SlotAhead, ...]:
    facts = EnergyFacts(local=NOON, now_ms=0, soc_pct=soc_pct, rest_v=13.2)
    return look_ahead(bench, EnergyState(), facts, soc_pct, wh)


def test_slots_lie_on_the_half_hours_and_the_first_is_the_rest_of_the_running_one() -> None:
    slots = ahead(80, [10.0] * SLOTS)
    assert slots[0].begins_at == NOON
    assert slots[1].begins_at == NOON.replace(minute=30)
    assert slots[-1].begins_at - slots[1].begins_at == 46 * timedelta(minutes=30)


def test_without_sun_the_bench_means_to_shed_to_sleep_and_to_wake() -> None:
    slots = ahead(50, [0.0] * SLOTS)
    tiers = [slot.plan.tier for slot in slots]
    assert EnergyTier.RESERVE in tiers
    dark = [slot.begins_at.strftime("%H:%M") for slot in slots if slot.is_dark]
    assert (dark[0], dark[-1]) == ("22:00", "04:30")
    assert not any(slot.is_dark for slot in ahead(50, [0.0] * SLOTS, replace(BENCH, can_sleep=False)))


def test_sun_lifts_the_charge_by_what_the_loads_leave() -> None:
    slot = ahead(50, [31.0])[0]
    gained_pct = (31.0 * 0.985 - LoadPowers().of(slot.plan) / 3) / 6.4
    assert abs(slot.soc_pct - 50 - gained_pct) < 0.01


@given(st.floats(0, 100), st.lists(st.floats(0, 60), min_size=1, max_size=SLOTS))
def test_the_charge_stays_within_its_bounds(soc_pct: float, wh: list[float]) -> None:
    slots = ahead(soc_pct, wh)
    assert len(slots) == len(wh)
    assert all(0 <= slot.soc_pct <= 100 for slot in slots)
    document = outlook_of(slots)
    assert [slot.at % 1_800_000 for slot in document.slots[1:]] == [0] * (len(wh) - 1)


def test_documents_go_out_each_half_hour_once_a_day_of_sun_is_known() -> None:
    rig = Rig()
    rig.clock.advance(6 * HOUR_MS)
    rig.simulate()
    rig.live(rig.service(), 3 * HOUR_MS)
    states = [body for body in rig.records if isinstance(body, MeterStates)]
    assert len(states) == 6
    assert [(one.name, one.is_truth) for one in states[0].meters] == [("m0", True)]
    assert [body for body in rig.records if isinstance(body, Outlook)] == []
    rig.live(rig.service(), DAY_MS)
    outlooks = [body for body in rig.records if isinstance(body, Outlook)]
    assert len(outlooks) > 15
    assert {len(outlook.slots) for outlook in outlooks} == {SLOTS}
    assert sum(slot.expected_wh for slot in outlooks[-1].slots) > 50


def test_what_a_full_battery_could_not_take_is_spilled() -> None:
    usual = HarvestLog(days=(HarvestDay(day=NOON.date(), wh=(20.0,) * SLOTS),), typical_wh=(20.0,) * SLOTS)
    records: list[Harvest | PowerDay] = []
    journal = Journal(WIB, 50.0, lambda body, _: records.append(body), DaySums(), usual)
    picture = PowerReading(measured_at_ms=0, quality=ReadingQuality.GOOD, panel_power_w=10.0)
    for step in range(181):
        wall_ms = MIDNIGHT_MS + 12 * HOUR_MS + step * 10_000
        journal.note(
            Look(picture, None, EnergyTier.NORMAL, None, 10_000 if step else 0, wall_ms, has_date=True)
        )
    [slot] = [body for body in records if isinstance(body, Harvest)]
    assert slot.harvest_clipped
    assert journal.day.spilled_wh is not None
    assert abs(journal.day.spilled_wh - (20 - slot.harvest_wh)) < 0.01
    assert journal.harvest.running is not None
    assert journal.harvest.running.wh[24] is None  # a clipped half hour teaches nothing


def test_nothing_is_filed_under_a_day_while_the_date_is_unknown_and_a_jump_moves_only_the_border() -> None:
    records: list[Harvest | PowerDay] = []
    journal = Journal(
        WIB, 50.0, lambda body, _: records.append(body), DaySums(date="2026-08-31"), HarvestLog()
    )
    picture = PowerReading(
        measured_at_ms=0,
        quality=ReadingQuality.GOOD,
        battery_voltage_v=13.0,
        battery_current_a=1.0,
        panel_power_w=10.0,
    )
    for step in range(360):
        journal.note(Look(picture, None, EnergyTier.ECO, None, 10_000, step * 10_000, has_date=False))
    assert records == []
    journal.note(Look(picture, None, EnergyTier.ECO, None, 10_000, MIDNIGHT_MS, has_date=True))
    [day] = [body for body in records if isinstance(body, PowerDay)]
    assert day.in_wh == 13.0
    assert day.eco_minutes == 60
