"""Pages of the benches: map and list, one bench with its charts, and the live list."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse, StreamingResponse
from starlette.datastructures import State

from fleet_server.benches.service import LIMIT_MAX, get_bench, list_benches
from fleet_server.errors import BadRequestError
from fleet_server.operators.access import PageReader
from fleet_server.telemetry.service import play_hours
from fleet_server.web import charts
from fleet_server.web.bench_card import BenchCard, spell_bench

router = APIRouter(include_in_schema=False)
_HOUR_MS = 3_600_000
Hours = Annotated[int, Query(alias="jam")]


def read_cards(state: State) -> list[BenchCard]:
    """All benches in words, by name."""
    cards: list[BenchCard] = []
    cursor: str | None = None
    with state.sessions() as db:
        while True:
            page = list_benches(db, state.telemetry, cursor=cursor, limit=LIMIT_MAX)
            cards += [spell_bench(bench) for bench in page.items]
            cursor = page.next
            if cursor is None:
                return cards


def render_list(state: State) -> str:
    """The list of benches as HTML, for the live stream."""
    return str(state.pages.render_fragment("bench_list.html", benches=read_cards(state)))


@router.get("/")
def show_fleet(request: Request, identity: PageReader) -> HTMLResponse:
    """Map and list of all benches."""
    state = request.app.state
    return HTMLResponse(
        state.pages.render(
            "fleet.html", identity, "/", benches=read_cards(state), tiles=state.settings.map_tiles_url
        )
    )


@router.get("/sse/benches")
def stream_benches(request: Request, _: PageReader) -> Response:
    """The list of benches, again whenever it changes."""
    live = request.app.state.live_benches
    return StreamingResponse(
        live.follow(), media_type="text/event-stream", headers={"cache-control": "no-store"}
    )


@router.get("/bangku/{bench_id}")
def show_bench(request: Request, identity: PageReader, bench_id: str, hours: Hours = 24) -> HTMLResponse:
    """One bench with its charts."""
    state = request.app.state
    _check_hours(hours)
    with state.sessions() as db:
        bench = get_bench(db, state.telemetry, bench_id)
    page = state.pages.render(
        "bench.html",
        identity,
        "/",
        bench=spell_bench(bench),
        charts=charts.CHARTS,
        ranges=charts.HOURS.items(),
        hours=hours,
    )
    return HTMLResponse(page)


@router.get("/bangku/{bench_id}/deret/{key}")
def read_chart(
    request: Request, _: PageReader, bench_id: str, key: charts.ChartKey, hours: Hours = 24
) -> charts.ChartColumns:
    """Columns of one chart over the last hours."""
    state = request.app.state
    _check_hours(hours)
    end_ms = state.clock.now_ms()
    start_ms = end_ms - hours * _HOUR_MS
    with state.sessions() as db:
        get_bench(db, state.telemetry, bench_id)
        if key is charts.ChartKey.PLAYBACK:
            hours_shown = play_hours(db, bench_id, start_ms, end_ms)
            shown = {one.hour_ms: one.shown_ms for one in hours_shown}
            return charts.playback_minutes(shown, start_ms, end_ms)
    chart = next(chart for chart in charts.CHARTS if chart.key is key)
    step_s = charts.step_s(hours)
    series = state.telemetry.series(bench_id, tuple(chart.lines), start_ms, end_ms, step_s)
    columns = [series.values[field] for field in chart.lines]
    return charts.with_gaps(list(chart.lines.values()), series.at_ms, columns, step_s * 1000)


def _check_hours(hours: int) -> None:
    if hours not in charts.HOURS:
        raise BadRequestError(f"Parameter 'jam' harus salah satu dari {', '.join(map(str, charts.HOURS))}.")
