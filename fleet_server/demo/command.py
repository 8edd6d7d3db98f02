"""``fleet-server demo``: the fleet in one command, ended by Ctrl-C, by ``--for``, or when a part dies."""

import json
import os
import signal
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import FrameType

import typer

from fleet_server.demo.plan import DemoError, Options, Plan, make_plan
from fleet_server.demo.processes import Processes
from fleet_server.demo.seed import DemoBench, SignIn, seed_benches, seed_operator
from fleet_server.kit.database import open_engine, open_sessions, upgrade_schema
from fleet_server.kit.embedded_broker import LOOPBACK
from fleet_server.settings import Settings

_READY_S = 60.0
_WATCH_S = 0.5


def run(options: Options) -> None:
    """Run the whole demo.

    Raises:
        DemoError: A port is taken, a part did not start, or a part died.
    """
    stop = threading.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, on_signal)
    plan = make_plan(options)
    sign_in = _seed(plan)
    plan.broker.start()
    try:
        with Processes(options.data / "logs") as processes:
            _start_server(plan, processes)
            _wait_ready(plan, processes, stop)
            _start_benches(plan, processes)
            write_demo_json(plan, sign_in)
            _say(plan, sign_in)
            _watch(processes, stop, options.seconds)
    finally:
        plan.broker.stop()
        (options.data / "demo.json").unlink(missing_ok=True)


def _seed(plan: Plan) -> SignIn:
    settings = Settings.model_validate(plan.settings)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    engine = open_engine(settings.sql_url)
    try:
        upgrade_schema(engine)
        now_ms = time.time_ns() // 1_000_000
        with open_sessions(engine).begin() as session:
            seed_benches(session, plan.benches, now_ms)
            return seed_operator(session, now_ms)
    finally:
        engine.dispose()


def _start_server(plan: Plan, processes: Processes) -> None:
    environment = {f"FLEET_{key.upper()}": value for key, value in plan.settings.items()}
    for part in ("serve", "ingest", "worker"):
        processes.start(part, [sys.executable, "-m", "fleet_server", part], environment)


def _wait_ready(plan: Plan, processes: Processes, stop: threading.Event) -> None:
    end = time.monotonic() + _READY_S
    while not stop.is_set():
        _stop_if_ended(processes)
        try:
            with urllib.request.urlopen(f"{plan.url}/readyz", timeout=2):  # noqa: S310 - our own http address
                return
        except (urllib.error.URLError, OSError) as err:
            if time.monotonic() > end:
                raise DemoError(f"Server tidak siap dalam {_READY_S:.0f} detik: {err}") from err
        stop.wait(0.1)


def _start_benches(plan: Plan, processes: Processes) -> None:
    for bench, portal_port in zip(plan.benches, plan.portal_ports, strict=True):
        folder = plan.options.data / "benches" / bench.id
        folder.mkdir(parents=True, exist_ok=True)
        config, gate_socket = folder / "bench.toml", folder / "gate.sock"
        _write_private(config, render_bench_config(bench, plan, folder, gate_socket))
        agent: list[str | Path] = [sys.executable, "-m", "bench_agent", "run", "--config", config]
        if not (folder / "outbox.sqlite3").exists():  # it has no past yet
            agent += ["--history", str(plan.options.history_days)]
        processes.start(f"agent-{bench.id}", agent)
        listen = f"{LOOPBACK}:{portal_port}"
        portal = [sys.executable, "-m", "bench_agent.portal", "--listen", listen, "--local-demo"]
        portal += ["--gate-socket", str(gate_socket), "--bench-name", bench.name]
        processes.start(f"portal-{bench.id}", portal)


def render_bench_config(bench: DemoBench, plan: Plan, folder: Path, gate_socket: Path) -> str:
    """Spell a simulated bench's settings file (TOML)."""
    values: dict[str, str | float] = {
        "bench_id": bench.id,
        "name": bench.name,
        "data_dir": str(folder),
        "lat": bench.lat,
        "lon": bench.lon,
        "broker_url": plan.broker.url,
        "broker_username": bench.id,
        "broker_password": bench.broker_password,
        "server_url": plan.url,
        "server_token": bench.server_token,
        "gate": "simulated",
        "gate_socket": str(gate_socket),
        "trust_clock": True,  # server and benches share this machine's clock
        "drain_wait_max_s": 0,
        "minute_write_interval_s": 10,
        "play_write_interval_s": 5,
    }
    meters = [f"simulated://?seed={int(bench.id[3:])}&wp=100&ah=50"]
    # JSON strings, numbers and lists of strings are TOML ones too.
    lines = [f"{key} = {json.dumps(value)}" for key, value in values.items()]
    return "\n".join([*lines, "[power]", f"meters = {json.dumps(meters)}", ""])


def write_demo_json(plan: Plan, sign_in: SignIn) -> None:
    """Tell scripts the way in, in a file that only its owner reads."""
    document = {
        "url": plan.url,
        **sign_in._asdict(),
        "broker_url": plan.broker.url,
        "portals": [f"http://{LOOPBACK}:{port}/" for port in plan.portal_ports],
    }
    _write_private(plan.options.data / "demo.json", json.dumps(document, indent=2) + "\n")


def _write_private(path: Path, text: str) -> None:
    temporary = path.with_suffix(".part")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
        file.write(text)
    temporary.replace(path)


def _say(plan: Plan, sign_in: SignIn) -> None:
    typer.echo(f"Konsol   {plan.url}   pengguna {sign_in.username}   kata sandi {sign_in.password}")
    for bench, port in zip(plan.benches, plan.portal_ports, strict=True):
        typer.echo(f"Bangku   {bench.id}  {bench.name:<28} portal http://{LOOPBACK}:{port}/")
    typer.echo(f"Berkas   {plan.options.data / 'demo.json'}; catatan di {plan.options.data / 'logs'}")
    typer.echo("Ctrl-C mengakhiri semuanya.")


def _watch(processes: Processes, stop: threading.Event, seconds: float | None) -> None:
    end = None if seconds is None else time.monotonic() + seconds
    while not stop.is_set() and (end is None or time.monotonic() < end):
        _stop_if_ended(processes)
        stop.wait(_WATCH_S)


def _stop_if_ended(processes: Processes) -> None:
    ended = processes.first_ended()
    if ended is not None:
        raise DemoError(f"Bagian «{ended.name}» berhenti (kode {ended.returncode}):\n{ended.log_end}")
