"""From the judged facts to the plan of loads and its reason (POW-R36, R39 to R44). Pure."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from bench_agent.domain.energy_display import DISPLAY_FLOOR_PCT, Display, Wish, is_hot
from bench_agent.domain.energy_facts import EnergyFacts
from bench_agent.domain.energy_hours import OpeningHours, next_at
from bench_agent.domain.energy_override import Load, Override
from bench_agent.domain.energy_plan import (
    ECO_BACKLIGHT_PCT,
    FULL_BACKLIGHT_PCT,
    AudioMode,
    EnergyAlarm,
    EnergyPlan,
    HotspotMode,
    PowerOff,
)
from bench_agent.domain.energy_tiers import Tiers
from bench_agent.wire.energy_reason import EnergyReason, ReasonCode
from bench_agent.wire.telemetry import EnergyTier

COLD_C = 0.0
CRITICAL_REST = timedelta(hours=1)
"""A computer sent off in critical is not started again before this, however the volts look."""
_HOTSPOT = {
    EnergyTier.NORMAL: HotspotMode.FULL,
    EnergyTier.ECO: HotspotMode.LIMITED,
    EnergyTier.RESERVE: HotspotMode.OPEN_HOURS,
    EnergyTier.CRITICAL: HotspotMode.OFF,
}
_AUDIO = {
    EnergyTier.NORMAL: AudioMode.FULL,
    EnergyTier.ECO: AudioMode.ANNOUNCEMENTS,
    EnergyTier.RESERVE: AudioMode.OFF,
    EnergyTier.CRITICAL: AudioMode.OFF,
}
_MS = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Everything judged at one instant, before loads are chosen."""

    facts: EnergyFacts
    hours: OpeningHours
    tiers: Tiers
    tier: EnergyTier
    overrides: tuple[Override, ...]
    wish: Wish
    display: Display
    full_charge: bool
    emergency: bool
    """A notice may play now."""
    is_open: bool

    @property
    def tier_override(self) -> Override | None:
        """The operator's choice of a tier, if it changed the tier."""
        if self.tier is self.tiers.tier:
            return None
        return next((one for one in self.overrides if one.tier is not None), None)

    def override(self, load: Load) -> Override | None:
        """The operator's switch for ``load``, if it may act: on only within what nobody may lift."""
        found = next((one for one in self.overrides if one.load is load), None)
        if found is None or (found.on and not self._may_lift(load)):
            return None
        return found

    def _may_lift(self, load: Load) -> bool:
        if self.tier is EnergyTier.CRITICAL or self.facts.halting:
            return False
        limit = self.tiers.limit
        match load:
            case Load.DISPLAY:
                charged = self.facts.soc_pct is not None and self.facts.soc_pct >= DISPLAY_FLOOR_PCT
                lifted = limit is EnergyTier.ECO and self.hours.is_peak(self.facts.local)
                return charged and not is_hot(self.facts) and (limit is EnergyTier.NORMAL or lifted)
            case Load.AUDIO:
                return limit is EnergyTier.NORMAL
            case Load.HOTSPOT:
                return limit is not EnergyTier.RESERVE or self.is_open


def plan_of(look: Look) -> EnergyPlan:
    """The plan that holds now."""
    facts, tier = look.facts, look.tier
    display_on, code, override = _display(look)
    audio = _audio(look)
    hotspot_on = _hotspot_on(look)
    power_off = _power_off(look, needed=display_on or audio is not AudioMode.OFF or hotspot_on)
    reason = _reason(look, code, override, power_off)
    return EnergyPlan(
        tier=tier,
        display_on=display_on,
        backlight_pct=_backlight_pct(look, display_on=display_on),
        audio=audio,
        hotspot=_HOTSPOT[tier],
        hotspot_on=hotspot_on,
        powersave=tier is not EnergyTier.NORMAL,
        power_off=power_off,
        reason=reason,
        next_change_at=_next_change_at(look, power_off),
        override=override or look.override(Load.HOTSPOT) or look.override(Load.AUDIO),
        full_charge=look.full_charge,
        alarms=_alarms(facts, look.tiers),
    )


def _display(look: Look) -> tuple[bool, ReasonCode, Override | None]:
    """The display, what decided it, and the operator's switch if that did."""
    if look.facts.halting:
        return False, ReasonCode.HALTING, None
    if look.tier is not EnergyTier.CRITICAL and not is_hot(look.facts):
        if look.emergency:
            return True, ReasonCode.EMERGENCY, None
        switch = look.override(Load.DISPLAY)
        if switch is not None:
            return switch.on, ReasonCode.OVERRIDE_ON if switch.on else ReasonCode.OVERRIDE_OFF, switch
    on, wish, chosen = look.display.on, look.wish, look.tier_override
    if on is not wish.on:
        return on, ReasonCode.RESTING_ON if on else ReasonCode.RESTING_OFF, None
    if chosen is not None and (wish.code in _BY_TIER or wish.code is ReasonCode.CRITICAL):
        return on, ReasonCode.OVERRIDE_ON if on else ReasonCode.OVERRIDE_OFF, chosen
    return on, wish.code, chosen


def _backlight_pct(look: Look, *, display_on: bool) -> int:
    if not display_on:
        return 0
    bright = look.tier is EnergyTier.NORMAL or look.emergency
    return FULL_BACKLIGHT_PCT if bright else ECO_BACKLIGHT_PCT


def _audio(look: Look) -> AudioMode:
    if look.facts.halting or look.tier is EnergyTier.CRITICAL:
        return AudioMode.OFF
    switch = look.override(Load.AUDIO)
    if switch is not None and switch.on:
        return AudioMode.FULL
    if look.emergency:
        return AudioMode.ANNOUNCEMENTS
    if switch is not None or not look.is_open or look.full_charge:
        return AudioMode.OFF
    return _AUDIO[look.tier]


