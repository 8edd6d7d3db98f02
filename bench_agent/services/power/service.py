"""The loop of the power part: look at the meters, follow the charge, plan, record, remember.

Decides nothing itself: ``domain.energy`` plans, ``domain.battery_estimate`` counts, the rooms beside this one
keep each what they are named after.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from typing import Protocol

import msgspec

from bench_agent.domain.battery import Battery
from bench_agent.domain.energy import EnergyState, next_energy
from bench_agent.domain.energy_facts import EnergyFacts, EnergyRules
from bench_agent.domain.energy_hours import WIB, next_at
from bench_agent.domain.energy_plan import EnergyPlan
from bench_agent.domain.harvest import expect_harvest
from bench_agent.domain.loads import LoadPowers
from bench_agent.domain.moment import Moment
from bench_agent.domain.outlook import BenchAhead, look_ahead
from bench_agent.domain.override_refusal import refusal_of
from bench_agent.domain.power_reading import PowerReading
from bench_agent.ports.clock import Clock, ClockQuality
from bench_agent.ports.energy_memory import EnergyMemory
from bench_agent.services.power.darkness import Dark, Darkness
from bench_agent.services.power.estimate_keeper import EstimateKeeper
from bench_agent.services.power.journal import Journal, Look
from bench_agent.services.power.memory import Goodbye, MemoryKeeper, Past, PowerMemory
from bench_agent.services.power.meters import PERIOD_S, Meters
from bench_agent.services.power.override_desk import OverrideDesk
from bench_agent.services.power.papers import QUALITY, outlook_of, states_of
from bench_agent.services.power.problems import Problems, Scene
from bench_agent.services.power.records import LONGEST_STEP_MS, SLOT_MS, summarize
from bench_agent.wire.envelope import Body
from bench_agent.wire.event import Event, Severity
from bench_agent.wire.presence import Desired
from bench_agent.wire.telemetry import EnergyTier, MeterQuality, PowerMinute

STEPS_A_MINUTE = 6
PROVEN_UP_MS = 1_800_000
"""A computer that ran so long has started well (POW-R51)."""


_TIERS = {
    EnergyTier.UNKNOWN: "tidak dikenal",
    EnergyTier.NORMAL: "energi cukup",
    EnergyTier.ECO: "hemat energi",
    EnergyTier.RESERVE: "cadangan energi",
    EnergyTier.CRITICAL: "energi kritis",
}


class Listener(Protocol):
    """Who hears of the power service: the outbox, the loads, the computer."""

    def emit(self, body: Body, age_ms: int = 0) -> None:
        """Take one record of ``age_ms`` ago."""
        ...

    def follow_plan(self, plan: EnergyPlan) -> None:
        """Switch the loads as ``plan`` says; called when something of it changes."""
        ...

    def go_dark(self, dark: Dark) -> None:
        """Say goodbye and switch the computer off; called once."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerSetup:
    """What the settings say of a bench's energy, and what its start was like."""

    battery: Battery = field(default_factory=Battery)
    rules: EnergyRules = field(default_factory=EnergyRules)
    loads: LoadPowers = field(default_factory=LoadPowers)
    zone: timezone = WIB
    all_loads_on_charger: bool = False
    can_sleep: bool = False
    """Something wakes the computer: it may go dark by plan."""
    tells_plans: bool = True
    """Outlook and meters go to the server each half hour; nobody asks for those of past days."""
    boot: str = ""
    """Names this run of the computer."""
    boot_reason: str = "unknown"
    """One of the words behind ``boots_`` in ``wire.telemetry.PowerDay``."""
    board_attempts: int = 0
    """Starts the power board has tried since the computer last ran for 30 min."""


