"""Only a snapshot with the promised digest replaces the one kept (FL-D2)."""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING

import httpx
import pytest

from bench_agent.adapters.snapshot_http import HttpSnapshotSource
from bench_agent.errors import MediaSyncError
from media.snapshot import FORMAT, Snapshot, parse_snapshot

if TYPE_CHECKING:
    from pathlib import Path

RAW = (
    f'{{"format":"{FORMAT}","bench":"7h3k9m2p5q8r","version":4,'
    '"made_at":"2026-11-24T06:00:00Z","time_zone":"Asia/Jakarta"}'
).encode()


def fetch(path: Path, raw: bytes, sha256: str) -> Snapshot:
    async def run() -> Snapshot:
        transport = httpx.MockTransport(lambda _request: httpx.Response(200, content=raw))
        async with httpx.AsyncClient(base_url="http://server", transport=transport) as client:
            return await HttpSnapshotSource(client, path).fetch("/media/x", sha256)

    return asyncio.run(run())


def kept(path: Path) -> Snapshot | None:
    return HttpSnapshotSource(httpx.AsyncClient(), path).load()


def test_snapshot_with_the_right_digest_is_kept_for_the_next_start(tmp_path: Path) -> None:
    path = tmp_path / "snapshot.json"
    assert kept(path) is None
    assert fetch(path, RAW, hashlib.sha256(RAW).hexdigest()) == parse_snapshot(RAW)
    assert kept(path) == parse_snapshot(RAW)


@pytest.mark.parametrize("raw", [b"<html>login</html>", RAW.replace(b'"version":4', b'"version":5')])
def test_anything_else_is_refused_and_the_old_one_stays(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "snapshot.json"
    path.write_bytes(RAW)
    with pytest.raises(MediaSyncError, match="wrong hash"):
        fetch(path, raw, hashlib.sha256(RAW).hexdigest())
    assert kept(path) == parse_snapshot(RAW)
