"""Two copies of one small document, written in turn, so that a power cut never takes both (POW-R34).

A copy is one line ``<crc32> <number>`` and the document; the CRC covers number and document. The copy with
the highest number that is whole is the newest.
"""

import contextlib
import os
import zlib
from pathlib import Path
from typing import NamedTuple

from bench_agent.errors import EnergyMemoryError

_NAMES = ("estimate.a", "estimate.b")
_LARGEST_BYTES = 262_144


class _Copy(NamedTuple):
    number: int
    document: bytes


class EstimateFiles:
    """Two files in one folder."""

    def __init__(self, folder: Path) -> None:
        """``folder`` is made when something is saved."""
        self._paths = tuple(folder / name for name in _NAMES)
        copies = [_read(path) for path in self._paths]
        whole = [copy for copy in copies if copy is not None]
        self._newest = max(whole, default=None)
        # The next document goes over the older copy, or over the one that is torn or missing.
        self._next = 0 if copies[0] is None or copies[0] != self._newest else 1

    def load(self) -> bytes | None:
        """The newest document that is whole; None when both copies are torn or missing."""
        return None if self._newest is None else self._newest.document

    def save(self, document: bytes) -> None:
        """Write ``document`` over the older copy: temporary file, fsync, rename, fsync of the folder.

        Raises:
            EnergyMemoryError: The disk refused it; the newest copy is as it was.
        """
        copy = _Copy(1 if self._newest is None else self._newest.number + 1, document)
        path = self._paths[self._next]
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _write(path, copy)
        except OSError as err:
            raise EnergyMemoryError(f"{path}: {err}") from err
        self._newest = copy
        self._next = 1 - self._next


def _read(path: Path) -> _Copy | None:
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_BYTES)
    except OSError:
        return None
    head, _, document = content.partition(b"\n")
    crc, _, number = head.partition(b" ")
    with contextlib.suppress(ValueError):
        copy = _Copy(int(number), document)
        if int(crc, 16) == _crc(copy):
            return copy
    return None


def _crc(copy: _Copy) -> int:
    return zlib.crc32(copy.document, zlib.crc32(str(copy.number).encode()))


def _write(path: Path, copy: _Copy) -> None:
    fresh = path.with_suffix(f"{path.suffix}.new")
    with fresh.open("wb") as file:
        file.write(b"%08x %d\n" % (_crc(copy), copy.number))
        file.write(copy.document)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
