"""Queries on overrides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from fleet_server.benches.models import DesiredRow
from fleet_server.energy.models import OverrideRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session


def override_in_force(session: Session, bench: str) -> OverrideRow | None:
    """The one override of a bench that has not ended."""
    return session.scalars(
        select(OverrideRow).where(OverrideRow.bench == bench, OverrideRow.ended_ms.is_(None))
    ).first()


def override_of_request(session: Session, bench: str, request_key: str) -> OverrideRow | None:
    """The override that a request made."""
    return session.scalars(
        select(OverrideRow).where(OverrideRow.bench == bench, OverrideRow.request_key == request_key)
    ).first()


def ended_overrides(session: Session, bench: str, limit: int) -> Sequence[OverrideRow]:
    """Overrides of a bench that are over, newest first."""
    return session.scalars(
        select(OverrideRow)
        .where(OverrideRow.bench == bench, OverrideRow.ended_ms.is_not(None))
        .order_by(OverrideRow.begins_ms.desc(), OverrideRow.id)
        .limit(limit)
    ).all()


def benches_with_expired_override(session: Session, now_ms: int) -> Sequence[str]:
    """Benches whose override in force should have ended by ``now_ms``."""
    return session.scalars(
        select(OverrideRow.bench)
        .where(OverrideRow.ended_ms.is_(None), OverrideRow.until_ms <= now_ms)
        .order_by(OverrideRow.bench)
    ).all()


def is_published(session: Session, bench: str) -> bool:
    """Whether the broker holds the newest desired document of a bench."""
    row = session.get(DesiredRow, bench)
    return row is None or row.published_rev >= row.rev
