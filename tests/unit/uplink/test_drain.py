"""Go-back-N with a window of four batches, ten a second (FL-W8)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bench_agent.domain.drain import (
    SEND_INTERVAL_MS,
    STALL_MS,
    WINDOW_BATCHES,
    after_commit,
    after_pause,
    after_send,
    may_send,
    open_drain,
)


def test_first_batch_waits_as_long_as_asked() -> None:
    drain = open_drain(0, now_ms=1000, wait_ms=500)
    assert not may_send(drain, 1499)
    assert may_send(drain, 1500)


def test_fifth_batch_waits_for_a_commit() -> None:
    drain = open_drain(0, now_ms=0)
    for number in range(1, 5):
        assert may_send(drain, number * 100)
        drain = after_send(drain, number * 50, number * 100)
    assert not may_send(drain, 10_000)
    drain = after_commit(drain, 50, 10_000)
    assert may_send(drain, 10_000)
    assert drain.sent == 200


def test_at_most_ten_batches_leave_in_a_second() -> None:
    drain, sent = open_drain(0, now_ms=0), 0
    for now_ms in range(1000):
        if may_send(drain, now_ms):
            sent += 1
            drain = after_commit(after_send(drain, sent, now_ms), sent, now_ms)
    assert sent == 10


def test_stalled_window_starts_again_from_the_commit() -> None:
    drain = after_send(after_send(open_drain(7, now_ms=0), 50, 0), 100, 100)
    drain = after_commit(drain, 50, 200)
    assert after_pause(drain, 200 + STALL_MS - 1).sent == 100
    drain = after_pause(drain, 200 + STALL_MS)
    assert (drain.sent, drain.under_way) == (50, ())


def test_old_answer_is_no_progress() -> None:
    drain = after_send(open_drain(50, now_ms=0), 100, 0)
    assert after_commit(drain, 50, 4000) is drain
    assert after_pause(after_commit(drain, 50, 4000), STALL_MS).sent == 50


def test_commit_beyond_what_was_sent_moves_on() -> None:
    """An agent restarted after its batches arrived learns from the first answer what is durable."""
    drain = after_commit(after_send(open_drain(0, now_ms=0), 50, 0), 180, 10)
    assert (drain.committed, drain.sent) == (180, 180)


@given(lost=st.lists(st.booleans(), max_size=60))
def test_every_record_arrives_once_whatever_batches_are_lost(lost: list[bool]) -> None:
    total, now_ms, mark, arrived = 500, 0, 0, list[int]()
    fate = iter(lost)
    drain = open_drain(0, now_ms=0)
    while drain.committed < total:
        drain = after_pause(drain, now_ms)
        if may_send(drain, now_ms) and drain.sent < total:
            after, last = drain.sent, min(drain.sent + 50, total)
            drain = after_send(drain, last, now_ms)
            if not next(fate, False):
                if after <= mark:
                    arrived.extend(range(mark + 1, last + 1))
                    mark = max(mark, last)
                drain = after_commit(drain, mark, now_ms)
        assert len(drain.under_way) <= WINDOW_BATCHES
        now_ms += SEND_INTERVAL_MS
    assert arrived == list(range(1, total + 1))
