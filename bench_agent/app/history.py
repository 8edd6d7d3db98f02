"""A simulated bench lives through past days at full speed, offline; its records wait as a backlog.

Power and hotspot live them at the start. The films follow as soon as the first programme is there: the past
screen was on and off when the past energy plan said so, and showed what the scheduler picks for those days.
"""

import asyncio
import secrets
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urlsplit

from bench_agent.adapters.outbox_sqlite import SqliteOutbox
from bench_agent.adapters.system_clock import SystemClock
from bench_agent.app.hotspot import build_hotspot
from bench_agent.app.power import PlanFollowers, open_simulated_meter, opening_hours
from bench_agent.errors import SettingsError
from bench_agent.services.outbox import OutboxService
from bench_agent.services.playback import PlaybackService, Programme
from bench_agent.services.power import PowerKnowledge, PowerService
from bench_agent.settings import Settings
from bench_agent.simulated.clock import SimulatedClock
from bench_agent.simulated.player import SimulatedPlayer
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
    soc_pct: float
    """True state of charge of the simulated battery at the end."""
    knowledge: PowerKnowledge
    """What the agent believes of it."""
    display: tuple[DisplaySwitch, ...]
    """Oldest first."""


async def live_through(settings: Settings, store: SqliteOutbox, days: int) -> Past:
    """Live the last ``days`` up to now with the real services on virtual time.

    Raises:
        SettingsError: The bench is not simulated: nobody can relive real hardware.
    """
    if urlsplit(settings.power).scheme != "simulated" or settings.gate != "simulated":
        raise SettingsError('--history needs power = "simulated://…" and gate = "simulated".')
    end_ms = SystemClock().now_ms()
    clock = SimulatedClock(end_ms - days * _DAY_MS)
    boot = secrets.token_hex(4)
    outbox = OutboxService(store, None, clock, boot)
    plans = PlanFollowers()
    display: list[DisplaySwitch] = []
    plans.follow(lambda plan: display.append(DisplaySwitch(clock.now_ms(), plan.display_on)))
    meter = open_simulated_meter(settings, clock, plans)
    hours = opening_hours(settings)
    power = PowerService(meter, clock, outbox.emit, plans.tell, meter.pack.battery, hours)
    offline = settings.model_copy(update={"gate_socket": None})
    hotspot = build_hotspot(offline, clock, outbox.emit, plans)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(power.run()), group.create_task(hotspot.run())]
        await clock.run_until(end_ms)
        for task in tasks:
            task.cancel()
    outbox.flush()
    return Past(
        start_ms=end_ms - days * _DAY_MS,
        end_ms=end_ms,
        boot=boot,
        soc_pct=meter.pack.soc_pct,
        knowledge=power.knowledge(),
        display=tuple(display),
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
