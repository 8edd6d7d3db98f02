"""The newest campaign snapshot: fetched from the server by digest, kept in one file."""

import hashlib
import os
from pathlib import Path

import httpx

from bench_agent.errors import MediaSyncError
from media.errors import MediaError
from media.snapshot import Snapshot, parse_snapshot


class HttpSnapshotSource:
    """Fetches a snapshot and keeps the last valid one for the next start."""

    def __init__(self, client: httpx.AsyncClient, path: Path) -> None:
        """``client`` has the server as ``base_url``; ``path`` is the file that keeps the snapshot."""
        self._client = client
        self._path = path

    def load(self) -> Snapshot | None:
        """The snapshot kept from before; None when there is none that can be read."""
        try:
            return parse_snapshot(self._path.read_bytes())
        except (OSError, MediaError):
            return None

    async def fetch(self, url: str, sha256: str) -> Snapshot:
        """Fetch, check and keep one snapshot.

        Raises:
            MediaSyncError: It did not come, or is not what the digest promises.
        """
        try:
            response = await self._client.get(url)
            response.raise_for_status()
            raw = response.content
            if hashlib.sha256(raw).hexdigest() != sha256:
                raise MediaSyncError(f"snapshot {url}: wrong hash")
            snapshot = parse_snapshot(raw)
            self._keep(raw)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, MediaError) as err:
            raise MediaSyncError(f"snapshot {url}: {err}") from err
        return snapshot

    def _keep(self, raw: bytes) -> None:
        fresh = self._path.with_suffix(".new")
        with fresh.open("wb") as target:
            target.write(raw)
            target.flush()
            os.fsync(target.fileno())
        fresh.replace(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
