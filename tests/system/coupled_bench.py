"""Battery, power board and energy policy together: the firmware's guard beside the agent's rules (POW-R65).

The board looks every 10 s where something may happen, and every 60 s while nothing can.
"""

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any

import pytest

from bench_agent.domain.battery import NOMINAL_V, Battery, Counters, Sample, rest_of
from bench_agent.domain.battery_estimate import Estimate, after_low_halt, next_estimate
from bench_agent.domain.energy import EnergyState, next_energy
from bench_agent.domain.energy_facts import EnergyFacts, EnergyRules
from bench_agent.domain.energy_hours import WIB
from bench_agent.domain.moment import Moment, shift_between_ms
from bench_agent.simulated.bench_battery import (
    AUDIO_W,
    COMPUTER_W,
    DISPLAY_W,
    HOTSPOT_W,
    TAIL_C,
    BenchBattery,
)
from tests.firmware.virtual_machines import FIRMWARE

MIDNIGHT = datetime(2025, 1, 1, tzinfo=WIB)
FINE_MS, COARSE_MS, SUN_MS = 10_000, 60_000, 600_000
BOOT_MS, HALT_MS = 40_000, 15_000
DAY_MS, HOUR_MS = 86_400_000, 3_600_000
BMS_OPENS_V, BMS_CLOSES_V = 10.5, 12.0
RULES = EnergyRules()
_SLOW_MS = 20_000
"""From here on the board knows the mean of its slow volts."""
_NEAR_V = 0.1
"""Volts are near a threshold of the board within this."""


