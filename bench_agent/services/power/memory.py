"""What the power service keeps over restarts and power cuts, and when it writes it down (POW-R34).

Instants are monotonic; ``load_memory`` shifts them onto the clock of this boot. Wall time only bridges the
dark between two boots, and a wrong one is tolerated.
"""

from dataclasses import dataclass, field, replace
from enum import StrEnum

import msgspec
import structlog

from bench_agent.domain.battery import Counters
from bench_agent.domain.battery_estimate import Estimate
from bench_agent.domain.battery_health import Cycle
from bench_agent.domain.energy import EnergyState
from bench_agent.domain.harvest import HarvestLog
from bench_agent.domain.moment import Moment, shift_between_ms
from bench_agent.domain.power_picture import Totals
from bench_agent.errors import EnergyMemoryError
from bench_agent.ports.energy_memory import EnergyMemory
from bench_agent.services.power.override_desk import OverrideNote
from bench_agent.services.power.problems import ProblemNotes
from bench_agent.services.power.records import DaySums

SAVE_EVERY_MS = 240_000
"""A kill loses less than five minutes, a slow disk included."""

_log = structlog.get_logger(__name__)


class Goodbye(StrEnum):
    """How the last run ended."""

    NONE = ""
    """It did not say: power cut, crash or kill."""
    STOP = "stop"
    """Somebody stopped the program."""
    SLEEP = "sleep"
    CRITICAL = "critical"
    LOW = "low"
    """The power board asked for a halt."""


@dataclass(slots=True)
class PowerMemory:
    """Everything the next run goes on from."""

    moment: Moment
    """When this was written."""
    estimate: Estimate | None = None
    last_current_a: float | None = None
    """Of the battery, behind ``estimate``."""
    totals: Totals = field(default_factory=lambda: Totals(counters=Counters()))
    cycle: Cycle = field(default_factory=Cycle)
    state: EnergyState = field(default_factory=EnergyState)
    override: OverrideNote = field(default_factory=OverrideNote)
    problems: ProblemNotes = field(default_factory=ProblemNotes)
    harvest: HarvestLog = field(default_factory=HarvestLog)
    day: DaySums = field(default_factory=DaySums)
    short_lives: int = 0
    """Starts since the computer last ran for 30 min."""
    goodbye: Goodbye = Goodbye.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What a run finds when it starts."""

    memory: PowerMemory
    known: bool
    """False = there was no memory that could be read."""
    same_boot: bool
    """Only the program was started anew, not the computer."""
    was_clean: bool
    """The run before said goodbye."""


def load_memory(files: EnergyMemory, now: Moment) -> Past:
    """Find what was kept, with instants of this boot; without it, start from nothing."""
    raw = files.load()
    kept = None if raw is None else _decode(raw)
    if kept is None:
        return Past(memory=PowerMemory(now), known=False, same_boot=False, was_clean=False)
    shift_ms = shift_between_ms(kept.moment, now)
    memory = replace(
        kept,
        moment=now,
        estimate=None if kept.estimate is None else kept.estimate.shifted(shift_ms),
        state=kept.state.shifted(shift_ms),
        problems=kept.problems.shifted(shift_ms),
    )
    return Past(
        memory=memory,
        known=True,
        same_boot=kept.moment.boot == now.boot,
        was_clean=kept.goodbye is not Goodbye.NONE,
    )


def _decode(raw: bytes) -> PowerMemory | None:
    try:
        return msgspec.json.decode(raw, type=PowerMemory)
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as err:
        _log.warning("power_memory_unreadable", cause=str(err))
        return None


class MemoryKeeper:
    """Writes the memory every four minutes and when told to; a disk that refuses is logged once."""

    def __init__(self, files: EnergyMemory, now_ms: int) -> None:
        self._files = files
        self._saved_at_ms = now_ms - SAVE_EVERY_MS  # the first is written at once: it says "running"
        self._outage = False

    def is_due(self, now_ms: int) -> bool:
        """Whether it is time to write again."""
        return now_ms - self._saved_at_ms >= SAVE_EVERY_MS

    def save(self, memory: PowerMemory) -> None:
        """Write ``memory``; a failure is logged, and the next try comes in its time."""
        self._saved_at_ms = memory.moment.monotonic_ms
        # The plan is made anew after a restart.
        document = msgspec.json.encode(replace(memory, state=replace(memory.state, plan=None)))
        try:
            self._files.save(document)
        except EnergyMemoryError as err:
            if not self._outage:
                _log.error("power_memory_not_saved", cause=str(err))
            self._outage = True
            return
        if self._outage:
            _log.info("power_memory_saved_again")
        self._outage = False
