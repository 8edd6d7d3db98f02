"""Reads messages of the broker into rows: pure, and fast because every record passes here.

No pydantic and no ORM object: msgspec decodes, tuples and dictionaries go on to bulk inserts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from bench_agent.wire.document import Document
from bench_agent.wire.envelope import (
    MAX_BATCH_BYTES,
    Batch,
    Body,
    Envelope,
    WireError,
    body_of,
    decode_batch,
    decode_record,
)
from bench_agent.wire.event import Event
from bench_agent.wire.play import Play
from bench_agent.wire.telemetry import LIMIT
from fleet_server.telemetry.quarantine import Quarantine, Reason, clean_text

if TYPE_CHECKING:
    from fleet_server.kit.telemetry.port import SampleRow

_DAY_MS = 86_400_000
_PAYLOAD_LIMIT = 4 * MAX_BATCH_BYTES
MarkKey = tuple[str, str]
"""(bench, gen)"""


class _OnlySeq(msgspec.Struct, frozen=True):
    seq: int


_ONLY_SEQ = msgspec.json.Decoder(_OnlySeq)


@dataclass(kw_only=True, slots=True)
class Work:
    """What one batch of messages asks the stores to do."""

    now_ms: int
    marks: dict[MarkKey, int]
    """In: durable marks. While reading: moved on to what this batch will make durable."""
    samples: list[SampleRow] = field(default_factory=list)
    live: list[SampleRow] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    plays: list[dict[str, Any]] = field(default_factory=list)
    documents: list[dict[str, Any]] = field(default_factory=list)
    touched: set[MarkKey] = field(default_factory=set)
    """Marks to write and to answer with ``dn/commit``, moved or not: a repeat means a lost answer."""
    quarantine: Quarantine = field(default_factory=Quarantine)
    records: int = 0


def read_log(work: Work, bench: str, topic: str, payload: bytes) -> None:
    """Read one ``up/log`` payload; what cannot be read goes to the quarantine (FL-W7)."""
    try:
        batch = _checked(payload)
    except WireError as err:
        work.quarantine.add(bench, Reason.BATCH, str(err), topic, payload)
        return
    key = (bench, batch.gen)
    mark = max(work.marks.get(key, 0), batch.floor)
    if batch.after <= mark:  # else a batch before this one is missing: the answer tells the bench where
        mark = _take_records(work, bench, topic, batch, mark)
    work.marks[key] = mark
    work.touched.add(key)


def _checked(payload: bytes) -> Batch:
    if len(payload) > _PAYLOAD_LIMIT:
        raise WireError(f"batch of {len(payload)} bytes")
    batch = decode_batch(payload)
    if not (batch.gen.isascii() and batch.gen.isalnum()) or batch.after >= LIMIT:
        raise WireError("gen is no base32, or numbers out of range")
    return batch


def _take_records(work: Work, bench: str, topic: str, batch: Batch, mark: int) -> int:
    last = mark
    latest_ts = work.now_ms + _DAY_MS
    for raw in batch.records:
        try:
            envelope = decode_record(raw)
        except WireError as err:
            work.quarantine.add(bench, Reason.ENVELOPE, str(err), topic, bytes(raw))
            last = max(last, _seq_of(raw))
            continue
        seq = envelope.seq
        if not batch.after < seq < LIMIT or envelope.gen != batch.gen:
            work.quarantine.add(bench, Reason.RANGE, f"seq {seq} of gen {envelope.gen}", topic, bytes(raw))
            continue
        last = max(last, seq)
        if seq <= mark:
            continue
        work.records += 1
        if not 0 <= envelope.ts <= latest_ts:
            work.quarantine.add(bench, Reason.RANGE, f"ts {envelope.ts}", topic, bytes(raw))
            continue
        try:
            _sort_in(work, bench, envelope, body_of(envelope))
        except WireError as err:
            work.quarantine.add(bench, Reason.BODY, str(err), topic, bytes(raw))
    return last


def _seq_of(raw: msgspec.Raw) -> int:
    """Number of a record that is JSON but no envelope, so that the mark passes it; 0 = it has none."""
    try:
        seq = _ONLY_SEQ.decode(raw).seq
    except (msgspec.DecodeError, UnicodeDecodeError):
        return 0
    return seq if seq < LIMIT else 0


def _sort_in(work: Work, bench: str, envelope: Envelope, body: Body) -> None:
    if isinstance(body, Event):
        work.events.append(_event_row(bench, envelope, body))
    elif isinstance(body, Play):
        work.plays.append(_play_row(bench, envelope, body))
    elif isinstance(body, Document):
        work.documents.append(_document_row(bench, envelope, body))
    else:
        work.samples.append((bench, envelope.ts, envelope.seq, body))


def _event_row(bench: str, envelope: Envelope, event: Event) -> dict[str, Any]:
    return {
        "bench": bench,
        "gen": envelope.gen,
        "seq": envelope.seq,
        "ts_ms": envelope.ts,
        "kind": clean_text(event.kind, 60),
        "severity": event.severity.value,
        "text": clean_text(event.text, 300),
        "facts": event.facts,
    }


def _document_row(bench: str, envelope: Envelope, document: Document) -> dict[str, Any]:
    body = msgspec.json.encode(document)  # not the raw bytes: only known fields, and bounded ones, are kept
    if len(body) > MAX_BATCH_BYTES:
        raise WireError(f"document of {len(body)} bytes")
    return {"bench": bench, "kind": envelope.s, "ts_ms": envelope.ts, "body": body}


def _play_row(bench: str, envelope: Envelope, play: Play) -> dict[str, Any]:
    if not all(0 <= n < LIMIT for n in (play.play_seq, play.planned_ms, play.shown_ms, play.pictures or 0)):
        raise WireError("play numbers out of range")
    return {
        "bench": bench,
        "gen": envelope.gen,
        "seq": envelope.seq,
        "ts_ms": envelope.ts,
        "play_seq": play.play_seq,
        "campaign": clean_text(play.campaign, 80),
        "title": clean_text(play.title, 200),
        "owner": clean_text(play.owner, 120),
        "item": clean_text(play.item, 80),
        "asset": clean_text(play.asset, 64),
        "layer": clean_text(play.layer, 20),
        "planned_ms": play.planned_ms,
        "shown_ms": play.shown_ms,
        "pictures": play.pictures,
        "outcome": play.outcome.value,
        "cause": clean_text(play.cause, 200),
    }
