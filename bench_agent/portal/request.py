"""One strict HTTP request, read within limits (HOT-R53) and parsed by h11.

h11 alone would take bare line feeds and a body framed twice; both are refused here first.
"""

import asyncio
import re
from dataclasses import dataclass
from urllib.parse import parse_qs

import h11

MAX_LINE_BYTES = 2048
MAX_HEAD_BYTES = 8192 + MAX_LINE_BYTES
MAX_HEADERS = 50
MAX_BODY_BYTES = 4096
_BARE_LINE_FEED = re.compile(rb"(?<!\r)\n")
_CONTENT_LENGTH = re.compile(rb"[0-9]{1,9}")


class BadRequestError(Exception):
    """The bytes are no request this portal serves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the portal looks at; everything else of a request is forgotten."""

    method: str
    path: str
    host: str
    body: bytes

    def field(self, name: str) -> str:
        """The value of a form field that was sent exactly once, else an empty text."""
        try:
            fields = parse_qs(self.body.decode("ascii"), max_num_fields=8, errors="replace")
        except ValueError:
            return ""
        values = fields.get(name, [])
        return values[0] if len(values) == 1 else ""


async def read_request(reader: asyncio.StreamReader) -> Request:
    """Read one request; raises BadRequestError, or ConnectionError when nothing was sent at all."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.LimitOverrunError as err:
        raise BadRequestError from err
    except asyncio.IncompleteReadError as err:
        if not err.partial:
            raise ConnectionResetError from err
        raise BadRequestError from err
    _check_head(head)
    parsed = _parse_head(head)
    headers = [(bytes(name), bytes(value)) for name, value in parsed.headers]
    body = await _read_body(reader, headers)
    try:
        target = bytes(parsed.target).decode("ascii")
        host = next((value for name, value in headers if name == b"host"), b"").decode("ascii")
    except UnicodeDecodeError as err:
        raise BadRequestError from err
    method = bytes(parsed.method).decode("ascii")
    return Request(method=method, path=target.partition("?")[0], host=host.lower(), body=body)


def _check_head(head: bytes) -> None:
    first_line = head.partition(b"\r\n")[0]
    if (
        len(head) > MAX_HEAD_BYTES
        or len(first_line) > MAX_LINE_BYTES
        or head.count(b"\r\n") - 2 > MAX_HEADERS
        or _BARE_LINE_FEED.search(head)
    ):
        raise BadRequestError


def _parse_head(head: bytes) -> h11.Request:
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEAD_BYTES)
    try:
        connection.receive_data(head)
        event = connection.next_event()
    except h11.RemoteProtocolError as err:
        raise BadRequestError from err
    if not isinstance(event, h11.Request):
        raise BadRequestError
    return event


async def _read_body(reader: asyncio.StreamReader, headers: list[tuple[bytes, bytes]]) -> bytes:
    lengths = [value for name, value in headers if name == b"content-length"]
    if any(name == b"transfer-encoding" for name, _ in headers) or len(lengths) > 1:
        raise BadRequestError
    if not lengths:
        return b""
    if not _CONTENT_LENGTH.fullmatch(lengths[0]) or int(lengths[0]) > MAX_BODY_BYTES:
        raise BadRequestError
    try:
        return await reader.readexactly(int(lengths[0]))
    except asyncio.IncompleteReadError as err:
        raise BadRequestError from err
