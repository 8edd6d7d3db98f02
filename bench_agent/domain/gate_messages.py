"""What portal and agent say to each other over the gate socket (HOT-R5).

The portal sends an address and a verb; it never learns a MAC and never decides.
"""

from enum import StrEnum

import msgspec

from bench_agent.domain.hotspot import Refusal

MAX_MESSAGE_BYTES = 4096
"""Longest JSON text of one message."""
LENGTH_BYTES = 4
"""Size of the big-endian length before each message."""


class GateMessageError(ValueError):
    """The other side sent something that is no message."""


class Verb(StrEnum):
    """What the portal may ask for."""

    STATUS = "status"
    ADMIT = "admit"
    LEAVE = "leave"


class GateRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A question of the portal about the station at ``ip``."""

    id: int
    verb: Verb
    ip: str


class Notice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Sentences for people on the bench, without markup (POW-R39, R42)."""

    id: str
    """Indonesian."""
    en: str


class GateReply(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The answer of the agent to request ``id``."""

    id: int
    inside: bool
    """Whether the station has a session after the request."""
    remaining_s: int = 0
    """Seconds left of that session."""
    quota_left_bytes: int | None = None
    """Download left; ``None`` without a quota."""
    refusal: Refusal | None = None
    """Why an admit was refused."""
    notice: Notice | None = None
    """What energy means for the hotspot now; ``None`` = nothing to say."""


_request_decoder = msgspec.json.Decoder(GateRequest)
_reply_decoder = msgspec.json.Decoder(GateReply)


def frame_message(message: GateRequest | GateReply) -> bytes:
    """Render a message with its length in front."""
    body = msgspec.json.encode(message)
    return len(body).to_bytes(LENGTH_BYTES, "big") + body


def parse_length(prefix: bytes) -> int:
    """Read the length in front of a message, 1 to 4096.

    Raises:
        GateMessageError: The message would be empty or too long.
    """
    length = int.from_bytes(prefix, "big")
    if not 1 <= length <= MAX_MESSAGE_BYTES:
        raise GateMessageError(f"a message of {length} bytes; 1 to {MAX_MESSAGE_BYTES} are allowed")
    return length


def parse_request(body: bytes) -> GateRequest:
    """Read a request; raises GateMessageError for anything else."""
    try:
        return _request_decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as err:
        raise GateMessageError(f"not a gate request: {err}") from err


def parse_reply(body: bytes) -> GateReply:
    """Read a reply; raises GateMessageError for anything else."""
    try:
        return _reply_decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as err:
        raise GateMessageError(f"not a gate reply: {err}") from err
