"""API of measurements, events and plays."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from fleet_server.kit.page import Page
from fleet_server.telemetry import service
from fleet_server.telemetry.schemas import EventOut, LatestOut, PlayOut, SeriesOut

router = APIRouter(prefix="/api/v1", tags=["telemetry"])
Limit = Annotated[int, Query(ge=1, le=service.LIMIT_MAX)]
Instant = Annotated[int, Query(ge=0, description="ms sejak 1970 UTC")]


@router.get("/benches/{bench}/latest")
def latest(request: Request, bench: str) -> Page[LatestOut]:
    """Newest measurement per schema."""
    with request.app.state.sessions() as session:
        return Page(items=service.latest(session, request.app.state.telemetry, bench))


@router.get("/benches/{bench}/series")
def series(
    request: Request,
    bench: str,
    fields: Annotated[str, Query(description="nama field, dipisah koma")],
    start: Instant,
    end: Instant,
    step: Annotated[int, Query(ge=1, description="detik")] = 300,
) -> SeriesOut:
    """Means per step in [start, end)."""
    with request.app.state.sessions() as session:
        return service.series(
            session,
            request.app.state.telemetry,
            bench,
            fields=fields.split(","),
            start_ms=start,
            end_ms=end,
            step_s=step,
        )


@router.get("/events")
def events(
    request: Request, bench: str | None = None, cursor: str | None = None, limit: Limit = 100
) -> Page[EventOut]:
    """Newest events first."""
    with request.app.state.sessions() as session:
        return service.events(session, bench, cursor=cursor, limit=limit)


@router.get("/plays")
def plays(
    request: Request,
    bench: str | None = None,
    campaign: str | None = None,
    cursor: str | None = None,
    limit: Limit = 100,
) -> Page[PlayOut]:
    """Newest plays first."""
    with request.app.state.sessions() as session:
        return service.plays(session, bench, campaign, cursor=cursor, limit=limit)
