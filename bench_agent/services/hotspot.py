"""The single writer of sessions: answers the portal and counts, never names (HOT-R5, HOT-R61)."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timezone
from ipaddress import AddressValueError, IPv4Address

import structlog

from bench_agent.domain.energy_hours import WIB
from bench_agent.domain.energy_notice import notice_of
from bench_agent.domain.energy_plan import EnergyPlan, HotspotMode
from bench_agent.domain.gate_messages import GateReply, GateRequest, Notice, Verb
from bench_agent.domain.hotspot import HotspotConfig, Session, decide_admit, is_spent
from bench_agent.errors import GateError
from bench_agent.ports.clock import Clock
from bench_agent.ports.gate import Gate
from bench_agent.ports.lease_book import LeaseBook
from bench_agent.ports.neighbours import Neighbours
from bench_agent.wire.telemetry import HotspotMinute

_log = structlog.get_logger(__name__)
_SWEEP_S = 10.0
_SWEEPS_PER_MINUTE = 6
_STATION_CAP = {HotspotMode.LIMITED: 50, HotspotMode.OPEN_HOURS: 20}
"""Sessions at a time while energy is short (HOT-R56)."""


class HotspotService:
    """Owns the sessions of one hotspot."""

    def __init__(  # noqa: PLR0913 - one per port
        self,
        *,
        config: HotspotConfig,
        gate: Gate,
        neighbours: Neighbours,
        clock: Clock,
        emit: Callable[[HotspotMinute], None],
        leases: LeaseBook | None = None,
        station_count: Callable[[], int | None] = lambda: None,
        zone: timezone = WIB,
    ) -> None:
        """Take the ports.

        Args:
            config: Settings of the hotspot.
            gate: Where sessions are enforced.
            neighbours: Where the MAC behind an address is found.
            clock: Time between reports.
            emit: Takes one report per minute.
            leases: DHCP leases that must agree with the neighbours; ``None`` asks for no lease.
            station_count: Associated devices now, ``None`` when no radio can tell.
            zone: Of the times of day that people on the bench are told.
        """
        self._config = config
        self._gate = gate
        self._neighbours = neighbours
        self._clock = clock
        self._emit = emit
        self._leases = leases
        self._station_count = station_count
        self._zone = zone
        self._hotspot_on = True
        self._plan: EnergyPlan | None = None
        self._admitted = 0
        self._refused = 0
        self._down_bytes = 0
        self._up_bytes = 0
        self._last_seen: dict[tuple[str, str], Session] = {}
        self._one_writer = asyncio.Lock()

    def follow_plan(self, plan: EnergyPlan) -> None:
        """Follow the energy plan: a smaller cap, or none, refuses new sessions and ends none (HOT-R56)."""
        self._plan = plan
        self._hotspot_on = plan.hotspot_on

    async def answer(self, request: GateRequest) -> GateReply:
        """Answer one request of the portal; raises GateError when the kernel refuses."""
        try:
            ip = str(IPv4Address(request.ip))
        except AddressValueError:
            return GateReply(id=request.id, inside=False)
        async with self._one_writer:
            mac = await self._neighbours.mac_of(ip)
            match request.verb:
                case Verb.STATUS:
                    pass
                case Verb.ADMIT:
                    return self._admit(request.id, ip, mac)
                case Verb.LEAVE:
                    self._leave(ip, mac)
            return self._reply(request.id, self._session(ip, mac))

    def sweep(self) -> None:
        """End sessions whose quota is used and add up the bytes since the last sweep (HOT-R23)."""
        seen: dict[tuple[str, str], Session] = {}
        for session in self._gate.sessions():
            pair = (session.ip, session.mac)
            before = self._last_seen.get(pair)
            self._down_bytes += _growth(session.down_bytes, before.down_bytes if before else 0)
            self._up_bytes += _growth(session.up_bytes, before.up_bytes if before else 0)
            if is_spent(session, self._config.quota_down_bytes):
                self._gate.remove(session.ip, session.mac)
            else:
                seen[pair] = session
        self._last_seen = seen

    def close_minute(self) -> HotspotMinute:
        """Counts since the last report; no address and no MAC leaves the bench (HOT-R61)."""
        minute = HotspotMinute(
            stations=self._station_count(),
            sessions=len(self._last_seen),
            admitted=self._admitted,
            refused=self._refused,
            down_bytes=self._down_bytes,
            up_bytes=self._up_bytes,
        )
        self._admitted = self._refused = self._down_bytes = self._up_bytes = 0
        return minute

    def live_sample(self) -> HotspotMinute:
        """Who is here now; the minute's sums stay with ``close_minute``."""
        return HotspotMinute(stations=self._station_count(), sessions=len(self._last_seen))

    async def run(self) -> None:
        """Sweep every 10 s and report every minute until cancelled."""
        failing = False
        while True:
            for _ in range(_SWEEPS_PER_MINUTE):
                await self._clock.sleep(_SWEEP_S)
                try:
                    async with self._one_writer:
                        self.sweep()
                except GateError as err:
                    if not failing:
                        _log.error("gate_unreadable", reason=str(err))
                    failing = True
                else:
                    if failing:
                        _log.info("gate_readable_again")
                    failing = False
            if not failing:
                self._emit(self.close_minute())

    def _admit(self, request_id: int, ip: str, mac: str | None) -> GateReply:
        session = self._session(ip, mac)
        if session is not None:
            return self._reply(request_id, session)
        refusal = decide_admit(
            replace(self._config, station_cap=self._station_cap()),
            hotspot_on=self._hotspot_on,
            neighbour_mac=mac,
            lease_mac=mac if self._leases is None else self._leases.mac_of(ip),
            open_sessions=len(self._gate.sessions()),
        )
        if refusal is not None or mac is None:
            self._refused += 1
            return GateReply(id=request_id, inside=False, refusal=refusal, notice=self._notice())
        self._gate.admit(ip, mac, self._config.session_s, self._config.quota_down_bytes)
        self._admitted += 1
        return self._reply(request_id, self._session(ip, mac))

    def _station_cap(self) -> int:
        cap = self._config.station_cap
        return cap if self._plan is None else min(cap, _STATION_CAP.get(self._plan.hotspot, cap))

    def _notice(self) -> Notice | None:
        if self._plan is None:
            return None
        return notice_of(self._plan, datetime.fromtimestamp(self._clock.now_ms() / 1000, self._zone))

    def _leave(self, ip: str, mac: str | None) -> None:
        if mac is not None:
            self._gate.remove(ip, mac)

    def _session(self, ip: str, mac: str | None) -> Session | None:
        pair = (ip, mac)
        return next((open_ for open_ in self._gate.sessions() if (open_.ip, open_.mac) == pair), None)

    def _reply(self, request_id: int, session: Session | None) -> GateReply:
        if session is None:
            return GateReply(id=request_id, inside=False, notice=self._notice())
        quota = self._config.quota_down_bytes
        return GateReply(
            id=request_id,
            inside=True,
            remaining_s=session.remaining_s,
            quota_left_bytes=max(0, quota - session.down_bytes) if quota else None,
            notice=self._notice(),
        )


def _growth(now_bytes: int, before_bytes: int) -> int:
    """Bytes since the last look; a smaller counter belongs to a new session of the same device."""
    return now_bytes - before_bytes if now_bytes >= before_bytes else now_bytes
