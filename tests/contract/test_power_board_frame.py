"""POW-R71: the board's firmware and the agent's adapter speak the same frames, though they share no code."""

import random
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench_agent.adapters.power_board_frame import (
    Ack,
    Flag,
    FrameDecoder,
    HaltNotice,
    Kind,
    Result,
    Status,
    Version,
    encode,
    encode_limit,
    encode_maintenance,
    encode_query,
    encode_sleep,
)
from bench_agent.domain.supply import SupplyLimit, SupplyReason, SupplyState
from tests.firmware.virtual_machines import FIRMWARE, TIMEOUT_S, UNIX, VM, environment

FRAMES = 10_000


def minus(later: int, earlier: int) -> int:
    return later - earlier


@pytest.fixture(scope="module")
def firmware() -> Iterator[Any]:
    """The board's own modules, imported from its folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(FIRMWARE))
        modules = {name: import_module(name) for name in ("framing", "guard", "link", "meter")}
        yield SimpleNamespace(**modules)
    for name in modules:
        del sys.modules[name]


def random_frames(seed: int) -> list[tuple[int, bytes]]:
    rng = random.Random(seed)
    return [(rng.randrange(256), rng.randbytes(rng.randrange(65))) for _ in range(FRAMES)]


def test_what_the_firmware_writes_the_agent_reads(firmware: Any) -> None:
    decoder = FrameDecoder()
    for kind, payload in random_frames(1):
        frame = firmware.framing.encode(kind, payload)
        assert decoder.feed_raw(frame, 0) == [(1, kind, payload)]
    assert decoder.bad_frames == 0


def test_what_the_agent_writes_the_firmware_reads(firmware: Any) -> None:
    decoder = firmware.framing.Decoder(minus)
    for kind, payload in random_frames(2):
        assert decoder.feed(encode(kind, payload), 0) == [(1, kind, payload)]
    assert decoder.bad_frames == 0


def test_both_read_and_write_the_same_in_a_real_virtual_machine() -> None:
    frames = random_frames(3)
    said = "".join(f"{kind} {payload.hex()} {encode(kind, payload).hex()}\n" for kind, payload in frames)
    done = subprocess.run(
        [UNIX, "-X", "heapsize=192k", VM / "exchange.py"],
        env=environment(),
        input=said,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    expected = [f"1:{kind}:{payload.hex()};{encode(kind, payload).hex()}" for kind, payload in frames]
    assert done.stdout.splitlines() == expected


STREAM = st.lists(
    st.one_of(
        st.binary(max_size=40),
        st.builds(encode, st.integers(0, 255), st.binary(max_size=64), st.integers(0, 3)),
        st.binary(max_size=8).map(lambda tail: b"\x7e\x01" + tail),
    ),
    max_size=12,
).map(b"".join)


@given(STREAM, st.lists(st.integers(0, 800), max_size=10), st.lists(st.integers(0, 150), min_size=11))
def test_both_find_the_same_frames_in_any_stream_at_any_pace(
    firmware: Any, stream: bytes, cuts: list[int], pauses_ms: list[int]
) -> None:
    ours, theirs = FrameDecoder(), firmware.framing.Decoder(minus)
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    now_ms = 0
    for (begin, end), pause_ms in zip(pairwise(edges), pauses_ms, strict=False):
        now_ms += pause_ms
        assert ours.feed_raw(stream[begin:end], now_ms) == theirs.feed(stream[begin:end], now_ms)
        assert ours.feed_raw(b"", now_ms + 40) == theirs.feed(b"", now_ms + 40)
    assert ours.feed_raw(b"", now_ms + 100) == theirs.feed(b"", now_ms + 100)
    assert ours.bad_frames == theirs.bad_frames


class Board:
    """The firmware's guard, meter and link with the agent's decoder behind them."""

    def __init__(self, firmware: Any) -> None:
        limits = firmware.guard.Limits()
        self.guard = firmware.guard.Guard(limits, 0, minus)
        self.meter = firmware.meter.Meter(minus)
        self.link = firmware.link.Link(self.guard, limits, self.meter, lambda: True, 3)
        self.limits = limits
        self._framing = firmware.framing
        self.now_ms = 0

    def read(self, frame: bytes) -> Status | Ack | HaltNotice | Version:
        (message,) = FrameDecoder().feed(frame, 0)
        return message

    def say(self, frame: bytes) -> Status | Ack | HaltNotice | Version:
        (heard,) = self._framing.Decoder(minus).feed(frame, self.now_ms)
        return self.read(self.link.answer(heard, self.now_ms))

    def run(self) -> None:
        for self.now_ms in (0, 30_000, 60_000):
            self.meter.add(self.now_ms, (13_120, -2_450), None)
            self.guard.step(self.now_ms, 13_120, None)
        assert self.say(encode(Kind.HEARTBEAT)) == Ack(kind=Kind.HEARTBEAT, result=Result.OK)


def test_every_order_of_the_agent_is_obeyed_by_the_firmware(firmware: Any) -> None:
    board = Board(firmware)
    assert board.say(encode(Kind.HALTED)) == Ack(kind=Kind.HALTED, result=Result.NOT_IN_THIS_STATE)
    board.run()
    assert board.say(encode_maintenance(240)) == Ack(kind=Kind.MAINTENANCE, result=Result.OK)
    assert board.guard.in_maintenance
    for limit in SupplyLimit:
        default, least, most = firmware.guard.Limits.BOUNDS[limit]
        assert board.say(encode_limit(limit, default)) == Ack(kind=Kind.LIMIT, result=Result.OK), limit
        for value in (least - 1, most + 1):
            assert board.say(encode_limit(limit, value)) == Ack(kind=Kind.LIMIT, result=Result.OUT_OF_RANGE)
    assert len(SupplyLimit) == len(firmware.guard.Limits.BOUNDS)
    assert board.say(encode_sleep(25_200, critical=True)) == Ack(kind=Kind.SLEEP, result=Result.OK)
    assert board.guard.reason == firmware.guard.CRITICAL
    assert board.say(encode_query(Kind.HALT_REQUEST)) == HaltNotice(
        reason=SupplyReason.CRITICAL, seconds_left=45
    )


def test_every_state_reason_and_flag_of_the_firmware_has_the_agents_name(firmware: Any) -> None:
    board = Board(firmware)
    for state in SupplyState:
        for reason in SupplyReason:
            for timeout in (False, True):
                if SupplyState.UNKNOWN in (state, reason) or SupplyReason.UNKNOWN in (state, reason):
                    continue
                board.guard.state = getattr(firmware.guard, state.name)
                board.guard.reason = getattr(firmware.guard, reason.name) | timeout * firmware.guard.TIMEOUT
                status = board.read(board.link.status())
                assert isinstance(status, Status)
                assert (status.state, status.reason, status.timed_out) == (state, reason, timeout)
    for ours, theirs in (
        (Flag.CURRENT_KNOWN, "CURRENT"),
        (Flag.ON_DIVIDER, "DIVIDER"),
        (Flag.IN_MAINTENANCE, "IN_MAINTENANCE"),
        (Flag.BACKS_OFF, "BACKS_OFF"),
        (Flag.WAITS_FOR_WAKE, "WAITS_FOR_WAKE"),
        (Flag.FLASH_FAILED, "FLASH_FAILED"),
    ):
        assert ours == getattr(firmware.link, theirs)


def test_status_and_version_of_the_firmware_mean_the_same_to_the_agent(firmware: Any) -> None:
    board = Board(firmware)
    board.run()
    board.meter.in_mah, board.meter.out_mah, board.link.uptime_s = 120_345, 118_200, 3_600
    assert board.say(encode_query(Kind.STATUS)) == Status(
        state=SupplyState.RUN,
        reason=SupplyReason.ALIVE,
        timed_out=False,
        flags=Flag.CURRENT_KNOWN,
        battery_mv=13_120,
        battery_ma=-2_450,
        in_mah=120_345,
        out_mah=118_200,
        uptime_s=3_600,
    )
    assert board.say(encode_query(Kind.VERSION)) == Version(
        protocol=1, firmware=firmware.link.FIRMWARE, reset_cause=3, attempts=1, last_off=SupplyReason.COLD
    )
