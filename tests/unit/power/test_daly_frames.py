"""Frames of a Daly battery management system (POW-R26)."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench_agent.adapters.daly_frames import (
    BOARD,
    CELLS,
    HOST,
    PACK,
    DalyFrame,
    DalyParser,
    parse_cells,
    parse_pack,
    parse_temperature,
    render_request,
)
from bench_agent.domain.power_reading import CurrentScope, ReadingQuality
from tests.serial_devices import daly_frame

DISCHARGING = bytes.fromhex("A5 01 90 08 00 84 00 00 74 3B 02 D3 46")
CHARGING = bytes.fromhex("A5 01 90 08 00 88 00 00 75 81 03 C4 83")
VECTORS = [DISCHARGING, CHARGING]


def data_of(answer: bytes) -> bytes:
    return DalyParser().feed(answer)[0].data


def test_the_request_is_spelled_as_the_protocol_says() -> None:
    assert render_request(PACK) == bytes.fromhex("A5 40 90 08 00 00 00 00 00 00 00 00 7D")


@pytest.mark.parametrize(
    ("answer", "volts", "amperes", "soc_pct"), [(DISCHARGING, 13.2, -24.5, 72.3), (CHARGING, 13.6, 8.1, 96.4)]
)
def test_pack_vectors(answer: bytes, volts: float, amperes: float, soc_pct: float) -> None:
    reading = parse_pack(data_of(answer), 4)
    assert (reading.battery_voltage_v, reading.battery_current_a) == (volts, amperes)
    assert (reading.reported_soc_pct, reading.measured_at_ms) == (soc_pct, 4)
    assert (reading.current_scope, reading.quality) == (CurrentScope.BATTERY, ReadingQuality.GOOD)
    assert parse_pack(data_of(answer), 4, invert=True).battery_current_a == -amperes


def test_cells_are_numbered_through_the_frames_and_absent_ones_left_out() -> None:
    assert parse_cells(bytes.fromhex("01 0CF9 0CF6 0CF8 00")) == {1: 3.321, 2: 3.318, 3: 3.320}
    assert parse_cells(bytes.fromhex("02 0CF7 0000 0000 00")) == {4: 3.319}


@pytest.mark.parametrize("number", [0, 17, 0xFF])
def test_a_frame_number_no_board_has_gives_no_cells(number: int) -> None:
    assert parse_cells(bytes([number]) + bytes.fromhex("0CF9 0CF6 0CF8 00")) == {}


def test_the_warmest_sensor_counts_and_absent_ones_do_not() -> None:
    assert parse_temperature(bytes([1, 71, 69, 0, 0, 0, 0, 0]), 0).battery_temperature_c == 31
    assert parse_temperature(bytes([1, 38, 0, 0, 0, 0, 0, 0]), 0).battery_temperature_c == -2
    assert parse_temperature(bytes([1, 0, 0, 0, 0, 0, 0, 0]), 0).battery_temperature_c is None


def test_our_own_request_is_a_frame_of_the_host() -> None:
    assert DalyParser().feed(render_request(CELLS)) == [DalyFrame(HOST, CELLS, bytes(8))]


@pytest.mark.parametrize("answer", VECTORS)
def test_every_cut_of_the_stream_gives_the_same_frame(answer: bytes) -> None:
    for cut in range(len(answer)):
        parser = DalyParser()
        assert parser.feed(answer[:cut]) == []
        assert len(parser.feed(answer[cut:])) == 1


@pytest.mark.parametrize("answer", VECTORS)
def test_a_vector_without_one_of_its_bytes_gives_nothing_and_costs_the_next_at_most(answer: bytes) -> None:
    for place in range(len(answer)):
        parser = DalyParser()
        assert parser.feed(answer[:place] + answer[place + 1 :]) == []
        frames = parser.feed(CHARGING * 2)
        assert frames[-1].data == data_of(CHARGING)
        assert all(frame.data == data_of(CHARGING) for frame in frames)


@pytest.mark.parametrize("answer", VECTORS)
def test_every_flipped_bit_is_noticed(answer: bytes) -> None:
    for bit in range(len(answer) * 8):
        noisy = bytearray(answer)
        noisy[bit // 8] ^= 1 << bit % 8
        assert DalyParser().feed(bytes(noisy)) == [], bit


def test_a_wrong_sum_is_counted_once() -> None:
    parser = DalyParser()
    parser.feed(DISCHARGING[:-1] + b"\x00" + bytes(30))
    assert parser.bad_sums == 1


@given(st.binary(max_size=200), st.binary(min_size=8, max_size=8))
def test_a_good_frame_is_found_in_any_noise(before: bytes, data: bytes) -> None:
    # Noise that happens to be a frame in itself may swallow the beginning of the next.
    parser = DalyParser()
    parser.feed(before)
    frames = parser.feed(daly_frame(BOARD, PACK, data)) + parser.feed(bytes(20))
    assert DalyFrame(BOARD, PACK, data) in frames


@given(st.binary(max_size=12))
def test_any_bytes_are_read_without_an_exception(data: bytes) -> None:
    assert parse_pack(data, 1).measured_at_ms == 1
    assert parse_temperature(data, 1).measured_at_ms == 1
    assert all(volts > 0 for volts in parse_cells(data).values())


def test_a_million_random_bytes_neither_raise_nor_grow() -> None:
    # POW-R69, R70
    parser, noise = DalyParser(), random.Random(3)
    for _ in range(1000):
        for frame in parser.feed(noise.randbytes(1000)):
            parse_pack(frame.data, 0)
        assert len(parser._waiting) < 13
    assert parser.feed(bytes(20) + CHARGING)[-1].data == data_of(CHARGING)
