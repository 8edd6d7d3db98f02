"""Every MQTT topic of the system: builder, parser, QoS and retain flag (FL-W1).

Source: docs/spec/fleet.md section 1.
"""

from enum import StrEnum
from typing import NamedTuple

from bench_agent.wire.ids import BenchId, BenchIdError, parse_bench_id

ROOT = "sb/v1"
SERVER_STATE = f"{ROOT}/_srv/state"
"""Retained, with will: is ingest alive?"""
ALL_UPLINKS = f"{ROOT}/+/up/#"


class Channel(StrEnum):
    """What a topic carries; the value is its path under the bench."""

    STATE = "up/state"
    BIRTH = "up/birth"
    REPORTED = "up/reported"
    TELE = "up/tele"
    LOG = "up/log"
    ACK = "up/ack"
    DESIRED = "dn/desired"
    COMMAND = "dn/cmd"
    COMMIT = "dn/commit"


class Delivery(NamedTuple):
    """How a channel is published."""

    qos: int
    retain: bool


DELIVERY = {
    Channel.STATE: Delivery(1, retain=True),
    Channel.BIRTH: Delivery(1, retain=True),
    Channel.REPORTED: Delivery(1, retain=False),
    Channel.TELE: Delivery(0, retain=False),
    Channel.LOG: Delivery(1, retain=False),
    Channel.ACK: Delivery(1, retain=False),
    Channel.DESIRED: Delivery(1, retain=True),
    Channel.COMMAND: Delivery(1, retain=False),
    Channel.COMMIT: Delivery(1, retain=False),
}

_WITH_LEAF = frozenset({Channel.TELE, Channel.ACK, Channel.COMMAND})
TELE_SECTIONS = frozenset({"power", "net", "sys", "env", "hotspot"})


class TopicError(ValueError):
    """Not a topic of ours."""


class Topic(NamedTuple):
    """A parsed topic; ``leaf`` is the telemetry section or command id, else empty."""

    bench: BenchId
    channel: Channel
    leaf: str = ""


def build(bench: BenchId, channel: Channel, leaf: str = "") -> str:
    """Spell a topic; ``leaf`` is needed for telemetry, command and acknowledgement."""
    if (channel in _WITH_LEAF) != bool(leaf):
        raise TopicError(f"{channel} {'needs' if channel in _WITH_LEAF else 'takes no'} leaf")
    return f"{ROOT}/{bench}/{channel}/{leaf}" if leaf else f"{ROOT}/{bench}/{channel}"


def parse(topic: str) -> Topic:
    """Read a topic from the broker.

    Raises:
        TopicError: The topic is not one of section 1.
    """
    parts = topic.split("/")
    if len(parts) not in (5, 6) or parts[:2] != ["sb", "v1"]:
        raise TopicError(f"unknown topic {topic[:80]!r}")
    try:
        bench = parse_bench_id(parts[2])
        channel = Channel("/".join(parts[3:5]))
    except (BenchIdError, ValueError) as err:
        raise TopicError(f"unknown topic {topic[:80]!r}: {err}") from err
    leaf = parts[5] if len(parts) == 6 else ""  # noqa: PLR2004 - root, bench, channel (2), leaf
    if (channel in _WITH_LEAF) != bool(leaf):
        raise TopicError(f"unknown topic {topic[:80]!r}")
    if channel is Channel.TELE and leaf not in TELE_SECTIONS:
        raise TopicError(f"unknown telemetry section {leaf[:20]!r}")
    return Topic(bench, channel, leaf)
