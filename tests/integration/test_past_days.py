"""A simulated bench lives through past days with the real services: its plays keep the hours and the plan."""

import asyncio
import sqlite3
import time
from collections import Counter
from contextlib import closing
from datetime import date, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from bench_agent.adapters.outbox_sqlite import SqliteOutbox
from bench_agent.adapters.system_clock import SystemClock
from bench_agent.app.history import Past, live_through, play_through
from bench_agent.app.machine import open_machine
from bench_agent.errors import SettingsError
from bench_agent.services.power import WIB
from bench_agent.settings import Settings
from bench_agent.wire.envelope import Envelope, body_of, decode_record
from bench_agent.wire.play import Play, PlayOutcome
from media.asset import MediaFile
from media.campaign import Campaign, Item, Layer
from media.schedule import State
from media.snapshot import FORMAT, Snapshot

BENCH = "tgx000000001"
SHARES = {"gizi": 300, "sampah": 200, "banjir": 100}


def settings_of(folder: Path, power: str = "simulated://?seed=1&wp=100&ah=50", **other: str) -> Settings:
    base = {"bench_id": BENCH, "data_dir": folder, "gate_socket": folder / "gate.sock"}
    return Settings.model_validate({**base, "power": {"meters": [power]}, **other})


class Today:
    """Today's programme; one of its campaigns began yesterday."""

    def snapshot(self) -> Snapshot:
        yesterday = datetime.now(WIB).date() - timedelta(days=1)
        campaigns = [
            Campaign(
                id=name,
                layer=Layer.GUARANTEED,
                share_pm=share,
                from_date=yesterday if name == "banjir" else date(2020, 1, 1),
                items=(Item(id=name, duration_ms=15_000, picture=f"{share:064x}"),),
            )
            for name, share in SHARES.items()
        ]
        listed = {
            one.items[0].picture: MediaFile(size_bytes=1, media_type="video/mp4", url="/x")
            for one in campaigns
        }
        return Snapshot(
            format=FORMAT,
            bench=BENCH,
            version=3,
            made_at=datetime.now(WIB),
            time_zone="Asia/Jakarta",
            campaigns=tuple(campaigns),
            files=listed,
        )

    def unavailable(self) -> frozenset[str]:
        return frozenset()

    def path_of(self, sha256: str) -> Path:
        return Path(sha256)


def live(settings: Settings, days: int) -> tuple[Past, State]:
    async def whole(store: SqliteOutbox) -> tuple[Past, State]:
        past = await live_through(settings, store, open_machine(settings, SystemClock()), days)
        return past, await play_through(past, Today(), store)

    with closing(SqliteOutbox(settings.data_dir / "outbox.sqlite3")) as store:
        return asyncio.run(whole(store))


def plays_in(settings: Settings) -> list[tuple[Envelope, Play]]:
    with closing(sqlite3.connect(settings.data_dir / "outbox.sqlite3")) as db:
        envelopes = [decode_record(raw) for (raw,) in db.execute("SELECT record FROM records ORDER BY seq")]
    bodies = [(envelope, body_of(envelope)) for envelope in envelopes]
    return [(envelope, body) for envelope, body in bodies if isinstance(body, Play)]


def lit_at(past: Past, at_ms: int) -> bool:
    return [switch.on for switch in past.display if switch.at_ms <= at_ms][-1]


def test_past_plays_keep_shares_dates_and_the_energy_plan(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    began = time.process_time()
    past, state = live(settings, 2)
    assert time.process_time() - began < 15  # about 3 s on the machine this was written on
    rows = plays_in(settings)
    assert len(rows) > 300
    assert [play.play_seq for _, play in rows] == list(range(1, len(rows) + 1))
    assert all(past.start_ms <= envelope.ts < past.end_ms for envelope, _ in rows)
    assert {envelope.boot for envelope, _ in rows} == {past.boot}
    assert all(lit_at(past, envelope.ts) for envelope, _ in rows)
    local = [datetime.fromtimestamp(envelope.ts / 1000, WIB) for envelope, _ in rows]
    assert all(5 <= at.hour < 22 for at in local)
    cut = [play for _, play in rows if play.outcome is not PlayOutcome.COMPLETE]
    assert all((play.outcome, play.cause) == (PlayOutcome.PARTIAL, "energy") for play in cut)
    assert len(cut) <= sum(not switch.on for switch in past.display)
    yesterday = datetime.now(WIB).date() - timedelta(days=1)
    assert all(
        at.date() >= yesterday for at, (_, play) in zip(local, rows, strict=True) if play.campaign == "banjir"
    )
    shown_ms = Counter[str]()
    for at, (_, play) in zip(local, rows, strict=True):
        shown_ms[play.campaign] += play.shown_ms if at.date() >= yesterday else 0
    total_ms = shown_ms.total()
    for name, share in SHARES.items():
        assert shown_ms[name] / total_ms == pytest.approx(share / 600, abs=0.01)
    assert sum(state.positions.values()) == len(rows)


def test_present_goes_on_from_the_scheduler_s_past(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    _, state = live(settings, 1)
    with closing(SqliteOutbox(tmp_path / "outbox.sqlite3")) as store:
        assert store.state is not None
        assert msgspec.json.decode(store.state, type=State) == state


def test_bench_that_is_open_all_day_with_a_large_battery_plays_at_any_hour(tmp_path: Path) -> None:
    power = "simulated://?seed=1&wp=400&ah=400&soc=95"
    settings = settings_of(tmp_path, power=power, open_from="00:00", open_until="00:00")
    live(settings, 1)
    hours = {datetime.fromtimestamp(envelope.ts / 1000, WIB).hour for envelope, _ in plays_in(settings)}
    assert hours == set(range(24))


def test_real_hardware_has_no_past_to_live_through(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, power="vedirect:///dev/ttyUSB0")
    with (
        closing(SqliteOutbox(tmp_path / "outbox.sqlite3")) as store,
        pytest.raises(SettingsError, match="--history needs power"),
    ):
        asyncio.run(live_through(settings, store, open_machine(settings, SystemClock()), 1))
