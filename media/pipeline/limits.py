"""What an upload may be and what working on it may cost; all settings (SIG-R52, SIG-R54)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceLimits:
    """Limits of one upload and of each process that works on it."""

    size_bytes: int = 2 * 1024**3
    min_duration_ms: int = 3_000
    """An item shows at least this long (SIG section 18)."""
    max_duration_ms: int = 600_000
    pixels: int = 3840 * 2160
    streams: int = 8
    wall_s: float = 3_600.0
    """Wall time of one stage."""
    cpu_s: int = 7_200
    memory_bytes: int = 6 * 1024**3
    output_bytes: int = 2 * 1024**3
