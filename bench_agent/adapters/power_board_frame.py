"""Frames of the power board: bytes in, typed messages out, and back (POW-R54). Never raises, bounded memory.

The firmware has its own decoder; a contract test holds the two equal.
"""

import struct
from binascii import crc_hqx
from dataclasses import dataclass
from enum import IntEnum, IntFlag

from bench_agent.domain.supply import SupplyLimit, SupplyReason, SupplyState

PROTOCOL = 1
MAX_PAYLOAD = 64
UNFINISHED_MS = 100
_START = 0x7E
_LENGTH_AT, _KIND_AT, _PAYLOAD_AT = 2, 3, 4
_OVERHEAD = 6
_TIMEOUT = 128
_STATES = (SupplyState.OFF, SupplyState.BOOTING, SupplyState.RUN, SupplyState.HALTING)
_REASONS = (
    SupplyReason.COLD,
    SupplyReason.WAKE,
    SupplyReason.ALIVE,
    SupplyReason.LOW,
    SupplyReason.SLEEP,
    SupplyReason.CRITICAL,
    SupplyReason.HALTED,
    SupplyReason.HUNG,
    SupplyReason.NO_BOOT,
    SupplyReason.CUT,
)
_STATUS = struct.Struct(">BBBHiIII")
_ACK = struct.Struct(">BB")
_HALT_REQUEST = struct.Struct(">BH")
_VERSION = struct.Struct(">BBBBB")


class Kind(IntEnum):
    """Types of frames."""

    HEARTBEAT = 0x01
    HALTED = 0x02
    SLEEP = 0x03
    LIMIT = 0x04
    QUERY = 0x05
    MAINTENANCE = 0x06
    STATUS = 0x81
    ACK = 0x82
    HALT_REQUEST = 0x83
    VERSION = 0x84


class Flag(IntFlag):
    """Third byte of a STATUS."""

    CURRENT_KNOWN = 1
    ON_DIVIDER = 2
    IN_MAINTENANCE = 4
    BACKS_OFF = 8
    WAITS_FOR_WAKE = 16
    FLASH_FAILED = 32


class Result(IntEnum):
    """Second byte of an ACK."""

    OK = 0
    UNKNOWN_KIND = 1
    TOO_SHORT = 2
    OUT_OF_RANGE = 3
    NOT_IN_THIS_STATE = 4
    UNKNOWN = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """STATUS, once a second."""

    state: SupplyState
    reason: SupplyReason
    timed_out: bool
    flags: Flag
    battery_mv: int
    """0 = not known."""
    battery_ma: int
    """+ = charging."""
    in_mah: int
    out_mah: int
    uptime_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ack:
    """Answer to a frame of ours."""

    kind: int
    result: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class HaltNotice:
    """HALT_REQUEST, every 5 s while the board waits for the Pi to halt."""

    reason: SupplyReason
    seconds_left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """What the board is, and its last failures."""

    protocol: int
    firmware: tuple[int, int]
    reset_cause: int
    attempts: int
    last_off: SupplyReason | None


Message = Status | Ack | HaltNotice | Version


def encode(kind: int, payload: bytes = b"", protocol: int = PROTOCOL) -> bytes:
    """One frame with at most 64 bytes of payload."""
    body = bytes((protocol, len(payload), kind)) + payload
    return bytes((_START,)) + body + crc_hqx(body, 0xFFFF).to_bytes(2, "big")


def encode_sleep(seconds: int, *, critical: bool) -> bytes:
    """SLEEP for ``seconds`` (0 to 2**32 - 1)."""
    return encode(Kind.SLEEP, struct.pack(">IB", seconds, critical))


def encode_limit(limit: SupplyLimit, value: int) -> bytes:
    """LIMIT with millivolts or seconds (0 to 2**32 - 1)."""
    return encode(Kind.LIMIT, struct.pack(">BI", limit, value))


def encode_query(kind: Kind) -> bytes:
    """QUERY for a frame of that kind."""
    return encode(Kind.QUERY, bytes((kind,)))


def encode_maintenance(minutes: int) -> bytes:
    """MAINTENANCE for ``minutes`` (0 to 65535; the board takes 240)."""
    return encode(Kind.MAINTENANCE, struct.pack(">H", minutes))


