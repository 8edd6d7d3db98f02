"""API of the operators' room: who am I, and tokens for programs."""

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from fleet_server.operators import repository, service
from fleet_server.operators.access import SignedIn
from fleet_server.operators.errors import NotSignedInError
from fleet_server.operators.roles import Role

router = APIRouter(prefix="/api/v1", tags=["operators"])


class WhoOut(BaseModel):
    """The caller."""

    name: str
    role: Role


class TokenIn(BaseModel):
    """Wish for an API token."""

    model_config = ConfigDict(extra="forbid")

    label: str = Field(min_length=1, max_length=60)


class TokenOut(BaseModel):
    """A new API token; shown once, only its hash is kept."""

    token: str
    label: str


@router.get("/me")
def read_me(identity: SignedIn) -> WhoOut:
    """Who the token or session belongs to."""
    return WhoOut(name=identity.name, role=identity.role)


@router.post("/tokens", status_code=201)
def create_token(wish: TokenIn, identity: SignedIn, request: Request) -> TokenOut:
    """Make an API token with the caller's own role."""
    state = request.app.state
    with state.sessions.begin() as db:
        operator = repository.find_operator(db, identity.name)
        if operator is None:
            raise NotSignedInError("Akun ini sudah dihapus.")
        token = service.issue_api_token(db, operator, wish.label, state.clock.now_ms())
    return TokenOut(token=token, label=wish.label)
