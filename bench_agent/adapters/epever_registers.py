"""Registers of an EPEVER Tracer A, BN or AN: words in, a reading out (POW-R17). Never raises.

Source: EPEVER "B-series Modbus specification", input registers; values x 100 unless noted, 32-bit values low
word first.
"""

from collections.abc import Mapping
from datetime import datetime

from bench_agent.domain.power_reading import ChargeStage, CurrentScope, PowerReading, quality_of

Words = Mapping[int, int]
"""Register address and its 16 bits; what is not there is not known."""

BLOCKS = (
    range(0x3100, 0x3108),
    range(0x331A, 0x331D),  # early, so that its battery voltage and current are of one age
    range(0x3200, 0x3202),
    range(0x310C, 0x3110),
    range(0x3110, 0x3113),
    range(0x311A, 0x311C),
    range(0x311D, 0x311E),
    range(0x3304, 0x3306),
    range(0x330C, 0x330E),
    range(0x3312, 0x3314),
)
"""Requests that touch no hole of the map, the most wanted first."""
LOW_WORDS = frozenset({0x3102, 0x3106, 0x310E, 0x331B, 0x3304, 0x330C, 0x3312})
"""Addresses of 32-bit values; the high word is the next."""
CLOCK = 0x9013
"""Second and minute, hour and day, month and year."""
_STAGES = {
    0: ChargeStage.OFF,
    1: ChargeStage.FLOAT,
    2: ChargeStage.BULK,  # "boost" is shown in bulk and at constant voltage alike
    3: ChargeStage.EQUALIZE,
}
_BATTERY_FAULTS = {
    0: None,
    1: "battery_over_voltage",
    2: "battery_under_voltage",
    3: "battery_low_voltage_cut",
    4: "battery_fault",
}
_INPUT_FAULTS = {2: "input_over_voltage", 3: "input_voltage_error"}
_RUNNING, _CHARGE_FAULT = 0x0001, 0x0002


def parse_registers(words: Words, measured_at_ms: int) -> PowerReading:
    """What ``words`` say; the current is that of the charger and its load terminals only."""
    voltage = _hundredths(words, 0x331A)
    if voltage is None:
        voltage = _hundredths(words, 0x3104)
    current = _long_hundredths(words, 0x331B, signed=True)
    return PowerReading(
        measured_at_ms=measured_at_ms,
        quality=quality_of(voltage, current),
        battery_voltage_v=voltage,
        battery_current_a=current,
        current_scope=CurrentScope.NONE if current is None else CurrentScope.CHARGER,
        panel_voltage_v=_hundredths(words, 0x3100),
        panel_power_w=_long_hundredths(words, 0x3102),
        load_current_a=_hundredths(words, 0x310D),
        load_power_w=_long_hundredths(words, 0x310E),
        charge_stage=_charge_stage(words.get(0x3201)),
        battery_temperature_c=_signed_hundredths(words, 0x3110),
        case_temperature_c=_signed_hundredths(words, 0x3111),
        reported_soc_pct=words.get(0x311A),
        yield_today_wh=_watt_hours(words, 0x330C),
        yield_total_wh=_watt_hours(words, 0x3312),
        faults=_faults(words),
    )


def describe(words: Words) -> dict[str, str]:
    """What ``words`` say beside the reading, as text for people."""
    values = {
        "panel_current_a": _hundredths(words, 0x3101),
        "charge_current_a": _hundredths(words, 0x3105),
        "charge_power_w": _long_hundredths(words, 0x3106),
        "load_voltage_v": _hundredths(words, 0x310C),
        "heat_sink_temperature_c": _signed_hundredths(words, 0x3112),
        "remote_temperature_c": _signed_hundredths(words, 0x311B),
        "system_voltage_v": _hundredths(words, 0x311D),
        "consumed_today_wh": _watt_hours(words, 0x3304),
    }
    return {name: f"{value:g}" for name, value in values.items() if value is not None}


def clock_words(local: datetime) -> tuple[int, int, int]:
    """Contents of the clock registers for a local time of this century."""
    return (
        local.minute << 8 | local.second,
        local.day << 8 | local.hour,
        (local.year - 2000) << 8 | local.month,
    )


def _charge_stage(status: int | None) -> ChargeStage | None:
    if status is None:
        return None
    return _STAGES[status >> 2 & 0b11] if status & _RUNNING else ChargeStage.OFF


def _faults(words: Words) -> tuple[str, ...]:
    battery, charging = words.get(0x3200, 0) & 0xF, words.get(0x3201, 0)
    found = (
        _BATTERY_FAULTS.get(battery, f"unknown({battery})"),
        "charging_fault" if charging & _CHARGE_FAULT else None,
        _INPUT_FAULTS.get(charging >> 14 & 0b11),
    )
    return tuple(fault for fault in found if fault)


def _hundredths(words: Words, address: int) -> float | None:
    word = words.get(address)
    return None if word is None else word / 100


def _signed_hundredths(words: Words, address: int) -> float | None:
    word = words.get(address)
    return None if word is None else _signed(word, bits=16) / 100


def _long_hundredths(words: Words, low_address: int, *, signed: bool = False) -> float | None:
    low, high = words.get(low_address), words.get(low_address + 1)
    if low is None or high is None:
        return None
    value = high << 16 | low
    return (_signed(value, bits=32) if signed else value) / 100


def _watt_hours(words: Words, low_address: int) -> float | None:
    """Energy in hundredths of a kWh."""
    energy_kwh = _long_hundredths(words, low_address)
    return None if energy_kwh is None else round(energy_kwh * 1000, 1)


def _signed(value: int, bits: int) -> int:
    """Two's complement."""
    return value - (1 << bits) if value >> (bits - 1) & 1 else value
