"""Queries on benches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import or_, select

from fleet_server.benches.models import Bench

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session


def find(session: Session, bench: str) -> Bench | None:
    """Bench by id."""
    return session.get(Bench, bench)


def list_after(session: Session, after: tuple[str, str] | None, limit: int | None, q: str) -> Sequence[Bench]:
    """Up to ``limit`` (None = all) benches by (name, id) after ``after``; ``q``: name, kecamatan or id."""
    query = select(Bench).order_by(Bench.name, Bench.id).limit(limit)
    if after is not None:
        name, bench = after
        query = query.where(or_(Bench.name > name, (Bench.name == name) & (Bench.id > bench)))
    if q:
        query = query.where(
            or_(
                Bench.name.icontains(q, autoescape=True),
                Bench.kecamatan.icontains(q, autoescape=True),
                Bench.id == q.lower(),
            )
        )
    return session.scalars(query).all()
