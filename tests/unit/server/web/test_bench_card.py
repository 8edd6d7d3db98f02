"""Words for benches, and the columns of charts."""

from datetime import UTC, datetime

import pytest

from fleet_server.benches.schemas import BenchOut
from fleet_server.headers import render_policy
from fleet_server.web.bench_card import spell_bench
from fleet_server.web.charts import playback_minutes, with_gaps
from fleet_server.web.live import render_event


def make_bench(
    *,
    online: bool = False,
    last_seen: datetime | None = None,
    wake_at: datetime | None = None,
    soc: float | None = None,
) -> BenchOut:
    return BenchOut(
        id="tgx000000001",
        name="Alun-alun",
        kecamatan="Trenggalek",
        lat=-8.05,
        lon=111.71,
        online=online,
        last_seen=last_seen,
        battery_soc_pct=soc,
        energy_tier=None,
        stations=None,
        wake_at=wake_at,
    )


SEEN = datetime(2026, 11, 23, 5, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("bench", "state", "text"),
    [
        (make_bench(online=True, last_seen=SEEN), "online", "Daring"),
        (make_bench(last_seen=SEEN), "offline", "Luring sejak 23/11 12.30 WIB"),
        (make_bench(last_seen=SEEN, wake_at=SEEN), "asleep", "Tidur sampai 23/11 12.30 WIB"),
        (make_bench(), "unknown", "Belum pernah terlihat"),
    ],
)
def test_state_is_told_in_bench_time_with_its_zone_sig_r12(bench: BenchOut, state: str, text: str) -> None:
    card = spell_bench(bench)
    assert (card.state, card.state_text) == (state, text)


def test_what_is_not_known_is_not_shown_as_zero_pow_r1() -> None:
    assert "belum diketahui" in spell_bench(make_bench()).facts
    assert "baterai 0 %" in spell_bench(make_bench(soc=0.0)).facts


def test_a_line_breaks_where_nothing_was_measured() -> None:
    columns = with_gaps(["Beban"], [0, 60_000, 600_000], [[1.0, 2.0, 3.0]], 60_000)
    assert columns.columns == [[1.0, 2.0, None, 3.0]]
    assert columns.times_s == [0.0, 60.0, 540.0, 600.0]


def test_an_hour_without_plays_is_a_measured_zero() -> None:
    hour_ms = 3_600_000
    columns = playback_minutes({hour_ms: 120_000}, hour_ms // 2, 3 * hour_ms)
    assert columns.columns == [[0.0, 2.0, 0.0]]


def test_every_line_of_an_event_is_its_own_data_line() -> None:
    assert render_event("benches", "a\nb") == "event: benches\ndata: a\ndata: b\n\n"


def test_only_the_set_tile_server_may_send_pictures() -> None:
    assert "https:" not in render_policy(None)
    assert "https://*.tiles.example;" in render_policy("https://{s}.tiles.example/{z}/{x}/{y}.png")
