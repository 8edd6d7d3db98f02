"""Tables of energy: overrides, which are kept for ever."""

from sqlalchemy import BigInteger, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from fleet_server.kit.database import Base


class OverrideRow(Base):
    """One override of a bench's energy plan: who, what, why, from when to when (POW-R40)."""

    __tablename__ = "energy_override"
    __table_args__ = (
        UniqueConstraint("bench", "request_key"),
        Index(None, "bench", "begins_ms"),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    bench: Mapped[str] = mapped_column(String(12))
    request_key: Mapped[str] = mapped_column(String(64))
    """Names the request, so that the same one sent twice makes one override."""
    tier: Mapped[str | None] = mapped_column(String(10))
    load: Mapped[str | None] = mapped_column(String(10))
    load_on: Mapped[bool | None]
    who: Mapped[str] = mapped_column(String(60))
    why: Mapped[str] = mapped_column(String(300))
    begins_ms: Mapped[int] = mapped_column(BigInteger)
    until_ms: Mapped[int] = mapped_column(BigInteger)
    """Planned end, ms since 1970 UTC."""
    ended_ms: Mapped[int | None] = mapped_column(BigInteger, index=True)
    """True end; None = in force."""
    ended_how: Mapped[str] = mapped_column(String(10), default="")
    """expired, ended (by hand) or replaced (by a later override)."""
    ended_by: Mapped[str] = mapped_column(String(60), default="")
    """Who ended or replaced it."""
