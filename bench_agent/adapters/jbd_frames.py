"""JBD battery management systems: bytes in, checked frames out (POW-R25). Never raises, bounded memory.

Source: JBD "RS485, UART and Bluetooth communication protocol", version 4; names of the protection bits.
"""

from dataclasses import dataclass
from datetime import date

from bench_agent.domain.power_reading import CurrentScope, PowerReading, quality_of

START, END, READ = 0xDD, 0x77, 0xA5
BASIC, CELLS = 0x03, 0x04
_HEADER, _TAIL = 4, 3
_BASIC_LENGTH = 23
_KELVIN_TENTHS = 2731
_MOST_CELLS = 48
_PROTECTIONS = (
    "cell_over_voltage",
    "cell_under_voltage",
    "pack_over_voltage",
    "pack_under_voltage",
    "charge_hot",
    "charge_cold",
    "discharge_hot",
    "discharge_cold",
    "charge_over_current",
    "discharge_over_current",
    "short_circuit",
    "front_end_error",
    "switched_off_by_software",
)


@dataclass(frozen=True, slots=True)
class JbdFrame:
    """A frame with a right sum: the command it answers, or 0xA5 from older boards; 0 = no error; data."""

    command: int
    status: int
    data: bytes

    @property
    def length(self) -> int:
        """Bytes on the line."""
        return _HEADER + len(self.data) + _TAIL


@dataclass(frozen=True, slots=True, kw_only=True)
class JbdBasic:
    """Answer to command 0x03."""

    voltage_v: float
    current_a: float
    """+ = charging."""
    remaining_ah: float
    full_ah: float
    cycles: int
    made_on: date | None
    balancing: int
    """One bit for each cell."""
    protection: int
    soc_pct: int
    charge_switch_on: bool
    discharge_switch_on: bool
    cells: int
    temperatures_c: tuple[float, ...]


def render_request(command: int) -> bytes:
    """Ask for what ``command`` names."""
    body = bytes([command, 0])
    return bytes([START, READ]) + body + _sum(body) + bytes([END])


def render_echo(command: int) -> JbdFrame:
    """How our own request looks to the parser: a frame of an older board with the status ``command``."""
    return JbdFrame(READ, command, b"")


class JbdParser:
    """Cuts a byte stream into frames whose sum is right."""

    def __init__(self) -> None:
        self.bad_sums = 0
        """Frames dropped."""
        self._waiting = bytearray()

    def clear(self) -> None:
        """Forget a frame that did not end."""
        self._waiting.clear()

    def feed(self, chunk: bytes) -> list[JbdFrame]:
        """Read more bytes; a frame is found also behind a start byte that began none."""
        self._waiting += chunk
        frames: list[JbdFrame] = []
        at = 0
        while (at := self._waiting.find(START, at)) >= 0:
            end = self._end_of(at)
            if end is None:
                if (behind := self._find_behind(at + 1)) is None:
                    break
                at = behind
                continue
            frame = self._check(at, end)
            if frame is None:
                self.bad_sums += 1
                at += 1
            else:
                frames.append(frame)
                at = end
        del self._waiting[: at if at >= 0 else len(self._waiting)]
        return frames

    def _end_of(self, at: int) -> int | None:
        """Where the frame that starts ``at`` ends, None while it is not all there."""
        length_at = at + _HEADER - 1
        if length_at >= len(self._waiting):
            return None
        end = at + _HEADER + self._waiting[length_at] + _TAIL
        return end if end <= len(self._waiting) else None

    def _find_behind(self, at: int) -> int | None:
        """Start of a good frame behind one that is not all there."""
        while (at := self._waiting.find(START, at)) >= 0:
            end = self._end_of(at)
            if end is not None and self._check(at, end) is not None:
                return at
            at += 1
        return None

    def _check(self, at: int, end: int) -> JbdFrame | None:
        raw = bytes(self._waiting[at:end])
        good = raw[-1] == END and raw[-_TAIL:-1] == _sum(raw[2:-_TAIL])
        return JbdFrame(raw[1], raw[2], raw[_HEADER:-_TAIL]) if good else None


def parse_basic(data: bytes) -> JbdBasic | None:
    """Read an answer to 0x03; what stands behind the temperatures is ignored, None if it is too short."""
    if len(data) < _BASIC_LENGTH or len(data) < _BASIC_LENGTH + 2 * data[22]:
        return None
    made_on = _word(data, 10)
    return JbdBasic(
        voltage_v=_word(data, 0) / 100,
        current_a=int.from_bytes(data[2:4], "big", signed=True) / 100,
        remaining_ah=_word(data, 4) / 100,
        full_ah=_word(data, 6) / 100,
        cycles=_word(data, 8),
        made_on=_date(2000 + (made_on >> 9), made_on >> 5 & 0xF, made_on & 0x1F),
        balancing=_word(data, 14) << 16 | _word(data, 12),
        protection=_word(data, 16),
        soc_pct=data[19],
        charge_switch_on=bool(data[20] & 1),
        discharge_switch_on=bool(data[20] & 2),
        cells=data[21],
        temperatures_c=tuple(
            (_word(data, _BASIC_LENGTH + 2 * sensor) - _KELVIN_TENTHS) / 10 for sensor in range(data[22])
        ),
    )


def parse_cells(data: bytes) -> tuple[float, ...] | None:
    """Volts of every cell from an answer to 0x04, None if it cannot be one."""
    if not data or len(data) % 2 or len(data) > 2 * _MOST_CELLS:
        return None
    return tuple(_word(data, place) / 1000 for place in range(0, len(data), 2))


def read_basic(basic: JbdBasic, measured_at_ms: int, *, invert: bool = False) -> PowerReading:
    """What an answer to 0x03 says about the bench; ``invert`` turns the sign of the current."""
    current = -basic.current_a if invert else basic.current_a
    return PowerReading(
        measured_at_ms=measured_at_ms,
        quality=quality_of(basic.voltage_v, current),
        battery_voltage_v=basic.voltage_v,
        battery_current_a=current,
        current_scope=CurrentScope.BATTERY,
        battery_temperature_c=max(basic.temperatures_c, default=None),
        reported_soc_pct=basic.soc_pct,
        faults=_protections(basic.protection),
    )


def _protections(bits: int) -> tuple[str, ...]:
    return tuple(
        _PROTECTIONS[place] if place < len(_PROTECTIONS) else f"unknown({place})"
        for place in range(bits.bit_length())
        if bits >> place & 1
    )


def _sum(body: bytes) -> bytes:
    return (-sum(body) & 0xFFFF).to_bytes(2, "big")


def _word(data: bytes, place: int) -> int:
    return int.from_bytes(data[place : place + 2], "big")


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
