"""Backlight and governor by the energy plan (POW-R36)."""

from pathlib import Path

from structlog.testing import capture_logs

from bench_agent.adapters.sysfs_switches import Backlight, Governor


def test_backlight_follows_in_percent_of_its_most_and_goes_off_at_zero(tmp_path: Path) -> None:
    (tmp_path / "max_brightness").write_text("255\n")
    light = Backlight(tmp_path)
    for percent, brightness, power in ((100, "255", "0"), (50, "128", "0"), (0, "0", "4")):
        light.set_percent(percent)
        seen = ((tmp_path / "brightness").read_text(), (tmp_path / "bl_power").read_text())
        assert seen == (brightness, power)


def test_a_display_without_a_backlight_is_logged_once(tmp_path: Path) -> None:
    light = Backlight(tmp_path / "none")
    with capture_logs() as logs:
        light.set_percent(100)
        light.set_percent(50)
    assert [entry["event"] for entry in logs] == ["backlight_not_set"]


def test_powersave_gives_back_the_governor_that_was_there(tmp_path: Path) -> None:
    files = [tmp_path / f"policy{number}" / "scaling_governor" for number in (0, 4)]
    for file, word in zip(files, ("ondemand", "schedutil"), strict=True):
        file.parent.mkdir()
        file.write_text(f"{word}\n")
    governor = Governor(tmp_path)
    governor.set_powersave(on=True)
    governor.set_powersave(on=True)
    assert [file.read_text() for file in files] == ["powersave", "powersave"]
    governor.set_powersave(on=False)
    assert [file.read_text() for file in files] == ["ondemand", "schedutil"]
