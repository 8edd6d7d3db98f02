"""The product's embedded broker on a free port, for one test."""

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

from fleet_server.kit.embedded_broker import EmbeddedBroker


def free_port() -> int:
    """A TCP port of the loopback that nobody used a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Broker(EmbeddedBroker):
    """An embedded broker that everybody may use."""

    def restart(self) -> None:
        """Kill it if it runs, and start it on the same port and store."""
        self.kill()
        self.start()


@contextlib.contextmanager
def running_broker(folder: Path, port: int | None = None) -> Iterator[Broker]:
    """Run a broker in ``folder`` for one test; ``port`` None takes a free one."""
    broker = Broker(folder, port or free_port())
    broker.start()
    try:
        yield broker
    finally:
        broker.kill()
