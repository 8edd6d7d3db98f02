"""A phone, the bench and the internet as three network namespaces; gate, dnsmasq and portal are real.

Run as a script inside the gateway's namespace this file is the agent's hotspot part.
"""

import asyncio
import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
INTERNET = "198.51.100.1"
GATEWAY = "10.77.0.1"
PHONE = "10.77.1.1"
PORTAL = f"{GATEWAY}:8080"

pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(
        os.geteuid() != 0 or not all(map(shutil.which, ("ip", "nft", "dnsmasq"))),
        reason="needs root, ip, nft and dnsmasq",
    ),
]

INTERNET_HOST = """
import http.server, threading
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(b"the internet")
    def log_message(self, *a): pass
other = http.server.ThreadingHTTPServer(("0.0.0.0", 8443), Page)
threading.Thread(target=other.serve_forever, daemon=True).start()
server = http.server.ThreadingHTTPServer(("0.0.0.0", 80), Page)
print("ready", flush=True)
server.serve_forever()
"""

ASK_HTTP = """
import http.client, json, sys
host, port, method, path, body = sys.argv[1:]
connection = http.client.HTTPConnection(host, int(port), timeout=4)
try:
    headers = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
    connection.request(method, path, body or None, headers)
    answer = connection.getresponse()
    print(json.dumps([answer.status, answer.getheader("Location"), answer.read().decode()]))
except OSError as err:
    print(json.dumps([0, type(err).__name__, ""]))
"""

ASK_DNS = """
import socket, sys
labels = b"".join(bytes([len(part)]) + part.encode() for part in sys.argv[2].split("."))
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
    asker.settimeout(4)
    question = labels + b"\\x00\\x00\\x01\\x00\\x01"
    asker.sendto(b"\\x12\\x34\\x01\\x00\\x00\\x01" + bytes(6) + question, (sys.argv[1], 53))
    print(socket.inet_ntoa(asker.recv(512)[-4:]))
"""


