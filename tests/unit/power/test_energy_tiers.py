"""Tiers by charge and by voltage, and what silence does to them (POW-R36 to R38)."""

from hypothesis import given
from hypothesis import strategies as st

from bench_agent.domain.energy_tiers import TIERS, Tiers, next_tiers
from bench_agent.wire.telemetry import EnergyTier


def test_sheds_at_once_and_recovers_only_above_the_leave_level_pow_r36() -> None:
    tiers = Tiers(by_charge=EnergyTier.NORMAL)
    seen = []
    for soc in (61, 59, 69, 71, 34, 44, 46, 14, 24, 26, 90):
        tiers = next_tiers(tiers, soc, 13.1, 0)
        seen.append(tiers.tier.value)
    assert seen == [
        "normal", "eco", "eco", "normal", "reserve", "reserve", "eco", "critical",
        "critical", "reserve", "normal",
    ]  # fmt: skip


def test_the_levels_themselves_change_nothing_pow_r36() -> None:
    for tier, soc in (
        ("normal", 60),
        ("eco", 70),
        ("eco", 35),
        ("reserve", 45),
        ("reserve", 15),
        ("critical", 25),
    ):
        assert next_tiers(Tiers(by_charge=EnergyTier(tier)), soc, 13.1, 0).tier is EnergyTier(tier)


def test_voltage_vetoes_a_drifted_count_until_released_pow_r37() -> None:
    tiers = Tiers(by_charge=EnergyTier.NORMAL)
    seen = []
    for rest_v in (12.98, 12.97, 13.01, 13.02, 12.84, 12.69, 13.04, 13.05):
        tiers = next_tiers(tiers, 90, rest_v, 0)
        seen.append(tiers.tier.value)
    assert seen == ["normal", "eco", "eco", "normal", "reserve", "critical", "critical", "normal"]


def test_holds_after_two_minutes_and_saves_after_fifteen_pow_r38() -> None:
    eco = Tiers(by_charge=EnergyTier.ECO)
    assert next_tiers(eco, 99, 13.4, 120_001) == eco
    assert next_tiers(eco, 99, 13.4, 900_000).tier is EnergyTier.ECO
    silent = next_tiers(eco, 99, 13.4, 900_001)
    assert silent.tier is EnergyTier.RESERVE
    assert next_tiers(silent, 99, 13.4, 0).tier is EnergyTier.NORMAL


ANY = st.builds(
    Tiers, by_charge=st.sampled_from(TIERS), by_voltage=st.sampled_from(TIERS), silent=st.booleans()
)
SOC, REST_V = st.floats(0, 100), st.floats(10, 15)


@given(ANY, SOC, REST_V, st.integers(120_001, 10_000_000))
def test_a_stale_reading_never_lifts_a_tier_pow_r38(
    tiers: Tiers, soc: float, rest_v: float, age_ms: int
) -> None:
    after = next_tiers(tiers, soc, rest_v, age_ms)
    assert TIERS.index(after.tier) >= TIERS.index(tiers.tier)


@given(ANY, SOC, SOC, REST_V, REST_V)
def test_less_charge_or_less_voltage_never_gives_a_better_tier(
    tiers: Tiers, soc: float, other_soc: float, rest_v: float, other_rest_v: float
) -> None:
    better = next_tiers(tiers, max(soc, other_soc), max(rest_v, other_rest_v), 0)
    worse = next_tiers(tiers, min(soc, other_soc), min(rest_v, other_rest_v), 0)
    assert TIERS.index(worse.tier) >= TIERS.index(better.tier)


@given(ANY, SOC, REST_V)
def test_the_same_reading_twice_changes_nothing_more(tiers: Tiers, soc: float, rest_v: float) -> None:
    once = next_tiers(tiers, soc, rest_v, 0)
    assert next_tiers(once, soc, rest_v, 0) == once
