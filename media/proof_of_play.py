"""What counts as shown. Source: docs/spec/signage.md section 16."""

from enum import StrEnum
from typing import Self

from typing_extensions import override

COMPLETE_PERCENT = 95


class Outcome(StrEnum):
    """How a play ended (SIG-R76)."""

    UNKNOWN = "unknown"
    COMPLETE = "complete"
    PARTIAL = "partial"
    PREEMPTED = "preempted"
    FAILED = "failed"

    @classmethod
    @override
    def _missing_(cls, value: object) -> Self:
        del value
        return cls("unknown")


def judge(*, shown_ms: int, planned_ms: int, pictures: int) -> Outcome:
    """How a play that ended by itself counts (SIG-R76).

    A player's word that a film "ended" proves nothing: a captive-portal page ends well, too.
    """
    if pictures <= 0 or shown_ms <= 0:
        return Outcome.FAILED
    if shown_ms * 100 >= planned_ms * COMPLETE_PERCENT:
        return Outcome.COMPLETE
    return Outcome.PARTIAL
