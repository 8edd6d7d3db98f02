"""Pages of the campaigns: list, new, one campaign with its proofs."""

from collections.abc import Callable
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import Field
from sqlalchemy.orm import Session
from starlette.status import HTTP_303_SEE_OTHER

from fleet_server.benches.service import list_places
from fleet_server.campaigns import service
from fleet_server.campaigns.films import list_films
from fleet_server.campaigns.schemas import CampaignIn
from fleet_server.errors import FleetError
from fleet_server.kit.media_store import MediaStore
from fleet_server.operators.access import PageReader, check_csrf
from fleet_server.operators.roles import Identity, Role
from fleet_server.web.pages import pages_of

router = APIRouter(include_in_schema=False)


class CampaignForm(CampaignIn):
    """The form of a new campaign."""

    csrf_token: str
    benches: list[str] = Field(default_factory=list)


@router.get("/kampanye")
def show_campaigns(request: Request, identity: PageReader) -> HTMLResponse:
    """All campaigns and the form for a new one."""
    return _list_page(request, identity)


@router.post("/kampanye")
def create_campaign(
    request: Request, identity: PageReader, form: Annotated[CampaignForm, Form()]
) -> Response:
    """Make a draft; a wrong one brings the form back with what to do."""
    identity.require(Role.EDITOR)
    check_csrf(identity, form.csrf_token)
    state = request.app.state
    wish = CampaignIn(**form.model_dump(exclude={"csrf_token"}))
    try:
        with state.sessions.begin() as db:
            made = service.create(db, wish, identity.name, state.clock.now_ms())
    except FleetError as err:
        return _list_page(request, identity, form, err)
    return RedirectResponse(f"/kampanye/{made.id}", HTTP_303_SEE_OTHER)


@router.get("/kampanye/{campaign}")
def show_campaign(request: Request, identity: PageReader, campaign: str) -> HTMLResponse:
    """One campaign with its proofs."""
    return _campaign_page(request, identity, campaign)


@router.get("/kampanye/{campaign}/bukti")
def list_proofs(request: Request, _: PageReader, campaign: str) -> HTMLResponse:
    """The proofs alone; the page asks for them every two seconds."""
    state = request.app.state
    with state.sessions() as db:
        report = service.report(db, campaign)
    return pages_of(request).fragment(request, "campaign_proofs.html", report=report)


@router.post("/kampanye/{campaign}/terbitkan")
def publish_campaign(
    request: Request, identity: PageReader, campaign: str, csrf_token: Annotated[str, Form()]
) -> Response:
    """Publish a draft."""
    check_csrf(identity, csrf_token)
    return _move_campaign(request, identity, campaign, service.publish)


@router.post("/kampanye/{campaign}/tarik")
def withdraw_campaign(
    request: Request, identity: PageReader, campaign: str, csrf_token: Annotated[str, Form()]
) -> Response:
    """Take a campaign off its benches."""
    check_csrf(identity, csrf_token)
    return _move_campaign(request, identity, campaign, service.withdraw)


def _move_campaign(
    request: Request,
    identity: Identity,
    campaign: str,
    move: Callable[[Session, MediaStore, str, int], object],
) -> Response:
    identity.require(Role.EDITOR)
    state = request.app.state
    try:
        with state.sessions.begin() as db:
            move(db, state.media, campaign, state.clock.now_ms())
    except FleetError as err:
        return _campaign_page(request, identity, campaign, err)
    return RedirectResponse(f"/kampanye/{campaign}", HTTP_303_SEE_OTHER)


def _list_page(
    request: Request, identity: Identity, form: CampaignForm | None = None, wrong: FleetError | None = None
) -> HTMLResponse:
    state = request.app.state
    with state.sessions() as db:
        campaigns = service.list_campaigns(db)
        films = [film for film in list_films(db) if film.stage == "ready"]
        benches = list_places(db)
    return pages_of(request).page(
        request,
        "campaigns.html",
        identity,
        wrong.status if wrong else 200,
        campaigns=campaigns,
        films=films,
        benches=benches,
        form=form,
        may_edit=identity.may(Role.EDITOR),
        today=date.fromisoformat(service.today(state.clock.now_ms())),
        wrong=wrong,
    )


def _campaign_page(
    request: Request, identity: Identity, campaign: str, wrong: FleetError | None = None
) -> HTMLResponse:
    state = request.app.state
    with state.sessions() as db:
        found = service.get_campaign(db, campaign)
        report = service.report(db, campaign)
    return pages_of(request).page(
        request,
        "campaign.html",
        identity,
        wrong.status if wrong else 200,
        campaign=found,
        report=report,
        may_edit=identity.may(Role.EDITOR),
        wrong=wrong,
    )
