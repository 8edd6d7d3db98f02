"""Queries over operators, their sessions and tokens."""

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from fleet_server.operators.models import ApiToken, Operator, OperatorSession


def find_operator(db: Session, name: str) -> Operator | None:
    """Operator by sign-in name."""
    return db.scalar(select(Operator).where(Operator.name == name))


def find_by_session(db: Session, token_sha256: str, now_ms: int) -> tuple[Operator, OperatorSession] | None:
    """Operator of a session that has not expired."""
    row = db.execute(
        select(Operator, OperatorSession)
        .join(OperatorSession, OperatorSession.operator_id == Operator.id)
        .where(OperatorSession.token_sha256 == token_sha256, OperatorSession.expires_at_ms > now_ms)
    ).first()
    return None if row is None else (row[0], row[1])


def find_by_api_token(db: Session, token_sha256: str) -> Operator | None:
    """Operator of an API token."""
    return db.scalar(
        select(Operator)
        .join(ApiToken, ApiToken.operator_id == Operator.id)
        .where(ApiToken.token_sha256 == token_sha256)
    )


def delete_session(db: Session, token_sha256: str) -> None:
    """Forget one session."""
    db.execute(delete(OperatorSession).where(OperatorSession.token_sha256 == token_sha256))


def delete_sessions_of(db: Session, operator_id: int) -> None:
    """Forget every session of an operator."""
    db.execute(delete(OperatorSession).where(OperatorSession.operator_id == operator_id))


def delete_expired_sessions(db: Session, now_ms: int) -> None:
    """Forget sessions past their end."""
    db.execute(delete(OperatorSession).where(OperatorSession.expires_at_ms <= now_ms))
