"""Rules of docs/spec/signage.md sections 4 and 5."""

from collections import Counter
from datetime import UTC, date, datetime
from fractions import Fraction
from functools import reduce

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media.asset import MediaFile
from media.campaign import Campaign, Item, Layer, Window
from media.proof_of_play import Outcome
from media.schedule import Conditions, Idle, Lane, Play, Reason, State, Turn, account, explain, pick, turn_of
from media.snapshot import FORMAT, Snapshot

ALL_DAYS = (1, 2, 3, 4, 5, 6, 7)
WEDNESDAY_NOON = datetime(2026, 11, 25, 5, 0, tzinfo=UTC)  # 12:00 WIB


def sha_of(number: int) -> str:
    return f"{number:064x}"


def at(instant: datetime, **fields: object) -> Conditions:
    return Conditions(now_ms=int(instant.timestamp() * 1000), **fields)  # type: ignore[arg-type]


def wib(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day - 1 if hour < 7 else day, (hour - 7) % 24, minute, tzinfo=UTC)


def campaign_of(name: str, *, items: int = 1, duration_ms: int = 10_000, **terms: object) -> Campaign:
    number = sum(ord(letter) for letter in name) * 100
    listed = tuple(
        Item(id=f"{name}-{index}", duration_ms=duration_ms, picture=sha_of(number + index))
        for index in range(items)
    )
    fields: dict[str, object] = {"layer": Layer.FILLER, "items": listed} | terms
    return Campaign(id=name, **fields)  # type: ignore[arg-type]


def snapshot_of(*campaigns: Campaign, **fields: object) -> Snapshot:
    files = {
        item.picture: MediaFile(size_bytes=1, media_type="video/mp4", url="/x")
        for campaign in campaigns
        for item in campaign.items
    }
    base: dict[str, object] = {"time_zone": "Asia/Jakarta", "campaigns": campaigns, "files": files}
    return Snapshot(
        format=FORMAT,
        bench="tgx000000001",
        version=1,
        made_at=datetime(2026, 11, 23, tzinfo=UTC),
        **(base | fields),  # type: ignore[arg-type]
    )


def run(snapshot: Snapshot, plays: int, start: datetime = WEDNESDAY_NOON) -> list[Play]:
    state, now_ms, done = State(), int(start.timestamp() * 1000), []
    for _ in range(plays):
        play = pick(snapshot, state, Conditions(now_ms=now_ms))
        assert isinstance(play, Play)
        state = account(state, turn_of(state, play, play.item.duration_ms, Outcome.COMPLETE))
        now_ms += play.item.duration_ms
        done.append(play)
    return done


def names(plays: list[Play]) -> str:
    return " ".join(play.campaign.id for play in plays)


def test_public_example_gives_exactly_the_weights_asked_for_r26() -> None:
    weights = {"a": 2000, "b": 400, "c": 200, "d": 200, "e": 600, "f": 200}
    snapshot = snapshot_of(*(campaign_of(name, weight=weight) for name, weight in weights.items()))

    plays = run(snapshot, 360)

    first = plays[0]
    assert (first.weight, first.weight_sum) == (555555, 999997)
    assert 10_000_000 * first.weight_sum // first.weight == 17999963
    f_play = next(play for play in plays if play.campaign.id == "f")
    assert 10_000_000 * f_play.weight_sum // f_play.weight == 180001260
    assert names(plays).startswith("a e a b a c a e a a b a")
    assert Counter(play.campaign.id for play in plays) == {
        "a": 200, "b": 40, "c": 20, "d": 20, "e": 60, "f": 20,
    }  # fmt: skip
    shown = Counter[str]()
    for number, play in enumerate(plays, start=1):
        shown[play.campaign.id] += 10
        for name, weight in weights.items():
            assert abs(shown[name] - Fraction(weight, 3600) * 10 * number) <= Fraction("8.9")


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 900), st.integers(3_000, 60_000)), min_size=2, max_size=6
    )
)  # fmt: skip
def test_no_campaign_strays_further_from_its_share_than_the_bound_r25(terms: list[tuple[int, int]]) -> None:
    campaigns = [
        campaign_of(f"c{number}", weight=weight, duration_ms=duration_ms)
        for number, (weight, duration_ms) in enumerate(terms)
    ]
    longest_us = max(duration_ms for _, duration_ms in terms) * 1000
    plays = run(snapshot_of(*campaigns), 150)
    weight_of = {play.campaign.id: play.weight for play in plays}
    shown_us, total_us = Counter[str](), 0
    for play in plays:
        shown_us[play.campaign.id] += play.item.duration_ms * 1000
        total_us += play.item.duration_ms * 1000
        for name, weight in weight_of.items():
            phi = Fraction(weight, play.weight_sum)
            own_us = next(c.items[0].duration_ms for c in campaigns if c.id == name) * 1000
            lead = shown_us[name] - phi * total_us
            # Each charge is rounded down to a whole microsecond of content: one per play at most.
            assert -longest_us - len(plays) <= lead <= (1 - phi) * own_us + len(plays)


