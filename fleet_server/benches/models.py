"""Tables of the benches."""

from sqlalchemy import BigInteger, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from fleet_server.kit.database import Base


class Bench(Base):
    """One bench: where it stands, and the last it said of itself."""

    __tablename__ = "bench"

    id: Mapped[str] = mapped_column(String(12), primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    kecamatan: Mapped[str] = mapped_column(String(80), default="")
    lat: Mapped[float | None]
    lon: Mapped[float | None]
    token_hash: Mapped[str] = mapped_column(String(200), default="")
    """Hash of the bench's own secret; empty = it has none."""
    online: Mapped[bool] = mapped_column(default=False)
    sess: Mapped[str] = mapped_column(String(80), default="")
    """Newest MQTT session seen; a state of an older one is void."""
    state_reason: Mapped[str] = mapped_column(String(20), default="unknown")
    wake_at: Mapped[int | None] = mapped_column(BigInteger)
    """Planned return, ms since 1970 UTC."""
    last_seen_ms: Mapped[int | None] = mapped_column(BigInteger)
    agent_version: Mapped[str] = mapped_column(String(40), default="")
    gen: Mapped[str] = mapped_column(String(16), default="")
    panel_wp: Mapped[float | None]
    """Peak watts of the panel, as the bench says; None = not known."""
    created_ms: Mapped[int] = mapped_column(BigInteger)


class DesiredRow(Base):
    """The desired document of one bench (FL-D2), published retained when ``rev`` moves."""

    __tablename__ = "desired"

    bench: Mapped[str] = mapped_column(String(12), primary_key=True)
    rev: Mapped[int] = mapped_column(BigInteger)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    """The payload as published: a JSON ``wire.presence.Desired`` of at most 32 KB."""
    published_rev: Mapped[int] = mapped_column(BigInteger, default=0)
    """Newest revision the broker acknowledged; 0 = none."""
