"""Daly battery management systems on a serial port (POW-R26)."""

from collections.abc import Mapping

from typing_extensions import override

from bench_agent.adapters.daly_frames import (
    BOARD,
    CELLS,
    HOST,
    LENGTH,
    PACK,
    TEMPERATURES,
    DalyFrame,
    DalyParser,
    parse_cells,
    parse_pack,
    parse_temperature,
    render_request,
)
from bench_agent.adapters.serial_meter import AskedMeter
from bench_agent.ports.clock import Clock

BAUD = 9600


class DalyPowerMeter(AskedMeter):
    """Asks for the pack, its temperatures and its cells at every read."""

    def __init__(self, device: str, clock: Clock, *, invert: bool = False, max_age_s: float = 15.0) -> None:
        """``invert`` for a firmware whose current is negative while charging."""
        super().__init__(device, BAUD, clock, max_age_s)
        self._invert = invert
        self._parser = DalyParser()
        self._asked_for = PACK
        self._cells: dict[int, float] = {}
        self._strangers = 0

    @override
    def error_counts(self) -> Mapping[str, int]:
        return {
            "outages": self._port.outage.count,
            "bad_sums": self._parser.bad_sums,
            "unanswered": self.unanswered,
            "strange_answers": self._strangers,
        }

    @override
    def diagnostics(self) -> Mapping[str, str]:
        if self._known() is None:
            return {}
        return {"cells_v": " ".join(f"{self._cells[cell]:g}" for cell in sorted(self._cells))}

    @override
    def _begin(self) -> None:
        self._cells.clear()

    @override
    async def _refresh(self) -> None:
        self._strange_bytes = 0
        if await self._ask_for(PACK):
            await self._ask_for(TEMPERATURES)
            # Last, because its answer has several frames and nobody says how many.
            await self._ask_for(CELLS)

    async def _ask_for(self, command: int) -> bool:
        self._parser.clear()
        self._asked_for = command
        return await self._ask(render_request(command))

    @override
    def _receive(self, chunk: bytes) -> None:
        self._strange_bytes += len(chunk)
        for frame in self._parser.feed(chunk):
            if frame.sender == HOST:
                self._strange_bytes -= LENGTH  # the echo of our own
            elif frame.sender == BOARD:
                self._take_answer(frame)
            else:
                self._strangers += 1

    def _take_answer(self, frame: DalyFrame) -> None:
        """A frame names what it is about, so a late one is as good."""
        now_ms = self._clock.monotonic_ms()
        if frame.command == PACK:
            self._take(parse_pack(frame.data, now_ms, invert=self._invert))
        elif frame.command == TEMPERATURES:
            self._take(parse_temperature(frame.data, now_ms), source="temperatures")
        elif frame.command == CELLS:
            self._cells |= parse_cells(frame.data)
        else:
            self._strangers += 1
        self._answered |= frame.command == self._asked_for
