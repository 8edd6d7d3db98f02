"""What the board knows of the battery (POW-R48, R53): two voltages, current and charge. Pure, like ``guard``.

Decides which sensor is believed: the INA226, or the divider when that one has been lost for 30 s. How sensors
are read stands in ``board``.
"""

TYPE_CHECKING = False  # MicroPython has no typing
if TYPE_CHECKING:
    from collections.abc import Callable

FAST_MS, FAST_SAMPLES = 1_500, 3
SLOW_MS, SLOW_VALID_MS, SLOW_LEAST = 30_000, 20_000, 3
LOST_MS = 30_000
_LONGEST_HOLD_MS = 2_000
"""A sample of current stands for the time since the one before it, but no longer than this."""
_MS_MA_PER_MAH = 3_600_000
_MOST_OFF = 0.05
"""A divider farther off than 5 % is broken, not inexact."""
_LEARNING = 0.02


class Meter:
    """Battery voltage, current and charge out of two sensors that may fail."""

    def __init__(self, ticks_diff: "Callable[[int, int], int]") -> None:
        """``ticks_diff(later, earlier)`` in milliseconds: ``time.ticks_diff`` on a board."""
        self.fast_mv: "int | None" = None
        """Mean of the last three samples (1.5 s); None is not known."""
        self.slow_mv: "int | None" = None
        """Mean of the last 30 s since ``restart``; None until 20 s of them are over."""
        self.ma: "int | None" = None
        """Newest current, + = charging; None is not known."""
        self.in_mah = 0
        self.out_mah = 0
        self.on_divider = False
        """Whether the voltages come from the divider."""
        self._ticks_diff = ticks_diff
        self._added_at: "int | None" = None
        self._fast: "list[tuple[int, int]]" = []
        self._slow: "list[tuple[int, int]]" = []
        self._slow_ms = 0
        self._lost_ms = 0
        self._in_ms_ma = 0
        self._out_ms_ma = 0
        self._gain = 1.0

    def add(self, now: int, ina: "tuple[int, int] | None", divider_mv: "int | None") -> None:
        """Take what the sensors say now, every 500 ms on a board.

        Args:
            now: Ticks in milliseconds.
            ina: Millivolts and milliamperes of the INA226; None when it did not answer.
            divider_mv: Millivolts of the divider; None when they are impossible.
        """
        elapsed = 0 if self._added_at is None else max(self._ticks_diff(now, self._added_at), 0)
        self._added_at = now
        self._slow_ms = min(self._slow_ms + elapsed, SLOW_MS)
        if ina is None:
            self._lost_ms = min(self._lost_ms + elapsed, LOST_MS)
            self.ma = None
        else:
            self.ma = ina[1]
            self._count(ina[1], min(self._lost_ms + elapsed, _LONGEST_HOLD_MS))
            self._lost_ms = 0
            self._learn(ina[0], divider_mv)
        self.on_divider = self._lost_ms >= LOST_MS
        if ina is not None:
            self._keep(now, ina[0])
        elif self.on_divider and divider_mv is not None:
            self._keep(now, int(divider_mv * self._gain))
        self._forget(now)
        self.fast_mv = _mean(self._fast) if self._fast else None
        ready = self._slow_ms >= SLOW_VALID_MS and len(self._slow) >= SLOW_LEAST
        self.slow_mv = _mean(self._slow) if ready else None

    def restart(self) -> None:
        """Forget the slow voltage: the load is another one now."""
        self._slow.clear()
        self._slow_ms = 0
        self.slow_mv = None

    def _keep(self, now: int, mv: int) -> None:
        self._fast.append((now, mv))
        self._slow.append((now, mv))

    def _forget(self, now: int) -> None:
        while self._fast and (
            len(self._fast) > FAST_SAMPLES or self._ticks_diff(now, self._fast[0][0]) >= FAST_MS
        ):
            self._fast.pop(0)
        while self._slow and self._ticks_diff(now, self._slow[0][0]) >= SLOW_MS:
            self._slow.pop(0)

    def _count(self, ma: int, held_ms: int) -> None:
        if ma >= 0:
            self._in_ms_ma += ma * held_ms
            self.in_mah += self._in_ms_ma // _MS_MA_PER_MAH
            self._in_ms_ma %= _MS_MA_PER_MAH
        else:
            self._out_ms_ma -= ma * held_ms
            self.out_mah += self._out_ms_ma // _MS_MA_PER_MAH
            self._out_ms_ma %= _MS_MA_PER_MAH

    def _learn(self, mv: int, divider_mv: "int | None") -> None:
        """Follow the ratio of both sensors, so that the divider alone is as exact as the INA226 was."""
        if divider_mv is None:
            return
        ratio = mv / divider_mv
        if abs(ratio - 1) <= _MOST_OFF:
            self._gain += (ratio - self._gain) * _LEARNING


def _mean(samples: "list[tuple[int, int]]") -> int:
    return sum(mv for _, mv in samples) // len(samples)
