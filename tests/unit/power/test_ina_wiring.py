import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench_agent.adapters.ina_wiring import Channel, InaChip, InaSample, parse_wiring
from bench_agent.domain.power_reading import ReadingQuality
from bench_agent.errors import SettingsError

UNKNOWN = InaSample(voltage_v=None, current_a=None)


def test_reads_what_the_settings_say() -> None:
    wiring = parse_wiring("ina3221", shunt_uohm=2000, invert=True, channels="battery,-,load")
    assert (wiring.chip, wiring.shunt_uohm, wiring.invert) == (InaChip.INA3221, 2000, True)
    assert wiring.channels == (Channel.BATTERY, Channel.UNUSED, Channel.LOAD)
    assert wiring.used_channels() == (1, 3)


@pytest.mark.parametrize(
    ("chip", "shunt_uohm", "channels", "wrong"),
    [
        ("ina228", 2000, "battery", "'ina228'.*ina219, ina226, ina260, ina3221"),
        ("ina226", 0, "battery", "shunt_uohm=0.*2000"),
        ("ina226", -2000, "battery", "shunt_uohm=-2000"),
        ("ina226", 2_000_000, "battery", "microohms"),
        ("ina260", 2000, "battery", "inside.*leave shunt_uohm out"),
        ("ina226", 2000, "battery,panel", "does not fit an ina226"),
        ("ina3221", 2000, "panel,load", "battery among them"),
        ("ina3221", 2000, "battery,battery", "each once"),
        ("ina3221", 2000, "battery,sun", "battery,panel,load"),
        ("ina3221", 2000, "battery,panel,load,-", "3 channel"),
        ("ina3221", 2000, "", "battery,panel,load"),
    ],
)
def test_wrong_settings_are_named_with_their_cure(
    chip: str, shunt_uohm: int, channels: str, wrong: str
) -> None:
    with pytest.raises(SettingsError, match=wrong) as told:
        parse_wiring(chip, shunt_uohm=shunt_uohm, channels=channels)
    assert "Cure: " in str(told.value)


def test_quality_counts_what_is_known_of_the_battery() -> None:
    wiring = parse_wiring("ina226")
    sun = InaSample(voltage_v=13.0, current_a=None)
    assert wiring.reading([sun], 5).quality is ReadingQuality.PARTIAL
    assert wiring.reading([UNKNOWN], 5).quality is ReadingQuality.STALE
    assert wiring.reading([UNKNOWN], 5).measured_at_ms == 5


@given(st.floats(-200, 200), st.floats(0, 65), st.booleans())
def test_panel_and_load_are_never_negative_and_only_the_battery_has_a_sign(
    amperes: float, volts: float, invert: bool
) -> None:
    wiring = parse_wiring("ina3221", invert=invert, channels="battery,panel,load")
    reading = wiring.reading([InaSample(voltage_v=volts, current_a=amperes)] * 3, 0)
    assert reading.battery_current_a == (-amperes if invert else amperes)
    assert reading.panel_power_w == reading.load_power_w == volts * abs(amperes)
    assert reading.load_current_a == abs(amperes)
