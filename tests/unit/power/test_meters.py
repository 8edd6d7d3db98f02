"""Every meter is chosen by its URL; a wrong one is named with what is allowed (POW-R7)."""

import subprocess
import sys

import pytest

from bench_agent.app.meters import choose_truth, open_meters
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
            ["unknown parameter 'sed'", "Did you mean 'seed'?", "allowed are ah, seed, wp"],
        ),
        ("simulated://?seed=1&seed=2", ["there twice"]),
        ("simulated://?seed=one", ["seed=one is wrong", "whole number, 0 to"]),
        ("simulated://?wp=-1", ["wp=-1 is wrong", "a number above 0, up to 2000"]),
        ("simulated://?ah=nan", ["ah=nan is wrong"]),
        ("simulated://?ah=", ["ah= is wrong"]),
        ("simulated://?ah", ["bad query field"]),
        ("simulated://host", ["'host' means nothing"]),
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


def test_only_the_library_of_the_chosen_meter_is_loaded() -> None:
    script = (
        "import sys; from bench_agent.app.meters import open_meters; from bench_agent.settings import *;"
        "from bench_agent.simulated.clock import SimulatedClock;"
        "settings = Settings(bench_id='7h3k9m2p5q8r', power=PowerSettings(meters=('vedirect:///dev/x',)));"
        "open_meters(settings, SimulatedClock());"
        "print([name for name in ('serial', 'pymodbus', 'smbus2') if name in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "['serial']"
