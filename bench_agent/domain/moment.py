"""An instant on both clocks, and how instants of an earlier boot are read in this one. Pure.

Inside a boot every instant of the energy rooms is monotonic milliseconds. Over a restart they are shifted, so
that the instants of an earlier boot are below 0; wall time serves only to bridge the dark between two boots.
"""

from dataclasses import dataclass

LEAST_DARK_MS = 31_000
"""A new boot is never taken for an unbroken count, whatever the wall clock says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One instant; ``boot`` names the run of the monotonic clock."""

    boot: str
    monotonic_ms: int
    wall_ms: int


def shift_between_ms(saved: Moment, now: Moment) -> int:
    """What to add to a monotonic instant kept at ``saved`` so that it is true on the clock of ``now``.

    In the same boot nothing. Else the time between is that of the wall clock, but at least the age of this
    boot: a wall clock that stands still or went back over the dark is tolerated (POW-R34).
    """
    if saved.boot == now.boot:
        return 0
    dark_ms = max(now.wall_ms - saved.wall_ms, now.monotonic_ms + 1, LEAST_DARK_MS)
    return now.monotonic_ms - dark_ms - saved.monotonic_ms
