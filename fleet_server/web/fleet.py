"""Page of all benches: map, list and its live stream."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, StreamingResponse
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import State

from fleet_server.benches.service import LIMIT_MAX, list_benches
from fleet_server.operators.access import PageReader
from fleet_server.web.bench_card import BenchCard, BenchState, make_card
from fleet_server.web.fleet_reading import Change
from fleet_server.web.languages import Language
from fleet_server.web.live import render_event
from fleet_server.web.pages import pages_of

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class FleetCounts:
    """The fleet in a few numbers."""

    total: int
    attention: int
    """Benches that a person should look after."""
    states: dict[BenchState, int]


def count_states(cards: Sequence[BenchCard]) -> FleetCounts:
    """Count the benches by state."""
    found = Counter(card.state for card in cards)
    attention = sum(card.needs_attention for card in cards)
    return FleetCounts(len(cards), attention, {state: found[state] for state in BenchState})


def read_cards(state: State) -> list[BenchCard]:
    """All benches, most urgent first, then by name."""
    now = datetime.fromtimestamp(state.clock.now_ms() / 1000, UTC)
    cards: list[BenchCard] = []
    cursor: str | None = None
    with state.sessions() as db:
        while True:
            page = list_benches(db, state.telemetry, cursor=cursor, limit=LIMIT_MAX)
            cards += [make_card(bench, now) for bench in page.items]
            cursor = page.next
            if cursor is None:
                return sorted(cards, key=lambda card: card.rank)


def take_reading(state: State) -> str:
    """Read all benches for the live streams; returns the mark."""
    return str(state.fleet_reading.take(read_cards(state)))


@router.get("/")
def show_fleet(request: Request, identity: PageReader) -> HTMLResponse:
    """Map and list of all benches."""
    state = request.app.state
    cards = read_cards(state)
    return pages_of(request).page(
        request,
        "fleet.html",
        identity,
        benches=cards,
        counts=count_states(cards),
        mark=state.fleet_reading.take(cards),
        tiles=state.settings.map_tiles_url,
    )


@router.get("/sse/benches")
def stream_benches(request: Request, _: PageReader, since: str = "") -> Response:
    """What changes on the list, from the mark of the page or of the last event on."""
    language = pages_of(request).language_of(request)
    mark = request.headers.get("last-event-id", since)
    return StreamingResponse(
        _spell_changes(request.app.state, language, mark),
        media_type="text/event-stream",
        headers={"cache-control": "no-store"},
    )


async def _spell_changes(state: State, language: Language, mark: str) -> AsyncIterator[str]:
    async for change in state.live_fleet.follow(mark):
        if change is None:
            yield ": masih di sini\n\n"
        else:
            yield await run_in_threadpool(_spell_change, state, language, change)


def _spell_change(state: State, language: Language, change: Change) -> str:
    text = state.pages.render(language, "fleet_change.html", change=change, counts=count_states(change.cards))
    return render_event("benches", text, change.mark)
