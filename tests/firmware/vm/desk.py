"""The whole firmware on a serial line, hurried: ``desk.py FD SPEED``, FD = the board's end of a terminal.

Lines on standard input turn the bench: ``battery_mv 12400``, or another number of ``machine.world``.
"""

import asyncio
import select
import sys
import time

import machine

from ticks import BEFORE_THE_WRAP, ticks_add, ticks_diff

LINE, SPEED = int(sys.argv[1]), int(sys.argv[2])


class Line(machine.UART):
    """A serial line whose other end is a terminal."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self._file = open(LINE, "r+b")  # noqa: SIM115 - as long as the board
        self._poll = select.poll()
        self._poll.register(self._file, select.POLLIN)

    def read(self, length=-1):
        while self._poll.poll(0) and len(self._arrived) < self._limit:
            self.arrive(self._file.read(1))
        return super().read(length)

    def write(self, data):
        return self._file.write(data)


machine.UART = Line

import board  # only now: it takes its UART from the module above

_begun = time.ticks_ms()


def ticks_ms():
    return ticks_add(BEFORE_THE_WRAP, ticks_diff(time.ticks_ms(), _begun) * SPEED)


async def sleep_ms(ms):
    await asyncio.sleep_ms(max(ms // SPEED, 1))


async def listen():
    poll = select.poll()
    poll.register(sys.stdin, select.POLLIN)
    while True:
        if poll.poll(0):
            line = sys.stdin.readline()
            if not line:
                return
            name, value = line.split()
            setattr(machine.world, name, int(value))
        await asyncio.sleep_ms(5)


async def main():
    bench = asyncio.create_task(board.Board(ticks_ms, sleep_ms).run())
    await listen()
    bench.cancel()


asyncio.run(main())
