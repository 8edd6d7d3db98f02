"""Connections of the portal: how many, how long, one request each (HOT-R53)."""

import asyncio
import contextlib
from collections import Counter
from typing import Self

from bench_agent.portal.request import MAX_HEAD_BYTES, BadRequestError, read_request
from bench_agent.portal.routes import Routes

MAX_CONNECTIONS = 512
MAX_CONNECTIONS_PER_IP = 16
REQUEST_LIMIT_S = 5.0


class PortalServer:
    """Listens while entered; ``port`` tells the real one when 0 was asked for."""

    def __init__(self, routes: Routes, host: str, port: int) -> None:
        self._routes = routes
        self._host = host
        self._asked_port = port
        self._server: asyncio.Server | None = None
        self._open: dict[asyncio.StreamWriter, str] = {}
        self._incomplete: dict[asyncio.StreamWriter, None] = {}
        self._per_ip: Counter[str] = Counter()

    @property
    def port(self) -> int:
        """The TCP port in use."""
        if self._server is None:
            return self._asked_port
        return int(self._server.sockets[0].getsockname()[1])

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(
            self._serve, self._host, self._asked_port, limit=MAX_HEAD_BYTES, backlog=4096
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
            for writer in tuple(self._open):
                writer.transport.abort()
            await self._server.wait_closed()

    async def serve_forever(self) -> None:
        """Serve until cancelled."""
        if self._server is not None:
            await self._server.serve_forever()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = writer.get_extra_info("peername")
        ip = str(peer[0]) if peer else ""
        if self._per_ip[ip] >= MAX_CONNECTIONS_PER_IP or not self._has_room():
            writer.transport.abort()
            return
        self._open[writer] = ip
        self._incomplete[writer] = None
        self._per_ip[ip] += 1
        try:
            await asyncio.wait_for(self._exchange(reader, writer, ip), 2 * REQUEST_LIMIT_S)
        except (ConnectionError, TimeoutError):
            writer.transport.abort()
        finally:
            self._forget(writer, ip)
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, ip: str) -> None:
        try:
            request = await asyncio.wait_for(read_request(reader), REQUEST_LIMIT_S)
        except BadRequestError:
            writer.write(self._routes.malformed().render())
        else:
            self._incomplete.pop(writer, None)
            response = await self._routes.respond(request, ip)
            writer.write(response.render(with_body=request.method != "HEAD"))
        await writer.drain()

    def _has_room(self) -> bool:
        """Make room by closing the oldest request that is still incomplete."""
        if len(self._open) >= MAX_CONNECTIONS and self._incomplete:
            oldest = next(iter(self._incomplete))
            self._forget(oldest, self._open[oldest])
            oldest.transport.abort()
        return len(self._open) < MAX_CONNECTIONS

    def _forget(self, writer: asyncio.StreamWriter, ip: str) -> None:
        self._incomplete.pop(writer, None)
        if self._open.pop(writer, None) is not None:
            self._per_ip[ip] -= 1
            if not self._per_ip[ip]:
                del self._per_ip[ip]
