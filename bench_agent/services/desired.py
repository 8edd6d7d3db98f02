"""Hands the server's desired document on to everybody whose section stands in it (FL-D2)."""

from collections.abc import Callable

import msgspec
import structlog

from bench_agent.ports.uplink import Arrival
from bench_agent.wire.presence import Desired

_log = structlog.get_logger(__name__)


class DesiredService:
    """Reads each document once; one that cannot be read changes nothing."""

    def __init__(self) -> None:
        self._followers: list[Callable[[Desired], None]] = []

    def follow(self, follower: Callable[[Desired], None]) -> None:
        """Call ``follower`` with every document; it must not block or raise."""
        self._followers.append(follower)

    def accept(self, arrival: Arrival) -> None:
        """Take ``dn/desired``."""
        try:
            desired = msgspec.json.decode(arrival.payload, type=Desired)
        except (msgspec.DecodeError, UnicodeDecodeError) as err:
            _log.warning("desired_unreadable", cause=str(err))
            return
        for follower in self._followers:
            follower(desired)
