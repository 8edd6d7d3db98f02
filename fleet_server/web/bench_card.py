"""What a console page shows of a bench: its state, how urgent it is, and its facts in words."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import assert_never

from fleet_server.benches.schemas import BenchOut
from fleet_server.web.languages import Language

_PLANNED = frozenset({"sleep", "low_battery"})
_LATE = timedelta(minutes=30)
"""A bench that has not come back this long after its planned return is overdue (POW-R42)."""


class BenchState(StrEnum):
    """What an operator sees first; the value is also the CSS class."""

    ONLINE = "online"
    ASLEEP = "asleep"
    OFFLINE = "offline"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchCard:
    """One bench as pages show it; two equal cards look alike in every language."""

    id: str
    name: str
    kecamatan: str
    state: BenchState
    rank: int
    """Place in lists, most urgent first: 0 and 1 need attention, 2 and more do not."""
    lat: float | None
    lon: float | None
    soc_pct: int | None
    tier: str | None
    stations: int | None
    wake_at: datetime | None
    """Planned return of a bench that is away by plan; None also = with the sun."""
    overdue: bool
    """Its planned return is long past."""
    last_seen: datetime | None
    """None while it is online: then it is seen all the time."""
    agent_version: str

    @property
    def needs_attention(self) -> bool:
        """Whether a person should look after it."""
        return self.rank < _WEAK


_CRITICAL = 1
_WEAK = 2
"""Saving what is left in the battery is what a bench should do; it only stands before the others."""
_RANKS = {BenchState.OFFLINE: 0, BenchState.UNKNOWN: 3, BenchState.ONLINE: 4, BenchState.ASLEEP: 5}


def make_card(bench: BenchOut, now: datetime) -> BenchCard:
    """Judge a bench as it is known at ``now``."""
    overdue = not bench.online and bench.wake_at is not None and now > bench.wake_at + _LATE
    state = _judge(bench, overdue=overdue)
    return BenchCard(
        id=bench.id,
        name=bench.name,
        kecamatan=bench.kecamatan,
        state=state,
        rank=_rank(state, bench),
        lat=bench.lat,
        lon=bench.lon,
        soc_pct=None if bench.battery_soc_pct is None else round(bench.battery_soc_pct),
        tier=bench.energy_tier,
        stations=bench.stations,
        wake_at=None if bench.online else bench.wake_at,
        overdue=overdue,
        last_seen=None if bench.online else bench.last_seen,
        agent_version=bench.agent_version,
    )


def _judge(bench: BenchOut, *, overdue: bool) -> BenchState:
    if bench.online:
        return BenchState.ONLINE
    if bench.last_seen is None:
        return BenchState.UNKNOWN
    planned = bench.wake_at is not None or bench.state_reason in _PLANNED
    return BenchState.ASLEEP if planned and not overdue else BenchState.OFFLINE


def _rank(state: BenchState, bench: BenchOut) -> int:
    match state, bench.energy_tier:
        case BenchState.ONLINE, "critical":
            return _CRITICAL
        case BenchState.ONLINE, "reserve":
            return _WEAK
        case BenchState.ASLEEP, _ if bench.wake_at is None:  # its battery is empty
            return _WEAK
    return _RANKS[state]


def spell_state(language: Language, card: BenchCard) -> str:
    """The state in words, with its time."""
    _ = language.gettext
    match card.state:
        case BenchState.ONLINE:
            return _("Daring")
        case BenchState.UNKNOWN:
            return _("Belum pernah terlihat")
        case BenchState.ASLEEP:
            at = card.wake_at
            text = _("Baterai lemah, menunggu matahari") if at is None else _("Tidur sampai %(time)s")
        case BenchState.OFFLINE:
            at = card.wake_at if card.overdue else card.last_seen
            text = _("Belum bangun, rencana %(time)s") if card.overdue else _("Luring sejak %(time)s")
        case never:
            assert_never(never)
    return text if at is None else text % {"time": language.spell_time(at)}


def spell_facts(language: Language, card: BenchCard) -> str:
    """Place, energy and visitors in one line; what is not known is left out, not shown as zero."""
    facts = [card.kecamatan] if card.kecamatan else []
    if card.tier is not None:
        facts.append(spell_tier(language, card.tier))
    if card.stations is not None:
        facts.append(language.ngettext("%(num)s perangkat", "%(num)s perangkat", card.stations))
    return " · ".join(facts)


def spell_tier(language: Language, tier: str) -> str:
    """What the energy allows, in words (POW-R36); a tier of a newer bench stays as it is called."""
    _ = language.gettext
    words = {
        "normal": _("energi cukup"),
        "eco": _("hemat energi"),
        "reserve": _("cadangan energi"),
        "critical": _("energi kritis"),
    }
    return words.get(tier, tier)


def spell_kind(language: Language, kind: str) -> str:
    """What an event is about; a kind of a newer bench stays as it is called."""
    _ = language.gettext
    words = {
        "boot": _("Program mulai"),
        "energy.tier_changed": _("Tingkat energi berubah"),
        "hotspot.failed": _("Wi-Fi bermasalah"),
        "outbox.dropped": _("Catatan terbuang"),
    }
    return words.get(kind, kind)