@dataclass
class Bench:
    """Three namespaces and what runs in them."""

    tag: str
    folder: Path
    stack: ExitStack
    processes: dict[str, subprocess.Popen[str]] = field(default_factory=dict)

    def namespace(self, role: str) -> str:
        return f"hs{self.tag}{role}"

    def inside(self, role: str, *command: str) -> str:
        result = subprocess.run(
            ["ip", "netns", "exec", self.namespace(role), *command],
            check=True, capture_output=True, text=True, timeout=20, cwd=ROOT,
        )  # fmt: skip
        return result.stdout

    def start(self, name: str, role: str, *command: str, ready: str) -> None:
        log = self.stack.enter_context((self.folder / f"{name}.log").open("w"))
        process = subprocess.Popen(
            ["ip", "netns", "exec", self.namespace(role), *command],
            stdout=subprocess.PIPE, stderr=log, text=True,
            cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        self.processes[name] = process
        self.stack.callback(self.kill, name)
        assert process.stdout is not None
        line = process.stdout.readline()
        assert ready in line, (name, line, (self.folder / f"{name}.log").read_text())

    def start_portal(self) -> None:
        self.start(
            "portal", "g", sys.executable, "-m", "bench_agent.portal", "--listen", PORTAL, "--gate-socket",
            str(self.folder / "gate.sock"), "--bench-name", "Bangku Alun-alun", "--gateway-url", f"http://{GATEWAY}/",
            ready="listening",
        )  # fmt: skip

    def kill(self, name: str) -> None:
        process = self.processes[name]
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        if process.stdout is not None:
            process.stdout.close()

    def fetch(
        self, host: str, path: str = "/", *, port: int = 80, method: str = "GET", body: str = ""
    ) -> tuple[int, str | None, str]:
        printed = self.inside("p", sys.executable, "-c", ASK_HTTP, host, str(port), method, path, body)
        status, location, text = json.loads(printed)
        return status, location, text

    def consent(self) -> tuple[int, str | None]:
        _, _, page = self.fetch(GATEWAY)
        token = re.search(r'name="token" value="([0-9a-f]+)"', page)
        assert token, page
        status, location, _ = self.fetch(GATEWAY, "/masuk", method="POST", body=f"token={token[1]}")
        return status, location


def make_network(bench: Bench) -> None:
    phone, gateway, internet = (bench.namespace(role) for role in "pgi")

    def ip(*words: str) -> None:
        subprocess.run(["ip", *words], check=True, timeout=20, capture_output=True)

    for name in (phone, gateway, internet):
        ip("netns", "add", name)
        bench.stack.callback(subprocess.run, ["ip", "netns", "del", name], check=False, timeout=20)
        ip("-n", name, "link", "set", "lo", "up")
    ip("link", "add", "lan0", "netns", gateway, "type", "veth", "peer", "name", "wifi0", "netns", phone)
    ip("link", "add", "wan0", "netns", gateway, "type", "veth", "peer", "name", "net0", "netns", internet)
    for name, link, address in (
        (gateway, "lan0", f"{GATEWAY}/16"),
        (gateway, "wan0", "198.51.100.2/24"),
        (phone, "wifi0", f"{PHONE}/16"),
        (internet, "net0", f"{INTERNET}/24"),
    ):
        ip("-n", name, "addr", "add", address, "dev", link)
        ip("-n", name, "link", "set", link, "up")
    ip("-n", phone, "route", "add", "default", "via", GATEWAY)
    bench.inside("g", "sysctl", "-qw", "net.ipv4.ip_forward=1")


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with ExitStack() as stack:
        bench = Bench(tag=secrets.token_hex(3), folder=tmp_path, stack=stack)
        make_network(bench)
        bench.start("internet", "i", sys.executable, "-c", INTERNET_HOST, ready="ready")
        bench.start("agent", "g", sys.executable, __file__, str(tmp_path), ready="gate ready")
        bench.start_portal()
        yield bench


def test_opens_the_internet_only_after_consent(bench: Bench) -> None:
    """HOT-R2, HOT-R18, HOT-R27, HOT-R31, HOT-R32."""
    assert bench.fetch(INTERNET)[:2] == (302, f"http://{GATEWAY}/")
    assert bench.fetch(INTERNET, port=8443)[:2] == (0, "ConnectionRefusedError")

    assert bench.consent() == (303, "/tersambung")

    assert bench.fetch(INTERNET) == (200, None, "the internet")
    assert bench.fetch(INTERNET, port=8443)[2] == "the internet"
    status, _, page = bench.fetch(GATEWAY, "/tersambung")
    assert status == 200
    assert "Anda sudah tersambung" in page


def test_leaving_closes_the_internet_again(bench: Bench) -> None:
    """HOT-R29."""
    bench.consent()
    token = re.search(r'value="([0-9a-f]+)"', bench.fetch(GATEWAY)[2])
    assert token
    assert bench.fetch(GATEWAY, "/putus", method="POST", body=f"token={token[1]}")[0] == 303
    assert bench.fetch(INTERNET)[0] == 302


def test_killed_portal_admits_nobody_and_drops_nobody(bench: Bench) -> None:
    """HOT-R2, HOT-R3."""
    bench.kill("portal")
    assert bench.fetch(INTERNET)[0] == 0
    assert bench.fetch(INTERNET, port=8443)[0] == 0
    bench.start_portal()
    assert bench.consent()[0] == 303
    bench.kill("portal")
    assert bench.fetch(INTERNET)[2] == "the internet"


def test_killed_agent_admits_nobody_and_drops_nobody(bench: Bench) -> None:
    """HOT-R3: a restarted agent adopts the sessions in the kernel."""
    bench.consent()
    bench.kill("agent")
    assert bench.fetch(INTERNET)[2] == "the internet"
    assert bench.fetch(GATEWAY)[0] == 503
    bench.start("agent", "g", sys.executable, __file__, str(bench.folder), ready="gate ready")
    assert "Anda sudah tersambung" in bench.fetch(GATEWAY)[2]


def test_dnsmasq_serves_the_hotspot_and_only_inside_the_namespace(bench: Bench) -> None:
    """HOT-R12, HOT-R36: the rendered file works and all names are answered by the bench."""
    (bench.folder / "dnsmasq.conf").write_text(
        (bench.folder / "dnsmasq.rendered").read_text().replace("user=dnsmasq", "user=root")
    )
    server = subprocess.Popen(
        ["ip", "netns", "exec", bench.namespace("g"), "dnsmasq", "--keep-in-foreground", "--log-facility=-",
         f"--conf-file={bench.folder / 'dnsmasq.conf'}", f"--pid-file={bench.folder / 'dnsmasq.pid'}"],
        stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert server.stderr is not None
    bench.stack.enter_context(server.stderr)
    bench.stack.callback(server.wait, 10)
    bench.stack.callback(server.kill)
    assert "started" in server.stderr.readline()
    # The phone asks a resolver on the internet and is answered by the bench.
    answer = bench.inside("p", sys.executable, "-c", ASK_DNS, INTERNET, "wifi.trenggalekkab.go.id")
    assert answer.strip() == GATEWAY
    assert server.poll() is None


async def serve_gateway(folder: Path) -> None:
    from bench_agent.adapters.gate_socket import GateSocketServer
    from bench_agent.adapters.netlink import NetlinkNeighbours
    from bench_agent.adapters.nftables import NftablesGate
    from bench_agent.domain.hotspot import HotspotConfig, render_dnsmasq
    from bench_agent.services.hotspot import HotspotService
    from tests.unit.hotspot.manual_clock import ManualClock

    config = HotspotConfig(lan_interface="lan0", wan_interface="wan0", portal_name="wifi.trenggalekkab.go.id")
    gate = NftablesGate()
    gate.prepare(config)
    (folder / "dnsmasq.rendered").write_text(render_dnsmasq(config, lease_file=str(folder / "leases")))
    service = HotspotService(
        config=config, gate=gate, neighbours=NetlinkNeighbours("lan0"), clock=ManualClock(), emit=print
    )
    async with GateSocketServer(folder / "gate.sock", service.answer):
        print("gate ready", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve_gateway(Path(sys.argv[1])))
