"""From upload to proof, through a real socket and the real pipeline (signage sections 3, 11, 12, 16)."""

import asyncio
import hashlib
import subprocess
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import msgspec
import pytest

from bench_agent.wire.presence import Desired
from fleet_server.benches.models import Bench, DesiredRow
from fleet_server.campaigns.models import Asset, MediaJob
from fleet_server.campaigns.worker import MediaWorker
from fleet_server.kit.clock import SystemClock
from fleet_server.kit.media_store import MediaStore
from fleet_server.operators import service
from fleet_server.operators.passwords import token_sha256
from fleet_server.operators.roles import Role
from fleet_server.telemetry.models import PlayRow
from media.snapshot import Snapshot, parse_snapshot
from tests.integration.console import BENCH, PASSWORD, Console, run_console

OTHER = "tgx000000002"
BENCH_TOKEN = "rahasia-bangku"  # noqa: S105 - of a test bench


@pytest.fixture
def console(tmp_path: Path) -> Iterator[Console]:
    with run_console(tmp_path) as running:
        with running.app.state.sessions.begin() as db:
            service.set_operator(db, "ani", PASSWORD, Role.EDITOR)
            db.get_one(Bench, BENCH).token_hash = token_sha256(BENCH_TOKEN)
        yield running


@pytest.fixture
def program(console: Console) -> Iterator[httpx.Client]:
    headers = {"authorization": f"Bearer {console.api_token}"}
    with httpx.Client(base_url=console.url, headers=headers, timeout=30) as client:
        yield client


def film(path: Path) -> bytes:
    command = ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc=size=160x90:rate=25", "-t", "3.2"]
    subprocess.run([*command, "-c:v", "libx264", "-pix_fmt", "yuv420p", str(path)], check=True, timeout=60)
    return path.read_bytes()


def upload(program: httpx.Client, raw: bytes, name: str = "film.mp4") -> httpx.Response:
    return program.post("/api/v1/assets", data={"title": "Isi Piringku"}, files={"film": (name, raw)})


def work(console: Console) -> None:
    worker = MediaWorker(console.app.state.sessions, console.app.state.media, SystemClock())
    worker.take_up()
    assert asyncio.run(worker.work_one())


def wish(asset: str, **other: object) -> dict[str, object]:
    return {
        "title": "Gizi 2026",
        "owner": "Dinkes",
        "asset_id": asset,
        "share_pm": 600,
        "from_date": "2026-01-01",
        "until_date": "2099-01-01",
        "benches": [BENCH],
        **other,
    }


def put_ready_film(console: Console) -> str:
    with console.app.state.sessions.begin() as db:
        db.add(Asset(id="film-a", title="A", source_sha256="0" * 64, sha256="1" * 64, created_at_ms=1))
        db.flush()
        asset = db.get_one(Asset, "film-a")
        asset.size_bytes, asset.duration_ms = 1000, 3000
        db.add(MediaJob(asset_id="film-a", stage="ready", progress_pct=100, updated_at_ms=1))
    return "film-a"


def read_programme(console: Console, bench: str) -> Snapshot:
    """What the bench itself would fetch."""
    with console.app.state.sessions() as db:
        desired = msgspec.json.decode(db.get_one(DesiredRow, bench).body, type=Desired)
    headers = {"authorization": f"Bearer {BENCH_TOKEN}"}
    raw = httpx.get(console.url + desired.snapshot_url, headers=headers).content
    assert hashlib.sha256(raw).hexdigest() == desired.snapshot_sha256
    snapshot = parse_snapshot(raw)
    assert (snapshot.bench, snapshot.version) == (bench, desired.snapshot_version)
    return snapshot


def publish(program: httpx.Client, campaign: dict[str, object]) -> str:
    made = program.post("/api/v1/campaigns", json=campaign)
    assert made.status_code == 201, made.text
    assert program.post(f"/api/v1/campaigns/{made.json()['id']}/publish").status_code == 200
    return str(made.json()["id"])


