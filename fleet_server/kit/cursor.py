"""Opaque cursors of lists."""

import base64
import binascii
from typing import TypeVar

import msgspec

from fleet_server.errors import BadRequestError

Key = TypeVar("Key")


def write_cursor(*key: str | int) -> str:
    """Spell the key of a page's last row."""
    return base64.urlsafe_b64encode(msgspec.json.encode(key)).decode().rstrip("=")


def read_cursor(text: str, shape: type[Key]) -> Key:
    """Read a cursor into ``shape``, e.g. ``tuple[str, int]``.

    Raises:
        BadRequestError: Not a cursor made by ``write_cursor`` for this list.
    """
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), type=shape)
    except (binascii.Error, ValueError) as err:
        raise BadRequestError("Parameter 'cursor' tidak dikenal; mulai lagi tanpa cursor.") from err
