"""The whole agent: its parts joined by the settings, run by one task group."""

import asyncio
import os
import random
import signal
from contextlib import closing
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import structlog

from bench_agent.adapters.mqtt import BrokerAddress, MqttUplink
from bench_agent.adapters.outbox_sqlite import OutboxLimits, SqliteOutbox
from bench_agent.adapters.sysfs_switches import Backlight, Governor
from bench_agent.adapters.system_clock import SystemClock
from bench_agent.app.history import Past, live_through, play_through
from bench_agent.app.hotspot import build_hotspot
from bench_agent.app.machine import (
    Machine,
    Start,
    first_boot,
    first_simulated,
    next_boot,
    open_machine,
    read_start,
)
from bench_agent.app.playback import build_playback
from bench_agent.app.power import PlanFollowers, build_power
from bench_agent.app.run import Agent, DarkSwitch, Loop, PowerListener
from bench_agent.errors import HostError
from bench_agent.services.desired import DesiredService
from bench_agent.services.live import LiveService
from bench_agent.services.outbox import OutboxService
from bench_agent.services.system import SystemService
from bench_agent.services.uplink import UplinkService
from bench_agent.settings import Settings
from bench_agent.wire.envelope import SCHEMAS, Body
from bench_agent.wire.ids import BenchId
from bench_agent.wire.presence import Birth
from bench_agent.wire.topics import Channel

if TYPE_CHECKING:
    from collections.abc import Callable

_MQTT_PORT, _MQTTS_PORT = 1883, 8883

_log = structlog.get_logger(__name__)


def agent_version() -> str:
    """Version of the installed distribution, e.g. ``0.1.0``."""
    return version("smart-bench")


async def run_agent(settings: Settings, history_days: int = 0) -> None:
    """Run the bench until SIGTERM or SIGINT; then flush, say goodbye and return.

    A simulated bench may first live through the last ``history_days``.
    """
    clock = SystemClock(trusted=settings.trust_clock)
    limits = OutboxLimits(
        play_wait_ms=int(settings.play_write_interval_s * 1000),
        minute_wait_ms=int(settings.minute_write_interval_s * 1000),
        max_bytes=settings.outbox_max_mb * 1_000_000,
        max_days=settings.history_days,
    )
    with closing(SqliteOutbox(settings.data_dir / "outbox.sqlite3", limits)) as store:
        machine = open_machine(settings, clock)
        past = await live_through(settings, store, machine, history_days) if history_days else None
        running = asyncio.create_task(_live(settings, store, machine, past), name="agent")
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, running.cancel)
        await asyncio.wait({running})
        if not running.cancelled():
            await running
        _log.info("agent_stopped", waiting=store.count())


async def _live(settings: Settings, store: SqliteOutbox, machine: Machine, past: Past | None) -> None:
    """One run after another; a real computer that goes dark ends the program within the first."""
    # A bench whose past ended in the dark begins awake: it brings its past in and announces the dark.
    boot = first_boot(machine)
    while True:
        start = await read_start(machine, boot)
        agent = build_agent(settings, store, machine, start, past)
        _log.info(
            "agent_started", bench=settings.bench_id, gen=store.gen, version=agent_version(), pid=os.getpid()
        )
        await agent.run()
        past = None
        await _be_dark(machine)
        boot = next_boot(machine)


async def _be_dark(machine: Machine) -> None:
    _log.info("computer_goes_dark")
    try:
        await machine.host.power_off()
    except HostError as err:  # going on is better than neither dark nor alive
        _log.error("computer_not_switched_off", cause=str(err))


def build_agent(
    settings: Settings, store: SqliteOutbox, machine: Machine, start: Start, past: Past | None = None
) -> Agent:
    """Choose and connect adapters and services as ``settings`` say; films play through ``past`` first."""
    clock = start.boot.clock if machine.clock is machine.plain else machine.plain
    jitter = random.SystemRandom()
    link = MqttUplink(_broker(settings), BenchId(settings.bench_id)) if settings.broker_url else None
    outbox = OutboxService(
        store, link, clock, start.boot.name, drain_wait_s=lambda: jitter.uniform(0, settings.drain_wait_max_s)
    )
    system = SystemService(machine.host, clock, outbox.emit, outbox.count, start.facts(agent_version()))
    plans, switch, desired = PlanFollowers(), DarkSwitch(), DesiredService()
    listener = PowerListener(outbox=outbox, plans=plans, switch=switch)
    power = build_power(settings, machine, start, plans, listener)
    desired.follow(power.service.accept_desired)
    _let_kernel_follow(settings, plans)
    loops: dict[str, Loop] = {"outbox": outbox.run, "system": system.run, "power": power.run}
    sections: dict[str, Callable[[], Body | None]] = {"power": power.service.live_sample}
    if settings.gate_socket is not None:
        hotspot = build_hotspot(settings, clock, outbox.emit, plans)
        loops["hotspot"] = hotspot.run
        sections["hotspot"] = hotspot.service.live_sample
    if settings.server_url:
        play_past = None if past is None else partial(play_through, past, store=store)
        playback = build_playback(settings, clock, outbox, play_past)
        plans.follow(lambda plan: playback.service.set_display(plan.display_on))
        loops["playback"] = playback.run
        desired.follow(playback.programme.accept_desired)
    uplink = None
    if link is not None:
        uplink = UplinkService(link, clock, _birth(settings, store, machine, start.boot.name), jitter.random)
        uplink.listen(Channel.COMMIT, outbox.accept_commit)
        uplink.listen(Channel.DESIRED, desired.accept)
        uplink.listen_link(outbox.follow_link)
        loops["uplink"] = uplink.run
        loops["live"] = LiveService(link, clock, sections).run
    return Agent(
        machine=machine,
        clock=clock,
        outbox=outbox,
        uplink=uplink,
        power=power.service,
        switch=switch,
        loops=loops,
    )


def _let_kernel_follow(settings: Settings, plans: PlanFollowers) -> None:
    """Backlight and governor follow the plan where the settings name them."""
    if settings.backlight is not None:
        light = Backlight(settings.backlight)
        plans.follow(lambda plan: light.set_percent(plan.backlight_pct))
    if settings.save_processor_power:
        governor = Governor()
        plans.follow(lambda plan: governor.set_powersave(on=plan.powersave))


def _birth(settings: Settings, store: SqliteOutbox, machine: Machine, boot: str) -> Birth:
    simulated = first_simulated(machine.meters)
    return Birth(
        agent_version=agent_version(),
        gen=store.gen,
        boot=boot,
        schemas=sorted(SCHEMAS),
        hardware=read_hardware(),
        panel_wp=settings.power.panel_wp if simulated is None else simulated.panel_wp,
    )


def read_hardware(path: Path = Path("/proc/device-tree/model")) -> str:
    """Board name from the device tree, or the machine's architecture."""
    try:
        return path.read_text().strip("\0\n ")[:80]
    except OSError:
        return os.uname().machine


def _broker(settings: Settings) -> BrokerAddress:
    url = urlsplit(settings.broker_url)
    tls = url.scheme == "mqtts"
    return BrokerAddress(
        host=url.hostname or "localhost",
        port=url.port or (_MQTTS_PORT if tls else _MQTT_PORT),
        username=settings.broker_username,
        password=settings.broker_password.get_secret_value(),
        tls=tls,
        ca_file=settings.broker_ca_file,
        certificate_file=settings.broker_certificate_file,
        key_file=settings.broker_key_file,
    )
