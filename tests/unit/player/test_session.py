"""The player's session without a socket (docs/spec/signage.md section 14)."""

from pathlib import Path

import pytest

from bench_agent.player.backend import Progress
from bench_agent.player.messages import (
    Beat,
    Ended,
    Event,
    Failure,
    FirstPicture,
    Prepare,
    Prepared,
    Quit,
    Start,
    parse_event,
    render_line,
)
from bench_agent.player.session import Session


class ScriptedBackend:
    def __init__(self) -> None:
        self.opened: list[Path] = []
        self.now = Progress(0, 0, over=False, error=False)

    def prepare(self, path: Path, duration_ms: int) -> None:
        assert duration_ms > 0
        self.opened.append(path)

    def start(self) -> None:
        self.now = Progress(0, 0, over=False, error=False)

    def stop(self) -> None:
        pass

    def progress(self) -> Progress:
        return self.now

    def close(self) -> None:
        pass


@pytest.fixture
def told() -> list[Event]:
    return []


@pytest.fixture
def backend() -> ScriptedBackend:
    return ScriptedBackend()


@pytest.fixture
def session(tmp_path: Path, told: list[Event], backend: ScriptedBackend) -> Session:
    (tmp_path / "a").write_bytes(b"x")
    return Session(backend, tmp_path, told.append)


def begin(session: Session) -> None:
    session.obey(Prepare(play_id=1, file="a", duration_ms=9_000), 1_000)
    session.obey(Start(play_id=1), 1_000)


def test_nine_seconds_of_sound_on_black_show_nothing_r76(
    session: Session, told: list[Event], backend: ScriptedBackend
) -> None:
    begin(session)
    backend.now = Progress(9_000, 0, over=True, error=False)
    session.watch(10_000)
    assert Ended(play_id=1, reason="end", shown_ms=0, pictures=0) in told
    assert FirstPicture(play_id=1) not in told


def test_shown_time_runs_from_the_first_picture_and_beats_come_four_a_second(
    session: Session, told: list[Event], backend: ScriptedBackend
) -> None:
    begin(session)
    backend.now = Progress(100, 1, over=False, error=False)
    for now_ms in range(1_500, 2_500, 50):
        session.watch(now_ms)
    backend.now = Progress(1_000, 25, over=True, error=False)
    session.watch(2_500)
    assert told[0] == Prepared(play_id=1)
    assert told[1] == FirstPicture(play_id=1)
    assert len([event for event in told if isinstance(event, Beat)]) == 4
    assert told[-1] == Ended(play_id=1, reason="end", shown_ms=1_100, pictures=25)


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "missing", "", ".", ".."])
def test_name_that_leaves_the_folder_is_no_file_r59(
    session: Session, told: list[Event], backend: ScriptedBackend, name: str
) -> None:
    session.obey(Prepare(play_id=3, file=name, duration_ms=1_000), 0)
    assert told == [Failure(play_id=3, code="no_file")]
    assert backend.opened == []


def test_late_picture_counter_hides_at_most_its_own_lag(
    session: Session, told: list[Event], backend: ScriptedBackend
) -> None:
    begin(session)
    backend.now = Progress(8_000, 1, over=False, error=False)
    session.watch(9_000)
    backend.now = Progress(9_000, 25, over=True, error=False)
    session.watch(10_000)
    assert Ended(play_id=1, reason="end", shown_ms=1_500, pictures=25) in told


def test_start_without_prepare_is_refused_and_quit_ends(session: Session, told: list[Event]) -> None:
    assert session.obey(Start(play_id=9), 0)
    assert told == [Failure(play_id=9, code="not_prepared")]
    assert not session.obey(Quit(), 0)


def test_events_survive_the_line() -> None:
    event = Ended(play_id=1, reason="end", shown_ms=5, pictures=6)
    line = render_line(event)
    assert line.count(b"\n") == 1
    assert parse_event(line) == event
