"""Energy of a local day from a charge controller's counters (POW-R14). Pure: the day is an argument.

A controller starts its own "today" when it thinks it is midnight, often in the evening. So a day's yield is
our own sum of the steps of its total; the steps of its "today" are summed beside it as a cross-check.
"""

from dataclasses import dataclass, replace
from datetime import date

LARGEST_STEP_WH = 20_000.0
"""More than a bench harvests in any outage of its meter: the total is another controller's."""
AGREE_WITHIN_WH, AGREE_WITHIN_SHARE = 30.0, 0.05
"""Both counters have steps of 10 Wh, and a step may be seen a reading later in one of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyYield:
    """What one local day brought so far."""

    day: date
    wh: float = 0.0
    """Watt-hours by the controller's total."""
    check_wh: float = 0.0
    """Watt-hours by the controller's own today."""
    total_wh: float | None = None
    """Total at the last reading that had one."""
    today_wh: float | None = None
    """The controller's today at the last reading that had one."""

    @property
    def agrees(self) -> bool:
        """Whether both ways to count came to the same."""
        return abs(self.wh - self.check_wh) <= max(AGREE_WITHIN_WH, AGREE_WITHIN_SHARE * self.wh)


def next_daily_yield(
    before: DailyYield | None, total_wh: float | None, today_wh: float | None, day: date
) -> DailyYield:
    """Count one more reading to the local ``day`` it was made on.

    Args:
        before: The result of the reading before; None for the first.
        total_wh: The controller's total, None if it does not tell. One that falls, or leaps by more than
            20 kWh, is that of a reset or another controller: it is counted on from there.
        today_wh: The controller's own today. One that falls began anew at zero.
        day: Local day of the reading.
    """
    if before is None:
        return DailyYield(day=day, total_wh=total_wh, today_wh=today_wh)
    held = before if before.day == day else replace(before, day=day, wh=0.0, check_wh=0.0)
    return replace(
        held,
        wh=held.wh + _total_step(held.total_wh, total_wh),
        check_wh=held.check_wh + _today_step(held.today_wh, today_wh),
        total_wh=held.total_wh if total_wh is None else total_wh,
        today_wh=held.today_wh if today_wh is None else today_wh,
    )


def _total_step(before_wh: float | None, now_wh: float | None) -> float:
    if before_wh is None or now_wh is None:
        return 0.0
    step_wh = now_wh - before_wh
    return step_wh if 0 <= step_wh <= LARGEST_STEP_WH else 0.0


def _today_step(before_wh: float | None, now_wh: float | None) -> float:
    if before_wh is None or now_wh is None:
        return 0.0
    return now_wh - before_wh if now_wh >= before_wh else now_wh
