"""What people on the bench are told: why Wi-Fi is off or slow, and that it ends soon (POW-R39, R42).

Pure. The portal shows the whole notice; a screen asks ``ends_soon`` ten minutes before.
"""

from datetime import datetime, timedelta

from bench_agent.domain.energy_plan import EnergyPlan, HotspotMode, PowerOff
from bench_agent.domain.gate_messages import Notice
from bench_agent.wire.energy_reason import spell

PORTAL_WARNS = timedelta(minutes=15)
SCREEN_WARNS = timedelta(minutes=10)


def notice_of(plan: EnergyPlan, local: datetime) -> Notice | None:
    """The notice for whoever opens the portal at ``local``; ``None`` while all is well."""
    ending = ends_soon(plan, local, PORTAL_WARNS)
    if ending is not None:
        return ending
    if plan.hotspot_on and plan.hotspot is HotspotMode.FULL:
        return None
    if plan.hotspot_on:
        return Notice(
            id=f"Wi-Fi dibatasi untuk menghemat daya. {spell(plan.reason)}.",
            en=f"Wi-Fi is limited to save energy. {spell(plan.reason, 'en')}.",
        )
    return Notice(
        id=f"Wi-Fi sedang mati untuk menghemat daya. {spell(plan.reason)}.",
        en=f"Wi-Fi is off to save energy. {spell(plan.reason, 'en')}.",
    )


def ends_soon(plan: EnergyPlan, local: datetime, warns: timedelta) -> Notice | None:
    """That the bench goes dark within ``warns``; ``None`` = it does not."""
    off = plan.power_off
    if off is None or off.begins_at - local > warns:
        return None
    at, back_id, back_en = f"{off.begins_at:%H.%M}", _back(off, "id"), _back(off, "en")
    return Notice(
        id=f"Bangku dan Wi-Fi mati pukul {at} untuk menghemat baterai; {back_id}.",
        en=f"The bench and its Wi-Fi go off at {off.begins_at:%H:%M} to save the battery; {back_en}.",
    )


def _back(off: PowerOff, language: str) -> str:
    if off.critical:
        return "back with the sun" if language == "en" else "menyala lagi bersama matahari"
    if language == "en":
        return f"back at {off.wakes_at:%H:%M}"
    return f"menyala lagi pukul {off.wakes_at:%H.%M}"
