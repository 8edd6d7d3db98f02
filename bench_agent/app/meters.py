"""The meters that ``power.meters`` names, each opened by its URL (POW-R7).

Opening touches no device: a meter opens its port at the first ``read``, so a missing, busy or silent one
delays nothing. Each technology is imported by the builder that needs it.
"""

import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from bench_agent.adapters.ina_wiring import InaWiring, parse_wiring
from bench_agent.app.meter_url import MeterUrl
from bench_agent.domain.battery import Battery
from bench_agent.ports.clock import Clock
from bench_agent.ports.power_meter import PowerMeter
from bench_agent.services.power import WIB
from bench_agent.settings import PowerSettings, Settings

START_SOC_PCT = 60.0
"""Charge of a simulated battery that has no past."""
PERIODS_A_VALUE_LASTS, LEAST_MAX_AGE_S = 5, 10.0
_BOARD_PERIOD_S = 1.0
_LOWEST_BAUD, _HIGHEST_BAUD = 1200, 921_600
_SIMULATED, _FASTEST = "simulated", 3600
_LARGEST_SHUNT_UOHM = 1_000_000
_I2C_PLACE = re.compile(r"(?P<chip>\w+)@(?P<bus>\d{1,3}):(?P<address>0x[0-9a-fA-F]{1,2})")


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
        examples = ", ".join(known.example for known in _KINDS.values())
        raise url.unknown("kind of meter", url.scheme, _KINDS, f"use one of {examples}")
    meter = kind.build(_Wish(url=url, settings=settings, clock=clock, soc_pct=soc_pct))
    url.finish()
    return NamedMeter(url=text, kind=url.scheme, meter=meter, can_see_battery=kind.can_see_battery)


def power_clock(settings: Settings, clock: Clock) -> Clock:
    """The clock of the whole power part: ``clock``, or a faster one where the only meter asks for it.

    Raises:
        SettingsError: A bench that is simulated in part is to live faster.
    """
    urls = [MeterUrl(text) for text in settings.power.meters]
    for url in urls:
        speed = _speed_of(url) if url.scheme == _SIMULATED else 1
        if speed == 1:
            continue
        if len(urls) > 1:
            raise url.wrong("a real meter cannot be made faster", "leave speed out, or the other meters")
        from bench_agent.simulated.fast_clock import FastClock

        return FastClock(clock, speed)
    return clock


def _speed_of(url: MeterUrl) -> float:
    return url.number("speed", 1, 0, _FASTEST)


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
    from bench_agent.adapters.vedirect import PERIOD_S, VedirectPowerMeter

    return VedirectPowerMeter(wish.url.device(), wish.clock, wish.max_age_s(PERIOD_S))


def _epever(wish: _Wish) -> PowerMeter:
    from bench_agent.adapters.epever import BAUD, DEVICE_ID, LAST_DEVICE_ID, EpeverPowerMeter
    from bench_agent.adapters.serial_meter import ASKED_PERIOD_S

    return EpeverPowerMeter(
        wish.url.device(),
        wish.clock,
        device_id=wish.url.whole("id", DEVICE_ID, 1, LAST_DEVICE_ID),
        baud=wish.url.whole("baud", BAUD, _LOWEST_BAUD, _HIGHEST_BAUD),
        max_age_s=wish.max_age_s(ASKED_PERIOD_S),
        clock_zone=WIB if wish.settings.power.clock_write else None,
    )


def _jbd(wish: _Wish) -> PowerMeter:
    from bench_agent.adapters.jbd import JbdPowerMeter
    from bench_agent.adapters.serial_meter import ASKED_PERIOD_S

    device, invert = wish.url.device(), wish.url.flag("invert")
    return JbdPowerMeter(device, wish.clock, invert=invert, max_age_s=wish.max_age_s(ASKED_PERIOD_S))


