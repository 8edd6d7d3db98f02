"""Tables of alarms."""

from sqlalchemy import BigInteger, Float, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from fleet_server.kit.database import Base


class AlarmStateRow(Base):
    """Where one rule stands on one bench; no row = quiet since ever."""

    __tablename__ = "alarm_state"

    bench: Mapped[str] = mapped_column(String(12), primary_key=True)
    rule: Mapped[str] = mapped_column(String(30), primary_key=True)
    phase: Mapped[str] = mapped_column(String(10))
    since_ms: Mapped[int] = mapped_column(BigInteger)
    verdict: Mapped[str] = mapped_column(String(10))
    """The last one, so that a page can say what is not known."""


class AlarmRow(Base):
    """One alarm from its opening to its end; kept for ever."""

    __tablename__ = "alarm"
    __table_args__ = (Index(None, "closed_ms", "opened_ms"), Index(None, "bench", "opened_ms"))

    id: Mapped[int] = mapped_column(primary_key=True)
    bench: Mapped[str] = mapped_column(String(12))
    rule: Mapped[str] = mapped_column(String(30))
    opened_ms: Mapped[int] = mapped_column(BigInteger)
    closed_ms: Mapped[int | None] = mapped_column(BigInteger)
    """None = open."""
    closed_by: Mapped[str] = mapped_column(String(60), default="")
    """Who ended it by hand; empty = it cleared by itself."""
    note: Mapped[str] = mapped_column(String(300), default="")
    """What was done, by the one who ended it."""
    acknowledged_ms: Mapped[int | None] = mapped_column(BigInteger)
    acknowledged_by: Mapped[str] = mapped_column(String(60), default="")
    snoozed_until_ms: Mapped[int | None] = mapped_column(BigInteger)


class HarvestShareRow(Base):
    """A panel's midday harvest of one local day against its neighbours' median (POW-R68)."""

    __tablename__ = "harvest_share"

    bench: Mapped[str] = mapped_column(String(12), primary_key=True)
    day: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """Days since 1970-01-01, by the local calendar."""
    share: Mapped[float] = mapped_column(Float)
