"""Takes one file out of a multipart form, straight to disk, hashed and counted on the way."""

import contextlib
import hashlib
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from fleet_server.errors import BadRequestError, FleetError
from fleet_server.kit.media_store import MediaStore

_MAX_FIELD_BYTES = 4096


class UploadTooLargeError(FleetError):
    """More bytes came than an upload may have."""

    status = 413
    title = "Berkas terlalu besar"


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A whole file on disk with the form's other fields; deleted after use unless it was moved."""

    path: Path
    sha256: str
    size_bytes: int
    file_name: str
    """As the sender calls it; never used as a path."""
    fields: dict[str, str]


class _Form:
    """Collects the parts; the file goes to ``target`` without ever being whole in memory."""

    def __init__(self, target: BinaryIO, max_bytes: int) -> None:
        self.fields: dict[str, str] = {}
        self.file_name: str | None = None
        self.size_bytes = 0
        self.digest = hashlib.sha256()
        self.whole = False
        self._target = target
        self._max_bytes = max_bytes
        self._header = b""
        self._value = b""
        self._name = ""
        self._in_file = False
        self._text = b""

    def on_part_begin(self) -> None:
        self._name, self._in_file, self._text = "", False, b""

    def on_header_field(self, raw: bytes, start: int, end: int) -> None:
        self._header += raw[start:end]

    def on_header_value(self, raw: bytes, start: int, end: int) -> None:
        self._value += raw[start:end]

    def on_header_end(self) -> None:
        if self._header.lower() == b"content-disposition":
            _, options = parse_options_header(self._value)
            self._name = options.get(b"name", b"").decode(errors="replace")
            if b"filename" in options:
                self._begin_file(options[b"filename"].decode(errors="replace"))
        self._header = self._value = b""

    def _begin_file(self, name: str) -> None:
        if self.file_name is not None:
            raise BadRequestError("Kirim satu berkas saja setiap kali.")
        self.file_name = name[:120]
        self._in_file = True

    def on_part_data(self, raw: bytes, start: int, end: int) -> None:
        piece = raw[start:end]
        if self._in_file:
            self.size_bytes += len(piece)
            if self.size_bytes > self._max_bytes:
                raise UploadTooLargeError(
                    "Berkas '%(file)s' lebih besar dari %(most)s byte. "
                    "Ekspor ulang dengan ukuran lebih kecil.",
                    file=self.file_name,
                    most=self._max_bytes,
                )
            self.digest.update(piece)
            self._target.write(piece)
            return
        self._text += piece
        if len(self._text) > _MAX_FIELD_BYTES:
            raise BadRequestError(
                "Isian '%(name)s' terlalu panjang. Pendekkan lalu kirim lagi.", name=self._name[:40]
            )

    def on_part_end(self) -> None:
        if not self._in_file:
            self.fields[self._name[:40]] = self._text.decode(errors="replace")

    def on_end(self) -> None:
        self.whole = True


@contextlib.asynccontextmanager
async def receive_upload(request: Request, store: MediaStore) -> AsyncIterator[Upload]:
    """The file of a multipart request; whoever is inside the ``with`` moves it or loses it.

    Raises:
        BadRequestError: No form, no file, an empty file, or it broke off.
        UploadTooLargeError: Above the store's limit, by count of what came.
    """
    path = store.new_upload()
    try:
        with path.open("wb") as target:
            form = _Form(target, store.max_source_bytes)
            await _read(request, form)
            target.flush()
            await run_in_threadpool(os.fsync, target.fileno())
        yield Upload(
            path=path,
            sha256=form.digest.hexdigest(),
            size_bytes=form.size_bytes,
            file_name=form.file_name or "",
            fields=form.fields,
        )
    finally:
        path.unlink(missing_ok=True)


async def _read(request: Request, form: _Form) -> None:
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    boundary = options.get(b"boundary")
    if kind != b"multipart/form-data" or not boundary:
        raise BadRequestError("Kirim film sebagai formulir multipart/form-data dengan isian 'film'.")
    parser = MultipartParser(
        boundary,
        {
            "on_part_begin": form.on_part_begin,
            "on_header_field": form.on_header_field,
            "on_header_value": form.on_header_value,
            "on_header_end": form.on_header_end,
            "on_part_data": form.on_part_data,
            "on_part_end": form.on_part_end,
            "on_end": form.on_end,
        },
    )
    try:
        async for chunk in request.stream():
            await run_in_threadpool(parser.write, chunk)
    except (FormParserError, ClientDisconnect) as err:
        raise BadRequestError("Unggahan terputus atau rusak. Kirim lagi.") from err
    _check(form)


def _check(form: _Form) -> None:
    if not form.whole:
        raise BadRequestError("Unggahan terputus. Kirim lagi.")
    if not form.file_name:
        raise BadRequestError("Belum ada berkas. Pilih sebuah film pada isian 'film'.")
    if form.size_bytes == 0:
        raise BadRequestError("Berkas '%(file)s' kosong. Pilih berkas film aslinya.", file=form.file_name)
