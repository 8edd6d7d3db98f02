"""The gate in front of every reading (POW-R3)."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench_agent.domain.power_reading import CurrentScope, PowerReading, ReadingQuality
from bench_agent.domain.reading_gate import GateState, next_gate


def reading(at_s: float = 0.0, **values: float | None) -> PowerReading:
    known = {"battery_voltage_v": 13.1, "battery_current_a": -2.0} | values
    return PowerReading(
        measured_at_ms=int(at_s * 1000),
        quality=ReadingQuality.GOOD,
        current_scope=CurrentScope.BATTERY,
        **known,  # type: ignore[arg-type]  # numbers only
    )


def passed(*readings: PowerReading) -> list[PowerReading]:
    state, out = GateState(), []
    for one in readings:
        state = next_gate(state, one)
        assert state.passed is not None
        out.append(state.passed)
    return out


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("battery_voltage_v", 65.1),
        ("battery_voltage_v", -0.1),
        ("battery_current_a", 200.5),
        ("battery_current_a", -655.36),
        ("panel_voltage_v", 261.0),
        ("panel_power_w", -1.0),
        ("battery_temperature_c", -127.0),
        ("battery_temperature_c", 85.0),
        ("case_temperature_c", 110.5),
        ("case_temperature_c", math.nan),
        ("yield_total_wh", math.inf),
        ("yield_total_wh", -1.0),
    ],
)
def test_an_impossible_value_is_dropped_counted_and_the_rest_kept(field: str, value: float) -> None:
    state = next_gate(GateState(), reading(load_power_w=9.0, **{field: value}))
    assert state.passed is not None
    assert getattr(state.passed, field) is None
    assert state.passed.load_power_w == 9.0
    assert state.dropped == {field: 1}


@pytest.mark.parametrize(("field", "value"), [("battery_voltage_v", 0.0), ("battery_temperature_c", 84.9)])
def test_a_value_at_the_edge_passes(field: str, value: float) -> None:
    state = next_gate(GateState(), reading(**{field: value}))
    assert (getattr(state.passed, field), state.dropped) == (value, {})


def test_quality_says_what_is_left_of_voltage_and_current() -> None:
    good, partial, stale = (
        next_gate(GateState(), one).passed
        for one in (
            reading(),
            reading(battery_current_a=999.0),
            reading(battery_voltage_v=99.0, battery_current_a=999.0),
        )
    )
    assert good is not None
    assert partial is not None
    assert stale is not None
    assert [good.quality, partial.quality, stale.quality] == list(ReadingQuality)
    assert partial.current_scope is CurrentScope.NONE


def test_voltage_moves_three_volts_a_second_at_most_since_the_last_accepted_value() -> None:
    seen = passed(
        reading(0), reading(1, battery_voltage_v=16.2), reading(2, battery_voltage_v=16.2), reading(4)
    )
    assert [one.battery_voltage_v for one in seen] == [13.1, None, 16.2, 13.1]


def test_a_total_that_falls_is_dropped_until_three_agree_that_it_was_reset() -> None:
    values = [1000.0, 1010.0, 0.0, 10.0, 20.0, 30.0]
    seen = passed(*(reading(second, yield_total_wh=value) for second, value in enumerate(values)))
    assert [one.yield_total_wh for one in seen] == [1000.0, 1010.0, None, None, 20.0, 30.0]


def test_a_torn_total_never_agrees_with_itself() -> None:
    values = [1000.0, 5.0, 1001.0, 5.0, 3.0, 2.0, 1002.0]
    seen = passed(*(reading(second, charge_in_mah=value) for second, value in enumerate(values)))
    assert [one.charge_in_mah for one in seen] == [1000.0, None, 1001.0, None, None, None, 1002.0]


def test_the_same_reading_seen_again_is_not_counted_again() -> None:
    state, bad = GateState(), reading(panel_voltage_v=999.0)
    for _ in range(3):
        state = next_gate(state, bad)
    assert state.dropped == {"panel_voltage_v": 1}


@given(st.lists(st.tuples(st.floats(), st.floats(), st.floats(), st.integers(0, 20_000)), max_size=20))
def test_whatever_a_meter_says_only_credible_values_pass_and_none_is_invented(
    steps: list[tuple[float, float, float, int]],
) -> None:
    state, now_ms, before = GateState(), 0, None
    for voltage_v, current_a, total, wait_ms in steps:
        now_ms += wait_ms
        raw = replace(
            reading(battery_voltage_v=voltage_v, battery_current_a=current_a, yield_total_wh=total),
            measured_at_ms=now_ms,
        )
        state = next_gate(state, raw)
        out = state.passed
        assert out is not None
        assert out.battery_voltage_v is None or 0 <= out.battery_voltage_v <= 65
        assert out.battery_current_a is None or abs(out.battery_current_a) <= 200
        assert out.battery_voltage_v in {None, voltage_v}
        assert out.battery_current_a in {None, current_a}
        assert out.yield_total_wh in {None, total}
        if before is not None and out.battery_voltage_v is not None:
            allowed_v = 3.0 * max((now_ms - before[0]) / 1000, 1.0)
            assert abs(out.battery_voltage_v - before[1]) <= allowed_v
        if out.battery_voltage_v is not None:
            before = (now_ms, out.battery_voltage_v)