class FrameDecoder:
    """Cuts a stream into messages. A bad frame, or one unfinished for 100 ms, loses only its start byte."""

    def __init__(self) -> None:
        self.bad_frames = 0
        """Start bytes that began no frame."""
        self.foreign = 0
        """Good frames of another protocol, of an unknown type or with too short a payload."""
        self._pending = bytearray()
        self._started_at_ms = 0
        self._fed_at_ms = 0

    @property
    def waits(self) -> bool:
        """Whether a frame has begun; ``feed`` it nothing after 100 ms, so that it hides no other."""
        return bool(self._pending)

    def feed(self, chunk: bytes, now_ms: int) -> list[Message]:
        """Read more bytes; any cut gives the same messages."""
        messages = []
        for protocol, kind, payload in self.feed_raw(chunk, now_ms):
            message = _parse(kind, payload) if protocol == PROTOCOL else None
            if message is None:
                self.foreign += 1
            else:
                messages.append(message)
        return messages

    def feed_raw(self, chunk: bytes, now_ms: int) -> list[tuple[int, int, bytes]]:
        """Read more bytes into frames ``(protocol, kind, payload)``, whatever they mean."""
        frames: list[tuple[int, int, bytes]] = []
        if chunk:
            self._fed_at_ms = now_ms
            if not self._pending:
                self._started_at_ms = now_ms
            self._pending += chunk
            if self._pending[0] != _START:
                self._drop(1)
        self._take(frames)
        while self._pending and now_ms - self._started_at_ms >= UNFINISHED_MS:
            self._reject()
            self._take(frames)
        return frames

    def _take(self, frames: list[tuple[int, int, bytes]]) -> None:
        pending = self._pending
        while len(pending) > _LENGTH_AT:
            size = pending[_LENGTH_AT] + _OVERHEAD
            if pending[_LENGTH_AT] > MAX_PAYLOAD:
                self._reject()
            elif size > len(pending):
                return
            elif crc_hqx(pending[1 : size - 2], 0xFFFF) == int.from_bytes(pending[size - 2 : size], "big"):
                frames.append((pending[1], pending[_KIND_AT], bytes(pending[_PAYLOAD_AT : size - 2])))
                self._drop(size)
            else:
                self._reject()

    def _reject(self) -> None:
        self.bad_frames += 1
        self._drop(1)

    def _drop(self, count: int) -> None:
        start = self._pending.find(_START, count)
        del self._pending[: start if start >= 0 else len(self._pending)]
        self._started_at_ms = self._fed_at_ms


def _parse(kind: int, payload: bytes) -> Message | None:
    try:
        match kind:
            case Kind.STATUS:
                return _parse_status(payload)
            case Kind.ACK:
                acked, result = _ACK.unpack_from(payload)
                return Ack(kind=acked, result=_result(result))
            case Kind.HALT_REQUEST:
                reason, seconds_left = _HALT_REQUEST.unpack_from(payload)
                return HaltNotice(reason=_reason(reason), seconds_left=seconds_left)
            case Kind.VERSION:
                return _parse_version(payload)
            case _:
                return None
    except struct.error:  # shorter than known
        return None


def _parse_status(payload: bytes) -> Status:
    state, reason, flags, mv, ma, in_mah, out_mah, uptime_s = _STATUS.unpack_from(payload)
    return Status(
        state=_STATES[state] if state < len(_STATES) else SupplyState.UNKNOWN,
        reason=_reason(reason),
        timed_out=bool(reason & _TIMEOUT),
        flags=Flag(flags),
        battery_mv=mv,
        battery_ma=ma,
        in_mah=in_mah,
        out_mah=out_mah,
        uptime_s=uptime_s,
    )


def _parse_version(payload: bytes) -> Version:
    protocol, major, minor, reset_cause, attempts = _VERSION.unpack_from(payload)
    return Version(
        protocol=protocol,
        firmware=(major, minor),
        reset_cause=reset_cause,
        attempts=attempts,
        last_off=_reason(payload[_VERSION.size]) if len(payload) > _VERSION.size else None,
    )


def _reason(code: int) -> SupplyReason:
    number = code & ~_TIMEOUT
    return _REASONS[number] if number < len(_REASONS) else SupplyReason.UNKNOWN


def _result(code: int) -> Result:
    try:
        return Result(code)
    except ValueError:
        return Result.UNKNOWN
