"""API of alarms: /api/v1/alarms."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request

from fleet_server.alarms import service
from fleet_server.alarms.schemas import AlarmOut, CloseIn, SnoozeIn
from fleet_server.kit.page import Page
from fleet_server.operators.access import SignedIn
from fleet_server.operators.roles import Role

router = APIRouter(prefix="/api/v1/alarms", tags=["alarms"])


@router.get("")
def list_alarms(
    request: Request,
    _: SignedIn,
    state: Literal["open", "all"] = "open",
    bench: str | None = None,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=service.LIMIT_MAX)] = 100,
) -> Page[AlarmOut]:
    """Open alarms, the loudest first; or all, the newest first."""
    now_ms = request.app.state.clock.now_ms()
    with request.app.state.sessions() as db:
        if state == "open":
            return Page(items=service.list_open(db, now_ms, bench))
        return service.list_all(db, now_ms, bench, cursor=cursor, limit=limit)


@router.post("/{alarm}/acknowledge")
def acknowledge_alarm(alarm: int, request: Request, identity: SignedIn) -> AlarmOut:
    """Say that somebody cares."""
    identity.require(Role.EDITOR)
    with request.app.state.sessions.begin() as db:
        return service.acknowledge(db, alarm, identity.name, request.app.state.clock.now_ms())


@router.post("/{alarm}/snooze")
def snooze_alarm(alarm: int, wish: SnoozeIn, request: Request, identity: SignedIn) -> AlarmOut:
    """Hear nothing of it for a while."""
    identity.require(Role.EDITOR)
    with request.app.state.sessions.begin() as db:
        return service.snooze(db, alarm, wish.hours, identity.name, request.app.state.clock.now_ms())


@router.post("/{alarm}/close")
def close_alarm(alarm: int, wish: CloseIn, request: Request, identity: SignedIn) -> AlarmOut:
    """End it by hand, as after a visit."""
    identity.require(Role.EDITOR)
    with request.app.state.sessions.begin() as db:
        return service.close(db, alarm, wish.note, identity.name, request.app.state.clock.now_ms())
