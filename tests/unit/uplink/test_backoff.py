"""Full jitter between 1 s and 5 min (FL-W2)."""

from __future__ import annotations

import pytest

from bench_agent.domain.backoff import next_delay_s


@pytest.mark.parametrize(
    ("failures", "longest_s"), [(1, 1), (2, 2), (3, 4), (9, 256), (10, 300), (11, 300), (10_000, 300)]
)
def test_longest_wait_doubles_up_to_five_minutes(failures: int, longest_s: float) -> None:
    assert next_delay_s(failures, 1.0) == longest_s


def test_jitter_spreads_the_wait_down_to_nothing() -> None:
    assert next_delay_s(5, 0.0) == 0
    assert next_delay_s(5, 0.25) == 4
