"""Page of the alarms: what is open, what to do, and who cares for it."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel, ConfigDict, StringConstraints
from sqlalchemy.orm import Session
from starlette.status import HTTP_303_SEE_OTHER

from fleet_server.alarms import service
from fleet_server.alarms.schemas import AlarmOut, SnoozeIn
from fleet_server.benches.service import list_places
from fleet_server.errors import BadRequestError, FleetError
from fleet_server.operators.access import PageReader, check_csrf
from fleet_server.operators.roles import Identity, Role
from fleet_server.web.pages import own_path, pages_of

router = APIRouter(include_in_schema=False)
_RECENT = 30
_NOTE_MIN = 3
Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=300)]


class AlarmForm(BaseModel):
    """One button of an alarm."""

    model_config = ConfigDict(extra="forbid")

    csrf_token: str
    back: str = "/alarm"
    hours: int = 24
    note: Text = ""


AlarmFields = Annotated[AlarmForm, Form()]


@router.get("/alarm")
def show_alarms(request: Request, identity: PageReader) -> HTMLResponse:
    """Open alarms and those of late that have ended."""
    return _page(request, identity)


@router.get("/alarm/daftar")
def list_fragment(request: Request, identity: PageReader) -> HTMLResponse:
    """The open alarms alone; the page asks for them again and again."""
    open_alarms, names, _ = _read(request)
    return pages_of(request).fragment(
        request,
        "alarm_list.html",
        alarms=open_alarms,
        names=names,
        identity=identity,
        may_edit=identity.may(Role.EDITOR),
    )


@router.post("/alarm/{alarm}/tahu")
def acknowledge(request: Request, identity: PageReader, alarm: int, form: AlarmFields) -> Response:
    """Somebody cares."""
    return _act(request, identity, form, lambda db, now: service.acknowledge(db, alarm, identity.name, now))


@router.post("/alarm/{alarm}/tunda")
def snooze(request: Request, identity: PageReader, alarm: int, form: AlarmFields) -> Response:
    """Nobody wants to hear of it for a while."""
    hours = SnoozeIn(hours=form.hours).hours
    return _act(request, identity, form, lambda db, now: service.snooze(db, alarm, hours, identity.name, now))


@router.post("/alarm/{alarm}/tutup")
def close(request: Request, identity: PageReader, alarm: int, form: AlarmFields) -> Response:
    """Something was done about it."""

    def act(db: Session, now_ms: int) -> AlarmOut:
        if len(form.note) < _NOTE_MIN:
            raise BadRequestError(
                "Tulis apa yang dilakukan, paling sedikit %(least)s huruf.", least=_NOTE_MIN
            )
        return service.close(db, alarm, form.note, identity.name, now_ms)

    return _act(request, identity, form, act)


def _act(
    request: Request, identity: Identity, form: AlarmForm, act: Callable[[Session, int], AlarmOut]
) -> Response:
    identity.require(Role.EDITOR)
    check_csrf(identity, form.csrf_token)
    state = request.app.state
    try:
        with state.sessions.begin() as db:
            act(db, state.clock.now_ms())
    except FleetError as err:
        return _page(request, identity, err)
    return RedirectResponse(own_path(form.back), HTTP_303_SEE_OTHER)


def _read(request: Request) -> tuple[list[AlarmOut], dict[str, str], list[AlarmOut]]:
    state = request.app.state
    now_ms = state.clock.now_ms()
    with state.sessions() as db:
        open_alarms = service.list_open(db, now_ms)
        recent = service.list_all(db, now_ms, limit=_RECENT).items
        names = {place.id: place.name for place in list_places(db)}
    return open_alarms, names, [alarm for alarm in recent if alarm.closed_at is not None]


def _page(request: Request, identity: Identity, wrong: FleetError | None = None) -> HTMLResponse:
    open_alarms, names, ended = _read(request)
    return pages_of(request).page(
        request,
        "alarms.html",
        identity,
        wrong.status if wrong else 200,
        alarms=open_alarms,
        ended=ended,
        names=names,
        may_edit=identity.may(Role.EDITOR),
        wrong=wrong,
    )