def test_a_film_goes_from_upload_to_proof_on_the_report(
    console: Console, program: httpx.Client, tmp_path: Path
) -> None:
    raw = film(tmp_path / "x.mp4")
    first = upload(program, raw)
    assert (first.status_code, first.json()["stage"]) == (201, "received")
    work(console)
    again = upload(program, raw).json()  # SIG-R55: a second upload costs nothing
    assert (again["id"], again["stage"], again["progress_pct"]) == (first.json()["id"], "ready", 100)
    assert len(program.get("/api/v1/assets").json()["items"]) == 1

    campaign = publish(program, wish(again["id"]))
    snapshot = read_programme(console, BENCH)
    assert [one.id for one in snapshot.campaigns] == [campaign]
    item = snapshot.campaigns[0].items[0]
    bench = {"authorization": f"Bearer {BENCH_TOKEN}"}
    url = console.url + snapshot.files[item.picture].url
    whole = httpx.get(url, headers=bench)
    assert hashlib.sha256(whole.content).hexdigest() == item.picture
    assert whole.headers["etag"] == f'"{item.picture}"'
    rest = httpx.get(url, headers={**bench, "range": "bytes=100-", "if-range": f'"{item.picture}"'})
    assert (rest.status_code, rest.content) == (206, whole.content[100:])
    assert httpx.get(url).status_code == 401

    with console.app.state.sessions.begin() as db:
        for seq, outcome in enumerate(("complete", "complete", "failed"), start=1):
            db.add(play(seq, campaign, outcome))
    report = program.get(f"/api/v1/campaigns/{campaign}/report").json()
    assert (report["plays"], report["shown_ms"]) == (2, 6000)
    assert report["benches"][0]["broken_plays"] == 1


def test_report_adds_up_over_days_and_benches_with_the_day_of_the_bench_s_clock_r29_r84(
    console: Console, program: httpx.Client
) -> None:
    campaign = publish(program, wish(put_ready_film(console)))
    midnight_ms = int(datetime(2026, 11, 24, tzinfo=ZoneInfo("Asia/Jakarta")).timestamp() * 1000)
    starts_ms = {1: midnight_ms - 1, 2: midnight_ms, 3: midnight_ms + 3_600_000, 4: midnight_ms + 86_400_000}
    with console.app.state.sessions.begin() as db:
        for seq, start_ms in starts_ms.items():
            row = play(seq, campaign, "complete")
            row.ts_ms, row.bench = start_ms, BENCH if seq < 3 else OTHER
            db.add(row)
    report = program.get(f"/api/v1/campaigns/{campaign}/report").json()
    assert [(one["day"], one["plays"]) for one in report["days"]] == [
        ("2026-11-23", 1),
        ("2026-11-24", 2),
        ("2026-11-25", 1),
    ]
    assert [(one["bench"], one["plays"]) for one in report["benches"]] == [(BENCH, 2), (OTHER, 2)]
    for key in ("plays", "shown_ms"):
        assert (
            report[key]
            == sum(one[key] for one in report["days"])
            == sum(one[key] for one in report["benches"])
        )
    assert report["benches"][0]["first_at"] == "2026-11-23T16:59:59.999000Z"


def play(seq: int, campaign: str, outcome: str) -> PlayRow:
    return PlayRow(
        bench=BENCH, gen="g", seq=seq, ts_ms=1_790_000_000_000 + seq, play_seq=seq, campaign=campaign,
        title="", owner="", item="i", asset="a", layer="guaranteed", planned_ms=3000,
        shown_ms=3000, pictures=90, outcome=outcome, cause="",
    )  # fmt: skip


