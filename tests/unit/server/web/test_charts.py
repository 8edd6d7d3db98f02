"""Columns of charts."""

from fleet_server.web.charts import CHART_FIELDS, list_charts, playback_columns, telemetry_columns
from fleet_server.web.languages import load_languages

HOUR_MS = 3_600_000


def test_a_line_breaks_where_nothing_was_measured() -> None:
    drawn = telemetry_columns([0, 60_000, 600_000], [[1.0, 2.0, 3.0]], 60_000, (0, HOUR_MS))
    assert drawn.columns == [[1.0, 2.0, None, 3.0]]
    assert drawn.times_s == [0.0, 60.0, 540.0, 600.0]
    assert (drawn.start_s, drawn.end_s) == (0.0, 3600.0)


def test_an_hour_without_plays_is_a_measured_zero() -> None:
    drawn = playback_columns({HOUR_MS: 120_000}, (HOUR_MS // 2, 3 * HOUR_MS))
    assert drawn.columns == [[0.0, 2.0, 0.0]]
    assert drawn.times_s == [0.0, 3600.0, 7200.0]


def test_every_chart_names_each_of_its_lines() -> None:
    for chart in list_charts(load_languages()["en"]):
        assert len(chart.lines) == len(CHART_FIELDS.get(chart.key, ("shown",)))
