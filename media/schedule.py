"""Which item plays next, and what that costs its campaign. Pure: same input, same answer (SIG-R8).

Source: docs/spec/signage.md sections 4 and 5. The choice is worst-case-fair weighted fair queueing in
whole microseconds of content, so a campaign with a share of 250 per mille gets it at every moment to
within one item, not only at the end of the day.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import msgspec

from media.campaign import Campaign, Item, Layer
from media.proof_of_play import Outcome
from media.snapshot import Snapshot

_MINUTE_MS = 60_000
_LOOK_AHEAD_MINUTES = 24 * 60
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Reason(StrEnum):
    """Why a campaign does not play now (SIG-R13), in the order they are tested."""

    NO_TIME = "no_time"
    SNAPSHOT_EXPIRED = "snapshot_expired"
    CLOSED = "closed"
    WINDOW = "window"
    NO_ITEM = "no_item"


class Lane(StrEnum):
    """Best first; the best lane with an eligible campaign plays (SIG-R19)."""

    CONTENT = "content"
    FALLBACK = "fallback"


class LaneState(msgspec.Struct, frozen=True, kw_only=True):
    """Virtual times of one lane in microseconds of content (SIG-R23)."""

    virtual_us: int = 0
    starts_us: dict[str, int] = {}
    pool: tuple[str, ...] = ()


class State(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the scheduler remembers; a value, saved with each row (SIG-R7)."""

    lanes: dict[str, LaneState] = {}
    positions: dict[str, int] = {}


class Conditions(msgspec.Struct, frozen=True, kw_only=True):
    """What the bench knows beside snapshot and state (SIG-R47)."""

    now_ms: int
    """Wall time, milliseconds since 1970-01-01 UTC."""
    time_trusted: bool = True
    unavailable: frozenset[str] = frozenset()
    """SHA-256 of files that are missing, unverified or in quarantine."""


class Play(msgspec.Struct, frozen=True, kw_only=True):
    """The chosen item, with the rule that chose it."""

    campaign: Campaign
    item: Item
    position: int
    lane: Lane
    weight: int
    weight_sum: int
    pool: tuple[str, ...]
    """Ids of the campaigns it was chosen from."""


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """What one row tells the scheduler: the rule of the pick and what came of it (SIG-R75)."""

    campaign: str
    position: int
    lane: str
    weight: int
    weight_sum: int
    pool: tuple[str, ...] | None
    """None where it is the pool of the lane's row before: it seldom changes, and rows are many."""
    shown_ms: int
    outcome: Outcome


