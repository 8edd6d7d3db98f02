"""What a bench looks like to people: its state and facts as Indonesian text. Decides words, no rules."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from fleet_server.benches.schemas import BenchOut

_ZONE = ZoneInfo("Asia/Jakarta")
_TIERS = {
    "normal": "energi cukup",
    "eco": "hemat energi",
    "reserve": "cadangan energi",
    "critical": "energi kritis",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchCard:
    """One bench as the templates show it."""

    id: str
    name: str
    kecamatan: str
    state: str
    """online, asleep, offline or unknown; also the CSS class."""
    state_text: str
    facts: str
    lat: float | None
    lon: float | None
    agent_version: str


def spell_time(instant: datetime) -> str:
    """An instant in bench time with its zone named (SIG-R12), to the minute."""
    return f"{instant.astimezone(_ZONE):%d/%m %H.%M} WIB"


def spell_bench(bench: BenchOut) -> BenchCard:
    """Put a bench into words."""
    state, state_text = _spell_state(bench)
    return BenchCard(
        id=bench.id,
        name=bench.name,
        kecamatan=bench.kecamatan,
        state=state,
        state_text=state_text,
        facts=_spell_facts(bench),
        lat=bench.lat,
        lon=bench.lon,
        agent_version=bench.agent_version,
    )


def _spell_state(bench: BenchOut) -> tuple[str, str]:
    if bench.online:
        return "online", "Daring"
    if bench.last_seen is None:
        return "unknown", "Belum pernah terlihat"
    if bench.wake_at is not None:
        return "asleep", f"Tidur sampai {spell_time(bench.wake_at)}"
    return "offline", f"Luring sejak {spell_time(bench.last_seen)}"


def _spell_facts(bench: BenchOut) -> str:
    battery = "baterai belum diketahui"
    if bench.battery_soc_pct is not None:
        battery = f"baterai {bench.battery_soc_pct:.0f} %"
    facts = [battery]
    if bench.energy_tier is not None:
        facts.append(_TIERS.get(bench.energy_tier, bench.energy_tier))
    if bench.stations is not None:
        facts.append(f"{bench.stations} perangkat Wi-Fi")
    return " · ".join(facts)
