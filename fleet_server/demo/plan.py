"""What the demo chooses before it starts anything: ports, secrets, addresses."""

import ctypes
import os
import secrets
import socket
from collections.abc import Mapping
from typing import NamedTuple

from fleet_server.demo.options import Options, PlayerKind
from fleet_server.demo.seed import DemoBench, choose_benches
from fleet_server.errors import FleetError
from fleet_server.kit.embedded_broker import LOOPBACK, SERVER_USER, BrokerUser, EmbeddedBroker


class DemoError(FleetError):
    """The demo cannot start or a part of it died; the message names it."""


class Plan(NamedTuple):
    """Everything the demo chose before it started anything."""

    options: Options
    benches: list[DemoBench]
    broker: EmbeddedBroker
    settings: Mapping[str, str]
    """Settings of the server's processes."""
    port: int
    portal_ports: list[int]

    @property
    def url(self) -> str:
        """Address of the console."""
        return f"http://{LOOPBACK}:{self.port}"


def make_plan(options: Options) -> Plan:
    """Choose ports, secrets and addresses; nothing is started.

    Raises:
        DemoError: The console's port is taken or may not be used, or there is no screen for ``vlc``.
    """
    if options.player is PlayerKind.VLC:
        _check_screen()
    options.data.mkdir(parents=True, exist_ok=True)
    options.data.chmod(0o700)
    benches = choose_benches(options.benches)
    server_password = secrets.token_urlsafe(18)
    users = [BrokerUser(SERVER_USER, server_password)]
    users += [BrokerUser(bench.id, bench.broker_password) for bench in benches]
    port, broker_port, *portal_ports = _claim_ports(options.port, 1 + len(benches))
    broker = EmbeddedBroker(options.data / "broker", broker_port, users)
    settings = {
        "data_dir": str((options.data / "fleet").resolve()),
        "broker_url": broker.url,
        "broker_username": SERVER_USER,
        "broker_password": server_password,
        "listen_host": LOOPBACK,
        "listen_port": str(port),
        "public_url": f"http://{LOOPBACK}:{port}",
    }
    return Plan(options, benches, broker, settings, port, portal_ports)


def _check_screen() -> None:
    try:
        ctypes.CDLL("libvlc.so.5")
    except OSError as err:
        raise DemoError(
            "libvlc tidak ada. Pasang: sudo apt install libvlc5 vlc-plugin-base vlc-plugin-video-output; "
            "atau pakai --player dummy"
        ) from err
    if not os.environ.get("DISPLAY"):
        raise DemoError(
            "Tidak ada layar (DISPLAY kosong) untuk --player vlc. Jalankan dari desktop, "
            "atau lewat 'xvfb-run -s \"-screen 0 1440x900x24\" …', atau pakai --player dummy."
        )


def _claim_ports(wanted: int, more: int) -> list[int]:
    sockets = []
    try:
        for index in range(1 + more):
            probe = socket.socket()
            sockets.append(probe)
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((LOOPBACK, wanted if index == 0 else 0))
        return [int(probe.getsockname()[1]) for probe in sockets]
    except OSError as err:
        raise DemoError(
            f"Port {wanted} tidak dapat dipakai ({err.strerror}). Pilih yang lain: --port 8081"
        ) from err
    finally:
        for probe in sockets:
            probe.close()
