"""The drawing of the next 24 hours (POW-R39, POW-R67)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench_agent.wire.document import OutlookSlot
from bench_agent.wire.telemetry import EnergyTier
from fleet_server.web.outlook import BASE_Y, SLOT_MS, TOP_Y, WIDTH, draw

SIX_WIB_MS = 1_794_956_400_000 - 1_794_956_400_000 % 86_400_000 - 3_600_000
"""23.00 UTC, which is 06.00 of the next day in Trenggalek."""


def slot(index: int, wh: float = 0.0, **values: object) -> OutlookSlot:
    given = {"tier": EnergyTier.ECO, **values}
    return OutlookSlot(at=SIX_WIB_MS + index * SLOT_MS, expected_wh=wh, **given)  # type: ignore[arg-type]  # by name


def test_the_tallest_bar_reaches_the_top_and_hours_are_the_benches_own() -> None:
    drawing = draw([slot(index, wh=20.0 if index == 12 else 5.0) for index in range(48)])
    assert drawing is not None
    assert min(bar.y for bar in drawing.bars) == pytest.approx(TOP_Y)
    assert [(round(tick.x), tick.hour) for tick in drawing.ticks][:3] == [(0, 6), (120, 9), (240, 12)]
    assert drawing.expected_wh == pytest.approx(20 + 47 * 5)


def test_alike_half_hours_make_one_run() -> None:
    day = [slot(index, display=9 * 2 <= index < 15 * 2, hotspot=True) for index in range(48)]
    drawing = draw(day)
    assert drawing is not None
    assert [(run.word, run.width) for run in drawing.runs] == [
        ("eco", 960),
        ("off", 360),
        ("on", 240),
        ("off", 360),
        ("on", 960),
    ]


def test_a_dark_day_has_flat_bars_and_an_unknown_charge_no_line() -> None:
    drawing = draw([slot(index) for index in range(48)])
    assert drawing is not None
    assert {bar.height for bar in drawing.bars} == {0}
    assert drawing.charge == ""


def test_without_slots_there_is_no_drawing() -> None:
    assert draw([]) is None


@given(st.lists(st.floats(0, 500), min_size=1, max_size=48), st.floats(0, 100))
def test_everything_stays_inside_the_drawing(harvest: list[float], soc_pct: float) -> None:
    drawing = draw([slot(index, wh=wh, soc_pct=soc_pct) for index, wh in enumerate(harvest)])
    assert drawing is not None
    assert all(TOP_Y - 1e-6 <= bar.y <= BASE_Y for bar in drawing.bars)
    for row in {run.y for run in drawing.runs}:
        assert sum(run.width for run in drawing.runs if run.y == row) == pytest.approx(WIDTH)
    for point in drawing.charge.split():
        x, y = map(float, point.split(","))
        assert 0 <= x <= WIDTH + 0.05
        assert TOP_Y - 0.05 <= y <= BASE_Y + 0.05
