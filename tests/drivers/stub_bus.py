"""The guest's i2c-stub: registers without arithmetic, and the kernel's way to bind a driver to them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from smbus2 import SMBus

DEVICES = Path("/sys/bus/i2c/devices")


class StubBus:
    """Plays the chips' side of the bus: it may write where a driver rules."""

    def __init__(self) -> None:
        adapters = [path for path in DEVICES.glob("i2c-*") if "stub" in (path / "name").read_text()]
        self.number = int(adapters[0].name.removeprefix("i2c-"))
        self._adapter = adapters[0]

    def put(self, address: int, registers: dict[int, int]) -> None:
        with SMBus(self.number) as bus:
            for register, word in registers.items():
                bus.write_word_data(address, register, _swapped(word), force=True)

    def get(self, address: int, register: int) -> int:
        with SMBus(self.number) as bus:
            return _swapped(bus.read_word_data(address, register, force=True))

    def device(self, address: int) -> str:
        return f"{self.number}-{address:04x}"

    @contextmanager
    def driver(self, chip: str, address: int) -> Iterator[Path]:
        """Bind the kernel's driver and give its hwmon folder."""
        (self._adapter / "new_device").write_text(f"{chip} {address:#x}")
        try:
            (folder,) = (DEVICES / self.device(address) / "hwmon").iterdir()
            yield folder
        finally:
            (self._adapter / "delete_device").write_text(f"{address:#x}")


def _swapped(word: int) -> int:
    """INA registers are big-endian, SMBus words little-endian."""
    return int.from_bytes((word & 0xFFFF).to_bytes(2, "big"), "little")
