"""The agent's end of the gate socket (HOT-R5): a Unix stream, one framed request after the other."""

import asyncio
import contextlib
import os
import socket
import struct
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Self

import structlog

from bench_agent.domain.gate_messages import (
    LENGTH_BYTES,
    GateMessageError,
    GateReply,
    GateRequest,
    frame_message,
    parse_length,
    parse_request,
)
from bench_agent.errors import GateError

_log = structlog.get_logger(__name__)
_MAX_CONNECTIONS = 256
_TIME_LIMIT_S = 1.0
_UCRED = struct.Struct("3i")


class GateSocketServer:
    """Serves the portal while entered; every other peer uid is turned away when one is set."""

    def __init__(
        self,
        path: Path,
        answer: Callable[[GateRequest], Awaitable[GateReply]],
        *,
        portal_uid: int | None = None,
    ) -> None:
        self._path = path
        self._answer = answer
        self._portal_uid = portal_uid
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Self:
        self._path.unlink(missing_ok=True)
        # Bound by hand so that the mode is right before the first connection can arrive.
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            listener.bind(str(self._path))
            self._path.chmod(0o660)
            self._server = await asyncio.start_unix_server(self._serve, sock=listener, limit=8192)
        except OSError as err:
            listener.close()
            raise GateError(
                f"the gate socket {self._path} cannot be opened: {os.strerror(err.errno or 0)}"
            ) from err
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
            for writer in tuple(self._writers):
                writer.close()
            await self._server.wait_closed()
        self._path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            if self._is_portal(writer) and len(self._writers) <= _MAX_CONNECTIONS:
                await self._serve_requests(reader, writer)
        except (GateMessageError, TimeoutError) as err:
            _log.warning("gate_socket_closed", reason=str(err) or "time limit")
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the portal went away; nothing was promised
        finally:
            self._writers.discard(writer)
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _serve_requests(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while prefix := await reader.readexactly(LENGTH_BYTES):
            body = await asyncio.wait_for(reader.readexactly(parse_length(prefix)), _TIME_LIMIT_S)
            try:
                reply = await asyncio.wait_for(self._answer(parse_request(body)), _TIME_LIMIT_S)
            except GateError as err:
                _log.error("gate_failed", reason=str(err))
                return
            writer.write(frame_message(reply))
            await asyncio.wait_for(writer.drain(), _TIME_LIMIT_S)

    def _is_portal(self, writer: asyncio.StreamWriter) -> bool:
        if self._portal_uid is None:
            return True
        peer: socket.socket = writer.get_extra_info("socket")
        credentials = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
        uid: int = _UCRED.unpack(credentials)[1]
        if uid != self._portal_uid:
            _log.warning("gate_socket_foreign_peer", uid=uid)
        return uid == self._portal_uid
