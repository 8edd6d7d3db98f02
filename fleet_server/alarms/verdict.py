"""The life of one alarm: from a rule's verdicts to raised and cleared, with time on both sides. Pure.

Missing data is ``UNKNOWN``: it neither raises nor clears anything. Source: docs/spec/fleet.md section 9.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never


class Verdict(StrEnum):
    """What a rule says of one look at a bench."""

    BAD = "bad"
    """Beyond the raise level."""
    BETWEEN = "between"
    """Between the two levels: nothing begins and nothing ends."""
    GOOD = "good"
    """Beyond the clear level."""
    UNKNOWN = "unknown"


class Phase(StrEnum):
    """Where an alarm stands."""

    QUIET = "quiet"
    RISING = "rising"
    """Bad, but not yet for long enough."""
    OPEN = "open"
    FALLING = "falling"
    """Still open; good, but not yet for long enough."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmState:
    """A phase and the instant it began, ms since 1970 UTC."""

    phase: Phase = Phase.QUIET
    since_ms: int = 0

    @property
    def is_open(self) -> bool:
        """Whether people see the alarm."""
        return self.phase in (Phase.OPEN, Phase.FALLING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a verdict must last, in seconds."""

    raise_s: int = 0
    clear_s: int | None = 0
    """None = only a person ends the alarm."""


def next_state(state: AlarmState, verdict: Verdict, patience: Patience, now_ms: int) -> AlarmState:
    """Follow one verdict at ``now_ms``."""
    match state.phase:
        case Phase.QUIET | Phase.RISING:
            return _towards_open(state, verdict, patience, now_ms)
        case Phase.OPEN | Phase.FALLING:
            return _towards_quiet(state, verdict, patience, now_ms)
        case _:
            assert_never(state.phase)


def _towards_open(state: AlarmState, verdict: Verdict, patience: Patience, now_ms: int) -> AlarmState:
    if verdict is not Verdict.BAD:
        return state if state.phase is Phase.QUIET else AlarmState(since_ms=now_ms)
    since_ms = state.since_ms if state.phase is Phase.RISING else now_ms
    if now_ms - since_ms >= patience.raise_s * 1000:
        return AlarmState(phase=Phase.OPEN, since_ms=now_ms)
    return AlarmState(phase=Phase.RISING, since_ms=since_ms)


def _towards_quiet(state: AlarmState, verdict: Verdict, patience: Patience, now_ms: int) -> AlarmState:
    if verdict is not Verdict.GOOD or patience.clear_s is None:
        return state if state.phase is Phase.OPEN else AlarmState(phase=Phase.OPEN, since_ms=now_ms)
    since_ms = state.since_ms if state.phase is Phase.FALLING else now_ms
    if now_ms - since_ms >= patience.clear_s * 1000:
        return AlarmState(since_ms=now_ms)
    return AlarmState(phase=Phase.FALLING, since_ms=since_ms)
