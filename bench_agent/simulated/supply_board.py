"""A power board that behaves: asks for a halt, takes the supply and gives it back with the sun (POW-R48).

The rules are those of section 8 of docs/spec/power.md as far as a simulated bench can meet them; the firmware
itself is tested where it lives.
"""

from collections import deque
from typing import NamedTuple

from bench_agent.domain.supply import (
    HaltRequest,
    SupplyLimit,
    SupplyReason,
    SupplyState,
    SupplyStatus,
    SupplyVersion,
)
from bench_agent.errors import SupplyBoardRefusedError
from bench_agent.ports.clock import Clock
from bench_agent.simulated.bench_battery import Loads
from bench_agent.simulated.power_meter import SimulatedPowerMeter

LOW_V, WAKE_V, RESTART_V = 12.60, 12.75, 13.10
SETTLE_MS, PROVEN_MS = 60_000, 1_800_000
FIRST_PAUSE_MS, LONGEST_PAUSE_MS = 600_000, 7_200_000
LONGEST_SLEEP_S = 86_400
HALT_S = 45
_LOOK_S = 10.0
_SLOW_LOOKS = 3
_DARK = Loads(computer=False, hotspot=False, display=False, audio=False)
_WANTED = frozenset({SupplyReason.SLEEP, SupplyReason.HALTED})


class BoardState(NamedTuple):
    """State of a board, by spans instead of instants."""

    reason: SupplyReason
    attempts: int
    on_for_ms: int
    off_left_ms: int


class SimulatedSupplyBoard:
    """Sits between the simulated battery and the computer, which is on at first."""

    def __init__(self, meter: SimulatedPowerMeter, clock: Clock) -> None:
        self._meter = meter
        self._clock = clock
        self._reason = SupplyReason.COLD
        self._attempts = 1
        self._on_since_ms = clock.monotonic_ms()
        self._off_until_ms = 0
        self._halting = False
        self._volts: deque[float] = deque(maxlen=_SLOW_LOOKS)

    @property
    def status(self) -> SupplyStatus | None:
        """It runs, for the reason of its last start."""
        now_ms = self._clock.monotonic_ms()
        return SupplyStatus(
            state=SupplyState.RUN,
            reason=SupplyReason.ALIVE,
            timed_out=False,
            in_maintenance=False,
            backs_off=False,
            waits_for_wake=False,
            uptime_s=now_ms // 1000,
            seen_at_ms=now_ms,
        )

    @property
    def halt_request(self) -> HaltRequest | None:
        """Asked for when the mean of half a minute is below 12.60 V."""
        if len(self._volts) < _SLOW_LOOKS or sum(self._volts) / _SLOW_LOOKS >= LOW_V:
            return None
        if not self._halting:
            self._halting = True
            self.lose_supply(SupplyReason.LOW)
        return HaltRequest(
            reason=SupplyReason.LOW, seconds_left=HALT_S, seen_at_ms=self._clock.monotonic_ms()
        )

    async def heartbeat(self) -> None:
        """Look at the battery; a simulated agent that hangs would hang its board too."""
        self._volts.append(self._meter.look().voltage_v)

    async def halted(self) -> None:
        """Nothing: the simulated computer halts at once."""

    async def maintenance(self, minutes: int) -> None:
        """Nothing: silence is never taken for a hang here."""

    async def set_limit(self, limit: SupplyLimit, value: int) -> None:
        """Refuse: the limits of a simulated board stand."""
        raise SupplyBoardRefusedError(f"a simulated board keeps its limits; {limit.name} stays, not {value}")

    async def version(self) -> SupplyVersion:
        """Why the computer was off before, and how often it was tried."""
        return SupplyVersion(
            protocol=1, firmware=(0, 0), reset_cause=1, attempts=self._attempts, last_off=self._reason
        )

    async def sleep(self, seconds: int, *, critical: bool) -> None:
        """Take the supply away as soon as the computer has halted, for ``seconds`` at least."""
        if not 0 <= seconds <= LONGEST_SLEEP_S:
            raise SupplyBoardRefusedError(f"a sleep of {seconds} s; 0 to {LONGEST_SLEEP_S} are allowed")
        self._go_off(SupplyReason.CRITICAL if critical else SupplyReason.SLEEP, seconds * 1000)

    def lose_supply(self, reason: SupplyReason) -> None:
        """The supply goes, not by the computer's wish; starts that fail again and again come ever later."""
        proven = self._clock.monotonic_ms() - self._on_since_ms >= PROVEN_MS
        pause_ms = min(FIRST_PAUSE_MS * 2 ** (self._attempts - 1), LONGEST_PAUSE_MS)
        if proven:
            self._attempts = 0
            pause_ms = 0 if reason is SupplyReason.LOW else FIRST_PAUSE_MS
        self._go_off(reason, pause_ms)

    async def wait_supply(self) -> None:
        """Be dark until nothing forbids a start and the volts are enough for a minute without a break."""
        self._meter.set_loads(_DARK)
        enough_v = WAKE_V if self._reason in _WANTED else RESTART_V
        enough_since_ms: int | None = None
        while True:
            now_ms = self._clock.monotonic_ms()
            if self._meter.look().voltage_v < enough_v:
                enough_since_ms = None
            elif enough_since_ms is None:
                enough_since_ms = now_ms
            settled = enough_since_ms is not None and now_ms - enough_since_ms >= SETTLE_MS
            if settled and now_ms >= self._off_until_ms:
                break
            await self._clock.sleep(_LOOK_S)
        self._attempts += 1
        self._volts.clear()
        self._halting = False
        self._on_since_ms = self._clock.monotonic_ms()
        self._meter.set_loads(Loads(hotspot=False, display=False, audio=False))

    def state(self) -> BoardState:
        """Everything a board on another clock needs to go on from here."""
        now_ms = self._clock.monotonic_ms()
        return BoardState(
            self._reason, self._attempts, now_ms - self._on_since_ms, self._off_until_ms - now_ms
        )

    def resume(self, state: BoardState) -> None:
        """Go on from the state of a board that lived on another clock."""
        now_ms = self._clock.monotonic_ms()
        self._reason, self._attempts = state.reason, state.attempts
        self._on_since_ms = now_ms - state.on_for_ms
        self._off_until_ms = now_ms + state.off_left_ms

    async def close(self) -> None:
        """Nothing to let go."""

    def _go_off(self, reason: SupplyReason, pause_ms: int) -> None:
        if self._clock.monotonic_ms() - self._on_since_ms >= PROVEN_MS:
            self._attempts = 0
        self._reason = reason
        self._off_until_ms = self._clock.monotonic_ms() + pause_ms
