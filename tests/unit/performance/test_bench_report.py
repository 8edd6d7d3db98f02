"""The pure parts of the benchmarks: verdicts, medians, the JSON report and the records they send."""

from __future__ import annotations

import io

import msgspec
import pytest
from rich.console import Console

from bench_agent.wire.envelope import MAX_BATCH_BYTES, body_of, decode_batch, decode_record
from bench_agent.wire.ids import parse_bench_id
from bench_agent.wire.telemetry import PowerMinute
from tests.performance.records import BATCH_RECORDS, bench_ids, power_batch, power_minute
from tests.performance.report import Goal, Row, encode_report, median_of, table_of


def _beside_peer(value: float) -> Row:
    return Row(
        id="x", what="w", value=value, unit="u", goal=Goal(ratio_at_least=6), peer="p", peer_value=10.0
    )


@pytest.mark.parametrize(("value", "ok"), [(60.0, True), (60.1, False)])
def test_value_above_its_limit_misses_the_target(value: float, ok: bool) -> None:
    assert Row(id="x", what="w", value=value, unit="u", goal=Goal(at_most=60)).ok is ok


@pytest.mark.parametrize(("value", "ok"), [(60.0, True), (59.9, False)])
def test_ratio_below_its_limit_misses_the_target(value: float, ok: bool) -> None:
    assert _beside_peer(value).ok is ok


@pytest.mark.parametrize(("value", "ok"), [(3.3, True), (3.4, False)])
def test_ratio_above_its_limit_misses_the_target(value: float, ok: bool) -> None:
    goal = Goal(ratio_at_most=1 / 3)
    row = Row(id="x", what="w", value=value, unit="u", goal=goal, peer="p", peer_value=10.0)
    assert row.ok is ok
    assert str(goal) == "ratio <= 0.333"


def test_ratio_target_without_a_peer_is_missed() -> None:
    assert not Row(id="x", what="w", value=1e9, unit="u", goal=Goal(ratio_at_least=6)).ok


def test_median_needs_three_runs_and_ignores_an_outlier() -> None:
    assert median_of([1.0, 900.0, 2.0]) == 2.0
    with pytest.raises(ValueError, match="2 runs"):
        median_of([1.0, 2.0])


def test_report_starts_with_the_machine_and_gives_every_field() -> None:
    head, row = msgspec.json.decode(encode_report({"cores": 2}, [_beside_peer(65.0)]))
    assert head == {"id": "machine", "cores": 2}
    assert row == {
        "id": "x", "what": "w", "value": 65.0, "unit": "u", "peer": "p", "peer_value": 10.0,
        "ratio": 6.5, "target": "ratio >= 6", "ok": True,
    }  # fmt: skip


def test_table_shows_a_missed_target() -> None:
    out = io.StringIO()
    Console(file=out, width=160).print(table_of({"cores": 2}, [_beside_peer(5.0)]))
    assert "0.50x" in out.getvalue()
    assert "NO" in out.getvalue()


def test_batches_follow_each_other_without_gap_and_fit_the_wire() -> None:
    """FL-W4: at most 50 records and 16 KiB, numbers of one batch follow the last of the one before."""
    payload = power_batch(7, 2, 1_700_000_000_000)
    batch = decode_batch(payload)
    envelopes = [decode_record(raw) for raw in batch.records]
    assert len(payload) <= MAX_BATCH_BYTES
    assert batch.after == 2 * BATCH_RECORDS
    assert [one.seq for one in envelopes] == list(range(2 * BATCH_RECORDS + 1, 3 * BATCH_RECORDS + 1))
    assert all(isinstance(body_of(one), PowerMinute) for one in envelopes)


def test_records_have_every_field_set() -> None:
    for seq in range(1, 1440, 97):
        assert None not in msgspec.structs.astuple(power_minute(7, seq))


def test_bench_ids_are_valid_and_distinct() -> None:
    ids = bench_ids(1000)
    assert len({parse_bench_id(one) for one in ids}) == 1000


def test_a_floor_is_met_from_itself_on() -> None:
    assert str(Goal(at_least=99.95)) == ">= 99.95"
    assert Goal(at_least=5).is_met(5.0, None)
    assert not Goal(at_least=5).is_met(4.9, 100.0)
