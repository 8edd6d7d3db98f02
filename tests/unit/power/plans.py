"""Energy plans for tests of those who follow them."""

from dataclasses import replace
from datetime import datetime

from bench_agent.domain.energy_hours import WIB
from bench_agent.domain.energy_plan import AudioMode, EnergyPlan, HotspotMode
from bench_agent.wire.energy_reason import EnergyReason, ReasonCode
from bench_agent.wire.telemetry import EnergyTier

NORMAL = EnergyPlan(
    tier=EnergyTier.NORMAL,
    display_on=True,
    backlight_pct=100,
    audio=AudioMode.FULL,
    hotspot=HotspotMode.FULL,
    hotspot_on=True,
    powersave=False,
    power_off=None,
    reason=EnergyReason(code=ReasonCode.NORMAL, soc_pct=80),
    next_change_at=datetime(2026, 9, 1, 22, tzinfo=WIB),
)
CLOSED = replace(
    NORMAL,
    tier=EnergyTier.RESERVE,
    hotspot=HotspotMode.OPEN_HOURS,
    hotspot_on=False,
    reason=EnergyReason(code=ReasonCode.RESERVE_NIGHT, soc_pct=33, until="04:55"),
)
