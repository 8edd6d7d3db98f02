"""Reads what benches say of themselves: state, birth and live samples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from bench_agent.wire.envelope import SCHEMAS, Body, WireError, body_of, decode_record
from bench_agent.wire.presence import BenchState, Birth
from bench_agent.wire.telemetry import LIMIT
from fleet_server.kit.telemetry.port import Measurement
from fleet_server.telemetry.quarantine import clean_text

if TYPE_CHECKING:
    from fleet_server.kit.telemetry.port import SampleRow

_STATE = msgspec.json.Decoder(BenchState)
_BIRTH = msgspec.json.Decoder(Birth)
_SESS_DIGITS = 13
_LIVE = {name.split("/")[0]: msgspec.json.Decoder(body) for name, body in SCHEMAS.items()}
_UNMODELLED = frozenset({"net", "env"})


def read_state(bench: str, payload: bytes) -> dict[str, Any]:
    """Parameters of ``repository.move_states``.

    Raises:
        WireError: Not a state.
    """
    try:
        state = _STATE.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError) as err:
        raise WireError(f"no state: {err}") from err
    head = state.sess[:_SESS_DIGITS]
    if len(head) < _SESS_DIGITS or not (head.isascii() and head.isdigit()):
        raise WireError(f"sess {state.sess[:40]!r} does not start with 13 digits")
    if state.wake_at is not None and not 0 <= state.wake_at < LIMIT:
        raise WireError("wake_at out of range")
    return {
        "key": bench,
        "is_online": state.online,
        "new_sess": clean_text(state.sess, 80),
        "reason": state.reason.value,
        "wake": state.wake_at,
    }


def read_birth(bench: str, payload: bytes) -> dict[str, Any]:
    """Parameters of ``repository.note_births``.

    Raises:
        WireError: Not a birth.
    """
    try:
        birth = _BIRTH.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError) as err:
        raise WireError(f"no birth: {err}") from err
    return {
        "key": bench,
        "version": clean_text(birth.agent_version, 40),
        "new_gen": clean_text(birth.gen, 16),
        "wp": birth.panel_wp,
    }


def read_live(bench: str, section: str, payload: bytes, now_ms: int) -> SampleRow | None:
    """Read a live sample, bare or in an envelope; None for sections without a model.

    Its instant is the server's: a live sample is of now, and the bench's clock may be wrong.

    Raises:
        WireError: Not a sample of ``section``.
    """
    if section in _UNMODELLED:
        return None
    body = _live_body(section, payload)
    if not isinstance(body, Measurement):
        raise WireError("no measurement")
    return (bench, now_ms, 0, body)


def _live_body(section: str, payload: bytes) -> Body:
    if b'"d":' in payload:
        return body_of(decode_record(payload))
    try:
        body: Body = _LIVE[section].decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError) as err:
        raise WireError(f"no {section}: {err}") from err
    return body
