from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench_agent.adapters.vedirect import parse_reading
from bench_agent.adapters.vedirect_text import BlockGate, BlockParser
from bench_agent.domain.power_reading import ChargeStage, CurrentScope, ReadingQuality

MPPT = (
    "PID 0xA05F,FW 161,SER# HQ0000TEST1,V 13120,I 2450,VPV 18760,PPV 34,CS 3,MPPT 2,OR 0x00000000,ERR 0,"
    "LOAD ON,IL 300,H19 1234,H20 12,H21 61,H22 38,H23 74,HSDS 27"
)


def raw(text: str, checksum: int) -> bytes:
    fields = "".join("\r\n" + field.replace(" ", "\t") for field in text.split(","))
    return fields.encode() + b"\r\nChecksum\t" + bytes([checksum])


GOOD = raw("V 13120,I -2450,CS 3", 0xF6)
GOOD_FIELDS = {"V": "13120", "I": "-2450", "CS": "3"}


@pytest.mark.parametrize(
    ("text", "checksum"),
    [
        ("V 13120,I -2450,CS 3", 0xF6),
        ("V 13070,I -2450,SOC 723", 0x3A),
        ("V 13090,I -2450,MPPT 2,ERR 0", 0x0D),
        ("V 13000,I -2450,T 31", 0x0A),
        ("V 13000,I -7000,CS 0", 0x00),
        (MPPT, 0xA8),
    ],
)
def test_reads_every_vector_of_pow_r13(text: str, checksum: int) -> None:
    blocks = BlockParser().feed(raw(text, checksum))
    assert blocks == [dict(field.split(" ") for field in text.split(","))]
    assert BlockParser().feed(raw(text, checksum ^ 1)) == []


def test_the_mppt_vector_has_190_bytes() -> None:
    assert len(raw(MPPT, 0xA8)) == 190


@pytest.mark.parametrize("frame", [b":A5010203\n", b":A501\xfe", b":" + b"A" * 79 + b"\n"])
def test_hex_frames_anywhere_but_at_the_checksum_change_nothing(frame: bytes) -> None:
    for place in range(len(GOOD)):
        if place == len(GOOD) - 1:
            continue
        stream = GOOD[:place] + frame + GOOD[place:] + frame + GOOD
        assert BlockParser().feed(stream) == [GOOD_FIELDS, GOOD_FIELDS], place


def test_lf_only_lines_give_no_block() -> None:
    assert BlockParser().feed((GOOD * 5).replace(b"\r\n", b"\n")) == []


def test_every_cut_start_loses_only_the_cut_block() -> None:
    for start in range(1, len(GOOD)):
        parser = BlockParser()
        assert parser.feed(GOOD[start:] + GOOD * 2)[-2:] == [GOOD_FIELDS] * 2, start


def test_a_bad_sum_is_counted_and_the_next_block_parses() -> None:
    parser = BlockParser()
    assert parser.feed(GOOD + GOOD.replace(b"13120", b"13121") + GOOD) == [GOOD_FIELDS, GOOD_FIELDS]
    assert parser.bad_sums == 1


@given(st.binary(max_size=2000))
def test_random_bytes_never_raise_and_the_second_good_block_is_found(noise: bytes) -> None:
    gate, parser = BlockGate(), BlockParser()
    for block in parser.feed(noise):
        gate.accept(block)
    # Noise may leave "Checksum<tab>" or a HEX frame open: that costs one good block, never two.
    assert parser.feed(GOOD * 2)[-1:] == [GOOD_FIELDS]


@given(st.lists(st.integers(0, 400), max_size=8), st.binary(max_size=40))
def test_cuts_anywhere_give_the_same_blocks(cuts: list[int], noise: bytes) -> None:
    stream = GOOD + noise + GOOD + raw(MPPT, 0xA8)
    edges = [0, *sorted(cuts), len(stream)]
    parser = BlockParser()
    pieces = [block for a, b in pairwise(edges) for block in parser.feed(stream[a:b])]
    if edges[-2] <= len(stream):
        assert pieces == BlockParser().feed(stream)


def test_a_megabyte_without_a_frame_keeps_memory_bounded() -> None:
    parser = BlockParser()
    assert parser.feed(b"\r\n" + b"X\tY\r\n" * 200_000) == []
    assert len(parser._fields) <= 64
    assert parser.feed(b"A" * 100_000) == []
    assert len(parser._value) <= 32


def test_gate_wants_a_shape_twice_and_the_same_device() -> None:
    gate = BlockGate()
    mine, other = {"PID": "0x1", "V": "13000"}, {"PID": "0x2", "V": "13000"}
    assert [gate.accept(mine), gate.accept(mine)] == [False, True]
    assert [gate.accept(other) for _ in range(3)] == [False, False, True]
    assert not gate.accept(mine)
    assert not gate.accept({"PID": "0x2", "V": "13x00"})


def test_reads_units_and_stage_from_a_charger_block() -> None:
    reading = parse_reading(BlockParser().feed(raw(MPPT, 0xA8))[0], 5)
    assert (reading.battery_voltage_v, reading.battery_current_a) == (13.12, 2.45)
    assert (reading.panel_voltage_v, reading.panel_power_w, reading.load_current_a) == (18.76, 34.0, 0.3)
    assert (reading.charge_stage, reading.current_scope) == (ChargeStage.BULK, CurrentScope.CHARGER)
    assert (reading.load_on, reading.yield_total_wh, reading.quality) == (True, 12340.0, ReadingQuality.GOOD)


def test_an_impossible_voltage_is_not_known_rather_than_clipped() -> None:
    reading = parse_reading({"V": "99000", "I": "-100", "T": "---"}, 0)
    assert reading.battery_voltage_v is None
    assert reading.battery_temperature_c is None
    assert reading.quality is ReadingQuality.PARTIAL
