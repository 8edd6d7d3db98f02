"""Files named by the SHA-256 of their bytes (SIG-R57), and the uploads they are made of."""

import hashlib
import os
import re
import secrets
import shutil
from pathlib import Path

MAX_SOURCE_BYTES = 2 * 1024**3
"""Largest upload (SIG-R52)."""
_SHA256 = re.compile(r"[0-9a-f]{64}")
_MEDIA_TYPES = {".mp4": "video/mp4", ".json": "application/json"}


class MediaStore:
    """The media folder of the server: ``files`` for benches, ``sources`` and ``incoming`` for uploads."""

    def __init__(self, folder: Path, max_source_bytes: int = MAX_SOURCE_BYTES) -> None:
        """Use ``folder``; it is made when missing. Uploads above ``max_source_bytes`` are refused."""
        self.files = folder / "files"
        """Where the pipeline puts ``<sha256>.mp4`` and ``<sha256>.jpg``."""
        self._sources = folder / "sources"
        self._incoming = folder / "incoming"
        self.max_source_bytes = max_source_bytes
        for one in (self.files, self._sources, self._incoming):
            one.mkdir(parents=True, exist_ok=True)

    def new_upload(self) -> Path:
        """A fresh name for an upload on the same file system as the store."""
        return self._incoming / secrets.token_hex(16)

    def source_of(self, sha256: str) -> Path:
        """Where the upload with this digest lies until the pipeline is done with it."""
        return self._sources / sha256

    def keep_source(self, upload: Path, sha256: str) -> None:
        """Move a finished, synced upload to its place."""
        upload.replace(self.source_of(sha256))
        _sync_folder(self._sources)

    def drop_half_work(self) -> None:
        """Delete what a killed pipeline left behind."""
        for folder in self.files.glob(".work-*"):
            shutil.rmtree(folder, ignore_errors=True)

    def put_document(self, raw: bytes) -> str:
        """Store a JSON document durably; returns its digest."""
        sha256 = hashlib.sha256(raw).hexdigest()
        fresh = self.new_upload()
        with fresh.open("wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.files / f"{sha256}.json")
        _sync_folder(self.files)
        return sha256

    def find(self, sha256: str) -> tuple[Path, str] | None:
        """Path and media type of a stored file; None when there is none (or the name is no digest)."""
        if _SHA256.fullmatch(sha256) is None:
            return None
        for suffix, media_type in _MEDIA_TYPES.items():
            path = self.files / f"{sha256}{suffix}"
            if path.is_file():
                return path, media_type
        return None

    def thumbnail_of(self, sha256: str) -> Path | None:
        """The small picture of a film; None when there is none."""
        path = self.files / f"{sha256}.jpg"
        return path if _SHA256.fullmatch(sha256) and path.is_file() else None


def _sync_folder(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
