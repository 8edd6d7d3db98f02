"""When the bench switches itself off, and what it says before (POW-R42)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bench_agent.domain.energy_plan import EnergyPlan, PowerOff
from bench_agent.services.power.memory import Goodbye
from bench_agent.wire.event import Event, Severity
from bench_agent.wire.presence import StateReason

CRITICAL_HOLD_MS = 60_000
"""One odd sample must not switch a bench off."""
LEAST_UP_MS = 180_000
"""A computer that was just started first tells the server what happened."""
NOTICE = timedelta(minutes=15)
"""So long before a sleep it is announced to whoever sits on the bench."""
_MS = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dark:
    """A dark of the computer that begins now."""

    goodbye: Goodbye
    reason: StateReason
    wake_at_ms: int | None = None
    """Announced return, ms since 1970 UTC; None = with the sun."""
    sleep_s: int | None = None
    """What the power board is told; None = it knows, since it asked for the halt itself."""


class Darkness:
    """Judges the plan each step; tells once."""

    def __init__(self, emit: Callable[[Event], None], started_at_ms: int) -> None:
        self._emit = emit
        self._started_at_ms = started_at_ms
        self._since_ms: int | None = None

    def announce(self, plan: EnergyPlan, local: datetime, now_ms: int) -> EnergyPlan:
        """``plan`` with the true begin of its dark: a quarter of an hour from when it was first heard of.

        A critical battery waits a minute only, and so does a computer that has just told what happened.
        """
        off = plan.power_off
        if off is None or off.begins_at > local + NOTICE:
            self._since_ms = None
            return plan
        if self._since_ms is None:
            self._since_ms = now_ms
        wait_ms = max(
            (CRITICAL_HOLD_MS if off.critical else NOTICE // _MS) - (now_ms - self._since_ms),
            LEAST_UP_MS - (now_ms - self._started_at_ms),
            0,
        )
        begins_at = max(off.begins_at, local + wait_ms * _MS)
        return replace(plan, power_off=replace(off, begins_at=begins_at))

    def judge(self, plan: EnergyPlan, local: datetime) -> Dark | None:
        """The dark that begins now by the announced plan; None = none does."""
        off = plan.power_off
        if off is None or not plan.is_dark(local):
            return None
        return self._begin(off, local, plan)

    def halt(self, plan: EnergyPlan | None) -> Dark:
        """The power board asks for a halt because volts are low."""
        self._tell("Bangku mati karena baterai hampir kosong; menyala lagi bersama matahari.", None, plan)
        return Dark(goodbye=Goodbye.LOW, reason=StateReason.LOW_BATTERY)

    def _begin(self, off: PowerOff, local: datetime, plan: EnergyPlan) -> Dark:
        sleep_s = max(round((off.wakes_at - local) / timedelta(seconds=1)), 0)
        if off.critical:
            self._tell("Bangku mati karena baterai kritis; menyala lagi bersama matahari.", None, plan)
            return Dark(goodbye=Goodbye.CRITICAL, reason=StateReason.LOW_BATTERY, sleep_s=sleep_s)
        wake_at_ms = round(off.wakes_at.timestamp() * 1000)
        text = f"Bangku tidur sampai {off.wakes_at:%H.%M} untuk menghemat baterai."
        self._tell(text, wake_at_ms, plan)
        return Dark(goodbye=Goodbye.SLEEP, reason=StateReason.SLEEP, wake_at_ms=wake_at_ms, sleep_s=sleep_s)

    def _tell(self, text: str, wake_at_ms: int | None, plan: EnergyPlan | None) -> None:
        reason = "sleep" if wake_at_ms is not None else "low_battery"
        soc_pct = None if plan is None else plan.reason.soc_pct
        self._emit(
            Event(
                kind="energy.dark",
                severity=Severity.NOTICE if wake_at_ms is not None else Severity.WARNING,
                text=text,
                facts={"reason": reason, "wake_at": wake_at_ms, "soc_pct": soc_pct},
            )
        )
