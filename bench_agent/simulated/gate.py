"""A gate and a neighbour table that behave, without a kernel."""

import hashlib
from dataclasses import dataclass

from bench_agent.domain.hotspot import HotspotConfig, Session, is_spent
from bench_agent.errors import GateError
from bench_agent.ports.clock import Clock


@dataclass(slots=True)
class _Entry:
    ends_ms: int
    quota_down_bytes: int
    down_bytes: int = 0
    up_bytes: int = 0


class SimulatedGate:
    """Sessions that run out by the clock and stop passing at their quota."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._prepared = False
        self._entries: dict[tuple[str, str], _Entry] = {}

    def prepare(self, config: HotspotConfig) -> None:
        """Close everything but the sessions already open."""
        del config
        self._prepared = True

    def admit(self, ip: str, mac: str, timeout_s: int, quota_down_bytes: int) -> None:
        """Open or renew a session; raises GateError before ``prepare``."""
        if not self._prepared:
            raise GateError("the gate is not prepared")
        self._entries[ip, mac] = _Entry(self._clock.monotonic_ms() + timeout_s * 1000, quota_down_bytes)

    def remove(self, ip: str, mac: str) -> None:
        """End a session."""
        self._entries.pop((ip, mac), None)

    def sessions(self) -> tuple[Session, ...]:
        """Sessions whose time has not run out."""
        now_ms = self._clock.monotonic_ms()
        self._entries = {pair: entry for pair, entry in self._entries.items() if entry.ends_ms > now_ms}
        return tuple(
            Session(
                ip=ip,
                mac=mac,
                remaining_s=-((now_ms - entry.ends_ms) // 1000),
                down_bytes=entry.down_bytes,
                up_bytes=entry.up_bytes,
            )
            for (ip, mac), entry in self._entries.items()
        )

    def download(self, ip: str, mac: str, size_bytes: int) -> bool:
        """Let a station fetch ``size_bytes``; whether they passed. Refused bytes count too (HOT-R23)."""
        session = next((open_ for open_ in self.sessions() if (open_.ip, open_.mac) == (ip, mac)), None)
        if session is None:
            return False
        entry = self._entries[ip, mac]
        passed = not is_spent(session, entry.quota_down_bytes)
        entry.down_bytes += size_bytes
        return passed


class SimulatedNeighbours:
    """Every address has a device; its locally administered MAC follows from the address."""

    async def mac_of(self, ip: str) -> str | None:
        """The MAC of the device pretended to be at ``ip``."""
        digest = hashlib.sha256(ip.encode()).digest()
        return ":".join(f"{byte:02x}" for byte in (0x02, *digest[:5]))
