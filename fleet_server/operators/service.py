"""Rules of sign-in: who is let in, for how long, with which token. The caller commits."""

import re

from sqlalchemy.orm import Session

from fleet_server.errors import BadRequestError
from fleet_server.operators import repository
from fleet_server.operators.models import ApiToken, Operator, OperatorSession
from fleet_server.operators.passwords import (
    MIN_PASSWORD_LENGTH,
    hash_password,
    make_token,
    password_matches,
    token_sha256,
)
from fleet_server.operators.roles import Identity, Role

SESSION_MS = 12 * 3600 * 1000
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,59}")


def set_operator(db: Session, name: str, password: str, role: Role) -> Operator:
    """Create an operator, or give an existing one a new password and role and sign them out everywhere.

    Raises:
        BadRequestError: The name or the password breaks the rules.
    """
    if _NAME.fullmatch(name) is None:
        raise BadRequestError("Nama hanya huruf kecil, angka, titik, garis; 1 sampai 60 karakter.")
    if len(password) < MIN_PASSWORD_LENGTH:
        raise BadRequestError("Kata sandi minimal %(least)s karakter.", least=MIN_PASSWORD_LENGTH)
    operator = repository.find_operator(db, name)
    if operator is None:
        operator = Operator(name=name, password_hash=hash_password(password), role=role)
        db.add(operator)
        db.flush()
    else:
        operator.password_hash = hash_password(password)
        operator.role = role
        repository.delete_sessions_of(db, operator.id)
    return operator


def sign_in(db: Session, name: str, password: str, now_ms: int) -> str | None:
    """Check a password and open a session of 12 hours.

    Returns:
        The session token for the cookie, or None for a wrong name or password.
    """
    operator = repository.find_operator(db, name)
    matches = password_matches(operator.password_hash if operator else None, password)
    if operator is None or not matches:
        return None
    repository.delete_expired_sessions(db, now_ms)
    token = make_token()
    db.add(
        OperatorSession(
            token_sha256=token_sha256(token),
            operator_id=operator.id,
            csrf_token=make_token(),
            expires_at_ms=now_ms + SESSION_MS,
        )
    )
    return token


def sign_out(db: Session, token: str) -> None:
    """End the session of ``token``."""
    repository.delete_session(db, token_sha256(token))


def issue_api_token(db: Session, operator: Operator, label: str, now_ms: int) -> str:
    """Make an API token of an operator; the plain text exists only in the answer."""
    token = make_token()
    db.add(
        ApiToken(
            token_sha256=token_sha256(token), operator_id=operator.id, label=label[:60], created_at_ms=now_ms
        )
    )
    return token


def identify_session(db: Session, token: str, now_ms: int) -> Identity | None:
    """Who holds this session token, or None."""
    found = repository.find_by_session(db, token_sha256(token), now_ms)
    if found is None:
        return None
    operator, session = found
    return Identity(
        operator_id=operator.id, name=operator.name, role=Role(operator.role), csrf_token=session.csrf_token
    )


def identify_api_token(db: Session, token: str) -> Identity | None:
    """Who holds this API token, or None."""
    operator = repository.find_by_api_token(db, token_sha256(token))
    if operator is None:
        return None
    return Identity(operator_id=operator.id, name=operator.name, role=Role(operator.role), csrf_token="")
