"""Who asks: the dependencies with which endpoints and pages let people and programs in."""

import hmac
from typing import Annotated

from fastapi import Depends, Request

from fleet_server.operators import service
from fleet_server.operators.errors import ForbiddenError, NotSignedInError
from fleet_server.operators.roles import Identity

SESSION_COOKIE = "bangku_sesi"
_CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})


def find_identity(request: Request) -> Identity | None:
    """Identity behind a bearer token or the session cookie; None when there is neither."""
    state = request.app.state
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    cookie = request.cookies.get(SESSION_COOKIE)
    with state.sessions() as db:
        if scheme.lower() == "bearer" and token:
            return service.identify_api_token(db, token.strip())
        if cookie:
            return service.identify_session(db, cookie, state.clock.now_ms())
    return None


def signed_in(request: Request) -> Identity:
    """Let in whoever is signed in; a browser's changing request must carry the form's token.

    Raises:
        NotSignedInError: No valid token or session.
        ForbiddenError: The ``x-csrf-token`` header is missing or wrong.
    """
    identity = find_identity(request)
    if identity is None:
        raise NotSignedInError("Silakan masuk dahulu, atau kirim token API yang berlaku.")
    if request.method in _CHANGING and identity.csrf_token:
        check_csrf(identity, request.headers.get("x-csrf-token", ""))
    return identity


def page_reader(request: Request) -> Identity:
    """Like ``signed_in`` for pages, whose forms carry the token in a field and check it themselves."""
    identity = find_identity(request)
    if identity is None:
        raise NotSignedInError("Silakan masuk dahulu.")
    return identity


def check_csrf(identity: Identity, token: str) -> None:
    """Refuse a form that this session's pages did not make.

    Raises:
        ForbiddenError: The token differs from the session's.
    """
    if not hmac.compare_digest(identity.csrf_token.encode(), token.encode()):
        raise ForbiddenError("Formulir sudah kedaluwarsa. Muat ulang halaman lalu coba lagi.")


SignedIn = Annotated[Identity, Depends(signed_in)]
PageReader = Annotated[Identity, Depends(page_reader)]
