"""API of the benches: /api/v1/benches."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from fleet_server.benches import service
from fleet_server.benches.schemas import BenchOut
from fleet_server.kit.page import Page

router = APIRouter(prefix="/api/v1", tags=["benches"])


@router.get("/benches")
def list_benches(
    request: Request,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=service.LIMIT_MAX)] = 100,
    q: str = "",
) -> Page[BenchOut]:
    """One page of benches by name."""
    with request.app.state.sessions() as session:
        return service.list_benches(session, request.app.state.telemetry, cursor=cursor, limit=limit, q=q)


@router.get("/benches/{bench}")
def get_bench(request: Request, bench: str) -> BenchOut:
    """One bench."""
    with request.app.state.sessions() as session:
        return service.get_bench(session, request.app.state.telemetry, bench)