class Idle(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing may play."""

    until_ms: int
    """Earliest instant at which a window can change, at most a day ahead; a new file may come sooner."""


class _Candidate(msgspec.Struct, frozen=True, kw_only=True):
    campaign: Campaign
    item: Item
    position: int


def pick(snapshot: Snapshot, state: State, conditions: Conditions) -> Play | Idle:
    """Choose the next item (SIG-R19 to SIG-R23); leaves no trace until ``account`` is called."""
    found = [
        candidate
        for campaign in snapshot.campaigns
        if not isinstance(candidate := _consider(snapshot, campaign, state, conditions), Reason)
    ]
    for lane in Lane:
        members = [candidate for candidate in found if _lane_of(candidate.campaign) is lane]
        weights = _weights(lane, [candidate.campaign for candidate in members])
        if weights:
            return _choose(lane, members, weights, state)
    return Idle(until_ms=_next_change_ms(snapshot, conditions))


def turn_of(state: State, play: Play, shown_ms: int, outcome: Outcome) -> Turn:
    """What is known of ``play``, picked from ``state``, once it has ended; its row keeps it."""
    before = state.lanes.get(play.lane.value, LaneState())
    return Turn(
        campaign=play.campaign.id,
        position=play.position,
        lane=play.lane.value,
        weight=play.weight,
        weight_sum=play.weight_sum,
        pool=None if play.pool == before.pool else play.pool,
        shown_ms=shown_ms,
        outcome=outcome,
    )


def account(state: State, turn: Turn) -> State:
    """The state after one more play (SIG-R18, SIG-R24).

    The turns of all rows of a bench, accounted one after another over an empty state, give its state
    (SIG-R7).
    """
    before = state.lanes.get(turn.lane, LaneState())
    entered = _enter(before, before.pool if turn.pool is None else turn.pool)
    cost_us = turn.shown_ms * 1000 * turn.weight_sum // turn.weight
    lane_state = LaneState(
        virtual_us=entered.virtual_us + turn.shown_ms * 1000,
        starts_us=entered.starts_us | {turn.campaign: entered.starts_us[turn.campaign] + cost_us},
        pool=entered.pool,
    )
    # A preempted item restarts from zero later; every other one has had its turn.
    following = turn.position if turn.outcome is Outcome.PREEMPTED else turn.position + 1
    return State(
        lanes=state.lanes | {turn.lane: lane_state},
        positions=state.positions | {turn.campaign: following},
    )


def explain(snapshot: Snapshot, state: State, conditions: Conditions) -> dict[str, Reason | None]:
    """Per campaign why it does not play now; None where it may (SIG-R49)."""
    answers: dict[str, Reason | None] = {}
    for campaign in snapshot.campaigns:
        answer = _consider(snapshot, campaign, state, conditions)
        answers[campaign.id] = answer if isinstance(answer, Reason) else None
    return answers


def _consider(
    snapshot: Snapshot, campaign: Campaign, state: State, conditions: Conditions
) -> _Candidate | Reason:
    reason = _blocked(snapshot, campaign, conditions)
    if reason is not None:
        return reason
    first = state.positions.get(campaign.id, 0)
    for position in range(first, first + 2 * len(campaign.items)):
        item = campaign.items[position % len(campaign.items)]
        if item.picture not in conditions.unavailable and _fits(snapshot, campaign, item, conditions):
            return _Candidate(campaign=campaign, item=item, position=position)
    return Reason.NO_ITEM


def _blocked(snapshot: Snapshot, campaign: Campaign, conditions: Conditions) -> Reason | None:
    lasting = campaign.always or campaign.layer is Layer.FALLBACK
    if not conditions.time_trusted:
        return None if lasting else Reason.NO_TIME
    now = _EPOCH + timedelta(milliseconds=conditions.now_ms)
    if not lasting and snapshot.valid_until is not None and now >= snapshot.valid_until:
        return Reason.SNAPSHOT_EXPIRED
    local = now.astimezone(snapshot.zone)
    if not snapshot.is_open(local):
        return Reason.CLOSED
    return None if campaign.in_window(local) else Reason.WINDOW


def _fits(snapshot: Snapshot, campaign: Campaign, item: Item, conditions: Conditions) -> bool:
    """Whether the campaign stays on until the item ends, give or take the overrun (SIG-R16)."""
    if not conditions.time_trusted:
        return True
    end_ms = conditions.now_ms + max(0, item.duration_ms - snapshot.overrun_s * 1000)
    # Windows change on full minutes only, so those are the only instants worth asking about.
    instants = range((conditions.now_ms // _MINUTE_MS + 1) * _MINUTE_MS, end_ms, _MINUTE_MS)
    return all(_is_on(snapshot, campaign, instant_ms) for instant_ms in instants)


def _is_on(snapshot: Snapshot, campaign: Campaign, instant_ms: int) -> bool:
    local = (_EPOCH + timedelta(milliseconds=instant_ms)).astimezone(snapshot.zone)
    return snapshot.is_open(local) and campaign.in_window(local)


def _lane_of(campaign: Campaign) -> Lane | None:
    match campaign.layer:
        case Layer.GUARANTEED | Layer.FILLER:
            return Lane.CONTENT
        case Layer.FALLBACK:
            return Lane.FALLBACK
        case Layer.UNKNOWN:
            return None


def _weights(lane: Lane, campaigns: list[Campaign]) -> dict[str, int]:
    """Whole weights of the pool; a campaign with none is not in it (SIG-R21)."""
    if lane is Lane.FALLBACK:
        return {campaign.id: 1 for campaign in campaigns}
    guaranteed = [campaign for campaign in campaigns if campaign.layer is Layer.GUARANTEED]
    fillers = [campaign for campaign in campaigns if campaign.layer is Layer.FILLER]
    weights = {campaign.id: campaign.share_pm * 1000 for campaign in guaranteed}
    rest = 1000 * max(0, 1000 - sum(campaign.share_pm for campaign in guaranteed))
    weight_sum = sum(campaign.weight for campaign in fillers)
    weights |= {campaign.id: rest * campaign.weight // weight_sum for campaign in fillers}
    return {name: weight for name, weight in weights.items() if weight > 0}


def _choose(lane: Lane, members: list[_Candidate], weights: dict[str, int], state: State) -> Play:
    pool = [candidate for candidate in members if candidate.campaign.id in weights]
    weight_sum = sum(weights.values())
    entered = _enter(state.lanes.get(lane.value, LaneState()), weights.keys())

    def finish(candidate: _Candidate) -> tuple[int, str]:
        name = candidate.campaign.id
        cost_us = candidate.item.duration_ms * 1000 * weight_sum // weights[name]
        return entered.starts_us[name] + cost_us, name

    ready = [one for one in pool if entered.starts_us[one.campaign.id] <= entered.virtual_us]
    chosen = min(ready, key=finish)
    return Play(
        campaign=chosen.campaign,
        item=chosen.item,
        position=chosen.position,
        lane=lane,
        weight=weights[chosen.campaign.id],
        weight_sum=weight_sum,
        pool=entered.pool,
    )


def _enter(before: LaneState, pool: Iterable[str]) -> LaneState:
    """Steps (a) and (b) of SIG-R23: absence earns no claim, and V never lags the pool."""
    members = tuple(sorted(pool))
    starts_us = dict(before.starts_us)
    for name in members:
        start_us = starts_us.get(name, 0)
        starts_us[name] = start_us if name in before.pool else max(start_us, before.virtual_us)
    virtual_us = max(before.virtual_us, min(starts_us[name] for name in members))
    return LaneState(virtual_us=virtual_us, starts_us=starts_us, pool=members)


def _next_change_ms(snapshot: Snapshot, conditions: Conditions) -> int:
    first_ms = (conditions.now_ms // _MINUTE_MS + 1) * _MINUTE_MS
    last_ms = conditions.now_ms + _LOOK_AHEAD_MINUTES * _MINUTE_MS
    for instant_ms in range(first_ms, last_ms, _MINUTE_MS):
        if any(_is_on(snapshot, campaign, instant_ms) for campaign in snapshot.campaigns):
            return instant_ms
    return last_ms
