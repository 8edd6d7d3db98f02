"""Page of one bench: state, charts and events, each also alone for its own renewal."""

import secrets
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from starlette.datastructures import State

from fleet_server.benches.service import get_bench, require_bench
from fleet_server.errors import BadRequestError
from fleet_server.operators.access import PageReader
from fleet_server.operators.roles import Role
from fleet_server.telemetry.service import events, play_hours
from fleet_server.web import charts
from fleet_server.web.bench_card import BenchCard, make_card
from fleet_server.web.energy import read_panel
from fleet_server.web.pages import pages_of

router = APIRouter(include_in_schema=False)
_HOUR_MS = 3_600_000
_NEWEST_EVENTS = 10
_EVENTS_PER_PAGE = 50
Hours = Annotated[int, Query(alias="jam")]


@router.get("/bangku/{bench_id}")
def show_bench(request: Request, identity: PageReader, bench_id: str, hours: Hours = 24) -> HTMLResponse:
    """One bench with its energy, charts and events."""
    state = request.app.state
    _check_hours(hours)
    pages = pages_of(request)
    language = pages.language_of(request)
    with state.sessions() as db:
        require_bench(db, bench_id)
        newest = events(db, bench_id, limit=_NEWEST_EVENTS)
    return pages.page(
        request,
        "bench.html",
        identity,
        bench=_read_card(state, bench_id),
        charts=charts.list_charts(language),
        ranges=charts.list_ranges(language),
        hours=hours,
        events=newest.items,
        panel=read_panel(request, bench_id),
        may_edit=identity.may(Role.EDITOR),
        request_key=secrets.token_hex(8),
    )


@router.get("/bangku/{bench_id}/keadaan")
def show_head(request: Request, _: PageReader, bench_id: str) -> HTMLResponse:
    """The state alone; the page asks for it every few seconds."""
    card = _read_card(request.app.state, bench_id)
    return pages_of(request).fragment(request, "bench_head.html", bench=card)


@router.get("/bangku/{bench_id}/kejadian/terbaru")
def list_newest_events(request: Request, _: PageReader, bench_id: str) -> HTMLResponse:
    """The newest events alone; the page asks for them again and again."""
    state = request.app.state
    with state.sessions() as db:
        require_bench(db, bench_id)
        newest = events(db, bench_id, limit=_NEWEST_EVENTS)
    return pages_of(request).fragment(request, "event_list.html", events=newest.items)


@router.get("/bangku/{bench_id}/kejadian")
def show_events(
    request: Request, identity: PageReader, bench_id: str, cursor: str | None = None
) -> HTMLResponse:
    """All events of a bench, newest first, a page at a time."""
    state = request.app.state
    with state.sessions() as db:
        bench = require_bench(db, bench_id)
        happened = events(db, bench_id, cursor=cursor, limit=_EVENTS_PER_PAGE)
    return pages_of(request).page(
        request, "events.html", identity, bench=bench, events=happened.items, older=happened.next
    )


@router.get("/bangku/{bench_id}/deret/{key}")
def read_chart(
    request: Request, _: PageReader, bench_id: str, key: charts.ChartKey, hours: Hours = 24
) -> charts.ChartColumns:
    """Columns of one chart over the last hours."""
    state = request.app.state
    _check_hours(hours)
    end_ms = state.clock.now_ms()
    span_ms = (end_ms - hours * _HOUR_MS, end_ms)
    with state.sessions() as db:
        require_bench(db, bench_id)
        if key is charts.ChartKey.PLAYBACK:
            shown = {one.hour_ms: one.shown_ms for one in play_hours(db, bench_id, *span_ms)}
            return charts.playback_columns(shown, span_ms)
    step_s = charts.STEPS_S[hours]
    fields = charts.CHART_FIELDS[key]
    series = state.telemetry.series(bench_id, fields, *span_ms, step_s)
    columns = [series.values[field] for field in fields]
    return charts.telemetry_columns(series.at_ms, columns, step_s * 1000, span_ms)


def _read_card(state: State, bench_id: str) -> BenchCard:
    with state.sessions() as db:
        bench = get_bench(db, state.telemetry, bench_id)
    return make_card(bench, datetime.fromtimestamp(state.clock.now_ms() / 1000, UTC))


def _check_hours(hours: int) -> None:
    if hours not in charts.STEPS_S:
        known = ", ".join(map(str, charts.STEPS_S))
        raise BadRequestError("Parameter 'jam' harus salah satu dari %(known)s.", known=known)
