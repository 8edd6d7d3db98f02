"""Proof of play (class B): one showing of one item. Source: docs/spec/signage.md section 16."""

from typing import Annotated

import msgspec

from bench_agent.wire.open_enum import OpenEnum
from bench_agent.wire.telemetry import LIMIT

_Count = Annotated[int, msgspec.Meta(ge=0, lt=LIMIT)]


class PlayOutcome(OpenEnum):
    """How a play ended (SIG-R76)."""

    UNKNOWN = "unknown"
    COMPLETE = "complete"
    PARTIAL = "partial"
    PREEMPTED = "preempted"
    FAILED = "failed"


class Play(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One showing; schema ``play/1``. The record's ``ts`` is the instant it started."""

    play_seq: _Count
    """Gap-free from 1 within one generation (SIG-R75); 0 until the outbox has numbered the play."""
    campaign: str
    title: str = ""
    """Copied from the snapshot, so that deleting a campaign loses no history (SIG-R81)."""
    owner: str = ""
    item: str
    asset: str
    """SHA-256 of the file shown, lower-case hex."""
    layer: str
    """guaranteed, filler or fallback."""
    snapshot_version: _Count = 0
    planned_ms: _Count
    shown_ms: _Count
    pictures: _Count | None = None
    """Pictures drawn; None where the backend cannot count them."""
    outcome: PlayOutcome
    cause: str = ""
    position: _Count = 0
    """Of the item in its campaign's order, from 0, never reset (SIG-R17)."""
    lane: str = ""
    """content or fallback; with the next three fields the rule of the pick, so that the scheduler's state
    can be rebuilt from the rows alone (SIG-R7)."""
    weight: _Count = 0
    weight_sum: _Count = 0
    pool: tuple[str, ...] | None = None
    """Ids of the campaigns it was picked from; None where it is the pool of the lane's play before."""
