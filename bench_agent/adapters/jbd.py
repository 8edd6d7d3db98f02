"""JBD battery management systems on a serial port (POW-R25)."""

from collections.abc import Mapping

from typing_extensions import override

from bench_agent.adapters.jbd_frames import (
    BASIC,
    CELLS,
    READ,
    JbdBasic,
    JbdFrame,
    JbdParser,
    parse_basic,
    parse_cells,
    read_basic,
    render_echo,
    render_request,
)
from bench_agent.adapters.serial_meter import AskedMeter
from bench_agent.ports.clock import Clock

BAUD = 9600


class JbdPowerMeter(AskedMeter):
    """Asks for the pack and its cells at every read."""

    def __init__(self, device: str, clock: Clock, *, invert: bool = False, max_age_s: float = 15.0) -> None:
        """``invert`` for a board whose current is negative while charging."""
        super().__init__(device, BAUD, clock, max_age_s)
        self._invert = invert
        self._parser = JbdParser()
        self._asked_for = BASIC
        self._basic: JbdBasic | None = None
        self._cells: tuple[float, ...] = ()
        self._refusals = 0
        self._strangers = 0

    @override
    def error_counts(self) -> Mapping[str, int]:
        return {
            "outages": self._port.outage.count,
            "bad_sums": self._parser.bad_sums,
            "unanswered": self.unanswered,
            "refusals": self._refusals,
            "strange_answers": self._strangers,
        }

    @override
    def diagnostics(self) -> Mapping[str, str]:
        basic = self._basic
        if basic is None or self._known() is None:
            return {}
        return {
            "remaining_ah": f"{basic.remaining_ah:g}",
            "full_ah": f"{basic.full_ah:g}",
            "cycles": str(basic.cycles),
            "made_on": basic.made_on.isoformat() if basic.made_on else "",
            "charge_switch": "on" if basic.charge_switch_on else "off",
            "discharge_switch": "on" if basic.discharge_switch_on else "off",
            "temperatures_c": " ".join(f"{degrees:g}" for degrees in basic.temperatures_c),
            "cells_v": " ".join(f"{volts:g}" for volts in self._cells),
        }

    @override
    def _begin(self) -> None:
        self._basic, self._cells = None, ()

    @override
    async def _refresh(self) -> None:
        self._strange_bytes = 0
        if await self._ask_for(BASIC):
            await self._ask_for(CELLS)

    async def _ask_for(self, command: int) -> bool:
        self._parser.clear()
        self._asked_for = command
        return await self._ask(render_request(command))

    @override
    def _receive(self, chunk: bytes) -> None:
        self._strange_bytes += len(chunk)
        for frame in self._parser.feed(chunk):
            if frame == render_echo(self._asked_for):
                self._strange_bytes -= frame.length
            elif frame.command not in (self._asked_for, READ):
                self._strangers += 1
            elif frame.status:
                self._refusals += 1
            elif not self._take_answer(frame):
                self._strangers += 1

    def _take_answer(self, frame: JbdFrame) -> bool:
        """Whether ``frame`` holds what was asked for."""
        if self._asked_for == CELLS:
            cells = parse_cells(frame.data)
            self._cells = cells or self._cells
            self._answered |= cells is not None
            return cells is not None
        basic = parse_basic(frame.data)
        if basic is None:
            return False
        self._basic = basic
        self._take(read_basic(basic, self._clock.monotonic_ms(), invert=self._invert))
        self._answered = True
        return True