def test_each_publish_rebuilds_the_whole_programme_with_a_higher_version_r1(
    console: Console, program: httpx.Client
) -> None:
    asset = put_ready_film(console)
    first = publish(program, wish(asset, share_pm=400))
    second = publish(program, wish(asset, share_pm=300, title="Wisata"))
    snapshot = read_programme(console, BENCH)
    assert (snapshot.version, {one.id for one in snapshot.campaigns}) == (2, {first, second})
    assert program.post(f"/api/v1/campaigns/{first}/withdraw").status_code == 200
    snapshot = read_programme(console, BENCH)
    assert (snapshot.version, [one.share_pm for one in snapshot.campaigns]) == (3, [300])
    with console.app.state.sessions() as db:
        assert db.get(DesiredRow, OTHER) is None


def test_shares_above_1000_are_refused_and_change_nothing_r51(
    console: Console, program: httpx.Client
) -> None:
    asset = put_ready_film(console)
    publish(program, wish(asset))
    made = program.post("/api/v1/campaigns", json=wish(asset, title="Kedua")).json()["id"]
    answer = program.post(f"/api/v1/campaigns/{made}/publish")
    assert answer.status_code == 409
    assert "1200" in answer.json()["detail"]
    assert BENCH in answer.json()["detail"]
    assert read_programme(console, BENCH).version == 1
    states = {one["id"]: one["state"] for one in program.get("/api/v1/campaigns").json()["items"]}
    assert states[made] == "draft"


@pytest.mark.parametrize(
    ("wrong", "status", "named"),
    [
        ({"until_date": "2025-12-31"}, 400, "2025-12-31, padahal mulai 2026-01-01. Pilih tanggal akhir"),
        ({"until_date": "2026-01-01"}, 400, "Pilih tanggal akhir sesudah tanggal mulai"),
        ({"benches": ["tgx999999999"]}, 400, "'tgx999999999' tidak terdaftar. Pilih bangku dari daftar"),
        ({"benches": [BENCH, "../etc"]}, 400, "'../etc' tidak terdaftar"),
        ({"benches": []}, 400, "bangku"),
        ({"share_pm": 0}, 400, "1 sampai 1000"),
        ({"share_pm": 1001}, 400, "1001"),
        ({"title": "  "}, 400, "title"),
        ({"asset_id": "film-b"}, 404, "film-b"),
    ],
)
def test_a_wrong_wish_is_refused_by_name(
    console: Console, program: httpx.Client, wrong: dict[str, object], status: int, named: str
) -> None:
    answer = program.post("/api/v1/campaigns", json=wish(put_ready_film(console), **wrong))
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert named in answer.json()["detail"]
    assert program.get("/api/v1/campaigns").json()["items"] == []


def test_a_web_page_called_mp4_is_rejected_with_what_to_do_r52(
    console: Console, program: httpx.Client
) -> None:
    made = upload(program, b"<!doctype html><title>Masuk</title>" * 50).json()
    early = program.post("/api/v1/campaigns", json=wish(made["id"]))
    assert (early.status_code, made["id"] in early.json()["detail"]) == (409, True)
    work(console)
    found = program.get("/api/v1/assets").json()["items"][0]
    assert (found["stage"], "Ini bukan film. Pilih berkas MP4" in found["reason"]) == ("rejected", True)


