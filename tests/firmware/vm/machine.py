"""A bench as the board's pins see it: stands in for MicroPython's ``machine`` on a board with an RP2040.

It behaves: a battery drives the INA226 and the divider, the bus can fail or hang, the serial line has a short
memory, the watchdog counts. ``world`` is the bench; tests move it and look at it.
"""

import io

PWRON_RESET, WDT_RESET = 1, 3
_POLL, _READABLE, _WRITABLE = 3, 1, 4
_EIO, _ETIMEDOUT = 5, 110
_RAIL_PIN, _SCL_PIN = 15, 5
_NINE_CLOCKS = 9


class World:
    """Battery, wires and what happened to them."""

    def __init__(self):
        self.battery_mv = 13_200
        self.battery_ma = 0
        self.ina226_answers = True
        self.failing_transfers = 0
        """So many transfers fail before the bus works again."""
        self.clocks_missing = 0
        """A sensor holds the data line until it has seen so many clocks."""
        self.divider_mv_off = 0
        """How far the divider is wrong; None = broken wire."""
        self.registers = {}
        self.levels = {}
        """Levels of the pins by number."""
        self.on_level = None
        """Called with (pin, level) at each change, before the wire moves."""
        self.uart = None
        self.feeds = 0
        self.reset_cause = PWRON_RESET

    def rail(self):
        """Whether the Pi has its supply."""
        return self.levels.get(_RAIL_PIN, 0) == 1

    def ina226(self, register):
        """Content of a register, 16 bit."""
        if register == 1:
            return self.battery_ma * 2_000 // 2_500 & 0xFFFF
        if register == 2:
            return self.battery_mv * 4 // 5
        return self.registers.get(register, 0)


world = World()


def new_world():
    """A fresh bench, as after unpacking."""
    world.__init__()
    return world


def reset_cause():
    return world.reset_cause


class Pin:
    IN, OUT, OPEN_DRAIN = 0, 1, 2
    PULL_UP, PULL_DOWN = 1, 2

    def __init__(self, number, mode=IN, pull=None, value=None):
        self._number = number
        if value is not None:
            self.value(value)
        elif pull is not None:
            world.levels.setdefault(number, 1 if pull == Pin.PULL_UP else 0)

    def value(self, level=None):
        if level is None:
            return world.levels.get(self._number, 0)
        level = 1 if level else 0
        before = world.levels.get(self._number, 0)
        if world.on_level is not None and level != before:
            world.on_level(self._number, level)
        world.levels[self._number] = level
        if self._number == _SCL_PIN and level > before and world.clocks_missing:
            world.clocks_missing -= 1
        return None


class I2C:
    ADDRESS = 0x40

    def __init__(self, number, sda=None, scl=None, freq=400_000):
        pass

    def _transfer(self, address):
        if world.clocks_missing:
            raise OSError(_ETIMEDOUT)
        if world.failing_transfers:
            world.failing_transfers -= 1
            raise OSError(_EIO)
        if address != self.ADDRESS or not world.ina226_answers:
            raise OSError(_EIO)

    def readfrom_mem(self, address, register, length):
        self._transfer(address)
        return world.ina226(register).to_bytes(length, "big")

    def writeto_mem(self, address, register, data):
        self._transfer(address)
        world.registers[register] = data[0] << 8 | data[1]


class ADC:
    def __init__(self, pin):
        pass

    def read_u16(self):
        if world.divider_mv_off is None:
            return 0
        step = (world.battery_mv + world.divider_mv_off) * 4_095 // 21_633
        return step << 4 | step >> 8


class UART(io.IOBase):
    """A serial line. What arrives while its buffer is full is lost, as on the chip."""

    def __init__(self, number, baudrate=9_600, tx=None, rx=None, rxbuf=32, txbuf=32):
        self._limit = rxbuf
        self._arrived = bytearray()
        self.sent = bytearray()
        """What the board has said since somebody emptied it."""
        world.uart = self

    def arrive(self, data):
        """Bytes come in from the Pi."""
        room = max(self._limit - len(self._arrived), 0)
        self._arrived.extend(data[:room])

    def read(self, length=-1):
        if not self._arrived:
            return None
        length = len(self._arrived) if length < 0 else length
        chunk, self._arrived = bytes(self._arrived[:length]), self._arrived[length:]
        return chunk

    def write(self, data):
        self.sent.extend(data)
        return len(data)

    def ioctl(self, request, argument):
        if request != _POLL:
            return 0
        return argument & ((_READABLE if self._arrived else 0) | _WRITABLE)


class WDT:
    def __init__(self, timeout=5_000):
        pass

    def feed(self):
        world.feeds += 1
