"""The full-charge run: days without display, so that battery and count get full (POW-R43). Pure."""

from dataclasses import dataclass

DUE_AFTER_MS = 14 * 86_400_000
LONGEST_RUN_MS = 3 * 86_400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class FullCharge:
    """When the last one ended, and whether one is running; monotonic ms."""

    counts_from_ms: int | None = None
    """The last full, the end of the last run or the first look, whichever is latest."""
    running_since_ms: int | None = None

    @property
    def is_running(self) -> bool:
        """Whether display and audio wait for a full battery."""
        return self.running_since_ms is not None

    def shifted(self, shift_ms: int) -> "FullCharge":
        """The same on another boot's clock (``moment.shift_between_ms``)."""
        counts, running = self.counts_from_ms, self.running_since_ms
        return FullCharge(
            counts_from_ms=None if counts is None else counts + shift_ms,
            running_since_ms=None if running is None else running + shift_ms,
        )


def next_full_charge(
    state: FullCharge, last_full_at_ms: int | None, opened_at_ms: int, now_ms: int
) -> FullCharge:
    """Begin at an opening 14 days after the last full; end when full, or after 3 days.

    Args:
        state: Before this look.
        last_full_at_ms: The newest full re-sync, if any.
        opened_at_ms: The newest opening at or before now.
        now_ms: Now.
    """
    counts_from = state.counts_from_ms
    if counts_from is None or (last_full_at_ms is not None and last_full_at_ms > counts_from):
        return FullCharge(counts_from_ms=now_ms if last_full_at_ms is None else last_full_at_ms)
    if state.running_since_ms is not None:
        over = now_ms - state.running_since_ms >= LONGEST_RUN_MS
        return FullCharge(counts_from_ms=now_ms) if over else state
    if counts_from + DUE_AFTER_MS > opened_at_ms:
        return state
    return FullCharge(counts_from_ms=counts_from, running_since_ms=now_ms)