def test_each_bad_film_is_refused_by_name_and_stops_nothing_else_r52(
    console: Console, program: httpx.Client, tmp_path: Path
) -> None:
    good = film(tmp_path / "x.mp4")
    bad = {
        "terpotong.mp4": good[: len(good) * 2 // 3],
        "acak.mp4": bytes(range(256)) * 40,
        "halaman.mp4": b"<html>",
    }
    for name, raw in bad.items():
        answer = program.post("/api/v1/assets", files={"film": (name, raw)})  # without a title
        assert (answer.status_code, answer.json()["title"]) == (201, name)
    assert "'kosong.mp4' kosong. Pilih berkas film" in upload(program, b"", "kosong.mp4").json()["detail"]
    ready = upload(program, good).json()
    for _ in range(4):
        work(console)
    found = {one["title"]: one for one in program.get("/api/v1/assets").json()["items"]}
    assert found["Isi Piringku"]["stage"] == "ready"
    assert "Berkas rusak atau terpotong. Ekspor atau unggah ulang" in found["terpotong.mp4"]["reason"]
    assert "Ini bukan film. Pilih berkas MP4" in found["acak.mp4"]["reason"]
    assert "Ini bukan film. Pilih berkas MP4" in found["halaman.mp4"]["reason"]
    refused = program.post("/api/v1/campaigns", json=wish(found["terpotong.mp4"]["id"]))
    assert refused.status_code == 409
    assert "Film 'terpotong.mp4' ditolak: Berkas rusak" in refused.json()["detail"]
    publish(program, wish(ready["id"]))
    assert len(read_programme(console, BENCH).campaigns) == 1
    assert list((tmp_path / "media" / "sources").iterdir()) == []


def test_empty_missing_and_oversized_uploads_leave_nothing_behind(
    console: Console, program: httpx.Client, tmp_path: Path
) -> None:
    assert "kosong" in upload(program, b"").json()["detail"]
    assert program.post("/api/v1/assets", data={"title": "x"}).status_code == 400
    console.app.state.media = MediaStore(tmp_path / "media", max_source_bytes=1000)
    answer = upload(program, b"x" * 1001)
    assert (answer.status_code, "film.mp4" in answer.json()["detail"]) == (413, True)
    assert list((tmp_path / "media" / "incoming").iterdir()) == []
    assert program.get("/api/v1/assets").json()["items"] == []


def test_a_job_broken_off_by_a_killed_worker_is_done_again_r54(
    console: Console, program: httpx.Client, tmp_path: Path
) -> None:
    upload(program, film(tmp_path / "x.mp4"))
    with console.app.state.sessions.begin() as db:
        db.query(MediaJob).one().stage = "working"
    work(console)
    assert program.get("/api/v1/assets").json()["items"][0]["stage"] == "ready"


def test_a_viewer_can_neither_upload_nor_publish(console: Console, program: httpx.Client) -> None:
    asset = put_ready_film(console)
    with console.app.state.sessions.begin() as db:
        service.set_operator(db, "ani", PASSWORD, Role.VIEWER)
    assert upload(program, b"x").status_code == 403
    assert program.post("/api/v1/campaigns", json=wish(asset)).status_code == 403


def test_a_page_form_without_its_token_is_refused(console: Console) -> None:
    with httpx.Client(base_url=console.url) as browser:
        assert browser.post("/masuk", data={"name": "ani", "password": PASSWORD}).status_code == 303
        answer = browser.post("/aset", data={"title": "x"}, files={"film": ("a.mp4", b"x")})
        assert answer.status_code == 403
        form = {key: str(value) for key, value in wish("film-a").items()}
        assert browser.post("/kampanye", data={**form, "csrf_token": "salah"}).status_code == 403


def test_page_says_what_is_wrong_with_a_form_and_keeps_what_was_typed(console: Console) -> None:
    asset = put_ready_film(console)
    with httpx.Client(base_url=console.url, follow_redirects=True) as browser:
        browser.post("/masuk", data={"name": "ani", "password": PASSWORD})
        csrf = browser.get("/kampanye").text.split('name="csrf_token" value="')[1].split('"')[0]
        empty = browser.post(
            "/aset", data={"csrf_token": csrf, "title": "x"}, files={"film": ("kosong.mp4", b"")}
        )
        assert (empty.status_code, "kosong.mp4" in empty.text) == (400, True)
        form = {key: value for key, value in wish(asset).items() if key != "benches"}
        early = browser.post(
            "/kampanye", data={**form, "csrf_token": csrf, "until_date": "2025-01-01", "benches": [BENCH]}
        )
        assert (early.status_code, "berakhir 2025-01-01" in early.text) == (400, True)
        assert 'value="Gizi 2026"' in early.text
        unknown = browser.post("/kampanye", data={**form, "csrf_token": csrf, "benches": ["tgx999999999"]})
        assert (unknown.status_code, "tgx999999999" in unknown.text) == (400, True)
        assert "Belum ada kampanye" in browser.get("/kampanye").text
