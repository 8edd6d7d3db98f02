"""How an INA219, 226, 260 or 3221 is wired into the bench: the same with and without a kernel driver."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from bench_agent.domain.power_reading import CurrentScope, PowerReading, quality_of
from bench_agent.errors import SettingsError

_CHANNELS_OF_3221 = 3
_MAX_SHUNT_UOHM = 1_000_000


class InaChip(StrEnum):
    """Chips with the same kind of registers."""

    INA219 = "ina219"
    INA226 = "ina226"
    INA260 = "ina260"
    INA3221 = "ina3221"


class Channel(StrEnum):
    """What a channel of the chip measures."""

    BATTERY = "battery"
    PANEL = "panel"
    LOAD = "load"
    UNUSED = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class InaSample:
    """One look at one channel; ``None`` is not known."""

    voltage_v: float | None
    current_a: float | None
    """Amperes, signed as the shunt is wired."""


_NOTHING = InaSample(voltage_v=None, current_a=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class InaWiring:
    """A chip, its shunt and its channels. Made by ``parse_wiring``."""

    chip: InaChip
    shunt_uohm: int | None = None
    """Microohms of every used shunt; ``None`` leaves a kernel driver the value of its device tree."""
    invert: bool = False
    """The battery's shunt is wired so that charging reads negative."""
    channels: tuple[Channel, ...] = (Channel.BATTERY,)
    """What channels 1, 2, 3 measure; only the INA3221 has more than one."""

    def used_channels(self) -> tuple[int, ...]:
        """Numbers of the channels to measure, from 1."""
        return tuple(n for n, role in enumerate(self.channels, 1) if role is not Channel.UNUSED)

    def reading(self, samples: Sequence[InaSample], measured_at_ms: int) -> PowerReading:
        """What ``samples`` of the used channels, in their order, say about the bench.

        A panel only gives and a load only takes, so their shunts may be wired either way.
        """
        roles = (role for role in self.channels if role is not Channel.UNUSED)
        by_role = dict(zip(roles, samples, strict=True))
        battery = by_role.get(Channel.BATTERY, _NOTHING)
        panel = by_role.get(Channel.PANEL, _NOTHING)
        load = by_role.get(Channel.LOAD, _NOTHING)
        current = battery.current_a
        if current is not None and self.invert:
            current = -current
        return PowerReading(
            measured_at_ms=measured_at_ms,
            quality=quality_of(battery.voltage_v, current),
            battery_voltage_v=battery.voltage_v,
            battery_current_a=current,
            current_scope=CurrentScope.NONE if current is None else CurrentScope.BATTERY,
            panel_voltage_v=panel.voltage_v,
            panel_power_w=_power_w(panel),
            load_current_a=None if load.current_a is None else abs(load.current_a),
            load_power_w=_power_w(load),
        )


def parse_wiring(
    chip: str, *, shunt_uohm: int | None = None, invert: bool = False, channels: str = "battery"
) -> InaWiring:
    """Check what the settings say about a chip.

    Args:
        chip: ``ina219``, ``ina226``, ``ina260`` or ``ina3221``.
        shunt_uohm: Microohms of the shunt, 1 to 1000000; none for an INA260, whose shunt is inside.
        invert: The battery's current has the wrong sign.
        channels: What channels 1, 2, 3 of an INA3221 measure: ``battery``, ``panel``, ``load`` or ``-``.

    Raises:
        SettingsError: One of them is wrong; the text names it and the cure.
    """
    if chip not in set(InaChip):
        raise SettingsError(f"unknown chip {chip!r}. Cure: use one of {', '.join(InaChip)}.")
    kind = InaChip(chip)
    if shunt_uohm is not None and kind is InaChip.INA260:
        raise SettingsError("shunt_uohm: the shunt of an ina260 is inside it. Cure: leave shunt_uohm out.")
    if shunt_uohm is not None and not 1 <= shunt_uohm <= _MAX_SHUNT_UOHM:
        raise SettingsError(
            f"shunt_uohm={shunt_uohm} is no shunt. "
            f"Cure: give microohms, 1 to {_MAX_SHUNT_UOHM}; 2 mOhm are 2000."
        )
    return InaWiring(
        chip=kind, shunt_uohm=shunt_uohm, invert=invert, channels=_parse_channels(kind, channels)
    )


def _parse_channels(chip: InaChip, text: str) -> tuple[Channel, ...]:
    names = text.split(",")
    most = _CHANNELS_OF_3221 if chip is InaChip.INA3221 else 1
    used = [name for name in names if name != Channel.UNUSED]
    if (
        len(names) > most
        or len(set(used)) < len(used)
        or Channel.BATTERY not in used
        or not set(used) <= set(Channel)
    ):
        example = "battery,panel,load" if most > 1 else "battery"
        raise SettingsError(
            f"channels={text!r} does not fit an {chip}. "
            f"Cure: name what its {most} channel(s) measure, each once, battery among them, e.g. {example}."
        )
    return tuple(map(Channel, names))


def _power_w(sample: InaSample) -> float | None:
    if sample.voltage_v is None or sample.current_a is None:
        return None
    return sample.voltage_v * abs(sample.current_a)
