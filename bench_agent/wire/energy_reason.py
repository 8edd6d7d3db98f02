"""Why the loads of a bench are as they are: a code with its numbers, and the sentence for people (POW-R39).

Screen, portal and console spell the same reason with the same words.
"""

import msgspec

from bench_agent.wire.open_enum import OpenEnum


class ReasonCode(OpenEnum):
    """What decided the display, the first thing people ask about."""

    UNKNOWN = "unknown"
    NORMAL = "normal"
    CLOSED = "closed"
    ECO_ON = "eco_on"
    ECO_OFF = "eco_off"
    RESERVE = "reserve"
    RESERVE_NIGHT = "reserve_night"
    CRITICAL = "critical"
    LOW_VOLTAGE = "low_voltage"
    METER_SILENT = "meter_silent"
    FULL_CHARGE = "full_charge"
    HOT = "hot"
    OVERRIDE_ON = "override_on"
    OVERRIDE_OFF = "override_off"
    EMERGENCY = "emergency"
    RESTING_ON = "resting_on"
    RESTING_OFF = "resting_off"
    FORECAST_ON = "forecast_on"
    FORECAST_OFF = "forecast_off"
    HALTING = "halting"


class EnergyReason(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One reason; numbers that do not belong to the code are left out."""

    code: ReasonCode
    soc_pct: int | None = None
    """Estimated charge, 0 to 100; ``None`` = not known."""
    until: str = ""
    """Local time of day ``HH:MM`` at which it ends by itself, if known."""
    rest_v: float | None = None
    """Rest volts of the battery."""
    temperature_c: float | None = None


_SENTENCES = {
    ReasonCode.UNKNOWN: ("Hemat daya: {battery}", "Saving energy: {battery}"),
    ReasonCode.NORMAL: ("Layar menyala{until}: {battery}", "Screen on{until}: {battery}"),
    ReasonCode.CLOSED: ("Layar mati{until}: di luar jam layanan", "Screen off{until}: outside opening hours"),
    ReasonCode.ECO_ON: ("Layar menyala redup{until}: {battery}", "Screen dimmed{until}: {battery}"),
    ReasonCode.ECO_OFF: ("Layar mati{until}: {battery}", "Screen off{until}: {battery}"),
    ReasonCode.RESERVE: (
        "Layar dan suara mati untuk menghemat daya: {battery}",
        "Screen and sound off to save energy: {battery}",
    ),
    ReasonCode.RESERVE_NIGHT: (
        "Bangku tidur{until} untuk menghemat daya: {battery}",
        "The bench sleeps{until} to save energy: {battery}",
    ),
    ReasonCode.CRITICAL: (
        "Semua mati sampai matahari kembali: {battery}",
        "Everything off until the sun is back: {battery}",
    ),
    ReasonCode.LOW_VOLTAGE: (
        "Hemat daya karena tegangan baterai {volts} V: {battery}",
        "Saving energy, battery voltage {volts} V: {battery}",
    ),
    ReasonCode.METER_SILENT: (
        "Hemat daya: alat ukur listrik tidak menjawab",
        "Saving energy: the power meter does not answer",
    ),
    ReasonCode.FULL_CHARGE: (
        "Layar dan suara mati sampai baterai penuh: {battery}",
        "Screen and sound off until the battery is full: {battery}",
    ),
    ReasonCode.HOT: (
        "Layar mati karena panas {degrees} °C: {battery}",
        "Screen off, {degrees} °C hot: {battery}",
    ),
    ReasonCode.OVERRIDE_ON: (
        "Layar menyala{until} atas perintah petugas: {battery}",
        "Screen on{until} by order of an operator: {battery}",
    ),
    ReasonCode.OVERRIDE_OFF: (
        "Layar mati{until} atas perintah petugas: {battery}",
        "Screen off{until} by order of an operator: {battery}",
    ),
    ReasonCode.EMERGENCY: (
        "Layar menyala untuk pengumuman darurat: {battery}",
        "Screen on for an emergency notice: {battery}",
    ),
    ReasonCode.RESTING_ON: (
        "Layar masih menyala{until}: {battery}",
        "Screen still on{until}: {battery}",
    ),
    ReasonCode.RESTING_OFF: (
        "Layar masih mati{until}: {battery}",
        "Screen still off{until}: {battery}",
    ),
    ReasonCode.FORECAST_ON: (
        "Layar menyala{until}: matahari mencukupi, {battery}",
        "Screen on{until}: enough sun is expected, {battery}",
    ),
    ReasonCode.FORECAST_OFF: (
        "Layar mati{until}: matahari diperkirakan kurang, {battery}",
        "Screen off{until}: too little sun is expected, {battery}",
    ),
    ReasonCode.HALTING: ("Bangku segera mati: {battery}", "The bench is about to switch off: {battery}"),
}
"""Indonesian and English of every code."""


def spell(reason: EnergyReason, language: str = "id") -> str:
    """One sentence without a full stop: English for ``en``, else Indonesian."""
    english = language == "en"
    return _SENTENCES[reason.code][english].format(
        battery=_battery(reason.soc_pct, english=english),
        until=_until(reason.until, english=english),
        volts=_number(reason.rest_v, 2, english=english),
        degrees=_number(reason.temperature_c, 0, english=english),
    )


def _battery(soc_pct: int | None, *, english: bool) -> str:
    if soc_pct is None:
        return "battery unknown" if english else "baterai tidak diketahui"
    return f"{'battery' if english else 'baterai'} {soc_pct} %"


def _until(until: str, *, english: bool) -> str:
    if not until:
        return ""
    return f" until {until}" if english else f" sampai {until.replace(':', '.')}"


def _number(value: float | None, digits: int, *, english: bool) -> str:
    if value is None:
        return "?"
    text = f"{value:.{digits}f}"
    return text if english else text.replace(".", ",")
