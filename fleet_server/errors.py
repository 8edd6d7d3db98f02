"""Errors of the fleet server.

FleetError
├── SettingsError          a setting is wrong; the message names the key and the cure
├── NotFoundError          404
├── BadRequestError        400
├── TelemetryStoreError    the telemetry store cannot serve a request now
└── BrokerError            the MQTT broker cannot be used now
"""


class FleetError(Exception):
    """Root of everything the server raises on purpose; rendered as problem+json (RFC 9457) or as a page.

    A message that people read is a constant Indonesian text with ``%(name)s`` places and its facts beside it,
    so that a page can say it in another language.
    """

    status = 500
    title = "Kesalahan server"

    def __init__(self, message: str, **facts: object) -> None:
        self.message = message
        self.facts = facts
        super().__init__(self.detail)

    @property
    def detail(self) -> str:
        """The message with its facts, in Indonesian."""
        return self.message % self.facts if self.facts else self.message


class SettingsError(FleetError, ValueError):
    """A setting is wrong; the message names it and says how to mend it."""

    title = "Pengaturan salah"


class NotFoundError(FleetError, LookupError):
    """The thing asked for does not exist."""

    status = 404
    title = "Tidak ditemukan"


class BadRequestError(FleetError, ValueError):
    """The request cannot be understood."""

    status = 400
    title = "Permintaan tidak sah"


class TelemetryStoreError(FleetError):
    """The telemetry store cannot serve a request now; trying again later may help."""

    status = 503
    title = "Penyimpanan telemetri tidak tersedia"


class BrokerError(FleetError):
    """The MQTT broker cannot be used now."""

    status = 503
    title = "Broker MQTT tidak tersedia"
