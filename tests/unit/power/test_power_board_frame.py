"""POW-R54, R69, R70: the host's side of the power board's frames."""

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench_agent.adapters.power_board_frame import (
    Ack,
    Flag,
    FrameDecoder,
    HaltNotice,
    Kind,
    Message,
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

STATUS = bytes.fromhex("7E 01 15 81 02 01 01 33 40 FF FF F6 6E 00 01 D6 19 00 01 CD B8 00 00 0E 10 29 CD")
ACK = bytes.fromhex("7E 01 02 82 03 00 56 5C")
STATUS_MESSAGE = Status(
    state=SupplyState.RUN,
    reason=SupplyReason.WAKE,
    timed_out=False,
    flags=Flag.CURRENT_KNOWN,
    battery_mv=13_120,
    battery_ma=-2_450,
    in_mah=120_345,
    out_mah=118_200,
    uptime_s=3_600,
)
ACK_MESSAGE = Ack(kind=Kind.SLEEP, result=Result.OK)
VECTORS: list[tuple[bytes, Message]] = [(STATUS, STATUS_MESSAGE), (ACK, ACK_MESSAGE)]


def decode(*chunks: bytes) -> list[Message]:
    """Messages of chunks that come at once; whatever is left is given up at the end."""
    decoder = FrameDecoder()
    messages = [message for chunk in chunks for message in decoder.feed(chunk, 0)]
    return messages + decoder.feed(b"", 100)


def test_writes_every_vector_of_pow_r54() -> None:
    assert encode(Kind.HEARTBEAT) == bytes.fromhex("7E 01 00 01 EB 8D")
    assert encode(Kind.HALTED) == bytes.fromhex("7E 01 00 02 DB EE")
    assert encode_sleep(25_200, critical=False) == bytes.fromhex("7E 01 05 03 00 00 62 70 00 3C F8")


@pytest.mark.parametrize(("frame", "message"), VECTORS)
def test_reads_every_vector_of_pow_r54_in_any_two_pieces(frame: bytes, message: Message) -> None:
    for cut in range(len(frame) + 1):
        assert decode(frame[:cut], frame[cut:]) == [message], cut


def test_the_other_frames_have_their_layout() -> None:
    assert encode_sleep(1, critical=True)[4:9] == b"\x00\x00\x00\x01\x01"
    assert encode_limit(SupplyLimit.CUT_MV, 11_900)[3:9] == b"\x04\x01\x00\x00\x2e\x7c"
    assert encode_query(Kind.VERSION)[3:5] == b"\x05\x84"
    assert encode_maintenance(240)[3:6] == b"\x06\x00\xf0"


@pytest.mark.parametrize(("frame", "message"), VECTORS)
def test_every_bit_flip_is_seen_and_the_good_frames_behind_it_are_read(
    frame: bytes, message: Message
) -> None:
    for bit in range(len(frame) * 8):
        damaged = bytearray(frame)
        damaged[bit // 8] ^= 1 << bit % 8
        assert decode(bytes(damaged) + ACK + STATUS) == [ACK_MESSAGE, STATUS_MESSAGE], (message, bit)


@pytest.mark.parametrize("frame", [STATUS, ACK])
def test_every_cut_costs_only_the_cut_frame(frame: bytes) -> None:
    for length in range(1, len(frame)):
        assert decode(frame[:length] + STATUS + ACK) == [STATUS_MESSAGE, ACK_MESSAGE], length
        assert decode(frame[length:] + STATUS + ACK) == [STATUS_MESSAGE, ACK_MESSAGE], length


def test_half_a_frame_waits_100_ms() -> None:
    decoder = FrameDecoder()
    assert decoder.feed(STATUS[:9], 1_000) == []
    assert decoder.feed(STATUS[9:], 1_099) == [STATUS_MESSAGE]
    decoder.feed(STATUS[:9], 2_000)
    assert decoder.feed(b"", 2_100) == []
    assert decoder.bad_frames == 1
    assert decoder.feed(STATUS[9:] + ACK, 2_101) == [ACK_MESSAGE]


def test_a_payload_longer_than_known_is_read_and_a_shorter_one_counted() -> None:
    decoder = FrameDecoder()
    longer = encode(Kind.STATUS, STATUS[4:-2] + b"\x01\x02")
    assert decoder.feed(longer, 0) == [STATUS_MESSAGE]
    for kind, least in ((Kind.STATUS, 21), (Kind.ACK, 2), (Kind.HALT_REQUEST, 3), (Kind.VERSION, 5)):
        assert decoder.feed(encode(kind, bytes(least - 1)), 0) == []
    assert decoder.foreign == 4


def test_another_protocol_an_unknown_type_and_an_echo_are_counted_and_passed_over() -> None:
    decoder = FrameDecoder()
    echo = encode(Kind.HEARTBEAT) + encode_sleep(60, critical=False)
    assert decoder.feed(encode(Kind.STATUS, STATUS[4:-2], protocol=2) + encode(0x99) + echo + ACK, 0) == [
        ACK_MESSAGE
    ]
    assert (decoder.foreign, decoder.bad_frames) == (4, 0)


def test_codes_of_a_later_firmware_are_unknown_and_not_fatal() -> None:
    payload = bytearray(STATUS[4:-2])
    payload[0:3] = b"\x09\xff\xff"
    (status,) = decode(encode(Kind.STATUS, bytes(payload)))
    assert isinstance(status, Status)
    assert (status.state, status.reason, status.timed_out) == (
        SupplyState.UNKNOWN,
        SupplyReason.UNKNOWN,
        True,
    )
    assert Flag.FLASH_FAILED in status.flags
    assert decode(encode(Kind.ACK, b"\x03\x09")) == [Ack(kind=3, result=Result.UNKNOWN)]


def test_reads_halt_request_and_both_versions() -> None:
    assert decode(encode(Kind.HALT_REQUEST, b"\x83\x00\x2d")) == [
        HaltNotice(reason=SupplyReason.LOW, seconds_left=45)
    ]
    long, short = decode(
        encode(Kind.VERSION, b"\x01\x01\x02\x03\x04\x08") + encode(Kind.VERSION, b"\x01\x01\x02\x03\x04")
    )
    assert long == Version(
        protocol=1, firmware=(1, 2), reset_cause=3, attempts=4, last_off=SupplyReason.NO_BOOT
    )
    assert isinstance(short, Version)
    assert short.last_off is None


@given(st.binary(max_size=300), st.lists(st.integers(0, 400), max_size=8))
def test_noise_in_any_pieces_never_raises_and_hides_no_frame_for_longer_than_100_ms(
    noise: bytes, cuts: list[int]
) -> None:
    stream = noise + STATUS + ACK
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    assert decode(*(stream[a:b] for a, b in pairwise(edges))) == decode(stream)
    assert decode(stream)[-2:] == [STATUS_MESSAGE, ACK_MESSAGE]


def test_a_million_random_bytes_never_raise_and_leave_no_more_than_a_frame() -> None:
    decoder, rng = FrameDecoder(), random.Random(54)
    for turn in range(250):
        decoder.feed(rng.randbytes(4_000), turn)
        assert len(decoder._pending) <= 70
    assert decoder.bad_frames > 1_000
    decoder.feed(b"", 1_000)
    assert decoder.feed(STATUS, 1_000) == [STATUS_MESSAGE]


@pytest.mark.parametrize("byte", [b"\x7e", b"\x00", b"\x7e\x01\x40", b"\x7e\x01\x15\x81"])
def test_a_megabyte_without_a_frame_keeps_memory_bounded(byte: bytes) -> None:
    decoder = FrameDecoder()
    assert decoder.feed(byte * (1_000_000 // len(byte)), 0) == []
    assert len(decoder._pending) <= 70
    decoder.feed(b"", 100)
    assert decoder.feed(ACK, 100) == [ACK_MESSAGE]
