import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench_agent.wire import envelope
from bench_agent.wire.envelope import Body, Envelope, WireClockQuality, WireError
from bench_agent.wire.event import Event, Severity
from bench_agent.wire.ids import Generation
from bench_agent.wire.play import Play, PlayOutcome
from bench_agent.wire.telemetry import EnergyTier, HotspotMinute, PowerMinute, SystemMinute

BODIES: list[Body] = [
    PowerMinute(battery_voltage_v=13.1, soc_pct=71.5, tier=EnergyTier.ECO),
    HotspotMinute(stations=12, sessions=9, down_bytes=1_000_000),
    SystemMinute(cpu_temperature_c=48.5, outbox_rows=3),
    Event(kind="energy.tier_changed", severity=Severity.WARNING, text="Hemat baterai", facts={"soc_pct": 58}),
    Play(play_seq=1, campaign="gizi", item="gizi-1", asset="0" * 64, layer="guaranteed", planned_ms=30_000,
         shown_ms=30_000, outcome=PlayOutcome.COMPLETE),
]  # fmt: skip


def enveloped(body: Body, seq: int = 7) -> Envelope:
    return Envelope(
        s=envelope.schema_of(body), gen="k3f9", seq=seq, boot="ab12cd34", up=123_456, ts=1_795_373_220_000,
        q=WireClockQuality.NTP, d=msgspec.Raw(msgspec.json.encode(body)),
    )  # fmt: skip


@pytest.mark.parametrize("body", BODIES, ids=lambda body: type(body).__name__)
def test_a_record_comes_back_as_it_was_written_fl_w4(body: Body) -> None:
    record = envelope.decode_record(envelope.encode_record(enveloped(body)))
    assert (record.seq, record.gen, record.q) == (7, "k3f9", WireClockQuality.NTP)
    assert envelope.body_of(record) == body


def test_a_batch_keeps_each_record_byte_for_byte() -> None:
    records = [envelope.encode_record(enveloped(body, seq)) for seq, body in enumerate(BODIES, start=5)]
    batch = envelope.decode_batch(
        envelope.encode_batch(Generation("k3f9"), floor=2, after=4, records=records)
    )
    assert (batch.gen, batch.floor, batch.after) == ("k3f9", 2, 4)
    assert [bytes(raw) for raw in batch.records] == records


def test_a_newer_word_reads_as_unknown_and_a_newer_field_is_ignored_fl_w6() -> None:
    record = envelope.decode_record(
        b'{"v":1,"s":"power/1","gen":"a","seq":1,"boot":"b","up":1,"ts":2,"q":"atomic",'
        b'"d":{"tier":"turbo","soc_pct":5,"moon_phase":3},"later":true}'
    )
    assert record.q is WireClockQuality.UNKNOWN
    assert envelope.body_of(record) == PowerMinute(soc_pct=5.0, tier=EnergyTier.UNKNOWN)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\xff\xfe",
        b"{}",
        b'{"v":1,"gen":"","floor":0,"after":0,"records":[]}',
        b'{"v":1,"gen":"k3f9","floor":9,"after":4,"records":[]}',
        b'{"v":1,"gen":"k3f9","floor":-1,"after":4,"records":[]}',
        b'{"v":1,"gen":"k3f9","floor":0,"after":0,"records":[' + b",".join([b"1"] * 51) + b"]}",
    ],
)
def test_a_document_that_is_no_batch_is_refused_by_name_fl_w7(payload: bytes) -> None:
    with pytest.raises(WireError, match="batch"):
        envelope.decode_batch(payload)


def test_an_unknown_schema_is_named_in_the_error_fl_w7() -> None:
    record = envelope.decode_record(
        b'{"v":1,"s":"moon/1","gen":"a","seq":1,"boot":"b","up":1,"ts":2,"q":"ntp","d":{}}'
    )
    with pytest.raises(WireError, match="moon/1"):
        envelope.body_of(record)


@given(st.binary(max_size=200))
def test_garbage_is_always_a_wire_error_and_nothing_else_fl_w7(payload: bytes) -> None:
    for read in (envelope.decode_batch, envelope.decode_record, envelope.decode_commit):
        with pytest.raises(WireError):
            read(payload)
