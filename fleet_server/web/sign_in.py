"""Pages of signing in and out."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.status import HTTP_303_SEE_OTHER

from fleet_server.errors import FleetError
from fleet_server.operators import service
from fleet_server.operators.access import SESSION_COOKIE, PageReader, check_csrf, find_identity
from fleet_server.operators.errors import ForbiddenError, NotSignedInError, TooManyAttemptsError
from fleet_server.web.pages import own_path, pages_of

router = APIRouter(include_in_schema=False)


@router.get("/masuk")
def show_sign_in(request: Request, to: Annotated[str, Query(alias="ke")] = "/") -> Response:
    """The form; whoever is signed in already goes on."""
    if find_identity(request) is not None:
        return RedirectResponse(own_path(to), HTTP_303_SEE_OTHER)
    return _form(request, to=to)


@router.post("/masuk")
def sign_in(
    request: Request,
    name: Annotated[str, Form()],
    password: Annotated[str, Form()],
    to: Annotated[str, Form(alias="ke")] = "/",
) -> Response:
    """Check the password, set the session cookie and go on to the page asked for."""
    state = request.app.state
    origin = request.headers.get("origin")
    if origin is not None and origin.partition("://")[2] != request.headers.get("host"):
        raise ForbiddenError("Formulir dikirim dari situs lain.")
    name = name.strip().lower()
    address = request.client.host if request.client else ""
    now_s = state.clock.monotonic_ms() / 1000
    try:
        state.sign_in_limit.check(name, address, now_s)
    except TooManyAttemptsError as err:
        return _form(request, name=name, to=to, wrong=err)
    with state.sessions.begin() as db:
        token = service.sign_in(db, name, password, state.clock.now_ms())
    if token is None:
        state.sign_in_limit.fail(name, address, now_s)
        wrong = NotSignedInError("Nama pengguna atau kata sandi salah.")
        return _form(request, name=name, to=to, wrong=wrong)
    state.sign_in_limit.succeed(name)
    answer = RedirectResponse(own_path(to), HTTP_303_SEE_OTHER)
    answer.set_cookie(
        SESSION_COOKIE,
        token,
        max_age=service.SESSION_MS // 1000,
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
    return answer


@router.post("/keluar")
def sign_out(request: Request, identity: PageReader, csrf_token: Annotated[str, Form()]) -> Response:
    """End the session."""
    check_csrf(identity, csrf_token)
    with request.app.state.sessions.begin() as db:
        service.sign_out(db, request.cookies.get(SESSION_COOKIE, ""))
    answer = RedirectResponse("/masuk", HTTP_303_SEE_OTHER)
    answer.delete_cookie(SESSION_COOKIE)
    return answer


def _form(request: Request, *, to: str, name: str = "", wrong: FleetError | None = None) -> HTMLResponse:
    status = wrong.status if wrong else 200
    return pages_of(request).page(
        request, "sign_in.html", None, status, name=name[:60], to=own_path(to), wrong=wrong
    )
