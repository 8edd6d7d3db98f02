"""When the Pi gets its supply and when it loses it (POW-R48 to R53). Pure; runs on MicroPython and CPython.

Time and volts are arguments. The guard stores no instant but that of the last call: what it waits for are
spans that shrink or grow by the time between two calls, none longer than a day. So a counter that wraps
cannot lock the bench out, as long as calls come closer than ``ticks_diff`` can tell (6.2 days on a board,
whose watchdog bites after 8 s).

How volts are averaged stands in ``meter``, frames in ``link``, pins and flash in ``board``.

    guard = Guard(Limits(), attempts=0, ticks_diff=time.ticks_diff)
    if guard.step(now, fast_mv, slow_mv):  # every 500 ms on a board; True: the state has changed
        ...  # keep guard.attempts, then switch the rail by guard.rail, and start slow_mv anew
    guard.heartbeat(now)  # the Pi speaks; also halted, sleep, maintain
"""

TYPE_CHECKING = False  # MicroPython has no typing
if TYPE_CHECKING:
    from collections.abc import Callable

OFF, BOOTING, RUN, HALTING = 0, 1, 2, 3
COLD, WAKE, ALIVE, LOW, SLEEP, CRITICAL, HALTED, HUNG, NO_BOOT, CUT = 0, 1, 2, 3, 4, 5, 6, 7, 8, 9
"""Why a state was entered; the reason of OFF stays readable as ``off_reason`` while the Pi runs."""
TIMEOUT = 128
"""Added to the reason when the Pi did not halt in time."""

LOW_MV, CUT_MV, WAKE_MV, RESTART_MV, SETTLE_S, BOOT_S, HEARTBEAT_S, HALT_S = 0, 1, 2, 3, 4, 5, 6, 7
"""Limits, by the number a LIMIT frame gives them."""

_MINUTE_MS = 60_000
_DAY_MS = 86_400_000
_LONGEST_SLEEP_S = 86_400
_LONGEST_MAINTENANCE_MIN = 240
_HALTED_WAKE_MS = 15 * _MINUTE_MS
_PROVEN_MS = 30 * _MINUTE_MS
"""A Pi that ran so long has booted well: attempts count from zero again."""
_FIRST_HUNG_PAUSE_MS = 10_000
_FIRST_PAUSE_MS = 10 * _MINUTE_MS
_LONGEST_PAUSE_MS = 120 * _MINUTE_MS
_LAST_DOUBLING = 4
_MOST_ATTEMPTS = 255
_BLIND_TRY_MS = 360 * _MINUTE_MS


class Limits:
    """Volts and times a technician may move, each within bounds that keep the battery and the bench alive."""

    BOUNDS = (
        (12_600, 12_000, 13_000),  # LOW_MV: the Pi is asked to halt
        (11_800, 11_000, 12_300),  # CUT_MV: the rail is cut
        (12_750, 12_200, 13_300),  # WAKE_MV: enough to start after a halt that was wanted
        (13_100, 12_400, 13_500),  # RESTART_MV: enough to start after anything else
        (60, 30, 600),  # SETTLE_S: so long it must be enough without a break
        (120, 60, 600),  # BOOT_S: to the first heartbeat
        (180, 60, 900),  # HEARTBEAT_S: without one the Pi hangs
        (45, 20, 180),  # HALT_S: from the request to the cut
    )
    """Default, least and most of each limit."""

    def __init__(self) -> None:
        self.values = [default for default, _, _ in self.BOUNDS]

    def set(self, number: int, value: int) -> bool:
        """Move one limit; False, and nothing moves, when it has no such number or would leave its bounds."""
        values = self.values[:]
        if number >= len(values):
            return False
        values[number] = value
        return self.set_all(values)

    def set_all(self, values: "list[int]") -> bool:
        """Take all limits at once, or none of them."""
        if len(values) != len(self.BOUNDS):
            return False
        for value, (_, least, most) in zip(values, self.BOUNDS):
            if not least <= value <= most:
                return False
        # Each line lies above the one below it, or the Pi would be started only to be halted again.
        if not values[CUT_MV] < values[LOW_MV] < values[WAKE_MV] <= values[RESTART_MV]:
            return False
        self.values = values
        return True


