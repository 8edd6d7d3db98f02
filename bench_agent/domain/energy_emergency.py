"""How long an emergency notice may light display and audio while energy is short (POW-R41). Pure."""

from dataclasses import dataclass

ALLOWED_MS = 600_000
WINDOW_MS = 3_600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyUse:
    """Stretches in which a notice played in the last hour: (begin, end), monotonic ms, oldest first."""

    played: tuple[tuple[int, int], ...] = ()

    def left_ms(self, now_ms: int) -> int:
        """What of the 10 min in an hour is left."""
        horizon = now_ms - WINDOW_MS
        used = sum(end - max(begin, horizon) for begin, end in self.played if end > horizon)
        return max(ALLOWED_MS - used, 0)

    def shifted(self, shift_ms: int) -> "EmergencyUse":
        """The same on another boot's clock (``moment.shift_between_ms``)."""
        return EmergencyUse(played=tuple((begin + shift_ms, end + shift_ms) for begin, end in self.played))


def note_played(use: EmergencyUse, begin_ms: int, end_ms: int) -> EmergencyUse:
    """Count one more stretch; it joins the one it touches, and what is older than an hour is forgotten."""
    kept = tuple(span for span in use.played if span[1] > end_ms - WINDOW_MS)
    if kept and begin_ms <= kept[-1][1]:
        return EmergencyUse(played=(*kept[:-1], (kept[-1][0], end_ms)))
    return EmergencyUse(played=(*kept, (begin_ms, end_ms)))
