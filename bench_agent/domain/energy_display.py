"""The display by tier, hours and forecast, changing at most once an hour (POW-R36, R43, R44). Pure."""

from dataclasses import dataclass

from bench_agent.domain.energy_facts import EnergyFacts
from bench_agent.domain.energy_hours import OpeningHours
from bench_agent.wire.energy_reason import ReasonCode
from bench_agent.wire.telemetry import EnergyTier

DISPLAY_REST_MS = 3_600_000
DISPLAY_FLOOR_PCT = 20.0
"""Below it only an emergency notice lights the display: 32 Wh are kept for that (POW-R41)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Display:
    """What energy alone made of the display; ``changed_at_ms`` is ``None`` before the first look."""

    on: bool = False
    changed_at_ms: int | None = None

    def rests_until_ms(self) -> int:
        """When it may change again for a reason that can wait."""
        return 0 if self.changed_at_ms is None else self.changed_at_ms + DISPLAY_REST_MS


@dataclass(frozen=True, slots=True)
class Wish:
    """What the display should be and why; ``at_once`` does not wait for the hour of rest."""

    on: bool
    code: ReasonCode
    at_once: bool = False


_CRITICAL = Wish(on=False, code=ReasonCode.CRITICAL, at_once=True)
_HOT = Wish(on=False, code=ReasonCode.HOT, at_once=True)
_RESERVE = Wish(on=False, code=ReasonCode.RESERVE, at_once=True)
_CLOSED = Wish(on=False, code=ReasonCode.CLOSED, at_once=True)
_FULL_CHARGE = Wish(on=False, code=ReasonCode.FULL_CHARGE)
_ECO = (Wish(on=False, code=ReasonCode.ECO_OFF), Wish(on=True, code=ReasonCode.ECO_ON))
_NORMAL = Wish(on=True, code=ReasonCode.NORMAL)
HOT_C = 45.0


def is_hot(facts: EnergyFacts) -> bool:
    """Cell or box at 45 °C or more (POW-R44)."""
    return (facts.battery_c is not None and facts.battery_c >= HOT_C) or (
        facts.box_c is not None and facts.box_c >= HOT_C
    )


def wish_of(
    tier: EnergyTier, facts: EnergyFacts, hours: OpeningHours, *, full_charge: bool, lifted: bool
) -> Wish:
    """What tier and hours make of the display now; ``lifted`` = an operator chose the tier."""
    if tier is EnergyTier.CRITICAL:
        return _CRITICAL
    if is_hot(facts):
        return _HOT
    too_low = lifted if facts.soc_pct is None else facts.soc_pct < DISPLAY_FLOOR_PCT
    if tier is EnergyTier.RESERVE or too_low:
        return _RESERVE
    if not hours.is_open(facts.local):
        return _CLOSED
    if full_charge:
        return _FULL_CHARGE
    return _NORMAL if tier is EnergyTier.NORMAL else _ECO[hours.is_peak(facts.local)]


def next_display(display: Display, wish: Wish, now_ms: int) -> Display:
    """Follow the wish; a display that flickers with every cloud looks broken."""
    if display.changed_at_ms is None:
        return Display(on=wish.on, changed_at_ms=now_ms)
    if display.on is wish.on or not (wish.at_once or now_ms >= display.rests_until_ms()):
        return display
    return Display(on=wish.on, changed_at_ms=now_ms)
