"""Child processes of a benchmark, and a client that sends to and listens on its broker."""

from __future__ import annotations

import contextlib
import queue
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import paho.mqtt.client as paho
import psutil
from paho.mqtt.enums import CallbackAPIVersion

from fleet_server.kit.embedded_broker import EmbeddedBroker
from tests.broker import free_port

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

PATIENCE_S = 60.0
_IN_FLIGHT = 500
_PEAK = re.compile(r"VmHWM:\s+(\d+) kB")


@contextlib.contextmanager
def running_broker(folder: Path) -> Iterator[EmbeddedBroker]:
    """Run the product's own broker, open to everybody on the loopback."""
    broker = EmbeddedBroker(folder, free_port())
    broker.start()
    try:
        yield broker
    finally:
        broker.stop()


@contextlib.contextmanager
def running_process(
    command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """Run ``command`` with its output readable and its errors in ``log``."""
    with log.open("a") as errors:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True, env=environment)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


@contextlib.contextmanager
def running_module(
    *args: str, log: Path, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """Run ``python -m args``; see ``running_process``."""
    with running_process([sys.executable, "-m", *args], log, environment) as process:
        yield process


def wait_for_line(process: subprocess.Popen[str], said: str) -> None:
    """Read the output of ``process`` until a line contains ``said``.

    Raises:
        RuntimeError: It ended before.
    """
    if process.stdout is None or all(said not in line for line in process.stdout):
        raise RuntimeError(f"{process.args!r} ended before it said {said!r}")


def cpu_s(pids: Iterable[int | None]) -> float:
    """User and system CPU seconds the processes used since they started."""
    times = [psutil.Process(pid).cpu_times() for pid in pids]
    return sum(one.user + one.system for one in times)


def peak_rss_mb(pid: int) -> float:
    """Most memory the process ever had resident, in 10^6 bytes."""
    found = _PEAK.search(Path(f"/proc/{pid}/status").read_text())
    if found is None:
        raise RuntimeError(f"process {pid} has ended")
    return int(found[1]) * 1024 / 1e6


class Link:
    """One MQTT connection; what it hears waits in ``heard`` as (topic, payload)."""

    def __init__(self, broker: EmbeddedBroker, listen: str) -> None:
        self.heard: queue.SimpleQueue[tuple[str, bytes]] = queue.SimpleQueue()
        self._ready: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._client = paho.Client(CallbackAPIVersion.VERSION2)
        self._client.max_inflight_messages_set(_IN_FLIGHT)
        self._client.on_connect = lambda client, *_: client.subscribe(listen, qos=1)
        self._client.on_subscribe = lambda *_: self._ready.put(item=True)
        self._client.on_message = lambda _client, _user, message: self.heard.put(
            (message.topic, bytes(message.payload))
        )
        self._client.connect(broker.host, broker.port)
        self._client.loop_start()
        self._ready.get(timeout=PATIENCE_S)

    def publish(self, messages: Iterable[tuple[str, bytes]]) -> None:
        """Hand (topic, payload) to the client, QoS 1."""
        for topic, payload in messages:
            self._client.publish(topic, payload, qos=1)

    def close(self) -> None:
        """Disconnect and end the network thread."""
        self._client.disconnect()
        self._client.loop_stop()
