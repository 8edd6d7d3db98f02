"""What the power board tells of the Pi's supply (POW-R48 to R54): its own states and reasons."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum


class SupplyState(StrEnum):
    """What the board does with the Pi's supply; the rail is on in all but ``OFF``."""

    OFF = "off"
    BOOTING = "booting"
    RUN = "run"
    HALTING = "halting"
    UNKNOWN = "unknown"


class SupplyReason(StrEnum):
    """Why the board entered its state."""

    COLD = "cold"
    WAKE = "wake"
    ALIVE = "alive"
    LOW = "low"
    SLEEP = "sleep"
    CRITICAL = "critical"
    HALTED = "halted"
    HUNG = "hung"
    NO_BOOT = "no_boot"
    CUT = "cut"
    UNKNOWN = "unknown"


class SupplyLimit(IntEnum):
    """What may be set on the board, within its own bounds; the value is the number on the wire."""

    LOW_MV = 0
    """Below it the board asks the Pi to halt."""
    CUT_MV = 1
    """Below it the board cuts the rail."""
    WAKE_MV = 2
    """Enough to start after a halt that was wanted."""
    RESTART_MV = 3
    """Enough to start after anything else."""
    SETTLE_S = 4
    BOOT_S = 5
    HEARTBEAT_S = 6
    HALT_S = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplyStatus:
    """The board's own state, as of its last word."""

    state: SupplyState
    reason: SupplyReason
    timed_out: bool
    """The Pi did not halt within its time."""
    in_maintenance: bool
    backs_off: bool
    """A pause after a failure is pending."""
    waits_for_wake: bool
    uptime_s: int
    """Seconds since the board itself started."""
    seen_at_ms: int
    """Monotonic milliseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HaltRequest:
    """The board wants the Pi to halt and will cut the rail when the time is over."""

    reason: SupplyReason
    seconds_left: int
    """As of ``seen_at_ms``."""
    seen_at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplyVersion:
    """What the board is, and how its last starts went."""

    protocol: int
    firmware: tuple[int, int]
    """Major, minor."""
    reset_cause: int
    """Why the board itself started, as its chip numbers it: 1 power, 3 watchdog."""
    attempts: int
    """Boots tried since the Pi last ran for 30 min."""
    last_off: SupplyReason | None
    """Why the rail was last off; None when the firmware does not tell."""
