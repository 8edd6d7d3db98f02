"""Names of the codes a VE.Direct device sends (POW-R12); a code nobody knows becomes ``unknown(n)``.

Source: Victron "VE.Direct Protocol" white paper, tables of CS, ERR, MPPT, OR and AR.
"""

from collections.abc import Mapping

from bench_agent.domain.power_reading import ChargeStage

NO_SENSOR = "---"
_STAGES = {
    0: ChargeStage.OFF,
    2: ChargeStage.FAULT,
    3: ChargeStage.BULK,
    4: ChargeStage.ABSORPTION,
    5: ChargeStage.FLOAT,
    6: ChargeStage.STORAGE,
    7: ChargeStage.EQUALIZE,
    245: ChargeStage.OFF,  # starting: it does not charge yet
    247: ChargeStage.EQUALIZE,
    252: ChargeStage.EXTERNAL,
}
_STATES = {number: stage.value for number, stage in _STAGES.items()} | {245: "starting", 247: "auto_equalize"}
_TRACKERS = {0: "off", 1: "limited", 2: "tracking"}
_ERRORS = {
    2: "battery_voltage_high",
    17: "charger_hot",
    18: "charger_over_current",
    19: "charger_current_reversed",
    20: "bulk_time_limit",
    21: "current_sensor",
    26: "terminals_hot",
    28: "converter",
    33: "panel_voltage_high",
    34: "panel_current_high",
    38: "panel_shut_down_battery_voltage",
    39: "panel_shut_down_current_while_off",
    65: "lost_communication",
    66: "synchronised_configuration",
    67: "bms_lost",
    68: "network_misconfigured",
    116: "calibration_lost",
    117: "firmware_invalid",
    119: "settings_invalid",
}
_OFF_REASONS = (
    "no_input_power",
    "switched_off",
    "switched_off_by_mode",
    "remote_input",
    "protection",
    "pay_as_you_go",
    "bms",
    "engine_shutdown",
    "analysing_input",
)
_ALARMS = (
    "low_voltage",
    "high_voltage",
    "low_soc",
    "low_starter_voltage",
    "high_starter_voltage",
    "low_temperature",
    "high_temperature",
    "mid_voltage",
    "overload",
    "ripple",
    "low_ac_voltage",
    "high_ac_voltage",
    "short_circuit",
    "bms_lockout",
)


def charge_stage(code: int | None) -> ChargeStage | None:
    """Stage of a ``CS`` code; None stays None."""
    return None if code is None else _STAGES.get(code, ChargeStage.UNKNOWN)


def faults(block: Mapping[str, str]) -> tuple[str, ...]:
    """Error of a charger and alarms of a battery monitor, by name."""
    found = []
    error = whole(block.get("ERR"))
    if error:
        found.append(_name(_ERRORS, error))
    if block.get("Alarm") == "ON":
        found += _bits(_ALARMS, whole(block.get("AR"))) or ["alarm"]
    return tuple(found)


def describe(name: str, value: str) -> str:
    """``value`` of field ``name`` in words, if it is a code; else as it came."""
    if name == "OR":
        return " ".join(_bits(_OFF_REASONS, whole(value, base=16))) or "none"
    tables = {"CS": _STATES, "MPPT": _TRACKERS, "ERR": {0: "none", **_ERRORS}}
    code = whole(value) if name in tables else None
    return value if code is None else _name(tables[name], code)


def whole(text: str | None, base: int = 10) -> int | None:
    """Whole number in ``text``, None if there is none."""
    try:
        return None if text is None else int(text, base)
    except ValueError:
        return None


def _name(names: Mapping[int, str], code: int) -> str:
    return names.get(code, f"unknown({code})")


def _bits(names: tuple[str, ...], bits: int | None) -> list[str]:
    """Names of the bits that are set."""
    return [
        names[place] if place < len(names) else f"unknown({place})"
        for place in range((bits or 0).bit_length())
        if (bits or 0) >> place & 1
    ]
