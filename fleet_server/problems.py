"""Errors as answers: problem+json for programs (RFC 9457), a page for people, sign-in for strangers."""

from http import HTTPStatus

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from starlette.exceptions import HTTPException

from fleet_server.errors import FleetError
from fleet_server.operators.errors import NotSignedInError

_LOG = structlog.get_logger(__name__)


def install_problems(app: FastAPI) -> None:
    """Render every error of ``app``, its own and the framework's, in one form."""
    app.add_exception_handler(FleetError, _answer_fleet_error)
    app.add_exception_handler(RequestValidationError, _answer_invalid)
    app.add_exception_handler(HTTPException, _answer_http)
    app.add_exception_handler(Exception, _answer_unexpected)


def render_problem(request: Request, status: int, title: str, detail: str, **more: object) -> Response:
    """One problem, as a page when a browser asked for a page."""
    headers = {"www-authenticate": "Bearer"} if status == HTTPStatus.UNAUTHORIZED else None
    if _wants_page(request):
        page = request.app.state.pages.render("problem.html", None, title=title, detail=detail)
        return HTMLResponse(page, status, headers)
    problem = {"type": "about:blank", "title": title, "status": status, "detail": detail, **more}
    return JSONResponse(problem, status, headers, media_type="application/problem+json")


def _wants_page(request: Request) -> bool:
    return not request.url.path.startswith("/api/") and "text/html" in request.headers.get("accept", "")


async def _answer_fleet_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, FleetError):
        raise error
    if isinstance(error, NotSignedInError) and _wants_page(request):
        return RedirectResponse("/masuk", HTTPStatus.SEE_OTHER)
    if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _LOG.error("request failed", path=request.url.path, error=error.detail)
    return render_problem(request, error.status, error.title, error.detail)


async def _answer_invalid(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    wrong = [{"at": ".".join(map(str, one["loc"])), "message": one["msg"]} for one in error.errors()]
    names = ", ".join(one["at"] for one in wrong)
    return render_problem(request, 422, "Isian tidak sah", f"Periksa isian: {names}.", errors=wrong)


async def _answer_http(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    titles = {404: "Tidak ditemukan", 405: "Cara ini tidak didukung"}
    title = titles.get(error.status_code, HTTPStatus(error.status_code).phrase)
    answer = render_problem(request, error.status_code, title, f"{request.method} {request.url.path[:200]}")
    answer.headers.update(error.headers or {})
    return answer


async def _answer_unexpected(request: Request, _: Exception) -> Response:
    return render_problem(request, 500, "Kesalahan server", "Terjadi kesalahan; sudah dicatat. Coba lagi.")
