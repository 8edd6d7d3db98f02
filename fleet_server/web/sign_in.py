"""Pages of signing in and out."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.status import HTTP_303_SEE_OTHER, HTTP_401_UNAUTHORIZED

from fleet_server.operators import service
from fleet_server.operators.access import SESSION_COOKIE, PageReader, check_csrf, find_identity
from fleet_server.operators.errors import ForbiddenError, TooManyAttemptsError

router = APIRouter(include_in_schema=False)


@router.get("/masuk")
def show_sign_in(request: Request) -> Response:
    """The form; whoever is signed in already goes on."""
    if find_identity(request) is not None:
        return RedirectResponse("/", HTTP_303_SEE_OTHER)
    return _form(request, "", "", 200)


@router.post("/masuk")
def sign_in(request: Request, name: Annotated[str, Form()], password: Annotated[str, Form()]) -> Response:
    """Check the password and set the session cookie."""
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
        return _form(request, name, err.detail, err.status)
    with state.sessions.begin() as db:
        token = service.sign_in(db, name, password, state.clock.now_ms())
    if token is None:
        state.sign_in_limit.fail(name, address, now_s)
        return _form(request, name, "Nama pengguna atau kata sandi salah.", HTTP_401_UNAUTHORIZED)
    state.sign_in_limit.succeed(name)
    answer = RedirectResponse("/", HTTP_303_SEE_OTHER)
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


def _form(request: Request, name: str, wrong: str, status: int) -> Response:
    page = request.app.state.pages.render("sign_in.html", None, name=name[:60], wrong=wrong)
    return HTMLResponse(page, status)
