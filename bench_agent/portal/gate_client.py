"""The portal's end of the gate socket (HOT-R5): one connection per question, 1 s for all of it."""

import asyncio
import itertools
from pathlib import Path

from bench_agent.domain.gate_messages import (
    LENGTH_BYTES,
    GateMessageError,
    GateReply,
    GateRequest,
    Verb,
    frame_message,
    parse_length,
    parse_reply,
)

_TIME_LIMIT_S = 1.0


class AgentAwayError(Exception):
    """The agent did not answer; nobody may be told they are inside (HOT-R3)."""


class GateClient:
    """Asks the agent about the station at an address."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._ids = itertools.count(1)

    async def ask(self, verb: Verb, ip: str) -> GateReply:
        """Ask and wait for the answer.

        Raises:
            AgentAwayError: No agent, no answer within 1 s, or an answer to another question.
        """
        request = GateRequest(id=next(self._ids), verb=verb, ip=ip)
        try:
            reply = await asyncio.wait_for(self._exchange(request), _TIME_LIMIT_S)
        except (OSError, asyncio.IncompleteReadError, TimeoutError, GateMessageError) as err:
            raise AgentAwayError from err
        if reply.id != request.id:
            raise AgentAwayError
        return reply

    async def _exchange(self, request: GateRequest) -> GateReply:
        reader, writer = await asyncio.open_unix_connection(str(self._path))
        try:
            writer.write(frame_message(request))
            await writer.drain()
            return parse_reply(await reader.readexactly(parse_length(await reader.readexactly(LENGTH_BYTES))))
        finally:
            writer.close()
