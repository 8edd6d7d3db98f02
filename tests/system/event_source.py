"""The bench agent, as ``app`` builds it, with one more service that emits numbered class-A events.

Usage: python -m tests.system.event_source CONFIG.toml LEDGER

Each event is written to LEDGER only after ``emit`` has returned, so that every line of the ledger is a
promise: this record is on disk. The process may be killed at any instant.
"""

import asyncio
import os
import secrets
import sys
from contextlib import closing
from pathlib import Path

from bench_agent.adapters.outbox_sqlite import SqliteOutbox
from bench_agent.adapters.system_clock import SystemClock
from bench_agent.app import Agent, build_agent
from bench_agent.app.machine import first_boot, open_machine, read_start
from bench_agent.settings import load_settings
from bench_agent.wire.event import Event

EVENTS_PER_S = 50
KIND = "test.numbered"


async def emit_numbered(agent: Agent, ledger: Path) -> None:
    """Emit events for ever and promise each one in ``ledger``."""
    run = secrets.token_hex(4)
    file = os.open(ledger, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    number = 0
    while True:
        number += 1
        agent.outbox.emit(Event(kind=KIND, facts={"id": f"{run}-{number}"}))
        os.write(file, f"{run}-{number}\n".encode())
        await asyncio.sleep(1 / EVENTS_PER_S)


async def main(config: Path, ledger: Path) -> None:
    """Run the agent and the source until killed."""
    settings = load_settings(config)
    with closing(SqliteOutbox(settings.data_dir / "outbox.sqlite3")) as store:
        machine = open_machine(settings, SystemClock())
        agent = build_agent(settings, store, machine, await read_start(machine, first_boot(machine)))
        async with asyncio.TaskGroup() as group:
            group.create_task(agent.run())
            group.create_task(emit_numbered(agent, ledger))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))