def _daly(wish: _Wish) -> PowerMeter:
    from bench_agent.adapters.daly import DalyPowerMeter
    from bench_agent.adapters.serial_meter import ASKED_PERIOD_S

    device, invert = wish.url.device(), wish.url.flag("invert")
    return DalyPowerMeter(device, wish.clock, invert=invert, max_age_s=wish.max_age_s(ASKED_PERIOD_S))


def _hwmon(wish: _Wish) -> PowerMeter:
    from bench_agent.adapters.hwmon import HwmonPowerMeter

    wiring = _ina_wiring(wish.url, wish.url.name("hwmon:ina226?shunt_uohm=2000"))
    return HwmonPowerMeter(wiring, wish.clock, at=wish.url.text_of("at"))


def _i2c(wish: _Wish) -> PowerMeter:
    from bench_agent.adapters.i2c import I2cPowerMeter

    example = "i2c:ina226@1:0x40?shunt_uohm=2000"
    place = _I2C_PLACE.fullmatch(wish.url.name(example))
    if place is None:
        raise wish.url.wrong("is not chip@bus:address", f"write {example}")
    wiring = _ina_wiring(wish.url, place["chip"])
    with wish.url.blamed():
        return I2cPowerMeter(wiring, int(place["bus"]), int(place["address"], 16), wish.clock)


def _ina_wiring(url: MeterUrl, chip: str) -> InaWiring:
    with url.blamed():
        return parse_wiring(
            chip,
            shunt_uohm=url.whole("shunt_uohm", 0, 1, _LARGEST_SHUNT_UOHM) or None,
            invert=url.flag("invert"),
            channels=url.text_of("channels") or "battery",
        )


def _power_supply(wish: _Wish) -> PowerMeter:
    from bench_agent.adapters.power_supply import PowerSupplyMeter

    with wish.url.blamed():
        return PowerSupplyMeter(wish.url.name("power-supply:BAT0"), wish.clock)


def _board(wish: _Wish) -> PowerMeter:
    from bench_agent.adapters.power_board import PowerBoard

    return PowerBoard(wish.url.device(), wish.clock, wish.max_age_s(_BOARD_PERIOD_S))


def _simulated(wish: _Wish) -> PowerMeter:
    from bench_agent.simulated.power_meter import SimulatedPowerMeter
    from bench_agent.simulated.sun import Site

    wish.url.nothing()
    site = Site(
        latitude_deg=wish.settings.lat,
        longitude_deg=wish.settings.lon,
        # Without a seed every bench has weather of its own.
        seed=wish.url.whole("seed", zlib.crc32(wish.settings.bench_id.encode()), 0, 2**32 - 1),
        panel_wp=wish.url.number("wp", 100, 0, 2000),
    )
    battery = Battery(capacity_ah=wish.url.number("ah", 50, 0, 2000))
    _speed_of(wish.url)  # allowed here, used by power_clock
    return SimulatedPowerMeter(wish.clock, site, battery, wish.url.number("soc", wish.soc_pct, 0, 100))


_KINDS: Mapping[str, _Kind] = MappingProxyType(
    {
        "vedirect": _Kind(example="vedirect:///dev/ttyUSB0", build=_vedirect),
        "epever-rtu": _Kind(
            example="epever-rtu:///dev/ttyUSB1?id=1&baud=115200", build=_epever, can_see_battery=False
        ),
        "jbd": _Kind(example="jbd:///dev/ttyUSB2?invert=0", build=_jbd),
        "daly": _Kind(example="daly:///dev/ttyUSB3?invert=0", build=_daly),
        "hwmon": _Kind(example="hwmon:ina226?shunt_uohm=2000", build=_hwmon),
        "i2c": _Kind(example="i2c:ina226@1:0x40?shunt_uohm=2000", build=_i2c),
        "power-supply": _Kind(example="power-supply:BAT0", build=_power_supply),
        "board": _Kind(example="board:///dev/ttyAMA0", build=_board),
        _SIMULATED: _Kind(example="simulated://?seed=1&wp=100&ah=50&speed=60", build=_simulated),
    }
)
