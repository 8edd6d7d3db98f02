"""A simulated bench lives through past days at full speed, offline; its records wait as a backlog.

Power and hotspot live them at the start. The films follow as soon as the first programme is there: the past
screen was on and off when the past energy plan said so, and showed what the scheduler picks for those days.
"""

import asyncio
from dataclasses import dataclass
from typing import NamedTuple

from bench_agent.adapters.outbox_sqlite import SqliteOutbox
from bench_agent.app.hotspot import build_hotspot
from bench_agent.app.machine import Machine, Start, first_simulated, next_boot, open_machine, read_start
from bench_agent.app.power import PlanFollowers, build_power
from bench_agent.app.run import Agent, DarkSwitch, PowerListener
from bench_agent.errors import SettingsError
from bench_agent.services.outbox import OutboxService
from bench_agent.services.playback import PlaybackService, Programme
from bench_agent.services.system import boot_event
from bench_agent.settings import Settings
from bench_agent.simulated.clock import SimulatedClock
from bench_agent.simulated.energy_memory import SimulatedEnergyMemory
from bench_agent.simulated.player import SimulatedPlayer
from bench_agent.simulated.supply_board import SimulatedSupplyBoard
from media.schedule import State

_DAY_MS = 86_400_000
_DAY_S = 86_400.0


class DisplaySwitch(NamedTuple):
    """The past energy plan switched the display, or left it as it was."""

    at_ms: int
    on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """The days a bench has lived through, and how they left it."""

    start_ms: int
    end_ms: int
    boot: str
    """Of its last run."""
    display: tuple[DisplaySwitch, ...]
    """Oldest first; a bench that went dark switched its display off."""


class PastLives:
    """The bench in past days: it goes dark and wakes as it does today."""

    def __init__(self, settings: Settings, store: SqliteOutbox, machine: Machine) -> None:
        """``machine`` is simulated, on virtual time."""
        self.boot = ""
        self.display: list[DisplaySwitch] = []
        self._machine = machine
        self._settings = settings.model_copy(update={"gate_socket": None})
        self._store = store

    async def run(self) -> None:
        """Live one run of the agent after another until cancelled."""
        while True:
            start = await read_start(self._machine, next_boot(self._machine))
            await self.build(start).run()
            self._note_display(on=False)
            await self._machine.host.power_off()

    def build(self, start: Start) -> Agent:
        """The services of one run: power and hotspot, without a server."""
        outbox = OutboxService(self._store, None, start.boot.clock, start.boot.name)
        self.boot = start.boot.name
        plans, switch = PlanFollowers(), DarkSwitch()
        plans.follow(lambda plan: self._note_display(on=plan.display_on))
        listener = PowerListener(outbox=outbox, plans=plans, switch=switch)
        power = build_power(self._settings, self._machine, start, plans, listener, tells_plans=False)
        hotspot = build_hotspot(self._settings, start.boot.clock, outbox.emit, plans)
        outbox.emit(boot_event(start.facts("")))
        return Agent(
            machine=self._machine,
            clock=start.boot.clock,
            outbox=outbox,
            uplink=None,
            power=power.service,
            switch=switch,
            loops={"power": power.run, "hotspot": hotspot.run},
        )

    def _note_display(self, *, on: bool) -> None:
        if not self.display or self.display[-1].on is not on:
            self.display.append(DisplaySwitch(self._machine.clock.now_ms(), on))


async def live_through(settings: Settings, store: SqliteOutbox, machine: Machine, days: int) -> Past:
    """Live the last ``days`` up to now with the real services on virtual time; ``machine`` goes on from it.

    Raises:
        SettingsError: The bench is not simulated: nobody can relive real hardware.
    """
    if first_simulated(machine.meters) is None or len(machine.meters) > 1 or settings.gate != "simulated":
        raise SettingsError('--history needs power.meters = ["simulated://…"] and gate = "simulated".')
    end_ms = machine.clock.now_ms()
    clock = SimulatedClock(end_ms - days * _DAY_MS)
    past = open_machine(settings, clock, SimulatedEnergyMemory())
    lives = PastLives(settings, store, past)
    living = asyncio.create_task(lives.run(), name="past")
    await clock.run_until(end_ms)
    living.cancel()
    await asyncio.gather(living, return_exceptions=True)
    _carry_over(past, machine)
    return Past(
        start_ms=end_ms - days * _DAY_MS,
        end_ms=end_ms,
        boot=lives.boot,
        display=tuple(lives.display),
    )


async def play_through(past: Past, programme: Programme, store: SqliteOutbox) -> State:
    """Play ``programme`` through the past days; returns how that left the scheduler."""
    clock = SimulatedClock(past.start_ms)
    outbox = OutboxService(store, None, clock, past.boot)
    # No programme or file can come unawaited in the past: an idle bench need not look for one.
    service = PlaybackService(programme, SimulatedPlayer(clock), clock, outbox.emit_play, look_s=_DAY_S)

    async def switch_display() -> None:
        for at_ms, on in past.display:
            if at_ms > clock.now_ms():
                await clock.sleep((at_ms - clock.now_ms()) / 1000)
            service.set_display(on)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(switch_display()), group.create_task(service.run())]
        await clock.run_until(past.end_ms)
        for task in tasks:
            task.cancel()
    outbox.flush()
    return service.state


def _carry_over(past: Machine, present: Machine) -> None:
    """Battery, power board and memory go on where the past ended."""
    before, after = first_simulated(past.meters), first_simulated(present.meters)
    document = past.files.load()
    if before is not None and after is not None and document is not None:
        after.pack = before.look()
        present.files.save(document)
    if isinstance(past.board, SimulatedSupplyBoard) and isinstance(present.board, SimulatedSupplyBoard):
        present.board.resume(past.board.state())