def _hotspot_on(look: Look) -> bool:
    if look.facts.halting or look.tier is EnergyTier.CRITICAL:
        return False
    switch = look.override(Load.HOTSPOT)
    if switch is not None:
        return switch.on
    return look.is_open or look.tier is not EnergyTier.RESERVE


def _power_off(look: Look, *, needed: bool) -> PowerOff | None:
    """The dark that comes next; ``needed`` = something is on that only a running computer serves."""
    local = look.facts.local
    night = look.hours.night(local)
    if look.tier is EnergyTier.CRITICAL:
        asleep = night is not None and night.begins_at <= local
        wakes_at = night.wakes_at if night is not None and asleep else local + CRITICAL_REST
        return PowerOff(begins_at=local, wakes_at=wakes_at, critical=True)
    if look.tier is not EnergyTier.RESERVE or night is None or (needed and night.begins_at <= local):
        return None
    return PowerOff(begins_at=max(night.begins_at, local), wakes_at=night.wakes_at, critical=False)


def _alarms(facts: EnergyFacts, tiers: Tiers) -> tuple[EnergyAlarm, ...]:
    cold = any(celsius is not None and celsius <= COLD_C for celsius in (facts.battery_c, facts.box_c))
    found = (
        (tiers.silent, EnergyAlarm.METER_SILENT),
        (is_hot(facts), EnergyAlarm.HOT),
        (cold, EnergyAlarm.CHARGING_COLD),
    )
    return tuple(alarm for holds, alarm in found if holds)


def _reason(
    look: Look, code: ReasonCode, override: Override | None, power_off: PowerOff | None
) -> EnergyReason:
    facts, tiers = look.facts, look.tiers
    if code is ReasonCode.RESERVE and power_off is not None and power_off.begins_at <= facts.local:
        code = ReasonCode.RESERVE_NIGHT
    until = _until(look, code, override, power_off)
    code = _cause(look, code)
    return EnergyReason(
        code=code,
        soc_pct=None if facts.soc_pct is None or tiers.silent else round(facts.soc_pct),
        until="" if until is None else f"{until:%H:%M}",
        rest_v=round(facts.rest_v, 2)
        if code is ReasonCode.LOW_VOLTAGE and facts.rest_v is not None
        else None,
        temperature_c=_warmest_c(facts) if code is ReasonCode.HOT else None,
    )


_BY_TIER = frozenset({ReasonCode.NORMAL, ReasonCode.ECO_ON, ReasonCode.ECO_OFF, ReasonCode.RESERVE})
"""What the tier alone decides."""


def _cause(look: Look, code: ReasonCode) -> ReasonCode:
    """Behind a tier may stand a silent meter, low volts or the forecast: then that is the reason."""
    tiers, tier = look.tiers, look.tier
    if code is ReasonCode.CRITICAL:
        return ReasonCode.CRITICAL if tiers.by_charge is tier else ReasonCode.LOW_VOLTAGE
    if code not in _BY_TIER:
        return code
    on = look.display.on
    if tiers.silent and tier is EnergyTier.RESERVE:
        return ReasonCode.METER_SILENT
    if tiers.by_voltage is tier and tier is not tiers.unlimited and not on:
        return ReasonCode.LOW_VOLTAGE
    if tiers.granted is tier:
        return ReasonCode.FORECAST_ON if on else ReasonCode.FORECAST_OFF
    return code


def _until(
    look: Look, code: ReasonCode, override: Override | None, power_off: PowerOff | None
) -> datetime | None:
    """When the state that ``code`` names ends by time alone."""
    hours = look.hours
    if override is not None:
        return _ends_at(override, look.facts)
    if code in {ReasonCode.RESTING_ON, ReasonCode.RESTING_OFF}:
        return _rest_ends_at(look)
    if code is ReasonCode.RESERVE_NIGHT and power_off is not None:
        return power_off.wakes_at
    edge: time | None = None
    if code is ReasonCode.NORMAL and hours.opens != hours.closes:
        edge = hours.closes
    elif code is ReasonCode.CLOSED:
        edge = hours.opens
    elif code is ReasonCode.ECO_ON and hours.peak_begins != hours.peak_ends:
        edge = hours.peak_ends
    elif code is ReasonCode.ECO_OFF:
        edge = hours.peak_begins
    return None if edge is None else next_at(look.facts.local, edge)


def _warmest_c(facts: EnergyFacts) -> float | None:
    return max((celsius for celsius in (facts.battery_c, facts.box_c) if celsius is not None), default=None)


def _ends_at(override: Override, facts: EnergyFacts) -> datetime:
    wall_ms = round(facts.local.timestamp() * 1000)
    return facts.local + override.left_ms(facts.now_ms, wall_ms) * _MS


def _rest_ends_at(look: Look) -> datetime:
    return look.facts.local + (look.display.rests_until_ms() - look.facts.now_ms) * _MS


def _next_change_at(look: Look, power_off: PowerOff | None) -> datetime:
    """The hours' next edge, or an end of rest, override or computer before it."""
    local = look.facts.local
    moments = [look.hours.next_edge(local, peak=look.tier is EnergyTier.ECO)]
    if look.display.on is not look.wish.on:
        moments.append(_rest_ends_at(look))
    moments += [_ends_at(one, look.facts) for one in look.overrides]
    if power_off is not None:
        moments += [at for at in (power_off.begins_at, power_off.wakes_at) if at > local]
    return min(moments)
