"""The broker of the demo and of the tests: nats-server from its PyPI wheel, speaking MQTT 3.1.1 (FL-B1).

A real broker without root; acknowledged messages survive kill -9. Each bench may publish only below its own
``up/`` and read only its own ``dn/``. Never use ``$share`` here: it is granted and delivers nothing.
"""

import contextlib
import json
import os
import socket
import subprocess
import sysconfig
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from fleet_server.errors import BrokerError

NATS_SERVER = Path(sysconfig.get_path("scripts")) / "nats-server"
SERVER_USER = "fleet-server"
LOOPBACK = "127.0.0.1"
UNACKNOWLEDGED_MAX = 128
"""QoS 1 messages on their way to one reader; more of them wait in the broker's file, not in its memory."""
_START_S = 15.0


class BrokerUser(NamedTuple):
    """Who may connect: a bench by its id, or ``SERVER_USER``."""

    name: str
    password: str


def render_config(folder: Path, host: str, port: int, users: Sequence[BrokerUser]) -> str:
    """Spell nats.conf; without ``users`` everybody on ``host`` may do everything (tests only)."""
    lines = [
        'server_name: "smart-bench"',
        f'listen: "{host}:-1"',
        f"jetstream {{ store_dir: {json.dumps(str(folder / 'store'))} }}",
        f'mqtt {{ listen: "{host}:{port}", max_ack_pending: {UNACKNOWLEDGED_MAX} }}',
    ]
    if users:
        lines += [
            "authorization {",
            "  users: [",
            *(f"    {_render_user(user)}" for user in users),
            "  ]",
            "}",
        ]
    return "\n".join(lines) + "\n"


def _render_user(user: BrokerUser) -> str:
    # A topic level is a subject token, `#` also covers its parent, QoS 1 deliveries arrive on `$MQTT.sub.>`.
    if user.name == SERVER_USER:
        publish = ["sb.v1.*.dn.>", "sb.v1._srv.state"]
        subscribe = ["sb.v1.*.up", "sb.v1.*.up.>"]
    else:
        publish = [f"sb.v1.{user.name}.up.>"]
        subscribe = [f"sb.v1.{user.name}.dn", f"sb.v1.{user.name}.dn.>", "sb.v1._srv.state"]
    permissions = {"publish": publish, "subscribe": [*subscribe, "$MQTT.sub.>"]}
    fields = {"user": user.name, "password": user.password, "permissions": permissions}
    return json.dumps(fields)


class EmbeddedBroker:
    """A nats-server process whose store in ``folder`` survives ``kill`` and ``start``."""

    def __init__(
        self, folder: Path, port: int, users: Sequence[BrokerUser] = (), host: str = "127.0.0.1"
    ) -> None:
        self.host = host
        self.port = port
        self._folder = folder
        self._users = users
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Address for settings, e.g. ``mqtt://127.0.0.1:1883``."""
        return f"mqtt://{self.host}:{self.port}"

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        """Start and wait until MQTT connections are accepted.

        Raises:
            BrokerError: The port is taken, or the process ended or did not answer within 15 s.
        """
        self._require_free_port()
        self._folder.mkdir(parents=True, exist_ok=True)
        config, log = self._folder / "nats.conf", self._folder / "nats.log"
        # The file holds passwords: it is made private before the first byte is in it.
        with os.fdopen(os.open(config, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:
            file.write(render_config(self._folder, self.host, self.port, self._users))
        self._process = subprocess.Popen([NATS_SERVER, "-c", config, "-l", log], start_new_session=True)
        end = time.monotonic() + _START_S
        while time.monotonic() < end and self._process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection((self.host, self.port), timeout=1):
                return
            time.sleep(0.02)
        self.kill()
        tail = "\n".join(log.read_text().splitlines()[-5:]) if log.exists() else "(no log)"
        raise BrokerError(f"nats-server did not start on {self.host}:{self.port}. Its log ends:\n{tail}")

    def _require_free_port(self) -> None:
        # Otherwise the connection below would find the other program and call it our broker.
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self.host, self.port))
            except OSError as err:
                raise BrokerError(
                    f"{self.host}:{self.port} cannot be used by the broker: {err.strerror}"
                ) from err

    def stop(self, timeout_s: float = 5.0) -> None:
        """End it in order; kill it after ``timeout_s``."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.kill()
        self._process = None

    def kill(self) -> None:
        """End it with SIGKILL, as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
