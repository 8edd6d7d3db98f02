"""The energy of one bench today: what it harvested, what is usual, and what the bench itself expects."""

from __future__ import annotations

from datetime import timedelta
from statistics import fmean
from typing import TYPE_CHECKING

import msgspec

from bench_agent.wire.document import Outlook
from bench_agent.wire.energy_reason import EnergyReason, ReasonCode, spell
from bench_agent.wire.telemetry import EnergyTier, PowerMinute
from fleet_server.benches.service import at_utc, require_bench
from fleet_server.energy.schemas import EnergyOut, SlotOut
from fleet_server.telemetry.repository import newest_document

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from bench_agent.wire.document import OutlookSlot
    from fleet_server.kit.telemetry.port import Latest, TelemetryStore

DAY_MS = 86_400_000
SLOT_MS = 1_800_000
USUAL_DAYS = 10
_OUTLOOK = "outlook/1"
_WIB = timedelta(hours=7)
_WIB_MS = 7 * 3_600_000


def read_energy(session: Session, store: TelemetryStore, bench: str, now_ms: int) -> EnergyOut:
    """What is known of a bench's energy at ``now_ms``.

    Raises:
        NotFoundError: No such bench.
    """
    require_bench(session, bench)
    power = newest_power(store.latest([bench]))
    minute = power[1] if power else PowerMinute()
    made_ms, slots = read_outlook(session, bench, now_ms)
    midnight_ms = now_ms - (now_ms + _WIB_MS) % DAY_MS
    harvested, usual = _harvest(store, bench, midnight_ms, now_ms)
    rest = [slot.expected_wh for slot in slots if slot.at < midnight_ms + DAY_MS]
    reason = reason_of(power)
    return EnergyOut(
        at=at_utc(power[0]) if power else None,
        soc_pct=minute.soc_pct,
        soc_sigma_pct=minute.soc_sigma_pct,
        tier=None if minute.tier is EnergyTier.UNKNOWN else minute.tier.value,
        overridden=minute.overridden,
        reason=reason.code.value,
        reason_text=spell(reason),
        harvested_wh=harvested,
        usual_wh=usual,
        expected_wh=harvested + sum(rest) if harvested is not None and slots else None,
        outlook_at=at_utc(made_ms),
        slots=[_slot_out(slot) for slot in slots],
    )


def newest_power(latest: Sequence[Latest]) -> tuple[int, PowerMinute] | None:
    """Instant and values of the newest power measurement of one bench."""
    found = [(one.ts_ms, one.body) for one in latest if isinstance(one.body, PowerMinute)]
    return found[0] if found else None


def reason_of(power: tuple[int, PowerMinute] | None) -> EnergyReason:
    """Why the display is as it is, with the numbers that a sentence needs."""
    if power is None:
        return EnergyReason(code=ReasonCode.UNKNOWN)
    at_ms, minute = power
    until = ""
    if minute.reason_left_s is not None:
        ends = at_utc(at_ms) + timedelta(seconds=minute.reason_left_s) + _WIB
        until = f"{ends:%H:%M}"
    return EnergyReason(
        code=minute.reason,
        soc_pct=None if minute.soc_pct is None else round(minute.soc_pct),
        until=until,
        rest_v=minute.battery_voltage_v,
    )


def read_outlook(session: Session, bench: str, now_ms: int) -> tuple[int | None, list[OutlookSlot]]:
    """When the bench made its newest outlook, and the slots of it that are not over."""
    row = newest_document(session, bench, _OUTLOOK)
    if row is None:
        return None, []
    slots = msgspec.json.decode(row.body, type=Outlook).slots
    return row.ts_ms, [slot for slot in slots if slot.at + SLOT_MS > now_ms]


def _harvest(
    store: TelemetryStore, bench: str, midnight_ms: int, now_ms: int
) -> tuple[float | None, float | None]:
    """Wh since local midnight, and the mean of the days before until the same time."""
    start_ms = midnight_ms - USUAL_DAYS * DAY_MS
    series = store.series(bench, ("harvest_wh",), start_ms, now_ms, SLOT_MS // 1000)
    sums: dict[int, float] = {}
    for at_ms, wh in zip(series.at_ms, series.values["harvest_wh"], strict=True):
        day, since_midnight_ms = divmod(at_ms - start_ms, DAY_MS)
        if wh is not None and since_midnight_ms + SLOT_MS <= now_ms - midnight_ms:
            sums[day] = sums.get(day, 0.0) + wh
    today = sums.pop(USUAL_DAYS, None)
    return today, fmean(sums.values()) if sums else None


def _slot_out(slot: OutlookSlot) -> SlotOut:
    return SlotOut(
        at=at_utc(slot.at),
        expected_wh=slot.expected_wh,
        tier=slot.tier.value,
        display=slot.display,
        hotspot=slot.hotspot,
        computer=slot.computer,
        soc_pct=slot.soc_pct,
    )
