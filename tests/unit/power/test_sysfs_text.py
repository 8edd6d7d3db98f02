"""POW-R70: the only parser of the sysfs meters, a number's text."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench_agent.adapters.power_supply import signed_current_a
from bench_agent.adapters.sysfs import parse_number


@pytest.mark.parametrize(
    ("text", "number"),
    [("13200", 13200.0), ("-3500", -3500.0), ("0", 0.0), ("23450.000000", 23450.0), ("+1", 1.0)],
)
def test_reads_what_drivers_write(text: str, number: float) -> None:
    assert parse_number(text) == number


@pytest.mark.parametrize("text", ["", "-", "---", "nan", "inf", "1e9", "1_0", "0x10", "1 2", "٣", "9" * 16])
def test_anything_else_is_not_known(text: str) -> None:
    assert parse_number(text) is None


def test_every_cut_of_a_number_is_a_number_or_unknown() -> None:
    assert [parse_number("-3500.25"[:length]) for length in range(9)] == [
        None, None, -3.0, -35.0, -350.0, -3500.0, None, -3500.2, -3500.25,
    ]  # fmt: skip


def test_a_million_random_bytes_never_raise() -> None:
    noise = random.Random(24).randbytes(1_000_000).decode("ascii", errors="replace")
    assert parse_number(noise) is None
    for start in range(0, len(noise), 8):
        number = parse_number(noise[start : start + 8])
        assert number is None or abs(number) < 1e8


@given(st.text("0123456789+-._eE \x00", max_size=20))
def test_a_number_is_finite_or_unknown(text: str) -> None:
    number = parse_number(text)
    assert number is None or abs(number) < 1e15


@pytest.mark.parametrize(
    ("current_a", "status", "signed_a"),
    [
        (1.5, "Discharging", -1.5),
        (-1.5, "Discharging", -1.5),
        (1.5, "Charging", 1.5),
        (-0.2, "Charging", -0.2),  # load beyond the charger: a driver that writes a sign knows better
        (0.1, "Full", 0.1),
        (1.5, "", 1.5),
        (None, "Discharging", None),
    ],
)
def test_the_status_gives_an_unsigned_current_its_sign(
    current_a: float | None, status: str, signed_a: float | None
) -> None:
    assert signed_current_a(current_a, status) == signed_a
