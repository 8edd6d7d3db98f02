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

    def __init__(self, settings: Settings, store: SqliteOutbox, start_ms: int) -> None:
        """Begin at wall time ``start_ms``."""
        self.clock = SimulatedClock(start_ms)
        self.files = SimulatedEnergyMemory()
        self.machine = open_machine(settings, self.clock, self.files)
        self.is_dark = False
        self._settings = settings.model_copy(update={"gate_socket": None})
        self._store = store

    async def run(self) -> None:
        """Live one run of the agent after another until cancelled."""
        while True:
            start = await read_start(self.machine, next_boot(self.machine))
            await self._build(start).run()
            self.is_dark = True
            await self.machine.host.power_off()
            self.is_dark = False

    def _build(self, start: Start) -> Agent:
        outbox = OutboxService(self._store, None, start.boot.clock, start.boot.name)
        plans, switch = PlanFollowers(), DarkSwitch()
        listener = PowerListener(outbox=outbox, plans=plans, switch=switch)
        power = build_power(self._settings, self.machine, start, plans, listener)
        hotspot = build_hotspot(self._settings, start.boot.clock, outbox.emit, plans)
        outbox.emit(boot_event(start.facts("")))
        return Agent(
            machine=self.machine,
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
    present = first_simulated(machine.meters)
    if present is None or len(machine.meters) > 1 or settings.gate != "simulated":
        raise SettingsError('--history needs power.meters = ["simulated://…"] and gate = "simulated".')
    end_ms = machine.clock.now_ms()
    lives = PastLives(settings, store, end_ms - days * _DAY_MS)
    living = asyncio.create_task(lives.run(), name="past")
    await lives.clock.run_until(end_ms)
    living.cancel()
    await asyncio.gather(living, return_exceptions=True)
    past, document = first_simulated(lives.machine.meters), lives.files.load()
    if past is not None and document is not None:
        present.pack = past.look()
        machine.files.save(document)
    then = lives.machine.board
    if isinstance(machine.board, SimulatedSupplyBoard) and isinstance(then, SimulatedSupplyBoard):
        machine.board.resume(then.state())
    return lives.is_dark
