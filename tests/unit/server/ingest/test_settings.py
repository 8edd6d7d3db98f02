"""Settings: file, environment, and errors that say how to mend them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fleet_server.errors import SettingsError
from fleet_server.settings import load_settings

if TYPE_CHECKING:
    from pathlib import Path


def test_environment_wins_over_file(tmp_path: Path) -> None:
    file = tmp_path / "fleet.toml"
    file.write_text(f'data_dir = "{tmp_path}"\nlisten_port = 81\nlisten_host = "::1"\n')
    settings = load_settings(file, {"FLEET_LISTEN_PORT": "82", "FLEET_BROKER_PASSWORD": "hush"})
    assert (settings.listen_host, settings.listen_port) == ("::1", 82)
    assert settings.database_url == f"sqlite:///{tmp_path}/fleet.db"
    assert "hush" not in repr(settings)


@pytest.mark.parametrize(
    ("text", "key", "cure"),
    [
        ("listen_prot = 1", "listen_prot: unknown setting", "use one of broker_password"),
        ("listen_port = 99999", "listen_port: ", "FLEET_LISTEN_PORT"),
        ("broker_url = 'http://x'", "broker_url: ", "FLEET_BROKER_URL"),
        ("x = = 1", "no TOML", "mend the line"),
    ],
)
def test_error_names_key_and_cure(tmp_path: Path, text: str, key: str, cure: str) -> None:
    file = tmp_path / "fleet.toml"
    file.write_text(text)
    with pytest.raises(SettingsError) as caught:
        load_settings(file, {})
    assert key in str(caught.value)
    assert cure in str(caught.value)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none\.toml does not exist"):
        load_settings(tmp_path / "none.toml", {})
