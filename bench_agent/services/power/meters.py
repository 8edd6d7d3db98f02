"""Reads every meter by its own task: one that is silent or broken never stops the rest (POW-R4, R6, R69).

Each reading passes the gate once (POW-R3). What is not fresh is not known.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog

from bench_agent.domain.power_picture import join_readings
from bench_agent.domain.power_reading import PowerReading, ReadingQuality
from bench_agent.domain.reading_gate import GateState, next_gate
from bench_agent.errors import PowerMeterError, PowerMeterSilentError
from bench_agent.ports.clock import Clock
from bench_agent.ports.power_meter import PowerMeter

PERIOD_S = 10.0
MAX_AGE_MS = 50_000
"""Five periods: an older reading is not known any more (POW-R2)."""
READ_LIMIT_S = 5.0
"""A meter answers within 1 s (POW-R6); one that breaks its promise must not hold its task for ever."""
_log = structlog.get_logger(__name__)


class MeterWatch:
    """One meter: its task, its gate, its newest reading."""

    def __init__(
        self, name: str, meter: PowerMeter, clock: Clock, read_limit_s: float = READ_LIMIT_S
    ) -> None:
        """``name`` is what the settings call the meter; it gets ``read_limit_s`` of real time to answer."""
        self.name = name
        self.meter = meter
        self.errors = 0
        """Reads that failed since the start."""
        self._clock = clock
        self._read_limit_s = read_limit_s
        self._gate = GateState()
        self._newest: PowerReading | None = None
        self._outage = False
        self._asked = asyncio.Event()

    @property
    def dropped(self) -> dict[str, int]:
        """Values that were not credible since the start, by field."""
        return dict(self._gate.dropped)

    async def run(self) -> None:
        """Read every 10 s until cancelled; then let the device go."""
        try:
            while True:
                await self.read()
                await self._clock.sleep(PERIOD_S)
        finally:
            await self.meter.close()

    async def read(self) -> None:
        """Read once; an outage is logged when it starts and when it ends."""
        try:
            async with asyncio.timeout(self._read_limit_s):
                reading = await self.meter.read()
        except (PowerMeterError, TimeoutError) as err:
            self._fail(err)
        else:
            self._gate = next_gate(self._gate, reading)
            self._newest = self._gate.passed
            if self._outage:
                self._outage = False
                _log.info("power_meter_back", meter=self.name)
        self._asked.set()

    async def wait_asked(self) -> None:
        """Wait until the meter has been asked once, whatever it said."""
        await self._asked.wait()

    def reading(self) -> PowerReading | None:
        """The newest reading; None when it failed or is older than 50 s."""
        newest = self._newest
        if newest is None or self._clock.monotonic_ms() - newest.measured_at_ms > MAX_AGE_MS:
            return None
        return newest

    def _fail(self, err: Exception) -> None:
        self.errors += 1
        self._newest = None
        if not self._outage:
            self._outage = True
            known = err if isinstance(err, PowerMeterError) else PowerMeterSilentError("no answer in time")
            _log.warning("power_meter_outage", meter=self.name, error=type(known).__name__, detail=str(known))


@dataclass(frozen=True, slots=True, kw_only=True)
class Meters:
    """All meters of a bench; ``truth`` feeds the state of charge."""

    truth: MeterWatch
    others: Sequence[MeterWatch] = ()

    @property
    def watches(self) -> tuple[MeterWatch, ...]:
        """Every meter, the truth first."""
        return (self.truth, *self.others)

    async def wait_asked(self) -> None:
        """Wait until every meter has been asked once."""
        for watch in self.watches:
            await watch.wait_asked()

    def readings(self) -> dict[str, PowerReading]:
        """What is fresh, by meter, the truth first."""
        found = ((watch.name, watch.reading()) for watch in self.watches)
        return {name: reading for name, reading in found if reading is not None}

    def picture(self, readings: Mapping[str, PowerReading], now_ms: int) -> PowerReading:
        """Battery volts and amperes of the truth, and what anybody knows of panel and loads."""
        truth = readings.get(self.truth.name)
        others = [reading for name, reading in readings.items() if name != self.truth.name]
        nothing = PowerReading(measured_at_ms=now_ms, quality=ReadingQuality.STALE)
        return join_readings(truth or nothing, others)
