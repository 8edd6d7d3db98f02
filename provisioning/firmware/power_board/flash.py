"""Small records in the board's file system, each with a checksum.

A loss of power leaves the old record or the new one.
"""

import os

from framing import crc16


def load(name: str) -> "bytes | None":
    """The record's bytes; None when there is none or it is damaged."""
    try:
        with open(name, "rb") as file:
            record = file.read()
    except OSError:
        return None
    body = record[:-2]
    return body if body and record == _with_checksum(body) else None


def save(name: str, body: bytes) -> bool:
    """Replace the record; False when the flash refuses."""
    fresh = name + ".new"
    try:
        with open(fresh, "wb") as file:
            file.write(_with_checksum(body))
        os.rename(fresh, name)
    except OSError:
        return False
    return True


def _with_checksum(body: bytes) -> bytes:
    return body + crc16(body).to_bytes(2, "big")
