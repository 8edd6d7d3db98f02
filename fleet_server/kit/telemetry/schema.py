"""How measurements lie in SQLite: one table per schema, numbers as scaled integers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench_agent.wire.telemetry import EnergyTier, HotspotMinute, PowerMinute, SystemMinute

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleet_server.kit.telemetry.port import Measurement

    RowMaker = Callable[[Measurement], tuple[int | None, ...]]

LIMIT = 10**15
"""Numbers at or beyond this are refused: they fit no column and no bench measures them."""
_TIERS = {tier: number for number, tier in enumerate(EnergyTier)}


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """One schema's table; ``scales`` maps each numeric field to the factor it is stored with."""

    name: str
    schema: str
    scales: dict[str, int]
    extra: tuple[str, ...] = ()
    """Columns that are no quantities and have no roll-up."""

    @property
    def columns(self) -> tuple[str, ...]:
        """All value columns in order."""
        return (*self.scales, *self.extra)


POWER = Table(
    name="power",
    schema="power/1",
    scales={
        "battery_voltage_v": 100,
        "battery_current_a": 100,
        "panel_voltage_v": 100,
        "panel_power_w": 10,
        "load_power_w": 10,
        "soc_pct": 10,
        "soc_sigma_pct": 10,
    },
    extra=("tier",),
)
HOTSPOT = Table(
    name="hotspot",
    schema="hotspot/1",
    scales=dict.fromkeys(("stations", "sessions", "admitted", "refused", "down_bytes", "up_bytes"), 1),
)
SYSTEM = Table(
    name="sys",
    schema="sys/1",
    scales={
        "cpu_temperature_c": 10,
        "cpu_load_pct": 10,
        "memory_used_pct": 10,
        "disk_free_pct": 10,
        "outbox_rows": 1,
    },
)
TABLES: dict[type[Measurement], Table] = {PowerMinute: POWER, HotspotMinute: HOTSPOT, SystemMinute: SYSTEM}
FIELDS = {field: table for table in TABLES.values() for field in table.scales}


def _power_row(m: PowerMinute) -> tuple[int | None, ...]:
    # Spelled out: a loop over field names costs four times as much, and this runs per record.
    v, a, pv, pw, lw = (
        m.battery_voltage_v,
        m.battery_current_a,
        m.panel_voltage_v,
        m.panel_power_w,
        m.load_power_w,
    )
    return (
        None if v is None else round(v * 100),
        None if a is None else round(a * 100),
        None if pv is None else round(pv * 100),
        None if pw is None else round(pw * 10),
        None if lw is None else round(lw * 10),
        None if m.soc_pct is None else round(m.soc_pct * 10),
        None if m.soc_sigma_pct is None else round(m.soc_sigma_pct * 10),
        _TIERS[m.tier],
    )


def _hotspot_row(m: HotspotMinute) -> tuple[int | None, ...]:
    return (m.stations, m.sessions, m.admitted, m.refused, m.down_bytes, m.up_bytes)


def _system_row(m: SystemMinute) -> tuple[int | None, ...]:
    return (
        None if m.cpu_temperature_c is None else round(m.cpu_temperature_c * 10),
        None if m.cpu_load_pct is None else round(m.cpu_load_pct * 10),
        None if m.memory_used_pct is None else round(m.memory_used_pct * 10),
        None if m.disk_free_pct is None else round(m.disk_free_pct * 10),
        m.outbox_rows,
    )


def storable(body: Measurement) -> bool:
    """Whether every number of ``body`` is finite and below ``LIMIT``."""
    return all(value is None or -LIMIT < value < LIMIT for value in _numbers(body))


def _numbers(body: Measurement) -> tuple[float | None, ...]:
    if type(body) is PowerMinute:
        return (
            body.battery_voltage_v,
            body.battery_current_a,
            body.panel_voltage_v,
            body.panel_power_w,
            body.load_power_w,
            body.soc_pct,
            body.soc_sigma_pct,
        )
    return tuple(getattr(body, field) for field in TABLES[type(body)].scales)


def row_of(body: Measurement) -> tuple[int | None, ...]:
    """Values of ``body`` in column order, scaled."""
    if isinstance(body, PowerMinute):
        return _power_row(body)
    if isinstance(body, HotspotMinute):
        return _hotspot_row(body)
    return _system_row(body)


def statements() -> list[str]:
    """All tables; every statement may run again."""
    made = [
        "CREATE TABLE IF NOT EXISTS bench (no INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE)",
        (
            "CREATE TABLE IF NOT EXISTS latest (bench INT, kind TEXT, ts INT NOT NULL, body BLOB NOT NULL,"
            " PRIMARY KEY (bench, kind)) WITHOUT ROWID"
        ),
        (
            "CREATE TABLE IF NOT EXISTS dirty (bench INT, kind TEXT, hour INT,"
            " PRIMARY KEY (bench, kind, hour)) WITHOUT ROWID"
        ),
        "CREATE TABLE IF NOT EXISTS horizon (one INTEGER PRIMARY KEY CHECK (one = 1), raw_s INT NOT NULL)",
        "INSERT OR IGNORE INTO horizon VALUES (1, 0)",
    ]
    for table in TABLES.values():
        raw = ", ".join(f"{column} INT" for column in table.columns)
        made.append(
            f"CREATE TABLE IF NOT EXISTS {table.name} (bench INT, ts INT, seq INT, {raw},"
            " PRIMARY KEY (bench, ts, seq)) WITHOUT ROWID"
        )
        sums = ", ".join(f"{field}_n INT, {field}_sum INT" for field in table.scales)
        for span in ("hour", "day"):
            made.append(
                f"CREATE TABLE IF NOT EXISTS {table.name}_{span} (bench INT, ts INT, {sums},"
                " PRIMARY KEY (bench, ts)) WITHOUT ROWID"
            )
            made.append(f"CREATE INDEX IF NOT EXISTS {table.name}_{span}_ts ON {table.name}_{span} (ts)")
    return made