def test_guaranteed_campaign_gets_its_per_mille_and_filler_the_rest_r22() -> None:
    guaranteed = campaign_of("gizi", layer=Layer.GUARANTEED, share_pm=250)
    plays = run(snapshot_of(guaranteed, campaign_of("isi")), 400)
    assert Counter(play.campaign.id for play in plays) == {"gizi": 100, "isi": 300}


def test_guaranteed_campaigns_split_everything_when_there_is_no_filler_r22() -> None:
    campaigns = [
        campaign_of("x", layer=Layer.GUARANTEED, share_pm=100),
        campaign_of("y", layer=Layer.GUARANTEED, share_pm=300),
    ]
    plays = run(snapshot_of(*campaigns), 400)
    assert Counter(play.campaign.id for play in plays) == {"x": 100, "y": 300}


def test_absence_earns_no_claim_r23a() -> None:
    late = campaign_of("late", windows=(Window(days=ALL_DAYS, start="13:00", end="14:00"),))
    plays = run(snapshot_of(campaign_of("steady"), late), 360 + 20)
    assert set(names(plays[:360]).split()) == {"steady"}
    assert Counter(play.campaign.id for play in plays[360:]) == {"steady": 10, "late": 10}


def test_fallback_plays_only_when_no_content_may_r19() -> None:
    fallback = campaign_of("rumah", layer=Layer.FALLBACK)
    film = campaign_of("film", windows=(Window(days=ALL_DAYS, start="06:00", end="12:00"),))
    snapshot = snapshot_of(fallback, film)
    before = pick(snapshot, State(), at(wib(25, 11)))
    after = pick(snapshot, State(), at(wib(25, 12)))
    assert isinstance(before, Play)
    assert isinstance(after, Play)
    assert (before.campaign.id, before.lane) == ("film", Lane.CONTENT)
    assert (after.campaign.id, after.lane) == ("rumah", Lane.FALLBACK)


@pytest.mark.parametrize(
    ("start", "end", "instant", "on"),
    [
        ("22:00", "02:00", wib(25, 21, 59), False),
        ("22:00", "02:00", wib(25, 22), True),
        ("22:00", "02:00", wib(26, 1, 59), True),
        ("22:00", "02:00", wib(26, 2), False),
        ("22:00", "02:00", wib(26, 22), False),  # Thursday is not listed
        ("22:00", "02:00", wib(25, 1), False),  # Tuesday's night is not listed
        ("06:00", "06:00", wib(25, 5, 59), False),
        ("06:00", "06:00", wib(26, 5, 59), True),
        ("06:00", "06:00", wib(26, 6), False),
        ("00:00", "24:00", wib(25, 23, 59), True),
        ("00:00", "24:00", wib(26, 0), False),
    ],
)
def test_window_belongs_to_its_start_day_r9(start: str, end: str, instant: datetime, on: bool) -> None:
    campaign = campaign_of("malam", windows=(Window(days=(3,), start=start, end=end),), duration_ms=3_000)
    reason = explain(snapshot_of(campaign), State(), at(instant))["malam"]
    assert reason == (None if on else Reason.WINDOW)


def test_night_window_of_the_last_valid_day_still_runs_after_midnight_r10() -> None:
    campaign = campaign_of(
        "malam",
        windows=(Window(days=ALL_DAYS, start="22:00", end="02:00"),),
        from_date=date(2026, 11, 25),
        until_date=date(2026, 11, 26),
    )
    snapshot = snapshot_of(campaign)
    assert explain(snapshot, State(), at(wib(25, 1)))["malam"] is Reason.WINDOW
    assert explain(snapshot, State(), at(wib(26, 1)))["malam"] is None
    assert explain(snapshot, State(), at(wib(26, 22)))["malam"] is Reason.WINDOW


@pytest.mark.parametrize("zone", ["Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura", "Europe/Berlin"])
def test_hours_follow_the_wall_clock_of_the_zone_r11(zone: str) -> None:
    campaign = campaign_of("pagi", windows=(Window(days=ALL_DAYS, start="02:00", end="03:00"),))
    snapshot = snapshot_of(campaign, time_zone=zone)
    on_minutes = 0
    start_ms = int(datetime(2026, 10, 24, 22, tzinfo=UTC).timestamp() * 1000)  # clocks go back in Berlin
    for minute in range(6 * 60):
        conditions = Conditions(now_ms=start_ms + minute * 60_000)
        on_minutes += explain(snapshot, State(), conditions)["pagi"] is None
    assert (
        on_minutes == {"Asia/Jakarta": 0, "Asia/Makassar": 0, "Asia/Jayapura": 0, "Europe/Berlin": 120}[zone]
    )


