"""What stays while the agent starts anew: the computer, its meters, its power board, its memory.

A real computer ends the program when it goes dark. A simulated one stays dark with its sun and battery, and
the program builds the agent again when the supply is back.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from bench_agent.adapters.estimate_files import EstimateFiles
from bench_agent.adapters.sysinfo import LinuxHost
from bench_agent.adapters.system_clock import read_boot_id
from bench_agent.adapters.systemd import SystemdHost
from bench_agent.app.meters import NamedMeter, open_meters
from bench_agent.domain.moment import Moment
from bench_agent.ports.clock import Clock
from bench_agent.ports.energy_memory import EnergyMemory
from bench_agent.ports.host import Host
from bench_agent.ports.supply_board import LastDark, SupplyBoard
from bench_agent.services.power.memory import Goodbye, Past, load_memory
from bench_agent.settings import Settings
from bench_agent.simulated.clock import BootClock
from bench_agent.simulated.host import SimulatedHost
from bench_agent.simulated.power_meter import SimulatedPowerMeter
from bench_agent.simulated.supply_board import SimulatedSupplyBoard

MEMORY_FOLDER = "energy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """One bench below the agent."""

    clock: Clock
    """Of the world; that of a run is ``Boot.clock``."""
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
    last_dark: LastDark | None
    """What the power board says."""

    @property
    def reason(self) -> str:
        """Why the computer was off before, or ``agent`` when only the program was started anew."""
        if self.past.same_boot:
            return "agent"
        if self.last_dark is not None:
            return self.last_dark.reason.value
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
        if self.last_dark is not None and not self.past.same_boot:
            facts["brown_out"] = self.last_dark.reason.value == "cut"
        return facts


def open_machine(settings: Settings, clock: Clock, files: EnergyMemory | None = None) -> Machine:
    """Choose meters, board and computer as ``settings`` say; nothing is touched yet.

    A simulated battery goes on with the charge it was last believed to have.

    Raises:
        SettingsError: A URL in ``power.meters`` is wrong.
    """
    files = files or EstimateFiles(settings.data_dir / MEMORY_FOLDER)
    meters = open_meters(settings, clock)
    simulated = first_simulated(meters)
    if simulated is None:
        host = SystemdHost(settings.data_dir)
        return Machine(clock=clock, meters=meters, board=None, host=host, files=files)
    _charge_as_remembered(simulated, files, clock)
    board = SimulatedSupplyBoard(simulated, clock)
    sim_host = SimulatedHost(board, LinuxHost(settings.data_dir).read_minute)
    return Machine(clock=clock, meters=meters, board=board, host=sim_host, files=files)


def first_simulated(meters: Sequence[NamedMeter]) -> SimulatedPowerMeter | None:
    """The bench that is simulated, if one is."""
    return next((each.meter for each in meters if isinstance(each.meter, SimulatedPowerMeter)), None)


async def read_start(machine: Machine, boot: Boot) -> Start:
    """Find out how this run came about; a power board is waited for up to 3 s."""
    past = load_memory(machine.files, boot.moment())
    last_dark = None if machine.board is None else await machine.board.last_dark()
    return Start(boot=boot, past=past, last_dark=last_dark)


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
