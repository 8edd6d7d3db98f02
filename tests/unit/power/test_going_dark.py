"""From the plan's dark to the goodbye, the power board and back (POW-R42, R48, R55)."""

import asyncio
import sys
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest

from bench_agent.adapters.systemd import SystemdHost
from bench_agent.domain.battery import Battery
from bench_agent.errors import HostError, PowerMeterSilentError
from bench_agent.ports.uplink import Arrival, UplinkError
from bench_agent.services.power import Dark, Goodbye, SupplyService
from bench_agent.services.uplink import UplinkService
from bench_agent.simulated.clock import SimulatedClock
from bench_agent.simulated.power_meter import SimulatedPowerMeter
from bench_agent.simulated.sun import Site
from bench_agent.simulated.supply_board import SimulatedSupplyBoard
from bench_agent.wire.presence import BenchState, Birth, StateReason
from bench_agent.wire.topics import Channel
from tests.unit.power.rig import HOUR_MS, MIDNIGHT_MS, Rig


@dataclass
class MemoryUplink:
    """A broker that keeps what it hears."""

    said: list[BenchState] = field(default_factory=list)
    closed: bool = False

    async def connect(self, will: BenchState) -> None:
        del will

    def publish(self, channel: Channel, payload: bytes, leaf: str = "") -> None:
        del leaf
        if self.closed:
            raise UplinkError("closed")
        if channel is Channel.STATE:
            self.said.append(msgspec.json.decode(payload, type=BenchState))

    async def receive(self) -> Arrival:
        await asyncio.Event().wait()
        raise AssertionError

    async def close(self) -> None:
        self.closed = True


def bench(soc_pct: float) -> tuple[SimulatedClock, SimulatedPowerMeter, SimulatedSupplyBoard]:
    clock = SimulatedClock(MIDNIGHT_MS)
    meter = SimulatedPowerMeter(clock, Site(seed=1), Battery(), soc_pct)
    return clock, meter, SimulatedSupplyBoard(meter, clock)


def test_the_goodbye_names_the_reason_and_the_hour_of_return_r42() -> None:
    rig = Rig(can_sleep=True)
    rig.clock.advance(21 * HOUR_MS)
    rig.simulate(soc_pct=30.0)
    rig.live(rig.service(), 2 * HOUR_MS, until=lambda: bool(rig.darks))
    dark: Dark = rig.darks[0]
    broker = MemoryUplink()
    birth = Birth(agent_version="1", gen="k3f9", boot="b1", schemas=[])

    async def scene() -> None:
        uplink = UplinkService(broker, rig.clock, birth, lambda: 0.5)
        running = asyncio.create_task(uplink.run())
        for _ in range(20):
            await asyncio.sleep(0)
        await uplink.leave(dark.reason, dark.wake_at_ms)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(scene())
    online, offline = broker.said
    assert online.online
    assert (offline.online, offline.reason) == (False, StateReason.SLEEP)
    assert offline.wake_at == dark.wake_at_ms
    assert offline.sess == online.sess
    assert broker.closed


def test_a_bench_sent_to_sleep_returns_at_its_hour_and_not_before_r48() -> None:
    clock, meter, board = bench(soc_pct=60)

    async def scene() -> int:
        await board.sleep(7200, critical=False)
        waiting = asyncio.create_task(board.wait_supply())
        await clock.run_until(MIDNIGHT_MS + HOUR_MS)
        assert not waiting.done()
        assert meter.look().load_power_w < 1
        await clock.run_until(MIDNIGHT_MS + 3 * HOUR_MS)
        await waiting
        return (await board.version()).attempts

    assert asyncio.run(scene()) == 2


def test_a_flat_battery_waits_for_the_sun_however_short_the_sleep_r49() -> None:
    clock, meter, board = bench(soc_pct=12)

    async def scene() -> int:
        await board.sleep(600, critical=True)
        waiting = asyncio.create_task(board.wait_supply())
        while not waiting.done():
            await clock.run_until(clock.now_ms() + HOUR_MS)
        await waiting
        return clock.monotonic_ms()

    assert asyncio.run(scene()) > 6 * HOUR_MS
    assert meter.look().voltage_v >= 13.0


def test_low_volts_make_the_board_ask_once_for_a_halt_r48() -> None:
    clock, _, board = bench(soc_pct=8)
    halts: list[int] = []

    async def scene() -> None:
        service = SupplyService(board, clock, lambda: True, lambda: halts.append(clock.monotonic_ms()))
        running = asyncio.create_task(service.run())
        await clock.run_until(MIDNIGHT_MS + 60_000)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(scene())
    assert halts[0] == 20_000
    assert asyncio.run(board.version()).last_off == "low"


def test_an_agent_that_hangs_gives_no_heartbeat_and_a_silent_board_ends_nothing_r55() -> None:
    clock, meter, board = bench(soc_pct=60)
    beats: list[int] = []

    class CountedBoard(SimulatedSupplyBoard):
        async def heartbeat(self) -> None:  # type: ignore[explicit-override]
            beats.append(clock.monotonic_ms())
            if len(beats) == 2:
                raise PowerMeterSilentError("nothing")

    async def scene() -> None:
        service = SupplyService(
            CountedBoard(meter, clock), clock, lambda: clock.monotonic_ms() < 60_000, lambda: None
        )
        running = asyncio.create_task(service.run())
        await clock.run_until(MIDNIGHT_MS + 120_000)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(scene())
    assert beats == [0, 10_000, 20_000, 30_000, 40_000, 50_000]
    del board


@pytest.mark.parametrize(
    ("code", "words"),
    [("import sys; sys.exit('Access denied')", "Access denied"), ("pass", "still running 0 s after")],
)
def test_a_computer_that_does_not_go_off_is_an_error_with_its_words(
    tmp_path: Path, code: str, words: str
) -> None:
    host = SystemdHost(tmp_path, command=[sys.executable, "-c", code], shutdown_limit_s=0.0)
    with pytest.raises(HostError, match=words):
        asyncio.run(host.power_off())


def test_a_computer_without_systemd_is_an_error_too(tmp_path: Path) -> None:
    host = SystemdHost(tmp_path, command=[str(tmp_path / "systemctl"), "poweroff"])
    with pytest.raises(HostError, match="systemctl"):
        asyncio.run(host.power_off())


def test_a_stop_is_a_clean_goodbye_and_a_kill_is_none() -> None:
    rig = Rig()
    service = rig.service(rig.simulate())
    rig.live(service, 10 * 60_000)
    again = Rig(clock=rig.clock, files=rig.files, meter=rig.meter)
    assert again.service() is not None
    saved = rig.files.load()
    assert saved is not None
    assert msgspec.json.decode(saved)["goodbye"] == ""
    service.remember(Goodbye.STOP)
    assert msgspec.json.decode(rig.files.load() or b"{}")["goodbye"] == "stop"
