"""``fleet-server demo``: the fleet in one command, ended by Ctrl-C, by ``--for``, or when a part dies."""

import json
import signal
import sys
import threading
import time
import urllib.error
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType

import typer

from fleet_server.demo.benches import start_benches, write_private
from fleet_server.demo.options import Options
from fleet_server.demo.plan import DemoError, Plan, make_plan
from fleet_server.demo.processes import Processes
from fleet_server.demo.sample_campaigns import SampleCampaigns
from fleet_server.demo.seed import SignIn, seed_benches, seed_operator
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
    films = SampleCampaigns(plan, sign_in, stop)
    with ExitStack() as at_the_end:
        at_the_end.callback((options.data / "demo.json").unlink, missing_ok=True)
        at_the_end.callback(plan.broker.stop)
        plan.broker.start()
        sockets = Path(at_the_end.enter_context(TemporaryDirectory(prefix="fleet-demo-")))
        processes = at_the_end.enter_context(Processes(options.data / "logs"))
        _start_server(plan, processes)
        _wait_ready(plan, processes, stop)
        start_benches(plan, processes, sockets)
        write_demo_json(plan, sign_in)
        _say(plan, sign_in)
        films.start()
        at_the_end.callback(films.join)
        at_the_end.callback(stop.set)
        _watch(processes, stop, options.seconds)


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


def write_demo_json(plan: Plan, sign_in: SignIn) -> None:
    """Tell scripts the way in, in a file that only its owner reads."""
    document = {
        "url": plan.url,
        **sign_in._asdict(),
        "broker_url": plan.broker.url,
        "portals": [f"http://{LOOPBACK}:{port}/" for port in plan.portal_ports],
    }
    write_private(plan.options.data / "demo.json", json.dumps(document, indent=2) + "\n")


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
