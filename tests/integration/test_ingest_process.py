"""The whole ingest process on a real broker."""

from __future__ import annotations

import queue
import shutil
import threading
from typing import TYPE_CHECKING

import msgspec
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from bench_agent.wire import topics
from bench_agent.wire.envelope import Envelope, WireClockQuality, encode_batch, encode_record
from bench_agent.wire.ids import Generation
from bench_agent.wire.presence import Desired
from fleet_server.benches.desired import revise_desired
from fleet_server.benches.models import Bench
from fleet_server.benches.service import add_bench
from fleet_server.ingest_process import serve_until
from fleet_server.kit.clock import SystemClock
from fleet_server.kit.database import open_engine, open_sessions, upgrade_schema
from fleet_server.settings import load_settings
from tests.broker import Broker, running_broker

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_server.settings import Settings

A = "0123456789ab"


def _prepare(settings: Settings) -> None:
    engine = open_engine(settings.sql_url)
    upgrade_schema(engine)
    with open_sessions(engine).begin() as session:
        add_bench(session, Bench(id=A, name="Alun-alun", created_ms=1))
        revise_desired(session, A, lambda desired: desired)
    engine.dispose()


def _batch() -> bytes:
    record = Envelope(
        s="power/1", gen="k3f9", seq=1, boot="b", up=1, ts=SystemClock().now_ms(), q=WireClockQuality.NTP,
        d=msgspec.Raw(b'{"soc_pct":50}'),
    )  # fmt: skip
    return encode_batch(Generation("k3f9"), 0, 0, [encode_record(record)])


def forget(broker: Broker, folder: Path) -> None:
    """Kill the broker, lose its store, and start it: what it had acknowledged is gone."""
    broker.kill()
    shutil.rmtree(folder / "store")
    broker.start()


def wait_for(heard: queue.Queue[tuple[str, bytes]], topic: str) -> bytes:
    while True:
        found, payload = heard.get(timeout=40)
        if found == topic:
            return payload


def test_bench_gets_commit_desired_and_server_state_through_a_real_broker(tmp_path: Path) -> None:
    with running_broker(tmp_path / "broker") as broker:
        settings = load_settings(None, {"FLEET_DATA_DIR": str(tmp_path), "FLEET_BROKER_URL": broker.url})
        _prepare(settings)
        heard: queue.Queue[tuple[str, bytes]] = queue.Queue()
        bench = paho.Client(CallbackAPIVersion.VERSION2)
        bench.on_message = lambda _client, _userdata, message: heard.put(
            (message.topic, bytes(message.payload))
        )
        bench.on_connect = lambda client, *_: client.subscribe(
            [(f"sb/v1/{A}/dn/#", 1), (topics.SERVER_STATE, 1)]
        )
        bench.connect(broker.host, broker.port)
        bench.loop_start()
        stop = threading.Event()
        process = threading.Thread(target=serve_until, args=(settings, stop))
        process.start()
        try:
            assert {heard.get(timeout=20) for _ in range(2)} == {
                (topics.SERVER_STATE, b'{"online":true}'),
                (f"sb/v1/{A}/dn/desired", msgspec.json.encode(Desired(rev=1))),
            }
            bench.publish(f"sb/v1/{A}/up/log", _batch(), qos=1)
            assert heard.get(timeout=20) == (f"sb/v1/{A}/dn/commit", b'{"gen":"k3f9","upto":1}')
            forget(broker, tmp_path / "broker")
            assert wait_for(heard, f"sb/v1/{A}/dn/desired") == msgspec.json.encode(Desired(rev=1))
        finally:
            stop.set()
            process.join(20)
        while heard.get(timeout=20) != (topics.SERVER_STATE, b'{"online":false}'):
            pass
        bench.disconnect()
        bench.loop_stop()
