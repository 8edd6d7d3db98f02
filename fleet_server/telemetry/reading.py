"""Reads messages of the broker into rows: pure, and fast because every record passes here.

No pydantic and no ORM object: msgspec decodes, tuples and dictionaries go on to bulk inserts. A batch
in which everything is right, as nearly always, is decoded whole, bodies and all, in one pass; any other
is taken apart record by record, to name what is wrong and keep the rest.
"""

from __future__ import annotations

import functools
import operator
from dataclasses import dataclass, field
from types import GenericAlias
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from bench_agent.wire.document import Document
from bench_agent.wire.envelope import (
    MAX_BATCH_BYTES,
    MAX_BATCH_RECORDS,
    SCHEMAS,
    Batch,
    Body,
    Envelope,
    WireClockQuality,
    WireError,
    body_of,
    decode_batch,
    decode_record,
    schema_of,
)
from bench_agent.wire.event import Event
from bench_agent.wire.play import Play
from bench_agent.wire.telemetry import LIMIT
from fleet_server.kit.telemetry.schema import TABLES
from fleet_server.telemetry.quarantine import Quarantine, Reason, clean_text

if TYPE_CHECKING:
    from fleet_server.kit.telemetry.port import SampleRow

_DAY_MS = 86_400_000
_PAYLOAD_LIMIT = 4 * MAX_BATCH_BYTES
MarkKey = tuple[str, str]
"""(bench, gen)"""


class _Record(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An ``Envelope`` with its body decoded; each schema has a subclass, told by ``s``."""

    gen: str
    seq: Annotated[int, msgspec.Meta(lt=LIMIT)]
    boot: str
    up: int
    ts: Annotated[int, msgspec.Meta(ge=0)]
    q: WireClockQuality
    d: Body


class _WholeBatch(msgspec.Struct, frozen=True, kw_only=True):
    """A ``Batch`` with its records decoded."""

    gen: Annotated[str, msgspec.Meta(pattern="^[0-9A-Za-z]{1,16}$")]
    floor: Annotated[int, msgspec.Meta(ge=0)]
    after: Annotated[int, msgspec.Meta(lt=LIMIT)]
    records: list[_Record]


_Head = Envelope | _Record


def _whole_decoder() -> msgspec.json.Decoder[_WholeBatch]:
    records = [
        msgspec.defstruct(
            name, [("d", body)], bases=(_Record,), tag_field="s", tag=name, frozen=True, gc=False
        )
        for name, body in SCHEMAS.items()
    ]
    one_of: Any = functools.reduce(operator.or_, records)
    batch = msgspec.defstruct("batch", [("records", GenericAlias(list, one_of))], bases=(_WholeBatch,))
    return msgspec.json.Decoder(batch)


_WHOLE = _whole_decoder()


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
    if not _read_whole(work, bench, payload):
        _read_one_by_one(work, bench, topic, payload)


def _read_one_by_one(work: Work, bench: str, topic: str, payload: bytes) -> None:
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


def _read_whole(work: Work, bench: str, payload: bytes) -> bool:
    """Read a payload in which everything is right; False, and nothing done, if it is not."""
    if len(payload) > _PAYLOAD_LIMIT:
        return False
    try:
        batch = _WHOLE.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    last = _last_in_order(batch, work.now_ms + _DAY_MS)
    if last is None:
        return False
    key = (bench, batch.gen)
    mark = max(work.marks.get(key, 0), batch.floor)
    if batch.after <= mark:
        new = batch.records if batch.after == mark else [one for one in batch.records if one.seq > mark]
        for record in new:
            body = record.d
            if type(body) in TABLES:  # spelled out here too: nearly every record is a measurement
                work.samples.append((bench, record.ts, record.seq, body))  # type: ignore[arg-type]  # narrowed by type()
            else:
                _sort_in(work, bench, record, body)
        work.records += len(new)
        mark = max(mark, last)
    work.marks[key] = mark
    work.touched.add(key)
    return True


def _last_in_order(batch: _WholeBatch, latest_ts: int) -> int | None:
    """Number of the last record; None unless all are of this generation, ascending and not of the future."""
    gen, last = batch.gen, batch.after
    for record in batch.records:
        if record.seq <= last or record.gen != gen or record.ts > latest_ts:
            return None
        last = record.seq
    return last if batch.floor <= batch.after and len(batch.records) <= MAX_BATCH_RECORDS else None


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


def _sort_in(work: Work, bench: str, envelope: _Head, body: Body) -> None:
    if isinstance(body, Event):
        work.events.append(_event_row(bench, envelope, body))
    elif isinstance(body, Play):
        work.plays.append(_play_row(bench, envelope, body))
    elif isinstance(body, Document):
        work.documents.append(_document_row(bench, envelope, body))
    else:
        work.samples.append((bench, envelope.ts, envelope.seq, body))


def _event_row(bench: str, envelope: _Head, event: Event) -> dict[str, Any]:
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


def _document_row(bench: str, envelope: _Head, document: Document) -> dict[str, Any]:
    # Not the raw bytes: only what the schema knows is kept, and no more than a payload may hold.
    body = msgspec.json.encode(document)
    return {"bench": bench, "kind": schema_of(document), "ts_ms": envelope.ts, "body": body}


def _play_row(bench: str, envelope: _Head, play: Play) -> dict[str, Any]:
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
