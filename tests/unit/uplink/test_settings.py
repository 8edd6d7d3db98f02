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
        ('power = "epever:///dev/ttyUSB0"', ["key 'power'", "vedirect:///dev/ttyUSB0"]),
        ('broker_url = "http://x"', ["key 'broker_url'", "mqtt://host:1883"]),
        ('broker_url = "mqtt://x:port"', ["key 'broker_url'", "mqtt://host:1883"]),
        ('player = "mpv"', ["key 'player'", '"dummy", "vlc"']),
        ('open_from = "24:00"', ["key 'open_from'", '"HH:MM"', "open all day"]),
        ('player_options = "x"', ["key 'player_options'", '["--vlc-option=--no-audio"]']),
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
    path = config(tmp_path, GOOD + 'name = "file"\npower = "simulated://?seed=1"\nlat = 1')
    monkeypatch.setenv("BENCH_NAME", "environment")
    monkeypatch.setenv("BENCH_POWER", "simulated://?seed=2")
    settings = load_settings(path, {"power": "vedirect:///dev/ttyUSB0"})
    assert (settings.lat, settings.name, settings.power) == (1, "environment", "vedirect:///dev/ttyUSB0")


def test_passwords_never_show_in_texts(tmp_path: Path) -> None:
    settings = load_settings(config(tmp_path, GOOD + 'broker_password = "hunter2"\nserver_token = "hunter3"'))
    assert "hunter" not in f"{settings!r}{settings}"
    assert settings.broker_password.get_secret_value() == "hunter2"
