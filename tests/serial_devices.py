"""Devices at the far end of a serial line: pseudo-terminals in the test's event loop, written by hand.

A device can be muted, talk nonsense, echo what it hears, answer byte by byte, and be pulled out and put back.
"""

import asyncio
import os
import pty
import random
import tty
from abc import ABC, abstractmethod
from contextlib import suppress
from pathlib import Path

from typing_extensions import override

from tests.vedirect_streams import raw_block

_PIECE_S = 0.002


class SerialDevice(ABC):
    """One device behind ``path``, a link that is there while it is plugged in."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.mute = False
        self.garbled = False
        self.echoes = False
        self.byte_by_byte = False
        self.heard: list[bytes] = []
        """Every piece that arrived."""
        self._ends: tuple[int, int] | None = None
        self._noise = random.Random(5)

    def plug_in(self) -> None:
        master, slave = pty.openpty()
        tty.setraw(slave)
        os.set_blocking(master, False)
        self._ends = master, slave
        self.path.symlink_to(os.ttyname(slave))
        asyncio.get_running_loop().add_reader(master, self._on_readable)

    def pull_out(self) -> None:
        if self._ends is not None:
            master, slave = self._ends
            self._ends = None
            self.path.unlink()
            asyncio.get_running_loop().remove_reader(master)
            os.close(slave)
            os.close(master)

    def write(self, answer: bytes) -> None:
        """Send, in the mood of the moment."""
        if self.mute:
            return
        if self.garbled:
            answer = self._noise.randbytes(len(answer))
        pieces = [bytes([byte]) for byte in answer] if self.byte_by_byte else [answer]
        loop = asyncio.get_running_loop()
        for number, piece in enumerate(pieces):
            loop.call_later(number * _PIECE_S, self.write_raw, piece)

    def write_raw(self, piece: bytes) -> int:
        """Put ``piece`` on the line, whatever the mood; how many bytes it took."""
        if self._ends is not None:
            with suppress(BlockingIOError):  # the line is full: nobody reads
                return os.write(self._ends[0], piece)
        return 0

    @abstractmethod
    def receive(self, request: bytes) -> None:
        """Take what arrived."""

    def _on_readable(self) -> None:
        if self._ends is None:
            return
        with suppress(BlockingIOError):
            request = os.read(self._ends[0], 4096)
            self.heard.append(request)
            if self.echoes:
                self.write_raw(request)
            self.receive(request)


class VedirectDevice(SerialDevice):
    """Sends its blocks in turn without being asked, fifty times faster than a real one."""

    def __init__(self, path: Path, *blocks: dict[str, str]) -> None:
        super().__init__(path)
        self.blocks = blocks
        self._sent = 0

    @override
    def plug_in(self) -> None:
        super().plug_in()
        self._speak()

    @override
    def receive(self, request: bytes) -> None:
        del request

    def _speak(self) -> None:
        if self._ends is not None:
            self.write(raw_block(self.blocks[self._sent % len(self.blocks)]))
            self._sent += 1
            asyncio.get_running_loop().call_later(0.02, self._speak)


class SupplyBoardDevice(SerialDevice):
    """Sends its STATUS again and again, as a power board does once a second."""

    def __init__(self, path: Path, status: bytes) -> None:
        super().__init__(path)
        self.status = status

    @override
    def plug_in(self) -> None:
        super().plug_in()
        asyncio.get_running_loop().call_later(0.02, self._speak)

    @override
    def receive(self, request: bytes) -> None:
        del request

    def _speak(self) -> None:
        if self._ends is not None:
            self.write(self.status)
            asyncio.get_running_loop().call_later(0.02, self._speak)


class EpeverSlave(SerialDevice):
    """A strict Modbus slave: function, address, holes, count and CRC must be right."""

    def __init__(self, path: Path, words: dict[int, int], device_id: int = 1) -> None:
        super().__init__(path)
        self.words = words
        self.clock: list[int] = []
        self.writable = False
        self.single_only: set[int] = set()
        """Addresses refused in a request for more than one register."""
        self.requests: list[tuple[int, int, int]] = []
        """Function, address and count of every valid request."""
        self.answers_late_s = 0.0
        self._device_id = device_id

    @override
    def receive(self, request: bytes) -> None:
        if len(request) < 8 or request[-2:] != crc16(request[:-2]) or request[0] != self._device_id:
            return
        function, address = request[1], int.from_bytes(request[2:4], "big")
        count = int.from_bytes(request[4:6], "big")
        self.requests.append((function, address, count))
        if function == 4 and len(request) == 8:
            self._answer(self._read(range(address, address + count)))
        elif function == 16 and self.writable and (address, count, len(request)) == (0x9013, 3, 15):
            self.clock = [int.from_bytes(request[place : place + 2], "big") for place in (7, 9, 11)]
            self._answer(request[1:6])
        else:
            self._answer(bytes([function | 0x80, 1]))

    def _read(self, wanted: range) -> bytes:
        if len(wanted) > 1 and self.single_only & set(wanted):
            return b"\x84\x02"
        if not 1 <= len(wanted) <= 125 or any(address not in self.words for address in wanted):
            return b"\x84\x02"
        values = b"".join(self.words[address].to_bytes(2, "big") for address in wanted)
        return bytes([4, len(values)]) + values

    def _answer(self, body: bytes) -> None:
        answer = bytes([self._device_id]) + body
        whole = answer + crc16(answer)
        asyncio.get_running_loop().call_later(self.answers_late_s, self.write, whole)


class JbdBoard(SerialDevice):
    """Answers whole requests; the first after sleep is lost."""

    def __init__(self, path: Path, answers: dict[int, bytes]) -> None:
        super().__init__(path)
        self.answers = answers
        """Data by command."""
        self.status = 0
        self.asleep = False
        self.old_board = False
        """Says A5 where newer ones repeat the command."""
        self.noise = b""
        """Sent before each answer."""
        self.strange_first = False
        """Sends an answer to another command before the right one."""

    @override
    def receive(self, request: bytes) -> None:
        if self.asleep:
            self.asleep = False
            return
        command = request[2]
        body = bytes([command, 0])
        if request != b"\xdd\xa5" + body + jbd_sum(body) + b"\x77" or command not in self.answers:
            return
        if self.strange_first:
            self.write(jbd_frame(0x05, 0, b"NAME"))
        data = b"" if self.status else self.answers[command]
        self.write(self.noise + jbd_frame(0xA5 if self.old_board else command, self.status, data))


class DalyBoard(SerialDevice):
    """Answers whole requests with one or more frames."""

    def __init__(self, path: Path, answers: dict[int, list[bytes]]) -> None:
        super().__init__(path)
        self.answers = answers
        """Frames of eight bytes by command."""
        self.asleep = False
        self.noise = b""

    @override
    def receive(self, request: bytes) -> None:
        if self.asleep:
            self.asleep = False
            return
        command = request[2]
        if request != daly_frame(0x40, command, bytes(8)) or command not in self.answers:
            return
        self.write(self.noise + b"".join(daly_frame(1, command, data) for data in self.answers[command]))


def crc16(message: bytes) -> bytes:
    """CRC-16 Modbus, low byte first."""
    crc = 0xFFFF
    for byte in message:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return crc.to_bytes(2, "little")


def jbd_sum(body: bytes) -> bytes:
    return (-sum(body) % 0x10000).to_bytes(2, "big")


def jbd_frame(command: int, status: int, data: bytes) -> bytes:
    body = bytes([status, len(data)]) + data
    return bytes([0xDD, command]) + body + jbd_sum(body) + b"\x77"


def daly_frame(sender: int, command: int, data: bytes) -> bytes:
    body = bytes([0xA5, sender, command, 8]) + data
    return body + bytes([sum(body) % 256])
