"""Identities on the wire.

Decides what an id looks like; does not make random bytes, which callers hand in.
Source: docs/spec/fleet.md section 1.
"""

import re
from typing import NewType

BenchId = NewType("BenchId", str)
"""12 lower-case Crockford base32 characters; the CN of the bench's certificate."""

Generation = NewType("Generation", str)
"""4 to 16 random base32 characters, made with one outbox file (FL-W4)."""

SessionId = NewType("SessionId", str)
"""One MQTT connection of a bench; a will of an older one is void."""

CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"
_BENCH = re.compile(rf"[{CROCKFORD}]{{12}}")


class BenchIdError(ValueError):
    """Not a bench id."""

    def __init__(self, text: str) -> None:
        super().__init__(f"{text[:40]!r} is no bench id: 12 characters of {CROCKFORD}")


def parse_bench_id(text: str) -> BenchId:
    """Check an id from outside.

    Raises:
        BenchIdError: ``text`` is not 12 Crockford base32 characters.
    """
    if _BENCH.fullmatch(text) is None:
        raise BenchIdError(text)
    return BenchId(text)


def encode_base32(random_bytes: bytes, length: int) -> str:
    """Spell random bytes as ``length`` Crockford characters, five bits of one byte each."""
    return "".join(CROCKFORD[byte & 31] for byte in random_bytes[:length])
