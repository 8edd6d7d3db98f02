"""What frames mean (POW-R54): what the Pi tells the guard, and what the board tells of itself.

Pure, like ``guard``.
"""

from struct import pack, unpack_from

from framing import (
    ACK,
    HALT_REQUEST,
    HALTED,
    HEARTBEAT,
    LIMIT,
    MAINTENANCE,
    PROTOCOL,
    QUERY,
    SLEEP,
    STATUS,
    VERSION,
    encode,
)
from guard import HALTING, Guard, Limits
from meter import Meter

TYPE_CHECKING = False  # MicroPython has no typing
if TYPE_CHECKING:
    from collections.abc import Callable

FIRMWARE = (1, 0)
"""Major and minor number of this firmware."""

OK, UNKNOWN, LENGTH, RANGE, NOT_NOW = 0, 1, 2, 3, 4
"""Second byte of an ACK."""
CURRENT, DIVIDER, IN_MAINTENANCE, BACKS_OFF, WAITS_FOR_WAKE, FLASH_FAILED = 1, 2, 4, 8, 16, 32
"""Flags of a STATUS: the current is measured; the INA226 is lost and the divider gives the volts; silence
is allowed; a pause after a failure is pending; a time to wake is pending; the flash did not keep a record."""

_LEAST_PAYLOAD = {HEARTBEAT: 0, HALTED: 0, SLEEP: 5, LIMIT: 5, QUERY: 1, MAINTENANCE: 2}
_LONGEST_MAINTENANCE_MIN = 240


class Link:
    """The board's side of the conversation."""

    def __init__(
        self, guard: Guard, limits: Limits, meter: Meter, keep_limits: "Callable[[], bool]", reset_cause: int
    ) -> None:
        """``keep_limits()`` writes the limits to flash and says whether that worked."""
        self.uptime_s = 0
        self.flash_failed = False
        self._guard = guard
        self._limits = limits
        self._meter = meter
        self._keep_limits = keep_limits
        self._reset_cause = reset_cause

    def answer(self, frame: "tuple[int, int, bytes]", now: int) -> bytes:
        """Do what a frame asks for; the answer is a frame too."""
        protocol, kind, payload = frame
        if protocol != PROTOCOL:
            return self.version()
        if kind not in _LEAST_PAYLOAD:
            result = UNKNOWN
        elif len(payload) < _LEAST_PAYLOAD[kind]:
            result = LENGTH
        elif kind == QUERY:
            return self._show(payload[0])
        else:
            result = self._obey(kind, payload, now)
        return _ack(kind, result)

    def status(self) -> bytes:
        """State, reason, flags and what the meter knows; 0 mV is not known."""
        guard, meter = self._guard, self._meter
        flags = (
            CURRENT * (meter.ma is not None)
            | DIVIDER * meter.on_divider
            | IN_MAINTENANCE * guard.in_maintenance
            | BACKS_OFF * guard.backs_off
            | WAITS_FOR_WAKE * guard.waits_for_wake
            | FLASH_FAILED * self.flash_failed
        )
        return encode(
            STATUS,
            pack(
                ">BBBHiIII",
                guard.state,
                guard.reason,
                flags,
                meter.fast_mv or 0,
                meter.ma or 0,
                meter.in_mah,
                meter.out_mah,
                self.uptime_s,
            ),
        )

    def halt_request(self) -> bytes:
        """Ask the Pi to halt: why, and how many seconds it has left."""
        return encode(HALT_REQUEST, pack(">BH", self._guard.reason, self._guard.halt_left_s))

    def version(self) -> bytes:
        """Protocol, firmware, why the board itself started, boots tried, and why the rail was last off."""
        guard = self._guard
        return encode(
            VERSION, bytes((PROTOCOL,) + FIRMWARE + (self._reset_cause, guard.attempts, guard.off_reason))
        )

    def _show(self, kind: int) -> bytes:
        if kind == STATUS:
            return self.status()
        if kind == VERSION:
            return self.version()
        if kind != HALT_REQUEST:
            return _ack(QUERY, RANGE)
        return self.halt_request() if self._guard.state == HALTING else _ack(QUERY, NOT_NOW)

    def _obey(self, kind: int, payload: bytes, now: int) -> int:
        if kind == HEARTBEAT:
            obeyed = self._guard.heartbeat(now)
        elif kind == HALTED:
            obeyed = self._guard.halted(now)
        elif kind == SLEEP:
            seconds, wish = unpack_from(">IB", payload)
            if wish > 1:
                return RANGE
            obeyed = self._guard.sleep(now, seconds, wish == 1)
        elif kind == MAINTENANCE:
            (minutes,) = unpack_from(">H", payload)
            if minutes > _LONGEST_MAINTENANCE_MIN:
                return RANGE
            obeyed = self._guard.maintain(now, minutes)
        else:
            before = self._limits.values
            if not self._limits.set(*unpack_from(">BI", payload)):
                return RANGE
            obeyed = self._keep_limits()
            if not obeyed:
                self._limits.values = before
        return OK if obeyed else NOT_NOW


def _ack(kind: int, result: int) -> bytes:
    return encode(ACK, bytes((kind, result)))
