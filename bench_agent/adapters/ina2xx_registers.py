"""Registers of INA219, 226, 260 and 3221: words to volts and amperes (POW-R23). Pure.

Registers are big-endian and SMBus words little-endian, hence ``swap``. Current comes from the shunt voltage,
so the calibration register may hold anything. A register at the end of its range is no measurement.
Source: TI data sheets SBOS448 (219), SBOS547 (226), SBOS656 (260), SBOS576 (3221).
"""

from dataclasses import dataclass

from bench_agent.adapters.ina_wiring import InaChip

CONFIG = 0x00
MAKER_ID, DIE_ID = 0xFE, 0xFF
TEXAS_INSTRUMENTS = 0x5449
_INA219_OVERFLOW = 0b01


@dataclass(frozen=True, slots=True, kw_only=True)
class InaRegisters:
    """What differs between the chips."""

    shunt_lsb_uv: float
    """Microvolts per step of the shunt register."""
    shunt_shift: int
    """Unused low bits of the shunt register."""
    shunt_end: int
    """Steps at which the shunt register saturates."""
    bus_lsb_mv: float
    bus_shift: int
    config: int
    """Shunt and bus measured without end, mean of 16."""
    settle_s: float
    """Time from writing ``config`` to the first mean of all channels."""
    die_id: int | None
    """``None``: the chip has no identity."""


REGISTERS = {
    InaChip.INA219: InaRegisters(
        shunt_lsb_uv=10, shunt_shift=0, shunt_end=32_000, bus_lsb_mv=4, bus_shift=3,
        config=0x3E67, settle_s=0.03, die_id=None,
    ),
    InaChip.INA226: InaRegisters(
        shunt_lsb_uv=2.5, shunt_shift=0, shunt_end=0x7FFF, bus_lsb_mv=1.25, bus_shift=0,
        config=0x4527, settle_s=0.05, die_id=0x2260,
    ),
    InaChip.INA260: InaRegisters(
        shunt_lsb_uv=2.5, shunt_shift=0, shunt_end=0x7FFF, bus_lsb_mv=1.25, bus_shift=0,
        config=0x6527, settle_s=0.05, die_id=0x2270,
    ),
    InaChip.INA3221: InaRegisters(
        shunt_lsb_uv=40, shunt_shift=3, shunt_end=0xFFF, bus_lsb_mv=8, bus_shift=3,
        config=0x7527, settle_s=0.15, die_id=0x3220,
    ),
}  # fmt: skip

INA260_SHUNT_UOHM = 2_000
"""Inside the chip: 2.5 uV per step are its 1.25 mA."""


def shunt_register(channel: int) -> int:
    """Register of the shunt voltage of ``channel``, from 1; in an INA260 that of the current."""
    return 2 * channel - 1


def bus_register(channel: int) -> int:
    """Register of the bus voltage of ``channel``, from 1."""
    return 2 * channel


def swap(word: int) -> int:
    """Exchange the bytes of a 16-bit word."""
    return (word & 0xFF) << 8 | word >> 8 & 0xFF


def bus_voltage_v(chip: InaChip, word: int) -> float | None:
    """Volts at the bus pin; ``None`` when an INA219 flags an overflow."""
    if chip is InaChip.INA219 and word & _INA219_OVERFLOW:
        return None
    registers = REGISTERS[chip]
    return (word >> registers.bus_shift) * registers.bus_lsb_mv / 1000


def current_a(chip: InaChip, word: int, shunt_uohm: int) -> float | None:
    """Amperes through a shunt of ``shunt_uohm`` microohms, signed; ``None`` when the register saturates."""
    registers = REGISTERS[chip]
    steps = (word - (word >> 15 << 16)) >> registers.shunt_shift
    if not -registers.shunt_end < steps < registers.shunt_end:
        return None
    return steps * registers.shunt_lsb_uv / shunt_uohm


def calibration(chip: InaChip, lsb_ua: float, shunt_uohm: int) -> int:
    """Calibration register of an INA219 or 226 whose current register shall count ``lsb_ua`` microamperes."""
    scale = 0.04096 if chip is InaChip.INA219 else 0.00512
    return int(scale * 1e12 / (lsb_ua * shunt_uohm))
