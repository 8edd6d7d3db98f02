"""An I2C bus with INA chips that measure, sleep, lose power and belong to a driver."""

import errno
import os

from bench_agent.adapters.ina_wiring import InaChip

POWER_ON_CONFIG = {
    InaChip.INA219: 0x399F,
    InaChip.INA226: 0x4127,
    InaChip.INA260: 0x6127,
    InaChip.INA3221: 0x7127,
}
DIE_ID = {InaChip.INA226: 0x2260, InaChip.INA260: 0x2270, InaChip.INA3221: 0x3220}
CONTINUOUS = 0b111


def swapped(word: int) -> int:
    return int.from_bytes(word.to_bytes(2, "big"), "little")


class Chip:
    """Big-endian registers of 16 bits that follow ``inputs`` while the chip measures."""

    def __init__(self, kind: InaChip, inputs: dict[int, int]) -> None:
        self.inputs = inputs
        self.owned_by_driver = False
        self._kind = kind
        self._registers: dict[int, int] = {}
        self.lose_power()

    @property
    def config(self) -> int:
        return self._registers[0]

    def lose_power(self) -> None:
        self._registers = {0: POWER_ON_CONFIG[self._kind]}
        if self._kind in DIE_ID:
            self._registers |= {0xFE: 0x5449, 0xFF: DIE_ID[self._kind]}

    def read(self, register: int) -> int:
        if self.config & CONTINUOUS == CONTINUOUS:
            self._registers |= self.inputs
        return self._registers.get(register, 0)

    def write(self, register: int, word: int) -> None:
        self.read(register)
        self._registers[register] = word


class FakeBus:
    """``/dev/i2c-<number>``: words travel low byte first, as on SMBus."""

    def __init__(self, number: int = 1) -> None:
        self.number = number
        self.chips: dict[int, Chip] = {}
        self.open_handles = 0
        self.refuses_open: int | None = None
        """errno of open(2)."""

    def open(self, number: int) -> "FakeBus":
        if number != self.number:
            raise error(errno.ENOENT)
        if self.refuses_open is not None:
            raise error(self.refuses_open)
        self.open_handles += 1
        return self

    def close(self) -> None:
        self.open_handles -= 1

    def read_word_data(self, i2c_addr: int, register: int) -> int:
        return swapped(self._chip(i2c_addr).read(register))

    def write_word_data(self, i2c_addr: int, register: int, value: int) -> None:
        self._chip(i2c_addr).write(register, swapped(value))

    def _chip(self, address: int) -> Chip:
        assert self.open_handles > 0
        chip = self.chips.get(address)
        if chip is None:
            raise error(errno.EREMOTEIO)
        if chip.owned_by_driver:
            raise error(errno.EBUSY)
        return chip


def error(number: int) -> OSError:
    return OSError(number, os.strerror(number))
