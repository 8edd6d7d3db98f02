"""Errors as answers: problem+json for programs (RFC 9457), a page for people, sign-in for strangers."""

from http import HTTPStatus
from urllib.parse import urlencode, urlsplit

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from starlette.exceptions import HTTPException

from fleet_server.errors import FleetError
from fleet_server.operators.errors import NotSignedInError
from fleet_server.web.pages import pages_of

_LOG = structlog.get_logger(__name__)


def install_problems(app: FastAPI) -> None:
    """Render every error of ``app``, its own and the framework's, in one form."""
    app.add_exception_handler(FleetError, _answer_fleet_error)
    app.add_exception_handler(RequestValidationError, _answer_invalid)
    app.add_exception_handler(HTTPException, _answer_http)
    app.add_exception_handler(Exception, _answer_unexpected)


def render_problem(request: Request, status: int, title: str, detail: str, **more: object) -> Response:
    """One problem in words, as a page when a browser asked for a page."""
    headers = {"www-authenticate": "Bearer"} if status == HTTPStatus.UNAUTHORIZED else {}
    if _wants_page(request):
        page = pages_of(request).page(request, "problem.html", None, status, title=title, detail=detail)
        page.headers.update(headers)
        return page
    problem = {"type": "about:blank", "title": title, "status": status, "detail": detail, **more}
    return JSONResponse(problem, status, headers, media_type="application/problem+json")


def _wants_page(request: Request) -> bool:
    return not request.url.path.startswith("/api/") and "text/html" in request.headers.get("accept", "")


async def _answer_fleet_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, FleetError):
        raise error
    if isinstance(error, NotSignedInError) and _wants_page(request):
        page = str(request.url) if request.method == "GET" else ""
        return RedirectResponse(_sign_in_address(page), HTTPStatus.SEE_OTHER)
    if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _LOG.error("request failed", path=request.url.path, error=error.detail)
    language = pages_of(request).language_of(request)
    title = language.gettext(error.title)
    answer = render_problem(request, error.status, title, language.gettext(error.message, **error.facts))
    if isinstance(error, NotSignedInError) and "hx-request" in request.headers:
        # A page that renews parts of itself goes to sign-in as a whole when its session has ended.
        answer.headers["hx-redirect"] = _sign_in_address(request.headers.get("hx-current-url", ""))
    return answer


def _sign_in_address(page: str) -> str:
    """The sign-in page, which leads back to the page with this address."""
    parts = urlsplit(page)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    return "/masuk" if path in {"", "/"} else f"/masuk?{urlencode({'ke': path})}"


async def _answer_invalid(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    _ = pages_of(request).language_of(request).gettext
    wrong = [{"at": ".".join(map(str, one["loc"])), "message": one["msg"]} for one in error.errors()]
    detail = _("Periksa isian: %(names)s.", names=", ".join(one["at"] for one in wrong))
    return render_problem(request, 422, _("Isian tidak sah"), detail, errors=wrong)


async def _answer_http(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    _ = pages_of(request).language_of(request).gettext
    path = request.url.path[:200]
    title, detail = {
        404: (_("Tidak ditemukan"), _("Alamat %(path)s tidak ada.", path=path)),
        405: (_("Cara ini tidak didukung"), f"{request.method} {path}"),
    }.get(error.status_code, (HTTPStatus(error.status_code).phrase, f"{request.method} {path}"))
    answer = render_problem(request, error.status_code, title, detail)
    answer.headers.update(error.headers or {})
    return answer


async def _answer_unexpected(request: Request, _error: Exception) -> Response:
    _ = pages_of(request).language_of(request).gettext
    detail = _("Terjadi kesalahan; sudah dicatat. Coba lagi.")
    return render_problem(request, 500, _("Kesalahan server"), detail)
