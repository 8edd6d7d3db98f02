"""Rows of a benchmark run, their verdicts, and how they are shown and kept."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

import msgspec
from rich.table import Table
from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

RUNS_MIN = 3


@dataclass(frozen=True, kw_only=True)
class Goal:
    """One limit: of the value, or of its ratio to the peer."""

    at_most: float | None = None
    at_least: float | None = None
    ratio_at_least: float | None = None
    ratio_at_most: float | None = None

    @override
    def __str__(self) -> str:
        if self.at_most is not None:
            return f"<= {self.at_most:g}"
        if self.at_least is not None:
            return f">= {self.at_least:g}"
        if self.ratio_at_most is not None:
            return f"ratio <= {self.ratio_at_most:.3g}"
        return f"ratio >= {self.ratio_at_least:g}"

    def is_met(self, value: float, ratio: float | None) -> bool:
        """Judge a measured value and its ratio to the peer (None = no peer)."""
        if self.at_most is not None:
            return value <= self.at_most
        if self.at_least is not None:
            return value >= self.at_least
        if ratio is None:
            return False
        if self.ratio_at_most is not None:
            return ratio <= self.ratio_at_most
        return self.ratio_at_least is not None and ratio >= self.ratio_at_least


@dataclass(frozen=True, kw_only=True)
class Row:
    """One figure; ``value`` and ``peer_value`` share ``unit``."""

    id: str
    what: str
    value: float
    unit: str
    goal: Goal
    peer: str | None = None
    peer_value: float | None = None

    @property
    def ratio(self) -> float | None:
        """How many times the peer; None without one."""
        return self.value / self.peer_value if self.peer_value else None

    @property
    def ok(self) -> bool:
        """Whether the goal is met."""
        return self.goal.is_met(self.value, self.ratio)


def median_of(values: Sequence[float]) -> float:
    """Median of at least three runs.

    Raises:
        ValueError: Fewer runs than that.
    """
    if len(values) < RUNS_MIN:
        raise ValueError(f"{len(values)} runs, at least {RUNS_MIN}")
    return median(values)


def encode_report(machine: Mapping[str, object], rows: Sequence[Row]) -> bytes:
    """Spell build/bench.json: the head row ``machine``, then one object per row."""
    head: dict[str, object] = {"id": "machine", **machine}
    body: list[dict[str, object]] = [
        {
            "id": row.id,
            "what": row.what,
            "value": round(row.value, 3),
            "unit": row.unit,
            "peer": row.peer,
            "peer_value": None if row.peer_value is None else round(row.peer_value, 3),
            "ratio": None if row.ratio is None else round(row.ratio, 2),
            "target": str(row.goal),
            "ok": row.ok,
        }
        for row in rows
    ]
    return msgspec.json.format(msgspec.json.encode([head, *body]), indent=1) + b"\n"


def table_of(machine: Mapping[str, object], rows: Sequence[Row]) -> Table:
    """Lay the report out for a terminal."""
    table = Table(title=", ".join(f"{key} {value}" for key, value in machine.items()))
    for name in ("id", "what", "value", "unit", "peer", "peer value", "ratio", "target", "ok"):
        table.add_column(name, justify="right" if name in {"value", "peer value", "ratio"} else "left")
    for row in rows:
        table.add_row(
            row.id,
            row.what,
            _spell(row.value),
            row.unit,
            row.peer or "",
            "" if row.peer_value is None else _spell(row.peer_value),
            "" if row.ratio is None else f"{row.ratio:.2f}x",
            str(row.goal),
            "yes" if row.ok else "NO",
        )
    return table


def _spell(value: float) -> str:
    return f"{value:,.2f}" if value < 10 else f"{value:,.1f}"
