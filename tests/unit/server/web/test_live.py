"""What a live page hears."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from fleet_server.benches.schemas import BenchOut
from fleet_server.web.bench_card import BenchCard, make_card
from fleet_server.web.fleet_reading import Change, FleetReading
from fleet_server.web.live import LiveFleet, render_event
from tests.unit.server.web.test_bench_card import NOW


def card(number: int, soc: float = 50) -> BenchCard:
    bench = BenchOut(
        id=f"tgx{number:09d}",
        name=f"Bangku {number}",
        kecamatan="",
        lat=None,
        lon=None,
        online=True,
        last_seen=None,
        battery_soc_pct=soc,
        energy_tier=None,
        stations=None,
    )
    return make_card(bench, NOW)


def test_every_line_of_an_event_is_its_own_data_line() -> None:
    assert render_event("benches", "a\nb", "x-1") == "event: benches\nid: x-1\ndata: a\ndata: b\n\n"


def test_only_benches_that_look_different_are_told() -> None:
    reading = FleetReading()
    mark = reading.take([card(1), card(2)])
    assert reading.take([card(1), card(2)]) == mark
    newer = reading.take([card(1), card(2, 20)])
    change = reading.since(mark)
    assert (change.mark, change.changed, change.whole) == (newer, [card(2, 20)], False)
    assert reading.since(newer).changed == []


def test_a_page_of_another_process_hears_everything_anew() -> None:
    reading = FleetReading()
    reading.take([card(1)])
    for strange in ("", "deadbeef-1", "garbage", f"{reading.take([card(1)])}x"):
        change = reading.since(strange)
        assert (change.whole, change.changed) == (True, [card(1)])


Fleet = st.dictionaries(st.integers(1, 6), st.integers(0, 100))


@given(st.lists(Fleet, min_size=1, max_size=8), st.integers(0, 7))
def test_a_page_that_draws_every_change_shows_the_newest_reading(
    fleets: list[dict[int, int]], since: int
) -> None:
    reading = FleetReading()
    readings = [{f"tgx{number:09d}": card(number, soc) for number, soc in fleet.items()} for fleet in fleets]
    marks = [reading.take(cards.values()) for cards in readings]
    start = min(since, len(marks) - 1)
    change = reading.since(marks[start])
    page = {} if change.whole else dict(readings[start])
    page |= {one.id: one for one in (change.cards if change.whole else change.changed)}
    assert page == readings[-1]


def test_a_follower_hears_what_changed_since_its_page_and_then_each_change() -> None:
    reading = FleetReading()
    mark = reading.take([card(1), card(2)])
    fleets = iter([[card(1), card(2, 40)], [card(1, 30), card(2, 40)]])

    async def follow() -> list[Change | None]:
        live = LiveFleet(lambda: reading.take(next(fleets)), reading, rest_s=0.01)
        reader = asyncio.create_task(live.run())
        heard = []
        async for change in live.follow(mark):
            heard.append(change)
            if len(heard) == 2:
                break
        reader.cancel()
        await asyncio.gather(reader, return_exceptions=True)
        return heard

    first, second = asyncio.run(follow())
    assert first is not None
    assert second is not None
    assert first.changed == [card(2, 40)]
    assert second.changed == [card(1, 30)]


def test_nobody_watching_reads_nothing_and_an_outage_ends_no_stream() -> None:
    reading = FleetReading()
    asked: list[str] = []

    def read() -> str:
        asked.append("read")
        if len(asked) == 1:
            raise OSError("database away")
        return reading.take([card(1)])

    async def watch() -> Change | None:
        live = LiveFleet(read, reading, rest_s=0.01)
        reader = asyncio.create_task(live.run())
        await asyncio.sleep(0.05)
        assert asked == []
        stream = live.follow("")
        heard = await anext(stream)
        await stream.aclose()  # type: ignore[attr-defined]  # an async generator
        reader.cancel()
        await asyncio.gather(reader, return_exceptions=True)
        return heard

    heard = asyncio.run(watch())
    assert heard is not None
    assert heard.cards == [card(1)]
