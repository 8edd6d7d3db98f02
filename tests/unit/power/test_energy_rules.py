"""Overrides, full-charge runs, emergency notices, heat, and what holds whatever happens (POW-R36 to R44)."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench_agent.domain.energy import EnergyState, next_energy
from bench_agent.domain.energy_facts import EnergyFacts, EnergyRules
from bench_agent.domain.energy_full_charge import FullCharge
from bench_agent.domain.energy_hours import WIB
from bench_agent.domain.energy_override import (
    DEFAULT_MS,
    Load,
    Override,
    OverrideRequest,
    add_override,
    open_override,
)
from bench_agent.domain.energy_plan import AudioMode, EnergyAlarm, EnergyPlan
from bench_agent.domain.energy_tiers import TIERS, Tiers
from bench_agent.wire.energy_reason import ReasonCode, spell
from bench_agent.wire.telemetry import EnergyTier

MIDNIGHT = datetime(2026, 11, 24, tzinfo=WIB)
MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
RULES = EnergyRules()


def facts_at(now_ms: int, soc_pct: float | None = 50.0, rest_v: float = 13.2) -> EnergyFacts:
    return EnergyFacts(
        local=MIDNIGHT + timedelta(milliseconds=now_ms), now_ms=now_ms, soc_pct=soc_pct, rest_v=rest_v
    )


def wall_ms(now_ms: int) -> int:
    return round(MIDNIGHT.timestamp() * 1000) + now_ms


def plan_in(state: EnergyState) -> EnergyPlan:
    assert state.plan is not None
    return state.plan


def overridden(
    tier: EnergyTier, override: Override, *, by_voltage: EnergyTier = EnergyTier.NORMAL
) -> EnergyState:
    return EnergyState(tiers=Tiers(by_charge=tier, by_voltage=by_voltage), overrides=(override,))


def tier_override(tier: EnergyTier, now_ms: int) -> Override:
    return open_override(OverrideRequest(by="ani", why="pasar malam", tier=tier), now_ms, wall_ms(now_ms))


def load_override(load: Load, now_ms: int, *, on: bool = True) -> Override:
    return open_override(OverrideRequest(by="ani", why="lomba", load=load, on=on), now_ms, wall_ms(now_ms))


def test_an_operator_lights_the_display_for_two_hours_and_it_says_so_pow_r40() -> None:
    noon = 12 * HOUR_MS
    state = overridden(EnergyTier.ECO, load_override(Load.DISPLAY, noon))
    state = next_energy(state, facts_at(noon), RULES)
    assert spell(plan_in(state).reason) == "Layar menyala sampai 14.00 atas perintah petugas: baterai 50 %"
    assert plan_in(state).override is not None
    assert plan_in(state).next_change_at == MIDNIGHT + timedelta(hours=14)
    over = next_energy(state, facts_at(noon + DEFAULT_MS), RULES)
    assert (plan_in(over).display_on, over.overrides) == (False, ())


def test_a_tier_chosen_by_an_operator_is_named_as_the_reason_pow_r40() -> None:
    noon = 12 * HOUR_MS
    state = next_energy(
        overridden(EnergyTier.ECO, tier_override(EnergyTier.NORMAL, noon)), facts_at(noon), RULES
    )
    assert (plan_in(state).tier, plan_in(state).reason.code) == (EnergyTier.NORMAL, ReasonCode.OVERRIDE_ON)
    saved = next_energy(
        overridden(EnergyTier.NORMAL, tier_override(EnergyTier.RESERVE, noon)), facts_at(noon, 90), RULES
    )
    assert (plan_in(saved).display_on, plan_in(saved).reason.code) == (False, ReasonCode.OVERRIDE_OFF)


def test_it_ends_at_the_earlier_of_both_clocks_and_survives_a_restart_pow_r40() -> None:
    override = tier_override(EnergyTier.NORMAL, 0)
    assert override.left_ms(HOUR_MS, wall_ms(0)) == HOUR_MS
    assert override.left_ms(0, wall_ms(HOUR_MS)) == HOUR_MS
    assert override.left_ms(0, wall_ms(3 * HOUR_MS)) == 0
    rebooted = EnergyState(overrides=(override,)).shifted(-5 * HOUR_MS)
    assert rebooted.overrides[0].left_ms(-4 * HOUR_MS, wall_ms(HOUR_MS)) == HOUR_MS


@pytest.mark.parametrize(
    "request_",
    [
        OverrideRequest(by="ani", why="uji"),
        OverrideRequest(by="ani", why="uji", tier=EnergyTier.ECO, load=Load.AUDIO),
        OverrideRequest(by="ani", why="uji", tier=EnergyTier.UNKNOWN),
        OverrideRequest(by=" ", why="uji", tier=EnergyTier.ECO),
        OverrideRequest(by="ani", why="", tier=EnergyTier.ECO),
        OverrideRequest(by="ani", why="uji", tier=EnergyTier.ECO, duration_ms=DAY_MS + 1),
        OverrideRequest(by="ani", why="uji", tier=EnergyTier.ECO, duration_ms=0),
    ],
)
def test_a_request_that_says_too_little_or_too_long_is_refused_pow_r40(request_: OverrideRequest) -> None:
    with pytest.raises(ValueError, match="an override"):
        open_override(request_, 0, 0)


def test_a_later_override_takes_the_place_of_the_same_kind() -> None:
    display, tier = load_override(Load.DISPLAY, 0), tier_override(EnergyTier.NORMAL, 0)
    off = replace(display, on=False)
    assert add_override((display, tier), off) == (tier, off)


LOADS = st.sampled_from(list(Load))
OVERRIDES = st.builds(tier_override, st.sampled_from(TIERS), st.just(0)) | st.builds(
    load_override, LOADS, st.just(0), on=st.booleans()
)
VETO = st.sampled_from(TIERS)


SEEN = st.builds(
    lambda minute, soc, rest_v, silent: replace(
        facts_at(minute * MINUTE_MS, soc, rest_v), age_ms=HOUR_MS if silent else 0
    ),
    st.integers(0, 24 * 60 - 1),
    st.floats(0, 100),
    st.floats(12.4, 13.6),
    st.booleans(),
)


@given(OVERRIDES, VETO, VETO, SEEN)
def test_no_override_lifts_critical_the_veto_silence_or_the_last_fifth_pow_r40_r41(
    override: Override, tier: EnergyTier, veto: EnergyTier, seen: EnergyFacts
) -> None:
    override = replace(override, until_ms=DAY_MS, until_wall_ms=wall_ms(DAY_MS))
    start = EnergyState(tiers=Tiers(by_charge=tier, by_voltage=veto))
    bare = next_energy(start, seen, RULES)
    wished = next_energy(replace(start, overrides=(override,)), seen, RULES)
    limit = bare.tiers.limit
    assert TIERS.index(plan_in(wished).tier) >= TIERS.index(limit)
    plan = plan_in(wished)
    if bare.tiers.tier is EnergyTier.CRITICAL:
        assert plan.tier is EnergyTier.CRITICAL
        assert (plan.display_on, plan.audio, plan.hotspot_on) == (False, AudioMode.OFF, False)
    low = seen.soc_pct is None or seen.soc_pct < 20
    if limit in {EnergyTier.RESERVE, EnergyTier.CRITICAL} or low:
        assert not plan.display_on


def run(state: EnergyState, begin_ms: int, end_ms: int, step_ms: int, **seen: object) -> list[EnergyState]:
    states = []
    for now_ms in range(begin_ms, end_ms, step_ms):
        state = next_energy(state, replace(facts_at(now_ms, 90.0), **seen), RULES)  # type: ignore[arg-type] # fields of the facts
        states.append(state)
    return states


def test_a_full_charge_run_begins_at_an_opening_and_ends_when_full_pow_r43() -> None:
    state = EnergyState(tiers=Tiers(by_charge=EnergyTier.NORMAL), full_charge=FullCharge(counts_from_ms=0))
    before, *_ = run(state, 14 * DAY_MS + 4 * HOUR_MS, 14 * DAY_MS + 5 * HOUR_MS, HOUR_MS)
    assert not before.full_charge.is_running
    opened, *_ = run(before, 14 * DAY_MS + 5 * HOUR_MS, 14 * DAY_MS + 6 * HOUR_MS, HOUR_MS)
    plan = plan_in(opened)
    assert (plan.full_charge, plan.display_on, plan.audio, plan.hotspot_on) == (
        True,
        False,
        AudioMode.OFF,
        True,
    )
    assert spell(plan.reason) == "Layar dan suara mati sampai baterai penuh: baterai 90 %"
    full_at = 14 * DAY_MS + 12 * HOUR_MS
    full, *_ = run(opened, full_at, full_at + 1, HOUR_MS, last_full_at_ms=full_at)
    assert not plan_in(full).full_charge
    assert plan_in(full).display_on


def test_a_run_gives_up_after_three_days_and_rests_for_fourteen_pow_r43() -> None:
    state = EnergyState(tiers=Tiers(by_charge=EnergyTier.NORMAL), full_charge=FullCharge(counts_from_ms=0))
    states = run(state, 14 * DAY_MS, 40 * DAY_MS, HOUR_MS)
    hours = [index for index, one in enumerate(states) if one.full_charge.is_running]
    assert hours[:72] == list(range(5, 77))
    assert hours[72] == (14 + 3) * 24 + 5
    notices = run(states[6], 14 * DAY_MS + 7 * HOUR_MS, 14 * DAY_MS + 8 * HOUR_MS, HOUR_MS, emergency=True)
    assert plan_in(notices[0]).display_on


def test_no_runs_where_they_are_switched_off() -> None:
    state = EnergyState(full_charge=FullCharge(counts_from_ms=0))
    rules = EnergyRules(full_charge_runs=False)
    assert not next_energy(state, facts_at(15 * DAY_MS + 6 * HOUR_MS), rules).full_charge.is_running


@pytest.mark.parametrize(("soc", "minutes"), [(50.0, 10), (30.0, 10), (10.0, 0), (90.0, 60)])
def test_an_emergency_plays_ten_minutes_an_hour_where_energy_is_short_pow_r41(
    soc: float, minutes: int
) -> None:
    state = next_energy(EnergyState(), facts_at(8 * HOUR_MS, soc), RULES)
    played = 0
    for now_ms in range(8 * HOUR_MS, 9 * HOUR_MS, 10_000):
        state = next_energy(state, replace(facts_at(now_ms, soc), emergency=True), RULES)
        played += plan_in(state).display_on
    assert played / 6 == pytest.approx(minutes, abs=0.2)
    later = next_energy(state, replace(facts_at(10 * HOUR_MS + 1, soc), emergency=True), RULES)
    assert plan_in(later).display_on is (minutes > 0)


def test_heat_and_cold_are_told_and_heat_darkens_even_an_override_pow_r44() -> None:
    noon = 12 * HOUR_MS
    state = overridden(EnergyTier.NORMAL, load_override(Load.DISPLAY, noon))
    hot = next_energy(state, replace(facts_at(noon, 90), battery_c=45.0), RULES)
    assert (plan_in(hot).display_on, plan_in(hot).alarms) == (False, (EnergyAlarm.HOT,))
    assert plan_in(next_energy(state, replace(facts_at(noon, 90), box_c=44.9), RULES)).display_on
    cold = next_energy(EnergyState(), replace(facts_at(noon), battery_c=0.0), RULES)
    assert plan_in(cold).alarms == (EnergyAlarm.CHARGING_COLD,)


def test_a_halt_darkens_everything_at_once_pow_r36() -> None:
    lit = next_energy(EnergyState(tiers=Tiers(by_charge=EnergyTier.NORMAL)), facts_at(8 * HOUR_MS, 90), RULES)
    halt = next_energy(lit, replace(facts_at(8 * HOUR_MS + 1000, 90), halting=True), RULES)
    plan = plan_in(halt)
    assert (plan.display_on, plan.audio, plan.hotspot_on) == (False, AudioMode.OFF, False)
    assert plan.reason.code is ReasonCode.HALTING


def test_a_silent_meter_is_told_and_kept_apart_from_the_battery_pow_r38() -> None:
    noon = 12 * HOUR_MS
    silent = next_energy(EnergyState(), replace(facts_at(noon, 90), age_ms=900_001), RULES)
    assert plan_in(silent).alarms == (EnergyAlarm.METER_SILENT,)
    assert spell(plan_in(silent).reason) == "Hemat daya: alat ukur listrik tidak menjawab"
    assert plan_in(silent).reason.soc_pct is None


@given(st.sampled_from(TIERS), VETO, st.floats(0, 100), st.floats(0, 100), st.integers(0, 24 * 60 - 1))
def test_worse_charge_never_turns_more_on_pow_r36(
    tier: EnergyTier, veto: EnergyTier, soc: float, other: float, minute: int
) -> None:
    start = EnergyState(tiers=Tiers(by_charge=tier, by_voltage=veto))
    rich = plan_in(next_energy(start, facts_at(minute * MINUTE_MS, max(soc, other)), RULES))
    poor = plan_in(next_energy(start, facts_at(minute * MINUTE_MS, min(soc, other)), RULES))
    assert poor.display_on <= rich.display_on
    assert poor.hotspot_on <= rich.hotspot_on
    assert poor.backlight_pct <= rich.backlight_pct
    assert list(AudioMode).index(poor.audio) >= list(AudioMode).index(rich.audio)
    now = MIDNIGHT + timedelta(minutes=minute)
    assert poor.is_dark(now) >= rich.is_dark(now)


WALK = st.lists(
    st.tuples(st.integers(1, 90), st.floats(0, 100), st.floats(12.5, 13.6)), min_size=2, max_size=40
)


@given(WALK)
def test_display_rests_an_hour_except_for_closing_reserve_and_critical_pow_r36(
    walk: list[tuple[int, float, float]],
) -> None:
    state, now_ms = EnergyState(), 0
    changed_ms: int | None = None
    for minutes, soc, rest_v in walk:
        now_ms += minutes * MINUTE_MS
        seen = facts_at(now_ms, soc, rest_v)
        before = state.plan
        state = next_energy(state, seen, RULES)
        plan = plan_in(state)
        if before is None or before.display_on is plan.display_on:
            changed_ms = now_ms if before is None else changed_ms
            continue
        forced = not RULES.hours.is_open(seen.local) or soc < 20
        forced = forced or plan.tier in {EnergyTier.RESERVE, EnergyTier.CRITICAL}
        assert changed_ms is not None
        assert (forced and not plan.display_on) or now_ms - changed_ms >= HOUR_MS
        changed_ms = now_ms


@given(WALK, st.booleans(), st.none() | OVERRIDES, st.none() | st.floats(-10, 60), st.booleans())
def test_every_plan_has_a_sentence_in_both_languages_and_an_end_pow_r39(
    walk: list[tuple[int, float, float]],
    emergency: bool,
    override: Override | None,
    box_c: float | None,
    halting: bool,
) -> None:
    state, now_ms = EnergyState(overrides=() if override is None else (override,)), 0
    for minutes, soc, rest_v in walk:
        now_ms += minutes * MINUTE_MS
        seen = replace(
            facts_at(now_ms, soc, rest_v),
            emergency=emergency,
            box_c=box_c,
            halting=halting,
            age_ms=minutes * 20_000,
        )
        state = next_energy(state, seen, RULES)
        plan = plan_in(state)
        assert plan.reason.code is not ReasonCode.UNKNOWN
        assert spell(plan.reason)
        assert spell(plan.reason) != spell(plan.reason, "en")
        assert plan.next_change_at > seen.local
        assert plan.display_on is (plan.backlight_pct > 0)
