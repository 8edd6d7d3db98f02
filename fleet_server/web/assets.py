"""Pages of the films: upload, progress and thumbnails."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse
from starlette.status import HTTP_303_SEE_OTHER

from fleet_server.campaigns.endpoints import keep_film
from fleet_server.campaigns.films import get_film, list_films
from fleet_server.errors import BadRequestError, FleetError, NotFoundError
from fleet_server.kit.upload import UploadTooLargeError, receive_upload
from fleet_server.operators.access import PageReader, check_csrf
from fleet_server.operators.roles import Identity, Role
from fleet_server.web.pages import pages_of

router = APIRouter(include_in_schema=False)


@router.get("/aset")
def show_films(request: Request, identity: PageReader) -> HTMLResponse:
    """The upload form and all films."""
    return _page(request, identity)


@router.get("/aset/daftar")
def list_fragment(request: Request, _: PageReader) -> HTMLResponse:
    """The list alone; the page asks for it again and again."""
    state = request.app.state
    with state.sessions() as db:
        films = list_films(db)
    return pages_of(request).fragment(request, "asset_list.html", films=films)


@router.post("/aset")
async def add_film(request: Request, identity: PageReader) -> Response:
    """Take an upload; a wrong one brings the form back with what to do."""
    identity.require(Role.EDITOR)
    try:
        async with receive_upload(request, request.app.state.media) as upload:
            check_csrf(identity, upload.fields.get("csrf_token", ""))
            await run_in_threadpool(keep_film, request, upload)
    except (BadRequestError, UploadTooLargeError) as err:
        return await run_in_threadpool(_page, request, identity, err)
    return RedirectResponse("/aset", HTTP_303_SEE_OTHER)


@router.get("/aset/{asset_id}/gambar")
def show_thumbnail(request: Request, _: PageReader, asset_id: str) -> FileResponse:
    """The small picture of a film."""
    state = request.app.state
    with state.sessions() as db:
        asset, _job = get_film(db, asset_id)
    path = state.media.thumbnail_of(asset.sha256)
    if path is None:
        raise NotFoundError("Film '%(film)s' belum punya gambar.", film=asset_id[:40])
    return FileResponse(path, media_type="image/jpeg", headers={"cache-control": "private, max-age=86400"})


def _page(request: Request, identity: Identity, wrong: FleetError | None = None) -> HTMLResponse:
    state = request.app.state
    with state.sessions() as db:
        films = list_films(db)
    return pages_of(request).page(
        request,
        "assets.html",
        identity,
        wrong.status if wrong else 200,
        films=films,
        may_edit=identity.may(Role.EDITOR),
        wrong=wrong,
    )
