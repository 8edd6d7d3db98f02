"""The demo's benches: a settings file, an agent and a portal each."""

import json
import os
import sys
from pathlib import Path

from fleet_server.demo.options import PlayerKind
from fleet_server.demo.plan import Plan
from fleet_server.demo.processes import Processes
from fleet_server.demo.seed import DemoBench
from fleet_server.kit.embedded_broker import LOOPBACK

Setting = str | float | list[str]
_METERS = ["simulated://?wp=100&ah=50"]
"""Without a seed every bench has weather of its own."""


def start_benches(plan: Plan, processes: Processes, sockets: Path) -> None:
    """Start every bench; its Unix sockets lie in ``sockets``, whose path must be short."""
    for bench, portal_port in zip(plan.benches, plan.portal_ports, strict=True):
        folder = plan.options.data / "benches" / bench.id
        folder.mkdir(parents=True, exist_ok=True)
        config, gate_socket = folder / "bench.toml", sockets / f"{bench.id}.gate"
        values = _settings(plan, bench, folder) | {"gate_socket": str(gate_socket)}
        values |= _player(plan, bench) | {"player_socket": str(sockets / f"{bench.id}.player")}
        # JSON strings, numbers and lists are TOML ones too.
        lines = [f"{key} = {json.dumps(value)}" for key, value in values.items()]
        write_private(config, "\n".join([*lines, "[power]", f"meters = {json.dumps(_METERS)}", ""]))
        agent: list[str | Path] = [sys.executable, "-m", "bench_agent", "run", "--config", config]
        if not (folder / "outbox.sqlite3").exists():  # it has no past yet
            agent += ["--history", str(plan.options.history_days)]
        processes.start(f"agent-{bench.id}", agent)
        listen = f"{LOOPBACK}:{portal_port}"
        portal = [sys.executable, "-m", "bench_agent.portal", "--listen", listen, "--local-demo"]
        portal += ["--gate-socket", str(gate_socket), "--bench-name", bench.name]
        processes.start(f"portal-{bench.id}", portal)


def _settings(plan: Plan, bench: DemoBench, folder: Path) -> dict[str, Setting]:
    return {
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
        "trust_clock": True,  # server and benches share this machine's clock
        "drain_wait_max_s": 0,
        "minute_write_interval_s": 10,
        "play_write_interval_s": 5,
    }


def _player(plan: Plan, bench: DemoBench) -> dict[str, Setting]:
    options = ["--allow-root"] if os.geteuid() == 0 else []  # in a container there is often nobody else
    if plan.options.player is PlayerKind.VLC:
        window = ["no-fullscreen", "zoom=0.5", f"video-title={bench.name}"]
        if bench != plan.benches[0]:
            window.append("no-audio")  # one sound is enough for a room
        options += [f"--vlc-option=--{option}" for option in window]
    return {"player": plan.options.player.value, "player_options": options}


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner reads, whole or not at all."""
    temporary = path.with_suffix(".part")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
        file.write(text)
    temporary.replace(path)
