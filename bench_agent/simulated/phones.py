"""Visitors of a bench: phones that come, use the Wi-Fi and go, by hour of day and a seed."""

import math
import random
from dataclasses import dataclass

from bench_agent.ports.clock import Clock

ARRIVALS_PER_HOUR = (0, 0, 0, 0, 1, 3, 5, 6, 5, 5, 6, 7, 7, 5, 5, 8, 11, 12, 10, 8, 6, 3, 1, 0)
"""Mean arrivals by local hour."""
_WIB_OFFSET_MS = 7 * 3_600_000
_MINUTE_MS = 60_000
_MEAN_STAY_MIN = 18.0
_CONSENT_SHARE = 0.7
_MEAN_DOWN_BYTES = 900_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneCounts:
    """What a hotspot would count; bytes are totals since the start."""

    stations: int
    sessions: int
    down_bytes: int
    up_bytes: int


class SimulatedPhones:
    """Comings and goings up to the clock's now; deterministic by seed."""

    def __init__(self, clock: Clock, seed: int = 1) -> None:
        """Nobody is there at first."""
        self._clock = clock
        self._rng = random.Random(seed)  # noqa: S311 - visitors, not secrets
        self._at_ms = clock.now_ms()
        self._leaves: list[tuple[int, bool]] = []
        self._down_bytes = 0
        self._up_bytes = 0

    def count(self) -> PhoneCounts:
        """Live whole minutes up to now and count."""
        while self._at_ms + _MINUTE_MS <= self._clock.now_ms():
            self._at_ms += _MINUTE_MS
            self._live_minute()
        return PhoneCounts(
            stations=len(self._leaves),
            sessions=sum(consented for _, consented in self._leaves),
            down_bytes=self._down_bytes,
            up_bytes=self._up_bytes,
        )

    def _live_minute(self) -> None:
        self._leaves = [visit for visit in self._leaves if visit[0] > self._at_ms]
        hour = (self._at_ms + _WIB_OFFSET_MS) // 3_600_000 % 24
        for _ in range(self._poisson(ARRIVALS_PER_HOUR[hour] / 60)):
            stay_ms = int(self._rng.expovariate(1 / _MEAN_STAY_MIN) * _MINUTE_MS)
            self._leaves.append((self._at_ms + stay_ms, self._rng.random() < _CONSENT_SHARE))
        for _, consented in self._leaves:
            down = int(self._rng.expovariate(1 / _MEAN_DOWN_BYTES)) if consented else 0
            self._down_bytes += down
            self._up_bytes += down // 9

    def _poisson(self, mean: float) -> int:
        limit, count, product = math.exp(-mean), 0, self._rng.random()
        while product > limit:
            count += 1
            product *= self._rng.random()
        return count
