"""What all meters of a bench know together (POW-R4). Pure."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

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
    "yield_total_wh",
    "charge_in_mah",
    "charge_out_mah",
)
"""What any meter may add to the picture; battery voltage and current are the truth's alone."""


def join_readings(truth: PowerReading, others: Sequence[PowerReading]) -> PowerReading:
    """Fill what ``truth`` does not know of panel, loads and totals from the first that does."""
    found: dict[str, Any] = {}
    for name in _SHARED:
        if getattr(truth, name) is None:
            found[name] = next(
                (value for other in others if (value := getattr(other, name)) is not None), None
            )
    faults = tuple(fault for reading in (truth, *others) for fault in reading.faults)
    return replace(truth, faults=faults, **found)
