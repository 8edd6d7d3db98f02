import random
from collections.abc import Callable
from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench_agent.adapters.vedirect import parse_reading
from bench_agent.adapters.vedirect_codes import describe
from bench_agent.adapters.vedirect_text import BlockGate, BlockParser
from bench_agent.domain.power_reading import ChargeStage, CurrentScope, ReadingQuality
from tests.vedirect_streams import (
    FOLDER,
    STREAMS,
    bmv_blocks,
    bmv_stream,
    mppt_blocks,
    mppt_stream,
    raw_block,
)

MPPT = (
    "PID 0xA05F,FW 161,SER# HQ0000TEST1,V 13120,I 2450,VPV 18760,PPV 34,CS 3,MPPT 2,OR 0x00000000,ERR 0,"
    "LOAD ON,IL 300,H19 1234,H20 12,H21 61,H22 38,H23 74,HSDS 27"
)


def fields_of(text: str) -> dict[str, str]:
    return dict(field.split(" ") for field in text.split(","))


def raw(text: str, checksum: int) -> bytes:
    return raw_block(fields_of(text), checksum)


GOOD = raw("V 13120,I -2450,CS 3", 0xF6)
GOOD_FIELDS = {"V": "13120", "I": "-2450", "CS": "3"}


VECTORS = [
    ("V 13120,I -2450,CS 3", 0xF6),
    ("V 13070,I -2450,SOC 723", 0x3A),
    ("V 13090,I -2450,MPPT 2,ERR 0", 0x0D),
    ("V 13000,I -2450,T 31", 0x0A),
    ("V 13000,I -7000,CS 0", 0x00),
    (MPPT, 0xA8),
]


@pytest.mark.parametrize(("text", "checksum"), VECTORS)
def test_reads_every_vector_of_pow_r13(text: str, checksum: int) -> None:
    assert BlockParser().feed(raw(text, checksum)) == [fields_of(text)]
    assert BlockParser().feed(raw(text, checksum ^ 1)) == []


@pytest.mark.parametrize(("text", "checksum"), VECTORS)
def test_a_vector_without_one_of_its_bytes_gives_no_wrong_block_and_hides_one_at_most(
    text: str, checksum: int
) -> None:
    whole = raw(text, checksum)
    for place in range(len(whole)):
        blocks = BlockParser().feed(whole[:place] + whole[place + 1 :] + GOOD + GOOD)
        assert blocks[-1] == GOOD_FIELDS, place
        # The CR that follows may serve as a lost checksum: then the fields are right all the same.
        assert all(block in (GOOD_FIELDS, fields_of(text)) for block in blocks), place


def test_a_lost_checksum_byte_costs_one_block() -> None:
    assert BlockParser().feed(GOOD + GOOD[:-1] + GOOD * 2) == [GOOD_FIELDS] * 3


def test_the_mppt_vector_has_190_bytes() -> None:
    assert len(raw(MPPT, 0xA8)) == 190


def test_the_checksum_may_be_any_byte() -> None:
    fillers = ("a" * count + chr(last) for count, last in product(range(16), range(0x41, 0x7F)))
    blocks = [raw_block({"V": "13000", "X": filler}) for filler in fillers]
    by_checksum = {block[-1]: block for block in blocks}
    assert set(by_checksum) == set(range(256))
    for checksum, block in by_checksum.items():
        assert len(BlockParser().feed(block * 3)) == 3, checksum


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


def test_a_hex_frame_that_never_ends_costs_128_bytes_at_most() -> None:
    assert BlockParser().feed(b":" + b"A" * 300 + GOOD * 2)[-1] == GOOD_FIELDS
    # The 127 digits behind the colon are the frame, the next is text again although it is a digit too.
    block = raw_block({"V": "13000", "X": "AB"}).replace(b"AB", b":" + b"F" * 127 + b"AB")
    assert BlockParser().feed(block) == [{"V": "13000", "X": "AB"}]


def test_too_long_names_and_values_are_cut_and_the_block_kept() -> None:
    assert BlockParser().feed(raw_block({"V": "13000", "LONGERNAME": "x" * 40})) == [
        {"V": "13000", "LONGERNA": "x" * 32}
    ]


