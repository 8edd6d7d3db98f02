"""What pages say of a bench, in both languages."""

from datetime import UTC, datetime, timedelta

import pytest

from fleet_server.benches.schemas import BenchOut
from fleet_server.web.bench_card import (
    BenchState,
    make_card,
    spell_facts,
    spell_kind,
    spell_state,
    spell_tier,
)
from fleet_server.web.languages import load_languages

LANGUAGES = load_languages()
SEEN = datetime(2026, 11, 23, 5, 30, tzinfo=UTC)
NOW = SEEN + timedelta(hours=1)
LATER = NOW + timedelta(hours=8)


def make_bench(
    *,
    online: bool = False,
    last_seen: datetime | None = None,
    wake_at: datetime | None = None,
    reason: str = "unknown",
    soc: float | None = None,
    tier: str | None = None,
    stations: int | None = None,
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
        energy_tier=tier,
        stations=stations,
        wake_at=wake_at,
        state_reason=reason,
    )


@pytest.mark.parametrize(
    ("bench", "state", "indonesian", "english"),
    [
        (make_bench(online=True, last_seen=SEEN), "online", "Daring", "Online"),
        (
            make_bench(last_seen=SEEN),
            "offline",
            "Luring sejak 23 Nov 12.30 WIB",
            "Offline since 23 Nov 12:30 WIB",
        ),
        (
            make_bench(last_seen=SEEN, wake_at=LATER),
            "asleep",
            "Tidur sampai 23 Nov 21.30 WIB",
            "Asleep until 23 Nov 21:30 WIB",
        ),
        (
            make_bench(last_seen=SEEN, reason="low_battery"),
            "asleep",
            "Baterai lemah, menunggu matahari",
            "Battery low, waiting for the sun",
        ),
        (make_bench(), "unknown", "Belum pernah terlihat", "Never seen"),
    ],
)
def test_state_is_told_in_bench_time_with_its_zone_sig_r12(
    bench: BenchOut, state: str, indonesian: str, english: str
) -> None:
    card = make_card(bench, NOW)
    assert card.state == state
    assert spell_state(LANGUAGES["id"], card) == indonesian
    assert spell_state(LANGUAGES["en"], card) == english


def test_a_bench_half_an_hour_past_its_planned_return_is_offline_and_says_so_pow_r42() -> None:
    bench = make_bench(last_seen=SEEN, wake_at=NOW, reason="sleep")
    patient = make_card(bench, NOW + timedelta(minutes=30))
    late = make_card(bench, NOW + timedelta(minutes=31))
    assert (patient.state, patient.needs_attention) == (BenchState.ASLEEP, False)
    assert (late.state, late.needs_attention) == (BenchState.OFFLINE, True)
    assert spell_state(LANGUAGES["id"], late) == "Belum bangun, rencana 23 Nov 13.30 WIB"


def test_lists_begin_with_what_a_person_should_look_after() -> None:
    cards = [
        make_card(bench, NOW)
        for bench in (
            make_bench(last_seen=SEEN),
            make_bench(online=True, tier="critical"),
            make_bench(online=True, tier="reserve"),
            make_bench(last_seen=SEEN, reason="low_battery"),
            make_bench(),
            make_bench(online=True, tier="eco"),
            make_bench(last_seen=SEEN, wake_at=LATER, tier="critical"),
        )
    ]
    assert [card.rank for card in cards] == sorted(card.rank for card in cards)
    assert [card.needs_attention for card in cards] == [True, True, False, False, False, False, False]


def test_what_is_not_known_is_not_shown_as_zero_pow_r1() -> None:
    nothing = make_card(make_bench(), NOW)
    assert nothing.soc_pct is None
    assert spell_facts(LANGUAGES["id"], nothing) == "Trenggalek"
    empty = make_card(make_bench(soc=0.0, stations=0, tier="critical"), NOW)
    assert empty.soc_pct == 0
    assert spell_facts(LANGUAGES["id"], empty) == "Trenggalek · energi kritis · 0 perangkat"


def test_english_counts_one_and_many() -> None:
    one, many = (make_card(make_bench(stations=count), NOW) for count in (1, 2))
    assert spell_facts(LANGUAGES["en"], one) == "Trenggalek · 1 device"
    assert spell_facts(LANGUAGES["en"], many) == "Trenggalek · 2 devices"


def test_a_bench_that_is_online_looks_the_same_however_often_it_is_heard() -> None:
    assert make_card(make_bench(online=True, last_seen=SEEN, soc=70.1), NOW) == make_card(
        make_bench(online=True, last_seen=NOW, soc=70.4), LATER
    )


def test_words_of_a_newer_bench_stay_as_they_are() -> None:
    assert spell_tier(LANGUAGES["en"], "turbo") == "turbo"
    assert spell_kind(LANGUAGES["en"], "wind.storm") == "wind.storm"
