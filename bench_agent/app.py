"""Composition root of the agent: the only place that builds adapters; one task group runs all."""

import asyncio
import os
import random
import signal
import sys
from collections.abc import Callable, Coroutine, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import httpx
import structlog

from bench_agent.adapters.gate_socket import GateSocketServer
from bench_agent.adapters.media_http import HttpMediaStore
from bench_agent.adapters.mqtt import BrokerAddress, MqttUplink
from bench_agent.adapters.netlink import NetlinkNeighbours
from bench_agent.adapters.nftables import NftablesGate
from bench_agent.adapters.outbox_sqlite import OutboxLimits, SqliteOutbox
from bench_agent.adapters.player_process import PlayerProcess
from bench_agent.adapters.snapshot_http import HttpSnapshotSource
from bench_agent.adapters.sysinfo import LinuxHost
from bench_agent.adapters.system_clock import SystemClock, read_boot_id
from bench_agent.adapters.vedirect import VedirectPowerMeter
from bench_agent.domain.battery import Battery
from bench_agent.domain.energy import EnergyPlan
from bench_agent.domain.hotspot import HotspotConfig
from bench_agent.errors import GateError, SettingsError
from bench_agent.ports.clock import Clock
from bench_agent.ports.gate import Gate
from bench_agent.ports.neighbours import Neighbours
from bench_agent.ports.player import Player
from bench_agent.services.hotspot import HotspotService
from bench_agent.services.media_sync import MediaSync
from bench_agent.services.outbox import OutboxService
from bench_agent.services.playback import PlaybackService
from bench_agent.services.power import PowerService
from bench_agent.services.programme import ProgrammeService
from bench_agent.services.system import SystemService
from bench_agent.services.uplink import UplinkService
from bench_agent.settings import Settings
from bench_agent.simulated.bench_battery import Loads
from bench_agent.simulated.gate import SimulatedGate, SimulatedNeighbours
from bench_agent.simulated.player import SimulatedPlayer
from bench_agent.simulated.power_meter import SimulatedPowerMeter
from bench_agent.simulated.sun import Site
from bench_agent.wire.envelope import SCHEMAS
from bench_agent.wire.event import Event, Severity
from bench_agent.wire.ids import BenchId
from bench_agent.wire.presence import Birth, StateReason
from bench_agent.wire.topics import Channel
from media.snapshot import Snapshot

_MQTT_PORT, _MQTTS_PORT = 1883, 8883
_HTTP_TIMEOUT_S = 30.0

_log = structlog.get_logger(__name__)


def agent_version() -> str:
    """Version of the installed distribution, e.g. ``0.1.0``."""
    return version("smart-bench")


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """The services of one bench, ready to run."""

    outbox: OutboxService
    uplink: UplinkService | None
    loops: Mapping[str, Callable[[], Coroutine[None, None, None]]]
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


async def run_agent(settings: Settings) -> None:
    """Run the bench until SIGTERM or SIGINT; then flush, say goodbye and return."""
    clock = SystemClock()
    limits = OutboxLimits(
        play_wait_ms=int(settings.play_write_interval_s * 1000),
        minute_wait_ms=int(settings.minute_write_interval_s * 1000),
        max_bytes=settings.outbox_max_mb * 1_000_000,
        max_days=settings.history_days,
    )
    with closing(SqliteOutbox(settings.data_dir / "outbox.sqlite3", limits)) as store:
        agent = build_agent(settings, clock, store)
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


def build_agent(settings: Settings, clock: Clock, store: SqliteOutbox) -> Agent:
    """Choose and connect adapters and services as ``settings`` say."""
    jitter = random.SystemRandom()
    boot = read_boot_id()
    link = MqttUplink(_broker(settings), BenchId(settings.bench_id)) if settings.broker_url else None
    outbox = OutboxService(
        store, link, clock, boot, drain_wait_s=lambda: jitter.uniform(0, settings.drain_wait_max_s)
    )
    system = SystemService(LinuxHost(settings.data_dir), clock, outbox.emit, outbox.count, agent_version())
    loops: dict[str, Callable[[], Coroutine[None, None, None]]] = {"outbox": outbox.run, "system": system.run}
    followers: list[Callable[[EnergyPlan], None]] = []
    power = build_power(settings, clock, outbox, followers)
    loops["power"] = power.run
    playback = build_playback(settings, clock, outbox) if settings.server_url else None
    uplink = None
    if link is not None:
        birth = Birth(
            agent_version=agent_version(),
            gen=store.gen,
            boot=boot,
            schemas=sorted(SCHEMAS),
            hardware=read_hardware(),
        )
        uplink = UplinkService(link, clock, birth, jitter.random)
        uplink.listen(Channel.COMMIT, outbox.accept_commit)
        uplink.listen_link(outbox.follow_link)
        loops["uplink"] = uplink.run
        if playback is not None:
            uplink.listen(Channel.DESIRED, playback.programme.accept_desired)
    if playback is not None:
        display = playback.service
        followers.append(lambda plan: display.set_display(plan.display_on))
        loops["playback"] = playback.run
    if settings.gate_socket is not None:
        loops["hotspot"] = partial(run_hotspot, settings, clock, outbox, followers, lambda: power.plan)
    return Agent(outbox=outbox, uplink=uplink, loops=loops)


