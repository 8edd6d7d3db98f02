"""Settings of the fleet server: a TOML file, overridden by ``FLEET_…`` in the environment."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)
from typing_extensions import override

from fleet_server.errors import SettingsError


def _sqlite_url(given: dict[str, Any]) -> str:
    return f"sqlite:///{given['data_dir'] / 'fleet.db'}" if "data_dir" in given else ""


class Settings(BaseSettings):
    """All settings; the defaults serve a demo on one machine."""

    model_config = SettingsConfigDict(env_prefix="FLEET_", frozen=True, extra="forbid")

    data_dir: Path = Path("var/fleet")
    """Folder of databases and media; made when missing."""
    database_url: str = Field(default_factory=_sqlite_url)
    """SQLAlchemy URL; default = SQLite in ``data_dir``."""
    telemetry_url: str = Field(default="sqlite:", pattern=r"^sqlite:$")
    """Telemetry store; ``sqlite:`` = one file in ``data_dir``."""
    broker_url: str = Field(default="mqtt://127.0.0.1:1883", pattern=r"^mqtts?://[^/:@]+(:\d+)?/?$")
    """``mqtt://host:port``, or ``mqtts://`` for TLS."""
    broker_username: str = ""
    broker_password: SecretStr = SecretStr("")
    listen_host: str = "127.0.0.1"
    listen_port: int = Field(default=8000, ge=0, le=65_535)
    public_url: str = "http://127.0.0.1:8000"
    """Address under which browsers and benches reach the server."""
    map_tiles_url: str | None = None
    """Tile server, e.g. ``https://…/{z}/{x}/{y}.png``; None = a map without tiles."""

    @property
    def sql_url(self) -> str:
        """SQLAlchemy URL; an empty ``database_url`` also means SQLite."""
        return self.database_url or f"sqlite:///{self.data_dir / 'fleet.db'}"

    @property
    def telemetry_file(self) -> Path:
        """File of the SQLite telemetry store."""
        return self.data_dir / "telemetry.db"

    @classmethod
    @override
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings


def load_settings(file: Path | None = None, environment: Mapping[str, str] | None = None) -> Settings:
    """Read settings from ``file`` (TOML) and the environment (None = the process's), which wins.

    Raises:
        SettingsError: A key is unknown or a value is wrong; the message names both and the cure.
    """
    if file is not None and not file.is_file():
        raise SettingsError(f"Settings file {file} does not exist; make it or leave the option out.")
    try:
        read = TomlConfigSettingsSource(Settings, file)() if file is not None else {}
        names = os.environ if environment is None else environment
        found = {name[6:].lower(): value for name, value in names.items() if name.startswith("FLEET_")}
        return Settings(**{**read, **found})
    except ValidationError as err:
        raise SettingsError("\n".join(_cure(one["loc"], one["msg"], file) for one in err.errors())) from err
    except ValueError as err:  # tomllib.TOMLDecodeError
        raise SettingsError(f"{file} is no TOML: {err}; mend the line named.") from err


def _cure(where: tuple[int | str, ...], problem: str, file: Path | None) -> str:
    key = ".".join(str(part) for part in where)
    if key not in Settings.model_fields:
        return f"{key}: unknown setting; remove it, or use one of {', '.join(sorted(Settings.model_fields))}."
    return f"{key}: {problem}; correct it in {file or 'the settings file'} or in FLEET_{key.upper()}."
