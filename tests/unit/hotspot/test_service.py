import asyncio
from pathlib import Path

import pytest

from bench_agent.adapters.dnsmasq import DnsmasqLeaseBook
from bench_agent.adapters.nftables import NftablesGate
from bench_agent.domain.gate_messages import GateReply, GateRequest, Verb
from bench_agent.domain.hotspot import HotspotConfig, Refusal
from bench_agent.errors import GateError
from bench_agent.services.hotspot import HotspotService
from bench_agent.simulated.gate import SimulatedGate, SimulatedNeighbours
from bench_agent.wire.telemetry import HotspotMinute
from tests.unit.hotspot.manual_clock import ManualClock
from tests.unit.power.plans import CLOSED

MEBIBYTE = 1024 * 1024
PHONE = "10.77.1.1"


class Hotspot:
    def __init__(self, *, leases: DnsmasqLeaseBook | None = None, station_cap: int = 2) -> None:
        self.clock = ManualClock()
        self.gate = SimulatedGate(self.clock)
        self.reports: list[HotspotMinute] = []
        config = HotspotConfig(station_cap=station_cap, quota_down_bytes=50 * MEBIBYTE, session_s=600)
        self.gate.prepare(config)
        self.service = HotspotService(
            config=config,
            gate=self.gate,
            neighbours=SimulatedNeighbours(),
            clock=self.clock,
            emit=self.report,
            leases=leases,
            station_count=lambda: 3,
        )

    def report(self, minute: HotspotMinute) -> None:
        self.reports.append(minute)
        raise asyncio.CancelledError

    def ask(self, verb: Verb, ip: str = PHONE) -> GateReply:
        return asyncio.run(self.service.answer(GateRequest(id=1, verb=verb, ip=ip)))

    def mac(self, ip: str = PHONE) -> str:
        mac = asyncio.run(SimulatedNeighbours().mac_of(ip))
        assert mac is not None
        return mac


def test_admits_until_time_runs_out() -> None:
    hotspot = Hotspot()
    assert not hotspot.ask(Verb.STATUS).inside
    assert hotspot.ask(Verb.ADMIT).remaining_s == 600
    hotspot.clock.time_ms += 599_000
    assert hotspot.ask(Verb.STATUS).remaining_s == 1
    hotspot.clock.time_ms += 1_000
    assert not hotspot.ask(Verb.STATUS).inside


def test_second_consent_gives_no_second_session() -> None:
    hotspot = Hotspot()
    hotspot.ask(Verb.ADMIT)
    hotspot.clock.time_ms += 100_000
    assert hotspot.ask(Verb.ADMIT).remaining_s == 500


def test_leaving_ends_the_session() -> None:
    hotspot = Hotspot()
    hotspot.ask(Verb.ADMIT)
    assert not hotspot.ask(Verb.LEAVE).inside
    assert hotspot.gate.sessions() == ()


def test_full_hotspot_refuses_the_next_station() -> None:
    """HOT-R42."""
    hotspot = Hotspot(station_cap=1)
    hotspot.ask(Verb.ADMIT)
    assert hotspot.ask(Verb.ADMIT, "10.77.1.2").refusal == Refusal.FULL


def test_plan_off_refuses_new_and_keeps_open_sessions() -> None:
    """HOT-R56."""
    hotspot = Hotspot()
    hotspot.ask(Verb.ADMIT)
    hotspot.service.follow_plan(CLOSED)
    assert hotspot.ask(Verb.ADMIT, "10.77.1.2").refusal == Refusal.OFF
    assert hotspot.ask(Verb.STATUS).inside


def test_used_quota_ends_the_session() -> None:
    """HOT-R23, HOT-R43."""
    hotspot = Hotspot()
    hotspot.ask(Verb.ADMIT)
    assert hotspot.gate.download(PHONE, hotspot.mac(), 50 * MEBIBYTE)
    assert not hotspot.gate.download(PHONE, hotspot.mac(), 1)
    hotspot.service.sweep()
    assert not hotspot.ask(Verb.STATUS).inside


def test_lease_must_agree_with_the_neighbour(tmp_path: Path) -> None:
    """HOT-R40; a torn last line counts for nothing."""
    book = tmp_path / "leases"
    hotspot = Hotspot(leases=DnsmasqLeaseBook(book))
    assert hotspot.ask(Verb.ADMIT).refusal == Refusal.UNKNOWN_STATION
    line = f"1999999999 {hotspot.mac()} {PHONE} * *"
    book.write_text(line)
    assert hotspot.ask(Verb.ADMIT).refusal == Refusal.UNKNOWN_STATION
    book.write_text(line + "\n")
    assert hotspot.ask(Verb.ADMIT).inside


def test_minute_report_holds_counts_only() -> None:
    """HOT-R61."""
    hotspot = Hotspot(station_cap=1)
    hotspot.ask(Verb.ADMIT)
    hotspot.ask(Verb.ADMIT, "10.77.1.2")
    hotspot.gate.download(PHONE, hotspot.mac(), 1000)
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(hotspot.service.run())
    assert hotspot.reports == [
        HotspotMinute(stations=3, sessions=1, admitted=1, refused=1, down_bytes=1000, up_bytes=0)
    ]
    assert hotspot.clock.time_ms == 1_060_000


def test_address_that_is_none_is_outside() -> None:
    assert not Hotspot().ask(Verb.ADMIT, "; flush ruleset").inside


def test_missing_libnftables_names_the_cure(tmp_path: Path) -> None:
    with pytest.raises(GateError, match="apt install python3-nftables"):
        NftablesGate(tmp_path / "nftables.py")