@pytest.mark.parametrize(
    ("stream", "blocks"), [(mppt_stream, mppt_blocks), (bmv_stream, bmv_blocks)], ids=["mppt", "bmv"]
)
def test_captures_give_all_blocks_but_the_cut_first(
    stream: Callable[[], bytes], blocks: Callable[[], list[dict[str, str]]]
) -> None:
    # POW-R15
    parser, gate = BlockParser(), BlockGate()
    read = parser.feed(stream())
    assert read == blocks()[1:]
    assert parser.bad_sums == 0
    shapes = {frozenset(block) for block in read}
    assert sum(gate.accept(block) for block in read) == len(read) - len(shapes)


@pytest.mark.parametrize("name", STREAMS)
def test_captures_are_what_their_generator_writes(name: str) -> None:
    assert (FOLDER / name).read_bytes() == STREAMS[name]()


def test_captures_hold_what_makes_them_hard() -> None:
    assert {len(block) for block in mppt_blocks()} == {17, 18, 19}
    assert any(raw_block(block)[-1:] == b":" for block in bmv_blocks())
    assert len(mppt_blocks()) > 300
    assert any(raw_block(block) + b":A501" in mppt_stream() for block in mppt_blocks())


@pytest.mark.parametrize("name", STREAMS)
def test_a_capture_whose_line_ends_an_editor_changed_gives_no_block(name: str) -> None:
    # POW-R15: this is why *.dump is -text in .gitattributes.
    changed = (FOLDER / name).read_bytes().replace(b"\r\n", b"\n")
    assert BlockParser().feed(changed) == []


def test_flipped_bits_that_pass_the_sum_do_not_pass_the_second_gate() -> None:
    # POW-R15: 20 bit flips per 20 kB, 400 rounds.
    stream, dice = mppt_stream()[:20_000], random.Random(0)
    true = {frozenset(block.items()) for block in BlockParser().feed(stream)}
    passed = wrong = believed = wrong_believed = 0
    for _ in range(400):
        noisy = bytearray(stream)
        for bit in dice.sample(range(len(noisy) * 8), 20):
            noisy[bit // 8] ^= 1 << bit % 8
        gate = BlockGate()
        for block in BlockParser().feed(bytes(noisy)):
            is_wrong = frozenset(block.items()) not in true
            is_believed = gate.accept(block)
            passed += 1
            wrong += is_wrong
            believed += is_believed
            wrong_believed += is_wrong and is_believed
    assert 0.0005 < wrong / passed < 0.0020  # the noise is strong enough to need the gate
    assert wrong_believed / believed <= 0.0001
    assert believed > 0.95 * passed


def test_a_million_random_bytes_neither_raise_nor_grow_nor_hide_what_follows() -> None:
    # POW-R70
    parser, gate = BlockParser(), BlockGate()
    believed = sum(gate.accept(block) for block in parser.feed(random.Random(7).randbytes(1_000_000)))
    assert believed == 0
    assert parser.feed(GOOD * 2)[-1] == GOOD_FIELDS


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
    assert gate.rejected == 4


def test_a_new_battery_monitor_is_known_after_three_live_blocks_although_history_stands_between() -> None:
    gate = BlockGate()
    old, new, history = {"PID": "0x1", "V": "13000"}, {"PID": "0x2", "V": "13000"}, {"H1": "-1", "H2": "-2"}
    for block in (old, history, old, history):
        gate.accept(block)
    answers = [(gate.accept(new), gate.accept(history)) for _ in range(4)]
    assert answers == [(False, True), (False, True), (True, True), (True, True)]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("V", "13x00"),
        ("V", ""),
        ("V", "1300000000"),
        ("H7", "--1"),
        ("OR", "0x0000000g"),
        ("PID", "A05F"),
        ("BMV", "712\x01"),
        ("BMV", "712é"),
        ("BM V", "712"),
    ],
)
def test_gate_refuses_what_no_device_writes(name: str, value: str) -> None:
    gate = BlockGate()
    assert [gate.accept({name: value}) for _ in range(4)] == [False] * 4


