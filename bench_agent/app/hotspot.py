"""The hotspot part: gate, portal socket, and on a simulated bench its visitors."""

import asyncio
import zlib
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from bench_agent.adapters.gate_socket import GateSocketServer
from bench_agent.app.power import PlanFollowers
from bench_agent.domain.hotspot import HotspotConfig
from bench_agent.errors import GateError
from bench_agent.ports.clock import Clock
from bench_agent.ports.gate import Gate
from bench_agent.services.hotspot import HotspotService
from bench_agent.settings import Settings
from bench_agent.simulated.crowd import SimulatedCrowd
from bench_agent.simulated.gate import SimulatedGate, SimulatedNeighbours
from bench_agent.simulated.phones import SimulatedPhones
from bench_agent.wire.envelope import Body
from bench_agent.wire.event import Event, Severity

if TYPE_CHECKING:
    from bench_agent.ports.neighbours import Neighbours

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hotspot:
    """The hotspot of one bench, ready to run."""

    settings: Settings
    clock: Clock
    config: HotspotConfig
    gate: Gate
    service: HotspotService
    emit: Callable[[Body], None]
    crowd: SimulatedCrowd | None

    async def run(self) -> None:
        """Serve until cancelled; a gate that cannot be opened is an event, not the agent's end."""
        try:
            self.gate.prepare(self.config)
        except GateError as err:
            _log.error("hotspot_failed", reason=str(err))
            facts: dict[str, str | int | float | bool | None] = {"reason": str(err)[:200]}
            text = "Hotspot tidak dapat dibuka."
            self.emit(Event(kind="hotspot.failed", severity=Severity.CRITICAL, text=text, facts=facts))
            return
        async with AsyncExitStack() as stack:
            if self.settings.gate_socket is not None:
                server = GateSocketServer(
                    self.settings.gate_socket, self.service.answer, portal_uid=self.settings.portal_uid
                )
                await stack.enter_async_context(server)
            group = await stack.enter_async_context(asyncio.TaskGroup())
            group.create_task(self.service.run(), name="sessions")
            if self.crowd is not None:
                group.create_task(self.crowd.run(self.clock, self.service.answer), name="crowd")


def build_hotspot(
    settings: Settings, clock: Clock, emit: Callable[[Body], None], plans: PlanFollowers
) -> Hotspot:
    """Choose gate and neighbours; a simulated gate gets simulated visitors."""
    config = HotspotConfig(lan_interface=settings.hotspot_interface, wan_interface=settings.wan_interface)
    gate: Gate
    neighbours: Neighbours
    crowd: SimulatedCrowd | None = None
    match settings.gate:
        case "simulated":
            simulated_gate = SimulatedGate(clock)
            gate, neighbours = simulated_gate, SimulatedNeighbours()
            phones = SimulatedPhones(clock, seed=zlib.crc32(settings.bench_id.encode()))
            crowd = SimulatedCrowd(phones, simulated_gate, neighbours)
        case "nftables":
            # pyroute2 and libnftables cost 8 MB, which only a bench with a real gate should pay.
            from bench_agent.adapters.netlink import NetlinkNeighbours
            from bench_agent.adapters.nftables import NftablesGate

            gate, neighbours = NftablesGate(), NetlinkNeighbours(settings.hotspot_interface)
    service = HotspotService(
        config=config,
        gate=gate,
        neighbours=neighbours,
        clock=clock,
        emit=emit,
        station_count=crowd.station_count if crowd else lambda: None,
    )
    plans.follow(service.follow_plan)
    return Hotspot(
        settings=settings, clock=clock, config=config, gate=gate, service=service, emit=emit, crowd=crowd
    )
