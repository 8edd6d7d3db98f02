"""API of energy: /api/v1/benches/{bench}/energy."""

import secrets
from typing import Annotated

from fastapi import APIRouter, Header, Request

from fleet_server.energy import overrides
from fleet_server.energy.day import read_energy
from fleet_server.energy.schemas import EnergyOut, OverrideIn, OverrideOut, OverridesOut
from fleet_server.operators.access import SignedIn
from fleet_server.operators.roles import Role

router = APIRouter(prefix="/api/v1/benches/{bench}/energy", tags=["energy"])
RequestKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=64,
        description="nama permintaan; permintaan yang sama dua kali hanya berlaku sekali",
    ),
]


@router.get("")
def read_day(bench: str, request: Request, _: SignedIn) -> EnergyOut:
    """Today's harvest beside the usual one, why the loads are as they are, and the next 24 hours."""
    state = request.app.state
    with state.sessions() as db:
        return read_energy(db, state.telemetry, bench, state.clock.now_ms())


@router.get("/override")
def read_overrides(bench: str, request: Request, _: SignedIn) -> OverridesOut:
    """The override in force and those before it."""
    state = request.app.state
    with state.sessions() as db:
        return overrides.read_overrides(db, bench, state.clock.now_ms())


@router.post("/override", status_code=201)
def begin_override(
    bench: str, wish: OverrideIn, request: Request, identity: SignedIn, request_key: RequestKey = None
) -> OverrideOut:
    """Override the bench's plan; one in force is replaced."""
    identity.require(Role.EDITOR)
    state = request.app.state
    key = request_key or secrets.token_hex(16)
    with state.sessions.begin() as db:
        return overrides.begin_override(db, bench, wish, identity.name, key, state.clock.now_ms())


@router.delete("/override", status_code=204)
def end_override(bench: str, request: Request, identity: SignedIn) -> None:
    """End the override in force; without one, nothing happens."""
    identity.require(Role.EDITOR)
    state = request.app.state
    with state.sessions.begin() as db:
        overrides.end_override(db, bench, identity.name, state.clock.now_ms())
