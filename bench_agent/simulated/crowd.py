"""Simulated visitors who really go through the gate: they consent, download and leave."""

from collections.abc import Awaitable, Callable

from bench_agent.domain.gate_messages import GateReply, GateRequest, Verb
from bench_agent.ports.clock import Clock
from bench_agent.ports.neighbours import Neighbours
from bench_agent.simulated.gate import SimulatedGate
from bench_agent.simulated.phones import PhoneCounts, SimulatedPhones

Ask = Callable[[GateRequest], Awaitable[GateReply]]
"""The hotspot service's answer to a portal request."""

_MINUTE_S = 60.0


class SimulatedCrowd:
    """Keeps as many phones inside the gate as ``phones`` says have consented."""

    def __init__(self, phones: SimulatedPhones, gate: SimulatedGate, neighbours: Neighbours) -> None:
        self._phones = phones
        self._gate = gate
        self._neighbours = neighbours
        self._counts = phones.count()
        self._inside: list[str] = []
        self._arrived = 0

    def station_count(self) -> int:
        """Associated phones, with or without consent."""
        return self._counts.stations

    async def run(self, clock: Clock, ask: Ask) -> None:
        """Come, use and go once a minute until cancelled."""
        while True:
            await clock.sleep(_MINUTE_S)
            await self.live_minute(ask)

    async def live_minute(self, ask: Ask) -> None:
        """Bring the gate to this minute's number of phones and let them download."""
        before, self._counts = self._counts, self._phones.count()
        while len(self._inside) > self._counts.sessions:
            await ask(GateRequest(id=0, verb=Verb.LEAVE, ip=self._inside.pop(0)))
        while len(self._inside) < self._counts.sessions:
            self._arrived += 1
            ip = f"10.77.{1 + self._arrived // 250 % 8}.{1 + self._arrived % 250}"
            reply = await ask(GateRequest(id=0, verb=Verb.ADMIT, ip=ip))
            if not reply.inside:
                break
            self._inside.append(ip)
        await self._download(before, self._counts)

    async def _download(self, before: PhoneCounts, after: PhoneCounts) -> None:
        share = (after.down_bytes - before.down_bytes) // max(1, len(self._inside))
        for ip in self._inside:
            mac = await self._neighbours.mac_of(ip)
            if mac is not None:
                self._gate.download(ip, mac, share)
