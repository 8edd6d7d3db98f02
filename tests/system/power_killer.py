"""The real power service with its real files, killed again and again (POW-R72).

Usage: python -m tests.system.power_killer FOLDER KILLS SEED

A nursery forks one child after another. Each child runs the service on fast time over ``EstimateFiles`` in
FOLDER and writes its virtual time to a shared word before each wait; the nursery kills it -9 at a random
moment, reads the files as the next start would, and prints one JSON line: what was found and how old it was.
"""

import asyncio
import json
import mmap
import os
import random
import signal
import struct
import sys
import time
from pathlib import Path

from bench_agent.adapters.estimate_files import EstimateFiles
from bench_agent.domain.energy_plan import EnergyPlan
from bench_agent.domain.moment import Moment
from bench_agent.domain.power_reading import CurrentScope, PowerReading, ReadingQuality
from bench_agent.ports.clock import ClockQuality
from bench_agent.services.power import Dark, Meters, MeterWatch, PowerService, PowerSetup
from bench_agent.services.power.memory import load_memory
from bench_agent.wire.envelope import Body

START_MS = 1_795_323_600_000
_WORD = struct.Struct("q")


class FastClock:
    """Time that jumps from wait to wait and is seen from outside; one boot over all children."""

    def __init__(self, word: mmap.mmap) -> None:
        self._word = word

    def monotonic_ms(self) -> int:
        return int(_WORD.unpack_from(self._word)[0])

    def now_ms(self) -> int:
        return START_MS + self.monotonic_ms()

    def quality(self) -> ClockQuality:
        return ClockQuality.NTP

    async def sleep(self, seconds: float) -> None:
        due_ms = self.monotonic_ms() + round(seconds * 1000)
        await asyncio.sleep(0)
        _WORD.pack_into(self._word, 0, max(due_ms, self.monotonic_ms()))


class SteadyMeter:
    """A tenth of an ampere out, for ever."""

    def __init__(self, clock: FastClock) -> None:
        self._clock = clock

    async def read(self) -> PowerReading:
        return PowerReading(
            measured_at_ms=self._clock.monotonic_ms(),
            quality=ReadingQuality.GOOD,
            battery_voltage_v=13.15,
            battery_current_a=-0.1,
            current_scope=CurrentScope.BATTERY,
        )

    async def close(self) -> None:
        pass


class Nobody:
    """A listener without loads."""

    def emit(self, body: Body, age_ms: int = 0) -> None:
        pass

    def follow_plan(self, plan: EnergyPlan) -> None:
        pass

    def go_dark(self, dark: Dark) -> None:
        pass


def moment(clock: FastClock) -> Moment:
    return Moment(boot="one", monotonic_ms=clock.monotonic_ms(), wall_ms=clock.now_ms())


def live(folder: Path, clock: FastClock) -> None:
    """Run the service until killed."""
    files = EstimateFiles(folder)
    meters = Meters(truth=MeterWatch("steady", SteadyMeter(clock), clock))
    past = load_memory(files, moment(clock))
    service = PowerService(meters, clock, PowerSetup(boot="one"), past, files, Nobody())
    asyncio.run(service.run())


def look(folder: Path, clock: FastClock) -> dict[str, object]:
    """What the next start would find."""
    torn = 0
    for path in sorted(folder.glob("estimate.?")):
        alone = folder / "alone"
        alone.mkdir(exist_ok=True)
        (alone / path.name).write_bytes(path.read_bytes())
        torn += EstimateFiles(alone).load() is None
        (alone / path.name).unlink()
    past = load_memory(EstimateFiles(folder), moment(clock))
    estimate = past.memory.estimate
    raw = EstimateFiles(folder).load()
    saved_at_ms = None if raw is None else json.loads(raw)["moment"]["monotonic_ms"]
    return {
        "known": past.known,
        "torn": torn,
        "age_ms": None if saved_at_ms is None else clock.monotonic_ms() - saved_at_ms,
        "soc_pct": None if estimate is None else estimate.soc_pct,
        "sigma_pct": None if estimate is None else estimate.sigma_pct,
        "now_ms": clock.monotonic_ms(),
    }


def main(folder: Path, kills: int, seed: int) -> None:
    """Kill ``kills`` children at random moments."""
    chance = random.Random(seed)
    word = mmap.mmap(-1, _WORD.size)
    clock = FastClock(word)
    for _ in range(kills):
        child = os.fork()
        if child == 0:
            live(folder, clock)
        time.sleep(chance.uniform(0.01, 0.15))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        print(json.dumps(look(folder, clock)), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
