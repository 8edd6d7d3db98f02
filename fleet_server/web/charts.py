"""Charts of one bench: which lines, in which words, and the columns the chart library draws."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pydantic import BaseModel

from fleet_server.web.languages import Language

STEPS_S = {6: 60, 24: 300, 168: 1800}
"""Range in hours to the width of one step, so that a chart has a few hundred points."""
_MS_PER_MINUTE = 60_000
_MS_PER_HOUR = 3_600_000


class ChartKey(StrEnum):
    """Charts on a bench's page; the value is part of the address."""

    POWER = "daya"
    BATTERY = "baterai"
    HOTSPOT = "wifi"
    PLAYBACK = "pemutaran"


CHART_FIELDS: Mapping[ChartKey, tuple[str, ...]] = {
    ChartKey.POWER: ("panel_power_w", "load_power_w"),
    ChartKey.BATTERY: ("soc_pct",),
    ChartKey.HOTSPOT: ("stations", "sessions"),
}
"""Telemetry behind each line; playback is counted from proofs of play instead."""


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart in words."""

    key: ChartKey
    title: str
    unit: str
    lines: tuple[str, ...]
    """Names of the lines, in the order of the columns."""


def list_charts(language: Language) -> tuple[Chart, ...]:
    """The charts of a bench's page, in order."""
    _ = language.gettext
    return (
        Chart(ChartKey.POWER, _("Daya"), "W", (_("Panel surya"), _("Beban"))),
        Chart(ChartKey.BATTERY, _("Isi baterai"), "%", (_("Isi baterai"),)),
        Chart(ChartKey.HOTSPOT, _("Perangkat di Wi-Fi"), "", (_("Terhubung"), _("Berinternet"))),
        Chart(ChartKey.PLAYBACK, _("Pemutaran film per jam"), _("menit"), (_("Tayang"),)),
    )


def list_ranges(language: Language) -> dict[int, str]:
    """Hours of each range to its name."""
    _ = language.gettext
    return {6: _("6 jam"), 24: _("24 jam"), 168: _("7 hari")}


class ChartColumns(BaseModel):
    """What uPlot draws: one column of times and one per line; None breaks the line."""

    start_s: float
    end_s: float
    """The range asked for; the time axis shows all of it, measured or not."""
    times_s: list[float]
    columns: list[list[float | None]]


def telemetry_columns(
    at_ms: Sequence[int], columns: Sequence[Sequence[float | None]], step_ms: int, span_ms: tuple[int, int]
) -> ChartColumns:
    """Measured lines, broken where steps are missing: what was not measured is not drawn."""
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
    return _columns(span_ms, times, out)


def playback_columns(hours: Mapping[int, int], span_ms: tuple[int, int]) -> ChartColumns:
    """Minutes shown per clock hour; an hour without plays is a zero. ``hours``: start in ms to shown ms."""
    start_ms, end_ms = span_ms
    starts = range(start_ms - start_ms % _MS_PER_HOUR, end_ms, _MS_PER_HOUR)
    minutes: list[float | None] = [hours.get(start, 0) / _MS_PER_MINUTE for start in starts]
    return _columns(span_ms, [start / 1000 for start in starts], [minutes])


def _columns(
    span_ms: tuple[int, int], times_s: list[float], columns: list[list[float | None]]
) -> ChartColumns:
    start_ms, end_ms = span_ms
    return ChartColumns(start_s=start_ms / 1000, end_s=end_ms / 1000, times_s=times_s, columns=columns)
