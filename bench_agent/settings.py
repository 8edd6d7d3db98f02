"""Settings of the agent: a TOML file, overridden by ``BENCH_…`` in the environment.

Decides what is allowed; every error names the key and says how to mend it. A key of a section is called
``power.meters`` in errors and ``BENCH_POWER__METERS`` in the environment. What the URL of a meter may say
is decided in ``app.meters``.
"""

import difflib
import json
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from typing_extensions import override

from bench_agent.errors import SettingsError
from bench_agent.wire.ids import parse_bench_id

ENV_PREFIX, ENV_SECTION_MARK = "BENCH_", "__"
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


def _split_text(value: object) -> object:
    """An environment variable holds a list as JSON, or as words between blanks."""
    if not isinstance(value, str):
        return value
    return json.loads(value) if value.startswith("[") else value.split()


class PowerSettings(BaseModel):
    """The ``[power]`` section: sources of readings, and what is known of the battery."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    meters: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split_text)] = Field(
        default=("simulated://?seed=1&wp=100&ah=50",),
        description='a list of URLs, e.g. meters = ["vedirect:///dev/ttyUSB0"]',
    )
    truth: str = Field(
        default="",
        description="one of power.meters: its current feeds the state of charge; leave it out for the first "
        "that can see the whole battery",
    )
    all_loads_on_charger: bool = Field(
        default=False, description="true only where no load is wired to the battery itself"
    )
    max_age_s: float | None = Field(
        default=None,
        ge=1,
        le=600,
        description="seconds, 1 to 600, after which a value is not known any more; leave it out for 5 "
        "periods of the device, at least 10 s",
    )
    panel_wp: float | None = Field(
        default=None,
        gt=0,
        le=2000,
        description="watts peak of the panel, up to 2000; leave it out if unknown",
    )
    capacity_ah: float = Field(
        default=50, gt=0, le=2000, description="ampere-hours of the battery, up to 2000"
    )
    resistance_mohm: float = Field(
        default=25, ge=0, le=500, description="milliohms of battery and wires, 0 to 500"
    )
    full_voltage_v: float = Field(
        default=14.2, ge=12, le=60, description="volts, 12 to 60, at which the battery counts as full"
    )
    charge_efficiency: float = Field(
        default=0.99, gt=0, le=1, description="ampere-hours out per ampere-hour in, above 0 to 1"
    )
    shunt_offset_ma: float = Field(
        default=0, ge=-50, le=50, description="milliamperes, -50 to 50, that the shunt shows at rest"
    )
    clock_write: bool = Field(
        default=False, description="true to set the clock of an EPEVER controller, its only setting we write"
    )

    @field_validator("meters")
    @classmethod
    def _every_meter_once(cls, urls: tuple[str, ...]) -> tuple[str, ...]:
        if not urls:
            raise ValueError("the list is empty")
        twice = [url for place, url in enumerate(urls) if url in urls[:place]]
        if twice:
            raise ValueError(f"{twice[0]!r} is there twice")
        return urls

    @field_validator("truth")
    @classmethod
    def _truth_is_a_meter(cls, url: str, others: ValidationInfo) -> str:
        if url and url not in others.data.get("meters", (url,)):
            raise ValueError(f"{url!r} is not in power.meters")
        return url


class Settings(BaseSettings):
    """Everything that can be set; each description is the cure an error message shows."""

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", env_prefix=ENV_PREFIX, env_nested_delimiter=ENV_SECTION_MARK
    )

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
    power: Annotated[PowerSettings, NoDecode] = Field(
        default=PowerSettings(),
        description='a section: [power] and, below it, meters = ["vedirect:///dev/ttyUSB0"]',
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
    backlight: Path | None = Field(
        default=None,
        description='the display\'s folder, e.g. "/sys/class/backlight/10-0045"; leave it out if it has none',
    )
    save_processor_power: bool = Field(
        default=False, description="true to slow the processor while energy is short"
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


def load_settings(path: Path | None, overrides: Mapping[str, object] | None = None) -> Settings:
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
    names = [part for part in error["loc"] if isinstance(part, str)]
    key = ".".join(names) or "settings"
    siblings = _siblings(names)
    if error["type"] == "extra_forbidden":
        near = difflib.get_close_matches(names[-1], siblings, n=1)
        meant = ".".join([*names[:-1], *near])
        return f"unknown key {key!r}." + (f" Did you mean {meant!r}?" if near else " Cure: remove it.")
    field = siblings.get(names[-1]) if names else None
    cure = field.description if field else "see the manual"
    if error["type"] == "missing":
        return f"key {key!r} is missing. Cure: add {cure}."
    message = error["msg"].removeprefix("Value error, ")
    return f"key {key!r}: {message}. Cure: {cure}."


def _siblings(names: Sequence[str]) -> Mapping[str, FieldInfo]:
    """Every key that may stand where the last of ``names`` stands."""
    fields: Mapping[str, FieldInfo] = Settings.model_fields
    for name in names[:-1]:
        section = fields[name].annotation if name in fields else None
        if not (isinstance(section, type) and issubclass(section, BaseModel)):
            return {}
        fields = section.model_fields
    return fields
