"""The documents that the power service sends each half hour: its outlook and the state of its meters."""

import msgspec

from bench_agent.domain.outlook import SlotAhead
from bench_agent.domain.power_reading import ReadingQuality
from bench_agent.services.power.meters import Meters
from bench_agent.wire.document import MeterState, MeterStates, Outlook, OutlookSlot
from bench_agent.wire.telemetry import MeterQuality

QUALITY = {
    ReadingQuality.GOOD: MeterQuality.GOOD,
    ReadingQuality.PARTIAL: MeterQuality.PARTIAL,
    ReadingQuality.STALE: MeterQuality.STALE,
}


def outlook_of(slots: tuple[SlotAhead, ...]) -> Outlook:
    """Spell the day ahead for the server."""
    return Outlook(
        slots=[
            OutlookSlot(
                at=round(slot.begins_at.timestamp() * 1000),
                expected_wh=round(slot.expected_wh, 1),
                tier=slot.plan.tier,
                display=slot.plan.display_on and not slot.is_dark,
                hotspot=slot.plan.hotspot_on and not slot.is_dark,
                computer=not slot.is_dark,
                soc_pct=round(slot.soc_pct, 1),
            )
            for slot in slots
        ]
    )


def states_of(meters: Meters, now_ms: int) -> MeterStates:
    """Every meter with its newest values, the truth first (POW-R4)."""
    states = []
    for watch in meters.watches:
        reading = watch.reading()
        state = MeterState(
            name=watch.name[:80],
            is_truth=watch is meters.truth,
            errors=watch.errors,
            dropped=watch.dropped,
            quality=MeterQuality.STALE,
        )
        if reading is not None:
            state = msgspec.structs.replace(
                state,
                quality=QUALITY[reading.quality],
                age_s=round((now_ms - reading.measured_at_ms) / 1000, 1),
                battery_voltage_v=reading.battery_voltage_v,
                battery_current_a=reading.battery_current_a,
                panel_voltage_v=reading.panel_voltage_v,
                panel_power_w=reading.panel_power_w,
                reported_soc_pct=reading.reported_soc_pct,
                battery_temperature_c=reading.battery_temperature_c,
                faults=list(reading.faults),
            )
        states.append(state)
    return MeterStates(meters=states)
