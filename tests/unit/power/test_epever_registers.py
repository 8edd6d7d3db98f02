"""Registers of an EPEVER controller become a reading (POW-R17 to R19)."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench_agent.adapters.epever_registers import BLOCKS, LOW_WORDS, clock_words, describe, parse_registers
from bench_agent.domain.power_reading import ChargeStage, CurrentScope, ReadingQuality
from tests.serial_devices import crc16

ANSWERS = {
    0x3100: "01 04 10 07 3A 01 36 16 67 00 00 05 34 01 A9 16 1D 00 00 B4 03",
    0x331A: "01 04 06 05 34 FE 98 FF FF 60 B5",
    0x3110: "01 04 06 FE 0C 0C 30 0B 4A E0 D4",
    0x3200: "01 04 04 00 00 00 0B BA 43",
}


def words_of(answer: str, start: int) -> dict[int, int]:
    """Registers in an answer whose CRC and length hold (POW-R27)."""
    raw = bytes.fromhex(answer)
    assert crc16(raw[:-2]) == raw[-2:]
    assert raw[2] == len(raw) - 5
    return {
        start + place: int.from_bytes(raw[at : at + 2], "big")
        for place, at in enumerate(range(3, len(raw) - 2, 2))
    }


def test_panel_and_battery_vector() -> None:
    words = words_of(ANSWERS[0x3100], 0x3100)
    reading = parse_registers(words, 7)
    assert (reading.panel_voltage_v, reading.panel_power_w) == (18.50, 57.35)
    assert (reading.battery_voltage_v, reading.battery_current_a) == (13.32, None)
    assert (reading.current_scope, reading.quality) == (CurrentScope.NONE, ReadingQuality.PARTIAL)
    assert describe(words) == {
        "panel_current_a": "3.1",
        "charge_current_a": "4.25",
        "charge_power_w": "56.61",
    }
    assert reading.measured_at_ms == 7


def test_net_current_vector_is_negative_and_the_chargers_own() -> None:
    reading = parse_registers(words_of(ANSWERS[0x331A], 0x331A), 0)
    assert (reading.battery_voltage_v, reading.battery_current_a) == (13.32, -3.60)
    assert (reading.current_scope, reading.quality) == (CurrentScope.CHARGER, ReadingQuality.GOOD)


def test_temperature_vector_goes_below_zero() -> None:
    words = words_of(ANSWERS[0x3110], 0x3110)
    reading = parse_registers(words, 0)
    assert (reading.battery_temperature_c, reading.case_temperature_c) == (-5.00, 31.20)
    assert describe(words) == {"heat_sink_temperature_c": "28.9"}


def test_status_vector_is_boost_of_a_healthy_battery() -> None:
    reading = parse_registers(words_of(ANSWERS[0x3200], 0x3200), 0)
    assert reading.charge_stage is ChargeStage.BULK
    assert not any(fault.startswith("battery") for fault in reading.faults)


@pytest.mark.parametrize("request_or_refusal", ["01 04 31 00 00 08 FF 30", "01 84 02 C2 C1"])
def test_checksums_of_the_other_vectors_hold(request_or_refusal: str) -> None:
    raw = bytes.fromhex(request_or_refusal)
    assert crc16(raw[:-2]) == raw[-2:]


@pytest.mark.parametrize(
    ("battery", "charging", "stage", "faults"),
    [
        (0, 0x0001, ChargeStage.OFF, ()),
        (0, 0x0005, ChargeStage.FLOAT, ()),
        (0, 0x0009, ChargeStage.BULK, ()),
        (0, 0x000D, ChargeStage.EQUALIZE, ()),
        (0, 0x0008, ChargeStage.OFF, ()),
        (1, 0x0001, ChargeStage.OFF, ("battery_over_voltage",)),
        (2, 0x0001, ChargeStage.OFF, ("battery_under_voltage",)),
        (3, 0x0001, ChargeStage.OFF, ("battery_low_voltage_cut",)),
        (4, 0x0001, ChargeStage.OFF, ("battery_fault",)),
        (0x1235, 0x0001, ChargeStage.OFF, ("unknown(5)",)),
        (0, 0x0003, ChargeStage.OFF, ("charging_fault",)),
        (0, 0x4001, ChargeStage.OFF, ()),
        (0, 0x8001, ChargeStage.OFF, ("input_over_voltage",)),
        (0, 0xC001, ChargeStage.OFF, ("input_voltage_error",)),
    ],
)
def test_status_bits(battery: int, charging: int, stage: ChargeStage, faults: tuple[str, ...]) -> None:
    reading = parse_registers({0x3200: battery, 0x3201: charging}, 0)
    assert (reading.charge_stage, reading.faults) == (stage, faults)


def test_loads_charge_and_energy() -> None:
    words = {0x310C: 1330, 0x310D: 75, 0x310E: 998, 0x310F: 0, 0x311A: 72, 0x311B: 0xFF38, 0x311D: 1200}
    words |= {0x3304: 21, 0x3305: 0, 0x330C: 35, 0x330D: 0, 0x3312: 0x0001, 0x3313: 0x0002}
    reading = parse_registers(words, 0)
    assert (reading.load_current_a, reading.load_power_w, reading.reported_soc_pct) == (0.75, 9.98, 72)
    assert (reading.yield_today_wh, reading.yield_total_wh) == (350, 1_310_730)
    assert describe(words) == {
        "load_voltage_v": "13.3",
        "remote_temperature_c": "-2",
        "system_voltage_v": "12",
        "consumed_today_wh": "210",
    }


def test_a_zero_is_measured_and_a_missing_register_is_not_known() -> None:
    reading = parse_registers({0x331A: 0, 0x331B: 0, 0x331C: 0, 0x3102: 5}, 0)
    assert (reading.battery_voltage_v, reading.battery_current_a) == (0.0, 0.0)
    assert reading.panel_power_w is None
    assert reading.charge_stage is None


def test_blocks_hold_every_long_value_whole_and_touch_no_hole() -> None:
    for block in BLOCKS:
        assert not set(block) & set(range(0x3108, 0x310C))
        assert all((low in block) == (low + 1 in block) for low in LOW_WORDS)


def test_clock_words_have_the_low_byte_first() -> None:
    # POW-R18
    assert clock_words(datetime(2026, 3, 14, 15, 9, 26)) == (0x091A, 0x0E0F, 0x1A03)  # noqa: DTZ001 - local by intent


@given(st.dictionaries(st.integers(0x30F0, 0x3320), st.integers(0, 0xFFFF)))
def test_any_registers_make_a_reading(words: dict[int, int]) -> None:
    assert parse_registers(words, 3).measured_at_ms == 3
    assert all(isinstance(text, str) for text in describe(words).values())
