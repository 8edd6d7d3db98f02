"""API of films and campaigns: /api/v1/assets, /api/v1/campaigns."""

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool

from fleet_server.campaigns import films, service
from fleet_server.campaigns.schemas import AssetOut, CampaignIn, CampaignOut, ReportOut
from fleet_server.kit.page import Page
from fleet_server.kit.upload import Upload, receive_upload
from fleet_server.operators.access import SignedIn
from fleet_server.operators.roles import Role

router = APIRouter(prefix="/api/v1", tags=["campaigns"])


@router.get("/assets")
def list_assets(request: Request, _: SignedIn) -> Page[AssetOut]:
    """Newest films first."""
    with request.app.state.sessions() as db:
        return Page(items=films.list_films(db))


@router.post("/assets", status_code=201)
async def add_asset(request: Request, identity: SignedIn) -> AssetOut:
    """Take a film: multipart with ``film`` (the file) and ``title``."""
    identity.require(Role.EDITOR)
    async with receive_upload(request, request.app.state.media) as upload:
        return await run_in_threadpool(keep_film, request, upload)


def keep_film(request: Request, upload: Upload) -> AssetOut:
    """Queue a received film."""
    state = request.app.state
    with state.sessions.begin() as db:
        return films.add_film(db, state.media, upload, state.clock.now_ms())


@router.get("/campaigns")
def list_campaigns(request: Request, _: SignedIn) -> Page[CampaignOut]:
    """Newest campaigns first."""
    with request.app.state.sessions() as db:
        return Page(items=service.list_campaigns(db))


@router.post("/campaigns", status_code=201)
def create_campaign(wish: CampaignIn, request: Request, identity: SignedIn) -> CampaignOut:
    """Make a draft."""
    identity.require(Role.EDITOR)
    state = request.app.state
    with state.sessions.begin() as db:
        return service.create(db, wish, identity.name, state.clock.now_ms())


@router.post("/campaigns/{campaign}/publish")
def publish_campaign(campaign: str, request: Request, identity: SignedIn) -> CampaignOut:
    """Publish a draft; its benches get a new programme."""
    identity.require(Role.EDITOR)
    state = request.app.state
    with state.sessions.begin() as db:
        return service.publish(db, state.media, campaign, state.clock.now_ms())


@router.post("/campaigns/{campaign}/withdraw")
def withdraw_campaign(campaign: str, request: Request, identity: SignedIn) -> CampaignOut:
    """Take a published campaign off its benches."""
    identity.require(Role.EDITOR)
    state = request.app.state
    with state.sessions.begin() as db:
        return service.withdraw(db, state.media, campaign, state.clock.now_ms())


@router.get("/campaigns/{campaign}/report")
def read_report(campaign: str, request: Request, _: SignedIn) -> ReportOut:
    """Plays and milliseconds shown, per bench."""
    with request.app.state.sessions() as db:
        return service.report(db, campaign)
