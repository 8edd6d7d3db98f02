"""The meters that ``power.meters`` names, each opened by its URL (POW-R7).

Opening touches no device: a meter opens its port at the first ``read``, so a missing, busy or silent one
delays nothing. Each technology is imported by the builder that needs it.
"""

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from bench_agent.app.meter_url import MeterUrl
from bench_agent.domain.battery import Battery
from bench_agent.ports.clock import Clock
from bench_agent.ports.power_meter import PowerMeter
from bench_agent.settings import PowerSettings, Settings

START_SOC_PCT = 60.0
"""Charge of a simulated battery that has no past."""
PERIODS_A_VALUE_LASTS, LEAST_MAX_AGE_S = 5, 10.0
VEDIRECT_PERIOD_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedMeter:
    """A meter and where the settings say it is."""

    url: str
    kind: str
    """Scheme of the URL, e.g. ``vedirect``."""
    meter: PowerMeter
    can_see_battery: bool
    """Its current may be that of the whole battery; a charge controller's never is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """What a builder may know."""

    url: MeterUrl
    settings: Settings
    clock: Clock
    soc_pct: float

    def max_age_s(self, period_s: float) -> float:
        """Seconds a value of a device with this period stays known (POW-R2)."""
        return self.settings.power.max_age_s or max(PERIODS_A_VALUE_LASTS * period_s, LEAST_MAX_AGE_S)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    example: str
    build: Callable[[_Wish], PowerMeter]
    can_see_battery: bool = True


def open_meters(settings: Settings, clock: Clock, soc_pct: float = START_SOC_PCT) -> tuple[NamedMeter, ...]:
    """Make every meter of ``power.meters``, in its order; a simulated battery starts at ``soc_pct``.

    Raises:
        SettingsError: A URL is wrong; the text names the key, what is allowed and the cure.
    """
    return tuple(_open(text, settings, clock, soc_pct) for text in settings.power.meters)


def _open(text: str, settings: Settings, clock: Clock, soc_pct: float) -> NamedMeter:
    url = MeterUrl(text)
    kind = _KINDS.get(url.scheme)
    if kind is None:
        near = difflib.get_close_matches(url.scheme, _KINDS, n=1)
        meant = f" Did you mean {near[0]!r}?" if near else ""
        examples = ", ".join(known.example for known in _KINDS.values())
        raise url.wrong(f"unknown kind of meter {url.scheme!r}.{meant}".rstrip("."), f"use one of {examples}")
    meter = kind.build(_Wish(url=url, settings=settings, clock=clock, soc_pct=soc_pct))
    url.finish()
    return NamedMeter(url=text, kind=url.scheme, meter=meter, can_see_battery=kind.can_see_battery)


def choose_truth(meters: Sequence[NamedMeter], settings: PowerSettings) -> NamedMeter:
    """The meter whose current feeds the state of charge (POW-R4).

    Args:
        meters: At least one, as ``open_meters`` made them.
        settings: ``truth`` wins; else the first that can see the whole battery, else the first.
    """
    named = (meter for meter in meters if meter.url == settings.truth)
    able = (meter for meter in meters if meter.can_see_battery)
    return next(named, None) or next(able, None) or meters[0]


def _vedirect(wish: _Wish) -> PowerMeter:
    from bench_agent.adapters.vedirect import VedirectPowerMeter

    return VedirectPowerMeter(wish.url.device(), wish.clock, wish.max_age_s(VEDIRECT_PERIOD_S))


def _simulated(wish: _Wish) -> PowerMeter:
    from bench_agent.simulated.power_meter import SimulatedPowerMeter
    from bench_agent.simulated.sun import Site

    wish.url.nothing()
    site = Site(
        latitude_deg=wish.settings.lat,
        longitude_deg=wish.settings.lon,
        seed=wish.url.whole("seed", 1, 0, 2**32 - 1),
        panel_wp=wish.url.number("wp", 100, 0, 2000),
    )
    battery = Battery(capacity_ah=wish.url.number("ah", 50, 0, 2000))
    return SimulatedPowerMeter(wish.clock, site, battery, wish.soc_pct)


_KINDS: Mapping[str, _Kind] = MappingProxyType(
    {
        "vedirect": _Kind(example="vedirect:///dev/ttyUSB0", build=_vedirect),
        "simulated": _Kind(example="simulated://?seed=1&wp=100&ah=50", build=_simulated),
    }
)