def test_gate_forgets_the_device_when_the_port_was_opened_anew() -> None:
    gate = BlockGate()
    mine, other = {"PID": "0x1"}, {"PID": "0x2"}
    gate.accept(mine)
    assert gate.accept(mine)
    gate.begin()
    assert [gate.accept(other), gate.accept(other)] == [False, True]


def test_reads_units_and_stage_from_a_charger_block() -> None:
    reading = parse_reading(BlockParser().feed(raw(MPPT, 0xA8))[0], 5)
    assert (reading.battery_voltage_v, reading.battery_current_a) == (13.12, 2.45)
    assert (reading.panel_voltage_v, reading.panel_power_w, reading.load_current_a) == (18.76, 34.0, 0.3)
    assert (reading.charge_stage, reading.current_scope) == (ChargeStage.BULK, CurrentScope.CHARGER)
    assert (reading.load_on, reading.quality, reading.faults) == (True, ReadingQuality.GOOD, ())
    assert (reading.yield_total_wh, reading.yield_today_wh) == (12340.0, 120.0)
    assert (reading.load_power_w, reading.measured_at_ms) == (3.936, 5)


def test_reads_a_battery_monitor_block_as_the_whole_battery() -> None:
    reading = parse_reading(
        fields_of("V 13070,I -2450,P -32,CE -13800,SOC 723,TTG 842,T 31,Alarm ON,AR 68"), 0
    )
    assert (reading.battery_current_a, reading.current_scope) == (-2.45, CurrentScope.BATTERY)
    assert (reading.reported_soc_pct, reading.battery_temperature_c) == (72.3, 31.0)
    assert reading.faults == ("low_soc", "high_temperature")


def test_a_missing_sensor_is_not_known_and_zero_is_measured() -> None:
    reading = parse_reading({"V": "0", "I": "0", "T": "---"}, 0)
    assert (reading.battery_voltage_v, reading.battery_current_a) == (0.0, 0.0)
    assert reading.battery_temperature_c is None
    assert reading.panel_power_w is None


def test_a_voltage_alone_is_partial_and_has_no_scope() -> None:
    reading = parse_reading({"V": "13000"}, 0)
    assert (reading.quality, reading.current_scope) == (ReadingQuality.PARTIAL, CurrentScope.NONE)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("CS", "245", "starting"),
        ("CS", "9", "unknown(9)"),
        ("MPPT", "2", "tracking"),
        ("MPPT", "8", "unknown(8)"),
        ("ERR", "0", "none"),
        ("ERR", "17", "charger_hot"),
        ("ERR", "99", "unknown(99)"),
        ("OR", "0x00000000", "none"),
        ("OR", "0x00001005", "no_input_power switched_off_by_mode unknown(12)"),
        ("V", "13000", "13000"),
        ("NEW", "x", "x"),
    ],
)
def test_codes_are_told_in_words_and_unknown_ones_with_their_number(
    name: str, value: str, words: str
) -> None:
    assert describe(name, value) == words


@pytest.mark.parametrize(
    ("block", "stage", "faults"),
    [
        ({"CS": "245", "ERR": "0"}, ChargeStage.OFF, ()),
        ({"CS": "247", "ERR": "33"}, ChargeStage.EQUALIZE, ("panel_voltage_high",)),
        ({"CS": "252", "ERR": "77"}, ChargeStage.EXTERNAL, ("unknown(77)",)),
        ({"CS": "8"}, ChargeStage.UNKNOWN, ()),
        ({"Alarm": "ON"}, None, ("alarm",)),
    ],
)
def test_stage_and_faults_of_codes(
    block: dict[str, str], stage: ChargeStage | None, faults: tuple[str, ...]
) -> None:
    reading = parse_reading(block, 0)
    assert (reading.charge_stage, reading.faults) == (stage, faults)


@given(st.dictionaries(st.text(max_size=9), st.text(max_size=40), max_size=20))
def test_any_texts_make_a_reading(block: dict[str, str]) -> None:
    assert parse_reading(block, 3).measured_at_ms == 3
