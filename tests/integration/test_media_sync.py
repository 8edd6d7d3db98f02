"""Rules of docs/spec/signage.md section 13, against a real HTTP server that misbehaves."""

import asyncio
import hashlib
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from typing_extensions import override

from bench_agent.adapters.media_http import HttpMediaStore
from bench_agent.errors import MediaSyncError
from bench_agent.ports.clock import ClockQuality
from bench_agent.services.media_sync import FileState, MediaSync
from media.asset import MediaFile
from media.snapshot import FORMAT, Snapshot

FILM = bytes(number * 7 % 251 for number in range(400_000))
SHA = hashlib.sha256(FILM).hexdigest()


class Handmade:
    """What the server does; a test changes it between requests."""

    def __init__(self) -> None:
        self.body = FILM
        self.etag = f'"{SHA}"'
        self.cut_after: int | None = None
        self.ranges = True
        self.status = 0
        self.asked: list[str] = []
        self.url = ""


class SteppedClock:
    def __init__(self) -> None:
        self.ms = 0

    def now_ms(self) -> int:
        return self.ms

    def monotonic_ms(self) -> int:
        return self.ms

    def quality(self) -> ClockQuality:
        return ClockQuality.NTP

    async def sleep(self, seconds: float) -> None:
        self.ms += int(seconds * 1000)


@pytest.fixture
def server() -> Iterator[Handmade]:
    made = Handmade()

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = self.headers.get("Range", "")
            made.asked.append(asked)
            offset = 0
            if made.status:
                self.send_response(made.status)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            if made.ranges and asked and self.headers["If-Range"] == made.etag:
                offset = int(asked.removeprefix("bytes=").removesuffix("-"))
            self.send_response(206 if offset else 200)
            if offset:
                self.send_header("Content-Range", f"bytes {offset}-{len(made.body) - 1}/{len(made.body)}")
            self.send_header("ETag", made.etag)
            self.send_header("Content-Length", str(len(made.body) - offset))
            self.end_headers()
            rest = made.body[offset:]
            self.wfile.write(rest if made.cut_after is None else rest[: made.cut_after])

        @override
        def log_message(self, format: str, *args: object) -> None:
            pass

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    made.url = f"http://127.0.0.1:{listening.server_port}"
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield made
    listening.shutdown()
    thread.join()
    listening.server_close()


def fetch(server: Handmade, folder: Path, times: int = 1) -> list[str]:
    """Try ``times`` times; what went wrong each time, "" for nothing."""

    async def scenario() -> list[str]:
        said = []
        async with httpx.AsyncClient(base_url=server.url, trust_env=False) as client:
            store = HttpMediaStore(client, folder)
            file = MediaFile(size_bytes=len(FILM), media_type="video/mp4", url=f"/media/{SHA}")
            for _ in range(times):
                try:
                    await store.fetch(SHA, file)
                except MediaSyncError as err:
                    said.append(str(err))
                else:
                    said.append("")
        return said

    return asyncio.run(scenario())


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_fifty_cuts_in_one_download_still_finish_r59(server: Handmade, tmp_path: Path) -> None:
    server.cut_after = len(FILM) // 50
    said = fetch(server, tmp_path, times=50)
    assert all("broke off" in words for words in said[:-1])
    assert said[-1] == ""
    assert (tmp_path / SHA).read_bytes() == FILM
    assert names(tmp_path) == [SHA]
    assert server.asked[1] == f"bytes={len(FILM) // 50}-"


def test_server_without_ranges_restarts_the_file_r59(server: Handmade, tmp_path: Path) -> None:
    server.cut_after = 1000
    fetch(server, tmp_path)
    server.cut_after, server.ranges = None, False
    assert fetch(server, tmp_path) == [""]
    assert (tmp_path / SHA).read_bytes() == FILM


def test_changed_etag_restarts_the_file_r59(server: Handmade, tmp_path: Path) -> None:
    (tmp_path / f"{SHA}.part").write_bytes(b"old" * 100)
    server.etag = '"another"'
    assert fetch(server, tmp_path) == [""]
    assert (tmp_path / SHA).read_bytes() == FILM


def test_range_refused_starts_over_r59(server: Handmade, tmp_path: Path) -> None:
    (tmp_path / f"{SHA}.part").write_bytes(FILM[:100])
    server.status = 416
    assert "starting over" in fetch(server, tmp_path)[0]
    assert names(tmp_path) == []


def test_whole_part_is_verified_without_asking_again_r59(server: Handmade, tmp_path: Path) -> None:
    (tmp_path / f"{SHA}.part").write_bytes(FILM)
    assert fetch(server, tmp_path) == [""]
    assert server.asked == []
    assert names(tmp_path) == [SHA]


@pytest.mark.parametrize(
    "body",
    [b"<html>Silakan masuk</html>", FILM[:-1] + b"x", FILM + b"x", b""],
    ids=["login page", "one byte wrong", "one byte too many", "nothing"],
)
def test_wrong_file_is_deleted_and_never_gets_its_name_r60(
    server: Handmade, tmp_path: Path, body: bytes
) -> None:
    server.body = body
    assert SHA[:12] in fetch(server, tmp_path)[0]
    assert names(tmp_path) == []


def test_broken_part_is_found_by_its_hash_and_fetched_again_r60(server: Handmade, tmp_path: Path) -> None:
    (tmp_path / f"{SHA}.part").write_bytes(b"x" * 1000)
    first, second = fetch(server, tmp_path, times=2)
    assert "wrong hash" in first
    assert second == ""


def sync_with(server: Handmade, folder: Path, act: Callable[[MediaSync, SteppedClock], None]) -> None:
    bad = "0" * 64
    files = {
        SHA: MediaFile(size_bytes=len(FILM), media_type="video/mp4", url=f"/media/{SHA}"),
        bad: MediaFile(size_bytes=5, media_type="video/mp4", url=f"/media/{bad}"),
    }
    made_at = datetime(2026, 11, 23, tzinfo=UTC)
    snapshot = Snapshot(
        format=FORMAT, bench="tgx000000001", version=1, made_at=made_at, time_zone="Asia/Jakarta", files=files
    )
    clock = SteppedClock()

    async def scenario() -> None:
        async with httpx.AsyncClient(base_url=server.url, trust_env=False) as client:
            sync = MediaSync(HttpMediaStore(client, folder), clock, lambda: snapshot)
            for _ in range(5):
                await sync.sync_once()
                await sync.sync_once()
                clock.ms += 1_800_000
            act(sync, clock)

    asyncio.run(scenario())


def test_bad_file_blocks_no_other_and_is_retried_with_back_off_r60(server: Handmade, tmp_path: Path) -> None:
    def check(sync: MediaSync, clock: SteppedClock) -> None:
        assert sync.unavailable() == {"0" * 64}
        report = sync.report()
        assert report[SHA].state is FileState.VERIFIED
        assert report["0" * 64].state is FileState.BAD
        assert "bytes" in report["0" * 64].why

    sync_with(server, tmp_path, check)
    # The good file once, the bad one at 0, 30, 60 and 90 minutes, then not before the next day.
    assert len(server.asked) == 1 + 4
