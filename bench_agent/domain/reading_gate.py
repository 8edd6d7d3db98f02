"""The gate every reading passes before anybody sees a value of it (POW-R3). Pure: readings carry their time.

A value outside its range, a voltage that moves faster than a battery can, a total that falls, or the
power-on value of a temperature sensor is dropped and counted; the rest of the reading is kept. Nothing is
clipped or filled in. Each meter has its own ``GateState``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from types import MappingProxyType

from bench_agent.domain.power_range import PowerRange, follows
from bench_agent.domain.power_reading import CurrentScope, PowerReading, ReadingQuality

RESET_READINGS = 3
"""So many readings that agree make a fallen total a reset one."""
_SENSOR_FAULTS_C = frozenset({85.0, -127.0})
"""A DS18B20 says 85.0 after power-on and -127 when it is not there."""
_RANGES: Mapping[str, PowerRange] = MappingProxyType(
    {
        "battery_voltage_v": PowerRange.BATTERY_V,
        "battery_current_a": PowerRange.CURRENT_A,
        "panel_voltage_v": PowerRange.PANEL_V,
        "panel_power_w": PowerRange.PANEL_W,
        "load_current_a": PowerRange.CURRENT_A,
        "load_power_w": PowerRange.PANEL_W,
        "battery_temperature_c": PowerRange.TEMPERATURE_C,
        "case_temperature_c": PowerRange.TEMPERATURE_C,
        "reported_soc_pct": PowerRange.PERCENT,
    }
)
_TEMPERATURES = ("battery_temperature_c", "case_temperature_c")
_TOTALS = ("yield_today_wh", "yield_total_wh", "charge_in_mah", "charge_out_mah")
_LARGEST_TOTAL = 1e12


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """A counter of a device: the last value believed, and lower ones that wait to be."""

    value: float
    doubted: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GateState:
    """What the gate remembers of one meter."""

    voltage_v: float | None = None
    """Last voltage let through, measured at ``voltage_at_ms``."""
    voltage_at_ms: int = 0
    seen: PowerReading | None = None
    """The newest reading as it came in; the same one again is not judged twice."""
    totals: Mapping[str, Total] = field(default_factory=dict)
    passed: PowerReading | None = None
    """The newest reading as it came out of the gate."""
    dropped: Mapping[str, int] = field(default_factory=dict)
    """Values dropped so far, by field."""


def next_gate(state: GateState, reading: PowerReading) -> GateState:
    """Judge ``reading``; what is left of it is ``passed`` of the result."""
    if reading == state.seen:
        return state
    kept = {name: limits.keep(getattr(reading, name)) for name, limits in _RANGES.items()}
    for name in _TEMPERATURES:
        kept[name] = None if kept[name] in _SENSOR_FAULTS_C else kept[name]
    voltage_v = kept["battery_voltage_v"]
    if voltage_v is not None and not _can_follow(state, voltage_v, reading.measured_at_ms):
        kept["battery_voltage_v"] = voltage_v = None
    totals = dict(state.totals)
    for name in _TOTALS:
        kept[name] = _judge_total(totals, name, getattr(reading, name))
    gone = [name for name, value in kept.items() if value is None and getattr(reading, name) is not None]
    return GateState(
        voltage_v=state.voltage_v if voltage_v is None else voltage_v,
        voltage_at_ms=state.voltage_at_ms if voltage_v is None else reading.measured_at_ms,
        seen=reading,
        totals=totals,
        passed=_passed(reading, kept),
        dropped={**state.dropped, **{name: state.dropped.get(name, 0) + 1 for name in gone}},
    )


def _can_follow(state: GateState, voltage_v: float, at_ms: int) -> bool:
    return state.voltage_v is None or follows(state.voltage_v, voltage_v, at_ms - state.voltage_at_ms)


def _judge_total(totals: dict[str, Total], name: str, value: float | None) -> float | None:
    """Let a rising total pass; a lower one only when three in a row do not fall below each other."""
    if value is None:
        return None
    if not 0 <= value <= _LARGEST_TOTAL:
        return None
    known = totals.get(name)
    if known is None or value >= known.value:
        totals[name] = Total(value=value)
        return value
    doubted = (*known.doubted, value)[-RESET_READINGS:]
    agree = len(doubted) == RESET_READINGS and all(before <= after for before, after in pairwise(doubted))
    totals[name] = Total(value=value) if agree else replace(known, doubted=doubted)
    return value if agree else None


def _passed(reading: PowerReading, kept: Mapping[str, float | None]) -> PowerReading:
    known = (kept["battery_voltage_v"] is not None) + (kept["battery_current_a"] is not None)
    quality = (ReadingQuality.STALE, ReadingQuality.PARTIAL, ReadingQuality.GOOD)[known]
    scope = CurrentScope.NONE if kept["battery_current_a"] is None else reading.current_scope
    changed = {name: value for name, value in kept.items() if value != getattr(reading, name)}
    return replace(reading, quality=quality, current_scope=scope, **changed)  # type: ignore[arg-type]  # by name
