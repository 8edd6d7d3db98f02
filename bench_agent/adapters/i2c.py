"""INA219, 226, 260 and 3221 on a bare I2C bus, where no kernel driver exists (POW-R22, R23)."""

import errno
import time
from collections.abc import Callable
from contextlib import closing
from typing import Protocol

from smbus2 import SMBus
from typing_extensions import override

from bench_agent.adapters.ina2xx_registers import (
    CONFIG,
    DIE_ID,
    INA260_SHUNT_UOHM,
    MAKER_ID,
    REGISTERS,
    TEXAS_INSTRUMENTS,
    bus_register,
    bus_voltage_v,
    current_a,
    shunt_register,
    swap,
)
from bench_agent.adapters.ina_meter import InaPowerMeter
from bench_agent.adapters.ina_wiring import InaChip, InaSample, InaWiring
from bench_agent.errors import PowerMeterSettingsError, PowerMeterUnreachableError, SettingsError
from bench_agent.ports.clock import Clock

_ADDRESSES = range(0x40, 0x50)
"""All that the address pins of these chips can name."""


class Bus(Protocol):
    """What is used of an SMBus; words have their low byte first."""

    def read_word_data(self, i2c_addr: int, register: int) -> int:
        """Word of ``register``; raises OSError."""
        ...

    def write_word_data(self, i2c_addr: int, register: int, value: int) -> None:
        """Write a word; raises OSError."""
        ...

    def close(self) -> None:
        """Let the bus go."""
        ...


class I2cPowerMeter(InaPowerMeter):
    """A current sensor without a driver. The bus is open only while it is read."""

    def __init__(
        self,
        wiring: InaWiring,
        bus: int,
        address: int,
        clock: Clock,
        *,
        open_bus: Callable[[int], Bus] = SMBus,
    ) -> None:
        """``address`` is 0x40 to 0x4f on ``/dev/i2c-<bus>``.

        Raises:
            SettingsError: No such address, or no shunt for a chip that needs one.
        """
        if address not in _ADDRESSES:
            raise SettingsError(f"address {address:#04x} is none of {wiring.chip}. Cure: use 0x40 to 0x4f.")
        shunt_uohm = INA260_SHUNT_UOHM if wiring.chip is InaChip.INA260 else wiring.shunt_uohm
        if shunt_uohm is None:
            raise SettingsError(f"i2c:{wiring.chip} needs its shunt. Cure: add shunt_uohm=2000 for 2 mOhm.")
        super().__init__(wiring, clock)
        self._shunt_uohm = shunt_uohm
        self._bus = bus
        self._address = address
        self._open_bus = open_bus

    @property
    @override
    def _name(self) -> str:
        return f"i2c:{self._wiring.chip}@{self._bus}:{self._address:#04x}"

    @override
    def _measure(self) -> list[InaSample]:
        try:
            with closing(self._open_bus(self._bus)) as bus:
                self._check_identity(bus)
                self._configure(bus)
                return [self._sample(bus, channel) for channel in self._wiring.used_channels()]
        except OSError as err:
            raise PowerMeterUnreachableError(
                f"{self._name}: {err.strerror}. Cure: {self._cure(err)}."
            ) from err

    def _check_identity(self, bus: Bus) -> None:
        die_id = REGISTERS[self._wiring.chip].die_id
        if die_id is None:
            return
        found = (self._read(bus, MAKER_ID), self._read(bus, DIE_ID))
        if found != (TEXAS_INSTRUMENTS, die_id):
            names = {registers.die_id: chip for chip, registers in REGISTERS.items()}
            chip = names.get(found[1], "unknown chip")
            raise PowerMeterSettingsError(
                f"{self._name} is an {chip} ({found[0]:#06x}, {found[1]:#06x}). "
                "Cure: name chip and address as wired."
            )

    def _configure(self, bus: Bus) -> None:
        """After a loss of power a chip does not average; put to sleep it repeats old values for ever."""
        registers = REGISTERS[self._wiring.chip]
        if self._read(bus, CONFIG) != registers.config:
            bus.write_word_data(self._address, CONFIG, swap(registers.config))
            time.sleep(registers.settle_s)

    def _sample(self, bus: Bus, channel: int) -> InaSample:
        chip = self._wiring.chip
        voltage_v = bus_voltage_v(chip, self._read(bus, bus_register(channel)))
        current = current_a(chip, self._read(bus, shunt_register(channel)), self._shunt_uohm)
        # The overflow flag stands in the voltage register and casts doubt on both.
        return InaSample(voltage_v=voltage_v, current_a=None if voltage_v is None else current)

    def _read(self, bus: Bus, register: int) -> int:
        return swap(bus.read_word_data(self._address, register))

    def _cure(self, err: OSError) -> str:
        match err.errno:
            case errno.EBUSY:
                return f"a kernel driver owns the chip, so use hwmon:{self._wiring.chip} instead"
            case errno.ENOENT:
                return f"switch the bus on (dtparam=i2c_arm=on) so that /dev/i2c-{self._bus} appears"
            case errno.EACCES | errno.EPERM:
                return "put the agent's user into the group i2c"
            case _:
                return f"check supply, SDA, SCL, ground and address (i2cdetect -y {self._bus})"
