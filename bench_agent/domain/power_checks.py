"""What is wrong with meters, wiring and count, judged over time (POW-R5, R68, R69). Pure.

A verdict is ``True`` (wrong), ``False`` (right) or ``None`` (not known yet). Missing values prove nothing:
they break the stretch that would prove a fault and leave the verdict. Nothing is repaired here: ``invert``
and ``shunt_uohm`` in the settings are the cure.
"""

from dataclasses import dataclass, replace

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
DARK_PANEL_W = 1.0
WRONG_SIGN_A = 0.2
SIGN_SPAN_MS = HOUR_MS
LEAST_SURPLUS_W = 10.0
LOWEST_RATIO, HIGHEST_RATIO = 0.5, 2.0
RATIO_SPAN_MS = HOUR_MS // 2
DISAGREE_PCT = 15.0
DISAGREE_SPAN_MS = DAY_MS
UNCERTAIN_SIGMA_PCT = 20.0
UNCERTAIN_SPAN_MS = 7 * DAY_MS
NOT_FULL_SPAN_MS = 30 * DAY_MS
LIVE_PANEL_V, DEAD_PANEL_W = 10.0, 0.5
NO_HARVEST_SPAN_MS = 2 * HOUR_MS
_LONGEST_STEP_MS = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A verdict, and since when (monotonic ms) a fault has shown without a break."""

    wrong: bool | None = None
    since_ms: int | None = None

    def shifted(self, shift_ms: int) -> "Check":
        """The same on another boot's clock; the verdict has to be given anew."""
        return Check(since_ms=None if self.since_ms is None else self.since_ms + shift_ms)


def next_check(check: Check, shows: bool | None, now_ms: int, span_ms: int) -> Check:  # noqa: FBT001 - a verdict
    """Go on with a fault that ``shows`` now, does not, or cannot be seen; ``span_ms`` of it prove it."""
    if shows is None:
        return replace(check, since_ms=None)
    if not shows:
        return Check(wrong=False)
    since_ms = now_ms if check.since_ms is None else check.since_ms
    return Check(wrong=check.wrong or (now_ms - since_ms >= span_ms) or None, since_ms=since_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignCheck:
    """The running hour without sun."""

    wrong: bool | None = None
    since_ms: int | None = None
    at_ms: int = 0
    moved_a_ms: float = 0.0
    """Amperes times milliseconds since ``since_ms``."""


def next_sign(check: SignCheck, panel_w: float | None, current_a: float | None, now_ms: int) -> SignCheck:
    """Without sun a battery with loads discharges: an hour's mean above +0.2 A is a wrong sign (POW-R5)."""
    if panel_w is None or current_a is None or panel_w >= DARK_PANEL_W:
        return SignCheck(wrong=check.wrong)
    if check.since_ms is None or now_ms - check.at_ms > _LONGEST_STEP_MS:
        return SignCheck(wrong=check.wrong, since_ms=now_ms, at_ms=now_ms)
    moved = check.moved_a_ms + current_a * (now_ms - check.at_ms)
    elapsed_ms = now_ms - check.since_ms
    if elapsed_ms < SIGN_SPAN_MS:
        return replace(check, at_ms=now_ms, moved_a_ms=moved)
    return SignCheck(wrong=moved / elapsed_ms > WRONG_SIGN_A, since_ms=now_ms, at_ms=now_ms)


def shunt_disagrees(charger_w: float | None, shunt_w: float | None, loads_w: float) -> bool | None:
    """Whether the shunt sees less than half or more than twice what the charger leaves it (POW-R5).

    Args:
        charger_w: Out of the charger, into battery and loads.
        shunt_w: Into the battery by the shunt, + = charging.
        loads_w: What the loads that are on are known to take, >= 0: the shunt never sees it.

    Returns:
        ``None`` below 10 W of surplus, where small errors of ``loads_w`` would look like a wrong shunt.
    """
    if charger_w is None or shunt_w is None or charger_w - loads_w <= LEAST_SURPLUS_W:
        return None
    surplus_w = charger_w - loads_w
    return not surplus_w / HIGHEST_RATIO <= shunt_w <= surplus_w / LOWEST_RATIO


def panel_is_dead(panel_v: float | None, panel_w: float | None, *, midday: bool, filled: bool) -> bool | None:
    """Whether the panel has volts but gives nothing at midday (POW-R68).

    ``filled`` = the charger holds a full battery, and has no reason to take more.
    """
    if panel_v is None or panel_w is None or not midday or filled:
        return None
    return panel_v >= LIVE_PANEL_V and panel_w < DEAD_PANEL_W
