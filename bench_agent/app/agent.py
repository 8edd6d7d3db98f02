"""The whole agent: its parts joined by the settings, run by one task group."""

import asyncio
import os
import random
import signal
from collections.abc import Callable, Coroutine, Mapping
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import structlog

from bench_agent.adapters.mqtt import BrokerAddress, MqttUplink
from bench_agent.adapters.outbox_sqlite import OutboxLimits, SqliteOutbox
from bench_agent.adapters.sysinfo import LinuxHost
from bench_agent.adapters.system_clock import SystemClock, read_boot_id
from bench_agent.app.history import Past, live_through
from bench_agent.app.hotspot import build_hotspot
from bench_agent.app.power import START_SOC_PCT, PlanFollowers, build_power
from bench_agent.ports.clock import Clock
from bench_agent.services.live import LiveService
from bench_agent.services.outbox import OutboxService
from bench_agent.services.system import SystemService
from bench_agent.services.uplink import UplinkService
from bench_agent.settings import Settings
from bench_agent.wire.envelope import SCHEMAS, Body
from bench_agent.wire.ids import BenchId
from bench_agent.wire.presence import Birth, StateReason
from bench_agent.wire.topics import Channel

if TYPE_CHECKING:
    from bench_agent.ports.uplink import Arrival

Loop = Callable[[], Coroutine[None, None, None]]

_MQTT_PORT, _MQTTS_PORT = 1883, 8883

_log = structlog.get_logger(__name__)


def agent_version() -> str:
    """Version of the installed distribution, e.g. ``0.1.0``."""
    return version("smart-bench")


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """The services of one bench, ready to run."""

    outbox: OutboxService
    uplink: UplinkService | None
    loops: Mapping[str, Loop]
    """Every endless loop by name."""

    async def run(self) -> None:
        """Run every service until cancelled; one that fails ends the agent, systemd starts it anew."""
        try:
            async with asyncio.TaskGroup() as group:
                for name, loop in self.loops.items():
                    group.create_task(loop(), name=name)
        finally:
            self.outbox.flush()
            if self.uplink is not None:
                await self.uplink.leave(StateReason.RUN)


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
        past = await live_through(settings, store, history_days) if history_days else None
        agent = build_agent(settings, clock, store, past)
        running = asyncio.create_task(agent.run(), name="agent")
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, running.cancel)
        _log.info(
            "agent_started", bench=settings.bench_id, gen=store.gen, version=agent_version(), pid=os.getpid()
        )
        await asyncio.wait({running})
        if not running.cancelled():
            await running
        _log.info("agent_stopped", waiting=store.count())


def build_agent(settings: Settings, clock: Clock, store: SqliteOutbox, past: Past | None = None) -> Agent:
    """Choose and connect adapters and services as ``settings`` say.

    A simulated bench goes on from its ``past``.
    """
    jitter = random.SystemRandom()
    boot = read_boot_id()
    link = MqttUplink(_broker(settings), BenchId(settings.bench_id)) if settings.broker_url else None
    outbox = OutboxService(
        store, link, clock, boot, drain_wait_s=lambda: jitter.uniform(0, settings.drain_wait_max_s)
    )
    system = SystemService(LinuxHost(settings.data_dir), clock, outbox.emit, outbox.count, agent_version())
    plans = PlanFollowers()
    power = build_power(settings, clock, outbox.emit, plans, past.soc_pct if past else START_SOC_PCT)
    if past is not None:
        power.resume(past.knowledge)
    loops: dict[str, Loop] = {"outbox": outbox.run, "system": system.run, "power": power.run}
    sections: dict[str, Callable[[], Body | None]] = {"power": power.live_sample}
    if settings.gate_socket is not None:
        hotspot = build_hotspot(settings, clock, outbox.emit, plans)
        loops["hotspot"] = hotspot.run
        sections["hotspot"] = hotspot.service.live_sample
    listeners: dict[Channel, Callable[[Arrival], None]] = {Channel.COMMIT: outbox.accept_commit}
    if settings.server_url:
        from bench_agent.app.playback import build_playback

        playback = build_playback(settings, clock, outbox)
        plans.follow(lambda plan: playback.service.set_display(plan.display_on))
        loops["playback"] = playback.run
        listeners[Channel.DESIRED] = playback.programme.accept_desired
    uplink = None
    if link is not None:
        uplink = UplinkService(link, clock, _birth(store, boot), jitter.random)
        for channel, listener in listeners.items():
            uplink.listen(channel, listener)
        uplink.listen_link(outbox.follow_link)
        loops["uplink"] = uplink.run
        loops["live"] = LiveService(link, clock, sections).run
    return Agent(outbox=outbox, uplink=uplink, loops=loops)


def _birth(store: SqliteOutbox, boot: str) -> Birth:
    return Birth(
        agent_version=agent_version(),
        gen=store.gen,
        boot=boot,
        schemas=sorted(SCHEMAS),
        hardware=read_hardware(),
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
