"""The API of energy through a real socket (POW-R40)."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from fleet_server.operators import service
from fleet_server.operators.roles import Role
from tests.integration.console import BENCH, PASSWORD, Console, run_console

PATH = f"/api/v1/benches/{BENCH}/energy/override"
WISH = {"tier": "normal", "why": "Pasar malam di alun-alun"}


@pytest.fixture
def console(tmp_path: Path) -> Iterator[Console]:
    with run_console(tmp_path) as running:
        yield running


@pytest.fixture
def viewer(console: Console) -> Iterator[httpx.Client]:
    headers = {"authorization": f"Bearer {console.api_token}"}
    with httpx.Client(base_url=console.url, headers=headers) as client:
        yield client


@pytest.fixture
def editor(console: Console) -> Iterator[httpx.Client]:
    with console.app.state.sessions.begin() as db:
        operator = service.set_operator(db, "budi", PASSWORD, Role.EDITOR)
        token = service.issue_api_token(db, operator, "test", 0)
    with httpx.Client(base_url=console.url, headers={"authorization": f"Bearer {token}"}) as client:
        yield client


def test_an_editor_begins_and_ends_an_override_that_a_viewer_sees(
    viewer: httpx.Client, editor: httpx.Client
) -> None:
    assert viewer.get(PATH).json() == {"current": None, "sent": True, "history": []}
    made = editor.post(PATH, json=WISH)
    assert made.status_code == 201
    seen = viewer.get(PATH).json()
    assert seen["current"]["who"] == "budi"
    assert 7100 < seen["current"]["left_s"] <= 7200
    assert seen["sent"] is False  # no ingest runs here to publish it
    assert [editor.delete(PATH).status_code for _ in range(2)] == [204, 204]
    assert viewer.get(PATH).json()["history"][0]["ended_how"] == "ended"


def test_a_repeated_request_key_makes_one_override(editor: httpx.Client) -> None:
    headers = {"idempotency-key": "formulir-7"}
    ids = {editor.post(PATH, json=WISH, headers=headers).json()["id"] for _ in range(3)}
    assert len(ids) == 1
    assert editor.post(PATH, json=WISH).json()["id"] not in ids


def test_viewers_and_strangers_change_nothing(console: Console, viewer: httpx.Client) -> None:
    assert viewer.post(PATH, json=WISH).status_code == 403
    assert viewer.delete(PATH).status_code == 403
    assert httpx.post(console.url + PATH, json=WISH).status_code == 401
    assert viewer.get(PATH).json()["current"] is None


@pytest.mark.parametrize("wish", [{}, WISH | {"load": "audio", "on": True}, WISH | {"lasts_min": 1441}])
def test_a_wish_that_is_none_is_a_422_problem(editor: httpx.Client, wish: dict[str, object]) -> None:
    answer = editor.post(PATH, json=wish)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


def test_an_unknown_bench_is_a_404_problem(editor: httpx.Client) -> None:
    answer = editor.post("/api/v1/benches/tgx999999999/energy/override", json=WISH)
    assert answer.status_code == 404
