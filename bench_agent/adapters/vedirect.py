"""Victron VE.Direct devices on a serial port (POW-R8 to R12)."""

import asyncio
import os
from contextlib import suppress

import serial

from bench_agent.adapters.vedirect_text import Block, BlockGate, BlockParser
from bench_agent.domain.power_range import PowerRange, follows
from bench_agent.domain.power_reading import ChargeStage, CurrentScope, PowerReading, ReadingQuality
from bench_agent.errors import PowerMeterGarbledError, PowerMeterSilentError, PowerMeterUnreachableError
from bench_agent.ports.clock import Clock

BAUD = 19_200
FIRST_RETRY_MS, LONGEST_RETRY_MS = 1_000, 60_000
FIRST_BLOCK_WAIT_S = 0.9
_READ_BYTES = 4096
_MAX_FIELDS = 128
_STAGES = {
    0: ChargeStage.OFF,
    2: ChargeStage.FAULT,
    3: ChargeStage.BULK,
    4: ChargeStage.ABSORPTION,
    5: ChargeStage.FLOAT,
    6: ChargeStage.STORAGE,
    7: ChargeStage.EQUALIZE,
    247: ChargeStage.EQUALIZE,
    252: ChargeStage.EXTERNAL,
}


class VedirectPowerMeter:
    """An MPPT, BMV or SmartShunt. The port is opened by ``read`` and read in the event loop."""

    def __init__(self, device: str, clock: Clock, max_age_s: float = 10.0) -> None:
        """``max_age_s``: fields older than this are not known any more."""
        self._device = device
        self._clock = clock
        self._max_age_ms = int(max_age_s * 1000)
        self._port: serial.Serial | None = None
        self._retry_at_ms = 0
        self._retry_ms = FIRST_RETRY_MS
        self._fields: dict[str, tuple[str, int]] = {}
        self._last_byte_ms: int | None = None
        self._parser = BlockParser()
        self._gate = BlockGate()
        self._arrived = asyncio.Event()

    async def read(self) -> PowerReading:
        """Newest fields; waits up to 0.9 s for the first block.

        Raises:
            PowerMeterUnreachableError: The port cannot be opened or went away.
            PowerMeterSilentError: No byte for ``max_age_s``, or none yet.
            PowerMeterGarbledError: Bytes, but no valid block.
        """
        self._open()
        fresh = self._fresh()
        if not fresh:
            self._arrived.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._arrived.wait(), FIRST_BLOCK_WAIT_S)
            fresh = self._fresh()
        if fresh:
            return _reading(fresh)
        if self._port is None:
            raise PowerMeterUnreachableError(f"{self._device} went away")
        now_ms = self._clock.monotonic_ms()
        if self._last_byte_ms is not None and now_ms - self._last_byte_ms <= self._max_age_ms:
            raise PowerMeterGarbledError(f"{self._device}: bytes, but no valid VE.Direct block")
        raise PowerMeterSilentError(f"{self._device} is silent")

    async def close(self) -> None:
        """Release the port; a later ``read`` opens it again."""
        self._close()

    def _open(self) -> None:
        now_ms = self._clock.monotonic_ms()
        if self._port is not None:
            return
        if now_ms < self._retry_at_ms:
            raise PowerMeterUnreachableError(f"{self._device}: next try in {self._retry_at_ms - now_ms} ms")
        try:
            self._port = serial.Serial(self._device, BAUD, timeout=0, exclusive=True)
        except (OSError, ValueError) as err:
            self._back_off()
            raise PowerMeterUnreachableError(f"{self._device} cannot be opened: {err}") from err
        self._parser, self._gate = BlockParser(), BlockGate()
        self._last_byte_ms = None
        asyncio.get_running_loop().add_reader(self._port.fileno(), self._receive)

    def _back_off(self) -> None:
        self._retry_at_ms = self._clock.monotonic_ms() + self._retry_ms
        self._retry_ms = min(self._retry_ms * 2, LONGEST_RETRY_MS)

    def _close(self) -> None:
        port, self._port = self._port, None
        self._fields.clear()
        if port is not None:
            asyncio.get_running_loop().remove_reader(port.fileno())
            port.close()

    def _receive(self) -> None:
        if self._port is None:
            return
        try:
            chunk = os.read(self._port.fileno(), _READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            chunk = b""
        if not chunk:  # unplugged
            self._close()
            self._back_off()
            self._arrived.set()
            return
        self._last_byte_ms = self._clock.monotonic_ms()
        for block in self._parser.feed(chunk):
            if self._gate.accept(block):
                self._take(block)

    def _take(self, block: Block) -> None:
        now_ms = self._clock.monotonic_ms()
        self._retry_ms = FIRST_RETRY_MS
        for name, value in block.items():
            if name in self._fields or len(self._fields) < _MAX_FIELDS:
                if name == "V" and not self._is_credible(value, now_ms):
                    continue
                self._fields[name] = (value, now_ms)
        self._arrived.set()

    def _is_credible(self, value: str, now_ms: int) -> bool:
        before = self._fields.get("V")
        new_v, old_v = (
            _scaled({"V": value}, "V", 0.001),
            _scaled({"V": before[0]} if before else {}, "V", 0.001),
        )
        return new_v is None or before is None or old_v is None or follows(old_v, new_v, now_ms - before[1])

    def _fresh(self) -> dict[str, tuple[str, int]]:
        oldest_ms = self._clock.monotonic_ms() - self._max_age_ms
        return {name: field for name, field in self._fields.items() if field[1] >= oldest_ms}


def _reading(fresh: dict[str, tuple[str, int]]) -> PowerReading:
    block = {name: value for name, (value, _) in fresh.items()}
    stamps = [fresh[name][1] for name in ("V", "I") if name in fresh] or [at for _, at in fresh.values()]
    return parse_reading(block, min(stamps))


def parse_reading(block: Block, measured_at_ms: int) -> PowerReading:
    """Turn named fields into a reading; impossible values become ``None`` (POW-R3)."""
    voltage = PowerRange.BATTERY_V.keep(_scaled(block, "V", 0.001))
    current = PowerRange.CURRENT_A.keep(_scaled(block, "I", 0.001))
    known = (voltage is not None) + (current is not None)
    # An MPPT sees its own terminals only; it is told from a shunt by its panel fields.
    scope = CurrentScope.CHARGER if "VPV" in block or "PPV" in block else CurrentScope.BATTERY
    load_current = PowerRange.CURRENT_A.keep(_scaled(block, "IL", 0.001))
    stage = _scaled(block, "CS", 1)
    return PowerReading(
        measured_at_ms=measured_at_ms,
        quality=(ReadingQuality.STALE, ReadingQuality.PARTIAL, ReadingQuality.GOOD)[known],
        battery_voltage_v=voltage,
        battery_current_a=current,
        current_scope=CurrentScope.NONE if current is None else scope,
        panel_voltage_v=PowerRange.PANEL_V.keep(_scaled(block, "VPV", 0.001)),
        panel_power_w=PowerRange.PANEL_W.keep(_scaled(block, "PPV", 1)),
        load_current_a=load_current,
        load_power_w=None if voltage is None or load_current is None else voltage * load_current,
        load_on={"ON": True, "OFF": False}.get(block.get("LOAD", "")),
        charge_stage=None if stage is None else _STAGES.get(int(stage), ChargeStage.UNKNOWN),
        battery_temperature_c=PowerRange.TEMPERATURE_C.keep(_scaled(block, "T", 1)),
        reported_soc_pct=PowerRange.PERCENT.keep(_scaled(block, "SOC", 0.1)),
        yield_today_wh=_scaled(block, "H20", 10),
        yield_total_wh=_scaled(block, "H19", 10),
        faults=() if block.get("ERR", "0") == "0" else (f"err_{block['ERR']}",),
    )


def _scaled(block: Block, name: str, factor: float) -> float | None:
    try:
        return round(int(block[name]) * factor, 4)
    except (KeyError, ValueError):
        return None
