"""Frames of a JBD battery management system (POW-R25)."""

import random
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench_agent.adapters.jbd_frames import (
    BASIC,
    CELLS,
    JbdFrame,
    JbdParser,
    parse_basic,
    parse_cells,
    read_basic,
    render_echo,
    render_request,
)
from bench_agent.domain.power_reading import CurrentScope, ReadingQuality
from tests.serial_devices import jbd_frame

BASIC_ANSWER = bytes.fromhex(
    "DD 03 00 1B 05 30 FF 0B 0E 1A 13 88 00 0C 34 6E 00 00 00 00 00 00 21 48 03 04 02 0B E3 0B D5 FA F5 77"
)
CELLS_ANSWER = bytes.fromhex("DD 04 00 08 0C F9 0C F6 0C F8 0C F7 FB EA 77")
REFUSAL = bytes.fromhex("DD 03 80 00 FF 80 77")
VECTORS = [BASIC_ANSWER, CELLS_ANSWER, REFUSAL]


def data_of(answer: bytes) -> bytes:
    return JbdParser().feed(answer)[0].data


def test_requests_are_spelled_as_the_protocol_says() -> None:
    assert render_request(BASIC) == bytes.fromhex("DD A5 03 00 FF FD 77")
    assert render_request(CELLS) == bytes.fromhex("DD A5 04 00 FF FC 77")


def test_basic_vector() -> None:
    basic = parse_basic(data_of(BASIC_ANSWER))
    assert basic is not None
    assert (basic.voltage_v, basic.current_a, basic.remaining_ah, basic.full_ah) == (
        13.28,
        -2.45,
        36.10,
        50.00,
    )
    assert (basic.cycles, basic.made_on, basic.soc_pct, basic.cells) == (12, date(2026, 3, 14), 72, 4)
    assert basic.temperatures_c == (31.2, 29.8)
    assert (basic.charge_switch_on, basic.discharge_switch_on, basic.protection) == (True, True, 0)
    reading = read_basic(basic, 9)
    assert (reading.battery_voltage_v, reading.battery_current_a) == (13.28, -2.45)
    assert (reading.current_scope, reading.quality) == (CurrentScope.BATTERY, ReadingQuality.GOOD)
    assert (reading.reported_soc_pct, reading.battery_temperature_c, reading.faults) == (72, 31.2, ())
    assert reading.measured_at_ms == 9


def test_invert_turns_the_sign_of_the_current_only() -> None:
    basic = parse_basic(data_of(BASIC_ANSWER))
    assert basic is not None
    reading = read_basic(basic, 0, invert=True)
    assert (reading.battery_voltage_v, reading.battery_current_a) == (13.28, 2.45)


def test_cells_vector() -> None:
    assert parse_cells(data_of(CELLS_ANSWER)) == (3.321, 3.318, 3.320, 3.319)


def test_error_vector_is_a_frame_with_its_status() -> None:
    assert JbdParser().feed(REFUSAL) == [JbdFrame(BASIC, 0x80, b"")]


def test_our_own_request_looks_like_an_old_board_and_is_known_as_echo() -> None:
    for command in (BASIC, CELLS):
        assert JbdParser().feed(render_request(command)) == [render_echo(command)]


def test_protection_bits_are_told_by_name_and_unknown_ones_with_their_number() -> None:
    data = bytearray(data_of(BASIC_ANSWER))
    data[16:18] = (0b1000_0000_0000_0010).to_bytes(2, "big")
    basic = parse_basic(bytes(data))
    assert basic is not None
    assert read_basic(basic, 0).faults == ("cell_under_voltage", "unknown(15)")


def test_a_longer_answer_is_read_and_a_shorter_one_is_none() -> None:
    data = data_of(BASIC_ANSWER)
    assert parse_basic(data + b"\x01\x02\x03") == parse_basic(data)
    assert all(parse_basic(data[:length]) is None for length in range(len(data)))


def test_a_board_without_sensors_or_a_real_date_is_read() -> None:
    data = bytearray(data_of(BASIC_ANSWER)[:23])
    data[22] = 0
    data[10:12] = b"\xff\xff"
    basic = parse_basic(bytes(data))
    assert basic is not None
    assert (basic.temperatures_c, basic.made_on) == ((), None)
    assert read_basic(basic, 0).battery_temperature_c is None


@pytest.mark.parametrize("data", [b"", b"\x0c", b"\x0c\xf9\x0c", bytes(98)])
def test_what_cannot_be_cells_is_none(data: bytes) -> None:
    assert parse_cells(data) is None


@pytest.mark.parametrize("answer", VECTORS)
def test_every_cut_of_the_stream_gives_the_same_frame(answer: bytes) -> None:
    for cut in range(len(answer)):
        parser = JbdParser()
        assert parser.feed(answer[:cut]) == []
        assert len(parser.feed(answer[cut:])) == 1


@pytest.mark.parametrize("answer", VECTORS)
def test_a_vector_without_one_of_its_bytes_gives_nothing_and_hides_nothing(answer: bytes) -> None:
    good = JbdParser().feed(CELLS_ANSWER)
    for place in range(len(answer)):
        parser = JbdParser()
        frames = parser.feed(answer[:place] + answer[place + 1 :])
        assert frames == []
        assert parser.feed(CELLS_ANSWER)[-1:] == good, place


@pytest.mark.parametrize("answer", VECTORS)
def test_every_flipped_bit_is_noticed(answer: bytes) -> None:
    # The sum does not cover the command: there another command is another answer.
    for bit in [bit for bit in range(len(answer) * 8) if bit // 8 != 1]:
        noisy = bytearray(answer)
        noisy[bit // 8] ^= 1 << bit % 8
        assert JbdParser().feed(bytes(noisy)) == [], bit


def test_a_start_byte_that_begins_no_frame_hides_none_behind_it() -> None:
    parser = JbdParser()
    assert parser.feed(b"\xdd\x03\x00\xff\xdd" + CELLS_ANSWER) == JbdParser().feed(CELLS_ANSWER)


def test_a_wrong_sum_is_counted_once() -> None:
    parser = JbdParser()
    parser.feed(BASIC_ANSWER[:-2] + b"\x00\x77")
    parser.feed(b"\x00" * 300)
    assert parser.bad_sums == 1


@given(st.binary(max_size=600), st.binary(max_size=60))
def test_a_good_frame_is_found_in_any_noise(before: bytes, data: bytes) -> None:
    parser = JbdParser()
    parser.feed(before)
    frames = parser.feed(jbd_frame(3, 0, data)) + parser.feed(bytes(300))
    assert JbdFrame(3, 0, data) in frames


def test_a_million_random_bytes_neither_raise_nor_grow() -> None:
    # POW-R69, R70
    parser, noise = JbdParser(), random.Random(3)
    for _ in range(1000):
        for frame in parser.feed(noise.randbytes(1000)):
            parse_basic(frame.data)
            parse_cells(frame.data)
        assert len(parser._waiting) < 262
    assert parser.bad_sums > 1000
    assert parser.feed(bytes(300) + CELLS_ANSWER) == JbdParser().feed(CELLS_ANSWER)
