"""Harvest of the sun in half-hour slots: what was, and what to expect (POW-R45, R46). Pure.

Only slots in which the charger took all the sun gave teach; a full battery hides the sun.
"""

from dataclasses import dataclass
from datetime import date, datetime

from bench_agent.domain.power_reading import ChargeStage

SLOTS = 48
DAYS = 10
CLIPPED_FROM_PCT = 98.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HarvestDay:
    """One local day: watt-hours of each half hour, ``None`` = clipped or not measured."""

    day: date
    wh: tuple[float | None, ...] = (None,) * SLOTS


@dataclass(frozen=True, slots=True, kw_only=True)
class HarvestLog:
    """What the forecast has learnt; kept over a restart."""

    days: tuple[HarvestDay, ...] = ()
    """The last ten and the running one, oldest first."""
    ewma_wh: tuple[float, ...] = ()
    """Typical harvest by slot, empty before the first day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What the sun is expected to give, Wh; a pessimist's figures for tomorrow."""

    slots_wh: tuple[float, ...]
    """The running half hour (its rest) and the 47 after it."""
    rest_of_today_wh: float
    next_24h_wh: float


def is_clipped(stage: ChargeStage | None, soc_pct: float | None) -> bool:
    """Whether the battery, not the sun, limits the charger."""
    if stage in {ChargeStage.BULK, ChargeStage.OFF}:
        return False
    return stage is not None or soc_pct is None or soc_pct >= CLIPPED_FROM_PCT


def note_slot(log: HarvestLog, begins_at: datetime, wh: float, *, clipped: bool) -> HarvestLog:
    """Learn a finished half hour that began at local ``begins_at``."""
    raise NotImplementedError


def expect_harvest(log: HarvestLog, local: datetime) -> Expected | None:
    """Expect the coming half hours; ``None`` before the first whole day is known."""
    raise NotImplementedError
