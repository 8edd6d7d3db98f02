"""What the energy plan switches, tier by tier (POW-R36, R39). Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bench_agent.domain.energy_override import Override
from bench_agent.wire.energy_reason import EnergyReason
from bench_agent.wire.telemetry import EnergyTier

FULL_BACKLIGHT_PCT, ECO_BACKLIGHT_PCT = 100, 50


class AudioMode(StrEnum):
    """What may be heard."""

    FULL = "full"
    ANNOUNCEMENTS = "announcements"
    OFF = "off"


class HotspotMode(StrEnum):
    """How much hotspot the tier allows (HOT-R56)."""

    FULL = "full"
    """All radios."""
    LIMITED = "limited"
    """One radio, 3 dB less, fewer clients."""
    OPEN_HOURS = "open_hours"
    """Opening hours only, limited rate; the portal says why."""
    OFF = "off"


class EnergyAlarm(StrEnum):
    """What somebody should know of; it lasts as long as its cause."""

    METER_SILENT = "meter_silent"
    HOT = "hot"
    CHARGING_COLD = "charging_cold"


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerOff:
    """A planned dark of the computer (POW-R42)."""

    begins_at: datetime
    """In the past or now: go."""
    wakes_at: datetime
    """The earliest start by the board; after critical the sun decides and this is not announced."""
    critical: bool
    """The board's SLEEP kind 1, announced as low battery; else kind 0, announced with its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyPlan:
    """Which loads are on, why, and until when."""

    tier: EnergyTier
    display_on: bool
    backlight_pct: int
    """The most that ambient light may ask for; 0 with the display off."""
    audio: AudioMode
    hotspot: HotspotMode
    hotspot_on: bool
    """The mode at this time of day; in ``OPEN_HOURS`` off at night."""
    powersave: bool
    """The computer's powersave governor."""
    power_off: PowerOff | None
    """The planned dark that comes next in this tier, or has begun."""
    reason: EnergyReason
    next_change_at: datetime
    """When time alone changes the plan next."""
    override: Override | None = None
    """The operator's exception that shapes this plan."""
    full_charge: bool = False
    """A full-charge run keeps display and audio off."""
    alarms: tuple[EnergyAlarm, ...] = ()

    @property
    def audio_on(self) -> bool:
        """Whether everything may be heard, not announcements alone."""
        return self.audio is AudioMode.FULL

    def is_dark(self, local: datetime) -> bool:
        """Whether the computer shall be off at ``local``."""
        return self.power_off is not None and self.power_off.begins_at <= local
