"""Who is there, and what it should be: state, birth, server state, desired document.

Source: docs/spec/fleet.md sections 1 and 4.
"""

import msgspec

from bench_agent.wire.open_enum import OpenEnum
from bench_agent.wire.telemetry import EnergyTier


class StateReason(OpenEnum):
    """Why a bench is on or dark."""

    UNKNOWN = "unknown"
    RUN = "run"
    SLEEP = "sleep"
    UPDATE = "update"
    LOW_BATTERY = "low_battery"
    LOST = "lost"


class BenchState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``up/state``, retained, also the will."""

    online: bool
    sess: str
    """Sessions compare by time: the text starts with the connection's ms since 1970, 13 digits."""
    reason: StateReason
    wake_at: int | None = None
    """Planned return, ms since 1970 UTC, for a planned dark."""


class Birth(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``up/birth``, retained: what this bench is."""

    agent_version: str
    gen: str
    boot: str
    schemas: list[str]
    hardware: str = ""
    loads: list[str] = []
    panel_wp: float | None = None
    """Peak watts of the panel, None = not known."""


class ServerState(msgspec.Struct, frozen=True, kw_only=True):
    """``_srv/state``, retained, also the will of ingest."""

    online: bool


class Load(OpenEnum):
    """A load that the energy plan switches."""

    UNKNOWN = "unknown"
    DISPLAY = "display"
    AUDIO = "audio"
    HOTSPOT = "hotspot"


class EnergyOverride(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An operator's wish against the energy plan (POW-R40): a ``tier``, or one ``load`` on or off."""

    id: str
    who: str
    why: str
    until_ms: int
    """Its end by wall time, ms since 1970 UTC."""
    lasts_s: int
    """Its whole length; a bench ends it by its own monotonic time when that is earlier."""
    tier: EnergyTier | None = None
    load: Load | None = None
    on: bool = False
    """What becomes of ``load``."""


class Desired(msgspec.Struct, frozen=True, kw_only=True):
    """``dn/desired``, retained: the whole desired document (FL-D2), at most 32 KB."""

    rev: int
    """Rises with every change of any section."""
    snapshot_version: int = 0
    snapshot_sha256: str = ""
    """Digest of the campaign snapshot's bytes; empty = none."""
    snapshot_url: str = ""
    """Path on the server, e.g. ``/media/<sha256>``."""
    energy_override: EnergyOverride | msgspec.UnsetType = msgspec.UNSET
    """Unset = none in force."""
