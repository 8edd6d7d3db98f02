"""What the demo's server knows before the first bench speaks: places, an operator, secrets of this run."""

import json
import secrets
from importlib.resources import files
from typing import NamedTuple

from sqlalchemy.orm import Session

from bench_agent.wire.ids import BenchId
from fleet_server.benches.models import Bench
from fleet_server.operators import service as operators
from fleet_server.operators.passwords import token_sha256
from fleet_server.operators.roles import Role

OPERATOR = "operator"


class DemoBench(NamedTuple):
    """A simulated bench and the secrets it holds during this run."""

    id: BenchId
    name: str
    kecamatan: str
    lat: float
    lon: float
    broker_password: str
    server_token: str


class SignIn(NamedTuple):
    """How a person and a script get in during this run."""

    username: str
    password: str
    api_token: str


def choose_benches(count: int) -> list[DemoBench]:
    """``count`` benches at the places of ``places.json``, round and round, with new secrets."""
    places = json.loads(files("fleet_server.demo").joinpath("places.json").read_text(encoding="utf-8"))
    benches = []
    for index in range(count):
        place, lap = places[index % len(places)], index // len(places)
        benches.append(
            DemoBench(
                id=BenchId(f"tgx{index + 1:09d}"),
                name=place["name"] if lap == 0 else f"{place['name']} {lap + 1}",
                kecamatan=place["kecamatan"],
                # Benches of a later lap stand a few streets away from the first.
                lat=place["lat"] + 0.004 * lap,
                lon=place["lon"] + 0.003 * lap,
                broker_password=secrets.token_urlsafe(18),
                server_token=secrets.token_urlsafe(24),
            )
        )
    return benches


def seed_benches(session: Session, benches: list[DemoBench], now_ms: int) -> None:
    """Add benches, or give known ones the secrets of this run; the caller commits."""
    for bench in benches:
        row = session.get(Bench, bench.id)
        if row is None:
            row = Bench(id=bench.id, created_ms=now_ms)
            session.add(row)
        row.name, row.kecamatan, row.lat, row.lon = bench.name, bench.kecamatan, bench.lat, bench.lon
        row.token_hash = token_sha256(bench.server_token)


def seed_operator(session: Session, now_ms: int) -> SignIn:
    """Give the demo's operator a new password and API token; the caller commits."""
    password = secrets.token_urlsafe(12)
    operator = operators.set_operator(session, OPERATOR, password, Role.ADMIN)
    return SignIn(OPERATOR, password, operators.issue_api_token(session, operator, "demo", now_ms))
