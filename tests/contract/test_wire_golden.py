"""Every version of every message stays readable and is spelled the same (FL-W6)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from bench_agent.wire.envelope import (
    SCHEMAS,
    Commit,
    Envelope,
    WireClockQuality,
    WireError,
    body_of,
    decode_batch,
    decode_commit,
    decode_record,
    encode_batch,
    encode_record,
    schema_of,
)
from bench_agent.wire.event import Event, Severity
from bench_agent.wire.ids import Generation
from bench_agent.wire.play import Play, PlayOutcome
from bench_agent.wire.presence import BenchState, Birth, Desired, ServerState, StateReason
from bench_agent.wire.telemetry import EnergyTier, PowerMinute

if TYPE_CHECKING:
    from enum import Enum

GOLDEN = Path(__file__).parent.parent / "data" / "wire"
DOCUMENTS: dict[str, type[msgspec.Struct]] = {
    "state": BenchState,
    "birth": Birth,
    "server_state": ServerState,
    "desired": Desired,
    "commit": Commit,
}
RECORDS = {name.removesuffix("/1"): name for name in SCHEMAS}


def golden(*messages: str) -> list[Any]:
    paths = [path for message in messages for path in sorted((GOLDEN / message / "v1").glob("*.json"))]
    return [pytest.param(path, id=f"{path.parent.parent.name}-{path.stem}") for path in paths]


def test_every_message_has_a_golden_document() -> None:
    expected = {*DOCUMENTS, *RECORDS, "batch"}
    assert {folder.name for folder in GOLDEN.iterdir()} == expected
    assert all(golden(message) for message in expected)


@pytest.mark.parametrize("path", golden(*DOCUMENTS))
def test_document_keeps_its_values_through_reading_and_writing(path: Path) -> None:
    model = DOCUMENTS[path.parent.parent.name]
    document = msgspec.json.decode(path.read_bytes(), type=model)
    assert json.loads(msgspec.json.encode(document)) == json.loads(path.read_bytes())


@pytest.mark.parametrize("path", golden(*DOCUMENTS))
def test_document_with_fields_of_a_newer_peer_reads_the_same(path: Path) -> None:
    model = DOCUMENTS[path.parent.parent.name]
    newer = json.loads(path.read_bytes()) | {"added_in_2030": {"deep": [1, None]}}
    assert msgspec.json.decode(json.dumps(newer), type=model) == msgspec.json.decode(
        path.read_bytes(), type=model
    )


@pytest.mark.parametrize("path", golden(*RECORDS))
def test_record_keeps_its_values_through_reading_and_writing(path: Path) -> None:
    envelope = decode_record(path.read_bytes())
    body = body_of(envelope)
    assert schema_of(body) == RECORDS[path.parent.parent.name]
    again = encode_record(msgspec.structs.replace(envelope, d=msgspec.Raw(msgspec.json.encode(body))))
    assert json.loads(again) == json.loads(path.read_bytes())


@pytest.mark.parametrize("path", golden(*RECORDS))
def test_record_with_fields_of_a_newer_peer_reads_the_same(path: Path) -> None:
    newer = json.loads(path.read_bytes()) | {"added_in_2030": True}
    newer["d"]["added_in_2030"] = [1, 2]
    assert body_of(decode_record(json.dumps(newer).encode())) == body_of(decode_record(path.read_bytes()))


@pytest.mark.parametrize("path", golden("batch"))
def test_batch_keeps_its_records_byte_for_byte(path: Path) -> None:
    batch = decode_batch(path.read_bytes())
    records = [bytes(record) for record in batch.records]
    again = encode_batch(Generation(batch.gen), batch.floor, batch.after, records)
    assert json.loads(again) == json.loads(path.read_bytes())
    assert [bytes(record) for record in decode_batch(again).records] == records


def test_unknown_words_of_a_newer_peer_read_as_unknown() -> None:
    state = msgspec.json.decode(b'{"online":true,"sess":"1","reason":"flying"}', type=BenchState)
    assert state.reason is StateReason.UNKNOWN
    assert msgspec.json.decode(b'{"tier":"turbo"}', type=PowerMinute).tier is EnergyTier.UNKNOWN
    assert msgspec.json.decode(b'{"kind":"x","severity":"loud"}', type=Event).severity is Severity.UNKNOWN
    play = json.loads((GOLDEN / "play/v1/complete.json").read_bytes())["d"] | {"outcome": "dreamt"}
    assert msgspec.json.decode(json.dumps(play), type=Play).outcome is PlayOutcome.UNKNOWN
    record = json.loads((GOLDEN / "power/v1/full.json").read_bytes()) | {"q": "sundial"}
    assert decode_record(json.dumps(record).encode()).q is WireClockQuality.UNKNOWN


@pytest.mark.parametrize("enumeration", [StateReason, EnergyTier, Severity, PlayOutcome, WireClockQuality])
def test_every_open_enumeration_has_a_word_for_unknown(enumeration: type[Enum]) -> None:
    assert enumeration("a word from the future") is enumeration["UNKNOWN"]


def test_missing_measurement_is_unknown_and_not_zero() -> None:
    body = body_of(decode_record((GOLDEN / "power/v1/unknown_values.json").read_bytes()))
    assert isinstance(body, PowerMinute)
    assert body.panel_power_w is None


def test_wrong_types_are_refused_and_named() -> None:
    with pytest.raises(WireError, match="upto"):
        decode_commit(b'{"gen":"k3f9","upto":"many"}')
    record: Envelope = decode_record((GOLDEN / "power/v1/full.json").read_bytes())
    with pytest.raises(WireError, match="power/9"):
        body_of(msgspec.structs.replace(record, s="power/9"))