def build_power(
    settings: Settings, clock: Clock, outbox: OutboxService, followers: list[Callable[[EnergyPlan], None]]
) -> PowerService:
    """Open the meter that ``power`` names; ``followers`` hear every change of the energy plan."""

    def tell(plan: EnergyPlan) -> None:
        for follower in followers:
            follower(plan)

    url = urlsplit(settings.power)
    if url.scheme == "vedirect":
        return PowerService(VedirectPowerMeter(url.path, clock), clock, outbox.emit, tell)
    try:
        query = {"seed": "1", "wp": "100", "ah": "50"} | dict(
            parse_qsl(url.query, strict_parsing=bool(url.query))
        )
        site = Site(
            latitude_deg=settings.lat,
            longitude_deg=settings.lon,
            seed=int(query.pop("seed")),
            panel_wp=float(query.pop("wp")),
        )
        battery = Battery(capacity_ah=float(query.pop("ah")))
    except ValueError as err:
        raise SettingsError(f"key 'power': {err}. Cure: simulated://?seed=1&wp=100&ah=50") from err
    if query:
        raise SettingsError(f"key 'power': unknown part {min(query)!r}. Cure: use seed, wp and ah only.")
    meter = SimulatedPowerMeter(clock, site, battery)
    followers.append(
        lambda plan: meter.set_loads(
            Loads(hotspot=plan.hotspot_on, display=plan.display_on, audio=plan.audio_on)
        )
    )
    return PowerService(meter, clock, outbox.emit, tell, battery)


async def run_hotspot(
    settings: Settings,
    clock: Clock,
    outbox: OutboxService,
    followers: list[Callable[[EnergyPlan], None]],
    plan_now: Callable[[], EnergyPlan | None],
) -> None:
    """Answer the portal and count sessions; a gate that cannot be opened is an event, not the agent's end."""
    config = HotspotConfig(lan_interface=settings.hotspot_interface, wan_interface=settings.wan_interface)
    try:
        gate, neighbours = _build_gate(settings, clock)
        hotspot = HotspotService(
            config=config, gate=gate, neighbours=neighbours, clock=clock, emit=outbox.emit
        )
        gate.prepare(config)
        plan = plan_now()
        hotspot.set_hotspot_on(hotspot_on=plan is None or plan.hotspot_on)
        followers.append(lambda plan: hotspot.set_hotspot_on(hotspot_on=plan.hotspot_on))
        if settings.gate_socket is not None:
            async with GateSocketServer(settings.gate_socket, hotspot.answer, portal_uid=settings.portal_uid):
                await hotspot.run()
    except GateError as err:
        _log.error("hotspot_failed", reason=str(err))
        outbox.emit(
            Event(
                kind="hotspot.failed",
                severity=Severity.CRITICAL,
                text="Hotspot tidak dapat dibuka.",
                facts={"reason": str(err)[:200]},
            )
        )


def _build_gate(settings: Settings, clock: Clock) -> tuple[Gate, Neighbours]:
    match settings.gate:
        case "simulated":
            return SimulatedGate(clock), SimulatedNeighbours()
        case "nftables":
            return NftablesGate(), NetlinkNeighbours(settings.hotspot_interface)


@dataclass(frozen=True, slots=True, kw_only=True)
class Playback:
    """Everything between the desired snapshot and the screen."""

    client: httpx.AsyncClient
    programme: ProgrammeService
    media: MediaSync
    store: HttpMediaStore
    player: Player
    service: PlaybackService

    async def run(self) -> None:
        """Fetch and play until cancelled; then end the player."""
        try:
            async with self.client, asyncio.TaskGroup() as group:
                group.create_task(self.programme.run(), name="programme")
                group.create_task(self.media.run(), name="media")
                group.create_task(self.service.run(), name="player")
        finally:
            await self.player.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ready:
    """What may be played now: the snapshot and those of its files that are verified."""

    snapshot: Callable[[], Snapshot | None]
    unavailable: Callable[[], frozenset[str]]
    path_of: Callable[[str], Path]


def build_playback(settings: Settings, clock: Clock, outbox: OutboxService) -> Playback:
    """Connect server, media folder, schedule and screen."""
    folder = settings.data_dir / "media"
    folder.mkdir(parents=True, exist_ok=True)
    token = settings.server_token.get_secret_value()
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    client = httpx.AsyncClient(base_url=settings.server_url, headers=headers, timeout=_HTTP_TIMEOUT_S)
    source = HttpSnapshotSource(client, settings.data_dir / "snapshot.json")
    programme = ProgrammeService(source, clock, random.SystemRandom().random)
    store = HttpMediaStore(client, folder)
    media = MediaSync(store, clock, programme.snapshot)
    ready = _Ready(snapshot=programme.snapshot, unavailable=media.unavailable, path_of=store.path_of)
    player = _build_player(settings, clock, folder)
    service = PlaybackService(ready, player, clock, outbox.emit_play)
    return Playback(
        client=client, programme=programme, media=media, store=store, player=player, service=service
    )


def _build_player(settings: Settings, clock: Clock, folder: Path) -> Player:
    if settings.player == "simulated":
        return SimulatedPlayer(clock)
    command = [sys.executable, "-m", "bench_agent.player", "--backend", settings.player]
    command += ["--socket", str(settings.player_socket), "--media", str(folder)]
    return PlayerProcess(command, settings.player_socket)


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
