"""Every meter is chosen by its URL; a wrong one is named with what is allowed (POW-R7)."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bench_agent.__main__ import app
from bench_agent.app.meters import choose_truth, open_meters, power_clock
from bench_agent.errors import SettingsError
from bench_agent.settings import PowerSettings, Settings
from bench_agent.simulated.clock import SimulatedClock
from bench_agent.simulated.power_meter import SimulatedPowerMeter


def settings_with(*urls: str, truth: str = "") -> Settings:
    return Settings(bench_id="7h3k9m2p5q8r", power=PowerSettings(meters=urls, truth=truth))


def test_meters_keep_their_order_url_and_kind() -> None:
    meters = open_meters(settings_with("vedirect:///dev/ttyUSB0", "simulated://"), SimulatedClock())
    assert [(each.url, each.kind) for each in meters] == [
        ("vedirect:///dev/ttyUSB0", "vedirect"),
        ("simulated://", "simulated"),
    ]


def test_a_simulated_meter_has_the_battery_of_its_url_and_the_charge_it_is_told() -> None:
    meters = open_meters(settings_with("simulated://?ah=80&seed=3&wp=50"), SimulatedClock(), soc_pct=33)
    meter = meters[0].meter
    assert isinstance(meter, SimulatedPowerMeter)
    assert (meter.pack.battery.capacity_ah, meter.pack.soc_pct) == (80, 33)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("vedirct:///dev/ttyUSB0", ["unknown kind of meter 'vedirct'", "Did you mean 'vedirect'?"]),
        ("zzz://x", ["unknown kind of meter 'zzz'", "vedirect:///dev/ttyUSB0", "simulated://?seed=1"]),
        ("", ["unknown kind of meter ''"]),
        ("vedirect://[", ["write it like vedirect:///dev/ttyUSB0"]),
        ("vedirect://dev/ttyUSB0", ["names no device", "write vedirect:///dev/ttyUSB0"]),
        ("vedirect:", ["names no device"]),
        ("vedirect:///dev/ttyUSB0?baud=19200", ["unknown parameter 'baud'", "leave it out"]),
        (
            "simulated://?sed=1",
            ["unknown parameter 'sed'", "Did you mean 'seed'?", "allowed are ah, seed, soc, speed, wp"],
        ),
        ("simulated://?seed=1&seed=2", ["there twice"]),
        ("simulated://?seed=one", ["seed=one is wrong", "whole number, 0 to"]),
        ("simulated://?wp=-1", ["wp=-1 is wrong", "a number above 0, up to 2000"]),
        ("simulated://?ah=nan", ["ah=nan is wrong"]),
        ("simulated://?ah=", ["ah= is wrong"]),
        ("simulated://?ah", ["bad query field"]),
        ("simulated://host", ["'host' means nothing"]),
        ("vedirect:///dev/ttyUSB0#1", ["'#1' means nothing"]),
        ("simulated://?speed=0", ["speed=0 is wrong", "a number above 0, up to 3600"]),
        ("epever-rtu:///dev/ttyUSB1?id=0", ["id=0 is wrong", "whole number, 1 to 247"]),
        ("epever-rtu:///dev/ttyUSB1?baud=fast", ["baud=fast is wrong", "1200 to 921600"]),
        ("epever-rtu:///dev/ttyUSB1?bud=9600", ["'bud'", "Did you mean 'baud'?", "allowed are baud, id"]),
        ("epver-rtu:///dev/ttyUSB1", ["Did you mean 'epever-rtu'?"]),
        ("jbd:///dev/ttyUSB2?invert=yes", ["invert=yes is wrong", "whole number, 0 to 1"]),
        ("daly:///dev/ttyUSB3?sign=1", ["unknown parameter 'sign'", "allowed are invert"]),
        ("hwmon:ina999?shunt_uohm=2000", ["unknown chip 'ina999'", "use one of ina219"]),
        ("hwmon:?shunt_uohm=2000", ["names nothing behind the colon", "write hwmon:ina226"]),
        ("hwmon:///dev/x", ["names nothing behind the colon"]),
        ("hwmon:ina226?shunt_uohm=0", ["shunt_uohm=0 is wrong", "whole number, 1 to 1000000"]),
        ("hwmon:ina226?shnt_uohm=1", ["Did you mean 'shunt_uohm'?", "at, channels, invert, shunt_uohm"]),
        ("hwmon:ina226?channels=panel", ["channels='panel' does not fit"]),
        ("i2c:ina226?shunt_uohm=2000", ["is not chip@bus:address", "write i2c:ina226@1:0x40"]),
        ("i2c:ina226@1:0x10?shunt_uohm=2000", ["use 0x40 to 0x4f"]),
        ("i2c:ina226@1:0x40", ["needs its shunt", "add shunt_uohm=2000"]),
        ("power-supply:", ["names nothing behind the colon", "write power-supply:BAT0"]),
        ("board:///dev/ttyAMA0?baud=9600", ["unknown parameter 'baud'", "leave it out"]),
        ("power-supply:..", ["'..' names no power supply"]),
    ],
)
def test_a_wrong_url_names_the_key_and_the_cure(url: str, words: list[str]) -> None:
    with pytest.raises(SettingsError) as caught:
        open_meters(settings_with("simulated://", url), SimulatedClock())
    assert all(word in str(caught.value) for word in ["key 'power.meters'", f"{url!r}", "Cure: ", *words])


def test_truth_is_the_named_meter_or_the_first_that_can_see_the_battery() -> None:
    urls = ("vedirect:///dev/ttyUSB0", "simulated://")
    named = settings_with(*urls, truth="simulated://")
    assert choose_truth(open_meters(named, SimulatedClock()), named.power).kind == "simulated"
    unnamed = settings_with(*urls)
    assert choose_truth(open_meters(unnamed, SimulatedClock()), unnamed.power).kind == "vedirect"


def test_a_controller_that_sees_only_itself_is_truth_only_where_there_is_no_other() -> None:
    # POW-R4
    both = settings_with("epever-rtu:///dev/ttyUSB1", "jbd:///dev/ttyUSB2")
    assert choose_truth(open_meters(both, SimulatedClock()), both.power).kind == "jbd"
    alone = settings_with("epever-rtu:///dev/ttyUSB1")
    assert choose_truth(open_meters(alone, SimulatedClock()), alone.power).kind == "epever-rtu"


def test_the_option_may_be_given_for_each_meter_and_a_wrong_one_ends_the_agent(tmp_path: Path) -> None:
    config = tmp_path / "bench.toml"
    config.write_text(
        f'bench_id = "7h3k9m2p5q8r"\ndata_dir = "{tmp_path}"\n[power]\nmeters = ["simulated://"]\n'
    )
    options = ["--power", "jbd:///dev/none", "--power", "vedirct:///dev/none"]
    ended = CliRunner().invoke(app, ["run", "--config", str(config), *options])
    assert ended.exit_code == 2
    assert "key 'power.meters': 'vedirct:///dev/none': unknown kind of meter" in ended.output
    assert "Did you mean 'vedirect'? Cure: use one of vedirect:///dev/ttyUSB0, " in ended.output


def test_opening_touches_no_device(tmp_path: Path) -> None:
    urls = [f"{scheme}://{tmp_path}/none" for scheme in ("vedirect", "epever-rtu", "jbd", "daly", "board")]
    assert len(open_meters(settings_with(*urls), SimulatedClock())) == 5


def test_a_simulated_bench_may_live_faster_and_its_meter_with_it() -> None:
    async def scene() -> None:
        slow = SimulatedClock(1_789_000_000_000)
        settings = settings_with("simulated://?speed=60")
        fast = power_clock(settings, slow)
        meter = open_meters(settings, fast)[0].meter
        slow.advance(60_000)
        assert (await meter.read()).measured_at_ms == 3_600_000

    asyncio.run(scene())


def test_a_bench_with_a_real_meter_lives_at_the_pace_of_its_clock() -> None:
    clock = SimulatedClock()
    assert power_clock(settings_with("vedirect:///dev/ttyUSB0", "simulated://"), clock) is clock
    with pytest.raises(SettingsError, match=r"'power\.meters'.*cannot be made faster.*Cure: leave speed out"):
        power_clock(settings_with("vedirect:///dev/ttyUSB0", "simulated://?speed=60"), clock)


@pytest.mark.parametrize(
    ("url", "loaded"),
    [
        ("vedirect:///dev/x", ["serial"]),
        ("jbd:///dev/x", ["serial"]),
        ("epever-rtu:///dev/x", ["serial", "pymodbus"]),
        ("hwmon:ina226?shunt_uohm=2000&invert=1&at=1-0040", []),
        ("i2c:ina226@1:0x40?shunt_uohm=2000", ["smbus2"]),
        ("power-supply:BAT0", []),
        ("board:///dev/ttyAMA0", ["serial"]),
        ("simulated://", []),
    ],
)
def test_only_the_library_of_the_chosen_meter_is_loaded(url: str, loaded: list[str]) -> None:
    script = (
        "import sys; import bench_agent.app.agent; from bench_agent.app.meters import open_meters;"
        "from bench_agent.settings import PowerSettings, Settings;"
        f"settings = Settings(bench_id='7h3k9m2p5q8r', power=PowerSettings(meters=({url!r},)));"
        "from bench_agent.simulated.clock import SimulatedClock; open_meters(settings, SimulatedClock());"
        "print([name for name in ('serial', 'pymodbus', 'smbus2') if name in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == str(loaded)
