"""Frames between Pi and board: bytes to frames and back (POW-R54). Pure; runs on MicroPython and CPython.

``7E protocol len type payload crc_hi crc_lo``: integers big-endian, CRC-16/CCITT-FALSE over everything
between start byte and checksum. What a frame means stands in ``link``.
"""

TYPE_CHECKING = False  # MicroPython has no typing
if TYPE_CHECKING:
    from collections.abc import Callable

PROTOCOL = 1
START = 0x7E
MAX_PAYLOAD = 64
UNFINISHED_MS = 100
_OVERHEAD = 6
"""Start, protocol, length, type and two bytes of checksum."""
_LENGTH_AT = 2

HEARTBEAT, HALTED, SLEEP, LIMIT, QUERY, MAINTENANCE = 1, 2, 3, 4, 5, 6
STATUS, ACK, HALT_REQUEST, VERSION = 0x81, 0x82, 0x83, 0x84

_LOW_CRC_OF_NIBBLE = (0x0000, 0x1021, 0x2042, 0x3063, 0x4084, 0x50A5, 0x60C6, 0x70E7)
_CRC_OF_NIBBLE = _LOW_CRC_OF_NIBBLE + tuple(crc + 0x8108 for crc in _LOW_CRC_OF_NIBBLE)


def crc16(data: "bytes | bytearray") -> int:
    """CRC-16/CCITT-FALSE: polynomial 0x1021, start 0xFFFF; of ``123456789`` it is 0x29B1."""
    crc = 0xFFFF
    for byte in data:
        crc = (crc << 4 & 0xFFFF) ^ _CRC_OF_NIBBLE[crc >> 12 ^ byte >> 4]
        crc = (crc << 4 & 0xFFFF) ^ _CRC_OF_NIBBLE[crc >> 12 ^ byte & 15]
    return crc


def encode(kind: int, payload: bytes = b"", protocol: int = PROTOCOL) -> bytes:
    """One frame of ``kind`` with at most 64 bytes of payload."""
    body = bytes((protocol, len(payload), kind)) + payload
    crc = crc16(body)
    return bytes((START,)) + body + bytes((crc >> 8, crc & 0xFF))


class Decoder:
    """Cuts a stream into frames.

    A bad frame, or one unfinished for 100 ms, loses only its start byte; the rest is read again.
    """

    def __init__(self, ticks_diff: "Callable[[int, int], int]") -> None:
        """``ticks_diff(later, earlier)`` in milliseconds: ``time.ticks_diff`` on a board."""
        self.bad_frames = 0
        self._ticks_diff = ticks_diff
        self._pending = bytearray(MAX_PAYLOAD + _OVERHEAD)
        self._length = 0
        self._started_at = 0
        self._fed_at = 0

    def feed(self, chunk: bytes, now: int) -> "list[tuple[int, int, bytes]]":
        """Read more bytes, or none when only time went by.

        Returns:
            ``(protocol, kind, payload)`` of each good frame, whatever its protocol.
        """
        frames: "list[tuple[int, int, bytes]]" = []
        if chunk:
            self._fed_at = now
        for byte in chunk:
            if self._length == 0:
                if byte != START:
                    continue
                self._started_at = now
            self._pending[self._length] = byte
            self._length += 1
            self._take(frames)
        while self._length and self._ticks_diff(now, self._started_at) >= UNFINISHED_MS:
            self._reject()
            self._take(frames)
        return frames

    def _take(self, frames: "list[tuple[int, int, bytes]]") -> None:
        """Move every frame that is complete by now from the pending bytes to ``frames``."""
        pending = self._pending
        while self._length > _LENGTH_AT:
            size = pending[_LENGTH_AT] + _OVERHEAD
            if size > len(pending):
                self._reject()
            elif size > self._length:
                return
            elif crc16(pending[1 : size - 2]) == pending[size - 2] << 8 | pending[size - 1]:
                frames.append((pending[1], pending[3], bytes(pending[4 : size - 2])))
                self._drop(size)
            else:
                self._reject()

    def _reject(self) -> None:
        self.bad_frames += 1
        self._drop(1)

    def _drop(self, count: int) -> None:
        """Forget ``count`` bytes and what follows them up to the next start byte."""
        start = self._pending.find(b"\x7e", count, self._length)
        if start < 0:
            self._length = 0
            return
        left = self._length - start
        self._pending[:left] = self._pending[start : self._length]
        self._length = left
        self._started_at = self._fed_at
