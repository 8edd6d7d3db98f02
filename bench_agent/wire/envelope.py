"""The envelope of every record and the outbox batch (FL-W4), with their encoding.

A record is written once on the bench, and its bytes never change after that. ``decode_batch`` hands
out every readable record and names every unreadable one, so that one bad record never blocks its
batch (FL-W7).
"""

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from bench_agent.wire.document import Document, MeterStates, Outlook
from bench_agent.wire.event import Event
from bench_agent.wire.ids import Generation
from bench_agent.wire.open_enum import OpenEnum
from bench_agent.wire.play import Play
from bench_agent.wire.telemetry import Harvest, HotspotMinute, PowerDay, PowerMinute, SystemMinute

Body = PowerMinute | HotspotMinute | SystemMinute | Harvest | PowerDay | Document | Event | Play

SCHEMAS: Mapping[str, type[Body]] = MappingProxyType(
    {
        "power/1": PowerMinute,
        "hotspot/1": HotspotMinute,
        "sys/1": SystemMinute,
        "harvest/1": Harvest,
        "power_day/1": PowerDay,
        "outlook/1": Outlook,
        "meters/1": MeterStates,
        "event/1": Event,
        "play/1": Play,
    }
)
_NAMES = {body: name for name, body in SCHEMAS.items()}
_DECODERS = {name: msgspec.json.Decoder(body) for name, body in SCHEMAS.items()}

MAX_BATCH_RECORDS = 50
MAX_BATCH_BYTES = 16_384


class WireClockQuality(OpenEnum):
    """Trust in ``ts`` (FL-W5)."""

    UNKNOWN = "unknown"
    NTP = "ntp"
    RTC = "rtc"
    EST = "est"
    NONE = "none"


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """One record. Dedupe key on the server: (bench, gen, seq)."""

    v: int = 1
    s: str
    """Schema of ``d``, name/major."""
    gen: str
    seq: int
    """AUTOINCREMENT of the outbox, from 1."""
    boot: str
    up: int
    """Milliseconds since boot."""
    ts: int
    """Wall time, ms since 1970 UTC, as good as ``q`` says."""
    q: WireClockQuality
    d: msgspec.Raw
    """Body, decoded by ``body_of``."""


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """``up/log``: every record the bench holds with ``after < seq <= last record``.

    ``floor`` is the highest number below which the bench holds nothing any more (committed or
    dropped), so that the server's contiguous mark passes over what no longer exists.
    """

    v: int = 1
    gen: str
    floor: int
    after: int
    records: list[msgspec.Raw]


class Commit(msgspec.Struct, frozen=True, kw_only=True):
    """``dn/commit``: everything up to ``upto`` of ``gen`` is durable in the server's store."""

    gen: str
    upto: int


class WireError(ValueError):
    """A document that does not follow the wire's rules."""


_ENVELOPE = msgspec.json.Decoder(Envelope)
_BATCH = msgspec.json.Decoder(Batch)
_COMMIT = msgspec.json.Decoder(Commit)


def schema_of(body: Body) -> str:
    """Name of a body's schema, e.g. ``power/1``."""
    return _NAMES[type(body)]


def encode_record(envelope: Envelope) -> bytes:
    """Spell one record as JSON."""
    return msgspec.json.encode(envelope)


def encode_batch(gen: Generation, floor: int, after: int, records: list[bytes]) -> bytes:
    """Join stored records to one ``up/log`` payload without decoding them."""
    head = b'{"v":1,"gen":%b,"floor":%d,"after":%d,"records":[' % (msgspec.json.encode(gen), floor, after)
    return head + b",".join(records) + b"]}"


def decode_batch(payload: bytes) -> Batch:
    """Read an ``up/log`` payload; records stay raw.

    Raises:
        WireError: Not a batch.
    """
    try:
        batch = _BATCH.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError) as err:
        raise WireError(f"no batch: {err}") from err
    if len(batch.records) > MAX_BATCH_RECORDS:
        raise WireError(f"batch of {len(batch.records)} records, at most {MAX_BATCH_RECORDS}")
    if not 0 <= batch.floor <= batch.after or not 1 <= len(batch.gen) <= 16:  # noqa: PLR2004 - ids.Generation
        raise WireError("batch numbers out of order, or gen of a wrong length")
    return batch


def decode_record(raw: bytes | msgspec.Raw) -> Envelope:
    """Read one record's envelope.

    Raises:
        WireError: Not an envelope.
    """
    try:
        return _ENVELOPE.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as err:
        raise WireError(f"no envelope: {err}") from err


def body_of(envelope: Envelope) -> Body:
    """Read a record's body by its schema; unknown fields are ignored (FL-W6).

    Raises:
        WireError: Unknown schema, or the body does not follow it.
    """
    decoder = _DECODERS.get(envelope.s)
    if decoder is None:
        raise WireError(f"unknown schema {envelope.s[:40]!r}")
    try:
        return decoder.decode(envelope.d)
    except (msgspec.DecodeError, UnicodeDecodeError) as err:
        raise WireError(f"{envelope.s}: {err}") from err


def decode_commit(payload: bytes) -> Commit:
    """Read a ``dn/commit`` payload.

    Raises:
        WireError: Not a commit.
    """
    try:
        return _COMMIT.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError) as err:
        raise WireError(f"no commit: {err}") from err