@contextmanager
def firmware_guard() -> Iterator[Any]:
    """The board's rules, imported from its folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(FIRMWARE))
        yield import_module("guard")


@dataclass
class Run:
    """What a coupled run gave."""

    open_ms: int = 0
    open_wifi_ms: int = 0
    boots_ms: list[int] = field(default_factory=list)
    """Instants at which the rail went on."""
    up_ms: list[tuple[int, int]] = field(default_factory=list)
    """Stretches in which the agent ran: begin, end."""
    cold_starts: int = 0
    least_pct: float = 100.0
    soc_pct: list[float] = field(default_factory=list)
    """True charge at each full hour."""

    @property
    def open_pct(self) -> float:
        return 100 * self.open_wifi_ms / self.open_ms

    def boots_between(self, begin_ms: int, end_ms: int) -> int:
        return sum(begin_ms <= at_ms < end_ms for at_ms in self.boots_ms)

    def was_up_in(self, begin_ms: int, end_ms: int) -> bool:
        return any(begin < end_ms and end > begin_ms for begin, end in self.up_ms)


class Agent:
    """The agent's pure core, started anew at each boot from what it kept."""

    def __init__(self, battery: Battery) -> None:
        self.battery = battery
        self.estimate: Estimate | None = None
        self.state = EnergyState()
        self._kept = Moment(boot="0", monotonic_ms=0, wall_ms=0)
        self._looked_at_ms = -COARSE_MS

    def start(self, boot: int, age_ms: int, wall_ms: int) -> None:
        now = Moment(boot=str(boot), monotonic_ms=age_ms, wall_ms=wall_ms)
        shift_ms = shift_between_ms(self._kept, now)
        if self.estimate is not None:
            self.estimate = self.estimate.shifted(shift_ms)
        self.state = self.state.shifted(shift_ms)
        self._looked_at_ms = -COARSE_MS

    def look(self, boot: int, sample: Sample, age_ms: int, wall_ms: int, step_ms: int) -> None:
        """Live one step that ends now; the plan follows at most a minute later."""
        if step_ms > FINE_MS and self.estimate is not None and age_ms - self.estimate.as_of_ms <= COARSE_MS:
            self.estimate = next_estimate(self.estimate, sample, self.battery, age_ms - step_ms // 2)
        self.estimate = next_estimate(self.estimate, sample, self.battery, age_ms)
        self._kept = Moment(boot=str(boot), monotonic_ms=age_ms, wall_ms=wall_ms)
        if age_ms - self._looked_at_ms < COARSE_MS:
            return
        self._looked_at_ms = age_ms
        facts = EnergyFacts(
            local=MIDNIGHT + timedelta(milliseconds=wall_ms),
            now_ms=age_ms,
            soc_pct=self.estimate.soc_pct,
            rest_v=rest_of(sample, self.battery),
            last_full_at_ms=self.estimate.last_full_at_ms,
        )
        self.state = next_energy(self.state, facts, RULES)

    def before_low_halt(self) -> None:
        if self.estimate is not None:
            self.estimate = after_low_halt(self.estimate, self.battery)


class CoupledBench:
    """One bench under ``panel_w``, watts for each 10 min from midnight."""

    def __init__(
        self,
        guard: Any,
        panel_w: Sequence[float],
        *,
        soc_pct: float = 60.0,
        standby_w: float = 0.06,
        seed: int = 1,
    ) -> None:
        self._guards = guard
        self._panel_w = panel_w
        battery = Battery(standby_w=standby_w)
        self.pack = BenchBattery(battery, soc_pct, tail_c=TAIL_C, standby_w=standby_w, cuts_loads=False)
        self.guard = self._cold_guard(0)
        self.agent = Agent(battery)
        self.run = Run()
        rng = random.Random(seed)
        self._gain, self._offset_a = 1 + rng.gauss(0, 0.02), rng.gauss(0, 0.1) / NOMINAL_V
        self._in_mah = self._out_mah = 0.0
        self._bms_open = False
        self._state_since_ms = self._boot_ms = 0
        self._is_up = False
        self._has_slept = False

    def live(self, days: float, *, fine: bool = False) -> Run:
        at_ms, end_ms = 0, round(days * DAY_MS)
        while at_ms < end_ms:
            step_ms = FINE_MS if fine else self._step_ms(at_ms)
            step_ms = min(step_ms, SUN_MS - at_ms % SUN_MS, end_ms - at_ms)
            self._live_step(at_ms, step_ms)
            at_ms += step_ms
        if self._is_up:
            self._go_down(end_ms)
        return self.run

    def _step_ms(self, at_ms: int) -> int:
        """Coarse where the board and the computer can only go on as they are."""
        guards, guard, volts = self._guards, self.guard, self.pack.voltage_v
        settled = at_ms - self._state_since_ms >= COARSE_MS
        if guard.state == guards.RUN and self._is_up and settled:
            return COARSE_MS if volts > 12.6 + _NEAR_V else FINE_MS
        if guard.state == guards.OFF and settled:
            far = volts < 12.75 - _NEAR_V or self._bms_open
            return COARSE_MS if far or guard.waits_for_wake or guard.backs_off else FINE_MS
        return FINE_MS

    def _live_step(self, at_ms: int, step_ms: int) -> None:
        panel_w = self._panel_w[at_ms // SUN_MS]
        plan = self.agent.state.plan if self._is_up else None
        load_w = 0.0
        if self.guard.rail and not self._bms_open:
            load_w = COMPUTER_W
        if plan is not None and load_w:
            load_w += HOTSPOT_W * plan.hotspot_on + (DISPLAY_W + AUDIO_W) * plan.display_on
        if not (self._bms_open and panel_w <= 0):
            self.pack.step(panel_w, load_w, step_ms / 1000)
            measured_a = self.pack.current_a * self._gain + self._offset_a
            moved_mah = measured_a * step_ms / 3600
            self._in_mah += max(moved_mah, 0.0)
            self._out_mah -= min(moved_mah, 0.0)
        now_ms = at_ms + step_ms
        self._follow_bms()
        if not self._bms_open:
            self._follow_board(now_ms)
            if self._is_up:
                self._let_agent_act(now_ms, step_ms)
        self._tally(at_ms, step_ms, hotspot_on=plan is not None and plan.hotspot_on and load_w > 0)

    def _follow_bms(self) -> None:
        """It opens on a flat pack; the board starts cold when it closes and knows only its attempts."""
        if not self._bms_open and self.pack.voltage_v < BMS_OPENS_V:
            self._bms_open = True
        elif self._bms_open and self.pack.voltage_v >= BMS_CLOSES_V:
            self._bms_open = False
            self.run.cold_starts += 1
            self._is_up = False
            self.guard = self._cold_guard(self.guard.attempts)

    def _cold_guard(self, attempts: int) -> Any:
        return self._guards.Guard(self._guards.Limits(), attempts, lambda later, earlier: later - earlier)

    def _follow_board(self, now_ms: int) -> None:
        guards, guard = self._guards, self.guard
        millivolts = round(self.pack.voltage_v * 1000)
        before = guard.state
        slow_mv = millivolts if now_ms - self._state_since_ms >= _SLOW_MS else None
        changed = guard.step(now_ms, millivolts, slow_mv)
        if changed:
            self._state_since_ms = now_ms
        if guard.state == guards.BOOTING and before == guards.OFF:
            self._boot_ms = now_ms
            self.run.boots_ms.append(now_ms)
        elif guard.state == guards.BOOTING and now_ms - self._boot_ms >= BOOT_MS:
            guard.heartbeat(now_ms)
            self._is_up, self._has_slept = True, False
            self.run.up_ms.append((now_ms, now_ms))
            self.agent.start(len(self.run.boots_ms), now_ms - self._boot_ms, now_ms)
        elif guard.state == guards.RUN:
            guard.heartbeat(now_ms)
        elif guard.state == guards.HALTING:
            if guard.reason == guards.LOW:
                self.agent.before_low_halt()
            if now_ms - self._state_since_ms >= HALT_MS:
                guard.halted(now_ms)
        if guard.state == guards.OFF and self._is_up:
            self._go_down(now_ms)

    def _go_down(self, now_ms: int) -> None:
        self._is_up = False
        self.run.up_ms[-1] = (self.run.up_ms[-1][0], now_ms)

    def _let_agent_act(self, now_ms: int, step_ms: int) -> None:
        current_a = self.pack.current_a * self._gain + self._offset_a
        sample = Sample(
            voltage_v=self.pack.voltage_v,
            current_a=current_a,
            stage=self.pack.stage,
            counters=Counters(charge_in_mah=self._in_mah, charge_out_mah=self._out_mah),
        )
        self.agent.look(len(self.run.boots_ms), sample, now_ms - self._boot_ms, now_ms, step_ms)
        plan = self.agent.state.plan
        local = MIDNIGHT + timedelta(milliseconds=now_ms)
        if plan is not None and plan.power_off is not None and plan.is_dark(local) and not self._has_slept:
            seconds = round((plan.power_off.wakes_at - local).total_seconds())
            self._has_slept = self.guard.sleep(now_ms, seconds, plan.power_off.critical)

    def _tally(self, at_ms: int, step_ms: int, *, hotspot_on: bool) -> None:
        run = self.run
        if 5 * HOUR_MS <= at_ms % DAY_MS < 22 * HOUR_MS:
            run.open_ms += step_ms
            run.open_wifi_ms += step_ms if hotspot_on else 0
        run.least_pct = min(run.least_pct, self.pack.soc_pct)
        if at_ms % HOUR_MS == 0:
            run.soc_pct.append(self.pack.soc_pct)
