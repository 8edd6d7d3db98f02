"""Overrides and the desired document they share with the programme, on both databases (POW-R40, FL-D2)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import msgspec
import pytest
from pydantic import ValidationError
from sqlalchemy import delete

from bench_agent.wire.presence import Desired, EnergyOverride, Load
from bench_agent.wire.telemetry import EnergyTier
from fleet_server.benches.desired import lock_desired, revise_desired
from fleet_server.benches.models import Bench, DesiredRow
from fleet_server.benches.service import add_bench
from fleet_server.energy.models import OverrideRow
from fleet_server.energy.overrides import (
    begin_override,
    end_expired_overrides,
    end_override,
    read_overrides,
)
from fleet_server.energy.schemas import OverrideIn
from fleet_server.errors import NotFoundError
from fleet_server.kit.database import open_engine, open_sessions, upgrade_schema
from tests.postgres import running_postgres

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy.orm import Session, sessionmaker

    from fleet_server.energy.schemas import OverrideOut

BENCH = "0123456789ab"
NOW = 1_795_373_220_000
HOUR_MS = 3_600_000
WISH = OverrideIn(tier="normal", why="Pasar malam di alun-alun")


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    with running_postgres() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def sessions(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sessionmaker[Session]]:
    url = f"sqlite:///{tmp_path / 'fleet.db'}"
    engine = open_engine(request.getfixturevalue("postgres") if request.param == "postgresql" else url)
    upgrade_schema(engine)
    made = open_sessions(engine)
    with made.begin() as session:
        for table in (OverrideRow, DesiredRow, Bench):
            session.execute(delete(table))
        add_bench(session, Bench(id=BENCH, name="Alun-alun", created_ms=1))
    yield made
    engine.dispose()


def begin(
    sessions: sessionmaker[Session],
    wish: OverrideIn = WISH,
    who: str = "ani",
    key: str = "k1",
    at_ms: int = NOW,
) -> OverrideOut:
    with sessions.begin() as session:
        return begin_override(session, BENCH, wish, who, key, at_ms)


def desired(sessions: sessionmaker[Session]) -> Desired:
    with sessions.begin() as session:
        return lock_desired(session, BENCH)


def test_an_override_reaches_the_desired_document_with_who_why_and_two_hours(
    sessions: sessionmaker[Session],
) -> None:
    made = begin(sessions)
    assert (made.left_s, made.who, made.ended_at) == (7200, "ani", None)
    assert desired(sessions).energy_override == EnergyOverride(
        id=made.id,
        who="ani",
        why="Pasar malam di alun-alun",
        until_ms=NOW + 2 * HOUR_MS,
        lasts_s=7200,
        tier=EnergyTier.NORMAL,
    )


def test_the_same_request_twice_makes_one_override_and_one_revision(sessions: sessionmaker[Session]) -> None:
    first = begin(sessions)
    again = begin(sessions, at_ms=NOW + 1000)
    assert (again.id, again.left_s) == (first.id, 7199)
    assert desired(sessions).rev == 1
    with sessions() as session:
        assert read_overrides(session, BENCH, NOW).history == []


def test_the_later_of_two_people_wins_and_both_records_say_so(sessions: sessionmaker[Session]) -> None:
    begin(sessions)
    lamp = OverrideIn(load="display", on=False, why="Rapat di dekat bangku", lasts_min=30)
    later = begin(sessions, lamp, who="budi", key="k2", at_ms=NOW + 60_000)
    with sessions() as session:
        found = read_overrides(session, BENCH, NOW + 60_000)
    assert found.current == later
    assert [(one.who, one.ended_how, one.ended_by) for one in found.history] == [("ani", "replaced", "budi")]
    sent = desired(sessions).energy_override
    assert isinstance(sent, EnergyOverride)
    assert (sent.load, sent.on, sent.tier) == (Load.DISPLAY, False, None)


def test_ending_by_hand_is_on_record_and_may_be_done_twice(sessions: sessionmaker[Session]) -> None:
    begin(sessions)
    for minute in (10, 20):
        with sessions.begin() as session:
            end_override(session, BENCH, "budi", NOW + minute * 60_000)
    assert desired(sessions).energy_override is msgspec.UNSET
    with sessions() as session:
        found = read_overrides(session, BENCH, NOW + HOUR_MS)
    assert found.current is None
    [ended] = found.history
    assert (ended.ended_how, ended.ended_by) == ("ended", "budi")
    assert ended.ended_at is not None
    assert ended.ended_at.timestamp() * 1000 == NOW + 600_000
    assert desired(sessions).rev == 2


def test_time_ends_an_override_and_nobody_is_named_for_it(sessions: sessionmaker[Session]) -> None:
    begin(sessions)
    for at_ms, ended in ((NOW + 2 * HOUR_MS - 1, 0), (NOW + 2 * HOUR_MS, 1), (NOW + 3 * HOUR_MS, 0)):
        with sessions.begin() as session:
            assert end_expired_overrides(session, at_ms) == ended
    assert desired(sessions).energy_override is msgspec.UNSET
    with sessions() as session:
        [over] = read_overrides(session, BENCH, NOW + 3 * HOUR_MS).history
    assert (over.ended_how, over.ended_by, over.ended_at) == ("expired", "", over.until)


def test_one_that_ran_out_unnoticed_has_expired_and_was_not_replaced(sessions: sessionmaker[Session]) -> None:
    begin(sessions)
    begin(sessions, who="budi", key="k2", at_ms=NOW + 5 * HOUR_MS)
    with sessions() as session:
        [over] = read_overrides(session, BENCH, NOW + 5 * HOUR_MS).history
    assert (over.ended_how, over.ended_by, over.ended_at) == ("expired", "", over.until)


def test_two_writers_at_once_lose_no_section_and_no_revision(sessions: sessionmaker[Session]) -> None:
    """The programme and the override of one bench change forty times, from eight threads."""

    def write_snapshot(number: int) -> None:
        with sessions.begin() as session:
            revise_desired(
                session,
                BENCH,
                lambda now: msgspec.structs.replace(
                    now, snapshot_version=now.rev, snapshot_sha256=str(number)
                ),
            )

    def write_override(number: int) -> None:
        begin(sessions, who=f"orang {number}", key=f"k{number}")

    with ThreadPoolExecutor(8) as pool:
        jobs = [pool.submit((write_snapshot, write_override)[number % 2], number) for number in range(40)]
        for job in jobs:
            job.result()
    document = desired(sessions)
    assert document.rev == 40
    assert document.snapshot_sha256
    with sessions() as session:
        found = read_overrides(session, BENCH, NOW)
    assert found.current is not None
    assert isinstance(document.energy_override, EnergyOverride)
    assert document.energy_override.id == found.current.id
    assert len(found.history) == 19
    assert {one.ended_how for one in found.history} == {"replaced"}


def test_an_unknown_bench_has_no_overrides(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session, pytest.raises(NotFoundError):
        begin_override(session, "zzzzzzzzzzzz", WISH, "ani", "k1", NOW)


@pytest.mark.parametrize(
    "wish",
    [
        {"why": "tanpa tujuan"},
        {"why": "dua tujuan", "tier": "eco", "load": "audio", "on": True},
        {"why": "layar apa", "load": "display"},
        {"why": "tanpa beban", "tier": "eco", "on": True},
        {"why": "    ", "tier": "eco"},
        {"why": "terlalu lama", "tier": "eco", "lasts_min": 24 * 60 + 1},
        {"why": "tidak ada waktu", "tier": "eco", "lasts_min": 0},
        {"why": "tingkat aneh", "tier": "turbo"},
        {"why": "kunci aneh", "tier": "eco", "until": 5},
    ],
)
def test_a_wish_that_is_none_is_refused(wish: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        OverrideIn.model_validate(wish)
