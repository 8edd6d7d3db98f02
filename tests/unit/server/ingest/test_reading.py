"""The fast way through a batch and the careful one say the same of every batch (FL-W4, FL-W7)."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench_agent.wire.envelope import MAX_BATCH_RECORDS, encode_batch
from bench_agent.wire.ids import Generation
from fleet_server.telemetry import reading
from fleet_server.telemetry.reading import Work, read_log

A = "0123456789ab"
NOW = 1_795_373_220_000
GOOD = b'{"v":1,"s":"power/1","gen":"k3f9","seq":%d,"boot":"b","up":1,"ts":%d,"q":"ntp","d":{"soc_pct":50.5}}'
PLAY = (
    b'{"campaign":"c","item":"i","asset":"a","layer":"filler","planned_ms":1,"shown_ms":1,"outcome":"partial",'
    b'"play_seq":%d}'
)


# What a broken or newer bench might send: a part of a good record, and what stands there instead.
CHANGES = [
    (b'"power/1"', b'"power/9"'),
    (b'"power/1"', b'"event/1"'),
    (b'{"soc_pct":50.5}', b"[]"),
    (b"50.5", b'"x"'),
    (b"50.5", b"1e300"),
    (b'"k3f9"', b'"zzzz"'),
    (b'"seq"', b'"sq"'),
    (b'"seq":', b'"seq":-'),
    (b'"seq":', b'"seq":1000000000000000'),
    (b'"seq":', b'"seq":1'),
    (b'"ts":', b'"ts":-'),
    (b'"ts":', b'"ts":9'),
    (b'"ts":', b'"ts":3,"now":'),
    (b'"boot":"b",', b""),
    (b'"up":1', b'"up":"1"'),
    (b'"ntp"', b"7"),
    (b'"ntp"', b'"gps"'),
    (b'"v":1', b'"v":2,"w":3'),
    (b'"v":1,', b""),
    (b"{", b"7,{"),
    (b'"power/1"', b'"play/1"'),
    (b'"power/1","gen":"k3f9"', b'"play/1","gen":"k3f9","d":' + PLAY % 1),
    (b'"power/1","gen":"k3f9"', b'"event/1","gen":"k3f9","d":{"kind":"boot"}'),
]
WHOLE = [
    GOOD.replace(b'"power/1"', b'"play/1"').replace(b'{"soc_pct":50.5}', PLAY.replace(b"%d", b"1")),
    GOOD.replace(b'"power/1"', b'"play/1"').replace(b'{"soc_pct":50.5}', PLAY.replace(b"%d", b"-1")),
    GOOD.replace(b'"power/1"', b'"event/1"').replace(b'"soc_pct":50.5', b'"kind":"boot"'),
]
SPOILT = [*(GOOD.replace(*change) for change in CHANGES), *WHOLE]


def _record(template: bytes, number: int) -> bytes:
    return template % (number, NOW - 1000 + number)


@st.composite
def batches(draw: st.DrawFn) -> bytes:
    after = draw(st.integers(0, 12))
    count = draw(st.integers(0, 8))
    kinds = draw(st.lists(st.sampled_from([GOOD, GOOD, GOOD, *SPOILT]), min_size=count, max_size=count))
    records = [_record(kind, after + 1 + n) for n, kind in enumerate(kinds)]
    if draw(st.booleans()):
        records = [*draw(st.permutations(records[:8]))]
    gen = draw(st.sampled_from(["k3f9", "k3f9", "k3f9", "a b", ""]))
    floor = draw(st.integers(0, after + 1))
    return encode_batch(Generation(gen), floor, after, records)


def _work(mark: int) -> Work:
    return Work(now_ms=NOW, marks={(A, "k3f9"): mark} if mark else {})


def _assert_alike(payload: bytes, mark: int) -> None:
    fast, careful = _work(mark), _work(mark)
    if reading._read_whole(fast, A, payload):
        reading._read_one_by_one(careful, A, "t", payload)
    assert fast == careful


@given(batches(), st.integers(0, 14))
def test_fast_reading_never_differs_from_careful_reading(payload: bytes, mark: int) -> None:
    _assert_alike(payload, mark)


@pytest.mark.parametrize("spoilt", SPOILT)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_one_odd_record_is_read_the_same_both_ways(spoilt: bytes, place: int) -> None:
    records = [_record(spoilt if n == place else GOOD, 6 + n) for n in range(3)]
    for mark in (5, 7):
        _assert_alike(encode_batch(Generation("k3f9"), 0, 5, records), mark)


@pytest.mark.parametrize(
    ("floor", "after", "count"), [(6, 5, 3), (-1, 5, 3), (0, 10**15, 0), (0, 5, MAX_BATCH_RECORDS + 1)]
)
def test_impossible_batch_is_refused_both_ways(floor: int, after: int, count: int) -> None:
    records = [_record(GOOD, after + 1 + n) for n in range(count)]
    _assert_alike(encode_batch(Generation("k3f9"), floor, after, records), after)


@given(st.integers(0, MAX_BATCH_RECORDS), st.integers(0, 60))
def test_batch_in_which_everything_is_right_is_read_the_fast_way(count: int, mark: int) -> None:
    work = _work(mark)
    payload = encode_batch(Generation("k3f9"), 0, 5, [GOOD % (6 + n, NOW) for n in range(count)])
    assert reading._read_whole(work, A, payload)
    assert [sample[2] for sample in work.samples] == (
        [*range(max(6, mark + 1), 6 + count)] if mark >= 5 else []
    )


@pytest.mark.parametrize("payload", [b"", b"\xff", b"{}", b'{"gen":"' + b"x" * 70_000])
def test_what_is_no_batch_is_set_aside(payload: bytes) -> None:
    work = _work(0)
    read_log(work, A, "t", payload)
    assert [one.reason.value for one in work.quarantine.found.values()] == ["batch"]
    assert (work.samples, work.touched) == ([], set())


def test_record_of_an_unknown_schema_does_not_hold_up_its_batch() -> None:
    work = _work(0)
    records = [GOOD % (1, NOW), (GOOD % (2, NOW)).replace(b"power/1", b"power/9"), GOOD % (3, NOW)]
    read_log(work, A, "t", encode_batch(Generation("k3f9"), 0, 0, records))
    assert [sample[2] for sample in work.samples] == [1, 3]
    assert work.marks == {(A, "k3f9"): 3}
    assert [msgspec.json.decode(one.sample)["seq"] for one in work.quarantine.found.values()] == [2]
