"""Charts of one bench: which fields, and the columns the chart library draws."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pydantic import BaseModel

HOURS = {6: "6 jam", 24: "24 jam", 168: "7 hari"}
_STEP_S = {6: 60, 24: 300, 168: 1800}
_MS_PER_MINUTE = 60_000


class ChartKey(StrEnum):
    """Charts on a bench's page; the value is part of the address."""

    POWER = "daya"
    BATTERY = "baterai"
    HOTSPOT = "wifi"
    PLAYBACK = "pemutaran"


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart: its title and, for telemetry, field and label of each line."""

    key: ChartKey
    title: str
    lines: Mapping[str, str]


CHARTS = (
    Chart(ChartKey.POWER, "Daya (W)", {"panel_power_w": "Panel surya", "load_power_w": "Beban"}),
    Chart(ChartKey.BATTERY, "Isi baterai (%)", {"soc_pct": "Isi baterai"}),
    Chart(ChartKey.HOTSPOT, "Perangkat di Wi-Fi", {"stations": "Terhubung", "sessions": "Berinternet"}),
    Chart(ChartKey.PLAYBACK, "Pemutaran film (menit per jam)", {"shown_ms": "Tayang"}),
)


class ChartColumns(BaseModel):
    """What uPlot draws: one column of times and one per line; None breaks the line."""

    names: list[str]
    times_s: list[float]
    columns: list[list[float | None]]


def step_s(hours: int) -> int:
    """Width of one step for a range, so that a chart has a few hundred points."""
    return _STEP_S[hours]


def with_gaps(
    names: Sequence[str], at_ms: Sequence[int], columns: Sequence[Sequence[float | None]], step_ms: int
) -> ChartColumns:
    """Break the lines where steps are missing: what was not measured is not drawn."""
    times: list[float] = []
    out: list[list[float | None]] = [[] for _ in columns]
    for index, at in enumerate(at_ms):
        if index and at - at_ms[index - 1] > 3 * step_ms:
            times.append((at - step_ms) / 1000)
            for column in out:
                column.append(None)
        times.append(at / 1000)
        for column, values in zip(out, columns, strict=True):
            column.append(values[index])
    return ChartColumns(names=list(names), times_s=times, columns=out)


def playback_minutes(hours: Mapping[int, int], start_ms: int, end_ms: int) -> ChartColumns:
    """Minutes shown per clock hour; an hour without plays is a zero. ``hours``: start in ms to shown ms."""
    hour_ms = 3_600_000
    starts = range(start_ms - start_ms % hour_ms, end_ms, hour_ms)
    return ChartColumns(
        names=["Tayang"],
        times_s=[start / 1000 for start in starts],
        columns=[[hours.get(start, 0) / _MS_PER_MINUTE for start in starts]],
    )
