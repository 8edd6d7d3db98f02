"""A simulated bench lives through past days at full speed, offline; its records wait as a backlog."""

import asyncio

from bench_agent.adapters.outbox_sqlite import SqliteOutbox
from bench_agent.app.hotspot import build_hotspot
from bench_agent.app.machine import Machine, Start, first_simulated, next_boot, open_machine, read_start
from bench_agent.app.power import PlanFollowers, build_power
from bench_agent.app.run import Agent, DarkSwitch, PowerListener
from bench_agent.errors import SettingsError
from bench_agent.services.outbox import OutboxService
from bench_agent.services.system import boot_event
from bench_agent.settings import Settings
from bench_agent.simulated.clock import SimulatedClock
from bench_agent.simulated.energy_memory import SimulatedEnergyMemory
from bench_agent.simulated.supply_board import SimulatedSupplyBoard

_DAY_MS = 86_400_000


class PastLives:
    """The bench in past days: it goes dark and wakes as it does today."""

    def __init__(self, settings: Settings, store: SqliteOutbox, machine: Machine) -> None:
        """``machine`` is simulated, on virtual time."""
        self.is_dark = False
        self._machine = machine
        self._settings = settings.model_copy(update={"gate_socket": None})
        self._store = store

    async def run(self) -> None:
        """Live one run of the agent after another until cancelled."""
        while True:
            start = await read_start(self._machine, next_boot(self._machine))
            await self.build(start).run()
            self.is_dark = True
            await self._machine.host.power_off()
            self.is_dark = False

    def build(self, start: Start) -> Agent:
        """The services of one run: power and hotspot, without a server."""
        outbox = OutboxService(self._store, None, start.boot.clock, start.boot.name)
        plans, switch = PlanFollowers(), DarkSwitch()
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


async def live_through(settings: Settings, store: SqliteOutbox, machine: Machine, days: int) -> bool:
    """Live the last ``days`` up to now with the real services on virtual time; ``machine`` goes on from it.

    Returns:
        Whether the bench is dark now.

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
    return lives.is_dark


def _carry_over(past: Machine, present: Machine) -> None:
    """Battery, power board and memory go on where the past ended."""
    before, after = first_simulated(past.meters), first_simulated(present.meters)
    document = past.files.load()
    if before is not None and after is not None and document is not None:
        after.pack = before.look()
        present.files.save(document)
    if isinstance(past.board, SimulatedSupplyBoard) and isinstance(present.board, SimulatedSupplyBoard):
        present.board.resume(past.board.state())
