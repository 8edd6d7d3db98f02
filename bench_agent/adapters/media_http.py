"""Fetches media files by hash over HTTP; a name in the folder is always a whole, right file (SIG-R59).

One attempt per call; when to try again is the media sync service's business.
"""

import asyncio
import hashlib
import os
import re
import shutil
from http import HTTPStatus
from pathlib import Path

import httpx

from bench_agent.errors import MediaSyncError
from media.asset import MediaFile

_FREE_PERCENT = 10
_SHA256 = re.compile(r"[0-9a-f]{64}")
_PART = ".part"


class HttpMediaStore:
    """The folder of verified films, filled from the server."""

    def __init__(self, client: httpx.AsyncClient, folder: Path) -> None:
        """Create the store.

        Args:
            client: Its ``base_url`` is the server; certificates and time limits are its own.
            folder: Existing folder; whole files bear their SHA-256 as name, half ones end in ``.part``.
        """
        self._client = client
        self._folder = folder

    def stored(self) -> frozenset[str]:
        """SHA-256 of every whole and verified file."""
        return frozenset(path.name for path in self._folder.iterdir() if _SHA256.fullmatch(path.name))

    def path_of(self, sha256: str) -> Path:
        """Where a stored file lies."""
        return self._folder / sha256

    def part_bytes(self, sha256: str) -> int:
        """How much of a file has come so far."""
        part = self._part_of(sha256)
        return part.stat().st_size if part.exists() else 0

    async def fetch(self, sha256: str, file: MediaFile) -> None:
        """Fetch one file or the rest of it.

        Raises:
            MediaSyncError: Not all of it came, or it is the wrong file (then what came is deleted), or
                there is no room. What came of the right file stays and the next call goes on from there.
        """
        self._check_room(sha256, file)
        if self.part_bytes(sha256) > file.size_bytes:
            self._part_of(sha256).unlink()
        if self.part_bytes(sha256) < file.size_bytes:
            try:
                await self._receive(sha256, file)
            except httpx.HTTPError as err:
                raise MediaSyncError(f"{sha256[:12]}: transfer broke off: {err!r}") from err
            except OSError as err:
                raise MediaSyncError(f"{sha256[:12]}: cannot be written: {err}") from err
        await asyncio.to_thread(self._accept, sha256, file)

    async def _receive(self, sha256: str, file: MediaFile) -> None:
        offset = self.part_bytes(sha256)
        headers = {"Accept-Encoding": "identity"}
        if offset:
            headers |= {"Range": f"bytes={offset}-", "If-Range": f'"{sha256}"'}
        async with self._client.stream("GET", file.url, headers=headers) as response:
            match response.status_code:
                case HTTPStatus.PARTIAL_CONTENT if _continues(response, offset, sha256):
                    mode = "ab"
                case HTTPStatus.OK:
                    mode = "wb"
                case HTTPStatus.PARTIAL_CONTENT | HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                    self._part_of(sha256).unlink(missing_ok=True)
                    raise MediaSyncError(f"{sha256[:12]}: the server's file changed; starting over")
                case status:
                    raise MediaSyncError(f"{sha256[:12]}: the server answers {status}")
            await self._write(sha256, file, response, mode)

    async def _write(self, sha256: str, file: MediaFile, response: httpx.Response, mode: str) -> None:
        part = self._part_of(sha256)
        with part.open(mode) as target:
            async for chunk in response.aiter_raw():
                target.write(chunk)
                if target.tell() > file.size_bytes:
                    part.unlink()
                    raise MediaSyncError(f"{sha256[:12]}: more than {file.size_bytes} bytes came")
            target.flush()
            await asyncio.to_thread(os.fsync, target.fileno())

    def _accept(self, sha256: str, file: MediaFile) -> None:
        part = self._part_of(sha256)
        size_bytes = self.part_bytes(sha256)
        if size_bytes < file.size_bytes:
            # A short answer that ended politely is a login page, not the start of a film.
            part.unlink(missing_ok=True)
            raise MediaSyncError(f"{sha256[:12]}: {size_bytes} of {file.size_bytes} bytes came")
        with part.open("rb") as source:
            found = hashlib.file_digest(source, "sha256").hexdigest()
        if found != sha256:
            part.unlink()
            raise MediaSyncError(f"{sha256[:12]}: wrong hash {found[:12]}")
        with part.open("rb") as source:
            os.fsync(source.fileno())
        part.rename(self.path_of(sha256))
        folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _check_room(self, sha256: str, file: MediaFile) -> None:
        usage = shutil.disk_usage(self._folder)
        needed_bytes = file.size_bytes - self.part_bytes(sha256)
        kept_bytes = usage.total * _FREE_PERCENT // 100
        if usage.free - needed_bytes < kept_bytes:
            raise MediaSyncError(
                f"{sha256[:12]}: no room: needs {needed_bytes} bytes, free {usage.free}, kept {kept_bytes}"
            )

    def _part_of(self, sha256: str) -> Path:
        return self._folder / f"{sha256}{_PART}"


def _continues(response: httpx.Response, offset: int, sha256: str) -> bool:
    etag: str = response.headers.get("ETag", f'"{sha256}"')
    content_range: str = response.headers.get("Content-Range", "")
    return etag == f'"{sha256}"' and content_range.startswith(f"bytes {offset}-")
