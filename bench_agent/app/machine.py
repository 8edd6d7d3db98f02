"""What stays while the agent starts anew: the computer, its meters, its power board, its memory.

A real computer ends the program when it goes dark. A simulated one stays dark with its sun and battery, and
the program builds the agent again when the supply is back.
"""

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from bench_agent.adapters.estimate_files import EstimateFiles
from bench_agent.adapters.sysinfo import LinuxHost
from bench_agent.adapters.system_clock import read_boot_id
from bench_agent.adapters.systemd import SystemdHost
from bench_agent.app.meters import NamedMeter, open_meters, power_clock
from bench_agent.domain.moment import Moment
from bench_agent.domain.supply import SupplyReason, SupplyVersion
from bench_agent.errors import PowerMeterError, SupplyBoardRefusedError
from bench_agent.ports.clock import Clock
from bench_agent.ports.energy_memory import EnergyMemory
from bench_agent.ports.host import Host
from bench_agent.ports.supply_board import SupplyBoard
from bench_agent.services.power.memory import Goodbye, Past, load_memory
from bench_agent.settings import Settings
from bench_agent.simulated.clock import BootClock
from bench_agent.simulated.host import SimulatedHost
from bench_agent.simulated.power_meter import SimulatedPowerMeter
from bench_agent.simulated.supply_board import SimulatedSupplyBoard

MEMORY_FOLDER = "energy"
_BOARD_WAIT_S = 3.0

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """One bench below the agent."""

    clock: Clock
    """Of the world; that of a run is ``Boot.clock``."""
    plain: Clock
    """The same, save where a simulated bench lives faster: records bear the time of its watcher."""
    meters: Sequence[NamedMeter]
    board: SupplyBoard | None
    """None = nothing could wake the computer, so it never goes dark by plan."""
    host: Host
    files: EnergyMemory


@dataclass(frozen=True, slots=True, kw_only=True)
class Boot:
    """One run of the computer."""

    name: str
    clock: Clock
    """Its monotonic time counts from this boot."""

    def moment(self) -> Moment:
        """Now."""
        clock = self.clock
        return Moment(boot=self.name, monotonic_ms=clock.monotonic_ms(), wall_ms=clock.now_ms())


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """How one run of the agent came about."""

    boot: Boot
    past: Past
    board: SupplyVersion | None
    """What the power board says of the dark before."""

    @property
    def reason(self) -> str:
        """Why the computer was off before, or ``agent`` when only the program was started anew."""
        if self.past.same_boot:
            return "agent"
        if self.board is not None and self.board.last_off is not None:
            return self.board.last_off.value
        goodbye = self.past.memory.goodbye
        return goodbye.value if goodbye in {Goodbye.SLEEP, Goodbye.CRITICAL, Goodbye.LOW} else "unknown"

    def facts(self, version: str) -> dict[str, str | int | float | bool | None]:
        """What the ``boot`` event says."""
        dirty = self.past.known and not self.past.was_clean
        facts: dict[str, str | int | float | bool | None] = {
            "version": version,
            "reason": self.reason,
            "dirty": dirty,
        }
        if self.board is not None and self.board.last_off is not None and not self.past.same_boot:
            facts["brown_out"] = self.board.last_off is SupplyReason.CUT
        return facts


def open_machine(settings: Settings, clock: Clock, files: EnergyMemory | None = None) -> Machine:
    """Choose meters, board and computer as ``settings`` say; nothing is touched yet.

    A simulated battery goes on with the charge it was last believed to have.

    Raises:
        SettingsError: A URL in ``power.meters`` is wrong.
    """
    files = files or EstimateFiles(settings.data_dir / MEMORY_FOLDER)
    world = power_clock(settings, clock)
    meters = open_meters(settings, world)
    simulated = first_simulated(meters)
    if simulated is None:
        host = SystemdHost(settings.data_dir)
        return Machine(
            clock=world, plain=clock, meters=meters, board=_board_of(meters), host=host, files=files
        )
    _charge_as_remembered(simulated, files, world)
    stand_in = SimulatedSupplyBoard(simulated, world)
    dark_host = SimulatedHost(stand_in, LinuxHost(settings.data_dir).read_minute)
    return Machine(clock=world, plain=clock, meters=meters, board=stand_in, host=dark_host, files=files)


def first_simulated(meters: Sequence[NamedMeter]) -> SimulatedPowerMeter | None:
    """The bench that is simulated, if one is."""
    return next((each.meter for each in meters if isinstance(each.meter, SimulatedPowerMeter)), None)


def _board_of(meters: Sequence[NamedMeter]) -> SupplyBoard | None:
    """The meter that also owns the computer's supply."""
    if all(each.kind != "board" for each in meters):
        return None
    from bench_agent.adapters.power_board import PowerBoard

    return next((each.meter for each in meters if isinstance(each.meter, PowerBoard)), None)


async def read_start(machine: Machine, boot: Boot) -> Start:
    """Find out how this run came about; a power board is waited for up to 3 s."""
    past = load_memory(machine.files, boot.moment())
    board = None if machine.board is None else await _ask_board(machine.board)
    return Start(boot=boot, past=past, board=board)


async def _ask_board(board: SupplyBoard) -> SupplyVersion | None:
    try:
        async with asyncio.timeout(_BOARD_WAIT_S):
            return await board.version()
    except (PowerMeterError, SupplyBoardRefusedError, TimeoutError) as err:
        _log.warning("power_board_silent", cause=str(err))
        return None


def first_boot(machine: Machine) -> Boot:
    """The run that begins with this program."""
    kernels = Boot(name=read_boot_id(), clock=machine.clock)
    if first_simulated(machine.meters) is None:
        return kernels
    kept = load_memory(machine.files, kernels.moment())
    return kernels if not kept.known or kept.same_boot else next_boot(machine)


def next_boot(machine: Machine) -> Boot:
    """A run of a simulated computer whose supply has just come: monotonic time begins anew."""
    clock = BootClock(machine.clock)
    simulated = first_simulated(machine.meters)
    if simulated is not None:
        simulated.stamp_by(clock)
    return Boot(name=secrets.token_hex(4), clock=clock)


def _charge_as_remembered(meter: SimulatedPowerMeter, files: EnergyMemory, clock: Clock) -> None:
    now = Moment(boot="", monotonic_ms=clock.monotonic_ms(), wall_ms=clock.now_ms())
    memory = load_memory(files, now).memory
    if memory.estimate is None:
        return
    pack, counters = meter.pack, memory.totals.counters
    pack.soc_pct = memory.estimate.soc_pct
    pack.charge_in_mah = counters.charge_in_mah or 0.0
    pack.charge_out_mah = counters.charge_out_mah or 0.0
    pack.yield_wh = counters.yield_total_wh or 0.0
