"""Victron VE.Direct devices on a serial port (POW-R8 to R14)."""

from collections.abc import Mapping

from typing_extensions import override

from bench_agent.adapters.serial_meter import SerialMeter
from bench_agent.adapters.vedirect_codes import charge_stage, describe, faults, whole
from bench_agent.adapters.vedirect_text import Block, BlockGate, BlockParser
from bench_agent.domain.power_reading import CurrentScope, PowerReading, quality_of
from bench_agent.ports.clock import Clock

BAUD = 19_200
PERIOD_S = 1.0
"""Between two blocks; a battery monitor repeats each of its two every 2 s."""
_MAX_FIELDS = 128
_FAULT_FIELDS = ("ERR", "Alarm")


class VedirectPowerMeter(SerialMeter):
    """An MPPT charge controller, or a BMV or SmartShunt battery monitor. It sends without being asked."""

    def __init__(self, device: str, clock: Clock, max_age_s: float = 10.0) -> None:
        """``max_age_s``: fields older than this are not known any more."""
        super().__init__(device, BAUD, clock, max_age_s)
        self._max_age_ms = round(max_age_s * 1000)
        self._parser = BlockParser()
        self._gate = BlockGate()
        self._texts: dict[str, tuple[str, int]] = {}
        self._garbage_ms: int | None = None
        """When bytes came that belong to no block, unless a good block came after them."""

    @override
    def error_counts(self) -> Mapping[str, int]:
        return {
            "outages": self._port.outage.count,
            "bad_sums": self._parser.bad_sums,
            "rejected_blocks": self._gate.rejected,
        }

    @override
    def diagnostics(self) -> Mapping[str, str]:
        oldest_ms = self._clock.monotonic_ms() - self._max_age_ms
        return {
            name: describe(name, text) for name, (text, at_ms) in self._texts.items() if at_ms >= oldest_ms
        }

    @override
    def _begin(self) -> None:
        self._parser.begin()
        self._gate.begin()
        self._texts.clear()
        self._garbage_ms = None

    @override
    async def _refresh(self) -> None:
        while self._port.is_open and self._known() is None:
            await self._port.wait()

    @override
    def _receive(self, chunk: bytes) -> None:
        now_ms = self._clock.monotonic_ms()
        self._garbage_ms = now_ms
        for block in self._parser.feed(chunk):
            self._garbage_ms = None
            if self._gate.accept(block):
                self._take_block(block, now_ms)

    @override
    def _is_garbled(self) -> bool:
        return (
            self._garbage_ms is not None and self._clock.monotonic_ms() - self._garbage_ms <= self._max_age_ms
        )

    def _take_block(self, block: Block, now_ms: int) -> None:
        for name, text in block.items():
            if name in self._texts or len(self._texts) < _MAX_FIELDS:
                self._texts[name] = (text, now_ms)
        # The history block of a battery monitor knows of no faults and must not hide those of the live one.
        source = " ".join(name for name in _FAULT_FIELDS if name in block)
        self._take(parse_reading(block, now_ms), source)


def parse_reading(block: Block, measured_at_ms: int) -> PowerReading:
    """Turn the fields of one block into a reading; what is no number is not known."""
    voltage, current = _scaled(block, "V", 0.001), _scaled(block, "I", 0.001)
    load_current = _scaled(block, "IL", 0.001)
    # An MPPT sees its own terminals only; it is told from a shunt by its panel fields.
    scope = CurrentScope.CHARGER if "VPV" in block or "PPV" in block else CurrentScope.BATTERY
    return PowerReading(
        measured_at_ms=measured_at_ms,
        quality=quality_of(voltage, current),
        battery_voltage_v=voltage,
        battery_current_a=current,
        current_scope=CurrentScope.NONE if current is None else scope,
        panel_voltage_v=_scaled(block, "VPV", 0.001),
        panel_power_w=_scaled(block, "PPV", 1),
        load_current_a=load_current,
        load_power_w=None if voltage is None or load_current is None else round(voltage * load_current, 4),
        load_on={"ON": True, "OFF": False}.get(block.get("LOAD", "")),
        charge_stage=charge_stage(whole(block.get("CS"))),
        battery_temperature_c=_scaled(block, "T", 1),
        reported_soc_pct=_scaled(block, "SOC", 0.1),
        yield_today_wh=_scaled(block, "H20", 10),
        yield_total_wh=_scaled(block, "H19", 10),
        faults=faults(block),
    )


def _scaled(block: Block, name: str, factor: float) -> float | None:
    number = whole(block.get(name))
    return None if number is None else round(number * factor, 4)
