"""Things that happened once (class A): tier changes, boots, outages, bad media."""

import msgspec

from bench_agent.wire.open_enum import OpenEnum


class Severity(OpenEnum):
    """How loud an event is."""

    UNKNOWN = "unknown"
    NOTICE = "notice"
    WARNING = "warning"
    CRITICAL = "critical"


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One event; schema ``event/1``."""

    kind: str
    """Dotted name, e.g. ``energy.tier_changed``, at most 60 characters."""
    severity: Severity = Severity.NOTICE
    text: str = ""
    """One Indonesian sentence for the operator, at most 300 characters."""
    facts: dict[str, str | int | float | bool | None] = {}
    """Numbers behind the sentence; units in the names."""
