"""POW-R23: every vector, and every word there is."""

import pytest

from bench_agent.adapters.ina2xx_registers import (
    INA260_SHUNT_UOHM,
    bus_voltage_v,
    calibration,
    current_a,
    swap,
)
from bench_agent.adapters.ina_wiring import InaChip

WORDS = range(0x10000)


@pytest.mark.parametrize(
    ("chip", "word", "volts"),
    [
        (InaChip.INA219, (3250 << 3) | 2, 13.0),
        (InaChip.INA219, 3250 << 3, 13.0),
        (InaChip.INA226, 10560, 13.2),
        (InaChip.INA260, 10560, 13.2),
        (InaChip.INA3221, 1650 << 3, 13.2),
        (InaChip.INA3221, 0, 0.0),
    ],
)
def test_reads_the_bus_voltage(chip: InaChip, word: int, volts: float) -> None:
    assert bus_voltage_v(chip, word) == volts


@pytest.mark.parametrize(
    ("chip", "word", "shunt_uohm", "amperes"),
    [
        (InaChip.INA219, 700, 2000, 3.5),
        (InaChip.INA219, -700 & 0xFFFF, 2000, -3.5),
        (InaChip.INA226, 2800, 2000, 3.5),
        (InaChip.INA226, 0xF510, 2000, -3.5),
        (InaChip.INA260, 2800, INA260_SHUNT_UOHM, 3.5),
        (InaChip.INA260, 1, INA260_SHUNT_UOHM, 0.00125),
        (InaChip.INA3221, 50 << 3, 10_000, 0.2),
        (InaChip.INA3221, -(50 << 3) & 0xFFFF, 10_000, -0.2),
        (InaChip.INA226, 0, 2000, 0.0),
    ],
)
def test_reads_the_signed_current(chip: InaChip, word: int, shunt_uohm: int, amperes: float) -> None:
    assert current_a(chip, word, shunt_uohm) == amperes


def test_an_overflow_flag_drops_the_value() -> None:
    assert bus_voltage_v(InaChip.INA219, (3250 << 3) | 3) is None


@pytest.mark.parametrize(
    ("chip", "steps", "unused_bits"),
    [
        (InaChip.INA219, 32_000, 0),
        (InaChip.INA226, 0x7FFF, 0),
        (InaChip.INA260, 0x7FFF, 0),
        (InaChip.INA3221, 0xFFF, 3),
    ],
)
def test_a_current_is_known_up_to_the_end_of_the_register(
    chip: InaChip, steps: int, unused_bits: int
) -> None:
    for word in WORDS:
        signed = (word - 0x10000 if word & 0x8000 else word) >> unused_bits
        current = current_a(chip, word, 2000)
        assert (current is None) == (abs(signed) >= steps), word
        assert current is None or (current > 0, current < 0) == (signed > 0, signed < 0), word


@pytest.mark.parametrize("chip", InaChip)
def test_every_word_is_a_voltage_these_chips_can_show_or_unknown(chip: InaChip) -> None:
    highest = {InaChip.INA219: 32.764, InaChip.INA3221: 65.528}.get(chip, 81.91875)
    known = [voltage for word in WORDS if (voltage := bus_voltage_v(chip, word)) is not None]
    assert (min(known), max(known)) == (0.0, highest)


def test_words_are_swapped_there_and_back() -> None:
    assert swap(0x4927) == 0x2749
    assert all(swap(swap(word)) == word and 0 <= swap(word) <= 0xFFFF for word in WORDS)


def test_calibration_of_one_milliampere_a_step() -> None:
    assert calibration(InaChip.INA226, 1000, 2000) == 2560
    assert calibration(InaChip.INA219, 1000, 10_000) == 4096