class Guard:
    """The supply of one Pi."""

    def __init__(self, limits: Limits, attempts: int, ticks_diff: "Callable[[int, int], int]") -> None:
        """Start OFF and cold.

        Args:
            limits: Volts and times; may be moved while the guard works.
            attempts: Boots tried since the Pi last ran for 30 min, kept through a loss of power.
            ticks_diff: ``ticks_diff(later, earlier)`` in milliseconds; ``time.ticks_diff`` on a board.
        """
        self.state = OFF
        self.reason = COLD
        self.off_reason = COLD
        self.attempts = attempts
        self._limits = limits
        self._ticks_diff = ticks_diff
        self._called_at: "int | None" = None
        self._stepped_state = OFF
        self._first_hung = True
        self._in_state_ms = 0
        self._ran_ms = 0
        self._quiet_ms = 0
        self._enough_ms: "int | None" = None
        self._sees = False
        self._blind_ms = 0
        self._wake_ms: "int | None" = None
        self._pause_ms: "int | None" = self._pause() if attempts else None
        self._maintenance_ms: "int | None" = None

    @property
    def rail(self) -> bool:
        """Whether the Pi gets its supply."""
        return self.state != OFF

    @property
    def waits_for_wake(self) -> bool:
        """Whether a time to wake is pending."""
        return self._wake_ms is not None

    @property
    def backs_off(self) -> bool:
        """Whether a pause after a failure is pending."""
        return self._pause_ms is not None

    @property
    def in_maintenance(self) -> bool:
        """Whether silence of the Pi is allowed."""
        return self._maintenance_ms is not None

    @property
    def halt_left_s(self) -> int:
        """Whole seconds the Pi still has to halt; 0 when it was not asked to."""
        if self.state != HALTING:
            return 0
        return max(self._limits.values[HALT_S] - self._in_state_ms // 1000, 0)

    def heartbeat(self, now: int) -> bool:
        """The Pi is well; False when it has no supply."""
        self._advance(now)
        self._quiet_ms = 0
        if self.state == BOOTING:
            self._enter(RUN, ALIVE)
        return self.state != OFF

    def halted(self, now: int) -> bool:
        """The Pi has put its file systems away; False when it was not running."""
        self._advance(now)
        if self.state == HALTING:
            self._turn_off(self.reason)
        elif self.state == RUN:
            self._turn_off(HALTED)
            self._wake_ms = _HALTED_WAKE_MS
        else:
            return False
        return True

    def sleep(self, now: int, seconds: int, critical: bool) -> bool:
        """The Pi wants to be dark for ``seconds``, a day at most; False when it was not running.

        Said again while it halts by its own wish, it only moves the time to wake: a lost answer does no harm.
        """
        self._advance(now)
        if self.state != RUN and not (self.state == HALTING and self.reason in (SLEEP, CRITICAL)):
            return False
        self._wake_ms = min(seconds, _LONGEST_SLEEP_S) * 1000
        reason = CRITICAL if critical else SLEEP
        if self.state == RUN:
            self._enter(HALTING, reason)
        self.reason = reason
        return True

    def maintain(self, now: int, minutes: int) -> bool:
        """Allow silence for ``minutes``, 240 at most, 0 ends it; False when the Pi was not running."""
        self._advance(now)
        if self.state != RUN:
            return False
        self._maintenance_ms = min(minutes, _LONGEST_MAINTENANCE_MIN) * _MINUTE_MS or None
        self._quiet_ms = 0
        return True

    def step(self, now: int, fast_mv: "int | None", slow_mv: "int | None") -> bool:
        """Look at the battery and decide.

        Args:
            now: Ticks in milliseconds.
            fast_mv: Mean of the last 1.5 s; None is not known.
            slow_mv: Mean of the last 30 s in this state; None is not known yet.

        Returns:
            Whether the state has changed since the last step, be it by what the Pi said in between.
        """
        self._advance(now)
        self._sees = fast_mv is not None
        values = self._limits.values
        if self.state == OFF:
            self._watch_for_start(fast_mv)
        elif fast_mv is not None and fast_mv < values[CUT_MV]:
            self._turn_off(CUT)
        elif self.state == BOOTING:
            if self._in_state_ms >= values[BOOT_S] * 1000:
                self._turn_off(NO_BOOT)
        elif self.state == RUN:
            self._watch_run(slow_mv)
        elif self._in_state_ms >= values[HALT_S] * 1000:
            self._turn_off(self.reason | TIMEOUT)
        before, self._stepped_state = self._stepped_state, self.state
        return self.state != before

    def _watch_for_start(self, fast_mv: "int | None") -> None:
        # A sample that is missing proves no break: a shaky sensor must not keep the bench dark.
        if fast_mv is not None:
            wanted = self.off_reason & ~TIMEOUT in (SLEEP, HALTED)
            if fast_mv < self._limits.values[WAKE_MV if wanted else RESTART_MV]:
                self._enough_ms = None
            elif self._enough_ms is None:
                self._enough_ms = 0
        settled = self._enough_ms is not None and self._enough_ms >= self._limits.values[SETTLE_S] * 1000
        # Without any sensor the Pi is started now and then, so that it can report it.
        blind = min(self._blind_ms, self._in_state_ms) >= _BLIND_TRY_MS
        if (settled or blind) and self._wake_ms is None and self._pause_ms is None:
            self.attempts = min(self.attempts + 1, _MOST_ATTEMPTS)
            self._ran_ms = 0
            self._enter(BOOTING, WAKE)

    def _watch_run(self, slow_mv: "int | None") -> None:
        if self._ran_ms >= _PROVEN_MS:
            self.attempts = 0
            self._first_hung = True
        if slow_mv is not None and slow_mv < self._limits.values[LOW_MV]:
            self._enter(HALTING, LOW)
        elif self._quiet_ms >= self._limits.values[HEARTBEAT_S] * 1000:
            self._turn_off(HUNG)

    def _turn_off(self, reason: int) -> None:
        cause = reason & ~TIMEOUT
        # A low battery after 30 min of work is an evening like any other; attempts are 0 then.
        if cause in (NO_BOOT, CUT, HUNG) or (cause == LOW and self.attempts):
            self._pause_ms = self._pause()
        if cause == HUNG and self._first_hung:
            self._first_hung = False
            self._pause_ms = _FIRST_HUNG_PAUSE_MS
        self.off_reason = reason
        self._enter(OFF, reason)

    def _pause(self) -> int:
        doublings = min(max(self.attempts - 1, 0), _LAST_DOUBLING)
        return min(_FIRST_PAUSE_MS << doublings, _LONGEST_PAUSE_MS)

    def _enter(self, state: int, reason: int) -> None:
        self.state = state
        self.reason = reason
        self._in_state_ms = 0
        self._enough_ms = None
        self._maintenance_ms = None

    def _advance(self, now: int) -> None:
        """Let every span run to ``now``; one that is over is forgotten at once."""
        elapsed = 0 if self._called_at is None else max(self._ticks_diff(now, self._called_at), 0)
        self._called_at = now
        self._in_state_ms = _grown(self._in_state_ms, elapsed)
        if self.state == RUN:
            self._ran_ms = _grown(self._ran_ms, elapsed)
        self._quiet_ms = 0 if self._maintenance_ms is not None else _grown(self._quiet_ms, elapsed)
        self._blind_ms = 0 if self._sees else _grown(self._blind_ms, elapsed)
        if self._sees and self._enough_ms is not None:
            self._enough_ms = _grown(self._enough_ms, elapsed)
        self._wake_ms = _shrunk(self._wake_ms, elapsed)
        self._pause_ms = _shrunk(self._pause_ms, elapsed)
        self._maintenance_ms = _shrunk(self._maintenance_ms, elapsed)


def _grown(span_ms: int, elapsed: int) -> int:
    return min(span_ms + elapsed, _DAY_MS)


def _shrunk(span_ms: "int | None", elapsed: int) -> "int | None":
    return None if span_ms is None or span_ms <= elapsed else span_ms - elapsed
