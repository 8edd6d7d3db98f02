"""Films and snapshots for benches: GET /media/<sha256> with Range and a strong ETag (SIG-R57)."""

from fastapi import APIRouter, Request
from sqlalchemy import select
from starlette.responses import FileResponse

from fleet_server.benches.models import Bench
from fleet_server.errors import NotFoundError
from fleet_server.operators.access import find_identity
from fleet_server.operators.errors import NotSignedInError
from fleet_server.operators.passwords import token_sha256

router = APIRouter(include_in_schema=False)


@router.get("/media/{sha256}")
def read_media(sha256: str, request: Request) -> FileResponse:
    """One file, for a bench with its token or a signed-in operator."""
    if not _is_bench(request) and find_identity(request) is None:
        raise NotSignedInError("Kirim token bangku yang berlaku, atau masuk dahulu.")
    found = request.app.state.media.find(sha256)
    if found is None:
        raise NotFoundError("Berkas '%(file)s' tidak ada.", file=sha256[:64])
    path, media_type = found
    headers = {"etag": f'"{sha256}"', "cache-control": "private, max-age=31536000, immutable"}
    return FileResponse(path, media_type=media_type, headers=headers)


def _is_bench(request: Request) -> bool:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        return False
    digest = token_sha256(token.strip())
    with request.app.state.sessions() as db:
        return db.scalars(select(Bench.id).where(Bench.token_hash == digest)).first() is not None
