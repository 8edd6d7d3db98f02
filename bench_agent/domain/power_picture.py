"""What all meters of a bench know together (POW-R4). Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bench_agent.domain.battery import Counters
from bench_agent.domain.power_reading import PowerReading

_SHARED = (
    "panel_voltage_v",
    "panel_power_w",
    "load_current_a",
    "load_power_w",
    "load_on",
    "charge_stage",
    "battery_temperature_c",
    "case_temperature_c",
    "yield_today_wh",
)
"""What any meter may add to the picture; battery voltage and current are the truth's alone."""


def join_readings(truth: PowerReading, others: Sequence[PowerReading]) -> PowerReading:
    """Fill what ``truth`` does not know of panel and loads from the first that does."""
    found: dict[str, Any] = {}
    for name in _SHARED:
        if getattr(truth, name) is None:
            found[name] = next(
                (value for other in others if (value := getattr(other, name)) is not None), None
            )
    faults = tuple(fault for reading in (truth, *others) for fault in reading.faults)
    return replace(truth, faults=faults, **found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Counters that go on while the computer is off, each with the meter it comes from."""

    counters: Counters
    charge_from: str = ""
    yield_from: str = ""


def total_up(readings: Mapping[str, PowerReading], before: Totals) -> Totals:
    """Take charge and yield from the meters they came from before, else from the first that counts them.

    Counters of two meters tell nothing together: while the one of before is silent, nothing is known.

    Args:
        readings: What is fresh, by meter, the truth first.
        before: The totals of the last look, or those kept over a restart.
    """
    charge_from = before.charge_from or _first(readings, "charge_in_mah", "charge_out_mah")
    yield_from = before.yield_from or _first(readings, "yield_total_wh")
    charge, panel = readings.get(charge_from), readings.get(yield_from)
    return Totals(
        counters=Counters(
            charge_in_mah=None if charge is None else charge.charge_in_mah,
            charge_out_mah=None if charge is None else charge.charge_out_mah,
            yield_total_wh=None if panel is None else panel.yield_total_wh,
        ),
        charge_from=charge_from,
        yield_from=yield_from,
    )


def _first(readings: Mapping[str, PowerReading], *fields: str) -> str:
    found = (
        name
        for name, reading in readings.items()
        if all(getattr(reading, field) is not None for field in fields)
    )
    return next(found, "")
