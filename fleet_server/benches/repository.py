"""Queries on benches and their desired documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import or_, select, update

from fleet_server.benches.models import Bench, DesiredRow
from fleet_server.kit.database import insert_new

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Table
    from sqlalchemy.orm import Session

_DESIRED: Table = DesiredRow.__table__  # type: ignore[assignment]  # declared as FromClause
_NOTHING_YET = {"rev": 0, "body": b'{"rev":0}', "published_rev": 0}


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


def lock_desired_row(session: Session, bench: str) -> DesiredRow:
    """The newest row of a bench, made if there is none, which nobody else writes until the commit."""
    # A write comes first: it takes SQLite's write lock, or PostgreSQL's row lock, before anything is read.
    connection = session.connection()
    insert_new(connection, _DESIRED, [{"bench": bench, **_NOTHING_YET}])
    connection.execute(update(_DESIRED).where(_DESIRED.c.bench == bench).values(rev=_DESIRED.c.rev))
    query = select(DesiredRow).where(DesiredRow.bench == bench)
    return session.scalars(query.execution_options(populate_existing=True)).one()


def forget_published(session: Session) -> None:
    """Take no document to be at the broker."""
    session.execute(update(DesiredRow).values(published_rev=0))


def unpublished_desired(session: Session, limit: int) -> Sequence[DesiredRow]:
    """Up to ``limit`` rows that the broker does not hold yet."""
    return session.scalars(
        select(DesiredRow).where(DesiredRow.published_rev < DesiredRow.rev).limit(limit)
    ).all()
