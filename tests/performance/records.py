"""What the benches of the benchmarks send: the same records for us and for the peers, every field set."""

from __future__ import annotations

import functools
import math
import typing
from enum import Enum
from typing import TYPE_CHECKING

import msgspec

from bench_agent.wire.envelope import (
    Envelope,
    WireClockQuality,
    encode_batch,
    encode_record,
)
from bench_agent.wire.ids import Generation
from bench_agent.wire.telemetry import PowerMinute

if TYPE_CHECKING:
    from collections.abc import Mapping

GEN = Generation("p3rf")
MINUTE_MS = 60_000
BATCH_RECORDS = 27
"""As many full minutes as fit in 16 KB (fleet.md section 1)."""
DAY_MINUTES = 1440
_SUNRISE = 360
_HINTS = typing.get_type_hints(PowerMinute)


def bench_ids(count: int) -> list[str]:
    """Ids of ``count`` benches."""
    return [f"prf{number:09d}" for number in range(count)]


def power_minute(number: int, seq: int) -> PowerMinute:
    """Minute ``seq`` (from 1) of bench ``number``; the benches are spread over the day, half in the dark."""
    return _minute_of_day((number * 37 + seq) % DAY_MINUTES)


@functools.cache
def _minute_of_day(minute: int) -> PowerMinute:
    sun = max(0.0, math.sin(2 * math.pi * (minute - _SUNRISE) / DAY_MINUTES))
    battery = {
        "v": round(12.4 + (minute % 20) / 10, 1),
        "a": round(-2.5 + (minute % 60) / 8, 2),
        "w": 12.3,
        "pct": 40.0 + minute % 60,
    }
    panel = {"v": 17.9 if sun else 0.0, "a": round(4.5 * sun, 2), "w": round(80 * sun, 1)}
    values = {field: _value(field, panel if "panel" in field else battery) for field in _HINTS}
    return msgspec.convert(values, PowerMinute)


def _value(field: str, of_unit: Mapping[str, float]) -> object:
    hint = _HINTS[field]
    kind = (typing.get_args(hint) or (hint,))[0]
    if issubclass(kind, Enum):
        return list(kind)[1].value
    if kind is not float:
        return kind(1)
    return 2.5 if "sigma" in field else of_unit.get(field.rpartition("_")[2], 60.0)


def power_record(number: int, seq: int, start_ms: int) -> bytes:
    """Spell ``power_minute`` as a record of a bench whose minute 0 was ``start_ms``."""
    envelope = Envelope(
        s="power/1",
        gen=GEN,
        seq=seq,
        boot="8f14e45f",
        up=seq * MINUTE_MS,
        ts=start_ms + seq * MINUTE_MS,
        q=WireClockQuality.NTP,
        d=msgspec.Raw(msgspec.json.encode(power_minute(number, seq))),
    )
    return encode_record(envelope)


def peer_record(bench: str, number: int, seq: int, start_ms: int) -> bytes:
    """Spell the same record as a bench would that sends each by itself: it says whose it is."""
    return b'{"bench":"%b",%b' % (bench.encode(), power_record(number, seq, start_ms).removeprefix(b"{"))


def power_batch(number: int, index: int, start_ms: int) -> bytes:
    """Full batch ``index`` (from 0) of bench ``number``."""
    after = index * BATCH_RECORDS
    records = [power_record(number, after + one, start_ms) for one in range(1, BATCH_RECORDS + 1)]
    return encode_batch(GEN, 0, after, records)
