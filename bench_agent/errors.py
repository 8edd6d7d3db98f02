"""Errors of the agent.

AgentError
├── SettingsError          a settings file or option is wrong; the message names the key and the cure
├── ClockError             the clock cannot serve a request
├── OutboxError            the outbox file cannot be used
├── PowerMeterError
│   ├── PowerMeterUnreachableError   no port, busy, no permission
│   ├── PowerMeterSilentError        nothing valid for ``max_age``
│   └── PowerMeterGarbledError       bytes, but no valid frame
├── SupplyBoardRefusedError   the power board will not do what it was asked
├── GateError              the kernel or the simulated gate refused a change
├── PlayerError            the player process did not answer or failed
└── MediaSyncError         a file could not be fetched or verified
"""


class AgentError(Exception):
    """Root of everything the agent raises on purpose."""


class SettingsError(AgentError, ValueError):
    """A setting is wrong; the message names it and says how to mend it."""


class ClockError(AgentError):
    """The clock cannot serve a request."""


class OutboxError(AgentError):
    """The outbox file cannot be used."""


class PowerMeterError(AgentError):
    """A power meter gave no reading (POW-R6)."""


class PowerMeterUnreachableError(PowerMeterError, OSError):
    """The port is missing, busy or forbidden."""


class PowerMeterSilentError(PowerMeterError, TimeoutError):
    """Nothing valid arrived for ``max_age``."""


class PowerMeterGarbledError(PowerMeterError, ValueError):
    """Bytes arrive, but no valid frame."""


class SupplyBoardRefusedError(AgentError, ValueError):
    """The power board will not: a value out of range, or not in its present state."""


class GateError(AgentError):
    """The gate refused a change; nothing was applied."""


class PlayerError(AgentError):
    """The player process did not answer or failed."""


class MediaSyncError(AgentError):
    """A media file could not be fetched or verified."""
