"""Tables of operators. Passwords, session cookies and API tokens are only kept as hashes."""

from sqlalchemy import BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from fleet_server.kit.database import Base


class Operator(Base):
    """One person of Diskominfo or an OPD."""

    __tablename__ = "operators"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60), unique=True)
    """Sign-in name, lower case."""
    password_hash: Mapped[str] = mapped_column(String(200))
    """Argon2id, with its own salt and costs."""
    role: Mapped[str] = mapped_column(String(10))
    """viewer, editor or admin."""


class OperatorSession(Base):
    """One signed-in browser."""

    __tablename__ = "operator_sessions"

    token_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id", ondelete="CASCADE"), index=True)
    csrf_token: Mapped[str] = mapped_column(String(64))
    expires_at_ms: Mapped[int] = mapped_column(BigInteger)
    """Milliseconds since 1970 UTC."""


class ApiToken(Base):
    """One token of a program; sent as ``Authorization: Bearer``."""

    __tablename__ = "api_tokens"

    token_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id", ondelete="CASCADE"), index=True)
    label: Mapped[str] = mapped_column(String(60))
    created_at_ms: Mapped[int] = mapped_column(BigInteger)
