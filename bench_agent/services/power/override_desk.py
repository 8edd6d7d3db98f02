"""Takes the operator's override from the desired document and tells what becomes of it (POW-R40).

The override itself is part of the energy state and ends by the rules of ``domain.energy_override``; the desk
remembers which wish it was, so that the same document seen again, after a restart or a reconnection, does not
begin it anew.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import msgspec

from bench_agent.domain.energy_override import (
    LONGEST_MS,
    Load,
    Override,
    OverrideRequest,
    open_override,
)
from bench_agent.domain.override_refusal import SENTENCES, OverrideRefusal
from bench_agent.ports.clock import Clock, ClockQuality
from bench_agent.wire.event import Event, Severity
from bench_agent.wire.presence import Desired, EnergyOverride

_TRUSTED = frozenset({ClockQuality.NTP, ClockQuality.RTC})
_MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideNote:
    """Which wish is in force and which are over; kept over a restart."""

    id: str = ""
    """Of the override in force; empty = none."""
    who: str = ""
    over: str = ""
    """The wish that ended last: it may still stand in the desired document."""
    refusal: OverrideRefusal | None = None
    """What keeps the one in force from its whole wish."""


class OverrideDesk:
    """At most one override; the newest wish wins."""

    def __init__(self, clock: Clock, emit: Callable[[Event], None], note: OverrideNote | None = None) -> None:
        self._clock = clock
        self._emit = emit
        self.note = note or OverrideNote()

    def take(self, desired: Desired, overrides: tuple[Override, ...]) -> tuple[Override, ...]:
        """The overrides that hold after ``desired`` came while ``overrides`` held."""
        wish = desired.energy_override
        if isinstance(wish, msgspec.UnsetType):
            if self.note.id:
                self._end("withdrawn")
            return ()
        if wish.id in {self.note.id, self.note.over}:
            return overrides
        if self.note.id:
            self._end("replaced")
        try:
            override = self._open(wish)
        except ValueError as err:
            self.note = OverrideNote(over=wish.id)
            self._tell(
                "refused", wish.id, f"Perintah daya dari {wish.who} ditolak: {err}.", {"reason": "invalid"}
            )
            return ()
        self.note = OverrideNote(id=wish.id, who=wish.who)
        left_s = override.left_ms(self._clock.monotonic_ms(), self._clock.now_ms()) // 1000
        self._tell(
            "began",
            wish.id,
            f"Perintah daya dari {wish.who} berlaku: {_spell(override)}. Alasan: {wish.why}",
            {"who": wish.who, "what": _spell(override), "left_s": left_s},
        )
        return (override,)

    def follow(self, overrides: tuple[Override, ...], refusal: OverrideRefusal | None) -> None:
        """Tell that the override has run out, or what keeps it from its whole wish."""
        if not self.note.id:
            return
        if not overrides:
            self._end("expired")
        elif refusal is not self.note.refusal:
            self.note = replace(self.note, refusal=refusal)
            if refusal is not None:
                text = (
                    f"Perintah daya dari {self.note.who} hanya sebagian dipenuhi karena {SENTENCES[refusal]}."
                )
                self._tell("refused", self.note.id, text, {"reason": refusal.value})

    def _open(self, wish: EnergyOverride) -> Override:
        now_ms, wall_ms = self._clock.monotonic_ms(), self._clock.now_ms()
        duration_ms = min(wish.lasts_s * 1000, LONGEST_MS)
        if self._clock.quality() in _TRUSTED:
            duration_ms = min(duration_ms, wish.until_ms - wall_ms)
        override = open_override(
            OverrideRequest(
                by=wish.who,
                why=wish.why,
                tier=wish.tier,
                load=None if wish.load is None else Load(wish.load.value),
                on=wish.on,
                duration_ms=duration_ms,
            ),
            now_ms,
            wall_ms,
        )
        # The server's word, so that a clock that is set right later ends it when the operator meant.
        return replace(override, until_wall_ms=wish.until_ms)

    def _end(self, how: str) -> None:
        words = {"withdrawn": "diakhiri petugas", "replaced": "diganti", "expired": "habis waktunya"}
        text = f"Perintah daya dari {self.note.who} berakhir: {words[how]}."
        self._tell("ended", self.note.id, text, {"how": how})
        self.note = OverrideNote(over=self.note.id)

    def _tell(
        self, what: str, wish: str, text: str, facts: dict[str, str | int | float | bool | None]
    ) -> None:
        severity = Severity.WARNING if what == "refused" else Severity.NOTICE
        self._emit(
            Event(
                kind=f"energy.override_{what}",
                severity=severity,
                text=text[:300],
                facts={"id": wish, **facts},
            )
        )


def _spell(override: Override) -> str:
    if override.tier is not None:
        return f"tingkat {override.tier.value}"
    return f"{override.load} {'menyala' if override.on else 'mati'}"
