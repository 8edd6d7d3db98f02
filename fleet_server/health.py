"""Health and metrics for machines: alive, ready, Prometheus."""

from fastapi import APIRouter, Request, Response
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from sqlalchemy import func, select

from fleet_server.benches.models import Bench

router = APIRouter(include_in_schema=False)


class Metrics:
    """The server's own figures; one registry per app, so that tests do not share it."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "fleet_http_requests",
            "Answers by method and status.",
            ("method", "status"),
            registry=self.registry,
        )
        self.request_s = Histogram(
            "fleet_http_request_seconds", "Time until the answer's head.", registry=self.registry
        )
        self.benches = Gauge("fleet_benches", "Benches by presence.", ("online",), registry=self.registry)


@router.get("/healthz")
def read_alive() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/readyz")
def read_ready(request: Request) -> dict[str, str]:
    """The database answers; otherwise this is a 500."""
    with request.app.state.sessions() as db:
        db.execute(select(1))
    return {"status": "ready"}


@router.get("/metrics")
def read_metrics(request: Request) -> Response:
    """Figures in the Prometheus text form."""
    state = request.app.state
    with state.sessions() as db:
        counts = dict(db.execute(select(Bench.online, func.count()).group_by(Bench.online)).all())
    for online in (True, False):
        state.metrics.benches.labels(online=str(online).lower()).set(counts.get(online, 0))
    return Response(generate_latest(state.metrics.registry), media_type=CONTENT_TYPE_LATEST)
