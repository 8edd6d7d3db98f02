"""Opening hours are a setting of the bench (POW-R36)."""

import asyncio
from datetime import time

import pytest

from bench_agent.domain.battery import Battery
from bench_agent.domain.energy_facts import EnergyRules
from bench_agent.domain.energy_hours import OpeningHours
from bench_agent.domain.energy_plan import EnergyPlan
from bench_agent.wire.energy_reason import spell
from tests.unit.power.rig import HOUR_MS, MIDNIGHT_MS, Rig


def plans_of_a_day(hours: OpeningHours, soc_pct: float = 95.0, capacity_ah: float = 1000) -> list[EnergyPlan]:
    """The plan in force at half past every hour, of a bench whose battery hardly moves."""
    rig = Rig(rules=EnergyRules(hours=hours), battery=Battery(capacity_ah=capacity_ah))
    rig.simulate(soc_pct)
    service = rig.service()
    plans: list[EnergyPlan] = []

    async def scene() -> None:
        task = asyncio.create_task(service.run())
        for hour in range(24):
            await rig.clock.run_until(MIDNIGHT_MS + hour * HOUR_MS + HOUR_MS // 2)
            assert service.plan is not None
            plans.append(service.plan)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(scene())
    return plans


def lit_hours(hours: OpeningHours, soc_pct: float = 95.0) -> list[int]:
    return [hour for hour, plan in enumerate(plans_of_a_day(hours, soc_pct)) if plan.display_on]


@pytest.mark.parametrize(
    ("hours", "lit"),
    [
        (OpeningHours(), range(5, 22)),
        (OpeningHours(opens=time(8), closes=time(18)), range(8, 18)),
        (OpeningHours(opens=time(0), closes=time(0)), range(24)),
        (OpeningHours(opens=time(16), closes=time(2)), [0, 1, *range(16, 24)]),
    ],
)
def test_full_bench_shows_films_exactly_in_its_opening_hours(hours: OpeningHours, lit: list[int]) -> None:
    assert lit_hours(hours) == list(lit)


def test_opening_all_day_does_not_weaken_the_energy_tiers() -> None:
    eco = plans_of_a_day(OpeningHours(opens=time(0), closes=time(0)), soc_pct=50)
    assert [hour for hour, plan in enumerate(eco) if plan.display_on] == list(range(15, 21))
    reserve = plans_of_a_day(OpeningHours(opens=time(0), closes=time(0)), soc_pct=25)
    assert not any(plan.display_on for plan in reserve)
    assert all(plan.hotspot_on for plan in reserve)


def test_plan_says_in_words_when_the_screen_comes_back() -> None:
    plans = plans_of_a_day(OpeningHours(opens=time(8), closes=time(2)))
    assert spell(plans[0].reason).startswith("Layar menyala sampai 02.00: baterai 9")
    assert spell(plans[6].reason).startswith("Layar mati sampai 08.00")
