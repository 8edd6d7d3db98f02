"""A wrong setting is named together with its cure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bench_agent.errors import SettingsError
from bench_agent.settings import load_settings

if TYPE_CHECKING:
    from pathlib import Path

GOOD = 'bench_id = "7h3k9m2p5q8r"\n'


def config(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "bench.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('brokr_url = "mqtt://x"', ["unknown key 'brokr_url'", "Did you mean 'broker_url'?"]),
        ("zzzzzz = 1", ["unknown key 'zzzzzz'", "remove it"]),
        ("lat = 100", ["key 'lat'", "-90 to 90"]),
        ('power = "vedirect:///dev/ttyUSB0"', ["key 'power'", "[power]", "meters = ["]),
        ('[power]\nmetres = ["a"]', ["unknown key 'power.metres'", "Did you mean 'power.meters'?"]),
        ("[power]\nmeters = []", ["key 'power.meters'", "is empty", "vedirect:///dev/ttyUSB0"]),
        ("[power]\nmeters = [1]", ["key 'power.meters'", "vedirect:///dev/ttyUSB0"]),
        ('[power]\nmeters = ["a:b", "a:b"]', ["key 'power.meters'", "'a:b' is there twice"]),
        ('[power]\nmeters = ["a:b"]\ntruth = "a:c"', ["key 'power.truth'", "'a:c' is not in power.meters"]),
        ("[power]\nshunt_offset_ma = 51", ["key 'power.shunt_offset_ma'", "milliamperes, -50 to 50"]),
        ("[power]\nmax_age_s = 0", ["key 'power.max_age_s'", "seconds, 1 to 600"]),
        ('broker_url = "http://x"', ["key 'broker_url'", "mqtt://host:1883"]),
        ('broker_url = "mqtt://x:port"', ["key 'broker_url'", "mqtt://host:1883"]),
        ('player = "mpv"', ["key 'player'", '"dummy", "vlc"']),
        ("lat 3", ["is not TOML", 'key = "value"']),
    ],
)
def test_wrong_line_is_named_with_its_cure(tmp_path: Path, line: str, words: list[str]) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(config(tmp_path, GOOD + line))
    assert all(word in str(caught.value) for word in words)


@pytest.mark.parametrize("bench_id", ["", 'bench_id = "ILOU"'])
def test_missing_or_wrong_bench_id_shows_an_example(tmp_path: Path, bench_id: str) -> None:
    with pytest.raises(SettingsError, match=r'bench_id.*e\.g\. bench_id = "7h3k9m2p5q8r"'):
        load_settings(config(tmp_path, bench_id))


def test_missing_file_points_to_the_option(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="check --config"):
        load_settings(tmp_path / "nowhere.toml")


def test_command_line_beats_environment_beats_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = config(
        tmp_path,
        GOOD + 'name = "file"\nlat = 1\n[power]\nmeters = ["file:1"]\ncapacity_ah = 80\nfull_voltage_v = 14',
    )
    monkeypatch.setenv("BENCH_NAME", "environment")
    monkeypatch.setenv("BENCH_POWER__METERS", '["environment:1"]')
    monkeypatch.setenv("BENCH_POWER__FULL_VOLTAGE_V", "14.4")
    settings = load_settings(path, {"power": {"meters": ["option:1", "option:2"]}})
    assert (settings.lat, settings.name) == (1, "environment")
    assert settings.power.meters == ("option:1", "option:2")
    assert (settings.power.capacity_ah, settings.power.full_voltage_v) == (80, 14.4)
    assert load_settings(path).power.meters == ("environment:1",)


@pytest.mark.parametrize("text", ['["a:1", "b:2"]', "a:1 b:2"])
def test_a_list_in_the_environment_is_json_or_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("BENCH_POWER__METERS", text)
    assert load_settings(config(tmp_path, GOOD)).power.meters == ("a:1", "b:2")


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("BENCH_POWER__METERS", '["a', ["key 'power.meters'", "vedirect:///dev/ttyUSB0"]),
        ("BENCH_POWER__METRES", "a", ["unknown key 'power.metres'", "Did you mean 'power.meters'?"]),
        ("BENCH_POWER", "simulated://", ["key 'power'", "[power]"]),
    ],
)
def test_a_wrong_variable_is_named_as_its_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str, words: list[str]
) -> None:
    monkeypatch.setenv(name, text)
    with pytest.raises(SettingsError) as caught:
        load_settings(config(tmp_path, GOOD))
    assert all(word in str(caught.value) for word in words)


def test_passwords_never_show_in_texts(tmp_path: Path) -> None:
    settings = load_settings(config(tmp_path, GOOD + 'broker_password = "hunter2"\nserver_token = "hunter3"'))
    assert "hunter" not in f"{settings!r}{settings}"
    assert settings.broker_password.get_secret_value() == "hunter2"