class PowerService:
    """One loop over all meters of a bench."""

    def __init__(
        self,
        meters: Meters,
        clock: Clock,
        setup: PowerSetup,
        past: Past,
        files: EnergyMemory,
        listener: Listener,
    ) -> None:
        """Go on from ``past``, which ``load_memory`` found in ``files``."""
        self._meters = meters
        self._clock = clock
        self._setup = setup
        self._listener = listener
        memory, now_ms = past.memory, clock.monotonic_ms()
        self._keeper = EstimateKeeper(
            battery=setup.battery, all_loads=setup.all_loads_on_charger, good_at_ms=now_ms
        )
        self._keeper.resume(memory, {watch.name for watch in meters.watches})
        self._state: EnergyState = memory.state
        self._desk = OverrideDesk(clock, listener.emit, memory.override)
        self._problems = Problems(listener.emit, memory.problems)
        self._journal = Journal(
            setup.zone, setup.battery.capacity_ah, listener.emit, memory.day, memory.harvest
        )
        if not past.same_boot:
            self._journal.count_boot(setup.boot_reason)
        self._short_lives = memory.short_lives + (0 if past.same_boot else 1)
        self._board_attempts = setup.board_attempts
        self._memory = MemoryKeeper(files, now_ms)
        self._darkness = Darkness(listener.emit, now_ms)
        self._picture: PowerReading | None = None
        self._minute: list[PowerReading] = []
        self._counted = self._error_counts()
        self._stepped_at_ms = self._started_at_ms = now_ms
        self._halting = self._dark = False
        self._refused = False
        self._plan: EnergyPlan | None = None
        self._facts: EnergyFacts | None = None
        self._told_slot = 0

    @property
    def plan(self) -> EnergyPlan | None:
        """The plan in force, ``None`` before the first look."""
        return self._plan

    def is_healthy(self) -> bool:
        """Whether the loop has looked within the last half minute (POW-R55)."""
        return self._clock.monotonic_ms() - self._stepped_at_ms <= 3 * PERIOD_S * 1000

    async def run(self) -> None:
        """Look every 10 s and emit one ``power/1`` a minute until cancelled."""
        async with asyncio.TaskGroup() as group:
            for watch in self._meters.watches:
                group.create_task(watch.run(), name=f"meter {watch.name}")
            await self._meters.wait_asked()
            while True:
                for _ in range(STEPS_A_MINUTE):
                    self.step()
                    await self._clock.sleep(PERIOD_S)
                self._listener.emit(self._take_minute())

    def step(self) -> None:
        """Look once: follow, plan, record, judge, remember."""
        now_ms, wall_ms = self._clock.monotonic_ms(), self._clock.now_ms()
        local = datetime.fromtimestamp(wall_ms / 1000, self._setup.zone)
        elapsed_ms, self._stepped_at_ms = now_ms - self._stepped_at_ms, now_ms
        readings = self._meters.readings()
        self._picture = picture = self._meters.picture(readings, now_ms)
        self._minute.append(picture)
        self._keeper.follow(readings, picture)
        plan = self._decide(picture, local, now_ms)
        self._journal.note(
            Look(
                picture=picture,
                estimate=self._keeper.estimate,
                tier=self._state.tier,
                usable_ah=self._keeper.usable_ah,
                elapsed_ms=elapsed_ms,
                wall_ms=wall_ms,
                has_date=self._clock.quality() is not ClockQuality.NONE,
            )
        )
        if now_ms - self._started_at_ms >= PROVEN_UP_MS:
            self._short_lives = self._board_attempts = 0
        self._judge(readings, picture, plan, local)
        self._tell_plans(now_ms)
        if self._memory.is_due(now_ms):
            self.remember(Goodbye.NONE)
        if not self._dark:
            self._go_dark(self._darkness.judge(plan, local))

    def live_sample(self) -> PowerMinute | None:
        """The newest look, None before the first."""
        return None if self._picture is None else self._summary([self._picture])

    def accept_desired(self, desired: Desired) -> None:
        """Take the operator's override from the desired document."""
        self._state = replace(self._state, overrides=self._desk.take(desired, self._state.overrides))

    def halt(self) -> None:
        """Obey the power board: volts are low, in 45 s it cuts the supply (POW-R48)."""
        self._halting = True
        self._keeper.note_low_halt()
        if not self._dark:
            self._go_dark(self._darkness.halt(self._plan))

    def remember(self, goodbye: Goodbye) -> None:
        """Write down everything the next run needs; ``goodbye`` says whether and how this one ends."""
        keeper = self._keeper
        moment = Moment(
            boot=self._setup.boot,
            monotonic_ms=self._clock.monotonic_ms(),
            wall_ms=self._clock.now_ms(),
        )
        self._memory.save(
            PowerMemory(
                moment=moment,
                estimate=keeper.estimate,
                last_current_a=keeper.last_current_a,
                totals=keeper.totals,
                cycle=keeper.cycle,
                state=self._state,
                override=self._desk.note,
                problems=self._problems.notes,
                harvest=self._journal.harvest,
                day=self._journal.day,
                short_lives=self._short_lives,
                goodbye=goodbye,
            )
        )

    def _decide(self, picture: PowerReading, local: datetime, now_ms: int) -> EnergyPlan:
        before, estimate = self._state, self._keeper.estimate
        facts = EnergyFacts(
            local=local,
            now_ms=now_ms,
            soc_pct=None if estimate is None else estimate.soc_pct,
            rest_v=self._keeper.rest_v,
            age_ms=now_ms - self._keeper.good_at_ms,
            last_full_at_ms=None if estimate is None else estimate.last_full_at_ms,
            battery_c=picture.battery_temperature_c,
            box_c=picture.case_temperature_c,
            halting=self._halting,
        )
        self._facts = facts
        self._state = next_energy(before, facts, self._setup.rules)
        plan = self._state.plan
        if plan is None:
            raise AssertionError("next_energy always makes a plan")
        if self._setup.can_sleep:
            plan = self._darkness.announce(plan, local, now_ms)
        else:
            plan = replace(plan, power_off=None)  # without a waker it would never come back by itself
        if self._state.tier is not before.tier:
            self._report_tier(before.tier, plan)
        overrides = self._state.overrides
        refusal = refusal_of(overrides[0], self._state.tiers, plan, facts) if overrides else None
        self._refused = refusal is not None
        self._desk.follow(overrides, refusal)
        known, self._plan = self._plan, plan
        if known is None or _shown(known) != _shown(plan):
            self._listener.follow_plan(plan)
        if known is not None and known.display_on is not plan.display_on:
            self._journal.day.display_switches += 1
        return plan

    def _tell_plans(self, now_ms: int) -> None:
        """Send outlook and meters once each half hour, the first ones after a minute."""
        slot = (self._clock.now_ms() - 60_000) // SLOT_MS
        if not self._setup.tells_plans or slot == self._told_slot or self._facts is None:
            return
        if now_ms - self._started_at_ms < 60_000:  # noqa: PLR2004 - a minute
            return
        self._told_slot = slot
        self._listener.emit(states_of(self._meters, now_ms))
        facts, setup = self._facts, self._setup
        expected = expect_harvest(self._journal.harvest, facts.local)
        if expected is None or facts.soc_pct is None:
            return
        bench = BenchAhead(
            rules=setup.rules, battery=setup.battery, loads=setup.loads, can_sleep=setup.can_sleep
        )
        slots = look_ahead(bench, self._state, facts, facts.soc_pct, expected.slots_wh)
        self._listener.emit(outlook_of(slots))

    def _judge(
        self, readings: Mapping[str, PowerReading], picture: PowerReading, plan: EnergyPlan, local: datetime
    ) -> None:
        self._problems.judge(
            Scene(
                now_ms=self._stepped_at_ms,
                local=local,
                truth=readings.get(self._meters.truth.name),
                readings=readings,
                picture=picture,
                estimate=self._keeper.estimate,
                plan=plan,
                loads_w=self._setup.loads.of(plan),
                boot_attempts=max(self._short_lives, self._board_attempts),
            )
        )

    def _go_dark(self, dark: Dark | None) -> None:
        if dark is not None:
            self._dark = True
            self._listener.go_dark(dark)

    def _report_tier(self, before: EnergyTier, plan: EnergyPlan) -> None:
        after, reason = self._state.tier, plan.reason
        self._listener.emit(
            Event(
                kind="energy.tier_changed",
                severity=Severity.WARNING if after is EnergyTier.CRITICAL else Severity.NOTICE,
                text=f"Tingkat energi berubah dari «{_TIERS[before]}» ke «{_TIERS[after]}».",
                facts={
                    "from": before.value,
                    "to": after.value,
                    "reason": reason.code.value,
                    "soc_pct": reason.soc_pct,
                },
            )
        )

    def _error_counts(self) -> tuple[int, int]:
        watches = self._meters.watches
        return sum(watch.errors for watch in watches), sum(sum(watch.dropped.values()) for watch in watches)

    def _take_minute(self) -> PowerMinute:
        pictures, self._minute = self._minute, []
        errors, dropped = self._error_counts()
        minute = msgspec.structs.replace(
            self._summary(pictures),
            meter_errors=errors - self._counted[0],
            dropped_values=dropped - self._counted[1],
        )
        self._counted = (errors, dropped)
        return minute

    def _summary(self, pictures: list[PowerReading]) -> PowerMinute:
        now_ms, estimate, plan = self._clock.monotonic_ms(), self._keeper.estimate, self._plan
        age_ms = None if estimate is None else now_ms - estimate.as_of_ms
        fresh = estimate if age_ms is not None and age_ms <= LONGEST_STEP_MS else None
        minute = summarize(pictures)
        return msgspec.structs.replace(
            minute,
            soc_pct=None if fresh is None else round(fresh.soc_pct, 2),
            soc_sigma_pct=None if fresh is None else round(fresh.sigma_pct, 2),
            soc_age_s=None if age_ms is None else round(age_ms / 1000, 1),
            tier=self._state.tier,
            reason=minute.reason if plan is None else plan.reason.code,
            reason_left_s=None if plan is None else self._left_s(plan.reason.until),
            overridden=bool(self._state.overrides) and not self._refused,
            meter_quality=QUALITY[pictures[-1].quality] if pictures else MeterQuality.UNKNOWN,
        )

    def _left_s(self, until: str) -> float | None:
        """Seconds to the next ``HH:MM``."""
        if not until:
            return None
        local = datetime.fromtimestamp(self._clock.now_ms() / 1000, self._setup.zone)
        end = next_at(local, datetime.strptime(until, "%H:%M").time())  # noqa: DTZ007 - a time of day
        return round((end - local) / timedelta(seconds=1))


def _shown(plan: EnergyPlan) -> tuple[object, ...]:
    """What somebody switches or shows."""
    return (
        plan.tier,
        plan.display_on,
        plan.backlight_pct,
        plan.audio,
        plan.hotspot,
        plan.hotspot_on,
        plan.powersave,
        plan.reason,
        plan.power_off,
    )