def test_item_too_long_for_the_window_waits_r16() -> None:
    campaign = campaign_of(
        "film", windows=(Window(days=ALL_DAYS, start="06:00", end="12:00"),), duration_ms=120_000
    )
    snapshot = snapshot_of(campaign)
    assert explain(snapshot, State(), at(wib(25, 11, 58)))["film"] is None
    assert explain(snapshot, State(), at(wib(25, 11, 59)))["film"] is Reason.NO_ITEM


def test_reasons_are_named_in_order_r13() -> None:
    night = (Window(days=ALL_DAYS, start="06:00", end="22:00"),)
    film = campaign_of("film")
    snapshot = snapshot_of(film, open=night, valid_until=wib(26, 12))
    assert explain(snapshot, State(), at(wib(25, 12), time_trusted=False))["film"] is Reason.NO_TIME
    assert explain(snapshot, State(), at(wib(26, 12)))["film"] is Reason.SNAPSHOT_EXPIRED
    assert explain(snapshot, State(), at(wib(25, 23)))["film"] is Reason.CLOSED
    missing = at(wib(25, 12), unavailable=frozenset({film.items[0].picture}))
    assert explain(snapshot, State(), missing)["film"] is Reason.NO_ITEM


def test_always_campaign_plays_with_an_untrusted_clock_r46() -> None:
    snapshot = snapshot_of(campaign_of("film"), campaign_of("selalu", always=True))
    play = pick(snapshot, State(), at(wib(25, 3), time_trusted=False))
    assert isinstance(play, Play)
    assert play.campaign.id == "selalu"


def test_items_play_in_the_written_order_and_skip_a_missing_file_r17() -> None:
    film = campaign_of("film", items=3)
    snapshot = snapshot_of(film)
    assert [play.item.id for play in run(snapshot, 4)] == ["film-0", "film-1", "film-2", "film-0"]
    play = pick(snapshot, State(), at(wib(25, 12), unavailable=frozenset({film.items[0].picture})))
    assert isinstance(play, Play)
    assert (play.item.id, play.position) == ("film-1", 1)


def test_preempted_item_restarts_later_and_a_failed_one_costs_nothing_r18_r24() -> None:
    snapshot = snapshot_of(campaign_of("film", items=2))
    play = pick(snapshot, State(), at(WEDNESDAY_NOON))
    assert isinstance(play, Play)
    preempted = account(State(), turn_of(State(), play, 4_000, Outcome.PREEMPTED))
    failed = account(State(), turn_of(State(), play, 0, Outcome.FAILED))
    assert preempted.positions == {"film": 0}
    assert preempted.lanes["content"].virtual_us == 4_000_000
    assert failed.positions == {"film": 1}
    assert failed.lanes["content"].starts_us == {"film": 0}


def test_idle_names_the_minute_at_which_the_next_window_opens_r47() -> None:
    film = campaign_of("film", windows=(Window(days=ALL_DAYS, start="06:00", end="12:00"),))
    idle = pick(snapshot_of(film), State(), at(wib(25, 12, 30)))
    assert idle == Idle(until_ms=int(wib(26, 6).timestamp() * 1000))


def test_campaign_of_an_unknown_layer_never_plays() -> None:
    assert isinstance(
        pick(snapshot_of(campaign_of("x", layer=Layer.UNKNOWN)), State(), at(wib(25, 12))), Idle
    )


@settings(max_examples=60, deadline=None)
@given(
    weights=st.lists(st.integers(1, 900), min_size=2, max_size=4),
    plays=st.lists(
        st.tuples(st.sets(st.integers(0, 3)), st.integers(0, 10_000), st.sampled_from(list(Outcome))),
        min_size=1,
        max_size=40,
    ),
)
def test_state_is_the_fold_of_the_rows_and_survives_a_restart_between_any_two_r7(
    weights: list[int], plays: list[tuple[set[int], int, Outcome]]
) -> None:
    snapshot = snapshot_of(
        *(campaign_of(f"c{number}", weight=weight) for number, weight in enumerate(weights))
    )
    state, turns = State(), list[Turn]()
    for missing, shown_ms, outcome in plays:
        held = frozenset(
            campaign.items[0].picture
            for number, campaign in enumerate(snapshot.campaigns)
            if number in missing
        )
        play = pick(snapshot, state, at(WEDNESDAY_NOON, unavailable=held))
        if isinstance(play, Idle):
            continue
        turns.append(turn_of(state, play, shown_ms, outcome))
        restarted = msgspec.json.decode(msgspec.json.encode(state), type=State)
        assert pick(snapshot, restarted, at(WEDNESDAY_NOON, unavailable=held)) == play
        state = account(restarted, turns[-1])
    sent = msgspec.json.decode(msgspec.json.encode(turns), type=list[Turn])
    assert reduce(account, sent, State()) == state
