"""Settings of the agent: a TOML file, overridden by ``BENCH_…`` in the environment.

Decides what is allowed; every error names the key and says how to mend it.
"""

import difflib
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from typing_extensions import override

from bench_agent.errors import SettingsError
from bench_agent.wire.ids import parse_bench_id

ENV_PREFIX = "BENCH_"
_WALL_TIME = "^([01][0-9]|2[0-3]):[0-5][0-9]$"


def _bench_id(text: str) -> str:
    return str(parse_bench_id(text))


def _with_scheme(*schemes: str) -> AfterValidator:
    def check(url: str) -> str:
        parts = urlsplit(url)
        _ = parts.port  # raises ValueError for a port that is no number
        if url and parts.scheme not in schemes:
            raise ValueError(f"{url!r} does not start with {' or '.join(f'{name}://' for name in schemes)}")
        return url

    return AfterValidator(check)


class Settings(BaseSettings):
    """Everything that can be set; each description is the cure an error message shows."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", env_prefix=ENV_PREFIX)

    bench_id: Annotated[str, AfterValidator(_bench_id)] = Field(
        description='the id from the server, e.g. bench_id = "7h3k9m2p5q8r"'
    )
    name: str = Field(default="", max_length=80, description="a name for people, at most 80 characters")
    data_dir: Path = Field(default=Path("/data/bench"), description="a folder on the writable partition")
    lat: float = Field(default=-6.2, ge=-90, le=90, description="degrees north, -90 to 90")
    lon: float = Field(default=106.8, ge=-180, le=180, description="degrees east, -180 to 180")
    broker_url: Annotated[str, _with_scheme("mqtt", "mqtts")] = Field(
        default="", description="mqtt://host:1883 or mqtts://host:8883; leave empty to run without a server"
    )
    broker_username: str = Field(default="", description="the user name at the broker")
    broker_password: SecretStr = Field(default=SecretStr(""), description="the password at the broker")
    broker_ca_file: Path | None = Field(default=None, description="path of the broker's CA certificate (PEM)")
    broker_certificate_file: Path | None = Field(
        default=None, description="path of the bench's certificate (PEM)"
    )
    broker_key_file: Path | None = Field(default=None, description="path of the bench's private key (PEM)")
    server_url: Annotated[str, _with_scheme("http", "https")] = Field(
        default="", description="https://server, where media come from"
    )
    server_token: SecretStr = Field(default=SecretStr(""), description="the bench's token at the server")
    power: Annotated[str, _with_scheme("simulated", "vedirect")] = Field(
        default="simulated://?seed=1&wp=100&ah=50",
        description="vedirect:///dev/ttyUSB0 or simulated://?seed=1&wp=100&ah=50&soc=60",
    )
    open_from: str = Field(
        default="05:00",
        pattern=_WALL_TIME,
        description='local time "HH:MM" at which the bench opens; the same as open_until = open all day',
    )
    open_until: str = Field(
        default="22:00", pattern=_WALL_TIME, description='local time "HH:MM" at which the bench closes'
    )
    player: Literal["dummy", "vlc", "simulated"] = Field(
        default="simulated", description='"dummy", "vlc" or "simulated"'
    )
    player_socket: Path = Field(
        default=Path("/run/bench/player.sock"), description="path of the player's socket"
    )
    player_options: tuple[str, ...] = Field(
        default=(), description='more options for bench-player, e.g. ["--vlc-option=--no-audio"]'
    )
    gate: Literal["simulated", "nftables"] = Field(
        default="simulated", description='"simulated" or "nftables"'
    )
    gate_socket: Path | None = Field(
        default=None, description='"/run/bench/gate.sock"; leave it out to run without a hotspot'
    )
    hotspot_interface: str = Field(
        default="br-hotspot", description="interface of the hotspot, e.g. br-hotspot"
    )
    wan_interface: str = Field(default="eth0", description="interface towards the internet, e.g. eth0")
    portal_uid: int | None = Field(
        default=None, ge=0, description="user number of bench-portal; leave it out to trust the socket's mode"
    )
    trust_clock: bool = Field(
        default=False,
        description="true only where the host keeps the time, as in a virtual machine or the demo",
    )
    drain_wait_max_s: float = Field(
        default=120, ge=0, le=3600, description="seconds, 0 to 3600: longest random wait after an outage"
    )
    play_write_interval_s: float = Field(
        default=60, ge=0, le=600, description="seconds, 0 to 600: plays a power cut may take"
    )
    minute_write_interval_s: float = Field(
        default=300, ge=0, le=3600, description="seconds, 0 to 3600: measurements a power cut may take"
    )
    history_days: int = Field(default=60, ge=1, le=365, description="days, 1 to 365, kept without a server")
    outbox_max_mb: int = Field(default=200, ge=1, le=10_000, description="megabytes, 1 to 10000")


def load_settings(path: Path | None, overrides: Mapping[str, str] | None = None) -> Settings:
    """Read settings: ``overrides`` beat the environment, the environment beats the file.

    Raises:
        SettingsError: A key is unknown, missing or wrong; the text names it and the cure.
    """
    file_values = _read_toml(path) if path else {}

    class _Loaded(Settings):
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
            return init_settings, env_settings, InitSettingsSource(settings_cls, init_kwargs=file_values)

    try:
        return _Loaded.model_validate(dict(overrides or {}))
    except ValidationError as err:
        lines = [_explain(error) for error in err.errors()]
        where = f"{path}: " if path else ""
        raise SettingsError("\n".join(where + line for line in lines)) from err


def _read_toml(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as err:
        raise SettingsError(f"{path}: cannot be read ({err.strerror}). Cure: check --config.") from err
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as err:
        raise SettingsError(f'{path}: is not TOML: {err}. Cure: write lines like key = "value".') from err


def _explain(error: ErrorDetails) -> str:
    key = str(error["loc"][0]) if error["loc"] else "settings"
    if error["type"] == "extra_forbidden":
        near = difflib.get_close_matches(key, Settings.model_fields, n=1)
        return f"unknown key {key!r}." + (f" Did you mean {near[0]!r}?" if near else " Cure: remove it.")
    field = Settings.model_fields.get(key)
    cure = field.description if field else "see the manual"
    if error["type"] == "missing":
        return f"key {key!r} is missing. Cure: add {cure}."
    message = error["msg"].removeprefix("Value error, ")
    return f"key {key!r}: {message}. Cure: {cure}."
