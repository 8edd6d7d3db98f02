"""Columns, rows and limits all follow from the wire's declaration of a measurement (FL-T2)."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench_agent.wire.envelope import Envelope, WireClockQuality, WireError, body_of
from bench_agent.wire.telemetry import LIMIT, EnergyTier, PowerMinute
from fleet_server.kit.telemetry.schema import FIELDS, TABLES, table_of


def test_every_field_of_a_measurement_has_one_column() -> None:
    for body, table in TABLES.items():
        assert sorted(table.columns) == sorted(field.name for field in msgspec.structs.fields(body))
    assert len(FIELDS) == sum(len(table.scales) for table in TABLES.values())


def test_row_holds_scaled_numbers_and_places_of_words() -> None:
    body = PowerMinute(battery_voltage_v=12.345, battery_current_a=-0.5, soc_pct=71.25, tier=EnergyTier.ECO)
    table = TABLES[PowerMinute]
    row = dict(zip(table.columns, table.row_of(body), strict=True))
    assert {column: row[column] for column in (*list(row)[:7], "tier")} == {
        "battery_voltage_v": 1234, "battery_current_a": -50, "panel_voltage_v": None, "panel_power_w": None,
        "load_power_w": None, "soc_pct": 712, "soc_sigma_pct": None, "tier": 2,
    }  # fmt: skip


def test_stored_places_of_words_never_change() -> None:
    words = ["unknown", "normal", "eco", "reserve", "critical"]
    assert [tier.value for tier in EnergyTier][: len(words)] == words


@given(st.floats(min_value=-1e9, max_value=1e9))
def test_stored_number_is_within_half_a_step_of_the_measured_one(volts: float) -> None:
    row = TABLES[PowerMinute].row_of(PowerMinute(battery_voltage_v=volts))
    assert row[0] is not None
    assert abs(row[0] / 100 - volts) <= 0.005 + 1e-6


@pytest.mark.parametrize("number", [b"1e15", b"-1e15", b"1e300", b"1e999"])
@pytest.mark.parametrize("field", [*FIELDS])
def test_number_no_column_holds_does_not_follow_its_schema(field: str, number: bytes) -> None:
    raw = msgspec.Raw(b'{"%b":%b}' % (field.encode(), number))
    envelope = Envelope(
        s=FIELDS[field].schema, gen="k3f9", seq=1, boot="b", up=1, ts=1, q=WireClockQuality.NTP, d=raw
    )
    with pytest.raises(WireError):
        body_of(envelope)
    assert -(2**63) < round(LIMIT * FIELDS[field].scales[field]) < 2**63


def _declared(field: str, kind: Any) -> Any:
    return msgspec.defstruct("Declared", [(field, kind, None)])


@pytest.mark.parametrize(
    ("field", "kind", "said"),
    [
        ("wind_knots", float | None, "give the unit 'knots' a factor"),
        ("note", str, "no column is known"),
        ("mixed_v", float | bool, "no column is known"),
    ],
)
def test_field_without_a_column_is_refused_by_name(field: str, kind: Any, said: str) -> None:
    with pytest.raises(TypeError, match=f"{field}: {said}"):
        table_of(_declared(field, kind))
