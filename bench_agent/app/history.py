"""A simulated bench lives through past days at full speed, offline; its records wait as a backlog."""

import asyncio
import secrets
from dataclasses import dataclass

from bench_agent.adapters.outbox_sqlite import SqliteOutbox
from bench_agent.adapters.system_clock import SystemClock
from bench_agent.app.hotspot import build_hotspot
from bench_agent.app.meters import open_meters
from bench_agent.app.power import PlanFollowers, first_simulated, let_loads_follow
from bench_agent.errors import SettingsError
from bench_agent.services.outbox import OutboxService
from bench_agent.services.power import PowerKnowledge, PowerService
from bench_agent.settings import Settings
from bench_agent.simulated.clock import SimulatedClock

_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """How the past days left the bench."""

    soc_pct: float
    """True state of charge of the simulated battery."""
    knowledge: PowerKnowledge
    """What the agent believes of it."""


async def live_through(settings: Settings, store: SqliteOutbox, days: int) -> Past:
    """Live the last ``days`` up to now with the real services on virtual time.

    Raises:
        SettingsError: The bench is not simulated: nobody can relive real hardware.
    """
    end_ms = SystemClock().now_ms()
    clock = SimulatedClock(end_ms - days * _DAY_MS)
    meters = open_meters(settings, clock)
    meter = first_simulated(meters)
    if meter is None or len(meters) > 1 or settings.gate != "simulated":
        raise SettingsError('--history needs power.meters = ["simulated://…"] and gate = "simulated".')
    outbox = OutboxService(store, None, clock, boot=secrets.token_hex(4))
    plans = PlanFollowers()
    let_loads_follow(plans, meter)
    power = PowerService(meter, clock, outbox.emit, plans.tell, meter.pack.battery)
    offline = settings.model_copy(update={"gate_socket": None})
    hotspot = build_hotspot(offline, clock, outbox.emit, plans)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(power.run()), group.create_task(hotspot.run())]
        await clock.run_until(end_ms)
        for task in tasks:
            task.cancel()
    outbox.flush()
    return Past(soc_pct=meter.pack.soc_pct, knowledge=power.knowledge())
