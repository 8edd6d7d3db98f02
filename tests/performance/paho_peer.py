"""The peer: what one writes in an afternoon. paho callback, queue, batches of 5,000, SQLite ``executemany``.

Run as ``python -m tests.performance.paho_peer PORT FILE``; prints ``ready``, then the rows stored so far.
It decodes with msgspec, as we do, so that the ratio does not come from a slower JSON library.
"""

from __future__ import annotations

import queue
import sqlite3
import sys
import threading
from contextlib import closing
from operator import attrgetter

import msgspec
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from bench_agent.wire.envelope import Envelope
from bench_agent.wire.telemetry import PowerMinute
from fleet_server.kit.telemetry.schema import TABLES

NUMBERS = tuple(TABLES[PowerMinute].scales)
WORDS = tuple(TABLES[PowerMinute].words)
TABLE = (
    "CREATE TABLE tele (ts INTEGER, bench TEXT, seq INTEGER, "
    + "".join(f"{name} REAL, " for name in NUMBERS)
    + "".join(f"{name} TEXT, " for name in WORDS)
    + "PRIMARY KEY (ts, bench, seq)) WITHOUT ROWID"
)
"""In order of arrival, which suits a peer best."""
INSERT = "INSERT OR IGNORE INTO tele VALUES"
_MARKS = ", ".join("?" * (3 + len(NUMBERS) + len(WORDS)))
_VALUES = attrgetter(*NUMBERS, *(f"{name}.value" for name in WORDS))
_BATCH = 5000
_ENVELOPE = msgspec.json.Decoder(Envelope)
_POWER = msgspec.json.Decoder(PowerMinute)
_Queue = queue.SimpleQueue[tuple[object, ...]]


def _row(message: paho.MQTTMessage) -> tuple[object, ...]:
    envelope = _ENVELOPE.decode(message.payload)
    body = _POWER.decode(envelope.d)
    return (envelope.ts, message.topic.split("/")[1], envelope.seq, *_VALUES(body))


def _take(rows: _Queue) -> list[tuple[object, ...]]:
    taken = [rows.get()]
    try:
        while len(taken) < _BATCH:
            taken.append(rows.get(timeout=0.05))
    except queue.Empty:
        pass
    return taken


def _write(rows: _Queue, file: str) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=NORMAL")
        db.execute(TABLE)
        stored = 0
        while True:
            taken = _take(rows)
            db.execute("BEGIN")
            db.executemany(f"{INSERT} ({_MARKS})", taken)
            db.execute("COMMIT")
            stored += len(taken)
            print(stored, flush=True)


def main() -> None:
    """Store everything below ``peer/+/tele`` until killed."""
    rows: _Queue = queue.SimpleQueue()
    threading.Thread(target=_write, args=(rows, sys.argv[2]), daemon=True).start()
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.on_connect = lambda client, *_: client.subscribe("peer/+/tele", qos=1)
    client.on_subscribe = lambda *_: print("ready", flush=True)
    client.on_message = lambda _client, _user, message: rows.put(_row(message))
    client.connect("127.0.0.1", int(sys.argv[1]))
    client.loop_forever()


if __name__ == "__main__":
    main()
