"""What a person chose for this browser: the language."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse
from starlette.status import HTTP_303_SEE_OTHER

from fleet_server.web.pages import LANGUAGE_COOKIE, own_path, pages_of

router = APIRouter(include_in_schema=False)
_YEAR_S = 365 * 24 * 3600


@router.post("/bahasa")
def choose_language(
    request: Request, code: Annotated[str, Form()], back: Annotated[str, Form()] = "/"
) -> RedirectResponse:
    """Remember the language and go back; an unknown one changes nothing. Works before signing in, too."""
    answer = RedirectResponse(own_path(back), HTTP_303_SEE_OTHER)
    if code in pages_of(request).languages:
        answer.set_cookie(
            LANGUAGE_COOKIE,
            code,
            max_age=_YEAR_S,
            httponly=True,
            samesite="lax",
            secure=request.url.scheme == "https",
        )
    return answer
