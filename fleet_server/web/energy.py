"""The energy of one bench: harvest, the next 24 hours, why the screen is off, and the override."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.status import HTTP_303_SEE_OTHER

from bench_agent.wire.energy_reason import spell
from fleet_server.alarms import service as alarms
from fleet_server.alarms.schemas import AlarmOut
from fleet_server.energy import overrides
from fleet_server.energy.day import newest_power, read_energy, read_outlook, reason_of
from fleet_server.energy.schemas import EnergyOut, OverrideIn, OverridesOut
from fleet_server.errors import BadRequestError, FleetError
from fleet_server.operators.access import PageReader, check_csrf
from fleet_server.operators.roles import Identity, Role
from fleet_server.web.outlook import Drawing, draw
from fleet_server.web.pages import pages_of

router = APIRouter(include_in_schema=False)
WISHES: dict[str, dict[str, object]] = {
    "display-on": {"load": "display", "on": True},
    "display-off": {"load": "display", "on": False},
    "hotspot-off": {"load": "hotspot", "on": False},
    "eco": {"tier": "eco"},
    "reserve": {"tier": "reserve"},
    "normal": {"tier": "normal"},
}
"""What the form offers, and what it means."""


class OverrideForm(BaseModel):
    """The form of an override."""

    model_config = ConfigDict(extra="forbid")

    csrf_token: str
    request_key: str
    wish: str
    lasts_min: int
    why: str


class EndForm(BaseModel):
    """The button that ends an override."""

    model_config = ConfigDict(extra="forbid")

    csrf_token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyPanel:
    """What the panel shows."""

    bench: str
    energy: EnergyOut
    reason: str
    drawing: Drawing | None
    override: OverridesOut
    alarms: list[AlarmOut]


def read_panel(request: Request, bench: str) -> EnergyPanel:
    """Everything the panel of one bench shows."""
    state = request.app.state
    now_ms = state.clock.now_ms()
    with state.sessions() as db:
        _, slots = read_outlook(db, bench, now_ms)
        reason = reason_of(newest_power(state.telemetry.latest([bench])))
        return EnergyPanel(
            bench=bench,
            energy=read_energy(db, state.telemetry, bench, now_ms),
            reason=spell(reason, pages_of(request).language_of(request).code),
            drawing=draw(slots),
            override=overrides.read_overrides(db, bench, now_ms),
            alarms=alarms.list_open(db, now_ms, bench),
        )


@router.get("/bangku/{bench_id}/energi")
def show_panel(request: Request, identity: PageReader, bench_id: str) -> HTMLResponse:
    """The part of the panel that moves; the page asks for it again and again."""
    return pages_of(request).fragment(
        request,
        "bench_energy_now.html",
        panel=read_panel(request, bench_id),
        identity=identity,
        may_edit=identity.may(Role.EDITOR),
    )


@router.post("/bangku/{bench_id}/energi/alih")
def begin_override(
    request: Request, identity: PageReader, bench_id: str, form: Annotated[OverrideForm, Form()]
) -> Response:
    """Override the plan; the bench itself refuses what would hurt the battery."""
    identity.require(Role.EDITOR)
    check_csrf(identity, form.csrf_token)
    state = request.app.state
    try:
        wish = _wish(form)
        with state.sessions.begin() as db:
            overrides.begin_override(
                db, bench_id, wish, identity.name, form.request_key, state.clock.now_ms()
            )
    except FleetError as err:
        return _wrong(request, identity, bench_id, err)
    return RedirectResponse(f"/bangku/{bench_id}#energi", HTTP_303_SEE_OTHER)


@router.post("/bangku/{bench_id}/energi/alih/akhiri")
def end_override(
    request: Request, identity: PageReader, bench_id: str, form: Annotated[EndForm, Form()]
) -> Response:
    """End the override in force."""
    identity.require(Role.EDITOR)
    check_csrf(identity, form.csrf_token)
    state = request.app.state
    with state.sessions.begin() as db:
        overrides.end_override(db, bench_id, identity.name, state.clock.now_ms())
    return RedirectResponse(f"/bangku/{bench_id}#energi", HTTP_303_SEE_OTHER)


def _wish(form: OverrideForm) -> OverrideIn:
    meaning = WISHES.get(form.wish)
    if meaning is None:
        raise BadRequestError("Pilih apa yang dialihkan.")
    try:
        return OverrideIn.model_validate({**meaning, "why": form.why, "lasts_min": form.lasts_min})
    except ValidationError as err:
        raise BadRequestError("Tulis alasan 5 sampai 300 huruf, dan lamanya paling lama 24 jam.") from err


def _wrong(request: Request, identity: Identity, bench_id: str, wrong: FleetError) -> HTMLResponse:
    return pages_of(request).page(
        request, "energy_wrong.html", identity, wrong.status, bench_id=bench_id, wrong=wrong
    )
