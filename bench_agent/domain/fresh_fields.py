"""What a meter told lately, field by field (POW-R2). Pure: readings carry their time.

A device tells its fields in several messages. Each field keeps the time of its own message and is forgotten
at ``max_age``; an older value never fills a field that fell silent. Whether a value is credible is decided
elsewhere.
"""

from dataclasses import fields
from typing import Any

from bench_agent.domain.power_reading import CurrentScope, PowerReading, quality_of

_NAMES = tuple(
    field.name for field in fields(PowerReading) if field.name not in ("measured_at_ms", "quality", "faults")
)
_NEVER_STORED = (None, CurrentScope.NONE)


class FreshFields:
    """Newest value of every field of a reading, with its age."""

    def __init__(self, max_age_ms: int) -> None:
        """``max_age_ms``: a field older than this is not known any more."""
        self._max_age_ms = max_age_ms
        self._values: dict[str, tuple[Any, int]] = {}
        self._faults: dict[str, tuple[tuple[str, ...], int]] = {}

    def take(self, part: PowerReading, source: str = "") -> None:
        """Learn the known fields of one message.

        Args:
            part: What the message says; a field that is ``None`` says nothing.
            source: Messages of one source replace each other's faults, those of others stand beside them.
        """
        for name in _NAMES:
            value = getattr(part, name)
            if value not in _NEVER_STORED:
                self._values[name] = (value, part.measured_at_ms)
        self._faults[source] = (part.faults, part.measured_at_ms)

    def reading(self, now_ms: int) -> PowerReading | None:
        """All that is known at ``now_ms``, as old as the older of voltage and current; None if nothing is."""
        oldest_ms = now_ms - self._max_age_ms
        fresh = {name: value for name, (value, at_ms) in self._values.items() if at_ms >= oldest_ms}
        if not fresh:
            return None
        stamps = {name: self._values[name][1] for name in fresh}
        leading = [stamps[name] for name in ("battery_voltage_v", "battery_current_a") if name in stamps]
        faults = [fault for held, at_ms in self._faults.values() if at_ms >= oldest_ms for fault in held]
        return PowerReading(
            measured_at_ms=min(leading) if leading else max(stamps.values()),
            quality=quality_of(fresh.get("battery_voltage_v"), fresh.get("battery_current_a")),
            faults=tuple(dict.fromkeys(faults)),
            **fresh,
        )

    def clear(self) -> None:
        """Forget everything."""
        self._values.clear()
        self._faults.clear()
