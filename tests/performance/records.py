"""What the benches of the ingest benchmark send: the same records for us and for the peer."""

from __future__ import annotations

import math

import msgspec

from bench_agent.wire.envelope import (
    MAX_BATCH_RECORDS,
    Envelope,
    WireClockQuality,
    encode_batch,
    encode_record,
)
from bench_agent.wire.ids import Generation
from bench_agent.wire.telemetry import EnergyTier, PowerMinute

GEN = Generation("p3rf")
_MINUTE_MS = 60_000
_DAY_MINUTES = 1440


def bench_ids(count: int) -> list[str]:
    """Ids of ``count`` benches."""
    return [f"prf{number:09d}" for number in range(count)]


def power_record(number: int, seq: int, start_ms: int) -> bytes:
    """Record ``seq`` (from 1) of bench ``number``: one full power minute, all eight fields set."""
    minute = (number * 37 + seq) % _DAY_MINUTES  # benches spread over the day: half of them in the dark
    sun = max(0.0, math.sin(math.pi * (minute - 360) / 720))
    body = PowerMinute(
        battery_voltage_v=12.4 + (seq % 20) / 10,
        battery_current_a=round(-2.5 + (seq % 60) / 8, 2),
        panel_voltage_v=17.9 + (number % 9) / 10 if sun else 0.0,
        panel_power_w=round(80 * sun, 1),
        load_power_w=12.3,
        soc_pct=40.0 + (seq + number) % 60,
        soc_sigma_pct=2.5,
        tier=EnergyTier.NORMAL,
    )
    envelope = Envelope(
        s="power/1",
        gen=GEN,
        seq=seq,
        boot="8f14e45f",
        up=seq * _MINUTE_MS,
        ts=start_ms + seq * _MINUTE_MS,
        q=WireClockQuality.NTP,
        d=msgspec.Raw(msgspec.json.encode(body)),
    )
    return encode_record(envelope)


def peer_record(bench: str, number: int, seq: int, start_ms: int) -> bytes:
    """Spell the same record as a bench would that sends each by itself: it says whose it is."""
    return b'{"bench":"%b",%b' % (bench.encode(), power_record(number, seq, start_ms).removeprefix(b"{"))


def power_batch(number: int, index: int, start_ms: int) -> bytes:
    """Full batch ``index`` (from 0) of bench ``number``."""
    after = index * MAX_BATCH_RECORDS
    records = [power_record(number, after + one, start_ms) for one in range(1, MAX_BATCH_RECORDS + 1)]
    return encode_batch(GEN, 0, after, records)
