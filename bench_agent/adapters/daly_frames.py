"""Daly battery management systems: bytes in, checked frames out (POW-R26). Never raises, bounded memory.

Source: Daly "UART/485 communications protocol", version 1.2.
"""

from dataclasses import dataclass

from bench_agent.domain.power_reading import CurrentScope, PowerReading, quality_of

START, HOST, BOARD = 0xA5, 0x40, 0x01
PACK, CELLS, TEMPERATURES = 0x90, 0x95, 0x96
LENGTH = 13
_DATA_BYTES = 8
_ZERO_CURRENT = 30_000
_ZERO_DEGREES = 40
_CELLS_A_FRAME, _MOST_FRAMES = 3, 16
_SENSORS_A_FRAME = 7


@dataclass(frozen=True, slots=True)
class DalyFrame:
    """A frame with a right sum: who sent it, what it is about, eight bytes."""

    sender: int
    command: int
    data: bytes


def render_request(command: int) -> bytes:
    """Ask for what ``command`` names."""
    body = bytes([START, HOST, command, _DATA_BYTES]) + bytes(_DATA_BYTES)
    return body + bytes([sum(body) & 0xFF])


class DalyParser:
    """Cuts a byte stream into frames whose sum is right."""

    def __init__(self) -> None:
        self.bad_sums = 0
        """Frames dropped."""
        self._waiting = bytearray()

    def clear(self) -> None:
        """Forget a frame that did not end."""
        self._waiting.clear()

    def feed(self, chunk: bytes) -> list[DalyFrame]:
        """Read more bytes; a start byte that begins no frame costs only itself."""
        self._waiting += chunk
        frames: list[DalyFrame] = []
        at = 0
        while (at := self._waiting.find(START, at)) >= 0 and at + LENGTH <= len(self._waiting):
            raw = bytes(self._waiting[at : at + LENGTH])
            if raw[3] != _DATA_BYTES:
                at += 1
            elif raw[-1] != sum(raw[:-1]) & 0xFF:
                self.bad_sums += 1
                at += 1
            else:
                frames.append(DalyFrame(raw[1], raw[2], raw[4:-1]))
                at += LENGTH
        del self._waiting[: at if at >= 0 else len(self._waiting)]
        return frames


def parse_pack(data: bytes, measured_at_ms: int, *, invert: bool = False) -> PowerReading:
    """Read the data of 0x90; ``invert`` turns the sign of the current."""
    voltage = _word(data, 0) / 10
    current = (_word(data, 4) - _ZERO_CURRENT) / 10
    return PowerReading(
        measured_at_ms=measured_at_ms,
        quality=quality_of(voltage, current),
        battery_voltage_v=voltage,
        battery_current_a=-current if invert else current,
        current_scope=CurrentScope.BATTERY,
        reported_soc_pct=_word(data, 6) / 10,
    )


def parse_cells(data: bytes) -> dict[int, float]:
    """Volts by number of the cell, from 1, in one frame of 0x95; a cell that is not there has none."""
    number = int.from_bytes(data[:1], "big")
    if not 1 <= number <= _MOST_FRAMES:
        return {}
    first = (number - 1) * _CELLS_A_FRAME + 1
    volts = {first + place: _word(data, 1 + 2 * place) / 1000 for place in range(_CELLS_A_FRAME)}
    return {cell: value for cell, value in volts.items() if value > 0}


def parse_temperature(data: bytes, measured_at_ms: int) -> PowerReading:
    """The warmest sensor in one frame of 0x96; a sensor that is not there reads 0, that is -40 degrees."""
    warmest = max(data[1 : 1 + _SENSORS_A_FRAME], default=0)
    return PowerReading(
        measured_at_ms=measured_at_ms,
        quality=quality_of(None, None),
        battery_temperature_c=warmest - _ZERO_DEGREES if warmest else None,
    )


def _word(data: bytes, place: int) -> int:
    return int.from_bytes(data[place : place + 2], "big")
